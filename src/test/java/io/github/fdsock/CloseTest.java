package io.github.fdsock;

import static io.github.fdsock.harness.junit.SocketFamily.TCP4;
import static io.github.fdsock.harness.junit.SocketFamily.TCP6;
import static io.github.fdsock.harness.junit.SocketFamily.UDP4;
import static io.github.fdsock.harness.junit.SocketFamily.UDP6;
import static io.github.fdsock.harness.junit.SocketFamily.UNIX_DGRAM;
import static io.github.fdsock.harness.junit.SocketFamily.UNIX_SEQPACKET;
import static io.github.fdsock.harness.junit.SocketFamily.UNIX_STREAM;
import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.harness.junit.SocketFamilies;
import io.github.fdsock.harness.junit.SocketFamily;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Interposer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.AsynchronousCloseException;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.junit.jupiter.api.Test;

/// Closing a socket ends the calls that other threads are blocked in, and its number is given back after the last of
/// them.
class CloseTest {
    /// Notes when a call of one thread ends, and when the number is shut down and closed.
    private static final class Order implements Interposer, AutoCloseable {
        final List<String> events = new CopyOnWriteArrayList<>();
        private final int fd;
        private final Interposer before;
        private final Interposer behind;

        Order(final Fd fd) {
            this.fd = fd.intValue();
            before = Interposer.install(this);
            behind = before == null ? Interposer::proceed : before;
        }

        @Override
        public long call(final Call call, final Object... arguments) {
            if (!arguments[0].equals(fd)) {
                return behind.call(call, arguments);
            }
            if (call == Call.close || call == Call.shutdown) {
                events.add(call.name());
                return behind.call(call, arguments);
            }
            final long result = behind.call(call, arguments);
            events.add(call.name() + " returns");
            return result;
        }

        @Override
        public void close() {
            Interposer.install(before);
        }
    }

    /// Blocks `call` on `socket`, closes that, and looks at what happens in which order.
    private static void closeEnds(final SocketFd socket, final Call kind, final Callable<?> call) throws Exception {
        try (Order order = new Order(socket); Background<?> blocked = Background.start(call)) {
            blocked.awaitBlockedOn(socket);
            socket.close();
            assertThat(blocked.failure()).isInstanceOf(AsynchronousCloseException.class);
            assertThat(order.events.subList(order.events.indexOf("shutdown"), order.events.size()))
                    .containsExactly("shutdown", kind + " returns", "close");
        }
    }

    @SocketFamilies
    void endsReceiving(final SocketFd.Pair pair) throws Exception {
        closeEnds(pair.first(), Call.recv, () -> pair.first().recv(new byte[9], 0, 9, 0));
    }

    @SocketFamilies
    void endsReading(final SocketFd.Pair pair) throws Exception {
        closeEnds(pair.first(), Call.read, () -> pair.first().read(new byte[9], 0, 9));
    }

    @SocketFamilies
    void endsReceivingMessages(final SocketFamily family) throws Exception {
        try (Arena arena = Arena.ofShared(); SocketFd.Pair pair = family.connected()) {
            final MemorySegment into = arena.allocate(9);
            closeEnds(pair.first(), Call.recvmsg, () -> pair.first().receive(into, 0, 1));
        }
    }

    @SocketFamilies({UDP4, UDP6, UNIX_DGRAM})
    void endsReceivingFromAnybody(final SocketFamily family) throws Exception {
        try (Arena arena = Arena.ofShared(); SocketFd socket = family.bound()) {
            final MemorySegment into = arena.allocate(9);
            final SockAddrBuffer from = SockAddrBuffer.allocate(arena);
            closeEnds(socket, Call.recvfrom, () -> socket.recvFrom(into, 0, from));
        }
    }

