package io.github.fdsock.option;

import static io.github.fdsock.sys.Constants.IPPROTO_IPV6;

import io.github.fdsock.sys.Constants;

/// The options of `ipv6(7)` and RFC 3542, level `IPPROTO_IPV6`. Read them as constants of [SockOpt].
///
/// On an IPv4 socket they are `ENOPROTOOPT`.
interface Ipv6Options {

    // ---- names

    /// `IPV6_V6ONLY`: the socket is for IPv6 alone, and another one may have the same port on IPv4. Where it is off a
    /// socket bound to `::` also serves IPv4, whose addresses it sees as `::ffff:1.2.3.4`. The default is
    /// `net.ipv6.bindv6only`, usually off. To be set before `bind` (`EINVAL`).
    SockOpt<Boolean> IPV6_V6ONLY = SockOpt.of("IPV6_V6ONLY", IPPROTO_IPV6, Constants.IPV6_V6ONLY, OptionType.FLAG);

    /// `IPV6_ADDRFORM`: `AF_INET` makes an IPv4 socket of one that is connected to an IPv4 address. What is read is the
    /// family.
    SockOpt<Integer> IPV6_ADDRFORM = SockOpt.of("IPV6_ADDRFORM", IPPROTO_IPV6, Constants.IPV6_ADDRFORM,
            OptionType.INTEGER);

    /// `IPV6_FREEBIND`: `bind` takes addresses that this machine does not have, or not yet. Linux 4.15.
    SockOpt<Boolean> IPV6_FREEBIND = SockOpt.of("IPV6_FREEBIND", IPPROTO_IPV6, Constants.IPV6_FREEBIND,
            OptionType.FLAG);

    /// `IPV6_TRANSPARENT`: transparent proxying, as [SockOpt#IP_TRANSPARENT].
    SockOpt<Boolean> IPV6_TRANSPARENT = SockOpt.of("IPV6_TRANSPARENT", IPPROTO_IPV6, Constants.IPV6_TRANSPARENT,
            OptionType.FLAG);

    /// `IPV6_ADDR_PREFERENCES`: which of its addresses this machine sends from, `IPV6_PREFER_SRC_…`.
    SockOpt<Integer> IPV6_ADDR_PREFERENCES = SockOpt.of("IPV6_ADDR_PREFERENCES", IPPROTO_IPV6,
            Constants.IPV6_ADDR_PREFERENCES, OptionType.INTEGER);

    // ---- what is sent

    /// `IPV6_UNICAST_HOPS`: how many routers what is sent may pass, 0 to 255; -1 leaves it to the route, whose number
    /// is read then.
    SockOpt<Integer> IPV6_UNICAST_HOPS = SockOpt.of("IPV6_UNICAST_HOPS", IPPROTO_IPV6, Constants.IPV6_UNICAST_HOPS,
            OptionType.INTEGER);

    /// `IPV6_TCLASS`: the traffic class of what is sent, 0 to 255; -1 restores the default.
    SockOpt<Integer> IPV6_TCLASS = SockOpt.of("IPV6_TCLASS", IPPROTO_IPV6, Constants.IPV6_TCLASS, OptionType.INTEGER);

    /// `IPV6_AUTOFLOWLABEL`: gives what is sent a flow label, made of the connection's addresses.
    SockOpt<Boolean> IPV6_AUTOFLOWLABEL = SockOpt.of("IPV6_AUTOFLOWLABEL", IPPROTO_IPV6,
            Constants.IPV6_AUTOFLOWLABEL, OptionType.FLAG);

    /// `IPV6_FLOWINFO_SEND`: sends the flow information of the address that is sent to.
    SockOpt<Boolean> IPV6_FLOWINFO_SEND = SockOpt.of("IPV6_FLOWINFO_SEND", IPPROTO_IPV6,
            Constants.IPV6_FLOWINFO_SEND, OptionType.FLAG);

    /// `IPV6_UNICAST_IF`: the interface that unicast goes out by, by index; 0 for any. (In C it is in network order;
    /// here not.)
    SockOpt<Integer> IPV6_UNICAST_IF = SockOpt.of("IPV6_UNICAST_IF", IPPROTO_IPV6, Constants.IPV6_UNICAST_IF,
            OptionType.NETWORK_ORDER);

