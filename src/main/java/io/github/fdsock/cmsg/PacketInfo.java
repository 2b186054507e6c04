package io.github.fdsock.cmsg;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.Objects;

/// `struct in_pktinfo`, `struct in6_pktinfo`: by which interface and to which address a packet came, or by which
/// interface and from which address it shall leave.
///
/// IPv4 and IPv6 differ: on an IPv4 socket the two addresses are told apart, on an IPv6 socket both are the one there
/// is. An IPv4 packet on an IPv6 socket has mapped addresses (`::ffff:127.0.0.1`), as an [Inet6Address].
///
/// @param interfaceIndex received: by which interface it came; to send: by which it shall leave, 0 for any
/// @param local received: this machine's address, the one to answer from (on IPv6 the destination, which may be a
///         group); to send: the source address, null for the one that the route has
/// @param destination received: the destination in the packet's header, which may be a group or a broadcast; not looked
///         at when sending
/// @see <a href="https://man7.org/linux/man-pages/man7/ip.7.html">ip(7)</a>
/// @see <a href="https://www.rfc-editor.org/rfc/rfc3542">RFC 3542</a>
public record PacketInfo(int interfaceIndex, InetAddress local, InetAddress destination) {

    /// To send from an address, by whatever interface the route has.
    ///
    /// @param source the source address, one of this machine's
    /// @return the value
    public static PacketInfo from(final InetAddress source) {
        return new PacketInfo(0, Objects.requireNonNull(source, "source"), null);
    }

    /// To send by an interface, from the address that it has.
    ///
    /// @param interfaceIndex the interface
    /// @return the value
    public static PacketInfo by(final int interfaceIndex) {
        return new PacketInfo(interfaceIndex, null, null);
    }
}
