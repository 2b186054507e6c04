package io.github.fdsock.bench;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.HorizontalAlign;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// The table of [StartupBenchmark]: fresh JVMs, one after the other.
final class StartupTable implements Table {
    private static final double NANOS_PER_MILLI = 1e6;

    /// Fresh JVMs of each kind a round.
    private static final int STARTS = 5;
    private static final int STARTS_QUICK = 3;

    private static final String MAIN = "main";
    private static final String FIRST = "first";
    private static final String ECHO = "echo";
    private static final String ALL = "all";
    private static final String FIRST_SHAPES = "first shapes";
    private static final String SHAPES = "shapes";

    private record Row(String through, String work, boolean cached) {
    }

    private static final List<Row> ROWS = List.of(
            new Row("Libc", "libc", false),
            new Row("Libc, with an AOT cache", "libc", true),
            new Row("channels", "channels", false),
            new Row("channels, with an AOT cache", "channels", true));

    private final int starts;
    private final Map<Row, Medians> figures = new LinkedHashMap<>();

    StartupTable(final boolean quick) {
        starts = quick ? STARTS_QUICK : STARTS;
        for (final Row row : ROWS) {
            figures.put(row, new Medians());
        }
    }

    @Override
    public String name() {
        return "startup";
    }

    @Override
    public int steps() {
        return 1;
    }

    @Override
    public void round(final Runnable step) throws IOException, InterruptedException {
        final Path folder = Files.createTempDirectory("fdsock-bench");
        final Map<Row, Path> caches = new LinkedHashMap<>();
        try {
            for (final Row row : ROWS) {
                if (row.cached) {
                    caches.put(row, cache(row, folder));
                }
            }
            for (int i = 0; i < starts; i++) {
                for (final Row row : ROWS) {
                    add(figures.get(row), row.cached ? start(row, "-XX:AOTCache=" + caches.get(row)) : start(row));
                }
            }
        } finally {
            delete(folder);
        }
        step.run();
    }

    /// A cache of what one run of the program loaded and linked.
    private static Path cache(final Row row, final Path folder) throws IOException, InterruptedException {
        final String configuration = "-XX:AOTConfiguration=" + folder.resolve(row.work + ".aotconf");
        final Path cache = folder.resolve(row.work + ".aot");
        run(row, "-XX:AOTMode=record", configuration);
        run(row, "-XX:AOTMode=create", configuration, "-XX:AOTCache=" + cache);
        return cache;
    }

    private static void delete(final Path folder) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (final Path file : files) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }

    private static void add(final Medians medians, final long[] line) {
        medians.add(MAIN, line[0] / NANOS_PER_MILLI);
        medians.add(FIRST, line[1] / NANOS_PER_MILLI);
        medians.add(ECHO, line[2] / NANOS_PER_MILLI);
        medians.add(ALL, (line[0] + line[1] + line[2]) / NANOS_PER_MILLI);
        medians.add(FIRST_SHAPES, line[3]);
        medians.add(SHAPES, line[4]);
    }

    /// The numbers that one run printed.
    private static long[] start(final Row row, final String... options) throws IOException, InterruptedException {
        final List<String> lines = run(row, options);
        if (lines.size() != 1) {
            throw new IllegalStateException(row + " printed " + lines);
        }
        return List.of(lines.getFirst().split(" ")).stream().mapToLong(Long::parseLong).toArray();
    }

    /// Runs the program to its end, in a JVM that says nothing of its own.
    private static List<String> run(final Row row, final String... options) throws IOException, InterruptedException {
        final List<String> command = new ArrayList<>(List.of(ProcessHandle.current().info().command().orElseThrow(),
                "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED", "-Xlog:disable", "-Xlog:all=error:stderr"));
        command.addAll(List.of(options));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), StartupBenchmark.class.getName(),
                row.work));
        command.add(Long.toString(System.nanoTime()));
        return Program.run(command);
    }

    @Override
    public String print() {
        return "Startup: milliseconds in a fresh JVM, medians and, in brackets, the least\n"
                + AsciiTable.getTable(AsciiTable.BASIC_ASCII_NO_DATA_SEPARATORS, ROWS, List.of(
                        new Column().header("through").dataAlign(HorizontalAlign.LEFT).with((Row row) -> row.through),
                        new Column().header("start to main").with((Row row) -> decimal(row, MAIN)),
                        new Column().header("to first socket").with((Row row) -> decimal(row, FIRST)),
                        new Column().header("shapes linked").with((Row row) -> count(row, FIRST_SHAPES)),
                        new Column().header("to echo").with((Row row) -> decimal(row, ECHO)),
                        new Column().header("shapes linked").with((Row row) -> count(row, SHAPES)),
                        new Column().header("all").with((Row row) -> decimal(row, ALL))));
    }

    private String decimal(final Row row, final String name) {
        return String.format(Locale.ROOT, "%.1f (%.1f)", figures.get(row).of(name), figures.get(row).least(name));
    }

    private String count(final Row row, final String name) {
        return row.work.equals("libc") ? String.format(Locale.ROOT, "%.0f", figures.get(row).of(name)) : "";
    }

    @Override
    public List<Map<String, Object>> rows() {
        return ROWS.stream().map(row -> {
            final Medians medians = figures.get(row);
            final Map<String, Object> json = new LinkedHashMap<>();
            json.put("through", row.through);
            json.put("millisToMain", medians.of(MAIN));
            json.put("millisToFirstSocket", medians.of(FIRST));
            json.put("millisToEcho", medians.of(ECHO));
            json.put("millis", medians.of(ALL));
            json.put("leastMillisToMain", medians.least(MAIN));
            json.put("leastMillisToFirstSocket", medians.least(FIRST));
            json.put("leastMillisToEcho", medians.least(ECHO));
            json.put("leastMillis", medians.least(ALL));
            if (row.work.equals("libc")) {
                json.put("shapesLinkedAtFirstSocket", (int) medians.of(FIRST_SHAPES));
                json.put("shapesLinked", (int) medians.of(SHAPES));
            }
            return json;
        }).toList();
    }
}
