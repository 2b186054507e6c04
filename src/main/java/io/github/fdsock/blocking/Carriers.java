package io.github.fdsock.blocking;

import java.lang.management.ManagementFactory;
import jdk.management.VirtualThreadSchedulerMXBean;

/// What the scheduler of virtual threads tells of its carriers, the platform threads that run them.
final class Carriers {
    /// Null where the module `jdk.management` is not there, and nobody tells.
    private static final VirtualThreadSchedulerMXBean SCHEDULER = scheduler();

    private Carriers() {
    }

    private static VirtualThreadSchedulerMXBean scheduler() {
        try {
            return ManagementFactory.getPlatformMXBean(VirtualThreadSchedulerMXBean.class);
        } catch (final LinkageError e) {
            return null;
        }
    }

    /// How many there are; 0 where nobody tells.
    static int count() {
        return SCHEDULER == null ? 0 : SCHEDULER.getParallelism();
    }

    /// Whether a virtual thread waits for one: an estimate, and some 40 ns. Only where [#count] is not 0.
    static boolean areWanted() {
        return SCHEDULER.getQueuedVirtualThreadCount() > 0;
    }
}
