package io.github.fdsock;

import static io.github.fdsock.sys.Constants.CLOCK_BOOTTIME;
import static io.github.fdsock.sys.Constants.CLOCK_BOOTTIME_ALARM;
import static io.github.fdsock.sys.Constants.CLOCK_MONOTONIC;
import static io.github.fdsock.sys.Constants.CLOCK_REALTIME;
import static io.github.fdsock.sys.Constants.CLOCK_REALTIME_ALARM;
import static io.github.fdsock.sys.Constants.EAGAIN;
import static io.github.fdsock.sys.Constants.EINTR;
import static io.github.fdsock.sys.Constants.TFD_CLOEXEC;
import static io.github.fdsock.sys.Constants.TFD_NONBLOCK;
import static io.github.fdsock.sys.Constants.TFD_TIMER_ABSTIME;
import static io.github.fdsock.sys.Constants.TFD_TIMER_CANCEL_ON_SET;

import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.Itimerspec;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.AsynchronousCloseException;
import java.time.Duration;
import java.time.Instant;

/// A timer of the kernel that can be waited for: readable when it has expired, once or again and again.
///
/// Spans are in nanoseconds, or a [Duration], of the clock that the timer was made with. `CLOCK_MONOTONIC` stands still
/// while the machine sleeps, `CLOCK_BOOTTIME` does not, `CLOCK_REALTIME` follows the time of day when that is set.
///
/// **C's zero.** In C an expiry after 0 disarms the timer. Here that is [#stop], and an expiry after 0, or at a point
/// in time that is over, comes at once.
///
/// **Threads.** Any number may set and read. [#close] does not wake a thread that is blocked in [#expirations].
///
/// **Memory.** Nothing is allocated by a call that succeeds, where it takes and gives nanoseconds.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/timerfd_create.2.html">timerfd_create(2)</a>
public final class TimerFd extends Fd {
    private static final String KIND = "anon_inode:[timerfd]";

    private TimerFd(final int fd) {
        super(fd);
    }

    /// `timerfd_create(clockid, flags | TFD_CLOEXEC)`: makes a timer that is not set.
    ///
    /// @param clock `CLOCK_MONOTONIC`, `CLOCK_REALTIME`, `CLOCK_BOOTTIME`, …
    /// @param flags `TFD_NONBLOCK` or 0
    /// @return the timer, owned by the caller
    /// @throws ErrnoException `EINVAL`: no such clock or flag; `EPERM`: a clock that wakes the machine, without
    ///         `CAP_WAKE_ALARM`; `EMFILE`, `ENFILE`: no free descriptor
    public static TimerFd create(final int clock, final int flags) throws ErrnoException {
        final int fd = Libc.timerfd_create(clock, flags | TFD_CLOEXEC);
        if (fd < 0) {
            throw ErrnoException.of(-fd, "timerfd_create", clockName(clock),
                    Flags.names(flags | TFD_CLOEXEC, FLAGS, FLAG_NAMES));
        }
        return new TimerFd(fd);
    }

    /// Takes in a timer that came from anywhere. Nothing about it is changed.
    ///
    /// @param fd the number, owned by the returned object from now on; where this throws it stays the caller's
    /// @return its owner
    /// @throws IllegalArgumentException where `fd` is negative, or something else than a timerfd
    /// @throws ErrnoException `EBADF`: it is not open
    public static TimerFd adopt(final int fd) throws ErrnoException {
        requireKind(fd, "a timerfd", KIND);
        return new TimerFd(fd);
    }

    /// `fcntl(fd, F_DUPFD_CLOEXEC, 0)`: a second descriptor of the same timer, see [Fd#dup].
    @Override
    public TimerFd dup() throws ErrnoException {
        return new TimerFd(duplicate());
    }

    // ---- setting

    /// `timerfd_settime(fd, 0, {it_interval, it_value}, NULL)`: expires after a span, and then periodically.
    ///
    /// What it was set to before is forgotten, and so are expirations that nobody has read.
    ///
    /// @param delayNanos until the first time, 0 or more
    /// @param periodNanos between one time and the next; 0 for once only
    /// @throws IllegalArgumentException where one of them is negative
    /// @throws ErrnoException as `timerfd_settime(2)` has it
    public void start(final long delayNanos, final long periodNanos) throws ErrnoException {
        if (delayNanos < 0) {
            throw new IllegalArgumentException("a timer that expires in " + delayNanos + " nanoseconds");
        }
        final Itimerspec time = time(periodNanos);
        time.value().nanos(Math.max(delayNanos, 1));
        set(0, time);
    }

