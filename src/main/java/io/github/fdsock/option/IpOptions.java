package io.github.fdsock.option;

import static io.github.fdsock.sys.Constants.IPPROTO_IP;

import io.github.fdsock.sys.Constants;

/// The options of `ip(7)`, level `IPPROTO_IP`. Read them as constants of [SockOpt].
interface IpOptions {

    // ---- what is sent

    /// `IP_TTL`: how many routers what is sent may pass, 1 to 255; -1 restores the default (64), which is read then.
    SockOpt<Integer> IP_TTL = SockOpt.of("IP_TTL", IPPROTO_IP, Constants.IP_TTL, OptionType.INTEGER);

    /// `IP_TOS`: the type of service of what is sent, a byte. TCP keeps the two lowest bits for itself.
    SockOpt<Integer> IP_TOS = SockOpt.of("IP_TOS", IPPROTO_IP, Constants.IP_TOS, OptionType.INTEGER);

    /// `IP_OPTIONS`: the IP options of every packet that is sent, at most 40 bytes.
    SockOpt<byte[]> IP_OPTIONS = SockOpt.of("IP_OPTIONS", IPPROTO_IP, Constants.IP_OPTIONS, OptionType.BYTES);

    /// `IP_HDRINCL`: what is sent begins with its IP header. Raw sockets.
    SockOpt<Boolean> IP_HDRINCL = SockOpt.of("IP_HDRINCL", IPPROTO_IP, Constants.IP_HDRINCL, OptionType.FLAG);

    /// `IP_NODEFRAG`: what is sent is not put together on its way through the filters. Raw sockets.
    SockOpt<Boolean> IP_NODEFRAG = SockOpt.of("IP_NODEFRAG", IPPROTO_IP, Constants.IP_NODEFRAG, OptionType.FLAG);

    /// `IP_MTU_DISCOVER`: whether packets may be cut on their way: `IP_PMTUDISC_WANT`, `IP_PMTUDISC_DO`, …
    SockOpt<Integer> IP_MTU_DISCOVER = SockOpt.of("IP_MTU_DISCOVER", IPPROTO_IP, Constants.IP_MTU_DISCOVER,
            OptionType.INTEGER);

    /// `IP_MTU`: the largest packet on the path to the peer, as far as is known, bytes. `ENOTCONN`: no peer. Read only.
    SockOpt<Integer> IP_MTU = SockOpt.readOnly("IP_MTU", IPPROTO_IP, Constants.IP_MTU, OptionType.INTEGER);

    /// `IP_PROTOCOL`: the protocol of a raw socket. Read only; it goes with a message when it is sent. Linux 6.4.
    SockOpt<Integer> IP_PROTOCOL = SockOpt.readOnly("IP_PROTOCOL", IPPROTO_IP, Constants.IP_PROTOCOL,
            OptionType.INTEGER);

    /// `IP_UNICAST_IF`: the interface that unicast goes out by, by index; 0 for any. (In C it is in network order; here
    /// not.)
    SockOpt<Integer> IP_UNICAST_IF = SockOpt.of("IP_UNICAST_IF", IPPROTO_IP, Constants.IP_UNICAST_IF,
            OptionType.NETWORK_ORDER);

    // ---- names

    /// `IP_FREEBIND`: `bind` takes addresses that this machine does not have, or not yet.
    SockOpt<Boolean> IP_FREEBIND = SockOpt.of("IP_FREEBIND", IPPROTO_IP, Constants.IP_FREEBIND, OptionType.FLAG);

    /// `IP_TRANSPARENT`: transparent proxying: the socket may act by addresses of others. Needs CAP_NET_ADMIN or
    /// CAP_NET_RAW.
    SockOpt<Boolean> IP_TRANSPARENT = SockOpt.of("IP_TRANSPARENT", IPPROTO_IP, Constants.IP_TRANSPARENT,
            OptionType.FLAG);

