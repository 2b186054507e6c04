package io.github.fdsock.programs;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.Endpoint;
import io.github.fdsock.ErrnoException;
import io.github.fdsock.SocketFd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A server that has no descriptor left for ten seconds, and clients that go on coming: it is nearly idle, those it has go on,
/// and who comes later is served as soon as there is room.
@Timeout(180)
class OverloadIT {
    private static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(Program.PATIENCE_SECONDS);

    private final Deque<SocketFd> open = new ArrayDeque<>();

    @AfterEach
    void closeClients() throws IOException {
        for (final SocketFd socket : open) {
            socket.close();
        }
    }

    private SocketFd connect(final Endpoint server) throws IOException {
        final SocketFd socket = SocketFd.socket(server.family(), SOCK_STREAM, 0);
        open.add(socket);
        assertThat(socket.connect(server.address())).isZero();
        return socket;
    }

    /// Whether a byte comes back within a time; false also where the connection was refused.
    private static boolean isEchoed(final SocketFd socket, final byte value, final long nanos) throws IOException {
        try {
            socket.send(new byte[] {value}, 0, 1, 0);
            return isAnswered(socket, value, nanos);
        } catch (final ErrnoException e) {
            assertThat(e.errno()).isIn(ECONNRESET, EPIPE);
            return false;
        }
    }

    private static boolean isAnswered(final SocketFd socket, final byte value, final long nanos) throws IOException {
        final byte[] back = new byte[8];
        if (socket.await(POLLIN, nanos) == 0) {
            return false;
        }
        final long n = socket.recv(back, 0, back.length, 0);
        if (n > 0) {
            assertThat(n).isEqualTo(1);
            assertThat(back[0]).isEqualTo(value);
        }
        return n > 0;
    }

    /// The time that a process has been on a CPU, from `/proc/PID/stat`.
    private static Duration cpuTime(final long pid) throws IOException {
        final String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
        final String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        // utime and stime, fields 14 and 15 of proc(5), in ticks of which USER_HZ, 100, are a second.
        return Duration.ofMillis(10 * (Long.parseLong(fields[11]) + Long.parseLong(fields[12])));
    }

    @ParameterizedTest
    @ValueSource(strings = {"pause", "refuse"})
    void theLimitIsReachedForTenSeconds(final String policy) throws Exception {
        final List<String> line = new ArrayList<>(List.of("sh", "-c", "ulimit -n 64; exec \"$@\"", "sh"));
        line.addAll(Program.commandLine("echo", "--overload", policy, "tcp:127.0.0.1:0"));
        try (Program server = Program.start(line.toArray(String[]::new))) {
            final Endpoint endpoint = server.listening(1).getFirst();
            // Until it has none left; those that wait or are refused tell so by their silence, or their end.
            final List<SocketFd> served = new ArrayList<>();
            SocketFd left;
            do {
                left = connect(endpoint);
                if (isEchoed(left, (byte) 1, TimeUnit.SECONDS.toNanos(1))) {
                    served.add(left);
                    left = null;
                }
            } while (left == null);
            assertThat(served).hasSizeGreaterThan(16);
            final boolean refuses = policy.equals("refuse");
            final List<SocketFd> waiting = new ArrayList<>();
            if (!refuses) {
                waiting.add(left);
            }

            final Duration cpuBefore = cpuTime(server.process().pid());
            final long start = System.nanoTime();
            int rounds = 0;
            int refused = 0;
            while (System.nanoTime() - start < WINDOW_NANOS) {
                final SocketFd next = connect(endpoint);
                if (refuses) {
                    assertThat(isEchoed(next, (byte) 2, PATIENCE_NANOS)).as("an answer").isFalse();
                    open.remove(next);
                    next.close();
                    refused++;
                } else if (waiting.size() < 100) {
                    next.send(new byte[] {2}, 0, 1, 0);
                    waiting.add(next);
                } else {
                    open.remove(next);
                    next.close();
                }
                final SocketFd one = served.get(rounds++ % served.size());
                assertThat(isEchoed(one, (byte) rounds, PATIENCE_NANOS)).as("those it has go on").isTrue();
                // The load is one that comes at a pace, not as fast as it can: it waits for what does not come.
                assertThat(one.await(POLLIN, TimeUnit.MILLISECONDS.toNanos(20))).isZero();
            }
            final Duration cpu = cpuTime(server.process().pid()).minus(cpuBefore);
            assertThat(cpu).as("on a CPU within 10 s, with %s rounds", rounds).isLessThan(Duration.ofSeconds(2));
            assertThat(server.errors()).contains("EMFILE");

            // Room again: for one that waits, or for one that comes.
            final SocketFd gone = served.removeFirst();
            open.remove(gone);
            gone.close();
            if (refuses) {
                assertThat(refused).isPositive();
                boolean again = false;
                final long since = System.nanoTime();
                while (!again && System.nanoTime() - since < PATIENCE_NANOS) {
                    again = isEchoed(connect(endpoint), (byte) 3, PATIENCE_NANOS);
                }
                assertThat(again).isTrue();
            } else {
                assertThat(isAnswered(waiting.getFirst(), (byte) 1, PATIENCE_NANOS)).isTrue();
            }
            assertThat(server.terminate()).isZero();
        }
    }
}
