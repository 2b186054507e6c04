package io.github.fdsock;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.option.Credentials;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.option.TcpInfo;
import io.github.fdsock.option.TcpState;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.Iovec;
import io.github.fdsock.sys.struct.Msghdr;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.util.Objects;

/// A socket: the calls of `socket(2)`, `bind(2)`, `listen(2)`, `accept(2)`, `connect(2)`, `send(2)`, `recv(2)` and
/// their kin, with Java's types and C's reach.
///
/// Families, types and protocols are plain numbers of `Constants`; what the kernel knows works, what it refuses comes
/// back as its errno.
///
/// **Results.** What belongs to the normal flow is a result: `-EAGAIN` where a call would have to wait (or where the
/// limit of `SO_RCVTIMEO` or `SO_SNDTIMEO` ran out), `-EINPROGRESS` for a connection on its way. Every other errno is
/// an [ErrnoException]. A call that a signal interrupts goes on, for no longer than its time limit had left.
///
/// **Memory.** The forms over [MemorySegment] and [Iovec] take native memory and allocate nothing. Those over
/// [ByteBuffer] and arrays move the position, or take offset and length; a heap buffer is copied through memory that
/// the thread keeps, and so cannot be sent by `MSG_ZEROCOPY`.
///
/// **Writing never raises SIGPIPE**: `MSG_NOSIGNAL` goes with each send, and `EPIPE` comes as an exception.
///
/// **Descriptors in messages.** But for [#receive], [#recvmsg(Message, int)] and [#recvmmsg], the calls of this class
/// give the kernel no room for control messages: descriptors that a peer passes over a UNIX socket are thrown away by
/// the kernel when the bytes they came with are received, and nothing tells of it.
///
/// Ownership and threads: see [Fd].
public final class SocketFd extends Fd {
    private static final long NANOS_PER_SECOND = 1_000_000_000;
    private static final long NANOS_PER_MICRO = 1_000;
    private static final int TIMEVAL_SIZE = 16;
    private static final int SOCK_FILTER_SIZE = 8;
    private static final int UNKNOWN = -1;

    /// Stands for a call that was not made.
    private static final int NOTHING = -1;

    /// Whether `SO_RCVTIMEO` or `SO_SNDTIMEO` may be set: then an interrupted call has to know when it began.
    private volatile boolean timed;

    /// `AF_…`, once it was asked for: it never changes. Threads that do not see it yet ask themselves.
    private int family = UNKNOWN;

    private SocketFd(final int fd, final boolean timed) {
        super(fd);
        this.timed = timed;
    }

    /// Two sockets, connected to one another.
    ///
    /// @param first one end
    /// @param second the other
    public record Pair(SocketFd first, SocketFd second) implements AutoCloseable {
        /// Closes both.
        @Override
        public void close() throws ErrnoException {
            try {
                first.close();
            } finally {
                second.close();
            }
        }
    }

    // ---- making one

    /// `socket(domain, type | SOCK_CLOEXEC, protocol)`: makes a socket.
    ///
    /// @param domain `AF_INET`, `AF_UNIX`, …
    /// @param type `SOCK_STREAM`, `SOCK_DGRAM`, `SOCK_SEQPACKET`, …, with `SOCK_NONBLOCK` if wanted
    /// @param protocol 0 for the usual one
    /// @return the socket, owned by the caller
    /// @throws ErrnoException `EAFNOSUPPORT`, `EPROTONOSUPPORT`, `EINVAL`: no such combination; `EMFILE`, `ENFILE`: no
    ///         free descriptor; `EACCES`, `EPERM`: not allowed
    public static SocketFd socket(final int domain, final int type, final int protocol) throws ErrnoException {
        final int fd = Libc.socket(domain, type | SOCK_CLOEXEC, protocol);
        if (fd < 0) {
            throw ErrnoException.of(-fd, "socket", domain, type, protocol);
        }
        return new SocketFd(fd, false);
    }

    /// `socketpair(domain, type | SOCK_CLOEXEC, protocol, sv)`: makes two that are connected to one another.
    ///
    /// @param domain `AF_UNIX`
    /// @param type `SOCK_STREAM`, `SOCK_DGRAM` or `SOCK_SEQPACKET`, with `SOCK_NONBLOCK` if wanted
    /// @param protocol 0
    /// @return both, owned by the caller
    /// @throws ErrnoException `EOPNOTSUPP`: the family has no pairs; else as for [#socket]
    public static Pair socketpair(final int domain, final int type, final int protocol) throws ErrnoException {
        final MemorySegment sv = Scratch.current().cells();
        final int result = Libc.socketpair(domain, type | SOCK_CLOEXEC, protocol, sv);
        if (result < 0) {
            throw ErrnoException.of(-result, "socketpair", domain, type, protocol);
        }
        return new Pair(new SocketFd(sv.get(ValueLayout.JAVA_INT, 0), false),
                new SocketFd(sv.get(ValueLayout.JAVA_INT, Integer.BYTES), false));
    }

    /// Takes in a socket that came from anywhere. Nothing about it is changed.
    ///
    /// @param fd the number, owned by the returned object from now on; where this throws it stays the caller's
    /// @return its owner
    /// @throws IllegalArgumentException where `fd` is negative
    /// @throws ErrnoException `EBADF`: not open; `ENOTSOCK`: something else than a socket
    public static SocketFd adopt(final int fd) throws ErrnoException {
        requireOpen(fd);
        final MemorySegment type = Scratch.current().cells();
        final MemorySegment length = Scratch.current().nameLength();
        length.set(ValueLayout.JAVA_INT, 0, Integer.BYTES);
        final int result = Libc.getsockopt(fd, SOL_SOCKET, SO_TYPE, type, length);
        if (result < 0) {
            throw ErrnoException.of(-result, "getsockopt", fd, "SOL_SOCKET", "SO_TYPE");
        }
        return new SocketFd(fd, true);
    }

    /// `fcntl(fd, F_DUPFD_CLOEXEC, 0)`: a second descriptor of the same socket, see [Fd#dup].
    @Override
    public SocketFd dup() throws ErrnoException {
        // A limit is the socket's, whichever of the two it is set by from now on.
        timed = true;
        return new SocketFd(duplicate(), true);
    }

    // ---- names and connections

    /// `bind(fd, addr, addrlen)`: gives the socket its own address.
    ///
    /// A UNIX path stays in the file system when the socket is closed, and has to be unlinked.
    ///
    /// @param address the address; [SockAddr#unixAutobind] lets the kernel choose an abstract name
    /// @throws ErrnoException `EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`, `EINVAL` (it has one already), …
    public void bind(final SockAddr address) throws ErrnoException {
        final MemorySegment name = Scratch.current().name();
        final int length = address.encode(name);
        final int number = enter();
        try {
            final int result = Libc.bind(number, name, length);
            if (result < 0) {
                throw ErrnoException.of(-result, "bind", number, address);
            }
        } finally {
            leave();
        }
    }

    /// `listen(fd, backlog)`: lets the socket accept connections.
    ///
    /// @param backlog how many may wait; the kernel cuts it to `net.core.somaxconn`, and takes a negative one for that
    /// @throws ErrnoException `EADDRINUSE`: another socket listens there; `EOPNOTSUPP`: not a kind that listens
    public void listen(final int backlog) throws ErrnoException {
        final int number = enter();
        try {
            final int result = Libc.listen(number, backlog);
            if (result < 0) {
                throw ErrnoException.of(-result, "listen", number, backlog);
            }
        } finally {
            leave();
        }
    }

    /// `accept4(fd, NULL, NULL, SOCK_CLOEXEC)`: takes the first connection off the queue.
    ///
    /// @return the connection, blocking, owned by the caller; null where there is none (`EAGAIN`)
    /// @throws ErrnoException `EMFILE`, `ENFILE`: no free descriptor, the connection stays queued; `ECONNABORTED` and
    ///         the network errors of `accept(2)`: this one is lost, the next may be fine
    /// @throws AsynchronousCloseException the listener was closed by another thread meanwhile
    public SocketFd accept() throws IOException {
        return accept(0, null);
    }

