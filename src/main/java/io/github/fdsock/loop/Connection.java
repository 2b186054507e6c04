package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.Fd;
import io.github.fdsock.Message;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.option.Linger;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.sys.Interposer;
import io.github.fdsock.sys.Libc;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.RejectedExecutionException;

/// The inside of a [Stream]: what it is waiting for, and what it does when the loop, a pipe or its own face calls.
///
/// One object with that, since there are many thousands of them.
abstract sealed class Connection extends Handle permits Stream {
    /// Above this [Stream#write] asks to wait: what a socket takes at first is of this size.
    private static final int HIGH_WATER_MARK = 64 * 1024;

    /// Of one stream in one turn, 512 KiB: enough that the turn's own cost does not show, and some 0.1 ms, which others
    /// can wait.
    private static final int READS_PER_TURN = 8;

    /// After a failed write everything that had arrived before is told: at most what the largest receive buffer holds.
    private static final int LAST_READS = 128;

    /// So long a closed stream waits for the peer's end, reading what still comes.
    private static final long LINGER_NANOS = 5_000_000_000L;

    /// With `EPOLLET` the kernel tells of each arrival once, and does not look a second time in the next wait, which is
    /// some percent of a round trip over UNIX sockets. So whoever stops reading has to know that nothing is left. A
    /// read that leaves room in its buffer says so, as `epoll(7)` has it, unless an end or urgent data has stopped it,
    /// of which the two others tell.
    private static final int EDGES = EPOLLIN | EPOLLRDHUP | EPOLLPRI | EPOLLET;

    /// What is known of a socket that the loop has made or accepted; of others anything may have been asked for.
    enum Kind {
        /// A read that leaves room in its buffer has taken all there was.
        TCP,

        /// The same, where no descriptors may be sent to it, and it receives no senders: a read ends behind the former,
        /// and where another sender's bytes begin.
        UNIX,

        /// Packets, one a read.
        PACKETS,

        /// Its reads may end early: before a control record of kernel TLS, …
        OTHER,

        /// No socket, but something to `read(2)` from and `write(2)` to.
        FILE;

        /// Of a new stream socket for that address.
        static Kind of(final SockAddr address) {
            return address instanceof SockAddr.Inet ? TCP : address.family() == AF_UNIX ? UNIX : OTHER;
        }

        /// Of one that exists, or of the connections of one that listens.
        static Kind of(final SocketFd socket) throws IOException {
            if (socket.getsockopt(SockOpt.SO_TYPE) == SOCK_SEQPACKET) {
                return PACKETS;
            }
            if (socket.getsockopt(SockOpt.SO_PROTOCOL) == IPPROTO_TCP) {
                return TCP;
            }
            return socket.getsockopt(SockOpt.SO_DOMAIN) == AF_UNIX ? UNIX : OTHER;
        }
    }

    /// To another loop, and who is told there.
    ///
    /// @param due it would have left, but for what is still to be told here: what is written from now on goes with it,
    ///        lest that last for ever
    record Move(EventLoop to, Listener.ConnectionHandler handler, boolean due) {
    }

    StreamMemory memory;

    /// Of the descriptor, entered until the stream is closed: nobody else can free it meanwhile.
    final int number;

    Stream.DataHandler onData;
    Stream.MessageHandler onMessage;
    Action onConnect;
    Action onEnd;
    Action onDrain;
    Action onTimeout;

    /// Made when it is needed first.
    Outbox outbox;

    /// That counts it; null where it was not accepted.
    Listener listener;

    /// For the idle timeout, or the time to linger.
    Timer timer;
    long timeoutNanos;
    long lastActivity;

    long bytesRead;
    long bytesWritten;
    int highWaterMark = HIGH_WATER_MARK;

    private Kind kind;
    boolean connecting;
    boolean paused;

    /// Whether [#EDGES] are waited for.
    private boolean edges;

