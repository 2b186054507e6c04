package io.github.fdsock.blocking;

import java.io.IOException;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/// A poller for each test, and memory for its buffers, closed behind it.
abstract class PollerFixture {
    final Arena arena = Arena.ofShared();
    Poller poller;

    @BeforeEach
    void open() throws IOException {
        poller = Poller.open();
    }

    @AfterEach
    void close() throws IOException {
        poller.close();
        arena.close();
    }
}
