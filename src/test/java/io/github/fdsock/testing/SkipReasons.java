package io.github.fdsock.testing;

import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestSource;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;

/// Prints each skipped test with its reason, which the reports of the build only count. Registered by
/// `META-INF/services`.
public final class SkipReasons implements TestExecutionListener {

    /// For JUnit.
    public SkipReasons() {
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        print(test, reason);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        if (result.getStatus() == TestExecutionResult.Status.ABORTED) {
            print(test, result.getThrowable().map(Throwable::getMessage).orElse("no reason given"));
        }
    }

    private static void print(TestIdentifier test, String reason) {
        System.out.println("skipped: " + test.getSource().map(SkipReasons::name).orElseGet(test::getDisplayName)
                + ": " + reason);
    }

    private static String name(TestSource source) {
        return switch (source) {
            case MethodSource method -> method.getClassName() + "." + method.getMethodName();
            case ClassSource type -> type.getClassName();
            default -> source.toString();
        };
    }
}
