package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.Fd;
import io.github.fdsock.Message;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.option.Linger;
import io.github.fdsock.option.SockOpt;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Objects;

/// A connection whose bytes come to a handler and are queued where the peer does not take them: TCP, UNIX and vsock
/// alike, and packets, one by one, where the socket is of type `SOCK_SEQPACKET`; and [what else][EventLoop#adopt(Fd)]
/// bytes are read from and written to.
///
/// ```java
/// loop.listen(SockAddr.inet("127.0.0.1", 7000), stream -> stream.onData(stream::write));
/// ```
///
/// **Reading** begins by itself and never waits for anything but [#pause]. The end of the peer's data is told by
/// [#onEnd]; whoever has no such handler answers it with its own [#end]. When both directions have ended the stream is
/// closed.
///
/// **Writing** sends at once what the kernel takes, and copies and queues the rest: the caller's memory is free when
/// the call returns, and the order is kept. [#write] says whether the queue is short enough to go on; otherwise
/// [#onDrain] tells when it is empty.
///
/// **Four ways to end it.** [#end] ends the own direction behind what is queued, and reads on. [#close] does the same
/// and throws away what still comes. [#destroy] closes the descriptor now, with what is queued. [#reset] does that by a
/// RST. Whichever, and whatever fails: [#onClose] is told exactly once, after everything else, in the last phase of the
/// turn, with the reason where there was one.
///
/// **A failed write** is the end of both directions: what the peer had sent before is still told, unless the stream is
/// paused, and then it is destroyed.
///
/// **A handler** may do anything to any stream, its own included. An `IOException` that it throws destroys this stream
/// with it; any other exception is a bug, and ends [EventLoop#run].
///
/// Used on the loop's thread only. It owns its descriptor.
public final class Stream extends Connection {
    /// Is given what was read.
    @FunctionalInterface
    public interface DataHandler {
        /// Handles some bytes, or one packet.
        ///
        /// @param data what was read, in the loop's own buffer: to be used or copied before this returns
        /// @throws IOException destroys the stream with it
        void data(MemorySegment data) throws IOException;
    }

    /// Is given what was read, with the descriptors that came in the same read.
    @FunctionalInterface
    public interface MessageHandler {
        /// Handles some bytes, or one packet.
        ///
        /// @param data what was read, in the loop's own buffer: to be used or copied before this returns
        /// @param message has the descriptors, often none; those not [taken][Message#takeFd] are closed when this
        ///         returns
        /// @throws IOException destroys the stream with it
        void received(MemorySegment data, Message message) throws IOException;
    }

    /// Is told that a write is over.
    @FunctionalInterface
    public interface Completion {
        /// Called once, in the last phase of a turn, never within the write itself.
        ///
        /// @param failure null where the kernel has taken all the bytes, which does not mean that the peer has them;
        ///        else why it has not
        void done(IOException failure);
    }

    private Stream(final EventLoop loop, final Fd fd, final Kind kind) {
        super(loop, fd, kind);
    }

