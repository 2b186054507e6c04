package io.github.fdsock.programs;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.ExitStatus;
import io.github.fdsock.PidFd;
import io.github.fdsock.PipeFd;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.process.Spawn;
import io.github.fdsock.testing.RequiresProgram;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Programs of others pass descriptors to `fdsock recv-fd` and take them from `fdsock send-fd`, in their own ways.
class PassingInteropIT {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(Program.PATIENCE_SECONDS);

    private static final String PYTHON_SEND = """
            import os, socket, sys
            name, kind, count = sys.argv[1], getattr(socket, sys.argv[2]), int(sys.argv[3])
            s = socket.socket(socket.AF_UNIX, kind)
            s.connect(name)
            listener = socket.create_server(('127.0.0.1', 0))
            file = os.open('/etc/passwd', os.O_RDONLY)
            os.lseek(file, 7, 0)
            socket.send_fds(s, [b'HANDOVER\\n'], ([listener.fileno(), file] * count)[:count])
            print(listener.getsockname()[1])
            """;

    private static final String PYTHON_RECEIVE = """
            import os, socket, sys
            kind = getattr(socket, sys.argv[2])
            s = socket.socket(socket.AF_UNIX, kind)
            s.bind(sys.argv[1])
            if kind != socket.SOCK_DGRAM:
                s.listen()
            print('ready', flush=True)
            sys.stdin.readline()
            channel = s if kind == socket.SOCK_DGRAM else s.accept()[0]
            channel.settimeout(30)
            data, descriptors, flags, _ = socket.recv_fds(channel, 100, 10)
            assert len(data) == 1 and flags == 0, (data, flags)
            file, listener = descriptors
            listener = socket.socket(fileno=listener)
            client = socket.create_connection(listener.getsockname())
            peer, _ = listener.accept()
            assert peer.getpeername() == client.getsockname()
            print(os.read(file, 100).decode(), '%s:%d' % listener.getsockname())
            """;

    @TempDir
    private Path folder;

    private static final String[][] KINDS =
            {{"unix:", "SOCK_STREAM"}, {"unixseq:", "SOCK_SEQPACKET"}, {"unixdgram:", "SOCK_DGRAM"}};

    private static Program python(final String script, final Object... arguments) throws IOException {
        final List<String> command = new ArrayList<>(List.of("python3", "-c", script));
        for (final Object argument : arguments) {
            command.add(argument.toString());
        }
        return Program.start(command.toArray(String[]::new));
    }

    private static void signal(final Program program, final int signal) throws Exception {
        try (PidFd process = PidFd.open(program.process())) {
            process.sendSignal(signal);
        }
    }

