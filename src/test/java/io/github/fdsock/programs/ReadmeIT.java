package io.github.fdsock.programs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.testing.Project;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The Java in the README and in the loop's guide compiles as it stands, runs by the command given there, and prints what it should.
class ReadmeIT {
    private static final Pattern JAVA = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);
    private static final Pattern COMMAND = Pattern.compile("`java ([^`]* Example\\.java)`");

    @TempDir
    private Path folder;

    private List<String> run(final String readme, final String program) throws Exception {
        final Matcher command = COMMAND.matcher(readme);
        assertThat(command.find()).as("the command for an example").isTrue();
        final List<String> line = new ArrayList<>(List.of(Project.java().toString()));
        for (final String word : command.group(1).split(" ")) {
            line.add(word.equals("Example.java") ? Files.writeString(folder.resolve(word), program).toString()
                    : word.startsWith("target/") ? Project.directory().resolve(word).toString() : word);
        }
        try (Program java = Program.start(line.toArray(String[]::new))) {
            final List<String> lines = java.rest();
            assertThat(java.status()).as(java.errors()).isZero();
            assertThat(java.errors()).isEmpty();
            return lines;
        }
    }

    @Test
    void theExamplesRunAsTheyStand() throws Exception {
        final String readme = Files.readString(Project.directory().resolve("README.md"));
        final List<String> programs = JAVA.matcher(readme).results().map(match -> match.group(1)).toList();
        assertThat(programs).hasSize(3);
        assertThat(run(readme, programs.get(0))).containsExactly("5 bytes", "EAGAIN (Resource temporarily unavailable)");
        assertThat(run(readme, programs.get(1))).hasSize(2).first().asString().matches("uid \\d+");
        assertThat(run(readme, programs.get(2))).containsExactly("connected", "5 bytes back", "closed: null");
    }

    @Test
    void theExamplesOfTheLoopsGuideRunAsTheyStand() throws Exception {
        final String guide = Files.readString(Project.directory().resolve("src/site/markdown/loop.md"));
        final List<String> programs = JAVA.matcher(guide).results().map(match -> match.group(1)).toList();
        assertThat(programs).hasSize(4);
        assertThat(run(guide, programs.get(0))).containsExactly("you are client 1", "client 1 has gone: null");
        assertThat(run(guide, programs.get(1))).isSubsetOf("ErrnoException");
        assertThat(run(guide, programs.get(2))).containsExactly("6 bytes back");
        assertThat(run(guide, programs.get(3))).containsExactly("a millisecond later", "true");
    }

    @Test
    void theFilesThatItNamesAreThere() throws Exception {
        final String readme = Files.readString(Project.directory().resolve("README.md"));
        final Matcher links = Pattern.compile("\\]\\(([^)]+)\\)").matcher(readme);
        while (links.find()) {
            assertThat(Project.directory().resolve(links.group(1))).exists();
        }
    }
}