    /// [#start(long, long)] in whatever spans there are.
    ///
    /// @param delay until the first time, 0 or more
    /// @param period between one time and the next; [Duration#ZERO] for once only
    /// @throws IllegalArgumentException where one of them is negative
    /// @throws ErrnoException as `timerfd_settime(2)` has it
    public void start(final Duration delay, final Duration period) throws ErrnoException {
        if (delay.isNegative()) {
            throw new IllegalArgumentException("a timer that expires in " + delay);
        }
        final Itimerspec time = time(period);
        time.value().duration(delay.isZero() ? ONE_NANO : delay);
        set(0, time);
    }

    /// [#start(Duration, Duration)] for once only.
    ///
    /// @param delay until then, 0 or more
    /// @throws IllegalArgumentException where it is negative
    /// @throws ErrnoException as `timerfd_settime(2)` has it
    public void start(final Duration delay) throws ErrnoException {
        start(delay, Duration.ZERO);
    }

    /// `timerfd_settime(fd, flags | TFD_TIMER_ABSTIME, {it_interval, it_value}, NULL)`: expires at a point in time of
    /// the timer's clock, and then periodically; at once where that is over.
    ///
    /// With `TFD_TIMER_CANCEL_ON_SET` and `CLOCK_REALTIME`, setting the time of day ends a wait: [#expirations] then
    /// throws `ECANCELED`.
    ///
    /// @param clockNanos nanoseconds on the clock, 0 or more; of `CLOCK_REALTIME` those since 1970
    /// @param periodNanos between one time and the next; 0 for once only
    /// @param flags `TFD_TIMER_CANCEL_ON_SET` or 0
    /// @throws IllegalArgumentException where one of the times is negative
    /// @throws ErrnoException `EINVAL`: other flags; else as `timerfd_settime(2)` has it
    public void startAt(final long clockNanos, final long periodNanos, final int flags) throws ErrnoException {
        if (clockNanos < 0) {
            throw new IllegalArgumentException("a timer that expires at " + clockNanos + " nanoseconds");
        }
        final Itimerspec time = time(periodNanos);
        time.value().nanos(Math.max(clockNanos, 1));
        set(flags | TFD_TIMER_ABSTIME, time);
    }

    /// [#startAt(long, long, int)] by the time of day, for timers of `CLOCK_REALTIME`; others take it for what it is
    /// not.
    ///
    /// @param at when; at once where that is over
    /// @param period between one time and the next; [Duration#ZERO] for once only
    /// @param flags `TFD_TIMER_CANCEL_ON_SET` or 0
    /// @throws IllegalArgumentException where `period` is negative
    /// @throws ErrnoException `EINVAL`: other flags; else as `timerfd_settime(2)` has it
    public void startAt(final Instant at, final Duration period, final int flags) throws ErrnoException {
        final Itimerspec time = time(period);
        if (at.isAfter(Instant.EPOCH)) {
            time.value().sec(at.getEpochSecond()).nsec(at.getNano());
        } else {
            time.value().nanos(1);
        }
        set(flags | TFD_TIMER_ABSTIME, time);
    }

    /// `timerfd_settime(fd, 0, {0, 0}, NULL)`: expires no more. Expirations that nobody has read are forgotten.
    ///
    /// @throws ErrnoException as `timerfd_settime(2)` has it
    public void stop() throws ErrnoException {
        final Itimerspec time = time(0);
        time.value().nanos(0);
        set(0, time);
    }

    private static Itimerspec time(final long periodNanos) {
        if (periodNanos < 0) {
            throw new IllegalArgumentException("a timer with a period of " + periodNanos + " nanoseconds");
        }
        final Itimerspec time = Scratch.current().itimerspec();
        time.interval().nanos(periodNanos);
        return time;
    }

    private static Itimerspec time(final Duration period) {
        if (period.isNegative()) {
            throw new IllegalArgumentException("a timer with a period of " + period);
        }
        final Itimerspec time = Scratch.current().itimerspec();
        time.interval().duration(period);
        return time;
    }

