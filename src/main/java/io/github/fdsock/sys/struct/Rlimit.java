package io.github.fdsock.sys.struct;

import static io.github.fdsock.sys.struct.Bytes.U64;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// `struct rlimit`: a limit of a process, and how far it may raise it itself.
///
/// ```c
/// struct rlimit {
///     rlim_t rlim_cur;    //  0   the soft limit, which holds
///     rlim_t rlim_max;    //  8   the hard limit, the soft one's ceiling
/// };                      // 16
/// ```
///
/// @see <a href="https://man7.org/linux/man-pages/man2/getrlimit.2.html">getrlimit(2)</a>
public final class Rlimit {
    /// `sizeof(struct rlimit)`.
    public static final int SIZEOF = 16;

    static final long CUR = 0;
    static final long MAX = 8;

    private final MemorySegment segment;

    private Rlimit(final MemorySegment segment) {
        this.segment = Bytes.struct("rlimit", segment, SIZEOF);
    }

    /// A new one, zero.
    ///
    /// @param arena what it lives as long as
    /// @return the view
    public static Rlimit allocate(final Arena arena) {
        return new Rlimit(arena.allocate(SIZEOF, Long.BYTES));
    }

    /// A view of memory that is there.
    ///
    /// @param segment at least [#SIZEOF] bytes, of which the first are meant
    /// @return the view
    public static Rlimit of(final MemorySegment segment) {
        return new Rlimit(segment);
    }

    /// The memory.
    ///
    /// @return [#SIZEOF] bytes
    public MemorySegment segment() {
        return segment;
    }

    /// Reads `rlim_cur`.
    ///
    /// @return the soft limit, unsigned; `RLIM_INFINITY` (-1) for none
    public long cur() {
        return segment.get(U64, CUR);
    }

    /// Writes `rlim_cur`.
    ///
    /// @param cur the soft limit, unsigned; `RLIM_INFINITY` (-1) for none
    /// @return this
    public Rlimit cur(final long cur) {
        segment.set(U64, CUR, cur);
        return this;
    }

    /// Reads `rlim_max`.
    ///
    /// @return the hard limit, unsigned; `RLIM_INFINITY` (-1) for none
    public long max() {
        return segment.get(U64, MAX);
    }

    /// Writes `rlim_max`.
    ///
    /// @param max the hard limit, unsigned; `RLIM_INFINITY` (-1) for none
    /// @return this
    public Rlimit max(final long max) {
        segment.set(U64, MAX, max);
        return this;
    }
}
