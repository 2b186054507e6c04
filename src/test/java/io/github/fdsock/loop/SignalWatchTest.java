package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.EventFd;
import io.github.fdsock.harness.Faults;
import io.github.fdsock.harness.Scope;
import io.github.fdsock.harness.junit.FdLedger;
import io.github.fdsock.sys.Libc;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A signal is told to each who asked for it, on the loop's thread, for as long as it is asked for.
///
/// With SIGWINCH, which nobody minds: neither caught nor ignored it does nothing.
@FdLedger
@Timeout(60)
class SignalWatchTest {
    private EventLoop loop;
    private EventFd silent;

    @BeforeEach
    void open() throws IOException {
        loop = EventLoop.open();
        silent = EventFd.create(0, EFD_NONBLOCK);
        loop.register(silent, EPOLLIN, (_, _) -> { });
    }

    @AfterEach
    void close() throws IOException {
        loop.close();
        silent.close();
        assertThat(isCaught(SIGWINCH)).isFalse();
    }

    private static void send(final int signal) {
        assertThat(Libc.kill((int) ProcessHandle.current().pid(), signal)).isZero();
    }

    /// As the kernel sees it.
    private static boolean isCaught(final int signal) throws IOException {
        final String caught = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("SigCgt:")).findFirst().orElseThrow();
        return (Long.parseUnsignedLong(caught.substring(7).strip(), 16) & 1L << signal - 1) != 0;
    }

    @ParameterizedTest
    @ValueSource(strings = {"WINCH", "SIGWINCH"})
    void aSignalIsToldOnTheThreadOfTheLoop(final String name) throws IOException {
        final List<Boolean> told = new ArrayList<>();
        try (SignalWatch _ = loop.onSignal(name, () -> {
            told.add(loop.inLoop());
            loop.stop();
        })) {
            assertThat(isCaught(SIGWINCH)).isTrue();
            send(SIGWINCH);
            loop.run();
            send(SIGWINCH);
            loop.run();
        }
        assertThat(told).containsExactly(true, true);
    }

    @Test
    void severalLoopsAndSeveralHandlersAreEachTold() throws IOException {
        final List<String> told = new ArrayList<>();
        try (EventLoop other = EventLoop.open()) {
            final SignalWatch first = loop.onSignal("WINCH", () -> told.add("first"));
            loop.onSignal("WINCH", () -> {
                told.add("second");
                loop.stop();
            });
            other.onSignal("WINCH", () -> {
                told.add("other");
                other.stop();
            });
            send(SIGWINCH);
            loop.run();
            other.run();
            assertThat(told).containsExactly("first", "second", "other");
            first.close();
            first.close();
            told.clear();
            send(SIGWINCH);
            loop.run();
            other.run();
            assertThat(told).containsExactly("second", "other");
            assertThat(isCaught(SIGWINCH)).isTrue();
        }
        // Those that are left are closed with their loop, and the signal is nobody's again: see above.
    }

    @Test
    void aLoopThatCannotBeWokenDoesNotKeepItFromOthers() throws IOException {
        final List<String> told = new ArrayList<>();
        try (EventLoop other = EventLoop.open()) {
            loop.onSignal("WINCH", () -> told.add("first"));
            other.onSignal("WINCH", () -> told.add("other"));
            try (Faults _ = Faults.inject(Scope.everything(), "write:error=EIO:when=1")) {
                send(SIGWINCH);
                Turns.until(other, () -> !told.isEmpty());
            }
            loop.runNoWait();
            assertThat(told).containsExactly("other", "first");
        }
    }

    @Test
    void closedBeforeTheLoopGotToItItIsNotTold() throws IOException {
        final AtomicInteger told = new AtomicInteger();
        final SignalWatch watch = loop.onSignal("WINCH", told::incrementAndGet);
        send(SIGWINCH);
        while (loop.metrics().tasksWaiting() == 0) {
            Thread.onSpinWait();
        }
        watch.close();
        loop.runOnce();
        assertThat(told).hasValue(0);
    }

    @Test
    void whatWasThereBeforeIsThereAgain() throws Exception {
        final AtomicInteger before = new AtomicInteger();
        final AtomicInteger told = new AtomicInteger();
        final Object former = JvmSignal.handle("WINCH", before::incrementAndGet);
        try {
            try (SignalWatch _ = loop.onSignal("WINCH", () -> {
                told.incrementAndGet();
                loop.stop();
            })) {
                send(SIGWINCH);
                loop.run();
                assertThat(before).hasValue(0);
            }
            send(SIGWINCH);
            while (before.get() == 0) {
                Thread.onSpinWait();
            }
            assertThat(told).hasValue(1);
        } finally {
            JvmSignal.restore("WINCH", former);
        }
    }

    @Test
    void whoTookTheSignalOverMeanwhileKeepsIt() throws Exception {
        final AtomicInteger later = new AtomicInteger();
        final SignalWatch watch = loop.onSignal("WINCH", () -> { });
        JvmSignal.handle("WINCH", later::incrementAndGet);
        watch.close();
        try {
            send(SIGWINCH);
            while (later.get() == 0) {
                Thread.onSpinWait();
            }
        } finally {
            JvmSignal.restore("WINCH", JvmSignal.DEFAULT);
        }
    }

    @Test
    void itKeepsTheLoopRunningUnlessItDoesNotCount() throws IOException {
        try (EventLoop alone = EventLoop.open()) {
            final SignalWatch watch = alone.onSignal("WINCH", () -> { });
            assertThat(alone.hasWork()).isTrue();
            watch.unref();
            watch.unref();
            assertThat(alone.hasWork()).isFalse();
            alone.run();
            watch.ref();
            watch.ref();
            assertThat(alone.hasWork()).isTrue();
            watch.close();
            assertThat(alone.hasWork()).isFalse();
            watch.unref();
            watch.ref();
            assertThat(alone.hasWork()).isFalse();
        }
    }

    @Test
    void whatItsActionThrowsEndsTheRun() throws IOException {
        final IOException failure = new IOException("thrown at a signal");
        try (SignalWatch _ = loop.onSignal("WINCH", () -> {
            throw failure;
        })) {
            send(SIGWINCH);
            assertThatThrownBy(loop::run).isInstanceOf(UncheckedIOException.class).hasCause(failure);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"SEGV", "KILL", "SIGSTOP", "QUIT", "FPE", "ILL"})
    void whatTheJvmOrTheKernelKeepsIsRefused(final String name) {
        assertThatThrownBy(() -> loop.onSignal(name, () -> { })).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Signal already used by VM or OS: SIG" + name.replace("SIG", ""));
        assertThat(loop.guests()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"BUS", "SIGTRAP"})
    void whatTheJvmWouldGiveAwayButNeedsIsRefused(final String name) {
        assertThatThrownBy(() -> loop.onSignal(name, () -> { })).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("SIG%s is how the JVM notices faults of its own", name.replace("SIG", ""));
    }

    @Test
    void whatIsNoSignalIsRefused() {
        assertThatThrownBy(() -> loop.onSignal("NONSENSE", () -> { })).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Unknown signal: NONSENSE");
        assertThatThrownBy(() -> loop.onSignal(null, () -> { })).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> loop.onSignal("WINCH", null)).isInstanceOf(NullPointerException.class);
        assertThat(loop.guests()).isEmpty();
    }

    /// `sun.misc.Signal`, by reflection, as the library has it.
    private static final class JvmSignal {
        static final Object DEFAULT = constant("SIG_DFL");

        private static Object constant(final String name) {
            try {
                return Class.forName("sun.misc.SignalHandler").getField(name).get(null);
            } catch (final ReflectiveOperationException e) {
                throw new AssertionError(e);
            }
        }

        static Object handle(final String name, final Runnable action) throws Exception {
            final Class<?> handler = Class.forName("sun.misc.SignalHandler");
            return restore(name, Proxy.newProxyInstance(null, new Class<?>[] {handler},
                    (_, _, _) -> {
                        action.run();
                        return null;
                    }));
        }

        static Object restore(final String name, final Object handler) throws Exception {
            final Class<?> signal = Class.forName("sun.misc.Signal");
            return signal.getMethod("handle", signal, Class.forName("sun.misc.SignalHandler"))
                    .invoke(null, signal.getConstructor(String.class).newInstance(name), handler);
        }
    }
}
