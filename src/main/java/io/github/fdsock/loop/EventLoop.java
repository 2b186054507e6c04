package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.EFD_NONBLOCK;
import static io.github.fdsock.sys.Constants.EPOLLERR;
import static io.github.fdsock.sys.Constants.EPOLLHUP;
import static io.github.fdsock.sys.Constants.EPOLLIN;

import io.github.fdsock.EpollFd;
import io.github.fdsock.EventFd;
import io.github.fdsock.Fd;
import io.github.fdsock.sys.struct.EpollEvents;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// Waits for any number of descriptors at once and tells their handlers what is ready: `epoll_wait(2)` in a loop.
///
/// A turn is one `epoll_wait`, and a call of [Handler#ready] for each event it brought. Nothing is allocated in it.
///
/// **An event never reaches the wrong handler.** What epoll gives back is not a descriptor's number, which may belong to
/// another connection by then, but the slot of its registration and the slot's generation. An event for a slot that has
/// been given up in the meantime is counted ([#staleEvents]) and dropped.
///
/// **Threads.** One runs the loop and registers; [#stop] alone may be called from any, and at any time. [#close] belongs to
/// the owner, when [#run] has returned; it does not close the registered descriptors, which are not the loop's.
///
/// Level-triggered: what a handler leaves undone is reported again.
public final class EventLoop implements Closeable {
    /// So many events are fetched at once. More would save calls only when more descriptors than this are ready in one
    /// turn, and a turn of this length already makes the call's share negligible.
    private static final int EVENTS_PER_TURN = 256;

    private static final long WAKEUP = -1;

    private final EpollFd epoll;

    /// Written to and closed under its own monitor: a [#stop] that comes after [#close] finds it closed and does nothing.
    private final EventFd wakeup;

    /// What the current turn brought; those from `next` to `count` are still to be handled.
    private final EpollEvents ready = EpollEvents.allocate(Arena.ofAuto(), EVENTS_PER_TURN);
    private int next;
    private int count;

    /// By slot; null where it is free.
    private final List<Registration> registrations = new ArrayList<>();
    private final ArrayDeque<Integer> freeSlots = new ArrayDeque<>();

    /// Of the latest registration. It may wrap around: what matters is that a slot has another one each time within a turn.
    int generation;
    private long staleEvents;
    private volatile boolean stopped;

    private EventLoop(final EpollFd epoll, final EventFd wakeup) throws IOException {
        this.epoll = epoll;
        this.wakeup = wakeup;
        epoll.add(wakeup, EPOLLIN, WAKEUP);
    }

    /// Makes a loop: an epoll instance, and an eventfd to wake it.
    ///
    /// @return the loop, to be closed by the caller
    /// @throws IOException `EMFILE`, `ENFILE`: no free descriptor
    public static EventLoop open() throws IOException {
        final EpollFd epoll = EpollFd.create();
        try {
            final EventFd wakeup = EventFd.create(0, EFD_NONBLOCK);
            try {
                return new EventLoop(epoll, wakeup);
            } catch (final IOException | RuntimeException e) {
                wakeup.close();
                throw e;
            }
        } catch (final IOException | RuntimeException e) {
            epoll.close();
            throw e;
        }
    }

    /// `epoll_ctl(EPOLL_CTL_ADD)`: lets the loop wait for a descriptor.
    ///
    /// @param fd what to wait for; it stays the caller's, and should be non-blocking
    /// @param interest `EPOLLIN`, `EPOLLOUT`, …
    /// @param handler is told
    /// @return its registration
    /// @throws IOException `EPERM`: epoll does not take regular files and directories, which are always ready; `EEXIST`:
    ///         it is registered here; else as [EpollFd#add]
    /// @throws IllegalStateException the descriptor or the loop is closed
    public Registration register(final Fd fd, final int interest, final Handler handler) throws IOException {
        final int slot = freeSlots.isEmpty() ? registrations.size() : freeSlots.peek();
        final Registration registration = new Registration(this, fd, interest, handler, slot, ++generation);
        epoll.add(fd, interest, registration.data());
        // The slot is taken only now: a refusal leaves nothing behind.
        if (slot == registrations.size()) {
            registrations.add(registration);
        } else {
            registrations.set(freeSlots.pop(), registration);
        }
        return registration;
    }

    void modify(final Registration registration, final int interest) throws IOException {
        epoll.modify(registration.fd(), interest, registration.data());
    }

    void remove(final Registration registration) throws IOException {
        registrations.set(registration.slot, null);
        freeSlots.push(registration.slot);
        // With the epoll instance all that was registered is gone.
        if (epoll.isOpen()) {
            epoll.delete(registration.fd());
        }
    }

    /// Runs until [#stop].
    ///
    /// What a handler throws ends it. The loop is whole then: run again, it goes on with the event behind.
    ///
    /// @throws IOException what a handler threw, or `epoll_wait` itself
    public void run() throws IOException {
        while (!stopped) {
            if (next == count) {
                count = epoll.wait(ready, -1);
                next = 0;
            }
            while (next < count && !stopped) {
                // Counted before the handler runs, which may throw.
                final int index = next++;
                dispatch(ready.data(index), ready.events(index));
            }
        }
    }

    private void dispatch(final long data, final int events) throws IOException {
        if (data == WAKEUP) {
            return;
        }
        final Registration registration = registrations.get((int) data);
        if (registration == null || registration.generation != (int) (data >>> Integer.SIZE)) {
            staleEvents++;
            return;
        }
        // Another handler of this turn may have changed what is waited for since the kernel looked.
        final int wanted = events & (registration.interest() | EPOLLERR | EPOLLHUP);
        if (wanted != 0) {
            registration.handler.ready(registration, wanted);
        }
    }

    /// Lets [#run] return, now and whenever it is called again. From any thread, any number of times, after [#close] too.
    ///
    /// @throws IOException as `write(2)` on an eventfd has it
    public void stop() throws IOException {
        stopped = true;
        synchronized (wakeup) {
            if (wakeup.isOpen()) {
                // Never taken from, so that one call is enough. Where it is full (EAGAIN) it is awake as well.
                wakeup.add(1);
            }
        }
    }

    /// How many events came for registrations that were gone by then.
    ///
    /// @return the number since the loop was made
    public long staleEvents() {
        return staleEvents;
    }

    /// Closes the loop's own descriptors. What was registered stays open, and is registered nowhere any more.
    @Override
    public void close() throws IOException {
        try {
            synchronized (wakeup) {
                wakeup.close();
            }
        } finally {
            epoll.close();
        }
    }
}
