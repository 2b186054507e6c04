package io.github.fdsock.bench;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.ColumnData;
import com.github.freva.asciitable.HorizontalAlign;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/// The table of echo servers against the one in C: round trips, and echoes a second.
///
/// Each server has one processor for itself, the same for all, and all run the whole round, idle while others are
/// measured. Where the kernel may choose, it puts client and server on one processor at one time and on two at another,
/// and the figures differ by a factor of five for that alone.
final class LoopTable implements Table {
    private static final double MICROS_PER_SECOND = 1e6;
    private static final List<String> TRANSPORTS = List.of("tcp", "unix");

    /// How long one measurement takes, and how often all servers are measured in turn.
    private static final double SECONDS = 0.5;
    private static final double SECONDS_QUICK = 0.1;
    private static final int TURNS = 6;
    private static final int TURNS_QUICK = 1;

    /// So long each server is under load, on each transport and with each number of connections, before it counts.
    private static final double WARM_UP_SECONDS = 2;

    /// What a client does.
    ///
    /// @param connections at a time
    /// @param apart whether it has a processor of its own; else it shares the server's
    private record Work(String name, int connections, boolean apart) {
    }

    /// The round trip on one processor is the work of both and two changes of threads. On two it is mostly the time
    /// that they need to wake each other.
    private static final Work TOGETHER = new Work("together", 1, false);
    private static final Work APART = new Work("apart", 1, true);
    private static final Work MANY = new Work("many", 64, true);
    private static final List<Work> WORKS = List.of(TOGETHER, APART, MANY);

    private static final String P50 = " p50";
    private static final String P99 = " p99";
    private static final String PER_SECOND = " per second";
    private static final String CPU = " cpu";
    private static final String USER = " user";
    private static final String CLIENT = " client";
    private static final String RATIO = " ratio";

    /// @param program what runs
    /// @param mostRoundTrip in terms of C, or null
    /// @param leastPerSecond in terms of C, or null
    private record Contestant(EchoProgram program, Double mostRoundTrip, Double leastPerSecond) {
    }

    private record Row(String transport, Contestant contestant) {
    }

    private final EchoLoad load;
    private final double seconds;
    private final double warmUpSeconds;
    private final int turns;
    private final List<Contestant> contestants;
    private final Map<Row, Medians> figures = new LinkedHashMap<>();

    LoopTable(final Path programs, final boolean quick) {
        load = new EchoLoad(programs);
        seconds = quick ? SECONDS_QUICK : SECONDS;
        warmUpSeconds = quick ? SECONDS_QUICK : WARM_UP_SECONDS;
        turns = quick ? TURNS_QUICK : TURNS;
        // The first is what the others are compared with. The second is the same: how far it is from 1 is how far the
        // others can be for no reason.
        contestants = List.of(
                new Contestant(EchoProgram.c("C", programs), null, null),
                new Contestant(EchoProgram.c("C, once more", programs), null, null),
                new Contestant(EchoProgram.cWithTwoThreads(programs), null, null),
                new Contestant(EchoProgram.cByEdges(programs), null, null),
                new Contestant(EchoProgram.CALLS, null, null),
                new Contestant(EchoProgram.FDSOCK, 1.03, 0.97),
                new Contestant(EchoProgram.CHANNELS, null, null),
                new Contestant(EchoProgram.BLOCKING, 1.15, 0.9),
                new Contestant(EchoProgram.VIRTUAL_THREADS, null, null));
        for (final String transport : TRANSPORTS) {
            for (final Contestant contestant : contestants) {
                figures.put(new Row(transport, contestant), new Medians());
            }
        }
    }

    @Override
    public String name() {
        return "loop";
    }

    @Override
    public int steps() {
        return contestants.size() + TRANSPORTS.size() * WORKS.size() * turns;
    }

    @Override
    public void round(final Runnable step) throws IOException, InterruptedException {
        final Path folder = Files.createTempDirectory("fdsock-bench");
        try {
            round(new LinkedHashMap<>(), folder, processors(), step);
        } finally {
            Files.delete(folder);
        }
    }

