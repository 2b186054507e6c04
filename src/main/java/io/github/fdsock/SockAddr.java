package io.github.fdsock;

import static io.github.fdsock.sys.Constants.AF_INET;
import static io.github.fdsock.sys.Constants.AF_INET6;
import static io.github.fdsock.sys.Constants.AF_NETLINK;
import static io.github.fdsock.sys.Constants.AF_PACKET;
import static io.github.fdsock.sys.Constants.AF_UNIX;
import static io.github.fdsock.sys.Constants.AF_UNSPEC;
import static io.github.fdsock.sys.Constants.AF_VSOCK;

import io.github.fdsock.sys.struct.Sockaddr;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;

/// `struct sockaddr` — the address of a socket, of any family.
///
/// An address is an immutable value: two are equal if their families and all their fields are, whatever arrays they
/// were made from, and arrays are copied on the way in and on the way out. Addresses may be shared between threads.
///
/// **Lengths are exact.** [#length] is what belongs into the `addrlen` argument of `bind(2)` and `connect(2)`. This
/// matters most for `AF_UNIX`, where the length is part of an abstract name. Nothing is ever cut off to make it fit:
/// what cannot be an address is refused when the object is made, by an [IllegalArgumentException] that names the value.
///
/// **No names are resolved** here, and no system call is made, but for one: the name of an interface in an IPv6 zone
/// (`fe80::1%eth0`) is looked up.
///
/// **Unsigned 32-bit fields** (scope, flow information, vsock's port and context, netlink's port and groups) are an
/// `int` with the same bits, so that constants such as `VMADDR_CID_ANY` fit; texts show them unsigned.
///
/// **Text.** `toString` prints an address as it is written behind the colon of an [Endpoint]: `127.0.0.1:7000`,
/// `[fe80::1%2]:80`, `/run/x.sock`, `@abstract`, `(unnamed)`. In UNIX paths and abstract names a byte that is not part
/// of a printable character is written `\x00` in hexadecimal and a backslash is written twice; so is (`\x40`, `\x28`)
/// an `@` or `(` that begins a path, since these say what kind of address follows. Other families carry their name:
/// `vsock:2:1234`.
///
/// @see <a href="https://man7.org/linux/man-pages/man3/sockaddr.3type.html">sockaddr(3type)</a>
/// @see Endpoint
public sealed interface SockAddr {

    /// `sizeof(struct sockaddr_storage)`: a segment of so many bytes has room for every address.
    int MAX_LENGTH = Sockaddr.SIZEOF_SOCKADDR_STORAGE;

    /// The address family, `sa_family`.
    ///
    /// @return `AF_INET`, `AF_UNIX`, …
    int family();

    /// The exact length of the encoded address in bytes: the `addrlen` of `bind(2)`, `connect(2)` and `sendto(2)`.
    ///
    /// @return the length, 2 to [#MAX_LENGTH]
    int length();

    /// Writes the address as the kernel reads it. Only the first [#length] bytes are written, all of them; nothing is
    /// allocated.
    ///
    /// @param to the memory to write to, of any alignment
    /// @return [#length], to be passed on with the memory
    /// @throws IndexOutOfBoundsException if `to` is shorter than that; nothing has been written then
    int encode(MemorySegment to);

    /// Encodes the address into new memory of exactly its length, for the calls of [io.github.fdsock.sys].
    ///
    /// @param allocator where the memory comes from, and so whose life it has
    /// @return the encoded address, aligned as a `struct sockaddr_storage`
    default MemorySegment toSegment(SegmentAllocator allocator) {
        MemorySegment segment = allocator.allocate(length(), Long.BYTES);
        encode(segment);
        return segment;
    }

