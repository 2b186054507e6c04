package io.github.fdsock.bench;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.ColumnData;
import com.github.freva.asciitable.HorizontalAlign;
import com.google.gson.JsonObject;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// The table of what remains of connections that come and go: each is opened, has one message echoed, and is closed.
final class ChurnTable implements Table {
    private static final int PER_SECOND = 1000;
    private static final int SECONDS = 30;
    private static final int SECONDS_QUICK = 1;

    /// At the same rate, before it counts.
    private static final int WARM_UP_SECONDS = 10;

    private static final double KILO = 1024;

    private static final String SERVED = "served";
    private static final String FAILED = "failed";
    private static final String HEAP = "heap";
    private static final String OFF = "off";
    private static final String RESIDENT = "resident";
    private static final String DESCRIPTORS = "descriptors";
    private static final String P50 = "p50";
    private static final String P99 = "p99";

    private final EchoLoad load;
    private final int seconds;
    private final int warmUpSeconds;
    private final Map<EchoProgram, Medians> figures = new LinkedHashMap<>();

    ChurnTable(final Path programs, final boolean quick) {
        load = new EchoLoad(programs);
        seconds = quick ? SECONDS_QUICK : SECONDS;
        warmUpSeconds = quick ? SECONDS_QUICK : WARM_UP_SECONDS;
        for (final EchoProgram program : EchoProgram.withOneThread(programs)) {
            figures.put(program, new Medians());
        }
    }

    @Override
    public String name() {
        return "churn";
    }

    @Override
    public int steps() {
        return figures.size();
    }

    @Override
    public void round(final Runnable step) throws Exception {
        for (final EchoProgram program : figures.keySet()) {
            try (EchoProcess server = Footprint.start(program, load, warmUpSeconds)) {
                final int descriptors = server.descriptors();
                final Footprint before = Footprint.of(server);
                final JsonObject result = load.churn(server.address(0), PER_SECOND, seconds);
                final int left = server.awaitDescriptors(descriptors) - descriptors;
                add(figures.get(program), Footprint.of(server).minus(before), left, result);
            }
            step.run();
        }
    }

    private static void add(final Medians medians, final Footprint grown, final int left, final JsonObject result) {
        medians.add(SERVED, result.get("operations").getAsDouble());
        medians.add(FAILED, result.get("failures").getAsDouble());
        medians.add(DESCRIPTORS, left);
        medians.add(HEAP, grown.heap() / KILO);
        medians.add(OFF, grown.off() / KILO);
        medians.add(RESIDENT, grown.resident() / KILO);
        medians.add(P50, result.get("p50Micros").getAsDouble());
        medians.add(P99, result.get("p99Micros").getAsDouble());
    }

    @Override
    public String print() {
        return "Churn: what is more after " + seconds + " s with " + PER_SECOND
                + " connections a second, opened, served and closed; medians\n"
                + AsciiTable.getTable(AsciiTable.BASIC_ASCII_NO_DATA_SEPARATORS, figures.keySet(), List.of(
                        new Column().header("server").dataAlign(HorizontalAlign.LEFT).with(EchoProgram::name),
                        column("served", "%.0f", SERVED),
                        column("failed", "%.0f", FAILED),
                        column("descriptors", "%+.0f", DESCRIPTORS),
                        column("KiB of heap", "%+.1f", HEAP),
                        column("KiB off the heap", "%+.1f", OFF),
                        column("KiB resident beside it", "%+.0f", RESIDENT),
                        column("p50 us", "%.0f", P50),
                        column("p99 us", "%.0f", P99)));
    }

    private ColumnData<EchoProgram> column(final String header, final String format, final String series) {
        return new Column().header(header).with((EchoProgram program) -> String.format(Locale.ROOT, format,
                figures.get(program).of(series)));
    }

    @Override
    public List<Map<String, Object>> rows() {
        return figures.entrySet().stream().map(entry -> {
            final Medians medians = entry.getValue();
            final Map<String, Object> json = new LinkedHashMap<>();
            json.put("server", entry.getKey().name());
            json.put("served", (int) medians.of(SERVED));
            json.put("failed", (int) medians.of(FAILED));
            json.put("descriptorsMore", (int) medians.of(DESCRIPTORS));
            json.put("heapKiBMore", medians.of(HEAP));
            json.put("offHeapKiBMore", medians.of(OFF));
            json.put("residentKiBMoreBesideTheHeap", medians.of(RESIDENT));
            json.put("p50Micros", medians.of(P50));
            json.put("p99Micros", medians.of(P99));
            return json;
        }).toList();
    }
}
