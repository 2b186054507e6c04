package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.EPOLLEXCLUSIVE;
import static io.github.fdsock.sys.Constants.EPOLLONESHOT;

import io.github.fdsock.Fd;
import java.io.Closeable;
import java.io.IOException;
import java.util.Objects;

/// A descriptor's place in an [EventLoop], and what the loop waits for on it.
///
/// Used on the loop's thread only. It does not own the descriptor, but [#close] closes both in the order that matters.
public final class Registration implements Closeable {
    /// Is told that a descriptor is ready.
    @FunctionalInterface
    public interface Handler {
        /// Handles what has become ready. It may change, deregister or close any registration, its own included.
        ///
        /// It is called again in the next turn for what it left undone: readiness is a level, not an edge. So it should do a
        /// bounded piece of work, and the others get their turn.
        ///
        /// @param registration whose descriptor is ready
        /// @param events what is ready: `EPOLLIN`, `EPOLLOUT`, …; `EPOLLERR` and `EPOLLHUP` come unasked
        /// @throws IOException ends [EventLoop#run] with it: what concerns one connection only is handled here
        void ready(Registration registration, int events) throws IOException;
    }

    final int slot;
    final int generation;

    /// Whether epoll does not take it: a file.
    boolean alwaysReady;

    private final EventLoop loop;
    private final Fd fd;

    /// Who is told: a handler, or one of the loop's own without an object between. The other is null.
    private final Handler handler;
    private final Handle handle;
    private int interest;
    private boolean registered = true;
    private boolean referenced = true;

    /// Whether it keeps its slot, and the kernel does not know of it.
    private boolean suspended;

    Registration(final EventLoop loop, final Fd fd, final int interest, final Handler handler, final Handle handle,
            final int slot, final int generation) {
        this.loop = loop;
        this.fd = Objects.requireNonNull(fd, "fd");
        this.interest = interest;
        this.handler = handler;
        this.handle = handle;
        this.slot = slot;
        this.generation = generation;
    }

    void ready(final int events) throws IOException {
        if (handle != null) {
            handle.ready(events);
        } else {
            handler.ready(this, events);
        }
    }

    /// What is registered where it is one of the loop's own, else null.
    Handle handle() {
        return handle;
    }

    /// What its events carry: generation above, slot below.
    long data() {
        return (long) generation << Integer.SIZE | slot;
    }

    /// What is registered.
    ///
    /// @return the descriptor
    public Fd fd() {
        return fd;
    }

    /// Where it is registered.
    ///
    /// @return the loop
    public EventLoop loop() {
        return loop;
    }

    /// What the loop waits for.
    ///
    /// @return `EPOLLIN`, `EPOLLOUT`, …
    public int interest() {
        return interest;
    }

    /// `epoll_ctl(EPOLL_CTL_MOD)`: changes what the loop waits for, in the current turn already; no call is made where that
    /// changes nothing. From or to `EPOLLEXCLUSIVE`, which cannot be modified, it is `EPOLL_CTL_DEL` and `EPOLL_CTL_ADD`.
    ///
    /// With `EPOLLONESHOT` the call is always made: it wakes up what the last event has put to sleep.
    ///
    /// @param events `EPOLLIN`, `EPOLLOUT`, …; 0 leaves only `EPOLLERR` and `EPOLLHUP`, which nothing but [#deregister]
    ///        turns off
    /// @throws IOException as [io.github.fdsock.EpollFd#modify]; what the loop waits for is unchanged then, or nothing, where
    ///         the `EPOLL_CTL_ADD` failed
    /// @throws IllegalStateException where it is not registered any more
    public void interest(final int events) throws IOException {
        loop.requireThread();
        if (!registered) {
            throw new IllegalStateException(fd + " is not registered any more");
        }
        if (events == interest && !suspended && (events & EPOLLONESHOT) == 0) {
            return;
        }
        if (((interest | events) & EPOLLEXCLUSIVE) != 0) {
            suspend();
        }
        if (suspended) {
            loop.resume(this, events);
            suspended = false;
        } else {
            loop.modify(this, events);
        }
        interest = events;
    }

    /// `epoll_ctl(EPOLL_CTL_MOD)` that changes nothing: the kernel looks again, and tells of what is there.
    void lookAgain() throws IOException {
        loop.modify(this, interest);
    }

    /// `epoll_ctl(EPOLL_CTL_DEL)` that [#interest(int)] undoes: for a hang-up that nobody can deal with yet, and that would
    /// be reported turn after turn.
    void suspend() throws IOException {
        if (!suspended && !alwaysReady) {
            loop.suspend(this);
            suspended = true;
        }
    }

    boolean isSuspended() {
        return suspended;
    }

    /// One shot of an interest that the kernel does not look after has been fired.
    void asleep() {
        interest = EPOLLONESHOT;
    }

    /// Whether events may still come.
    ///
    /// @return false after [#deregister] or [#close]
    public boolean isRegistered() {
        return registered;
    }

    boolean isReferenced() {
        return referenced;
    }

    /// Lets the loop run for as long as this is registered, as from the beginning.
    public void ref() {
        loop.requireThread();
        if (!referenced) {
            referenced = true;
            loop.activeMore(registered ? 1 : 0);
        }
    }

    /// Lets the loop end though this is registered: events come only where something else keeps the loop running.
    public void unref() {
        loop.requireThread();
        if (referenced) {
            referenced = false;
            loop.activeMore(registered ? -1 : 0);
        }
    }

    /// `epoll_ctl(EPOLL_CTL_DEL)`: no event reaches the handler from now on, not even one of the current turn. Later calls do
    /// nothing.
    ///
    /// @throws IOException as `epoll_ctl(2)` has it
    /// @throws IllegalStateException the descriptor was closed before: where a copy of it is open, nobody can take it out of
    ///         the epoll instance any more, and its events come, and are dropped, until that is closed
    public void deregister() throws IOException {
        loop.requireThread();
        if (registered) {
            registered = false;
            if (referenced) {
                loop.activeMore(-1);
            }
            loop.remove(this);
        }
    }

    /// Deregisters, then closes the descriptor.
    ///
    /// In this order: closing alone would leave the registration behind wherever another descriptor shares the open file, by
    /// `dup`, `fork` or because it was passed on, and nobody could remove it then.
    ///
    /// @throws IOException as `epoll_ctl(2)` and `close(2)` have it
    @Override
    public void close() throws IOException {
        try {
            deregister();
        } finally {
            fd.close();
        }
    }
}
