package io.github.fdsock.loop;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.Messages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The datagrams that one `recvmmsg(2)` receives, and the memory that their bytes lie in.
///
/// Of arenas that the garbage collector ends.
final class DatagramBatch {
    /// The most that one call receives: of its own cost each of so many hardly feels anything, and their room is 1 MiB.
    static final int MOST = 16;

    /// Of a datagram's room, in bytes: all that IPv4 and IPv6 can carry, and what `UDP_GRO` makes of several.
    static final int ROOM = 64 * 1024;

    /// For control messages of each: packet information, three kinds of time stamps, TTL, TOS, GRO, drops and marks of
    /// IPv6 take 350 bytes together.
    static final int CONTROL = 512;

    private final int room;
    private final int descriptors;
    private final MemorySegment memory;

    /// Where in it each datagram begins.
    private final long[] starts;
    private Messages messages;

    /// Parts of the memory; null where it will be read once.
    private final DatagramMemory.Slices slices;

    DatagramBatch(final int size, final int room, final int descriptors) {
        this.room = room;
        this.descriptors = descriptors;
        memory = Arena.ofAuto().allocate((long) size * room, Long.BYTES);
        slices = new DatagramMemory.Slices(memory);
        starts = new long[size];
        for (int i = 0; i < size; i++) {
            starts[i] = (long) i * room;
        }
        messages = newMessages();
    }

    /// What is left of another one.
    private DatagramBatch(final Messages messages, final MemorySegment memory, final long[] starts) {
        this.room = 0;
        this.descriptors = 0;
        this.memory = memory;
        this.starts = starts;
        this.messages = messages;
        slices = null;
    }

    private Messages newMessages() {
        final Messages all = Messages.allocate(Arena.ofAuto(), starts.length, 1, CONTROL, descriptors);
        for (int i = 0; i < starts.length; i++) {
            all.get(i).buffers().add(memory, starts[i], room);
        }
        return all;
    }

    int size() {
        return starts.length;
    }

    Messages messages() {
        return messages;
    }

    /// A part of the bytes of one of them.
    MemorySegment slice(final int index, final long offset, final long length) {
        final long start = starts[index] + offset;
        return slices == null ? memory.asSlice(start, length) : slices.of(start, length);
    }

    /// The first datagram's room.
    MemorySegment first() {
        return slice(0, 0, room);
    }

    /// Takes the datagrams from `first` to before `end` away, to be told later: their messages as they are, with the
    /// descriptors in them, and copies of their bytes.
    DatagramBatch keep(final int first, final int end) {
        long length = 0;
        final long[] at = new long[starts.length];
        for (int i = first; i < end; i++) {
            at[i] = length;
            length += messages.get(i).bytes();
        }
        final MemorySegment copy = Arena.ofAuto().allocate(length);
        for (int i = first; i < end; i++) {
            MemorySegment.copy(memory, starts[i], copy, at[i], messages.get(i).bytes());
        }
        final DatagramBatch kept = new DatagramBatch(messages, copy, at);
        messages = newMessages();
        return kept;
    }

    /// Closes the descriptors that were received and not taken.
    void close() throws ErrnoException {
        messages.close();
    }
}
