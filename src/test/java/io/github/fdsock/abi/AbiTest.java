package io.github.fdsock.abi;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.sys.Constants;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.PaddingLayout;
import java.lang.foreign.UnionLayout;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The bindings are what the C compiler says: every layout, every field, every constant, and nothing besides.
class AbiTest {

    /// These grow at the end from one kernel to the next, so newer headers may know a longer one.
    private static final Set<String> GROWING = Set.of("tcp_info", "tcp_zerocopy_receive");

    private static final Path SYMBOLS = AbiOracle.ROOT.resolve("native/symbols.txt");

    /// The layouts are those of the machine jextract ran on, wherever this test runs.
    private static final AbiOracle MADE_ON = AbiOracle.of(provenance().getProperty("architecture"));

    // ---------------------------------------------------------------- layouts

    /// The names of the classes in generated/ that stand for a C type.
    static List<String> types() throws IOException {
        try (Stream<Path> files = Files.list(AbiOracle.ROOT.resolve("generated/io/github/fdsock/abi"))) {
            return files.map(file -> file.getFileName().toString().replace(".java", ""))
                    .filter(name -> !name.equals("fdsock_h")).sorted().toList();
        }
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("types")
    void structHasTheSizeAndAlignmentOfTheCompiler(String name) throws ReflectiveOperationException {
        final GroupLayout layout = layout(type(name));
        assertThat(new AbiOracle.Struct(layout.byteSize(), layout.byteAlignment())).as("struct %s", name)
                .isEqualTo(MADE_ON.structs().get(name));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("types")
    void structHasTheFieldsOfTheCompiler(String name) throws ReflectiveOperationException {
        final Map<String, AbiOracle.Field> fields = new TreeMap<>();
        addFields(fields, type(name), "", 0, layout(type(name)));
        assertThat(fields).isNotEmpty();
        assertThat(differences(MADE_ON.fieldsOf(name), fields)).as("fields of struct %s", name).isEmpty();
    }

    @Test
    void theCompilerWasAskedAboutNothingElse() throws IOException {
        assertThat(MADE_ON.structs().keySet()).containsExactlyInAnyOrderElementsOf(types());
        assertThat(MADE_ON.fields().keySet()).allMatch(name -> MADE_ON.structs().containsKey(name.split("\\.")[0]));
    }

    /// A view of one of these must choose by architecture; a view of any other need not.
    @Test
    void onlyTwoStructsDifferBetweenArchitectures() {
        final AbiOracle x86 = AbiOracle.of("x86_64");
        final AbiOracle arm = AbiOracle.of("aarch64");
        assertThat(x86.structs().keySet()).isEqualTo(arm.structs().keySet());
        assertThat(x86.structs().keySet()).filteredOn(name -> !x86.structs().get(name).equals(arm.structs().get(name))
                || !x86.fieldsOf(name).equals(arm.fieldsOf(name))).containsExactlyInAnyOrder("epoll_event", "stat");
    }

    /// The formulas hold with the bound `cmsghdr`; an array of descriptors starts where `CMSG_DATA` says.
    @Test
    void controlMessagesAreAlignedToTheSizeOfALong() {
        final Map<String, Function<Long, Long>> formulas = Map.of("cmsg_align", n -> n + 7 & -8,
                "cmsg_len", n -> cmsghdr.sizeof() + n, "cmsg_space", n -> cmsghdr.sizeof() + (n + 7 & -8));
        assertThat(MADE_ON.macros()).isNotEmpty().allSatisfy((call, result) -> {
            final String[] words = call.split(" ");
            assertThat(formulas.get(words[0]).apply(Long.valueOf(words[1]))).as(call).isEqualTo(result);
        });
        assertThat(cmsghdr.__cmsg_data$offset()).isEqualTo(cmsghdr.sizeof());
    }

    // ---------------------------------------------------------------- functions

    @Test
    void everyFunctionHasADescriptor() throws IOException {
        final Set<String> described = Arrays.stream(fdsock_h.class.getMethods())
                .filter(method -> method.getReturnType() == FunctionDescriptor.class)
                .map(method -> method.getName().replace("$descriptor", "")).collect(Collectors.toSet());
        assertThat(described).containsExactlyInAnyOrderElementsOf(symbols("function"));
    }

    /// A sockaddr argument was once bound as a union by value: nothing these functions take is a struct.
    @Test
    void noFunctionTakesOrReturnsAStructByValue() throws ReflectiveOperationException {
        for (var method : fdsock_h.class.getMethods()) {
            if (method.getReturnType() == FunctionDescriptor.class) {
                final FunctionDescriptor descriptor = (FunctionDescriptor) method.invoke(null);
                assertThat(descriptor.argumentLayouts()).as(method.getName()).noneMatch(GroupLayout.class::isInstance);
                assertThat(descriptor.returnLayout()).as(method.getName())
                        .matches(layout -> layout.filter(GroupLayout.class::isInstance).isEmpty());
            }
        }
    }

    // ---------------------------------------------------------------- constants

    @Test
    void everyConstantHasTheValueOfTheCompiler() throws IllegalAccessException {
        final AbiOracle here = AbiOracle.here();
        for (Field field : constants()) {
            final Long expected = here.constants().get(field.getName());
            assertThat(expected).as("%s, of which abi_probe says nothing", field.getName()).isNotNull();
            if (field.getType() == int.class) {
                assertThat(expected).as("%s in 32 bits", field.getName())
                        .isBetween((long) Integer.MIN_VALUE, 0xffffffffL);
                assertThat(field.getInt(null)).as(field.getName()).isEqualTo(expected.intValue());
            } else {
                assertThat(field.getLong(null)).as(field.getName()).isEqualTo(expected);
            }
        }
    }

    @Test
    void everyConstantTheCompilerWasAskedForIsThere() throws IOException {
        final Set<String> names = constants().stream().map(Field::getName).collect(Collectors.toSet());
        assertThat(names).containsExactlyInAnyOrderElementsOf(symbols("constant"))
                .containsExactlyInAnyOrderElementsOf(AbiOracle.of("x86_64").constants().keySet())
                .containsExactlyInAnyOrderElementsOf(AbiOracle.of("aarch64").constants().keySet());
    }

    @Test
    void everyConstantThatDiffersOnAarch64IsNamed() throws IOException {
        final AbiOracle x86 = AbiOracle.of("x86_64");
        final AbiOracle arm = AbiOracle.of("aarch64");
        final Map<String, Long> named = new TreeMap<>();
        for (String line : Files.readAllLines(SYMBOLS)) {
            if (line.startsWith("aarch64 ")) {
                final String[] words = line.split(" ");
                named.put(words[1], Long.decode(words[2]));
            }
        }
        final Map<String, Long> measured = new TreeMap<>(arm.constants());
        measured.keySet().removeIf(name -> measured.get(name).equals(x86.constants().get(name)));
        assertThat(named).isNotEmpty().isEqualTo(measured);
    }

    /// A `case` label may name a constant unless its value is chosen by architecture.
    @Test
    void constantsAreLiteralsUnlessTheArchitectureChooses() throws IOException {
        final AbiOracle x86 = AbiOracle.of("x86_64");
        final AbiOracle arm = AbiOracle.of("aarch64");
        final Set<String> chosen = new TreeSet<>(x86.constants().keySet());
        chosen.removeIf(name -> x86.constants().get(name).equals(arm.constants().get(name)));
        final Set<String> notLiteral;
        try (InputStream in = Constants.class.getResourceAsStream("Constants.class")) {
            notLiteral = ClassFile.of().parse(in.readAllBytes()).fields().stream()
                    .filter(field -> (field.flags().flagsMask() & ClassFile.ACC_PUBLIC) != 0)
                    .filter(field -> field.findAttribute(Attributes.constantValue()).isEmpty())
                    .map(field -> field.fieldName().stringValue()).collect(Collectors.toSet());
        }
        assertThat(notLiteral).containsExactlyInAnyOrderElementsOf(chosen);
    }

    @Test
    void everyErrorNumberIsAConstant() throws ReflectiveOperationException {
        assertThat(MADE_ON.errnos()).hasSize(131);
        for (Map.Entry<Integer, AbiOracle.Error> error : MADE_ON.errnos().entrySet()) {
            final String name = error.getValue().name();
            assertThat(Constants.class.getField(name).getInt(null)).as(name).isEqualTo(error.getKey());
        }
    }

    // ---------------------------------------------------------------- provenance

    /// Whoever edits the header or the list also runs the recipe.
    @Test
    void generatedCodeIsMadeFromTheseSources() throws IOException, GeneralSecurityException {
        for (String source : List.of("native/fdsock.h", "native/symbols.txt")) {
            final byte[] bytes = Files.readAllBytes(AbiOracle.ROOT.resolve(source));
            assertThat(HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes)))
                    .as("%s was edited: run scripts/generate-bindings and scripts/abi-probe --write", source)
                    .isEqualTo(provenance().getProperty("sha256." + source));
        }
    }

