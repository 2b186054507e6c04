package io.github.fdsock.loop;

import static io.github.fdsock.harness.junit.SocketFamily.TCP4;
import static io.github.fdsock.harness.junit.SocketFamily.TCP6;
import static io.github.fdsock.harness.junit.SocketFamily.UNIX_SEQPACKET;
import static io.github.fdsock.harness.junit.SocketFamily.UNIX_STREAM;
import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.harness.Faults;
import io.github.fdsock.harness.junit.FdLedger;
import io.github.fdsock.harness.junit.SocketFamilies;
import io.github.fdsock.harness.junit.SocketFamily;
import io.github.fdsock.option.Linger;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.sys.Errno;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/// However a stream ends, each of its handlers is told once, its close after everything else, and no byte is lost by
/// it.
@Timeout(60)
@FdLedger
@ParameterizedClass
@EnumSource(Arrivals.class)
class StreamEndTest extends LoopFixture {
    @Parameter
    private Arrivals arrivals;

    private static final byte[] HELLO = {'h', 'e', 'l', 'l', 'o'};

    private final List<String> told = new ArrayList<>();

    private static String name(final IOException failure) {
        return failure == null ? "null" : failure instanceof final ErrnoException e
                ? Errno.name(e.errno()) : failure.getClass().getSimpleName();
    }

    /// With all its handlers, that write down what they are told.
    private Stream telling(final Stream stream) {
        return stream.onConnect(() -> told.add("connect"))
                .onData(data -> told.add(Turns.text(data)))
                .onEnd(() -> told.add("end"))
                .onDrain(() -> told.add("drain"))
                .onClose(cause -> told.add("close " + name(cause)));
    }

    private Stream.Completion completion(final String name) {
        return failure -> told.add(name + " " + name(failure));
    }

    private Stream adopt(final SocketFd.Pair pair) throws IOException {
        return telling(arrivals.adopt(loop, pair.first()));
    }

    private static long recv(final SocketFd socket, final byte[] into) throws IOException {
        return socket.recv(into, 0, into.length, 0);
    }

    /// More than the kernel takes, so that some of it waits in the stream.
    private static MemorySegment tooMuch() {
        return MemorySegment.ofArray(new byte[16 << 20]);
    }

    // ---- connecting

    /// A listener with so many connections waiting that the next is on its way for long.
    private static List<SocketFd> crowd(final SocketFd listener) throws IOException {
        final List<SocketFd> crowd = new ArrayList<>();
        SocketFd last;
        do {
            last = SocketFd.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
            crowd.add(last);
            last.connect(listener.localAddress());
        } while (last.await(POLLOUT, 50_000_000) != 0);
        return crowd;
    }

    @Test
    void u05_aConnectThatTakesTooLongIsGivenUpAndToldOnce() throws IOException {
        try (SocketFd listener = TCP4.listening(0)) {
            final List<SocketFd> crowd = crowd(listener);
            final Stream stream = telling(loop.connect(listener.localAddress()));
            stream.write(MemorySegment.ofArray(HELLO), completion("write"));
            stream.onTimeout(Duration.ofMillis(50), stream::destroy);
            Turns.untilOver(loop);
            // libuv tells ECANCELED; here nobody has failed, and what was to be written tells that it was not.
            assertThat(told).containsExactly("write ClosedChannelException", "close null");
            for (final SocketFd each : crowd) {
                each.close();
            }
        }
    }

    @Test
    void u06_closingWhileConnectingIsToldOnceAndNothingElse() throws IOException {
        try (SocketFd listener = TCP4.listening(0)) {
            final List<SocketFd> crowd = crowd(listener);
            telling(loop.connect(listener.localAddress())).close();
            telling(loop.connect(listener.localAddress())).destroy();
            Turns.untilOver(loop);
            assertThat(told).containsExactly("close null", "close null");
            for (final SocketFd each : crowd) {
                each.close();
            }
        }
    }

