package io.github.fdsock.blocking;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.EventFd;
import io.github.fdsock.Message;
import io.github.fdsock.PipeFd;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SockAddrBuffer;
import io.github.fdsock.SocketFd;
import io.github.fdsock.harness.Faults;
import io.github.fdsock.harness.Scope;
import io.github.fdsock.harness.Trace;
import io.github.fdsock.loop.EventLoop;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.sys.Call;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A call waits until it is done, no longer than it may, and whatever ends the wait leaves the descriptor as usable as
/// it was.
@Timeout(60)
class BlockingSocketTest extends PollerFixture {
    private static final long FOREVER = -1;
    private static final long SHORT_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final MemorySegment buffer = arena.allocate(64 * 1024);
    /// Two sockets, connected to one another.
    private record Pair(BlockingSocket first, BlockingSocket second) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            try (first) {
                second.close();
            }
        }
    }

    private Pair unixPair(final int type) throws IOException {
        final SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, type, 0);
        return new Pair(poller.adopt(pair.first()), poller.adopt(pair.second()));
    }

    private BlockingSocket tcpSocket() throws IOException {
        return poller.adopt(SocketFd.socket(AF_INET, SOCK_STREAM, 0));
    }

    private BlockingSocket tcpListener() throws IOException {
        return tcpListener(128);
    }

    private BlockingSocket tcpListener(final int backlog) throws IOException {
        final BlockingSocket listener = tcpSocket();
        listener.fd().bind(SockAddr.inet("127.0.0.1", 0));
        listener.fd().listen(backlog);
        return listener;
    }

    private Pair tcpPair() throws IOException {
        try (BlockingSocket listener = tcpListener()) {
            final BlockingSocket client = poller.connect(listener.fd().localAddress(), FOREVER);
            return new Pair(client, listener.accept(FOREVER));
        }
    }

    private MemorySegment bytes(final String text) {
        return arena.allocateFrom(text).asSlice(0, text.length());
    }

    private String read(final BlockingFd fd, final long timeoutNanos) throws IOException {
        try (Arena own = Arena.ofConfined()) {
            final MemorySegment into = own.allocate(64);
            return text(into, fd.read(into, timeoutNanos));
        }
    }

    private static String text(final MemorySegment memory, final long length) {
        return new String(memory.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }

    private static void fill(final SocketFd socket) throws IOException {
        final byte[] block = new byte[4096];
        while (socket.send(block, 0, block.length, MSG_DONTWAIT) >= 0) {
            continue;
        }
    }

    @Nested
    class Waiting {

        @Test
        void untilThereIsSomethingToRead() throws Exception {
            try (Pair pair = unixPair(SOCK_STREAM)) {
                final Virtual<String> reader = Virtual.start(() -> read(pair.first, FOREVER)).awaitParked();
                pair.second.write(bytes("hello"), FOREVER);
                assertThat(reader.result()).isEqualTo("hello");
            }
        }

        @Test
        void untilEverythingIsWrittenThoughTheReaderIsSlow() throws Exception {
            final int total = 10 << 20;
            try (Pair pair = tcpPair()) {
                final Virtual<Void> writer = Virtual.<Void>start(() -> {
                    final ByteBuffer all = ByteBuffer.allocate(total);
                    for (int i = 0; i < total; i++) {
                        all.put((byte) (i % 251));
                    }
                    pair.first.write(all.flip(), FOREVER);
                    assertThat(all.remaining()).isZero();
                    pair.first.fd().shutdown(SHUT_WR);
                    return null;
                }).awaitParked();
                int received = 0;
                long n;
                while ((n = pair.second.read(buffer, FOREVER)) > 0) {
                    for (int i = 0; i < n; i++) {
                        assertThat(buffer.get(ValueLayout.JAVA_BYTE, i)).isEqualTo((byte) (received++ % 251));
                    }
                }
                assertThat(received).isEqualTo(total);
                writer.result();
            }
        }

        @Test
        void untilSomebodyConnects() throws Exception {
            try (BlockingSocket listener = tcpListener()) {
                final Virtual<BlockingSocket> acceptor = Virtual.start(() -> listener.accept(FOREVER)).awaitParked();
                try (BlockingSocket client = poller.connect(listener.fd().localAddress(), FOREVER);
                        BlockingSocket peer = acceptor.result()) {
                    client.write(bytes("x"), FOREVER);
                    assertThat(read(peer, FOREVER)).isEqualTo("x");
                }
            }
        }

        @Test
        void untilThereIsAPlaceInTheQueueOfAUnixListener() throws Exception {
            try (BlockingSocket listener = poller.adopt(SocketFd.socket(AF_UNIX, SOCK_STREAM, 0))) {
                listener.fd().bind(SockAddr.unixAutobind());
                listener.fd().listen(0);
                final SockAddr address = listener.fd().localAddress();
                try (BlockingSocket first = poller.connect(address, FOREVER)) {
                    assertThatExceptionOfType(SocketTimeoutException.class)
                            .isThrownBy(() -> poller.connect(address, SHORT_NANOS).close());
                    final Virtual<BlockingSocket> second =
                            Virtual.start(() -> poller.connect(address, FOREVER)).awaitParked();
                    listener.accept(FOREVER).close();
                    try (BlockingSocket _ = second.result()) {
                        listener.accept(FOREVER).close();
                    }
                    assertThat(read(first, FOREVER)).isEmpty();
                }
            }
        }

        @Test
        void untilTheConnectionIsRefused() throws Exception {
            final SockAddr nobody;
            try (BlockingSocket listener = tcpListener()) {
                nobody = listener.fd().localAddress();
            }
            assertThatExceptionOfType(ErrnoException.class).isThrownBy(() -> poller.connect(nobody, FOREVER).close())
                    .matches(e -> e.errno() == ECONNREFUSED);
        }

        @Test
        void forADatagramAndItsSender() throws Exception {
            try (BlockingSocket receiver = poller.adopt(SocketFd.socket(AF_INET, SOCK_DGRAM, 0));
                    BlockingSocket sender = poller.adopt(SocketFd.socket(AF_INET, SOCK_DGRAM, 0))) {
                receiver.fd().bind(SockAddr.inet("127.0.0.1", 0));
                sender.fd().bind(SockAddr.inet("127.0.0.1", 0));
                final SockAddrBuffer from = SockAddrBuffer.allocate(arena);
                final Virtual<Long> waiting =
                        Virtual.start(() -> receiver.recvFrom(buffer, 0, from, FOREVER)).awaitParked();
                final SockAddrBuffer to = SockAddrBuffer.allocate(arena).set(receiver.fd().localAddress());
                sender.sendTo(MemorySegment.NULL, 0, to, FOREVER);
                assertThat(waiting.result()).isZero();
                assertThat(from.address()).isEqualTo(sender.fd().localAddress());
            }
        }

        @Test
        void forRoomInTheQueueOfAUnixReceiverThatNothingTellsOf() throws Exception {
            try (BlockingSocket receiver = poller.adopt(SocketFd.socket(AF_UNIX, SOCK_DGRAM, 0));
                    BlockingSocket sender = poller.adopt(SocketFd.socket(AF_UNIX, SOCK_DGRAM, 0))) {
                receiver.fd().bind(SockAddr.unixAutobind());
                final SockAddrBuffer to = SockAddrBuffer.allocate(arena).set(receiver.fd().localAddress());
                final MemorySegment datagram = bytes("datagram");
                while (sender.fd().sendTo(datagram, MSG_DONTWAIT, to) > 0) {
                    continue;
                }
                assertThatExceptionOfType(SocketTimeoutException.class)
                        .isThrownBy(() -> sender.sendTo(datagram, 0, to, SHORT_NANOS));
                final Virtual<Void> waiting = Virtual.start(() -> {
                    sender.sendTo(datagram, 0, to, FOREVER);
                    return null;
                });
                assertThat(read(receiver, FOREVER)).isEqualTo("datagram");
                waiting.result();
            }
        }

        @Test
        void forAMessageWithADescriptor() throws Exception {
            try (Pair pair = unixPair(SOCK_SEQPACKET);
                    EventFd passed = EventFd.create(7, 0);
                    Message sent = Message.allocate(arena, 1, 0, 1);
                    Message received = Message.allocate(arena, 1, 0, 1)) {
                received.buffers().add(buffer);
                final Virtual<Long> waiting =
                        Virtual.start(() -> pair.first.recvmsg(received, 0, FOREVER)).awaitParked();
                sent.buffers().add(bytes("fd"));
                sent.lendFd(passed);
                assertThat(pair.second.sendmsg(sent, 0, FOREVER)).isEqualTo(2);
                assertThat(waiting.result()).isEqualTo(2);
                try (EventFd arrived = EventFd.adopt(received.takeFd(0).release())) {
                    assertThat(arrived.take()).isEqualTo(7);
                }
            }
        }

        @Test
        void onAPipeAndAnEventfdAndInAPlatformThread() throws Exception {
            final PipeFd.Pair pipe = PipeFd.create(0);
            try (BlockingFd reading = poller.adopt(pipe.readEnd());
                    BlockingFd writing = poller.adopt(pipe.writeEnd());
                    BlockingFd counter = poller.adopt(EventFd.create(0, 0))) {
                final Virtual<Long> waiting = Virtual.start(() -> take(counter)).awaitParked();
                final Virtual<Void> writer = Virtual.start(() -> {
                    waiting.awaitParked();
                    writing.write(bytes("pipe"), FOREVER);
                    ((EventFd) counter.fd()).add(3);
                    return null;
                });
                assertThat(read(reading, FOREVER)).isEqualTo("pipe");
                assertThat(waiting.result()).isEqualTo(3);
                writer.result();
            }
        }

        @Test
        void toWriteWhileAnotherBeginsToRead() throws Exception {
            try (Pair pair = unixPair(SOCK_STREAM)) {
                fill(pair.first.fd());
                final Virtual<Void> writer;
                final Virtual<String> reader;
                // Neither is registered: both come to it at the same time, the writer first.
                synchronized (poller) {
                    writer = Virtual.start(() -> {
                        pair.first.write(bytes("x"), FOREVER);
                        return null;
                    });
                    awaitBlocked(writer);
                    reader = Virtual.start(() -> read(pair.first, FOREVER));
                    awaitBlocked(reader);
                }
                reader.awaitParked();
                writer.awaitParked();
                while (pair.second.fd().recv(buffer, MSG_DONTWAIT) > 0) {
                    continue;
                }
                writer.result();
                pair.second.write(bytes("y"), FOREVER);
                assertThat(reader.result()).isEqualTo("y");
            }
        }

        private static void awaitBlocked(final Virtual<?> thread) {
            while (thread.thread().getState() != Thread.State.BLOCKED) {
                assertThat(thread.thread().isAlive()).isTrue();
                Thread.onSpinWait();
            }
        }

        private static long take(final BlockingFd counter) throws IOException {
            final EventFd eventfd = (EventFd) counter.fd();
            long n = eventfd.take();
            while (n == -EAGAIN) {
                counter.awaitReading(FOREVER);
                n = eventfd.take();
            }
            return n;
        }

        @Test
        void twoForOneEvent() throws Exception {
            try (BlockingFd counter = poller.adopt(EventFd.create(0, EFD_SEMAPHORE))) {
                final List<Virtual<Long>> takers = new ArrayList<>();
                for (int i = 0; i < 2; i++) {
                    takers.add(Virtual.start(() -> take(counter)).awaitParked());
                }
                ((EventFd) counter.fd()).add(2);
                for (final Virtual<Long> taker : takers) {
                    assertThat(taker.result()).isEqualTo(1);
                }
            }
        }
    }

    /// A short read says that there is nothing left, but for what follows.
    @Nested
    class ReadingOn {

        @Test
        void findsTheEndThatCameWithTheLastBytes() throws Exception {
            try (Pair pair = tcpPair()) {
                final Virtual<String> reader = Virtual.start(() -> read(pair.first, FOREVER)).awaitParked();
                pair.second.write(bytes("a"), FOREVER);
                assertThat(reader.result()).isEqualTo("a");
                pair.second.write(bytes("last"), FOREVER);
                pair.second.close();
                assertThat(read(pair.first, FOREVER)).isEqualTo("last");
                assertThat(read(pair.first, FOREVER)).isEmpty();
                assertThat(read(pair.first, FOREVER)).isEmpty();
            }
        }

        @Test
        void findsWithoutWaitingWhatHasComeAndIsNotToldYet() throws Exception {
            try (EventLoop idle = EventLoop.open(); Poller guest = Poller.on(idle);
                    BlockingSocket listener = tcpListener();
                    BlockingSocket writer = poller.connect(listener.fd().localAddress(), FOREVER);
                    BlockingSocket reader = guest.adopt(listener.accept(FOREVER).fd())) {
                // Registers it, where nobody looks for events.
                assertThatExceptionOfType(SocketTimeoutException.class).isThrownBy(() -> read(reader, SHORT_NANOS));
                writer.write(bytes("first"), FOREVER);
                assertThat(read(reader, 0)).isEqualTo("first");
                writer.write(bytes("second"), FOREVER);
                assertThat(read(reader, 0)).isEqualTo("second");
            }
        }

        @Test
        void findsWhatComesWhenThePollerIsClosed() throws Exception {
            try (Pair pair = tcpPair()) {
                final Virtual<String> reader = Virtual.start(() -> read(pair.first, FOREVER)).awaitParked();
                pair.second.write(bytes("a"), FOREVER);
                assertThat(reader.result()).isEqualTo("a");
                poller.close();
                assertThatExceptionOfType(AsynchronousCloseException.class)
                        .isThrownBy(() -> read(pair.first, FOREVER));
                for (final String text : new String[] {"b", "c", "d"}) {
                    pair.second.write(bytes(text), FOREVER);
                    assertThat(read(pair.first, FOREVER)).isEqualTo(text);
                }
            }
        }

        @Test
        void findsWhatIsBehindUrgentData() throws Exception {
            try (Pair pair = tcpPair()) {
                final Virtual<String> reader = Virtual.start(() -> read(pair.first, FOREVER)).awaitParked();
                pair.second.write(bytes("a"), FOREVER);
                assertThat(reader.result()).isEqualTo("a");
                pair.second.send(bytes("before!"), MSG_OOB, FOREVER);
                pair.second.write(bytes("behind"), FOREVER);
                assertThat(read(pair.first, FOREVER)).isEqualTo("before");
                assertThat(read(pair.first, FOREVER)).isEqualTo("behind");
            }
        }

        @Test
        void findsWhatIsBehindUrgentDataThatWasFetchedBeforeItWasTold() throws Exception {
            try (EventLoop loop = EventLoop.open(); Poller guest = Poller.on(loop);
                    BlockingSocket listener = tcpListener();
                    BlockingSocket writer = poller.connect(listener.fd().localAddress(), FOREVER);
                    BlockingSocket reader = guest.adopt(listener.accept(FOREVER).fd())) {
                assertThatExceptionOfType(SocketTimeoutException.class).isThrownBy(() -> read(reader, SHORT_NANOS));
                writer.write(bytes("a"), FOREVER);
                assertThat(read(reader, 0)).isEqualTo("a");
                writer.send(bytes("before!"), MSG_OOB, FOREVER);
                writer.write(bytes("behind"), FOREVER);
                assertThat(reader.fd().await(POLLPRI, TimeUnit.SECONDS.toNanos(Virtual.LIMIT_SECONDS))).isNotZero();
                assertThat(reader.recvFrom(buffer, MSG_OOB, SockAddrBuffer.allocate(arena), FOREVER)).isEqualTo(1);
                final Virtual<String> first = Virtual.start(() -> read(reader, FOREVER)).awaitParked();
                final Virtual<String> both = Virtual.start(() -> {
                    try {
                        return first.result() + read(reader, TimeUnit.SECONDS.toNanos(1));
                    } finally {
                        loop.stop();
                    }
                });
                loop.run();
                assertThat(both.result()).isEqualTo("beforebehind");
            }
        }

        @Test
        void findsWhatAnotherKindOfReadHasLeft() throws Exception {
            try (Pair pair = tcpPair()) {
                final Virtual<String> reader = Virtual.start(() -> read(pair.first, FOREVER)).awaitParked();
                pair.second.write(bytes("a"), FOREVER);
                assertThat(reader.result()).isEqualTo("a");
                final ByteBuffer one = ByteBuffer.allocate(1);
                final Virtual<Long> other = Virtual.start(() -> pair.first.read(one, FOREVER)).awaitParked();
                pair.second.write(bytes("bc"), FOREVER);
                assertThat(other.result()).isEqualTo(1);
                assertThat(read(pair.first, FOREVER)).isEqualTo("c");
            }
        }

        @Test
        void findsBytesOfAnotherSender() throws Exception {
            try (Pair pair = unixPair(SOCK_STREAM); EventFd passed = EventFd.create(0, 0)) {
                final Virtual<String> reader = Virtual.start(() -> read(pair.first, FOREVER)).awaitParked();
                pair.second.write(bytes("a"), FOREVER);
                assertThat(reader.result()).isEqualTo("a");
                pair.second.fd().sendDescriptors(bytes("with"), 0, passed);
                pair.second.write(bytes("without"), FOREVER);
                assertThat(read(pair.first, FOREVER)).isEqualTo("with");
                assertThat(read(pair.first, FOREVER)).isEqualTo("without");
            }
        }

        @Test
        void findsWhatAFaultHasLeft() throws Exception {
            try (Pair pair = tcpPair()) {
                final Virtual<String> reader = Virtual.start(() -> read(pair.first, FOREVER)).awaitParked();
                pair.second.write(bytes("a"), FOREVER);
                assertThat(reader.result()).isEqualTo("a");
                try (Faults _ = Faults.inject(Scope.descriptor(pair.first.fd()), "recv:short=1")) {
                    final Virtual<String> other = Virtual.start(() -> read(pair.first, FOREVER)).awaitParked();
                    pair.second.write(bytes("bc"), FOREVER);
                    assertThat(other.result()).isEqualTo("b");
                }
                assertThat(read(pair.first, TimeUnit.SECONDS.toNanos(20))).isEqualTo("c");
            }
        }

        @Test
        void isSparedWhereNoDescriptorsCanCome() throws Exception {
            try (SocketFd.Pair fds = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0);
                    EventFd passed = EventFd.create(0, 0)) {
                fds.second().sendDescriptors(bytes("with"), 0, passed);
                fds.second().send(bytes("without"), 0);
                assumeDescriptorsCanBeRefused(fds.first());
                final BlockingSocket socket = poller.adopt(fds.first());
                socket.awaitReading(FOREVER);
                assertThat(read(socket, TimeUnit.SECONDS.toNanos(20))).isEqualTo("with");
                assertThat(read(socket, TimeUnit.SECONDS.toNanos(20))).isEqualTo("without");
                Virtual<String> reader = Virtual.start(() -> read(socket, FOREVER)).awaitParked();
                fds.second().send(bytes("a"), 0);
                assertThat(reader.result()).isEqualTo("a");
                try (Trace trace = Trace.record(Scope.everything())) {
                    reader = Virtual.start(() -> read(socket, FOREVER)).awaitParked();
                    fds.second().send(bytes("b"), 0);
                    assertThat(reader.result()).isEqualTo("b");
                    assertThat(trace.summary().calls(Call.recv)).isEqualTo(1);
                }
                socket.close();
            }
        }

        @Test
        void isSparedWhereTheListenerRefusesThem() throws Exception {
            try (SocketFd fd = SocketFd.socket(AF_UNIX, SOCK_STREAM, 0)) {
                assumeDescriptorsCanBeRefused(fd);
                fd.bind(SockAddr.unixAutobind());
                fd.listen(1);
                try (BlockingSocket listener = poller.adopt(fd);
                        BlockingSocket client = poller.connect(fd.localAddress(), FOREVER);
                        BlockingSocket socket = listener.accept(FOREVER)) {
                    assertThat(socket.fd().getsockopt(SockOpt.SO_PASSRIGHTS)).isFalse();
                    assertThat(client.fd().getsockopt(SockOpt.SO_PASSRIGHTS)).isTrue();
                    final Virtual<String> reader = Virtual.start(() -> read(socket, FOREVER)).awaitParked();
                    client.write(bytes("a"), FOREVER);
                    assertThat(reader.result()).isEqualTo("a");
                    try (Trace trace = Trace.record(Scope.everything())) {
                        client.write(bytes("b"), FOREVER);
                        assertThat(read(socket, FOREVER)).isEqualTo("b");
                        assertThat(trace.summary().calls(Call.recv)).isEqualTo(1);
                    }
                }
            }
        }

        private static void assumeDescriptorsCanBeRefused(final SocketFd socket) throws IOException {
            assumeTrue(socket.refuseDescriptors(), "SO_PASSRIGHTS came with Linux 6.16");
        }
    }

    @Nested
    class Limits {

        @Test
        void j08_areOverInTimeAndTheConnectionGoesOn() throws Exception {
            try (BlockingSocket listener = tcpListener(); Pair pair = tcpPair()) {
                for (final long limit : new long[] {0, 1, 300_000, SHORT_NANOS}) {
                    final long start = System.nanoTime();
                    assertThatExceptionOfType(SocketTimeoutException.class).isThrownBy(() -> read(pair.first, limit))
                            .withMessageContaining(limit + " ns");
                    assertThatExceptionOfType(SocketTimeoutException.class).isThrownBy(() -> listener.accept(limit));
                    assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(2 * limit);
                }
                pair.second.write(bytes("on"), FOREVER);
                assertThat(read(pair.first, SHORT_NANOS)).isEqualTo("on");
                poller.connect(listener.fd().localAddress(), FOREVER).close();
                listener.accept(TimeUnit.SECONDS.toNanos(Virtual.LIMIT_SECONDS)).close();
            }
        }

        @Test
        void ofAConnectLetItGoOnAndBeWaitedForAgain() throws Exception {
            try (BlockingSocket listener = tcpListener(0); BlockingSocket first = tcpSocket();
                    BlockingSocket second = tcpSocket()) {
                final SockAddr address = listener.fd().localAddress();
                first.connect(address, FOREVER);
                // The queue has room for one more than it was told, and whoever comes behind it gets no answer yet.
                for (int i = 0; i < 2; i++) {
                    assertThatExceptionOfType(SocketTimeoutException.class)
                            .isThrownBy(() -> second.connect(address, SHORT_NANOS));
                }
                assertThatExceptionOfType(ErrnoException.class)
                        .isThrownBy(() -> second.connect(SockAddr.inet("127.0.0.1", 1), FOREVER))
                        .satisfies(e -> assertThat(e.errno()).isEqualTo(EALREADY));
                listener.accept(FOREVER).close();
                second.connect(address, FOREVER);
                try (BlockingSocket peer = listener.accept(FOREVER)) {
                    assertThat(peer.fd().remoteAddress()).isEqualTo(second.fd().localAddress());
                }
            }
        }

        @Test
        void holdWhereWhoSharesTheSocketLetsItBlock() throws Exception {
            try (Pair pair = unixPair(SOCK_STREAM)) {
                pair.first.fd().nonBlocking(false);
                final ByteBuffer one = ByteBuffer.allocate(1);
                final Virtual<Long> reader = Virtual.start(() -> pair.first.read(one, SHORT_NANOS));
                assertThat(reader.failure()).isInstanceOf(SocketTimeoutException.class);
                fill(pair.first.fd());
                final Virtual<Void> writer = Virtual.start(() -> {
                    pair.first.write(one, SHORT_NANOS);
                    return null;
                });
                assertThat(writer.failure()).isInstanceOf(SocketTimeoutException.class);
            }
        }

        @Test
        void areNotNeededToReadIntoABufferWithoutRoom() throws Exception {
            try (Pair pair = unixPair(SOCK_STREAM)) {
                final ByteBuffer none = ByteBuffer.allocate(0);
                assertThat(Virtual.start(() -> pair.first.read(none, FOREVER)).result()).isZero();
            }
        }

        @Test
        void ofAWriteTellHowMuchIsThrough() throws Exception {
            try (Pair pair = unixPair(SOCK_STREAM)) {
                final MemorySegment much = arena.allocate(1 << 20);
                assertThatExceptionOfType(SocketTimeoutException.class)
                        .isThrownBy(() -> pair.first.write(much, SHORT_NANOS))
                        .satisfies(e -> assertThat(e.bytesTransferred).isBetween(1, (1 << 20) - 1)
                                .isLessThanOrEqualTo(drain(pair.second)));
            }
        }

        private int drain(final BlockingSocket socket) throws IOException {
            int total = 0;
            long n;
            while ((n = socket.fd().recv(buffer, MSG_DONTWAIT)) > 0) {
                total += (int) n;
            }
            return total;
        }

        @Test
        void countWhileOthersHaveTheirTurn() throws Exception {
            try (Pair pair = unixPair(SOCK_STREAM)) {
                final Virtual<String> first = Virtual.start(() -> read(pair.first, FOREVER)).awaitParked();
                assertThatExceptionOfType(SocketTimeoutException.class).isThrownBy(() -> read(pair.first, SHORT_NANOS));
                pair.second.write(bytes("x"), FOREVER);
                assertThat(first.result()).isEqualTo("x");
            }
        }
    }

    @Nested
    class Interrupts {

        @Test
        void endTheWaitAndLeaveTheDescriptorOpen() throws Exception {
            try (Pair pair = unixPair(SOCK_STREAM)) {
                final CountDownLatch interrupted = new CountDownLatch(1);
                final Virtual<String> reader = Virtual.start(() -> {
                    assertThatThrownBy(() -> read(pair.first, FOREVER))
                            .isExactlyInstanceOf(InterruptedIOException.class);
                    assertThat(Thread.interrupted()).isTrue();
                    interrupted.countDown();
                    return read(pair.first, FOREVER);
                }).awaitParked();
                reader.thread().interrupt();
                interrupted.await();
                pair.second.write(bytes("again"), FOREVER);
                assertThat(reader.result()).isEqualTo("again");
            }
        }

        @Test
        void endTheWaitForATurn() throws Exception {
            try (Pair pair = unixPair(SOCK_STREAM)) {
                final Virtual<String> first = Virtual.start(() -> read(pair.first, FOREVER)).awaitParked();
                final Virtual<String> second = Virtual.start(() -> read(pair.first, FOREVER)).awaitParked();
                second.thread().interrupt();
                assertThat(second.failure()).isExactlyInstanceOf(InterruptedIOException.class);
                pair.second.write(bytes("x"), FOREVER);
                assertThat(first.result()).isEqualTo("x");
            }
        }

        @Test
        void areNotLookedAtWhereNothingHasToWait() throws Exception {
            try (Pair pair = unixPair(SOCK_STREAM)) {
                pair.second.write(bytes("there"), FOREVER);
                Thread.currentThread().interrupt();
                assertThat(read(pair.first, FOREVER)).isEqualTo("there");
                assertThatThrownBy(() -> read(pair.first, FOREVER)).isExactlyInstanceOf(InterruptedIOException.class);
                assertThat(Thread.interrupted()).isTrue();
            }
        }
    }

    @Nested
    class Closing {

        @Test
        @SuppressWarnings("try")
        void j08_wakesWhoAcceptsReadsOrWrites() throws Exception {
            try (BlockingSocket listener = tcpListener(); Pair pair = unixPair(SOCK_STREAM)) {
                fill(pair.first.fd());
                final List<Virtual<?>> waiting = List.of(Virtual.start(() -> listener.accept(FOREVER)),
                        Virtual.start(() -> read(pair.first, FOREVER)),
                        Virtual.start(() -> {
                            pair.first.write(bytes("x"), FOREVER);
                            return null;
                        }));
                waiting.forEach(Virtual::awaitParked);
                listener.close();
                pair.first.close();
                for (final Virtual<?> each : waiting) {
                    assertThat(each.failure()).isInstanceOf(AsynchronousCloseException.class);
                }
                assertThatThrownBy(() -> listener.accept(FOREVER)).isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("was closed by thread");
                assertThatThrownBy(() -> read(pair.first, FOREVER)).isInstanceOf(IllegalStateException.class);
            }
        }

        @Test
        void wakesAThousandWhoWaitForTheirTurn() throws Exception {
            final List<Virtual<BlockingSocket>> waiting = new ArrayList<>();
            try (BlockingSocket listener = tcpListener()) {
                for (int i = 0; i < 1000; i++) {
                    waiting.add(Virtual.start(() -> listener.accept(FOREVER)));
                }
                waiting.forEach(Virtual::awaitParked);
            }
            for (final Virtual<BlockingSocket> each : waiting) {
                assertThat(each.failure()).isInstanceOf(AsynchronousCloseException.class);
            }
        }

        @Test
        void isToldToWhoComesBehindTheOneThatIsWoken() throws Exception {
            try (Pair pair = unixPair(SOCK_STREAM)) {
                final Virtual<String> first = Virtual.start(() -> read(pair.first, FOREVER)).awaitParked();
                final Virtual<Void> closing;
                // The close has woken the first one, and goes no further for now.
                synchronized (poller) {
                    closing = Virtual.start(() -> {
                        pair.first.close();
                        return null;
                    });
                    assertThat(first.failure()).isInstanceOf(AsynchronousCloseException.class);
                    assertThatThrownBy(() -> read(pair.first, TimeUnit.SECONDS.toNanos(1)))
                            .isInstanceOf(AsynchronousCloseException.class);
                }
                closing.result();
            }
        }

        @Test
        void isToldToWhoHasWaitedAndTriesAgain() throws Exception {
            for (int i = 0; i < 3; i++) {
                try (Pair pair = unixPair(SOCK_STREAM)) {
                    // Each try takes a copy of that size first: time enough.
                    final ByteBuffer large = ByteBuffer.allocate(1 << 28);
                    final Virtual<Long> reader = Virtual.start(() -> pair.first.read(large, FOREVER)).awaitParked();
                    pair.second.write(bytes("x"), FOREVER);
                    while (reader.thread().getState() != Thread.State.RUNNABLE || pair.first.in.isSignalled()) {
                        Thread.onSpinWait();
                    }
                    pair.first.close();
                    assertThat(reader.failure()).isInstanceOf(AsynchronousCloseException.class);
                }
            }
        }

        @Test
        @SuppressWarnings("try")
        void leavesASocketToThoseWhoShareIt() throws Exception {
            try (BlockingSocket listener = tcpListener(); BlockingSocket shared = poller.adopt(listener.fd().dup())) {
                final Virtual<BlockingSocket> waiting = Virtual.start(() -> listener.accept(FOREVER)).awaitParked();
                listener.close();
                assertThat(waiting.failure()).isInstanceOf(AsynchronousCloseException.class);
                try (BlockingSocket client = poller.connect(shared.fd().localAddress(), FOREVER);
                        BlockingSocket peer = shared.accept(FOREVER)) {
                    peer.write(bytes("alive"), FOREVER);
                    assertThat(read(client, FOREVER)).isEqualTo("alive");
                }
            }
        }

        @Test
        void wakesWhereTheDescriptorIsClosedBehindItsBack() throws Exception {
            try (Pair pair = unixPair(SOCK_STREAM)) {
                final Virtual<String> reader = Virtual.start(() -> read(pair.first, FOREVER)).awaitParked();
                pair.first.fd().close();
                assertThat(reader.failure()).isInstanceOf(IllegalStateException.class);
            }
        }

        @Test
        void withATimeLimitOfTheKernelAsWell() throws Exception {
            try (Pair pair = unixPair(SOCK_STREAM)) {
                pair.first.fd().setsockopt(SockOpt.SO_RCVTIMEO, Duration.ofMillis(1));
                final Virtual<String> reader = Virtual.start(() -> read(pair.first, FOREVER)).awaitParked();
                pair.second.write(bytes("x"), FOREVER);
                assertThat(reader.result()).isEqualTo("x");
            }
        }
    }
}
