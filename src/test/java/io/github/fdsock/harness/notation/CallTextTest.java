package io.github.fdsock.harness.notation;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.Addrinfo;
import io.github.fdsock.sys.struct.ControlBuffer;
import io.github.fdsock.sys.struct.EpollEvents;
import io.github.fdsock.sys.struct.In6Pktinfo;
import io.github.fdsock.sys.struct.InPktinfo;
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
import io.github.fdsock.sys.struct.Timeval;
import io.github.fdsock.sys.struct.Ucred;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Every call is written as strace writes it, and no memory, however wrong, keeps it from being written.
class CallTextTest {
    private static final MemorySegment NULL = MemorySegment.NULL;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final int LIMIT = 32;

    private final Set<Call> written = EnumSet.noneOf(Call.class);
    private final Arena arena = Arena.ofAuto();

    private String line(final Call call, final long result, final Object... arguments) {
        return line(call, result, () -> { }, arguments);
    }

    /// @param kernel what the kernel writes into memory
    private String line(final Call call, final long result, final Runnable kernel, final Object... arguments) {
        written.add(call);
        final CallText text = CallText.before(call, arguments, LIMIT);
        kernel.run();
        return call + "(" + String.join(", ", text.arguments(result)) + ") = " + text.result();
    }

    private MemorySegment text(final String text) {
        return arena.allocateFrom(text, StandardCharsets.ISO_8859_1);
    }

    private MemorySegment ints(final int... ints) {
        return arena.allocateFrom(ValueLayout.JAVA_INT, ints);
    }

    private MemorySegment inet(final int port) {
        final MemorySegment address = arena.allocate(Sockaddr.SIZEOF_SOCKADDR_IN, 8);
        Sockaddr.sa_family(address, AF_INET);
        Sockaddr.sin_port(address, port);
        Sockaddr.sin_addr(address, INADDR_LOOPBACK);
        return address;
    }

    private static String hex(final MemorySegment segment) {
        return "0x" + Long.toHexString(segment.address());
    }

    private static final String INET_7000 =
            "{sa_family=AF_INET, sin_port=htons(7000), sin_addr=inet_addr(\"127.0.0.1\")}";

    @Test
    void everyCallHasALine() {
        sockets();
        transfers();
        messages();
        descriptors();
        waiting();
        objects();
        processes();
        others();
        assertThat(written).as("calls without an example").containsExactlyInAnyOrder(Call.values());
    }

    private void sockets() {
        assertThat(line(Call.socket, 5, AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))
                .isEqualTo("socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK, IPPROTO_IP) = 5");
        assertThat(line(Call.socket, -EAFNOSUPPORT, 77, 9, 5)).isEqualTo("socket(0x4d /* AF_??? */, 0x9 /* SOCK_??? */,"
                + " 5) = -1 EAFNOSUPPORT (Address family not supported by protocol)");
        assertThat(line(Call.socket, 5, AF_PACKET, SOCK_RAW, 0x0300))
                .isEqualTo("socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)) = 5");
        final MemorySegment pair = ints(0, 0);
        assertThat(line(Call.socketpair, 0, () -> pair.copyFrom(ints(5, 6)), AF_UNIX, SOCK_SEQPACKET, 0, pair))
                .isEqualTo("socketpair(AF_UNIX, SOCK_SEQPACKET, 0, [5, 6]) = 0");
        assertThat(line(Call.bind, 0, 5, inet(7000), 16)).isEqualTo("bind(5, " + INET_7000 + ", 16) = 0");
        assertThat(line(Call.connect, -ECONNREFUSED, 5, inet(7000), 16))
                .isEqualTo("connect(5, " + INET_7000 + ", 16) = -1 ECONNREFUSED (Connection refused)");
        assertThat(line(Call.connect, 0, 5, text("\1\0\0abstract"), 11))
                .isEqualTo("connect(5, {sa_family=AF_UNIX, sun_path=@\"abstract\"}, 11) = 0");
        assertThat(line(Call.listen, 0, 5, 16)).isEqualTo("listen(5, 16) = 0");
        for (final Call call : List.of(Call.accept, Call.getsockname, Call.getpeername)) {
            final MemorySegment address = arena.allocate(128);
            final MemorySegment length = ints(128);
            assertThat(line(call, 7, () -> {
                address.copyFrom(inet(7000));
                length.set(INT, 0, 16);
            }, 5, address, length)).isEqualTo(call + "(5, " + INET_7000 + ", [128 => 16]) = 7");
            assertThat(line(call, -ENOTCONN, 5, address, ints(128)))
                    .isEqualTo(call + "(5, " + hex(address) + ", [128]) = -1 ENOTCONN (Transport endpoint is not"
                            + " connected)");
        }
        assertThat(line(Call.accept4, 7, 5, NULL, NULL, SOCK_CLOEXEC))
                .isEqualTo("accept4(5, NULL, NULL, SOCK_CLOEXEC) = 7");
        final MemorySegment linger = Linger.allocate(arena).onoff(1).linger(5).segment();
        assertThat(line(Call.setsockopt, 0, 5, SOL_SOCKET, SO_LINGER, linger, 8))
                .isEqualTo("setsockopt(5, SOL_SOCKET, SO_LINGER, {l_onoff=1, l_linger=5}, 8) = 0");
        final MemorySegment timeout = Timeval.allocate(arena).sec(1).usec(5).segment();
        assertThat(line(Call.setsockopt, 0, 5, SOL_SOCKET, SO_RCVTIMEO, timeout, 16)).isEqualTo("setsockopt(5, SOL_SOCKET, SO_RCVTIMEO, {tv_sec=1, tv_usec=5}, 16) = 0");
        assertThat(line(Call.setsockopt, 0, 5, IPPROTO_TCP, TCP_NODELAY, ints(1), 4))
                .isEqualTo("setsockopt(5, SOL_TCP, TCP_NODELAY, [1], 4) = 0");
        assertThat(line(Call.getsockopt, 0, 5, SOL_SOCKET, SO_ERROR, ints(ECONNRESET), ints(4)))
                .isEqualTo("getsockopt(5, SOL_SOCKET, SO_ERROR, [ECONNRESET], [4]) = 0");
        assertThat(line(Call.getsockopt, 0, 5, 999, 9, text("ab\1"), ints(3)))
                .isEqualTo("getsockopt(5, 0x3e7 /* SOL_??? */, 9, \"ab\\1\", [3]) = 0");
        assertThat(line(Call.shutdown, 0, 5, SHUT_WR)).isEqualTo("shutdown(5, SHUT_WR) = 0");
    }

