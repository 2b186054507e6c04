package io.github.fdsock.option;

import static io.github.fdsock.sys.Constants.IPPROTO_TCP;

import io.github.fdsock.sys.Constants;

/// The options of `tcp(7)`, level `IPPROTO_TCP`. Read them as constants of [SockOpt].
///
/// Accepted sockets inherit most of them from the listener.
interface TcpOptions {

    // ---- when segments are sent

    /// `TCP_NODELAY`: sends every segment at once, however small, rather than wait for the last one's acknowledgement
    /// (Nagle's algorithm).
    SockOpt<Boolean> TCP_NODELAY = SockOpt.of("TCP_NODELAY", IPPROTO_TCP, Constants.TCP_NODELAY, OptionType.FLAG);

    /// `TCP_CORK`: sends full segments only; what is left goes out when this is switched off, or after 200 ms.
    SockOpt<Boolean> TCP_CORK = SockOpt.of("TCP_CORK", IPPROTO_TCP, Constants.TCP_CORK, OptionType.FLAG);

    /// `TCP_QUICKACK`: acknowledges at once rather than with a delay.
    ///
    /// **Not sticky**: the kernel switches it off again as it sees fit, so that whoever means it sets it after every
    /// receive.
    SockOpt<Boolean> TCP_QUICKACK = SockOpt.of("TCP_QUICKACK", IPPROTO_TCP, Constants.TCP_QUICKACK, OptionType.FLAG);

    /// `TCP_NOTSENT_LOWAT`: with so many bytes in the send queue that were not sent yet, `poll` no longer reports the
    /// socket as writable; an unsigned number in an `int`. 0 stands for `net.ipv4.tcp_notsent_lowat`.
    SockOpt<Integer> TCP_NOTSENT_LOWAT = SockOpt.of("TCP_NOTSENT_LOWAT", IPPROTO_TCP, Constants.TCP_NOTSENT_LOWAT,
            OptionType.INTEGER);

    /// `TCP_TX_DELAY`: delays all that is sent, µs; for tests. Linux 5.3.
    SockOpt<Integer> TCP_TX_DELAY = SockOpt.of("TCP_TX_DELAY", IPPROTO_TCP, Constants.TCP_TX_DELAY, OptionType.INTEGER);

    /// `TCP_DELACK_MAX_US`: how long an acknowledgement may be delayed, µs. Linux 6.15.
    SockOpt<Integer> TCP_DELACK_MAX_US = SockOpt.of("TCP_DELACK_MAX_US", IPPROTO_TCP, Constants.TCP_DELACK_MAX_US,
            OptionType.INTEGER);

    /// `TCP_RTO_MIN_US`: the least time after which a segment is sent again, µs. Linux 6.15.
    SockOpt<Integer> TCP_RTO_MIN_US = SockOpt.of("TCP_RTO_MIN_US", IPPROTO_TCP, Constants.TCP_RTO_MIN_US,
            OptionType.INTEGER);

    /// `TCP_RTO_MAX_MS`: the longest time after which a segment is sent again, **milli**seconds, 1000 to 120000. Linux
    /// 6.15.
    SockOpt<Integer> TCP_RTO_MAX_MS = SockOpt.of("TCP_RTO_MAX_MS", IPPROTO_TCP, Constants.TCP_RTO_MAX_MS,
            OptionType.INTEGER);

    /// `TCP_THIN_LINEAR_TIMEOUTS`: with little in flight, the timeout is not doubled the first six times.
    SockOpt<Boolean> TCP_THIN_LINEAR_TIMEOUTS = SockOpt.of("TCP_THIN_LINEAR_TIMEOUTS", IPPROTO_TCP,
            Constants.TCP_THIN_LINEAR_TIMEOUTS, OptionType.FLAG);

    /// `TCP_THIN_DUPACK`: taken and ignored since Linux 4.10, which recovers fast in any case.
    SockOpt<Boolean> TCP_THIN_DUPACK = SockOpt.of("TCP_THIN_DUPACK", IPPROTO_TCP, Constants.TCP_THIN_DUPACK,
            OptionType.FLAG);

    /// `TCP_CONGESTION`: the algorithm of congestion control, by name. `ENOENT`: no such one; `EPERM`: not for
    /// everybody.
    SockOpt<String> TCP_CONGESTION = SockOpt.of("TCP_CONGESTION", IPPROTO_TCP, Constants.TCP_CONGESTION,
            OptionType.NAME);

    /// `TCP_MAXSEG`: the largest segment, bytes. Before the connection, 0 or 88 to 32767 announces that number to the
    /// peer; of a connection it tells what is in use.
    SockOpt<Integer> TCP_MAXSEG = SockOpt.of("TCP_MAXSEG", IPPROTO_TCP, Constants.TCP_MAXSEG, OptionType.INTEGER);

