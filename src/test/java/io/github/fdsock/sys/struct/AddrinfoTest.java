package io.github.fdsock.sys.struct;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Interposer;
import io.github.fdsock.sys.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The list of `getaddrinfo` is walked to its end, freed once, and out of reach afterwards.
class AddrinfoTest {

    private static MemorySegment resolve(Arena arena, String node, Addrinfo hints) {
        final MemorySegment res = arena.allocate(ValueLayout.ADDRESS);
        assertThat(Libc.getaddrinfo(arena.allocateFrom(node), arena.allocateFrom("7000"), hints.segment(), res))
                .isZero();
        return res;
    }

    @Test
    void everyAnswerIsFoundWithItsAddress() {
        try (Arena arena = Arena.ofConfined()) {
            // Without a type each address comes once for each, so the list is known to have three.
            final Addrinfo hints = Addrinfo.allocate(arena).family(AF_INET).flags(AI_NUMERICHOST | AI_CANONNAME);
            final List<Integer> types = new ArrayList<>();
            final Addrinfo first = Addrinfo.adopt(resolve(arena, "127.0.0.1", hints), arena);
            assertThat(first.canonname()).isEqualTo("127.0.0.1");
            for (Addrinfo answer = first; answer != null; answer = answer.next()) {
                types.add(answer.socktype());
                assertThat(answer.family()).isEqualTo(AF_INET);
                assertThat(answer.addr().byteSize()).isEqualTo(Sockaddr.SIZEOF_SOCKADDR_IN);
                assertThat(Sockaddr.sin_addr(answer.addr())).isEqualTo(0x7f000001);
                assertThat(Sockaddr.sin_port(answer.addr())).isEqualTo(7000);
                assertThat(answer.addr().isReadOnly()).isTrue();
                assertThat(answer.protocol()).isEqualTo(switch (answer.socktype()) {
                    case SOCK_STREAM -> IPPROTO_TCP;
                    case SOCK_DGRAM -> IPPROTO_UDP;
                    default -> 0;
                });
            }
            assertThat(types).contains(SOCK_STREAM, SOCK_DGRAM);
        }
    }

    @Test
    void anIpv6AddressHasItsLengthAndNoNameUnlessAskedFor() {
        try (Arena arena = Arena.ofConfined()) {
            final Addrinfo hints = Addrinfo.allocate(arena).family(AF_INET6).socktype(SOCK_STREAM)
                    .protocol(IPPROTO_TCP).flags(AI_NUMERICHOST);
            assertThat(hints.flags()).isEqualTo(AI_NUMERICHOST);
            final Addrinfo answer = Addrinfo.adopt(resolve(arena, "::1", hints), arena);
            assertThat(answer.addr().byteSize()).isEqualTo(Sockaddr.SIZEOF_SOCKADDR_IN6);
            assertThat(Sockaddr.sin6_addr_low(answer.addr())).isEqualTo(1);
            assertThat(answer.canonname()).isNull();
            assertThat(answer.next()).isNull();
        }
    }

    @Test
    void theListIsFreedOnceWithItsArenaAndOutOfReachThen() {
        final List<Long> freed = new ArrayList<>();
        try (Arena outer = Arena.ofConfined()) {
            final MemorySegment res = resolve(outer, "127.0.0.1",
                    Addrinfo.allocate(outer).socktype(SOCK_STREAM).flags(AI_NUMERICHOST));
            final long list = res.get(ValueLayout.JAVA_LONG, 0);
            final Arena arena = Arena.ofConfined();
            final Addrinfo answer = Addrinfo.adopt(res, arena);
            final MemorySegment address = answer.addr();
            assertThatThrownBy(() -> Addrinfo.adopt(res, arena)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("adopted before");

            final Interposer before = Interposer.install((call, arguments) -> {
                assertThat(call).isEqualTo(Call.freeaddrinfo);
                final MemorySegment freeing = (MemorySegment) arguments[0];
                freed.add(freeing.address());
                Libc.freeaddrinfo(freeing);
                return 0;
            });
            try {
                arena.close();
            } finally {
                Interposer.install(before);
            }
            assertThat(freed).containsExactly(list);
            assertThatThrownBy(answer::family).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(answer::next).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> Sockaddr.sin_port(address)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void pointersInHintsAreNotFollowed() {
        try (Arena arena = Arena.ofConfined()) {
            final Addrinfo hints = Addrinfo.allocate(arena);
            hints.segment().fill((byte) 1);
            assertThatThrownBy(hints::addr).isInstanceOf(IllegalStateException.class).hasMessageContaining("hints");
            assertThatThrownBy(hints::next).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(hints::canonname).isInstanceOf(IllegalStateException.class);
        }
    }
}
