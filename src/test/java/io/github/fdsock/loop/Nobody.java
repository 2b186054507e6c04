package io.github.fdsock.loop;

import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.harness.junit.SocketFamily;
import java.io.IOException;

/// Whom a test connects to or sends to, to be refused.
final class Nobody {
    private Nobody() {
    }

    /// An address that was somebody's, and is nobody's any more.
    static SockAddr at(final SocketFamily family) throws IOException {
        try (SocketFd gone = family.bound()) {
            return gone.localAddress();
        }
    }
}
