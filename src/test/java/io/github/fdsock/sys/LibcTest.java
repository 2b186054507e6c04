package io.github.fdsock.sys;

import static io.github.fdsock.sys.Constants.*;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.fdsock.sys.struct.Addrinfo;
import io.github.fdsock.sys.struct.EpollEvents;
import io.github.fdsock.sys.struct.Itimerspec;
import io.github.fdsock.sys.struct.Pollfd;
import io.github.fdsock.sys.struct.Rlimit;
import io.github.fdsock.sys.struct.Siginfo;
import io.github.fdsock.sys.struct.Sigset;
import io.github.fdsock.sys.struct.Sockaddr;
import io.github.fdsock.sys.struct.Timespec;
import io.github.fdsock.testing.WithoutLedger;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What the documentation of each call promises is so on this kernel.
@Timeout(60)
class LibcTest {

    private static final MemorySegment NULL = MemorySegment.NULL;

    private final Arena arena = Arena.ofConfined();
    private final List<Integer> open = new ArrayList<>();

    @AfterEach
    void closeAll() {
        open.reversed().forEach(fd -> assertThat(Libc.close(fd)).isZero());
        arena.close();
    }

    /// Closed after the test.
    private int fd(int result) {
        assertThat(result).as(() -> Errno.describe(-result)).isNotNegative();
        open.add(result);
        return result;
    }

    private int close(int fd) {
        open.remove((Integer) fd);
        return Libc.close(fd);
    }

    private MemorySegment text(String text) {
        return arena.allocateFrom(text, StandardCharsets.UTF_8);
    }

    private MemorySegment number(int number) {
        return arena.allocateFrom(JAVA_INT, number);
    }

