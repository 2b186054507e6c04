package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.EEXIST;
import static io.github.fdsock.sys.Constants.EFD_NONBLOCK;
import static io.github.fdsock.sys.Constants.EPERM;
import static io.github.fdsock.sys.Constants.EPOLLERR;
import static io.github.fdsock.sys.Constants.EPOLLET;
import static io.github.fdsock.sys.Constants.EPOLLHUP;
import static io.github.fdsock.sys.Constants.EPOLLIN;
import static io.github.fdsock.sys.Constants.EPOLLONESHOT;
import static io.github.fdsock.sys.Constants.EPOLLOUT;

import io.github.fdsock.EpollFd;
import io.github.fdsock.ErrnoException;
import io.github.fdsock.EventFd;
import io.github.fdsock.Fd;
import io.github.fdsock.PidFd;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.resolve.AddressOrder;
import io.github.fdsock.resolve.AddressQuery;
import io.github.fdsock.resolve.HappyEyeballs;
import io.github.fdsock.resolve.Resolver;
import io.github.fdsock.sys.struct.EpollEvents;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;

/// Waits for any number of descriptors at once and tells their handlers what is ready: `epoll_wait(2)` in a loop.
///
/// **A turn** has these phases, always in this order:
///
/// 1. *idle work* ([#onIdle]), each once, and what is to be done before the wait ([#onPrepare]);
/// 2. *the wait*: one `epoll_wait`, until something is ready, a timer expires, a task comes; with timeout 0 where there is
///    something to do at once. The clock is read ([#now]);
/// 3. *events*: a call of [Registration.Handler#ready] for each, at most 256 of them, and for each file that is always ready;
///    and what is to be done behind them ([#onCheck]);
/// 4. *timers* whose time has come, in the order of their deadlines, at most 1,024 of them; those that are armed
///    meanwhile wait for the next turn;
/// 5. *tasks* of other threads ([#execute]) that had come by then, in their order, at most 1,024 of them; those that
///    come meanwhile wait;
/// 6. *closes*: each stream, listener and so on that was closed is told of, after everything else about it.
///
/// Nothing is allocated in a turn. What a handler, a timer or a task throws ends [#run] with it, and its phase; the loop
/// is whole then: run again, it goes on with the next phase, and what is left of this one comes before what has had its
/// turn.
///
/// **An event never reaches the wrong handler.** What epoll gives back is not a descriptor's number, which may belong to
/// another connection by then, but the slot of its registration and the slot's generation. An event for a slot that has
/// been given up in the meantime is counted ([LoopMetrics#staleEvents]) and dropped.
///
/// **It runs** as long as there is something to wait for: a registration, an armed timer, a task, an open stream. Each of
/// them can be made not to count (`unref`).
///
/// **Threads.** One runs the loop and does everything with it and what belongs to it. From any thread and at any time:
/// [#execute], [#wakeup], [#stop], [#inLoop], and the [#metrics].
///
/// @see <a href="https://man7.org/linux/man-pages/man7/epoll.7.html">epoll(7)</a>
public final class EventLoop implements Executor, Closeable {
    /// So many events are fetched at once. More would save calls only when more descriptors than this are ready in one
    /// turn, and a turn of this length already makes the call's share negligible.
    private static final int EVENTS_PER_TURN = 256;

    /// So many timers, and so many tasks, are run at once, before the descriptors have their turn again. They take some
    /// tenths of a microsecond each where they do next to nothing, so even then the wait between two shares is a
    /// hundredth of the whole.
    private static final int SHARE = 1024;

    private static final long WAKEUP = -1;

    /// So long after a wakeup that has failed, for want of memory, it is tried again.
    private static final long REWAKE_NANOS = 200_000_000;

    /// Is told of the turns of a loop, to measure them: see [#observe]. It is called on the loop's thread.
    public interface TurnObserver {
        /// A wait is over, or a run begins: from here on whoever wants something of the loop waits.
        void begun();

        /// The next wait begins, or the run is over.
        void ended();
    }

    private enum Phase { IDLE, PREPARE, WAIT, EVENTS, FILES, CHECK, TIMERS, TASKS, ENDINGS }

    private final EpollFd epoll;

    /// Written to and closed under its own monitor: a wakeup that comes after [#close] finds it closed and does nothing.
    private final EventFd wakeup;

    /// Whether the latest write to it failed, so that whoever comes next has to try again.
    private volatile boolean wakeupFailed;
    private final WaitStrategy strategy;
    private final Inbox inbox = new Inbox();
    private final TimerHeap timers = new TimerHeap();
    final Slot.Table slots = new Slot.Table();
    private final LoopMetrics metrics = new LoopMetrics(slots, timers, inbox);

    /// What comes next. But for the first of all, the last turn ended early, and is continued.
    private Phase phase = Phase.IDLE;

