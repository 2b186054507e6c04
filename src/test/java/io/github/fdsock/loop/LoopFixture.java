package io.github.fdsock.loop;

import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/// A loop for each test, closed behind it.
abstract class LoopFixture {
    EventLoop loop;

    @BeforeEach
    void open() throws IOException {
        loop = EventLoop.open();
    }

    @AfterEach
    void close() throws IOException {
        loop.close();
    }
}
