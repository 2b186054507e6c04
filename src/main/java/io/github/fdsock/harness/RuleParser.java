package io.github.fdsock.harness;

import io.github.fdsock.Endpoint;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Errno;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// Reads the text of one [FaultRule], from left to right.
final class RuleParser {
    private static final Pattern OPTION = Pattern.compile("([a-z_]*)([<>]=?|=)?(.*)", Pattern.DOTALL);

    /// Where an address ends.
    private static final Pattern NEXT_OPTION = Pattern.compile(":(?=(error|retval|short|signal|delay_enter|delay_exit"
            + "|fd|addr|op|when|per|chance|seed)=|len[<>=]|after(:|$))");

    private static final Pattern TIME = Pattern.compile("(\\d+(?:\\.\\d*)?|\\.\\d+)(s|ms|us|ns)?");

    private final String text;
    private int at;

    RuleParser(final String text) {
        this.text = text;
    }

    FaultRule rule() {
        final Set<Call> named = set();
        FaultRule rule = new FaultRule(named, text.substring(0, at));
        while (at < text.length()) {
            at++;
            final int end = end();
            rule = option(rule, text.substring(at, end));
            at = end;
        }
        return refusedAt(at, rule::complete);
    }

    /// The text as a set of calls, and nothing behind it.
    Set<Call> calls() {
        final Set<Call> calls = set();
        if (at < text.length()) {
            throw new FaultSyntaxException(text, at + 1, "expected nothing behind a set of calls", null);
        }
        return calls;
    }

    private Set<Call> set() {
        final int end = text.indexOf(':') < 0 ? text.length() : text.indexOf(':');
        final Set<Call> calls = EnumSet.noneOf(Call.class);
        final boolean others = text.startsWith("!");
        at = others ? 1 : 0;
        for (;;) {
            final int comma = text.indexOf(',', at);
            final int itemEnd = comma < 0 || comma > end ? end : comma;
            final String item = text.substring(at, itemEnd);
            calls.addAll(refusedAt(at, () -> item(item)));
            at = itemEnd;
            if (itemEnd == end) {
                break;
            }
            at++;
        }
        final Set<Call> named = others ? EnumSet.complementOf(EnumSet.copyOf(calls)) : calls;
        if (named.isEmpty()) {
            throw new FaultSyntaxException(text, 1, "expected a set of calls, not one of none", null);
        }
        return named;
    }

    private static Set<Call> item(final String item) {
        if (item.equals("all")) {
            return EnumSet.allOf(Call.class);
        }
        if (item.startsWith("%")) {
            final Set<Call> calls = FaultRule.group(item.substring(1));
            if (calls == null) {
                throw new IllegalArgumentException(
                        "expected %network, %net, %desc, %file, %memory, %signal or %clock, not \"" + item + '"');
            }
            return calls;
        }
        final Set<Call> calls = EnumSet.noneOf(Call.class);
        final boolean isRegex = item.startsWith("/");
        final Pattern pattern = isRegex ? regex(item.substring(1)) : null;
        for (final Call call : Call.values()) {
            if (isRegex ? pattern.matcher(new Name(call.name())).find() : call.name().equals(item)) {
                calls.add(call);
            }
        }
        if (calls.isEmpty()) {
            throw new IllegalArgumentException("expected a call such as accept4, all, /regex or %class, not \"" + item
                    + '"' + (isRegex ? ", which is found in no name" : ""));
        }
        return calls;
    }

    /// A name that is read so many times and no more: a regular expression can go back for hours.
    private static final class Name implements CharSequence {
        private final String name;
        private int left = 100_000;

        private Name(final String name) {
            this.name = name;
        }

        @Override
        public char charAt(final int index) {
            if (left-- == 0) {
                throw new IllegalArgumentException("expected a regular expression that goes back less often");
            }
            return name.charAt(index);
        }

        @Override
        public int length() {
            return name.length();
        }

        @Override
        public CharSequence subSequence(final int start, final int end) {
            return name.subSequence(start, end);
        }
    }

    private static Pattern regex(final String regex) {
        try {
            return Pattern.compile(regex);
        } catch (final PatternSyntaxException e) {
            throw new IllegalArgumentException("expected a regular expression: " + e.getDescription(), e);
        }
    }

    /// Where the option that begins here ends.
    private int end() {
        if (text.startsWith("addr=", at)) {
            final Matcher next = NEXT_OPTION.matcher(text);
            return next.find(at) ? next.start() : text.length();
        }
        final int colon = text.indexOf(':', at);
        return colon < 0 ? text.length() : colon;
    }

