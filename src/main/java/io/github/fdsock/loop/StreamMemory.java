package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.SCM_MAX_FD;

import io.github.fdsock.Message;
import io.github.fdsock.sys.struct.Iovec;
import io.github.fdsock.sys.struct.Msghdr;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The native memory that the streams of a loop share: one buffer to read into, and the pieces of their queues.
///
/// Of arenas that the garbage collector ends: a stream may be moved to another loop with what it has queued.
final class StreamMemory {
    /// What is read at once. A quarter of what a TCP socket holds at first (`net.ipv4.tcp_rmem`), and the size above which a
    /// read's own cost does not show any more.
    static final int INPUT_SIZE = 64 * 1024;

    private static final int PACKET_SIZE = 256 * 1024;

    /// The size of a piece of a queue. Each peer that does not read costs at least one.
    static final int PIECE_SIZE = 16 * 1024;

    /// So many pieces go into one call: 256 KiB, more than a socket takes at once unless its buffer was enlarged.
    static final int PIECES_PER_CALL = 16;

    /// So many unused pieces are kept, 4 MiB; what a burst needs beyond goes back to the garbage collector.
    private static final int POOLED = 256;

    private static final int ROW = 256;

    final MemorySegment input = Arena.ofAuto().allocate(INPUT_SIZE, Long.BYTES);

    /// The first `n` bytes of [#input], made once for each `n` that ever came: in rows, which are made on demand.
    private final MemorySegment[][] inputs = new MemorySegment[INPUT_SIZE / ROW + 1][];

    /// For sockets whose packets have to be read whole: the kernel's default limit for one is 212,992 bytes.
    private MemorySegment packets;

    /// What is sent from an array lies here in between.
    final MemorySegment output = Arena.ofAuto().allocate(PIECE_SIZE, Long.BYTES);

    /// For a gathering send.
    final Msghdr header = Msghdr.allocate(Arena.ofAuto());
    final Iovec gather = Iovec.allocate(Arena.ofAuto(), PIECES_PER_CALL);

    /// For `sendfile(2)`.
    final MemorySegment position = Arena.ofAuto().allocate(ValueLayout.JAVA_LONG);

    final LoopMetrics metrics;

    private Message received;
    private Message sent;
    private Outgoing pool;
    private int pooled;

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

    /// A piece for at least `size` bytes, empty.
    Outgoing piece(final long size) {
        final Outgoing piece = pool;
        if (size > PIECE_SIZE) {
            return new Outgoing(Arena.ofAuto().allocate(size));
        }
        if (piece == null) {
            return new Outgoing(Arena.ofAuto().allocate(PIECE_SIZE));
        }
        pool = piece.next;
        pooled--;
        piece.next = null;
        return piece;
    }

    /// Takes back what [#piece] has given, and is not in a queue any more.
    void giveBack(final Outgoing piece) {
        if (piece.memory != null && piece.memory.byteSize() == PIECE_SIZE && pooled < POOLED) {
            piece.start = 0;
            piece.end = 0;
            piece.descriptors = null;
            piece.completion = null;
            piece.next = pool;
            pool = piece;
            pooled++;
        }
    }
}
