package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.Message;
import io.github.fdsock.Messages;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SockAddrBuffer;
import io.github.fdsock.SocketFd;
import io.github.fdsock.cmsg.Cmsg;
import io.github.fdsock.cmsg.ExtendedError;
import io.github.fdsock.option.Membership;
import io.github.fdsock.option.SockOpt;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.channels.ClosedChannelException;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/// A socket whose datagrams come to a handler, and are queued where the kernel does not take them: UDP, UNIX, netlink
/// and whatever else keeps messages apart and knows no connections.
///
/// ```java
/// Datagrams socket = loop.datagrams(SockAddr.inet("127.0.0.1", 7000));
/// socket.onMessage((data, from, message) -> socket.send(data, from));
/// ```
///
/// **Receiving** begins by itself and never waits for anything but [#pause]. Up to 16 datagrams come by one call, each
/// is told once and in order. An empty one is a datagram like any other: nothing ends with it.
///
/// **Sending** hands each datagram to the kernel at once, or copies and queues it where that has no room (`EAGAIN`):
/// the caller's memory is free when the call returns. The queue is bounded. Where it has reached the
/// [high-water mark][#highWaterMark(int)] `send` says so, what is sent all the same is refused with `EAGAIN`, and
/// [#onDrain] tells when it is empty. A datagram *to an address* over a UNIX socket is never queued, nor
/// is any of netlink: the kernel lets nobody wait for such a receiver, and `EAGAIN` is told as it is.
///
/// **Which datagram an error is about.** Of one that is refused its completion is told, or else [#onError]; the others
/// go on. But where an ICMP message about an *earlier* datagram has come, the kernel refuses the next call with it,
/// whatever that is about, and once only. So a send that fails with such an errno is made again: if that does something
/// else, the error was an earlier one's, which [#onError] is told of. With `IP_RECVERR` or `IPV6_RECVERR` the kernel
/// keeps a record of each such error, and [#onError] is told whose it was, and who said so.
///
/// **Errors without a handler** are counted ([LoopMetrics#datagramErrors]) and the datagram is lost, as it could have
/// been anywhere on its way. What says that the socket itself is of no use (`EBADF`, …) closes it, and [#onClose] is
/// told.
///
/// **A handler** may do anything, closing this included: then nothing further of what has been received is told. An
/// `IOException` that it throws closes this with it; any other exception is a bug, and ends [EventLoop#run].
///
/// Used on the loop's thread only. It owns its socket.
///
/// @see <a href="https://man7.org/linux/man-pages/man7/udp.7.html">udp(7)</a>
/// @see <a href="https://man7.org/linux/man-pages/man7/ip.7.html">ip(7)</a>
public final class Datagrams extends Handle {
    private static final Inet4Address ANY = Inet4Address.ofLiteral("0.0.0.0");

    /// As much may be queued: as a socket's own send buffer holds at first, some hundreds of datagrams.
    private static final int HIGH_WATER_MARK = 256 * 1024;

    /// Of one socket in one turn: 64 datagrams, for which others need not wait long.
    private static final int CALLS_PER_TURN = 4;

    /// Of the error queue in one turn: as many as of datagrams.
    private static final int ERRORS_PER_TURN = 64;

    /// A peer can put descriptors, which are closed at once, into the room that each datagram has for control messages:
    /// with so many in a call some 500, half of what a process may have open by default.
    private static final int UNIX_PER_CALL = 4;

    /// So many descriptors at most are received in a call, where they are wanted.
    private static final int DESCRIPTORS_PER_CALL = 256;

    /// Is given what was received.
    @FunctionalInterface
    public interface MessageHandler {
        /// Handles a datagram.
        ///
        /// @param data its bytes, perhaps none, in the loop's own buffer: to be used or copied before this returns,
        ///         like all the rest
        /// @param from whom it came from: to answer to; [SockAddrBuffer#address] is null where it has no name, and
        ///        [SockAddrBuffer#set(SockAddrBuffer)] keeps it
        /// @param message what came beside it: packet information, time stamps, descriptors ([Message#takeFd]; those
        ///         not taken are closed when this returns). [Message#truncated] says that the bytes are not all, and
        ///         [Message#length] how many it had. What `UDP_GRO` has joined shares one message. It is the loop's,
        ///         to be read and taken from: who changes its [Message#buffers], by [Message#clear] too, takes from all
        ///         the loop's datagram sockets the room to receive into. Only assertions (`-ea`) find that it was
        ///         cleared
        /// @throws IOException closes the socket with it
        void message(MemorySegment data, SockAddrBuffer from, Message message) throws IOException;
    }

    /// Is told what has become of single datagrams.
    @FunctionalInterface
    public interface ErrorHandler {
        /// Called for each error, never within a send.
        ///
        /// @param error which: `ECONNREFUSED`, `EHOSTUNREACH`, `EMSGSIZE`, `ENOBUFS`, …; or of the `close` of a
        ///        descriptor that has come and was not taken, `EIO` and the like
        /// @param report what the error queue says of it, [ExtendedError#offender] above all; null where that has
        ///         nothing
        /// @param destination where the datagram was to go; null for the peer of a connected socket, and where it is
        ///         not known which one it was
        /// @throws IOException closes the socket with it
        void error(ErrnoException error, ExtendedError report, SockAddr destination) throws IOException;
    }

    private final SocketFd socket;
    private final DatagramMemory memory;
    private final DatagramQueue queue;
    private final int family;
    private final boolean udp;

