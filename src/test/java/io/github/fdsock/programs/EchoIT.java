package io.github.fdsock.programs;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.Endpoint;
import io.github.fdsock.ErrnoException;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SockAddrBuffer;
import io.github.fdsock.SocketFd;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `fdsock echo` sends back every byte it was sent, on every kind of socket, whatever its peers do, and ends cleanly.
class EchoIT {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(Program.PATIENCE_SECONDS);

    @TempDir
    private Path folder;

    private List<String> everyKind() {
        return List.of("tcp:127.0.0.1:0", "tcp:[::1]:0", "unix:" + folder.resolve("s"), "unix:@" + folder + "/s",
                "unixseq:@" + folder + "/q", "unixdgram:" + folder.resolve("d"), "udp:127.0.0.1:0", "udp:[::1]:0");
    }

    private static Program echo(final List<String> addresses) throws IOException {
        final List<String> arguments = new ArrayList<>(addresses);
        arguments.addFirst("echo");
        return Program.fdsock(arguments.toArray(String[]::new));
    }

    private static SocketFd connect(final Endpoint endpoint) throws IOException {
        final SocketFd socket = SocketFd.socket(endpoint.family(), endpoint.type(), 0);
        if (endpoint.family() == AF_UNIX && endpoint.type() == SOCK_DGRAM) {
            socket.bind(SockAddr.unixAutobind());
        }
        assertThat(socket.connect(endpoint.address())).isZero();
        return socket;
    }

    private static byte[] receive(final SocketFd socket, final int size) throws IOException {
        final MemorySegment all = Arena.ofAuto().allocate(size);
        long got = 0;
        while (got < size) {
            final long n = socket.recv(all.asSlice(got), 0, PATIENCE_NANOS);
            assertThat(n).as("received after %s of %s bytes", got, size).isPositive();
            got += n;
        }
        return all.toArray(ValueLayout.JAVA_BYTE);
    }

