package io.github.fdsock.option;

import static io.github.fdsock.sys.Constants.IPPROTO_UDP;

import io.github.fdsock.sys.Constants;

/// The options of `udp(7)`, level `IPPROTO_UDP`. Read them as constants of [SockOpt].
interface UdpOptions {

    /// `UDP_CORK`: what is sent is gathered into one datagram, which goes out when this is switched off.
    SockOpt<Boolean> UDP_CORK = SockOpt.of("UDP_CORK", IPPROTO_UDP, Constants.UDP_CORK, OptionType.FLAG);

    /// `UDP_SEGMENT`: cuts what is sent into datagrams of so many bytes, the last one shorter; 0 does not. Linux 4.18.
    SockOpt<Integer> UDP_SEGMENT = SockOpt.of("UDP_SEGMENT", IPPROTO_UDP, Constants.UDP_SEGMENT, OptionType.INTEGER);

    /// `UDP_GRO`: several datagrams of a sender may come in one receive, which tells their size (an `int`, though what
    /// is sent is 16 bits wide). Linux 5.0.
    SockOpt<Boolean> UDP_GRO = SockOpt.of("UDP_GRO", IPPROTO_UDP, Constants.UDP_GRO, OptionType.FLAG);

    /// `UDP_NO_CHECK6_TX`: IPv6 datagrams are sent without a checksum, as some tunnels want.
    SockOpt<Boolean> UDP_NO_CHECK6_TX = SockOpt.of("UDP_NO_CHECK6_TX", IPPROTO_UDP, Constants.UDP_NO_CHECK6_TX,
            OptionType.FLAG);

    /// `UDP_NO_CHECK6_RX`: IPv6 datagrams without a checksum are received.
    SockOpt<Boolean> UDP_NO_CHECK6_RX = SockOpt.of("UDP_NO_CHECK6_RX", IPPROTO_UDP, Constants.UDP_NO_CHECK6_RX,
            OptionType.FLAG);

    /// `UDP_ENCAP`: datagrams carry another protocol that the kernel unpacks, `UDP_ENCAP_…`.
    SockOpt<Integer> UDP_ENCAP = SockOpt.of("UDP_ENCAP", IPPROTO_UDP, Constants.UDP_ENCAP, OptionType.INTEGER);

    /// Makes the constants, where nobody has used one yet.
    static void load() {
    }
}
