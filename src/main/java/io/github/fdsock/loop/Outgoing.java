package io.github.fdsock.loop;

import io.github.fdsock.Fd;
import java.lang.foreign.MemorySegment;

/// A piece of what a stream has still to send: bytes, perhaps with descriptors, or a part of a file.
final class Outgoing {
    /// The next piece in the queue, or in the pool.
    Outgoing next;

    /// The bytes from `start` to `end` of it; null for a file.
    final MemorySegment memory;
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

    Outgoing(final MemorySegment memory) {
        this.memory = memory;
    }

    /// How many bytes are to be sent.
    long length() {
        return file != null ? remaining : end - start;
    }
}
