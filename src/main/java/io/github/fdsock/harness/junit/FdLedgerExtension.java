package io.github.fdsock.harness.junit;

import io.github.fdsock.harness.Ledger;
import io.github.fdsock.harness.OpenDescriptors;
import java.lang.annotation.Annotation;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestInstanceFactoryContext;
import org.junit.jupiter.api.extension.TestInstancePreConstructCallback;
import org.junit.platform.commons.support.AnnotationSupport;

/// Opens the ledger of [FdLedger], and closes it where JUnit closes what extensions have stored, last of all.
///
/// Registered for every test there is, by `META-INF/services` and a class of the project that extends this one, it
/// does for tests without a ledger what costs their calls nothing: it compares `/proc/self/fd` before and after, unless
/// others run beside them. Which tests have a ledger that class may say, [#hasLedger].
public class FdLedgerExtension implements BeforeAllCallback, TestInstancePreConstructCallback, BeforeEachCallback {

    private static final ExtensionContext.Namespace NAMESPACE =
            ExtensionContext.Namespace.create(FdLedgerExtension.class);

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

    private void begin(final ExtensionContext context) {
        // The key holds the id because a store also finds what its parents hold.
        context.getStore(NAMESPACE).computeIfAbsent(context.getUniqueId(), _ -> check(context));
    }

    private AutoCloseable check(final ExtensionContext context) {
        final String name = TestBlock.name(context);
        if (hasLedger(context)) {
            final TestBlock block = TestBlock.begin(context);
            final Ledger ledger = block.threads() == null ? Ledger.open() : Ledger.open(block.scope());
            return () -> {
                try (block; ledger) {
                    ledger.requireClean(name);
                }
            };
        }
        if (TestBlock.parallel(context)) {
            return () -> { };
        }
        final OpenDescriptors before = OpenDescriptors.now();
        return () -> before.requireUnchanged(name);
    }

    /// Whether a test is under a ledger: where it, its class or one around it has [FdLedger].
    ///
    /// @param context of the test, or of the class as a whole
    /// @return whether it is
    protected boolean hasLedger(final ExtensionContext context) {
        return isAnnotated(context, FdLedger.class);
    }

    /// Whether a test, its class or one around it has an annotation.
    ///
    /// @param context of the test, or of the class as a whole
    /// @param annotation the annotation
    /// @return whether it has
    protected static boolean isAnnotated(final ExtensionContext context, final Class<? extends Annotation> annotation) {
        for (ExtensionContext at = context; at != null; at = at.getParent().orElse(null)) {
            if (AnnotationSupport.isAnnotated(at.getElement(), annotation)) {
                return true;
            }
        }
        return false;
    }
}