    @SocketFamilies({TCP4, TCP6, UNIX_STREAM})
    void u15_arefusedConnectIsToldToTheWriteAndToTheClose(final SocketFamily family) throws IOException {
        final SockAddr nobody;
        try (SocketFd gone = family.bound()) {
            nobody = gone.localAddress();
        }
        final Stream stream = telling(loop.connect(nobody));
        assertThat(stream.write(MemorySegment.ofArray(HELLO), completion("write"))).isEqualTo(!stream.isClosed());
        Turns.untilOver(loop);
        assertThat(told).containsExactly("write ECONNREFUSED", "close ECONNREFUSED");
        assertThat(loop.metrics().streams()).isZero();
        assertThat(loop.metrics().bytesQueued()).isZero();
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void u26_streamsClosedRightAfterTheirConnectAreToldOnceEach(final SocketFamily family) throws IOException {
        try (SocketFd listener = family.listening(16)) {
            for (int i = 0; i < 10; i++) {
                telling(loop.connect(listener.localAddress())).close();
            }
            Turns.untilOver(loop);
            assertThat(told).hasSize(10).containsOnly("close null");
        }
    }

    @Test
    void u24_aUnixNameThatNobodyHasOrThatIsAFileIsToldByTheClose() throws IOException {
        telling(loop.connect(SockAddr.unix("/nowhere/at/all")));
        telling(loop.connect(SockAddr.unix("/etc/hostname")));
        Turns.untilOver(loop);
        assertThat(told).containsExactly("close ENOENT", "close ECONNREFUSED");
    }

    @Test
    void n17_anAddressThatNoStreamCanHaveIsRefusedAndLeavesNothing() {
        assertThatThrownBy(() -> loop.connect(SockAddr.unspec())).isInstanceOf(IOException.class);
        assertThat(loop.hasWork()).isFalse();
        assertThat(loop.metrics().streams()).isZero();
    }

    @Test
    void aClosedLoopRefusesStreamsAndLeavesTheirSocketsToTheirOwners() throws IOException {
        loop.close();
        assertThatThrownBy(() -> loop.connect(SockAddr.inet("127.0.0.1", 9))).isInstanceOf(IllegalStateException.class);
        try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0)) {
            assertThatThrownBy(() -> arrivals.adopt(loop, pair.first())).isInstanceOf(IllegalStateException.class);
            assertThat(pair.first().isOpen()).isTrue();
        }
    }

    @Test
    void aSocketThatIsAdoptedOnItsWayTellsWhenItIsThere() throws IOException {
        try (SocketFd listener = TCP4.listening(0)) {
            final List<SocketFd> crowd = crowd(listener);
            // The one that is on its way ends with the handshake that the kernel repeats when there is room.
            final Stream stream = telling(arrivals.adopt(loop, crowd.removeLast()));
            stream.end(MemorySegment.ofArray(HELLO));
            final List<SocketFd> accepted = new ArrayList<>();
            for (int i = 0; i < crowd.size(); i++) {
                accepted.add(listener.accept());
            }
            Turns.until(loop, () -> told.contains("connect"));
            assertThat(told).containsExactly("connect");
            final byte[] into = new byte[10];
            final SocketFd peer = listener.accept();
            assertThat(recv(peer, into)).isEqualTo(5);
            assertThat(recv(peer, into)).isZero();
            peer.close();
            for (final SocketFd each : accepted) {
                each.close();
            }
            for (final SocketFd each : crowd) {
                each.close();
            }
            Turns.untilOver(loop);
            assertThat(told).containsExactly("connect", "end", "close null");
        }
    }

    // ---- the peer's end

    @SocketFamilies({TCP4, TCP6, UNIX_STREAM, UNIX_SEQPACKET})
    void u18_n02_n04_thePeersEndIsToldOnceAndTheOwnDirectionStaysOpen(final SocketFd.Pair pair) throws IOException {
        final Stream stream = adopt(pair);
        pair.second().send(HELLO, 0, 5, 0);
        pair.second().shutdown(SHUT_WR);
        Turns.until(loop, () -> told.contains("end"));
        Turns.untilQuiet(loop);
        assertThat(told).containsExactly("hello", "end");
        assertThat(stream.isReadable()).isFalse();
        assertThat(stream.isWritable()).isTrue();
        assertThat(stream.write(MemorySegment.ofArray(HELLO))).isTrue();
        final byte[] into = new byte[10];
        assertThat(recv(pair.second(), into)).isEqualTo(5);
        stream.end();
        assertThat(recv(pair.second(), into)).isZero();
        Turns.untilOver(loop);
        assertThat(told).containsExactly("hello", "end", "close null");
    }

    @SocketFamilies({TCP4, TCP6, UNIX_STREAM, UNIX_SEQPACKET})
    void aPeerThatClosesAfterItsLastBytesIsReadToTheEnd(final SocketFd.Pair pair) throws IOException {
        final Stream stream = adopt(pair);
        stream.pause();
        Turns.untilQuiet(loop);
        for (int i = 0; i < 3; i++) {
            pair.second().send(HELLO, 0, 5, 0);
        }
        pair.second().close();
        Turns.untilQuiet(loop);
        assertThat(told).isEmpty();
        stream.resume();
        Turns.until(loop, () -> told.contains("end"));
        assertThat(String.join("", told)).isEqualTo("hellohellohelloend");
        stream.destroy();
    }

    @SocketFamilies({TCP4, UNIX_STREAM, UNIX_SEQPACKET})
    void withoutAHandlerThePeersEndIsAnsweredByTheOwn(final SocketFd.Pair pair) throws IOException {
        adopt(pair).onEnd(null);
        pair.second().shutdown(SHUT_WR);
        Turns.untilOver(loop);
        assertThat(told).containsExactly("close null");
        assertThat(recv(pair.second(), new byte[1])).isZero();
    }

    @SocketFamilies({TCP4, TCP6})
    void u17_g55_aResetIsToldOnceByTheClose(final SocketFd.Pair pair) throws IOException {
        adopt(pair);
        pair.second().setsockopt(SockOpt.SO_LINGER, Linger.RESET);
        pair.second().close();
        Turns.untilOver(loop);
        assertThat(told).containsExactly("close ECONNRESET");
    }

    @SocketFamilies({TCP4, UNIX_STREAM, UNIX_SEQPACKET})
    void whatThePeerSentBeforeAResetIsTold(final SocketFd.Pair pair) throws IOException {
        final Stream stream = adopt(pair);
        // Unread by the peer when it closes, so that its end is a reset.
        stream.write(MemorySegment.ofArray(HELLO));
        for (int i = 0; i < 3; i++) {
            pair.second().send(HELLO, 0, 5, 0);
        }
        pair.second().close();
        Turns.untilOver(loop);
        assertThat(String.join("", told)).isEqualTo("hellohellohelloclose ECONNRESET");
    }

    @SocketFamilies({UNIX_SEQPACKET})
    void emptyPacketsAreNotTakenForTheEnd(final SocketFd.Pair pair) throws IOException {
        adopt(pair);
        pair.second().send(HELLO, 0, 0, 0);
        pair.second().send(HELLO, 0, 5, 0);
        pair.second().close();
        Turns.until(loop, () -> told.contains("end"));
        assertThat(told).containsExactly("", "hello", "end");
    }

    // ---- the own end

    @SocketFamilies({TCP4, TCP6, UNIX_STREAM, UNIX_SEQPACKET})
    void n03_afterTheOwnEndThePeersDataIsStillReadAndNothingIsWritten(final SocketFd.Pair pair) throws IOException {
        final Stream stream = adopt(pair);
        stream.end(MemorySegment.ofArray(HELLO));
        final byte[] into = new byte[10];
        assertThat(recv(pair.second(), into)).isEqualTo(5);
        assertThat(recv(pair.second(), into)).isZero();
        pair.second().send(HELLO, 0, 5, 0);
        Turns.until(loop, () -> told.contains("hello"));
        assertThat(stream.isWritable()).isFalse();
        assertThatThrownBy(() -> stream.write("more")).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("written to after its end");
        pair.second().close();
        Turns.untilOver(loop);
        assertThat(told).containsExactly("hello", "end", "close null");
        assertThat(stream.write("more")).isFalse();
        stream.end();
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void u19_anEndAndACloseAtOnceTellEachCompletionAndTheCloseOnce(final SocketFd.Pair pair) throws IOException {
        final Stream stream = adopt(pair);
        stream.write(MemorySegment.ofArray(HELLO), completion("write"));
        stream.end();
        stream.close();
        stream.close();
        pair.second().shutdown(SHUT_WR);
        Turns.untilOver(loop);
        assertThat(told).containsExactly("write null", "close null");
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void u20_aWriteAndItsEndAtOnceOnBothSides(final SocketFd.Pair pair) throws IOException {
        final Stream stream = adopt(pair);
        stream.write("Q");
        stream.write("Q");
        stream.write("SS");
        stream.end();
        final byte[] into = new byte[10];
        pair.second().shutdown(SHUT_WR);
        Turns.untilOver(loop);
        assertThat(told).containsExactly("end", "close null");
        assertThat(pair.second().recv(into, 0, 10, MSG_WAITALL)).isEqualTo(4);
        assertThat(into).startsWith('Q', 'Q', 'S', 'S');
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void u21_readableAndWritableAreWhatTheyAre(final SocketFd.Pair pair) throws IOException {
        final Stream stream = adopt(pair);
        assertThat(stream.isReadable() && stream.isWritable()).isTrue();
        stream.end();
        assertThat(stream.isWritable()).isFalse();
        assertThat(stream.isReadable()).isTrue();
        pair.second().close();
        Turns.untilOver(loop);
        assertThat(stream.isReadable() || stream.isWritable()).isFalse();
        assertThat(stream.isClosed()).isTrue();
    }

    @SocketFamilies({TCP4, TCP6, UNIX_STREAM})
    void aCloseWithUnreadInputLosesNoByteThatIsOnItsWay(final SocketFd.Pair pair) throws IOException {
        final Stream stream = adopt(pair);
        // Nobody reads that; a plain close(2) would reset the connection, and the reset overtake the answer.
        pair.second().send(HELLO, 0, 5, 0);
        final int size = 3 << 20;
        stream.write(Turns.numbered(0, size), completion("write"));
        stream.close();
        pair.second().nonBlocking(true);
        final MemorySegment into = Arena.ofAuto().allocate(64 * 1024);
        final long[] got = {0, 1};
        Turns.until(loop, () -> {
            try {
                pair.second().send(HELLO, 0, 1, 0);
                long n;
                while ((n = pair.second().recv(into, 0)) > 0) {
                    got[0] = Turns.check(got[0], into.asSlice(0, n));
                }
                got[1] = n;
                return n == 0;
            } catch (final IOException e) {
                throw new AssertionError("after " + got[0] + " of " + size, e);
            }
        });
        assertThat(got[0]).isEqualTo(size);
        pair.second().shutdown(SHUT_WR);
        Turns.untilOver(loop);
        assertThat(told).containsExactly("write null", "close null");
    }

    /// What it sends is thrown away, and no reason to wait any longer for it.
    @SocketFamilies(TCP4)
    void aPeerThatSendsButTakesNothingDoesNotKeepAClosedStream(final SocketFd.Pair pair) throws IOException {
        final Stream stream = adopt(pair);
        stream.write(tooMuch(), completion("write"));
        stream.close();
        final Timer sends = loop.timer(() -> pair.second().send(HELLO, 0, 1, 0));
        stream.onClose(cause -> {
            told.add("close " + name(cause));
            sends.cancel();
        });
        sends.start(0, 500_000_000);
        Turns.untilOver(loop);
        assertThat(told).containsExactly("write ClosedChannelException", "close null");
    }

    @SocketFamilies({TCP4, TCP6})
    void u07_aResetTellsPendingWritesFirstAndThePeerLearnsOfIt(final SocketFd.Pair pair) throws IOException {
        final Stream stream = adopt(pair);
        assertThat(stream.write(tooMuch(), completion("write"))).isFalse();
        stream.end();
        // libuv refuses this after a shutdown. Here it is what it says: at once, and unlike an end.
        stream.reset();
        stream.reset();
        Turns.untilOver(loop);
        assertThat(told).containsExactly("write ClosedChannelException", "close null");
        assertThatThrownBy(() -> {
            while (recv(pair.second(), new byte[1 << 20]) > 0) {
                continue;
            }
        }).isInstanceOfSatisfying(ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(ECONNRESET));
    }

    @SocketFamilies({TCP4, UNIX_STREAM, UNIX_SEQPACKET})
    void aDestroyTellsTheReasonToWhatWaitsAndToTheClose(final SocketFd.Pair pair) throws IOException {
        final Stream stream = adopt(pair);
        MemorySegment packet = MemorySegment.ofArray(new byte[1000]);
        int writes = 0;
        do {
            writes++;
        } while (stream.write(packet, failure -> told.add(failure == null ? "sent" : failure.getMessage())));
        stream.destroy(new IOException("enough"));
        stream.destroy(new IOException("late"));
        assertThat(stream.bytesQueued()).isZero();
        Turns.untilOver(loop);
        assertThat(told).hasSize(writes + 1).endsWith("enough", "close IOException").contains("sent");
        assertThat(loop.metrics().bytesQueued()).isZero();
    }

    /// To linger is to wait in `close(2)`, on a socket that does not block too.
    @SocketFamilies({TCP4, TCP6})
    void aTimeToLingerHoldsUpNoLoopAndCostsNoByte(final SocketFd.Pair pair) throws IOException {
        final Linger linger = Linger.seconds(5);
        final Stream stream = adopt(pair);
        stream.socket().setsockopt(SockOpt.SO_LINGER, linger);
        long sent = 0;
        for (long n = 1; n > 0; sent += Math.max(0, n)) {
            n = stream.tryWrite(tooMuch());
        }
        final long start = System.nanoTime();
        stream.destroy();
        assertThat(System.nanoTime() - start).isLessThan(Duration.ofSeconds(linger.seconds()).toNanos());
        long received = 0;
        for (long n = 1; n > 0; received += n) {
            n = recv(pair.second(), new byte[1 << 20]);
        }
        assertThat(received).isEqualTo(sent);
    }

    // ---- failed writes

    @SocketFamilies({TCP4, TCP6, UNIX_STREAM, UNIX_SEQPACKET})
    void u08_u10_u51_n05_awriteToAPeerThatIsGoneFailsByItsCompletionAndQueuesNothing(final SocketFd.Pair pair)
            throws IOException {
        final Stream stream = adopt(pair);
        pair.second().close();
        Turns.until(loop, () -> told.contains("end"));
        final boolean first = stream.write(MemorySegment.ofArray(HELLO), completion("write"));
        Turns.until(loop, () -> told.size() > 1);
        // TCP learns of it by the answer to the first.
        assertThat(first).isEqualTo(told.get(1).equals("write null"));
        Turns.untilOver(loop);
        assertThat(stream.bytesQueued()).isZero();
        assertThat(told).hasSize(3).startsWith("end");
        assertThat(told.get(1)).isIn("write null", "write EPIPE", "write ECONNRESET");
        assertThat(told.get(2)).isIn("close EPIPE", "close ECONNRESET");
        assertThat(stream.write(MemorySegment.ofArray(HELLO), completion("late"))).isFalse();
        Turns.untilOver(loop);
        assertThat(told.getLast()).startsWith("late E");
    }

    @SocketFamilies({TCP4, UNIX_STREAM, UNIX_SEQPACKET})
    void afterAFailedWriteWhatHadArrivedIsToldAndItsEnd(final SocketFd.Pair pair) throws IOException {
        final Stream stream = adopt(pair);
        for (int i = 0; i < 3; i++) {
            pair.second().send(HELLO, 0, 5, 0);
        }
        pair.second().shutdown(SHUT_RDWR);
        // TCP takes one more, whatever the peer has shut down.
        while (stream.write(MemorySegment.ofArray(HELLO), completion("write"))) {
            continue;
        }
        Turns.untilOver(loop);
        assertThat(told).contains("write EPIPE").endsWith("close EPIPE");
        told.removeIf(each -> each.startsWith("write"));
        assertThat(String.join("", told)).isEqualTo("hellohellohelloendclose EPIPE");
    }

    @SocketFamilies({TCP4, UNIX_STREAM, UNIX_SEQPACKET})
    void u09_aSocketClosedBehindTheStreamsBackEndsItWithAnError(final SocketFd.Pair pair) throws IOException {
        final Stream stream = adopt(pair);
        stream.onMessage((data, message) -> told.add("message"));
        stream.socket().close();
        stream.write(MemorySegment.ofArray(HELLO), completion("write"));
        Turns.untilOver(loop);
        assertThat(told).hasSize(2).startsWith("write EPIPE");
        assertThat(told.get(1)).startsWith("close ").isNotEqualTo("close null");
    }

    // ---- order

    @SocketFamilies({TCP4, UNIX_STREAM})
    void u34_u47_closesAreToldLaterOnceEachAndNeverWithinTheCall(final SocketFamily family) throws IOException {
        for (int i = 0; i < 50; i++) {
            final SocketFd.Pair pair = family.connected();
            final Stream first = telling(arrivals.adopt(loop, pair.first()));
            final Stream second = telling(arrivals.adopt(loop, pair.second()));
            final int n = i;
            first.onClose(cause -> {
                told.add("first " + n);
                second.destroy();
                told.add("after " + n);
            });
            first.destroy();
        }
        assertThat(told).isEmpty();
        Turns.untilOver(loop);
        told.removeIf("end"::equals);
        assertThat(told).hasSize(150);
        assertThat(told.subList(0, 100)).startsWith("first 0", "after 0", "first 1", "after 1");
        assertThat(told.subList(100, 150)).containsOnly("close null");
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void theCloseIsToldBehindAWriteThatCameTooLate(final SocketFd.Pair pair) throws IOException {
        final Stream stream = adopt(pair);
        stream.destroy();
        stream.write(MemorySegment.ofArray(HELLO), completion("late"));
        Turns.untilOver(loop);
        assertThat(told).containsExactly("late ClosedChannelException", "close null");
    }

    /// What a handler does to the stream that it is called for.
    private enum Deed {
        CLOSE, DESTROY, RESET, END, PAUSE, THROW;

        void doTo(final Stream stream) throws IOException {
            switch (this) {
                case CLOSE -> stream.close();
                case DESTROY -> stream.destroy();
                case RESET -> stream.reset();
                case END -> stream.end();
                case PAUSE -> stream.pause();
                case THROW -> throw new IOException("thrown");
            }
        }
    }

    @SocketFamilies({TCP4, UNIX_STREAM, UNIX_SEQPACKET})
    void aHandlerMayDoAnythingToItsStreamAtAnyPoint(final SocketFamily family) throws IOException {
        for (final String place : List.of("connect", "data", "end", "drain", "timeout", "completion")) {
            for (final Deed deed : Deed.values()) {
                told.clear();
                try (SocketFd listener = family.listening(4)) {
                    final SocketFd socket = family.socket(SOCK_NONBLOCK);
                    socket.connect(listener.localAddress());
                    final Stream stream = place.equals("connect") && family != UNIX_SEQPACKET
                            ? loop.connect(listener.localAddress()) : arrivals.adopt(loop, socket);
                    if (stream.socket() != socket) {
                        socket.close();
                    }
                    SocketFd peer = listener.accept();
                    if (stream.socket() != socket) {
                        peer.close();
                        peer = listener.accept();
                    }
                    final SocketFd reader = peer;
                    final Action act = () -> {
                        told.add("deed");
                        deed.doTo(stream);
                    };
                    telling(stream);
                    switch (place) {
                        case "connect" -> stream.onConnect(act);
                        case "data" -> stream.onData(_ -> act.run());
                        case "end" -> stream.onEnd(act);
                        case "drain" -> stream.onDrain(act);
                        case "timeout" -> stream.onTimeout(Duration.ofMillis(5), act);
                        // A completion throws nothing: what goes wrong there is the stream's end by its own decision.
                        default -> stream.write(MemorySegment.ofArray(HELLO), _ -> {
                            try {
                                act.run();
                            } catch (final IOException e) {
                                stream.destroy(e);
                            }
                        });
                    }
                    reader.send(HELLO, 0, 5, 0);
                    while (place.equals("drain") && stream.write(MemorySegment.ofArray(new byte[10_000]))) {
                        continue;
                    }
                    if (place.equals("end")) {
                        reader.shutdown(SHUT_WR);
                    }
                    reader.nonBlocking(true);
                    final byte[] into = new byte[1 << 20];
                    Turns.until(loop, () -> {
                        try {
                            while (recv(reader, into) > 0) {
                                continue;
                            }
                        } catch (final ErrnoException e) {
                            assertThat(e.errno()).isEqualTo(ECONNRESET);
                        } catch (final IOException e) {
                            throw new AssertionError(e);
                        }
                        return told.contains("deed") || place.equals("connect") && family == UNIX_SEQPACKET;
                    });
                    stream.resume();
                    stream.onData(null).onTimeout(Duration.ZERO, null);
                    reader.close();
                    if (!stream.isClosed() && deed == Deed.PAUSE) {
                        stream.close();
                    }
                    if (!stream.isClosed()) {
                        stream.onEnd(null);
                        if (!stream.isReadable()) {
                            stream.close();
                        }
                    }
                    Turns.untilOver(loop);
                    assertThat(told.stream().filter(each -> each.startsWith("close")).count())
                            .as("closes of %s at %s: %s", deed, place, told).isEqualTo(1);
                    assertThat(told.getLast()).as("last of %s at %s: %s", deed, place, told).startsWith("close");
                }
            }
        }
    }

    @Test
    void aLoopThatIsClosedEndsItsStreamsAndTellsWhatWaits() throws IOException {
        try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
            final Stream stream = adopt(pair);
            stream.write(tooMuch(), completion("write"));
            stream.pipeTo(stream);
            loop.close();
            assertThat(told).containsExactly("write ClosedChannelException", "close null");
            assertThat(loop.metrics().bytesQueued()).isZero();
        }
    }

    @Test
    void anUnreferencedStreamLetsTheLoopEndItsIdleTimerToo() throws IOException {
        try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
            final Stream stream = adopt(pair);
            stream.onTimeout(Duration.ofHours(1), () -> told.add("timeout"));
            stream.unref();
            Turns.untilOver(loop);
            assertThat(told).isEmpty();
            assertThat(stream.isClosed()).isFalse();
        }
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void theIdleTimeoutIsToldOnceForEachSuchTimeAndActivityPutsItOff(final SocketFd.Pair pair) throws IOException {
        final Stream stream = adopt(pair);
        final Duration time = Duration.ofMillis(60);
        final long[] last = {System.nanoTime()};
        stream.onTimeout(time, () -> {
            told.add("timeout");
            assertThat(System.nanoTime() - last[0]).as("idle for").isGreaterThanOrEqualTo(time.toNanos() - 2_000_000);
            if (told.stream().filter("timeout"::equals).count() == 2) {
                stream.destroy();
            }
        });
        stream.onData(_ -> {
            told.add("data");
            last[0] = System.nanoTime();
        });
        for (int i = 1; i <= 5; i++) {
            loop.schedule(Duration.ofMillis(30L * i), () -> pair.second().send(HELLO, 0, 5, 0));
        }
        Turns.untilOver(loop);
        assertThat(told).contains("data").endsWith("timeout", "close null");
    }

    /// The kernel tells of room when three quarters of a UNIX socket's buffer are free, for which a slow peer may need
    /// longer.
    @Test
    void whoseKernelTakesALittleIsNotIdle() throws IOException {
        try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
            final Stream stream = adopt(pair);
            stream.write(tooMuch());
            Turns.untilQuiet(loop);
            final long taken = stream.bytesWritten();
            assertThat(recv(pair.second(), new byte[80_000])).isPositive();
            assertThat(pair.first().await(POLLOUT, 0)).as("told of room").isZero();
            stream.onTimeout(Duration.ofMillis(20), () -> told.add("timeout"));
            Turns.until(loop, () -> told.contains("timeout"));
            assertThat(stream.bytesWritten()).isGreaterThan(taken);
            stream.destroy();
        }
    }

    /// With one byte queued that the kernel has room for, of which it does not tell.
    private Stream almostFull(final SocketFd.Pair pair) throws IOException {
        final Stream stream = adopt(pair);
        final MemorySegment piece = MemorySegment.ofArray(new byte[16_000]);
        while (stream.tryWrite(piece) == piece.byteSize()) {
            continue;
        }
        stream.write(MemorySegment.ofArray(new byte[1]));
        Turns.untilQuiet(loop);
        assertThat(recv(pair.second(), new byte[80_000])).isPositive();
        assertThat(pair.first().await(POLLOUT, 0)).as("told of room").isZero();
        assertThat(stream.bytesQueued()).isEqualTo(1);
        return stream;
    }

    @SocketFamilies(UNIX_STREAM)
    void aHandlerThatTheTimeoutCallsMayEndTheTimeout(final SocketFd.Pair pair) throws IOException {
        final Stream stream = almostFull(pair);
        stream.onTimeout(Duration.ofMillis(20), () -> told.add("timeout"));
        stream.onDrain(() -> {
            told.add("drain");
            stream.onTimeout(Duration.ZERO, null);
        });
        Turns.until(loop, () -> !told.isEmpty());
        Turns.untilQuiet(loop);
        assertThat(told).containsExactly("drain");
        assertThat(loop.timeoutNanos()).isEqualTo(-1);
        stream.destroy();
    }

    @SocketFamilies(UNIX_STREAM)
    void aBugInAHandlerThatTheTimeoutCallsDoesNotEndTheTimeout(final SocketFd.Pair pair) throws IOException {
        final Stream stream = almostFull(pair);
        stream.onTimeout(Duration.ofMillis(20), () -> told.add("timeout"));
        stream.onDrain(() -> {
            throw new IllegalArgumentException("a bug");
        });
        assertThatThrownBy(() -> Turns.untilOver(loop)).hasMessage("a bug");
        Turns.until(loop, () -> !told.isEmpty());
        assertThat(told).containsExactly("timeout");
        stream.destroy();
    }

    /// The last bytes may be on their way still: closed at once, with something unread, it would be reset.
    @SocketFamilies(UNIX_STREAM)
    void aClosedStreamWhoseLastBytesLeaveLateWaitsForThePeerAllTheSame(final SocketFd.Pair pair) throws IOException {
        final Stream stream = almostFull(pair);
        final long before = stream.bytesWritten();
        stream.close();
        Turns.until(loop, () -> stream.bytesWritten() > before);
        assertThat(stream.isClosed()).isFalse();
        pair.second().shutdown(SHUT_WR);
        Turns.untilOver(loop);
        assertThat(told).containsExactly("close null");
    }

    @Test
    void whoClosesOnTheWayIsNotToldOfTheConnection() throws IOException {
        try (SocketFd listener = TCP4.listening(1)) {
            final Stream stream = telling(loop.connect(listener.localAddress()));
            stream.write(MemorySegment.ofArray(HELLO), completion("write"));
            stream.close();
            try (SocketFd peer = listener.accept()) {
                Turns.until(loop, () -> told.contains("write null"));
                assertThat(recv(peer, new byte[9])).isEqualTo(HELLO.length);
            }
            Turns.untilOver(loop);
            assertThat(told).containsExactly("write null", "close null");
        }
    }

    @Test
    void anEndBeforeTheConnectionIsSentThoughTheHandlerOfTheConnectionFails() throws IOException {
        try (SocketFd listener = TCP4.listening(1)) {
            final Stream stream = telling(loop.connect(listener.localAddress()));
            stream.onConnect(() -> {
                throw new IllegalArgumentException("a bug");
            });
            stream.end();
            assertThatThrownBy(() -> Turns.untilOver(loop)).hasMessage("a bug");
            try (SocketFd peer = listener.accept(SOCK_NONBLOCK, null)) {
                Turns.untilQuiet(loop);
                assertThat(recv(peer, new byte[9])).as("the end").isZero();
            }
            Turns.untilOver(loop);
            assertThat(told).containsExactly("end", "close null");
        }
    }

    @Test
    void afterAFailedWriteNobodyIsToldThatThereIsRoom() throws IOException {
        try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
            final Stream stream = adopt(pair);
            assertThat(stream.tryWrite(tooMuch())).isPositive();
            stream.onData(data -> {
                told.add(Turns.text(data));
                assertThat(stream.write("into the void")).isFalse();
            });
            pair.second().send(HELLO, 0, 5, 0);
            pair.second().close();
            Turns.untilOver(loop);
            assertThat(told).containsExactly("hello", "close EPIPE");
        }
    }

    @Test
    void aStreamWhoseSocketSomebodyElseHasClosedIsResetAllTheSame() throws IOException {
        try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
            final Stream stream = adopt(pair);
            stream.socket().close();
            stream.reset();
            assertThat(stream.isClosed()).isTrue();
            Turns.untilOver(loop);
            assertThat(told).singleElement().asString().startsWith("close ");
        }
    }

    // ---- what a handler throws

    @SocketFamilies({TCP4, UNIX_STREAM})
    void aBugInAHandlerEndsTheRunThoughItHasDestroyedItsStreamBefore(final SocketFd.Pair pair) throws IOException {
        final Stream stream = adopt(pair);
        stream.onData(_ -> {
            stream.destroy();
            throw new IllegalStateException("a bug");
        });
        pair.second().send(HELLO, 0, 5, 0);
        assertThatThrownBy(() -> Turns.untilOver(loop)).isInstanceOf(IllegalStateException.class).hasMessage("a bug");
        Turns.untilOver(loop);
        assertThat(told).containsExactly("close null");
    }

    @Test
    void aSocketClosedBySomebodyElseAfterAFailedWriteEndsTheStreamAndNotTheRun() throws IOException {
        try (SocketFd.Pair pair = UNIX_STREAM.connected()) {
            final Stream stream = adopt(pair).onMessage((_, _) -> told.add("message"));
            loop.schedule(0, () -> {
                try (Faults faults = Faults.inject("send:error=EPIPE")) {
                    stream.write(Arena.ofAuto().allocate(1));
                    assertThat(faults.injected()).isEqualTo(1);
                }
                stream.socket().close();
            });
            Turns.untilOver(loop);
        }
        assertThat(told).containsExactly("close EPIPE");
    }
}
