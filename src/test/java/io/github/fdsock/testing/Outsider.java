package io.github.fdsock.testing;

import java.lang.foreign.MemorySegment;

/// Code outside of the module, which was not granted native access.
public final class Outsider {

    private Outsider() {
    }

    /// Attempts what only the module may do.
    ///
    /// @throws IllegalCallerException if the JVM denies it
    @SuppressWarnings("restricted")
    public static MemorySegment reinterpret(MemorySegment segment) {
        return segment.reinterpret(8);
    }
}
