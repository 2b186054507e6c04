package io.github.fdsock;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.abi.msghdr;
import io.github.fdsock.cmsg.Cmsg;
import io.github.fdsock.harness.Faults;
import io.github.fdsock.harness.OpenDescriptors;
import io.github.fdsock.harness.junit.SocketFamily;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.ControlBuffer;
import io.github.fdsock.sys.struct.Iovec;
import io.github.fdsock.sys.struct.Msghdr;
import io.github.fdsock.sys.struct.Rlimit;
import io.github.fdsock.testing.Project;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Every descriptor that arrives has an owner at once; those that do not are told of; and none that was not asked for
/// gets in.
@Timeout(60)
class ReceiveDescriptorsTest extends PassingFixture {
    private void send(final String text, final int copies) throws IOException {
        final Fd[] descriptors = new Fd[copies];
        Arrays.fill(descriptors, pipe.writeEnd());
        assertThat(pair.first().sendDescriptors(bytes(text), 0, descriptors)).isEqualTo(text.length());
    }

    private Message receive(final int descriptorsMax) throws IOException {
        return pair.second().receive(room, 0, descriptorsMax);
    }

    private static List<Integer> numbers(final Message message) {
        final List<Integer> numbers = new ArrayList<>();
        for (int i = 0; i < message.descriptors(); i++) {
            numbers.add(message.takeFd(i).release());
        }
        return numbers;
    }

    private static boolean isOpen(final int number) {
        return Libc.fcntl(number, F_GETFD, 0) >= 0;
    }

    // ---- whose they are

