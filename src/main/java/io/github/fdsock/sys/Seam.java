package io.github.fdsock.sys;

/// Where an [Interposer] sits: one volatile field, read by every call.
///
/// A `MutableCallSite` would spare even the load, which no benchmark finds: on x86-64 a volatile read is a plain load.
/// But each change of its target throws away the compiled code of all callers, which then run interpreted until it has
/// been compiled anew: a test that opens and closes the seam around a thousand calls takes some thirty times as long.
/// `SeamBenchmark` measures both.
final class Seam {
    private static volatile Interposer installed;

    /// Set while the current thread is inside an interposer; looked at only when one is installed.
    private static final ThreadLocal<Boolean> INSIDE = new ThreadLocal<>();

    private Seam() {
    }

    static synchronized Interposer install(final Interposer interposer) {
        final Interposer before = installed;
        installed = interposer;
        return before;
    }

    /// The interposer that the call about to be made has to go through; null, as nearly always, for none.
    static Interposer interposer() {
        final Interposer interposer = installed;
        return interposer == null || INSIDE.get() != null ? null : interposer;
    }

    static long call(final Interposer interposer, final Call call, final Object... arguments) {
        INSIDE.set(Boolean.TRUE);
        try {
            return interposer.call(call, arguments);
        } finally {
            INSIDE.remove();
        }
    }
}
