package io.github.fdsock.process;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.Fd;
import io.github.fdsock.SocketFd;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.sys.Libc;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;

/// `sd_listen_fds(3)`: the descriptors that a service manager opened, and handed to this process when it began.
///
/// They are numbers from 3 on; `LISTEN_FDS` says how many, `LISTEN_PID` for which process, and `LISTEN_FDNAMES` what
/// each is called. Sockets that listen are what is passed most, and so are connections, files, pipes, and whatever
/// else a predecessor has put into the store of the manager ([Notify#store]).
///
/// **Ownership.** [#take] makes each an [Fd] that belongs to this object, [#takeFd] and [#takeSocket] give it to the
/// caller, and [#close] closes those that nobody has taken. All are close-on-exec from then on.
///
/// **As they came.** Nothing else about them is changed. They come blocking, as a rule, and `O_NONBLOCK` belongs to the
/// open file: who sets it ([Fd#nonBlocking(boolean)]) sets it for everybody who has the same socket, the manager and
/// the next process that it starts included.
///
/// **Environment.** A JVM cannot take a variable back, so the children of a `ProcessBuilder` inherit these as well,
/// without the descriptors; `LISTEN_PID` tells them that they are not meant. For the same reason a script that starts
/// the JVM has to do so by `exec`: a child of the script is not meant either, and finds nothing.
///
/// **Threads.** One at a time; [#take] from any.
///
/// @see <a href="https://man7.org/linux/man-pages/man3/sd_listen_fds.3.html">sd_listen_fds(3)</a>
public final class Activation implements Closeable {
    /// `SD_LISTEN_FDS_START`.
    private static final int FIRST = 3;

    /// What `sd_listen_fds_with_names(3)` calls all of them where no names are given.
    private static final String NO_NAME = "unknown";

    /// The one file that the JVM keeps open without close-on-exec; where nothing was passed its number is 3.
    private static final Path MODULES = Path.of(System.getProperty("java.home"), "lib", "modules");

    /// Whether the numbers have an owner.
    private static boolean taken;

    private final String[] names;

    /// Null where one was taken.
    private final Fd[] descriptors;

    private Activation(final String[] names, final Fd[] descriptors) {
        this.names = names;
        this.descriptors = descriptors;
    }

    /// `sd_listen_fds_with_names(0, &names)`: takes over what was passed to this process, once.
    ///
    /// Where this throws nothing has changed, and the descriptors belong to nobody. A manager that counts more than it
    /// passes is refused: files of the JVM have the numbers of those that are missing.
    ///
    /// @return all of them, in order; none where the environment does not speak of this process
    /// @throws IllegalStateException they were taken before; or one was not passed: it is close-on-exec, and belongs to
    ///         other code of this process, or it is the JVM's own `lib/modules`
    /// @throws IllegalArgumentException `LISTEN_PID` or `LISTEN_FDS` is not such a number, or `LISTEN_FDNAMES` has
    ///         fewer or more names
    /// @throws ErrnoException `EBADF`: fewer are open
    public static synchronized Activation take() throws ErrnoException {
        if (taken) {
            throw new IllegalStateException("the descriptors of LISTEN_FDS were taken before");
        }
        final Activation all = take(Environment.own(), FIRST);
        taken = all.descriptors() > 0;
        return all;
    }

    static Activation take(final Environment environment, final int first) throws ErrnoException {
        if (environment.get("LISTEN_PID") == null || environment.get("LISTEN_FDS") == null
                || !environment.isPid("LISTEN_PID")) {
            return new Activation(new String[0], new Fd[0]);
        }
        final int count = (int) environment.number("LISTEN_FDS", 1, Integer.MAX_VALUE - first);
        final String list = environment.get("LISTEN_FDNAMES");
        final String[] given = list == null ? null : list.split(":", -1);
        if (given != null && given.length != count) {
            throw environment.refused("LISTEN_FDNAMES", "not the names of LISTEN_FDS=" + count);
        }
        // Before anything is made for each of them: there may be two billion.
        for (int fd = first; fd < first + count; fd++) {
            requireInherited(fd);
        }
        final Fd[] descriptors = new Fd[count];
        try {
            for (int i = 0; i < count; i++) {
                descriptors[i] = adopt(first + i);
            }
            for (final Fd fd : descriptors) {
                fd.closeOnExec(true);
            }
        } catch (final ErrnoException e) {
            for (int i = 0; i < count && descriptors[i] != null; i++) {
                // Should this fail too, then because of what has just been found.
                Libc.fcntl(descriptors[i].release(), F_SETFD, 0);
            }
            throw e;
        }
        return new Activation(given == null ? unnamed(count) : given, descriptors);
    }

    private static String[] unnamed(final int count) {
        final String[] names = new String[count];
        Arrays.fill(names, NO_NAME);
        return names;
    }

    /// What `exec` leaves open is not close-on-exec; what is was opened since then, or has an owner who set it.
    private static void requireInherited(final int fd) throws ErrnoException {
        final int flags = Libc.fcntl(fd, F_GETFD, 0);
        if (flags < 0) {
            throw new ErrnoException("fcntl(" + fd + ", F_GETFD)", -flags);
        }
        if ((flags & FD_CLOEXEC) != 0) {
            throw new IllegalStateException("fd " + fd + " is close-on-exec: it was not passed, or is taken already");
        }
        if (isModules(fd)) {
            throw new IllegalStateException("fd " + fd + " was not passed: it is the JVM's own " + MODULES);
        }
    }

    private static boolean isModules(final int fd) {
        try {
            return Files.isSameFile(Path.of("/proc/self/fd", Integer.toString(fd)), MODULES);
        } catch (final IOException e) {
            // No /proc, or a JDK without that file.
            return false;
        }
    }

