package io.github.fdsock;

import static io.github.fdsock.sys.Constants.UIO_MAXIOV;

import io.github.fdsock.sys.struct.Iovec;
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
        return receive(into, false, call);
    }

    /// @param keep whether the call may say that it stored what it did not: what was there before has to stay then
    static long receive(final ByteBuffer into, final boolean keep, final Call call) throws IOException {
        if (into.isReadOnly()) {
            throw new ReadOnlyBufferException();
        }
        final int position = into.position();
        final MemorySegment target = MemorySegment.ofBuffer(into);
        final long n = receive(target, keep, call);
        // With MSG_TRUNC a datagram's full length comes back, which may be more than there was room for.
        into.position(position + (int) Math.clamp(n, 0, target.byteSize()));
        return n;
    }

    static long receive(final byte[] into, final int offset, final int length,
            final Call call) throws IOException {
        return receive(into, offset, length, false, call);
    }

    /// @param keep whether the call may say that it stored what it did not: what was there before has to stay then
    static long receive(final byte[] into, final int offset, final int length, final boolean keep,
            final Call call) throws IOException {
        Objects.checkFromIndexSize(offset, length, into.length);
        return receive(MemorySegment.ofArray(into).asSlice(offset, length), keep, call);
    }

    private static long receive(final MemorySegment target, final boolean keep, final Call call) throws IOException {
        if (target.isNative()) {
            return call.over(target);
        }
        final MemorySegment copy = Scratch.current().bytes(target.byteSize());
        if (keep) {
            copy.copyFrom(target);
        }
        final long n = call.over(copy);
        if (n > 0) {
            MemorySegment.copy(copy, 0, target, 0, Math.min(n, target.byteSize()));
        }
        return n;
    }

    static long send(final ByteBuffer from, final Call call) throws IOException {
        return send(from, false, call);
    }

    /// @param lasting whether the kernel may read the memory after the call as well: a copy is another call's by then
    static long send(final ByteBuffer from, final boolean lasting, final Call call) throws IOException {
        final int position = from.position();
        final long n = send(MemorySegment.ofBuffer(from), lasting, call);
        from.position(position + (int) Math.max(n, 0));
        return n;
    }

    static long send(final byte[] from, final int offset, final int length,
            final Call call) throws IOException {
        return send(from, offset, length, false, call);
    }

    /// @param lasting whether the kernel may read the memory after the call as well: a copy is another call's by then
    static long send(final byte[] from, final int offset, final int length, final boolean lasting,
            final Call call) throws IOException {
        Objects.checkFromIndexSize(offset, length, from.length);
        return send(MemorySegment.ofArray(from).asSlice(offset, length), lasting, call);
    }

    private static long send(final MemorySegment source, final boolean lasting, final Call call) throws IOException {
        if (source.isNative()) {
            return call.over(source);
        }
        if (lasting) {
            throw new IllegalArgumentException("MSG_ZEROCOPY of " + source.byteSize()
                    + " bytes on the heap, which have to be copied");
        }
        final MemorySegment copy = Scratch.current().bytes(source.byteSize());
        MemorySegment.copy(source, ValueLayout.JAVA_BYTE, 0, copy, ValueLayout.JAVA_BYTE, 0, source.byteSize());
        return call.over(copy);
    }

    // ---- several at once

    /// One call over several pieces of native memory.
    @FunctionalInterface
    interface VectorCall {
        long over(Iovec memory) throws IOException;
    }

    static long receive(final ByteBuffer[] into, final VectorCall call) throws IOException {
        for (final ByteBuffer buffer : into) {
            if (buffer.isReadOnly()) {
                throw new ReadOnlyBufferException();
            }
        }
        final MemorySegment copies = copies(into);
        final Iovec memory = Scratch.current().iovec();
        long n = 0;
        try {
            fill(memory, into, copies, false);
            n = call.over(memory);
            return n;
        } finally {
            move(memory, into, copies, n);
        }
    }

    static long send(final ByteBuffer[] from, final VectorCall call) throws IOException {
        final MemorySegment copies = copies(from);
        final Iovec memory = Scratch.current().iovec();
        long n = 0;
        try {
            fill(memory, from, copies, true);
            n = call.over(memory);
            return n;
        } finally {
            move(memory, from, null, n);
        }
    }

    /// Room for what lies on the heap.
    private static MemorySegment copies(final ByteBuffer... buffers) {
        if (buffers.length > UIO_MAXIOV) {
            throw new IllegalArgumentException(buffers.length + " buffers; one call takes " + UIO_MAXIOV);
        }
        long onHeap = 0;
        for (final ByteBuffer buffer : buffers) {
            onHeap += buffer.isDirect() ? 0 : buffer.remaining();
        }
        return Scratch.current().bytes(onHeap);
    }

    /// The direct ones as they are, and of `copies` as much as each of the others needs. Each buffer has nothing left
    /// then, and so one that is among them twice counts once.
    private static void fill(final Iovec memory, final ByteBuffer[] buffers, final MemorySegment copies,
            final boolean send) {
        long copied = 0;
        for (final ByteBuffer buffer : buffers) {
            final MemorySegment bytes = MemorySegment.ofBuffer(buffer);
            if (bytes.isNative()) {
                memory.add(bytes);
            } else {
                if (send) {
                    MemorySegment.copy(bytes, 0, copies, copied, bytes.byteSize());
                }
                memory.add(copies, copied, bytes.byteSize());
                copied += bytes.byteSize();
            }
            buffer.position(buffer.limit());
        }
    }

    /// Ends what [#fill] began: `n` bytes were moved, or none. Where `copies` is there they are the buffers' now.
    private static void move(final Iovec memory, final ByteBuffer[] buffers, final MemorySegment copies, final long n) {
        long left = Math.max(n, 0);
        long copied = 0;
        for (int i = 0; i < memory.count(); i++) {
            final int room = (int) memory.len(i);
            // Without any a buffer is empty, or was among them before.
            if (room > 0) {
                final ByteBuffer buffer = buffers[i].position(buffers[i].limit() - room);
                final int part = (int) Math.min(left, room);
                if (copies != null && !buffer.isDirect()) {
                    MemorySegment.copy(copies, copied, MemorySegment.ofBuffer(buffer), 0, part);
                    copied += room;
                }
                buffer.position(buffer.position() + part);
                left -= part;
            }
        }
        memory.clear();
    }
}
