package io.github.fdsock;

import static io.github.fdsock.SockOptTest.*;
import static io.github.fdsock.SocketKind.*;
import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.fdsock.option.Linger;
import io.github.fdsock.option.Membership;
import io.github.fdsock.option.SockOpt;
import java.io.IOException;
import java.net.Inet4Address;
import java.time.Duration;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// An option is read as it was set, or as the kernel is known to change it.
class SockOptValuesTest {
    private static final Inet4Address ANY = Inet4Address.ofLiteral("0.0.0.0");
    private static final Inet4Address SELF = Inet4Address.ofLiteral("127.0.0.1");

    /// Switches that do not do as they are told, and those which need more than a socket.
    private static final Set<SockOpt<?>> NOT_PLAIN_SWITCHES = Set.of(SockOpt.SO_BSDCOMPAT, SockOpt.SO_LOCK_FILTER,
            SockOpt.SO_INQ, SockOpt.TCP_THIN_DUPACK, SockOpt.TCP_FASTOPEN_CONNECT, SockOpt.IP_ROUTER_ALERT,
            SockOpt.IPV6_ROUTER_ALERT_ISOLATE, SockOpt.SO_TIMESTAMP, SockOpt.SO_TIMESTAMPNS, SockOpt.PACKET_LOSS);

    @SuppressWarnings("unchecked")
    static Stream<SockOpt<Boolean>> switches() {
        return SockOptConstantsTest.options()
                .filter(option -> SockOptConstantsTest.isFlag(option) && option.isWritable()
                        && !NOT_PLAIN_SWITCHES.contains(option))
                .map(option -> (SockOpt<Boolean>) option);
    }

    /// On each kind of socket that knows it.
    @ParameterizedTest(name = "{0}")
    @MethodSource("switches")
    void aSwitchIsReadAsItWasSet(final SockOpt<Boolean> option) throws ErrnoException {
        int tried = 0;
        String why = "";
        try (SocketKind.Sockets sockets = SocketKind.openAll()) {
            for (final SocketFd socket : sockets.open.values()) {
                try {
                    final boolean before = socket.getsockopt(option);
                    socket.setsockopt(option, !before);
                    assertThat(socket.getsockopt(option)).as("%s of %s", option, socket).isEqualTo(!before);
                    socket.setsockopt(option, before);
                    assertThat(socket.getsockopt(option)).as("%s of %s", option, socket).isEqualTo(before);
                    tried++;
                } catch (final ErrnoException e) {
                    assertThat(e.errno()).as(e.getMessage()).isIn(ENOPROTOOPT, EOPNOTSUPP, EPERM, EACCES, EINVAL);
                    why = e.getMessage();
                }
            }
        }
        final String reason = why;
        assumeFalse(tried == 0, () -> option + " cannot be tried here: " + reason);
    }