    private static Fd adopt(final int fd) throws ErrnoException {
        try {
            return SocketFd.adopt(fd);
        } catch (final ErrnoException e) {
            if (e.errno() != ENOTSOCK && !(e.errno() == EBADF && isPath(fd))) {
                throw e;
            }
            return Fd.adopt(fd);
        }
    }

    /// Whether it is a file that was opened with `O_PATH`, which is open, though all but a few calls say `EBADF`.
    private static boolean isPath(final int fd) {
        final int flags = Libc.fcntl(fd, F_GETFL, 0);
        return flags >= 0 && (flags & O_PATH) != 0;
    }

    /// How many descriptors were passed.
    ///
    /// @return the number, taken or not
    public int descriptors() {
        return descriptors.length;
    }

    /// What one is called, in `LISTEN_FDNAMES`. The manager's default is the name of the socket unit; `connection` for
    /// one that it has accepted, `stored` for what comes out of its store.
    ///
    /// @param index 0 for the first
    /// @return the name, which may be empty, and which several may have; `unknown` where no names were given
    /// @throws IndexOutOfBoundsException where so many were not passed
    public String name(final int index) {
        return names[Objects.checkIndex(index, names.length)];
    }

    /// Finds one by its name.
    ///
    /// @param name as [#name]
    /// @return the index of the first that has it and was not taken yet; -1 where there is none
    public int indexOf(final String name) {
        for (int i = 0; i < names.length; i++) {
            if (names[i].equals(name) && descriptors[i] != null) {
                return i;
            }
        }
        return -1;
    }

    /// Takes a descriptor: it is the caller's from now on.
    ///
    /// @param index 0 for the first
    /// @return its owner, a [SocketFd] where it is a socket
    /// @throws IndexOutOfBoundsException where so many were not passed
    /// @throws IllegalStateException where it was taken before, or closed with this object
    public Fd takeFd(final int index) {
        final Fd fd = descriptor(index);
        descriptors[index] = null;
        return fd;
    }

    /// `sd_is_socket(fd, family, type, listening)`: takes a descriptor, provided that it is such a socket.
    ///
    /// What it is bound to is the manager's business; [SocketFd#localAddress] tells.
    ///
    /// @param index 0 for the first
    /// @param family `AF_INET`, `AF_UNIX`, …; `AF_UNSPEC` for any
    /// @param type `SOCK_STREAM`, `SOCK_DGRAM`, …; 0 for any
    /// @param listening whether it shall accept connections, or be one, or a socket for datagrams
    /// @return its owner
    /// @throws IllegalArgumentException it is something else, which the message tells; it is not taken then
    /// @throws IndexOutOfBoundsException as [#takeFd]
    /// @throws IllegalStateException as [#takeFd]
    /// @throws ErrnoException as `getsockopt(2)` has it
    public SocketFd takeSocket(final int index, final int family, final int type, final boolean listening)
            throws ErrnoException {
        final Fd fd = descriptor(index);
        if (!(fd instanceof final SocketFd socket)) {
            throw refused(fd, index, "not a socket", family, type, listening);
        }
        final int isFamily = socket.getsockopt(SockOpt.SO_DOMAIN);
        final int isType = socket.getsockopt(SockOpt.SO_TYPE);
        final boolean isListening = socket.getsockopt(SockOpt.SO_ACCEPTCONN);
        if (family != AF_UNSPEC && family != isFamily || type != 0 && type != isType || listening != isListening) {
            throw refused(fd, index, socket(isFamily, isType, isListening), family, type, listening);
        }
        descriptors[index] = null;
        return socket;
    }

    private Fd descriptor(final int index) {
        final Fd fd = descriptors[Objects.checkIndex(index, descriptors.length)];
        if (fd == null) {
            throw new IllegalStateException("descriptor " + index + " (\"" + names[index] + "\") was taken before");
        }
        return fd;
    }

    private IllegalArgumentException refused(final Fd fd, final int index, final String is, final int family,
            final int type, final boolean listening) {
        return new IllegalArgumentException(fd + " (\"" + names[index] + "\") is " + is + "; wanted was "
                + socket(family, type, listening));
    }

    private static String socket(final int family, final int type, final boolean listening) {
        final String familyName = switch (family) {
            case AF_UNSPEC -> "any family";
            case AF_UNIX -> "AF_UNIX";
            case AF_INET -> "AF_INET";
            case AF_INET6 -> "AF_INET6";
            case AF_NETLINK -> "AF_NETLINK";
            case AF_VSOCK -> "AF_VSOCK";
            default -> "family " + family;
        };
        final String typeName = switch (type) {
            case 0 -> "any type";
            case SOCK_STREAM -> "SOCK_STREAM";
            case SOCK_DGRAM -> "SOCK_DGRAM";
            case SOCK_SEQPACKET -> "SOCK_SEQPACKET";
            case SOCK_RAW -> "SOCK_RAW";
            default -> "type " + type;
        };
        return familyName + ", " + typeName + (listening ? ", listening" : ", not listening");
    }

    /// Closes the descriptors that were not taken.
    ///
    /// @throws ErrnoException as [Fd#close]; the others are closed all the same
    /// @throws IllegalStateException as [Fd#close]; the others are closed all the same
    @Override
    public void close() throws ErrnoException {
        close(0, descriptors.length);
    }

    /// Each of them, though closing one may fail. By halves, since the stack may be too short for one after the other.
    private void close(final int from, final int to) throws ErrnoException {
        if (to - from > 1) {
            final int middle = from + to >>> 1;
            try {
                close(from, middle);
            } finally {
                close(middle, to);
            }
        } else if (from < to && descriptors[from] != null) {
            takeFd(from).close();
        }
    }
}