    /// Reads an address that the kernel wrote, or that somebody is about to give to it.
    ///
    /// Whatever the bytes, this does not fail and reads nothing beyond `from` or beyond `length`:
    ///
    /// - A length below 2 is no address: `null`. The kernel reports 0 where it has nothing to say, as `recvfrom(2)`
    ///   does for a message from an unbound UNIX socket, and on TCP.
    /// - The kernel may report a length beyond the memory that it was given; the address has been cut off then. Its one
    ///   harmless case is a UNIX path of 108 bytes, reported as 111 although a `struct sockaddr_un` has 110 and holds
    ///   all of it. A UNIX address of which bytes are really missing is not passed off as another path: it becomes
    ///   [Raw].
    /// - A UNIX path ends at its first NUL or where the bytes end. An abstract name has the bytes that the length says.
    /// - An address of an unknown family, or one that is too short or too long for its family, becomes [Raw] with the
    ///   bytes that are there, at most 126.
    /// - Bytes behind a complete `AF_INET`, `AF_INET6`, `AF_VSOCK`, `AF_NETLINK` or `AF_PACKET` address are ignored, as
    ///   the kernel ignores them.
    ///
    /// @param from   where the address begins
    /// @param length its length in bytes, as the kernel reported it
    /// @return the address, or `null` if the length says that there is none
    static SockAddr decode(MemorySegment from, int length) {
        Objects.requireNonNull(from, "from");
        int available = (int) Math.min(Math.min(length, MAX_LENGTH), from.byteSize());
        if (available < Sockaddr.SIZEOF_SA_FAMILY) {
            return null;
        }
        int family = Sockaddr.sa_family(from);
        switch (family) {
            case AF_INET -> {
                if (available >= Sockaddr.SIZEOF_SOCKADDR_IN) {
                    return new Inet4(Sockaddr.sin_addr(from), Sockaddr.sin_port(from));
                }
            }
            case AF_INET6 -> {
                if (available >= Sockaddr.SIZEOF_SOCKADDR_IN6) {
                    return new Inet6(Sockaddr.sin6_addr_high(from), Sockaddr.sin6_addr_low(from),
                            Sockaddr.sin6_port(from), Sockaddr.sin6_flowinfo(from), Sockaddr.sin6_scope_id(from));
                }
            }
            case AF_UNIX -> {
                // 111 is the longest that the kernel reports: a path of 108 bytes and the NUL that it counts with it.
                boolean complete = length <= available || available >= Sockaddr.SIZEOF_SOCKADDR_UN;
                if (complete && length <= Sockaddr.SIZEOF_SOCKADDR_UN + 1) {
                    int pathLength = Math.min(length, Sockaddr.SIZEOF_SOCKADDR_UN) - Sockaddr.SIZEOF_SA_FAMILY;
                    if (pathLength == 0) {
                        return UnixUnnamed.INSTANCE;
                    }
                    if (Sockaddr.sun_path(from, 0) != 0) {
                        int end = Sockaddr.sun_path_strnlen(from, pathLength);
                        return new UnixPath(Sockaddr.sun_path(from, 0, end));
                    }
                    if (length <= Sockaddr.SIZEOF_SOCKADDR_UN) {
                        return new UnixAbstract(Sockaddr.sun_path(from, 1, pathLength - 1));
                    }
                }
            }
            case AF_VSOCK -> {
                if (available >= Sockaddr.SIZEOF_SOCKADDR_VM) {
                    return new Vsock(Sockaddr.svm_cid(from), Sockaddr.svm_port(from), Sockaddr.svm_flags(from));
                }
            }
            case AF_NETLINK -> {
                if (available >= Sockaddr.SIZEOF_SOCKADDR_NL) {
                    return new Netlink(Sockaddr.nl_pid(from), Sockaddr.nl_groups(from));
                }
            }
            case AF_PACKET -> {
                // The kernel counts only as many bytes of sll_addr as sll_halen says.
                int header = Sockaddr.SIZEOF_SOCKADDR_LL - Sockaddr.SIZEOF_SLL_ADDR;
                if (available >= header) {
                    int addressLength = Sockaddr.sll_halen(from);
                    if (addressLength <= Sockaddr.SIZEOF_SLL_ADDR && available >= header + addressLength) {
                        return new Packet(Sockaddr.sll_protocol(from), Sockaddr.sll_ifindex(from),
                                Sockaddr.sll_hatype(from), Sockaddr.sll_pkttype(from),
                                Sockaddr.sll_addr(from, addressLength));
                    }
                }
            }
            case AF_UNSPEC -> {
                if (length == Sockaddr.SIZEOF_SA_FAMILY) {
                    return Unspec.INSTANCE;
                }
            }
            default -> { }
        }
        return new Raw(family, Sockaddr.sa_data(from, available));
    }

    // ---- IP

    /// An IPv4 or IPv6 address from a literal, as in `inet("127.0.0.1", 80)` and `inet("fe80::1%eth0", 80)`.
    ///
    /// Names are never resolved: `localhost` is refused. IPv4 is four decimal numbers, nothing shorter and nothing
    /// octal. IPv6 is written without brackets; its zone is the name or the index of an interface of this machine.
    ///
    /// @param literal the address
    /// @param port    the port, `0..65535`
    /// @return the address
    /// @throws IllegalArgumentException if `literal` is no such literal, its interface does not exist, or the port is
    ///                                  out of range
    static Inet inet(String literal, int port) {
        return new AddressText(Objects.requireNonNull(literal, "literal")).inetLiteral(requirePort(port));
    }

    /// An IPv4 address from its bytes.
    ///
    /// @param address four bytes
    /// @param port    the port, `0..65535`
    /// @return the address
    static Inet4 inet4(byte[] address, int port) {
        requireBytes("an IPv4 address", address, 4);
        return new Inet4((int) bigEndian(address, 0, 4), port);
    }

    /// An IPv6 address from its bytes, without scope and flow information.
    ///
    /// @param address sixteen bytes
    /// @param port    the port, `0..65535`
    /// @return the address
    static Inet6 inet6(byte[] address, int port) {
        return inet6(address, port, 0, 0);
    }

    /// An IPv6 address from its bytes.
    ///
    /// @param address  sixteen bytes
    /// @param port     the port, `0..65535`
    /// @param flowinfo traffic class and flow label, 0 for none
    /// @param scopeId  the index of the interface that a link-local address belongs to, 0 for none
    /// @return the address
    static Inet6 inet6(byte[] address, int port, int flowinfo, int scopeId) {
        requireBytes("an IPv6 address", address, 16);
        return new Inet6(bigEndian(address, 0, 8), bigEndian(address, 8, 8), port, flowinfo, scopeId);
    }

