package io.github.fdsock.bench;

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

/// Measures the call without any seam after every iteration of [SeamBenchmark], in the same JVM.
///
/// For the reason of [CReference]; and what the compiler makes of so short a call differs from one JVM to the next by
/// more than any seam costs.
public final class DirectReference implements InternalProfiler {
    static final String DIRECT = "direct";
    static final String FLIP = "flip";

    private static final int SAMPLES = 1000;

    /// Enough for the last compiler to have been there.
    private static final int WARMUP_SAMPLES = 5000;

    private SeamBenchmark benchmark;

    @Override
    public String getDescription() {
        return "the same call without a seam";
    }

    @Override
    public void beforeIteration(final BenchmarkParams params, final IterationParams iteration) {
        if (benchmark == null) {
            benchmark = new SeamBenchmark();
            median(WARMUP_SAMPLES);
        }
    }

    @Override
    public Collection<? extends Result<?>> afterIteration(final BenchmarkParams params,
            final IterationParams iteration, final IterationResult result) {
        return List.of(
                new ScalarResult(DIRECT, median(SAMPLES), "ns", AggregationPolicy.AVG),
                new ScalarResult(FLIP, SeamBenchmark.nanosPerFlip(), "ns", AggregationPolicy.AVG));
    }

    private double median(final int samples) {
        final ListStatistics nanos = new ListStatistics();
        for (int i = 0; i < samples; i++) {
            final long start = System.nanoTime();
            benchmark.direct();
            nanos.addValue((double) (System.nanoTime() - start) / SeamBenchmark.TURNS);
        }
        return nanos.getPercentile(50);
    }
}
