package io.github.fdsock.bench;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.HorizontalAlign;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/// The table of [TimerBenchmark].
final class TimerTable implements Table {
    private static final String NANOS = "nanos";

    private record Row(String what, String benchmark, int armed) {
    }

    private static final List<Row> ROWS = List.of(
            new Row("armed again, as the last", "armAgain", 1000),
            new Row("armed again, as the last", "armAgain", 100_000),
            new Row("cancelled, and armed anywhere", "armAndCancel", 1000),
            new Row("cancelled, and armed anywhere", "armAndCancel", 100_000),
            new Row("armed as due, expired, armed anywhere", "expire", 1000),
            new Row("armed as due, expired, armed anywhere", "expire", 100_000));

    private final boolean quick;
    private final Map<Row, Medians> figures = new LinkedHashMap<>();

    TimerTable(final boolean quick) {
        this.quick = quick;
        for (final Row row : ROWS) {
            figures.put(row, new Medians());
        }
    }

    @Override
    public String name() {
        return "timers";
    }

    @Override
    public int steps() {
        return ROWS.size();
    }

    @Override
    public void round(final Runnable step) throws RunnerException {
        for (final Row row : ROWS) {
            final ChainedOptionsBuilder options = new OptionsBuilder()
                    .include("\\Q" + TimerBenchmark.class.getName() + "." + row.benchmark + "\\E$")
                    .param("armed", Integer.toString(row.armed))
                    .verbosity(VerboseMode.SILENT).shouldFailOnError(true);
            if (quick) {
                options.warmupIterations(3).measurementIterations(3);
            }
            for (final IterationResult iteration : Forks.run(options.build())) {
                figures.get(row).add(NANOS, Forks.median(iteration) / TimerBenchmark.TURNS);
            }
            step.run();
        }
    }

    @Override
    public String print() {
        return "Timers of a loop: nanoseconds each, medians\n"
                + AsciiTable.getTable(AsciiTable.BASIC_ASCII_NO_DATA_SEPARATORS, ROWS, List.of(
                        new Column().header("a timer is").dataAlign(HorizontalAlign.LEFT).with((Row row) -> row.what),
                        new Column().header("while so many are armed").with((Row row) ->
                                String.format(Locale.ROOT, "%,d", row.armed)),
                        new Column().header("ns").with((Row row) ->
                                String.format(Locale.ROOT, "%.0f", figures.get(row).of(NANOS)))));
    }

    @Override
    public List<Map<String, Object>> rows() {
        return ROWS.stream().map(row -> {
            final Map<String, Object> json = new LinkedHashMap<>();
            json.put("timer", row.what);
            json.put("armed", row.armed);
            json.put(NANOS, figures.get(row).of(NANOS));
            return json;
        }).toList();
    }
}
