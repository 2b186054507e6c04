package io.github.fdsock.calls;

import io.github.fdsock.abi.epoll_event;
import io.github.fdsock.abi.group_req;
import io.github.fdsock.abi.in6_pktinfo;
import io.github.fdsock.abi.in_pktinfo;
import io.github.fdsock.abi.ip_mreqn;
import io.github.fdsock.abi.ipv6_mreq;
import io.github.fdsock.abi.itimerspec;
import io.github.fdsock.abi.linger;
import io.github.fdsock.abi.pollfd;
import io.github.fdsock.abi.rlimit;
import io.github.fdsock.abi.signalfd_siginfo;
import io.github.fdsock.abi.sock_extended_err;
import io.github.fdsock.abi.tcp_info;
import io.github.fdsock.abi.timespec;
import io.github.fdsock.abi.timeval;
import io.github.fdsock.abi.ucred;
import io.github.fdsock.sys.Constants;
import io.github.fdsock.sys.struct.EpollEvents;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The names a run knows, and what values come to in bytes: encodes what goes into a call, and matches what comes out.
///
/// One thread's, for one run.
final class Scope {
    private static final int AF_UNIX_HEADER = 2;
    private static final int SOCKADDR_IN = 16;
    private static final int SOCKADDR_IN6 = 28;

    /// A struct literal is the first of these that has all its fields; where the size is known, the first of that size.
    private static final List<GroupLayout> STRUCTS = List.of(
            // Packed on x86-64 alone; the generated layout is that of x86-64.
            EpollEvents.SIZEOF == epoll_event.sizeof() ? epoll_event.layout() : MemoryLayout.structLayout(
                    epoll_event.events$layout(), MemoryLayout.paddingLayout(4), epoll_event.data$layout()),
            pollfd.layout(), timespec.layout(), timeval.layout(), itimerspec.layout(), linger.layout(), rlimit.layout(),
            ucred.layout(), ip_mreqn.layout(), ipv6_mreq.layout(), group_req.layout(), signalfd_siginfo.layout(),
            tcp_info.layout(), in_pktinfo.layout(), in6_pktinfo.layout(), extendedError(SOCKADDR_IN),
            extendedError(SOCKADDR_IN6));

    private final Map<String, Value> names;
    private final String directory;

    /// @param names those that are there from the beginning
    /// @param directory what `$TMP` stands for
    Scope(Map<String, Value> names, String directory) {
        this.names = new HashMap<>(names);
        this.directory = directory;
    }

    void take(String name, Value value) {
        if (constant(name) != null) {
            throw new IllegalArgumentException(name + " is a constant of C");
        }
        if (names.putIfAbsent(name, value) != null) {
            throw new IllegalArgumentException(name + " is taken already");
        }
    }

    /// A value with the name it may be replaced by what it stands for; a name of a number stays.
    Value resolve(Value value) {
        return value instanceof Value.Name(String name) && names.get(name) != null
                && !(names.get(name) instanceof Value.Name) ? names.get(name) : value;
    }

    // ---- numbers

    long number(Value value) {
        return switch (resolve(value)) {
            case Value.Number(long number) -> number;
            case Value.Name(String name) -> {
                if (names.get(name) instanceof Value.Name other) {
                    yield number(other);
                }
                Long constant = constant(name);
                if (constant == null) {
                    throw new IllegalArgumentException("unknown name " + name);
                }
                yield constant;
            }
            case Value.Flags(List<Value> parts) -> parts.stream().mapToLong(this::number).reduce(0, (a, b) -> a | b);
            default -> throw new IllegalArgumentException("not a number: " + value);
        };
    }

