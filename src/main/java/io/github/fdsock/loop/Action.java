package io.github.fdsock.loop;

import java.io.IOException;

/// Work that the loop does on its thread: when a timer expires, or when there is nothing else to do.
@FunctionalInterface
public interface Action {
    /// Does a bounded piece of it: everything else waits meanwhile.
    ///
    /// @throws IOException ends [EventLoop#run] with it
    void run() throws IOException;
}
