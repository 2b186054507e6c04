package io.github.fdsock.harness.junit;

import static io.github.fdsock.sys.Constants.AF_INET;
import static io.github.fdsock.sys.Constants.AF_INET6;
import static io.github.fdsock.sys.Constants.AF_UNIX;
import static io.github.fdsock.sys.Constants.EADDRNOTAVAIL;
import static io.github.fdsock.sys.Constants.EAFNOSUPPORT;
import static io.github.fdsock.sys.Constants.EPROTONOSUPPORT;
import static io.github.fdsock.sys.Constants.SOCK_DGRAM;
import static io.github.fdsock.sys.Constants.SOCK_SEQPACKET;
import static io.github.fdsock.sys.Constants.SOCK_STREAM;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import java.io.IOException;
import java.util.Optional;

/// The families of sockets that behave alike as far as a test is about what all sockets do; on the loopback interface.
public enum SocketFamily {
    /// TCP over IPv4.
    TCP4(AF_INET, SOCK_STREAM),
    /// TCP over IPv6.
    TCP6(AF_INET6, SOCK_STREAM),
    /// UNIX sockets that are streams.
    UNIX_STREAM(AF_UNIX, SOCK_STREAM),
    /// UNIX sockets that connect and keep messages.
    UNIX_SEQPACKET(AF_UNIX, SOCK_SEQPACKET),
    /// UNIX sockets for datagrams.
    UNIX_DGRAM(AF_UNIX, SOCK_DGRAM),
    /// UDP over IPv4.
    UDP4(AF_INET, SOCK_DGRAM),
    /// UDP over IPv6.
    UDP6(AF_INET6, SOCK_DGRAM);

    private final int domain;
    private final int type;

    SocketFamily(final int domain, final int type) {
        this.domain = domain;
        this.type = type;
    }

    /// The first argument of `socket`.
    ///
    /// @return `AF_INET`, `AF_INET6`, `AF_UNIX`
    public int domain() {
        return domain;
    }

    /// The second argument of `socket`.
    ///
    /// @return `SOCK_STREAM`, `SOCK_SEQPACKET`, `SOCK_DGRAM`
    public int type() {
        return type;
    }

    /// Whether one is accepted from another.
    ///
    /// @return false for datagrams
    public boolean connects() {
        return type != SOCK_DGRAM;
    }

    /// Whether what was sent at once is received at once.
    ///
    /// @return false for streams
    public boolean keepsMessages() {
        return type != SOCK_STREAM;
    }

    /// Whether its addresses are those of UNIX sockets.
    ///
    /// @return whether the domain is `AF_UNIX`
    public boolean isUnix() {
        return domain == AF_UNIX;
    }

    /// `socket(domain, type | flags, 0)`: a new one.
    ///
    /// @param flags `SOCK_NONBLOCK` or 0
    /// @return the socket, owned by the caller
    /// @throws ErrnoException as `socket(2)` has it
    public SocketFd socket(final int flags) throws ErrnoException {
        return SocketFd.socket(domain, type | flags, 0);
    }

    /// A new one that blocks.
    ///
    /// @return the socket, owned by the caller
    /// @throws ErrnoException as `socket(2)` has it
    public SocketFd socket() throws ErrnoException {
        return socket(0);
    }

    /// The address of whatever is free: port 0 of the loopback interface, or a name that the kernel chooses.
    ///
    /// @return what to bind to
    public SockAddr any() {
        return switch (domain) {
            case AF_INET -> SockAddr.inet("127.0.0.1", 0);
            case AF_INET6 -> SockAddr.inet("::1", 0);
            default -> SockAddr.unixAutobind();
        };
    }

    /// One that is bound to whatever is free.
    ///
    /// @return the socket, owned by the caller
    /// @throws IOException as `socket(2)` and `bind(2)` have it
    public SocketFd bound() throws IOException {
        final SocketFd socket = socket();
        try {
            socket.bind(any());
            return socket;
        } catch (final Throwable e) {
            throw closing(e, socket);
        }
    }

    /// One that listens at whatever is free.
    ///
    /// @param backlog how many connections may wait
    /// @return the socket, owned by the caller
    /// @throws IOException as `socket(2)`, `bind(2)` and `listen(2)` have it
    public SocketFd listening(final int backlog) throws IOException {
        final SocketFd socket = bound();
        try {
            socket.listen(backlog);
            return socket;
        } catch (final Throwable e) {
            throw closing(e, socket);
        }
    }

    /// Two that are connected to one another, each with a name of its own: not a `socketpair`, whose sockets have none.
    ///
    /// @return both, owned by the caller: the one that connected, and the one that was accepted
    /// @throws IOException as the calls have it that make them
    public SocketFd.Pair connected() throws IOException {
        if (!connects()) {
            return mutual();
        }
        try (SocketFd listener = listening(1)) {
            final SocketFd first = isUnix() ? bound() : socket();
            try {
                first.connect(listener.localAddress());
                return new SocketFd.Pair(first, listener.accept());
            } catch (final Throwable e) {
                throw closing(e, first);
            }
        }
    }

    private SocketFd.Pair mutual() throws IOException {
        final SocketFd first = bound();
        try {
            final SocketFd second = bound();
            try {
                first.connect(second.localAddress());
                second.connect(first.localAddress());
                return new SocketFd.Pair(first, second);
            } catch (final Throwable e) {
                throw closing(e, second);
            }
        } catch (final Throwable e) {
            throw closing(e, first);
        }
    }

    /// Closes what could not be finished.
    private static IOException closing(final Throwable failure, final SocketFd socket) throws IOException {
        try (socket) {
            throw failure;
        } catch (final IOException | RuntimeException | Error e) {
            throw e;
        } catch (final Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /// Why this machine has no such sockets: no IPv6 on the loopback interface, or a kernel without them.
    ///
    /// @return the reason; empty where it has them
    /// @throws IOException anything else that keeps one from being made, such as `EMFILE`
    public Optional<String> missing() throws IOException {
        try {
            bound().close();
            return Optional.empty();
        } catch (final ErrnoException e) {
            return switch (e.errno()) {
                case EAFNOSUPPORT, EPROTONOSUPPORT, EADDRNOTAVAIL ->
                    Optional.of("no " + this + " here: " + e.getMessage());
                default -> throw e;
            };
        }
    }
}
