package io.github.fdsock;

import static io.github.fdsock.harness.junit.SocketFamily.TCP4;
import static io.github.fdsock.harness.junit.SocketFamily.UDP4;
import static io.github.fdsock.harness.junit.SocketFamily.UDP6;
import static io.github.fdsock.harness.junit.SocketFamily.UNIX_DGRAM;
import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.cmsg.Cmsg;
import io.github.fdsock.harness.Faults;
import io.github.fdsock.harness.junit.SocketFamilies;
import io.github.fdsock.harness.junit.SocketFamily;
import io.github.fdsock.option.Credentials;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.ControlBuffer;
import io.github.fdsock.testing.Allocations;
import io.github.fdsock.testing.CountsAllocations;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A message carries address, buffers, control messages and descriptors, and is used again without leaving anything of
/// the last time in it.
@Timeout(60)
class MessageTest extends PassingFixture {
    private Message message(final MemorySegment buffer, final int controlMax, final int descriptorsMax) {
        final Message message = Message.allocate(arena, 4, controlMax, descriptorsMax);
        message.buffers().add(buffer);
        return message;
    }

    // ---- buffers and addresses

    @SocketFamilies
    void severalBuffersGoAndComeInOrder(final SocketFamily family) throws IOException {
        try (SocketFd.Pair sockets = family.connected()) {
            final Message out = message(bytes("one "), 0, 0);
            out.buffers().add(bytes("two"));
            assertThat(sockets.first().sendmsg(out, 0)).isEqualTo(7);
            assertThat(out.bytes()).isEqualTo(7);
            final Message in = message(room.asSlice(0, 2), 0, 0);
            in.buffers().add(room.asSlice(2));
            assertThat(sockets.second().recvmsg(in, 0)).isEqualTo(7);
            assertThat(text(in)).isEqualTo("one two");
            assertThat(in.flags() & (MSG_TRUNC | MSG_CTRUNC)).isZero();
            assertThat(in.controlTruncated()).isFalse();
        }
    }

    @SocketFamilies({UDP4, UDP6, UNIX_DGRAM})
    void anAnswerGoesToWhereItCameFrom(final SocketFamily family) throws IOException {
        try (SocketFd server = family.socket(); SocketFd client = family.socket()) {
            server.bind(family.any());
            client.bind(family.any());
            final Message message = message(room, 0, 0).to(server.localAddress());
            assertThat(client.sendmsg(message, 0)).isEqualTo(1000);
            assertThat(server.recvmsg(message, 0)).isEqualTo(1000);
            assertThat(message.from().address()).isEqualTo(client.localAddress());
            message.to(message.from());
            assertThat(server.sendmsg(message, 0)).isEqualTo(1000);
            assertThat(client.recvmsg(message, 0)).isEqualTo(1000);
            assertThat(message.from().address()).isEqualTo(server.localAddress());
            client.connect(server.localAddress());
            assertThat(client.sendmsg(message.to((SockAddr) null), 0)).isEqualTo(1000);
        }
    }

    /// A connected UNIX stream tells its peer's address, and refuses to be told it.
    @Test
    void whomItCameFromIsNotWhereTheNextGoes() throws IOException {
        try (SocketFd.Pair sockets = SocketFamily.UNIX_STREAM.connected()) {
            final Message message = message(room, 0, 0);
            sockets.second().send(bytes("x"), 0);
            assertThat(sockets.first().recvmsg(message, 0)).isEqualTo(1);
            assertThat(sockets.first().sendmsg(message, 0)).isEqualTo(1000);
        }
    }

    @Test
    void aFailedReceiveForgetsTheLast() throws IOException {
        try (SocketFd server = UDP4.socket(); SocketFd client = UDP4.socket()) {
            server.bind(UDP4.any());
            server.setsockopt(SockOpt.IP_RECVTTL, true);
            client.connect(server.localAddress());
            client.send(bytes("longer than the room"), 0);
            final Message message = message(room.asSlice(0, 4), 24, 0);
            assertThat(server.recvmsg(message, 0)).isEqualTo(4);
            assertThat(message.truncated()).isTrue();
            assertThat(message.bytes()).isEqualTo(4);
            assertThat(message.getInt(Cmsg.IP_TTL, -1)).isEqualTo(64);
            assertThat(server.recvmsg(message, MSG_DONTWAIT)).isEqualTo(-EAGAIN);
            assertThat(message.truncated()).isFalse();
            assertThat(message.bytes()).isZero();
            assertThat(message.get(Cmsg.IP_TTL)).isNull();
            assertThat(message.control().next()).isFalse();
            assertThat(message.from().address()).isNull();
        }
    }

