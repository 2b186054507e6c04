package io.github.fdsock.programs;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.Endpoint;
import io.github.fdsock.Fd;
import io.github.fdsock.Message;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.cmsg.Cmsg;
import io.github.fdsock.option.Credentials;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.testing.RequiresProgram;
import java.io.IOException;
import java.io.Writer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Programs of others talk to `fdsock echo` and get back what they sent, and exchange descriptors with this library.
class InteropIT {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(Program.PATIENCE_SECONDS);

    /// Ends with an exception, and so with status 1, where an answer is wrong.
    private static final String PYTHON_ECHO = """
            import socket, sys
            family, kind, name = sys.argv[1], sys.argv[2], bytes.fromhex(sys.argv[3])
            s = socket.socket(getattr(socket, family), getattr(socket, kind))
            s.settimeout(30)
            if kind == 'SOCK_DGRAM' and family == 'AF_UNIX':
                s.bind('')
            s.connect((name.decode(), int(sys.argv[4])) if family != 'AF_UNIX' else name)
            for message in b'x', b'hello', bytes(range(256)) * 50:
                s.sendall(message)
                answer = b''
                while len(answer) < len(message):
                    more = s.recv(65536)
                    assert more, 'end before the answer'
                    answer += more
                assert answer == message, (message, answer)
            print('all back')
            """;

    private static final String PYTHON_RECEIVE = """
            import array, fcntl, os, socket, sys
            s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            s.settimeout(30)
            s.connect(sys.argv[1])
            data, descriptors, flags, address = socket.recv_fds(s, 100, 10)
            assert flags == 0, flags
            file, end = descriptors
            print(data.decode(), len(descriptors), os.read(file, 100).decode())
            os.write(end, b'written by python')
            """;

    private static final String PYTHON_SEND = """
            import os, socket, sys
            s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            s.connect(sys.argv[1])
            listener = socket.create_server(('127.0.0.1', 0))
            r, w = os.pipe()
            os.write(w, b'through the pipe')
            socket.send_fds(s, [b'HANDOVER %d\\n' % listener.getsockname()[1]], [listener.fileno(), r])
            """;

    @TempDir
    private Path folder;

    // ---- echo

    private void talks(final String address, final String program, final String... command) throws Exception {
        try (Program server = Program.fdsock("echo", address)) {
            final String place = server.listening(1).getFirst().toString();
            for (int i = 0; i < command.length; i++) {
                command[i] = command[i].replace("PLACE", place.substring(place.indexOf(':') + 1));
            }
            try (Program peer = Program.start(command)) {
                try (Writer input = peer.process().outputWriter()) {
                    input.write("one\ntwo\n");
                }
                assertThat(peer.rest()).as(program).containsExactly("one", "two");
                assertThat(peer.status()).isZero();
            }
            assertThat(server.terminate()).isZero();
        }
    }

    @Test
    @RequiresProgram("socat")
    void socatOverTcp() throws Exception {
        talks("tcp:127.0.0.1:0", "socat", "socat", "-t30", "-", "TCP:PLACE");
        talks("tcp:[::1]:0", "socat", "socat", "-t30", "-", "TCP:PLACE");
    }

    @Test
    @RequiresProgram("socat")
    void socatOverUnixSockets() throws Exception {
        talks("unix:" + folder.resolve("s"), "socat", "socat", "-t30", "-", "UNIX-CONNECT:PLACE");
        talks("unix:@" + folder, "socat", "socat", "-t30", "-", "ABSTRACT-CONNECT:" + folder);
    }

    @Test
    @RequiresProgram("nc")
    void netcatOverAUnixSocket() throws Exception {
        talks("unix:" + folder.resolve("s"), "nc", "nc", "-N", "-U", "PLACE");
    }