    /// `IPV6_MTU`: the largest packet, bytes. Read: on the path to the peer, as far as is known (`ENOTCONN`: no peer).
    /// Set: what is sent is cut to it, 1280 and more.
    SockOpt<Integer> IPV6_MTU = SockOpt.of("IPV6_MTU", IPPROTO_IPV6, Constants.IPV6_MTU, OptionType.INTEGER);

    /// `IPV6_MTU_DISCOVER`: whether large messages are cut, `IPV6_PMTUDISC_…`, as [SockOpt#IP_MTU_DISCOVER].
    SockOpt<Integer> IPV6_MTU_DISCOVER = SockOpt.of("IPV6_MTU_DISCOVER", IPPROTO_IPV6, Constants.IPV6_MTU_DISCOVER,
            OptionType.INTEGER);

    /// `IPV6_DONTFRAG`: large messages are refused (`EMSGSIZE`) rather than cut.
    SockOpt<Boolean> IPV6_DONTFRAG = SockOpt.of("IPV6_DONTFRAG", IPPROTO_IPV6, Constants.IPV6_DONTFRAG,
            OptionType.FLAG);

    /// `IPV6_CHECKSUM`: where in what is sent the kernel puts a checksum, an even offset; -1 for none. Raw sockets.
    SockOpt<Integer> IPV6_CHECKSUM = SockOpt.of("IPV6_CHECKSUM", IPPROTO_IPV6, Constants.IPV6_CHECKSUM,
            OptionType.INTEGER);

    /// `IPV6_HDRINCL`: what is sent begins with its IPv6 header. Raw sockets.
    SockOpt<Boolean> IPV6_HDRINCL = SockOpt.of("IPV6_HDRINCL", IPPROTO_IPV6, Constants.IPV6_HDRINCL, OptionType.FLAG);

    /// `IPV6_HOPOPTS`: the hop-by-hop options of what is sent, with their header. Needs CAP_NET_RAW. Empty takes them
    /// away.
    SockOpt<byte[]> IPV6_HOPOPTS = SockOpt.of("IPV6_HOPOPTS", IPPROTO_IPV6, Constants.IPV6_HOPOPTS, OptionType.BYTES);

    /// `IPV6_RTHDRDSTOPTS`: the destination options in front of the routing header. Needs CAP_NET_RAW.
    SockOpt<byte[]> IPV6_RTHDRDSTOPTS = SockOpt.of("IPV6_RTHDRDSTOPTS", IPPROTO_IPV6, Constants.IPV6_RTHDRDSTOPTS,
            OptionType.BYTES);

    /// `IPV6_RTHDR`: the routing header of what is sent.
    SockOpt<byte[]> IPV6_RTHDR = SockOpt.of("IPV6_RTHDR", IPPROTO_IPV6, Constants.IPV6_RTHDR, OptionType.BYTES);

    /// `IPV6_DSTOPTS`: the destination options of what is sent. Needs CAP_NET_RAW.
    SockOpt<byte[]> IPV6_DSTOPTS = SockOpt.of("IPV6_DSTOPTS", IPPROTO_IPV6, Constants.IPV6_DSTOPTS, OptionType.BYTES);

    // ---- what is told with each message

    /// `IPV6_RECVPKTINFO`: by which interface and to which address it came (`IPV6_PKTINFO`, `struct in6_pktinfo`).
    SockOpt<Boolean> IPV6_RECVPKTINFO = SockOpt.of("IPV6_RECVPKTINFO", IPPROTO_IPV6, Constants.IPV6_RECVPKTINFO,
            OptionType.FLAG);

    /// `IPV6_RECVHOPLIMIT`: how many routers it might still have passed (`IPV6_HOPLIMIT`, an `int`).
    SockOpt<Boolean> IPV6_RECVHOPLIMIT = SockOpt.of("IPV6_RECVHOPLIMIT", IPPROTO_IPV6, Constants.IPV6_RECVHOPLIMIT,
            OptionType.FLAG);

    /// `IPV6_RECVTCLASS`: its traffic class (`IPV6_TCLASS`, an `int`).
    SockOpt<Boolean> IPV6_RECVTCLASS = SockOpt.of("IPV6_RECVTCLASS", IPPROTO_IPV6, Constants.IPV6_RECVTCLASS,
            OptionType.FLAG);

