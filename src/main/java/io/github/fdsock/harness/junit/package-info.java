/// The harness as extensions of JUnit Jupiter: a test is run under a ledger of descriptors, over families of sockets,
/// with faults, with a trace.
///
/// JUnit is an optional dependency, `requires static`: only who uses this package needs `junit-jupiter-api`.
package io.github.fdsock.harness.junit;
