package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.EINTR;
import static io.github.fdsock.sys.Constants.MSG_DONTWAIT;
import static io.github.fdsock.sys.Constants.MSG_NOSIGNAL;
import static io.github.fdsock.sys.Constants.SCM_MAX_FD;

import io.github.fdsock.Message;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.Iovec;
import io.github.fdsock.sys.struct.Msghdr;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The native memory that the streams of a loop share: one buffer to read into, and the pieces of their queues.
///
/// Of arenas that the garbage collector ends: a stream may be moved to another loop with what it has queued.
final class StreamMemory {
    /// What is read at once. A quarter of what a TCP socket holds at first (`net.ipv4.tcp_rmem`), and the size above
    /// which a read's own cost does not show any more.
    static final int INPUT_SIZE = 64 * 1024;

    private static final int PACKET_SIZE = 256 * 1024;

    /// The memory of a queue comes in blocks of this size. Each peer that does not read costs at least one.
    private static final int BLOCK_SIZE = 16 * 1024;

    /// So many blocks go into one call: 256 KiB, more than a socket takes at once unless its buffer was enlarged.
    static final int PIECES_PER_CALL = 16;

    /// So many unused blocks are kept, 4 MiB; what a burst needs beyond goes back to the garbage collector.
    private static final int POOLED = 256;

    private static final int ROW = 256;

    final MemorySegment input = Arena.ofAuto().allocate(INPUT_SIZE, Long.BYTES);

    /// The first `n` bytes of [#input], made once for each `n` that ever came: in rows, which are made on demand.
    private final MemorySegment[][] inputs = new MemorySegment[INPUT_SIZE / ROW + 1][];

    /// For sockets whose packets have to be read whole: the kernel's default limit for one is 212,992 bytes.
    private MemorySegment packets;

    /// What is sent from an array lies here in between.
    final MemorySegment output = Arena.ofAuto().allocate(BLOCK_SIZE, Long.BYTES);

    /// For a gathering send.
    final Msghdr header = Msghdr.allocate(Arena.ofAuto());
    final Iovec gather = Iovec.allocate(Arena.ofAuto(), PIECES_PER_CALL);

    /// For `sendfile(2)`.
    final MemorySegment position = Arena.ofAuto().allocate(ValueLayout.JAVA_LONG);

    final LoopMetrics metrics;

    private Message received;
    private Message sent;
    private Block blocks;
    private int pooledBlocks;
    private Outbox.Piece pieces;
    private int pooledPieces;

    StreamMemory(final LoopMetrics metrics) {
        this.metrics = metrics;
        header.iov(gather);
    }

    /// What was read: the first `length` bytes of [#input].
    MemorySegment input(final int length) {
        MemorySegment[] row = inputs[length / ROW];
        if (row == null) {
            row = inputs[length / ROW] = new MemorySegment[ROW];
        }
        MemorySegment slice = row[length % ROW];
        if (slice == null) {
            slice = row[length % ROW] = input.asSlice(0, length);
        }
        return slice;
    }

    /// A buffer for a whole packet.
    MemorySegment packets() {
        if (packets == null) {
            packets = Arena.ofAuto().allocate(PACKET_SIZE, Long.BYTES);
        }
        return packets;
    }

    /// For what is received with descriptors.
    Message received() {
        if (received == null) {
            received = Message.allocate(Arena.ofAuto(), 1, 0, SCM_MAX_FD);
        }
        return received;
    }

    /// For what is sent with descriptors; empty. Another one, since the handler of the first may send.
    Message sent() {
        if (sent == null) {
            sent = Message.allocate(Arena.ofAuto(), 1, 0, SCM_MAX_FD);
        }
        return sent;
    }

    // ---- sending

    /// `send(2)` or `write(2)`: how much the kernel has taken, or `-errno`, but `EINTR`.
    static long send(final Connection stream, final MemorySegment data, final long size) {
        long n;
        do {
            n = stream.isFile() ? Libc.write(stream.number, data, size)
                    : Libc.send(stream.number, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        } while (n == -EINTR);
        return n;
    }

    /// As [#send], of bytes that lie in an array.
    long sendFromHeap(final Connection stream, final MemorySegment data) {
        final long size = data.byteSize();
        if (stream.packets() && size > output.byteSize()) {
            return send(stream, Arena.ofAuto().allocate(size).copyFrom(data), size);
        }
        long sent = 0;
        long part;
        long n;
        do {
            part = Math.min(size - sent, output.byteSize());
            MemorySegment.copy(data, sent, output, 0, part);
            n = send(stream, output, part);
            sent += Math.max(n, 0);
        } while (n == part && sent < size);
        // What went before a failure counts; the next send has the same to say.
        return sent > 0 ? sent : n;
    }

    /// `sendmsg(2)` or `writev(2)` of what is in [#gather], as [#send].
    long sendGathered(final Connection stream) {
        long n;
        do {
            n = stream.isFile() ? Libc.writev(stream.number, gather.segment(), gather.count())
                    : Libc.sendmsg(stream.number, header.prepareSend().segment(), MSG_NOSIGNAL | MSG_DONTWAIT);
        } while (n == -EINTR);
        gather.clear();
        return n;
    }

    // ---- queues

    /// Memory with the bytes of one or several pieces of a queue, filled from the front.
    static final class Block {
        final MemorySegment memory;

        /// How much of it is filled.
        int end;

        /// How many pieces have bytes in it.
        int users;

        /// In the pool.
        private Block next;

        private Block(final long size) {
            memory = Arena.ofAuto().allocate(size);
        }

        int room() {
            return (int) memory.byteSize() - end;
        }
    }

    /// A block for at least `size` bytes, empty.
    Block block(final long size) {
        if (size > BLOCK_SIZE) {
            return new Block(size);
        }
        final Block block = blocks;
        if (block == null) {
            return new Block(BLOCK_SIZE);
        }
        blocks = block.next;
        pooledBlocks--;
        block.next = null;
        return block;
    }

    /// Takes back what [#block] has given, and has no users any more.
    void giveBack(final Block block) {
        if (block.memory.byteSize() == BLOCK_SIZE && pooledBlocks < POOLED) {
            block.end = 0;
            block.next = blocks;
            blocks = block;
            pooledBlocks++;
        }
    }

    /// A piece of a queue, of nothing yet.
    Outbox.Piece piece() {
        final Outbox.Piece piece = pieces;
        if (piece == null) {
            return new Outbox.Piece();
        }
        pieces = piece.next;
        pooledPieces--;
        piece.next = null;
        return piece;
    }

    /// Takes back what [#piece] has given, and is not in a queue any more.
    void giveBack(final Outbox.Piece piece) {
        piece.block = null;
        piece.descriptors = null;
        piece.file = null;
        piece.completion = null;
        piece.next = null;
        if (pooledPieces < POOLED) {
            piece.next = pieces;
            pieces = piece;
            pooledPieces++;
        }
    }
}
