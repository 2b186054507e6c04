package io.github.fdsock;

import static io.github.fdsock.sys.Constants.EAGAIN;
import static io.github.fdsock.sys.Constants.EFD_CLOEXEC;
import static io.github.fdsock.sys.Constants.EFD_NONBLOCK;
import static io.github.fdsock.sys.Constants.EFD_SEMAPHORE;
import static io.github.fdsock.sys.Constants.EINTR;

import io.github.fdsock.sys.Libc;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.AsynchronousCloseException;

/// A counter in the kernel that can be waited for: readable while it is above 0, writable while there is room for 1
/// more.
///
/// Any number of [#add]s collapse into one [#take]: the way to wake a thread that waits in [EpollFd#wait] or
/// [Fd#await]. With `EFD_SEMAPHORE` each [#take] takes 1.
///
/// The counter has 64 bits, without sign, and ends at 2^64-2. [Fd#read(MemorySegment)] and [Fd#write(MemorySegment)]
/// move eight bytes of it in the machine's order, all values included.
///
/// **Threads.** Any number may add and take. [#close] does not wake a thread that is blocked in [#take]; an [#add]
/// does.
///
/// **Memory.** Nothing is allocated by a call that succeeds.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/eventfd.2.html">eventfd(2)</a>
public final class EventFd extends Fd {
    private static final String KIND = "anon_inode:[eventfd]";

    private EventFd(final int fd) {
        super(fd);
    }

    /// `eventfd(initval, flags | EFD_CLOEXEC)`: makes a counter.
    ///
    /// @param initial where it begins, 32 bits without sign: `-1` is 4,294,967,295
    /// @param flags `EFD_NONBLOCK`, `EFD_SEMAPHORE`, or 0
    /// @return the counter, owned by the caller
    /// @throws ErrnoException `EINVAL`: other flags; `EMFILE`, `ENFILE`: no free descriptor
    public static EventFd create(final int initial, final int flags) throws ErrnoException {
        final int fd = Libc.eventfd(initial, flags | EFD_CLOEXEC);
        if (fd < 0) {
            throw ErrnoException.of(-fd, "eventfd", Integer.toUnsignedString(initial),
                    Flags.names(flags | EFD_CLOEXEC, FLAGS, FLAG_NAMES));
        }
        return new EventFd(fd);
    }

    /// Takes in an eventfd that came from anywhere. Nothing about it is changed.
    ///
    /// @param fd the number, owned by the returned object from now on; where this throws it stays the caller's
    /// @return its owner
    /// @throws IllegalArgumentException where `fd` is negative, or something else than an eventfd
    /// @throws ErrnoException `EBADF`: it is not open
    public static EventFd adopt(final int fd) throws ErrnoException {
        requireKind(fd, "an eventfd", KIND);
        return new EventFd(fd);
    }

    /// `fcntl(fd, F_DUPFD_CLOEXEC, 0)`: a second descriptor of the same counter, see [Fd#dup].
    @Override
    public EventFd dup() throws ErrnoException {
        return new EventFd(duplicate());
    }

    /// `write(fd, &n, 8)`: adds to the counter, and wakes who waits for it.
    ///
    /// Where the sum would be above 2^64-2 a blocking one waits until it has been taken from.
    ///
    /// @param n how much, 0 or more
    /// @return 0; `-EAGAIN` where it would have to wait: the counter is as it was, and above 0 in any case
    /// @throws IllegalArgumentException where `n` is negative
    /// @throws ErrnoException as `write(2)` has it
    /// @throws AsynchronousCloseException the descriptor was closed by another thread meanwhile
    public int add(final long n) throws IOException {
        if (n < 0) {
            throw new IllegalArgumentException("an eventfd counts up; added was " + n);
        }
        final MemorySegment value = Scratch.current().cells();
        value.set(ValueLayout.JAVA_LONG, 0, n);
        final int number = enter();
        try {
            long result;
            do {
                result = Libc.write(number, value, Long.BYTES);
            } while (result == -EINTR && isOpen());
            return flow(result, "write", Long.BYTES) == -EAGAIN ? -EAGAIN : 0;
        } finally {
            leave();
        }
    }

    /// `read(fd, &n, 8)`: takes all that there is, or with `EFD_SEMAPHORE` 1 of it.
    ///
    /// A blocking one waits until there is something.
    ///
    /// @return how much, 1 or more, where above `Long.MAX_VALUE` that; `-EAGAIN`, the only negative result, where it
    ///         would have to wait
    /// @throws ErrnoException as `read(2)` has it
    /// @throws AsynchronousCloseException the descriptor was closed by another thread meanwhile
    public long take() throws IOException {
        final MemorySegment value = Scratch.current().cells();
        final int number = enter();
        try {
            long result;
            do {
                result = Libc.read(number, value, Long.BYTES);
            } while (result == -EINTR && isOpen());
            if (flow(result, "read", Long.BYTES) == -EAGAIN) {
                return -EAGAIN;
            }
            final long taken = value.get(ValueLayout.JAVA_LONG, 0);
            return taken < 0 ? Long.MAX_VALUE : taken;
        } finally {
            leave();
        }
    }

    @Override
    String kind() {
        return "eventfd";
    }

    private static final int[] FLAGS = {EFD_SEMAPHORE, EFD_NONBLOCK, EFD_CLOEXEC};
    private static final String[] FLAG_NAMES = {"EFD_SEMAPHORE", "EFD_NONBLOCK", "EFD_CLOEXEC"};
}
