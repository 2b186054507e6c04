package io.github.fdsock.programs;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.Endpoint;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.testing.RequiresProgram;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What `fdsock send-fd` opens `fdsock recv-fd` has, tells or hands on to a program, and what is lost is told too.
class PassingIT {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(Program.PATIENCE_SECONDS);

    @TempDir
    private Path folder;

    private Program receiver(final Object channel, final String... options) throws IOException {
        return Program.fdsock(Stream.concat(Stream.of("recv-fd", channel.toString()), Arrays.stream(options))
                .toArray(String[]::new));
    }

    private static Program sender(final Object channel, final String... options) throws IOException {
        return Program.fdsock(Stream.concat(Stream.of("send-fd", channel.toString()), Arrays.stream(options))
                .toArray(String[]::new));
    }

    /// Runs a sender to its end; what it printed.
    private static List<String> send(final Object channel, final String... options) throws Exception {
        try (Program sender = sender(channel, options)) {
            final List<String> lines = sender.rest();
            assertThat(sender.status()).as(sender.errors()).isZero();
            assertThat(sender.errors()).isEmpty();
            return lines;
        }
    }

    private static void connects(final Endpoint endpoint) throws IOException {
        try (SocketFd client = SocketFd.socket(endpoint.family(), endpoint.type(), 0)) {
            assertThat(client.connect(endpoint.address())).isZero();
        }
    }

    private String channel() {
        return "unix:" + folder.resolve("channel");
    }

    // ---- passed and told

    @Test
    void everyKindOfChannelCarriesEveryKindOfDescriptor() throws Exception {
        final String file = Files.writeString(folder.resolve("file"), "content").toString();
        for (final String channel : List.of(channel(), "unix:@" + folder + "\\x00", "unixseq:" + folder.resolve("q"),
                "unixdgram:" + folder.resolve("d"))) {
            try (Program receiver = receiver(channel)) {
                assertThat(receiver.listening(1).getFirst()).hasToString(channel);
                final List<String> listening = send(channel, file, "tcp:127.0.0.1:0", "tcp:[::1]:0", "udp:127.0.0.1:0",
                        "unix:" + folder.resolve("passed"), "unixseq:@" + folder + "/seq",
                        "unixdgram:@" + folder + "/dgram");
                assertThat(listening).as(channel).hasSize(4).allMatch(line -> line.startsWith("listening "));
                final List<String> addresses =
                        listening.stream().map(line -> line.substring("listening ".length())).toList();
                final List<String> lines = receiver.rest();
                assertThat(receiver.status()).as(receiver.errors()).isZero();
                assertThat(receiver.errors()).isEmpty();
                assertThat(lines).as(channel).hasSize(7).contains(
                        "3 file " + file + ", offset 0 of 7, O_RDONLY|O_CLOEXEC",
                        "4 socket " + addresses.get(0) + ", listening, O_RDWR|O_CLOEXEC",
                        "5 socket " + addresses.get(1) + ", listening, O_RDWR|O_CLOEXEC",
                        "7 socket unix:" + folder.resolve("passed") + ", listening, O_RDWR|O_CLOEXEC",
                        "8 socket unixseq:@" + folder + "/seq, listening, O_RDWR|O_CLOEXEC",
                        "9 socket unixdgram:@" + folder + "/dgram, O_RDWR|O_CLOEXEC");
                assertThat(lines.get(3)).matches("6 socket udp:127\\.0\\.0\\.1:[1-9]\\d*, O_RDWR\\|O_CLOEXEC");
            }
            Files.delete(folder.resolve("passed"));
            assertThat(folder).isDirectoryNotContaining(path -> !path.endsWith("file"));
        }
    }

    @Test
    void filesAreOpenedAsTheShellWould() throws Exception {
        final Path log = folder.resolve("log");
        final Path data = folder.resolve("data");
        Files.writeString(data, "123");
        for (final String[] words : new String[][] {{"--append", log.toString(), "offset 0 of 0, O_WRONLY|O_APPEND"},
            {"--read-write", data.toString(), "offset 0 of 3, O_RDWR"}}) {
            try (Program receiver = receiver(channel())) {
                receiver.listening(1);
                send(channel(), words[0], words[1]);
                assertThat(receiver.rest()).containsExactly("3 file " + words[1] + ", " + words[2] + "|O_CLOEXEC");
                assertThat(receiver.status()).as(receiver.errors()).isZero();
            }
        }
        assertThat(log).isEmptyFile();
    }

