package io.github.fdsock;

import static io.github.fdsock.SockOptTest.failure;
import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.fdsock.abi.group_req;
import io.github.fdsock.abi.group_source_req;
import io.github.fdsock.abi.ip_mreq_source;
import io.github.fdsock.abi.ip_mreqn;
import io.github.fdsock.abi.ip_msfilter;
import io.github.fdsock.abi.ipv6_mreq;
import io.github.fdsock.abi.packet_mreq;
import io.github.fdsock.option.Membership;
import io.github.fdsock.option.SockOpt;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Groups are joined and left, on the loopback interface, as the structs say that they become.
class MembershipTest {
    private static final int LOOPBACK = 1;
    private static final Inet4Address GROUP = Inet4Address.ofLiteral("239.255.17.4");
    private static final Inet6Address GROUP6 = (Inet6Address) InetAddress.ofLiteral("ff11::fd50");
    private static final Inet4Address ANY = Inet4Address.ofLiteral("0.0.0.0");
    private static final Inet4Address SELF = Inet4Address.ofLiteral("127.0.0.1");
    private static final Inet4Address OTHER = Inet4Address.ofLiteral("127.0.0.9");
    private static final Inet6Address SELF6 = (Inet6Address) InetAddress.ofLiteral("::1");

    private final Arena arena = Arena.ofConfined();

    @AfterEach
    void close() {
        arena.close();
    }

    private static SocketFd bound(final SockAddr address) throws IOException {
        final SocketFd socket = SocketFd.socket(address.family(), SOCK_DGRAM, 0);
        socket.bind(address);
        return socket;
    }

    // ---- the structs

    private MemorySegment encoded(final Membership membership) {
        final MemorySegment memory = arena.allocate(membership.length() + 8).fill((byte) 0x55);
        membership.encode(memory);
        for (long i = membership.length(); i < memory.byteSize(); i++) {
            assertThat(memory.get(ValueLayout.JAVA_BYTE, i)).as("behind the struct").isEqualTo((byte) 0x55);
        }
        final MemorySegment tooShort = arena.allocate(membership.length() - 1);
        assertThatThrownBy(() -> membership.encode(tooShort)).isInstanceOf(IndexOutOfBoundsException.class);
        return memory;
    }

