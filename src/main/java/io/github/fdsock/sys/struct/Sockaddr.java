package io.github.fdsock.sys.struct;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// `struct sockaddr` in the shapes of its families: accessors over memory that the caller owns.
///
/// ```c
/// struct sockaddr_in {            struct sockaddr_in6 {             struct sockaddr_un {
///   0 sa_family_t    sin_family;    0 sa_family_t sin6_family;        0 sa_family_t sun_family;
///   2 in_port_t      sin_port;      2 in_port_t   sin6_port;          2 char        sun_path[108];
///   4 struct in_addr sin_addr;      4 uint32_t    sin6_flowinfo;    };                     // 110 bytes
///   8 unsigned char  sin_zero[8];   8 struct in6_addr sin6_addr;
/// };            // 16 bytes        24 uint32_t    sin6_scope_id;
///                                 };               // 28 bytes
///
/// struct sockaddr_vm {            struct sockaddr_nl {              struct sockaddr_ll {
///   0 sa_family_t svm_family;       0 sa_family_t nl_family;          0 unsigned short sll_family;
///   2 uint16_t    svm_reserved1;    2 uint16_t    nl_pad;             2 __be16         sll_protocol;
///   4 uint32_t    svm_port;         4 uint32_t    nl_pid;             4 int            sll_ifindex;
///   8 uint32_t    svm_cid;          8 uint32_t    nl_groups;          8 unsigned short sll_hatype;
///  12 uint8_t     svm_flags;      };              // 12 bytes        10 unsigned char  sll_pkttype;
///  13 uint8_t     svm_zero[3];                                       11 unsigned char  sll_halen;
/// };              // 16 bytes                                        12 unsigned char  sll_addr[8];
///                                                                   };                 // 20 bytes
/// ```
///
/// Each method is named like the C field. Where C keeps a field in network order (`sin_port`, `sin_addr`,
/// `sin6_flowinfo`, `sll_protocol` and their like) the methods here take and return its *value*: the conversion is
/// done, `htons` is never needed. Unsigned fields narrower than an `int` are returned as `0..max`; unsigned 32-bit
/// fields are an `int` with the same bits.
///
/// Nothing is allocated and nothing is checked but the bounds of the segment, which need not be aligned. The methods
/// may be called from every thread that may touch the segment.
///
/// The offsets are written down here rather than asked of the generated layouts: these structs are the same on every
/// Linux, and a starting program would wait 50 ms for the first layout and up to 3 ms for each further one (JDK 25,
/// x86-64, the linker already loaded). A test compares every one of them with the layouts.
///
/// @see <a href="https://man7.org/linux/man-pages/man3/sockaddr.3type.html">sockaddr(3type)</a>
public final class Sockaddr {

    /// The size of `sa_family`, and so of the smallest address that says anything.
    public static final int SIZEOF_SA_FAMILY = 2;
    /// `sizeof(struct sockaddr_in)`.
    public static final int SIZEOF_SOCKADDR_IN = 16;
    /// `sizeof(struct sockaddr_in6)`.
    public static final int SIZEOF_SOCKADDR_IN6 = 28;
    /// `sizeof(struct sockaddr_un)`.
    public static final int SIZEOF_SOCKADDR_UN = 110;
    /// `sizeof(sun_path)`.
    public static final int SIZEOF_SUN_PATH = 108;
    /// `sizeof(struct sockaddr_vm)`.
    public static final int SIZEOF_SOCKADDR_VM = 16;
    /// `sizeof(struct sockaddr_nl)`.
    public static final int SIZEOF_SOCKADDR_NL = 12;
    /// `sizeof(struct sockaddr_ll)`.
    public static final int SIZEOF_SOCKADDR_LL = 20;
    /// `sizeof(sll_addr)`.
    public static final int SIZEOF_SLL_ADDR = 8;
    /// `sizeof(struct sockaddr_storage)`: the kernel takes and gives nothing longer.
    public static final int SIZEOF_SOCKADDR_STORAGE = 128;

