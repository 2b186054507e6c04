package io.github.fdsock.harness.script;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.testing.Project;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// Every known case is a test, in a script or as a method named by it, unless the list of cases says why not yet.
class CasesCoverageTest {
    private static final Pattern CASE = Pattern.compile("[CLGNUK]\\d\\d");
    private static final Pattern LISTED = Pattern.compile("([CLGUNJKM]\\d\\d) (later: )?\\S.*");
    private static final Pattern METHOD = Pattern.compile("void ((?:[CLGUNJKMclgunjkm]\\d\\d_)+)\\w+\\(");
    private static final String LATER = "later: ";

    private static Map<String, String> list() throws IOException {
        Map<String, String> cases = new TreeMap<>();
        for (String line : Files.readAllLines(ScriptTests.DIRECTORY.resolve("cases.txt"))) {
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            assertThat(line).matches(LISTED);
            assertThat(cases.put(line.substring(0, 3), line.substring(4))).as("second line of %s", line).isNull();
        }
        return cases;
    }

    private static Set<String> tested() throws IOException {
        Set<String> cases = new TreeSet<>();
        ScriptTests.parseAll(ScriptTests.DIRECTORY).forEach(script -> {
            assertThat(script.cases()).as("line `# cases: ` of %s", script.name()).isNotEmpty()
                    .allMatch(id -> CASE.matcher(id).matches());
            cases.addAll(script.cases());
        });
        try (Stream<Path> sources = Files.walk(Project.directory().resolve("src/test/java"))) {
            for (Path source : sources.filter(path -> path.toString().endsWith(".java")).toList()) {
                cases.addAll(inSource(Files.readString(source)));
            }
        }
        return cases;
    }

    private static Set<String> inSource(String source) {
        Set<String> cases = new TreeSet<>();
        Matcher method = METHOD.matcher(source);
        while (method.find()) {
            cases.addAll(List.of(method.group(1).toUpperCase(Locale.ROOT).split("_")));
        }
        return cases;
    }

    /// Of the suites of calls; those of libraries (U, N, J, M) are listed as far as they are about single calls.
    @Test
    void theListIsComplete() throws IOException {
        Set<String> all = new TreeSet<>();
        Map.of("C", 41, "L", 52, "G", 70, "K", 25).forEach((suite, last) ->
                IntStream.rangeClosed(1, last).forEach(number -> all.add(suite + "%02d".formatted(number))));
        Set<String> listed = new TreeSet<>(list().keySet());
        listed.removeIf(id -> "UNJM".indexOf(id.charAt(0)) >= 0);
        assertThat(listed).isEqualTo(all);
    }

    @Test
    void everyListedCaseIsATest() throws IOException {
        Set<String> missing = new TreeSet<>(list().keySet());
        list().forEach((id, subject) -> {
            if (subject.startsWith(LATER)) {
                missing.remove(id);
            }
        });
        missing.removeAll(tested());
        assertThat(missing).as("listed, and not marked `later:`, but no test").isEmpty();
    }

    @Test
    void whatIsATestIsNotPutOff() throws IOException {
        Map<String, String> list = list();
        Set<String> tested = tested();
        assertThat(list.keySet()).containsAll(tested);
        tested.removeIf(id -> !list.get(id).startsWith(LATER));
        assertThat(tested).as("tests by now: give them a subject in cases.txt instead of `later:`").isEmpty();
    }

    @Test
    void methodsAreFoundByTheirNames() {
        // With a sign in place of the letters, or this source would count as tests of these cases.
        assertThat(inSource("void #38_aSignal() {} void #01_#02_both(int x) {} void none#01_() {}".replace('#', 'L')))
                .containsExactly("L01", "L02", "L38");
        assertThat(inSource("void #21_lowerCase() {}".replace('#', 'c'))).containsExactly("C21");
        assertThat(inSource("/// L05\nstatic void #6_short() {} int #07_noTest() {}".replace('#', 'L'))).isEmpty();
    }
}
