package io.github.fdsock.loop;

import static io.github.fdsock.harness.junit.SocketFamily.UDP4;
import static io.github.fdsock.harness.junit.SocketFamily.UDP6;
import static io.github.fdsock.harness.junit.SocketFamily.UNIX_DGRAM;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.SockAddrBuffer;
import io.github.fdsock.SocketFd;
import io.github.fdsock.harness.junit.SocketFamilies;
import io.github.fdsock.harness.junit.SocketFamily;
import io.github.fdsock.testing.Allocations;
import io.github.fdsock.testing.CountsAllocations;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Datagrams come and go, and wait in a queue, without an object being made for any of them.
///
/// Not under the ledger, which makes some.
@CountsAllocations
@Timeout(120)
class DatagramAllocationsTest {
    private EventLoop loop;
    private Arena arena;

    @BeforeEach
    void open() throws IOException {
        loop = EventLoop.open();
        arena = Arena.ofConfined();
    }

    @AfterEach
    void close() throws IOException {
        loop.close();
        arena.close();
    }

    @SocketFamilies({UDP4, UDP6, UNIX_DGRAM})
    void neitherReceivingNorSendingAllocates(final SocketFamily family) throws IOException {
        final int window = 2_000;
        final int windowsMax = 300;
        final Datagrams[] both = {loop.datagrams(family.any()), loop.datagrams(family.any())};
        final SockAddrBuffer[] to = {SockAddrBuffer.allocate(arena).set(both[1].localAddress()),
            SockAddrBuffer.allocate(arena).set(both[0].localAddress())};
        final MemorySegment[] outside =
                IntStream.range(0, 8).mapToObj(i -> arena.allocate(i * 17)).toArray(MemorySegment[]::new);
        final MemorySegment inside = MemorySegment.ofArray(new byte[100]);
        final long[] figures = {0, Allocations.ofThisThread(), Long.MAX_VALUE, 0};
        // Each answers with one datagram, and the first of every eight with three.
        both[0].onMessage((data, from, message) -> {
            if (++figures[0] % window == 0) {
                final long now = Allocations.ofThisThread();
                figures[2] = Math.min(figures[2], now - figures[1]);
                figures[1] = now;
                if (figures[2] < window || figures[0] == (long) window * windowsMax) {
                    both[0].close();
                    both[1].close();
                    return;
                }
            }
            if (figures[0] % 3 == 0) {
                both[0].send(outside[(int) (figures[0] / 3 & 7)], to[0]);
                both[0].send(inside, from);
                both[0].send(data, from);
            }
        });
        both[1].onMessage((data, from, message) -> both[1].send(data, from));
        for (int i = 0; i < 3; i++) {
            both[0].send(inside, to[0]);
        }
        loop.run();
        // Less than a byte a datagram is what the JVM itself does on this thread, and the measurement.
        assertThat(figures[2]).as("bytes in %s datagrams, of %s", window, figures[0]).isLessThan(window);
    }

    @Test
    void theQueueAllocatesNothingButForWhoAsks() throws IOException {
        final int window = 20_000;
        final int windowsMax = 100;
        final SocketFd.Pair pair = UNIX_DGRAM.connected();
        final Datagrams sender = loop.datagrams(pair.first()).highWaterMark(10_000);
        final Datagrams receiver = loop.datagrams(pair.second());
        final MemorySegment data = arena.allocate(100);
        final long[] figures = {0, Allocations.ofThisThread(), Long.MAX_VALUE};
        receiver.onMessage((_, _, _) -> {
            if (++figures[0] % window == 0) {
                final long now = Allocations.ofThisThread();
                figures[2] = Math.min(figures[2], now - figures[1]);
                figures[1] = now;
                if (figures[2] < window || figures[0] == (long) window * windowsMax) {
                    sender.close();
                    receiver.close();
                }
            }
        });
        sender.onDrain(() -> fill(sender, data));
        fill(sender, data);
        assertThat(sender.bytesQueued()).isPositive();
        loop.run();
        assertThat(figures[2]).as("bytes in %s datagrams, of %s", window, figures[0]).isLessThan(window);
    }

    /// Sends until the queue is full. A method of its own, which the compiler meets often: in the midst of a longer one
    /// that runs once it does not find out which objects it can do without.
    private static void fill(final Datagrams sender, final MemorySegment data) {
        boolean more;
        do {
            more = sender.send(data);
        } while (more);
    }
}