    /// `INADDR_ANY`: all IPv4 addresses of this machine, for `bind`.
    ///
    /// @param port the port, `0..65535`, 0 for one that the kernel chooses
    /// @return `0.0.0.0:port`
    static Inet4 anyInet4(int port) {
        return new Inet4(0, port);
    }

    /// `in6addr_any`: all IPv6 addresses of this machine, for `bind`; the IPv4 ones too unless `IPV6_V6ONLY` is set.
    ///
    /// @param port the port, `0..65535`, 0 for one that the kernel chooses
    /// @return `[::]:port`
    static Inet6 anyInet6(int port) {
        return new Inet6(0, 0, port, 0, 0);
    }

    /// `INADDR_LOOPBACK`.
    ///
    /// @param port the port, `0..65535`
    /// @return `127.0.0.1:port`
    static Inet4 loopbackInet4(int port) {
        return new Inet4(0x7f000001, port);
    }

    /// `in6addr_loopback`.
    ///
    /// @param port the port, `0..65535`
    /// @return `[::1]:port`
    static Inet6 loopbackInet6(int port) {
        return new Inet6(0, 1, port, 0, 0);
    }

    // ---- UNIX

    /// A path of the file system, encoded as the JDK encodes file names (the charset of `sun.jnu.encoding`).
    ///
    /// The text is taken as it is: nothing is unescaped, and a leading `@` is part of the path.
    ///
    /// @param path the path, 1 to 108 bytes when encoded
    /// @return the address
    /// @throws IllegalArgumentException if it is empty or too long, contains NUL, or cannot be encoded
    static UnixPath unix(String path) {
        Objects.requireNonNull(path, "path");
        return new UnixPath(AddressText.encode(path, AddressText.FILE_NAMES));
    }

    /// A path of the file system, byte by byte.
    ///
    /// @param path the path, 1 to 108 bytes
    /// @return the address
    /// @throws IllegalArgumentException if it is empty or too long, or contains NUL
    static UnixPath unix(byte[] path) {
        return new UnixPath(path);
    }

    /// A path of the default file system. A relative path stays relative.
    ///
    /// @param path the path, 1 to 108 bytes when encoded
    /// @return the address
    /// @throws IllegalArgumentException if it is empty or too long, is not one of the default file system, or has bytes
    ///                                  that its text does not show, so that only [#unix(byte[])] can name it
    static UnixPath unix(Path path) {
        Objects.requireNonNull(path, "path");
        String text = path.toString();
        if (path.getFileSystem() != FileSystems.getDefault()) {
            throw new IllegalArgumentException("not a path of the default file system: " + path.toUri());
        }
        UnixPath address = unix(text);
        if (!Path.of(text).equals(path)) {
            throw new IllegalArgumentException("a path with bytes that are no " + AddressText.FILE_NAMES
                    + " text must be given as bytes: " + path.toUri());
        }
        return address;
    }

    /// A name in the abstract namespace, in UTF-8. Characters of any value, NUL included, are part of the name.
    ///
    /// @param name the name without the NUL in front of it, at most 107 bytes when encoded
    /// @return the address in the tight form; see [UnixAbstract#padded] for the other
    /// @throws IllegalArgumentException if it is too long or is no valid UTF-16
    static UnixAbstract unixAbstract(String name) {
        Objects.requireNonNull(name, "name");
        return new UnixAbstract(AddressText.encode(name, StandardCharsets.UTF_8));
    }

    /// A name in the abstract namespace, byte by byte.
    ///
    /// @param name the name without the NUL in front of it, at most 107 bytes
    /// @return the address in the tight form; see [UnixAbstract#padded] for the other
    /// @throws IllegalArgumentException if it is too long
    static UnixAbstract unixAbstract(byte[] name) {
        return new UnixAbstract(name);
    }

    /// The address of a UNIX socket that is not bound.
    ///
    /// @return the address
    static UnixUnnamed unixUnnamed() {
        return UnixUnnamed.INSTANCE;
    }

    /// The request to `bind(2)` that the kernel choose an abstract name (`@` and five hexadecimal digits).
    ///
    /// To the kernel this is the unnamed address, so the two are equal and print alike. The name is learned by
    /// `getsockname(2)`.
    ///
    /// @return the address
    static UnixUnnamed unixAutobind() {
        return UnixUnnamed.INSTANCE;
    }

    // ---- other families

    /// An address of a virtual machine or its host, without flags.
    ///
    /// @param cid  the context identifier: `VMADDR_CID_HOST`, `VMADDR_CID_ANY`, …
    /// @param port the port, unsigned; `VMADDR_PORT_ANY` for one that the kernel chooses
    /// @return the address
    static Vsock vsock(int cid, int port) {
        return new Vsock(cid, port, 0);
    }

    /// A netlink address.
    ///
    /// @param pid    the port, unsigned; 0 is the kernel, or in `bind(2)` one that the kernel chooses
    /// @param groups the mask of multicast groups
    /// @return the address
    static Netlink netlink(int pid, int groups) {
        return new Netlink(pid, groups);
    }

    /// A link-layer address as `bind(2)` wants it: a protocol and an interface.
    ///
    /// @param protocol       `ETH_P_…`, `0..65535`, as the number that it is: it is put into network order here
    /// @param interfaceIndex the interface, 0 for all
    /// @return the address
    static Packet packet(int protocol, int interfaceIndex) {
        return new Packet(protocol, interfaceIndex, 0, 0, new byte[0]);
    }