    @Test
    @RequiresProgram("python3")
    void pythonIsGoneBeforeTheReceiverLooks() throws Exception {
        for (final String[] kind : KINDS) {
            final Path channel = folder.resolve(kind[1]);
            try (Program receiver = Program.fdsock("recv-fd", kind[0] + channel)) {
                receiver.listening(1);
                signal(receiver, SIGSTOP);
                final String port;
                try (Program python = python(PYTHON_SEND, channel, kind[1], 2)) {
                    port = python.line();
                    assertThat(python.status()).as(python.errors()).isZero();
                }
                signal(receiver, SIGCONT);
                assertThat(receiver.rest()).as(kind[0]).containsExactly(
                        "3 socket tcp:127.0.0.1:" + port + ", listening, O_RDWR|O_CLOEXEC",
                        "4 file /etc/passwd, offset 7 of " + Files.size(Path.of("/etc/passwd"))
                                + ", O_RDONLY|O_CLOEXEC");
                assertThat(receiver.status()).isZero();
                assertThat(receiver.errors()).isEqualTo("9 bytes came: HANDOVER\\x0a\n");
            }
        }
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    @RequiresProgram("python3")
    void theSenderIsGoneBeforePythonLooks() throws Exception {
        final String file = Files.writeString(folder.resolve("file"), "content").toString();
        for (final String[] kind : KINDS) {
            final Path channel = folder.resolve(kind[1]);
            try (Program python = python(PYTHON_RECEIVE, channel, kind[1])) {
                assertThat(python.line()).as(python.errors()).isEqualTo("ready");
                final String address;
                try (Program sender = Program.fdsock("send-fd", kind[0] + channel, file, "tcp:127.0.0.1:0")) {
                    address = sender.listening(1).getFirst().address().toString();
                    assertThat(sender.status()).as(sender.errors()).isZero();
                }
                python.endInput();
                assertThat(python.rest()).as("%s: %s", kind[0], python.errors()).containsExactly("content " + address);
                assertThat(python.status()).isZero();
            }
        }
    }

    @Test
    @RequiresProgram("python3")
    void aReceiverMayConnectToPython() throws Exception {
        final Path channel = folder.resolve("channel");
        try (Program python = python("""
                import socket, sys
                server = socket.socket(socket.AF_UNIX)
                server.bind(sys.argv[1])
                server.listen()
                print('ready', flush=True)
                peer, _ = server.accept()
                socket.send_fds(peer, [b'x'], [0])
                socket.send_fds(peer, [b'y'], [1, 2])
                """, channel)) {
            assertThat(python.line()).as(python.errors()).isEqualTo("ready");
            try (Program receiver = Program.fdsock("recv-fd", "--connect", "unix:" + channel)) {
                assertThat(receiver.rest()).hasSize(3)
                        .allMatch(line -> line.matches("[345] pipe \\[\\d+], .* end, .*"));
                assertThat(receiver.status()).as(receiver.errors()).isZero();
                assertThat(receiver.errors()).isEmpty();
            }
        }
    }

    @Test
    @RequiresProgram("python3")
    void moreThanWantedAreLostAndToldSo() throws Exception {
        final Path channel = folder.resolve("channel");
        final Path ran = folder.resolve("ran");
        for (final String[] options : new String[][] {{}, {"--exec", "touch", ran.toString()}}) {
            final List<String> words = new ArrayList<>(List.of("recv-fd", "unix:" + channel, "--max=3"));
            words.addAll(List.of(options));
            try (Program receiver = Program.fdsock(words.toArray(String[]::new));
                    Program python = started(receiver, () -> python(PYTHON_SEND, channel, "SOCK_STREAM", 5))) {
                assertThat(python.status()).as(python.errors()).isZero();
                assertThat(receiver.rest()).hasSize(options.length == 0 ? 3 : 0);
                assertThat(receiver.status()).isEqualTo(1);
                assertThat(receiver.errors()).contains("descriptors were lost: more came than the 3 that were wanted");
            }
        }
        assertThat(ran).doesNotExist();
    }

    @Test
    @RequiresProgram("python3")
    void whatTheLimitOfDescriptorsKeepsOutIsToldAndTheOthersAreThere() throws Exception {
        final Path channel = folder.resolve("channel");
        final List<String> command = new ArrayList<>(List.of("sh", "-c", "ulimit -n 64; exec \"$@\"", "sh"));
        command.addAll(Program.commandLine("recv-fd", "unix:" + channel));
        try (Program receiver = Program.start(command.toArray(String[]::new));
                Program python = started(receiver, () -> python(PYTHON_SEND, channel, "SOCK_STREAM", SCM_MAX_FD))) {
            assertThat(python.status()).as(python.errors()).isZero();
            assertThat(receiver.rest()).hasSizeBetween(30, 62).allMatch(
                    line -> line.contains(" file /etc/passwd, ") || line.contains(" socket tcp:127.0.0.1:"));
            assertThat(receiver.status()).isEqualTo(1);
            assertThat(receiver.errors()).contains("RLIMIT_NOFILE").doesNotContain("\tat ");
        }
    }

    private interface Start {
        Program start() throws IOException;
    }

    /// A program that is started when the receiver listens.
    private static Program started(final Program receiver, final Start start) throws Exception {
        receiver.listening(1);
        return start.start();
    }

    @Test
    @RequiresProgram("python3")
    void aPeerThatIsKilledLeavesWhatItHadSent() throws Exception {
        final String script = """
                import socket, sys, time
                s = socket.socket(socket.AF_UNIX)
                s.connect(sys.argv[1])
                if sys.argv[2] == 'sent':
                    socket.send_fds(s, [b'x'], [0])
                print('there', flush=True)
                time.sleep(60)
                """;
        for (final String sent : List.of("sent", "not")) {
            final Path channel = folder.resolve("channel");
            try (Program receiver = Program.fdsock("recv-fd", "unix:" + channel);
                    Program python = started(receiver, () -> python(script, channel, sent))) {
                assertThat(python.line()).as(python.errors()).isEqualTo("there");
                signal(python, SIGKILL);
                assertThat(receiver.rest()).hasSize(sent.equals("sent") ? 1 : 0);
                assertThat(receiver.status()).as(receiver.errors()).isEqualTo(sent.equals("sent") ? 0 : 1);
                assertThat(receiver.errors()).isEqualTo(sent.equals("sent") ? "" : "no descriptor came\n");
            }
        }
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    @RequiresProgram("python3")
    void whatAReceiverThatIsKilledHasNotReadIsClosed() throws Exception {
        final Path channel = folder.resolve("channel");
        try (SocketFd server = server(); Program python = python(PYTHON_RECEIVE, channel, "SOCK_STREAM");
                Arena arena = Arena.ofConfined()) {
            assertThat(python.line()).as(python.errors()).isEqualTo("ready");
            try (Program sender = Program.fdsock("send-fd", "--connect", "unix:" + channel,
                    "tcp:" + server.localAddress())) {
                assertThat(sender.status()).as(sender.errors()).isZero();
            }
            try (SocketFd accepted = server.accept()) {
                assertThat(accepted.await(POLLIN, 0)).isZero();
                signal(python, SIGKILL);
                assertThat(accepted.recv(arena.allocate(1), 0, PATIENCE_NANOS)).isZero();
            }
        }
    }

    private static SocketFd server() throws IOException {
        final SocketFd server = SocketFd.socket(AF_INET, SOCK_STREAM, 0);
        server.bind(SockAddr.inet("127.0.0.1", 0));
        server.listen(1);
        return server;
    }

    /// `nc -F`: a socket instead of a pipe for standard output, over which it passes its connection.
    @Test
    @RequiresProgram("nc")
    void netcatPassesItsConnectionOverItsStandardOutput() throws Exception {
        for (final int type : new int[] {SOCK_STREAM, SOCK_SEQPACKET, SOCK_DGRAM}) {
            final List<String> command =
                    Program.commandLine("recv-fd", "--timeout=" + Program.PATIENCE_SECONDS, "fd:0");
            try (SocketFd server = server(); SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, type, 0);
                    PipeFd.Pair output = PipeFd.create(0)) {
                final String port = server.localAddress().toString().replaceFirst(".*:", "");
                try (PidFd nc = Spawn.program("nc", "-F", "-w", "30", "127.0.0.1", port).fd(1, pair.first()).start()) {
                    pair.first().close();
                    assertThat(nc.waitFor()).isEqualTo(new ExitStatus(0, 0, false));
                }
                try (SocketFd accepted = server.accept(); PidFd receiver = Spawn.program(command.getFirst(),
                        command.subList(1, command.size()).toArray(String[]::new)).fd(0, pair.second())
                        .fd(1, output.writeEnd()).start()) {
                    output.writeEnd().close();
                    assertThat(text(output.readEnd())).isEqualTo("3 socket tcp:" + accepted.remoteAddress() + " -> "
                            + accepted.localAddress() + ", ESTABLISHED, O_RDWR|O_NONBLOCK|O_CLOEXEC\n");
                    assertThat(receiver.waitFor()).isEqualTo(new ExitStatus(0, 0, false));
                }
            }
        }
    }

    private static String text(final PipeFd from) throws IOException {
        final StringBuilder text = new StringBuilder();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment buffer = arena.allocate(4096);
            for (long n = from.read(buffer); n > 0; n = from.read(buffer)) {
                text.append(new String(buffer.asSlice(0, n).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8));
            }
        }
        return text.toString();
    }

