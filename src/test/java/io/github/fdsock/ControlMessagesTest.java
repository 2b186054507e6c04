package io.github.fdsock;

import static io.github.fdsock.harness.junit.SocketFamily.UDP4;
import static io.github.fdsock.harness.junit.SocketFamily.UDP6;
import static io.github.fdsock.harness.junit.SocketFamily.UNIX_DGRAM;
import static io.github.fdsock.harness.junit.SocketFamily.UNIX_SEQPACKET;
import static io.github.fdsock.harness.junit.SocketFamily.UNIX_STREAM;
import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.fdsock.cmsg.Cmsg;
import io.github.fdsock.cmsg.ExtendedError;
import io.github.fdsock.cmsg.PacketInfo;
import io.github.fdsock.cmsg.PacketTimes;
import io.github.fdsock.harness.junit.SocketFamilies;
import io.github.fdsock.harness.junit.SocketFamily;
import io.github.fdsock.option.Credentials;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.sys.struct.ControlBuffer;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Every typed control message means to the kernel what it means to us, in each direction that the kernel has.
@Timeout(60)
class ControlMessagesTest {
    private static final int ROOM = 512;
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(20);

    private Arena arena;
    private MemorySegment room;
    private SocketFd server;
    private SocketFd client;
    private Message in;
    private Message out;

    @BeforeEach
    void open() throws IOException {
        arena = Arena.ofConfined();
        room = arena.allocate(1 << 16);
        in = Message.allocate(arena, 1, ROOM, 0);
        in.buffers().add(room);
        out = Message.allocate(arena, 1, ROOM, 0);
        out.buffers().add(arena.allocateFrom("hello"), 0, 5);
        connect(UDP4);
    }

    @AfterEach
    void close() throws IOException {
        server.close();
        client.close();
        arena.close();
    }

    /// Makes `client` send to `server`, which is not connected.
    private void connect(final SocketFamily family) throws IOException {
        if (server != null) {
            server.close();
            client.close();
        }
        server = family.bound();
        client = family.bound();
        client.connect(server.localAddress());
    }

    private void exchange() throws IOException {
        assertThat(client.sendmsg(out, 0)).isEqualTo(out.buffers().length());
        receive();
    }

    private void receive() throws IOException {
        assertThat(server.await(POLLIN, PATIENCE_NANOS)).isEqualTo(POLLIN);
        assertThat(server.recvmsg(in, 0)).isPositive();
        assertThat(in.truncation()).isEqualTo(Message.Truncation.NONE);
    }

    private static InetAddress address(final String literal) {
        return InetAddress.ofLiteral(literal);
    }

    // ---- numbers

    @ParameterizedTest
    @CsvSource({"IP_TTL, 1", "IP_TTL, 255", "IP_TOS, 0", "IP_TOS, 72", "IP_TOS, 184"})
    void numbersOfIpv4GoAndCome(final String name, final int value) throws IOException {
        final Cmsg<Integer> number = name.equals("IP_TTL") ? Cmsg.IP_TTL : Cmsg.IP_TOS;
        server.setsockopt(name.equals("IP_TTL") ? SockOpt.IP_RECVTTL : SockOpt.IP_RECVTOS, true);
        out.add(number, value);
        exchange();
        assertThat(in.get(number)).isEqualTo(value);
        assertThat(in.getInt(number, -1)).isEqualTo(value);
    }

    @ParameterizedTest
    @CsvSource({"IPV6_HOPLIMIT, 1", "IPV6_HOPLIMIT, 255", "IPV6_TCLASS, 0", "IPV6_TCLASS, 72", "IPV6_TCLASS, 252"})
    void numbersOfIpv6GoAndCome(final String name, final int value) throws IOException {
        connect(UDP6);
        final boolean hops = name.equals("IPV6_HOPLIMIT");
        final Cmsg<Integer> number = hops ? Cmsg.IPV6_HOPLIMIT : Cmsg.IPV6_TCLASS;
        server.setsockopt(hops ? SockOpt.IPV6_RECVHOPLIMIT : SockOpt.IPV6_RECVTCLASS, true);
        out.add(number, value);
        exchange();
        assertThat(in.getInt(number, -1)).isEqualTo(value);
    }

