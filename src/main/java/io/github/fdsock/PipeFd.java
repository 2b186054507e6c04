package io.github.fdsock;

import static io.github.fdsock.sys.Constants.EBADF;
import static io.github.fdsock.sys.Constants.F_GETPIPE_SZ;
import static io.github.fdsock.sys.Constants.F_SETPIPE_SZ;
import static io.github.fdsock.sys.Constants.O_CLOEXEC;
import static io.github.fdsock.sys.Constants.O_DIRECT;
import static io.github.fdsock.sys.Constants.O_NONBLOCK;

import io.github.fdsock.sys.Libc;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// One end of a pipe: what is written into the one end is read from the other.
///
/// A read returns 0 when every descriptor of the write end is closed and nothing is left; a write then throws `EPIPE`
/// when every descriptor of the read end is (SIGPIPE is raised as well, which the JVM ignores).
///
/// **Threads.** [#close] does not wake a thread that is blocked in a read or write of this end; closing the *other* end
/// does.
///
/// @see <a href="https://man7.org/linux/man-pages/man7/pipe.7.html">pipe(7)</a>
public final class PipeFd extends Fd {
    private PipeFd(final int fd) {
        super(fd);
    }

    /// Both ends of a pipe.
    ///
    /// @param readEnd what comes out
    /// @param writeEnd what goes in
    public record Pair(PipeFd readEnd, PipeFd writeEnd) implements AutoCloseable {
        /// Closes both.
        @Override
        public void close() throws ErrnoException {
            try {
                readEnd.close();
            } finally {
                writeEnd.close();
            }
        }
    }

    /// `pipe2(pipefd, flags | O_CLOEXEC)`: makes a pipe.
    ///
    /// @param flags `O_NONBLOCK` for both ends, `O_DIRECT` to keep what was written at once together, or 0
    /// @return both ends, owned by the caller
    /// @throws ErrnoException `EINVAL`: other flags; `EMFILE`, `ENFILE`: no free descriptors, or this user's pipes have
    ///         as many pages as they may
    public static Pair create(final int flags) throws ErrnoException {
        final MemorySegment pipefd = Scratch.current().cells();
        final int result = Libc.pipe2(pipefd, flags | O_CLOEXEC);
        if (result < 0) {
            throw ErrnoException.of(-result, "pipe2", Flags.names(flags | O_CLOEXEC, FLAGS, FLAG_NAMES));
        }
        return new Pair(new PipeFd(pipefd.get(ValueLayout.JAVA_INT, 0)),
                new PipeFd(pipefd.get(ValueLayout.JAVA_INT, Integer.BYTES)));
    }

    /// Takes in an end of a pipe, or a FIFO, that came from anywhere. Nothing about it is changed.
    ///
    /// @param fd the number, owned by the returned object from now on; where this throws it stays the caller's
    /// @return its owner
    /// @throws IllegalArgumentException where `fd` is negative, or something else than a pipe
    /// @throws ErrnoException `EBADF`: it is not open
    public static PipeFd adopt(final int fd) throws ErrnoException {
        requireOpen(fd);
        final int result = Libc.fcntl(fd, F_GETPIPE_SZ, 0);
        if (result == -EBADF) {
            throw wrongKind(fd, "a pipe");
        }
        ErrnoException.check(result, "fcntl", fd, "F_GETPIPE_SZ");
        return new PipeFd(fd);
    }

    /// `fcntl(fd, F_DUPFD_CLOEXEC, 0)`: a second descriptor of the same end, see [Fd#dup].
    @Override
    public PipeFd dup() throws ErrnoException {
        return new PipeFd(duplicate());
    }

    /// `fcntl(fd, F_GETPIPE_SZ)`: how much the pipe holds.
    ///
    /// @return bytes; 65,536 where nobody has changed it
    /// @throws ErrnoException as `fcntl(2)` has it
    public int capacity() throws ErrnoException {
        return ErrnoException.check(fcntl(F_GETPIPE_SZ, 0), "fcntl", number(), "F_GETPIPE_SZ");
    }

    /// `fcntl(fd, F_SETPIPE_SZ, bytes)`: how much the pipe shall hold. The kernel rounds up to a power of two of pages.
    ///
    /// @param bytes how much at least
    /// @return how much it is from now on
    /// @throws ErrnoException `EBUSY`: more than that is in it; `EPERM`: above `/proc/sys/fs/pipe-max-size`; `EINVAL`:
    ///         2^31 or more, which every negative number is
    public int capacity(final int bytes) throws ErrnoException {
        return ErrnoException.check(fcntl(F_SETPIPE_SZ, bytes), "fcntl", number(), "F_SETPIPE_SZ", bytes);
    }

    @Override
    String kind() {
        return "pipe";
    }

    private static final int[] FLAGS = {O_NONBLOCK, O_DIRECT, O_CLOEXEC};
    private static final String[] FLAG_NAMES = {"O_NONBLOCK", "O_DIRECT", "O_CLOEXEC"};
}