    @Test
    @RequiresProgram("python3")
    void pythonOverEveryKindOfSocket() throws Exception {
        final String[] addresses = {"tcp:127.0.0.1:0", "tcp:[::1]:0", "udp:127.0.0.1:0",
            "unix:" + folder.resolve("stream"), "unixseq:" + folder.resolve("packets"),
            "unixdgram:" + folder.resolve("datagrams"), "unix:@with\\x00nul\\xff", "unixseq:@\\x00", "unixdgram:@a\\x00"};
        try (Program server = Program.fdsock(java.util.stream.Stream.concat(java.util.stream.Stream.of("echo"),
                java.util.Arrays.stream(addresses)).toArray(String[]::new))) {
            for (final Endpoint endpoint : server.listening(addresses.length)) {
                try (Program python = Program.start(pythonEcho(endpoint))) {
                    assertThat(python.rest()).as("%s: %s", endpoint, python.errors()).containsExactly("all back");
                    assertThat(python.status()).isZero();
                }
            }
            assertThat(server.terminate()).isZero();
        }
    }

    private static String[] pythonEcho(final Endpoint endpoint) {
        final String kind = switch (endpoint.type()) {
            case SOCK_STREAM -> "SOCK_STREAM";
            case SOCK_DGRAM -> "SOCK_DGRAM";
            case SOCK_SEQPACKET -> "SOCK_SEQPACKET";
            default -> throw new IllegalArgumentException(endpoint.toString());
        };
        final String family;
        final byte[] name;
        final int port;
        switch (endpoint.address()) {
            case SockAddr.Inet4 inet -> {
                family = "AF_INET";
                name = "127.0.0.1".getBytes(StandardCharsets.US_ASCII);
                port = inet.port();
            }
            case SockAddr.Inet6 inet -> {
                family = "AF_INET6";
                name = "::1".getBytes(StandardCharsets.US_ASCII);
                port = inet.port();
            }
            case SockAddr.UnixPath unix -> {
                family = "AF_UNIX";
                name = unix.path();
                port = 0;
            }
            case SockAddr.UnixAbstract unix -> {
                family = "AF_UNIX";
                name = new byte[unix.name().length + 1];
                System.arraycopy(unix.name(), 0, name, 1, unix.name().length);
                port = 0;
            }
            default -> throw new IllegalArgumentException(endpoint.toString());
        }
        return new String[] {"python3", "-c", PYTHON_ECHO, family, kind, java.util.HexFormat.of().formatHex(name),
            Integer.toString(port)};
    }

    // ---- descriptors

    private SocketFd listener() throws IOException {
        final SocketFd listener = SocketFd.socket(AF_UNIX, SOCK_STREAM, 0);
        listener.bind(SockAddr.unix(folder.resolve("channel")));
        listener.listen(1);
        return listener;
    }

