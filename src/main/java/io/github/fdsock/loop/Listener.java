package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.Fd;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.loop.Connection.Kind;
import io.github.fdsock.option.SockOpt;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/// A socket that accepts connections, `accept4(2)`, and hands each to a handler as a [Stream].
///
/// Failures are sorted as `accept(2)` has them ([AcceptError]) and counted in [LoopMetrics]. Where there is no free
/// descriptor, or as many connections are open as [there may be][#maxConnections], it neither spins nor drops anything
/// silently: see [Overload].
///
/// Used on the loop's thread only. It owns its socket.
public final class Listener extends Handle {
    /// So many connections are accepted before those that exist get their turn again: half a millisecond at 8 µs for each.
    private static final int ACCEPTS_PER_TURN = 64;

    /// So long it rests at most, where there is no descriptor or memory for a connection: what is missing may be others' to
    /// give back, of which nobody tells.
    private static final Duration REST = Duration.ofMillis(200);

    /// What a failure of `accept4(2)` means for the listener.
    ///
    /// @see <a href="https://man7.org/linux/man-pages/man2/accept.2.html#ERRORS">accept(2), ERRORS</a>
    public enum AcceptError {
        /// `EINTR`: nothing has happened; the same call again.
        RETRY,

        /// The connection that was next is lost, and was before anybody had it: `ECONNABORTED`; `EPERM`, of a firewall; and
        /// the network's errors that Linux passes on for it. The one behind it may be fine.
        CONNECTION,

        /// No descriptor or no memory is left: `EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`. The connection stays in the queue, and
        /// the listener stays readable.
        RESOURCES,

        /// The listener is of no use: `EBADF`, `EINVAL` (it does not listen), `ENOTSOCK`, …
        FATAL,

        /// No failure of the call: the connection was closed at once, since as many are open as
        /// [there may be][Listener#maxConnections].
        LIMIT;

        /// Sorts an errno.
        ///
        /// @param errno what `accept4` has set
        /// @return its kind
        public static AcceptError of(final int errno) {
            return switch (errno) {
                case EINTR -> RETRY;
                case ECONNABORTED, EPERM, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP,
                        ENETUNREACH, ETIMEDOUT -> CONNECTION;
                case EMFILE, ENFILE, ENOBUFS, ENOMEM -> RESOURCES;
                default -> FATAL;
            };
        }
    }

    /// What a listener does with the connections that it has no descriptor for, or that would be more than
    /// [there may be][Listener#maxConnections].
    public enum Overload {
        /// Takes each and closes it, so that its client learns of the overload at once and can turn elsewhere: with a
        /// descriptor kept in reserve where no other is free. Another thread may snatch the reserved number in between:
        /// then it is as with [#PAUSE].
        REFUSE,

        /// Leaves them in the listener's queue, and does not look there until a descriptor of this loop is given back, or a
        /// moment has passed, since what is missing may be others' to give back; at its own limit, until one of its
        /// connections is closed.
        PAUSE
    }

    /// Is given a connection.
    @FunctionalInterface
    public interface ConnectionHandler {
        /// Sets the stream's handlers, on the thread of the stream's loop; nothing has been read yet.
        ///
        /// @param stream the connection
        /// @throws IOException destroys the stream with it
        void connected(Stream stream) throws IOException;
    }

    /// Is told of failures.
    @FunctionalInterface
    public interface ErrorHandler {
        /// Called for each failure but [AcceptError#RETRY].
        ///
        /// @param kind what it means
        /// @param failure what the kernel said; of [AcceptError#LIMIT], who was refused
        void failed(AcceptError kind, IOException failure);
    }

    private final SocketFd socket;
    private final ConnectionHandler handler;
    private final Kind kind;
    private ErrorHandler onError;

    /// Share the connections; null where all belong to this loop.
    private EventLoops loops;

    private Overload overload = Overload.REFUSE;

    /// How many of its connections are open, on whatever loop.
    private final AtomicInteger connections = new AtomicInteger();
    private volatile int maxConnections = Integer.MAX_VALUE;

