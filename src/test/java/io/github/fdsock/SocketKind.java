package io.github.fdsock;

import static io.github.fdsock.sys.Constants.*;

import java.util.EnumMap;
import java.util.Map;

/// Every kind of socket that an option may belong to. Which of them can be made depends on kernel and privileges.
enum SocketKind {
    TCP4(AF_INET, SOCK_STREAM, 0),
    TCP6(AF_INET6, SOCK_STREAM, 0),
    UDP4(AF_INET, SOCK_DGRAM, 0),
    UDP6(AF_INET6, SOCK_DGRAM, 0),
    UNIX_STREAM(AF_UNIX, SOCK_STREAM, 0),
    UNIX_DGRAM(AF_UNIX, SOCK_DGRAM, 0),
    UNIX_SEQPACKET(AF_UNIX, SOCK_SEQPACKET, 0),
    RAW4(AF_INET, SOCK_RAW, IPPROTO_ICMP),
    RAW6(AF_INET6, SOCK_RAW, IPPROTO_RAW),
    NETLINK(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE),
    PACKET(AF_PACKET, SOCK_RAW, 0),
    VSOCK(AF_VSOCK, SOCK_STREAM, 0);

    final int domain;
    final int type;
    final int protocol;

    SocketKind(final int domain, final int type, final int protocol) {
        this.domain = domain;
        this.type = type;
        this.protocol = protocol;
    }

    SocketFd open() throws ErrnoException {
        return SocketFd.socket(domain, type, protocol);
    }

    /// One socket of every kind that can be made.
    static Sockets openAll() throws ErrnoException {
        return new Sockets();
    }

    /// Sockets to be closed together, and why others are not among them.
    static final class Sockets implements AutoCloseable {
        final Map<SocketKind, SocketFd> open = new EnumMap<>(SocketKind.class);
        final Map<SocketKind, String> refused = new EnumMap<>(SocketKind.class);

        private Sockets() throws ErrnoException {
            for (final SocketKind kind : values()) {
                try {
                    open.put(kind, kind.open());
                } catch (final ErrnoException e) {
                    switch (e.errno()) {
                        case EPERM, EACCES, EAFNOSUPPORT, EPROTONOSUPPORT, ESOCKTNOSUPPORT ->
                            refused.put(kind, e.getMessage());
                        default -> {
                            close();
                            throw e;
                        }
                    }
                }
            }
        }

        @Override
        public void close() throws ErrnoException {
            for (final SocketFd socket : open.values()) {
                socket.close();
            }
        }
    }
}
