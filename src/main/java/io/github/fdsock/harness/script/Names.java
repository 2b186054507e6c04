package io.github.fdsock.harness.script;

import io.github.fdsock.sys.Constants;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What the names in a script stand for: constants of C, what a variant says, what lines have taken; and the numbers
/// that come of them.
///
/// Of one run, whose threads use it in turns.
final class Names {
    private final Map<String, Value> values;
    private final String directory;

    /// @param values those that are there from the beginning
    /// @param directory what `$TMP` stands for
    Names(final Map<String, Value> values, final String directory) {
        this.values = new HashMap<>(values);
        this.directory = directory;
    }

    String directory() {
        return directory;
    }

    /// @throws IllegalArgumentException if the name stands for something already
    void take(final String name, final Value value) {
        if (constant(name) != null) {
            throw new IllegalArgumentException(name + " is a constant of C");
        }
        if (values.putIfAbsent(name, value) != null) {
            throw new IllegalArgumentException(name + " is taken already");
        }
    }

    /// A value with the name it may be replaced by what it stands for; a name of a number stays.
    Value resolve(final Value value) {
        return value instanceof Value.Name(String name) && values.get(name) != null
                && !(values.get(name) instanceof Value.Name) ? values.get(name) : value;
    }

    /// @throws IllegalArgumentException if it is no number
    long number(final Value value) {
        return switch (resolve(value)) {
            case Value.Number(long number) -> number;
            case Value.Name(String name) -> {
                // A variant may say A=B, and B=C: what the last is, a constant or taken by a line. Or in a circle.
                String last = name;
                for (int i = 0; i < values.size() && values.get(last) instanceof Value.Name(String next); i++) {
                    last = next;
                }
                final Value found = values.get(last);
                final Long constant = constant(last);
                if (found != null && !(found instanceof Value.Name)) {
                    yield number(found);
                }
                if (constant == null) {
                    throw new IllegalArgumentException("unknown name " + last);
                }
                yield constant;
            }
            case Value.Flags(List<Value> parts) -> parts.stream().mapToLong(this::number).reduce(0, (a, b) -> a | b);
            default -> throw new IllegalArgumentException("not a number: " + value);
        };
    }

    /// @throws IllegalArgumentException if it is no number from 0 to `most`
    int number(final Value value, final int most) {
        final long number = number(value);
        if (number < 0 || number > most) {
            throw new IllegalArgumentException(number + " is not within 0.." + most);
        }
        return (int) number;
    }

    private static Long constant(final String name) {
        try {
            return ((Number) Constants.class.getField(name).get(null)).longValue();
        } catch (final NoSuchFieldException e) {
            return null;
        } catch (final IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Whether it stands for a number, or for any.
    boolean isNumeric(final Value value) {
        return switch (resolve(value)) {
            case Value.Number _, Value.Name _, Value.Flags _, Value.Range _, Value.Take _, Value.Any _ -> true;
            default -> false;
        };
    }

    /// As it is written and, where that is by name, which number it is.
    String describe(final Value value) {
        return value instanceof Value.Name && resolve(value) instanceof Value.Range range ? value + " (" + range + ")"
                : value instanceof Value.Name || value instanceof Value.Flags ? value + " (" + number(value) + ")"
                : value.toString();
    }

    /// Whether a number is what the script expects; takes it where it wants to.
    boolean matches(final Value expected, final long actual) {
        try {
            match(expected, actual, Long.BYTES);
            return true;
        } catch (final Mismatch _) {
            return false;
        }
    }

    /// Compares a number with what the script expects; takes it where it wants to.
    ///
    /// @param width how many of the low bytes count
    /// @throws Mismatch if they differ
    void match(final Value expected, final long actual, final int width) {
        final long mask = width == Long.BYTES ? -1 : (1L << width * Byte.SIZE) - 1;
        switch (resolve(expected)) {
            case Value.Any _ -> { }
            case Value.Take(String name) -> take(name, new Value.Number(actual));
            case Value.Range(long from, long to) -> {
                if (actual < from || actual > to) {
                    throw new Mismatch(expected, describe(expected), Long.toString(actual));
                }
            }
            default -> {
                if (((number(expected) ^ actual) & mask) != 0) {
                    throw new Mismatch(expected, describe(expected), Long.toString(actual));
                }
            }
        }
    }
}
