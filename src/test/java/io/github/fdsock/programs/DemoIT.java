package io.github.fdsock.programs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `fdsock demo` ends with 0 and a line that says so, and leaves nothing behind, however it ends.
class DemoIT {
    @TempDir
    private Path folder;

    private Program demo(final String... before) throws Exception {
        final List<String> command = new ArrayList<>(Program.commandLine("demo"));
        command.add(1, "-Djava.io.tmpdir=" + folder);
        command.addAll(0, List.of(before));
        return Program.start(command.toArray(String[]::new));
    }

    @Test
    void allOfItIsRight() throws Exception {
        try (Program demo = demo()) {
            final List<String> lines = demo.rest();
            assertThat(demo.status()).as(demo.errors()).isZero();
            assertThat(lines.getLast()).startsWith("demo passed: ").contains("bytes right")
                    .contains("passed to it").endsWith("nothing is left behind");
            for (final String kind : List.of("tcp, 1 connection", "tcp, 64 connections", "unix, 1 connection",
                    "unix, 64 connections")) {
                assertThat(lines).anyMatch(line -> line.contains(kind + ", fdsock"));
                assertThat(lines).anyMatch(line -> line.contains(kind + ", JDK NIO"));
            }
            assertThat(demo.errors()).isEmpty();
        }
        assertThat(folder).isEmptyDirectory();
    }

    /// The demo's children, once both servers have made their sockets: it is in the middle of its work then.
    private List<ProcessHandle> inTheMiddle(final Program demo) throws Exception {
        final long start = System.nanoTime();
        while (sockets() < 2) {
            assertThat(demo.process().isAlive()).as(demo.errors()).isTrue();
            assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(Program.PATIENCE_SECONDS));
            Thread.onSpinWait();
        }
        return demo.process().children().toList();
    }

    private long sockets() throws Exception {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".sock")).count();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 15})
    void withoutDescriptorsItFailsWithALineAndLeavesNothing(final int limit) throws Exception {
        try (Program demo = demo("sh", "-c", "ulimit -n " + limit + "; exec \"$@\"", "sh")) {
            assertThat(demo.status()).isEqualTo(1);
            assertThat(demo.errors()).contains("fdsock demo: ").doesNotContain("\tat ");
        }
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void interruptedItTakesItsChildrenAndItsFilesWithIt() throws Exception {
        try (Program demo = demo()) {
            final List<ProcessHandle> children = inTheMiddle(demo);
            assertThat(children).hasSize(2);
            assertThat(demo.terminate()).isNotZero();
            assertThat(children).noneMatch(ProcessHandle::isAlive);
        }
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void killedOutrightItLeavesNoProcessAndNoSocketFile() throws Exception {
        try (Program demo = demo()) {
            final List<ProcessHandle> children = inTheMiddle(demo);
            assertThat(children).hasSize(2);
            demo.process().destroyForcibly().waitFor();
            for (final ProcessHandle child : children) {
                child.onExit().get(Program.PATIENCE_SECONDS, TimeUnit.SECONDS);
            }
        }
        assertThat(sockets()).isZero();
    }
}
