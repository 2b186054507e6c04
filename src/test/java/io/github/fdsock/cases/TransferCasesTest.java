package io.github.fdsock.cases;

import static io.github.fdsock.cases.Workbench.ok;
import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.Background;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.Iovec;
import io.github.fdsock.sys.struct.Mmsghdr;
import io.github.fdsock.sys.struct.Msghdr;
import io.github.fdsock.sys.struct.Pollfd;
import io.github.fdsock.sys.struct.Timeval;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What is sent arrives, all of it and in order, however much it is and whoever waits; what cannot be, ends in time.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class TransferCasesTest {
    @TempDir
    Path directory;

    @Test
    void C04_aSendThatNobodyReadsEndsAtItsTimeout() {
        try (Workbench bench = new Workbench()) {
            Workbench.Pair pair = bench.unixPair(SOCK_STREAM);
            ok(Libc.setsockopt(pair.a(), SOL_SOCKET, SO_SNDTIMEO,
                    Timeval.allocate(bench.arena()).micros(30_000).segment(), Timeval.SIZEOF));
            MemorySegment first = bench.bytes("first".repeat(100) + "and the rest");
            MemorySegment other = bench.bytes("x".repeat(512));
            Msghdr message = message(bench, first);
            long start = System.nanoTime();
            assertThat(Libc.sendmsg(pair.a(), message.prepareSend().segment(), MSG_NOSIGNAL)).isEqualTo(512);
            message = message(bench, other);
            long result;
            do {
                result = Libc.sendmsg(pair.a(), message.prepareSend().segment(), MSG_NOSIGNAL);
            } while (result == 512);
            long lasted = System.nanoTime() - start;
            assertThat(result).isIn((long) -EAGAIN, (long) -ENOMEM);
            assertThat(lasted).isBetween(30_000_000L, 20_000_000_000L);
            MemorySegment buffer = bench.memory(512);
            assertThat(Libc.recv(pair.b(), buffer, 512, 0)).isEqualTo(512);
            assertThat(buffer.mismatch(first)).isEqualTo(-1);
        }
    }

    private static Msghdr message(Workbench bench, MemorySegment bytes) {
        return Msghdr.allocate(bench.arena()).iov(Iovec.allocate(bench.arena(), 1).add(bytes));
    }

    @Test
    void G19_ofMoreThan1024MessagesOnlySoManyAreSentButAllAreReceived() {
        int many = UIO_MAXIOV + 76;
        try (Workbench bench = new Workbench()) {
            Workbench.Pair pair = bench.tcpPair();
            MemorySegment sent = random(bench, many);
            MemorySegment received = bench.memory(many);
            ok(Libc.sendmmsg(pair.a(), oneByteEach(bench, sent, many), many, MSG_DONTWAIT), UIO_MAXIOV);
            long rest = many - UIO_MAXIOV;
            assertThat(Libc.send(pair.a(), sent.asSlice(UIO_MAXIOV), rest, 0)).isEqualTo(rest);
            MemorySegment in = oneByteEach(bench, received, many);
            ok(Libc.recvmmsg(pair.b(), in, many, 0, MemorySegment.NULL), many);
            for (int i = 0; i < many; i++) {
                assertThat(in.get(ValueLayout.JAVA_INT, (long) i * Mmsghdr.SIZEOF + Msghdr.SIZEOF))
                        .as("length of message %d", i).isEqualTo(1);
            }
            assertThat(received.mismatch(sent)).isEqualTo(-1);
        }
    }

    @Test
    void G19_recvmmsgNeedsRoomForEveryMessageSendmmsgForThoseItLooksAt() {
        try (Workbench bench = new Workbench()) {
            MemorySegment messages = bench.memory((long) UIO_MAXIOV * Mmsghdr.SIZEOF);
            assertThat(Libc.sendmmsg(-1, messages, UIO_MAXIOV + 1, 0)).isEqualTo(-EBADF);
            assertThat(Libc.recvmmsg(-1, messages, UIO_MAXIOV, MSG_DONTWAIT, MemorySegment.NULL)).isEqualTo(-EBADF);
            assertThatThrownBy(() -> Libc.recvmmsg(-1, messages, UIO_MAXIOV + 1, MSG_DONTWAIT, MemorySegment.NULL))
                    .isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("recvmmsg")
                    .hasMessageContaining("1025");
            assertThatThrownBy(() -> Libc.recvmmsg(-1, messages, -1, MSG_DONTWAIT, MemorySegment.NULL))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    /// More `struct mmsghdr` than the view of them would make.
    private static MemorySegment oneByteEach(Workbench bench, MemorySegment bytes, int count) {
        MemorySegment messages = bench.memory((long) count * Mmsghdr.SIZEOF);
        for (int i = 0; i < count; i++) {
            Msghdr.of(messages.asSlice((long) i * Mmsghdr.SIZEOF, Msghdr.SIZEOF))
                    .iov(Iovec.allocate(bench.arena(), 1).add(bytes.asSlice(i, 1))).prepareSend();
        }
        return messages;
    }

    private static MemorySegment random(Workbench bench, int size) {
        byte[] bytes = new byte[size];
        new Random(47).nextBytes(bytes);
        return bench.arena().allocateFrom(ValueLayout.JAVA_BYTE, bytes);
    }

    @Test
    void C38_aFilePartIsSentWholeAndTheFileMovesOn() throws Exception {
        int offset = 5000;
        int count = 5_000_007;
        byte[] content = new byte[10 << 20];
        new Random(38).nextBytes(content);
        Path path = Files.write(directory.resolve("file"), content);
        try (Workbench bench = new Workbench()) {
            int file = bench.keep(Libc.open(bench.bytes(path + "\0"), O_RDONLY | O_CLOEXEC, 0));
            assertThat(Libc.lseek(file, offset, SEEK_SET)).isEqualTo(offset);
            Workbench.Pair pair = bench.tcpPair();
            ok(Libc.fcntl(pair.a(), F_SETFL, O_RDWR | O_NONBLOCK));
            try (Background<Long> receiver = Background.start(() -> checksumUntilEnd(bench, pair.b()))) {
                MemorySegment writable = Pollfd.allocate(bench.arena(), 1)
                        .set(0, pair.a(), POLLOUT).segment();
                long sent = 0;
                while (sent < count) {
                    long part = Libc.sendfile(pair.a(), file, MemorySegment.NULL, count - sent);
                    if (part == -EAGAIN) {
                        ok(Libc.poll(writable, 1, 20_000), 1);
                    } else {
                        assertThat(part).isPositive();
                        sent += part;
                    }
                }
                assertThat(sent).isEqualTo(count);
                assertThat(Libc.lseek(file, 0, SEEK_CUR)).isEqualTo(offset + count);
                ok(Libc.shutdown(pair.a(), SHUT_WR));
                CRC32 expected = new CRC32();
                expected.update(content, offset, count);
                assertThat(receiver.result()).isEqualTo(expected.getValue());
            }
        }
    }

    private static long checksumUntilEnd(Workbench bench, int fd) {
        MemorySegment buffer = bench.memory(1 << 16);
        CRC32 checksum = new CRC32();
        for (long n = Libc.recv(fd, buffer, 1 << 16, 0); n != 0; n = Libc.recv(fd, buffer, 1 << 16, 0)) {
            assertThat(n).isPositive();
            checksum.update(buffer.asSlice(0, n).asByteBuffer());
        }
        return checksum.getValue();
    }

    @Test
    void C38_anEmptyFileIsSentAsNothing() throws Exception {
        Path path = Files.createFile(directory.resolve("empty"));
        try (Workbench bench = new Workbench()) {
            int file = bench.keep(Libc.open(bench.bytes(path + "\0"), O_RDONLY | O_CLOEXEC, 0));
            assertThat(Libc.sendfile(bench.unixPair(SOCK_STREAM).a(), file, MemorySegment.NULL, 100)).isZero();
        }
    }

    @Test
    void G21_aReceiveWaitsAsLongAsItsTimeout() {
        try (Workbench bench = new Workbench()) {
            Workbench.Pair pair = bench.unixPair(SOCK_STREAM);
            ok(Libc.setsockopt(pair.a(), SOL_SOCKET, SO_RCVTIMEO,
                    Timeval.allocate(bench.arena()).micros(35_000).segment(), Timeval.SIZEOF));
            long start = System.nanoTime();
            assertThat(Libc.recv(pair.a(), bench.memory(16), 16, 0)).isEqualTo(-EAGAIN);
            assertThat(System.nanoTime() - start).isBetween(35_000_000L, TimeUnit.SECONDS.toNanos(20));
        }
    }
}