    /// `TCP_WINDOW_CLAMP`: the largest receive window to be announced, bytes.
    SockOpt<Integer> TCP_WINDOW_CLAMP = SockOpt.of("TCP_WINDOW_CLAMP", IPPROTO_TCP, Constants.TCP_WINDOW_CLAMP,
            OptionType.INTEGER);

    // ---- when a connection is given up

    /// `TCP_KEEPIDLE`: after how many idle seconds [SockOpt#SO_KEEPALIVE] asks for the first time, 1 to 32767; 7200 by
    /// default.
    SockOpt<Integer> TCP_KEEPIDLE = SockOpt.of("TCP_KEEPIDLE", IPPROTO_TCP, Constants.TCP_KEEPIDLE, OptionType.INTEGER);

    /// `TCP_KEEPINTVL`: after how many further seconds it asks again, 1 to 32767; 75 by default.
    SockOpt<Integer> TCP_KEEPINTVL = SockOpt.of("TCP_KEEPINTVL", IPPROTO_TCP, Constants.TCP_KEEPINTVL,
            OptionType.INTEGER);

    /// `TCP_KEEPCNT`: how often it asks before the connection is given up (`ETIMEDOUT`), 1 to 127; 9 by default.
    SockOpt<Integer> TCP_KEEPCNT = SockOpt.of("TCP_KEEPCNT", IPPROTO_TCP, Constants.TCP_KEEPCNT, OptionType.INTEGER);

    /// `TCP_USER_TIMEOUT`: for how many **milli**seconds data may be unacknowledged, or unsent, before the connection
    /// is given up (`ETIMEDOUT`); 0, the default, leaves it to the system. Overrides [SockOpt#TCP_KEEPCNT].
    SockOpt<Integer> TCP_USER_TIMEOUT = SockOpt.of("TCP_USER_TIMEOUT", IPPROTO_TCP, Constants.TCP_USER_TIMEOUT,
            OptionType.INTEGER);

    /// `TCP_SYNCNT`: how often `connect` sends its first segment again, 1 to 127; 6 by default.
    SockOpt<Integer> TCP_SYNCNT = SockOpt.of("TCP_SYNCNT", IPPROTO_TCP, Constants.TCP_SYNCNT, OptionType.INTEGER);

    /// `TCP_LINGER2`: how many seconds a closed socket waits for the peer's end (`FIN_WAIT2`); 60 by default, -1 not at
    /// all.
    SockOpt<Integer> TCP_LINGER2 = SockOpt.of("TCP_LINGER2", IPPROTO_TCP, Constants.TCP_LINGER2, OptionType.INTEGER);

    // ---- making connections

    /// `TCP_DEFER_ACCEPT`: a listener hands out connections only when data has come, or so many seconds are over; 0 at
    /// once. What is read is rounded up to when the kernel would ask again: 1, 3, 7, 15, …
    SockOpt<Integer> TCP_DEFER_ACCEPT = SockOpt.of("TCP_DEFER_ACCEPT", IPPROTO_TCP, Constants.TCP_DEFER_ACCEPT,
            OptionType.INTEGER);

    /// `TCP_FASTOPEN`: on a listener, how many connections whose first segment brought data may wait; 0 for none. Takes
    /// effect only where `net.ipv4.tcp_fastopen` allows it. `EINVAL` on a connection.
    SockOpt<Integer> TCP_FASTOPEN = SockOpt.of("TCP_FASTOPEN", IPPROTO_TCP, Constants.TCP_FASTOPEN, OptionType.INTEGER);

    /// `TCP_FASTOPEN_CONNECT`: `connect` returns at once where it may send data with the first segment, which then the
    /// first send does. `EOPNOTSUPP` where `net.ipv4.tcp_fastopen` forbids it.
    SockOpt<Boolean> TCP_FASTOPEN_CONNECT = SockOpt.of("TCP_FASTOPEN_CONNECT", IPPROTO_TCP,
            Constants.TCP_FASTOPEN_CONNECT, OptionType.FLAG);

    /// `TCP_FASTOPEN_KEY`: the key of a listener's cookies, 16 bytes, or 32 with the one before it.
    SockOpt<byte[]> TCP_FASTOPEN_KEY = SockOpt.of("TCP_FASTOPEN_KEY", IPPROTO_TCP, Constants.TCP_FASTOPEN_KEY,
            OptionType.BYTES);