    /// `IPV6_FLOWINFO`: its flow information (an `int` in network order).
    SockOpt<Boolean> IPV6_FLOWINFO = SockOpt.of("IPV6_FLOWINFO", IPPROTO_IPV6, Constants.IPV6_FLOWINFO,
            OptionType.FLAG);

    /// `IPV6_RECVRTHDR`: its routing header (`IPV6_RTHDR`).
    SockOpt<Boolean> IPV6_RECVRTHDR = SockOpt.of("IPV6_RECVRTHDR", IPPROTO_IPV6, Constants.IPV6_RECVRTHDR,
            OptionType.FLAG);

    /// `IPV6_RECVHOPOPTS`: its hop-by-hop options (`IPV6_HOPOPTS`).
    SockOpt<Boolean> IPV6_RECVHOPOPTS = SockOpt.of("IPV6_RECVHOPOPTS", IPPROTO_IPV6, Constants.IPV6_RECVHOPOPTS,
            OptionType.FLAG);

    /// `IPV6_RECVDSTOPTS`: its destination options (`IPV6_DSTOPTS`).
    SockOpt<Boolean> IPV6_RECVDSTOPTS = SockOpt.of("IPV6_RECVDSTOPTS", IPPROTO_IPV6, Constants.IPV6_RECVDSTOPTS,
            OptionType.FLAG);

    /// `IPV6_RECVPATHMTU`: when the largest packet of the path has changed, to what (`IPV6_PATHMTU`).
    SockOpt<Boolean> IPV6_RECVPATHMTU = SockOpt.of("IPV6_RECVPATHMTU", IPPROTO_IPV6, Constants.IPV6_RECVPATHMTU,
            OptionType.FLAG);

    /// `IPV6_RECVORIGDSTADDR`: which address it was for before it was redirected (`struct sockaddr_in6`).
    SockOpt<Boolean> IPV6_RECVORIGDSTADDR = SockOpt.of("IPV6_RECVORIGDSTADDR", IPPROTO_IPV6,
            Constants.IPV6_RECVORIGDSTADDR, OptionType.FLAG);

    /// `IPV6_RECVFRAGSIZE`: the largest piece that it came in (an `int`), if it came in pieces.
    SockOpt<Boolean> IPV6_RECVFRAGSIZE = SockOpt.of("IPV6_RECVFRAGSIZE", IPPROTO_IPV6, Constants.IPV6_RECVFRAGSIZE,
            OptionType.FLAG);

    // ---- errors and others' packets

    /// `IPV6_RECVERR`: errors of datagrams are kept in a queue, as [SockOpt#IP_RECVERR].
    SockOpt<Boolean> IPV6_RECVERR = SockOpt.of("IPV6_RECVERR", IPPROTO_IPV6, Constants.IPV6_RECVERR, OptionType.FLAG);

    /// `IPV6_RECVERR_RFC4884`: with the extensions of that RFC. Linux 5.9.
    SockOpt<Boolean> IPV6_RECVERR_RFC4884 = SockOpt.of("IPV6_RECVERR_RFC4884", IPPROTO_IPV6,
            Constants.IPV6_RECVERR_RFC4884, OptionType.FLAG);

    /// `IPV6_MINHOPCOUNT`: packets with fewer hops left are dropped, 0 to 255. TCP.
    SockOpt<Integer> IPV6_MINHOPCOUNT = SockOpt.of("IPV6_MINHOPCOUNT", IPPROTO_IPV6, Constants.IPV6_MINHOPCOUNT,
            OptionType.INTEGER);

    /// `IPV6_ROUTER_ALERT`: receives what is to be forwarded and has this value in the option of that name; -1 for
    /// none. Raw sockets of `IPPROTO_RAW`. What is read says only whether it is set, and older kernels do not tell it.
    SockOpt<Integer> IPV6_ROUTER_ALERT = SockOpt.of("IPV6_ROUTER_ALERT", IPPROTO_IPV6,
            Constants.IPV6_ROUTER_ALERT, OptionType.INTEGER);

    /// `IPV6_ROUTER_ALERT_ISOLATE`: of these, only what comes in this network namespace. Linux 5.1.
    SockOpt<Boolean> IPV6_ROUTER_ALERT_ISOLATE = SockOpt.of("IPV6_ROUTER_ALERT_ISOLATE", IPPROTO_IPV6,
            Constants.IPV6_ROUTER_ALERT_ISOLATE, OptionType.FLAG);

