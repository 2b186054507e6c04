package io.github.fdsock.loop;

import static io.github.fdsock.harness.junit.SocketFamily.TCP4;
import static io.github.fdsock.harness.junit.SocketFamily.TCP6;
import static io.github.fdsock.harness.junit.SocketFamily.UNIX_SEQPACKET;
import static io.github.fdsock.harness.junit.SocketFamily.UNIX_STREAM;
import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.EventFd;
import io.github.fdsock.Fd;
import io.github.fdsock.Message;
import io.github.fdsock.SocketFd;
import io.github.fdsock.harness.Faults;
import io.github.fdsock.harness.junit.FdLedger;
import io.github.fdsock.harness.junit.SocketFamilies;
import io.github.fdsock.option.Linger;
import io.github.fdsock.option.SockOpt;
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

/// What arrives is told, once and in order, when somebody wants it, and nothing that nobody can deal with keeps a loop
/// busy.
@Timeout(60)
@FdLedger
@ParameterizedClass
@EnumSource(Arrivals.class)
class StreamReadTest extends LoopFixture {
    @Parameter
    private Arrivals arrivals;

    private static final byte[] HELLO = {'h', 'e', 'l', 'l', 'o'};

    private final List<String> told = new ArrayList<>();

    private Stream adopt(final SocketFd.Pair pair) throws IOException {
        return arrivals.adopt(loop, pair.first())
                .onData(data -> told.add(Turns.text(data)))
                .onEnd(() -> told.add("end"))
                .onClose(cause -> told.add("close " + (cause instanceof final ErrnoException e ? e.errno() : cause)));
    }

    private static void hello(final SocketFd socket) throws IOException {
        assertThat(socket.send(HELLO, 0, 5, 0)).isEqualTo(5);
    }

    @SocketFamilies({TCP4, TCP6, UNIX_STREAM, UNIX_SEQPACKET})
    void u11_n07_nothingIsToldWhilePausedAndAllAfterwards(final SocketFd.Pair pair) throws IOException {
        final Stream stream = adopt(pair);
        stream.onData(data -> {
            told.add(Turns.text(data));
            stream.pause();
        });
        for (int i = 0; i < 3; i++) {
            hello(pair.second());
            Turns.until(loop, () -> !told.isEmpty());
            hello(pair.second());
            Turns.untilQuiet(loop);
            assertThat(told).containsExactly("hello");
            stream.resume().pause().resume();
            Turns.until(loop, () -> told.size() == 2);
            Turns.untilQuiet(loop);
            assertThat(told).containsExactly("hello", "hello");
            told.clear();
            stream.resume();
        }
    }

