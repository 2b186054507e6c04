package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.Fd;
import io.github.fdsock.Message;
import io.github.fdsock.SocketFd;
import io.github.fdsock.sys.Libc;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// What a stream has still to send, in order, because the kernel had no room for it.
final class Outbox {
    /// What one `sendfile(2)` moves at most, in the kernel's own words 0x7ffff000.
    private static final long SENDFILE_MAX = 0x7fff_f000L;

    private final EventLoop loop;
    private final StreamMemory memory;
    private final SocketFd socket;

    /// Whether each piece is a packet of its own.
    private final boolean packets;
    private Outgoing first;
    private Outgoing last;
    private long length;

    Outbox(final EventLoop loop, final SocketFd socket, final boolean packets) {
        this.loop = loop;
        this.memory = loop.streamMemory();
        this.socket = socket;
        this.packets = packets;
    }

    boolean isEmpty() {
        return first == null;
    }

    /// How many bytes wait.
    long length() {
        return length;
    }

    /// Copies bytes to the end.
    void add(final MemorySegment data, final long offset, final Fd[] descriptors, final Stream.Completion completion) {
        final long end = data.byteSize();
        long from = offset;
        grown(end - offset);
        if (packets) {
            append(memory.piece(end - offset));
        } else if (last == null || descriptors != null || last.file != null || last.completion != null
                || last.end == last.memory.byteSize()) {
            append(memory.piece(1));
        }
        last.descriptors = descriptors != null ? descriptors : last.descriptors;
        for (;;) {
            final long n = Math.min(end - from, last.memory.byteSize() - last.end);
            MemorySegment.copy(data, from, last.memory, last.end, n);
            last.end += (int) n;
            from += n;
            if (from == end) {
                break;
            }
            append(memory.piece(1));
        }
        last.completion = completion;
    }

    /// Puts a part of a file at the end.
    void add(final Fd file, final long position, final long count, final Stream.Completion completion) {
        final Outgoing piece = new Outgoing(null);
        piece.file = file;
        piece.position = position;
        piece.remaining = count;
        piece.completion = completion;
        append(piece);
        grown(count);
    }

    private void append(final Outgoing piece) {
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
    boolean flush(final Stream stream, final int number) throws IOException {
        while (first != null) {
            final long offered;
            final long sent;
            if (first.file != null) {
                offered = Math.min(first.remaining, SENDFILE_MAX);
                sent = offered == 0 ? 0 : sendFile(number, offered);
            } else if (first.descriptors != null) {
                offered = first.end - first.start;
                sent = sendWithDescriptors();
            } else if (packets || first.next == null || first.next.file != null || first.next.descriptors != null) {
                offered = first.end - first.start;
                sent = Libc.send(number, first.start == 0 ? first.memory : first.memory.asSlice(first.start), offered,
                        MSG_NOSIGNAL);
            } else {
                offered = gather();
                sent = Libc.sendmsg(number, memory.header.prepareSend().segment(), MSG_NOSIGNAL);
            }
            if (sent == -EINTR) {
                continue;
            }
            if (sent == -EAGAIN) {
                return false;
            }
            if (sent < 0) {
                throw ErrnoException.of((int) -sent, first.file != null ? "sendfile" : "send", number, offered);
            }
            stream.written(sent);
            sent(sent);
            if (sent < offered) {
                // It will have to wait; the call that says so is spared. A file says so only by its next call.
                if (first.file == null) {
                    return false;
                }
            }
        }
        return true;
    }

    private long sendFile(final int number, final long count) throws IOException {
        memory.position.set(ValueLayout.JAVA_LONG, 0, first.position);
        final int file = first.file.enter();
        try {
            final long n = Libc.sendfile(number, file, memory.position, count);
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
            message.buffers().add(first.memory, first.start, first.end - first.start);
            for (final Fd fd : first.descriptors) {
                message.lendFd(fd);
            }
            final long sent = socket.sendmsg(message, 0);
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

    private long gather() {
        memory.gather.clear();
        int count = 0;
        for (Outgoing piece = first; piece != null && piece.file == null && count < StreamMemory.PIECES_PER_CALL
                && (piece == first || piece.descriptors == null); piece = piece.next, count++) {
            memory.gather.add(piece.memory, piece.start, piece.end - piece.start);
        }
        return memory.gather.length();
    }

    /// Takes away what was sent, and lets those be told who asked.
    private void sent(final long count) throws IOException {
        grown(-count);
        long left = count;
        while (first != null) {
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
            final Outgoing done = first;
            first = done.next;
            last = first == null ? null : last;
            done.next = null;
            if (done.completion != null) {
                tell(done.completion, null);
            }
            if (done.file != null) {
                done.file.close();
            }
            memory.giveBack(done);
            if (left == 0 && (first == null || first.length() > 0 || packets || first.file != null)) {
                return;
            }
        }
    }

    /// Forgets everything: nothing more will be sent. Those who asked are told why, descriptors and files are closed.
    void drop(final IOException why, final Failures failures) {
        Outgoing piece = first;
        first = null;
        last = null;
        grown(-length);
        while (piece != null) {
            final Outgoing gone = piece;
            piece = gone.next;
            if (gone.completion != null) {
                tell(gone.completion, why);
            }
            if (gone.descriptors != null) {
                for (final Fd fd : gone.descriptors) {
                    failures.attempt(fd::close);
                }
            }
            if (gone.file != null) {
                failures.attempt(gone.file::close);
            }
            memory.giveBack(gone);
        }
    }

    private void tell(final Stream.Completion completion, final IOException failure) {
        loop.ending(() -> completion.done(failure));
    }

    static void close(final Fd[] descriptors) throws IOException {
        final Failures failures = new Failures();
        for (final Fd fd : descriptors) {
            failures.attempt(fd::close);
        }
        failures.throwFirst();
    }
}
