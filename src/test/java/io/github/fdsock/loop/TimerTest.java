package io.github.fdsock.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.Seen;
import io.github.fdsock.sys.Call;
import io.github.fdsock.testing.Allocations;
import io.github.fdsock.testing.CountsAllocations;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A timer expires once for each time it was armed, never early, in the order of the deadlines.
@Timeout(60)
class TimerTest extends LoopFixture {
    @Test
    void noneIsEarlyAndTheirOrderIsThatOfTheDeadlines() throws IOException {
        final SplittableRandom random = new SplittableRandom(1);
        final List<long[]> expired = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            final long delay = random.nextLong(20_000_000);
            final long armed = System.nanoTime();
            final Timer[] timer = new Timer[1];
            timer[0] = loop.timer(() -> {
                assertThat(System.nanoTime() - armed).as("nanoseconds of %s", delay).isGreaterThanOrEqualTo(delay);
                expired.add(new long[] {timer[0].deadline, timer[0].sequence});
            });
            timer[0].start(delay);
        }
        loop.run();
        assertThat(expired).hasSize(2000).isSortedAccordingTo(
                Comparator.<long[]>comparingLong(each -> each[0]).thenComparingLong(each -> each[1]));
        assertThat(loop.metrics().timersExpired()).isEqualTo(2000);
    }

    @Test
    void itTellsHowLongItIsUntilItExpires() {
        final Timer timer = loop.timer(() -> { });
        assertThat(timer.dueInNanos()).isEqualTo(-1);
        timer.start(Duration.ofHours(1));
        assertThat(timer.dueInNanos()).isBetween(1L, Duration.ofHours(1).toNanos());
        timer.start(0);
        assertThat(timer.dueInNanos()).isZero();
        timer.cancel();
        assertThat(timer.dueInNanos()).isEqualTo(-1);
    }

    /// Not rounded to milliseconds, and no turns in vain either.
    @Test
    void aFractionOfAMillisecondIsOneWait() throws IOException {
        loop.schedule(300_000, () -> { });
        final long start = System.nanoTime();
        loop.run();
        assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(300_000);
        assertThat(loop.metrics().turns()).isEqualTo(1);
    }

    @Test
    void armedAgainOnlyTheLastTimeCounts() throws IOException {
        final AtomicInteger times = new AtomicInteger();
        final Timer timer = loop.timer(times::incrementAndGet);
        for (int i = 0; i < 100_000; i++) {
            timer.start(i);
        }
        assertThat(loop.metrics().timersArmed()).isEqualTo(1);
        timer.start(Duration.ofMillis(2));
        loop.run();
        assertThat(times).hasValue(1);
        assertThat(timer.isArmed()).isFalse();
    }

    @Test
    void cancelledByAnotherOfTheSameTurnItDoesNotExpire() throws IOException {
        final List<String> expired = new ArrayList<>();
        final Timer[] victim = new Timer[1];
        loop.schedule(0, () -> {
            expired.add("first");
            victim[0].cancel();
            victim[0].cancel();
        });
        victim[0] = loop.schedule(0, () -> expired.add("victim"));
        loop.run();
        assertThat(expired).containsExactly("first");
        assertThat(loop.hasWork()).isFalse();
    }

    @Test
    void armedAgainByItsOwnActionItExpiresInTheNextTurn() throws IOException {
        final AtomicInteger times = new AtomicInteger();
        final Timer[] timer = new Timer[1];
        timer[0] = loop.timer(() -> {
            if (times.incrementAndGet() < 5) {
                timer[0].start(0);
            }
        });
        timer[0].start(0);
        for (int turn = 1; turn <= 5; turn++) {
            loop.runOnce();
            assertThat(times).hasValue(turn);
        }
        assertThat(loop.hasWork()).isFalse();
    }

    @Test
    void whatItsActionThrowsEndsTheRunAndTheOthersExpireInTheNext() throws IOException {
        final AtomicInteger times = new AtomicInteger();
        loop.schedule(0, () -> {
            throw new IOException("thrown by a timer");
        });
        loop.schedule(0, times::incrementAndGet);
        assertThatThrownBy(loop::run).hasMessage("thrown by a timer");
        assertThat(times).hasValue(0);
        loop.run();
        assertThat(times).hasValue(1);
    }

    /// One that the loop was too busy for is left out; those behind it are when they would have been.
    @Test
    void periodicTimersDoNotDrift() throws IOException {
        final long period = 2_000_000;
        final List<Long> deadlines = new ArrayList<>();
        final AtomicLong first = new AtomicLong();
        final Timer[] timer = new Timer[1];
        timer[0] = loop.timer(() -> {
            final long now = System.nanoTime();
            // Armed for the next time already.
            deadlines.add(timer[0].deadline - first.get());
            assertThat(timer[0].deadline - period).as("its own time is over").isLessThanOrEqualTo(now);
            if (deadlines.size() == 5) {
                while (System.nanoTime() - now < 7 * period) {
                    Thread.onSpinWait();
                }
            }
            if (deadlines.size() == 20) {
                timer[0].cancel();
            }
        });
        timer[0].start(1_000_000, period);
        first.set(timer[0].deadline);
        loop.run();
        assertThat(deadlines).hasSize(20).isSorted().doesNotHaveDuplicates()
                .allSatisfy(deadline -> assertThat(deadline % period).isZero());
        assertThat(deadlines.get(5) - deadlines.get(4)).isGreaterThanOrEqualTo(7 * period);
        assertThatThrownBy(() -> timer[0].start(1, -1)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a period of -1 ns");
        assertThat(timer[0].isArmed()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(longs = {Long.MAX_VALUE, Long.MAX_VALUE / 2, Long.MAX_VALUE - 1, Integer.MAX_VALUE * 1_000_000L + 1})
    void n19_aHugeDelayDoesNotOverflow(final long delay) throws IOException {
        final List<String> expired = new ArrayList<>();
        final Timer huge = loop.schedule(delay, () -> expired.add("huge"));
        final Timer longest = loop.schedule(Duration.ofSeconds(Long.MAX_VALUE), () -> expired.add("longest"));
        loop.timer(() -> { }).start(Long.MAX_VALUE, Long.MAX_VALUE);
        loop.schedule(Duration.ofSeconds(-5, 3), () -> expired.add("negative"));
        loop.schedule(Long.MIN_VALUE, () -> expired.add("most negative"));
        loop.schedule(1_000_000, () -> {
            expired.add("short");
            loop.stop();
        });
        loop.run();
        assertThat(expired).containsExactly("negative", "most negative", "short");
        assertThat(loop.timeoutNanos())
                .isGreaterThan(Math.min(delay, Long.MAX_VALUE / 2) - TimeUnit.MINUTES.toNanos(2));
        assertThat(huge.isArmed() && longest.isArmed()).isTrue();
        // It waits for as long as the kernel can be told.
        loop.execute(() -> { });
        loop.runOnce();
        assertThat(expired).hasSize(3);
    }

    @CountsAllocations
    @Test
    void armingAndCancellingMakesNoCallAndAllocatesNothing() throws IOException {
        final int times = 10_000;
        final List<Timer> timers = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            timers.add(loop.timer(() -> { }));
        }
        final int[] count = {0};
        try (Seen seen = Seen.calls()) {
            assertThat(Allocations.least(times, () -> {
                final int i = count[0]++;
                final Timer timer = timers.get(i % 100);
                timer.start(1_000_000_000L + i * 31L % 977);
                if (i % 3 == 0) {
                    timer.cancel();
                }
            })).as("bytes of %s times", times).isLessThan(times);
            assertThat(seen.all(Call.epoll_ctl)).isEmpty();
            assertThat(seen.all(Call.write)).isEmpty();
        }
    }
}
