package io.github.fdsock.sys;

import static io.github.fdsock.sys.Constants.FIOASYNC;
import static io.github.fdsock.sys.Constants.FIONBIO;
import static io.github.fdsock.sys.Constants.FIONREAD;
import static io.github.fdsock.sys.Constants.MSG_DONTWAIT;
import static io.github.fdsock.sys.Constants.SIOCATMARK;
import static io.github.fdsock.sys.Constants.SIOCOUTQNSD;
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
/// **Checked before the call.** That every length lies within its segment, and every structure fits: otherwise an
/// [IndexOutOfBoundsException] that names both; nothing has happened then. [MemorySegment#NULL] is C's `NULL` and is
/// the kernel's to judge. Segments on the heap, closed, or confined to another thread are refused by the linker
/// ([IllegalArgumentException], [IllegalStateException], [WrongThreadException]).
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
    // sizeof, on every 64-bit Linux with glibc; AbiTest holds them against the C compiler's.
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
    private static final long IF_NAMESIZE = 16;
    private static final long OLD_IOCTL_SIZE = 60;

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
    public static int socketpair(final int domain, final int type, final int protocol, final MemorySegment sv) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.socketpair);
        }
        room("socketpair", sv, 2 * Integer.BYTES);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.socketpair, domain, type, protocol, sv);
        }
        return Downcall.result((int) Downcall.lllpl(Link.CALL, domain, type, protocol, sv, 0));
    }

    /// `bind(sockfd, addr, addrlen)`: gives the socket a name.
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
    public static int getsockopt(final int sockfd, final int level, final int optname,
            final MemorySegment optval, final MemorySegment optlen) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.getsockopt);
        }
        roomByReference("getsockopt", optval, optlen);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.getsockopt, sockfd, level, optname, optval, optlen);
        }
        return Downcall.result((int) Downcall.lllpp(Link.CALL, sockfd, level, optname, optval, optlen));
    }

    /// `setsockopt(sockfd, level, optname, optval, optlen)`: sets an option.
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
    public static int sendmmsg(final int sockfd, final MemorySegment msgvec, final int vlen, final int flags) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.sendmmsg);
        }
        roomForMessages("sendmmsg", msgvec, vlen);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.sendmmsg, sockfd, msgvec, vlen, flags);
        }
        return Downcall.result((int) Downcall.lpll(Link.CALL, sockfd, msgvec, vlen, flags));
    }

    /// `recv(sockfd, buf, len, flags)`: receives.
    public static long recv(final int sockfd, final MemorySegment buf, final long len, final int flags) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.recv);
        }
        final class Critical {
            static final MethodHandle CALL = Downcall.linkCritical(Call.recv);
        }
        roomForBytes("recv", buf, len);
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
    public static long recvfrom(final int sockfd, final MemorySegment buf, final long len,
            final int flags, final MemorySegment src_addr, final MemorySegment addrlen) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.recvfrom);
        }
        roomForBytes("recvfrom", buf, len);
        roomByReference("recvfrom", src_addr, addrlen);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return Seam.call(seam, Call.recvfrom, sockfd, buf, len, flags, src_addr, addrlen);
        }
        return Downcall.result(Downcall.lpllpp(Link.CALL, sockfd, buf, len, flags, src_addr, addrlen));
    }

    /// `recvmsg(sockfd, msg, flags)`: receives a message, into several buffers, with control data.
    public static long recvmsg(final int sockfd, final MemorySegment msg, final int flags) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.recvmsg);
        }
        room("recvmsg", msg, MSGHDR_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return Seam.call(seam, Call.recvmsg, sockfd, msg, flags);
        }
        return Downcall.result(Downcall.lpll(Link.CALL, sockfd, msg, flags, 0));
    }

    /// `recvmmsg(sockfd, msgvec, vlen, flags, timeout)`: receives several messages.
    public static int recvmmsg(final int sockfd, final MemorySegment msgvec, final int vlen,
            final int flags, final MemorySegment timeout) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.recvmmsg);
        }
        roomForMessages("recvmmsg", msgvec, vlen);
        room("recvmmsg", timeout, TIMESPEC_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.recvmmsg, sockfd, msgvec, vlen, flags, timeout);
        }
        return Downcall.result((int) Downcall.lpllpl(Link.CALL, sockfd, msgvec, vlen, flags, timeout, 0));
    }

    /// `read(fd, buf, count)`: reads.
    public static long read(final int fd, final MemorySegment buf, final long count) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.read);
        }
        roomForBytes("read", buf, count);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return Seam.call(seam, Call.read, fd, buf, count);
        }
        return Downcall.result(Downcall.lpll(Link.CALL, fd, buf, count, 0));
    }

    /// `write(fd, buf, count)`: writes.
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
    public static long readv(final int fd, final MemorySegment iov, final int iovcnt) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.readv);
        }
        room("readv", iov, iovcnt * IOVEC_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return Seam.call(seam, Call.readv, fd, iov, iovcnt);
        }
        return Downcall.result(Downcall.lpll(Link.CALL, fd, iov, iovcnt, 0));
    }

    /// `writev(fd, iov, iovcnt)`: writes from several buffers.
    public static long writev(final int fd, final MemorySegment iov, final int iovcnt) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.writev);
        }
        room("writev", iov, iovcnt * IOVEC_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return Seam.call(seam, Call.writev, fd, iov, iovcnt);
        }
        return Downcall.result(Downcall.lpll(Link.CALL, fd, iov, iovcnt, 0));
    }

    /// `pread(fd, buf, count, offset)`: reads at an offset.
    public static long pread(final int fd, final MemorySegment buf, final long count, final long offset) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.pread);
        }
        roomForBytes("pread", buf, count);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return Seam.call(seam, Call.pread, fd, buf, count, offset);
        }
        return Downcall.result(Downcall.lpll(Link.CALL, fd, buf, count, offset));
    }

    /// `pwrite(fd, buf, count, offset)`: writes at an offset.
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
    public static int pipe2(final MemorySegment pipefd, final int flags) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.pipe2);
        }
        room("pipe2", pipefd, 2 * Integer.BYTES);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.pipe2, pipefd, flags);
        }
        return Downcall.result((int) Downcall.pll(Link.CALL, pipefd, flags, 0));
    }

    /// `fcntl(fd, cmd, arg)`: looks at or changes a descriptor.
    public static int fcntl(final int fd, final int cmd, final int arg) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.fcntl);
        }
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.fcntl, fd, cmd, arg);
        }
        return Downcall.result((int) Downcall.lll(Link.CALL, fd, cmd, arg));
    }

    /// `fcntl(fd, cmd, arg)` with a pointer: locks, owners, hints.
    public static int fcntl(final int fd, final int cmd, final MemorySegment arg) {
        final class Link {
            static final MethodHandle CALL = Downcall.linkPointer(Call.fcntl);
        }
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.fcntl, fd, cmd, arg);
        }
        return Downcall.result((int) Downcall.llp(Link.CALL, fd, cmd, arg));
    }

    /// `ioctl(fd, request, arg)`: whatever the device behind the descriptor makes of it.
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
    public static int poll(final MemorySegment fds, final long nfds, final int timeout) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.poll);
        }
        roomForMany("poll", fds, nfds, POLLFD_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.poll, fds, nfds, timeout);
        }
        return Downcall.result((int) Downcall.pll(Link.CALL, fds, nfds, timeout));
    }

    /// `ppoll(fds, nfds, tmo_p, sigmask)`: waits for events, nanoseconds.
    public static int ppoll(final MemorySegment fds, final long nfds,
            final MemorySegment tmo_p, final MemorySegment sigmask) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.ppoll);
        }
        roomForMany("ppoll", fds, nfds, POLLFD_SIZE);
        room("ppoll", tmo_p, TIMESPEC_SIZE);
        room("ppoll", sigmask, SIGSET_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.ppoll, fds, nfds, tmo_p, sigmask);
        }
        return Downcall.result((int) Downcall.plpp(Link.CALL, fds, nfds, tmo_p, sigmask));
    }

    /// `epoll_create(size)`: makes an epoll instance, the old way.
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
    public static int epoll_wait(final int epfd, final MemorySegment events, final int maxevents, final int timeout) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.epoll_wait);
        }
        final class Critical {
            static final MethodHandle CALL = Downcall.linkCritical(Call.epoll_wait);
        }
        room("epoll_wait", events, maxevents * EPOLL_EVENT_SIZE);
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
    public static int epoll_pwait(final int epfd, final MemorySegment events, final int maxevents,
            final int timeout, final MemorySegment sigmask) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.epoll_pwait);
        }
        room("epoll_pwait", events, maxevents * EPOLL_EVENT_SIZE);
        room("epoll_pwait", sigmask, SIGSET_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.epoll_pwait, epfd, events, maxevents, timeout, sigmask);
        }
        return Downcall.result((int) Downcall.lpllpl(Link.CALL, epfd, events, maxevents, timeout, sigmask, 0));
    }

    /// `epoll_pwait2(epfd, events, maxevents, timeout, sigmask)`: waits for events, nanoseconds.
    public static int epoll_pwait2(final int epfd, final MemorySegment events, final int maxevents,
            final MemorySegment timeout, final MemorySegment sigmask) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.epoll_pwait2);
        }
        room("epoll_pwait2", events, maxevents * EPOLL_EVENT_SIZE);
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
    public static int timerfd_settime(final int fd, final int flags,
            final MemorySegment new_value, final MemorySegment old_value) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.timerfd_settime);
        }
        room("timerfd_settime", new_value, ITIMERSPEC_SIZE);
        room("timerfd_settime", old_value, ITIMERSPEC_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.timerfd_settime, fd, flags, new_value, old_value);
        }
        return Downcall.result((int) Downcall.llpp(Link.CALL, fd, flags, new_value, old_value));
    }

    /// `timerfd_gettime(fd, curr_value)`: the time left.
    public static int timerfd_gettime(final int fd, final MemorySegment curr_value) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.timerfd_gettime);
        }
        room("timerfd_gettime", curr_value, ITIMERSPEC_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.timerfd_gettime, fd, curr_value);
        }
        return Downcall.result((int) Downcall.lpll(Link.CALL, fd, curr_value, 0, 0));
    }

    /// `signalfd(fd, mask, flags)`: makes a descriptor from which signals are read, or gives it another mask.
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
    public static long sendfile(final int out_fd, final int in_fd, final MemorySegment offset, final long count) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.sendfile);
        }
        room("sendfile", offset, Long.BYTES);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return Seam.call(seam, Call.sendfile, out_fd, in_fd, offset, count);
        }
        return Downcall.result(Downcall.llpl(Link.CALL, out_fd, in_fd, offset, count));
    }

    /// `splice(fd_in, off_in, fd_out, off_out, len, flags)`: moves bytes to or from a pipe.
    public static long splice(final int fd_in, final MemorySegment off_in, final int fd_out,
            final MemorySegment off_out, final long len, final int flags) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.splice);
        }
        room("splice", off_in, Long.BYTES);
        room("splice", off_out, Long.BYTES);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return Seam.call(seam, Call.splice, fd_in, off_in, fd_out, off_out, len, flags);
        }
        return Downcall.result(Downcall.lplpll(Link.CALL, fd_in, off_in, fd_out, off_out, len, flags));
    }

    /// `tee(fd_in, fd_out, len, flags)`: copies bytes from pipe to pipe, and leaves them where they were.
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

    // ---- limits and signals

    /// `getrlimit(resource, rlim)`: reads a limit of this process.
    public static int getrlimit(final int resource, final MemorySegment rlim) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.getrlimit);
        }
        room("getrlimit", rlim, RLIMIT_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.getrlimit, resource, rlim);
        }
        return Downcall.result((int) Downcall.lpll(Link.CALL, resource, rlim, 0, 0));
    }

    /// `setrlimit(resource, rlim)`: sets a limit of this process.
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
    public static int prlimit(final int pid, final int resource,
            final MemorySegment new_limit, final MemorySegment old_limit) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.prlimit);
        }
        room("prlimit", new_limit, RLIMIT_SIZE);
        room("prlimit", old_limit, RLIMIT_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.prlimit, pid, resource, new_limit, old_limit);
        }
        return Downcall.result((int) Downcall.llpp(Link.CALL, pid, resource, new_limit, old_limit));
    }

    /// `kill(pid, sig)`: sends a signal to a process.
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
    public static int pthread_sigmask(final int how, final MemorySegment set, final MemorySegment oldset) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.pthread_sigmask);
        }
        room("pthread_sigmask", set, SIGSET_SIZE);
        room("pthread_sigmask", oldset, SIGSET_SIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.pthread_sigmask, how, set, oldset);
        }
        return -(int) Downcall.lppl(Link.CALL, how, set, oldset, 0);
    }

    // ---- names

    /// `if_nametoindex(ifname)`: the number of a network interface.
    public static int if_nametoindex(final MemorySegment ifname) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.if_nametoindex);
        }
        string("if_nametoindex", ifname);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.if_nametoindex, ifname);
        }
        final int index = (int) Downcall.pll(Link.CALL, ifname, 0, 0);
        return index != 0 ? index : -Downcall.errno();
    }

    /// `if_indextoname(ifindex, ifname)`: the name of a network interface.
    public static int if_indextoname(final int ifindex, final MemorySegment ifname) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.if_indextoname);
        }
        room("if_indextoname", ifname, IF_NAMESIZE);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.if_indextoname, ifindex, ifname);
        }
        return Downcall.lpll(Link.CALL, ifindex, ifname, 0, 0) != 0 ? 0 : -Downcall.errno();
    }

    /// `getaddrinfo(node, service, hints, res)`: addresses of a name.
    public static int getaddrinfo(final MemorySegment node, final MemorySegment service,
            final MemorySegment hints, final MemorySegment res) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.getaddrinfo);
        }
        string("getaddrinfo", node);
        string("getaddrinfo", service);
        room("getaddrinfo", hints, ADDRINFO_SIZE);
        room("getaddrinfo", res, Long.BYTES);
        final Interposer seam = Seam.interposer();
        if (seam != null) {
            return (int) Seam.call(seam, Call.getaddrinfo, node, service, hints, res);
        }
        return (int) Downcall.pppp(Link.CALL, node, service, hints, res);
    }

    /// `freeaddrinfo(res)`: gives back what [#getaddrinfo] stored in `res`.
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
    public static int getnameinfo(final MemorySegment addr, final int addrlen, final MemorySegment host,
            final int hostlen, final MemorySegment serv, final int servlen, final int flags) {
        final class Link {
            static final MethodHandle CALL = Downcall.link(Call.getnameinfo);
        }
        room("getnameinfo", addr, Integer.toUnsignedLong(addrlen));
        room("getnameinfo", host, Integer.toUnsignedLong(hostlen));
        room("getnameinfo", serv, Integer.toUnsignedLong(servlen));
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

    /// A `size_t` above the segment's size, or so large that it is negative here.
    private static void roomForBytes(final String call, final MemorySegment segment, final long length) {
        if (length < 0 || length > segment.byteSize() && segment.address() != 0) {
            throw beyond(call, segment, length);
        }
    }

    private static void roomForMany(final String call, final MemorySegment segment, final long count, final long size) {
        if (count < 0 || count > Integer.MAX_VALUE) {
            throw new IndexOutOfBoundsException(call + ": a count of " + count);
        }
        room(call, segment, count * size);
    }

    /// For lengths that travel in and out by a pointer.
    private static void roomByReference(final String call, final MemorySegment segment, final MemorySegment length) {
        room(call, length, Integer.BYTES);
        if (length.address() != 0) {
            room(call, segment, length.get(ValueLayout.JAVA_INT_UNALIGNED, 0));
        }
    }

    /// The kernel reads a string up to its NUL, so there must be one.
    private static void string(final String call, final MemorySegment text) {
        if (text.address() == 0) {
            return;
        }
        final long size = text.byteSize();
        for (long i = 0; i < size; i++) {
            if (text.get(ValueLayout.JAVA_BYTE, i) == 0) {
                return;
            }
        }
        throw new IndexOutOfBoundsException(call + ": a string of " + size + " bytes without a NUL");
    }

    /// The kernel takes `vlen` for unsigned, and looks at no more than UIO_MAXIOV of them.
    private static void roomForMessages(final String call, final MemorySegment segment, final int vlen) {
        room(call, segment, Math.min(Integer.toUnsignedLong(vlen), UIO_MAXIOV) * MMSGHDR_SIZE);
    }

    /// How much an ioctl reads or writes stands in its number where that was made by `_IOR` or `_IOW`. Of the old
    /// numbers some take an `int`; for the rest the largest structure is asked for (a `struct termios`, 60 bytes).
    private static void ioctlRoom(final long request, final MemorySegment argp) {
        final long encoded = request >>> 16 & 0x3fff;
        room("ioctl", argp, encoded != 0 ? encoded : switch ((int) request) {
            case FIONREAD, FIONBIO, FIOASYNC, TIOCOUTQ, SIOCATMARK, SIOCOUTQNSD -> Integer.BYTES;
            default -> OLD_IOCTL_SIZE;
        });
    }

    private static IndexOutOfBoundsException beyond(final String call, final MemorySegment segment, final long length) {
        return new IndexOutOfBoundsException(call + ": a length of " + length + " bytes in a segment of "
                + segment.byteSize());
    }
}
