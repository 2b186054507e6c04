package io.github.fdsock;

import static io.github.fdsock.sys.Constants.AF_INET;
import static io.github.fdsock.sys.Constants.AF_INET6;
import static io.github.fdsock.sys.Constants.AF_NETLINK;
import static io.github.fdsock.sys.Constants.AF_PACKET;
import static io.github.fdsock.sys.Constants.AF_UNIX;
import static io.github.fdsock.sys.Constants.EADDRINUSE;
import static io.github.fdsock.sys.Constants.ECONNREFUSED;
import static io.github.fdsock.sys.Constants.EINVAL;
import static io.github.fdsock.sys.Constants.ENOTCONN;
import static io.github.fdsock.sys.Constants.EPERM;
import static io.github.fdsock.sys.Constants.SOCK_CLOEXEC;
import static io.github.fdsock.sys.Constants.SOCK_DGRAM;
import static io.github.fdsock.sys.Constants.SOCK_RAW;
import static io.github.fdsock.sys.Constants.SOCK_STREAM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.fdsock.sys.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The kernel takes the addresses as they are encoded and reports them as they are decoded.
class SockAddrKernelTest {

    private final Arena arena = Arena.ofConfined();
    private final List<Integer> open = new ArrayList<>();
    private final MemorySegment length = arena.allocate(ValueLayout.JAVA_INT);
    private final MemorySegment storage = arena.allocate(SockAddr.MAX_LENGTH, 8);

    @AfterEach
    void close() {
        open.forEach(fd -> assertThat(Libc.close(fd)).isZero());
        arena.close();
    }

    @Test
    void c34_g32_abstractNamesAreTheirBytesAndTheirLength() {
        SockAddr.UnixAbstract binary = SockAddr.unixAbstract(unique("\0hello\0\u00ff"));
        SockAddr.UnixAbstract longer = SockAddr.unixAbstract(unique("\0hello\0\u00ff\0"));
        for (SockAddr name : List.of(binary, longer, binary.padded())) {
            int server = socket(AF_UNIX, SOCK_DGRAM);
            assertThat(bind(server, name)).as("three addresses: none is in use").isZero();
            assertThat(nameOf(server)).isEqualTo(name);
            assertThat(reportedLength()).isEqualTo(name.length());
            int client = socket(AF_UNIX, SOCK_DGRAM);
            assertThat(connect(client, name)).isZero();
            assertThat(peerOf(client)).isEqualTo(name);
        }
    }

    @Test
    void c35_theLongestAbstractNameIsReadBackWhole() {
        SockAddr.UnixAbstract name = SockAddr.unixAbstract(unique("")).padded();
        int fd = socket(AF_UNIX, SOCK_STREAM);
        assertThat(bind(fd, name)).isZero();
        assertThat(nameOf(fd)).isEqualTo(name);
        assertThat(reportedLength()).isEqualTo(110);
    }

    @Test
    void c35_autobindChoosesDifferentNames() {
        int one = socket(AF_UNIX, SOCK_STREAM);
        int other = socket(AF_UNIX, SOCK_STREAM);
        assertThat(bind(one, SockAddr.unixAutobind())).isZero();
        assertThat(bind(other, SockAddr.unixAutobind())).isZero();
        assertThat(nameOf(one)).isNotEqualTo(nameOf(other));
        assertThat(nameOf(one).toString()).matches("@[0-9a-f]{5}");
    }

    @Test
    void theEmptyAbstractNameIsAName() {
        int fd = socket(AF_UNIX, SOCK_STREAM);
        int result = bind(fd, SockAddr.unixAbstract(""));
        // There is one such name on the machine, and somebody else may have it.
        if (result == 0) {
            assertThat(nameOf(fd)).isEqualTo(SockAddr.unixAbstract(""));
            assertThat(reportedLength()).isEqualTo(3);
        } else {
            assertThat(result).isEqualTo(-EADDRINUSE);
        }
    }

    @Test
    void c36_g30_unboundSocketsHaveTheUnnamedAddress() {
        int fd = socket(AF_UNIX, SOCK_DGRAM);
        assertThat(nameOf(fd)).isEqualTo(SockAddr.unixUnnamed());
        assertThat(reportedLength()).isEqualTo(2);
    }

    @Test
    void u22_aSocketWithoutPeerHasNoPeerAddress() {
        int fd = socket(AF_UNIX, SOCK_STREAM);
        length.set(ValueLayout.JAVA_INT, 0, SockAddr.MAX_LENGTH);
        assertThat(Libc.getpeername(fd, storage, length)).isEqualTo(-ENOTCONN);
    }

