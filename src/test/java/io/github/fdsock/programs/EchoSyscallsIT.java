package io.github.fdsock.programs;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.Endpoint;
import io.github.fdsock.SocketFd;
import io.github.fdsock.testing.RequiresProgram;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Per echo the server makes the calls that the server in C makes, and no other: `epoll_wait`, `recvfrom`, `sendto`. Of
/// datagrams it would take several at once, by `recvmmsg`. Its connections are told by edges.
@RequiresProgram({"strace", "cc"})
class EchoSyscallsIT {
    private static final int ECHOES = 100;
    private static final List<String> ECHO = List.of("recvfrom", "sendto", "epoll_wait");

    /// What the JVM itself does on the loop's thread, now and then: locks of its own, memory for the compiler's results,
    /// pieces of its own files.
    private static final List<String> THE_JVMS_OWN = List.of("futex", "mprotect", "madvise", "mmap", "munmap", "pread64",
            "sched_yield", "rt_sigreturn", "rt_sigprocmask", "getpid", "restart_syscall");

    private static final Pattern LINE = Pattern.compile("(\\d+) +(?:<\\.\\.\\. )?(\\w+)[ (].*");

    @TempDir
    private Path folder;

    @Test
    void anEchoIsThreeCalls() throws Exception {
        final List<String> trace = areThreeCallsEach(
                Program.commandLine("echo", "tcp:127.0.0.1:0", "unix:@" + folder, "udp:127.0.0.1:0"), 3);
        assertThat(trace.stream().filter(line -> line.contains("EPOLLRDHUP|EPOLLET")))
                .hasSize(canRefuseDescriptors() ? 2 : 1);
    }

    /// Over UNIX sockets edges take that.
    private static boolean canRefuseDescriptors() throws IOException {
        try (SocketFd socket = SocketFd.socket(AF_UNIX, SOCK_STREAM, 0)) {
            return socket.refuseDescriptors();
        }
    }

    @Test
    void andSoItIsInC() throws Exception {
        areThreeCallsEach(List.of(Program.compile("echo_epoll", folder), "tcp:127.0.0.1:0", "unix:@" + folder), 2);
    }

    /// What strace has written of it.
    private List<String> areThreeCallsEach(final List<String> server, final int addresses) throws Exception {
        final Path trace = folder.resolve("trace");
        final List<String> command = new ArrayList<>(List.of("strace", "-f", "-qq", "-o", trace.toString()));
        command.addAll(server);
        try (Program strace = Program.start(command.toArray(String[]::new)); Arena arena = Arena.ofConfined()) {
            final MemorySegment buffer = arena.allocate(8);
            for (final Endpoint endpoint : strace.listening(addresses)) {
                try (SocketFd socket = SocketFd.socket(endpoint.family(), endpoint.type(), 0)) {
                    socket.connect(endpoint.address());
                    for (int i = 0; i < ECHOES; i++) {
                        socket.send(buffer, 0);
                        assertThat(socket.recv(buffer, 0)).isEqualTo(8);
                    }
                }
            }
            // strace passes the signal on to what it traces only when it is asked to end by that itself.
            strace.process().children().forEach(ProcessHandle::destroy);
            assertThat(strace.status()).isZero();
            assertThat(strace.errors()).isEmpty();
        }
        final List<String> lines = Files.readAllLines(trace);
        final List<String> calls = callsOfTheLoop(lines);
        assertThat(longestRun(calls, ECHO)).as("calls without any other in between:%n%s", calls)
                .isGreaterThanOrEqualTo(ECHO.size() * (ECHOES - 1));
        assertThat(calls.stream().filter(call -> call.equals("recvfrom") || call.equals("recvmmsg")).count())
                .isBetween((long) addresses * ECHOES, (long) addresses * (ECHOES + 1));
        assertThat(calls.stream().filter("sendto"::equals).count()).isEqualTo((long) addresses * ECHOES);
        return lines;
    }

    /// The names of the calls on the thread that waits in `epoll_wait`, from the first wait on.
    private static List<String> callsOfTheLoop(final List<String> lines) {
        String loop = null;
        final List<String> calls = new ArrayList<>();
        for (final String line : lines) {
            final Matcher parts = LINE.matcher(line);
            if (!parts.matches() || line.contains("<unfinished")) {
                continue;
            }
            if (loop == null && parts.group(2).equals("epoll_wait")) {
                loop = parts.group(1);
            }
            if (parts.group(1).equals(loop) && !THE_JVMS_OWN.contains(parts.group(2))) {
                calls.add(parts.group(2));
            }
        }
        return calls;
    }

    /// How many calls in a row follow the pattern, at most.
    private static int longestRun(final List<String> calls, final List<String> pattern) {
        int longest = 0;
        int run = 0;
        for (final String call : calls) {
            if (call.equals(pattern.get(run % pattern.size()))) {
                run++;
            } else {
                run = call.equals(pattern.getFirst()) ? 1 : 0;
            }
            longest = Math.max(longest, run);
        }
        return longest;
    }
}
