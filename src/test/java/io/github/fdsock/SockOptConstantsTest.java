package io.github.fdsock;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.fdsock.option.Credentials;
import io.github.fdsock.option.Linger;
import io.github.fdsock.option.Membership;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.sys.Constants;
import io.github.fdsock.sys.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Field;
import java.lang.reflect.ParameterizedType;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every constant of [SockOpt] is the option that its name says, to C and to the running kernel.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SockOptConstantsTest {

    /// Options that the kernel of a supported system may not have: newer than Linux 5.15, or of modules and drivers.
    static final Set<String> MAY_BE_UNKNOWN = Set.of("SO_INQ", "SO_PASSPIDFD", "SO_PASSRIGHTS",
            "SO_PEERSEC", "SO_RCVMARK", "SO_RCVPRIORITY", "SO_RESERVE_MEM", "SO_TXREHASH", "IP_LOCAL_PORT_RANGE",
            "IP_PROTOCOL", "IP_ROUTER_ALERT", "IPV6_ROUTER_ALERT", "TCP_DELACK_MAX_US", "TCP_IS_MPTCP",
            "TCP_RTO_MAX_MS", "TCP_RTO_MIN_US");

    /// Where reading needs a question in the buffer, and what a kernel newer than Linux 6.18 may come to tell.
    private static final Set<String> OTHERWISE_READ = Set.of("IP_MSFILTER", "SO_BUSY_POLL_BUDGET", "SO_INQ");

    private SocketKind.Sockets sockets;
    private Arena arena;
    private MemorySegment length;

    @BeforeAll
    void open() throws ErrnoException {
        arena = Arena.ofConfined();
        length = arena.allocate(ValueLayout.JAVA_INT);
        sockets = SocketKind.openAll();
        sockets.refused.forEach((kind, why) -> System.out.println("options of " + kind + " are not tried: " + why));
    }

    @AfterAll
    void close() throws ErrnoException {
        sockets.close();
        arena.close();
    }

    static List<Field> fields() {
        return Arrays.stream(SockOpt.class.getFields()).filter(field -> field.getType() == SockOpt.class).toList();
    }

    static Stream<SockOpt<?>> options() {
        return fields().stream().map(SockOptConstantsTest::value);
    }

    static Stream<SockOpt<?>> readable() {
        return options().filter(SockOpt::isReadable);
    }

    static Stream<SockOpt<?>> writable() {
        return options().filter(SockOpt::isWritable);
    }

    static boolean isFlag(final SockOpt<?> option) {
        return option.isReadable() && fields().stream().anyMatch(field -> field.getName().equals(option.name())
                && ((ParameterizedType) field.getGenericType()).getActualTypeArguments()[0] == Boolean.class);
    }

    private static SockOpt<?> value(final Field field) {
        try {
            // Found in SockOpt, but declared by what it inherits from, which is not public.
            field.setAccessible(true);
            return (SockOpt<?>) field.get(null);
        } catch (final IllegalAccessException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void areNamedAndNumberedAsInC() throws ReflectiveOperationException {
        assertThat(fields()).hasSizeGreaterThan(150);
        for (final Field field : fields()) {
            final SockOpt<?> option = value(field);
            assertThat(option.name()).isEqualTo(field.getName()).isEqualTo(option.toString());
            assertThat(option.number()).as(field.getName())
                    .isEqualTo(Constants.class.getField(field.getName()).getInt(null));
        }
    }

    @Test
    void haveTheLevelOfTheirPrefix() {
        final Map<String, Integer> levels = Map.of("SO_VM_", AF_VSOCK, "SO_", SOL_SOCKET, "IP_", IPPROTO_IP,
                "IPV6_", IPPROTO_IPV6, "MCAST_", IPPROTO_IP, "TCP_", IPPROTO_TCP, "UDP_", IPPROTO_UDP,
                "NETLINK_", SOL_NETLINK, "PACKET_", SOL_PACKET);
        options().forEach(option -> {
            final String prefix = levels.keySet().stream().filter(option.name()::startsWith)
                    .max(java.util.Comparator.comparing(String::length)).orElseThrow();
            assertThat(option.level()).as(option.name()).isEqualTo(levels.get(prefix));
        });
    }

    /// What has a constant in `Constants` and none here is meant to have none.
    @Test
    void leaveOutOnlyWhatIsNoPlainOption() {
        final Set<String> out = Arrays.stream(Constants.class.getFields()).map(Field::getName)
                .filter(name -> name.matches("(SO|IP|IPV6|TCP|UDP|MCAST|NETLINK|PACKET)_[A-Z0-9_]+"))
                .collect(Collectors.toCollection(TreeSet::new));
        options().forEach(option -> out.remove(option.name()));
        // Values of options, types of control messages, protocols, states and the like.
        out.removeIf(name -> name.matches("(IP|IPV6)_PMTUDISC_.*|IPV6_(RTHDR|RX|PREFER_SRC|2292).+|SO_EE_.*"
                + "|TCP_MD5SIG_.*|TCP_RECEIVE_.*|UDP_ENCAP_.*|PACKET_(FANOUT|MR)_.*|MCAST_(IN|EX)CLUDE"
                + "|TCP_(ESTABLISHED|SYN_SENT|SYN_RECV|FIN_WAIT.|TIME_WAIT|CLOSE|CLOSE_WAIT|LAST_ACK|LISTEN|CLOSING)"
                + "|TCP_(CA_|REPAIR_O|(NO|RECV|SEND)_QUEUE).*|TCP_CM_INQ|IPV6_(HOPLIMIT|PKTINFO)|(IP|IPV6)_ORIGDSTADDR"
                + "|PACKET_(HOST|BROADCAST|MULTICAST|OTHERHOST|OUTGOING|LOOPBACK|USER|KERNEL|FASTROUTE)"));
        assertThat(out).allMatch(name -> RAW_ONLY.contains(name) || NETLINK_PROTOCOLS.contains(name), "raw only");
    }

    /// Their values hold pointers, are protocols of their own, or are out of use; the process of the peer is a
    /// descriptor, [SocketFd#peerPidFd].
    private static final Set<String> RAW_ONLY = Set.of("SO_ATTACH_FILTER", "SO_GET_FILTER", "SO_ATTACH_REUSEPORT_CBPF",
            "SO_DEVMEM_DMABUF", "SO_DEVMEM_DONTNEED", "SO_DEVMEM_LINEAR", "SO_PEERNAME", "SO_PEERPIDFD",
            "SO_RCVTIMEO_NEW", "SO_RCVTIMEO_OLD", "SO_SNDTIMEO_NEW", "SO_SNDTIMEO_OLD", "SO_TIMESTAMP_NEW",
            "SO_TIMESTAMP_OLD", "SO_TIMESTAMPNS_NEW", "SO_TIMESTAMPNS_OLD", "SO_TIMESTAMPING_NEW",
            "SO_TIMESTAMPING_OLD", "SO_SECURITY_AUTHENTICATION", "SO_SECURITY_ENCRYPTION_NETWORK",
            "SO_SECURITY_ENCRYPTION_TRANSPORT", "SO_VM_SOCKETS_CONNECT_TIMEOUT_NEW",
            "SO_VM_SOCKETS_CONNECT_TIMEOUT_OLD", "SO_VM_SOCKETS_NONBLOCK_TXRX", "SO_VM_SOCKETS_PEER_HOST_VM_ID",
            "SO_VM_SOCKETS_TRUSTED", "IP_IPSEC_POLICY", "IP_XFRM_POLICY", "IP_PKTOPTIONS", "IP_PMTUDISC",
            "IP_RECVRETOPTS", "IPV6_IPSEC_POLICY", "IPV6_XFRM_POLICY", "IPV6_AUTHHDR", "IPV6_NEXTHOP", "IPV6_PATHMTU",
            "MCAST_MSFILTER", "TCP_AO_ADD_KEY", "TCP_AO_DEL_KEY", "TCP_AO_GET_KEYS", "TCP_AO_INFO", "TCP_AO_REPAIR",
            "TCP_MD5SIG", "TCP_MD5SIG_EXT", "TCP_REPAIR_WINDOW", "TCP_ZEROCOPY_RECEIVE", "PACKET_RX_RING",
            "PACKET_TX_RING", "PACKET_HDRLEN", "PACKET_COPY_THRESH", "PACKET_RECV_OUTPUT", "PACKET_ROLLOVER_STATS",
            "PACKET_TX_HAS_OFF", "PACKET_TX_TIMESTAMP", "PACKET_VNET_HDR_SZ", "NETLINK_RX_RING", "NETLINK_TX_RING");

    private static final Set<String> NETLINK_PROTOCOLS = Set.of("NETLINK_AUDIT", "NETLINK_CONNECTOR", "NETLINK_CRYPTO",
            "NETLINK_DNRTMSG", "NETLINK_ECRYPTFS", "NETLINK_FIB_LOOKUP", "NETLINK_FIREWALL", "NETLINK_GENERIC",
            "NETLINK_INET_DIAG", "NETLINK_IP6_FW", "NETLINK_ISCSI", "NETLINK_KOBJECT_UEVENT", "NETLINK_NETFILTER",
            "NETLINK_NFLOG", "NETLINK_RDMA", "NETLINK_ROUTE", "NETLINK_SCSITRANSPORT", "NETLINK_SELINUX",
            "NETLINK_SMC", "NETLINK_SOCK_DIAG", "NETLINK_UNUSED", "NETLINK_USERSOCK", "NETLINK_XFRM");

    /// The names in messages of the raw form lead back to level and number.
    @Test
    void areFoundByNumber() {
        final Map<String, String> others = Map.of("IPV6_ADD_MEMBERSHIP", "IPV6_JOIN_GROUP", "IPV6_DROP_MEMBERSHIP",
                "IPV6_LEAVE_GROUP", "SO_DETACH_BPF", "SO_DETACH_FILTER");
        options().forEach(option -> assertThat(SockOpt.optionName(option.level(), option.number()))
                .isEqualTo(others.getOrDefault(option.name(), option.name())));
        assertThat(SockOpt.optionName(IPPROTO_IPV6, MCAST_JOIN_GROUP)).isEqualTo("MCAST_JOIN_GROUP");
        assertThat(SockOpt.optionName(SOL_SOCKET, 9999)).isEqualTo("9999");
        assertThat(SockOpt.levelName(500)).isEqualTo("500");
        assertThat(options().map(option -> SockOpt.levelName(option.level()))).containsOnly("SOL_SOCKET", "IPPROTO_IP",
                "IPPROTO_IPV6", "IPPROTO_TCP", "IPPROTO_UDP", "AF_VSOCK", "SOL_NETLINK", "SOL_PACKET");
    }

    @Test
    void everyTypeOfValueIsOneOfThese() {
        final Map<String, Integer> types = new TreeMap<>();
        for (final Field field : fields()) {
            final var type = ((ParameterizedType) field.getGenericType()).getActualTypeArguments()[0];
            types.merge(type.getTypeName().replace("io.github.fdsock.option.", "").replace("java.lang.", ""), 1,
                    Integer::sum);
        }
        assertThat(types.keySet()).containsExactlyInAnyOrder("Boolean", "Integer", "Long", "String", "byte[]", "int[]",
                "java.time.Duration", "Linger", "Credentials", "TcpInfo", "SockOpt$TxTime",
                "Membership$IpMreqn", "Membership$IpMreqSource", "Membership$IpMsfilter", "Membership$Ipv6Mreq",
                "Membership$GroupReq", "Membership$GroupSourceReq", "Membership$PacketMreq");
    }

    // ---- the running kernel

    /// Some kind of socket answers, if only by an errno that is not about the option being unknown.
    @ParameterizedTest(name = "{0}")
    @MethodSource("readable")
    void canBeReadOfSomeSocket(final SockOpt<?> option) {
        final Map<SocketKind, Integer> results = new TreeMap<>();
        sockets.open.forEach((kind, socket) -> results.put(kind, get(socket, option)));
        assertKnown(option, results);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("writable")
    void canBeSetOfSomeSocket(final SockOpt<?> option) throws ErrnoException {
        final Map<SocketKind, Integer> results = new TreeMap<>();
        try (SocketKind.Sockets fresh = SocketKind.openAll()) {
            fresh.open.forEach((kind, socket) -> results.put(kind, set(socket, option)));
        }
        assertKnown(option, results);
    }

    private void assertKnown(final SockOpt<?> option, final Map<SocketKind, Integer> results) {
        if (results.values().stream().noneMatch(SockOptConstantsTest::known)) {
            final SocketKind needed = switch (option.level()) {
                case AF_VSOCK -> SocketKind.VSOCK;
                case SOL_PACKET -> SocketKind.PACKET;
                case IPPROTO_IP -> SocketKind.RAW4;
                case IPPROTO_IPV6 -> SocketKind.RAW6;
                default -> SocketKind.TCP4;
            };
            assumeTrue(sockets.open.containsKey(needed), () -> "no socket that would know " + option + ": " + sockets.refused);
            assumeFalse(MAY_BE_UNKNOWN.contains(option.name()), () -> "this kernel does not know " + option);
        }
        assertThat(results.values()).as("%s: %s", option, results).anyMatch(SockOptConstantsTest::known);
    }

    @Test
    void whatIsReadOnlyCannotBeSet() {
        assertThat(options().filter(option -> !option.isWritable())).isNotEmpty().allSatisfy(option ->
                sockets.open.forEach((kind, socket) -> assertThat(set(socket, option)).as("%s of %s", option, kind)
                        .isIn(-ENOPROTOOPT, -EOPNOTSUPP, -EINVAL)));
    }

    @Test
    void whatIsWriteOnlyCannotBeRead() {
        final List<SockOpt<?>> told = options().filter(option -> !option.isReadable())
                .filter(option -> sockets.open.values().stream().anyMatch(socket -> get(socket, option) >= 0)).toList();
        assertThat(told).extracting(SockOpt::name).isSubsetOf(OTHERWISE_READ);
    }

    @Test
    void theOtherDirectionIsRefusedBeforeTheCall() throws ErrnoException {
        final SocketFd socket = sockets.open.get(SocketKind.TCP4);
        options().filter(option -> !option.isReadable()).forEach(option -> assertThatThrownBy(
                () -> socket.getsockopt(option)).isInstanceOf(UnsupportedOperationException.class)
                .hasMessage("%s can only be set; the kernel does not tell its value", option));
        assertThatThrownBy(() -> socket.setsockopt(SockOpt.SO_ERROR, 1))
                .isInstanceOf(UnsupportedOperationException.class).hasMessage("SO_ERROR can only be read");
        try (Seen seen = Seen.calls()) {
            assertThatThrownBy(() -> socket.setsockopt(SockOpt.SO_TYPE, SOCK_DGRAM))
                    .isInstanceOf(UnsupportedOperationException.class);
            assertThatThrownBy(() -> socket.getsockopt(SockOpt.SO_SNDBUFFORCE))
                    .isInstanceOf(UnsupportedOperationException.class);
            assertThat(seen.all()).isEmpty();
        }
    }

    private static boolean known(final int result) {
        return result != -ENOPROTOOPT && result != -EOPNOTSUPP;
    }

    private int get(final SocketFd socket, final SockOpt<?> option) {
        final MemorySegment value = arena.allocate(600, 8);
        length.set(ValueLayout.JAVA_INT, 0, option.isReadable() ? option.room() : 600);
        return Libc.getsockopt(socket.intValue(), option.level(), option.number(), value, length);
    }

    private int set(final SocketFd socket, final SockOpt<?> option) {
        return Libc.setsockopt(socket.intValue(), option.level(), option.number(), arena.allocate(16, 8), 16);
    }
}
