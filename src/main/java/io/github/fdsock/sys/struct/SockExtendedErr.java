package io.github.fdsock.sys.struct;

import static io.github.fdsock.sys.struct.Bytes.U32;
import static io.github.fdsock.sys.struct.Bytes.U8;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// `struct sock_extended_err`: what the error queue of a socket tells (`IP_RECVERR`, `IPV6_RECVERR`): an error and who
/// reported it, a time stamp, or a transmission without copying that is over.
///
/// ```c
/// struct sock_extended_err {
///     __u32 ee_errno;     //  0   ENOMSG for a time stamp, 0 for a transmission
///     __u8  ee_origin;    //  4   SO_EE_ORIGIN_…
///     __u8  ee_type;      //  5   of ICMP
///     __u8  ee_code;      //  6   of ICMP, or SO_EE_CODE_…
///     __u8  ee_pad;       //  7
///     __u32 ee_info;      //  8   the MTU; SCM_TSTAMP_…; the first of the transmissions
///     __u32 ee_data;      // 12   which packet; the last of the transmissions
/// };                      // 16   then the address of who reported it, struct sockaddr_in or sockaddr_in6
/// ```
///
/// @see <a href="https://man7.org/linux/man-pages/man7/ip.7.html">ip(7)</a>
public final class SockExtendedErr {
    /// `sizeof(struct sock_extended_err)`; `SO_EE_OFFENDER` lies right behind it.
    public static final int SIZEOF = 16;

    static final long ERRNO = 0;
    static final long ORIGIN = 4;
    static final long TYPE = 5;
    static final long CODE = 6;
    static final long PAD = 7;
    static final long INFO = 8;
    static final long DATA = 12;

    private final MemorySegment segment;

    private SockExtendedErr(final MemorySegment segment) {
        this.segment = Bytes.struct("sock_extended_err", segment, SIZEOF);
    }

    /// A new one, zero.
    ///
    /// @param arena what it lives as long as
    /// @return the view
    public static SockExtendedErr allocate(final Arena arena) {
        return new SockExtendedErr(arena.allocate(SIZEOF, Integer.BYTES));
    }

    /// A view of memory that is there.
    ///
    /// @param segment at least [#SIZEOF] bytes, of which the first are meant
    /// @return the view
    public static SockExtendedErr of(final MemorySegment segment) {
        return new SockExtendedErr(segment);
    }

    /// The memory.
    ///
    /// @return [#SIZEOF] bytes
    public MemorySegment segment() {
        return segment;
    }

    /// Reads `ee_errno`.
    ///
    /// @return the error, positive; 0 for none
    public int errno() {
        return segment.get(U32, ERRNO);
    }

    /// Reads `ee_origin`.
    ///
    /// @return `SO_EE_ORIGIN_…`
    public int origin() {
        return Byte.toUnsignedInt(segment.get(U8, ORIGIN));
    }

    /// Reads `ee_type`.
    ///
    /// @return the type of the ICMP message
    public int type() {
        return Byte.toUnsignedInt(segment.get(U8, TYPE));
    }

    /// Reads `ee_code`.
    ///
    /// @return the code of the ICMP message, or `SO_EE_CODE_…`
    public int code() {
        return Byte.toUnsignedInt(segment.get(U8, CODE));
    }

    /// Reads `ee_info`.
    ///
    /// @return the number, unsigned
    public int info() {
        return segment.get(U32, INFO);
    }

    /// Reads `ee_data`.
    ///
    /// @return the number, unsigned
    public int data() {
        return segment.get(U32, DATA);
    }
}
