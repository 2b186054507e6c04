package io.github.fdsock.harness;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.Endpoint;
import io.github.fdsock.EpollFd;
import io.github.fdsock.ErrnoException;
import io.github.fdsock.EventFd;
import io.github.fdsock.Fd;
import io.github.fdsock.MemFd;
import io.github.fdsock.Message;
import io.github.fdsock.Messages;
import io.github.fdsock.PipeFd;
import io.github.fdsock.SignalFd;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Interposer;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.Iovec;
import io.github.fdsock.sys.struct.Mmsghdr;
import io.github.fdsock.sys.struct.Sigset;
import io.github.fdsock.testing.WithoutLedger;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A fault is what it says, to the kernel too: what was not to happen has not happened, what was has, and each call is
/// counted once.
@Timeout(60)
@WithoutLedger("about the seam itself, which is empty before and after")
class FaultsTest {
    private Arena arena;
    private SocketFd.Pair pair;

    @BeforeEach
    void open() throws IOException {
        arena = Arena.ofShared();
        pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    }

    @AfterEach
    void close() throws IOException {
        pair.close();
        arena.close();
        assertThat(Interposer.install(null)).as("nothing is left in the seam").isNull();
    }

    private MemorySegment text(final String text) {
        return arena.allocateFrom(text).asSlice(0, text.length());
    }

    /// All that waits at the second end.
    private String arrived() throws IOException {
        final MemorySegment room = arena.allocate(1000);
        final long n = pair.second().recv(room, 0);
        return n < 0 ? "" : string(room, n);
    }

    private static String string(final MemorySegment room, final long n) {
        return new String(room.asSlice(0, n).toArray(ValueLayout.JAVA_BYTE));
    }

    private static boolean isOpen(final int fd) {
        return Libc.fcntl(fd, F_GETFD, 0) >= 0;
    }

    private static <T> T inThread(final Callable<T> callable) throws Exception {
        final FutureTask<T> task = new FutureTask<>(callable);
        final Thread thread = new Thread(task);
        thread.start();
        thread.join();
        return task.get();
    }

    // ---- error

    @Test
    void anErrorInsteadOfTheCallLeavesNothingBehind(@TempDir final Path folder) throws IOException {
        final Path file = folder.resolve("file");
        try (Faults faults = Faults.inject("open:error=EMFILE:when=1")) {
            assertThatThrownBy(() -> Fd.openFile(file, O_CREAT | O_WRONLY, 0600))
                    .isInstanceOfSatisfying(ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(EMFILE));
            assertThat(file).doesNotExist();
            Fd.openFile(file, O_CREAT | O_WRONLY, 0600).close();
            assertThat(file).exists();
            assertThat(faults.matched(0)).isEqualTo(2);
            assertThat(faults.injected(0)).isEqualTo(1);
            assertThat(faults).hasToString("open:error=EMFILE:when=1 (2 matched, 1 injected)");
        }
    }

    @Test
    void afterTheCallTheErrorIsToldAndTheCallHasBeenMade(@TempDir final Path folder) throws IOException {
        final Path file = folder.resolve("file");
        final EventFd fd = EventFd.create(0, 0);
        final int number = fd.intValue();
        try (Faults _ = Faults.inject("close:error=EIO:after", "open:error=EINTR:after:when=1")) {
            assertThatThrownBy(fd::close).hasMessageContaining("EIO");
            assertThat(isOpen(number)).isFalse();
            // Opened, closed again by who has hidden it, and opened once more.
            assertThat(Libc.open(arena.allocateFrom(file.toString()), O_CREAT | O_EXCL | O_CLOEXEC, 0600))
                    .isEqualTo(-EINTR);
            assertThat(file).exists();
        }
    }

    @Test
    void withoutAfterACloseThatFailsDoesNotClose() throws IOException {
        final EventFd fd = EventFd.create(0, 0);
        final int number = fd.intValue();
        try (Faults _ = Faults.inject("close:error=EIO")) {
            assertThatThrownBy(fd::close).hasMessageContaining("EIO");
        }
        assertThat(isOpen(number)).isTrue();
        assertThat(Libc.close(number)).isZero();
    }