    private static byte[] random(final int size) {
        final byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    @Test
    void everyKindOfSocketSendsBackWhatItWasSent() throws Exception {
        final List<String> addresses = everyKind();
        try (Program server = echo(addresses)) {
            for (final Endpoint endpoint : server.listening(addresses.size())) {
                try (SocketFd socket = connect(endpoint)) {
                    for (final int size : new int[] {1, 7, 1000, 30_000}) {
                        final byte[] message = random(size);
                        assertThat(socket.send(message, 0, size, 0)).as("%s", endpoint).isEqualTo(size);
                        assertThat(receive(socket, size)).as("%s", endpoint).isEqualTo(message);
                    }
                }
            }
            assertThat(server.terminate()).isZero();
            assertThat(server.errors()).isEmpty();
        }
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void anEmptyDatagramAndAnEmptyPacketAreEchoedAndNotTakenForTheEnd() throws Exception {
        final List<String> addresses = List.of("udp:127.0.0.1:0", "unixdgram:@" + folder, "unixseq:@" + folder);
        try (Program server = echo(addresses); Arena arena = Arena.ofConfined()) {
            final MemorySegment buffer = arena.allocate(16);
            for (final Endpoint endpoint : server.listening(addresses.size())) {
                try (SocketFd socket = connect(endpoint)) {
                    assertThat(socket.send(MemorySegment.NULL, 0)).isZero();
                    assertThat(socket.recv(buffer, 0, PATIENCE_NANOS)).as("%s", endpoint).isZero();
                    assertThat(socket.send(buffer.asSlice(0, 3), 0)).isEqualTo(3);
                    assertThat(socket.recv(buffer, 0, PATIENCE_NANOS)).as("%s", endpoint).isEqualTo(3);
                }
            }
            assertThat(server.terminate()).isZero();
        }
    }

    @Test
    void datagramsComeFromTheAddressTheyWereSentTo() throws Exception {
        try (Program server = echo(List.of("udp:127.0.0.1:0")); Arena arena = Arena.ofConfined();
                SocketFd socket = SocketFd.socket(AF_INET, SOCK_DGRAM, 0)) {
            final SockAddr address = server.listening(1).getFirst().address();
            final SockAddrBuffer from = SockAddrBuffer.allocate(arena);
            socket.sendTo(new byte[] {42}, 0, 1, 0, address);
            socket.await(POLLIN, PATIENCE_NANOS);
            assertThat(socket.recvFrom(arena.allocate(2), MSG_DONTWAIT, from)).isEqualTo(1);
            assertThat(from.address()).isEqualTo(address);
            assertThat(server.terminate()).isZero();
        }
    }

    @Test
    void whatWasSentBeforeAHalfCloseComesBackAndThenTheEnd() throws Exception {
        final List<String> addresses = List.of("tcp:127.0.0.1:0", "tcp:[::1]:0", "unix:@" + folder, "unixseq:@" + folder);
        try (Program server = echo(addresses); Arena arena = Arena.ofConfined()) {
            for (final Endpoint endpoint : server.listening(addresses.size())) {
                try (SocketFd socket = connect(endpoint)) {
                    final byte[] message = random(5000);
                    socket.send(message, 0, message.length, 0);
                    socket.shutdown(SHUT_WR);
                    assertThat(receive(socket, message.length)).isEqualTo(message);
                    assertThat(socket.recv(arena.allocate(1), 0, PATIENCE_NANOS)).as("%s", endpoint).isZero();
                }
            }
            assertThat(server.terminate()).isZero();
            assertThat(server.errors()).isEmpty();
        }
    }

    @Test
    void aPeerThatDoesNotReadCostsNobodyElseAndLosesNothing() throws Exception {
        final List<String> addresses = List.of("tcp:127.0.0.1:0", "unix:@" + folder);
        try (Program server = echo(addresses); Arena arena = Arena.ofConfined()) {
            for (final Endpoint endpoint : server.listening(addresses.size())) {
                try (SocketFd slow = connect(endpoint); SocketFd other = connect(endpoint)) {
                    final byte[] bytes = random(1 << 20);
                    final MemorySegment chunk = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
                    slow.nonBlocking(true);
                    // Until nothing more is taken: all buffers on the way, there and back, are full then.
                    long sent = 0;
                    while (slow.await(POLLOUT, TimeUnit.MILLISECONDS.toNanos(300)) != 0) {
                        final long n = slow.send(chunk.asSlice(sent % chunk.byteSize()), 0);
                        sent += Math.max(0, n);
                    }
                    assertThat(sent).as("%s", endpoint).isPositive();
                    other.send(bytes, 0, 100, 0);
                    assertThat(receive(other, 100)).as("%s", endpoint).isEqualTo(java.util.Arrays.copyOf(bytes, 100));

                    final MemorySegment buffer = arena.allocate(1 << 16);
                    long got = 0;
                    slow.shutdown(SHUT_WR);
                    for (long n = slow.recv(buffer, 0, PATIENCE_NANOS); n != 0; n = slow.recv(buffer, 0, PATIENCE_NANOS)) {
                        assertThat(n).as("%s after %s bytes", endpoint, got).isPositive();
                        for (long at = 0; at < n; at++) {
                            if (buffer.get(ValueLayout.JAVA_BYTE, at) != bytes[(int) ((got + at) % bytes.length)]) {
                                throw new AssertionError("byte " + (got + at) + " of " + endpoint + " is wrong");
                            }
                        }
                        got += n;
                    }
                    assertThat(got).as("%s", endpoint).isEqualTo(sent);
                }
            }
            assertThat(server.terminate()).isZero();
        }
    }

    @Test
    void aPeerThatBreaksOffDoesNotStopTheServer() throws Exception {
        try (Program server = echo(List.of("tcp:127.0.0.1:0"))) {
            final Endpoint endpoint = server.listening(1).getFirst();
            for (int i = 0; i < 20; i++) {
                try (SocketFd rude = connect(endpoint); Arena arena = Arena.ofConfined()) {
                    // SO_LINGER with 0 s: close sends a reset.
                    final MemorySegment linger = arena.allocate(ValueLayout.JAVA_INT, 2);
                    linger.setAtIndex(ValueLayout.JAVA_INT, 0, 1);
                    rude.setsockopt(SOL_SOCKET, SO_LINGER, linger);
                    rude.send(random(1000), 0, 1000, 0);
                }
            }
            try (SocketFd polite = connect(endpoint)) {
                polite.send(random(10), 0, 10, 0);
                assertThat(receive(polite, 10)).isEqualTo(random(10));
            }
            assertThat(server.terminate()).isZero();
        }
    }

    @Test
    void withoutFreeDescriptorsNewConnectionsAreClosedAndTheOthersServed() throws Exception {
        final String command = "ulimit -n 64; exec \"$@\"";
        final List<String> line = new ArrayList<>(List.of("sh", "-c", command, "sh"));
        line.addAll(Program.commandLine("echo", "tcp:127.0.0.1:0"));
        final List<SocketFd> connections = new ArrayList<>();
        try (Program server = Program.start(line.toArray(String[]::new)); Arena arena = Arena.ofConfined()) {
            final Endpoint endpoint = server.listening(1).getFirst();
            final SocketFd first = connect(endpoint);
            connections.add(first);
            final MemorySegment buffer = arena.allocate(16);
            int refused = 0;
            while (connections.size() < 80) {
                final SocketFd next = connect(endpoint);
                connections.add(next);
                next.send(buffer.asSlice(0, 1), 0);
                long n;
                try {
                    n = next.recv(buffer, 0, PATIENCE_NANOS);
                } catch (final ErrnoException e) {
                    assertThat(e.errno()).isEqualTo(ECONNRESET);
                    n = 0;
                }
                assertThat(n).as("an answer or the end, not silence").isBetween(0L, 1L);
                refused += n == 0 ? 1 : 0;
            }
            assertThat(refused).isPositive();
            first.send(buffer.asSlice(0, 5), 0);
            assertThat(first.recv(buffer, 0, PATIENCE_NANOS)).isEqualTo(5);
            assertThat(server.errors()).contains("EMFILE");
            for (final SocketFd connection : connections.subList(1, connections.size())) {
                connection.close();
            }
            // There is room again as soon as the server has seen the ends.
            long n = 0;
            while (n <= 0) {
                try (SocketFd again = connect(endpoint)) {
                    again.send(buffer.asSlice(0, 1), 0);
                    n = again.recv(buffer, 0, PATIENCE_NANOS);
                } catch (final ErrnoException e) {
                    assertThat(e.errno()).isEqualTo(ECONNRESET);
                }
            }
            assertThat(server.terminate()).isZero();
        } finally {
            for (final SocketFd connection : connections) {
                connection.close();
            }
        }
    }

    @Test
    void standardInputMayEndItToo() throws Exception {
        try (Program server = Program.fdsock("echo", "--until-stdin-ends", "unix:" + folder.resolve("s"))) {
            server.listening(1);
            assertThat(folder.resolve("s")).exists();
            server.endInput();
            assertThat(server.status()).isZero();
        }
        assertThat(folder).isEmptyDirectory();
    }

    /// What is open for writing alone is what scripts/fdsock makes of an input that is closed.
    @Test
    void standardInputThatCannotBeReadHasEnded() throws Exception {
        final List<String> line = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" 0>/dev/null", "sh"));
        line.addAll(Program.commandLine("echo", "--until-stdin-ends", "unix:" + folder.resolve("s")));
        try (Program server = Program.start(line.toArray(String[]::new))) {
            assertThat(server.status()).isZero();
            assertThat(server.errors()).contains("fdsock standard input: ").hasLineCount(1);
        }
        assertThat(folder).isEmptyDirectory();
    }