    private void transfers() {
        final MemorySegment hello = text("hello");
        final MemorySegment digits = text("0123456789".repeat(4));
        assertThat(line(Call.send, 5, 5, hello, 5L, MSG_NOSIGNAL)).isEqualTo("send(5, \"hello\", 5, MSG_NOSIGNAL) = 5");
        assertThat(line(Call.send, 40, 5, digits, 40L, 0))
                .isEqualTo("send(5, \"01234567890123456789012345678901\"..., 40, 0) = 40");
        assertThat(line(Call.sendto, 5, 5, hello, 5L, 0, inet(7000), 16))
                .isEqualTo("sendto(5, \"hello\", 5, 0, " + INET_7000 + ", 16) = 5");
        assertThat(line(Call.recv, 3, 5, digits, 40L, MSG_DONTWAIT | MSG_TRUNC))
                .isEqualTo("recv(5, \"012\", 40, MSG_TRUNC|MSG_DONTWAIT) = 3");
        assertThat(line(Call.recv, 100, 5, digits, 2L, MSG_TRUNC)).as("more than there is room for")
                .isEqualTo("recv(5, \"01\", 2, MSG_TRUNC) = 100");
        assertThat(line(Call.recvfrom, -EAGAIN, 5, digits, 40L, 0, NULL, NULL)).isEqualTo("recvfrom(5, " + hex(digits)
                + ", 40, 0, NULL, NULL) = -1 EAGAIN (Resource temporarily unavailable)");
        assertThat(line(Call.read, 0, 5, digits, 40L)).isEqualTo("read(5, \"\", 40) = 0");
        assertThat(line(Call.write, 4, 5, text("\1\0012\377\n"), 5L))
                .isEqualTo("write(5, \"\\1\\0012\\377\\n\", 5) = 4");
        assertThat(line(Call.pread, 2, 5, digits, 2L, 1L << 40)).isEqualTo("pread(5, \"01\", 2, 1099511627776) = 2");
        assertThat(line(Call.pwrite, 2, 5, digits, 2L, 0L)).isEqualTo("pwrite(5, \"01\", 2, 0) = 2");
        final Iovec iov = Iovec.allocate(arena, 2).add(hello, 0, 5).add(digits, 0, 10);
        assertThat(line(Call.writev, 15, 5, iov.segment(), 2)).isEqualTo(
                "writev(5, [{iov_base=\"hello\", iov_len=5}, {iov_base=\"0123456789\", iov_len=10}], 2) = 15");
        assertThat(line(Call.readv, 7, 5, iov.segment(), 2)).isEqualTo(
                "readv(5, [{iov_base=\"hello\", iov_len=5}, {iov_base=\"01\", iov_len=10}], 2) = 7");
        assertThat(line(Call.readv, -EAGAIN, 5, iov.segment(), 1)).isEqualTo("readv(5, [{iov_base=" + hex(hello)
                + ", iov_len=5}], 1) = -1 EAGAIN (Resource temporarily unavailable)");
    }

    private String control(final ControlBuffer control) {
        final Msghdr message = Msghdr.allocate(arena).control(control);
        final String line = line(Call.sendmsg, 0, 5, message.prepareSend().segment(), 0);
        return line.replaceFirst(".*msg_control=\\[(.*)\\], msg_controllen.*", "$1");
    }

