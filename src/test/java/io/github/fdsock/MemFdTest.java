package io.github.fdsock;

import static io.github.fdsock.sys.Constants.*;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.sys.Call;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A file in memory is shared by its descriptor and its mappings, and keeps what its seals promise.
class MemFdTest {
    @TempDir
    private Path directory;

    @Test
    void isBornEmptyAndCloseOnExecUnderItsName() throws IOException {
        try (MemFd file = MemFd.create("größe", 0)) {
            assertThat(file.size()).isZero();
            assertThat(file.closeOnExec()).isTrue();
            assertThat(file).hasToString("memfd " + file.intValue());
            assertThat(Files.readSymbolicLink(Path.of("/proc/self/fd/" + file.intValue())).toString())
                    .startsWith("/memfd:gr");
        }
    }

    @Test
    void growsAndShrinks() throws IOException {
        try (MemFd file = MemFd.create("test", 0)) {
            file.size(10_000);
            assertThat(file.size()).isEqualTo(10_000);
            file.size(3);
            assertThat(file.size()).isEqualTo(3);
            assertThatThrownBy(() -> file.size(-1)).isInstanceOf(ErrnoException.class)
                    .hasMessage("ftruncate(%d, -1) = -1 EINVAL (Invalid argument)", file.intValue());
        }
    }

    @Test
    void isCalledWhatWasSaidOrNotMade() throws IOException {
        try (MemFd file = MemFd.create("n\u00e4me", 0)) {
            assertThat(Files.readSymbolicLink(Path.of("/proc/self/fd/" + file.intValue())))
                    .asString().startsWith("/memfd:n").endsWith("me (deleted)");
        }
        try (Seen seen = Seen.calls()) {
            for (String name : new String[] {"a\0b", "a\ud800", "\udc00a"}) {
                assertThatThrownBy(() -> MemFd.create(name, 0)).isInstanceOf(IllegalArgumentException.class);
            }
            assertThat(seen.all()).isEmpty();
        }
    }

    @Test
    void mappingsAndReadsSeeTheSameBytes() throws IOException {
        try (Arena arena = Arena.ofConfined(); MemFd file = MemFd.create("test", 0)) {
            file.size(8192);
            final MemorySegment all = file.map(0, 8192, PROT_READ | PROT_WRITE, arena);
            final MemorySegment second = file.map(4096, 4096, PROT_READ, arena);
            all.setString(4096, "shared");
            assertThat(second.getString(0)).isEqualTo("shared");
            assertThat(file.write("word".getBytes(US_ASCII), 0, 4)).isEqualTo(4);
            assertThat(all.asSlice(0, 4).toArray(ValueLayout.JAVA_BYTE)).isEqualTo("word".getBytes(US_ASCII));
        }
    }

    @Test
    void aMappingOutlivesTheDescriptorButNotTheArena() throws IOException {
        final MemorySegment memory;
        try (Arena arena = Arena.ofConfined(); Seen seen = Seen.calls()) {
            try (MemFd file = MemFd.create("test", 0)) {
                file.size(4096);
                memory = file.map(0, 100, PROT_READ | PROT_WRITE, arena);
            }
            memory.set(ValueLayout.JAVA_BYTE, 99, (byte) 1);
            assertThatThrownBy(() -> memory.get(ValueLayout.JAVA_BYTE, 100))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThat(mappings()).contains("/memfd:test");
            assertThat(seen.all(Call.munmap)).isEmpty();
        }
        assertThatThrownBy(() -> memory.get(ValueLayout.JAVA_BYTE, 0)).isInstanceOf(IllegalStateException.class);
        assertThat(mappings()).doesNotContain("/memfd:test");
    }

    private static String mappings() throws IOException {
        return Files.readString(Path.of("/proc/self/maps"));
    }

