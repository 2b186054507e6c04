package io.github.fdsock.harness;

import io.github.fdsock.sys.Call;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/// How often which calls were made, how many of them failed, and how long they took by the clock on the wall.
///
/// Its text is the table of `strace -c -w`: the longest first.
public final class TraceSummary {
    private static final double NANOS_PER_SECOND = 1e9;
    private static final long NANOS_PER_MICRO = 1_000;
    private static final String HEAD = "%% time     seconds  usecs/call     calls    errors syscall%n";
    private static final String RULE = "------ ----------- ----------- --------- --------- ----------------%n";

    private final long[] calls;
    private final long[] errors;
    private final long[] nanos;

    TraceSummary() {
        this(new long[Call.values().length], new long[Call.values().length], new long[Call.values().length]);
    }

    private TraceSummary(final long[] calls, final long[] errors, final long[] nanos) {
        this.calls = calls;
        this.errors = errors;
        this.nanos = nanos;
    }

    synchronized void add(final Call call, final long result, final long duration) {
        calls[call.ordinal()]++;
        nanos[call.ordinal()] += duration;
        if (result < 0) {
            errors[call.ordinal()]++;
        }
    }

    synchronized TraceSummary copy() {
        return new TraceSummary(calls.clone(), errors.clone(), nanos.clone());
    }

    /// How often a function was called.
    ///
    /// @param call the function
    /// @return the number of calls that have returned
    public long calls(final Call call) {
        return calls[call.ordinal()];
    }

    /// How many of the calls of a function failed.
    ///
    /// @param call the function
    /// @return the number of those with an errno
    public long errors(final Call call) {
        return errors[call.ordinal()];
    }

    /// How long a function took.
    ///
    /// @param call the function
    /// @return all its calls together, in nanoseconds
    public long nanos(final Call call) {
        return nanos[call.ordinal()];
    }

    /// The table, with a line for each function that was called.
    @Override
    public String toString() {
        final List<Call> called = Arrays.stream(Call.values()).filter(call -> calls(call) > 0)
                .sorted(Comparator.comparingLong(this::nanos).reversed()).toList();
        final long total = Arrays.stream(nanos).sum();
        final StringBuilder table = new StringBuilder(String.format(HEAD + RULE));
        for (final Call call : called) {
            row(table, total, nanos(call), calls(call), errors(call), call.name());
        }
        table.append(String.format(RULE));
        row(table, total, total, Arrays.stream(calls).sum(), Arrays.stream(errors).sum(), "total");
        return table.toString();
    }

    private static void row(final StringBuilder table, final long total, final long nanos, final long calls,
            final long errors, final String name) {
        table.append(String.format(Locale.ROOT, "%6.2f %11.6f %11d %9d %9s %s%n",
                total == 0 ? 0 : 100.0 * nanos / total, nanos / NANOS_PER_SECOND, calls == 0 ? 0 : nanos / calls / NANOS_PER_MICRO, calls,
                errors == 0 ? "" : Long.toString(errors), name));
    }
}
