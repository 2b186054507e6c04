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
import io.github.fdsock.MemFd;
import io.github.fdsock.Message;
import io.github.fdsock.SocketFd;
import io.github.fdsock.harness.Faults;
import io.github.fdsock.harness.Scope;
import io.github.fdsock.harness.Trace;
import io.github.fdsock.harness.junit.FdLedger;
import io.github.fdsock.harness.junit.SocketFamilies;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.testing.Allocations;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/// What is written arrives in its order, with its descriptors, and what does not fit waits without growing beyond its
/// bytes.
@Timeout(60)
@FdLedger
@ParameterizedClass
@EnumSource(Arrivals.class)
class StreamWriteTest extends LoopFixture {
    @Parameter
    private Arrivals arrivals;

    private final List<String> told = new ArrayList<>();

    @TempDir
    private Path folder;

    private static MemorySegment text(final String text) {
        return MemorySegment.ofArray(text.getBytes());
    }

    /// Reads on a loop's side until the end; what is read has to be as [Turns#numbered] makes it.
    private long[] reading(final SocketFd socket) throws IOException {
        final long[] got = {0};
        arrivals.adopt(loop, socket).onData(data -> got[0] = Turns.check(got[0], data))
                .onClose(cause -> told.add("peer " + cause));
        return got;
    }

    /// Writes until it is told to wait.
    private static void fill(final Stream stream) {
        final MemorySegment block = MemorySegment.ofArray(new byte[1000]);
        while (stream.write(block)) {
            continue;
        }
    }

    // ---- order and back-pressure

    @SocketFamilies({TCP4, TCP6, UNIX_STREAM})
    void n10_everyWayToWriteKeepsTheOrderUnderBackPressure(final SocketFd.Pair pair) throws IOException {
        pair.first().setsockopt(SockOpt.SO_SNDBUF, 20_000);
        final Stream stream = arrivals.adopt(loop, pair.first()).highWaterMark(10_000);
        final long total = 4 << 20;
        final long[] sent = {0};
        final long[] most = {0};
        final int[] round = {0};
        final Path file = folder.resolve("file");
        Files.write(file, Turns.numbered(0, 251 * 400).toArray(ValueLayout.JAVA_BYTE));
        final Action send = () -> {
            boolean more = true;
            while (more && sent[0] < total) {
                final int size = 1 + round[0] * 7919 % 70_000;
                final MemorySegment data = Turns.numbered(sent[0], size);
                more = switch (round[0]++ % 5) {
                    case 0 -> stream.write(data);
                    case 1 -> stream.write(MemorySegment.ofArray(data.toArray(ValueLayout.JAVA_BYTE)));
                    case 2 -> stream.writev(data.asSlice(0, size / 3), data.asSlice(size / 3, size / 3),
                            MemorySegment.ofArray(data.asSlice(size / 3 * 2L).toArray(ValueLayout.JAVA_BYTE)));
                    case 3 -> stream.write(data, failure -> assertThat(failure).isNull());
                    default -> stream.sendFile(Fd.openFile(file, O_RDONLY, 0), sent[0] % 251, size, null);
                };
                sent[0] += size;
                most[0] = Math.max(most[0], stream.bytesQueued());
            }
            if (more) {
                stream.end();
            }
        };
        final long[] got = reading(pair.second());
        stream.onDrain(send).onClose(cause -> told.add("close " + cause));
        send.run();
        Turns.untilOver(loop);
        assertThat(got[0]).isEqualTo(sent[0]).isEqualTo(stream.bytesWritten());
        // A write is queued whole; the mark says when to stop.
        assertThat(most[0]).isGreaterThan(10_000).isLessThan(10_000 + 70_000);
        assertThat(told).containsExactlyInAnyOrder("close null", "peer null");
        assertThat(loop.metrics().bytesQueued()).isZero();
    }

