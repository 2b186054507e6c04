package io.github.fdsock.harness;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.Background;
import io.github.fdsock.EventFd;
import io.github.fdsock.Fd;
import io.github.fdsock.SocketFd;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Interposer;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.testing.WithoutLedger;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.FutureTask;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A trace shows each call of its scope once, as its caller saw it, and disturbs none.
@WithoutLedger("about the seam itself, which is empty before and after")
class TraceTest {

    @TempDir
    private Path folder;

    @AfterEach
    void nothingIsLeft() {
        assertThat(Interposer.install(null)).as("what is left in the seam").isNull();
    }

    @Test
    void showsTheCallsOfItsScope() throws Exception {
        try (Trace trace = Trace.record(Scope.thisThread())) {
            Libc.close(-1);
            final FutureTask<Integer> elsewhere = new FutureTask<>(() -> Libc.close(-2));
            Thread.ofPlatform().start(elsewhere);
            elsewhere.get();
            assertThat(trace.lines()).containsExactly("close(-1) = -1 EBADF (Bad file descriptor)");
        }
        Libc.close(-3);
    }

    @Test
    void keepsWhatItHasSeenAfterItsEnd() {
        final Trace trace = Trace.record(Scope.thisThread());
        Libc.close(-1);
        trace.close();
        trace.close();
        Libc.close(-2);
        assertThat(trace.entries()).singleElement().satisfies(entry -> {
            assertThat(entry.call()).isEqualTo(Call.close);
            assertThat(entry.arguments()).containsExactly("-1");
            assertThat(entry.result()).isEqualTo(-EBADF);
            assertThat(entry.injected()).isFalse();
            assertThat(entry.nanos()).isPositive();
            assertThat(entry.thread()).isSameAs(Thread.currentThread());
        });
        assertThatThrownBy(() -> trace.entries().clear()).isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void followsADescriptorToItsClose() throws IOException {
        final EventFd fd = EventFd.create(1, EFD_CLOEXEC);
        try (Trace trace = Trace.record(Scope.descriptor(fd)); Arena arena = Arena.ofConfined()) {
            final int number = fd.intValue();
            Libc.read(number, arena.allocate(8), 8);
            Libc.close(-1);
            fd.close();
            assertThat(trace.lines()).containsExactly("read(" + number + ", \"\\1\\0\\0\\0\\0\\0\\0\\0\", 8) = 8",
                    "close(" + number + ") = 0");
        }
    }

    @Test
    void aCallThatHasNotReturnedAtTheEndHasALineAllTheSame() throws Exception {
        try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0)) {
            final Trace trace = Trace.record(Scope.descriptor(pair.first()));
            try (Background<Long> blocked = Background.start(() -> pair.first().recv(new byte[4], 0, 4, 0))) {
                blocked.awaitBlockedOn(pair.first().intValue());
                trace.close();
                trace.close();
                assertThat(pair.second().send(new byte[1], 0, 1, 0)).isEqualTo(1);
                assertThat(blocked.result()).isEqualTo(1);
            }
            assertThat(trace.lines()).singleElement().asString().matches(
                    "recv\\(" + pair.first().intValue() + ", 0x[0-9a-f]+, 4, 0\\) = \\? <unfinished \\.{3}>");
            assertThat(trace.entries().getFirst().thread().getName()).isEqualTo("background");
        }
    }

    private static Layers.Layer faults() {
        final Layers.Layer layer = new Layers.Layer() {
            @Override
            public Layers.Place place() {
                return Layers.Place.FAULTS;
            }

            @Override
            public long call(final Invocation invocation) {
                invocation.arguments()[0] = 4711;
                invocation.markInjected();
                return -EIO;
            }
        };
        Layers.add(layer);
        return layer;
    }

    @Test
    void aCallThatIsNotMadeHasNoLine() {
        final Trace trace = Trace.record(Scope.thisThread());
        try (trace) {
            assertThatThrownBy(() -> Libc.send(1, MemorySegment.ofArray(new byte[1]), 1, 0))
                    .isInstanceOf(IllegalArgumentException.class);
        }
        assertThat(trace.lines()).isEmpty();
    }

    @Test
    void marksWhatWasInjectedAndShowsTheCallersArguments() {
        final Layers.Layer faults = faults();
        try (Trace trace = Trace.record(Scope.thisThread())) {
            Libc.close(-1);
            assertThat(trace.lines()).containsExactly("close(-1) = -1 EIO (Input/output error) (INJECTED)");
        } finally {
            Layers.remove(faults);
        }
    }

    @Test
    void leavesErrnoToTheCaller() {
        try (Trace _ = Trace.record(Scope.thisThread()); Arena arena = Arena.ofConfined()) {
            final MemorySegment message = arena.allocate(56, 8);
            message.fill((byte) 1);
            assertThat(Libc.sendmsg(-1, message, 0)).isEqualTo(-EBADF);
            assertThat(Libc.errno()).isEqualTo(EBADF);
        }
    }

    @Test
    void aSinkThatThrowsReachesNobodyButTheOneWhoClosesTheTrace() throws IOException {
        final Trace trace = Trace.to(Scope.thisThread(), TraceStyle.PLAIN, entry -> {
            Libc.close(-5);
            throw new AssertionError("no, " + entry);
        });
        final int fd = Libc.eventfd(0, EFD_CLOEXEC);
        assertThat(fd).isNotNegative();
        Fd.adopt(fd).close();
        assertThatThrownBy(trace::close).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no, eventfd(0, EFD_CLOEXEC) = " + fd);
    }

    @Test
    void printsAsStraceWouldWithItsSwitches() throws IOException {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        final String tid = Files.readSymbolicLink(Path.of("/proc/thread-self")).getFileName().toString();
        try (Trace _ = Trace.print(Scope.thisThread(), new TraceStyle(2, true, true, true, 40),
                new PrintStream(out, true)); Arena arena = Arena.ofConfined()) {
            Libc.write(-1, arena.allocateFrom("hello"), 5);
        }
        assertThat(out.toString()).matches("\\[pid " + tid + "] (\\d\\d:){2}\\d\\d\\.\\d{6} write\\(-1, \"he\"\\.\\.\\., 5\\)"
                + " {18} = -1 EBADF \\(Bad file descriptor\\) <\\d\\.\\d{6}>\n");
        assertThatThrownBy(() -> new TraceStyle(-1, false, false, false, 0)).hasMessageContaining("-1");
    }

    @Test
    void countsAndSumsUp() {
        final TraceSummary summary;
        try (Trace trace = Trace.count(Scope.thisThread())) {
            Libc.close(-1);
            Libc.close(-1);
            Libc.close(Libc.eventfd(0, EFD_CLOEXEC));
            summary = trace.summary();
            Libc.close(-1);
            assertThat(trace.lines()).isEmpty();
        }
        assertThat(summary.calls(Call.close)).isEqualTo(3);
        assertThat(summary.errors(Call.close)).isEqualTo(2);
        assertThat(summary.nanos(Call.close)).isPositive();
        final List<String> table = summary.toString().lines().toList();
        assertThat(table.getFirst()).isEqualTo("% time     seconds  usecs/call     calls    errors syscall");
        assertThat(table).hasSize(6).anyMatch(line -> line.matches(" *[\\d.]+ +0\\.\\d{6} +\\d+ +3 +2 close"))
                .anyMatch(line -> line.matches(" *[\\d.]+ +0\\.\\d{6} +\\d+ +1 +eventfd"));
        assertThat(table.getLast()).matches("100\\.00 +0\\.\\d{6} +\\d+ +4 +2 total");
    }

    @Test
    void flightRecorderHasTheCallsAsEvents() throws IOException {
        final Path file = folder.resolve("calls.jfr");
        try (Recording recording = new Recording(); Trace _ = Trace.events(Scope.thisThread())) {
            Libc.close(-1);
            recording.enable("fdsock.Call").withoutThreshold();
            recording.start();
            Libc.close(-2);
            recording.stop();
            Libc.close(-3);
            recording.dump(file);
        }
        final List<RecordedEvent> events = RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().equals("fdsock.Call")).toList();
        assertThat(events).singleElement().satisfies(event -> {
            assertThat(event.getString("call")).isEqualTo("close");
            assertThat(event.getString("arguments")).isEqualTo("-2");
            assertThat(event.getLong("result")).isEqualTo(-EBADF);
            assertThat(event.getString("errno")).isEqualTo("EBADF");
            assertThat(event.getDuration().toNanos()).isPositive();
            assertThat(event.getThread().getJavaName()).isEqualTo(Thread.currentThread().getName());
        });
    }

    @Test
    void whereNoneIsOpenThereIsNothing() {
        final Trace one = Trace.record(Scope.everything());
        final Trace other = Trace.count(Scope.everything());
        one.close();
        other.close();
        assertThat(Interposer.install(null)).isNull();
    }
}
