package io.github.fdsock.option;

import static io.github.fdsock.sys.Constants.SOL_SOCKET;

import io.github.fdsock.sys.Constants;
import java.time.Duration;

/// The options of `socket(7)` and `unix(7)`, level `SOL_SOCKET`. Read them as constants of [SockOpt].
interface SocketOptions {

    // ---- what the socket is

    /// `SO_DOMAIN`: the address family it was made with. Read only.
    SockOpt<Integer> SO_DOMAIN = SockOpt.readOnly("SO_DOMAIN", SOL_SOCKET, Constants.SO_DOMAIN, OptionType.INTEGER);

    /// `SO_TYPE`: `SOCK_STREAM`, `SOCK_DGRAM`, …, never with `SOCK_NONBLOCK` or `SOCK_CLOEXEC`. Read only.
    SockOpt<Integer> SO_TYPE = SockOpt.readOnly("SO_TYPE", SOL_SOCKET, Constants.SO_TYPE, OptionType.INTEGER);

    /// `SO_PROTOCOL`: the protocol, which for a TCP socket is `IPPROTO_TCP` although it was made with 0. Read only.
    SockOpt<Integer> SO_PROTOCOL = SockOpt.readOnly("SO_PROTOCOL", SOL_SOCKET, Constants.SO_PROTOCOL,
            OptionType.INTEGER);

    /// `SO_ACCEPTCONN`: whether it listens. Read only.
    SockOpt<Boolean> SO_ACCEPTCONN = SockOpt.readOnly("SO_ACCEPTCONN", SOL_SOCKET, Constants.SO_ACCEPTCONN,
            OptionType.FLAG);

    /// `SO_COOKIE`: a number of the socket itself, which no other socket of this machine ever gets, and which all
    /// descriptors of it share. Read only. Linux 4.12.
    SockOpt<Long> SO_COOKIE = SockOpt.readOnly("SO_COOKIE", SOL_SOCKET, Constants.SO_COOKIE, OptionType.LONG);

    /// `SO_NETNS_COOKIE`: the same of the network namespace that it lives in. Read only. Linux 5.14.
    SockOpt<Long> SO_NETNS_COOKIE = SockOpt.readOnly("SO_NETNS_COOKIE", SOL_SOCKET, Constants.SO_NETNS_COOKIE,
            OptionType.LONG);

    /// `SO_ERROR`: the pending error, an errno, 0 for none. Read only, and **reading clears it**: who looks first is
    /// the only one to learn. A connection that failed in the background tells why here, once.
    SockOpt<Integer> SO_ERROR = SockOpt.readOnly("SO_ERROR", SOL_SOCKET, Constants.SO_ERROR, OptionType.INTEGER);

    // ---- names

    /// `SO_REUSEADDR`: on TCP, `bind` succeeds although connections of an earlier listener there are still being wound
    /// up (`TIME_WAIT`). What still listens there keeps others off: `EADDRINUSE`. On UDP, several sockets may have the
    /// same address, and only one of them gets a datagram, unless it is multicast. To be set before `bind`, on each of
    /// them. No effect on UNIX sockets.
    SockOpt<Boolean> SO_REUSEADDR = SockOpt.of("SO_REUSEADDR", SOL_SOCKET, Constants.SO_REUSEADDR, OptionType.FLAG);

    /// `SO_REUSEPORT`: several sockets of one user may have the same address, and the kernel distributes connections
    /// and datagrams among them, by a hash of the peer's address. To be set before `bind`, on each of them, the first
    /// included. Unlike [SockOpt#SO_REUSEADDR] it says nothing of what is being wound up. A connection in the queue of
    /// one listener is lost when that one is closed. For other sockets than those of IP it is `EOPNOTSUPP` since Linux
    /// 6.13; before it had no effect.
    SockOpt<Boolean> SO_REUSEPORT = SockOpt.of("SO_REUSEPORT", SOL_SOCKET, Constants.SO_REUSEPORT, OptionType.FLAG);

    /// `SO_BINDTODEVICE`: the interface that it is bound to, by name; empty for none. To change it
    /// needs CAP_NET_RAW. Not for packet sockets.
    SockOpt<String> SO_BINDTODEVICE = SockOpt.of("SO_BINDTODEVICE", SOL_SOCKET, Constants.SO_BINDTODEVICE,
            OptionType.NAME);

