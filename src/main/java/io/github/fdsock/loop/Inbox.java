package io.github.fdsock.loop;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.RejectedExecutionException;

/// The tasks that other threads have for a loop, and, in the same word, whether it sleeps: so no wakeup is lost, and no
/// sleep is ended by two of them.
///
/// [#head] is the newest task, or null (the loop is awake, nothing waits), or [#SLEEPING]. The loop may fall asleep only by
/// exchanging null for `SLEEPING`, which fails as soon as there is a task. Who puts a task in the place of `SLEEPING`, and
/// nobody else, has to wake the loop. A stack is enough: the loop takes all at once and turns them round.
final class Inbox {
    /// A task, and those that were there before it.
    static final class Task {
        final Runnable work;
        Task next;

        /// How many there are with it.
        private long depth;

        private Task(final Runnable work) {
            this.work = work;
        }
    }

    private static final Task SLEEPING = new Task(null);
    private static final Task CLOSED = new Task(null);
    private static final Runnable NOTHING = () -> { };

    private static final VarHandle HEAD;

    static {
        try {
            HEAD = MethodHandles.lookup().findVarHandle(Inbox.class, "head", Task.class);
        } catch (final ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private volatile Task head;

    /// How many the loop has taken since the beginning.
    private long taken;

    /// Adds a task; from any thread. Whether the caller has to wake the loop for it.
    boolean put(final Runnable work) {
        final Task task = new Task(work);
        for (;;) {
            final Task before = head;
            if (before == CLOSED) {
                throw new RejectedExecutionException("the loop is closed");
            }
            task.next = before == SLEEPING ? null : before;
            task.depth = before == null ? 1 : before.depth + 1;
            if (HEAD.compareAndSet(this, before, task)) {
                return before == SLEEPING;
            }
        }
    }

    /// Adds a task that does nothing, unless one waits: that one ends the sleep as well.
    boolean nudge() {
        return depth() == 0 && put(NOTHING);
    }

    /// Whether nothing waits.
    boolean isEmpty() {
        return depth() == 0;
    }

    private long depth() {
        final Task task = head;
        return task == null ? 0 : task.depth;
    }

    /// How many were put here and not taken, and how many of those taken are beyond the first `done`.
    long waiting(final long done) {
        return Math.max(0, depth() + taken - done);
    }

    /// Whether the loop may sleep now: from here on whoever adds a task wakes it.
    boolean sleep() {
        return HEAD.compareAndSet(this, null, SLEEPING) || head == SLEEPING;
    }

    /// The loop is awake again, and looks at the tasks without being told.
    void awake() {
        if (head == SLEEPING) {
            HEAD.compareAndSet(this, SLEEPING, null);
        }
    }

    /// All that waits, the oldest first, linked by [Task#next]; null for nothing.
    Task takeAll() {
        return head == null ? null : inOrder((Task) HEAD.getAndSet(this, null));
    }

    /// Refuses tasks from now on; those that wait, as [#takeAll].
    Task close() {
        return inOrder((Task) HEAD.getAndSet(this, CLOSED));
    }

    private Task inOrder(final Task newest) {
        if (newest == null || newest.depth == 0) {
            return null;
        }
        taken += newest.depth;
        Task oldest = null;
        for (Task task = newest; task != null;) {
            final Task before = task.next;
            task.next = oldest;
            oldest = task;
            task = before;
        }
        return oldest;
    }
}
