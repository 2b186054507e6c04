package io.github.fdsock.option;

import static io.github.fdsock.option.MembershipType.any4;
import static io.github.fdsock.option.MembershipType.U16;
import static io.github.fdsock.option.MembershipType.U32;
import static io.github.fdsock.option.MembershipType.address;
import static io.github.fdsock.option.MembershipType.inet4;
import static io.github.fdsock.option.MembershipType.levelOf;
import static io.github.fdsock.option.MembershipType.socketAddress;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;

/// Which group is joined or left, on which interface, and from which source: the values of the multicast options.
///
/// Each record is named like the struct that it becomes. Whether an address is one of a group is the kernel's to judge
/// (`EINVAL`). Addresses come from literals, without a name being resolved, by [InetAddress#ofLiteral].
///
/// A membership ends when it is left on the same socket with the same value, or when the socket is closed. It is not
/// passed on to an accepted socket.
///
/// All are immutable values.
public sealed interface Membership {

    /// The length of the encoded struct.
    ///
    /// @return its number of bytes
    int length();

    /// Writes the struct as the kernel reads it.
    ///
    /// @param to the memory to write to, of any alignment; [#length] bytes are written
    /// @throws IndexOutOfBoundsException if `to` is shorter
    void encode(MemorySegment to);

    /// `struct ip_mreqn`: an IPv4 group and an interface, by address or by index.
    ///
    /// ```c
    /// struct ip_mreqn {
    ///     struct in_addr imr_multiaddr;   //  0
    ///     struct in_addr imr_address;     //  4
    ///     int            imr_ifindex;     //  8
    /// };                                  // 12
    /// ```
    ///
    /// @param group          the group; 0.0.0.0 where only an interface is meant ([SockOpt#IP_MULTICAST_IF])
    /// @param local          an address of the interface; 0.0.0.0 for any, which the routing table chooses
    /// @param interfaceIndex the interface itself, which counts more than its address; 0 for none
    /// @see <a href="https://man7.org/linux/man-pages/man7/ip.7.html">ip(7)</a>
    record IpMreqn(Inet4Address group, Inet4Address local, int interfaceIndex) implements Membership {
        static final long MULTIADDR = 0;
        static final long ADDRESS = 4;
        static final long IFINDEX = 8;
        static final int SIZEOF = 12;

        static final OptionType<IpMreqn> TYPE = new MembershipType<>(SIZEOF);

        /// `IP_MULTICAST_IF` takes the struct and gives an `in_addr`.
        static final OptionType<IpMreqn> INTERFACE = new MembershipType<>(SIZEOF) {
            @Override
            IpMreqn decode(final MemorySegment from, final int length) {
                return new IpMreqn(any4(), inet4(from), 0);
            }
        };

        /// Checks that there are addresses.
        public IpMreqn {
            Objects.requireNonNull(group, "group");
            Objects.requireNonNull(local, "local");
        }

        /// A group, on the interface that the routing table says.
        ///
        /// @param group the group
        /// @return the value
        public static IpMreqn of(final Inet4Address group) {
            return new IpMreqn(group, any4(), 0);
        }

        /// A group on an interface.
        ///
        /// @param group          the group
        /// @param interfaceIndex the interface
        /// @return the value
        public static IpMreqn of(final Inet4Address group, final int interfaceIndex) {
            return new IpMreqn(group, any4(), interfaceIndex);
        }

        @Override
        public int length() {
            return SIZEOF;
        }

        @Override
        public void encode(final MemorySegment to) {
            address(group, to, MULTIADDR);
            address(local, to, ADDRESS);
            to.set(U32, IFINDEX, interfaceIndex);
        }
    }

    /// `struct ip_mreq_source`: an IPv4 group, and one who sends to it.
    ///
    /// ```c
    /// struct ip_mreq_source {
    ///     struct in_addr imr_multiaddr;   //  0
    ///     struct in_addr imr_interface;   //  4
    ///     struct in_addr imr_sourceaddr;  //  8
    /// };                                  // 12
    /// ```
    ///
    /// @param group  the group
    /// @param local  an address of the interface; 0.0.0.0 for any
    /// @param source the sender
    /// @see <a href="https://man7.org/linux/man-pages/man7/ip.7.html">ip(7)</a>
    record IpMreqSource(Inet4Address group, Inet4Address local, Inet4Address source) implements Membership {
        static final long MULTIADDR = 0;
        static final long INTERFACE = 4;
        static final long SOURCEADDR = 8;
        static final int SIZEOF = 12;

        static final OptionType<IpMreqSource> TYPE = new MembershipType<>(SIZEOF);

        /// Checks that there are addresses.
        public IpMreqSource {
            Objects.requireNonNull(group, "group");
            Objects.requireNonNull(local, "local");
            Objects.requireNonNull(source, "source");
        }

