package io.github.fdsock;

import static io.github.fdsock.harness.junit.SocketFamily.UDP4;
import static io.github.fdsock.harness.junit.SocketFamily.UDP6;
import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.cmsg.Cmsg;
import io.github.fdsock.harness.Faults;
import io.github.fdsock.harness.OpenDescriptors;
import io.github.fdsock.harness.junit.SocketFamilies;
import io.github.fdsock.harness.junit.SocketFamily;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.testing.Allocations;
import io.github.fdsock.testing.CountsAllocations;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Messages go and come in batches as each of them would alone, with addresses, control messages and descriptors.
@Timeout(60)
class MessagesTest {
    private static final int SIZE = 64;

    private Arena arena;
    private SocketFd.Pair unix;
    private PipeFd.Pair pipe;

    /// The buffers of the messages last made to receive.
    private final MemorySegment[] received = new MemorySegment[SIZE];

    @BeforeEach
    void open() throws IOException {
        arena = Arena.ofConfined();
        unix = SocketFd.socketpair(AF_UNIX, SOCK_DGRAM, 0);
        pipe = PipeFd.create(0);
    }

    @AfterEach
    void close() throws IOException {
        pipe.close();
        unix.close();
        arena.close();
    }

    /// Each with a buffer of its own, in which its index is the first number.
    private Messages messages(final int size, final int controlMax, final int descriptorsMax) {
        final Messages messages = Messages.allocate(arena, size, 1, controlMax, descriptorsMax);
        for (int i = 0; i < size; i++) {
            final MemorySegment buffer = arena.allocate(100);
            buffer.set(ValueLayout.JAVA_INT, 0, i);
            messages.get(i).buffers().add(buffer, 0, 4 + i);
        }
        return messages;
    }

    private Messages empty(final int size, final int controlMax, final int descriptorsMax) {
        final Messages messages = Messages.allocate(arena, size, 1, controlMax, descriptorsMax);
        for (int i = 0; i < size; i++) {
            received[i] = arena.allocate(200, 8);
            messages.get(i).buffers().add(received[i]);
        }
        return messages;
    }

    /// The number that came in the message of this index.
    private int number(final int index) {
        return received[index].get(ValueLayout.JAVA_INT, 0);
    }

    @SocketFamilies({UDP4, UDP6})
    void n14_u42_allGoAndComeInTwoCalls(final SocketFamily family) throws IOException {
        try (SocketFd.Pair sockets = family.connected(); Seen seen = Seen.calls()) {
            final Messages in = empty(SIZE, 0, 0);
            assertThat(sockets.first().sendmmsg(messages(SIZE, 0, 0), 0, SIZE, 0)).isEqualTo(SIZE);
            assertThat(sockets.second().recvmmsg(in, SIZE, MSG_DONTWAIT)).isEqualTo(SIZE);
            for (int i = 0; i < SIZE; i++) {
                assertThat(in.get(i).bytes()).isEqualTo(4 + i);
                assertThat(number(i)).isEqualTo(i);
                assertThat(in.get(i).from().address()).isEqualTo(sockets.first().localAddress());
                assertThat(in.get(i).truncated()).isFalse();
            }
            assertThat(seen.all(Call.sendmmsg)).hasSize(1)
                    .allSatisfy(made -> assertThat((int) made.arguments().get(3) & MSG_NOSIGNAL).isNotZero());
            assertThat(seen.all(Call.recvmmsg)).hasSize(1)
                    .allSatisfy(made -> assertThat((int) made.arguments().get(3) & MSG_CMSG_CLOEXEC).isNotZero());
            assertThat(sockets.second().recvmmsg(in, SIZE, MSG_DONTWAIT)).isEqualTo(-EAGAIN);
            assertThat(in.get(0).bytes()).isZero();
        }
    }

    @Test
    void eachHasAnAddressOfItsOwn() throws IOException {
        try (SocketFd one = UDP4.bound(); SocketFd two = UDP4.bound();
                SocketFd sender = UDP4.bound()) {
            final Messages out = messages(2, 0, 0);
            out.get(0).to(one.localAddress());
            out.get(1).to(two.localAddress());
            assertThat(sender.sendmmsg(out, 0, 2, 0)).isEqualTo(2);
            final Messages in = empty(2, 0, 0);
            assertThat(one.recvmmsg(in, 2, MSG_WAITFORONE)).isEqualTo(1);
            assertThat(number(0)).isZero();
            assertThat(two.recvmmsg(in, 2, MSG_WAITFORONE)).isEqualTo(1);
            assertThat(number(0)).isEqualTo(1);
        }
    }

