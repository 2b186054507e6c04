package io.github.fdsock.programs;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.Endpoint;
import io.github.fdsock.ErrnoException;
import io.github.fdsock.SocketFd;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `fdsock echo` under load while its calls fail: no wrong byte, no connection lost but by a fault of its own, nothing
/// left open, and it goes on serving.
@Timeout(180)
class EchoFaultsIT {
    private static final int CONNECTIONS = 16;
    private static final int ROUNDS = 8;
    private static final int ROUND_SIZE = 2000;
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(Program.PATIENCE_SECONDS);

    private static final Pattern REPORT =
            Pattern.compile("fdsock inject echo: (.+) \\((\\d+) matched, (\\d+) injected\\)");

    @TempDir
    private Path folder;

    private String address(final String kind) {
        return kind.equals("tcp") ? "tcp:127.0.0.1:0" : "unix:" + folder.resolve("s");
    }

    private static Program echo(final List<String> rules, final String... addresses) throws IOException {
        final List<String> arguments = new ArrayList<>(rules);
        arguments.addFirst("inject");
        arguments.addAll(List.of("--", "echo"));
        arguments.addAll(List.of(addresses));
        return Program.fdsock(arguments.toArray(String[]::new));
    }

    // ---- the load

    /// Whether all that was sent came back, and then the end; else the connection was lost, and what came was right.
    private static boolean isServed(final Endpoint endpoint, final int seed) throws IOException {
        final Random random = new Random(seed);
        final byte[] sent = new byte[ROUND_SIZE];
        try (SocketFd socket = SocketFd.socket(endpoint.family(), endpoint.type(), 0); Arena arena = Arena.ofConfined()) {
            final MemorySegment room = arena.allocate(ROUND_SIZE);
            assertThat(socket.connect(endpoint.address())).isZero();
            for (int round = 0; round < ROUNDS; round++) {
                random.nextBytes(sent);
                assertThat(socket.send(sent, 0, ROUND_SIZE, 0)).isEqualTo(ROUND_SIZE);
                for (int got = 0; got < ROUND_SIZE; ) {
                    final long n = socket.recv(room.asSlice(0, ROUND_SIZE - got), 0, PATIENCE_NANOS);
                    assertThat(n).as("an answer or the end, not silence; round %s, byte %s", round, got).isNotNegative();
                    if (n == 0) {
                        return false;
                    }
                    assertThat(room.asSlice(0, n).mismatch(MemorySegment.ofArray(sent).asSlice(got, n)))
                            .as("first wrong byte; round %s, byte %s", round, got).isEqualTo(-1);
                    got += (int) n;
                }
            }
            socket.shutdown(SHUT_WR);
            assertThat(socket.recv(room, 0, PATIENCE_NANOS)).as("nothing but the end").isZero();
            return true;
        } catch (final ErrnoException e) {
            assertThat(e.errno()).as(e.getMessage()).isIn(ECONNRESET, EPIPE, ENOTCONN);
            return false;
        }
    }

