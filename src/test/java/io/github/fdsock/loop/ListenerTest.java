package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.harness.Faults;
import io.github.fdsock.harness.Scope;
import io.github.fdsock.harness.junit.FdLedger;
import io.github.fdsock.option.Linger;
import io.github.fdsock.option.SockOpt;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A listener hands over every connection there is a descriptor for, tells of the others, and never spins.
@Timeout(60)
@FdLedger
class ListenerTest extends LoopFixture {
    /// A client that blocks; it is connected when the listener's queue has it.
    private static SocketFd client(final SockAddr address) throws IOException {
        final SocketFd socket = SocketFd.socket(address.family(), SOCK_STREAM, 0);
        try {
            assertThat(socket.connect(address)).isZero();
            return socket;
        } catch (final IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private void runUntil(final BooleanSupplier condition) throws IOException {
        while (!condition.getAsBoolean()) {
            assertThat(loop.runOnce()).as("something to wait for").isTrue();
        }
    }

    private static byte[] received(final SocketFd socket) throws IOException {
        final byte[] bytes = new byte[64];
        final long n = socket.recv(bytes, 0, bytes.length, 0);
        return Arrays.copyOf(bytes, (int) n);
    }

    // ---- addresses

    @Test
    void u01_n11_anAddressThatIsTakenIsRefusedAtOnceAndNothingIsLeft() throws IOException {
        final Listener listener = loop.listen(SockAddr.inet("127.0.0.1", 0), stream -> { });
        assertThatThrownBy(() -> loop.listen(listener.localAddress(), stream -> { }))
                .isInstanceOfSatisfying(ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(EADDRINUSE));
    }

    @Test
    void u02_anAddressOfNobodyHereAndOneOfAnotherFamilyAreRefused() throws IOException {
        // Of TEST-NET-1, RFC 5737.
        assertThatThrownBy(() -> loop.listen(SockAddr.inet("192.0.2.1", 0), stream -> { }))
                .isInstanceOfSatisfying(ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(EADDRNOTAVAIL));
        try (SocketFd bound = SocketFd.socket(AF_INET, SOCK_STREAM, 0)) {
            bound.bind(SockAddr.inet("127.0.0.1", 0));
            assertThatThrownBy(() -> bound.bind(SockAddr.inet("127.0.0.1", 0)))
                    .isInstanceOfSatisfying(ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(EINVAL));
        }
        try (SocketFd datagrams = SocketFd.socket(AF_INET, SOCK_DGRAM, 0)) {
            assertThatThrownBy(() -> loop.listen(datagrams, stream -> { }))
                    .isInstanceOfSatisfying(ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(EOPNOTSUPP));
            assertThat(datagrams.isOpen()).as("it stays the caller's").isTrue();
        }
    }

    @Test
    void u03_u53_aSocketThatWasNotBoundListensAtAPortOfTheKernelsChoice() throws IOException {
        final AtomicInteger connected = new AtomicInteger();
        final Listener listener = loop.listen(SocketFd.socket(AF_INET, SOCK_STREAM, 0), stream -> connected.incrementAndGet());
        final SockAddr.Inet address = (SockAddr.Inet) listener.localAddress();
        assertThat(address.port()).isPositive();
        try (SocketFd _ = client(SockAddr.inet("127.0.0.1", address.port()))) {
            runUntil(() -> connected.get() == 1);
        }
    }

    @Test
    void oneThatListensAlreadyKeepsItsBacklog() throws IOException {
        final SocketFd socket = SocketFd.socket(AF_INET, SOCK_STREAM, 0);
        socket.listen(3);
        assertThat(loop.listen(socket, stream -> { }).socket().acceptQueue().limit()).isEqualTo(3);
    }

    @Test
    void aSocketThatOthersMakeWaitDoesNotHoldUpTheLoop() throws IOException {
        final AtomicInteger connected = new AtomicInteger();
        final SocketFd socket = SocketFd.socket(AF_INET, SOCK_STREAM, 0);
        final Listener listener = loop.listen(socket, stream -> connected.incrementAndGet());
        socket.nonBlocking(false);
        final Duration limit = Duration.ofSeconds(5);
        socket.setsockopt(SockOpt.SO_RCVTIMEO, limit);
        final long start = System.nanoTime();
        try (SocketFd _ = client(listener.localAddress()); SocketFd _ = client(listener.localAddress())) {
            runUntil(() -> connected.get() == 2);
            loop.runNoWait();
        }
        assertThat(System.nanoTime() - start).isLessThan(limit.toNanos());
    }

    @Test
    void aFloodOfConnectionsLeavesTheOthersTheirTurn() throws IOException {
        final AtomicInteger connected = new AtomicInteger();
        final Listener listener = loop.listen(SockAddr.inet("127.0.0.1", 0), stream -> connected.incrementAndGet());
        final List<SocketFd> clients = new ArrayList<>();
        try {
            while (clients.size() < 100) {
                clients.add(client(listener.localAddress()));
            }
            loop.runOnce();
            assertThat(connected.get()).isBetween(1, clients.size() - 1);
            runUntil(() -> connected.get() == clients.size());
        } finally {
            for (final SocketFd each : clients) {
                each.close();
            }
        }
    }

    // ---- failures

    @ParameterizedTest
    @ValueSource(strings = {"ECONNABORTED", "EPERM", "EPROTO", "ENETDOWN", "ENOPROTOOPT", "EHOSTDOWN", "ENONET", "EHOSTUNREACH",
        "EOPNOTSUPP", "ENETUNREACH", "ETIMEDOUT"})
    void aConnectionLostInTheQueueIsToldOfAndTheNextIsAccepted(final String errno) throws IOException {
        final List<String> told = new ArrayList<>();
        final AtomicInteger connected = new AtomicInteger();
        final Listener listener = loop.listen(SockAddr.inet("127.0.0.1", 0), stream -> connected.incrementAndGet())
                .onError((kind, failure) -> told.add(kind + " " + failure.getMessage().replaceAll(".*-1 (\\w+).*", "$1")));
        try (SocketFd _ = client(listener.localAddress());
                Faults _ = Faults.inject("accept4:error=" + errno + ":when=1")) {
            runUntil(() -> connected.get() == 1);
        }
        assertThat(told).containsExactly("CONNECTION " + errno);
        assertThat(loop.metrics().acceptErrors(Listener.AcceptError.CONNECTION)).isEqualTo(1);
        assertThat(loop.metrics().connectionsAccepted()).isEqualTo(1);
    }

    @Test
    void anInterruptedAcceptIsNobodysBusiness() throws IOException {
        final AtomicInteger connected = new AtomicInteger();
        final Listener listener = loop.listen(SockAddr.inet("127.0.0.1", 0), stream -> connected.incrementAndGet())
                .onError((kind, failure) -> {
                    throw new AssertionError(failure);
                });
        try (SocketFd _ = client(listener.localAddress()); Faults _ = Faults.inject("accept4:error=EINTR:when=1..3")) {
            runUntil(() -> connected.get() == 1);
        }
    }

    @Test
    void aListenerOfNoUseIsClosedAndTold() throws IOException {
        final List<IOException> told = new ArrayList<>();
        final Listener listener = loop.listen(SockAddr.inet("127.0.0.1", 0), stream -> { });
        listener.onClose(told::add);
        try (SocketFd _ = client(listener.localAddress()); Faults _ = Faults.inject("accept4:error=EINVAL")) {
            loop.run();
        }
        assertThat(listener.isClosed()).isTrue();
        assertThat(told).singleElement().isInstanceOfSatisfying(ErrnoException.class,
                e -> assertThat(e.errno()).isEqualTo(EINVAL));
    }

    @Test
    void aFailureThatNobodyIsToldOfEndsTheRun() throws IOException {
        final Listener listener = loop.listen(SockAddr.inet("127.0.0.1", 0), stream -> { });
        try (SocketFd _ = client(listener.localAddress()); Faults _ = Faults.inject("accept4:error=EINVAL")) {
            assertThatThrownBy(loop::run).isInstanceOf(ErrnoException.class).hasMessageContaining("EINVAL");
        }
        assertThat(listener.isClosed()).isTrue();
    }

    @Test
    void whatTheHandlerThrowsCostsThatConnectionOnly() throws IOException {
        final List<IOException> told = new ArrayList<>();
        final IOException reason = new IOException("not this one");
        final AtomicInteger connected = new AtomicInteger();
        final Listener listener = loop.listen(SockAddr.inet("127.0.0.1", 0), stream -> {
            stream.onClose(told::add);
            if (connected.incrementAndGet() == 1) {
                throw reason;
            }
        });
        try (SocketFd first = client(listener.localAddress()); SocketFd _ = client(listener.localAddress())) {
            runUntil(() -> connected.get() == 2 && told.size() == 1);
            assertThat(received(first)).isEmpty();
        }
        assertThat(told).containsExactly(reason);
    }

    @Test
    void aTimeToLingerThatAConnectionInheritsDoesNotHoldUpTheLoop() throws IOException {
        final List<Stream> streams = new ArrayList<>();
        final Linger linger = Linger.seconds(5);
        final SocketFd socket = SocketFd.socket(AF_INET, SOCK_STREAM, 0);
        socket.setsockopt(SockOpt.SO_LINGER, linger);
        final Listener listener = loop.listen(socket, streams::add);
        try (SocketFd _ = client(SockAddr.inet("127.0.0.1", ((SockAddr.Inet) listener.localAddress()).port()))) {
            runUntil(() -> streams.size() == 1);
            final Stream stream = streams.getFirst();
            while (stream.tryWrite(MemorySegment.ofArray(new byte[1 << 20])) > 0) {
                continue;
            }
            final long start = System.nanoTime();
            stream.destroy();
            assertThat(System.nanoTime() - start).isLessThan(Duration.ofSeconds(linger.seconds()).toNanos());
        }
    }

    // ---- no descriptors

    /// The client connects, since its connection waits in the queue, and is told at once.
    @ParameterizedTest
    @ValueSource(strings = {"EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"})
    void u31_aConnectionWithoutDescriptorIsRefusedSoThatItsClientLearns(final String errno) throws IOException {
        final List<Listener.AcceptError> told = new ArrayList<>();
        final AtomicInteger connected = new AtomicInteger();
        final Listener listener = loop.listen(SockAddr.inet("127.0.0.1", 0), stream -> connected.incrementAndGet())
                .onError((kind, _) -> told.add(kind));
        try (SocketFd refused = client(listener.localAddress())) {
            try (Faults _ = Faults.inject("accept4:error=" + errno + ":when=1")) {
                runUntil(() -> loop.metrics().connectionsRefused() == 1);
            }
            assertThat(received(refused)).isEmpty();
            assertThat(connected).hasValue(0);
            try (SocketFd _ = client(listener.localAddress())) {
                runUntil(() -> connected.get() == 1);
            }
        }
        assertThat(told).containsExactly(Listener.AcceptError.RESOURCES);
        assertThat(loop.metrics().listenerPauses()).isZero();
    }

    @Test
    void n09_withoutTheReserveTooItRestsAndComesBackByItself() throws IOException {
        final AtomicInteger connected = new AtomicInteger();
        final Listener listener = loop.listen(SockAddr.inet("127.0.0.1", 0), stream -> connected.incrementAndGet());
        try (SocketFd _ = client(listener.localAddress());
                Faults _ = Faults.inject("accept4:error=EMFILE:when=1..2")) {
            final long start = System.nanoTime();
            runUntil(() -> connected.get() == 1);
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(200));
        }
        assertThat(loop.metrics().listenerPauses()).isEqualTo(1);
        assertThat(loop.metrics().connectionsRefused()).isZero();
        assertThat(loop.metrics().turns()).as("turns: it did not spin").isLessThan(10);
    }

    @ParameterizedTest
    @EnumSource(Listener.Overload.class)
    void aDescriptorThatIsGivenBackEndsTheRestAtOnce(final Listener.Overload policy) throws IOException {
        final List<Stream> streams = new ArrayList<>();
        final Listener listener = loop.listen(SockAddr.inet("127.0.0.1", 0), streams::add).overload(policy);
        try (SocketFd _ = client(listener.localAddress())) {
            runUntil(() -> streams.size() == 1);
            try (SocketFd _ = client(listener.localAddress());
                    Faults _ = Faults.inject("accept4:error=EMFILE:when=1..2")) {
                runUntil(() -> loop.metrics().listenerPauses() == 1);
                // The first rule is spent, the second in the case of REFUSE only.
                final long before = loop.metrics().timersExpired();
                streams.getFirst().destroy();
                runUntil(() -> streams.size() == 2 || loop.metrics().listenerPauses() == 2);
                assertThat(loop.metrics().timersExpired()).as("times that it was the clock").isEqualTo(before);
            }
        }
    }

    // ---- as many as there may be

    @Test
    void oneConnectionTooManyIsRefusedAndToldUntilThereIsRoom() throws IOException {
        final List<Stream> streams = new ArrayList<>();
        final List<String> told = new ArrayList<>();
        final Listener listener = loop.listen(SockAddr.inet("127.0.0.1", 0), streams::add).maxConnections(1)
                .onError((kind, failure) -> told.add(kind + " " + failure.getMessage()));
        try (SocketFd _ = client(listener.localAddress()); SocketFd second = client(listener.localAddress())) {
            runUntil(() -> !told.isEmpty());
            assertThat(streams).hasSize(1);
            assertThat(received(second)).isEmpty();
            assertThat(told).containsExactly("LIMIT " + second.localAddress() + " was refused: 1 connections are open");
            assertThat(listener.connections()).isEqualTo(1);
            streams.getFirst().destroy();
            assertThat(listener.connections()).isZero();
            try (SocketFd _ = client(listener.localAddress())) {
                runUntil(() -> streams.size() == 2);
            }
        }
        assertThat(loop.metrics().connectionsRefused()).isEqualTo(1);
        assertThat(loop.metrics().acceptErrors(Listener.AcceptError.LIMIT)).isEqualTo(1);
        assertThatThrownBy(() -> listener.maxConnections(-1)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("-1");
    }

    /// Whether its close fails or its name is asked for in vain: the next is served, and nothing is lost.
    @ParameterizedTest
    @ValueSource(strings = {"getpeername:error=ENOTCONN", "close:error=EIO:after:when=1"})
    void oneThatIsRefusedAndGoneAlreadyIsToldAllTheSame(final String fault) throws IOException {
        final List<String> told = new ArrayList<>();
        final Listener listener = loop.listen(SockAddr.inet("127.0.0.1", 0), _ -> { }).maxConnections(0)
                .onError((kind, failure) -> told.add(kind + " " + failure.getMessage()));
        try (SocketFd refused = client(listener.localAddress())) {
            try (Faults _ = Faults.inject(fault)) {
                runUntil(() -> !told.isEmpty());
            }
            assertThat(received(refused)).isEmpty();
        }
        assertThat(told).singleElement().asString().startsWith("LIMIT ")
                .contains(fault.replaceAll(".*=(E[A-Z]+).*", "$1"));
    }

    @Test
    void withPauseThoseBeyondWaitUntilOneIsClosed() throws IOException {
        final List<Stream> streams = new ArrayList<>();
        final Listener listener = loop.listen(SockAddr.inet("127.0.0.1", 0), streams::add).maxConnections(1)
                .overload(Listener.Overload.PAUSE);
        try (SocketFd _ = client(listener.localAddress()); SocketFd _ = client(listener.localAddress());
                SocketFd _ = client(listener.localAddress())) {
            runUntil(() -> loop.metrics().listenerPauses() == 1);
            final long expired = loop.metrics().timersExpired();
            streams.getFirst().destroy();
            runUntil(() -> streams.size() == 2);
            listener.maxConnections(2);
            runUntil(() -> streams.size() == 3);
            assertThat(loop.metrics().timersExpired()).as("times that it was the clock").isEqualTo(expired);
        }
        assertThat(loop.metrics().connectionsRefused()).isZero();
        assertThat(loop.metrics().turns()).as("turns: it did not spin").isLessThan(20);
    }

    @Test
    void connectionsOnOtherLoopsCountToo() throws Exception {
        try (EventLoops others = EventLoops.start(2, WaitStrategy.BLOCK)) {
            final Set<Stream> streams = ConcurrentHashMap.newKeySet();
            final Listener listener = loop.listen(SockAddr.inet("127.0.0.1", 0), streams::add).distribute(others)
                    .maxConnections(2).overload(Listener.Overload.PAUSE);
            try (SocketFd _ = client(listener.localAddress()); SocketFd _ = client(listener.localAddress());
                    SocketFd _ = client(listener.localAddress())) {
                Turns.until(loop, () -> streams.size() == 2 && loop.metrics().listenerPauses() > 0);
                assertThat(listener.connections()).isEqualTo(2);
                final Stream one = streams.iterator().next();
                one.loop().execute(one::destroy);
                Turns.until(loop, () -> streams.size() == 3);
                assertThat(listener.connections()).isEqualTo(2);
            }
            // Their clients are gone.
            Turns.until(loop, () -> listener.connections() == 0);
            listener.close();
        }
    }

    @Test
    void n08_u53_aPausedListenerLeavesConnectionsWaiting() throws IOException {
        final AtomicInteger connected = new AtomicInteger();
        final Listener listener = loop.listen(SockAddr.inet("127.0.0.1", 0), stream -> connected.incrementAndGet());
        listener.pause();
        try (SocketFd _ = client(listener.localAddress())) {
            assertThat(listener.socket().await(POLLIN, -1)).isEqualTo(POLLIN);
            for (int i = 0; i < 3; i++) {
                loop.runNoWait();
            }
            assertThat(connected).hasValue(0);
            listener.resume();
            runUntil(() -> connected.get() == 1);
        }
    }

    @Test
    void aCloseIsToldOnceAndLetsTheLoopEnd() throws IOException {
        final List<IOException> told = new ArrayList<>();
        final Listener listener = loop.listen(SockAddr.unixAutobind(), stream -> { });
        listener.onClose(told::add);
        listener.close();
        listener.close();
        assertThat(told).as("told within close()").isEmpty();
        loop.run();
        assertThat(told).containsExactly((IOException) null);
    }

    // ---- several loops

    @Test
    void oneListenerSharesItsConnectionsOutInTurn() throws Exception {
        try (EventLoops loops = EventLoops.start(3, WaitStrategy.BLOCK)) {
            final List<String> threads = Collections.synchronizedList(new ArrayList<>());
            final Listener listener = loop.listen(SockAddr.inet("127.0.0.1", 0), stream -> {
                threads.add(Thread.currentThread().getName());
                stream.onData(stream::write);
            }).distribute(loops);
            final List<SocketFd> clients = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                clients.add(client(listener.localAddress()));
            }
            runUntil(() -> true);
            while (threads.size() < 6) {
                loop.runNoWait();
            }
            for (final SocketFd client : clients) {
                client.send(new byte[] {7}, 0, 1, 0);
                assertThat(received(client)).containsExactly(7);
                client.close();
            }
            assertThat(threads).containsExactlyInAnyOrder("loop 0", "loop 1", "loop 2", "loop 0", "loop 1", "loop 2");
            listener.close();
        }
    }

    @Test
    void n11_listenersOfSeveralLoopsShareAnAddress() throws Exception {
        final AtomicInteger connected = new AtomicInteger();
        final Set<String> threads = ConcurrentHashMap.newKeySet();
        try (EventLoops loops = EventLoops.start(2, WaitStrategy.BLOCK)) {
            final SockAddr address = loops.listen(SockAddr.inet("127.0.0.1", 0), stream -> {
                threads.add(Thread.currentThread().getName());
                connected.incrementAndGet();
                stream.onData(stream::write);
            }).getFirst().localAddress();
            // The kernel hashes the client's port: that 64 of them fall to one loop has a chance of 2 to the -63.
            for (int i = 0; i < 64; i++) {
                try (SocketFd client = client(address)) {
                    client.send(new byte[] {(byte) i}, 0, 1, 0);
                    assertThat(received(client)).containsExactly(i);
                }
            }
        }
        assertThat(connected).hasValue(64);
        assertThat(threads).containsExactlyInAnyOrder("loop 0", "loop 1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "1..2"})
    void aConnectionForALoopThatCannotBeWokenIsToldOfAndWaitsForIt(final String when) throws Exception {
        final List<String> told = new ArrayList<>();
        final AtomicInteger connected = new AtomicInteger();
        try (EventLoops loops = EventLoops.start(1, WaitStrategy.BLOCK)) {
            final Listener listener = loop.listen(SockAddr.inet("127.0.0.1", 0), stream -> connected.incrementAndGet())
                    .distribute(loops).onError((kind, failure) -> told.add(kind + " " + failure.getMessage()));
            final List<SocketFd> clients = new ArrayList<>();
            try (Faults _ = Faults.inject("write:error=ENOMEM:when=" + when)) {
                do {
                    // One that it takes in before it sleeps needs no write.
                    clients.add(client(listener.localAddress()));
                    Turns.until(loop, () -> connected.get() == clients.size());
                } while (told.isEmpty());
            }
            listener.close();
            for (final SocketFd client : clients) {
                client.close();
            }
        }
        assertThat(told).singleElement().asString().startsWith("RESOURCES write(").contains("ENOMEM");
    }

    @Test
    void aFailureForAListenerWhoseLoopCannotBeWokenDoesNotEndTheLoopThatHasIt() throws Exception {
        try (EventLoops loops = EventLoops.start(1, WaitStrategy.BLOCK)) {
            final CompletableFuture<Thread> thread = new CompletableFuture<>();
            final CompletableFuture<Void> sleeps = new CompletableFuture<>();
            loops.get(0).execute(() -> {
                thread.complete(Thread.currentThread());
                sleeps.join();
            });
            final Listener listener = loop.listen(SockAddr.inet("127.0.0.1", 0), stream -> { }).distribute(loops);
            try (SocketFd client = client(listener.localAddress());
                    Faults _ = Faults.inject(Scope.thread(thread.get(20, TimeUnit.SECONDS)),
                            "epoll_ctl:error=ENOSPC", "write:error=ENOMEM")) {
                loop.runOnce();
                sleeps.complete(null);
                assertThat(received(client)).isEmpty();
                final CountDownLatch done = new CountDownLatch(1);
                loops.get(0).execute(done::countDown);
                assertThat(done.await(5, TimeUnit.SECONDS)).as("the loop goes on").isTrue();
            }
            Turns.until(loop, () -> loop.metrics().acceptErrors(Listener.AcceptError.CONNECTION) == 1);
            listener.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"2", "2..9"})
    void severalLoopsOfWhichOneIsNotWokenAtOnceAreClosedAllTheSame(final String when) throws Exception {
        final EventLoops all = EventLoops.start(3, WaitStrategy.BLOCK);
        try (Faults _ = Faults.inject("write:error=ENOMEM:when=" + when)) {
            all.close();
        }
        for (int i = 0; i < all.size(); i++) {
            final EventLoop loop = all.get(i);
            assertThat(loop.epoll().isOpen()).as("loop %d", i).isFalse();
        }
    }

    @Test
    void aLoopOfSeveralThatFailsIsToldOfWhenTheyAreClosed() throws Exception {
        final EventLoops loops = EventLoops.start(2, WaitStrategy.BLOCK);
        final CountDownLatch told = new CountDownLatch(1);
        final Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler((_, _) -> told.countDown());
        try {
            final IllegalStateException bug = new IllegalStateException("a bug");
            loops.get(1).execute(() -> {
                throw bug;
            });
            assertThat(told.await(20, TimeUnit.SECONDS)).isTrue();
            assertThatThrownBy(loops::close).isInstanceOf(IOException.class).hasCause(bug);
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(before);
        }
    }

    @Test
    void aPausedOneThatIsShutDownDoesNotSpinAndTellsWhenItGoesOn() throws IOException {
        final List<IOException> told = new ArrayList<>();
        final Listener listener = loop.listen(SockAddr.inet("127.0.0.1", 0), stream -> { });
        listener.onClose(told::add);
        listener.pause();
        listener.socket().shutdown(SHUT_RDWR);
        Turns.untilQuiet(loop);
        listener.resume();
        Turns.untilOver(loop);
        assertThat(told).singleElement().isInstanceOfSatisfying(ErrnoException.class,
                e -> assertThat(e.errno()).isEqualTo(EINVAL));
    }

    @Test
    void anUnreferencedOneLetsTheLoopEndWhileItRests() throws IOException {
        final Listener listener = loop.listen(SockAddr.inet("127.0.0.1", 0), stream -> { });
        listener.overload(Listener.Overload.PAUSE);
        try (SocketFd _ = client(listener.localAddress()); Faults _ = Faults.inject("accept4:error=EMFILE:when=1")) {
            loop.runOnce();
            assertThat(loop.metrics().listenerPauses()).isEqualTo(1);
            listener.unref();
            assertThat(loop.hasWork()).isFalse();
        }
    }

    @Test
    void oneOfSeveralLoopsDoesNotWaitForTheOthers() throws Exception {
        try (EventLoops loops = EventLoops.start(2, WaitStrategy.BLOCK)) {
            final CompletableFuture<Void> tried = new CompletableFuture<>();
            loops.get(0).execute(() -> {
                assertThatThrownBy(() -> loops.listen(SockAddr.inet("127.0.0.1", 0), stream -> { }))
                        .isInstanceOf(IllegalStateException.class).hasMessageContaining("wait for itself");
                assertThatThrownBy(loops::close).isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("wait for itself");
                tried.complete(null);
            });
            tried.get(20, TimeUnit.SECONDS);
        }
    }

    @Test
    void toListenWithALoopOfSeveralThatHasEndedIsRefused() throws Exception {
        try (EventLoops loops = EventLoops.start(2, WaitStrategy.BLOCK)) {
            loops.get(1).stop();
            assertThatThrownBy(() -> loops.listen(SockAddr.inet("127.0.0.1", 0), stream -> { }))
                    .isInstanceOf(IllegalStateException.class).hasMessageContaining("loop 1");
        }
    }

    @Test
    void severalLoopsThatAreClosedRefuseToListen() throws IOException {
        final EventLoops loops = EventLoops.start(2, WaitStrategy.BLOCK);
        loops.close();
        assertThatThrownBy(() -> loops.listen(SockAddr.inet("127.0.0.1", 0), stream -> { }))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("loop 0");
    }

    @Test
    void aFailureForAListenerWhoseLoopIsClosedDoesNotEndTheLoopThatHasIt() throws Exception {
        try (EventLoops loops = EventLoops.start(1, WaitStrategy.BLOCK)) {
            final EventLoop own = EventLoop.open();
            final Listener listener = own.listen(SockAddr.inet("127.0.0.1", 0), stream -> { }).distribute(loops);
            final CountDownLatch go = new CountDownLatch(1);
            final CountDownLatch done = new CountDownLatch(1);
            final Thread[] thread = new Thread[1];
            final CountDownLatch known = new CountDownLatch(1);
            loops.get(0).execute(() -> {
                thread[0] = Thread.currentThread();
                known.countDown();
                try {
                    assertThat(go.await(20, TimeUnit.SECONDS)).isTrue();
                } catch (final InterruptedException e) {
                    throw new AssertionError(e);
                }
            });
            try (SocketFd client = client(listener.localAddress())) {
                own.runOnce();
                own.close();
                assertThat(known.await(20, TimeUnit.SECONDS)).isTrue();
                try (Faults _ = Faults.inject(Scope.thread(thread[0]), "epoll_ctl:error=ENOSPC")) {
                    go.countDown();
                    assertThat(received(client)).isEmpty();
                }
                loops.get(0).execute(done::countDown);
                assertThat(done.await(5, TimeUnit.SECONDS)).as("the loop goes on").isTrue();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Listener.Overload.class)
    void aRestingOneThatIsShutDownDoesNotSpinAndTellsWhenItGoesOn(final Listener.Overload policy) throws IOException {
        final List<IOException> told = new ArrayList<>();
        final Listener listener = loop.listen(SockAddr.inet("127.0.0.1", 0), stream -> { }).overload(policy);
        listener.onClose(told::add);
        try (SocketFd _ = client(listener.localAddress())) {
            try (Faults _ = Faults.inject("accept4:error=EMFILE")) {
                runUntil(() -> loop.metrics().listenerPauses() == 1);
                listener.socket().shutdown(SHUT_RDWR);
                Turns.untilQuiet(loop);
                assertThat(loop.metrics().listenerPauses()).isEqualTo(1);
            }
            Turns.untilOver(loop);
        }
        assertThat(told).singleElement().isInstanceOfSatisfying(ErrnoException.class,
                e -> assertThat(e.errno()).isEqualTo(EINVAL));
    }

    @ParameterizedTest
    @ValueSource(strings = {"accepting", "paused", "resting"})
    void oneWhoseSocketSomebodyElseClosesIsClosedAndTold(final String state) throws IOException {
        final List<IOException> told = new ArrayList<>();
        final Listener listener = loop.listen(SockAddr.inet("127.0.0.1", 0), stream -> { });
        listener.onClose(told::add);
        try (SocketFd _ = client(listener.localAddress())) {
            if (state.equals("paused")) {
                listener.pause();
            } else if (state.equals("resting")) {
                try (Faults _ = Faults.inject("accept4:error=EMFILE")) {
                    runUntil(() -> loop.metrics().listenerPauses() == 1);
                }
            }
            listener.socket().close();
            Turns.untilOver(loop);
        }
        assertThat(told).singleElement().asString().contains("was closed by thread");
        assertThat(listener.isClosed()).isTrue();
    }

    @Test
    void afterItsCloseAListenerTellsOfNoFailure() throws Exception {
        final List<String> told = new ArrayList<>();
        try (EventLoops loops = EventLoops.start(1, WaitStrategy.BLOCK)) {
            final Listener listener = loop.listen(SockAddr.inet("127.0.0.1", 0), stream -> { }).distribute(loops)
                    .onError((_, _) -> told.add("error"));
            listener.onClose(_ -> told.add("close"));
            final CompletableFuture<Thread> thread = new CompletableFuture<>();
            final CompletableFuture<Void> isClosed = new CompletableFuture<>();
            loops.get(0).execute(() -> {
                thread.complete(Thread.currentThread());
                isClosed.join();
            });
            try (SocketFd client = client(listener.localAddress());
                    Faults _ = Faults.inject(Scope.thread(thread.get(20, TimeUnit.SECONDS)),
                            "epoll_ctl:error=ENOSPC")) {
                loop.runOnce();
                listener.close();
                Turns.until(loop, () -> told.contains("close"));
                isClosed.complete(null);
                assertThat(received(client)).isEmpty();
                Turns.until(loop, () -> loop.metrics().acceptErrors(Listener.AcceptError.CONNECTION) == 1);
            }
        }
        Turns.untilOver(loop);
        assertThat(told).containsExactly("close");
    }
}
