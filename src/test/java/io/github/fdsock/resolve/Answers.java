package io.github.fdsock.resolve;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// Answers of one kind, and the executor by which they come: what it was given runs when the test says so.
final class Answers<T> implements Executor, Answer<T> {
    /// One call of [Answer#answered], and by which thread.
    record Told<T>(T result, EaiException failure, Thread thread) {
        /// The name of the failure.
        String name() {
            assertThat(result).isNull();
            return failure.eaiName();
        }
    }

    private final BlockingQueue<Runnable> given = new LinkedBlockingQueue<>();
    private final BlockingQueue<Told<T>> told = new LinkedBlockingQueue<>();

    @Override
    public void execute(final Runnable task) {
        given.add(task);
    }

    @Override
    public void answered(final T result, final EaiException failure) {
        told.add(new Told<>(result, failure, Thread.currentThread()));
    }

    /// Waits for the next task, and returns it.
    Runnable take() throws InterruptedException {
        final Runnable task = given.poll(20, TimeUnit.SECONDS);
        assertThat(task).as("what the executor was given in twenty seconds").isNotNull();
        return task;
    }

    /// Waits for the next task, runs it here, and returns what it has told.
    Told<T> next() throws InterruptedException {
        take().run();
        return told.remove();
    }

    /// How many tasks it was given that have not run.
    int waiting() {
        return given.size();
    }

    /// How many answers there are that [#next] has not returned.
    int unread() {
        return told.size();
    }
}
