package io.github.fdsock.project;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.testing.Project;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Nothing public is without a comment, but for the constant of an enum whose name says all.
class DocumentationTest {

    private static final ToolProvider JAVAC = ToolProvider.findFirst("javac").orElseThrow();

    /// A line of the constants of an enum; nothing else that can be commented looks like it.
    private static final Pattern NAMES_ONLY = Pattern.compile("\\s*(\\w+(\\([\\w, ]*\\))?(, |[,;]?$))+");

    @TempDir
    Path folder;

    @Test
    void everythingPublicHasAComment() {
        assertThat(uncommented("--module-source-path",
                "io.github.fdsock=" + Project.directory().resolve("src/main/java") + ":"
                        + Project.directory().resolve("generated"),
                "--module-path", Project.junitModules(), "--module", "io.github.fdsock")).isEmpty();
    }

    @Test
    void findsWhatHasNone() throws Exception {
        Path source = Files.writeString(folder.resolve("Bare.java"), """
                /// Has a comment.
                public final class Bare {
                    private Bare() { }
                    /// Has one too.
                    public static void said() { }
                    public static void unsaid(int parameter) { }
                    /// And this.
                    public enum Kind {
                        ONE, OTHER(1, 2),
                        LAST;
                        Kind(int... numbers) { }
                    }
                }
                """);
        assertThat(uncommented(source.toString())).singleElement().asString().contains("Bare.java:6");
    }

    /// What javac reports as having no comment. That it also misses tags is not asked here.
    private List<String> uncommented(String... sources) {
        List<String> arguments = new ArrayList<>(List.of("-d", folder.resolve("classes").toString(),
                "-proc:none", "-encoding", "UTF-8", "-Xmaxwarns", "100000",
                "-Xdoclint:missing/protected", "-Xdoclint/package:-io.github.fdsock.abi"));
        arguments.addAll(List.of(sources));
        StringWriter output = new StringWriter();
        int status = JAVAC.run(new PrintWriter(output), new PrintWriter(output), arguments.toArray(String[]::new));
        assertThat(status).as(output.toString()).isZero();
        List<String> lines = output.toString().lines().toList();
        return IntStream.range(0, lines.size() - 1)
                .filter(i -> lines.get(i).contains("no comment"))
                .filter(i -> !NAMES_ONLY.matcher(lines.get(i + 1)).matches())
                .mapToObj(i -> lines.get(i) + lines.get(i + 1))
                .toList();
    }
}
