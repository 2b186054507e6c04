package io.github.fdsock.programs;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.Endpoint;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.testing.RequiresProgram;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The echo server in C is a whole one, and the client that puts load on servers believes no answer unseen: what the
/// benchmarks hold fdsock against and measure it with can be relied on.
@RequiresProgram("cc")
class EchoInCIT {
    private static final int HELD = 100;

    @TempDir
    private static Path folder;

    private static String server;
    private static String load;

    @BeforeAll
    static void compile() throws Exception {
        server = Program.compile("echo_epoll", folder);
        load = Program.compile("echo_load", folder);
    }

    /// What the client says in its line; it has to end well.
    private static String measured(final Endpoint endpoint, final String mode, final String... options)
            throws Exception {
        final List<String> command = new ArrayList<>(List.of(load, mode, endpoint.toString()));
        command.addAll(List.of(options));
        try (Program client = Program.start(command.toArray(String[]::new))) {
            final List<String> lines = client.rest();
            assertThat(client.status()).as("%s %s: %s", endpoint, List.of(options), client.errors()).isZero();
            assertThat(lines).hasSize(1);
            return lines.getFirst();
        }
    }

    private static String[] families() {
        return new String[] {"tcp:127.0.0.1:0", "tcp:[::1]:0", "unix:" + folder.resolve("echo.sock"),
            "unix:@" + folder};
    }

    private static void isMeasured(final Program server, final List<Endpoint> endpoints) throws Exception {
        for (final Endpoint endpoint : endpoints) {
            for (final String connections : List.of("1", "64")) {
                // The larger ones are in nobody's buffers at once.
                for (final String size : List.of("1", "64", "1000001")) {
                    assertThat(measured(endpoint, "echo", "-c", connections, "-s", size, "-t", "0.1", "-p",
                            Long.toString(server.process().pid())))
                            .startsWith("{\"address\":\"" + endpoint + "\",\"size\":" + size + ",\"connections\":"
                                    + connections + ",\"seconds\":")
                            .contains("\"cpuSeconds\":", "\"operationsPerSecond\":", "\"serverCpuSeconds\":",
                                    "\"p50Micros\":", "\"p99Micros\":", "\"maxMicros\":")
                            .doesNotContain("\"operations\":0,", "\"p50Micros\":0.000,").endsWith("}");
                }
            }
            assertThat(measured(endpoint, "churn", "-r", "1000", "-t", "0.2"))
                    .contains("\"operations\":200,\"failures\":0,\"firstFailure\":null,");
        }
    }

    @Test
    void theServerInCEchoesOnEveryFamilyAndPutsItsSocketFileAway() throws Exception {
        final List<String> command = new ArrayList<>(List.of(server));
        command.addAll(List.of(families()));
        try (Program c = Program.start(command.toArray(String[]::new))) {
            isMeasured(c, c.listening(families().length));
            assertThat(c.terminate()).isZero();
            assertThat(c.errors()).isEmpty();
        }
        assertThat(folder.resolve("echo.sock")).doesNotExist();
    }

    @Test
    void fdsockIsMeasuredByTheSameClient() throws Exception {
        try (Program fdsock = Program.fdsock(Stream.concat(Stream.of("echo"), Stream.of(families()))
                .toArray(String[]::new))) {
            isMeasured(fdsock, fdsock.listening(families().length));
            assertThat(fdsock.terminate()).isZero();
        }
    }

    @Test
    void idleConnectionsAreHeldUntilStandardInputEnds() throws Exception {
        try (Program c = Program.start(server, "tcp:127.0.0.1:0")) {
            final Endpoint endpoint = c.listening(1).getFirst();
            final int before = descriptors(c);
            try (Program idle = Program.start(load, "idle", endpoint.toString(), "-c", Integer.toString(HELD))) {
                assertThat(idle.line()).isEqualTo("{\"address\":\"" + endpoint + "\",\"connections\":" + HELD + "}");
                assertThat(descriptors(c)).isEqualTo(before + HELD);
                idle.endInput();
                assertThat(idle.status()).as(idle.errors()).isZero();
            }
            assertThat(c.terminate()).isZero();
        }
    }

    private static int descriptors(final Program program) throws Exception {
        try (Stream<Path> entries = Files.list(Path.of("/proc/" + program.process().pid() + "/fd"))) {
            return (int) entries.count();
        }
    }

    @Test
    void theServerInCEndsWithItsStandardInputWhereThatWasAskedFor() throws Exception {
        try (Program c = Program.start(server, "--until-stdin-ends", "tcp:127.0.0.1:0")) {
            c.listening(1);
            c.endInput();
            assertThat(c.status()).as(c.errors()).isZero();
        }
    }

