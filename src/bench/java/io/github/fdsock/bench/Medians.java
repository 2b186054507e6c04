package io.github.fdsock.bench;

import java.util.LinkedHashMap;
import java.util.Map;
import org.openjdk.jmh.util.ListStatistics;

/// Named series of measurements, and what is told of each.
final class Medians {
    private final Map<String, ListStatistics> series = new LinkedHashMap<>();

    void add(final String name, final double value) {
        series.computeIfAbsent(name, unused -> new ListStatistics()).addValue(value);
    }

    boolean has(final String name) {
        return series.containsKey(name);
    }

    /// The median of what was added under `name`.
    ///
    /// @throws IllegalStateException where nothing was: then something was not measured that should have been
    double of(final String name) {
        return series(name).getPercentile(50);
    }

    /// The mean of what was added under `name`: for what is counted in steps that are not small.
    double mean(final String name) {
        return series(name).getMean();
    }

    /// The least of what was added under `name`.
    double least(final String name) {
        return series(name).getMin();
    }

    private ListStatistics series(final String name) {
        final ListStatistics statistics = series.get(name);
        if (statistics == null) {
            throw new IllegalStateException("nothing was measured of " + name);
        }
        return statistics;
    }
}
