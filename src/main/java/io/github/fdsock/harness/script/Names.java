package io.github.fdsock.harness.script;

import io.github.fdsock.harness.script.child.Frame;
import io.github.fdsock.sys.Constants;
import io.github.fdsock.sys.Errno;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/// What the names in a script stand for: constants of C, what a variant says, what lines have taken; and the numbers
/// that come of them.
///
/// Of one process of a run, whose threads use it in turns. What is taken in one process is told to the others: a value
/// is the same there, a descriptor is not.
final class Names {
    private final Map<String, Value> values;
    private final String directory;

    /// What lines have taken, in order.
    private final List<String> taken = new ArrayList<>();

    /// Those of them that are descriptors of this process.
    private final Set<String> descriptors = new HashSet<>();

    /// @param values those that are there from the beginning
    /// @param directory what `$TMP` stands for
    Names(final Map<String, Value> values, final String directory) {
        this.values = new HashMap<>(values);
        this.directory = directory;
    }

    /// Those with which a run begins, in this process.
    static Names of(final Script.Variant variant, final String directory) throws IOException {
        final Map<String, Value> values = new HashMap<>(variant.names());
        final Path self = Path.of("/proc/self");
        values.put("pid", new Value.Number(pid()));
        values.put("uid", new Value.Number(((Number) Files.getAttribute(self, "unix:uid")).longValue()));
        values.put("gid", new Value.Number(((Number) Files.getAttribute(self, "unix:gid")).longValue()));
        return new Names(values, directory);
    }

    /// Of this process; a [ProcessHandle] would start threads.
    static int pid() throws IOException {
        return Integer.parseInt(Files.readSymbolicLink(Path.of("/proc/self")).toString());
    }

    String directory() {
        return directory;
    }

    /// @throws IllegalArgumentException if the name stands for something already
    void take(final String name, final Value value) {
        requireFree(name);
        values.put(name, value);
        taken.add(name);
    }

    /// @throws IllegalArgumentException if the name stands for something already
    void requireFree(final String name) {
        if (constant(name) != null) {
            throw new IllegalArgumentException(name + " is a constant of C");
        }
        if (values.containsKey(name)) {
            throw new IllegalArgumentException(name + " is taken already");
        }
    }

    /// How many names lines have taken.
    int taken() {
        return taken.size();
    }

    /// Says which of the names from `from` on are descriptors.
    ///
    /// @param made the descriptors that a call has made
    void markDescriptors(final int from, final Set<Integer> made) {
        for (final String name : taken.subList(from, taken.size())) {
            if (values.get(name) instanceof Value.Number(long number) && made.contains((int) number)) {
                descriptors.add(name);
            }
        }
    }

    // ---- between processes

    private enum Kind {
        NUMBER, BYTES, ELSEWHERE
    }

    /// Writes the names from `from` on, for another process.
    ///
    /// @param label of this process
    /// @param inherited descriptors that the other one has as well
    void write(final DataOutputStream out, final int from, final String label, final Set<Integer> inherited)
            throws IOException {
        out.writeInt(taken.size() - from);
        for (final String name : taken.subList(from, taken.size())) {
            Frame.write(out, name);
            switch (values.get(name)) {
                case Value.Number(long number) when !descriptors.contains(name) || inherited.contains((int) number) -> {
                    out.writeInt(Kind.NUMBER.ordinal());
                    out.writeLong(number);
                }
                case Value.Number(long number) -> writeElsewhere(out, label, number);
                case Value.Elsewhere(String other, long number) -> writeElsewhere(out, other, number);
                case Value.Found(byte[] bytes) -> {
                    out.writeInt(Kind.BYTES.ordinal());
                    Frame.write(out, bytes);
                }
                default -> throw new IllegalStateException("not to be taken: " + values.get(name));
            }
        }
    }

    private static void writeElsewhere(final DataOutputStream out, final String label, final long number)
            throws IOException {
        out.writeInt(Kind.ELSEWHERE.ordinal());
        Frame.write(out, label);
        out.writeLong(number);
    }

