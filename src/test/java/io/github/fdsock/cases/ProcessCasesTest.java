package io.github.fdsock.cases;

import static io.github.fdsock.cases.Workbench.ok;
import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.ControlBuffer;
import io.github.fdsock.sys.struct.Pollfd;
import io.github.fdsock.sys.struct.Sockaddr;
import io.github.fdsock.sys.struct.Ucred;
import io.github.fdsock.testing.RequiresProgram;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
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
        try (Child child = Child.javaWithout("net_bind_service", LowPort.class)) {
            assertThat(child.hear()).isEqualTo("bind: " + -EACCES);
            child.awaitEnd();
        }
    }

    @Test
    @RequiresProgram("setpriv")
    void G14_whoMayNotIsRefusedOthersCredentials() throws Exception {
        try (Child child = Child.javaWithout("sys_admin,setuid,setgid", OthersCredentials.class)) {
            assertThat(child.hear()).isEqualTo("own: 1");
            assertThat(child.hear()).isEqualTo("another process: " + -EPERM);
            assertThat(child.hear()).isEqualTo("no process: " + -EPERM);
            assertThat(child.hear()).isEqualTo("another user: " + -EPERM);
            assertThat(child.hear()).isEqualTo("another group: " + -EPERM);
            assertThat(child.hear()).isEqualTo("received: 1, then " + -EAGAIN);
            child.awaitEnd();
        }
    }

    @Test
    void G14_whoMaySendsThoseOfAnyProcessThatExists() throws Exception {
        assumeThat(Child.capable(Child.CAP_SYS_ADMIN)).as("may name any process").isTrue();
        try (Workbench bench = new Workbench()) {
            Workbench.Pair pair = bench.unixPair(SOCK_SEQPACKET);
            ok(Libc.setsockopt(pair.b(), SOL_SOCKET, SO_PASSCRED, bench.number(1), Integer.BYTES));
            Ucred other = Ucred.allocate(bench.arena()).pid(1);
            OneByteMessage message = new OneByteMessage(bench.arena(), (int) ControlBuffer.space(Ucred.SIZEOF));
            message.control().append(SOL_SOCKET, SCM_CREDENTIALS, other.segment());
            assertThat(message.send(pair.a(), 0)).isEqualTo(1);
            assertThat(message.receive(pair.b(), 0)).isEqualTo(1);
            assertThat(message.control().next()).isTrue();
            assertThat(message.control().type()).isEqualTo(SCM_CREDENTIALS);
            assertThat(message.control().data().mismatch(other.segment())).as("pid 1, root").isEqualTo(-1);

            message.control().clear().append(SOL_SOCKET, SCM_CREDENTIALS, other.pid(Integer.MAX_VALUE).segment());
            assertThat(message.send(pair.a(), 0)).isEqualTo(-ESRCH);
            assertThat(Libc.recv(pair.b(), bench.memory(1), 1, MSG_DONTWAIT)).isEqualTo(-EAGAIN);
        }
    }

    /// A program that sends credentials, its own and others, and says what it was told.
    static final class OthersCredentials {
        private OthersCredentials() {
        }

        public static void main(String[] arguments) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment pair = arena.allocate(8, 4);
                Libc.socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
                int sender = pair.getAtIndex(ValueLayout.JAVA_INT, 0);
                Ucred own = Ucred.allocate(arena);
                MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, Ucred.SIZEOF);
                Libc.getsockopt(sender, SOL_SOCKET, SO_PEERCRED, own.segment(), length);
                int pid = own.pid();
                System.out.println("own: " + send(arena, sender, own));
                System.out.println("another process: " + send(arena, sender, own.pid(1)));
                System.out.println("no process: " + send(arena, sender, own.pid(Integer.MAX_VALUE)));
                System.out.println("another user: " + send(arena, sender, own.pid(pid).uid(own.uid() + 1)));
                System.out.println("another group: " + send(arena, sender, own.uid(own.uid() - 1).gid(own.gid() + 1)));
                int receiver = pair.getAtIndex(ValueLayout.JAVA_INT, 1);
                System.out.println("received: " + Libc.recv(receiver, length, 1, MSG_DONTWAIT) + ", then "
                        + Libc.recv(receiver, length, 1, MSG_DONTWAIT));
            }
        }

        private static long send(Arena arena, int socket, Ucred credentials) {
            OneByteMessage message = new OneByteMessage(arena, (int) ControlBuffer.space(Ucred.SIZEOF));
            message.control().append(SOL_SOCKET, SCM_CREDENTIALS, credentials.segment());
            return message.send(socket, 0);
        }
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
}
