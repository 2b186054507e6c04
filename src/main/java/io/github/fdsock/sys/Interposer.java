package io.github.fdsock.sys;

/// Stands between [Libc] and the kernel: sees each call before it is made, and decides what its caller sees.
///
/// The seam for traces, injected faults and ledgers. While none is installed it costs a load and a branch a call,
/// which no benchmark tells from nothing; while one is installed, arguments are boxed and every call of every thread
/// goes through it.
///
/// **Threads.** [#call] runs on the thread that made the call and must be safe for any number of them at once. Calls
/// that this thread makes from inside [#call] go straight to the kernel: an interposer makes the real call, or any
/// other, by the ordinary method of [Libc], and never meets itself.
///
/// Lengths have been checked against their segments before [#call] sees them.
@FunctionalInterface
public interface Interposer {
    /// Answers one call.
    ///
    /// @param call which function
    /// @param arguments those of the method in [Libc], boxed, in order; the array is fresh and may be changed
    /// @return what the caller shall see: `>= 0`, or `-errno`
    long call(Call call, Object... arguments);

    /// Whether a transfer may come out shorter than the kernel would have made it.
    ///
    /// Then a short read does not say that nothing more is there, which whoever waits by edges (`EPOLLET`) goes by.
    ///
    /// @return true, unless it is known that it does not
    default boolean mayShorten() {
        return true;
    }

    /// Whether one is installed that [may shorten][#mayShorten] transfers.
    ///
    /// @return false where none is installed
    static boolean shortens() {
        final Interposer installed = Seam.interposer();
        return installed != null && installed.mayShorten();
    }

    /// Makes every following call of every thread go through `interposer`; null takes the one there away.
    ///
    /// A call already under way on another thread is not affected.
    ///
    /// @param interposer what to install, or null
    /// @return the one that was installed before, or null
    static Interposer install(final Interposer interposer) {
        return Seam.install(interposer);
    }

    /// Makes a call, whichever it is: the method of [Libc] that has its name.
    ///
    /// For interposers that treat many calls alike. From inside [#call] it goes straight to the kernel.
    ///
    /// @param call which function
    /// @param arguments those of the method in [Libc], boxed, in order
    /// @return what the method returns; 0 where it returns nothing
    /// @throws IllegalArgumentException there is no such method for these arguments
    /// @throws IndexOutOfBoundsException as the method: a length that does not lie within its segment
    static long proceed(final Call call, final Object... arguments) {
        return AnyCall.make(call, arguments);
    }
}
