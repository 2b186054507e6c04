package io.github.fdsock.loop;

import static io.github.fdsock.harness.junit.SocketFamily.UDP4;
import static io.github.fdsock.harness.junit.SocketFamily.UDP6;
import static io.github.fdsock.harness.junit.SocketFamily.UNIX_DGRAM;
import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.Message;
import io.github.fdsock.Seen;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SockAddrBuffer;
import io.github.fdsock.SocketFd;
import io.github.fdsock.cmsg.Cmsg;
import io.github.fdsock.harness.Faults;
import io.github.fdsock.harness.junit.FdLedger;
import io.github.fdsock.harness.junit.SocketFamilies;
import io.github.fdsock.harness.junit.SocketFamily;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Errno;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// An error is told once, of the datagram that it is about, with what is known of it; the other datagrams go on.
@Timeout(60)
@FdLedger
class DatagramErrorsTest extends DatagramFixture {
    private static String name(final Throwable failure) {
        return failure == null ? "sent" : Errno.name(((ErrnoException) failure).errno());
    }

    /// Whose errors are written down.
    private Datagrams at(final SocketFamily family) throws IOException {
        final Datagrams datagrams = loop.datagrams(family.any());
        return datagrams.onError((error, report, destination) -> told.add(name(error)
                + (report == null ? "" : " by " + report.offender().getHostAddress()) + " of " + destination));
    }

    private static void reportErrors(final Datagrams datagrams, final SocketFamily family) throws IOException {
        datagrams.socket().setsockopt(family == UDP6 ? SockOpt.IPV6_RECVERR : SockOpt.IP_RECVERR, true);
    }

    private void runUntilTold(final int count) throws IOException {
        while (told.size() < count) {
            loop.runOnce();
        }
        loop.runNoWait();
        assertThat(told).hasSize(count);
    }

    // ---- of the datagram itself

    @SocketFamilies({UDP4, UDP6})
    void u39_oneThatIsTooLongIsToldByItsCompletionOrElseAsAnError(final SocketFamily family) throws IOException {
        final Datagrams receiver = at(family);
        receiver.onMessage((data, from, message) -> told.add("received " + data.byteSize()));
        final Datagrams sender = at(family);
        final SockAddr to = receiver.localAddress();
        final SockAddrBuffer buffer = SockAddrBuffer.allocate(arena).set(to);
        assertThat(sender.send(bytes(65_536), buffer, failure -> told.add(name(failure)))).isTrue();
        assertThat(sender.send(bytes(65_536), to)).isTrue();
        assertThat(sender.send(bytes(1), buffer, failure -> told.add(name(failure)))).isTrue();
        assertThat(told).as("never within the send").isEmpty();
        runUntilTold(4);
        assertThat(told).containsExactlyInAnyOrder("EMSGSIZE", "EMSGSIZE of " + to, "sent", "received 1");
        assertThat(told.indexOf("EMSGSIZE")).isLessThan(told.indexOf("EMSGSIZE of " + to));
        assertThat(loop.metrics().datagramErrors()).isEqualTo(2);
    }

    /// With `IP_RECVERR` the kernel refuses it and writes that into the error queue as well.
    @SocketFamilies({UDP4, UDP6})
    void oneThatIsRefusedIsToldOnceThoughTheErrorQueueSaysItToo(final SocketFamily family) throws IOException {
        final Datagrams sender = at(family);
        reportErrors(sender, family);
        final SockAddr to = sender.localAddress();
        final int tooLong = family == UDP4 ? 65_508 : 65_535;
        sender.send(bytes(tooLong), SockAddrBuffer.allocate(arena).set(to), failure -> told.add(name(failure)));
        sender.send(bytes(tooLong), to);
        Turns.untilQuiet(loop);
        assertThat(told).containsExactly("EMSGSIZE", "EMSGSIZE of " + to);
        assertThat(loop.metrics().datagramErrors()).isEqualTo(2);
        told.clear();
        sender.onReport((data, from, message) -> told.add("MTU " + message.extendedError().info()));
        sender.send(bytes(tooLong), to);
        Turns.untilQuiet(loop);
        assertThat(told).anyMatch(each -> each.startsWith("MTU "));
    }

    @Test
    void n16_nobodyAtThePath(@TempDir final Path directory) throws IOException {
        final Datagrams sender = at(UNIX_DGRAM);
        final SockAddr nowhere = SockAddr.unix(directory.resolve("missing").toString());
        assertThatThrownBy(() -> sender.connect(nowhere)).isInstanceOf(ErrnoException.class)
                .hasMessageContaining("ENOENT");
        sender.send(bytes(1), nowhere);
        runUntilTold(1);
        assertThat(told).containsExactly("ENOENT of " + nowhere);
    }

