package io.github.fdsock.sys.struct;

import static io.github.fdsock.sys.struct.Bytes.U32;
import static io.github.fdsock.sys.struct.Bytes.U64;
import static io.github.fdsock.sys.struct.Bytes.U8;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/// `msg_control`: the control messages that travel beside the bytes of a `sendmsg` or `recvmsg`.
///
/// ```c
/// struct cmsghdr {
///     size_t cmsg_len;    //  0   header and data, without the padding
///     int    cmsg_level;  //  8
///     int    cmsg_type;   // 12
/// };                      // 16   then the data
/// ```
///
/// Any number of them lie one behind the other, each beginning at a multiple of eight:
///
/// ```
///  0               8       12      16
/// +---------------+-------+-------+------------------------+-------+---------------+---
/// | cmsg_len      | level | type  | data                   |  pad  | cmsg_len      | …
/// +---------------+-------+-------+------------------------+-------+---------------+---
/// |<----------- CMSG_LEN(data), = cmsg_len --------------->|
/// |<----------- CMSG_SPACE(data) --------------------------------->|
/// |<----------- msg_controllen -------------------------------------------------------…
/// ```
///
/// **To send:** [#clear], then [#append] for each. **Received:** after [#received] has been told `msg_controllen`
/// ([Msghdr#received] does), [#next] steps from one to the next, and [#level], [#type] and the `data` methods look at
/// the one it stands at:
///
/// ```java
/// while (control.next()) {
///     if (control.level() == SOL_SOCKET && control.type() == SCM_RIGHTS) { … control.dataInt(0) … }
/// }
/// ```
///
/// Nothing that is read is trusted: a `cmsg_len` shorter than its own header, or beyond what was received, ends the
/// walk and is reported by [#malformed]; the `data` methods never leave the current message. Stepping allocates
/// nothing. The walk is that of glibc's `CMSG_FIRSTHDR` and `CMSG_NXTHDR` since 2.37, which differ in one thing: they
/// hand out such a header too, as the last, and leave it to their caller to look at its length. (Older ones also
/// overlook a message that is not the first and whose padding lies beyond the end.)
///
/// **Ownership.** Numbers only: descriptors that were received belong to whoever called `recvmsg`, whether they are
/// looked at or not.
///
/// **Room and truncation.** Because of the padding, `CMSG_SPACE` for one descriptor admits two: whoever must not get
/// more than one makes the capacity `CMSG_LEN`. What finds no room is dropped by the kernel, which says so in
/// `MSG_CTRUNC` and nowhere else.
///
/// **Threads.** One at a time.
///
/// @see <a href="https://man7.org/linux/man-pages/man3/cmsg.3.html">cmsg(3)</a>
public final class ControlBuffer {
    /// `sizeof(struct cmsghdr)`, which is `CMSG_LEN(0)`.
    public static final int SIZEOF_CMSGHDR = 16;

    static final long LEN = 0;
    static final long LEVEL = 8;
    static final long TYPE = 12;

    private static final int NONE = -1;

    private final MemorySegment segment;
    private final int capacity;

    /// How much of it is filled.
    private int length;

    /// Where the header of the current message lies, or [#NONE].
    private int current = NONE;
    private int dataLength;

    /// Where the next one would begin.
    private int next;
    private boolean malformed;

    private ControlBuffer(final MemorySegment segment) {
        if (segment.byteSize() > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("a control buffer of " + segment.byteSize() + " bytes");
        }
        this.segment = segment;
        this.capacity = (int) segment.byteSize();
    }

    /// A new one, empty.
    ///
    /// @param arena what it lives as long as
    /// @param capacity its size in bytes: exactly this is the `msg_controllen` of a `recvmsg`
    /// @return the buffer
    public static ControlBuffer allocate(final Arena arena, final int capacity) {
        return new ControlBuffer(arena.allocate(capacity, Long.BYTES));
    }

    /// A view of memory that is there, empty until [#received] says how much of it is not.
    ///
    /// @param segment the whole buffer
    /// @return the buffer
    public static ControlBuffer of(final MemorySegment segment) {
        return new ControlBuffer(segment);
    }

    /// `CMSG_ALIGN(length)`: the next multiple of eight.
    ///
    /// @param length in bytes, not negative
    /// @return the same or up to seven more
    public static long align(final long length) {
        return length + Long.BYTES - 1 & -Long.BYTES;
    }

    /// `CMSG_LEN(length)`: what `cmsg_len` is for so much data.
    ///
    /// @param length of the data in bytes, not negative
    /// @return header and data
    public static long len(final long length) {
        return SIZEOF_CMSGHDR + length;
    }