    @Test
    void whatACallHasMadeThatIsSaidToHaveFailedHasNoOwnerAndIsTakenBack() throws IOException {
        final MemorySegment two = arena.allocate(ValueLayout.JAVA_INT, 2);
        final long mapped;
        try (SocketFd listener = SocketFd.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
                SocketFd client = SocketFd.socket(AF_INET, SOCK_STREAM, 0);
                Fd dir = Fd.openFile(Path.of("/"), O_RDONLY, 0);
                MemFd memory = MemFd.create("memory", 0)) {
            listener.bind(SockAddr.inet("127.0.0.1", 0));
            listener.listen(1);
            client.connect(listener.localAddress());
            memory.size(4096);
            final int number = dir.intValue();
            try (Faults faults = Faults.inject("all:error=EIO:after")) {
                assertThat(Libc.accept4(listener.intValue(), MemorySegment.NULL, MemorySegment.NULL, 0))
                        .isEqualTo(-EIO);
                assertThat(Libc.dup(number)).isEqualTo(-EIO);
                assertThat(Libc.fcntl(number, F_DUPFD_CLOEXEC, 0)).isEqualTo(-EIO);
                assertThat(Libc.pipe2(two, 0)).isEqualTo(-EIO);
                assertThat(Libc.socketpair(AF_UNIX, SOCK_STREAM, 0, two)).isEqualTo(-EIO);
                assertThat(Libc.eventfd(0, 0)).isEqualTo(-EIO);
                mapped = Libc.mmap(0, 4096, PROT_READ, MAP_SHARED, memory.intValue(), 0);
                assertThat(mapped).isEqualTo(-EIO);
                final MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, Integer.BYTES);
                assertThat(Libc.getsockopt(pair.first().intValue(), SOL_SOCKET, SO_PEERPIDFD, two, length))
                        .isEqualTo(-EIO);
                assertThat(faults.injected()).isEqualTo(8);
            }
            assertThat(listener.accept()).as("the connection was taken off the queue").isNull();
            assertThat(client.recv(arena.allocate(1), 0)).as("and closed").isZero();
        }
        // That no number is left is seen by the check around each test; of the mapping only the kernel's list tells.
        assertThat(maps()).doesNotContain("memfd:memory");
    }

    @Test
    void ofADescriptorWhoseNumberFoundNoRoomNoOtherIsTakenBack() throws IOException {
        try (EventFd other = EventFd.create(0, 0)) {
            final MemorySegment room = arena.allocateFrom(ValueLayout.JAVA_INT, other.intValue());
            final MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, 0);
            final int next = Libc.fcntl(other.intValue(), F_DUPFD_CLOEXEC, 0);
            Libc.close(next);
            try (Faults _ = Faults.inject("getsockopt:error=EIO:after")) {
                for (final MemorySegment value : List.of(room, room.asSlice(0, 0))) {
                    assertThat(Libc.getsockopt(pair.first().intValue(), SOL_SOCKET, SO_PEERPIDFD, value, length))
                            .isEqualTo(-EIO);
                    Libc.close(next);
                }
            }
            assertThat(isOpen(other.intValue())).isTrue();
        }
    }

    private static String maps() throws IOException {
        return Files.readString(Path.of("/proc/self/maps"));
    }

    @Test
    void signalfdOnADescriptorThatWasThereStaysOpen() throws IOException {
        final MemorySegment none = arena.allocate(128, 8);
        try (Fd fd = Fd.adopt(Libc.signalfd(-1, none, SFD_CLOEXEC));
                Faults _ = Faults.inject("signalfd:error=EIO:after")) {
            assertThat(Libc.signalfd(fd.intValue(), none, 0)).isEqualTo(-EIO);
            assertThat(isOpen(fd.intValue())).isTrue();
        }
    }

    // ---- retval

    @Test
    void aMadeUpSuccessSendsNothing() throws IOException {
        try (Faults faults = Faults.inject("send:retval=5:when=1")) {
            assertThat(pair.first().send(text("hello"), 0)).isEqualTo(5);
            assertThat(arrived()).isEmpty();
            assertThat(pair.first().send(text("world"), 0)).isEqualTo(5);
            assertThat(arrived()).isEqualTo("world");
            assertThat(faults.injected()).isEqualTo(1);
        }
    }

    @Test
    void aMadeUpMessageBringsNoDescriptorOfAnEarlierOne() throws IOException {
        try (Message message = Message.allocate(arena, 1, 0, 1); Fd fd = EventFd.create(0, 0)) {
            message.buffers().add(arena.allocate(10));
            pair.first().sendDescriptors(text("x"), 0, fd);
            assertThat(pair.second().recvmsg(message, 0)).isEqualTo(1);
            message.takeFd(0).close();
            try (Faults _ = Faults.inject("recvmsg:retval=1")) {
                assertThat(pair.second().recvmsg(message, 0)).isEqualTo(1);
            }
            assertThat(message.descriptors()).isZero();
            assertThat(message.flags()).isZero();
        }
        try (Messages messages = Messages.allocate(arena, 2, 1, 0, 1);
                Fd fd = EventFd.create(0, 0);
                Faults faults = Faults.inject("recvmmsg:retval=2:when=2")) {
            for (int i = 0; i < 2; i++) {
                messages.get(i).buffers().add(arena.allocate(10));
                pair.first().sendDescriptors(text("x"), 0, fd);
            }
            assertThat(pair.second().recvmmsg(messages, 2, 0)).isEqualTo(2);
            messages.get(0).takeFd(0).close();
            messages.get(1).takeFd(0).close();
            assertThat(pair.second().recvmmsg(messages, 2, 0)).isEqualTo(2);
            assertThat(messages.get(0).descriptors() + messages.get(1).descriptors()).isZero();
            assertThat(messages.get(1).bytes()).isZero();
            assertThat(faults.injected()).isEqualTo(1);
        }
    }

    @Test
    void aMadeUpSuccessPassesThoseByThatMakeSomething() throws IOException {
        try (EventFd fd = EventFd.create(0, 0)) {
            final Fd copy;
            try (Faults faults = Faults.inject("%desc,%network:retval=0")) {
                copy = fd.dup();
                assertThat(copy.fcntl(F_GETFD, 0)).as("not FD_CLOEXEC").isZero();
                assertThat(faults.matched(0)).isEqualTo(1);
            }
            assertThat(copy.fcntl(F_GETFD, 0)).isEqualTo(FD_CLOEXEC);
            copy.close();
        }
    }

    // ---- short

    @ParameterizedTest
    @ValueSource(strings = {"send", "sendto", "write", "writev", "sendmsg", "sendmmsg"})
    void fewerBytesAreReallySent(final String call) throws IOException {
        final int fd = pair.first().intValue();
        final MemorySegment hello = text("hello");
        final Iovec iov = Iovec.allocate(arena, 3).add(text("he")).add(text("")).add(text("llo"));
        try (Message message = Message.allocate(arena, 2, 0, 0);
                Messages messages = Messages.allocate(arena, 2, 1, 0, 0);
                Faults faults = Faults.inject(call + ":short=3")) {
            message.buffers().add(text("he")).add(text("llo"));
            messages.get(0).buffers().add(hello);
            messages.get(1).buffers().add(text("w"));
            final long n = switch (Call.valueOf(call)) {
                case send -> Libc.send(fd, hello, 5, 0);
                case sendto -> Libc.sendto(fd, hello, 5, 0, MemorySegment.NULL, 0);
                case write -> Libc.write(fd, hello, 5);
                case writev -> Libc.writev(fd, iov.segment(), iov.count());
                case sendmsg -> pair.first().sendmsg(message, 0);
                default -> pair.first().sendmmsg(messages, 0, 2, 0);
            };
            assertThat(n).isEqualTo(call.equals("sendmmsg") ? 2 : 3);
            assertThat(arrived()).isEqualTo(call.equals("sendmmsg") ? "helw" : "hel");
            assertThat(faults.injected()).isEqualTo(1);
            if (call.equals("sendmmsg")) {
                assertThat(messages.get(0).bytes()).isEqualTo(3);
                assertThat(messages.get(1).bytes()).isEqualTo(1);
            }
        }
        assertThat(iov.length()).as("not changed").isEqualTo(5);
        assertThat(iov.len(2)).isEqualTo(3);
    }

    @ParameterizedTest
    @ValueSource(strings = {"recv", "recvfrom", "read", "readv", "recvmsg", "recvmmsg"})
    void fewerBytesAreReallyReceivedAndTheRestWaits(final String call) throws IOException {
        final int fd = pair.second().intValue();
        final MemorySegment room = arena.allocate(10);
        final Iovec iov = Iovec.allocate(arena, 2).add(room, 0, 1).add(room, 1, 9);
        try (Message message = Message.allocate(arena, 2, 0, 1);
                Messages messages = Messages.allocate(arena, 1, 2, 0, 1);
                Fd passed = EventFd.create(0, 0);
                Faults faults = Faults.inject("/^(recv|read):short=3:when=1")) {
            message.buffers().add(room, 0, 1).add(room, 1, 9);
            messages.get(0).buffers().add(room, 0, 1).add(room, 1, 9);
            pair.first().sendDescriptors(text("hello"), 0, passed);
            final long n = switch (Call.valueOf(call)) {
                case recv -> Libc.recv(fd, room, 10, 0);
                case recvfrom -> Libc.recvfrom(fd, room, 10, 0, MemorySegment.NULL, MemorySegment.NULL);
                case read -> Libc.read(fd, room, 10);
                case readv -> Libc.readv(fd, iov.segment(), iov.count());
                case recvmsg -> pair.second().recvmsg(message, 0);
                default -> pair.second().recvmmsg(messages, 1, 0) == 1 ? messages.get(0).bytes() : -1;
            };
            assertThat(n).isEqualTo(3);
            assertThat(string(room, 3)).isEqualTo("hel");
            assertThat(room.get(ValueLayout.JAVA_BYTE, 3)).as("not touched").isZero();
            assertThat(arrived()).isEqualTo("lo");
            assertThat(faults.injected()).isEqualTo(1);
            // What came beside the bytes is told in the message that was handed in, not in a copy of it.
            if (call.equals("recvmsg")) {
                message.takeFd(0).close();
            } else if (call.equals("recvmmsg")) {
                messages.get(0).takeFd(0).close();
            }
        }
    }

    /// Written by hand, a message may point to anything: that is the kernel's to say, not the end of the JVM.
    @ParameterizedTest
    @ValueSource(strings = {"sendmsg,sendmmsg:short=1", "sendmsg,sendmmsg:error=EIO:len>0",
        "sendmsg,sendmmsg:error=EIO:addr=tcp:127.0.0.1:1"})
    void pointersThatLeadNowhereAreLeftToTheKernel(final String rule) throws IOException {
        final MemorySegment header = arena.allocate(64, 8);
        header.set(ValueLayout.JAVA_LONG, 0, 1);
        header.set(ValueLayout.JAVA_INT, 8, 16);
        header.set(ValueLayout.JAVA_LONG, 16, 4096);
        header.set(ValueLayout.JAVA_LONG, 24, 3);
        try (Faults faults = Faults.inject(rule)) {
            assertThat(Libc.sendmsg(pair.first().intValue(), header, MSG_NOSIGNAL)).isEqualTo(-EFAULT);
            assertThat(Libc.sendmmsg(pair.first().intValue(), header, 1, MSG_NOSIGNAL)).isEqualTo(-EFAULT);
            assertThat(faults.injected()).isZero();
        }
    }

    @Test
    void fewerBytesOfFilesToo(@TempDir final Path folder) throws IOException {
        final Path file = Files.writeString(folder.resolve("file"), "hello");
        final MemorySegment room = arena.allocate(10);
        try (Fd fd = Fd.openFile(file, O_RDWR, 0); Faults _ = Faults.inject("pread,pwrite,sendfile:short=2")) {
            assertThat(Libc.pread(fd.intValue(), room, 10, 1)).isEqualTo(2);
            assertThat(string(room, 2)).isEqualTo("el");
            assertThat(Libc.pwrite(fd.intValue(), text("HELLO"), 5, 0)).isEqualTo(2);
            assertThat(Files.readString(file)).isEqualTo("HEllo");
            assertThat(Libc.sendfile(pair.first().intValue(), fd.intValue(), MemorySegment.NULL, 5)).isEqualTo(2);
            assertThat(arrived()).isEqualTo("HE");
        }
    }

    @Test
    void whatIsShortAnywayIsNotInjected() throws IOException {
        try (Faults faults = Faults.inject("send:short=5")) {
            assertThat(pair.first().send(text("hello"), 0)).isEqualTo(5);
            assertThat(faults.matched(0)).isZero();
        }
    }

    @Test
    void headersThatTheKernelRefusesReachItUnchanged() {
        final int fd = pair.first().intValue();
        final MemorySegment header = arena.allocate(56, 8);
        try (Faults _ = Faults.inject("/^(send|recv)m:short=1")) {
            assertThat(Libc.sendmsg(fd, MemorySegment.NULL, 0)).isEqualTo(-EFAULT);
            header.set(ValueLayout.JAVA_LONG, 24, 1025);
            assertThat(Libc.sendmsg(fd, header, 0)).isEqualTo(-EMSGSIZE);
            header.set(ValueLayout.JAVA_LONG, 24, 1);
            assertThat(Libc.recvmsg(fd, header, 0)).as("no array of buffers").isEqualTo(-EFAULT);
            assertThat(Libc.writev(fd, MemorySegment.NULL, 1)).isEqualTo(-EFAULT);
            assertThat(Libc.writev(fd, header, -1)).isEqualTo(-EINVAL);
        }
    }

    // ---- delays and signals

    @ParameterizedTest
    @ValueSource(strings = {"delay_enter", "delay_exit"})
    void aDelayIsNoShorterThanItSaysAndTheCallIsMade(final String delay) throws IOException {
        try (Faults faults = Faults.inject("send:" + delay + "=20ms:when=1")) {
            Thread.currentThread().interrupt();
            final long start = System.nanoTime();
            pair.first().send(text("hello"), 0);
            final long took = System.nanoTime() - start;
            assertThat(Thread.interrupted()).as("kept, and cut nothing short").isTrue();
            assertThat(took).isGreaterThanOrEqualTo(20_000_000);
            assertThat(arrived()).isEqualTo("hello");
            assertThat(faults.injected()).isEqualTo(1);
        }
    }

    @Test
    void aDelayBeforeTheCallIsBeforeItAndOneAfterItAfter() throws Exception {
        for (final String rule : List.of("send:delay_enter=50ms", "send:delay_exit=50ms")) {
            final CyclicBarrier begun = new CyclicBarrier(2);
            final AtomicLong returned = new AtomicLong();
            final FutureTask<Void> sender = new FutureTask<>(() -> {
                try (Faults _ = Faults.inject(rule)) {
                    begun.await();
                    pair.first().send(text("x"), 0);
                    returned.set(System.nanoTime());
                }
                return null;
            });
            final Thread thread = new Thread(sender);
            thread.start();
            begun.await();
            final long start = System.nanoTime();
            pair.second().await(POLLIN, -1);
            final long seen = System.nanoTime();
            thread.join();
            sender.get();
            if (rule.contains("enter")) {
                assertThat(seen - start).isGreaterThan(25_000_000);
            } else {
                assertThat(returned.get() - start).isGreaterThanOrEqualTo(25_000_000);
                assertThat(seen).isLessThan(returned.get());
            }
            arrived();
        }
    }

    @Test
    void aSignalIsSentToTheThreadAndTheCallIsMade() throws Exception {
        inThread(() -> {
            final Sigset mask = Sigset.allocate(arena);
            mask.add(SIGUSR1);
            assertThat(Libc.pthread_sigmask(SIG_BLOCK, mask.segment(), MemorySegment.NULL)).isZero();
            try (SignalFd signals = SignalFd.create(SFD_NONBLOCK, SIGUSR1);
                    Faults _ = Faults.inject("send:signal=SIGUSR1")) {
                assertThat(signals.await(POLLIN, 0)).isZero();
                pair.first().send(text("hello"), 0);
                assertThat(signals.await(POLLIN, 0)).isEqualTo(POLLIN);
                assertThat(signals.read(arena.allocate(128))).isEqualTo(128);
            }
            return null;
        });
        assertThat(arrived()).isEqualTo("hello");
    }

    @Test
    void aSignalThatWouldEndTheJvmIsNotSent() throws IOException {
        try (Faults _ = Faults.inject("send:signal=SIGALRM")) {
            assertThatThrownBy(() -> pair.first().send(text("hello"), 0)).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("SIGALRM was not sent");
            assertThat(arrived()).isEmpty();
        }
        try (Faults faults = Faults.inject("send:signal=SIGURG")) {
            pair.first().send(text("hello"), 0);
            assertThat(faults.injected()).isEqualTo(1);
        }
    }

    // ---- conditions

    @Test
    void anAddressIsThatOfTheCallOrOfItsSocket() throws IOException {
        try (SocketFd listener = SocketFd.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
                SocketFd other = SocketFd.socket(AF_INET, SOCK_STREAM, 0);
                SocketFd client = SocketFd.socket(AF_INET, SOCK_STREAM, 0);
                SocketFd datagrams = SocketFd.socket(AF_INET, SOCK_DGRAM, 0)) {
            for (final SocketFd each : List.of(listener, other)) {
                each.bind(SockAddr.inet("127.0.0.1", 0));
                each.listen(4);
            }
            final SockAddr address = listener.localAddress();
            try (Faults faults = Faults.inject(
                    "connect,accept4,send,sendto:error=ENETDOWN:addr=" + new Endpoint(SOCK_STREAM, address))) {
                assertThatThrownBy(() -> client.connect(address)).hasMessageContaining("ENETDOWN");
                assertThat(listener.await(POLLIN, 0)).as("nobody has connected").isZero();
                client.connect(other.localAddress());
                assertThatThrownBy(listener::accept).hasMessageContaining("ENETDOWN");
                assertThat(datagrams.sendTo(text("x"), 0, address)).as("not a stream").isEqualTo(1);
                assertThat(faults.matched(0)).isEqualTo(2);
            }
            try (Faults _ = Faults.inject(FaultRule.on(Call.send).error(ENETDOWN)
                    .address(new Endpoint(SOCK_STREAM, other.localAddress())))) {
                assertThatThrownBy(() -> client.send(text("x"), 0)).as("it is the peer's")
                        .hasMessageContaining("ENETDOWN");
                assertThat(pair.first().send(text("x"), 0)).isEqualTo(1);
            }
        }
    }

    @Test
    void aMessagesAddressIsThatOfTheCall() throws IOException {
        final SockAddr one = SockAddr.unixAbstract("one" + System.nanoTime());
        try (SocketFd receiver = SocketFd.socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
                SocketFd sender = SocketFd.socket(AF_UNIX, SOCK_DGRAM, 0);
                Message message = Message.allocate(arena, 1, 0, 0)) {
            receiver.bind(one);
            message.buffers().add(text("x"));
            message.to(one);
            try (Faults _ = Faults.inject("sendmsg:error=ENETDOWN:addr=" + new Endpoint(SOCK_DGRAM, one) + ":when=1")) {
                assertThatThrownBy(() -> sender.sendmsg(message, 0)).hasMessageContaining("ENETDOWN");
                assertThat(receiver.recv(arena.allocate(1), 0)).isEqualTo(-EAGAIN);
                assertThat(sender.sendmsg(message, 0)).isEqualTo(1);
            }
        }
    }

    @Test
    void aDescriptorALengthAnOperation() throws IOException {
        try (EpollFd epoll = EpollFd.create();
                Faults faults = Faults.inject("send:error=EIO:fd=" + pair.second().intValue(),
                        "send:error=EFBIG:len>=5", "epoll_ctl:error=ENOSPC:op=MOD",
                        "epoll_ctl:error=ENOMEM:fd=" + pair.second().intValue())) {
            assertThatThrownBy(() -> pair.second().send(text("x"), 0)).hasMessageContaining("EIO");
            assertThatThrownBy(() -> pair.first().send(text("hello"), 0)).hasMessageContaining("EFBIG");
            assertThat(pair.first().send(text("hell"), 0)).isEqualTo(4);
            assertThat(arrived()).isEqualTo("hell");
            epoll.add(pair.first(), EPOLLIN, 0);
            assertThatThrownBy(() -> epoll.modify(pair.first(), EPOLLOUT, 0)).hasMessageContaining("ENOSPC");
            assertThatThrownBy(() -> epoll.add(pair.second(), EPOLLIN, 0)).hasMessageContaining("ENOMEM");
            assertThat(List.of(faults.matched(0), faults.matched(1), faults.matched(2), faults.matched(3)))
                    .containsExactly(1L, 1L, 1L, 1L);
        }
    }

    @Test
    void oncePerDescriptorIsOnceForEachOfItsLives() throws IOException {
        try (Faults faults = Faults.inject("write:error=EINTR:when=1:per=fd")) {
            for (int life = 0; life < 2; life++) {
                try (PipeFd.Pair one = PipeFd.create(0); PipeFd.Pair other = PipeFd.create(0)) {
                    for (final PipeFd.Pair pipe : List.of(one, other)) {
                        assertThat(Libc.write(pipe.writeEnd().intValue(), text("x"), 1)).isEqualTo(-EINTR);
                        assertThat(Libc.write(pipe.writeEnd().intValue(), text("x"), 1)).isEqualTo(1);
                    }
                }
            }
            assertThat(faults.matched(0)).isEqualTo(8);
            assertThat(faults.injected(0)).isEqualTo(4);
        }
    }

    @Test
    void aCloseThatIsNotMadeEndsNoLife() throws IOException {
        final int fd = Libc.eventfd(0, EFD_CLOEXEC);
        try (Faults faults = Faults.inject("close:error=EINTR:when=1:per=fd")) {
            assertThat(Libc.close(fd)).isEqualTo(-EINTR);
            assertThat(Libc.close(fd)).isZero();
            assertThat(faults.matched(0)).isEqualTo(2);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"dup3", "close_range"})
    void aCallThatClosesNothingEndsNoLife(final String call) throws IOException {
        final int fd = pair.first().intValue();
        try (Faults faults = Faults.inject("send:error=EINTR:when=1:per=fd")) {
            assertThat(Libc.send(fd, text("x"), 1, 0)).isEqualTo(-EINTR);
            if (call.equals("dup3")) {
                assertThat(Libc.dup3(fd, fd, 0)).isEqualTo(-EINVAL);
                assertThat(Libc.dup3(-1, fd, 0)).isEqualTo(-EBADF);
            } else {
                assertThat(Libc.close_range(fd, fd, CLOSE_RANGE_CLOEXEC)).isZero();
                assertThat(Libc.close_range(fd, fd, ~0)).isEqualTo(-EINVAL);
            }
            assertThat(Libc.send(fd, text("x"), 1, 0)).isEqualTo(1);
            assertThat(faults.injected(0)).isEqualTo(1);
        }
    }

    @Test
    void aDescriptorThatAnotherTakesThePlaceOfBeginsAnew() throws IOException {
        final int one = Libc.eventfd(0, EFD_CLOEXEC);
        try (EventFd other = EventFd.create(0, 0);
                Faults faults = Faults.inject("read:error=EINTR:when=1:per=fd", "dup3:error=EIO:after:when=2")) {
            final MemorySegment room = arena.allocate(8);
            assertThat(Libc.read(one, room, 8)).isEqualTo(-EINTR);
            assertThat(Libc.dup3(other.intValue(), one, 0)).isEqualTo(one);
            assertThat(Libc.read(one, room, 8)).isEqualTo(-EINTR);
            assertThat(Libc.dup3(other.intValue(), one, 0)).as("made, and closed").isEqualTo(-EIO);
            assertThat(isOpen(one)).isFalse();
            assertThat(Libc.read(one, room, 8)).as("of a new life").isEqualTo(-EINTR);
            assertThat(faults.injected(0)).isEqualTo(3);
        }
    }

    @Test
    void callsWithoutADescriptorAreOnNone() {
        final MemorySegment actions = arena.allocate(128);
        try (Faults faults = Faults.inject(Scope.descriptor(pair.first()), "all:error=EIO");
                Faults number = Faults.inject("all:error=EIO:fd=" + pair.first().intValue());
                Faults each = Faults.inject("all:delay_exit=1ns:per=fd")) {
            assertThat(Libc.getuid()).isNotNegative();
            assertThat(Libc.posix_spawn_file_actions_init(actions)).isZero();
            assertThat(Libc.posix_spawn_file_actions_destroy(actions)).isZero();
            assertThat(List.of(faults.injected(), number.injected(), each.injected())).containsOnly(0L);
        }
    }

    @Test
    void chanceHasASeedThatLeadsToTheSameAgain() {
        final List<List<Long>> seen = new ArrayList<>();
        FaultRule rule = FaultRule.of("close:retval=7:chance=0.5");
        for (int i = 0; i < 2; i++) {
            try (Faults faults = Faults.inject(rule)) {
                final List<Long> results = new ArrayList<>();
                for (int k = 0; k < 200; k++) {
                    results.add((long) Libc.close(-1));
                }
                seen.add(results);
                rule = faults.rules().get(0);
                assertThat(rule.toString()).contains(":seed=");
                assertThat(faults.injected()).isBetween(50L, 150L);
            }
        }
        assertThat(seen.get(1)).isEqualTo(seen.get(0));
    }

    // ---- several rules

    @Test
    void severalRulesCountEachForItselfAndApplyInOrder() throws IOException {
        try (Faults faults = Faults.inject("send:error=EPERM:when=1", "send:error=EIO:when=1..2",
                "send:delay_enter=1:when=3", "send:short=1:when=3")) {
            assertThatThrownBy(() -> pair.first().send(text("a"), 0)).hasMessageContaining("EPERM");
            assertThatThrownBy(() -> pair.first().send(text("b"), 0)).hasMessageContaining("EIO");
            assertThat(pair.first().send(text("cd"), 0)).isEqualTo(2);
            assertThat(pair.first().send(text("ef"), 0)).isEqualTo(2);
            assertThat(pair.first().send(text("gh"), 0)).as("the third of more than one byte").isEqualTo(1);
            assertThat(arrived()).isEqualTo("cdefg");
            assertThat(faults.matched(0)).isEqualTo(5);
            assertThat(faults.injected(1)).as("hidden once by the first").isEqualTo(1);
            assertThat(faults.injected()).isEqualTo(4);
        }
    }

    @Test
    void whereOneIsOpenInsideOfAnotherTheOuterHidesWhatItAnswers() throws IOException {
        try (Faults outer = Faults.inject("send:error=EPERM:when=2");
                Faults inner = Faults.inject("send:error=EIO:when=2")) {
            assertThat(pair.first().send(text("a"), 0)).isEqualTo(1);
            assertThatThrownBy(() -> pair.first().send(text("b"), 0)).hasMessageContaining("EPERM");
            assertThatThrownBy(() -> pair.first().send(text("c"), 0)).hasMessageContaining("EIO");
            assertThat(inner.matched(0)).isEqualTo(2);
            assertThat(outer.matched(0)).isEqualTo(3);
        }
    }

    @Test
    void aMadeUpResultOfAShortenedCallIsNoMoreThanANumber() {
        final Mmsghdr messages = Mmsghdr.allocate(arena, 1);
        messages.hdr(0).iov(Iovec.allocate(arena, 1).add(arena.allocate(8)));
        final int socket = pair.first().intValue();
        try (Faults _ = Faults.inject("sendmmsg,recvmmsg:short=1", "sendmmsg,recvmmsg:retval=1000")) {
            assertThat(Libc.sendmmsg(socket, messages.prepareSend(1).segment(), 1, 0)).isEqualTo(1000);
            assertThat(Libc.recvmmsg(socket, messages.prepareReceive(1).segment(), 1, 0, MemorySegment.NULL))
                    .isEqualTo(1000);
        }
    }

    @Test
    void aRuleThatSaysNothingInjectsNothing() {
        assertThatThrownBy(() -> Faults.inject(FaultRule.on(Call.read))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected one of error=");
        assertThatThrownBy(() -> Faults.inject(new String[0])).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Faults.inject("read:error=EIO", "raed:error=EIO"))
                .isInstanceOf(FaultSyntaxException.class);
    }

    @Test
    void isMarkedWhereTheAnswerIsNotTheKernels() throws IOException {
        final List<String> seen = new ArrayList<>();
        final Layers.Layer trace = new Layers.Layer() {
            @Override
            public Layers.Place place() {
                return Layers.Place.TRACE;
            }

            @Override
            public long call(final Invocation invocation) {
                final long result = invocation.proceed();
                seen.add(invocation.call() + " " + invocation.arguments()[2] + " = " + result
                        + (invocation.injected() ? " (INJECTED)" : ""));
                return result;
            }
        };
        Layers.add(trace);
        try (Faults _ = Faults.inject("send:error=EINTR:when=1", "send:short=1:when=2", "send:retval=9:when=3",
                "send:delay_enter=1:when=4", "send:error=EIO:after:when=5")) {
            for (int i = 0; i < 6; i++) {
                Libc.send(pair.first().intValue(), text("hi"), 2, 0);
            }
        } finally {
            Layers.remove(trace);
        }
        assertThat(seen).containsExactly("send 2 = -4 (INJECTED)", "send 2 = 1 (INJECTED)", "send 2 = 9 (INJECTED)",
                "send 2 = 2", "send 2 = -5 (INJECTED)", "send 2 = 2");
    }

    // ---- scopes

    @Test
    void otherThreadsAreNotConcernedUnlessTheScopeSaysSo() throws Exception {
        try (Faults faults = Faults.inject("close:retval=7")) {
            assertThat(Libc.close(-1)).isEqualTo(7);
            assertThat(inThread(() -> Libc.close(-1))).isEqualTo(-EBADF);
            assertThat(faults.matched(0)).isEqualTo(1);
        }
        try (Faults faults = Faults.inject(Scope.everything(), "close:retval=7")) {
            assertThat(inThread(() -> Libc.close(-1))).isEqualTo(7);
            assertThat(faults.matched(0)).isEqualTo(1);
        }
        assertThat(Libc.close(-1)).isEqualTo(-EBADF);
    }

    @Test
    @SuppressWarnings("try")
    void aScopeMayBeADescriptorAsLongAsItLives() throws IOException {
        final EventFd fd = EventFd.create(0, EFD_NONBLOCK);
        try (Faults faults = Faults.inject(Scope.descriptor(fd), "all:error=EIO:after")) {
            assertThat(fd.fcntl(F_GETFD, 0)).isEqualTo(-EIO);
            assertThat(pair.first().fcntl(F_GETFD, 0)).isNotNegative();
            // Its number, though not as a descriptor.
            assertThat(Libc.socket(fd.intValue() + 1000, SOCK_STREAM, 0)).isEqualTo(-EAFNOSUPPORT);
            assertThat(Libc.socket(fd.intValue(), -1, 0)).isEqualTo(-EINVAL);
            assertThatThrownBy(fd::close).hasMessageContaining("EIO");
            assertThat(faults.matched(0)).isEqualTo(2);
            final int next = Libc.eventfd(0, EFD_CLOEXEC);
            assertThat(Libc.fcntl(next, F_GETFD, 0)).isEqualTo(FD_CLOEXEC);
            faults.close();
            Libc.close(next);
        }
    }

    @Test
    void threadsWithContraryRulesDoNotDisturbEachOther() throws Exception {
        final int rounds = 20_000;
        final CyclicBarrier barrier = new CyclicBarrier(2);
        final List<FutureTask<Long>> tasks = new ArrayList<>();
        final List<Thread> threads = new ArrayList<>();
        for (final int errno : new int[] {EIO, EINTR}) {
            tasks.add(new FutureTask<>(() -> {
                barrier.await();
                long wrong = 0;
                for (int i = 0; i < rounds / 100; i++) {
                    try (Faults faults = Faults.inject(FaultRule.on(Call.close).error(errno).when(1, 100, 2))) {
                        for (int k = 0; k < 100; k++) {
                            wrong += Libc.close(-1) == (k % 2 == 0 ? -errno : -EBADF) ? 0 : 1;
                        }
                        wrong += faults.matched(0) == 100 && faults.injected() == 50 ? 0 : 1;
                    }
                }
                return wrong;
            }));
            threads.add(new Thread(tasks.getLast()));
            threads.getLast().start();
        }
        for (int i = 0; i < 2; i++) {
            threads.get(i).join();
            assertThat(tasks.get(i).get()).isZero();
        }
    }

    @Test
    void whenIsExactAmongThreads() throws Exception {
        final AtomicInteger failed = new AtomicInteger();
        final List<Thread> threads = new ArrayList<>();
        try (Faults faults = Faults.inject(Scope.everything(), "dup:error=EPERM:when=7..3007+10")) {
            for (int i = 0; i < 4; i++) {
                threads.add(new Thread(() -> {
                    for (int k = 0; k < 1000; k++) {
                        if (Libc.dup(-1) == -EPERM) {
                            failed.incrementAndGet();
                        }
                    }
                }));
                threads.getLast().start();
            }
            for (final Thread thread : threads) {
                thread.join();
            }
            assertThat(failed).hasValue(301);
            assertThat(faults.injected()).isEqualTo(301);
            assertThat(faults.matched(0)).isEqualTo(4000);
        }
    }
}
