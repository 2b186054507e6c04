package io.github.fdsock;

import static io.github.fdsock.SockOptTest.failure;
import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.github.fdsock.sys.Libc;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// What a socket is bound to is what it says it is bound to, and what its peers see and answer to.
class SocketNamesTest {
    private final Arena arena = Arena.ofConfined();

    @TempDir
    private Path directory;

    @AfterEach
    void close() {
        arena.close();
    }

    /// A name that no other test, and no other run of this one, has.
    private static byte[] unique(final String suffix) {
        return ("fdsock-names-" + ProcessHandle.current().pid() + suffix).getBytes(StandardCharsets.ISO_8859_1);
    }

    private static SocketFd bound(final int type, final SockAddr address) throws IOException {
        final SocketFd socket = SocketFd.socket(address.family(), type, 0);
        socket.bind(address);
        return socket;
    }

    /// Waits for it as well: a connection over TCP may not be complete on this side yet.
    private static SocketFd accept(final SocketFd listener, final SockAddrBuffer peer) throws IOException {
        assertThat(listener.await(POLLIN, TimeUnit.SECONDS.toNanos(20))).isEqualTo(POLLIN);
        return listener.accept(0, peer);
    }

    // ---- round trips

    /// Everything that may be bound to, with the answer to `localAddress`; what the kernel chooses is left out of it.
    static Stream<Arguments> bindable() {
        return Stream.of(
                arguments(SocketKind.TCP4, SockAddr.loopbackInet4(0), "127\\.0\\.0\\.1:[1-9]\\d*"),
                arguments(SocketKind.TCP4, SockAddr.anyInet4(0), "0\\.0\\.0\\.0:[1-9]\\d*"),
                arguments(SocketKind.UDP4, SockAddr.inet("127.255.255.254", 0), "127\\.255\\.255\\.254:[1-9]\\d*"),
                arguments(SocketKind.TCP6, SockAddr.loopbackInet6(0), "\\[::1]:[1-9]\\d*"),
                arguments(SocketKind.UDP6, SockAddr.anyInet6(0), "\\[::]:[1-9]\\d*"),
                arguments(SocketKind.TCP6, SockAddr.inet("::ffff:127.0.0.1", 0),
                        "\\[::ffff:127\\.0\\.0\\.1]:[1-9]\\d*"),
                arguments(SocketKind.UNIX_STREAM, SockAddr.unixAbstract(unique("\0\u00ff\0")),
                        "@fdsock-names-\\d+\\\\x00\\\\xff\\\\x00"),
                arguments(SocketKind.UNIX_SEQPACKET, SockAddr.unixAbstract(unique("-tight")),
                        "@fdsock-names-\\d+-tight"),
                arguments(SocketKind.UNIX_DGRAM, SockAddr.unixAbstract(unique("-tight")).padded(),
                        "@fdsock-names-\\d+-tight(\\\\x00)+"),
                arguments(SocketKind.UNIX_STREAM, SockAddr.unixAutobind(), "@[0-9a-f]{5}"),
                arguments(SocketKind.NETLINK, SockAddr.netlink(0, 0), "netlink:[1-9]\\d*:0x0"),
                arguments(SocketKind.NETLINK, SockAddr.netlink(0x7edcba98, 5), "netlink:2128394904:0x5"),
                arguments(SocketKind.PACKET, SockAddr.packet(ETH_P_LOOPBACK, 1),
                        "packet:1:0x9000,hatype=772(,addr=(00:){5}00)?"),
                arguments(SocketKind.VSOCK, SockAddr.vsock(VMADDR_CID_ANY, VMADDR_PORT_ANY),
                        "vsock:4294967295:[1-9]\\d*"),
                arguments(SocketKind.TCP4,
                        SockAddr.raw(AF_INET, new byte[] {0, 0, 127, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8}),
                        "127\\.0\\.0\\.1:[1-9]\\d*"));
    }

    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("bindable")
    void whatIsBoundToIsReadBack(final SocketKind kind, final SockAddr address, final String expected)
            throws ErrnoException {
        try (SocketFd socket = kind.open()) {
            socket.bind(address);
            assertThat(socket.localAddress().toString()).matches(expected);
            assertThat(socket.localAddress()).isEqualTo(socket.localAddress());
            if (socket.localAddress() instanceof SockAddr.Inet bound && address instanceof SockAddr.Inet asked) {
                assertThat(bound).isEqualTo(asked.withPort(bound.port()));
            } else if (address instanceof SockAddr.UnixAbstract) {
                assertThat(socket.localAddress()).isEqualTo(address);
            }
        } catch (final ErrnoException e) {
            assertThat(kind).as(e.getMessage()).isIn(SocketKind.PACKET, SocketKind.VSOCK);
            assertThat(e.errno()).as(e.getMessage()).isIn(EPERM, EAFNOSUPPORT, EADDRNOTAVAIL);
            assumeFalse(true, e.getMessage());
        }
    }

