package io.github.fdsock.resolve;

import static io.github.fdsock.sys.Constants.EAI_AGAIN;
import static io.github.fdsock.sys.Constants.EAI_MEMORY;

import io.github.fdsock.SockAddr;
import io.github.fdsock.resolve.Lookup.Question;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// `getaddrinfo(3)` and `getnameinfo(3)` on a few threads of their own, since they block for as long as name servers
/// let them, and nothing ends that.
///
/// ```java
/// Lookup<AddressInfo> lookup = resolver.getaddrinfo(AddressQuery.of("localhost", 7000).socktype(SOCK_STREAM), loop,
///         (found, failure) -> { … });
/// ```
///
/// **Answers.** Each lookup is answered once, by the executor that was given with it, whatever happens: with what was
/// found, with the failure, or with `EAI_CANCELED` after [Lookup#cancel] or [#close]. Only an executor that throws when
/// it is given the answer, as one that is shut down does, ends a lookup without: what it throws goes to whoever has
/// cancelled or asked, or else to the handler of uncaught exceptions.
///
/// **Digits need no thread.** A numeric address with a numeric service is found while it is being asked for
/// (`AI_NUMERICHOST`, or both of `NI_NUMERICHOST` and `NI_NUMERICSERV`), and never waits behind a name; its answer
/// comes by the executor all the same.
///
/// **Bounds.** So many lookups are under way as there are threads, cancelled ones among them, and so many wait for one
/// in order; one more is not asked at all but answered with `EAI_AGAIN`, as `getaddrinfo_a(3)` does. Nothing is cached:
/// that is for `nscd(8)` or a local server to do.
///
/// **Failures.** What libc says, as an [EaiException]. `EAI_NONAME`: no such name; `EAI_AGAIN`: no server has answered,
/// or there was no room to wait; `EAI_SERVICE`, `EAI_FAMILY`, `EAI_SOCKTYPE`, `EAI_BADFLAGS`: hints that do not go
/// together; `EAI_SYSTEM`: descriptors or something else ran out, and the errno tells what; `EAI_MEMORY`: memory, or
/// threads.
///
/// **Threads.** Any number may ask. Those of the resolver are daemons, are started when needed, and end after ten idle
/// seconds.
///
/// **Ownership.** To be closed by whoever has opened it. libc's memory is freed before an answer is on its way, also of
/// lookups that were cancelled meanwhile.
///
/// @see <a href="https://man7.org/linux/man-pages/man3/getaddrinfo.3.html">getaddrinfo(3)</a>
public final class Resolver implements AutoCloseable {
    /// As many as libuv has. A name whose servers are down holds one for ten seconds, by `resolv.conf(5)`.
    private static final int THREADS = 4;

    /// With lookups of 20 ms this is more than a second's wait: whoever asks faster has lost already.
    private static final int QUEUE = 256;

    private static final int IDLE_SECONDS = 10;

    private final ThreadPoolExecutor threads;

    /// Not given to their executors yet.
    private final Set<Lookup<?>> pending = ConcurrentHashMap.newKeySet();

    private Resolver(final int threads, final int queue) {
        this.threads = new ThreadPoolExecutor(threads, threads, IDLE_SECONDS, TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(queue), Thread.ofPlatform().daemon().name("fdsock-resolver-", 0).factory());
        this.threads.allowCoreThreadTimeOut(true);
    }

    /// Makes a resolver with 4 threads and room for 256 lookups that wait.
    ///
    /// @return the resolver, to be closed by the caller
    public static Resolver open() {
        return open(THREADS, QUEUE);
    }

    /// Makes a resolver.
    ///
    /// @param threads how many lookups may be under way at once, 1 or more
    /// @param queue how many more may wait, 1 or more
    /// @return the resolver, to be closed by the caller
    /// @throws IllegalArgumentException less than that
    public static Resolver open(final int threads, final int queue) {
        if (threads < 1 || queue < 1) {
            throw new IllegalArgumentException("a resolver has a thread and a queue at least, not " + threads
                    + " threads and a queue of " + queue);
        }
        return new Resolver(threads, queue);
    }

    // ---- asking, and being answered

    /// `getaddrinfo(node, service, hints, res)`: looks up addresses.
    ///
    /// @param query what to ask
    /// @param executor where the answer shall be called: a loop, or `Runnable::run` for whichever thread has it, which
    ///        may be this one, before this method returns
    /// @param answer is told, once
    /// @return to cancel it
    /// @throws IllegalStateException the resolver is closed
    /// @throws RejectedExecutionException by the executor, where the answer is there at once and was not taken
    public Lookup<AddressInfo> getaddrinfo(final AddressQuery query, final Executor executor,
            final Answer<AddressInfo> answer) {
        return start(query.toString(), query::ask, query::askHere, executor, answer);
    }

    /// `getnameinfo(addr, addrlen, host, hostlen, serv, servlen, flags)`: looks up the name of an address.
    ///
    /// @param address the address
    /// @param flags `NI_NAMEREQD`, `NI_DGRAM` and so on
    /// @param executor as for [#getaddrinfo]
    /// @param answer is told, once
    /// @return to cancel it
    /// @throws IllegalStateException the resolver is closed
    /// @throws RejectedExecutionException as for [#getaddrinfo]
    public Lookup<NameInfo> getnameinfo(final SockAddr address, final int flags, final Executor executor,
            final Answer<NameInfo> answer) {
        Objects.requireNonNull(address, "address");
        return start(NameInfo.call(address, flags), () -> NameInfo.ask(address, flags),
                () -> NameInfo.askHere(address, flags), executor, answer);
    }

