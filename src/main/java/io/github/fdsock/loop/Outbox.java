package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.Fd;
import io.github.fdsock.Message;
import io.github.fdsock.sys.Libc;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// What a stream has still to send, in order, because the kernel had no room for it.
///
/// Pieces share their memory: a block belongs to all whose bytes lie in it, so that many small writes cost no more than
/// few large ones.
final class Outbox {
    /// A piece of what a stream has still to send: bytes, perhaps with descriptors, or a part of a file.
    static final class Piece {
        /// The next piece in the queue, or in the pool.
        Piece next;

        /// The bytes from `start` to `end` of it, one behind the other in the order of the queue; null for a file.
        StreamMemory.Block block;
        int start;
        int end;

        /// Travel with the first byte; null for none.
        Fd[] descriptors;

        /// What is sent, from `position` on, `remaining` bytes; null for bytes.
        Fd file;
        long position;
        long remaining;

        /// Told when all of it has been sent; null where nobody asks. Then nothing more is put into this piece.
        Stream.Completion completion;

        /// How many bytes are to be sent.
        long length() {
            return file != null ? remaining : end - start;
        }
    }

    /// So much of one stream is sent in one turn, some 0.2 ms: a peer that reads as fast as this sends would keep
    /// everybody else waiting, in a single `sendfile(2)` of 2 GiB even.
    private static final long BYTES_PER_TURN = 1 << 20;

    private final Connection stream;

    /// Whether each piece is a packet of its own.
    private final boolean packets;
    private StreamMemory memory;
    private Piece first;
    private Piece last;

    /// What is added goes behind what is in it; null where nothing is in any.
    private StreamMemory.Block tail;
    private long length;

    Outbox(final Connection stream, final StreamMemory memory, final boolean packets) {
        this.stream = stream;
        this.memory = memory;
        this.packets = packets;
    }

    boolean isEmpty() {
        return first == null;
    }

    /// How many bytes wait.
    long length() {
        return length;
    }

    /// The stream leaves its loop, where its bytes are not counted any more.
    void leave() {
        memory.metrics.bytesQueued -= length;
        memory = null;
    }

    /// It has come to another.
    void arrive(final StreamMemory other) {
        memory = other;
        memory.metrics.bytesQueued += length;
    }

    /// Copies bytes to the end.
    void add(final MemorySegment data, final long offset, final Fd[] descriptors, final Stream.Completion completion) {
        requireReadable(data);
        final long end = data.byteSize();
        long from = offset;
        if (packets) {
            if (end > Integer.MAX_VALUE) {
                throw new IllegalArgumentException("a packet of " + end + " bytes");
            }
            append(end - from);
        } else if (last == null || descriptors != null || last.file != null || last.completion != null) {
            append(1);
        }
        if (descriptors != null) {
            last.descriptors = descriptors;
        }
        for (;;) {
            final int n = (int) Math.min(end - from, last.block.room());
            MemorySegment.copy(data, from, last.block.memory, last.end, n);
            last.end += n;
            last.block.end += n;
            from += n;
            if (from == end) {
                break;
            }
            append(1);
        }
        last.completion = completion;
        grown(end - offset);
    }

    /// Refuses what cannot be copied, before anything is changed.
    static void requireReadable(final MemorySegment data) {
        if (!data.scope().isAlive()) {
            throw new IllegalStateException("the memory of what is written is closed: " + data);
        }
        if (!data.isAccessibleBy(Thread.currentThread())) {
            throw new WrongThreadException("the memory of what is written is another thread's: " + data);
        }
    }

    /// Puts a part of a file at the end.
    void add(final Fd file, final long position, final long count, final Stream.Completion completion) {
        final Piece piece = memory.piece();
        piece.file = file;
        piece.position = position;
        piece.remaining = count;
        piece.completion = completion;
        append(piece);
        grown(count);
    }

    /// Puts an empty piece at the end, with room for so much.
    private void append(final long room) {
        if (tail == null || tail.room() < room) {
            tail = memory.block(room);
        }
        final Piece piece = memory.piece();
        piece.block = tail;
        piece.start = tail.end;
        piece.end = tail.end;
        tail.users++;
        append(piece);
    }

    private void append(final Piece piece) {
        if (last == null) {
            first = piece;
        } else {
            last.next = piece;
        }
        last = piece;
    }

    private void grown(final long bytes) {
        length += bytes;
        memory.metrics.bytesQueued += bytes;
    }