    @Test
    void aScopeIsPartOfAnIpv6Address() throws IOException {
        final InterfaceAddress linkLocal = NetworkInterface.networkInterfaces()
                .flatMap(each -> each.getInterfaceAddresses().stream())
                .filter(each -> each.getAddress() instanceof Inet6Address six && six.isLinkLocalAddress())
                .findFirst().orElse(null);
        assumeFalse(linkLocal == null, "no interface has a link-local IPv6 address");
        final Inet6Address ip = (Inet6Address) linkLocal.getAddress();
        final SockAddr.Inet6 scoped = SockAddr.inet6(ip.getAddress(), 0, 0, ip.getScopeId());
        try (SocketFd unscoped = SocketKind.UDP6.open(); SocketFd socket = bound(SOCK_DGRAM, scoped);
                SocketFd client = SocketKind.UDP6.open()) {
            assertThat(failure(() -> unscoped.bind(SockAddr.inet6(ip.getAddress(), 0))).errno()).isEqualTo(EINVAL);
            final SockAddr.Inet6 name = (SockAddr.Inet6) socket.localAddress();
            assertThat(name).isEqualTo(scoped.withPort(name.port()));
            assertThat(name.toString()).endsWith("%" + ip.getScopeId() + "]:" + name.port());
            client.connect(name);
            assertThat(client.remoteAddress()).isEqualTo(name);
            assertThat(((SockAddr.Inet6) client.localAddress()).scopeId()).isEqualTo(ip.getScopeId());
        }
    }

    // ---- UNIX

    @Test
    void c34_g30_binaryNamesAreSeenByThePeer() throws IOException {
        final SockAddr name = SockAddr.unixAbstract(unique("-hello\0\u00ff"));
        final SockAddrBuffer peer = SockAddrBuffer.allocate(arena);
        try (SocketFd listener = SockOptTest.listener(name, 1); SocketFd client = SockOptTest.connected(listener);
                SocketFd server = accept(listener, peer)) {
            assertThat(listener.localAddress()).isEqualTo(name);
            assertThat(client.remoteAddress()).isEqualTo(name);
            assertThat(server.localAddress()).isEqualTo(name);
            assertThat(client.localAddress()).isEqualTo(SockAddr.unixUnnamed());
            assertThat(server.remoteAddress()).isEqualTo(SockAddr.unixUnnamed());
            assertThat(peer.address()).isEqualTo(SockAddr.unixUnnamed());
            assertThat(peer.length()).isEqualTo(2);
        }
    }

    @Test
    void c35_theLongestNameAndTheOnesTheKernelChooses() throws IOException {
        final SockAddr.UnixAbstract longest = SockAddr.unixAbstract(Arrays.copyOf(unique("-longest"), 107));
        try (SocketFd socket = bound(SOCK_STREAM, longest); SocketFd one = bound(SOCK_STREAM, SockAddr.unixAutobind());
                SocketFd other = bound(SOCK_STREAM, SockAddr.unixAutobind())) {
            assertThat(socket.localAddress()).isEqualTo(longest);
            assertThat(one.localAddress()).isNotEqualTo(other.localAddress());
        }
        assertThatIllegalArgumentException().isThrownBy(() -> SockAddr.unixAbstract(new byte[108]))
                .withMessageContaining("108");
    }