    @SocketFamilies({UDP4, UDP6, UNIX_DGRAM})
    void u43_aTryThrowsWhatItIsAbout(final SocketFamily family) throws IOException {
        final Datagrams sender = at(family);
        final Message message = Message.allocate(arena, 1, 0, 0);
        message.buffers().add(arena.allocate(1 << 20));
        message.to(sender.localAddress());
        assertThatThrownBy(() -> sender.trySend(message)).isInstanceOf(ErrnoException.class)
                .hasMessageContaining("EMSGSIZE");
        loop.runNoWait();
        assertThat(told).isEmpty();
    }

    /// libuv refuses an address while connected, and a disconnect without a peer; Linux does what was meant.
    @SocketFamilies({UDP4, UDP6})
    void u38_connectedAndNot(final SocketFamily family) throws IOException {
        final Datagrams one = at(family);
        final Datagrams other = at(family);
        final Datagrams sender = at(family);
        one.onMessage((data, from, message) -> told.add("one " + data.byteSize()));
        other.onMessage((data, from, message) -> told.add("other " + data.byteSize()));
        assertThatThrownBy(sender::remoteAddress).hasMessageContaining("ENOTCONN");
        sender.send(bytes(1));
        runUntilTold(1);
        assertThat(told).containsExactly("EDESTADDRREQ of null");
        told.clear();
        sender.connect(one.localAddress());
        assertThat(sender.remoteAddress()).isEqualTo(one.localAddress());
        sender.send(bytes(2));
        runUntilTold(1);
        sender.send(bytes(3), other.localAddress());
        runUntilTold(2);
        sender.connect(other.localAddress()).send(bytes(4));
        runUntilTold(3);
        assertThat(told).containsExactly("one 2", "other 3", "other 4");
        sender.disconnect().disconnect();
        assertThatThrownBy(sender::remoteAddress).hasMessageContaining("ENOTCONN");
    }

    /// The kernel forgets a port that it has chosen itself.
    @SocketFamilies({UDP4, UDP6})
    void whoIsWithoutAPeerAgainIsStillReachedWhereItWas(final SocketFamily family) throws IOException {
        final Datagrams sender = at(family);
        final SockAddr any = family == UDP4 ? SockAddr.anyInet4(0) : SockAddr.anyInet6(0);
        for (final SockAddr address : List.of(family.any(), any)) {
            told.clear();
            final Datagrams datagrams = loop.datagrams(address);
            datagrams.onMessage((data, from, message) -> told.add("received " + data.byteSize()));
            final SockAddr own = datagrams.localAddress();
            datagrams.connect(Nobody.at(family)).disconnect();
            assertThat(datagrams.localAddress()).isEqualTo(own);
            sender.send(bytes(3), ((SockAddr.Inet) sender.localAddress()).withPort(((SockAddr.Inet) own).port()));
            runUntilTold(1);
            assertThat(told).containsExactly("received 3");
        }
    }

    @Test
    void aUnixSocketWithoutAPeerSaysSo() throws IOException {
        final Datagrams sender = at(UNIX_DGRAM);
        sender.send(bytes(1));
        final SockAddr nobody = Nobody.at(UNIX_DGRAM);
        sender.send(bytes(1), nobody);
        runUntilTold(2);
        assertThat(told).containsExactly("ENOTCONN of null", "ECONNREFUSED of " + nobody);
    }

    // ---- of an earlier one

    @SocketFamilies({UDP4, UDP6})
    void n21_u40_aPeerThatIsNotThereIsToldOfWhenItIsKnown(final SocketFamily family) throws IOException {
        final Datagrams sender = at(family);
        sender.connect(Nobody.at(family));
        sender.send(bytes(1));
        runUntilTold(1);
        assertThat(told).containsExactly("ECONNREFUSED of null");
        assertThat(sender.isClosed()).isFalse();
    }

    @SocketFamilies({UDP4, UDP6})
    void u40_withoutBeingAskedForErrorsAreNotToldAndWithThemWhoSaidSoIs(final SocketFamily family) throws IOException {
        final Datagrams sender = at(family);
        final SockAddr nobody = Nobody.at(family);
        sender.send(bytes(1), nobody);
        loop.runNoWait();
        loop.runNoWait();
        assertThat(told).isEmpty();
        reportErrors(sender, family);
        sender.send(bytes(1), nobody);
        runUntilTold(1);
        final String loopback = family == UDP4 ? "127.0.0.1" : "0:0:0:0:0:0:0:1";
        assertThat(told).containsExactly("ECONNREFUSED by " + loopback + " of " + nobody);
    }

