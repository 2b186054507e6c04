package io.github.fdsock.loop;

import static io.github.fdsock.harness.junit.SocketFamily.UDP4;
import static io.github.fdsock.harness.junit.SocketFamily.UDP6;
import static io.github.fdsock.harness.junit.SocketFamily.UNIX_DGRAM;
import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.EventFd;
import io.github.fdsock.Fd;
import io.github.fdsock.Message;
import io.github.fdsock.Messages;
import io.github.fdsock.Seen;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SockAddrBuffer;
import io.github.fdsock.SocketFd;
import io.github.fdsock.cmsg.Cmsg;
import io.github.fdsock.cmsg.PacketInfo;
import io.github.fdsock.harness.Faults;
import io.github.fdsock.harness.junit.FdLedger;
import io.github.fdsock.harness.junit.SocketFamilies;
import io.github.fdsock.harness.junit.SocketFamily;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.sys.Call;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Every datagram that comes is told once, in order, with all that came beside it; every one that is sent is taken by
/// the kernel, waits in the queue, or is told to have failed.
@Timeout(60)
@FdLedger
class DatagramsTest extends DatagramFixture {
    private static String text(final MemorySegment data) {
        return new String(data.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }

    private MemorySegment data(final String text) {
        return arena.allocateFrom(text).asSlice(0, text.length());
    }

    /// Sockets that are connected to one another; what comes to the second is written down.
    private Datagrams[] connected(final SocketFamily family) throws IOException {
        final SocketFd.Pair pair = family.connected();
        final Datagrams[] both = {loop.datagrams(pair.first()), loop.datagrams(pair.second())};
        both[1].onMessage((data, from, message) -> told.add(text(data)));
        both[0].onClose(_ -> both[1].close());
        return both;
    }

    // ---- there and back

    @SocketFamilies({UDP4, UDP6, UNIX_DGRAM})
    void anEchoServerIsTwoLines(final SocketFamily family) throws IOException {
        final Datagrams server = loop.datagrams(family.any());
        server.onMessage((data, from, message) -> server.send(data, from));
        final Datagrams client = loop.datagrams(family.any());
        client.onMessage((data, from, message) -> {
            told.add(text(data));
            assertThat(from.address()).isEqualTo(server.localAddress());
            client.close();
            server.close();
        }).onClose(cause -> told.add("closed " + cause));
        assertThat(client.send(data("hello"), server.localAddress())).isTrue();
        loop.run();
        assertThat(told).containsExactly("hello", "closed null");
        assertThat(loop.hasWork()).isFalse();
        assertThat(loop.metrics().datagramsSent()).isEqualTo(2);
        assertThat(loop.metrics().datagramsReceived()).isEqualTo(2);
        assertThat(loop.metrics().bytesRead()).isEqualTo(10);
    }

    @SocketFamilies({UDP4, UDP6, UNIX_DGRAM})
    void u41_severalComeInARowAnEmptyOneAmongThem(final SocketFamily family) throws IOException {
        final Datagrams server = loop.datagrams(family.any());
        final Datagrams client = loop.datagrams(family.any());
        server.onMessage((data, from, message) -> {
            told.add(data.byteSize() + " from " + from.address().equals(client.localAddress()));
            if (data.byteSize() == 3) {
                server.close();
                client.close();
            }
        });
        for (final String text : List.of("1", "", "22", "", "333")) {
            client.send(data(text), server.localAddress());
        }
        loop.run();
        assertThat(told).containsExactly("1 from true", "0 from true", "2 from true", "0 from true", "3 from true");
    }

    @SocketFamilies({UDP4, UDP6})
    void n14_u42_batchesComeInOrder(final SocketFamily family) throws IOException {
        final Datagrams[] both = connected(family);
        final List<Integer> numbers = new ArrayList<>();
        both[1].onMessage((data, from, message) -> {
            numbers.add(data.get(ValueLayout.JAVA_INT_UNALIGNED, 0));
            if (numbers.size() == 100) {
                both[0].close();
            }
        });
        for (int i = 0; i < 100; i++) {
            both[0].send(arena.allocateFrom(ValueLayout.JAVA_INT, i));
        }
        try (Seen seen = Seen.calls()) {
            loop.run();
            // 2, 4, 8 and 16 in the first turn, then 16 each.
            assertThat(seen.all(Call.recvmmsg)).hasSizeLessThanOrEqualTo(10);
        }
        assertThat(numbers).isEqualTo(IntStream.range(0, 100).boxed().toList());
    }

    /// Each brings two more, so that there is always another.
    @Test
    void aFloodLeavesOthersTheirTurn() throws IOException {
        final int flood = 100_000;
        final Datagrams socket = loop.datagrams(UDP4.any());
        final SockAddr self = socket.localAddress();
        final AtomicInteger received = new AtomicInteger();
        socket.onMessage((data, from, message) -> {
            if (received.incrementAndGet() < flood) {
                socket.send(data, self);
                socket.send(data, self);
            }
        });
        socket.send(data("1"), self);
        socket.send(data("2"), self);
        loop.runOnce();
        assertThat(received.get()).isBetween(2, flood - 1);
    }

    @Test
    void aSingleOneIsReceivedByASingleCall() throws IOException {
        final Datagrams[] both = connected(UDP4);
        both[0].send(data("one"));
        try (Seen seen = Seen.calls()) {
            loop.runOnce();
            assertThat(seen.all(Call.recvmmsg)).hasSize(1);
        }
        assertThat(told).containsExactly("one");
    }

    /// What libuv calls a buffer that is too small is refused before there is any.
    @Test
    void u42_theRoomIsCheckedAndWhatIsLongerIsCutAndSaysSo() throws IOException {
        final Datagrams[] both = connected(UDP4);
        assertThatThrownBy(() -> both[1].room(0, 0)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("0 bytes");
        assertThatThrownBy(() -> both[1].room(1, 254)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("254");
        both[1].room(4, 0).onMessage((data, from, message) -> told.add(
                text(data) + ", " + message.truncated() + ", " + message.length()));
        for (final String text : List.of("123", "1234", "12345", "123456789")) {
            both[0].send(data(text));
        }
        while (told.size() < 4) {
            loop.runOnce();
        }
        assertThat(told).containsExactly("123, false, 3", "1234, false, 4", "1234, true, 5", "1234, true, 9");
    }

    @Test
    void theLargestOfAUnixSocketNeedsMoreRoom() throws IOException {
        final Datagrams[] both = connected(UNIX_DGRAM);
        both[1].room(200_000, 0)
                .onMessage((data, from, message) -> told.add(data.byteSize() + " " + message.truncated()));
        both[0].send(MemorySegment.ofArray(new byte[150_000]));
        loop.runOnce();
        assertThat(told).containsExactly("150000 false");
    }

    @Test
    void anyFamilyOfDatagramsWillDo() throws IOException {
        final SocketFd netlink = SocketFd.socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
        final Datagrams datagrams = loop.datagrams(netlink);
        datagrams.onMessage((data, from, message) -> {
            told.add(from.address().toString());
            datagrams.close();
        });
        // struct nlmsghdr of NLMSG_NOOP (1) with NLM_F_REQUEST | NLM_F_ACK (5): the kernel acknowledges it.
        final MemorySegment request = arena.allocate(16, 4);
        request.set(ValueLayout.JAVA_INT, 0, 16);
        request.set(ValueLayout.JAVA_SHORT, 4, (short) 1);
        request.set(ValueLayout.JAVA_SHORT, 6, (short) 5);
        datagrams.send(request);
        loop.run();
        assertThat(told).hasSize(1).allMatch(address -> address.startsWith("netlink:0"));
    }

    @SocketFamilies({SocketFamily.TCP4, SocketFamily.UNIX_SEQPACKET})
    void aSocketForConnectionsIsRefused(final SocketFamily family) throws IOException {
        try (SocketFd socket = family.socket()) {
            assertThatThrownBy(() -> loop.datagrams(socket)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("connections");
            assertThat(socket.isOpen()).isTrue();
        }
    }

    // ---- what comes beside the bytes

    @ParameterizedTest
    @CsvSource({"127.0.0.2, UDP4", "::1, UDP6"})
    void theOwnAddressThatItCameToIsToldAndAnsweredFrom(final String literal, final SocketFamily family)
            throws IOException {
        final boolean six = family == UDP6;
        final Datagrams server = loop.datagrams(six ? SockAddr.anyInet6(0) : SockAddr.anyInet4(0));
        server.socket().setsockopt(six ? SockOpt.IPV6_RECVPKTINFO : SockOpt.IP_PKTINFO, true);
        final int port = ((SockAddr.Inet) server.localAddress()).port();
        final SockAddr there = SockAddr.inet(literal, port);
        final Message answer = Message.allocate(arena, 1, 64, 0);
        server.onMessage((data, from, message) -> {
            final PacketInfo info = message.get(six ? Cmsg.IPV6_PKTINFO : Cmsg.IP_PKTINFO);
            told.add(info.local().getHostAddress());
            answer.buffers().add(data("back"));
            answer.to(from).add(six ? Cmsg.IPV6_PKTINFO : Cmsg.IP_PKTINFO, PacketInfo.from(info.local()));
            assertThat(server.trySend(answer)).isEqualTo(4);
        });
        final Datagrams client = loop.datagrams(family.any());
        client.onMessage((data, from, message) -> {
            told.add(text(data) + " from there: " + from.address().equals(there));
            client.close();
            server.close();
        });
        client.send(data("hello"), there);
        loop.run();
        assertThat(told).containsExactly(InetAddress.ofLiteral(literal).getHostAddress(), "back from there: true");
    }

    @Test
    void descriptorsComeWithTheirDatagramWhereThereIsRoomForThem() throws IOException {
        final Datagrams[] both = connected(UNIX_DGRAM);
        final List<Fd> taken = new ArrayList<>();
        both[1].onMessage((data, from, message) -> {
            told.add(text(data) + " " + message.descriptors() + " " + message.truncation());
            if (message.descriptors() > 0) {
                taken.add(message.takeFd(0));
            }
        });
        final Message out = Message.allocate(arena, 1, 0, 2);
        out.buffers().add(data("x"));
        try (EventFd fd = EventFd.create(0, 0)) {
            for (int i = 0; i < 2; i++) {
                assertThat(both[0].trySend(out.lendFd(fd).lendFd(fd))).isEqualTo(1);
                // The second of them is not taken, and closed behind the handler.
                loop.runOnce();
                both[1].room(100, 2);
            }
        }
        assertThat(told).containsExactly("x 0 ROOM", "x 2 NONE");
        taken.getFirst().close();
    }

    /// A peer may send any: of a file system, too, whose `close` fails.
    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void oneThatCannotBeClosedIsToldAndEndsNothing(final int room) throws IOException {
        final Datagrams[] both = connected(UNIX_DGRAM);
        both[1].room(100, room).onError((error, report, destination) -> told.add(error.getMessage()))
                .onClose(cause -> told.add("closed " + cause));
        final Message out = Message.allocate(arena, 1, 0, 1);
        out.buffers().add(data("x"));
        try (EventFd fd = EventFd.create(0, 0)) {
            both[0].trySend(out.lendFd(fd));
        }
        both[0].send(data("y"));
        try (Faults _ = Faults.inject("close:error=EIO:after:when=1")) {
            loop.runOnce();
        }
        assertThat(told).hasSize(3).startsWith("x", "y").last().asString().startsWith("close(").contains("EIO");
        assertThat(loop.metrics().datagramErrors()).isEqualTo(1);
    }

    @Test
    void thoseOfABatchThatIsGivenUpAreClosed() throws IOException {
        final Datagrams[] both = connected(UNIX_DGRAM);
        both[1].room(100, 1).onMessage((data, from, message) -> {
            told.add(text(data));
            both[0].close();
            both[1].close();
        });
        final Message out = Message.allocate(arena, 1, 0, 1);
        out.buffers().add(data("x"));
        try (EventFd fd = EventFd.create(0, 0)) {
            both[0].trySend(out.lendFd(fd));
            both[0].trySend(out.lendFd(fd));
        }
        // The ledger says whether the second was closed.
        loop.run();
        assertThat(told).containsExactly("x");
    }

    // ---- joined and cut by the kernel

    @SocketFamilies({UDP4, UDP6})
    void n15_oneSendBecomesSeveralDatagrams(final SocketFamily family) throws IOException {
        final Datagrams[] both = connected(family);
        both[1].onMessage((data, from, message) -> told.add(data.byteSize() + ""));
        assertThat(both[0].sendSegmented(arena.allocate(250), 100, null, failure -> told.add("sent " + failure)))
                .isTrue();
        both[0].sendSegmented(arena.allocate(200), 100, null, null);
        both[0].sendSegmented(arena.allocate(7), 100, null, null);
        both[0].sendSegmented(arena.allocate(0), 100, null, null);
        while (told.size() < 8) {
            loop.runOnce();
        }
        assertThat(told).containsExactlyInAnyOrder("100", "100", "50", "100", "100", "7", "0", "sent null");
        assertThat(loop.metrics().datagramsSent()).isEqualTo(7);
        assertThatThrownBy(() -> both[0].sendSegmented(arena.allocate(7), 0, null, null))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("0 bytes each");
        assertThatThrownBy(() -> both[0].sendSegmented(arena.allocate(7), 65_536, null, null))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("65536");
    }

    /// A UNIX socket does not know the control message, and would send a single datagram.
    @Test
    void onlyIpSocketsSendSegments() throws IOException {
        final Datagrams[] both = connected(UNIX_DGRAM);
        assertThatThrownBy(() -> both[0].sendSegmented(arena.allocate(7), 3, null, null))
                .isInstanceOf(UnsupportedOperationException.class).hasMessageContaining("socket");
    }

    /// A raw one, even of UDP, does not either.
    @ParameterizedTest
    @ValueSource(ints = {AF_INET, AF_INET6})
    void ofIpSocketsOnlyUdpSendsSegments(final int family) throws IOException {
        final SocketFd raw;
        try {
            raw = SocketFd.socket(family, SOCK_RAW, IPPROTO_UDP);
        } catch (final ErrnoException e) {
            assumeTrue(e.errno() != EPERM, "no CAP_NET_RAW");
            throw e;
        }
        final Datagrams datagrams = loop.datagrams(raw);
        final SockAddrBuffer to = SockAddrBuffer.allocate(arena)
                .set(SockAddr.inet(family == AF_INET ? "127.0.0.1" : "::1", 0));
        assertThatThrownBy(() -> datagrams.sendSegmented(arena.allocate(7), 3, to, null))
                .isInstanceOf(UnsupportedOperationException.class).hasMessageContaining("UDP");
    }

    @SocketFamilies({UDP4, UDP6})
    void whatTheKernelHasJoinedIsToldAsItsDatagrams(final SocketFamily family) throws IOException {
        final Datagrams[] both = connected(family);
        both[1].socket().setsockopt(SockOpt.UDP_GRO, true);
        final List<Integer> sizes = new ArrayList<>();
        both[1].onMessage((data, from, message) -> {
            assertThat(from.address()).isEqualTo(both[0].localAddress());
            assertThat(message.getInt(Cmsg.UDP_GRO, 0)).isEqualTo(100);
            told.add(data.byteSize() + " " + data.get(ValueLayout.JAVA_BYTE, 0));
            sizes.add((int) message.bytes());
            if (told.size() == 1) {
                both[1].pause();
            }
        });
        final MemorySegment data = arena.allocate(250);
        data.set(ValueLayout.JAVA_BYTE, 0, (byte) 1);
        data.set(ValueLayout.JAVA_BYTE, 100, (byte) 2);
        data.set(ValueLayout.JAVA_BYTE, 200, (byte) 3);
        both[0].sendSegmented(data, 100, null, null);
        loop.runOnce();
        assertThat(told).as("paused behind the first").containsExactly("100 1");
        assertThat(sizes).containsExactly(250);
        both[1].resume();
        loop.runOnce();
        assertThat(told).containsExactly("100 1", "100 2", "50 3");

        told.clear();
        both[1].coalesced(true);
        both[0].sendSegmented(data, 100, null, null);
        loop.runOnce();
        assertThat(told).containsExactly("250 1");
    }

    @Test
    void whoWantsItJoinedFromTheMidstOnIsToldTheRestAsOne() throws IOException {
        final Datagrams[] both = connected(UDP4);
        both[1].socket().setsockopt(SockOpt.UDP_GRO, true);
        both[1].onMessage((data, from, message) -> {
            told.add(data.byteSize() + " " + data.get(ValueLayout.JAVA_BYTE, 0));
            both[1].coalesced(true);
        });
        final MemorySegment data = arena.allocate(250);
        data.set(ValueLayout.JAVA_BYTE, 100, (byte) 2);
        both[0].sendSegmented(data, 100, null, null);
        loop.runOnce();
        assertThat(told).containsExactly("100 0", "150 2");
        assertThat(loop.metrics().bytesRead()).isEqualTo(250);
    }

    // ---- pausing

    @SocketFamilies({UDP4, UDP6, UNIX_DGRAM})
    void behindAPauseNothingIsToldAndNothingIsLost(final SocketFamily family) throws IOException {
        final Datagrams[] both = connected(family);
        final SockAddr sender = both[0].localAddress();
        both[1].onMessage((data, from, message) -> {
            assertThat(from.address()).isEqualTo(sender);
            told.add(text(data));
            both[1].pause();
        });
        final List<String> sent = IntStream.range(0, 8).mapToObj(Integer::toString).toList();
        sent.forEach(each -> both[0].send(data(each)));
        // Others receive meanwhile, into the memory that all of them share.
        final Datagrams other = loop.datagrams(family.any());
        other.onMessage((data, from, message) -> { });
        for (int i = 0; i < sent.size(); i++) {
            both[0].send(data("other"), other.localAddress());
            loop.runOnce();
            assertThat(told).isEqualTo(sent.subList(0, i + 1));
            loop.runNoWait();
            assertThat(told).hasSize(i + 1);
            both[1].resume();
        }
    }

    @Test
    void aHandlerThatClearsTheLoopsMessageIsFoundByAssertions() throws IOException {
        final Datagrams[] both = connected(UDP4);
        both[1].onMessage((data, from, message) -> message.clear());
        both[0].send(data("x"));
        assertThatThrownBy(() -> loop.runOnce()).isInstanceOf(AssertionError.class).hasMessageContaining("cleared");
    }

    @Test
    void aHandlerThatThrowsLosesOnlyWhatItWasGiven() throws IOException {
        final Datagrams[] both = connected(UDP4);
        both[1].onMessage((data, from, message) -> {
            told.add(text(data));
            if (text(data).equals("1") || text(data).equals("2")) {
                throw new IllegalArgumentException("a bug");
            }
        });
        for (int i = 0; i < 4; i++) {
            both[0].send(data(i + ""));
        }
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> {
                loop.runOnce();
                loop.runOnce();
            }).isInstanceOf(IllegalArgumentException.class);
        }
        loop.runOnce();
        assertThat(told).containsExactly("0", "1", "2", "3");
    }

    /// The rest is told in the last phase of the next turn, and the end of the socket is seen before.
    @Test
    void aHandlerThatThrowsAndShutsDownLosesNoMore() throws IOException {
        final Datagrams[] both = connected(UDP4);
        both[1].onMessage((data, from, message) -> {
            told.add(text(data));
            if (told.size() == 1) {
                both[1].socket().shutdown(SHUT_RDWR);
                throw new IllegalArgumentException("a bug");
            }
        }).onClose(cause -> told.add("closed " + cause));
        for (int i = 0; i < 4; i++) {
            both[0].send(data(i + ""));
        }
        assertThatThrownBy(loop::runOnce).isInstanceOf(IllegalArgumentException.class);
        Turns.until(loop, both[1]::isClosed);
        Turns.untilQuiet(loop);
        assertThat(told).containsExactly("0", "1", "2", "3", "closed null");
    }

    @Test
    void anIoExceptionOfAHandlerClosesItsSocketAlone() throws IOException {
        final Datagrams[] both = connected(UDP4);
        both[1].onMessage((data, from, message) -> {
            throw new IOException(text(data));
        }).onClose(cause -> told.add("closed: " + cause.getMessage()));
        both[0].send(data("no"));
        both[0].send(data("never"));
        loop.runOnce();
        assertThat(told).containsExactly("closed: no");
        assertThat(both[1].isClosed()).isTrue();
        assertThat(both[0].isClosed()).isFalse();
    }

    // ---- the queue

    @Test
    void whatTheKernelDoesNotTakeIsQueuedAndComesInOrder() throws IOException {
        final Datagrams[] both = connected(UNIX_DGRAM);
        final int all = 3000;
        final int[] sent = {0};
        final int[] done = {0};
        final int[] drained = {0};
        final Action more = () -> {
            boolean goOn = true;
            while (goOn && sent[0] < all) {
                goOn = both[0].send(MemorySegment.ofArray(("" + sent[0]++).getBytes()), null, failure -> {
                    assertThat(failure).isNull();
                    done[0]++;
                });
            }
        };
        both[0].highWaterMark(20_000).onDrain(() -> {
            drained[0]++;
            assertThat(both[0].bytesQueued()).isZero();
            more.run();
        });
        both[1].onMessage((data, from, message) -> {
            assertThat(text(data)).isEqualTo("" + told.size());
            told.add("");
            if (told.size() == all) {
                both[0].close();
            }
        });
        more.run();
        assertThat(both[0].bytesQueued()).isPositive().isEqualTo(loop.metrics().bytesQueued());
        try (Seen seen = Seen.calls()) {
            loop.run();
            assertThat(seen.all(Call.sendmmsg)).isNotEmpty();
        }
        assertThat(told).hasSize(all);
        assertThat(done[0]).isEqualTo(all);
        assertThat(drained[0]).isPositive();
        assertThat(loop.metrics().bytesQueued()).isZero();
        assertThat(loop.metrics().datagramErrors()).isZero();
    }

    @Test
    void theQueueIsBoundedAndWhatItRefusesIsTold() throws IOException {
        final Datagrams[] both = connected(UNIX_DGRAM);
        both[0].highWaterMark(1000).onError((error, report, destination) -> told.add("error " + error.errno()));
        boolean more;
        do {
            more = both[0].send(data("x"));
        } while (more);
        assertThat(both[0].bytesQueued()).isEqualTo(4);
        assertThat(both[0].send(data("y"), null, failure -> told.add("refused " + ((ErrnoException) failure).errno())))
                .isFalse();
        assertThat(both[0].send(data("z"))).isFalse();
        assertThat(both[0].bytesQueued()).isEqualTo(4);
        assertThat(told).as("not within the send").isEmpty();
        both[1].pause();
        loop.runNoWait();
        assertThat(told).containsExactly("refused " + EAGAIN, "error " + EAGAIN);
        assertThat(loop.metrics().datagramErrors()).isEqualTo(2);
    }

    @SocketFamilies({UDP4, UDP6, UNIX_DGRAM})
    void u43_severalMessagesAreTriedInOneCall(final SocketFamily family) throws IOException {
        final Datagrams receiver = loop.datagrams(family.any())
                .onMessage((data, from, message) -> told.add(text(data)));
        final Datagrams sender = loop.datagrams(family.any());
        final Messages messages = Messages.allocate(arena, 4, 1, 0, 0);
        for (int i = 0; i < 4; i++) {
            messages.get(i).to(receiver.localAddress()).buffers().add(data("message " + i));
        }
        final List<String> calls = new ArrayList<>();
        try (Seen _ = Seen.calls(made -> {
            calls.add(made.call().name());
            return null;
        })) {
            assertThat(sender.trySend(messages, 1, 3)).isEqualTo(3);
        }
        assertThat(calls).containsExactly("sendmmsg");
        assertThat(loop.metrics().datagramsSent()).isEqualTo(3);
        assertThat(loop.metrics().bytesWritten()).isEqualTo(27);
        Turns.until(loop, () -> told.size() == 3);
        assertThat(told).containsExactly("message 1", "message 2", "message 3");
        assertThatThrownBy(() -> sender.trySend(messages, 2, 3)).isInstanceOf(IndexOutOfBoundsException.class);
        sender.close();
        assertThatThrownBy(() -> sender.trySend(messages, 0, 1)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void whereSomethingWaitsATryOfSeveralThatAreNotThereIsRefusedToo() throws IOException {
        try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
            final Datagrams sender = loop.datagrams(pair.first());
            while (loop.metrics().bytesQueued() == 0) {
                sender.send(data("x"));
            }
            final Messages messages = Messages.allocate(arena, 2, 1, 0, 0);
            assertThat(sender.trySend(messages, 0, 2)).isEqualTo(-EAGAIN);
            for (final int[] bad : new int[][] {{0, 3}, {1, 2}, {0, -1}, {-1, 1}, {2, 1}, {1, Integer.MAX_VALUE}}) {
                assertThatThrownBy(() -> sender.trySend(messages, bad[0], bad[1])).as("%d %d", bad[0], bad[1])
                        .isInstanceOf(IndexOutOfBoundsException.class);
            }
            sender.close();
        }
    }

    /// libuv's `uv_udp_try_send2` says how many were sent in the same way, and of the one behind them nothing.
    @Test
    void u43_aTryOfSeveralStopsBeforeTheOneThatFailsAndThrowsWhatThatIsAbout() throws IOException {
        final Datagrams receiver = loop.datagrams(UDP4.any());
        final Datagrams sender = loop.datagrams(UDP4.any());
        final Messages messages = Messages.allocate(arena, 2, 1, 0, 0);
        messages.get(0).to(receiver.localAddress()).buffers().add(data("short"));
        messages.get(1).to(receiver.localAddress()).buffers().add(arena.allocate(1 << 17));
        assertThat(sender.trySend(messages, 0, 2)).isEqualTo(1);
        assertThatThrownBy(() -> sender.trySend(messages, 1, 1)).hasMessageContaining("EMSGSIZE");
        sender.onDrain(() -> told.add("drained"));
        try (Faults _ = Faults.inject("sendmmsg:error=EAGAIN")) {
            assertThat(sender.trySend(messages, 0, 2)).isEqualTo(-EAGAIN);
        }
        Turns.until(loop, () -> !told.isEmpty());
        assertThat(told).containsExactly("drained");
    }

    /// What an earlier datagram has met is told by the next call once, and is not about what that sends.
    @Test
    void aTryOfSeveralIsMadeAgainWhereTheErrorIsAnEarlierOnes() throws IOException {
        final SockAddr nobody = Nobody.at(UDP4);
        final Datagrams sender = loop.datagrams(UDP4.any()).pause()
                .onError((error, report, destination) -> told.add("earlier " + error.errno()));
        sender.connect(nobody);
        final Messages messages = Messages.allocate(arena, 1, 1, 0, 0);
        messages.get(0).buffers().add(data("x"));
        assertThat(sender.trySend(messages, 0, 1)).isEqualTo(1);
        assertThat(sender.trySend(messages, 0, 1)).as("the refusal of the first is there").isEqualTo(1);
        Turns.until(loop, () -> !told.isEmpty());
        assertThat(told).first().isEqualTo("earlier " + ECONNREFUSED);
    }

    /// The kernel calls an unconnected UNIX socket writable whatever its receivers do: a loop that waited would spin.
    @Test
    void overAnUnconnectedUnixSocketAFullReceiverIsToldAtOnce() throws IOException {
        final Datagrams receiver = loop.datagrams(UNIX_DGRAM.any()).pause();
        final Datagrams sender = loop.datagrams(UNIX_DGRAM.any());
        final SockAddrBuffer to = SockAddrBuffer.allocate(arena).set(receiver.localAddress());
        while (told.isEmpty()) {
            assertThat(sender.send(data("x"), to, failure -> {
                if (failure != null) {
                    told.add(failure.getMessage());
                }
            })).isTrue();
            loop.runNoWait();
        }
        assertThat(told).allMatch(each -> each.contains("EAGAIN"));
        assertThat(sender.bytesQueued()).isZero();
        final Message message = Message.allocate(arena, 1, 0, 0).to(to);
        message.buffers().add(data("x"));
        assertThat(sender.trySend(message)).isEqualTo(-EAGAIN);
        sender.onDrain(() -> told.add("drained"));
        loop.runNoWait();
        assertThat(told).doesNotContain("drained");
    }

    /// That the peer has room says nothing of others.
    @Test
    void fromAConnectedUnixSocketAFullReceiverThatIsNotThePeerIsNotWaitedFor() throws IOException {
        final Datagrams receiver = loop.datagrams(UNIX_DGRAM.any()).pause();
        final Datagrams sender = connected(UNIX_DGRAM)[0];
        final Message message = Message.allocate(arena, 1, 0, 0).to(receiver.localAddress());
        message.buffers().add(data("x"));
        sender.onDrain(() -> {
            told.add("drained");
            sender.trySend(message);
        });
        long sent;
        do {
            sent = sender.trySend(message);
        } while (sent >= 0);
        Turns.untilQuiet(loop);
        assertThat(told).isEmpty();
        try (Faults _ = Faults.inject("send:error=EAGAIN")) {
            sender.send(data("waits"));
        }
        assertThat(sender.trySend(message)).as("behind the queue, which ends").isEqualTo(-EAGAIN);
        Turns.untilQuiet(loop);
        assertThat(told).containsExactlyInAnyOrder("waits", "drained");
    }

    /// A netlink socket is always writable: what it sends is charged to the receiver.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void overNetlinkAFullReceiverIsToldAtOnce(final boolean connected) throws IOException {
        final SocketFd full = SocketFd.socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK);
        full.setsockopt(SockOpt.SO_RCVBUF, 4096);
        full.bind(SockAddr.netlink(0, 0));
        final Datagrams receiver = loop.datagrams(full).pause();
        final Datagrams sender = loop.datagrams(SocketFd.socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK));
        if (connected) {
            sender.connect(receiver.localAddress());
        }
        final SockAddrBuffer to = connected ? null : SockAddrBuffer.allocate(arena).set(receiver.localAddress());
        while (told.isEmpty()) {
            assertThat(sender.send(MemorySegment.ofArray(new byte[1000]), to, failure -> {
                if (failure != null) {
                    told.add(failure.getMessage());
                }
            })).isTrue();
            assertThat(sender.datagramsQueued()).isZero();
            Turns.untilQuiet(loop);
        }
        assertThat(told).hasSize(1).allMatch(each -> each.contains("EAGAIN"));
        final Message message = Message.allocate(arena, 1, 0, 0).to(receiver.localAddress());
        message.buffers().add(arena.allocate(1000));
        sender.onDrain(() -> told.add("drained"));
        assertThat(sender.trySend(message)).isEqualTo(-EAGAIN);
        Turns.untilQuiet(loop);
        assertThat(told).doesNotContain("drained");
    }

