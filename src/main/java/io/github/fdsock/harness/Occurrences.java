package io.github.fdsock.harness;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Which of the calls that a rule matches it is about: strace's `first[..last][+[step]]`.
///
/// @param first the first of them, from 1
/// @param last the last that may be one; `Integer.MAX_VALUE` for no end
/// @param step from one to the next
record Occurrences(int first, int last, int step) {
    static final Occurrences ALL = new Occurrences(1, Integer.MAX_VALUE, 1);

    private static final Pattern FORM = Pattern.compile("(\\d+)(?:\\.\\.(\\d+))?(\\+(\\d*))?");

    Occurrences {
        if (first < 1 || last < first || step < 1) {
            throw new IllegalArgumentException("expected 1 <= first <= last and a step of 1 or more, not "
                    + first + ".." + last + "+" + step);
        }
    }

    static Occurrences parse(final String text) {
        final Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("expected first[..last][+[step]] such as 2, 1..3, 2+ or 3+5, not \""
                    + text + '"');
        }
        final int first = number(matcher.group(1));
        final boolean open = matcher.group(3) != null;
        final int last = matcher.group(2) != null ? number(matcher.group(2)) : open ? Integer.MAX_VALUE : first;
        return new Occurrences(first, last, open && !matcher.group(4).isEmpty() ? number(matcher.group(4)) : 1);
    }

    private static int number(final String digits) {
        try {
            return Integer.parseInt(digits);
        } catch (final NumberFormatException e) {
            throw new IllegalArgumentException("expected a number up to " + Integer.MAX_VALUE + ", not " + digits, e);
        }
    }

    boolean include(final long occurrence) {
        return occurrence >= first && occurrence <= last && (occurrence - first) % step == 0;
    }

    /// The shortest form.
    @Override
    public String toString() {
        if (first == last) {
            return Integer.toString(first);
        }
        final String range = first + (last == Integer.MAX_VALUE ? "" : ".." + last);
        return step > 1 ? range + "+" + step : last == Integer.MAX_VALUE ? range + "+" : range;
    }
}