    @SocketFamilies({TCP4, TCP6, UNIX_STREAM, UNIX_SEQPACKET})
    void u12_dataThatNobodyReadsAndAPeerThatIsGoneDoNotKeepTheLoopBusy(final SocketFd.Pair pair) throws IOException {
        final Stream stream = adopt(pair).pause();
        stream.write(MemorySegment.ofArray(HELLO));
        hello(pair.second());
        // With something unread there: an error and a hang-up, which no interest turns off.
        pair.second().close();
        Turns.untilQuiet(loop);
        final long events = loop.metrics().events();
        for (int i = 0; i < 20; i++) {
            loop.runNoWait();
        }
        assertThat(loop.metrics().events()).isEqualTo(events);
        assertThat(told).isEmpty();
        stream.resume();
        Turns.untilOver(loop);
        assertThat(told).containsExactly("hello", "close " + ECONNRESET);
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void aSocketThatOthersMakeWaitDoesNotHoldUpTheLoop(final SocketFd.Pair pair) throws IOException {
        final Duration limit = Duration.ofSeconds(5);
        final SocketFd socket = pair.first();
        final long[] received = {0};
        final Stream stream = adopt(pair).onData(data -> received[0] += data.byteSize());
        socket.nonBlocking(false);
        socket.setsockopt(SockOpt.SO_RCVTIMEO, limit);
        socket.setsockopt(SockOpt.SO_SNDTIMEO, limit);
        // As much as is read at once, so that it is tried again; and more than any socket takes.
        assertThat(pair.second().send(new byte[64 * 1024], 0, 64 * 1024, 0)).isEqualTo(64 * 1024);
        Turns.until(loop, () -> received[0] == 64 * 1024);
        final MemorySegment much = MemorySegment.ofArray(new byte[16 << 20]);
        loop.execute(() -> {
            assertThat(stream.writev(much, much)).isFalse();
            assertThat(stream.write(much)).isFalse();
        });
        Turns.until(loop, () -> stream.bytesQueued() > 0);
        final long written = stream.bytesWritten();
        assertThat(pair.second().recv(new byte[1 << 20], 0, 1 << 20, 0)).isPositive();
        Turns.until(loop, () -> stream.bytesWritten() > written);
        stream.destroy();
        Turns.untilOver(loop);
        assertThat(loop.metrics().longestTurnNanos()).isLessThan(limit.toNanos());
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void aPeerThatIsGoneDoesNotKeepTheLoopBusyWhileTheOwnDirectionIsOpen(final SocketFd.Pair pair) throws IOException {
        final Stream stream = adopt(pair);
        pair.second().close();
        Turns.until(loop, () -> told.contains("end"));
        Turns.untilQuiet(loop);
        final long events = loop.metrics().events();
        for (int i = 0; i < 20; i++) {
            loop.runNoWait();
        }
        assertThat(loop.metrics().events()).isEqualTo(events);
        stream.end();
        Turns.untilOver(loop);
        assertThat(told).containsExactly("end", "close null");
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void n06_aPausedStreamThatReadsAgainFindsEverythingAndThenTheEnd(final SocketFd.Pair pair) throws IOException {
        final long[] got = {0};
        final Stream stream = adopt(pair).pause();
        stream.onData(data -> got[0] = Turns.check(got[0], data));
        pair.second().nonBlocking(true);
        final MemorySegment much = Turns.numbered(0, 8 << 20);
        // As much as fits between the two.
        long sent = 0;
        for (long n = 0; n >= 0; n = pair.second().send(much.asSlice(sent), 0)) {
            sent += n;
        }
        pair.second().close();
        Turns.untilQuiet(loop);
        assertThat(got[0]).isZero();
        stream.resume();
        Turns.until(loop, () -> told.contains("end"));
        assertThat(got[0]).isEqualTo(sent).isGreaterThan(2 * 64 * 1024);
    }

    @SocketFamilies({TCP4, TCP6})
    void everythingThatArrivedBeforeAResetIsToldAndThenTheReset(final SocketFd.Pair pair) throws IOException {
        final long[] got = {0};
        final Stream stream = adopt(pair).pause();
        stream.onData(data -> got[0] = Turns.check(got[0], data));
        pair.second().nonBlocking(true);
        final MemorySegment much = Turns.numbered(0, 4 << 20);
        long sent = 0;
        for (long n = 0; n >= 0; n = pair.second().send(much.asSlice(sent), 0)) {
            sent += n;
        }
        pair.second().setsockopt(SockOpt.SO_LINGER, Linger.RESET);
        pair.second().close();
        Turns.untilQuiet(loop);
        final int arrived = pair.first().receiveQueue();
        stream.resume();
        Turns.untilOver(loop);
        assertThat(got[0]).isEqualTo(arrived).isGreaterThan(64 * 1024);
        assertThat(told).containsExactly("close " + ECONNRESET);
    }

    @Test
    void u16_anUrgentByteDisturbsNothing() throws IOException {
        final SocketFd.Pair pair = TCP4.connected();
        try (pair) {
            adopt(pair);
            hello(pair.second());
            pair.second().send(HELLO, 0, 1, MSG_OOB);
            hello(pair.second());
            Turns.until(loop, () -> String.join("", told).length() == 10);
            Turns.untilQuiet(loop);
            assertThat(String.join("", told)).isEqualTo("hellohello");
        }
    }

    @Test
    void aNoticeInTheErrorQueueIsTakenAwayAndTheStreamGoesOn() throws IOException {
        final SocketFd.Pair pair = TCP4.connected();
        try (pair) {
            final Stream stream = adopt(pair);
            pair.first().setsockopt(SOL_SOCKET, SO_TIMESTAMPING,
                    SOF_TIMESTAMPING_TX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_TSONLY);
            stream.write(MemorySegment.ofArray(HELLO));
            Turns.untilQuiet(loop);
            stream.pause();
            stream.write(MemorySegment.ofArray(HELLO));
            Turns.untilQuiet(loop);
            hello(pair.second());
            Turns.untilQuiet(loop);
            assertThat(told).isEmpty();
            stream.resume();
            Turns.until(loop, () -> told.contains("hello"));
            assertThat(stream.isWritable()).isTrue();
        }
    }

    @SocketFamilies({TCP4, UNIX_STREAM, UNIX_SEQPACKET})
    void u14_aSocketIsAdoptedOnceAndARefusedOneIsItsOwnersStill(final SocketFd.Pair pair) throws IOException {
        adopt(pair);
        assertThatThrownBy(() -> arrivals.adopt(loop, pair.first())).isInstanceOfSatisfying(ErrnoException.class,
                e -> assertThat(e.errno()).isEqualTo(EEXIST));
        assertThat(pair.first().isOpen()).isTrue();
        assertThat(loop.metrics().streams()).isEqualTo(1);
        hello(pair.second());
        Turns.until(loop, () -> told.contains("hello"));
    }

    @Test
    void u14_aSocketThatIsBoundAndNotConnectedEndsWithTheReason() throws IOException {
        arrivals.adopt(loop, TCP4.bound()).onClose(cause -> told.add(cause.getMessage()));
        Turns.untilOver(loop);
        assertThat(told).singleElement().asString().contains("ENOTCONN");
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void nobodyIsKeptWaitingByAConnectionThatBringsMoreAndMore(final SocketFd.Pair pair) throws IOException {
        final SocketFd.Pair other = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0);
        try (other) {
            final int[] turns = {0, 0};
            final MemorySegment block = Turns.numbered(0, 64 * 1024);
            pair.second().nonBlocking(true);
            final Stream greedy = arrivals.adopt(loop, pair.first());
            greedy.onData(_ -> {
                turns[0]++;
                while (pair.second().send(block, 0) > 0) {
                    continue;
                }
            });
            arrivals.adopt(loop, other.first()).onData(_ -> turns[1]++);
            pair.second().send(block, 0);
            for (int i = 0; i < 100; i++) {
                other.second().send(HELLO, 0, 1, 0);
                final int before = turns[0];
                loop.runOnce();
                assertThat(turns[0] - before).isLessThanOrEqualTo(8);
            }
            assertThat(turns[1]).isGreaterThanOrEqualTo(99);
            greedy.destroy();
        }
    }

    // ---- descriptors

    @SocketFamilies({UNIX_STREAM, UNIX_SEQPACKET})
    void n01_j01_descriptorsComeWithTheirBytesAndThoseNotTakenAreClosed(final SocketFd.Pair pair) throws IOException {
        try (EventFd one = EventFd.create(1, 0); EventFd other = EventFd.create(2, 0)) {
            adopt(pair).onMessage((data, message) -> {
                told.add(Turns.text(data) + " " + message.descriptors());
                if (message.descriptors() == 2) {
                    try (Fd taken = message.takeFd(1)) {
                        assertThat(taken.isOpen()).isTrue();
                    }
                }
            });
            Turns.send(pair.second(), "two", one, other);
            Turns.send(pair.second(), "none");
            Turns.send(pair.second(), "one", one);
            pair.second().shutdown(SHUT_WR);
            Turns.until(loop, () -> told.contains("end"));
            // A stream's bytes in front of descriptors are read with them, those behind them are not.
            assertThat(told).isIn(List.of("two 2", "none 0", "one 1", "end"), List.of("two 2", "noneone 1", "end"));
        }
    }

    @SocketFamilies({UNIX_STREAM, UNIX_SEQPACKET})
    void descriptorsThatNobodyAsksForAreClosedAndTheBytesTold(final SocketFd.Pair pair) throws IOException {
        try (EventFd fd = EventFd.create(1, 0)) {
            final Stream stream = adopt(pair);
            Turns.send(pair.second(), "a", fd);
            Turns.send(pair.second(), "b", fd);
            pair.second().close();
            Turns.until(loop, () -> told.contains("end"));
            assertThat(String.join("", told)).isEqualTo("abend");
            stream.destroy();
        }
    }

    @SocketFamilies({UNIX_STREAM, UNIX_SEQPACKET})
    void descriptorsOfAHandlerThatThrowsAreClosed(final SocketFd.Pair pair) throws IOException {
        try (EventFd fd = EventFd.create(1, 0)) {
            adopt(pair).onMessage((_, message) -> {
                throw new IOException(message.descriptors() + " came");
            });
            Turns.send(pair.second(), "a", fd, fd);
            Turns.untilOver(loop);
            assertThat(told).containsExactly("close java.io.IOException: 2 came");
        }
    }

    @SocketFamilies({UNIX_SEQPACKET})
    void descriptorsOfAPacketThatIsTooLargeOrEmptyAreNotLost(final SocketFd.Pair pair) throws IOException {
        try (EventFd fd = EventFd.create(1, 0); Arena arena = Arena.ofConfined();
                Message message = Message.allocate(arena, 1, 0, 1)) {
            adopt(pair).onMessage((data, received) -> told.add(data.byteSize() + " " + received.descriptors()));
            pair.second().sendmsg(message.lendFd(fd), 0);
            pair.second().setsockopt(SockOpt.SO_SNDBUF, 1 << 20);
            message.buffers().add(arena.allocate(300_000));
            message.lendFd(fd);
            final boolean fits = pair.second().sendmsg(message, MSG_DONTWAIT) > 0;
            pair.second().close();
            Turns.until(loop, () -> told.size() >= 2);
            assertThat(told).startsWith("0 1").element(1).isEqualTo(fits ? "close " + EMSGSIZE : "end");
        }
    }

    @SocketFamilies({TCP4, UNIX_STREAM, UNIX_SEQPACKET})
    void anErrorOfTheReadIsToldByTheClose(final SocketFd.Pair pair) throws IOException {
        adopt(pair);
        hello(pair.second());
        try (Faults faults = Faults.inject("recv:error=EINTR:when=1", "recv:error=ENOMEM:when=2")) {
            Turns.untilOver(loop);
            assertThat(faults.injected()).isEqualTo(2);
        }
        assertThat(told).containsExactly("close " + ENOMEM);
    }
}
