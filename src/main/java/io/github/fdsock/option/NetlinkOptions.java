package io.github.fdsock.option;

import static io.github.fdsock.sys.Constants.SOL_NETLINK;

import io.github.fdsock.sys.Constants;

/// The options of `netlink(7)`, level `SOL_NETLINK`. Read them as constants of [SockOpt].
interface NetlinkOptions {

    /// `NETLINK_ADD_MEMBERSHIP`: joins a group, by number. Set only.
    SockOpt<Integer> NETLINK_ADD_MEMBERSHIP = SockOpt.writeOnly("NETLINK_ADD_MEMBERSHIP", SOL_NETLINK,
            Constants.NETLINK_ADD_MEMBERSHIP, OptionType.INTEGER);

    /// `NETLINK_DROP_MEMBERSHIP`: leaves a group, by number. Set only.
    SockOpt<Integer> NETLINK_DROP_MEMBERSHIP = SockOpt.writeOnly("NETLINK_DROP_MEMBERSHIP", SOL_NETLINK,
            Constants.NETLINK_DROP_MEMBERSHIP, OptionType.INTEGER);

    /// `NETLINK_LIST_MEMBERSHIPS`: the groups joined, a set of bits: group `n` is bit `(n - 1) % 32` of the number at
    /// `(n - 1) / 32`. Empty where none was ever joined. Read only.
    SockOpt<int[]> NETLINK_LIST_MEMBERSHIPS = SockOpt.readOnly("NETLINK_LIST_MEMBERSHIPS", SOL_NETLINK,
            Constants.NETLINK_LIST_MEMBERSHIPS, OptionType.INTEGERS);

    /// `NETLINK_PKTINFO`: tells with each message which group it was for.
    SockOpt<Boolean> NETLINK_PKTINFO = SockOpt.of("NETLINK_PKTINFO", SOL_NETLINK, Constants.NETLINK_PKTINFO,
            OptionType.FLAG);

    /// `NETLINK_BROADCAST_ERROR`: a message to a group fails for its sender (`ENOBUFS`) where this socket could not get
    /// it.
    SockOpt<Boolean> NETLINK_BROADCAST_ERROR = SockOpt.of("NETLINK_BROADCAST_ERROR", SOL_NETLINK,
            Constants.NETLINK_BROADCAST_ERROR, OptionType.FLAG);

    /// `NETLINK_NO_ENOBUFS`: messages that there was no room for are lost without `ENOBUFS`.
    SockOpt<Boolean> NETLINK_NO_ENOBUFS = SockOpt.of("NETLINK_NO_ENOBUFS", SOL_NETLINK, Constants.NETLINK_NO_ENOBUFS,
            OptionType.FLAG);

    /// `NETLINK_LISTEN_ALL_NSID`: hears of all network namespaces that have a number here. Needs CAP_NET_BROADCAST.
    SockOpt<Boolean> NETLINK_LISTEN_ALL_NSID = SockOpt.of("NETLINK_LISTEN_ALL_NSID", SOL_NETLINK,
            Constants.NETLINK_LISTEN_ALL_NSID, OptionType.FLAG);

    /// `NETLINK_CAP_ACK`: acknowledgements do not repeat the request.
    SockOpt<Boolean> NETLINK_CAP_ACK = SockOpt.of("NETLINK_CAP_ACK", SOL_NETLINK, Constants.NETLINK_CAP_ACK,
            OptionType.FLAG);

    /// `NETLINK_EXT_ACK`: errors come with a text, and with the place in the request.
    SockOpt<Boolean> NETLINK_EXT_ACK = SockOpt.of("NETLINK_EXT_ACK", SOL_NETLINK, Constants.NETLINK_EXT_ACK,
            OptionType.FLAG);

    /// `NETLINK_GET_STRICT_CHK`: requests are checked strictly. Linux 4.20.
    SockOpt<Boolean> NETLINK_GET_STRICT_CHK = SockOpt.of("NETLINK_GET_STRICT_CHK", SOL_NETLINK,
            Constants.NETLINK_GET_STRICT_CHK, OptionType.FLAG);

    /// Makes the constants, where nobody has used one yet.
    static void load() {
    }
}
