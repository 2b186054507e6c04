package io.github.fdsock.loop;

import static io.github.fdsock.harness.junit.SocketFamily.UDP4;
import static io.github.fdsock.harness.junit.SocketFamily.UDP6;
import static io.github.fdsock.harness.junit.SocketFamily.UNIX_DGRAM;
import static io.github.fdsock.sys.Constants.AF_UNIX;
import static io.github.fdsock.sys.Constants.ECONNREFUSED;
import static io.github.fdsock.sys.Constants.SOCK_DGRAM;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.EventFd;
import io.github.fdsock.Message;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.harness.Sweep;
import io.github.fdsock.harness.junit.SocketFamilies;
import io.github.fdsock.harness.junit.SocketFamily;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.sys.Call;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Whichever call of an exchange of datagrams fails, and however: nothing leaks, nothing hangs, every completion and
/// every close is told once, and so is the reason.
@Timeout(300)
class DatagramsSweepTest {
    private static final int ASKED = 5;

    /// Counts what it is told, keeps what went wrong, and ends with the last completion and close.
    private static final class Exchange {
        final EventLoop loop;
        final Exception failures = new Exception("told by the handlers");
        int sends;
        int completions;
        int opened;
        int closes;

        Exchange(final EventLoop loop) {
            this.loop = loop;
            loop.schedule(TimeUnit.SECONDS.toNanos(10), () -> {
                throw new AssertionError("hangs");
            }).unref();
        }

        Datagrams watch(final Datagrams datagrams) {
            opened++;
            return datagrams.onError((error, _, _) -> failures.addSuppressed(error)).onClose(cause -> {
                closes++;
                if (cause != null) {
                    failures.addSuppressed(cause);
                }
            });
        }

        Stream.Completion completion() {
            sends++;
            final int[] times = {0};
            return failure -> {
                assertThat(++times[0]).as("times that a completion was told").isEqualTo(1);
                completions++;
                if (failure != null) {
                    failures.addSuppressed(failure);
                }
            };
        }

        /// Runs what makes it up, and closes the loop; throws everything that went wrong.
        void run(final Sweep.Scenario scenario) throws Exception {
            attempt(scenario);
            attempt(loop::close);
            assertThat(completions).isEqualTo(sends);
            assertThat(closes).isEqualTo(opened);
            assertThat(loop.metrics().bytesQueued()).isZero();
            if (hasFailed()) {
                throw failures;
            }
        }

        private void attempt(final Sweep.Scenario part) {
            try {
                part.run();
            } catch (final Exception e) {
                failures.addSuppressed(e);
            }
        }

        boolean hasFailed() {
            return failures.getSuppressed().length > 0;
        }
    }

    @SocketFamilies({UDP4, UDP6, UNIX_DGRAM})
    void questionsAndAnswers(final SocketFamily family) {
        final Sweep.Report report = Sweep.of(() -> {
            final EventLoop loop = EventLoop.open();
            final Exchange exchange = new Exchange(loop);
            exchange.run(() -> {
                final Datagrams server = exchange.watch(loop.datagrams(family.any()));
                final Datagrams client = exchange.watch(loop.datagrams(family.any()));
                server.onMessage((data, from, _) -> server.send(data, from, exchange.completion()));
                final int[] answers = {0};
                // Where a question or an answer has failed, the others are not waited for.
                final Action enough = () -> {
                    if (answers[0] == ASKED || exchange.hasFailed()) {
                        client.close();
                        server.close();
                    }
                };
                client.onMessage((_, _, _) -> {
                    answers[0]++;
                    enough.run();
                });
                client.connect(server.localAddress());
                for (int i = 0; i < ASKED; i++) {
                    client.send(MemorySegment.ofArray(new byte[i]), null, exchange.completion());
                }
                loop.onIdle(enough);
                while (!client.isClosed() || !server.isClosed()) {
                    loop.runOnce();
                }
                if (!exchange.hasFailed()) {
                    assertThat(answers[0]).isEqualTo(ASKED);
                }
            });
        }).run();
        assertThat(report.failed()).containsKeys(Call.socket, Call.bind, Call.connect, Call.getsockopt, Call.epoll_ctl,
                Call.send, Call.sendto, Call.recvmmsg, Call.close);
    }