    /// Of the socket, entered until this is closed: nobody else can free it meanwhile.
    private final int number;

    private MessageHandler onMessage;
    private MessageHandler onReport;
    private ErrorHandler onError;
    private Action onDrain;

    private DatagramBatch batch;

    /// So many are asked for by the next call: one more than has come, since room that stays empty costs too. That one
    /// more tells without a further call that there are none behind them.
    private int expected = 2;

    /// What was received and could not be told, because the handler has paused or failed; null for nothing.
    private DatagramBatch rest;

    /// Of the batch that is being told, or of the rest: the next one, and where the segment begins that it has come to.
    private int next;
    private int count;
    private long offset;

    /// How many errors the error queue has told of, by errno.
    private final Map<Integer, Integer> reports = new HashMap<>();

    private int highWaterMark = HIGH_WATER_MARK;
    private boolean coalesced;
    private boolean paused;
    private boolean telling;

    /// Whoever sends was told to wait.
    private boolean drainDue;

    /// Events are being handled: what is waited for is changed afterwards, once.
    private boolean busy;

    private Datagrams(final EventLoop loop, final SocketFd socket, final int family, final boolean udp) {
        super(loop, socket);
        this.socket = socket;
        this.memory = loop.datagramMemory();
        this.family = family;
        this.udp = udp;
        batch = memory.batch;
        queue = new DatagramQueue(memory);
        number = socket.enter();
    }

