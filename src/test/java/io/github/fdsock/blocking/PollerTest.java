package io.github.fdsock.blocking;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.loop.EventLoop;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.EpollEvents;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.net.SocketTimeoutException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;
import jdk.management.VirtualThreadSchedulerMXBean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Whoever waits is woken by what it waits for, however many wait, whoever polls, and whatever ends meanwhile.
@Timeout(120)
class PollerTest extends PollerFixture {
    private static final long FOREVER = -1;

    /// Nothing that is on its way takes so long: whoever is not woken fails by it instead of the whole test.
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

    private static final VirtualThreadSchedulerMXBean SCHEDULER =
            ManagementFactory.getPlatformMXBean(VirtualThreadSchedulerMXBean.class);

    private record Pair(BlockingSocket first, BlockingSocket second) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            try (first) {
                second.close();
            }
        }
    }

    private static Pair pair(final Poller poller) throws IOException {
        final SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0);
        return new Pair(poller.adopt(pair.first()), poller.adopt(pair.second()));
    }

    /// Sends back so many numbers.
    private static void echo(final BlockingSocket socket, final int rounds) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment word = arena.allocate(ValueLayout.JAVA_LONG);
            for (int i = 0; i < rounds; i++) {
                assertThat(socket.read(word, PATIENCE_NANOS)).isEqualTo(Long.BYTES);
                socket.write(word, PATIENCE_NANOS);
            }
        }
    }

    private static void ask(final BlockingSocket socket, final MemorySegment word, final long number)
            throws IOException {
        word.set(ValueLayout.JAVA_LONG, 0, number);
        socket.write(word, PATIENCE_NANOS);
        word.set(ValueLayout.JAVA_LONG, 0, -1);
        assertThat(socket.read(word, PATIENCE_NANOS)).isEqualTo(Long.BYTES);
        assertThat(word.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(number);
    }

    private static void ask(final BlockingSocket socket, final int rounds, final Runnable between) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment word = arena.allocate(ValueLayout.JAVA_LONG);
            for (int i = 0; i < rounds; i++) {
                ask(socket, word, i);
                between.run();
            }
        }
    }

    private interface Work {
        void run() throws Exception;
    }

    private static Virtual<Void> start(final Work work) {
        return Virtual.start(() -> {
            work.run();
            return null;
        });
    }

    private static void join(final List<Virtual<Void>> threads) throws Exception {
        for (final Virtual<Void> thread : threads) {
            thread.result(2 * PATIENCE_NANOS);
        }
    }

    private static long mostDescriptors() throws Exception {
        for (final String line : Files.readAllLines(Path.of("/proc/self/limits"))) {
            if (line.startsWith("Max open files")) {
                final String soft = line.split("\\s+")[3];
                return soft.equals("unlimited") ? Long.MAX_VALUE : Long.parseLong(soft);
            }
        }
        throw new AssertionError("no limit of open files");
    }

    @Test
    void j11_tenThousandVirtualThreadsConverseAndNoneIsPinned(@TempDir final Path directory) throws Exception {
        final int pairs = 5000;
        assumeTrue(mostDescriptors() > 2 * pairs + 500, "the limit of open files is too low");
        final List<Pair> open = new ArrayList<>();
        final Path file = directory.resolve("pinned.jfr");
        try (Recording recording = new Recording()) {
            recording.enable("jdk.VirtualThreadPinned").withThreshold(Duration.ZERO);
            recording.start();
            final List<Virtual<Void>> threads = new ArrayList<>();
            for (int i = 0; i < pairs; i++) {
                final Pair pair = pair(poller);
                open.add(pair);
                threads.add(start(() -> echo(pair.first, 20)));
                threads.add(start(() -> ask(pair.second, 20, Thread::yield)));
            }
            join(threads);
            recording.stop();
            recording.dump(file);
        } finally {
            for (final Pair pair : open) {
                pair.close();
            }
        }
        assertThat(RecordingFile.readAllEvents(file)).filteredOn(event -> event.getEventType().getName()
                .equals("jdk.VirtualThreadPinned")).isEmpty();
    }

    /// Pauses of every length make the loop poll, let others poll, and call them back, in turn.
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 0})
    void noWakeupIsLost(final int carriers) throws Exception {
        final int before = SCHEDULER.getParallelism();
        SCHEDULER.setParallelism(carriers == 0 ? before : carriers);
        final List<Pair> open = new ArrayList<>();
        try {
            final List<Virtual<Void>> threads = new ArrayList<>();
            for (int i = 0; i < 32; i++) {
                final Pair pair = pair(poller);
                open.add(pair);
                final SplittableRandom random = new SplittableRandom(i);
                final int rounds = 400;
                threads.add(start(() -> echo(pair.first, rounds)));
                threads.add(start(() -> ask(pair.second, rounds, () -> {
                    final int die = random.nextInt(100);
                    if (die == 0) {
                        LockSupport.parkNanos(random.nextInt(10_000_000));
                    } else if (die < 10) {
                        LockSupport.parkNanos(random.nextInt(100_000));
                    } else if (die < 30) {
                        Thread.yield();
                    }
                })));
            }
            join(threads);
        } finally {
            SCHEDULER.setParallelism(before);
            for (final Pair pair : open) {
                pair.close();
            }
        }
    }

    @Test
    void numbersAreUsedAgainUnderLoad() throws Exception {
        final AtomicInteger closedWhileWaiting = new AtomicInteger();
        final List<Virtual<Void>> threads = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            final SplittableRandom random = new SplittableRandom(i);
            threads.add(start(() -> {
                for (int round = 0; round < 200; round++) {
                    try (Pair pair = pair(poller)) {
                        if (random.nextBoolean()) {
                            final Virtual<Void> echo = start(() -> echo(pair.first, 3));
                            ask(pair.second, 3, () -> { });
                            echo.result();
                        } else {
                            final Virtual<Void> reader = start(() -> echo(pair.first, 1));
                            if (random.nextBoolean()) {
                                reader.awaitParked();
                            }
                            pair.first.close();
                            assertThat(reader.failure()).isInstanceOfAny(AsynchronousCloseException.class,
                                    IllegalStateException.class);
                            closedWhileWaiting.incrementAndGet();
                        }
                    }
                }
            }));
        }
        join(threads);
        assertThat(closedWhileWaiting.get()).isPositive();
    }

    /// Behind a close alone the kernel would still know the number with that file, since the copy is the same file.
    @Test
    void aCopyMayBeGivenTheNumberOfOneThatWasClosed() throws Exception {
        final Pair pair = pair(poller);
        final int number = pair.first.fd().intValue();
        try (pair; SocketFd copy = pair.first.fd().dup()) {
            waitInVain(pair.first);
            pair.first.close();
            final int lowest = Libc.fcntl(copy.intValue(), F_DUPFD_CLOEXEC, number);
            try (BlockingSocket again = poller.adopt(SocketFd.adopt(lowest))) {
                assumeTrue(lowest == number, "no other thread has taken the number");
                waitInVain(again);
            }
        }
    }

    @Test
    void anEventOfTheFormerOwnerOfASlotIsDropped() throws Exception {
        final Pair first = pair(poller);
        try (Arena arena = Arena.ofConfined(); Pair second = pair(poller)) {
            waitInVain(first.first);
            final EpollEvents stale = EpollEvents.allocate(arena, 1).set(0, EPOLLIN, first.first.data());
            first.close();
            waitInVain(second.first);
            assertThat(second.first.slot()).isEqualTo(first.first.slot());
            poller.dispatch(stale, 1);
            assertThat(second.first.in.isSignalled()).isFalse();
            poller.dispatch(stale.set(0, EPOLLIN, second.first.data()), 1);
            assertThat(second.first.in.isSignalled()).isTrue();
        }
    }

    /// One that looks who waits, and wakes it late, may come to the next wait of the same thread.
    @Test
    void aSignalThatIsLateDoesNotKeepTheNextWaitAsleep() throws Exception {
        final int rounds = 200_000;
        final AtomicInteger waits = new AtomicInteger();
        try (Pair pair = pair(poller)) {
            final Direction direction = pair.first.in;
            final Virtual<Void> waiting = start(() -> {
                for (int i = 0; i < rounds; i++) {
                    direction.await(0, FOREVER);
                    waits.incrementAndGet();
                }
            });
            final long start = System.nanoTime();
            final Runnable signals = () -> {
                while (waits.get() < rounds && System.nanoTime() - start < PATIENCE_NANOS) {
                    direction.signal();
                    for (int i = ThreadLocalRandom.current().nextInt(100); i > 0; i--) {
                        Thread.onSpinWait();
                    }
                }
            };
            final Thread other = Thread.ofPlatform().start(signals);
            signals.run();
            other.join();
            assertThat(waits).hasValue(rounds);
        }
    }

    private static void waitInVain(final BlockingSocket socket) {
        assertThatExceptionOfType(SocketTimeoutException.class).isThrownBy(() -> socket.awaitReading(1));
    }

    @Test
    void interruptsLoseNothing() throws Exception {
        final int total = 20_000;
        try (Pair pair = pair(poller)) {
            final AtomicInteger interrupted = new AtomicInteger();
            final Virtual<Void> reader = start(() -> {
                try (Arena arena = Arena.ofConfined()) {
                    final MemorySegment word = arena.allocate(Long.BYTES);
                    for (long expected = 0; expected < total;) {
                        try {
                            assertThat(pair.first.read(word, PATIENCE_NANOS)).isEqualTo(Long.BYTES);
                            assertThat(word.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(expected++);
                        } catch (final SocketTimeoutException e) {
                            throw e;
                        } catch (final InterruptedIOException e) {
                            assertThat(Thread.interrupted()).isTrue();
                            interrupted.incrementAndGet();
                        }
                    }
                }
            });
            final AtomicBoolean done = new AtomicBoolean();
            final Virtual<Void> storm = start(() -> {
                while (!done.get()) {
                    reader.thread().interrupt();
                    LockSupport.parkNanos(20_000);
                }
            });
            try (Arena arena = Arena.ofConfined()) {
                final MemorySegment word = arena.allocate(Long.BYTES);
                for (long i = 0; i < total; i++) {
                    word.set(ValueLayout.JAVA_LONG, 0, i);
                    pair.second.write(word, PATIENCE_NANOS);
                    if (i % 64 == 0) {
                        LockSupport.parkNanos(1000);
                    }
                }
            }
            reader.result();
            done.set(true);
            storm.result();
            assertThat(interrupted.get()).isPositive();
        }
    }

    @Test
    void noLimitIsOverEarlyWhileOthersConverse() throws Exception {
        try (Pair busy = pair(poller)) {
            final AtomicBoolean done = new AtomicBoolean();
            final Virtual<Void> echo = start(() -> echo(busy.first, Integer.MAX_VALUE));
            final Virtual<Void> asks = start(() -> {
                try (Arena arena = Arena.ofConfined()) {
                    final MemorySegment word = arena.allocate(Long.BYTES);
                    while (!done.get()) {
                        ask(busy.second, word, 1);
                    }
                }
            });
            final List<Virtual<Void>> threads = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                final SplittableRandom random = new SplittableRandom(i);
                threads.add(start(() -> {
                    try (Pair pair = pair(poller); Arena arena = Arena.ofConfined()) {
                        final MemorySegment word = arena.allocate(Long.BYTES);
                        for (int round = 0; round < 20; round++) {
                            final long limit = random.nextLong(10_000_000);
                            final long start = System.nanoTime();
                            assertThatExceptionOfType(SocketTimeoutException.class)
                                    .isThrownBy(() -> pair.first.read(word, limit));
                            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(limit);
                        }
                    }
                }));
            }
            join(threads);
            done.set(true);
            asks.result();
            busy.first.close();
            assertThat(echo.failure()).isInstanceOfAny(AsynchronousCloseException.class, IllegalStateException.class);
        }
    }

    /// The one that was woken last may have been the one that polled.
    @Test
    void anEventIsSeenWhileTheOthersCompute() throws Exception {
        assumeTrue(SCHEDULER.getParallelism() > 1, "there is one carrier only");
        try (Pair computing = pair(poller); Pair other = pair(poller)) {
            final AtomicBoolean seen = new AtomicBoolean();
            final CountDownLatch waiting = new CountDownLatch(1);
            final Virtual<Void> reader = start(() -> {
                waiting.countDown();
                echo(other.first, 1);
                seen.set(true);
            });
            waiting.await();
            final Virtual<Void> echo = start(() -> echo(computing.first, 1000));
            final Virtual<Void> computer = start(() -> {
                // Lively, so that it leads.
                ask(computing.second, 1000, () -> { });
                try (Arena arena = Arena.ofConfined()) {
                    other.second.write(arena.allocate(Long.BYTES), FOREVER);
                }
                while (!seen.get()) {
                    Thread.onSpinWait();
                }
            });
            computer.result();
            echo.result();
            reader.result();
        }
    }

    /// A leader blocks its carrier, but not for long.
    @Test
    void aVirtualThreadThatSleepsGoesOnThoughTheOnlyCarrierLeads() throws Exception {
        final int before = SCHEDULER.getParallelism();
        SCHEDULER.setParallelism(1);
        try (Pair pair = pair(poller)) {
            final Virtual<Void> echo = start(() -> echo(pair.first, 2000));
            final Virtual<Void> asks = start(() -> ask(pair.second, 1000, () -> { }));
            asks.result();
            // From now on nothing comes for the first, which may lead.
            final Virtual<Void> sleeper = start(() -> {
                for (int i = 0; i < 100; i++) {
                    Thread.sleep(1);
                }
            });
            sleeper.result();
            pair.first.close();
            assertThat(echo.failure()).isInstanceOf(AsynchronousCloseException.class);
        } finally {
            SCHEDULER.setParallelism(before);
        }
    }

    private static Thread run(final EventLoop loop) {
        return Thread.ofPlatform().start(() -> {
            try {
                loop.run();
            } catch (final IOException e) {
                throw new AssertionError(e);
            }
        });
    }

    @Test
    void isAGuestOfALoopThatDoesOtherThingsToo() throws Exception {
        final AtomicInteger ticks = new AtomicInteger();
        try (EventLoop loop = EventLoop.open(); Poller guest = Poller.on(loop); Pair pair = pair(guest)) {
            loop.timer(ticks::incrementAndGet).start(0, 1_000_000);
            final Thread runner = run(loop);
            final List<Virtual<Void>> threads = List.of(start(() -> echo(pair.first, 1000)),
                    start(() -> ask(pair.second, 1000, Thread::yield)));
            join(threads);
            final int then = ticks.get();
            while (ticks.get() == then) {
                Thread.onSpinWait();
            }
            final Virtual<Throwable> refused = Virtual.start(() -> {
                final CompletableFuture<Throwable> thrown = new CompletableFuture<>();
                loop.execute(() -> {
                    try (Arena arena = Arena.ofConfined()) {
                        pair.first.read(arena.allocate(8), FOREVER);
                    } catch (final IOException | RuntimeException e) {
                        thrown.complete(e);
                    }
                });
                return thrown.get();
            });
            assertThat(refused.result()).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("wait for itself");
            assertThatThrownBy(guest::close).isInstanceOf(IllegalStateException.class);
            loop.stop();
            runner.join();
        }
    }

    @Test
    void closingWakesALeaderThatNoLoopCallsBack() throws Exception {
        try (EventLoop loop = EventLoop.open(); Poller guest = Poller.on(loop); Pair pair = pair(guest);
                // So that no event of the other side tells of the end.
                SocketFd _ = pair.first.fd().dup()) {
            guest.led(true);
            final Virtual<Void> reader = start(() -> echo(pair.first, 1));
            while (guest.leader() != reader.thread()) {
                Thread.onSpinWait();
            }
            pair.first.close();
            assertThat(reader.failure()).isInstanceOf(AsynchronousCloseException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {FOREVER, 20_000_000})
    void aLeaderThatNoLoopCallsBackIsKeptNoLongerThanItMay(final long limit) throws Exception {
        try (EventLoop loop = EventLoop.open(); Poller guest = Poller.on(loop); Pair pair = pair(guest);
                Arena arena = Arena.ofShared()) {
            guest.led(true);
            final Virtual<Long> reader = Virtual.start(() -> pair.first.read(arena.allocate(8), limit));
            while (limit < 0 && guest.leader() != reader.thread()) {
                Thread.onSpinWait();
            }
            if (limit < 0) {
                reader.thread().interrupt();
            }
            assertThat(reader.failure()).isExactlyInstanceOf(
                    limit < 0 ? InterruptedIOException.class : SocketTimeoutException.class);
        }
    }

    @Test
    void itsEndEndsTheWaits() throws Exception {
        try (Poller other = Poller.open(); Pair pair = pair(other); Arena arena = Arena.ofConfined()) {
            final Virtual<Void> reader = start(() -> echo(pair.first, 1)).awaitParked();
            end(other);
            assertThat(reader.failure()).isInstanceOf(AsynchronousCloseException.class);
            pair.second.write(arena.allocate(8), FOREVER);
            assertThat(pair.first.read(arena.allocate(8), FOREVER)).isEqualTo(8);
            assertThatThrownBy(() -> pair.first.read(arena.allocate(8), FOREVER)).isInstanceOf(IOException.class);
            assertThatThrownBy(() -> pair.second.read(arena.allocate(8), FOREVER))
                    .isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void itsEndEndsTheWaitOfWhoWrites() throws Exception {
        for (int i = 0; i < 200; i++) {
            try (Poller other = Poller.open(); Pair pair = pair(other); Arena arena = Arena.ofShared()) {
                final MemorySegment much = arena.allocate(16 << 20);
                final Virtual<Void> writer = start(() -> pair.first.write(much, FOREVER)).awaitParked();
                end(other);
                assertThat(writer.failure()).isInstanceOf(AsynchronousCloseException.class);
            }
        }
    }

    /// The descriptor is not registered, and nothing tells of a place.
    @Test
    void itsEndEndsTheWaitForAPlaceInTheQueueOfAUnixListener() throws Exception {
        try (Poller other = Poller.open(); SocketFd listener = SocketFd.socket(AF_UNIX, SOCK_STREAM, 0)) {
            listener.bind(SockAddr.unixAutobind());
            listener.listen(0);
            final SockAddr address = listener.localAddress();
            try (BlockingSocket _ = other.connect(address, FOREVER)) {
                final Virtual<Void> second = start(() -> other.connect(address, PATIENCE_NANOS).close()).awaitParked();
                end(other);
                assertThat(second.failure()).isInstanceOf(AsynchronousCloseException.class);
            }
        }
    }

    @Test
    void whoRunsTheLoopDoesNotWaitForAPlaceInTheQueueOfAUnixListener() throws Exception {
        try (EventLoop loop = EventLoop.open(); Poller guest = Poller.on(loop);
                SocketFd listener = SocketFd.socket(AF_UNIX, SOCK_STREAM, 0)) {
            listener.bind(SockAddr.unixAutobind());
            listener.listen(0);
            final SockAddr address = listener.localAddress();
            try (BlockingSocket _ = guest.connect(address, FOREVER)) {
                loop.execute(() -> {
                    assertThatThrownBy(() -> guest.connect(address, 1_000_000).close())
                            .isInstanceOf(IllegalStateException.class).hasMessageContaining("wait for itself");
                    loop.stop();
                });
                loop.run();
            }
        }
    }

    /// A resource by another name.
    private static void end(final Poller poller) throws IOException {
        poller.close();
    }
}
