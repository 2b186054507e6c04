package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.PipeFd;
import io.github.fdsock.sys.Libc;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// What passes on everything that one stream reads to another, at that one's pace: through this process, or by
/// `splice(2)` through a pipe of the kernel's.
///
/// The kernel's pipe is filled only while it is empty, and while nothing else waits at the target. So `EAGAIN` is never
/// about its room, which no event tells of: it says that nothing has arrived, and there is nothing to spin on. And the
/// end comes when the pipe is empty, never before what is in it; it is read like any other stream's.
final class Pipe {
    /// So much is asked for at once. A pipe has 16 slots, and holds 64 KiB of single pages, but more of the large
    /// fragments that a fast connection's bytes come in.
    private static final long MOST = 256 * 1024;

    /// Less than this has probably emptied the socket: the call that says so is spared.
    private static final long MANY = 32 * 1024;

    /// Without `SPLICE_F_MORE`, by which TCP would keep the last bytes back for 200 ms: nobody knows whether more will
    /// come.
    private static final int FLAGS = SPLICE_F_NONBLOCK | SPLICE_F_MOVE;

    private final Stream from;
    private final Stream to;

    /// Null where the bytes pass through this process.
    private PipeFd.Pair kernel;
    private long length;

    /// The target takes no more for now.
    private boolean held;

    private Pipe(final Stream from, final Stream to) {
        this.from = from;
        this.to = to;
    }

    /// Connects two streams, and catches up with what has happened to them before.
    static void connect(final Stream from, final Stream to, final boolean byKernel) throws IOException {
        final Pipe pipe = new Pipe(from, to);
        if (from.isClosed() || to.isClosed()) {
            pipe.sourceDestroyed(from.cause);
            from.close(to.cause);
            return;
        }
        if (from.discarding) {
            pipe.sourceCloses();
            return;
        }
        if (byKernel) {
            pipe.openKernel();
        }
        from.pipeOut = pipe;
        to.pipeIn = pipe;
        from.onMessage(null).onData(pipe::data).onEnd(pipe::sourceEnds);
        to.onDrain(() -> pipe.hold(false));
        if (from.readEnded) {
            pipe.sourceEnds();
        } else if (to.isWritable()) {
            from.resume();
        } else {
            from.close();
        }
    }

    private void openKernel() throws IOException {
        try {
            kernel = PipeFd.create(O_NONBLOCK);
        } catch (final ErrnoException e) {
            // No descriptor or no memory for it: that is no reason to give up a connection, which needs none.
            if (e.errno() != EMFILE && e.errno() != ENFILE) {
                throw e;
            }
        }
    }

    private void closeKernel() throws IOException {
        if (kernel != null) {
            final PipeFd.Pair closed = kernel;
            kernel = null;
            counted(-length);
            closed.close();
        }
    }

    private void counted(final long bytes) {
        length += bytes;
        to.memory.metrics.bytesQueued += bytes;
    }

    /// Whether the source is to be read by [#splice].
    boolean isSpliced() {
        return kernel != null;
    }

    /// How many bytes are in the kernel's pipe.
    long length() {
        return length;
    }

    private void data(final MemorySegment data) {
        if (!to.write(data)) {
            hold(true);
        }
    }

    boolean isHeld() {
        return held;
    }

    void hold(final boolean on) {
        held = on;
        from.updateInterest();
    }