    /// Sends what the kernel takes; whether that was all.
    boolean flush() throws IOException {
        long left = BYTES_PER_TURN;
        while (first != null && left > 0) {
            final long offered;
            final long sent;
            if (first.file != null) {
                offered = Math.min(first.remaining, left);
                sent = offered == 0 ? 0 : sendFile(offered);
            } else if (first.descriptors != null) {
                offered = first.length();
                sent = sendWithDescriptors();
            } else {
                offered = gather();
                sent = memory.sendGathered(stream);
            }
            if (sent == -EAGAIN) {
                return false;
            }
            if (sent < 0) {
                throw ErrnoException.of((int) -sent, first.file != null ? "sendfile" : stream.call("sendmsg", "writev"),
                        stream.number, offered);
            }
            stream.written(sent);
            sent(sent);
            left -= sent;
            // It will have to wait; the call that says so is spared. Of a file only the next call tells why.
            if (sent < offered && first.file == null) {
                return false;
            }
        }
        return first == null;
    }

    private long sendFile(final long count) throws IOException {
        if (stream.socketKnown) {
            // There is no flag for it, and who shares the open file can take O_NONBLOCK from it.
            stream.fd.nonBlocking(true);
        }
        memory.position.set(ValueLayout.JAVA_LONG, 0, first.position);
        final int file = first.file.enter();
        try {
            long n;
            do {
                n = Libc.sendfile(stream.number, file, memory.position, count);
            } while (n == -EINTR);
            if (n == 0) {
                throw new EOFException(first.file + " ends at " + first.position + ", " + first.remaining
                        + " bytes before what was to be sent of it");
            }
            return n;
        } finally {
            first.file.leave();
        }
    }

    private long sendWithDescriptors() throws IOException {
        final Message message = memory.sent();
        try {
            message.buffers().add(first.block.memory, first.start, first.length());
            for (final Fd fd : first.descriptors) {
                message.lendFd(fd);
            }
            final long sent = stream.ownSocket().sendmsg(message, MSG_DONTWAIT);
            if (sent >= 0) {
                // They leave with the first byte, and are the peer's now.
                final Fd[] left = first.descriptors;
                first.descriptors = null;
                close(left);
            }
            return sent;
        } finally {
            message.clear();
        }
    }

    /// Offers what can go in one call; how much that is.
    private long gather() {
        memory.gather.clear();
        Piece piece = first;
        do {
            final StreamMemory.Block block = piece.block;
            final int start = piece.start;
            int end;
            // What lies side by side goes as one.
            do {
                end = piece.end;
                piece = piece.next;
            } while (!packets && piece != null && piece.block == block && piece.descriptors == null);
            memory.gather.add(block.memory, start, end - start);
        } while (!packets && piece != null && piece.file == null && piece.descriptors == null
                && memory.gather.count() < memory.gather.capacity());
        return memory.gather.length();
    }

    /// Takes away what was sent, and lets those be told who asked.
    private void sent(final long count) throws IOException {
        grown(-count);
        long left = count;
        do {
            final long part = Math.min(left, first.length());
            left -= part;
            if (first.file != null) {
                first.position += part;
                first.remaining -= part;
            } else {
                first.start += (int) part;
            }
            if (first.length() > 0) {
                return;
            }
            final Piece done = removeFirst();
            stream.tell(done.completion, null);
            final Fd file = done.file;
            release(done);
            if (file != null) {
                file.close();
            }
            // Of what is behind, an empty write is over with the one before it.
        } while (first != null && (left > 0 || !packets && first.file == null && first.length() == 0));
    }

    private Piece removeFirst() {
        final Piece piece = first;
        first = piece.next;
        if (first == null) {
            last = null;
        }
        return piece;
    }

    private void release(final Piece piece) {
        final StreamMemory.Block block = piece.block;
        if (block != null && --block.users == 0) {
            if (block == tail) {
                tail = null;
            }
            memory.giveBack(block);
        }
        memory.giveBack(piece);
    }

    /// Forgets everything: nothing more will be sent. Those who asked are told why, descriptors and files are closed.
    void drop(final IOException why, final Failures failures) {
        grown(-length);
        while (first != null) {
            final Piece piece = removeFirst();
            stream.tell(piece.completion, why);
            if (piece.descriptors != null) {
                for (final Fd fd : piece.descriptors) {
                    failures.attempt(fd::close);
                }
            }
            if (piece.file != null) {
                failures.attempt(piece.file::close);
            }
            release(piece);
        }
    }

    static void close(final Fd[] descriptors) throws IOException {
        final Failures failures = new Failures();
        for (final Fd fd : descriptors) {
            failures.attempt(fd::close);
        }
        failures.throwFirst();
    }
}
