package io.github.fdsock;

import static io.github.fdsock.sys.Constants.AF_INET;
import static io.github.fdsock.sys.Constants.AF_INET6;
import static io.github.fdsock.sys.Constants.AF_UNIX;
import static io.github.fdsock.sys.Constants.MSG_DONTWAIT;
import static io.github.fdsock.sys.Constants.SOCK_DGRAM;
import static io.github.fdsock.sys.Constants.SOCK_SEQPACKET;
import static io.github.fdsock.sys.Constants.SOCK_STREAM;

import java.io.IOException;

/// The sockets that behave alike as far as a test is about what all sockets do.
enum Family {
    TCP4(AF_INET, SOCK_STREAM), TCP6(AF_INET6, SOCK_STREAM), UNIX_STREAM(AF_UNIX, SOCK_STREAM),
    UNIX_SEQPACKET(AF_UNIX, SOCK_SEQPACKET), UNIX_DGRAM(AF_UNIX, SOCK_DGRAM), UDP4(AF_INET, SOCK_DGRAM),
    UDP6(AF_INET6, SOCK_DGRAM);

    /// As long as something that will happen may take on a busy machine.
    static final long LIMIT = 20_000_000_000L;

    final int domain;
    final int type;

    Family(final int domain, final int type) {
        this.domain = domain;
        this.type = type;
    }

    /// Whether one is accepted from another.
    boolean connects() {
        return type != SOCK_DGRAM;
    }

    /// Whether what was sent at once is received at once.
    boolean keepsMessages() {
        return type != SOCK_STREAM;
    }

    boolean isUnix() {
        return domain == AF_UNIX;
    }

    SocketFd socket(final int flags) throws ErrnoException {
        return SocketFd.socket(domain, type | flags, 0);
    }

    SocketFd socket() throws ErrnoException {
        return socket(0);
    }

    /// The address of whatever is free on this machine.
    SockAddr any() {
        return switch (domain) {
            case AF_INET -> SockAddr.inet("127.0.0.1", 0);
            case AF_INET6 -> SockAddr.inet("::1", 0);
            default -> SockAddr.unixAutobind();
        };
    }

    /// One that is bound.
    SocketFd bound() throws IOException {
        final SocketFd socket = socket();
        socket.bind(any());
        return socket;
    }

    /// One that listens.
    SocketFd listening(final int backlog) throws IOException {
        final SocketFd socket = bound();
        socket.listen(backlog);
        return socket;
    }

    /// Two that are connected to one another, each with a name of its own.
    SocketFd.Pair connected() throws IOException {
        if (connects()) {
            try (SocketFd listener = listening(1)) {
                final SocketFd first = socket();
                if (isUnix()) {
                    first.bind(any());
                }
                first.connect(listener.localAddress());
                return new SocketFd.Pair(first, listener.accept());
            }
        }
        final SocketFd first = bound();
        final SocketFd second = bound();
        first.connect(second.localAddress());
        second.connect(first.localAddress());
        return new SocketFd.Pair(first, second);
    }

    /// Sends until there is no room, and returns how many bytes there was room for.
    static long fill(final SocketFd socket) throws IOException {
        final byte[] bytes = new byte[2048];
        long sum = 0;
        for (;;) {
            final long n = socket.send(bytes, 0, bytes.length, MSG_DONTWAIT);
            if (n < 0) {
                return sum;
            }
            sum += n;
        }
    }
}
