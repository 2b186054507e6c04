package io.github.fdsock.harness.script;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.sys.Errno;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.Mapping;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The memory that calls of a script are given. No address ever comes from a script: what it writes as one, `0x1`, is
/// one of ours, which the kernel finds as bad, and which a wrong call could not make it write to anything.
final class Memory {
    /// Above this a claimed length gets pages of its own, which cost nothing until they are written to.
    private static final long ALLOCATED_MAX = 4 << 20;

    /// A length that is an `unsigned int` has to fit, and what lies behind it.
    private static final long CLAIMED_MAX = (1L << Integer.SIZE) + 4096;

    private static final long BAD_SIZE = 1 << 20;

    /// `sizeof(struct sockaddr_storage)`: the kernel never reads or writes more of an address.
    static final int SOCKADDR_STORAGE = 128;

    private Memory() {
    }

    /// An address with nothing behind it, made when first asked for.
    private static final class Bad {
        static final MemorySegment SEGMENT = map();

        /// Of a file that is empty: mapped, so that nobody else has the address, yet no page of it exists. The kernel
        /// answers `EFAULT`; Java, were it to look there, would throw.
        private static MemorySegment map() {
            try (Arena arena = Arena.ofConfined()) {
                final int empty = Libc.memfd_create(arena.allocateFrom("bad"), MFD_CLOEXEC);
                final long address = Libc.mmap(0, BAD_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, empty, 0);
                Libc.close(empty);
                return Mapping.adopt(address, BAD_SIZE, Arena.global());
            }
        }
    }

    static MemorySegment bad() {
        return Bad.SEGMENT;
    }

    /// Memory of so many bytes; of gigabytes too, where it is only the length that counts.
    ///
    /// @throws IllegalArgumentException if it is negative, or more than an `unsigned int` can say
    static MemorySegment allocate(final Arena arena, final long size) {
        if (size < 0 || size > CLAIMED_MAX) {
            throw new IllegalArgumentException("memory of " + size + " bytes");
        }
        if (size <= ALLOCATED_MAX) {
            return arena.allocate(size, 2L * Long.BYTES);
        }
        final long address =
                Libc.mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (address < 0) {
            throw new IllegalStateException("mmap of " + size + " bytes = -1 " + Errno.describe((int) -address));
        }
        return Mapping.adopt(address, size, arena);
    }

    /// A copy of bytes that a call shall read, of just their length.
    static MemorySegment copied(final Arena arena, final byte[] bytes) {
        // Room for an address behind them: where it is inside of a message, nobody but the kernel sees how long it is.
        final MemorySegment segment = allocate(arena, Math.max(bytes.length, SOCKADDR_STORAGE));
        MemorySegment.copy(bytes, 0, segment, ValueLayout.JAVA_BYTE, 0, bytes.length);
        return segment.asSlice(0, bytes.length);
    }

    /// Memory that a call may write to: filled with a pattern before, and with more of it behind its end, so that what
    /// was written, and that nothing else was, can be told afterwards.
    static final class Buffer {
        private static final byte PATTERN = (byte) 0xa5;
        private static final int BEHIND = 64;

        /// Where a length of gigabytes is a mere claim, only so much is filled and looked at.
        private static final long WATCHED_MAX = 4 << 20;

        private final MemorySegment segment;
        private final MemorySegment watched;

        /// @throws IllegalArgumentException if there is no memory of this size
        Buffer(final Arena arena, final long capacity) {
            final MemorySegment memory = allocate(arena, capacity + BEHIND);
            segment = memory.asSlice(0, capacity);
            watched = memory.asSlice(0, Math.min(memory.byteSize(), WATCHED_MAX)).fill(PATTERN);
        }

        MemorySegment segment() {
            return segment;
        }

        void fill(final byte[] bytes) {
            MemorySegment.copy(bytes, 0, segment, ValueLayout.JAVA_BYTE, 0, bytes.length);
        }

        /// The first `length` bytes, of which there are perhaps fewer.
        byte[] first(final long length) {
            return segment.asSlice(0, Math.clamp(length, 0, Math.min(segment.byteSize(), watched.byteSize())))
                    .toArray(ValueLayout.JAVA_BYTE);
        }

        /// The first `length` bytes, of which there are perhaps fewer; the rest must be as it was.
        ///
        /// @param expected for the message, if it is not
        /// @throws Mismatch if it is not
        byte[] written(final Value expected, final long length) {
            final byte[] first = first(length);
            for (long i = first.length; i < watched.byteSize(); i++) {
                if (watched.get(ValueLayout.JAVA_BYTE, i) != PATTERN) {
                    throw new Mismatch(expected, first.length + " bytes written", "also byte " + i);
                }
            }
            return first;
        }
    }
}