    /// What the current turn brought; those from `next` to `count` are still to be handled.
    private final EpollEvents ready = EpollEvents.allocate(Arena.ofAuto(), EVENTS_PER_TURN);
    private int next;
    private int count;

    /// What epoll does not take, and is always ready. Like [#idle] replaced by each change, never changed.
    private Slot[] files = {};

    /// Behind the one that ended the last run.
    private int nextFile;
    private Hook[] idle = {};
    private Hook[] prepare = {};
    private Hook[] check = {};

    /// Tasks taken from the inbox that are still to be run.
    private Inbox.Task tasks;
    private final ArrayDeque<Action> endings = new ArrayDeque<>();

    /// Watches of signals, connectors: each with what ends it.
    private final Map<Object, Runnable> guests = new LinkedHashMap<>();
    private final List<Listener> resting = new ArrayList<>();
    private boolean wakingListeners;

    /// How many things keep the loop running.
    private int active;
    private long now = System.nanoTime();
    private volatile boolean stopped;

    /// Who runs the loop or closes it; null while nobody does.
    private final AtomicReference<Thread> runner = new AtomicReference<>();
    private StreamMemory streamMemory;
    private DatagramMemory datagramMemory;
    private TurnObserver observer;

    /// Whether that one was told that the turn has begun.
    private boolean turnObserved;

    /// Set by [#close] before it ends what is registered: nothing new comes in.
    private volatile boolean closed;

    private EventLoop(final EpollFd epoll, final EventFd wakeup, final WaitStrategy strategy) throws IOException {
        this.epoll = epoll;
        this.wakeup = wakeup;
        this.strategy = strategy;
        // Edge-triggered: each write is an event of its own, and nobody has to read the counter.
        epoll.add(wakeup, EPOLLIN | EPOLLET, WAKEUP);
        inbox.sleep();
    }

    /// Makes a loop: an epoll instance, and an eventfd to wake it.
    ///
    /// @return the loop, to be closed by the caller
    /// @throws IOException `EMFILE`, `ENFILE`: no free descriptor
    public static EventLoop open() throws IOException {
        return open(WaitStrategy.BLOCK);
    }

    /// Makes a loop: an epoll instance, and an eventfd to wake it.
    ///
    /// @param strategy how it waits
    /// @return the loop, to be closed by the caller
    /// @throws IOException `EMFILE`, `ENFILE`: no free descriptor
    public static EventLoop open(final WaitStrategy strategy) throws IOException {
        Objects.requireNonNull(strategy, "strategy");
        final EpollFd epoll = EpollFd.create();
        try {
            final EventFd wakeup = EventFd.create(0, EFD_NONBLOCK);
            try {
                return new EventLoop(epoll, wakeup, strategy);
            } catch (final IOException | RuntimeException e) {
                wakeup.close();
                throw e;
            }
        } catch (final IOException | RuntimeException e) {
            epoll.close();
            throw e;
        }
    }

    // ---- descriptors

    /// `epoll_ctl(EPOLL_CTL_ADD)`: lets the loop wait for a descriptor.
    ///
    /// What epoll refuses by `EPERM`, a regular file or a directory, counts as always ready, as `poll(2)` has it: its handler
    /// is called each turn for as long as there is an interest in `EPOLLIN` or `EPOLLOUT`.
    ///
    /// @param fd what to wait for; it stays the caller's, and should be non-blocking
    /// @param interest `EPOLLIN`, `EPOLLOUT`, `EPOLLPRI`, `EPOLLRDHUP`, with `EPOLLET`, `EPOLLONESHOT` or
    ///        `EPOLLEXCLUSIVE`, if wanted; level-triggered without
    /// @param handler is told
    /// @return its registration
    /// @throws IOException `EEXIST`: it is registered here; else as [EpollFd#add]
    /// @throws IllegalStateException the descriptor or the loop is closed
    public Registration register(final Fd fd, final int interest, final Registration.Handler handler) throws IOException {
        final Registration registration = new Registration(this, fd, handler);
        register(registration, interest);
        return registration;
    }

    void register(final Slot slot, final int interest) throws IOException {
        requireThread();
        requireOpen();
        slots.prepare(slot);
        slot.interest = interest;
        slot.suspended = false;
        slot.alwaysReady = false;
        final Fd fd = slot.descriptor();
        try {
            epoll.add(fd, interest, slot.data());
        } catch (final ErrnoException e) {
            if (e.errno() != EPERM) {
                throw e;
            }
            // Which the kernel would have told, had it taken the first.
            for (final Slot file : files) {
                if (file.descriptor() == fd) {
                    throw ErrnoException.of(EEXIST, "epoll_ctl", epoll, "EPOLL_CTL_ADD", fd);
                }
            }
            slot.alwaysReady = true;
            files = with(files, slot);
        }
        // The slot is taken only now: a refusal leaves nothing behind.
        slots.take(slot);
        slot.registered = true;
        activeMore(slot.referenced ? 1 : 0);
    }

