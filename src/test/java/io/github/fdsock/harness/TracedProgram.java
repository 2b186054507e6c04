package io.github.fdsock.harness;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.ControlBuffer;
import io.github.fdsock.sys.struct.EpollEvents;
import io.github.fdsock.sys.struct.Iovec;
import io.github.fdsock.sys.struct.Itimerspec;
import io.github.fdsock.sys.struct.Linger;
import io.github.fdsock.sys.struct.Mmsghdr;
import io.github.fdsock.sys.struct.Msghdr;
import io.github.fdsock.sys.struct.Pollfd;
import io.github.fdsock.sys.struct.Rlimit;
import io.github.fdsock.sys.struct.Sigset;
import io.github.fdsock.sys.struct.Sockaddr;
import io.github.fdsock.sys.struct.Timespec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// A program that makes calls of every kind, watched twice: by its own trace, whose lines it prints, and by strace.
final class TracedProgram {
    static final String BEGIN = "traced from here";
    static final String END = "traced to here";

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;

    private final Arena arena;
    private final MemorySegment text;
    private final MemorySegment ints;
    private final MemorySegment buffer;
    private final MemorySegment address;

    private TracedProgram(Arena arena) {
        this.arena = arena;
        text = arena.allocateFrom("0123456789 \n\t\"\\\001\0012\177 and more than is shown of it");
        ints = arena.allocate(64, 8);
        buffer = arena.allocate(256, 8);
        address = arena.allocate(128, 8);
    }

    public static void main(String[] arguments) {
        // Whatever has to be loaded is loaded before strace looks: the JVM reads files on this thread, too.
        for (int i = 0; i < 2; i++) {
            run(Trace.record(Scope.thisThread()));
        }
        mark(BEGIN);
        List<String> lines = run(Trace.record(Scope.thisThread()));
        mark(END);
        lines.forEach(System.out::println);
    }

    private static void mark(String words) {
        try (Arena arena = Arena.ofConfined()) {
            Libc.write(-1, arena.allocateFrom(words), words.length());
        }
    }

    private static List<String> run(Trace trace) {
        try (trace; Arena arena = Arena.ofConfined()) {
            TracedProgram program = new TracedProgram(arena);
            program.sockets();
            program.messages();
            program.files();
            program.events();
            program.rest();
        }
        return trace.lines();
    }

    private MemorySegment length(int length) {
        ints.set(INT, 32, length);
        return ints.asSlice(32, 4);
    }

    private MemorySegment inet(int port) {
        Sockaddr.sa_family(address, AF_INET);
        Sockaddr.sin_port(address, port);
        Sockaddr.sin_addr(address, INADDR_LOOPBACK);
        Sockaddr.clear_sin_zero(address);
        return address;
    }

    private MemorySegment bytes(String bytes) {
        return arena.allocateFrom(bytes);
    }

    private void sockets() {
        Libc.socket(77, 9, 5);
        int netlink = Libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
        Libc.close(netlink);
        int server = Libc.socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        Libc.bind(server, inet(0), 16);
        Libc.listen(server, 5);
        Libc.getsockname(server, address, length(4));
        Libc.getsockname(server, address, length(128));
        Libc.getpeername(server, address, length(128));
        Libc.accept4(server, address, length(128), SOCK_CLOEXEC);
        int client = Libc.socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
        Libc.getsockname(server, address, length(128));
        Libc.connect(client, address, 16);
        int peer = Libc.accept4(server, address, length(128), SOCK_CLOEXEC | SOCK_NONBLOCK);
        Libc.accept(server, MemorySegment.NULL, MemorySegment.NULL);
        options(client);
        Libc.send(client, text, text.byteSize(), MSG_NOSIGNAL | MSG_DONTWAIT);
        Libc.recv(peer, buffer, 11, MSG_PEEK);
        Libc.recv(peer, buffer, 256, MSG_DONTWAIT);
        Libc.recv(peer, buffer, 256, MSG_DONTWAIT);
        Libc.shutdown(client, SHUT_WR);
        Libc.shutdown(client, 9);
        Libc.send(-1, bytes("\0018\0019\0017"), 6, 0);
        Libc.getsockopt(client, IPPROTO_TCP, 0, buffer, length(4));
        Libc.read(peer, buffer, 5);
        Libc.close(peer);
        Libc.close(client);
        Libc.close(server);

        int unix = Libc.socket(AF_UNIX, SOCK_SEQPACKET, 0);
        MemorySegment name = arena.allocate(110);
        Sockaddr.sa_family(name, AF_UNIX);
        Libc.bind(unix, name, 2);
        Sockaddr.sun_path(name, 0, "\0nobody\"is\0here".getBytes());
        Libc.connect(unix, name, 17);
        Sockaddr.sun_path(name, 0, "/nonexistent/socket".getBytes());
        Libc.connect(unix, name, 110);
        Libc.connect(unix, name, 1);
        Libc.close(unix);
        int datagrams = Libc.socket(AF_INET6, SOCK_DGRAM, IPPROTO_UDP);
        address.fill((byte) 0);
        Sockaddr.sa_family(address, AF_INET6);
        Sockaddr.sin6_addr(address, 0, 1);
        Sockaddr.sin6_port(address, 9);
        Libc.sendto(datagrams, text, 3, 0, address, 28);
        Libc.sendto(datagrams, text, 0, 0, address, 24);
        Libc.recvfrom(datagrams, buffer, 10, MSG_DONTWAIT, address, length(128));
        Libc.close(datagrams);
    }

