package io.github.fdsock.loop.monitor;

import static io.github.fdsock.sys.Constants.EFD_NONBLOCK;
import static io.github.fdsock.sys.Constants.EPOLLIN;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.EventFd;
import io.github.fdsock.loop.EventLoop;
import io.github.fdsock.testing.Allocations;
import io.github.fdsock.testing.CountsAllocations;
import io.github.fdsock.testing.Project;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Flight Recorder has the figures of a loop and its slow turns, where it was asked to; a loop that was not does
/// without.
@Timeout(120)
class LoopRecordingTest {
    private static final String TURN = "fdsock.LoopTurn";
    private static final String STATISTICS = "fdsock.LoopStatistics";

    @TempDir
    private Path folder;

    private List<RecordedEvent> events(final Recording recording, final String type) throws IOException {
        final Path file = folder.resolve(type + ".jfr");
        recording.dump(file);
        return RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().equals(type)).toList();
    }

    private static void spin(final long nanos) {
        final long start = System.nanoTime();
        while (System.nanoTime() - start < nanos) {
            Thread.onSpinWait();
        }
    }

    @Test
    void slowTurnsAreEvents() throws IOException {
        try (EventLoop loop = EventLoop.open(); LoopRecording _ = LoopRecording.of("a loop", loop);
                Recording recording = new Recording()) {
            recording.enable(TURN).withThreshold(Duration.ofMillis(50));
            loop.execute(() -> spin(60_000_000));
            loop.run();
            recording.start();
            loop.execute(() -> { });
            loop.execute(() -> spin(60_000_000));
            loop.schedule(0, () -> { });
            loop.run();
            // The wait is none of the turn's.
            loop.schedule(100_000_000, () -> { });
            loop.run();
            recording.stop();
            loop.execute(() -> spin(60_000_000));
            loop.run();
            assertThat(events(recording, TURN)).filteredOn(event -> event.getLong("tasks") > 0).singleElement()
                    .satisfies(event -> {
                        assertThat(event.getString("loop")).isEqualTo("a loop");
                        assertThat(event.getDuration()).isGreaterThanOrEqualTo(Duration.ofMillis(60));
                        assertThat(event.getLong("tasks")).isEqualTo(2);
                        assertThat(event.getLong("timers")).isEqualTo(1);
                        // The wakeup by the first task.
                        assertThat(event.getLong("events")).isEqualTo(1);
                        assertThat(event.getThread().getJavaName()).isEqualTo(Thread.currentThread().getName());
                    });
        }
    }

    @Test
    void theFiguresAreEventsFromTimeToTime() throws IOException {
        try (EventLoop one = EventLoop.open(); EventLoop other = EventLoop.open();
                EventFd silent = EventFd.create(0, EFD_NONBLOCK); Recording recording = new Recording()) {
            final LoopRecording ofOne = LoopRecording.of("one", one);
            final LoopRecording ofOther = LoopRecording.of("other", other);
            one.register(silent, EPOLLIN, (_, _) -> { });
            one.schedule(Duration.ofDays(1), () -> { });
            other.execute(() -> { });
            other.execute(() -> { });
            recording.enable(STATISTICS).withPeriod(Duration.ofMillis(20));
            recording.start();
            one.schedule(200_000_000, one::stop);
            one.run();
            ofOne.close();
            ofOne.close();
            recording.stop();
            ofOther.close();
            final List<RecordedEvent> events = events(recording, STATISTICS);
            assertThat(events).extracting(event -> event.getString("loop")).contains("one", "other");
            assertThat(events).filteredOn(event -> event.getString("loop").equals("one")).allSatisfy(event -> {
                assertThat(event.getLong("registrations")).isEqualTo(1);
                assertThat(event.getLong("timersArmed")).isBetween(1L, 2L);
            });
            assertThat(events).filteredOn(event -> event.getString("loop").equals("other")).allSatisfy(event -> {
                assertThat(event.getLong("tasksWaiting")).isEqualTo(2);
                assertThat(event.getLong("turns")).isZero();
            });
        }
    }

    @Test
    void aLoopIsObservedOnceAtATime() throws IOException {
        try (EventLoop loop = EventLoop.open()) {
            final LoopRecording first = LoopRecording.of("first", loop);
            assertThatThrownBy(() -> LoopRecording.of("second", loop)).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("observed");
            first.close();
            LoopRecording.of("third", loop).close();
        }
    }

    @Test
    void oneThatAnotherThreadWasRefusedToEndCanStillBeEnded() throws IOException {
        try (EventLoop loop = EventLoop.open()) {
            final LoopRecording recording = LoopRecording.of("refused", loop);
            loop.execute(() -> assertThatThrownBy(() -> CompletableFuture.runAsync(recording::close).join())
                    .hasCauseInstanceOf(IllegalStateException.class));
            loop.run();
            recording.close();
            LoopRecording.of("next", loop).close();
        }
    }

    @CountsAllocations
    @Test
    void whileNobodyRecordsATurnAllocatesNothing() throws IOException {
        final int turns = 10_000;
        try (EventLoop loop = EventLoop.open(); EventFd fd = EventFd.create(1, 0);
                LoopRecording _ = LoopRecording.of("quiet", loop)) {
            loop.register(fd, EPOLLIN, (_, _) -> { });
            assertThat(Allocations.least(turns, loop::runNoWait)).as("bytes of %s turns", turns).isLessThan(turns);
        }
    }

    @Test
    void aRuntimeOfTheBaseAloneRunsALoop() throws Exception {
        assertThat(run("--limit-modules", "java.base")).containsExactly("event, timer, task, close, no signals");
    }

    @Test
    void whoDoesNotAskForItLoadsNothingOfFlightRecorder() throws Exception {
        final Path loaded = folder.resolve("loaded");
        assertThat(run("-Xlog:class+load:file=" + loaded)).containsExactly("event, timer, task, close, signals");
        final List<String> names = Files.readAllLines(loaded).stream()
                .map(line -> line.replaceFirst("^(\\[[^]]*])+ ", "").split(" ")[0]).toList();
        assertThat(names).contains(EventLoop.class.getName());
        assertThat(names).noneMatch(name -> name.startsWith("jdk.jfr.")
                || name.equals(LoopRecording.class.getName()));
    }

    private List<String> run(final String... options) throws Exception {
        final List<String> command = new ArrayList<>(List.of(Project.java().toString(), "-XX:+UseSerialGC"));
        command.addAll(List.of(options));
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp",
                place(EventLoop.class) + ":" + place(LoopProgram.class), LoopProgram.class.getName()));
        final Process program = new ProcessBuilder(command).redirectErrorStream(true).start();
        program.getOutputStream().close();
        final List<String> output;
        try (var reader = program.inputReader()) {
            output = reader.lines().toList();
        }
        assertThat(program.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(program.exitValue()).as(String.join("\n", output)).isZero();
        return output;
    }

    private static String place(final Class<?> type) {
        return type.getProtectionDomain().getCodeSource().getLocation().getPath();
    }
}