    /// `IP_BIND_ADDRESS_NO_PORT`: `bind` to port 0 leaves the port to `connect`, which may then share it with
    /// connections to other peers.
    SockOpt<Boolean> IP_BIND_ADDRESS_NO_PORT = SockOpt.of("IP_BIND_ADDRESS_NO_PORT", IPPROTO_IP,
            Constants.IP_BIND_ADDRESS_NO_PORT, OptionType.FLAG);

    /// `IP_LOCAL_PORT_RANGE`: which ports the kernel chooses from: the highest in the upper 16 bits, the lowest in the
    /// lower; 0 in either is the system's. IPv6 sockets too. Linux 6.3.
    SockOpt<Integer> IP_LOCAL_PORT_RANGE = SockOpt.of("IP_LOCAL_PORT_RANGE", IPPROTO_IP,
            Constants.IP_LOCAL_PORT_RANGE, OptionType.INTEGER);

    // ---- what is told with each message

    /// `IP_PKTINFO`: by which interface and to which address it came (`struct in_pktinfo`).
    SockOpt<Boolean> IP_PKTINFO = SockOpt.of("IP_PKTINFO", IPPROTO_IP, Constants.IP_PKTINFO, OptionType.FLAG);

    /// `IP_RECVTTL`: its time to live (`IP_TTL`, an `int`).
    SockOpt<Boolean> IP_RECVTTL = SockOpt.of("IP_RECVTTL", IPPROTO_IP, Constants.IP_RECVTTL, OptionType.FLAG);

    /// `IP_RECVTOS`: its type of service (`IP_TOS`, one byte).
    SockOpt<Boolean> IP_RECVTOS = SockOpt.of("IP_RECVTOS", IPPROTO_IP, Constants.IP_RECVTOS, OptionType.FLAG);

    /// `IP_RECVOPTS`: its IP options, filled in for this machine.
    SockOpt<Boolean> IP_RECVOPTS = SockOpt.of("IP_RECVOPTS", IPPROTO_IP, Constants.IP_RECVOPTS, OptionType.FLAG);

    /// `IP_RETOPTS`: its IP options as they came.
    SockOpt<Boolean> IP_RETOPTS = SockOpt.of("IP_RETOPTS", IPPROTO_IP, Constants.IP_RETOPTS, OptionType.FLAG);

    /// `IP_RECVORIGDSTADDR`: which address it was for before it was redirected (`struct sockaddr_in`).
    SockOpt<Boolean> IP_RECVORIGDSTADDR = SockOpt.of("IP_RECVORIGDSTADDR", IPPROTO_IP, Constants.IP_RECVORIGDSTADDR,
            OptionType.FLAG);

    /// `IP_RECVFRAGSIZE`: the largest piece that it came in (an `int`), if it came in pieces.
    SockOpt<Boolean> IP_RECVFRAGSIZE = SockOpt.of("IP_RECVFRAGSIZE", IPPROTO_IP, Constants.IP_RECVFRAGSIZE,
            OptionType.FLAG);

    /// `IP_CHECKSUM`: the sum over its bytes (an `int`), as the kernel has it. UDP.
    SockOpt<Boolean> IP_CHECKSUM = SockOpt.of("IP_CHECKSUM", IPPROTO_IP, Constants.IP_CHECKSUM, OptionType.FLAG);

    /// `IP_PASSSEC`: the security context of who sent it. UDP.
    SockOpt<Boolean> IP_PASSSEC = SockOpt.of("IP_PASSSEC", IPPROTO_IP, Constants.IP_PASSSEC, OptionType.FLAG);

    // ---- errors and others' packets

    /// `IP_RECVERR`: errors of datagrams are kept in a queue, to be received with `MSG_ERRQUEUE`, and also those of a
    /// socket without peer. Something in the queue makes `poll` report `POLLERR`. On TCP, which has no such queue,
    /// errors are told sooner.
    SockOpt<Boolean> IP_RECVERR = SockOpt.of("IP_RECVERR", IPPROTO_IP, Constants.IP_RECVERR, OptionType.FLAG);

    /// `IP_RECVERR_RFC4884`: with the extensions of that RFC. Linux 5.9.
    SockOpt<Boolean> IP_RECVERR_RFC4884 = SockOpt.of("IP_RECVERR_RFC4884", IPPROTO_IP, Constants.IP_RECVERR_RFC4884,
            OptionType.FLAG);

