package io.github.fdsock.sys.struct;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.abi.AbiOracle;
import io.github.fdsock.abi.cmsghdr;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Control messages are written as the kernel wants them, and read without leaving the one that the walk stands at.
class ControlBufferTest {

    record Message(int level, int type, byte[] data) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Message(int l, int t, byte[] d) && level == l && type == t
                    && Arrays.equals(data, d);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(data);
        }

        @Override
        public String toString() {
            return level + ":" + type + Arrays.toString(data);
        }
    }

    private static final ValueLayout.OfLong LEN = ValueLayout.JAVA_LONG_UNALIGNED;

    @Test
    void lengthsAreThoseOfTheMacros() {
        AbiOracle.here().macros().forEach((call, result) -> {
            final String[] words = call.split(" ");
            final long length = Long.parseLong(words[1]);
            assertThat(switch (words[0]) {
                case "cmsg_align" -> ControlBuffer.align(length);
                case "cmsg_len" -> ControlBuffer.len(length);
                default -> ControlBuffer.space(length);
            }).as(call).isEqualTo(result);
        });
        assertThat(AbiOracle.here().macros()).isNotEmpty();
    }

    /// CPython's CmsgMacroTests (C21).
    @Test
    void c21_lengthsGrowWithTheData() {
        for (int n = 0; n <= 256; n++) {
            assertThat(ControlBuffer.len(n) - ControlBuffer.len(0)).isEqualTo(n);
            assertThat(ControlBuffer.space(n)).isGreaterThanOrEqualTo(ControlBuffer.len(n));
            assertThat(ControlBuffer.space(n + 1)).isGreaterThanOrEqualTo(ControlBuffer.space(n));
            assertThat(ControlBuffer.space(n) % 8).isZero();
        }
        assertThat(ControlBuffer.len(0)).isEqualTo(ControlBuffer.SIZEOF_CMSGHDR);
    }

    @Test
    void allWaysToAppendWriteTheSame() {
        try (Arena arena = Arena.ofConfined()) {
            final byte[] expected = ControlBuffer.allocate(arena, 24).appendInts(1, 2, 7).segment()
                    .toArray(ValueLayout.JAVA_BYTE);
            final ControlBuffer one = ControlBuffer.allocate(arena, 24).appendInt(1, 2, 7);
            final ControlBuffer some = ControlBuffer.allocate(arena, 24).appendInts(1, 2, new int[] {7, 8, 9}, 1);
            final ControlBuffer space = ControlBuffer.allocate(arena, 24);
            space.appendSpace(1, 2, 4).set(ValueLayout.JAVA_INT_UNALIGNED, 0, 7);
            for (final ControlBuffer control : List.of(one, some, space)) {
                assertThat(control.segment().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(expected);
                assertThat(control.length()).isEqualTo(24);
                assertThatThrownBy(() -> control.appendInt(1, 2, 3)).isInstanceOf(IndexOutOfBoundsException.class);
            }
            final ControlBuffer empty = ControlBuffer.allocate(arena, 64);
            assertThat(empty.appendSpace(1, 2, 5).byteSize()).isEqualTo(5);
            assertThatThrownBy(() -> empty.appendInts(1, 2, new int[2], 3))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> empty.appendSpace(1, 2, -1)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("-1");
            assertThat(empty.length()).as("nothing is changed by what is refused").isEqualTo(24);
        }
    }

    @Test
    void theLastIsTakenAway() {
        try (Arena arena = Arena.ofConfined()) {
            final ControlBuffer control = ControlBuffer.allocate(arena, 64).appendInt(1, 2, 7);
            final int before = control.length();
            control.appendInt(3, 4, 8).truncate(before);
            assertThat(control.next()).isTrue();
            assertThat(control.dataInt(0)).isEqualTo(7);
            assertThat(control.next()).isFalse();
            assertThatThrownBy(() -> control.truncate(before + 1)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> control.truncate(-1)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThat(control.length()).isEqualTo(before);
        }
    }

    @Test
    void aMessageLiesAsTheHeaderSays() {
        try (Arena arena = Arena.ofConfined()) {
            final ControlBuffer control = ControlBuffer.allocate(arena, 64).appendInts(1, 2, 7, 8, 9);
            final MemorySegment header = control.segment();
            assertThat(cmsghdr.cmsg_len(header)).isEqualTo(28);
            assertThat(cmsghdr.cmsg_level(header)).isEqualTo(1);
            assertThat(cmsghdr.cmsg_type(header)).isEqualTo(2);
            assertThat(header.asSlice(16, 12).toArray(ValueLayout.JAVA_INT_UNALIGNED)).containsExactly(7, 8, 9);
            assertThat(control.length()).isEqualTo(32);
        }
    }

    @Test
    void paddingIsZeroWhateverWasThere() {
        final MemorySegment memory = MemorySegment.ofArray(new byte[64]);
        memory.fill((byte) -1);
        ControlBuffer.of(memory).append(1, 1, MemorySegment.ofArray(new byte[]{5}));
        assertThat(memory.asSlice(16, 8).toArray(ValueLayout.JAVA_BYTE)).containsExactly(5, 0, 0, 0, 0, 0, 0, 0);
        assertThat(memory.get(ValueLayout.JAVA_BYTE, 24)).isEqualTo((byte) -1);
    }

    @Test
    void theLastMessageNeedsNoRoomForItsPadding() {
        final ControlBuffer control = ControlBuffer.of(MemorySegment.ofArray(new byte[20])).appendInts(1, 1, 42);
        assertThat(control.length()).isEqualTo(20);
        assertThat(control.next()).isTrue();
        assertThat(control.dataInt(0)).isEqualTo(42);
        assertThat(control.next()).isFalse();
        assertThatThrownBy(() -> control.appendInts(1, 1)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 15, 16, 19, 39, 43})
    void whatDoesNotFitIsRefusedByItsValuesAndChangesNothing(int capacity) {
        final MemorySegment memory = MemorySegment.ofArray(new byte[capacity]);
        final ControlBuffer control = ControlBuffer.of(memory);
        final boolean second = capacity >= 24;
        if (second) {
            control.appendInts(1, 1, 1);
        }
        final byte[] before = memory.toArray(ValueLayout.JAVA_BYTE);
        final int length = control.length();
        assertThatThrownBy(() -> control.appendInts(1, 1, 1)).isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageContainingAll("4 bytes", String.valueOf(capacity));
        assertThat(memory.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(before);
        assertThat(control.length()).isEqualTo(length);
    }

    @Provide
    Arbitrary<List<Message>> messages() {
        return Combinators.combine(Arbitraries.integers(), Arbitraries.integers(),
                Arbitraries.bytes().array(byte[].class).ofMaxSize(33)).as(Message::new).list().ofMaxSize(8);
    }

    @Property
    void whatWasAppendedIsRead(@ForAll("messages") List<Message> messages) {
        final ControlBuffer control = ControlBuffer.of(MemorySegment.ofArray(new byte[8 * 64]));
        messages.forEach(message -> control.append(message.level, message.type, MemorySegment.ofArray(message.data)));
        assertThat((long) control.length())
                .isEqualTo(messages.stream().mapToLong(message -> ControlBuffer.space(message.data.length)).sum());
        assertThat(walk(control)).isEqualTo(messages);
        assertThat(control.malformed()).isFalse();
        assertThat(walk(control.rewind())).isEqualTo(messages);
    }

    private static List<Message> walk(ControlBuffer control) {
        final List<Message> found = new ArrayList<>();
        while (control.next()) {
            found.add(new Message(control.level(), control.type(), control.data().toArray(ValueLayout.JAVA_BYTE)));
        }
        return found;
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 8, 15, -1, Long.MIN_VALUE, Long.MAX_VALUE, 65, 1L << 32, (1L << 32) + 16})
    void aLengthThatCannotBeEndsTheWalk(long length) {
        final MemorySegment memory = MemorySegment.ofArray(new byte[64]);
        memory.set(LEN, 0, length);
        final ControlBuffer control = ControlBuffer.of(memory).received(64);
        assertThat(control.next()).isFalse();
        assertThat(control.malformed()).isTrue();
        assertThat(control.next()).isFalse();
    }

    @Test
    void aLengthThatIsNotAlignedIsFollowedByTheNextMultipleOfEight() {
        final MemorySegment memory = MemorySegment.ofArray(new byte[64]);
        memory.set(LEN, 0, 17);
        memory.set(LEN, 24, 40);
        final ControlBuffer control = ControlBuffer.of(memory).received(64);
        assertThat(control.next()).isTrue();
        assertThat(control.dataLength()).isEqualTo(1);
        assertThat(control.next()).isTrue();
        assertThat(control.dataLength()).isEqualTo(24);
        assertThat(control.next()).isFalse();
        assertThat(control.malformed()).isFalse();
    }

    @Test
    void aLengthBeyondWhatWasReceivedEndsTheWalkThoughTheBufferIsLonger() {
        final MemorySegment memory = MemorySegment.ofArray(new byte[64]);
        memory.set(LEN, 0, 24);
        final ControlBuffer control = ControlBuffer.of(memory).received(20);
        assertThat(control.next()).isFalse();
        assertThat(control.malformed()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 8, 15})
    void aRestThatHoldsNoHeaderIsTheEnd(int length) {
        final MemorySegment memory = MemorySegment.ofArray(new byte[64]);
        memory.fill((byte) -1);
        final ControlBuffer control = ControlBuffer.of(memory).received(length);
        assertThat(control.next()).isFalse();
        assertThat(control.malformed()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(longs = {24, 25, Long.MAX_VALUE, -1, Long.MIN_VALUE})
    void aControllenBeyondTheBufferCountsAsTheBuffer(long controllen) {
        final ControlBuffer control = ControlBuffer.of(MemorySegment.ofArray(new byte[24])).received(controllen);
        assertThat(control.length()).isEqualTo(24);
    }

    /// gvisor PR #14729, rr PR #3870: the previous message's descriptors, found again.
    @Test
    void whatAnEarlierCallLeftIsNotFoundAfterClearing() {
        try (Arena arena = Arena.ofConfined()) {
            final ControlBuffer control = ControlBuffer.allocate(arena, 64).appendInts(1, 1, 42);
            control.clear();
            assertThat(control.length()).isZero();
            assertThat(control.received(64).next()).isFalse();
        }
    }

    @Test
    void nothingIsReadOutsideTheCurrentMessage() {
        final ControlBuffer control = ControlBuffer.of(MemorySegment.ofArray(new byte[64]))
                .appendInts(1, 1, 1, 2, 3).appendInts(2, 2, 4);
        assertThatThrownBy(control::level).isInstanceOf(IllegalStateException.class);
        assertThat(control.next()).isTrue();
        assertThat(control.dataInt(8)).isEqualTo(3);
        assertThat(control.dataLong(4)).isEqualTo(2 | 3L << 32);
        assertThat(control.dataByte(11)).isZero();
        for (int offset : new int[]{-1, 9, 12, 16, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            assertThatThrownBy(() -> control.dataInt(offset)).isInstanceOf(IndexOutOfBoundsException.class)
                    .hasMessageContainingAll(String.valueOf(offset), "12 bytes");
            assertThatThrownBy(() -> control.dataLong(offset)).isInstanceOf(IndexOutOfBoundsException.class);
        }
        assertThatThrownBy(() -> control.dataByte(12)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThat(control.next()).isTrue();
        assertThat(control.next()).isFalse();
        assertThatThrownBy(control::type).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(control::dataLength).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(control::data).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> control.dataInt(0)).isInstanceOf(IllegalStateException.class);
    }
}