    @Test
    void whatGoesToAnAddressDoesNotWaitBehindTheQueueOfThePeer() throws IOException {
        final Datagrams[] both = connected(UNIX_DGRAM);
        both[1].pause();
        final Datagrams other = loop.datagrams(UNIX_DGRAM.any());
        other.onMessage((data, from, message) -> told.add(text(data)));
        try (Faults _ = Faults.inject("send:error=EAGAIN")) {
            both[0].send(data("waits"));
        }
        assertThat(both[0].send(data("there"), other.localAddress())).isTrue();
        assertThat(both[0].bytesQueued()).isEqualTo(5);
        loop.runOnce();
        assertThat(told).containsExactly("there");
    }

    @Test
    void u43_aTryTellsAtOnceAndDrainTellsWhenToTryAgain() throws IOException {
        final Datagrams[] both = connected(UNIX_DGRAM);
        final Message message = Message.allocate(arena, 1, 0, 0);
        message.buffers().add(data("PING"));
        both[0].onDrain(() -> {
            told.add("drained");
            both[0].onDrain(null);
            assertThat(both[0].trySend(message)).isEqualTo(4);
        });
        int tries = 0;
        while (both[0].trySend(message) == 4) {
            tries++;
        }
        while (told.size() < tries + 2) {
            loop.runOnce();
        }
        assertThat(told).containsOnlyOnce("drained").hasSize(tries + 2).endsWith("PING");
    }

