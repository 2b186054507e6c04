package io.github.fdsock.sys.struct;

import static io.github.fdsock.sys.struct.Bytes.U64;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;

/// `struct timespec`: a time span or a point in time, to the nanosecond.
///
/// ```c
/// struct timespec {
///     time_t tv_sec;      //  0
///     long   tv_nsec;     //  8   0 to 999,999,999: anything else is EINVAL
/// };                      // 16
/// ```
///
/// Both fields have 64 bits, so every [Duration] that is not negative fits; the kernel takes one that lies beyond its
/// own clock (292 years) for "for ever".
///
/// @see <a href="https://man7.org/linux/man-pages/man3/timespec.3type.html">timespec(3type)</a>
public final class Timespec {
    /// `sizeof(struct timespec)`.
    public static final int SIZEOF = 16;

    static final long SEC = 0;
    static final long NSEC = 8;

    private static final long NANOS_PER_SECOND = 1_000_000_000;

    private final MemorySegment segment;

    private Timespec(final MemorySegment segment) {
        this.segment = Bytes.struct("timespec", segment, SIZEOF);
    }

    /// A new one, zero.
    ///
    /// @param arena what it lives as long as
    /// @return the view
    public static Timespec allocate(final Arena arena) {
        return new Timespec(arena.allocate(SIZEOF, Long.BYTES));
    }

    /// A view of memory that is there.
    ///
    /// @param segment at least [#SIZEOF] bytes, of which the first are meant
    /// @return the view
    public static Timespec of(final MemorySegment segment) {
        return new Timespec(segment);
    }

    /// The memory.
    ///
    /// @return [#SIZEOF] bytes
    public MemorySegment segment() {
        return segment;
    }

    /// Reads `tv_sec`.
    ///
    /// @return seconds
    public long sec() {
        return segment.get(U64, SEC);
    }

    /// Writes `tv_sec`.
    ///
    /// @param sec seconds
    /// @return this
    public Timespec sec(final long sec) {
        segment.set(U64, SEC, sec);
        return this;
    }

    /// Reads `tv_nsec`.
    ///
    /// @return nanoseconds within the second
    public long nsec() {
        return segment.get(U64, NSEC);
    }

    /// Writes `tv_nsec`.
    ///
    /// @param nsec nanoseconds within the second; more than 999,999,999 or less than 0 is the kernel's to refuse
    /// @return this
    public Timespec nsec(final long nsec) {
        segment.set(U64, NSEC, nsec);
        return this;
    }

    /// The whole of it in nanoseconds.
    ///
    /// @return nanoseconds; `Long.MAX_VALUE` or `Long.MIN_VALUE` where they are more or fewer than a `long` can tell
    public long nanos() {
        return saturated(sec(), NANOS_PER_SECOND, nsec());
    }

    /// Writes both fields.
    ///
    /// @param nanos nanoseconds, not negative: no timeout is
    /// @return this
    /// @throws IllegalArgumentException if negative
    public Timespec nanos(final long nanos) {
        if (nanos < 0) {
            throw new IllegalArgumentException("a timespec of " + nanos + " nanoseconds");
        }
        return sec(nanos / NANOS_PER_SECOND).nsec(nanos % NANOS_PER_SECOND);
    }

    /// Writes both fields, exactly.
    ///
    /// @param duration not negative; the longest there is fits
    /// @return this
    /// @throws IllegalArgumentException if negative
    public Timespec duration(final Duration duration) {
        if (duration.isNegative()) {
            throw new IllegalArgumentException("a timespec of " + duration);
        }
        return sec(duration.getSeconds()).nsec(duration.getNano());
    }

    /// `seconds * scale + rest`, at the end of the range where it would leave it. A `rest` of the opposite sign may
    /// bring an overflowing product back into range only for what no clock shows; it is saturated as well.
    static long saturated(final long seconds, final long scale, final long rest) {
        final long high = Math.multiplyHigh(seconds, scale);
        final long product = seconds * scale;
        final long sum = product + rest;
        if (high != product >> 63 || ((product ^ sum) & (rest ^ sum)) < 0) {
            return seconds < 0 ? Long.MIN_VALUE : Long.MAX_VALUE;
        }
        return sum;
    }
}