    static Datagrams open(final EventLoop loop, final SockAddr address) throws IOException {
        final SocketFd socket = SocketFd.socket(address.family(), SOCK_DGRAM | SOCK_NONBLOCK, 0);
        try {
            if (address.family() == AF_INET || address.family() == AF_INET6) {
                socket.setsockopt(SockOpt.IP_MULTICAST_ALL, false);
            }
            if (address.family() == AF_INET6) {
                socket.setsockopt(SockOpt.IPV6_MULTICAST_ALL, false);
            }
            socket.bind(address);
            return open(loop, socket);
        } catch (final IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    static Datagrams open(final EventLoop loop, final SocketFd socket) throws IOException {
        loop.requireThread();
        final int type = socket.getsockopt(SockOpt.SO_TYPE);
        if (type == SOCK_STREAM || type == SOCK_SEQPACKET) {
            throw new IllegalArgumentException(socket + " is of type " + type + ", for connections");
        }
        final int family = socket.getsockopt(SockOpt.SO_DOMAIN);
        final boolean udp = type == SOCK_DGRAM && (family == AF_INET || family == AF_INET6)
                && socket.getsockopt(SockOpt.SO_PROTOCOL) == IPPROTO_UDP;
        final Datagrams datagrams = new Datagrams(loop, socket, family, udp);
        try {
            loop.register(datagrams, datagrams.wanted());
        } catch (final IOException | RuntimeException e) {
            datagrams.closed = true;
            socket.leave();
            throw e;
        }
        return datagrams;
    }

    @Override
    void loopCloses() {
        close();
    }

    // ---- handlers

    /// Who is given what is received. Without one it is thrown away.
    ///
    /// @param handler for each datagram; null for none
    /// @return this
    public Datagrams onMessage(final MessageHandler handler) {
        onMessage = handler;
        return this;
    }

    /// Who is told of errors that are about single datagrams and of which no completion is told: those that were
    /// refused, and those that the network tells of, later.
    ///
    /// Unless the socket is connected the network's errors are told only with `IP_RECVERR` or `IPV6_RECVERR`; an IPv6
    /// socket needs both.
    ///
    /// @param handler for each error; null for none: they are counted then
    /// @return this
    public Datagrams onError(final ErrorHandler handler) {
        onError = handler;
        return this;
    }

    /// Who is given the entries of the error queue that are no errors: time stamps of what was sent
    /// (`SO_TIMESTAMPING`), ends of sends with `MSG_ZEROCOPY`; and what the kernel has noted of a send that it refused
    /// (`SO_EE_ORIGIN_LOCAL`: the MTU with `EMSGSIZE`), which is told of as any refusal is, and can be noted twice.
    /// Without one they are thrown away.
    ///
    /// @param handler is given what the kernel has kept of the packet, where it was to go, and the message with its
    ///        [Message#extendedError] and [Cmsg#SCM_TIMESTAMPING]; null for none
    /// @return this
    public Datagrams onReport(final MessageHandler handler) {
        onReport = handler;
        return this;
    }

    /// Who is told that the kernel takes datagrams again and nothing is queued, after a send has asked to wait.
    ///
    /// @param handler each time; null for none
    /// @return this
    public Datagrams onDrain(final Action handler) {
        onDrain = handler;
        return this;
    }

    /// Who is told that it is over.
    ///
    /// @param handler once; null for none
    /// @return this
    public Datagrams onClose(final CloseHandler handler) {
        onClose = handler;
        return this;
    }

    // ---- events

    /// What the loop has to wait for.
    private int wanted() {
        return (paused || rest != null ? 0 : EPOLLIN | EPOLLRDHUP) | (drainDue || !queue.isEmpty() ? EPOLLOUT : 0);
    }

    private void updateInterest() {
        // One that was put aside after a hang-up comes back by resume() alone.
        if (!closed && !busy && !(paused && suspended)) {
            try {
                waitFor(wanted());
            } catch (final IOException e) {
                destroy(e);
            } catch (final IllegalStateException e) {
                destroy(reason(e));
            }
        }
    }

    @Override
    void ready(final int events) {
        busy = true;
        try {
            if ((events & EPOLLERR) != 0) {
                readErrors();
            }
            boolean empty = false;
            if ((events & ~EPOLLOUT) != 0 && !closed && !paused && rest == null) {
                empty = receive();
            }
            if ((events & (EPOLLOUT | EPOLLERR)) != 0 && !closed) {
                flush((events & EPOLLOUT) != 0);
            }
            if ((events & (EPOLLHUP | EPOLLRDHUP)) != 0 && !closed) {
                hangUp(events, empty);
            }
        } catch (final IOException e) {
            destroy(e);
        } finally {
            busy = false;
            updateInterest();
        }
    }

    /// Of datagrams the peer's end does not exist: the own socket was shut down, perhaps by a close elsewhere.
    private void hangUp(final int events, final boolean empty) throws IOException {
        if (paused ? !socket.isOpen() : empty && rest == null) {
            destroy(socket.isOpen() ? null : new ClosedChannelException());
        } else if (paused && (events & EPOLLHUP) != 0) {
            // What has come is still to be told, what is queued is refused, and resume() brings the socket back.
            flush(false);
            if (!closed) {
                try {
                    suspend();
                } catch (final IllegalStateException e) {
                    throw reason(e);
                }
            }
        }
        // Otherwise a rest is told at the end of this turn, or there is more to receive.
    }

    // ---- receiving

    /// Receives and tells; whether there was no more.
    private boolean receive() throws IOException {
        for (int i = 0; i < CALLS_PER_TURN && !closed && !paused; i++) {
            final int most = family == AF_UNIX ? Math.min(UNIX_PER_CALL, batch.size()) : batch.size();
            final int asked = Math.min(expected, most);
            int n;
            try {
                n = socket.recvmmsg(batch.messages(), asked, MSG_DONTWAIT | MSG_TRUNC);
            } catch (final ErrnoException e) {
                n = batch.messages().received();
                if (n == 0) {
                    // Netlink tells of what it has lost by ENOBUFS. Anything else would be told again and again.
                    if (!mayBeEarlier(e.errno()) && e.errno() != ENOBUFS && e.errno() != ENOMEM) {
                        batch.close();
                        throw e;
                    }
                    earlier(e, reports(e.errno()));
                    continue;
                }
                // They have come, with more descriptors than there is room for, and one of these could not be closed.
                later(() -> failed(e, null, null));
            } catch (final IllegalStateException e) {
                throw reason(e);
            }
            if (n == -EAGAIN) {
                return true;
            }
            expected = n == asked ? 2 * asked : n + 1;
            next = 0;
            count = n;
            offset = 0;
            tell(batch);
            if (n < asked) {
                return true;
            }
        }
        return false;
    }

    /// Tells what was received. What the handler does not let through, because it pauses or throws, is kept.
    private void tell(final DatagramBatch from) throws IOException {
        telling = true;
        try {
            while (next < count && !closed && !paused) {
                tellNext(from);
            }
        } finally {
            telling = false;
            if (next == count) {
                rest = null;
            } else if (closed) {
                from.close();
                rest = null;
            } else {
                keep(from);
            }
        }
    }

    private void tellNext(final DatagramBatch from) throws IOException {
        final int index = next;
        final Message message = from.messages().get(index);
        final long start = offset;
        final int segment = coalesced ? 0 : message.getInt(Cmsg.UDP_GRO, 0);
        final long left = message.bytes() - start;
        final long length = segment > 0 ? Math.min(segment, left) : left;
        offset += length;
        final boolean last = offset >= message.bytes();
        if (last) {
            next++;
            offset = 0;
        }
        memory.metrics.bytesRead += length;
        memory.metrics.datagramsReceived++;
        try {
            if (onMessage != null) {
                onMessage.message(from.slice(index, start, length), message.from(), message);
            }
        } finally {
            if (last) {
                closeDescriptors(message);
            }
        }
    }

    /// That one could not be closed is about whoever has sent it: a peer can choose one of a file that says so.
    private void closeDescriptors(final Message message) throws ErrnoException {
        assert message.buffers().count() == 1 : "a handler has cleared the loop's message";
        try {
            message.close();
        } catch (final ErrnoException e) {
            if (closed) {
                throw e;
            }
            later(() -> failed(e, null, null));
        }
    }

    private void keep(final DatagramBatch from) {
        rest = from == rest ? rest : from.keep(next, count);
        if (!paused) {
            loop.ending(this::tellRest);
        }
    }

    private void tellRest() {
        if (closed || paused || rest == null) {
            return;
        }
        try {
            tell(rest);
        } catch (final IOException e) {
            destroy(e);
        } finally {
            updateInterest();
        }
    }

    /// Receives no more until [#resume]: within a handler no further datagram comes behind the one that is being
    /// handled.
    ///
    /// Meanwhile the kernel keeps what its receive buffer has room for, and drops the rest. A socket that is shut down
    /// meanwhile is closed after [#resume], when all that has come was told.
    ///
    /// @return this
    public Datagrams pause() {
        loop.requireThread();
        paused = true;
        updateInterest();
        return this;
    }

    /// Receives again.
    ///
    /// @return this
    public Datagrams resume() {
        loop.requireThread();
        if (paused && !closed) {
            paused = false;
            if (rest != null) {
                loop.ending(this::tellRest);
            }
            updateInterest();
        }
        return this;
    }

    /// Sets how much of a datagram is received, and how many descriptors with it. Unless set these are 64 KiB, enough
    /// for all of IP, and none.
    ///
    /// Any other room is this socket's own memory, of at most 16 times that size.
    ///
    /// @param bytes at least 1; what is longer is cut off, see [Message#truncated]. With `UDP_GRO` less than 64 KiB
    ///         cuts what the kernel has joined
    /// @param descriptors 0 to 253, for UNIX sockets
    /// @return this
    /// @throws IllegalArgumentException where one of them is out of range
    public Datagrams room(final int bytes, final int descriptors) {
        loop.requireThread();
        if (bytes < 1) {
            throw new IllegalArgumentException("room for datagrams of " + bytes + " bytes");
        }
        final int size = Math.clamp(DESCRIPTORS_PER_CALL / Math.max(1, descriptors), 1, DatagramBatch.MOST);
        batch = new DatagramBatch(size, bytes, descriptors);
        return this;
    }

    /// Whether what the kernel has joined of several datagrams (`UDP_GRO`, which is to be switched on by
    /// [SockOpt#UDP_GRO]) is told as it came, with the size of each but the last in [Cmsg#UDP_GRO]; each by itself
    /// unless set.
    ///
    /// @param on whether
    /// @return this
    public Datagrams coalesced(final boolean on) {
        coalesced = on;
        return this;
    }

    // ---- errors

    /// Whether an errno may be about a datagram that was sent before. Those that the kernel makes of ICMP messages
    /// (`icmp_err_convert`, `icmpv6_err_convert`), and what a UNIX peer leaves that has turned to others.
    private static boolean mayBeEarlier(final int errno) {
        return switch (errno) {
            case ECONNREFUSED, ECONNRESET, EHOSTUNREACH, EHOSTDOWN, ENETUNREACH, ENETDOWN, ENONET, ENOPROTOOPT,
                    EOPNOTSUPP, EPROTO, EACCES, EMSGSIZE -> true;
            default -> false;
        };
    }

    /// An event says that there are errors: in the error queue, at the socket, or both.
    private void readErrors() throws IOException {
        readErrorQueue();
        if (!closed) {
            final int error;
            try {
                error = socket.getsockopt(SockOpt.SO_ERROR);
            } catch (final IllegalStateException e) {
                throw reason(e);
            }
            if (error != 0) {
                earlier(ErrnoException.of(error, "send", number), reports(error));
            }
        }
    }

    /// An error that waited at the socket, about a datagram sent before. Where the kernel has queued a record of it as
    /// well, that tells more, and is told instead.
    ///
    /// @param before how many of this errno the queue had told of when this one was met
    private void earlier(final ErrnoException error, final int before) throws IOException {
        if (!closed) {
            readErrorQueue();
        }
        if (reports(error.errno()) == before) {
            failed(error, null, null);
        }
    }

    private int reports(final int errno) {
        return reports.getOrDefault(errno, 0);
    }

    private void readErrorQueue() throws IOException {
        // Others do not know the flag, and would give a datagram.
        if (family != AF_INET && family != AF_INET6 && family != AF_PACKET) {
            return;
        }
        final Message message = memory.report();
        for (int i = 0; i < ERRORS_PER_TURN && !closed; i++) {
            final long n;
            try {
                n = socket.recvmsg(message, MSG_ERRQUEUE | MSG_DONTWAIT);
            } catch (final IllegalStateException e) {
                throw reason(e);
            }
            if (n == -EAGAIN) {
                return;
            }
            final ExtendedError report = message.extendedError();
            if (report != null && isError(report)) {
                reports.merge(report.errno(), 1, Integer::sum);
                final SockAddr destination = message.from().address();
                failed(ErrnoException.of(report.errno(), "send", number, destination), report, destination);
            } else if (onReport != null) {
                onReport.message(memory.batch.slice(0, 0, message.bytes()), message.from(), message);
            }
        }
    }

    /// Whether it tells of an error that nobody knows yet: a local one has made a send fail.
    private static boolean isError(final ExtendedError report) {
        return report.origin() == SO_EE_ORIGIN_ICMP || report.origin() == SO_EE_ORIGIN_ICMP6;
    }

    private void failed(final ErrnoException error, final ExtendedError report, final SockAddr destination)
            throws IOException {
        memory.metrics.datagramErrors++;
        if (onError != null) {
            onError.error(error, report, destination);
        }
    }

    /// Tells of an error in the last phase of the turn.
    private void later(final Action told) {
        loop.ending(() -> {
            try {
                told.run();
            } catch (final IOException e) {
                destroy(e);
            }
        });
    }

    // ---- sending

    /// `send(2)`: sends a datagram to the peer of a connected socket, or queues it.
    ///
    /// @param data its bytes, perhaps none; of any kind of memory; free when this returns
    /// @return whether to go on: false where the queue has reached the [high-water mark][#highWaterMark(int)], until
    ///         [#onDrain]; and where this is closed. That a datagram fails does not keep others from being sent
    public boolean send(final MemorySegment data) {
        return send(data, (SockAddrBuffer) null, null);
    }

    /// `sendto(2)`: sends a datagram, or queues it.
    ///
    /// @param data as [#send(MemorySegment)]
    /// @param to where to; Linux sends there from a connected socket as well
    /// @return as [#send(MemorySegment)]
    public boolean send(final MemorySegment data, final SockAddr to) {
        loop.requireThread();
        return send(data, memory.destination.set(to), null);
    }

    /// `sendto(2)`: sends a datagram, or queues it.
    ///
    /// @param data as [#send(MemorySegment)]
    /// @param to where to: the sender's address for an answer; copied where it has to wait. One that is empty, as that
    ///         of a UNIX sender without a name, stands for the peer of a connected socket
    /// @return as [#send(MemorySegment)]
    public boolean send(final MemorySegment data, final SockAddrBuffer to) {
        return send(data, Objects.requireNonNull(to, "to"), null);
    }

    /// `sendto(2)`: sends a datagram, or queues it, and tells when the kernel has taken it.
    ///
    /// @param data as [#send(MemorySegment)]
    /// @param to where to; null, or an empty one, for the peer of a connected socket
    /// @param completion is told when it has been taken, which does not mean that it arrives, or why not: `EMSGSIZE`,
    ///         longer than a datagram can be; `EDESTADDRREQ`, no address and no peer; `ENETUNREACH`, `EACCES`, … of
    ///         this datagram; `EAGAIN`, the queue is full; null where nobody asks: then [#onError] is told why not
    /// @return as [#send(MemorySegment)]
    public boolean send(final MemorySegment data, final SockAddrBuffer to, final Stream.Completion completion) {
        return send(data, to, 0, completion);
    }

    /// `sendmsg(2)` with `UDP_SEGMENT`: lets the kernel make several datagrams of what is sent at once, which costs it
    /// less than sending each. Linux 4.18.
    ///
    /// @param data as [#send(MemorySegment)]: all of it at most what one datagram could hold, and of at most 64
    ///         datagrams, of which newer kernels take 128: else `EMSGSIZE` or `EINVAL`
    /// @param segment the length of each but the last, 1 to 65535; the last one is what is left. More than the path's
    ///         MTU is `EINVAL` or `EMSGSIZE`
    /// @param to as [#send(MemorySegment, SockAddrBuffer, Stream.Completion)]
    /// @param completion as there: about all of them; nothing is sent in part
    /// @return as [#send(MemorySegment)]
    /// @throws IllegalArgumentException where the length is out of range
    /// @throws UnsupportedOperationException not a UDP socket: others would send all of it as one, without a word
    public boolean sendSegmented(final MemorySegment data, final int segment, final SockAddrBuffer to,
            final Stream.Completion completion) {
        if (segment < 1 || segment > 0xffff) {
            throw new IllegalArgumentException("datagrams of " + segment + " bytes each");
        }
        if (!udp) {
            throw new UnsupportedOperationException(socket + " is not of UDP and cannot send segments");
        }
        return send(data, to, segment, completion);
    }

    private boolean send(final MemorySegment data, final SockAddrBuffer address, final int segment,
            final Stream.Completion completion) {
        loop.requireThread();
        // To sendto(2) over UDP an empty one is EINVAL, to sendmsg(2), by which the queue is sent, it is none.
        final SockAddrBuffer to = address == null || address.length() == 0 ? null : address;
        if (!closed && !socket.isOpen()) {
            destroy(new ClosedChannelException());
        }
        if (closed) {
            tell(completion, new ClosedChannelException());
            return false;
        }
        final long size = data.byteSize();
        final boolean nobodyTellsWhen = family == AF_NETLINK || family == AF_UNIX && to != null;
        if (queue.isEmpty() || nobodyTellsWhen) {
            try {
                if (attempt(memory.outside(data), to, segment, null) >= 0) {
                    sent(size, segment, completion);
                    return true;
                }
            } catch (final IOException e) {
                refused(e, to == null ? null : to.address(), completion);
                return !closed;
            }
            if (nobodyTellsWhen) {
                refused(ErrnoException.of(EAGAIN, "send", number, size), to == null ? null : to.address(), completion);
                return true;
            }
        }
        if (queue.cost() < highWaterMark) {
            queue.add(data, to, segment, completion);
        } else {
            refused(ErrnoException.of(EAGAIN, "send", number, size), to == null ? null : to.address(), completion);
        }
        drainDue |= queue.cost() >= highWaterMark;
        updateInterest();
        return !drainDue && !closed;
    }

    /// `sendmsg(2)`: sends a message with all that is in it, descriptors and control messages too (the source address
    /// by [Cmsg#IP_PKTINFO], …), if the kernel takes it now. It is never queued: it is the caller's, and stays as it
    /// is.
    ///
    /// @param message what to send, see [SocketFd#sendmsg(Message, int)]
    /// @return how many bytes were sent; `-EAGAIN` where it has to wait, until [#onDrain], also for what is queued.
    ///         Over netlink, and a UNIX socket to an address or without a peer, nobody tells when
    /// @throws IllegalStateException this is closed
    /// @throws IOException why this one cannot be sent, as [SocketFd#sendmsg(Message, int)]
    public long trySend(final Message message) throws IOException {
        loop.requireThread();
        if (closed) {
            throw new IllegalStateException(socket + " is sent from after its close");
        }
        if (queue.isEmpty()) {
            final long n = attempt(null, null, 0, message);
            if (n >= 0) {
                sent(n, 0, null);
                return n;
            }
        }
        waits(message);
        return -EAGAIN;
    }

    /// Lets it be told when the kernel takes a message again, where somebody can tell.
    private void waits(final Message message) throws ErrnoException {
        drainDue |= !queue.isEmpty()
                || family != AF_NETLINK && (family != AF_UNIX || !message.addressed() && isConnected());
        updateInterest();
    }

    /// `sendmmsg(2)`: sends several messages in one call, as far as the kernel takes them now, like
    /// [#trySend(Message)].
    ///
    /// @param messages what to send
    /// @param first the index of the first
    /// @param count how many, 1 or more
    /// @return how many were sent; `-EAGAIN` where the first has to wait. Where it is less than all, the next one has
    ///         to wait or cannot be sent: which of the two the next call tells, from there on
    /// @throws IndexOutOfBoundsException there are not so many
    /// @throws IllegalStateException this is closed
    /// @throws IOException why the first cannot be sent, as [SocketFd#sendmmsg]
    public int trySend(final Messages messages, final int first, final int count) throws IOException {
        loop.requireThread();
        if (closed) {
            throw new IllegalStateException(socket + " is sent from after its close");
        }
        Objects.checkFromIndexSize(first, count, messages.size());
        final int n = queue.isEmpty() ? attempt(messages, first, count) : -EAGAIN;
        if (n < 0) {
            waits(messages.get(first));
        }
        for (int i = first; i < first + n; i++) {
            sent(messages.get(i).bytes(), 0, null);
        }
        return n;
    }

    private boolean isConnected() throws ErrnoException {
        try {
            socket.remoteAddress();
            return true;
        } catch (final ErrnoException e) {
            if (e.errno() == ENOTCONN) {
                return false;
            }
            throw e;
        }
    }

    /// Sends one; again, where the errno may be an earlier one's.
    private long attempt(final MemorySegment data, final SockAddrBuffer to, final int segment, final Message message)
            throws IOException {
        try {
            return transmit(data, to, segment, message);
        } catch (final ErrnoException e) {
            return again(e, () -> transmit(data, to, segment, message));
        }
    }

    /// The same for several.
    private int attempt(final Messages messages, final int first, final int count) throws IOException {
        try {
            return socket.sendmmsg(messages, first, count, MSG_DONTWAIT);
        } catch (final ErrnoException e) {
            return (int) again(e, () -> socket.sendmmsg(messages, first, count, MSG_DONTWAIT));
        }
    }

    private interface Transmission {
        long transmit() throws IOException;
    }

    private long again(final ErrnoException e, final Transmission second) throws IOException {
        if (!mayBeEarlier(e.errno())) {
            throw e;
        }
        final int before = reports(e.errno());
        try {
            final long n = second.transmit();
            later(() -> earlier(e, before));
            return n;
        } catch (final ErrnoException own) {
            if (own.errno() != e.errno()) {
                later(() -> earlier(e, before));
            }
            throw own;
        }
    }

    private long transmit(final MemorySegment data, final SockAddrBuffer to, final int segment, final Message message)
            throws IOException {
        if (message != null) {
            return socket.sendmsg(message, MSG_DONTWAIT);
        }
        if (segment > 0) {
            return socket.sendmsg(memory.segmented(data, segment, to), MSG_DONTWAIT);
        }
        return to == null ? socket.send(data, MSG_DONTWAIT) : socket.sendTo(data, MSG_DONTWAIT, to);
    }

    /// How many datagrams the kernel makes of so many bytes.
    static long count(final long bytes, final int segment) {
        return segment == 0 || bytes == 0 ? 1 : (bytes + segment - 1) / segment;
    }

    private void sent(final long bytes, final int segment, final Stream.Completion completion) {
        memory.metrics.bytesWritten += bytes;
        memory.metrics.datagramsSent += count(bytes, segment);
        tell(completion, null);
    }

    private void tell(final Stream.Completion completion, final IOException failure) {
        if (completion != null) {
            loop.ending(() -> completion.done(failure));
        }
    }

    /// A datagram cannot be sent; or nothing can any more.
    private void refused(final IOException failure, final SockAddr destination, final Stream.Completion completion) {
        final boolean single = failure instanceof final ErrnoException e && e.errno() != EBADF && e.errno() != ENOTSOCK;
        if (completion != null || !single) {
            memory.metrics.datagramErrors++;
            tell(completion, failure);
        } else {
            later(() -> failed((ErrnoException) failure, null, destination));
        }
        if (!single) {
            destroy(failure);
        }
    }

    /// Sends what is queued, as far as the kernel takes it; with nothing left a writable socket has drained.
    private void flush(final boolean writable) throws IOException {
        ErrnoException first = null;
        int before = 0;
        while (!queue.isEmpty() && !closed) {
            final Messages messages = memory.outgoing();
            final int offered = queue.fill(messages);
            final int n;
            try {
                n = socket.sendmmsg(messages, 0, offered, MSG_DONTWAIT);
            } catch (final ErrnoException e) {
                // The error of a later one in the batch is lost by sendmmsg, and told when that is the first.
                if (first == null && mayBeEarlier(e.errno())) {
                    first = e;
                    before = reports(e.errno());
                    continue;
                }
                if (first != null && first.errno() != e.errno()) {
                    earlier(first, before);
                }
                first = null;
                final DatagramQueue.Place place = queue.poll();
                if (place != null) {
                    refused(e, place.destination(), place.completion);
                    memory.giveBack(place);
                }
                continue;
            } catch (final IllegalStateException e) {
                throw reason(e);
            }
            if (n < 0) {
                if (first != null) {
                    earlier(first, before);
                }
                return;
            }
            for (int i = 0; i < n; i++) {
                final DatagramQueue.Place place = queue.poll();
                sent(place.length, place.segment, place.completion);
                memory.giveBack(place);
            }
            if (first != null) {
                final ErrnoException told = first;
                first = null;
                earlier(told, before);
            }
        }
        if (drainDue && writable && !closed) {
            drainDue = false;
            if (onDrain != null) {
                onDrain.run();
            }
        }
    }

    /// Sets how much may be queued: what the datagrams have in bytes and 256 more for each.
    ///
    /// @param bytes more than 0; 256 KiB unless set. A single datagram is queued whatever its length
    /// @return this
    /// @throws IllegalArgumentException where it is not positive
    public Datagrams highWaterMark(final int bytes) {
        if (bytes <= 0) {
            throw new IllegalArgumentException("a high-water mark of " + bytes);
        }
        highWaterMark = bytes;
        return this;
    }

    /// How many bytes wait for the kernel to take them.
    ///
    /// @return at present
    public long bytesQueued() {
        return queue.bytes();
    }

    /// How many datagrams wait for the kernel to take them.
    ///
    /// @return at present; what was sent by one [#sendSegmented] counts as one
    public int datagramsQueued() {
        return queue.count();
    }

    // ---- whom it talks to

    /// `connect(2)`: chooses a peer, in the place of an earlier one. [#send(MemorySegment)] sends to it, and of what
    /// comes from now on only the peer's is received; what has been received before is still told. Its ICMP errors are
    /// told of by [#onError] from now on. What is queued for an earlier peer still goes there; over a UNIX socket,
    /// where nobody waits for any other than the peer, it is refused with `EAGAIN`. What is queued without an address,
    /// behind others, from when there was no peer, is refused with `EDESTADDRREQ`.
    ///
    /// @param peer the address
    /// @return this
    /// @throws IllegalStateException this is closed
    /// @throws IOException `ENETUNREACH`, `EACCES`, `ECONNREFUSED`, `ENOENT`: no such UNIX socket; …
    public Datagrams connect(final SockAddr peer) throws IOException {
        loop.requireThread();
        final SockAddr earlier = !queue.isEmpty() && isConnected() ? socket.remoteAddress() : null;
        final int result = socket.connect(peer);
        if (result < 0) {
            throw ErrnoException.of(-result, "connect", number, peer);
        }
        if (earlier != null && family != AF_UNIX) {
            queue.address(earlier);
        } else {
            final int errno = earlier != null ? EAGAIN : EDESTADDRREQ;
            for (DatagramQueue.Place place = queue.pollForPeer(); place != null; place = queue.pollForPeer()) {
                refused(ErrnoException.of(errno, "send", number, place.length), earlier, place.completion);
                memory.giveBack(place);
            }
        }
        return this;
    }

    /// `connect(fd, AF_UNSPEC)`: is without a peer again, or still.
    ///
    /// The own port stays. One that the kernel has chosen it gives up together with the peer: then it is bound again,
    /// and what comes in between does not arrive.
    ///
    /// @return this
    /// @throws IllegalStateException this is closed
    /// @throws IOException as `connect(2)` has it; `EADDRINUSE`: somebody else has taken the port in between
    public Datagrams disconnect() throws IOException {
        loop.requireThread();
        final SockAddr before = socket.localAddress();
        connect(SockAddr.unspec());
        if (before instanceof final SockAddr.Inet own && own.port() != 0
                && socket.localAddress() instanceof final SockAddr.Inet now && now.port() == 0) {
            socket.bind(now.withPort(own.port()));
        }
        return this;
    }

    /// `MCAST_JOIN_GROUP`: receives what is sent to a group.
    ///
    /// @param group the group, of the socket's family
    /// @param interfaceIndex where; 0 for the one that the routing table says
    /// @return this
    /// @throws IOException `EADDRINUSE`: joined before; `EINVAL`: no group; `ENODEV`: no such interface; `ENOBUFS`: too
    ///         many
    public Datagrams join(final InetAddress group, final int interfaceIndex) throws IOException {
        loop.requireThread();
        socket.setsockopt(SockOpt.MCAST_JOIN_GROUP, new Membership.GroupReq(interfaceIndex, group));
        return this;
    }

    /// `MCAST_JOIN_SOURCE_GROUP`: receives what one sender sends to a group; called again, what another does too.
    ///
    /// @param group as [#join(InetAddress, int)]
    /// @param interfaceIndex as there
    /// @param source the sender
    /// @return this
    /// @throws IOException `EADDRNOTAVAIL`: joined with this source before; `EINVAL`: joined without one; as there
    public Datagrams join(final InetAddress group, final int interfaceIndex, final InetAddress source)
            throws IOException {
        loop.requireThread();
        socket.setsockopt(SockOpt.MCAST_JOIN_SOURCE_GROUP,
                new Membership.GroupSourceReq(interfaceIndex, group, source));
        return this;
    }

    /// `MCAST_LEAVE_GROUP`: ends [#join(InetAddress, int)], or all of a group's [#join(InetAddress, int, InetAddress)].
    ///
    /// @param group as there
    /// @param interfaceIndex as there
    /// @return this
    /// @throws IOException `EADDRNOTAVAIL`: not joined
    public Datagrams leave(final InetAddress group, final int interfaceIndex) throws IOException {
        loop.requireThread();
        socket.setsockopt(SockOpt.MCAST_LEAVE_GROUP, new Membership.GroupReq(interfaceIndex, group));
        return this;
    }

    /// `MCAST_LEAVE_SOURCE_GROUP`: ends [#join(InetAddress, int, InetAddress)].
    ///
    /// @param group as there
    /// @param interfaceIndex as there
    /// @param source as there
    /// @return this
    /// @throws IOException `EADDRNOTAVAIL`, `EINVAL`: not joined
    public Datagrams leave(final InetAddress group, final int interfaceIndex, final InetAddress source)
            throws IOException {
        loop.requireThread();
        socket.setsockopt(SockOpt.MCAST_LEAVE_SOURCE_GROUP,
                new Membership.GroupSourceReq(interfaceIndex, group, source));
        return this;
    }

    /// `IP_MULTICAST_IF`, `IPV6_MULTICAST_IF`: by which interface leaves what is sent to groups.
    ///
    /// Of an IPv6 socket that serves IPv4 as well: to IPv6 groups. For others set [SockOpt#IP_MULTICAST_IF].
    ///
    /// @param interfaceIndex the interface; 0 for the one that the routing table says
    /// @return this
    /// @throws IOException `ENODEV`, `EADDRNOTAVAIL`: no such interface
    public Datagrams multicastInterface(final int interfaceIndex) throws IOException {
        loop.requireThread();
        if (family == AF_INET6) {
            socket.setsockopt(SockOpt.IPV6_MULTICAST_IF, interfaceIndex);
        } else {
            socket.setsockopt(SockOpt.IP_MULTICAST_IF, Membership.IpMreqn.of(ANY, interfaceIndex));
        }
        return this;
    }

    /// `IP_MULTICAST_TTL`, `IPV6_MULTICAST_HOPS`: how far what is sent to groups goes.
    ///
    /// Of an IPv6 socket that serves IPv4 as well: to IPv6 groups. For others set [SockOpt#IP_MULTICAST_TTL].
    ///
    /// @param hops 0 (this machine) to 255; 1 (this network) unless set, and again with -1
    /// @return this
    /// @throws IOException `EINVAL`: out of range
    public Datagrams multicastTtl(final int hops) throws IOException {
        loop.requireThread();
        socket.setsockopt(family == AF_INET6 ? SockOpt.IPV6_MULTICAST_HOPS : SockOpt.IP_MULTICAST_TTL, hops);
        return this;
    }

    /// `IP_MULTICAST_LOOP`, `IPV6_MULTICAST_LOOP`: whether this machine's members hear what is sent to groups.
    ///
    /// @param on whether; true unless set
    /// @return this
    /// @throws IOException as `setsockopt(2)` has it
    public Datagrams multicastLoop(final boolean on) throws IOException {
        loop.requireThread();
        socket.setsockopt(family == AF_INET6 ? SockOpt.IPV6_MULTICAST_LOOP : SockOpt.IP_MULTICAST_LOOP, on);
        return this;
    }

    /// `IP_TTL`, `IPV6_UNICAST_HOPS`: how far everything else goes.
    ///
    /// Of an IPv6 socket that serves IPv4 as well: what goes by IPv6. For the other set [SockOpt#IP_TTL].
    ///
    /// @param hops 1 to 255 (IPv6: from 0); as the system has it, mostly 64, unless set, and again with -1
    /// @return this
    /// @throws IOException `EINVAL`: out of range
    public Datagrams ttl(final int hops) throws IOException {
        loop.requireThread();
        socket.setsockopt(family == AF_INET6 ? SockOpt.IPV6_UNICAST_HOPS : SockOpt.IP_TTL, hops);
        return this;
    }

    /// `SO_BROADCAST`: whether datagrams may be sent to broadcast addresses; else they are refused with `EACCES`.
    ///
    /// @param on whether; false unless set
    /// @return this
    /// @throws IOException as `setsockopt(2)` has it
    public Datagrams broadcast(final boolean on) throws IOException {
        loop.requireThread();
        socket.setsockopt(SockOpt.SO_BROADCAST, on);
        return this;
    }

    // ---- the end

    /// Closes the descriptor now: what is queued is dropped, and its completions are told; what is unread is lost.
    @Override
    public void close() {
        destroy(null);
    }

    /// Closes it as [#close] does, for a reason.
    ///
    /// @param why what [#onClose] and the completions of what is queued are told; null for no reason
    public void destroy(final IOException why) {
        loop.requireThread();
        if (closed) {
            return;
        }
        closed = true;
        final Failures failures = new Failures();
        final IOException told = why != null ? why : new ClosedChannelException();
        for (DatagramQueue.Place place = queue.poll(); place != null; place = queue.poll()) {
            tell(place.completion, told);
            memory.giveBack(place);
        }
        if (rest != null && !telling) {
            failures.attempt(rest::close);
            rest = null;
        }
        failures.attempt(this::giveUp);
        failures.attempt(socket::leave);
        failures.attempt(socket::close);
        over(failures.addTo(why));
    }

    // ---- what it is

    /// `getpeername(2)`.
    ///
    /// @return the peer's address
    /// @throws IOException `ENOTCONN`: there is none
    public SockAddr remoteAddress() throws IOException {
        return socket.remoteAddress();
    }

    /// The socket's number, and what is queued.
    @Override
    public String toString() {
        return "datagrams over " + socket + (closed ? ", closed" : "")
                + (queue.isEmpty() ? "" : ", " + queue.bytes() + " bytes queued");
    }
}
