package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.EFD_NONBLOCK;
import static io.github.fdsock.sys.Constants.EPOLLIN;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.Background;
import io.github.fdsock.EventFd;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Many threads and a loop that falls asleep between any two of their tasks, for seconds: no task is lost, none is run
/// twice, none overtakes another of its thread.
@Timeout(60)
class WakeupStressTest {
    private static final int THREADS = 4;
    private static final long DURATION_NANOS = TimeUnit.SECONDS.toNanos(2);

    /// A task is picked up within this, or was lost.
    private static final long LOST_NANOS = TimeUnit.SECONDS.toNanos(20);

    static List<WaitStrategy> strategies() {
        return List.of(WaitStrategy.BLOCK, new WaitStrategy(20_000));
    }

    @ParameterizedTest
    @MethodSource("strategies")
    void eachTaskIsRunOnceAndSoon(final WaitStrategy strategy) throws Exception {
        final long[] ran = new long[THREADS];
        final AtomicLong[] seen = new AtomicLong[THREADS];
        final long[] sent = new long[THREADS];
        try (EventLoop loop = EventLoop.open(strategy); EventFd silent = EventFd.create(0, EFD_NONBLOCK)) {
            loop.register(silent, EPOLLIN, (_, _) -> { });
            try (Background<Void> run = Background.start(() -> {
                loop.run();
                return null;
            })) {
                final long end = System.nanoTime() + DURATION_NANOS;
                final List<Background<Void>> threads = new ArrayList<>();
                for (int i = 0; i < THREADS; i++) {
                    final int index = i;
                    seen[i] = new AtomicLong();
                    threads.add(Background.start(() -> {
                        // Alone, in twos and in threes, so that a task meets the loop falling asleep, asleep and awake.
                        for (long burst = 0; System.nanoTime() < end; burst++) {
                            for (long n = burst % 3; n >= 0; n--) {
                                final long number = ++sent[index];
                                loop.execute(() -> {
                                    if (ran[index] + 1 != number) {
                                        throw new AssertionError("task " + number + " after " + ran[index]);
                                    }
                                    ran[index] = number;
                                    seen[index].set(number);
                                });
                            }
                            awaitAll(seen[index], sent[index]);
                        }
                        return null;
                    }));
                }
                try {
                    for (final Background<Void> thread : threads) {
                        thread.result();
                    }
                } finally {
                    loop.stop();
                }
                run.result();
            }
            assertThat(ran).isEqualTo(sent);
            // One of the threads' last tasks and the stop may be one turn, and a wakeup may come when it was not
            // needed.
            assertThat(loop.metrics().turns()).isGreaterThan(1000);
            assertThat(loop.metrics().events()).isLessThanOrEqualTo(loop.metrics().turns());
            assertThat(loop.metrics().tasksWaiting()).isZero();
        }
    }

    private static void awaitAll(final AtomicLong seen, final long number) {
        final long start = System.nanoTime();
        while (seen.get() < number) {
            if (System.nanoTime() - start > LOST_NANOS) {
                throw new AssertionError("task " + number + " is lost: the last that was run is " + seen.get());
            }
            LockSupport.parkNanos(1_000);
        }
    }
}
