package io.github.fdsock.harness.junit;

import io.github.fdsock.harness.Scope;
import io.github.fdsock.harness.ThreadTree;
import org.junit.jupiter.api.extension.ExtensionContext;

/// What a test answers for: the process, or where others run beside it the threads of its own.
///
/// @param scope the calls that are its own
/// @param threads the same where it is threads, to be ended; else null
record TestBlock(Scope scope, ThreadTree threads) implements AutoCloseable {

    private static final String PARALLEL = "junit.jupiter.execution.parallel.enabled";

    /// Begins it, on the thread of the test.
    static TestBlock begin(final ExtensionContext context) {
        if (!parallel(context)) {
            return new TestBlock(Scope.everything(), null);
        }
        final ThreadTree threads = ThreadTree.begin();
        return new TestBlock(threads, threads);
    }

    /// Whether tests may run beside it.
    static boolean parallel(final ExtensionContext context) {
        return context.getConfigurationParameter(PARALLEL).map(Boolean::parseBoolean).orElse(false);
    }

    /// The test, for messages.
    static String name(final ExtensionContext context) {
        final String type = context.getRequiredTestClass().getSimpleName();
        return context.getTestMethod().map(_ -> type + "." + context.getDisplayName()).orElse(type);
    }

    @Override
    public void close() {
        if (threads != null) {
            threads.close();
        }
    }
}
