package io.github.fdsock.cases;

import static io.github.fdsock.cases.Workbench.ok;
import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.Pollfd;
import io.github.fdsock.sys.struct.Sockaddr;
import io.github.fdsock.sys.struct.Ucred;
import io.github.fdsock.testing.Project;
import io.github.fdsock.testing.RequiresProgram;
import java.io.BufferedReader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What concerns another process: who it is, what it has open, that it has ended, and what it may not do.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ProcessCasesTest {
    private static final long LIMIT_SECONDS = 20;

    @TempDir
    Path directory;

    @Test
    @RequiresProgram("python3")
    void L15_G42_thePeersProcessIsKnownAlsoWhenItHasEnded() throws Exception {
        Path path = directory.resolve("socket");
        try (Workbench bench = new Workbench()) {
            int listener = bench.unixListener(path.toString());
            int peer;
            long pid;
            try (Child child = Child.python("""
                    import socket, sys
                    s = socket.socket(socket.AF_UNIX)
                    s.connect(sys.argv[1])
                    sys.stdin.readline()
                    """, path.toString())) {
                pid = child.pid();
                peer = bench.keep(Libc.accept4(listener, MemorySegment.NULL, MemorySegment.NULL, SOCK_CLOEXEC));
                assertThat(peerPid(bench, peer)).isEqualTo(pid);
                child.say("end");
                child.awaitEnd();
            }
            assertThat(Libc.recv(peer, bench.memory(1), 1, 0)).isZero();
            assertThat(peerPid(bench, peer)).isEqualTo(pid);
        }
    }

    private static int peerPid(Workbench bench, int socket) {
        Ucred peer = Ucred.allocate(bench.arena());
        ok(Libc.getsockopt(socket, SOL_SOCKET, SO_PEERCRED, peer.segment(), bench.number(Ucred.SIZEOF)));
        return peer.pid();
    }

    @Test
    @RequiresProgram("python3")
    void L44_L52_aCopyOfAChildsCounterIsTheSameCounter() throws Exception {
        try (Workbench bench = new Workbench(); Child child = Child.python("""
                import os, sys
                counter = os.eventfd(0)
                print(counter, flush=True)
                sys.stdin.readline()
                os.eventfd_write(counter, 5)
                print("written", flush=True)
                sys.stdin.readline()
                """)) {
            int process = bench.keep(Libc.pidfd_open((int) child.pid(), 0));
            int counter = Integer.parseInt(child.hear());
            int copy = bench.keep(Libc.pidfd_getfd(process, counter, 0));
            assertThat(Libc.fcntl(copy, F_GETFD, 0)).isEqualTo(FD_CLOEXEC);
            child.say("write");
            assertThat(child.hear()).isEqualTo("written");
            MemorySegment value = bench.memory(8);
            assertThat(Libc.read(copy, value, 8)).isEqualTo(8);
            assertThat(value.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(5);

            MemorySegment ended = Pollfd.allocate(bench.arena(), 1).set(0, process, POLLIN).segment();
            ok(Libc.poll(ended, 1, 0));
            child.say("end");
            ok(Libc.poll(ended, 1, (int) TimeUnit.SECONDS.toMillis(LIMIT_SECONDS)), 1);
            child.awaitEnd();
            assertThat(Libc.pidfd_getfd(process, counter, 0)).isEqualTo(-ESRCH);
            assertThat(Libc.pidfd_send_signal(process, 0, MemorySegment.NULL, 0)).isEqualTo(-ESRCH);
        }
    }

    @Test
    @RequiresProgram("setpriv")
    void L05_whoMayNotIsRefusedALowPort() throws Exception {
        int first = Integer.parseInt(
                Files.readAllLines(Path.of("/proc/sys/net/ipv4/ip_unprivileged_port_start")).getFirst());
        assumeThat(first).as("the first port that anybody may have").isGreaterThan(LowPort.PORT);
        // A program keeps no capability that is not in its bounding set, not even as root. Who is not root has none.
        List<String> without = capable(CAP_SETPCAP)
                ? List.of("setpriv", "--bounding-set", "-net_bind_service", "--inh-caps", "-net_bind_service")
                : List.of();
        Path target = Project.directory().resolve("target");
        List<String> java = List.of(Project.java().toString(), "--enable-native-access=ALL-UNNAMED", "-cp",
                target.resolve("classes") + ":" + target.resolve("test-classes"), LowPort.class.getName());
        try (Child child = Child.start(Stream.concat(without.stream(), java.stream()).toList())) {
            assertThat(child.hear()).isEqualTo("bind: " + -EACCES);
            child.awaitEnd();
        }
    }

    private static final int CAP_SETPCAP = 8;

    private static boolean capable(int capability) throws IOException {
        String effective = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("CapEff:")).findFirst().orElseThrow();
        return (Long.parseUnsignedLong(effective.substring("CapEff:".length()).strip(), 16) >> capability & 1) == 1;
    }

    /// A program that asks for a port below 1024, and says what it was told.
    static final class LowPort {
        static final int PORT = 463;

        private LowPort() {
        }

        public static void main(String[] arguments) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment name = arena.allocate(Sockaddr.SIZEOF_SOCKADDR_IN, 8);
                Sockaddr.sa_family(name, AF_INET);
                Sockaddr.sin_addr(name, 0x7f000001);
                Sockaddr.sin_port(name, PORT);
                int socket = Libc.socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
                System.out.println("bind: " + Libc.bind(socket, name, Sockaddr.SIZEOF_SOCKADDR_IN));
            }
        }
    }

    /// A program with which a test talks line by line; ended, at the latest, with the block it belongs to.
    private static final class Child implements AutoCloseable {
        private final Process process;
        private final BufferedReader output;

        private Child(Process process) {
            this.process = process;
            this.output = process.inputReader();
        }

        static Child python(String program, String... arguments) throws IOException {
            return start(Stream.concat(Stream.of("python3", "-c", program),
                    Stream.of(arguments)).toList());
        }

        static Child start(List<String> command) throws IOException {
            return new Child(new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
        }

        long pid() {
            return process.pid();
        }

        void say(String line) throws IOException {
            process.outputWriter().append(line).append('\n').flush();
        }

        String hear() throws IOException {
            return output.readLine();
        }

        void awaitEnd() throws InterruptedException {
            assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).as("the child has ended").isTrue();
            assertThat(process.exitValue()).isZero();
        }

        @Override
        public void close() throws IOException {
            process.destroyForcibly();
            process.onExit().join();
            process.outputWriter().close();
            output.close();
        }
    }
}