        @Override
        public int length() {
            return SIZEOF;
        }

        @Override
        public void encode(final MemorySegment to) {
            address(group, to, MULTIADDR);
            address(local, to, INTERFACE);
            address(source, to, SOURCEADDR);
        }
    }

    /// `struct ip_msfilter`: an IPv4 group, and whose of what is sent to it is received.
    ///
    /// ```c
    /// struct ip_msfilter {
    ///     struct in_addr imsf_multiaddr;  //  0
    ///     struct in_addr imsf_interface;  //  4
    ///     uint32_t       imsf_fmode;      //  8
    ///     uint32_t       imsf_numsrc;     // 12
    ///     struct in_addr imsf_slist[];    // 16
    /// };
    /// ```
    ///
    /// @param group   the group, joined already
    /// @param local   an address of the interface; 0.0.0.0 for any
    /// @param mode    `MCAST_INCLUDE`: of these only; `MCAST_EXCLUDE`: of all but these
    /// @param sources the senders
    /// @see <a href="https://man7.org/linux/man-pages/man7/ip.7.html">ip(7)</a>
    record IpMsfilter(Inet4Address group, Inet4Address local, int mode, List<Inet4Address> sources)
            implements Membership {
        static final long MULTIADDR = 0;
        static final long INTERFACE = 4;
        static final long FMODE = 8;
        static final long NUMSRC = 12;
        static final long SLIST = 16;

        static final OptionType<IpMsfilter> TYPE = new MembershipType<>((int) SLIST);

        /// Checks that there are addresses, and copies the list.
        public IpMsfilter {
            Objects.requireNonNull(group, "group");
            Objects.requireNonNull(local, "local");
            sources = List.copyOf(sources);
        }

        @Override
        public int length() {
            return (int) SLIST + sources.size() * Integer.BYTES;
        }

        @Override
        public void encode(final MemorySegment to) {
            address(group, to, MULTIADDR);
            address(local, to, INTERFACE);
            to.set(U32, FMODE, mode);
            to.set(U32, NUMSRC, sources.size());
            for (int i = 0; i < sources.size(); i++) {
                address(sources.get(i), to, SLIST + (long) i * Integer.BYTES);
            }
        }
    }

    /// `struct ipv6_mreq`: an IPv6 group, or an anycast address, and an interface.
    ///
    /// ```c
    /// struct ipv6_mreq {
    ///     struct in6_addr ipv6mr_multiaddr;   //  0
    ///     unsigned int    ipv6mr_interface;   // 16
    /// };                                      // 20
    /// ```
    ///
    /// @param group          the group
    /// @param interfaceIndex the interface; 0 for the one that the routing table says
    /// @see <a href="https://man7.org/linux/man-pages/man7/ipv6.7.html">ipv6(7)</a>
    record Ipv6Mreq(Inet6Address group, int interfaceIndex) implements Membership {
        static final long MULTIADDR = 0;
        static final long INTERFACE = 16;
        static final int SIZEOF = 20;

        static final OptionType<Ipv6Mreq> TYPE = new MembershipType<>(SIZEOF);

        /// Checks that there is a group.
        public Ipv6Mreq {
            Objects.requireNonNull(group, "group");
        }

        @Override
        public int length() {
            return SIZEOF;
        }

        @Override
        public void encode(final MemorySegment to) {
            address(group, to, MULTIADDR);
            to.set(U32, INTERFACE, interfaceIndex);
        }
    }

    /// `struct group_req`: a group of either family, and an interface.
    ///
    /// ```c
    /// struct group_req {
    ///     uint32_t                gr_interface;   //   0
    ///     struct sockaddr_storage gr_group;       //   8
    /// };                                          // 136
    /// ```
    ///
    /// @param interfaceIndex the interface; 0 for the one that the routing table says
    /// @param group          the group
    /// @see <a href="https://www.rfc-editor.org/rfc/rfc3678#section-5.1">RFC 3678, section 5.1</a>
    record GroupReq(int interfaceIndex, InetAddress group) implements Membership {
        static final long INTERFACE = 0;
        static final long GROUP = 8;
        static final int SIZEOF = 136;

        static final OptionType<GroupReq> TYPE = new MembershipType<>(SIZEOF) {
            @Override
            int level(final GroupReq value, final int level) {
                return levelOf(value.group, level);
            }
        };

        /// Checks that there is a group.
        public GroupReq {
            Objects.requireNonNull(group, "group");
        }

        @Override
        public int length() {
            return SIZEOF;
        }