    /// `accept4(fd, addr, addrlen, flags | SOCK_CLOEXEC)`: takes the first connection off the queue.
    ///
    /// @param flags `SOCK_NONBLOCK` or 0
    /// @param peer is told the other end's address, where there is one; null where it is not wanted
    /// @return as [#accept()]
    /// @throws ErrnoException as [#accept()]
    /// @throws AsynchronousCloseException the listener was closed by another thread meanwhile
    public SocketFd accept(final int flags, final SockAddrBuffer peer) throws IOException {
        final int number = enter();
        try {
            final long start = begin();
            final MemorySegment name = peer == null ? MemorySegment.NULL : peer.segment();
            final int before = peer == null ? 0 : peer.length();
            int fd;
            do {
                final MemorySegment length = peer == null ? MemorySegment.NULL : peer.lengthReset();
                fd = Libc.accept4(number, name, length, flags | SOCK_CLOEXEC);
            } while (fd == -EINTR && mayGoOn(number, POLLIN, SO_RCVTIMEO, start));
            if (fd >= 0) {
                return new SocketFd(fd, timed);
            }
            if (peer != null) {
                peer.told(before);
            }
            checkNotClosedMeanwhile();
            if (fd == -EAGAIN || fd == -EINTR) {
                return null;
            }
            throw ErrnoException.of(-fd, "accept4", number, flags);
        } finally {
            leave();
        }
    }

    /// `connect(fd, addr, addrlen)`: connects to a peer, or names the one that datagrams go to.
    ///
    /// [SockAddr#unspec] dissolves the connection of a datagram socket. A signal during a blocking connect does not
    /// break it off: TCP goes on by itself, and this waits for it; a UNIX socket has given up, and is made to connect
    /// again. A limit set by `SO_SNDTIMEO` counts from the beginning.
    ///
    /// @param address the peer's address
    /// @return 0 when connected; `-EINPROGRESS` when it goes on in the background ([#finishConnect]), also where the
    ///         limit of `SO_SNDTIMEO` ran out; `-EAGAIN` when a UNIX listener's queue is full, and nothing goes on: try
    ///         again later
    /// @throws ErrnoException `ECONNREFUSED`, `ENOENT`, `ETIMEDOUT`, `EPROTOTYPE`, …: as `connect(2)` has it
    /// @throws AsynchronousCloseException the socket was closed by another thread meanwhile
    public int connect(final SockAddr address) throws IOException {
        final MemorySegment name = Scratch.current().name();
        final int length = address.encode(name);
        final int number = enter();
        try {
            final long start = begin();
            int result = Libc.connect(number, name, length);
            while (result == -EINTR && isOpen()) {
                result = connectInterrupted(number, name, length, start);
            }
            if (result == 0 || result == -EINPROGRESS || result == -EAGAIN) {
                return result;
            }
            checkNotClosedMeanwhile();
            throw ErrnoException.of(-result, "connect", number, address);
        } finally {
            leave();
        }
    }

    /// After `EINTR`: what the connect would have returned, had it not been interrupted.
    private int connectInterrupted(final int number, final MemorySegment name, final int length, final long start) {
        final long limit = timed ? timeLimit(number, SO_SNDTIMEO) : 0;
        final int events = Waiting.poll(number, POLLOUT, limit == 0 ? -1 : left(start, limit));
        if (events <= 0) {
            return events == 0 ? -EINPROGRESS : events;
        }
        final int error = connectError(number);
        if (error != ENOTCONN) {
            return -error;
        }
        // Neither connected nor failed: nothing was on its way any more. Only TCP and its like go on by themselves.
        return limit != 0 && left(start, limit) == 0 ? -EAGAIN : Libc.connect(number, name, length);
    }

    /// Waits for a connection on its way, and tells how it ended, by `SO_ERROR`.
    ///
    /// @param timeoutNanos at most so long; 0 looks and returns; negative waits without limit
    /// @return true when connected; false when the time is over and it is still on its way
    /// @throws ErrnoException why it failed: `ECONNREFUSED`, `ETIMEDOUT`, …; `ENOTCONN`: none was on its way
    /// @throws AsynchronousCloseException the socket was closed by another thread meanwhile
    public boolean finishConnect(final long timeoutNanos) throws IOException {
        if (await(POLLOUT, timeoutNanos) == 0) {
            return false;
        }
        final int number = enter();
        try {
            final int error = connectError(number);
            if (error == ENOTCONN) {
                checkNotClosedMeanwhile();
            }
            if (error != 0) {
                throw ErrnoException.of(error, "connect", number);
            }
            return true;
        } finally {
            leave();
        }
    }

    /// 0 when it is connected, else `SO_ERROR`, which reading clears, or `ENOTCONN`: a socket that was never told to
    /// connect has no error either, and "can be written to". An errno of the look itself counts as one. Leaves the
    /// thread's `name` alone.
    private static int connectError(final int number) {
        final MemorySegment cells = Scratch.current().cells();
        final MemorySegment length = Scratch.current().nameLength();
        length.set(ValueLayout.JAVA_INT, 0, Integer.BYTES);
        final int looked = Libc.getsockopt(number, SOL_SOCKET, SO_ERROR, cells, length);
        final int pending = looked < 0 ? -looked : cells.get(ValueLayout.JAVA_INT, 0);
        if (pending != 0) {
            return pending;
        }
        length.set(ValueLayout.JAVA_INT, 0, SockAddr.MAX_LENGTH);
        return -Libc.getpeername(number, cells, length);
    }

    /// `getsockname(fd, addr, addrlen)`: the socket's own address, with the port that the kernel chose.
    ///
    /// @return the address; a socket without one has the wildcard and port 0, or [SockAddr#unixUnnamed]
    /// @throws ErrnoException `ENOBUFS` and the like
    public SockAddr localAddress() throws ErrnoException {
        final MemorySegment name = Scratch.current().name();
        final MemorySegment length = Scratch.current().nameLength();
        length.set(ValueLayout.JAVA_INT, 0, SockAddr.MAX_LENGTH);
        final int number = enter();
        try {
            final int result = Libc.getsockname(number, name, length);
            if (result < 0) {
                throw ErrnoException.of(-result, "getsockname", number);
            }
            return SockAddr.decode(name, length.get(ValueLayout.JAVA_INT, 0));
        } finally {
            leave();
        }
    }

    /// `getpeername(fd, addr, addrlen)`: the address of the other end.
    ///
    /// @return the address
    /// @throws ErrnoException `ENOTCONN`: there is no other end
    public SockAddr remoteAddress() throws ErrnoException {
        final MemorySegment name = Scratch.current().name();
        final MemorySegment length = Scratch.current().nameLength();
        length.set(ValueLayout.JAVA_INT, 0, SockAddr.MAX_LENGTH);
        final int number = enter();
        try {
            final int result = Libc.getpeername(number, name, length);
            if (result < 0) {
                throw ErrnoException.of(-result, "getpeername", number);
            }
            return SockAddr.decode(name, length.get(ValueLayout.JAVA_INT, 0));
        } finally {
            leave();
        }
    }

    /// `shutdown(fd, how)`: ends one direction of a connection, or both, for everybody who shares the socket.
    ///
    /// This is also how a call that another thread is blocked in is ended while the socket stays open: a blocked
    /// receive returns 0, a blocked accept throws `EINVAL`, a blocked send throws `EPIPE`.
    ///
    /// @param how `SHUT_RD`, `SHUT_WR` or `SHUT_RDWR`
    /// @throws ErrnoException `ENOTCONN`: not connected
    public void shutdown(final int how) throws ErrnoException {
        final int number = enter();
        try {
            final int result = Libc.shutdown(number, how);
            if (result < 0) {
                throw ErrnoException.of(-result, "shutdown", number, how);
            }
        } finally {
            leave();
        }
    }

