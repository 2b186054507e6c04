package io.github.fdsock.sys.struct;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.abi.iovec;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.WeakReference;
import java.util.Arrays;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// An [Iovec] holds what C would read there, points only to what C may follow, and shrinks by exactly what was moved.
class IovecTest {

    @Test
    void holdsAddressesAndLengthsInOrder() {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment first = arena.allocate(10);
            final MemorySegment second = arena.allocate(20);
            final Iovec iov = Iovec.allocate(arena, 3).add(first).add(second, 5, 7);

            assertThat(iov.count()).isEqualTo(2);
            assertThat(iov.capacity()).isEqualTo(3);
            assertThat(iov.length()).isEqualTo(17);
            assertThat(iov.segment().byteSize()).isEqualTo(3 * Iovec.SIZEOF);
            final MemorySegment element = iovec.asSlice(iov.segment(), 1);
            assertThat(iovec.iov_base(iov.segment())).isEqualTo(MemorySegment.ofAddress(first.address()));
            assertThat(iovec.iov_len(iov.segment())).isEqualTo(10);
            assertThat(iovec.iov_base(element)).isEqualTo(MemorySegment.ofAddress(second.address() + 5));
            assertThat(iovec.iov_len(element)).isEqualTo(7);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1025, 0, -1, Integer.MAX_VALUE})
    void aCapacityTheKernelRefusesIsRefusedByItsValue(int capacity) {
        try (Arena arena = Arena.ofConfined()) {
            assertThatThrownBy(() -> Iovec.allocate(arena, capacity)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContainingAll(String.valueOf(capacity), "1024");
        }
    }

    @Test
    void holdsAsManyAsTheKernelTakesAndNotOneMore() {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment buffer = arena.allocate(1);
            final Iovec iov = Iovec.allocate(arena, 1024);
            for (int i = 0; i < 1024; i++) {
                iov.add(buffer);
            }
            assertThatThrownBy(() -> iov.add(buffer)).isInstanceOf(IndexOutOfBoundsException.class)
                    .hasMessageContaining("1024");
            assertThat(iov.count()).isEqualTo(1024);
            assertThat(iov.length()).isEqualTo(1024);
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 11", "1, 10", "10, 1", "11, 0", "-1, 1", "0, -1", "9223372036854775807, 1",
            "1, 9223372036854775807"})
    void aPartBeyondItsSegmentIsRefusedByAllItsValues(long offset, long length) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment buffer = arena.allocate(10);
            final Iovec iov = Iovec.allocate(arena, 1);
            assertThatThrownBy(() -> iov.add(buffer, offset, length)).isInstanceOf(IndexOutOfBoundsException.class)
                    .hasMessageContainingAll(String.valueOf(offset), String.valueOf(length), "10");
            assertThat(iov.count()).isZero();
        }
    }

    @Test
    void memoryOnTheHeapIsRefused() {
        try (Arena arena = Arena.ofConfined()) {
            final Iovec iov = Iovec.allocate(arena, 1);
            assertThatThrownBy(() -> iov.add(MemorySegment.ofArray(new byte[4])))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("heap");
            assertThat(iov.count()).isZero();
        }
    }

    @Test
    void memoryThatIsFreedIsRefusedWhenAddedAndWhenHandedToACall() {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment buffer;
            final Iovec iov = Iovec.allocate(arena, 2);
            try (Arena brief = Arena.ofConfined()) {
                buffer = brief.allocate(4);
                iov.add(arena.allocate(1)).add(buffer);
                assertThat(iov.segment()).isNotNull();
            }
            assertThatThrownBy(iov::segment).isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
            iov.clear();
            assertThat(iov.segment()).isNotNull();
            assertThatThrownBy(() -> iov.add(buffer)).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
        }
    }

    @Test
    void memoryOfAnotherThreadIsRefused() throws InterruptedException {
        try (Arena shared = Arena.ofShared(); Arena mine = Arena.ofConfined()) {
            final Iovec iov = Iovec.allocate(shared, 2);
            final MemorySegment buffer = mine.allocate(4);
            final Throwable[] thrown = new Throwable[2];
            Thread.ofPlatform().start(() -> thrown[0] = catchThrowable(() -> iov.add(buffer))).join();
            iov.add(buffer);
            Thread.ofPlatform().start(() -> thrown[1] = catchThrowable(iov::segment)).join();
            assertThat(thrown).allMatch(WrongThreadException.class::isInstance);
        }
    }

    private static Throwable catchThrowable(Runnable action) {
        try {
            action.run();
            return null;
        } catch (RuntimeException e) {
            return e;
        }
    }

    @Test
    @SuppressWarnings("restricted")
    void lengthsThatAddUpToMoreThanASsizeTAreRefused() {
        try (Arena arena = Arena.ofConfined()) {
            // SAFETY: never touched, and not even there; only its length matters.
            final MemorySegment huge = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
            final Iovec iov = Iovec.allocate(arena, 3).add(huge, 0, Long.MAX_VALUE - 1).add(huge, 0, 1);
            assertThat(iov.length()).isEqualTo(Long.MAX_VALUE);
            assertThatThrownBy(() -> iov.add(huge, 0, 1)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(String.valueOf(Long.MAX_VALUE));
            assertThat(iov.count()).isEqualTo(2);
        }
    }

    @Test
    @Timeout(60)
    void memoryIsKeptWhileItIsHereAndNoLonger() {
        try (Arena arena = Arena.ofConfined()) {
            final Iovec iov = Iovec.allocate(arena, 2);
            final WeakReference<MemorySegment> first = addAutomatic(iov);
            final WeakReference<MemorySegment> second = addAutomatic(iov);
            System.gc();
            assertThat(first.get()).isNotNull();
            iov.advance(first.get().byteSize());
            awaitCollected(first);
            assertThat(second.get()).isNotNull();
            iov.clear();
            awaitCollected(second);
        }
    }

    private static WeakReference<MemorySegment> addAutomatic(Iovec iov) {
        final MemorySegment segment = Arena.ofAuto().allocate(8);
        iov.add(segment);
        return new WeakReference<>(segment);
    }

    private static void awaitCollected(WeakReference<?> reference) {
        while (reference.get() != null) {
            assertThat(Thread.currentThread().isInterrupted()).as("still held at the end of the time").isFalse();
            System.gc();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 6, Long.MAX_VALUE, Long.MIN_VALUE})
    void advancingByWhatIsNotThereIsRefusedAndChangesNothing(long transferred) {
        try (Arena arena = Arena.ofConfined()) {
            final Iovec iov = Iovec.allocate(arena, 2).add(arena.allocate(2)).add(arena.allocate(3));
            assertThatThrownBy(() -> iov.advance(transferred)).isInstanceOf(IndexOutOfBoundsException.class)
                    .hasMessageContainingAll(String.valueOf(transferred), "5");
            assertThat(iov.count()).isEqualTo(2);
            assertThat(iov.length()).isEqualTo(5);
        }
    }

    /// The model: the bytes themselves, of which the first are cut off.
    @Property
    void whatIsLeftAfterPartialTransfersIsWhatWasNotTransferred(
            @ForAll @Size(max = 12) List<@IntRange(max = 9) Integer> sizes,
            @ForAll @Size(max = 12) List<@IntRange(max = 20) Integer> transfers) {
        try (Arena arena = Arena.ofConfined()) {
            final Iovec iov = Iovec.allocate(arena, 12);
            final ByteArrayOutputStream written = new ByteArrayOutputStream();
            byte next = 1;
            for (int size : sizes) {
                final MemorySegment buffer = arena.allocate(size + 2L);
                for (int i = 0; i < size; i++) {
                    buffer.set(ValueLayout.JAVA_BYTE, 1L + i, next);
                    written.write(next++);
                }
                iov.add(buffer, 1, size);
            }
            byte[] model = written.toByteArray();
            final MemorySegment array = iov.segment();
            for (int transfer : transfers) {
                final int transferred = Math.min(transfer, model.length);
                model = Arrays.copyOfRange(model, transferred, model.length);
                iov.advance(transferred);

                assertThat(gathered(iov)).isEqualTo(model);
                assertThat(iov.length()).isEqualTo(model.length);
                assertThat(iov.count() == 0).isEqualTo(model.length == 0);
                assertThat(iov.segment().address()).isEqualTo(array.address());
            }
        }
    }

    /// What the kernel would gather.
    @SuppressWarnings("restricted")
    private static byte[] gathered(Iovec iov) {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < iov.count(); i++) {
            // SAFETY: the addresses lie within buffers of an arena that is open.
            bytes.writeBytes(MemorySegment.ofAddress(iov.base(i)).reinterpret(iov.len(i))
                    .toArray(ValueLayout.JAVA_BYTE));
        }
        return bytes.toByteArray();
    }
}