        @Override
        public void encode(final MemorySegment to) {
            to.asSlice(0, SIZEOF).fill((byte) 0);
            to.set(U32, INTERFACE, interfaceIndex);
            socketAddress(group, to, GROUP);
        }
    }

    /// `struct group_source_req`: a group of either family, and one who sends to it.
    ///
    /// ```c
    /// struct group_source_req {
    ///     uint32_t                gsr_interface;  //   0
    ///     struct sockaddr_storage gsr_group;      //   8
    ///     struct sockaddr_storage gsr_source;     // 136
    /// };                                          // 264
    /// ```
    ///
    /// @param interfaceIndex the interface; 0 for the one that the routing table says
    /// @param group          the group
    /// @param source         the sender, of the same family
    /// @see <a href="https://www.rfc-editor.org/rfc/rfc3678#section-5.1">RFC 3678, section 5.1</a>
    record GroupSourceReq(int interfaceIndex, InetAddress group, InetAddress source) implements Membership {
        static final long INTERFACE = 0;
        static final long GROUP = 8;
        static final long SOURCE = 136;
        static final int SIZEOF = 264;

        static final OptionType<GroupSourceReq> TYPE = new MembershipType<>(SIZEOF) {
            @Override
            int level(final GroupSourceReq value, final int level) {
                return levelOf(value.group, level);
            }
        };

        /// Checks that there are addresses.
        public GroupSourceReq {
            Objects.requireNonNull(group, "group");
            Objects.requireNonNull(source, "source");
        }

        @Override
        public int length() {
            return SIZEOF;
        }

        @Override
        public void encode(final MemorySegment to) {
            to.asSlice(0, SIZEOF).fill((byte) 0);
            to.set(U32, INTERFACE, interfaceIndex);
            socketAddress(group, to, GROUP);
            socketAddress(source, to, SOURCE);
        }
    }

    /// `struct packet_mreq`: what an interface shall receive beyond what is for it.
    ///
    /// ```c
    /// struct packet_mreq {
    ///     int            mr_ifindex;      //  0
    ///     unsigned short mr_type;         //  4
    ///     unsigned short mr_alen;         //  6
    ///     unsigned char  mr_address[8];   //  8
    /// };                                  // 16
    /// ```
    ///
    /// @param interfaceIndex the interface
    /// @param type           `PACKET_MR_PROMISC`, `PACKET_MR_ALLMULTI`, `PACKET_MR_MULTICAST` or `PACKET_MR_UNICAST`
    /// @param address        the hardware address of the latter two, 0 to 8 bytes
    /// @see <a href="https://man7.org/linux/man-pages/man7/packet.7.html">packet(7)</a>
    record PacketMreq(int interfaceIndex, int type, byte[] address) implements Membership {
        static final long IFINDEX = 0;
        static final long TYPE = 4;
        static final long ALEN = 6;
        static final long ADDRESS = 8;
        static final int SIZEOF = 16;

        static final OptionType<PacketMreq> OPTION_TYPE = new MembershipType<>(SIZEOF);

        /// Checks the fields and copies the address.
        ///
        /// @throws IllegalArgumentException a type beyond 16 bits, or more than 8 bytes
        public PacketMreq {
            address = Objects.requireNonNull(address, "address").clone();
            if (type < 0 || type > 0xffff) {
                throw new IllegalArgumentException("the type of a packet membership is 0 to 65535, not " + type);
            }
            if (address.length > SIZEOF - (int) ADDRESS) {
                throw new IllegalArgumentException("the hardware address of a packet membership has at most 8 bytes, "
                        + "not " + address.length + ": " + HexFormat.ofDelimiter(":").formatHex(address));
            }
        }

        /// The hardware address.
        ///
        /// @return a new array
        @Override
        public byte[] address() {
            return address.clone();
        }

        @Override
        public int length() {
            return SIZEOF;
        }

        @Override
        public void encode(final MemorySegment to) {
            to.asSlice(0, SIZEOF).fill((byte) 0);
            to.set(U32, IFINDEX, interfaceIndex);
            to.set(U16, TYPE, (short) type);
            to.set(U16, ALEN, (short) address.length);
            MemorySegment.copy(address, 0, to, ValueLayout.JAVA_BYTE, ADDRESS, address.length);
        }

        @Override
        public boolean equals(final Object other) {
            return other instanceof PacketMreq that && interfaceIndex == that.interfaceIndex && type == that.type
                    && Arrays.equals(address, that.address);
        }

        @Override
        public int hashCode() {
            return 31 * (31 * interfaceIndex + type) + Arrays.hashCode(address);
        }

        @Override
        public String toString() {
            return "PacketMreq[interfaceIndex=" + interfaceIndex + ", type=" + type + ", address="
                    + HexFormat.ofDelimiter(":").formatHex(address) + "]";
        }
    }
}
