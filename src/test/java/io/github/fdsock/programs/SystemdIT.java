package io.github.fdsock.programs;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.Message;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.testing.Project;
import io.github.fdsock.testing.RequiresProgram;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What systemd's programs say is understood, and what they pass is served.
@Timeout(120)
class SystemdIT {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(Program.PATIENCE_SECONDS);

    @TempDir
    private Path folder;

    // ---- systemd-notify

    @ParameterizedTest
    @ValueSource(strings = {"/", "@"})
    @RequiresProgram("systemd-notify")
    void itsBarrierEndsWhenTheDescriptorThatCameWithItIsClosed(final String first) throws Exception {
        final String name = folder.resolve("notify").toString();
        try (SocketFd manager = SocketFd.socket(AF_UNIX, SOCK_DGRAM, 0); Arena arena = Arena.ofConfined()) {
            manager.bind(first.equals("@") ? SockAddr.unixAbstract(name) : SockAddr.unix(name));
            try (Program notify = Program.start("env", "NOTIFY_SOCKET=" + (first.equals("@") ? "@" + name : name),
                    "systemd-notify", "--ready", "--status=hello")) {
                final MemorySegment room = arena.allocate(1000);
                try (Message said = receive(manager, room)) {
                    assertThat(text(room, said.bytes())).isEqualTo("READY=1\nSTATUS=hello");
                    assertThat(said.descriptors()).isZero();
                }
                try (Message barrier = receive(manager, room)) {
                    assertThat(text(room, barrier.bytes())).isEqualTo("BARRIER=1");
                    assertThat(barrier.descriptors()).isEqualTo(1);
                    assertThat(notify.process().isAlive()).as("it waits for us").isTrue();
                }
                assertThat(notify.status()).as(notify.errors()).isZero();
            }
        }
    }

    private static Message receive(final SocketFd manager, final MemorySegment room) throws IOException {
        assertThat(manager.await(POLLIN, PATIENCE_NANOS)).isEqualTo(POLLIN);
        return manager.receive(room, 0, 2);
    }

