package io.github.fdsock.bench;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.option.SockOpt;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/// Connections of this process to itself, over UNIX sockets or the loopback interface.
final class Connections {
    private Connections() {
    }

    /// The two ends of one.
    record Channels(SocketChannel first, SocketChannel second) {
    }

    /// A stream, over `unix` or `tcp` (without Nagle's delay, since a second byte would wait for the acknowledgement of
    /// the first).
    static SocketFd.Pair sockets(final String transport) throws IOException {
        if (transport.equals("unix")) {
            return SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0);
        }
        try (SocketFd listener = SocketFd.socket(AF_INET, SOCK_STREAM, 0)) {
            listener.bind(SockAddr.inet("127.0.0.1", 0));
            listener.listen(1);
            final SocketFd first = SocketFd.socket(AF_INET, SOCK_STREAM, 0);
            try (Arena arena = Arena.ofConfined()) {
                first.setsockopt(IPPROTO_TCP, TCP_NODELAY, arena.allocateFrom(ValueLayout.JAVA_INT, 1));
                first.connect(listener.localAddress());
                return new SocketFd.Pair(first, listener.accept());
            } catch (final Throwable e) {
                first.close();
                throw e;
            }
        }
    }

    /// Two connected datagram sockets, over `unix` or `udp`. A datagram that gets lost, which should not happen, must
    /// not make the second wait for ever.
    static SocketFd.Pair datagrams(final String transport) throws IOException {
        final SocketFd.Pair pair = transport.equals("unix") ? SocketFd.socketpair(AF_UNIX, SOCK_DGRAM, 0)
                : new SocketFd.Pair(SocketFd.socket(AF_INET, SOCK_DGRAM, 0), SocketFd.socket(AF_INET, SOCK_DGRAM, 0));
        try {
            if (!transport.equals("unix")) {
                pair.second().bind(SockAddr.inet("127.0.0.1", 0));
                pair.first().connect(pair.second().localAddress());
                pair.second().connect(pair.first().localAddress());
            }
            pair.second().setsockopt(SockOpt.SO_RCVTIMEO, Duration.ofSeconds(5));
            return pair;
        } catch (final Throwable e) {
            pair.close();
            throw e;
        }
    }

    /// The JDK has no socket pairs: for `unix` a listener is needed, and a path for it, which goes at once.
    static Channels channels(final String transport) throws IOException {
        if (transport.equals("unix")) {
            final Path folder = Files.createTempDirectory("fdsock-bench");
            final Path path = folder.resolve("listener");
            try {
                return channels(StandardProtocolFamily.UNIX, UnixDomainSocketAddress.of(path));
            } finally {
                Files.deleteIfExists(path);
                Files.delete(folder);
            }
        }
        final Channels pair = channels(StandardProtocolFamily.INET,
                new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0));
        pair.first().setOption(StandardSocketOptions.TCP_NODELAY, true);
        return pair;
    }

    private static Channels channels(final StandardProtocolFamily family, final SocketAddress address)
            throws IOException {
        try (ServerSocketChannel listener = ServerSocketChannel.open(family).bind(address)) {
            final SocketChannel first = SocketChannel.open(listener.getLocalAddress());
            try {
                return new Channels(first, listener.accept());
            } catch (final Throwable e) {
                first.close();
                throw e;
            }
        }
    }
}
