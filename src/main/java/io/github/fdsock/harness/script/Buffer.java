package io.github.fdsock.harness.script;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Memory that a call may write to: filled with a pattern before, and with more of it behind its end, so that what
/// was written, and that nothing else was, can be told afterwards.
final class Buffer {
    private static final byte PATTERN = (byte) 0xa5;
    private static final int BEHIND = 64;

    /// Where a length of gigabytes is a mere claim, only so much is filled and looked at.
    private static final long WATCHED_MAX = 4 << 20;

    private final MemorySegment segment;
    private final MemorySegment watched;

    /// @throws IllegalArgumentException if there is no memory of this size
    Buffer(final Arena arena, final long capacity) {
        final MemorySegment memory = Memory.allocate(arena, capacity + BEHIND);
        segment = memory.asSlice(0, capacity);
        watched = memory.asSlice(0, Math.min(memory.byteSize(), WATCHED_MAX)).fill(PATTERN);
    }

    MemorySegment segment() {
        return segment;
    }

    void fill(final byte[] bytes) {
        MemorySegment.copy(bytes, 0, segment, ValueLayout.JAVA_BYTE, 0, bytes.length);
    }

    /// The first `length` bytes, of which there are perhaps fewer.
    byte[] first(final long length) {
        return segment.asSlice(0, Math.clamp(length, 0, Math.min(segment.byteSize(), watched.byteSize())))
                .toArray(ValueLayout.JAVA_BYTE);
    }

    /// The first `length` bytes, of which there are perhaps fewer; the rest must be as it was.
    ///
    /// @param expected for the message, if it is not
    /// @throws Mismatch if it is not
    byte[] written(final Value expected, final long length) {
        final byte[] first = first(length);
        for (long i = first.length; i < watched.byteSize(); i++) {
            if (watched.get(ValueLayout.JAVA_BYTE, i) != PATTERN) {
                throw new Mismatch(expected, first.length + " bytes written", "also byte " + i);
            }
        }
        return first;
    }
}
