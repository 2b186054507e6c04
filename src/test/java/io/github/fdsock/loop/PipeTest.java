package io.github.fdsock.loop;

import static io.github.fdsock.harness.junit.SocketFamily.TCP4;
import static io.github.fdsock.harness.junit.SocketFamily.TCP6;
import static io.github.fdsock.harness.junit.SocketFamily.UNIX_SEQPACKET;
import static io.github.fdsock.harness.junit.SocketFamily.UNIX_STREAM;
import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.SocketFd;
import io.github.fdsock.harness.Faults;
import io.github.fdsock.harness.OpenDescriptors;
import io.github.fdsock.harness.Scope;
import io.github.fdsock.harness.Trace;
import io.github.fdsock.harness.junit.FdLedger;
import io.github.fdsock.harness.junit.SocketFamilies;
import io.github.fdsock.harness.junit.SocketFamily;
import io.github.fdsock.option.Linger;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.sys.Call;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/// A pipe between two streams passes on every byte in order, at the slower one's pace, and each end, through memory as
/// by the kernel.
@Timeout(60)
@FdLedger
@ParameterizedClass
@EnumSource(Arrivals.class)
class PipeTest extends LoopFixture {
    @Parameter
    private Arrivals arrivals;

    private final List<String> told = new ArrayList<>();

    /// The ends that are not the proxy's: the client's and the server's.
    private SocketFd client;
    private SocketFd server;

    /// The proxy's ends.
    private Stream left;
    private Stream right;

    @AfterEach
    @Override
    void close() throws IOException {
        super.close();
        if (client != null) {
            client.close();
            server.close();
        }
    }

    private void connect(final SocketFamily clients, final SocketFamily servers) throws IOException {
        final SocketFd.Pair first = clients.connected();
        final SocketFd.Pair second = servers.connected();
        client = first.first();
        server = second.second();
        left = arrivals.adopt(loop, first.second()).onClose(cause -> told.add("left " + message(cause)));
        right = arrivals.adopt(loop, second.first()).onClose(cause -> told.add("right " + message(cause)));
    }

    private static String message(final IOException cause) {
        return cause == null ? null : cause.getMessage();
    }

    private static void pipe(final Stream from, final Stream to, final boolean splice) throws IOException {
        if (splice) {
            from.spliceTo(to);
        } else {
            from.pipeTo(to);
        }
    }

    private void proxy(final boolean splice) throws IOException {
        pipe(left, right, splice);
        pipe(right, left, splice);
    }

    /// Sends and receives from the outside, both ways at once, what [Turns#numbered] makes, and checks it.
    private final class Traffic {
        final SocketFd socket;
        final long total;
        long sent;
        long received;
        boolean ended;

        Traffic(final SocketFd socket, final long total) throws IOException {
            this.socket = socket;
            this.total = total;
            socket.nonBlocking(true);
        }

