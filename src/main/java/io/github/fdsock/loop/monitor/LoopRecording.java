package io.github.fdsock.loop.monitor;

import io.github.fdsock.loop.EventLoop;
import io.github.fdsock.loop.LoopMetrics;
import java.io.Closeable;
import java.util.Objects;
import jdk.jfr.FlightRecorder;

/// Makes a loop visible to JDK Flight Recorder, while any recording runs:
///
/// - `fdsock.LoopStatistics`, once a second or as often as the recording's `period` has it: the figures of
///   [LoopMetrics];
/// - `fdsock.LoopTurn`, for each turn that took 10 ms or as long as the recording's `threshold` has it: when, for how
///   long, and with how many events, timers and tasks.
///
/// ```
/// jcmd PID JFR.start name=loop +fdsock.LoopTurn#threshold=2ms +fdsock.LoopStatistics#period=100ms
/// ```
///
/// While none runs, it costs a look or two at a field a turn; a loop without this does not even know of Flight
/// Recorder. Takes the module `jdk.jfr`.
///
/// Made and closed on the loop's thread, or while nobody runs it.
public final class LoopRecording implements Closeable {
    private final EventLoop loop;
    private final Runnable statistics;
    private boolean closed;

    private LoopRecording(final String name, final EventLoop loop) {
        this.loop = loop;
        this.statistics = () -> new LoopStatistics(name, loop.metrics()).commit();
    }

    /// Begins.
    ///
    /// @param name what the events call the loop
    /// @param loop which
    /// @return ends it
    /// @throws IllegalStateException where the loop is observed already
    public static LoopRecording of(final String name, final EventLoop loop) {
        Objects.requireNonNull(name, "name");
        final LoopRecording recording = new LoopRecording(name, loop);
        loop.observe(new Turns(name, loop.metrics()));
        FlightRecorder.addPeriodicEvent(LoopStatistics.class, recording.statistics);
        return recording;
    }

    /// Ends it. Later calls do nothing.
    ///
    /// @throws IllegalStateException another thread runs the loop; nothing has changed then
    @Override
    public void close() {
        if (!closed) {
            loop.observe(null);
            closed = true;
            FlightRecorder.removePeriodicEvent(statistics);
        }
    }

    /// One event, used again for each turn, so that a turn allocates nothing here either.
    private static final class Turns implements EventLoop.TurnObserver {
        private final LoopTurn event;
        private final LoopMetrics metrics;
        private boolean begun;
        private long events;
        private long timers;
        private long tasks;

        private Turns(final String name, final LoopMetrics metrics) {
            this.event = new LoopTurn(name);
            this.metrics = metrics;
        }

        @Override
        public void begun() {
            begun = event.isEnabled();
            if (begun) {
                events = metrics.events();
                timers = metrics.timersExpired();
                tasks = metrics.tasks();
                event.begin();
            }
        }

        @Override
        public void ended() {
            if (begun) {
                event.end();
                if (event.shouldCommit()) {
                    event.events = metrics.events() - events;
                    event.timers = metrics.timersExpired() - timers;
                    event.tasks = metrics.tasks() - tasks;
                    event.commit();
                }
            }
        }
    }
}
