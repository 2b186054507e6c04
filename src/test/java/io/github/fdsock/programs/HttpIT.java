package io.github.fdsock.programs;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.Endpoint;
import io.github.fdsock.ErrnoException;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.testing.RequiresProgram;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// `fdsock http` serves real clients every byte, on every kind of socket, outlives those that are none, and ends
/// cleanly.
@Timeout(180)
class HttpIT {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(Program.PATIENCE_SECONDS);

    @TempDir
    private Path folder;

    private Path root;
    private Path file;

    @BeforeEach
    void plant() throws IOException {
        root = Files.createDirectory(folder.resolve("root"));
        final byte[] content = new byte[5_000_000];
        new Random(5).nextBytes(content);
        file = Files.write(root.resolve("file.bin"), content);
        Files.writeString(root.resolve("index.html"), "<title>index</title>\n");
    }

    private static String url(final Endpoint endpoint) {
        return endpoint.toString().replace("tcp:", "http://");
    }

    private static SocketFd connect(final Endpoint endpoint) throws IOException {
        final SocketFd socket = SocketFd.socket(endpoint.family(), SOCK_STREAM, 0);
        assertThat(socket.connect(endpoint.address())).isZero();
        return socket;
    }

    private static void send(final SocketFd socket, final String text) throws IOException {
        final byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        for (int at = 0; at < bytes.length; ) {
            at += (int) socket.send(bytes, at, bytes.length - at, 0);
        }
    }

    /// What comes next; nothing at the end.
    private static String receive(final SocketFd socket) throws IOException {
        final byte[] into = new byte[64 * 1024];
        assertThat(socket.await(POLLIN, PATIENCE_NANOS)).as("an answer or the end, not silence").isNotZero();
        final int n = (int) socket.recv(into, 0, into.length, 0);
        return new String(into, 0, n, StandardCharsets.ISO_8859_1);
    }

    private static String receiveAll(final SocketFd socket) throws IOException {
        final StringBuilder all = new StringBuilder();
        for (String next = receive(socket); !next.isEmpty(); next = receive(socket)) {
            all.append(next);
        }
        return all.toString();
    }

    // ---- curl

    private static String curl(final String... arguments) throws Exception {
        final List<String> command = new ArrayList<>(List.of("curl", "-sS", "--fail", "--max-time", "50"));
        command.addAll(List.of(arguments));
        try (Program curl = Program.start(command.toArray(String[]::new))) {
            final String output = String.join("\n", curl.rest());
            assertThat(curl.status()).as("%s: %s", command, curl.errors()).isZero();
            return output;
        }
    }

    @Test
    @RequiresProgram("curl")
    void curlFetchesAFileOverEveryKindOfSocket() throws Exception {
        final String path = folder.resolve("s").toString();
        final String name = "fdsock-http-" + ProcessHandle.current().pid();
        try (Program server = Program.fdsock("http", "--verbose", "--root", root.toString(), "tcp:127.0.0.1:0",
                "tcp:[::1]:0", "unix:" + path, "unix:@" + name)) {
            final List<Endpoint> endpoints = server.listening(4);
            final List<List<String>> ways = List.of(List.of(url(endpoints.get(0))),
                    List.of("-g", url(endpoints.get(1))),
                    List.of("--unix-socket", path, "http://localhost"),
                    List.of("--abstract-unix-socket", name, "http://localhost"));
            for (final List<String> way : ways) {
                final String[] arguments = way.toArray(String[]::new);
                arguments[arguments.length - 1] += "/file.bin";
                final Path copy = folder.resolve("copy");
                final String[] fetch = Arrays.copyOf(arguments, arguments.length + 2);
                fetch[arguments.length] = "-o";
                fetch[arguments.length + 1] = copy.toString();
                curl(fetch);
                assertThat(Files.mismatch(copy, file)).as("%s", way).isEqualTo(-1);
            }
            assertThat(server.terminate()).isZero();
            assertThat(server.errors().lines()).hasSize(4).containsOnly("200 OK \"GET /file.bin HTTP/1.1\"");
        }
        assertThat(folder.resolve("s")).doesNotExist();
    }

