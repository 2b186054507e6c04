package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.ECANCELED;
import static io.github.fdsock.sys.Constants.SOCK_STREAM;

import io.github.fdsock.ErrnoException;
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
    private final AddressQuery query;
    private final Duration stagger;
    private final Handler handler;
    private final Timer next;
    private final List<Stream> attempts = new ArrayList<>();
    private Lookup<AddressInfo> lookup;
    private HappyEyeballs race;
    private boolean over;

    private Connector(final EventLoop loop, final AddressQuery query, final Duration stagger, final Handler handler) {
        this.loop = loop;
        this.query = Objects.requireNonNull(query, "query");
        this.stagger = stagger;
        this.handler = Objects.requireNonNull(handler, "handler");
        next = loop.timer(this::attempt);
    }

    static Connector connect(final EventLoop loop, final AddressQuery query, final Resolver resolver,
            final Duration stagger, final Handler handler) {
        loop.requireThread();
        loop.requireOpen();
        final Connector connector = new Connector(loop, query, stagger, handler);
        try {
            connector.lookup = resolver.getaddrinfo(query.socktype() == 0 ? query.socktype(SOCK_STREAM) : query, loop,
                    connector::answered);
        } catch (final RuntimeException e) {
            // Where only the wakeup has failed the answer comes all the same.
            connector.over = true;
            throw e;
        }
        loop.guests().put(connector, connector::cancel);
        loop.activeMore(1);
        return connector;
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
                lookup.cancel();
            } catch (final RejectedExecutionException _) {
                // The loop is being closed, and nobody waits for the answer.
            }
            finish();
            loop.ending(() -> handler.connected(null, cancelled()));
        }
    }

    private ErrnoException cancelled() {
        return new ErrnoException("connect(" + query + ')', ECANCELED);
    }
}
