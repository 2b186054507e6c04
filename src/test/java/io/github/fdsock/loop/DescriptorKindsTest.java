package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.fdsock.EpollFd;
import io.github.fdsock.ErrnoException;
import io.github.fdsock.EventFd;
import io.github.fdsock.Fd;
import io.github.fdsock.PidFd;
import io.github.fdsock.PipeFd;
import io.github.fdsock.SignalFd;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.TimerFd;
import io.github.fdsock.harness.junit.FdLedger;
import io.github.fdsock.process.Spawn;
import io.github.fdsock.sys.Libc;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A loop waits for any kind of descriptor: silent while there is nothing, told when there is, silent again when it has
/// been taken.
@FdLedger
@Timeout(60)
class DescriptorKindsTest extends LoopFixture {
    @TempDir
    private Path directory;
    private final ArrayDeque<Closeable> opened = new ArrayDeque<>();

    @AfterEach
    @Override
    void close() throws IOException {
        super.close();
        while (!opened.isEmpty()) {
            opened.pop().close();
        }
    }

    private <T extends Closeable> T keep(final T opened) {
        this.opened.push(opened);
        return opened;
    }

    /// What is watched, what makes it ready, and what takes that away again; null where it stays ready.
    private record Watched(Fd fd, Action makeReady, Action take) {
    }

    @FunctionalInterface
    private interface Opener {
        Watched open(DescriptorKindsTest test) throws IOException;
    }

    private enum Kind {
        TCP4(test -> test.stream(SockAddr.inet("127.0.0.1", 0))),
        TCP6(test -> test.stream(SockAddr.inet("::1", 0))),
        UDP4(test -> test.datagrams(SockAddr.inet("127.0.0.1", 0))),
        UDP6(test -> test.datagrams(SockAddr.inet("::1", 0))),
        UNIX_STREAM(test -> test.pair(SOCK_STREAM)),
        UNIX_DGRAM(test -> test.pair(SOCK_DGRAM)),
        UNIX_SEQPACKET(test -> test.pair(SOCK_SEQPACKET)),
        VSOCK(DescriptorKindsTest::vsock),
        NETLINK(DescriptorKindsTest::netlink),
        PACKET(DescriptorKindsTest::packet),
        PIPE(DescriptorKindsTest::pipe),
        EVENTFD(DescriptorKindsTest::eventfd),
        TIMERFD(DescriptorKindsTest::timerfd),
        SIGNALFD(DescriptorKindsTest::signalfd),
        PIDFD(DescriptorKindsTest::pidfd),
        INOTIFY(DescriptorKindsTest::inotify),
        EPOLL(DescriptorKindsTest::epoll),
        TERMINAL(DescriptorKindsTest::terminal);

        private final Opener opener;

        Kind(final Opener opener) {
            this.opener = opener;
        }
    }

    @ParameterizedTest
    @EnumSource
    void isToldWhenThereIsSomethingAndOnlyThen(final Kind kind) throws IOException {
        final Watched watched = kind.opener.open(this);
        final List<Integer> told = new ArrayList<>();
        final Registration registration = loop.register(watched.fd, EPOLLIN, (_, events) -> told.add(events));
        loop.runNoWait();
        assertThat(told).as("before there is anything").isEmpty();

        watched.makeReady.run();
        while (told.isEmpty()) {
            loop.runOnce();
        }
        assertThat(told.getFirst() & EPOLLIN).isEqualTo(EPOLLIN);

        loop.runNoWait();
        assertThat(told).as("level-triggered: again, since it was not taken").hasSizeGreaterThan(1);
        if (watched.take != null) {
            watched.take.run();
            told.clear();
            loop.runNoWait();
            assertThat(told).as("after it was taken").isEmpty();
        }
        registration.deregister();
        assertThat(loop.hasWork()).isFalse();
        assertThat(loop.metrics().staleEvents()).isZero();
    }

