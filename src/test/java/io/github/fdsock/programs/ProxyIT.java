package io.github.fdsock.programs;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.fdsock.Endpoint;
import io.github.fdsock.ErrnoException;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.option.Linger;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.testing.RequiresProgram;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// `fdsock proxy` passes on every byte and each end by itself, between any two families; where it cannot, both sides
/// see that it is a break-off; and nothing is left open.
@Timeout(180)
class ProxyIT {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(Program.PATIENCE_SECONDS);

    @TempDir
    private Path folder;

    /// A proxy, and who stands at both of its ends in this process.
    private final class Setting implements AutoCloseable {
        final SocketFd listener;
        final Program proxy;
        final Endpoint endpoint;

        Setting(final String listen, final SockAddr target) throws Exception {
            listener = SocketFd.socket(target.family(), SOCK_STREAM, 0);
            listener.bind(target);
            listener.listen(SOMAXCONN);
            proxy = Program.fdsock("proxy", listen, new Endpoint(SOCK_STREAM, listener.localAddress()).toString());
            endpoint = proxy.listening(1).getFirst();
        }

        SocketFd client() throws IOException {
            final SocketFd client = SocketFd.socket(endpoint.family(), SOCK_STREAM, 0);
            assertThat(client.connect(endpoint.address())).isZero();
            return client;
        }

        @Override
        public void close() throws IOException {
            proxy.close();
            listener.close();
        }
    }

    private static long receive(final SocketFd socket, final byte[] into) throws IOException {
        assertThat(socket.await(POLLIN, PATIENCE_NANOS)).as("bytes or the end, not silence").isNotZero();
        return socket.recv(into, 0, into.length, 0);
    }

    // ---- socat

    /// Passes several megabytes to a program that answers at their end.
    private void hashes(final String listen, final Program target, final Endpoint there, final String... client)
            throws Exception {
        final byte[] content = new byte[6_000_000];
        new Random(7).nextBytes(content);
        final String hash = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        try (target; Program proxy = Program.fdsock("proxy", listen, there.toString())) {
            final String text = proxy.listening(1).getFirst().toString();
            final List<String> before = proxy.descriptors();
            client[client.length - 1] = client[client.length - 1].replace("PLACE",
                    text.substring(text.indexOf(':') + 1));
            for (int round = 1; round <= 2; round++) {
                try (Program socat = Program.start(client)) {
                    try (OutputStream input = socat.process().getOutputStream()) {
                        input.write(content);
                    }
                    assertThat(socat.rest()).as(socat.errors()).containsExactly(hash + "  -");
                    assertThat(socat.status()).isZero();
                }
                proxy.awaitError("connection " + round + ": over, 6000000 bytes there and 68 back\n");
            }
            proxy.awaitDescriptors(before);
            assertThat(proxy.terminate()).isZero();
        }
    }

    private static Endpoint tcpTarget(final Program socat) throws InterruptedException {
        socat.awaitError(" listening on ");
        final String address = socat.errors().replaceFirst("(?s).* listening on AF=\\d+ (\\S+)\n.*", "$1");
        return Endpoint.parse("tcp:" + address);
    }

    @Test
    @RequiresProgram({"socat", "sha256sum"})
    void everyByteAndTheHalfCloseReachSocat() throws Exception {
        final Program v4 = Program.start("socat", "-d", "-d", "TCP4-LISTEN:0,bind=127.0.0.1,fork", "EXEC:sha256sum");
        hashes("tcp:[::1]:0", v4, tcpTarget(v4), "socat", "-t30", "-", "TCP:PLACE");
        final Program v6 = Program.start("socat", "-d", "-d", "TCP6-LISTEN:0,bind=[::1],fork", "EXEC:sha256sum");
        hashes("unix:" + folder.resolve("front"), v6, tcpTarget(v6), "socat", "-t30", "-", "UNIX-CONNECT:PLACE");
        final Path path = folder.resolve("back");
        final Program unix = Program.start("socat", "-d", "-d", "UNIX-LISTEN:" + path + ",fork", "EXEC:sha256sum");
        unix.awaitError(" listening on ");
        hashes("tcp:127.0.0.1:0", unix, new Endpoint(SOCK_STREAM, SockAddr.unix(path)), "socat", "-t30", "-",
                "TCP:PLACE");
        assertThat(folder.resolve("front")).doesNotExist();
    }

