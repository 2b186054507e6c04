package io.github.fdsock.cli;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.Endpoint;
import io.github.fdsock.ErrnoException;
import io.github.fdsock.Fd;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SockAddrBuffer;
import io.github.fdsock.SocketFd;
import io.github.fdsock.TimerFd;
import io.github.fdsock.loop.EventLoop;
import io.github.fdsock.loop.Registration;
import io.github.fdsock.option.SockOpt;
import java.io.Closeable;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// Sends back what it receives, on any number of sockets of any kind, in one thread.
///
/// One buffer serves all connections. Only what a connection's peer does not take at once is kept for that connection,
/// and until it has taken it, nothing more is read from it: a slow reader costs one buffer at most and disturbs nobody.
final class EchoServer implements Closeable {
    /// A message on a seqpacket or datagram socket has to fit: the kernel's default limit for one is 212,992 bytes.
    private static final int BUFFER_SIZE = 256 * 1024;

    /// So many connections are accepted before those that exist get their turn again.
    private static final int ACCEPTS_PER_TURN = 64;

    /// So long a listener rests where there is no descriptor or memory for a connection.
    private static final Duration REST = Duration.ofMillis(200);

    private final EventLoop loop = EventLoop.open();
    private final Arena arena = Arena.ofAuto();
    private final MemorySegment buffer = arena.allocate(BUFFER_SIZE, Long.BYTES);
    private final SockAddrBuffer sender = SockAddrBuffer.allocate(arena);
    private final PrintStream log;
    private final Set<Registration> open = new HashSet<>();
    private final List<Registration> pausedListeners = new ArrayList<>();

    /// Runs while a listener rests: what is missing may be others' to give back, and no connection of ours end.
    private TimerFd alarm;

    private final Resources socketFiles = new Resources();

    /// Held back so that there is one descriptor left to take a connection with when all are used up.
    private Fd reserve;

    EchoServer(final PrintStream log) throws IOException {
        this.log = log;
        try {
            reserve = openReserve();
            alarm = TimerFd.create(CLOCK_MONOTONIC, TFD_NONBLOCK);
            open.add(loop.register(alarm, EPOLLIN, this::restIsOver));
        } catch (final IOException | RuntimeException e) {
            try (loop; Fd _ = reserve; Fd _ = alarm) {
                throw e;
            }
        }
    }

