package io.github.fdsock.cli.proxy;

import io.github.fdsock.Endpoint;
import io.github.fdsock.loop.Stream;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;

/// Passes each connection on to one target, whichever families the two belong to, until both sides have ended: the end
/// of one direction is passed on as such, and the other goes on.
///
/// Where the target cannot be reached the client's connection is reset, as it would have been there.
public final class Proxy {
    private final Endpoint target;
    private final Duration patience;
    private final PrintStream log;
    private long connections;

    /// Makes a proxy.
    ///
    /// @param target   where to
    /// @param patience so long the target may take to accept a connection
    /// @param log      is told of each connection, and of its end
    public Proxy(final Endpoint target, final Duration patience, final PrintStream log) {
        this.target = target;
        this.patience = patience;
        this.log = log;
    }

    /// Passes a connection on.
    ///
    /// @param client the connection
    /// @param tcp whether it is one of TCP
    public void pass(final Stream client, final boolean tcp) {
        final long number = ++connections;
        try {
            tell(number, "from " + client.remoteAddress() + " to " + target);
            // Small messages are not to be delayed a second time on their way.
            if (tcp) {
                client.noDelay(true);
            }
            // What it sends is left to the kernel while nobody is there to take it.
            client.pause();
            new Passage(this, number, client, client.loop().connect(target.address()));
        } catch (final IOException e) {
            // It is gone already, or there is no descriptor for the other.
            tell(number, "over: " + e.getMessage());
            client.reset();
        }
    }

    Endpoint target() {
        return target;
    }

    Duration patience() {
        return patience;
    }

    void tell(final long connection, final String what) {
        log.println("connection " + connection + ": " + what);
    }
}
