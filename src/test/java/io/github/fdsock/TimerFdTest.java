package io.github.fdsock;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.harness.Faults;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.struct.Itimerspec;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/// A timer expires when it was told to, as often as it was told to, and says how often.
class TimerFdTest {
    private static final long MILLI = 1_000_000;
    private static final long LONG_ENOUGH = 20_000 * MILLI;

    @Test
    void bornCloseOnExecAndNotSet() throws IOException {
        try (TimerFd timer = TimerFd.create(CLOCK_MONOTONIC, TFD_NONBLOCK)) {
            assertThat(timer.closeOnExec()).isTrue();
            assertThat(timer.nonBlocking()).isTrue();
            assertThat(timer.remainingNanos()).isZero();
            assertThat(timer.remaining()).isZero();
            assertThat(timer.periodNanos()).isZero();
            assertThat(timer.expirations()).isEqualTo(-EAGAIN);
            assertThat(timer).hasToString("timerfd " + timer.intValue());
        }
    }

    @Test
    void expiresOnceAndNotBefore() throws IOException {
        try (TimerFd timer = TimerFd.create(CLOCK_MONOTONIC, TFD_NONBLOCK)) {
            final long start = System.nanoTime();
            timer.start(20 * MILLI, 0);
            assertThat(timer.await(POLLIN, LONG_ENOUGH)).isEqualTo(POLLIN);
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(20 * MILLI);
            assertThat(timer.expirations()).isEqualTo(1);
            assertThat(timer.expirations()).isEqualTo(-EAGAIN);
            assertThat(timer.remainingNanos()).isZero();
        }
    }

    @Test
    void aBlockingReadWaitsForTheExpiry() throws IOException {
        try (TimerFd timer = TimerFd.create(CLOCK_BOOTTIME, 0)) {
            timer.start(Duration.ofMillis(5));
            assertThat(timer.expirations()).isEqualTo(1);
        }
    }

    @Test
    void countsThePeriodsThatNobodyRead() throws IOException {
        try (TimerFd timer = TimerFd.create(CLOCK_MONOTONIC, 0)) {
            final long start = System.nanoTime();
            timer.start(MILLI, 2 * MILLI);
            assertThat(timer.periodNanos()).isEqualTo(2 * MILLI);
            long count = 0;
            while (count < 5) {
                count += timer.expirations();
            }
            // The fifth is due 9 ms from the start.
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(9 * MILLI);
            assertThat(count).isLessThanOrEqualTo((System.nanoTime() - start) / (2 * MILLI) + 1);
        }
    }

    @Test
    void anExpiryInNoTimeComesAtOnceInsteadOfNever() throws IOException {
        try (TimerFd timer = TimerFd.create(CLOCK_MONOTONIC, 0)) {
            timer.start(0, 0);
            assertThat(timer.expirations()).isEqualTo(1);
            timer.start(Duration.ZERO);
            assertThat(timer.expirations()).isEqualTo(1);
            timer.startAt(0, 0, 0);
            assertThat(timer.expirations()).isEqualTo(1);
        }
    }

    @Test
    void expiresAtAPointInTime() throws IOException {
        try (TimerFd timer = TimerFd.create(CLOCK_REALTIME, 0)) {
            final Instant then = Instant.now().plusMillis(20);
            timer.startAt(then, Duration.ZERO, 0);
            assertThat(timer.remaining()).isBetween(Duration.ZERO, Duration.ofMillis(20));
            assertThat(timer.expirations()).isEqualTo(1);
            assertThat(Instant.now()).isAfterOrEqualTo(then);

            timer.startAt(Instant.now().minusSeconds(3), Duration.ofSeconds(2), TFD_TIMER_CANCEL_ON_SET);
            assertThat(timer.expirations()).as("at once, and one period that is over").isEqualTo(2);
            timer.startAt(Instant.MIN, Duration.ZERO, 0);
            assertThat(timer.expirations()).isEqualTo(1);
        }
    }

    @Test
    void remainingIsForTheNextExpiry() throws IOException {
        try (TimerFd timer = TimerFd.create(CLOCK_MONOTONIC, 0)) {
            timer.start(Duration.ofHours(1), Duration.ofMinutes(1));
            assertThat(timer.remaining()).isBetween(Duration.ofMinutes(59), Duration.ofHours(1));
            assertThat(timer.remainingNanos())
                    .isBetween(Duration.ofMinutes(59).toNanos(), Duration.ofHours(1).toNanos());
            assertThat(timer.periodNanos()).isEqualTo(Duration.ofMinutes(1).toNanos());
        }
    }

    @Test
    void theLongestSpanThereIsCanBeSet() throws IOException {
        try (TimerFd timer = TimerFd.create(CLOCK_MONOTONIC, TFD_NONBLOCK)) {
            timer.start(Duration.ofSeconds(Long.MAX_VALUE, 999_999_999), Duration.ZERO);
            assertThat(timer.remainingNanos()).isGreaterThan(Duration.ofDays(365 * 200).toNanos());
            timer.start(Long.MAX_VALUE, Long.MAX_VALUE);
            assertThat(timer.expirations()).isEqualTo(-EAGAIN);
        }
    }

