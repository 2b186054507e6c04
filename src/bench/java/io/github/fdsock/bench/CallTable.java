package io.github.fdsock.bench;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.HorizontalAlign;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/// The table of [RawCallBenchmark] against C.
final class CallTable implements Table {
    private static final int NO_GOAL = -1;

    /// What may block has to tell the JVM, what cannot need not.
    private static final int GOAL_BLOCKING = 20;
    private static final int GOAL_CRITICAL = 12;

    /// What the others are compared with, where the work is the same.
    private static final String PEER = "SocketChannel";

    private static final String JAVA = "java";
    private static final String OVER_C = "over C";
    private static final String RATIO = "ratio";
    private static final String BYTES = "bytes";

    /// One line.
    ///
    /// @param work what is done, in words
    /// @param through by what
    /// @param benchmark the method of [RawCallBenchmark]
    /// @param transport its parameter, or null
    /// @param c the case of `bench_calls.c`
    /// @param calls how many calls one turn makes
    /// @param goal how many nanoseconds a call may take more than in C
    private record Row(String work, String through, String benchmark, String transport, String c, int calls, int goal) {
    }

    private static final List<Row> ROWS = List.of(
            new Row("close(-1)", "Libc", "closeBad", null, "close_bad", 1, GOAL_BLOCKING),
            new Row("epoll_wait, timeout 0", "Libc", "epollWait", null, "epoll_wait", 1, GOAL_CRITICAL),
            new Row("send+recv unix", "Libc", "sendRecv", "unix", "unix", 2, GOAL_BLOCKING),
            new Row("send+recv unix", "SocketFd", "socketFd", "unix", "unix", 2, NO_GOAL),
            new Row("send+recv unix", "SocketFd, direct buffer", "socketFdDirectBuffer", "unix", "unix", 2, NO_GOAL),
            new Row("send+recv unix", "SocketFd, heap buffer", "socketFdHeapBuffer", "unix", "unix", 2, NO_GOAL),
            new Row("send+recv unix", PEER, "channel", "unix", "unix", 2, NO_GOAL),
            new Row("send+recv unix, DONTWAIT", "Libc", "sendRecvDontwait", "unix", "unix_dontwait", 2, GOAL_CRITICAL),
            new Row("send+recv unix, DONTWAIT", "SocketFd", "socketFdDontwait", "unix", "unix_dontwait", 2, NO_GOAL),
            new Row("send+recv unix, DONTWAIT", PEER, "channelNonBlocking", "unix", "unix_dontwait", 2,
                    NO_GOAL),
            new Row("send+recv tcp", "Libc", "sendRecv", "tcp", "tcp", 2, NO_GOAL),
            new Row("send+recv tcp", "SocketFd", "socketFd", "tcp", "tcp", 2, NO_GOAL),
            new Row("send+recv tcp", PEER, "channel", "tcp", "tcp", 2, NO_GOAL),
            new Row("send+recv tcp, DONTWAIT", "Libc", "sendRecvDontwait", "tcp", "tcp_dontwait", 2, NO_GOAL),
            new Row("send+recv tcp, DONTWAIT", "SocketFd", "socketFdDontwait", "tcp", "tcp_dontwait", 2, NO_GOAL),
            new Row("send+recv tcp, DONTWAIT", PEER, "channelNonBlocking", "tcp", "tcp_dontwait", 2,
                    NO_GOAL));

    private final Path program;
    private final boolean quick;
    private final Map<Row, Medians> figures = new LinkedHashMap<>();

    CallTable(final Path program, final boolean quick) {
        this.program = program;
        this.quick = quick;
        for (final Row row : ROWS) {
            figures.put(row, new Medians());
        }
    }

    @Override
    public String name() {
        return "calls";
    }

    @Override
    public int steps() {
        return ROWS.size();
    }

    @Override
    public void round(final Runnable step) throws RunnerException {
        for (final Row row : ROWS) {
            measure(row);
            if (!figures.get(row).has(BYTES)) {
                measureAllocation(row);
            }
            step.run();
        }
    }

    private void measure(final Row row) throws RunnerException {
        final ChainedOptionsBuilder options = options(row)
                .addProfiler(CReference.class, row.c + ":" + program);
        if (quick) {
            options.warmupIterations(2).measurementIterations(3);
        }
        final Medians medians = figures.get(row);
        for (final IterationResult iteration : Forks.run(options.build())) {
            final double java = Forks.median(iteration) / RawCallBenchmark.TURNS;
            final double bare = Forks.secondary(iteration, CReference.BARE);
            final double threaded = Forks.secondary(iteration, CReference.THREADED);
            medians.add(JAVA, java);
            medians.add(CReference.BARE, bare);
            medians.add(CReference.THREADED, threaded);
            medians.add(OVER_C, (java - threaded) / row.calls);
            medians.add(RATIO, java / threaded);
        }
    }

