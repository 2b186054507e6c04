/// What tests stand on: the check of open descriptors, the condition for programs from outside, skips said out loud.
///
/// This package is compiled on its own and stands on the class path, outside of module `io.github.fdsock` into which
/// all other tests are patched: a service named in `META-INF/services` is found only there, and it is by such services
/// that JUnit and jqwik apply the check to every test without being asked. So nothing here may use a package of the
/// library that is not exported, and no test may live in this package.
package io.github.fdsock.testing;