    @Test
    void aTruncatedDatagramTellsItsLengthAndHoldsNoMoreThanFits() throws IOException {
        try (SocketFd.Pair sockets = UDP4.connected()) {
            sockets.first().send(bytes("0123456789"), 0);
            final Message message = message(room.asSlice(0, 4), 0, 0);
            assertThat(sockets.second().recvmsg(message, MSG_TRUNC)).isEqualTo(10);
            assertThat(message.bytes()).isEqualTo(4);
            assertThat(message.truncated()).isTrue();
        }
    }

    @Test
    void theEndIsTheEndAndAClosedSocketIsRefused() throws IOException {
        final Message message = message(room, 0, 0);
        pair.first().close();
        assertThat(pair.second().recvmsg(message, 0)).isZero();
        assertThatThrownBy(() -> pair.first().recvmsg(message, 0)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> pair.first().sendmsg(message, 0)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> pair.second().sendmsg(message, 0)).isInstanceOf(ErrnoException.class)
                .hasMessage("sendmsg(" + pair.second().intValue() + ", 1000) = -1 EPIPE (Broken pipe)");
    }

    @Test
    void interruptionsAreNotSeen() throws IOException {
        pair.first().send(bytes("x"), 0);
        final Message message = message(room, 0, 0);
        try (Faults faults = Faults.inject("recvmsg:error=EINTR:when=1..3")) {
            assertThat(pair.second().recvmsg(message, 0)).isEqualTo(1);
            assertThat(faults.matched(0)).isEqualTo(4);
        }
        try (Seen seen = Seen.failing(Call.sendmsg, 3, EINTR)) {
            assertThat(pair.second().sendmsg(message, 0)).isEqualTo(1000);
            assertThat(seen.all(Call.sendmsg)).hasSize(4)
                    .allSatisfy(made -> assertThat((int) made.arguments().get(2) & MSG_NOSIGNAL).isNotZero());
        }
    }

    // ---- limits

    @ParameterizedTest
    @CsvSource({"0, 0, 0", "1025, 0, 0", "1, -1, 0", "1, 0, -1", "1, 0, 254"})
    void whatCannotBeIsRefusedByItsNumber(final int buffers, final int control, final int descriptors) {
        final int wrong = buffers != 1 ? buffers : control != 0 ? control : descriptors;
        assertThatThrownBy(() -> Message.allocate(arena, buffers, control, descriptors))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining(Integer.toString(wrong));
    }

    @Test
    void roomThatOverflowsWithThatForDescriptorsIsRefused() {
        assertThatThrownBy(() -> Message.allocate(arena, 1, Integer.MAX_VALUE - 40, 253))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContainingAll("2147483607", "253");
    }