    /// `close(fd)`, as [Fd#close]; if other threads are in calls on this socket, `shutdown(fd, SHUT_RDWR)` before that.
    ///
    /// The shutdown ends their wait, and they throw an [AsynchronousCloseException]. **It is felt by everybody who
    /// shares the socket**, by [#dup] or in another process: a listener or connection that shall live on elsewhere is
    /// to be closed when no thread is in a call on it.
    ///
    /// Not woken is a thread that waits for somebody else: in [#connect] for a place in the queue of a UNIX listener,
    /// in a send for room in the queue of another's UNIX datagram socket. Nor one on a socket of a family without
    /// shutdown (netlink, packet). They go on until that comes, or the limit of `SO_SNDTIMEO` or `SO_RCVTIMEO` is over.
    ///
    /// With `SO_LINGER` this waits for what has not been sent.
    ///
    /// A TCP connection that is closed with something unread in it is reset, and the reset may overtake what was sent:
    /// to be sure of the last bytes, [#shutdown] writing, receive until the end, and close then.
    ///
    /// @throws IllegalStateException where the number was closed behind this object's back (`EBADF`)
    /// @throws ErrnoException `EIO`: the number is free all the same
    @Override
    public void close() throws ErrnoException {
        super.close();
    }

    /// Threads blocked in calls on this socket would not notice a close; they do notice a shutdown.
    @Override
    void wake(final int number) {
        // The answer is ENOTCONN for a datagram socket without peer; its receivers wake up all the same.
        Libc.shutdown(number, SHUT_RDWR);
    }

    // ---- sending

    /// `send(fd, buf, len, flags | MSG_NOSIGNAL)`: sends over a connection, as much as there is room for.
    ///
    /// @param from the bytes, in native memory
    /// @param flags `MSG_DONTWAIT`, `MSG_MORE`, `MSG_OOB`, …
    /// @return the number of bytes taken, for a datagram always all; `-EAGAIN`, the only negative result, where it
    ///         would have to wait and nothing was taken
    /// @throws ErrnoException `EPIPE`, `ECONNRESET`: nobody is there to read it; `EMSGSIZE`: too large a datagram;
    ///         `EDESTADDRREQ`, `ENOTCONN`: not connected; `ECONNREFUSED`: so was the last datagram answered
    /// @throws AsynchronousCloseException the socket was closed by another thread meanwhile
    public long send(final MemorySegment from, final int flags) throws IOException {
        final int number = enter();
        try {
            final long start = begin();
            long n;
            do {
                n = Libc.send(number, from, from.byteSize(), flags | MSG_NOSIGNAL);
            } while (n == -EINTR && mayGoOn(number, POLLOUT, SO_SNDTIMEO, start));
            return flow(n, "send", from.byteSize());
        } finally {
            leave();
        }
    }

    /// [#send(MemorySegment, int)] of what lies between the buffer's position and limit; the position moves.
    ///
    /// @param from the bytes
    /// @param flags as there
    /// @return as there
    /// @throws IllegalArgumentException `MSG_ZEROCOPY`, and a buffer on the heap
    /// @throws ErrnoException as there
    /// @throws AsynchronousCloseException the socket was closed by another thread meanwhile
    public long send(final ByteBuffer from, final int flags) throws IOException {
        return Bytes.send(from, isZeroCopy(flags), memory -> send(memory, flags));
    }

    /// [#send(MemorySegment, int)] of a part of an array.
    ///
    /// @param from the bytes
    /// @param offset of the first
    /// @param length their number
    /// @param flags as there
    /// @return as there
    /// @throws IllegalArgumentException `MSG_ZEROCOPY`, which takes native memory
    /// @throws ErrnoException as there
    /// @throws AsynchronousCloseException the socket was closed by another thread meanwhile
    public long send(final byte[] from, final int offset, final int length, final int flags) throws IOException {
        return Bytes.send(from, offset, length, isZeroCopy(flags), memory -> send(memory, flags));
    }

    /// [#send(MemorySegment, int)] that waits for room no longer than said, whatever the socket's mode.
    ///
    /// With something unread in its error queue (`MSG_ERRQUEUE`) a socket is always "ready": `poll(2)` does not wait
    /// then, and this tries again and again.
    ///
    /// @param from the bytes, in native memory
    /// @param flags as there
    /// @param timeoutNanos at most so long; 0 looks and returns; negative waits without limit
    /// @return as there; `-EAGAIN` when the time is over
    /// @throws ErrnoException as there
    /// @throws AsynchronousCloseException the socket was closed by another thread meanwhile
    public long send(final MemorySegment from, final int flags, final long timeoutNanos) throws IOException {
        final long start = System.nanoTime();
        // Once for all tries: a close between two of them is one during the call.
        final int number = enter();
        try {
            for (;;) {
                long n;
                do {
                    n = Libc.send(number, from, from.byteSize(), flags | MSG_DONTWAIT | MSG_NOSIGNAL);
                } while (n == -EINTR && isOpen());
                if (n != -EAGAIN) {
                    return flow(n, "send", from.byteSize());
                }
                // Asked first: where poll does not wait, its time is never over.
                final long left = left(start, timeoutNanos);
                if (left == 0 || awaitEntered(POLLOUT, left) == 0) {
                    return -EAGAIN;
                }
            }
        } finally {
            leave();
        }
    }

    /// `sendto(fd, buf, len, flags | MSG_NOSIGNAL, dest_addr, addrlen)`: sends a datagram to an address.
    ///
    /// @param from the bytes, in native memory; none is a datagram as well
    /// @param flags `MSG_DONTWAIT`, `MSG_CONFIRM`, …
    /// @param to the address; a stream socket ignores it or refuses it (`EISCONN`)
    /// @return as [#send(MemorySegment, int)]
    /// @throws ErrnoException as [#send(MemorySegment, int)], and `ECONNREFUSED`, `ENOENT`: no such UNIX socket
    /// @throws AsynchronousCloseException the socket was closed by another thread meanwhile
    public long sendTo(final MemorySegment from, final int flags, final SockAddrBuffer to) throws IOException {
        final int number = enter();
        try {
            final long start = begin();
            long n;
            do {
                n = Libc.sendto(number, from, from.byteSize(), flags | MSG_NOSIGNAL, to.segment(), to.lengthToSend());
            } while (n == -EINTR && mayGoOn(number, POLLOUT, SO_SNDTIMEO, start));
            return flow(n, "sendto", from.byteSize());
        } finally {
            leave();
        }
    }

    /// [#sendTo(MemorySegment, int, SockAddrBuffer)] to an address that is encoded for this call.
    ///
    /// @param from the bytes, in native memory
    /// @param flags as there
    /// @param to the address
    /// @return as there
    /// @throws ErrnoException as there
    /// @throws AsynchronousCloseException the socket was closed by another thread meanwhile
    public long sendTo(final MemorySegment from, final int flags, final SockAddr to) throws IOException {
        final MemorySegment name = Scratch.current().name();
        final int length = to.encode(name);
        final int number = enter();
        try {
            final long start = begin();
            long n;
            do {
                n = Libc.sendto(number, from, from.byteSize(), flags | MSG_NOSIGNAL, name, length);
            } while (n == -EINTR && mayGoOn(number, POLLOUT, SO_SNDTIMEO, start));
            return flow(n, "sendto", from.byteSize());
        } finally {
            leave();
        }
    }

    /// [#sendTo(MemorySegment, int, SockAddrBuffer)] of what lies between the buffer's position and limit; the position
    /// moves.
    ///
    /// @param from the bytes
    /// @param flags as there
    /// @param to the address
    /// @return as there
    /// @throws IllegalArgumentException `MSG_ZEROCOPY`, and a buffer on the heap
    /// @throws ErrnoException as there
    /// @throws AsynchronousCloseException the socket was closed by another thread meanwhile
    public long sendTo(final ByteBuffer from, final int flags, final SockAddr to) throws IOException {
        return Bytes.send(from, isZeroCopy(flags), memory -> sendTo(memory, flags, to));
    }

    /// [#sendTo(MemorySegment, int, SockAddrBuffer)] of a part of an array.
    ///
    /// @param from the bytes
    /// @param offset of the first
    /// @param length their number
    /// @param flags as there
    /// @param to the address
    /// @return as there
    /// @throws IllegalArgumentException `MSG_ZEROCOPY`, which takes native memory
    /// @throws ErrnoException as there
    /// @throws AsynchronousCloseException the socket was closed by another thread meanwhile
    public long sendTo(final byte[] from, final int offset, final int length, final int flags, final SockAddr to)
            throws IOException {
        return Bytes.send(from, offset, length, isZeroCopy(flags), memory -> sendTo(memory, flags, to));
    }