    @Test
    void aReadOnlyMappingRefusesWrites() throws IOException {
        try (Arena arena = Arena.ofConfined(); MemFd file = MemFd.create("test", 0)) {
            file.size(4096);
            final MemorySegment memory = file.map(0, 4096, PROT_READ, arena);
            assertThat(memory.isReadOnly()).isTrue();
            assertThatThrownBy(() -> memory.set(ValueLayout.JAVA_BYTE, 0, (byte) 1))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void badMappingsAreRefusedBeforeTheCall() throws IOException {
        try (Arena arena = Arena.ofConfined(); MemFd file = MemFd.create("test", 0); Seen seen = Seen.calls()) {
            file.size(8192);
            assertThatThrownBy(() -> file.map(100, 1, PROT_READ, arena)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("100");
            assertThatThrownBy(() -> file.map(-4096, 1, PROT_READ, arena)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("-4096");
            assertThatThrownBy(() -> file.map(0, 0, PROT_READ, arena)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("0 bytes");
            assertThatThrownBy(() -> file.map(0, -1, PROT_READ, arena)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("-1");
            assertThatThrownBy(() -> file.map(0, 1, PROT_WRITE, arena)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("PROT_WRITE");
            assertThatThrownBy(() -> file.map(0, 1, PROT_NONE, arena)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> file.map(0, 1, PROT_READ, null)).isInstanceOf(NullPointerException.class);
            final Arena closed = Arena.ofConfined();
            closed.close();
            assertThatThrownBy(() -> file.map(0, 1, PROT_READ, closed)).isInstanceOf(IllegalStateException.class);
            assertThat(seen.all(Call.mmap)).isEmpty();
        }
    }

    @Test
    void aMappingThatTheArenaDoesNotTakeIsTakenAway() throws Exception {
        try (Arena arena = Arena.ofConfined(); MemFd file = MemFd.create("test", 0); Seen seen = Seen.calls()) {
            file.size(4096);
            try (Background<MemorySegment> other = Background.start(() -> file.map(0, 4096, PROT_READ, arena))) {
                assertThat(other.failure()).isInstanceOf(WrongThreadException.class);
            }
            assertThat(seen.all(Call.mmap)).hasSize(1);
            assertThat(seen.all(Call.munmap)).hasSize(1);
        }
    }

    @Test
    void sealsAreKept() throws IOException {
        try (Arena arena = Arena.ofConfined(); MemFd file = MemFd.create("test", MFD_ALLOW_SEALING)) {
            final int number = file.intValue();
            file.size(4096);
            assertThat(file.seals()).isZero();
            file.seal(F_SEAL_SHRINK | F_SEAL_GROW);
            assertThat(file.seals()).isEqualTo(F_SEAL_SHRINK | F_SEAL_GROW);
            assertThatThrownBy(() -> file.size(0)).isInstanceOf(ErrnoException.class).hasMessageContaining("EPERM");
            assertThatThrownBy(() -> file.size(8192)).isInstanceOf(ErrnoException.class).hasMessageContaining("EPERM");
            try (Arena writing = Arena.ofConfined()) {
                file.map(0, 4096, PROT_READ | PROT_WRITE, writing);
                assertThatThrownBy(() -> file.seal(F_SEAL_WRITE)).isInstanceOf(ErrnoException.class)
                        .hasMessage("fcntl(%d, F_ADD_SEALS, F_SEAL_WRITE) = -1 EBUSY (Device or resource busy)",
                                number);
            }
            file.seal(F_SEAL_WRITE);
            assertThatThrownBy(() -> file.map(0, 4096, PROT_READ | PROT_WRITE, arena))
                    .isInstanceOf(ErrnoException.class)
                    .hasMessage("mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, %d, 0) = -1 EPERM"
                            + " (Operation not permitted)", number);
            file.seal(F_SEAL_SEAL);
            assertThatThrownBy(() -> file.seal(F_SEAL_SHRINK)).isInstanceOf(ErrnoException.class)
                    .hasMessageContaining("EPERM");
        }
    }

    @Test
    void withoutLeaveToSealNothingCanBeSealed() throws IOException {
        try (MemFd file = MemFd.create("test", 0)) {
            assertThat(file.seals()).isEqualTo(F_SEAL_SEAL);
            assertThatThrownBy(() -> file.seal(F_SEAL_SHRINK)).isInstanceOf(ErrnoException.class)
                    .hasMessageContaining("EPERM");
        }
    }

    @Test
    void badNamesAndFlagsAreRefused() {
        assertThatThrownBy(() -> MemFd.create("a\0b", 0)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a\\0b");
        assertThatThrownBy(() -> MemFd.create("x".repeat(250), 0)).isInstanceOf(ErrnoException.class)
                .hasMessageContaining("EINVAL");
        assertThatThrownBy(() -> MemFd.create("x", 1 << 20)).isInstanceOf(ErrnoException.class)
                .hasMessage("memfd_create(\"x\", MFD_CLOEXEC|0x100000) = -1 EINVAL (Invalid argument)");
        assertThatThrownBy(() -> MemFd.create(null, 0)).isInstanceOf(NullPointerException.class);
    }

    @Test
    void copiesAndAdoptedNumbersShareTheFile() throws IOException {
        try (MemFd file = MemFd.create("test", 0); MemFd copy = file.dup();
                MemFd adopted = MemFd.adopt(file.dup().release())) {
            copy.size(77);
            assertThat(adopted.size()).isEqualTo(77);
        }
    }

    @Test
    void useAfterCloseIsRefused() throws IOException {
        final MemFd file = MemFd.create("test", 0);
        file.close();
        assertThatThrownBy(file::size).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> file.size(1)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> file.map(0, 1, PROT_READ, Arena.global())).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void adoptRefusesEverythingElse() throws IOException {
        final Path path = Files.createFile(directory.resolve("file"));
        try (Fd file = Fd.openFile(path, O_RDONLY, 0)) {
            assertThatThrownBy(() -> MemFd.adopt(file.intValue())).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("fd %d is %s, not a memory file", file.intValue(), path);
        }
    }
}
