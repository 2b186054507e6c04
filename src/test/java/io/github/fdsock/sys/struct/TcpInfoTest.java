package io.github.fdsock.sys.struct;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.sys.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What the kernel says of a connection is found under its name, and what it did not say reads as 0.
class TcpInfoTest {

    @Test
    void countsWhatWasSentAndReceived() {
        try (Arena arena = Arena.ofConfined()) {
            final int listener = Libc.socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
            final MemorySegment address = arena.allocate(Sockaddr.SIZEOF_SOCKADDR_IN);
            final MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, Sockaddr.SIZEOF_SOCKADDR_IN);
            Sockaddr.sa_family(address, AF_INET);
            Sockaddr.sin_addr(address, 0x7f000001);
            assertThat(Libc.bind(listener, address, Sockaddr.SIZEOF_SOCKADDR_IN)).isZero();
            assertThat(Libc.listen(listener, 3)).isZero();
            assertThat(Libc.getsockname(listener, address, length)).isZero();
            final int client = Libc.socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
            assertThat(Libc.connect(client, address, Sockaddr.SIZEOF_SOCKADDR_IN)).isZero();

            final TcpInfo info = TcpInfo.allocate(arena);
            assertThat(read(listener, info).state()).isEqualTo(TCP_LISTEN);
            assertThat(info.unacked()).as("waiting to be accepted").isEqualTo(1);
            assertThat(info.sacked()).as("backlog").isEqualTo(3);

            final int server = Libc.accept4(listener, MemorySegment.NULL, MemorySegment.NULL, SOCK_CLOEXEC);
            final MemorySegment bytes = arena.allocate(1000);
            assertThat(Libc.send(client, bytes, 1000, MSG_NOSIGNAL)).isEqualTo(1000);
            assertThat(Libc.recv(server, bytes, 1000, MSG_WAITALL)).isEqualTo(1000);

            assertThat(read(client, info).state()).isEqualTo(TCP_ESTABLISHED);
            assertThat(info.has(TcpInfo.TOTAL_RETRANS)).isTrue();
            assertThat(info.snd_mss()).isPositive();
            assertThat(info.rto()).isPositive();
            assertThat(info.options() & TCPI_OPT_TIMESTAMPS).isBetween(0, TCPI_OPT_TIMESTAMPS);
            if (info.has(TcpInfo.BYTES_SENT)) {
                assertThat(info.bytes_sent()).isEqualTo(1000);
                assertThat(info.bytes_retrans()).isZero();
            }
            read(server, info);
            if (info.has(TcpInfo.BYTES_RECEIVED)) {
                assertThat(info.bytes_received()).isEqualTo(1000);
            }
            if (info.has(TcpInfo.RCV_WND)) {
                assertThat(info.rcv_wnd()).isPositive();
            }
            for (int fd : new int[]{server, client, listener}) {
                assertThat(Libc.close(fd)).isZero();
            }
        }
    }

    private static TcpInfo read(int fd, TcpInfo info) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, TcpInfo.SIZEOF);
            assertThat(Libc.getsockopt(fd, IPPROTO_TCP, TCP_INFO, info.segment(), length)).isZero();
            return info.length(length.get(ValueLayout.JAVA_INT, 0));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 6, 7, 8, 104, 111, 112, 232, 234, 248, 280})
    void whatTheKernelDidNotWriteReadsAsZero(int length) {
        final MemorySegment memory = MemorySegment.ofArray(new byte[TcpInfo.SIZEOF]);
        memory.fill((byte) -1);
        final TcpInfo info = TcpInfo.of(memory).length(length);
        assertThat(info.state()).isEqualTo(length > 0 ? 255 : 0);
        assertThat(info.snd_wscale()).isEqualTo(length > 6 ? 15 : 0);
        assertThat(info.rcv_wscale()).isEqualTo(length > 6 ? 15 : 0);
        assertThat(info.delivery_rate_app_limited()).isEqualTo(length > 7);
        assertThat(info.fastopen_client_fail()).isEqualTo(length > 7 ? 3 : 0);
        assertThat(info.pacing_rate()).isEqualTo(length >= 112 ? -1 : 0);
        assertThat(info.rcv_wnd()).isEqualTo(length >= 236 ? -1 : 0);
        assertThat(info.total_rto()).isEqualTo(length >= 242 ? 0xffff : 0);
        assertThat(info.received_ce_bytes()).isEqualTo(length >= 276 ? -1 : 0);
        assertThat(info.has(TcpInfo.STATE)).isEqualTo(length > 0);
        assertThat(info.has(TcpInfo.RCV_WND)).isEqualTo(length > 232);
    }

    @Test
    void bitsAreTakenApart() {
        final MemorySegment memory = MemorySegment.ofArray(new byte[TcpInfo.SIZEOF]);
        final TcpInfo info = TcpInfo.of(memory).length(8);
        memory.set(ValueLayout.JAVA_BYTE, 6, (byte) 0xa7);
        memory.set(ValueLayout.JAVA_BYTE, 7, (byte) 0b1111_1100);
        assertThat(info.snd_wscale()).isEqualTo(7);
        assertThat(info.rcv_wscale()).isEqualTo(10);
        assertThat(info.delivery_rate_app_limited()).isFalse();
        assertThat(info.fastopen_client_fail()).isEqualTo(0b10);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 281})
    void aLengthThatCannotBeIsRefusedByItsValue(int length) {
        final TcpInfo info = TcpInfo.of(MemorySegment.ofArray(new byte[TcpInfo.SIZEOF]));
        assertThatThrownBy(() -> info.length(length)).isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageContaining(String.valueOf(length));
    }
}
