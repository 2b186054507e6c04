package io.github.fdsock;

import static io.github.fdsock.sys.Constants.MSG_DONTWAIT;
import static io.github.fdsock.sys.Constants.POLLOUT;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

/// A call made by a thread of its own, so that a test can see it block, and see it end.
///
/// To be used in try-with-resources *outside* of the descriptors that it blocks on: closing those must end it.
public final class Background<T> implements AutoCloseable {
    /// In nanoseconds, as long as something that will happen may take on a busy machine.
    static final long LIMIT = 20_000_000_000L;

    /// In nanoseconds, more than the 40 ms of Linux.
    private static final long DELAYED_ACKNOWLEDGEMENT = 50_000_000;

    private final FutureTask<T> task;
    private final Thread thread;
    private final CountDownLatch begun = new CountDownLatch(1);
    private volatile Path kernelThread;

    private Background(final Callable<T> call) {
        task = new FutureTask<>(call);
        thread = new Thread(() -> {
            kernelThread = kernelThread();
            begun.countDown();
            task.run();
        }, "background");
        thread.setDaemon(true);
    }

    /// Starts it.
    public static <T> Background<T> start(final Callable<T> call) {
        final Background<T> background = new Background<>(call);
        background.thread.start();
        return background;
    }

    /// Sends until there is no room, so that the next one blocks. Of TCP what is under way makes room again when it is
    /// acknowledged, with delay perhaps: so until nothing could be sent for longer than that.
    static void fill(final SocketFd socket) throws IOException {
        final byte[] bytes = new byte[2048];
        boolean sent;
        do {
            sent = false;
            while (socket.send(bytes, 0, bytes.length, MSG_DONTWAIT) >= 0) {
                sent = true;
            }
            socket.await(POLLOUT, DELAYED_ACKNOWLEDGEMENT);
        } while (sent);
    }

    /// `/proc/self/task/TID` of the calling thread.
    private static Path kernelThread() {
        try {
            return Path.of("/proc").resolve(Files.readSymbolicLink(Path.of("/proc/thread-self")));
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Waits until the thread is blocked in a system call whose first argument is this descriptor, as the kernel sees
    /// it.
    Background<T> awaitBlockedOn(final Fd fd) throws InterruptedException {
        return awaitBlockedOn(fd.number());
    }

    /// Waits until the thread is blocked in a system call whose first argument is this number.
    public Background<T> awaitBlockedOn(final int fd) throws InterruptedException {
        final String argument = "0x" + Integer.toHexString(fd);
        return awaitBlocked(syscall -> syscall.length > 1 && syscall[1].equals(argument));
    }

    /// Waits until the thread is blocked in a `ppoll` of one descriptor.
    Background<T> awaitBlockedInPoll() throws InterruptedException {
        // ppoll is the one call of this library whose second argument is 1 and whose last is the size of a kernel's
        // signal set; the first and the third are pointers.
        return awaitBlocked(syscall -> syscall.length > 5 && syscall[2].equals("0x1") && syscall[1].length() > 8);
    }

    private Background<T> awaitBlocked(final Predicate<String[]> where) throws InterruptedException {
        begun.await();
        final long start = System.nanoTime();
        // Twice in a row: the line is also there, for a moment, of a call that is about to return.
        for (int seen = 0; seen < 2; LockSupport.parkNanos(200_000)) {
            seen = where.test(syscall()) ? seen + 1 : 0;
            if (task.isDone()) {
                throw new AssertionError("the call has returned instead of blocking: " + outcome());
            }
            assertThat(System.nanoTime() - start).as("nanoseconds until it blocks in the right call; now it is in %s",
                    (Object) String.join(" ", syscall())).isLessThan(LIMIT);
        }
        return this;
    }

    private String[] syscall() {
        try {
            return Files.readString(kernelThread.resolve("syscall")).strip().split(" ");
        } catch (final IOException gone) {
            return new String[] {"ended"};
        }
    }

    private String outcome() {
        try {
            return "result " + task.get();
        } catch (final ExecutionException e) {
            return e.getCause().toString();
        } catch (final InterruptedException e) {
            return "interrupted";
        }
    }

    /// What the call returned.
    public T result() throws Exception {
        return task.get(LIMIT, TimeUnit.NANOSECONDS);
    }

    /// What the call threw.
    Throwable failure() throws InterruptedException, TimeoutException {
        try {
            final T result = task.get(LIMIT, TimeUnit.NANOSECONDS);
            throw new AssertionError("the call returned " + result + " instead of throwing");
        } catch (final ExecutionException e) {
            return e.getCause();
        }
    }

    /// Waits for the thread's end.
    @Override
    public void close() {
        try {
            thread.join(TimeUnit.NANOSECONDS.toMillis(LIMIT));
        } catch (final InterruptedException e) {
            throw new AssertionError("interrupted while a call in the background goes on", e);
        }
        assertThat(thread.isAlive()).as("a call that nothing has ended: %s", (Object) String.join(" ", syscall()))
                .isFalse();
    }
}
