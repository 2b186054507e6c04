package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.harness.Faults;
import io.github.fdsock.harness.Sweep;
import io.github.fdsock.harness.junit.FdLedger;
import io.github.fdsock.resolve.AddressQuery;
import io.github.fdsock.resolve.EaiException;
import io.github.fdsock.resolve.Resolver;
import io.github.fdsock.sys.Call;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A host is connected to by the first of its addresses that answers, its handler is told once, and no other attempt is left.
@Timeout(60)
@FdLedger
class ConnectorTest extends LoopFixture {
    private static final Duration STAGGER = Duration.ofMillis(50);

    private final Resolver resolver = Resolver.open(1, 16);
    private Stream stream;
    private IOException failure;
    private int told;

    @AfterEach
    void closeResolver() throws Exception {
        resolver.close();
        assertThat(resolver.awaitTermination(TimeUnit.SECONDS.toNanos(20))).isTrue();
    }

    /// Without a host the addresses are those of loopback, of IPv6 first.
    private Connector connect(final int port, final Duration stagger) {
        return Connector.connect(loop, AddressQuery.of(null, port), resolver, stagger, this::connected);
    }

    private void connected(final Stream connected, final IOException why) {
        told++;
        stream = connected;
        failure = why;
        if (connected != null) {
            connected.destroy();
        }
    }

    private static SocketFd listening(final SockAddr address, final int backlog) throws IOException {
        final SocketFd socket = SocketFd.socket(address.family(), SOCK_STREAM, 0);
        try {
            socket.bind(address);
            socket.listen(backlog);
            return socket;
        } catch (final IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private static int port(final SocketFd socket) throws IOException {
        return ((SockAddr.Inet) socket.localAddress()).port();
    }

    private SockAddr accepted(final SocketFd listener) throws IOException {
        try (SocketFd peer = listener.accept()) {
            return peer.localAddress();
        }
    }

    @Test
    void theFirstFamilyIsIpv6() throws IOException {
        try (SocketFd six = listening(SockAddr.inet("::1", 0), 8);
                SocketFd four = listening(SockAddr.inet("127.0.0.1", port(six)), 8)) {
            connect(port(six), Duration.ofSeconds(30));
            loop.run();
            assertThat(told).isEqualTo(1);
            assertThat(failure).isNull();
            assertThat(accepted(six)).isEqualTo(six.localAddress());
            assertThat(four.acceptQueue().length()).isZero();
        }
    }

    @Test
    void anAddressThatRefusesIsFollowedByTheNextAtOnce() throws IOException {
        try (SocketFd four = listening(SockAddr.inet("127.0.0.1", 0), 8)) {
            final long start = System.nanoTime();
            connect(port(four), Duration.ofSeconds(30));
            loop.run();
            assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(30));
            assertThat(failure).isNull();
            assertThat(accepted(four)).isEqualTo(four.localAddress());
        }
        assertThat(told).isEqualTo(1);
    }

    /// A listener whose queue is full does not answer.
    @Test
    void anAddressThatIsSilentIsFollowedByTheNextAfterAWhile() throws IOException {
        try (SocketFd six = listening(SockAddr.inet("::1", 0), 0);
                SocketFd four = listening(SockAddr.inet("127.0.0.1", port(six)), 8);
                SocketFd first = SocketFd.socket(AF_INET6, SOCK_STREAM, 0)) {
            first.connect(six.localAddress());
            assertThat(six.acceptQueue().length()).isEqualTo(1);
            final long start = System.nanoTime();
            connect(port(six), STAGGER);
            loop.run();
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(STAGGER.toNanos());
            assertThat(told).isEqualTo(1);
            assertThat(failure).isNull();
            assertThat(accepted(four)).isEqualTo(four.localAddress());
        }
        assertThat(loop.metrics().streams()).isZero();
    }

    @Test
    void whereAllRefuseTheReasonsAreTold() throws IOException {
        final int free;
        try (SocketFd socket = listening(SockAddr.inet("::1", 0), 8)) {
            free = port(socket);
        }
        connect(free, STAGGER);
        loop.run();
        assertThat(told).isEqualTo(1);
        assertThat(stream).isNull();
        assertThat(failure).isInstanceOfSatisfying(ErrnoException.class,
                e -> assertThat(e.errno()).isEqualTo(ECONNREFUSED));
        assertThat(failure.getSuppressed()).hasSize(1);
    }

    @Test
    void aNameThatIsNoneIsTold() throws IOException {
        loop.connect(AddressQuery.of("x".repeat(64), 80), resolver, this::connected);
        loop.run();
        assertThat(told).isEqualTo(1);
        assertThat(failure).isInstanceOfSatisfying(EaiException.class, e -> assertThat(e.code()).isEqualTo(EAI_NONAME));
    }

    @Test
    void whatIsGivenUpWhileItIsLookedUpIsToldOnce() throws IOException {
        final Connector connector = connect(1, STAGGER);
        connector.cancel();
        connector.cancel();
        assertThat(told).as("told within cancel()").isZero();
        loop.run();
        assertThat(told).isEqualTo(1);
        assertThat(failure).isInstanceOfSatisfying(ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(ECANCELED));
    }

    @Test
    void whatIsGivenUpWhileItConnectsLeavesNothing() throws IOException {
        try (SocketFd six = listening(SockAddr.inet("::1", 0), 0);
                SocketFd first = SocketFd.socket(AF_INET6, SOCK_STREAM, 0)) {
            first.connect(six.localAddress());
            final Connector connector = Connector.connect(loop, AddressQuery.of("::1", port(six)), resolver, STAGGER,
                    this::connected);
            while (loop.metrics().streams() == 0) {
                loop.runOnce();
            }
            connector.cancel();
            loop.run();
        }
        assertThat(told).isEqualTo(1);
        assertThat(stream).isNull();
        assertThat(loop.metrics().streams()).isZero();
    }

    @Test
    void addressesThatAreGivenAreTriedInTheirOrder() throws IOException {
        try (SocketFd silent = listening(SockAddr.inet("127.0.0.1", 0), 0);
                SocketFd four = listening(SockAddr.inet("127.0.0.1", 0), 8);
                SocketFd unix = listening(SockAddr.unixAutobind(), 8);
                SocketFd first = SocketFd.socket(AF_INET, SOCK_STREAM, 0)) {
            first.connect(silent.localAddress());
            final long start = System.nanoTime();
            loop.connect(List.of(silent.localAddress(), four.localAddress(), unix.localAddress()), STAGGER,
                    this::connected);
            assertThat(told).as("told within connect()").isZero();
            loop.run();
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(STAGGER.toNanos());
            assertThat(failure).isNull();
            assertThat(accepted(four)).isEqualTo(four.localAddress());
            assertThat(unix.acceptQueue().length()).isZero();
        }
        assertThat(told).isEqualTo(1);
        assertThat(loop.metrics().streams()).isZero();
    }

    @Test
    void givenAddressesAreGivenUpAndRefusedLikeOthers() throws IOException {
        final SockAddr somewhere = SockAddr.inet("127.0.0.1", 1);
        loop.connect(List.of(somewhere), STAGGER, this::connected).cancel();
        loop.run();
        assertThat(told).isEqualTo(1);
        assertThat(failure).hasMessageContaining("connect([127.0.0.1:1])").hasMessageContaining("ECANCELED");
        assertThatThrownBy(() -> loop.connect(List.of(), STAGGER, this::connected))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> loop.connect(List.of(somewhere), Duration.ofMillis(1), this::connected))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("PT0.001S");
        assertThat(loop.hasWork()).isFalse();
    }