    private FaultRule option(final FaultRule rule, final String option) {
        final Matcher parts = OPTION.matcher(option);
        // It always does: each part may be empty.
        parts.matches();
        final String name = parts.group(1);
        final String operator = parts.group(2);
        final String value = parts.group(3);
        if (!(name.equals("after") ? option.equals("after") : isOption(name, operator))) {
            throw new FaultSyntaxException(text, at + 1, "expected an option such as error=EMFILE or when=2, not \""
                    + option + '"', null);
        }
        return refusedAt(value.isEmpty() && operator == null ? at : at + parts.start(3), () -> switch (name) {
            case "error" -> rule.error(errno(value));
            case "retval" -> rule.retval(number(value));
            case "after" -> rule.after();
            case "short" -> rule.shortTo(number(value));
            case "signal" -> rule.signal(Signals.number(value));
            case "delay_enter" -> rule.delayEnter(time(value));
            case "delay_exit" -> rule.delayExit(time(value));
            case "fd" -> rule.fd(Math.toIntExact(number(value, Integer.MAX_VALUE)));
            case "addr" -> rule.address(Endpoint.parse(value));
            case "len" -> length(rule, operator, number(value));
            case "op" -> rule.operation(FaultRule.operation(value));
            case "when" -> rule.when(Occurrences.parse(value));
            case "per" -> perDescriptor(rule, value);
            case "chance" -> rule.chance(fraction(value));
            default -> rule.seed(number(value));
        });
    }

    private static boolean isOption(final String name, final String operator) {
        return switch (name) {
            case "error", "retval", "short", "signal", "delay_enter", "delay_exit", "fd", "addr", "op", "when", "per",
                    "chance", "seed" -> "=".equals(operator);
            case "len" -> operator != null;
            default -> false;
        };
    }

    private static FaultRule length(final FaultRule rule, final String operator, final long bytes) {
        return switch (operator) {
            case "<" -> rule.length(0, Math.subtractExact(bytes, 1));
            case "<=" -> rule.length(0, bytes);
            case ">" -> rule.length(Math.addExact(bytes, 1), Long.MAX_VALUE);
            case ">=" -> rule.length(bytes, Long.MAX_VALUE);
            default -> rule.length(bytes, bytes);
        };
    }

    private static FaultRule perDescriptor(final FaultRule rule, final String value) {
        if (!value.equals("fd")) {
            throw new IllegalArgumentException("expected fd, not \"" + value + '"');
        }
        return rule.perDescriptor();
    }

    private static int errno(final String value) {
        if (value.matches("\\d+")) {
            return Math.toIntExact(number(value, Integer.MAX_VALUE));
        }
        try {
            return Errno.number(value);
        } catch (final IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "expected an errno such as EMFILE or its number, not \"" + value + '"', e);
        }
    }

    private static long number(final String value) {
        return number(value, Long.MAX_VALUE);
    }

    private static long number(final String value, final long most) {
        try {
            final long number = Long.parseLong(value);
            if (number <= most) {
                return number;
            }
        } catch (final NumberFormatException e) {
            // The same answer: neither is such a number.
        }
        throw new IllegalArgumentException("expected a number" + (most == Long.MAX_VALUE ? "" : " up to " + most)
                + ", not \"" + value + '"');
    }

    private static double fraction(final String value) {
        try {
            return Double.parseDouble(value);
        } catch (final NumberFormatException e) {
            throw new IllegalArgumentException("expected a probability such as 0.1, not \"" + value + '"', e);
        }
    }

    private static Duration time(final String value) {
        final Matcher parts = TIME.matcher(value);
        if (!parts.matches()) {
            throw new IllegalArgumentException("expected a time such as 500, 1.5ms or 2s, not \"" + value + '"');
        }
        final int digits = switch (parts.group(2)) {
            case "s" -> 9;
            case "ms" -> 6;
            case "ns" -> 0;
            case null, default -> 3;
        };
        try {
            return Duration.ofNanos(
                    new BigDecimal(parts.group(1)).movePointRight(digits).toBigInteger().longValueExact());
        } catch (final ArithmeticException e) {
            throw new IllegalArgumentException("expected a time of less than 292 years, not " + value, e);
        }
    }

    /// What refuses a part does not know where in the text it is.
    private <T> T refusedAt(final int place, final Supplier<T> part) {
        try {
            return part.get();
        } catch (final IllegalArgumentException | ArithmeticException e) {
            throw new FaultSyntaxException(text, place + 1, e.getMessage(), e);
        }
    }
}
