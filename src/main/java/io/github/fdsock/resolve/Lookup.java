package io.github.fdsock.resolve;

import static io.github.fdsock.sys.Constants.EAI_CANCELED;
import static io.github.fdsock.sys.Constants.EAI_FAIL;
import static io.github.fdsock.sys.Constants.EAI_MEMORY;

import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;

/// A question to a [Resolver] that is waiting, being asked or answered.
///
/// **Threads.** Any number.
///
/// @param <T> what was asked for
public final class Lookup<T> {
    /// The [Answer] has been called, and is not called again.
    private static final Runnable TOLD = () -> { };

    private final Resolver resolver;
    private final String call;
    private final Executor executor;
    private final Answer<T> answer;

    /// Calls the answer; null while nothing is known. It may still change into `cancelled` when the executor has been
    /// told to run it.
    private final AtomicReference<Runnable> outcome = new AtomicReference<>();

    private final Runnable cancelled;

    /// What a thread of the resolver does; always the same object, by which it is found in the queue.
    final Runnable task;

    /// Something that libc is asked.
    @FunctionalInterface
    interface Question<T> {
        T ask() throws EaiException;
    }

    Lookup(final Resolver resolver, final String call, final Question<T> question, final Executor executor,
            final Answer<T> answer) {
        this.resolver = resolver;
        this.call = call;
        task = () -> ask(question);
        this.executor = executor;
        this.answer = answer;
        cancelled = () -> answer.answered(null, new EaiException(call, EAI_CANCELED, 0));
    }

    /// Lets the answer be `EAI_CANCELED`.
    ///
    /// The answer is called all the same, once, and is given to its executor at once: a lookup under way cannot be
    /// interrupted, so its thread stays occupied until libc returns, but what it brings then is dropped. Until the
    /// answer has been called it is not too late, even if the executor has it already: a caller on the executor's own
    /// thread, such as that of a loop, knows that nothing else will be heard of the lookup. (`uv_cancel` refuses with
    /// `EBUSY` what is under way.)
    ///
    /// @return whether this has cancelled it; false where it was cancelled before or the answer was called
    /// @throws java.util.concurrent.RejectedExecutionException by an executor that takes nothing any more: the lookup
    ///         is cancelled, and the answer not called
    public boolean cancel() {
        Runnable before;
        do {
            before = outcome.get();
            if (before == TOLD || before == cancelled) {
                return false;
            }
        } while (!outcome.compareAndSet(before, cancelled));
        if (before == null) {
            handOver();
        }
        return true;
    }

    /// Asks, and has the answer called unless something else has decided about it meanwhile.
    ///
    /// @return false where it remains open, since there was neither a result nor a failure
    boolean ask(final Question<T> asked) {
        final T result;
        try {
            result = asked.ask();
        } catch (final EaiException e) {
            fail(e);
            return true;
        } catch (final RuntimeException | Error e) {
            // No memory, or an interposer that threw: it must not remain without an answer.
            final int code = e instanceof OutOfMemoryError ? EAI_MEMORY : EAI_FAIL;
            final EaiException failure = new EaiException(call, code, e.toString());
            failure.initCause(e);
            fail(failure);
            return true;
        }
        if (result == null) {
            return false;
        }
        settle(() -> answer.answered(result, null));
        return true;
    }

    void fail(final EaiException failure) {
        settle(() -> answer.answered(null, failure));
    }

    private void settle(final Runnable found) {
        if (outcome.compareAndSet(null, found)) {
            handOver();
        }
    }

    private void handOver() {
        resolver.forget(this);
        // What to tell is looked up at the last moment, since the lookup may be cancelled until then.
        executor.execute(() -> outcome.getAndSet(TOLD).run());
    }

    /// As the call of C, `getaddrinfo("localhost", "80", NULL)`.
    @Override
    public String toString() {
        return call;
    }
}
