package io.github.fdsock.loop;

import io.github.fdsock.Fd;

/// A piece of what a stream has still to send: bytes, perhaps with descriptors, or a part of a file.
final class Outgoing {
    /// The next piece in the queue, or in the pool.
    Outgoing next;

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
