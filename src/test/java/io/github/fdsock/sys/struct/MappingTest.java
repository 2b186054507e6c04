package io.github.fdsock.sys.struct;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Interposer;
import io.github.fdsock.sys.Libc;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/// A mapping lives as long as its arena, and no access is possible after it is gone.
class MappingTest {

    private static final int LENGTH = 8192;

    @Test
    void memoryIsSharedWithTheFileAndGoneWithTheArena() throws IOException {
        try (Arena outer = Arena.ofConfined()) {
            final int fd = Libc.memfd_create(outer.allocateFrom("mapping-test"), MFD_CLOEXEC);
            assertThat(Libc.ftruncate(fd, LENGTH)).isZero();
            final long address;
            final MemorySegment memory;
            try (Arena arena = Arena.ofConfined()) {
                address = Libc.mmap(0, LENGTH, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
                memory = Mapping.adopt(address, LENGTH, arena);
                assertThat(memory.byteSize()).isEqualTo(LENGTH);
                memory.set(ValueLayout.JAVA_LONG, LENGTH - 8, 0x1234567890L);
                final MemorySegment read = outer.allocate(8);
                assertThat(Libc.pread(fd, read, 8, LENGTH - 8)).isEqualTo(8);
                assertThat(read.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(0x1234567890L);
                assertThat(isMapped(address)).isTrue();
            }
            assertThat(isMapped(address)).isFalse();
            assertThatThrownBy(() -> memory.get(ValueLayout.JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
            assertThat(Libc.close(fd)).isZero();
        }
    }

    private static boolean isMapped(long address) throws IOException {
        return Files.readAllLines(Path.of("/proc/self/maps")).stream().map(line -> line.split("[- ]"))
                .anyMatch(range -> Long.parseUnsignedLong(range[0], 16) <= address
                        && address < Long.parseUnsignedLong(range[1], 16));
    }

    @Test
    void whatIsNoAddressIsRefusedByItsMeaning() {
        try (Arena arena = Arena.ofConfined()) {
            assertThatThrownBy(() -> Mapping.adopt(-ENODEV, LENGTH, arena))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("ENODEV");
            assertThatThrownBy(() -> Mapping.adopt(0, LENGTH, arena)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> Mapping.adopt(4096, -1, arena)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("-1 bytes");
        }
    }

    @Test
    void aMappingThatIsNotAdoptedRemainsTheCallers() throws IOException {
        final Arena closed = Arena.ofConfined();
        closed.close();
        final long address = Libc.mmap(0, LENGTH, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assertThatThrownBy(() -> Mapping.adopt(address, LENGTH, closed)).isInstanceOf(IllegalStateException.class);
        assertThat(isMapped(address)).isTrue();
        assertThat(Libc.munmap(address, LENGTH)).isZero();
        assertThat(isMapped(address)).isFalse();
    }

    @Test
    void aMappingThatCannotBeTakenAwayIsReported() {
        final long address = Libc.mmap(0, LENGTH, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        final Arena arena = Arena.ofConfined();
        Mapping.adopt(address, LENGTH, arena);
        final Interposer before = Interposer.install((call, arguments) -> {
            assertThat(call).isEqualTo(Call.munmap);
            return -EINVAL;
        });
        try {
            assertThatThrownBy(arena::close).isInstanceOf(IllegalStateException.class)
                    .hasMessageContainingAll("munmap(0x", "EINVAL");
        } finally {
            Interposer.install(before);
        }
        assertThat(Libc.munmap(address, LENGTH)).isZero();
    }
}
