package io.github.fdsock.sys.struct;

import static io.github.fdsock.sys.struct.Bytes.U64;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;

/// `struct timeval`: a time span, to the microsecond. `SO_RCVTIMEO` and `SO_SNDTIMEO` take one.
///
/// ```c
/// struct timeval {
///     time_t      tv_sec;     //  0
///     suseconds_t tv_usec;    //  8   0 to 999,999: anything else is EDOM
/// };                          // 16
/// ```
///
/// Zero means "no timeout" to both options, not "at once".
///
/// @see <a href="https://man7.org/linux/man-pages/man3/timeval.3type.html">timeval(3type)</a>
public final class Timeval {
    /// `sizeof(struct timeval)`.
    public static final int SIZEOF = 16;

    static final long SEC = 0;
    static final long USEC = 8;

    private static final long MICROS_PER_SECOND = 1_000_000;

    private final MemorySegment segment;

    private Timeval(final MemorySegment segment) {
        this.segment = Bytes.struct("timeval", segment, SIZEOF);
    }

    /// A new one, zero.
    ///
    /// @param arena what it lives as long as
    /// @return the view
    public static Timeval allocate(final Arena arena) {
        return new Timeval(arena.allocate(SIZEOF, Long.BYTES));
    }

    /// A view of memory that is there.
    ///
    /// @param segment at least [#SIZEOF] bytes, of which the first are meant
    /// @return the view
    public static Timeval of(final MemorySegment segment) {
        return new Timeval(segment);
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
    public Timeval sec(final long sec) {
        segment.set(U64, SEC, sec);
        return this;
    }

    /// Reads `tv_usec`.
    ///
    /// @return microseconds within the second
    public long usec() {
        return segment.get(U64, USEC);
    }

    /// Writes `tv_usec`.
    ///
    /// @param usec microseconds within the second; more than 999,999 or less than 0 is the kernel's to refuse
    /// @return this
    public Timeval usec(final long usec) {
        segment.set(U64, USEC, usec);
        return this;
    }

    /// The whole of it in microseconds.
    ///
    /// @return microseconds; `Long.MAX_VALUE` or `Long.MIN_VALUE` where they are more or fewer than a `long` can tell
    public long micros() {
        return Timespec.saturated(sec(), MICROS_PER_SECOND, usec());
    }

    /// Writes both fields.
    ///
    /// @param micros microseconds, not negative: no timeout is
    /// @return this
    /// @throws IllegalArgumentException if negative
    public Timeval micros(final long micros) {
        if (micros < 0) {
            throw new IllegalArgumentException("a timeval of " + micros + " microseconds");
        }
        return sec(micros / MICROS_PER_SECOND).usec(micros % MICROS_PER_SECOND);
    }

    /// Writes both fields, rounded up to a whole microsecond: a span that is not zero stays one, since zero would mean
    /// to wait for ever.
    ///
    /// @param duration not negative; the very longest becomes a microsecond shorter than all seconds a `long` can count
    /// @return this
    /// @throws IllegalArgumentException if negative
    public Timeval duration(final Duration duration) {
        if (duration.isNegative()) {
            throw new IllegalArgumentException("a timeval of " + duration);
        }
        final long usec = (duration.getNano() + 999) / 1_000;
        if (usec < MICROS_PER_SECOND) {
            return sec(duration.getSeconds()).usec(usec);
        }
        return duration.getSeconds() == Long.MAX_VALUE
                ? sec(Long.MAX_VALUE).usec(MICROS_PER_SECOND - 1)
                : sec(duration.getSeconds() + 1).usec(0);
    }
}
