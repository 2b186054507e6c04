package io.github.fdsock.loop.monitor;

import io.github.fdsock.loop.Listener;
import io.github.fdsock.loop.LoopMetrics;
import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.Period;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/// The figures of a loop, as they are at the moment.
@Name("fdsock.LoopStatistics")
@Label("Loop Statistics")
@Category({"fdsock"})
@Description("What an event loop has done since it was made, and what waits in it")
@Period("1 s")
@StackTrace(false)
final class LoopStatistics extends Event {
    @Label("Loop")
    private final String loop;

    @Label("Turns")
    private final long turns;

    @Label("Events")
    private final long events;

    @Label("Stale Events")
    private final long staleEvents;

    @Label("Timers Expired")
    private final long timersExpired;

    @Label("Timers Armed")
    private final long timersArmed;

    @Label("Tasks")
    private final long tasks;

    @Label("Tasks Waiting")
    private final long tasksWaiting;

    @Label("Registrations")
    private final long registrations;

    @Label("Streams")
    private final long streams;

    @Label("Busy Time")
    @Timespan
    private final long busyTime;

    @Label("Longest Turn")
    @Timespan
    private final long longestTurn;

    @Label("Slow Turns")
    private final long slowTurns;

    @Label("Bytes Read")
    @DataAmount
    private final long bytesRead;

    @Label("Bytes Written")
    @DataAmount
    private final long bytesWritten;

    @Label("Bytes Queued")
    @DataAmount
    private final long bytesQueued;

    @Label("Connections Accepted")
    private final long connectionsAccepted;

    @Label("Connections Refused")
    private final long connectionsRefused;

    @Label("Listener Pauses")
    private final long listenerPauses;

    @Label("Accept Errors")
    private final long acceptErrors;

    LoopStatistics(final String loop, final LoopMetrics metrics) {
        this.loop = loop;
        turns = metrics.turns();
        events = metrics.events();
        staleEvents = metrics.staleEvents();
        timersExpired = metrics.timersExpired();
        timersArmed = metrics.timersArmed();
        tasks = metrics.tasks();
        tasksWaiting = metrics.tasksWaiting();
        registrations = metrics.registrations();
        streams = metrics.streams();
        busyTime = metrics.busyNanos();
        longestTurn = metrics.longestTurnNanos();
        slowTurns = metrics.slowTurns();
        bytesRead = metrics.bytesRead();
        bytesWritten = metrics.bytesWritten();
        bytesQueued = metrics.bytesQueued();
        connectionsAccepted = metrics.connectionsAccepted();
        connectionsRefused = metrics.connectionsRefused();
        listenerPauses = metrics.listenerPauses();
        long errors = 0;
        for (final Listener.AcceptError kind : Listener.AcceptError.values()) {
            errors += metrics.acceptErrors(kind);
        }
        acceptErrors = errors;
    }
}