    private static String text(final MemorySegment room, final long length) {
        return new String(room.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }

    // ---- systemd-socket-activate

    @Test
    @RequiresProgram("systemd-socket-activate")
    void everyListenerIsServed() throws Exception {
        final SockAddr tcp = freePort();
        try (Program activate = activate("", "-l", tcp.toString(), "-l", folder.resolve("s").toString(),
                "-l", "@" + folder)) {
            awaitListeners(activate, 3);
            assertAnswers(tcp, SOCK_STREAM);
            assertAnswers(SockAddr.unix(folder.resolve("s")), SOCK_STREAM);
            assertAnswers(SockAddr.unixAbstract(folder.toString()), SOCK_STREAM);
            assertThat(activate.status()).as(activate.errors()).isZero();
            assertThat(activate.errors()).contains("serving unknown, family 2, type 1, listening",
                    "serving unknown, family 1, type 1, listening");
        }
    }

    @Test
    @RequiresProgram("systemd-socket-activate")
    void isServedUnderItsName() throws Exception {
        try (Program activate = activate("", "--fdname=control", "-l", "@" + folder)) {
            awaitListeners(activate, 1);
            assertAnswers(SockAddr.unixAbstract(folder.toString()), SOCK_STREAM);
            assertThat(activate.status()).as(activate.errors()).isZero();
            assertThat(activate.errors()).contains("serving control, family 1, type 1, listening");
        }
    }

    @Test
    @RequiresProgram("systemd-socket-activate")
    void datagramsAndPacketsAreServed() throws Exception {
        try (Program activate = activate("", "-d", "-l", "@" + folder)) {
            awaitListeners(activate, 1);
            assertAnswers(SockAddr.unixAbstract(folder.toString()), SOCK_DGRAM);
            assertThat(activate.status()).as(activate.errors()).isZero();
            assertThat(activate.errors()).contains("serving unknown, family 1, type 2\n");
        }
        try (Program activate = activate("", "--seqpacket", "-l", "@" + folder)) {
            awaitListeners(activate, 1);
            assertAnswers(SockAddr.unixAbstract(folder.toString()), SOCK_SEQPACKET);
            assertThat(activate.status()).as(activate.errors()).isZero();
            assertThat(activate.errors()).contains("serving unknown, family 1, type 5, listening");
        }
    }

    /// A process for each connection, which it gets in `LISTEN_FDS`, or as standard input and output.
    @ParameterizedTest
    @ValueSource(strings = {"", "inetd"})
    @RequiresProgram("systemd-socket-activate")
    void aConnectionIsServed(final String inetd) throws Exception {
        final List<String> options = new ArrayList<>(List.of("--accept", "-l", "@" + folder));
        if (!inetd.isEmpty()) {
            options.add("--inetd");
        }
        try (Program activate = activate(inetd, options.toArray(String[]::new))) {
            awaitListeners(activate, 1);
            for (int i = 0; i < 2; i++) {
                assertAnswers(SockAddr.unixAbstract(folder.toString()), SOCK_STREAM);
            }
            awaitLines(activate, "died with code 0", 2);
            activate.terminate();
            assertThat(activate.rest()).as("what was printed has not got anywhere").isEmpty();
            assertThat(activate.errors()).contains("serving " + (inetd.isEmpty() ? "unknown" : inetd)
                    + ", family 1, type 1\n");
        }
    }

    @Test
    @RequiresProgram("systemd-socket-activate")
    void aListenerThatIsStandardInputIsServed() throws Exception {
        try (Program activate = activate("inetd", "--inetd", "-l", "@" + folder)) {
            awaitListeners(activate, 1);
            assertAnswers(SockAddr.unixAbstract(folder.toString()), SOCK_STREAM);
            assertThat(activate.status()).as(activate.errors()).isZero();
            assertThat(activate.rest()).isEmpty();
            assertThat(activate.errors()).contains("serving inetd, family 1, type 1, listening");
        }
    }

    // ---- fdsock serve-inherited

    @Test
    @RequiresProgram("systemd-socket-activate")
    void theCommandServesEveryListenerTellsTheManagerAndLeavesTheFiles() throws Exception {
        final SockAddr tcp = freePort();
        final Path file = folder.resolve("s");
        final SockAddr managerAddress = SockAddr.unixAbstract(folder + "/notify");
        try (SocketFd manager = SocketFd.socket(AF_UNIX, SOCK_DGRAM, 0); Arena arena = Arena.ofConfined()) {
            manager.bind(managerAddress);
            try (Program activate = activateCommand(List.of(), "-E", "NOTIFY_SOCKET=" + managerAddress,
                    "-l", tcp.toString(), "-l", file.toString(), "--fdname=one:two")) {
                awaitListeners(activate, 2);
                for (int i = 0; i < 2; i++) {
                    assertAnswers(tcp, SOCK_STREAM);
                    assertAnswers(SockAddr.unix(file), SOCK_STREAM);
                }
                assertThat(activate.line()).isEqualTo("listening tcp:" + tcp);
                assertThat(activate.line()).isEqualTo("listening unix:" + file);
                final MemorySegment room = arena.allocate(1000);
                try (Message ready = receive(manager, room)) {
                    assertThat(text(room, ready.bytes())).isEqualTo("READY=1");
                }
                assertThat(activate.terminate()).as(activate.errors()).isZero();
                try (Message stopping = receive(manager, room)) {
                    assertThat(text(room, stopping.bytes())).isEqualTo("STOPPING=1");
                }
                assertThat(activate.errors()).contains("serving one, tcp:" + tcp + '\n', "serving two, unix:" + file + '\n');
            }
        }
        assertThat(file).exists();
    }

    @ParameterizedTest
    @ValueSource(strings = {"-d", "--seqpacket"})
    @RequiresProgram("systemd-socket-activate")
    void theCommandServesDatagramsAndPackets(final String kind) throws Exception {
        try (Program activate = activateCommand(List.of(), kind, "-l", "@" + folder)) {
            awaitListeners(activate, 1);
            for (int i = 0; i < 2; i++) {
                assertAnswers(SockAddr.unixAbstract(folder.toString()), kind.equals("-d") ? SOCK_DGRAM : SOCK_SEQPACKET);
            }
            assertThat(activate.line()).isEqualTo("listening " + (kind.equals("-d") ? "unixdgram:@" : "unixseq:@") + folder);
            assertThat(activate.terminate()).as(activate.errors()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    @RequiresProgram("systemd-socket-activate")
    void theCommandEndsWithTheConnectionItWasStartedFor(final boolean inetd) throws Exception {
        final List<String> options = new ArrayList<>(List.of("--accept", "-l", "@" + folder));
        if (inetd) {
            options.add("--inetd");
        }
        try (Program activate = activateCommand(inetd ? List.of("--inetd") : List.of(), options.toArray(String[]::new))) {
            awaitListeners(activate, 1);
            for (int i = 0; i < 2; i++) {
                assertAnswers(SockAddr.unixAbstract(folder.toString()), SOCK_STREAM);
            }
            awaitLines(activate, "died with code 0", 2);
            activate.terminate();
            assertThat(activate.rest()).isEmpty();
            assertThat(activate.errors()).contains("serving " + (inetd ? "standard input" : "unknown")
                    + ", a connection at unix:@" + folder + '\n');
        }
    }

    @Test
    @RequiresProgram("systemd-socket-activate")
    void theCommandServesAListenerThatIsStandardInput() throws Exception {
        try (Program activate = activateCommand(List.of("--inetd"), "--inetd", "-l", "@" + folder)) {
            awaitListeners(activate, 1);
            assertAnswers(SockAddr.unixAbstract(folder.toString()), SOCK_STREAM);
            assertThat(activate.terminate()).as(activate.errors()).isZero();
            assertThat(activate.errors()).contains("serving standard input, unix:@" + folder + '\n');
        }
    }

    @Test
    void theCommandSaysThatNothingWasPassed() throws Exception {
        try (Program command = Program.fdsock("serve-inherited")) {
            assertThat(command.status()).isEqualTo(1);
            assertThat(command.errors()).isEqualTo("fdsock serve-inherited: no socket was passed to this process\n");
        }
        try (Program command = Program.fdsock("serve-inherited", "--inetd")) {
            assertThat(command.status()).isEqualTo(1);
            assertThat(command.errors()).contains("ENOTSOCK").doesNotContain("\tat ");
        }
    }

    @Test
    void theCommandCallsAnEnvironmentThatMakesNoSenseWrongUsage() throws Exception {
        // The shell's own process becomes the command's.
        final List<String> line = new ArrayList<>(
                List.of("sh", "-c", "exec env LISTEN_PID=$$ LISTEN_FDS=\"$FDS\" NOTIFY_SOCKET=\"$NOTIFY\" \"$@\"", "sh"));
        line.addAll(Program.commandLine("serve-inherited"));
        for (final List<String> wrong : List.of(List.of("FDS=many", "LISTEN_FDS"),
                List.of("NOTIFY=nowhere", "NOTIFY_SOCKET"))) {
            final List<String> command = new ArrayList<>(List.of("env", wrong.getFirst()));
            command.addAll(line);
            try (Program refused = Program.start(command.toArray(String[]::new))) {
                assertThat(refused.status()).as(refused.errors()).isEqualTo(2);
                assertThat(refused.errors()).contains(wrong.getLast()).doesNotContain("\tat ");
            }
        }
    }

    @Test
    void theCommandLeavesTheFilesOfTheJvmAloneWhereLessWasPassedThanAnnounced() throws Exception {
        final List<String> line = new ArrayList<>(
                List.of("sh", "-c", "exec env LISTEN_PID=$$ LISTEN_FDS=1 \"$@\" 3<&-", "sh"));
        line.addAll(Program.commandLine("serve-inherited"));
        try (Program command = Program.start(line.toArray(String[]::new))) {
            assertThat(command.status()).as(command.errors()).isEqualTo(2);
            assertThat(command.errors()).contains("fd 3 was not passed").doesNotContain("\tat ");
        }
    }

    @Test
    void theCommandServesWhatCanBeServedAndTellsOfTheRest() throws Exception {
        // Nothing is left to be served.
        final List<String> line = new ArrayList<>(List.of("sh", "-c",
                "exec env LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=\"$(printf 'a\\nb')\" \"$@\" 3< /dev/null", "sh"));
        line.addAll(Program.commandLine("serve-inherited"));
        try (Program command = Program.start(line.toArray(String[]::new))) {
            assertThat(command.status()).isEqualTo(1);
            assertThat(command.errors()).contains("not served: a\\x0ab, fd 3", "no socket was passed");
        }
    }

    private static Program activateCommand(final List<String> arguments, final String... options) throws IOException {
        final List<String> command = new ArrayList<>(List.of("systemd-socket-activate"));
        command.addAll(List.of(options));
        final List<String> all = new ArrayList<>(arguments);
        all.addFirst("serve-inherited");
        command.addAll(Program.commandLine(all.toArray(String[]::new)));
        return Program.start(command.toArray(String[]::new));
    }

    private static Program activate(final String argument, final String... options) throws IOException {
        final List<String> command = new ArrayList<>(List.of("systemd-socket-activate"));
        command.addAll(List.of(options));
        command.addAll(List.of(Project.java().toString(), "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED",
                "-cp", location(Libc.class) + ":" + location(ActivatedServer.class), ActivatedServer.class.getName(),
                argument));
        return Program.start(command.toArray(String[]::new));
    }

    private static String location(final Class<?> type) {
        return type.getProtectionDomain().getCodeSource().getLocation().getPath();
    }

    private static void awaitListeners(final Program activate, final int count) throws Exception {
        awaitLines(activate, "Listening on ", count);
    }

    /// Waits until so many lines of standard error have these words in them.
    private static void awaitLines(final Program program, final String words, final int count) throws Exception {
        final long begin = System.nanoTime();
        while (program.errors().lines().filter(line -> line.contains(words)).count() < count) {
            if (!program.process().isAlive() || System.nanoTime() - begin > PATIENCE_NANOS) {
                throw new TimeoutException(count + " times \"" + words + "\" is not in:\n" + program.errors());
            }
            Thread.onSpinWait();
        }
    }

    /// One that was free a moment ago: the program wants to be told.
    private static SockAddr freePort() throws IOException {
        try (SocketFd socket = SocketFd.socket(AF_INET, SOCK_STREAM, 0)) {
            socket.bind(SockAddr.inet("127.0.0.1", 0));
            return socket.localAddress();
        }
    }

    private static void assertAnswers(final SockAddr address, final int type) throws IOException {
        final byte[] bytes = "are you there?".getBytes(StandardCharsets.US_ASCII);
        try (SocketFd client = SocketFd.socket(address.family(), type, 0)) {
            if (type == SOCK_DGRAM) {
                client.bind(SockAddr.unixAutobind());
            }
            assertThat(client.connect(address)).isZero();
            assertThat(client.send(bytes, 0, bytes.length, 0)).isEqualTo(bytes.length);
            assertThat(client.await(POLLIN, PATIENCE_NANOS)).as("an answer on %s", address).isNotZero();
            final byte[] answer = new byte[100];
            final long length = client.recv(answer, 0, answer.length, 0);
            assertThat(answer).startsWith(bytes);
            assertThat(length).isEqualTo(bytes.length);
        }
    }
}