    /// `CMSG_SPACE(length)`: what a message with so much data takes up.
    ///
    /// @param length of the data in bytes, not negative
    /// @return header, data and padding
    public static long space(final long length) {
        return SIZEOF_CMSGHDR + align(length);
    }

    /// The memory.
    ///
    /// @return the whole buffer
    public MemorySegment segment() {
        return segment;
    }

    /// Its size: the `msg_controllen` of a `recvmsg`.
    ///
    /// @return in bytes
    public int capacity() {
        return capacity;
    }

    /// How much of it is filled: the `msg_controllen` of a `sendmsg`.
    ///
    /// @return in bytes
    public int length() {
        return length;
    }

    /// Empties it, also for the kernel to fill.
    ///
    /// The first header is wiped: where a kernel reports a length and has written nothing (some do at the limit of
    /// descriptors), yesterday's message, with yesterday's descriptors, must not be found there.
    ///
    /// @return this
    public ControlBuffer clear() {
        length = 0;
        rewind();
        if (capacity >= SIZEOF_CMSGHDR) {
            segment.set(U64, LEN, 0);
        }
        return this;
    }

    /// Puts a message at the end.
    ///
    /// @param level `SOL_SOCKET` and so on
    /// @param type `SCM_RIGHTS` and so on
    /// @param data its data, copied
    /// @return this
    /// @throws IndexOutOfBoundsException if it does not fit; nothing is changed then
    public ControlBuffer append(final int level, final int type, final MemorySegment data) {
        final int at = append(level, type, data.byteSize());
        MemorySegment.copy(data, 0, segment, at, data.byteSize());
        return this;
    }

    /// Puts a message at the end whose data is an array of `int`: descriptors, or a single option's value.
    ///
    /// @param level `SOL_SOCKET` and so on
    /// @param type `SCM_RIGHTS` and so on
    /// @param data its data, copied
    /// @return this
    /// @throws IndexOutOfBoundsException if it does not fit; nothing is changed then
    public ControlBuffer appendInts(final int level, final int type, final int... data) {
        final int at = append(level, type, (long) data.length * Integer.BYTES);
        MemorySegment.copy(data, 0, segment, U32, at, data.length);
        return this;
    }

    /// Puts a message at the end whose data is the first `count` of an array of `int`.
    ///
    /// @param level `SOL_SOCKET` and so on
    /// @param type `SCM_RIGHTS` and so on
    /// @param data what its data is copied from
    /// @param count how many of them, from the first on
    /// @return this
    /// @throws IndexOutOfBoundsException if it does not fit, or `data` has not so many; nothing is changed then
    public ControlBuffer appendInts(final int level, final int type, final int[] data, final int count) {
        Objects.checkFromIndexSize(0, count, data.length);
        final int at = append(level, type, (long) count * Integer.BYTES);
        MemorySegment.copy(data, 0, segment, U32, at, count);
        return this;
    }

    /// Puts a message at the end whose data is one `int`.
    ///
    /// @param level `IPPROTO_IP` and so on
    /// @param type `IP_TTL` and so on
    /// @param data its data
    /// @return this
    /// @throws IndexOutOfBoundsException if it does not fit; nothing is changed then
    public ControlBuffer appendInt(final int level, final int type, final int data) {
        segment.set(U32, append(level, type, (long) Integer.BYTES), data);
        return this;
    }

    /// Puts a message at the end whose data the caller writes itself, for the view of a struct.
    ///
    /// @param level `SOL_SOCKET` and so on
    /// @param type `SCM_CREDENTIALS` and so on
    /// @param dataLength how much data it has, in bytes
    /// @return a slice of the buffer, of just this size, with whatever is in it
    /// @throws IndexOutOfBoundsException if it does not fit; nothing is changed then
    /// @throws IllegalArgumentException if the length is negative
    public MemorySegment appendSpace(final int level, final int type, final int dataLength) {
        if (dataLength < 0) {
            throw new IllegalArgumentException("a control message with " + dataLength + " bytes of data");
        }
        return segment.asSlice(append(level, type, (long) dataLength), dataLength);
    }

    /// Takes away what was appended last.
    ///
    /// @param length what [#length] was before that
    /// @return this
    /// @throws IndexOutOfBoundsException if there is less; nothing is changed then
    public ControlBuffer truncate(final int length) {
        this.length = Objects.checkIndex(length, this.length + 1);
        return rewind();
    }

