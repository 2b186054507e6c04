package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.ECANCELED;
import static io.github.fdsock.sys.Constants.SOCK_STREAM;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.SockAddr;
import io.github.fdsock.resolve.AddressInfo;
import io.github.fdsock.resolve.AddressOrder;
import io.github.fdsock.resolve.AddressQuery;
import io.github.fdsock.resolve.EaiException;
import io.github.fdsock.resolve.HappyEyeballs;
import io.github.fdsock.resolve.Lookup;
import io.github.fdsock.resolve.Resolver;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.RejectedExecutionException;

/// Connects to a host by its name: looks its addresses up, tries them one after the other with a short delay, IPv6 first,
/// and keeps the connection that is there first (RFC 8305).
///
/// Where the addresses come from elsewhere, or the delay is to be another, it is given them in their order:
///
/// ```java
/// resolver.getaddrinfo(query.socktype(SOCK_STREAM), loop, (found, why) -> {
///     … why, where found is null
///     loop.connect(AddressOrder.interleave(found.addresses()), Duration.ofMillis(100), handler);
/// });
/// ```
///
/// Used on the loop's thread only. It keeps the loop running until it has told its [Handler].
///
/// @see <a href="https://www.rfc-editor.org/rfc/rfc8305">RFC 8305</a>
public final class Connector {
    /// Is told how it went.
    @FunctionalInterface
    public interface Handler {
        /// Called once.
        ///
        /// @param stream the connection, of which nothing has been read; null where there is none
        /// @param failure why there is none: an [EaiException] where no address was found; else what the first attempt
        ///        failed with, and those of the others as suppressed ones; `ECANCELED` after [#cancel]
        /// @throws IOException destroys the stream with it; where there is none, it ends [EventLoop#run]
        void connected(Stream stream, IOException failure) throws IOException;
    }

    private final EventLoop loop;

    /// Whom it connects to, for its name: the query, or the addresses.
    private final Object target;
    private final Duration stagger;
    private final Handler handler;
    private final Timer next;
    private final List<Stream> attempts = new ArrayList<>();

    /// Null where the addresses were given.
    private Lookup<AddressInfo> lookup;
    private HappyEyeballs race;
    private boolean over;

    private Connector(final EventLoop loop, final Object target, final Duration stagger, final Handler handler) {
        this.loop = loop;
        this.target = target;
        this.stagger = stagger;
        this.handler = Objects.requireNonNull(handler, "handler");
        next = loop.timer(this::attempt);
    }

    static Connector connect(final EventLoop loop, final AddressQuery query, final Resolver resolver,
            final Duration stagger, final Handler handler) {
        loop.requireThread();
        loop.requireOpen();
        final Connector connector = new Connector(loop, Objects.requireNonNull(query, "query"), stagger, handler);
        try {
            connector.lookup = resolver.getaddrinfo(query.socktype() == 0 ? query.socktype(SOCK_STREAM) : query, loop,
                    connector::answered);
        } catch (final RuntimeException e) {
            // Where only the wakeup has failed the answer comes all the same.
            connector.over = true;
            throw e;
        }
        connector.begin();
        return connector;
    }

    static Connector connect(final EventLoop loop, final List<SockAddr> addresses, final Duration stagger,
            final Handler handler) {
        loop.requireThread();
        loop.requireOpen();
        final List<SockAddr> targets = List.copyOf(addresses);
        final Connector connector = new Connector(loop, targets, stagger, handler);
        connector.race = HappyEyeballs.of(targets, stagger);
        connector.begin();
        loop.ending(connector::attempt);
        return connector;
    }

    private void begin() {
        loop.guests().put(this, this::cancel);
        loop.activeMore(1);
    }

    private void answered(final AddressInfo found, final EaiException why) {
        if (over) {
            return;
        }
        if (found == null) {
            // Told in the last phase of the turn, from where an exception can get out.
            loop.ending(() -> fail(why));
            return;
        }
        race = HappyEyeballs.of(AddressOrder.interleave(found.addresses()), stagger);
        loop.ending(this::attempt);
    }

    /// Begins the attempts whose time has come, and sets the clock for the next.
    private void attempt() throws IOException {
        if (over) {
            return;
        }
        int attempt;
        while ((attempt = race.begin(System.nanoTime())) >= 0) {
            begin(attempt);
        }
        if (race.isLost()) {
            fail(race.failure());
            return;
        }
        final long nanos = race.nanosToNext(System.nanoTime());
        if (nanos >= 0) {
            next.start(nanos);
        }
    }

    private void begin(final int attempt) {
        try {
            final Stream stream = loop.connect(race.address(attempt));
            attempts.add(stream);
            stream.onConnect(() -> connected(attempt, stream)).onClose(cause -> {
                attempts.remove(stream);
                if (!over) {
                    // Without a cause somebody has found it among the loop's handles, and closed it.
                    race.failed(attempt, cause == null ? cancelled() : cause);
                    attempt();
                }
            });
        } catch (final IOException e) {
            race.failed(attempt, e);
        }
    }

    private void connected(final int attempt, final Stream stream) throws IOException {
        race.connected(attempt);
        attempts.remove(stream);
        stream.onConnect(null).onClose(null);
        finish();
        handler.connected(stream, null);
    }

    private void fail(final IOException why) throws IOException {
        if (!over) {
            finish();
            handler.connected(null, why);
        }
    }

    /// Ends everything that is under way.
    private void finish() {
        over = true;
        loop.guests().remove(this);
        loop.activeMore(-1);
        next.cancel();
        for (final Stream loser : List.copyOf(attempts)) {
            loser.destroy();
        }
    }

    /// Gives up: the handler is told `ECANCELED`, in the last phase of the turn. Does nothing where it was told already.
    /// The loop does this when it is closed.
    public void cancel() {
        loop.requireThread();
        if (!over) {
            try {
                if (lookup != null) {
                    lookup.cancel();
                }
            } catch (final RejectedExecutionException _) {
                // The loop is being closed, and nobody waits for the answer.
            }
            finish();
            loop.ending(() -> handler.connected(null, cancelled()));
        }
    }

    private ErrnoException cancelled() {
        return new ErrnoException(toString(), ECANCELED);
    }

    /// As a call: `connect(getaddrinfo("localhost", "80", NULL))`.
    @Override
    public String toString() {
        return "connect(" + target + ')';
    }
}
