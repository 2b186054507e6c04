package io.github.fdsock.loop;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/// A loop for datagrams and what was told in it, for which no test waits in vain.
abstract class DatagramFixture {
    EventLoop loop;
    Arena arena;
    final List<String> told = new ArrayList<>();

    @BeforeEach
    void open() throws IOException {
        loop = EventLoop.open();
        loop.schedule(TimeUnit.SECONDS.toNanos(20), () -> {
            throw new AssertionError("nothing has come for 20 seconds behind " + told);
        }).unref();
        arena = Arena.ofConfined();
    }

    @AfterEach
    void close() throws IOException {
        loop.close();
        arena.close();
    }

    static MemorySegment bytes(final int length) {
        return MemorySegment.ofArray(new byte[length]);
    }
}
