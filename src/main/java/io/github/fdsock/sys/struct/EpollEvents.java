package io.github.fdsock.sys.struct;

import static io.github.fdsock.sys.struct.Bytes.U32;
import static io.github.fdsock.sys.struct.Bytes.U64;

import io.github.fdsock.sys.Platform;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// An array of `struct epoll_event`: what `epoll_wait` found, or, as an array of one, what `epoll_ctl` is told.
///
/// ```c
/// struct epoll_event {                    // x86-64     elsewhere
///     uint32_t     events;                //  0          0
///     epoll_data_t data;                  //  4          8
/// } __attribute__((packed)) /* x86-64 */; // 12         16
/// ```
///
/// On x86-64 alone the struct is packed, so that 32-bit programs see the same one: its `data` is not aligned there.
/// `epoll_data_t` is a union of a pointer, an `int` and a `uint64_t`; here it is 64 bits that the kernel hands back as
/// they were.
///
/// @see <a href="https://man7.org/linux/man-pages/man3/epoll_event.3type.html">epoll_event(3type)</a>
public final class EpollEvents {
    /// `sizeof(struct epoll_event)` on this machine: 12 on x86-64, 16 elsewhere.
    public static final int SIZEOF = Platform.X86_64 ? 12 : 16;

    static final long EVENTS = 0;

    private final MemorySegment segment;
    private final int capacity;
    private final long stride;
    private final long data;

    private EpollEvents(final MemorySegment segment, final int sizeof) {
        this.capacity = Bytes.elements("epoll_event", segment, sizeof);
        this.segment = Bytes.struct("epoll_event", segment, (long) capacity * sizeof);
        this.stride = sizeof;
        this.data = sizeof - Long.BYTES;
    }

    /// A new array, zero.
    ///
    /// @param arena what it lives as long as
    /// @param capacity how many; `epoll_wait` refuses 0
    /// @return the view
    public static EpollEvents allocate(final Arena arena, final int capacity) {
        Bytes.capacity("epoll_event", capacity, Integer.MAX_VALUE / SIZEOF);
        return new EpollEvents(arena.allocate((long) capacity * SIZEOF, Long.BYTES), SIZEOF);
    }

    /// A view of memory that is there.
    ///
    /// @param segment as many structs as fit are meant, at least one
    /// @return the view
    public static EpollEvents of(final MemorySegment segment) {
        return of(segment, SIZEOF);
    }

    /// A view through the layout of either kind of machine.
    static EpollEvents of(final MemorySegment segment, final int sizeof) {
        return new EpollEvents(segment, sizeof);
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

    /// Reads `events`.
    ///
    /// @param index which, from 0
    /// @return `EPOLLIN` and so on; `EPOLLET` is the sign bit
    public int events(final int index) {
        return segment.get(U32, index * stride + EVENTS);
    }

    /// Reads `data`.
    ///
    /// @param index which, from 0
    /// @return what was given to `epoll_ctl`
    public long data(final int index) {
        return segment.get(U64, index * stride + data);
    }

    /// Writes one.
    ///
    /// @param index which, from 0
    /// @param events `EPOLLIN` and so on
    /// @param data what events of this interest shall carry
    /// @return this
    public EpollEvents set(final int index, final int events, final long data) {
        segment.set(U32, index * stride + EVENTS, events);
        segment.set(U64, index * stride + this.data, data);
        return this;
    }
}
