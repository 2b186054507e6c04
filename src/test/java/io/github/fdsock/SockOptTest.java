package io.github.fdsock;

import static io.github.fdsock.SocketKind.*;
import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.fdsock.harness.Faults;
import io.github.fdsock.option.Credentials;
import io.github.fdsock.option.Linger;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.testing.RequiresProgram;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// An option is read as it was set, or as the kernel says it becomes; what cannot be set is refused, by us where C has
/// no such value, by the kernel's errno where it has.
class SockOptTest {
    private final Arena arena = Arena.ofConfined();

    @AfterEach
    void close() {
        arena.close();
    }

    static SocketFd listener(final SockAddr address, final int backlog) throws IOException {
        final SocketFd listener = SocketFd.socket(address.family(), SOCK_STREAM, 0);
        listener.bind(address);
        listener.listen(backlog);
        return listener;
    }

    static SocketFd connected(final SocketFd listener) throws IOException {
        final SockAddr address = listener.localAddress();
        final SocketFd client = SocketFd.socket(address.family(), SOCK_STREAM, 0);
        assertThat(client.connect(address)).isZero();
        return client;
    }

    static ErrnoException failure(final ThrowingCallable call) {
        return catchThrowableOfType(ErrnoException.class, call);
    }

    // ---- known cases

    @ParameterizedTest
    @EnumSource(names = {"TCP4", "TCP6", "UDP4", "UDP6", "UNIX_STREAM", "UNIX_DGRAM", "UNIX_SEQPACKET"})
    void c25_g23_theTypeHasNoFlagsInIt(final SocketKind kind) throws ErrnoException {
        try (SocketFd socket = SocketFd.socket(kind.domain, kind.type | SOCK_NONBLOCK, kind.protocol)) {
            assertThat(socket.getsockopt(SockOpt.SO_TYPE)).isEqualTo(kind.type);
            assertThat(socket.getsockopt(SockOpt.SO_DOMAIN)).isEqualTo(kind.domain);
            assertThat(socket.getsockopt(SockOpt.SO_PROTOCOL)).isEqualTo(kind.domain == AF_UNIX ? 0
                    : kind.type == SOCK_STREAM ? IPPROTO_TCP : IPPROTO_UDP);
            assertThat(socket.nonBlocking()).isTrue();
            socket.nonBlocking(false);
            assertThat(socket.nonBlocking()).isFalse();
            socket.nonBlocking(true);
            assertThat(socket.nonBlocking()).isTrue();
            assertThat(socket.getsockopt(SockOpt.SO_TYPE)).isEqualTo(kind.type);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"TCP4", "TCP6"})
    void c37_portsAreSharedOnlyWhenAsked(final SocketKind kind) throws IOException {
        final SockAddr any = kind == TCP4 ? SockAddr.loopbackInet4(0) : SockAddr.loopbackInet6(0);
        try (SocketFd alone = kind.open(); SocketFd refused = kind.open()) {
            assertThat(alone.getsockopt(SockOpt.SO_REUSEPORT)).isFalse();
            alone.bind(any);
            assertThat(failure(() -> refused.bind(alone.localAddress())).errno()).isEqualTo(EADDRINUSE);
        }
        try (SocketFd first = kind.open(); SocketFd second = kind.open()) {
            first.setsockopt(SockOpt.SO_REUSEPORT, true);
            second.setsockopt(SockOpt.SO_REUSEPORT, true);
            assertThat(first.getsockopt(SockOpt.SO_REUSEPORT)).isTrue();
            first.bind(any);
            second.bind(first.localAddress());
            first.listen(1);
            second.listen(1);
            assertThat(second.localAddress()).isEqualTo(first.localAddress());
        }
        try (SocketFd listener = listener(any, 1); SocketFd client = connected(listener);
                SocketFd server = listener.accept()) {
            assertThat(client.send("foo".getBytes(StandardCharsets.US_ASCII), 0, 3, 0)).isEqualTo(3);
            final byte[] received = new byte[3];
            assertThat(server.recv(received, 0, 3, MSG_WAITALL)).isEqualTo(3);
            assertThat(new String(received, StandardCharsets.US_ASCII)).isEqualTo("foo");
        }
    }