    /// Many clients at once.
    ///
    /// @return how many of them lost their connection
    private static int load(final Endpoint endpoint) throws Exception {
        final List<Future<Boolean>> clients = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(CONNECTIONS)) {
            for (int i = 0; i < CONNECTIONS; i++) {
                final int seed = i;
                clients.add(threads.submit(() -> isServed(endpoint, seed)));
            }
        }
        int lost = 0;
        for (final Future<Boolean> client : clients) {
            lost += client.get() ? 0 : 1;
        }
        return lost;
    }

    /// A server meets faults under load, and is asked then whether it is as it was.
    ///
    /// @return how many connections were lost
    private int serve(final String kind, final List<String> rules) throws Exception {
        final int lost;
        try (Program server = echo(rules, address(kind))) {
            final Endpoint endpoint = server.listening(1).getFirst();
            final List<String> before = server.descriptors();
            lost = load(endpoint);
            assertThat(isServed(endpoint, 99)).as("a new client is served%n%s", server.errors()).isTrue();
            server.awaitDescriptors(before);
            assertThat(server.terminate()).isZero();
            assertThat(server.errors()).doesNotContain("\tat ");
            assertThat(server.errors().lines().filter(line -> line.startsWith("fdsock inject"))).hasSameSizeAs(rules)
                    .allMatch(line -> injected(line) > 0, "has met a call");
        }
        assertThat(folder).isEmptyDirectory();
        return lost;
    }

    private static int injected(final String line) {
        final Matcher matcher = REPORT.matcher(line);
        assertThat(matcher.matches()).as(line).isTrue();
        return Integer.parseInt(matcher.group(3));
    }

    // ---- the faults

    @ParameterizedTest
    @ValueSource(strings = {"tcp", "unix"})
    void whatCanBeTriedAgainLosesNoConnection(final String kind) throws Exception {
        assertThat(serve(kind, List.of(
                "epoll_wait:error=EINTR:when=1+2",
                // The fourth finds no descriptor, nor does the one with that in reserve; later it is there again.
                "accept4:error=ENFILE:when=4..5", "open:error=EMFILE:when=2",
                "accept4:error=EINTR:when=1+5", "accept4:error=ECONNABORTED:when=2+5",
                "accept4:error=EAGAIN:when=3+5",
                "recv:error=EINTR:when=1+3", "recv:error=EAGAIN:when=2+3", "recv:short=700",
                "send:error=EINTR:when=1+4", "send:error=EAGAIN:when=2+4", "send:short=500",
                "epoll_ctl:error=ENOENT:op=DEL:when=2..14+2",
                "close:error=EIO:after:when=1..9+2", "close:error=EINTR:after:when=2..10+2"))).isZero();
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp", "unix"})
    void whatCannotLosesTheConnectionThatItHitsAndNoOther(final String kind) throws Exception {
        final List<String> rules = new ArrayList<>(List.of(
                "accept4:error=EMFILE:when=3", "accept4:error=ENOMEM:when=6",
                "epoll_ctl:error=ENOSPC:op=ADD:when=6",
                "recv:error=ECONNRESET:when=20", "recv:error=ENOMEM:when=25",
                "send:error=EPIPE:when=15", "send:error=ECONNRESET:when=18", "send:error=ENOBUFS:when=21"));
        if (kind.equals("tcp")) {
            rules.add("setsockopt:error=ENOMEM:when=4");
        }
        final int most = rules.size();
        // What makes the server wait for room, once in vain; and a connection that is lost is not even closed in order.
        rules.addAll(List.of("send:short=500:when=30+3", "epoll_ctl:error=ENOMEM:op=MOD:when=2",
                "close:error=EIO:after:when=1..8"));
        assertThat(serve(kind, rules)).isBetween(1, most + 1);
    }

    @Test
    void whatNoServerCanGoOnWithEndsItWithALineAndWithoutItsFile() throws Exception {
        try (Program server = echo(List.of("epoll_wait:error=EBADF:when=2"), address("tcp"), address("unix"))) {
            final List<Endpoint> endpoints = server.listening(2);
            assertThat(isServed(endpoints.getLast(), 1)).isFalse();
            assertThat(server.status()).isEqualTo(1);
            assertThat(server.errors()).contains("fdsock echo: epoll_wait(").contains("EBADF").doesNotContain("\tat ");
        }
        assertThat(folder).isEmptyDirectory();
        try (Program server = echo(List.of("listen:error=EADDRINUSE:when=2"), address("unix"), address("tcp"))) {
            assertThat(server.status()).isEqualTo(1);
            assertThat(server.errors()).contains("fdsock echo: listen(").contains("EADDRINUSE").doesNotContain("\tat ");
        }
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void whatGoesWrongWhileASignalEndsItIsToldToo() throws Exception {
        try (Program server = echo(List.of("close:error=EIO:after"), address("unix"))) {
            server.listening(1);
            assertThat(server.terminate()).isEqualTo(1);
            assertThat(server.errors()).containsOnlyOnce("fdsock echo: close(").contains("EIO").doesNotContain("\tat ");
        }
        assertThat(folder).isEmptyDirectory();
    }
}
