package io.github.fdsock.blocking;

import static io.github.fdsock.sys.Constants.AF_UNIX;
import static io.github.fdsock.sys.Constants.EAGAIN;
import static io.github.fdsock.sys.Constants.EALREADY;
import static io.github.fdsock.sys.Constants.EINPROGRESS;
import static io.github.fdsock.sys.Constants.EPOLLIN;
import static io.github.fdsock.sys.Constants.EPOLLOUT;
import static io.github.fdsock.sys.Constants.IPPROTO_TCP;
import static io.github.fdsock.sys.Constants.MSG_DONTWAIT;
import static io.github.fdsock.sys.Constants.MSG_OOB;
import static io.github.fdsock.sys.Constants.SOCK_NONBLOCK;
import static io.github.fdsock.sys.Constants.SOCK_STREAM;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.Message;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SockAddrBuffer;
import io.github.fdsock.SocketFd;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.sys.Interposer;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;

/// A socket whose calls wait until they are done, in any thread: those of [SocketFd] that may have to.
///
/// Of limits, interrupts, turns and ownership see [BlockingFd]; each call here may throw what [#read] throws for them.
///
/// **A UNIX socket that wants no descriptors** says so by [SocketFd#refuseDescriptors] before it is given to the
/// poller, or its listener before it listens (Linux 6.16): a short read has taken everything then, as on TCP, and the
/// call that would say `EAGAIN` is spared. `SO_PASSCRED` and its like, by which a read ends where another sender
/// begins, are set before as well.
public final class BlockingSocket extends BlockingFd {
    private final SocketFd socket;

    /// Whether a `recv` that fills less than its buffer has emptied the socket, so that the next would say `EAGAIN`: as
    /// long as no more than bytes have come. Behind a FIN there is an end to be read, and a receive stops at urgent
    /// data.
    private boolean shortIsAll;

    /// Whether a `recv` has said `EAGAIN`. Until then there may be bytes that came before the socket refused descriptors,
    /// with some.
    private boolean emptied;

    /// Where a connection is on its way to, or was; null before. Of who has the turn to write.
    private SockAddr connecting;

    BlockingSocket(final Poller poller, final SocketFd socket, final boolean shortIsAll) {
        super(poller, socket);
        this.socket = socket;
        this.shortIsAll = shortIsAll;
    }

    /// Whether that may be said of a socket: of TCP's, and of UNIX sockets that nobody can send more than bytes to.
    static boolean isShortAll(final SocketFd socket) throws IOException {
        if (socket.getsockopt(SockOpt.SO_TYPE) != SOCK_STREAM) {
            return false;
        }
        if (socket.getsockopt(SockOpt.SO_PROTOCOL) == IPPROTO_TCP) {
            return true;
        }
        try {
            return socket.getsockopt(SockOpt.SO_DOMAIN) == AF_UNIX && !socket.getsockopt(SockOpt.SO_PASSRIGHTS)
                    && !socket.receivesSenders();
        } catch (final ErrnoException e) {
            // ENOPROTOOPT: before Linux 6.16 nobody can refuse descriptors.
            return false;
        }
    }

    /// What is behind it.
    ///
    /// Urgent data (`MSG_OOB`) is to be received here rather than there: once it is fetched no event tells of it any
    /// more, and the bytes behind it are looked for only when something new comes.
    ///
    /// @return the socket, which does not block, and stays this object's
    @Override
    public SocketFd fd() {
        return socket;
    }

    @Override
    void ready(final int events) {
        if ((events & ~(EPOLLIN | EPOLLOUT)) != 0) {
            // Seen by the reader, at the latest, with the signal that follows.
            shortIsAll = false;
        }
        super.ready(events);
    }

    /// Urgent data that is fetched before its event is told is not told any more, and a receive stops there all the
    /// same.
    private void noteUrgent(final int flags) {
        if ((flags & MSG_OOB) != 0) {
            shortIsAll = false;
        }
    }

    // ---- connections

    /// `accept4(2)`: waits for a connection.
    ///
    /// @param timeoutNanos the limit
    /// @return the connection, of the same poller, owned by the caller
    /// @throws ErrnoException as [SocketFd#accept()]
    /// @throws IOException as [#read]
    public BlockingSocket accept(final long timeoutNanos) throws IOException {
        final long start = Direction.start(timeoutNanos);
        in.begin(start, timeoutNanos);
        try {
            SocketFd peer = socket.accept(SOCK_NONBLOCK, null);
            while (peer == null) {
                awaitReading(start, timeoutNanos);
                peer = socket.accept(SOCK_NONBLOCK, null);
            }
            return new BlockingSocket(poller(), peer, shortIsAll);
        } catch (final IllegalStateException e) {
            throw in.closed(e);
        } finally {
            in.end();
        }
    }

