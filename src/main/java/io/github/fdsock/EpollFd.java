package io.github.fdsock;

import static io.github.fdsock.sys.Constants.EINTR;
import static io.github.fdsock.sys.Constants.ENOSYS;
import static io.github.fdsock.sys.Constants.EPERM;
import static io.github.fdsock.sys.Constants.EPIOCGPARAMS;
import static io.github.fdsock.sys.Constants.EPIOCSPARAMS;
import static io.github.fdsock.sys.Constants.EPOLLERR;
import static io.github.fdsock.sys.Constants.EPOLLET;
import static io.github.fdsock.sys.Constants.EPOLLEXCLUSIVE;
import static io.github.fdsock.sys.Constants.EPOLLHUP;
import static io.github.fdsock.sys.Constants.EPOLLIN;
import static io.github.fdsock.sys.Constants.EPOLLONESHOT;
import static io.github.fdsock.sys.Constants.EPOLLOUT;
import static io.github.fdsock.sys.Constants.EPOLLPRI;
import static io.github.fdsock.sys.Constants.EPOLLRDHUP;
import static io.github.fdsock.sys.Constants.EPOLLWAKEUP;
import static io.github.fdsock.sys.Constants.EPOLL_CLOEXEC;
import static io.github.fdsock.sys.Constants.EPOLL_CTL_ADD;
import static io.github.fdsock.sys.Constants.EPOLL_CTL_DEL;
import static io.github.fdsock.sys.Constants.EPOLL_CTL_MOD;

import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.EpollEvents;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.AsynchronousCloseException;

/// An epoll instance: a set of descriptors, and a wait for the first of them that is ready.
///
/// An interest belongs to the *open file* behind a descriptor, under the number it had when it was added. While a copy
/// of it is open somewhere (by `dup`, in a child, passed to another process), closing the number takes nothing away:
/// events go on coming with the old data, and can no longer be switched off. So [#delete] comes before `close`.
///
/// Regular files and directories are refused by the kernel (`EPERM`): they are always ready.
///
/// **Threads.** Any thread may add, change and delete while others wait; a descriptor that is added ready wakes them.
/// [#close] does not wake a thread in [#wait], which goes on until something happens: whoever wants to end waits from
/// outside adds an [EventFd] and writes to it.
///
/// **Memory.** Nothing is allocated by a call that succeeds.
///
/// @see <a href="https://man7.org/linux/man-pages/man7/epoll.7.html">epoll(7)</a>
public final class EpollFd extends Fd {
    private static final long NANOS_PER_MILLI = 1_000_000;
    private static final long LONGEST_MILLIS_IN_NANOS = Integer.MAX_VALUE * NANOS_PER_MILLI;

    // struct epoll_params
    private static final long USECS = 0;
    private static final long BUDGET = 4;
    private static final long PREFER = 6;
    private static final long PAD = 7;

    private static final String KIND = "anon_inode:[eventpoll]";

    /// Set once `epoll_pwait2` has turned out to be missing. Threads that do not see it yet find out by themselves.
    private boolean millisOnly;

    private EpollFd(final int fd) {
        super(fd);
    }

    /// `epoll_create1(EPOLL_CLOEXEC)`: makes an empty set.
    ///
    /// @return the epoll instance, owned by the caller
    /// @throws ErrnoException `EMFILE`, `ENFILE`: no free descriptor
    public static EpollFd create() throws ErrnoException {
        final int fd = Libc.epoll_create1(EPOLL_CLOEXEC);
        if (fd < 0) {
            throw ErrnoException.of(-fd, "epoll_create1", "EPOLL_CLOEXEC");
        }
        return new EpollFd(fd);
    }

    /// Takes in an epoll instance that came from anywhere. Nothing about it is changed.
    ///
    /// @param fd the number, owned by the returned object from now on; where this throws it stays the caller's
    /// @return its owner
    /// @throws IllegalArgumentException where `fd` is negative, or something else than an epoll instance
    /// @throws ErrnoException `EBADF`: it is not open
    public static EpollFd adopt(final int fd) throws ErrnoException {
        requireKind(fd, "an epoll instance", KIND);
        return new EpollFd(fd);
    }

