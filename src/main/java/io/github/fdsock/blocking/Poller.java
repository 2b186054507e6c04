package io.github.fdsock.blocking;

import static io.github.fdsock.sys.Constants.EFD_NONBLOCK;
import static io.github.fdsock.sys.Constants.EPOLLIN;
import static io.github.fdsock.sys.Constants.SOCK_NONBLOCK;
import static io.github.fdsock.sys.Constants.SOCK_STREAM;

import io.github.fdsock.EpollFd;
import io.github.fdsock.EventFd;
import io.github.fdsock.Fd;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.loop.EventLoop;
import io.github.fdsock.sys.struct.EpollEvents;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.channels.AsynchronousCloseException;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;

/// Waits for the descriptors of all threads that block: `epoll_wait(2)` for virtual threads.
///
/// ```java
/// try (Poller poller = Poller.open(); BlockingSocket listener = poller.adopt(socket)) {
///     while (true) {
///         BlockingSocket peer = listener.accept(-1);
///         Thread.startVirtualThread(() -> serve(peer));
///     }
/// }
/// ```
///
/// A call is tried first. Where it would have to wait, its thread parks, and the carrier of a virtual one is free for
/// others, until the descriptor is ready, the limit is over, the thread is interrupted, or the descriptor is closed.
///
/// **Who polls.** The set of descriptors is one epoll instance, which an [EventLoop] watches: its own one, on a thread
/// of its own ([#open]), or that of the program ([#on]). The loop alone would do. But to wake a virtual thread it has
/// to wake its carrier first, and that costs as much again as the whole of a short exchange. So while there is much to
/// do those who wait poll themselves: the first that would park becomes the *leader*, looks what is ready, wakes those
/// whom it concerns, and goes on at once if it is one of them. If others are to run first it parks like everybody else,
/// and the last of them leads next: there is one `epoll_wait` for as many of them as there is work for, as in a loop.
/// The loop sees to it that somebody leads, and takes over where nobody does.
///
/// **A leader may block, and its carrier with it**: that is what spares the two changes of threads. It does so only
/// while no virtual thread waits for a carrier, and until something is ready, whoever's it is. When nothing has been
/// for two milliseconds, or half of one where there is a single carrier, the loop calls it back, and it parks. For so
/// long a virtual thread that comes to wait for a carrier, and finds no other, has to; any computation in between would
/// cost it as much. Without the module `jdk.management`, which tells of carriers, nobody leads; a modular program has
/// to require it.
///
/// **What it costs.** With one connection an exchange takes a server of virtual threads hardly longer than one in C,
/// since it makes the same calls; without leaders it takes two thirds more, all of it in changes of threads. With 64
/// connections and one processor each echo costs two microseconds more than in C: one is the JVM's way to park and to
/// run a virtual thread, the rest are carriers that wake one another, colder caches, and on UNIX sockets that may get
/// descriptors the `recv` that finds nothing.
///
/// **No event reaches the wrong descriptor.** Each is registered once, edge-triggered, when it has to be waited for the
/// first time, by a slot and a generation, not by its number. What comes for one that was closed in the meantime is
/// dropped.
///
/// **Threads.** Everything here and on what it has adopted may be used by any thread, platform threads too, but the
/// calls that wait not by the one that runs the loop, which would wait for itself.
///
/// @see <a href="https://man7.org/linux/man-pages/man7/epoll.7.html">epoll(7)</a>
public final class Poller implements Closeable {
    /// So many events are fetched at once, as in the loop.
    static final int EVENTS_AT_ONCE = 256;

    /// The data of [#summons].
    private static final long SUMMONS = -1;

    /// A leader with less time than this has it watched by the kernel, which costs up to a tenth of an exchange, twice
    /// over if it has to be programmed into the hardware. Before that much time is gone the loop has sent it off
    /// anyway.
    private static final long WATCHED_NANOS = 4 * Watch.LONGEST_NANOS;

    private static final VarHandle LEADER;