    private void messages() {
        final ControlBuffer rights = ControlBuffer.allocate(arena, 64).appendInts(SOL_SOCKET, SCM_RIGHTS, 7);
        final Msghdr message = Msghdr.allocate(arena).iov(Iovec.allocate(arena, 1).add(text("hello"), 0, 5))
                .control(rights);
        final String header = "{msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base=\"hello\", iov_len=5}], msg_iovlen=1,"
                + " msg_control=[{cmsg_len=20, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[7]}],"
                + " msg_controllen=24, msg_flags=0}";
        assertThat(line(Call.sendmsg, 5, 5, message.prepareSend().segment(), MSG_NOSIGNAL))
                .isEqualTo("sendmsg(5, " + header + ", MSG_NOSIGNAL) = 5");
        final MemorySegment many = arena.allocate(2L * Mmsghdr.SIZEOF, 8);
        many.copyFrom(message.prepareSend().segment());
        many.asSlice(Mmsghdr.SIZEOF).copyFrom(message.segment());
        assertThat(line(Call.sendmmsg, 1, () -> many.set(INT, 56, 5), 5, many, 2, 0))
                .isEqualTo("sendmmsg(5, [{msg_hdr=" + header + ", msg_len=5}, {msg_hdr=" + header + "}], 2, 0) = 1");

        final MemorySegment address = arena.allocate(128);
        final Msghdr room = Msghdr.allocate(arena).iov(Iovec.allocate(arena, 1).add(text("hello"))).name(address, 128);
        final MemorySegment prepared = room.prepareReceive().segment();
        assertThat(line(Call.recvmsg, 2, () -> {
            address.copyFrom(inet(7000));
            prepared.set(INT, 8, 16);
            prepared.set(INT, 48, MSG_TRUNC);
        }, 5, prepared, 0)).isEqualTo("recvmsg(5, {msg_name=" + INET_7000 + ", msg_namelen=128 => 16,"
                + " msg_iov=[{iov_base=\"he\", iov_len=6}], msg_iovlen=1, msg_controllen=0, msg_flags=MSG_TRUNC}, 0)"
                + " = 2");
        assertThat(line(Call.recvmsg, -EAGAIN, 5, room.prepareReceive().segment(), 0)).isEqualTo(
                "recvmsg(5, {msg_namelen=128}, 0) = -1 EAGAIN (Resource temporarily unavailable)");
        many.copyFrom(room.prepareReceive().segment());
        many.set(INT, 56, 5);
        assertThat(line(Call.recvmmsg, 1, 5, many, 2, 0, NULL)).isEqualTo("recvmmsg(5, [{msg_hdr={msg_name=" + INET_7000
                + ", msg_namelen=128, msg_iov=[{iov_base=\"hello\", iov_len=6}], msg_iovlen=1, msg_controllen=0,"
                + " msg_flags=0}, msg_len=5}], 2, 0, NULL) = 1");

        final ControlBuffer buffer = ControlBuffer.allocate(arena, 128);
        Ucred.of(buffer.appendSpace(SOL_SOCKET, SCM_CREDENTIALS, 12)).pid(1).uid(2).gid(3);
        assertThat(control(buffer)).isEqualTo("{cmsg_len=28, cmsg_level=SOL_SOCKET, cmsg_type=SCM_CREDENTIALS,"
                + " cmsg_data={pid=1, uid=2, gid=3}}");
        InPktinfo.of(buffer.clear().appendSpace(IPPROTO_IP, IP_PKTINFO, 12)).ifindex(1).spec_dst(INADDR_LOOPBACK)
                .addr(INADDR_LOOPBACK);
        assertThat(control(buffer)).isEqualTo("{cmsg_len=28, cmsg_level=SOL_IP, cmsg_type=IP_PKTINFO, cmsg_data={"
                + "ipi_ifindex=1, ipi_spec_dst=inet_addr(\"127.0.0.1\"), ipi_addr=inet_addr(\"127.0.0.1\")}}");
        In6Pktinfo.of(buffer.clear().appendSpace(IPPROTO_IPV6, IPV6_PKTINFO, 20)).addr(0, 1).ifindex(2);
        assertThat(control(buffer)).isEqualTo("{cmsg_len=36, cmsg_level=SOL_IPV6, cmsg_type=IPV6_PKTINFO, cmsg_data={"
                + "inet_pton(AF_INET6, \"::1\", &ipi6_addr), ipi6_ifindex=2}}");
        assertThat(control(buffer.clear().appendInt(IPPROTO_IP, IP_TTL, 64)))
                .isEqualTo("{cmsg_len=20, cmsg_level=SOL_IP, cmsg_type=IP_TTL, cmsg_data=[64]}");
        Timespec.of(buffer.clear().appendSpace(SOL_SOCKET, SCM_TIMESTAMPNS, 16)).sec(1).nsec(2);
        assertThat(control(buffer)).contains("cmsg_type=SCM_TIMESTAMPNS, cmsg_data={tv_sec=1, tv_nsec=2}");
        buffer.clear().appendSpace(99, 9, 5).copyFrom(text("\1abc"));
        assertThat(control(buffer)).as("unknown: as bytes")
                .isEqualTo("{cmsg_len=21, cmsg_level=0x63 /* SOL_??? */, cmsg_type=0x9, cmsg_data=\"\\1abc\\0\"}");
    }