    void modify(final Slot slot, final int interest) throws IOException {
        if (!slot.alwaysReady) {
            epoll.modify(slot.descriptor(), interest, slot.data());
        }
    }

    /// Takes it out of the kernel's set alone.
    void suspend(final Slot slot) throws IOException {
        epoll.delete(slot.descriptor());
    }

    void resume(final Slot slot, final int interest) throws IOException {
        epoll.add(slot.descriptor(), interest, slot.data());
    }

    void remove(final Slot slot) throws IOException {
        slots.give(slot);
        if (slot.alwaysReady) {
            files = without(files, slot);
        } else if (epoll.isOpen() && !slot.suspended) {
            // Otherwise all that was registered is gone with the epoll instance.
            epoll.delete(slot.descriptor());
        }
    }

    // ---- streams

    /// `socket`, `bind`, `listen`: accepts connections at an address.
    ///
    /// TCP sockets get `SO_REUSEADDR`; IPv6 ones serve IPv4 as well, as the system has it, where the address is the
    /// unspecified one. For other options make the socket and use [#listen(SocketFd, Listener.ConnectionHandler)].
    ///
    /// @param address where; of a stream socket: port 0 lets the kernel choose, see [Listener#localAddress]
    /// @param handler is given each connection
    /// @return the listener
    /// @throws IOException `EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`, …
    public Listener listen(final SockAddr address, final Listener.ConnectionHandler handler) throws IOException {
        return Listener.open(this, address, handler);
    }

    /// Accepts connections on a socket that is bound, for which `listen(fd, SOMAXCONN)` is called, or that listens already,
    /// and keeps its backlog.
    ///
    /// @param socket of type `SOCK_STREAM` or `SOCK_SEQPACKET`; it is made non-blocking, and belongs to the listener from now
    ///        on, unless this throws
    /// @param handler is given each connection
    /// @return the listener
    /// @throws IOException `EADDRINUSE`, `EINVAL` (a UNIX socket that is not bound), …
    public Listener listen(final SocketFd socket, final Listener.ConnectionHandler handler) throws IOException {
        final Listener listener = Listener.open(this, socket, handler);
        // Whoever has made it can take O_NONBLOCK from it later.
        listener.socketKnown = true;
        return listener;
    }

    /// `connect(2)` in the background: a stream to an address.
    ///
    /// The stream can be written to at once; what is written waits for the connection. [Stream#onConnect] tells of it,
    /// [Stream#onClose] why it failed.
    ///
    /// @param address of a stream socket
    /// @return the stream
    /// @throws IOException there is no descriptor, or no such kind of socket. What the connect itself says is told by
    ///         [Stream#onClose], also where the kernel says it at once
    public Stream connect(final SockAddr address) throws IOException {
        return Stream.connect(this, address);
    }

    /// `connect(2)` in the background, by a socket with what its maker has asked of it before: a local address
    /// (`bind`), options, another type or protocol.
    ///
    /// @param socket of type `SOCK_STREAM` or `SOCK_SEQPACKET`, not connected; it is made non-blocking, and belongs to
    ///        the stream from now on, unless this throws
    /// @param address where to
    /// @return the stream, as from [#connect(SockAddr)]
    /// @throws IllegalArgumentException a socket for datagrams; an address of `AF_UNSPEC`
    /// @throws IOException `EBADF`, `ENOTSOCK`. What the connect itself says is told by [Stream#onClose]
    /// @throws IllegalStateException the socket or the loop is closed
    public Stream connect(final SocketFd socket, final SockAddr address) throws IOException {
        return Stream.connect(this, socket, address);
    }

    /// Looks up a host's addresses and connects to the first that answers, IPv6 first, see [Connector].
    ///
    /// @param query the host and the port, [AddressQuery#of(String, int)]; its type of socket is `SOCK_STREAM` unless set
    /// @param resolver by whose threads it is looked up
    /// @param handler is told once
    /// @return the attempt, which can be given up
    /// @throws IllegalStateException the loop or the resolver is closed
    /// @throws UncheckedIOException as [#execute]; then the handler is not told
    public Connector connect(final AddressQuery query, final Resolver resolver, final Connector.Handler handler) {
        return Connector.connect(this, query, resolver, HappyEyeballs.STAGGER, handler);
    }

    /// Connects to the first of several addresses that answers, see [Connector]: for those that do not come from
    /// `getaddrinfo(3)`, and for another stagger.
    ///
    /// @param addresses one or more, of stream sockets, in the order in which they shall be tried: see [AddressOrder]
    /// @param stagger how long after one attempt the next begins, 10 ms or more; [HappyEyeballs#STAGGER] is usual
    /// @param handler is told once
    /// @return the attempt, which can be given up
    /// @throws IllegalArgumentException no address, or a stagger of less
    /// @throws IllegalStateException the loop is closed
    public Connector connect(final List<SockAddr> addresses, final Duration stagger, final Connector.Handler handler) {
        return Connector.connect(this, addresses, stagger, handler);
    }

