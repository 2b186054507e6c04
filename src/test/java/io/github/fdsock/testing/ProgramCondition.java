package io.github.fdsock.testing;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/// Decides for [RequiresProgram].
public final class ProgramCondition implements ExecutionCondition {

    private final Map<String, String> environment;

    /// For JUnit: decides by the environment of this process.
    public ProgramCondition() {
        this(System.getenv());
    }

    /// Decides by a given environment, of which `PATH` and `CI` count.
    public ProgramCondition(Map<String, String> environment) {
        this.environment = Map.copyOf(environment);
    }

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        return context.getElement()
                .flatMap(element -> AnnotationSupport.findAnnotation(element, RequiresProgram.class))
                .map(required -> decide(List.of(required.value())))
                .orElseGet(() -> ConditionEvaluationResult.enabled("needs no program"));
    }

    /// Decides whether a test that needs these programs runs.
    ///
    /// @throws IllegalStateException if one is missing and the environment has `CI=true`
    public ConditionEvaluationResult decide(List<String> programs) {
        List<String> missing = programs.stream().filter(program -> find(program).isEmpty()).toList();
        if (missing.isEmpty()) {
            return ConditionEvaluationResult.enabled("on the PATH: " + programs);
        }
        String reason = "not on the PATH: " + String.join(", ", missing);
        if ("true".equals(environment.get("CI"))) {
            throw new IllegalStateException(reason + "; with CI=true this is a failure, .ci/run installs what is needed");
        }
        return ConditionEvaluationResult.disabled(reason);
    }

    private Optional<Path> find(String program) {
        return Stream.of(environment.getOrDefault("PATH", "").split(File.pathSeparator))
                .filter(directory -> !directory.isEmpty())
                .map(directory -> Path.of(directory, program))
                .filter(file -> Files.isRegularFile(file) && Files.isExecutable(file))
                .findFirst();
    }
}
