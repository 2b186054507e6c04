package io.github.fdsock;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.harness.Faults;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.SignalfdSiginfo;
import io.github.fdsock.testing.Project;
import io.github.fdsock.testing.RequiresProgram;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A signal that its thread blocks can be read, once, with who sent it.
class SignalFdTest {
    private static final int SI_TKILL = -6;

    /// Signals that this thread blocks, as the kernel tells.
    private static long blocked() throws IOException {
        return Files.readAllLines(Path.of("/proc/thread-self/status")).stream()
                .filter(line -> line.startsWith("SigBlk:"))
                .mapToLong(line -> Long.parseUnsignedLong(line.substring("SigBlk:".length()).strip(), 16))
                .findFirst().orElseThrow();
    }

    private static long bit(final int signal) {
        return 1L << signal - 1;
    }

    @Test
    void readsASignalSentToTheThread() throws IOException {
        try (SignalFd.Blocked _ = SignalFd.block(SIGUSR1);
                SignalFd signals = SignalFd.create(SFD_NONBLOCK, SIGUSR1)) {
            assertThat(signals.closeOnExec()).isTrue();
            assertThat(signals).hasToString("signalfd " + signals.intValue());
            assertThat(signals.receive()).isNull();
            assertThat(Libc.raise(SIGUSR1)).isZero();
            assertThat(signals.await(POLLIN, 0)).isEqualTo(POLLIN);
            final SignalFd.Signal signal = signals.receive();
            assertThat(signal.number()).isEqualTo(SIGUSR1);
            assertThat(signal.code()).isEqualTo(SI_TKILL);
            assertThat(signal.pid()).isEqualTo((int) ProcessHandle.current().pid());
            assertThat(signal.uid()).isEqualTo((int) Files.getAttribute(Path.of("/proc/self"), "unix:uid"));
            assertThat(signals.receive()).isNull();
        }
    }

    @Test
    void fillsAReusedStructure() throws IOException {
        try (Arena arena = Arena.ofConfined(); SignalFd.Blocked _ = SignalFd.block(SIGUSR1, SIGURG);
                SignalFd signals = SignalFd.create(SFD_NONBLOCK, SIGUSR1, SIGURG)) {
            final SignalfdSiginfo info = SignalfdSiginfo.allocate(arena);
            Libc.raise(SIGURG);
            Libc.raise(SIGUSR1);
            assertThat(signals.receive(info)).as("the lowest first").isEqualTo(SIGUSR1);
            assertThat(info.signo()).isEqualTo(SIGUSR1);
            assertThat(signals.receive(info)).isEqualTo(SIGURG);
            assertThat(signals.receive(info)).isEqualTo(-EAGAIN);
        }
    }

    @Test
    void theSetCanBeReplaced() throws IOException {
        try (SignalFd.Blocked _ = SignalFd.block(SIGUSR1);
                SignalFd signals = SignalFd.create(SFD_NONBLOCK, SIGURG)) {
            Libc.raise(SIGUSR1);
            assertThat(signals.receive()).isNull();
            signals.signals(SIGUSR1);
            assertThat(signals.receive()).extracting(SignalFd.Signal::number).isEqualTo(SIGUSR1);
        }
    }

    @Test
    void onlyItsThreadCanReadASignalSentToIt() throws Exception {
        try (SignalFd.Blocked _ = SignalFd.block(SIGUSR1);
                SignalFd signals = SignalFd.create(SFD_NONBLOCK, SIGUSR1)) {
            Libc.raise(SIGUSR1);
            try (Background<SignalFd.Signal> other = Background.start(signals::receive)) {
                assertThat(other.result()).isNull();
            }
            assertThat(signals.receive()).isNotNull();
        }
    }

    @Test
    void anInterruptedReceiveGoesOn() throws IOException {
        try (SignalFd.Blocked _ = SignalFd.block(SIGUSR1);
                SignalFd signals = SignalFd.create(SFD_NONBLOCK, SIGUSR1);
                Faults faults = Faults.inject("read:error=EINTR:when=1..3")) {
            Libc.raise(SIGUSR1);
            assertThat(signals.receive()).isNotNull();
            assertThat(faults.matched(0)).isEqualTo(4);
        }
    }