    private static Long constant(String name) {
        try {
            return ((Number) Constants.class.getField(name).get(null)).longValue();
        } catch (NoSuchFieldException e) {
            return null;
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    private boolean isNumeric(Value value) {
        return switch (resolve(value)) {
            case Value.Number _, Value.Name _, Value.Flags _, Value.Range _, Value.Take _, Value.Any _ -> true;
            default -> false;
        };
    }

    /// @param width how many of the low bytes count
    void matchNumber(Value expected, long actual, int width) {
        long mask = width == Long.BYTES ? -1 : (1L << width * Byte.SIZE) - 1;
        switch (resolve(expected)) {
            case Value.Any _ -> { }
            case Value.Take(String name) -> take(name, new Value.Number(actual));
            case Value.Range(long from, long to) -> {
                if (actual < from || actual > to) {
                    throw new Mismatch(expected, actual);
                }
            }
            default -> {
                if (((number(expected) ^ actual) & mask) != 0) {
                    throw new Mismatch(expected instanceof Value.Number ? expected
                            : expected + " (" + number(expected) + ")", actual);
                }
            }
        }
    }

    // ---- into the kernel

    byte[] encode(Value value) {
        Value resolved = resolve(value);
        return switch (resolved) {
            case Value.Text(String characters, int times) ->
                Value.Octets.ofLatin1(characters.replace("$TMP", directory).repeat(times));
            case Value.Octets(byte[] bytes) -> bytes;
            case Value.Array(List<Value> elements) -> {
                ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                for (Value element : elements) {
                    bytes.writeBytes(isNumeric(element) ? integer(number(element), Integer.BYTES) : encode(element));
                }
                yield bytes.toByteArray();
            }
            case Value.Struct struct -> {
                byte[] bytes = new byte[(int) layout(struct).byteSize()];
                encode(struct, layout(struct), bytes, 0);
                yield bytes;
            }
            case Value.Form form -> encodeForm(form);
            default -> throw new IllegalArgumentException("nothing that a pointer can point to: " + value);
        };
    }

    private void encode(Value.Struct struct, GroupLayout layout, byte[] bytes, int at) {
        if (struct.open()) {
            throw new IllegalArgumentException("`...` in what goes into a call: leave out what shall be 0");
        }
        struct.fields().forEach((name, value) -> {
            MemoryLayout member = member(layout, name);
            int offset = at + offset(layout, name);
            if (isNumeric(value)) {
                put(bytes, offset, integer(number(value), width(member, name)), member);
            } else if (value instanceof Value.Struct inner && member instanceof GroupLayout group) {
                encode(inner, group, bytes, offset);
            } else {
                put(bytes, offset, encode(value), member);
            }
        });
    }

    private static void put(byte[] bytes, int offset, byte[] value, MemoryLayout member) {
        if (value.length > member.byteSize()) {
            throw new IllegalArgumentException("more than " + member.byteSize() + " bytes for this field");
        }
        System.arraycopy(value, 0, bytes, offset, value.length);
    }

    private byte[] encodeForm(Value.Form form) {
        return switch (form.name()) {
            case "u8", "u16", "u32", "u64" -> integer(number(argument(form, 0)), integerWidth(form));
            case "family" -> concat(integer(number(argument(form, 0)), Short.BYTES), new byte[SOCKADDR_IN - 2]);
            case "inet" -> inet(form, number(argument(form, 1)));
            case "inet6" -> inet(form, number(argument(form, 1)));
            case "inet_addr" -> address(argument(form, 0));
            case "padded" -> padded(encode(argument(form, 0)), (int) number(argument(form, 1)));
            case "unix" -> form.arguments().isEmpty() ? integer(Constants.AF_UNIX, Short.BYTES)
                    : concat(integer(Constants.AF_UNIX, Short.BYTES), unixName(argument(form, 0)));
            default -> throw new IllegalArgumentException("nothing that goes into a call: " + form);
        };
    }

    private byte[] unixName(Value name) {
        return name instanceof Value.Form(String at, List<Value> text) && at.equals("@")
                ? concat(new byte[1], encode(text.getFirst())) : concat(encode(name), new byte[1]);
    }

    private byte[] inet(Value.Form form, long port) {
        boolean six = form.name().equals("inet6");
        byte[] address = address(argument(form, 0));
        if (six && address.length == Integer.BYTES) {
            // Java takes `::ffff:127.0.0.1` for an IPv4 address.
            address = concat(new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1}, address);
        }
        ByteBuffer name = ByteBuffer.allocate(six ? SOCKADDR_IN6 : SOCKADDR_IN).order(ByteOrder.nativeOrder());
        name.putShort((short) (six ? Constants.AF_INET6 : Constants.AF_INET));
        name.put((byte) (port >> Byte.SIZE)).put((byte) port);
        name.position(six ? Long.BYTES : Integer.BYTES).put(address);
        if (six && form.arguments().size() > 2) {
            name.putInt((int) number(form.arguments().get(2)));
        }
        return name.array();
    }

    private static byte[] padded(byte[] bytes, int length) {
        byte[] padded = Arrays.copyOf(bytes, length);
        Arrays.fill(padded, Math.min(bytes.length, length), length, (byte) 'x');
        return padded;
    }

    private byte[] address(Value text) {
        return InetAddress.ofLiteral(new String(encode(text), StandardCharsets.ISO_8859_1))
                .getAddress();
    }

    // ---- out of the kernel

    /// Compares what a call has written, all of it, with what the script expects; takes what it wants to be taken.
    ///
    /// @throws Mismatch if they differ
    void match(Value expected, byte[] actual) {
        Value resolved = resolve(expected);
        switch (resolved) {
            case Value.Any _ -> { }
            case Value.Take(String name) -> take(name, new Value.Octets(actual));
            case Value.Array(List<Value> elements) when elements.stream().allMatch(this::isNumeric) -> {
                requireLength(expected, actual, elements.size() * Integer.BYTES);
                for (int i = 0; i < elements.size(); i++) {
                    matchNumber(elements.get(i), (int) integer(actual, i * Integer.BYTES, Integer.BYTES),
                            Integer.BYTES);
                }
            }
            case Value.Array(List<Value> elements) -> matchUnordered(expected, elements, actual);
            case Value.Struct struct -> {
                GroupLayout layout = layout(struct, actual.length);
                if (!struct.open()) {
                    requireLength(expected, actual, (int) layout.byteSize());
                }
                match(struct, layout, actual, 0);
            }
            case Value.Form form -> matchForm(form, actual);
            default -> {
                if (!Arrays.equals(encode(resolved), actual)) {
                    throw new Mismatch(Value.Octets.quoted(encode(resolved)), Value.Octets.quoted(actual));
                }
            }
        }
    }

    /// Events are reported in no particular order, so any will do.
    private void matchUnordered(Value expected, List<Value> elements, byte[] actual) {
        int size = (int) layout((Value.Struct) elements.getFirst()).byteSize();
        requireLength(expected, actual, elements.size() * size);
        List<byte[]> rest = new ArrayList<>();
        for (int i = 0; i < elements.size(); i++) {
            rest.add(Arrays.copyOfRange(actual, i * size, (i + 1) * size));
        }
        for (Value element : elements) {
            boolean found = false;
            for (int i = 0; i < rest.size() && !found; i++) {
                try {
                    match(element, rest.get(i));
                    rest.remove(i);
                    found = true;
                } catch (Mismatch _) {
                    // Perhaps the next.
                }
            }
            if (!found) {
                GroupLayout layout = layout((Value.Struct) element);
                throw new Mismatch(element + " among them",
                        rest.stream().map(bytes -> describe(layout, bytes))
                        .collect(Collectors.joining(", ", "[", "]")));
            }
        }
    }

    private void match(Value.Struct struct, GroupLayout layout, byte[] actual, int at) {
        if (!struct.open()) {
            String missing = fields(layout).filter(name -> !struct.fields().containsKey(name))
                    .collect(Collectors.joining(", "));
            if (!missing.isEmpty()) {
                throw new IllegalArgumentException("not told what these fields shall be: " + missing
                        + "; end with `...` if they do not matter");
            }
        }
        struct.fields().forEach((name, value) -> {
            MemoryLayout member = member(layout, name);
            int offset = at + offset(layout, name);
            if (offset + member.byteSize() > actual.length) {
                throw new Mismatch(name + "=" + value, "no more than " + actual.length + " bytes");
            }
            try {
                if (isNumeric(value)) {
                    matchNumber(value, integer(actual, offset, width(member, name)), width(member, name));
                } else if (value instanceof Value.Struct inner && member instanceof GroupLayout group) {
                    match(inner, group, actual, offset);
                } else {
                    match(value, Arrays.copyOfRange(actual, offset, offset + (int) member.byteSize()));
                }
            } catch (Mismatch mismatch) {
                throw at == 0 ? new Mismatch(name + "=" + mismatch.expected(), describe(layout, actual)) : mismatch;
            }
        });
    }

    private void matchForm(Value.Form form, byte[] actual) {
        switch (form.name()) {
            case "u8", "u16", "u32", "u64" -> {
                requireLength(form, actual, integerWidth(form));
                matchNumber(argument(form, 0), integer(actual, 0, actual.length), actual.length);
            }
            case "inet", "inet6" -> {
                Value port = argument(form, 1);
                if (isNumeric(port) && actual.length >= Integer.BYTES) {
                    int found = (actual[2] & 0xff) << Byte.SIZE | actual[3] & 0xff;
                    if (Arrays.equals(inet(form, found), actual)) {
                        matchNumber(port, found, Short.BYTES);
                        return;
                    }
                }
                throw new Mismatch(form, describeName(actual));
            }
            default -> {
                if (!Arrays.equals(encodeForm(form), actual)) {
                    throw new Mismatch(form, form.name().equals("unix") || form.name().equals("family")
                            ? describeName(actual) : Value.Octets.quoted(actual));
                }
            }
        }
    }

    private void requireLength(Object expected, byte[] actual, int length) {
        if (actual.length != length) {
            throw new Mismatch(expected + " of " + length + " bytes",
                    actual.length + " bytes " + Value.Octets.quoted(actual));
        }
    }

    private static String describeName(byte[] name) {
        if (name.length < AF_UNIX_HEADER) {
            return Value.Octets.quoted(name);
        }
        int family = (int) integer(name, 0, Short.BYTES);
        if (family == Constants.AF_UNIX) {
            byte[] path = Arrays.copyOfRange(name, AF_UNIX_HEADER, name.length);
            return "unix(" + (path.length == 0 ? "" : Value.Octets.quoted(path)) + ")";
        }
        boolean six = family == Constants.AF_INET6 && name.length == SOCKADDR_IN6;
        if (six || family == Constants.AF_INET && name.length == SOCKADDR_IN) {
            try {
                int at = six ? Long.BYTES : Integer.BYTES;
                String address = InetAddress.getByAddress(Arrays.copyOfRange(name, at, six ? at + 16 : at + 4))
                        .getHostAddress();
                return (six ? "inet6(\"" : "inet(\"") + address + "\", "
                        + ((name[2] & 0xff) << Byte.SIZE | name[3] & 0xff) + ")";
            } catch (UnknownHostException e) {
                throw new IllegalStateException("4 or 16 bytes are an address", e);
            }
        }
        return "family " + family + " " + Value.Octets.quoted(name);
    }

    // ---- layouts

    private static String describe(GroupLayout layout, byte[] bytes) {
        return fields(layout).filter(name -> offset(layout, name) + member(layout, name).byteSize() <= bytes.length)
                .filter(name -> member(layout, name).byteSize() <= Long.BYTES)
                .map(name -> name + "=" + integer(bytes, offset(layout, name), width(member(layout, name), name)))
                .collect(Collectors.joining(", ", "{", "}"));
    }

    private static GroupLayout layout(Value.Struct struct) {
        return layouts(struct).getFirst();
    }

    private static GroupLayout layout(Value.Struct struct, int size) {
        List<GroupLayout> layouts = layouts(struct);
        return layouts.stream().filter(layout -> layout.byteSize() == size).findFirst().orElse(layouts.getFirst());
    }

    private static List<GroupLayout> layouts(Value.Struct struct) {
        List<GroupLayout> layouts = STRUCTS.stream()
                .filter(layout -> fields(layout).toList().containsAll(struct.fields().keySet())).toList();
        if (layouts.isEmpty()) {
            throw new IllegalArgumentException("no struct has these fields: "
                    + String.join(", ", struct.fields().keySet()));
        }
        return layouts;
    }

    /// `struct sock_extended_err`, its union under the name of its first member, and the address that `SO_EE_OFFENDER`
    /// finds behind it.
    private static GroupLayout extendedError(int offender) {
        List<MemoryLayout> members = new ArrayList<>(sock_extended_err.layout().memberLayouts());
        members.add(members.removeLast().withName("ee_data"));
        members.add(MemoryLayout.sequenceLayout(offender, ValueLayout.JAVA_BYTE).withName("offender"));
        return MemoryLayout.structLayout(members.toArray(MemoryLayout[]::new));
    }

    private static Stream<String> fields(GroupLayout layout) {
        return layout.memberLayouts().stream().flatMap(member -> member.name().stream())
                .filter(name -> !name.startsWith("_"));
    }

    private static MemoryLayout member(GroupLayout layout, String name) {
        return layout.memberLayouts().stream().filter(member -> member.name().filter(name::equals).isPresent())
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no field " + name));
    }

    private static int offset(GroupLayout layout, String name) {
        return (int) layout.byteOffset(MemoryLayout.PathElement.groupElement(name));
    }

    /// Unions of up to 8 bytes, such as the data of an event, count as the integer of their size.
    private static int width(MemoryLayout member, String name) {
        if (member.byteSize() > Long.BYTES) {
            throw new IllegalArgumentException(name + " is no number");
        }
        return (int) member.byteSize();
    }

    private static Value argument(Value.Form form, int index) {
        if (index >= form.arguments().size()) {
            throw new IllegalArgumentException("too few arguments: " + form);
        }
        return form.arguments().get(index);
    }

    private static int integerWidth(Value.Form form) {
        return Integer.parseInt(form.name().substring(1)) / Byte.SIZE;
    }

    // ---- bytes

    private static byte[] integer(long value, int width) {
        return Arrays.copyOf(
                ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array(), width);
    }

    private static long integer(byte[] bytes, int at, int width) {
        return ByteBuffer.wrap(Arrays.copyOf(Arrays.copyOfRange(bytes, at, at + width), Long.BYTES))
                .order(ByteOrder.LITTLE_ENDIAN).getLong();
    }

    private static byte[] concat(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }
}
