package io.github.fdsock.harness;

import io.github.fdsock.sys.Call;

/// A block of a program as a [Scope]: the calls of the thread that began it, and of every thread that one of its
/// threads has started since.
///
/// The way for tests that run beside one another to answer each for itself:
///
/// ```java
/// try (ThreadTree block = ThreadTree.begin(); Ledger ledger = Ledger.open(block)) { … }
/// ```
///
/// A thread belongs to it by inheritance, like an [InheritableThreadLocal]: a thread of a pool that was there before
/// does not, unless the task asks for it by [#run], nor does one that was made not to inherit, as those of the common
/// pool are. Blocks nest: what belongs to the inner one belongs to the outer one too.
///
/// **Threads.** Ended by the thread that began it, or by another, from when on it covers nothing.
public final class ThreadTree implements Scope, AutoCloseable {
    private static final InheritableThreadLocal<ThreadTree> CURRENT = new InheritableThreadLocal<>();

    private final ThreadTree outer;
    private volatile boolean ended;

    private ThreadTree(final ThreadTree outer) {
        this.outer = outer;
    }

    /// Begins a block on this thread.
    ///
    /// @return the block, ended by [#close]
    public static ThreadTree begin() {
        final ThreadTree tree = new ThreadTree(live(CURRENT.get()));
        CURRENT.set(tree);
        return tree;
    }

    /// Runs a task as a part of the block, whichever thread this is.
    ///
    /// @param task what to run
    public void run(final Runnable task) {
        final ThreadTree before = CURRENT.get();
        CURRENT.set(this);
        try {
            task.run();
        } finally {
            restore(before);
        }
    }

    @Override
    public boolean covers(final Call call, final Object... arguments) {
        for (ThreadTree tree = CURRENT.get(); tree != null; tree = tree.outer) {
            if (tree == this) {
                return !ended;
            }
        }
        return false;
    }

    /// Ends the block.
    @Override
    public void close() {
        ended = true;
        restore(live(CURRENT.get()));
    }

    private static void restore(final ThreadTree tree) {
        if (tree == null) {
            CURRENT.remove();
        } else {
            CURRENT.set(tree);
        }
    }

    /// The innermost that has not ended.
    private static ThreadTree live(final ThreadTree from) {
        ThreadTree tree = from;
        while (tree != null && tree.ended) {
            tree = tree.outer;
        }
        return tree;
    }
}
