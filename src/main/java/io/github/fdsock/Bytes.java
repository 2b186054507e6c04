package io.github.fdsock;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.util.Objects;

/// Lets calls over native memory work over buffers and arrays: direct buffers as they are, the others by a copy.
final class Bytes {
    private Bytes() {
    }

    /// One call over native memory.
    @FunctionalInterface
    interface Call {
        long over(MemorySegment memory) throws IOException;
    }

    static long receive(final ByteBuffer into, final Call call) throws IOException {
        if (into.isReadOnly()) {
            throw new ReadOnlyBufferException();
        }
        final int position = into.position();
        final MemorySegment target = MemorySegment.ofBuffer(into);
        final long n = receive(target, call);
        // With MSG_TRUNC a datagram's full length comes back, which may be more than there was room for.
        into.position(position + (int) Math.clamp(n, 0, target.byteSize()));
        return n;
    }

    static long receive(final byte[] into, final int offset, final int length,
            final Call call) throws IOException {
        Objects.checkFromIndexSize(offset, length, into.length);
        return receive(MemorySegment.ofArray(into).asSlice(offset, length), call);
    }

    private static long receive(final MemorySegment target, final Call call) throws IOException {
        if (target.isNative()) {
            return call.over(target);
        }
        final MemorySegment copy = Scratch.current().bytes(target.byteSize());
        final long n = call.over(copy);
        if (n > 0) {
            MemorySegment.copy(copy, 0, target, 0, Math.min(n, target.byteSize()));
        }
        return n;
    }

    static long send(final ByteBuffer from, final Call call) throws IOException {
        final int position = from.position();
        final long n = send(MemorySegment.ofBuffer(from), call);
        from.position(position + (int) Math.max(n, 0));
        return n;
    }

    static long send(final byte[] from, final int offset, final int length,
            final Call call) throws IOException {
        Objects.checkFromIndexSize(offset, length, from.length);
        return send(MemorySegment.ofArray(from).asSlice(offset, length), call);
    }

    private static long send(final MemorySegment source, final Call call) throws IOException {
        if (source.isNative()) {
            return call.over(source);
        }
        final MemorySegment copy = Scratch.current().bytes(source.byteSize());
        MemorySegment.copy(source, ValueLayout.JAVA_BYTE, 0, copy, ValueLayout.JAVA_BYTE, 0, source.byteSize());
        return call.over(copy);
    }
}
