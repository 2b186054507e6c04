package io.github.fdsock;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.harness.Sweep;
import io.github.fdsock.harness.junit.SocketFamily;
import io.github.fdsock.sys.Call;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Whichever call of a socket, a message or a memory file fails, and however: what was made is closed, what has arrived
/// is right, and the reason is told.
@Timeout(300)
class SocketSweepTest {
    /// As long as something that is on its way may take on a busy machine; what a fault keeps from coming is waited for
    /// so long.
    private static final long LIMIT = 5_000_000_000L;

    private static MemorySegment text(final Arena arena, final String text) {
        return arena.allocateFrom(text).asSlice(0, text.length());
    }

    /// The result of a call that should not have had to wait: that it has is a fault, which is told as its errno.
    private static long requireNow(final long n) throws ErrnoException {
        if (n < 0) {
            throw new ErrnoException("a call that had to wait", (int) -n);
        }
        return n;
    }

    // ---- connections

    @ParameterizedTest
    @EnumSource(SocketFamily.class)
    void whatIsSentOverAConnectionComesBackOrTheReasonIsTold(final SocketFamily family) {
        final Sweep sweep = Sweep.of(() -> {
            try (Arena arena = Arena.ofConfined(); SocketFd server = family.socket()) {
                server.bind(family.any());
                if (family.connects()) {
                    server.listen(4);
                }
                try (SocketFd client = family.socket()) {
                    if (!family.connects()) {
                        client.bind(family.any());
                    }
                    connect(client, server.localAddress());
                    if (family.connects()) {
                        try (SocketFd peer = server.accept()) {
                            requireNow(peer == null ? -EAGAIN : 0);
                            echo(arena, client, peer);
                        }
                    } else {
                        connect(server, client.localAddress());
                        echo(arena, client, server);
                    }
                }
            }
        });
        final Sweep.Report report = (family.keepsMessages() ? sweep : sweep.shortTo(1)).lasting().twice().run();
        assertThat(report.failed()).containsKeys(Call.socket, Call.bind, Call.connect, Call.send, Call.recv,
                Call.close);
    }

    private static void connect(final SocketFd socket, final SockAddr address) throws IOException {
        final int result = socket.connect(address);
        if (result == -EINPROGRESS) {
            assertThat(socket.finishConnect(LIMIT)).isTrue();
        } else {
            requireNow(result);
        }
    }

    private static void echo(final Arena arena, final SocketFd client, final SocketFd peer) throws IOException {
        final MemorySegment words = text(arena, "there and back");
        sendAll(client, words);
        final MemorySegment there = receiveAll(arena, peer, words.byteSize());
        sendAll(peer, there);
        assertThat(receiveAll(arena, client, words.byteSize()).mismatch(words)).as("first wrong byte").isEqualTo(-1);
    }

    private static void sendAll(final SocketFd socket, final MemorySegment bytes) throws IOException {
        for (long sent = 0; sent < bytes.byteSize();) {
            sent += requireNow(socket.send(bytes.asSlice(sent), 0, LIMIT));
        }
    }

    private static MemorySegment receiveAll(final Arena arena, final SocketFd socket, final long length)
            throws IOException {
        final MemorySegment room = arena.allocate(length);
        for (long received = 0; received < length;) {
            final long n = requireNow(socket.recv(room.asSlice(received), 0, LIMIT));
            assertThat(n).as("an end that nobody has made").isPositive();
            received += n;
        }
        return room;
    }

    // ---- descriptors

