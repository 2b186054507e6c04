package io.github.fdsock.harness.junit;

import io.github.fdsock.SocketFd;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContextProvider;
import org.junit.platform.commons.support.AnnotationSupport;

/// Makes one test of each family that [SocketFamilies] names.
public final class SocketFamiliesExtension implements TestTemplateInvocationContextProvider {

    private static final ExtensionContext.Namespace NAMESPACE =
            ExtensionContext.Namespace.create(SocketFamiliesExtension.class);

    /// For JUnit.
    public SocketFamiliesExtension() {
    }

    @Override
    public boolean supportsTestTemplate(final ExtensionContext context) {
        return AnnotationSupport.isAnnotated(context.getElement(), SocketFamilies.class);
    }

    @Override
    public Stream<TestTemplateInvocationContext> provideTestTemplateInvocationContexts(final ExtensionContext context) {
        final SocketFamily[] named = AnnotationSupport.findAnnotation(context.getElement(), SocketFamilies.class)
                .orElseThrow().value();
        return Stream.of(named.length == 0 ? SocketFamily.values() : named).map(Invocation::new);
    }

    private record Invocation(SocketFamily family)
            implements TestTemplateInvocationContext, ExecutionCondition, ParameterResolver {

        @Override
        public String getDisplayName(final int invocationIndex) {
            return family.toString();
        }

        @Override
        public List<Extension> getAdditionalExtensions() {
            return List.of(this);
        }

        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(final ExtensionContext context) {
            try {
                return family.missing().map(ConditionEvaluationResult::disabled)
                        .orElseGet(() -> ConditionEvaluationResult.enabled(family + " is there"));
            } catch (final IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public boolean supportsParameter(final ParameterContext parameter, final ExtensionContext context) {
            final Class<?> type = parameter.getParameter().getType();
            return type == SocketFamily.class || type == SocketFd.Pair.class;
        }

        @Override
        public Object resolveParameter(final ParameterContext parameter, final ExtensionContext context) {
            if (parameter.getParameter().getType() == SocketFamily.class) {
                return family;
            }
            try {
                final SocketFd.Pair pair = family.connected();
                context.getStore(NAMESPACE).put(parameter.getIndex(), pair);
                return pair;
            } catch (final IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
