package io.github.fdsock.loop;

import static io.github.fdsock.harness.junit.SocketFamily.TCP4;
import static io.github.fdsock.harness.junit.SocketFamily.UNIX_SEQPACKET;
import static io.github.fdsock.harness.junit.SocketFamily.UNIX_STREAM;
import static io.github.fdsock.sys.Constants.MSG_WAITALL;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.SocketFd;
import io.github.fdsock.harness.junit.SocketFamilies;
import io.github.fdsock.testing.Allocations;
import io.github.fdsock.testing.CountsAllocations;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Timeout;

/// In the steady state a stream allocates nothing for what it queues.
@CountsAllocations
@Timeout(60)
class StreamQueueAllocationTest {
    private static final int ROUNDS = 1000;

    @SocketFamilies({TCP4, UNIX_STREAM, UNIX_SEQPACKET})
    void aQueueThatFillsAndDrainsAllocatesNothing(final SocketFd.Pair pair) throws IOException {
        try (EventLoop loop = EventLoop.open()) {
            final Stream stream = loop.adopt(pair.first());
            final MemorySegment block = Arena.ofAuto().allocate(2_000);
            final MemorySegment into = Arena.ofAuto().allocate(2_000);
            // It stays full: what the peer reads makes room for what waits, and there is always something that waits.
            assertThat(Allocations.least(ROUNDS, () -> {
                while (stream.bytesQueued() < 20_000) {
                    stream.write(block);
                }
                pair.second().recv(into, MSG_WAITALL);
                loop.runNoWait();
            })).as("bytes of heap in %d rounds", ROUNDS).isLessThan(ROUNDS);
            assertThat(stream.bytesWritten()).isGreaterThanOrEqualTo(2_000L * ROUNDS);
            stream.destroy();
        }
    }
}
