package io.github.fdsock.cli.roundtrip;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The bytes of one connection's round trips: other ones each time, and compared to the last when they come back.
final class Payload {
    final MemorySegment out;
    final MemorySegment in;
    private final long connection;
    private long sequence;

    /// @param size in bytes, 1 at least
    /// @param connection tells connections apart, so that a byte of one is wrong on the other
    Payload(final int size, final int connection) {
        out = Arena.ofAuto().allocate(size, Long.BYTES);
        in = Arena.ofAuto().allocate(size, Long.BYTES);
        this.connection = connection;
    }

    long size() {
        return out.byteSize();
    }

    /// Writes the next message, and forgets the answer to the last.
    void next() {
        sequence++;
        final long seed = connection * 0x9E37_79B9_7F4A_7C15L + sequence * 0xBF58_476D_1CE4_E5B9L;
        final long words = size() & -Long.BYTES;
        for (long at = 0; at < words; at += Long.BYTES) {
            out.set(ValueLayout.JAVA_LONG, at, seed + at * 0x94D0_49BB_1331_11EBL);
        }
        for (long at = words; at < size(); at++) {
            out.set(ValueLayout.JAVA_BYTE, at, (byte) (seed >>> 8 * (at - words) ^ at));
        }
    }

    /// Whether the answer is the message, in every byte.
    boolean cameBack() {
        return MemorySegment.mismatch(out, 0, size(), in, 0, size()) < 0;
    }
}
