package io.github.fdsock.testing;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/// Counts what a thread allocates on the heap. It stands here because the module does not read `jdk.management`.
public final class Allocations {

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private Allocations() {
    }

    /// How many bytes the current thread has allocated since it began.
    public static long ofThisThread() {
        return THREADS.getCurrentThreadAllocatedBytes();
    }
}