    /// A stream over a socket that is connected, or on its way to be.
    ///
    /// @param socket of type `SOCK_STREAM` or `SOCK_SEQPACKET`; it is made non-blocking, and belongs to the stream from now
    ///        on, unless this throws
    /// @return the stream
    /// @throws IllegalArgumentException a socket for datagrams
    /// @throws IOException `EBADF`, `ENOTSOCK`; as [EpollFd#add]
    public Stream adopt(final SocketFd socket) throws IOException {
        return Stream.adopt(this, socket);
    }

    /// A stream over what is no socket: an end of a pipe, a FIFO, a terminal or another device, a file from its present
    /// position on. It reads, or writes, or both, as the descriptor was opened.
    ///
    /// There is no half-close: [Stream#end] closes what is not read from, behind what is queued, and of the rest only
    /// says that nothing more is written. [Stream#close] leaves what is unread to others. A pipe whose last reader is
    /// gone is told of at once, by [Stream#onClose] with `EPIPE`. That a terminal's other side is gone is an end. Of
    /// files, reads and writes may wait for the disk, and the loop with them.
    ///
    /// `O_NONBLOCK` is of the open file, and others who share it, as a terminal's programs do, see the change: see
    /// [Fd#reopen].
    ///
    /// @param fd what it is; it is made non-blocking, and belongs to the stream from now on, unless this throws
    /// @return the stream; over a [SocketFd] as [#adopt(SocketFd)]. A socket that is a plain [Fd] is read from and
    ///         written to like the rest, and its end is not sent before it is closed
    /// @throws IOException `EBADF`; as [EpollFd#add]
    /// @throws IllegalStateException the descriptor or the loop is closed
    public Stream adopt(final Fd fd) throws IOException {
        return Stream.adopt(this, fd);
    }

    /// The buffers that all streams of this loop share.
    StreamMemory streamMemory() {
        if (streamMemory == null) {
            streamMemory = new StreamMemory(metrics);
        }
        return streamMemory;
    }

    // ---- datagrams

    /// `socket`, `bind`: receives and sends datagrams at an address, by UDP or a UNIX socket.
    ///
    /// An IPv6 socket serves IPv4 as well, as the system has it, where the address is the unspecified one. Of multicast
    /// groups it hears those that it has [joined][Datagrams#join] and no others (`IP_MULTICAST_ALL` and
    /// `IPV6_MULTICAST_ALL` are off). For other options make the socket and use [#datagrams(SocketFd)].
    ///
    /// @param address the own address: port 0 lets the kernel choose, see [Datagrams#localAddress]
    /// @return the socket, which reads
    /// @throws IOException `EADDRINUSE`, `EADDRNOTAVAIL`, `EACCES`, …
    public Datagrams datagrams(final SockAddr address) throws IOException {
        return Datagrams.open(this, address);
    }

    /// Receives and sends the datagrams of a socket of any family: UDP, UNIX, netlink, packet, …
    ///
    /// @param socket of type `SOCK_DGRAM` or `SOCK_RAW`, bound or not, connected or not. It belongs to what is returned
    ///        from now on, unless this throws; its status flags stay as they are, since no call waits anyway
    /// @return the socket, which reads
    /// @throws IllegalArgumentException a socket for connections
    /// @throws IOException `EBADF`, `ENOTSOCK`; as [EpollFd#add]
    public Datagrams datagrams(final SocketFd socket) throws IOException {
        return Datagrams.open(this, socket);
    }

    /// The buffers that all datagram sockets of this loop share.
    DatagramMemory datagramMemory() {
        if (datagramMemory == null) {
            datagramMemory = new DatagramMemory(metrics);
        }
        return datagramMemory;
    }

    /// What belongs to the loop and is open: libuv's `uv_walk`.
    ///
    /// @return a copy, in no order: streams, but for those on their way to another loop, listeners, datagram sockets
    public List<Handle> handles() {
        requireThread();
        final List<Handle> handles = new ArrayList<>();
        for (final Slot slot : slots.all()) {
            if (slot instanceof final Handle handle) {
                handles.add(handle);
            }
        }
        return handles;
    }

