package io.github.fdsock.sys.struct;

import static io.github.fdsock.sys.struct.Bytes.BE64;
import static io.github.fdsock.sys.struct.Bytes.U32;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// `struct in6_pktinfo`: by which interface and address an IPv6 packet came, or is to leave (`IPV6_PKTINFO`).
///
/// ```c
/// struct in6_pktinfo {
///     struct in6_addr ipi6_addr;      //  0   received: the destination; sent: the source address to use, :: for any
///     unsigned int    ipi6_ifindex;   // 16
/// };                                  // 20
/// ```
///
/// @see <a href="https://man7.org/linux/man-pages/man7/ipv6.7.html">ipv6(7)</a>
public final class In6Pktinfo {
    /// `sizeof(struct in6_pktinfo)`.
    public static final int SIZEOF = 20;

    static final long ADDR = 0;
    static final long IFINDEX = 16;

    private final MemorySegment segment;

    private In6Pktinfo(final MemorySegment segment) {
        this.segment = Bytes.struct("in6_pktinfo", segment, SIZEOF);
    }

    /// A new one, zero.
    ///
    /// @param arena what it lives as long as
    /// @return the view
    public static In6Pktinfo allocate(final Arena arena) {
        return new In6Pktinfo(arena.allocate(SIZEOF, Integer.BYTES));
    }

    /// A view of memory that is there.
    ///
    /// @param segment at least [#SIZEOF] bytes, of which the first are meant
    /// @return the view
    public static In6Pktinfo of(final MemorySegment segment) {
        return new In6Pktinfo(segment);
    }

    /// The memory.
    ///
    /// @return [#SIZEOF] bytes
    public MemorySegment segment() {
        return segment;
    }

    /// Reads the first eight bytes of `ipi6_addr`.
    ///
    /// @return these bytes, the first of them in the highest bits
    public long addr_high() {
        return segment.get(BE64, ADDR);
    }

    /// Reads the last eight bytes of `ipi6_addr`.
    ///
    /// @return these bytes, the last of them in the lowest bits
    public long addr_low() {
        return segment.get(BE64, ADDR + Long.BYTES);
    }

    /// Writes `ipi6_addr`.
    ///
    /// @param high the first eight bytes, the first of them in the highest bits
    /// @param low the last eight bytes, the last of them in the lowest bits
    /// @return this
    public In6Pktinfo addr(final long high, final long low) {
        segment.set(BE64, ADDR, high);
        segment.set(BE64, ADDR + Long.BYTES, low);
        return this;
    }

    /// Reads `ipi6_ifindex`.
    ///
    /// @return the index of the interface
    public int ifindex() {
        return segment.get(U32, IFINDEX);
    }

    /// Writes `ipi6_ifindex`.
    ///
    /// @param ifindex the index of the interface; 0 for any
    /// @return this
    public In6Pktinfo ifindex(final int ifindex) {
        segment.set(U32, IFINDEX, ifindex);
        return this;
    }
}