    static final long SA_FAMILY = 0;
    static final long SA_DATA = 2;
    static final long SIN_PORT = 2;
    static final long SIN_ADDR = 4;
    static final long SIN_ZERO = 8;
    static final long SIN6_PORT = 2;
    static final long SIN6_FLOWINFO = 4;
    static final long SIN6_ADDR = 8;
    static final long SIN6_SCOPE_ID = 24;
    static final long SUN_PATH = 2;
    static final long SVM_RESERVED1 = 2;
    static final long SVM_PORT = 4;
    static final long SVM_CID = 8;
    static final long SVM_FLAGS = 12;
    static final long SVM_ZERO = 13;
    static final long NL_PAD = 2;
    static final long NL_PID = 4;
    static final long NL_GROUPS = 8;
    static final long SLL_PROTOCOL = 2;
    static final long SLL_IFINDEX = 4;
    static final long SLL_HATYPE = 8;
    static final long SLL_PKTTYPE = 10;
    static final long SLL_HALEN = 11;
    static final long SLL_ADDR = 12;

    // Unaligned, because an address may lie anywhere in a buffer or in an array on the heap.
    private static final ValueLayout.OfByte U8 = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED;
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfShort BE16 = U16.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt BE32 = U32.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong BE64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private Sockaddr() {
    }

    /// Checks that an address of `length` bytes fits before the first of them is written.
    ///
    /// @param sockaddr where the address is to be written
    /// @param length   its length in bytes
    /// @throws IndexOutOfBoundsException naming both lengths, if it does not fit
    public static void requireCapacity(MemorySegment sockaddr, int length) {
        if (sockaddr.byteSize() < length) {
            throw new IndexOutOfBoundsException("a socket address of " + length
                    + " bytes does not fit a segment of " + sockaddr.byteSize() + " bytes");
        }
    }

    /// Reads `sa_family`.
    ///
    /// @param sockaddr an address of any family
    /// @return the family, `AF_…`
    public static int sa_family(MemorySegment sockaddr) {
        return Short.toUnsignedInt(sockaddr.get(U16, SA_FAMILY));
    }

    /// Writes `sa_family`.
    ///
    /// @param sockaddr an address of any family
    /// @param family   the family, `AF_…`
    public static void sa_family(MemorySegment sockaddr, int family) {
        sockaddr.set(U16, SA_FAMILY, (short) family);
    }

    /// Copies out everything behind `sa_family`.
    ///
    /// @param sockaddr an address of any family
    /// @param length   the length of the whole address in bytes, at least [#SIZEOF_SA_FAMILY]
    /// @return a new array of `length - 2` bytes
    public static byte[] sa_data(MemorySegment sockaddr, int length) {
        return bytes(sockaddr, SA_DATA, length - SIZEOF_SA_FAMILY);
    }

    /// Writes everything behind `sa_family`.
    ///
    /// @param sockaddr an address of any family
    /// @param data     the bytes, all of which are written
    public static void sa_data(MemorySegment sockaddr, byte[] data) {
        bytes(sockaddr, SA_DATA, data);
    }

    /// Reads `sin_port`.
    ///
    /// @param sockaddr a `struct sockaddr_in`
    /// @return the port, `0..65535`
    public static int sin_port(MemorySegment sockaddr) {
        return Short.toUnsignedInt(sockaddr.get(BE16, SIN_PORT));
    }

    /// Writes `sin_port`.
    ///
    /// @param sockaddr a `struct sockaddr_in`
    /// @param port     the port, `0..65535`
    public static void sin_port(MemorySegment sockaddr, int port) {
        sockaddr.set(BE16, SIN_PORT, (short) port);
    }

    /// Reads `sin_addr.s_addr`.
    ///
    /// @param sockaddr a `struct sockaddr_in`
    /// @return the address, `0x7f000001` for 127.0.0.1
    public static int sin_addr(MemorySegment sockaddr) {
        return sockaddr.get(BE32, SIN_ADDR);
    }

    /// Writes `sin_addr.s_addr`.
    ///
    /// @param sockaddr a `struct sockaddr_in`
    /// @param address  the address, `0x7f000001` for 127.0.0.1
    public static void sin_addr(MemorySegment sockaddr, int address) {
        sockaddr.set(BE32, SIN_ADDR, address);
    }

    /// Clears `sin_zero`, which the kernel ignores and other programs compare.
    ///
    /// @param sockaddr a `struct sockaddr_in`
    public static void clear_sin_zero(MemorySegment sockaddr) {
        sockaddr.set(BE64, SIN_ZERO, 0);
    }

