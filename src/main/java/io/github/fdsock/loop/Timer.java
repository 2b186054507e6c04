package io.github.fdsock.loop;

import java.time.Duration;

/// A point in time at which a loop does something: armed, cancelled and armed again as often as wanted.
///
/// It expires never early, and in the order of the deadlines, those of equal deadlines in the order in which they were
/// armed. It is late by as much as the loop is busy. Used on the loop's thread only.
///
/// Arming and cancelling make no system call and allocate nothing; both take a time that grows with the logarithm of the
/// number of armed timers.
public final class Timer {
    static final int NOT_ARMED = -1;

    /// Half of what a `long` holds, 146 years: deadlines stay comparable by their difference.
    private static final long LONGEST = Long.MAX_VALUE / 2;

    final Action action;

    /// In terms of `System.nanoTime()`.
    long deadline;

    /// Tells apart equal deadlines.
    long sequence;

    /// In the [TimerHeap], or [#NOT_ARMED].
    int index = NOT_ARMED;

    private final EventLoop loop;
    private long period;
    private boolean referenced = true;

    Timer(final EventLoop loop, final Action action) {
        this.loop = loop;
        this.action = action;
    }

    /// Lets it expire once. Where it is armed already, this is its time from now on.
    ///
    /// @param delayNanos from now; 0 or less is in the next turn; at most 146 years, more is taken for that
    public void start(final long delayNanos) {
        start(delayNanos, 0);
    }

    /// Lets it expire once. Where it is armed already, this is its time from now on.
    ///
    /// @param delay from now
    public void start(final Duration delay) {
        start(nanos(delay));
    }

    /// Lets it expire again and again, at times that do not drift: `delay`, `delay + period`, `delay + 2 period`, …
    /// from now. Those that the loop was too busy for are left out, not made up for.
    ///
    /// @param delayNanos until the first time, as [#start(long)]
    /// @param periodNanos from one deadline to the next; 0 for once only
    /// @throws IllegalArgumentException where the period is negative
    public void start(final long delayNanos, final long periodNanos) {
        if (periodNanos < 0) {
            throw new IllegalArgumentException("a period of " + periodNanos + " ns");
        }
        loop.requireThread();
        cancel();
        period = Math.min(periodNanos, LONGEST);
        arm(System.nanoTime() + Math.clamp(delayNanos, 0, LONGEST));
    }

    private void arm(final long time) {
        deadline = time;
        loop.timers().add(this);
        if (referenced) {
            loop.activeMore(1);
        }
    }

    /// Disarms it: it does not expire until it is started again. Does nothing where it is not armed.
    public void cancel() {
        loop.requireThread();
        if (index != NOT_ARMED) {
            loop.timers().remove(this);
            disarmed();
        }
    }

    /// It has been taken out of the heap.
    private void disarmed() {
        if (referenced) {
            loop.activeMore(-1);
        }
    }

    /// It was the first of the heap and its time has come.
    void expired(final long now) {
        disarmed();
        if (period > 0) {
            // Times that have passed are left out; the others stay what they were.
            arm(deadline + ((now - deadline) / period + 1) * period);
        }
    }

    /// Whether it will expire.
    ///
    /// @return false before it is started, after it was cancelled, and when it has expired for the last time
    public boolean isArmed() {
        return index != NOT_ARMED;
    }

    /// How long it is until it expires.
    ///
    /// @return nanoseconds from now; 0 where its time has come; -1 where it is not armed
    public long dueInNanos() {
        return isArmed() ? Math.max(0, deadline - System.nanoTime()) : -1;
    }

    /// Whether the loop runs for as long as this is armed.
    ///
    /// @return false after [#unref]
    public boolean isReferenced() {
        return referenced;
    }

    /// Lets the loop run for as long as this is armed, as from the beginning.
    public void ref() {
        loop.requireThread();
        if (!referenced) {
            referenced = true;
            loop.activeMore(isArmed() ? 1 : 0);
        }
    }

    /// Lets the loop end though this is armed: it expires only where something else keeps the loop running.
    public void unref() {
        loop.requireThread();
        if (referenced) {
            referenced = false;
            loop.activeMore(isArmed() ? -1 : 0);
        }
    }

    /// When it expires.
    @Override
    public String toString() {
        return isArmed() ? "timer due in " + dueInNanos() + " ns" : "timer, not armed";
    }

    /// As nanoseconds; too long ones are cut, not refused.
    static long nanos(final Duration time) {
        return time.getSeconds() > LONGEST / 1_000_000_000 ? LONGEST
                : time.isNegative() ? 0 : time.toNanos();
    }
}
