package io.github.fdsock.loop;

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
/// **Threads.** One runs the loop and registers; [#stop] alone may be called from any. [#close] belongs to the owner, when
/// [#run] has returned; it does not close the registered descriptors, which are not the loop's.
///
/// Level-triggered: what a handler leaves undone is reported again.
public final class EventLoop implements Closeable {
    /// So many events are fetched at once. More would save calls only when more descriptors than this are ready in one
    /// turn, and a turn of this length already makes the call's share negligible.
    private static final int EVENTS_PER_TURN = 256;

    private static final long WAKEUP = -1;

    private final EpollFd epoll;
    private final EventFd wakeup;
    private final EpollEvents ready = EpollEvents.allocate(Arena.ofAuto(), EVENTS_PER_TURN);

    /// By slot; null where it is free.
    private final List<Registration> registrations = new ArrayList<>();
    private final ArrayDeque<Integer> freeSlots = new ArrayDeque<>();
    private int generation;
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
            final EventFd wakeup = EventFd.create(0, 0);
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
    /// @throws IOException `EPERM`: epoll does not take regular files and directories, which are always ready
    public Registration register(final Fd fd, final int interest, final Handler handler) throws IOException {
        final int slot = freeSlots.isEmpty() ? registrations.size() : freeSlots.pop();
        final Registration registration = new Registration(this, fd, interest, handler, slot, ++generation);
        if (slot == registrations.size()) {
            registrations.add(null);
        }
        try {
            epoll.add(fd, interest, (long) registration.generation << Integer.SIZE | slot);
        } catch (final IOException | RuntimeException e) {
            freeSlots.push(slot);
            throw e;
        }
        registrations.set(slot, registration);
        return registration;
    }

    void modify(final Registration registration, final int interest) throws IOException {
        epoll.modify(registration.fd(), interest, (long) registration.generation << Integer.SIZE | registration.slot);
    }

    void remove(final Registration registration) throws IOException {
        registrations.set(registration.slot, null);
        freeSlots.push(registration.slot);
        epoll.delete(registration.fd());
    }

    /// Runs until [#stop].
    ///
    /// @throws IOException what a handler threw, or `epoll_wait` itself
    public void run() throws IOException {
        while (!stopped) {
            final int count = epoll.wait(ready, -1);
            for (int i = 0; i < count && !stopped; i++) {
                dispatch(ready.data(i), ready.events(i));
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
        registration.handler.ready(registration, events);
    }

    /// Lets [#run] return, now and whenever it is called again. From any thread, any number of times.
    ///
    /// @throws IOException as `write(2)` on an eventfd has it
    public void stop() throws IOException {
        stopped = true;
        wakeup.add(1);
    }

    /// How many events came for registrations that were gone by then.
    ///
    /// @return the number since the loop was made
    public long staleEvents() {
        return staleEvents;
    }

    /// Closes the loop's own descriptors.
    @Override
    public void close() throws IOException {
        try {
            wakeup.close();
        } finally {
            epoll.close();
        }
    }
}
