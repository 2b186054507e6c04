/// The test bench: what stands between the calls and the kernel when somebody wants to watch them or to make them fail.
///
/// All of it hangs on the seam of [Libc][io.github.fdsock.sys.Libc], and costs nothing while none of it is in use.
package io.github.fdsock.harness;
