package io.github.fdsock.blocking;

import static io.github.fdsock.sys.Constants.EAGAIN;
import static io.github.fdsock.sys.Constants.EPOLLERR;
import static io.github.fdsock.sys.Constants.EPOLLET;
import static io.github.fdsock.sys.Constants.EPOLLHUP;
import static io.github.fdsock.sys.Constants.EPOLLIN;
import static io.github.fdsock.sys.Constants.EPOLLOUT;
import static io.github.fdsock.sys.Constants.EPOLLPRI;
import static io.github.fdsock.sys.Constants.EPOLLRDHUP;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.Fd;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;

/// A descriptor whose calls wait until they are done, in any thread: a virtual one parks, see [Poller].
///
/// **Limits.** Each call that may wait takes one, in nanoseconds: at most so long, 0 for not at all, negative without
/// limit. It is never over early; when it is, a [SocketTimeoutException] is thrown, whatever kind of descriptor it is,
/// and the descriptor is as usable as before.
///
/// **Interrupts.** A thread that is interrupted while it waits, or before, throws an [InterruptedIOException]. It stays
/// interrupted, and the descriptor stays open: the exchange may be taken up where it was. A call that need not wait
/// does not look. A thread that leads, see there, may notice two milliseconds late, or four where the loop of the
/// program is not run.
///
/// **Turns.** One thread at a time reads, and one writes; others wait for them to be done, in no promised order.
///
/// **Ownership.** It owns its descriptor. That can be used directly as well ([#fd]), as one that does not block; it is
/// to be closed here.
public sealed class BlockingFd implements Closeable permits BlockingSocket {
    /// What is registered. Without `EPOLLOUT`, since a UNIX socket has an event of that for whatever its peer reads.
    private static final int READING = EPOLLIN | EPOLLRDHUP | EPOLLPRI | EPOLLET;

    final Direction in = new Direction(this);
    final Direction out = new Direction(this);

    private final Poller poller;
    private final Fd fd;
    private int slot;
    private int generation;

    /// Changed under the monitor, as the next.
    private volatile boolean registered;
    private volatile boolean closed;

    /// Whether somebody waits to write; used under the monitor.
    private boolean writing;

    BlockingFd(final Poller poller, final Fd fd) {
        this.poller = poller;
        this.fd = fd;
    }

    /// What is behind it.
    ///
    /// @return the descriptor, which does not block, and stays this object's
    public Fd fd() {
        return fd;
    }

    final Poller poller() {
        return poller;
    }

    final boolean isClosed() {
        return closed;
    }

    // ---- reading and writing

    /// `read(2)` or `recv(2)`: reads what is there, at most the segment's size, as soon as there is something.
    ///
    /// @param into where to, in native memory
    /// @param timeoutNanos the limit
    /// @return the number of bytes; 0 at the end, and for an empty datagram
    /// @throws SocketTimeoutException the limit is over
    /// @throws InterruptedIOException the thread is interrupted, and would have to wait
    /// @throws AsynchronousCloseException it was closed by another thread meanwhile
    /// @throws ErrnoException as [Fd#read(MemorySegment)]
    public long read(final MemorySegment into, final long timeoutNanos) throws IOException {
        final long start = Direction.start(timeoutNanos);
        in.begin(start, timeoutNanos);
        try {
            long n = fd.read(into);
            while (n == -EAGAIN) {
                awaitReading(start, timeoutNanos);
                n = fd.read(into);
            }
            return n;
        } catch (final IllegalStateException e) {
            throw in.closed(e);
        } finally {
            in.end();
        }
    }

    /// [#read(MemorySegment, long)] into the space between the buffer's position and limit; the position moves.
    ///
    /// @param into where to
    /// @param timeoutNanos the limit
    /// @return as there
    /// @throws IOException as there
    public long read(final ByteBuffer into, final long timeoutNanos) throws IOException {
        final long start = Direction.start(timeoutNanos);
        in.begin(start, timeoutNanos);
        try {
            long n = tryRead(into);
            while (n == -EAGAIN) {
                awaitReading(start, timeoutNanos);
                n = tryRead(into);
            }
            return n;
        } catch (final IllegalStateException e) {
            throw in.closed(e);
        } finally {
            in.end();
        }
    }

    /// `read(2)`, which does not wait.
    long tryRead(final ByteBuffer into) throws IOException {
        return fd.read(into);
    }

    /// `write(2)` or `send(2)`, as often as it takes: writes everything.
    ///
    /// @param from the bytes, in native memory
    /// @param timeoutNanos the limit for all of them
    /// @throws SocketTimeoutException the limit is over; its `bytesTransferred` have been written
    /// @throws InterruptedIOException the thread is interrupted, and would have to wait; `bytesTransferred` as above
    /// @throws AsynchronousCloseException it was closed by another thread meanwhile
    /// @throws ErrnoException as [Fd#write(MemorySegment)]; how much has been written is not known then
    public void write(final MemorySegment from, final long timeoutNanos) throws IOException {
        final long start = Direction.start(timeoutNanos);
        out.begin(start, timeoutNanos);
        try {
            long n = fd.write(from);
            long done = Math.max(n, 0);
            while (n < 0 || done < from.byteSize()) {
                awaitWriting(start, timeoutNanos, done);
                n = fd.write(from.asSlice(done));
                done += Math.max(n, 0);
            }
        } catch (final IllegalStateException e) {
            throw out.closed(e);
        } finally {
            out.end();
        }
    }