    // ---- multicast and anycast

    /// `IPV6_JOIN_GROUP`: joins a group. `EADDRINUSE`: joined already; `ENODEV`: no such interface. Set only.
    SockOpt<Membership.Ipv6Mreq> IPV6_JOIN_GROUP = SockOpt.writeOnly("IPV6_JOIN_GROUP", IPPROTO_IPV6,
            Constants.IPV6_JOIN_GROUP, Membership.Ipv6Mreq.TYPE);

    /// `IPV6_LEAVE_GROUP`: leaves a group. `EADDRNOTAVAIL`: not joined by this socket. Set only.
    SockOpt<Membership.Ipv6Mreq> IPV6_LEAVE_GROUP = SockOpt.writeOnly("IPV6_LEAVE_GROUP", IPPROTO_IPV6,
            Constants.IPV6_LEAVE_GROUP, Membership.Ipv6Mreq.TYPE);

    /// `IPV6_ADD_MEMBERSHIP`: an older name for [SockOpt#IPV6_JOIN_GROUP].
    SockOpt<Membership.Ipv6Mreq> IPV6_ADD_MEMBERSHIP = SockOpt.writeOnly("IPV6_ADD_MEMBERSHIP", IPPROTO_IPV6,
            Constants.IPV6_ADD_MEMBERSHIP, Membership.Ipv6Mreq.TYPE);

    /// `IPV6_DROP_MEMBERSHIP`: an older name for [SockOpt#IPV6_LEAVE_GROUP].
    SockOpt<Membership.Ipv6Mreq> IPV6_DROP_MEMBERSHIP = SockOpt.writeOnly("IPV6_DROP_MEMBERSHIP", IPPROTO_IPV6,
            Constants.IPV6_DROP_MEMBERSHIP, Membership.Ipv6Mreq.TYPE);

    /// `IPV6_JOIN_ANYCAST`: receives for an anycast address. Needs CAP_NET_ADMIN. Set only.
    SockOpt<Membership.Ipv6Mreq> IPV6_JOIN_ANYCAST = SockOpt.writeOnly("IPV6_JOIN_ANYCAST", IPPROTO_IPV6,
            Constants.IPV6_JOIN_ANYCAST, Membership.Ipv6Mreq.TYPE);

    /// `IPV6_LEAVE_ANYCAST`: no more. Set only.
    SockOpt<Membership.Ipv6Mreq> IPV6_LEAVE_ANYCAST = SockOpt.writeOnly("IPV6_LEAVE_ANYCAST", IPPROTO_IPV6,
            Constants.IPV6_LEAVE_ANYCAST, Membership.Ipv6Mreq.TYPE);

    /// `IPV6_MULTICAST_IF`: the interface that multicast goes out by, by index; 0 for any. Datagram and raw sockets.
    SockOpt<Integer> IPV6_MULTICAST_IF = SockOpt.of("IPV6_MULTICAST_IF", IPPROTO_IPV6, Constants.IPV6_MULTICAST_IF,
            OptionType.INTEGER);

    /// `IPV6_MULTICAST_HOPS`: how many routers multicast may pass, 0 to 255; -1 restores the default, 1.
    SockOpt<Integer> IPV6_MULTICAST_HOPS = SockOpt.of("IPV6_MULTICAST_HOPS", IPPROTO_IPV6,
            Constants.IPV6_MULTICAST_HOPS, OptionType.INTEGER);

    /// `IPV6_MULTICAST_LOOP`: multicast that is sent also comes to members on this machine; yes, by default.
    SockOpt<Boolean> IPV6_MULTICAST_LOOP = SockOpt.of("IPV6_MULTICAST_LOOP", IPPROTO_IPV6,
            Constants.IPV6_MULTICAST_LOOP, OptionType.FLAG);

    /// `IPV6_MULTICAST_ALL`: what comes for any group that anybody has joined comes here too; **yes, by default**, as
    /// [SockOpt#IP_MULTICAST_ALL]. Linux 4.20.
    SockOpt<Boolean> IPV6_MULTICAST_ALL = SockOpt.of("IPV6_MULTICAST_ALL", IPPROTO_IPV6, Constants.IPV6_MULTICAST_ALL,
            OptionType.FLAG);

    /// Makes the constants, where nobody has used one yet.
    static void load() {
    }
}
