package io.github.fdsock.process;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.EventFd;
import io.github.fdsock.Fd;
import io.github.fdsock.FdLeak;
import io.github.fdsock.Seen;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.harness.OpenDescriptors;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.testing.Project;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A JVM finds what the program that was there before it, under the same pid, has opened for it.
@Timeout(60)
class InheritanceTest {
    private static final long LIMIT_SECONDS = 30;

    @TempDir
    Path folder;

    private static SocketFd listener() throws IOException {
        SocketFd listener = SocketFd.socket(AF_INET, SOCK_STREAM, 0);
        listener.bind(SockAddr.inet("127.0.0.1", 0));
        listener.listen(1);
        return listener;
    }

    private static int port(SocketFd listener) throws IOException {
        return ((SockAddr.Inet4) listener.localAddress()).port();
    }

    /// A shell that runs `script`, which finds the command line of a JVM with that program in `"$@"`.
    private static Process start(String script, Class<?> program, String... environment) throws IOException {
        List<String> command = new ArrayList<>(List.of("env"));
        command.addAll(List.of(environment));
        command.addAll(List.of("bash", "-c", script, "bash", Project.java().toString(), "-ea", "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED", "-cp",
                location(Libc.class) + ":" + location(program), program.getName()));
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    private static String location(Class<?> type) {
        return type.getProtectionDomain().getCodeSource().getLocation().getPath();
    }

    private static String output(Process process) throws Exception {
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
        process.getOutputStream().close();
        assertThat(process.exitValue()).as(output).isZero();
        return output;
    }

    private static String read(SocketFd connection) throws IOException {
        byte[] bytes = new byte[100];
        StringBuilder text = new StringBuilder();
        for (long n = connection.recv(bytes, 0, 100, 0); n > 0; n = connection.recv(bytes, 0, 100, 0)) {
            text.append(new String(bytes, 0, (int) n, StandardCharsets.UTF_8));
        }
        return text.toString();
    }

    // ---- LISTEN_FDS

    @Test
    void whatWasPassedIsTakenOnce() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "content");
        try (SocketFd listener = listener()) {
            Process process = start("""
                    exec 3<"$FILE" 4<>/dev/tcp/127.0.0.1/$PORT
                    LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=config:connection exec "$@"
                    """, Taker.class, "FILE=" + file, "PORT=" + port(listener));
            try (SocketFd connection = listener.accept()) {
                assertThat(output(process).lines()).containsExactly(
                        "config: fd 3, close-on-exec true, non-blocking false",
                        "connection: socket 4, close-on-exec true, non-blocking false",
                        "the descriptors of LISTEN_FDS were taken before");
                assertThat(read(connection)).isEqualTo("content");
            }
        }
    }

    @Test
    void whatWasPassedToTheShellIsNotForItsChild() throws Exception {
        Process process = start("""
                exec 3</dev/null
                LISTEN_PID=$$ LISTEN_FDS=1 "$@"
                exit $?
                """, Taker.class);
        assertThat(output(process)).isEmpty();
    }

    /// Tells what it has got, and copies the first into the second.
    static final class Taker {
        private Taker() {
        }

        public static void main(String[] arguments) throws IOException {
            try (Activation activation = Activation.take()) {
                for (int i = 0; i < activation.descriptors(); i++) {
                    Fd fd = activation.takeFd(i);
                    System.out.println(activation.name(i) + ": " + fd + ", close-on-exec " + fd.closeOnExec()
                            + ", non-blocking " + fd.nonBlocking());
                    if (i == 1) {
                        byte[] bytes = new byte[100];
                        fd.write(bytes, 0, (int) Fd.adopt(3).read(bytes, 0, 100));
                    }
                }
                if (activation.descriptors() > 0) {
                    try {
                        Activation.take();
                    } catch (IllegalStateException e) {
                        System.out.println(e.getMessage());
                    }
                }
            }
        }
    }

    // ---- inetd

    /// The lines that [Receiver] leaves in a file, where the standard streams are the socket.
    private List<String> receiver(String redirections, String failure, SocketFd listener) throws Exception {
        Path report = folder.resolve("report");
        Process process = start("exec " + redirections + "\nexec \"$@\"", Receiver.class, "REPORT=" + report,
                "FAILURE=" + failure, "PORT=" + port(listener));
        try (SocketFd connection = listener.accept()) {
            assertThat(read(connection)).isEqualTo("hello");
        }
        output(process);
        return Files.readAllLines(report);
    }

    private static final String TAKEN = "a socket above 2, close-on-exec true, end of input -1";

    @ParameterizedTest
    @CsvSource({
        "2>&1 0<>/dev/tcp/127.0.0.1/$PORT 1>&0, /dev/null /dev/null pipe",
        "2>&1 0<>/dev/tcp/127.0.0.1/$PORT 1>&0 2>&0, /dev/null /dev/null /dev/null",
        "0<>/dev/tcp/127.0.0.1/$PORT, /dev/null pipe pipe",
        "0<>/dev/tcp/127.0.0.1/$PORT 2>&0, /dev/null pipe /dev/null"})
    void theSocketIsTakenOutOfTheStandardStreamsAndNoOther(String redirections, String after) throws Exception {
        try (SocketFd listener = listener()) {
            assertThat(receiver(redirections, "", listener)).containsExactly(TAKEN, after,
                    "getsockopt(0, SOL_SOCKET, SO_TYPE) = -1 ENOTSOCK (Socket operation on non-socket)");
        }
    }

    @Test
    void anotherSocketStaysWhereItIs() throws Exception {
        try (SocketFd listener = listener(); SocketFd other = listener()) {
            assertThat(receiver("0<>/dev/tcp/127.0.0.1/$PORT 1<>/dev/tcp/127.0.0.1/" + port(other), "", listener))
                    .contains("/dev/null socket pipe");
            try (SocketFd connection = other.accept()) {
                assertThat(read(connection)).isEqualTo("printed");
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"fcntl:2", "getsockopt:3", "getsockopt:6", "getsockopt:8", "open:1", "dup3:1", "dup3:2", "dup3:3",
        "close:1"})
    void aFailureLeavesThemAsTheyWere(String failure) throws Exception {
        try (SocketFd listener = listener()) {
            assertThat(receiver("0<>/dev/tcp/127.0.0.1/$PORT 1>&0 2>&0", failure, listener)).startsWith(
                    failure.substring(0, failure.indexOf(':')) + " = -1 EIO (Input/output error)",
                    "socket socket socket", TAKEN, "/dev/null /dev/null /dev/null");
        }
    }

    /// Takes the socket, says `hello` through it and `printed` on standard output, and reports.
    static final class Receiver {
        private Receiver() {
        }

        public static void main(String[] arguments) throws Exception {
            BlockingQueue<Integer> leaks = new LinkedBlockingQueue<>();
            try (PrintStream report = new PrintStream(System.getenv("REPORT"), StandardCharsets.UTF_8);
                    AutoCloseable _ = FdLeak.watch(leak -> leaks.add(leak.fd()))) {
                String failure = System.getenv("FAILURE");
                if (!failure.isEmpty()) {
                    Call call = Call.valueOf(failure.substring(0, failure.indexOf(':')));
                    AtomicInteger left =
                            new AtomicInteger(Integer.parseInt(failure.substring(failure.indexOf(':') + 1)));
                    Map<Integer, String> before = OpenDescriptors.now().targets();
                    try (Seen _ = Seen.calls(made -> made.call() == call && left.decrementAndGet() == 0
                            ? (call == Call.close ? Libc.close(made.fd()) : 0) - (long) EIO : null)) {
                        Inetd.take();
                    } catch (ErrnoException e) {
                        report.println(e.getMessage().replaceFirst("\\(.*?\\)", ""));
                    }
                    if (!OpenDescriptors.now().targets().equals(before)) {
                        report.println(OpenDescriptors.now() + ", and before " + before);
                    }
                    report.println(standardStreams());
                }
                try (SocketFd socket = Inetd.take()) {
                    report.println("a " + (socket.intValue() > 2 ? "socket above 2" : socket) + ", close-on-exec "
                            + socket.closeOnExec() + ", end of input " + System.in.read());
                    report.println(standardStreams());
                    System.out.print("printed");
                    System.out.flush();
                    socket.send("hello".getBytes(StandardCharsets.UTF_8), 0, 5, 0);
                }
                try {
                    Inetd.take();
                } catch (ErrnoException e) {
                    report.println(e.getMessage());
                }
                // What was garbage together with the first is told before the second.
                for (int i = 0; i < 2; i++) {
                    int forgotten = EventFd.create(0, 0).intValue();
                    Integer leak = null;
                    while (leak == null || leak != forgotten) {
                        if (leak != null) {
                            report.println(leak + " is said to have been forgotten");
                        }
                        System.gc();
                        leak = leaks.poll(10, TimeUnit.MILLISECONDS);
                    }
                }
            }
        }

        private static String standardStreams() throws IOException {
            StringJoiner targets = new StringJoiner(" ");
            for (String number : List.of("0", "1", "2")) {
                String target = Files.readSymbolicLink(Path.of("/proc/self/fd", number)).toString();
                targets.add(target.replaceFirst(":.*", ""));
            }
            return targets.toString();
        }
    }
}