    @Test
    void aListThatIsChangedBehindItsBackIsNotItsOwn() throws IOException {
        final List<SockAddr> addresses = new ArrayList<>(List.of(SockAddr.inet("127.0.0.1", 1)));
        final Connector connector = loop.connect(addresses, STAGGER, this::connected);
        addresses.clear();
        assertThat(connector).hasToString("connect([127.0.0.1:1])");
        connector.cancel();
        loop.run();
        assertThat(failure).hasMessageContaining("127.0.0.1:1");
        assertThatThrownBy(() -> loop.connect(Arrays.asList((SockAddr) null), STAGGER, this::connected))
                .isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> loop.connect(List.of(SockAddr.unspec()), STAGGER, null))
                .isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> loop.connect(List.of(SockAddr.unspec()), null, this::connected))
                .isInstanceOf(NullPointerException.class);
        assertThat(loop.hasWork()).isFalse();
    }

    /// Each address that nothing can be done with is told of, and none of them holds up the loop for long.
    @Test
    void addressesOfAllKindsAreTriedOneByOne() throws IOException {
        loop.connect(List.of(SockAddr.unspec(), SockAddr.netlink(0, 0), SockAddr.packet(0, 1), SockAddr.unixUnnamed(),
                SockAddr.unix("/nowhere/at/all"), SockAddr.vsock(1, 1), SockAddr.raw(AF_INET, new byte[0]),
                SockAddr.raw(44, new byte[3])), STAGGER, this::connected);
        Turns.untilOver(loop);
        assertThat(told).isEqualTo(1);
        assertThat(failure.getSuppressed()).hasSize(7);
        assertThat(loop.metrics().streams()).isZero();
    }

    @Test
    void whatTheHandlerThrowsDestroysTheStream() throws IOException {
        final AtomicReference<Stream> given = new AtomicReference<>();
        final List<IOException> closed = new ArrayList<>();
        final IOException reason = new IOException("not wanted");
        try (SocketFd six = listening(SockAddr.inet("::1", 0), 8)) {
            loop.connect(AddressQuery.of("::1", port(six)), resolver, (connected, _) -> {
                given.set(connected.onClose(closed::add));
                throw reason;
            });
            loop.run();
        }
        assertThat(closed).containsExactly(reason);
        assertThat(given.get().isClosed()).isTrue();
    }

    @Test
    void whicheverCallFailsItIsToldOnceAndNothingIsLeft() throws IOException {
        // Nobody accepts: there is room for the connection of each run.
        try (SocketFd six = listening(SockAddr.inet("::1", 0), SOMAXCONN);
                SocketFd _ = listening(SockAddr.inet("127.0.0.1", port(six)), SOMAXCONN)) {
            final int port = port(six);
            final Sweep.Report report = Sweep.of(() -> {
                final List<IOException> failures = new ArrayList<>();
                final List<String> ends = new ArrayList<>();
                try (EventLoop own = EventLoop.open()) {
                    Connector.connect(own, AddressQuery.of(null, port), resolver, Duration.ofMillis(10), (connected, why) -> {
                        if (connected == null) {
                            failures.add(why);
                            return;
                        }
                        failures.add(null);
                        connected.onClose(_ -> ends.add("closed"));
                        connected.write("hello");
                        connected.end();
                        connected.destroy();
                    });
                    own.run();
                    assertThat(failures).as("times that the handler was told").hasSize(1);
                    assertThat(ends).hasSize(failures.getFirst() == null ? 1 : 0);
                    if (failures.getFirst() != null) {
                        throw failures.getFirst();
                    }
                }
            }).run();
            assertThat(report.failed()).containsKeys(Call.socket, Call.connect, Call.epoll_ctl, Call.getsockopt, Call.send);
        }
    }

    @Test
    void whatIsStillLookedUpWhenTheLoopIsClosedIsToldOnce() throws Exception {
        final CountDownLatch held = new CountDownLatch(1);
        final AddressQuery query = AddressQuery.of("localhost", 1);
        try {
            // The resolver's only thread is kept by another's answer.
            resolver.getaddrinfo(query, _ -> {
                try {
                    held.await();
                } catch (final InterruptedException e) {
                    throw new AssertionError(e);
                }
            }, (_, _) -> { });
            try (EventLoop own = EventLoop.open()) {
                own.connect(query, resolver, this::connected);
                own.runNoWait();
            }
            assertThat(told).isEqualTo(1);
            assertThat(failure).isInstanceOfSatisfying(ErrnoException.class,
                    e -> assertThat(e.errno()).isEqualTo(ECANCELED));
        } finally {
            held.countDown();
        }
    }

    @Test
    void whatIsUnderWayWhenTheLoopIsClosedIsToldOnceAndLeavesNothing() throws IOException {
        try (SocketFd six = listening(SockAddr.inet("::1", 0), 8);
                SocketFd _ = listening(SockAddr.inet("127.0.0.1", port(six)), 8)) {
            try (EventLoop own = EventLoop.open()) {
                Connector.connect(own, AddressQuery.of(null, port(six)), resolver, STAGGER, this::connected);
                while (own.handles().isEmpty()) {
                    own.runOnce();
                }
            }
            assertThat(told).isEqualTo(1);
            assertThat(stream).isNull();
            assertThat(failure).isInstanceOfSatisfying(ErrnoException.class,
                    e -> assertThat(e.errno()).isEqualTo(ECANCELED));
        }
    }

    @Test
    void whatIsGivenUpIsNotConnectedInTheSameTurn() throws IOException {
        try (SocketFd six = listening(SockAddr.inet("::1", 0), 8);
                SocketFd _ = listening(SockAddr.inet("127.0.0.1", port(six)), 8)) {
            final Connector connector = connect(port(six), STAGGER);
            while (loop.handles().isEmpty()) {
                loop.runOnce();
            }
            connector.cancel();
            loop.run();
            assertThat(told).isEqualTo(1);
            assertThat(stream).isNull();
            assertThat(failure).isInstanceOfSatisfying(ErrnoException.class,
                    e -> assertThat(e.errno()).isEqualTo(ECANCELED));
        }
    }

    @Test
    void aClosedLoopRefusesToConnect() throws IOException {
        loop.close();
        assertThatThrownBy(() -> loop.connect(AddressQuery.of("localhost", 1), resolver, this::connected))
                .isInstanceOf(IllegalStateException.class).hasMessage("the loop is closed");
    }

    @Test
    void whereItCannotBeAskedNothingIsToldAndTheLoopCountsNothing() throws IOException {
        try (Faults faults = Faults.inject("write:error=EIO:when=1")) {
            assertThatThrownBy(() -> loop.connect(AddressQuery.of("127.0.0.1", 1), resolver, this::connected))
                    .isInstanceOf(UncheckedIOException.class);
            assertThat(faults.injected()).isEqualTo(1);
        }
        Turns.untilOver(loop);
        assertThat(told).isZero();
        final Timer timer = loop.schedule(0, () -> told++);
        assertThat(loop.hasWork()).isTrue();
        Turns.untilOver(loop);
        assertThat(timer.isArmed()).isFalse();
    }
}
