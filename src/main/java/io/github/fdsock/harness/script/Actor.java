package io.github.fdsock.harness.script;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/// A thread of a script. It may block signals, or for ever: what it does ends with it.
///
/// Only the thread that runs the script asks it to do something; the memory of its calls is its own.
final class Actor {
    /// How long what has been woken may take to return.
    static final long GRACE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final ExecutorService thread;
    private final Arena arena;
    private final Path task;

    /// What it is asked to do.
    interface Work<T> {
        T with(Arena arena);
    }

    private record Start(Arena arena, Path task) {
    }

    Actor(final String name) throws IOException, InterruptedException {
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

    <T> Future<T> begin(final Work<T> work) {
        return thread.submit((Callable<T>) () -> work.with(arena));
    }

    /// Whether its thread sleeps in the kernel, in the system call with these arguments.
    boolean sleepsIn(final PreparedCall call) {
        try {
            // `NUMBER ARGUMENT…` of the call it sleeps in, in hexadecimal; `running` while it does not sleep. What the
            // JVM itself sleeps in has other arguments.
            final String[] words = Files.readString(task.resolve("syscall")).split(" ");
            if (words.length < 3) {
                return false;
            }
            for (int i = 0; i < Math.min(2, call.arguments().length); i++) {
                final long actual = Long.parseUnsignedLong(words[i + 1].substring(2), 16);
                if (!switch (call.arguments()[i]) {
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
            return sleeps();
        }
    }

    private boolean sleeps() {
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