    @Test
    void connectedSocketsArePassedWhereThatIsWanted() throws Exception {
        try (SocketFd server = SocketFd.socket(AF_INET, SOCK_STREAM, 0); Program receiver = receiver(channel())) {
            server.bind(SockAddr.inet("127.0.0.1", 0));
            server.listen(1);
            receiver.listening(1);
            assertThat(send(channel(), "--connect", "tcp:" + server.localAddress())).isEmpty();
            try (SocketFd accepted = server.accept(); Arena arena = Arena.ofConfined()) {
                assertThat(receiver.rest()).containsExactly("3 socket tcp:" + accepted.remoteAddress() + " -> "
                        + server.localAddress() + ", ESTABLISHED, O_RDWR|O_CLOEXEC");
                // Sender and receiver have ended, and nobody else has it.
                assertThat(accepted.recv(arena.allocate(1), 0, PATIENCE_NANOS)).isZero();
            }
            assertThat(receiver.status()).as(receiver.errors()).isZero();
        }
    }

    @Test
    void aMessageCarries253AndNotOneMore() throws Exception {
        final List<String> files = new ArrayList<>(Collections.nCopies(SCM_MAX_FD, "/dev/null"));
        try (Program receiver = receiver(channel())) {
            receiver.listening(1);
            send(channel(), files.toArray(String[]::new));
            assertThat(receiver.rest()).hasSize(SCM_MAX_FD).endsWith("255 chardev /dev/null, O_RDONLY|O_CLOEXEC");
            assertThat(receiver.status()).as(receiver.errors()).isZero();
        }
        files.add("/dev/null");
        try (Program sender = sender(channel(), files.toArray(String[]::new))) {
            assertThat(sender.status()).isEqualTo(2);
            assertThat(sender.errors()).contains("254 descriptors").contains("253");
        }
    }

    @Test
    @RequiresProgram("python3")
    void theObjectsAreJsonWithTheSameFacts() throws Exception {
        try (Program receiver = receiver(channel(), "--json"); Program python = Program.start("python3", "-c", """
                import json, sys
                channel, tcp, file, passed = map(json.loads, sys.stdin)
                print(channel['listening'], tcp['listening'])
                print(file['fd'], file['kind'], file['path'], file['offset'], file['size'], file['flags'])
                print(passed['fd'], passed['kind'], passed['family'], passed['local'], passed['listening'],
                      passed['state'])
                """)) {
            final String channel = receiver.line();
            final List<String> lines = new ArrayList<>(List.of(channel));
            final List<String> sent = send(channel(), "--json", "/dev/../etc/passwd", "tcp:127.0.0.1:0");
            lines.addAll(sent);
            lines.addAll(receiver.rest());
            python.process().outputWriter().write(String.join("\n", lines));
            python.endInput();
            final List<String> parsed = python.rest();
            assertThat(python.status()).as(python.errors()).isZero();
            final String tcp = parsed.getFirst().substring(channel().length() + 1);
            assertThat(parsed).containsExactly(channel() + " " + tcp,
                    "3 file /etc/passwd 0 " + Files.size(Path.of("/etc/passwd")) + " ['O_RDONLY', 'O_CLOEXEC']",
                    "4 socket AF_INET " + tcp + " True LISTEN");
        }
    }

    // ---- waiting and ending

    @Test
    void aReceiverThatIsNotThereIsAnErrorOrWaitedFor() throws Exception {
        try (SocketFd bound = SocketFd.socket(AF_UNIX, SOCK_STREAM, 0)) {
            bound.bind(SockAddr.unix(folder.resolve("deaf")));
            for (final String[] words : new String[][] {{"nobody", "ENOENT"}, {"deaf", "ECONNREFUSED"}}) {
                try (Program sender = sender("unix:" + folder.resolve(words[0]), "/dev/null")) {
                    assertThat(sender.status()).isEqualTo(1);
                    assertThat(sender.errors()).startsWith("fdsock send-fd: connect(").contains(words[1])
                            .hasLineCount(1);
                }
            }
        }
        try (Program sender = sender(channel(), "--wait=60", "/dev/null"); Program receiver = receiver(channel())) {
            assertThat(sender.status()).as(sender.errors()).isZero();
            assertThat(receiver.status()).as(receiver.errors()).isZero();
        }
    }