    /// `TCP_FASTOPEN_NO_COOKIE`: does without cookies, in a network where everybody is known.
    SockOpt<Boolean> TCP_FASTOPEN_NO_COOKIE = SockOpt.of("TCP_FASTOPEN_NO_COOKIE", IPPROTO_TCP,
            Constants.TCP_FASTOPEN_NO_COOKIE, OptionType.FLAG);

    /// `TCP_SAVE_SYN`: a listener keeps the headers of the first segment of each connection: 0 no, 1 from IP on, 2 from
    /// the link layer on.
    SockOpt<Integer> TCP_SAVE_SYN = SockOpt.of("TCP_SAVE_SYN", IPPROTO_TCP, Constants.TCP_SAVE_SYN, OptionType.INTEGER);

    /// `TCP_SAVED_SYN`: these headers, of a connection. Empty where there are none. Read only, and **reading throws
    /// them away**.
    SockOpt<byte[]> TCP_SAVED_SYN = SockOpt.readOnly("TCP_SAVED_SYN", IPPROTO_TCP, Constants.TCP_SAVED_SYN,
            OptionType.BYTES);

    /// `TCP_ULP`: the protocol on top that the kernel takes care of, such as `tls`. It cannot be taken away again.
    SockOpt<String> TCP_ULP = SockOpt.of("TCP_ULP", IPPROTO_TCP, Constants.TCP_ULP, OptionType.NAME);

    // ---- what it tells

    /// `TCP_INFO`: what the kernel knows of the connection. Read only.
    SockOpt<TcpInfo> TCP_INFO = SockOpt.readOnly("TCP_INFO", IPPROTO_TCP, Constants.TCP_INFO, TcpInfo.TYPE);

    /// `TCP_CC_INFO`: what the algorithm of congestion control tells of itself, `union tcp_cc_info`; empty for most.
    /// Read only.
    SockOpt<byte[]> TCP_CC_INFO = SockOpt.readOnly("TCP_CC_INFO", IPPROTO_TCP, Constants.TCP_CC_INFO,
            OptionType.BYTES);

    /// `TCP_INQ`: tells with each receive how many bytes are left (`TCP_CM_INQ`). Linux 4.18.
    SockOpt<Boolean> TCP_INQ = SockOpt.of("TCP_INQ", IPPROTO_TCP, Constants.TCP_INQ, OptionType.FLAG);

    /// `TCP_IS_MPTCP`: whether the connection speaks MPTCP, and has not fallen back to TCP. Read only.
    SockOpt<Boolean> TCP_IS_MPTCP = SockOpt.readOnly("TCP_IS_MPTCP", IPPROTO_TCP, Constants.TCP_IS_MPTCP,
            OptionType.FLAG);

    /// `TCP_TIMESTAMP`: the clock of the time stamps in segments; set in repair mode only (`EPERM`).
    SockOpt<Integer> TCP_TIMESTAMP = SockOpt.of("TCP_TIMESTAMP", IPPROTO_TCP, Constants.TCP_TIMESTAMP,
            OptionType.INTEGER);

    // ---- moving a connection to another process

    /// `TCP_REPAIR`: the mode in which a connection can be taken apart and put together, `TCP_REPAIR_ON`,
    /// `TCP_REPAIR_OFF`, `TCP_REPAIR_OFF_NO_WP`. Needs CAP_NET_ADMIN.
    SockOpt<Integer> TCP_REPAIR = SockOpt.of("TCP_REPAIR", IPPROTO_TCP, Constants.TCP_REPAIR, OptionType.INTEGER);

    /// `TCP_REPAIR_QUEUE`: which queue the mode works on, `TCP_NO_QUEUE`, `TCP_RECV_QUEUE` or `TCP_SEND_QUEUE`. In that
    /// mode only (`EPERM`, and `EINVAL` to a reader).
    SockOpt<Integer> TCP_REPAIR_QUEUE = SockOpt.of("TCP_REPAIR_QUEUE", IPPROTO_TCP, Constants.TCP_REPAIR_QUEUE,
            OptionType.INTEGER);

    /// `TCP_QUEUE_SEQ`: the sequence number of that queue, an unsigned number in an `int`.
    SockOpt<Integer> TCP_QUEUE_SEQ = SockOpt.of("TCP_QUEUE_SEQ", IPPROTO_TCP, Constants.TCP_QUEUE_SEQ,
            OptionType.INTEGER);

    /// `TCP_REPAIR_OPTIONS`: what the ends had agreed on, an array of `struct tcp_repair_opt`. Set only.
    SockOpt<byte[]> TCP_REPAIR_OPTIONS = SockOpt.writeOnly("TCP_REPAIR_OPTIONS", IPPROTO_TCP,
            Constants.TCP_REPAIR_OPTIONS, OptionType.BYTES);

    /// Makes the constants, where nobody has used one yet.
    static void load() {
    }
}