    /// `fcntl(fd, F_DUPFD_CLOEXEC, 0)`: a second descriptor of the same set, see [Fd#dup].
    @Override
    public EpollFd dup() throws ErrnoException {
        return new EpollFd(duplicate());
    }

    // ---- interests

    /// `epoll_ctl(epfd, EPOLL_CTL_ADD, fd, {events, data})`: puts a descriptor into the set.
    ///
    /// @param fd what to watch
    /// @param events `EPOLLIN`, `EPOLLOUT`, `EPOLLRDHUP`, …, with `EPOLLET`, `EPOLLONESHOT`, `EPOLLEXCLUSIVE`, if
    ///        wanted; `EPOLLERR` and `EPOLLHUP` come unasked, also where this is 0
    /// @param data what its events shall carry, all 64 bits
    /// @throws ErrnoException `EEXIST`: it is in the set; `EPERM`: a file that cannot be watched; `EINVAL`: this
    ///         instance itself; `ELOOP`: instances within instances, in a circle or too deep; `ENOSPC`: too many for
    ///         this user
    public void add(final Fd fd, final int events, final long data) throws ErrnoException {
        control(EPOLL_CTL_ADD, fd, events, data);
    }

    /// `epoll_ctl(epfd, EPOLL_CTL_MOD, fd, {events, data})`: replaces events and data of a descriptor in the set.
    ///
    /// An interest that `EPOLLONESHOT` has put to sleep wakes up by this. What is there already is reported anew, also
    /// with `EPOLLET`.
    ///
    /// @param fd what is watched
    /// @param events all that are wanted from now on
    /// @param data what its events shall carry from now on
    /// @throws ErrnoException `ENOENT`: it is not in the set; `EINVAL`: it was added with `EPOLLEXCLUSIVE`, which has
    ///         to be deleted and added again
    public void modify(final Fd fd, final int events, final long data) throws ErrnoException {
        control(EPOLL_CTL_MOD, fd, events, data);
    }

    /// `epoll_ctl(epfd, EPOLL_CTL_DEL, fd, NULL)`: takes a descriptor out of the set.
    ///
    /// Events of it that a [#wait] has returned already are not taken back.
    ///
    /// @param fd what is watched
    /// @throws ErrnoException `ENOENT`: it is not in the set
    public void delete(final Fd fd) throws ErrnoException {
        control(EPOLL_CTL_DEL, fd, 0, 0);
    }

    private void control(final int operation, final Fd fd, final int events, final long data) throws ErrnoException {
        final int number = enter();
        try {
            final int watched = fd.enter();
            try {
                final MemorySegment event = operation == EPOLL_CTL_DEL ? MemorySegment.NULL
                        : Scratch.current().epollEvent().set(0, events, data).segment();
                final int result = Libc.epoll_ctl(number, operation, watched, event);
                if (result < 0) {
                    throw failed(-result, number, operation, watched, events, data);
                }
            } finally {
                fd.leave();
            }
        } finally {
            leave();
        }
    }

    private static ErrnoException failed(final int errno, final int number, final int operation, final int watched,
            final int events, final long data) {
        return operation == EPOLL_CTL_DEL
                ? ErrnoException.of(errno, "epoll_ctl", number, "EPOLL_CTL_DEL", watched, "NULL")
                : ErrnoException.of(errno, "epoll_ctl", number,
                        operation == EPOLL_CTL_ADD ? "EPOLL_CTL_ADD" : "EPOLL_CTL_MOD", watched,
                        "{events=" + names(events) + ", data=" + data + "}");
    }

    // ---- waiting