    /// Closes `fd` after a call of one kind has found that it has to wait, before it waits.
    private static void closedBetweenTryAndWait(final Fd fd, final Call kind, final Callable<?> call) {
        try (Seen seen = Seen.calls(made -> {
            if (made.call() != kind || !fd.isOpen()) {
                return null;
            }
            final long result = made.really();
            try {
                fd.close();
            } catch (final ErrnoException e) {
                throw new UncheckedIOException(e);
            }
            return result;
        })) {
            assertThatThrownBy(call::call).isInstanceOf(AsynchronousCloseException.class);
            assertThat(seen.all(kind)).hasSize(1);
            assertThat(seen.all(Call.ppoll)).as("not every kind can be woken").isEmpty();
            assertThat(seen.all(Call.close)).hasSize(1);
        }
    }

    @SocketFamilies
    void endsReceivingWithALimitAlsoBetweenTryAndWait(final SocketFd.Pair pair) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment into = arena.allocate(9);
            closedBetweenTryAndWait(pair.first(), Call.recv, () -> pair.first().recv(into, 0, -1));
        }
    }

    @SocketFamilies({TCP4, UNIX_STREAM, UNIX_DGRAM})
    void endsSendingWithALimitAlsoBetweenTryAndWait(final SocketFd.Pair pair) throws Exception {
        Background.fill(pair.first());
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment from = arena.allocate(9);
            closedBetweenTryAndWait(pair.first(), Call.send, () -> pair.first().send(from, 0, -1));
        }
    }

    @Test
    void endsWaitingForAChildAlsoBetweenTryAndWait() throws Exception {
        final Process child = new ProcessBuilder("sleep", "60").start();
        try (PidFd pidFd = PidFd.open(child)) {
            closedBetweenTryAndWait(pidFd, Call.waitid, pidFd::waitFor);
        } finally {
            child.destroyForcibly().waitFor();
        }
    }

    @SocketFamilies({TCP4, TCP6, UNIX_STREAM, UNIX_SEQPACKET})
    void endsAccepting(final SocketFamily family) throws Exception {
        try (SocketFd listener = family.listening(1)) {
            closeEnds(listener, Call.accept4, listener::accept);
        }
    }

    @SocketFamilies({TCP4, TCP6, UNIX_STREAM, UNIX_SEQPACKET, UNIX_DGRAM})
    void endsSendingWithoutRoom(final SocketFd.Pair pair) throws Exception {
        pair.first().setsockopt(SockOpt.SO_SNDBUF, 8192);
        pair.second().setsockopt(SockOpt.SO_RCVBUF, 8192);
        Background.fill(pair.first());
        closeEnds(pair.first(), Call.send, () -> {
            // More than once, since TCP goes on moving bytes from the one buffer to the other for a while; and one byte
            // at a time, since of more a part may be taken, which is then the result.
            for (;;) {
                pair.first().send(new byte[1], 0, 1, 0);
            }
        });
    }

    @SocketFamilies({TCP4, TCP6})
    void endsConnecting(final SocketFamily family) throws Exception {
        try (SocketFd listener = family.listening(0); SocketFd queued = family.socket();
                SocketFd blocked = family.socket()) {
            // The one place is taken, so that the next one's SYN is dropped.
            queued.connect(listener.localAddress());
            final SockAddr address = listener.localAddress();
            closeEnds(blocked, Call.connect, () -> blocked.connect(address));
        }
    }

    @SocketFamilies
    void endsWaiting(final SocketFamily family) throws Exception {
        try (SocketFd.Pair pair = family.connected();
                Background<?> blocked = Background.start(() -> pair.first().await(POLLIN, -1))) {
            blocked.awaitBlockedInPoll();
            pair.first().close();
            assertThat(blocked.failure()).isInstanceOf(AsynchronousCloseException.class);
        }
    }

    @SocketFamilies
    void endsReceivingWithADeadline(final SocketFamily family) throws Exception {
        try (Arena arena = Arena.ofShared(); SocketFd.Pair pair = family.connected()) {
            final MemorySegment into = arena.allocate(9);
            try (Background<?> blocked = Background.start(() -> pair.first().recv(into, 0, Background.LIMIT))) {
                blocked.awaitBlockedInPoll();
                pair.first().close();
                assertThat(blocked.failure()).isInstanceOfAny(AsynchronousCloseException.class,
                        IllegalStateException.class);
            }
        }
    }

    /// The exception that [SocketFd#close] names: the wait is for the other socket's reader.
    @Test
    void doesNotEndSendingToAFullUnixDatagramSocket() throws Exception {
        final SocketFd sender = UNIX_DGRAM.socket();
        try (SocketFd reader = UNIX_DGRAM.bound(); sender) {
            sender.connect(reader.localAddress());
            Background.fill(sender);
            try (Background<Long> blocked = Background.start(() -> sender.send(new byte[1], 0, 1, 0))) {
                blocked.awaitBlockedOn(sender);
                sender.close();
                blocked.awaitBlockedOn(sender);
                assertThat(reader.recv(new byte[4096], 0, 4096, 0)).isPositive();
                assertThat(blocked.result()).isEqualTo(1);
            }
        }
    }

    @Test
    void manyBlockedThreadsAreAllWoken() throws Exception {
        final SocketFd.Pair pair = TCP4.connected();
        try (Seen seen = Seen.calls(); SocketFd.Pair _ = pair) {
            final int number = pair.first().intValue();
            final List<Background<Long>> blocked =
                    List.of(receiver(pair), receiver(pair), receiver(pair), receiver(pair));
            for (final Background<Long> thread : blocked) {
                thread.awaitBlockedOn(pair.first());
            }
            pair.first().close();
            for (final Background<Long> thread : blocked) {
                assertThat(thread.failure()).isInstanceOf(AsynchronousCloseException.class);
                thread.close();
            }
            assertThat(seen.on(number)).endsWith(Call.close).containsOnlyOnce(Call.close, Call.shutdown);
        }
    }

    private static Background<Long> receiver(final SocketFd.Pair pair) {
        return Background.start(() -> pair.first().recv(new byte[1], 0, 1, 0));
    }

    @Test
    void nobodyWaitingMeansNoShutdown() throws IOException {
        try (SocketFd.Pair pair = TCP4.connected(); Seen seen = Seen.calls();
                SocketFd copy = pair.first().dup()) {
            pair.first().close();
            assertThat(seen.all(Call.shutdown)).isEmpty();
            assertThat(copy.send(new byte[3], 0, 3, 0)).as("whoever shares it goes on").isEqualTo(3);
            assertThat(pair.second().recv(new byte[9], 0, 9, 0)).isEqualTo(3);
        }
    }

    @Test
    void whatArrivedBeforeTheCloseIsNotLost() throws Exception {
        // The call returns with bytes though the socket was closed while it was under way.
        try (SocketFd.Pair pair = UNIX_STREAM.connected(); Seen _ = Seen.calls(made -> {
            if (made.call() != Call.recv) {
                return null;
            }
            final long n = made.really();
            try {
                pair.first().close();
            } catch (final IOException e) {
                throw new AssertionError(e);
            }
            return n;
        })) {
            pair.second().send(new byte[3], 0, 3, 0);
            assertThat(pair.first().recv(new byte[9], 0, 9, 0)).isEqualTo(3);
            assertThat(pair.first().isOpen()).isFalse();
        }
    }

    /// Sockets come and go under threads that use them, and their numbers are taken by others at once. Each pair
    /// carries a number of its own in every message: none ever appears on another pair.
    @Test
    void noCallReachesAForeignDescriptor() throws Exception {
        final int slots = 4;
        final int closings = 12_000;
        final AtomicReferenceArray<Tagged> pairs = new AtomicReferenceArray<>(slots);
        final AtomicLong tags = new AtomicLong();
        for (int i = 0; i < slots; i++) {
            pairs.set(i, new Tagged(tags.incrementAndGet()));
        }
        final AtomicBoolean done = new AtomicBoolean();
        final AtomicLong received = new AtomicLong();
        final AtomicLong refused = new AtomicLong();
        final List<Background<Void>> users = List.of(
                Background.start(() -> use(pairs, done, received, refused, true, 0)),
                Background.start(() -> use(pairs, done, received, refused, true, 0)),
                Background.start(() -> use(pairs, done, received, refused, false, 0)),
                Background.start(() -> use(pairs, done, received, refused, false, MSG_DONTWAIT)));
        try {
            for (int i = 0; i < closings; i++) {
                pairs.getAndSet(i % slots, new Tagged(tags.incrementAndGet())).close();
            }
        } finally {
            done.set(true);
            for (int i = 0; i < slots; i++) {
                pairs.get(i).close();
            }
        }
        for (final Background<Void> user : users) {
            user.result();
            user.close();
        }
        assertThat(received.get()).as("messages received").isGreaterThan(closings / 10);
        assertThat(refused.get()).as("calls on closed sockets").isPositive();
    }

    private record Tagged(long tag, SocketFd.Pair pair) implements AutoCloseable {
        Tagged(final long tag) throws IOException {
            this(tag, SocketFd.socketpair(AF_UNIX, SOCK_SEQPACKET, 0));
        }

        @Override
        public void close() throws IOException {
            pair.close();
        }
    }

    private static Void use(final AtomicReferenceArray<Tagged> pairs, final AtomicBoolean done,
            final AtomicLong received, final AtomicLong refused, final boolean sends, final int flags) {
        final SplittableRandom random = new SplittableRandom(17);
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment memory = arena.allocate(ValueLayout.JAVA_LONG);
            while (!done.get()) {
                final Tagged tagged = pairs.get(random.nextInt(pairs.length()));
                try {
                    if (sends) {
                        memory.set(ValueLayout.JAVA_LONG, 0, tagged.tag());
                        tagged.pair().first().send(memory, MSG_DONTWAIT);
                    } else if (tagged.pair().second().recv(memory, flags) > 0) {
                        assertThat(memory.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(tagged.tag());
                        received.incrementAndGet();
                    }
                } catch (final IllegalStateException | AsynchronousCloseException closed) {
                    refused.incrementAndGet();
                } catch (final ErrnoException e) {
                    assertThat(e.errno()).as(e.getMessage()).isIn(EPIPE, ECONNRESET);
                } catch (final IOException e) {
                    throw new AssertionError(e);
                }
            }
        }
        return null;
    }

    @Test
    void useAfterCloseIsRefusedBeforeTheCall() throws IOException {
        final SocketFd socket = TCP4.bound();
        socket.close();
        try (Arena arena = Arena.ofConfined(); Seen seen = Seen.calls()) {
            final MemorySegment memory = arena.allocate(8);
            final SockAddrBuffer name = SockAddrBuffer.allocate(arena);
            final SockAddr address = SockAddr.inet("127.0.0.1", 9);
            final List<Callable<?>> calls = List.of(socket::accept, () -> socket.accept(0, name),
                    () -> socket.connect(address), () -> socket.finishConnect(0), socket::localAddress,
                    socket::remoteAddress, () -> socket.send(memory, 0), () -> socket.sendTo(memory, 0, address),
                    () -> socket.recv(memory, 0), () -> socket.recvFrom(memory, 0, name), () -> socket.read(memory),
                    () -> socket.write(memory), () -> socket.recv(memory, 0, 1), () -> socket.send(memory, 0, 1),
                    () -> socket.getsockopt(SOL_SOCKET, SO_TYPE, memory), socket::receiveQueue, socket::sendQueue,
                    socket::dup, () -> socket.receive(memory, 0, 1), () -> {
                        socket.bind(address);
                        return null;
                    }, () -> {
                        socket.listen(1);
                        return null;
                    }, () -> {
                        socket.shutdown(SHUT_RD);
                        return null;
                    });
            for (final Callable<?> call : calls) {
                assertThatThrownBy(call::call).isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("was closed by thread");
            }
            assertThat(seen.all()).isEmpty();
        }
    }
}