    /// Reads `sin6_port`.
    ///
    /// @param sockaddr a `struct sockaddr_in6`
    /// @return the port, `0..65535`
    public static int sin6_port(MemorySegment sockaddr) {
        return Short.toUnsignedInt(sockaddr.get(BE16, SIN6_PORT));
    }

    /// Writes `sin6_port`.
    ///
    /// @param sockaddr a `struct sockaddr_in6`
    /// @param port     the port, `0..65535`
    public static void sin6_port(MemorySegment sockaddr, int port) {
        sockaddr.set(BE16, SIN6_PORT, (short) port);
    }

    /// Reads `sin6_flowinfo`: traffic class and flow label.
    ///
    /// @param sockaddr a `struct sockaddr_in6`
    /// @return its value, the flow label in the low 20 bits
    public static int sin6_flowinfo(MemorySegment sockaddr) {
        return sockaddr.get(BE32, SIN6_FLOWINFO);
    }

    /// Writes `sin6_flowinfo`: traffic class and flow label.
    ///
    /// @param sockaddr a `struct sockaddr_in6`
    /// @param flowinfo its value, the flow label in the low 20 bits
    public static void sin6_flowinfo(MemorySegment sockaddr, int flowinfo) {
        sockaddr.set(BE32, SIN6_FLOWINFO, flowinfo);
    }

    /// Reads the first eight bytes of `sin6_addr`.
    ///
    /// @param sockaddr a `struct sockaddr_in6`
    /// @return these bytes, the first of them in the highest bits
    public static long sin6_addr_high(MemorySegment sockaddr) {
        return sockaddr.get(BE64, SIN6_ADDR);
    }

    /// Reads the last eight bytes of `sin6_addr`.
    ///
    /// @param sockaddr a `struct sockaddr_in6`
    /// @return these bytes, the last of them in the lowest bits
    public static long sin6_addr_low(MemorySegment sockaddr) {
        return sockaddr.get(BE64, SIN6_ADDR + 8);
    }

    /// Writes `sin6_addr`.
    ///
    /// @param sockaddr a `struct sockaddr_in6`
    /// @param high     the first eight bytes, the first of them in the highest bits
    /// @param low      the last eight bytes, the last of them in the lowest bits
    public static void sin6_addr(MemorySegment sockaddr, long high, long low) {
        sockaddr.set(BE64, SIN6_ADDR, high);
        sockaddr.set(BE64, SIN6_ADDR + 8, low);
    }

    /// Reads `sin6_scope_id`: the index of the interface that a link-local address belongs to.
    ///
    /// @param sockaddr a `struct sockaddr_in6`
    /// @return the index, 0 for none
    public static int sin6_scope_id(MemorySegment sockaddr) {
        return sockaddr.get(U32, SIN6_SCOPE_ID);
    }

    /// Writes `sin6_scope_id`: the index of the interface that a link-local address belongs to.
    ///
    /// @param sockaddr a `struct sockaddr_in6`
    /// @param scopeId  the index, 0 for none
    public static void sin6_scope_id(MemorySegment sockaddr, int scopeId) {
        sockaddr.set(U32, SIN6_SCOPE_ID, scopeId);
    }

    /// Reads one byte of `sun_path`.
    ///
    /// @param sockaddr a `struct sockaddr_un`
    /// @param index    which byte, `0..107`
    /// @return the byte
    public static byte sun_path(MemorySegment sockaddr, int index) {
        return sockaddr.get(U8, SUN_PATH + index);
    }

    /// Copies out a piece of `sun_path`.
    ///
    /// @param sockaddr a `struct sockaddr_un`
    /// @param index    the first byte of the piece
    /// @param length   its length in bytes
    /// @return a new array of `length` bytes
    public static byte[] sun_path(MemorySegment sockaddr, int index, int length) {
        return bytes(sockaddr, SUN_PATH + index, length);
    }

    /// Writes a piece of `sun_path`.
    ///
    /// @param sockaddr a `struct sockaddr_un`
    /// @param index    where the piece begins
    /// @param bytes    the bytes, all of which are written
    public static void sun_path(MemorySegment sockaddr, int index, byte[] bytes) {
        bytes(sockaddr, SUN_PATH + index, bytes);
    }