    /// Takes what [#write] has written in another process, as far as it is new here.
    void read(final DataInputStream in) throws IOException {
        for (int i = in.readInt(); i > 0; i--) {
            final String name = Frame.text(in);
            final Value value = switch (Kind.values()[in.readInt()]) {
                case NUMBER -> new Value.Number(in.readLong());
                case BYTES -> new Value.Found(Frame.bytes(in));
                case ELSEWHERE -> new Value.Elsewhere(Frame.text(in), in.readLong());
            };
            if (values.putIfAbsent(name, value) == null) {
                taken.add(name);
            }
        }
    }

    // ---- what they stand for

    /// A value with the name it may be replaced by what it stands for; a name of a number stays.
    ///
    /// @throws IllegalArgumentException if that is a descriptor of another process
    Value resolve(final Value value) {
        if (!(value instanceof Value.Name(String name)) || values.get(name) == null
                || values.get(name) instanceof Value.Name) {
            return value;
        }
        if (values.get(name) instanceof Value.Elsewhere elsewhere) {
            throw new IllegalArgumentException(name + " is " + elsewhere + (elsewhere.label().isEmpty()
                    ? " alone: close-on-exec, or opened later" : ", not of this process"));
        }
        return values.get(name);
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
                final Value found = values.get(last) == null ? null : resolve(new Value.Name(last));
                final Long constant = constant(last);
                if (found != null && !(found instanceof Value.Name)) {
                    yield number(found);
                }
                if (constant == null) {
                    throw unknown(last);
                }
                yield constant;
            }
            case Value.Flags(List<Value> parts) -> parts.stream().mapToLong(this::number).reduce(0, (a, b) -> a | b);
            default -> throw new IllegalArgumentException("not a number: " + value);
        };
    }

    private IllegalArgumentException unknown(final String name) {
        final String meant = similar(name, Stream.concat(values.keySet().stream(),
                Arrays.stream(Constants.class.getFields()).map(Field::getName)));
        return new IllegalArgumentException("unknown name " + name + (!meant.isEmpty() ? meant
                : ": no constant of C, and no line before has taken it, by `?" + name + "` or `" + name + " = ...`"));
    }

    /// `; did you mean NAME?` for the one of some that differs least, by no more than two letters.
    static String similar(final String name, final Stream<String> names) {
        return names.min(Comparator.comparingInt(other -> distance(name, other)))
                .filter(other -> distance(name, other) <= Math.min(2, name.length() / 3))
                .map(other -> "; did you mean " + other + "?").orElse("");
    }

    /// How many letters have to be put in, left out, exchanged or swapped with the next.
    private static int distance(final String a, final String b) {
        final int[][] distance = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    distance[i][j] = i + j;
                    continue;
                }
                final int other = a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1;
                distance[i][j] = Math.min(distance[i - 1][j - 1] + other,
                        1 + Math.min(distance[i - 1][j], distance[i][j - 1]));
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    distance[i][j] = Math.min(distance[i][j], distance[i - 2][j - 2] + 1);
                }
            }
        }
        return distance[a.length()][b.length()];
    }

    /// The number of a descriptor, whichever process has it.
    ///
    /// @throws IllegalArgumentException if it is no number
    long numberAnywhere(final Value value) {
        return value instanceof Value.Name(String name) && values.get(name) instanceof Value.Elsewhere elsewhere
                ? elsewhere.number() : number(value);
    }

    /// @throws IllegalArgumentException if it is no number from 0 to `most`
    int number(final Value value, final int most) {
        final long number = number(value);
        if (number < 0 || number > most) {
            throw new IllegalArgumentException(number + " is not within 0.." + most);
        }
        return (int) number;
    }

    /// `SIGKILL`; a number where no constant is.
    static String signal(final int number) {
        for (final Field field : Constants.class.getFields()) {
            if (field.getName().matches("SIG[A-Z0-9]+") && constant(field.getName()) == number) {
                return field.getName();
            }
        }
        return "signal " + number;
    }

    static boolean isErrno(final String name) {
        final Long number = constant(name);
        return number != null && number == number.intValue() && Errno.isKnown(number.intValue())
                && Errno.name(number.intValue()).equals(name);
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
