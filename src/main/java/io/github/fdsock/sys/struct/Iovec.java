package io.github.fdsock.sys.struct;

import static io.github.fdsock.sys.struct.Bytes.U64;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// An array of `struct iovec`: the buffers of a `readv`, `writev`, `sendmsg` or `recvmsg`, in order.
///
/// ```c
/// struct iovec {
///     void  *iov_base;    //  0
///     size_t iov_len;     //  8
/// };                      // 16
/// ```
///
/// Filled by [#add], emptied by [#clear]; after a partial transfer [#advance] leaves in it what is still to be
/// transferred.
///
/// **What it points to.** The kernel follows addresses that no linker checks. So [#add] takes only segments that have
/// one, are open and belong to this thread, and [#segment], which is asked for right before a call, makes sure that
/// they still are. They are kept from the garbage collector as long as this object is reachable and they are in it:
/// where they come from an automatic arena, use this object after the call ([#advance], [#clear], or
/// `Reference.reachabilityFence`). Not guaranteed: anything about another thread that closes a shared arena *during*
/// the call.
///
/// **Threads.** One at a time.
///
/// @see <a href="https://man7.org/linux/man-pages/man3/iovec.3type.html">iovec(3type)</a>
public final class Iovec {
    /// `sizeof(struct iovec)`.
    public static final int SIZEOF = 16;

    static final long BASE = 0;
    static final long LEN = 8;

    private final MemorySegment segment;
    private final MemorySegment[] buffers;
    private int count;
    private long length;

    private Iovec(final MemorySegment segment, final int capacity) {
        this.segment = segment;
        this.buffers = new MemorySegment[capacity];
    }

    /// A new array, empty.
    ///
    /// @param arena what it lives as long as
    /// @param capacity how many it can hold, 1 to `UIO_MAXIOV` (1024): the kernel refuses more
    /// @return the array
    /// @throws IllegalArgumentException for any other capacity
    public static Iovec allocate(final Arena arena, final int capacity) {
        Bytes.capacity("iovec", capacity, Bytes.UIO_MAXIOV);
        return new Iovec(arena.allocate((long) capacity * SIZEOF, Long.BYTES), capacity);
    }

    /// The memory, to be handed to a call with [#count].
    ///
    /// @return room for as many as the capacity says, the first [#count] of them filled
    /// @throws IllegalStateException if the arena of one of the buffers was closed in the meantime
    /// @throws WrongThreadException if one of the buffers is confined to another thread
    public MemorySegment segment() {
        for (int i = 0; i < count; i++) {
            Bytes.pointer("iov_base", buffers[i]);
        }
        return segment;
    }

    /// [#segment], to be handed to a call that writes to the buffers.
    ///
    /// @return as there
    /// @throws IllegalArgumentException if one of the buffers is read-only
    /// @throws IllegalStateException as there
    /// @throws WrongThreadException as there
    public MemorySegment segmentToFill() {
        for (int i = 0; i < count; i++) {
            Bytes.writable("iov_base", buffers[i]);
        }
        return segment();
    }

    /// How many it can hold.
    ///
    /// @return 1 to 1024
    public int capacity() {
        return buffers.length;
    }

    /// How many there are: the `iovcnt` of a call.
    ///
    /// @return 0 to [#capacity]
    public int count() {
        return count;
    }

    /// How many bytes there are in all.
    ///
    /// @return the sum of all `iov_len`
    public long length() {
        return length;
    }

    /// Reads `iov_base`.
    ///
    /// @param index which, from 0 to below [#count]
    /// @return the address
    public long base(final int index) {
        return segment.get(U64, (long) index * SIZEOF + BASE);
    }

    /// Reads `iov_len`.
    ///
    /// @param index which, from 0 to below [#count]
    /// @return the length in bytes
    public long len(final int index) {
        return segment.get(U64, (long) index * SIZEOF + LEN);
    }

    /// Puts a whole segment at the end.
    ///
    /// @param buffer what to read from or write to
    /// @return this
    /// @throws IllegalArgumentException if it lies on the heap, or the sum of all lengths would leave the `ssize_t`
    /// @throws IndexOutOfBoundsException if there is no room for one more
    public Iovec add(final MemorySegment buffer) {
        return add(buffer, 0, buffer.byteSize());
    }

    /// Puts a part of a segment at the end.
    ///
    /// @param buffer what to read from or write to
    /// @param offset where the part begins, in bytes
    /// @param length its length in bytes, which may be 0
    /// @return this
    /// @throws IllegalArgumentException if it lies on the heap, or the sum of all lengths would leave the `ssize_t`
    /// @throws IndexOutOfBoundsException if the part is not within the segment, or there is no room for one more
    public Iovec add(final MemorySegment buffer, final long offset, final long length) {
        if (offset < 0 || length < 0 || offset > buffer.byteSize() - length) {
            throw new IndexOutOfBoundsException("iov_len: " + length + " bytes from " + offset + " on in a segment of "
                    + buffer.byteSize());
        }
        Bytes.pointer("iov_base", buffer);
        if (count == buffers.length) {
            throw new IndexOutOfBoundsException("one more than the " + count + " struct iovec there is room for");
        }
        if (length > Long.MAX_VALUE - this.length) {
            throw new IllegalArgumentException("iov_len: " + length + " bytes besides " + this.length
                    + " are more than a ssize_t can count");
        }
        segment.set(U64, (long) count * SIZEOF + BASE, buffer.address() + offset);
        segment.set(U64, (long) count * SIZEOF + LEN, length);
        buffers[count++] = buffer;
        this.length += length;
        return this;
    }

    /// Takes the first `transferred` bytes away, after a call that moved as many: whole buffers are dropped, the one in
    /// which the transfer ended is shortened from the front. Nothing is left exactly if all was transferred.
    ///
    /// @param transferred the result of the call
    /// @return this
    /// @throws IndexOutOfBoundsException if it is negative, or more than [#length]; nothing is changed then
    public Iovec advance(final long transferred) {
        if (transferred < 0 || transferred > length) {
            throw new IndexOutOfBoundsException("advanced by " + transferred + " of " + length + " bytes");
        }
        long rest = transferred;
        int done = 0;
        while (done < count && rest >= len(done)) {
            rest -= len(done++);
        }
        // To the front, rather than to begin later: so the address of the array, which a msghdr holds, stays the same.
        // At most 16 KiB move, and only where the kernel took less than it was offered.
        if (done > 0) {
            MemorySegment.copy(segment, (long) done * SIZEOF, segment, 0, (long) (count - done) * SIZEOF);
            System.arraycopy(buffers, done, buffers, 0, count - done);
            Arrays.fill(buffers, count - done, count, null);
            count -= done;
        }
        if (rest > 0) {
            segment.set(U64, BASE, base(0) + rest);
            segment.set(U64, LEN, len(0) - rest);
        }
        length -= transferred;
        return this;
    }

    /// Takes everything out, and lets go of it.
    ///
    /// @return this
    public Iovec clear() {
        Arrays.fill(buffers, 0, count, null);
        count = 0;
        length = 0;
        return this;
    }
}
