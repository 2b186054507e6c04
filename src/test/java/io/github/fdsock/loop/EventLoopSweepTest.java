package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.EventFd;
import io.github.fdsock.SocketFd;
import io.github.fdsock.harness.Sweep;
import io.github.fdsock.sys.Call;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
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
