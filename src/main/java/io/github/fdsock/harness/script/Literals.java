package io.github.fdsock.harness.script;

import io.github.fdsock.sys.Constants;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/// What literals come to in bytes: encodes what goes into a call, and matches what comes out.
final class Literals {
    private static final int AF_UNIX_HEADER = 2;
    private static final int SOCKADDR_IN = 16;
    private static final int SOCKADDR_IN6 = 28;
    private static final int PORT_MAX = 0xffff;
    private static final int PADDED_MAX = 1 << 20;

    private final Names names;

    Literals(final Names names) {
        this.names = names;
    }

    Value resolve(final Value value) {
        return names.resolve(value);
    }

    // ---- into the kernel

    byte[] encode(final Value value) {
        return switch (names.resolve(value)) {
            case Value.Text(String characters, int times) ->
                Octets.of(characters.replace("$TMP", names.directory()).repeat(times));
            case Value.Found(byte[] bytes) -> bytes;
            case Value.Array(List<Value> elements) -> {
                final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                for (final Value element : elements) {
                    bytes.writeBytes(names.isNumeric(element)
                            ? Octets.of(names.number(element), Integer.BYTES) : encode(element));
                }
                yield bytes.toByteArray();
            }
            case Value.Struct literal -> {
                final Struct struct = Struct.of(literal);
                final byte[] bytes = new byte[struct.size()];
                encode(literal, struct, bytes, 0);
                yield bytes;
            }
            case Value.Form form -> encodeForm(form);
            case Value.Name _, Value.Number _, Value.Flags _ -> {
                // If it is none, that is what is wrong.
                names.number(value);
                throw new IllegalArgumentException("nothing that a pointer can point to: " + value + "; `[" + value
                        + "]` is an int");
            }
            default -> throw new IllegalArgumentException("nothing that a pointer can point to: " + value);
        };
    }

    private void encode(final Value.Struct literal, final Struct struct, final byte[] bytes, final int at) {
        if (literal.open()) {
            throw new IllegalArgumentException("`...` in what goes into a call: leave out what shall be 0");
        }
        literal.fields().forEach((name, value) -> {
            final Struct.Field field = struct.field(name);
            if (names.isNumeric(value)) {
                put(bytes, at, Octets.of(names.number(value), width(field, name)), field);
            } else if (value instanceof Value.Struct inner && field.struct() != null) {
                encode(inner, field.struct(), bytes, at + field.offset());
            } else {
                put(bytes, at, encode(value), field);
            }
        });
    }

    private static void put(final byte[] bytes, final int at, final byte[] value, final Struct.Field field) {
        if (value.length > field.size()) {
            throw new IllegalArgumentException("more than " + field.size() + " bytes for this field");
        }
        System.arraycopy(value, 0, bytes, at + field.offset(), value.length);
    }

    private byte[] encodeForm(final Value.Form form) {
        return switch (form.name()) {
            case "u8", "u16", "u32", "u64" -> Octets.of(names.number(argument(form, 0)), integerWidth(form));
            case "family" -> Octets.both(Octets.of(names.number(argument(form, 0)), Short.BYTES),
                    new byte[SOCKADDR_IN - Short.BYTES]);
            case "inet", "inet6" -> inet(form, names.number(argument(form, 1), PORT_MAX));
            case "inet_addr" -> address(argument(form, 0));
            case "padded" -> padded(encode(argument(form, 0)), names.number(argument(form, 1), PADDED_MAX));
            case "unix" -> form.arguments().isEmpty() ? Octets.of(Constants.AF_UNIX, Short.BYTES)
                    : Octets.both(Octets.of(Constants.AF_UNIX, Short.BYTES), unixName(argument(form, 0)));
            default -> throw new IllegalArgumentException("nothing that goes into a call: " + form);
        };
    }

    private byte[] unixName(final Value name) {
        return name instanceof Value.Form(String at, List<Value> text) && at.equals("@")
                ? Octets.both(new byte[1], encode(text.getFirst())) : Octets.both(encode(name), new byte[1]);
    }