    /// `epoll_wait(epfd, events, maxevents, timeout)`: waits for events, with a limit in milliseconds.
    ///
    /// Interruptions by signals (`EINTR`) do not lengthen the wait: it goes on for what is left.
    ///
    /// @param events is filled from the front, as far as there is room; the rest comes next time
    /// @param timeoutMs at most so long; 0 looks and returns; negative waits without limit
    /// @return how many events there are, 0 when the time is over
    /// @throws ErrnoException as `epoll_wait(2)` has it
    /// @throws AsynchronousCloseException this instance was closed by another thread meanwhile
    public int wait(final EpollEvents events, final int timeoutMs) throws IOException {
        final int number = enter();
        try {
            final long start = timeoutMs > 0 ? System.nanoTime() : 0;
            int left = timeoutMs;
            int n = Libc.epoll_wait(number, events.segment(), events.capacity(), left);
            while (n == -EINTR && isOpen()) {
                if (timeoutMs > 0) {
                    left = millisUp(timeoutMs * NANOS_PER_MILLI - (System.nanoTime() - start));
                }
                n = Libc.epoll_wait(number, events.segment(), events.capacity(), left);
            }
            return found(n, "epoll_wait", events.capacity(), timeoutMs);
        } finally {
            leave();
        }
    }

    /// `epoll_pwait2(epfd, events, maxevents, timeout, NULL)`: waits for events, with a limit in nanoseconds.
    ///
    /// Where the kernel is older than 5.11, or a seccomp filter does not know the call, this is `epoll_wait` with the
    /// limit rounded up to the next millisecond: no positive limit ever becomes 0.
    ///
    /// @param events is filled from the front, as far as there is room; the rest comes next time
    /// @param timeoutNanos at most so long, besides the timer slack of the thread (50 µs unless set otherwise); 0 looks
    ///        and returns; negative waits without limit
    /// @return how many events there are, 0 when the time is over
    /// @throws ErrnoException as `epoll_wait(2)` has it
    /// @throws AsynchronousCloseException this instance was closed by another thread meanwhile
    public int waitNanos(final EpollEvents events, final long timeoutNanos) throws IOException {
        if (timeoutNanos <= 0) {
            return wait(events, timeoutNanos == 0 ? 0 : -1);
        }
        final int number = enter();
        try {
            final long start = System.nanoTime();
            long left = timeoutNanos;
            int n = waitOnce(number, events, left);
            while (n == -EINTR && isOpen() || n == 0 && millisOnly && left > LONGEST_MILLIS_IN_NANOS) {
                left = Math.max(0, timeoutNanos - (System.nanoTime() - start));
                n = waitOnce(number, events, left);
            }
            return found(n, "epoll_pwait2", events.capacity(), timeoutNanos);
        } finally {
            leave();
        }
    }

    private int waitOnce(final int number, final EpollEvents events, final long timeoutNanos) {
        if (!millisOnly) {
            final MemorySegment timeout = Scratch.current().timespec().nanos(timeoutNanos).segment();
            final int n = Libc.epoll_pwait2(number, events.segment(), events.capacity(), timeout, MemorySegment.NULL);
            // A libc may have the call where the kernel has not, and filters refuse what they do not know by EPERM,
            // which epoll_wait never means: only a call tells.
            if (n != -ENOSYS && n != -EPERM) {
                return n;
            }
            millisOnly = true;
        }
        return Libc.epoll_wait(number, events.segment(), events.capacity(), millisUp(timeoutNanos));
    }

    private int found(final int n, final String call, final int room, final long timeout) throws IOException {
        if (n > 0) {
            return n;
        }
        checkNotClosedMeanwhile();
        if (n < 0) {
            throw failed(-n, call, room, timeout);
        }
        return 0;
    }

    /// Milliseconds, rounded up: rounded down, a wait of half a millisecond would be a spin.
    private static int millisUp(final long nanos) {
        return nanos <= 0 ? 0
                : nanos > LONGEST_MILLIS_IN_NANOS ? Integer.MAX_VALUE
                : (int) ((nanos - 1) / NANOS_PER_MILLI) + 1;
    }

    private ErrnoException failed(final int errno, final String call, final int room, final long timeout) {
        return ErrnoException.of(errno, call, number(), room, timeout);
    }

    // ---- polling of devices

