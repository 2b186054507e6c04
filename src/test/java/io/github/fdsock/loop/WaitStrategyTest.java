package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.Background;
import io.github.fdsock.EventFd;
import io.github.fdsock.Seen;
import io.github.fdsock.sys.Call;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// One that sleeps is woken by a write, one that looks sees for itself; and one that does both sleeps in the end.
@Timeout(60)
class WaitStrategyTest {

    private static Background<Void> run(final EventLoop loop) {
        return Background.start(() -> {
            loop.run();
            return null;
        });
    }

    @Test
    void aBusyLoopIsToldWithoutAWriteAndNeverSleeps() throws Exception {
        try (EventLoop loop = EventLoop.open(WaitStrategy.BUSY_POLL);
                EventFd silent = EventFd.create(0, EFD_NONBLOCK)) {
            loop.register(silent, EPOLLIN, (_, _) -> { });
            final CountDownLatch running = new CountDownLatch(1);
            loop.execute(running::countDown);
            try (Background<Void> run = run(loop)) {
                running.await();
                final AtomicInteger ran = new AtomicInteger();
                try (Seen seen = Seen.calls()) {
                    for (int i = 1; i <= 200; i++) {
                        loop.execute(ran::incrementAndGet);
                        while (ran.get() < i) {
                            Thread.onSpinWait();
                        }
                    }
                    // From outside it might find the loop stopped already, and write for the next run.
                    loop.execute(loop::stop);
                    run.result();
                    assertThat(seen.all(Call.write)).isEmpty();
                    assertThat(seen.all(Call.epoll_wait)).isNotEmpty()
                            .allSatisfy(made -> assertThat(made.arguments().get(3)).isEqualTo(0));
                }
            }
        }
    }

    @Test
    void aBlockingLoopIsWokenByOneWrite() throws Exception {
        try (EventLoop loop = EventLoop.open(WaitStrategy.BLOCK); EventFd silent = EventFd.create(0, EFD_NONBLOCK)) {
            loop.register(silent, EPOLLIN, (_, _) -> { });
            try (Background<Void> run = run(loop)) {
                run.awaitBlockedOn(loop.epoll().intValue());
                try (Seen seen = Seen.calls()) {
                    loop.stop();
                    run.result();
                    assertThat(seen.all(Call.write)).hasSize(1);
                }
            }
        }
    }

    @Test
    void oneThatLooksFirstSleepsInTheEnd() throws Exception {
        try (EventLoop loop = EventLoop.open(WaitStrategy.spinThenBlock(Duration.ofMillis(5)));
                EventFd silent = EventFd.create(0, EFD_NONBLOCK); Seen seen = Seen.calls()) {
            loop.register(silent, EPOLLIN, (_, _) -> { });
            try (Background<Void> run = run(loop)) {
                run.awaitBlockedOn(loop.epoll().intValue());
                loop.stop();
                run.result();
            }
            final List<Object> timeouts = seen.all(Call.epoll_wait).stream()
                    .map(made -> made.arguments().get(3)).toList();
            assertThat(timeouts).endsWith(-1).startsWith(0).containsOnlyOnce(-1);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 100_000, Long.MAX_VALUE})
    void timersAreKeptByAllOfThem(final long spinNanos) throws IOException {
        try (EventLoop loop = EventLoop.open(new WaitStrategy(spinNanos)); Seen seen = Seen.calls()) {
            final long start = System.nanoTime();
            loop.schedule(2_000_000, () -> assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(2_000_000));
            loop.run();
            assertThat(loop.metrics().timersExpired()).isEqualTo(1);
            assertThat(loop.metrics().turns()).isEqualTo(1);
            if (spinNanos == Long.MAX_VALUE) {
                assertThat(seen.all(Call.epoll_pwait2)).isEmpty();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 100_000, Long.MAX_VALUE})
    void aTurnThatMayNotWaitDoesNot(final long spinNanos) throws IOException {
        try (EventLoop loop = EventLoop.open(new WaitStrategy(spinNanos)); EventFd silent = EventFd.create(0, 0);
                Seen seen = Seen.calls()) {
            loop.register(silent, EPOLLIN, (_, _) -> { });
            loop.runNoWait();
            assertThat(seen.all(Call.epoll_wait)).hasSize(1)
                    .allSatisfy(made -> assertThat(made.arguments().get(3)).isEqualTo(0));
        }
    }

    /// As old kernels and some filters have it: the limit is rounded up, and no turn is made in vain.
    @Test
    void withoutNanosecondsATimerIsNotEarlyEither() throws IOException {
        try (EventLoop loop = EventLoop.open(); Seen seen = Seen.failing(Call.epoll_pwait2, 1, ENOSYS)) {
            final long start = System.nanoTime();
            loop.schedule(1_300_000, () -> assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(1_300_000));
            loop.run();
            assertThat(loop.metrics().turns()).isEqualTo(1);
            assertThat(seen.all(Call.epoll_wait)).hasSize(1);
        }
    }

    @Test
    void aTimeMayBeOfAnyLengthButNotNegative() {
        assertThat(WaitStrategy.spinThenBlock(Duration.ofSeconds(Long.MAX_VALUE)).spinNanos()).isPositive();
        assertThat(WaitStrategy.spinThenBlock(Duration.ZERO)).isEqualTo(WaitStrategy.BLOCK);
        assertThatThrownBy(() -> WaitStrategy.spinThenBlock(Duration.ofNanos(-1)))
                .isInstanceOf(IllegalArgumentException.class).hasMessage("to spin for PT-0.000000001S");
        assertThatThrownBy(() -> new WaitStrategy(-1)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("to spin for -1 ns");
        assertThatThrownBy(() -> EventLoop.open(null)).isInstanceOf(NullPointerException.class);
    }
}