    @ParameterizedTest
    @EnumSource
    void anEdgeIsToldOnce(final Kind kind) throws IOException {
        final Watched watched = kind.opener.open(this);
        final List<Integer> told = new ArrayList<>();
        loop.register(watched.fd, EPOLLIN | EPOLLET, (_, events) -> told.add(events));
        loop.runNoWait();
        told.clear();
        watched.makeReady.run();
        while (told.isEmpty()) {
            loop.runOnce();
        }
        // What one send brings may come in several pieces of news; when these are over there is silence.
        int before;
        do {
            before = told.size();
            loop.runNoWait();
        } while (told.size() > before && told.size() < 100);
        assertThat(told).hasSizeBetween(1, 99);
    }

    // ---- how each is made

    private static Action read(final Fd fd) {
        final byte[] buffer = new byte[65536];
        return () -> {
            while (fd.read(buffer, 0, buffer.length) > 0) {
                continue;
            }
        };
    }

    private static Action write(final Fd fd) {
        return () -> assertThat(fd.write(new byte[] {7}, 0, 1)).isEqualTo(1);
    }

    private Watched stream(final SockAddr address) throws IOException {
        final SocketFd listener = keep(SocketFd.socket(address.family(), SOCK_STREAM, 0));
        listener.bind(address);
        listener.listen(1);
        final SocketFd client = keep(SocketFd.socket(address.family(), SOCK_STREAM, 0));
        client.connect(listener.localAddress());
        final SocketFd server = keep(listener.accept());
        server.nonBlocking(true);
        return new Watched(server, write(client), read(server));
    }

    private Watched datagrams(final SockAddr address) throws IOException {
        final SocketFd receiver = keep(SocketFd.socket(address.family(), SOCK_DGRAM | SOCK_NONBLOCK, 0));
        receiver.bind(address);
        final SocketFd sender = keep(SocketFd.socket(address.family(), SOCK_DGRAM, 0));
        sender.connect(receiver.localAddress());
        return new Watched(receiver, write(sender), read(receiver));
    }

