package io.github.fdsock.abi;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/// What `native/abi_probe.c` printed: the C compiler's word on the layouts, constants and error numbers fdsock uses.
///
/// Immutable. Tests of the views of C structs read the offsets here, never from the bindings they are made of.
///
/// @param architecture `x86_64` or `aarch64`
/// @param structs size and alignment, by name without `struct`
/// @param fields offset and size, by `STRUCT.FIELD`; fields of anonymous members by `STRUCT.MEMBER.FIELD`
/// @param constants values, by name; unsigned 32-bit ones are positive
/// @param errnos names and texts, by number
/// @param macros results of `CMSG_ALIGN`, `CMSG_LEN` and `CMSG_SPACE`, by `cmsg_len LENGTH` and so on
public record AbiOracle(String architecture, Map<String, Struct> structs, Map<String, Field> fields,
        Map<String, Long> constants, Map<Integer, Error> errnos, Map<String, Long> macros) {

    /// `sizeof` and `_Alignof`.
    public record Struct(long size, long alignment) {
    }

    /// `offsetof` and `sizeof`.
    public record Field(long offset, long size) {
    }

    /// `strerrorname_np` and `strerrordesc_np`.
    public record Error(String name, String text) {
    }

    /// The root of the project's files.
    public static final Path ROOT = Path.of(System.getProperty("fdsock.basedir", "")).toAbsolutePath();

    /// The committed output for one architecture.
    public static AbiOracle of(String architecture) {
        final Path file = ROOT.resolve("native/abi-" + architecture + ".txt");
        try {
            final AbiOracle oracle = parse(Files.readString(file));
            if (!oracle.architecture.equals(architecture)) {
                throw new IllegalStateException(file + " is about " + oracle.architecture);
            }
            return oracle;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The committed output for the architecture this JVM runs on.
    public static AbiOracle here() {
        return of(System.getProperty("os.arch").equals("amd64") ? "x86_64" : System.getProperty("os.arch"));
    }

    static AbiOracle parse(String output) {
        String architecture = null;
        final Map<String, Struct> structs = new TreeMap<>();
        final Map<String, Field> fields = new TreeMap<>();
        final Map<String, Long> constants = new TreeMap<>();
        final Map<Integer, Error> errnos = new TreeMap<>();
        final Map<String, Long> macros = new TreeMap<>();
        for (String line : output.lines().toList()) {
            final String[] words = line.split(" ", 4);
            final Object former = switch (words[0]) {
                case "architecture" -> {
                    final String before = architecture;
                    architecture = words[1];
                    yield before;
                }
                case "struct" -> structs.put(words[1], new Struct(Long.parseLong(words[2]), Long.parseLong(words[3])));
                case "field" -> fields.put(words[1], new Field(Long.parseLong(words[2]), Long.parseLong(words[3])));
                case "constant" -> constants.put(words[1], Long.valueOf(words[2]));
                case "errno" -> errnos.put(Integer.valueOf(words[1]), new Error(words[2], words[3]));
                case "cmsg_align", "cmsg_len", "cmsg_space" ->
                    macros.put(words[0] + " " + words[1], Long.valueOf(words[2]));
                default -> throw new IllegalStateException("not a line of abi_probe: " + line);
            };
            if (former != null) {
                throw new IllegalStateException("said twice: " + line);
            }
        }
        return new AbiOracle(architecture, Map.copyOf(structs), Map.copyOf(fields), Map.copyOf(constants),
                Map.copyOf(errnos), Map.copyOf(macros));
    }

    /// The fields of one struct, by the part of their name after its own.
    public Map<String, Field> fieldsOf(String struct) {
        final Map<String, Field> found = new TreeMap<>();
        fields.forEach((name, field) -> {
            if (name.startsWith(struct + ".")) {
                found.put(name.substring(struct.length() + 1), field);
            }
        });
        return found;
    }
}