    /// `connect(2)`: waits until it is connected, and in the queue of a UNIX listener for a place. Where an earlier
    /// call has left the attempt of a TCP socket on its way, one with the same address waits for that.
    ///
    /// @param address the peer's address
    /// @param timeoutNanos the limit
    /// @throws SocketTimeoutException the limit is over; the attempt of a TCP socket goes on, and is given up by
    ///        closing it
    /// @throws ErrnoException as [SocketFd#connect] and [SocketFd#finishConnect]; `EALREADY`: it is on its way
    ///         elsewhere
    /// @throws IOException as [#read]
    public void connect(final SockAddr address, final long timeoutNanos) throws IOException {
        final long start = Direction.start(timeoutNanos);
        out.begin(start, timeoutNanos);
        try {
            int result = tryConnect(address);
            while (result == -EAGAIN) {
                out.rest(start, timeoutNanos);
                result = tryConnect(address);
            }
            while (result == -EINPROGRESS) {
                connecting = address;
                awaitWriting(start, timeoutNanos, 0);
                result = socket.finishConnect(0) ? 0 : result;
            }
        } catch (final IllegalStateException e) {
            throw out.closed(e);
        } finally {
            out.end();
        }
    }

    private int tryConnect(final SockAddr address) throws IOException {
        try {
            return socket.connect(address);
        } catch (final ErrnoException e) {
            if (e.errno() == EALREADY && address.equals(connecting)) {
                return -EINPROGRESS;
            }
            throw e;
        }
    }

    // ---- bytes

    /// As [#recv] without flags.
    @Override
    public long read(final MemorySegment into, final long timeoutNanos) throws IOException {
        return recv(into, 0, timeoutNanos);
    }

    /// As [#send] without flags.
    @Override
    public void write(final MemorySegment from, final long timeoutNanos) throws IOException {
        send(from, 0, timeoutNanos);
    }

    /// Whoever shares the socket may have let it block. Without room `read(2)` does not wait in any case, and `recv(2)`
    /// would.
    @Override
    long tryRead(final ByteBuffer into) throws IOException {
        return into.hasRemaining() ? socket.recv(into, MSG_DONTWAIT) : socket.read(into);
    }

    @Override
    long tryWrite(final ByteBuffer from) throws IOException {
        return socket.send(from, MSG_DONTWAIT);
    }

    /// `recv(2)`: receives what is there, as soon as there is something.
    ///
    /// @param into where to, in native memory
    /// @param flags as [SocketFd#recv(MemorySegment, int)]; `MSG_WAITALL` has no effect
    /// @param timeoutNanos the limit
    /// @return the number of bytes; 0 at a stream's end, and for an empty datagram
    /// @throws ErrnoException as there
    /// @throws IOException as [#read]
    public long recv(final MemorySegment into, final int flags, final long timeoutNanos) throws IOException {
        final long start = Direction.start(timeoutNanos);
        in.begin(start, timeoutNanos);
        try {
            noteUrgent(flags);
            // Who does not wait is not told of what has just come.
            long n = flags == 0 && timeoutNanos != 0 && in.isExhausted() ? -EAGAIN
                    : socket.recv(into, flags | MSG_DONTWAIT);
            while (n == -EAGAIN) {
                emptied = true;
                awaitReading(start, timeoutNanos);
                n = socket.recv(into, flags | MSG_DONTWAIT);
            }
            in.exhausted(flags == 0 && n > 0 && n < into.byteSize() && shortIsAll && emptied && poller().isOpen()
                    && !Interposer.shortens());
            return n;
        } catch (final IllegalStateException e) {
            throw in.closed(e);
        } finally {
            in.end();
        }
    }

    /// `send(2)`, on a stream as often as it takes: sends everything.
    ///
    /// @param from the bytes, in native memory
    /// @param flags as [SocketFd#send(MemorySegment, int)]
    /// @param timeoutNanos the limit for all of them
    /// @throws InterruptedIOException the thread is interrupted, or the limit is over; its `bytesTransferred` have been
    ///        sent
    /// @throws AsynchronousCloseException it was closed by another thread meanwhile
    /// @throws ErrnoException as there; how much has been sent is not known then
    public void send(final MemorySegment from, final int flags, final long timeoutNanos) throws IOException {
        final long start = Direction.start(timeoutNanos);
        out.begin(start, timeoutNanos);
        try {
            long n = socket.send(from, flags | MSG_DONTWAIT);
            long done = Math.max(n, 0);
            while (n < 0 || done < from.byteSize()) {
                awaitWriting(start, timeoutNanos, done);
                n = socket.send(from.asSlice(done), flags | MSG_DONTWAIT);
                done += Math.max(n, 0);
            }
        } catch (final IllegalStateException e) {
            throw out.closed(e);
        } finally {
            out.end();
        }
    }