    /// A link-layer address with all its fields.
    ///
    /// @param protocol        `ETH_P_…`, `0..65535`, as the number that it is: it is put into network order here
    /// @param interfaceIndex  the interface, 0 for all
    /// @param hardwareType    `ARPHRD_…`, `0..65535`
    /// @param packetType      `PACKET_…`, `0..255`
    /// @param hardwareAddress 0 to 8 bytes
    /// @return the address
    static Packet packet(int protocol, int interfaceIndex, int hardwareType, int packetType, byte[] hardwareAddress) {
        return new Packet(protocol, interfaceIndex, hardwareType, packetType, hardwareAddress);
    }

    /// `AF_UNSPEC`: connecting a datagram socket to it dissolves its connection.
    ///
    /// @return the address
    static Unspec unspec() {
        return Unspec.INSTANCE;
    }

    /// An address of any family, given as bytes, which nobody looks at: whether it is one is the kernel's to judge.
    ///
    /// @param family `AF_…`, `0..65535`
    /// @param data   what follows `sa_family`, at most 126 bytes
    /// @return the address, which is equal to no address of another type, whatever its bytes
    static Raw raw(int family, byte[] data) {
        return new Raw(family, data);
    }

    // ---- java.net

    /// The address that `java.net` calls `address`: an [InetSocketAddress] or a [UnixDomainSocketAddress].
    ///
    /// The scope of an IPv6 address is kept, its host name is not. The UNIX address with the empty path is the unnamed
    /// one.
    ///
    /// @param address the address
    /// @return the same address
    /// @throws IllegalArgumentException if it is unresolved, of another class, or a path of more than 108 bytes
    static SockAddr of(SocketAddress address) {
        Objects.requireNonNull(address, "address");
        if (address instanceof InetSocketAddress inet) {
            InetAddress ip = inet.getAddress();
            if (ip instanceof Inet4Address) {
                return inet4(ip.getAddress(), inet.getPort());
            }
            if (ip instanceof Inet6Address ip6) {
                return inet6(ip6.getAddress(), inet.getPort(), 0, ip6.getScopeId());
            }
            throw new IllegalArgumentException("unresolved, and names are not resolved here: " + address);
        }
        if (address instanceof UnixDomainSocketAddress unix) {
            return unix.getPath().toString().isEmpty() ? UnixUnnamed.INSTANCE : unix(unix.getPath());
        }
        throw new IllegalArgumentException("not an IP or UNIX address: " + address + " (" + address.getClass().getName()
                + ")");
    }

    /// This address as `java.net` has it: an [InetSocketAddress] or a [UnixDomainSocketAddress].
    ///
    /// What is returned says all that this address says, so that [#of] leads back to it. The unnamed UNIX address
    /// becomes the one with the empty path.
    ///
    /// @return the address
    /// @throws UnsupportedOperationException naming the address, if `java.net` cannot say it: one of another family, an
    ///                                       abstract name, an IPv6 address with flow information or with a scope above
    ///                                       2^31-1, a path that is no text in the charset of file names or that `Path`
    ///                                       writes in another way (`/a//b`)
    default SocketAddress toSocketAddress() {
        throw new UnsupportedOperationException("java.net has no address such as " + this);
    }

    /// An Internet address: [Inet4] or [Inet6].
    sealed interface Inet extends SockAddr {

        /// The port.
        ///
        /// @return `0..65535`
        int port();

        /// The bytes of the IP address, in network order.
        ///
        /// @return a new array of 4 or 16 bytes
        byte[] addressBytes();

        /// The same address with another port.
        ///
        /// @param port the port, `0..65535`
        /// @return the address
        Inet withPort(int port);

        /// Whether the IP address lies in a network: whether it begins with the same `prefixLength` bits.
        ///
        /// `peer.isIn(SockAddr.inet("10.0.0.0", 0), 8)` is what is written `10.0.0.0/8`. An IPv4 address and the IPv6
        /// address that it is mapped to (`::ffff:10.1.2.3`) are the same here, on either side: so `10.0.0.0/8` has the
        /// mapped address in it too, which is what a socket for both families reports, and `::/0` has them all. Ports,
        /// scopes and flow information, and what the network's address has behind the prefix, are not looked at.
        ///
        /// Nothing is allocated.
        ///
        /// @param network      an address of the network
        /// @param prefixLength how many of its bits count: 0 to 32 of an [Inet4], 0 to 128 of an [Inet6]
        /// @return whether it does
        /// @throws IllegalArgumentException if the prefix is out of range
        default boolean isIn(Inet network, int prefixLength) {
            Objects.requireNonNull(network, "network");
            // Both as IPv6 addresses, where those of IPv4 have 96 bits before their own.
            int prefix = network instanceof Inet4
                    ? 96 + requireRange("the prefix length of an IPv4 network", prefixLength, 32)
                    : requireRange("the prefix length of an IPv6 network", prefixLength, 128);
            long high = high(this) ^ high(network);
            if (prefix <= 64) {
                return prefix == 0 || high >>> 64 - prefix == 0;
            }
            return high == 0 && (low(this) ^ low(network)) >>> 128 - prefix == 0;
        }
    }