    static Stream<Arguments> values() {
        return Stream.of(
                value(TCP4, SockOpt.SO_PRIORITY, 6, 6),
                value(TCP4, SockOpt.SO_RCVLOWAT, 100, 100),
                value(UNIX_STREAM, SockOpt.SO_PEEK_OFF, 4, 4),
                value(UDP4, SockOpt.SO_MARK, 0x8000_0001, 0x8000_0001),
                value(UDP4, SockOpt.SO_MAX_PACING_RATE, 10_000_000_000L, 10_000_000_000L),
                value(UDP4, SockOpt.SO_BINDTODEVICE, "lo", "lo"),
                value(UDP4, SockOpt.SO_BINDTOIFINDEX, 1, 1),
                value(UDP4, SockOpt.SO_TIMESTAMPING, SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE,
                        SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE),
                value(UDP4, SockOpt.SO_TXTIME, new SockOpt.TxTime(CLOCK_MONOTONIC, SOF_TXTIME_DEADLINE_MODE),
                        new SockOpt.TxTime(CLOCK_MONOTONIC, SOF_TXTIME_DEADLINE_MODE)),
                value(TCP4, SockOpt.SO_BUF_LOCK, SOCK_RCVBUF_LOCK, SOCK_RCVBUF_LOCK),
                value(UDP4, SockOpt.SO_INCOMING_CPU, 0, 0),
                value(TCP4, SockOpt.SO_LINGER, Linger.seconds(7), Linger.seconds(7)),
                value(TCP4, SockOpt.SO_LINGER, Linger.RESET, Linger.RESET),
                value(TCP4, SockOpt.SO_LINGER, Linger.OFF, Linger.OFF),
                value(TCP4, SockOpt.SO_RCVTIMEO, Duration.ofSeconds(2), Duration.ofSeconds(2)),
                value(UNIX_DGRAM, SockOpt.SO_SNDTIMEO, Duration.ZERO, Duration.ZERO),
                value(TCP4, SockOpt.TCP_KEEPIDLE, 32767, 32767),
                value(TCP4, SockOpt.TCP_KEEPINTVL, 1, 1),
                value(TCP4, SockOpt.TCP_KEEPCNT, 127, 127),
                value(TCP4, SockOpt.TCP_USER_TIMEOUT, 12_345, 12_345),
                value(TCP4, SockOpt.TCP_SYNCNT, 127, 127),
                value(TCP4, SockOpt.TCP_LINGER2, 30, 30),
                value(TCP4, SockOpt.TCP_LINGER2, -1, -1),
                value(TCP4, SockOpt.TCP_MAXSEG, 1000, 1000),
                value(TCP4, SockOpt.TCP_NOTSENT_LOWAT, 16_384, 16_384),
                value(TCP4, SockOpt.TCP_NOTSENT_LOWAT, -1, -1),
                value(TCP4, SockOpt.TCP_SAVE_SYN, 1, 1),
                value(TCP4, SockOpt.TCP_CONGESTION, "reno", "reno"),
                // Rounded up to the next of the kernel's attempts: 1, 3, 7, 15 seconds.
                value(TCP4, SockOpt.TCP_DEFER_ACCEPT, 1, 1),
                value(TCP4, SockOpt.TCP_DEFER_ACCEPT, 2, 3),
                value(TCP4, SockOpt.TCP_DEFER_ACCEPT, 5, 7),
                value(TCP4, SockOpt.TCP_WINDOW_CLAMP, 100_000, 100_000),
                value(TCP4, SockOpt.TCP_FASTOPEN_KEY, bytes(16), bytes(16)),
                value(TCP4, SockOpt.TCP_FASTOPEN_KEY, bytes(32), bytes(32)),
                value(UDP4, SockOpt.UDP_SEGMENT, 1200, 1200),
                value(UDP4, SockOpt.UDP_ENCAP, UDP_ENCAP_ESPINUDP, UDP_ENCAP_ESPINUDP),
                value(TCP4, SockOpt.IP_TTL, 255, 255),
                value(TCP4, SockOpt.IP_TTL, -1, sysctl("ip_default_ttl")),
                value(UDP4, SockOpt.IP_TOS, 0xb8, 0xb8),
                value(UDP4, SockOpt.IP_OPTIONS, new byte[] {1, 1, 1, 1}, new byte[] {1, 1, 1, 1}),
                value(UDP4, SockOpt.IP_OPTIONS, new byte[0], new byte[0]),
                value(UDP4, SockOpt.IP_MTU_DISCOVER, IP_PMTUDISC_PROBE, IP_PMTUDISC_PROBE),
                value(UDP4, SockOpt.IP_UNICAST_IF, 1, 1),
                value(TCP4, SockOpt.IP_MINTTL, 255, 255),
                value(TCP4, SockOpt.IP_LOCAL_PORT_RANGE, 40_100 << 16 | 40_000, 40_100 << 16 | 40_000),
                value(UDP4, SockOpt.IP_MULTICAST_TTL, 255, 255),
                value(UDP4, SockOpt.IP_MULTICAST_IF,
                        new Membership.IpMreqn(ANY, SELF, 0),
                        new Membership.IpMreqn(ANY, SELF, 0)),
                value(UDP6, SockOpt.IPV6_UNICAST_HOPS, 255, 255),
                value(UDP6, SockOpt.IPV6_TCLASS, 0xb8, 0xb8),
                value(UDP6, SockOpt.IPV6_MULTICAST_HOPS, 0, 0),
                value(UDP6, SockOpt.IPV6_MULTICAST_HOPS, -1, 1),
                value(UDP6, SockOpt.IPV6_MULTICAST_IF, 1, 1),
                value(UDP6, SockOpt.IPV6_UNICAST_IF, 1, 1),
                value(UDP6, SockOpt.IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DO, IPV6_PMTUDISC_DO),
                value(UDP6, SockOpt.IPV6_ADDR_PREFERENCES, IPV6_PREFER_SRC_PUBLIC,
                        IPV6_PREFER_SRC_PUBLIC | IPV6_PREFER_SRC_HOME),
                value(TCP6, SockOpt.IPV6_MINHOPCOUNT, 255, 255),
                value(RAW6, SockOpt.IPV6_CHECKSUM, 2, 2),
                // Padding of six bytes in a header of eight.
                value(UDP6, SockOpt.IPV6_DSTOPTS, new byte[] {0, 0, 1, 4, 0, 0, 0, 0},
                        new byte[] {0, 0, 1, 4, 0, 0, 0, 0}),
                value(VSOCK, SockOpt.SO_VM_SOCKETS_BUFFER_SIZE, 100_000L, 100_000L),
                value(VSOCK, SockOpt.SO_VM_SOCKETS_BUFFER_MIN_SIZE, 1_000L, 1_000L),
                value(VSOCK, SockOpt.SO_VM_SOCKETS_BUFFER_MAX_SIZE, 1L << 40, 1L << 40),
                value(VSOCK, SockOpt.SO_VM_SOCKETS_CONNECT_TIMEOUT, Duration.ofMillis(1_500), Duration.ofMillis(1_500)),
                value(PACKET, SockOpt.PACKET_RESERVE, 16, 16),
                value(PACKET, SockOpt.PACKET_VERSION, 2, 2),
                value(PACKET, SockOpt.PACKET_TIMESTAMP, SOF_TIMESTAMPING_RAW_HARDWARE, SOF_TIMESTAMPING_RAW_HARDWARE));
    }