    @Test
    void aSlowReaderOfTheServerInCDelaysNobodyAndLosesNothing() throws Exception {
        try (Program c = Program.start(server, "unix:@" + folder + "slow"); Arena arena = Arena.ofConfined()) {
            final Endpoint endpoint = c.listening(1).getFirst();
            final MemorySegment buffer = arena.allocate(1 << 16);
            try (SocketFd slow = SocketFd.socket(AF_UNIX, SOCK_STREAM, 0)) {
                slow.connect(endpoint.address());
                long sent = 0;
                // What arrives here must be out of the way once; until then the server takes it, and echoes it.
                for (long n = slow.send(buffer, MSG_DONTWAIT); n > 0; n = slow.send(buffer, MSG_DONTWAIT)) {
                    sent += n;
                    assertThat(measured(endpoint, "echo", "-t", "0.01")).doesNotContain("\"operations\":0,");
                }
                slow.shutdown(SHUT_WR);
                long received = 0;
                for (long n = slow.recv(buffer, 0); n > 0; n = slow.recv(buffer, 0)) {
                    received += n;
                }
                assertThat(received).isEqualTo(sent).isGreaterThan(buffer.byteSize());
            }
            assertThat(c.terminate()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "2"})
    void aSingleWrongByteIsFound(final String connections) throws Exception {
        try (SocketFd listener = SocketFd.socket(AF_INET, SOCK_STREAM, 0)) {
            listener.bind(SockAddr.inet("127.0.0.1", 0));
            listener.listen(2);
            final Endpoint endpoint = new Endpoint(SOCK_STREAM, listener.localAddress());
            try (Program client = Program.start(load, "echo", endpoint.toString(), "-c", connections);
                    SocketFd peer = listener.accept()) {
                final byte[] message = new byte[64];
                assertThat(peer.recv(message, 0, 64, MSG_WAITALL)).isEqualTo(64);
                message[63] ^= 1;
                peer.send(message, 0, 64, 0);
                assertThat(client.status()).isEqualTo(1);
                assertThat(client.errors()).isEqualTo("echo_load: something else came back than was sent\n");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "2"})
    void aServerThatClosesIsToldInALine(final String connections) throws Exception {
        try (SocketFd listener = SocketFd.socket(AF_INET, SOCK_STREAM, 0)) {
            listener.bind(SockAddr.inet("127.0.0.1", 0));
            listener.listen(2);
            final Endpoint endpoint = new Endpoint(SOCK_STREAM, listener.localAddress());
            try (Program client = Program.start(load, "echo", endpoint.toString(), "-c", connections);
                    SocketFd peer = listener.accept()) {
                peer.shutdown(SHUT_RDWR);
                assertThat(client.status()).isEqualTo(1);
                assertThat(client.errors()).matches("echo_load: .*(Broken pipe|Connection reset by peer)\n");
            }
        }
    }

    @Test
    void connectionsThatFailAreCountedWithTheReason() throws Exception {
        final Endpoint nobody;
        try (SocketFd listener = SocketFd.socket(AF_INET, SOCK_STREAM, 0)) {
            listener.bind(SockAddr.inet("127.0.0.1", 0));
            nobody = new Endpoint(SOCK_STREAM, listener.localAddress());
        }
        assertThat(measured(nobody, "churn", "-r", "1000", "-t", "0.01"))
                .contains("\"operations\":0,\"failures\":10,\"firstFailure\":\"Connection refused\",");
        try (Program client = Program.start(load, "echo", nobody.toString())) {
            assertThat(client.status()).isEqualTo(1);
            assertThat(client.errors()).isEqualTo("echo_load: connect: Connection refused\n");
        }
    }

    @Test
    void whatIsNoAddressOrNumberIsWrongUsage() throws Exception {
        for (final String wrong : List.of("", "tcp:", "tcp:127.0.0.1", "tcp:127.0.0.1:", "tcp:127.0.0.1:65536",
                "tcp:[::1:1", "tcp:[::1]1", "tcp:[:1", "tcp:localhost:1", "tcp:" + "1".repeat(1000) + ":1", "unix:",
                "unix:" + "x".repeat(108), "unix:\\x40", "udp:127.0.0.1:1")) {
            try (Program c = Program.start(server, wrong); Program client = Program.start(load, "echo", wrong)) {
                assertThat(c.status()).as(wrong).isEqualTo(2);
                assertThat(client.status()).as(wrong).isEqualTo(2);
            }
        }
        for (final String wrong : List.of("-c0", "-c-1", "-cmany", "-s0", "-s99999999999999999999", "-t0", "-tNaN",
                "-t1x", "-r0", "-p0", "-x", "more")) {
            try (Program client = Program.start(load, "echo", "tcp:127.0.0.1:1", wrong)) {
                assertThat(client.status()).as(wrong).isEqualTo(2);
                assertThat(client.errors()).contains("usage: ");
            }
        }
    }
}