    /// An `AF_UNIX` address: [UnixPath], [UnixAbstract] or [UnixUnnamed].
    ///
    /// @see <a href="https://man7.org/linux/man-pages/man7/unix.7.html">unix(7)</a>
    sealed interface Unix extends SockAddr {

        @Override
        default int family() {
            return AF_UNIX;
        }
    }

    /// `struct sockaddr_in`.
    ///
    /// @param address the IP address, `0x7f000001` for 127.0.0.1
    /// @param port    the port, `0..65535`
    /// @see <a href="https://man7.org/linux/man-pages/man7/ip.7.html">ip(7)</a>
    record Inet4(int address, int port) implements Inet {

        /// Checks the port.
        public Inet4 {
            requirePort(port);
        }

        @Override
        public byte[] addressBytes() {
            byte[] bytes = new byte[4];
            bigEndian(address, bytes, 0, 4);
            return bytes;
        }

        @Override
        public Inet4 withPort(int port) {
            return new Inet4(address, port);
        }

        @Override
        public int family() {
            return AF_INET;
        }

        @Override
        public int length() {
            return Sockaddr.SIZEOF_SOCKADDR_IN;
        }

        @Override
        public int encode(MemorySegment to) {
            Sockaddr.requireCapacity(to, Sockaddr.SIZEOF_SOCKADDR_IN);
            Sockaddr.sa_family(to, AF_INET);
            Sockaddr.sin_port(to, port);
            Sockaddr.sin_addr(to, address);
            Sockaddr.clear_sin_zero(to);
            return Sockaddr.SIZEOF_SOCKADDR_IN;
        }

        @Override
        public InetSocketAddress toSocketAddress() {
            try {
                return new InetSocketAddress(InetAddress.getByAddress(addressBytes()), port);
            } catch (UnknownHostException impossible) {
                throw new AssertionError("four bytes are an IPv4 address", impossible);
            }
        }

        @Override
        public String toString() {
            return AddressText.inet4(new StringBuilder(21), address).append(':').append(port).toString();
        }
    }

    /// `struct sockaddr_in6`.
    ///
    /// @param high     the first eight bytes of the IP address
    /// @param low      the last eight bytes of the IP address
    /// @param port     the port, `0..65535`
    /// @param flowinfo traffic class and flow label, 0 for none
    /// @param scopeId  the index of the interface that a link-local address belongs to, 0 for none
    /// @see <a href="https://man7.org/linux/man-pages/man7/ipv6.7.html">ipv6(7)</a>
    record Inet6(long high, long low, int port, int flowinfo, int scopeId) implements Inet {

        /// Checks the port.
        public Inet6 {
            requirePort(port);
        }

        @Override
        public byte[] addressBytes() {
            byte[] bytes = new byte[16];
            bigEndian(high, bytes, 0, 8);
            bigEndian(low, bytes, 8, 8);
            return bytes;
        }

        @Override
        public Inet6 withPort(int port) {
            return new Inet6(high, low, port, flowinfo, scopeId);
        }

        @Override
        public int family() {
            return AF_INET6;
        }

        @Override
        public int length() {
            return Sockaddr.SIZEOF_SOCKADDR_IN6;
        }

        @Override
        public int encode(MemorySegment to) {
            Sockaddr.requireCapacity(to, Sockaddr.SIZEOF_SOCKADDR_IN6);
            Sockaddr.sa_family(to, AF_INET6);
            Sockaddr.sin6_port(to, port);
            Sockaddr.sin6_flowinfo(to, flowinfo);
            Sockaddr.sin6_addr(to, high, low);
            Sockaddr.sin6_scope_id(to, scopeId);
            return Sockaddr.SIZEOF_SOCKADDR_IN6;
        }

        @Override
        public InetSocketAddress toSocketAddress() {
            if (flowinfo != 0 || scopeId < 0) {
                throw new UnsupportedOperationException("java.net has no address such as " + this);
            }
            try {
                // Not InetAddress.getByAddress, which makes an IPv4 address of ::ffff:1.2.3.4. -1 means no scope there.
                return new InetSocketAddress(
                        Inet6Address.getByAddress(null, addressBytes(), scopeId == 0 ? -1 : scopeId), port);
            } catch (UnknownHostException impossible) {
                throw new AssertionError("sixteen bytes are an IPv6 address", impossible);
            }
        }

        @Override
        public String toString() {
            StringBuilder out = AddressText.inet6(new StringBuilder(64).append('['), high, low);
            if (scopeId != 0) {
                out.append('%').append(Integer.toUnsignedString(scopeId));
            }
            out.append("]:").append(port);
            if (flowinfo != 0) {
                out.append(AddressText.FLOWINFO).append(Integer.toHexString(flowinfo));
            }
            return out.toString();
        }
    }

    /// `struct sockaddr_un` with a path of the file system.
    ///
    /// A path of up to 107 bytes is encoded with a NUL behind it that the length counts, as unix(7) advises and
    /// `getsockname(2)` reports. One of 108 bytes fills `sun_path` and has no room for the NUL; Linux takes it all the
    /// same.
    ///
    /// @param path the path, 1 to 108 bytes, none of them NUL
    /// @see <a href="https://man7.org/linux/man-pages/man7/unix.7.html">unix(7)</a>
    record UnixPath(byte[] path) implements Unix {

