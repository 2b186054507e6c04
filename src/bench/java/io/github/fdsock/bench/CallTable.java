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

/// A table of calls against C: those of [RawCallBenchmark], or those of [MessageBenchmark].
final class CallTable implements Table {
    /// What the others are compared with, where the work is the same.
    private static final String PEER = "SocketChannel";

    private static final String JAVA = "java";
    private static final String OVER_C = "over C";
    private static final String RATIO = "ratio";
    private static final String BYTES = "bytes";

    /// How many nanoseconds a call may take more than in C: what may block has to tell the JVM, what cannot need not.
    private static final Goal BLOCKING = new Goal(OVER_C, 20);
    private static final Goal CRITICAL = new Goal(OVER_C, 12);

    /// How much longer than in C a turn may take that does more than the calls.
    private static final Goal TURN = new Goal(RATIO, 1.15);

    /// @param series [#OVER_C] or [#RATIO]
    /// @param most the most that its median may be
    private record Goal(String series, double most) {
    }

    /// What is done in a turn.
    ///
    /// @param words the same in words
    /// @param transport the benchmark's parameter, or null
    /// @param c the case of `bench_calls.c`
    /// @param turns how often a loop goes round
    /// @param calls how many calls one turn makes
    private record Turn(String words, String transport, String c, int turns, int calls) {
    }

    /// One line.
    ///
    /// @param turn what is done
    /// @param through by what
    /// @param method of the benchmark
    /// @param goal or null
    private record Row(Turn turn, String through, String method, Goal goal) {
    }

    private static Turn turn(final String words, final String transport, final String c, final int calls) {
        return new Turn(words, transport, c, RawCallBenchmark.TURNS, calls);
    }

    private static final Turn CLOSE = turn("close(-1)", null, "close_bad", 1);
    private static final Turn WAIT = turn("epoll_wait, timeout 0", null, "epoll_wait", 1);
    private static final Turn UNIX = turn("send+recv unix", "unix", "unix", 2);
    private static final Turn UNIX_DONTWAIT = turn("send+recv unix, DONTWAIT", "unix", "unix_dontwait", 2);
    private static final Turn TCP = turn("send+recv tcp", "tcp", "tcp", 2);
    private static final Turn TCP_DONTWAIT = turn("send+recv tcp, DONTWAIT", "tcp", "tcp_dontwait", 2);

    private static final List<Row> CALLS = List.of(
            new Row(CLOSE, "Libc", "closeBad", BLOCKING),
            new Row(WAIT, "Libc", "epollWait", CRITICAL),
            new Row(UNIX, "Libc", "sendRecv", BLOCKING),
            new Row(UNIX, "SocketFd", "socketFd", null),
            new Row(UNIX, "SocketFd, direct buffer", "socketFdDirectBuffer", null),
            new Row(UNIX, "SocketFd, heap buffer", "socketFdHeapBuffer", null),
            new Row(UNIX, PEER, "channel", null),
            new Row(UNIX_DONTWAIT, "Libc", "sendRecvDontwait", CRITICAL),
            new Row(UNIX_DONTWAIT, "SocketFd", "socketFdDontwait", null),
            new Row(UNIX_DONTWAIT, PEER, "channelNonBlocking", null),
            new Row(TCP, "Libc", "sendRecv", null),
            new Row(TCP, "SocketFd", "socketFd", null),
            new Row(TCP, PEER, "channel", null),
            new Row(TCP_DONTWAIT, "Libc", "sendRecvDontwait", null),
            new Row(TCP_DONTWAIT, "SocketFd", "socketFdDontwait", null),
            new Row(TCP_DONTWAIT, PEER, "channelNonBlocking", null));

    private static final Turn MESSAGE = turn("sendmsg+recvmsg unix", null, "sendmsg_recvmsg", 2);
    private static final Turn PASS_FD = turn("the same with a descriptor, close", null, "pass_fd", 3);
    private static final Turn MMSG_UDP =
            new Turn("sendmmsg+recvmmsg of 64, udp", "udp", "mmsg_udp", MessageBenchmark.BATCH_TURNS, 2);
    private static final Turn MMSG_UNIX =
            new Turn("sendmmsg+recvmmsg of 64, unix", "unix", "mmsg_unix", MessageBenchmark.BATCH_TURNS, 2);

    private static final List<Row> MESSAGES = List.of(
            new Row(MESSAGE, "Libc", "sendmsgRecvmsg", TURN),
            new Row(MESSAGE, "SocketFd", "message", TURN),
            new Row(PASS_FD, "Libc", "passFd", TURN),
            new Row(PASS_FD, "SocketFd", "messageWithFd", TURN),
            new Row(MMSG_UDP, "Libc", "mmsg", TURN),
            new Row(MMSG_UDP, "SocketFd", "messages", TURN),
            new Row(MMSG_UNIX, "Libc", "mmsg", TURN),
            new Row(MMSG_UNIX, "SocketFd", "messages", TURN));

    private final String name;
    private final String title;
    private final Class<?> benchmark;
    private final List<Row> rows;
    private final Path program;
    private final boolean quick;
    private final Map<Row, Medians> figures = new LinkedHashMap<>();

