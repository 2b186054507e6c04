package io.github.fdsock.cli;

import static io.github.fdsock.sys.Constants.EAGAIN;
import static io.github.fdsock.sys.Constants.EINPROGRESS;
import static io.github.fdsock.sys.Constants.SOCK_SEQPACKET;
import static io.github.fdsock.sys.Constants.SOCK_STREAM;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.Endpoint;
import io.github.fdsock.SockAddr;
import io.github.fdsock.cli.roundtrip.Pinger;
import io.github.fdsock.harness.Sweep;
import io.github.fdsock.sys.Call;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Whichever call of an echo server or of who drives it fails, and however: every byte that comes back is right, the
/// reason is told, and nothing is left behind.
@Timeout(300)
class RoundTripsSweepTest {

    @TempDir
    private Path folder;

    @Test
    void overTcp() {
        sweep(new Endpoint(SOCK_STREAM, SockAddr.inet("127.0.0.1", 0)));
    }

    @Test
    void overAUnixSocket() {
        sweep(new Endpoint(SOCK_STREAM, SockAddr.unix(folder.resolve("stream"))));
    }

    @Test
    void overPackets() {
        sweep(new Endpoint(SOCK_SEQPACKET, SockAddr.unix(folder.resolve("packets"))));
    }

    private void sweep(final Endpoint endpoint) {
        final Sweep.Report report = Sweep.of(() -> {
            final EchoThread server = new EchoThread(endpoint);
            try (server; Pinger pinger = new Pinger(server.endpoint(), 64, 2)) {
                assertThat(pinger.run(0, _ -> { }).count()).isEqualTo(2);
            } catch (final IOException e) {
                e.addSuppressed(new IOException("the server said: " + server));
                throw e;
            } finally {
                assertThat(folder).isEmptyDirectory();
            }
        // A connection that has to wait is given up.
        }).expecting((rule, thrown) -> (rule.errno() == EAGAIN || rule.errno() == EINPROGRESS)
                && thrown.getMessage().startsWith("no connection to ")).run();
        assertThat(report.failed()).containsKeys(Call.socket, Call.accept4, Call.connect, Call.recv, Call.send,
                Call.epoll_wait, Call.close);
    }
}