    @Test
    @RequiresProgram("curl")
    void curlFetchesPartsAndWhatIsNewAndTheHeadAlone() throws Exception {
        try (Program server = Program.fdsock("http", "--root", root.toString(), "tcp:127.0.0.1:0")) {
            final String url = url(server.listening(1).getFirst());
            final Path copy = folder.resolve("copy");
            curl("-r", "0-99999", "-o", copy.toString(), url + "/file.bin");
            assertThat(copy).hasSize(100_000);
            // The rest of it, as of a download that was broken off.
            curl("-C", "-", "-o", copy.toString(), url + "/file.bin");
            assertThat(Files.mismatch(copy, file)).isEqualTo(-1);
            assertThat(curl("-z", copy.toString(), "-o", "/dev/null", "-w", "%{http_code}", url + "/file.bin"))
                    .isEqualTo("304");
            assertThat(curl("-I", url + "/")).contains("Content-Length: 21");
            assertThat(curl(url + "/", url + "/", url + "/nothing/../"))
                    .isEqualTo("<title>index</title>\n".repeat(3).strip());
            assertThat(curl("-w", "%{num_connects} ", "-o", "/dev/null", "-o", "/dev/null", url + "/", url + "/"))
                    .isEqualTo("1 0 ");
            assertThat(server.terminate()).isZero();
            assertThat(server.errors()).isEmpty();
        }
    }

    // ---- load

    @Test
    @RequiresProgram("wrk")
    void wrkMeetsNoErrorAndNothingIsLeftOpen() throws Exception {
        try (Program page = Program.fdsock("http", "tcp:127.0.0.1:0");
                Program files = Program.fdsock("http", "tcp:127.0.0.1:0", "--root", root.toString())) {
            for (final Program server : List.of(page, files)) {
                final Endpoint endpoint = server.listening(1).getFirst();
                final List<String> before = server.descriptors();
                try (Program wrk = Program.start("wrk", "-t1", "-c8", "-d2s", url(endpoint) + "/")) {
                    final String report = String.join("\n", wrk.rest());
                    assertThat(wrk.status()).isZero();
                    assertThat(report).doesNotContain("Socket errors").doesNotContain("Non-2xx")
                            .matches("(?s).* [1-9]\\d* requests in .*");
                }
                server.awaitDescriptors(before);
                assertThat(server.terminate()).isZero();
            }
        }
    }

    @Test
    void aThousandPipelinedRequestsInOddPiecesAreAnsweredInTheirOrder() throws Exception {
        for (int i = 0; i < 10; i++) {
            Files.writeString(root.resolve("f" + i), Integer.toString(i).repeat(1 + i * 1000));
        }
        final StringBuilder requests = new StringBuilder();
        final StringBuilder expected = new StringBuilder();
        for (int i = 0; i < 1000; i++) {
            requests.append("GET /f").append(i * 7 % 10).append(" HTTP/1.1\r\nHost: localhost\r\nAccept: ")
                    .append("x".repeat(i % 50))
                    .append(i == 999 ? "\r\nConnection: close" : "").append("\r\n\r\n");
            expected.append(Integer.toString(i * 7 % 10).repeat(1 + i * 7 % 10 * 1000));
        }
        try (Program server = Program.fdsock("http", "--root", root.toString(), "tcp:127.0.0.1:0");
                SocketFd socket = connect(server.listening(1).getFirst())) {
            final Thread writer = Thread.ofPlatform().start(() -> {
                final Random sizes = new Random(3);
                try {
                    for (int at = 0; at < requests.length(); ) {
                        final int end = Math.min(requests.length(), at + 1 + sizes.nextInt(333));
                        send(socket, requests.substring(at, end));
                        at = end;
                    }
                } catch (final IOException e) {
                    throw new AssertionError(e);
                }
            });
            final String answers = receiveAll(socket);
            writer.join();
            assertThat(Pattern.compile("HTTP/1\\.1 200 OK\r\n").matcher(answers).results()).hasSize(1000);
            assertThat(answers.replaceAll("(?s)HTTP/1\\.1 200 OK\r\n.*?\r\n\r\n", "")).isEqualTo(expected.toString());
            assertThat(server.terminate()).isZero();
        }
    }

    // ---- who disturbs

    @Test
    void garbageIsAnsweredWithA400OrAnEndAndTheServerGoesOn() throws Exception {
        try (Program server = Program.fdsock("http", "--request-timeout", "0.5", "tcp:127.0.0.1:0")) {
            final Endpoint endpoint = server.listening(1).getFirst();
            final List<String> before = server.descriptors();
            for (int seed = 0; seed < 200; seed++) {
                final Random random = new Random(seed);
                final byte[] garbage = new byte[1 + random.nextInt(2000)];
                random.nextBytes(garbage);
                try (SocketFd socket = connect(endpoint)) {
                    send(socket, new String(garbage, StandardCharsets.ISO_8859_1));
                    assertThat(receiveAll(socket)).as("seed %s", seed).matches("(?s)(HTTP/1\\.1 (400|408|414) .*)?");
                }
            }
            try (SocketFd socket = connect(endpoint)) {
                send(socket, "GET / HTTP/1.0\r\n\r\n");
                assertThat(receiveAll(socket)).startsWith("HTTP/1.1 200 OK\r\n").endsWith("\r\n\r\nhello\n");
            }
            server.awaitDescriptors(before);
            assertThat(server.terminate()).isZero();
        }
    }

