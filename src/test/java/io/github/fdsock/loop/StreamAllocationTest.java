package io.github.fdsock.loop;

import static io.github.fdsock.harness.junit.SocketFamily.TCP4;
import static io.github.fdsock.harness.junit.SocketFamily.UNIX_STREAM;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.PipeFd;
import io.github.fdsock.SocketFd;
import io.github.fdsock.harness.junit.SocketFamilies;
import io.github.fdsock.testing.Allocations;
import io.github.fdsock.testing.CountsAllocations;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// In the steady state a stream allocates nothing, neither for a read nor for a write.
@CountsAllocations
@Timeout(60)
class StreamAllocationTest {
    private static final int ROUNDS = 1000;

    @SocketFamilies({TCP4, UNIX_STREAM})
    void anEchoAllocatesNothing(final SocketFd.Pair pair) throws IOException {
        try (EventLoop loop = EventLoop.open()) {
            final Stream stream = loop.adopt(pair.first());
            stream.onData(stream::write);
            final MemorySegment bytes = Arena.ofAuto().allocate(64);
            assertThat(Allocations.least(ROUNDS, () -> {
                pair.second().send(bytes, 0);
                loop.runOnce();
                pair.second().recv(bytes, 0);
            })).as("bytes of heap in %d echoes", ROUNDS).isLessThan(ROUNDS);
            assertThat(stream.bytesWritten()).isGreaterThanOrEqualTo(64L * ROUNDS);
        }
    }

    @Test
    void norDoesOneOverPipes() throws IOException {
        try (EventLoop loop = EventLoop.open(); PipeFd.Pair there = PipeFd.create(0); PipeFd.Pair back = PipeFd.create(0)) {
            final Stream out = loop.adopt(back.writeEnd());
            loop.adopt(there.readEnd()).onData(out::write);
            final MemorySegment bytes = Arena.ofAuto().allocate(64);
            assertThat(Allocations.least(ROUNDS, () -> {
                there.writeEnd().write(bytes);
                loop.runOnce();
                back.readEnd().read(bytes);
            })).as("bytes of heap in %d echoes", ROUNDS).isLessThan(ROUNDS);
            assertThat(out.bytesWritten()).isGreaterThanOrEqualTo(64L * ROUNDS);
        }
    }
}
