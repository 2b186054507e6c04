package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.EventFd;
import io.github.fdsock.Fd;
import io.github.fdsock.testing.Allocations;
import io.github.fdsock.testing.CountsAllocations;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Turning a loop costs no memory.
@CountsAllocations
@Timeout(60)
class EventLoopAllocationTest {
    @Test
    void aTurnAllocatesNothing() throws IOException {
        final int window = 20_000;
        final int windowsMax = 100;
        final AtomicInteger turn = new AtomicInteger();
        final long[] allocatedBefore = {Allocations.ofThisThread()};
        final long[] least = {Long.MAX_VALUE};
        try (EventLoop loop = EventLoop.open(); EventFd fd = EventFd.create(1, EFD_NONBLOCK)) {
            final Registration registration = loop.register(fd, EPOLLIN, (itself, _) -> {
                itself.interest((turn.get() & 1) == 0 ? EPOLLIN | EPOLLPRI : EPOLLIN);
                final int number = turn.incrementAndGet();
                if (number % window == 0) {
                    final long allocated = Allocations.ofThisThread();
                    least[0] = Math.min(least[0], allocated - allocatedBefore[0]);
                    allocatedBefore[0] = allocated;
                    if (least[0] < window || number == window * windowsMax) {
                        loop.stop();
                    }
                }
            });
            loop.run();
            registration.deregister();
        }
        // Until the code is compiled there are objects that the compiler then does without. Less than a byte a turn is
        // what the JVM itself does on this thread, and the measurement.
        assertThat(least[0]).as("bytes in %s turns, of %s", window, turn).isLessThan(window);
    }

    @Test
    void filesAndIdleWorkCostNoMemoryEither() throws IOException {
        try (EventLoop loop = EventLoop.open();
                Fd file = Fd.openFile(Path.of("/proc/self/exe"), O_RDONLY, 0)) {
            final long[] turns = new long[1];
            loop.register(file, EPOLLIN, (_, _) -> turns[0]++);
            loop.onIdle(() -> turns[0]++);
            assertThat(Allocations.least(5000, loop::runNoWait)).as("bytes in 5,000 turns").isLessThan(5000);
            assertThat(turns[0]).isEqualTo(loop.metrics().turns() * 2);
        }
    }
}
