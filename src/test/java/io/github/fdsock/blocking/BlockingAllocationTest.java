package io.github.fdsock.blocking;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.SocketFd;
import io.github.fdsock.testing.Allocations;
import io.github.fdsock.testing.CountsAllocations;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A call allocates nothing, whether it waits or not; parking a virtual thread does what the JDK needs for it.
@CountsAllocations
@Timeout(60)
class BlockingAllocationTest {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);

    @Test
    void ofAPlatformThreadThatWaitsForAVirtualOne() throws Exception {
        final int exchanges = 1000;
        try (Poller poller = Poller.open();
                SocketFd.Pair sockets = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0);
                BlockingSocket here = poller.adopt(sockets.first());
                BlockingSocket there = poller.adopt(sockets.second());
                Arena arena = Arena.ofShared()) {
            final MemorySegment word = arena.allocate(Long.BYTES);
            final Virtual<Void> echo = Virtual.start(() -> {
                final MemorySegment other = arena.allocate(Long.BYTES);
                while (there.read(other, PATIENCE_NANOS) > 0) {
                    there.write(other, PATIENCE_NANOS);
                }
                return null;
            });
            assertThat(Allocations.least(exchanges, () -> {
                here.write(word, PATIENCE_NANOS);
                here.read(word, PATIENCE_NANOS);
            })).as("bytes in %s exchanges", exchanges).isLessThan(exchanges);
            here.fd().shutdown(SHUT_WR);
            echo.result();
        }
    }
}
