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

/// The table of [SeamBenchmark] against the same call without a seam.
final class SeamTable implements Table {
    private static final int NANOS_PER_MICRO = 1000;

    /// How often the seam is opened and closed before the last two lines; the quick run has fewer.
    private static final int FLIPS = 10_000;
    private static final int FLIPS_QUICK = 1_000;

    /// A call through the harness takes so much longer than one through an interposer that does nothing.
    private static final int FLIPS_FEWER = 10;

    private static final String SEAM = "seam";
    private static final String OVER_DIRECT = "over direct";

    private record Row(String seam, String benchmark, int flips) {
    }

    private final boolean quick;
    private final List<Row> rows;
    private final Map<Row, Medians> figures = new LinkedHashMap<>();

    SeamTable(final boolean quick) {
        this.quick = quick;
        final int flips = quick ? FLIPS_QUICK : FLIPS;
        rows = List.of(
                new Row("volatile field (Libc)", "field", 0),
                new Row("volatile field (Libc)", "field", 1),
                new Row("volatile field (Libc)", "field", flips),
                new Row("the same, by the harness", "harness", 1),
                new Row("the same, by the harness", "harness", flips / FLIPS_FEWER),
                new Row("MutableCallSite", "site", 0),
                new Row("MutableCallSite", "site", 1),
                new Row("MutableCallSite", "site", flips));
        for (final Row row : rows) {
            figures.put(row, new Medians());
        }
    }

    @Override
    public String name() {
        return "seam";
    }

    @Override
    public int steps() {
        return rows.size();
    }

    @Override
    public void round(final Runnable step) throws RunnerException {
        for (final Row row : rows) {
            final ChainedOptionsBuilder options = new OptionsBuilder()
                    .include("\\Q" + SeamBenchmark.class.getName() + "." + row.benchmark + "\\E$")
                    .param("flips", Integer.toString(row.flips))
                    .addProfiler(DirectReference.class)
                    .verbosity(VerboseMode.SILENT).shouldFailOnError(true);
            if (quick) {
                options.warmupIterations(3).measurementIterations(3);
            }
            final Medians medians = figures.get(row);
            for (final IterationResult iteration : Forks.run(options.build())) {
                final double seam = Forks.median(iteration) / SeamBenchmark.TURNS;
                final double direct = Forks.secondary(iteration, DirectReference.DIRECT);
                medians.add(SEAM, seam);
                medians.add(DirectReference.DIRECT, direct);
                medians.add(OVER_DIRECT, seam - direct);
                medians.add(DirectReference.FLIP, Forks.secondary(iteration, DirectReference.FLIP) / NANOS_PER_MICRO);
            }
            step.run();
        }
    }

    @Override
    public String print() {
        return "Seam: nanoseconds a call that does not enter the kernel, medians\n"
                + AsciiTable.getTable(AsciiTable.BASIC_ASCII_NO_DATA_SEPARATORS, rows, List.of(
                        new Column().header("seam").dataAlign(HorizontalAlign.LEFT).with((Row row) -> row.seam),
                        new Column().header("opened and closed").with((Row row) -> row.flips + " times"),
                        new Column().header("ns").with((Row row) -> decimal(row, SEAM)),
                        new Column().header("no seam").with((Row row) -> decimal(row, DirectReference.DIRECT)),
                        new Column().header("over that").with((Row row) -> String.format(Locale.ROOT, "%+.1f",
                                figures.get(row).of(OVER_DIRECT))),
                        new Column().header("us each time, with 2 x " + SeamBenchmark.CALLS_BETWEEN + " calls")
                                .with((Row row) -> row.flips <= 1 ? "" : decimal(row, DirectReference.FLIP))));
    }

    private String decimal(final Row row, final String name) {
        return String.format(Locale.ROOT, "%.1f", figures.get(row).of(name));
    }

    @Override
    public List<Map<String, Object>> rows() {
        return rows.stream().map(row -> {
            final Medians medians = figures.get(row);
            final Map<String, Object> json = new LinkedHashMap<>();
            json.put("seam", row.seam);
            json.put("openedAndClosedBefore", row.flips);
            json.put("nanos", medians.of(SEAM));
            json.put("nanosWithout", medians.of(DirectReference.DIRECT));
            json.put("nanosOver", medians.of(OVER_DIRECT));
            json.put("microsPerOpeningAndClosing", row.flips <= 1 ? null : (Double) medians.of(DirectReference.FLIP));
            return json;
        }).toList();
    }
}