    private void descriptors() {
        assertThat(line(Call.open, 5, text("/etc/hostname"), O_RDONLY | O_CLOEXEC, 0))
                .isEqualTo("open(\"/etc/hostname\", O_RDONLY|O_CLOEXEC) = 5");
        assertThat(line(Call.open, 5, text("/tmp/x"), O_RDWR | O_CREAT | O_TRUNC, 0644))
                .isEqualTo("open(\"/tmp/x\", O_RDWR|O_CREAT|O_TRUNC, 0644) = 5");
        assertThat(line(Call.close, -EBADF, -1)).isEqualTo("close(-1) = -1 EBADF (Bad file descriptor)");
        assertThat(line(Call.close_range, 0, 3, -1, CLOSE_RANGE_CLOEXEC))
                .isEqualTo("close_range(3, 4294967295, CLOSE_RANGE_CLOEXEC) = 0");
        assertThat(line(Call.dup, 6, 5)).isEqualTo("dup(5) = 6");
        assertThat(line(Call.dup3, 9, 5, 9, O_CLOEXEC)).isEqualTo("dup3(5, 9, O_CLOEXEC) = 9");
        assertThat(line(Call.pipe2, 0, ints(5, 6), O_CLOEXEC | O_NONBLOCK))
                .isEqualTo("pipe2([5, 6], O_NONBLOCK|O_CLOEXEC) = 0");
        assertThat(line(Call.fcntl, O_RDWR | O_NONBLOCK, 5, F_GETFL, 0))
                .isEqualTo("fcntl(5, F_GETFL) = 0x802 (flags O_RDWR|O_NONBLOCK)");
        assertThat(line(Call.fcntl, 0, 5, F_GETSIG, 0)).isEqualTo("fcntl(5, F_GETSIG) = 0");
        assertThat(line(Call.fcntl, SIGUSR1, 5, F_GETSIG, 0)).isEqualTo("fcntl(5, F_GETSIG) = 10 (SIGUSR1)");
        assertThat(line(Call.fcntl, 1, 5, F_GETFD, 0)).isEqualTo("fcntl(5, F_GETFD) = 0x1 (flags FD_CLOEXEC)");
        assertThat(line(Call.ioctl, 0, 5, (long) FIONREAD, ints(3))).isEqualTo("ioctl(5, FIONREAD, [3]) = 0");
        assertThat(line(Call.ioctl, 0, 5, 0x80085678L, ints(3)))
                .startsWith("ioctl(5, _IOC(_IOC_READ, 0x56, 0x78, 0x8), 0x");
        assertThat(line(Call.lseek, 3, 5, 3L, SEEK_END)).isEqualTo("lseek(5, 3, SEEK_END) = 3");
        assertThat(line(Call.ftruncate, 0, 5, 100L)).isEqualTo("ftruncate(5, 100) = 0");
        assertThat(line(Call.fchmod, 0, 5, 0600)).isEqualTo("fchmod(5, 0600) = 0");
        assertThat(line(Call.unlink, 0, text("/tmp/a\"b"))).isEqualTo("unlink(\"/tmp/a\\\"b\") = 0");
        assertThat(line(Call.chmod, -EFAULT, NULL, 0)).isEqualTo("chmod(NULL, 000) = -1 EFAULT (Bad address)");
    }