    @Test
    void g30_aDatagramFromAnUnboundSocketHasNoSender() {
        SockAddr name = SockAddr.unixAbstract(unique("sender"));
        int server = socket(AF_UNIX, SOCK_DGRAM);
        int client = socket(AF_UNIX, SOCK_DGRAM);
        assertThat(bind(server, name)).isZero();
        assertThat(connect(client, name)).isZero();
        assertThat(sender(server, client)).isNull();
        assertThat(reportedLength()).isZero();
        assertThat(bind(client, SockAddr.unixAutobind())).isZero();
        assertThat(sender(server, client)).isEqualTo(nameOf(client));
    }

    @Test
    void c36_g33_pathsAreReadBackEqualWithTheNulCounted(@TempDir Path directory) {
        SockAddr.UnixPath name = SockAddr.unix(directory.resolve("x"));
        int fd = socket(AF_UNIX, SOCK_STREAM);
        assertThat(bind(fd, name)).isZero();
        assertThat(nameOf(fd)).isEqualTo(name);
        assertThat(reportedLength()).isEqualTo(2 + name.path().length + 1).isEqualTo(name.length());
        assertThat(name.toPath()).exists();
    }

    @Test
    void c36_bytesThatAreNoTextSurvive(@TempDir Path directory) {
        byte[] parent = (directory + "/").getBytes(StandardCharsets.UTF_8);
        byte[] path = Arrays.copyOf(parent, parent.length + 3);
        path[parent.length] = (byte) 0xff;
        path[parent.length + 1] = (byte) 0x80;
        path[parent.length + 2] = '\n';
        int fd = socket(AF_UNIX, SOCK_STREAM);
        assertThat(bind(fd, SockAddr.unix(path))).isZero();
        assertThat(nameOf(fd)).isEqualTo(SockAddr.unix(path));
        assertThat(nameOf(fd).toString()).endsWith("/\\xff\\x80\\x0a");
    }

    @Test
    void u23_aPathThatFillsSunPathIsReadBackWhole(@TempDir Path directory) throws Exception {
        String parent = Files.createDirectory(directory.resolve("d")) + "/";
        SockAddr.UnixPath name = SockAddr.unix(parent + "p".repeat(108 - parent.length()));
        int fd = socket(AF_UNIX, SOCK_STREAM);
        assertThat(bind(fd, name)).isZero();
        assertThat(name.toPath()).as("not a shorter file").exists();
        assertThat(nameOf(fd)).isEqualTo(name);
        assertThat(reportedLength()).isEqualTo(111);

        MemorySegment sockaddrUn = arena.allocate(110);
        length.set(ValueLayout.JAVA_INT, 0, 110);
        assertThat(Libc.getsockname(fd, sockaddrUn, length)).isZero();
        assertThat(reportedLength()).isEqualTo(111);
        assertThat(SockAddr.decode(sockaddrUn, reportedLength())).isEqualTo(name);

        MemorySegment small = arena.allocate(50);
        length.set(ValueLayout.JAVA_INT, 0, 50);
        assertThat(Libc.getsockname(fd, small, length)).isZero();
        assertThat(SockAddr.decode(small, reportedLength())).as("cut off by the caller's own memory")
                .isInstanceOf(SockAddr.Raw.class);

        assertThat(Libc.listen(fd, 1)).isZero();
        int client = socket(AF_UNIX, SOCK_STREAM);
        assertThat(connect(client, name)).isZero();
        assertThat(peerOf(client)).isEqualTo(name);
    }

    @Test
    void inetAddressesAreReadBackWithTheirPort() {
        for (SockAddr.Inet any : List.of(SockAddr.loopbackInet4(0), SockAddr.loopbackInet6(0))) {
            int fd = socket(any.family(), SOCK_STREAM);
            assertThat(bind(fd, any)).isZero();
            SockAddr.Inet name = (SockAddr.Inet) nameOf(fd);
            assertThat(name.port()).isPositive();
            assertThat(name).isEqualTo(any.withPort(name.port()));
            assertThat(reportedLength()).isEqualTo(name.length());
        }
    }

    @Test
    void unspecDissolvesAConnection() {
        for (int family : new int[] {AF_INET, AF_INET6}) {
            int server = socket(family, SOCK_DGRAM);
            assertThat(bind(server, family == AF_INET ? SockAddr.loopbackInet4(0) : SockAddr.loopbackInet6(0)))
                    .isZero();
            SockAddr name = nameOf(server);
            int client = socket(family, SOCK_DGRAM);
            assertThat(connect(client, name)).isZero();
            assertThat(peerOf(client)).isEqualTo(name);
            assertThat(connect(client, SockAddr.unspec())).isZero();
            length.set(ValueLayout.JAVA_INT, 0, SockAddr.MAX_LENGTH);
            assertThat(Libc.getpeername(client, storage, length)).isEqualTo(-ENOTCONN);
        }
    }

