package io.github.fdsock.sys.struct;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.abi.msghdr;
import io.github.fdsock.sys.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A message header says what its parts say at the moment it is prepared, and the kernel's answers are found in it.
class MsghdrTest {

    @Test
    void preparingWritesEveryFieldAnew() {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment name = arena.allocate(110);
            final Iovec iov = Iovec.allocate(arena, 4).add(arena.allocate(5)).add(arena.allocate(6));
            final ControlBuffer control = ControlBuffer.allocate(arena, 40).appendInts(1, 1, 1);
            final Msghdr message = Msghdr.allocate(arena).name(name, 108).iov(iov).control(control);
            final MemorySegment c = message.segment();

            c.fill((byte) -1);
            message.prepareSend();
            assertThat(msghdr.msg_name(c).address()).isEqualTo(name.address());
            assertThat(msghdr.msg_namelen(c)).isEqualTo(108);
            assertThat(msghdr.msg_iov(c).address()).isEqualTo(iov.segment().address());
            assertThat(msghdr.msg_iovlen(c)).isEqualTo(2);
            assertThat(msghdr.msg_control(c).address()).isEqualTo(control.segment().address());
            assertThat(msghdr.msg_controllen(c)).isEqualTo(24);
            assertThat(msghdr.msg_flags(c)).isZero();

            c.fill((byte) -1);
            iov.advance(5);
            message.prepareReceive();
            assertThat(msghdr.msg_namelen(c)).isEqualTo(108);
            assertThat(msghdr.msg_iovlen(c)).isEqualTo(1);
            assertThat(msghdr.msg_controllen(c)).isEqualTo(40);
            assertThat(msghdr.msg_flags(c)).isZero();
            assertThat(control.length()).isZero();

            message.clear();
            assertThat(c.toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
            c.fill((byte) -1);
            message.prepareReceive();
            assertThat(msghdr.msg_name(c).address()).isZero();
            assertThat(msghdr.msg_namelen(c)).isZero();
            assertThat(msghdr.msg_iov(c).address()).isZero();
            assertThat(msghdr.msg_iovlen(c)).isZero();
            assertThat(msghdr.msg_control(c).address()).isZero();
            assertThat(msghdr.msg_controllen(c)).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 17, Integer.MAX_VALUE})
    void aNameLongerThanItsMemoryIsRefused(int length) {
        try (Arena arena = Arena.ofConfined()) {
            final Msghdr message = Msghdr.allocate(arena);
            assertThatThrownBy(() -> message.name(arena.allocate(16), length))
                    .isInstanceOf(IndexOutOfBoundsException.class)
                    .hasMessageContainingAll(String.valueOf(length), "16");
        }
    }

    @Test
    void partsOnTheHeapAreRefused() {
        try (Arena arena = Arena.ofConfined()) {
            final Msghdr message = Msghdr.allocate(arena);
            final MemorySegment heap = MemorySegment.ofArray(new byte[32]);
            assertThatThrownBy(() -> message.name(heap, 16)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("msg_name");
            assertThatThrownBy(() -> message.control(ControlBuffer.of(heap)))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("msg_control");
        }
    }

    @Test
    void partsThatWereFreedSinceAreRefusedWhenPrepared() {
        try (Arena arena = Arena.ofConfined()) {
            final Msghdr name = Msghdr.allocate(arena);
            final Msghdr iov = Msghdr.allocate(arena);
            final Msghdr buffer = Msghdr.allocate(arena);
            final Msghdr control = Msghdr.allocate(arena);
            try (Arena brief = Arena.ofConfined()) {
                name.name(brief.allocate(16), 16);
                iov.iov(Iovec.allocate(brief, 1));
                buffer.iov(Iovec.allocate(arena, 1).add(brief.allocate(1)));
                control.control(ControlBuffer.allocate(brief, 16));
            }
            for (Msghdr message : new Msghdr[]{name, iov, buffer, control}) {
                assertThatThrownBy(message::prepareSend).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(message::prepareReceive).isInstanceOf(IllegalStateException.class);
            }
        }
    }

    @Test
    void nothingReadOnlyIsReceivedInto() {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment memory = arena.allocate(16).asReadOnly();
            for (Msghdr message : new Msghdr[]{Msghdr.allocate(arena).name(memory, 16),
                Msghdr.allocate(arena).iov(Iovec.allocate(arena, 1).add(memory)),
                Msghdr.allocate(arena).control(ControlBuffer.of(memory))}) {
                message.prepareSend();
                assertThatThrownBy(message::prepareReceive).isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("read-only");
            }
        }
    }