    /// Those behind what was sent are where they were; the second call begins there.
    @Test
    void aPartIsSentAndTheRestLaterFromThere() throws IOException {
        unix.first().setsockopt(SockOpt.SO_SNDBUF, 1);
        final Messages out = messages(SIZE, 0, 1);
        for (int i = 0; i < SIZE; i++) {
            out.get(i).lendFd(pipe.writeEnd());
        }
        final Messages in = empty(SIZE, 0, 1);
        int sent = 0;
        int got = 0;
        boolean partly = false;
        while (got < SIZE) {
            if (sent < SIZE) {
                final int n = unix.first().sendmmsg(out, sent, SIZE - sent, MSG_DONTWAIT);
                assertThat(n).isPositive();
                sent += n;
                partly |= sent < SIZE;
                for (int i = 0; i < SIZE; i++) {
                    assertThat(out.get(i).descriptorsToSend()).isEqualTo(i < sent ? 0 : 1);
                }
            }
            final int n = unix.second().recvmmsg(in, SIZE, MSG_DONTWAIT);
            assertThat(n).isPositive();
            for (int i = 0; i < n; i++) {
                assertThat(number(i)).isEqualTo(got++);
                assertThat(in.get(i).descriptors()).isEqualTo(1);
                assertThat(in.get(i).truncation()).isEqualTo(Message.Truncation.NONE);
            }
        }
        assertThat(partly).as("more than the least buffer takes at once").isTrue();
        in.close();
        pipe.writeEnd().close();
        assertThat(pipe.readEnd().read(arena.allocate(1))).as("no copy is left").isZero();
    }

    @Test
    void anErrorInTheMiddleIsToldWhenItIsTheFirst() throws IOException {
        try (SocketFd.Pair sockets = UDP4.connected()) {
            final Messages out = messages(3, 0, 0);
            out.get(1).buffers().clear().add(arena.allocate(70_000));
            assertThat(sockets.first().sendmmsg(out, 0, 3, 0)).isEqualTo(1);
            assertThat(out.get(0).bytes()).isEqualTo(4);
            assertThat(out.get(1).bytes()).isZero();
            assertThatThrownBy(() -> sockets.first().sendmmsg(out, 1, 2, 0)).isInstanceOf(ErrnoException.class)
                    .hasMessageContaining("sendmmsg(").hasMessageContaining("EMSGSIZE");
            assertThat(sockets.first().sendmmsg(out, 2, 1, 0)).isEqualTo(1);
            assertThat(out.get(2).bytes()).isEqualTo(6);
        }
    }

    @Test
    void controlMessagesComeWithEach() throws IOException {
        try (SocketFd.Pair sockets = UDP4.connected()) {
            sockets.second().setsockopt(SockOpt.IP_RECVTTL, true);
            sockets.second().setsockopt(SockOpt.SO_TIMESTAMPNS, true);
            sockets.second().setsockopt(SockOpt.UDP_GRO, true);
            final Messages out = messages(4, 64, 0);
            for (int i = 0; i < 4; i++) {
                out.get(i).add(Cmsg.IP_TTL, 10 + i);
            }
            out.get(3).add(Cmsg.UDP_SEGMENT, 2);
            assertThat(sockets.first().sendmmsg(out, 0, 4, 0)).isEqualTo(4);
            final Messages in = empty(4, 128, 0);
            assertThat(sockets.second().recvmmsg(in, 4, 0)).isEqualTo(4);
            for (int i = 0; i < 4; i++) {
                assertThat(in.get(i).getInt(Cmsg.IP_TTL, -1)).isEqualTo(10 + i);
                assertThat(in.get(i).get(Cmsg.SCM_TIMESTAMPNS)).isNotNull();
                assertThat(in.get(i).getInt(Cmsg.UDP_GRO, -1)).isEqualTo(i == 3 ? 2 : -1);
                assertThat(in.get(i).controlTruncated()).isFalse();
            }
            // The room of each is its own.
            assertThat(sockets.first().sendmmsg(out, 0, 2, 0)).isEqualTo(2);
            final Messages narrow = empty(2, 24, 0);
            assertThat(sockets.second().recvmmsg(narrow, 2, 0)).isEqualTo(2);
            assertThat(narrow.get(0).truncation()).isEqualTo(Message.Truncation.ROOM);
            assertThat(narrow.get(1).truncation()).isEqualTo(Message.Truncation.ROOM);
        }
    }