    /// Writes a header and clears the padding; returns where the data goes.
    private int append(final int level, final int type, final long dataLength) {
        final long at = align(length);
        // The last message needs no padding behind it: the kernel looks at cmsg_len alone.
        if (dataLength > capacity - at - SIZEOF_CMSGHDR) {
            throw new IndexOutOfBoundsException("a control message with " + dataLength + " bytes of data behind "
                    + length + " bytes does not fit a buffer of " + capacity);
        }
        segment.set(U64, at + LEN, len(dataLength));
        segment.set(U32, at + LEVEL, level);
        segment.set(U32, at + TYPE, type);
        final long end = at + len(dataLength);
        length = (int) Math.min(align(end), capacity);
        for (long pad = end; pad < length; pad++) {
            segment.set(U8, pad, (byte) 0);
        }
        return (int) at + SIZEOF_CMSGHDR;
    }

    /// Says how much the kernel has written, and goes back to before the first message.
    ///
    /// @param controllen `msg_controllen` after a `recvmsg` that did not fail; more than the capacity counts as the
    /// capacity
    /// @return this
    public ControlBuffer received(final long controllen) {
        length = Long.compareUnsigned(controllen, capacity) < 0 ? (int) controllen : capacity;
        return rewind();
    }

    /// Goes back to before the first message.
    ///
    /// @return this
    public ControlBuffer rewind() {
        next = 0;
        current = NONE;
        malformed = false;
        return this;
    }

    /// Goes to the next message.
    ///
    /// @return whether there is one
    public boolean next() {
        current = NONE;
        final int room = length - next;
        if (room < SIZEOF_CMSGHDR) {
            return false;
        }
        final long cmsgLen = segment.get(U64, next + LEN);
        if (cmsgLen < SIZEOF_CMSGHDR || cmsgLen > room) {
            malformed = true;
            next = length;
            return false;
        }
        current = next;
        dataLength = (int) cmsgLen - SIZEOF_CMSGHDR;
        next = (int) Math.min(align(current + cmsgLen), length);
        return true;
    }

    /// Whether the walk ended because of a header that cannot be one, rather than at the end.
    ///
    /// @return whether [#next] met a `cmsg_len` that is too short, or leads out of the buffer
    public boolean malformed() {
        return malformed;
    }

    /// Reads `cmsg_level` of the current message.
    ///
    /// @return `SOL_SOCKET` and so on
    /// @throws IllegalStateException unless the last [#next] returned true
    public int level() {
        return segment.get(U32, current() + LEVEL);
    }

    /// Reads `cmsg_type` of the current message.
    ///
    /// @return `SCM_RIGHTS` and so on
    /// @throws IllegalStateException unless the last [#next] returned true
    public int type() {
        return segment.get(U32, current() + TYPE);
    }

    /// How much data the current message has.
    ///
    /// @return in bytes, without the padding
    /// @throws IllegalStateException unless the last [#next] returned true
    public int dataLength() {
        current();
        return dataLength;
    }

    /// Reads a byte of the current message's data.
    ///
    /// @param offset where in the data
    /// @return the byte
    /// @throws IndexOutOfBoundsException if it is not within the data
    /// @throws IllegalStateException unless the last [#next] returned true
    public byte dataByte(final int offset) {
        return segment.get(U8, data(offset, Byte.BYTES));
    }

    /// Reads an `int` of the current message's data.
    ///
    /// @param offset where in the data, in bytes
    /// @return the number
    /// @throws IndexOutOfBoundsException if it is not within the data
    /// @throws IllegalStateException unless the last [#next] returned true
    public int dataInt(final int offset) {
        return segment.get(U32, data(offset, Integer.BYTES));
    }

    /// Reads 64 bits of the current message's data.
    ///
    /// @param offset where in the data, in bytes
    /// @return the number
    /// @throws IndexOutOfBoundsException if it is not within the data
    /// @throws IllegalStateException unless the last [#next] returned true
    public long dataLong(final int offset) {
        return segment.get(U64, data(offset, Long.BYTES));
    }

    /// The current message's data, for the view of a struct. Unlike the other methods this one makes an object.
    ///
    /// @return a slice of the buffer: it changes with it
    /// @throws IllegalStateException unless the last [#next] returned true
    public MemorySegment data() {
        return segment.asSlice(current() + SIZEOF_CMSGHDR, dataLength);
    }

    private int current() {
        if (current == NONE) {
            throw new IllegalStateException("not at a control message: next() has not returned true");
        }
        return current;
    }

    private long data(final int offset, final int size) {
        final int at = current() + SIZEOF_CMSGHDR;
        if (offset < 0 || offset > dataLength - size) {
            throw new IndexOutOfBoundsException(size + " bytes from " + offset + " on in a control message with "
                    + dataLength + " bytes of data");
        }
        return at + offset;
    }
}