    /// What newer headers add is no contradiction: only what both know must agree.
    @Test
    void theCompilerOfThisMachineAgrees(@TempDir Path directory) throws IOException, InterruptedException {
        Assumptions.assumeTrue(Stream.of(System.getenv("PATH").split(":")).map(Path::of)
                .anyMatch(path -> Files.isExecutable(path.resolve("cc"))), "no C compiler `cc` in the PATH");
        final Path output = directory.resolve("output");
        final Path complaints = directory.resolve("complaints");
        final Process probe = new ProcessBuilder(AbiOracle.ROOT.resolve("scripts/abi-probe").toString())
                .redirectOutput(output.toFile()).redirectError(complaints.toFile()).start();
        try {
            assertThat(probe.waitFor(60, TimeUnit.SECONDS)).as("scripts/abi-probe within a minute").isTrue();
        } finally {
            probe.destroyForcibly();
        }
        assertThat(probe.exitValue()).as("scripts/abi-probe: %s", Files.readString(complaints)).isZero();
        final AbiOracle fresh = AbiOracle.parse(Files.readString(output));
        final AbiOracle committed = AbiOracle.here();

        assertThat(fresh.architecture()).isEqualTo(committed.architecture());
        assertThat(fresh.structs().keySet()).isEqualTo(committed.structs().keySet());
        assertThat(fresh.structs()).allSatisfy((name, struct) -> {
            final AbiOracle.Struct known = committed.structs().get(name);
            if (GROWING.contains(name)) {
                assertThat(struct.size()).as("struct %s", name).isGreaterThanOrEqualTo(known.size());
            } else {
                assertThat(struct).as("struct %s", name).isEqualTo(known);
            }
        });
        assertThat(differences(committed.fields(), fresh.fields())).as("fields").isEmpty();
        assertThat(differences(committed.macros(), fresh.macros())).as("CMSG_ macros").isEmpty();
        assertThat(differences(names(committed), names(fresh))).as("error numbers").isEmpty();

        final Map<String, Long> both = new TreeMap<>(committed.constants());
        both.keySet().retainAll(fresh.constants().keySet());
        assertThat(differences(both, fresh.constants())).as("constants").isEmpty();
        assertThat(both).as("constants").isNotEmpty();
        final Set<String> older = new TreeSet<>(committed.constants().keySet());
        older.removeAll(fresh.constants().keySet());
        if (!older.isEmpty()) {
            System.out.println("The headers of this machine lack " + String.join(", ", older));
        }
    }