    static {
        try {
            LEADER = MethodHandles.lookup().findVarHandle(Poller.class, "leader", Thread.class);
        } catch (final ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final EventLoop loop;

    /// Runs the loop; null where that is not ours.
    private final Thread thread;
    private final EpollFd epoll;

    /// Readable to call the leader back from its wait. Read by who finds it so: there is one at a time.
    private final EventFd summons;
    private final Watch watch;

    /// What is registered, by slot; replaced by a longer one, under the monitor, as the rest of this is used.
    private volatile AtomicReferenceArray<BlockingFd> slots = new AtomicReferenceArray<>(16);
    private int slotsUsed;
    private int[] freeSlots = new int[16];
    private int freeCount;

    /// Of the latest registration. It may wrap around: what matters is that a slot has another one each time.
    private int generation;

    /// Whether those who wait may lead.
    private volatile boolean led;
    private volatile Thread leader;

    /// The leader's.
    private final EpollEvents ready = EpollEvents.allocate(Arena.ofAuto(), EVENTS_AT_ONCE);

    /// How many have been woken that do not run yet. As long as there are any, nobody leads.
    private final AtomicInteger woken = new AtomicInteger();

    /// How often a leader has looked. Only a leader counts.
    private volatile long polls;

    /// How often somebody waited, roughly: it tells whether anybody does.
    private long waits;

    private volatile boolean closed;

    /// Why the loop does not go on.
    private volatile Exception failure;

    private Poller(final EventLoop loop, final boolean own) throws IOException {
        this.loop = loop;
        epoll = EpollFd.create();
        try {
            summons = EventFd.create(0, EFD_NONBLOCK);
            try {
                epoll.add(summons, EPOLLIN, SUMMONS);
                watch = new Watch(this, loop);
                thread = own ? Thread.ofPlatform().daemon().name("fdsock-poller").start(this::run) : null;
            } catch (final IOException | RuntimeException | Error e) {
                summons.close();
                throw e;
            }
        } catch (final IOException | RuntimeException | Error e) {
            epoll.close();
            throw e;
        }
    }

    /// A poller with a loop and a thread of its own, a daemon.
    ///
    /// @return the poller, to be closed by the caller
    /// @throws IOException `EMFILE`, `ENFILE`: no free descriptor; it takes four
    public static Poller open() throws IOException {
        final EventLoop loop = EventLoop.open();
        try {
            return new Poller(loop, true);
        } catch (final IOException | RuntimeException | Error e) {
            loop.close();
            throw e;
        }
    }

    /// A poller that is a guest of a loop, beside whatever else that does: who waits is woken by whoever runs it, and
    /// only while it is run. The loop has something to wait for until the poller is closed.
    ///
    /// @param loop which; called, as [#close] then, on its thread, or while it is not run
    /// @return the poller, to be closed by the caller, before the loop
    /// @throws IOException `EMFILE`, `ENFILE`: no free descriptor; it takes two
    public static Poller on(final EventLoop loop) throws IOException {
        return new Poller(Objects.requireNonNull(loop, "loop"), false);
    }

    private void run() {
        try {
            loop.run();
        } catch (final IOException | RuntimeException | Error e) {
            failed(e instanceof final Exception exception ? exception : new IllegalStateException(e));
        }
    }

    // ---- descriptors

    /// Takes a descriptor in: reading and writing it waits from now on.
    ///
    /// @param fd of any kind; it is made non-blocking, and belongs to what is returned, unless this throws
    /// @return what closes it
    /// @throws IOException `EBADF`
    /// @throws IllegalStateException it is closed
    public BlockingFd adopt(final Fd fd) throws IOException {
        if (fd instanceof final SocketFd socket) {
            return adopt(socket);
        }
        fd.nonBlocking(true);
        return new BlockingFd(this, fd);
    }

    /// Takes a socket in: its calls wait from now on.
    ///
    /// @param socket of any kind, connected, listening, or neither yet; it is made non-blocking, and belongs to what is
    ///        returned, unless this throws
    /// @return what closes it
    /// @throws IOException `EBADF`, `ENOTSOCK`
    /// @throws IllegalStateException it is closed
    public BlockingSocket adopt(final SocketFd socket) throws IOException {
        socket.nonBlocking(true);
        return new BlockingSocket(this, socket, BlockingSocket.isShortAll(socket));
    }

    /// `socket(2)` and `connect(2)`: a connection to an address.
    ///
    /// @param address of a stream socket
    /// @param timeoutNanos as [BlockingSocket#connect]
    /// @return the connection
    /// @throws IOException as [BlockingSocket#connect]; nothing is left open then
    public BlockingSocket connect(final SockAddr address, final long timeoutNanos) throws IOException {
        final SocketFd fd = SocketFd.socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK, 0);
        try {
            final BlockingSocket socket = new BlockingSocket(this, fd, BlockingSocket.isShortAll(fd));
            try {
                socket.connect(address, timeoutNanos);
                return socket;
            } catch (final IOException | RuntimeException e) {
                socket.close();
                throw e;
            }
        } catch (final IOException | RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /// `epoll_ctl(EPOLL_CTL_ADD)`. The slot is taken only if that works.
    synchronized void add(final BlockingFd fd, final int events) throws IOException {
        if (closed) {
            throw new IllegalStateException("the poller is closed");
        }
        final int slot = freeCount > 0 ? freeSlots[freeCount - 1] : slotsUsed;
        if (slot == slots.length()) {
            final AtomicReferenceArray<BlockingFd> longer = new AtomicReferenceArray<>(slot * 2);
            for (int i = 0; i < slot; i++) {
                longer.setPlain(i, slots.getPlain(i));
            }
            slots = longer;
            freeSlots = Arrays.copyOf(freeSlots, slot * 2);
        }
        fd.registered(slot, ++generation);
        // Before the first event can come.
        slots.set(slot, fd);
        try {
            epoll.add(fd.fd(), events, fd.data());
        } catch (final IOException | RuntimeException e) {
            slots.set(slot, null);
            throw e;
        }
        if (freeCount > 0) {
            freeCount--;
        } else {
            slotsUsed++;
        }
    }

    /// `epoll_ctl(EPOLL_CTL_MOD)`.
    void modify(final BlockingFd fd, final int events) throws IOException {
        try {
            epoll.modify(fd.fd(), events, fd.data());
        } catch (final IllegalStateException e) {
            // Closed under whoever was about to wait, or had just waited.
            requireOpen();
            throw e;
        }
    }

    /// `epoll_ctl(EPOLL_CTL_DEL)`, before the descriptor is closed.
    synchronized void remove(final BlockingFd fd) throws IOException {
        slots.set(fd.slot(), null);
        freeSlots[freeCount++] = fd.slot();
        // Otherwise it is gone already, with the epoll instance, or with a descriptor that was closed behind our back.
        if (!closed && fd.fd().isOpen()) {
            epoll.delete(fd.fd());
        }
    }

    // ---- waiting

    /// Whether there is still anybody who looks.
    boolean isOpen() {
        return !closed && failure == null;
    }

    /// Says why, where nobody looks any more.
    void requireOpen() throws IOException {
        if (closed) {
            throw new AsynchronousCloseException();
        }
        requireNoFailure();
    }

    private void requireNoFailure() throws IOException {
        if (failure != null) {
            throw new IOException("the poller has ended", failure);
        }
    }

    void requireOtherThread() {
        if (loop.inLoop()) {
            throw new IllegalStateException("the thread that runs the loop would wait for itself");
        }
    }

    /// Waits for something that concerns a direction: returns when it is signalled, and at any other time.
    void await(final Direction direction, final Thread waiting, final long nanos) throws IOException {
        waits++;
        if (led && woken.get() == 0
                && (leader == waiting || leader == null && LEADER.compareAndSet(this, null, waiting))) {
            lead(direction, waiting, nanos);
            return;
        }
        retire(waiting);
        if (nanos < 0) {
            LockSupport.park(this);
        } else {
            LockSupport.parkNanos(this, nanos);
        }
    }

    private void lead(final Direction direction, final Thread waiting, final long nanos) throws IOException {
        // Again, now that whoever changes one of these will see who leads.
        if (!led || direction.isSignalled()) {
            return;
        }
        final boolean wanted = waiting.isVirtual() && Carriers.areWanted();
        // Before a longer limit is over the loop has called it back: ours does, that of the program may be stopped.
        final long most = thread == null ? WATCHED_NANOS : -1;
        final int n = epoll.waitNanos(ready, wanted ? 0 : nanos >= 0 && nanos < WATCHED_NANOS ? nanos : most);
        polls++;
        dispatch(ready, n);
        if (n == 0 && wanted) {
            // Still the leader: it has a place in the run queue, and looks again when those before it have run.
            Thread.yield();
        } else {
            retire(waiting);
        }
    }

    private void retire(final Thread waiting) {
        if (leader == waiting) {
            leader = null;
        }
    }

    /// A wait has ended, in whatever way.
    void ended(final Thread waiting, final boolean wasWoken) {
        retire(waiting);
        if (wasWoken) {
            woken.decrementAndGet();
        }
    }

    /// A thread is about to be woken.
    void waking() {
        woken.incrementAndGet();
    }

    /// Tells whoever waits of each event.
    void dispatch(final EpollEvents events, final int count) throws IOException {
        final AtomicReferenceArray<BlockingFd> known = slots;
        boolean summoned = false;
        for (int i = 0; i < count; i++) {
            final long data = events.data(i);
            if (data == SUMMONS) {
                summoned = true;
            } else {
                final BlockingFd fd = known.get((int) data);
                if (fd != null && fd.data() == data) {
                    fd.ready(events.events(i));
                }
            }
        }
        // Last, since it may throw, and an edge comes once.
        if (summoned) {
            summons.take();
        }
    }

    /// Calls a thread back, if it leads.
    void summon(final Thread waiting) throws IOException {
        if (waiting != null && leader == waiting) {
            summons.add(1);
        }
    }

    // ---- the part of the loop

    /// What the loop watches.
    EpollFd epoll() {
        return epoll;
    }

    /// Lets those who wait lead, or not. Who leads already goes on to.
    void led(final boolean on) {
        led = on;
    }

    Thread leader() {
        return leader;
    }

    long polls() {
        return polls;
    }

    long waits() {
        return waits;
    }

    /// The loop will not look any more: everybody is told.
    void failed(final Exception reason) {
        failure = reason;
        try {
            wakeAll();
        } catch (final IOException e) {
            reason.addSuppressed(e);
        }
    }

    private void wakeAll() throws IOException {
        led = false;
        final AtomicReferenceArray<BlockingFd> known = slots;
        IOException first = null;
        for (int i = 0; i < known.length(); i++) {
            final BlockingFd fd = known.get(i);
            try {
                if (fd != null) {
                    fd.wake();
                }
            } catch (final IOException e) {
                first = e;
            }
        }
        if (first != null) {
            throw first;
        }
    }

    /// Ends it, with its thread. Who waits throws an [AsynchronousCloseException]. What it has adopted stays open, and
    /// is to be closed as before; its calls go on to work where they need not wait.
    ///
    /// @throws IOException as `close(2)` has it, or why it had ended before; everything is closed all the same
    /// @throws IllegalStateException another thread runs the loop, which is not the poller's own
    @Override
    public void close() throws IOException {
        if (thread == null) {
            watch.requireThread();
        }
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        if (thread != null) {
            stop();
        }
        try (EventLoop _ = thread == null ? null : loop; Fd _ = epoll; Fd _ = summons; Watch _ = watch) {
            wakeAll();
            // Whoever waits in the epoll instance has to be out of it before it is closed.
            while (leader != null) {
                summons.add(1);
                Thread.yield();
            }
        }
        // Who did not wait has not heard of it.
        requireNoFailure();
    }

    private void stop() throws IOException {
        try {
            loop.stop();
        } catch (final UncheckedIOException e) {
            // Stopped, but not woken, and it cannot be asked twice.
            failure = e;
            summons.add(1);
        }
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (final InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
