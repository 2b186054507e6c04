package io.github.fdsock.blocking;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.harness.Sweep;
import io.github.fdsock.sys.Call;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.SocketTimeoutException;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Whichever call of an exchange between blocking threads fails, and however: nobody waits for ever, and nothing is
/// left.
@Timeout(300)
class BlockingSweepTest {
    /// When the other side has given up this one would wait for it.
    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(1);

    @Test
    @SuppressWarnings("try")
    void anEchoOverTcpEndsWithTheReason() {
        final Sweep.Report report = Sweep.of(() -> {
            final Exception failures = new Exception("of either side");
            try (Poller poller = Poller.open();
                    SocketFd socket = SocketFd.socket(AF_INET, SOCK_STREAM, 0);
                    BlockingSocket listener = poller.adopt(socket)) {
                listener.fd().bind(SockAddr.inet("127.0.0.1", 0));
                listener.fd().listen(1);
                final Thread server = Thread.startVirtualThread(() -> attempt(failures, () -> echo(listener)));
                attempt(failures, () -> exchange(poller, listener.fd().localAddress()));
                // Nobody else comes.
                attempt(failures, listener::close);
                server.join();
            } catch (final IOException | RuntimeException e) {
                failures.addSuppressed(e);
            }
            if (failures.getSuppressed().length > 0) {
                throw failures;
            }
        }).expecting((rule, thrown) -> switch (rule.errno()) {
            // An edge comes once: whoever says that nothing is there, where something is, has to say when it comes.
            case EAGAIN -> Arrays.stream(thrown.getSuppressed()).anyMatch(SocketTimeoutException.class::isInstance);
            // No name of the peer is how it shows that there is none.
            case EBADF, EFAULT, EINVAL, ENOBUFS, ENOTSOCK -> Arrays.stream(thrown.getSuppressed())
                    .anyMatch(each -> each instanceof ErrnoException e && e.errno() == ENOTCONN);
            default -> false;
        }).run();
        assertThat(report.failed()).containsKeys(Call.epoll_create1, Call.eventfd, Call.epoll_ctl, Call.epoll_wait,
                Call.accept4, Call.connect, Call.recv, Call.send, Call.close);
    }

    private interface Attempt {
        void run() throws IOException;
    }

    private static void attempt(final Exception failures, final Attempt attempt) {
        try {
            attempt.run();
        } catch (final IOException | IllegalStateException e) {
            synchronized (failures) {
                failures.addSuppressed(e);
            }
        }
    }

    private static void echo(final BlockingSocket listener) throws IOException {
        try (BlockingSocket peer = listener.accept(LIMIT_NANOS); Arena arena = Arena.ofConfined()) {
            final MemorySegment buffer = arena.allocate(16);
            long n;
            while ((n = peer.read(buffer, LIMIT_NANOS)) > 0) {
                peer.write(buffer.asSlice(0, n), LIMIT_NANOS);
            }
        }
    }

    private static void exchange(final Poller poller, final SockAddr address) throws IOException {
        try (BlockingSocket socket = poller.connect(address, LIMIT_NANOS); Arena arena = Arena.ofConfined()) {
            final MemorySegment buffer = arena.allocate(16);
            for (int i = 0; i < 3; i++) {
                buffer.set(ValueLayout.JAVA_INT, 0, i);
                socket.write(buffer.asSlice(0, 4), LIMIT_NANOS);
                buffer.fill((byte) 0xff);
                long n = 0;
                while (n < 4) {
                    final long more = socket.read(buffer.asSlice(n, 4 - n), LIMIT_NANOS);
                    if (more == 0) {
                        throw new EOFException("the server has given up");
                    }
                    n += more;
                }
                assertThat(buffer.get(ValueLayout.JAVA_INT, 0)).isEqualTo(i);
            }
        }
    }
}
