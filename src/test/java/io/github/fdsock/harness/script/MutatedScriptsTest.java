package io.github.fdsock.harness.script;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.harness.OpenDescriptors;
import io.github.fdsock.testing.Project;
import io.github.fdsock.testing.WithoutLedger;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// Whatever stands in a script, the JVM survives it, nothing is left open, and it has a result or is refused by place.
@WithoutLedger("scripts make the mistakes that it finds")
class MutatedScriptsTest {
    private static final int MUTATIONS = 250;
    private static final Pattern TOKEN = Pattern.compile("0x[0-9a-f]+|-?[0-9]+|\\b[A-Z][A-Z_0-9]{2,}\\b|\\.\\.\\.");

    /// What takes the place of a number, a constant or `...`.
    private static final List<String> OTHERS = List.of("0", "-1", "1", "0x1", "0x7fffffffffffffff", "4294967295",
            "-9223372036854775808", "2147483647", "-2147483648", "4096", "1048576", "65536", "1025", "128",
            "NULL", "...", "pid", "[]", "[1, 2]", "\"x\"*100000", "untouched", "1..2", "5 => 6", "?q",
            "0xffffffffffffff00", "SOL_SOCKET");

    private final Random random = new Random(8);

    private String mutated(List<String> lines, List<String> allCalls) {
        for (int i = random.nextInt(1, 4); i > 0; i--) {
            int at = random.nextInt(1, lines.size());
            String line = lines.get(at);
            List<MatchResult> tokens = TOKEN.matcher(line).results().toList();
            if (random.nextInt(6) == 0) {
                lines.set(at, allCalls.get(random.nextInt(allCalls.size())));
            } else if (!line.startsWith("#") && !tokens.isEmpty()) {
                MatchResult token = tokens.get(random.nextInt(tokens.size()));
                lines.set(at, line.substring(0, token.start()) + OTHERS.get(random.nextInt(OTHERS.size()))
                        + line.substring(token.end()));
            }
        }
        // With any result the run goes on, so that more of it is reached.
        lines.replaceAll(line -> line.startsWith("#") ? line : line.replaceFirst("\\) = [^\"]*$", ") = ..."));
        return String.join("\n", lines);
    }

    @Test
    void theJvmSurvivesThemAll() throws IOException, InterruptedException {
        List<List<String>> scripts = new ArrayList<>();
        for (Script script : ScriptTests.parseAll(ScriptTests.DIRECTORY)) {
            scripts.add(Files.readAllLines(Project.directory().resolve(script.name())));
        }
        List<String> calls = scripts.stream().flatMap(List::stream).filter(line -> !line.startsWith("#")).toList();
        int[] outcomes = new int[ScriptResult.Outcome.values().length];
        int refused = 0;
        OpenDescriptors before = OpenDescriptors.now();
        for (int i = 0; i < MUTATIONS; i++) {
            String text = mutated(new ArrayList<>(scripts.get(random.nextInt(scripts.size()))), calls);
            try {
                outcomes[Script.parse("mutated.calls", text).variants().getFirst().run(Duration.ofMillis(200), false)
                        .outcome().ordinal()]++;
            } catch (ScriptException e) {
                assertThat(e).hasMessageMatching("(?s)mutated\\.calls:\\d+:\\d+: .+");
                refused++;
            }
        }
        assertThat(before.difference()).isEmpty();
        assertThat(refused).as("refused, besides %s", Arrays.toString(outcomes))
                .isBetween(MUTATIONS / 10, MUTATIONS * 9 / 10);
        assertThat(outcomes[ScriptResult.Outcome.PASSED.ordinal()]).isPositive();
        assertThat(outcomes[ScriptResult.Outcome.FAILED.ordinal()]).isPositive();
    }
}
