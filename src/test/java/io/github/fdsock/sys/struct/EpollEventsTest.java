package io.github.fdsock.sys.struct;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.abi.AbiOracle;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Both layouts of `struct epoll_event` are read and written right: the packed one of x86-64 and that of all others.
class EpollEventsTest {

    @ParameterizedTest
    @ValueSource(strings = {"x86_64", "aarch64"})
    void fieldsLieWhereTheCompilerPutsThem(String architecture) {
        final AbiOracle machine = AbiOracle.of(architecture);
        final int size = (int) machine.structs().get("epoll_event").size();
        final long data = machine.fields().get("epoll_event.data").offset();
        final MemorySegment memory = MemorySegment.ofArray(new byte[3 * size]);
        final EpollEvents events = EpollEvents.of(memory, size);

        events.set(1, 0x8000_0001, 0x0123_4567_89ab_cdefL);

        assertThat(events.capacity()).isEqualTo(3);
        assertThat(memory.get(ValueLayout.JAVA_INT_UNALIGNED, size)).isEqualTo(0x8000_0001);
        assertThat(memory.get(ValueLayout.JAVA_LONG_UNALIGNED, size + data)).isEqualTo(0x0123_4567_89ab_cdefL);
        assertThat(events.events(1)).isEqualTo(0x8000_0001);
        assertThat(events.data(1)).isEqualTo(0x0123_4567_89ab_cdefL);
        for (int neighbour : new int[]{0, 2}) {
            assertThat(events.events(neighbour)).isZero();
            assertThat(events.data(neighbour)).isZero();
        }
    }

    @Test
    void theLayoutIsThatOfThisMachine() {
        assertThat((long) EpollEvents.SIZEOF).isEqualTo(AbiOracle.here().structs().get("epoll_event").size());
    }

    @ParameterizedTest
    @ValueSource(ints = {12, 16})
    void anIndexOutsideIsRefused(int size) {
        final EpollEvents events = EpollEvents.of(MemorySegment.ofArray(new byte[2 * size + size - 1]), size);
        assertThat(events.capacity()).isEqualTo(2);
        for (int index : new int[]{-1, 2, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            assertThatThrownBy(() -> events.events(index)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> events.data(index)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> events.set(index, 1, 1)).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, Integer.MIN_VALUE, Integer.MAX_VALUE})
    void aCapacityThatCannotBeIsRefusedByItsValue(int capacity) {
        try (Arena arena = Arena.ofConfined()) {
            assertThatThrownBy(() -> EpollEvents.allocate(arena, capacity))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining(String.valueOf(capacity));
        }
    }
}
