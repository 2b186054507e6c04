package io.github.fdsock.calls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.github.fdsock.testing.OpenDescriptors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;

/// The kernel does what the scripts of calls claim, through the raw floor; each script is a test, each of its variants
/// another.
class CallScriptsTest {
    /// Longer than any wait a script may ask for (5 s, where it waits for what is certain to come).
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @TestFactory
    Stream<DynamicNode> scripts() throws IOException {
        List<Path> subjects;
        try (Stream<Path> paths = Files.list(Scripts.DIRECTORY)) {
            subjects = paths.filter(Files::isDirectory).sorted().toList();
        }
        assertThat(subjects).isNotEmpty();
        return subjects.stream().map(subject -> dynamicContainer(subject.getFileName().toString(),
                Scripts.in(subject).stream().flatMap(script -> tests(Scripts.read(script), script))));
    }

    private static Stream<DynamicNode> tests(CallScript script, Path source) {
        return script.variants().stream().map(variant -> dynamicTest(name(script, variant), source.toUri(),
                () -> run(script, variant)));
    }

    private static String name(CallScript script, Map<String, Value> variant) {
        return script.claim() + " " + script.cases() + (variant.isEmpty() ? "" : " with " + variant);
    }

    private static void run(CallScript script, Map<String, Value> variant) throws Exception {
        OpenDescriptors before = OpenDescriptors.now();
        new CallRun(script, variant, LIMIT).run();
        before.requireUnchanged(script.file());
    }
}