    private void options(int socket) {
        ints.set(INT, 0, 1);
        Libc.setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, ints, 4);
        Libc.setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, ints, 4);
        Libc.setsockopt(socket, IPPROTO_IP, IP_TTL, ints, 4);
        Libc.setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, ints, 4);
        Libc.setsockopt(socket, SOL_SOCKET, 999, ints, 4);
        Libc.setsockopt(socket, SOL_SOCKET, SO_LINGER, Linger.allocate(arena).onoff(1).linger(5).segment(), 8);
        Libc.setsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, bytes("cubic"), 5);
        Libc.getsockopt(socket, SOL_SOCKET, SO_ERROR, buffer, length(4));
        Libc.getsockopt(socket, SOL_SOCKET, SO_LINGER, buffer, length(8));
        Libc.getsockopt(socket, IPPROTO_TCP, TCP_CONGESTION, buffer, length(100));
        Libc.getsockopt(socket, SOL_SOCKET, SO_TYPE, buffer, length(100));
        Libc.getsockopt(-1, SOL_SOCKET, SO_TYPE, buffer, length(4));
    }

    private void messages() {
        Libc.socketpair(AF_INET, SOCK_STREAM, 0, ints);
        Libc.socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ints);
        int a = ints.get(INT, 0);
        int b = ints.get(INT, 4);
        Libc.getsockopt(a, SOL_SOCKET, SO_PEERCRED, buffer, length(12));
        Libc.getpeername(a, address, length(128));
        ControlBuffer control = ControlBuffer.allocate(arena, 64);
        Iovec iov = Iovec.allocate(arena, 2).add(text, 0, 5).add(text, 5, 40);
        Msghdr message = Msghdr.allocate(arena).iov(iov);
        Libc.sendmsg(a, message.prepareSend().segment(), MSG_NOSIGNAL);
        message.control(control.appendInts(SOL_SOCKET, SCM_RIGHTS, a));
        Libc.sendmsg(a, message.prepareSend().segment(), 0);
        Iovec room = Iovec.allocate(arena, 2).add(buffer, 0, 3).add(buffer, 3, 200);
        Msghdr received = Msghdr.allocate(arena).iov(room).name(address, 128)
                .control(ControlBuffer.allocate(arena, 64));
        Libc.recvmsg(b, received.prepareReceive().segment(), 0);
        Libc.recvmsg(b, received.prepareReceive().segment(), MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
        Libc.recvmsg(b, received.prepareReceive().segment(), MSG_DONTWAIT);
        Libc.close(b + 1);
        // A pointer that leads nowhere, and lengths that lie.
        MemorySegment wrong = message.prepareSend().segment();
        wrong.set(ValueLayout.JAVA_LONG, 16, 1);
        Libc.sendmsg(a, wrong, 0);
        wrong.set(ValueLayout.JAVA_LONG, 24, 0);
        wrong.set(ValueLayout.JAVA_LONG, 32, 1);
        Libc.sendmsg(a, wrong, 0);
        control.segment().set(ValueLayout.JAVA_LONG, 0, 5);
        Libc.sendmsg(a, message.prepareSend().segment(), 0);
        control.segment().set(ValueLayout.JAVA_LONG, 0, 500);
        Libc.sendmsg(a, message.prepareSend().segment(), 0);
        Libc.writev(a, iov.segment(), 2);
        Libc.readv(b, room.segment(), 2);
        Libc.readv(-1, room.segment(), 2);
        Libc.close(a);
        Libc.close(b);

        int u = Libc.socket(AF_INET, SOCK_DGRAM, 0);
        Libc.bind(u, inet(0), 16);
        Libc.getsockname(u, address, length(16));
        MemorySegment to = arena.allocate(16, 8).copyFrom(address.asSlice(0, 16));
        Msghdr datagram = Msghdr.allocate(arena).iov(Iovec.allocate(arena, 1).add(text, 0, 5)).name(to, 16)
                .control(ControlBuffer.allocate(arena, 32).appendInt(IPPROTO_IP, IP_TTL, 3));
        Libc.sendmsg(u, datagram.prepareSend().segment(), 0);
        Libc.recvfrom(u, buffer, 2, MSG_TRUNC, address, length(128));
        MemorySegment many = arena.allocate(2L * Mmsghdr.SIZEOF, 8);
        for (int i = 0; i < 2; i++) {
            many.asSlice((long) i * Mmsghdr.SIZEOF, Msghdr.SIZEOF).copyFrom(datagram.prepareSend().segment());
        }
        Libc.sendmmsg(u, many, 2, 0);
        Libc.sendmmsg(-1, many, 2, 0);
        for (int i = 0; i < 2; i++) {
            many.asSlice((long) i * Mmsghdr.SIZEOF, Msghdr.SIZEOF).copyFrom(received.prepareReceive().segment());
        }
        Libc.recvmmsg(u, many, 2, MSG_DONTWAIT, Timespec.allocate(arena).sec(5).segment());
        Libc.recvmmsg(u, many, 2, MSG_DONTWAIT, MemorySegment.NULL);
        Libc.close(u);
    }

    private void files() {
        Libc.open(bytes("/nonexistent/file"), O_RDONLY | O_CLOEXEC, 0);
        int directory = Libc.open(bytes("/tmp"), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
        Libc.close(directory);
        int file = Libc.open(bytes("/tmp"), O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
        Libc.pwrite(file, text, 10, 5);
        Libc.pread(file, buffer, 4, 7);
        Libc.lseek(file, 3, SEEK_END);
        Libc.lseek(file, 0, 9);
        Libc.ftruncate(file, 100);
        Libc.fchmod(file, 0644);
        Libc.close(file);
        Libc.chmod(bytes("/nonexistent/file"), 04755);
        Libc.unlink(bytes("/nonexistent/file"));
        Libc.close_range(1 << 20, -1, 0);
        int memfd = Libc.memfd_create(bytes("name"), MFD_CLOEXEC | MFD_ALLOW_SEALING);
        Libc.fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
        Libc.fcntl(memfd, F_GET_SEALS, 0);
        Libc.pipe2(ints, O_CLOEXEC | O_NONBLOCK);
        int reader = ints.get(INT, 0);
        int writer = ints.get(INT, 4);
        Libc.fcntl(reader, F_GETFD, 0);
        Libc.fcntl(reader, F_SETFD, FD_CLOEXEC);
        Libc.fcntl(writer, F_GETFL, 0);
        Libc.fcntl(writer, F_SETFL, O_NONBLOCK | O_APPEND);
        Libc.fcntl(-1, F_DUPFD_CLOEXEC, 100);
        Libc.fcntl(reader, 1999, 5);
        Libc.fcntl(reader, F_SETSIG, 10);
        Libc.fcntl(reader, F_GETSIG, 0);
        Libc.fcntl(reader, F_SETSIG, 0);
        Libc.fcntl(reader, F_GETSIG, 0);
        MemorySegment lock = arena.allocate(32, 8);
        Libc.fcntl(memfd, F_SETLK, lock);
        Libc.fcntl(memfd, F_GETLK, lock);
        Libc.ioctl(reader, FIONREAD, ints.asSlice(8, 8));
        Libc.ioctl(-1, FIONREAD, ints.asSlice(8, 8));
        Libc.ioctl(reader, FIONBIO, ints.asSlice(8, 8));
        Libc.ioctl(reader, FIOCLEX, 0);
        Libc.ioctl(reader, 0x12345678, 5);
        ints.set(ValueLayout.JAVA_LONG, 16, 5);
        Libc.sendfile(writer, memfd, ints.asSlice(16, 8), 10);
        Libc.splice(memfd, ints.asSlice(16, 8), writer, MemorySegment.NULL, 10, SPLICE_F_NONBLOCK | SPLICE_F_MOVE);
        Libc.splice(reader, MemorySegment.NULL, writer, MemorySegment.NULL, 10, SPLICE_F_NONBLOCK);
        Libc.tee(reader, writer, 10, SPLICE_F_NONBLOCK);
        Libc.dup3(reader, reader, O_CLOEXEC);
        Libc.close(Libc.dup(reader));
        Libc.close(reader);
        Libc.close(writer);
        Libc.close(memfd);
        Libc.close(-1);
    }

    private void events() {
        Libc.socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ints);
        int a = ints.get(INT, 0);
        int b = ints.get(INT, 4);
        Pollfd polled = Pollfd.allocate(arena, 2).set(0, a, POLLIN | POLLPRI | POLLRDHUP).set(1, b, POLLOUT);
        Sigset set = Sigset.allocate(arena).add(SIGUSR1).add(SIGINT);
        Libc.poll(polled.segment(), 2, 0);
        Libc.poll(polled.segment(), 1, 0);
        Libc.ppoll(polled.segment(), 2, MemorySegment.NULL, set.segment());
        int epoll = Libc.epoll_create1(EPOLL_CLOEXEC);
        EpollEvents events = EpollEvents.allocate(arena, 2).set(0, EPOLLIN | EPOLLET | EPOLLRDHUP, 42);
        Libc.epoll_ctl(epoll, EPOLL_CTL_ADD, a, events.segment());
        events.set(0, EPOLLOUT | EPOLLONESHOT, 0x7_0000_0005L);
        Libc.epoll_ctl(epoll, EPOLL_CTL_MOD, a, events.segment());
        Libc.epoll_wait(epoll, events.segment(), 2, 0);
        Libc.epoll_wait(epoll, events.segment(), 2, 0);
        Libc.epoll_pwait(epoll, events.segment(), 2, 0, set.segment());
        Libc.epoll_pwait2(epoll, events.segment(), 2, Timespec.allocate(arena).nsec(5).segment(), MemorySegment.NULL);
        Libc.epoll_ctl(epoll, EPOLL_CTL_DEL, a, MemorySegment.NULL);
        Libc.epoll_ctl(epoll, 9, a, events.segment());
        Libc.epoll_ctl(epoll, 0, a, events.segment());
        Libc.close(epoll);
        Libc.close(Libc.epoll_create(5));
        Libc.close(a);
        Libc.close(b);
        Libc.close(Libc.eventfd(5, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE));
        int timer = Libc.timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
        Itimerspec spec = Itimerspec.allocate(arena);
        spec.interval().sec(1).nsec(5);
        Libc.timerfd_settime(timer, TFD_TIMER_ABSTIME, spec.segment(), MemorySegment.NULL);
        Libc.timerfd_gettime(timer, spec.segment());
        Libc.timerfd_gettime(-1, spec.segment());
        Libc.close(timer);
        Libc.close(Libc.signalfd(-1, set.segment(), SFD_CLOEXEC | SFD_NONBLOCK));
        Libc.close(Libc.inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    }

    private void rest() {
        int pid = (int) ProcessHandle.current().pid();
        int pidfd = Libc.pidfd_open(pid, 0);
        Libc.pidfd_getfd(pidfd, 1 << 20, 0);
        Libc.pidfd_send_signal(pidfd, 0, MemorySegment.NULL, 0);
        Libc.close(pidfd);
        Libc.kill(pid, 0);
        Rlimit limit = Rlimit.allocate(arena);
        Libc.prlimit(0, RLIMIT_NOFILE, MemorySegment.NULL, limit.segment());
        Libc.prlimit(0, RLIMIT_NOFILE, limit.segment(), MemorySegment.NULL);
        Libc.prlimit(pid, 99, limit.segment(), MemorySegment.NULL);
        Sigset set = Sigset.allocate(arena).add(SIGUSR2);
        Libc.pthread_sigmask(SIG_BLOCK, set.segment(), MemorySegment.NULL);
        Libc.pthread_sigmask(SIG_UNBLOCK, set.segment(), MemorySegment.NULL);
    }
}
