package io.github.fdsock.sys;

import static io.github.fdsock.sys.Constants.AF_UNIX;
import static io.github.fdsock.sys.Constants.ENOSYS;
import static io.github.fdsock.sys.Constants.FIOASYNC;
import static io.github.fdsock.sys.Constants.FIONBIO;
import static io.github.fdsock.sys.Constants.FIONREAD;
import static io.github.fdsock.sys.Constants.F_GETOWN_EX;
import static io.github.fdsock.sys.Constants.F_GET_FILE_RW_HINT;
import static io.github.fdsock.sys.Constants.F_GET_RW_HINT;
import static io.github.fdsock.sys.Constants.F_SETOWN_EX;
import static io.github.fdsock.sys.Constants.F_SET_FILE_RW_HINT;
import static io.github.fdsock.sys.Constants.F_SET_RW_HINT;
import static io.github.fdsock.sys.Constants.IF_NAMESIZE;
import static io.github.fdsock.sys.Constants.IPPROTO_IP;
import static io.github.fdsock.sys.Constants.IPPROTO_IPV6;
import static io.github.fdsock.sys.Constants.IPPROTO_TCP;
import static io.github.fdsock.sys.Constants.IP_MSFILTER;
import static io.github.fdsock.sys.Constants.MCAST_MSFILTER;
import static io.github.fdsock.sys.Constants.MSG_DONTWAIT;
import static io.github.fdsock.sys.Constants.SIOCATMARK;
import static io.github.fdsock.sys.Constants.SIOCOUTQNSD;
import static io.github.fdsock.sys.Constants.SOL_ATM;
import static io.github.fdsock.sys.Constants.SOL_BLUETOOTH;
import static io.github.fdsock.sys.Constants.SOL_NFC;
import static io.github.fdsock.sys.Constants.SOL_PNPIPE;
import static io.github.fdsock.sys.Constants.SOL_SOCKET;
import static io.github.fdsock.sys.Constants.SO_GET_FILTER;
import static io.github.fdsock.sys.Constants.TCP_AO_GET_KEYS;
import static io.github.fdsock.sys.Constants.TIOCGWINSZ;
import static io.github.fdsock.sys.Constants.TIOCOUTQ;
import static io.github.fdsock.sys.Constants.UIO_MAXIOV;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// The raw floor: one static method per C function, with C's name, C's order of arguments, and no opinion.
///
/// **Result.** What C returns where that is `>= 0`, and `-errno` otherwise, without exception for any errno: `-EAGAIN`
/// and `-EINTR` come back like every other and nothing is retried. [Errno] gives names and texts. The few functions
/// with error codes of their own ([#getaddrinfo], [#getnameinfo]) return those.
///
/// Some errnos mean the same everywhere and are told of no method but where they mean more: `EBADF`, not an open
/// descriptor; `ENOTSOCK`, not a socket; `EFAULT`, `NULL` where the kernel needs memory; `ENOMEM` and `ENOBUFS`, the
/// kernel has no memory left; `ENOSYS`, the kernel does not know the call; `EPERM` or `EACCES` out of the blue, a
/// sandbox or a security module.
///
/// **Checked before the call.** That every length lies within its segment, and every structure fits: otherwise an
/// [IndexOutOfBoundsException] that names both; nothing has happened then. [MemorySegment#NULL] is C's `NULL` and is
/// the kernel's to judge; where not the kernel but libc would follow it, and the JVM would end, it is refused. What is
/// written to must not be read-only ([IllegalArgumentException]); of `fcntl` and `ioctl` nobody knows that. Segments on
/// the heap, closed, or confined to another thread are refused by the linker ([IllegalArgumentException],
/// [IllegalStateException], [WrongThreadException]).
///
/// **Not checked.** Pointers *inside* memory (`iov_base`, `msg_name`, `msg_control`): the views in
/// `io.github.fdsock.sys.struct` write only valid ones and keep what they point to alive; who writes them by hand is
/// back in C.
///
/// **Cost.** Nothing is allocated. Each function is linked when first called, and none before. Calls which cannot
/// block (`MSG_DONTWAIT` with a small buffer, `epoll_wait` with timeout 0) skip the JVM's thread-state transition.
///
/// **Threads.** Every method may be called by any thread; a blocking one occupies its carrier if the thread is
/// virtual. What closing a descriptor in use does is told at [#close].
///
/// The man pages are those of the Linux man-pages project, <https://man7.org/linux/man-pages/>.
public final class Libc {
    // sizeof, on every 64-bit Linux; LibcChecksTest holds them against the C compiler's.
    private static final long MSGHDR_SIZE = 56;
    private static final long MMSGHDR_SIZE = 64;
    private static final long IOVEC_SIZE = 16;
    private static final long POLLFD_SIZE = 8;
    private static final long TIMESPEC_SIZE = 16;
    private static final long ITIMERSPEC_SIZE = 32;
    private static final long EPOLL_EVENT_SIZE = Platform.X86_64 ? 12 : 16;
    private static final long RLIMIT_SIZE = 16;
    private static final long SIGSET_SIZE = 128;
    private static final long SIGINFO_SIZE = 128;
    private static final long ADDRINFO_SIZE = 48;
    private static final long FLOCK_SIZE = 32;
    private static final long POSIX_SPAWN_FILE_ACTIONS_SIZE = 80;
    private static final long POSIX_SPAWNATTR_SIZE = 336;
    private static final long SIZEOF_SOCK_FILTER = 8;
    private static final long SIZEOF_SOCKADDR_STORAGE = 128;

    // Where the counts and the elements lie in a struct ip_msfilter, group_filter and tcp_ao_getsockopt.
    private static final long IP_MSFILTER_NUMSRC = 12;
    private static final long IP_MSFILTER_SLIST = 16;
    private static final long GROUP_FILTER_NUMSRC = 140;
    private static final long GROUP_FILTER_SLIST = 144;
    private static final long TCP_AO_GETSOCKOPT_NKEYS = 272;

    // Of Bluetooth. The first level is also that of TCP, whose option of this number is `TCP_CORK`.
    private static final int SOL_L2CAP = IPPROTO_TCP;
    private static final int SOL_RFCOMM = 18;
    private static final int LINK_MODE = 3;

    /// More than the structs of all ioctls of sockets and terminals that do not say their size: `struct rtentry` has
    /// 120 bytes, `struct x25_calluserdata` 132.
    private static final long OLD_IOCTL_MAX = 256;

    private Libc() {
    }

    /// `errno`: what the last failed call of this thread left.
    ///
    /// Seldom needed, since every method returns it negated; it is the second half of an `EAI_SYSTEM`.
    ///
    /// @return the number, positive; 0 where no call of this thread has failed yet
    public static int errno() {
        return Downcall.errno();
    }

    // ---- sockets