    /// `IP_MINTTL`: packets with less time to live are dropped, 0 to 255. TCP.
    SockOpt<Integer> IP_MINTTL = SockOpt.of("IP_MINTTL", IPPROTO_IP, Constants.IP_MINTTL, OptionType.INTEGER);

    /// `IP_ROUTER_ALERT`: receives what is to be forwarded and has the option of that name. Raw sockets. Older
    /// kernels do not tell it.
    SockOpt<Boolean> IP_ROUTER_ALERT = SockOpt.of("IP_ROUTER_ALERT", IPPROTO_IP, Constants.IP_ROUTER_ALERT,
            OptionType.FLAG);

    // ---- multicast

    /// `IP_ADD_MEMBERSHIP`: joins a group. `EADDRINUSE`: joined already; `ENODEV`: no such interface; `ENOBUFS`: more
    /// than `net.ipv4.igmp_max_memberships`. Set only.
    SockOpt<Membership.IpMreqn> IP_ADD_MEMBERSHIP = SockOpt.writeOnly("IP_ADD_MEMBERSHIP", IPPROTO_IP,
            Constants.IP_ADD_MEMBERSHIP, Membership.IpMreqn.TYPE);

    /// `IP_DROP_MEMBERSHIP`: leaves a group. `EADDRNOTAVAIL`: not joined by this socket. Set only.
    SockOpt<Membership.IpMreqn> IP_DROP_MEMBERSHIP = SockOpt.writeOnly("IP_DROP_MEMBERSHIP", IPPROTO_IP,
            Constants.IP_DROP_MEMBERSHIP, Membership.IpMreqn.TYPE);

    /// `IP_ADD_SOURCE_MEMBERSHIP`: joins a group for what one sender sends to it; once for each. Set only.
    SockOpt<Membership.IpMreqSource> IP_ADD_SOURCE_MEMBERSHIP = SockOpt.writeOnly("IP_ADD_SOURCE_MEMBERSHIP",
            IPPROTO_IP, Constants.IP_ADD_SOURCE_MEMBERSHIP, Membership.IpMreqSource.TYPE);

    /// `IP_DROP_SOURCE_MEMBERSHIP`: no more from that sender. Set only.
    SockOpt<Membership.IpMreqSource> IP_DROP_SOURCE_MEMBERSHIP = SockOpt.writeOnly("IP_DROP_SOURCE_MEMBERSHIP",
            IPPROTO_IP, Constants.IP_DROP_SOURCE_MEMBERSHIP, Membership.IpMreqSource.TYPE);

    /// `IP_BLOCK_SOURCE`: of a group that is joined, nothing from that sender. Set only.
    SockOpt<Membership.IpMreqSource> IP_BLOCK_SOURCE = SockOpt.writeOnly("IP_BLOCK_SOURCE", IPPROTO_IP,
            Constants.IP_BLOCK_SOURCE, Membership.IpMreqSource.TYPE);

    /// `IP_UNBLOCK_SOURCE`: again from that sender. `EADDRNOTAVAIL`: it was not blocked. Set only.
    SockOpt<Membership.IpMreqSource> IP_UNBLOCK_SOURCE = SockOpt.writeOnly("IP_UNBLOCK_SOURCE", IPPROTO_IP,
            Constants.IP_UNBLOCK_SOURCE, Membership.IpMreqSource.TYPE);

    /// `IP_MULTICAST_IF`: the interface that multicast goes out by, by address or by index; the group has no meaning.
    /// What is read has the address, and nothing else: one that was set by index is not told.
    SockOpt<Membership.IpMreqn> IP_MULTICAST_IF = SockOpt.of("IP_MULTICAST_IF", IPPROTO_IP, Constants.IP_MULTICAST_IF,
            Membership.IpMreqn.INTERFACE);

    /// `IP_MULTICAST_TTL`: how many routers multicast may pass, 0 to 255; 1 by default, so that it stays on the link.
    SockOpt<Integer> IP_MULTICAST_TTL = SockOpt.of("IP_MULTICAST_TTL", IPPROTO_IP, Constants.IP_MULTICAST_TTL,
            OptionType.INTEGER);