    /// `SO_BINDTOIFINDEX`: the same by index; 0 for none. Linux 5.1.
    SockOpt<Integer> SO_BINDTOIFINDEX = SockOpt.of("SO_BINDTOIFINDEX", SOL_SOCKET, Constants.SO_BINDTOIFINDEX,
            OptionType.INTEGER);

    /// `SO_DONTROUTE`: sends to hosts of the own link only, never by a gateway.
    SockOpt<Boolean> SO_DONTROUTE = SockOpt.of("SO_DONTROUTE", SOL_SOCKET, Constants.SO_DONTROUTE, OptionType.FLAG);

    /// `SO_BROADCAST`: allows datagrams to broadcast addresses, which are otherwise `EACCES`.
    SockOpt<Boolean> SO_BROADCAST = SockOpt.of("SO_BROADCAST", SOL_SOCKET, Constants.SO_BROADCAST, OptionType.FLAG);

    // ---- buffers

    /// `SO_SNDBUF`: the size of the send buffer, bytes.
    ///
    /// **The kernel doubles what is set**, for its own overhead, and that is what is read. Before, it cuts it to
    /// `net.core.wmem_max`, silently; afterwards it is at least 4608 or so. Once set, TCP no longer adapts it.
    SockOpt<Integer> SO_SNDBUF = SockOpt.of("SO_SNDBUF", SOL_SOCKET, Constants.SO_SNDBUF, OptionType.INTEGER);

    /// `SO_RCVBUF`: the size of the receive buffer, bytes.
    ///
    /// **The kernel doubles what is set**, for its own overhead, and that is what is read. Before, it cuts it to
    /// `net.core.rmem_max`, silently; afterwards it is at least 2304 or so. Once set, TCP no longer adapts it. For TCP
    /// to announce a window scale that fits, set it **before `connect`, or on the listener before `listen`**: accepted
    /// sockets inherit it.
    SockOpt<Integer> SO_RCVBUF = SockOpt.of("SO_RCVBUF", SOL_SOCKET, Constants.SO_RCVBUF, OptionType.INTEGER);

    /// `SO_SNDBUFFORCE`: [SockOpt#SO_SNDBUF] beyond the limit of the system, for those with CAP_NET_ADMIN (`EPERM`).
    /// Set only; read the other.
    SockOpt<Integer> SO_SNDBUFFORCE = SockOpt.writeOnly("SO_SNDBUFFORCE", SOL_SOCKET, Constants.SO_SNDBUFFORCE,
            OptionType.INTEGER);

    /// `SO_RCVBUFFORCE`: [SockOpt#SO_RCVBUF] beyond the limit of the system, for those with CAP_NET_ADMIN (`EPERM`).
    /// Set only; read the other.
    SockOpt<Integer> SO_RCVBUFFORCE = SockOpt.writeOnly("SO_RCVBUFFORCE", SOL_SOCKET, Constants.SO_RCVBUFFORCE,
            OptionType.INTEGER);

    /// `SO_BUF_LOCK`: which buffers TCP must not adapt, `SOCK_SNDBUF_LOCK` and `SOCK_RCVBUF_LOCK`. Setting 0 lets it
    /// adapt them again. Linux 5.15.
    SockOpt<Integer> SO_BUF_LOCK = SockOpt.of("SO_BUF_LOCK", SOL_SOCKET, Constants.SO_BUF_LOCK, OptionType.INTEGER);

    /// `SO_RESERVE_MEM`: bytes of memory set aside for this socket; needs a memory control group (`EOPNOTSUPP`). Linux
    /// 5.16.
    SockOpt<Integer> SO_RESERVE_MEM = SockOpt.of("SO_RESERVE_MEM", SOL_SOCKET, Constants.SO_RESERVE_MEM,
            OptionType.INTEGER);

    /// `SO_MEMINFO`: what memory it uses, bytes, indexed by `SK_MEMINFO_RMEM_ALLOC` and so on; at `SK_MEMINFO_DROPS`
    /// how many packets were dropped. Read only. Linux 4.12.
    SockOpt<int[]> SO_MEMINFO = SockOpt.readOnly("SO_MEMINFO", SOL_SOCKET, Constants.SO_MEMINFO, OptionType.INTEGERS);

    /// `SO_RCVLOWAT`: how many bytes must have come before a receive returns and `poll` reports them; 1 from the start.
    SockOpt<Integer> SO_RCVLOWAT = SockOpt.of("SO_RCVLOWAT", SOL_SOCKET, Constants.SO_RCVLOWAT, OptionType.INTEGER);