    private void set(final int flags, final Itimerspec time) throws ErrnoException {
        final int number = enter();
        try {
            final int result = Libc.timerfd_settime(number, flags, time.segment(), MemorySegment.NULL);
            if (result < 0) {
                throw ErrnoException.of(-result, "timerfd_settime", number,
                        Flags.names(flags, SET_FLAGS, SET_FLAG_NAMES), text(time), "NULL");
            }
        } finally {
            leave();
        }
    }

    private static String text(final Itimerspec time) {
        return "{it_interval={" + time.interval().sec() + ", " + time.interval().nsec() + "}, it_value={"
                + time.value().sec() + ", " + time.value().nsec() + "}}";
    }

    // ---- reading

    /// `read(fd, &n, 8)`: how often it has expired since this was last asked, or since it was set.
    ///
    /// A blocking one waits until it has.
    ///
    /// @return how often, 1 or more; `-EAGAIN`, the only negative result, where it would have to wait
    /// @throws ErrnoException `ECANCELED`: the time of day was set, see [#startAt(long, long, int)]
    /// @throws AsynchronousCloseException the descriptor was closed by another thread meanwhile
    public long expirations() throws IOException {
        final MemorySegment value = Scratch.current().cells();
        final int number = enter();
        try {
            long result;
            do {
                result = Libc.read(number, value, Long.BYTES);
            } while (result == -EINTR && isOpen());
            // 0 bytes where the time of day was set back over an expiry that had been announced already.
            return flow(result, "read", Long.BYTES) <= 0 ? -EAGAIN : value.get(ValueLayout.JAVA_LONG, 0);
        } finally {
            leave();
        }
    }

    /// `timerfd_gettime(fd, curr_value)`: how long until the next expiry, also where it was set to a point in time.
    ///
    /// @return nanoseconds, `Long.MAX_VALUE` where they are more; 0 where it is not set
    /// @throws ErrnoException as `timerfd_gettime(2)` has it
    public long remainingNanos() throws ErrnoException {
        return current().value().nanos();
    }

    /// [#remainingNanos], however long.
    ///
    /// @return the span; [Duration#ZERO] where it is not set
    /// @throws ErrnoException as `timerfd_gettime(2)` has it
    public Duration remaining() throws ErrnoException {
        final Itimerspec time = current();
        return Duration.ofSeconds(time.value().sec(), time.value().nsec());
    }

    /// `timerfd_gettime(fd, curr_value)`: how long between one expiry and the next.
    ///
    /// @return nanoseconds; 0 where it expires once only, or is not set
    /// @throws ErrnoException as `timerfd_gettime(2)` has it
    public long periodNanos() throws ErrnoException {
        return current().interval().nanos();
    }

    private Itimerspec current() throws ErrnoException {
        final Itimerspec time = Scratch.current().itimerspec();
        final int number = enter();
        try {
            final int result = Libc.timerfd_gettime(number, time.segment());
            if (result < 0) {
                throw ErrnoException.of(-result, "timerfd_gettime", number);
            }
            return time;
        } finally {
            leave();
        }
    }

    @Override
    String kind() {
        return "timerfd";
    }

    private static String clockName(final int clock) {
        return switch (clock) {
            case CLOCK_REALTIME -> "CLOCK_REALTIME";
            case CLOCK_MONOTONIC -> "CLOCK_MONOTONIC";
            case CLOCK_BOOTTIME -> "CLOCK_BOOTTIME";
            case CLOCK_REALTIME_ALARM -> "CLOCK_REALTIME_ALARM";
            case CLOCK_BOOTTIME_ALARM -> "CLOCK_BOOTTIME_ALARM";
            default -> Integer.toString(clock);
        };
    }

    private static final Duration ONE_NANO = Duration.ofNanos(1);

    private static final int[] FLAGS = {TFD_NONBLOCK, TFD_CLOEXEC};
    private static final String[] FLAG_NAMES = {"TFD_NONBLOCK", "TFD_CLOEXEC"};

    private static final int[] SET_FLAGS = {TFD_TIMER_ABSTIME, TFD_TIMER_CANCEL_ON_SET};
    private static final String[] SET_FLAG_NAMES = {"TFD_TIMER_ABSTIME", "TFD_TIMER_CANCEL_ON_SET"};
}