    private CallTable(final String name, final String title, final Class<?> benchmark, final List<Row> rows,
            final Path program, final boolean quick) {
        this.name = name;
        this.title = title;
        this.benchmark = benchmark;
        this.rows = rows;
        this.program = program;
        this.quick = quick;
        for (final Row row : rows) {
            figures.put(row, new Medians());
        }
    }

    static CallTable calls(final Path program, final boolean quick) {
        return new CallTable("calls", "Calls", RawCallBenchmark.class, CALLS, program, quick);
    }

    static CallTable messages(final Path program, final boolean quick) {
        return new CallTable("messages", "Messages", MessageBenchmark.class, MESSAGES, program, quick);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public int steps() {
        return rows.size();
    }

    @Override
    public void round(final Runnable step) throws RunnerException {
        for (final Row row : rows) {
            measure(row);
            if (!figures.get(row).has(BYTES)) {
                measureAllocation(row);
            }
            step.run();
        }
    }

    private void measure(final Row row) throws RunnerException {
        final ChainedOptionsBuilder options = options(row)
                .addProfiler(CReference.class, row.turn.c + ":" + row.turn.turns + ":" + program);
        if (quick) {
            options.warmupIterations(2).measurementIterations(3);
        }
        final Medians medians = figures.get(row);
        for (final IterationResult iteration : Forks.run(options.build())) {
            final double java = Forks.median(iteration) / row.turn.turns;
            final double bare = Forks.secondary(iteration, CReference.BARE);
            final double threaded = Forks.secondary(iteration, CReference.THREADED);
            medians.add(JAVA, java);
            medians.add(CReference.BARE, bare);
            medians.add(CReference.THREADED, threaded);
            medians.add(OVER_C, (java - threaded) / row.turn.calls);
            medians.add(RATIO, java / threaded);
        }
    }

    /// In a fork of its own, since what JMH keeps of every sample would be counted too; and once is enough. The least
    /// of the iterations is what remains when the compiler is through. JMH's own 15 kB an iteration are in it, which is
    /// why it takes longer where a turn does.
    private void measureAllocation(final Row row) throws RunnerException {
        final int millis = (quick ? 300 : 600) * (row.turn.turns < RawCallBenchmark.TURNS ? 8 : 1);
        final ChainedOptionsBuilder options = options(row).mode(Mode.AverageTime).addProfiler(GCProfiler.class)
                .measurementIterations(3).measurementTime(TimeValue.milliseconds(millis));
        for (final IterationResult iteration : Forks.run(options.build())) {
            figures.get(row).add(BYTES, Forks.secondary(iteration, "gc.alloc.rate.norm") / row.turn.turns);
        }
    }

    private ChainedOptionsBuilder options(final Row row) {
        final ChainedOptionsBuilder options = new OptionsBuilder()
                .include("\\Q" + benchmark.getName() + "." + row.method + "\\E$")
                .verbosity(VerboseMode.SILENT).shouldFailOnError(true);
        if (row.turn.transport != null) {
            options.param("transport", row.turn.transport);
        }
        return options;
    }

    @Override
    public String print() {
        return title + ": nanoseconds a turn, medians\n"
                + AsciiTable.getTable(AsciiTable.BASIC_ASCII_NO_DATA_SEPARATORS, rows, List.of(
                        new Column().header("turn").dataAlign(HorizontalAlign.LEFT).with((Row row) -> row.turn.words),
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
        return rows.stream().filter(peer -> peer.through.equals(PEER) && peer.turn.equals(row.turn)).findAny()
                .map(peer -> figures.get(row).of(RATIO) / figures.get(peer).of(RATIO));
    }

    private String decimal(final Row row, final String name) {
        return String.format(Locale.ROOT, "%.1f", figures.get(row).of(name));
    }

    private String goal(final Row row) {
        if (row.goal == null) {
            return "";
        }
        final boolean met = figures.get(row).of(row.goal.series) <= row.goal.most;
        return String.format(Locale.ROOT, row.goal.series.equals(RATIO) ? "<= %.2f times" : "<= %.0f", row.goal.most)
                + (met ? ": met" : ": missed");
    }

    @Override
    public List<Map<String, Object>> rows() {
        return rows.stream().map(row -> {
            final Medians medians = figures.get(row);
            final Map<String, Object> json = new LinkedHashMap<>();
            json.put("work", row.turn.words);
            json.put("through", row.through);
            json.put("callsPerTurn", row.turn.calls);
            json.put("nanos", medians.of(JAVA));
            json.put("nanosOfC", medians.of(CReference.THREADED));
            json.put("nanosOfCWithOneThread", medians.of(CReference.BARE));
            json.put("ratio", medians.of(RATIO));
            json.put("ratioTo" + PEER, ofPeer(row).orElse(null));
            json.put("nanosOverCPerCall", medians.of(OVER_C));
            json.put("goalNanosOverCPerCall", goal(row, OVER_C));
            json.put("goalRatio", goal(row, RATIO));
            json.put("bytesPerTurn", medians.least(BYTES));
            return json;
        }).toList();
    }

    private static Double goal(final Row row, final String series) {
        return row.goal != null && row.goal.series.equals(series) ? row.goal.most : null;
    }
}
