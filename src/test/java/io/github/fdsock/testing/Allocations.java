package io.github.fdsock.testing;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;

/// Counts what is allocated. It stands here because the module does not read `jdk.management`.
public final class Allocations {

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /// So often at most: with some thousand rounds each, by then everything is compiled that will be.
    private static final int GOES = 300;

    /// What is counted.
    @FunctionalInterface
    public interface Round {
        void run() throws IOException;
    }

    private Allocations() {
    }

    /// How many bytes so many rounds allocate on the current thread: of many goes the least, or the first that is below
    /// a byte a round, which is what the JVM itself does on a thread, and the counting.
    ///
    /// The first goes make classes, and objects that compiled code does without: nobody's steady state.
    public static long least(final int rounds, final Round round) throws IOException {
        long least = Long.MAX_VALUE;
        for (int go = 0; go < GOES && least >= rounds; go++) {
            final long before = ofThisThread();
            for (int i = 0; i < rounds; i++) {
                round.run();
            }
            least = Math.min(least, ofThisThread() - before);
        }
        return least;
    }

    /// How many bytes of native memory arenas and buffers have at present.
    public static long ofNativeMemory() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct")).findFirst().orElseThrow().getMemoryUsed();
    }

    /// How many bytes the current thread has allocated since it began.
    public static long ofThisThread() {
        return THREADS.getCurrentThreadAllocatedBytes();
    }
}