    /// `SO_SNDLOWAT`: always 1. Read only: Linux does not have it. See [SockOpt#TCP_NOTSENT_LOWAT].
    SockOpt<Integer> SO_SNDLOWAT = SockOpt.readOnly("SO_SNDLOWAT", SOL_SOCKET, Constants.SO_SNDLOWAT,
            OptionType.INTEGER);

    // ---- time limits

    /// `SO_RCVTIMEO`: how long a receive, or `accept`, may block; then it returns `-EAGAIN`. [Duration#ZERO], the
    /// default, is no limit. Rounded up to a microsecond when set, and by the kernel to one of its ticks, which is what
    /// is read.
    ///
    /// `poll` and `epoll_wait` do not heed it. To wait with a limit and leave the socket as it is, there is
    /// [io.github.fdsock.SocketFd#recv(java.lang.foreign.MemorySegment, int, long)].
    SockOpt<Duration> SO_RCVTIMEO = SockOpt.of("SO_RCVTIMEO", SOL_SOCKET, Constants.SO_RCVTIMEO, OptionType.TIMEVAL);

    /// `SO_SNDTIMEO`: how long a send may block, and a `connect`, which then returns `-EINPROGRESS` and goes on.
    /// Otherwise as [SockOpt#SO_RCVTIMEO].
    SockOpt<Duration> SO_SNDTIMEO = SockOpt.of("SO_SNDTIMEO", SOL_SOCKET, Constants.SO_SNDTIMEO, OptionType.TIMEVAL);

    /// `SO_LINGER`: what `close` does with bytes that are not sent yet. Switched on, it makes `close` **block**, even
    /// of a non-blocking socket; [Linger#RESET] makes it reset the connection. UNIX sockets take the value and ignore
    /// it.
    SockOpt<Linger> SO_LINGER = SockOpt.of("SO_LINGER", SOL_SOCKET, Constants.SO_LINGER, OptionType.LINGER);

    /// `SO_KEEPALIVE`: asks an idle peer from time to time whether it is still there; when, the `TCP_KEEP…` options
    /// say.
    SockOpt<Boolean> SO_KEEPALIVE = SockOpt.of("SO_KEEPALIVE", SOL_SOCKET, Constants.SO_KEEPALIVE, OptionType.FLAG);

    /// `SO_BUSY_POLL`: how long a blocking receive polls the device before it sleeps, µs. To raise it needs
    /// CAP_NET_ADMIN.
    SockOpt<Integer> SO_BUSY_POLL = SockOpt.of("SO_BUSY_POLL", SOL_SOCKET, Constants.SO_BUSY_POLL, OptionType.INTEGER);

    /// `SO_PREFER_BUSY_POLL`: polls rather than takes interrupts. To switch it on needs CAP_NET_ADMIN. Linux 5.11.
    SockOpt<Boolean> SO_PREFER_BUSY_POLL = SockOpt.of("SO_PREFER_BUSY_POLL", SOL_SOCKET,
            Constants.SO_PREFER_BUSY_POLL, OptionType.FLAG);

    /// `SO_BUSY_POLL_BUDGET`: how many packets one poll takes at most. To raise it needs CAP_NET_ADMIN. Set only:
    /// the kernel does not tell it. Linux 5.11.
    SockOpt<Integer> SO_BUSY_POLL_BUDGET = SockOpt.writeOnly("SO_BUSY_POLL_BUDGET", SOL_SOCKET,
            Constants.SO_BUSY_POLL_BUDGET, OptionType.INTEGER);

    // ---- receiving

    /// `SO_OOBINLINE`: urgent data comes in the stream, at its place, rather than by `MSG_OOB`.
    SockOpt<Boolean> SO_OOBINLINE = SockOpt.of("SO_OOBINLINE", SOL_SOCKET, Constants.SO_OOBINLINE, OptionType.FLAG);

    /// `SO_PEEK_OFF`: where the next `MSG_PEEK` looks, bytes from the front of the queue; each look moves it on. -1,
    /// the default, looks at the front. UNIX sockets and UDP; TCP since Linux 6.9.
    SockOpt<Integer> SO_PEEK_OFF = SockOpt.of("SO_PEEK_OFF", SOL_SOCKET, Constants.SO_PEEK_OFF, OptionType.INTEGER);

