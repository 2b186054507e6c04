package io.github.fdsock.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;
import org.openjdk.jmh.util.ListStatistics;

/// Runs the same calls in C after every iteration of a benchmark, and reports them beside its result.
///
/// A shared machine has slow seconds and fast ones: only what was measured within the same second can be compared. So
/// each iteration, a fifth of a second, gets its own figures of C, for a process of one thread ([#BARE]) and for one of
/// two ([#THREADED]).
public final class CReference implements InternalProfiler {
    static final String BARE = "c.bare";
    static final String THREADED = "c.threaded";

    private static final int SAMPLES = 150;

    private final String work;
    private final String turns;
    private final String program;

    /// @param line the case of `bench_calls.c`, the turns of a sample, and the path of the compiled program, with
    /// colons between them
    public CReference(final String line) {
        final String[] words = line.split(":", 3);
        work = words[0];
        turns = words[1];
        program = words[2];
    }

    @Override
    public String getDescription() {
        return "the same calls in C";
    }

    @Override
    public void beforeIteration(final BenchmarkParams benchmark, final IterationParams iteration) {
        // Afterwards is soon enough.
    }

    @Override
    public Collection<? extends Result<?>> afterIteration(final BenchmarkParams benchmark,
            final IterationParams iteration, final IterationResult result) {
        return List.of(
                new ScalarResult(BARE, median(program, "-n", turns, "-s", SAMPLES, work), "ns/turn",
                        AggregationPolicy.AVG),
                new ScalarResult(THREADED, median(program, "-n", turns, "-s", SAMPLES, "-t", work), "ns/turn",
                        AggregationPolicy.AVG));
    }

    private static double median(final Object... command) {
        final ListStatistics samples = new ListStatistics();
        try {
            final Process process = new ProcessBuilder(List.of(command).stream().map(Object::toString).toList())
                    .redirectError(ProcessBuilder.Redirect.INHERIT).start();
            try (BufferedReader lines = process.inputReader()) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    samples.addValue(Double.parseDouble(line.substring(line.indexOf(' ') + 1)));
                }
            }
            if (process.waitFor() != 0 || samples.getN() == 0) {
                throw new IllegalStateException(command[0] + " ended with " + process.exitValue() + " after "
                        + samples.getN() + " samples");
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        } catch (final InterruptedException e) {
            throw new IllegalStateException("interrupted while C was running", e);
        }
        return samples.getPercentile(50);
    }
}