    private Watched pair(final int type) throws IOException {
        final SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0);
        return new Watched(keep(pair.first()), write(keep(pair.second())), read(pair.first()));
    }

    private Watched vsock() throws IOException {
        try {
            final SocketFd listener = keep(SocketFd.socket(AF_VSOCK, SOCK_STREAM | SOCK_NONBLOCK, 0));
            listener.bind(SockAddr.vsock(VMADDR_CID_ANY, VMADDR_PORT_ANY));
            listener.listen(1);
            final SockAddr.Vsock local = (SockAddr.Vsock) listener.localAddress();
            final SocketFd client = keep(SocketFd.socket(AF_VSOCK, SOCK_STREAM, 0));
            client.connect(SockAddr.vsock(VMADDR_CID_LOCAL, local.port()));
            listener.await(POLLIN, -1);
            final SocketFd server = keep(listener.accept());
            server.nonBlocking(true);
            return new Watched(server, write(client), read(server));
        } catch (final ErrnoException e) {
            assumeTrue(false, "no vsock to oneself: " + e.getMessage());
            throw e;
        }
    }

    /// `RTM_GETLINK` for all interfaces.
    private Watched netlink() throws IOException {
        final SocketFd socket = keep(SocketFd.socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, NETLINK_ROUTE));
        final byte[] dump = new byte[32];
        final MemorySegment message = MemorySegment.ofArray(dump);
        final ValueLayout.OfInt number = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.nativeOrder());
        message.set(number, 0, dump.length);
        message.set(ValueLayout.JAVA_SHORT_UNALIGNED, 4, (short) 18);
        message.set(ValueLayout.JAVA_SHORT_UNALIGNED, 6, (short) 0x301);
        return new Watched(socket, () -> assertThat(socket.write(dump, 0, dump.length)).isEqualTo(dump.length),
                read(socket));
    }

    private Watched packet() throws IOException {
        try {
            // Protocol 0 receives nothing until it is bound, and then what goes over the loopback alone.
            final SocketFd socket = keep(SocketFd.socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
            final int loopback;
            try (Arena arena = Arena.ofConfined()) {
                loopback = Libc.if_nametoindex(arena.allocateFrom("lo"));
            }
            socket.bind(SockAddr.packet(ETH_P_LOCAL_EXPERIMENT, loopback));
            final SocketFd sender = keep(SocketFd.socket(AF_PACKET, SOCK_DGRAM, 0));
            final SockAddr target = SockAddr.packet(ETH_P_LOCAL_EXPERIMENT, loopback, 0, 0, new byte[6]);
            return new Watched(socket, () -> sender.sendTo(new byte[] {7}, 0, 1, 0, target), read(socket));
        } catch (final ErrnoException e) {
            assumeTrue(e.errno() != EPERM, "without CAP_NET_RAW: " + e.getMessage());
            throw e;
        }
    }

    /// IEEE 802 Local Experimental Ethertype 1: nobody else's packets.
    private static final int ETH_P_LOCAL_EXPERIMENT = 0x88b5;

    private Watched pipe() throws IOException {
        final PipeFd.Pair pipe = keepBoth(PipeFd.create(O_NONBLOCK));
        return new Watched(pipe.readEnd(), write(pipe.writeEnd()), read(pipe.readEnd()));
    }

    private PipeFd.Pair keepBoth(final PipeFd.Pair pipe) {
        keep(pipe.readEnd());
        keep(pipe.writeEnd());
        return pipe;
    }

    private Watched eventfd() throws IOException {
        final EventFd fd = keep(EventFd.create(0, EFD_NONBLOCK));
        return new Watched(fd, () -> fd.add(1), fd::take);
    }

    private Watched timerfd() throws IOException {
        final TimerFd fd = keep(TimerFd.create(CLOCK_MONOTONIC, TFD_NONBLOCK));
        return new Watched(fd, () -> fd.start(Duration.ofMillis(1)), fd::expirations);
    }

    /// To this thread alone, which blocks it.
    private Watched signalfd() throws IOException {
        final SignalFd.Blocked blocked = SignalFd.block(SIGURG);
        keep(blocked::close);
        final SignalFd fd = keep(SignalFd.create(SFD_NONBLOCK, SIGURG));
        return new Watched(fd, () -> assertThat(Libc.raise(SIGURG)).isZero(), fd::receive);
    }

    private Watched pidfd() throws IOException {
        final PipeFd.Pair pipe = keepBoth(PipeFd.create(0));
        final PidFd child = keep(Spawn.program("cat").fd(0, pipe.readEnd()).start());
        keep(() -> {
            pipe.writeEnd().close();
            child.waitFor();
        });
        return new Watched(child, pipe.writeEnd()::close, null);
    }

    private Watched inotify() throws IOException {
        final Fd fd = keep(Fd.adopt(Libc.inotify_init1(IN_CLOEXEC | IN_NONBLOCK)));
        watch(fd.intValue(), directory);
        return new Watched(fd, () -> Files.createFile(directory.resolve("new")), read(fd));
    }

    /// A function that `Libc` does without.
    @SuppressWarnings("restricted")
    private static void watch(final int inotify, final Path directory) {
        final Linker linker = Linker.nativeLinker();
        final MethodHandle add = linker.downcallHandle(linker.defaultLookup().findOrThrow("inotify_add_watch"),
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS,
                        ValueLayout.JAVA_INT));
        try (Arena arena = Arena.ofConfined()) {
            assertThat((int) add.invokeExact(inotify, arena.allocateFrom(directory.toString()), IN_CREATE))
                    .isPositive();
        } catch (final Throwable e) {
            throw new AssertionError(e);
        }
    }

    private Watched epoll() throws IOException {
        final EpollFd inner = keep(EpollFd.create());
        final EventFd fd = keep(EventFd.create(0, EFD_NONBLOCK));
        inner.add(fd, EPOLLIN, 1);
        return new Watched(inner, () -> fd.add(1), fd::take);
    }

    /// The master's side: what is written there is echoed by the terminal's line discipline.
    private Watched terminal() throws IOException {
        final Path multiplexer = Path.of("/dev/ptmx");
        assumeTrue(Files.isWritable(multiplexer), "no /dev/ptmx");
        final Fd master = keep(Fd.openFile(multiplexer, O_RDWR | O_NOCTTY | O_NONBLOCK, 0));
        return new Watched(master, write(master), read(master));
    }
}