    /// `sendmsg(fd, msg, flags | MSG_NOSIGNAL)`: sends from several segments, one after the other; a datagram is one of
    /// all.
    ///
    /// @param from the bytes; not changed, [Iovec#advance] leaves in it what has not been taken
    /// @param flags as [#send(MemorySegment, int)]
    /// @return as [#send(MemorySegment, int)]
    /// @throws ErrnoException as [#send(MemorySegment, int)]
    /// @throws AsynchronousCloseException the socket was closed by another thread meanwhile
    public long send(final Iovec from, final int flags) throws IOException {
        final Msghdr message = Scratch.current().message();
        try {
            return sendmsg(message.iov(from), flags, from.length());
        } finally {
            message.clear();
        }
    }

    /// [#send(Iovec, int)] to an address.
    ///
    /// @param from the bytes; not changed
    /// @param flags as [#sendTo(MemorySegment, int, SockAddrBuffer)]
    /// @param to the address
    /// @return as [#send(MemorySegment, int)]
    /// @throws ErrnoException as [#sendTo(MemorySegment, int, SockAddrBuffer)]
    /// @throws AsynchronousCloseException the socket was closed by another thread meanwhile
    public long sendTo(final Iovec from, final int flags, final SockAddrBuffer to) throws IOException {
        final Msghdr message = Scratch.current().message();
        try {
            return sendmsg(message.iov(from).name(to.segment(), to.lengthToSend()), flags, from.length());
        } finally {
            message.clear();
        }
    }

    /// `sendmsg(fd, msg, flags | MSG_NOSIGNAL)`, raw: whatever is attached to the message, control messages too.
    ///
    /// Descriptors in them stay the caller's; they leave with the first byte, once, and not at all with `-EAGAIN`.
    ///
    /// @param message is prepared anew for the call ([Msghdr#prepareSend])
    /// @param flags as [#send(MemorySegment, int)]
    /// @return as [#send(MemorySegment, int)]
    /// @throws ErrnoException as [#send(MemorySegment, int)], and what `sendmsg(2)` has on control messages
    /// @throws AsynchronousCloseException the socket was closed by another thread meanwhile
    public long sendmsg(final Msghdr message, final int flags) throws IOException {
        return sendmsg(message, flags, message.prepareSend().iovlen());
    }

    private long sendmsg(final Msghdr message, final int flags, final long length) throws IOException {
        final int number = enter();
        try {
            final long start = begin();
            long n;
            do {
                n = Libc.sendmsg(number, message.prepareSend().segment(), flags | MSG_NOSIGNAL);
            } while (n == -EINTR && mayGoOn(number, POLLOUT, SO_SNDTIMEO, start));
            return flow(n, "sendmsg", length);
        } finally {
            Reference.reachabilityFence(message);
            leave();
        }
    }

    /// As [#send(MemorySegment, int)] without flags; unlike `write(2)` it never raises SIGPIPE.
    @Override
    public long write(final MemorySegment from) throws IOException {
        return send(from, 0);
    }

    /// As [#send(Iovec, int)] without flags; unlike `writev(2)` it never raises SIGPIPE.
    @Override
    public long writev(final Iovec from) throws IOException {
        return send(from, 0);
    }

    // ---- receiving

    /// `recv(fd, buf, len, flags)`: receives what is there, at most the segment's size.
    ///
    /// There is no room for control messages: over a UNIX socket the kernel closes descriptors that come with these
    /// bytes, and nothing tells of it. Where any may come, [#recvmsg(Message, int)] is the call. The same holds for
    /// every receiving method that takes no message.
    ///
    /// @param into where to, in native memory
    /// @param flags `MSG_DONTWAIT`, `MSG_PEEK`, `MSG_WAITALL`, `MSG_TRUNC`, …
    /// @return the number of bytes; 0 at a stream's end, and for an empty datagram; `-EAGAIN`, the only negative
    ///         result, where it would have to wait; with `MSG_TRUNC` a datagram's whole length, more than was stored
    /// @throws ErrnoException `ECONNRESET`, `ETIMEDOUT`: the connection is broken; `ENOTCONN`; `ECONNREFUSED`: so was a
    ///         datagram sent earlier answered
    /// @throws AsynchronousCloseException the socket was closed by another thread meanwhile
    public long recv(final MemorySegment into, final int flags) throws IOException {
        final int number = enter();
        try {
            final long start = begin();
            long n;
            do {
                n = Libc.recv(number, into, into.byteSize(), flags);
            } while (n == -EINTR && mayGoOn(number, POLLIN, SO_RCVTIMEO, start));
            return flow(n, "recv", into.byteSize());
        } finally {
            leave();
        }
    }

    /// [#recv(MemorySegment, int)] into the space between the buffer's position and limit; the position moves.
    ///
    /// @param into where to
    /// @param flags as there
    /// @return as there
    /// @throws ErrnoException as there
    /// @throws AsynchronousCloseException the socket was closed by another thread meanwhile
    public long recv(final ByteBuffer into, final int flags) throws IOException {
        return Bytes.receive(into, isTruncating(flags), memory -> recv(memory, flags));
    }

    /// [#recv(MemorySegment, int)] into an array.
    ///
    /// @param into where to
    /// @param offset of the first byte
    /// @param length the number of bytes at most
    /// @param flags as there
    /// @return as there
    /// @throws ErrnoException as there
    /// @throws AsynchronousCloseException the socket was closed by another thread meanwhile
    public long recv(final byte[] into, final int offset, final int length, final int flags) throws IOException {
        return Bytes.receive(into, offset, length, isTruncating(flags), memory -> recv(memory, flags));
    }

    /// [#recv(MemorySegment, int)] that waits no longer than said, whatever the socket's mode.
    ///
    /// With something unread in its error queue (`MSG_ERRQUEUE`) a socket is always "ready": `poll(2)` does not wait
    /// then, and this tries again and again.
    ///
    /// @param into where to, in native memory
    /// @param flags as there; `MSG_WAITALL` has no effect
    /// @param timeoutNanos at most so long; 0 looks and returns; negative waits without limit
    /// @return as there; `-EAGAIN` when the time is over
    /// @throws ErrnoException as there
    /// @throws AsynchronousCloseException the socket was closed by another thread meanwhile
    public long recv(final MemorySegment into, final int flags, final long timeoutNanos) throws IOException {
        final long start = System.nanoTime();
        // Once for all tries: a close between two of them is one during the call.
        final int number = enter();
        try {
            for (;;) {
                long n;
                do {
                    n = Libc.recv(number, into, into.byteSize(), flags | MSG_DONTWAIT);
                } while (n == -EINTR && isOpen());
                if (n != -EAGAIN) {
                    return flow(n, "recv", into.byteSize());
                }
                // Asked first: where poll does not wait, its time is never over.
                final long left = left(start, timeoutNanos);
                if (left == 0 || awaitEntered(POLLIN, left) == 0) {
                    return -EAGAIN;
                }
            }
        } finally {
            leave();
        }
    }

    /// `recvfrom(fd, buf, len, flags, src_addr, addrlen)`: receives a datagram, and tells from whom.
    ///
    /// @param into where to, in native memory; what of a datagram does not fit is lost
    /// @param flags as [#recv(MemorySegment, int)]
    /// @param from is told the sender's address, where something was received
    /// @return as [#recv(MemorySegment, int)]
    /// @throws ErrnoException as [#recv(MemorySegment, int)]
    /// @throws AsynchronousCloseException the socket was closed by another thread meanwhile
    public long recvFrom(final MemorySegment into, final int flags, final SockAddrBuffer from) throws IOException {
        final int number = enter();
        try {
            final long start = begin();
            final int before = from.length();
            long n;
            do {
                n = Libc.recvfrom(number, into, into.byteSize(), flags, from.segment(), from.lengthReset());
            } while (n == -EINTR && mayGoOn(number, POLLIN, SO_RCVTIMEO, start));
            if (n < 0) {
                from.told(before);
            }
            return flow(n, "recvfrom", into.byteSize());
        } finally {
            leave();
        }
    }