    /// `SO_INQ`: tells with each message how many bytes are left (`SCM_INQ`), on UNIX streams. Set only: the kernel
    /// does not tell it. Linux 6.17.
    SockOpt<Boolean> SO_INQ = SockOpt.writeOnly("SO_INQ", SOL_SOCKET, Constants.SO_INQ, OptionType.FLAG);

    /// `SO_RXQ_OVFL`: tells with each message how many were dropped before it for lack of room.
    SockOpt<Boolean> SO_RXQ_OVFL = SockOpt.of("SO_RXQ_OVFL", SOL_SOCKET, Constants.SO_RXQ_OVFL, OptionType.FLAG);

    /// `SO_TIMESTAMP`: tells with each message when it came, to the microsecond (`SCM_TIMESTAMP`, a `struct timeval`).
    /// Excludes [SockOpt#SO_TIMESTAMPNS].
    SockOpt<Boolean> SO_TIMESTAMP = SockOpt.of("SO_TIMESTAMP", SOL_SOCKET, Constants.SO_TIMESTAMP, OptionType.FLAG);

    /// `SO_TIMESTAMPNS`: the same to the nanosecond (`SCM_TIMESTAMPNS`, a `struct timespec`).
    SockOpt<Boolean> SO_TIMESTAMPNS = SockOpt.of("SO_TIMESTAMPNS", SOL_SOCKET, Constants.SO_TIMESTAMPNS,
            OptionType.FLAG);

    /// `SO_TIMESTAMPING`: which time stamps are taken and told, of what is sent too: `SOF_TIMESTAMPING_…`. The clock of
    /// a device (`SOF_TIMESTAMPING_BIND_PHC`) is chosen by the raw form.
    SockOpt<Integer> SO_TIMESTAMPING = SockOpt.of("SO_TIMESTAMPING", SOL_SOCKET, Constants.SO_TIMESTAMPING,
            OptionType.INTEGER);

    /// `SO_RCVMARK`: tells with each message its [SockOpt#SO_MARK]. Needs CAP_NET_RAW or CAP_NET_ADMIN. Linux 5.19.
    SockOpt<Boolean> SO_RCVMARK = SockOpt.of("SO_RCVMARK", SOL_SOCKET, Constants.SO_RCVMARK, OptionType.FLAG);

    /// `SO_RCVPRIORITY`: tells with each message its [SockOpt#SO_PRIORITY]. Needs CAP_NET_RAW or CAP_NET_ADMIN. Linux
    /// 6.14.
    SockOpt<Boolean> SO_RCVPRIORITY = SockOpt.of("SO_RCVPRIORITY", SOL_SOCKET, Constants.SO_RCVPRIORITY,
            OptionType.FLAG);

    /// `SO_WIFI_STATUS`: tells what became of packets sent over a wireless device.
    SockOpt<Boolean> SO_WIFI_STATUS = SockOpt.of("SO_WIFI_STATUS", SOL_SOCKET, Constants.SO_WIFI_STATUS,
            OptionType.FLAG);

    /// `SO_SELECT_ERR_QUEUE`: `poll` reports `POLLPRI` with every `POLLERR`. Of no more use since Linux 4.16.
    SockOpt<Boolean> SO_SELECT_ERR_QUEUE = SockOpt.of("SO_SELECT_ERR_QUEUE", SOL_SOCKET,
            Constants.SO_SELECT_ERR_QUEUE, OptionType.FLAG);

    /// `SO_NOFCS`: packet sockets send frames that bring their own check sequence.
    SockOpt<Boolean> SO_NOFCS = SockOpt.of("SO_NOFCS", SOL_SOCKET, Constants.SO_NOFCS, OptionType.FLAG);

    /// `SO_INCOMING_CPU`: the CPU that the last packet was handled on. Set, it makes a listener of a
    /// [SockOpt#SO_REUSEPORT] group the one that gets what comes in on that CPU.
    SockOpt<Integer> SO_INCOMING_CPU = SockOpt.of("SO_INCOMING_CPU", SOL_SOCKET, Constants.SO_INCOMING_CPU,
            OptionType.INTEGER);

    /// `SO_INCOMING_NAPI_ID`: the device queue that the last packet came from; 0 for none. Read only. Linux 4.12.
    SockOpt<Integer> SO_INCOMING_NAPI_ID = SockOpt.readOnly("SO_INCOMING_NAPI_ID", SOL_SOCKET,
            Constants.SO_INCOMING_NAPI_ID, OptionType.INTEGER);

    // ---- sending