    private byte[] inet(final Value.Form form, final int port) {
        final boolean six = form.name().equals("inet6");
        byte[] address = address(argument(form, 0));
        if (six && address.length == Integer.BYTES) {
            // Java takes `::ffff:127.0.0.1` for an IPv4 address.
            address = Octets.both(new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1}, address);
        }
        if (address.length != (six ? 2 * Long.BYTES : Integer.BYTES)) {
            throw new IllegalArgumentException("an address of the other family: " + form);
        }
        final ByteBuffer name = ByteBuffer.allocate(six ? SOCKADDR_IN6 : SOCKADDR_IN).order(ByteOrder.nativeOrder());
        name.putShort((short) (six ? Constants.AF_INET6 : Constants.AF_INET));
        name.put((byte) (port >> Byte.SIZE)).put((byte) port);
        name.position(six ? Long.BYTES : Integer.BYTES).put(address);
        if (six && form.arguments().size() > 2) {
            name.putInt((int) names.number(form.arguments().get(2)));
        }
        return name.array();
    }

    private static byte[] padded(final byte[] bytes, final int length) {
        final byte[] padded = Arrays.copyOf(bytes, length);
        Arrays.fill(padded, Math.min(bytes.length, length), length, (byte) 'x');
        return padded;
    }

    private byte[] address(final Value text) {
        return InetAddress.ofLiteral(new String(encode(text), StandardCharsets.ISO_8859_1)).getAddress();
    }

    // ---- out of the kernel

    /// Compares what a call has written, all of it, with what the script expects; takes what it wants to be taken.
    ///
    /// @throws Mismatch if they differ
    void match(final Value expected, final byte[] actual) {
        final Value resolved = names.resolve(expected);
        switch (resolved) {
            case Value.Any _ -> { }
            case Value.Take(String name) -> names.take(name, new Value.Found(actual));
            case Value.Array(List<Value> elements) when elements.stream().allMatch(names::isNumeric) ->
                matchIntegers(expected, elements, actual);
            case Value.Array(List<Value> elements) -> matchUnordered(expected, elements, actual);
            case Value.Struct literal -> {
                final Struct struct = Struct.of(literal, actual.length);
                if (!literal.open()) {
                    requireLength(expected, actual, struct.size(), struct.describe(actual, 0));
                }
                match(literal, struct, actual, 0);
            }
            case Value.Form form -> matchForm(expected, form, actual);
            default -> {
                if (!Arrays.equals(encode(resolved), actual)) {
                    throw new Mismatch(expected, Octets.quoted(encode(resolved)), Octets.quoted(actual));
                }
            }
        }
    }

    private void matchIntegers(final Value expected, final List<Value> elements, final byte[] actual) {
        requireLength(expected, actual, elements.size() * Integer.BYTES, integers(actual));
        for (int i = 0; i < elements.size(); i++) {
            try {
                names.match(elements.get(i), integerAt(actual, i), Integer.BYTES);
            } catch (final Mismatch mismatch) {
                throw mismatch.within(expected, integers(actual));
            }
        }
    }

    private static int integerAt(final byte[] bytes, final int index) {
        return (int) Octets.integer(bytes, index * Integer.BYTES, Integer.BYTES);
    }

    private static String integers(final byte[] bytes) {
        final List<String> integers = new ArrayList<>();
        for (int i = 0; i < bytes.length / Integer.BYTES; i++) {
            integers.add(Integer.toString(integerAt(bytes, i)));
        }
        return integers.toString();
    }

    /// Events are reported in no particular order, so any will do.
    private void matchUnordered(final Value expected, final List<Value> elements, final byte[] actual) {
        if (elements.stream().anyMatch(element -> !(element instanceof Value.Struct))) {
            throw new IllegalArgumentException("neither numbers nor structs: " + expected);
        }
        final Struct struct = Struct.of((Value.Struct) elements.getFirst());
        final List<byte[]> all = new ArrayList<>();
        for (int i = 0; i < actual.length / struct.size(); i++) {
            all.add(Octets.part(actual, i * struct.size(), (i + 1) * struct.size()));
        }
        requireLength(expected, actual, elements.size() * struct.size(), describe(struct, all));
        final List<byte[]> rest = new ArrayList<>(all);
        for (final Value element : elements) {
            if (!takeMatching(element, rest)) {
                throw new Mismatch(element, element + " among them", describe(struct, rest))
                        .within(expected, describe(struct, all));
            }
        }
    }

    private boolean takeMatching(final Value element, final List<byte[]> rest) {
        for (int i = 0; i < rest.size(); i++) {
            try {
                match(element, rest.get(i));
                rest.remove(i);
                return true;
            } catch (final Mismatch _) {
                // Perhaps the next.
            }
        }
        return false;
    }

    private static String describe(final Struct struct, final List<byte[]> elements) {
        return elements.stream().map(bytes -> struct.describe(bytes, 0)).collect(Collectors.joining(", ", "[", "]"));
    }

    private void match(final Value.Struct literal, final Struct struct, final byte[] actual, final int at) {
        if (!literal.open()) {
            final String missing = struct.fields().keySet().stream()
                    .filter(name -> !literal.fields().containsKey(name)).collect(Collectors.joining(", "));
            if (!missing.isEmpty()) {
                throw new IllegalArgumentException("not told what these fields shall be: " + missing
                        + "; end with `...` if they do not matter");
            }
        }
        literal.fields().forEach((name, value) -> {
            try {
                matchField(name, value, struct.field(name), actual, at);
            } catch (final Mismatch mismatch) {
                throw mismatch.in(name).within(literal, struct.describe(actual, at));
            }
        });
    }

    private void matchField(final String name, final Value value, final Struct.Field field, final byte[] actual,
            final int at) {
        final int from = at + field.offset();
        if (from + field.size() > actual.length) {
            throw new Mismatch(value, value.toString(), "no more than " + actual.length + " bytes");
        }
        if (names.isNumeric(value)) {
            names.match(value, Octets.integer(actual, from, width(field, name)), field.size());
        } else if (value instanceof Value.Struct inner && field.struct() != null) {
            match(inner, field.struct(), actual, from);
        } else {
            match(value, Octets.part(actual, from, from + field.size()));
        }
    }

    private void matchForm(final Value expected, final Value.Form form, final byte[] actual) {
        switch (form.name()) {
            case "u8", "u16", "u32", "u64" -> {
                requireLength(expected, actual, integerWidth(form), Octets.quoted(actual));
                try {
                    names.match(argument(form, 0), Octets.integer(actual, 0, actual.length), actual.length);
                } catch (final Mismatch mismatch) {
                    throw mismatch.within(expected, form.name() + "(" + mismatch.actual() + ")");
                }
            }
            case "inet", "inet6" -> matchInet(expected, form, actual);
            default -> {
                if (!Arrays.equals(encodeForm(form), actual)) {
                    throw new Mismatch(expected, form.toString(), form.name().equals("unix")
                            || form.name().equals("family") ? describeName(actual) : Octets.quoted(actual));
                }
            }
        }
    }

    private void matchInet(final Value expected, final Value.Form form, final byte[] actual) {
        final Value port = argument(form, 1);
        if (names.isNumeric(port) && actual.length >= Integer.BYTES) {
            final int found = port(actual);
            if (Arrays.equals(inet(form, found), actual)) {
                try {
                    names.match(port, found, Short.BYTES);
                } catch (final Mismatch mismatch) {
                    throw mismatch.within(expected, describeName(actual));
                }
                return;
            }
        }
        throw new Mismatch(expected, form.toString(), describeName(actual));
    }

    /// @param came what has come, in the notation
    private static void requireLength(final Value expected, final byte[] actual, final int length, final String came) {
        if (actual.length != length) {
            throw new Mismatch(expected, expected + " of " + length + " bytes",
                    actual.length + " bytes " + Octets.quoted(actual), came);
        }
    }

    private static String describeName(final byte[] name) {
        if (name.length < AF_UNIX_HEADER) {
            return Octets.quoted(name);
        }
        final int family = (int) Octets.integer(name, 0, Short.BYTES);
        if (family == Constants.AF_UNIX) {
            final byte[] path = Octets.part(name, AF_UNIX_HEADER, name.length);
            return "unix(" + (path.length == 0 ? "" : Octets.quoted(path)) + ")";
        }
        final boolean six = family == Constants.AF_INET6 && name.length == SOCKADDR_IN6;
        if (six || family == Constants.AF_INET && name.length == SOCKADDR_IN) {
            try {
                final int at = six ? Long.BYTES : Integer.BYTES;
                final String address = InetAddress.getByAddress(Octets.part(name, at, six ? at + 16 : at + 4))
                        .getHostAddress();
                return (six ? "inet6(\"" : "inet(\"") + address + "\", " + port(name) + ")";
            } catch (final UnknownHostException e) {
                throw new IllegalStateException("4 or 16 bytes are an address", e);
            }
        }
        return "family " + family + " " + Octets.quoted(name);
    }

    private static int port(final byte[] name) {
        return (name[2] & 0xff) << Byte.SIZE | name[3] & 0xff;
    }

    private static int width(final Struct.Field field, final String name) {
        if (field.size() > Long.BYTES) {
            throw new IllegalArgumentException(name + " is no number");
        }
        return field.size();
    }

    private static Value argument(final Value.Form form, final int index) {
        if (index >= form.arguments().size()) {
            throw new IllegalArgumentException("too few arguments: " + form);
        }
        return form.arguments().get(index);
    }

    private static int integerWidth(final Value.Form form) {
        return Integer.parseInt(form.name().substring(1)) / Byte.SIZE;
    }
}
