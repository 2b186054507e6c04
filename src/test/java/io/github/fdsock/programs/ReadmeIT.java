package io.github.fdsock.programs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.testing.Project;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Map.Entry;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.spi.ToolProvider;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The Java in the README and in the guides compiles as it stands, runs by the command given there, and prints what it
/// should; and every link leads somewhere.
class ReadmeIT {
    private static final Pattern BLOCK = Pattern.compile("```(\\w*)\n(.*?)```", Pattern.DOTALL);
    private static final Pattern COMMAND = Pattern.compile("`java ([^`]* )\\w+\\.java`");
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#]*)(?:#([^)]+))?\\)");

    @TempDir
    private Path folder;

    private static String page(final String name) throws IOException {
        return Files.readString(Project.directory().resolve(name));
    }

    /// The programs of a page, each with what stands in the next block if that is no program.
    private static List<Entry<String, String>> programs(final String page) {
        final List<MatchResult> blocks = BLOCK.matcher(page).results().toList();
        return IntStream.range(0, blocks.size()).filter(i -> blocks.get(i).group(1).equals("java"))
                .mapToObj(i -> Map.entry(blocks.get(i).group(2), blocks.stream().skip(i + 1).limit(1)
                        .filter(next -> next.group(1).isEmpty()).map(next -> next.group(2)).findAny().orElse("")))
                .toList();
    }

    private List<String> run(final String page, final String program) throws Exception {
        final Matcher command = COMMAND.matcher(page);
        assertThat(command.find()).as("the command for an example").isTrue();
        final List<String> line = new ArrayList<>(List.of(Project.java().toString()));
        for (final String word : command.group(1).split(" ")) {
            line.add(word.startsWith("target/") ? Project.directory().resolve(word).toString() : word);
        }
        line.add(Files.writeString(folder.resolve("Example.java"), program).toString());
        try (Program java = Program.start(line.toArray(String[]::new))) {
            final List<String> lines = java.rest();
            assertThat(java.status()).as(java.errors()).isZero();
            assertThat(java.errors()).isEmpty();
            return lines;
        }
    }

    @Test
    void theExamplesRunAsTheyStand() throws Exception {
        final String readme = page("README.md");
        final List<String> programs = programs(readme).stream().map(Entry::getKey).toList();
        assertThat(programs).hasSize(3);
        assertThat(run(readme, programs.get(0))).containsExactly("5 bytes", "EAGAIN (Resource temporarily unavailable)");
        assertThat(run(readme, programs.get(1))).hasSize(2).first().asString().matches("uid \\d+");
        assertThat(run(readme, programs.get(2))).containsExactly("connected", "5 bytes back", "closed: null");
    }

    @Test
    void theExamplesOfTheLoopsGuideRunAsTheyStand() throws Exception {
        final String guide = page("src/site/markdown/loop.md");
        final List<Entry<String, String>> programs = programs(guide);
        assertThat(programs).hasSize(6);
        assertThat(run(guide, programs.get(0).getKey())).containsExactlyElementsOf(
                programs.get(0).getValue().lines().toList());
        assertThat(run(guide, programs.get(1).getKey())).containsExactly("HELLO", "exited with status 0");
        assertThat(run(guide, programs.get(2).getKey())).containsExactly("5 bytes back");
        assertThat(run(guide, programs.get(3).getKey())).isSubsetOf("ErrnoException");
        assertThat(run(guide, programs.get(4).getKey())).containsExactly("6 bytes back");
        assertThat(run(guide, programs.get(5).getKey())).containsExactly("a millisecond later", "true");
    }

    @Test
    void theExamplesOfTheTestBenchPrintWhatStandsBelowThem() throws Exception {
        final String guide = page("src/site/markdown/harness.md");
        final List<Entry<String, String>> programs = programs(guide);
        assertThat(programs).as("trace, control, faults, sweep, extensions").hasSize(5);
        final String trace = programs.get(0).getKey();
        final String imports = trace.substring(0, trace.indexOf("void main"));
        final String sweep = imports + "void main() throws Exception {\n" + programs.get(3).getKey() + "}\n";
        for (final Entry<String, String> each : List.of(programs.get(0), programs.get(2),
                Map.entry(sweep, programs.get(3).getValue()))) {
            assertThat(run(guide, each.getKey())).map(ReadmeIT::withoutDescriptors)
                    .containsExactlyElementsOf(each.getValue().lines().map(ReadmeIT::withoutDescriptors).toList());
        }
        final Path attach = Files.writeString(folder.resolve("Attach.java"), programs.get(1).getKey());
        final StringWriter errors = new StringWriter();
        final PrintWriter out = new PrintWriter(errors);
        assertThat(ToolProvider.findFirst("javac").orElseThrow().run(out, out, "-d", folder.toString(), "-cp",
                Project.directory().resolve("target/classes").toString(), attach.toString())).as(errors.toString())
                .isZero();
    }

    /// Which numbers are free in a fresh JVM is up to the JDK.
    private static String withoutDescriptors(final String line) {
        return line.replaceAll("(?<=\\w\\(|cmsg_data=\\[|^socket\\(.{0,80}\\) = )\\d+", "FD");
    }

    @Test
    void everyLinkLeadsSomewhere() throws Exception {
        final Path root = Project.directory();
        final List<Path> pages = new ArrayList<>(List.of(root.resolve("README.md")));
        try (Stream<Path> guides = Files.list(root.resolve("src/site/markdown"))) {
            guides.forEach(pages::add);
        }
        int links = 0;
        for (final Path page : pages) {
            final Matcher link = LINK.matcher(Files.readString(page));
            while (link.find()) {
                final Path target = link.group(1).isEmpty() ? page : page.resolveSibling(link.group(1));
                assertThat(target).as(page.toString()).exists();
                if (link.group(2) != null) {
                    assertThat(Files.readAllLines(target).stream().filter(line -> line.startsWith("#"))
                            .map(line -> line.replaceFirst("#+ ", "").toLowerCase(Locale.ROOT).replace(' ', '-')))
                            .as(page + " links to " + target).contains(link.group(2));
                }
                links++;
            }
        }
        assertThat(links).isGreaterThan(20);
    }
}