    /// An error wakes whoever waits, and says nothing about room.
    @Test
    void anErrorAloneIsNoReasonToGoOn() throws IOException {
        final Datagrams[] both = connected(UDP4);
        final SocketFd socket = both[0].socket();
        socket.setsockopt(SockOpt.SO_SNDBUF, 1);
        socket.setsockopt(SockOpt.SO_TIMESTAMPING, SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE
                | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY);
        both[0].onReport((data, from, message) -> told.add("report")).onDrain(() -> told.add("drained"));
        both[0].send(data("x"));
        // Begun and not sent, it takes the room of others.
        assertThat(socket.send(arena.allocate(4000), MSG_MORE | MSG_DONTWAIT)).isEqualTo(4000);
        assertThat(socket.await(POLLOUT, 0) & POLLOUT).isZero();
        final Message message = Message.allocate(arena, 1, 0, 0);
        message.buffers().add(data("y"));
        try (Faults _ = Faults.inject("sendmsg:error=EAGAIN")) {
            assertThat(both[0].trySend(message)).isEqualTo(-EAGAIN);
        }
        both[1].onMessage(null);
        Turns.untilQuiet(loop);
        assertThat(told).containsExactly("report");
        socket.send(data(""), MSG_DONTWAIT);
        Turns.untilQuiet(loop);
        assertThat(told).contains("drained");
    }

