package io.github.fdsock.calls;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;

/// Memory that a call may write to: filled with a pattern before, and with more of it behind its end, so that what
/// was written, and that nothing else was, can be told afterwards.
final class Buffer {
    private static final byte PATTERN = (byte) 0xa5;
    private static final int BEHIND = 16;

    /// No buffer is really longer than this; a length of gigabytes is a claim that only the kernel sees.
    private static final long REAL_MAX = 4 << 20;

    private final MemorySegment memory;
    private final MemorySegment claimed;

    Buffer(SegmentAllocator allocator, long capacity) {
        long real = Math.clamp(capacity, 0, REAL_MAX);
        memory = allocator.allocate(real + BEHIND, 16).fill(PATTERN);
        claimed = resized(memory, Math.max(capacity, 0));
    }

    @SuppressWarnings("restricted")
    private static MemorySegment resized(MemorySegment memory, long size) {
        // SAFETY: scripts with such claims make calls that write an address, 128 bytes at most.
        return memory.reinterpret(size);
    }

    MemorySegment segment() {
        return claimed;
    }

    void fill(byte[] bytes) {
        MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 0, bytes.length);
    }

    /// The first `length` bytes, of which there are perhaps fewer.
    byte[] first(long length) {
        return memory.asSlice(0, Math.min(length, Math.min(claimed.byteSize(), memory.byteSize())))
                .toArray(ValueLayout.JAVA_BYTE);
    }

    /// The first `length` bytes, of which there are perhaps fewer; the rest must be as it was.
    ///
    /// @throws Mismatch if it is not
    byte[] written(long length) {
        byte[] first = first(length);
        byte[] all = memory.toArray(ValueLayout.JAVA_BYTE);
        for (int i = first.length; i < all.length; i++) {
            if (all[i] != PATTERN) {
                throw new Mismatch(first.length + " bytes written", "also byte " + i);
            }
        }
        return first;
    }
}