    @ParameterizedTest
    @CsvSource({"9223372036854775807, 0", "-9223372036854775808, 0", "31556889864403200, 0", "1, -1", "1, 1000000000",
        "1, -9223372036854775808"})
    void aTimeThatIsNoneCountsAsNotThere(final long seconds, final long fraction) {
        final MemorySegment data =
                arena.allocateFrom(ValueLayout.JAVA_LONG, seconds, fraction, 0, 0, seconds, fraction);
        for (final Cmsg<?> time : List.of(Cmsg.SCM_TIMESTAMP, Cmsg.SCM_TIMESTAMPNS)) {
            final ControlBuffer control = ControlBuffer.allocate(arena, 64)
                    .append(time.level(), time.type(), data.asSlice(0, 16)).rewind();
            assertThat(control.next()).isTrue();
            assertThat(time.decode(control)).isNull();
        }
        final ControlBuffer control = ControlBuffer.allocate(arena, 64)
                .append(SOL_SOCKET, SCM_TIMESTAMPING, data).rewind();
        assertThat(control.next()).isTrue();
        assertThat(Cmsg.SCM_TIMESTAMPING.decode(control)).isEqualTo(new PacketTimes(null, null));
    }

    @Test
    void whatIsNotSwitchedOnDoesNotCome() throws IOException {
        exchange();
        assertThat(in.control().next()).isFalse();
        assertThat(in.get(Cmsg.IP_TTL)).isNull();
        assertThat(in.get(Cmsg.IP_PKTINFO)).isNull();
        assertThat(in.get(Cmsg.SCM_TIMESTAMP)).isNull();
        assertThat(in.extendedError()).isNull();
        assertThat(in.takePidFd()).isNull();
    }

    @Test
    void severalComeTogether() throws IOException {
        server.setsockopt(SockOpt.IP_RECVTTL, true);
        server.setsockopt(SockOpt.IP_RECVTOS, true);
        server.setsockopt(SockOpt.IP_PKTINFO, true);
        server.setsockopt(SockOpt.SO_TIMESTAMPNS, true);
        out.add(Cmsg.IP_TOS, 8).add(Cmsg.IP_TTL, 7);
        exchange();
        assertThat(in.get(Cmsg.IP_TTL)).isEqualTo(7);
        assertThat(in.get(Cmsg.IP_TOS)).isEqualTo(8);
        assertThat(in.get(Cmsg.IP_PKTINFO).local()).isEqualTo(address("127.0.0.1"));
        assertThat(in.get(Cmsg.SCM_TIMESTAMPNS)).isNotNull();
    }

    @Test
    void tooLittleRoomIsToldAndWhatCameInPartCountsAsNotThere() throws IOException {
        server.setsockopt(SockOpt.IP_PKTINFO, true);
        final Message narrow = Message.allocate(arena, 1, 20, 0);
        narrow.buffers().add(room);
        client.sendmsg(out, 0);
        assertThat(server.recvmsg(narrow, 0)).isEqualTo(5);
        assertThat(narrow.truncation()).isEqualTo(Message.Truncation.ROOM);
        assertThat(narrow.get(Cmsg.IP_PKTINFO)).isNull();
        assertThat(narrow.control().next()).isTrue();
        assertThat(narrow.control().dataLength()).isEqualTo(4);
    }

    @Test
    void whatTheKernelRefusesIsAnErrno() throws IOException {
        out.add(Cmsg.IP_TTL, 256);
        assertThatThrownBy(() -> client.sendmsg(out, 0)).isInstanceOf(ErrnoException.class)
                .hasMessageContaining("EINVAL");
        out.clearControl().add(Cmsg.SCM_TXTIME, 1L);
        assertThatThrownBy(() -> client.sendmsg(out, 0)).as("without SO_TXTIME").isInstanceOf(ErrnoException.class)
                .hasMessageContaining("EINVAL");
    }