    /// Starts the next server and goes on with the one after it; measures when all are there.
    private void round(final Map<Contestant, EchoProcess> servers, final Path folder, final List<Integer> processors,
            final Runnable step) throws IOException, InterruptedException {
        if (servers.size() == contestants.size()) {
            measure(servers, processors, step);
            return;
        }
        final Contestant next = contestants.get(servers.size());
        try (EchoProcess server = EchoProcess.start(next.program, List.of(),
                List.of("tcp:127.0.0.1:0", "unix:" + folder.resolve(servers.size() + ".sock")))) {
            warmUp(server);
            server.pin(processors.getFirst());
            step.run();
            servers.put(next, server);
            round(servers, folder, processors, step);
        }
    }

    private void measure(final Map<Contestant, EchoProcess> servers, final List<Integer> processors,
            final Runnable step) throws IOException, InterruptedException {
        for (int turn = 0; turn < turns; turn++) {
            for (final String transport : TRANSPORTS) {
                for (final Work work : WORKS) {
                    measure(servers, transport, work, work.apart ? processors.getLast() : processors.getFirst(),
                            turn % 2 != 0);
                    step.run();
                }
            }
        }
    }

    /// Those on which this process may run: the first and the last that the kernel's list of ranges names are used.
    private static List<Integer> processors() throws IOException {
        final String allowed = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("Cpus_allowed_list:")).findAny().orElseThrow();
        return Pattern.compile("\\d+").matcher(allowed).results().map(MatchResult::group).map(Integer::valueOf)
                .toList();
    }

    private void warmUp(final EchoProcess server) throws IOException, InterruptedException {
        if (server.program().inJvm()) {
            for (int i = 0; i < TRANSPORTS.size(); i++) {
                for (final Work work : List.of(MANY, APART)) {
                    load.run("echo", server.address(i), "-c", Integer.toString(work.connections), "-t",
                            Double.toString(warmUpSeconds));
                }
            }
        }
    }

    /// Measures all, within a few seconds, and only then compares: a shared machine has slow minutes and fast ones.
    private void measure(final Map<Contestant, EchoProcess> servers, final String transport, final Work work,
            final int processor, final boolean backwards) throws IOException, InterruptedException {
        final Map<Contestant, Map<String, Double>> measured = new LinkedHashMap<>();
        for (final Contestant contestant : backwards ? contestants.reversed() : contestants) {
            measured.put(contestant, measure(servers.get(contestant), transport, work, processor));
        }
        final Map<String, Double> ofC = measured.get(contestants.getFirst());
        measured.forEach((contestant, values) -> {
            final Medians medians = figures.get(new Row(transport, contestant));
            values.forEach((series, value) -> {
                medians.add(work.name + series, value);
                medians.add(work.name + series + RATIO, value / ofC.get(series));
            });
        });
    }

    private Map<String, Double> measure(final EchoProcess server, final String transport, final Work work,
            final int processor) throws IOException, InterruptedException {
        final long[] before = server.ticks();
        final JsonObject result = load.runOn(processor, "echo", server.address(TRANSPORTS.indexOf(transport)),
                "-c", Integer.toString(work.connections), "-t", Double.toString(seconds),
                "-p", Long.toString(server.pid()));
        final long[] after = server.ticks();
        final long user = after[0] - before[0];
        final double share = (double) user / Math.max(1, user + after[1] - before[1]);
        final double cpuMicros = MICROS_PER_SECOND * result.get("serverCpuSeconds").getAsDouble()
                / result.get("operations").getAsLong();
        return Map.of(P50, result.get("p50Micros").getAsDouble(),
                P99, result.get("p99Micros").getAsDouble(),
                PER_SECOND, result.get("operationsPerSecond").getAsDouble(),
                CPU, cpuMicros,
                USER, share * cpuMicros,
                CLIENT, result.get("cpuSeconds").getAsDouble() / result.get("seconds").getAsDouble());
    }

    @Override
    public String print() {
        final List<Row> rows = List.copyOf(figures.keySet());
        return "Loop: round trips of 64 bytes in microseconds, and echoes with " + MANY.connections
                + " connections; medians\n"
                + AsciiTable.getTable(AsciiTable.BASIC_ASCII_NO_DATA_SEPARATORS, rows, List.of(
                        new Column().header("over").dataAlign(HorizontalAlign.LEFT).with((Row row) -> row.transport),
                        new Column().header("server").dataAlign(HorizontalAlign.LEFT)
                                .with((Row row) -> row.contestant.program.name()),
                        column("p50, one processor", "%.1f", TOGETHER.name + P50),
                        new Column().header("C = 1").with((Row row) -> roundTrip(row, TOGETHER)),
                        column("p50, two", "%.1f", APART.name + P50),
                        new Column().header("C = 1").with((Row row) -> roundTrip(row, APART)),
                        column("p99, two", "%.1f", APART.name + P99),
                        column("a second", "%.0f", MANY.name + PER_SECOND),
                        new Column().header("C = 1").with(this::perSecond),
                        column("p50", "%.0f", MANY.name + P50),
                        column("p99", "%.0f", MANY.name + P99),
                        column("us of CPU each", "%.2f", MANY.name + CPU),
                        column("C = 1", "%.2f", MANY.name + CPU + RATIO),
                        new Column().header("outside the kernel").with((Row row) -> String.format(Locale.ROOT, "%.2f",
                                figures.get(row).mean(MANY.name + USER)))));
    }

    private ColumnData<Row> column(final String header, final String format, final String series) {
        return new Column().header(header)
                .with((Row row) -> String.format(Locale.ROOT, format, figures.get(row).of(series)));
    }

    private String roundTrip(final Row row, final Work work) {
        final double ratio = figures.get(row).of(work.name + P50 + RATIO);
        final Double most = row.contestant.mostRoundTrip;
        return ratio(ratio, most == null ? "" : goal("<=", most, ratio <= most));
    }

    private String perSecond(final Row row) {
        final double ratio = figures.get(row).of(MANY.name + PER_SECOND + RATIO);
        final Double least = row.contestant.leastPerSecond;
        return ratio(ratio, least == null ? "" : goal(">=", least, ratio >= least));
    }

    private static String ratio(final double ratio, final String goal) {
        return String.format(Locale.ROOT, "%.3f%s", ratio, goal);
    }

    private static String goal(final String relation, final double bound, final boolean met) {
        return String.format(Locale.ROOT, " (%s %.2f: %s)", relation, bound, met ? "met" : "missed");
    }

    @Override
    public List<Map<String, Object>> rows() {
        final List<Map<String, Object>> rows = new ArrayList<>();
        figures.forEach((row, medians) -> {
            final Map<String, Object> json = new LinkedHashMap<>();
            json.put("over", row.transport);
            json.put("server", row.contestant.program.name());
            for (final Work work : WORKS) {
                final Map<String, Object> of = new LinkedHashMap<>();
                of.put("connections", work.connections);
                of.put("clientHasItsOwnProcessor", work.apart);
                of.put("p50Micros", medians.of(work.name + P50));
                of.put("p50Ratio", medians.of(work.name + P50 + RATIO));
                of.put("p99Micros", medians.of(work.name + P99));
                of.put("p99Ratio", medians.of(work.name + P99 + RATIO));
                of.put("echoesPerSecond", medians.of(work.name + PER_SECOND));
                of.put("echoesPerSecondRatio", medians.of(work.name + PER_SECOND + RATIO));
                of.put("cpuMicrosPerEcho", medians.of(work.name + CPU));
                of.put("cpuRatio", medians.of(work.name + CPU + RATIO));
                of.put("cpuMicrosOutsideTheKernel", medians.mean(work.name + USER));
                of.put("clientBusy", medians.of(work.name + CLIENT));
                json.put(work.name, of);
            }
            json.put("goalRoundTripRatio", row.contestant.mostRoundTrip);
            json.put("goalEchoesPerSecondRatio", row.contestant.leastPerSecond);
            rows.add(json);
        });
        return rows;
    }
}
