package io.github.fdsock.cli.chat;

import java.lang.foreign.MemorySegment;

/// Somebody in a [Room].
///
/// Whoever does not take what is told costs a bounded queue and disturbs nobody: what there is no room for is lost, and
/// how much that was is told next.
abstract class Member {
    /// By which the others know this one.
    private final int number;

    /// How many lines were lost, of which nothing is told yet.
    private int lost;

    /// Whether any was lost since the last time that it was told.
    private boolean slow;

    Member(final int number) {
        this.number = number;
    }

    final int number() {
        return number;
    }

    /// Tells a line, or counts it as lost.
    ///
    /// @param line with its LF; free when this returns
    abstract void tell(MemorySegment line);

    /// Tells that the room is closed.
    abstract void tellEnd();

    /// Lines were lost; whether these are the first.
    final boolean missed(final int lines) {
        final boolean first = !slow;
        slow = true;
        lost += lines;
        return first;
    }

    /// What was lost is told.
    final void caughtUp() {
        slow = false;
    }

    /// How many lines were lost, to be told now.
    final int takeLost() {
        final int lines = lost;
        lost = 0;
        return lines;
    }
}
