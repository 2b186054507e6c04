package io.github.fdsock;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.harness.junit.SocketFamily;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.testing.Project;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Descriptors survive a sender that is gone, do not survive a receiver that is, and share memory between processes.
@Timeout(120)
class SeparateProcessesTest {
    private static final int MESSAGES = 3;
    private static final int SHARED_SIZE = 64 << 20;
    private static final int MULTIPLIER = 0x9e3779b1;

    @TempDir
    private Path folder;

    private Arena arena;
    private MemorySegment room;
    private SocketFd listener;

    @BeforeEach
    void open() throws IOException {
        arena = Arena.ofConfined();
        room = arena.allocate(64);
        listener = SocketFd.socket(AF_UNIX, SOCK_STREAM, 0);
        listener.bind(address(folder));
        listener.listen(1);
    }

    @AfterEach
    void close() throws IOException {
        listener.close();
        arena.close();
    }

    private static SockAddr address(final Path folder) {
        return SockAddr.unix(folder.resolve("s"));
    }

    /// A main class of this file in a JVM of its own; the folder of the socket is its first argument.
    private Process start(final Class<?> program, final int argument) throws IOException {
        return new ProcessBuilder(Project.java().toString(), "-ea", "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED", "-cp", location(Libc.class) + ":" + location(program),
                program.getName(), folder.toString(), Integer.toString(argument))
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
    }

    private static String location(final Class<?> type) {
        return type.getProtectionDomain().getCodeSource().getLocation().getPath();
    }

    private static void ended(final Process process, final int status) throws IOException, InterruptedException {
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(status);
        process.getOutputStream().close();
        process.getInputStream().close();
    }

    private static SocketFd connected(final String folder) throws IOException {
        final SocketFd socket = SocketFd.socket(AF_UNIX, SOCK_STREAM, 0);
        socket.connect(address(Path.of(folder)));
        return socket;
    }

    private SocketFd accepted() throws IOException {
        assertThat(listener.await(POLLIN, TimeUnit.SECONDS.toNanos(60))).isEqualTo(POLLIN);
        return listener.accept();
    }

    // ---- a sender that is gone

    static final class Sender {
        private Sender() {
        }

        /// Sends the reading end of a pipe, then some messages with many copies of the writing end, and is gone.
        public static void main(final String[] arguments) throws IOException {
            final SocketFd socket = connected(arguments[0]);
            final PipeFd.Pair pipe = PipeFd.create(0);
            final Fd[] copies = new Fd[Integer.parseInt(arguments[1])];
            Arrays.fill(copies, pipe.writeEnd());
            final MemorySegment one = Arena.ofAuto().allocate(1);
            socket.sendDescriptors(one, 0, pipe.readEnd());
            for (int i = 0; i < MESSAGES; i++) {
                socket.sendDescriptors(one, 0, copies);
            }
            Runtime.getRuntime().halt(7);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 253})
    void whatASenderHasSentArrivesThoughItIsGone(final int descriptors) throws Exception {
        final Process sender = start(Sender.class, descriptors);
        try (SocketFd socket = accepted(); Message message = Message.allocate(arena, 1, 0, descriptors)) {
            ended(sender, 7);
            message.buffers().add(room);
            assertThat(socket.recvmsg(message, 0)).isEqualTo(1);
            try (Fd readEnd = message.takeFd(0)) {
                for (int i = 0; i < MESSAGES; i++) {
                    assertThat(socket.recvmsg(message, 0)).isEqualTo(1);
                    assertThat(message.descriptors()).isEqualTo(descriptors);
                    assertThat(message.truncation()).isEqualTo(Message.Truncation.NONE);
                    try (Fd last = message.takeFd(descriptors - 1)) {
                        assertThat(last.write(room.asSlice(0, 5))).isEqualTo(5);
                    }
                    assertThat(readEnd.read(room)).isEqualTo(5);
                }
                assertThat(socket.recvmsg(message, 0)).as("the end").isZero();
                assertThat(message.descriptors()).isZero();
                assertThat(readEnd.read(room)).as("no copy is left").isZero();
            }
        }
    }

    // ---- a receiver that is gone

    static final class Receiver {
        private Receiver() {
        }

        /// Receives one message, says so, and waits for its end.
        public static void main(final String[] arguments) throws IOException {
            final SocketFd socket = connected(arguments[0]);
            final Message message = Message.allocate(Arena.ofAuto(), 1, 0, Integer.parseInt(arguments[1]));
            message.buffers().add(Arena.ofAuto().allocate(1));
            socket.recvmsg(message, 0);
            System.out.println(message.descriptors());
            System.in.read();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 253})
    void whatAReceiverHadOrHadNotTakenIsClosedWhenItIsKilled(final int descriptors) throws Exception {
        final Process receiver = start(Receiver.class, descriptors);
        try (SocketFd socket = accepted();
                PipeFd.Pair pipe = PipeFd.create(0);
                Message message = Message.allocate(arena, 1, 0, descriptors)) {
            message.buffers().add(room, 0, 1);
            for (int i = 0; i < MESSAGES; i++) {
                lend(message, pipe.writeEnd(), descriptors);
                assertThat(socket.sendmsg(message, 0)).isEqualTo(1);
            }
            final BufferedReader lines = receiver.inputReader();
            assertThat(lines.readLine()).isEqualTo(Integer.toString(descriptors));
            receiver.destroyForcibly();
            ended(receiver, 128 + SIGKILL);
            // Those that it had, and those that were on their way: while one is open the pipe does not end.
            lend(message, pipe.writeEnd(), descriptors);
            assertThatThrownBy(() -> socket.sendmsg(message, 0)).isInstanceOf(ErrnoException.class)
                    .hasMessageMatching(".*(EPIPE|ECONNRESET).*");
            assertThat(message.descriptorsToSend()).as("nothing was sent").isEqualTo(descriptors);
            message.clear();
            pipe.writeEnd().close();
            assertThat(pipe.readEnd().read(room)).isZero();
        }
    }

