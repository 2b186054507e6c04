package io.github.fdsock.sys.struct;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.sys.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The small structs mean to the kernel what they mean to us.
class SmallStructsTest {

    private static byte[] bytes(MemorySegment segment) {
        return segment.toArray(ValueLayout.JAVA_BYTE);
    }

    @Test
    void credentialsOfAPeerAreOurs() {
        try (Arena arena = Arena.ofConfined(); MsghdrTest.Pair pair = MsghdrTest.Pair.of(arena, SOCK_STREAM)) {
            final Ucred ucred = Ucred.allocate(arena);
            final MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, Ucred.SIZEOF);
            assertThat(Libc.getsockopt(pair.one(), SOL_SOCKET, SO_PEERCRED, ucred.segment(), length)).isZero();
            assertThat((long) ucred.pid()).isEqualTo(ProcessHandle.current().pid());
            assertThat(bytes(Ucred.of(MemorySegment.ofArray(new byte[12])).pid(1).uid(-2).gid(3).segment()))
                    .isEqualTo(HexFormat.of().parseHex("01000000" + "feffffff" + "03000000"));
        }
    }

    @Test
    void lingerComesBackFromTheKernel() {
        try (Arena arena = Arena.ofConfined(); MsghdrTest.Pair pair = MsghdrTest.Pair.of(arena, SOCK_STREAM)) {
            final Linger set = Linger.allocate(arena).onoff(1).linger(7);
            assertThat(Libc.setsockopt(pair.one(), SOL_SOCKET, SO_LINGER, set.segment(), Linger.SIZEOF)).isZero();
            final Linger got = Linger.allocate(arena);
            final MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, Linger.SIZEOF);
            assertThat(Libc.getsockopt(pair.one(), SOL_SOCKET, SO_LINGER, got.segment(), length)).isZero();
            assertThat(got.onoff()).isEqualTo(1);
            assertThat(got.linger()).isEqualTo(7);
        }
    }

    @Test
    void limitsOfDescriptorsAreRead() {
        try (Arena arena = Arena.ofConfined()) {
            final Rlimit limit = Rlimit.allocate(arena);
            assertThat(Libc.getrlimit(RLIMIT_NOFILE, limit.segment())).isZero();
            assertThat(limit.cur()).isPositive();
            assertThat(Long.compareUnsigned(limit.cur(), limit.max())).isLessThanOrEqualTo(0);
            assertThat(limit.cur(5).max(RLIM_INFINITY).cur()).isEqualTo(5);
            assertThat(limit.max()).isEqualTo(RLIM_INFINITY);
        }
    }

    @Test
    void addressesOfPacketsAreInNetworkOrder() {
        final InPktinfo info = InPktinfo.of(MemorySegment.ofArray(new byte[12])).ifindex(1)
                .spec_dst(0x7f000001).addr(0xe0000102);
        assertThat(bytes(info.segment())).isEqualTo(HexFormat.of().parseHex("01000000" + "7f000001" + "e0000102"));
        assertThat(info.spec_dst()).isEqualTo(0x7f000001);
        assertThat(info.addr()).isEqualTo(0xe0000102);
        assertThat(info.ifindex()).isEqualTo(1);

        final In6Pktinfo info6 = In6Pktinfo.of(MemorySegment.ofArray(new byte[20])).addr(0xfe80L << 48, 1).ifindex(2);
        assertThat(bytes(info6.segment()))
                .isEqualTo(HexFormat.of().parseHex("fe80000000000000" + "0000000000000001" + "02000000"));
        assertThat(info6.addr_high()).isEqualTo(0xfe80L << 48);
        assertThat(info6.addr_low()).isEqualTo(1);
        assertThat(info6.ifindex()).isEqualTo(2);
    }

    @Test
    void pollFindsWhatIsReadyAndPassesOverNone() {
        try (Arena arena = Arena.ofConfined(); MsghdrTest.Pair pair = MsghdrTest.Pair.of(arena, SOCK_STREAM)) {
            final Pollfd fds = Pollfd.allocate(arena, 3).set(0, pair.one(), POLLIN).set(1, -1, POLLIN)
                    .set(2, pair.other(), POLLIN | POLLOUT);
            assertThat(Libc.poll(fds.segment(), fds.capacity(), 0)).isEqualTo(1);
            assertThat(fds.revents(0)).isZero();
            assertThat(fds.revents(1)).isZero();
            assertThat(fds.revents(2)).isEqualTo(POLLOUT);
            assertThat(fds.events(2)).isEqualTo(POLLIN | POLLOUT);
            assertThat(fds.fd(2)).isEqualTo(pair.other());
            assertThat(fds.set(2, 9, 0xffff).revents(2)).isZero();
            assertThat(fds.events(2)).isEqualTo(0xffff);
            assertThatThrownBy(() -> fds.set(3, 0, 0)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> fds.revents(-1)).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, Integer.MAX_VALUE})
    void anArrayOfPollfdThatCannotBeIsRefusedByItsValue(int capacity) {
        try (Arena arena = Arena.ofConfined()) {
            assertThatThrownBy(() -> Pollfd.allocate(arena, capacity)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(String.valueOf(capacity));
        }
    }

    /// A signal sent to this very thread, which blocks it, so that no other can have it.
    @Test
    void aSignalIsReadFromItsDescriptor() throws InterruptedException {
        final int[] seen = new int[4];
        Thread.ofPlatform().start(() -> {
            try (Arena arena = Arena.ofConfined()) {
                final Sigset set = Sigset.allocate(arena).add(SIGUSR2);
                assertThat(Libc.pthread_sigmask(SIG_BLOCK, set.segment(), MemorySegment.NULL)).isZero();
                final int fd = Libc.signalfd(-1, set.segment(), SFD_CLOEXEC | SFD_NONBLOCK);
                assertThat(Libc.raise(SIGUSR2)).isZero();
                final SignalfdSiginfo info = SignalfdSiginfo.allocate(arena);
                seen[0] = (int) Libc.read(fd, info.segment(), SignalfdSiginfo.SIZEOF);
                seen[1] = info.signo();
                seen[2] = info.pid();
                seen[3] = Libc.close(fd);
            }
        }).join();
        assertThat(seen).containsExactly(128, SIGUSR2, (int) ProcessHandle.current().pid(), 0);
    }

    @Test
    void fieldsOfASignalAreReadWithTheirWidth() {
        final MemorySegment memory = MemorySegment.ofArray(new byte[128]);
        for (int i = 0; i < 128; i++) {
            memory.set(ValueLayout.JAVA_BYTE, i, (byte) (i + 0x80));
        }
        final SignalfdSiginfo info = SignalfdSiginfo.of(memory);
        assertThat(info.errno()).isEqualTo(0x87868584);
        assertThat(info.ptr()).isEqualTo(0xb7b6b5b4b3b2b1b0L);
        assertThat(info.addr_lsb()).isEqualTo(0xd1d0);
        assertThat(info.arch()).isEqualTo(0xe3e2e1e0);
    }
}