    /// [#recvFrom(MemorySegment, int, SockAddrBuffer)] into the space between the buffer's position and limit; the
    /// position moves.
    ///
    /// @param into where to
    /// @param flags as there
    /// @param from as there
    /// @return as there
    /// @throws ErrnoException as there
    /// @throws AsynchronousCloseException the socket was closed by another thread meanwhile
    public long recvFrom(final ByteBuffer into, final int flags, final SockAddrBuffer from) throws IOException {
        return Bytes.receive(into, isTruncating(flags), memory -> recvFrom(memory, flags, from));
    }

    /// [#recvFrom(MemorySegment, int, SockAddrBuffer)] into an array.
    ///
    /// @param into where to
    /// @param offset of the first byte
    /// @param length the number of bytes at most
    /// @param flags as there
    /// @param from as there
    /// @return as there
    /// @throws ErrnoException as there
    /// @throws AsynchronousCloseException the socket was closed by another thread meanwhile
    public long recvFrom(final byte[] into, final int offset, final int length, final int flags,
            final SockAddrBuffer from) throws IOException {
        return Bytes.receive(into, offset, length, isTruncating(flags), memory -> recvFrom(memory, flags, from));
    }

    /// `recvmsg(fd, msg, flags)`: receives into several segments, one after the other, and no control messages.
    ///
    /// Whether a datagram was cut off is told by `MSG_TRUNC` in `flags`: the result is then more than [Iovec#length].
    ///
    /// @param into where to; not changed, [Iovec#advance] leaves in it what has not been filled
    /// @param flags as [#recv(MemorySegment, int)]
    /// @return as [#recv(MemorySegment, int)]
    /// @throws ErrnoException as [#recv(MemorySegment, int)]
    /// @throws AsynchronousCloseException the socket was closed by another thread meanwhile
    public long recv(final Iovec into, final int flags) throws IOException {
        final Msghdr message = Scratch.current().message();
        try {
            return recvmsg(message.iov(into), flags, into.length());
        } finally {
            message.clear();
        }
    }

    /// [#recv(Iovec, int)] that tells from whom.
    ///
    /// @param into as there
    /// @param flags as there
    /// @param from is told the sender's address, where something was received
    /// @return as there
    /// @throws ErrnoException as there
    /// @throws AsynchronousCloseException the socket was closed by another thread meanwhile
    public long recvFrom(final Iovec into, final int flags, final SockAddrBuffer from) throws IOException {
        final Msghdr message = Scratch.current().message();
        try {
            final long n = recvmsg(message.iov(into).name(from.segment(), SockAddr.MAX_LENGTH), flags, into.length());
            if (n >= 0) {
                from.told(message.namelen());
            }
            return n;
        } finally {
            message.clear();
        }
    }

    /// `recvmsg(fd, msg, flags | MSG_CMSG_CLOEXEC)`, raw: into whatever is attached to the message.
    ///
    /// Afterwards it says what came ([Msghdr#flags]: `MSG_TRUNC`, `MSG_CTRUNC`, `MSG_EOR`, …), from whom, and its
    /// control buffer holds the control messages. **Descriptors in these belong to the caller at once**, as numbers
    /// that nobody else will close, on a look with `MSG_PEEK` too: [Fd#adopt] them, or use [#receive], which does.
    ///
    /// @param message is prepared anew for the call ([Msghdr#prepareReceive])
    /// @param flags as [#recv(MemorySegment, int)]
    /// @return as [#recv(MemorySegment, int)]
    /// @throws ErrnoException as [#recv(MemorySegment, int)]
    /// @throws AsynchronousCloseException the socket was closed by another thread meanwhile
    public long recvmsg(final Msghdr message, final int flags) throws IOException {
        final long n = recvmsg(message, flags | MSG_CMSG_CLOEXEC, message.prepareReceive().iovlen());
        if (n >= 0) {
            message.received();
        }
        return n;
    }

    private long recvmsg(final Msghdr message, final int flags, final long length) throws IOException {
        final int number = enter();
        try {
            final long start = begin();
            long n;
            do {
                n = Libc.recvmsg(number, message.prepareReceive().segment(), flags);
            } while (n == -EINTR && mayGoOn(number, POLLIN, SO_RCVTIMEO, start));
            // An empty datagram may carry descriptors, and an exception would lose them.
            return n == 0 && message.controllen() > 0 ? 0 : flow(n, "recvmsg", length);
        } finally {
            Reference.reachabilityFence(message);
            leave();
        }
    }

    /// `readv(fd, iov, iovcnt)`: as [#recv(Iovec, int)] without flags.
    @Override
    public long readv(final Iovec into) throws IOException {
        final int number = enter();
        try {
            final long start = begin();
            long n;
            do {
                n = Libc.readv(number, into.segmentToFill(), into.count());
            } while (n == -EINTR && mayGoOn(number, POLLIN, SO_RCVTIMEO, start));
            return flow(n, "readv", into.length());
        } finally {
            Reference.reachabilityFence(into);
            leave();
        }
    }

    /// `read(fd, buf, count)`: as [#recv(MemorySegment, int)] without flags.
    @Override
    public long read(final MemorySegment into) throws IOException {
        final int number = enter();
        try {
            final long start = begin();
            long n;
            do {
                n = Libc.read(number, into, into.byteSize());
            } while (n == -EINTR && mayGoOn(number, POLLIN, SO_RCVTIMEO, start));
            return flow(n, "read", into.byteSize());
        } finally {
            leave();
        }
    }

    // ---- messages

    /// `sendmsg(fd, msg, flags | MSG_NOSIGNAL)`: sends a message with everything that is in it.
    ///
    /// Descriptors leave it with the first byte, once: see [Message].
    ///
    /// @param message what to send; only its descriptors are not in it any more where the result is not `-EAGAIN`
    /// @param flags as [#send(MemorySegment, int)]
    /// @return as [#send(MemorySegment, int)]
    /// @throws IllegalArgumentException descriptors without a byte on a stream, which the kernel would not send
    /// @throws IllegalStateException one of the descriptors is closed; nothing has been sent then
    /// @throws UnsupportedOperationException descriptors, and not a UNIX socket: TCP would take them without a word,
    ///         and forget them
    /// @throws ErrnoException `ETOOMANYREFS`: too many descriptors are on their way; `EINVAL`, `EPERM`: not such a
    ///         control message; else as [#send(MemorySegment, int)]. Nothing has been sent, but where [Message#bytes]
    ///         says so: then a descriptor that was given could not be closed
    /// @throws AsynchronousCloseException the socket was closed by another thread meanwhile
    public long sendmsg(final Message message, final int flags) throws IOException {
        requirePassable(message);
        long n = NOTHING;
        final int number = enter();
        try {
            final long start = begin();
            final MemorySegment header = message.beforeSend().segment();
            do {
                n = Libc.sendmsg(number, header, flags | MSG_NOSIGNAL);
            } while (n == -EINTR && mayGoOn(number, POLLOUT, SO_SNDTIMEO, start));
            return flow(n, "sendmsg", message.buffers().length());
        } finally {
            try {
                message.afterSend(n);
            } finally {
                leave();
            }
        }
    }

