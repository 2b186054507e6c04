package io.github.fdsock.loop;

import static io.github.fdsock.harness.junit.SocketFamily.TCP4;
import static io.github.fdsock.harness.junit.SocketFamily.UNIX_STREAM;
import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.EventFd;
import io.github.fdsock.SocketFd;
import io.github.fdsock.harness.Faults;
import io.github.fdsock.harness.junit.FdLedger;
import io.github.fdsock.harness.junit.SocketFamilies;
import io.github.fdsock.harness.junit.SocketFamily;
import io.github.fdsock.option.SockOpt;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/// A stream that is moved to another loop is there with everything that it had, and is one thread's at any time.
@Timeout(60)
@FdLedger
@ParameterizedClass
@EnumSource(Arrivals.class)
class StreamMoveTest {
    @Parameter
    private Arrivals arrivals;

    private final List<String> told = Collections.synchronizedList(new ArrayList<>());

    private static final MemorySegment HELLO = MemorySegment.ofArray("hello".getBytes());

    @Test
    void aLoopThatCannotBeWokenGetsItWhenThatSucceeds() throws Exception {
        try (EventLoop one = EventLoop.open(); EventLoops others = EventLoops.start(1, WaitStrategy.BLOCK)) {
            final AtomicInteger arrived = new AtomicInteger();
            int moved = 0;
            try (Faults faults = Faults.inject("write:error=ENOMEM:when=1")) {
                do {
                    // To one that does not sleep yet nothing is written.
                    try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0)) {
                        arrivals.adopt(one, pair.first()).moveTo(others.get(0), stream -> {
                            stream.destroy();
                            arrived.incrementAndGet();
                        });
                        moved++;
                        final int all = moved;
                        Turns.until(one, () -> arrived.get() == all);
                    }
                } while (faults.injected() == 0);
            }
        }
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void itMovesWithHandlersQueueUnreadDataTimersAndCounters(final SocketFd.Pair pair) throws IOException {
        // So the kernel cannot take all that is queued, however it sees to its buffers.
        pair.first().setsockopt(SockOpt.SO_SNDBUF, 64 * 1024);
        pair.second().setsockopt(SockOpt.SO_RCVBUF, 64 * 1024);
        try (EventLoop one = EventLoop.open(); EventLoop other = EventLoop.open()) {
            final Stream stream = arrivals.adopt(one, pair.first());
            stream.highWaterMark(1 << 20).onData(data -> told.add(Turns.text(data)))
                    .onDrain(() -> told.add("drain"))
                    .onTimeout(Duration.ofMillis(30), () -> told.add("timeout"))
                    .onClose(cause -> told.add("close " + cause));
            final long[] written = {0};
            while (stream.write(Turns.numbered(written[0], 10_000), failure -> told.add("written"))) {
                written[0] += 10_000;
            }
            written[0] += 10_000;
            pair.second().send("unread".getBytes(), 0, 6, 0);
            stream.moveTo(other, arrived -> {
                assertThat(arrived).isSameAs(stream);
                assertThat(arrived.loop()).isSameAs(other);
                told.add("moved");
            });
            // Before it leaves it can be used here.
            stream.write(Turns.numbered(written[0], 10_000), failure -> told.add("last"));
            written[0] += 10_000;
            Turns.untilOver(one);
            assertThat(told).doesNotContain("moved", "unread", "drain");
            final long taken = told.stream().filter("written"::equals).count();
            told.clear();
            assertThat(one.metrics().streams()).isZero();
            assertThat(one.metrics().bytesQueued()).isZero();
            assertThat(one.hasWork()).isFalse();
            assertThatThrownBy(() -> stream.write(HELLO)).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("on its way to another loop");
            assertThatThrownBy(stream::unref).isInstanceOf(IllegalStateException.class);

            Turns.until(other, () -> told.contains("timeout"));
            assertThat(told.subList(0, 2)).containsExactly("moved", "unread");
            assertThat(other.metrics().streams()).isEqualTo(1);
            assertThat(other.metrics().bytesQueued()).isEqualTo(stream.bytesQueued());
            assertThat(stream.bytesQueued() + stream.bytesWritten()).isEqualTo(written[0]);
            assertThat(stream.bytesRead()).isEqualTo(6);
            stream.end();
            pair.second().nonBlocking(true);
            final MemorySegment into = Arena.ofAuto().allocate(1 << 20);
            final long[] got = {0};
            Turns.until(other, () -> {
                try {
                    long n;
                    while ((n = pair.second().recv(into, 0)) > 0) {
                        got[0] = Turns.check(got[0], into.asSlice(0, n));
                    }
                    return n == 0;
                } catch (final IOException e) {
                    throw new AssertionError(e);
                }
            });
            assertThat(got[0]).isEqualTo(written[0]).isEqualTo(stream.bytesWritten());
            pair.second().close();
            Turns.untilOver(other);
            assertThat(told).endsWith("close null");
            assertThat(told.stream().filter("written"::equals).count() + taken).isEqualTo(written[0] / 10_000 - 1);
            assertThat(told).containsOnlyOnce("last");
        }
    }

    @Test
    void whatIsToldOfTheTimeBeforeIsToldBeforeItLeaves() throws IOException {
        try (EventLoop one = EventLoop.open(); EventLoop other = EventLoop.open();
                SocketFd.Pair pair = UNIX_STREAM.connected()) {
            final Stream stream = arrivals.adopt(one, pair.first());
            stream.moveTo(other, _ -> told.add("moved"));
            stream.write(HELLO, _ -> told.add(stream.loop() == one ? "here" : "there"));
            Turns.untilOver(one);
            assertThat(told).containsExactly("here");
            Turns.until(other, () -> told.size() == 2);
            assertThat(told).containsExactly("here", "moved");
        }
    }

    @Test
    void whoWritesAgainWheneverAWriteIsOverMovesAllTheSame() throws IOException {
        try (EventLoop one = EventLoop.open(); EventLoop other = EventLoop.open();
                SocketFd.Pair pair = UNIX_STREAM.connected()) {
            final Stream stream = arrivals.adopt(one, pair.first());
            final long[] sum = {0};
            arrivals.adopt(other, pair.second()).onData(data -> sum[0] = Turns.check(sum[0], data));
            writeOn(stream, 0);
            stream.moveTo(other, _ -> told.add("moved"));
            Turns.untilQuiet(one);
            assertThat(told).hasSizeLessThan(10);
            Turns.until(other, () -> told.contains("999"));
            assertThat(told).hasSize(1001).containsOnlyOnce("moved");
            assertThat(sum[0]).isEqualTo(1000);
        }
    }

    private void writeOn(final Stream stream, final int from) {
        if (from < 1000) {
            stream.write(Turns.numbered(from, 1), failure -> {
                assertThat(failure).isNull();
                told.add(Integer.toString(from));
                writeOn(stream, from + 1);
            });
        }
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void anAcceptorHandsItsConnectionsOverAndReadsNothingOfThem(final SocketFamily family) throws IOException {
        try (EventLoop acceptor = EventLoop.open(); EventLoop worker = EventLoop.open()) {
            final Listener listener = acceptor.listen(family.any(), stream ->
                    stream.moveTo(worker, moved -> moved.onData(moved::write)));
            try (SocketFd client = family.socket(0)) {
                client.connect(listener.localAddress());
                client.send("hello".getBytes(), 0, 5, 0);
                Turns.until(acceptor, () -> acceptor.metrics().connectionsAccepted() == 1);
                Turns.until(worker, () -> worker.metrics().bytesWritten() == 5);
                assertThat(acceptor.metrics().bytesRead()).isZero();
                assertThat(client.recv(new byte[10], 0, 10, MSG_DONTWAIT)).isEqualTo(5);
            }
        }
    }

    @Test
    void aConnectionOnItsWayMovesTooAndTellsThere() throws IOException {
        try (EventLoop one = EventLoop.open(); EventLoop other = EventLoop.open();
                SocketFd listener = TCP4.listening(1)) {
            final Stream stream = one.connect(listener.localAddress()).onConnect(() -> told.add("connect"));
            stream.unref();
            stream.write(HELLO);
            stream.moveTo(other, _ -> told.add("moved"));
            Turns.untilOver(one);
            assertThat(told).isEmpty();
            Turns.untilOver(other);
            assertThat(told).as("nobody waits for one that is not referenced").containsExactly("moved");
            stream.ref();
            Turns.until(other, () -> told.contains("connect"));
            try (SocketFd peer = listener.accept()) {
                assertThat(peer.recv(new byte[10], 0, 10, 0)).isEqualTo(5);
            }
        }
    }

    @Test
    void aLoopThatIsClosedEndsTheStreamAndItIsTold() throws IOException {
        try (EventLoop one = EventLoop.open()) {
            final EventLoop closed = EventLoop.open();
            closed.close();
            try (SocketFd.Pair pair = UNIX_STREAM.connected()) {
                final Stream stream = arrivals.adopt(one, pair.first()).onClose(cause -> told.add(cause.getMessage()));
                while (stream.write(HELLO)) {
                    continue;
                }
                stream.moveTo(closed, _ -> told.add("moved"));
                Turns.untilOver(one);
                assertThat(told).containsExactly("the loop that it was to be moved to is closed");
                assertThat(one.metrics().streams()).isZero();
                assertThat(one.metrics().bytesQueued()).isZero();
            }
        }
    }

    @Test
    void aLoopThatIsClosedWhileItIsOnItsWayTellsItThere() throws IOException {
        try (EventLoop one = EventLoop.open(); SocketFd.Pair pair = UNIX_STREAM.connected()) {
            final EventLoop other = EventLoop.open();
            final Stream stream = arrivals.adopt(one, pair.first()).onClose(cause -> told.add("close " + cause));
            stream.moveTo(other, _ -> told.add("moved"));
            Turns.untilOver(one);
            assertThat(told).isEmpty();
            other.close();
            assertThat(told).containsExactly("moved", "close null");
            assertThat(stream.isClosed()).isTrue();
        }
    }

    @Test
    void oneThatIsClosedBeforeItLeavesStays() throws IOException {
        try (EventLoop one = EventLoop.open(); EventLoop other = EventLoop.open();
                SocketFd.Pair pair = UNIX_STREAM.connected(); SocketFd.Pair second = UNIX_STREAM.connected()) {
            final Stream stream = arrivals.adopt(one, pair.first()).onClose(cause -> told.add("close " + cause));
            stream.moveTo(other, _ -> told.add("moved"));
            assertThatThrownBy(() -> stream.moveTo(other, _ -> { })).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("is moved already");
            stream.destroy();
            final Stream failing = arrivals.adopt(one, second.first()).onClose(cause -> told.add(cause.getMessage()));
            failing.moveTo(other, _ -> told.add("moved"));
            try (Faults faults = Faults.inject("send:error=ENOBUFS")) {
                failing.write(Arena.ofAuto().allocate(1));
                assertThat(faults.injected()).isEqualTo(1);
            }
            Turns.untilOver(one);
            Turns.untilOver(other);
            assertThat(told).hasSize(2).startsWith("close null").element(1).asString().contains("ENOBUFS");
            stream.moveTo(other, _ -> told.add("moved"));
            assertThat(one.hasWork() || other.hasWork()).isFalse();
        }
    }

    @Test
    void oneThatCannotBeTakenInIsDestroyedAndToldThere() throws IOException {
        try (EventLoop one = EventLoop.open(); EventLoop other = EventLoop.open();
                SocketFd.Pair pair = UNIX_STREAM.connected()) {
            arrivals.adopt(one, pair.first()).onClose(cause -> told.add(cause.getMessage()))
                    .moveTo(other, _ -> told.add("moved"));
            Turns.untilOver(one);
            try (Faults faults = Faults.inject("epoll_ctl:error=ENOSPC")) {
                Turns.untilOver(other);
                assertThat(faults.injected()).isEqualTo(1);
            }
            assertThat(told).singleElement().asString().contains("ENOSPC");
        }
    }

    /// A loop and the thread that runs it.
    private static final class Worker implements AutoCloseable {
        final EventLoop loop = EventLoop.open();
        private final EventFd keepsItRunning = EventFd.create(0, 0);
        private final AtomicReference<Throwable> failure = new AtomicReference<>();
        private final Thread thread;

        Worker() throws IOException {
            loop.register(keepsItRunning, EPOLLIN, (_, _) -> { });
            thread = new Thread(() -> {
                try {
                    loop.run();
                } catch (final Throwable e) {
                    failure.set(e);
                }
            });
            thread.start();
        }

        @Override
        public void close() throws IOException {
            loop.stop();
            try {
                thread.join();
            } catch (final InterruptedException e) {
                throw new AssertionError(e);
            }
            loop.close();
            keepsItRunning.close();
            assertThat(failure.get()).isNull();
        }
    }

    /// Counts up, and moves to another loop, or back to its own, after every read.
    private static final class Wanderer {
        final List<Worker> workers;
        final AtomicInteger moves = new AtomicInteger();
        final AtomicReference<Thread> at = new AtomicReference<>();
        long received;

        Wanderer(final List<Worker> workers) {
            this.workers = workers;
        }

        /// What is received goes back, and it moves on.
        void data(final Stream stream, final MemorySegment data) {
            final Thread before = at.compareAndExchange(null, Thread.currentThread());
            assertThat(before).as("another thread at the same time").isNull();
            assertThat(stream.loop().inLoop()).isTrue();
            received = Turns.check(received, data);
            if (!stream.write(data)) {
                stream.pause();
            }
            final EventLoop next = workers.get((int) (received % workers.size())).loop;
            stream.moveTo(next, arrived -> {
                assertThat(next.inLoop()).isTrue();
                moves.incrementAndGet();
            });
            at.set(null);
        }
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void underLoadNothingIsLostAndNoTwoThreadsHaveOne(final SocketFamily family) throws Exception {
        final int connections = 8;
        final long total = 4_000_000;
        final List<Worker> workers = new ArrayList<>();
        final List<Wanderer> wanderers = new ArrayList<>();
        final CountDownLatch closed = new CountDownLatch(connections);
        try (EventLoop clients = EventLoop.open()) {
            for (int i = 0; i < 3; i++) {
                workers.add(new Worker());
            }
            final long[] back = new long[connections];
            int open = 0;
            final int[] ended = {0};
            for (int i = 0; i < connections; i++) {
                final SocketFd.Pair pair = family.connected();
                final Wanderer wanderer = new Wanderer(workers);
                wanderers.add(wanderer);
                final EventLoop first = workers.get(i % 3).loop;
                first.execute(() -> {
                    try {
                        final Stream stream = arrivals.adopt(first, pair.second());
                        stream.onData(data -> wanderer.data(stream, data))
                                .onDrain(stream::resume)
                                .onClose(cause -> {
                                    told.add("close " + cause);
                                    closed.countDown();
                                });
                    } catch (final IOException e) {
                        throw new AssertionError(e);
                    }
                });
                final Stream client = arrivals.adopt(clients, pair.first());
                final long[] sent = {0};
                final Action send = () -> {
                    boolean more = true;
                    while (more && sent[0] < total) {
                        final int size = (int) Math.min(total - sent[0], 1 + sent[0] * 31 % 5_000);
                        more = client.write(Turns.numbered(sent[0], size));
                        sent[0] += size;
                    }
                    if (sent[0] == total && more) {
                        client.end();
                    }
                };
                final int n = i;
                client.onDrain(send).onData(data -> back[n] = Turns.check(back[n], data)).onClose(cause -> {
                    assertThat(cause).isNull();
                    ended[0]++;
                });
                send.run();
                if (sent[0] == total) {
                    client.end();
                }
                open++;
            }
            final int all = open;
            Turns.until(clients, () -> ended[0] == all);
            assertThat(closed.await(20, TimeUnit.SECONDS)).isTrue();
            assertThat(back).containsOnly(total);
            assertThat(told).hasSize(connections).containsOnly("close null");
            assertThat(wanderers.stream().mapToInt(each -> each.moves.get()).sum()).as("moves").isGreaterThan(100);
        } finally {
            for (final Worker worker : workers) {
                worker.close();
            }
        }
        for (final Worker worker : workers) {
            assertThat(worker.loop.metrics().streams()).isZero();
            assertThat(worker.loop.metrics().bytesQueued()).isZero();
        }
    }

    @Test
    void aSocketThatSomebodyElseClosesOnTheWayEndsTheStreamAndNotTheRun() throws IOException {
        try (EventLoop one = EventLoop.open(); EventLoop other = EventLoop.open();
                SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
            final Stream stream = arrivals.adopt(one, pair.first());
            stream.onClose(cause -> told.add("close " + cause));
            stream.moveTo(other, _ -> told.add("moved"));
            Turns.untilOver(one);
            stream.socket().close();
            Turns.untilOver(other);
            assertThat(stream.isClosed()).isTrue();
            assertThat(told).singleElement().asString().startsWith("close ").contains("closed");
        }
    }

    @Test
    void whatCannotArriveLeavesTheLoopAloneThatItComesFrom() throws Exception {
        try (EventLoops from = EventLoops.start(1, WaitStrategy.BLOCK); EventLoop other = EventLoop.open();
                SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
            final List<Throwable> causes = new ArrayList<>();
            final CountDownLatch left = new CountDownLatch(1);
            from.get(0).execute(() -> {
                try {
                    from.get(0).adopt(pair.first()).onClose(causes::add).moveTo(other, _ -> { });
                    from.get(0).ending(left::countDown);
                } catch (final IOException e) {
                    throw new AssertionError(e);
                }
            });
            assertThat(left.await(20, TimeUnit.SECONDS)).isTrue();
            try (Faults _ = Faults.inject("epoll_ctl:error=ENOSPC")) {
                Turns.untilOver(other);
            }
            assertThat(causes).singleElement().satisfies(cause -> assertThat(cause.getSuppressed()).isEmpty());
        }
    }

    @Test
    void oneThatIsClosedInGoodOrderBeforeItLeavesTellsNothingButItsClose() throws IOException {
        try (EventLoop one = EventLoop.open(); EventLoop other = EventLoop.open();
                SocketFd.Pair pair = UNIX_STREAM.connected()) {
            final Stream stream = arrivals.adopt(one, pair.first()).onClose(cause -> told.add("close " + cause));
            stream.moveTo(other, _ -> told.add("moved"));
            stream.close();
            Turns.untilOver(one);
            pair.second().close();
            Turns.untilOver(other);
            assertThat(told).containsExactly("close null");
        }
    }
}