    /// What keeps the loop running: for whoever wonders why [#run] does not return. Each says by `toString` what it is.
    ///
    /// @return a copy, in no order: of [#handles], of what was registered, of timers and of idle work what
    ///         [counts][Handle#isReferenced], [SignalWatch] and [Connector] too; but not tasks, and streams on their
    ///         way to another loop
    public List<Object> active() {
        requireThread();
        final List<Object> active = new ArrayList<>(List.of(idle));
        for (final Slot slot : slots.all()) {
            if (slot.referenced) {
                active.add(slot);
            }
        }
        for (final Timer timer : timers.all()) {
            if (timer.isReferenced()) {
                active.add(timer);
            }
        }
        for (final Object guest : guests.keySet()) {
            if (!(guest instanceof final SignalWatch watch) || watch.isReferenced()) {
                active.add(guest);
            }
        }
        return active;
    }

    /// For what was handed over to a loop that could not be woken for it.
    void wakeLater(final EventLoop asleep) {
        schedule(REWAKE_NANOS, () -> {
            try {
                asleep.wakeup();
            } catch (final RejectedExecutionException _) {
                // It is closed, and has closed that.
            } catch (final UncheckedIOException _) {
                wakeLater(asleep);
            }
        });
    }

    /// Listeners that wait for a free descriptor.
    void resting(final Listener listener) {
        resting.add(listener);
    }

    void rested(final Listener listener) {
        resting.remove(listener);
    }

    /// A descriptor of this loop was closed: listeners that wait for one are looked after at the end of the turn.
    void descriptorFreed() {
        if (!resting.isEmpty() && !wakingListeners) {
            wakingListeners = true;
            ending(() -> {
                wakingListeners = false;
                for (final Listener listener : resting.toArray(Listener[]::new)) {
                    listener.restIsOver();
                }
            });
        }
    }

    // ---- timers, tasks

    /// Lets something happen later, once.
    ///
    /// @param delayNanos from now; 0 or less is in the next turn
    /// @param action what
    /// @return the timer, armed
    public Timer schedule(final long delayNanos, final Action action) {
        final Timer timer = timer(action);
        timer.start(delayNanos);
        return timer;
    }

    /// Lets something happen later, once.
    ///
    /// @param delay from now
    /// @param action what
    /// @return the timer, armed
    public Timer schedule(final Duration delay, final Action action) {
        return schedule(Timer.nanos(delay), action);
    }

    /// A timer that is not armed yet.
    ///
    /// @param action what it does
    /// @return the timer
    public Timer timer(final Action action) {
        return new Timer(this, Objects.requireNonNull(action, "action"));
    }

    /// Lets the loop do something in the current turn or in the next one; from any thread, at any time.
    ///
    /// Tasks are run in the order in which they came, each exactly once. Those that wait when the loop is closed are run by
    /// [#close]: what is handed over by a task, a descriptor above all, arrives.
    ///
    /// @param task what
    /// @throws RejectedExecutionException the loop is closed
    /// @throws UncheckedIOException the eventfd could not be written to; the task waits for the next turn all the same,
    ///         and the next call tries again to bring that about
    @Override
    public void execute(final Runnable task) {
        if (inbox.put(Objects.requireNonNull(task, "task")) || wakeupFailed) {
            wake();
        }
    }

    /// Ends the wait that is under way, or else the next one; from any thread. Many of them may end one wait.
    ///
    /// @throws RejectedExecutionException the loop is closed
    /// @throws UncheckedIOException as [#execute]
    public void wakeup() {
        if (inbox.nudge() || wakeupFailed) {
            wake();
        }
    }

    private void wake() {
        synchronized (wakeup) {
            if (wakeup.isOpen()) {
                wakeupFailed = true;
                try {
                    // Where the counter is full the event of the latest write is still to come.
                    if (wakeup.add(1) < 0) {
                        wakeup.take();
                        wakeup.add(1);
                    }
                } catch (final IOException e) {
                    throw new UncheckedIOException(e);
                }
                wakeupFailed = false;
            }
        }
    }

    // ---- signals, processes

    /// `sigaction(2)`, as the JVM does it: lets the loop be told of a signal to the process.
    ///
    /// The first to ask takes the signal from the JVM: SIGTERM, SIGINT and SIGHUP end the process no longer by
    /// themselves, until all that were asked for are closed. A signal that comes again before the loop was told is told
    /// once, as the kernel itself has it. One that the process was started to ignore, as SIGHUP by `nohup`, stays
    /// ignored.
    ///
    /// @param signal its name, with or without `SIG`: `TERM`, `INT`, `HUP`, `USR2`, `WINCH`, `CHLD`, …
    /// @param action is run as a task of the loop; what it throws ends [#run], an `IOException` within an
    ///        [UncheckedIOException]
    /// @return ends it; the loop runs for as long as it is open, unless [SignalWatch#unref] says otherwise
    /// @throws IllegalArgumentException there is no such signal, or the JVM or the kernel keeps it to itself: SIGSEGV,
    ///         SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGQUIT, SIGKILL, SIGSTOP, and with `-Xrs` SIGTERM, SIGINT and SIGHUP
    /// @throws UnsupportedOperationException the module `jdk.unsupported` is not there; a modular program requires it,
    ///         or is started with `--add-modules jdk.unsupported`
    public SignalWatch onSignal(final String signal, final Action action) {
        requireThread();
        requireOpen();
        return SignalWatch.of(this, signal, action);
    }