    @Test
    @RequiresProgram("python3")
    void pythonReceivesWhatIsPassed() throws Exception {
        final Path path = Files.writeString(folder.resolve("file"), "read by python");
        try (SocketFd listener = listener(); Arena arena = Arena.ofConfined();
                SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0);
                Program python = Program.start("python3", "-c", PYTHON_RECEIVE, folder.resolve("channel").toString())) {
            assertThat(listener.await(POLLIN, PATIENCE_NANOS)).isEqualTo(POLLIN);
            try (SocketFd channel = listener.accept(); Fd file = Fd.openFile(path, O_RDONLY, 0)) {
                final MemorySegment bytes = arena.allocateFrom("with these words").asSlice(0, 16);
                assertThat(channel.sendDescriptors(bytes, 0, file, pair.second())).isEqualTo(16);
            }
            assertThat(python.rest()).as(python.errors()).containsExactly("with these words 2 read by python");
            assertThat(python.status()).isZero();
            final byte[] written = new byte[100];
            final int n = (int) pair.first().recv(written, 0, 100, MSG_DONTWAIT);
            assertThat(new String(written, 0, n, StandardCharsets.US_ASCII)).isEqualTo("written by python");
        }
    }

    @Test
    @RequiresProgram("python3")
    void whatPythonPassesLivesOnWhenPythonIsGone() throws Exception {
        try (SocketFd listener = listener(); Arena arena = Arena.ofConfined();
                Program python = Program.start("python3", "-c", PYTHON_SEND, folder.resolve("channel").toString())) {
            assertThat(listener.await(POLLIN, PATIENCE_NANOS)).isEqualTo(POLLIN);
            assertThat(python.status()).as(python.errors()).isZero();
            final MemorySegment buffer = arena.allocate(100);
            try (SocketFd channel = listener.accept(); Message message = channel.receive(buffer, 0, 2)) {
                final String words = new String(buffer.asSlice(0, message.bytes())
                        .toArray(java.lang.foreign.ValueLayout.JAVA_BYTE), StandardCharsets.US_ASCII);
                assertThat(words).startsWith("HANDOVER ");
                assertThat(message.descriptors()).isEqualTo(2);
                assertThat(message.controlTruncated()).isFalse();
                final int port = Integer.parseInt(words.substring("HANDOVER ".length()).strip());
                try (SocketFd server = SocketFd.adopt(message.takeFd(0).release()); Fd pipe = message.takeFd(1);
                        SocketFd client = SocketFd.socket(AF_INET, SOCK_STREAM, 0)) {
                    assertThat(server.closeOnExec()).isTrue();
                    assertThat(pipe.closeOnExec()).isTrue();
                    assertThat(server.localAddress()).isEqualTo(SockAddr.inet("127.0.0.1", port));
                    assertThat(client.connect(server.localAddress())).isZero();
                    try (SocketFd accepted = server.accept()) {
                        assertThat(accepted.remoteAddress()).isEqualTo(client.localAddress());
                    }
                    assertThat(pipe.read(buffer)).isEqualTo("through the pipe".length());
                    assertThat(pipe.read(buffer)).isZero();
                }
            }
        }
    }

    @Test
    @RequiresProgram("python3")
    void moreDescriptorsThanAskedForAreNotLetIn() throws Exception {
        try (SocketFd listener = listener(); Arena arena = Arena.ofConfined();
                Program python = Program.start("python3", "-c", PYTHON_SEND, folder.resolve("channel").toString())) {
            assertThat(listener.await(POLLIN, PATIENCE_NANOS)).isEqualTo(POLLIN);
            assertThat(python.status()).as(python.errors()).isZero();
            try (SocketFd channel = listener.accept();
                    Message message = channel.receive(arena.allocate(100), 0, 1)) {
                assertThat(message.bytes()).isPositive();
                assertThat(message.descriptors()).isEqualTo(1);
                assertThat(message.controlTruncated()).isTrue();
            }
        }
    }

    // ---- credentials

    /// What a log daemon does: a line, and who says so.
    @Test
    @RequiresProgram("logger")
    void loggerIsWhoItSaysItIs() throws Exception {
        final Path path = folder.resolve("log");
        try (SocketFd log = SocketFd.socket(AF_UNIX, SOCK_DGRAM, 0); Arena arena = Arena.ofConfined()) {
            log.bind(SockAddr.unix(path));
            log.setsockopt(SockOpt.SO_PASSCRED, true);
            final MemorySegment buffer = arena.allocate(1000);
            final Message message = Message.allocate(arena, 1, Cmsg.SCM_CREDENTIALS.space(), 0);
            message.buffers().add(buffer);
            try (Program logger = Program.start("logger", "-u", path.toString(), "-t", "tag", "hello world")) {
                assertThat(log.await(POLLIN, PATIENCE_NANOS)).isEqualTo(POLLIN);
                assertThat(log.recvmsg(message, 0)).isPositive();
                final String line = new String(buffer.asSlice(0, message.bytes())
                        .toArray(java.lang.foreign.ValueLayout.JAVA_BYTE), StandardCharsets.US_ASCII);
                assertThat(line).startsWith("<13>").contains("tag").contains("hello world");
                final Credentials who = message.get(Cmsg.SCM_CREDENTIALS);
                assertThat((long) who.pid()).isEqualTo(logger.process().pid());
                assertThat(who.uid()).isEqualTo(Files.getAttribute(path, "unix:uid"));
                assertThat(who.gid()).isEqualTo(Files.getAttribute(path, "unix:gid"));
                assertThat(message.controlTruncated()).isFalse();
                assertThat(logger.status()).isZero();
            }
        }
    }
}