    private static <T> Arguments value(final SocketKind kind, final SockOpt<T> option, final T set, final T read) {
        return arguments(kind, option, set, read);
    }

    private static byte[] bytes(final int length) {
        final byte[] bytes = new byte[length];
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (i + 1);
        }
        return bytes;
    }

        @ParameterizedTest(name = "{1} {2}")
    @MethodSource("values")
    <T> void aValueIsReadAsItWasSet(final SocketKind kind, final SockOpt<T> option, final T set, final T read)
            throws ErrnoException {
        SocketFd socket = null;
        try {
            socket = kind.open();
            socket.setsockopt(option, set);
            assertThat(socket.getsockopt(option)).isEqualTo(read);
        } catch (final ErrnoException e) {
            // Of a user without the right, of a family that is not there, of a kernel without the option.
            final boolean unavailable = switch (e.errno()) {
                case EPERM, EACCES, EAFNOSUPPORT, EPROTONOSUPPORT -> true;
                case ENOPROTOOPT -> SockOptConstantsTest.MAY_BE_UNKNOWN.contains(option.name());
                default -> false;
            };
            if (!unavailable) {
                throw e;
            }
            assumeFalse(true, e.getMessage());
        } finally {
            if (socket != null) {
                socket.close();
            }
        }
    }

    @Test
    void anInterfaceIsUnboundByTheEmptyName() throws ErrnoException {
        try (SocketFd socket = UDP4.open()) {
            assertThat(socket.getsockopt(SockOpt.SO_BINDTODEVICE)).isEmpty();
            socket.setsockopt(SockOpt.SO_BINDTODEVICE, "lo");
            try {
                socket.setsockopt(SockOpt.SO_BINDTODEVICE, "");
            } catch (final ErrnoException e) {
                assertThat(e.errno()).as(e.getMessage()).isEqualTo(EPERM);
                assumeFalse(true, e.getMessage());
            }
            assertThat(socket.getsockopt(SockOpt.SO_BINDTODEVICE)).isEmpty();
            assertThat(socket.getsockopt(SockOpt.SO_BINDTOIFINDEX)).isZero();
        }
    }

    @Test
    void timeStampsToTheMicrosecondAndToTheNanosecondExcludeOneAnother() throws ErrnoException {
        try (SocketFd socket = UDP4.open()) {
            socket.setsockopt(SockOpt.SO_TIMESTAMP, true);
            assertThat(socket.getsockopt(SockOpt.SO_TIMESTAMP)).isTrue();
            socket.setsockopt(SockOpt.SO_TIMESTAMPNS, true);
            assertThat(socket.getsockopt(SockOpt.SO_TIMESTAMPNS)).isTrue();
            assertThat(socket.getsockopt(SockOpt.SO_TIMESTAMP)).isFalse();
        }
    }

    @Test
    void whatLinuxNoLongerKnowsIsTakenAndIgnored() throws ErrnoException {
        try (SocketFd socket = TCP4.open()) {
            socket.setsockopt(SockOpt.SO_BSDCOMPAT, true);
            assertThat(socket.getsockopt(SockOpt.SO_BSDCOMPAT)).isFalse();
            socket.setsockopt(SockOpt.TCP_THIN_DUPACK, true);
            assertThat(socket.getsockopt(SockOpt.TCP_THIN_DUPACK)).isFalse();
        }
    }

    @Test
    void aFilterThatIsLockedStaysSo() throws ErrnoException {
        try (SocketFd socket = UDP4.open()) {
            assertThat(failure(() -> socket.setsockopt(SockOpt.SO_DETACH_FILTER, 0)).errno()).isEqualTo(ENOENT);
            socket.setsockopt(SockOpt.SO_LOCK_FILTER, true);
            assertThat(socket.getsockopt(SockOpt.SO_LOCK_FILTER)).isTrue();
            assertThat(failure(() -> socket.setsockopt(SockOpt.SO_LOCK_FILTER, false)))
                    .hasMessage("setsockopt(%d, SOL_SOCKET, SO_LOCK_FILTER, 0) = -1 EPERM (Operation not permitted)",
                            socket.intValue());
        }
    }

    @Test
    void netlinkGroupsAreASetOfBits() throws ErrnoException {
        try (SocketFd socket = NETLINK.open()) {
            assertThat(socket.getsockopt(SockOpt.NETLINK_LIST_MEMBERSHIPS)).isEmpty();
            socket.setsockopt(SockOpt.NETLINK_ADD_MEMBERSHIP, 33);
            assertThat(socket.getsockopt(SockOpt.NETLINK_LIST_MEMBERSHIPS)).startsWith(0, 1);
            socket.setsockopt(SockOpt.NETLINK_DROP_MEMBERSHIP, 33);
            assertThat(socket.getsockopt(SockOpt.NETLINK_LIST_MEMBERSHIPS)).containsOnly(0);
        }
    }

    @Test
    void memoryInfoHasThatManyNumbers() throws ErrnoException {
        try (SocketFd socket = UDP4.open()) {
            final int[] info = socket.getsockopt(SockOpt.SO_MEMINFO);
            assertThat(info).hasSizeGreaterThanOrEqualTo(SK_MEMINFO_VARS);
            assertThat(info[SK_MEMINFO_RCVBUF]).isEqualTo(socket.getsockopt(SockOpt.SO_RCVBUF));
            assertThat(info[SK_MEMINFO_DROPS]).isZero();
        }
    }

    @Test
    void cookiesBelongToTheSocketNotToTheDescriptor() throws ErrnoException {
        try (SocketFd one = TCP4.open(); SocketFd same = one.dup(); SocketFd other = TCP4.open()) {
            final long cookie = one.getsockopt(SockOpt.SO_COOKIE);
            assertThat(cookie).isPositive();
            assertThat(same.getsockopt(SockOpt.SO_COOKIE)).isEqualTo(cookie);
            assertThat(other.getsockopt(SockOpt.SO_COOKIE)).isNotEqualTo(cookie);
            assertThat(other.getsockopt(SockOpt.SO_NETNS_COOKIE)).isEqualTo(one.getsockopt(SockOpt.SO_NETNS_COOKIE));
        }
    }

    @Test
    void theFirstSegmentIsReadOnce() throws IOException {
        try (SocketFd listener = SocketFd.socket(AF_INET, SOCK_STREAM, 0)) {
            listener.bind(SockAddr.loopbackInet4(0));
            listener.setsockopt(SockOpt.TCP_SAVE_SYN, 1);
            listener.listen(1);
            try (SocketFd client = connected(listener); SocketFd server = listener.accept()) {
                final byte[] headers = server.getsockopt(SockOpt.TCP_SAVED_SYN);
                assertThat(headers[0]).as("IPv4, five words").isEqualTo((byte) 0x45);
                assertThat(headers).hasSizeGreaterThanOrEqualTo(40);
                assertThat(server.getsockopt(SockOpt.TCP_SAVED_SYN)).isEmpty();
                assertThat(client.getsockopt(SockOpt.TCP_IS_MPTCP)).isFalse();
            } catch (final ErrnoException e) {
                assertThat(e.getMessage()).contains("TCP_IS_MPTCP").contains("ENOPROTOOPT");
                assumeFalse(true, e.getMessage());
            }
        }
    }

    @Test
    void theMtuOfThePathIsToldOfAConnection() throws IOException {
        try (SocketFd server = UDP4.open(); SocketFd client = UDP4.open()) {
            assertThat(failure(() -> client.getsockopt(SockOpt.IP_MTU)).errno()).isEqualTo(ENOTCONN);
            server.bind(SockAddr.loopbackInet4(0));
            client.connect(server.localAddress());
            assertThat(client.getsockopt(SockOpt.IP_MTU)).isGreaterThanOrEqualTo(1280);
        }
    }

    @Test
    void aMappedSocketBecomesAnIpv4Socket() throws IOException {
        try (SocketFd listener = listener(SockAddr.loopbackInet4(0), 1); SocketFd client = TCP6.open()) {
            final int port = ((SockAddr.Inet) listener.localAddress()).port();
            assertThat(client.connect(SockAddr.inet("::ffff:127.0.0.1", port))).isZero();
            assertThat(client.getsockopt(SockOpt.IPV6_ADDRFORM)).isEqualTo(AF_INET6);
            client.setsockopt(SockOpt.IPV6_ADDRFORM, AF_INET);
            assertThat(client.remoteAddress()).isEqualTo(SockAddr.loopbackInet4(port));
        }
    }
}