    /// `pidfd_open(2)`, `waitid(2)`: lets the loop be told how a process ends, exactly once, also where it has already.
    ///
    /// A child is waited for by this: see [PidFd] for who else may do that.
    ///
    /// @param process stays the caller's, to be closed after the end was told
    /// @param handler is told
    /// @return ends it
    /// @throws IOException as [#register]
    public ExitWatch onExit(final PidFd process, final ExitWatch.ExitHandler handler) throws IOException {
        return ExitWatch.of(this, process, Objects.requireNonNull(handler, "handler"));
    }

    /// Where something is entered that has no descriptor here and is to be ended with the loop, before all that has one.
    Map<Object, Runnable> guests() {
        return guests;
    }

    // ---- work of each turn

    /// Lets the loop do something again and again, once in each turn, instead of waiting.
    ///
    /// @param action a small piece of work
    /// @return ends it
    public Closeable onIdle(final Action action) {
        final Hook added = new Hook(action);
        idle = with(idle, added);
        return added;
    }

    /// Lets the loop do something in each turn right before it waits, behind all that the last turn and the idle work
    /// have brought: to send at once what they have gathered, say. The wait heeds the timers and tasks that come by it.
    /// It does not keep the loop running.
    ///
    /// @param action a small piece of work
    /// @return ends it
    public Closeable onPrepare(final Action action) {
        final Hook added = new Hook(action);
        prepare = with(prepare, added);
        return added;
    }

    /// Lets the loop do something in each turn when all the events of the wait have been told. It does not keep the
    /// loop running.
    ///
    /// @param action a small piece of work
    /// @return ends it
    public Closeable onCheck(final Action action) {
        final Hook added = new Hook(action);
        check = with(check, added);
        return added;
    }

    /// Work of each turn that can be ended, also by another one of the same phase.
    private final class Hook implements Closeable {
        private final Action action;
        private boolean ended;

        /// Whether its phase is not over, and goes on with others.
        private boolean done;

        private Hook(final Action action) {
            this.action = Objects.requireNonNull(action, "action");
            requireThread();
            requireOpen();
        }

        @Override
        public void close() {
            requireThread();
            ended = true;
            idle = without(idle, this);
            prepare = without(prepare, this);
            check = without(check, this);
        }

        @Override
        public String toString() {
            return "work of each turn by " + action;
        }
    }

    private static <T> T[] with(final T[] array, final T added) {
        final T[] longer = Arrays.copyOf(array, array.length + 1);
        longer[array.length] = added;
        return longer;
    }

    private static <T> T[] without(final T[] array, final T removed) {
        return Arrays.stream(array).filter(each -> each != removed).toArray(length -> Arrays.copyOf(array, length));
    }

    // ---- running

    /// Runs until [#stop], or until there is nothing to wait for.
    ///
    /// @throws IOException what a handler threw, or `epoll_wait` itself
    /// @throws IllegalStateException the loop is closed, or runs already
    public void run() throws IOException {
        begin();
        try {
            turnBegins();
            while (!stopped && isAlive()) {
                turn(true);
            }
        } finally {
            end();
        }
    }

    /// One turn, which waits for something to do, unless there is nothing to wait for; or what is left of one that has
    /// ended early.
    ///
    /// @return whether there is more to wait for
    /// @throws IOException as [#run]
    /// @throws IllegalStateException as [#run]
    public boolean runOnce() throws IOException {
        return runTurn(true);
    }

    /// One turn, with what there is to do now; it does not wait.
    ///
    /// @return whether there is more to wait for
    /// @throws IOException as [#run]
    /// @throws IllegalStateException as [#run]
    public boolean runNoWait() throws IOException {
        return runTurn(false);
    }

    private boolean runTurn(final boolean mayWait) throws IOException {
        begin();
        try {
            turnBegins();
            if (!stopped && isAlive()) {
                turn(mayWait);
            }
            return isAlive();
        } finally {
            end();
        }
    }

    private void begin() {
        requireOpen();
        takeOver("it runs already");
        inbox.awake();
    }

    private void end() {
        try {
            turnEnds();
        } finally {
            stopped = false;
            // Whoever waits for the loop's descriptor from outside is woken like the loop itself.
            inbox.sleep();
            runner.set(null);
        }
    }

