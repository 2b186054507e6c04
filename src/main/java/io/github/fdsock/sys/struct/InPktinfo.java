package io.github.fdsock.sys.struct;

import static io.github.fdsock.sys.struct.Bytes.BE32;
import static io.github.fdsock.sys.struct.Bytes.U32;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// `struct in_pktinfo`: by which interface and address an IPv4 packet came, or is to leave (`IP_PKTINFO`).
///
/// ```c
/// struct in_pktinfo {
///     unsigned int   ipi_ifindex;     //  0
///     struct in_addr ipi_spec_dst;    //  4   received: the local address; sent: the source address to use
///     struct in_addr ipi_addr;        //  8   received: the destination in the packet's header
/// };                                  // 12
/// ```
///
/// @see <a href="https://man7.org/linux/man-pages/man7/ip.7.html">ip(7)</a>
public final class InPktinfo {
    /// `sizeof(struct in_pktinfo)`.
    public static final int SIZEOF = 12;

    static final long IFINDEX = 0;
    static final long SPEC_DST = 4;
    static final long ADDR = 8;

    private final MemorySegment segment;

    private InPktinfo(final MemorySegment segment) {
        this.segment = Bytes.struct("in_pktinfo", segment, SIZEOF);
    }

    /// A new one, zero.
    ///
    /// @param arena what it lives as long as
    /// @return the view
    public static InPktinfo allocate(final Arena arena) {
        return new InPktinfo(arena.allocate(SIZEOF, Integer.BYTES));
    }

    /// A view of memory that is there.
    ///
    /// @param segment at least [#SIZEOF] bytes, of which the first are meant
    /// @return the view
    public static InPktinfo of(final MemorySegment segment) {
        return new InPktinfo(segment);
    }

    /// The memory.
    ///
    /// @return [#SIZEOF] bytes
    public MemorySegment segment() {
        return segment;
    }

    /// Reads `ipi_ifindex`.
    ///
    /// @return the index of the interface; 0, when sending, for any
    public int ifindex() {
        return segment.get(U32, IFINDEX);
    }

    /// Writes `ipi_ifindex`.
    ///
    /// @param ifindex the index of the interface; 0, when sending, for any
    /// @return this
    public InPktinfo ifindex(final int ifindex) {
        segment.set(U32, IFINDEX, ifindex);
        return this;
    }

    /// Reads `ipi_spec_dst`.
    ///
    /// @return the address, `0x7f000001` for 127.0.0.1
    public int spec_dst() {
        return segment.get(BE32, SPEC_DST);
    }

    /// Writes `ipi_spec_dst`.
    ///
    /// @param spec_dst the address, `0x7f000001` for 127.0.0.1
    /// @return this
    public InPktinfo spec_dst(final int spec_dst) {
        segment.set(BE32, SPEC_DST, spec_dst);
        return this;
    }

    /// Reads `ipi_addr`.
    ///
    /// @return the address, `0x7f000001` for 127.0.0.1
    public int addr() {
        return segment.get(BE32, ADDR);
    }

    /// Writes `ipi_addr`.
    ///
    /// @param addr the address, `0x7f000001` for 127.0.0.1
    /// @return this
    public InPktinfo addr(final int addr) {
        segment.set(BE32, ADDR, addr);
        return this;
    }
}