    private void waiting() {
        final Pollfd polled = Pollfd.allocate(arena, 2).set(0, 5, POLLIN | POLLRDHUP).set(1, 6, POLLOUT);
        final Runnable found = () -> polled.segment().set(ValueLayout.JAVA_SHORT_UNALIGNED, 14, (short) POLLOUT);
        final String fds = "[{fd=5, events=POLLIN|POLLRDHUP}, {fd=6, events=POLLOUT}], 2";
        assertThat(line(Call.poll, 1, found, polled.segment(), 2L, -1))
                .isEqualTo("poll(" + fds + ", -1) = 1 ([{fd=6, revents=POLLOUT}])");
        assertThat(line(Call.poll, 0, polled.segment(), 2L, 0)).isEqualTo("poll(" + fds + ", 0) = 0 (Timeout)");
        final MemorySegment set = Sigset.allocate(arena).add(SIGINT).add(SIGUSR1).segment();
        final MemorySegment time = Timespec.allocate(arena).sec(1).nsec(5).segment();
        assertThat(line(Call.ppoll, -EINTR, polled.segment(), 2L, time, set)).isEqualTo("ppoll(" + fds
                + ", {tv_sec=1, tv_nsec=5}, [INT USR1]) = -1 EINTR (Interrupted system call)");
        assertThat(line(Call.epoll_create, 5, 1)).isEqualTo("epoll_create(1) = 5");
        assertThat(line(Call.epoll_create1, 5, EPOLL_CLOEXEC)).isEqualTo("epoll_create1(EPOLL_CLOEXEC) = 5");
        final MemorySegment events = EpollEvents.allocate(arena, 2).set(0, EPOLLIN | EPOLLET, 1L << 32 | 7).segment();
        final String event = "{events=EPOLLIN|EPOLLET, data={u32=7, u64=4294967303}}";
        assertThat(line(Call.epoll_ctl, 0, 5, EPOLL_CTL_ADD, 6, events))
                .isEqualTo("epoll_ctl(5, EPOLL_CTL_ADD, 6, " + event + ") = 0");
        assertThat(line(Call.epoll_ctl, 0, 5, EPOLL_CTL_DEL, 6, NULL))
                .isEqualTo("epoll_ctl(5, EPOLL_CTL_DEL, 6, NULL) = 0");
        assertThat(line(Call.epoll_wait, 1, 5, events, 2, -1)).isEqualTo("epoll_wait(5, [" + event + "], 2, -1) = 1");
        assertThat(line(Call.epoll_wait, 0, 5, events, 2, 0)).isEqualTo("epoll_wait(5, [], 2, 0) = 0");
        assertThat(line(Call.epoll_pwait, 1, 5, events, 2, -1, set))
                .isEqualTo("epoll_pwait(5, [" + event + "], 2, -1, [INT USR1]) = 1");
        assertThat(line(Call.epoll_pwait2, 1, 5, events, 2, time, NULL))
                .isEqualTo("epoll_pwait2(5, [" + event + "], 2, {tv_sec=1, tv_nsec=5}, NULL) = 1");
    }

    private void objects() {
        assertThat(line(Call.eventfd, 5, -1, EFD_SEMAPHORE | EFD_CLOEXEC))
                .isEqualTo("eventfd(4294967295, EFD_SEMAPHORE|EFD_CLOEXEC) = 5");
        assertThat(line(Call.timerfd_create, 5, CLOCK_MONOTONIC, TFD_NONBLOCK))
                .isEqualTo("timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK) = 5");
        final Itimerspec timer = Itimerspec.allocate(arena);
        timer.interval().sec(1);
        timer.value().nsec(5);
        final String spec = "{it_interval={tv_sec=1, tv_nsec=0}, it_value={tv_sec=0, tv_nsec=5}}";
        assertThat(line(Call.timerfd_settime, 0, 5, TFD_TIMER_ABSTIME, timer.segment(), NULL))
                .isEqualTo("timerfd_settime(5, TFD_TIMER_ABSTIME, " + spec + ", NULL) = 0");
        assertThat(line(Call.timerfd_gettime, 0, 5, timer.segment()))
                .isEqualTo("timerfd_gettime(5, " + spec + ") = 0");
        final MemorySegment set = Sigset.allocate(arena).add(SIGTERM).segment();
        assertThat(line(Call.signalfd, 5, -1, set, SFD_CLOEXEC)).isEqualTo("signalfd(-1, [TERM], SFD_CLOEXEC) = 5");
        assertThat(line(Call.inotify_init1, 5, IN_CLOEXEC)).isEqualTo("inotify_init1(IN_CLOEXEC) = 5");
        assertThat(line(Call.memfd_create, 5, text("0123456789".repeat(4)), MFD_CLOEXEC))
                .isEqualTo("memfd_create(\"01234567890123456789012345678901\"..., MFD_CLOEXEC) = 5");
        assertThat(line(Call.mmap, 0x7000, 0L, 4096L, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, 5, 4096L))
                .isEqualTo("mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_POPULATE, 5, 0x1000) = 0x7000");
        assertThat(line(Call.munmap, 0, 0x7000L, 4096L)).isEqualTo("munmap(0x7000, 4096) = 0");
        assertThat(line(Call.pidfd_open, 5, 42, PIDFD_NONBLOCK)).isEqualTo("pidfd_open(42, PIDFD_NONBLOCK) = 5");
        assertThat(line(Call.pidfd_getfd, 6, 5, 1, 0)).isEqualTo("pidfd_getfd(5, 1, 0) = 6");
        assertThat(line(Call.pidfd_send_signal, 0, 5, SIGTERM, NULL, 0))
                .isEqualTo("pidfd_send_signal(5, SIGTERM, NULL, 0) = 0");
        final MemorySegment offset = arena.allocateFrom(ValueLayout.JAVA_LONG, 5);
        assertThat(line(Call.sendfile, 10, () -> offset.set(ValueLayout.JAVA_LONG, 0, 15), 5, 6, offset, 10L))
                .isEqualTo("sendfile(5, 6, [5] => [15], 10) = 10");
        assertThat(line(Call.splice, 10, 5, NULL, 6, NULL, 10L, SPLICE_F_MOVE))
                .isEqualTo("splice(5, NULL, 6, NULL, 10, SPLICE_F_MOVE) = 10");
        assertThat(line(Call.tee, 10, 5, 6, 10L, SPLICE_F_NONBLOCK)).isEqualTo("tee(5, 6, 10, SPLICE_F_NONBLOCK) = 10");
    }