    @Test
    void aSenderThatFailsLeavesNoSocketFile() throws Exception {
        try (SocketFd taken = SocketFd.socket(AF_INET, SOCK_STREAM, 0); Program receiver = receiver(channel())) {
            taken.bind(SockAddr.inet("127.0.0.1", 0));
            taken.listen(1);
            receiver.listening(1);
            try (Program sender = sender(channel(), "unix:" + folder.resolve("passed"),
                    "tcp:" + taken.localAddress())) {
                assertThat(sender.status()).isEqualTo(1);
                assertThat(sender.rest()).isEmpty();
                assertThat(sender.errors()).contains("EADDRINUSE").hasLineCount(1);
            }
            assertThat(receiver.rest()).isEmpty();
            assertThat(receiver.status()).isEqualTo(1);
            assertThat(receiver.errors()).isEqualTo("no descriptor came\n");
        }
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void aReceiverEndsOnASignalOrWhenItsTimeIsOver() throws Exception {
        try (Program receiver = receiver(channel())) {
            receiver.listening(1);
            assertThat(receiver.terminate()).isZero();
            assertThat(receiver.errors()).isEmpty();
        }
        assertThat(folder).isEmptyDirectory();
        try (Program receiver = receiver(channel(), "--timeout=0.1")) {
            receiver.listening(1);
            assertThat(receiver.status()).isEqualTo(1);
            assertThat(receiver.errors()).contains("the time is over");
        }
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void oneReceiverTakesFromOnePeerAlone() throws Exception {
        try (Program receiver = receiver(channel())) {
            receiver.listening(1);
            try (SocketFd peer = SocketFd.socket(AF_UNIX, SOCK_STREAM, 0)) {
                peer.connect(SockAddr.unix(folder.resolve("channel")));
                // The file goes when the connection is taken.
                final long start = System.nanoTime();
                while (Files.exists(folder.resolve("channel"))) {
                    assertThat(System.nanoTime() - start).isLessThan(PATIENCE_NANOS);
                    Thread.onSpinWait();
                }
                try (Program late = sender(channel(), "/dev/null")) {
                    assertThat(late.status()).isEqualTo(1);
                    assertThat(late.errors()).contains("ENOENT");
                }
            }
            assertThat(receiver.status()).isEqualTo(1);
        }
    }

    @Test
    void whatIsInThePlaceIsNotReplaced() throws Exception {
        final Path file = Files.writeString(folder.resolve("channel"), "mine");
        try (Program receiver = receiver(channel())) {
            assertThat(receiver.status()).isEqualTo(1);
            assertThat(receiver.errors()).contains("EADDRINUSE").hasLineCount(1);
        }
        assertThat(file).hasContent("mine");
    }

    // ---- a program

    @Test
    @RequiresProgram("python3")
    void aProgramServesOnWhatItIsGiven() throws Exception {
        final String server = """
                import os, socket, sys
                assert os.environ['LISTEN_PID'] == str(os.getpid())
                assert sys.argv[1:] == ['--json', '-h', 'a b'], sys.argv
                held = sorted(map(int, os.listdir('/proc/self/fd')))
                print(os.environ['LISTEN_FDS'], os.environ['LISTEN_FDNAMES'], held)
                listener = socket.socket(fileno=3)
                peer, _ = listener.accept()
                peer.sendall(peer.recv(100) + os.read(4, 100))
                sys.exit(7)
                """;
        final String file = Files.writeString(folder.resolve("file"), " from the file").toString();
        try (Program receiver = receiver(channel(), "--fdname=web", "--exec", "python3", "-c", server, "--json", "-h",
                "a b")) {
            receiver.listening(1);
            final String line = send(channel(), "tcp:127.0.0.1:0", file).getFirst();
            final Endpoint address = Endpoint.parse(line.substring("listening ".length()));
            try (SocketFd client = SocketFd.socket(AF_INET, SOCK_STREAM, 0)) {
                client.connect(address.address());
                client.send("hello".getBytes(), 0, 5, 0);
                final byte[] answer = new byte[100];
                client.await(POLLIN, PATIENCE_NANOS);
                final int n = (int) client.recv(answer, 0, answer.length, MSG_DONTWAIT);
                assertThat(new String(answer, 0, Math.max(n, 0))).isEqualTo("hello from the file");
            }
            assertThat(receiver.status()).as(receiver.errors()).isEqualTo(7);
            // The last one is the listing itself.
            assertThat(receiver.rest()).containsExactly("2 web:file [0, 1, 2, 3, 4, 5]");
        }
    }

    @Test
    void aProgramsEndIsTheCommandsEnd() throws Exception {
        for (final String[] words : new String[][] {{"kill -9 $$", "137"}, {"exit 0", "0"},
            {"exec /no/such/program", "127"}}) {
            try (Program receiver = receiver(channel(), "--exec", "sh", "-c", words[0])) {
                receiver.listening(1);
                send(channel(), "/dev/null");
                assertThat(receiver.status()).as(words[0]).isEqualTo(Integer.parseInt(words[1]));
                assertThat(receiver.errors()).doesNotContain("\tat ");
            }
        }
    }

    @Test
    void aSignalReachesTheProgramAndItsEndDecides() throws Exception {
        final String read = "echo ready; read line <&4";
        for (final String[] words : new String[][] {{read, "143"}, {"trap 'exit 5' TERM; " + read, "5"}}) {
            try (SocketFd.Pair held = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0);
                    Program receiver = receiver(channel(), "--exec", "bash", "-c", words[0]);
                    Arena arena = Arena.ofConfined()) {
                receiver.listening(1);
                try (SocketFd peer = SocketFd.socket(AF_UNIX, SOCK_STREAM, 0)) {
                    peer.connect(SockAddr.unix(folder.resolve("channel")));
                    peer.sendDescriptors(arena.allocate(1), 0, held.first(), held.first());
                }
                assertThat(receiver.line()).isEqualTo("ready");
                assertThat(receiver.terminate()).as(words[0]).isEqualTo(Integer.parseInt(words[1]));
                assertThat(receiver.errors()).isEmpty();
                // The command has kept no copy of what it has passed on, and the program is gone.
                held.first().close();
                assertThat(held.second().recv(arena.allocate(1), 0, PATIENCE_NANOS)).isZero();
            }
        }
    }

    @Test
    void aSignalThatComesWhileTheProgramIsStartedReachesItToo() throws Exception {
        // The program says that it runs before the command knows that.
        try (Program receiver = Program.fdsock("inject", "posix_spawnp:delay_exit=2s", "--", "recv-fd", channel(), "--exec",
                "bash", "-c", "echo ready; read line <&4");
                SocketFd.Pair held = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0); Arena arena = Arena.ofConfined()) {
            receiver.listening(1);
            try (SocketFd peer = SocketFd.socket(AF_UNIX, SOCK_STREAM, 0)) {
                peer.connect(SockAddr.unix(folder.resolve("channel")));
                peer.sendDescriptors(arena.allocate(1), 0, held.first(), held.first());
            }
            assertThat(receiver.line()).isEqualTo("ready");
            assertThat(receiver.terminate()).as(receiver.errors()).isEqualTo(143);
            held.first().close();
            assertThat(held.second().recv(arena.allocate(1), 0, PATIENCE_NANOS)).isZero();
        }
    }

