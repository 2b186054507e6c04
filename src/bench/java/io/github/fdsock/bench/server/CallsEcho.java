package io.github.fdsock.bench.server;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.Endpoint;
import io.github.fdsock.EpollFd;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.EpollEvents;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// An echo server that is nothing but calls: how far the loop is from it is what the loop costs, and how far it is from
/// `native/echo_epoll.c` is what calls out of a JVM cost.
///
/// As the loop it waits by edges. It keeps nothing: a client that does not read is given up. Its first argument, as that
/// of its peers here, is `--until-stdin-ends`; the others are addresses.
public final class CallsEcho {
    private static final int EVENTS = 256;
    private static final int BUFFER_SIZE = 64 * 1024;

    private final EpollFd epoll = EpollFd.create();

    /// All of them by number, which is what events carry.
    private final Map<Integer, SocketFd> sockets = new HashMap<>();
    private final MemorySegment buffer = Arena.ofAuto().allocate(BUFFER_SIZE);

    private CallsEcho() throws IOException {
    }

    /// Serves until standard input ends.
    ///
    /// @param arguments `--until-stdin-ends`, and addresses
    /// @throws IOException there is no listening at one of them
    public static void main(final String... arguments) throws IOException {
        final List<Endpoint> endpoints =
                List.of(arguments).subList(1, arguments.length).stream().map(Endpoint::parse).toList();
        final CallsEcho server = new CallsEcho();
        for (final Endpoint endpoint : endpoints) {
            server.listen(endpoint);
        }
        Thread.ofPlatform().daemon().start(server::serve);
        System.in.transferTo(OutputStream.nullOutputStream());
        for (final Endpoint endpoint : endpoints) {
            if (endpoint.address() instanceof SockAddr.UnixPath unix) {
                Files.deleteIfExists(unix.toPath());
            }
        }
        System.exit(0);
    }

    private void listen(final Endpoint endpoint) throws IOException {
        final SocketFd socket = SocketFd.socket(endpoint.family(), SOCK_STREAM | SOCK_NONBLOCK, 0);
        socket.bind(endpoint.address());
        socket.listen(SOMAXCONN);
        System.out.println("listening " + new Endpoint(endpoint.type(), socket.localAddress()));
        add(socket, EPOLLIN);
    }

    private void add(final SocketFd socket, final int events) throws IOException {
        sockets.put(socket.intValue(), socket);
        epoll.add(socket, events, socket.intValue());
    }

    private void serve() {
        try {
            final EpollEvents events = EpollEvents.allocate(Arena.ofAuto(), EVENTS);
            while (true) {
                final int n = epoll.wait(events, -1);
                for (int i = 0; i < n; i++) {
                    while (echo((int) events.data(i), events.events(i))) {
                        continue;
                    }
                }
            }
        } catch (final IOException | RuntimeException e) {
            System.err.println("serving: " + e.getMessage());
            System.exit(1);
        }
    }

    /// Whether there may be more to come, of which nothing else tells.
    private boolean echo(final int number, final int events) throws IOException {
        final long n = Libc.recv(number, buffer, BUFFER_SIZE, 0);
        if (n > 0 && Libc.send(number, buffer, n, MSG_NOSIGNAL) == n) {
            return n == BUFFER_SIZE || events != EPOLLIN;
        }
        if (n == -EAGAIN) {
            return false;
        }
        final SocketFd socket = sockets.get(number);
        // What recv says of a socket that listens.
        if (n == -ENOTCONN || n == -EINVAL) {
            accept(socket);
        } else {
            sockets.remove(number).close();
        }
        return false;
    }

    private void accept(final SocketFd listener) throws IOException {
        final SocketFd peer = listener.accept(SOCK_NONBLOCK, null);
        if (peer != null) {
            if (peer.localAddress() instanceof SockAddr.Inet) {
                peer.setsockopt(SockOpt.TCP_NODELAY, true);
            }
            add(peer, EPOLLIN | EPOLLRDHUP | EPOLLET);
        }
    }
}
