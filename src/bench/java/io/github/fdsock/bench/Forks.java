package io.github.fdsock.bench;

import java.util.ArrayList;
import java.util.List;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;

/// Runs JMH, in a JVM of its own each time, and hands back what its iterations measured.
final class Forks {
    private Forks() {
    }

    static List<IterationResult> run(final Options options) throws RunnerException {
        final List<IterationResult> iterations = new ArrayList<>();
        for (final RunResult run : new Runner(options).run()) {
            for (final BenchmarkResult fork : run.getBenchmarkResults()) {
                iterations.addAll(fork.getIterationResults());
            }
        }
        if (iterations.isEmpty()) {
            throw new IllegalStateException("the benchmark " + options.getIncludes() + " failed");
        }
        return iterations;
    }

    /// The median sample of an iteration: one that nothing has interrupted.
    static double median(final IterationResult iteration) {
        return iteration.getPrimaryResult().getStatistics().getPercentile(50);
    }

    /// What a profiler has measured besides.
    static double secondary(final IterationResult iteration, final String name) {
        final Result<?> result = iteration.getSecondaryResults().get(name);
        if (result == null) {
            throw new IllegalStateException("nothing was measured of " + name);
        }
        return result.getScore();
    }
}