    @Test
    void netlinkAddressesAreReadBack() {
        int fd = socket(AF_NETLINK, SOCK_RAW);
        assertThat(bind(fd, SockAddr.netlink(0, 1))).isZero();
        SockAddr.Netlink name = (SockAddr.Netlink) nameOf(fd);
        assertThat(name.pid()).isNotZero();
        assertThat(name.groups()).isEqualTo(1);
    }

    @Test
    void packetAddressesAreReadBackWithoutTheUnusedBytes() {
        int loopback = 1;
        int protocol = 0x88b5; // of local experiments, IEEE 802: nobody sends it
        int fd = Libc.socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        assumeTrue(fd != -EPERM, "AF_PACKET needs CAP_NET_RAW");
        assertThat(fd).isNotNegative();
        open.add(fd);
        assertThat(bind(fd, SockAddr.packet(protocol, loopback))).isZero();
        SockAddr.Packet name = (SockAddr.Packet) nameOf(fd);
        assertThat(name.protocol()).isEqualTo(protocol);
        assertThat(name.interfaceIndex()).isEqualTo(loopback);
        assertThat(name.hardwareAddress()).containsExactly(0, 0, 0, 0, 0, 0);
        assertThat(reportedLength()).isEqualTo(18);
    }

    @Test
    void rawAddressesAreTheKernelsToJudge() {
        int fd = socket(AF_INET, SOCK_STREAM);
        assertThat(bind(fd, SockAddr.raw(AF_INET, new byte[1]))).as("addrlen 3").isEqualTo(-EINVAL);
        byte[] loopback = new byte[14];
        loopback[2] = 127;
        loopback[5] = 1;
        assertThat(bind(fd, SockAddr.raw(AF_INET, loopback))).isZero();
        assertThat(nameOf(fd).toString()).startsWith("127.0.0.1:");
    }

    @Test
    void tightAndPaddedNamesDoNotMeet() {
        SockAddr.UnixAbstract name = SockAddr.unixAbstract(unique("tight"));
        int server = socket(AF_UNIX, SOCK_STREAM);
        assertThat(bind(server, name)).isZero();
        assertThat(Libc.listen(server, 1)).isZero();
        assertThat(connect(socket(AF_UNIX, SOCK_STREAM), name.padded())).isEqualTo(-ECONNREFUSED);
        assertThat(connect(socket(AF_UNIX, SOCK_STREAM), name)).isZero();
    }

    private int socket(int family, int type) {
        int fd = Libc.socket(family, type | SOCK_CLOEXEC, 0);
        assertThat(fd).isNotNegative();
        open.add(fd);
        return fd;
    }

    private int bind(int fd, SockAddr address) {
        return Libc.bind(fd, address.toSegment(arena), address.length());
    }

    private int connect(int fd, SockAddr address) {
        return Libc.connect(fd, address.toSegment(arena), address.length());
    }

    private SockAddr nameOf(int fd) {
        length.set(ValueLayout.JAVA_INT, 0, SockAddr.MAX_LENGTH);
        assertThat(Libc.getsockname(fd, storage, length)).isZero();
        return SockAddr.decode(storage, reportedLength());
    }

    private SockAddr peerOf(int fd) {
        length.set(ValueLayout.JAVA_INT, 0, SockAddr.MAX_LENGTH);
        assertThat(Libc.getpeername(fd, storage, length)).isZero();
        return SockAddr.decode(storage, reportedLength());
    }

    private SockAddr sender(int server, int client) {
        MemorySegment buffer = arena.allocate(1);
        assertThat(Libc.send(client, buffer, 1, 0)).isEqualTo(1);
        length.set(ValueLayout.JAVA_INT, 0, SockAddr.MAX_LENGTH);
        assertThat(Libc.recvfrom(server, buffer, 1, 0, storage, length)).isEqualTo(1);
        return SockAddr.decode(storage, reportedLength());
    }

    private int reportedLength() {
        return length.get(ValueLayout.JAVA_INT, 0);
    }

    private static byte[] unique(String suffix) {
        return ("fdsock-test-" + ProcessHandle.current().pid() + suffix).getBytes(StandardCharsets.ISO_8859_1);
    }
}