    @ParameterizedTest
    @ValueSource(strings = {">/dev/full", "1</dev/null"})
    void whereNobodyCanReadThatItListensItServesAndHasFailedInTheEnd(final String output) throws Exception {
        final Path socket = folder.resolve("s");
        final List<String> line = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" " + output, "sh"));
        line.addAll(Program.commandLine("echo", "unix:" + socket));
        try (Program server = Program.start(line.toArray(String[]::new))) {
            final long start = System.nanoTime();
            while (!isServed(socket)) {
                assertThat(System.nanoTime() - start).isLessThan(PATIENCE_NANOS);
                Thread.sleep(5);
            }
            assertThat(server.terminate()).isEqualTo(1);
            assertThat(server.errors()).isEqualTo("fdsock: standard output cannot be written\n");
        }
        assertThat(folder).isEmptyDirectory();
    }

    private static boolean isServed(final Path path) throws IOException {
        try (SocketFd client = SocketFd.socket(AF_UNIX, SOCK_STREAM, 0)) {
            client.connect(SockAddr.unix(path));
            client.send(new byte[] {1}, 0, 1, 0);
            return receive(client, 1)[0] == 1;
        } catch (final ErrnoException e) {
            assertThat(e.errno()).isIn(ENOENT, ECONNREFUSED);
            return false;
        }
    }

    @Test
    void anAddressInUseIsToldInALineWithStatus1AndWhatWasBoundBeforeIsRemoved() throws Exception {
        final Path other = Files.createFile(folder.resolve("taken"));
        try (Program server = Program.fdsock("echo", "unix:" + folder.resolve("s"), "unix:" + other)) {
            assertThat(server.status()).isEqualTo(1);
            assertThat(server.errors()).contains("EADDRINUSE (Address already in use)").contains(other.toString())
                    .doesNotContain("\tat ");
        }
        assertThat(folder).isDirectoryContaining("glob:**/taken").isDirectoryNotContaining("glob:**/s");
    }

    @Test
    void aWrongAddressIsWrongUsage() throws Exception {
        for (final String wrong : List.of("tcp:127.0.0.1:65536", "tcp:localhost", "nonsense", "unix:")) {
            try (Program server = Program.fdsock("echo", wrong)) {
                assertThat(server.status()).as(wrong).isEqualTo(2);
                assertThat(server.errors()).contains(wrong).doesNotContain("\tat ");
            }
        }
    }
}