    /// Whether the peer is refused who sends descriptors to a UNIX socket, and how many bytes have been read when all
    /// those have that were sent before.
    private boolean refuses;
    private long edgesFrom;

    /// Something may be unread that no edge will tell of.
    private boolean unread;

    /// The peer's data has ended.
    boolean readEnded;

    /// Nothing more may be written; the end comes behind the queue.
    boolean ending;

    /// The own end was sent.
    boolean writeEnded;

    /// [Stream#close] was called: what comes is thrown away.
    boolean discarding;

    /// Whoever writes was told to wait.
    boolean drainDue;

    /// Nothing more can be sent.
    boolean writeFailed;

    /// Events are being handled: what is waited for is changed afterwards, once.
    boolean busy;

    /// Why it is closed, or will be.
    IOException cause;

    /// How many of its actions wait for the end of the turn: its close is told after them, and it is moved after them.
    int pending;

    /// What passes on what is read here; and what brings what is written here. Null for none.
    Pipe pipeOut;
    Pipe pipeIn;

    /// Null where it stays.
    Move move;

    /// Has left, and not arrived.
    boolean away;

    Connection(final EventLoop loop, final Fd fd, final Kind kind) {
        super(loop, fd);
        this.memory = loop.streamMemory();
        this.kind = kind;
        edges = kind == Kind.TCP;
        this.number = fd.enter();
        lastActivity = loop.now();
        memory.metrics.streams++;
    }

    /// With its place in the loop; where there is none for it, the descriptor is its owner's again.
    final void registerOrLeave() throws IOException {
        try {
            register();
        } catch (final IOException | RuntimeException e) {
            leave();
            throw e;
        }
    }

    /// Nothing comes of it, and the descriptor is its owner's again.
    final void leave() throws ErrnoException {
        closed = true;
        memory.metrics.streams--;
        fd.leave();
    }

    final void register() throws IOException {
        loop.register(this, wanted());
        if (alwaysReady && !isFile()) {
            // Files are refused by EPERM, and this is none.
            giveUp();
            throw ErrnoException.of(EPERM, "epoll_ctl", loop.epoll(), "EPOLL_CTL_ADD", number);
        }
    }

    @Override
    final void loopCloses() {
        abandon(null);
    }

    // ---- time

    final void startTimer(final long nanos) {
        if (timer == null) {
            timer = loop.timer(this::timeIsOver);
            // The stream itself keeps the loop running, or does not.
            timer.unref();
        }
        timer.start(nanos);
    }

    private void timeIsOver() {
        if (timeLeft() <= 0 && !connecting && move == null && hasQueued()) {
            // The kernel tells of room when much of its buffer is free; a slow peer may have taken some all the same.
            // Armed first: a handler that throws does not end the timeout, and one that wants to can.
            timer.start(timeoutNanos);
            ready(EPOLLOUT);
            if (!timer.isArmed()) {
                return;
            }
        }
        final long left = timeLeft();
        if (discarding && left <= 0) {
            abandon(null);
            return;
        }
        // Reads and writes only note their time; the timer is set anew when it expires, and not each time.
        timer.start(left > 0 ? left : timeoutNanos);
        if (left <= 0 && onTimeout != null) {
            try {
                onTimeout.run();
            } catch (final IOException e) {
                abandon(e);
            }
        }
    }

    private long timeLeft() {
        return (discarding ? LINGER_NANOS : timeoutNanos) - (loop.now() - lastActivity);
    }

    // ---- events

    /// What the loop has to wait for.
    private int wanted() {
        if (connecting) {
            return EPOLLOUT;
        }
        final int room = awaitsRoom() ? EPOLLOUT : 0;
        if (rests() || readEnded) {
            return room;
        }
        if (edges && room == 0 && !isSpliced()) {
            return EDGES;
        }
        // Of packets an empty one and the end are both read as 0; EPOLLRDHUP tells them apart.
        return (packets() ? EPOLLIN | EPOLLRDHUP : EPOLLIN) | room;
    }

