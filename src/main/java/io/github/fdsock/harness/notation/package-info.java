/// Calls as strace writes them: names for numbers, the contents of structures, strings with their escapes.
///
/// Not exported: [io.github.fdsock.harness.Trace] is what a program sees of it.
package io.github.fdsock.harness.notation;