    private void processes() {
        final MemorySegment pointers = arena.allocate(24, 8);
        pointers.set(ValueLayout.ADDRESS, 0, text("true"));
        pointers.set(ValueLayout.ADDRESS, 8, text("-x"));
        for (final Call call : List.of(Call.posix_spawn, Call.posix_spawnp)) {
            assertThat(line(call, 0, ints(4711), text("/bin/true"), NULL, NULL, pointers, pointers)).isEqualTo(call
                    + "([4711], \"/bin/true\", NULL, NULL, [\"true\", \"-x\"], " + hex(pointers)
                    + " /* 2 vars */) = 0");
        }
        final MemorySegment object = ints(1);
        for (final Call call : List.of(Call.posix_spawn_file_actions_init, Call.posix_spawn_file_actions_destroy,
                Call.posix_spawnattr_init, Call.posix_spawnattr_destroy)) {
            assertThat(line(call, 0, object)).isEqualTo(call + "(" + hex(object) + ") = 0");
        }
        for (final Call call : List.of(Call.posix_spawn_file_actions_addclose,
                Call.posix_spawn_file_actions_addclosefrom_np, Call.posix_spawnattr_setpgroup)) {
            assertThat(line(call, 0, object, 5)).isEqualTo(call + "(" + hex(object) + ", 5) = 0");
        }
        assertThat(line(Call.posix_spawn_file_actions_adddup2, 0, object, 5, 1))
                .isEqualTo("posix_spawn_file_actions_adddup2(" + hex(object) + ", 5, 1) = 0");
        assertThat(line(Call.posix_spawn_file_actions_addchdir_np, 0, object, text("/")))
                .isEqualTo("posix_spawn_file_actions_addchdir_np(" + hex(object) + ", \"/\") = 0");
        final short flags = POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK;
        assertThat(line(Call.posix_spawnattr_setflags, 0, object, flags)).isEqualTo("posix_spawnattr_setflags("
                + hex(object) + ", POSIX_SPAWN_SETSIGMASK|POSIX_SPAWN_SETSID) = 0");
        for (final Call call : List.of(Call.posix_spawnattr_setsigmask, Call.posix_spawnattr_setsigdefault)) {
            assertThat(line(call, 0, object, Sigset.allocate(arena).add(SIGINT).segment()))
                    .isEqualTo(call + "(" + hex(object) + ", [INT]) = 0");
        }
        assertThat(line(Call.waitid, 0, P_PIDFD, 5, arena.allocate(128, 8), WEXITED | WNOHANG))
                .isEqualTo("waitid(P_PIDFD, 5, {}, WNOHANG|WEXITED) = 0");
        final MemorySegment info = arena.allocate(128, 8);
        info.copyFrom(ints(SIGCHLD, 0, CLD_KILLED, 0, 42, 0, SIGTERM));
        assertThat(line(Call.waitid, 0, P_PID, 42, info, WEXITED)).isEqualTo("waitid(P_PID, 42, {si_signo=SIGCHLD,"
                + " si_code=CLD_KILLED, si_pid=42, si_uid=0, si_status=SIGTERM}, WEXITED) = 0");
        for (final Call call : List.of(Call.getuid, Call.geteuid, Call.getgid, Call.getegid)) {
            assertThat(line(call, 1000)).isEqualTo(call + "() = 1000");
        }
    }