    final boolean packets() {
        return kind == Kind.PACKETS;
    }

    final boolean isFile() {
        return kind == Kind.FILE;
    }

    /// The call that has failed.
    final String call(final String ofSocket, final String ofFile) {
        return isFile() ? ofFile : ofSocket;
    }

    private boolean isSpliced() {
        return pipeOut != null && pipeOut.isSpliced();
    }

    /// Whether there is something to do when the kernel has room.
    private boolean awaitsRoom() {
        return hasQueued() || drainDue || ending && !writeEnded;
    }

    final void updateInterest() {
        if (!closed && !busy && move == null) {
            try {
                // One that was put aside after a hang-up comes back only for something to do.
                final int wanted = wanted();
                if (unread && wanted == EDGES && interest == EDGES) {
                    lookAgain();
                } else if (wanted != 0 || !suspended) {
                    waitFor(wanted);
                }
                unread = false;
            } catch (final IOException | IllegalStateException e) {
                abandon(reason(e));
            }
        }
    }

    @Override
    final void requireThread() {
        loop.requireThread();
        if (away) {
            throw new IllegalStateException(this + " is on its way to another loop");
        }
    }

    @Override
    final void ready(final int events) {
        if (move != null) {
            // A file, which the kernel cannot be told to be silent about.
            return;
        }
        busy = true;
        try {
            if (connecting && !finishConnect()) {
                return;
            }
            if ((events & ~EPOLLOUT) != 0 && mayRead()) {
                if (isSpliced()) {
                    pipeOut.splice(READS_PER_TURN);
                } else {
                    read(events, READS_PER_TURN);
                }
            }
            if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0 && !closed && awaitsRoom()) {
                flush();
            }
            if ((events & (EPOLLERR | EPOLLHUP)) != 0 && !closed) {
                hungUp(events);
            }
        } catch (final IOException e) {
            abandon(e);
        } catch (final IllegalStateException e) {
            abandon(closedElsewhere(e));
        } finally {
            busy = false;
            updateInterest();
        }
    }

    /// The reason where somebody else has closed the descriptor; else it is a handler's, and is thrown on.
    private IOException closedElsewhere(final IllegalStateException e) {
        if (closed || fd.isOpen()) {
            throw e;
        }
        return reason(e);
    }

    private boolean finishConnect() throws IOException {
        final int error = ownSocket().getsockopt(SockOpt.SO_ERROR);
        if (error != 0) {
            throw ErrnoException.of(error, "connect", number);
        }
        connecting = false;
        lastActivity = loop.now();
        if (onConnect != null && !discarding) {
            onConnect.run();
        }
        if (!closed) {
            flush();
        }
        return !closed;
    }

    /// A hang-up or an error that reading and writing have not brought to light. It would be reported in each turn. While
    /// something is left to be read, reading goes on, and tells the reason behind it.
    private void hungUp(final int events) throws IOException {
        if ((events & EPOLLERR) != 0 && isFile()) {
            // Nobody is there who would read from a pipe.
            if (readEnded) {
                throw ErrnoException.of(EPIPE, "write", number);
            }
        } else if ((events & EPOLLERR) != 0) {
            final int error = readEnded ? ownSocket().getsockopt(SockOpt.SO_ERROR) : 0;
            if (error != 0) {
                throw ErrnoException.of(error, "recv", number);
            }
            discardErrorQueue();
        }
        if (!readEnded) {
            if (rests()) {
                // What has arrived is still to be read, and the reason with it.
                suspend();
            }
        } else if ((events & EPOLLHUP) != 0) {
            if (writeEnded) {
                abandon(null);
            } else {
                // A write will say that nobody is there.
                suspend();
            }
        }
    }

    /// Reports that somebody has asked the socket for, by `SO_TIMESTAMPING` and the like, and did not fetch.
    private void discardErrorQueue() throws IOException {
        // UNIX sockets have none, do not know the flag, and would receive.
        if (ownSocket().getsockopt(SockOpt.SO_DOMAIN) != AF_UNIX) {
            final Message message = memory.received();
            message.clear();
            while (ownSocket().recvmsg(message, MSG_ERRQUEUE) >= 0) {
                continue;
            }
        }
    }

    // ---- reading

    /// Whether there is somebody to read for.
    final boolean mayRead() {
        return !closed && !rests() && !readEnded && move == null;
    }

    private boolean rests() {
        return paused || pipeOut != null && pipeOut.isHeld();
    }

    /// Reads at most so many times; whether nothing more is there.
    private boolean read(final int events, final int most) throws IOException {
        boolean believed = believesShortReads();
        edges &= believed;
        // The calls that this takes are not worth it where a connection is read from once.
        if (believed && kind == Kind.UNIX && !refuses && onMessage == null && bytesRead > 0) {
            refuseDescriptors();
        }
        final boolean toTheLast = edges && (events & ~EPOLLOUT) != EPOLLIN;
        final MemorySegment into = packets() ? memory.packets() : memory.input;
        unread = edges;
        for (int i = 0; i < most; i++) {
            final long n = receive(into);
            if (n < 0) {
                if (n == -EAGAIN) {
                    // Told by edges, the kernel looks again all the same: this may be an injected fault.
                    return true;
                }
                if (n == -EIO && isFile() && (events & (EPOLLIN | EPOLLHUP)) == EPOLLHUP) {
                    // So the master of a terminal has it that the other side is gone, and nothing is left.
                    endOfData();
                    return false;
                }
                failedToRead((int) -n, into.byteSize());
                continue;
            }
            if (n == 0 && isEnd(events)) {
                endOfData();
                return false;
            }
            received(n);
            // A handler of this turn, or another thread, may have changed that in between.
            believed &= believesShortReads();
            edges = believed && (edges || refuses && bytesRead >= edgesFrom);
            unread = edges && (toTheLast || n >= into.byteSize());
            deliver(into, n);
            // What comes behind a short read is told by an event of its own: the call that says `EAGAIN` is spared.
            if (!mayRead() || packets() || n < into.byteSize() && !toTheLast) {
                return false;
            }
        }
        return false;
    }

    private long receive(final MemorySegment into) throws IOException {
        if (isFile()) {
            return Libc.read(number, into, into.byteSize());
        }
        return onMessage == null ? Libc.recv(number, into, into.byteSize(), flags()) : receiveMessage(into);
    }

    /// Whether nobody else can have shortened a read.
    private boolean believesShortReads() {
        return !socketKnown && !Interposer.shortens();
    }

    /// Each call says itself that it does not wait: who shares the open file can take `O_NONBLOCK` from it.
    private int flags() {
        return packets() ? MSG_DONTWAIT | MSG_TRUNC : MSG_DONTWAIT;
    }

    /// Lets reads of a UNIX socket end early no more: nobody may send descriptors from now on, and behind the bytes that
    /// are there already it can be told by edges.
    private void refuseDescriptors() {
        edgesFrom = Long.MAX_VALUE;
        try {
            // The listener may have been another's to set the options of.
            refuses = !ownSocket().receivesSenders() && ownSocket().refuseDescriptors();
            edgesFrom = bytesRead + ownSocket().receiveQueue();
        } catch (final IOException _) {
            // That it cannot be told by edges is no reason to give up the connection.
        }
        if (!refuses) {
            kind = Kind.OTHER;
        }
    }

    /// Descriptors are wanted.
    final void takeDescriptors() {
        if (!refuses || closed) {
            return;
        }
        try {
            ownSocket().setsockopt(SockOpt.SO_PASSRIGHTS, true);
            refuses = false;
            edges = false;
            updateInterest();
        } catch (final IOException | IllegalStateException e) {
            abandon(reason(e));
        }
    }

    /// Of packets a reset is told in front of what has arrived before it; of streams behind.
    private void failedToRead(final int errno, final long size) throws ErrnoException {
        if (errno == EINTR) {
            return;
        }
        final ErrnoException failure = ErrnoException.of(errno, call("recv", "read"), number, size);
        if (!packets() || errno != ECONNRESET || cause != null) {
            throw failure;
        }
        cause = failure;
    }

    private boolean isEnd(final int events) throws IOException {
        if (!packets()) {
            return true;
        }
        // Empty packets that are the very last are not told from the end.
        return (events & (EPOLLRDHUP | EPOLLHUP)) != 0 && (onMessage == null || memory.received().descriptors() == 0)
                && ownSocket().receiveQueue() == 0;
    }

    private long receiveMessage(final MemorySegment into) throws IOException {
        final Message message = memory.received();
        message.clear();
        message.buffers().add(into);
        try {
            return ownSocket().recvmsg(message, flags());
        } catch (final ErrnoException e) {
            try (message) {
                if (e.errno() != ECONNRESET || message.bytes() > 0) {
                    throw e;
                }
                return -ECONNRESET;
            }
        }
    }

    /// So much was read.
    final void received(final long count) {
        if (!discarding) {
            lastActivity = loop.now();
        }
        bytesRead += count;
        memory.metrics.bytesRead += count;
    }

    private void deliver(final MemorySegment into, final long count) throws IOException {
        try (Message message = onMessage == null ? null : memory.received()) {
            if (count > into.byteSize()) {
                throw new ErrnoException("a packet of " + count + " bytes, " + into.byteSize() + " is the most",
                        EMSGSIZE);
            }
            if (discarding) {
                return;
            }
            final MemorySegment data = packets() ? into.asSlice(0, count) : memory.input((int) count);
            if (onMessage != null) {
                onMessage.received(data, message);
            } else if (onData != null) {
                onData.data(data);
            }
        }
    }

    final void endOfData() throws IOException {
        readEnded = true;
        if (cause != null && !discarding && !writeFailed) {
            // It was a reset.
            abandon(null);
        } else if (!discarding && onEnd != null) {
            onEnd.run();
        } else {
            finish();
        }
        if (writeEnded && !closed) {
            abandon(null);
        }
    }

    // ---- writing

    /// Whether what is written is sent at once.
    final boolean isIdle() {
        return !connecting && !hasQueued() && (move == null || !move.due);
    }

    /// Whether something waits for the kernel to take it.
    final boolean hasQueued() {
        return outbox != null && !outbox.isEmpty() || pipeIn != null && pipeIn.length() > 0;
    }

    final boolean mayWrite(final Stream.Completion completion) {
        requireThread();
        if (closed || writeFailed) {
            tell(completion, reason());
            return false;
        }
        if (ending) {
            throw new IllegalStateException(fd + " is written to after its end");
        }
        return true;
    }

    /// Why nothing can be written any more.
    final IOException reason() {
        return cause != null ? cause : new ClosedChannelException();
    }

    final void tell(final Stream.Completion completion, final IOException failure) {
        if (completion != null) {
            later(() -> completion.done(failure));
        }
    }

    private void later(final Action action) {
        pending++;
        loop.ending(() -> {
            pending--;
            action.run();
        });
    }

    /// The kernel has taken some bytes.
    final void written(final long count) {
        if (count > 0) {
            bytesWritten += count;
            memory.metrics.bytesWritten += count;
            lastActivity = loop.now();
        }
    }

    final Outbox outbox() {
        if (outbox == null) {
            outbox = new Outbox(this, memory, packets());
        }
        if (pipeIn != null) {
            try {
                pipeIn.spill(outbox);
            } catch (final IOException e) {
                writeFailed(e, null);
            }
        }
        return outbox;
    }

    /// How many bytes wait for the kernel to take them.
    final long waiting() {
        return (outbox == null ? 0 : outbox.length()) + (pipeIn == null ? 0 : pipeIn.length());
    }

    /// Something was put into the queue, which need not wait for an event where it was empty; whether there may be
    /// more.
    final boolean queued(final boolean wasIdle) {
        if (wasIdle) {
            flushNow();
        }
        return queued();
    }

    final boolean queued() {
        updateInterest();
        if (waiting() < highWaterMark) {
            return !closed && !writeFailed;
        }
        drainDue = true;
        return false;
    }

    /// Whether all was sent.
    private boolean sendQueued() throws IOException {
        try {
            return (outbox == null || outbox.flush()) && (pipeIn == null || pipeIn.flush());
        } catch (final IllegalStateException e) {
            // Somebody else has closed what was to be sent, or the socket.
            throw reason(e);
        }
    }

    final void flushNow() {
        try {
            sendQueued();
        } catch (final IOException e) {
            writeFailed(e, null);
        }
        updateInterest();
    }

    private void flush() throws IOException {
        try {
            if (!sendQueued() || writeFailed) {
                return;
            }
        } catch (final IOException e) {
            writeFailed(e, null);
            return;
        }
        if (ending && !writeEnded) {
            finishWriting();
        }
        if (drainDue) {
            drainDue = false;
            if (onDrain != null && !ending && !closed) {
                onDrain.run();
            }
        }
    }

    /// Nothing more can be sent. What the peer had sent before is told first, but not on the stack of the write.
    final void writeFailed(final IOException failure, final Stream.Completion completion) {
        if (writeFailed) {
            return;
        }
        writeFailed = true;
        because(failure);
        tell(completion, failure);
        dropQueued(failure);
        later(this::lastReads);
    }

    private void dropQueued(final IOException why) {
        final Failures failures = new Failures();
        if (outbox != null) {
            outbox.drop(why, failures);
        }
        if (pipeIn != null) {
            failures.attempt(pipeIn::drop);
        }
        cause = failures.addTo(cause);
    }

    private void because(final IOException why) {
        if (cause == null) {
            cause = why;
        } else if (why != null && why != cause) {
            cause.addSuppressed(why);
        }
    }

    private void lastReads() {
        if (closed) {
            return;
        }
        busy = true;
        move = null;
        try {
            if (pipeOut != null) {
                // What waits here is the target's, however much is there already.
                pipeOut.throughMemory();
            }
            boolean drained = connecting;
            for (int i = 0; i < LAST_READS && !drained; i++) {
                if (pipeOut != null) {
                    pipeOut.hold(false);
                }
                drained = !mayRead() || read(EPOLLHUP, 1);
            }
            if (cause == null && !readEnded) {
                because(ErrnoException.of(ENOTCONN, "shutdown", number, "SHUT_WR"));
            }
        } catch (final IOException e) {
            because(e);
        } catch (final IllegalStateException e) {
            because(closedElsewhere(e));
        } finally {
            busy = false;
            abandon(null);
        }
    }

    // ---- the end

    /// [Stream#end].
    final void finish() {
        requireThread();
        if (!ending && !closed) {
            ending = true;
            if (isIdle() && !writeFailed) {
                finishWriting();
            }
            if (pipeIn != null) {
                pipeIn.targetEnds();
            }
        }
    }

    private void finishWriting() {
        writeEnded = true;
        if (isFile()) {
            // It has no direction that could be ended before the other.
            if (readEnded) {
                abandon(null);
            }
            return;
        }
        final int result = Libc.shutdown(number, SHUT_WR);
        if (result == -ENOTCONN && !readEnded) {
            // The connection is gone, and reading tells how.
            if (!rests()) {
                later(this::lastReads);
            }
        } else if (result < 0 && result != -ENOTCONN) {
            abandon(ErrnoException.of(-result, "shutdown", number, "SHUT_WR"));
        } else if (readEnded) {
            abandon(null);
        } else if (discarding) {
            startTimer(LINGER_NANOS);
        }
    }

    /// [Stream#close].
    final void close(final IOException why) {
        requireThread();
        if (closed || discarding) {
            return;
        }
        if (connecting && !hasQueued() || writeFailed) {
            abandon(why);
            return;
        }
        because(why);
        discarding = true;
        paused = false;
        startTimer(LINGER_NANOS);
        if (pipeOut != null) {
            pipeOut.sourceCloses();
        }
        // Of a file nothing is read to be thrown away: it may be for whoever reads next.
        readEnded |= isFile();
        finish();
        if (readEnded && writeEnded) {
            abandon(null);
        }
        updateInterest();
    }

    /// [Stream#destroy].
    final void abandon(final IOException why) {
        requireThread();
        if (closed) {
            return;
        }
        closed = true;
        because(why);
        if (timer != null) {
            timer.cancel();
        }
        if (hasQueued()) {
            dropQueued(reason());
        }
        final Failures failures = new Failures();
        failures.attempt(this::giveUp);
        failures.attempt(this::waitForNothing);
        failures.attempt(fd::leave);
        failures.attempt(fd::close);
        cause = failures.addTo(cause);
        memory.metrics.streams--;
        loop.ending(this::tellClose);
        if (pipeOut != null) {
            failures.attempt(() -> pipeOut.sourceDestroyed(cause));
        }
        if (pipeIn != null) {
            failures.attempt(() -> pipeIn.targetDestroyed(cause));
        }
        cause = failures.addTo(cause);
        if (listener != null) {
            listener.connectionClosed(loop);
        }
        loop.descriptorFreed();
    }

    /// Somebody may have set a time to linger, here or on the listener: `close(2)` would wait, `O_NONBLOCK` or not, and
    /// the loop with it. The kernel sends the rest all the same. Of UNIX sockets nobody waits for anything.
    private void waitForNothing() throws IOException {
        if (kind != Kind.UNIX && !isFile() && (socketKnown || listener != null && listener.socketKnown)
                && fd.isOpen() && ownSocket().getsockopt(SockOpt.SO_LINGER).seconds() > 0) {
            ownSocket().setsockopt(SockOpt.SO_LINGER, Linger.OFF);
        }
    }

    private void tellClose() throws IOException {
        if (pending > 0) {
            // Something was written in the meantime; this comes after everything else.
            loop.ending(this::tellClose);
        } else if (onClose != null) {
            onClose.closed(cause);
        }
    }

    // ---- to another loop

    final void depart() {
        if (closed || writeFailed) {
            return;
        }
        if (pending > 0) {
            move = new Move(move.to, move.handler, true);
            loop.ending(this::depart);
            return;
        }
        final EventLoop old = loop;
        final StreamMemory oldMemory = memory;
        try {
            giveUp();
        } catch (final IOException | IllegalStateException e) {
            abandon(reason(e));
            return;
        }
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
        memory.metrics.streams--;
        if (outbox != null) {
            outbox.leave();
        }
        final EventLoop target = move.to;
        loop = target;
        away = true;
        try {
            // Behind this it is the other thread's.
            target.execute(this::arrive);
        } catch (final UncheckedIOException _) {
            old.wakeLater(target);
        } catch (final RejectedExecutionException e) {
            loop = old;
            settle(oldMemory);
            abandon(new IOException("the loop that it was to be moved to is closed", e));
        }
    }

    private void arrive() {
        final Listener.ConnectionHandler handler = move.handler;
        settle(loop.streamMemory());
        try {
            register();
        } catch (final IOException | IllegalStateException e) {
            abandon(reason(e));
            return;
        }
        if (discarding) {
            startTimer(LINGER_NANOS);
            return;
        }
        if (timeoutNanos > 0) {
            startTimer(timeoutNanos - (System.nanoTime() - lastActivity));
        }
        try {
            handler.connected((Stream) this);
        } catch (final IOException e) {
            abandon(e);
        }
    }

    private void settle(final StreamMemory here) {
        away = false;
        move = null;
        memory = here;
        memory.metrics.streams++;
        if (outbox != null) {
            outbox.arrive(memory);
        }
    }
}