    @Test
    void whoSendsItsHeadTooSlowlyIsToldAndLetGo() throws Exception {
        try (Program server = Program.fdsock("http", "--request-timeout", "0.3", "tcp:127.0.0.1:0");
                SocketFd socket = connect(server.listening(1).getFirst())) {
            send(socket, "GET / HTTP/1.1\r\nHost: x\r\n");
            String answer = "";
            // A field now and then does not prolong it.
            while (answer.isEmpty()) {
                send(socket, "A: b\r\n");
                answer = socket.await(POLLIN, TimeUnit.MILLISECONDS.toNanos(50)) == 0 ? "" : receive(socket);
            }
            assertThat(answer).startsWith("HTTP/1.1 408 Request Timeout\r\n");
            assertThat(receiveAll(socket)).isEmpty();
            assertThat(server.terminate()).isZero();
        }
    }

    @Test
    void withoutFreeDescriptorsThoseWhoAreThereAreAnsweredAndOthersLater() throws Exception {
        final List<String> line = new ArrayList<>(List.of("sh", "-c", "ulimit -n 64; exec \"$@\"", "sh"));
        line.addAll(Program.commandLine("http", "--root", root.toString(), "tcp:127.0.0.1:0"));
        final List<SocketFd> connections = new ArrayList<>();
        try (Program server = Program.start(line.toArray(String[]::new))) {
            final Endpoint endpoint = server.listening(1).getFirst();
            final List<String> before = server.descriptors();
            final String request = "HEAD /file.bin HTTP/1.1\r\nHost: x\r\n\r\n";
            int refused = 0;
            while (connections.size() < 80) {
                final SocketFd next = connect(endpoint);
                connections.add(next);
                try {
                    send(next, request);
                    refused += receive(next).isEmpty() ? 1 : 0;
                } catch (final ErrnoException e) {
                    assertThat(e.errno()).isIn(ECONNRESET, EPIPE);
                    refused++;
                }
            }
            assertThat(refused).isPositive();
            // No descriptor for its file, and a word about it.
            send(connections.getFirst(), request);
            assertThat(receive(connections.getFirst())).startsWith("HTTP/1.1 503 Service Unavailable\r\n");
            server.awaitError("not served: HEAD /file.bin HTTP/1.1: ");
            for (final SocketFd connection : connections.subList(1, connections.size())) {
                connection.close();
            }
            String answer = "";
            while (!answer.startsWith("HTTP/1.1 200 OK\r\n")) {
                send(connections.getFirst(), request);
                answer = receive(connections.getFirst());
            }
            connections.getFirst().close();
            server.awaitDescriptors(before);
            assertThat(server.terminate()).isZero();
        } finally {
            for (final SocketFd connection : connections) {
                connection.close();
            }
        }
    }

    // ---- the command

    @Test
    void itEndsWithinARequestAndWithAnswersUnderWay() throws Exception {
        try (Program server = Program.fdsock("http", "--root", root.toString(), "unix:" + folder.resolve("s"));
                SocketFd half = connect(server.listening(1).getFirst());
                SocketFd slow = connect(new Endpoint(SOCK_STREAM, SockAddr.unix(folder.resolve("s"))))) {
            send(half, "GET / HTT");
            send(slow, "GET /file.bin HTTP/1.1\r\nHost: x\r\n\r\n");
            receive(slow);
            assertThat(server.terminate()).isZero();
            assertThat(server.errors()).isEmpty();
        }
        assertThat(folder.resolve("s")).doesNotExist();
    }

    @Test
    void whatItCannotServeIsToldInALine() throws Exception {
        record Wrong(int status, String word, String... arguments) { }

        for (final Wrong wrong : List.of(
                new Wrong(1, "nowhere", "--root", folder.resolve("nowhere").toString(), "tcp:127.0.0.1:0"),
                new Wrong(1, "file.bin", "--root", file.toString(), "tcp:127.0.0.1:0"),
                new Wrong(2, "udp:127.0.0.1:0", "udp:127.0.0.1:0"), new Wrong(2, "unixseq:@x", "unixseq:@x"),
                new Wrong(2, "-1.0", "--idle-timeout", "-1", "tcp:127.0.0.1:0"),
                new Wrong(2, "1.0E-10", "--request-timeout", "1e-10", "tcp:127.0.0.1:0"))) {
            final String[] arguments = IntStream.rangeClosed(0, wrong.arguments.length)
                    .mapToObj(i -> i == 0 ? "http" : wrong.arguments[i - 1]).toArray(String[]::new);
            try (Program server = Program.fdsock(arguments)) {
                assertThat(server.status()).as("%s", List.of(arguments)).isEqualTo(wrong.status);
                assertThat(server.errors()).contains(wrong.word).doesNotContain("\tat ");
            }
        }
    }
}
