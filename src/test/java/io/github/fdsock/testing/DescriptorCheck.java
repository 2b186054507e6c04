package io.github.fdsock.testing;

import io.github.fdsock.harness.OpenDescriptors;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestInstanceFactoryContext;
import org.junit.jupiter.api.extension.TestInstancePreConstructCallback;

/// Runs every JUnit test, and every test class as a whole, under a check of the open descriptors.
///
/// Registered by `META-INF/services`, so before anything a test asks for. The listing is taken before the test's
/// object is made, and compared where JUnit closes what extensions have stored, last of all: what fields, `@BeforeEach`,
/// other extensions and `@AfterEach` open and close in between is none of its business.
public final class DescriptorCheck implements BeforeAllCallback, TestInstancePreConstructCallback, BeforeEachCallback {

    private static final ExtensionContext.Namespace NAMESPACE =
            ExtensionContext.Namespace.create(DescriptorCheck.class);

    private record Check(OpenDescriptors before, String scope) implements AutoCloseable {
        @Override
        public void close() {
            before.requireUnchanged(scope);
        }
    }

    /// For JUnit.
    public DescriptorCheck() {
    }

    @Override
    public ExtensionContextScope getTestInstantiationExtensionContextScope(ExtensionContext root) {
        return ExtensionContextScope.TEST_METHOD;
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        begin(context);
    }

    @Override
    public void preConstructTestInstance(TestInstanceFactoryContext factory, ExtensionContext context) {
        begin(context);
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        begin(context);
    }

    private static void begin(ExtensionContext context) {
        // The key holds the id because a store also finds what its parents hold.
        context.getStore(NAMESPACE).computeIfAbsent(context.getUniqueId(),
                id -> new Check(OpenDescriptors.now(), scope(context)));
    }

    private static String scope(ExtensionContext context) {
        String type = context.getRequiredTestClass().getSimpleName();
        return context.getTestMethod().map(method -> type + "." + context.getDisplayName()).orElse(type);
    }
}