    /// As `uv_try_write`, but that whoever has something left is told when to go on.
    @SocketFamilies({TCP4, UNIX_STREAM})
    void whatIsOnlyTriedIsNeverQueuedAndIsWorthAnotherTryWhenDrainIsTold(final SocketFd.Pair pair) throws IOException {
        final Stream stream = arrivals.adopt(loop, pair.first());
        final long[] sent = {0};
        final int total = 8 << 20;
        final MemorySegment all = Turns.numbered(0, total);
        final Action send = () -> {
            long n = 0;
            while (n >= 0 && sent[0] < total) {
                n = stream.tryWrite(all.asSlice(sent[0]));
                sent[0] += Math.max(n, 0);
                assertThat(stream.bytesQueued()).isZero();
            }
            if (n == -EAGAIN) {
                told.add("full");
            } else {
                stream.end();
            }
        };
        stream.onDrain(send).onClose(cause -> told.add("close " + cause));
        send.run();
        assertThat(told).containsExactly("full");
        // Nobody reads yet: there is nothing to be told.
        Turns.untilQuiet(loop);
        assertThat(told).containsExactly("full");
        final long[] got = reading(pair.second());
        Turns.untilOver(loop);
        assertThat(got[0]).isEqualTo(total).isEqualTo(stream.bytesWritten());
        assertThat(told).contains("peer null", "close null");
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void nothingIsTriedInFrontOfWhatIsQueued(final SocketFd.Pair pair) throws IOException {
        final Stream stream = arrivals.adopt(loop, pair.first());
        fill(stream);
        final long queued = stream.bytesQueued();
        assertThat(queued).isPositive();
        assertThat(stream.tryWrite(text("x"))).isEqualTo(-EAGAIN);
        assertThat(stream.bytesQueued()).isEqualTo(queued);
        stream.destroy();
    }

    @SocketFamilies({UNIX_STREAM, UNIX_SEQPACKET})
    void aTryThatFailsEndsTheStream(final SocketFd.Pair pair) throws IOException {
        final Stream stream = arrivals.adopt(loop, pair.first()).onClose(cause -> told.add("close " + cause));
        pair.second().close();
        assertThatThrownBy(() -> stream.tryWrite(text("x")))
                .isInstanceOfSatisfying(ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(EPIPE));
        assertThatThrownBy(() -> stream.tryWrite(text("x"))).isInstanceOf(ErrnoException.class);
        Turns.untilOver(loop);
        assertThat(told).singleElement().asString().startsWith("close ").contains("EPIPE");
        assertThatThrownBy(() -> stream.tryWrite(text("x"))).isInstanceOf(ErrnoException.class);
    }

    @SocketFamilies(UNIX_STREAM)
    void whatCannotBeReadIsRefusedAndNothingOfItIsQueued(final SocketFd.Pair pair) throws IOException {
        final Stream stream = arrivals.adopt(loop, pair.first());
        final MemorySegment gone;
        try (Arena arena = Arena.ofConfined()) {
            gone = arena.allocate(8);
        }
        final MemorySegment good = Arena.ofAuto().allocate(8);
        for (final boolean full : new boolean[] {false, true}) {
            if (full) {
                fill(stream);
            }
            final long queued = stream.bytesQueued();
            try (EventFd fd = EventFd.create(0, 0)) {
                assertThatThrownBy(() -> stream.write(gone)).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(() -> stream.writev(good, gone)).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(() -> stream.writev(good, null)).isInstanceOf(NullPointerException.class);
                assertThatThrownBy(() -> stream.write(gone, fd)).isInstanceOf(IllegalStateException.class);
                assertThat(fd.isOpen()).as("it stays the caller's").isTrue();
            }
            assertThat(stream.bytesQueued()).isEqualTo(queued);
        }
        final long all = stream.bytesWritten() + stream.bytesQueued();
        stream.end();
        final long[] got = {0};
        arrivals.adopt(loop, pair.second()).onData(data -> got[0] += data.byteSize());
        Turns.untilOver(loop);
        assertThat(got[0]).isEqualTo(all);
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void u30_bothSidesQueueSixMegabytesAtOnceAndAllArrives(final SocketFd.Pair pair) throws IOException {
        final int writes = 256;
        final int size = 8 * 1024;
        for (final SocketFd socket : List.of(pair.first(), pair.second())) {
            final Stream stream = arrivals.adopt(loop, socket);
            final long[] got = {0};
            stream.onData(data -> got[0] = Turns.check(got[0], data));
            stream.onClose(cause -> told.add(got[0] + " " + cause));
            for (int i = 0; i < writes; i++) {
                final long at = 3L * size * i;
                stream.writev(Turns.numbered(at, size), Turns.numbered(at + size, size),
                        Turns.numbered(at + 2 * size, size));
            }
            stream.end();
        }
        Turns.untilOver(loop);
        assertThat(told).containsExactly("6291456 null", "6291456 null");
    }

    @SocketFamilies({TCP4, UNIX_STREAM, UNIX_SEQPACKET})
    void manySmallWritesCostTheirBytesAndNoMore(final SocketFd.Pair pair) throws IOException {
        final Stream stream = arrivals.adopt(loop, pair.first());
        fill(stream);
        final long queued = stream.bytesQueued();
        final MemorySegment one = MemorySegment.ofArray(new byte[1]);
        final long before = Allocations.ofNativeMemory();
        final int[] done = {0};
        for (int i = 0; i < 20_000; i++) {
            stream.write(one, failure -> done[0]++);
        }
        assertThat(stream.bytesQueued()).isEqualTo(queued + 20_000);
        assertThat(Allocations.ofNativeMemory() - before).as("native memory for 20,000 bytes").isLessThan(1 << 20);
        stream.destroy();
        Turns.untilOver(loop);
        assertThat(done[0]).isEqualTo(20_000);
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void aDrainIsToldEachTimeItWasAskedToWaitAndNotAfterTheEnd(final SocketFd.Pair pair) throws IOException {
        final Stream stream = arrivals.adopt(loop, pair.first()).onDrain(() -> told.add("drain"));
        final MemorySegment into = Arena.ofAuto().allocate(1 << 20);
        pair.second().nonBlocking(true);
        for (int i = 1; i <= 3; i++) {
            fill(stream);
            final int n = i;
            Turns.until(loop, () -> {
                read(pair.second(), into);
                return told.size() == n;
            });
            assertThat(stream.bytesQueued()).isZero();
        }
        fill(stream);
        stream.end();
        Turns.until(loop, () -> {
            read(pair.second(), into);
            return stream.bytesQueued() == 0;
        });
        Turns.untilQuiet(loop);
        assertThat(told).hasSize(3);
        stream.destroy();
    }

    private static void read(final SocketFd socket, final MemorySegment into) {
        try {
            while (socket.recv(into, 0) > 0) {
                continue;
            }
        } catch (final IOException e) {
            throw new AssertionError(e);
        }
    }

    @SocketFamilies({TCP4, UNIX_STREAM, UNIX_SEQPACKET})
    void completionsAreToldInOrderLaterAndOnce(final SocketFd.Pair pair) throws IOException {
        final Stream stream = arrivals.adopt(loop, pair.first());
        for (int i = 0; i < 5; i++) {
            final int n = i;
            stream.write(text(i % 2 == 0 ? "x" : ""), failure -> told.add(n + " " + failure));
        }
        assertThat(told).isEmpty();
        Turns.until(loop, () -> told.size() == 5);
        assertThat(told).containsExactly("0 null", "1 null", "2 null", "3 null", "4 null");
        told.clear();
        fill(stream);
        for (int i = 0; i < 5; i++) {
            final int n = i;
            stream.write(text(i % 2 == 0 ? "x" : ""), failure -> told.add(n + " " + failure));
        }
        pair.second().nonBlocking(true);
        final MemorySegment into = Arena.ofAuto().allocate(1 << 20);
        Turns.until(loop, () -> {
            try {
                // Of packets an empty one is read as 0, too.
                while (pair.second().recv(into, 0) >= 0) {
                    continue;
                }
            } catch (final IOException e) {
                throw new AssertionError(e);
            }
            return told.size() == 5;
        });
        assertThat(told).containsExactly("0 null", "1 null", "2 null", "3 null", "4 null");
    }

    @SocketFamilies({UNIX_SEQPACKET})
    void packetsKeepTheirBoundsWaitingOrNot(final SocketFd.Pair pair) throws IOException {
        final Stream stream = arrivals.adopt(loop, pair.first());
        final List<Long> sizes = new ArrayList<>();
        arrivals.adopt(loop, pair.second()).onData(data -> sizes.add(data.byteSize())).onEnd(() -> told.add("end"));
        final List<Long> sent = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            final int size = i * 97 % 40_000;
            if (i % 3 == 0) {
                stream.writev(MemorySegment.ofArray(new byte[size / 2]),
                        MemorySegment.ofArray(new byte[size - size / 2]));
            } else {
                stream.write(MemorySegment.ofArray(new byte[size]));
            }
            sent.add((long) size);
        }
        assertThat(stream.bytesQueued()).isPositive();
        stream.end();
        Turns.until(loop, () -> told.contains("end"));
        assertThat(sizes).isEqualTo(sent);
    }

    @SocketFamilies({UNIX_SEQPACKET})
    void aPacketThatIsTooLargeFailsByItsErrno(final SocketFd.Pair pair) throws IOException {
        final Stream stream = arrivals.adopt(loop, pair.first())
                .onClose(cause -> told.add("close " + cause.getMessage()));
        assertThat(stream.write(MemorySegment.ofArray(new byte[4 << 20]), failure -> told.add("write"))).isFalse();
        Turns.untilOver(loop);
        assertThat(told).hasSize(2).startsWith("write").element(1).asString().contains("EMSGSIZE");
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void aWriteMakesOneCallAndADrainedOneNoMore(final SocketFd.Pair pair) throws IOException {
        final Stream stream = arrivals.adopt(loop, pair.first());
        try (Trace trace = Trace.record(Scope.thisThread()); Arena arena = Arena.ofConfined()) {
            stream.write(arena.allocate(10));
            stream.writev(arena.allocate(10), arena.allocate(10));
            stream.sendFile(Fd.openFile(Files.write(folder.resolve("f"), new byte[10]), O_RDONLY, 0), 0, 10, null);
            final List<String> calls = new ArrayList<>(List.of("send", "sendmsg", "open", "sendfile", "close"));
            if (arrivals == Arrivals.BY_LEVELS) {
                // For O_NONBLOCK, which others could have taken away.
                calls.add(3, "fcntl");
            }
            assertThat(trace.entries().stream().map(entry -> entry.call().name())).containsExactlyElementsOf(calls);
            assertThat(trace.lines().subList(0, 2)).as("no SIGPIPE, whoever handles it").allMatch(
                    line -> line.contains("MSG_NOSIGNAL"));
        }
        assertThat(stream.bytesWritten()).isEqualTo(40);
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void u52_optionsOfTheSocketAreSetWhileItIsAStreams(final SocketFd.Pair pair) throws IOException {
        final Stream stream = arrivals.adopt(loop, pair.first());
        stream.socket().setsockopt(SockOpt.SO_SNDBUF, 10_000);
        assertThat(stream.socket().getsockopt(SockOpt.SO_SNDBUF)).isEqualTo(20_000);
        stream.destroy();
        assertThatThrownBy(() -> stream.socket().setsockopt(SockOpt.SO_SNDBUF, 10_000))
                .isInstanceOf(IllegalStateException.class);
    }

    // ---- descriptors

    @SocketFamilies({UNIX_STREAM, UNIX_SEQPACKET})
    void n01_descriptorsLeaveWithTheirBytesAlsoFromTheQueue(final SocketFd.Pair pair) throws IOException {
        final Stream stream = arrivals.adopt(loop, pair.first());
        fill(stream);
        int sent = 0;
        for (int i = 0; i < 10; i++) {
            stream.write(text("a" + i), EventFd.create(i, EFD_NONBLOCK), EventFd.create(0, 0));
            stream.write(text("b" + i));
            sent += 2;
        }
        stream.end();
        final StringBuilder bytes = new StringBuilder();
        final List<String> values = new ArrayList<>();
        final MemorySegment value = Arena.ofAuto().allocate(8);
        arrivals.adopt(loop, pair.second()).onMessage((data, message) -> {
            if (message.descriptors() > 0) {
                try (Fd first = message.takeFd(0)) {
                    final boolean zero = first.read(value) < 0;
                    values.add(Turns.text(data).replaceAll("[^a-z0-9]", "") + " "
                            + (zero ? 0 : value.get(ValueLayout.JAVA_LONG, 0)));
                }
            }
            bytes.append(Turns.text(data).replace("\0", ""));
        }).onClose(cause -> told.add("close " + cause));
        Turns.untilOver(loop);
        assertThat(bytes).hasSize(2 * sent).startsWith("a0b0a1b1");
        assertThat(values).hasSize(10);
        for (int i = 0; i < 10; i++) {
            assertThat(values.get(i)).contains("a" + i).endsWith(" " + i);
        }
        assertThat(told).containsExactly("close null");
    }

    @SocketFamilies({UNIX_STREAM})
    void alargeWriteWithDescriptorsThatIsTakenAtOnceDoesNotAskToWait(final SocketFd.Pair pair) throws IOException {
        final Stream stream = arrivals.adopt(loop, pair.first()).onDrain(() -> told.add("drain"));
        final boolean more = stream.write(MemorySegment.ofArray(new byte[100_000]), EventFd.create(0, 0));
        assertThat(more).isEqualTo(stream.bytesQueued() < 64 * 1024);
        fill(stream);
        pair.second().nonBlocking(true);
        final MemorySegment into = Arena.ofAuto().allocate(1 << 20);
        Turns.until(loop, () -> {
            read(pair.second(), into);
            return !told.isEmpty();
        });
    }

    @SocketFamilies({UNIX_STREAM, UNIX_SEQPACKET})
    void aTryWithDescriptorsSendsNowOrNotAtAllAndTheyStayTheirOwners(final SocketFd.Pair pair) throws IOException {
        final Stream stream = arrivals.adopt(loop, pair.first()).onDrain(() -> told.add("drain"));
        try (EventFd fd = EventFd.create(7, 0)) {
            assertThat(stream.tryWrite(text("array"), fd)).isEqualTo(5);
            assertThat(stream.tryWrite(Turns.numbered(0, 3), fd, fd)).isEqualTo(3);
            try (Message message = pair.second().receive(Arena.ofAuto().allocate(5), 0, 4)) {
                assertThat(message.bytes()).isEqualTo(5);
                assertThat(message.descriptors()).isEqualTo(1);
            }
            try (Message message = pair.second().receive(Arena.ofAuto().allocate(3), 0, 4)) {
                assertThat(message.descriptors()).isEqualTo(2);
            }
            assertThat(stream.bytesWritten()).isEqualTo(8);
            fill(stream);
            assertThat(stream.tryWrite(text("x"), fd)).isEqualTo(-EAGAIN);
            assertThat(fd.isOpen()).isTrue();
            pair.second().nonBlocking(true);
            final MemorySegment into = Arena.ofAuto().allocate(1 << 20);
            Turns.until(loop, () -> {
                read(pair.second(), into);
                return !told.isEmpty();
            });
            assertThat(stream.tryWrite(text("x"), fd)).isEqualTo(1);
            // With something unread it would be a reset.
            read(pair.second(), into);
            pair.second().close();
            assertThatThrownBy(() -> stream.tryWrite(text("x"), fd)).hasMessageContaining("EPIPE");
            assertThatThrownBy(() -> stream.tryWrite(text(""), fd)).hasMessageContaining("no byte");
            Turns.until(loop, stream::isClosed);
            assertThatThrownBy(() -> stream.tryWrite(text("x"), fd)).hasMessageContaining("EPIPE");
            assertThat(fd.isOpen()).isTrue();
        }
    }

    @SocketFamilies({UNIX_STREAM})
    void aWriteWithDescriptorsTellsWhenItIsOver(final SocketFd.Pair pair) throws IOException {
        final Stream stream = arrivals.adopt(loop, pair.first());
        stream.write(text("x"), failure -> told.add("first " + failure), EventFd.create(0, 0));
        assertThat(told).as("told within the write").isEmpty();
        Turns.until(loop, () -> !told.isEmpty());
        fill(stream);
        final EventFd fd = EventFd.create(0, 0);
        stream.write(text("y"), failure -> told.add("second " + failure.getClass().getSimpleName()), fd);
        stream.destroy();
        assertThat(fd.isOpen()).isFalse();
        loop.runNoWait();
        assertThat(told).containsExactly("first null", "second ClosedChannelException");
    }

    @SocketFamilies({TCP4, TCP6})
    void whenASilentPeerIsGoneAndHowTrafficIsMarkedCanBeChosen(final SocketFd.Pair pair) throws IOException {
        final Stream stream = arrivals.adopt(loop, pair.first());
        assertThat(stream.keepAlive(Duration.ofSeconds(20), Duration.ofSeconds(5), 3)).isSameAs(stream);
        stream.typeOfService(0xb8);
        assertThat(pair.first().getsockopt(SockOpt.SO_KEEPALIVE)).isTrue();
        assertThat(pair.first().getsockopt(SockOpt.TCP_KEEPIDLE)).isEqualTo(20);
        assertThat(pair.first().getsockopt(SockOpt.TCP_KEEPINTVL)).isEqualTo(5);
        assertThat(pair.first().getsockopt(SockOpt.TCP_KEEPCNT)).isEqualTo(3);
        assertThat(pair.first().getsockopt(SockOpt.IP_TOS)).isEqualTo(0xb8);
        if (pair.first().localAddress().family() == AF_INET6) {
            assertThat(pair.first().getsockopt(SockOpt.IPV6_TCLASS)).isEqualTo(0xb8);
        }
        assertThatThrownBy(() -> stream.keepAlive(Duration.ofMillis(999), Duration.ofSeconds(5), 3))
                .hasMessageContaining("EINVAL");
    }

    /// Of a byte the kernel takes the lowest bits of whatever it is given.
    @SocketFamilies({TCP4, TCP6})
    void aMarkThatIsNoByteIsRefused(final SocketFd.Pair pair) throws IOException {
        final Stream stream = arrivals.adopt(loop, pair.first());
        for (final int bits : new int[] {-1, 256, 0x1b8, Integer.MIN_VALUE}) {
            assertThatThrownBy(() -> stream.typeOfService(bits)).as("%d", bits)
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("" + bits);
        }
        assertThat(pair.first().getsockopt(SockOpt.IP_TOS)).isZero();
    }

    @SocketFamilies({TCP4})
    void timesThatKeepAliveDoesNotKnowAreRefusedAsTheKernelDoes(final SocketFd.Pair pair) throws IOException {
        final Stream stream = arrivals.adopt(loop, pair.first());
        final Duration second = Duration.ofSeconds(1);
        for (final Duration time : List.of(Duration.ofSeconds(Long.MAX_VALUE), Duration.ofSeconds(Long.MIN_VALUE),
                Duration.ofSeconds(32_768), Duration.ZERO, Duration.ofSeconds((1L << 32) + 1))) {
            assertThatThrownBy(() -> stream.keepAlive(time, second, 1)).as("%s", time).hasMessageContaining("EINVAL");
            assertThatThrownBy(() -> stream.keepAlive(second, time, 1)).as("%s", time).hasMessageContaining("EINVAL");
            assertThatThrownBy(() -> stream.keepAlive(true, time)).as("%s", time).hasMessageContaining("EINVAL");
        }
        assertThatThrownBy(() -> stream.keepAlive(second, second, 128)).hasMessageContaining("EINVAL");
        assertThatThrownBy(() -> stream.keepAlive(second, second, 0)).hasMessageContaining("EINVAL");
    }

    @SocketFamilies({UNIX_STREAM})
    void whatIsOfNetworksIsRefusedElsewhere(final SocketFd.Pair pair) throws IOException {
        final Stream stream = arrivals.adopt(loop, pair.first());
        assertThatThrownBy(() -> stream.keepAlive(Duration.ofSeconds(20), Duration.ofSeconds(5), 3))
                .hasMessageContaining("EOPNOTSUPP");
        assertThatThrownBy(() -> stream.typeOfService(0xb8)).hasMessageContaining("EOPNOTSUPP");
    }

    @Test
    void descriptorsThatCannotGoStayTheirOwners() throws IOException {
        try (SocketFd.Pair tcp = TCP4.connected(); SocketFd.Pair unix = UNIX_STREAM.connected();
                EventFd fd = EventFd.create(0, 0)) {
            final EventFd gone = EventFd.create(0, 0);
            final Stream overTcp = arrivals.adopt(loop, tcp.first());
            final Stream stream = arrivals.adopt(loop, unix.first());
            gone.close();
            assertThatThrownBy(() -> overTcp.write(text("x"), fd)).isInstanceOf(UnsupportedOperationException.class);
            assertThatThrownBy(() -> stream.write(text(""), fd)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("no byte");
            assertThatThrownBy(() -> stream.write(text("x"), fd, gone)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> stream.write(text("x"), fd, null)).isInstanceOf(NullPointerException.class);
            final Fd[] many = new Fd[254];
            Arrays.fill(many, fd);
            assertThatThrownBy(() -> stream.write(text("x"), many)).hasMessageContaining("254 descriptors");
            stream.end();
            assertThatThrownBy(() -> stream.write(text("x"), fd)).isInstanceOf(IllegalStateException.class);
            assertThat(fd.isOpen()).isTrue();
            assertThat(stream.bytesQueued()).isZero();
        }
    }

    @SocketFamilies({UNIX_STREAM})
    void aDescriptorThatOthersHaveClosedEndsTheStreamAndNotTheLoop(final SocketFd.Pair pair) throws IOException {
        final Stream stream = arrivals.adopt(loop, pair.first()).onClose(cause -> told.add(cause.getMessage()));
        fill(stream);
        final EventFd fd = EventFd.create(0, 0);
        stream.write(text("x"), fd);
        fd.close();
        pair.second().nonBlocking(true);
        final MemorySegment into = Arena.ofAuto().allocate(1 << 20);
        Turns.until(loop, () -> {
            read(pair.second(), into);
            return !told.isEmpty();
        });
        assertThat(told.getFirst()).contains("fd " + fd.toString().replaceAll("\\D", "")).contains("closed");
    }

    @SocketFamilies({UNIX_STREAM})
    void descriptorsInTheQueueAreClosedWithTheStream(final SocketFd.Pair pair) throws IOException {
        final Stream stream = arrivals.adopt(loop, pair.first());
        fill(stream);
        final EventFd fd = EventFd.create(0, 0);
        stream.write(text("x"), fd);
        stream.destroy();
        assertThat(fd.isOpen()).isFalse();
        final EventFd late = EventFd.create(0, 0);
        assertThat(stream.write(text("x"), late)).isFalse();
        assertThat(late.isOpen()).isFalse();
    }

    // ---- files

    @SocketFamilies({TCP4, UNIX_STREAM})
    void aPartOfAFileIsSentBehindWhatWaitsAndItsCompletionTold(final SocketFd.Pair pair) throws IOException {
        final Path file = folder.resolve("file");
        Files.write(file, Turns.numbered(0, 1_000_000).toArray(ValueLayout.JAVA_BYTE));
        final Stream stream = arrivals.adopt(loop, pair.first());
        final long[] got = reading(pair.second());
        stream.write(Turns.numbered(0, 251 * 40_000));
        assertThat(stream.bytesQueued()).isPositive();
        final Fd sent = Fd.openFile(file, O_RDONLY, 0);
        stream.sendFile(sent, 251, 251 * 3000, failure -> told.add("sent " + failure));
        stream.sendFile(Fd.openFile(file, O_RDONLY, 0), 0, 0, failure -> told.add("nothing " + failure));
        stream.end(Turns.numbered(0, 100));
        Turns.untilOver(loop);
        assertThat(got[0]).isEqualTo(251 * 43_000 + 100);
        assertThat(sent.isOpen()).isFalse();
        assertThat(told).containsExactly("sent null", "nothing null", "peer null");
    }

    @Test
    void aHugeFileIsSentInPartsAndNobodyWaitsForIt() throws IOException {
        final SocketFd.Pair pair = UNIX_STREAM.connected();
        final long size = (2L << 30) + 5;
        final MemFd file = MemFd.create("huge", 0);
        file.size(size);
        final Stream stream = arrivals.adopt(loop, pair.first());
        final long[] got = {0};
        final Thread reader = new Thread(() -> {
            final MemorySegment into = Arena.ofAuto().allocate(1 << 20);
            try {
                long n;
                while ((n = pair.second().recv(into, 0)) > 0) {
                    got[0] += n;
                }
            } catch (final IOException e) {
                told.add(e.toString());
            }
        });
        reader.start();
        final int[] ticks = {0};
        final long[] before = {0};
        final long[] most = {0};
        final Timer timer = loop.timer(() -> {
            ticks[0]++;
            most[0] = Math.max(most[0], stream.bytesWritten() - before[0]);
            before[0] = stream.bytesWritten();
        });
        timer.unref();
        timer.start(0, 1);
        stream.sendFile(file, 0, size, failure -> told.add("sent " + failure));
        stream.end();
        Turns.until(loop, () -> !told.isEmpty());
        stream.destroy();
        try {
            reader.join();
        } catch (final InterruptedException e) {
            throw new AssertionError(e);
        }
        pair.second().close();
        assertThat(told).containsExactly("sent null");
        assertThat(got[0]).isEqualTo(size);
        assertThat(most[0]).as("bytes in one turn").isLessThanOrEqualTo(2 << 20);
        assertThat(ticks[0]).isGreaterThan(1000);
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void aFileThatIsShorterEndsTheStream(final SocketFd.Pair pair) throws IOException {
        final Fd file = Fd.openFile(Files.write(folder.resolve("file"), new byte[100]), O_RDONLY, 0);
        final Stream stream = arrivals.adopt(loop, pair.first())
                .onClose(cause -> told.add("close " + cause.getClass().getSimpleName()));
        assertThat(stream.sendFile(file, 50, 51, failure -> told.add("sent " + (failure instanceof EOFException))))
                .isFalse();
        Turns.untilOver(loop);
        assertThat(told).containsExactly("sent true", "close EOFException");
        assertThat(file.isOpen()).isFalse();
        assertThat(stream.bytesWritten()).isEqualTo(50);
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void aFileThatCannotBeReadEndsTheStreamWithItsErrno(final SocketFd.Pair pair) throws IOException {
        final Fd file = Fd.openFile(Files.write(folder.resolve("file"), new byte[100]), O_RDONLY, 0);
        final Stream stream = arrivals.adopt(loop, pair.first())
                .onClose(cause -> told.add("close " + ((ErrnoException) cause).errno()));
        try (Faults faults = Faults.inject("sendfile:error=EINTR:when=1", "sendfile:error=EIO:when=2")) {
            stream.sendFile(file, 0, 100, failure -> told.add("sent " + ((ErrnoException) failure).errno()));
            assertThat(faults.injected()).isEqualTo(2);
        }
        Turns.untilOver(loop);
        assertThat(told).containsExactly("sent " + EIO, "close " + EIO);
        assertThat(file.isOpen()).isFalse();
    }

    @SocketFamilies({UNIX_SEQPACKET})
    void badPartsOfFilesAreRefusedAndTheFileStaysItsOwners(final SocketFd.Pair pair) throws IOException {
        try (SocketFd.Pair other = UNIX_STREAM.connected(); MemFd file = MemFd.create("f", 0)) {
            final Stream packets = arrivals.adopt(loop, pair.first());
            final Stream stream = arrivals.adopt(loop, other.first());
            assertThatThrownBy(() -> packets.sendFile(file, 0, 1, null))
                    .isInstanceOf(UnsupportedOperationException.class);
            assertThatThrownBy(() -> stream.sendFile(file, -1, 1, null)).hasMessage("1 bytes from -1 on");
            assertThatThrownBy(() -> stream.sendFile(file, Long.MAX_VALUE, 1, null))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThat(file.isOpen()).isTrue();
        }
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void aSocketThatOthersMakeWaitHoldsUpAFileAndNotTheLoop(final SocketFd.Pair pair) throws IOException {
        final Duration limit = Duration.ofSeconds(2);
        final int size = 1 << 20;
        final Fd file = Fd.openFile(Files.write(folder.resolve("file"), new byte[size]), O_RDONLY, 0);
        pair.first().setsockopt(SockOpt.SO_SNDBUF, 64 * 1024);
        pair.second().setsockopt(SockOpt.SO_RCVBUF, 64 * 1024);
        final Stream stream = arrivals.adopt(loop, pair.first());
        stream.socket().nonBlocking(false);
        stream.socket().setsockopt(SockOpt.SO_SNDTIMEO, limit);
        final long start = System.nanoTime();
        assertThat(stream.sendFile(file, 0, size, null)).isFalse();
        loop.runNoWait();
        assertThat(System.nanoTime() - start).isLessThan(limit.toNanos());
        assertThat(stream.bytesQueued()).isPositive();
        stream.destroy();
        pair.second().close();
    }

    @SocketFamilies({UNIX_STREAM})
    void aPeerThatPausesHoldsUpAFileAndLosesNothing(final SocketFd.Pair pair) throws IOException {
        final int size = 5 << 20;
        final Fd file = Fd.openFile(Files.write(folder.resolve("file"),
                Turns.numbered(0, size).toArray(ValueLayout.JAVA_BYTE)), O_RDONLY, 0);
        final Stream stream = arrivals.adopt(loop, pair.first());
        final Stream peer = arrivals.adopt(loop, pair.second());
        final long[] got = {0};
        peer.onData(data -> {
            got[0] = Turns.check(got[0], data);
            peer.pause();
            loop.schedule(0, peer::resume);
        });
        stream.sendFile(file, 0, size, failure -> told.add("sent " + failure));
        stream.end();
        Turns.untilOver(loop);
        assertThat(got[0]).isEqualTo(size);
        assertThat(told).containsExactly("sent null");
    }
}
