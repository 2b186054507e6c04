package io.github.fdsock.sys.struct;

import static io.github.fdsock.sys.struct.Bytes.U16;
import static io.github.fdsock.sys.struct.Bytes.U32;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// An array of `struct pollfd`: what `poll` and `ppoll` wait for, and what they found.
///
/// ```c
/// struct pollfd {
///     int   fd;       // 0   negative: this one is passed over, and its revents become 0
///     short events;   // 4   asked for; POLLERR, POLLHUP and POLLNVAL come unasked
///     short revents;  // 6   found
/// };                  // 8
/// ```
///
/// @see <a href="https://man7.org/linux/man-pages/man2/poll.2.html">poll(2)</a>
public final class Pollfd {
    /// `sizeof(struct pollfd)`.
    public static final int SIZEOF = 8;

    static final long FD = 0;
    static final long EVENTS = 4;
    static final long REVENTS = 6;

    private final MemorySegment segment;
    private final int capacity;

    private Pollfd(final MemorySegment segment) {
        this.capacity = Bytes.elements("pollfd", segment, SIZEOF);
        this.segment = Bytes.struct("pollfd", segment, (long) capacity * SIZEOF);
    }

    /// A new array, zero: each waits for nothing on descriptor 0.
    ///
    /// @param arena what it lives as long as
    /// @param capacity how many
    /// @return the view
    public static Pollfd allocate(final Arena arena, final int capacity) {
        Bytes.capacity("pollfd", capacity, Integer.MAX_VALUE / SIZEOF);
        return new Pollfd(arena.allocate((long) capacity * SIZEOF, Integer.BYTES));
    }

    /// A view of memory that is there.
    ///
    /// @param segment as many structs as fit are meant, at least one
    /// @return the view
    public static Pollfd of(final MemorySegment segment) {
        return new Pollfd(segment);
    }

    /// The memory.
    ///
    /// @return [#capacity] times [#SIZEOF] bytes
    public MemorySegment segment() {
        return segment;
    }

    /// How many there are.
    ///
    /// @return at least 1
    public int capacity() {
        return capacity;
    }

    /// Writes one: `fd`, `events`, and `revents` as 0.
    ///
    /// @param index which, from 0
    /// @param fd the descriptor, or a negative number for none
    /// @param events `POLLIN` and so on
    /// @return this
    public Pollfd set(final int index, final int fd, final int events) {
        final long at = (long) index * SIZEOF;
        segment.set(U32, at + FD, fd);
        segment.set(U16, at + EVENTS, (short) events);
        segment.set(U16, at + REVENTS, (short) 0);
        return this;
    }

    /// Reads `fd`.
    ///
    /// @param index which, from 0
    /// @return the descriptor
    public int fd(final int index) {
        return segment.get(U32, (long) index * SIZEOF + FD);
    }

    /// Reads `events`.
    ///
    /// @param index which, from 0
    /// @return the events asked for
    public int events(final int index) {
        return Short.toUnsignedInt(segment.get(U16, (long) index * SIZEOF + EVENTS));
    }

    /// Reads `revents`.
    ///
    /// @param index which, from 0
    /// @return the events found
    public int revents(final int index) {
        return Short.toUnsignedInt(segment.get(U16, (long) index * SIZEOF + REVENTS));
    }
}
