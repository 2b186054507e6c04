package io.github.fdsock.harness.junit;

import io.github.fdsock.harness.Trace;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestInstanceFactoryContext;
import org.junit.jupiter.api.extension.TestInstancePreConstructCallback;

/// Opens the trace of [TraceOnFailure], and prints it where JUnit closes what extensions have stored, if the test has
/// failed by then.
public final class TraceOnFailureExtension implements TestInstancePreConstructCallback, BeforeEachCallback {

    private static final ExtensionContext.Namespace NAMESPACE =
            ExtensionContext.Namespace.create(TraceOnFailureExtension.class);

    /// For JUnit.
    public TraceOnFailureExtension() {
    }

    @Override
    public ExtensionContextScope getTestInstantiationExtensionContextScope(final ExtensionContext root) {
        return ExtensionContextScope.TEST_METHOD;
    }

    @Override
    public void preConstructTestInstance(final TestInstanceFactoryContext factory, final ExtensionContext context) {
        begin(context);
    }

    @Override
    public void beforeEach(final ExtensionContext context) {
        begin(context);
    }

    private static void begin(final ExtensionContext context) {
        // An object that all tests of a class share is made before any of them.
        if (context.getTestMethod().isPresent()) {
            context.getStore(NAMESPACE).computeIfAbsent(context.getUniqueId(), _ -> traced(context));
        }
    }

    private static AutoCloseable traced(final ExtensionContext context) {
        final TestBlock block = TestBlock.begin(context);
        final Trace trace = Trace.record(block.scope());
        return () -> {
            try (block; trace) {
                if (context.getExecutionException().isPresent()) {
                    System.err.println("calls of " + TestBlock.name(context) + ":\n"
                            + String.join("\n", trace.lines()));
                }
            }
        };
    }
}
