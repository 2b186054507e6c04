package io.github.fdsock.programs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.testing.Project;
import io.github.fdsock.testing.RequiresProgram;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// `scripts/bench` prints tables and writes them as JSON. What it measures depends on the machine and is not judged
/// here, but for what a fresh JVM links, which does not.
@RequiresProgram({"cc", "taskset"})
class BenchIT {
    private static final Pattern LIBC = Pattern.compile("\\{\"through\":\"Libc\",[^}]*\\}");

    private static final Pattern SERVER = Pattern.compile("^\\| ((tcp |unix) \\| )?(C|fdsock|JDK)[ ,]");

    private static final List<String> CASES = List.of("close_bad", "unix", "unix_dontwait", "tcp", "tcp_dontwait",
            "epoll_wait", "sendmsg_recvmsg", "pass_fd", "mmsg_udp", "mmsg_unix");

    @TempDir
    private Path folder;

    private static String bench() {
        return Project.directory().resolve("scripts/bench").toString();
    }

    @Test
    void anEchoInAFreshJvmLinksFiveShapes() throws Exception {
        final Path json = folder.resolve("bench.json");
        try (Program bench = Program.start(bench(), "--quick", "--json", json.toString(), "startup")) {
            final List<String> table = bench.rest();
            assertThat(bench.status()).as(bench.errors()).isZero();
            assertThat(table).anyMatch(line -> line.startsWith("| Libc "))
                    .anyMatch(line -> line.startsWith("| channels "));
        }
        final Matcher libc = LIBC.matcher(Files.readString(json));
        assertThat(libc.find()).isTrue();
        assertThat(libc.group()).contains("\"shapesLinkedAtFirstSocket\":1,", "\"shapesLinked\":5}");
    }

    @ParameterizedTest
    @CsvSource({"loop, 18", "idle, 3", "churn, 3"})
    void serversAreHeldAgainstTheOneInC(final String part, final int lines) throws Exception {
        final Path json = folder.resolve("bench.json");
        try (Program bench = Program.start(bench(), "--quick", "--json", json.toString(), part)) {
            final List<String> table = bench.rest();
            assertThat(bench.status()).as(bench.errors()).isZero();
            assertThat(table).filteredOn(line -> SERVER.matcher(line).find()).hasSize(lines);
        }
        // A number that is none would not be JSON. Not one connection failed, and no descriptor is left.
        assertThat(Files.readString(json)).contains("\"" + part + "\":[").doesNotContain("Infinity", "NaN")
                .doesNotContainPattern("\"failed\":[^0]").doesNotContainPattern("\"descriptorsMore\":[^0]");
    }

    @Test
    void theProgramInCMeasuresEveryCaseWithOneThreadAndWithTwo() throws Exception {
        // The script compiles it whatever part is asked for, also where the part is wrong.
        try (Program bench = Program.start(bench(), "nonsense")) {
            assertThat(bench.rest()).isEmpty();
            assertThat(bench.status()).isEqualTo(2);
            assertThat(bench.errors()).contains("nonsense");
        }
        final String program = Project.directory().resolve("target/bench_calls").toString();
        for (final List<String> threads : List.of(List.<String>of(), List.of("-t"))) {
            for (final String work : CASES) {
                final List<String> command = new ArrayList<>(List.of(program, "-n", "10", "-s", "3"));
                command.addAll(threads);
                command.add(work);
                try (Program c = Program.start(command.toArray(String[]::new))) {
                    assertThat(c.rest()).hasSize(3).allMatch(line -> line.matches(work + " \\d+\\.\\d\\d"));
                    assertThat(c.status()).as(c.errors()).isZero();
                }
            }
        }
    }
}
