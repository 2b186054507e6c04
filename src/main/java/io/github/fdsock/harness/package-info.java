/// The test bench: what stands between the calls and the kernel when somebody wants to watch them or to make them fail.
///
/// [Faults][io.github.fdsock.harness.Faults] lets calls fail by the rules of a
/// [FaultRule][io.github.fdsock.harness.FaultRule]; a [Sweep][io.github.fdsock.harness.Sweep] lets each call of a
/// scenario fail in each way that its man page has.
///
/// All of it hangs on the seam of [Libc][io.github.fdsock.sys.Libc], and costs nothing while none of it is in use.
package io.github.fdsock.harness;
