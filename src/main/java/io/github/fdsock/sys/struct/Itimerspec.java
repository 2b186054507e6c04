package io.github.fdsock.sys.struct;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// `struct itimerspec`: when a timer goes off, and how often from then on.
///
/// ```c
/// struct itimerspec {
///     struct timespec it_interval;    //  0   the period; zero: once only
///     struct timespec it_value;       // 16   the first time; zero: not at all, the timer is disarmed
/// };                                  // 32
/// ```
///
/// @see <a href="https://man7.org/linux/man-pages/man3/itimerspec.3type.html">itimerspec(3type)</a>
public final class Itimerspec {
    /// `sizeof(struct itimerspec)`.
    public static final int SIZEOF = 32;

    static final long INTERVAL = 0;
    static final long VALUE = 16;

    private final MemorySegment segment;
    private final Timespec interval;
    private final Timespec value;

    private Itimerspec(final MemorySegment segment) {
        this.segment = Bytes.struct("itimerspec", segment, SIZEOF);
        this.interval = Timespec.of(this.segment.asSlice(INTERVAL, Timespec.SIZEOF));
        this.value = Timespec.of(this.segment.asSlice(VALUE, Timespec.SIZEOF));
    }

    /// A new one, zero.
    ///
    /// @param arena what it lives as long as
    /// @return the view
    public static Itimerspec allocate(final Arena arena) {
        return new Itimerspec(arena.allocate(SIZEOF, Long.BYTES));
    }

    /// A view of memory that is there.
    ///
    /// @param segment at least [#SIZEOF] bytes, of which the first are meant
    /// @return the view
    public static Itimerspec of(final MemorySegment segment) {
        return new Itimerspec(segment);
    }

    /// The memory.
    ///
    /// @return [#SIZEOF] bytes
    public MemorySegment segment() {
        return segment;
    }

    /// `it_interval`: the period after the first time; zero for once only.
    ///
    /// @return a view of this field, always the same object
    public Timespec interval() {
        return interval;
    }

    /// `it_value`: the first time, from now on or on the clock; zero disarms the timer.
    ///
    /// @return a view of this field, always the same object
    public Timespec value() {
        return value;
    }
}
