package io.github.fdsock.blocking;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.net.SocketTimeoutException;
import java.nio.channels.AsynchronousCloseException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/// One direction of a descriptor, reading or writing: whose turn it is, and who waits until it is ready.
///
/// One thread has its turn, from the first try of a call to its end, and the others queue. So what the first leaves of
/// an event is there for the next, and what several write does not mingle.
///
/// **No event is lost.** One that comes sets [#signalled], whether anybody waits or not. That is cleared only at the
/// end of a wait, and the call is tried again then: whatever comes after the `EAGAIN` of a try ends the wait that
/// follows.
final class Direction {
    /// Between two tries where no event tells when the next is worth it.
    private static final long REST_NANOS = 1_000_000;

    private static final VarHandle WAITER;

    static {
        try {
            WAITER = MethodHandles.lookup().findVarHandle(Direction.class, "waiter", Thread.class);
        } catch (final ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final BlockingFd owner;
    private final ReentrantLock turn = new ReentrantLock();

    /// Who is to be woken; taken away by who wakes it.
    private volatile Thread waiter;
    private volatile boolean signalled;

    /// Whether the last try has left nothing: without an event since then, another need not be made. Of who has the
    /// turn.
    private boolean exhausted;

    /// Whether the call that has the turn has waited; of it.
    private boolean waited;

    /// How often it has done so since it last got further, and how far that was; of it.
    private int inVain;
    private long progress;

    Direction(final BlockingFd owner) {
        this.owner = owner;
    }

    /// When a call with a limit begins.
    static long start(final long timeoutNanos) {
        return timeoutNanos > 0 ? System.nanoTime() : 0;
    }

    /// Begins a turn, behind those of others.
    void begin(final long start, final long timeoutNanos) throws IOException {
        if (!turn.tryLock()) {
            queue(start, timeoutNanos);
        }
        waited = false;
        inVain = 0;
        progress = 0;
    }

    private void queue(final long start, final long timeoutNanos) throws IOException {
        owner.poller().requireOtherThread();
        try {
            if (timeoutNanos < 0) {
                turn.lockInterruptibly();
            } else if (!turn.tryLock(left(start, timeoutNanos), TimeUnit.NANOSECONDS)) {
                throw timedOut(timeoutNanos);
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw interrupted();
        }
        if (owner.isClosed()) {
            turn.unlock();
            throw new AsynchronousCloseException();
        }
    }

    void end() {
        turn.unlock();
    }

    /// What a call throws that has found the descriptor closed: where that was done since the wait, it was done during
    /// the call.
    IllegalStateException closed(final IllegalStateException e) throws AsynchronousCloseException {
        if (waited) {
            requireOwnerOpen();
        }
        return e;
    }

    /// Waits for an event that has come since the end of the last wait, or comes.
    void await(final long start, final long timeoutNanos) throws IOException {
        waited = true;
        if (!signalled) {
            final Poller poller = owner.poller();
            poller.requireOtherThread();
            final Thread thread = begun();
            try {
                while (!signalled) {
                    poller.requireOpen();
                    // The signal of that may have gone to who had the turn before.
                    requireOwnerOpen();
                    poller.await(this, thread, leftOrThrow(thread, start, timeoutNanos));
                    if (waiter == null && !signalled) {
                        // A signal of an earlier wait was late, and has woken this one.
                        ended(thread);
                        begun();
                    }
                }
            } finally {
                ended(thread);
            }
        }
        signalled = false;
        exhausted = false;
        requireOwnerOpen();
    }

    /// Whether a call that is about to wait has done so before, for an event that said what was not so: of a netlink
    /// socket, or an unconnected one of UNIX, that there is room, where it is the receiver's queue that is full; of any
    /// socket that something is in its error queue. That the first time has been in vain says nothing, since the event
    /// may have been one that an earlier call did not wait for any more.
    ///
    /// @param done how far it has got
    boolean waitsInVain(final long done) {
        inVain = done == progress ? inVain + 1 : 0;
        progress = done;
        return inVain > 2;
    }

    /// Waits for a while, for what no event tells of, and whatever the events say that come meanwhile.
    void rest(final long start, final long timeoutNanos) throws IOException {
        waited = true;
        final Poller poller = owner.poller();
        poller.requireOtherThread();
        final long began = System.nanoTime();
        for (long rest = REST_NANOS; rest > 0; rest = REST_NANOS - (System.nanoTime() - began)) {
            final Thread thread = begun();
            try {
                poller.requireOpen();
                requireOwnerOpen();
                final long left = leftOrThrow(thread, start, timeoutNanos);
                LockSupport.parkNanos(poller, left < 0 ? rest : Math.min(left, rest));
            } finally {
                ended(thread);
            }
        }
        requireOwnerOpen();
    }

    private Thread begun() {
        final Thread thread = Thread.currentThread();
        waiter = thread;
        return thread;
    }

    private void ended(final Thread thread) {
        owner.poller().ended(thread, WAITER.getAndSet(this, null) == null);
    }

    private void requireOwnerOpen() throws AsynchronousCloseException {
        if (owner.isClosed()) {
            throw new AsynchronousCloseException();
        }
    }

    void exhausted(final boolean nothingLeft) {
        exhausted = nothingLeft;
    }

    /// Whether a call would say `EAGAIN`.
    boolean isExhausted() {
        return exhausted && !signalled;
    }

    boolean isSignalled() {
        return signalled;
    }

    /// Something has happened: who waits is woken. The calling thread, where that is who waits, sees it by itself.
    void signal() {
        signalled = true;
        final Thread thread = waiter;
        if (thread != null && thread != Thread.currentThread() && WAITER.compareAndSet(this, thread, null)) {
            owner.poller().waking();
            LockSupport.unpark(thread);
        }
    }

    /// As [#signal], from one who has not polled: who waits may be the one who does.
    void signalFromOutside() throws IOException {
        // First: who begins to wait behind this sees it, and need not be called back.
        signalled = true;
        final Thread thread = waiter;
        signal();
        owner.poller().summon(thread);
    }

    private long leftOrThrow(final Thread thread, final long start, final long timeoutNanos)
            throws InterruptedIOException {
        if (thread.isInterrupted()) {
            throw interrupted();
        }
        final long left = left(start, timeoutNanos);
        if (left == 0) {
            throw timedOut(timeoutNanos);
        }
        return left;
    }

    private static long left(final long start, final long timeoutNanos) {
        return timeoutNanos <= 0 ? timeoutNanos : Math.max(0, timeoutNanos - (System.nanoTime() - start));
    }

    private InterruptedIOException interrupted() {
        return new InterruptedIOException("interrupted while waiting for " + owner.fd());
    }

    private SocketTimeoutException timedOut(final long timeoutNanos) {
        return new SocketTimeoutException(owner.fd() + " was not ready within " + timeoutNanos + " ns");
    }
}
