package io.github.fdsock.cli;

import com.google.gson.GsonBuilder;
import io.github.fdsock.harness.script.Script;
import io.github.fdsock.harness.script.ScriptException;
import io.github.fdsock.harness.script.ScriptResult;
import io.github.fdsock.harness.script.ScriptResult.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `fdsock script`: scripts of calls, against the kernel of this machine.
@Command(name = "script", description = {
    "Runs scripts of calls, whose lines say what each call must give, and prints of each that fails the place and the"
        + " line as it is written and as it came.",
    "The last line tells how many passed, failed and were skipped; with --json it goes to standard error."})
final class ScriptCommand implements Callable<Integer> {
    private static final String SUFFIX = ".calls";

    @Spec
    private CommandSpec spec;

    @Parameters(arity = "1..*", paramLabel = "FILE|DIRECTORY",
            description = "a script, or where to look for files that end in " + SUFFIX)
    private List<Path> paths;

    @Option(names = "--json", description = "print one JSON object a script")
    private boolean json;

    @Option(names = "--raw-check",
            description = "say which of the calls that were made differ from those written, or are not written at all")
    private boolean rawCheck;

    @Option(names = "--timeout", paramLabel = "TIME",
            description = "for scripts that have none of their own, such as 5s or 200ms (default: 20s)")
    private String timeout;

    /// What came of a script: of all its variants.
    private record Tally(String name, Script script, Outcome outcome, List<ScriptResult> results, String report) {
        static Tally of(final Script script, final List<ScriptResult> results) {
            final List<ScriptResult> failed =
                    results.stream().filter(result -> result.outcome() == Outcome.FAILED).toList();
            final boolean skipped = results.stream().allMatch(result -> result.outcome() == Outcome.SKIPPED);
            final Outcome outcome = !failed.isEmpty() ? Outcome.FAILED : skipped ? Outcome.SKIPPED : Outcome.PASSED;
            final StringBuilder report = new StringBuilder();
            for (final ScriptResult result : outcome == Outcome.FAILED ? failed : skipped ? results : failed) {
                report.append(report.isEmpty() ? "" : "\n").append(result.report());
                if (!result.variant().toString().isEmpty()) {
                    report.append("\n  with ").append(result.variant());
                }
            }
            return new Tally(script.name(), script, outcome, results, report.toString());
        }

        static Tally fault(final String name, final Script script, final ScriptException fault) {
            return new Tally(name, script, Outcome.FAILED, List.of(), fault.getMessage());
        }

        List<String> rawDifferences() {
            return results.stream().flatMap(result -> result.rawDifferences().stream()).toList();
        }
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        final Duration limit = timeout == null ? Script.DEFAULT_TIMEOUT : Script.duration(timeout)
                .orElseThrow(() -> new ParameterException(spec.commandLine(),
                        "--timeout must be a time such as 5s or 200ms, not " + timeout));
        final int[] counts = new int[Outcome.values().length];
        for (final Path file : files()) {
            final Tally tally = run(file, limit);
            counts[tally.outcome.ordinal()]++;
            print(tally);
        }
        final int skipped = counts[Outcome.SKIPPED.ordinal()];
        (json ? System.err : System.out).println(counts[Outcome.PASSED.ordinal()] + " passed, "
                + counts[Outcome.FAILED.ordinal()] + " failed" + (skipped == 0 ? "" : ", " + skipped + " skipped"));
        return counts[Outcome.FAILED.ordinal()] == 0 ? 0 : 1;
    }

    private List<Path> files() throws IOException {
        final List<Path> files = new ArrayList<>();
        for (final Path path : paths) {
            if (!Files.isDirectory(path)) {
                if (!Files.isReadable(path)) {
                    throw new ParameterException(spec.commandLine(), path + ": no such file, or it may not be read");
                }
                files.add(path);
                continue;
            }
            try (Stream<Path> below = Files.walk(path)) {
                final List<Path> scripts = below.filter(file -> file.toString().endsWith(SUFFIX)).sorted().toList();
                if (scripts.isEmpty()) {
                    throw new ParameterException(spec.commandLine(), "no file below " + path + " ends in " + SUFFIX);
                }
                files.addAll(scripts);
            }
        }
        return files;
    }

    private Tally run(final Path file, final Duration limit) throws IOException, InterruptedException {
        Script script = null;
        try {
            script = Script.parse(file);
            final List<ScriptResult> results = new ArrayList<>();
            for (final Script.Variant variant : script.variants()) {
                results.add(variant.run(limit, rawCheck));
            }
            return Tally.of(script, results);
        } catch (final ScriptException e) {
            return Tally.fault(file.toString(), script, e);
        }
    }

    private void print(final Tally tally) {
        if (json) {
            System.out.println(toJson(tally));
            return;
        }
        if (tally.outcome != Outcome.PASSED) {
            System.out.println((tally.outcome == Outcome.FAILED ? "failed " : "skipped ") + tally.name
                    + (tally.script == null ? "" : ": " + tally.script.claim()) + "\n"
                    + tally.report.indent(2).stripTrailing());
        }
        tally.rawDifferences().forEach(System.out::println);
    }

    private String toJson(final Tally tally) {
        final Map<String, Object> object = new LinkedHashMap<>();
        object.put("script", tally.name);
        object.put("claim", tally.script == null ? "" : tally.script.claim());
        object.put("cases", tally.script == null ? List.of() : tally.script.cases());
        object.put("outcome", tally.outcome.name().toLowerCase(Locale.ROOT));
        object.put("runs", tally.results.size());
        object.put("seconds", tally.results.stream().mapToLong(result -> result.took().toNanos()).sum() / 1e9);
        object.put("report", tally.report);
        object.put("differences", tally.results.stream().flatMap(result -> result.lines().stream())
                .flatMap(line -> line.differences().stream()).map(ScriptCommand::toJson).toList());
        if (rawCheck) {
            object.put("rawDifferences", tally.rawDifferences());
        }
        return new GsonBuilder().disableHtmlEscaping().create().toJson(object);
    }

    private static Map<String, Object> toJson(final ScriptResult.Difference difference) {
        final Map<String, Object> object = new LinkedHashMap<>();
        object.put("line", difference.line());
        object.put("column", difference.column());
        object.put("expected", difference.expected());
        object.put("actual", difference.actual());
        return object;
    }
}
