package io.github.fdsock.cli.roundtrip;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.Endpoint;
import io.github.fdsock.EpollFd;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.sys.struct.EpollEvents;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;

/// Sends messages to an echo server and takes the time until each is back: a closed loop over fdsock.
///
/// On each connection one message is under way at any time; the next is sent when the last has come back whole and was
/// found right in every byte. One thread, one epoll instance.
public final class Pinger implements Closeable {
    /// When an answer has not come for so long, a datagram counts as lost and a stream as broken.
    public static final long ANSWER_TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(2);

    public static final String ANSWER_TIMEOUT = "2 s";

    /// How often the loop looks at the clock when nothing happens.
    private static final int TICK_MS = 100;

    private final Endpoint endpoint;
    private final EpollFd epoll = EpollFd.create();
    private final List<Connection> connections = new ArrayList<>();
    private final EpollEvents ready;
    private RoundTrips results;
    private long end;
    private int underWay;

    public Pinger(final Endpoint endpoint, final int size, final int count) throws IOException {
        this.endpoint = endpoint;
        ready = EpollEvents.allocate(Arena.ofAuto(), Math.min(count, 1024));
        try {
            for (int i = 0; i < count; i++) {
                final SocketFd socket = connect();
                connections.add(new Connection(socket, i, new Payload(size, i)));
                epoll.add(socket, EPOLLIN, i);
            }
        } catch (final IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private SocketFd connect() throws IOException {
        final SocketFd socket = SocketFd.socket(endpoint.family(), endpoint.type(), 0);
        try {
            if (endpoint.family() == AF_UNIX && endpoint.type() == SOCK_DGRAM) {
                // Without a name of its own nobody could answer it.
                socket.bind(SockAddr.unixAutobind());
            } else if (endpoint.type() == SOCK_STREAM && endpoint.address() instanceof SockAddr.Inet) {
                socket.setsockopt(SockOpt.TCP_NODELAY, true);
            }
            // Blocking, with a limit: only so does a UNIX socket wait for room in the listener's queue.
            socket.setsockopt(SockOpt.SO_SNDTIMEO, Duration.ofNanos(ANSWER_TIMEOUT_NANOS));
            if (socket.connect(endpoint.address()) != 0) {
                throw new WrongAnswerException("no connection to " + endpoint + " within " + ANSWER_TIMEOUT);
            }
            socket.nonBlocking(true);
            return socket;
        } catch (final IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /// Makes round trips for so long; those under way at the end are waited for.
    ///
    /// @param progress is told the nanoseconds gone by, about ten times a second
    public RoundTrips run(final long nanos, final LongConsumer progress) throws IOException {
        results = new RoundTrips();
        final long start = System.nanoTime();
        end = start + nanos;
        underWay = connections.size();
        for (final Connection connection : connections) {
            connection.begin();
        }
        long tick = start;
        while (underWay > 0) {
            final int count = epoll.wait(ready, TICK_MS);
            for (int i = 0; i < count; i++) {
                connections.get((int) ready.data(i)).ready();
            }
            final long now = System.nanoTime();
            if (now - tick > TimeUnit.MILLISECONDS.toNanos(TICK_MS)) {
                tick = now;
                progress.accept(Math.min(now - start, nanos));
                for (final Connection connection : connections) {
                    connection.checkTime(now);
                }
            }
        }
        results.elapsedNanos = System.nanoTime() - start;
        return results;
    }

    @Override
    public void close() throws IOException {
        try (epoll) {
            close(0, connections.size());
        }
    }

    /// Each of them, though closing one may fail. By halves, since the stack may be too short for one after the other.
    private void close(final int from, final int to) throws IOException {
        if (to - from > 1) {
            final int middle = from + to >>> 1;
            try {
                close(from, middle);
            } finally {
                close(middle, to);
            }
        } else if (from < to) {
            connections.get(from).socket.close();
        }
    }

    private final class Connection {
        private final SocketFd socket;
        private final int index;
        private final Payload payload;
        private final boolean stream = endpoint.type() == SOCK_STREAM;
        private long sentAt;
        private long sent;
        private long received;
        private boolean waiting;
        private boolean anyLost;
        private boolean wantsToWrite;

        Connection(final SocketFd socket, final int index, final Payload payload) {
            this.socket = socket;
            this.index = index;
            this.payload = payload;
        }

        void begin() throws IOException {
            payload.next();
            sent = 0;
            received = 0;
            waiting = true;
            sentAt = System.nanoTime();
            send();
        }

        private void send() throws IOException {
            final long n = socket.send(sent == 0 ? payload.out : payload.out.asSlice(sent), 0);
            sent += Math.max(0, n);
            final boolean more = sent < payload.size();
            if (more != wantsToWrite) {
                epoll.modify(socket, more ? EPOLLIN | EPOLLOUT : EPOLLIN, index);
                wantsToWrite = more;
            }
        }

        void ready() throws IOException {
            if (wantsToWrite) {
                send();
            }
            final long n = socket.recv(received == 0 ? payload.in : payload.in.asSlice(received), stream ? 0 : MSG_TRUNC);
            if (n == -EAGAIN) {
                return;
            }
            if (n == 0 && stream) {
                throw new WrongAnswerException(endpoint + " closed the connection");
            }
            received += n;
            if (stream && received < payload.size()) {
                return;
            }
            final long time = System.nanoTime() - sentAt;
            if (received == payload.size() && payload.cameBack()) {
                results.record(time, received);
            } else if (anyLost) {
                // An answer given up for lost, come late: the one awaited is still on its way.
                received = 0;
                return;
            } else {
                throw new WrongAnswerException(endpoint + " sent back something else than it was sent");
            }
            finish(sentAt + time);
        }

        private void finish(final long now) throws IOException {
            waiting = false;
            if (now < end) {
                begin();
            } else {
                underWay--;
            }
        }

        void checkTime(final long now) throws IOException {
            if (!waiting || now - sentAt < ANSWER_TIMEOUT_NANOS) {
                return;
            }
            if (endpoint.type() != SOCK_DGRAM) {
                throw new WrongAnswerException("no answer from " + endpoint + " within " + ANSWER_TIMEOUT);
            }
            results.lost++;
            anyLost = true;
            finish(now);
        }
    }
}