    /// The kernel refuses the second send with the first one's error, and takes it when it is tried again.
    @SocketFamilies({UDP4, UDP6})
    void anEarlierOnesErrorDoesNotStopTheNext(final SocketFamily family) throws IOException {
        final Datagrams sender = at(family);
        sender.connect(Nobody.at(family));
        try (Seen seen = Seen.calls()) {
            for (int i = 0; i < 3; i++) {
                final int number = i;
                assertThat(sender.send(bytes(1), null, failure -> told.add(number + " " + name(failure)))).isTrue();
            }
            assertThat(seen.all(Call.send)).hasSize(5);
        }
        runUntilTold(6);
        assertThat(told).containsOnlyOnce("0 sent", "1 sent", "2 sent");
        assertThat(told.stream().filter("ECONNREFUSED of null"::equals)).as("one for each that was sent").hasSize(3);
    }

    @SocketFamilies({UDP4, UDP6})
    void whatTheErrorQueueTellsOfIsNotToldTwice(final SocketFamily family) throws IOException {
        final Datagrams sender = at(family);
        final SockAddr nobody = Nobody.at(family);
        reportErrors(sender, family);
        sender.connect(nobody);
        for (int i = 0; i < 3; i++) {
            sender.send(bytes(1));
        }
        runUntilTold(3);
        assertThat(told).allMatch(each -> each.startsWith("ECONNREFUSED by ") && each.endsWith(" of " + nobody));
        assertThat(loop.metrics().datagramErrors()).isEqualTo(3);
    }

    @SocketFamilies({UDP4, UDP6})
    void bothErrorsAreToldWhereTheNextOneFailsTooForAnotherReason(final SocketFamily family) throws IOException {
        final Datagrams sender = at(family);
        sender.connect(Nobody.at(family));
        sender.send(bytes(1));
        sender.send(bytes(65_536), null, failure -> told.add("its own " + name(failure)));
        runUntilTold(2);
        assertThat(told).containsExactlyInAnyOrder("its own EMSGSIZE", "ECONNREFUSED of null");
    }

    @SocketFamilies({UDP4, UDP6})
    void aPausedOneTellsOfErrorsAndDoesNotSpin(final SocketFamily family) throws IOException {
        final Datagrams sender = at(family).pause();
        sender.connect(Nobody.at(family));
        sender.send(bytes(1));
        runUntilTold(1);
        final long events = loop.metrics().events();
        loop.runNoWait();
        assertThat(loop.metrics().events()).isEqualTo(events);
    }

    /// An error and a datagram at the same time: after the error queue and the error there is still something to read.
    @SocketFamilies({UDP4, UDP6})
    void behindTheErrorsWhatHasComeIsRead(final SocketFamily family) throws IOException {
        final Datagrams datagrams = at(family);
        reportErrors(datagrams, family);
        datagrams.onMessage((data, from, message) -> told.add("received " + data.byteSize()));
        final SockAddr nobody = Nobody.at(family);
        datagrams.send(bytes(1), nobody);
        datagrams.send(bytes(7), datagrams.localAddress());
        datagrams.send(bytes(2), nobody);
        runUntilTold(3);
        assertThat(told).containsOnlyOnce("received 7");
        assertThat(told.stream().filter(each -> each.startsWith("ECONNREFUSED by "))).hasSize(2);
    }

    @Test
    void aUnixPeerThatTurnsAwayIsTold() throws IOException {
        final SocketFd.Pair pair = UNIX_DGRAM.connected();
        final Datagrams one = loop.datagrams(pair.first());
        one.onError((error, report, destination) -> told.add(name(error)));
        try (SocketFd other = pair.second()) {
            one.send(bytes(1));
            other.connect(SockAddr.unspec());
            runUntilTold(1);
        }
        assertThat(told).containsExactly("ECONNRESET");
    }

    // ---- in the queue

