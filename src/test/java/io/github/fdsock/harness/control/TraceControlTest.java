package io.github.fdsock.harness.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.PipeFd;
import io.github.fdsock.harness.Faults;
import io.github.fdsock.harness.Scope;
import io.github.fdsock.sys.Interposer;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.testing.WithoutLedger;
import java.io.FileNotFoundException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.FutureTask;
import javax.management.JMX;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import jdk.jfr.Recording;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A process that has registered its control is traced from outside, by JMX and by Flight Recorder.
@WithoutLedger("about the seam itself, which is empty before and after")
class TraceControlTest {
    private final MBeanServer server = ManagementFactory.getPlatformMBeanServer();
    private ObjectName name;
    private TraceControlMXBean control;

    @TempDir
    private Path folder;

    @BeforeEach
    void register() throws Exception {
        name = new ObjectName(TraceControl.NAME);
        TraceControl.register();
        TraceControl.register();
        control = JMX.newMXBeanProxy(server, name, TraceControlMXBean.class);
    }

    @AfterEach
    void unregister() throws Exception {
        server.unregisterMBean(name);
        assertThat(Interposer.install(null)).as("what is left in the seam").isNull();
    }

    @Test
    void jmxStartsAndStopsATrace() throws Exception {
        assertThat(control.isRunning()).isFalse();
        assertThat(control.getSummary()).isEmpty();
        assertThat(control.stop()).isEmpty();
        final Path first = folder.resolve("first");
        final Path second = folder.resolve("second");
        control.start("", first.toString());
        Libc.close(-4711);
        assertThat(control.isRunning()).isTrue();
        assertThat(control.getSummary()).contains("close");
        control.start("close_range", second.toString());
        Libc.close(-4712);
        Libc.close_range(5, 4, 0);
        assertThat(control.stop()).contains("close_range").endsWith("total\n");
        Libc.close_range(5, 4, 0);
        assertThat(control.isRunning()).isFalse();
        assertThat(Files.readAllLines(first)).filteredOn(line -> line.contains("close(-4711) = -1 EBADF")).hasSize(1);
        assertThat(Files.readAllLines(second)).singleElement().asString()
                .matches("\\[pid \\d+] [\\d:.]+ close_range\\(5, 4, 0\\) = -1 EINVAL \\(Invalid argument\\) <[\\d.]+>");
    }

    @Test
    void whatCannotBeStartedLeavesTheRunningOneAlone() throws Exception {
        final Path file = folder.resolve("trace");
        control.start("close", file.toString());
        // One of the JDK's own, and nothing else behind it: a client has no class of ours.
        assertThatThrownBy(() -> control.start("%netwrk", "")).isExactlyInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("\"%netwrk\", column 1: expected").hasNoCause();
        assertThatThrownBy(() -> control.start("", folder.resolve("no/where").toString()))
                .isInstanceOf(FileNotFoundException.class);
        Libc.close(-4711);
        control.stop();
        assertThat(Files.readString(file)).contains("close(-4711)");
    }

    @Test
    void whatIsUnderWayWhenTheNextOneGetsTheSameFileIsNotInIt() throws Exception {
        final Path file = folder.resolve("trace");
        try (PipeFd.Pair pipe = PipeFd.create(0); Arena arena = Arena.ofShared();
                Faults reached = Faults.inject(Scope.descriptor(pipe.readEnd()), "read:delay_enter=1ns")) {
            final MemorySegment one = arena.allocate(1);
            control.start("", file.toString());
            final FutureTask<Long> reading = new FutureTask<>(() -> Libc.read(pipe.readEnd().intValue(), one, 1));
            Thread.ofPlatform().start(reading);
            while (reached.injected() == 0) {
                Thread.onSpinWait();
            }
            Libc.close(-4711);
            control.start("close_range", file.toString());
            Libc.close_range(5, 4, 0);
            control.stop();
            assertThat(Files.readAllLines(file)).singleElement().asString().contains(" close_range(5, 4, 0)");
            pipe.writeEnd().write(one);
            assertThat(reading.get()).isOne();
        }
    }

    @Test
    void whereItsLinesCannotBeWrittenItSaysSoAndIsOver() throws Exception {
        final PrintStream before = System.err;
        System.setErr(new PrintStream(OutputStream.nullOutputStream()) {
            @Override
            public void println(final String line) {
                throw new IllegalStateException("not written");
            }
        });
        try {
            control.start("close", "");
            Libc.close(-4711);
            assertThatThrownBy(control::stop).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("not written");
            assertThat(control.isRunning()).isFalse();
        } finally {
            System.setErr(before);
        }
    }

    @Test
    void nothingIsLeftOfOneThatIsUnregistered() throws Exception {
        final Path file = folder.resolve("trace");
        control.start("close", file.toString());
        try (Recording recording = new Recording()) {
            recording.enable("fdsock.Call");
            recording.start();
            server.unregisterMBean(name);
            assertThat(Interposer.install(null)).isNull();
        }
        TraceControl.register();
        assertThat(control.isRunning()).isFalse();
    }

    @Test
    void aRecordingThatAsksForCallsTracesThemWhileItRuns() {
        try (Recording other = new Recording(); Recording recording = new Recording()) {
            other.start();
            assertThat(Interposer.install(null)).as("of a recording without calls").isNull();
            recording.enable("fdsock.Call");
            recording.start();
            final Interposer installed = Interposer.install(null);
            assertThat(installed).isNotNull();
            Interposer.install(installed);
            recording.stop();
            assertThat(Interposer.install(null)).as("after the recording").isNull();
        }
    }
}