    /// `SO_PRIORITY`: the priority in the queues of the network, 0 to 6; beyond that it needs CAP_NET_ADMIN.
    SockOpt<Integer> SO_PRIORITY = SockOpt.of("SO_PRIORITY", SOL_SOCKET, Constants.SO_PRIORITY, OptionType.INTEGER);

    /// `SO_MARK`: the mark of what is sent, for routing and filters; an unsigned number in an `int`. Needs CAP_NET_RAW
    /// or CAP_NET_ADMIN.
    SockOpt<Integer> SO_MARK = SockOpt.of("SO_MARK", SOL_SOCKET, Constants.SO_MARK, OptionType.INTEGER);

    /// `SO_MAX_PACING_RATE`: how fast is sent at most, bytes a second, unsigned; -1, the default, is no limit. TCP
    /// keeps to it; others need the queueing discipline `fq`.
    SockOpt<Long> SO_MAX_PACING_RATE = SockOpt.of("SO_MAX_PACING_RATE", SOL_SOCKET, Constants.SO_MAX_PACING_RATE,
            OptionType.LONG);

    /// `SO_TXTIME`: allows messages that say when they are to be sent (`SCM_TXTIME`).
    SockOpt<SockOpt.TxTime> SO_TXTIME = SockOpt.of("SO_TXTIME", SOL_SOCKET, Constants.SO_TXTIME, OptionType.TXTIME);

    /// `SO_TXREHASH`: whether TCP tries another path after a timeout: `SOCK_TXREHASH_…`. Linux 5.18.
    SockOpt<Integer> SO_TXREHASH = SockOpt.of("SO_TXREHASH", SOL_SOCKET, Constants.SO_TXREHASH, OptionType.INTEGER);

    /// `SO_CNX_ADVICE`: 1: the path seems to be bad, try another. Set only.
    SockOpt<Integer> SO_CNX_ADVICE = SockOpt.writeOnly("SO_CNX_ADVICE", SOL_SOCKET, Constants.SO_CNX_ADVICE,
            OptionType.INTEGER);

    /// `SO_ZEROCOPY`: allows `MSG_ZEROCOPY`. Memory that is sent so has to stay as it is until an
    /// [ExtendedError][io.github.fdsock.cmsg.ExtendedError] of the error queue says that the transmission is over.
    SockOpt<Boolean> SO_ZEROCOPY = SockOpt.of("SO_ZEROCOPY", SOL_SOCKET, Constants.SO_ZEROCOPY, OptionType.FLAG);

    /// `SO_NO_CHECK`: UDP over IPv4 is sent without a checksum.
    SockOpt<Boolean> SO_NO_CHECK = SockOpt.of("SO_NO_CHECK", SOL_SOCKET, Constants.SO_NO_CHECK, OptionType.FLAG);

    // ---- who is at the other end

    /// `SO_PEERCRED`: who is at the other end of a UNIX socket: who called `connect`, `listen` or `socketpair` there,
    /// at that time. A socket without peer tells process 0, user and group -1. Read only.
    SockOpt<Credentials> SO_PEERCRED = SockOpt.readOnly("SO_PEERCRED", SOL_SOCKET, Constants.SO_PEERCRED,
            OptionType.CREDENTIALS);

    /// `SO_PEERGROUPS`: the supplementary groups of the same. `ENODATA` where there is no peer. Read only. Linux 4.13.
    SockOpt<int[]> SO_PEERGROUPS = SockOpt.readOnly("SO_PEERGROUPS", SOL_SOCKET, Constants.SO_PEERGROUPS,
            OptionType.INTEGERS);

    /// `SO_PEERSEC`: the security context of the peer, such as SELinux has. `ENOPROTOOPT` without such a module. Read
    /// only.
    SockOpt<String> SO_PEERSEC = SockOpt.readOnly("SO_PEERSEC", SOL_SOCKET, Constants.SO_PEERSEC, OptionType.CONTEXT);

    /// `SO_PASSCRED`: tells with each message who sent it (`SCM_CREDENTIALS`); an unbound UNIX socket gets a name when
    /// it then sends. Accepted sockets inherit it. On others than UNIX and netlink sockets it is `EOPNOTSUPP` since
    /// Linux 6.16; before it was taken and ignored.
    SockOpt<Boolean> SO_PASSCRED = SockOpt.of("SO_PASSCRED", SOL_SOCKET, Constants.SO_PASSCRED, OptionType.FLAG);