    // ---- wrong usage

    @Test
    void nonsenseIsWrongUsage() throws Exception {
        for (final String[] wrong : new String[][] {{"send-fd"}, {"send-fd", "unix:@x"},
            {"send-fd", "tcp:127.0.0.1:1", "f"},
            {"send-fd", "unix:@x", "tcp:localhost:1"}, {"send-fd", "fd:-1", "f"}, {"send-fd", "unix:@x", "fd:me"},
            {"send-fd", "unix:@x", "--append", "--read-write", "f"}, {"send-fd", "--wait=-1", "unix:@x", "f"},
            {"recv-fd"}, {"recv-fd", "unix:@x", "--max=254"}, {"recv-fd", "unix:@x", "--max=0"},
            {"recv-fd", "fd:0", "--connect"}, {"recv-fd", "unix:@x", "--timeout=0"}, {"recv-fd", "unix:@x", "--exec"},
            {"recv-fd", "unix:@x", "--fdname=\u00e4", "--exec", "true"}}) {
            try (Program command = Program.fdsock(wrong)) {
                assertThat(command.status()).as("%s", List.of(wrong)).isEqualTo(2);
                assertThat(command.rest()).isEmpty();
                assertThat(command.errors()).contains("Usage: fdsock " + wrong[0]).doesNotContain("\tat ");
            }
        }
    }
}