    // ---- iperf3

    private static int freePort(final String host) throws IOException {
        try (SocketFd socket = SocketFd.socket(host.contains(":") ? AF_INET6 : AF_INET, SOCK_STREAM, 0)) {
            socket.bind(SockAddr.inet(host, 0));
            return ((SockAddr.Inet) socket.localAddress()).port();
        }
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1,tcp:[::1]:0", "::1,tcp:127.0.0.1:0"})
    @RequiresProgram("iperf3")
    void iperf3MeasuresThroughIt(final String host, final String listen) throws Exception {
        final int port = freePort(host);
        try (Program server = Program.start("iperf3", "-s", "-B", host, "-p", Integer.toString(port), "--forceflush")) {
            for (String line = server.line(); !line.startsWith("Server listening"); line = server.line()) {
                assertThat(line).isNotNull();
            }
            final Endpoint target = new Endpoint(SOCK_STREAM, SockAddr.inet(host, port));
            try (Program proxy = Program.fdsock("proxy", listen, target.toString())) {
                final SockAddr.Inet front = (SockAddr.Inet) proxy.listening(1).getFirst().address();
                final List<String> before = proxy.descriptors();
                for (final String direction : List.of("--json", "--reverse")) {
                    final JsonObject end = iperf3(front, direction);
                    final double sent = end.getAsJsonObject("sum_sent").get("bytes").getAsDouble();
                    final double received = end.getAsJsonObject("sum_received").get("bytes").getAsDouble();
                    // What is on its way when the time is over is not counted by the receiver.
                    assertThat(received).as("of %s bytes", sent).isBetween(sent * 0.5, sent);
                }
                proxy.awaitDescriptors(before);
                assertThat(proxy.terminate()).isZero();
            }
        }
    }

    private static JsonObject iperf3(final SockAddr.Inet front, final String direction) throws Exception {
        final String host = front.toString().startsWith("[") ? "::1" : "127.0.0.1";
        try (Program client = Program.start("iperf3", "-c", host, "-p", Integer.toString(front.port()), "-t", "1",
                "--json", direction)) {
            final String report = String.join("\n", client.rest());
            assertThat(client.status()).as(report).isZero();
            return JsonParser.parseString(report).getAsJsonObject().getAsJsonObject("end");
        }
    }

    // ---- what breaks

    @Test
    void aTargetThatRefusesIsAResetAndTold() throws Exception {
        final int port = freePort("127.0.0.1");
        try (Program proxy = Program.fdsock("proxy", "tcp:[::1]:0", "tcp:127.0.0.1:" + port)) {
            final Endpoint endpoint = proxy.listening(1).getFirst();
            final List<String> before = proxy.descriptors();
            try (SocketFd client = SocketFd.socket(AF_INET6, SOCK_STREAM, 0)) {
                assertThat(client.connect(endpoint.address())).isZero();
                assertThatThrownBy(() -> receive(client, new byte[1])).hasMessageContaining("ECONNRESET");
            }
            proxy.awaitError("connection 1: over, 0 bytes there and 0 back: ");
            assertThat(proxy.errors()).contains("connection 1: from [::1]:")
                    .contains("ECONNREFUSED (Connection refused)");
            proxy.awaitDescriptors(before);
            assertThat(proxy.terminate()).isZero();
        }
    }

    @Test
    void aTargetWhoseQueueIsFullIsAnEndAndTold() throws Exception {
        final Path path = folder.resolve("s");
        try (SocketFd listener = SocketFd.socket(AF_UNIX, SOCK_STREAM, 0);
                SocketFd first = SocketFd.socket(AF_UNIX, SOCK_STREAM, 0);
                Program proxy = Program.fdsock("proxy", "unix:" + folder.resolve("front"), "unix:" + path)) {
            listener.bind(SockAddr.unix(path));
            listener.listen(0);
            assertThat(first.connect(SockAddr.unix(path))).isZero();
            final Endpoint endpoint = proxy.listening(1).getFirst();
            try (SocketFd client = SocketFd.socket(AF_UNIX, SOCK_STREAM, 0)) {
                assertThat(client.connect(endpoint.address())).isZero();
                assertThat(receive(client, new byte[1])).isZero();
            }
            proxy.awaitError("EAGAIN");
            assertThat(proxy.terminate()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whoeverDiesInTheMiddleTheOtherSeesIt(final boolean targetDies) throws Exception {
        try (Setting setting = new Setting("tcp:127.0.0.1:0", SockAddr.inet("::1", 0))) {
            final List<String> before = setting.proxy.descriptors();
            try (SocketFd client = setting.client(); SocketFd server = setting.listener.accept()) {
                final byte[] some = new byte[1000];
                client.send(some, 0, some.length, 0);
                server.send(some, 0, some.length, 0);
                for (final SocketFd socket : List.of(client, server)) {
                    long got = 0;
                    while (got < some.length) {
                        got += receive(socket, some);
                    }
                }
                final SocketFd dies = targetDies ? server : client;
                dies.setsockopt(SockOpt.SO_LINGER, Linger.RESET);
                dies.close();
                assertThatThrownBy(() -> receive(targetDies ? client : server, some))
                        .hasMessageContaining("ECONNRESET");
            }
            setting.proxy.awaitError("connection 1: over, 1000 bytes there and 1000 back: ");
            assertThat(setting.proxy.errors()).contains("ECONNRESET");
            setting.proxy.awaitDescriptors(before);
            assertThat(setting.proxy.terminate()).isZero();
        }
    }

    @Test
    void aClientThatIsGoneBeforeItIsPassedOnLeavesNothing() throws Exception {
        try (Setting setting = new Setting("tcp:127.0.0.1:0", SockAddr.inet("127.0.0.1", 0))) {
            final List<String> before = setting.proxy.descriptors();
            for (int i = 0; i < 50; i++) {
                try (SocketFd client = setting.client()) {
                    client.setsockopt(SockOpt.SO_LINGER, Linger.RESET);
                }
            }
            setting.proxy.awaitDescriptors(before);
            try (SocketFd client = setting.client()) {
                client.send(new byte[] {42}, 0, 1, 0);
                // Those that were connected before are in front of it.
                byte[] got = new byte[1];
                while (got[0] == 0) {
                    try (SocketFd server = setting.listener.accept()) {
                        receive(server, got);
                    } catch (final ErrnoException e) {
                        assertThat(e.errno()).isEqualTo(ECONNRESET);
                    }
                }
            }
            setting.proxy.awaitDescriptors(before);
            assertThat(setting.proxy.terminate()).isZero();
        }
    }

    @Test
    void aSlowReaderHoldsUpTheSenderAndLosesNothing() throws Exception {
        try (Setting setting = new Setting("unix:@" + folder + "/front", SockAddr.inet("127.0.0.1", 0));
                SocketFd client = setting.client(); SocketFd server = setting.listener.accept()) {
            final byte[] block = new byte[1 << 16];
            new Random(9).nextBytes(block);
            client.nonBlocking(true);
            long sent = 0;
            while (client.await(POLLOUT, TimeUnit.MILLISECONDS.toNanos(500)) != 0) {
                final int at = (int) (sent % block.length);
                sent += Math.max(0, client.send(block, at, block.length - at, 0));
            }
            assertThat(sent).isBetween(1L, 64L << 20);
            client.shutdown(SHUT_WR);
            final byte[] into = new byte[1 << 16];
            long received = 0;
            for (long n = receive(server, into); n > 0; n = receive(server, into)) {
                for (int i = 0; i < n; i++, received++) {
                    if (into[i] != block[(int) (received % block.length)]) {
                        throw new AssertionError("byte " + received + " is wrong");
                    }
                }
            }
            assertThat(received).isEqualTo(sent);
            assertThat(setting.proxy.terminate()).isZero();
        }
    }

    @Test
    void manyConnectionsAtOnceAndThenNone() throws Exception {
        try (Program echo = Program.fdsock("echo", "--greet", "unix:" + folder.resolve("echo"));
                Program proxy = Program.fdsock("proxy", "tcp:127.0.0.1:0", echo.listening(1).getFirst().toString())) {
            final Endpoint endpoint = proxy.listening(1).getFirst();
            final List<String> before = proxy.descriptors();
            final List<SocketFd> clients = new ArrayList<>();
            try {
                for (int i = 0; i < 300; i++) {
                    final SocketFd client = SocketFd.socket(AF_INET, SOCK_STREAM, 0);
                    clients.add(client);
                    assertThat(client.connect(endpoint.address())).isZero();
                }
                for (int i = 0; i < clients.size(); i++) {
                    final byte[] text = ("from " + i + "\n").getBytes();
                    clients.get(i).send(text, 0, text.length, 0);
                    clients.get(i).shutdown(SHUT_WR);
                }
                for (int i = 0; i < clients.size(); i++) {
                    final byte[] into = new byte[100];
                    final StringBuilder text = new StringBuilder();
                    for (long n = receive(clients.get(i), into); n > 0; n = receive(clients.get(i), into)) {
                        text.append(new String(into, 0, (int) n));
                    }
                    assertThat(text.toString()).matches("client \\d+\nfrom " + i + "\n");
                }
            } finally {
                for (final SocketFd client : clients) {
                    client.close();
                }
            }
            proxy.awaitDescriptors(before);
            assertThat(proxy.terminate()).isZero();
            assertThat(echo.terminate()).isZero();
        }
    }

    @Test
    void withoutFreeDescriptorsWhoIsThereGoesOnAndOthersAreTold() throws Exception {
        try (Program echo = Program.fdsock("echo", "tcp:127.0.0.1:0")) {
            final List<String> line = new ArrayList<>(List.of("sh", "-c", "ulimit -n 64; exec \"$@\"", "sh"));
            line.addAll(Program.commandLine("proxy", "tcp:127.0.0.1:0", echo.listening(1).getFirst().toString()));
            final List<SocketFd> clients = new ArrayList<>();
            try (Program proxy = Program.start(line.toArray(String[]::new))) {
                final Endpoint endpoint = proxy.listening(1).getFirst();
                final List<String> before = proxy.descriptors();
                int refused = 0;
                for (int i = 0; i < 40; i++) {
                    final SocketFd client = SocketFd.socket(AF_INET, SOCK_STREAM, 0);
                    clients.add(client);
                    assertThat(client.connect(endpoint.address())).isZero();
                    refused += isEchoed(client) ? 0 : 1;
                }
                assertThat(refused).isBetween(1, 39);
                assertThat(isEchoed(clients.getFirst())).isTrue();
                proxy.awaitError("EMFILE");
                for (final SocketFd client : clients) {
                    client.close();
                }
                proxy.awaitDescriptors(before);
                assertThat(proxy.terminate()).isZero();
            } finally {
                for (final SocketFd client : clients) {
                    client.close();
                }
            }
            assertThat(echo.terminate()).isZero();
        }
    }

    private static boolean isEchoed(final SocketFd socket) throws IOException {
        try {
            socket.send(new byte[] {1}, 0, 1, 0);
            return receive(socket, new byte[1]) == 1;
        } catch (final ErrnoException e) {
            assertThat(e.errno()).isIn(ECONNRESET, EPIPE);
            return false;
        }
    }

    @Test
    void itEndsWithConnectionsOpen() throws Exception {
        try (Setting setting = new Setting("unix:" + folder.resolve("front"), SockAddr.inet("127.0.0.1", 0));
                SocketFd client = setting.client(); SocketFd server = setting.listener.accept()) {
            assertThat(setting.proxy.terminate()).isZero();
            assertThat(receive(client, new byte[1])).isZero();
            assertThat(server.isOpen()).isTrue();
        }
        assertThat(Files.exists(folder.resolve("front"))).isFalse();
    }

    @Test
    void anAddressThatIsNoStreamsOrItsOwnIsWrongUsage() throws Exception {
        for (final List<String> wrong : List.of(List.of("udp:127.0.0.1:0", "tcp:127.0.0.1:9"),
                List.of("tcp:127.0.0.1:0", "unixseq:@x"),
                List.of("tcp:127.0.0.1:0"), List.of("unix:@itself", "unix:@itself"),
                List.of("tcp:127.0.0.1:9", "tcp:0.0.0.0:9"))) {
            final List<String> arguments = new ArrayList<>(wrong);
            arguments.addFirst("proxy");
            try (Program proxy = Program.fdsock(arguments.toArray(String[]::new))) {
                assertThat(proxy.status()).isEqualTo(2);
                assertThat(proxy.errors()).doesNotContain("\tat ");
            }
        }
    }
}