    /// Moves what has arrived, at most so many times.
    void splice(final int most) throws IOException {
        for (int i = 0; i < most && from.mayRead() && from.pipeOut == this && kernel != null; i++) {
            if (to.isIdle()) {
                // TCP does not heed SPLICE_F_NONBLOCK, and who shares the open file can take O_NONBLOCK from it.
                if (i > 0 && from.socketKnown && from.fd.await(POLLIN, 0) == 0) {
                    return;
                }
                final long n = Libc.splice(from.number, MemorySegment.NULL, kernel.writeEnd().intValue(),
                        MemorySegment.NULL, MOST, FLAGS);
                if (n == -EINTR) {
                    continue;
                }
                if (n == -EAGAIN && i > 0) {
                    return;
                }
                if (n == -EINVAL || n == -EAGAIN || n == 0 || n == -EIO && from.isFile()) {
                    // Not from such a socket, or not past urgent data, behind which TCP says EAGAIN for as long as that
                    // is unread, and 0 where the end has come, or EIO. What has arrived is read instead, or the end.
                    closeKernel();
                    return;
                }
                if (n < 0) {
                    throw ErrnoException.of((int) -n, "splice", from.number, "NULL", kernel.writeEnd(), "NULL", MOST);
                }
                counted(n);
                from.received(n);
                to.flushNow();
                if (to.isIdle() && to.isWritable()) {
                    if (n < MANY) {
                        return;
                    }
                    continue;
                }
            }
            to.drainDue = true;
            hold(true);
        }
    }

    /// Sends what is in the kernel's pipe; whether that was all.
    boolean flush() throws IOException {
        while (length > 0) {
            final long n = Libc.splice(kernel.readEnd().intValue(), MemorySegment.NULL, to.number, MemorySegment.NULL,
                    length, FLAGS);
            if (n == -EINTR) {
                continue;
            }
            if (n == -EAGAIN) {
                return false;
            }
            if (n == -EINVAL) {
                // Not to such a socket.
                throughMemory();
                return to.outbox().flush();
            }
            if (n < 0) {
                throw ErrnoException.of((int) -n, "splice", kernel.readEnd(), "NULL", to.number, "NULL", length);
            }
            taken(n);
            to.written(n);
            if (length > 0) {
                // It will have to wait; the call that says so is spared.
                return false;
            }
        }
        return true;
    }

    private void taken(final long bytes) throws IOException {
        if (bytes == 0) {
            throw new EOFException(kernel.readEnd() + " has lost " + length + " bytes");
        }
        counted(-bytes);
    }

    /// Moves what is in the kernel's pipe into the target's queue: something else comes behind it.
    void spill(final Outbox outbox) throws IOException {
        while (length > 0) {
            final MemorySegment buffer = to.memory.output;
            final long n = Libc.read(kernel.readEnd().intValue(), buffer, Math.min(length, buffer.byteSize()));
            if (n == -EINTR) {
                continue;
            }
            if (n < 0) {
                throw ErrnoException.of((int) -n, "read", kernel.readEnd(), length);
            }
            taken(n);
            outbox.add(buffer.asSlice(0, n), 0, null, null);
        }
    }

    /// Goes on without the kernel's pipe.
    void throughMemory() throws IOException {
        if (length > 0) {
            spill(to.outbox());
        }
        closeKernel();
    }

    // ---- the end of either

    private void sourceEnds() throws IOException {
        to.end();
        closeKernel();
    }

    /// The source throws away what comes from now on.
    void sourceCloses() {
        detach();
        try {
            throughMemory();
            to.end();
        } catch (final IOException e) {
            to.destroy(e);
        }
    }

    /// The target takes no more, and not because the source has ended.
    void targetEnds() {
        if (!from.readEnded) {
            from.close();
        }
    }

    /// What has not been passed on never will be.
    void drop() throws IOException {
        closeKernel();
    }

    void sourceDestroyed(final IOException why) throws IOException {
        detach();
        try {
            closeKernel();
        } finally {
            if (from.readEnded) {
                to.end();
            } else {
                // An end in good order would let what has arrived pass for all.
                to.reset(why);
            }
        }
    }

    void targetDestroyed(final IOException why) throws IOException {
        detach();
        try {
            closeKernel();
        } finally {
            if (!from.readEnded) {
                from.close(why);
            }
        }
    }

    private void detach() {
        from.pipeOut = null;
        to.pipeIn = null;
        from.updateInterest();
    }
}
