package io.github.fdsock.loop;

import static io.github.fdsock.harness.junit.SocketFamily.UDP4;
import static io.github.fdsock.harness.junit.SocketFamily.UDP6;
import static io.github.fdsock.harness.junit.SocketFamily.UNIX_DGRAM;
import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.abort;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SockAddrBuffer;
import io.github.fdsock.SocketFd;
import io.github.fdsock.harness.junit.FdLedger;
import io.github.fdsock.harness.junit.SocketFamilies;
import io.github.fdsock.harness.junit.SocketFamily;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.sys.Errno;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Who hears a datagram is up to addresses, groups and options; nothing leaves the machine.
@Timeout(60)
@FdLedger
class DatagramOptionsTest extends DatagramFixture {
    private static final int LOOPBACK = 1;
    private static final InetAddress GROUP = InetAddress.ofLiteral("239.255.17.5");
    private static final InetAddress GROUP6 = InetAddress.ofLiteral("ff11::fd51");

    /// Who listens, and where on the loopback interface.
    private final Map<Datagrams, SockAddr> hearing = new HashMap<>();
    private int marks;

    /// At every address, telling by its name what it hears.
    private Datagrams hearing(final String name, final SocketFamily family) throws IOException {
        final Datagrams datagrams = loop.datagrams(any(family));
        hearing.put(datagrams, SockAddr.inet(family == UDP4 ? "127.0.0.1" : "::1", port(datagrams)));
        return datagrams.onMessage((data, from, message) -> {
            if (data.byteSize() == 0) {
                marks++;
            } else {
                told.add(name + " " + data.byteSize());
            }
        });
    }

    private static SockAddr any(final SocketFamily family) {
        return family == UDP4 ? SockAddr.anyInet4(0) : SockAddr.anyInet6(0);
    }

    private static int port(final Datagrams datagrams) throws IOException {
        return ((SockAddr.Inet) datagrams.localAddress()).port();
    }

    /// Runs until all that was sent has come: what each sends to itself now comes behind it.
    private void hear() throws IOException {
        marks = 0;
        hearing.keySet().removeIf(Datagrams::isClosed);
        hearing.forEach((datagrams, itself) -> datagrams.send(bytes(0), itself));
        while (marks < hearing.size()) {
            loop.runOnce();
        }
    }

    // ---- addresses

    @SocketFamilies({UDP4, UDP6, UNIX_DGRAM})
    void u36_anAddressIsTakenByOne(final SocketFamily family) throws IOException {
        final Datagrams first = loop.datagrams(family.any());
        final SockAddr taken = first.localAddress();
        assertThatThrownBy(() -> loop.datagrams(taken)).isInstanceOf(ErrnoException.class)
                .hasMessageContaining("EADDRINUSE");
    }

    @SocketFamilies({UDP4, UDP6})
    void u36_aPortIsSharedByTwoLoops(final SocketFamily family) throws IOException {
        final Set<String> heard = new TreeSet<>();
        try (EventLoop other = EventLoop.open(); SocketFd first = family.socket(); SocketFd second = family.socket()) {
            first.setsockopt(SockOpt.SO_REUSEPORT, true);
            first.bind(family.any());
            second.setsockopt(SockOpt.SO_REUSEPORT, true);
            second.bind(first.localAddress());
            final Datagrams one = loop.datagrams(first).onMessage((data, from, message) -> heard.add("one"));
            other.datagrams(second).onMessage((data, from, message) -> heard.add("two"));
            // Which of them hears a sender is up to a hash of its address.
            for (int i = 0; i < 500 && heard.size() < 2; i++) {
                final Datagrams sender = loop.datagrams(family.any());
                sender.send(bytes(1), one.localAddress());
                loop.runNoWait();
                other.runNoWait();
                sender.close();
            }
        }
        assertThat(heard).containsExactly("one", "two");
    }

