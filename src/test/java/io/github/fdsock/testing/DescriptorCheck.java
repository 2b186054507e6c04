package io.github.fdsock.testing;

import io.github.fdsock.harness.junit.FdLedgerExtension;
import java.lang.reflect.AnnotatedElement;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/// Runs every JUnit test, and every test class as a whole, under a ledger of descriptors, or if it is [WithoutLedger]
/// under a comparison of what is open. A class as a whole has a ledger if all that is in it has.
///
/// Registered by `META-INF/services`, so before anything a test asks for.
public final class DescriptorCheck extends FdLedgerExtension {

    /// For JUnit.
    public DescriptorCheck() {
    }

    @Override
    protected boolean hasLedger(final ExtensionContext context) {
        return !isAnnotated(context, WithoutLedger.class)
                && (context.getTestMethod().isPresent() || !hasOneWithout(context.getRequiredTestClass()));
    }

    private static boolean hasOneWithout(Class<?> tests) {
        return Stream.of(tests.getDeclaredMethods()).anyMatch(DescriptorCheck::isWithout)
                || Stream.of(tests.getDeclaredClasses()).anyMatch(inner -> isWithout(inner) || hasOneWithout(inner));
    }

    private static boolean isWithout(AnnotatedElement element) {
        return AnnotationSupport.isAnnotated(element, WithoutLedger.class);
    }
}