        /// Copies and checks the path.
        public UnixPath {
            path = Objects.requireNonNull(path, "path").clone();
            if (path.length == 0) {
                throw new IllegalArgumentException("the path of a UNIX socket is empty");
            }
            if (path.length > Sockaddr.SIZEOF_SUN_PATH) {
                throw new IllegalArgumentException("the path of a UNIX socket has at most " + Sockaddr.SIZEOF_SUN_PATH
                        + " bytes, not " + path.length + ": " + AddressText.unixPath(path));
            }
            if (AddressText.contains(path, (byte) 0)) {
                throw new IllegalArgumentException("NUL in the path of a UNIX socket: " + AddressText.unixPath(path));
            }
        }

        /// The path.
        ///
        /// @return a new array
        @Override
        public byte[] path() {
            return path.clone();
        }

        /// The path for use with [java.nio.file.Files], for example to remove the socket.
        ///
        /// @return the path; repeated slashes and one at the end are gone, as in every `Path`
        /// @throws UnsupportedOperationException if its bytes are no text in the charset of file names, so that the JDK
        ///                                       would name another file
        public Path toPath() {
            String text = AddressText.decode(path, AddressText.FILE_NAMES);
            if (text == null) {
                throw new UnsupportedOperationException("java.nio has no path such as " + this);
            }
            return Path.of(text);
        }

        @Override
        public int length() {
            return Sockaddr.SIZEOF_SA_FAMILY + Math.min(path.length + 1, Sockaddr.SIZEOF_SUN_PATH);
        }

        @Override
        public int encode(MemorySegment to) {
            int length = length();
            Sockaddr.requireCapacity(to, length);
            Sockaddr.sa_family(to, AF_UNIX);
            Sockaddr.sun_path(to, 0, path);
            if (path.length < Sockaddr.SIZEOF_SUN_PATH) {
                Sockaddr.sun_path(to, path.length, (byte) 0);
            }
            return length;
        }

        @Override
        public UnixDomainSocketAddress toSocketAddress() {
            UnixDomainSocketAddress address = UnixDomainSocketAddress.of(toPath());
            if (!equals(of(address))) {
                throw new UnsupportedOperationException("java.net has no address such as " + this);
            }
            return address;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof UnixPath that && Arrays.equals(path, that.path);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(path);
        }

        @Override
        public String toString() {
            return AddressText.unixPath(path);
        }
    }

    /// `struct sockaddr_un` with a name in the abstract namespace.
    ///
    /// The name is all the bytes that the length of the address covers behind the leading NUL; NULs in it are data. So
    /// `name` and `name` with NULs behind it are different addresses.
    ///
    /// @param name the name without the leading NUL, 0 to 107 bytes
    /// @see <a href="https://man7.org/linux/man-pages/man7/unix.7.html">unix(7)</a>
    record UnixAbstract(byte[] name) implements Unix {

        private static final int MAX_NAME = Sockaddr.SIZEOF_SUN_PATH - 1;

        /// Copies and checks the name.
        public UnixAbstract {
            name = Objects.requireNonNull(name, "name").clone();
            if (name.length > MAX_NAME) {
                throw new IllegalArgumentException("an abstract name has at most " + MAX_NAME + " bytes, not "
                        + name.length + ": " + AddressText.unixAbstract(name));
            }
        }

        /// The name.
        ///
        /// @return a new array
        @Override
        public byte[] name() {
            return name.clone();
        }

        /// The name filled up with NULs to 107 bytes: what it is called by programs that pass `sizeof(struct
        /// sockaddr_un)` for the length, whatever the name. To the kernel that is another address.
        ///
        /// @return the address of 110 bytes that begins like this one
        public UnixAbstract padded() {
            return name.length == MAX_NAME ? this : new UnixAbstract(Arrays.copyOf(name, MAX_NAME));
        }

        @Override
        public int length() {
            return Sockaddr.SIZEOF_SA_FAMILY + 1 + name.length;
        }

        @Override
        public int encode(MemorySegment to) {
            int length = length();
            Sockaddr.requireCapacity(to, length);
            Sockaddr.sa_family(to, AF_UNIX);
            Sockaddr.sun_path(to, 0, (byte) 0);
            Sockaddr.sun_path(to, 1, name);
            return length;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof UnixAbstract that && Arrays.equals(name, that.name);
        }

        @Override
        public int hashCode() {
            return ~Arrays.hashCode(name);
        }

        @Override
        public String toString() {
            return AddressText.unixAbstract(name);
        }
    }

    /// `struct sockaddr_un` of which only `sun_family` is there: the name of a UNIX socket that is not bound, and in
    /// `bind(2)` the request for an abstract name of the kernel's choice.
    record UnixUnnamed() implements Unix {

        private static final UnixUnnamed INSTANCE = new UnixUnnamed();

        @Override
        public int length() {
            return Sockaddr.SIZEOF_SA_FAMILY;
        }

        @Override
        public int encode(MemorySegment to) {
            Sockaddr.requireCapacity(to, Sockaddr.SIZEOF_SA_FAMILY);
            Sockaddr.sa_family(to, AF_UNIX);
            return Sockaddr.SIZEOF_SA_FAMILY;
        }