    /// libuv refuses a TTL of 0 for IPv6 as well, and -1, which Linux takes; like ours it leaves alone what an IPv6
    /// socket sends by IPv4. It refuses an option of a closed socket by EBADF.
    @SocketFamilies({UDP4, UDP6})
    void u37_rangesAreTheKernels(final SocketFamily family) throws IOException {
        final Datagrams datagrams = loop.datagrams(family.any());
        datagrams.ttl(1).ttl(255).multicastTtl(0).multicastTtl(255).multicastLoop(false).broadcast(true);
        final boolean six = family == UDP6;
        assertThat(datagrams.socket().getsockopt(six ? SockOpt.IPV6_UNICAST_HOPS : SockOpt.IP_TTL)).isEqualTo(255);
        assertThat(datagrams.socket().getsockopt(six ? SockOpt.IPV6_MULTICAST_HOPS : SockOpt.IP_MULTICAST_TTL))
                .isEqualTo(255);
        assertThat(datagrams.socket().getsockopt(six ? SockOpt.IPV6_MULTICAST_LOOP : SockOpt.IP_MULTICAST_LOOP))
                .isFalse();
        assertThat(datagrams.socket().getsockopt(SockOpt.SO_BROADCAST)).isTrue();
        assertThatThrownBy(() -> datagrams.ttl(256)).hasMessageContaining("EINVAL");
        assertThatThrownBy(() -> datagrams.multicastTtl(256)).hasMessageContaining("EINVAL");
        try (SocketFd untouched = family.socket()) {
            for (final SockOpt<Integer> each : List.of(SockOpt.IP_TTL, SockOpt.IP_MULTICAST_TTL)) {
                assertThat(datagrams.socket().getsockopt(each).equals(untouched.getsockopt(each)))
                        .as("%s is left alone", each).isEqualTo(six);
            }
            datagrams.ttl(-1).multicastTtl(-1);
            for (final SockOpt<Integer> each : List.of(SockOpt.IP_TTL, SockOpt.IP_MULTICAST_TTL,
                    SockOpt.IPV6_UNICAST_HOPS, SockOpt.IPV6_MULTICAST_HOPS).subList(0, six ? 4 : 2)) {
                assertThat(datagrams.socket().getsockopt(each)).as("%s is the default", each)
                        .isEqualTo(untouched.getsockopt(each));
            }
        }
        assertThatThrownBy(() -> datagrams.ttl(-2)).hasMessageContaining("EINVAL");
        assertThatThrownBy(() -> datagrams.multicastTtl(-2)).hasMessageContaining("EINVAL");
        if (six) {
            datagrams.ttl(0);
        } else {
            assertThatThrownBy(() -> datagrams.ttl(0)).hasMessageContaining("EINVAL");
        }
        datagrams.close();
        assertThatThrownBy(() -> datagrams.multicastTtl(1)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void broadcastsAreSentAfterLeaveIsGiven() throws IOException {
        final Datagrams receiver = hearing("all", UDP4);
        final Datagrams sender = loop.datagrams(UDP4.any());
        final SockAddrBuffer all = SockAddrBuffer.allocate(arena)
                .set(SockAddr.inet("127.255.255.255", port(receiver)));
        final Stream.Completion completion = failure -> told.add(failure == null ? "sent"
                : Errno.name(((ErrnoException) failure).errno()));
        sender.send(bytes(1), all, completion);
        hear();
        assertThat(told).containsExactly("EACCES");
        sender.broadcast(true).send(bytes(2), all, completion);
        hear();
        assertThat(told).containsExactlyInAnyOrder("EACCES", "sent", "all 2");
    }

    // ---- groups

    private static InetAddress group(final SocketFamily family) {
        return family == UDP4 ? GROUP : GROUP6;
    }

    private static SockAddr groupAt(final SocketFamily family, final int port) {
        return SockAddr.inet(group(family).getHostAddress(), port);
    }

    /// Where a group is heard: IPv4 has groups on the loopback interface, IPv6 has none there. An interface will do
    /// that carries groups: what is sent to one of scope 1, as [#GROUP6] is, never leaves the machine.
    private static int interfaceFor(final SocketFamily family) throws IOException {
        return family == UDP4 ? LOOPBACK : interface6().getIndex();
    }

    private static NetworkInterface interface6() throws IOException {
        for (final NetworkInterface each : NetworkInterface.networkInterfaces().toList()) {
            if (each.isUp() && each.supportsMulticast() && !each.isLoopback()
                    && each.inetAddresses().anyMatch(Inet6Address.class::isInstance)) {
                return each;
            }
        }
        return abort("no interface but the loopback, which has no IPv6 groups, has an IPv6 address and carries groups");
    }

    @SocketFamilies({UDP4, UDP6})
    void aGroupIsHeardFromJoiningToLeaving(final SocketFamily family) throws IOException {
        final int on = interfaceFor(family);
        final Datagrams member = hearing("member", family);
        final Datagrams sender = loop.datagrams(any(family)).multicastInterface(on);
        final SockAddr group = groupAt(family, port(member));
        sender.send(bytes(1), group);
        hear();
        member.join(group(family), on);
        assertThatThrownBy(() -> member.join(group(family), on)).hasMessageContaining("EADDRINUSE");
        sender.send(bytes(2), group);
        sender.multicastTtl(0).send(bytes(4), group);
        hear();
        member.leave(group(family), on);
        assertThatThrownBy(() -> member.leave(group(family), on)).hasMessageContaining("EADDRNOTAVAIL");
        sender.send(bytes(5), group);
        hear();
        assertThat(told).containsExactly("member 2", "member 4");
        assertThatThrownBy(() -> member.join(InetAddress.ofLiteral(family == UDP4 ? "127.0.0.1" : "::1"), on))
                .hasMessageContaining("EINVAL");
        assertThatThrownBy(() -> sender.multicastInterface(1 << 30)).isInstanceOf(ErrnoException.class);
    }

    @Test
    void ofAGroupOnlyTheSendersThatWereJoinedAreHeard() throws IOException {
        final Datagrams member = hearing("member", UDP4);
        final InetAddress[] addresses = {InetAddress.ofLiteral("127.0.0.1"), InetAddress.ofLiteral("127.0.0.9")};
        final Datagrams[] senders = new Datagrams[2];
        for (int i = 0; i < 2; i++) {
            senders[i] = loop.datagrams(SockAddr.inet(addresses[i].getHostAddress(), 0)).multicastInterface(LOOPBACK);
        }
        final SockAddr group = groupAt(UDP4, port(member));
        member.join(GROUP, LOOPBACK, addresses[0]);
        senders[0].send(bytes(1), group);
        senders[1].send(bytes(2), group);
        hear();
        member.join(GROUP, LOOPBACK, addresses[1]);
        senders[1].send(bytes(3), group);
        hear();
        member.leave(GROUP, LOOPBACK, addresses[0]);
        senders[0].send(bytes(4), group);
        senders[1].send(bytes(5), group);
        hear();
        assertThat(told).containsExactly("member 1", "member 3", "member 5");
        assertThatThrownBy(() -> member.leave(GROUP, LOOPBACK, addresses[0])).hasMessageContaining("EADDRNOTAVAIL");
    }

    @Test
    void ofAnIpv6GroupTooOnlyTheSendersThatWereJoinedAreHeard() throws IOException {
        final NetworkInterface on = interface6();
        final Datagrams member = hearing("member", UDP6);
        final InetAddress self = on.inetAddresses().filter(Inet6Address.class::isInstance).findFirst().orElseThrow();
        final Datagrams sender = loop.datagrams(SockAddr.inet(self.getHostAddress(), 0))
                .multicastInterface(on.getIndex());
        final SockAddr group = groupAt(UDP6, port(member));
        member.join(GROUP6, on.getIndex(), InetAddress.ofLiteral("2001:db8::1"));
        sender.send(bytes(1), group);
        hear();
        member.join(GROUP6, on.getIndex(), self);
        sender.send(bytes(2), group);
        hear();
        member.leave(GROUP6, on.getIndex(), self);
        sender.send(bytes(3), group);
        hear();
        assertThat(told).containsExactly("member 2");
    }

    /// What Linux does by itself (`IP_MULTICAST_ALL`): a socket hears each group that anybody on the machine has
    /// joined.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aGroupThatOthersHaveJoinedIsNotHeardUnlessAsked(final boolean asked) throws IOException {
        final Datagrams bystander = hearing("bystander", UDP4);
        bystander.socket().setsockopt(SockOpt.IP_MULTICAST_ALL, asked);
        if (!asked) {
            // As it is without being touched.
            bystander.close();
        }
        final Datagrams listener = asked ? bystander : hearing("bystander", UDP4);
        final Datagrams member = hearing("member", UDP4).join(GROUP, LOOPBACK);
        final Datagrams sender = loop.datagrams(UDP4.any()).multicastInterface(LOOPBACK);
        sender.send(bytes(1), groupAt(UDP4, port(member)));
        sender.send(bytes(2), groupAt(UDP4, port(listener)));
        hear();
        if (asked) {
            assertThat(told).containsExactlyInAnyOrder("member 1", "bystander 2");
        } else {
            assertThat(told).containsExactly("member 1");
        }
    }

    /// Of IPv4 ones too, where they serve it.
    @Test
    void ipv6SocketsHearNoGroupOfOthersEither() throws IOException {
        final int on = interfaceFor(UDP6);
        final Datagrams bystander = hearing("bystander", UDP6);
        final Datagrams member = hearing("member", UDP6).join(GROUP6, on);
        final Datagrams member4 = hearing("member4", UDP4).join(GROUP, LOOPBACK);
        final Datagrams sender6 = loop.datagrams(any(UDP6)).multicastInterface(on);
        final Datagrams sender4 = loop.datagrams(UDP4.any()).multicastInterface(LOOPBACK);
        for (final Datagrams each : List.of(bystander, member)) {
            sender6.send(bytes(6), groupAt(UDP6, port(each)));
        }
        for (final Datagrams each : List.of(bystander, member4)) {
            sender4.send(bytes(4), groupAt(UDP4, port(each)));
        }
        hear();
        assertThat(told).containsExactlyInAnyOrder("member 6", "member4 4");
    }
}
