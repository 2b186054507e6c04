package io.github.fdsock.cli.http;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A part of a file, as `Range` asks for it (RFC 9110, 14.1).
///
/// @param start  the first byte
/// @param length how many; 0 where the file has nothing of what is asked for
record ByteRange(long start, long length) {
    private static final Pattern ONE = Pattern.compile("(?i:bytes)=(\\d{0,18})-(\\d{0,18})");

    /// Reads the field's value.
    ///
    /// @param value what was asked for; null for nothing
    /// @param size of the file
    /// @return null where all of it is to be sent: nothing was asked for, or several parts, or in another unit, or
    ///         something that is no range
    static ByteRange read(final String value, final long size) {
        final Matcher range = ONE.matcher(value == null ? "" : value);
        if (!range.matches() || range.group(1).isEmpty() && range.group(2).isEmpty()) {
            return null;
        }
        final long last = range.group(2).isEmpty() ? size : Long.parseLong(range.group(2));
        if (range.group(1).isEmpty()) {
            return new ByteRange(size - Math.min(last, size), Math.min(last, size));
        }
        final long first = Long.parseLong(range.group(1));
        if (!range.group(2).isEmpty() && last < first) {
            return null;
        }
        return first >= size ? new ByteRange(size, 0) : new ByteRange(first, Math.min(last, size - 1) - first + 1);
    }
}
