package io.github.fdsock.programs;

import static io.github.fdsock.sys.Constants.SOCK_STREAM;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.Endpoint;
import io.github.fdsock.SocketFd;
import io.github.fdsock.testing.Project;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// `fdsock trace` shows the calls of another command and ends as it does; a command that runs is traced from outside.
@Timeout(180)
class TraceIT {
    @TempDir
    private Path folder;

    private static void echoOnce(final Endpoint endpoint) throws IOException {
        try (SocketFd socket = SocketFd.socket(endpoint.family(), SOCK_STREAM, 0); Arena arena = Arena.ofConfined()) {
            socket.connect(endpoint.address());
            final MemorySegment hello = arena.allocateFrom("hello");
            socket.send(hello.asSlice(0, 5), 0);
            assertThat(socket.recv(hello, 0)).isEqualTo(5);
        }
    }

    @Test
    void theLinesOfAServerThatASignalEndsAreComplete() throws Exception {
        final Path file = folder.resolve("trace");
        try (Program server = Program.fdsock("trace", "-C", "-T", "-o", file.toString(), "--", "echo",
                "tcp:127.0.0.1:0")) {
            echoOnce(server.listening(1).getFirst());
            assertThat(server.terminate()).isZero();
            assertThat(server.errors()).isEmpty();
        }
        final List<String> lines = Files.readAllLines(file);
        assertThat(lines).anyMatch(line -> line.matches(
                "recv\\(\\d+, \"hello\", 65536, MSG_DONTWAIT\\) += 5 <0\\.\\d{6}>|recv\\(\\d+, \"hello\".* = 5 <.*>"));
        assertThat(lines).anyMatch(line -> line.matches("send\\(\\d+, \"hello\", 5, .*\\) += 5 <.*>"));
        assertThat(lines.getLast()).endsWith(" total");
        assertThat(lines.stream().filter(line -> line.startsWith("socket(")).count()).isEqualTo(1);
        assertThat(lines.stream().filter(line -> line.startsWith("accept4(")).count()).isGreaterThanOrEqualTo(1);
        assertThat(lines).as("it is seen to close what it has opened").filteredOn(line -> line.startsWith("close("))
                .hasSizeGreaterThan(4);
    }

    @Test
    void aServerWhoseLinesAreLostHasFailedWhenASignalEndsIt() throws Exception {
        try (Program server = Program.fdsock("trace", "-o", "/dev/full", "--", "echo", "tcp:127.0.0.1:0")) {
            echoOnce(server.listening(1).getFirst());
            assertThat(server.terminate()).isEqualTo(1);
            assertThat(server.errors()).isEqualToIgnoringNewLines("fdsock trace: /dev/full cannot be written");
        }
    }

    @Test
    void linesGoToStandardErrorAndTheStatusIsTheCommands() throws Exception {
        try (Program ping = Program.fdsock("trace", "-e", "connect", "--", "ping",
                "unix:" + folder.resolve("nobody"))) {
            assertThat(ping.status()).isEqualTo(1);
            assertThat(ping.errors().lines()).anyMatch(line -> line.matches("connect\\(\\d+, \\{sa_family=AF_UNIX,"
                    + " sun_path=\".*/nobody\"}, \\d+\\) = -1 ENOENT \\(No such file or directory\\)"));
            assertThat(ping.errors()).doesNotContain("socket(");
        }
        try (Program wrong = Program.fdsock("trace", "-e", "%netwrk", "--", "ping", "tcp:127.0.0.1:1")) {
            assertThat(wrong.status()).isEqualTo(2);
            assertThat(wrong.errors()).contains("column 1").doesNotContain("\tat ");
        }
        try (Program none = Program.fdsock("trace", "--", "nonsense")) {
            assertThat(none.status()).isEqualTo(2);
        }
    }

    private static void jcmd(final long pid, final String... arguments) throws Exception {
        final String[] command = new String[2 + arguments.length];
        command[0] = Project.java().resolveSibling("jcmd").toString();
        command[1] = Long.toString(pid);
        System.arraycopy(arguments, 0, command, 2, arguments.length);
        try (Program jcmd = Program.start(command)) {
            final List<String> lines = jcmd.rest();
            assertThat(jcmd.status()).as("%s%n%s", lines, jcmd.errors()).isZero();
        }
    }

    @Test
    void flightRecorderTracesAServerThatRuns() throws Exception {
        final List<String> command = Program.commandLine("echo", "tcp:127.0.0.1:0");
        command.add(1, "-Dfdsock.trace.control=true");
        final Path file = folder.resolve("calls.jfr");
        try (Program server = Program.start(command.toArray(String[]::new))) {
            final Endpoint endpoint = server.listening(1).getFirst();
            jcmd(server.process().pid(), "JFR.start", "name=calls", "+fdsock.Call#enabled=true",
                    "+fdsock.Call#threshold=0");
            echoOnce(endpoint);
            jcmd(server.process().pid(), "JFR.stop", "name=calls", "filename=" + file);
            assertThat(server.terminate()).isZero();
        }
        try (Program print = Program.start(Project.java().resolveSibling("jfr").toString(), "print", "--events",
                "fdsock.Call", file.toString())) {
            final List<String> lines = print.rest();
            assertThat(print.status()).isZero();
            assertThat(lines).anyMatch(line -> line.contains("\"hello\"")).anyMatch(line -> line.contains("accept4"));
        }
    }
}