    @Test
    void blockingIsForThisThreadAndUntilClosed() throws Exception {
        assertThat(blocked() & bit(SIGUSR1)).isZero();
        try (SignalFd.Blocked outer = SignalFd.block(SIGUSR1)) {
            assertThat(blocked() & (bit(SIGUSR1) | bit(SIGURG))).isEqualTo(bit(SIGUSR1));
            try (SignalFd.Blocked _ = SignalFd.block(SIGUSR1, SIGURG)) {
                assertThat(blocked() & bit(SIGURG)).isEqualTo(bit(SIGURG));
            }
            assertThat(blocked() & (bit(SIGUSR1) | bit(SIGURG))).isEqualTo(bit(SIGUSR1));
            try (Background<Long> other = Background.start(() -> {
                assertThatThrownBy(outer::close).isInstanceOf(WrongThreadException.class);
                return blocked();
            })) {
                assertThat(other.result() & bit(SIGUSR1)).as("inherited by threads started meanwhile")
                        .isEqualTo(bit(SIGUSR1));
            }
        }
        assertThat(blocked() & (bit(SIGUSR1) | bit(SIGURG))).isZero();
    }

    @Test
    void restoringTwiceDoesNothing() throws IOException {
        final SignalFd.Blocked first = SignalFd.block(SIGUSR1);
        first.close();
        try (SignalFd.Blocked _ = SignalFd.block(SIGUSR1)) {
            first.close();
            assertThat(blocked() & bit(SIGUSR1)).isEqualTo(bit(SIGUSR1));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP})
    void whatTheJvmNeedsIsNotBlocked(final int signal) throws IOException {
        final long before = blocked();
        assertThatThrownBy(() -> SignalFd.block(SIGUSR1, signal)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("signal " + signal);
        assertThat(blocked()).isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, 65})
    void whatIsNoSignalIsRefused(final int signal) {
        assertThatThrownBy(() -> SignalFd.block(signal)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(Integer.toString(signal));
        assertThatThrownBy(() -> SignalFd.create(0, SIGUSR1, signal)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(Integer.toString(signal));
    }

    @Test
    void virtualThreadsHaveNoMask() throws Exception {
        final Throwable[] thrown = new Throwable[1];
        final Thread thread = Thread.ofVirtual().start(() -> {
            try {
                SignalFd.block(SIGUSR1);
            } catch (final RuntimeException e) {
                thrown[0] = e;
            }
        });
        thread.join();
        assertThat(thrown[0]).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void unknownFlagsAreTheKernelsToRefuse() {
        assertThatThrownBy(() -> SignalFd.create(1, SIGUSR1)).isInstanceOf(ErrnoException.class)
                .hasMessage("signalfd(-1, [10], SFD_CLOEXEC|0x1) = -1 EINVAL (Invalid argument)");
    }

    @Test
    void adoptTakesASignalfdAndNothingElse() throws IOException {
        try (SignalFd.Blocked _ = SignalFd.block(SIGUSR1);
                SignalFd signals = SignalFd.create(SFD_NONBLOCK, SIGURG); SignalFd copy = signals.dup();
                SignalFd adopted = SignalFd.adopt(signals.dup().release()); EventFd counter = EventFd.create(0, 0)) {
            copy.signals(SIGUSR1);
            Libc.raise(SIGUSR1);
            assertThat(adopted.receive()).isNotNull();
            assertThatThrownBy(() -> SignalFd.adopt(counter.intValue())).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("fd %d is anon_inode:[eventfd], not a signalfd", counter.intValue());
        }
    }

    /// The only way to signals of the process: the JVM is started with them blocked, and where it would use them
    /// itself, with `-Xrs`.
    @ParameterizedTest
    @CsvSource({"USR1, 10, ''", "TERM, 15, -Xrs"})
    @RequiresProgram("env")
    void aJvmStartedWithASignalBlockedReadsThoseOfTheProcess(final String name, final int number, final String option)
            throws Exception {
        final Process jvm = new ProcessBuilder(Stream.of("env", "--block-signal=" + name,
                Project.java().toString(), option, "--enable-native-access=ALL-UNNAMED", "-cp",
                location(SignalFd.class) + ":" + location(SignalFdTest.class), Receiver.class.getName(),
                Integer.toString(number)).filter(word -> !word.isEmpty()).toList())
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try (BufferedReader output = jvm.inputReader()) {
            assertThat(output.readLine()).isEqualTo("ready");
            try (PidFd pid = PidFd.open(jvm)) {
                pid.sendSignal(number);
            }
            assertThat(output.readLine()).isEqualTo(number + " from " + ProcessHandle.current().pid());
            assertThat(jvm.waitFor()).isZero();
        } finally {
            jvm.destroyForcibly();
            jvm.waitFor();
        }
    }

    private static String location(final Class<?> type) {
        return type.getProtectionDomain().getCodeSource().getLocation().getPath();
    }

    /// Run in a JVM of its own: waits for one signal, and tells of it.
    static final class Receiver {
        private Receiver() {
        }

        public static void main(final String[] arguments) throws IOException {
            try (SignalFd signals = SignalFd.create(0, Integer.parseInt(arguments[0]))) {
                System.out.println("ready");
                final SignalFd.Signal signal = signals.receive();
                System.out.println(signal.number() + " from " + signal.pid());
            }
        }
    }
}
