package io.github.fdsock.sys.struct;

import static io.github.fdsock.sys.struct.Bytes.U64;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// `sigset_t`: a set of signals.
///
/// ```c
/// typedef struct {
///     unsigned long int __val[16];    //   0   signal n is bit n-1 of __val[0]
/// } sigset_t;                         // 128
/// ```
///
/// glibc left room for 1024 signals; Linux has 64, and looks at the first 8 bytes.
///
/// @see <a href="https://man7.org/linux/man-pages/man3/sigsetops.3.html">sigsetops(3)</a>
public final class Sigset {
    /// `sizeof(sigset_t)`.
    public static final int SIZEOF = 128;

    /// The largest signal number on Linux (`SIGRTMAX` of the kernel).
    public static final int SIGNAL_MAX = 64;

    private final MemorySegment segment;

    private Sigset(final MemorySegment segment) {
        this.segment = Bytes.struct("sigset_t", segment, SIZEOF);
    }

    /// A new one, empty.
    ///
    /// @param arena what it lives as long as
    /// @return the view
    public static Sigset allocate(final Arena arena) {
        return new Sigset(arena.allocate(SIZEOF, Long.BYTES));
    }

    /// A view of memory that is there.
    ///
    /// @param segment at least [#SIZEOF] bytes, of which the first are meant
    /// @return the view
    public static Sigset of(final MemorySegment segment) {
        return new Sigset(segment);
    }

    /// The memory.
    ///
    /// @return [#SIZEOF] bytes
    public MemorySegment segment() {
        return segment;
    }

    /// `sigemptyset`: takes every signal out.
    ///
    /// @return this
    public Sigset empty() {
        segment.fill((byte) 0);
        return this;
    }

    /// `sigaddset`: puts a signal in.
    ///
    /// @param signal 1 to 64
    /// @return this
    /// @throws IllegalArgumentException for any other number
    public Sigset add(final int signal) {
        final long bit = bit(signal);
        segment.set(U64, 0, segment.get(U64, 0) | bit);
        return this;
    }

    /// `sigdelset`: takes a signal out.
    ///
    /// @param signal 1 to 64
    /// @return this
    /// @throws IllegalArgumentException for any other number
    public Sigset remove(final int signal) {
        final long bit = bit(signal);
        segment.set(U64, 0, segment.get(U64, 0) & ~bit);
        return this;
    }

    /// `sigismember`: whether a signal is in.
    ///
    /// @param signal 1 to 64
    /// @return whether it is
    /// @throws IllegalArgumentException for any other number
    public boolean contains(final int signal) {
        return (segment.get(U64, 0) & bit(signal)) != 0;
    }

    private static long bit(final int signal) {
        if (signal < 1 || signal > SIGNAL_MAX) {
            throw new IllegalArgumentException("signal " + signal + ": there are 1 to " + SIGNAL_MAX);
        }
        return 1L << signal - 1;
    }
}
