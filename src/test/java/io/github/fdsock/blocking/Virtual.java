package io.github.fdsock.blocking;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;

/// A call made by a virtual thread of its own, so that a test can see it wait, and see it end.
final class Virtual<T> {
    /// As long as something that will happen may take on a busy machine.
    static final long LIMIT_SECONDS = 20;

    private final FutureTask<T> task;
    private final Thread thread;

    private Virtual(final Callable<T> call) {
        task = new FutureTask<>(call);
        thread = Thread.ofVirtual().unstarted(task);
    }

    static <T> Virtual<T> start(final Callable<T> call) {
        final Virtual<T> started = new Virtual<>(call);
        started.thread.start();
        return started;
    }

    Thread thread() {
        return thread;
    }

    /// Waits until it is parked, with or without a limit.
    Virtual<T> awaitParked() {
        final long start = System.nanoTime();
        while (thread.getState() != Thread.State.WAITING && thread.getState() != Thread.State.TIMED_WAITING) {
            assertThat(thread.getState()).isNotEqualTo(Thread.State.TERMINATED);
            assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(LIMIT_SECONDS));
            LockSupport.parkNanos(100_000);
        }
        return this;
    }

    T result() throws Exception {
        return result(TimeUnit.SECONDS.toNanos(LIMIT_SECONDS));
    }

    T result(final long withinNanos) throws Exception {
        return task.get(withinNanos, TimeUnit.NANOSECONDS);
    }

    Throwable failure() throws InterruptedException, TimeoutException {
        try {
            final T result = task.get(LIMIT_SECONDS, TimeUnit.SECONDS);
            throw new AssertionError("the call returned " + result + " instead of throwing");
        } catch (final ExecutionException e) {
            return e.getCause();
        }
    }
}