    /// In a fork of its own, since what JMH keeps of every sample would be counted too; and once is enough. The least
    /// of the iterations is what remains when the compiler is through; JMH's own 15 kB an iteration are in it.
    private void measureAllocation(final Row row) throws RunnerException {
        final ChainedOptionsBuilder options = options(row).mode(Mode.AverageTime).addProfiler(GCProfiler.class)
                .measurementIterations(3).measurementTime(TimeValue.milliseconds(quick ? 300 : 600));
        for (final IterationResult iteration : Forks.run(options.build())) {
            figures.get(row).add(BYTES,
                    Forks.secondary(iteration, "gc.alloc.rate.norm") / RawCallBenchmark.TURNS);
        }
    }

    private static ChainedOptionsBuilder options(final Row row) {
        final ChainedOptionsBuilder options = new OptionsBuilder()
                .include("\\Q" + RawCallBenchmark.class.getName() + "." + row.benchmark + "\\E$")
                .verbosity(VerboseMode.SILENT).shouldFailOnError(true);
        if (row.transport != null) {
            options.param("transport", row.transport);
        }
        return options;
    }

    @Override
    public String print() {
        return "Calls: nanoseconds a turn, medians\n"
                + AsciiTable.getTable(AsciiTable.BASIC_ASCII_NO_DATA_SEPARATORS, ROWS, List.of(
                        new Column().header("turn").dataAlign(HorizontalAlign.LEFT).with((Row row) -> row.work),
                        new Column().header("through").dataAlign(HorizontalAlign.LEFT).with((Row row) -> row.through),
                        new Column().header("ns").with((Row row) -> decimal(row, JAVA)),
                        new Column().header("C, 2 threads").with((Row row) -> decimal(row, CReference.THREADED)),
                        new Column().header("C, 1 thread").with((Row row) -> decimal(row, CReference.BARE)),
                        new Column().header("over C a call").with((Row row) -> String.format(Locale.ROOT, "%+.1f",
                                figures.get(row).of(OVER_C))),
                        new Column().header("goal").dataAlign(HorizontalAlign.LEFT).with(this::goal),
                        new Column().header("C = 1").with((Row row) -> String.format(Locale.ROOT, "%.2f",
                                figures.get(row).of(RATIO))),
                        new Column().header(PEER + " = 1").with((Row row) -> ofPeer(row)
                                .map(ratio -> String.format(Locale.ROOT, "%.2f", ratio)).orElse("")),
                        new Column().header("B a turn").with((Row row) -> String.format(Locale.ROOT, "%.0f",
                                figures.get(row).least(BYTES)))));
    }

    /// The ratio to the peer's time for the same work, each in terms of C at that moment.
    private Optional<Double> ofPeer(final Row row) {
        return ROWS.stream().filter(peer -> peer.through.equals(PEER) && peer.work.equals(row.work)).findAny()
                .map(peer -> figures.get(row).of(RATIO) / figures.get(peer).of(RATIO));
    }

    private String decimal(final Row row, final String name) {
        return String.format(Locale.ROOT, "%.1f", figures.get(row).of(name));
    }

    private String goal(final Row row) {
        if (row.goal == NO_GOAL) {
            return "";
        }
        return "<= " + row.goal + (figures.get(row).of(OVER_C) <= row.goal ? ": met" : ": missed");
    }

    @Override
    public List<Map<String, Object>> rows() {
        return ROWS.stream().map(row -> {
            final Medians medians = figures.get(row);
            final Map<String, Object> json = new LinkedHashMap<>();
            json.put("work", row.work);
            json.put("through", row.through);
            json.put("callsPerTurn", row.calls);
            json.put("nanos", medians.of(JAVA));
            json.put("nanosOfC", medians.of(CReference.THREADED));
            json.put("nanosOfCWithOneThread", medians.of(CReference.BARE));
            json.put("ratio", medians.of(RATIO));
            json.put("ratioTo" + PEER, ofPeer(row).orElse(null));
            json.put("nanosOverCPerCall", medians.of(OVER_C));
            json.put("goalNanosOverCPerCall", row.goal == NO_GOAL ? null : (Integer) row.goal);
            json.put("bytesPerTurn", medians.least(BYTES));
            return json;
        }).toList();
    }
}
