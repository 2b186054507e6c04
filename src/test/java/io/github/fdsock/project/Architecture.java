package io.github.fdsock.project;

import static java.util.Map.entry;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/// The rules of the house, over compiled classes. Each answers with what breaks it, one sentence per finding.
///
/// @param root the package in which the floors are; the empty name stands for itself
record Architecture(String root) {

    /// Who may use whom: each package names what lies below it. A package that is new belongs in here.
    private static final Map<String, Set<String>> BELOW = Map.ofEntries(
            entry("abi", Set.of()),
            entry("sys", Set.of("abi")),
            entry("sys.struct", Set.of("abi", "sys")),
            entry("option", Set.of("sys", "sys.struct")),
            entry("cmsg", Set.of("option", "sys", "sys.struct")),
            entry("", Set.of("cmsg", "option", "sys", "sys.struct")),
            entry("process", Set.of("", "cmsg", "option", "sys", "sys.struct")),
            entry("resolve", Set.of("", "sys", "sys.struct")),
            entry("loop", Set.of("resolve", "", "cmsg", "option", "sys", "sys.struct")),
            entry("loop.monitor", Set.of("loop")),
            entry("blocking", Set.of("loop", "", "cmsg", "option", "sys", "sys.struct")),
            entry("harness.notation", Set.of("", "option", "sys", "sys.struct")),
            entry("harness.script.child", Set.of("process", "", "option", "sys")),
            entry("harness.script", Set.of("harness.script.child", "", "sys", "sys.struct")),
            entry("harness", Set.of("harness.notation", "", "cmsg", "option", "sys", "sys.struct")),
            entry("harness.junit", Set.of("harness", "", "cmsg", "option", "sys", "sys.struct")),
            entry("harness.control", Set.of("harness")),
            entry("cli.descriptor", Set.of("", "option", "sys", "sys.struct")),
            entry("cli.roundtrip", Set.of("", "option", "sys", "sys.struct")),
            entry("cli.http", Set.of("loop", "", "option", "sys", "sys.struct")),
            entry("cli.proxy", Set.of("loop", "", "option", "sys", "sys.struct")),
            entry("cli.serve", Set.of("loop", "", "cmsg", "option", "sys", "sys.struct")),
            entry("cli.chat", Set.of("cli.serve", "loop", "", "cmsg", "option", "sys", "sys.struct")),
            entry("cli", Set.of("cli.descriptor", "cli.roundtrip", "cli.http", "cli.proxy", "cli.serve", "cli.chat", "loop",
                    "harness", "harness.control", "harness.script", "process", "", "cmsg", "option", "sys",
                    "sys.struct")),
            entry("bench.server", Set.of("blocking", "", "option", "sys", "sys.struct")),
            entry("bench", Set.of("bench.server", "loop", "harness", "", "cmsg", "option", "sys", "sys.struct")));

    /// Where calls into C are made and memory is given a size. What jextract generates does it by nature, and a
    /// benchmark measures against the bare handle.
    private static final Set<String> NATIVE = Set.of("abi", "sys", "sys.struct", "bench");

    private static final Set<String> NATIVE_TYPES =
            Set.of("java.lang.foreign.Linker", "java.lang.invoke.MethodHandle");

    private static final String REINTERPRET = "java.lang.foreign.MemorySegment.reinterpret";

    /// Names that say nothing about what a class is.
    private static final Pattern EMPTY_NAME = Pattern.compile(".*(Utils?|Helpers?|Manager|Impl)");

    /// Arrows that do not point downward, and packages that stand on no floor.
    List<String> arrows(List<ClassFile> classes) {
        List<String> findings = new ArrayList<>();
        for (ClassFile type : written(classes)) {
            String from = floor(type.packageName());
            if (!BELOW.containsKey(from)) {
                findings.add(type.name() + " is in package " + type.packageName() + ", which has no floor");
                continue;
            }
            for (String used : type.types()) {
                String target = used.substring(0, Math.max(0, used.lastIndexOf('.')));
                if (inHouse(target)) {
                    String to = floor(target);
                    if (!to.equals(from) && !BELOW.get(from).contains(to)) {
                        findings.add(type.name() + " uses " + used);
                    }
                }
            }
        }
        return findings;
    }

    /// Calls into C and reinterpreted memory outside of the raw floor.
    List<String> nativeAccess(List<ClassFile> classes) {
        List<String> findings = new ArrayList<>();
        for (ClassFile type : written(classes)) {
            if (NATIVE.contains(floor(type.packageName()))) {
                continue;
            }
            type.types().stream().filter(NATIVE_TYPES::contains)
                    .forEach(used -> findings.add(type.name() + " uses " + used));
            type.members().stream().filter(REINTERPRET::equals)
                    .forEach(used -> findings.add(type.name() + " calls " + used));
        }
        return findings;
    }

    /// Classes whose name says nothing.
    List<String> names(List<ClassFile> classes) {
        return written(classes).stream()
                .filter(type -> EMPTY_NAME.matcher(type.simpleName()).matches())
                .map(type -> type.name() + " is not named by what it is")
                .toList();
    }

    /// Packages with more types than one looks through.
    List<String> sizes(List<ClassFile> classes, int most) {
        Map<String, Integer> types = new TreeMap<>();
        written(classes).stream().filter(ClassFile::topLevel)
                .forEach(type -> types.merge(type.packageName(), 1, Integer::sum));
        types.remove(root + ".abi");
        return types.entrySet().stream()
                .filter(entry -> entry.getValue() > most)
                .map(entry -> entry.getKey() + " has " + entry.getValue() + " types: split it by subject")
                .toList();
    }

    /// Without what JMH generates beside the benchmarks.
    private static List<ClassFile> written(List<ClassFile> classes) {
        return classes.stream().filter(type -> !type.packageName().endsWith(".jmh_generated")).toList();
    }

    private boolean inHouse(String packageName) {
        return packageName.equals(root) || packageName.startsWith(root + ".");
    }

    private String floor(String packageName) {
        return packageName.equals(root) ? "" : packageName.substring(root.length() + 1);
    }
}
