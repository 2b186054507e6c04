package io.github.fdsock.loop;

import java.time.Duration;

/// How a loop waits: what a wakeup costs in time against what waiting costs in CPU.
///
/// A thread that sleeps in `epoll_wait(2)` is woken some microseconds after the event; one that looks again and again
/// sees it at once, and keeps a CPU busy. The kernel can do the like for a socket (`SO_BUSY_POLL`) and for an epoll
/// instance ([io.github.fdsock.EpollFd.BusyPoll]): this is about the thread.
///
/// @param spinNanos for so long a wait looks without sleeping: 0 is to sleep at once
public record WaitStrategy(long spinNanos) {
    /// Sleeps until something happens: what is right wherever the thread is not alone on its CPU.
    public static final WaitStrategy BLOCK = new WaitStrategy(0);

    /// Never sleeps. Only for a thread with a CPU of its own.
    public static final WaitStrategy BUSY_POLL = new WaitStrategy(Long.MAX_VALUE);

    /// Checks the time.
    ///
    /// @throws IllegalArgumentException where it is negative
    public WaitStrategy {
        if (spinNanos < 0) {
            throw new IllegalArgumentException("to spin for " + spinNanos + " ns");
        }
    }

    /// Looks for a while before it sleeps: for answers that mostly come soon.
    ///
    /// @param time how long; some tens of microseconds are what a sleep and its end cost
    /// @return the strategy
    /// @throws IllegalArgumentException where it is negative
    public static WaitStrategy spinThenBlock(final Duration time) {
        if (time.isNegative()) {
            throw new IllegalArgumentException("to spin for " + time);
        }
        return new WaitStrategy(Timer.nanos(time));
    }
}
