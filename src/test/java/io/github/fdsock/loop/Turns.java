package io.github.fdsock.loop;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.Fd;
import io.github.fdsock.SocketFd;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.BooleanSupplier;

/// Turns of a loop that a test runs itself, until something is so, and not longer than a test may take.
final class Turns {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final long LOOK_NANOS = 2_000_000;

    private Turns() {
    }

    /// Runs turns until it is so. It may become so without the loop, which therefore never waits for long.
    static void until(final EventLoop loop, final BooleanSupplier so) throws IOException {
        final long start = System.nanoTime();
        final Timer look = loop.timer(() -> {
            if (System.nanoTime() - start > LIMIT.toNanos()) {
                throw new AssertionError("not so after " + LIMIT);
            }
        });
        look.start(LOOK_NANOS, LOOK_NANOS);
        try {
            while (!so.getAsBoolean()) {
                loop.runOnce();
            }
        } finally {
            look.cancel();
        }
    }

    /// Runs until there is nothing to wait for.
    static void untilOver(final EventLoop loop) throws IOException {
        final Timer limit = loop.timer(() -> {
            throw new AssertionError("not over after " + LIMIT);
        });
        limit.unref();
        limit.start(LIMIT);
        try {
            loop.run();
        } finally {
            limit.cancel();
        }
    }

    /// Runs turns until none brings anything, which has to be soon: the loop does not spin on something.
    static void untilQuiet(final EventLoop loop) throws IOException {
        for (int i = 0; i < 1000; i++) {
            final long before = loop.metrics().events();
            final long turns = loop.metrics().turns();
            loop.runNoWait();
            // What was left of a turn that has failed is none.
            final boolean looked = loop.metrics().turns() > turns || !loop.hasWork();
            if (looked && loop.metrics().events() == before && loop.timeoutNanos() != 0) {
                return;
            }
        }
        throw new AssertionError("the loop spins");
    }

    /// What was handed to a data handler, as text.
    static String text(final MemorySegment data) {
        return new String(data.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }

    /// Sends text, and descriptors with it where there are some.
    static void send(final SocketFd to, final String text, final Fd... descriptors) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment bytes = arena.allocate(text.length()).copyFrom(MemorySegment.ofArray(text.getBytes()));
            assertThat(descriptors.length == 0 ? to.send(bytes, 0) : to.sendDescriptors(bytes, 0, descriptors))
                    .isEqualTo(text.length());
        }
    }

    /// So many bytes of native memory, the `i`-th of which is `(from + i) % 251`.
    static MemorySegment numbered(final long from, final int size) {
        final MemorySegment bytes = Arena.ofAuto().allocate(size);
        for (int i = 0; i < size; i++) {
            bytes.set(ValueLayout.JAVA_BYTE, i, (byte) ((from + i) % 251));
        }
        return bytes;
    }

    /// Checks bytes as [#numbered] makes them; how many there are by now.
    static long check(final long from, final MemorySegment bytes) {
        for (long i = 0; i < bytes.byteSize(); i++) {
            final byte is = bytes.get(ValueLayout.JAVA_BYTE, i);
            if (is != (byte) ((from + i) % 251)) {
                assertThat(is).as("byte %d", from + i).isEqualTo((byte) ((from + i) % 251));
            }
        }
        return from + bytes.byteSize();
    }
}
