package io.github.fdsock.blocking;

import static io.github.fdsock.sys.Constants.EPOLLIN;

import io.github.fdsock.loop.Action;
import io.github.fdsock.loop.EventLoop;
import io.github.fdsock.loop.Registration;
import io.github.fdsock.loop.Timer;
import io.github.fdsock.sys.struct.EpollEvents;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;

/// What the loop does for a [Poller]: polls while nobody else does, and sees to it that somebody does.
///
/// It has three states. It *polls*: the loop waits for the poller's epoll instance, and wakes whom an event concerns.
/// It *watches*, when an event came soon after the last one: those who wait may lead, the loop does not wait for the
/// epoll instance, which would be woken for each event, but looks now and then whether they do. It *calls back* a
/// leader who has waited in vain, until that is gone, and polls again.
///
/// Used on the loop's thread only.
final class Watch implements Closeable {
    /// Events that are no further apart are worth that somebody waits for the next with a carrier.
    private static final long LIVELY_NANOS = 1_000_000;

    /// The time between two looks: the longest that an event waits for somebody to look, and, twice over, that a leader
    /// waits in vain, with a carrier that others may want. So it is short at first. It is doubled as long as there is
    /// life, since a look costs some 5 µs: in the end half a percent of a processor, and two percent where there is one
    /// carrier only.
    static final long SHORTEST_NANOS = 100_000;
    static final long LONGEST_NANOS = 1_000_000;
    private static final long LONGEST_OF_ONE_NANOS = 250_000;

    /// So long those who wait may go on without that one of them polls.
    private static final long OVERDUE_NANOS = 2_000_000;

    private final Poller poller;
    private final EventLoop loop;
    private final EpollEvents ready = EpollEvents.allocate(Arena.ofAuto(), Poller.EVENTS_AT_ONCE);
    private final Registration registration;
    private final Timer timer;

    /// When the loop last began to poll, or found something, or saw that somebody had polled.
    private long polled;
    private long pause = SHORTEST_NANOS;

    /// What the poller had counted at the last look.
    private long polls;
    private long waits;

    private boolean callingBack;

    /// Whether the watch ended because a leader waited in vain, rather than because there was none.
    private boolean calledBack;

    Watch(final Poller poller, final EventLoop loop) throws IOException {
        this.poller = poller;
        this.loop = loop;
        polled = loop.now() - LIVELY_NANOS;
        timer = loop.timer(() -> orFail(this::look));
        registration = loop.register(poller.epoll(), EPOLLIN, (_, _) -> orFail(this::poll));
    }

    /// Nobody is left waiting for a loop that has ended.
    private void orFail(final Action action) throws IOException {
        try {
            action.run();
        } catch (final IOException | RuntimeException | Error e) {
            poller.failed(e instanceof final Exception exception ? exception : new IllegalStateException(e));
            throw e;
        }
    }

    private void poll() throws IOException {
        final int n = poller.epoll().wait(ready, 0);
        poller.dispatch(ready, n);
        final boolean lively = n > 0 && loop.now() - polled < LIVELY_NANOS;
        polled = loop.now();
        if (lively && Carriers.count() > 0) {
            // Who was called back would have found this; who was not there has left it to us.
            pause = calledBack ? longer() : Math.max(pause / 2, SHORTEST_NANOS);
            registration.interest(0);
            remember();
            poller.led(true);
            timer.start(pause);
        }
    }

    private void look() throws IOException {
        if (!callingBack) {
            if (poller.polls() != polls) {
                polled = loop.now();
            }
            // Who waits, and has not polled, has left it to others who were woken: they have some time to run.
            if (polled == loop.now() || poller.waits() != waits && loop.now() - polled < OVERDUE_NANOS) {
                remember();
                pause = longer();
                timer.start(pause);
                return;
            }
            poller.led(false);
            calledBack = poller.leader() != null;
            callingBack = calledBack;
            poller.summon(poller.leader());
        }
        if (poller.leader() != null) {
            timer.start(SHORTEST_NANOS);
            return;
        }
        callingBack = false;
        polled = loop.now();
        registration.interest(EPOLLIN);
    }

    private long longer() {
        return Math.min(2 * pause, Carriers.count() == 1 ? LONGEST_OF_ONE_NANOS : LONGEST_NANOS);
    }

    private void remember() {
        polls = poller.polls();
        waits = poller.waits();
    }

    /// Refuses other threads while the loop is run.
    void requireThread() {
        // Says so by itself, and changes nothing.
        timer.ref();
    }

    @Override
    public void close() throws IOException {
        timer.cancel();
        registration.deregister();
    }
}
