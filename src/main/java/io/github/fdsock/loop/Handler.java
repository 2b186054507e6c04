package io.github.fdsock.loop;

import java.io.IOException;

/// Is told that a descriptor is ready.
@FunctionalInterface
public interface Handler {
    /// Handles what has become ready. It may change, deregister or close any registration, its own included.
    ///
    /// It is called again in the next turn for what it left undone: readiness is a level, not an edge. So it should do a
    /// bounded piece of work, and the others get their turn.
    ///
    /// @param registration whose descriptor is ready
    /// @param events what is ready: `EPOLLIN`, `EPOLLOUT`, …; `EPOLLERR` and `EPOLLHUP` come unasked
    /// @throws IOException ends [EventLoop#run] with it: what concerns one connection only is handled here
    void ready(Registration registration, int events) throws IOException;
}
