package io.github.fdsock;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.ControlBuffer;
import io.github.fdsock.sys.struct.Iovec;
import io.github.fdsock.sys.struct.Msghdr;
import io.github.fdsock.sys.struct.Rlimit;
import io.github.fdsock.testing.OpenDescriptors;
import io.github.fdsock.testing.Project;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Every descriptor that arrives has an owner at once; those that do not are told of; and none that was not asked for gets in.
@Timeout(60)
class ReceivedMessageTest {
    private Arena arena;
    private SocketFd.Pair pair;
    private PipeFd.Pair pipe;
    private MemorySegment room;

    @BeforeEach
    void open() throws IOException {
        arena = Arena.ofShared();
        room = arena.allocate(1000);
        pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0);
        pipe = PipeFd.create(0);
    }

    @AfterEach
    void close() throws IOException {
        pipe.close();
        pair.close();
        arena.close();
    }

    private MemorySegment bytes(final String text) {
        return arena.allocateFrom(ValueLayout.JAVA_BYTE, text.getBytes(StandardCharsets.US_ASCII));
    }

    private String text(final ReceivedMessage message) {
        return new String(room.asSlice(0, message.bytes()).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.US_ASCII);
    }

    private void send(final String text, final int copies) throws IOException {
        final Fd[] descriptors = new Fd[copies];
        Arrays.fill(descriptors, pipe.writeEnd());
        assertThat(pair.first().sendDescriptors(bytes(text), 0, descriptors)).isEqualTo(text.length());
    }

    private ReceivedMessage receive(final int descriptorsMax) throws IOException {
        return pair.second().receive(room, 0, descriptorsMax);
    }

    private static List<Integer> numbers(final ReceivedMessage message) {
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
        final ReceivedMessage message = receive(3);
        assertThat(text(message)).isEqualTo("three");
        assertThat(message.descriptors()).isEqualTo(3);
        assertThat(message.descriptorsLost()).isFalse();
        final Fd taken = message.takeFd(1);
        assertThat(message.descriptors()).isEqualTo(3);
        assertThatThrownBy(() -> message.takeFd(1)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("taken before");
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
        final ReceivedMessage message = receive(3);
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
        assertThat(closed).hasSize(3).noneMatch(ReceivedMessageTest::isOpen);
    }

    @Test
    void areBornCloseOnExecAndOtherwiseAsTheyWereSent() throws IOException {
        pipe.writeEnd().closeOnExec(false);
        pipe.writeEnd().nonBlocking(true);
        try (Seen seen = Seen.calls()) {
            send("x", 1);
            try (ReceivedMessage message = receive(1); Fd fd = message.takeFd(0)) {
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
                final long n = Seen.really(made.call(), made.arguments().toArray());
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
        try (ReceivedMessage message = receive(wanted)) {
            assertThat(message.bytes()).isEqualTo(1);
            assertThat(message.descriptors()).isEqualTo(Math.min(sent, wanted));
            assertThat(message.descriptorsLost()).isEqualTo(sent > wanted);
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
        try (Seen seen = Seen.calls(); ReceivedMessage message = receive(1)) {
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

    @Test
    void severalControlMessagesAreAllTakenOver() throws IOException {
        final ControlBuffer control = ControlBuffer.allocate(arena, 200);
        final int[] copies = new int[4];
        for (int i = 0; i < copies.length; i++) {
            copies[i] = pipe.writeEnd().dup().release();
        }
        control.appendInts(SOL_SOCKET, SCM_RIGHTS, copies[0]);
        // Neither the numbers of other messages nor those of other levels are descriptors.
        control.appendInts(SOL_SOCKET, SCM_CREDENTIALS, 0, 1, 2);
        control.appendInts(IPPROTO_IP, SCM_RIGHTS, 0, 1, 2);
        control.appendInts(SOL_SOCKET, SCM_RIGHTS, copies[1], copies[2], copies[3]);
        control.received(control.length());
        final ReceivedMessage message = new ReceivedMessage(1, 0);
        message.adopt(control);
        assertThat(message.descriptors()).isEqualTo(4);
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
        try (ReceivedMessage message = receive(8)) {
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
        final ControlBuffer control = ControlBuffer.allocate(arena, 200);
        final int copy = pipe.writeEnd().dup().release();
        control.appendInts(SOL_SOCKET, SCM_RIGHTS, copy);
        final long next = control.length();
        control.appendInts(SOL_SOCKET, SCM_RIGHTS, 0, 1, 2);
        control.segment().set(ValueLayout.JAVA_LONG, next, length);
        control.received(control.length());
        try (ReceivedMessage message = new ReceivedMessage(1, 0)) {
            message.adopt(control);
            assertThat(message.descriptors()).isEqualTo(1);
        }
        assertThat(isOpen(copy)).isFalse();
    }

    @Test
    void aProcessDescriptorThatNobodyAskedForIsClosed() throws IOException {
        pair.second().setsockopt(SOL_SOCKET, SO_PASSPIDFD, 1);
        send("x", 1);
        // Room for both: the kernel puts the other descriptor first.
        try (Seen seen = Seen.calls(); ReceivedMessage message = receive(10)) {
            assertThat(message.descriptors()).isEqualTo(1);
            assertThat(message.descriptorsLost()).isFalse();
            assertThat(seen.all(Call.close)).as("the pidfd").hasSize(1);
        }
    }

    @Test
    void aProcessDescriptorThatCannotBeClosedLosesNoOther() throws IOException {
        pair.second().setsockopt(SOL_SOCKET, SO_PASSPIDFD, 1);
        send("x", 2);
        final List<Integer> closed = new ArrayList<>();
        try (Seen _ = Seen.calls(made -> {
            if (made.call() != Call.close) {
                return null;
            }
            closed.add(made.fd());
            return closed.size() == 1 ? Libc.close(made.fd()) - (long) EIO : null;
        })) {
            assertThatThrownBy(() -> receive(10)).isInstanceOf(ErrnoException.class).hasMessageContaining("EIO");
        }
        assertThat(closed).hasSize(3).noneMatch(ReceivedMessageTest::isOpen);
    }

    /// As [SocketFd#receive] says: there it is the wrong call, and nothing worse.
    @Test
    void otherControlMessagesTakeTheRoomAndThatIsTold() throws IOException {
        pair.second().setsockopt(SOL_SOCKET, SO_PASSCRED, 1);
        send("x", 1);
        try (ReceivedMessage message = receive(1)) {
            assertThat(message.bytes()).isEqualTo(1);
            assertThat(message.descriptors()).isZero();
            assertThat(message.descriptorsLost()).isTrue();
        }
        pipe.writeEnd().close();
        assertThat(pipe.readEnd().read(room)).isZero();
    }

    // ---- bytes

    @Test
    void bytesBeforeStandInFrontAndBytesBehindAreLeftForTheNext() throws IOException {
        pair.first().send(bytes("early "), 0);
        send("with one", 1);
        pair.first().send(bytes("late"), 0);
        send(" with two", 2);
        try (ReceivedMessage first = receive(8)) {
            assertThat(text(first)).isEqualTo("early with one");
            assertThat(first.descriptors()).isEqualTo(1);
        }
        try (ReceivedMessage second = receive(8)) {
            assertThat(text(second)).isEqualTo("late with two");
            assertThat(second.descriptors()).isEqualTo(2);
        }
    }

    @Test
    void theEndAndPlainBytesBringNoneOfAnEarlierMessage() throws IOException {
        send("x", 3);
        receive(3).close();
        pair.first().send(bytes("plain"), 0);
        try (ReceivedMessage plain = receive(3)) {
            assertThat(text(plain)).isEqualTo("plain");
            assertThat(plain.descriptors()).isZero();
            assertThat(plain.descriptorsLost()).isFalse();
        }
        assertThat(pair.second().receive(room, MSG_DONTWAIT, 3)).isNull();
        pair.first().close();
        try (ReceivedMessage end = receive(3)) {
            assertThat(end.bytes()).isZero();
            assertThat(end.descriptors()).isZero();
        }
    }

    @Test
    void anErrorBringsNone() throws IOException {
        send("x", 1);
        try (Seen _ = Seen.failing(Call.recvmsg, 1, ECONNRESET)) {
            assertThatThrownBy(() -> receive(1)).isInstanceOf(ErrnoException.class).hasMessageContaining("ECONNRESET");
        }
        try (Seen _ = Seen.failing(Call.recvmsg, 2, EINTR); ReceivedMessage message = receive(1)) {
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
            try (ReceivedMessage message = packets.second().receive(room, 0, 1)) {
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
            try (ReceivedMessage message = packets.second().receive(room.asSlice(0, 3), MSG_TRUNC, 1)) {
                assertThat(message.truncated()).isTrue();
                assertThat(message.descriptorsLost()).isFalse();
                assertThat(text(message)).isEqualTo("too");
                assertThat(message.descriptors()).isEqualTo(1);
            }
        }
    }

    // ---- looks, and calls that know nothing of descriptors

    @Test
    void aLookIsRefused() throws IOException {
        send("x", 1);
        try (Seen seen = Seen.calls()) {
            assertThatThrownBy(() -> pair.second().receive(room, MSG_PEEK | MSG_DONTWAIT, 1))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("MSG_PEEK");
            assertThat(seen.all()).isEmpty();
        }
        receive(1).close();
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

    // ---- without free numbers

    /// At `RLIMIT_NOFILE` the receive succeeds, with the descriptors that found a number and no others: neither invented, nor
    /// those of the message before.
    @Test
    void withoutFreeNumbersTheFirstArriveAndTheRestIsTold() throws Exception {
        final Process process = new ProcessBuilder(Project.java().toString(), "-ea", "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED", "-cp", location(Libc.class) + ":" + location(ReceivedMessageTest.class),
                WithFewNumbers.class.getName()).redirectErrorStream(true).start();
        final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        process.getOutputStream().close();
        assertThat(output.lines()).containsExactly(
                "free 20: bytes 1, descriptors 3, lost false, in order true",
                "free 0: bytes 1, descriptors 0, lost true, in order true",
                "free 1: bytes 1, descriptors 1, lost true, in order true",
                "free 2: bytes 1, descriptors 2, lost true, in order true",
                "free 3: bytes 1, descriptors 3, lost false, in order true",
                "copies left 0");
        assertThat(process.exitValue()).isZero();
    }

    private static String location(final Class<?> type) {
        return type.getProtectionDomain().getCodeSource().getLocation().getPath();
    }

    /// Run in a JVM of its own: receives three descriptors while so many numbers are free.
    static final class WithFewNumbers {
        private WithFewNumbers() {
        }

        public static void main(final String[] arguments) throws IOException {
            try (Arena arena = Arena.ofConfined();
                    SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0);
                    PipeFd.Pair first = PipeFd.create(0);
                    PipeFd.Pair second = PipeFd.create(0);
                    PipeFd.Pair third = PipeFd.create(0)) {
                final List<PipeFd.Pair> pipes = List.of(first, second, third);
                final StringBuilder report = new StringBuilder();
                // The first, with free numbers enough, loads every class: that takes numbers as well.
                for (final int free : new int[] {20, 0, 1, 2, 3}) {
                    report.append(receive(arena, pair, pipes, free));
                }
                int left = 0;
                for (final PipeFd.Pair pipe : pipes) {
                    pipe.writeEnd().close();
                    left += pipe.readEnd().read(arena.allocate(9)) == 0 ? 0 : 1;
                }
                System.out.print(report.append("copies left ").append(left).append('\n'));
            }
        }

        private static String receive(final Arena arena, final SocketFd.Pair pair, final List<PipeFd.Pair> pipes,
                final int free) throws IOException {
            final MemorySegment room = arena.allocate(9);
            pair.first().sendDescriptors(arena.allocate(1), 0, pipes.get(0).writeEnd(), pipes.get(1).writeEnd(),
                    pipes.get(2).writeEnd());
            final Rlimit limit = Rlimit.allocate(arena);
            Libc.getrlimit(RLIMIT_NOFILE, limit.segment());
            final long before = limit.cur();
            final List<Fd> taken = new ArrayList<>();
            final ReceivedMessage message;
            // Numbers below the limit that are in use stay: all that are free are taken but so many.
            final Fd highest = pair.first().dup();
            final int above = highest.intValue() + 40;
            highest.close();
            Libc.setrlimit(RLIMIT_NOFILE, limit.cur(above).segment());
            try {
                for (int number = Libc.dup(pair.first().intValue()); number >= 0; number = Libc.dup(pair.first().intValue())) {
                    taken.add(new Fd(number));
                }
                for (int i = 0; i < free; i++) {
                    taken.removeLast().close();
                }
                message = pair.second().receive(room, 0, 3);
                for (final Fd fd : taken) {
                    fd.close();
                }
            } finally {
                Libc.setrlimit(RLIMIT_NOFILE, limit.cur(before).segment());
            }
            boolean inOrder = true;
            try (message) {
                for (int i = 0; i < message.descriptors(); i++) {
                    try (Fd fd = message.takeFd(i)) {
                        fd.write(arena.allocate(i + 1));
                        inOrder &= pipes.get(i).readEnd().read(room) == i + 1;
                    }
                }
            }
            return "free " + free + ": bytes " + message.bytes() + ", descriptors " + message.descriptors() + ", lost "
                    + message.descriptorsLost() + ", in order " + inOrder + "\n";
        }
    }
}
