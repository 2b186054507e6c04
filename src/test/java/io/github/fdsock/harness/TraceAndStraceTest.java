package io.github.fdsock.harness;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.testing.Project;
import io.github.fdsock.testing.RequiresProgram;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The trace of a program has the lines that strace has of the same run: they differ where the C function and the
/// system call below it do, and where this trace shows more.
@RequiresProgram("strace")
@Timeout(120)
class TraceAndStraceTest {
    /// The C function for the system call, in strace's lines.
    private static final Map<String, String> SYSTEM_CALLS = Map.ofEntries(
            Map.entry("^(openat)\\(AT_FDCWD, ", "open("),
            Map.entry("^sendto\\((.*), NULL, 0\\) += ", "send($1) = "),
            Map.entry("^recvfrom\\((.*), NULL, NULL\\) += ", "recv($1) = "),
            Map.entry("^(pread|pwrite|prlimit)64\\(", "$1("),
            Map.entry("^eventfd2\\(", "eventfd("),
            Map.entry("^signalfd4\\((.*), 8, (.*)\\) = ", "signalfd($1, $2) = "),
            Map.entry("^(ppoll|epoll_pwait2?)\\((.*), 8\\) = ", "$1($2) = "),
            Map.entry("^rt_sigprocmask\\((.*), 8\\) = ", "pthread_sigmask($1) = "));

    /// What is written in another way in all of them: names that C has twice, or that the kernel's headers have.
    private static final Map<String, String> NAMES = Map.of(
            "SO_(TIMESTAMP|TIMESTAMPNS|TIMESTAMPING|RCVTIMEO|SNDTIMEO)_OLD", "SO_$1",
            "RLIM64_INFINITY", "RLIM_INFINITY",
            ", \\.\\.\\. /\\* 0x[0-9a-f]+ \\*/", ", ...");

    /// Another thread has made a call meanwhile, and what comes behind this has a line of its own.
    private static final String UNFINISHED = " <unfinished ...>";

    @TempDir
    private Path folder;

    @Test
    void theLinesAreThoseOfStrace() throws Exception {
        final Path file = folder.resolve("strace");
        final Process program = new ProcessBuilder("strace", "-f", "-qq", "-a", "0", "-o", file.toString(),
                // Interpreted, so that no compiled code is mapped in between; and without the optional modules.
                Project.java().toString(), "-XX:+UseSerialGC", "-Xint", "--limit-modules", "java.base",
                "--enable-native-access=ALL-UNNAMED", "-cp", place(Trace.class) + ":" + place(TracedProgram.class),
                TracedProgram.class.getName()).redirectErrorStream(true).start();
        program.getOutputStream().close();
        final List<String> ours;
        try (var output = program.inputReader()) {
            ours = output.lines().toList();
        }
        assertThat(program.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(program.exitValue()).as(String.join("\n", ours)).isZero();
        assertThat(ours).hasSizeGreaterThan(150);
        final List<String> theirs = theirs(Files.readAllLines(file), ours);
        assertThat(ours).containsExactlyElementsOf(theirs);
    }

    private static String place(final Class<?> type) {
        return type.getProtectionDomain().getCodeSource().getLocation().getPath();
    }

    /// The lines of the one thread between the marks, of the calls that our program makes at all: the JVM makes others.
    private static List<String> theirs(final List<String> lines, final List<String> ours) {
        final var names = ours.stream().map(TraceAndStraceTest::name).collect(Collectors.toSet());
        final List<String> theirs = new ArrayList<>();
        String thread = null;
        String begun = "";
        for (final String line : lines) {
            final String[] parts = line.split(" +", 2);
            if (line.contains(TracedProgram.BEGIN)) {
                thread = parts[0];
            } else if (line.contains(TracedProgram.END)) {
                return theirs;
            } else if (parts[0].equals(thread) && parts[1].endsWith(UNFINISHED)) {
                begun = parts[1].substring(0, parts[1].length() - UNFINISHED.length());
            } else if (parts[0].equals(thread)) {
                final String text = asOurs(parts[1].replaceFirst("^<\\.\\.\\. \\w+ resumed>",
                        Matcher.quoteReplacement(begun)));
                if (names.contains(name(text))) {
                    theirs.add(text);
                }
            }
        }
        throw new AssertionError("strace has not seen both marks");
    }

    private static String name(final String line) {
        return line.replaceFirst("\\(.*", "");
    }

    private static String asOurs(final String line) {
        String text = line;
        for (final Map<String, String> replacements : List.of(SYSTEM_CALLS, NAMES)) {
            for (final Map.Entry<String, String> replacement : replacements.entrySet()) {
                text = Pattern.compile(replacement.getKey()).matcher(text).replaceAll(replacement.getValue());
            }
        }
        return text;
    }
}