    /// `recvmsg(fd, msg, flags | MSG_CMSG_CLOEXEC)`: receives a message with everything that came in it.
    ///
    /// Descriptors in it belong to the message, see there; those of the last receive are closed first.
    ///
    /// @param message what is received into: its buffers, and its room for control messages and descriptors
    /// @param flags as [#recv(MemorySegment, int)], with `MSG_ERRQUEUE` for the error queue
    /// @return as [#recv(MemorySegment, int)]
    /// @throws ErrnoException as [#recv(MemorySegment, int)]; or `EIO` and the like, where a descriptor that was to be
    ///         closed could not be: what was received is in the message all the same
    /// @throws AsynchronousCloseException the socket was closed by another thread meanwhile
    public long recvmsg(final Message message, final int flags) throws IOException {
        final int number = enter();
        try {
            final Msghdr header = message.beforeReceive();
            final long start = begin();
            long n = Libc.recvmsg(number, header.segment(), flags | MSG_CMSG_CLOEXEC);
            while (n == -EINTR && mayGoOn(number, POLLIN, SO_RCVTIMEO, start)) {
                n = Libc.recvmsg(number, header.prepareReceive().segment(), flags | MSG_CMSG_CLOEXEC);
            }
            if (n < 0) {
                return flow(n, "recvmsg", message.buffers().length());
            }
            message.received(n, number);
            // An empty datagram may carry descriptors; and they are kept, whatever is thrown here.
            if (n == 0 && message.descriptors() == 0) {
                checkNotClosedMeanwhile();
            }
            return n;
        } finally {
            Reference.reachabilityFence(message);
            leave();
        }
    }

    /// `sendmmsg(fd, msgvec, vlen, flags | MSG_NOSIGNAL)`: sends several messages.
    ///
    /// The kernel stops at the first that it cannot send, and tells why only where that is the very first: to learn it,
    /// send again from there.
    ///
    /// @param messages what to send; [Message#bytes] tells of each how much of it was
    /// @param first the index of the first
    /// @param count how many, 1 or more
    /// @param flags as [#send(MemorySegment, int)]
    /// @return how many were sent, their descriptors with them; `-EAGAIN`, the only negative result, where it would
    ///         have to wait and none was
    /// @throws IndexOutOfBoundsException there are not so many
    /// @throws IllegalArgumentException as [#sendmsg(Message, int)]
    /// @throws IllegalStateException as [#sendmsg(Message, int)]
    /// @throws UnsupportedOperationException as [#sendmsg(Message, int)]
    /// @throws ErrnoException as [#sendmsg(Message, int)], of the first
    /// @throws AsynchronousCloseException the socket was closed by another thread meanwhile
    public int sendmmsg(final Messages messages, final int first, final int count, final int flags)
            throws IOException {
        requireSome(messages, first, count);
        for (int i = first; i < first + count; i++) {
            requirePassable(messages.get(i));
        }
        int n = NOTHING;
        final int number = enter();
        try {
            final long start = begin();
            messages.beforeSend(first, first + count);
            final MemorySegment headers = messages.headers(first);
            do {
                n = Libc.sendmmsg(number, headers, count, flags | MSG_NOSIGNAL);
            } while (n == -EINTR && mayGoOn(number, POLLOUT, SO_SNDTIMEO, start));
            return (int) flow(n, "sendmmsg", count);
        } finally {
            try {
                messages.afterSend(first, first + count, n);
            } finally {
                leave();
            }
        }
    }

    /// `recvmmsg(fd, msgvec, vlen, flags | MSG_CMSG_CLOEXEC, NULL)`: receives several messages, into the first of
    /// `messages`.
    ///
    /// A blocking call waits until all `count` are there; with `MSG_WAITFORONE` for the first, and takes with it what
    /// else is there. The time limit of the call is not offered: the kernel looks at it only when a message has come.
    /// [#await] before it, and `MSG_DONTWAIT`, do what was meant.
    ///
    /// An error behind the first message is kept by the kernel, and told by the next call.
    ///
    /// @param messages what is received into, each as [#recvmsg(Message, int)]
    /// @param count how many at most, 1 or more
    /// @param flags as [#recvmsg(Message, int)], and `MSG_WAITFORONE`
    /// @return how many were received; `-EAGAIN`, the only negative result, where it would have to wait for the first
    /// @throws IndexOutOfBoundsException there are not so many
    /// @throws ErrnoException as [#recvmsg(Message, int)]
    /// @throws AsynchronousCloseException the socket was closed by another thread meanwhile
    public int recvmmsg(final Messages messages, final int count, final int flags) throws IOException {
        requireSome(messages, 0, count);
        final int number = enter();
        try {
            final long start = begin();
            int n;
            do {
                messages.beforeReceive(count);
                n = Libc.recvmmsg(number, messages.headers(0), count, flags | MSG_CMSG_CLOEXEC, MemorySegment.NULL);
            } while (n == -EINTR && mayGoOn(number, POLLIN, SO_RCVTIMEO, start));
            if (n > 0) {
                messages.received(0, n, number);
            }
            return (int) flow(n, "recvmmsg", count);
        } finally {
            Reference.reachabilityFence(messages);
            leave();
        }
    }

    private static void requireSome(final Messages messages, final int first, final int count) {
        Objects.checkFromIndexSize(first, count, messages.size());
        if (count == 0) {
            throw new IllegalArgumentException("no message of " + messages.size());
        }
    }

    /// Refuses descriptors where the kernel would take them without a word and forget them.
    private void requirePassable(final Message message) throws ErrnoException {
        if (message.descriptorsToSend() == 0) {
            return;
        }
        if (family == UNKNOWN) {
            family = getsockopt(SockOpt.SO_DOMAIN);
        }
        if (family != AF_UNIX) {
            throw new UnsupportedOperationException(this + " is of family " + family
                    + "; descriptors can be passed over UNIX sockets only");
        }
        if (message.buffers().length() == 0 && getsockopt(SockOpt.SO_TYPE) == SOCK_STREAM) {
            throw new IllegalArgumentException("descriptors travel with a byte; there is none");
        }
    }

    /// `sendmsg(fd, msg, flags | MSG_NOSIGNAL)` with `SCM_RIGHTS`: sends bytes, and descriptors with the first of them.
    ///
    /// The descriptors stay the caller's and may be closed as soon as this returns: the receiver gets others, of the
    /// same open files. They leave with the first byte, all of them, when the result is positive; after a partial send
    /// the rest of the bytes is to be sent without them.
    ///
    /// @param from the bytes, at least one, in native memory
    /// @param flags as [#send(MemorySegment, int)]
    /// @param descriptors 1 to 253 of them
    /// @return the number of bytes taken, or `-EAGAIN`: then nothing was taken, no descriptor either
    /// @throws IllegalArgumentException no byte, no descriptor or more than 253
    /// @throws IllegalStateException one of them is closed; nothing has been sent then
    /// @throws UnsupportedOperationException not a UNIX socket: TCP would take them without a word, and forget them
    /// @throws ErrnoException `ETOOMANYREFS`: too many are on their way; else as [#send(MemorySegment, int)]
    /// @throws AsynchronousCloseException the socket was closed by another thread meanwhile
    public long sendDescriptors(final MemorySegment from, final int flags, final Fd... descriptors)
            throws IOException {
        if (descriptors.length == 0 || descriptors.length > SCM_MAX_FD) {
            throw new IllegalArgumentException(descriptors.length + " descriptors; 1 to " + SCM_MAX_FD
                    + " can be sent");
        }
        if (from.byteSize() == 0) {
            throw new IllegalArgumentException("descriptors travel with a byte; there is none");
        }
        final Message message = Scratch.current().descriptors();
        try {
            message.buffers().add(from);
            for (final Fd fd : descriptors) {
                message.lendFd(fd);
            }
            return sendmsg(message, flags);
        } finally {
            message.clear();
        }
    }

    /// `recvmsg(fd, msg, flags | MSG_CMSG_CLOEXEC)`: receives bytes, and the descriptors that came with them, into a
    /// message of its own.
    ///
    /// Exactly so many descriptors are accepted as are asked for. Further ones are closed by the kernel, which
    /// [Message#truncation] tells. There is no room for anything else: where the socket was told to deliver other
    /// control messages (`SO_PASSCRED`, `SO_TIMESTAMP`, …) they take it from the descriptors, and [#recvmsg(Message,
    /// int)] with room for both is the way.
    ///
    /// @param into where to, in native memory
    /// @param flags as [#recvmsg(Message, int)]
    /// @param descriptorsMax 0 to 253
    /// @return the message, to be closed; null where it would have to wait
    /// @throws IllegalArgumentException a number out of range
    /// @throws ErrnoException as [#recv(MemorySegment, int)]
    /// @throws AsynchronousCloseException the socket was closed by another thread meanwhile
    public Message receive(final MemorySegment into, final int flags, final int descriptorsMax) throws IOException {
        final Message message = Message.allocate(Arena.ofAuto(), 1, 0, descriptorsMax);
        message.buffers().add(into);
        try {
            return recvmsg(message, flags) < 0 ? null : message;
        } catch (final IOException | RuntimeException e) {
            closeAfter(e, message);
            throw e;
        }
    }

