package io.github.fdsock.sys.struct;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.sys.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A set of signals holds what was put in, in the bits where the kernel looks.
class SigsetTest {

    @Property(tries = 100)
    void holdsWhatWasAddedAndNotRemoved(@ForAll Set<@IntRange(min = 1, max = 64) Integer> added,
            @ForAll Set<@IntRange(min = 1, max = 64) Integer> removed) {
        final MemorySegment memory = MemorySegment.ofArray(new byte[Sigset.SIZEOF]);
        memory.fill((byte) -1);
        final Sigset set = Sigset.of(memory).empty();
        added.forEach(set::add);
        removed.forEach(set::remove);
        long bits = 0;
        for (int signal = 1; signal <= 64; signal++) {
            final boolean in = added.contains(signal) && !removed.contains(signal);
            assertThat(set.contains(signal)).as("signal %s", signal).isEqualTo(in);
            bits |= in ? 1L << signal - 1 : 0;
        }
        assertThat(memory.get(ValueLayout.JAVA_LONG_UNALIGNED, 0)).isEqualTo(bits);
        assertThat(memory.asSlice(8).toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 65, -1, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void aNumberThatIsNoSignalIsRefusedByItsValue(int signal) {
        final Sigset set = Sigset.of(MemorySegment.ofArray(new byte[Sigset.SIZEOF]));
        final String value = String.valueOf(signal);
        assertThatThrownBy(() -> set.add(signal)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(value);
        assertThatThrownBy(() -> set.remove(signal)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(value);
        assertThatThrownBy(() -> set.contains(signal)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(value);
    }

    /// On a thread of its own, which takes its mask with it.
    @Test
    void theKernelReadsAndWritesTheSameSet() throws InterruptedException {
        final boolean[] blocked = new boolean[65];
        Thread.ofPlatform().start(() -> {
            try (Arena arena = Arena.ofConfined()) {
                final Sigset set = Sigset.allocate(arena).add(SIGUSR1).add(64);
                assertThat(Libc.pthread_sigmask(SIG_BLOCK, set.segment(), MemorySegment.NULL)).isZero();
                final Sigset now = Sigset.allocate(arena);
                assertThat(Libc.pthread_sigmask(SIG_BLOCK, MemorySegment.NULL, now.segment())).isZero();
                for (int signal = 1; signal <= 64; signal++) {
                    blocked[signal] = now.contains(signal);
                }
            }
        }).join();
        assertThat(blocked[SIGUSR1]).isTrue();
        assertThat(blocked[64]).isTrue();
        assertThat(blocked[SIGSEGV]).isFalse();
    }
}