    private void others() {
        final MemorySegment limit = Rlimit.allocate(arena).cur(1024 * 1024).max(RLIM_INFINITY).segment();
        final String limits = "{rlim_cur=1024*1024, rlim_max=RLIM_INFINITY}";
        assertThat(line(Call.getrlimit, 0, RLIMIT_NOFILE, limit))
                .isEqualTo("getrlimit(RLIMIT_NOFILE, " + limits + ") = 0");
        assertThat(line(Call.setrlimit, 0, RLIMIT_CORE, limit)).isEqualTo("setrlimit(RLIMIT_CORE, " + limits + ") = 0");
        assertThat(line(Call.prlimit, 0, 0, RLIMIT_NOFILE, NULL, limit))
                .isEqualTo("prlimit(0, RLIMIT_NOFILE, NULL, " + limits + ") = 0");
        assertThat(line(Call.kill, 0, 42, SIGTERM)).isEqualTo("kill(42, SIGTERM) = 0");
        assertThat(line(Call.raise, 0, 34)).isEqualTo("raise(SIGRT_2) = 0");
        final Sigset all = Sigset.allocate(arena);
        for (int signal = 1; signal <= 64; signal++) {
            all.add(signal);
        }
        assertThat(line(Call.pthread_sigmask, 0, SIG_SETMASK, all.remove(SIGCHLD).segment(), NULL))
                .isEqualTo("pthread_sigmask(SIG_SETMASK, ~[CHLD], NULL) = 0");
        assertThat(line(Call.clock_gettime, 0, CLOCK_REALTIME, Timespec.allocate(arena).sec(1).segment()))
                .isEqualTo("clock_gettime(CLOCK_REALTIME, {tv_sec=1, tv_nsec=0}) = 0");
        assertThat(line(Call.if_nametoindex, 1, text("lo"))).isEqualTo("if_nametoindex(\"lo\") = 1");
        assertThat(line(Call.if_indextoname, 0, 1, text("lo"))).isEqualTo("if_indextoname(1, \"lo\") = 0");
        final MemorySegment hints = Addrinfo.allocate(arena).flags(AI_NUMERICHOST).family(AF_INET).segment();
        final MemorySegment list = arena.allocate(8, 8);
        final int result = Libc.getaddrinfo(text("127.0.0.1"), text("80"), hints, list);
        assertThat(line(Call.getaddrinfo, result, text("127.0.0.1"), text("80"), hints, list)).startsWith(
                "getaddrinfo(\"127.0.0.1\", \"80\", {ai_flags=AI_NUMERICHOST, ai_family=AF_INET, ai_socktype=0,"
                        + " ai_protocol=IPPROTO_IP}, [{ai_flags=AI_NUMERICHOST, ai_family=AF_INET,"
                        + " ai_socktype=SOCK_STREAM, ai_protocol=IPPROTO_TCP, ai_addrlen=16, ai_addr={sa_family=AF_INET, sin_port=htons(80),"
                        + " sin_addr=inet_addr(\"127.0.0.1\")}}, {").endsWith("}]) = 0");
        Libc.freeaddrinfo(MemorySegment.ofAddress(list.get(ValueLayout.JAVA_LONG, 0)));
        assertThat(line(Call.getaddrinfo, EAI_NONAME, text("nobody"), NULL, NULL, list)).isEqualTo(
                "getaddrinfo(\"nobody\", NULL, NULL, " + hex(list) + ") = -2 EAI_NONAME (Name or service not known)");
        assertThat(line(Call.freeaddrinfo, 0, MemorySegment.ofAddress(0x7000))).isEqualTo("freeaddrinfo(0x7000) = ?");
        assertThat(line(Call.getnameinfo, 0, inet(7000), 16, text("localhost"), 10, NULL, 0, NI_NUMERICSERV))
                .isEqualTo("getnameinfo(" + INET_7000 + ", 16, \"localhost\", 10, NULL, 0, NI_NUMERICSERV) = 0");
    }

    // ---- memory that nobody can trust

    @Test
    void pointersThatLeadNowhereAreAddresses() {
        final MemorySegment header = arena.allocate(Msghdr.SIZEOF, 8);
        header.set(ValueLayout.JAVA_LONG, 0, 0x1);
        header.set(INT, 8, 16);
        header.set(ValueLayout.JAVA_LONG, 16, 0x2);
        header.set(ValueLayout.JAVA_LONG, 24, 3);
        header.set(ValueLayout.JAVA_LONG, 32, -1);
        header.set(ValueLayout.JAVA_LONG, 40, 64);
        assertThat(line(Call.sendmsg, -EFAULT, 5, header, 0)).isEqualTo("sendmsg(5, {msg_name=0x1, msg_namelen=16,"
                + " msg_iov=0x2, msg_iovlen=3, msg_control=0xffffffffffffffff, msg_controllen=64, msg_flags=0}, 0)"
                + " = -1 EFAULT (Bad address)");
        assertThat(line(Call.sendmsg, -EFAULT, 5, MemorySegment.ofAddress(1), 0)).startsWith("sendmsg(5, 0x1, 0)");
    }

    @Test
    void nothingIsReadBeyondTheBoundsOfAnArgument() {
        final MemorySegment four = text("0123456789").asSlice(0, 4);
        assertThat(line(Call.send, 9, 5, four, 9L, 0)).isEqualTo("send(5, " + hex(four) + ", 9, 0) = 9");
        assertThat(line(Call.unlink, 0, four)).isEqualTo("unlink(" + hex(four) + ") = 0");
        assertThat(line(Call.bind, 0, 5, inet(1).asSlice(0, 8), 16)).startsWith("bind(5, 0x");
    }

    @Test
    void memoryThatIsGoneIsAnAddress() {
        final MemorySegment gone;
        try (Arena closed = Arena.ofConfined()) {
            gone = closed.allocate(1 << 24);
        }
        assertThat(line(Call.send, 9, 5, gone, 9L, 0)).as("given back to the kernel, or not")
                .startsWith("send(5, ");
        assertThat(line(Call.read, 4, 5, MemorySegment.ofArray(new byte[8]), 4L)).as("on the heap")
                .startsWith("read(5, ");
    }

