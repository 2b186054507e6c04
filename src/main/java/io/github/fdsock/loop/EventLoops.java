package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.SOCK_NONBLOCK;
import static io.github.fdsock.sys.Constants.SOCK_STREAM;

import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.option.SockOpt;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/// Several loops, each run by a thread of its own until they are closed together.
///
/// Connections come to them in one of two ways. [#listen] has a listener in each loop, all at one address by `SO_REUSEPORT`:
/// the kernel shares the connections out by a hash of the client's address, no thread is between, and a loop that is busy
/// keeps its share waiting. [Listener#distribute] has one listener, whose loop accepts for all and hands on in turn: that
/// shares out evenly, at the price of a wakeup for each connection, and is the only way with a socket that is inherited.
///
/// **Threads.** Everything here may be called from any thread, but [#listen] and [#close], which wait for all loops, by
/// none of theirs; what belongs to a loop is touched on that loop, by [EventLoop#execute].
public final class EventLoops implements Closeable {
    /// After so long it is tried again to wake a loop that has to end.
    private static final long RETRY_MILLIS = 10;

    private final List<EventLoop> loops = new ArrayList<>();
    private final List<Thread> threads = new ArrayList<>();
    private final AtomicInteger turn = new AtomicInteger();

    /// What ended the run of each before its time: written by its thread, read when that has been joined.
    private final Throwable[] ended;

    /// Completed by the thread of each when that runs its loop no more.
    private final List<CompletableFuture<Void>> ends = new ArrayList<>();

    private EventLoops(final int count) {
        ended = new Throwable[count];
    }

    /// Makes loops and starts their threads, which are daemons.
    ///
    /// @param count how many: rarely more than there are CPUs
    /// @param strategy how they wait
    /// @return the loops, to be closed by the caller
    /// @throws IllegalArgumentException where `count` is not positive
    /// @throws IOException `EMFILE`, `ENFILE`: no free descriptor; then none is left behind
    public static EventLoops start(final int count, final WaitStrategy strategy) throws IOException {
        if (count <= 0) {
            throw new IllegalArgumentException(count + " loops");
        }
        final EventLoops all = new EventLoops(count);
        try {
            for (int i = 0; i < count; i++) {
                all.loops.add(EventLoop.open(strategy));
            }
        } catch (final IOException | RuntimeException e) {
            final Failures failures = new Failures();
            all.loops.forEach(loop -> failures.attempt(loop::close));
            throw e;
        }
        for (int i = 0; i < count; i++) {
            all.start(i);
        }
        return all;
    }

    private void start(final int index) {
        final EventLoop loop = loops.get(index);
        // It is to wait for what others bring it, though nothing is registered.
        loop.activeMore(1);
        final CompletableFuture<Void> end = new CompletableFuture<>();
        ends.add(end);
        threads.add(Thread.ofPlatform().daemon().name("loop " + index).start(() -> {
            try {
                loop.run();
            } catch (final IOException e) {
                ended[index] = e;
                throw new UncheckedIOException(e);
            } catch (final RuntimeException | Error e) {
                ended[index] = e;
                throw e;
            } finally {
                end.complete(null);
            }
        }));
    }

    /// How many there are.
    ///
    /// @return the number
    public int size() {
        return loops.size();
    }

    /// One of them.
    ///
    /// @param index from 0
    /// @return the loop
    /// @throws IndexOutOfBoundsException there are not so many
    public EventLoop get(final int index) {
        return loops.get(index);
    }

    /// Each in turn.
    ///
    /// @return the loop whose turn it is
    public EventLoop next() {
        return loops.get(Math.floorMod(turn.getAndIncrement(), loops.size()));
    }