    /// `sendmmsg` says only how many it has sent, and loses why not the next.
    @SocketFamilies({UDP4, UDP6, UNIX_DGRAM})
    void oneThatFailsInABatchIsToldAndTheOthersAreSent(final SocketFamily family) throws IOException {
        final SocketFd.Pair pair = family.connected();
        final Datagrams sender = loop.datagrams(pair.first());
        final Datagrams receiver = loop.datagrams(pair.second());
        receiver.onMessage((data, from, message) -> told.add("received " + data.byteSize()));
        sender.highWaterMark(10 << 20);
        try (Faults _ = Faults.inject("send:error=EAGAIN:when=1")) {
            for (final int length : new int[] {1, 2, 1 << 20, 3, 1 << 20, 4}) {
                sender.send(bytes(length), null, failure -> told.add(length + " " + name(failure)));
            }
        }
        assertThat(sender.bytesQueued()).isEqualTo(10 + (2 << 20));
        assertThat(sender.datagramsQueued()).isEqualTo(6);
        try (Seen seen = Seen.calls()) {
            runUntilTold(10);
            // 2, EMSGSIZE twice (it could have been an earlier one's), 1, EMSGSIZE twice, 1.
            assertThat(seen.all(Call.sendmmsg)).hasSize(7);
        }
        final String tooLong = "1048576 EMSGSIZE";
        assertThat(told).containsSubsequence("1 sent", "2 sent", tooLong, "3 sent", tooLong, "4 sent")
                .containsSubsequence("received 1", "received 2", "received 3", "received 4");
        assertThat(loop.metrics().bytesQueued()).isZero();
    }

    @Test
    void anEarlierOnesErrorDoesNotStopTheQueue() throws IOException {
        final Datagrams sender = at(UDP4);
        sender.connect(Nobody.at(UDP4));
        sender.send(bytes(1));
        try (Faults _ = Faults.inject("send:error=EAGAIN")) {
            sender.send(bytes(2), null, failure -> told.add(name(failure)));
        }
        runUntilTold(3);
        assertThat(told).containsExactlyInAnyOrder("ECONNREFUSED of null", "sent", "ECONNREFUSED of null");
    }

    @Test
    void segmentsAreQueuedAsWhatTheyWillBe() throws IOException {
        final SocketFd.Pair pair = UDP4.connected();
        final Datagrams sender = loop.datagrams(pair.first());
        final Datagrams receiver = loop.datagrams(pair.second());
        receiver.onMessage((data, from, message) -> told.add("" + data.byteSize()));
        try (Faults _ = Faults.inject("send,sendmsg:error=EAGAIN")) {
            sender.sendSegmented(bytes(250), 100, null, null);
            sender.send(bytes(250));
        }
        runUntilTold(4);
        assertThat(told).containsExactly("100", "100", "50", "250");
        assertThat(loop.metrics().datagramsSent()).isEqualTo(4);
    }

    private Datagrams telling(final String name, final SocketFamily family) throws IOException {
        return at(family).onMessage((data, from, message) -> told.add(name + data.byteSize()));
    }

    @SocketFamilies({UDP4, UDP6, UNIX_DGRAM})
    void whatIsQueuedForAPeerDoesNotReachTheNextOne(final SocketFamily family) throws IOException {
        final Datagrams one = telling("one ", family);
        final Datagrams other = telling("other ", family);
        final Datagrams sender = at(family);
        sender.connect(one.localAddress());
        try (Faults _ = Faults.inject("send:error=EAGAIN")) {
            sender.send(bytes(1), null, failure -> told.add(name(failure)));
            sender.send(bytes(2));
        }
        assertThatThrownBy(() -> sender.connect(SockAddr.vsock(1, 1))).isInstanceOf(ErrnoException.class);
        assertThat(sender.datagramsQueued()).isEqualTo(2);
        sender.connect(other.localAddress()).send(bytes(3));
        runUntilTold(family == UNIX_DGRAM ? 3 : 4);
        if (family == UNIX_DGRAM) {
            assertThat(told).containsExactlyInAnyOrder("EAGAIN", "EAGAIN of " + one.localAddress(), "other 3");
        } else {
            assertThat(told).containsExactlyInAnyOrder("one 1", "one 2", "sent", "other 3");
        }
        assertThat(loop.metrics().bytesQueued()).isZero();
    }

    @SocketFamilies({UDP4, UDP6})
    void whatIsQueuedWithoutAPeerDoesNotReachALaterOne(final SocketFamily family) throws IOException {
        final Datagrams one = telling("one ", family);
        final Datagrams other = telling("other ", family);
        final Datagrams sender = at(family);
        try (Faults _ = Faults.inject("sendto:error=EAGAIN")) {
            sender.send(bytes(1), one.localAddress());
            sender.send(bytes(2), null, failure -> told.add("2 " + name(failure)));
            sender.send(bytes(3), one.localAddress());
            sender.send(bytes(4));
        }
        assertThat(sender.datagramsQueued()).isEqualTo(4);
        sender.connect(other.localAddress());
        assertThat(sender.datagramsQueued()).isEqualTo(2);
        assertThat(sender.bytesQueued()).isEqualTo(4);
        sender.send(bytes(5));
        runUntilTold(5);
        assertThat(told).containsExactlyInAnyOrder("one 1", "2 EDESTADDRREQ", "one 3", "EDESTADDRREQ of null",
                "other 5");
        assertThat(loop.metrics().bytesQueued()).isZero();
    }

