package io.github.fdsock.sys.struct;

import static io.github.fdsock.sys.struct.Bytes.U32;
import static io.github.fdsock.sys.struct.Bytes.U64;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// `struct msghdr`: everything that one `sendmsg` or `recvmsg` sends or receives.
///
/// ```c
/// struct msghdr {
///     void         *msg_name;         //  0
///     socklen_t     msg_namelen;      //  8   recvmsg: in the room, out the length of the address
///     struct iovec *msg_iov;          // 16
///     size_t        msg_iovlen;       // 24
///     void         *msg_control;      // 32
///     size_t        msg_controllen;   // 40   recvmsg: in the room, out what was written
///     int           msg_flags;        // 48   recvmsg: out
/// };                                  // 56
/// ```
///
/// [#name], [#iov] and [#control] attach the parts, once. The kernel changes the struct, so [#prepareSend] or
/// [#prepareReceive] fills it anew from the parts as they are *then*, before every call:
///
/// ```java
/// long n = Libc.recvmsg(fd, message.prepareReceive().segment(), MSG_CMSG_CLOEXEC);
/// if (n >= 0) {
///     message.received();
///     while (control.next()) { … }
/// }
/// ```
///
/// **What it points to** is checked when prepared, as at [Iovec], and kept from the garbage collector as long as this
/// object is reachable: use it after the call, as above, where a part comes from an automatic arena.
///
/// **Threads.** One at a time.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/recvmsg.2.html">recvmsg(2)</a>
public final class Msghdr {
    /// `sizeof(struct msghdr)`.
    public static final int SIZEOF = 56;

    static final long NAME = 0;
    static final long NAMELEN = 8;
    static final long IOV = 16;
    static final long IOVLEN = 24;
    static final long CONTROL = 32;
    static final long CONTROLLEN = 40;
    static final long FLAGS = 48;

    private final MemorySegment segment;
    private MemorySegment name;
    private int namelen;
    private Iovec iov;
    private ControlBuffer control;

    private Msghdr(final MemorySegment segment) {
        this.segment = Bytes.struct("msghdr", segment, SIZEOF);
    }

    /// A new one, zero and with nothing attached.
    ///
    /// @param arena what it lives as long as
    /// @return the view
    public static Msghdr allocate(final Arena arena) {
        return new Msghdr(arena.allocate(SIZEOF, Long.BYTES));
    }

    /// A view of memory that is there, with nothing attached.
    ///
    /// @param segment at least [#SIZEOF] bytes, of which the first are meant
    /// @return the view
    public static Msghdr of(final MemorySegment segment) {
        return new Msghdr(segment);
    }

    /// The memory.
    ///
    /// @return [#SIZEOF] bytes
    public MemorySegment segment() {
        return segment;
    }

    /// Attaches the memory of an address.
    ///
    /// @param name the address to send to, or room for the one that it came from
    /// @param namelen its length in bytes, or how much room there is
    /// @return this
    /// @throws IndexOutOfBoundsException if that is more than the segment has
    /// @throws IllegalArgumentException if it lies on the heap
    public Msghdr name(final MemorySegment name, final int namelen) {
        if (namelen < 0 || namelen > name.byteSize()) {
            throw new IndexOutOfBoundsException("msg_namelen: " + namelen + " bytes in a segment of "
                    + name.byteSize());
        }
        this.name = Bytes.pointer("msg_name", name);
        this.namelen = namelen;
        return this;
    }

    /// Attaches the buffers.
    ///
    /// @param iov the buffers; as many as there are when a call is prepared
    /// @return this
    public Msghdr iov(final Iovec iov) {
        this.iov = iov;
        return this;
    }

    /// Attaches the control messages.
    ///
    /// @param control those to send, as they are when a call is prepared, or room for those that come
    /// @return this
    /// @throws IllegalArgumentException if it lies on the heap
    public Msghdr control(final ControlBuffer control) {
        Bytes.pointer("msg_control", control.segment());
        this.control = control;
        return this;
    }

    /// Detaches everything, and zeroes the struct.
    ///
    /// @return this
    public Msghdr clear() {
        name = null;
        namelen = 0;
        iov = null;
        control = null;
        segment.fill((byte) 0);
        return this;
    }

    /// Fills every field for a `sendmsg`: the address with its length, the buffers that there are, the control messages
    /// that were appended.
    ///
    /// @return this
    /// @throws IllegalStateException if the arena of a part was closed in the meantime
    public Msghdr prepareSend() {
        return prepare(control == null ? 0 : control.length(), iov == null ? MemorySegment.NULL : iov.segment());
    }

    /// Fills every field for a `recvmsg`: all the room there is. The control buffer is emptied.
    ///
    /// @return this
    /// @throws IllegalArgumentException if one of the buffers, or the room for the address, is read-only
    /// @throws IllegalStateException if the arena of a part was closed in the meantime
    public Msghdr prepareReceive() {
        final int room = control == null ? 0 : control.clear().capacity();
        if (name != null) {
            Bytes.writable("msg_name", name);
        }
        return prepare(room, iov == null ? MemorySegment.NULL : iov.segmentToFill());
    }

    private Msghdr prepare(final long controllen, final MemorySegment buffers) {
        segment.set(U64, NAME, name == null ? 0 : Bytes.pointer("msg_name", name).address());
        segment.set(U32, NAMELEN, namelen);
        segment.set(U64, IOV, Bytes.pointer("msg_iov", buffers).address());
        segment.set(U64, IOVLEN, iov == null ? 0 : iov.count());
        segment.set(U64, CONTROL, control == null ? 0 : Bytes.pointer("msg_control", control.segment()).address());
        segment.set(U64, CONTROLLEN, controllen);
        segment.set(U32, FLAGS, 0);
        return this;
    }

    /// Tells the attached control buffer how much a `recvmsg` that did not fail has written into it.
    ///
    /// @return this
    public Msghdr received() {
        if (control != null) {
            control.received(controllen());
        }
        return this;
    }

    /// Reads `msg_namelen`.
    ///
    /// @return after a `recvmsg`, the length of the address, which is more than the room where it was cut off; 0 on a
    /// connected stream
    public int namelen() {
        return segment.get(U32, NAMELEN);
    }

    /// Reads `msg_iovlen`.
    ///
    /// @return how many buffers
    public long iovlen() {
        return segment.get(U64, IOVLEN);
    }

    /// Reads `msg_control`.
    ///
    /// @return the address of the control messages, whoever has put it there
    public long control() {
        return segment.get(U64, CONTROL);
    }

    /// Reads `msg_controllen`.
    ///
    /// @return after a `recvmsg`, how many bytes of control messages came
    public long controllen() {
        return segment.get(U64, CONTROLLEN);
    }

    /// Reads `msg_flags`.
    ///
    /// @return after a `recvmsg`, `MSG_TRUNC`, `MSG_CTRUNC`, `MSG_EOR`, `MSG_OOB`, `MSG_ERRQUEUE`, `MSG_CMSG_CLOEXEC`
    public int flags() {
        return segment.get(U32, FLAGS);
    }
}
