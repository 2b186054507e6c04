package io.github.fdsock.harness;

import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/// How the lines of a [Trace] look, by strace's own switches.
///
/// @param limit how many bytes of a string, and elements of an array, are shown (`-s`)
/// @param threads whether a line begins with the kernel's number of its thread (`-f`)
/// @param times whether it then has the time of day (`-tt`)
/// @param durations whether it ends with how long the call took, in seconds (`-T`)
/// @param column where the result stands at the least (`-a`); 0 for right behind the call
public record TraceStyle(int limit, boolean threads, boolean times, boolean durations, int column) {

    /// Nothing that differs from one run to the next but what the calls themselves bring: `close(5) = 0`.
    public static final TraceStyle PLAIN = new TraceStyle(32, false, false, false, 0);

    private static final DateTimeFormatter TIME_OF_DAY =
            DateTimeFormatter.ofPattern("HH:mm:ss.SSSSSS", Locale.ROOT).withZone(ZoneId.systemDefault());
    private static final double NANOS_PER_SECOND = 1e9;

    /// Checks the numbers.
    ///
    /// @throws IllegalArgumentException if one is negative
    public TraceStyle {
        if (limit < 0 || column < 0) {
            throw new IllegalArgumentException("a limit of " + limit + " bytes, and a result in column " + column);
        }
    }

    /// A call in one line.
    ///
    /// @param entry the call
    /// @return the line, without its end
    public String line(final Trace.Entry entry) {
        final StringBuilder line = new StringBuilder();
        if (threads) {
            line.append("[pid ").append(entry.tid()).append("] ");
        }
        if (times) {
            TIME_OF_DAY.formatTo(entry.time(), line);
            line.append(' ');
        }
        final int start = line.length();
        line.append(entry.call()).append('(').append(String.join(", ", entry.arguments())).append(')');
        while (line.length() - start < column - 1) {
            line.append(' ');
        }
        line.append(" = ").append(entry.outcome());
        if (entry.injected()) {
            line.append(" (INJECTED)");
        }
        if (durations) {
            line.append(String.format(Locale.ROOT, " <%.6f>", entry.nanos() / NANOS_PER_SECOND));
        }
        return line.toString();
    }
}