    // ---- datagrams and messages

    /// `recvfrom(2)`: waits for a datagram, and tells from whom it is.
    ///
    /// @param into where to, in native memory; what does not fit is lost
    /// @param flags as [SocketFd#recvFrom(MemorySegment, int, SockAddrBuffer)]
    /// @param from is told the sender's address
    /// @param timeoutNanos the limit
    /// @return the number of bytes
    /// @throws ErrnoException as there
    /// @throws IOException as [#read]
    public long recvFrom(final MemorySegment into, final int flags, final SockAddrBuffer from, final long timeoutNanos)
            throws IOException {
        final long start = Direction.start(timeoutNanos);
        in.begin(start, timeoutNanos);
        try {
            noteUrgent(flags);
            long n = socket.recvFrom(into, flags | MSG_DONTWAIT, from);
            while (n == -EAGAIN) {
                awaitReading(start, timeoutNanos);
                n = socket.recvFrom(into, flags | MSG_DONTWAIT, from);
            }
            return n;
        } catch (final IllegalStateException e) {
            throw in.closed(e);
        } finally {
            in.end();
        }
    }

    /// `sendto(2)`: sends a datagram as soon as there is room for it, in a UNIX socket's case with its receiver.
    ///
    /// @param from the bytes, in native memory
    /// @param flags as [SocketFd#sendTo(MemorySegment, int, SockAddrBuffer)]
    /// @param to the address
    /// @param timeoutNanos the limit
    /// @throws ErrnoException as there
    /// @throws IOException as [#read]
    public void sendTo(final MemorySegment from, final int flags, final SockAddrBuffer to, final long timeoutNanos)
            throws IOException {
        final long start = Direction.start(timeoutNanos);
        out.begin(start, timeoutNanos);
        try {
            long n = socket.sendTo(from, flags | MSG_DONTWAIT, to);
            while (n == -EAGAIN) {
                awaitWriting(start, timeoutNanos, 0);
                n = socket.sendTo(from, flags | MSG_DONTWAIT, to);
            }
        } catch (final IllegalStateException e) {
            throw out.closed(e);
        } finally {
            out.end();
        }
    }

    /// `recvmsg(2)`: waits for a message, and takes everything that comes in it.
    ///
    /// @param message what is received into
    /// @param flags as [SocketFd#recvmsg(Message, int)]; what is in the error queue (`MSG_ERRQUEUE`) is waited for as
    ///        well
    /// @param timeoutNanos the limit
    /// @return the number of bytes; 0 at a stream's end, and for an empty datagram
    /// @throws ErrnoException as there
    /// @throws IOException as [#read]
    public long recvmsg(final Message message, final int flags, final long timeoutNanos) throws IOException {
        final long start = Direction.start(timeoutNanos);
        in.begin(start, timeoutNanos);
        try {
            noteUrgent(flags);
            long n = socket.recvmsg(message, flags | MSG_DONTWAIT);
            while (n == -EAGAIN) {
                awaitReading(start, timeoutNanos);
                n = socket.recvmsg(message, flags | MSG_DONTWAIT);
            }
            return n;
        } catch (final IllegalStateException e) {
            throw in.closed(e);
        } finally {
            in.end();
        }
    }

    /// `sendmsg(2)`: sends a message as soon as there is room for some of it.
    ///
    /// @param message what to send; its descriptors leave it with the first byte
    /// @param flags as [SocketFd#sendmsg(Message, int)]
    /// @param timeoutNanos the limit
    /// @return the number of bytes taken, on a stream maybe not all
    /// @throws ErrnoException as there
    /// @throws IOException as [#read]
    public long sendmsg(final Message message, final int flags, final long timeoutNanos) throws IOException {
        final long start = Direction.start(timeoutNanos);
        out.begin(start, timeoutNanos);
        try {
            long n = socket.sendmsg(message, flags | MSG_DONTWAIT);
            while (n == -EAGAIN) {
                awaitWriting(start, timeoutNanos, 0);
                n = socket.sendmsg(message, flags | MSG_DONTWAIT);
            }
            return n;
        } catch (final IllegalStateException e) {
            throw out.closed(e);
        } finally {
            out.end();
        }
    }
}