    @ParameterizedTest
    @EnumSource(names = {"UNIX_STREAM", "UNIX_DGRAM", "UNIX_SEQPACKET"})
    void c36_g30_whatIsNotBoundHasNoName(final SocketKind kind) throws IOException {
        try (SocketFd socket = kind.open()) {
            assertThat(socket.localAddress()).isEqualTo(SockAddr.unixUnnamed());
            assertThat(failure(socket::remoteAddress))
                    .hasMessage("getpeername(%d) = -1 ENOTCONN (Transport endpoint is not connected)",
                            socket.intValue());
        }
        try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, kind.type, 0)) {
            assertThat(pair.first().localAddress()).isEqualTo(SockAddr.unixUnnamed());
            assertThat(pair.first().remoteAddress()).isEqualTo(SockAddr.unixUnnamed());
        }
    }

    @Test
    void c36_pathsAreReadBackByteByByte() throws IOException {
        final byte[] parent = (directory + "/").getBytes(StandardCharsets.UTF_8);
        final byte[] path = Arrays.copyOf(parent, parent.length + 4);
        path[parent.length] = (byte) 0xff;
        path[parent.length + 1] = (byte) 0xc3;
        path[parent.length + 2] = ' ';
        path[parent.length + 3] = '@';
        try (SocketFd socket = bound(SOCK_STREAM, SockAddr.unix(path))) {
            assertThat(socket.localAddress()).isEqualTo(SockAddr.unix(path));
        }
        assertThat(Libc.unlink(arena.allocateFrom(ValueLayout.JAVA_BYTE, Arrays.copyOf(path, path.length + 1))))
                .as("the file has just this name").isZero();
    }

    @Test
    void g30_aDatagramTellsWhereItIsFromIfItsSenderHasAName() throws IOException {
        final SockAddr name = SockAddr.unix(directory.resolve("server"));
        final SockAddr own = SockAddr.unix(directory.resolve("client"));
        final MemorySegment one = arena.allocate(1);
        final SockAddrBuffer from = SockAddrBuffer.allocate(arena);
        try (SocketFd server = bound(SOCK_DGRAM, name); SocketFd client = SocketKind.UNIX_DGRAM.open()) {
            assertThat(client.sendTo(one, 0, name)).isEqualTo(1);
            assertThat(server.recvFrom(one, 0, from)).isEqualTo(1);
            assertThat(from.address()).isNull();
            assertThat(from.length()).isZero();

            client.bind(own);
            assertThat(client.sendTo(one, 0, name)).isEqualTo(1);
            assertThat(server.recvFrom(one, 0, from)).isEqualTo(1);
            assertThat(from.address()).isEqualTo(own);
        }
    }

    /// Each of these is another address: what is sent to one comes to that one alone.
    @Test
    void g32_namesThatAreAlmostTheSameAreDifferent() throws IOException {
        final SockAddr.UnixAbstract name = SockAddr.unixAbstract(unique("-n"));
        final List<SockAddr> names = List.of(name, SockAddr.unixAbstract(unique("-n\0")),
                SockAddr.unixAbstract(unique("-n\0\0")), SockAddr.unixAbstract(unique("-n/")), name.padded());
        final SocketFd[] sockets = new SocketFd[names.size()];
        try (SocketFd client = SocketKind.UNIX_DGRAM.open()) {
            for (int i = 0; i < sockets.length; i++) {
                sockets[i] = bound(SOCK_DGRAM | SOCK_NONBLOCK, names.get(i));
                assertThat(sockets[i].localAddress()).isEqualTo(names.get(i));
            }
            final MemorySegment which = arena.allocate(1);
            for (int i = 0; i < sockets.length; i++) {
                which.set(ValueLayout.JAVA_BYTE, 0, (byte) i);
                assertThat(client.sendTo(which, 0, names.get(i))).isEqualTo(1);
            }
            for (int i = 0; i < sockets.length; i++) {
                assertThat(sockets[i].recv(which, 0)).isEqualTo(1);
                assertThat(which.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) i);
                assertThat(sockets[i].recv(which, 0)).isEqualTo(-EAGAIN);
            }
        } finally {
            for (final SocketFd socket : sockets) {
                if (socket != null) {
                    socket.close();
                }
            }
        }
    }

    @Test
    void g33_aPathOutlivesItsSocket() throws IOException {
        final SockAddr.UnixPath name = SockAddr.unix(directory.resolve("s"));
        bound(SOCK_STREAM, name).close();
        assertThat(Libc.open(arena.allocateFrom(name.toPath().toString()), O_RDWR | O_CLOEXEC, 0))
                .as("no file to be opened").isEqualTo(-ENXIO);
        try (SocketFd socket = SocketKind.UNIX_STREAM.open()) {
            assertThat(failure(() -> socket.bind(name)))
                    .hasMessage("bind(%d, %s) = -1 EADDRINUSE (Address already in use)", socket.intValue(), name);
            assertThat(failure(() -> socket.connect(name)).errno()).isEqualTo(ECONNREFUSED);
            Files.delete(name.toPath());
            assertThat(failure(() -> socket.connect(name)).errno()).isEqualTo(ENOENT);
            socket.bind(name);
            assertThat(socket.localAddress()).isEqualTo(name);
        }
    }

    @Test
    void u23_aPathMayFillAllOfSunPath() throws IOException {
        final String parent = Files.createDirectory(directory.resolve("d")) + "/";
        final SockAddr.UnixPath name = SockAddr.unix(parent + "p".repeat(108 - parent.length()));
        final SockAddrBuffer buffer = SockAddrBuffer.allocate(arena);
        try (SocketFd listener = SockOptTest.listener(name, 1); SocketFd client = SockOptTest.connected(listener);
                SocketFd server = accept(listener, null)) {
            assertThat(name.toPath()).as("not a shorter file").exists();
            assertThat(listener.localAddress()).isEqualTo(name);
            assertThat(client.remoteAddress()).isEqualTo(name);
            assertThat(server.localAddress()).isEqualTo(name);
        }
        Files.delete(name.toPath());
        try (SocketFd server = bound(SOCK_DGRAM, SockAddr.unixAutobind()); SocketFd client = bound(SOCK_DGRAM, name)) {
            assertThat(client.sendTo(arena.allocate(1), 0, server.localAddress())).isEqualTo(1);
            assertThat(server.recvFrom(arena.allocate(1), 0, buffer)).isEqualTo(1);
            assertThat(buffer.length()).as("with the NUL that there is no room for").isEqualTo(111);
            assertThat(buffer.address()).isEqualTo(name);
            assertThat(server.sendTo(arena.allocate(1), 0, buffer)).as("the reply").isEqualTo(1);
            assertThat(client.recv(arena.allocate(1), MSG_DONTWAIT)).isEqualTo(1);
        }
        assertThatIllegalArgumentException().isThrownBy(() -> SockAddr.unix(parent + "p".repeat(109 - parent.length())))
                .withMessageContaining("109").withMessageContaining(parent);
    }

    // ---- families

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({"tcp:127.0.0.1:0, 0", "tcp:127.0.0.1:0, 6", "tcp:0.0.0.0:0, 0", "tcp:0.0.0.0:0, 6",
        "tcp:[::1]:0, 0", "tcp:[::1]:0, 6", "tcp:[::]:0, 0", "tcp:[::]:0, 6",
        "unix:PATH, 0", "unixseq:PATH, 0", "unix:@ABSTRACT, 0", "unixseq:@ABSTRACT, 0"})
    void l06_streamsEcho(final String where, final int protocol) throws IOException {
        final Endpoint endpoint = endpoint(where);
        try (SocketFd listener = SocketFd.socket(endpoint.family(), endpoint.type(), protocol)) {
            listener.bind(endpoint.address());
            listener.listen(1);
            try (SocketFd client = SocketFd.socket(endpoint.family(), endpoint.type(), protocol)) {
                assertThat(client.connect(listener.localAddress())).isZero();
                final SockAddrBuffer peer = SockAddrBuffer.allocate(arena);
                try (SocketFd server = accept(listener, peer)) {
                    assertThat(server.remoteAddress()).isEqualTo(client.localAddress()).isEqualTo(peer.address());
                    assertThat(client.remoteAddress()).isEqualTo(server.localAddress());
                    final MemorySegment hello = arena.allocateFrom("hello");
                    final MemorySegment echoed = arena.allocate(hello.byteSize());
                    assertThat(client.send(hello, 0)).isEqualTo(hello.byteSize());
                    assertThat(server.recv(echoed, 0, TimeUnit.SECONDS.toNanos(20))).isEqualTo(hello.byteSize());
                    assertThat(server.send(echoed.asSlice(0, 6), 0)).isEqualTo(hello.byteSize());
                    echoed.fill((byte) 0);
                    assertThat(client.recv(echoed, 0, TimeUnit.SECONDS.toNanos(20))).isEqualTo(hello.byteSize());
                    assertThat(echoed.mismatch(hello)).isEqualTo(-1);
                }
            }
        }
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({"unixdgram:PATH, 0", "unixdgram:@ABSTRACT, 0", "udp:127.0.0.1:0, 0", "udp:127.0.0.1:0, 17",
        "udp:0.0.0.0:0, 0", "udp:[::1]:0, 0", "udp:[::]:0, 17", "udp:127.0.0.1:0, 136", "udp:0.0.0.0:0, 136",
        "udp:[::1]:0, 136", "udp:[::]:0, 136"})
    void l07_theAddressOfARequestIsGoodForTheReply(final String where, final int protocol) throws IOException {
        final Endpoint endpoint = endpoint(where);
        final SocketFd server;
        try {
            server = SocketFd.socket(endpoint.family(), endpoint.type(), protocol);
        } catch (final ErrnoException e) {
            assertThat(protocol).as(e.getMessage()).isEqualTo(IPPROTO_UDPLITE);
            assumeFalse(true, e.getMessage());
            return;
        }
        try (server; SocketFd client = SocketFd.socket(endpoint.family(), endpoint.type(), protocol)) {
            server.bind(endpoint.address());
            if (endpoint.family() == AF_UNIX) {
                client.bind(SockAddr.unixAutobind());
            }
            final MemorySegment message = arena.allocateFrom("request");
            assertThat(client.sendTo(message, 0, server.localAddress())).isEqualTo(message.byteSize());
            final SockAddrBuffer from = SockAddrBuffer.allocate(arena);
            assertThat(server.await(POLLIN, TimeUnit.SECONDS.toNanos(20))).isEqualTo(POLLIN);
            assertThat(server.recvFrom(message, 0, from)).isEqualTo(message.byteSize());
            assertThat(server.sendTo(message, 0, from)).isEqualTo(message.byteSize());
            assertThat(client.recv(message, 0, TimeUnit.SECONDS.toNanos(20))).isEqualTo(message.byteSize());
            assertThat(server.sendTo(message, 0, from.address())).isEqualTo(message.byteSize());
            assertThat(client.recv(message, 0, TimeUnit.SECONDS.toNanos(20))).isEqualTo(message.byteSize());
            if (from.address() instanceof SockAddr.Inet inet) {
                assertThat(inet.port()).isEqualTo(((SockAddr.Inet) client.localAddress()).port());
            } else {
                assertThat(from.address()).isEqualTo(client.localAddress());
            }
        }
    }

    private Endpoint endpoint(final String where) {
        return Endpoint.parse(where.replace("PATH", directory.resolve("s").toString())
                .replace("ABSTRACT", new String(unique("-echo"), StandardCharsets.US_ASCII)));
    }

    private static final Set<SocketKind> STRANGERS = Set.of(SocketKind.TCP4, SocketKind.TCP6, SocketKind.UDP4,
            SocketKind.UDP6, SocketKind.UNIX_STREAM, SocketKind.UNIX_DGRAM, SocketKind.NETLINK, SocketKind.VSOCK);

    private static final List<SockAddr> ADDRESSES = List.of(SockAddr.loopbackInet4(0), SockAddr.loopbackInet6(0),
            SockAddr.unixAbstract(unique("-matrix")), SockAddr.netlink(0, 0), SockAddr.packet(ETH_P_LOOPBACK, 1),
            SockAddr.vsock(VMADDR_CID_ANY, VMADDR_PORT_ANY), SockAddr.raw(47, new byte[14]));

    static Stream<Arguments> strangers() {
        return STRANGERS.stream().sorted().flatMap(kind -> ADDRESSES.stream()
                .filter(address -> address.family() != kind.domain).map(address -> arguments(kind, address)));
    }

    /// An address of another family is bound to by nobody, and connected to by nobody.
    @ParameterizedTest(name = "{0} {1}")
    @MethodSource("strangers")
    void n17_anAddressOfAnotherFamilyIsRefused(final SocketKind kind, final SockAddr address) throws IOException {
        final SocketFd socket;
        try {
            socket = kind.open();
        } catch (final ErrnoException e) {
            assertThat(e.errno()).as(e.getMessage()).isIn(EAFNOSUPPORT, EPERM);
            assumeFalse(true, e.getMessage());
            return;
        }
        try (socket) {
            assertThat(failure(() -> socket.bind(address)).errno()).isIn(EAFNOSUPPORT, EINVAL);
            if (kind == SocketKind.UDP6 && address.family() == AF_INET) {
                // The one exception: Linux connects it to the same address as IPv6 writes it.
                assertThat(socket.connect(((SockAddr.Inet) address).withPort(9))).isZero();
                assertThat(socket.remoteAddress()).isEqualTo(SockAddr.inet("::ffff:127.0.0.1", 9));
            } else {
                assertThat(failure(() -> socket.connect(address)).errno()).isIn(EAFNOSUPPORT, EINVAL);
            }
        }
    }

    @Test
    void aClosedSocketHasNoName() throws IOException {
        final SocketFd socket = SocketKind.TCP4.open();
        socket.close();
        assertThatIllegalStateException().isThrownBy(socket::localAddress);
        assertThatIllegalStateException().isThrownBy(socket::remoteAddress);
        assertThatIllegalStateException().isThrownBy(() -> socket.bind(SockAddr.anyInet4(0)));
    }
}