    private static void lend(final Message message, final Fd fd, final int times) {
        for (int i = 0; i < times; i++) {
            message.lendFd(fd);
        }
    }

    // ---- sockets

    static final class Borrower {
        private Borrower() {
        }

        /// Uses a listening socket and a connected one, and sends both back.
        public static void main(final String[] arguments) throws IOException {
            final MemorySegment buffer = Arena.ofAuto().allocate(64);
            try (SocketFd channel = connected(arguments[0]); Message message = channel.receive(buffer, 0, 2);
                    SocketFd listening = message.takeSocketFd(0); SocketFd connection = message.takeSocketFd(1)) {
                try (SocketFd accepted = listening.accept()) {
                    accepted.send("accepted".getBytes(), 0, 8, 0);
                }
                connection.send("world\n".getBytes(), 0, 6, 0);
                channel.sendDescriptors(buffer.asSlice(0, 1), 0, listening, connection);
            }
        }
    }

    @Test
    void u27_u28_u29_socketsAreUsedInAnotherProcessAndComeBack() throws Exception {
        final Process borrower = start(Borrower.class, 0);
        try (SocketFd channel = accepted(); SocketFd client = SocketFd.socket(AF_INET, SOCK_STREAM, 0)) {
            final SockAddr address;
            try (SocketFd.Pair pair = SocketFamily.TCP4.connected();
                    SocketFd listening = SocketFamily.TCP4.listening(1)) {
                address = listening.localAddress();
                assertThat(channel.sendDescriptors(room.asSlice(0, 1), 0, listening, pair.first())).isEqualTo(1);
                pair.first().close();
                assertThat(client.connect(address)).isZero();
                assertThat(client.recv(room, MSG_WAITALL)).isEqualTo(8);
                assertThat(pair.second().recv(room.asSlice(0, 6), MSG_WAITALL)).isEqualTo(6);
                try (Message message = channel.receive(room, 0, 2);
                        SocketFd back = message.takeSocketFd(0); SocketFd connection = message.takeSocketFd(1)) {
                    assertThat(back.localAddress()).isEqualTo(address);
                    assertThat(connection.remoteAddress()).isEqualTo(pair.second().localAddress());
                }
                assertThat(channel.recv(room, 0)).as("the end").isZero();
                ended(borrower, 0);
                assertThat(pair.second().recv(room, 0)).as("no copy is left").isZero();
            }
        }
    }

    // ---- memory

    static final class Sharer {
        private Sharer() {
        }

        /// Shares a large sealed file, and ends with 0 when the other end has written into it.
        public static void main(final String[] arguments) throws IOException {
            final int size = Integer.parseInt(arguments[1]);
            try (Arena arena = Arena.ofConfined();
                    SocketFd socket = connected(arguments[0]);
                    MemFd file = MemFd.create("shared", MFD_ALLOW_SEALING)) {
                file.size(size);
                final MemorySegment memory = file.map(0, size, PROT_READ | PROT_WRITE, arena);
                for (long i = 0; i < size; i += Integer.BYTES) {
                    memory.set(ValueLayout.JAVA_INT, i, (int) (i * MULTIPLIER));
                }
                file.seal(F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
                final MemorySegment one = arena.allocate(1);
                socket.sendDescriptors(one, 0, file);
                final boolean answered = socket.recv(one, 0) == 1;
                System.exit(answered && memory.get(ValueLayout.JAVA_INT, size - 4L) == 42 ? 0 : 1);
            }
        }
    }

    @Test
    void aSealedFileIsMemoryOfTwoProcesses() throws Exception {
        final Process sharer = start(Sharer.class, SHARED_SIZE);
        try (SocketFd socket = accepted(); Message message = Message.allocate(arena, 1, 0, 1)) {
            message.buffers().add(room);
            assertThat(socket.recvmsg(message, 0)).as("nothing but a byte goes through the socket").isEqualTo(1);
            try (MemFd file = MemFd.adopt(message.takeFd(0).release()); Arena mapping = Arena.ofConfined()) {
                // First this, then the size is to be trusted.
                assertThat(file.seals() & F_SEAL_SHRINK).isEqualTo(F_SEAL_SHRINK);
                assertThat(file.size()).isEqualTo(SHARED_SIZE);
                assertThatThrownBy(() -> file.size(1)).isInstanceOf(ErrnoException.class)
                        .hasMessageContaining("EPERM");
                final MemorySegment memory = file.map(0, SHARED_SIZE, PROT_READ | PROT_WRITE, mapping);
                long wrong = 0;
                for (long i = 0; i < SHARED_SIZE; i += Integer.BYTES) {
                    wrong += memory.get(ValueLayout.JAVA_INT, i) == (int) (i * MULTIPLIER) ? 0 : 1;
                }
                assertThat(wrong).isZero();
                memory.set(ValueLayout.JAVA_INT, SHARED_SIZE - 4L, 42);
                assertThat(socket.send(room.asSlice(0, 1), 0)).isEqualTo(1);
                ended(sharer, 0);
            }
        }
    }
}
