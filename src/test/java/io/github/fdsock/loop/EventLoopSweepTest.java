package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.EventFd;
import io.github.fdsock.Fd;
import io.github.fdsock.PidFd;
import io.github.fdsock.SocketFd;
import io.github.fdsock.harness.Sweep;
import io.github.fdsock.process.Spawn;
import io.github.fdsock.sys.Call;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Whichever call of a loop fails, and however: it is closed, its handlers have been told once, and the reason is told.
@Timeout(120)
class EventLoopSweepTest {

    @Test
    void eachHandlerIsToldOnceOrTheLoopEndsWithTheReason() {
        final Sweep.Report report = Sweep.of(() -> {
            final List<String> told = new ArrayList<>();
            boolean ended = false;
            try (EventLoop loop = EventLoop.open();
                    EventFd one = EventFd.create(1, EFD_NONBLOCK);
                    EventFd other = EventFd.create(1, EFD_NONBLOCK)) {
                final Registration first = loop.register(one, EPOLLIN, (registration, _) -> {
                    told.add("one");
                    registration.deregister();
                });
                loop.register(other, EPOLLIN, (registration, _) -> {
                    told.add("other");
                    registration.interest(0);
                    loop.stop();
                });
                loop.run();
                ended = true;
                // A stop may come in the same turn, before the first was told.
                first.deregister();
            } finally {
                assertThat(told).doesNotHaveDuplicates();
                if (ended) {
                    assertThat(told).contains("other");
                }
            }
        }).lasting().twice().run();
        assertThat(report.failed()).containsKeys(Call.epoll_create1, Call.eventfd, Call.epoll_ctl, Call.epoll_wait,
                Call.close);
    }

    @Test
    void aLoopInAnotherThreadIsStoppedAndAConnectionEchoed() {
        final Sweep.Report report = Sweep.of(() -> {
            try (EventLoop loop = EventLoop.open();
                    SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
                final byte[] buffer = new byte[16];
                final Registration registration = loop.register(pair.first(), EPOLLIN, (itself, _) -> {
                    final SocketFd socket = (SocketFd) itself.fd();
                    final long n = socket.recv(buffer, 0, buffer.length, 0);
                    if (n > 0) {
                        if (socket.send(buffer, 0, (int) n, 0) == -EAGAIN) {
                            throw new ErrnoException("a send with all the room in the world", EAGAIN);
                        }
                    } else if (n == 0) {
                        loop.stop();
                    }
                });
                // Whichever side fails makes the other end, which may fail then too, and for another reason.
                final Exception failures = new Exception("of either side");
                final Thread thread = new Thread(() -> {
                    attempt(failures, loop::run);
                    attempt(failures, registration::close);
                });
                thread.start();
                attempt(failures, () -> exchange(pair.second()));
                attempt(failures, pair.second()::close);
                thread.join();
                if (failures.getSuppressed().length > 0) {
                    throw failures;
                }
            }
        }).lasting().twice().run();
        assertThat(report.failed()).containsKeys(Call.epoll_wait, Call.recv, Call.send, Call.close);
    }

    /// All that a loop is made of: events and files, timers, tasks of another thread, closes, a loop within it, a
    /// signal, the end of a child. Whatever fails, what was begun is told once or not at all, and the close tells the
    /// rest.
    @Test
    void aWholeLifeLeavesNothingBehind() {
        final Sweep.Report report = Sweep.of(() -> {
            final List<String> told = new ArrayList<>();
            final AtomicInteger open = new AtomicInteger();
            try (EventLoop loop = EventLoop.open(); EventLoop inner = EventLoop.open();
                    EventFd fd = EventFd.create(1, EFD_NONBLOCK);
                    Fd file = Fd.openFile(Path.of("/proc/self/exe"), O_RDONLY, 0);
                    SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0);
                    PidFd child = Spawn.program("true").start()) {
                try {
                    inner.register(fd, EPOLLIN | EPOLLONESHOT, (registration, _) -> {
                        told.add("event");
                        registration.deregister();
                    });
                    final Registration embedded = loop.register(inner.epoll(), EPOLLIN, (registration, _) -> {
                        if (!inner.runNoWait()) {
                            registration.deregister();
                        }
                    });
                    // As who polls it from outside has to look; a descriptor that epoll refuses by EPERM is always
                    // ready.
                    if (inner.timeoutNanos() == 0 && !inner.runNoWait()) {
                        embedded.deregister();
                    }
                    loop.register(file, EPOLLIN, (registration, _) -> {
                        told.add("file");
                        registration.deregister();
                    });
                    open.incrementAndGet();
                    final Stream stream = loop.adopt(pair.first()).onClose(_ -> {
                        told.add("close");
                        open.decrementAndGet();
                    });
                    loop.schedule(100_000, stream::destroy);
                    loop.onExit(child, _ -> told.add("exit"));
                    loop.onSignal("WINCH", () -> { }).unref();
                    final Thread other = new Thread(() -> {
                        try {
                            loop.execute(() -> told.add("task"));
                        } catch (final RejectedExecutionException _) {
                            // Closed by then, since something failed.
                        }
                    });
                    other.start();
                    loop.run();
                    other.join();
                    loop.run();
                    assertThat(told).containsExactlyInAnyOrder("event", "file", "close", "exit", "task");
                } finally {
                    if (!told.contains("exit")) {
                        child.waitFor();
                    }
                }
            } finally {
                assertThat(told).doesNotHaveDuplicates();
            }
            assertThat(open).hasValue(0);
        }).failing(Call.epoll_create1, Call.eventfd, Call.epoll_ctl, Call.epoll_wait, Call.epoll_pwait2, Call.waitid,
                Call.write, Call.close).run();
        assertThat(report.failed()).containsKeys(Call.epoll_ctl, Call.epoll_wait, Call.waitid, Call.close);
    }

    private interface Attempt {
        void run() throws IOException;
    }

    private static void attempt(final Exception failures, final Attempt attempt) {
        try {
            attempt.run();
        } catch (final IOException | IllegalStateException e) {
            failures.addSuppressed(e);
        }
    }

    private static void exchange(final SocketFd socket) throws IOException {
        final byte[] word = {1, 2, 3};
        final long sent = socket.send(word, 0, 3, 0);
        final byte[] back = new byte[16];
        if (sent == 3) {
            long n;
            do {
                socket.await(POLLIN, -1);
                n = socket.recv(back, 0, 16, 0);
            } while (n == -EAGAIN);
            if (n > 0) {
                assertThat(back).startsWith(word);
                assertThat(n).isEqualTo(3);
            }
        }
        socket.shutdown(SHUT_WR);
    }
}
