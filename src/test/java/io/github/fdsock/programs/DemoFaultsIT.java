package io.github.fdsock.programs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.github.fdsock.harness.FaultRule;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Constants;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/// Whichever kind of call fails, in the demo or in the processes it starts: it ends in time, passed or with the reason,
/// with no wrong byte, and leaves nothing behind.
///
/// The parts of the demo are swept inside of one process, each call with each errno: `RoundTripsSweepTest` and
/// `HandOverSweepTest`. Here the whole of it runs as it is, so that the first of each kind of call fails in one way;
/// with `-Dfdsock.sweep=all` in every way, which takes some ten minutes.
class DemoFaultsIT {
    private static final boolean ALL = "all".equals(System.getProperty("fdsock.sweep"));

    private static final Pattern REPORT =
            Pattern.compile("fdsock inject [\\w-]+: (\\w+):.+ \\((\\d+) matched, (\\d+) injected\\)");

    @TempDir
    private Path folder;

    /// A short run; the compiler has no time to pay for itself.
    private Program demo(final List<String> rules) throws Exception {
        final List<String> command = new ArrayList<>(Program.commandLine("inject", "--children"));
        command.add(1, "-Djava.io.tmpdir=" + folder);
        command.add(1, "-XX:TieredStopAtLevel=1");
        command.addAll(rules);
        command.addAll(List.of("--", "demo", "--seconds", "0"));
        return Program.start(command.toArray(String[]::new));
    }

    @TestFactory
    Stream<DynamicTest> whicheverCallFails() throws Exception {
        return calls().stream().flatMap(call -> {
            final List<FaultRule> rules = FaultRule.documented(call);
            // Another errno for each kind of call.
            return ALL ? rules.stream() : Stream.of(rules.get(call.ordinal() % rules.size()));
        }).map(rule -> rule.when(1)).map(rule -> dynamicTest(rule.toString(), () -> endsWell(rule)));
    }

    /// Which calls any of the processes makes.
    private List<Call> calls() throws Exception {
        final List<Call> all = Arrays.stream(Call.values()).filter(call -> !FaultRule.documented(call).isEmpty())
                .toList();
        try (Program demo = demo(all.stream().map(call -> call + ":delay_enter=1ns").toList())) {
            // Each connection makes one round trip at a time: 1 and 64 of them, three times, over two kinds of socket.
            assertThat(demo.rest()).last().asString().startsWith("demo passed: 780 round trips");
            assertThat(demo.status()).isZero();
            return all.stream().filter(call -> sum(demo.errors(), call.name()) > 0).toList();
        }
    }

    /// How often a rule for a call was met, by all processes together.
    private static int sum(final String errors, final String call) {
        int sum = 0;
        for (final Matcher report = REPORT.matcher(errors); report.find(); ) {
            sum += report.group(1).equals(call) ? Integer.parseInt(report.group(3)) : 0;
        }
        return sum;
    }

    private void endsWell(final FaultRule rule) throws Exception {
        try (Program demo = demo(List.of(rule.toString()))) {
            final List<String> lines = demo.rest();
            final int status = demo.status();
            final String said = String.join("\n", lines) + "\n" + demo.errors();
            assertThat(status).as(said).isBetween(0, 1);
            assertThat(lines).as(said).last().asString().startsWith(status == 0 ? "demo passed: " : "demo failed: ");
            assertThat(said).doesNotContain("is wrong", "something else");
            // Whose descriptor was closed by somebody else has a defect.
            if (rule.errno() != Constants.EBADF) {
                assertThat(said).doesNotContain("\tat ");
            }
            assertThat(REPORT.matcher(said).results().mapToInt(met -> Integer.parseInt(met.group(3))).sum())
                    .as(said).isPositive();
        }
        assertThat(folder).isEmptyDirectory();
        assertThat(ProcessHandle.allProcesses().map(ProcessHandle::info).flatMap(info -> info.commandLine().stream()))
                .as("processes that were told of the folder").noneMatch(line -> line.contains(folder.toString()));
    }
}