    /// More is sent than the kernel takes before the receiver has run.
    @Test
    void aQueueThatIsFlushed() {
        final Sweep.Report report = Sweep.of(() -> {
            try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_DGRAM, 0)) {
                final EventLoop loop = EventLoop.open();
                final Exchange exchange = new Exchange(loop);
                exchange.run(() -> {
                    final Datagrams sender = exchange.watch(loop.datagrams(pair.first()));
                    final Datagrams receiver = exchange.watch(loop.datagrams(pair.second()));
                    final int[] received = {0};
                    receiver.onMessage((_, _, _) -> received[0]++);
                    sender.onDrain(() -> {
                        sender.close();
                        receiver.close();
                    });
                    boolean more;
                    do {
                        more = sender.send(MemorySegment.ofArray(new byte[30_000]), null, exchange.completion());
                    } while (more && !sender.isClosed());
                    loop.onIdle(() -> {
                        if (sender.isClosed() || receiver.isClosed()) {
                            sender.close();
                            receiver.close();
                        }
                    });
                    while (!sender.isClosed() || !receiver.isClosed()) {
                        loop.runOnce();
                    }
                    assertThat(received[0]).isLessThanOrEqualTo(exchange.sends);
                });
            }
        }).run();
        assertThat(report.failed()).containsKeys(Call.send, Call.sendmmsg, Call.recvmmsg, Call.epoll_ctl);
    }

    /// A pause in the midst of a batch with descriptors, of which some are never taken.
    @Test
    void descriptorsThatAreNotTaken() {
        final Sweep.Report report = Sweep.of(() -> {
            try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_DGRAM, 0); EventFd fd = EventFd.create(0, 0);
                    Arena arena = Arena.ofConfined()) {
                final EventLoop loop = EventLoop.open();
                final Exchange exchange = new Exchange(loop);
                exchange.run(() -> {
                    final Datagrams sender = exchange.watch(loop.datagrams(pair.first()));
                    final Datagrams receiver = exchange.watch(loop.datagrams(pair.second()));
                    final int[] received = {0};
                    receiver.room(16, 2).onMessage((_, _, message) -> {
                        if (received[0]++ == 0 && message.descriptors() > 0) {
                            message.takeFd(0).close();
                        }
                        receiver.pause();
                    });
                    final Message message = Message.allocate(arena, 1, 0, 2);
                    message.buffers().add(arena.allocate(1));
                    for (int i = 0; i < 4; i++) {
                        if (message.descriptorsToSend() == 0) {
                            message.lendFd(fd).lendFd(fd);
                        }
                        sender.trySend(message);
                    }
                    for (int i = 0; i < 3; i++) {
                        loop.runNoWait();
                        receiver.resume();
                    }
                    assertThat(received[0]).isLessThanOrEqualTo(3);
                });
            }
        }).run();
        assertThat(report.failed()).containsKeys(Call.sendmsg, Call.recvmmsg, Call.close);
    }

    /// One goes nowhere, and the error queue says so.
    @SocketFamilies({UDP4, UDP6})
    void errorsThatComeBack(final SocketFamily family) {
        final Sweep.Report report = Sweep.of(() -> {
            final EventLoop loop = EventLoop.open();
            final Exchange exchange = new Exchange(loop);
            exchange.run(() -> {
                final SockAddr nobody;
                try (SocketFd gone = family.bound()) {
                    nobody = gone.localAddress();
                }
                final int[] refused = {0};
                final Datagrams sender = exchange.watch(loop.datagrams(family.any()));
                sender.onError((error, details, _) -> {
                    if (details == null) {
                        exchange.failures.addSuppressed(error);
                    } else {
                        assertThat(error.errno()).isEqualTo(ECONNREFUSED);
                        refused[0]++;
                    }
                });
                sender.socket().setsockopt(family == UDP6 ? SockOpt.IPV6_RECVERR : SockOpt.IP_RECVERR, true);
                sender.send(MemorySegment.ofArray(new byte[1]), nobody);
                sender.send(MemorySegment.ofArray(new byte[2]), nobody);
                while (refused[0] < 2 && !exchange.hasFailed() && !sender.isClosed()) {
                    loop.runOnce();
                }
            });
        }).run();
        assertThat(report.failed()).containsKeys(Call.sendto, Call.recvmsg, Call.getsockopt);
    }
}
