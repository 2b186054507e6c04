package io.github.fdsock.calls;

import io.github.fdsock.testing.Project;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// Where the scripts are.
final class Scripts {
    static final Path DIRECTORY = Project.directory().resolve("src/test/resources/calls");

    private Scripts() {
    }

    /// All below a directory, in the order of their names.
    static List<Path> in(Path directory) {
        try (Stream<Path> paths = Files.walk(directory)) {
            return paths.filter(path -> path.toString().endsWith(".calls")).sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static CallScript read(Path script) {
        try {
            return CallScript.read(script, Project.directory().relativize(script).toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
