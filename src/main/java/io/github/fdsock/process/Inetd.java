package io.github.fdsock.process;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.Fd;
import io.github.fdsock.SocketFd;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.sys.Libc;
import java.nio.file.Path;

/// The socket that a process gets as its standard input from `inetd(8)`, `xinetd`, a unit of systemd with
/// `StandardInput=socket`, or whoever else connects a program that way.
///
/// It may be a connection, one that listens or one for datagrams: `SO_TYPE` and `SO_ACCEPTCONN` tell.
public final class Inetd {
    private static final int STDIN = 0;
    private static final int STDERR = 2;

    private Inetd() {
    }

    /// `fcntl(0, F_DUPFD_CLOEXEC, 3)`, then `dup3(/dev/null, …)` over those of 0, 1 and 2 that are this socket: takes
    /// it out of the standard streams, to a number of its own.
    ///
    /// From then on `System.in` is at its end, and nothing that is printed gets into the connection. What was printed
    /// before did: this belongs at the beginning of `main`. A standard stream that is something else stays, as standard
    /// error often does. The numbers 0 to 2 remain in use, and are inherited as ever. Closing the socket ends the
    /// connection, since no other number here has it.
    ///
    /// Unlike `System.inheritedChannel()` this leaves a standard error that goes elsewhere alone, and takes sockets of
    /// every family and type.
    ///
    /// Where this throws, all is as it was.
    ///
    /// @return the socket, owned by the caller, in the mode that it came in (blocking, as a rule)
    /// @throws ErrnoException `ENOTSOCK`: standard input is no socket, or was taken before; `EBADF`: it is closed;
    ///         `EMFILE`, `ENFILE`: no free descriptor; `ENOENT`, `EACCES`: no `/dev/null`
    public static synchronized SocketFd take() throws ErrnoException {
        final long cookie = cookie(STDIN);
        final SocketFd socket = aboveStandardStreams();
        int replaced = 0;
        try (Fd nothing = Fd.openFile(Path.of("/dev/null"), O_RDWR, 0)) {
            for (int standard = STDIN; standard <= STDERR; standard++) {
                if (isSocket(standard, cookie)) {
                    put(nothing, standard);
                    replaced |= 1 << standard;
                }
            }
        } catch (final ErrnoException | RuntimeException e) {
            putBack(socket, replaced, e);
            throw e;
        }
        return socket;
    }

    private static SocketFd aboveStandardStreams() throws ErrnoException {
        final int number = Libc.fcntl(STDIN, F_DUPFD_CLOEXEC, STDERR + 1);
        if (number < 0) {
            throw new ErrnoException("fcntl(0, F_DUPFD_CLOEXEC, 3)", -number);
        }
        try {
            return SocketFd.adopt(number);
        } catch (final ErrnoException e) {
            Libc.close(number);
            throw e;
        }
    }

    /// `SO_COOKIE` is a number that only duplicates of a descriptor share.
    private static long cookie(final int number) throws ErrnoException {
        final SocketFd socket = SocketFd.adopt(number);
        try {
            return socket.getsockopt(SockOpt.SO_COOKIE);
        } finally {
            // Only a look: the number goes on to belong to the standard stream.
            socket.release();
        }
    }

    private static boolean isSocket(final int number, final long cookie) throws ErrnoException {
        try {
            return cookie(number) == cookie;
        } catch (final ErrnoException e) {
            if (e.errno() == ENOTSOCK || e.errno() == EBADF) {
                return false;
            }
            throw e;
        }
    }

    /// Not close-on-exec: a standard stream is there to be inherited.
    private static void put(final Fd fd, final int standard) throws ErrnoException {
        final int result = Libc.dup3(fd.intValue(), standard, 0);
        if (result < 0) {
            throw new ErrnoException("dup3(" + fd.intValue() + ", " + standard + ", 0)", -result);
        }
    }

    private static void putBack(final SocketFd socket, final int replaced, final Exception failure) {
        try (socket) {
            for (int standard = STDIN; standard <= STDERR; standard++) {
                if ((replaced & 1 << standard) != 0) {
                    put(socket, standard);
                }
            }
        } catch (final ErrnoException | RuntimeException e) {
            failure.addSuppressed(e);
        }
    }
}