    /// As `sendmsg(2)` has it, and `sendto(2)` over UNIX sockets; over UDP that says `EINVAL`.
    @SocketFamilies({UDP4, UDP6, UNIX_DGRAM})
    void anEmptyAddressIsThePeersHoweverItIsSent(final SocketFamily family) throws IOException {
        final Datagrams[] both = connected(family);
        final SockAddrBuffer nowhere = SockAddrBuffer.allocate(arena);
        both[0].onError((error, report, destination) -> told.add(error.getMessage()));
        both[0].send(data("1"), nowhere);
        try (Faults _ = Faults.inject("send,sendto:error=EAGAIN")) {
            both[0].send(data("2"), nowhere);
        }
        final Message message = Message.allocate(arena, 1, 0, 0).to(nowhere);
        Turns.untilQuiet(loop);
        message.buffers().add(data("3"));
        assertThat(both[0].trySend(message)).isEqualTo(1);
        if (family != UNIX_DGRAM) {
            both[0].sendSegmented(data("4"), 100, nowhere, null);
        }
        Turns.untilQuiet(loop);
        assertThat(told).isEqualTo(family == UNIX_DGRAM ? List.of("1", "2", "3") : List.of("1", "2", "3", "4"));
    }

    // ---- the end

    @SocketFamilies({UDP4, UDP6, UNIX_DGRAM})
    void closeIsToldOnceWithTheCompletionsBeforeIt(final SocketFamily family) throws IOException {
        final Datagrams datagrams = loop.datagrams(family.any());
        datagrams.onClose(cause -> told.add("closed " + cause));
        try (Faults _ = Faults.inject("send:error=EAGAIN")) {
            datagrams.send(data("x"), null, failure -> told.add("failed " + failure.getClass().getSimpleName()));
        }
        datagrams.close();
        datagrams.close();
        datagrams.destroy(new IOException("too late"));
        assertThat(told).isEmpty();
        assertThat(datagrams.send(data("x"), null, failure -> told.add("late " + failure.getClass().getSimpleName())))
                .isFalse();
        assertThatThrownBy(() -> datagrams.trySend(Message.allocate(arena, 1, 0, 0)))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> datagrams.ttl(1)).isInstanceOf(IllegalStateException.class);
        datagrams.pause().resume();
        loop.run();
        final String closed = ClosedChannelException.class.getSimpleName();
        assertThat(told).containsExactly("failed " + closed, "closed null", "late " + closed);
        assertThat(loop.metrics().bytesQueued()).isZero();
    }

    @SocketFamilies({UDP4, UDP6, UNIX_DGRAM})
    void whoClosesTheSocketClosesThis(final SocketFamily family) throws IOException {
        final Datagrams[] both = connected(family);
        both[0].onClose(cause -> told.add("the first, " + (cause != null)));
        both[0].socket().close();
        assertThat(both[0].send(data("x"))).isFalse();
        both[1].onClose(cause -> told.add("the second, " + (cause != null)));
        both[1].socket().close();
        loop.run();
        assertThat(told).containsExactlyInAnyOrder("the first, true", "the second, true");
    }

    @SocketFamilies({UDP4, UDP6, UNIX_DGRAM})
    void oneThatIsShutDownIsClosedAndDoesNotSpin(final SocketFamily family) throws IOException {
        final Datagrams[] both = connected(family);
        both[0].onClose(cause -> told.add("closed " + cause));
        both[0].socket().shutdown(SHUT_RD);
        both[1].onClose(cause -> told.add("the other closed " + cause));
        both[1].socket().shutdown(SHUT_RDWR);
        loop.run();
        assertThat(told).containsExactlyInAnyOrder("closed null", "the other closed null");
    }

    @SocketFamilies({UDP4, UDP6, UNIX_DGRAM})
    void onePausedThatIsShutDownKeepsWhatHasComeUntilItGoesOn(final SocketFamily family) throws IOException {
        final Datagrams[] both = connected(family);
        final int batch = family == UNIX_DGRAM ? 4 : 16;
        final List<String> sent = IntStream.range(0, batch + 4).mapToObj(Integer::toString).toList();
        both[1].onClose(cause -> told.add("closed " + cause));
        both[1].onMessage((data, from, message) -> {
            told.add(text(data));
            if (told.size() == 1 || told.size() == 3) {
                both[1].pause();
                both[1].socket().shutdown(SHUT_RDWR);
            }
        });
        sent.forEach(each -> both[0].send(data(each)));
        for (final int until : new int[] {1, 3}) {
            Turns.untilQuiet(loop);
            assertThat(told).isEqualTo(sent.subList(0, until));
            assertThat(both[1].send(data("x"), null, failure -> { })).as("what is refused wakes nothing").isTrue();
            Turns.untilQuiet(loop);
            assertThat(told).hasSize(until);
            both[1].resume();
        }
        Turns.until(loop, () -> both[1].isClosed());
        Turns.untilQuiet(loop);
        assertThat(told.subList(0, sent.size())).isEqualTo(sent);
        assertThat(told.subList(sent.size(), told.size())).containsExactly("closed null");
    }

    /// Nobody takes it any more, and nobody would be told.
    @SocketFamilies({UDP4, UDP6, UNIX_DGRAM})
    void whatIsQueuedWhenAPausedOneIsShutDownIsTold(final SocketFamily family) throws IOException {
        final Datagrams[] both = connected(family);
        both[0].pause();
        try (Faults _ = Faults.inject("send:error=EAGAIN")) {
            both[0].send(data("x"), null, failure -> told.add("failed " + ((ErrnoException) failure).errno()));
        }
        both[0].socket().shutdown(SHUT_RDWR);
        Turns.untilQuiet(loop);
        assertThat(told).containsExactly("failed " + EPIPE);
        assertThat(both[0].isClosed()).isFalse();
    }

    @Test
    void theLoopRunsForItUnlessItDoesNotCount() throws IOException {
        final Datagrams datagrams = loop.datagrams(UDP4.any());
        assertThat(loop.hasWork()).isTrue();
        datagrams.unref();
        assertThat(loop.hasWork()).isFalse();
        loop.run();
        datagrams.ref();
        assertThat(loop.hasWork()).isTrue();
        datagrams.onClose(_ -> told.add("closed by the loop"));
        loop.close();
        assertThat(told).containsExactly("closed by the loop");
    }

    @Test
    void anotherThreadIsRefused() throws Exception {
        final Datagrams datagrams = loop.datagrams(UDP4.any());
        final Thread runner = Thread.ofPlatform().start(() -> {
            try {
                loop.run();
            } catch (final IOException e) {
                told.add(e.toString());
            }
        });
        final CountDownLatch running = new CountDownLatch(1);
        loop.execute(running::countDown);
        assertThat(running.await(20, TimeUnit.SECONDS)).isTrue();
        assertThatThrownBy(() -> datagrams.send(MemorySegment.ofArray(new byte[1])))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("execute()");
        assertThatThrownBy(datagrams::close).isInstanceOf(IllegalStateException.class);
        loop.stop();
        runner.join();
        assertThat(told).isEmpty();
    }
}
