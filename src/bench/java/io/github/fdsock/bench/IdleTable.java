package io.github.fdsock.bench;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.ColumnData;
import com.github.freva.asciitable.HorizontalAlign;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// The table of what an idle connection costs a server, beyond what the kernel holds for it.
final class IdleTable implements Table {
    private static final int CONNECTIONS = 10_000;
    private static final int CONNECTIONS_QUICK = 500;

    /// Heap and what lies off it, in bytes a connection.
    private static final double MOST = 300;

    private static final int WARM_UP_SECONDS = 10;
    private static final int WARM_UP_SECONDS_QUICK = 1;

    private static final String HEAP = "heap";
    private static final String OFF = "off";
    private static final String ALL = "all";
    private static final String RESIDENT = "resident";

    private final EchoLoad load;
    private final int connections;
    private final int warmUpSeconds;
    private final Map<EchoProgram, Medians> figures = new LinkedHashMap<>();

    IdleTable(final Path programs, final boolean quick) {
        load = new EchoLoad(programs);
        warmUpSeconds = quick ? WARM_UP_SECONDS_QUICK : WARM_UP_SECONDS;
        connections = quick ? CONNECTIONS_QUICK : CONNECTIONS;
        for (final EchoProgram program : EchoProgram.withOneThread(programs)) {
            figures.put(program, new Medians());
        }
    }

    @Override
    public String name() {
        return "idle";
    }

    @Override
    public int steps() {
        return figures.size();
    }

    @Override
    public void round(final Runnable step) throws Exception {
        for (final EchoProgram program : figures.keySet()) {
            try (EchoProcess server = Footprint.start(program, load, warmUpSeconds)) {
                final Footprint before = Footprint.of(server);
                load.idle(server.address(0), connections,
                        () -> add(figures.get(program), Footprint.of(server).minus(before)));
            }
            step.run();
        }
    }

    private void add(final Medians medians, final Footprint grown) {
        medians.add(HEAP, (double) grown.heap() / connections);
        medians.add(OFF, (double) grown.off() / connections);
        medians.add(ALL, (double) (grown.heap() + grown.off()) / connections);
        medians.add(RESIDENT, (double) grown.resident() / connections);
    }

    @Override
    public String print() {
        return "Idle: bytes a connection, " + connections + " of them, medians\n"
                + AsciiTable.getTable(AsciiTable.BASIC_ASCII_NO_DATA_SEPARATORS, figures.keySet(), List.of(
                        new Column().header("server").dataAlign(HorizontalAlign.LEFT).with(EchoProgram::name),
                        column("heap", HEAP),
                        column("off the heap", OFF),
                        column("both", ALL),
                        new Column().header("goal").dataAlign(HorizontalAlign.LEFT).with(this::goal),
                        column("resident beside the heap", RESIDENT)));
    }

    private ColumnData<EchoProgram> column(final String header, final String series) {
        return new Column().header(header).with((EchoProgram program) -> program.inJvm() || series.equals(RESIDENT)
                ? String.format(Locale.ROOT, "%.0f", figures.get(program).of(series)) : "");
    }

    private String goal(final EchoProgram program) {
        return !program.equals(EchoProgram.FDSOCK) ? "" : String.format(Locale.ROOT, "<= %.0f: %s", MOST,
                figures.get(program).of(ALL) <= MOST ? "met" : "missed");
    }

    @Override
    public List<Map<String, Object>> rows() {
        return figures.entrySet().stream().map(entry -> {
            final Medians medians = entry.getValue();
            final boolean inJvm = entry.getKey().inJvm();
            final Map<String, Object> json = new LinkedHashMap<>();
            json.put("server", entry.getKey().name());
            json.put("connections", connections);
            json.put("heapBytes", inJvm ? (Double) medians.of(HEAP) : null);
            json.put("offHeapBytes", inJvm ? (Double) medians.of(OFF) : null);
            json.put("residentBytesBesideTheHeap", medians.of(RESIDENT));
            json.put("goalBytes", entry.getKey().equals(EchoProgram.FDSOCK) ? MOST : null);
            return json;
        }).toList();
    }
}