        @Override
        public UnixDomainSocketAddress toSocketAddress() {
            return UnixDomainSocketAddress.of("");
        }

        @Override
        public String toString() {
            return AddressText.UNNAMED;
        }
    }

    /// `struct sockaddr_vm`.
    ///
    /// @param cid   the context identifier, unsigned
    /// @param port  the port, unsigned
    /// @param flags `VMADDR_FLAG_…`, `0..255`
    /// @see <a href="https://man7.org/linux/man-pages/man7/vsock.7.html">vsock(7)</a>
    record Vsock(int cid, int port, int flags) implements SockAddr {

        /// Checks the flags.
        public Vsock {
            requireRange("the flags of a vsock address", flags, 0xff);
        }

        @Override
        public int family() {
            return AF_VSOCK;
        }

        @Override
        public int length() {
            return Sockaddr.SIZEOF_SOCKADDR_VM;
        }

        @Override
        public int encode(MemorySegment to) {
            Sockaddr.requireCapacity(to, Sockaddr.SIZEOF_SOCKADDR_VM);
            Sockaddr.sa_family(to, AF_VSOCK);
            Sockaddr.svm_port(to, port);
            Sockaddr.svm_cid(to, cid);
            Sockaddr.clear_svm_zero(to);
            Sockaddr.svm_flags(to, flags);
            return Sockaddr.SIZEOF_SOCKADDR_VM;
        }

        @Override
        public String toString() {
            StringBuilder out = new StringBuilder(AddressText.VSOCK).append(Integer.toUnsignedString(cid)).append(':')
                    .append(Integer.toUnsignedString(port));
            if (flags != 0) {
                out.append(AddressText.FLAGS).append(Integer.toHexString(flags));
            }
            return out.toString();
        }
    }

    /// `struct sockaddr_nl`. It prints as `netlink:PID:GROUPS`, the groups in hexadecimal.
    ///
    /// @param pid    the port, unsigned
    /// @param groups the mask of multicast groups
    /// @see <a href="https://man7.org/linux/man-pages/man7/netlink.7.html">netlink(7)</a>
    record Netlink(int pid, int groups) implements SockAddr {

        @Override
        public int family() {
            return AF_NETLINK;
        }

        @Override
        public int length() {
            return Sockaddr.SIZEOF_SOCKADDR_NL;
        }

        @Override
        public int encode(MemorySegment to) {
            Sockaddr.requireCapacity(to, Sockaddr.SIZEOF_SOCKADDR_NL);
            Sockaddr.sa_family(to, AF_NETLINK);
            Sockaddr.clear_nl_pad(to);
            Sockaddr.nl_pid(to, pid);
            Sockaddr.nl_groups(to, groups);
            return Sockaddr.SIZEOF_SOCKADDR_NL;
        }

        @Override
        public String toString() {
            return "netlink:" + Integer.toUnsignedString(pid) + ":0x" + Integer.toHexString(groups);
        }
    }

    /// `struct sockaddr_ll`. It prints as `packet:INTERFACE:PROTOCOL`, followed by the other fields that are set.
    ///
    /// The encoded address always has 20 bytes, as `bind(2)` demands; the kernel reports one without the unused bytes
    /// of the hardware address. Addresses of hardware with more than 8 bytes are [Raw].
    ///
    /// @param protocol        `ETH_P_…`, `0..65535`, as the number that it is, not in network order
    /// @param interfaceIndex  the interface, 0 for all
    /// @param hardwareType    `ARPHRD_…`, `0..65535`
    /// @param packetType      `PACKET_…`, `0..255`
    /// @param hardwareAddress 0 to 8 bytes
    /// @see <a href="https://man7.org/linux/man-pages/man7/packet.7.html">packet(7)</a>
    record Packet(int protocol, int interfaceIndex, int hardwareType, int packetType, byte[] hardwareAddress)
            implements SockAddr {

        /// Checks the fields and copies the hardware address.
        public Packet {
            requireRange("the protocol of a packet address", protocol, 0xffff);
            requireRange("the hardware type of a packet address", hardwareType, 0xffff);
            requireRange("the packet type of a packet address", packetType, 0xff);
            hardwareAddress = Objects.requireNonNull(hardwareAddress, "hardwareAddress").clone();
            if (hardwareAddress.length > Sockaddr.SIZEOF_SLL_ADDR) {
                throw new IllegalArgumentException("the hardware address of a packet address has at most "
                        + Sockaddr.SIZEOF_SLL_ADDR + " bytes, not " + hardwareAddress.length + ": "
                        + HexFormat.ofDelimiter(":").formatHex(hardwareAddress));
            }
        }

        /// The hardware address.
        ///
        /// @return a new array
        @Override
        public byte[] hardwareAddress() {
            return hardwareAddress.clone();
        }

        @Override
        public int family() {
            return AF_PACKET;
        }

        @Override
        public int length() {
            return Sockaddr.SIZEOF_SOCKADDR_LL;
        }

        @Override
        public int encode(MemorySegment to) {
            Sockaddr.requireCapacity(to, Sockaddr.SIZEOF_SOCKADDR_LL);
            Sockaddr.sa_family(to, AF_PACKET);
            Sockaddr.sll_protocol(to, protocol);
            Sockaddr.sll_ifindex(to, interfaceIndex);
            Sockaddr.sll_hatype(to, hardwareType);
            Sockaddr.sll_pkttype(to, packetType);
            Sockaddr.sll_addr(to, hardwareAddress);
            return Sockaddr.SIZEOF_SOCKADDR_LL;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Packet that && protocol == that.protocol && interfaceIndex == that.interfaceIndex
                    && hardwareType == that.hardwareType && packetType == that.packetType
                    && Arrays.equals(hardwareAddress, that.hardwareAddress);
        }

        @Override
        public int hashCode() {
            int hash = 31 * protocol + interfaceIndex;
            hash = 31 * hash + hardwareType;
            hash = 31 * hash + packetType;
            return 31 * hash + Arrays.hashCode(hardwareAddress);
        }

        @Override
        public String toString() {
            StringBuilder out = new StringBuilder("packet:").append(interfaceIndex).append(":0x")
                    .append(HexFormat.of().toHexDigits((short) protocol));
            if (hardwareType != 0) {
                out.append(",hatype=").append(hardwareType);
            }
            if (packetType != 0) {
                out.append(",pkttype=").append(packetType);
            }
            if (hardwareAddress.length != 0) {
                out.append(",addr=").append(HexFormat.ofDelimiter(":").formatHex(hardwareAddress));
            }
            return out.toString();
        }
    }