    /// `struct epoll_params`: how a wait polls the network devices behind its sockets before it sleeps.
    ///
    /// @param usecs for so many µs at the most; 0 leaves it to `net.core.busy_poll`, mostly off
    /// @param budget so many packets are taken by one look at a device, at most 65,535; 0 is the kernel's 8
    /// @param prefer whether the device shall hold back its interrupts meanwhile, as long as somebody polls
    public record BusyPoll(int usecs, int budget, boolean prefer) {
        private static final int BUDGET_MAX = 0xffff;

        /// Checks the ranges.
        ///
        /// @throws IllegalArgumentException where a number does not fit its field
        public BusyPoll {
            if (usecs < 0 || budget < 0 || budget > BUDGET_MAX) {
                throw new IllegalArgumentException("to poll for " + usecs + " µs, " + budget + " packets at a time");
            }
        }
    }

    /// `ioctl(epfd, EPIOCSPARAMS, &params)`: lets waits poll the devices that packets come from, which spares an
    /// interrupt and the way of its packet through the kernel, and costs a CPU. Linux 6.9.
    ///
    /// It works where all sockets of the set get their packets from one device queue (`SO_INCOMING_NAPI_ID`), whose
    /// driver can be polled. Neither is checked here: elsewhere waits sleep as ever.
    ///
    /// @param how for how long, and so on
    /// @throws ErrnoException `EPERM`: a budget above 64 needs CAP_NET_ADMIN; `ENOTTY`: Linux before 6.9;
    ///         `EOPNOTSUPP`: a kernel without busy polling
    /// @see <a href="https://docs.kernel.org/networking/napi.html">NAPI, busy polling</a>
    public void busyPoll(final BusyPoll how) throws ErrnoException {
        final MemorySegment params = Scratch.current().cells();
        params.set(ValueLayout.JAVA_INT, USECS, how.usecs);
        params.set(ValueLayout.JAVA_SHORT, BUDGET, (short) how.budget);
        params.set(ValueLayout.JAVA_BYTE, PREFER, (byte) (how.prefer ? 1 : 0));
        params.set(ValueLayout.JAVA_BYTE, PAD, (byte) 0);
        ioctl(EPIOCSPARAMS, params, "EPIOCSPARAMS");
    }

    /// `ioctl(epfd, EPIOCGPARAMS, &params)`: what [#busyPoll(BusyPoll)] has set. Linux 6.9.
    ///
    /// @return how waits poll
    /// @throws ErrnoException `ENOTTY`: Linux before 6.9; `EOPNOTSUPP`: a kernel without busy polling
    public BusyPoll busyPoll() throws ErrnoException {
        final MemorySegment params = Scratch.current().cells();
        ioctl(EPIOCGPARAMS, params, "EPIOCGPARAMS");
        return new BusyPoll(params.get(ValueLayout.JAVA_INT, USECS),
                Short.toUnsignedInt(params.get(ValueLayout.JAVA_SHORT, BUDGET)),
                params.get(ValueLayout.JAVA_BYTE, PREFER) != 0);
    }

    private void ioctl(final long request, final MemorySegment params, final String name) throws ErrnoException {
        final int number = enter();
        try {
            ErrnoException.check(Libc.ioctl(number, request, params), "ioctl", number, name);
        } finally {
            leave();
        }
    }

    @Override
    String kind() {
        return "epoll";
    }

    private static String names(final int events) {
        return Flags.names(events, BITS, BIT_NAMES);
    }

    private static final int[] BITS = {EPOLLIN, EPOLLPRI, EPOLLOUT, EPOLLERR, EPOLLHUP, EPOLLRDHUP, EPOLLEXCLUSIVE,
        EPOLLWAKEUP, EPOLLONESHOT, EPOLLET};

    private static final String[] BIT_NAMES = {"EPOLLIN", "EPOLLPRI", "EPOLLOUT", "EPOLLERR", "EPOLLHUP", "EPOLLRDHUP",
        "EPOLLEXCLUSIVE", "EPOLLWAKEUP", "EPOLLONESHOT", "EPOLLET"};
}
