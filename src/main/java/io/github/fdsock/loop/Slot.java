package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.EPOLLEXCLUSIVE;
import static io.github.fdsock.sys.Constants.EPOLLONESHOT;

import io.github.fdsock.Fd;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/// A descriptor's place in an [EventLoop]: what the loop waits for on it, and who is told.
///
/// One object with a stream or a listener, since there are many thousands of them, and each event touches it. A place
/// that has been given up can be taken anew, in another loop too.
abstract sealed class Slot permits Registration, Handle {
    EventLoop loop;

    /// Where it is in its loop's table.
    int index;

    /// Tells it from its predecessors there.
    int generation;

    /// What the loop waits for.
    int interest;

    /// Whether epoll does not take it: a file.
    boolean alwaysReady;

    /// Whether events may still come.
    boolean registered;

    /// Whether the loop runs for as long as it is registered.
    boolean referenced = true;

    /// Whether it keeps its place, and the kernel does not know of it.
    boolean suspended;

    Slot(final EventLoop loop) {
        this.loop = loop;
    }

    /// What is waited for.
    abstract Fd descriptor();

    /// Handles what has become ready.
    abstract void ready(int events) throws IOException;

    /// What its events carry: generation above, index below.
    final long data() {
        return (long) generation << Integer.SIZE | index;
    }

    /// Refuses calls of a thread that this does not belong to now.
    void requireThread() {
        loop.requireThread();
    }

    /// [Registration#interest(int)].
    final void waitFor(final int events) throws IOException {
        requireThread();
        if (!registered) {
            throw new IllegalStateException(descriptor() + " is not registered any more");
        }
        if (events == interest && !suspended && (events & EPOLLONESHOT) == 0) {
            return;
        }
        if (((interest | events) & EPOLLEXCLUSIVE) != 0) {
            suspend();
        }
        if (suspended) {
            loop.resume(this, events);
            suspended = false;
        } else {
            loop.modify(this, events);
        }
        interest = events;
    }

    /// `epoll_ctl(EPOLL_CTL_MOD)` that changes nothing: the kernel looks again, and tells of what is there.
    final void lookAgain() throws IOException {
        loop.modify(this, interest);
    }

    /// `epoll_ctl(EPOLL_CTL_DEL)` that [#waitFor] undoes: for a hang-up that nobody can deal with yet, and that would
    /// be reported turn after turn.
    final void suspend() throws IOException {
        if (!suspended && !alwaysReady) {
            loop.suspend(this);
            suspended = true;
        }
    }

    /// [Registration#ref] and [Registration#unref].
    final void reference(final boolean counts) {
        requireThread();
        if (referenced != counts) {
            referenced = counts;
            if (registered) {
                loop.activeMore(counts ? 1 : -1);
            }
        }
    }

    /// [Registration#deregister].
    final void giveUp() throws IOException {
        requireThread();
        if (registered) {
            registered = false;
            if (referenced) {
                loop.activeMore(-1);
            }
            loop.remove(this);
        }
    }

    /// The slots of a loop, each at an index that is used again after it.
    static final class Table {
        /// Of the latest registration. It may wrap around: what matters is that an index has another one each time
        /// within a turn.
        int generation;

        /// By index; null where it is free.
        private Slot[] slots = new Slot[16];

        /// Of a free index the next free one; the chain ends with the first index never used, [#used].
        private int[] nextFree = new int[16];
        private int firstFree;
        private int used;
        private int taken;

        /// Says where it will be taken in. There is room for it from now on: [#take] cannot fail.
        void prepare(final Slot slot) {
            if (firstFree == slots.length) {
                slots = Arrays.copyOf(slots, firstFree * 2);
                nextFree = Arrays.copyOf(nextFree, firstFree * 2);
            }
            slot.index = firstFree;
            slot.generation = ++generation;
        }

        /// Right after [#prepare].
        void take(final Slot slot) {
            final int index = slot.index;
            firstFree = index < used ? nextFree[index] : ++used;
            slots[index] = slot;
            taken++;
        }

        void give(final Slot slot) {
            final int index = slot.index;
            slots[index] = null;
            nextFree[index] = firstFree;
            firstFree = index;
            taken--;
        }

        /// Whom an event is for; null where that one is gone.
        Slot find(final long data) {
            final Slot slot = slots[(int) data];
            return slot != null && slot.data() == data ? slot : null;
        }

        /// How many are taken.
        int size() {
            return taken;
        }

        /// A copy.
        List<Slot> all() {
            return Arrays.stream(slots).filter(Objects::nonNull).toList();
        }
    }
}