    /// Writes one byte of `sun_path`.
    ///
    /// @param sockaddr a `struct sockaddr_un`
    /// @param index    which byte, `0..107`
    /// @param value    the byte
    public static void sun_path(MemorySegment sockaddr, int index, byte value) {
        sockaddr.set(U8, SUN_PATH + index, value);
    }

    /// `strnlen(sun_path, limit)`: the number of bytes in front of the first NUL, which need not be there.
    ///
    /// @param sockaddr a `struct sockaddr_un`
    /// @param limit    how many bytes of `sun_path` may be looked at
    /// @return `0..limit`
    public static int sun_path_strnlen(MemorySegment sockaddr, int limit) {
        int n = 0;
        while (n < limit && sockaddr.get(U8, SUN_PATH + n) != 0) {
            n++;
        }
        return n;
    }

    /// Reads `svm_port`.
    ///
    /// @param sockaddr a `struct sockaddr_vm`
    /// @return the port, unsigned
    public static int svm_port(MemorySegment sockaddr) {
        return sockaddr.get(U32, SVM_PORT);
    }

    /// Writes `svm_port`.
    ///
    /// @param sockaddr a `struct sockaddr_vm`
    /// @param port     the port, unsigned
    public static void svm_port(MemorySegment sockaddr, int port) {
        sockaddr.set(U32, SVM_PORT, port);
    }

    /// Reads `svm_cid`.
    ///
    /// @param sockaddr a `struct sockaddr_vm`
    /// @return the context identifier, unsigned
    public static int svm_cid(MemorySegment sockaddr) {
        return sockaddr.get(U32, SVM_CID);
    }

    /// Writes `svm_cid`.
    ///
    /// @param sockaddr a `struct sockaddr_vm`
    /// @param cid      the context identifier, unsigned
    public static void svm_cid(MemorySegment sockaddr, int cid) {
        sockaddr.set(U32, SVM_CID, cid);
    }

    /// Reads `svm_flags`.
    ///
    /// @param sockaddr a `struct sockaddr_vm`
    /// @return `0..255`
    public static int svm_flags(MemorySegment sockaddr) {
        return Byte.toUnsignedInt(sockaddr.get(U8, SVM_FLAGS));
    }

    /// Writes `svm_flags`.
    ///
    /// @param sockaddr a `struct sockaddr_vm`
    /// @param flags    `0..255`
    public static void svm_flags(MemorySegment sockaddr, int flags) {
        sockaddr.set(U8, SVM_FLAGS, (byte) flags);
    }

    /// Clears `svm_reserved1` and `svm_zero`, which must be zero.
    ///
    /// @param sockaddr a `struct sockaddr_vm`
    public static void clear_svm_zero(MemorySegment sockaddr) {
        sockaddr.set(U16, SVM_RESERVED1, (short) 0);
        for (long at = SVM_ZERO; at < SIZEOF_SOCKADDR_VM; at++) {
            sockaddr.set(U8, at, (byte) 0);
        }
    }

    /// Reads `nl_pid`.
    ///
    /// @param sockaddr a `struct sockaddr_nl`
    /// @return the port, unsigned; 0 is the kernel
    public static int nl_pid(MemorySegment sockaddr) {
        return sockaddr.get(U32, NL_PID);
    }

    /// Writes `nl_pid`.
    ///
    /// @param sockaddr a `struct sockaddr_nl`
    /// @param pid      the port, unsigned; 0 is the kernel
    public static void nl_pid(MemorySegment sockaddr, int pid) {
        sockaddr.set(U32, NL_PID, pid);
    }

    /// Reads `nl_groups`.
    ///
    /// @param sockaddr a `struct sockaddr_nl`
    /// @return the mask of multicast groups
    public static int nl_groups(MemorySegment sockaddr) {
        return sockaddr.get(U32, NL_GROUPS);
    }

    /// Writes `nl_groups`.
    ///
    /// @param sockaddr a `struct sockaddr_nl`
    /// @param groups   the mask of multicast groups
    public static void nl_groups(MemorySegment sockaddr, int groups) {
        sockaddr.set(U32, NL_GROUPS, groups);
    }

    /// Clears `nl_pad`.
    ///
    /// @param sockaddr a `struct sockaddr_nl`
    public static void clear_nl_pad(MemorySegment sockaddr) {
        sockaddr.set(U16, NL_PAD, (short) 0);
    }