    @Test
    void aMessageWithAnAddressAndADescriptorTravels() {
        try (Arena arena = Arena.ofConfined(); Pair pair = Pair.of(arena, SOCK_DGRAM)) {
            final ControlBuffer control = ControlBuffer.allocate(arena, 64)
                    .appendInts(SOL_SOCKET, SCM_RIGHTS, pair.one);
            final Iovec iov = Iovec.allocate(arena, 2)
                    .add(arena.allocateFrom("abc"), 0, 3).add(arena.allocateFrom("de"), 0, 2);
            final Msghdr message = Msghdr.allocate(arena).iov(iov).control(control);
            assertThat(Libc.sendmsg(pair.one, message.prepareSend().segment(), 0)).isEqualTo(5);

            final MemorySegment text = arena.allocate(4);
            iov.clear().add(text, 0, 1).add(text, 1, 2);
            message.name(arena.allocate(128), 128).prepareReceive();
            assertThat(Libc.recvmsg(pair.other, message.segment(), MSG_CMSG_CLOEXEC)).isEqualTo(3);
            message.received();
            assertThat(text.getString(0)).isEqualTo("abc");
            assertThat(message.flags() & (MSG_TRUNC | MSG_CTRUNC)).isEqualTo(MSG_TRUNC);
            assertThat(message.namelen()).isZero();
            assertThat(message.iovlen()).isEqualTo(2);
            assertThat(message.controllen()).isEqualTo(24);
            assertThat(control.next()).isTrue();
            assertThat(control.level()).isEqualTo(SOL_SOCKET);
            assertThat(control.type()).isEqualTo(SCM_RIGHTS);
            assertThat(control.dataLength()).isEqualTo(4);
            assertThat(Libc.close(control.dataInt(0))).isZero();
            assertThat(control.next()).isFalse();
        }
    }

    @Test
    void severalMessagesTravelInOneCall() {
        try (Arena arena = Arena.ofConfined(); Pair pair = Pair.of(arena, SOCK_DGRAM)) {
            final Mmsghdr out = Mmsghdr.allocate(arena, 3);
            out.hdr(0).iov(Iovec.allocate(arena, 2).add(arena.allocateFrom("one"), 0, 3)
                    .add(arena.allocateFrom("two"), 0, 3));
            out.hdr(1).iov(Iovec.allocate(arena, 1).add(arena.allocateFrom("three3"), 0, 6))
                    .control(ControlBuffer.allocate(arena, 20).appendInts(SOL_SOCKET, SCM_RIGHTS, pair.one));
            assertThat(Libc.sendmmsg(pair.one, out.prepareSend(2).segment(), 2, 0)).isEqualTo(2);
            assertThat(out.len(0)).isEqualTo(6);
            assertThat(out.len(1)).isEqualTo(6);

            final Mmsghdr in = Mmsghdr.allocate(arena, 3);
            final MemorySegment[] texts = new MemorySegment[3];
            final ControlBuffer[] controls = new ControlBuffer[3];
            for (int i = 0; i < 3; i++) {
                texts[i] = arena.allocate(6);
                controls[i] = ControlBuffer.allocate(arena, 24);
                in.hdr(i).iov(Iovec.allocate(arena, 1).add(texts[i], 0, 5)).control(controls[i]);
            }
            final int received = Libc.recvmmsg(pair.other, in.prepareReceive(3).segment(), 3,
                    MSG_DONTWAIT | MSG_CMSG_CLOEXEC, MemorySegment.NULL);
            assertThat(received).isEqualTo(2);
            in.received(received);
            assertThat(in.len(0)).isEqualTo(5);
            assertThat(in.len(1)).isEqualTo(5);
            assertThat(in.len(2)).isZero();
            assertThat(texts[0].getString(0)).isEqualTo("onetw");
            assertThat(texts[1].getString(0)).isEqualTo("three");
            assertThat(in.hdr(0).flags() & MSG_TRUNC).isEqualTo(MSG_TRUNC);
            assertThat(controls[0].next()).isFalse();
            assertThat(controls[1].next()).isTrue();
            assertThat(Libc.close(controls[1].dataInt(0))).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 1025})
    void moreMessagesThanTheKernelLooksAtAreRefused(int capacity) {
        try (Arena arena = Arena.ofConfined()) {
            assertThatThrownBy(() -> Mmsghdr.allocate(arena, capacity)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContainingAll(String.valueOf(capacity), "1024");
        }
    }

    /// A pair of connected sockets.
    record Pair(int one, int other) implements AutoCloseable {
        static Pair of(Arena arena, int type) {
            final MemorySegment sv = arena.allocate(ValueLayout.JAVA_INT, 2);
            assertThat(Libc.socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, sv)).isZero();
            return new Pair(sv.getAtIndex(ValueLayout.JAVA_INT, 0), sv.getAtIndex(ValueLayout.JAVA_INT, 1));
        }

        @Override
        public void close() {
            assertThat(Libc.close(one)).isZero();
            assertThat(Libc.close(other)).isZero();
        }
    }
}