    /// Listens at one address with every loop, by `SO_REUSEPORT`.
    ///
    /// @param address of an IPv4 or IPv6 socket; with port 0 the kernel chooses one for all
    /// @param handler is given the connections, by each loop on its thread
    /// @return the listeners, in the order of the loops, each to be used on its loop only
    /// @throws IllegalArgumentException another family: UNIX sockets know no `SO_REUSEPORT`
    /// @throws IOException `EADDRINUSE`: a socket without the option, or another user's, is there; then none listens
    /// @throws IllegalStateException one of the loops has ended: it was stopped or closed, or a handler threw; then
    ///         none listens. Called on one of the loops
    public List<Listener> listen(final SockAddr address, final Listener.ConnectionHandler handler) throws IOException {
        Objects.requireNonNull(handler, "handler");
        if (!(address instanceof SockAddr.Inet)) {
            throw new IllegalArgumentException("SO_REUSEPORT needs an IPv4 or IPv6 address, not " + address);
        }
        requireOutside();
        final List<SocketFd> sockets = new ArrayList<>();
        final List<Listener> listeners = new ArrayList<>();
        try {
            // All are bound before the first listens: a failure is told before there is a connection to be lost by it.
            SockAddr bound = address;
            for (int i = 0; i < loops.size(); i++) {
                final SocketFd socket = SocketFd.socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK, 0);
                sockets.add(socket);
                socket.setsockopt(SockOpt.SO_REUSEADDR, true);
                socket.setsockopt(SockOpt.SO_REUSEPORT, true);
                socket.bind(bound);
                bound = socket.localAddress();
            }
            for (int i = 0; i < loops.size(); i++) {
                final EventLoop loop = loops.get(i);
                on(loop, () -> listeners.add(loop.listen(sockets.getFirst(), handler)));
                sockets.removeFirst();
            }
            return List.copyOf(listeners);
        } catch (final IOException | RuntimeException e) {
            final Failures failures = new Failures();
            listeners.forEach(listener -> failures.attempt(() -> on(listener.loop(), listener::close)));
            sockets.forEach(socket -> failures.attempt(socket::close));
            throw e;
        }
    }

    /// Does something on a loop and waits until it is done.
    private void on(final EventLoop loop, final Action action) throws IOException {
        final CompletableFuture<Void> done = new CompletableFuture<>();
        final int index = loops.indexOf(loop);
        try {
            loop.execute(() -> {
                try {
                    action.run();
                    done.complete(null);
                } catch (final IOException | RuntimeException e) {
                    done.completeExceptionally(e);
                }
            });
            CompletableFuture.anyOf(done, ends.get(index)).join();
            if (!done.isDone()) {
                throw new IllegalStateException("loop " + index + " has ended");
            }
            done.join();
        } catch (final RejectedExecutionException e) {
            throw new IllegalStateException("loop " + index + " is closed", e);
        } catch (final CompletionException e) {
            if (e.getCause() instanceof final IOException failure) {
                throw failure;
            }
            throw e;
        }
    }

    /// Stops all loops, waits for their threads and closes them with everything that belongs to them.
    ///
    /// @throws IOException one of the loops had ended before, by what a handler threw: its thread has told of it as of any
    ///         uncaught exception. Everything is closed all the same
    /// @throws IllegalStateException called on one of the loops
    @Override
    public void close() throws IOException {
        requireOutside();
        final Failures failures = new Failures();
        loops.forEach(EventLoops::stop);
        for (int i = 0; i < loops.size(); i++) {
            join(threads.get(i), loops.get(i));
            final Throwable failure = ended[i];
            failures.attempt(() -> {
                if (failure != null) {
                    throw new IOException("a loop has ended before its time", failure);
                }
            });
            failures.attempt(loops.get(i)::close);
        }
        failures.throwFirst();
    }

    /// Whether the loop knows of it. Otherwise it may sleep on, and the next call tries again to wake it.
    private static boolean stop(final EventLoop loop) {
        try {
            loop.stop();
            return true;
        } catch (final UncheckedIOException _) {
            return false;
        }
    }

    /// A loop that waits for the others would hold up its connections, and for ever where one of them waits for it.
    private void requireOutside() {
        if (loops.stream().anyMatch(EventLoop::inLoop)) {
            throw new IllegalStateException("called by one of the loops, which would wait for itself and the others");
        }
    }

    /// An interrupt does not end the wait: nothing can be closed before the thread has ended.
    private static void join(final Thread thread, final EventLoop loop) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join(stop(loop) ? 0 : RETRY_MILLIS);
            } catch (final InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