    /// `socket(domain, type, protocol)`: makes a socket.
    ///
    /// `type` may carry `SOCK_CLOEXEC` and `SOCK_NONBLOCK`. Set afterwards by [#fcntl(int, int, int)], the former comes
    /// too late for a child that another thread forks in between.
    ///
    /// **Ownership.** The descriptor is the caller's, to be given back by [#close].
    ///
    /// **Errors.** `EAFNOSUPPORT`: the kernel has no such domain, or its module was turned off. `EPROTONOSUPPORT`:
    /// domain, type and protocol do not go together. `EINVAL`: no such type, or an unknown flag beside it. `EMFILE`,
    /// `ENFILE`: the table of descriptors of this process, of the system, is full. `EPERM`: raw and packet sockets take
    /// `CAP_NET_RAW`. `EACCES`: ICMP sockets only for groups in `net.ipv4.ping_group_range`.
    ///
    /// @param domain `AF_INET`, `AF_INET6`, `AF_UNIX`, …
    /// @param type `SOCK_STREAM`, `SOCK_DGRAM`, `SOCK_SEQPACKET`, …, with flags
    /// @param protocol `IPPROTO_…`; 0 for the usual one of the type
    /// @return the descriptor, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/socket.2.html">socket(2)</a>
    public static int socket(final int domain, final int type, final int protocol) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.socket);
        }
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.socket, domain, type, protocol);
        }
        return Downcall.result((int) Downcall.llllll(Link.CALL, domain, type, protocol, 0, 0, 0));
    }

    /// `socketpair(domain, type, protocol, sv)`: makes two sockets, connected to one another.
    ///
    /// Linux makes pairs of `AF_UNIX` and `AF_TIPC` only; any other domain is `EOPNOTSUPP`. Neither end has a name.
    /// Flags in `type` as at [#socket].
    ///
    /// **Ownership.** Both descriptors are the caller's. After an error `sv` may hold two numbers all the same, which
    /// are nobody's: Linux stores them before it makes the sockets.
    ///
    /// **Errors.** As at [#socket].
    ///
    /// @param domain `AF_UNIX`
    /// @param type `SOCK_STREAM`, `SOCK_DGRAM` or `SOCK_SEQPACKET`, with flags
    /// @param protocol 0
    /// @param sv room for two `int`, the descriptors
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/socketpair.2.html">socketpair(2)</a>
    public static int socketpair(final int domain, final int type, final int protocol, final MemorySegment sv) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.socketpair);
        }
        room("socketpair", writable("socketpair", sv), 2 * Integer.BYTES);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.socketpair, domain, type, protocol, sv);
        }
        return Downcall.result((int) Downcall.lllpl(Link.CALL, domain, type, protocol, sv, 0));
    }

    /// `bind(sockfd, addr, addrlen)`: gives the socket a name.
    ///
    /// The kernel takes exactly `addrlen` bytes: for an abstract `AF_UNIX` name every one of them belongs to the name,
    /// trailing zeros too. A length of 2 (the family alone) asks for a free abstract name. Port 0 asks for a free port;
    /// [#getsockname] tells which it became.
    ///
    /// A path name makes a file, with the mode that `umask` leaves. It stays when the socket is closed, and whoever
    /// comes next gets `EADDRINUSE` until someone unlinks it.
    ///
    /// **Errors.** `EADDRINUSE`: somebody has the address, or the path exists, alive behind it or not. `EADDRNOTAVAIL`:
    /// no interface of this machine has the address. `EACCES`: a port below `net.ipv4.ip_unprivileged_port_start`, or a
    /// directory that may not be written to. `EINVAL`: the socket is bound already, or `addrlen` does not suit the
    /// family. `EAFNOSUPPORT`: an address of another family. `ENOENT`, `ENOTDIR`, `ELOOP`, `EROFS`: the path leads
    /// nowhere.
    ///
    /// @param sockfd the socket
    /// @param addr a `struct sockaddr` of the socket's family
    /// @param addrlen its exact length in bytes
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/bind.2.html">bind(2)</a>
    public static int bind(final int sockfd, final MemorySegment addr, final int addrlen) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.bind);
        }
        room("bind", addr, addrlen);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.bind, sockfd, addr, addrlen);
        }
        return Downcall.result((int) Downcall.lpll(Link.CALL, sockfd, addr, addrlen, 0));
    }

    /// `connect(sockfd, addr, addrlen)`: connects the socket to a peer.
    ///
    /// **Non-blocking.** `EINPROGRESS` is the good answer of TCP: when the socket polls writable the attempt is over,
    /// and `SO_ERROR` ([#getsockopt]) says how it ended; 0 is success. A second [#connect] is no way to find out.
    /// `AF_UNIX` never says `EINPROGRESS`: where the listener's queue is full it says `EAGAIN`, nothing has begun, and
    /// trying again later is all there is.
    ///
    /// **`EINTR`.** The attempt goes on by itself, as if the socket were non-blocking: wait for writability and read
    /// `SO_ERROR`. A blind retry only earns `EALREADY` or `EISCONN`. The same holds where `SO_SNDTIMEO` ran out
    /// (`EINPROGRESS`).
    ///
    /// **Datagrams.** Nothing is sent. The address becomes the default destination and the only accepted source; a
    /// later connect replaces it, and one to `AF_UNSPEC` takes it away.
    ///
    /// **Errors.** `ECONNREFUSED`: nobody listens there. `ETIMEDOUT`: nobody answered, after minutes. `ENETUNREACH`,
    /// `EHOSTUNREACH`: no way there. `EADDRNOTAVAIL`: no free local port. `EISCONN`: connected already. `EALREADY`: an
    /// earlier attempt is still under way. `EACCES`: a broadcast address without `SO_BROADCAST`, or no permission to
    /// write to the socket file. `ENOENT`: no such socket file. `EPROTOTYPE`: a socket file of another type. After a
    /// failed attempt make a new socket: whether this one can be used again is not defined.
    ///
    /// @param sockfd the socket
    /// @param addr the peer's `struct sockaddr`
    /// @param addrlen its exact length in bytes
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/connect.2.html">connect(2)</a>
    public static int connect(final int sockfd, final MemorySegment addr, final int addrlen) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.connect);
        }
        room("connect", addr, addrlen);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.connect, sockfd, addr, addrlen);
        }
        return Downcall.result((int) Downcall.lpll(Link.CALL, sockfd, addr, addrlen, 0));
    }

    /// `listen(sockfd, backlog)`: makes the socket one that accepts.
    ///
    /// `backlog` limits the connections that wait to be accepted, and is cut silently to `net.core.somaxconn` (4096
    /// since Linux 5.4). 0 still lets one wait, a negative number means the most. A second call changes it; connections
    /// that wait stay.
    ///
    /// A TCP socket that was never bound listens on a free port.
    ///
    /// **Errors.** `EADDRINUSE`: another socket listens on the port (both bound it under `SO_REUSEADDR`), or none is
    /// free. `EOPNOTSUPP`: sockets of this type do not listen. `EINVAL`: connected already, or an `AF_UNIX` socket
    /// without a name.
    ///
    /// @param sockfd the socket
    /// @param backlog how many connections may wait
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/listen.2.html">listen(2)</a>
    public static int listen(final int sockfd, final int backlog) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.listen);
        }
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.listen, sockfd, backlog);
        }
        return Downcall.result((int) Downcall.llllll(Link.CALL, sockfd, backlog, 0, 0, 0, 0));
    }

    /// `accept(sockfd, addr, addrlen)`: takes the first connection off the queue.
    ///
    /// As [#accept4] with flags 0: the new descriptor is inherited by children until [#fcntl(int, int, int)] says
    /// otherwise, and blocks, whatever the listener does.
    ///
    /// @param sockfd a listening socket
    /// @param addr room for the peer's address, or `NULL`
    /// @param addrlen an `int`: in the room, out the length of the address; `NULL` if `addr` is
    /// @return the descriptor, which is the caller's, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/accept.2.html">accept(2)</a>
    public static int accept(final int sockfd, final MemorySegment addr, final MemorySegment addrlen) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.accept);
        }
        roomByReference("accept", addr, addrlen);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.accept, sockfd, addr, addrlen);
        }
        return Downcall.result((int) Downcall.lppl(Link.CALL, sockfd, addr, addrlen, 0));
    }

    /// `accept4(sockfd, addr, addrlen, flags)`: takes the first connection off the queue.
    ///
    /// **Ownership.** The new descriptor is the caller's. Nothing is inherited from the listener's status: whether it
    /// blocks and whether children get it is decided by `flags`. Options such as `TCP_NODELAY` or buffer sizes are
    /// inherited.
    ///
    /// **The address** is cut off where the room is too small, and `addrlen` then tells the length that it would have
    /// had. The peer of an `AF_UNIX` connection has mostly no name, which is a length of 2.
    ///
    /// **Errors**, by what to do:
    ///
    /// - wait for the next event: `EAGAIN` (nothing there; or `SO_RCVTIMEO` ran out);
    /// - try again at once, since only this one connection is lost: `ECONNABORTED`, `EINTR`, `EPERM` (a firewall), and
    ///   what Linux passes on from the new socket: `ENETDOWN`, `EPROTO`, `ENOPROTOOPT`, `EHOSTDOWN`, `ENONET`,
    ///   `EHOSTUNREACH`, `EOPNOTSUPP`, `ENETUNREACH`;
    /// - wait until something has been closed: `EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`. The connection stays in the
    ///   queue and a level-triggered loop would spin on it;
    /// - give up: `EINVAL` (does not listen, or has been shut down; or an unknown flag), `EOPNOTSUPP` from a socket
    ///   that is no stream, `EBADF`, `ENOTSOCK`.
    ///
    /// **Threads.** Any number may wait on one listener; each connection wakes one of them. [#shutdown] of the listener
    /// wakes all, with `EINVAL`; [#close] wakes none.
    ///
    /// @param sockfd a listening socket
    /// @param addr room for the peer's address, or `NULL`
    /// @param addrlen an `int`: in the room, out the length of the address; `NULL` if `addr` is
    /// @param flags `SOCK_CLOEXEC`, `SOCK_NONBLOCK`
    /// @return the descriptor, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/accept4.2.html">accept4(2)</a>
    public static int accept4(final int sockfd, final MemorySegment addr,
            final MemorySegment addrlen, final int flags) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.accept4);
        }
        roomByReference("accept4", addr, addrlen);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.accept4, sockfd, addr, addrlen, flags);
        }
        return Downcall.result((int) Downcall.lppl(Link.CALL, sockfd, addr, addrlen, flags));
    }

    /// `getsockname(sockfd, addr, addrlen)`: the own name.
    ///
    /// The length that comes out is that of the address, not of what was written: it is more than the room where the
    /// room was too small, and for an `AF_UNIX` path of all 108 bytes it is 111, one more than
    /// `sizeof(struct sockaddr_un)`, since the kernel counts a NUL that it has no room to write. A socket without a
    /// name has the family alone, a length of 2, or an address of zeros.
    ///
    /// **Errors.** `EINVAL`: a negative length. `EFAULT`: `NULL`.
    ///
    /// @param sockfd the socket
    /// @param addr room for the address
    /// @param addrlen an `int`: in the room, out the length of the address
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/getsockname.2.html">getsockname(2)</a>
    public static int getsockname(final int sockfd, final MemorySegment addr, final MemorySegment addrlen) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.getsockname);
        }
        roomByReference("getsockname", addr, addrlen);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.getsockname, sockfd, addr, addrlen);
        }
        return Downcall.result((int) Downcall.lppl(Link.CALL, sockfd, addr, addrlen, 0));
    }

    /// `getpeername(sockfd, addr, addrlen)`: the peer's name.
    ///
    /// Lengths as at [#getsockname].
    ///
    /// **Errors.** `ENOTCONN`: not connected, not yet, or not any more: after the peer's reset it says so too.
    /// `EINVAL`: a negative length.
    ///
    /// @param sockfd the socket
    /// @param addr room for the address
    /// @param addrlen an `int`: in the room, out the length of the address
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/getpeername.2.html">getpeername(2)</a>
    public static int getpeername(final int sockfd, final MemorySegment addr, final MemorySegment addrlen) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.getpeername);
        }
        roomByReference("getpeername", addr, addrlen);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.getpeername, sockfd, addr, addrlen);
        }
        return Downcall.result((int) Downcall.lppl(Link.CALL, sockfd, addr, addrlen, 0));
    }

    /// `getsockopt(sockfd, level, optname, optval, optlen)`: reads an option.
    ///
    /// Most options are an `int`. Where there is less room than the value needs, the kernel writes as much as fits and
    /// calls it success; look at the length that comes out.
    ///
    /// Reading `SO_ERROR` clears it: the error is whoever's who asked first.
    ///
    /// **Errors.** `ENOPROTOOPT`: no such option at this level, or the kernel is older than it. `EOPNOTSUPP`: this
    /// socket has no such level. A negative length is refused here: TCP, UDP and IP took one for "any number of bytes"
    /// before Linux 6.9. So is an `optval` without room for what the kernel writes whatever `optlen` says:
    /// `SO_GET_FILTER`, of which it counts instructions; as many elements as the values of `IP_MSFILTER`,
    /// `MCAST_MSFILTER` and `TCP_AO_GET_KEYS` ask for; and the numbers of Bluetooth, Phonet, NFC and ATM, which are
    /// written whole.
    ///
    /// @param sockfd the socket
    /// @param level `SOL_SOCKET`, `IPPROTO_TCP`, `IPPROTO_IP`, …
    /// @param optname `SO_…`, `TCP_…`, …
    /// @param optval room for the value
    /// @param optlen an `int`: in the room, out the length of the value
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/getsockopt.2.html">getsockopt(2)</a>
    public static int getsockopt(final int sockfd, final int level, final int optname,
            final MemorySegment optval, final MemorySegment optlen) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.getsockopt);
        }
        roomForOption(level, optname, optval, optlen);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.getsockopt, sockfd, level, optname, optval, optlen);
        }
        return Downcall.result((int) Downcall.lllpp(Link.CALL, sockfd, level, optname, optval, optlen));
    }

    /// `setsockopt(sockfd, level, optname, optval, optlen)`: sets an option.
    ///
    /// The value is copied. What the kernel makes of it may differ: `SO_RCVBUF` is doubled and capped, `SO_RCVTIMEO` is
    /// rounded up to ticks. Read it back where it matters.
    ///
    /// **Errors.** `ENOPROTOOPT`: no such option at this level, or the kernel is older than it. `EINVAL`: the value is
    /// too short, or out of range, or this state of the socket does not allow it. `EDOM`: a `struct timeval` with more
    /// than 999,999 microseconds. `EPERM`: takes a capability, mostly `CAP_NET_ADMIN`.
    ///
    /// @param sockfd the socket
    /// @param level `SOL_SOCKET`, `IPPROTO_TCP`, `IPPROTO_IP`, …
    /// @param optname `SO_…`, `TCP_…`, …
    /// @param optval the value
    /// @param optlen its length in bytes
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/setsockopt.2.html">setsockopt(2)</a>
    public static int setsockopt(final int sockfd, final int level, final int optname,
            final MemorySegment optval, final int optlen) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.setsockopt);
        }
        room("setsockopt", optval, optlen);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.setsockopt, sockfd, level, optname, optval, optlen);
        }
        return Downcall.result((int) Downcall.lllpl(Link.CALL, sockfd, level, optname, optval, optlen));
    }

    /// `shutdown(sockfd, how)`: ends one direction of a connection, or both.
    ///
    /// Works on the connection, not the descriptor: every duplicate, also in other processes, finds it shut down, and
    /// the descriptor stays open all the same. `SHUT_WR` lets the peer read what is under way and then the end. After
    /// `SHUT_RD`, reading gives 0 once the queue is empty; the peer of an `AF_UNIX` stream gets `EPIPE` when it writes,
    /// a TCP peer learns nothing.
    ///
    /// **Threads.** This is how to wake a thread that is blocked in [#recv], [#send] or [#accept4] on the socket:
    /// [#close] does not.
    ///
    /// **Errors.** `ENOTCONN`: not connected; also when the peer was faster. `EINVAL`: no such `how`.
    ///
    /// @param sockfd the socket
    /// @param how `SHUT_RD`, `SHUT_WR` or `SHUT_RDWR`
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/shutdown.2.html">shutdown(2)</a>
    public static int shutdown(final int sockfd, final int how) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.shutdown);
        }
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.shutdown, sockfd, how);
        }
        return Downcall.result((int) Downcall.llllll(Link.CALL, sockfd, how, 0, 0, 0, 0));
    }

    // ---- sending and receiving

    /// `send(sockfd, buf, len, flags)`: sends on a connected socket.
    ///
    /// A stream may take less than all of it, a datagram goes whole or not at all. `len` 0 sends an empty datagram, and
    /// on a stream nothing.
    ///
    /// Pass `MSG_NOSIGNAL`: without it the loss of the reader is a `SIGPIPE` besides `EPIPE`, which HotSpot happens to
    /// catch and others do not. With `MSG_DONTWAIT` and up to 64 KiB the call cannot block and is made without leaving
    /// the JVM's thread state, which spares some nanoseconds.
    ///
    /// **Errors.** `EAGAIN`: the socket's buffer is full, or `SO_SNDTIMEO` ran out; nothing was sent. `EPIPE`: this
    /// side or the peer has ended this direction, or the connection is gone. `ECONNRESET`: the peer reset it.
    /// `EMSGSIZE`: longer than a datagram can be. `EDESTADDRREQ`, `ENOTCONN`: nobody to send to. `ECONNREFUSED`,
    /// `EHOSTUNREACH` on a datagram socket: what became of an *earlier* datagram; this one was not sent. `ENOBUFS`: the
    /// interface's queue is full, seldom seen.
    ///
    /// @param sockfd a connected socket
    /// @param buf the bytes
    /// @param len how many
    /// @param flags `MSG_NOSIGNAL`, `MSG_DONTWAIT`, `MSG_MORE`, `MSG_OOB`, `MSG_ZEROCOPY`, …
    /// @return how many bytes were taken, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/send.2.html">send(2)</a>
    public static long send(final int sockfd, final MemorySegment buf, final long len, final int flags) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.send);
        }
        final class Critical {
            static final MethodHandle CALL = Downcall.linkCritical(Call.send);
        }
        roomForBytes("send", buf, len);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return Seam.call(seam, Call.send, sockfd, buf, len, flags);
        }
        if ((flags & MSG_DONTWAIT) != 0 && len <= Downcall.CRITICAL_LENGTH_MAX) {
            return Downcall.result(Downcall.lpll(Critical.CALL, sockfd, buf, len, flags));
        }
        return Downcall.result(Downcall.lpll(Link.CALL, sockfd, buf, len, flags));
    }

    /// `sendto(sockfd, buf, len, flags, dest_addr, addrlen)`: sends to an address.
    ///
    /// As [#send]. On a connected TCP socket the address is ignored, on a connected `AF_UNIX` stream it is `EISCONN`.
    /// With `MSG_FASTOPEN` it is a TCP [#connect] that carries data.
    ///
    /// **Errors.** Those of [#send] and, for the address, of [#connect]. `EDESTADDRREQ`: `NULL`, and not connected.
    /// `EAGAIN` from `AF_UNIX` datagrams: the receiver's queue is full, which no event of this socket tells the end of
    /// unless it is connected to it.
    ///
    /// @param sockfd the socket
    /// @param buf the bytes
    /// @param len how many
    /// @param flags as at [#send]
    /// @param dest_addr the receiver's `struct sockaddr`, or `NULL` for the one connected to
    /// @param addrlen its exact length in bytes
    /// @return how many bytes were taken, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/sendto.2.html">sendto(2)</a>
    public static long sendto(final int sockfd, final MemorySegment buf, final long len,
            final int flags, final MemorySegment dest_addr, final int addrlen) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.sendto);
        }
        roomForBytes("sendto", buf, len);
        room("sendto", dest_addr, addrlen);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return Seam.call(seam, Call.sendto, sockfd, buf, len, flags, dest_addr, addrlen);
        }
        return Downcall.result(Downcall.lpllpl(Link.CALL, sockfd, buf, len, flags, dest_addr, addrlen));
    }

    /// `sendmsg(sockfd, msg, flags)`: sends a message, from several buffers, with control data.
    ///
    /// `msg` is best made by [io.github.fdsock.sys.struct.Msghdr]. Result and errors as at [#send]; the struct is not
    /// changed.
    ///
    /// **Descriptors** in a control message (`SCM_RIGHTS`) travel with the first byte: after any result above 0 they
    /// are gone, all of them, and what is sent of the rest must not carry them again. After `EAGAIN` they are still to
    /// be sent. They are duplicated for the receiver; the sender keeps, and closes, its own. A stream message of 0
    /// bytes takes none along.
    ///
    /// **Errors.** Besides those of [#send] and [#sendto]: `EMSGSIZE`: more than 1024 buffers. `EINVAL`: a `cmsg_len`
    /// that cannot be, more than 253 descriptors, or lengths that add up to more than a `ssize_t`. `EBADF`: also for a
    /// descriptor to be sent. `ETOOMANYREFS`: more descriptors under way than `RLIMIT_NOFILE` allows. `ENOBUFS`: more
    /// control data than `net.core.optmem_max`. `EPERM`, `ESRCH`: credentials of somebody else, of nobody.
    ///
    /// @param sockfd the socket
    /// @param msg a `struct msghdr`
    /// @param flags as at [#send]
    /// @return how many bytes were taken, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/sendmsg.2.html">sendmsg(2)</a>
    public static long sendmsg(final int sockfd, final MemorySegment msg, final int flags) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.sendmsg);
        }
        room("sendmsg", msg, MSGHDR_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return Seam.call(seam, Call.sendmsg, sockfd, msg, flags);
        }
        return Downcall.result(Downcall.lpll(Link.CALL, sockfd, msg, flags, 0));
    }

    /// `sendmmsg(sockfd, msgvec, vlen, flags)`: sends several messages.
    ///
    /// The messages are sent in order until one fails or blocks. If at least one was sent, the result is their number
    /// and the error that stopped it is *lost*: call again with the rest to learn it. The `msg_len` of each message
    /// sent says how many bytes were taken; on a stream that may be fewer than all, with later messages sent behind.
    ///
    /// More than 1024 are cut to 1024. Since Linux 3.0.
    ///
    /// **Errors.** Those of [#sendmsg], if the first message failed.
    ///
    /// @param sockfd the socket
    /// @param msgvec an array of `struct mmsghdr`
    /// @param vlen how many
    /// @param flags as at [#send]
    /// @return how many messages were sent, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/sendmmsg.2.html">sendmmsg(2)</a>
    public static int sendmmsg(final int sockfd, final MemorySegment msgvec, final int vlen, final int flags) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.sendmmsg);
        }
        roomForMessages("sendmmsg", writable("sendmmsg", msgvec), vlen, UIO_MAXIOV);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.sendmmsg, sockfd, msgvec, vlen, flags);
        }
        return Downcall.result((int) Downcall.lpll(Link.CALL, sockfd, msgvec, vlen, flags));
    }

    /// `recv(sockfd, buf, len, flags)`: receives.
    ///
    /// 0 is the end on a stream. On a datagram socket it is an empty datagram like any other, and on `SOCK_SEQPACKET`
    /// it is either, with no way to tell. What of a datagram finds no room is thrown away; with `MSG_TRUNC` in `flags`
    /// the result is its whole length nevertheless (`AF_UNIX` since Linux 3.4).
    ///
    /// Descriptors that travel with the bytes are lost without a word: only [#recvmsg] receives them.
    ///
    /// With `MSG_DONTWAIT` and up to 64 KiB the call cannot block and is made without leaving the JVM's thread state.
    ///
    /// **Errors.** `EAGAIN`: nothing there, or `SO_RCVTIMEO` ran out. `EINTR`: by a signal's handler, before any byte;
    /// the timeout of a repeated call begins anew. `ECONNRESET`: the peer reset the connection; what it sent before may
    /// be lost with it. `ETIMEDOUT`: the peer stopped answering. `ECONNREFUSED` on a datagram socket: an earlier
    /// datagram of ours met nobody. `ENOTCONN`: a stream that was never connected.
    ///
    /// @param sockfd the socket
    /// @param buf room for the bytes
    /// @param len how much
    /// @param flags `MSG_DONTWAIT`, `MSG_PEEK`, `MSG_WAITALL`, `MSG_TRUNC`, `MSG_OOB`, …
    /// @return how many bytes came, 0 at the end, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/recv.2.html">recv(2)</a>
    public static long recv(final int sockfd, final MemorySegment buf, final long len, final int flags) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.recv);
        }
        final class Critical {
            static final MethodHandle CALL = Downcall.linkCritical(Call.recv);
        }
        roomForBytes("recv", writable("recv", buf), len);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return Seam.call(seam, Call.recv, sockfd, buf, len, flags);
        }
        if ((flags & MSG_DONTWAIT) != 0 && len <= Downcall.CRITICAL_LENGTH_MAX) {
            return Downcall.result(Downcall.lpll(Critical.CALL, sockfd, buf, len, flags));
        }
        return Downcall.result(Downcall.lpll(Link.CALL, sockfd, buf, len, flags));
    }

    /// `recvfrom(sockfd, buf, len, flags, src_addr, addrlen)`: receives, and tells from whom.
    ///
    /// As [#recv]. The length of the address that comes out may be more than the room, as at [#getsockname]; on a TCP
    /// socket it is 0 and the address is not written. A sender of `AF_UNIX` datagrams that is not bound has no name, a
    /// length of 0.
    ///
    /// @param sockfd the socket
    /// @param buf room for the bytes
    /// @param len how much
    /// @param flags as at [#recv]
    /// @param src_addr room for the sender's address, or `NULL`
    /// @param addrlen an `int`: in the room, out the length of the address; `NULL` if `src_addr` is
    /// @return how many bytes came, 0 at the end, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/recvfrom.2.html">recvfrom(2)</a>
    public static long recvfrom(final int sockfd, final MemorySegment buf, final long len,
            final int flags, final MemorySegment src_addr, final MemorySegment addrlen) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.recvfrom);
        }
        roomForBytes("recvfrom", writable("recvfrom", buf), len);
        roomByReference("recvfrom", src_addr, addrlen);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return Seam.call(seam, Call.recvfrom, sockfd, buf, len, flags, src_addr, addrlen);
        }
        return Downcall.result(Downcall.lpllpp(Link.CALL, sockfd, buf, len, flags, src_addr, addrlen));
    }

    /// `recvmsg(sockfd, msg, flags)`: receives a message, into several buffers, with control data.
    ///
    /// `msg` is best made by [io.github.fdsock.sys.struct.Msghdr], and has to be prepared for every call: the kernel
    /// overwrites `msg_namelen`, `msg_controllen` and `msg_flags`. Result as at [#recv]. After an error none of these
    /// fields means anything.
    ///
    /// **Ownership.** Every descriptor that came with the message is the caller's from now on, wanted or not, and leaks
    /// unless it is closed. Pass `MSG_CMSG_CLOEXEC`, or children inherit them. Beware of `MSG_PEEK`: each look installs
    /// the descriptors anew.
    ///
    /// **Truncation** is success. `MSG_TRUNC` in `msg_flags`: the datagram was longer than the buffers. `MSG_CTRUNC`:
    /// control messages found no room, or descriptors no free number under `RLIMIT_NOFILE`, or a security module kept
    /// them; those that did arrive are there.
    ///
    /// **Errors.** Those of [#recv]. `EMSGSIZE`: more than 1024 buffers.
    ///
    /// @param sockfd the socket
    /// @param msg a `struct msghdr`
    /// @param flags as at [#recv], and `MSG_CMSG_CLOEXEC`, `MSG_ERRQUEUE`
    /// @return how many bytes came, 0 at the end, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/recvmsg.2.html">recvmsg(2)</a>
    public static long recvmsg(final int sockfd, final MemorySegment msg, final int flags) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.recvmsg);
        }
        room("recvmsg", writable("recvmsg", msg), MSGHDR_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return Seam.call(seam, Call.recvmsg, sockfd, msg, flags);
        }
        return Downcall.result(Downcall.lpll(Link.CALL, sockfd, msg, flags, 0));
    }

    /// `recvmmsg(sockfd, msgvec, vlen, flags, timeout)`: receives several messages.
    ///
    /// Waits for `vlen` messages, not for one, unless `MSG_WAITFORONE` is set (from the second on it does not wait
    /// then).
    ///
    /// `timeout` is not one to rely on: the kernel looks at it only after each message, so with none coming it waits
    /// for ever. It is written to: the time that was left. A socket's `SO_RCVTIMEO` does what one would expect.
    ///
    /// An error after the first message ends the call with the number received; the error is reported by the *next*
    /// call on the socket. Unlike those of [#sendmmsg] they may be more than 1024. Since Linux 2.6.33.
    ///
    /// **Ownership.** As at [#recvmsg], for each of the messages received.
    ///
    /// **Errors.** Those of [#recvmsg]. `EINVAL`: a timeout with a negative part or too many nanoseconds.
    ///
    /// @param sockfd the socket
    /// @param msgvec an array of `struct mmsghdr`
    /// @param vlen how many
    /// @param flags as at [#recvmsg], and `MSG_WAITFORONE`
    /// @param timeout a `struct timespec`, or `NULL`
    /// @return how many messages came, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/recvmmsg.2.html">recvmmsg(2)</a>
    public static int recvmmsg(final int sockfd, final MemorySegment msgvec, final int vlen,
            final int flags, final MemorySegment timeout) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.recvmmsg);
        }
        roomForMessages("recvmmsg", writable("recvmmsg", msgvec), vlen, Long.MAX_VALUE);
        if (msgvec.address() == 0 && vlen != 0) {
            // musl clears the padding in each of them.
            throw beyond("recvmmsg", msgvec, Integer.toUnsignedLong(vlen), MMSGHDR_SIZE);
        }
        room("recvmmsg", writable("recvmmsg", timeout), TIMESPEC_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.recvmmsg, sockfd, msgvec, vlen, flags, timeout);
        }
        return Downcall.result((int) Downcall.lpllpl(Link.CALL, sockfd, msgvec, vlen, flags, timeout, 0));
    }

    /// `read(fd, buf, count)`: reads.
    ///
    /// On a socket it is [#recv] without flags. On an eventfd or timerfd it takes exactly eight bytes of room, on a
    /// signalfd 128; less is `EINVAL`. 0 is the end of a file, of a pipe without writers, of a stream.
    ///
    /// At most 0x7ffff000 bytes are read at once, whatever `count` says.
    ///
    /// **Errors.** `EAGAIN`: nothing there, and non-blocking. `EINTR`: before any byte. `EISDIR`: a directory.
    /// `ECANCELED`: a timerfd that was to be told when the clock is set. On sockets those of [#recv].
    ///
    /// @param fd the descriptor
    /// @param buf room for the bytes
    /// @param count how much
    /// @return how many bytes were read, 0 at the end, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/read.2.html">read(2)</a>
    public static long read(final int fd, final MemorySegment buf, final long count) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.read);
        }
        roomForBytes("read", writable("read", buf), count);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return Seam.call(seam, Call.read, fd, buf, count);
        }
        return Downcall.result(Downcall.lpll(Link.CALL, fd, buf, count, 0));
    }

    /// `write(fd, buf, count)`: writes.
    ///
    /// On a socket it is [#send] without flags, so without `MSG_NOSIGNAL`. Fewer bytes than asked for is no error. Up
    /// to `PIPE_BUF` (4096) bytes enter a pipe whole or not at all.
    ///
    /// At most 0x7ffff000 bytes are written at once, whatever `count` says.
    ///
    /// **Errors.** `EAGAIN`: no room, and non-blocking. `EPIPE`: a pipe without readers, a connection without a peer.
    /// `EINTR`: before any byte. `ENOSPC`, `EDQUOT`, `EFBIG`, `EIO`: what files are prone to. `EPERM`: a memfd that was
    /// sealed. `EINVAL` from an eventfd: not eight bytes, or all of them 0xff.
    ///
    /// @param fd the descriptor
    /// @param buf the bytes
    /// @param count how many
    /// @return how many bytes were written, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/write.2.html">write(2)</a>
    public static long write(final int fd, final MemorySegment buf, final long count) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.write);
        }
        roomForBytes("write", buf, count);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return Seam.call(seam, Call.write, fd, buf, count);
        }
        return Downcall.result(Downcall.lpll(Link.CALL, fd, buf, count, 0));
    }

    /// `readv(fd, iov, iovcnt)`: reads into several buffers.
    ///
    /// As [#read], filling one buffer after the other; `iov` is best made by [io.github.fdsock.sys.struct.Iovec].
    ///
    /// **Errors.** `EINVAL`: more than 1024 buffers, a negative number of them, or lengths that add up to more than a
    /// `ssize_t`.
    ///
    /// @param fd the descriptor
    /// @param iov an array of `struct iovec`
    /// @param iovcnt how many
    /// @return how many bytes were read, 0 at the end, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/readv.2.html">readv(2)</a>
    public static long readv(final int fd, final MemorySegment iov, final int iovcnt) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.readv);
        }
        roomForMany("readv", iov, iovcnt, IOVEC_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return Seam.call(seam, Call.readv, fd, iov, iovcnt);
        }
        return Downcall.result(Downcall.lpll(Link.CALL, fd, iov, iovcnt, 0));
    }

    /// `writev(fd, iov, iovcnt)`: writes from several buffers.
    ///
    /// As [#write], one buffer after the other, as one message where the descriptor has messages; `iov` is best made by
    /// [io.github.fdsock.sys.struct.Iovec], whose `advance` takes the result.
    ///
    /// **Errors.** `EINVAL`: more than 1024 buffers, a negative number of them, or lengths that add up to more than a
    /// `ssize_t`.
    ///
    /// @param fd the descriptor
    /// @param iov an array of `struct iovec`
    /// @param iovcnt how many
    /// @return how many bytes were written, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/writev.2.html">writev(2)</a>
    public static long writev(final int fd, final MemorySegment iov, final int iovcnt) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.writev);
        }
        roomForMany("writev", iov, iovcnt, IOVEC_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return Seam.call(seam, Call.writev, fd, iov, iovcnt);
        }
        return Downcall.result(Downcall.lpll(Link.CALL, fd, iov, iovcnt, 0));
    }

    /// `pread(fd, buf, count, offset)`: reads at an offset.
    ///
    /// As [#read], and the file offset is neither used nor moved: several threads may read one file.
    ///
    /// **Errors.** `ESPIPE`: pipes and sockets have no offsets. `EINVAL`: a negative one.
    ///
    /// @param fd the descriptor
    /// @param buf room for the bytes
    /// @param count how much
    /// @param offset where in the file
    /// @return how many bytes were read, 0 at or behind the end, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/pread.2.html">pread(2)</a>
    public static long pread(final int fd, final MemorySegment buf, final long count, final long offset) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.pread);
        }
        roomForBytes("pread", writable("pread", buf), count);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return Seam.call(seam, Call.pread, fd, buf, count, offset);
        }
        return Downcall.result(Downcall.lpll(Link.CALL, fd, buf, count, offset));
    }

    /// `pwrite(fd, buf, count, offset)`: writes at an offset.
    ///
    /// As [#write], and the file offset is neither used nor moved. On a file opened with `O_APPEND` Linux appends,
    /// wherever `offset` points.
    ///
    /// **Errors.** `ESPIPE`: pipes and sockets have no offsets. `EINVAL`: a negative one.
    ///
    /// @param fd the descriptor
    /// @param buf the bytes
    /// @param count how many
    /// @param offset where in the file
    /// @return how many bytes were written, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/pwrite.2.html">pwrite(2)</a>
    public static long pwrite(final int fd, final MemorySegment buf, final long count, final long offset) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.pwrite);
        }
        roomForBytes("pwrite", buf, count);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return Seam.call(seam, Call.pwrite, fd, buf, count, offset);
        }
        return Downcall.result(Downcall.lpll(Link.CALL, fd, buf, count, offset));
    }

    // ---- descriptors and files

    /// `open(pathname, flags, mode)`: opens a file.
    ///
    /// The path is bytes up to a NUL, in no particular encoding. `mode` counts only with `O_CREAT` and `O_TMPFILE`, and
    /// `umask` is taken out of it. Without `O_CLOEXEC` children inherit the descriptor.
    ///
    /// Opening a FIFO waits for the other end; with `O_NONBLOCK` the reader does not wait and the writer gets `ENXIO`
    /// where nobody reads.
    ///
    /// **Ownership.** The descriptor is the caller's.
    ///
    /// **Errors.** `ENOENT`, `ENOTDIR`: a part of the path is missing, or no directory. `EACCES`: no permission.
    /// `EEXIST`: it is there already (`O_CREAT` with `O_EXCL`). `EISDIR`: a directory cannot be written to. `ELOOP`: a
    /// symbolic link under `O_NOFOLLOW`, or too many of them. `ENXIO`: also for a socket file, which only [#connect]
    /// opens. `EMFILE`, `ENFILE`: no descriptor left. `EROFS`, `ETXTBSY`, `ENOSPC`: not for writing, now.
    ///
    /// @param pathname the path, ending with NUL
    /// @param flags `O_RDONLY`, `O_WRONLY` or `O_RDWR`, with `O_CLOEXEC`, `O_CREAT`, …
    /// @param mode permissions of a new file, such as 0600; else 0
    /// @return the descriptor, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/open.2.html">open(2)</a>
    public static int open(final MemorySegment pathname, final int flags, final int mode) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.open);
        }
        string("open", pathname);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.open, pathname, flags, mode);
        }
        return Downcall.result((int) Downcall.pll(Link.CALL, pathname, flags, mode));
    }

    /// `close(fd)`: gives the descriptor back.
    ///
    /// **Never retried.** Whatever comes back, the number is free and may be somebody else's by now: Linux frees it
    /// first and reports later. `-EINTR` included; a second close would close the other's. Only `EBADF` says that
    /// nothing was closed, and that somebody lost count.
    ///
    /// **Threads.** A thread that is blocked in a call on this descriptor is *not* woken; it goes on with what it had,
    /// on a socket that has no number any more, while the next [#socket] or [#open] of any thread gets the same number.
    /// Before closing what another thread may use, wake it ([#shutdown]) and wait until it has let go.
    ///
    /// **What it ends.** The connection, the file lock, the epoll interest end with the *last* descriptor of the same
    /// open file: duplicates and those passed to others count. A TCP connection with input that nobody read is reset,
    /// not ended. With `SO_LINGER` the call waits for the peer, on non-blocking sockets too.
    ///
    /// **Errors.** `EIO`, `ENOSPC`, `EDQUOT`: bytes written earlier never reached the disk; network file systems report
    /// it here.
    ///
    /// @param fd the descriptor
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/close.2.html">close(2)</a>
    public static int close(final int fd) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.close);
        }
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.close, fd);
        }
        return Downcall.result((int) Downcall.llllll(Link.CALL, fd, 0, 0, 0, 0, 0));
    }

    /// `close_range(first, last, flags)`: closes a range of descriptors.
    ///
    /// Closes what is open of them, and does not mind gaps. With `CLOSE_RANGE_CLOEXEC` (Linux 5.11) they stay open and
    /// only children go without.
    ///
    /// The JVM's own descriptors, of jars, of selectors, lie in any generous range. Closing them ends badly and not at
    /// once; marking them is harmless.
    ///
    /// Both ends are unsigned: -1 for `last` means all there are. Since Linux 5.9 and glibc 2.34; an older libc is
    /// passed by.
    ///
    /// **Errors.** `EINVAL`: `first` beyond `last`, or an unknown flag. `ENOSYS`: an older kernel. What goes wrong in
    /// closing is not reported.
    ///
    /// @param first the first descriptor
    /// @param last the last descriptor, included
    /// @param flags 0, `CLOSE_RANGE_CLOEXEC`, `CLOSE_RANGE_UNSHARE`
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/close_range.2.html">close_range(2)</a>
    public static int close_range(final int first, final int last, final int flags) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.close_range);
        }
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.close_range, first, last, flags);
        }
        return Downcall.result((int) Downcall.llllll(Link.CALL, first, last, flags, 0, 0, 0));
    }

    /// `dup(oldfd)`: makes a second descriptor of the same open file.
    ///
    /// Both share offset, status flags (`O_NONBLOCK` too), locks, and the socket behind; they do not share
    /// `FD_CLOEXEC`, which is off for the new one. [#fcntl(int, int, int)] with `F_DUPFD_CLOEXEC` does the same without
    /// that gap.
    ///
    /// **Ownership.** The new descriptor is the caller's.
    ///
    /// **Errors.** `EMFILE`: no descriptor left.
    ///
    /// @param oldfd the descriptor
    /// @return the lowest free number, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/dup.2.html">dup(2)</a>
    public static int dup(final int oldfd) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.dup);
        }
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.dup, oldfd);
        }
        return Downcall.result((int) Downcall.llllll(Link.CALL, oldfd, 0, 0, 0, 0, 0));
    }

    /// `dup3(oldfd, newfd, flags)`: makes `newfd` a second descriptor of the same open file.
    ///
    /// What `newfd` was before is closed in the same step, and what goes wrong in that is lost: nobody else can get the
    /// number in between. A thread blocked in a call on the old one stays there.
    ///
    /// **Ownership.** `newfd` is the caller's, as it was before.
    ///
    /// **Errors.** `EINVAL`: both are the same, or an unknown flag. `EBADF`: also for a `newfd` beyond `RLIMIT_NOFILE`.
    /// `EBUSY`: another thread is just opening that number; try again.
    ///
    /// @param oldfd the descriptor
    /// @param newfd the number it shall have besides
    /// @param flags 0 or `O_CLOEXEC`
    /// @return `newfd`, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/dup3.2.html">dup3(2)</a>
    public static int dup3(final int oldfd, final int newfd, final int flags) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.dup3);
        }
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.dup3, oldfd, newfd, flags);
        }
        return Downcall.result((int) Downcall.llllll(Link.CALL, oldfd, newfd, flags, 0, 0, 0));
    }

    /// `pipe2(pipefd, flags)`: makes a pipe.
    ///
    /// A pipe holds 64 KiB unless `F_SETPIPE_SZ` says otherwise; less for a user who has very many of them. Flags hold
    /// for both ends.
    ///
    /// **Ownership.** Both descriptors are the caller's. On an error `pipefd` is left as it was.
    ///
    /// **Errors.** `EMFILE`, `ENFILE`: no descriptor left. `EINVAL`: an unknown flag.
    ///
    /// @param pipefd room for two `int`: first the end to read from, then the one to write to
    /// @param flags `O_CLOEXEC`, `O_NONBLOCK`, `O_DIRECT` (each write one packet)
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/pipe2.2.html">pipe2(2)</a>
    public static int pipe2(final MemorySegment pipefd, final int flags) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.pipe2);
        }
        room("pipe2", writable("pipe2", pipefd), 2 * Integer.BYTES);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.pipe2, pipefd, flags);
        }
        return Downcall.result((int) Downcall.pll(Link.CALL, pipefd, flags, 0));
    }

    /// `fcntl(fd, cmd, arg)`: looks at or changes a descriptor.
    ///
    /// For commands whose argument is an `int`, or none: pass 0 then. What comes back depends on the command.
    ///
    /// Two flag words are easily confused: `F_SETFD` sets `FD_CLOEXEC` of this number alone; `F_SETFL` sets
    /// `O_NONBLOCK`, `O_APPEND` and the like of the open file, for every duplicate and for the process that passed it
    /// to us. Both replace the whole word: read, change, write.
    ///
    /// `F_GETOWN` of a process group is its number, negated, which may look like an errno; `F_GETOWN_EX` tells them
    /// apart.
    ///
    /// **Ownership.** `F_DUPFD_CLOEXEC` makes a new descriptor, the caller's, with a number of at least `arg`.
    ///
    /// **Errors.** `EINVAL`: unknown command, or an argument it does not take. `EMFILE`: `F_DUPFD` and no number left.
    /// `EPERM`: a seal on a file that has `F_SEAL_SEAL`, or clearing `O_APPEND` of a file that is append-only. `EBUSY`:
    /// `F_SEAL_WRITE` while somebody maps the file writable, or a pipe that holds more than its new size.
    ///
    /// @param fd the descriptor
    /// @param cmd `F_GETFD`, `F_SETFD`, `F_GETFL`, `F_SETFL`, `F_DUPFD_CLOEXEC`, `F_ADD_SEALS`, …
    /// @param arg the argument
    /// @return depends on the command and is not negative, but for `F_GETOWN`; or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/fcntl.2.html">fcntl(2)</a>
    public static int fcntl(final int fd, final int cmd, final int arg) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.fcntl);
        }
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.fcntl, fd, cmd, arg);
        }
        final int result = (int) Downcall.lll(Link.CALL, fd, cmd, arg);
        return result < -1 ? result : Downcall.result(result);
    }

    /// `fcntl(fd, cmd, arg)` with a pointer: locks, owners, hints.
    ///
    /// Record locks (`F_SETLK` and its kin) belong to the process and vanish when it closes *any* descriptor of that
    /// file, be it one that a library opened for a moment. Locks of the open file (`F_OFD_SETLK`, Linux 3.15) do what
    /// one expects.
    ///
    /// The struct a known command takes must fit the segment; of an unknown command the largest there is, a
    /// `struct flock`, must.
    ///
    /// **Errors.** `EAGAIN`, `EACCES`: somebody else has the lock. `EINTR`: `F_SETLKW` was waiting for it. `EDEADLK`:
    /// it would wait for ever.
    ///
    /// @param fd the descriptor
    /// @param cmd `F_GETLK`, `F_OFD_SETLK`, `F_GETOWN_EX`, `F_SET_RW_HINT`, …
    /// @param arg what the command reads or fills
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/fcntl.2.html">fcntl(2)</a>
    public static int fcntl(final int fd, final int cmd, final MemorySegment arg) {
        final class Link {
            static final MethodHandle CALL = Downcall.linkPointer(Call.fcntl);
        }
        fcntlRoom(cmd, arg);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.fcntl, fd, cmd, arg);
        }
        return Downcall.result((int) Downcall.llp(Link.CALL, fd, cmd, arg));
    }

    /// `ioctl(fd, request, arg)`: whatever the device behind the descriptor makes of it.
    ///
    /// For requests that take a number rather than a pointer; those of sockets take pointers, `FIONBIO` too.
    ///
    /// **Errors.** `ENOTTY`: this kind of descriptor does not know the request. `EINVAL`: it does not take the
    /// argument.
    ///
    /// @param fd the descriptor
    /// @param request what to do
    /// @param arg the argument; 0 where there is none
    /// @return depends on the request and is not negative, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/ioctl.2.html">ioctl(2)</a>
    public static int ioctl(final int fd, final long request, final long arg) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.ioctl);
        }
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.ioctl, fd, request, arg);
        }
        return Downcall.result((int) Downcall.lll(Link.CALL, fd, request, arg));
    }

    /// `ioctl(fd, request, argp)` with a pointer: queue lengths and the like.
    ///
    /// A request made by `_IOR` or `_IOW` says itself how many bytes it reads or writes, and so many must fit the
    /// segment. The old ones do not say: those that take an `int` (`FIONREAD`, `FIONBIO`, `SIOCATMARK`, `SIOCOUTQ`, …)
    /// or a `struct winsize` are known, and for any other the segment has to have 256 bytes, more than any of sockets
    /// and terminals moves (those of disks and consoles may: their caller sees to it). Pointers inside a struct are not
    /// checked.
    ///
    /// **Errors.** `ENOTTY`: this kind of descriptor does not know the request. `EINVAL`: not in this state; `SIOCINQ`
    /// and `SIOCOUTQ` say it of a listener. `ENODEV`: no interface of that name.
    ///
    /// @param fd the descriptor
    /// @param request `FIONREAD`, `SIOCOUTQ`, `SIOCGIFINDEX`, …
    /// @param argp what the request reads or fills
    /// @return mostly 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/ioctl.2.html">ioctl(2)</a>
    public static int ioctl(final int fd, final long request, final MemorySegment argp) {
        final class Link {
            static final MethodHandle CALL = Downcall.linkPointer(Call.ioctl);
        }
        ioctlRoom(request, argp);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.ioctl, fd, request, argp);
        }
        return Downcall.result((int) Downcall.llp(Link.CALL, fd, request, argp));
    }

    /// `lseek(fd, offset, whence)`: moves the file offset.
    ///
    /// The offset belongs to the open file: every duplicate sees it moved.
    ///
    /// **Errors.** `ESPIPE`: pipes and sockets have none. `EINVAL`: it would become negative, or no such `whence`.
    ///
    /// @param fd the descriptor
    /// @param offset how far, in bytes
    /// @param whence `SEEK_SET`, `SEEK_CUR` or `SEEK_END`
    /// @return the new offset, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/lseek.2.html">lseek(2)</a>
    public static long lseek(final int fd, final long offset, final int whence) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.lseek);
        }
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return Seam.call(seam, Call.lseek, fd, offset, whence);
        }
        return Downcall.result(Downcall.llllll(Link.CALL, fd, offset, whence, 0, 0, 0));
    }

    /// `ftruncate(fd, length)`: sets the size of a file.
    ///
    /// Grown files read as zeros. What is cut off is gone, also for whoever has it mapped: touching it there is
    /// `SIGBUS`.
    ///
    /// **Errors.** `EINVAL`: negative, or not a file, or not open for writing. `EPERM`: a memfd sealed against it.
    /// `EFBIG`: more than the file system can.
    ///
    /// @param fd the descriptor
    /// @param length the new size in bytes
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/ftruncate.2.html">ftruncate(2)</a>
    public static int ftruncate(final int fd, final long length) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.ftruncate);
        }
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.ftruncate, fd, length);
        }
        return Downcall.result((int) Downcall.llllll(Link.CALL, fd, length, 0, 0, 0, 0));
    }

    /// `fchmod(fd, mode)`: changes the mode of an open file.
    ///
    /// `umask` plays no part. On an `AF_UNIX` socket it changes the socket, not the file: what it is when [#bind] makes
    /// the file is what the file gets, less `umask`; later it is [#chmod] of the path that counts.
    ///
    /// **Errors.** `EPERM`: not the owner. `EROFS`: not on this file system.
    ///
    /// @param fd the descriptor
    /// @param mode the permissions, such as 0600
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/fchmod.2.html">fchmod(2)</a>
    public static int fchmod(final int fd, final int mode) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.fchmod);
        }
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.fchmod, fd, mode);
        }
        return Downcall.result((int) Downcall.llllll(Link.CALL, fd, mode, 0, 0, 0, 0));
    }

    /// `unlink(pathname)`: removes a name from the file system.
    ///
    /// The file itself lives on until the last descriptor is closed. A listener whose path is unlinked keeps its
    /// connections and cannot be found by new ones; that another process has bound the same path since then is not
    /// noticed.
    ///
    /// **Errors.** `ENOENT`: no such name. `EISDIR`: a directory. `EACCES`, `EPERM`: the directory may not be changed,
    /// or it is sticky and the file another's. `EROFS`: not on this file system.
    ///
    /// @param pathname the path, ending with NUL
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/unlink.2.html">unlink(2)</a>
    public static int unlink(final MemorySegment pathname) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.unlink);
        }
        string("unlink", pathname);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.unlink, pathname);
        }
        return Downcall.result((int) Downcall.pll(Link.CALL, pathname, 0, 0));
    }

    /// `chmod(pathname, mode)`: changes the mode of a file.
    ///
    /// Follows symbolic links; `umask` plays no part. To [#connect] to a socket file takes permission to write to it,
    /// and to search its directories.
    ///
    /// **Errors.** `EPERM`: not the owner. `ENOENT`, `ENOTDIR`, `EACCES`, `ELOOP`: the path leads nowhere. `EROFS`: not
    /// on this file system.
    ///
    /// @param pathname the path, ending with NUL
    /// @param mode the permissions, such as 0600
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/chmod.2.html">chmod(2)</a>
    public static int chmod(final MemorySegment pathname, final int mode) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.chmod);
        }
        string("chmod", pathname);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.chmod, pathname, mode);
        }
        return Downcall.result((int) Downcall.pll(Link.CALL, pathname, mode, 0));
    }

    // ---- waiting

    /// `poll(fds, nfds, timeout)`: waits for events, milliseconds.
    ///
    /// A descriptor that is closed does not fail the call, it is reported with `POLLNVAL`; a negative one is passed
    /// over. `POLLERR`, `POLLHUP` and `POLLNVAL` come unasked. Regular files are always ready.
    ///
    /// **Blocking.** Until something is ready, for `timeout` milliseconds at most: 0 looks and returns, any negative
    /// number waits for ever. `fds` may be an [io.github.fdsock.sys.struct.Pollfd].
    ///
    /// **Errors.** `EINTR`: any handled signal ends the wait, restart or not; how much of the timeout is left is the
    /// caller's to know. `EINVAL`: more than `RLIMIT_NOFILE`.
    ///
    /// @param fds an array of `struct pollfd`
    /// @param nfds how many
    /// @param timeout milliseconds; 0 not at all, negative for ever
    /// @return how many have something in `revents`, 0 for none in time, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/poll.2.html">poll(2)</a>
    public static int poll(final MemorySegment fds, final long nfds, final int timeout) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.poll);
        }
        roomForPoll("poll", writable("poll", fds), nfds);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.poll, fds, nfds, timeout);
        }
        return Downcall.result((int) Downcall.pll(Link.CALL, fds, nfds, timeout));
    }

    /// `ppoll(fds, nfds, tmo_p, sigmask)`: waits for events, nanoseconds.
    ///
    /// As [#poll]. While it waits the thread's signal mask is `sigmask`, put in place and taken back in one step with
    /// the wait. The time that was left is not written back: that is libc's doing, the kernel would.
    ///
    /// **Errors.** `EINTR`, `EINVAL` as at [#poll]; `EINVAL` also for a negative timeout, or one with too many
    /// nanoseconds.
    ///
    /// @param fds an array of `struct pollfd`
    /// @param nfds how many
    /// @param tmo_p a `struct timespec`, or `NULL` for ever
    /// @param sigmask a `sigset_t`, or `NULL` to leave the mask alone
    /// @return how many have something in `revents`, 0 for none in time, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/ppoll.2.html">ppoll(2)</a>
    public static int ppoll(final MemorySegment fds, final long nfds,
            final MemorySegment tmo_p, final MemorySegment sigmask) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.ppoll);
        }
        roomForPoll("ppoll", writable("ppoll", fds), nfds);
        room("ppoll", tmo_p, TIMESPEC_SIZE);
        room("ppoll", sigmask, SIGSET_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.ppoll, fds, nfds, tmo_p, sigmask);
        }
        return Downcall.result((int) Downcall.plpp(Link.CALL, fds, nfds, tmo_p, sigmask));
    }

    /// `epoll_create(size)`: makes an epoll instance, the old way.
    ///
    /// Use [#epoll_create1]: of this one children inherit the descriptor. `size` has meant nothing since Linux 2.6.8,
    /// and must still be above 0 (`EINVAL`).
    ///
    /// @param size any number above 0
    /// @return the descriptor, which is the caller's, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/epoll_create.2.html">epoll_create(2)</a>
    public static int epoll_create(final int size) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.epoll_create);
        }
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.epoll_create, size);
        }
        return Downcall.result((int) Downcall.llllll(Link.CALL, size, 0, 0, 0, 0, 0));
    }

    /// `epoll_create1(flags)`: makes an epoll instance.
    ///
    /// **Ownership.** The descriptor is the caller's. Closing it leaves the watched ones alone.
    ///
    /// **Errors.** `EMFILE`, `ENFILE`: no descriptor left. `EINVAL`: an unknown flag.
    ///
    /// @param flags 0 or `EPOLL_CLOEXEC`
    /// @return the descriptor, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/epoll_create1.2.html">epoll_create1(2)</a>
    public static int epoll_create1(final int flags) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.epoll_create1);
        }
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.epoll_create1, flags);
        }
        return Downcall.result((int) Downcall.llllll(Link.CALL, flags, 0, 0, 0, 0, 0));
    }

    /// `epoll_ctl(epfd, op, fd, event)`: adds, changes or removes an interest.
    ///
    /// An interest belongs to the open file *under this number*, not to the number. Closing the descriptor ends it only
    /// if no duplicate is left, here or in another process; otherwise events go on coming with the old data, and
    /// `EPOLL_CTL_DEL` says `EBADF` because the number is closed. So delete first, close after.
    ///
    /// `event` is copied; for `EPOLL_CTL_DEL` it may be `NULL`. It may be an [io.github.fdsock.sys.struct.EpollEvents]
    /// of capacity 1. `EPOLLERR` and `EPOLLHUP` are reported whether asked for or not, also with no events at all.
    ///
    /// **Threads.** May be called while another thread is in [#epoll_wait]; what is ready already wakes it.
    ///
    /// **Errors.** `EEXIST`: added before. `ENOENT`: not added. `EPERM`: a file or directory, which are always ready.
    /// `EINVAL`: the instance itself, no epoll instance, no such `op`, or `EPOLLEXCLUSIVE` where it may not be (it
    /// cannot be changed by `EPOLL_CTL_MOD`: delete and add). `ELOOP`: instances that watch each other in a circle, or
    /// nested too deep (five levels). `ENOSPC`: beyond `fs.epoll.max_user_watches`.
    ///
    /// @param epfd the epoll instance
    /// @param op `EPOLL_CTL_ADD`, `EPOLL_CTL_MOD` or `EPOLL_CTL_DEL`
    /// @param fd the descriptor to watch
    /// @param event a `struct epoll_event`
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/epoll_ctl.2.html">epoll_ctl(2)</a>
    public static int epoll_ctl(final int epfd, final int op, final int fd, final MemorySegment event) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.epoll_ctl);
        }
        room("epoll_ctl", event, EPOLL_EVENT_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.epoll_ctl, epfd, op, fd, event);
        }
        return Downcall.result((int) Downcall.lllpl(Link.CALL, epfd, op, fd, event, 0));
    }

    /// `epoll_wait(epfd, events, maxevents, timeout)`: waits for events, milliseconds.
    ///
    /// Where more are ready than fit, the next call goes on with the others: none starves. An event found here may be
    /// out of date before it is looked at, once its handler's neighbour has closed the descriptor.
    ///
    /// **Blocking.** For `timeout` milliseconds at most: 0 looks and returns, and cannot block, so it is made without
    /// leaving the JVM's thread state; any negative number waits for ever. Milliseconds are counted by a clock with
    /// jiffies' patience; [#epoll_pwait2] has nanoseconds.
    ///
    /// **Errors.** `EINTR`: any handled signal ends the wait, restart or not. `EINVAL`: `maxevents` not above 0, or no
    /// epoll instance.
    ///
    /// @param epfd the epoll instance
    /// @param events room for the events, see [io.github.fdsock.sys.struct.EpollEvents]
    /// @param maxevents for how many
    /// @param timeout milliseconds; 0 not at all, negative for ever
    /// @return how many events there are, 0 for none in time, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/epoll_wait.2.html">epoll_wait(2)</a>
    public static int epoll_wait(final int epfd, final MemorySegment events,
            final int maxevents, final int timeout) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.epoll_wait);
        }
        final class Critical {
            static final MethodHandle CALL = Downcall.linkCritical(Call.epoll_wait);
        }
        roomForMany("epoll_wait", writable("epoll_wait", events), maxevents, EPOLL_EVENT_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.epoll_wait, epfd, events, maxevents, timeout);
        }
        if (timeout == 0) {
            return Downcall.result((int) Downcall.lpll(Critical.CALL, epfd, events, maxevents, timeout));
        }
        return Downcall.result((int) Downcall.lpll(Link.CALL, epfd, events, maxevents, timeout));
    }

    /// `epoll_pwait(epfd, events, maxevents, timeout, sigmask)`: waits for events with another signal mask.
    ///
    /// As [#epoll_wait]. While it waits the thread's signal mask is `sigmask`, put in place and taken back in one step
    /// with the wait.
    ///
    /// @param epfd the epoll instance
    /// @param events room for the events
    /// @param maxevents for how many
    /// @param timeout milliseconds; 0 not at all, negative for ever
    /// @param sigmask a `sigset_t`, or `NULL` to leave the mask alone
    /// @return how many events there are, 0 for none in time, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/epoll_pwait.2.html">epoll_pwait(2)</a>
    public static int epoll_pwait(final int epfd, final MemorySegment events, final int maxevents,
            final int timeout, final MemorySegment sigmask) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.epoll_pwait);
        }
        roomForMany("epoll_pwait", writable("epoll_pwait", events), maxevents, EPOLL_EVENT_SIZE);
        room("epoll_pwait", sigmask, SIGSET_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.epoll_pwait, epfd, events, maxevents, timeout, sigmask);
        }
        return Downcall.result((int) Downcall.lpllpl(Link.CALL, epfd, events, maxevents, timeout, sigmask, 0));
    }

    /// `epoll_pwait2(epfd, events, maxevents, timeout, sigmask)`: waits for events, nanoseconds.
    ///
    /// As [#epoll_pwait], with a `struct timespec` that is not written to. The time is relative, on the monotonic
    /// clock.
    ///
    /// Since Linux 5.11 and glibc 2.35; an older libc is passed by. A sandbox may forbid what kernel and libc know, so
    /// ask by calling: `ENOSYS`, or `EPERM`, means to make do with [#epoll_pwait].
    ///
    /// **Errors.** Those of [#epoll_wait]. `EINVAL`: also a negative timeout, or one with too many nanoseconds.
    ///
    /// @param epfd the epoll instance
    /// @param events room for the events
    /// @param maxevents for how many
    /// @param timeout a `struct timespec`, or `NULL` for ever
    /// @param sigmask a `sigset_t`, or `NULL` to leave the mask alone
    /// @return how many events there are, 0 for none in time, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/epoll_pwait2.2.html">epoll_pwait2(2)</a>
    public static int epoll_pwait2(final int epfd, final MemorySegment events, final int maxevents,
            final MemorySegment timeout, final MemorySegment sigmask) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.epoll_pwait2);
        }
        roomForMany("epoll_pwait2", writable("epoll_pwait2", events), maxevents, EPOLL_EVENT_SIZE);
        room("epoll_pwait2", timeout, TIMESPEC_SIZE);
        room("epoll_pwait2", sigmask, SIGSET_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.epoll_pwait2, epfd, events, maxevents, timeout, sigmask);
        }
        return Downcall.result((int) Downcall.lplpp(Link.CALL, epfd, events, maxevents, timeout, sigmask));
    }

    // ---- events, timers, signals, memory, processes

    /// `eventfd(initval, flags)`: makes a counter that can be waited for.
    ///
    /// The counter has 64 bits. [#write] adds eight bytes in the machine's order to it, [#read] takes it whole and
    /// leaves 0, or with `EFD_SEMAPHORE` takes 1. It polls readable above 0. A write that would bring it beyond 2⁶⁴-2
    /// blocks, or is `EAGAIN`: whoever only wants to wake someone has succeeded then.
    ///
    /// **Ownership.** The descriptor is the caller's.
    ///
    /// **Errors.** `EMFILE`, `ENFILE`: no descriptor left. `EINVAL`: an unknown flag.
    ///
    /// @param initval what it starts with, unsigned
    /// @param flags `EFD_CLOEXEC`, `EFD_NONBLOCK`, `EFD_SEMAPHORE`
    /// @return the descriptor, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/eventfd.2.html">eventfd(2)</a>
    public static int eventfd(final int initval, final int flags) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.eventfd);
        }
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.eventfd, initval, flags);
        }
        return Downcall.result((int) Downcall.llllll(Link.CALL, initval, flags, 0, 0, 0, 0));
    }

    /// `timerfd_create(clockid, flags)`: makes a timer that can be waited for.
    ///
    /// It polls readable once the timer has gone off; [#read] then gives eight bytes, how often since the last time.
    ///
    /// **Ownership.** The descriptor is the caller's.
    ///
    /// **Errors.** `EINVAL`: no such clock, or an unknown flag. `EPERM`: the `_ALARM` clocks take `CAP_WAKE_ALARM`.
    /// `EMFILE`, `ENFILE`: no descriptor left.
    ///
    /// @param clockid `CLOCK_MONOTONIC`, `CLOCK_REALTIME`, `CLOCK_BOOTTIME`, …
    /// @param flags `TFD_CLOEXEC`, `TFD_NONBLOCK`
    /// @return the descriptor, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/timerfd_create.2.html">timerfd_create(2)</a>
    public static int timerfd_create(final int clockid, final int flags) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.timerfd_create);
        }
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.timerfd_create, clockid, flags);
        }
        return Downcall.result((int) Downcall.llllll(Link.CALL, clockid, flags, 0, 0, 0, 0));
    }

    /// `timerfd_settime(fd, flags, new_value, old_value)`: arms or disarms a timer.
    ///
    /// Times are relative to now unless `TFD_TIMER_ABSTIME` is set; a time that has passed goes off at once. An
    /// `it_value` of zero disarms, whatever the interval: to go off at once, ask for a nanosecond. Times that the timer
    /// has gone off by and nobody has read are forgotten.
    ///
    /// **Errors.** `EINVAL`: no timerfd, an unknown flag, a negative time or too many nanoseconds. `ECANCELED`: with
    /// `TFD_TIMER_CANCEL_ON_SET`, the clock has been set meanwhile; the timer is armed all the same.
    ///
    /// @param fd the timer
    /// @param flags 0, `TFD_TIMER_ABSTIME`, `TFD_TIMER_CANCEL_ON_SET`
    /// @param new_value a `struct itimerspec`
    /// @param old_value room for a `struct itimerspec`, what was left of the setting before; or `NULL`
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/timerfd_settime.2.html">timerfd_settime(2)</a>
    public static int timerfd_settime(final int fd, final int flags,
            final MemorySegment new_value, final MemorySegment old_value) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.timerfd_settime);
        }
        room("timerfd_settime", new_value, ITIMERSPEC_SIZE);
        room("timerfd_settime", writable("timerfd_settime", old_value), ITIMERSPEC_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.timerfd_settime, fd, flags, new_value, old_value);
        }
        return Downcall.result((int) Downcall.llpp(Link.CALL, fd, flags, new_value, old_value));
    }

    /// `timerfd_gettime(fd, curr_value)`: the time left.
    ///
    /// The time is relative, however it was set; zero means disarmed.
    ///
    /// **Errors.** `EINVAL`: no timerfd.
    ///
    /// @param fd the timer
    /// @param curr_value room for a `struct itimerspec`
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/timerfd_gettime.2.html">timerfd_gettime(2)</a>
    public static int timerfd_gettime(final int fd, final MemorySegment curr_value) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.timerfd_gettime);
        }
        room("timerfd_gettime", writable("timerfd_gettime", curr_value), ITIMERSPEC_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.timerfd_gettime, fd, curr_value);
        }
        return Downcall.result((int) Downcall.lpll(Link.CALL, fd, curr_value, 0, 0));
    }

    /// `signalfd(fd, mask, flags)`: makes a descriptor from which signals are read, or gives it another mask.
    ///
    /// A signal is read from here only while every thread that might get it blocks it. Blocking it in the calling
    /// thread ([#pthread_sigmask]) does for signals sent to that very thread; one sent to the process goes to *any*
    /// thread that does not block it, and the JVM started a dozen that do not, before any of our code ran.
    ///
    /// [#read] gives [io.github.fdsock.sys.struct.SignalfdSiginfo], 128 bytes each: signals of the process, and of the
    /// thread that reads. `SIGKILL` and `SIGSTOP` in the mask are ignored. The mask is copied.
    ///
    /// **Ownership.** A new descriptor is the caller's; with one given, its mask is replaced and the same number
    /// returned.
    ///
    /// **Errors.** `EINVAL`: no signalfd, or an unknown flag. `EMFILE`, `ENFILE`: no descriptor left.
    ///
    /// @param fd a signalfd, or -1 for a new one
    /// @param mask a `sigset_t`
    /// @param flags `SFD_CLOEXEC`, `SFD_NONBLOCK`; only for a new one
    /// @return the descriptor, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/signalfd.2.html">signalfd(2)</a>
    public static int signalfd(final int fd, final MemorySegment mask, final int flags) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.signalfd);
        }
        room("signalfd", mask, SIGSET_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.signalfd, fd, mask, flags);
        }
        return Downcall.result((int) Downcall.lpll(Link.CALL, fd, mask, flags, 0));
    }

    /// `inotify_init1(flags)`: makes a descriptor that tells of changes to files.
    ///
    /// **Ownership.** The descriptor is the caller's.
    ///
    /// **Errors.** `EMFILE`: no descriptor left, or `fs.inotify.max_user_instances` (128) reached. `ENFILE`, `EINVAL`:
    /// as usual.
    ///
    /// @param flags `IN_CLOEXEC`, `IN_NONBLOCK`
    /// @return the descriptor, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/inotify_init1.2.html">inotify_init1(2)</a>
    public static int inotify_init1(final int flags) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.inotify_init1);
        }
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.inotify_init1, flags);
        }
        return Downcall.result((int) Downcall.llllll(Link.CALL, flags, 0, 0, 0, 0, 0));
    }

    /// `memfd_create(name, flags)`: makes a file that lives in memory.
    ///
    /// The file is empty, and anonymous: `name` only shows up in `/proc`, and any number of files may have the same.
    /// Seals ([#fcntl(int, int, int)] with `F_ADD_SEALS`) need `MFD_ALLOW_SEALING`; they are how a receiver can be sure
    /// that the file does not shrink under its mapping.
    ///
    /// Since Linux 3.17 and glibc 2.27. Kernels from 6.3 on may log a warning unless `MFD_EXEC` or `MFD_NOEXEC_SEAL` is
    /// set.
    ///
    /// **Ownership.** The descriptor is the caller's.
    ///
    /// **Errors.** `EINVAL`: a name of more than 249 bytes, or an unknown flag. `EMFILE`, `ENFILE`: no descriptor left.
    /// `EACCES`: `vm.memfd_noexec` forbids executable ones.
    ///
    /// @param name any name, ending with NUL
    /// @param flags `MFD_CLOEXEC`, `MFD_ALLOW_SEALING`, `MFD_NOEXEC_SEAL`, …
    /// @return the descriptor, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/memfd_create.2.html">memfd_create(2)</a>
    public static int memfd_create(final MemorySegment name, final int flags) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.memfd_create);
        }
        string("memfd_create", name);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.memfd_create, name, flags);
        }
        return Downcall.result((int) Downcall.pll(Link.CALL, name, flags, 0));
    }

    /// `mmap(addr, length, prot, flags, fd, offset)`: maps a file into memory.
    ///
    /// **What can kill the JVM.** `MAP_FIXED` replaces whatever lies at `addr`, be it the heap: `MAP_FIXED_NOREPLACE`
    /// (Linux 4.17) says `EEXIST` instead. Touching a page of a mapped file that lies wholly behind its end, because
    /// somebody cut it, is `SIGBUS`; touching one that `prot` forbids is `SIGSEGV`.
    ///
    /// [io.github.fdsock.sys.struct.Mapping] makes a segment of the address that is unmapped with its arena. The
    /// mapping outlives `fd`, which may be closed at once.
    ///
    /// **Errors.** `EINVAL`: a length of 0, an offset that is no multiple of the page size, or neither `MAP_SHARED` nor
    /// `MAP_PRIVATE`. `EACCES`: the file is not open for that. `EPERM`: a seal forbids it. `ENODEV`: this kind of
    /// descriptor cannot be mapped. `ENOMEM`: no address space, or too many mappings. `EAGAIN`: more locked memory than
    /// allowed. `EEXIST`: see above.
    ///
    /// @param addr 0 to let the kernel choose, or a hint
    /// @param length in bytes
    /// @param prot `PROT_READ`, `PROT_WRITE`, …
    /// @param flags `MAP_SHARED` or `MAP_PRIVATE`, with `MAP_ANONYMOUS`, …
    /// @param fd the file; -1 for `MAP_ANONYMOUS`
    /// @param offset where in the file
    /// @return the address, which is positive, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/mmap.2.html">mmap(2)</a>
    public static long mmap(final long addr, final long length, final int prot,
            final int flags, final int fd, final long offset) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.mmap);
        }
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return Seam.call(seam, Call.mmap, addr, length, prot, flags, fd, offset);
        }
        return Downcall.result(Downcall.llllll(Link.CALL, addr, length, prot, flags, fd, offset));
    }

    /// `munmap(addr, length)`: takes a mapping away.
    ///
    /// **What can kill the JVM.** It takes away whatever is mapped in that range, ours or not, and every page that the
    /// range touches. Who reads there afterwards, or finds there what was mapped next, is beyond help. Unmapping
    /// nothing is no error.
    ///
    /// **Errors.** `EINVAL`: an address that is no multiple of the page size, or a length of 0.
    ///
    /// @param addr where
    /// @param length in bytes
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/munmap.2.html">munmap(2)</a>
    public static int munmap(final long addr, final long length) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.munmap);
        }
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.munmap, addr, length);
        }
        return Downcall.result((int) Downcall.llllll(Link.CALL, addr, length, 0, 0, 0, 0));
    }

    /// `pidfd_open(pid, flags)`: a descriptor that stands for a process.
    ///
    /// It polls readable when the process has ended. A process that has ended and not been waited for is still found.
    /// Between learning a number and opening it, the number may pass to another process, unless it is a child of ours
    /// that nobody waits for.
    ///
    /// The descriptor is never inherited: `FD_CLOEXEC` is set. Since Linux 5.3 and glibc 2.36; an older libc is passed
    /// by.
    ///
    /// **Ownership.** The descriptor is the caller's.
    ///
    /// **Errors.** `ESRCH`: no such process. `EINVAL`: not above 0, an unknown flag, or the number of a thread that is
    /// not its process's first (`PIDFD_THREAD`, Linux 6.9, allows it). `EMFILE`, `ENFILE`: no descriptor left.
    /// `ENOSYS`: an older kernel.
    ///
    /// @param pid the process
    /// @param flags 0, `PIDFD_NONBLOCK`, `PIDFD_THREAD`
    /// @return the descriptor, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/pidfd_open.2.html">pidfd_open(2)</a>
    public static int pidfd_open(final int pid, final int flags) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.pidfd_open);
        }
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.pidfd_open, pid, flags);
        }
        return Downcall.result((int) Downcall.llllll(Link.CALL, pid, flags, 0, 0, 0, 0));
    }

    /// `pidfd_getfd(pidfd, targetfd, flags)`: a copy of another process's descriptor.
    ///
    /// As if the other process had sent it: both share the open file, `O_NONBLOCK` and all. The copy is never
    /// inherited: `FD_CLOEXEC` is set. Since Linux 5.6 and glibc 2.36; an older libc is passed by.
    ///
    /// **Ownership.** The copy is the caller's; the other process notices nothing.
    ///
    /// **Errors.** `EBADF`: either number is not open where it belongs. `EPERM`: one would need the right to debug that
    /// process. `ESRCH`: it has ended. `EINVAL`: flags other than 0. `EMFILE`: no descriptor left. `ENOSYS`: an older
    /// kernel.
    ///
    /// @param pidfd the process
    /// @param targetfd the number there
    /// @param flags 0
    /// @return the descriptor, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/pidfd_getfd.2.html">pidfd_getfd(2)</a>
    public static int pidfd_getfd(final int pidfd, final int targetfd, final int flags) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.pidfd_getfd);
        }
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.pidfd_getfd, pidfd, targetfd, flags);
        }
        return Downcall.result((int) Downcall.llllll(Link.CALL, pidfd, targetfd, flags, 0, 0, 0));
    }

    /// `pidfd_send_signal(pidfd, sig, info, flags)`: sends a signal to the very process meant.
    ///
    /// Unlike [#kill] it cannot hit a stranger to whom the number has passed. Signal 0 only asks whether one could.
    /// Since Linux 5.1 and glibc 2.36; an older libc is passed by.
    ///
    /// **Errors.** `ESRCH`: it has ended, and was waited for. `EPERM`: not permitted, or an `info` that pretends to
    /// come from the kernel. `EINVAL`: no such signal, an unknown flag, or an `info` that says another signal.
    /// `ENOSYS`: an older kernel.
    ///
    /// @param pidfd the process
    /// @param sig the signal
    /// @param info a `siginfo_t`, or `NULL` for what [#kill] would send
    /// @param flags 0; since Linux 6.9 `PIDFD_SIGNAL_THREAD`, …
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/pidfd_send_signal.2.html">pidfd_send_signal(2)</a>
    public static int pidfd_send_signal(final int pidfd, final int sig, final MemorySegment info, final int flags) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.pidfd_send_signal);
        }
        room("pidfd_send_signal", info, SIGINFO_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.pidfd_send_signal, pidfd, sig, info, flags);
        }
        return Downcall.result((int) Downcall.llpl(Link.CALL, pidfd, sig, info, flags));
    }

    // ---- moving bytes inside the kernel

    /// `sendfile(out_fd, in_fd, offset, count)`: copies from a file to a socket.
    ///
    /// With an `offset` reading begins there, the offset behind the last byte is stored in it, and the file's own does
    /// not move; with `NULL` it is the file's own that is used and moved. Fewer bytes than asked for is normal, 0 is
    /// the end of the file, 0x7ffff000 is the most. Bytes sent are not copied: who changes the file afterwards may
    /// change what is still under way.
    ///
    /// There are no flags, so no `MSG_NOSIGNAL`.
    ///
    /// **Errors.** Those of [#write]. `EINVAL`: `in_fd` cannot be mapped (a socket, most of `/proc`), or `out_fd` is
    /// opened with `O_APPEND`: copy by hand then. `ESPIPE`: an offset into something without offsets. `EAGAIN`:
    /// non-blocking, and no room.
    ///
    /// @param out_fd a socket, pipe or file
    /// @param in_fd a file
    /// @param offset a `long`: in where to begin, out where it ended; or `NULL`
    /// @param count how many bytes
    /// @return how many bytes were written, 0 at the end, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/sendfile.2.html">sendfile(2)</a>
    public static long sendfile(final int out_fd, final int in_fd, final MemorySegment offset, final long count) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.sendfile);
        }
        room("sendfile", writable("sendfile", offset), Long.BYTES);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return Seam.call(seam, Call.sendfile, out_fd, in_fd, offset, count);
        }
        return Downcall.result(Downcall.llpl(Link.CALL, out_fd, in_fd, offset, count));
    }

    /// `splice(fd_in, off_in, fd_out, off_out, len, flags)`: moves bytes to or from a pipe.
    ///
    /// One of the two must be a pipe, and has no offset (`NULL`). 0 is the end: of the file, or of a pipe without
    /// writers; a `len` of 0 gives it as well. `SPLICE_F_NONBLOCK` speaks of the pipe only, whether the other one
    /// blocks is up to its own flags.
    ///
    /// **Errors.** `EAGAIN`: would block. `EINVAL`: no pipe, `O_APPEND`, both the same pipe, or a file system that
    /// cannot. `ESPIPE`: an offset where there is none. `EPIPE`: nobody reads.
    ///
    /// @param fd_in where the bytes come from
    /// @param off_in a `long`, as at [#sendfile], or `NULL`
    /// @param fd_out where they go to
    /// @param off_out a `long`, as at [#sendfile], or `NULL`
    /// @param len how many bytes at most
    /// @param flags `SPLICE_F_NONBLOCK`, `SPLICE_F_MORE`, `SPLICE_F_MOVE`
    /// @return how many bytes were moved, 0 at the end, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/splice.2.html">splice(2)</a>
    public static long splice(final int fd_in, final MemorySegment off_in, final int fd_out,
            final MemorySegment off_out, final long len, final int flags) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.splice);
        }
        room("splice", writable("splice", off_in), Long.BYTES);
        room("splice", writable("splice", off_out), Long.BYTES);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return Seam.call(seam, Call.splice, fd_in, off_in, fd_out, off_out, len, flags);
        }
        return Downcall.result(Downcall.lplpll(Link.CALL, fd_in, off_in, fd_out, off_out, len, flags));
    }

    /// `tee(fd_in, fd_out, len, flags)`: copies bytes from pipe to pipe, and leaves them where they were.
    ///
    /// Always from the front: a second call copies the same bytes again, until somebody reads them.
    ///
    /// **Errors.** `EAGAIN`: would block. `EINVAL`: not two pipes, or one and the same.
    ///
    /// @param fd_in the pipe to read from
    /// @param fd_out the pipe to write to
    /// @param len how many bytes at most
    /// @param flags `SPLICE_F_NONBLOCK`
    /// @return how many bytes were copied, 0 where there are no writers, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/tee.2.html">tee(2)</a>
    public static long tee(final int fd_in, final int fd_out, final long len, final int flags) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.tee);
        }
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return Seam.call(seam, Call.tee, fd_in, fd_out, len, flags);
        }
        return Downcall.result(Downcall.llllll(Link.CALL, fd_in, fd_out, len, flags, 0, 0));
    }

    // ---- limits, signals and clocks

    /// `getrlimit(resource, rlim)`: reads a limit of this process.
    ///
    /// `RLIMIT_NOFILE` is one more than the largest number a descriptor may have; HotSpot raises it to the hard limit
    /// when it starts.
    ///
    /// **Errors.** `EINVAL`: no such limit.
    ///
    /// @param resource `RLIMIT_NOFILE`, …
    /// @param rlim room for a `struct rlimit`
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/getrlimit.2.html">getrlimit(2)</a>
    public static int getrlimit(final int resource, final MemorySegment rlim) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.getrlimit);
        }
        // musl looks at what the kernel has stored.
        roomOfLibc("getrlimit", writable("getrlimit", rlim), RLIMIT_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.getrlimit, resource, rlim);
        }
        return Downcall.result((int) Downcall.lpll(Link.CALL, resource, rlim, 0, 0));
    }

    /// `setrlimit(resource, rlim)`: sets a limit of this process.
    ///
    /// Holds for the whole process and for children made from now on. Descriptors beyond a lowered `RLIMIT_NOFILE` stay
    /// open; only new ones are refused.
    ///
    /// **Errors.** `EINVAL`: no such limit, or soft above hard. `EPERM`: raising the hard limit takes
    /// `CAP_SYS_RESOURCE`, and `RLIMIT_NOFILE` ends at `fs.nr_open` for everybody.
    ///
    /// @param resource `RLIMIT_NOFILE`, …
    /// @param rlim a `struct rlimit`
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/setrlimit.2.html">setrlimit(2)</a>
    public static int setrlimit(final int resource, final MemorySegment rlim) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.setrlimit);
        }
        room("setrlimit", rlim, RLIMIT_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.setrlimit, resource, rlim);
        }
        return Downcall.result((int) Downcall.lpll(Link.CALL, resource, rlim, 0, 0));
    }

    /// `prlimit(pid, resource, new_limit, old_limit)`: sets and reads a limit of any process.
    ///
    /// Both in one step: what is read is what was there before. Since Linux 2.6.36.
    ///
    /// **Errors.** `ESRCH`: no such process. `EPERM`: another user's, or as at [#setrlimit]. `EINVAL`: as there.
    ///
    /// @param pid the process; 0 for this one
    /// @param resource `RLIMIT_NOFILE`, …
    /// @param new_limit a `struct rlimit`, or `NULL` to change nothing
    /// @param old_limit room for a `struct rlimit`, or `NULL`
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/prlimit.2.html">prlimit(2)</a>
    public static int prlimit(final int pid, final int resource,
            final MemorySegment new_limit, final MemorySegment old_limit) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.prlimit);
        }
        room("prlimit", new_limit, RLIMIT_SIZE);
        room("prlimit", writable("prlimit", old_limit), RLIMIT_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.prlimit, pid, resource, new_limit, old_limit);
        }
        return Downcall.result((int) Downcall.llpp(Link.CALL, pid, resource, new_limit, old_limit));
    }

    /// `kill(pid, sig)`: sends a signal to a process.
    ///
    /// `pid` above 0 is a process; 0 is the own process group, below -1 the group `-pid`, and -1 every process one may
    /// signal. Signal 0 only asks whether one could. Success does not mean that anybody lives: a process that has ended
    /// and not been waited for takes signals as well.
    ///
    /// **Errors.** `ESRCH`: nobody there. `EPERM`: nobody there whom one may signal. `EINVAL`: no such signal.
    ///
    /// @param pid whom
    /// @param sig the signal
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/kill.2.html">kill(2)</a>
    public static int kill(final int pid, final int sig) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.kill);
        }
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.kill, pid, sig);
        }
        return Downcall.result((int) Downcall.llllll(Link.CALL, pid, sig, 0, 0, 0, 0));
    }

    /// `raise(sig)`: sends a signal to the calling thread.
    ///
    /// On a virtual thread that is its carrier. What the signal does is done before this returns, if it is not blocked.
    ///
    /// **Errors.** `EINVAL`: no such signal.
    ///
    /// @param sig the signal
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man3/raise.3.html">raise(3)</a>
    public static int raise(final int sig) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.raise);
        }
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.raise, sig);
        }
        return Downcall.result((int) Downcall.llllll(Link.CALL, sig, 0, 0, 0, 0, 0));
    }

    /// `pthread_sigmask(how, set, oldset)`: changes which signals the calling thread blocks.
    ///
    /// Threads made by this one afterwards begin with its mask. **On a virtual thread** it is the carrier's mask that
    /// changes, for whoever runs on it next: call it from platform threads only.
    ///
    /// **What can kill the JVM.** `SIGSEGV`, `SIGBUS`, `SIGFPE` and `SIGILL` are HotSpot's tools; one that occurs while
    /// it is blocked ends the process on the spot. `SIGKILL` and `SIGSTOP` cannot be blocked, and trying is no error.
    ///
    /// In C this function returns its error number and leaves `errno` alone; here it is negated like every other.
    ///
    /// **Errors.** `EINVAL`: no such `how`.
    ///
    /// @param how `SIG_BLOCK`, `SIG_UNBLOCK` or `SIG_SETMASK`
    /// @param set a `sigset_t`, or `NULL` to change nothing
    /// @param oldset room for a `sigset_t`, the mask before; or `NULL`
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man3/pthread_sigmask.3.html">pthread_sigmask(3)</a>
    public static int pthread_sigmask(final int how, final MemorySegment set, final MemorySegment oldset) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.pthread_sigmask);
        }
        room("pthread_sigmask", set, SIGSET_SIZE);
        room("pthread_sigmask", writable("pthread_sigmask", oldset), SIGSET_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.pthread_sigmask, how, set, oldset);
        }
        return -(int) Downcall.lppl(Link.CALL, how, set, oldset, 0);
    }

    /// `clock_gettime(clockid, tp)`: what a clock shows.
    ///
    /// `CLOCK_MONOTONIC` is the clock by which systemd, the kernel's log and timers compare points in time, and stands
    /// still while the machine sleeps. On today's JVMs [System#nanoTime] shows it too, which its specification leaves
    /// open.
    ///
    /// **Errors.** `EINVAL`: no such clock.
    ///
    /// @param clockid `CLOCK_MONOTONIC`, `CLOCK_REALTIME`, `CLOCK_BOOTTIME`, …
    /// @param tp room for a `struct timespec`
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/clock_gettime.2.html">clock_gettime(2)</a>
    public static int clock_gettime(final int clockid, final MemorySegment tp) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.clock_gettime);
        }
        // Not a system call, as a rule: the clock is read, and stored, by code that the kernel maps into the process.
        roomOfLibc("clock_gettime", writable("clock_gettime", tp), TIMESPEC_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.clock_gettime, clockid, tp);
        }
        return Downcall.result((int) Downcall.lpll(Link.CALL, clockid, tp, 0, 0));
    }

    // ---- programs, their end, and who runs them

    /// `posix_spawn(pid, path, file_actions, attrp, argv, envp)`: starts a program in a child.
    ///
    /// The child is forked without a copy of memory, so it costs the same however large the JVM is; the calling thread
    /// waits until the program has been executed or could not be. Whatever fails on the way, in the child too, is the
    /// result here, and no child is left.
    ///
    /// The program gets every descriptor without `FD_CLOEXEC`, after `file_actions` have been carried out in the child
    /// in their order. Signals that are ignored here stay ignored; those with a handler do what they do by default.
    ///
    /// **Ownership.** The child is the caller's to wait for: [#waitid], without which it stays as a zombie.
    ///
    /// **What can kill the JVM.** `file_actions` and `attrp` that were not made by their `init`, or were destroyed;
    /// pointers in `argv` and `envp` that lead astray. `NULL` for `path` or `argv` is refused.
    ///
    /// In C this function returns its error number and leaves `errno` alone; here it is negated like every other.
    ///
    /// **Errors.** `ENOENT`: no such file, or no such interpreter of a script. `EACCES`: not executable, or no regular
    /// file. `ENOEXEC`: no program. `E2BIG`: arguments and environment too long. `ENOTDIR`, `ELOOP`, `ENAMETOOLONG`:
    /// the path leads nowhere. `EBADF`: an action about a descriptor that is not open. `ETXTBSY`: open for writing.
    /// `EAGAIN`: too many processes.
    ///
    /// @param pid room for an `int`, the child's number; or `NULL`
    /// @param path the file, ending with NUL
    /// @param file_actions a `posix_spawn_file_actions_t`, or `NULL` for none
    /// @param attrp a `posix_spawnattr_t`, or `NULL` for none
    /// @param argv pointers to the arguments, the name of the program first; ends with a `NULL`
    /// @param envp pointers to the variables, `NAME=value`; ends with a `NULL`. `NULL` itself for none
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man3/posix_spawn.3.html">posix_spawn(3)</a>
    public static int posix_spawn(final MemorySegment pid, final MemorySegment path, final MemorySegment file_actions,
            final MemorySegment attrp, final MemorySegment argv, final MemorySegment envp) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.posix_spawn);
        }
        spawnRoom("posix_spawn", pid, path, file_actions, attrp, argv, envp);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.posix_spawn, pid, path, file_actions, attrp, argv, envp);
        }
        return -(int) Downcall.pppppp(Link.CALL, pid, path, file_actions, attrp, argv, envp);
    }

    /// `posix_spawnp(pid, file, file_actions, attrp, argv, envp)`: starts a program that is looked for.
    ///
    /// As [#posix_spawn], and a `file` without a slash is looked for in the directories of `PATH`: the one of the
    /// calling process, as C's `getenv` sees it, not that of `envp`. A file that is no program (`ENOEXEC`) is not given
    /// to a shell.
    ///
    /// **Errors.** As at [#posix_spawn]. `ENOENT`: in no directory. `EACCES`: found, but none that may be executed.
    ///
    /// @param pid room for an `int`, the child's number; or `NULL`
    /// @param file the name or path, ending with NUL
    /// @param file_actions a `posix_spawn_file_actions_t`, or `NULL` for none
    /// @param attrp a `posix_spawnattr_t`, or `NULL` for none
    /// @param argv pointers to the arguments, the name of the program first; ends with a `NULL`
    /// @param envp pointers to the variables, `NAME=value`; ends with a `NULL`. `NULL` itself for none
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man3/posix_spawn.3.html">posix_spawn(3)</a>
    public static int posix_spawnp(final MemorySegment pid, final MemorySegment file, final MemorySegment file_actions,
            final MemorySegment attrp, final MemorySegment argv, final MemorySegment envp) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.posix_spawnp);
        }
        spawnRoom("posix_spawnp", pid, file, file_actions, attrp, argv, envp);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.posix_spawnp, pid, file, file_actions, attrp, argv, envp);
        }
        return -(int) Downcall.pppppp(Link.CALL, pid, file, file_actions, attrp, argv, envp);
    }

    /// `posix_spawn_file_actions_init(file_actions)`: makes an empty list of actions.
    ///
    /// **Ownership.** [#posix_spawn_file_actions_destroy] gives back what the list has taken.
    ///
    /// @param file_actions room for a `posix_spawn_file_actions_t`, 80 bytes
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man3/posix_spawn_file_actions_init.3.html">
    ///      posix_spawn_file_actions_init(3)</a>
    public static int posix_spawn_file_actions_init(final MemorySegment file_actions) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.posix_spawn_file_actions_init);
        }
        fileActions("posix_spawn_file_actions_init", file_actions);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.posix_spawn_file_actions_init, file_actions);
        }
        return -(int) Downcall.pll(Link.CALL, file_actions, 0, 0);
    }

    /// `posix_spawn_file_actions_destroy(file_actions)`: gives back what a list of actions has taken.
    ///
    /// **What can kill the JVM.** Doing it twice, or using the list afterwards without a new `init`.
    ///
    /// @param file_actions a `posix_spawn_file_actions_t`
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man3p/posix_spawn_file_actions_destroy.3p.html">
    ///      posix_spawn_file_actions_destroy(3p)</a>
    public static int posix_spawn_file_actions_destroy(final MemorySegment file_actions) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.posix_spawn_file_actions_destroy);
        }
        fileActions("posix_spawn_file_actions_destroy", file_actions);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.posix_spawn_file_actions_destroy, file_actions);
        }
        return -(int) Downcall.pll(Link.CALL, file_actions, 0, 0);
    }

    /// `posix_spawn_file_actions_adddup2(file_actions, fildes, newfildes)`: the child makes `newfildes` a copy of
    /// `fildes`.
    ///
    /// The copy is inherited, whatever the original was. Where both are the same number glibc (2.29) and musl clear its
    /// `FD_CLOEXEC`.
    ///
    /// **Errors.** `EBADF`: a negative number, or one beyond `RLIMIT_NOFILE`. `ENOMEM`: no memory for a longer list.
    ///
    /// @param file_actions a `posix_spawn_file_actions_t`
    /// @param fildes the descriptor, by its number in the child at that moment
    /// @param newfildes the number it shall have
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man3p/posix_spawn_file_actions_adddup2.3p.html">
    ///      posix_spawn_file_actions_adddup2(3p)</a>
    public static int posix_spawn_file_actions_adddup2(final MemorySegment file_actions,
            final int fildes, final int newfildes) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.posix_spawn_file_actions_adddup2);
        }
        fileActions("posix_spawn_file_actions_adddup2", file_actions);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.posix_spawn_file_actions_adddup2, file_actions, fildes, newfildes);
        }
        return -(int) Downcall.pll(Link.CALL, file_actions, fildes, newfildes);
    }

    /// `posix_spawn_file_actions_addclose(file_actions, fildes)`: the child closes `fildes`.
    ///
    /// glibc and musl do not mind one that is not open.
    ///
    /// **Errors.** As at [#posix_spawn_file_actions_adddup2].
    ///
    /// @param file_actions a `posix_spawn_file_actions_t`
    /// @param fildes the descriptor
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man3p/posix_spawn_file_actions_addclose.3p.html">
    ///      posix_spawn_file_actions_addclose(3p)</a>
    public static int posix_spawn_file_actions_addclose(final MemorySegment file_actions, final int fildes) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.posix_spawn_file_actions_addclose);
        }
        fileActions("posix_spawn_file_actions_addclose", file_actions);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.posix_spawn_file_actions_addclose, file_actions, fildes);
        }
        return -(int) Downcall.pll(Link.CALL, file_actions, fildes, 0);
    }

    /// `posix_spawn_file_actions_addclosefrom_np(file_actions, from)`: the child closes everything from `from` on.
    ///
    /// Since glibc 2.34; it works on kernels without `close_range` too. musl does not have it.
    ///
    /// **Errors.** As at [#posix_spawn_file_actions_adddup2]. `ENOSYS`: this libc does not have the function.
    ///
    /// @param file_actions a `posix_spawn_file_actions_t`
    /// @param from the lowest number to be closed
    /// @return 0, or `-errno`
    /// @see <a href="https://sourceware.org/glibc/manual/latest/html_node/">the GNU C Library</a>
    public static int posix_spawn_file_actions_addclosefrom_np(final MemorySegment file_actions, final int from) {
        final class Link {
            static final MethodHandle CALL = Downcall.linkIfPresent(Call.posix_spawn_file_actions_addclosefrom_np);
        }
        fileActions("posix_spawn_file_actions_addclosefrom_np", file_actions);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.posix_spawn_file_actions_addclosefrom_np, file_actions, from);
        }
        return Link.CALL == null ? -ENOSYS : -(int) Downcall.pll(Link.CALL, file_actions, from, 0);
    }

    /// `posix_spawn_file_actions_addchdir_np(file_actions, path)`: the child goes to another working directory.
    ///
    /// Relative paths of later actions, and of the program itself, count from there. The path is copied. Since glibc
    /// 2.29 and musl 1.1.24.
    ///
    /// **Errors.** `ENOMEM`: no memory for a longer list. `ENOSYS`: this libc does not have the function. That the
    /// directory does not exist, or may not be entered, is said by [#posix_spawn].
    ///
    /// @param file_actions a `posix_spawn_file_actions_t`
    /// @param path the directory, ending with NUL
    /// @return 0, or `-errno`
    /// @see <a href="https://sourceware.org/glibc/manual/latest/html_node/">the GNU C Library</a>
    public static int posix_spawn_file_actions_addchdir_np(final MemorySegment file_actions, final MemorySegment path) {
        final class Link {
            static final MethodHandle CALL = Downcall.linkIfPresent(Call.posix_spawn_file_actions_addchdir_np);
        }
        fileActions("posix_spawn_file_actions_addchdir_np", file_actions);
        stringOfLibc("posix_spawn_file_actions_addchdir_np", path);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.posix_spawn_file_actions_addchdir_np, file_actions, path);
        }
        return Link.CALL == null ? -ENOSYS
                : -(int) Downcall.pppp(Link.CALL, file_actions, path, MemorySegment.NULL, MemorySegment.NULL);
    }

    /// `posix_spawnattr_init(attr)`: makes attributes that change nothing.
    ///
    /// **Ownership.** [#posix_spawnattr_destroy] gives back what they have taken; in glibc and musl nothing.
    ///
    /// @param attr room for a `posix_spawnattr_t`, 336 bytes
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man3/posix_spawnattr_init.3.html">posix_spawnattr_init(3)</a>
    public static int posix_spawnattr_init(final MemorySegment attr) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.posix_spawnattr_init);
        }
        spawnAttributes("posix_spawnattr_init", attr);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.posix_spawnattr_init, attr);
        }
        return -(int) Downcall.pll(Link.CALL, attr, 0, 0);
    }

    /// `posix_spawnattr_destroy(attr)`: gives back what attributes have taken.
    ///
    /// @param attr a `posix_spawnattr_t`
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man3p/posix_spawnattr_destroy.3p.html">
    ///      posix_spawnattr_destroy(3p)</a>
    public static int posix_spawnattr_destroy(final MemorySegment attr) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.posix_spawnattr_destroy);
        }
        spawnAttributes("posix_spawnattr_destroy", attr);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.posix_spawnattr_destroy, attr);
        }
        return -(int) Downcall.pll(Link.CALL, attr, 0, 0);
    }

    /// `posix_spawnattr_setflags(attr, flags)`: says which attributes count.
    ///
    /// **Errors.** `EINVAL`: an unknown flag.
    ///
    /// @param attr a `posix_spawnattr_t`
    /// @param flags `POSIX_SPAWN_SETSIGMASK`, `POSIX_SPAWN_SETSIGDEF`, `POSIX_SPAWN_SETPGROUP`, …
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man3p/posix_spawnattr_setflags.3p.html">
    ///      posix_spawnattr_setflags(3p)</a>
    public static int posix_spawnattr_setflags(final MemorySegment attr, final short flags) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.posix_spawnattr_setflags);
        }
        spawnAttributes("posix_spawnattr_setflags", attr);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.posix_spawnattr_setflags, attr, flags);
        }
        return -(int) Downcall.pll(Link.CALL, attr, flags, 0);
    }

    /// `posix_spawnattr_setsigmask(attr, sigset)`: which signals the child blocks.
    ///
    /// Counts under `POSIX_SPAWN_SETSIGMASK`.
    ///
    /// @param attr a `posix_spawnattr_t`
    /// @param sigset a `sigset_t`, which is copied
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man3p/posix_spawnattr_setsigmask.3p.html">
    ///      posix_spawnattr_setsigmask(3p)</a>
    public static int posix_spawnattr_setsigmask(final MemorySegment attr, final MemorySegment sigset) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.posix_spawnattr_setsigmask);
        }
        spawnAttributes("posix_spawnattr_setsigmask", attr);
        roomOfLibc("posix_spawnattr_setsigmask", sigset, SIGSET_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.posix_spawnattr_setsigmask, attr, sigset);
        }
        return -(int) Downcall.pppp(Link.CALL, attr, sigset, MemorySegment.NULL, MemorySegment.NULL);
    }

    /// `posix_spawnattr_setsigdefault(attr, sigset)`: which signals do what they do by default, though ignored here.
    ///
    /// Counts under `POSIX_SPAWN_SETSIGDEF`.
    ///
    /// @param attr a `posix_spawnattr_t`
    /// @param sigset a `sigset_t`, which is copied
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man3p/posix_spawnattr_setsigdefault.3p.html">
    ///      posix_spawnattr_setsigdefault(3p)</a>
    public static int posix_spawnattr_setsigdefault(final MemorySegment attr, final MemorySegment sigset) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.posix_spawnattr_setsigdefault);
        }
        spawnAttributes("posix_spawnattr_setsigdefault", attr);
        roomOfLibc("posix_spawnattr_setsigdefault", sigset, SIGSET_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.posix_spawnattr_setsigdefault, attr, sigset);
        }
        return -(int) Downcall.pppp(Link.CALL, attr, sigset, MemorySegment.NULL, MemorySegment.NULL);
    }

    /// `posix_spawnattr_setpgroup(attr, pgroup)`: which process group the child joins.
    ///
    /// Counts under `POSIX_SPAWN_SETPGROUP`. That there is no such group is said by [#posix_spawn].
    ///
    /// @param attr a `posix_spawnattr_t`
    /// @param pgroup the group; 0 for one of its own
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man3p/posix_spawnattr_setpgroup.3p.html">
    ///      posix_spawnattr_setpgroup(3p)</a>
    public static int posix_spawnattr_setpgroup(final MemorySegment attr, final int pgroup) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.posix_spawnattr_setpgroup);
        }
        spawnAttributes("posix_spawnattr_setpgroup", attr);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.posix_spawnattr_setpgroup, attr, pgroup);
        }
        return -(int) Downcall.pll(Link.CALL, attr, pgroup, 0);
    }

    /// `waitid(idtype, id, infop, options)`: waits for a child, and learns how it ended.
    ///
    /// Any thread may wait for any child of the process. [io.github.fdsock.sys.struct.Siginfo] reads what is stored: of
    /// a child that ended `CLD_EXITED`, `CLD_KILLED` or `CLD_DUMPED`, with its exit status or the signal. Under
    /// `WNOHANG`, where nothing has happened, the result is 0 and all of it is zero.
    ///
    /// Once waited for the child is gone, and its number free to be used again; `WNOWAIT` only looks.
    ///
    /// **Children of the JVM.** `P_ALL`, `P_PGID`, or the number of a [Process] takes a child away from the thread of
    /// the JDK that waits for it, and [Process#waitFor] no longer learns how it ended.
    ///
    /// `P_PIDFD` since Linux 5.4.
    ///
    /// **Errors.** `ECHILD`: not a child of ours, waited for already, or `SIGCHLD` is ignored. `EINTR`: a signal came.
    /// `EINVAL`: neither `WEXITED` nor `WSTOPPED` nor `WCONTINUED`, or an unknown option. `EAGAIN`: a pidfd under
    /// `PIDFD_NONBLOCK`, and nothing has happened.
    ///
    /// @param idtype `P_PID`, `P_PIDFD`, `P_PGID` or `P_ALL`
    /// @param id the process, its descriptor, or its group
    /// @param infop room for a `siginfo_t`, or `NULL`
    /// @param options `WEXITED`, `WSTOPPED`, `WCONTINUED`, with `WNOHANG`, `WNOWAIT`
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man2/waitid.2.html">waitid(2)</a>
    public static int waitid(final int idtype, final int id, final MemorySegment infop, final int options) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.waitid);
        }
        room("waitid", writable("waitid", infop), SIGINFO_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.waitid, idtype, id, infop, options);
        }
        return Downcall.result((int) Downcall.llpl(Link.CALL, idtype, id, infop, options));
    }

    /// `getuid()`: the user that this process runs for.
    ///
    /// It cannot fail.
    ///
    /// @return the real id, unsigned: above 2³¹-1 it is negative here, and no errno
    /// @see <a href="https://man7.org/linux/man-pages/man2/getuid.2.html">getuid(2)</a>
    public static int getuid() {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.getuid);
        }
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.getuid);
        }
        return (int) Downcall.llllll(Link.CALL, 0, 0, 0, 0, 0, 0);
    }

    /// `geteuid()`: the user whose rights this process has.
    ///
    /// It cannot fail.
    ///
    /// @return the effective id, unsigned: above 2³¹-1 it is negative here, and no errno
    /// @see <a href="https://man7.org/linux/man-pages/man2/getuid.2.html">getuid(2)</a>
    public static int geteuid() {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.geteuid);
        }
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.geteuid);
        }
        return (int) Downcall.llllll(Link.CALL, 0, 0, 0, 0, 0, 0);
    }

    /// `getgid()`: the group that this process runs for.
    ///
    /// It cannot fail.
    ///
    /// @return the real id, unsigned: above 2³¹-1 it is negative here, and no errno
    /// @see <a href="https://man7.org/linux/man-pages/man2/getgid.2.html">getgid(2)</a>
    public static int getgid() {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.getgid);
        }
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.getgid);
        }
        return (int) Downcall.llllll(Link.CALL, 0, 0, 0, 0, 0, 0);
    }

    /// `getegid()`: the group whose rights this process has.
    ///
    /// It cannot fail.
    ///
    /// @return the effective id, unsigned: above 2³¹-1 it is negative here, and no errno
    /// @see <a href="https://man7.org/linux/man-pages/man2/getgid.2.html">getgid(2)</a>
    public static int getegid() {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.getegid);
        }
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.getegid);
        }
        return (int) Downcall.llllll(Link.CALL, 0, 0, 0, 0, 0, 0);
    }

    // ---- names

    /// `if_nametoindex(ifname)`: the number of a network interface.
    ///
    /// In C, 0 means failure; here it is `-errno` like everywhere. libc opens a socket to ask, so it can fail for want
    /// of a descriptor.
    ///
    /// **Errors.** `ENODEV`: no such interface. `EMFILE`, `ENFILE`: see above.
    ///
    /// @param ifname the name, ending with NUL
    /// @return the number, above 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man3/if_nametoindex.3.html">if_nametoindex(3)</a>
    public static int if_nametoindex(final MemorySegment ifname) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.if_nametoindex);
        }
        stringOfLibc("if_nametoindex", ifname);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.if_nametoindex, ifname);
        }
        final int index = (int) Downcall.pll(Link.CALL, ifname, 0, 0);
        return index != 0 ? index : -Downcall.errno();
    }

    /// `if_indextoname(ifindex, ifname)`: the name of a network interface.
    ///
    /// In C the name itself is returned, or `NULL`; here 0 or `-errno` like everywhere. libc opens a socket to ask.
    ///
    /// **Errors.** `ENXIO`: no such interface. `EMFILE`, `ENFILE`: no descriptor left.
    ///
    /// @param ifindex the number
    /// @param ifname room for `IF_NAMESIZE` (16) bytes; ends with NUL
    /// @return 0, or `-errno`
    /// @see <a href="https://man7.org/linux/man-pages/man3/if_indextoname.3.html">if_indextoname(3)</a>
    public static int if_indextoname(final int ifindex, final MemorySegment ifname) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.if_indextoname);
        }
        roomOfLibc("if_indextoname", writable("if_indextoname", ifname), IF_NAMESIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.if_indextoname, ifindex, ifname);
        }
        return Downcall.lpll(Link.CALL, ifindex, ifname, 0, 0) != 0 ? 0 : -Downcall.errno();
    }

    /// `getaddrinfo(node, service, hints, res)`: addresses of a name.
    ///
    /// **Result.** 0, or one of its own codes, negative and no errno: [Eai] knows them. Of `EAI_SYSTEM` the reason is
    /// in [#errno].
    ///
    /// **Blocking.** For seconds, even tens of them, while name servers are asked, and nothing ends it: it belongs on a
    /// thread of its own, never on a loop's. With `AI_NUMERICHOST` it looks nothing up. It opens descriptors for itself
    /// meanwhile.
    ///
    /// **Ownership.** On success `*res` is a list that is the caller's to free, once:
    /// [io.github.fdsock.sys.struct.Addrinfo] takes it over and walks it. Otherwise `res` says nothing.
    ///
    /// **Errors.** `EAI_NONAME`: no such name, or neither node nor service. `EAI_AGAIN`: no answer now. `EAI_NODATA`:
    /// the name has no address of this family. `EAI_FAIL`: the name server refused. `EAI_SERVICE`, `EAI_FAMILY`,
    /// `EAI_SOCKTYPE`, `EAI_BADFLAGS`: hints that do not go together. `EAI_MEMORY`, `EAI_SYSTEM`: out of memory,
    /// descriptors, ….
    ///
    /// @param node a name or a numeric address, ending with NUL; `NULL` for loopback, or with `AI_PASSIVE` any
    /// @param service a port or its name, ending with NUL; `NULL` for port 0
    /// @param hints a `struct addrinfo`, or `NULL`
    /// @param res room for a pointer
    /// @return 0, or `EAI_…`
    /// @see <a href="https://man7.org/linux/man-pages/man3/getaddrinfo.3.html">getaddrinfo(3)</a>
    public static int getaddrinfo(final MemorySegment node, final MemorySegment service,
            final MemorySegment hints, final MemorySegment res) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.getaddrinfo);
        }
        string("getaddrinfo", node);
        string("getaddrinfo", service);
        room("getaddrinfo", hints, ADDRINFO_SIZE);
        roomOfLibc("getaddrinfo", writable("getaddrinfo", res), Long.BYTES);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.getaddrinfo, node, service, hints, res);
        }
        return (int) Downcall.pppp(Link.CALL, node, service, hints, res);
    }

    /// `freeaddrinfo(res)`: gives back what [#getaddrinfo] stored in `res`.
    ///
    /// `res` is the pointer itself, not the memory in which [#getaddrinfo] stored it.
    ///
    /// **What can kill the JVM.** Freeing a list twice, a part of one, or anything else.
    /// [io.github.fdsock.sys.struct.Addrinfo] frees its list when its arena closes, and is the better way.
    ///
    /// @param res the list
    /// @see <a href="https://man7.org/linux/man-pages/man3/freeaddrinfo.3.html">freeaddrinfo(3)</a>
    public static void freeaddrinfo(final MemorySegment res) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.freeaddrinfo);
        }
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            Seam.call(seam, Call.freeaddrinfo, res);
            return;
        }
        Downcall.pll(Link.CALL, res, 0, 0);
    }

    /// `getnameinfo(addr, addrlen, host, hostlen, serv, servlen, flags)`: the name of an address.
    ///
    /// **Result.** 0, or a code of [Eai], as at [#getaddrinfo]. **Blocking** as there, unless both `NI_NUMERICHOST` and
    /// `NI_NUMERICSERV` are set.
    ///
    /// **Errors.** `EAI_OVERFLOW`: no room for the name. `EAI_NONAME`: there is none and `NI_NAMEREQD` was set.
    /// `EAI_FAMILY`: an address of another family or a wrong length. `EAI_AGAIN`, `EAI_FAIL`, `EAI_SYSTEM`: as there.
    ///
    /// @param addr a `struct sockaddr`
    /// @param addrlen its length in bytes
    /// @param host room for the name, `NI_MAXHOST` (1025) bytes suffice; or `NULL`
    /// @param hostlen how much, unsigned; 0 if not wanted
    /// @param serv room for the service, `NI_MAXSERV` (32) bytes suffice; or `NULL`
    /// @param servlen how much, unsigned; 0 if not wanted
    /// @param flags `NI_NUMERICHOST`, `NI_NUMERICSERV`, `NI_DGRAM`, …
    /// @return 0, or `EAI_…`
    /// @see <a href="https://man7.org/linux/man-pages/man3/getnameinfo.3.html">getnameinfo(3)</a>
    public static int getnameinfo(final MemorySegment addr, final int addrlen, final MemorySegment host,
            final int hostlen, final MemorySegment serv, final int servlen, final int flags) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.getnameinfo);
        }
        roomOfLibc("getnameinfo", addr, Integer.toUnsignedLong(addrlen));
        // Whatever addrlen is, glibc takes this path for a string.
        if (addr.byteSize() >= Short.BYTES && addr.get(ValueLayout.JAVA_SHORT_UNALIGNED, 0) == AF_UNIX) {
            stringOfLibc("getnameinfo", addr.asSlice(Short.BYTES));
        }
        room("getnameinfo", writable("getnameinfo", host), Integer.toUnsignedLong(hostlen));
        room("getnameinfo", writable("getnameinfo", serv), Integer.toUnsignedLong(servlen));
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.getnameinfo, addr, addrlen, host, hostlen, serv, servlen, flags);
        }
        return (int) Downcall.plplpll(Link.CALL, addr, addrlen, host, hostlen, serv, servlen, flags);
    }

    // ---- checks

    /// NULL passes: the kernel answers it with EFAULT or takes it for "not wanted".
    private static void room(final String call, final MemorySegment segment, final long length) {
        if (length > segment.byteSize() && segment.address() != 0) {
            throw beyond(call, segment, length);
        }
    }

    /// What C would write to all the same, since it is only Java's that it must not be.
    private static MemorySegment writable(final String call, final MemorySegment segment) {
        if (segment.isReadOnly()) {
            throw new IllegalArgumentException(call + ": a segment of " + segment.byteSize()
                    + " bytes that is read-only");
        }
        return segment;
    }

    /// A `size_t` above the segment's size, or so large that it is negative here.
    private static void roomForBytes(final String call, final MemorySegment segment, final long length) {
        if (length < 0 || length > segment.byteSize() && segment.address() != 0) {
            throw beyond(call, segment, length);
        }
    }

    /// For arrays. Where a count is signed the kernel refuses a negative one.
    private static void roomForMany(final String call, final MemorySegment array, final long count, final long size) {
        if (count * size > array.byteSize() && array.address() != 0) {
            throw beyond(call, array, count, size);
        }
    }

    /// The kernel drops the upper half of `nfds`, and what is left may look as if it fitted.
    private static void roomForPoll(final String call, final MemorySegment fds, final long nfds) {
        if (nfds < 0 || nfds > Integer.MAX_VALUE) {
            throw beyond(call, fds, nfds, POLLFD_SIZE);
        }
        roomForMany(call, fds, nfds, POLLFD_SIZE);
    }

    /// For lengths that travel in and out by a pointer.
    private static void roomByReference(final String call, final MemorySegment segment, final MemorySegment length) {
        room(call, writable(call, length), Integer.BYTES);
        if (length.address() != 0) {
            room(call, writable(call, segment), length.get(ValueLayout.JAVA_INT_UNALIGNED, 0));
        }
    }

    /// Negative as an unsigned length: before Linux 6.9 tcp(7), udp(7) and ip(7) took -1 for all the room in the world.
    /// And there are options of which the kernel writes more than the length says: one counts in instructions, of one
    /// it is the length of each element, and of others nobody looks at it.
    private static void roomForOption(final int level, final int optname, final MemorySegment optval,
            final MemorySegment optlen) {
        room("getsockopt", writable("getsockopt", optlen), Integer.BYTES);
        if (optlen.address() == 0 || optval.address() == 0) {
            return;
        }
        final long length = Integer.toUnsignedLong(optlen.get(ValueLayout.JAVA_INT_UNALIGNED, 0));
        room("getsockopt", writable("getsockopt", optval), length);
        if (level == SOL_SOCKET && optname == SO_GET_FILTER) {
            room("getsockopt", optval, length * SIZEOF_SOCK_FILTER);
        } else if (level == IPPROTO_IP && optname == IP_MSFILTER) {
            roomForCounted(optval, length, IP_MSFILTER_NUMSRC, IP_MSFILTER_SLIST, Integer.BYTES);
        } else if ((level == IPPROTO_IP || level == IPPROTO_IPV6) && optname == MCAST_MSFILTER) {
            roomForCounted(optval, length, GROUP_FILTER_NUMSRC, GROUP_FILTER_SLIST, SIZEOF_SOCKADDR_STORAGE);
        } else if (level == IPPROTO_TCP && optname == TCP_AO_GET_KEYS) {
            roomForCounted(optval, length, TCP_AO_GETSOCKOPT_NKEYS, 0, length);
        } else if (level == SOL_BLUETOOTH || level == SOL_PNPIPE || level == SOL_NFC
                || (level == SOL_L2CAP || level == SOL_RFCOMM) && optname == LINK_MODE) {
            room("getsockopt", optval, Integer.BYTES);
        } else if (level == SOL_ATM) {
            room("getsockopt", optval, Long.BYTES);
        }
    }

    /// For options whose value says at `counted`, as it goes in, how many of its elements the kernel may write behind
    /// the first `header` bytes. A value that is too short to say so is the kernel's to refuse.
    private static void roomForCounted(final MemorySegment optval, final long length, final long counted,
            final long header, final long size) {
        if (length >= counted + Integer.BYTES) {
            room("getsockopt", optval,
                    header + size * Integer.toUnsignedLong(optval.get(ValueLayout.JAVA_INT_UNALIGNED, counted)));
        }
    }

    /// The kernel reads a string up to its NUL, so there must be one.
    private static void string(final String call, final MemorySegment text) {
        if (text.address() != 0) {
            stringOfLibc(call, text);
        }
    }

    /// As [#string], where libc itself reads it: NULL would end the process.
    private static void stringOfLibc(final String call, final MemorySegment text) {
        final long size = text.address() == 0 ? 0 : text.byteSize();
        for (long i = 0; i < size; i++) {
            if (text.get(ValueLayout.JAVA_BYTE, i) == 0) {
                return;
            }
        }
        throw new IndexOutOfBoundsException(call + ": a string of " + size + " bytes without a NUL");
    }

    /// As [#room], where libc itself would read or write: NULL would end the process.
    private static void roomOfLibc(final String call, final MemorySegment segment, final long length) {
        if (length > segment.byteSize() || segment.address() == 0) {
            throw beyond(call, segment, length);
        }
    }

    private static void fileActions(final String call, final MemorySegment file_actions) {
        roomOfLibc(call, writable(call, file_actions), POSIX_SPAWN_FILE_ACTIONS_SIZE);
    }

    private static void spawnAttributes(final String call, final MemorySegment attr) {
        roomOfLibc(call, writable(call, attr), POSIX_SPAWNATTR_SIZE);
    }

    private static void spawnRoom(final String call, final MemorySegment pid, final MemorySegment path,
            final MemorySegment file_actions, final MemorySegment attrp,
            final MemorySegment argv, final MemorySegment envp) {
        room(call, writable(call, pid), Integer.BYTES);
        stringOfLibc(call, path);
        room(call, file_actions, POSIX_SPAWN_FILE_ACTIONS_SIZE);
        room(call, attrp, POSIX_SPAWNATTR_SIZE);
        roomOfLibc(call, argv, Long.BYTES);
        pointers(call, argv);
        pointers(call, envp);
    }

    /// Pointers are read up to a NULL, so there must be one.
    private static void pointers(final String call, final MemorySegment array) {
        if (array.address() == 0) {
            return;
        }
        final long count = array.byteSize() / Long.BYTES;
        for (long i = 0; i < count; i++) {
            if (array.get(ValueLayout.JAVA_LONG_UNALIGNED, i * Long.BYTES) == 0) {
                return;
            }
        }
        throw new IndexOutOfBoundsException(call + ": an array of " + count + " pointers without a NULL");
    }

    /// The kernel takes `vlen` for unsigned, and looks at no more than `most`.
    private static void roomForMessages(final String call, final MemorySegment msgvec,
            final int vlen, final long most) {
        final long count = Integer.toUnsignedLong(vlen);
        if (Math.min(count, most) * MMSGHDR_SIZE > msgvec.byteSize() && msgvec.address() != 0) {
            throw beyond(call, msgvec, count, MMSGHDR_SIZE);
        }
    }

    /// How much an ioctl reads or writes stands in its number where that was made by `_IOR` or `_IOW`. Of the old
    /// numbers some take an `int`; for the rest the largest structure is asked for (a `struct termios`, 60 bytes).
    private static void ioctlRoom(final long request, final MemorySegment argp) {
        final long encoded = request >>> 16 & 0x3fff;
        room("ioctl", argp, encoded != 0 ? encoded : switch ((int) request) {
            case FIONREAD, FIONBIO, FIOASYNC, TIOCOUTQ, SIOCATMARK, SIOCOUTQNSD -> Integer.BYTES;
            case TIOCGWINSZ -> Long.BYTES;
            default -> OLD_IOCTL_MAX;
        });
    }

    /// Owners and hints take eight bytes, everything else that takes a pointer a `struct flock`.
    private static void fcntlRoom(final int cmd, final MemorySegment arg) {
        room("fcntl", arg, switch (cmd) {
            case F_GETOWN_EX, F_SETOWN_EX, F_GET_RW_HINT, F_SET_RW_HINT, F_GET_FILE_RW_HINT, F_SET_FILE_RW_HINT ->
                Long.BYTES;
            default -> FLOCK_SIZE;
        });
    }

    private static IndexOutOfBoundsException beyond(final String call, final MemorySegment segment, final long length) {
        return new IndexOutOfBoundsException(call + ": a length of " + length + " bytes in a segment of "
                + segment.byteSize());
    }

    private static IndexOutOfBoundsException beyond(final String call, final MemorySegment array,
            final long count, final long size) {
        return new IndexOutOfBoundsException(call + ": " + count + " structs of " + size + " bytes in a segment of "
                + array.byteSize());
    }
}