    /// Nobody gets the descriptors that came before a failure.
    private static void closeAfter(final Exception failure, final Message message) {
        try {
            message.close();
        } catch (final ErrnoException | RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    // ---- options and queues

    /// `getsockopt(fd, level, optname, optval, optlen)`: reads an option.
    ///
    /// @param <T> the type of its values
    /// @param option `SockOpt.SO_RCVBUF`, …
    /// @return its value
    /// @throws UnsupportedOperationException one that can only be set
    /// @throws ErrnoException `ENOPROTOOPT`, `EOPNOTSUPP`: no such option here; `ENOTCONN`, `ENODATA`: it tells of a
    ///         peer, and there is none; else as the option has it
    public <T> T getsockopt(final SockOpt<T> option) throws ErrnoException {
        final MemorySegment length = Scratch.current().nameLength();
        for (int room = option.room();;) {
            final MemorySegment value = Scratch.current().value(room).fill((byte) 0);
            final int result = readOption(option.level(), option.number(), value);
            final int told = length.get(ValueLayout.JAVA_INT, 0);
            if (result >= 0 && told <= room) {
                return option.decode(value, told);
            }
            // Where a value may have any length the kernel tells it, with or without an errno. Again, with room for it.
            if (told <= room || result < 0 && result != -ERANGE && result != -EINVAL) {
                throw ErrnoException.of(-result, "getsockopt", number(), SockOpt.levelName(option.level()), option);
            }
            room = told;
        }
    }

    /// `setsockopt(fd, level, optname, optval, optlen)`: sets an option.
    ///
    /// @param <T> the type of its values
    /// @param option `SockOpt.SO_RCVBUF`, …
    /// @param value its value
    /// @throws UnsupportedOperationException one that can only be read
    /// @throws IllegalArgumentException a value that C cannot say; nothing has been set then
    /// @throws ErrnoException `ENOPROTOOPT`, `EOPNOTSUPP`: no such option here; `EINVAL`, `EDOM`: not such a value;
    ///         `EPERM`, `EACCES`: not allowed; else as the option has it
    public <T> void setsockopt(final SockOpt<T> option, final T value) throws ErrnoException {
        final MemorySegment memory = Scratch.current().value(option.length(value));
        option.encode(value, memory);
        final int level = option.level(value);
        final int result = writeOption(level, option.number(), memory);
        if (result < 0) {
            throw ErrnoException.of(-result, "setsockopt", number(), SockOpt.levelName(level), option,
                    option.text(value));
        }
    }

    /// `SO_PEERCRED`: who is at the other end of a UNIX socket: who called `connect`, `listen` or `socketpair` there,
    /// at that time.
    ///
    /// @return process, user and group; process 0, user and group -1 where there is no peer
    /// @throws ErrnoException as `getsockopt(2)` has it
    public Credentials peerCredentials() throws ErrnoException {
        return getsockopt(SockOpt.SO_PEERCRED);
    }

    /// `SO_PEERPIDFD`: a descriptor of the process at the other end, which no other process can slip into, unlike the
    /// number in `SO_PEERCRED`.
    ///
    /// The other answers than a descriptor say different things, and a check has to fail on each: do not fall back to
    /// the number on any of them.
    ///
    /// @return the process, owned by the caller, each call makes a new one; or why there is none. Linux 6.5
    /// @throws ErrnoException `EMFILE`, `ENFILE`: no free descriptor
    public Peer<PidFd> peerPidFd() throws ErrnoException {
        return askForPeer(() -> new PidFd(getsockoptInt(SOL_SOCKET, SO_PEERPIDFD)));
    }

    /// `getsockopt(fd, SOL_SOCKET, optname, optval, optlen)` of an option that tells of the other end, with the reasons
    /// for not answering kept apart.
    ///
    /// @param <T> the type of its values
    /// @param option `SockOpt.SO_PEERCRED`, `SockOpt.SO_PEERGROUPS`, `SockOpt.SO_PEERSEC`
    /// @return its value, or why there is none
    /// @throws ErrnoException any other errno
    public <T> Peer<T> peer(final SockOpt<T> option) throws ErrnoException {
        return askForPeer(() -> {
            final T value = getsockopt(option);
            if (value instanceof Credentials credentials && credentials.pid() == 0 && credentials.uid() == -1) {
                // The kernel's way to say so for this one.
                throw ErrnoException.of(ENODATA, "getsockopt", number(), "SOL_SOCKET", option);
            }
            return value;
        });
    }

    private interface Question<T> {
        T ask() throws ErrnoException;
    }

    private static <T> Peer<T> askForPeer(final Question<T> question) throws ErrnoException {
        try {
            return new Peer.Known<>(question.ask());
        } catch (final ErrnoException e) {
            return switch (e.errno()) {
                case EINVAL, ESRCH -> new Peer.Gone<>(e);
                case ENOPROTOOPT, EOPNOTSUPP -> new Peer.Unsupported<>(e);
                case ENODATA, ENOTCONN -> new Peer.Absent<>(e);
                default -> throw e;
            };
        }
    }

    /// `getsockopt(fd, level, optname, optval, optlen)`: reads any option, raw.
    ///
    /// @param level `SOL_SOCKET`, `IPPROTO_TCP`, …
    /// @param name `SO_…`, `TCP_…`, …
    /// @param value where to, in native memory, as much as there is room for
    /// @return the length that the kernel gave, in bytes also where it counts instructions (`SO_GET_FILTER`)
    /// @throws ErrnoException `ENOPROTOOPT`: no such option here; `EINVAL`, `ERANGE`: too little room
    public int getsockopt(final int level, final int name, final MemorySegment value) throws ErrnoException {
        final int result = readOption(level, name, value);
        if (result < 0) {
            throw ErrnoException.of(-result, "getsockopt", number(), SockOpt.levelName(level),
                    SockOpt.optionName(level, name));
        }
        return Scratch.current().nameLength().get(ValueLayout.JAVA_INT, 0);
    }

    /// `getsockopt(fd, level, optname, optval, optlen)`: reads any option that is an `int`.
    ///
    /// @param level `SOL_SOCKET`, `IPPROTO_TCP`, …
    /// @param name `SO_…`, `TCP_…`, …
    /// @return its value
    /// @throws ErrnoException `ENOPROTOOPT`: no such option here
    public int getsockoptInt(final int level, final int name) throws ErrnoException {
        final MemorySegment value = Scratch.current().value(Integer.BYTES).fill((byte) 0);
        getsockopt(level, name, value);
        return value.get(ValueLayout.JAVA_INT, 0);
    }

    /// `setsockopt(fd, level, optname, optval, optlen)`: sets any option, raw.
    ///
    /// @param level `SOL_SOCKET`, `IPPROTO_TCP`, …
    /// @param name `SO_…`, `TCP_…`, …
    /// @param value in native memory, all of it
    /// @throws IllegalArgumentException a value of 2 GiB or more
    /// @throws ErrnoException `ENOPROTOOPT`: no such option here; `EINVAL`, `EDOM`: not such a value; `EPERM`: not
    ///         allowed
    public void setsockopt(final int level, final int name, final MemorySegment value) throws ErrnoException {
        final int result = writeOption(level, name, value);
        if (result < 0) {
            throw ErrnoException.of(-result, "setsockopt", number(), SockOpt.levelName(level),
                    SockOpt.optionName(level, name), value.byteSize() + " bytes");
        }
    }

    /// `setsockopt(fd, level, optname, optval, optlen)`: sets any option that is an `int`.
    ///
    /// @param level `SOL_SOCKET`, `IPPROTO_TCP`, …
    /// @param name `SO_…`, `TCP_…`, …
    /// @param value its value
    /// @throws ErrnoException `ENOPROTOOPT`: no such option here; `EINVAL`, `EDOM`: not such a value; `EPERM`: not
    ///         allowed
    public void setsockopt(final int level, final int name, final int value) throws ErrnoException {
        final MemorySegment memory = Scratch.current().value(Integer.BYTES);
        memory.set(ValueLayout.JAVA_INT, 0, value);
        final int result = writeOption(level, name, memory);
        if (result < 0) {
            throw ErrnoException.of(-result, "setsockopt", number(), SockOpt.levelName(level),
                    SockOpt.optionName(level, name), value);
        }
    }

    /// Leaves in the thread's `nameLength` how long the value is, which may be longer than the room.
    private int readOption(final int level, final int name, final MemorySegment value) throws ErrnoException {
        final MemorySegment length = Scratch.current().nameLength();
        // The one length that the kernel does not count in bytes.
        final int unit = level == SOL_SOCKET && name == SO_GET_FILTER ? SOCK_FILTER_SIZE : 1;
        length.set(ValueLayout.JAVA_INT, 0, (int) Math.min(value.byteSize(), Integer.MAX_VALUE) / unit);
        final int number = enter();
        try {
            final int result = Libc.getsockopt(number, level, name, value, length);
            length.set(ValueLayout.JAVA_INT, 0, length.get(ValueLayout.JAVA_INT, 0) * unit);
            return result;
        } finally {
            leave();
        }
    }

    private int writeOption(final int level, final int name, final MemorySegment value) throws ErrnoException {
        if (value.byteSize() > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("the value of an option with " + value.byteSize() + " bytes");
        }
        if (level == SOL_SOCKET && (name == SO_RCVTIMEO || name == SO_SNDTIMEO
                || name == SO_RCVTIMEO_NEW || name == SO_SNDTIMEO_NEW)) {
            timed = true;
        }
        final int number = enter();
        try {
            return Libc.setsockopt(number, level, name, value, (int) value.byteSize());
        } finally {
            leave();
        }
    }

    /// `getsockopt` of `SO_PASSCRED`, `SO_PASSSEC` and `SO_PASSPIDFD`: whether what comes tells its sender. Then a read
    /// of a UNIX stream ends where another sender's bytes begin. Connections inherit it of their listener, once and for
    /// all.
    ///
    /// @return whether one of them is set
    /// @throws ErrnoException `ENOPROTOOPT`: before Linux 6.5, which does not know `SO_PASSPIDFD`; since 6.16
    ///         `EOPNOTSUPP` for TCP and the like
    public boolean receivesSenders() throws ErrnoException {
        return getsockopt(SockOpt.SO_PASSCRED) || getsockopt(SockOpt.SO_PASSSEC) || getsockopt(SockOpt.SO_PASSPIDFD);
    }

    /// `setsockopt(fd, SOL_SOCKET, SO_PASSRIGHTS, 0)`: lets nobody send descriptors to a UNIX socket any more; who tries
    /// is told `EPERM`. Those that have been sent come all the same. Connections of a listener inherit it.
    ///
    /// @return whether it is so: not before Linux 6.16, where nothing has changed then
    /// @throws ErrnoException `EOPNOTSUPP`: not a UNIX socket
    public boolean refuseDescriptors() throws ErrnoException {
        try {
            setsockopt(SockOpt.SO_PASSRIGHTS, false);
            return true;
        } catch (final ErrnoException e) {
            if (e.errno() != ENOPROTOOPT) {
                throw e;
            }
            return false;
        }
    }

    /// `SIOCINQ` (`FIONREAD`): how many bytes could be received at once; of datagrams, the size of the first.
    ///
    /// @return the number of bytes
    /// @throws ErrnoException `EINVAL`: a socket that listens
    public int receiveQueue() throws ErrnoException {
        return ioctlInt(FIONREAD, "FIONREAD");
    }

    /// `SIOCOUTQ` (`TIOCOUTQ`): how many bytes are in the send queue, on TCP until they are acknowledged.
    ///
    /// @return the number of bytes; on UNIX sockets with the kernel's overhead
    /// @throws ErrnoException `EINVAL`: a socket that listens
    public int sendQueue() throws ErrnoException {
        return ioctlInt(TIOCOUTQ, "TIOCOUTQ");
    }

    /// `SIOCOUTQNSD`: how many bytes are in the send queue that were not sent yet. TCP.
    ///
    /// @return the number of bytes, at most [#sendQueue]
    /// @throws ErrnoException `EINVAL`: a socket that listens; `ENOTTY`: not a TCP socket
    public int unsentQueue() throws ErrnoException {
        return ioctlInt(SIOCOUTQNSD, "SIOCOUTQNSD");
    }

    /// How many connections wait to be accepted, and how many may: by `TCP_INFO`, for UNIX sockets by `sock_diag(7)`.
    ///
    /// For a UNIX socket this opens a netlink socket for the moment, and needs `/proc`. Not for a loop.
    ///
    /// @return both numbers
    /// @throws IllegalStateException the socket does not listen
    /// @throws UnsupportedOperationException the kernel does not tell it of sockets of this kind
    /// @throws ErrnoException `ENOENT`: this kernel is built without `unix_diag`, or the socket is of another network
    ///         namespace
    public AcceptQueue acceptQueue() throws IOException {
        if (!getsockopt(SockOpt.SO_ACCEPTCONN)) {
            throw new IllegalStateException(this + " does not listen");
        }
        final int domain = getsockopt(SockOpt.SO_DOMAIN);
        if (domain == AF_UNIX) {
            return UnixDiag.acceptQueue(this);
        }
        final int protocol = getsockopt(SockOpt.SO_PROTOCOL);
        if ((domain == AF_INET || domain == AF_INET6) && (protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP)) {
            final TcpInfo info = getsockopt(SockOpt.TCP_INFO);
            if (info.state() != TcpState.LISTEN) {
                throw new IllegalStateException(this + " does not listen any more");
            }
            return new AcceptQueue((int) info.unacked(), (int) info.sacked());
        }
        throw new UnsupportedOperationException("the kernel does not tell the accept queue of a socket of family "
                + domain + ", protocol " + protocol);
    }

    // ---- what is behind it

    @Override
    String kind() {
        return "socket";
    }

    /// Whether a result may be more than what was stored: on TCP nothing is.
    private static boolean isTruncating(final int flags) {
        return (flags & MSG_TRUNC) != 0;
    }

    /// Whether the kernel reads what is sent after the call, until the error queue says that it is over.
    private static boolean isZeroCopy(final int flags) {
        return (flags & MSG_ZEROCOPY) != 0;
    }

    /// When a call begins that a signal may interrupt, if that will matter.
    private long begin() {
        return timed ? System.nanoTime() : 0;
    }

    /// After `EINTR`: whether the call may be made again. Where a time limit is set, this waits for what is left of it:
    /// made again at once, the call would begin its whole limit anew.
    private boolean mayGoOn(final int number, final int events, final int limitOption, final long start) {
        if (!isOpen()) {
            return false;
        }
        final long limit = timed ? timeLimit(number, limitOption) : 0;
        return limit == 0 || Waiting.poll(number, events, left(start, limit)) != 0;
    }

    private static long timeLimit(final int number, final int limitOption) {
        final MemorySegment timeval = Scratch.current().cells();
        final MemorySegment length = Scratch.current().nameLength();
        length.set(ValueLayout.JAVA_INT, 0, TIMEVAL_SIZE);
        if (Libc.getsockopt(number, SOL_SOCKET, limitOption, timeval, length) < 0) {
            return 0;
        }
        final long seconds = timeval.get(ValueLayout.JAVA_LONG, 0);
        return seconds >= Long.MAX_VALUE / NANOS_PER_SECOND ? Long.MAX_VALUE
                : seconds * NANOS_PER_SECOND + timeval.get(ValueLayout.JAVA_LONG, Long.BYTES) * NANOS_PER_MICRO;
    }

    private static long left(final long start, final long limit) {
        return limit < 0 ? limit : Math.max(0, limit - (System.nanoTime() - start));
    }
}
