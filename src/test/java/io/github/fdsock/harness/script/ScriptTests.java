package io.github.fdsock.harness.script;

import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.github.fdsock.harness.OpenDescriptors;
import io.github.fdsock.testing.Project;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.TestAbortedException;

/// Scripts as tests: a container for each directory and file, a test for each variant.
final class ScriptTests {
    static final Path DIRECTORY = Project.directory().resolve("src/test/resources/calls");

    private ScriptTests() {
    }

    /// All scripts below a directory, in the order of their names.
    static Stream<DynamicNode> in(final Path directory) {
        try (Stream<Path> children = Files.list(directory)) {
            return children.sorted().toList().stream().filter(child -> Files.isDirectory(child) || isScript(child))
                    .map(child -> dynamicContainer(child.getFileName().toString(),
                            isScript(child) ? tests(child) : in(child)));
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Stream<DynamicNode> tests(final Path file) {
        final Script script = parse(file);
        return script.variants().stream().map(variant -> dynamicTest(script.claim() + " " + script.cases()
                + (variant.toString().isEmpty() ? "" : " with " + variant), file.toUri(), () -> run(variant)));
    }

    /// Runs a script as a test: passes, fails or is aborted.
    static void run(final Script.Variant variant) throws IOException, InterruptedException {
        final OpenDescriptors before = OpenDescriptors.now();
        require(variant.run());
        before.requireUnchanged(variant.script().name());
    }

    static void require(final ScriptResult result) {
        switch (result.outcome()) {
            case PASSED -> { }
            case SKIPPED -> throw new TestAbortedException(result.report());
            case FAILED -> {
                final ScriptResult.Line line = result.lines().getLast();
                throw new AssertionFailedError(result.report(), line.written(), line.came());
            }
        }
    }

    static boolean isScript(final Path path) {
        return path.toString().endsWith(".calls");
    }

    /// The files below a directory, in the order of their names.
    static List<Script> parseAll(final Path directory) {
        try (Stream<Path> paths = Files.walk(directory)) {
            return paths.filter(ScriptTests::isScript).sorted().map(ScriptTests::parse).toList();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Script parse(final Path file) {
        try {
            return Script.parse(Project.directory().relativize(file).toString(), Files.readString(file));
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