        boolean step(final MemorySegment into) {
            try {
                while (sent < total) {
                    final int size = (int) Math.min(total - sent, 20_000);
                    final long n = socket.send(Turns.numbered(sent, size), 0);
                    if (n < 0) {
                        break;
                    }
                    sent += n;
                    if (sent == total) {
                        socket.shutdown(SHUT_WR);
                    }
                }
                long n;
                while ((n = socket.recv(into, 0)) > 0) {
                    received = Turns.check(received, into.asSlice(0, n));
                }
                ended |= n == 0;
                return ended && sent == total;
            } catch (final IOException e) {
                throw new AssertionError(e);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"TCP4,TCP4,true", "TCP4,UNIX_STREAM,true", "UNIX_STREAM,TCP6,true", "UNIX_STREAM,UNIX_STREAM,true",
        "TCP4,TCP4,false", "UNIX_STREAM,TCP4,false"})
    void n20_g57_everyByteArrivesBothWaysAtOnceAndThenBothEnds(final SocketFamily clients, final SocketFamily servers,
            final boolean splice) throws IOException {
        connect(clients, servers);
        proxy(splice);
        final Traffic one = new Traffic(client, 5_000_000);
        final Traffic other = new Traffic(server, 3_000_000);
        final MemorySegment into = Arena.ofAuto().allocate(30_000);
        final long[] most = {0};
        Turns.until(loop, () -> {
            most[0] = Math.max(most[0], loop.metrics().bytesQueued());
            return one.step(into) & other.step(into);
        });
        assertThat(one.received).isEqualTo(3_000_000);
        assertThat(other.received).isEqualTo(5_000_000);
        Turns.untilOver(loop);
        assertThat(told).containsExactlyInAnyOrder("left null", "right null");
        assertThat(left.bytesRead()).isEqualTo(right.bytesWritten()).isEqualTo(5_000_000);
        assertThat(right.bytesRead()).isEqualTo(left.bytesWritten()).isEqualTo(3_000_000);
        assertThat(most[0]).isLessThan(1 << 20);
        assertThat(loop.metrics().bytesQueued()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"TCP4,true", "UNIX_STREAM,true", "TCP4,false", "UNIX_STREAM,false"})
    void ahalfCloseIsPassedOnAndTheOtherDirectionStaysOpenWithoutSpinning(final SocketFamily family,
            final boolean splice) throws IOException {
        connect(family, family);
        proxy(splice);
        client.send(new byte[] {1, 2}, 0, 2, 0);
        client.shutdown(SHUT_WR);
        final byte[] into = new byte[10];
        Turns.untilQuiet(loop);
        assertThat(server.recv(into, 0, 10, MSG_DONTWAIT)).isEqualTo(2);
        assertThat(server.recv(into, 0, 10, MSG_DONTWAIT)).isZero();
        Turns.untilQuiet(loop);
        final long events = loop.metrics().events();
        for (int i = 0; i < 20; i++) {
            loop.runNoWait();
        }
        assertThat(loop.metrics().events()).isEqualTo(events);
        server.send(new byte[] {3, 4, 5}, 0, 3, 0);
        Turns.untilQuiet(loop);
        assertThat(client.recv(into, 0, 10, MSG_DONTWAIT)).isEqualTo(3);
        server.close();
        Turns.untilOver(loop);
        assertThat(client.recv(into, 0, 10, MSG_DONTWAIT)).isZero();
        assertThat(told).containsExactlyInAnyOrder("left null", "right null");
    }

    @ParameterizedTest
    @CsvSource({"TCP4,true", "UNIX_STREAM,true", "TCP4,false"})
    void aTargetThatDoesNotReadHoldsUpItsSourceWithoutSpinning(final SocketFamily family, final boolean splice)
            throws IOException {
        connect(family, family);
        proxy(splice);
        client.nonBlocking(true);
        final MemorySegment much = Turns.numbered(0, 30 << 20);
        final long[] sent = {0};
        for (int quiet = 0; quiet < 3;) {
            final long n = client.send(much.asSlice(sent[0], Math.min(much.byteSize() - sent[0], 1 << 20)), 0);
            sent[0] += Math.max(n, 0);
            Turns.untilQuiet(loop);
            quiet = n < 0 ? quiet + 1 : 0;
        }
        assertThat(sent[0]).isLessThan(much.byteSize());
        assertThat(right.bytesQueued()).isPositive().isLessThan(1 << 20);
        for (int i = 0; splice && i < 50; i++) {
            // Whoever resumes the source changes nothing about the target.
            left.resume();
            Turns.untilQuiet(loop);
            assertThat(right.bytesQueued()).isLessThan(1 << 20);
        }
        client.shutdown(SHUT_WR);
        server.nonBlocking(true);
        final MemorySegment into = Arena.ofAuto().allocate(1 << 20);
        final long[] got = {0, 1};
        Turns.until(loop, () -> {
            try {
                long n;
                while ((n = server.recv(into, 0)) > 0) {
                    got[0] = Turns.check(got[0], into.asSlice(0, n));
                }
                return n == 0;
            } catch (final IOException e) {
                throw new AssertionError(e);
            }
        });
        assertThat(got[0]).isEqualTo(sent[0]);
    }

    @ParameterizedTest
    @CsvSource({"TCP4,true", "UNIX_STREAM,true", "TCP4,false", "UNIX_STREAM,false"})
    void whatIsPausedIsNotPassedOnThoughTheTargetHasRoomAgain(final SocketFamily family, final boolean splice)
            throws IOException {
        connect(family, family);
        pipe(left, right, splice);
        final Traffic traffic = new Traffic(client, 32 << 20);
        final MemorySegment into = Arena.ofAuto().allocate(1 << 20);
        server.nonBlocking(true);
        // TCP has room again at times of its own: full is what stays so.
        for (long before = -1; before < traffic.sent || right.bytesQueued() == 0; Turns.untilQuiet(loop)) {
            before = traffic.sent;
            traffic.step(into);
        }
        left.pause();
        final long read = left.bytesRead();
        final long[] got = {0};
        Turns.until(loop, () -> read(into, got) && got[0] == read);
        Turns.untilQuiet(loop);
        assertThat(left.bytesRead()).isEqualTo(read);
        left.resume();
        Turns.until(loop, () -> read(into, got) && !traffic.step(into) && got[0] > read);
    }

