package io.github.fdsock.sys.struct;

import io.github.fdsock.sys.Constants;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// What the views have in common: how a field is read and written, and what is checked before memory is handed to C.
///
/// Every layout is unaligned, because a struct may lie anywhere: inside a control message, in a slice, in an array on
/// the heap. On x86-64 and aarch64 an access to an aligned address costs the same through either.
final class Bytes {
    static final ValueLayout.OfByte U8 = ValueLayout.JAVA_BYTE;
    static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED;
    static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED;
    static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED;

    /// In network order: IPv4 addresses.
    static final ValueLayout.OfInt BE32 = U32.withOrder(ByteOrder.BIG_ENDIAN);

    /// In network order: half an IPv6 address.
    static final ValueLayout.OfLong BE64 = U64.withOrder(ByteOrder.BIG_ENDIAN);

    /// The most iovecs, and messages, that the kernel takes in one call.
    static final int UIO_MAXIOV = Constants.UIO_MAXIOV;

    private Bytes() {
    }

    /// The first `size` bytes of `segment`, where it has as many.
    static MemorySegment struct(final String name, final MemorySegment segment, final long size) {
        if (segment.byteSize() < size) {
            throw new IndexOutOfBoundsException("a struct " + name + " of " + size + " bytes does not fit a segment of "
                    + segment.byteSize());
        }
        return segment.byteSize() == size ? segment : segment.asSlice(0, size);
    }

    /// How many structs an array may have; `most` is the kernel's limit, or what keeps the size an `int`.
    static int capacity(final String name, final int capacity, final int most) {
        if (capacity < 1 || capacity > most) {
            throw new IllegalArgumentException("an array of " + capacity + " struct " + name + ": 1 to " + most
                    + " are possible");
        }
        return capacity;
    }

    /// How many structs of `size` bytes lie in `segment`.
    static int elements(final String name, final MemorySegment segment, final int size) {
        struct(name, segment, size);
        return (int) Math.min(segment.byteSize() / size, Integer.MAX_VALUE / size);
    }

    /// Checks that an address stored in memory, where no linker sees it, is one that C may follow at this moment.
    static MemorySegment pointer(final String field, final MemorySegment target) {
        if (!target.isNative()) {
            throw new IllegalArgumentException(field + ": a segment on the heap has no address");
        }
        if (!target.scope().isAlive()) {
            throw new IllegalStateException(field + ": the segment of " + target.byteSize()
                    + " bytes belongs to an arena that is closed");
        }
        if (!target.isAccessibleBy(Thread.currentThread())) {
            throw new WrongThreadException(field + ": the segment of " + target.byteSize()
                    + " bytes is confined to another thread than " + Thread.currentThread());
        }
        return target;
    }

    /// Checks that C may write there.
    static void writable(final String field, final MemorySegment target) {
        if (target.isReadOnly()) {
            throw new IllegalArgumentException(field + ": a segment of " + target.byteSize()
                    + " bytes that is read-only");
        }
    }
}
