package io.github.fdsock.testing;

import com.sun.management.ThreadMXBean;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;

/// Counts what is allocated. It stands here because the module does not read `jdk.management`.
public final class Allocations {

    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    /// The slice of the segment for `errno` that the JDK's code in front of each call into C makes. The compiler does
    /// without it mostly, but not in every run: it depends on what it has inlined where.
    private static final long SLICE = 40;

    private Allocations() {
    }

    /// What is left without the objects that the JDK makes for calls into C.
    ///
    /// @param bytes allocated in some rounds
    /// @param rounds how many
    /// @param calls how many calls a round makes
    /// @return the bytes without a slice for so many of the calls as there can be one for
    public static long besidesSlices(final long bytes, final long rounds, final int calls) {
        return bytes - Math.min(bytes / (SLICE * rounds), calls) * SLICE * rounds;
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