    /// `AF_UNSPEC` and nothing else: no address at all. `connect(2)` to it dissolves the connection of a datagram
    /// socket, and on Linux of a TCP socket.
    record Unspec() implements SockAddr {

        private static final Unspec INSTANCE = new Unspec();

        @Override
        public int family() {
            return AF_UNSPEC;
        }

        @Override
        public int length() {
            return Sockaddr.SIZEOF_SA_FAMILY;
        }

        @Override
        public int encode(MemorySegment to) {
            Sockaddr.requireCapacity(to, Sockaddr.SIZEOF_SA_FAMILY);
            Sockaddr.sa_family(to, AF_UNSPEC);
            return Sockaddr.SIZEOF_SA_FAMILY;
        }

        @Override
        public String toString() {
            return "unspec";
        }
    }

    /// `struct sockaddr` of any other family, or one that is not well-formed. It prints as `raw:FAMILY:BYTES`.
    ///
    /// @param family `AF_…`, `0..65535`
    /// @param data   what follows `sa_family`, 0 to 126 bytes
    record Raw(int family, byte[] data) implements SockAddr {

        private static final int MAX_DATA = MAX_LENGTH - Sockaddr.SIZEOF_SA_FAMILY;

        /// Checks the fields and copies the data.
        public Raw {
            requireRange("an address family", family, 0xffff);
            data = Objects.requireNonNull(data, "data").clone();
            if (data.length > MAX_DATA) {
                throw new IllegalArgumentException("the data of a socket address has at most " + MAX_DATA
                        + " bytes, not " + data.length + ": " + HexFormat.of().formatHex(data));
            }
        }

        /// The bytes behind `sa_family`.
        ///
        /// @return a new array
        @Override
        public byte[] data() {
            return data.clone();
        }

        @Override
        public int length() {
            return Sockaddr.SIZEOF_SA_FAMILY + data.length;
        }

        @Override
        public int encode(MemorySegment to) {
            int length = length();
            Sockaddr.requireCapacity(to, length);
            Sockaddr.sa_family(to, family);
            Sockaddr.sa_data(to, data);
            return length;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Raw that && family == that.family && Arrays.equals(data, that.data);
        }

        @Override
        public int hashCode() {
            return 31 * family + Arrays.hashCode(data);
        }

        @Override
        public String toString() {
            return "raw:" + family + ":" + HexFormat.of().formatHex(data);
        }
    }

    /// The first half of an address as IPv6 has it.
    private static long high(Inet address) {
        return address instanceof Inet6 six ? six.high : 0;
    }

    /// The second half of an address as IPv6 has it: of an IPv4 address, that of the one it is mapped to.
    private static long low(Inet address) {
        return switch (address) {
            case Inet4 four -> 0xffff_0000_0000L | Integer.toUnsignedLong(four.address);
            case Inet6 six -> six.low;
        };
    }

    private static int requirePort(int port) {
        return requireRange("a port", port, 0xffff);
    }

    private static int requireRange(String what, int value, int max) {
        if (value < 0 || value > max) {
            throw new IllegalArgumentException(what + " is 0 to " + max + ", not " + value);
        }
        return value;
    }

    private static void requireBytes(String what, byte[] bytes, int length) {
        if (Objects.requireNonNull(bytes, "address").length != length) {
            throw new IllegalArgumentException(what + " has " + length + " bytes, not " + bytes.length + ": "
                    + HexFormat.of().formatHex(bytes));
        }
    }

    private static long bigEndian(byte[] from, int offset, int length) {
        long value = 0;
        for (int i = 0; i < length; i++) {
            value = value << 8 | from[offset + i] & 0xff;
        }
        return value;
    }

    private static void bigEndian(long value, byte[] to, int offset, int length) {
        for (int i = length - 1; i >= 0; i--, value >>>= 8) {
            to[offset + i] = (byte) value;
        }
    }
}
