package io.github.fdsock.sys;

import java.util.Set;

/// Lets [io.github.fdsock.bench.StartupBenchmark] see what `sys` has linked.
///
/// In this package because that is nobody else's business: the library exports no such thing.
public final class LinkedShapes {
    private LinkedShapes() {
    }

    /// The shapes, with their options, of which a handle has been linked so far.
    public static Set<String> now() {
        return Downcall.linked();
    }
}