    /// `IP_MULTICAST_LOOP`: multicast that is sent also comes to members on this machine; yes, by default.
    SockOpt<Boolean> IP_MULTICAST_LOOP = SockOpt.of("IP_MULTICAST_LOOP", IPPROTO_IP, Constants.IP_MULTICAST_LOOP,
            OptionType.FLAG);

    /// `IP_MULTICAST_ALL`: a socket bound to 0.0.0.0 gets what comes for **any group that anybody on this machine has
    /// joined**. **Yes, by default**, on Linux alone; set it to false to get what this socket has joined. (The JDK does
    /// that for its own sockets.)
    SockOpt<Boolean> IP_MULTICAST_ALL = SockOpt.of("IP_MULTICAST_ALL", IPPROTO_IP, Constants.IP_MULTICAST_ALL,
            OptionType.FLAG);

    /// `IP_MSFILTER`: of whom, sending to a group that is joined, is received: only of these, or of all but these. Set
    /// only; the raw form reads it.
    SockOpt<Membership.IpMsfilter> IP_MSFILTER = SockOpt.writeOnly("IP_MSFILTER", IPPROTO_IP, Constants.IP_MSFILTER,
            Membership.IpMsfilter.TYPE);

    // ---- multicast of both families: at level IPPROTO_IPV6 where the group is an IPv6 address

    /// `MCAST_JOIN_GROUP`: joins a group of either family, on an interface by index. Set only.
    SockOpt<Membership.GroupReq> MCAST_JOIN_GROUP = SockOpt.writeOnly("MCAST_JOIN_GROUP", IPPROTO_IP,
            Constants.MCAST_JOIN_GROUP, Membership.GroupReq.TYPE);

    /// `MCAST_LEAVE_GROUP`: leaves it. `EADDRNOTAVAIL`: not joined by this socket. Set only.
    SockOpt<Membership.GroupReq> MCAST_LEAVE_GROUP = SockOpt.writeOnly("MCAST_LEAVE_GROUP", IPPROTO_IP,
            Constants.MCAST_LEAVE_GROUP, Membership.GroupReq.TYPE);

    /// `MCAST_JOIN_SOURCE_GROUP`: joins a group for what one sender sends to it; once for each. Set only.
    SockOpt<Membership.GroupSourceReq> MCAST_JOIN_SOURCE_GROUP = SockOpt.writeOnly("MCAST_JOIN_SOURCE_GROUP",
            IPPROTO_IP, Constants.MCAST_JOIN_SOURCE_GROUP, Membership.GroupSourceReq.TYPE);

    /// `MCAST_LEAVE_SOURCE_GROUP`: no more from that sender. Set only.
    SockOpt<Membership.GroupSourceReq> MCAST_LEAVE_SOURCE_GROUP = SockOpt.writeOnly("MCAST_LEAVE_SOURCE_GROUP",
            IPPROTO_IP, Constants.MCAST_LEAVE_SOURCE_GROUP, Membership.GroupSourceReq.TYPE);

    /// `MCAST_BLOCK_SOURCE`: of a group that is joined, nothing from that sender. Set only.
    SockOpt<Membership.GroupSourceReq> MCAST_BLOCK_SOURCE = SockOpt.writeOnly("MCAST_BLOCK_SOURCE", IPPROTO_IP,
            Constants.MCAST_BLOCK_SOURCE, Membership.GroupSourceReq.TYPE);

    /// `MCAST_UNBLOCK_SOURCE`: again from that sender. `EADDRNOTAVAIL`: it was not blocked. Set only.
    SockOpt<Membership.GroupSourceReq> MCAST_UNBLOCK_SOURCE = SockOpt.writeOnly("MCAST_UNBLOCK_SOURCE", IPPROTO_IP,
            Constants.MCAST_UNBLOCK_SOURCE, Membership.GroupSourceReq.TYPE);

    /// Makes the constants, where nobody has used one yet.
    static void load() {
    }
}
