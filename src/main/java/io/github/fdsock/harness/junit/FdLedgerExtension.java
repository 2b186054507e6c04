package io.github.fdsock.harness.junit;

import io.github.fdsock.harness.Ledger;
import io.github.fdsock.harness.OpenDescriptors;
import io.github.fdsock.harness.ThreadTree;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestInstanceFactoryContext;
import org.junit.jupiter.api.extension.TestInstancePreConstructCallback;
import org.junit.platform.commons.support.AnnotationSupport;

/// Opens the ledger of [FdLedger], and closes it where JUnit closes what extensions have stored, last of all.
///
/// Registered for every test there is, by `META-INF/services` and a class of the test's own that extends this one, it
/// does for tests without the annotation what costs their calls nothing: it compares `/proc/self/fd` before and after.
public class FdLedgerExtension implements BeforeAllCallback, TestInstancePreConstructCallback, BeforeEachCallback {

    private static final ExtensionContext.Namespace NAMESPACE =
            ExtensionContext.Namespace.create(FdLedgerExtension.class);

    private static final String PARALLEL = "junit.jupiter.execution.parallel.enabled";

    /// For JUnit.
    public FdLedgerExtension() {
    }

    @Override
    public ExtensionContextScope getTestInstantiationExtensionContextScope(final ExtensionContext root) {
        return ExtensionContextScope.TEST_METHOD;
    }

    @Override
    public void beforeAll(final ExtensionContext context) {
        begin(context);
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
        // The key holds the id because a store also finds what its parents hold.
        context.getStore(NAMESPACE).computeIfAbsent(context.getUniqueId(), _ -> check(context));
    }

    private static AutoCloseable check(final ExtensionContext context) {
        final String name = name(context);
        final boolean parallel = context.getConfigurationParameter(PARALLEL).map(Boolean::parseBoolean).orElse(false);
        if (!isAnnotated(context)) {
            if (parallel) {
                return () -> { };
            }
            final OpenDescriptors before = OpenDescriptors.now();
            return () -> before.requireUnchanged(name);
        }
        if (!parallel) {
            return ending(Ledger.open(), name);
        }
        final ThreadTree block = ThreadTree.begin();
        final AutoCloseable ledger = ending(Ledger.open(block), name);
        return () -> {
            try (block; ledger) {
                // Both end, the ledger first.
            }
        };
    }

    private static AutoCloseable ending(final Ledger ledger, final String name) {
        return () -> {
            try (ledger) {
                ledger.requireClean(name);
            }
        };
    }

    /// Whether the test, its class or one around it asks for the ledger.
    private static boolean isAnnotated(final ExtensionContext context) {
        for (ExtensionContext at = context; at != null; at = at.getParent().orElse(null)) {
            if (AnnotationSupport.isAnnotated(at.getElement(), FdLedger.class)) {
                return true;
            }
        }
        return false;
    }

    private static String name(final ExtensionContext context) {
        final String type = context.getRequiredTestClass().getSimpleName();
        return context.getTestMethod().map(_ -> type + "." + context.getDisplayName()).orElse(type);
    }
}