    private int[] pair(int type) {
        final MemorySegment sv = arena.allocate(8);
        assertThat(Libc.socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sv)).isZero();
        return new int[]{fd(sv.get(JAVA_INT, 0)), fd(sv.get(JAVA_INT, 4))};
    }

    private int[] pipe() {
        final MemorySegment pipefd = arena.allocate(8);
        assertThat(Libc.pipe2(pipefd, O_CLOEXEC | O_NONBLOCK)).isZero();
        return new int[]{fd(pipefd.get(JAVA_INT, 0)), fd(pipefd.get(JAVA_INT, 4))};
    }

    private MemorySegment unixAddress(String path) {
        final byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
        final MemorySegment address = arena.allocate(Sockaddr.SIZEOF_SOCKADDR_UN);
        Sockaddr.sa_family(address, AF_UNIX);
        Sockaddr.sun_path(address, 0, bytes);
        return address;
    }

    private MemorySegment loopback() {
        final MemorySegment address = arena.allocate(Sockaddr.SIZEOF_SOCKADDR_IN);
        Sockaddr.sa_family(address, AF_INET);
        Sockaddr.sin_addr(address, 0x7f000001);
        return address;
    }

    /// A TCP listener, whose address is put into `address`.
    private int listener(MemorySegment address) {
        final int listener = fd(Libc.socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        assertThat(Libc.bind(listener, address, 16)).isZero();
        assertThat(Libc.listen(listener, 5)).isZero();
        assertThat(Libc.getsockname(listener, address, number(16))).isZero();
        return listener;
    }

    private int flags(int fd) {
        return Libc.fcntl(fd, F_GETFD, 0);
    }

    // ---- sockets

    @Test
    void aPairThatCannotBeLeavesNothingOpenThoughItsNumbersMayBeThere() {
        final MemorySegment sv = arena.allocateFrom(JAVA_INT, -1, -1);
        assertThat(Libc.socketpair(AF_INET, SOCK_STREAM, 0, sv)).isEqualTo(-EOPNOTSUPP);
        assertThat(flags(sv.get(JAVA_INT, 0))).isEqualTo(-EBADF);
        assertThat(flags(sv.get(JAVA_INT, 4))).isEqualTo(-EBADF);
    }

    @Test
    void aPipeThatCannotBeLeavesTheArrayAsItWas() {
        final MemorySegment pipefd = arena.allocateFrom(JAVA_INT, 77, 78);
        assertThat(Libc.pipe2(pipefd, 1 << 30)).isEqualTo(-EINVAL);
        assertThat(pipefd.toArray(JAVA_INT)).containsExactly(77, 78);
    }

    @Test
    void acceptGivesADescriptorThatIsInheritedAndAccept4TheOneAskedFor() {
        final MemorySegment address = loopback();
        final int listener = listener(address);
        for (int i = 0; i < 2; i++) {
            assertThat(Libc.connect(fd(Libc.socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), address, 16)).isZero();
        }
        final MemorySegment length = number(4);
        final MemorySegment peer = arena.allocate(16);
        final int plain = fd(Libc.accept(listener, peer, length));
        assertThat(flags(plain)).isZero();
        assertThat(length.get(JAVA_INT, 0)).as("the whole length, though cut off").isEqualTo(16);
        assertThat(Sockaddr.sin_port(peer)).isNotZero();
        assertThat(Sockaddr.sin_addr(peer)).as("beyond the room").isZero();
        final int asked = fd(Libc.accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
        assertThat(flags(asked)).isEqualTo(FD_CLOEXEC);
        assertThat(Libc.fcntl(asked, F_GETFL, 0) & O_NONBLOCK).isEqualTo(O_NONBLOCK);
        assertThat(Libc.recvfrom(asked, peer, 1, 0, peer, length)).isEqualTo(-EAGAIN);
    }

    @Test
    void aListenerThatIsShutDownWakesWhoeverWaits() throws InterruptedException {
        final int listener = listener(loopback());
        final int[] result = new int[1];
        final Thread waiting = Thread.ofPlatform().start(() -> result[0] = Libc.accept4(listener, NULL, NULL, 0));
        while (!inSystemCall(waiting)) {
            assertThat(Thread.currentThread().isInterrupted()).as("not there at the end of the time").isFalse();
            Thread.onSpinWait();
        }
        assertThat(Libc.shutdown(listener, SHUT_RD)).isZero();
        waiting.join();
        assertThat(result[0]).isEqualTo(-EINVAL);
    }

    /// Whether some thread of this process sleeps in accept4(2): `/proc` names the function of the kernel it waits in.
    private static boolean inSystemCall(Thread thread) {
        if (!thread.isAlive()) {
            return true;
        }
        try (var tasks = Files.list(Path.of("/proc/self/task"))) {
            return tasks.anyMatch(task -> {
                try {
                    // 288 on x86-64, 242 on aarch64.
                    final String call = Files.readString(task.resolve("syscall"));
                    return call.startsWith("288 ") || call.startsWith("242 ");
                } catch (IOException gone) {
                    return false;
                }
            });
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aPathOf108BytesIsReportedWithTheNulItHasNoRoomFor(@TempDir Path directory) throws IOException {
        final String path = directory + "/" + "x".repeat(108 - 1 - directory.toString().length());
        final int socket = fd(Libc.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        assertThat(Libc.bind(socket, unixAddress(path), 110)).isZero();
        final MemorySegment name = arena.allocate(128);
        final MemorySegment length = number(128);
        assertThat(Libc.getsockname(socket, name, length)).isZero();
        assertThat(length.get(JAVA_INT, 0)).isEqualTo(111);
        Files.delete(Path.of(path));
    }

    @Test
    void theModeOfASocketFileIsTheSocketsBeforeBind(@TempDir Path directory) throws IOException {
        final Path path = directory.resolve("socket");
        final int socket = fd(Libc.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        assertThat(Libc.fchmod(socket, 0600)).isZero();
        assertThat(Libc.bind(socket, unixAddress(path.toString()), 110)).isZero();
        assertThat(mode(path)).isEqualTo("rw-------");
        assertThat(Libc.fchmod(socket, 0777)).isZero();
        assertThat(mode(path)).isEqualTo("rw-------");
        assertThat(Libc.chmod(text(path.toString()), 0640)).isZero();
        assertThat(mode(path)).isEqualTo("rw-r-----");
        assertThat(Libc.open(text(path.toString()), O_RDONLY | O_CLOEXEC, 0)).isEqualTo(-ENXIO);
        assertThat(Libc.unlink(text(path.toString()))).isZero();
        assertThat(Libc.unlink(text(path.toString()))).isEqualTo(-ENOENT);
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }

    @Test
    void aUnixSocketWhoseListenerIsFullSaysEagainAndNothingHasBegun() {
        final MemorySegment address = arena.allocate(Sockaddr.SIZEOF_SOCKADDR_UN);
        Sockaddr.sa_family(address, AF_UNIX);
        final int listener = fd(Libc.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        assertThat(Libc.bind(listener, address, 2)).isZero();
        final MemorySegment length = number(110);
        assertThat(Libc.getsockname(listener, address, length)).isZero();
        assertThat(length.get(JAVA_INT, 0)).as("the family, a NUL and five digits").isEqualTo(8);
        assertThat(Libc.listen(listener, 0)).isZero();
        int last;
        do {
            last = Libc.connect(fd(Libc.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)), address, 8);
        } while (last == 0 && open.size() < 10);
        assertThat(last).isEqualTo(-EAGAIN);
        assertThat(Libc.getpeername(open.getLast(), address, length)).isEqualTo(-ENOTCONN);
    }

    @Test
    void anAddressOnAConnectedUnixStreamIsRefusedAndOnTcpIgnored() {
        final int[] pair = pair(SOCK_STREAM);
        assertThat(Libc.sendto(pair[0], text("x"), 1, MSG_NOSIGNAL, unixAddress("/x"), 110)).isEqualTo(-EISCONN);

        final MemorySegment address = loopback();
        final int listener = listener(address);
        final int client = fd(Libc.socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        assertThat(Libc.connect(client, address, 16)).isZero();
        final int server = fd(Libc.accept4(listener, NULL, NULL, SOCK_CLOEXEC));
        assertThat(Libc.sendto(client, text("x"), 1, MSG_NOSIGNAL, loopback(), 16)).isEqualTo(1);
        final MemorySegment peer = arena.allocate(16);
        final MemorySegment length = number(16);
        assertThat(Libc.recvfrom(server, arena.allocate(4), 4, 0, peer, length)).isEqualTo(1);
        assertThat(length.get(JAVA_INT, 0)).as("on TCP").isZero();
        assertThat(peer.get(JAVA_LONG, 0)).as("on TCP").isZero();
    }

    @Test
    void aSenderWithoutANameHasNone() {
        final int[] pair = pair(SOCK_DGRAM);
        assertThat(Libc.send(pair[0], NULL, 0, MSG_NOSIGNAL)).as("an empty datagram").isZero();
        final MemorySegment length = number(110);
        assertThat(Libc.recvfrom(pair[1], arena.allocate(4), 4, 0, arena.allocate(110), length)).isZero();
        assertThat(length.get(JAVA_INT, 0)).isZero();
    }

    @Test
    void truncatedDatagramsTellTheirLengthWhenAsked() {
        final int[] pair = pair(SOCK_DGRAM);
        assertThat(Libc.send(pair[0], text("123456789"), 9, MSG_NOSIGNAL)).isEqualTo(9);
        assertThat(Libc.recv(pair[1], arena.allocate(4), 4, MSG_TRUNC)).isEqualTo(9);
        assertThat(Libc.recv(pair[1], arena.allocate(4), 4, 0)).isEqualTo(-EAGAIN);
    }

    @Test
    void connectingADatagramSocketToNoFamilyTakesThePeerAway() {
        final int socket = fd(Libc.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        final MemorySegment address = loopback();
        Sockaddr.sin_port(address, 9);
        assertThat(Libc.connect(socket, address, 16)).isZero();
        assertThat(Libc.getpeername(socket, address, number(16))).isZero();
        address.set(JAVA_SHORT_UNALIGNED, 0, (short) AF_UNSPEC);
        assertThat(Libc.connect(socket, address, 16)).isZero();
        assertThat(Libc.getpeername(socket, address, number(16))).isEqualTo(-ENOTCONN);
        assertThat(Libc.send(socket, address, 1, MSG_NOSIGNAL)).isEqualTo(-EDESTADDRREQ);
    }

    @Test
    void anOptionWithLessRoomThanItNeedsIsCutOffSilently() {
        final int socket = fd(Libc.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        final MemorySegment value = number(-1);
        final MemorySegment length = number(1);
        assertThat(Libc.getsockopt(socket, SOL_SOCKET, SO_TYPE, value, length)).isZero();
        assertThat(value.get(JAVA_INT, 0)).isEqualTo(0xffffff00 | SOCK_DGRAM);
        assertThat(length.get(JAVA_INT, 0)).isEqualTo(1);
    }

    /// A datagram that meets nobody: the error belongs to whoever asks first.
    @Test
    void anErrorIsReportedOnce() {
        final MemorySegment address = loopback();
        final int silent = fd(Libc.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        assertThat(Libc.bind(silent, address, 16)).isZero();
        assertThat(Libc.getsockname(silent, address, number(16))).isZero();
        assertThat(close(silent)).isZero();
        final int socket = fd(Libc.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        assertThat(Libc.connect(socket, address, 16)).isZero();
        final Pollfd poll = Pollfd.allocate(arena, 1).set(0, socket, 0);
        for (int asked = 0; asked < 2; asked++) {
            assertThat(Libc.send(socket, address, 1, MSG_NOSIGNAL)).isEqualTo(1);
            assertThat(Libc.poll(poll.segment(), 1, 10_000)).isEqualTo(1);
            assertThat(poll.revents(0) & POLLERR).isEqualTo(POLLERR);
            final MemorySegment error = number(0);
            if (asked == 0) {
                assertThat(Libc.getsockopt(socket, SOL_SOCKET, SO_ERROR, error, number(4))).isZero();
                assertThat(error.get(JAVA_INT, 0)).isEqualTo(ECONNREFUSED);
            } else {
                assertThat(Libc.send(socket, address, 1, MSG_NOSIGNAL)).as("of the earlier datagram")
                        .isEqualTo(-ECONNREFUSED);
            }
            assertThat(Libc.getsockopt(socket, SOL_SOCKET, SO_ERROR, error, number(4))).isZero();
            assertThat(error.get(JAVA_INT, 0)).isZero();
        }
    }

    @Test
    void afterShutRdAUnixPeerCannotWriteAnyMore() {
        final int[] pair = pair(SOCK_STREAM);
        assertThat(Libc.shutdown(pair[0], SHUT_RD)).isZero();
        assertThat(Libc.recv(pair[0], arena.allocate(1), 1, 0)).isZero();
        assertThat(Libc.send(pair[1], text("x"), 1, MSG_NOSIGNAL)).isEqualTo(-EPIPE);
        assertThat(Libc.shutdown(pair[0], 3)).isEqualTo(-EINVAL);
    }

    @Test
    void severalMessagesStopAtTheOneThatFailsAndItsErrorIsLost() {
        final int[] pair = pair(SOCK_DGRAM);
        final MemorySegment messages = arena.allocate(128);
        // The second has more buffers than there can be.
        messages.set(JAVA_LONG, 64 + 24, 1025);
        assertThat(Libc.sendmmsg(pair[0], messages, 2, MSG_NOSIGNAL)).isEqualTo(1);
        assertThat(Libc.sendmmsg(pair[0], messages.asSlice(64), 1, MSG_NOSIGNAL)).isEqualTo(-EMSGSIZE);
    }

    // ---- descriptors and files

    @Test
    @WithoutLedger("closes twice on purpose")
    void closingTwiceIsToldByEbadf() {
        final int fd = Libc.eventfd(0, EFD_CLOEXEC);
        assertThat(Libc.close(fd)).isZero();
        assertThat(Libc.close(fd)).isEqualTo(-EBADF);
    }

    @Test
    void aRangeIsClosedOrOnlyMarkedWithItsGaps() {
        final int first = fd(Libc.fcntl(fd(Libc.eventfd(0, EFD_CLOEXEC)), F_DUPFD, 500));
        final int last = fd(Libc.fcntl(first, F_DUPFD, first + 5));
        assertThat(flags(last)).isZero();
        assertThat(Libc.close_range(first, last, CLOSE_RANGE_CLOEXEC)).isZero();
        assertThat(flags(first)).isEqualTo(FD_CLOEXEC);
        assertThat(flags(last)).isEqualTo(FD_CLOEXEC);
        assertThat(Libc.close_range(last, first, 0)).isEqualTo(-EINVAL);
        open.removeAll(List.of(first, last));
        assertThat(Libc.close_range(first, last, 0)).isZero();
        assertThat(flags(first)).isEqualTo(-EBADF);
        assertThat(flags(last)).isEqualTo(-EBADF);
    }

    @Test
    void duplicatesShareTheStatusAndNotTheFlagOfTheNumber() {
        final int fd = fd(Libc.eventfd(0, EFD_CLOEXEC));
        final int dup = fd(Libc.dup(fd));
        assertThat(flags(dup)).isZero();
        assertThat(Libc.fcntl(dup, F_SETFL, O_NONBLOCK)).isZero();
        assertThat(Libc.fcntl(fd, F_GETFL, 0) & O_NONBLOCK).isEqualTo(O_NONBLOCK);
        assertThat(flags(fd(Libc.fcntl(fd, F_DUPFD_CLOEXEC, 0)))).isEqualTo(FD_CLOEXEC);

        final int[] pipe = pipe();
        assertThat(Libc.dup3(fd, pipe[0], O_CLOEXEC)).isEqualTo(pipe[0]);
        assertThat(flags(pipe[0])).isEqualTo(FD_CLOEXEC);
        assertThat(Libc.write(pipe[1], text("x"), 1)).as("its only reader was closed").isEqualTo(-EPIPE);
        assertThat(Libc.dup3(fd, fd, 0)).isEqualTo(-EINVAL);
        assertThat(Libc.dup3(fd, Integer.MAX_VALUE, 0)).isEqualTo(-EBADF);
    }

    @Test
    void theOwnerOfADescriptorMayBeAProcessGroup() throws IOException {
        // Behind the name, which may have anything in it: state, parent, group.
        final String stat = Files.readString(Path.of("/proc/self/stat"));
        final int group = Integer.parseInt(stat.substring(stat.lastIndexOf(')') + 2).split(" ")[2]);
        assumeTrue(group > 1, "-1 is an errno to everybody");
        final int fd = fd(Libc.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        assertThat(Libc.fcntl(fd, F_SETOWN, -group)).isZero();
        assertThat(Libc.listen(-1, 0)).as("an errno that is not the next call's").isEqualTo(-EBADF);
        assertThat(Libc.fcntl(fd, F_GETOWN, 0)).isEqualTo(-group);
    }

    @Test
    void aFileIsWrittenAndReadWhereAsked(@TempDir Path directory) {
        final MemorySegment path = text(directory.resolve("file").toString());
        final int file = fd(Libc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
        assertThat(Libc.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)).isEqualTo(-EEXIST);
        assertThat(Libc.open(text(directory.toString()), O_WRONLY | O_CLOEXEC, 0)).isEqualTo(-EISDIR);
        assertThat(Libc.pwrite(file, text("world"), 5, 6)).isEqualTo(5);
        assertThat(Libc.write(file, text("hello "), 6)).isEqualTo(6);
        assertThat(Libc.lseek(file, 0, SEEK_CUR)).isEqualTo(6);
        final MemorySegment read = arena.allocate(16);
        assertThat(Libc.pread(file, read, 16, 4)).isEqualTo(7);
        assertThat(read.getString(0)).isEqualTo("o world");
        assertThat(Libc.lseek(file, 0, SEEK_CUR)).isEqualTo(6);
        assertThat(Libc.read(file, read, 16)).isEqualTo(5);
        assertThat(Libc.read(file, read, 16)).isZero();
        assertThat(Libc.pread(file, read, 16, -1)).isEqualTo(-EINVAL);
        assertThat(Libc.lseek(file, -100, SEEK_END)).isEqualTo(-EINVAL);

        final int appending = fd(Libc.open(path, O_WRONLY | O_APPEND | O_CLOEXEC, 0));
        assertThat(Libc.pwrite(appending, text("!"), 1, 0)).isEqualTo(1);
        assertThat(Libc.pread(file, read, 16, 0)).as("appended, wherever the offset points").isEqualTo(12);
        assertThat(Libc.ftruncate(file, 3)).isZero();
        assertThat(Libc.lseek(file, 0, SEEK_END)).isEqualTo(3);
        assertThat(Libc.ftruncate(file, -1)).isEqualTo(-EINVAL);
        assertThat(Libc.lseek(pipe()[0], 0, SEEK_CUR)).isEqualTo(-ESPIPE);
        assertThat(Libc.pwrite(pipe()[1], text("x"), 1, 0)).isEqualTo(-ESPIPE);
    }

    @Test
    void locksOfTheOpenFileKeepOthersOut(@TempDir Path directory) {
        final MemorySegment path = text(directory.resolve("file").toString());
        final int one = fd(Libc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
        final int other = fd(Libc.open(path, O_RDWR | O_CLOEXEC, 0));
        // struct flock: l_type F_WRLCK (1), the rest zero: the whole file.
        final MemorySegment flock = arena.allocate(32);
        flock.set(JAVA_SHORT_UNALIGNED, 0, (short) 1);
        assertThat(Libc.fcntl(one, F_OFD_SETLK, flock)).isZero();
        assertThat(Libc.fcntl(other, F_OFD_SETLK, flock)).isEqualTo(-EAGAIN);
        assertThat(close(one)).isZero();
        assertThat(Libc.fcntl(other, F_OFD_SETLK, flock)).isZero();
    }

    @Test
    void queuesAreMeasuredByIoctl() {
        final int[] pair = pair(SOCK_STREAM);
        assertThat(Libc.send(pair[0], text("12345"), 5, MSG_NOSIGNAL)).isEqualTo(5);
        final MemorySegment length = number(-1);
        assertThat(Libc.ioctl(pair[1], FIONREAD, length)).isZero();
        assertThat(length.get(JAVA_INT, 0)).isEqualTo(5);
        assertThat(Libc.ioctl(pair[0], FIONBIO, number(0))).isZero();
        assertThat(Libc.fcntl(pair[0], F_GETFL, 0) & O_NONBLOCK).isZero();
        assertThat(Libc.ioctl(listener(loopback()), SIOCINQ, length)).isEqualTo(-EINVAL);
        assertThat(Libc.ioctl(fd(Libc.eventfd(0, EFD_CLOEXEC)), FIONREAD, length)).isEqualTo(-ENOTTY);
        assertThat(Libc.ioctl(pair[0], 0x5400, 0L)).isNegative();
    }

    // ---- waiting

    @Test
    void pollTellsOfAClosedDescriptorRatherThanFail() {
        final int fd = Libc.eventfd(0, EFD_CLOEXEC);
        assertThat(Libc.close(fd)).isZero();
        final Pollfd fds = Pollfd.allocate(arena, 1).set(0, fd, POLLIN);
        assertThat(Libc.poll(fds.segment(), 1, -1)).isEqualTo(1);
        assertThat(fds.revents(0)).isEqualTo(POLLNVAL);
    }

    @Test
    void timesToWaitAreNotWrittenBack() {
        final Timespec timeout = Timespec.allocate(arena).nanos(1_000_000);
        final Sigset none = Sigset.allocate(arena);
        final Pollfd fds = Pollfd.allocate(arena, 1).set(0, -1, POLLIN);
        final long start = System.nanoTime();
        assertThat(Libc.ppoll(fds.segment(), 1, timeout.segment(), none.segment())).isZero();
        assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(1_000_000);
        final EpollEvents events = EpollEvents.allocate(arena, 1);
        final int epfd = fd(Libc.epoll_create1(EPOLL_CLOEXEC));
        assertThat(Libc.epoll_pwait2(epfd, events.segment(), 1, timeout.segment(), none.segment())).isZero();
        assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(2_000_000);
        assertThat(timeout.nanos()).isEqualTo(1_000_000);
        assertThat(Libc.epoll_pwait(epfd, events.segment(), 1, 1, none.segment())).isZero();
        assertThat(Libc.epoll_wait(epfd, events.segment(), 1, 1)).isZero();
        assertThat(Libc.ppoll(fds.segment(), 1, timeout.sec(-1).segment(), NULL)).isEqualTo(-EINVAL);
        assertThat(Libc.epoll_pwait2(epfd, events.segment(), 1, timeout.segment(), NULL)).isEqualTo(-EINVAL);
    }

    /// The old instance works like the new one, but children inherit it.
    @Test
    @WithoutLedger("uses what it has closed, on purpose")
    void anInterestOutlivesItsNumberWhileADuplicateIsOpen() {
        final int epfd = fd(Libc.epoll_create(1));
        assertThat(flags(epfd)).isZero();
        assertThat(Libc.epoll_create(0)).isEqualTo(-EINVAL);
        final int fd = Libc.eventfd(1, EFD_CLOEXEC);
        final int duplicate = fd(Libc.fcntl(fd, F_DUPFD_CLOEXEC, 0));
        final EpollEvents events = EpollEvents.allocate(arena, 1).set(0, EPOLLIN, 99);
        assertThat(Libc.epoll_ctl(epfd, EPOLL_CTL_ADD, fd, events.segment())).isZero();
        assertThat(Libc.close(fd)).isZero();
        events.set(0, 0, 0);
        assertThat(Libc.epoll_wait(epfd, events.segment(), 1, 0)).isEqualTo(1);
        assertThat(events.data(0)).isEqualTo(99);
        assertThat(Libc.epoll_ctl(epfd, EPOLL_CTL_DEL, fd, NULL)).isEqualTo(-EBADF);
        assertThat(close(duplicate)).isZero();
        assertThat(Libc.epoll_wait(epfd, events.segment(), 1, 0)).isZero();
    }

    // ---- events, timers, signals, memory, processes

    @Test
    void aCounterThatIsFullSaysEagain() {
        final int fd = fd(Libc.eventfd(-1, EFD_CLOEXEC | EFD_NONBLOCK));
        final MemorySegment value = arena.allocate(8);
        assertThat(Libc.read(fd, value, 8)).isEqualTo(8);
        assertThat(value.get(JAVA_LONG, 0)).as("unsigned").isEqualTo(0xffff_ffffL);
        value.set(JAVA_LONG, 0, -2);
        assertThat(Libc.write(fd, value, 8)).isEqualTo(8);
        value.set(JAVA_LONG, 0, 1);
        assertThat(Libc.write(fd, value, 8)).isEqualTo(-EAGAIN);
        value.set(JAVA_LONG, 0, -1);
        assertThat(Libc.write(fd, value, 8)).isEqualTo(-EINVAL);
        assertThat(Libc.read(fd, value, 7)).isEqualTo(-EINVAL);
    }

    @Test
    void theMonotonicClockIsTheOneOfTheTimers() {
        final Timespec before = Timespec.allocate(arena);
        assertThat(Libc.clock_gettime(CLOCK_MONOTONIC, before.segment())).isZero();
        final int timer = fd(Libc.timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
        final Itimerspec set = Itimerspec.allocate(arena);
        set.value().nanos(before.nanos() + 5_000_000);
        assertThat(Libc.timerfd_settime(timer, TFD_TIMER_ABSTIME, set.segment(), NULL)).isZero();
        assertThat(Libc.read(timer, arena.allocate(8), 8)).isEqualTo(8);
        final Timespec after = Timespec.allocate(arena);
        assertThat(Libc.clock_gettime(CLOCK_MONOTONIC, after.segment())).isZero();
        assertThat(after.nanos()).isGreaterThanOrEqualTo(set.value().nanos());
        assertThat(Libc.clock_gettime(1000, after.segment())).isEqualTo(-EINVAL);
    }

    @Test
    void aTimerInThePastGoesOffAtOnceAndZeroDisarms() {
        final int timer = fd(Libc.timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));
        final Itimerspec set = Itimerspec.allocate(arena);
        set.value().nsec(1);
        assertThat(Libc.timerfd_settime(timer, TFD_TIMER_ABSTIME, set.segment(), NULL)).isZero();
        assertThat(Libc.read(timer, arena.allocate(8), 8)).isEqualTo(8);
        set.value().sec(1000);
        set.interval().sec(7);
        assertThat(Libc.timerfd_settime(timer, 0, set.segment(), NULL)).isZero();
        final Itimerspec old = Itimerspec.allocate(arena);
        assertThat(Libc.timerfd_gettime(timer, old.segment())).isZero();
        assertThat(old.value().sec()).isBetween(990L, 1000L);
        set.value().sec(0).nsec(0);
        old.value().sec(0);
        assertThat(Libc.timerfd_settime(timer, 0, set.segment(), old.segment())).isZero();
        assertThat(old.value().sec()).isBetween(990L, 1000L);
        assertThat(old.interval().sec()).isEqualTo(7);
        assertThat(Libc.timerfd_gettime(timer, old.segment())).isZero();
        assertThat(old.value().nanos()).as("disarmed, whatever the interval").isZero();
        assertThat(Libc.timerfd_settime(fd(Libc.eventfd(0, EFD_CLOEXEC)), 0, set.segment(), NULL)).isEqualTo(-EINVAL);
    }

    @Test
    void theMaskOfASignalfdIsReplacedUnderItsNumber() {
        final Sigset set = Sigset.allocate(arena).add(SIGUSR1);
        final int fd = fd(Libc.signalfd(-1, set.segment(), SFD_CLOEXEC));
        assertThat(Libc.signalfd(fd, set.add(SIGUSR2).segment(), 0)).isEqualTo(fd);
        assertThat(Libc.signalfd(fd(Libc.eventfd(0, EFD_CLOEXEC)), set.segment(), 0)).isEqualTo(-EINVAL);
    }

    @Test
    void changesOfADirectoryAreTold() {
        assertThat(flags(fd(Libc.inotify_init1(IN_CLOEXEC)))).isEqualTo(FD_CLOEXEC);
        assertThat(Libc.inotify_init1(1)).isEqualTo(-EINVAL);
    }

    @Test
    void aMemfdHasANameOfAtMost249BytesAndSeals() {
        assertThat(Libc.memfd_create(text("x".repeat(250)), MFD_CLOEXEC)).isEqualTo(-EINVAL);
        final int fd = fd(Libc.memfd_create(text("x".repeat(249)), MFD_CLOEXEC | MFD_ALLOW_SEALING));
        assertThat(Libc.ftruncate(fd, 8192)).isZero();
        final long mapping = Libc.mmap(0, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 4096);
        assertThat(mapping).isPositive();
        assertThat(Libc.fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE)).as("while it is mapped writable").isEqualTo(-EBUSY);
        assertThat(Libc.munmap(mapping, 8192)).isZero();
        assertThat(Libc.munmap(mapping, 8192)).as("nothing there").isZero();
        assertThat(Libc.munmap(mapping + 1, 8192)).isEqualTo(-EINVAL);
        assertThat(Libc.fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_WRITE | F_SEAL_SEAL)).isZero();
        assertThat(Libc.ftruncate(fd, 1)).isEqualTo(-EPERM);
        assertThat(Libc.write(fd, text("x"), 1)).isEqualTo(-EPERM);
        assertThat(Libc.fcntl(fd, F_ADD_SEALS, F_SEAL_GROW)).isEqualTo(-EPERM);
        assertThat(Libc.mmap(0, 4096, PROT_WRITE, MAP_SHARED, fd, 0)).isEqualTo(-EPERM);
        assertThat(Libc.mmap(0, 0, PROT_READ, MAP_PRIVATE, fd, 0)).isEqualTo(-EINVAL);
        assertThat(Libc.mmap(0, 4096, PROT_READ, MAP_PRIVATE, fd, 1)).isEqualTo(-EINVAL);
        assertThat(Libc.mmap(0, 4096, PROT_READ, MAP_PRIVATE, pipe()[0], 0)).isNegative();
    }

    @Test
    void aProcessIsReachedByItsDescriptorAndItsDescriptorsBorrowed() {
        final int self = (int) ProcessHandle.current().pid();
        final int pidfd = fd(Libc.pidfd_open(self, 0));
        assertThat(flags(pidfd)).isEqualTo(FD_CLOEXEC);
        final int fd = fd(Libc.eventfd(0, 0));
        assertThat(flags(fd(Libc.pidfd_getfd(pidfd, fd, 0)))).isEqualTo(FD_CLOEXEC);
        assertThat(Libc.pidfd_getfd(pidfd, 1 << 20, 0)).isEqualTo(-EBADF);
        assertThat(Libc.pidfd_send_signal(pidfd, 0, NULL, 0)).isZero();
        assertThat(Libc.pidfd_send_signal(pidfd, 65, NULL, 0)).isEqualTo(-EINVAL);
        assertThat(Libc.pidfd_open(0, 0)).isEqualTo(-EINVAL);
        assertThat(Libc.kill(self, 0)).isZero();
        assertThat(Libc.kill(self, 65)).isEqualTo(-EINVAL);
        assertThat(Libc.raise(0)).isZero();
        assertThat(Libc.raise(65)).isEqualTo(-EINVAL);
    }

    @Test
    @WithoutLedger("closes -1 on purpose")
    void sigmaskReturnsItsErrorNumberNegatedLikeEveryOther() {
        assertThat(Libc.close(-1)).isEqualTo(-EBADF);
        assertThat(Libc.pthread_sigmask(99, Sigset.allocate(arena).segment(), NULL)).isEqualTo(-EINVAL);
    }

    @Test
    void limitsAreReadAndSetInOneStep() {
        final Rlimit limit = Rlimit.allocate(arena);
        final Rlimit before = Rlimit.allocate(arena);
        assertThat(Libc.getrlimit(RLIMIT_NOFILE, limit.segment())).isZero();
        final long soft = limit.cur();
        assertThat(Libc.prlimit(0, RLIMIT_NOFILE, limit.cur(soft - 1).segment(), before.segment())).isZero();
        assertThat(before.cur()).isEqualTo(soft);
        assertThat(Libc.getrlimit(RLIMIT_NOFILE, before.segment())).isZero();
        assertThat(before.cur()).isEqualTo(soft - 1);
        assertThat(Libc.setrlimit(RLIMIT_NOFILE, limit.cur(soft).segment())).isZero();
        assertThat(Libc.setrlimit(RLIMIT_NOFILE, limit.cur(5).max(4).segment())).isEqualTo(-EINVAL);
        assertThat(Libc.getrlimit(99, limit.segment())).isEqualTo(-EINVAL);
    }

    // ---- programs

    /// `{first, …, NULL}`.
    private MemorySegment pointers(String... strings) {
        final MemorySegment pointers = arena.allocate((strings.length + 1L) * Long.BYTES, Long.BYTES);
        for (int i = 0; i < strings.length; i++) {
            pointers.setAtIndex(JAVA_LONG, i, text(strings[i]).address());
        }
        return pointers;
    }

    private Siginfo ended(int pid) {
        final Siginfo info = Siginfo.allocate(arena);
        assertThat(Libc.waitid(P_PID, pid, info.segment(), WEXITED)).isZero();
        assertThat(info.signo()).isEqualTo(SIGCHLD);
        assertThat(info.pid()).isEqualTo(pid);
        assertThat(info.uid()).isEqualTo(Libc.getuid());
        return info;
    }

    @Test
    void aProgramRunsWithTheDescriptorsThatItsActionsGiveIt() {
        final int[] pipe = pipe();
        final int other = fd(Libc.fcntl(pipe[1], F_DUPFD, 500));
        final MemorySegment actions = arena.allocate(80, Long.BYTES);
        final MemorySegment attributes = arena.allocate(336, Long.BYTES);
        final MemorySegment pid = arena.allocate(JAVA_INT);
        assertThat(Libc.posix_spawn_file_actions_init(actions)).isZero();
        assertThat(Libc.posix_spawn_file_actions_addchdir_np(actions, text("/proc/self"))).isZero();
        assertThat(Libc.posix_spawn_file_actions_adddup2(actions, pipe[1], 1)).isZero();
        assertThat(Libc.posix_spawn_file_actions_addclose(actions, 400)).as("not open").isZero();
        assertThat(Libc.posix_spawn_file_actions_addclosefrom_np(actions, 3)).isZero();
        assertThat(Libc.posix_spawnattr_init(attributes)).isZero();
        assertThat(Libc.posix_spawnattr_setflags(attributes, (short) (POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
                | POSIX_SPAWN_SETPGROUP))).isZero();
        final MemorySegment urgent = Sigset.allocate(arena).add(SIGURG).segment();
        assertThat(Libc.posix_spawnattr_setsigmask(attributes, urgent)).isZero();
        assertThat(Libc.posix_spawnattr_setsigdefault(attributes, urgent)).isZero();
        assertThat(Libc.posix_spawnattr_setpgroup(attributes, 0)).isZero();
        assertThat(Libc.posix_spawn(pid, text("/bin/sh"), actions, attributes,
                // Programs that the shell starts have another mask, which it has cleared.
                pointers("sh", "-c", "while read -r key value; do case $key in SigBlk: | NSpgid:) echo $value;; esac; "
                        + "done <status; [ -e fd/" + other + " ]; echo $? $A"), pointers("A=b"))).isZero();
        assertThat(Libc.posix_spawn_file_actions_destroy(actions)).isZero();
        assertThat(Libc.posix_spawnattr_destroy(attributes)).isZero();
        final Siginfo info = ended(pid.get(JAVA_INT, 0));
        assertThat(info.code()).isEqualTo(CLD_EXITED);
        assertThat(info.status()).isZero();
        final MemorySegment output = arena.allocate(200);
        Libc.read(pipe[0], output, 199);
        assertThat(output.getString(0).lines()).containsExactly(String.valueOf(pid.get(JAVA_INT, 0)),
                "%016x".formatted(1L << SIGURG - 1), "1 b");
    }

    @Test
    void aProgramThatCannotBeRunIsSaidSoAndLeavesNoChild() {
        final MemorySegment pid = arena.allocateFrom(JAVA_INT, -7);
        final MemorySegment argv = pointers("nobody");
        assertThat(Libc.posix_spawn(pid, text("/nowhere"), NULL, NULL, argv, NULL)).isEqualTo(-ENOENT);
        assertThat(Libc.posix_spawn(pid, text("/"), NULL, NULL, argv, NULL)).isEqualTo(-EACCES);
        assertThat(Libc.posix_spawnp(pid, text("no-such-program"), NULL, NULL, argv, NULL)).isEqualTo(-ENOENT);
        final MemorySegment actions = arena.allocate(80, Long.BYTES);
        assertThat(Libc.posix_spawn_file_actions_init(actions)).isZero();
        assertThat(Libc.posix_spawn_file_actions_adddup2(actions, -1, 0)).isEqualTo(-EBADF);
        assertThat(Libc.posix_spawn_file_actions_addclose(actions, -1)).isEqualTo(-EBADF);
        assertThat(Libc.posix_spawn_file_actions_addclosefrom_np(actions, -1)).isEqualTo(-EBADF);
        assertThat(Libc.posix_spawn_file_actions_adddup2(actions, 1000, 0)).as("not open").isZero();
        assertThat(Libc.posix_spawnp(pid, text("true"), actions, NULL, argv, NULL)).isEqualTo(-EBADF);
        assertThat(Libc.posix_spawn_file_actions_destroy(actions)).isZero();
        assertThat(Libc.posix_spawnattr_setflags(arena.allocate(336), (short) 0x4000)).isEqualTo(-EINVAL);
    }

    @Test
    void theEndOfAChildIsToldOnceAndOnlyToItsParent() {
        final MemorySegment pid = arena.allocate(JAVA_INT);
        final MemorySegment argv = pointers("sh", "-c", "kill -TERM $$");
        assertThat(Libc.posix_spawnp(pid, text("sh"), NULL, NULL, argv, NULL)).isZero();
        final int child = pid.get(JAVA_INT, 0);
        final int pidfd = fd(Libc.pidfd_open(child, PIDFD_NONBLOCK));
        final Pollfd poll = Pollfd.allocate(arena, 1).set(0, pidfd, POLLIN);
        assertThat(Libc.poll(poll.segment(), 1, 20_000)).isEqualTo(1);
        final Siginfo info = Siginfo.allocate(arena);
        assertThat(Libc.waitid(P_PIDFD, pidfd, info.segment(), WEXITED | WNOWAIT)).isZero();
        assertThat(info.code()).isEqualTo(CLD_KILLED);
        assertThat(info.status()).isEqualTo(SIGTERM);
        assertThat(Libc.waitid(P_PIDFD, pidfd, NULL, WEXITED | WNOHANG)).isZero();
        assertThat(Libc.waitid(P_PIDFD, pidfd, info.segment(), WEXITED)).isEqualTo(-ECHILD);
        final int self = fd(Libc.pidfd_open((int) ProcessHandle.current().pid(), 0));
        assertThat(Libc.waitid(P_PIDFD, self, info.segment(), WEXITED)).isEqualTo(-ECHILD);
        assertThat(Libc.waitid(P_PIDFD, 1 << 20, info.segment(), WEXITED)).isEqualTo(-EBADF);
        assertThat(Libc.waitid(P_PID, child, info.segment(), WEXITED)).isEqualTo(-ECHILD);
        assertThat(Libc.waitid(P_PIDFD, pidfd, info.segment(), WNOHANG)).isEqualTo(-EINVAL);
    }

    @Test
    void whereNothingHasHappenedAllOfItIsZero() {
        final MemorySegment pid = arena.allocate(JAVA_INT);
        final MemorySegment pipe = arena.allocate(JAVA_INT, 2);
        assertThat(Libc.pipe2(pipe, O_CLOEXEC)).isZero();
        fd(pipe.getAtIndex(JAVA_INT, 0));
        final int writeEnd = fd(pipe.getAtIndex(JAVA_INT, 1));
        final MemorySegment actions = arena.allocate(80, Long.BYTES);
        assertThat(Libc.posix_spawn_file_actions_init(actions)).isZero();
        assertThat(Libc.posix_spawn_file_actions_adddup2(actions, pipe.get(JAVA_INT, 0), 0)).isZero();
        assertThat(Libc.posix_spawnp(pid, text("cat"), actions, NULL, pointers("cat"), NULL)).isZero();
        assertThat(Libc.posix_spawn_file_actions_destroy(actions)).isZero();
        final int child = pid.get(JAVA_INT, 0);
        final int pidfd = fd(Libc.pidfd_open(child, PIDFD_NONBLOCK));
        final Siginfo info = Siginfo.allocate(arena);
        info.segment().fill((byte) -1);
        assertThat(Libc.waitid(P_PIDFD, pidfd, info.segment(), WEXITED | WNOHANG)).isZero();
        assertThat(info).extracting(Siginfo::signo, Siginfo::code, Siginfo::pid, Siginfo::status).containsOnly(0);
        assertThat(Libc.waitid(P_PIDFD, pidfd, info.segment(), WEXITED)).isEqualTo(-EAGAIN);
        assertThat(close(writeEnd)).isZero();
        assertThat(ended(child).code()).isEqualTo(CLD_EXITED);
    }

    @Test
    void whoRunsThisProcessIsWhatProcSays() throws IOException {
        final String status = Files.readString(Path.of("/proc/self/status"));
        assertThat(status).contains("\nUid:\t" + Libc.getuid() + "\t" + Libc.geteuid() + "\t",
                "\nGid:\t" + Libc.getgid() + "\t" + Libc.getegid() + "\t");
    }

    // ---- moving bytes inside the kernel

    @Test
    void bytesOfAFileAreSentFromAnOffsetThatIsMovedOn() {
        final int file = fd(Libc.memfd_create(text("sendfile"), MFD_CLOEXEC));
        assertThat(Libc.write(file, text("0123456789"), 10)).isEqualTo(10);
        final int[] pair = pair(SOCK_STREAM);
        final MemorySegment offset = arena.allocateFrom(JAVA_LONG, 4);
        assertThat(Libc.sendfile(pair[0], file, offset, 3)).isEqualTo(3);
        assertThat(offset.get(JAVA_LONG, 0)).isEqualTo(7);
        assertThat(Libc.lseek(file, 0, SEEK_CUR)).isEqualTo(10);
        assertThat(Libc.sendfile(pair[0], file, NULL, 3)).as("at the end").isZero();
        assertThat(Libc.lseek(file, 8, SEEK_SET)).isEqualTo(8);
        assertThat(Libc.sendfile(pair[0], file, NULL, 100)).isEqualTo(2);
        assertThat(Libc.lseek(file, 0, SEEK_CUR)).isEqualTo(10);
        final MemorySegment read = arena.allocate(16);
        assertThat(Libc.recv(pair[1], read, 16, 0)).isEqualTo(5);
        assertThat(read.getString(0)).isEqualTo("45689");
        assertThat(Libc.sendfile(pair[0], pair[1], NULL, 1)).isEqualTo(-EINVAL);
    }

    @Test
    void bytesOfAPipeAreCopiedAndMoved() {
        final int[] from = pipe();
        final int[] to = pipe();
        assertThat(Libc.write(from[1], text("abc"), 3)).isEqualTo(3);
        assertThat(Libc.tee(from[0], to[1], 100, 0)).isEqualTo(3);
        assertThat(Libc.tee(from[0], to[1], 2, 0)).as("the same again").isEqualTo(2);
        assertThat(Libc.splice(from[0], NULL, to[1], NULL, 100, 0)).isEqualTo(3);
        assertThat(Libc.splice(from[0], NULL, to[1], NULL, 100, 0)).isEqualTo(-EAGAIN);
        final MemorySegment read = arena.allocate(16);
        assertThat(Libc.read(to[0], read, 16)).isEqualTo(8);
        assertThat(read.getString(0)).isEqualTo("abcababc");
        assertThat(close(from[1])).isZero();
        assertThat(Libc.splice(from[0], NULL, to[1], NULL, 100, 0)).as("no writers").isZero();

        final int file = fd(Libc.memfd_create(text("splice"), MFD_CLOEXEC));
        assertThat(Libc.write(file, text("0123456789"), 10)).isEqualTo(10);
        final MemorySegment offset = arena.allocateFrom(JAVA_LONG, 6);
        assertThat(Libc.splice(file, offset, to[1], NULL, 2, 0)).isEqualTo(2);
        assertThat(offset.get(JAVA_LONG_UNALIGNED, 0)).isEqualTo(8);
        assertThat(Libc.splice(to[0], offset, file, NULL, 2, 0)).isEqualTo(-ESPIPE);
        assertThat(Libc.splice(file, NULL, file, NULL, 2, 0)).isEqualTo(-EINVAL);
    }

    // ---- names

    @Test
    void interfacesAreFoundByNameAndNumber() {
        final int index = Libc.if_nametoindex(text("lo"));
        assertThat(index).isPositive();
        final MemorySegment name = arena.allocate(16);
        assertThat(Libc.if_indextoname(index, name)).isZero();
        assertThat(name.getString(0)).isEqualTo("lo");
        assertThat(Libc.if_nametoindex(text("nowhere"))).isEqualTo(-ENODEV);
        assertThat(Libc.if_nametoindex(text("longer-than-any-interface"))).isEqualTo(-ENODEV);
        assertThat(Libc.if_indextoname(1 << 30, name)).isEqualTo(-ENXIO);
    }

    @Test
    void resolvingAnswersWithItsOwnCodes() {
        final MemorySegment res = arena.allocate(8);
        final Addrinfo hints = Addrinfo.allocate(arena).flags(AI_NUMERICHOST);
        assertThat(Libc.getaddrinfo(NULL, NULL, hints.segment(), res)).isEqualTo(EAI_NONAME);
        assertThat(Libc.getaddrinfo(text("localhost"), NULL, hints.segment(), res)).isEqualTo(EAI_NONAME);
        assertThat(Libc.getaddrinfo(text("::1"), NULL, hints.family(99).segment(), res)).isEqualTo(EAI_FAMILY);
        assertThat(Libc.getaddrinfo(text("::1"), NULL, hints.flags(-1).segment(), res)).isEqualTo(EAI_BADFLAGS);
        assertThat(Libc.getaddrinfo(text("::1"), text("1"), hints.family(0).flags(AI_NUMERICHOST).socktype(99)
                .segment(), res)).isEqualTo(EAI_SOCKTYPE);
        assertThat(Libc.getaddrinfo(text("::1"), NULL, hints.socktype(SOCK_STREAM).segment(), res)).isZero();
        Libc.freeaddrinfo(MemorySegment.ofAddress(res.get(JAVA_LONG, 0)));
    }

    @Test
    void namesOfAddressesNeedTheirRoom() {
        final MemorySegment address = loopback();
        Sockaddr.sin_port(address, 7000);
        final MemorySegment host = arena.allocate(10);
        final MemorySegment serv = arena.allocate(5);
        final int numeric = NI_NUMERICHOST | NI_NUMERICSERV;
        assertThat(Libc.getnameinfo(address, 16, host, 10, serv, 5, numeric)).isZero();
        assertThat(host.getString(0)).isEqualTo("127.0.0.1");
        assertThat(serv.getString(0)).isEqualTo("7000");
        assertThat(Libc.getnameinfo(address, 16, host, 9, serv, 5, numeric)).isEqualTo(EAI_OVERFLOW);
        assertThat(Libc.getnameinfo(address, 16, NULL, 0, serv, 5, numeric)).isZero();
        assertThat(Libc.getnameinfo(address, 3, host, 10, NULL, 0, numeric)).isEqualTo(EAI_FAMILY);
        assertThat(host.get(JAVA_BYTE, 0)).isNotZero();
    }
}
