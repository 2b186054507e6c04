package io.github.fdsock.programs;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.Endpoint;
import io.github.fdsock.EpollFd;
import io.github.fdsock.EventFd;
import io.github.fdsock.Fd;
import io.github.fdsock.MemFd;
import io.github.fdsock.PidFd;
import io.github.fdsock.PipeFd;
import io.github.fdsock.SignalFd;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.TimerFd;
import io.github.fdsock.testing.RequiresProgram;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `fdsock fds` tells of every kind of descriptor what it is, of this process and of others, and no more than it knows.
class FdsIT {
    private static final String SELF = Long.toString(ProcessHandle.current().pid());

    @TempDir
    private Path folder;

    /// What the command prints of this very process.
    private static List<String> fds(final String... options) throws Exception {
        final List<String> arguments = new ArrayList<>(List.of("fds", SELF));
        arguments.addAll(List.of(options));
        try (Program fds = Program.fdsock(arguments.toArray(String[]::new))) {
            final List<String> lines = fds.rest();
            assertThat(fds.status()).as(fds.errors()).isZero();
            assertThat(fds.errors()).isEmpty();
            return lines;
        }
    }

    private static String line(final Fd fd, final String rest) {
        return fd.intValue() + " " + rest;
    }

    private static SocketFd bound(final String address) throws IOException {
        final Endpoint endpoint = Endpoint.parse(address);
        final SocketFd socket = SocketFd.socket(endpoint.family(), endpoint.type(), 0);
        socket.bind(endpoint.address());
        return socket;
    }

