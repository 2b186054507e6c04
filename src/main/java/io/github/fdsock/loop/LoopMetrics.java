package io.github.fdsock.loop;

import java.time.Duration;

/// What a loop has done since it was made, counted always: the figures of a running loop, not a copy of them.
///
/// The loop's thread writes plain fields. Read by another thread a figure is one that was true a moment ago, and two of them
/// need not be of the same moment.
public final class LoopMetrics {
    long turns;
    long events;
    long staleEvents;
    long timersExpired;
    long tasks;
    long bytesRead;
    long bytesWritten;
    long bytesQueued;
    long streams;
    long datagramsReceived;
    long datagramsSent;
    long datagramErrors;
    long connectionsAccepted;
    long connectionsRefused;
    long listenerPauses;
    final long[] acceptErrors = new long[Listener.AcceptError.values().length];

    private long busyNanos;
    private long longestTurnNanos;
    private long slowTurns;
    private volatile long slowNanos = 10_000_000;

    private final Slot.Table slots;
    private final TimerHeap timers;
    private final Inbox inbox;

    LoopMetrics(final Slot.Table slots, final TimerHeap timers, final Inbox inbox) {
        this.slots = slots;
        this.timers = timers;
        this.inbox = inbox;
    }

    /// What is between two waits is over.
    void turnEnded(final long nanos) {
        busyNanos += nanos;
        longestTurnNanos = Math.max(longestTurnNanos, nanos);
        if (nanos >= slowNanos) {
            slowTurns++;
        }
    }

    /// Turns of the loop, each with one wait.
    ///
    /// @return the number
    public long turns() {
        return turns;
    }

    /// Events that came from epoll, stale ones and wakeups among them.
    ///
    /// @return the number
    public long events() {
        return events;
    }

    /// Events for registrations that were gone by then: dropped.
    ///
    /// @return the number
    public long staleEvents() {
        return staleEvents;
    }

    /// Timers that have expired.
    ///
    /// @return the number, each time of a periodic one
    public long timersExpired() {
        return timersExpired;
    }

    /// Tasks that came by [EventLoop#execute], wakeups among them.
    ///
    /// @return the number of those that were run
    public long tasks() {
        return tasks;
    }

    /// The time that was not spent waiting.
    ///
    /// @return nanoseconds, without the turn under way
    public long busyNanos() {
        return busyNanos;
    }

    /// The longest time from one wait to the next: for so long somebody has waited for the loop.
    ///
    /// @return nanoseconds, without the turn under way
    public long longestTurnNanos() {
        return longestTurnNanos;
    }

    /// Turns that took long: 10 ms and more, unless [#slowTurnsFrom] says otherwise.
    ///
    /// @return the number
    public long slowTurns() {
        return slowTurns;
    }

    /// Sets from when on a turn is counted as slow; from any thread.
    ///
    /// @param time at least so long from one wait to the next
    public void slowTurnsFrom(final Duration time) {
        slowNanos = Timer.nanos(time);
    }

    /// Descriptors that are registered.
    ///
    /// @return the number at present
    public int registrations() {
        return slots.size();
    }

    /// Timers that are armed.
    ///
    /// @return the number at present
    public int timersArmed() {
        return timers.size();
    }

    /// Tasks that have come by [EventLoop#execute] and were not run yet.
    ///
    /// @return the number at present
    public long tasksWaiting() {
        return inbox.waiting(tasks);
    }

    /// Bytes that streams and datagram sockets have received.
    ///
    /// @return the number
    public long bytesRead() {
        return bytesRead;
    }

    /// Bytes that the kernel has taken from streams and datagram sockets.
    ///
    /// @return the number
    public long bytesWritten() {
        return bytesWritten;
    }

    /// Bytes that wait in the queues of all streams and datagram sockets for the kernel to take them.
    ///
    /// @return the number at present
    public long bytesQueued() {
        return bytesQueued;
    }

    /// Streams that are open.
    ///
    /// @return the number at present
    public long streams() {
        return streams;
    }

    /// Datagrams that were received, each of those that came as one by `UDP_GRO`.
    ///
    /// @return the number
    public long datagramsReceived() {
        return datagramsReceived;
    }

    /// Datagrams that the kernel has taken, each of those that it was to make of one by `UDP_SEGMENT`.
    ///
    /// @return the number
    public long datagramsSent() {
        return datagramsSent;
    }

    /// Errors of single datagrams: refused by the kernel or by a full queue, or told of by an ICMP message; see
    /// [Datagrams#onError].
    ///
    /// @return the number, whether anybody was told or not
    public long datagramErrors() {
        return datagramErrors;
    }

    /// Connections that listeners have accepted and handed to their handlers.
    ///
    /// @return the number
    public long connectionsAccepted() {
        return connectionsAccepted;
    }

    /// Connections that were accepted and closed at once, since there was no descriptor left, or as many were open as
    /// there may be: see [Listener.Overload#REFUSE].
    ///
    /// @return the number
    public long connectionsRefused() {
        return connectionsRefused;
    }

    /// How many times a listener rested for want of descriptors or memory, see [Listener.Overload#PAUSE].
    ///
    /// @return the number
    public long listenerPauses() {
        return listenerPauses;
    }

    /// Failures of `accept4(2)`, and connections that were refused by [Listener.AcceptError#LIMIT].
    ///
    /// @param kind which
    /// @return their number
    public long acceptErrors(final Listener.AcceptError kind) {
        return acceptErrors[kind.ordinal()];
    }
}
