package io.github.fdsock.harness.script;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/// A thread of a script. It may block signals, or for ever: what it does ends with it.
///
/// The memory of its calls is its own.
final class ThreadActor implements Actor {
    /// How long what has been woken may take to return.
    static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final ExecutorService thread;
    private final Arena arena;
    private final Path task;

    private final Names names;
    private final Belongings belongings;
    private final Duration timeout;
    private final RawCheck raw;

    /// What it is in, or was in last; null while that is no call.
    private volatile PreparedCall call;

    // Of its thread.
    private long result;
    private LineDiff awaited;

    private record Start(Arena arena, Path task) {
    }

    /// @param timeout of the script, to be told
    /// @param raw sees the calls, or null
    ThreadActor(final String name, final Names names, final Belongings belongings, final Duration timeout,
            final RawCheck raw) throws IOException, InterruptedException {
        this.names = names;
        this.belongings = belongings;
        this.timeout = timeout;
        this.raw = raw;
        thread = Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name(name).factory());
        final Future<Start> start = thread.submit(() ->
                new Start(Arena.ofConfined(), Files.readSymbolicLink(Path.of("/proc/thread-self"))));
        try {
            arena = start.get().arena;
            task = Path.of("/proc").resolve(start.get().task);
        } catch (final ExecutionException e) {
            thread.shutdown();
            throw new IOException("no thread for a script", e.getCause());
        }
    }

    @Override
    public CompletableFuture<Returned> begin(final CallLine line, final long deadlineNanos) {
        call = null;
        return CompletableFuture.supplyAsync(() -> {
            awaited = null;
            final PreparedCall prepared =
                    line.call().equals(Await.CALL) ? null : new PreparedCall(line, names, arena, belongings);
            call = prepared;
            if (raw != null) {
                raw.begin();
            }
            if (prepared == null) {
                awaited = Await.line(line, names, arena, deadlineNanos, timeout);
            } else {
                result = prepared.make();
            }
            return new Returned(result, raw == null ? List.of() : RawCheck.differences(line, prepared, raw.end()));
        }, thread);
    }

    @Override
    public CompletableFuture<LineDiff> compare() {
        return CompletableFuture.supplyAsync(() -> awaited != null ? awaited : call.compare(result), thread);
    }

    @Override
    public CompletableFuture<Boolean> matches() {
        return CompletableFuture.supplyAsync(() -> call.matches(result), thread);
    }

    @Override
    public CompletableFuture<Boolean> sleeps() {
        final PreparedCall current = call;
        return CompletableFuture.completedFuture(current != null && sleepsIn(current));
    }

    /// Whether its thread sleeps in the kernel, in the system call with these arguments.
    private boolean sleepsIn(final PreparedCall current) {
        try {
            // `NUMBER ARGUMENT…` of the call it sleeps in, in hexadecimal; `running` while it does not sleep. What the
            // JVM itself sleeps in has other arguments.
            final String[] words = Files.readString(task.resolve("syscall")).split(" ");
            if (words.length < 3) {
                return false;
            }
            for (int i = 0; i < Math.min(2, current.arguments().length); i++) {
                final long actual = Long.parseUnsignedLong(words[i + 1].substring(2), 16);
                if (!switch (current.arguments()[i]) {
                    case Integer number -> (int) actual == number;
                    case MemorySegment segment -> actual == segment.address();
                    case Long number -> actual == number;
                    default -> false;
                }) {
                    return false;
                }
            }
            return true;
        } catch (final IOException e) {
            // The thread has ended, or the kernel does not tell: gVisor has no such file.
            return sleepsInAny();
        }
    }

    private boolean sleepsInAny() {
        try {
            final String stat = Files.readString(task.resolve("stat"));
            return stat.charAt(stat.lastIndexOf(')') + 2) == 'S';
        } catch (final IOException e) {
            return false;
        }
    }

    /// Ends the thread, which has been woken if it was in a call.
    ///
    /// @return whether it has ended; otherwise its memory is left to it
    boolean close() throws InterruptedException {
        thread.submit(arena::close);
        thread.shutdown();
        return thread.awaitTermination(GRACE_NANOS, TimeUnit.NANOSECONDS);
    }
}