    // ---------------------------------------------------------------- reading

    private static Properties provenance() {
        final Properties properties = new Properties();
        try (var reader = Files.newBufferedReader(AbiOracle.ROOT.resolve("generated/GENERATED.properties"))) {
            properties.load(reader);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return properties;
    }

    /// The names behind `kind` in native/symbols.txt.
    private static List<String> symbols(String kind) throws IOException {
        return Files.readAllLines(SYMBOLS).stream().filter(line -> line.startsWith(kind + " "))
                .flatMap(line -> Stream.of(line.split(" +")).skip(1)).toList();
    }

    private static List<Field> constants() {
        return Stream.of(Constants.class.getFields()).filter(field -> Modifier.isStatic(field.getModifiers())).toList();
    }

    private static Map<Integer, String> names(AbiOracle oracle) {
        return oracle.errnos().entrySet().stream()
                .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().name()));
    }

    /// One line for each name on which the two do not agree.
    private static <K, V> List<String> differences(Map<K, V> compiler, Map<K, V> found) {
        final Set<K> all = new TreeSet<>(compiler.keySet());
        all.addAll(found.keySet());
        return all.stream().filter(name -> !Objects.equals(compiler.get(name), found.get(name)))
                .map(name -> name + ": the compiler says " + compiler.get(name) + ", found " + found.get(name))
                .toList();
    }

    private static Class<?> type(String name) throws ClassNotFoundException {
        return Class.forName(AbiTest.class.getPackageName() + "." + name);
    }

    private static GroupLayout layout(Class<?> type) throws ReflectiveOperationException {
        return (GroupLayout) type.getMethod("layout").invoke(null);
    }

    /// Adds the fields of `layout` under their names in C. jextract makes a nested class of a struct without a tag,
    /// and calls a member without a name `$anon`: C counts the fields of the latter among those around it.
    private static void addFields(Map<String, AbiOracle.Field> fields, Class<?> type, String prefix, long base,
            GroupLayout layout) {
        long offset = base;
        for (MemoryLayout member : layout.memberLayouts()) {
            if (!(member instanceof PaddingLayout)) {
                final String name = member.name().orElseThrow();
                if (name.startsWith("$anon")) {
                    addFields(fields, type, prefix, offset, (GroupLayout) member);
                } else {
                    fields.put(prefix + name, new AbiOracle.Field(offset, member.byteSize()));
                    for (Class<?> nested : type.getDeclaredClasses()) {
                        if (nested.getSimpleName().equals(name)) {
                            addFields(fields, nested, prefix + name + ".", offset, (GroupLayout) member);
                        }
                    }
                }
            }
            offset += layout instanceof UnionLayout ? 0 : member.byteSize();
        }
    }
}