    @Test
    void whereTheLimitIsMoreThanIsEverShownThereIsTheBeginning() {
        final MemorySegment much = arena.allocate(70_000).fill((byte) 'x');
        for (final int limit : new int[] {70_000, Integer.MAX_VALUE}) {
            assertThat(CallText.before(Call.send, new Object[] {5, much, 70_000L, 0}, limit).arguments(70_000).get(1))
                    .isEqualTo('"' + "x".repeat(Frame.MOST) + "\"...");
            assertThat(CallText.before(Call.memfd_create, new Object[] {text("name"), 0}, limit).arguments(5))
                    .containsExactly("\"name\"", "0");
            final MemorySegment many = arena.allocate(80_000).fill((byte) -1);
            assertThat(CallText.before(Call.poll, new Object[] {many, 10_000L, 0}, limit).arguments(0).getFirst())
                    .startsWith("[{fd=-1}, {fd=-1}, ").endsWith(", {fd=-1}, ...]");
            final CallText wait = CallText.before(Call.epoll_wait, new Object[] {5, many, 6_000, 0}, limit);
            assertThat(wait.arguments(6_000).get(1)).startsWith("[{events=").endsWith("}}, ...]");
        }
    }

    /// Structures of random bytes, arguments at the limits of their types, and pointers into unmapped memory, for every
    /// call: the JVM lives on, and there is a line.
    @Test
    void noGarbageKeepsALineFromBeingWritten() {
        final long seed = System.nanoTime();
        final Random random = new Random(seed);
        final List<Method> methods = Arrays.stream(Libc.class.getDeclaredMethods())
                .filter(method -> Modifier.isPublic(method.getModifiers()) && !method.getName().equals("errno"))
                .toList();
        final MemorySegment memory = arena.allocate(4096, 8);
        final long end = System.nanoTime() + 3_000_000_000L;
        int count = 0;
        while (System.nanoTime() < end || count < 1000) {
            fill(random, memory);
            for (final Method method : methods) {
                final Object[] arguments = Arrays.stream(method.getParameterTypes())
                        .map(type -> argument(random, type, memory)).toArray();
                final long result = random.nextInt(4) == 0 ? -1 - random.nextInt(200) : number(random);
                final String line;
                try {
                    line = line(Call.valueOf(method.getName()), result, () -> fill(random, memory), arguments);
                } catch (final RuntimeException | Error e) {
                    throw new AssertionError("seed " + seed + ": " + method.getName() + Arrays.toString(arguments), e);
                }
                assertThat(line.length()).as("seed %d: %s", seed, method.getName()).isLessThan(200_000);
            }
            count++;
        }
    }

    private static long number(final Random random) {
        return switch (random.nextInt(5)) {
            case 0 -> random.nextInt(130);
            case 1 -> random.nextLong();
            case 2 -> Integer.MAX_VALUE - random.nextInt(3);
            case 3 -> Long.MAX_VALUE - random.nextInt(3);
            default -> 1L << random.nextInt(64);
        };
    }

    private static Object argument(final Random random, final Class<?> type, final MemorySegment memory) {
        if (type == int.class) {
            return (int) number(random);
        } else if (type == long.class) {
            return number(random);
        } else if (type == short.class) {
            return (short) number(random);
        }
        return switch (random.nextInt(6)) {
            case 0 -> NULL;
            case 1 -> MemorySegment.ofAddress(random.nextLong());
            case 2 -> MemorySegment.ofArray(new byte[64]);
            default -> {
                final long from = random.nextInt(64) * 8L;
                yield memory.asSlice(from, random.nextInt((int) (memory.byteSize() - from)));
            }
        };
    }

    /// Pointers in it lead into itself, nowhere, or just behind the end of the address space.
    private static void fill(final Random random, final MemorySegment memory) {
        for (long i = 0; i < memory.byteSize(); i += 8) {
            memory.set(ValueLayout.JAVA_LONG, i, switch (random.nextInt(6)) {
                case 0 -> memory.address() + random.nextInt((int) memory.byteSize());
                case 1 -> number(random);
                case 2 -> random.nextInt(40);
                case 3 -> (long) random.nextInt(4) << 32 | SOL_SOCKET;
                case 4 -> 0;
                default -> random.nextLong();
            });
        }
    }

    // ---- names

    /// Each table says of each of its numbers the first name that it has.
    @Test
    void namesAreThoseOfTheirNumbers() {
        assertThat(Names.MESSAGE_FLAGS.bits(MSG_NOSIGNAL | MSG_DONTWAIT | 0x100000L))
                .isEqualTo("MSG_DONTWAIT|MSG_NOSIGNAL|0x100000");
        assertThat(Names.MESSAGE_FLAGS.bits(0)).isEqualTo("0");
        assertThat(Names.SOCKET_FLAGS.bits(0x70)).isEqualTo("0x70 /* SOCK_??? */");
        assertThat(Names.OPEN_FLAGS.bits(O_SYNC)).isEqualTo("O_SYNC");
        assertThat(Names.OPEN_FLAGS.bits(O_TMPFILE)).isEqualTo("O_TMPFILE");
        assertThat(Names.OPEN_FLAGS.bits(O_DIRECTORY)).isEqualTo("O_DIRECTORY");
        assertThat(Names.EPOLL.bits(Integer.toUnsignedLong(EPOLLET))).isEqualTo("EPOLLET");
    }
}