    @Test
    void stopForgetsWhatHasExpired() throws IOException {
        try (TimerFd timer = TimerFd.create(CLOCK_MONOTONIC, TFD_NONBLOCK)) {
            timer.start(1, MILLI);
            assertThat(timer.await(POLLIN, LONG_ENOUGH)).isEqualTo(POLLIN);
            timer.stop();
            assertThat(timer.expirations()).isEqualTo(-EAGAIN);
            assertThat(timer.remainingNanos()).isZero();
            assertThat(timer.periodNanos()).isZero();
        }
    }

    @Test
    void whatIsNegativeIsRefusedBeforeTheCall() throws IOException {
        try (TimerFd timer = TimerFd.create(CLOCK_MONOTONIC, 0); Seen seen = Seen.calls()) {
            assertThatThrownBy(() -> timer.start(-1, 0)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("-1");
            assertThatThrownBy(() -> timer.start(1, -2)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("-2");
            assertThatThrownBy(() -> timer.start(Duration.ofSeconds(-3), Duration.ZERO))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("PT-3S");
            assertThatThrownBy(() -> timer.start(Duration.ZERO, Duration.ofSeconds(-4)))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("PT-4S");
            assertThatThrownBy(() -> timer.startAt(-5, 0, 0)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("-5");
            assertThat(seen.all(Call.timerfd_settime)).isEmpty();
        }
    }

    @Test
    void refusalsReadLikeStrace() throws IOException {
        assertThatThrownBy(() -> TimerFd.create(CLOCK_THREAD_CPUTIME_ID, 0)).isInstanceOf(ErrnoException.class)
                .hasMessage("timerfd_create(3, TFD_CLOEXEC) = -1 EINVAL (Invalid argument)");
        assertThatThrownBy(() -> TimerFd.create(CLOCK_MONOTONIC, 1)).isInstanceOf(ErrnoException.class)
                .hasMessage("timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC|0x1) = -1 EINVAL (Invalid argument)");
        try (TimerFd timer = TimerFd.create(CLOCK_MONOTONIC, 0)) {
            assertThatThrownBy(() -> timer.startAt(1_500_000_000, 7, 64)).isInstanceOf(ErrnoException.class)
                    .hasMessage("timerfd_settime(%d, TFD_TIMER_ABSTIME|0x40, {it_interval={0, 7},"
                            + " it_value={1, 500000000}}, NULL) = -1 EINVAL (Invalid argument)", timer.intValue());
        }
    }

    @Test
    void settingTheTimeOfDayIsAnError() throws IOException {
        try (TimerFd timer = TimerFd.create(CLOCK_REALTIME, 0);
                Faults _ = Faults.inject("read:error=ECANCELED:when=1")) {
            assertThatThrownBy(timer::expirations).isInstanceOf(ErrnoException.class).hasMessageContaining("ECANCELED");
        }
    }

    @Test
    void anInterruptedReadGoesOn() throws IOException {
        try (TimerFd timer = TimerFd.create(CLOCK_MONOTONIC, 0)) {
            timer.start(0, 0);
            try (Faults faults = Faults.inject("read:error=EINTR:when=1..3")) {
                assertThat(timer.expirations()).isEqualTo(1);
                assertThat(faults.matched(0)).isEqualTo(4);
            }
        }
    }

    @Test
    void nanosecondsReachTheKernelAsTheyAre() throws IOException {
        final long[] told = new long[2];
        try (TimerFd timer = TimerFd.create(CLOCK_MONOTONIC, 0); Seen _ = Seen.calls(made -> {
            if (made.call() == Call.timerfd_settime) {
                final Itimerspec time = Itimerspec.of((MemorySegment) made.arguments().get(2));
                told[0] = time.value().nanos();
                told[1] = time.interval().nanos();
            }
            return null;
        })) {
            timer.start(1_999_999_999, 3_000_000_001L);
            assertThat(told).containsExactly(1_999_999_999, 3_000_000_001L);
        }
    }

    @Test
    void copiesAndAdoptedNumbersShareTheTimer() throws IOException {
        try (TimerFd timer = TimerFd.create(CLOCK_MONOTONIC, 0); TimerFd copy = timer.dup();
                TimerFd adopted = TimerFd.adopt(timer.dup().release())) {
            copy.start(Duration.ofHours(1));
            assertThat(timer.remainingNanos()).isPositive();
            adopted.stop();
            assertThat(timer.remainingNanos()).isZero();
        }
    }

    @Test
    void adoptRefusesEverythingElse() throws IOException {
        try (EventFd counter = EventFd.create(0, 0)) {
            assertThatThrownBy(() -> TimerFd.adopt(counter.intValue())).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("fd %d is anon_inode:[eventfd], not a timerfd", counter.intValue());
        }
    }
}
