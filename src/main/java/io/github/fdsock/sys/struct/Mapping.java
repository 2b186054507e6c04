package io.github.fdsock.sys.struct;

import io.github.fdsock.sys.Errno;
import io.github.fdsock.sys.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Memory from `mmap`, as a segment that cannot outlive its mapping.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/mmap.2.html">mmap(2)</a>
public final class Mapping {
    private Mapping() {
    }

    /// Binds a mapping to an arena: as long as that is open the segment may be used, when it closes `munmap` is called,
    /// and from then on the segment refuses every access.
    ///
    /// The address is taken at its word: one that is not a mapping of so many bytes kills the JVM when it is touched.
    /// So may, with `SIGBUS`, a page of a mapped file that lies wholly beyond the file's end: take care that nobody can
    /// shorten it (`F_SEAL_SHRINK`). HotSpot turns most of the latter into an [InternalError]; do not rely on it.
    ///
    /// @param address what [Libc#mmap] returned, not negative
    /// @param length the length that it was given, in bytes
    /// @param arena what the mapping shall live as long as; the global one keeps it for ever
    /// @return the memory
    /// @throws IllegalArgumentException if the address is none, such as a negated errno
    /// @throws IllegalStateException if the arena is closed; the mapping is the caller's still
    @SuppressWarnings("restricted")
    public static MemorySegment adopt(final long address, final long length, final Arena arena) {
        if (address <= 0) {
            throw new IllegalArgumentException("a mapping at " + address
                    + (address < 0 ? ", which is " + Errno.describe((int) -address) : ""));
        }
        if (length <= 0) {
            throw new IllegalArgumentException("a mapping of " + length + " bytes");
        }
        // SAFETY: the caller's promise that mmap returned this address for this length. Nobody can reach the memory
        // through the segment after the arena is closed, which is when it goes away.
        return MemorySegment.ofAddress(address).reinterpret(length, arena, _ -> {
            final int result = Libc.munmap(address, length);
            if (result < 0) {
                throw new IllegalStateException("munmap(0x" + Long.toHexString(address) + ", " + length + ") = -1 "
                        + Errno.describe(-result));
            }
        });
    }
}
