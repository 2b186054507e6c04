package io.github.fdsock.loop;

import java.util.Arrays;
import java.util.List;

/// The armed timers of a loop, the next to expire in front: a heap of four children a node, flatter than one of two and
/// kinder to the cache, in which each timer knows its place, so that it can be cancelled from the middle.
final class TimerHeap {
    private static final int CHILDREN = 4;

    private Timer[] timers = new Timer[16];
    private int size;
    private long sequence;

    /// The next to expire; null where none is armed.
    Timer first() {
        return timers[0];
    }

    int size() {
        return size;
    }

    /// A copy.
    List<Timer> all() {
        return List.of(Arrays.copyOf(timers, size));
    }

    /// Of the latest that was armed: all that are armed later have a greater one.
    long sequence() {
        return sequence;
    }

    void add(final Timer timer) {
        if (size == timers.length) {
            timers = Arrays.copyOf(timers, size * 2);
        }
        timer.sequence = ++sequence;
        up(size++, timer);
    }

    void remove(final Timer timer) {
        final int hole = timer.index;
        timer.index = Timer.NOT_ARMED;
        final Timer last = timers[--size];
        timers[size] = null;
        if (last != timer) {
            down(hole, last);
            if (last.index == hole) {
                up(hole, last);
            }
        }
    }

    private void up(final int from, final Timer timer) {
        int place = from;
        while (place > 0) {
            final int parent = (place - 1) / CHILDREN;
            if (!before(timer, timers[parent])) {
                break;
            }
            put(place, timers[parent]);
            place = parent;
        }
        put(place, timer);
    }

    private void down(final int from, final Timer timer) {
        int place = from;
        for (;;) {
            final int first = place * CHILDREN + 1;
            int least = first;
            for (int child = first + 1; child < Math.min(first + CHILDREN, size); child++) {
                if (before(timers[child], timers[least])) {
                    least = child;
                }
            }
            if (first >= size || !before(timers[least], timer)) {
                break;
            }
            put(place, timers[least]);
            place = least;
        }
        put(place, timer);
    }

    private void put(final int place, final Timer timer) {
        timers[place] = timer;
        timer.index = place;
    }

    private static boolean before(final Timer one, final Timer other) {
        final long difference = one.deadline - other.deadline;
        return difference < 0 || difference == 0 && one.sequence < other.sequence;
    }
}