    /// A copy that could not be given is closed.
    private static void giveCopy(final Message message, final Fd fd) throws IOException {
        final Fd copy = fd.dup();
        boolean isGiven = false;
        try {
            message.giveFd(copy);
            isGiven = true;
        } finally {
            if (!isGiven) {
                copy.close();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = SocketFamily.class, names = {"UNIX_STREAM", "UNIX_SEQPACKET", "UNIX_DGRAM"})
    void aPassedDescriptorArrivesOnceOrNotAtAll(final SocketFamily family) {
        final Sweep.Report report = Sweep.of(() -> {
            try (Arena arena = Arena.ofConfined();
                    SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, family.type() | SOCK_NONBLOCK, 0);
                    EventFd lent = EventFd.create(7, EFD_NONBLOCK);
                    Message sending = Message.allocate(arena, 1, 0, 2);
                    Message receiving = Message.allocate(arena, 1, 0, 2)) {
                sending.buffers().add(text(arena, "two"));
                receiving.buffers().add(arena.allocate(10));
                giveCopy(sending.lendFd(lent), lent);
                assertThat(requireNow(pair.first().sendmsg(sending, 0))).isEqualTo(3);
                assertThat(sending.descriptorsToSend()).isZero();
                assertThat(requireNow(pair.second().recvmsg(receiving, 0))).isEqualTo(3);
                assertThat(receiving.descriptors()).isEqualTo(2);
                try (Fd first = receiving.takeFd(0)) {
                    final MemorySegment value = arena.allocate(ValueLayout.JAVA_LONG);
                    assertThat(requireNow(first.read(value))).isEqualTo(8);
                    assertThat(value.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(7);
                }
            }
        }).lasting().twice().run();
        assertThat(report.failed()).containsKeys(Call.sendmsg, Call.recvmsg, Call.getsockopt, Call.close);
    }

    @ParameterizedTest
    @EnumSource(value = SocketFamily.class, names = {"UNIX_STREAM", "UNIX_SEQPACKET", "UNIX_DGRAM"})
    void aLookReceivesCopiesOfItsOwnAndLeavesTheMessageWhereItIs(final SocketFamily family) {
        final Sweep.Report report = Sweep.of(() -> {
            try (Arena arena = Arena.ofConfined();
                    SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, family.type() | SOCK_NONBLOCK, 0);
                    EventFd fd = EventFd.create(7, EFD_NONBLOCK);
                    Message sending = Message.allocate(arena, 1, 0, 1);
                    Message receiving = Message.allocate(arena, 1, 0, 1)) {
                sending.buffers().add(text(arena, "one"));
                receiving.buffers().add(arena.allocate(10));
                giveCopy(sending, fd);
                assertThat(requireNow(pair.first().sendmsg(sending, 0))).isEqualTo(3);
                for (final int flags : new int[] {MSG_PEEK, MSG_PEEK, 0}) {
                    assertThat(requireNow(pair.second().recvmsg(receiving, flags))).isEqualTo(3);
                    assertThat(receiving.descriptors()).isEqualTo(1);
                    if (flags == MSG_PEEK) {
                        receiving.takeFd(0).close();
                    }
                }
                assertThat(pair.second().recvmsg(receiving, 0)).as("nothing is left").isEqualTo(-EAGAIN);
            }
        }).lasting().twice().run();
        assertThat(report.failed()).containsKeys(Call.sendmsg, Call.recvmsg, Call.close);
    }

    @Test
    void descriptorsOfSeveralMessagesArriveOnceOrNotAtAll() {
        final Sweep.Report report = Sweep.of(() -> {
            try (Arena arena = Arena.ofConfined();
                    SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
                    EventFd fd = EventFd.create(0, 0);
                    Messages sending = Messages.allocate(arena, 3, 1, 0, 2);
                    Messages receiving = Messages.allocate(arena, 3, 1, 0, 2)) {
                for (int i = 0; i < 3; i++) {
                    sending.get(i).buffers().add(text(arena, "message " + i));
                    giveCopy(sending.get(i).lendFd(fd), fd);
                    receiving.get(i).buffers().add(arena.allocate(20));
                }
                assertThat(requireNow(pair.first().sendmmsg(sending, 0, 3, 0))).isEqualTo(3);
                // Each looks at the first message.
                assertThat(requireNow(pair.second().recvmmsg(receiving, 2, MSG_PEEK))).isEqualTo(2);
                assertThat(receiving.get(1).descriptors()).isEqualTo(2);
                assertThat(requireNow(pair.second().recvmmsg(receiving, 3, 0))).isEqualTo(3);
                for (int i = 0; i < 3; i++) {
                    assertThat(receiving.get(i).bytes()).isEqualTo(9);
                    assertThat(receiving.get(i).descriptors()).isEqualTo(2);
                }
                receiving.get(1).takeFd(0).close();
            }
        }).lasting().twice().run();
        assertThat(report.failed()).containsKeys(Call.sendmmsg, Call.recvmmsg, Call.close);
    }

    @Test
    void aDescriptorForWhichThereIsNoRoomIsClosed() {
        Sweep.of(() -> {
            try (Arena arena = Arena.ofConfined();
                    SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
                    EventFd fd = EventFd.create(0, 0);
                    PidFd self = PidFd.open(ProcessHandle.current())) {
                requireNow(pair.first().sendDescriptors(text(arena, "x"), 0, fd, self, pair.first()));
                try (Message message = pair.second().receive(arena.allocate(10), 0, 1)) {
                    requireNow(message == null ? -EAGAIN : 0);
                    assertThat(message.descriptors()).isEqualTo(1);
                    assertThat(message.controlTruncated()).isTrue();
                    message.takeFd(0).close();
                }
            }
        }).lasting().twice().run();
    }

    // ---- memory

    /// What it does not take over stays its caller's.
    private static MemFd adopted(final int number) throws ErrnoException {
        try {
            return MemFd.adopt(number);
        } catch (final ErrnoException | RuntimeException e) {
            Fd.closeNow(number);
            throw e;
        }
    }

    @Test
    void aMemoryFileIsSealedAndMappedOrClosed() {
        final Sweep.Report report = Sweep.of(() -> {
            try (Arena arena = Arena.ofConfined(); MemFd file = MemFd.create("shared", MFD_ALLOW_SEALING)) {
                file.size(8192);
                file.map(0, 4096, PROT_READ | PROT_WRITE, arena).set(ValueLayout.JAVA_BYTE, 0, (byte) 42);
                file.seal(F_SEAL_SHRINK | F_SEAL_GROW);
                try (MemFd other = adopted(file.dup().release())) {
                    assertThat(other.seals()).isEqualTo(F_SEAL_SHRINK | F_SEAL_GROW);
                    try (Arena mapped = Arena.ofConfined()) {
                        assertThat(other.map(0, other.size(), PROT_READ, mapped).get(ValueLayout.JAVA_BYTE, 0))
                                .isEqualTo((byte) 42);
                    }
                }
            }
        }).expecting((rule, thrown) ->
                rule.errno() == EINVAL && thrown.getMessage().endsWith("not a memory file")).lasting().twice().run();
        assertThat(report.failed()).containsKeys(Call.memfd_create, Call.ftruncate, Call.fcntl, Call.mmap, Call.munmap,
                Call.close);
    }
}