    /// Held back to take a connection with that there is no other descriptor for; null where it was lost, or is not wanted.
    private Fd reserve;

    /// Ends a rest.
    private Timer alarm;
    private boolean resting;
    private boolean paused;

    private Listener(final EventLoop loop, final SocketFd socket, final Kind kind, final ConnectionHandler handler) {
        super(loop, socket);
        this.socket = socket;
        this.kind = kind;
        this.handler = Objects.requireNonNull(handler, "handler");
    }

    static Listener open(final EventLoop loop, final SockAddr address, final ConnectionHandler handler)
            throws IOException {
        final SocketFd socket = SocketFd.socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK, 0);
        try {
            if (address instanceof SockAddr.Inet) {
                socket.setsockopt(SockOpt.SO_REUSEADDR, true);
            }
            socket.bind(address);
            return open(loop, socket, handler);
        } catch (final IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    static Listener open(final EventLoop loop, final SocketFd socket, final ConnectionHandler handler)
            throws IOException {
        loop.requireThread();
        socket.nonBlocking(true);
        if (!socket.getsockopt(SockOpt.SO_ACCEPTCONN)) {
            socket.listen(SOMAXCONN);
        }
        final Listener listener = new Listener(loop, socket, Kind.of(socket), handler);
        // Until it is closed: nobody else can free the number meanwhile, and a close elsewhere is told as a hang-up.
        socket.enter();
        try {
            listener.reserve = openReserve();
            loop.register(listener, EPOLLIN);
        } catch (final IOException | RuntimeException e) {
            socket.leave();
            if (listener.reserve != null) {
                listener.reserve.close();
            }
            throw e;
        }
        return listener;
    }

    @Override
    void ready(final int events) throws IOException {
        try {
            accept();
            if ((paused || resting) && !closed && (events & (EPOLLERR | EPOLLHUP)) != 0) {
                // It was shut down, which is told in each turn. resume(), or the end of the rest, brings it back.
                suspend();
            }
        } catch (final AsynchronousCloseException | IllegalStateException e) {
            if (closed || socket.isOpen()) {
                throw e;
            }
            // By somebody else.
            failed(AcceptError.FATAL, reason(e));
        }
    }

    @Override
    void loopCloses() {
        close();
    }

    /// Who is told of failures; without one, and after [#close], they are only counted.
    ///
    /// @param handler for each; null for none
    /// @return this
    public Listener onError(final ErrorHandler handler) {
        onError = handler;
        return this;
    }

    /// Who is told that it is closed: by [#close], by the loop, or by a failure that leaves it of no use. Without one such a
    /// failure ends [EventLoop#run].
    ///
    /// @param handler once; null for none
    /// @return this
    public Listener onClose(final CloseHandler handler) {
        onClose = handler;
        return this;
    }

    /// What to do with connections that there is no descriptor for, or that would be more than
    /// [there may be][#maxConnections].
    ///
    /// @param policy [Overload#REFUSE] unless set
    /// @return this
    /// @throws IOException `EMFILE`, `ENFILE`: for [Overload#REFUSE], there is no descriptor to keep in reserve
    public Listener overload(final Overload policy) throws IOException {
        loop.requireThread();
        overload = Objects.requireNonNull(policy, "policy");
        if (overload == Overload.PAUSE && reserve != null) {
            final Fd unwanted = reserve;
            reserve = null;
            unwanted.close();
        } else if (overload == Overload.REFUSE && reserve == null && !closed) {
            reserve = openReserve();
        }
        return this;
    }

    /// Lets so many of its connections be open at once, on whatever loops they are. With those beyond it deals as
    /// [#overload] has it: each is accepted and closed, and [#onError] told by [AcceptError#LIMIT]; or they wait in the
    /// queue until one that is open is closed.
    ///
    /// @param most 0 or more; no limit unless set. Those that are open stay so
    /// @return this
    /// @throws IllegalArgumentException where it is negative
    public Listener maxConnections(final int most) {
        loop.requireThread();
        if (most < 0) {
            throw new IllegalArgumentException("at most " + most + " connections");
        }
        maxConnections = most;
        restIsOver();
        return this;
    }

    /// How many of the connections that it has accepted are open. From any thread.
    ///
    /// @return at present; those count that are on their way to another loop, and those of a listener that is closed
    public int connections() {
        return connections.get();
    }

    /// One of its connections is closed; on the thread of its loop.
    void connectionClosed(final EventLoop where) {
        if (connections.getAndDecrement() >= maxConnections && where != loop) {
            try {
                loop.execute(this::restIsOver);
            } catch (final RejectedExecutionException | UncheckedIOException _) {
                // The loop is closed, or looks again when the rest is over.
            }
        }
    }

    /// Hands the connections to several loops, to each in turn; the handler is called by each on its own thread. Where one
    /// cannot be woken [#onError] is told by [AcceptError#RESOURCES], and the connection waits until that has been tried
    /// again.
    ///
    /// @param among the loops, this listener's own among them or not; null for this one's alone
    /// @return this
    public Listener distribute(final EventLoops among) {
        loop.requireThread();
        loops = among;
        return this;
    }

    private static Fd openReserve() throws ErrnoException {
        return Fd.openFile(Path.of("/dev/null"), O_RDONLY, 0);
    }

    private void accept() throws IOException {
        for (int i = 0; i < ACCEPTS_PER_TURN && !closed && !paused && !resting; i++) {
            if (overload == Overload.PAUSE && isFull()) {
                rest();
                return;
            }
            final SocketFd peer;
            try {
                // There is no MSG_DONTWAIT for it, and who shares the open file can take O_NONBLOCK from it.
                if (i > 0 && socketKnown && socket.await(POLLIN, 0) == 0) {
                    return;
                }
                peer = socket.accept(SOCK_NONBLOCK, null);
            } catch (final ErrnoException e) {
                final AcceptError kind = AcceptError.of(e.errno());
                failed(kind, e);
                if (kind == AcceptError.RESOURCES || kind == AcceptError.FATAL) {
                    return;
                }
                continue;
            }
            if (peer == null) {
                return;
            }
            accepted(peer);
        }
    }

    private boolean isFull() {
        return connections.get() >= maxConnections;
    }

    /// Gives the connection to the loop whose turn it is.
    private void accepted(final SocketFd peer) throws IOException {
        if (isFull()) {
            refuse(peer);
            return;
        }
        connections.incrementAndGet();
        final EventLoop next = loops == null ? loop : loops.next();
        if (next == loop) {
            try {
                welcome(loop, peer);
            } catch (final IOException e) {
                failed(AcceptError.CONNECTION, e);
            }
            return;
        }
        try {
            next.execute(() -> {
                try {
                    welcome(next, peer);
                } catch (final IOException e) {
                    try {
                        loop.execute(() -> report(AcceptError.CONNECTION, e));
                    } catch (final RejectedExecutionException | UncheckedIOException _) {
                        // The listener's loop is closed, and nobody is there to be told; or it is told in its next turn.
                    }
                }
            });
        } catch (final RejectedExecutionException e) {
            // That loop is closed, and so are its connections.
            connections.decrementAndGet();
            peer.close();
        } catch (final UncheckedIOException e) {
            report(AcceptError.RESOURCES, e.getCause());
            loop.wakeLater(next);
        }
    }

    /// As many are open as there may be.
    private void refuse(final SocketFd peer) throws IOException {
        loop.metrics().connectionsRefused++;
        IOException who;
        try (peer) {
            who = new IOException(peer.remoteAddress() + " was refused: " + connections + " connections are open");
        } catch (final ErrnoException e) {
            // It is gone already.
            who = e;
        }
        failed(AcceptError.LIMIT, who);
    }

    private void welcome(final EventLoop where, final SocketFd peer) throws IOException {
        final Stream stream;
        try {
            stream = Stream.accepted(where, peer, kind, this);
        } catch (final IOException e) {
            // ENOMEM, ENOSPC: epoll has no room for it.
            connectionClosed(where);
            final Failures failures = new Failures();
            failures.attempt(peer::close);
            throw failures.addTo(e);
        }
        where.metrics().connectionsAccepted++;
        try {
            handler.connected(stream);
        } catch (final IOException e) {
            stream.destroy(e);
        }
    }

    private void report(final AcceptError kind, final IOException failure) {
        loop.metrics().acceptErrors[kind.ordinal()]++;
        // Another loop may have failed to take a connection in when this was closed already.
        if (onError != null && kind != AcceptError.RETRY && !closed) {
            onError.failed(kind, failure);
        }
    }

    private void failed(final AcceptError kind, final IOException failure) throws IOException {
        report(kind, failure);
        if (closed) {
            return;
        }
        if (kind == AcceptError.RESOURCES && !refuse()) {
            rest();
        } else if (kind == AcceptError.FATAL) {
            close(failure);
            if (onClose == null) {
                throw failure;
            }
        }
    }

    /// Takes the waiting connection with the reserved descriptor and closes it; whether that went well.
    private boolean refuse() throws IOException {
        if (reserve == null) {
            return false;
        }
        final Fd given = reserve;
        reserve = null;
        try {
            given.close();
            final SocketFd refused = socket.accept(SOCK_NONBLOCK, null);
            if (refused != null) {
                loop.metrics().connectionsRefused++;
                refused.close();
            }
            reserve = openReserve();
            return true;
        } catch (final ErrnoException e) {
            // Another thread has taken the number meanwhile, or the connection is gone. A rest mends either.
            return false;
        }
    }

    private void rest() {
        loop.metrics().listenerPauses++;
        resting = true;
        if (alarm == null) {
            alarm = loop.timer(this::restIsOver);
            // The listener itself keeps the loop running, or does not.
            alarm.unref();
        }
        alarm.start(REST);
        loop.resting(this);
        tryUpdateInterest();
    }

    /// A descriptor may be free again, or room for a connection.
    void restIsOver() {
        if (resting && !closed) {
            resting = false;
            alarm.cancel();
            loop.rested(this);
            if (overload == Overload.REFUSE && reserve == null) {
                try {
                    reserve = openReserve();
                } catch (final ErrnoException e) {
                    // Somebody else was faster, or it is still as it was. A connection tells.
                }
            }
            tryUpdateInterest();
        }
    }

    /// Where the kernel refuses a change it tells of the listener again, or the alarm comes again; where somebody else
    /// has closed the socket it tells of that.
    private void tryUpdateInterest() {
        try {
            updateInterest();
        } catch (final IOException | IllegalStateException e) {
            resting = !resting;
            if (resting) {
                loop.resting(this);
                alarm.start(REST);
            } else {
                loop.rested(this);
                alarm.cancel();
            }
        }
    }

    private void updateInterest() throws IOException {
        if (!closed) {
            waitFor(paused || resting ? 0 : EPOLLIN);
        }
    }

    /// Accepts nothing until [#resume]: connections wait in the kernel's queue, or are refused by it.
    ///
    /// @return this
    /// @throws IOException as `epoll_ctl(2)` has it
    public Listener pause() throws IOException {
        loop.requireThread();
        paused = true;
        updateInterest();
        return this;
    }

    /// Accepts again.
    ///
    /// @return this
    /// @throws IOException as `epoll_ctl(2)` has it
    public Listener resume() throws IOException {
        loop.requireThread();
        paused = false;
        updateInterest();
        return this;
    }

    /// Stops listening and closes the socket: connections that nobody has accepted are lost, those that were go on. The file
    /// of a UNIX socket stays.
    @Override
    public void close() {
        close(null);
    }

    private void close(final IOException why) {
        loop.requireThread();
        if (closed) {
            return;
        }
        closed = true;
        final Failures failures = new Failures();
        if (alarm != null) {
            alarm.cancel();
        }
        loop.rested(this);
        failures.attempt(this::giveUp);
        failures.attempt(socket::leave);
        failures.attempt(socket::close);
        if (reserve != null) {
            failures.attempt(reserve::close);
        }
        over(failures.addTo(why));
    }

    /// The socket's number.
    @Override
    public String toString() {
        return "listener on " + socket + (closed ? ", closed" : resting ? ", resting" : paused ? ", paused" : "");
    }
}
