package io.github.fdsock.programs;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.Endpoint;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `fdsock ping` measures round trips on every kind of socket, believes no answer unseen, and says what went wrong.
class PingIT {
    @TempDir
    private Path folder;

    @Test
    void everyKindOfSocketIsMeasured() throws Exception {
        final String[] addresses = {"tcp:127.0.0.1:0", "tcp:[::1]:0", "unix:@" + folder, "unixseq:@" + folder + "q",
            "unixdgram:@" + folder + "d", "udp:127.0.0.1:0"};
        try (Program server = Program.fdsock(java.util.stream.Stream.concat(java.util.stream.Stream.of("echo"),
                java.util.Arrays.stream(addresses)).toArray(String[]::new))) {
            for (final Endpoint endpoint : server.listening(addresses.length)) {
                try (Program ping = Program.fdsock("ping", endpoint.toString(), "--size=1001", "--connections=3",
                        "--seconds=0.2", "--json")) {
                    final List<String> lines = ping.rest();
                    assertThat(lines).as("%s: %s", endpoint, ping.errors()).hasSize(1);
                    assertThat(lines.getFirst()).startsWith("{\"address\":\"" + endpoint + "\",\"size\":1001,\"connections\":3,")
                            .contains("\"lost\":0,").contains("\"p50Micros\":").contains("\"p99.99Micros\":")
                            .contains("\"maxMicros\":").endsWith("}").doesNotContain("\"roundTrips\":0,");
                    assertThat(ping.status()).isZero();
                }
            }
            assertThat(server.terminate()).isZero();
        }
    }

    @Test
    void messagesLargerThanEveryBufferComeBackToo() throws Exception {
        try (Program server = Program.fdsock("echo", "tcp:127.0.0.1:0")) {
            final String address = server.listening(1).getFirst().toString();
            try (Program ping = Program.fdsock("ping", address, "--size=9000000", "--connections=2", "--seconds=0.5")) {
                assertThat(ping.rest()).as(ping.errors()).anyMatch(line -> line.contains("every byte verified"));
                assertThat(ping.status()).isZero();
            }
            assertThat(server.terminate()).isZero();
        }
    }

    @Test
    void aSingleWrongByteIsFound() throws Exception {
        try (SocketFd listener = SocketFd.socket(AF_INET, SOCK_STREAM, 0)) {
            listener.bind(SockAddr.inet("127.0.0.1", 0));
            listener.listen(1);
            try (Program ping = Program.fdsock("ping", new Endpoint(SOCK_STREAM, listener.localAddress()).toString());
                    SocketFd peer = listener.accept()) {
                final byte[] message = new byte[64];
                assertThat(peer.recv(message, 0, 64, MSG_WAITALL)).isEqualTo(64);
                message[63] ^= 1;
                peer.send(message, 0, 64, 0);
                assertThat(ping.status()).isEqualTo(1);
                assertThat(ping.errors()).contains("something else");
            }
        }
    }

    @Test
    void aServerThatClosesOrIsNotThereIsToldInALine() throws Exception {
        final String address;
        try (SocketFd listener = SocketFd.socket(AF_INET, SOCK_STREAM, 0)) {
            listener.bind(SockAddr.inet("127.0.0.1", 0));
            listener.listen(1);
            address = new Endpoint(SOCK_STREAM, listener.localAddress()).toString();
            try (Program ping = Program.fdsock("ping", address); SocketFd peer = listener.accept()) {
                peer.shutdown(SHUT_RDWR);
                assertThat(ping.status()).isEqualTo(1);
            }
        }
        try (Program ping = Program.fdsock("ping", address)) {
            assertThat(ping.status()).isEqualTo(1);
            assertThat(ping.errors()).contains("ECONNREFUSED (Connection refused)").doesNotContain("\tat ");
        }
    }

    @Test
    void aStreamThatIsNotTcpIsAskedForNothingOfTcp() throws Exception {
        try (Program ping = Program.fdsock("inject", "connect:error=ECONNREFUSED", "--", "ping", "vsock:1:7000")) {
            assertThat(ping.status()).isEqualTo(1);
            assertThat(ping.errors()).as("without AF_VSOCK there is no socket")
                    .containsPattern("fdsock ping: (connect|socket)\\(");
        }
    }

    @Test
    void valuesOutOfRangeAreWrongUsage() throws Exception {
        for (final String wrong : List.of("--size=0", "--size=-1", "--connections=0", "--seconds=0", "--seconds=NaN",
                "--size=many")) {
            try (Program ping = Program.fdsock("ping", "tcp:127.0.0.1:1", wrong)) {
                assertThat(ping.status()).as(wrong).isEqualTo(2);
                assertThat(ping.errors()).contains(wrong.substring(0, wrong.indexOf('=')));
            }
        }
    }
}
