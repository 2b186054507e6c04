package io.github.fdsock.harness.junit;

import io.github.fdsock.harness.Faults;
import io.github.fdsock.harness.ThreadTree;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;
import org.junit.platform.commons.support.AnnotationSupport;

/// Injects the faults of [InjectFaults] around the method of a test.
public final class InjectFaultsExtension implements InvocationInterceptor {

    /// For JUnit.
    public InjectFaultsExtension() {
    }

    @Override
    public void interceptTestMethod(final Invocation<Void> invocation,
            final ReflectiveInvocationContext<Method> method, final ExtensionContext context) throws Throwable {
        final List<String> rules = new ArrayList<>(rules(context.getRequiredTestClass()));
        final int ofClass = rules.size();
        rules.addAll(rules(method.getExecutable()));
        try (ThreadTree test = ThreadTree.begin();
                Faults faults = Faults.inject(test, rules.toArray(String[]::new))) {
            invocation.proceed();
            if (rules.size() > ofClass
                    && IntStream.range(ofClass, rules.size()).allMatch(rule -> faults.injected(rule) == 0)) {
                throw new AssertionError("no call met one of the faults: " + rules.subList(ofClass, rules.size()));
            }
        }
    }

    private static List<String> rules(final AnnotatedElement element) {
        return AnnotationSupport.findAnnotation(element, InjectFaults.class)
                .map(faults -> List.of(faults.value())).orElse(List.of());
    }

    @Override
    public void interceptTestTemplateMethod(final Invocation<Void> invocation,
            final ReflectiveInvocationContext<Method> method, final ExtensionContext context) throws Throwable {
        interceptTestMethod(invocation, method, context);
    }
}