    private <T> Lookup<T> start(final String call, final Question<T> question, final Question<T> here,
            final Executor executor, final Answer<T> answer) {
        final Lookup<T> lookup = new Lookup<>(this, call, question, Objects.requireNonNull(executor, "executor"),
                Objects.requireNonNull(answer, "answer"));
        if (threads.isShutdown()) {
            throw new IllegalStateException("the resolver is closed");
        }
        if (!lookup.ask(here)) {
            enqueue(lookup);
        }
        return lookup;
    }

    private void enqueue(final Lookup<?> lookup) {
        // First, so that a close that comes in between finds whatever it has let through.
        pending.add(lookup);
        try {
            threads.execute(lookup.task);
        } catch (final RejectedExecutionException refused) {
            if (threads.isShutdown()) {
                lookup.cancel();
            } else {
                lookup.fail(new EaiException(lookup.toString(), EAI_AGAIN, "not asked, " + threads.getQueue().size()
                        + " others wait"));
            }
        } catch (final OutOfMemoryError e) {
            // A limit of threads or processes, as a rule.
            final EaiException failure = new EaiException(lookup.toString(), EAI_MEMORY, "not asked, no thread");
            failure.initCause(e);
            lookup.fail(failure);
        }
    }

    void forget(final Lookup<?> lookup) {
        if (pending.remove(lookup)) {
            threads.remove(lookup.task);
        }
    }

    /// How many lookups wait or are under way, without those that were cancelled.
    ///
    /// @return the number, at this moment
    public int pending() {
        return pending.size();
    }

    // ---- asking, and waiting

    /// [#getaddrinfo(AddressQuery, Executor, Answer)] for whoever can wait, a virtual thread for example, which is
    /// parked. Not for the thread of a loop.
    ///
    /// @param query what to ask
    /// @param timeoutNanos at most so long; negative waits as long as libc does
    /// @return what was found
    /// @throws EaiException as for this class; `EAI_AGAIN` also when the time is over, as `gai_suspend(3)` has it
    /// @throws InterruptedException the thread was interrupted; the lookup is cancelled then
    /// @throws IllegalStateException the resolver is closed
    public AddressInfo getaddrinfo(final AddressQuery query, final long timeoutNanos)
            throws EaiException, InterruptedException {
        final Told<AddressInfo> told = new Told<>();
        return told.within(timeoutNanos, getaddrinfo(query, Runnable::run, told));
    }

    /// [#getnameinfo(SockAddr, int, Executor, Answer)] for whoever can wait.
    ///
    /// @param address the address
    /// @param flags `NI_NAMEREQD`, `NI_DGRAM` and so on
    /// @param timeoutNanos at most so long; negative waits as long as libc does
    /// @return what was found
    /// @throws EaiException as for [#getaddrinfo(AddressQuery, long)]
    /// @throws InterruptedException the thread was interrupted; the lookup is cancelled then
    /// @throws IllegalStateException the resolver is closed
    public NameInfo getnameinfo(final SockAddr address, final int flags, final long timeoutNanos)
            throws EaiException, InterruptedException {
        final Told<NameInfo> told = new Told<>();
        return told.within(timeoutNanos, getnameinfo(address, flags, Runnable::run, told));
    }

    /// The answer to a thread that waits for it.
    private static final class Told<T> implements Answer<T> {
        private final CountDownLatch told = new CountDownLatch(1);
        private T result;
        private EaiException failure;

        @Override
        public void answered(final T found, final EaiException why) {
            result = found;
            failure = why;
            told.countDown();
        }

        T within(final long timeoutNanos, final Lookup<T> lookup) throws EaiException, InterruptedException {
            try {
                if (timeoutNanos >= 0 && !told.await(timeoutNanos, TimeUnit.NANOSECONDS) && lookup.cancel()) {
                    throw new EaiException(lookup.toString(), EAI_AGAIN, "no answer within "
                            + TimeUnit.NANOSECONDS.toMillis(timeoutNanos) + " ms");
                }
                told.await();
            } catch (final InterruptedException e) {
                lookup.cancel();
                throw e;
            }
            if (failure != null) {
                // Nobody else has it, and the trace shall show who has asked.
                failure.fillInStackTrace();
                throw failure;
            }
            return result;
        }
    }

    // ---- the end

    /// Answers every lookup that has none yet with `EAI_CANCELED`, and takes no more.
    ///
    /// Does not wait: a thread ends when the lookup that it has under way does, see [#awaitTermination]. Closing again
    /// does nothing.
    ///
    /// @throws RejectedExecutionException by an executor that takes nothing any more; the others have been told, as
    ///         they have whatever else an answer throws that is called here
    @Override
    public void close() {
        threads.shutdown();
        Throwable failure = null;
        for (final Lookup<?> lookup : List.copyOf(pending)) {
            try {
                lookup.cancel();
            } catch (final RuntimeException | Error e) {
                if (failure == null) {
                    failure = e;
                } else if (e != failure) {
                    failure.addSuppressed(e);
                }
            }
        }
        switch (failure) {
            case final RuntimeException e -> throw e;
            case final Error e -> throw e;
            case null, default -> { }
        }
    }

    /// Waits until a resolver that was [closed][#close] has no thread any more, and so no descriptor that libc has
    /// opened for a lookup.
    ///
    /// @param timeoutNanos at most so long
    /// @return whether all have ended
    /// @throws InterruptedException the waiting thread was interrupted
    public boolean awaitTermination(final long timeoutNanos) throws InterruptedException {
        return threads.awaitTermination(timeoutNanos, TimeUnit.NANOSECONDS);
    }
}
