package io.github.fdsock.loop.monitor;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Threshold;

/// A turn of a loop, from the end of its wait to the next wait.
@Name("fdsock.LoopTurn")
@Label("Loop Turn")
@Category({"fdsock"})
@Description("A turn of an event loop that took long, without its wait")
@Threshold("10 ms")
@StackTrace(false)
final class LoopTurn extends Event {
    @Label("Loop")
    private final String loop;

    @Label("Events")
    long events;

    @Label("Timers Expired")
    long timers;

    @Label("Tasks")
    long tasks;

    LoopTurn(final String loop) {
        this.loop = loop;
    }
}