    /// Listens at an address, or receives there; the address with the port that the kernel chose.
    Endpoint serve(final Endpoint endpoint) throws IOException {
        final SocketFd socket = SocketFile.bind(endpoint, SOCK_NONBLOCK, socketFiles);
        try {
            final SockAddr address = socket.localAddress();
            // Last: a socket that is closed on failure must not be registered.
            open.add(loop.register(socket, EPOLLIN, endpoint.type() == SOCK_DGRAM ? this::answer : this::accept));
            return new Endpoint(endpoint.type(), address);
        } catch (final IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /// Serves until [#stop].
    void run() throws IOException {
        loop.run();
    }

    /// Lets [#run] return; from any thread.
    void stop() throws IOException {
        loop.stop();
    }

    /// Closes every socket and removes the socket files that were made.
    @Override
    public void close() throws IOException {
        final Resources all = new Resources();
        all.add(loop);
        if (reserve != null) {
            all.add(reserve);
        }
        all.add(socketFiles);
        open.forEach(all::add);
        all.close();
    }

    // ---- connections

    private void accept(final Registration listener, final int events) throws IOException {
        for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
            final SocketFd peer;
            try {
                peer = ((SocketFd) listener.fd()).accept(SOCK_NONBLOCK, null);
            } catch (final ErrnoException e) {
                switch (e.errno()) {
                    case EMFILE, ENFILE, ENOBUFS, ENOMEM -> {
                        outOfDescriptors(listener, e);
                        return;
                    }
                    // accept(2): errors of the connection that was to be accepted; the next may be fine.
                    case ECONNABORTED, EPERM, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH,
                            EOPNOTSUPP, ENETUNREACH -> {
                        log.println("connection lost before it was accepted: " + e.getMessage());
                        continue;
                    }
                    default -> throw e;
                }
            }
            if (peer == null) {
                return;
            }
            try {
                new Connection(peer).begin();
            } catch (final IOException e) {
                log.println("connection lost: " + e.getMessage());
                drop(peer);
            }
        }
    }

    /// Takes the waiting connection with the reserved descriptor and closes it, so that its client learns of the
    /// overload; where even that fails the listener rests until a connection ends, or for a while.
    private void outOfDescriptors(final Registration listener, final ErrnoException cause) throws IOException {
        log.println("refusing a connection: " + cause.getMessage());
        if (reserve != null) {
            drop(reserve);
            reserve = null;
            try {
                final SocketFd refused = ((SocketFd) listener.fd()).accept(SOCK_NONBLOCK, null);
                if (refused != null) {
                    drop(refused);
                }
                reserve = openReserve();
                return;
            } catch (final ErrnoException e) {
                log.println("listener rests: " + e.getMessage());
            }
        }
        try {
            listener.interest(0);
            pausedListeners.add(listener);
            alarm.start(REST, REST);
        } catch (final ErrnoException e) {
            // It tries again in the next turn.
            log.println("listener does not rest: " + e.getMessage());
        }
    }

    private static Fd openReserve() throws IOException {
        return Fd.openFile(Path.of("/dev/null"), O_RDONLY, 0);
    }

    private void restIsOver(final Registration registration, final int events) throws IOException {
        alarm.expirations();
        wakeListeners();
    }

    private void wakeListeners() throws IOException {
        try {
            while (!pausedListeners.isEmpty()) {
                pausedListeners.getLast().interest(EPOLLIN);
                pausedListeners.removeLast();
            }
            if (reserve == null) {
                reserve = openReserve();
            }
            alarm.stop();
        } catch (final ErrnoException e) {
            // Somebody else has taken what became free. The alarm goes on.
            log.println("still short of descriptors or memory: " + e.getMessage());
        }
    }

    private void end(final Registration registration) throws IOException {
        open.remove(registration);
        drop(registration);
        if (!pausedListeners.isEmpty()) {
            wakeListeners();
        }
    }

    /// Closes what belonged to one connection: that it went wrong is told, and no reason to stop serving the others.
    private void drop(final Closeable closed) {
        try {
            closed.close();
        } catch (final IOException e) {
            log.println("not closed in order: " + e.getMessage());
        }
    }

    /// One peer of a stream or seqpacket socket.
    private final class Connection {
        private final SocketFd socket;
        private final boolean packets;

        /// What the peer has not taken yet; null, as nearly always, for nothing.
        private MemorySegment rest;

        Connection(final SocketFd socket) throws IOException {
            this.socket = socket;
            packets = socket.getsockopt(SockOpt.SO_TYPE) == SOCK_SEQPACKET;
        }

        void begin() throws IOException {
            if (socket.getsockopt(SockOpt.SO_DOMAIN) != AF_UNIX) {
                socket.setsockopt(SockOpt.TCP_NODELAY, true);
            }
            // Of a seqpacket socket both an empty packet and the end are read as 0; EPOLLRDHUP tells them apart.
            open.add(loop.register(socket, packets ? EPOLLIN | EPOLLRDHUP : EPOLLIN, this::ready));
        }

        private void ready(final Registration registration, final int events) throws IOException {
            try {
                if (rest == null ? receive(registration, events) : flush(registration, rest)) {
                    return;
                }
            } catch (final ErrnoException e) {
                log.println("connection lost: " + e.getMessage());
            }
            end(registration);
        }

        /// Whether the connection goes on.
        private boolean receive(final Registration registration, final int events) throws IOException {
            final long n = socket.recv(buffer, packets ? MSG_TRUNC : 0);
            if (n == -EAGAIN) {
                return true;
            }
            if (n > buffer.byteSize()) {
                log.println("connection ended: a packet of " + n + " bytes, more than " + buffer.byteSize());
                return false;
            }
            final boolean atEnd = n == 0 && (!packets || (events & (EPOLLRDHUP | EPOLLHUP)) != 0);
            return !atEnd && flush(registration, buffer.asSlice(0, n));
        }

        /// Sends what the peer takes; waits for room or for more. Whether the connection goes on: always.
        private boolean flush(final Registration registration, final MemorySegment bytes) throws IOException {
            final long n = socket.send(bytes, 0);
            // An empty packet is sent as well, or has to wait: -EAGAIN is not 0.
            if (n == bytes.byteSize()) {
                rest = null;
                registration.interest(packets ? EPOLLIN | EPOLLRDHUP : EPOLLIN);
            } else {
                final MemorySegment left = bytes.asSlice(Math.max(0, n));
                rest = rest == null ? Arena.ofAuto().allocate(left.byteSize()).copyFrom(left) : left;
                registration.interest(EPOLLOUT);
            }
            return true;
        }
    }

    // ---- datagrams

    private void answer(final Registration registration, final int events) throws IOException {
        final SocketFd socket = (SocketFd) registration.fd();
        try {
            final long n = socket.recvFrom(buffer, MSG_TRUNC, sender);
            if (n == -EAGAIN) {
                return;
            }
            if (n > buffer.byteSize()) {
                log.println("datagram dropped: " + n + " bytes, more than " + buffer.byteSize());
            } else if (sender.length() <= Short.BYTES) {
                log.println("datagram dropped: its sender has no address");
            } else if (socket.sendTo(buffer.asSlice(0, n), 0, sender) == -EAGAIN) {
                log.println("datagram dropped: the queue of " + sender.address() + " is full");
            }
        } catch (final ErrnoException e) {
            // The sender is gone, or an earlier answer was refused; the socket is fine.
            log.println("datagram not answered: " + e.getMessage());
        }
    }
}
