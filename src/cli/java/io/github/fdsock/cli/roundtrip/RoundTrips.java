package io.github.fdsock.cli.roundtrip;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/// What a run of round trips has measured: the time of each, in nanoseconds, and how many bytes came back right.
public final class RoundTrips {
    private static final long LONGEST = TimeUnit.SECONDS.toNanos(60);

    public final Histogram nanos = new Histogram(LONGEST, 3);
    public long bytesVerified;
    public long lost;
    public long elapsedNanos;

    public void record(final long time, final long bytes) {
        nanos.recordValue(Math.clamp(time, 0, LONGEST));
        bytesVerified += bytes;
    }

    /// Adds another run of the same kind.
    public void add(final RoundTrips other) {
        nanos.add(other.nanos);
        bytesVerified += other.bytesVerified;
        lost += other.lost;
        elapsedNanos += other.elapsedNanos;
    }

    public long count() {
        return nanos.getTotalCount();
    }

    public double perSecond() {
        return elapsedNanos == 0 ? 0 : count() * 1e9 / elapsedNanos;
    }

    public double micros(final double percentile) {
        return nanos.getValueAtPercentile(percentile) / 1e3;
    }

    /// All of it by name, for JSON; times in microseconds.
    public Map<String, Object> facts(final String address, final int size, final int connections) {
        final Map<String, Object> line = new LinkedHashMap<>();
        line.put("address", address);
        line.put("size", size);
        line.put("connections", connections);
        line.put("seconds", elapsedNanos / 1e9);
        line.put("roundTrips", count());
        line.put("roundTripsPerSecond", perSecond());
        line.put("bytesVerified", bytesVerified);
        line.put("lost", lost);
        line.put("p50Micros", micros(50));
        line.put("p90Micros", micros(90));
        line.put("p99Micros", micros(99));
        line.put("p99.9Micros", micros(99.9));
        line.put("p99.99Micros", micros(99.99));
        line.put("maxMicros", micros(100));
        return line;
    }
}