    /// `ProxyUseFdpass`: ssh gives the command a socket for standard output, and goes on with what it passes.
    @Test
    @RequiresProgram("ssh")
    void sshTalksOverTheConnectionThatItIsPassed() throws Exception {
        try (SocketFd server = server()) {
            final String command = "'" + String.join("' '", Program.commandLine("send-fd", "fd:1", "--connect",
                    "tcp:" + server.localAddress())) + "'";
            try (Program ssh = Program.start("ssh", "-F", "none", "-o", "ProxyCommand=" + command, "-o",
                    "ProxyUseFdpass=yes", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "-o",
                    "UserKnownHostsFile=/dev/null", "host.invalid", "true")) {
                assertThat(server.await(POLLIN, PATIENCE_NANOS)).isEqualTo(POLLIN);
                try (SocketFd accepted = server.accept()) {
                    final byte[] banner = new byte[256];
                    assertThat(accepted.await(POLLIN, PATIENCE_NANOS)).isEqualTo(POLLIN);
                    final int n = (int) accepted.recv(banner, 0, banner.length, 0);
                    assertThat(new String(banner, 0, n, StandardCharsets.US_ASCII)).startsWith("SSH-2.0-")
                            .endsWith("\r\n");
                }
                assertThat(ssh.status()).isEqualTo(255);
                assertThat(ssh.errors()).contains("onnection closed by");
            }
        }
    }
}