    @Test
    void descriptorsOfAllAreClosedWithTheNextReceive() throws IOException {
        final int before = OpenDescriptors.now().targets().size();
        final Messages out = messages(3, 0, 2);
        final Messages in = empty(3, 0, 2);
        for (int i = 0; i < 3; i++) {
            out.get(i).lendFd(pipe.writeEnd()).giveFd(pipe.writeEnd().dup());
        }
        assertThat(unix.first().sendmmsg(out, 0, 3, 0)).isEqualTo(3);
        assertThat(OpenDescriptors.now().targets()).as("those that were given are closed").hasSize(before);
        assertThat(unix.second().recvmmsg(in, 3, 0)).isEqualTo(3);
        assertThat(OpenDescriptors.now().targets()).hasSize(before + 6);
        assertThat(unix.second().recvmmsg(in, 3, MSG_DONTWAIT)).isEqualTo(-EAGAIN);
        assertThat(OpenDescriptors.now().targets()).hasSize(before);
    }

    @Test
    void oneThatCannotBeClosedKeepsNoneOpenAndLosesNone() throws IOException {
        final Messages out = messages(3, 64, 4);
        final Messages in = empty(3, 64, 1);
        for (int i = 0; i < 3; i++) {
            out.get(i).lendFd(pipe.writeEnd()).lendFd(pipe.writeEnd()).lendFd(pipe.writeEnd());
        }
        unix.first().sendmmsg(out, 0, 3, 0);
        try (Seen seen = Seen.calls(made -> made.call() == Call.close ? Libc.close(made.fd()) - (long) EIO : null)) {
            assertThatThrownBy(() -> unix.second().recvmmsg(in, 3, 0)).isInstanceOf(ErrnoException.class)
                    .hasMessageContaining("EIO");
            assertThat(seen.all(Call.close)).as("those that were not asked for").hasSize(6);
            for (int i = 0; i < 3; i++) {
                assertThat(in.get(i).bytes()).isEqualTo(4 + i);
                assertThat(in.get(i).descriptors()).isEqualTo(1);
            }
            assertThatThrownBy(in::close).isInstanceOf(ErrnoException.class);
            assertThat(seen.all(Call.close)).hasSize(9);
        }
        pipe.writeEnd().close();
        assertThat(pipe.readEnd().read(arena.allocate(1))).as("no copy is left").isZero();
    }

    @Test
    void aClosedDescriptorOfTheLastIsRefusedBeforeTheFirstIsSent() throws IOException {
        final Messages out = messages(2, 0, 1);
        final Fd closed = pipe.readEnd().dup();
        out.get(0).lendFd(pipe.writeEnd());
        out.get(1).lendFd(closed);
        closed.close();
        assertThatThrownBy(() -> unix.first().sendmmsg(out, 0, 2, 0)).isInstanceOf(IllegalStateException.class);
        assertThat(unix.second().recvmmsg(empty(1, 0, 1), 1, MSG_DONTWAIT)).isEqualTo(-EAGAIN);
        assertThat(out.get(0).descriptorsToSend()).isEqualTo(1);
        out.close();
        assertThat(Libc.close(pipe.writeEnd().release())).isZero();
    }

    @Test
    void anInterruptionIsNotSeen() throws IOException {
        final Messages messages = messages(2, 0, 0);
        try (Faults faults = Faults.inject("sendmmsg:error=EINTR:when=1..2")) {
            assertThat(unix.first().sendmmsg(messages, 0, 2, 0)).isEqualTo(2);
            assertThat(faults.matched(0)).isEqualTo(3);
        }
        try (Faults faults = Faults.inject("recvmmsg:error=EINTR:when=1..2")) {
            assertThat(unix.second().recvmmsg(messages, 2, 0)).isEqualTo(2);
            assertThat(faults.matched(0)).isEqualTo(3);
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "-1, 1", "0, 4", "3, 1", "2, 2", "2147483647, 1"})
    void whatIsNotThereIsRefused(final int first, final int count) throws IOException {
        final Messages messages = messages(3, 0, 0);
        try (Seen seen = Seen.calls()) {
            assertThatThrownBy(() -> unix.first().sendmmsg(messages, first, count, 0))
                    .isInstanceOfAny(IndexOutOfBoundsException.class, IllegalArgumentException.class);
            assertThat(seen.all()).isEmpty();
        }
        assertThatThrownBy(() -> unix.first().recvmmsg(messages, 4, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> messages.get(3)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> Messages.allocate(arena, 1025, 1, 0, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThat(messages.size()).isEqualTo(3);
    }

    @Test
    @CountsAllocations
    void usedAgainTheyAllocateNothing() throws IOException {
        final int turns = 500;
        try (SocketFd.Pair sockets = UDP4.connected()) {
            final Messages out = messages(16, 0, 0);
            final Messages in = empty(16, 0, 0);
            assertThat(Allocations.least(turns, () -> {
                if (sockets.first().sendmmsg(out, 0, 16, 0) != 16 || sockets.second().recvmmsg(in, 16, 0) != 16) {
                    throw new AssertionError("not all were sent and received");
                }
            })).as("bytes in %s turns", turns).isLessThan(turns);
        }
    }
}
