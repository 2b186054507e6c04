package io.github.fdsock.loop;

import io.github.fdsock.SocketFd;
import java.io.IOException;

/// How the kernel tells a stream of arrivals: a parameter of whole test classes, since everything holds for both.
enum Arrivals {
    /// Of each once, as streams are told whose socket nobody else knows.
    BY_EDGES,

    /// For as long as something is there.
    BY_LEVELS;

    Stream adopt(final EventLoop loop, final SocketFd socket) throws IOException {
        return this == BY_EDGES ? Stream.adopt(loop, socket, Connection.Kind.of(socket)) : loop.adopt(socket);
    }
}