    /// `[4711]`, of `pipe:[4711]`.
    private static String inode(final Fd fd) throws IOException {
        return Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd.intValue())).toString().replaceFirst(".*:", "");
    }

    @Test
    void socketsAreToldByTheirAddressesAndTheirState() throws Exception {
        final String name = "unix:@" + folder + "\\x00\\x0a";
        try (SocketFd tcp = bound("tcp:127.0.0.1:0"); SocketFd client = SocketFd.socket(AF_INET, SOCK_STREAM, 0);
                SocketFd tcp6 = bound("tcp:[::1]:0"); SocketFd udp = bound("udp:127.0.0.1:0");
                SocketFd unix = bound(name); SocketFd seq = SocketFd.socket(AF_UNIX, SOCK_SEQPACKET, 0);
                SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
                SocketFd netlink = SocketFd.socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG)) {
            tcp.listen(1);
            client.connect(tcp.localAddress());
            unix.listen(1);
            udp.connect(udp.localAddress());
            try (SocketFd accepted = tcp.accept(); SocketFd peer = SocketFd.socket(AF_UNIX, SOCK_STREAM, 0)) {
                peer.connect(unix.localAddress());
                accepted.shutdown(SHUT_WR);
                assertThat(fds()).contains(
                        line(tcp, "socket tcp:" + tcp.localAddress() + ", listening, O_RDWR|O_CLOEXEC"),
                        line(client, "socket tcp:" + client.localAddress() + " -> " + tcp.localAddress()
                                + ", CLOSE_WAIT, O_RDWR|O_CLOEXEC"),
                        line(accepted, "socket tcp:" + tcp.localAddress() + " -> " + client.localAddress()
                                + ", FIN_WAIT2, O_RDWR|O_CLOEXEC"),
                        line(tcp6, "socket tcp:" + tcp6.localAddress() + ", CLOSE, O_RDWR|O_CLOEXEC"),
                        line(udp, "socket udp:" + udp.localAddress() + " -> " + udp.localAddress()
                                + ", O_RDWR|O_CLOEXEC"),
                        line(unix, "socket " + name + ", listening, O_RDWR|O_CLOEXEC"),
                        line(peer, "socket unix:(unnamed) -> " + name.substring("unix:".length()) + ", peer pid " + SELF
                                + ", O_RDWR|O_CLOEXEC"),
                        line(seq, "socket unixseq:(unnamed), O_RDWR|O_CLOEXEC"),
                        line(pair.first(), "socket unixdgram:(unnamed) -> (unnamed), O_RDWR|O_NONBLOCK|O_CLOEXEC"),
                        line(netlink, "socket AF_NETLINK SOCK_RAW NETLINK_SOCK_DIAG " + netlink.localAddress()
                                + ", O_RDWR|O_CLOEXEC"));
            }
        }
    }

    @Test
    void filesAreToldByTheirPathsAndWhereTheyAreRead() throws Exception {
        final Path path = Files.writeString(folder.resolve("two\nlines \\"), "0123456789");
        final Path gone = Files.writeString(folder.resolve("gone"), "");
        try (Arena arena = Arena.ofConfined(); Fd file = Fd.openFile(path, O_RDWR | O_APPEND, 0);
                Fd deleted = Fd.openFile(gone, O_WRONLY, 0);
                Fd directory = Fd.openFile(folder, O_RDONLY | O_DIRECTORY, 0);
                Fd location = Fd.openFile(folder, O_PATH, 0);
                Fd device = Fd.openFile(Path.of("/dev/zero"), O_RDONLY, 0);
                MemFd memory = MemFd.create("frames, all", MFD_ALLOW_SEALING);
                PipeFd.Pair pipe = PipeFd.create(O_NONBLOCK)) {
            file.read(arena.allocate(4));
            Files.delete(gone);
            memory.size(8192);
            memory.seal(F_SEAL_SHRINK | F_SEAL_GROW);
            final List<String> lines = fds();
            assertThat(lines).contains(
                    line(file, "file " + folder + "/two\\x0alines \\\\, offset 4 of 10, O_RDWR|O_APPEND|O_CLOEXEC"),
                    line(deleted, "file " + gone + ", deleted, offset 0 of 0, O_WRONLY|O_CLOEXEC"),
                    line(directory, "directory " + folder + ", O_RDONLY|O_CLOEXEC"),
                    line(location, "directory " + folder + ", O_PATH|O_CLOEXEC"),
                    line(device, "chardev /dev/zero, O_RDONLY|O_CLOEXEC"),
                    line(memory, "memfd \"frames, all\", F_SEAL_SHRINK|F_SEAL_GROW, offset 0 of 8192, "
                            + "O_RDWR|O_CLOEXEC"));
            final String inode = inode(pipe.readEnd());
            assertThat(lines).contains(
                    line(pipe.readEnd(), "pipe " + inode + ", read end, O_RDONLY|O_NONBLOCK|O_CLOEXEC"),
                    line(pipe.writeEnd(), "pipe " + inode + ", write end, O_WRONLY|O_NONBLOCK|O_CLOEXEC"));
        }
    }

    @Test
    void whatHasNoNameIsToldByWhatItDoes() throws Exception {
        try (EventFd event = EventFd.create(18, EFD_SEMAPHORE); TimerFd timer = TimerFd.create(CLOCK_BOOTTIME, 0);
                TimerFd idle = TimerFd.create(CLOCK_REALTIME, TFD_NONBLOCK);
                SignalFd signals = SignalFd.create(0, SIGUSR1, SIGTERM); EpollFd epoll = EpollFd.create();
                EpollFd empty = EpollFd.create(); PidFd process = PidFd.open(ProcessHandle.current())) {
            timer.start(Duration.ofHours(5), Duration.ofMillis(1500));
            epoll.add(event, EPOLLIN | EPOLLET, 0);
            epoll.add(idle, EPOLLIN | EPOLLOUT, 1);
            final List<String> lines = fds();
            // The semaphore is told since Linux 6.5.
            assertThat(lines)
                    .anyMatch(line -> line.matches(line(event,
                            "eventfd count 18(, semaphore)?, O_RDWR\\|O_CLOEXEC")))
                    .anyMatch(line -> line.matches(line(timer,
                            "timerfd CLOCK_BOOTTIME, 179\\d\\d\\.\\d+ s left, every 1\\.5 s, O_RDWR\\|O_CLOEXEC")));
            assertThat(lines).contains(
                    line(idle, "timerfd CLOCK_REALTIME, not armed, O_RDWR|O_NONBLOCK|O_CLOEXEC"),
                    line(epoll, "epoll watching " + event.intValue() + ":EPOLLIN|EPOLLET " + idle.intValue()
                            + ":EPOLLIN|EPOLLOUT, O_RDWR|O_CLOEXEC"),
                    line(empty, "epoll watching nothing, O_RDWR|O_CLOEXEC"),
                    line(process, "pidfd of process " + SELF + ", O_RDWR|O_CLOEXEC"));
            assertThat(lines).anyMatch(line -> line.startsWith(line(signals, "signalfd SIGUSR1|SIGTERM, O_RDWR")));
        }
    }

    @Test
    void linesAreSortedByNumber() throws Exception {
        assertThat(fds().stream().map(line -> Integer.valueOf(line.split(" ")[0])).toList()).isSorted()
                .startsWith(0, 1, 2);
    }

    @Test
    @RequiresProgram("python3")
    void theObjectsAreJsonWithTheSameFacts() throws Exception {
        try (SocketFd listener = bound("unix:@" + folder + "\\x00\\xff"); EpollFd epoll = EpollFd.create();
                Program python = Program.start("python3", "-c", """
                        import json, sys
                        by_number = {d['fd']: d for d in map(json.loads, sys.stdin)}
                        listener, epoll = (by_number[int(n)] for n in sys.argv[1:])
                        print(listener['kind'], listener['family'], listener['type'], listener['local'],
                              listener['listening'], listener['flags'])
                        print(epoll['kind'], epoll['watches'])
                        """, Integer.toString(listener.intValue()), Integer.toString(epoll.intValue()))) {
            listener.listen(1);
            epoll.add(listener, EPOLLIN | EPOLLONESHOT, 0x1234_5678_9abcL);
            python.process().outputWriter().write(String.join("\n", fds("--json")));
            python.endInput();
            assertThat(python.rest()).as(python.errors()).containsExactly(
                    "socket AF_UNIX SOCK_STREAM unix:@" + folder + "\\x00\\xff True ['O_RDWR', 'O_CLOEXEC']",
                    "epoll [{'fd': " + listener.intValue()
                            + ", 'events': ['EPOLLIN', 'EPOLLONESHOT'], 'data': '0x123456789abc'}]");
        }
    }

    @Test
    void selfIsTheCommandWithWhatItWasStartedWith() throws Exception {
        try (Program fds = Program.fdsock("fds", "self")) {
            assertThat(fds.rest()).anyMatch(line -> line.matches("0 pipe \\[\\d+], read end, O_RDONLY"))
                    .anyMatch(line -> line.matches("1 pipe \\[\\d+], write end, O_WRONLY"))
                    .noneMatch(line -> line.contains("pidfd"));
            assertThat(fds.status()).as(fds.errors()).isZero();
        }
    }

    @Test
    @RequiresProgram("strace")
    void whatCannotBeCopiedIsToldByWhatIsLeftAndWhy() throws Exception {
        for (final String refused : List.of("pidfd_getfd", "pidfd_open")) {
            try (SocketFd socket = SocketFd.socket(AF_INET, SOCK_STREAM, 0); MemFd memory = MemFd.create("m", 0);
                    PipeFd.Pair pipe = PipeFd.create(0);
                    Program fds = Program.start(traced("inject=" + refused + ":error=EPERM", "fds", SELF))) {
                final String why = " unknown (" + refused + ": EPERM), ";
                assertThat(fds.rest()).as(fds.errors()).contains(
                        line(socket, "socket " + inode(socket) + ", addresses" + why + "O_RDWR|O_CLOEXEC"),
                        line(memory, "memfd \"m\", seals" + why + "offset 0 of 0, O_RDWR|O_CLOEXEC"))
                        .anyMatch(line -> line.startsWith(line(pipe.readEnd(), "pipe [")));
                assertThat(fds.status()).as(fds.errors()).isZero();
                assertThat(fds.errors()).isEmpty();
            }
        }
    }

    private String[] traced(final String rule, final String... arguments) {
        final List<String> command = new ArrayList<>(List.of("strace", "-f", "-qq", "-o", "/dev/null", "-e", rule));
        command.addAll(Program.commandLine(arguments));
        return command.toArray(String[]::new);
    }

    @Test
    void descriptorsThatComeAndGoMeanwhileDoNoHarm() throws Exception {
        final Thread churn = Thread.ofPlatform().start(() -> {
            while (!Thread.currentThread().isInterrupted()) {
                try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0);
                        EventFd event = EventFd.create(0, 0); MemFd memory = MemFd.create("m", 0)) {
                    event.add(pair.first().intValue() + memory.intValue());
                } catch (final IOException e) {
                    throw new AssertionError(e);
                }
            }
        });
        try {
            for (int i = 0; i < 3; i++) {
                assertThat(fds()).allMatch(line -> line.matches("\\d+ [a-z_-]+.*, O_\\S+|\\d+ [a-z_-]+ O_\\S+"));
            }
        } finally {
            churn.interrupt();
            churn.join();
        }
    }

    @Test
    @RequiresProgram("strace")
    void aProcessThatEndsMeanwhileIsToldInALine() throws Exception {
        // The victim is killed once the command has a descriptor of it: what it looks at afterwards is gone.
        try (Program victim = Program.start("cat");
                Program fds = Program.start(traced("inject=pidfd_open:delay_exit=3000000", "fds",
                        Long.toString(victim.process().pid())))) {
            awaitHeld(fds, "anon_inode:[pidfd]");
            victim.process().destroyForcibly().waitFor();
            assertThat(fds.rest()).isEmpty();
            assertThat(fds.status()).isEqualTo(1);
            assertThat(fds.errors()).contains(Long.toString(victim.process().pid())).doesNotContain("\tat ");
        }
    }

    /// Waits until the traced child of `strace` has opened such a descriptor.
    private static void awaitHeld(final Program strace, final String target) throws Exception {
        final long start = System.nanoTime();
        while (strace.process().children().noneMatch(child -> holds(child.pid(), target))) {
            assertThat(strace.process().isAlive()).as(strace.errors()).isTrue();
            assertThat(System.nanoTime() - start).isLessThan(Program.PATIENCE_SECONDS * 1_000_000_000L);
            Thread.onSpinWait();
        }
    }

    private static boolean holds(final long pid, final String target) {
        final Path folder = Path.of("/proc", Long.toString(pid), "fd");
        final String[] numbers = folder.toFile().list();
        return numbers != null && Arrays.stream(numbers).anyMatch(number -> {
            try {
                return Files.readSymbolicLink(folder.resolve(number)).toString().equals(target);
            } catch (final IOException e) {
                return false;
            }
        });
    }

    @Test
    void aProcessThatIsNotThereIsAnErrorAndNonsenseIsWrongUsage() throws Exception {
        final long ended;
        try (Program program = Program.start("true")) {
            program.status();
            ended = program.process().pid();
        }
        try (Program fds = Program.fdsock("fds", Long.toString(ended))) {
            assertThat(fds.status()).isEqualTo(1);
            assertThat(fds.errors()).contains("ESRCH (No such process)").doesNotContain("\tat ");
        }
        for (final String wrong : List.of("0", "-1", "me", "1 2", "99999999999")) {
            try (Program fds = Program.fdsock("fds", wrong)) {
                assertThat(fds.status()).as(wrong).isEqualTo(2);
                assertThat(fds.errors()).contains(wrong).doesNotContain("\tat ");
            }
        }
    }
}