    @Test
    void c37_g61_ipv6AloneOrWithIpv4() throws IOException {
        try (SocketFd six = TCP6.open(); SocketFd four = TCP4.open()) {
            six.setsockopt(SockOpt.IPV6_V6ONLY, true);
            assertThat(six.getsockopt(SockOpt.IPV6_V6ONLY)).isTrue();
            six.bind(SockAddr.anyInet6(0));
            four.bind(SockAddr.anyInet4(((SockAddr.Inet) six.localAddress()).port()));
            assertThat(failure(() -> six.setsockopt(SockOpt.IPV6_V6ONLY, false)).errno()).as("bound").isEqualTo(EINVAL);
            assertThat(failure(() -> four.getsockopt(SockOpt.IPV6_V6ONLY))).hasMessage(
                    "getsockopt(%d, IPPROTO_IPV6, IPV6_V6ONLY) = -1 %s", four.intValue(),
                    // What TCP does with levels that are not its own.
                    failure(() -> four.getsockopt(SockOpt.IPV6_V6ONLY)).errno() == EOPNOTSUPP
                            ? "EOPNOTSUPP (Operation not supported)" : "ENOPROTOOPT (Protocol not available)");
        }
        try (SocketFd both = TCP6.open(); SocketFd four = TCP4.open(); SocketFd client = TCP4.open()) {
            both.setsockopt(SockOpt.IPV6_V6ONLY, false);
            both.bind(SockAddr.anyInet6(0));
            both.listen(1);
            final int port = ((SockAddr.Inet) both.localAddress()).port();
            assertThat(failure(() -> four.bind(SockAddr.anyInet4(port))).errno()).isEqualTo(EADDRINUSE);
            assertThat(client.connect(SockAddr.loopbackInet4(port))).isZero();
            try (SocketFd server = both.accept()) {
                assertThat(server.remoteAddress().toString()).startsWith("[::ffff:127.0.0.1]:");
            }
        }
    }

    @Test
    void g61_ipv6OptionsAreUnknownToIpv4() throws ErrnoException {
        try (SocketFd socket = UDP4.open()) {
            assertThat(failure(() -> socket.setsockopt(SockOpt.IPV6_V6ONLY, true))).hasMessage(
                    "setsockopt(%d, IPPROTO_IPV6, IPV6_V6ONLY, 1) = -1 ENOPROTOOPT (Protocol not available)",
                    socket.intValue());
        }
    }