    private void takeOver(final String otherwise) {
        final Thread other = runner.compareAndExchange(null, Thread.currentThread());
        if (other != null) {
            throw new IllegalStateException("the loop is run by thread \"" + other.getName() + "\"; " + otherwise);
        }
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the loop is closed");
        }
    }

    private void turn(final boolean mayWait) throws IOException {
        if (phase == Phase.IDLE && next < count) {
            // They have to be told before the next ones are fetched.
            phase = Phase.EVENTS;
        }
        // Each is over before it begins, since it may throw: the next run goes on behind it.
        if (phase == Phase.IDLE) {
            phase = Phase.PREPARE;
            work(idle);
        }
        if (phase == Phase.PREPARE) {
            phase = Phase.WAIT;
            work(prepare);
        }
        if (phase == Phase.WAIT) {
            phase = Phase.EVENTS;
            await(mayWait);
        }
        if (phase == Phase.EVENTS) {
            phase = Phase.FILES;
            events();
        }
        if (phase == Phase.FILES) {
            phase = Phase.CHECK;
            files();
        }
        if (phase == Phase.CHECK) {
            phase = Phase.TIMERS;
            work(check);
        }
        if (phase == Phase.TIMERS) {
            phase = Phase.TASKS;
            expire();
        }
        if (phase == Phase.TASKS) {
            phase = Phase.ENDINGS;
            runTasks();
        }
        phase = Phase.IDLE;
        tellEndings();
    }

    private void turnBegins() {
        now = System.nanoTime();
        turnObserved = observer != null;
        if (turnObserved) {
            observer.begun();
        }
    }

    private void turnEnds() {
        metrics.turnEnded(System.nanoTime() - now);
        if (turnObserved) {
            turnObserved = false;
            observer.ended();
        }
    }

    private static void work(final Hook[] phase) throws IOException {
        for (final Hook each : phase) {
            if (!each.ended && !each.done) {
                each.done = true;
                each.action.run();
            }
        }
        for (final Hook each : phase) {
            each.done = false;
        }
    }

    private void await(final boolean mayWait) throws IOException {
        turnEnds();
        try {
            // The work may have ended the last thing that there was to wait for.
            await(mayWait && isAlive() ? timeoutNanos() : 0);
        } finally {
            turnBegins();
        }
        metrics.turns++;
        metrics.events += count;
    }

    private void await(final long timeout) throws IOException {
        next = 0;
        count = 0;
        long left = timeout;
        if (left != 0 && strategy.spinNanos() > 0) {
            if (spin(left)) {
                return;
            }
            left = timeoutNanos();
        }
        if (left != 0 && !inbox.sleep()) {
            left = 0;
        }
        try {
            count = epoll.waitNanos(ready, left);
        } finally {
            inbox.awake();
        }
    }

    /// Looks again and again, and whether that has found anything to do.
    private boolean spin(final long timeout) throws IOException {
        final long start = System.nanoTime();
        long spun;
        do {
            count = epoll.wait(ready, 0);
            spun = System.nanoTime() - start;
            if (count > 0 || !inbox.isEmpty() || timeout > 0 && spun >= timeout) {
                return true;
            }
            Thread.onSpinWait();
        } while (spun < strategy.spinNanos());
        return false;
    }

    private void events() throws IOException {
        while (next < count && !stopped) {
            // Counted before the handler runs, which may throw.
            final int index = next++;
            dispatch(ready.data(index), ready.events(index));
        }
    }

    private void files() throws IOException {
        final Slot[] all = files;
        while (nextFile < all.length) {
            final Slot file = all[nextFile++];
            final int wanted = file.interest & (EPOLLIN | EPOLLOUT);
            if (file.registered && wanted != 0) {
                if ((file.interest & EPOLLONESHOT) != 0) {
                    // The kernel, which does not look after it, would have put it to sleep.
                    file.interest = EPOLLONESHOT;
                }
                file.ready(wanted);
            }
        }
        nextFile = 0;
    }

    private void dispatch(final long data, final int events) throws IOException {
        if (data == WAKEUP) {
            return;
        }
        final Slot slot = slots.find(data);
        if (slot == null) {
            metrics.staleEvents++;
            return;
        }
        // Another handler of this turn may have changed what is waited for since the kernel looked.
        final int wanted = events & (slot.interest | EPOLLERR | EPOLLHUP);
        if (wanted != 0 && !slot.suspended) {
            slot.ready(wanted);
        }
    }

    private void expire() throws IOException {
        final long latest = timers.sequence();
        for (int i = 0; i < SHARE; i++) {
            final Timer timer = timers.first();
            if (timer == null || timer.deadline - now > 0 || timer.sequence > latest) {
                return;
            }
            timers.remove(timer);
            timer.expired(now);
            metrics.timersExpired++;
            timer.action.run();
        }
    }

    private void runTasks() {
        if (tasks == null) {
            tasks = inbox.takeAll();
        }
        for (int i = 0; i < SHARE && tasks != null; i++) {
            final Runnable work = tasks.work;
            tasks = tasks.next;
            metrics.tasks++;
            work.run();
        }
    }

    private void tellEndings() throws IOException {
        // What ends meanwhile is told in the next turn.
        for (int i = endings.size(); i > 0; i--) {
            final Action told = endings.poll();
            activeMore(-1);
            told.run();
        }
    }

    /// Lets something be told in the last phase of the turn.
    void ending(final Action told) {
        endings.add(told);
        activeMore(1);
    }

    private boolean isAlive() {
        return active > 0 || next < count || tasks != null || !inbox.isEmpty() || idle.length > 0;
    }

    /// Whether there is anything to wait for: whether [#run] would run.
    ///
    /// @return true for a registration, an armed timer and the like that counts, a task, idle work, a close to be told
    public boolean hasWork() {
        return isAlive();
    }

    /// Lets the run that is under way end with this turn, or else the next one not begin. From any thread, any number of
    /// times, after [#close] too. Handlers whose events are left in the turn are told when it is run again.
    ///
    /// @throws UncheckedIOException as [#execute]; it ends with its turn all the same, once it is awake
    public void stop() {
        stopped = true;
        try {
            wakeup();
        } catch (final RejectedExecutionException _) {
            // Closed, it does not run any more.
        }
    }

    /// Whether the calling thread runs the loop.
    ///
    /// @return false also where nobody does
    public boolean inLoop() {
        return runner.get() == Thread.currentThread();
    }

    /// Refuses calls of a thread while another runs the loop.
    void requireThread() {
        final Thread other = runner.get();
        if (other != null && other != Thread.currentThread()) {
            throw new IllegalStateException("thread \"" + Thread.currentThread().getName() + "\" touches a loop that is run by \""
                    + other.getName() + "\"; execute() hands it over");
        }
    }

    void activeMore(final int change) {
        active += change;
    }

    TimerHeap timers() {
        return timers;
    }

    // ---- from outside

    /// When the clock was last read: at the end of the wait.
    ///
    /// @return in terms of `System.nanoTime()`
    public long now() {
        return now;
    }

    /// What the loop has done.
    ///
    /// @return its figures, which go on
    public LoopMetrics metrics() {
        return metrics;
    }

    /// Lets somebody measure the turns; nobody does at first.
    ///
    /// @param observer is told of each that begins from now on; null for nobody any more
    /// @throws IllegalStateException where there is one already
    public void observe(final TurnObserver observer) {
        requireThread();
        if (observer != null && this.observer != null) {
            throw new IllegalStateException("the loop is observed by " + this.observer + " already");
        }
        this.observer = observer;
        turnObserved = false;
    }

    /// The loop's own descriptor, for another loop or a `poll(2)` to wait for: where it is readable, or [#timeoutNanos]
    /// have passed, it is time for [#runNoWait].
    ///
    /// @return the epoll instance, which stays the loop's
    public EpollFd epoll() {
        return epoll;
    }

    /// How long the loop would wait now.
    ///
    /// @return nanoseconds until the next timer; 0 where there is something to do at once; -1 for no limit
    public long timeoutNanos() {
        if (next < count || tasks != null || !inbox.isEmpty() || idle.length > 0 || !endings.isEmpty() || hasReadyFile()) {
            return 0;
        }
        final Timer first = timers.first();
        return first == null ? -1 : Math.max(0, first.deadline - System.nanoTime());
    }

    private boolean hasReadyFile() {
        for (final Slot file : files) {
            if ((file.interest & (EPOLLIN | EPOLLOUT)) != 0) {
                return true;
            }
        }
        return false;
    }

    /// Ends everything: runs the tasks that wait, gives up connectors and watches of signals, destroys all [#handles],
    /// tells of their closes, and closes the loop's own descriptors. What was registered by [#register] stays open, and is
    /// registered nowhere any more.
    ///
    /// @throws IOException what the last handlers threw, and `close(2)`; everything is closed all the same
    /// @throws IllegalStateException the loop is being run
    @Override
    public void close() throws IOException {
        if (closed) {
            return;
        }
        takeOver("stop it first");
        final Failures failures = new Failures();
        try {
            // What an earlier run left is older than what came since.
            runAllTasks(failures);
            tasks = inbox.close();
            runAllTasks(failures);
            closed = true;
            for (final Runnable end : List.copyOf(guests.values())) {
                failures.attempt(end::run);
            }
            for (final Handle handle : handles()) {
                failures.attempt(handle::loopCloses);
            }
            while (!endings.isEmpty()) {
                failures.attempt(this::tellEndings);
            }
        } finally {
            closed = true;
            failures.attempt(() -> {
                synchronized (wakeup) {
                    wakeup.close();
                }
            });
            failures.attempt(epoll::close);
            runner.set(null);
        }
        failures.throwFirst();
    }

    private void runAllTasks(final Failures failures) {
        while (tasks != null) {
            failures.attempt(this::runTasks);
        }
    }
}