    /// [#write(MemorySegment, long)] of what lies between the buffer's position and limit; the position moves behind
    /// what has been written.
    ///
    /// @param from the bytes
    /// @param timeoutNanos the limit
    /// @throws IOException as there
    public void write(final ByteBuffer from, final long timeoutNanos) throws IOException {
        final long start = Direction.start(timeoutNanos);
        final int first = from.position();
        out.begin(start, timeoutNanos);
        try {
            while (tryWrite(from) == -EAGAIN || from.hasRemaining()) {
                awaitWriting(start, timeoutNanos, from.position() - first);
            }
        } catch (final IllegalStateException e) {
            throw out.closed(e);
        } finally {
            out.end();
        }
    }

    /// `write(2)`, which does not wait.
    long tryWrite(final ByteBuffer from) throws IOException {
        return fd.write(from);
    }

    /// Waits until reading is worth another try: for calls that this class does not have, of an eventfd, a timer and so
    /// on. To be called when such a call has said `EAGAIN`, and then that is tried again, since it may return for
    /// nothing:
    ///
    /// ```java
    /// long n = timer.expirations();
    /// while (n == -EAGAIN) {
    ///     blocking.awaitReading(-1);
    ///     n = timer.expirations();
    /// }
    /// ```
    ///
    /// @param timeoutNanos the limit
    /// @throws IOException as [#read(MemorySegment, long)]
    public void awaitReading(final long timeoutNanos) throws IOException {
        final long start = Direction.start(timeoutNanos);
        in.begin(start, timeoutNanos);
        try {
            // Between the caller's try and its turn others may have been told, and have left something.
            tellAnew();
            in.await(start, timeoutNanos);
        } finally {
            in.end();
        }
    }

    /// As [#awaitReading(long)], of writing.
    ///
    /// @param timeoutNanos the limit
    /// @throws IOException as [#write(MemorySegment, long)]
    public void awaitWriting(final long timeoutNanos) throws IOException {
        final long start = Direction.start(timeoutNanos);
        out.begin(start, timeoutNanos);
        try {
            awaitWriting(start, timeoutNanos, 0);
        } finally {
            out.end();
        }
    }

    // ---- waiting

    /// After `EAGAIN`, in one's turn.
    final void awaitReading(final long start, final long timeoutNanos) throws IOException {
        if (!registered) {
            tellAnew();
        }
        in.await(start, timeoutNanos);
    }

    /// After `EAGAIN`, or less than all, in one's turn.
    final void awaitWriting(final long start, final long timeoutNanos, final long done) throws IOException {
        try {
            if (out.waitsInVain(done)) {
                out.rest(start, timeoutNanos);
            }
            awaitRoom(start, timeoutNanos);
        } catch (final InterruptedIOException e) {
            e.bytesTransferred = (int) Math.min(done, Integer.MAX_VALUE);
            throw e;
        }
    }

    private void awaitRoom(final long start, final long timeoutNanos) throws IOException {
        interest(true);
        try {
            out.await(start, timeoutNanos);
        } finally {
            if (!closed) {
                interest(false);
            }
        }
    }

    private synchronized void interest(final boolean inWriting) throws IOException {
        writing = inWriting;
        tellAnew();
    }

    /// `epoll_ctl`, which tells anew of what is there already.
    private synchronized void tellAnew() throws IOException {
        if (closed) {
            throw new AsynchronousCloseException();
        }
        // Whoever comes to read does not take from another what he waits for.
        final int events = writing ? READING | EPOLLOUT : READING;
        if (registered) {
            poller.modify(this, events);
            return;
        }
        // Once, for as long as it is registered: so nobody else can free the number meanwhile.
        fd.enter();
        try {
            poller.add(this, events);
            registered = true;
        } finally {
            if (!registered) {
                fd.leave();
            }
        }
    }

    /// Where it is registered.
    final void registered(final int inSlot, final int inGeneration) {
        slot = inSlot;
        generation = inGeneration;
    }

    final int slot() {
        return slot;
    }

    /// What its events carry: generation above, slot below.
    final long data() {
        return (long) generation << Integer.SIZE | slot;
    }

    /// Events have come, to whichever thread polls.
    void ready(final int events) {
        if ((events & ~EPOLLOUT) != 0) {
            in.signal();
        }
        if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0) {
            out.signal();
        }
    }

    /// Lets whoever waits look again.
    final void wake() throws IOException {
        try {
            in.signalFromOutside();
        } finally {
            out.signalFromOutside();
        }
    }

    /// Deregisters and closes it, in this order, and wakes whoever waits for it, with an [AsynchronousCloseException].
    /// Later calls do nothing.
    ///
    /// Unlike [io.github.fdsock.SocketFd#close] this needs no `shutdown(2)` to wake those who wait: a socket that is
    /// shared lives on, unless another thread is just then in a system call on it. Whoever has set a time to linger
    /// (`SO_LINGER`) wants `close(2)` to wait for what is unsent: it does, and a virtual thread's carrier with it.
    ///
    /// @throws IOException as `epoll_ctl(2)` and `close(2)` have it; it is closed all the same
    @Override
    public void close() throws IOException {
        final boolean deregisters;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            deregisters = registered;
        }
        try (fd; Closeable _ = deregisters ? this::deregister : null) {
            wake();
        }
    }

    private void deregister() throws IOException {
        try {
            poller.remove(this);
        } finally {
            fd.leave();
        }
    }
}