    @Test
    void whatOnlyTheKernelSendsCannotBeAdded() {
        assertThatThrownBy(() -> out.add(Cmsg.IP_RECVERR, new ExtendedError(0, 0, 0, 0, 0, 0, null)))
                .isInstanceOf(UnsupportedOperationException.class).hasMessageContaining("IP_RECVERR");
        assertThat(out.control().length()).as("nothing of it is there").isZero();
        assertThatThrownBy(() -> out.add(Cmsg.UDP_SEGMENT, 65_536)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("UDP_SEGMENT: 65536 does not fit 16 bits");
        assertThatThrownBy(() -> out.add(Cmsg.IP_PKTINFO, PacketInfo.from(address("::1"))))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("0:0:0:0:0:0:0:1");
        assertThatThrownBy(() -> out.add(Cmsg.IPV6_PKTINFO, PacketInfo.from(address("127.0.0.1"))))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("127.0.0.1");
        assertThatThrownBy(() -> out.add(Cmsg.IP_TTL, null)).isInstanceOf(NullPointerException.class)
                .hasMessage("IP_TTL");
    }

    @Test
    void oneOfAnyKindIsSentAndReadRaw() throws IOException {
        server.setsockopt(SockOpt.IP_RECVTOS, true);
        server.setsockopt(SockOpt.IP_RECVTTL, true);
        out.add(IPPROTO_IP, IP_TOS, arena.allocateFrom(ValueLayout.JAVA_INT, 16));
        exchange();
        final ControlBuffer control = in.control();
        final List<String> seen = new ArrayList<>();
        while (control.next()) {
            seen.add(control.level() + " " + control.type() + " " + control.dataLength() + " " + control.dataByte(0));
        }
        assertThat(seen).containsExactlyInAnyOrder("0 " + IP_TTL + " 4 64", "0 " + IP_TOS + " 1 16");
        assertThat(control.malformed()).isFalse();
        assertThat(in.get(Cmsg.bytes("IP_TOS", IPPROTO_IP, IP_TOS))).containsExactly(16);
        assertThat(in.get(Cmsg.integer("IP_TOS", IPPROTO_IP, IP_TOS))).isEqualTo(16);
    }

    // ---- who sent it

    @SocketFamilies({UNIX_STREAM, UNIX_SEQPACKET, UNIX_DGRAM})
    void credentialsAreTheSendersAskedForOrNot(final SocketFamily family) throws IOException {
        try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, family.type(), 0)) {
            final Credentials own = pair.first().peerCredentials();
            pair.second().setsockopt(SockOpt.SO_PASSCRED, true);
            assertThat(pair.first().sendmsg(out, 0)).isEqualTo(5);
            assertThat(pair.second().recvmsg(in, 0)).isEqualTo(5);
            assertThat(in.get(Cmsg.SCM_CREDENTIALS)).isEqualTo(own);
            out.add(Cmsg.SCM_CREDENTIALS, own);
            assertThat(pair.first().sendmsg(out, 0)).isEqualTo(5);
            assertThat(pair.second().recvmsg(in, 0)).isEqualTo(5);
            assertThat(in.get(Cmsg.SCM_CREDENTIALS)).isEqualTo(own);
            // No process has that number.
            out.clearControl().add(Cmsg.SCM_CREDENTIALS, new Credentials(Integer.MAX_VALUE, own.uid(), own.gid()));
            assertThatThrownBy(() -> pair.first().sendmsg(out, 0)).isInstanceOf(ErrnoException.class)
                    .hasMessageMatching(".*(ESRCH|EPERM).*");
        }
    }

    /// Where the kernel has no such module its answer is made here.
    @ParameterizedTest
    @ValueSource(strings = {"system_u:object_r:x_t:s0", "system_u:object_r:x_t:s0\0", ""})
    void aSecurityContextIsText(final String context) {
        final ControlBuffer control = ControlBuffer.allocate(arena, ROOM);
        control.append(SOL_SOCKET, SCM_SECURITY, arena.allocateFrom(ValueLayout.JAVA_BYTE, context.getBytes()));
        control.received(control.length()).next();
        assertThat(Cmsg.SCM_SECURITY.decode(control)).isEqualTo(context.replace("\0", ""));
    }

    // ---- packet info

    private SocketFd everywhere(final SocketFamily family) throws IOException {
        server.close();
        server = family.socket();
        server.bind(SockAddr.inet(family == UDP4 ? "0.0.0.0" : "::", 0));
        return server;
    }

    private int port() throws IOException {
        return ((SockAddr.Inet) server.localAddress()).port();
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "127.0.0.2", "127.1.2.3"})
    void theAddressItWasSentToIsToldAndAnsweredFrom(final String destination) throws IOException {
        everywhere(UDP4).setsockopt(SockOpt.IP_PKTINFO, true);
        try (SocketFd other = UDP4.bound()) {
            other.sendmsg(out.to(SockAddr.inet(destination, port())), 0);
            receive();
            final PacketInfo info = in.get(Cmsg.IP_PKTINFO);
            assertThat(info.destination()).isEqualTo(address(destination));
            assertThat(info.local()).isEqualTo(address(destination));
            assertThat(info.interfaceIndex()).isPositive();
            // An answer that the other end takes for one: from that address.
            out.to(in.from()).add(Cmsg.IP_PKTINFO, PacketInfo.from(info.local()));
            assertThat(server.sendmsg(out, 0)).isEqualTo(5);
            assertThat(other.recvmsg(in, 0)).isEqualTo(5);
            assertThat(in.from().address()).isEqualTo(SockAddr.inet(destination, port()));
        }
    }

    @Test
    void theInterfaceIsChosen() throws IOException {
        everywhere(UDP4).setsockopt(SockOpt.IP_PKTINFO, true);
        try (SocketFd other = UDP4.socket()) {
            final int loopback = 1;
            out.to(SockAddr.inet("127.0.0.1", port())).add(Cmsg.IP_PKTINFO, PacketInfo.by(loopback));
            other.sendmsg(out, 0);
            receive();
            assertThat(in.get(Cmsg.IP_PKTINFO).interfaceIndex()).isEqualTo(loopback);
            out.clearControl().add(Cmsg.IP_PKTINFO, PacketInfo.by(Integer.MAX_VALUE));
            assertThatThrownBy(() -> other.sendmsg(out, 0)).isInstanceOf(ErrnoException.class)
                    .hasMessageContaining("ENODEV");
        }
    }

    @Test
    void inIpv6TheAddressIsThere() throws IOException {
        connect(UDP6);
        everywhere(UDP6).setsockopt(SockOpt.IPV6_RECVPKTINFO, true);
        out.to(SockAddr.inet("::1", port())).add(Cmsg.IPV6_PKTINFO, PacketInfo.from(address("::1")));
        try (SocketFd other = UDP6.socket(); SocketFd four = UDP4.socket()) {
            other.sendmsg(out, 0);
            receive();
            assertThat(in.get(Cmsg.IPV6_PKTINFO).destination()).isEqualTo(address("::1"));
            assertThat(in.get(Cmsg.IPV6_PKTINFO).local()).isEqualTo(address("::1"));
            // A packet of IPv4 on a socket of IPv6 has a mapped address.
            four.sendmsg(out.clearControl().to(SockAddr.inet("127.0.0.1", port())), 0);
            receive();
            final InetAddress mapped = in.get(Cmsg.IPV6_PKTINFO).destination();
            assertThat(mapped).isInstanceOf(Inet6Address.class);
            assertThat(mapped.getAddress()).endsWith(-1, -1, 127, 0, 0, 1);
        }
    }

    @Test
    void theOriginalDestinationHasAPort() throws IOException {
        server.setsockopt(SockOpt.IP_RECVORIGDSTADDR, true);
        exchange();
        assertThat(in.get(Cmsg.IP_ORIGDSTADDR)).isEqualTo(new InetSocketAddress("127.0.0.1", port()));
        connect(UDP6);
        server.setsockopt(SockOpt.IPV6_RECVORIGDSTADDR, true);
        exchange();
        assertThat(in.get(Cmsg.IPV6_ORIGDSTADDR)).isEqualTo(new InetSocketAddress("::1", port()));
    }

    // ---- the error queue

    private static void awaitError(final SocketFd socket) throws IOException {
        assertThat(socket.await(0, PATIENCE_NANOS) & POLLERR).isEqualTo(POLLERR);
    }

    @SocketFamilies({UDP4, UDP6})
    void n21_u40_whoRefusedADatagramIsTold(final SocketFamily family) throws IOException {
        connect(family);
        client.setsockopt(family == UDP4 ? SockOpt.IP_RECVERR : SockOpt.IPV6_RECVERR, true);
        final SockAddr nobody = server.localAddress();
        server.close();
        client.sendmsg(out, 0);
        awaitError(client);
        assertThatThrownBy(() -> client.recvmsg(in, 0)).isInstanceOf(ErrnoException.class)
                .hasMessageContaining("ECONNREFUSED");
        assertThat(client.recvmsg(in, MSG_ERRQUEUE)).as("what was sent").isEqualTo(5);
        assertThat(in.flags() & MSG_ERRQUEUE).isNotZero();
        assertThat(in.from().address()).as("where it was to go").isEqualTo(nobody);
        final ExtendedError error = in.extendedError();
        assertThat(error.errno()).isEqualTo(ECONNREFUSED);
        assertThat(error.origin()).isEqualTo(family == UDP4 ? SO_EE_ORIGIN_ICMP : SO_EE_ORIGIN_ICMP6);
        // Destination unreachable, port unreachable: RFC 792, RFC 4443.
        assertThat(error.type()).isEqualTo(family == UDP4 ? 3 : 1);
        assertThat(error.code()).isEqualTo(family == UDP4 ? 3 : 4);
        assertThat(error.offender()).isEqualTo(address(family == UDP4 ? "127.0.0.1" : "::1"));
        assertThat(error.isZeroCopy() || error.isTimestamp() || error.isTxTime()).isFalse();
        assertThat(client.recvmsg(in, MSG_ERRQUEUE)).as("the queue is empty").isEqualTo(-EAGAIN);
    }

    /// One that the socket takes, and then finds no packet large enough for.
    @Test
    void aDatagramTooLargeForTheWayIsTold() throws IOException {
        client.setsockopt(SockOpt.IP_RECVERR, true);
        out.buffers().clear().add(room.asSlice(0, 65_510));
        assertThatThrownBy(() -> client.sendmsg(out, 0)).isInstanceOf(ErrnoException.class)
                .hasMessageContaining("EMSGSIZE");
        assertThat(client.recvmsg(in, MSG_ERRQUEUE)).isNotNegative();
        assertThat(in.extendedError().errno()).isEqualTo(EMSGSIZE);
        assertThat(in.extendedError().origin()).isEqualTo(SO_EE_ORIGIN_LOCAL);
        assertThat(in.extendedError().info()).as("what would fit").isBetween(1, 65_535);
        assertThat(in.extendedError().offender()).as("nobody").isNull();
    }

    // ---- time

    private static void isAbout(final Instant told, final Instant before) {
        // The kernel's clock is read by the tick here and there.
        assertThat(told).isBetween(before.minusMillis(20), Instant.now().plusMillis(20));
    }

    @Test
    void theTimeOfReceptionIsTold() throws IOException {
        server.setsockopt(SockOpt.SO_TIMESTAMP, true);
        final Instant before = Instant.now();
        exchange();
        isAbout(in.get(Cmsg.SCM_TIMESTAMP), before);
        assertThat(in.get(Cmsg.SCM_TIMESTAMP).getNano() % 1_000).isZero();
        server.setsockopt(SockOpt.SO_TIMESTAMPNS, true);
        exchange();
        isAbout(in.get(Cmsg.SCM_TIMESTAMPNS), before);
        assertThat(in.get(Cmsg.SCM_TIMESTAMP)).isNull();
    }

    /// The kernel begins to take the times some moment after it was told to.
    @Test
    void theTimeOfReceptionBySoftwareIsTold() throws IOException {
        server.setsockopt(SockOpt.SO_TIMESTAMPING, SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE);
        final Instant before = Instant.now();
        do {
            exchange();
        } while (in.get(Cmsg.SCM_TIMESTAMPING) == null && Instant.now().isBefore(before.plusNanos(PATIENCE_NANOS)));
        isAbout(in.get(Cmsg.SCM_TIMESTAMPING).software(), before);
        assertThat(in.get(Cmsg.SCM_TIMESTAMPING).hardware()).as("there is no device").isNull();
    }

    @SocketFamilies({UDP4, UDP6})
    void theTimeOfSendingIsToldByTheErrorQueue(final SocketFamily family) throws IOException {
        connect(family);
        client.setsockopt(SockOpt.SO_TIMESTAMPING,
                SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY);
        final Instant before = Instant.now();
        client.sendmsg(out, 0);
        // Asked for with this one alone.
        out.add(Cmsg.SO_TIMESTAMPING, SOF_TIMESTAMPING_TX_SOFTWARE);
        client.sendmsg(out, 0);
        awaitError(client);
        assertThat(client.recvmsg(in, MSG_ERRQUEUE)).as("the time alone").isZero();
        isAbout(in.get(Cmsg.SCM_TIMESTAMPING).software(), before);
        final ExtendedError which = in.extendedError();
        assertThat(which.isTimestamp()).isTrue();
        assertThat(which.errno()).isEqualTo(ENOMSG);
        assertThat(which.timestampType()).isEqualTo(SCM_TSTAMP_SND);
        assertThat(which.timestampId()).isEqualTo(0);
        assertThat(client.recvmsg(in, MSG_ERRQUEUE)).isEqualTo(-EAGAIN);
    }

    @Test
    void theNumberOfATimeStampIsChosen() throws IOException {
        client.setsockopt(SockOpt.SO_TIMESTAMPING, SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_ID
                | SOF_TIMESTAMPING_OPT_TSONLY | SOF_TIMESTAMPING_TX_SOFTWARE);
        out.add(Cmsg.SCM_TS_OPT_ID, 0xfffffff0);
        try {
            client.sendmsg(out, 0);
        } catch (final ErrnoException e) {
            assumeTrue(e.errno() != EINVAL, "older than Linux 6.13: " + e.getMessage());
            throw e;
        }
        awaitError(client);
        client.recvmsg(in, MSG_ERRQUEUE);
        assertThat(in.extendedError().timestampId()).isEqualTo(0xfffffff0L);
    }

    /// Nothing but a queueing discipline that the loopback interface does not have looks at the time.
    @Test
    void theTimeToSendIsTaken() throws IOException {
        client.setsockopt(SockOpt.SO_TXTIME, new SockOpt.TxTime(CLOCK_MONOTONIC, 0));
        out.add(Cmsg.SCM_TXTIME, System.nanoTime() + Duration.ofMillis(1).toNanos());
        exchange();
    }

    @Test
    void aMissedTimeIsRead() {
        final ControlBuffer control = ControlBuffer.allocate(arena, ROOM);
        final MemorySegment data = control.appendSpace(IPPROTO_IP, IP_RECVERR, 16).fill((byte) 0);
        data.set(ValueLayout.JAVA_INT_UNALIGNED, 0, ECANCELED);
        data.set(ValueLayout.JAVA_BYTE, 4, (byte) SO_EE_ORIGIN_TXTIME);
        data.set(ValueLayout.JAVA_BYTE, 6, (byte) SO_EE_CODE_TXTIME_MISSED);
        data.set(ValueLayout.JAVA_INT_UNALIGNED, 8, 0x89abcdef);
        data.set(ValueLayout.JAVA_INT_UNALIGNED, 12, 0x01234567);
        control.received(control.length()).next();
        final ExtendedError error = Cmsg.IP_RECVERR.decode(control);
        assertThat(error.isTxTime()).isTrue();
        assertThat(error.code()).isEqualTo(SO_EE_CODE_TXTIME_MISSED);
        assertThat(error.txTimeNanos()).isEqualTo(0x0123456789abcdefL);
        assertThat(error.offender()).as("nobody").isNull();
    }

    // ---- how much

    @Test
    void n15_oneMessageBecomesSeveralDatagrams() throws IOException {
        out.buffers().clear().add(room.asSlice(0, 250));
        out.add(Cmsg.UDP_SEGMENT, 100);
        assertThat(client.sendmsg(out, 0)).isEqualTo(250);
        for (final int length : new int[] {100, 100, 50}) {
            receive();
            assertThat(in.bytes()).isEqualTo(length);
        }
        assertThat(server.recvmsg(in, MSG_DONTWAIT)).isEqualTo(-EAGAIN);
    }

    @Test
    void severalDatagramsBecomeOneMessage() throws IOException {
        server.setsockopt(SockOpt.UDP_GRO, true);
        exchange();
        assertThat(in.get(Cmsg.UDP_GRO)).as("a single datagram").isNull();
        final MemorySegment large = arena.allocate(40_000);
        out.buffers().clear().add(large);
        out.add(Cmsg.UDP_SEGMENT, 1_000);
        client.sendmsg(out, 0);
        receive();
        assertThat(in.bytes()).isEqualTo(40_000);
        assertThat(in.getInt(Cmsg.UDP_GRO, -1)).isEqualTo(1_000);
        // More than a signed 16-bit number, which is how it is sent.
        out.clearControl().add(Cmsg.UDP_SEGMENT, 33_000);
        out.buffers().clear().add(large.asSlice(0, 33_000));
        client.sendmsg(out, 0);
        receive();
        assertThat(in.bytes()).isEqualTo(33_000);
    }

    @Test
    void whatIsLeftInTheQueueIsTold() throws IOException {
        try (SocketFd.Pair pair = SocketFamily.TCP4.connected()) {
            pair.second().setsockopt(SockOpt.TCP_INQ, true);
            pair.first().sendmsg(out, 0);
            in.buffers().clear().add(room.asSlice(0, 2));
            assertThat(pair.second().await(POLLIN, PATIENCE_NANOS)).isEqualTo(POLLIN);
            assertThat(pair.second().recvmsg(in, 0)).isEqualTo(2);
            assertThat(in.getInt(Cmsg.TCP_INQ, -1)).isEqualTo(3);
        }
    }

    /// Of 299 bytes that are left, the first byte of the number says 43, the first two of 65,836 say 300.
    @ParameterizedTest
    @CsvSource({"299, 1", "65836, 2", "65836, 3"})
    void partOfANumberIsNoNumber(final int left, final int bytes) throws IOException {
        try (SocketFd.Pair pair = SocketFamily.TCP4.connected()) {
            pair.second().setsockopt(SockOpt.TCP_INQ, true);
            final MemorySegment all = arena.allocate(left + 1L);
            for (long sent = 0; sent < all.byteSize();) {
                sent += pair.first().send(all.asSlice(sent), 0);
            }
            for (int n = 0; n <= left; n = pair.second().receiveQueue()) {
                assertThat(pair.second().await(POLLIN, PATIENCE_NANOS)).isEqualTo(POLLIN);
            }
            final Message narrow = Message.allocate(arena, 1, ControlBuffer.SIZEOF_CMSGHDR + bytes, 0);
            narrow.buffers().add(room.asSlice(0, 1));
            assertThat(pair.second().recvmsg(narrow, 0)).isEqualTo(1);
            assertThat(narrow.truncation()).isEqualTo(Message.Truncation.ROOM);
            assertThat(narrow.get(Cmsg.TCP_INQ)).isNull();
            assertThat(narrow.getInt(Cmsg.TCP_INQ, -1)).isEqualTo(-1);
        }
    }

    @Test
    void whatIsLeftInTheQueueOfAUnixStreamIsTold() throws IOException {
        try (SocketFd.Pair pair = UNIX_STREAM.connected()) {
            try {
                pair.second().setsockopt(SockOpt.SO_INQ, true);
            } catch (final ErrnoException e) {
                assumeTrue(e.errno() != ENOPROTOOPT, "older than Linux 6.17: " + e.getMessage());
                throw e;
            }
            pair.first().sendmsg(out, 0);
            in.buffers().clear().add(room.asSlice(0, 2));
            assertThat(pair.second().recvmsg(in, 0)).isEqualTo(2);
            assertThat(in.getInt(Cmsg.SCM_INQ, -1)).isEqualTo(3);
        }
    }

    @Test
    void markAndPriorityGoAndCome() throws IOException {
        try {
            server.setsockopt(SockOpt.SO_RCVMARK, true);
            server.setsockopt(SockOpt.SO_RCVPRIORITY, true);
        } catch (final ErrnoException e) {
            assumeTrue(e.errno() != EPERM && e.errno() != ENOPROTOOPT, e.getMessage());
            throw e;
        }
        out.add(Cmsg.SO_MARK, 0xcafe).add(Cmsg.SO_PRIORITY, 5);
        exchange();
        assertThat(in.getInt(Cmsg.SO_MARK, -1)).isEqualTo(0xcafe);
        assertThat(in.getInt(Cmsg.SO_PRIORITY, -1)).isEqualTo(5);
    }

    @Test
    void whatWasDroppedIsCounted() throws IOException {
        server.setsockopt(SockOpt.SO_RXQ_OVFL, true);
        server.setsockopt(SockOpt.SO_RCVBUF, 1);
        out.buffers().clear().add(room.asSlice(0, 1_000));
        for (int i = 0; i < 50; i++) {
            client.sendmsg(out, 0);
        }
        // What is queued was queued before the first was dropped.
        while (server.recvmsg(in, MSG_DONTWAIT) > 0) {
            assertThat(in.get(Cmsg.SO_RXQ_OVFL)).isNull();
        }
        exchange();
        assertThat(in.getInt(Cmsg.SO_RXQ_OVFL, 0)).isBetween(1, 50);
    }

    @Test
    void transmissionsWithoutCopyingAreToldWhenTheyAreOver() throws IOException {
        try (SocketFd.Pair pair = SocketFamily.TCP4.connected()) {
            pair.first().setsockopt(SockOpt.SO_ZEROCOPY, true);
            final int sends = 3;
            final MemorySegment large = arena.allocate(20_000);
            out.buffers().clear().add(large);
            for (int i = 0; i < sends; i++) {
                assertThat(pair.first().sendmsg(out, MSG_ZEROCOPY)).isEqualTo(20_000);
            }
            for (long got = 0; got < sends * large.byteSize(); ) {
                got += pair.second().recv(room, 0);
            }
            long next = 0;
            while (next < sends) {
                awaitError(pair.first());
                for (long n = pair.first().recvmsg(in, MSG_ERRQUEUE); n >= 0;
                        n = pair.first().recvmsg(in, MSG_ERRQUEUE)) {
                    final ExtendedError over = in.extendedError();
                    assertThat(over.isZeroCopy()).isTrue();
                    assertThat(over.errno()).isZero();
                    assertThat(over.first()).isEqualTo(next);
                    assertThat(over.last()).isBetween(next, sends - 1L);
                    assertThat(over.copied()).as("the loopback interface copies").isTrue();
                    next = over.last() + 1;
                }
            }
        }
    }
}