    @Test
    void moreControlMessagesThanThereIsRoomForAreRefused() throws IOException {
        final Message message = message(room, Cmsg.IP_TTL.space(), 0).add(Cmsg.IP_TTL, 3);
        assertThatThrownBy(() -> message.add(Cmsg.IP_TOS, 4)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThat(message.control().length()).isEqualTo(24);
        assertThat(message.clearControl().control().length()).isZero();
    }

    /// Added up to the room that descriptors need: which is told before anything is sent.
    @Test
    void controlMessagesInThePlaceOfDescriptorsAreToldOf() throws IOException {
        final Message message = message(room, 0, 253).add(IPPROTO_IP, IP_TTL, arena.allocate(900));
        for (int i = 0; i < 253; i++) {
            message.lendFd(pipe.writeEnd());
        }
        try (Seen seen = Seen.calls()) {
            assertThatThrownBy(() -> pair.first().sendmsg(message, 0)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThat(seen.all(Call.sendmsg)).isEmpty();
        }
        assertThat(message.descriptorsToSend()).isEqualTo(253);
        Libc.close(pipe.writeEnd().release());
    }

    @Test
    void descriptorsByTheirNumbersAreRefused() {
        assertThatThrownBy(() -> message(room, 64, 1).add(SOL_SOCKET, SCM_RIGHTS, arena.allocate(4)))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("SCM_RIGHTS");
        final Cmsg<Integer> rights = Cmsg.integer("SCM_RIGHTS", SOL_SOCKET, SCM_RIGHTS);
        assertThatThrownBy(() -> message(room, 64, 1).add(rights, 0)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("SCM_RIGHTS");
    }

    // ---- control messages

    @Test
    void whatWasReceivedIsNotSent() throws IOException {
        pair.second().setsockopt(SockOpt.SO_PASSCRED, true);
        pair.first().sendDescriptors(bytes("x"), 0, pipe.writeEnd());
        try (Message message = message(room, Cmsg.SCM_CREDENTIALS.space(), 1)) {
            assertThat(pair.second().recvmsg(message, 0)).isEqualTo(1);
            assertThat(message.get(Cmsg.SCM_CREDENTIALS)).isNotNull();
            final Fd taken = message.takeFd(0);
            taken.close();
            // The number of the one just closed is in the buffer still: sent, it would be refused with EBADF.
            assertThat(pair.second().sendmsg(message, 0)).isEqualTo(1000);
            assertThat(pair.first().recvmsg(message, 0)).isEqualTo(1000);
            assertThat(message.descriptors()).isZero();
            message.add(Cmsg.SCM_CREDENTIALS, new Credentials((int) ProcessHandle.current().pid(), 0, 0));
            assertThat(message.control().length()).as("the one that was added").isEqualTo(32);
        }
    }

    @Test
    void askingDoesNotDisturbAWalk() throws IOException {
        try (SocketFd server = UDP4.socket(); SocketFd client = UDP4.socket()) {
            server.bind(UDP4.any());
            server.setsockopt(SockOpt.IP_RECVTTL, true);
            server.setsockopt(SockOpt.IP_RECVTOS, true);
            client.connect(server.localAddress());
            client.send(bytes("x"), 0);
            final Message message = message(room, 64, 0);
            server.recvmsg(message, 0);
            final ControlBuffer control = message.control();
            int seen = 0;
            while (control.next()) {
                assertThat(message.getInt(Cmsg.IP_TTL, -1)).isEqualTo(64);
                assertThat(message.getInt(Cmsg.IPV6_HOPLIMIT, -1)).isEqualTo(-1);
                assertThat(control.level()).isEqualTo(IPPROTO_IP);
                seen++;
            }
            assertThat(seen).isEqualTo(2);
        }
    }

    // ---- descriptors

    private int received(final SocketFd from) throws IOException {
        try (Message message = message(room, 0, 253)) {
            assertThat(from.recvmsg(message, MSG_DONTWAIT)).isPositive();
            return message.descriptors();
        }
    }

    @Test
    void aGivenDescriptorIsTheMessagesAtOnceAndClosedWhenItHasLeft() throws IOException {
        final Message message = message(bytes("x"), 0, 2);
        final Fd copy = pipe.writeEnd().dup();
        final int number = copy.intValue();
        message.giveFd(copy).lendFd(pipe.writeEnd());
        assertThat(copy.isOpen()).isFalse();
        assertThat(Libc.fcntl(number, F_GETFD, 0)).isNotNegative();
        assertThat(message.descriptorsToSend()).isEqualTo(2);
        assertThat(pair.first().sendmsg(message, 0)).isEqualTo(1);
        assertThat(message.descriptorsToSend()).isZero();
        assertThat(Libc.fcntl(number, F_GETFD, 0)).isEqualTo(-EBADF);
        assertThat(pipe.writeEnd().isOpen()).isTrue();
        assertThat(received(pair.second())).isEqualTo(2);
        // They are gone from it: the next send has none.
        assertThat(pair.first().sendmsg(message, 0)).isEqualTo(1);
        assertThat(received(pair.second())).isZero();
    }

    @Test
    void withoutRoomBothKindsStayAndLeaveOnceLater() throws IOException {
        while (pair.first().send(room, MSG_DONTWAIT) != -EAGAIN) {
            assertThat(pair.first().isOpen()).isTrue();
        }
        while (pair.first().send(room.asSlice(0, 1), MSG_DONTWAIT) != -EAGAIN) {
            assertThat(pair.first().isOpen()).isTrue();
        }
        final Message message = message(bytes("x"), 0, 2).giveFd(pipe.writeEnd().dup()).lendFd(pipe.writeEnd());
        assertThat(pair.first().sendmsg(message, MSG_DONTWAIT)).isEqualTo(-EAGAIN);
        assertThat(message.descriptorsToSend()).isEqualTo(2);
        try (Faults _ = Faults.inject("sendmsg:error=ETOOMANYREFS:when=1")) {
            assertThatThrownBy(() -> pair.first().sendmsg(message, MSG_DONTWAIT)).isInstanceOf(ErrnoException.class);
        }
        assertThat(message.descriptorsToSend()).isEqualTo(2);
        while (pair.second().recv(room, MSG_DONTWAIT) != -EAGAIN) {
            assertThat(pair.second().isOpen()).isTrue();
        }
        assertThat(pair.first().sendmsg(message, MSG_DONTWAIT)).isEqualTo(1);
        assertThat(received(pair.second())).isEqualTo(2);
    }

    @Test
    void afterAPartialSendTheRestGoesWithoutThem() throws Exception {
        final MemorySegment large = arena.allocate(1 << 20);
        final Message message = message(large, 0, 1).giveFd(pipe.writeEnd().dup());
        long sent = pair.first().sendmsg(message, MSG_DONTWAIT);
        assertThat(sent).isBetween(1L, large.byteSize() - 1);
        int descriptors = 0;
        try (Message in = message(arena.allocate(1 << 16), 0, 253)) {
            for (long got = 0; got < large.byteSize(); got += in.bytes()) {
                message.buffers().advance(sent);
                sent = Math.max(0, pair.first().sendmsg(message, MSG_DONTWAIT));
                assertThat(pair.second().recvmsg(in, 0)).isPositive();
                descriptors += in.descriptors();
            }
        }
        assertThat(descriptors).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void unsentOnesAreClosedWhenGivenAndLeftAloneWhenLent(final boolean clear) throws IOException {
        final Message message = message(bytes("x"), 0, 3);
        message.giveFd(pipe.writeEnd().dup()).lendFd(pipe.writeEnd()).giveFd(pipe.writeEnd().dup());
        if (clear) {
            message.clear();
        } else {
            message.close();
        }
        assertThat(message.descriptorsToSend()).isZero();
        assertThat(pipe.writeEnd().write(bytes("!"))).isEqualTo(1);
        pipe.writeEnd().close();
        assertThat(pipe.readEnd().read(room)).isEqualTo(1);
        assertThat(pipe.readEnd().read(room)).as("no copy is left").isZero();
        assertThat(message.buffers().count()).isEqualTo(clear ? 0 : 1);
    }

    @Test
    void clearingAMessageWithoutItsMemoryClosesThemFirst() throws IOException {
        final Message message;
        try (Arena own = Arena.ofConfined()) {
            message = Message.allocate(own, 1, 0, 1).giveFd(pipe.writeEnd().dup());
        }
        assertThatThrownBy(message::clear).isInstanceOf(IllegalStateException.class);
        assertThat(message.descriptorsToSend()).isZero();
        pipe.writeEnd().close();
        assertThat(pipe.readEnd().read(room)).as("no copy is left").isZero();
    }

    @Test
    void closedOnesAreRefusedBeforeAnythingIsSentAndTheOthersStay() throws IOException {
        final Fd closed = pipe.readEnd().dup();
        final Message message = message(bytes("x"), 0, 3).lendFd(pipe.writeEnd()).lendFd(closed);
        closed.close();
        try (Seen seen = Seen.calls()) {
            assertThatThrownBy(() -> pair.first().sendmsg(message, 0)).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed by thread");
            assertThatThrownBy(() -> message.giveFd(closed)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> message.lendFd(null)).isInstanceOf(NullPointerException.class);
            assertThat(seen.all(Call.sendmsg)).isEmpty();
        }
        assertThat(message.descriptorsToSend()).isEqualTo(2);
        message.close();
        // No call on them counts as under way.
        assertThat(Libc.close(pipe.writeEnd().release())).isZero();
    }

    @Test
    void oneTooManyIsRefusedAndStaysItsOwners() throws IOException {
        final Message one = message(bytes("x"), 0, 1).lendFd(pipe.writeEnd());
        assertThatThrownBy(() -> one.giveFd(pipe.writeEnd())).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("2 descriptors; this message was made for 1");
        assertThat(pipe.writeEnd().isOpen()).isTrue();
        final Message most = message(bytes("x"), 0, 253);
        for (int i = 0; i < 253; i++) {
            most.lendFd(pipe.writeEnd());
        }
        assertThatThrownBy(() -> most.lendFd(pipe.writeEnd())).isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("254 descriptors").hasMessageEndingWith("as many as can be sent");
        assertThat(pair.first().sendmsg(most, 0)).isEqualTo(1);
        assertThat(received(pair.second())).isEqualTo(253);
    }

    @Test
    void onAStreamTheyNeedAByteAndInAnEmptyPacketTheyTravel() throws IOException {
        final Message empty = message(arena.allocate(0), 0, 1).lendFd(pipe.writeEnd());
        assertThatThrownBy(() -> pair.first().sendmsg(empty, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThat(empty.descriptorsToSend()).isEqualTo(1);
        try (SocketFd.Pair packets = SocketFd.socketpair(AF_UNIX, SOCK_SEQPACKET, 0);
                Message in = message(room, 0, 1)) {
            assertThat(packets.first().sendmsg(empty, 0)).isZero();
            assertThat(empty.descriptorsToSend()).isZero();
            assertThat(packets.second().recvmsg(in, 0)).isZero();
            assertThat(in.descriptors()).isEqualTo(1);
        }
    }

    @SocketFamilies({TCP4, UDP6})
    void overOtherSocketsThanUnixOnesTheyAreRefused(final SocketFamily family) throws IOException {
        final Message message = message(bytes("x"), 0, 1).lendFd(pipe.writeEnd());
        try (SocketFd.Pair sockets = family.connected()) {
            assertThatThrownBy(() -> sockets.first().sendmsg(message, 0))
                    .isInstanceOf(UnsupportedOperationException.class);
        }
        assertThat(message.descriptorsToSend()).isEqualTo(1);
    }

    @Test
    void aGivenOneThatCannotBeClosedIsToldAfterAllHaveLeft() throws IOException {
        final Message message = message(bytes("x"), 0, 3);
        for (int i = 0; i < 3; i++) {
            message.giveFd(pipe.writeEnd().dup());
        }
        try (Seen seen = Seen.calls(made -> made.call() == Call.close ? Libc.close(made.fd()) - (long) EIO : null)) {
            assertThatThrownBy(() -> pair.first().sendmsg(message, 0)).isInstanceOf(ErrnoException.class)
                    .hasMessageContaining("EIO");
            assertThat(seen.all(Call.close)).hasSize(3);
        }
        assertThat(message.bytes()).as("sent all the same").isEqualTo(1);
        assertThat(message.descriptorsToSend()).isZero();
        assertThat(received(pair.second())).isEqualTo(3);
    }

    // ---- the heap

    // A turn is compiled by itself, as a program's would be: of a loop that is replaced while it runs the compiler makes
    // something else.

    private void passDescriptor(final Message out, final Message in) throws IOException {
        pair.first().sendmsg(out.lendFd(pipe.writeEnd()), 0);
        pair.second().recvmsg(in, 0);
        if (in.descriptors() != 1) {
            throw new AssertionError("something else came");
        }
    }

    private static void passHops(final SocketFd.Pair udp, final Message out, final Message in) throws IOException {
        udp.first().sendmsg(out, 0);
        udp.second().recvmsg(in, 0);
        if (in.getInt(Cmsg.IP_TTL, -1) != 9) {
            throw new AssertionError("something else came");
        }
    }

    @Test
    @CountsAllocations
    void usedAgainItAllocatesNothing() throws IOException {
        final int turns = 5_000;
        try (SocketFd.Pair udp = UDP4.connected();
                Message out = message(bytes("x"), 0, 1);
                Message in = message(room, 0, 1);
                Message outUdp = message(bytes("x"), 24, 0).add(Cmsg.IP_TTL, 9);
                Message inUdp = message(room, 24, 0)) {
            udp.second().setsockopt(SockOpt.IP_RECVTTL, true);
            assertThat(Allocations.least(turns, () -> {
                passDescriptor(out, in);
                passHops(udp, outUdp, inUdp);
            })).as("bytes in %s turns", turns).isLessThan(turns);
        }
    }
}
