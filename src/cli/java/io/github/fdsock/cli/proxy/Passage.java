package io.github.fdsock.cli.proxy;

import static io.github.fdsock.sys.Constants.ETIMEDOUT;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.SockAddr;
import io.github.fdsock.loop.Stream;
import java.io.IOException;
import java.time.Duration;

/// A client's connection and the one to the target, which live and end together.
final class Passage {
    private final Proxy proxy;
    private final long number;
    private final Stream client;
    private final Stream server;

    /// What is read from either goes to the other.
    private boolean open;

    /// Why the first of the two has ended.
    private IOException cause;
    private boolean halfOver;

    /// @param client is not read from yet
    /// @param server is on its way to the target
    Passage(final Proxy proxy, final long number, final Stream client, final Stream server) {
        this.proxy = proxy;
        this.number = number;
        this.client = client;
        this.server = server;
        client.onClose(this::over);
        server.onConnect(this::connected).onClose(this::over).onTimeout(proxy.patience(), this::late);
    }

    private void connected() throws IOException {
        server.onTimeout(Duration.ZERO, null);
        if (proxy.target().address() instanceof SockAddr.Inet) {
            server.noDelay(true);
        }
        client.spliceTo(server);
        server.spliceTo(client);
        open = true;
    }

    private void late() {
        server.destroy(ErrnoException.of(ETIMEDOUT, "connect", proxy.target()));
    }

    private void over(final IOException why) {
        cause = cause == null ? why : cause;
        if (halfOver) {
            proxy.tell(number, "over, " + client.bytesRead() + " bytes there and " + server.bytesRead() + " back"
                    + (cause == null ? "" : ": " + cause.getMessage()));
            return;
        }
        halfOver = true;
        if (!open) {
            // Whichever it was that has ended.
            client.reset();
            server.destroy();
        }
    }
}