    /// Reads at the server what there is; true.
    private boolean read(final MemorySegment into, final long[] got) {
        try {
            for (long n; (n = server.recv(into, 0)) > 0;) {
                got[0] = Turns.check(got[0], into.asSlice(0, n));
            }
            return true;
        } catch (final IOException e) {
            throw new AssertionError(e);
        }
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void byTheKernelABytePassesWithTwoCalls(final SocketFamily family) throws IOException {
        connect(family, family);
        proxy(true);
        client.send(new byte[1], 0, 1, 0);
        loop.runOnce();
        client.send(new byte[1], 0, 1, 0);
        try (Trace trace = Trace.record(Scope.thisThread())) {
            loop.runOnce();
            assertThat(trace.entries().stream().map(entry -> entry.call().name())).containsExactly("epoll_wait",
                    "splice", "splice");
        }
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void aSourceThatOthersMakeWaitDoesNotHoldUpTheLoop(final SocketFamily family) throws IOException {
        connect(family, family);
        left.spliceTo(right);
        final Duration limit = Duration.ofSeconds(5);
        left.socket().nonBlocking(false);
        left.socket().setsockopt(SockOpt.SO_RCVTIMEO, limit);
        // So much that it is tried again.
        assertThat(client.send(new byte[64 * 1024], 0, 64 * 1024, 0)).isEqualTo(64 * 1024);
        Turns.until(loop, () -> right.bytesWritten() == 64 * 1024);
        Turns.untilQuiet(loop);
        assertThat(loop.metrics().longestTurnNanos()).isLessThan(limit.toNanos());
    }

    /// A socket that is connected to itself, and whose bytes go round without end, as fast as they are passed on.
    @Test
    void aFloodLeavesOthersTheirTurn() throws IOException {
        final SocketFd ring = SocketFd.socket(AF_INET, SOCK_STREAM, 0);
        ring.bind(TCP4.any());
        ring.connect(ring.localAddress());
        final Stream stream = arrivals.adopt(loop, ring);
        stream.spliceTo(stream);
        stream.write(Turns.numbered(0, 256 * 1024));
        long most = 0;
        try (Faults faults = Faults.inject("splice:error=EAGAIN:when=1000+")) {
            while (faults.matched(0) < 999) {
                final long before = faults.matched(0);
                loop.runOnce();
                most = Math.max(most, faults.matched(0) - before);
            }
        }
        assertThat(most).as("calls of a turn").isBetween(4L, 100L);
        stream.destroy();
    }

    @ParameterizedTest
    @CsvSource({"TCP4,true", "TCP4,false", "UNIX_STREAM,true", "UNIX_STREAM,false"})
    void urgentDataHoldsNothingUpAndIsNoEnd(final SocketFamily family, final boolean ends) throws IOException {
        connect(family, family);
        left.spliceTo(right);
        Turns.send(client, "before");
        assertThat(client.send(new byte[] {'!'}, 0, 1, MSG_OOB)).isEqualTo(1);
        Turns.send(client, "behind");
        if (ends) {
            client.shutdown(SHUT_WR);
        }
        final byte[] into = new byte[20];
        Turns.until(loop, () -> right.bytesWritten() == 12);
        Turns.untilQuiet(loop);
        assertThat(server.recv(into, 0, 20, MSG_DONTWAIT)).isEqualTo(12);
        assertThat(server.recv(into, 0, 20, MSG_DONTWAIT)).isEqualTo(ends ? 0 : -EAGAIN);
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void withoutADescriptorForTheKernelsPipeItPassesThroughMemory(final SocketFamily family) throws IOException {
        connect(family, family);
        try (Faults faults = Faults.inject("pipe2:error=EMFILE")) {
            proxy(true);
            assertThat(faults.injected()).isEqualTo(2);
        }
        both(Call.recv);
    }

    @ParameterizedTest
    @CsvSource({"1", "2"})
    void whereTheKernelRefusesToSpliceItPassesThroughMemory(final int occurrence) throws IOException {
        connect(TCP4, UNIX_STREAM);
        final OpenDescriptors before = OpenDescriptors.now();
        proxy(true);
        try (Faults faults = Faults.inject("splice:error=EINVAL:when=" + occurrence + "+2")) {
            // The first splice fills the pipe, the second empties it.
            both(null);
            assertThat(faults.injected()).isEqualTo(2);
        }
        both(Call.recv);
        assertThat(before.difference()).isEmpty();
    }

    /// Sends in both directions, by this call.
    private void both(final Call call) throws IOException {
        final byte[] into = new byte[10];
        try (Trace trace = Trace.record(Scope.thisThread())) {
            client.send(new byte[] {1, 2, 3}, 0, 3, 0);
            Turns.untilQuiet(loop);
            assertThat(server.recv(into, 0, 10, MSG_DONTWAIT)).isEqualTo(3);
            server.send(new byte[] {4, 5, 6, 7}, 0, 4, 0);
            Turns.untilQuiet(loop);
            assertThat(client.recv(into, 0, 10, MSG_DONTWAIT)).isEqualTo(4);
            assertThat(into).startsWith(4, 5, 6, 7);
            if (call != null) {
                assertThat(trace.entries()).anyMatch(entry -> entry.call() == call)
                        .noneMatch(entry -> entry.call() == Call.splice);
            }
        }
    }

    @Test
    void packetsPassThroughMemoryWhole() throws IOException {
        connect(UNIX_SEQPACKET, UNIX_SEQPACKET);
        proxy(true);
        client.send(new byte[3], 0, 3, 0);
        client.send(new byte[0], 0, 0, 0);
        client.send(new byte[5], 0, 5, 0);
        Turns.untilQuiet(loop);
        final byte[] into = new byte[10];
        assertThat(server.recv(into, 0, 10, MSG_DONTWAIT)).isEqualTo(3);
        assertThat(server.recv(into, 0, 10, MSG_DONTWAIT)).isEqualTo(0);
        assertThat(server.recv(into, 0, 10, MSG_DONTWAIT)).isEqualTo(5);
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void whatIsWrittenInBetweenComesBehindWhatIsInTheKernelsPipe(final SocketFamily family) throws IOException {
        connect(family, family);
        right.write("first ");
        left.spliceTo(right);
        client.nonBlocking(true);
        final MemorySegment block = Turns.numbered(0, 251 * 1000);
        long sent = 0;
        // TCP has room again at times of its own: full is what stays so.
        for (long n = 0; n >= 0 || right.bytesQueued() == 0; Turns.untilQuiet(loop)) {
            n = client.send(block.asSlice(sent % block.byteSize()), 0);
            sent += Math.max(n, 0);
        }
        assertThat(right.bytesQueued()).isPositive();
        right.write("last");
        left.close();
        final MemorySegment into = Arena.ofAuto().allocate(1 << 20);
        server.nonBlocking(true);
        final StringBuilder text = new StringBuilder();
        Turns.until(loop, () -> {
            try {
                long n;
                while ((n = server.recv(into, 0)) > 0) {
                    text.append(new String(into.asSlice(0, n).toArray(ValueLayout.JAVA_BYTE),
                            StandardCharsets.ISO_8859_1));
                }
                return n == 0;
            } catch (final IOException e) {
                throw new AssertionError(e);
            }
        });
        assertThat(text.substring(0, 6)).isEqualTo("first ");
        assertThat(text).endsWith("last");
        for (int i = 6; i < text.length() - 4; i++) {
            if (text.charAt(i) != (i - 6) % 251) {
                assertThat((int) text.charAt(i)).as("byte %d", i).isEqualTo((i - 6) % 251);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"TCP4,true", "UNIX_STREAM,true", "TCP4,false", "UNIX_STREAM,false"})
    void aSourceThatIsResetTakesItsTargetWithIt(final SocketFamily family, final boolean splice) throws IOException {
        connect(family, family);
        proxy(splice);
        Turns.untilQuiet(loop);
        left.destroy(new IOException("enough"));
        Turns.untilOver(loop);
        assertThat(told).containsExactly("left enough", "right enough");
        if (family == TCP4) {
            // Not an end: what has arrived is not all.
            assertThatThrownBy(() -> server.recv(new byte[1], 0, 1, MSG_DONTWAIT)).hasMessageContaining("ECONNRESET");
        } else {
            assertThat(server.recv(new byte[1], 0, 1, MSG_DONTWAIT)).isZero();
        }
    }

    @ParameterizedTest
    @CsvSource({"true", "false"})
    void whatTheClientSentBeforeItWentAwayArrivesThoughItsAnswerCannot(final boolean splice) throws IOException {
        connect(TCP4, UNIX_STREAM);
        proxy(splice);
        // An answer is under way all the time.
        server.nonBlocking(true);
        final MemorySegment block = Turns.numbered(0, 251 * 1000);
        while (server.send(block, 0) > 0) {
            continue;
        }
        Turns.untilQuiet(loop);
        final int size = 100_000;
        client.send(Turns.numbered(0, size), 0);
        client.shutdown(SHUT_WR);
        client.setsockopt(SockOpt.SO_LINGER, Linger.OFF);
        // With the answer unread: a reset, which may come before or after what was sent is read.
        final MemorySegment into = Arena.ofAuto().allocate(1 << 20);
        final long[] got = {0, -1};
        final boolean[] closed = {false};
        Turns.until(loop, () -> {
            try {
                if (left.bytesRead() == size && !closed[0]) {
                    closed[0] = true;
                    client.close();
                }
                long n;
                while ((n = server.recv(into, 0)) > 0) {
                    got[0] = Turns.check(got[0], into.asSlice(0, n));
                }
                got[1] = n;
                return n == 0;
            } catch (final IOException e) {
                throw new AssertionError("after " + got[0], e);
            }
        });
        assertThat(got[0]).isEqualTo(size);
        server.close();
        Turns.untilOver(loop);
        assertThat(told).hasSize(2);
    }

    @ParameterizedTest
    @CsvSource({"true", "false"})
    void whoEndsTheTargetEndsThePipe(final boolean splice) throws IOException {
        connect(UNIX_STREAM, UNIX_STREAM);
        proxy(splice);
        left.end();
        client.shutdown(SHUT_WR);
        server.shutdown(SHUT_WR);
        Turns.untilOver(loop);
        assertThat(told).containsExactlyInAnyOrder("left null", "right null");
    }

    @ParameterizedTest
    @CsvSource({"true", "false"})
    void aStreamPipedToItselfIsAnEcho(final boolean splice) throws IOException {
        connect(TCP4, TCP4);
        pipe(left, left, splice);
        final Traffic traffic = new Traffic(client, 2_000_000);
        final MemorySegment into = Arena.ofAuto().allocate(30_000);
        Turns.until(loop, () -> traffic.step(into));
        assertThat(traffic.received).isEqualTo(2_000_000);
        right.destroy();
        Turns.untilOver(loop);
        assertThat(told).containsExactlyInAnyOrder("left null", "right null");
    }

    @Test
    void aPipeCatchesUpWithWhatHasHappenedBefore() throws IOException {
        connect(UNIX_STREAM, UNIX_STREAM);
        client.shutdown(SHUT_WR);
        left.onEnd(() -> told.add("end"));
        Turns.until(loop, () -> told.contains("end"));
        left.spliceTo(right);
        assertThat(server.recv(new byte[1], 0, 1, MSG_DONTWAIT)).isZero();
        right.destroy();
        right.spliceTo(left);
        Turns.untilOver(loop);
        assertThat(told).containsExactly("end", "right null", "left null");
        right.spliceTo(left);
        left.pipeTo(right);
    }

    @Test
    void whatDoesNotGoTogetherIsRefused() throws IOException {
        connect(UNIX_STREAM, UNIX_STREAM);
        left.pipeTo(right);
        assertThatThrownBy(() -> left.spliceTo(left)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is passed on by another pipe");
        assertThatThrownBy(() -> right.spliceTo(right)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is written to by another pipe");
        try (EventLoop other = EventLoop.open()) {
            assertThatThrownBy(() -> left.moveTo(other, _ -> { })).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("part of a pipe");
            final SocketFd.Pair pair = UNIX_STREAM.connected();
            final Stream foreign = arrivals.adopt(other, pair.first());
            assertThatThrownBy(() -> right.pipeTo(foreign)).isInstanceOf(IllegalArgumentException.class);
            pair.second().close();
        }
    }

    @Test
    void whatComesToAStreamThatWasClosedBeforeIsNotPassedOn() throws IOException {
        for (final boolean byKernel : new boolean[] {false, true}) {
            try (EventLoop own = EventLoop.open();
                    SocketFd.Pair one = SocketFd.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
                    SocketFd.Pair two = SocketFd.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
                final Stream from = arrivals.adopt(own, one.first());
                final Stream to = arrivals.adopt(own, two.first());
                from.close();
                if (byKernel) {
                    from.spliceTo(to);
                } else {
                    from.pipeTo(to);
                }
                one.second().send(new byte[5], 0, 5, 0);
                Turns.untilQuiet(own);
                final byte[] into = new byte[9];
                assertThat(two.second().recv(into, 0, into.length, 0)).as("the end").isZero();
            }
        }
    }
}
