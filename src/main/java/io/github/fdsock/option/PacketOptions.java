package io.github.fdsock.option;

import static io.github.fdsock.sys.Constants.SOL_PACKET;

import io.github.fdsock.sys.Constants;

/// The options of `packet(7)`, level `SOL_PACKET`, but for those of its rings. Read them as constants of [SockOpt].
interface PacketOptions {

    /// `PACKET_ADD_MEMBERSHIP`: receives what is for others, or for a group. Set only.
    SockOpt<Membership.PacketMreq> PACKET_ADD_MEMBERSHIP = SockOpt.writeOnly("PACKET_ADD_MEMBERSHIP", SOL_PACKET,
            Constants.PACKET_ADD_MEMBERSHIP, Membership.PacketMreq.OPTION_TYPE);

    /// `PACKET_DROP_MEMBERSHIP`: no more. Set only.
    SockOpt<Membership.PacketMreq> PACKET_DROP_MEMBERSHIP = SockOpt.writeOnly("PACKET_DROP_MEMBERSHIP", SOL_PACKET,
            Constants.PACKET_DROP_MEMBERSHIP, Membership.PacketMreq.OPTION_TYPE);

    /// `PACKET_AUXDATA`: tells with each packet what the kernel knows of it (`struct tpacket_auxdata`).
    SockOpt<Boolean> PACKET_AUXDATA = SockOpt.of("PACKET_AUXDATA", SOL_PACKET, Constants.PACKET_AUXDATA,
            OptionType.FLAG);

    /// `PACKET_ORIGDEV`: addresses name the device that the packet came in by, not the one on top of it.
    SockOpt<Boolean> PACKET_ORIGDEV = SockOpt.of("PACKET_ORIGDEV", SOL_PACKET, Constants.PACKET_ORIGDEV,
            OptionType.FLAG);

    /// `PACKET_IGNORE_OUTGOING`: does not receive what this machine sends. Linux 4.20.
    SockOpt<Boolean> PACKET_IGNORE_OUTGOING = SockOpt.of("PACKET_IGNORE_OUTGOING", SOL_PACKET,
            Constants.PACKET_IGNORE_OUTGOING, OptionType.FLAG);

    /// `PACKET_QDISC_BYPASS`: sends past the queues of the kernel, which drops what the device has no room for.
    SockOpt<Boolean> PACKET_QDISC_BYPASS = SockOpt.of("PACKET_QDISC_BYPASS", SOL_PACKET,
            Constants.PACKET_QDISC_BYPASS, OptionType.FLAG);

    /// `PACKET_FANOUT`: several sockets share packets: the number of the group in the lower 16 bits, how they share it
    /// (`PACKET_FANOUT_HASH` and so on) and flags in the upper. The socket must be bound.
    SockOpt<Integer> PACKET_FANOUT = SockOpt.of("PACKET_FANOUT", SOL_PACKET, Constants.PACKET_FANOUT,
            OptionType.INTEGER);

    /// `PACKET_VERSION`: the layout of a ring, 0, 1 or 2 for `TPACKET_V1` to `TPACKET_V3`.
    SockOpt<Integer> PACKET_VERSION = SockOpt.of("PACKET_VERSION", SOL_PACKET, Constants.PACKET_VERSION,
            OptionType.INTEGER);

    /// `PACKET_RESERVE`: bytes of room in front of each packet of a ring.
    SockOpt<Integer> PACKET_RESERVE = SockOpt.of("PACKET_RESERVE", SOL_PACKET, Constants.PACKET_RESERVE,
            OptionType.INTEGER);

    /// `PACKET_LOSS`: malformed packets of a transmit ring are skipped rather than stop it.
    SockOpt<Boolean> PACKET_LOSS = SockOpt.of("PACKET_LOSS", SOL_PACKET, Constants.PACKET_LOSS, OptionType.FLAG);

    /// `PACKET_TIMESTAMP`: which time stamps a ring has, `SOF_TIMESTAMPING_…`.
    SockOpt<Integer> PACKET_TIMESTAMP = SockOpt.of("PACKET_TIMESTAMP", SOL_PACKET, Constants.PACKET_TIMESTAMP,
            OptionType.INTEGER);

    /// `PACKET_VNET_HDR`: a `struct virtio_net_hdr` stands in front of each packet.
    SockOpt<Boolean> PACKET_VNET_HDR = SockOpt.of("PACKET_VNET_HDR", SOL_PACKET, Constants.PACKET_VNET_HDR,
            OptionType.FLAG);

    /// `PACKET_STATISTICS`: how many packets came, and how many were dropped, since it was last read: reading sets both
    /// to 0. Read only.
    SockOpt<int[]> PACKET_STATISTICS = SockOpt.readOnly("PACKET_STATISTICS", SOL_PACKET, Constants.PACKET_STATISTICS,
            OptionType.INTEGERS);

    /// Makes the constants, where nobody has used one yet.
    static void load() {
    }
}
