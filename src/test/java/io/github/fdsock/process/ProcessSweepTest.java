package io.github.fdsock.process;

import static io.github.fdsock.process.ActivationTest.environment;
import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.EventFd;
import io.github.fdsock.Message;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.harness.Sweep;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Libc;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Whichever call fails, and however: descriptors that were passed have one owner or are as they came, and a manager is
/// told once or not at all.
@Timeout(120)
class ProcessSweepTest {
    private static final int FIRST = 700;

    private SocketFd manager;

    @BeforeEach
    void open() throws Exception {
        manager = SocketFd.socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        manager.bind(SockAddr.unixAutobind());
    }

    @AfterEach
    void close() throws Exception {
        manager.close();
    }

    /// Set while the code under test makes the calls, rather than what is around it.
    private volatile boolean underTest;

    private interface Tested {
        void run() throws Exception;
    }

    private void test(final Tested tested) throws Exception {
        underTest = true;
        try {
            tested.run();
        } finally {
            underTest = false;
        }
    }

    // ---- activation

    @Test
    void whatWasPassedHasOneOwnerOrIsAsItCame() {
        final Sweep.Report report = Sweep.of(() -> {
            try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0)) {
                Libc.dup3(pair.first().intValue(), FIRST, 0);
                Libc.dup3(pair.second().intValue(), FIRST + 1, 0);
            }
            final Activation[] taken = new Activation[1];
            try {
                test(() -> {
                    taken[0] = Activation.take(environment("LISTEN_FDS=2", "LISTEN_FDNAMES=a:b"), FIRST);
                    try (Activation all = taken[0]) {
                        all.takeSocket(all.indexOf("a"), AF_UNIX, SOCK_STREAM, false).close();
                    }
                });
            } finally {
                for (int fd = FIRST; fd < FIRST + 2; fd++) {
                    if (taken[0] == null) {
                        assertThat(Libc.fcntl(fd, F_GETFD, 0)).as("inheritable, as it came").isZero();
                        Libc.close(fd);
                    }
                    assertThat(Libc.fcntl(fd, F_GETFD, 0)).as("closed").isEqualTo(-EBADF);
                }
            }
            // This errno says no more than that it is not a socket.
        }).on((_, _) -> underTest).expecting((rule, thrown) -> rule.errno() == ENOTSOCK
                && thrown.getMessage().contains("is not a socket; wanted was AF_UNIX")).run();
        assertThat(report.failed()).containsKeys(Call.fcntl, Call.getsockopt, Call.close);
    }

    // ---- notification

    @Test
    void aManagerIsToldOnceOrNotAtAllAndTheReasonIsTold() {
        final Notify notify = Notify.to((SockAddr.Unix) address());
        final Sweep.Report report = Sweep.of(() -> {
            try (Arena arena = Arena.ofConfined(); EventFd fd = EventFd.create(0, 0)) {
                try {
                    test(() -> {
                        assertThat(notify.ready()).isTrue();
                        assertThat(notify.store("counter", true, fd)).isTrue();
                        assertThat(notify.reloading()).isTrue();
                        assertThat(notify.barrier(0)).as("nobody has looked at it yet").isFalse();
                    });
                    assertThat(received(arena)).isEqualTo(4);
                } finally {
                    received(arena);
                }
            }
        }).on((_, _) -> underTest).run();
        assertThat(report.failed()).containsKeys(Call.socket, Call.connect, Call.send, Call.sendmsg, Call.clock_gettime,
                Call.pipe2, Call.ppoll, Call.close);
    }

    private SockAddr address() {
        try {
            return manager.localAddress();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// How many messages wait for the manager, which takes them, and closes what came with them.
    private int received(final Arena arena) throws IOException {
        for (int n = 0;; n++) {
            try (Message message = manager.receive(arena.allocate(1000), 0, 2)) {
                if (message == null) {
                    return n;
                }
            }
        }
    }
}