    // ---- who is told

    @Test
    void withoutAHandlerErrorsAreCountedAndOnlyAUselessSocketIsClosed() throws IOException {
        final Datagrams sender = loop.datagrams(UDP4.any());
        sender.onClose(cause -> told.add("closed by " + name(cause)));
        sender.send(bytes(65_536), Nobody.at(UDP4));
        // Port 0, which a peer can put into the address that it is answered to.
        sender.send(bytes(1), SockAddr.inet("127.0.0.1", 0));
        loop.runNoWait();
        assertThat(loop.metrics().datagramErrors()).isEqualTo(2);
        assertThat(sender.isClosed()).isFalse();
        try (Faults _ = Faults.inject("sendto:error=EBADF")) {
            assertThat(sender.send(bytes(1), sender.localAddress())).isFalse();
        }
        loop.runNoWait();
        assertThat(told).containsExactly("closed by EBADF");
    }

    @Test
    void aReceiveThatCannotGoOnClosesWithTheReason() throws IOException {
        final Datagrams datagrams = at(UDP4);
        datagrams.onClose(cause -> told.add("closed by " + name(cause)));
        datagrams.send(bytes(1), datagrams.localAddress());
        try (Faults _ = Faults.inject("recvmmsg:error=EFAULT")) {
            loop.runOnce();
        }
        assertThat(told).containsExactly("closed by EFAULT");
    }

    /// Each brings another.
    @Test
    void aFloodOfReportsLeavesOthersTheirTurn() throws IOException {
        final int flood = 100_000;
        final SockAddr nobody = Nobody.at(UDP4);
        final Datagrams sender = loop.datagrams(UDP4.any());
        reportErrors(sender, UDP4);
        final AtomicInteger reports = new AtomicInteger();
        sender.onError((error, report, destination) -> {
            if (reports.incrementAndGet() < flood) {
                sender.send(bytes(1), nobody);
            }
        });
        sender.send(bytes(1), nobody);
        loop.runOnce();
        assertThat(reports.get()).isBetween(1, flood - 1);
    }

    @Test
    void aFullReceiveBufferOfNetlinkIsTold() throws IOException {
        final Datagrams datagrams = at(UDP4);
        datagrams.onMessage((data, from, message) -> told.add("received " + data.byteSize()));
        datagrams.send(bytes(1), datagrams.localAddress());
        try (Faults _ = Faults.inject("recvmmsg:error=ENOBUFS:when=1")) {
            runUntilTold(2);
        }
        assertThat(told).containsExactly("ENOBUFS of null", "received 1");
    }

    @Test
    void anErrorHandlerMayCloseAndItsExceptionDoes() throws IOException {
        final Datagrams sender = loop.datagrams(UDP4.any());
        sender.onError((error, report, destination) -> {
            told.add(name(error));
            sender.close();
        }).onClose(cause -> told.add("closed " + cause));
        reportErrors(sender, UDP4);
        final SockAddr nobody = Nobody.at(UDP4);
        sender.send(bytes(1), nobody);
        sender.send(bytes(1), nobody);
        loop.run();
        assertThat(told).containsExactly("ECONNREFUSED", "closed null");
        told.clear();
        final Datagrams other = loop.datagrams(UDP4.any());
        other.onError((error, report, destination) -> {
            throw error;
        }).onClose(cause -> told.add("closed " + name(cause)));
        other.send(bytes(65_536), nobody);
        loop.run();
        assertThat(told).containsExactly("closed EMSGSIZE");
    }

    @Test
    void whatIsNoErrorIsAReport() throws IOException {
        final Datagrams sender = at(UDP4);
        sender.socket().setsockopt(SockOpt.SO_TIMESTAMPING, SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE
                | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY);
        sender.onReport((data, from, message) -> told.add(message.extendedError().isTimestamp() + " "
                + message.extendedError().timestampId() + " " + data.byteSize() + " "
                + (message.get(Cmsg.SCM_TIMESTAMPING) != null)));
        final SockAddr to = Nobody.at(UDP4);
        sender.send(bytes(1), to);
        sender.send(bytes(1), to);
        runUntilTold(2);
        assertThat(told).containsExactly("true 0 0 true", "true 1 0 true");
        assertThat(loop.metrics().datagramErrors()).isZero();
        sender.onReport(null);
        sender.send(bytes(1), to);
        loop.runOnce();
        final long events = loop.metrics().events();
        loop.runNoWait();
        assertThat(loop.metrics().events()).as("thrown away, and not waiting").isEqualTo(events);
    }
}
