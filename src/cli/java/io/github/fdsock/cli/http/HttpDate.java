package io.github.fdsock.cli.http;

import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.List;
import java.util.Locale;

/// A time as the protocol writes it (RFC 9110, 5.6.7), made once for all that happens within its second.
final class HttpDate {
    private static final DateTimeFormatter FORMAT = formatter(of("EEE, dd MMM uuuu HH:mm:ss 'GMT'"));

    /// What has to be understood: today's form; that of RFC 850, whose two digits are of a year at most 50 years ahead;
    /// that of C's `asctime`.
    private static final List<DateTimeFormatter> READ = List.of(FORMAT,
            formatter(of("EEEE, dd-MMM-")
                    .appendValueReduced(ChronoField.YEAR, 2, 2, LocalDate.now(ZoneOffset.UTC).minusYears(49))
                    .appendPattern(" HH:mm:ss 'GMT'")),
            formatter(of("EEE MMM ppd HH:mm:ss uuuu")));

    /// The last second that can be written with four digits of a year.
    private static final long LAST = 253_402_300_799L;

    private long second = -1;
    private byte[] text;

    private static DateTimeFormatterBuilder of(final String pattern) {
        return new DateTimeFormatterBuilder().appendPattern(pattern);
    }

    private static DateTimeFormatter formatter(final DateTimeFormatterBuilder form) {
        return form.toFormatter(Locale.ENGLISH).withZone(ZoneOffset.UTC);
    }

    /// The text for a time, to be read only.
    ///
    /// @param epochSecond since 1970; one that cannot be written is taken for the nearest that can
    byte[] at(final long epochSecond) {
        final long wanted = Math.clamp(epochSecond, 0, LAST);
        if (wanted != second) {
            second = wanted;
            text = FORMAT.format(Instant.ofEpochSecond(wanted)).getBytes(StandardCharsets.US_ASCII);
        }
        return text;
    }

    /// The seconds since 1970 that a text means; -1 where it means none.
    static long read(final String text) {
        for (final DateTimeFormatter form : READ) {
            try {
                return form.parse(text).getLong(ChronoField.INSTANT_SECONDS);
            } catch (final DateTimeException e) {
                // Perhaps in the next form.
                continue;
            }
        }
        return -1;
    }
}