    @Test
    void whatIsNotTakenIsClosedWithTheMessage() throws IOException {
        send("three", 3);
        final Message message = receive(3);
        assertThat(text(message)).isEqualTo("three");
        assertThat(message.descriptors()).isEqualTo(3);
        assertThat(message.controlTruncated()).isFalse();
        final Fd taken = message.takeFd(1);
        assertThat(message.descriptors()).isEqualTo(3);
        assertThatThrownBy(() -> message.takeFd(1)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("taken or closed before");
        assertThatThrownBy(() -> message.takeFd(3)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> message.takeFd(-1)).isInstanceOf(IndexOutOfBoundsException.class);
        message.close();
        message.close();
        assertThatThrownBy(() -> message.takeFd(0)).isInstanceOf(IllegalStateException.class);
        // The one taken lives on, and was the last but our own.
        pipe.writeEnd().close();
        assertThat(taken.write(bytes("x"))).isEqualTo(1);
        taken.close();
        assertThat(pipe.readEnd().read(room)).isEqualTo(1);
        assertThat(pipe.readEnd().read(room)).as("no other end to write to is left").isZero();
    }

    @Test
    void oneThatCannotBeClosedDoesNotKeepTheOthersOpen() throws IOException {
        send("three", 3);
        final Message message = receive(3);
        final List<Integer> closed = new ArrayList<>();
        try (Seen _ = Seen.calls(made -> {
            if (made.call() != Call.close) {
                return null;
            }
            closed.add(made.fd());
            assertThat(Libc.close(made.fd())).isZero();
            // As if somebody else had been there before: a defect, reported by an unchecked exception; then an errno.
            return closed.size() == 1 ? -(long) EIO : closed.size() == 2 ? -(long) EBADF : 0L;
        })) {
            assertThatThrownBy(message::close).isInstanceOf(IllegalStateException.class).hasMessageContaining("EBADF");
        }
        assertThat(closed).hasSize(3).noneMatch(ReceiveDescriptorsTest::isOpen);
    }

    @Test
    void areBornCloseOnExecAndOtherwiseAsTheyWereSent() throws IOException {
        pipe.writeEnd().closeOnExec(false);
        pipe.writeEnd().nonBlocking(true);
        try (Seen seen = Seen.calls()) {
            send("x", 1);
            try (Message message = receive(1); Fd fd = message.takeFd(0)) {
                // By the receiving call itself: a call afterwards would be too late for a child started in between.
                assertThat(seen.all(Call.recvmsg)).singleElement()
                        .satisfies(made -> assertThat((int) made.arguments().get(2) & MSG_CMSG_CLOEXEC).isNotZero());
                assertThat(seen.all(Call.fcntl)).as("a change of flags would be felt by the sender").isEmpty();
                assertThat(fd.closeOnExec()).isTrue();
                assertThat(fd.nonBlocking()).isTrue();
                assertThat(pipe.writeEnd().closeOnExec()).isFalse();
            }
        }
    }

    @Test
    void aFailureAfterTheReceiveLeavesNothingOpen() throws IOException {
        send("x", 2);
        final int socket = pair.second().intValue();
        try (Seen _ = Seen.calls(made -> {
            if (made.call() == Call.recvmsg) {
                final long n = made.really();
                try {
                    // Closed during the call, so that the end of the call closes; and that fails.
                    pair.second().close();
                } catch (final ErrnoException e) {
                    throw new AssertionError(e);
                }
                return n;
            }
            return made.call() == Call.close && made.fd() == socket ? Libc.close(socket) - (long) EIO : null;
        })) {
            assertThatThrownBy(() -> receive(2)).isInstanceOf(ErrnoException.class).hasMessageContaining("EIO");
        }
        pipe.writeEnd().close();
        assertThat(pipe.readEnd().read(room)).as("no copy of the other end is left").isZero();
    }

    // ---- how many

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 1", "3, 1", "4, 3", "2, 0", "253, 252", "253, 253", "1, 253"})
    void exactlySoManyAreLetInAsWereAskedFor(final int sent, final int wanted) throws IOException {
        send("x", sent);
        try (Message message = receive(wanted)) {
            assertThat(message.bytes()).isEqualTo(1);
            assertThat(message.descriptors()).isEqualTo(Math.min(sent, wanted));
            assertThat(message.controlTruncated()).isEqualTo(sent > wanted);
            assertThat(message.truncated()).isFalse();
        }
        pipe.writeEnd().close();
        assertThat(pipe.readEnd().read(room)).as("one of those not asked for is still open").isZero();
    }

    /// In the padding of `CMSG_SPACE` for one there is room for two: a peer who sends two gets one in, and not both.
    @Test
    void anExtraDescriptorCannotBePushedIn() throws IOException {
        send("x", 2);
        final int before = OpenDescriptors.now().targets().size();
        try (Seen seen = Seen.calls(); Message message = receive(1)) {
            assertThat(OpenDescriptors.now().targets()).hasSize(before + 1);
            assertThat(message.descriptors()).isEqualTo(1);
            assertThat(seen.all(Call.close)).as("it was never let in, rather than closed").isEmpty();
        }
        pipe.writeEnd().close();
        assertThat(pipe.readEnd().read(room)).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 254})
    void numbersThatCannotComeAreRefused(final int wanted) throws IOException {
        try (Seen seen = Seen.calls()) {
            assertThatThrownBy(() -> receive(wanted)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(Integer.toString(wanted));
            assertThat(seen.all()).isEmpty();
        }
    }

    // ---- what lies in the control buffer

    /// Lets the real call be made, and then stand in the control buffer what `writer` puts there.
    private Seen receivingInstead(final Message message, final Consumer<ControlBuffer> writer) {
        return Seen.calls(made -> {
            if (made.call() != Call.recvmsg) {
                return null;
            }
            final long n = made.really();
            final ControlBuffer control = ControlBuffer.of(message.control().segment()).clear();
            writer.accept(control);
            final MemorySegment header = (MemorySegment) made.arguments().get(1);
            header.set(ValueLayout.JAVA_LONG, 40, control.length());
            return n;
        });
    }

    private Message message(final int controlMax, final int descriptorsMax) {
        final Message message = Message.allocate(arena, 1, controlMax, descriptorsMax);
        message.buffers().add(room);
        return message;
    }

    private int copy() {
        try {
            return pipe.writeEnd().dup().release();
        } catch (final ErrnoException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void severalControlMessagesAreAllTakenOver() throws IOException {
        final int[] copies = {copy(), copy(), copy(), copy()};
        final Message message = message(200, 4);
        pair.first().send(bytes("x"), 0);
        try (Seen _ = receivingInstead(message, control -> control
                .appendInts(SOL_SOCKET, SCM_RIGHTS, copies[0])
                // Neither the numbers of other messages nor those of other levels are descriptors.
                .appendInts(SOL_SOCKET, SCM_CREDENTIALS, 0, 1, 2)
                .appendInts(IPPROTO_IP, SCM_RIGHTS, 0, 1, 2)
                .appendInts(SOL_SOCKET, SCM_RIGHTS, copies[1], copies[2], copies[3]))) {
            assertThat(pair.second().recvmsg(message, 0)).isEqualTo(1);
        }
        assertThat(numbers(message)).containsExactly(copies[0], copies[1], copies[2], copies[3])
                .allSatisfy(number -> assertThat(Libc.close(number)).isZero());
    }

    @Test
    void severalThatWereSentTogetherComeTogether() throws IOException {
        final ControlBuffer control = ControlBuffer.allocate(arena, 200);
        control.appendInts(SOL_SOCKET, SCM_RIGHTS, pipe.writeEnd().intValue());
        control.appendInts(SOL_SOCKET, SCM_RIGHTS, pipe.readEnd().intValue(), pipe.writeEnd().intValue());
        assertThat(pair.first().sendmsg(
                Msghdr.allocate(arena).iov(Iovec.allocate(arena, 1).add(bytes("x"))).control(control), 0)).isEqualTo(1);
        try (Message message = receive(8)) {
            assertThat(message.descriptors()).isEqualTo(3);
            try (Fd write = message.takeFd(0); Fd read = message.takeFd(1)) {
                assertThat(write.write(bytes("in order"))).isEqualTo(8);
                assertThat(read.read(room)).isEqualTo(8);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 15, 1_000_000, -1})
    void aLengthThatCannotBeEndsTheWalkBehindWhatIsRight(final long length) throws IOException {
        final int copy = copy();
        final Message message = message(200, 4);
        pair.first().send(bytes("x"), 0);
        try (Seen _ = receivingInstead(message, control -> {
            control.appendInts(SOL_SOCKET, SCM_RIGHTS, copy);
            final long next = control.length();
            control.appendInts(SOL_SOCKET, SCM_RIGHTS, 0, 1, 2);
            control.segment().set(ValueLayout.JAVA_LONG, next, length);
        }); message) {
            assertThat(pair.second().recvmsg(message, 0)).isEqualTo(1);
            assertThat(message.descriptors()).isEqualTo(1);
        }
        assertThat(isOpen(copy)).isFalse();
    }

    // ---- who sent it

    @Test
    void theSendersProcessIsTaken() throws IOException {
        pair.second().setsockopt(SOL_SOCKET, SO_PASSPIDFD, 1);
        try (Message message = message(24, 1)) {
            send("x", 1);
            assertThat(pair.second().recvmsg(message, 0)).isEqualTo(1);
            assertThat(message.descriptors()).isEqualTo(1);
            assertThat(message.truncation()).isEqualTo(Message.Truncation.NONE);
            try (PidFd sender = message.takePidFd()) {
                assertThat(sender.closeOnExec()).isTrue();
                assertThat(Files.readAllLines(Path.of("/proc/self/fdinfo/" + sender.intValue())))
                        .contains("Pid:\t" + ProcessHandle.current().pid());
            }
            assertThat(message.takePidFd()).isNull();
        }
    }

    @Test
    void theSendersProcessIsClosedWithTheMessage() throws IOException {
        pair.second().setsockopt(SOL_SOCKET, SO_PASSPIDFD, 1);
        final Message message = message(24, 1);
        send("x", 1);
        pair.second().recvmsg(message, 0);
        try (Seen seen = Seen.calls()) {
            message.close();
            assertThat(seen.all(Call.close)).as("descriptor and process").hasSize(2);
        }
        assertThat(message.takePidFd()).isNull();
    }

    /// The kernel puts the errno in the descriptor's place.
    @ParameterizedTest
    @ValueSource(ints = {ESRCH, EINVAL, EMFILE, EPERM})
    void aProcessThatCannotBeToldIsAnErrno(final int errno) throws IOException {
        try (Message message = message(24, 0)) {
            pair.first().send(bytes("x"), 0);
            try (Seen _ = receivingInstead(message, control -> control.appendInt(SOL_SOCKET, SCM_PIDFD, -errno))) {
                assertThat(pair.second().recvmsg(message, 0)).isEqualTo(1);
            }
            assertThatThrownBy(message::takePidFd)
                    .isInstanceOfSatisfying(ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(errno));
        }
    }

    @Test
    void aProcessDescriptorThatCannotBeClosedLosesNoOther() throws IOException {
        pair.second().setsockopt(SOL_SOCKET, SO_PASSPIDFD, 1);
        final Message message = message(24, 2);
        send("x", 2);
        pair.second().recvmsg(message, 0);
        final List<Integer> closed = new ArrayList<>();
        try (Seen _ = Seen.calls(made -> {
            if (made.call() != Call.close) {
                return null;
            }
            closed.add(made.fd());
            return Libc.close(made.fd()) - (long) EIO;
        })) {
            assertThatThrownBy(message::close).isInstanceOf(ErrnoException.class).hasMessageContaining("EIO");
        }
        assertThat(closed).hasSize(3).noneMatch(ReceiveDescriptorsTest::isOpen);
    }

    /// As [SocketFd#receive] says: there it is the wrong call, and nothing worse.
    @Test
    void otherControlMessagesTakeTheRoomAndThatIsTold() throws IOException {
        pair.second().setsockopt(SOL_SOCKET, SO_PASSCRED, 1);
        send("x", 1);
        try (Message message = receive(1)) {
            assertThat(message.bytes()).isEqualTo(1);
            assertThat(message.descriptors()).isZero();
            assertThat(message.truncation()).isEqualTo(Message.Truncation.ROOM);
        }
        pipe.writeEnd().close();
        assertThat(pipe.readEnd().read(room)).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 253})
    void withRoomForBothBothCome(final int descriptors) throws IOException {
        pair.second().setsockopt(SOL_SOCKET, SO_PASSCRED, 1);
        pair.second().setsockopt(SOL_SOCKET, SO_PASSPIDFD, 1);
        send("x", descriptors);
        try (Message message = message(Cmsg.SCM_CREDENTIALS.space() + 24, descriptors)) {
            assertThat(pair.second().recvmsg(message, 0)).isEqualTo(1);
            assertThat(message.truncation()).isEqualTo(Message.Truncation.NONE);
            assertThat(message.descriptors()).isEqualTo(descriptors);
            assertThat((long) message.get(Cmsg.SCM_CREDENTIALS).pid()).isEqualTo(ProcessHandle.current().pid());
            try (PidFd sender = message.takePidFd()) {
                assertThat(sender).isNotNull();
            }
        }
    }

    /// Room for other messages that do not come is room for descriptors, to the kernel; to the receiver it is not.
    @Test
    void inRoomForOthersNoneArePushedIn() throws IOException {
        final int before = OpenDescriptors.now().targets().size();
        send("x", 20);
        try (Message message = message(64, 2)) {
            assertThat(pair.second().recvmsg(message, 0)).isEqualTo(1);
            assertThat(message.descriptors()).isEqualTo(2);
            assertThat(message.truncation()).isEqualTo(Message.Truncation.ROOM);
            assertThat(OpenDescriptors.now().targets()).hasSize(before + 2);
            assertThatThrownBy(() -> message.takeFd(2)).isInstanceOf(IndexOutOfBoundsException.class);
        }
        try (Message none = message(64, 0)) {
            send("x", 2);
            assertThat(pair.second().recvmsg(none, 0)).isEqualTo(1);
            assertThat(none.descriptors()).isZero();
            assertThat(none.truncation()).isEqualTo(Message.Truncation.ROOM);
        }
        pipe.writeEnd().close();
        assertThat(pipe.readEnd().read(room)).as("no copy of the other end is left").isZero();
    }

    @Test
    void oneOfThoseThatWereNotAskedForMayFailToClose() throws IOException {
        send("three and more", 5);
        final Message message = message(64, 1);
        final List<Integer> closed = new ArrayList<>();
        try (Seen _ = Seen.calls(made -> {
            if (made.call() != Call.close) {
                return null;
            }
            closed.add(made.fd());
            return Libc.close(made.fd()) - (long) (closed.size() == 1 ? EIO : 0);
        })) {
            assertThatThrownBy(() -> pair.second().recvmsg(message, 0)).isInstanceOf(ErrnoException.class)
                    .hasMessageContaining("EIO");
        }
        assertThat(closed).hasSize(4).noneMatch(ReceiveDescriptorsTest::isOpen);
        assertThat(message.bytes()).as("received all the same").isEqualTo(14);
        message.takeFd(0).close();
    }

    // ---- bytes

    @Test
    void bytesBeforeStandInFrontAndBytesBehindAreLeftForTheNext() throws IOException {
        pair.first().send(bytes("early "), 0);
        send("with one", 1);
        pair.first().send(bytes("late"), 0);
        send(" with two", 2);
        try (Message first = receive(8)) {
            assertThat(text(first)).isEqualTo("early with one");
            assertThat(first.descriptors()).isEqualTo(1);
        }
        try (Message second = receive(8)) {
            assertThat(text(second)).isEqualTo("late with two");
            assertThat(second.descriptors()).isEqualTo(2);
        }
    }

    /// As a security module does: it keeps them back, though there is room and there are numbers.
    @Test
    void thoseThatAreKeptBackAreToldOfThoughNothingIsFull() throws IOException {
        assertThat(pair.first().write(bytes("x"))).isEqualTo(1);
        try (Seen _ = Seen.calls(made -> {
            if (made.call() != Call.recvmsg) {
                return null;
            }
            final long n = made.really();
            final MemorySegment header = (MemorySegment) made.arguments().get(1);
            msghdr.msg_flags(header, msghdr.msg_flags(header) | MSG_CTRUNC);
            return n;
        }); Message message = receive(2)) {
            assertThat(text(message)).isEqualTo("x");
            assertThat(message.descriptors()).isZero();
            assertThat(message.truncation()).isEqualTo(Message.Truncation.OTHER);
        }
    }

    @Test
    void theEndAndPlainBytesBringNoneOfAnEarlierMessage() throws IOException {
        send("x", 3);
        receive(3).close();
        pair.first().send(bytes("plain"), 0);
        try (Message plain = receive(3)) {
            assertThat(text(plain)).isEqualTo("plain");
            assertThat(plain.descriptors()).isZero();
            assertThat(plain.controlTruncated()).isFalse();
        }
        assertThat(pair.second().receive(room, MSG_DONTWAIT, 3)).isNull();
        pair.first().close();
        try (Message end = receive(3)) {
            assertThat(end.bytes()).isZero();
            assertThat(end.descriptors()).isZero();
        }
    }

    @Test
    void anErrorBringsNone() throws IOException {
        send("x", 1);
        try (Faults _ = Faults.inject("recvmsg:error=ECONNRESET:when=1")) {
            assertThatThrownBy(() -> receive(1)).isInstanceOf(ErrnoException.class).hasMessageContaining("ECONNRESET");
        }
        try (Faults _ = Faults.inject("recvmsg:error=EINTR:when=1..2"); Message message = receive(1)) {
            assertThat(message.descriptors()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {SOCK_DGRAM, SOCK_SEQPACKET})
    void anEmptyMessageMayCarryThem(final int type) throws IOException {
        try (SocketFd.Pair packets = SocketFd.socketpair(AF_UNIX, type, 0)) {
            final ControlBuffer control = ControlBuffer.allocate(arena, 20);
            control.appendInts(SOL_SOCKET, SCM_RIGHTS, pipe.writeEnd().intValue());
            assertThat(packets.first().sendmsg(Msghdr.allocate(arena).control(control), 0)).isZero();
            try (Message message = packets.second().receive(room, 0, 1)) {
                assertThat(message.bytes()).isZero();
                assertThat(message.descriptors()).isEqualTo(1);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {SOCK_DGRAM, SOCK_SEQPACKET})
    void aTruncatedMessageIsToldOfAndKeepsItsDescriptors(final int type) throws IOException {
        try (SocketFd.Pair packets = SocketFd.socketpair(AF_UNIX, type, 0)) {
            assertThat(packets.first().sendDescriptors(bytes("too long"), 0, pipe.writeEnd())).isEqualTo(8);
            try (Message message = packets.second().receive(room.asSlice(0, 3), MSG_TRUNC, 1)) {
                assertThat(message.truncated()).isTrue();
                assertThat(message.controlTruncated()).isFalse();
                assertThat(text(message)).isEqualTo("too");
                assertThat(message.descriptors()).isEqualTo(1);
            }
        }
    }

    // ---- looks, and calls that know nothing of descriptors

    @Test
    void aLookOwnsTheCopiesThatItReceives() throws IOException {
        send("x", 1);
        final int before = OpenDescriptors.now().targets().size();
        try (Message message = message(0, 1)) {
            for (int look = 0; look < 3; look++) {
                assertThat(pair.second().recvmsg(message, MSG_PEEK)).isEqualTo(1);
                assertThat(OpenDescriptors.now().targets()).hasSize(before + 1);
            }
            assertThat(pair.second().recvmsg(message, 0)).isEqualTo(1);
        }
        assertThat(OpenDescriptors.now().targets()).hasSize(before);
        pipe.writeEnd().close();
        assertThat(pipe.readEnd().read(room)).isZero();
    }

    @Test
    void theNextReceiveClosesThoseOfTheLastAlsoWhereItFails() throws IOException {
        try (Message message = message(0, 3)) {
            send("x", 3);
            pair.second().recvmsg(message, 0);
            final Fd kept = message.takeFd(1);
            assertThat(pair.second().recvmsg(message, MSG_DONTWAIT)).isEqualTo(-EAGAIN);
            assertThat(message.descriptors()).isZero();
            assertThat(message.bytes()).isZero();
            pipe.writeEnd().close();
            kept.close();
            assertThat(pipe.readEnd().read(room)).as("no copy of the other end is left").isZero();
        }
    }

    @Test
    void whatIsNoSocketStaysWithTheMessage() throws IOException {
        assertThat(pair.first().sendDescriptors(bytes("x"), 0, pipe.writeEnd(), pair.second())).isEqualTo(1);
        try (Message message = receive(2)) {
            assertThatThrownBy(() -> message.takeSocketFd(0)).isInstanceOf(ErrnoException.class)
                    .hasMessageContaining("ENOTSOCK");
            try (SocketFd socket = message.takeSocketFd(1); Fd file = message.takeFd(0)) {
                assertThat(socket.localAddress()).isEqualTo(SockAddr.unixUnnamed());
                assertThat(file.write(bytes("x"))).isEqualTo(1);
            }
            assertThatThrownBy(() -> message.takeSocketFd(1)).isInstanceOf(IllegalStateException.class);
        }
    }

    /// What [SocketFd#recvmsg] warns of.
    @Test
    void aRawLookReceivesAnotherCopyEachTime() throws IOException {
        send("x", 1);
        final ControlBuffer control = ControlBuffer.allocate(arena, 20);
        final Msghdr message = Msghdr.allocate(arena).iov(Iovec.allocate(arena, 1).add(room)).control(control);
        final List<Integer> copies = new ArrayList<>();
        for (int look = 0; look < 2; look++) {
            assertThat(pair.second().recvmsg(message, MSG_PEEK)).isEqualTo(1);
            assertThat(control.next()).isTrue();
            copies.add(control.dataInt(0));
        }
        assertThat(copies).doesNotHaveDuplicates().allSatisfy(copy -> {
            assertThat(Libc.fcntl(copy, F_GETFD, 0)).isEqualTo(FD_CLOEXEC);
            assertThat(Libc.close(copy)).isZero();
        });
        receive(1).close();
    }

    /// What [Fd#read] and [SocketFd] warn of.
    @Test
    void aPlainReceiveThrowsThemAway() throws IOException {
        for (int i = 0; i < 4; i++) {
            send("x", 1);
        }
        pipe.writeEnd().close();
        assertThat(pair.second().recv(room, 0)).isEqualTo(1);
        assertThat(pair.second().read(room)).isEqualTo(1);
        assertThat(pair.second().readv(Iovec.allocate(arena, 1).add(room))).isEqualTo(1);
        assertThat(pipe.readEnd().await(POLLIN, 0)).as("the last is still on its way").isZero();
        assertThat(pair.second().recv(Iovec.allocate(arena, 1).add(room), 0)).isEqualTo(1);
        assertThat(pipe.readEnd().read(room)).as("no copy is left").isZero();
    }

    // ---- known cases of other libraries

    @Test
    void n01_j01_theyComeOnceAndAreOpen() throws IOException {
        try (Message message = message(0, 4)) {
            assertThat(message.descriptors()).isZero();
            send("HELLO", 2);
            assertThat(pair.second().recvmsg(message, 0)).isEqualTo(5);
            assertThat(message.descriptors()).isEqualTo(2);
            try (Fd first = message.takeFd(0); Fd second = message.takeFd(1)) {
                assertThat(first.write(room.asSlice(0, 1)) + second.write(room.asSlice(0, 1))).isEqualTo(2);
            }
            assertThat(pair.second().recvmsg(message, MSG_DONTWAIT)).isEqualTo(-EAGAIN);
            assertThat(message.descriptors()).isZero();
            pair.first().close();
            assertThat(pair.second().recvmsg(message, 0)).isZero();
        }
    }

    @Test
    void j02_noneAreSentAsPlainData() throws IOException {
        final Message out = message(0, 2);
        out.buffers().clear().add(bytes("plain"));
        assertThat(pair.first().sendmsg(out, 0)).isEqualTo(5);
        final Fd closed = pipe.readEnd().dup();
        closed.close();
        assertThatThrownBy(() -> pair.first().sendmsg(out.lendFd(closed), 0))
                .isInstanceOf(IllegalStateException.class);
        try (Message in = receive(2)) {
            assertThat(text(in)).isEqualTo("plain");
            assertThat(in.descriptors()).isZero();
        }
    }

    @Test
    void j03_withoutRoomForThemTheBytesAreReadAndTheLossIsTold() throws IOException {
        send("bytes", 2);
        try (Message message = message(0, 0)) {
            assertThat(pair.second().recvmsg(message, 0)).isEqualTo(5);
            assertThat(message.descriptors()).isZero();
            assertThat(message.truncation()).isEqualTo(Message.Truncation.ROOM);
        }
    }

    @Test
    void j04_aFileAndADatagramSocketAreUsed() throws IOException {
        final Path path = Files.createTempFile("passed", null);
        Files.writeString(path, "in the file");
        try (Fd file = Fd.openFile(path, O_RDONLY, 0); SocketFd.Pair datagrams = SocketFamily.UDP4.connected()) {
            assertThat(file.read(room.asSlice(0, 3))).isEqualTo(3);
            assertThat(pair.first().sendDescriptors(bytes("x"), 0, file, datagrams.first())).isEqualTo(1);
            try (Message message = receive(2); Fd received = message.takeFd(0);
                    SocketFd socket = message.takeSocketFd(1)) {
                assertThat(received.read(room)).as("the offset is shared").isEqualTo("the file".length());
                assertThat(socket.send(bytes("datagram"), 0)).isEqualTo(8);
                assertThat(datagrams.second().recv(room, 0)).isEqualTo(8);
            }
        } finally {
            Files.delete(path);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {SOCK_STREAM, SOCK_DGRAM})
    void j05_theTwoEndsOfAPairHaveTheSameCredentials(final int type) throws IOException {
        try (SocketFd.Pair both = SocketFd.socketpair(AF_UNIX, type, 0)) {
            assertThat(both.first().peerCredentials()).isEqualTo(both.second().peerCredentials());
            assertThat((long) both.first().peerCredentials().pid()).isEqualTo(ProcessHandle.current().pid());
        }
    }

    // ---- without free numbers

    /// At `RLIMIT_NOFILE` the receive succeeds, with the descriptors that found a number and no others: neither
    /// invented, nor those of the message before.
    @Test
    void withoutFreeNumbersTheFirstArriveAndTheRestIsTold() throws Exception {
        final Process process = new ProcessBuilder(Project.java().toString(), "-ea", "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED", "-cp",
                location(Libc.class) + ":" + location(ReceiveDescriptorsTest.class),
                WithFewNumbers.class.getName()).redirectErrorStream(true).start();
        final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        process.getOutputStream().close();
        final List<String> expected = new ArrayList<>();
        for (final int inFlight : new int[] {1, 3, 253}) {
            for (final int free : WithFewNumbers.free(inFlight)) {
                expected.add("sent " + inFlight + ", free " + free + ": bytes 1, descriptors " + Math.min(free, inFlight)
                        + ", " + (free < inFlight ? "DESCRIPTOR_LIMIT" : "NONE") + ", right true, usable true");
            }
        }
        expected.add("more than asked for, without numbers: descriptors 1, DESCRIPTOR_LIMIT");
        expected.add("more than asked for, with numbers: descriptors 2, ROOM");
        expected.add("a look without numbers: descriptors 0, DESCRIPTOR_LIMIT; and afterwards descriptors 3, NONE");
        expected.add("copies left false");
        assertThat(output.lines()).containsExactlyElementsOf(expected);
        assertThat(process.exitValue()).isZero();
    }

    private static String location(final Class<?> type) {
        return type.getProtectionDomain().getCodeSource().getLocation().getPath();
    }

    /// Run in a JVM of its own: receives descriptors while so many numbers are free.
    static final class WithFewNumbers {
        private final Arena arena = Arena.ofAuto();
        private final MemorySegment room = arena.allocate(9);
        private final SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0);
        private final PipeFd.Pair pipe = PipeFd.create(PIPE_FLAGS);
        private final StringBuilder report = new StringBuilder();

        private static final int PIPE_FLAGS = O_NONBLOCK;

        private WithFewNumbers() throws IOException {
        }

        static int[] free(final int inFlight) {
            return new int[] {inFlight + 20, 0, 1, inFlight - 1, inFlight};
        }

        public static void main(final String[] arguments) throws IOException {
            final WithFewNumbers few = new WithFewNumbers();
            for (final int inFlight : new int[] {1, 3, 253}) {
                // The first, with free numbers enough, loads every class: that takes numbers as well.
                for (final int free : free(inFlight)) {
                    few.receive(inFlight, free);
                }
            }
            few.receiveFewer();
            few.look();
            few.pipe.writeEnd().close();
            few.report.append("copies left ").append(few.pipe.readEnd().read(few.room) != 0).append('\n');
            System.out.print(few.report);
        }

        private void send(final int count) throws IOException {
            final Fd[] descriptors = new Fd[count];
            Arrays.fill(descriptors, pipe.writeEnd());
            pair.first().sendDescriptors(arena.allocate(1), 0, descriptors);
        }

        private void receive(final int inFlight, final int free) throws IOException {
            send(inFlight);
            try (Message message = Message.allocate(arena, 1, 0, inFlight)) {
                message.buffers().add(room);
                withFree(free, () -> pair.second().recvmsg(message, 0));
                boolean right = true;
                for (int i = 0; i < message.descriptors(); i++) {
                    try (Fd fd = message.takeFd(i)) {
                        right &= fd.write(room.asSlice(0, 1)) == 1 && pipe.readEnd().read(room) == 1;
                    }
                }
                report.append("sent ").append(inFlight).append(", free ").append(free).append(": bytes ")
                        .append(message.bytes()).append(", descriptors ").append(message.descriptors()).append(", ")
                        .append(message.truncation()).append(", right ").append(right);
                send(inFlight);
                report.append(", usable ").append(pair.second().recvmsg(message, 0) == 1
                        && message.descriptors() == inFlight && !message.controlTruncated()).append('\n');
            }
        }

        private void receiveFewer() throws IOException {
            try (Message message = Message.allocate(arena, 1, 0, 2)) {
                message.buffers().add(room);
                send(3);
                withFree(1, () -> pair.second().recvmsg(message, 0));
                report.append("more than asked for, without numbers: descriptors ").append(message.descriptors())
                        .append(", ").append(message.truncation()).append('\n');
                send(3);
                withFree(5, () -> pair.second().recvmsg(message, 0));
                report.append("more than asked for, with numbers: descriptors ").append(message.descriptors())
                        .append(", ").append(message.truncation()).append('\n');
            }
        }

        private void look() throws IOException {
            try (Message message = Message.allocate(arena, 1, 0, 3)) {
                message.buffers().add(room);
                send(3);
                withFree(0, () -> pair.second().recvmsg(message, MSG_PEEK));
                report.append("a look without numbers: descriptors ").append(message.descriptors()).append(", ")
                        .append(message.truncation());
                pair.second().recvmsg(message, 0);
                report.append("; and afterwards descriptors ").append(message.descriptors()).append(", ")
                        .append(message.truncation()).append('\n');
            }
        }

        private interface Receive {
            void run() throws IOException;
        }

        /// Runs it while just so many numbers are free.
        private void withFree(final int free, final Receive receive) throws IOException {
            final Rlimit limit = Rlimit.allocate(arena);
            Libc.getrlimit(RLIMIT_NOFILE, limit.segment());
            final long before = limit.cur();
            final List<Fd> taken = new ArrayList<>();
            // Numbers below the limit that are in use stay: all that are free are taken but so many.
            final Fd highest = pair.first().dup();
            final int above = highest.intValue() + free + 40;
            highest.close();
            Libc.setrlimit(RLIMIT_NOFILE, limit.cur(above).segment());
            try {
                for (int number = Libc.dup(pair.first().intValue()); number >= 0;
                        number = Libc.dup(pair.first().intValue())) {
                    taken.add(new Fd(number));
                }
                for (int i = 0; i < free; i++) {
                    taken.removeLast().close();
                }
                receive.run();
            } finally {
                for (final Fd fd : taken) {
                    fd.close();
                }
                Libc.setrlimit(RLIMIT_NOFILE, limit.cur(before).segment());
            }
        }
    }
}