    static Stream connect(final EventLoop loop, final SockAddr address) throws IOException {
        loop.requireThread();
        loop.requireOpen();
        final SocketFd socket = SocketFd.socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK, 0);
        try {
            return new Stream(loop, socket, Kind.of(address)).connect(address);
        } catch (final RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /// By a socket that somebody else knows.
    static Stream connect(final EventLoop loop, final SocketFd socket, final SockAddr address) throws IOException {
        loop.requireThread();
        loop.requireOpen();
        if (address.family() == AF_UNSPEC) {
            throw new IllegalArgumentException("connect(2) to " + address + " ends a connection and makes none");
        }
        final Kind kind = kindOfKnown(socket);
        socket.nonBlocking(true);
        final Stream stream = new Stream(loop, socket, kind);
        stream.socketKnown = true;
        return stream.connect(address);
    }

    private Stream connect(final SockAddr address) throws IOException {
        connecting = true;
        try {
            final int result = ownSocket().connect(address);
            if (result == -EAGAIN) {
                throw ErrnoException.of(EAGAIN, "connect", number, address);
            }
            register();
        } catch (final IOException e) {
            destroy(e);
        } catch (final RuntimeException e) {
            leave();
            throw e;
        }
        return this;
    }

    /// A socket that somebody else knows.
    static Stream adopt(final EventLoop loop, final SocketFd socket) throws IOException {
        final Stream stream = adopt(loop, socket, kindOfKnown(socket));
        stream.socketKnown = true;
        return stream;
    }

    private static Kind kindOfKnown(final SocketFd socket) throws IOException {
        final int type = socket.getsockopt(SockOpt.SO_TYPE);
        if (type == SOCK_DGRAM || type == SOCK_RAW) {
            throw new IllegalArgumentException(socket + " is of type " + type + ", for datagrams");
        }
        return type == SOCK_SEQPACKET ? Kind.PACKETS : Kind.OTHER;
    }

    static Stream adopt(final EventLoop loop, final SocketFd socket, final Kind kind) throws IOException {
        loop.requireThread();
        loop.requireOpen();
        socket.nonBlocking(true);
        final boolean isConnecting = isConnecting(socket);
        final Stream stream = new Stream(loop, socket, kind);
        stream.connecting = isConnecting;
        stream.registerOrLeave();
        return stream;
    }

    /// What is no socket, unless it is one.
    static Stream adopt(final EventLoop loop, final Fd fd) throws IOException {
        if (fd instanceof final SocketFd socket) {
            return adopt(loop, socket);
        }
        loop.requireThread();
        loop.requireOpen();
        fd.nonBlocking(true);
        final int flags = fd.fcntl(F_GETFL, 0);
        if (flags < 0) {
            throw ErrnoException.of(-flags, "fcntl", fd, "F_GETFL");
        }
        final int access = flags & O_ACCMODE;
        final Stream stream = new Stream(loop, fd, Kind.FILE);
        stream.readEnded = access == O_WRONLY;
        stream.writeEnded = access == O_RDONLY;
        stream.ending = stream.writeEnded;
        stream.registerOrLeave();
        return stream;
    }

    /// A connection that was accepted, and is not blocking.
    static Stream accepted(final EventLoop loop, final SocketFd socket, final Kind kind, final Listener listener)
            throws IOException {
        final Stream stream = new Stream(loop, socket, kind);
        stream.registerOrLeave();
        stream.listener = listener;
        return stream;
    }

    /// On its way it has no peer yet, and is not writable, which one that has failed is.
    private static boolean isConnecting(final SocketFd socket) throws IOException {
        try {
            socket.remoteAddress();
            return false;
        } catch (final ErrnoException e) {
            if (e.errno() != ENOTCONN) {
                throw e;
            }
            return socket.await(POLLOUT, 0) == 0;
        }
    }

    // ---- handlers

    /// Who is given what is read. Without one it is thrown away.
    ///
    /// @param handler for each read; null for none
    /// @return this
    public Stream onData(final DataHandler handler) {
        onData = handler;
        return this;
    }

    /// Who is given what is read, with the descriptors that came in the same read (`SCM_RIGHTS`), in the place of
    /// [#onData].
    ///
    /// Only with this one descriptors are received. Without it the kernel throws them away; and from the second read on
    /// a peer who sends some is refused (`EPERM`), by [`SO_PASSRIGHTS`][SockOpt#SO_PASSRIGHTS], where the loop has
    /// accepted or connected the stream (Linux 6.16).
    ///
    /// @param handler for each read; null for none
    /// @return this
    /// @throws UnsupportedOperationException it is over [no socket][EventLoop#adopt(Fd)]
    public Stream onMessage(final MessageHandler handler) {
        if (handler != null) {
            // Nothing else brings any, and is refused here.
            ownSocket();
            takeDescriptors();
        }
        onMessage = handler;
        return this;
    }

    /// Who is told that the connection is there, where it was not yet when the stream was made: by
    /// [EventLoop#connect(SockAddr)], say.
    ///
    /// @param handler once, before anything is read; null for none
    /// @return this
    public Stream onConnect(final Action handler) {
        onConnect = handler;
        return this;
    }

    /// Who is told that the peer's data has ended (its FIN has come), and decides about the own direction: it stays
    /// open until [#end] or [#close]. Without one the stream ends it by itself.
    ///
    /// @param handler once, after the last data; null for none
    /// @return this
    public Stream onEnd(final Action handler) {
        onEnd = handler;
        return this;
    }

    /// Who is told that everything has been taken by the kernel, after [#write] has asked to wait.
    ///
    /// @param handler each time; null for none
    /// @return this
    public Stream onDrain(final Action handler) {
        onDrain = handler;
        return this;
    }

    /// Who is told that it is over.
    ///
    /// @param handler once; null for none
    /// @return this
    public Stream onClose(final CloseHandler handler) {
        onClose = handler;
        return this;
    }

    /// Who is told that nothing was read or taken by the kernel for a while: once for each such time. Nothing is
    /// closed.
    ///
    /// @param time how long; zero for never
    /// @param handler each time; null for none
    /// @return this
    public Stream onTimeout(final Duration time, final Action handler) {
        requireThread();
        timeoutNanos = Timer.nanos(time);
        onTimeout = handler;
        if (closed || discarding) {
            return this;
        }
        if (timer != null) {
            timer.cancel();
        }
        if (timeoutNanos > 0) {
            lastActivity = System.nanoTime();
            startTimer(timeoutNanos);
        }
        return this;
    }

    // ---- reading

    /// Reads no more until [#resume]; within a handler no further data comes behind the one that is being handled.
    ///
    /// That the peer has closed is noticed when reading goes on.
    ///
    /// @return this
    public Stream pause() {
        requireThread();
        if (!discarding) {
            paused = true;
            updateInterest();
        }
        return this;
    }

    /// Reads again.
    ///
    /// @return this
    public Stream resume() {
        requireThread();
        paused = false;
        updateInterest();
        return this;
    }

    // ---- writing

    /// Sends bytes, or queues what is not taken at once.
    ///
    /// @param data the bytes, or a packet; of any kind of memory; free when this returns
    /// @return whether to go on: false where the queue has reached the [high-water mark][#highWaterMark(int)], until
    ///         [#onDrain]; and where the stream is closed, or a write has failed, of which [#onClose] tells
    /// @throws IllegalStateException after [#end] or [#close]; its memory is closed
    public boolean write(final MemorySegment data) {
        return write(data, (Completion) null);
    }

    /// Sends bytes, or queues what is not taken at once.
    ///
    /// @param data as [#write(MemorySegment)]
    /// @param completion is told when all of it has been taken, or why not; null where nobody asks
    /// @return as [#write(MemorySegment)]
    /// @throws IllegalStateException after [#end] or [#close]
    public boolean write(final MemorySegment data, final Completion completion) {
        if (!mayWrite(completion)) {
            return false;
        }
        final long size = data.byteSize();
        final long n = isIdle() ? send(data, size) : -EAGAIN;
        if (n == size) {
            tell(completion, null);
            return true;
        }
        if (n < 0 && n != -EAGAIN) {
            writeFailed(ErrnoException.of((int) -n, call("send", "write"), number, size), completion);
            return false;
        }
        outbox().add(data, Math.max(n, 0), null, completion);
        return queued();
    }

    /// How much of it the kernel has taken, or `-errno`.
    private long send(final MemorySegment data, final long size) {
        final long n = size == 0 && !packets() ? 0
                : data.isNative() ? StreamMemory.send(this, data, size)
                : memory.sendFromHeap(this, data);
        written(n);
        return n;
    }

    /// Sends what the kernel takes now, and queues nothing: the rest stays the caller's to send.
    ///
    /// @param data as [#write(MemorySegment)]
    /// @return how many bytes were taken, of a packet all or none; `-EAGAIN` for none, also where something is queued or
    ///         the connection is not there yet. Where it is not all, [#onDrain] tells when to try again
    /// @throws IllegalStateException after [#end] or [#close]
    /// @throws IOException the write has failed, or the stream is closed; [#onClose] tells of it as well
    public long tryWrite(final MemorySegment data) throws IOException {
        if (!mayWrite(null)) {
            throw reason();
        }
        final long size = data.byteSize();
        final long n = isIdle() ? send(data, size) : -EAGAIN;
        if (n < 0 && n != -EAGAIN) {
            final ErrnoException failure = ErrnoException.of((int) -n, call("send", "write"), number, size);
            writeFailed(failure, null);
            throw failure;
        }
        return tried(n, size);
    }

    private long tried(final long n, final long size) {
        if (n < size) {
            drainDue = true;
            updateInterest();
        }
        return n;
    }

    /// Sends what the kernel takes now, with descriptors (`SCM_RIGHTS`), which leave with the first byte, and queues
    /// nothing.
    ///
    /// @param data as [#write(MemorySegment)]; at least one byte
    /// @param descriptors 1 to 253 of them; they stay the caller's, who may close them as soon as they have left
    /// @return as [#tryWrite(MemorySegment)]: where it is positive they have left, and what is left of the data is sent
    ///         without them
    /// @throws IllegalArgumentException as [#write(MemorySegment, Fd...)]
    /// @throws UnsupportedOperationException as [#write(MemorySegment, Fd...)]
    /// @throws IllegalStateException after [#end] or [#close], or one of them is closed
    /// @throws IOException as [#tryWrite(MemorySegment)], and as `getsockopt(2)` has it
    public long tryWrite(final MemorySegment data, final Fd... descriptors) throws IOException {
        if (descriptors.length == 0) {
            return tryWrite(data);
        }
        requirePassable(data, descriptors);
        Outbox.requireReadable(data);
        if (!mayWrite(null)) {
            throw reason();
        }
        final long size = data.byteSize();
        if (!isIdle()) {
            return tried(-EAGAIN, size);
        }
        final Message message = memory.sent();
        try (Arena arena = Arena.ofConfined()) {
            message.buffers().add(data.isNative() ? data : arena.allocate(size).copyFrom(data));
            for (final Fd fd : descriptors) {
                message.lendFd(fd);
            }
            final long n = ownSocket().sendmsg(message, MSG_DONTWAIT);
            written(n);
            return tried(n, size);
        } catch (final IOException e) {
            writeFailed(e, null);
            throw e;
        } finally {
            message.clear();
        }
    }

    /// Sends text in UTF-8.
    ///
    /// @param text the text
    /// @return as [#write(MemorySegment)]
    /// @throws IllegalStateException after [#end] or [#close]
    public boolean write(final String text) {
        return write(MemorySegment.ofArray(text.getBytes(StandardCharsets.UTF_8)));
    }

    /// Sends bytes with descriptors (`SCM_RIGHTS`), which leave with the first of them.
    ///
    /// @param data as [#write(MemorySegment)]; at least one byte
    /// @param descriptors 1 to 253 of them, which belong to the stream from now on: it closes them when they have left,
    ///        or when they never will
    /// @return as [#write(MemorySegment)]
    /// @throws IllegalArgumentException no byte, or too many descriptors; they stay the caller's
    /// @throws UnsupportedOperationException not a UNIX socket; they stay the caller's
    /// @throws IllegalStateException after [#end] or [#close], or one of them is closed; they stay the caller's
    /// @throws IOException as `getsockopt(2)` has it, asked for the kind of socket; they stay the caller's
    public boolean write(final MemorySegment data, final Fd... descriptors) throws IOException {
        return write(data, null, descriptors);
    }

    /// Sends bytes with descriptors (`SCM_RIGHTS`), which leave with the first of them.
    ///
    /// @param data as [#write(MemorySegment, Fd...)]
    /// @param completion is told when all of it has been taken, or why not; null where nobody asks
    /// @param descriptors as there
    /// @return as [#write(MemorySegment)]
    /// @throws IllegalArgumentException as there
    /// @throws UnsupportedOperationException as there
    /// @throws IllegalStateException as there
    /// @throws IOException as there
    public boolean write(final MemorySegment data, final Completion completion, final Fd... descriptors)
            throws IOException {
        if (descriptors.length == 0) {
            return write(data, completion);
        }
        requirePassable(data, descriptors);
        if (!mayWrite(completion)) {
            Outbox.close(descriptors);
            return false;
        }
        final boolean wasIdle = isIdle();
        outbox().add(data, 0, descriptors.clone(), completion);
        return queued(wasIdle);
    }

    private void requirePassable(final MemorySegment data, final Fd... descriptors) throws IOException {
        if (data.byteSize() == 0) {
            throw new IllegalArgumentException(descriptors.length + " descriptors and no byte for them to go with");
        }
        if (descriptors.length > SCM_MAX_FD) {
            throw new IllegalArgumentException(descriptors.length + " descriptors; " + SCM_MAX_FD + " is the most");
        }
        for (final Fd fd : descriptors) {
            fd.intValue();
        }
        if (!closed && ownSocket().getsockopt(SockOpt.SO_DOMAIN) != AF_UNIX) {
            throw new UnsupportedOperationException(fd + " is not a UNIX socket and cannot carry descriptors");
        }
    }

    /// Sends several pieces one behind the other, as one packet where there are packets: in one call, where nothing is
    /// queued and the pieces lie in native memory.
    ///
    /// @param data the pieces, of any kind of memory
    /// @return as [#write(MemorySegment)]
    /// @throws IllegalStateException after [#end] or [#close]; the memory of one is closed, and none is sent
    public boolean writev(final MemorySegment... data) {
        if (packets() || data.length == 0) {
            return write(joined(data));
        }
        if (!mayWrite(null)) {
            return false;
        }
        for (final MemorySegment piece : data) {
            Outbox.requireReadable(piece);
        }
        long sent = 0;
        boolean untried = isIdle();
        if (untried && data.length <= StreamMemory.PIECES_PER_CALL && allNative(data)) {
            memory.gather.clear();
            for (final MemorySegment piece : data) {
                memory.gather.add(piece);
            }
            sent = memory.sendGathered(this);
            untried = false;
            if (sent < 0 && sent != -EAGAIN) {
                writeFailed(ErrnoException.of((int) -sent, call("sendmsg", "writev"), number), null);
                return false;
            }
            written(sent);
            sent = Math.max(sent, 0);
        }
        for (final MemorySegment piece : data) {
            final long skipped = Math.min(sent, piece.byteSize());
            sent -= skipped;
            if (skipped < piece.byteSize()) {
                outbox().add(piece, skipped, null, null);
            }
        }
        return queued(untried);
    }

    private static MemorySegment joined(final MemorySegment... pieces) {
        long size = 0;
        for (final MemorySegment piece : pieces) {
            size += piece.byteSize();
        }
        final MemorySegment all = MemorySegment.ofArray(new byte[Math.toIntExact(size)]);
        long at = 0;
        for (final MemorySegment piece : pieces) {
            MemorySegment.copy(piece, 0, all, at, piece.byteSize());
            at += piece.byteSize();
        }
        return all;
    }

    private static boolean allNative(final MemorySegment... pieces) {
        for (final MemorySegment piece : pieces) {
            if (!piece.isNative()) {
                return false;
            }
        }
        return true;
    }

    /// `sendfile(2)`: sends a part of a file, behind what is queued, without its bytes passing through this process.
    ///
    /// @param file what is sent, of a kind that `mmap(2)` takes; it belongs to the stream from now on, which closes it
    ///        when the part has been sent, or never will be. Its own position does not move
    /// @param position where the part begins, in bytes
    /// @param count its length
    /// @param completion is told when all of it has been taken, or why not: a file that is shorter destroys the stream,
    ///        of whose bytes the peer would not know which are missing, and so does `EINVAL`, where they are to go to a
    ///        file that was opened with `O_APPEND`; null where nobody asks
    /// @return as [#write(MemorySegment)]
    /// @throws IndexOutOfBoundsException where one of the numbers is negative; the file stays the caller's
    /// @throws UnsupportedOperationException where packets are sent; the file stays the caller's
    /// @throws IllegalStateException after [#end] or [#close]; the file stays the caller's
    /// @throws IOException the file, when it is closed at once since the stream was closed before
    public boolean sendFile(final Fd file, final long position, final long count, final Completion completion)
            throws IOException {
        Objects.requireNonNull(file, "file");
        if (position < 0 || count < 0 || position > Long.MAX_VALUE - count) {
            throw new IndexOutOfBoundsException(count + " bytes from " + position + " on");
        }
        if (packets()) {
            throw new UnsupportedOperationException("a file is not sent by packets");
        }
        if (!mayWrite(completion)) {
            file.close();
            return false;
        }
        final boolean wasIdle = isIdle();
        outbox().add(file, position, count, completion);
        return queued(wasIdle);
    }

    // ---- the end

    /// `shutdown(SHUT_WR)` behind what is queued: the peer reads everything, and then the end. Reading goes on; when
    /// the peer has ended too, the stream is closed. Later calls do nothing.
    public void end() {
        finish();
    }

    /// [#write(MemorySegment)] and [#end].
    ///
    /// @param data the last bytes
    /// @throws IllegalStateException after [#end] or [#close]
    public void end(final MemorySegment data) {
        write(data);
        end();
    }

    /// Ends it in good order: everything queued is sent, then the end; what the peer still sends is read and thrown
    /// away, since a TCP connection that is closed with something unread in it is reset, and the reset may overtake the
    /// last bytes. It is over when the peer ends too, or has not for five seconds, or takes nothing for so long.
    ///
    /// No handler is told any more but [Completion]s and [#onClose].
    @Override
    public void close() {
        close(null);
    }

    /// Closes the descriptor now: what is queued is dropped, what is unread is lost.
    public void destroy() {
        destroy(null);
    }

    /// Closes the descriptor now: what is queued is dropped, what is unread is lost. A time to linger (`SO_LINGER`) is
    /// not waited for, since the loop would wait.
    ///
    /// @param why what [#onClose] and the pending [Completion]s are told; null for no reason
    public void destroy(final IOException why) {
        abandon(why);
    }

    /// Closes a TCP connection by a reset (RST) instead of an end: the peer's next call says `ECONNRESET`. What is
    /// queued, here and in the kernel, is dropped. On other sockets it is [#destroy].
    public void reset() {
        reset(null);
    }

    void reset(final IOException why) {
        requireThread();
        if (closed) {
            return;
        }
        try {
            if (!isFile()) {
                ownSocket().setsockopt(SockOpt.SO_LINGER, Linger.RESET);
            }
            destroy(why);
        } catch (final IOException | IllegalStateException e) {
            destroy(why == null ? reason(e) : why);
        }
    }

    // ---- from one to another

    /// Passes on everything that is read to another stream, at its pace: where that one's queue is full this one is not
    /// read from. The end is passed on as [#end]. Where this one is destroyed before that, the target is
    /// [reset][#reset]; where the target ends before that, this one is [closed][#close], after what it has to send
    /// itself.
    ///
    /// Takes the place of [#onData], [#onMessage] and [#onEnd] here, and of [#onDrain] there, and reads again where it
    /// was paused; a [#pause] from then on holds it up until [#resume]. For both directions it is called on both.
    /// Descriptors are not passed on.
    ///
    /// @param target another stream of the same loop, or this one
    /// @throws IllegalArgumentException the target belongs to another loop
    /// @throws IllegalStateException this one is passed on already, or something else to the target; one of them is
    ///         being moved
    /// @throws IOException as `close(2)` has it, of a stream that ends by this
    public void pipeTo(final Stream target) throws IOException {
        pipeTo(target, false);
    }

    /// [#pipeTo] by `splice(2)`: the bytes go from socket to socket through a pipe of the kernel's, and not through
    /// this process. For each direction that takes two descriptors, until its end.
    ///
    /// Where the kernel refuses (`EINVAL`), there is no descriptor for the pipe, or packets are sent, it is [#pipeTo]; and
    /// from urgent data on, past which TCP does not splice.
    /// There is no `MSG_NOSIGNAL` for it: a peer that is gone raises SIGPIPE, which the JVM ignores.
    ///
    /// @param target as [#pipeTo]
    /// @throws IllegalArgumentException as [#pipeTo]
    /// @throws IllegalStateException as [#pipeTo]
    /// @throws IOException as [#pipeTo]; `EFAULT` and the like, of `pipe2(2)`
    public void spliceTo(final Stream target) throws IOException {
        pipeTo(target, !packets() && !target.packets());
    }

    private void pipeTo(final Stream target, final boolean byKernel) throws IOException {
        requireThread();
        if (target.loop != loop) {
            throw new IllegalArgumentException("the streams belong to different loops");
        }
        if (move != null || target.move != null) {
            throw new IllegalStateException((move != null ? this : target) + " is being moved to another loop");
        }
        if (pipeOut != null || target.pipeIn != null) {
            throw new IllegalStateException((pipeOut != null ? this + " is passed on" : target + " is written to")
                    + " by another pipe");
        }
        Pipe.connect(this, target, byKernel);
    }

    /// Moves it to another loop, with its handlers, what it has queued and what is unread, at the end of this turn:
    /// from now on nothing is read here, and what is told here is told before. Then the other loop's thread alone may
    /// use it.
    ///
    /// Where the other loop is closed the stream is destroyed, and [#onClose] told: here where it was closed before,
    /// there where it is in the meantime. Where the stream is closed before it leaves, it stays.
    ///
    /// @param other another loop
    /// @param handler is told by the other loop's thread when it is there, before anything else; not after [#close]
    /// @throws IllegalStateException it is part of a pipe, or on its way already
    public void moveTo(final EventLoop other, final Listener.ConnectionHandler handler) {
        Objects.requireNonNull(other, "other");
        Objects.requireNonNull(handler, "handler");
        requireThread();
        if (closed) {
            return;
        }
        if (pipeOut != null || pipeIn != null) {
            throw new IllegalStateException(this + " is part of a pipe");
        }
        if (move != null) {
            throw new IllegalStateException(this + " is moved already");
        }
        try {
            suspend();
            move = new Move(other, handler, false);
            loop.ending(this::depart);
        } catch (final IOException | IllegalStateException e) {
            destroy(reason(e));
        }
    }

    // ---- what it is

    /// `getpeername(2)`.
    ///
    /// @return the peer's address
    /// @throws UnsupportedOperationException it is over [no socket][EventLoop#adopt(Fd)]
    /// @throws IOException `ENOTCONN`: the peer is gone
    public SockAddr remoteAddress() throws IOException {
        return ownSocket().remoteAddress();
    }

    /// `TCP_NODELAY`: whether small writes leave at once instead of waiting for the acknowledgement of earlier ones.
    ///
    /// @param on whether
    /// @return this
    /// @throws UnsupportedOperationException it is over [no socket][EventLoop#adopt(Fd)]
    /// @throws IOException as `setsockopt(2)` has it: `EOPNOTSUPP` where it is not TCP
    public Stream noDelay(final boolean on) throws IOException {
        ownSocket().setsockopt(SockOpt.TCP_NODELAY, on);
        return this;
    }

    /// `SO_KEEPALIVE` and `TCP_KEEPIDLE`: whether the kernel finds out by itself that a silent peer is gone.
    ///
    /// @param on whether
    /// @param idle after so much silence it begins to ask, at least a second; null for the system's two hours
    /// @return this
    /// @throws UnsupportedOperationException it is over [no socket][EventLoop#adopt(Fd)]
    /// @throws IOException as `setsockopt(2)` has it
    public Stream keepAlive(final boolean on, final Duration idle) throws IOException {
        ownSocket().setsockopt(SockOpt.SO_KEEPALIVE, on);
        if (on && idle != null) {
            ownSocket().setsockopt(SockOpt.TCP_KEEPIDLE, seconds(idle));
        }
        return this;
    }

    /// `SO_KEEPALIVE` with `TCP_KEEPIDLE`, `TCP_KEEPINTVL` and `TCP_KEEPCNT`: lets the kernel find out by itself, after
    /// a time that is known, that a silent peer is gone. Then the connection fails with `ETIMEDOUT`.
    ///
    /// @param idle after so much silence it begins to ask, in whole seconds of 1 to 32,767
    /// @param interval from one question to the next, as that
    /// @param probes so many questions without an answer, 1 to 127, and the peer is gone
    /// @return this
    /// @throws UnsupportedOperationException it is over [no socket][EventLoop#adopt(Fd)]
    /// @throws IOException as `setsockopt(2)` has it: `EINVAL`: out of range; `EOPNOTSUPP`: it is not TCP
    public Stream keepAlive(final Duration idle, final Duration interval, final int probes) throws IOException {
        ownSocket().setsockopt(SockOpt.TCP_KEEPIDLE, seconds(idle));
        ownSocket().setsockopt(SockOpt.TCP_KEEPINTVL, seconds(interval));
        ownSocket().setsockopt(SockOpt.TCP_KEEPCNT, probes);
        ownSocket().setsockopt(SockOpt.SO_KEEPALIVE, true);
        return this;
    }

    /// What is too long for the kernel stays so.
    private static int seconds(final Duration time) {
        return Math.clamp(time.toSeconds(), Integer.MIN_VALUE, Integer.MAX_VALUE);
    }

    /// `IP_TOS`, `IPV6_TCLASS`: marks what is sent for those on its way who treat some of it better (DSCP, the upper six
    /// bits of eight).
    ///
    /// @param bits 0 to 255; of TCP the lowest two are the kernel's (ECN), whatever is asked for
    /// @return this
    /// @throws IllegalArgumentException out of range, of which IPv4 would take the lowest eight bits
    /// @throws UnsupportedOperationException it is over [no socket][EventLoop#adopt(Fd)]
    /// @throws IOException as `setsockopt(2)` has it: `EOPNOTSUPP`: neither IPv4 nor IPv6
    public Stream typeOfService(final int bits) throws IOException {
        if (bits < 0 || bits > 0xff) {
            throw new IllegalArgumentException("a type of service of " + bits);
        }
        // A connection over IPv4 by a socket of IPv6 heeds the one of IPv4.
        if (ownSocket().getsockopt(SockOpt.SO_DOMAIN) == AF_INET6) {
            ownSocket().setsockopt(SockOpt.IPV6_TCLASS, bits);
        }
        ownSocket().setsockopt(SockOpt.IP_TOS, bits);
        return this;
    }

    /// Sets how much may be queued before [#write] asks to wait.
    ///
    /// @param bytes more than 0; 64 KiB unless set
    /// @return this
    /// @throws IllegalArgumentException where it is not positive
    public Stream highWaterMark(final int bytes) {
        if (bytes <= 0) {
            throw new IllegalArgumentException("a high-water mark of " + bytes);
        }
        highWaterMark = bytes;
        return this;
    }

    /// How many bytes were read.
    ///
    /// @return since the beginning
    public long bytesRead() {
        return bytesRead;
    }

    /// How many bytes the kernel has taken.
    ///
    /// @return since the beginning
    public long bytesWritten() {
        return bytesWritten;
    }

    /// How many bytes wait for the kernel to take them.
    ///
    /// @return at present
    public long bytesQueued() {
        return waiting();
    }

    /// Whether it is still on its way to its peer.
    ///
    /// @return true until [#onConnect] is told, or it is closed
    public boolean isConnecting() {
        return connecting && !closed;
    }

    /// Whether more may be read.
    ///
    /// @return false when the peer's end was read, and when it is closed
    public boolean isReadable() {
        return !connecting && !readEnded && !closed;
    }

    /// Whether [#write] is of use.
    ///
    /// @return false after [#end], after a failed write, and when it is closed
    public boolean isWritable() {
        return !ending && !closed && !writeFailed;
    }

    /// The socket's number, and what is queued.
    @Override
    public String toString() {
        return "stream over " + fd + (closed ? ", closed" : connecting ? ", connecting" : "")
                + (bytesQueued() > 0 ? ", " + bytesQueued() + " bytes queued" : "");
    }
}