    /// Reads `sll_protocol`.
    ///
    /// @param sockaddr a `struct sockaddr_ll`
    /// @return the protocol, `ETH_P_…`
    public static int sll_protocol(MemorySegment sockaddr) {
        return Short.toUnsignedInt(sockaddr.get(BE16, SLL_PROTOCOL));
    }

    /// Writes `sll_protocol`.
    ///
    /// @param sockaddr a `struct sockaddr_ll`
    /// @param protocol the protocol, `ETH_P_…`
    public static void sll_protocol(MemorySegment sockaddr, int protocol) {
        sockaddr.set(BE16, SLL_PROTOCOL, (short) protocol);
    }

    /// Reads `sll_ifindex`.
    ///
    /// @param sockaddr a `struct sockaddr_ll`
    /// @return the interface's index, 0 for any
    public static int sll_ifindex(MemorySegment sockaddr) {
        return sockaddr.get(U32, SLL_IFINDEX);
    }

    /// Writes `sll_ifindex`.
    ///
    /// @param sockaddr       a `struct sockaddr_ll`
    /// @param interfaceIndex the interface's index, 0 for any
    public static void sll_ifindex(MemorySegment sockaddr, int interfaceIndex) {
        sockaddr.set(U32, SLL_IFINDEX, interfaceIndex);
    }

    /// Reads `sll_hatype`.
    ///
    /// @param sockaddr a `struct sockaddr_ll`
    /// @return the type of hardware, `ARPHRD_…`
    public static int sll_hatype(MemorySegment sockaddr) {
        return Short.toUnsignedInt(sockaddr.get(U16, SLL_HATYPE));
    }

    /// Writes `sll_hatype`.
    ///
    /// @param sockaddr     a `struct sockaddr_ll`
    /// @param hardwareType the type of hardware, `ARPHRD_…`
    public static void sll_hatype(MemorySegment sockaddr, int hardwareType) {
        sockaddr.set(U16, SLL_HATYPE, (short) hardwareType);
    }

    /// Reads `sll_pkttype`.
    ///
    /// @param sockaddr a `struct sockaddr_ll`
    /// @return the type of packet, `PACKET_…`
    public static int sll_pkttype(MemorySegment sockaddr) {
        return Byte.toUnsignedInt(sockaddr.get(U8, SLL_PKTTYPE));
    }

    /// Writes `sll_pkttype`.
    ///
    /// @param sockaddr   a `struct sockaddr_ll`
    /// @param packetType the type of packet, `PACKET_…`
    public static void sll_pkttype(MemorySegment sockaddr, int packetType) {
        sockaddr.set(U8, SLL_PKTTYPE, (byte) packetType);
    }

    /// Reads `sll_halen`.
    ///
    /// @param sockaddr a `struct sockaddr_ll`
    /// @return the length of the hardware address in bytes, which may be more than [#SIZEOF_SLL_ADDR]
    public static int sll_halen(MemorySegment sockaddr) {
        return Byte.toUnsignedInt(sockaddr.get(U8, SLL_HALEN));
    }

    /// Copies out the first bytes of `sll_addr`.
    ///
    /// @param sockaddr a `struct sockaddr_ll`
    /// @param length   how many bytes
    /// @return a new array of `length` bytes
    public static byte[] sll_addr(MemorySegment sockaddr, int length) {
        return bytes(sockaddr, SLL_ADDR, length);
    }

    /// Writes `sll_halen` and `sll_addr`, and clears what the address leaves of the latter.
    ///
    /// @param sockaddr a `struct sockaddr_ll`
    /// @param address  the hardware address, at most [#SIZEOF_SLL_ADDR] bytes
    public static void sll_addr(MemorySegment sockaddr, byte[] address) {
        sockaddr.set(U8, SLL_HALEN, (byte) address.length);
        sockaddr.set(BE64, SLL_ADDR, 0);
        bytes(sockaddr, SLL_ADDR, address);
    }

    private static byte[] bytes(MemorySegment from, long offset, int length) {
        byte[] bytes = new byte[length];
        MemorySegment.copy(from, U8, offset, bytes, 0, length);
        return bytes;
    }

    private static void bytes(MemorySegment to, long offset, byte[] bytes) {
        MemorySegment.copy(bytes, 0, to, U8, offset, bytes.length);
    }
}