    @Test
    @RequiresProgram("python3")
    void l15_thePeerIsTheProcessThatConnected(@TempDir final Path directory) throws Exception {
        final SockAddr.UnixPath address = SockAddr.unix(directory.resolve("s"));
        try (SocketFd listener = listener(address, 1)) {
            final Process child = new ProcessBuilder("python3", "-c", """
                    import socket, sys
                    s = socket.socket(socket.AF_UNIX)
                    s.connect(sys.argv[1])
                    s.recv(1)
                    """, address.toPath().toString()).redirectError(ProcessBuilder.Redirect.DISCARD).start();
            try (SocketFd server = accept(listener)) {
                final Credentials peer = server.peerCredentials();
                assertThat(peer.pid()).isEqualTo((int) child.pid());
                try (SocketFd.Pair own = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0)) {
                    final Credentials here = own.first().getsockopt(SockOpt.SO_PEERCRED);
                    assertThat(here).isEqualTo(own.second().getsockopt(SockOpt.SO_PEERCRED));
                    assertThat(here.pid()).isEqualTo((int) ProcessHandle.current().pid());
                    assertThat(peer).isEqualTo(new Credentials((int) child.pid(), here.uid(), here.gid()));
                }
            } finally {
                assertThat(child.waitFor(20, TimeUnit.SECONDS)).isTrue();
            }
        }
    }

    private static SocketFd accept(final SocketFd listener) throws IOException {
        assertThat(listener.await(POLLIN, TimeUnit.SECONDS.toNanos(20))).isEqualTo(POLLIN);
        return listener.accept();
    }

    @Test
    void whoIsThereIsNobodyWithoutAPeer() throws ErrnoException {
        try (SocketFd socket = UNIX_STREAM.open()) {
            assertThat(socket.getsockopt(SockOpt.SO_PEERCRED)).isEqualTo(new Credentials(0, -1, -1));
            assertThat(failure(() -> socket.getsockopt(SockOpt.SO_PEERGROUPS)))
                    .hasMessage("getsockopt(%d, SOL_SOCKET, SO_PEERGROUPS) = -1 ENODATA (No data available)",
                            socket.intValue());
        }
    }

    @Test
    void thePeersGroupsAreThoseOfItsProcess() throws IOException {
        final int[] groups = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("Groups:"))
                .flatMap(line -> Arrays.stream(line.substring("Groups:".length()).strip().split(" +")))
                .filter(number -> !number.isEmpty()).mapToInt(Integer::parseUnsignedInt).toArray();
        try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0)) {
            assertThat(pair.first().getsockopt(SockOpt.SO_PEERGROUPS)).containsExactlyInAnyOrder(groups);
        }
    }

    /// The kernel says how much room it needs, by `ERANGE`; asked again with that, it answers.
    @Test
    void moreGroupsThanThereIsRoomForAreAskedForAgain() throws ErrnoException {
        final int[] groups = new int[1000];
        Arrays.setAll(groups, i -> 100_000 + i);
        try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0); Seen seen = Seen.calls(made -> {
            if (made.call() != Call.getsockopt) {
                return null;
            }
            final MemorySegment value = (MemorySegment) made.arguments().get(3);
            final MemorySegment length = (MemorySegment) made.arguments().get(4);
            final boolean fits = length.get(ValueLayout.JAVA_INT, 0) >= groups.length * Integer.BYTES;
            length.set(ValueLayout.JAVA_INT, 0, groups.length * Integer.BYTES);
            if (fits) {
                MemorySegment.copy(groups, 0, value, ValueLayout.JAVA_INT, 0, groups.length);
            }
            return fits ? 0L : (long) -ERANGE;
        })) {
            assertThat(pair.first().getsockopt(SockOpt.SO_PEERGROUPS)).isEqualTo(groups);
            assertThat(seen.all(Call.getsockopt)).hasSize(2);
        }
    }

    @Test
    void thePeersProcessIsADescriptorOfOurOwn() throws IOException {
        try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0)) {
            final Peer<PidFd> peer = pair.first().peerPidFd();
            assumeFalse(peer instanceof Peer.Unsupported, peer::toString);
            try (PidFd process = peer.orThrow()) {
                assertThat(process.closeOnExec()).isTrue();
                assertThat(Files.readAllLines(Path.of("/proc/self/fdinfo/" + process.intValue())))
                        .contains("Pid:\t" + ProcessHandle.current().pid());
            }
        }
    }

    @Test
    void l16_whatIsNoSocketOrNoOptionIsRefused() throws IOException {
        final SocketFd closed = TCP4.open();
        closed.close();
        assertThatIllegalStateException().isThrownBy(() -> closed.setsockopt(SockOpt.SO_OOBINLINE, true))
                .withMessageContaining("closed by thread");
        assertThatIllegalStateException().isThrownBy(() -> closed.getsockopt(SockOpt.SO_OOBINLINE));

        final int devNull = Libc.open(arena.allocateFrom("/dev/null"), O_RDWR | O_CLOEXEC, 0);
        assertThat(failure(() -> SocketFd.adopt(devNull)).errno()).isEqualTo(ENOTSOCK);
        assertThat(Libc.close(devNull)).isZero();

        try (SocketFd socket = TCP4.open()) {
            final int fd = socket.intValue();
            assertThat(failure(() -> socket.setsockopt(SOL_SOCKET, SO_OOBINLINE, MemorySegment.NULL)))
                    .hasMessage("setsockopt(%d, SOL_SOCKET, SO_OOBINLINE, 0 bytes) = -1 EINVAL (Invalid argument)", fd);
            assertThat(failure(() -> socket.setsockopt(500, SO_OOBINLINE, 1)))
                    .hasMessage("setsockopt(%d, 500, 10, 1) = -1 ENOPROTOOPT (Protocol not available)", fd);
            assertThat(failure(() -> socket.setsockopt(SockOpt.UDP_CORK, true)))
                    .hasMessage("setsockopt(%d, IPPROTO_UDP, UDP_CORK, 1) = -1 ENOPROTOOPT (Protocol not available)",
                            fd);
            assertThat(failure(() -> socket.setsockopt(IPPROTO_IP, -1, 1)))
                    .hasMessage("setsockopt(%d, IPPROTO_IP, -1, 1) = -1 ENOPROTOOPT (Protocol not available)", fd);
            assertThat(failure(() -> socket.getsockopt(IPPROTO_TCP, -1, arena.allocate(4))))
                    .hasMessage("getsockopt(%d, IPPROTO_TCP, -1) = -1 ENOPROTOOPT (Protocol not available)", fd);
            assertThat(failure(() -> socket.getsockoptInt(SOL_SOCKET, SO_PEERSEC))).extracting(ErrnoException::call)
                    .isEqualTo("getsockopt(" + fd + ", SOL_SOCKET, SO_PEERSEC)");
        }
    }

    @Test
    void l17_aForcedSendBufferIsNeverNegative() throws ErrnoException {
        try (SocketFd socket = UDP4.open()) {
            try {
                socket.setsockopt(SockOpt.SO_SNDBUFFORCE, 0xffff_ff00);
            } catch (final ErrnoException e) {
                assertThat(e.errno()).as(e.getMessage()).isEqualTo(EPERM);
                assumeFalse(true, e.getMessage());
            }
            assertThat(socket.getsockopt(SockOpt.SO_SNDBUF)).isPositive();
        }
    }

    @Test
    void g16_credentialsArePassedToTheEndThatAsked() throws IOException {
        try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0)) {
            assertThat(pair.first().getsockopt(SockOpt.SO_PASSCRED)).isFalse();
            assertThat(pair.second().getsockopt(SockOpt.SO_PASSCRED)).isFalse();
            pair.first().setsockopt(SockOpt.SO_PASSCRED, true);
            assertThat(pair.first().getsockopt(SockOpt.SO_PASSCRED)).isTrue();
            assertThat(pair.second().getsockopt(SockOpt.SO_PASSCRED)).isFalse();
        }
        try (SocketFd listener = listener(SockAddr.unixAutobind(), 1)) {
            listener.setsockopt(SockOpt.SO_PASSCRED, true);
            try (SocketFd client = connected(listener); SocketFd server = listener.accept()) {
                assertThat(server.getsockopt(SockOpt.SO_PASSCRED)).isTrue();
                assertThat(client.getsockopt(SockOpt.SO_PASSCRED)).isFalse();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"UDP4", "UNIX_DGRAM"})
    void g21_aReceiveEndsWhenTheTimeIsOver(final SocketKind kind) throws IOException {
        final Duration limit = Duration.ofMillis(35);
        try (SocketFd socket = kind.open()) {
            if (kind == UDP4) {
                socket.bind(SockAddr.loopbackInet4(0));
            }
            socket.setsockopt(SockOpt.SO_RCVTIMEO, limit);
            // To the next tick of the kernel, which has at least 100 of them in a second.
            assertThat(socket.getsockopt(SockOpt.SO_RCVTIMEO)).isBetween(limit, limit.plusMillis(10));
            final long start = System.nanoTime();
            assertThat(socket.recv(arena.allocate(1), 0)).isEqualTo(-EAGAIN);
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(limit.toNanos());
        }
    }

    @Test
    void g21_timesThatAreNone() throws IOException {
        try (SocketFd socket = UNIX_DGRAM.open()) {
            final MemorySegment timeval = arena.allocate(16, 8);
            timeval.set(ValueLayout.JAVA_LONG, 8, 1_000_000);
            assertThat(failure(() -> socket.setsockopt(SOL_SOCKET, SO_RCVTIMEO, timeval)))
                    .hasMessage("setsockopt(%d, SOL_SOCKET, SO_RCVTIMEO, 16 bytes) = -1 EDOM "
                            + "(Numerical argument out of domain)", socket.intValue());
            timeval.set(ValueLayout.JAVA_LONG, 8, -1);
            assertThat(failure(() -> socket.setsockopt(SOL_SOCKET, SO_RCVTIMEO, timeval)).errno()).isEqualTo(EDOM);
            timeval.set(ValueLayout.JAVA_LONG, 0, -1);
            timeval.set(ValueLayout.JAVA_LONG, 8, 0);
            socket.setsockopt(SOL_SOCKET, SO_RCVTIMEO, timeval);
            assertThat(socket.recv(arena.allocate(1), 0)).as("not to wait at all").isEqualTo(-EAGAIN);

            assertThatIllegalArgumentException()
                    .isThrownBy(() -> socket.setsockopt(SockOpt.SO_RCVTIMEO, Duration.ofMillis(-1)))
                    .withMessage("SO_RCVTIMEO: a time limit of PT-0.001S");
        }
    }

    /// A limit that rounds to zero would be none.
    @Test
    void aTimeBelowAMicrosecondIsStillALimit() throws IOException {
        try (SocketFd socket = UNIX_DGRAM.open()) {
            socket.setsockopt(SockOpt.SO_RCVTIMEO, Duration.ofNanos(1));
            assertThat(socket.getsockopt(SockOpt.SO_RCVTIMEO)).isPositive();
            assertThat(socket.recv(arena.allocate(1), 0)).isEqualTo(-EAGAIN);
        }
    }

    @Test
    void theLongestTimeIsTaken() throws ErrnoException {
        try (SocketFd socket = UNIX_DGRAM.open()) {
            socket.setsockopt(SockOpt.SO_SNDTIMEO, Duration.ofSeconds(Long.MAX_VALUE, 999_999_999));
            // Longer than the kernel can count is without limit.
            assertThat(socket.getsockopt(SockOpt.SO_SNDTIMEO)).isZero();
        }
    }

    @Test
    void g24_switchesAreOffAtFirst() throws ErrnoException {
        try (SocketFd tcp = TCP4.open(); SocketFd udp = UDP4.open()) {
            assertThat(udp.getsockopt(SockOpt.SO_BROADCAST)).isFalse();
            assertThat(udp.getsockopt(SockOpt.SO_REUSEADDR)).isFalse();
            assertThat(tcp.getsockopt(SockOpt.SO_KEEPALIVE)).isFalse();
            assertThat(udp.getsockopt(SockOpt.SO_NO_CHECK)).isFalse();
            assertThat(udp.getsockopt(SockOpt.SO_OOBINLINE)).isFalse();
            assertThat(tcp.getsockopt(SockOpt.SO_LINGER)).isEqualTo(Linger.OFF);
            assertThat(udp.getsockopt(SockOpt.SO_RCVTIMEO)).isZero();
            assertThat(udp.getsockopt(SockOpt.SO_SNDTIMEO)).isZero();
            assertThat(tcp.getsockopt(SockOpt.SO_RCVLOWAT)).isEqualTo(1);
            assertThat(tcp.getsockopt(SockOpt.SO_SNDLOWAT)).isEqualTo(1);
            assertThat(tcp.getsockopt(SockOpt.SO_ACCEPTCONN)).isFalse();
            assertThat(tcp.getsockopt(SockOpt.SO_ERROR)).isZero();
            assertThat(tcp.getsockopt(SockOpt.SO_MAX_PACING_RATE)).isEqualTo(-1);
            assertThat(udp.getsockopt(SockOpt.IP_MULTICAST_ALL)).isTrue();
            assertThat(udp.getsockopt(SockOpt.IP_MULTICAST_LOOP)).isTrue();
            assertThat(udp.getsockopt(SockOpt.IP_MULTICAST_TTL)).isEqualTo(1);
            assertThat(udp.getsockopt(SockOpt.SO_PEEK_OFF)).isEqualTo(-1);
        }
    }

    @Test
    void g24_credentialsArePassedOverUnixSocketsOnly() throws ErrnoException {
        try (SocketFd socket = TCP4.open()) {
            try {
                socket.setsockopt(SockOpt.SO_PASSCRED, true);
                assertThat(socket.getsockopt(SockOpt.SO_PASSCRED)).as("before Linux 6.16").isTrue();
            } catch (final ErrnoException e) {
                assertThat(e).hasMessage("setsockopt(%d, SOL_SOCKET, SO_PASSCRED, 1) = -1 EOPNOTSUPP "
                        + "(Operation not supported)", socket.intValue());
            }
        }
    }

    @Test
    void g54_defaultsOfTcp() throws IOException {
        try (SocketFd socket = TCP4.open()) {
            assertThat(socket.getsockopt(SockOpt.TCP_NODELAY)).isFalse();
            assertThat(socket.getsockopt(SockOpt.TCP_CORK)).isFalse();
            assertThat(socket.getsockopt(SockOpt.TCP_QUICKACK)).isTrue();
            assertThat(socket.getsockopt(SockOpt.TCP_USER_TIMEOUT)).isZero();
            assertThat(socket.getsockopt(SockOpt.TCP_DEFER_ACCEPT)).isZero();
            assertThat(socket.getsockopt(SockOpt.TCP_KEEPIDLE)).isEqualTo(sysctl("tcp_keepalive_time"));
            assertThat(socket.getsockopt(SockOpt.TCP_KEEPINTVL)).isEqualTo(sysctl("tcp_keepalive_intvl"));
            assertThat(socket.getsockopt(SockOpt.TCP_KEEPCNT)).isEqualTo(sysctl("tcp_keepalive_probes"));
            assertThat(socket.getsockopt(SockOpt.TCP_SYNCNT)).isEqualTo(sysctl("tcp_syn_retries"));
            assertThat(socket.getsockopt(SockOpt.TCP_LINGER2)).isEqualTo(sysctl("tcp_fin_timeout"));
            assertThat(socket.getsockopt(SockOpt.TCP_CONGESTION)).isEqualTo(sysctlText("tcp_congestion_control"));
            assertThat(socket.getsockopt(SockOpt.TCP_ULP)).isEmpty();
        }
    }

    static int sysctl(final String name) {
        return Integer.parseInt(sysctlText(name));
    }

    /// Line by line: `Files.readString` begins with a read of one byte, after which these files have no more.
    private static String sysctlText(final String name) {
        try {
            return Files.readAllLines(Path.of("/proc/sys/net/ipv4/" + name)).getFirst();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Stream<Arguments> refusedByTcp() {
        return Stream.of(
                arguments(SockOpt.TCP_KEEPIDLE, 0), arguments(SockOpt.TCP_KEEPIDLE, 32768),
                arguments(SockOpt.TCP_KEEPINTVL, 0), arguments(SockOpt.TCP_KEEPINTVL, 32768),
                arguments(SockOpt.TCP_KEEPCNT, 0), arguments(SockOpt.TCP_KEEPCNT, 128),
                arguments(SockOpt.TCP_SYNCNT, 0), arguments(SockOpt.TCP_SYNCNT, 128),
                arguments(SockOpt.TCP_USER_TIMEOUT, -1), arguments(SockOpt.TCP_MAXSEG, 87));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("refusedByTcp")
    void g54_n12_whatIsOutOfRangeIsTheKernelsToRefuse(final SockOpt<Integer> option, final int value)
            throws ErrnoException {
        try (SocketFd socket = TCP4.open()) {
            final int before = socket.getsockopt(option);
            assertThat(failure(() -> socket.setsockopt(option, value))).hasMessage(
                    "setsockopt(%d, IPPROTO_TCP, %s, %d) = -1 EINVAL (Invalid argument)", socket.intValue(), option,
                    value);
            assertThat(failure(() -> socket.setsockopt(IPPROTO_TCP, option.number(), value))).as("the raw form")
                    .hasMessage("setsockopt(%d, IPPROTO_TCP, %s, %d) = -1 EINVAL (Invalid argument)", socket.intValue(),
                            option, value);
            assertThat(socket.getsockopt(option)).isEqualTo(before);
        }
    }

    @Test
    void g54_anUnknownAlgorithmIsNotFound() throws ErrnoException {
        try (SocketFd socket = TCP4.open()) {
            assertThat(failure(() -> socket.setsockopt(SockOpt.TCP_CONGESTION, "no such thing"))).hasMessage(
                    "setsockopt(%d, IPPROTO_TCP, TCP_CONGESTION, \"no such thing\") = -1 ENOENT "
                            + "(No such file or directory)", socket.intValue());
        }
    }

    @Test
    void u52_theKernelDoublesTheSizeOfBuffers() throws ErrnoException {
        try (SocketFd socket = UDP4.open()) {
            socket.setsockopt(SockOpt.SO_SNDBUF, 10_000);
            socket.setsockopt(SockOpt.SO_RCVBUF, 12_000);
            assertThat(socket.getsockopt(SockOpt.SO_SNDBUF)).isEqualTo(20_000);
            assertThat(socket.getsockopt(SockOpt.SO_RCVBUF)).isEqualTo(24_000);
            socket.setsockopt(SockOpt.SO_RCVBUF, Integer.MAX_VALUE);
            assertThat(socket.getsockopt(SockOpt.SO_RCVBUF)).as("cut to the limit first").isPositive()
                    .isLessThan(Integer.MAX_VALUE);
            socket.setsockopt(SockOpt.SO_RCVBUF, 0);
            assertThat(socket.getsockopt(SockOpt.SO_RCVBUF)).as("the least").isCloseTo(2304, within(2000));
        }
    }

    @Test
    void n12_whatAClosedSocketIsAskedIsMisuse() throws ErrnoException {
        final SocketFd socket = TCP4.open();
        socket.setsockopt(SockOpt.TCP_QUICKACK, false);
        assertThat(socket.getsockopt(SockOpt.TCP_QUICKACK)).isFalse();
        socket.close();
        assertThatIllegalStateException().isThrownBy(() -> socket.getsockopt(SockOpt.TCP_CORK));
        assertThatIllegalStateException().isThrownBy(() -> socket.setsockopt(SockOpt.TCP_NOTSENT_LOWAT, 1));
    }

    @Test
    void n13_optionsOfAListenerAreReadBack() throws IOException {
        try (SocketFd listener = TCP4.open()) {
            listener.setsockopt(SockOpt.TCP_DEFER_ACCEPT, 15);
            listener.setsockopt(SockOpt.SO_REUSEPORT, true);
            listener.setsockopt(SockOpt.IP_FREEBIND, true);
            listener.bind(SockAddr.inet("192.0.2.1", 0));
            listener.listen(8);
            listener.setsockopt(SockOpt.TCP_FASTOPEN, 10);
            assertThat(listener.getsockopt(SockOpt.TCP_DEFER_ACCEPT)).isEqualTo(15);
            assertThat(listener.getsockopt(SockOpt.SO_REUSEPORT)).isTrue();
            assertThat(listener.getsockopt(SockOpt.IP_FREEBIND)).isTrue();
            assertThat(listener.getsockopt(SockOpt.TCP_FASTOPEN)).isEqualTo(10);
            assertThat(listener.getsockopt(SockOpt.SO_ACCEPTCONN)).isTrue();
        }
    }

    @Test
    void anAcceptedSocketInheritsOptions() throws IOException {
        try (SocketFd listener = listener(SockAddr.loopbackInet4(0), 1)) {
            listener.setsockopt(SockOpt.TCP_NODELAY, true);
            listener.setsockopt(SockOpt.TCP_KEEPIDLE, 17);
            listener.setsockopt(SockOpt.SO_KEEPALIVE, true);
            try (SocketFd client = connected(listener); SocketFd server = listener.accept()) {
                assertThat(server.getsockopt(SockOpt.TCP_NODELAY)).isTrue();
                assertThat(server.getsockopt(SockOpt.TCP_KEEPIDLE)).isEqualTo(17);
                assertThat(server.getsockopt(SockOpt.SO_KEEPALIVE)).isTrue();
                assertThat(client.getsockopt(SockOpt.TCP_NODELAY)).isFalse();
            }
        }
    }

    @Test
    void readingTheErrorClearsIt() throws IOException {
        final SockAddr nobody;
        try (SocketFd gone = TCP4.open()) {
            gone.bind(SockAddr.loopbackInet4(0));
            nobody = gone.localAddress();
        }
        try (SocketFd socket = SocketFd.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
            assertThat(socket.connect(nobody)).isEqualTo(-EINPROGRESS);
            assertThat(socket.await(POLLOUT, TimeUnit.SECONDS.toNanos(20))).isPositive();
            assertThat(socket.getsockopt(SockOpt.SO_ERROR)).isEqualTo(ECONNREFUSED);
            assertThat(socket.getsockopt(SockOpt.SO_ERROR)).isZero();
        }
    }

    @Test
    void closingWithoutLingeringResetsTheConnection() throws IOException {
        try (SocketFd listener = listener(SockAddr.loopbackInet4(0), 1); SocketFd client = connected(listener)) {
            final SocketFd server = listener.accept();
            server.setsockopt(SockOpt.SO_LINGER, Linger.RESET);
            server.close();
            assertThat(failure(() -> client.recv(arena.allocate(1), 0)).errno()).isEqualTo(ECONNRESET);
        }
    }

    // ---- values that C cannot say

    @Test
    void namesThatTheKernelWouldCutOffAreRefused() throws IOException {
        try (SocketFd socket = TCP4.open(); Seen seen = Seen.calls()) {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> socket.setsockopt(SockOpt.SO_BINDTODEVICE, "lo-and-then-some"))
                    .withMessage("SO_BINDTODEVICE: a name has at most 15 bytes and no NUL: \"lo-and-then-some\"");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> socket.setsockopt(SockOpt.TCP_CONGESTION, "reno\0x"))
                    .withMessage("TCP_CONGESTION: a name has at most 15 bytes and no NUL: \"reno\\0x\"");
            assertThatIllegalArgumentException().isThrownBy(() -> socket.setsockopt(SockOpt.TCP_ULP, "\ud800"))
                    .withMessage("TCP_ULP: no valid UTF-16: \"\ud800\"");
            assertThat(seen.all()).isEmpty();
        }
    }

    @Test
    void lingeringIsNotNegative() {
        assertThatIllegalArgumentException().isThrownBy(() -> Linger.seconds(-1))
                .withMessage("to linger for -1 seconds");
        assertThat(new Linger(false, 5)).as("what is off has no time").isEqualTo(Linger.OFF);
    }

    @Test
    void nothingIsNoValue() throws ErrnoException {
        try (SocketFd socket = TCP4.open()) {
            assertThatThrownBy(() -> socket.setsockopt(SockOpt.TCP_NODELAY, null))
                    .isInstanceOf(NullPointerException.class).hasMessage("TCP_NODELAY");
        }
    }

    // ---- the raw form and options of one's own

    @Test
    @SuppressWarnings("restricted")
    void aValueThatNoLengthCanSayIsRefused() throws ErrnoException {
        try (SocketFd socket = SocketFd.socket(AF_UNIX, SOCK_STREAM, 0); Seen seen = Seen.calls()) {
            // Never touched.
            final MemorySegment value = MemorySegment.ofAddress(4096).reinterpret(1L << 31);
            assertThatThrownBy(() -> socket.setsockopt(SOL_SOCKET, SO_RCVBUF, value))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("2147483648");
            assertThat(seen.all()).isEmpty();
        }
    }

    @Test
    void theRawFormsAgreeWithTheTyped() throws ErrnoException {
        try (SocketFd socket = TCP4.open()) {
            socket.setsockopt(IPPROTO_TCP, TCP_KEEPCNT, 5);
            assertThat(socket.getsockopt(SockOpt.TCP_KEEPCNT)).isEqualTo(5);
            assertThat(socket.getsockoptInt(IPPROTO_TCP, TCP_KEEPCNT)).isEqualTo(5);
            final MemorySegment linger = arena.allocate(8, 4);
            linger.set(ValueLayout.JAVA_INT, 0, 1);
            linger.set(ValueLayout.JAVA_INT, 4, 9);
            socket.setsockopt(SOL_SOCKET, SO_LINGER, linger);
            assertThat(socket.getsockopt(SockOpt.SO_LINGER)).isEqualTo(Linger.seconds(9));
            linger.set(ValueLayout.JAVA_INT, 4, -1);
            socket.setsockopt(SOL_SOCKET, SO_LINGER, linger);
            assertThat(socket.getsockopt(SockOpt.SO_LINGER)).as("an unsigned number to the kernel")
                    .isEqualTo(Linger.seconds(Integer.MAX_VALUE));
            assertThat(socket.getsockopt(SOL_SOCKET, SO_LINGER, arena.allocate(100))).isEqualTo(8);
        }
    }

    /// Its length is a count of instructions to the kernel, of eight bytes each.
    @Test
    void aFilterThatIsReadStaysWithinItsRoom() throws ErrnoException {
        final int instructions = 64;
        final long bytes = instructions * 8L;
        final MemorySegment program = arena.allocate(bytes, 8);
        for (long at = 0; at < bytes; at += 8) {
            program.set(ValueLayout.JAVA_LONG, at, 0xffffL << 32 | 0x06); // BPF_RET | BPF_K
        }
        final MemorySegment fprog = arena.allocate(16, 8);
        fprog.set(ValueLayout.JAVA_SHORT, 0, (short) instructions);
        fprog.set(ValueLayout.ADDRESS, 8, program);
        try (SocketFd socket = UDP4.open()) {
            socket.setsockopt(SOL_SOCKET, SO_ATTACH_FILTER, fprog);
            final MemorySegment memory = arena.allocate(bytes + 8);
            assertThat(failure(() -> socket.getsockopt(SOL_SOCKET, SO_GET_FILTER, memory.asSlice(0, bytes - 8)))
                    .errno()).isEqualTo(EINVAL);
            assertThat(memory.mismatch(arena.allocate(bytes + 8))).as("nothing is written").isNegative();
            assertThat(socket.getsockopt(SOL_SOCKET, SO_GET_FILTER, memory)).isEqualTo((int) bytes);
            assertThat(memory.asSlice(0, bytes).mismatch(program)).isNegative();
        }
    }

    /// For those who make the call themselves.
    @Test
    void valuesAreEncodedAndDecodedWithoutASocket() {
        final MemorySegment memory = arena.allocate(16).fill((byte) 0x55);
        SockOpt.SO_LINGER.encode(Linger.seconds(9), memory);
        assertThat(memory.asSlice(0, 8).toArray(ValueLayout.JAVA_INT_UNALIGNED)).containsExactly(1, 9);
        assertThat(memory.get(ValueLayout.JAVA_BYTE, 8)).as("behind the value").isEqualTo((byte) 0x55);
        assertThat(SockOpt.SO_LINGER.decode(memory, 8)).isEqualTo(Linger.seconds(9));
        assertThat(SockOpt.SO_LINGER.room()).isEqualTo(SockOpt.SO_LINGER.length(Linger.OFF)).isEqualTo(8);
        assertThat(SockOpt.TCP_CONGESTION.length("reno")).isEqualTo(5);
        assertThat(SockOpt.IP_OPTIONS.text(new byte[] {1, (byte) 0xff})).isEqualTo("0x01ff");

        assertThatThrownBy(() -> SockOpt.SO_LINGER.encode(Linger.OFF, arena.allocate(7)))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> SockOpt.SO_LINGER.decode(arena.allocate(7), 7))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> SockOpt.TCP_INFO.length(null)).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(SockOpt.SO_RCVBUFFORCE::room).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> SockOpt.SO_RCVBUFFORCE.decode(memory, 4))
                .isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void anOptionOfOnesOwn() throws ErrnoException {
        final SockOpt<Integer> count = SockOpt.integer("MY_KEEPCNT", IPPROTO_TCP, TCP_KEEPCNT);
        final SockOpt<Boolean> delay = SockOpt.flag("MY_NODELAY", IPPROTO_TCP, TCP_NODELAY);
        final SockOpt<byte[]> linger = SockOpt.bytes("MY_LINGER", SOL_SOCKET, SO_LINGER);
        try (SocketFd socket = TCP4.open()) {
            socket.setsockopt(count, 4);
            socket.setsockopt(delay, true);
            socket.setsockopt(linger, new byte[] {1, 0, 0, 0, 3, 0, 0, 0});
            assertThat(socket.getsockopt(SockOpt.TCP_KEEPCNT)).isEqualTo(socket.getsockopt(count)).isEqualTo(4);
            assertThat(socket.getsockopt(SockOpt.TCP_NODELAY)).isEqualTo(socket.getsockopt(delay)).isTrue();
            assertThat(socket.getsockopt(linger)).containsExactly(1, 0, 0, 0, 3, 0, 0, 0);
            assertThat(failure(() -> socket.setsockopt(count, 0)).call()).contains("MY_KEEPCNT");
            assertThat(failure(() -> socket.setsockopt(linger, new byte[] {1, 2})).call())
                    .endsWith("MY_LINGER, 0x0102)");
            assertThat(SockOpt.optionName(IPPROTO_TCP, TCP_KEEPCNT)).isEqualTo("TCP_KEEPCNT");
        }
    }

    /// An interrupted call must know that there is a limit, whichever way it was set.
    @Test
    void timeLimitsSetEitherWayHoldAcrossSignals() throws IOException {
        final MemorySegment timeval = arena.allocate(16, 8);
        timeval.set(ValueLayout.JAVA_LONG, 8, 40_000);
        for (final boolean typed : new boolean[] {true, false}) {
            try (SocketFd socket = UNIX_DGRAM.open()) {
                if (typed) {
                    socket.setsockopt(SockOpt.SO_RCVTIMEO, Duration.ofMillis(40));
                } else {
                    socket.setsockopt(SOL_SOCKET, SO_RCVTIMEO_NEW, timeval);
                }
                final MemorySegment byteOfRoom = arena.allocate(1);
                try (Faults faults = Faults.inject("recv:error=EINTR:when=1")) {
                    final long start = System.nanoTime();
                    assertThat(socket.recv(byteOfRoom, 0)).isEqualTo(-EAGAIN);
                    assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(Duration.ofMillis(40).toNanos());
                    assertThat(faults.matched(0)).as("waited for, not begun anew").isEqualTo(1);
                }
            }
        }
    }
}
