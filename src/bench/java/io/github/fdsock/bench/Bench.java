package io.github.fdsock.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `scripts/bench`: measures, prints the tables, and writes them as JSON.
@Command(name = "bench", sortOptions = false, mixinStandardHelpOptions = true,
        description = "Measures fdsock's calls and its loop against C and against the channels of the JDK.")
final class Bench implements Callable<Integer> {
    private static final int ROUNDS = 5;

    /// The program of single calls, compiled.
    private static final String CALLS = "bench_calls";

    private enum Part {
        calls, messages, seam, startup, timers, loop, idle, churn
    }

    @Parameters(paramLabel = "PART", arity = "0..*",
            description = "What to measure: ${COMPLETION-CANDIDATES}; all of it where none is named.")
    private List<Part> parts = List.of(Part.values());

    @Option(names = "--quick", description = "One short round: four minutes or five, and figures to match.")
    private boolean quick;

    @Option(names = "--rounds", paramLabel = "N",
            description = "How often everything is measured, in turn; " + ROUNDS + " where not said.")
    private Integer rounds;

    @Option(names = "--json", paramLabel = "FILE", defaultValue = "${sys:fdsock.bench.json}", required = true,
            description = "Where to write the figures as JSON; ${DEFAULT-VALUE} where not said.")
    private Path json;

    /// The folder of the compiled programs of `native`.
    private final Path programs = Path.of(System.getProperty("fdsock.bench.programs"));

    /// Whether standard error is a terminal, which the script knows and Java does not.
    private final boolean progress = Boolean.getBoolean("fdsock.bench.progress");

    private Bench() {
    }

    public static void main(final String... arguments) {
        System.exit(new CommandLine(new Bench()).execute(arguments));
    }

    @Override
    public Integer call() throws Exception {
        final List<Table> tables = new ArrayList<>();
        for (final Part part : parts) {
            tables.add(switch (part) {
                case calls -> CallTable.calls(programs.resolve(CALLS), quick);
                case messages -> CallTable.messages(programs.resolve(CALLS), quick);
                case timers -> new TimerTable(quick);
                case seam -> new SeamTable(quick);
                case startup -> new StartupTable(quick);
                case loop -> new LoopTable(programs, quick);
                case idle -> new IdleTable(programs, quick);
                case churn -> new ChurnTable(programs, quick);
            });
        }
        measure(tables, rounds != null ? rounds : quick ? 1 : ROUNDS);
        for (final Table table : tables) {
            System.out.println(table.print());
        }
        write(tables);
        return 0;
    }

    private void measure(final List<Table> tables, final int rounds) throws Exception {
        final long steps = (long) rounds * tables.stream().mapToInt(Table::steps).sum();
        try (ProgressBar bar = progress
                ? new ProgressBarBuilder().setTaskName("bench").setInitialMax(steps).build() : null) {
            for (int i = 0; i < rounds; i++) {
                for (final Table table : tables) {
                    table.round(bar == null ? () -> { } : bar::step);
                }
            }
        }
    }

    private void write(final List<Table> tables) throws IOException {
        final Map<String, Object> all = new LinkedHashMap<>();
        all.put("java", System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version"));
        all.put("kernel", System.getProperty("os.name") + " " + System.getProperty("os.version"));
        for (final Table table : tables) {
            all.put(table.name(), table.rows());
        }
        Files.writeString(json, Json.of(all) + "\n");
    }
}