    /// `SO_PASSPIDFD`: sends along with each message a descriptor of the process that sent it (`SCM_PIDFD`). Linux 6.5.
    SockOpt<Boolean> SO_PASSPIDFD = SockOpt.of("SO_PASSPIDFD", SOL_SOCKET, Constants.SO_PASSPIDFD, OptionType.FLAG);

    /// `SO_PASSRIGHTS`: whether descriptors may be sent to this socket (`SCM_RIGHTS`); yes, by default. Where not,
    /// sending them is `EPERM`. Linux 6.16.
    SockOpt<Boolean> SO_PASSRIGHTS = SockOpt.of("SO_PASSRIGHTS", SOL_SOCKET, Constants.SO_PASSRIGHTS, OptionType.FLAG);

    /// `SO_PASSSEC`: tells with each message the security context of who sent it (`SCM_SECURITY`).
    SockOpt<Boolean> SO_PASSSEC = SockOpt.of("SO_PASSSEC", SOL_SOCKET, Constants.SO_PASSSEC, OptionType.FLAG);

    // ---- filters

    /// `SO_ATTACH_BPF`: filters what comes in by a program of `bpf(2)`, given by its descriptor. Set only.
    SockOpt<Integer> SO_ATTACH_BPF = SockOpt.writeOnly("SO_ATTACH_BPF", SOL_SOCKET, Constants.SO_ATTACH_BPF,
            OptionType.INTEGER);

    /// `SO_DETACH_FILTER`: takes the filter away, whatever the number. `ENOENT`: there is none. Set only.
    SockOpt<Integer> SO_DETACH_FILTER = SockOpt.writeOnly("SO_DETACH_FILTER", SOL_SOCKET, Constants.SO_DETACH_FILTER,
            OptionType.INTEGER);

    /// `SO_DETACH_BPF`: the same as [SockOpt#SO_DETACH_FILTER].
    SockOpt<Integer> SO_DETACH_BPF = SockOpt.writeOnly("SO_DETACH_BPF", SOL_SOCKET, Constants.SO_DETACH_BPF,
            OptionType.INTEGER);

    /// `SO_ATTACH_REUSEPORT_EBPF`: a program of `bpf(2)`, given by its descriptor, chooses among the sockets of a
    /// [SockOpt#SO_REUSEPORT] group. Set only.
    SockOpt<Integer> SO_ATTACH_REUSEPORT_EBPF = SockOpt.writeOnly("SO_ATTACH_REUSEPORT_EBPF", SOL_SOCKET,
            Constants.SO_ATTACH_REUSEPORT_EBPF, OptionType.INTEGER);

    /// `SO_DETACH_REUSEPORT_BPF`: takes that program away, whatever the number. Set only. Linux 5.3.
    SockOpt<Integer> SO_DETACH_REUSEPORT_BPF = SockOpt.writeOnly("SO_DETACH_REUSEPORT_BPF", SOL_SOCKET,
            Constants.SO_DETACH_REUSEPORT_BPF, OptionType.INTEGER);

    /// `SO_LOCK_FILTER`: nobody may change the filter any more, nor this (`EPERM`).
    SockOpt<Boolean> SO_LOCK_FILTER = SockOpt.of("SO_LOCK_FILTER", SOL_SOCKET, Constants.SO_LOCK_FILTER,
            OptionType.FLAG);

    /// `SO_BPF_EXTENSIONS`: which extensions filters may use. Read only.
    SockOpt<Integer> SO_BPF_EXTENSIONS = SockOpt.readOnly("SO_BPF_EXTENSIONS", SOL_SOCKET,
            Constants.SO_BPF_EXTENSIONS, OptionType.INTEGER);

    // ---- the rest

    /// `SO_DEBUG`: debugging within the kernel. To switch it on needs CAP_NET_ADMIN (`EACCES`).
    SockOpt<Boolean> SO_DEBUG = SockOpt.of("SO_DEBUG", SOL_SOCKET, Constants.SO_DEBUG, OptionType.FLAG);

    /// `SO_BSDCOMPAT`: taken, ignored, and read as 0 since Linux 2.6.
    SockOpt<Boolean> SO_BSDCOMPAT = SockOpt.of("SO_BSDCOMPAT", SOL_SOCKET, Constants.SO_BSDCOMPAT, OptionType.FLAG);

    /// Makes the constants, where nobody has used one yet.
    static void load() {
    }
}
