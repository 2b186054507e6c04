package io.github.fdsock.sys.struct;

import static io.github.fdsock.sys.struct.Bytes.U32;
import static io.github.fdsock.sys.struct.Bytes.U64;

import io.github.fdsock.sys.ProcessMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// A `struct msghdr` on its way to the kernel, whoever has filled it: read, and copied so that it offers fewer bytes.
///
/// For what stands between a call and the kernel. A [Msghdr] knows the segments that it points to; here only their
/// addresses are left, which somebody may have written by hand. What they point to is copied by way of [ProcessMemory];
/// where that cannot be read there is nothing to see and nothing to make shorter, and the call goes on as it is, to the
/// kernel's `EFAULT`.
///
/// **Threads.** One at a time, that which makes the call.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/recvmsg.2.html">recvmsg(2)</a>
public final class ForeignMsghdr {
    // As in Msghdr, whose picture of the struct is the one to read.
    private static final long NAME = 0;
    private static final long NAMELEN = 8;
    private static final long IOV = 16;
    private static final long IOVLEN = 24;
    private static final long CONTROLLEN = 40;
    private static final long FLAGS = 48;

    private final MemorySegment segment;

    private ForeignMsghdr(final MemorySegment segment) {
        this.segment = segment;
    }

    /// A view of a header.
    ///
    /// @param msghdr at least [Msghdr#SIZEOF] bytes
    /// @return the view
    /// @throws IndexOutOfBoundsException if the segment is smaller
    public static ForeignMsghdr of(final MemorySegment msghdr) {
        return new ForeignMsghdr(Bytes.struct("msghdr", msghdr, Msghdr.SIZEOF));
    }

    /// The address that `msg_name` points to.
    ///
    /// @return a copy of its `msg_namelen` bytes; none where there is no address, or a length that cannot be one
    public MemorySegment name() {
        final long length = segment.get(U32, NAMELEN);
        return length < 0 || length > Sockaddr.SIZEOF_SOCKADDR_STORAGE ? MemorySegment.NULL
                : memory(segment.get(U64, NAME), length);
    }

    /// How many bytes its buffers have in all.
    ///
    /// @return the sum of all `iov_len`; 0 where there are no buffers, or more than the kernel takes
    public long length() {
        return length(buffers());
    }

    /// The bytes of an array of `struct iovec`.
    ///
    /// @param iov the array
    /// @return the sum of all `iov_len`
    public static long length(final MemorySegment iov) {
        long length = 0;
        for (long at = 0; at < iov.byteSize(); at += Iovec.SIZEOF) {
            length += iov.get(U64, at + Iovec.LEN);
        }
        return length;
    }

    /// Writes a copy of this header into another that offers no more than so many bytes: with an array of buffers of
    /// its own, of which those behind are empty. All else is that of this one.
    ///
    /// @param arena what the copy's array lives as long as
    /// @param copy the other header
    /// @param most how many bytes
    public void copyTo(final Arena arena, final MemorySegment copy, final long most) {
        copy.copyFrom(segment);
        final MemorySegment buffers = buffers();
        if (length(buffers) > most) {
            copy.set(U64, IOV, shortened(arena, buffers, most).address());
        }
    }

    /// A copy of an array of `struct iovec` that offers no more than so many bytes.
    ///
    /// @param arena what the copy lives as long as
    /// @param iov the array
    /// @param most how many bytes
    /// @return the copy, with as many buffers, of which those behind are empty
    public static MemorySegment shortened(final Arena arena, final MemorySegment iov, final long most) {
        final MemorySegment copy = arena.allocate(iov.byteSize(), Long.BYTES).copyFrom(iov);
        long left = most;
        for (long at = 0; at < copy.byteSize(); at += Iovec.SIZEOF) {
            final long length = Math.min(left, copy.get(U64, at + Iovec.LEN));
            copy.set(U64, at + Iovec.LEN, length);
            left -= length;
        }
        return copy;
    }

    /// Takes over what a `recvmsg` on a copy has told: the lengths of address and control messages, and the flags.
    ///
    /// @param copy the other header, after the call
    public void takeBack(final MemorySegment copy) {
        segment.set(U32, NAMELEN, copy.get(U32, NAMELEN));
        segment.set(U64, CONTROLLEN, copy.get(U64, CONTROLLEN));
        segment.set(U32, FLAGS, copy.get(U32, FLAGS));
    }

    /// Makes it what a `recvmsg` leaves that brought nothing beside the bytes: no address, no control messages, no
    /// flags.
    public void takeBackNothing() {
        segment.set(U32, NAMELEN, 0);
        segment.set(U64, CONTROLLEN, 0);
        segment.set(U32, FLAGS, 0);
    }

    private MemorySegment buffers() {
        final long count = segment.get(U64, IOVLEN);
        return count < 0 || count > Bytes.UIO_MAXIOV ? MemorySegment.NULL
                : memory(segment.get(U64, IOV), count * Iovec.SIZEOF);
    }

    /// A copy; `NULL` where there is no such memory.
    private static MemorySegment memory(final long address, final long length) {
        final byte[] bytes = address == 0 ? null : ProcessMemory.read(address, (int) length);
        return bytes == null ? MemorySegment.NULL : MemorySegment.ofArray(bytes);
    }
}