    private static int bigEndian(final MemorySegment memory, final long offset) {
        return memory.get(ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN), offset);
    }

    private static int number(final MemorySegment memory, final long offset) {
        return memory.get(ValueLayout.JAVA_INT_UNALIGNED, offset);
    }

    @Test
    void ipMreqnIsLaidOutAsInC() {
        final Membership value = new Membership.IpMreqn(GROUP, OTHER, 77);
        final MemorySegment memory = encoded(value);
        assertThat(value.length()).isEqualTo((int) ip_mreqn.sizeof());
        assertThat(bigEndian(memory, ip_mreqn.imr_multiaddr$offset())).isEqualTo(0xefff1104);
        assertThat(bigEndian(memory, ip_mreqn.imr_address$offset())).isEqualTo(0x7f000009);
        assertThat(number(memory, ip_mreqn.imr_ifindex$offset())).isEqualTo(77);
        assertThat(Membership.IpMreqn.of(GROUP)).isEqualTo(new Membership.IpMreqn(GROUP, ANY, 0));
    }

    @Test
    void ipMreqSourceIsLaidOutAsInC() {
        final Membership value = new Membership.IpMreqSource(GROUP, SELF, OTHER);
        final MemorySegment memory = encoded(value);
        assertThat(value.length()).isEqualTo((int) ip_mreq_source.sizeof());
        assertThat(bigEndian(memory, ip_mreq_source.imr_multiaddr$offset())).isEqualTo(0xefff1104);
        assertThat(bigEndian(memory, ip_mreq_source.imr_interface$offset())).isEqualTo(0x7f000001);
        assertThat(bigEndian(memory, ip_mreq_source.imr_sourceaddr$offset())).isEqualTo(0x7f000009);
    }

    @Test
    void ipMsfilterIsLaidOutAsInC() {
        final Membership value = new Membership.IpMsfilter(GROUP, SELF, MCAST_INCLUDE, List.of(OTHER, SELF));
        final MemorySegment memory = encoded(value);
        // In C the struct has room for one sender.
        assertThat(value.length()).isEqualTo((int) ip_msfilter.sizeof() + Integer.BYTES);
        assertThat(bigEndian(memory, ip_msfilter.imsf_multiaddr$offset())).isEqualTo(0xefff1104);
        assertThat(bigEndian(memory, ip_msfilter.imsf_interface$offset())).isEqualTo(0x7f000001);
        assertThat(number(memory, ip_msfilter.imsf_fmode$offset())).isEqualTo(MCAST_INCLUDE);
        assertThat(number(memory, ip_msfilter.imsf_numsrc$offset())).isEqualTo(2);
        assertThat(bigEndian(memory, ip_msfilter.imsf_slist$offset())).isEqualTo(0x7f000009);
        assertThat(bigEndian(memory, ip_msfilter.imsf_slist$offset() + 4)).isEqualTo(0x7f000001);

        final List<Inet4Address> sources = new ArrayList<>(List.of(OTHER));
        final var copied = new Membership.IpMsfilter(GROUP, SELF, MCAST_INCLUDE, sources);
        sources.clear();
        assertThat(copied.sources()).containsExactly(OTHER);
    }

    @Test
    void ipv6MreqIsLaidOutAsInC() {
        final Membership value = new Membership.Ipv6Mreq(GROUP6, 78);
        final MemorySegment memory = encoded(value);
        assertThat(value.length()).isEqualTo((int) ipv6_mreq.sizeof());
        assertThat(memory.asSlice(ipv6_mreq.ipv6mr_multiaddr$offset(), 16).toArray(ValueLayout.JAVA_BYTE))
                .isEqualTo(GROUP6.getAddress());
        assertThat(number(memory, ipv6_mreq.ipv6mr_interface$offset())).isEqualTo(78);
    }

    @Test
    void groupReqIsLaidOutAsInC() {
        for (final InetAddress group : List.of(GROUP, GROUP6)) {
            final Membership value = new Membership.GroupReq(79, group);
            final MemorySegment memory = encoded(value);
            assertThat(value.length()).isEqualTo((int) group_req.sizeof());
            assertThat(number(memory, group_req.gr_interface$offset())).isEqualTo(79);
            final long at = group_req.gr_group$offset();
            final SockAddr address = SockAddr.of(new InetSocketAddress(group, 0));
            assertThat(SockAddr.decode(memory.asSlice(at), address.length())).isEqualTo(address);
            assertThat(memory.asSlice(at + address.length(), SockAddr.MAX_LENGTH - address.length())
                    .toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
        }
    }

    @Test
    void groupSourceReqIsLaidOutAsInC() {
        final Membership value = new Membership.GroupSourceReq(80, GROUP6, SELF6);
        final MemorySegment memory = encoded(value);
        assertThat(value.length()).isEqualTo((int) group_source_req.sizeof());
        assertThat(number(memory, group_source_req.gsr_interface$offset())).isEqualTo(80);
        assertThat(SockAddr.decode(memory.asSlice(group_source_req.gsr_group$offset()), 28))
                .isEqualTo(SockAddr.inet6(GROUP6.getAddress(), 0));
        assertThat(SockAddr.decode(memory.asSlice(group_source_req.gsr_source$offset()), 28))
                .isEqualTo(SockAddr.loopbackInet6(0));
    }

    @Test
    void packetMreqIsLaidOutAsInC() {
        final byte[] address = {1, 2, 3, 4, 5, 6};
        final var value = new Membership.PacketMreq(81, PACKET_MR_MULTICAST, address);
        address[0] = 9;
        final MemorySegment memory = encoded(value);
        assertThat(value.length()).isEqualTo((int) packet_mreq.sizeof());
        assertThat(number(memory, packet_mreq.mr_ifindex$offset())).isEqualTo(81);
        assertThat(memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, packet_mreq.mr_type$offset()))
                .isEqualTo((short) PACKET_MR_MULTICAST);
        assertThat(memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, packet_mreq.mr_alen$offset())).isEqualTo((short) 6);
        assertThat(memory.asSlice(packet_mreq.mr_address$offset(), 8).toArray(ValueLayout.JAVA_BYTE))
                .containsExactly(1, 2, 3, 4, 5, 6, 0, 0);

        value.address()[0] = 9;
        assertThat(value).isEqualTo(new Membership.PacketMreq(81, PACKET_MR_MULTICAST, new byte[] {1, 2, 3, 4, 5, 6}))
                .hasSameHashCodeAs(new Membership.PacketMreq(81, PACKET_MR_MULTICAST, new byte[] {1, 2, 3, 4, 5, 6}))
                .isNotEqualTo(new Membership.PacketMreq(81, PACKET_MR_UNICAST, new byte[] {1, 2, 3, 4, 5, 6}))
                .hasToString("PacketMreq[interfaceIndex=81, type=0, address=01:02:03:04:05:06]");
    }

    @Test
    void packetMreqRefusesWhatCannotBe() {
        assertThatIllegalArgumentException().isThrownBy(() -> new Membership.PacketMreq(1, 65536, new byte[0]))
                .withMessageContaining("65536");
        assertThatIllegalArgumentException().isThrownBy(() -> new Membership.PacketMreq(1, 0, new byte[9]))
                .withMessageContaining("not 9: 00:00");
    }

    // ---- the kernel

    @Test
    void aGroupIsJoinedOnceAndLeftOnce() throws IOException {
        try (SocketFd socket = bound(SockAddr.anyInet4(0))) {
            final var membership = Membership.IpMreqn.of(GROUP, LOOPBACK);
            socket.setsockopt(SockOpt.IP_ADD_MEMBERSHIP, membership);
            assertThat(failure(() -> socket.setsockopt(SockOpt.IP_ADD_MEMBERSHIP, membership)).errno())
                    .isEqualTo(EADDRINUSE);
            socket.setsockopt(SockOpt.IP_DROP_MEMBERSHIP, membership);
            assertThat(failure(() -> socket.setsockopt(SockOpt.IP_DROP_MEMBERSHIP, membership)))
                    .hasMessage("setsockopt(%d, IPPROTO_IP, IP_DROP_MEMBERSHIP, "
                            + "IpMreqn[group=/239.255.17.4, local=/0.0.0.0, interfaceIndex=1]) = -1 EADDRNOTAVAIL "
                            + "(Cannot assign requested address)", socket.intValue());
            assertThat(failure(() -> socket.setsockopt(SockOpt.IP_ADD_MEMBERSHIP, Membership.IpMreqn.of(SELF))).errno())
                    .as("no group").isEqualTo(EINVAL);
        }
    }

    @Test
    void anInterfaceIsNamedByItsAddress() throws IOException {
        try (SocketFd socket = bound(SockAddr.anyInet4(0))) {
            final var byAddress = new Membership.IpMreqn(GROUP, SELF, 0);
            socket.setsockopt(SockOpt.IP_ADD_MEMBERSHIP, byAddress);
            socket.setsockopt(SockOpt.IP_DROP_MEMBERSHIP, Membership.IpMreqn.of(GROUP, LOOPBACK));
            assertThat(failure(() -> socket.setsockopt(SockOpt.IP_DROP_MEMBERSHIP, byAddress)).errno())
                    .isEqualTo(EADDRNOTAVAIL);
        }
    }

    @Test
    void anIpv6GroupIsJoinedOnceAndLeftOnce() throws IOException {
        try (SocketFd socket = bound(SockAddr.anyInet6(0))) {
            final var membership = new Membership.Ipv6Mreq(GROUP6, LOOPBACK);
            socket.setsockopt(SockOpt.IPV6_JOIN_GROUP, membership);
            assertThat(failure(() -> socket.setsockopt(SockOpt.IPV6_ADD_MEMBERSHIP, membership)).errno())
                    .isEqualTo(EADDRINUSE);
            socket.setsockopt(SockOpt.IPV6_LEAVE_GROUP, membership);
            assertThat(failure(() -> socket.setsockopt(SockOpt.IPV6_DROP_MEMBERSHIP, membership)).errno())
                    .isEqualTo(EADDRNOTAVAIL);
        }
    }

    @Test
    void groupsOfEitherFamilyAreJoinedAtItsLevel() throws IOException {
        for (final InetAddress group : List.of(GROUP, GROUP6)) {
            final SockAddr any = group == GROUP ? SockAddr.anyInet4(0) : SockAddr.anyInet6(0);
            try (SocketFd socket = bound(any)) {
                final var membership = new Membership.GroupReq(LOOPBACK, group);
                socket.setsockopt(SockOpt.MCAST_JOIN_GROUP, membership);
                socket.setsockopt(SockOpt.MCAST_LEAVE_GROUP, membership);
                assertThat(failure(() -> socket.setsockopt(SockOpt.MCAST_LEAVE_GROUP, membership)))
                        .hasMessageStartingWith("setsockopt(%d, %s, MCAST_LEAVE_GROUP, "
                                + "GroupReq[interfaceIndex=1, group=%s]) = -1 EADDRNOTAVAIL", socket.intValue(),
                                group == GROUP ? "IPPROTO_IP" : "IPPROTO_IPV6", group);
            }
        }
    }

    @Test
    void sourcesOfEitherFamilyAreJoinedBlockedAndLeft() throws IOException {
        for (final InetAddress group : List.of(GROUP, GROUP6)) {
            final boolean four = group == GROUP;
            try (SocketFd socket = bound(four ? SockAddr.anyInet4(0) : SockAddr.anyInet6(0))) {
                final var source = new Membership.GroupSourceReq(LOOPBACK, group,
                        four ? OTHER : SELF6);
                socket.setsockopt(SockOpt.MCAST_JOIN_SOURCE_GROUP, source);
                socket.setsockopt(SockOpt.MCAST_LEAVE_SOURCE_GROUP, source);
                assertThat(failure(() -> socket.setsockopt(SockOpt.MCAST_LEAVE_SOURCE_GROUP, source)).errno())
                        .isIn(EADDRNOTAVAIL, EINVAL);

                socket.setsockopt(SockOpt.MCAST_JOIN_GROUP, new Membership.GroupReq(LOOPBACK, group));
                socket.setsockopt(SockOpt.MCAST_BLOCK_SOURCE, source);
                assertThat(failure(() -> socket.setsockopt(SockOpt.MCAST_BLOCK_SOURCE, source)).errno())
                        .isEqualTo(EADDRNOTAVAIL);
                socket.setsockopt(SockOpt.MCAST_UNBLOCK_SOURCE, source);
                assertThat(failure(() -> socket.setsockopt(SockOpt.MCAST_UNBLOCK_SOURCE, source)).errno())
                        .isEqualTo(EADDRNOTAVAIL);
            }
        }
    }

    @Test
    void sourcesAreJoinedBlockedAndLeftByAddress() throws IOException {
        try (SocketFd socket = bound(SockAddr.anyInet4(0))) {
            final var source = new Membership.IpMreqSource(GROUP, SELF, OTHER);
            socket.setsockopt(SockOpt.IP_ADD_SOURCE_MEMBERSHIP, source);
            socket.setsockopt(SockOpt.IP_DROP_SOURCE_MEMBERSHIP, source);
            socket.setsockopt(SockOpt.IP_ADD_MEMBERSHIP, new Membership.IpMreqn(GROUP, SELF, 0));
            socket.setsockopt(SockOpt.IP_BLOCK_SOURCE, source);
            socket.setsockopt(SockOpt.IP_UNBLOCK_SOURCE, source);
            assertThat(failure(() -> socket.setsockopt(SockOpt.IP_UNBLOCK_SOURCE, source)).errno())
                    .isEqualTo(EADDRNOTAVAIL);
        }
    }

    /// The kernel wants one of a prefix that an interface has.
    @Test
    void anycastAddressesAreJoinedAndLeft() throws IOException {
        final Membership.Ipv6Mreq anycast = NetworkInterface.networkInterfaces()
                .flatMap(each -> each.getInterfaceAddresses().stream()
                        .filter(address -> address.getAddress() instanceof Inet6Address six && !six.isLoopbackAddress()
                                && !six.isLinkLocalAddress() && address.getNetworkPrefixLength() <= 64)
                        .map(address -> new Membership.Ipv6Mreq(sameLink(address), each.getIndex())))
                .findFirst().orElse(null);
        assumeTrue(anycast != null, "no interface has an IPv6 prefix");
        try (SocketFd socket = bound(SockAddr.anyInet6(0))) {
            try {
                socket.setsockopt(SockOpt.IPV6_JOIN_ANYCAST, anycast);
            } catch (final ErrnoException e) {
                assertThat(e.errno()).as(e.getMessage()).isEqualTo(EPERM);
                assumeFalse(true, e.getMessage());
            }
            socket.setsockopt(SockOpt.IPV6_LEAVE_ANYCAST, anycast);
            assertThat(failure(() -> socket.setsockopt(SockOpt.IPV6_LEAVE_ANYCAST, anycast)).errno())
                    .isEqualTo(ENOENT);
        }
    }

    private static Inet6Address sameLink(final InterfaceAddress address) {
        final byte[] bytes = address.getAddress().getAddress();
        Arrays.fill(bytes, 8, 16, (byte) 0x50);
        try {
            return (Inet6Address) InetAddress.getByAddress(bytes);
        } catch (final UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void l10_anAcceptedSocketIsNoMember() throws IOException {
        final var membership = new Membership.GroupReq(LOOPBACK, GROUP);
        try (SocketFd listener = SockOptTest.listener(SockAddr.loopbackInet4(0), 1)) {
            listener.setsockopt(SockOpt.MCAST_JOIN_GROUP, membership);
            try (SocketFd client = SockOptTest.connected(listener); SocketFd server = listener.accept()) {
                assertThat(failure(() -> server.setsockopt(SockOpt.MCAST_LEAVE_GROUP, membership)).errno())
                        .isEqualTo(EADDRNOTAVAIL);
                assertThat(client.isOpen()).isTrue();
            }
            listener.setsockopt(SockOpt.MCAST_LEAVE_GROUP, membership);
        }
    }

    /// What one socket has joined comes to another of the machine, until that one says no.
    @Test
    void multicastComesToWhoeverIsBoundUnlessItSaysNo() throws IOException {
        try (SocketFd member = bound(SockAddr.anyInet4(0)); SocketFd sender = bound(SockAddr.loopbackInet4(0));
                SocketFd stranger = SocketFd.socket(AF_INET, SOCK_DGRAM, 0)) {
            final int port = ((SockAddr.Inet) member.localAddress()).port();
            member.setsockopt(SockOpt.IP_ADD_MEMBERSHIP, Membership.IpMreqn.of(GROUP, LOOPBACK));
            sender.setsockopt(SockOpt.IP_MULTICAST_IF, Membership.IpMreqn.of(ANY, LOOPBACK));
            final SockAddr group = SockAddr.inet4(GROUP.getAddress(), port);
            assertThat(sender.sendTo(new byte[] {1}, 0, 1, 0, group)).isEqualTo(1);
            assumeTrue(arrives(member), "the loopback interface carries no multicast here");

            member.setsockopt(SockOpt.SO_REUSEADDR, true);
            stranger.setsockopt(SockOpt.SO_REUSEADDR, true);
            stranger.bind(SockAddr.anyInet4(port));
            assertThat(sender.sendTo(new byte[] {2}, 0, 1, 0, group)).isEqualTo(1);
            assertThat(arrives(member)).isTrue();
            assertThat(arrives(stranger)).as("IP_MULTICAST_ALL is on").isTrue();

            stranger.setsockopt(SockOpt.IP_MULTICAST_ALL, false);
            assertThat(sender.sendTo(new byte[] {3}, 0, 1, 0, group)).isEqualTo(1);
            assertThat(arrives(member)).isTrue();
            assertThat(stranger.recv(arena.allocate(1), MSG_DONTWAIT)).isEqualTo(-EAGAIN);

            // Only of another sender, from now on.
            member.setsockopt(SockOpt.IP_MSFILTER,
                    new Membership.IpMsfilter(GROUP, SELF, MCAST_EXCLUDE, List.of(SELF)));
            assertThat(sender.sendTo(new byte[] {4}, 0, 1, 0, group)).isEqualTo(1);
            assertThat(member.recv(arena.allocate(1), MSG_DONTWAIT)).isEqualTo(-EAGAIN);
        }
    }

    private boolean arrives(final SocketFd socket) throws IOException {
        return socket.recv(arena.allocate(1), 0, TimeUnit.SECONDS.toNanos(5)) == 1;
    }

    @Test
    void aPacketSocketReceivesWhatIsForOthers() throws IOException {
        try (SocketFd socket = SocketKind.PACKET.open()) {
            final var promiscuous = new Membership.PacketMreq(LOOPBACK, PACKET_MR_PROMISC, new byte[0]);
            socket.setsockopt(SockOpt.PACKET_ADD_MEMBERSHIP, promiscuous);
            socket.setsockopt(SockOpt.PACKET_DROP_MEMBERSHIP, promiscuous);
            final var nowhere = new Membership.PacketMreq(Integer.MAX_VALUE, PACKET_MR_PROMISC, new byte[0]);
            assertThat(failure(() -> socket.setsockopt(SockOpt.PACKET_ADD_MEMBERSHIP, nowhere)).errno())
                    .isEqualTo(ENODEV);
            assertThat(socket.getsockopt(SockOpt.PACKET_STATISTICS)).hasSizeGreaterThanOrEqualTo(2);
        } catch (final ErrnoException e) {
            assertThat(e.errno()).as(e.getMessage()).isIn(EPERM, EAFNOSUPPORT);
            assumeFalse(true, e.getMessage());
        }
    }
}
