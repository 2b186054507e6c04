package io.github.fdsock.loop;

import io.github.fdsock.Fd;
import java.io.Closeable;
import java.io.IOException;
import java.util.Objects;

/// A descriptor's place in an [EventLoop], and what the loop waits for on it.
///
/// Used on the loop's thread only. It does not own the descriptor, but [#close] closes both in the order that matters.
public final class Registration extends Slot implements Closeable {
    /// Is told that a descriptor is ready.
    @FunctionalInterface
    public interface Handler {
        /// Handles what has become ready. It may change, deregister or close any registration, its own included.
        ///
        /// It is called again in the next turn for what it left undone: readiness is a level, not an edge, unless
        /// `EPOLLET` is asked for. So it should do a bounded piece of work, and the others get their turn.
        ///
        /// @param registration whose descriptor is ready
        /// @param events what is ready: `EPOLLIN`, `EPOLLOUT`, …; `EPOLLERR` and `EPOLLHUP` come unasked
        /// @throws IOException ends [EventLoop#run] with it: what concerns one connection only is handled here
        void ready(Registration registration, int events) throws IOException;
    }

    private final Fd fd;
    private final Handler handler;

    Registration(final EventLoop loop, final Fd fd, final Handler handler) {
        super(loop);
        this.fd = Objects.requireNonNull(fd, "fd");
        this.handler = Objects.requireNonNull(handler, "handler");
    }

    @Override
    void ready(final int events) throws IOException {
        handler.ready(this, events);
    }

    @Override
    Fd descriptor() {
        return fd;
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
        waitFor(events);
    }

    /// Whether events may still come.
    ///
    /// @return false after [#deregister] or [#close]
    public boolean isRegistered() {
        return registered;
    }

    /// Whether the loop runs for as long as this is registered.
    ///
    /// @return false after [#unref]
    public boolean isReferenced() {
        return referenced;
    }

    /// Lets the loop run for as long as this is registered, as from the beginning.
    public void ref() {
        reference(true);
    }

    /// Lets the loop end though this is registered: events come only where something else keeps the loop running.
    public void unref() {
        reference(false);
    }

    /// `epoll_ctl(EPOLL_CTL_DEL)`: no event reaches the handler from now on, not even one of the current turn. Later calls do
    /// nothing.
    ///
    /// @throws IOException as `epoll_ctl(2)` has it
    /// @throws IllegalStateException the descriptor was closed before: where a copy of it is open, nobody can take it out of
    ///         the epoll instance any more, and its events come, and are dropped, until that is closed
    public void deregister() throws IOException {
        giveUp();
    }

    /// The descriptor, and what is waited for.
    @Override
    public String toString() {
        return "registration of " + fd + ", events 0x" + Integer.toHexString(interest)
                + (registered ? "" : ", registered no more");
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
