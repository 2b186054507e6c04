package io.github.fdsock.cli.proxy;

import static io.github.fdsock.sys.Constants.SOCK_STREAM;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.Endpoint;
import io.github.fdsock.SockAddr;
import io.github.fdsock.harness.Sweep;
import io.github.fdsock.harness.junit.FdLedger;
import io.github.fdsock.loop.EventLoop;
import io.github.fdsock.loop.Handle;
import io.github.fdsock.loop.Listener;
import io.github.fdsock.loop.Stream;
import io.github.fdsock.sys.Call;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Whichever call of a proxied connection fails: every byte comes back and then the end, or somebody tells why not; and
/// nothing is left open or waited for.
@Timeout(300)
@FdLedger
class ProxySweepTest {
    private static final byte[] SENT = new byte[50_000];

    static {
        for (int i = 0; i < SENT.length; i++) {
            SENT[i] = (byte) (i % 251);
        }
    }

    @Test
    void betweenTcpAndTcp() throws IOException {
        sweep(SockAddr.inet("127.0.0.1", 0), SockAddr.inet("127.0.0.1", 0));
    }

    @Test
    void betweenUnixAndTcp() throws IOException {
        sweep(SockAddr.unixAutobind(), SockAddr.inet("::1", 0));
    }

    private static void sweep(final SockAddr front, final SockAddr back) {
        // ENOTCONN is said of connections that are gone, of which reading tells: said of others, their ends never come.
        final Sweep.Report report = Sweep.of(() -> exchange(front, back)).sparing("shutdown:error=ENOTCONN").run();
        assertThat(report.failed()).containsKeys(Call.socket, Call.accept4, Call.connect, Call.splice, Call.recv,
                Call.send, Call.shutdown, Call.epoll_ctl, Call.close);
    }

    private static void exchange(final SockAddr front, final SockAddr back) throws IOException {
        final ByteArrayOutputStream log = new ByteArrayOutputStream();
        final ByteArrayOutputStream came = new ByteArrayOutputStream();
        final List<IOException> causes = new ArrayList<>();
        final Handle.CloseHandler closed = cause -> {
            if (cause != null) {
                causes.add(cause);
            }
        };
        final boolean[] ended = {false};
        try (EventLoop loop = EventLoop.open()) {
            final Listener target = loop.listen(back, stream -> {
                stream.onClose(closed);
                stream.pipeTo(stream);
            });
            final Proxy proxy = new Proxy(new Endpoint(SOCK_STREAM, target.localAddress()), Duration.ofSeconds(5),
                    new PrintStream(log, true));
            final Listener listener = loop.listen(front,
                    stream -> proxy.pass(stream, front instanceof SockAddr.Inet));
            for (final Listener each : new Listener[] {target, listener}) {
                each.onError((kind, failure) -> causes.add(failure)).onClose(closed);
                // The connections alone are waited for.
                each.unref();
            }
            final Stream client = loop.connect(listener.localAddress());
            client.onData(data -> came.writeBytes(data.toArray(ValueLayout.JAVA_BYTE)))
                    .onEnd(() -> ended[0] = true)
                    .onClose(closed);
            client.end(MemorySegment.ofArray(SENT));
            loop.run();
        } finally {
            assertThat(came.size()).isLessThanOrEqualTo(SENT.length);
            assertThat(came.toByteArray()).isEqualTo(Arrays.copyOf(SENT, came.size()));
        }
        if (came.size() < SENT.length || !ended[0] || !causes.isEmpty()) {
            final IOException failure = new IOException(came.size() + " bytes came back; the proxy said: " + log);
            causes.forEach(failure::addSuppressed);
            throw failure;
        }
    }
}
