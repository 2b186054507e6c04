package io.github.fdsock;

import static io.github.fdsock.harness.junit.SocketFamily.TCP4;
import static io.github.fdsock.harness.junit.SocketFamily.TCP6;
import static io.github.fdsock.harness.junit.SocketFamily.UDP4;
import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.fdsock.harness.FaultRule;
import io.github.fdsock.harness.Faults;
import io.github.fdsock.harness.junit.SocketFamilies;
import io.github.fdsock.harness.junit.SocketFamily;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.ControlBuffer;
import io.github.fdsock.sys.struct.Iovec;
import io.github.fdsock.sys.struct.Msghdr;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Descriptors leave once, with the first byte, or stay with their owner.
@Timeout(60)
class SendDescriptorsTest {
    private Arena arena;
    private SocketFd.Pair pair;
    private PipeFd.Pair pipe;
    private MemorySegment oneByte;
    private MemorySegment room;

    @BeforeEach
    void open() throws IOException {
        arena = Arena.ofShared();
        oneByte = arena.allocate(1);
        room = arena.allocate(64 * 1024);
        pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0);
        pipe = PipeFd.create(0);
    }

    @AfterEach
    void close() throws IOException {
        pipe.close();
        pair.close();
        arena.close();
    }

    /// Fills the way from the first to the second socket until there is no room for a byte.
    private long fill() throws IOException {
        long all = 0;
        for (final int size : new int[] {(int) room.byteSize(), 1}) {
            for (long n = 0; n != -EAGAIN; n = pair.first().send(room.asSlice(0, size), MSG_DONTWAIT)) {
                all += n;
            }
        }
        return all;
    }

    /// Receives so many bytes; how many descriptors came with them, all of which are closed.
    private int descriptorsAmong(final long bytes) throws IOException {
        int descriptors = 0;
        for (long got = 0; got < bytes; ) {
            try (Message message = pair.second().receive(room, 0, SCM_MAX_FD)) {
                assertThat(message.bytes()).isPositive();
                assertThat(message.controlTruncated()).isFalse();
                got += message.bytes();
                descriptors += message.descriptors();
            }
        }
        assertThat(pair.second().receive(room, MSG_DONTWAIT, SCM_MAX_FD)).as("something beyond").isNull();
        return descriptors;
    }

    @Test
    void theyLeaveOnceWithTheFirstOfManyBytes() throws Exception {
        final MemorySegment large = arena.allocate(1 << 20);
        final long first = pair.first().sendDescriptors(large, MSG_DONTWAIT, pipe.writeEnd());
        assertThat(first).as("more does not fit at once").isBetween(1L, large.byteSize() - 1);
        // The rest goes as it is to go, without them.
        try (Background<Void> sender = Background.start(() -> {
            for (long at = first; at < large.byteSize(); ) {
                at += pair.first().send(large.asSlice(at), 0);
            }
            return null;
        })) {
            assertThat(descriptorsAmong(large.byteSize())).isEqualTo(1);
            sender.result();
        }
    }

    @Test
    void withoutRoomTheyStayAndAreSentLaterOnce() throws IOException {
        final long filled = fill();
        assertThat(pair.first().sendDescriptors(oneByte, MSG_DONTWAIT, pipe.writeEnd())).isEqualTo(-EAGAIN);
        assertThat(pipe.writeEnd().write(oneByte)).as("still ours").isEqualTo(1);
        assertThat(descriptorsAmong(filled)).isZero();
        assertThat(pair.first().sendDescriptors(oneByte, MSG_DONTWAIT, pipe.writeEnd())).isEqualTo(1);
        assertThat(descriptorsAmong(1)).isEqualTo(1);
    }

    /// What `sendmsg` would do with them instead: nothing, and say that all was well.
    @Test
    void withoutAByteTheyAreRefused() throws IOException {
        try (Seen seen = Seen.calls()) {
            assertThatThrownBy(() -> pair.first().sendDescriptors(arena.allocate(0), 0, pipe.writeEnd()))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThat(seen.all()).isEmpty();
        }
        assertThat(pair.first().sendmsg(message(arena.allocate(0), pipe.writeEnd().intValue()), 0)).isZero();
        assertThat(pair.second().receive(room, MSG_DONTWAIT, 1)).isNull();
    }

    @Test
    void aReceiverThatRefusesThemMakesItEperm() throws IOException {
        assumeTrue(pair.second().refuseDescriptors(), "SO_PASSRIGHTS came with Linux 6.16");
        assertThatThrownBy(() -> pair.first().sendDescriptors(oneByte, 0, pipe.writeEnd()))
                .isInstanceOfSatisfying(ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(EPERM));
        assertThat(pipe.writeEnd().write(oneByte)).as("still ours").isEqualTo(1);
        assertThat(pair.second().sendDescriptors(oneByte, 0, pipe.writeEnd())).as("the other way").isEqualTo(1);
    }

    @Test
    void aKernelThatCannotRefuseThemIsToldOfAndOtherErrorsAreThrown() throws IOException {
        try (Faults _ = Faults.inject("setsockopt:error=ENOPROTOOPT:when=1", "setsockopt:error=EPERM:when=2")) {
            assertThat(pair.second().refuseDescriptors()).isFalse();
            assertThatThrownBy(() -> pair.second().refuseDescriptors())
                    .isInstanceOfSatisfying(ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(EPERM));
        }
        assertThat(pair.first().sendDescriptors(oneByte, 0, pipe.writeEnd())).isEqualTo(1);
    }

    private Msghdr message(final MemorySegment bytes, final int... descriptors) {
        final ControlBuffer control = ControlBuffer.allocate(arena, (int) ControlBuffer.space(4L * descriptors.length));
        control.appendInts(SOL_SOCKET, SCM_RIGHTS, descriptors);
        return Msghdr.allocate(arena).iov(Iovec.allocate(arena, 1).add(bytes)).control(control);
    }

    @Test
    void asManyAsTheKernelTakesAndNotOneMore() throws IOException {
        final Fd[] most = new Fd[SCM_MAX_FD];
        Arrays.fill(most, pipe.writeEnd());
        assertThat(SCM_MAX_FD).isEqualTo(253);
        assertThat(pair.first().sendDescriptors(oneByte, 0, most)).isEqualTo(1);
        assertThat(descriptorsAmong(1)).isEqualTo(SCM_MAX_FD);

        final Fd[] tooMany = new Fd[SCM_MAX_FD + 1];
        Arrays.fill(tooMany, pipe.writeEnd());
        try (Seen seen = Seen.calls()) {
            assertThatThrownBy(() -> pair.first().sendDescriptors(oneByte, 0, tooMany))
                    .isInstanceOf(IllegalArgumentException.class).hasMessage("254 descriptors; 1 to 253 can be sent");
            assertThatThrownBy(() -> pair.first().sendDescriptors(oneByte, 0))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith("0 descriptors");
            assertThat(seen.all()).isEmpty();
        }
        final int[] numbers = new int[SCM_MAX_FD + 1];
        Arrays.fill(numbers, pipe.writeEnd().intValue());
        assertThatThrownBy(() -> pair.first().sendmsg(message(oneByte, numbers), 0))
                .isInstanceOfSatisfying(ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(EINVAL));
    }

    @Test
    void aClosedOneIsRefusedBeforeAnythingIsSent() throws IOException {
        final Fd closed = pipe.readEnd().dup();
        closed.close();
        try (Seen seen = Seen.calls()) {
            assertThatThrownBy(() -> pair.first().sendDescriptors(oneByte, 0, pipe.writeEnd(), closed))
                    .isInstanceOf(IllegalStateException.class).hasMessageContaining("closed by thread");
            assertThatThrownBy(() -> pair.first().sendDescriptors(oneByte, 0, pipe.writeEnd(), null))
                    .isInstanceOf(NullPointerException.class);
            assertThat(seen.all(Call.sendmsg)).isEmpty();
        }
        assertThat(pair.second().receive(room, MSG_DONTWAIT, 1)).isNull();
        // No call on those before it counts as under way: they can be given away.
        assertThat(Libc.close(pipe.writeEnd().release())).isZero();
        assertThat(Libc.close(pair.first().release())).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {ETOOMANYREFS, EPIPE, ENOBUFS})
    void aRefusalLeavesThemWithTheirOwner(final int errno) throws IOException {
        try (Faults _ = Faults.inject(FaultRule.on(Call.sendmsg).error(errno).when(1))) {
            assertThatThrownBy(() -> pair.first().sendDescriptors(oneByte, 0, pipe.writeEnd()))
                    .isInstanceOfSatisfying(ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(errno));
        }
        assertThat(pair.first().sendDescriptors(oneByte, 0, pipe.writeEnd())).isEqualTo(1);
        assertThat(descriptorsAmong(1)).isEqualTo(1);
    }

    @Test
    void anInterruptedSendSendsThemOnce() throws IOException {
        try (Seen seen = Seen.failing(Call.sendmsg, 3, EINTR)) {
            assertThat(pair.first().sendDescriptors(oneByte, 0, pipe.writeEnd())).isEqualTo(1);
            assertThat(seen.all(Call.sendmsg)).hasSize(4)
                    .allSatisfy(made -> assertThat((int) made.arguments().get(2) & MSG_NOSIGNAL).isNotZero());
        }
        assertThat(descriptorsAmong(1)).isEqualTo(1);
    }

    /// The owner may close when it likes; the kernel must find the number that was meant.
    @Test
    void oneThatIsClosedMeanwhileStaysOpenUntilItIsSent() throws IOException {
        final PipeFd passed = pipe.writeEnd();
        final int number = passed.intValue();
        try (Seen seen = Seen.calls(made -> {
            if (made.call() == Call.sendmsg) {
                try {
                    passed.close();
                } catch (final ErrnoException e) {
                    throw new AssertionError(e);
                }
                assertThat(passed.isOpen()).isFalse();
                assertThat(Libc.fcntl(number, F_GETFD, 0)).as("the number is kept").isNotNegative();
            }
            return null;
        })) {
            assertThat(pair.first().sendDescriptors(oneByte, 0, passed)).isEqualTo(1);
            assertThat(seen.all(Call.sendmsg)).hasSize(1);
        }
        assertThat(Libc.fcntl(number, F_GETFD, 0)).isEqualTo(-EBADF);
        try (Message message = pair.second().receive(room, 0, 1); Fd received = message.takeFd(0)) {
            assertThat(received.write(oneByte)).isEqualTo(1);
            assertThat(pipe.readEnd().read(room)).isEqualTo(1);
        }
    }

    @Test
    void theyStayTheSendersToo() throws IOException {
        assertThat(pair.first().sendDescriptors(oneByte, 0, pipe.writeEnd(), pipe.writeEnd())).isEqualTo(1);
        assertThat(pipe.writeEnd().isOpen()).isTrue();
        assertThat(pipe.writeEnd().write(oneByte)).isEqualTo(1);
        assertThat(descriptorsAmong(1)).as("the same one twice is two").isEqualTo(2);
    }

    /// The kernel takes them on TCP, says that all was well, and forgets them.
    @SocketFamilies({TCP4, TCP6, UDP4})
    void onlyUnixSocketsPassThem(final SocketFamily family) throws IOException {
        try (SocketFd.Pair other = family.connected(); Seen seen = Seen.calls()) {
            assertThatThrownBy(() -> other.first().sendDescriptors(oneByte, 0, pipe.writeEnd()))
                    .isInstanceOf(UnsupportedOperationException.class).hasMessageContaining("UNIX");
            assertThat(seen.all(Call.sendmsg)).isEmpty();
        }
    }

    @Test
    void theFamilyIsAskedForOnce() throws IOException {
        try (Seen seen = Seen.calls()) {
            for (int i = 0; i < 3; i++) {
                assertThat(pair.first().sendDescriptors(oneByte, 0, pipe.writeEnd())).isEqualTo(1);
            }
            assertThat(seen.all(Call.getsockopt)).hasSize(1);
        }
    }
}
