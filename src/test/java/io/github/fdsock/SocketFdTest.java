package io.github.fdsock;

import static io.github.fdsock.harness.junit.SocketFamily.TCP4;
import static io.github.fdsock.harness.junit.SocketFamily.TCP6;
import static io.github.fdsock.harness.junit.SocketFamily.UDP4;
import static io.github.fdsock.harness.junit.SocketFamily.UDP6;
import static io.github.fdsock.harness.junit.SocketFamily.UNIX_DGRAM;
import static io.github.fdsock.harness.junit.SocketFamily.UNIX_SEQPACKET;
import static io.github.fdsock.harness.junit.SocketFamily.UNIX_STREAM;
import static io.github.fdsock.sys.Constants.*;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.harness.Faults;
import io.github.fdsock.harness.junit.SocketFamilies;
import io.github.fdsock.harness.junit.SocketFamily;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.struct.ControlBuffer;
import io.github.fdsock.sys.struct.Iovec;
import io.github.fdsock.sys.struct.Msghdr;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Sockets of every family are made, named, connected, and carry bytes in every form the calls have.
class SocketFdTest {
    private final Arena arena = Arena.ofShared();

    @TempDir
    private Path directory;

    @AfterEach
    void free() {
        arena.close();
    }

    private MemorySegment segment(final String text) {
        return arena.allocateFrom(ValueLayout.JAVA_BYTE, text.getBytes(US_ASCII));
    }

    private static String text(final MemorySegment segment, final long length) {
        return new String(segment.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), US_ASCII);
    }

    private String received(final SocketFd socket) throws IOException {
        final MemorySegment into = arena.allocate(64);
        final long n = socket.recv(into, 0, Background.LIMIT);
        return n < 0 ? "errno " + -n : text(into, n);
    }

    @Nested
    class Making {
        @SocketFamilies
        void bornCloseOnExecAndNonBlockingWhereAsked(final SocketFamily family) throws IOException {
            try (SocketFd blocking = family.socket(); SocketFd nonBlocking = family.socket(SOCK_NONBLOCK)) {
                assertThat(blocking.closeOnExec()).isTrue();
                assertThat(blocking.nonBlocking()).isFalse();
                assertThat(nonBlocking.closeOnExec()).isTrue();
                assertThat(nonBlocking.nonBlocking()).isTrue();
                assertThat(blocking.getsockoptInt(SOL_SOCKET, SO_DOMAIN)).isEqualTo(family.domain());
                assertThat(nonBlocking.getsockoptInt(SOL_SOCKET, SO_TYPE)).isEqualTo(family.type());
                assertThat(blocking).hasToString("socket " + blocking.intValue());
            }
        }

        @Test
        void whatTheKernelDoesNotHaveIsItsToRefuse() {
            assertThatThrownBy(() -> SocketFd.socket(0, SOCK_STREAM, 0)).isInstanceOf(ErrnoException.class)
                    .hasMessage("socket(0, 1, 0) = -1 EAFNOSUPPORT (Address family not supported by protocol)");
            assertThatThrownBy(() -> SocketFd.socket(AF_INET, 75, 0)).isInstanceOf(ErrnoException.class)
                    .hasMessageContaining("EINVAL");
            assertThatThrownBy(() -> SocketFd.socketpair(AF_INET, SOCK_STREAM, 0)).isInstanceOf(ErrnoException.class)
                    .hasMessage("socketpair(2, 1, 0) = -1 EOPNOTSUPP (Operation not supported)");
        }

        @ParameterizedTest
        @ValueSource(ints = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET})
        void pairsAreConnectedBothWays(final int type) throws IOException {
            try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0)) {
                for (final SocketFd end : List.of(pair.first(), pair.second())) {
                    assertThat(end.closeOnExec()).isTrue();
                    assertThat(end.nonBlocking()).isTrue();
                    assertThat(end.localAddress()).isEqualTo(SockAddr.unixUnnamed());
                }
                pair.first().send(segment("there"), 0);
                pair.second().send(segment("back"), 0);
                assertThat(received(pair.second())).isEqualTo("there");
                assertThat(received(pair.first())).isEqualTo("back");
            }
        }

        @SocketFamilies
        void adoptTakesSockets(final SocketFamily family) throws IOException {
            try (SocketFd.Pair pair = family.connected();
                    SocketFd adopted = SocketFd.adopt(pair.first().release())) {
                adopted.send(segment("adopted"), 0);
                assertThat(received(pair.second())).isEqualTo("adopted");
            }
        }

        @Test
        void adoptRefusesEverythingElse() throws IOException {
            final int number;
            try (Fd file = Fd.openFile(Files.createFile(directory.resolve("file")), O_RDONLY, 0)) {
                number = file.intValue();
                assertThatThrownBy(() -> SocketFd.adopt(number)).isInstanceOf(ErrnoException.class)
                        .hasMessage("getsockopt(%d, SOL_SOCKET, SO_TYPE) = -1 ENOTSOCK"
                                + " (Socket operation on non-socket)",
                                number);
            }
            assertThatThrownBy(() -> SocketFd.adopt(number)).isInstanceOf(ErrnoException.class)
                    .hasMessageContaining("EBADF");
            assertThatThrownBy(() -> SocketFd.adopt(-1)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("-1");
        }

        @SocketFamilies
        void copiesAreTheSameSocket(final SocketFamily family) throws IOException {
            try (SocketFd.Pair pair = family.connected(); SocketFd copy = pair.first().dup()) {
                pair.first().close();
                assertThat(copy.closeOnExec()).isTrue();
                copy.send(segment("copy"), 0);
                assertThat(received(pair.second())).isEqualTo("copy");
            }
        }
    }

    @Nested
    class Names {
        @SocketFamilies
        void bothEndsKnowEachOther(final SocketFd.Pair pair) throws IOException {
            assertThat(pair.first().remoteAddress()).isEqualTo(pair.second().localAddress());
            assertThat(pair.second().remoteAddress()).isEqualTo(pair.first().localAddress());
            assertThat(pair.first().localAddress()).isNotEqualTo(SockAddr.unixUnnamed());
        }

        @SocketFamilies
        void whoHasNoPeerHasNone(final SocketFamily family) throws IOException {
            try (SocketFd socket = family.socket()) {
                assertThatThrownBy(socket::remoteAddress).isInstanceOf(ErrnoException.class)
                        .hasMessage("getpeername(%d) = -1 ENOTCONN (Transport endpoint is not connected)",
                                socket.intValue());
                assertThat(socket.localAddress()).isEqualTo(switch (family.domain()) {
                    case AF_INET -> SockAddr.inet("0.0.0.0", 0);
                    case AF_INET6 -> SockAddr.inet("::", 0);
                    default -> SockAddr.unixUnnamed();
                });
            }
        }

        @Test
        void autobindGivesEachAnAbstractName() throws IOException {
            try (SocketFd first = UNIX_STREAM.bound(); SocketFd second = UNIX_STREAM.bound()) {
                assertThat(first.localAddress()).isInstanceOf(SockAddr.UnixAbstract.class)
                        .isNotEqualTo(second.localAddress());
                assertThat(first.localAddress().length()).isEqualTo(2 + 1 + 5);
            }
        }

        @Test
        void abstractNamesKeepTheirNuls() throws IOException {
            final byte[] name = ("fdsock\0" + ProcessHandle.current().pid() + "\0\0").getBytes(US_ASCII);
            try (SocketFd listener = UNIX_SEQPACKET.socket(); SocketFd client = UNIX_SEQPACKET.socket()) {
                listener.bind(SockAddr.unixAbstract(name));
                listener.listen(1);
                client.connect(SockAddr.unixAbstract(name));
                assertThat(((SockAddr.UnixAbstract) client.remoteAddress()).name()).isEqualTo(name);
                final byte[] shorter = Arrays.copyOf(name, name.length - 1);
                assertThatThrownBy(() -> client.connect(SockAddr.unixAbstract(shorter)))
                        .isInstanceOf(ErrnoException.class);
            }
        }

        @Test
        void theLongestPathThereIs() throws IOException {
            final Path short_ = Files.createTempDirectory(Path.of("/tmp"), "s");
            final String path = short_ + "/" + "x".repeat(108 - 1 - short_.toString().length());
            try (SocketFd listener = UNIX_STREAM.socket(); SocketFd client = UNIX_STREAM.socket()) {
                listener.bind(SockAddr.unix(path));
                listener.listen(1);
                assertThat(client.connect(SockAddr.unix(path))).isZero();
                assertThat(listener.localAddress()).isEqualTo(SockAddr.unix(path));
                assertThat(client.remoteAddress()).isEqualTo(SockAddr.unix(path));
            } finally {
                Files.delete(Path.of(path));
                Files.delete(short_);
            }
            assertThatThrownBy(() -> SockAddr.unix("x".repeat(109))).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("109");
        }

        @Test
        void portsThatDoNotExistAreRefusedBeforeTheCall() throws IOException {
            try (SocketFd socket = TCP4.socket(); Seen seen = Seen.calls()) {
                for (final int port : new int[] {65_536, -1, 65_536 + 80}) {
                    assertThatThrownBy(() -> socket.connect(SockAddr.inet("127.0.0.1", port)))
                            .isInstanceOf(IllegalArgumentException.class).hasMessageContaining(Integer.toString(port));
                }
                assertThatThrownBy(() -> socket.connect(null)).isInstanceOf(NullPointerException.class);
                assertThatThrownBy(() -> socket.bind(null)).isInstanceOf(NullPointerException.class);
                assertThat(seen.all()).isEmpty();
            }
        }

        @Test
        void refusalsReadLikeStrace() throws IOException {
            try (SocketFd first = TCP4.listening(1); SocketFd second = TCP4.socket()) {
                final SockAddr address = first.localAddress();
                assertThatThrownBy(() -> second.bind(address)).isInstanceOf(ErrnoException.class)
                        .hasMessage("bind(%d, %s) = -1 EADDRINUSE (Address already in use)", second.intValue(),
                                address);
                assertThatThrownBy(() -> first.bind(TCP4.any())).isInstanceOf(ErrnoException.class)
                        .hasMessageContaining("EINVAL");
                assertThatThrownBy(() -> second.bind(SockAddr.unixAbstract("a name of 20 letters")))
                        .isInstanceOf(ErrnoException.class)
                        .hasMessageContaining("EAFNOSUPPORT");
            }
            try (SocketFd socket = UDP4.bound()) {
                assertThatThrownBy(() -> socket.listen(5)).isInstanceOf(ErrnoException.class)
                        .hasMessage("listen(%d, 5) = -1 EOPNOTSUPP (Operation not supported)", socket.intValue());
            }
        }
    }

    @Nested
    class Connecting {
        @SocketFamilies({TCP4, TCP6, UNIX_STREAM, UNIX_SEQPACKET})
        void acceptTakesTheConnectionAndTellsItsPeer(final SocketFamily family) throws IOException {
            try (SocketFd listener = family.listening(-1); SocketFd client = family.bound()) {
                client.connect(listener.localAddress());
                final SockAddrBuffer peer = SockAddrBuffer.allocate(arena);
                try (SocketFd accepted = listener.accept(SOCK_NONBLOCK, peer)) {
                    assertThat(peer.address()).isEqualTo(client.localAddress());
                    assertThat(accepted.nonBlocking()).isTrue();
                    assertThat(accepted.closeOnExec()).isTrue();
                    client.send(segment("hello"), 0);
                    assertThat(received(accepted)).isEqualTo("hello");
                }
            }
        }

        @SocketFamilies({TCP4, TCP6, UNIX_STREAM, UNIX_SEQPACKET})
        void nobodyToAcceptIsNull(final SocketFamily family) throws IOException {
            try (SocketFd listener = family.listening(0)) {
                listener.nonBlocking(true);
                assertThat(listener.accept()).isNull();
            }
        }

        @Test
        void acceptWithoutListeningIsAnError() throws IOException {
            try (SocketFd socket = TCP4.bound()) {
                assertThatThrownBy(socket::accept).isInstanceOf(ErrnoException.class)
                        .hasMessage("accept4(%d, 0) = -1 EINVAL (Invalid argument)", socket.intValue());
            }
        }

        @Test
        void noFreeDescriptorLeavesTheConnectionQueued() throws IOException {
            try (SocketFd listener = TCP4.listening(1); SocketFd client = TCP4.socket()) {
                client.connect(listener.localAddress());
                try (Faults _ = Faults.inject("accept4:error=EMFILE:when=1")) {
                    assertThatThrownBy(listener::accept).isInstanceOf(ErrnoException.class)
                            .hasMessageContaining("EMFILE");
                    try (SocketFd accepted = listener.accept()) {
                        assertThat(accepted.remoteAddress()).isEqualTo(client.localAddress());
                    }
                }
            }
        }

        @SocketFamilies({TCP4, TCP6})
        void withoutBlockingItEndsInTheBackground(final SocketFamily family) throws IOException {
            try (SocketFd listener = family.listening(1); SocketFd client = family.socket(SOCK_NONBLOCK)) {
                assertThat(client.connect(listener.localAddress())).isEqualTo(-EINPROGRESS);
                assertThat(client.finishConnect(Background.LIMIT)).isTrue();
                assertThat(client.finishConnect(0)).as("asked again").isTrue();
                try (SocketFd accepted = listener.accept()) {
                    assertThat(accepted.remoteAddress()).isEqualTo(client.localAddress());
                }
            }
        }

        @SocketFamilies({TCP4, TCP6})
        void aRefusalIsToldByFinish(final SocketFamily family) throws IOException {
            final SockAddr nobody;
            try (SocketFd gone = family.bound()) {
                nobody = gone.localAddress();
            }
            try (SocketFd client = family.socket(SOCK_NONBLOCK)) {
                assertThat(client.connect(nobody)).isEqualTo(-EINPROGRESS);
                assertThatThrownBy(() -> client.finishConnect(Background.LIMIT)).isInstanceOf(ErrnoException.class)
                        .hasMessage("connect(%d) = -1 ECONNREFUSED (Connection refused)", client.intValue());
            }
            try (SocketFd client = family.socket()) {
                assertThatThrownBy(() -> client.connect(nobody)).isInstanceOf(ErrnoException.class)
                        .hasMessage("connect(%d, %s) = -1 ECONNREFUSED (Connection refused)", client.intValue(),
                                nobody);
            }
        }

        @Test
        void finishSaysWhenItIsStillOnItsWayOrNowhere() throws IOException {
            try (SocketFd listener = TCP4.listening(0); SocketFd queued = TCP4.socket();
                    SocketFd waiting = TCP4.socket(SOCK_NONBLOCK)) {
                queued.connect(listener.localAddress());
                assertThat(waiting.connect(listener.localAddress())).isEqualTo(-EINPROGRESS);
                assertThat(waiting.finishConnect(0)).isFalse();
                assertThat(waiting.finishConnect(2_000_000)).isFalse();
            }
            try (SocketFd idle = TCP4.socket(SOCK_NONBLOCK)) {
                assertThatThrownBy(() -> idle.finishConnect(0)).isInstanceOf(ErrnoException.class)
                        .hasMessageContaining("ENOTCONN");
            }
        }

        @SocketFamilies({UNIX_STREAM, UNIX_SEQPACKET})
        void aFullUnixQueueIsAValueAndNothingGoesOn(final SocketFamily family) throws IOException {
            try (SocketFd listener = family.listening(0); SocketFd queued = family.socket();
                    SocketFd client = family.socket(SOCK_NONBLOCK)) {
                queued.connect(listener.localAddress());
                assertThat(client.connect(listener.localAddress())).isEqualTo(-EAGAIN);
                assertThatThrownBy(() -> client.finishConnect(0)).isInstanceOf(ErrnoException.class)
                        .hasMessageContaining("ENOTCONN");
                listener.accept().close();
                assertThat(client.connect(listener.localAddress())).isZero();
                assertThat(client.finishConnect(0)).isTrue();
            }
        }

        @Test
        void unixRefusalsTellWhoIsMissing() throws IOException {
            final Path path = directory.resolve("none");
            final Path packets = directory.resolve("packets");
            try (SocketFd client = UNIX_STREAM.socket(); SocketFd other = UNIX_SEQPACKET.socket()) {
                other.bind(SockAddr.unix(packets));
                other.listen(1);
                assertThatThrownBy(() -> client.connect(SockAddr.unix(path))).isInstanceOf(ErrnoException.class)
                        .hasMessageContaining("ENOENT");
                Files.createFile(path);
                assertThatThrownBy(() -> client.connect(SockAddr.unix(path))).isInstanceOf(ErrnoException.class)
                        .hasMessageContaining("ECONNREFUSED");
                assertThatThrownBy(() -> client.connect(SockAddr.unix(packets))).isInstanceOf(ErrnoException.class)
                        .hasMessageContaining("EPROTOTYPE");
            }
        }

        @SocketFamilies({UDP4, UDP6, UNIX_DGRAM})
        void unspecDissolvesADatagramConnection(final SocketFd.Pair pair) throws IOException {
            assertThat(pair.first().connect(SockAddr.unspec())).isZero();
            assertThatThrownBy(pair.first()::remoteAddress).isInstanceOf(ErrnoException.class)
                    .hasMessageContaining("ENOTCONN");
        }

        @SocketFamilies({TCP4, TCP6, UNIX_STREAM, UNIX_SEQPACKET})
        void connectingTwiceIsAnError(final SocketFamily family) throws IOException {
            try (SocketFd listener = family.listening(5); SocketFd client = family.socket()) {
                client.connect(listener.localAddress());
                assertThatThrownBy(() -> client.connect(listener.localAddress())).isInstanceOf(ErrnoException.class)
                        .hasMessageContaining("EISCONN");
            }
        }
    }

    @Nested
    class SendingAndReceiving {
        @SocketFamilies
        void segments(final SocketFd.Pair pair) throws IOException {
            assertThat(pair.first().send(segment("segment"), 0)).isEqualTo(7);
            final MemorySegment into = arena.allocate(20);
            assertThat(pair.second().recv(into, 0)).isEqualTo(7);
            assertThat(text(into, 7)).isEqualTo("segment");
            assertThat(into.get(ValueLayout.JAVA_BYTE, 7)).isZero();
        }

        @SocketFamilies
        void readAndWrite(final SocketFd.Pair pair) throws IOException {
            assertThat(pair.first().write(segment("write"))).isEqualTo(5);
            final MemorySegment into = arena.allocate(20);
            assertThat(pair.second().read(into)).isEqualTo(5);
            assertThat(text(into, 5)).isEqualTo("write");
        }

        @SocketFamilies
        void buffersDirectAndOnTheHeap(final SocketFd.Pair pair) throws IOException {
            for (final ByteBuffer from : List.of(ByteBuffer.allocate(10), ByteBuffer.allocateDirect(10))) {
                from.put("0123456789".getBytes(US_ASCII)).position(2).limit(6);
                assertThat(pair.first().send(from.asReadOnlyBuffer(), 0)).isEqualTo(4);
                assertThat(received(pair.second())).isEqualTo("2345");
                assertThat(from.position()).as("of the view, not of this").isEqualTo(2);
                assertThat(pair.first().send(from, 0)).isEqualTo(4);
                assertThat(from.position()).isEqualTo(6);
                from.clear().position(3);
                assertThat(pair.second().recv(from, 0)).isEqualTo(4);
                assertThat(from.position()).isEqualTo(7);
                assertThat(US_ASCII.decode(from.clear()).toString()).isEqualTo("0122345789");
            }
            final ByteBuffer readOnly = ByteBuffer.allocate(4).asReadOnlyBuffer();
            assertThatThrownBy(() -> pair.second().recv(readOnly, 0)).isInstanceOf(ReadOnlyBufferException.class);
        }

        @SocketFamilies
        void readOnlySegmentsAreNotReceivedInto(final SocketFd.Pair pair) throws IOException {
            try (Arena arena = Arena.ofConfined()) {
                final MemorySegment segment = arena.allocateFrom("abc").asReadOnly();
                final Iovec segments = Iovec.allocate(arena, 1).add(segment);
                final SockAddrBuffer from = SockAddrBuffer.allocate(arena);
                final Message message = Message.allocate(arena, 1, 0, 0);
                message.buffers().add(segment);
                final Msghdr raw = Msghdr.allocate(arena).iov(segments);
                final SocketFd socket = pair.second();
                assertThat(pair.first().send(segment, 0)).isEqualTo(4);
                for (final ThrowingCallable call : List.<ThrowingCallable>of(() -> socket.recv(segment, 0),
                        () -> socket.recv(segment, MSG_DONTWAIT), () -> socket.recv(segment, 0, 0),
                        () -> socket.recv(segments, 0), () -> socket.recvFrom(segment, 0, from),
                        () -> socket.recvFrom(segments, 0, from), () -> socket.read(segment),
                        () -> socket.readv(segments), () -> socket.recvmsg(message, 0), () -> socket.recvmsg(raw, 0),
                        () -> socket.receive(segment, 0, 1), () -> socket.getsockopt(SOL_SOCKET, SO_TYPE, segment))) {
                    assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class)
                            .hasMessageContaining("read-only");
                }
                assertThat(segment.getString(0)).isEqualTo("abc");
                assertThat(socket.recv(arena.allocate(9), MSG_DONTWAIT)).as("nothing was taken").isEqualTo(4);
            }
        }

        @SocketFamilies
        void arrays(final SocketFd.Pair pair) throws IOException {
            final byte[] bytes = "0123456789".getBytes(US_ASCII);
            assertThat(pair.first().send(bytes, 2, 4, 0)).isEqualTo(4);
            assertThat(pair.second().recv(bytes, 6, 4, 0)).isEqualTo(4);
            assertThat(bytes).isEqualTo("0123452345".getBytes(US_ASCII));
        }

        @SocketFamilies
        void vectors(final SocketFd.Pair pair) throws IOException {
            final Iovec from = Iovec.allocate(arena, 3).add(segment("one")).add(segment("")).add(segment("two"));
            final MemorySegment memory = arena.allocate(10);
            final Iovec into = Iovec.allocate(arena, 2).add(memory, 5, 5).add(memory, 0, 5);
            assertThat(pair.first().send(from, 0)).isEqualTo(6);
            assertThat(pair.second().recv(into, 0)).isEqualTo(6);
            assertThat(text(memory, 10)).isEqualTo("o\0\0\0\0onetw");
            assertThat(pair.first().writev(from)).isEqualTo(6);
            assertThat(pair.second().readv(into)).isEqualTo(6);
            assertThat(pair.first().writev(US_ASCII.encode("thr"), US_ASCII.encode("ee"))).isEqualTo(5);
            final ByteBuffer[] buffers = {ByteBuffer.allocate(1), ByteBuffer.allocateDirect(9)};
            assertThat(pair.second().readv(buffers)).isEqualTo(5);
            assertThat(US_ASCII.decode(buffers[1].flip()).toString()).isEqualTo("hree");
            assertThat(from.count()).isEqualTo(3);
            assertThat(into.length()).isEqualTo(10);
        }

        @SocketFamilies({UDP4, UDP6, UNIX_DGRAM})
        void withAddresses(final SocketFamily family) throws IOException {
            try (SocketFd first = family.bound(); SocketFd second = family.bound()) {
                final SockAddr to = second.localAddress();
                final SockAddrBuffer toBuffer = SockAddrBuffer.allocate(arena).set(to);
                final SockAddrBuffer from = SockAddrBuffer.allocate(arena);
                final MemorySegment into = arena.allocate(20);
                final byte[] array = new byte[20];

                assertThat(first.sendTo(segment("segment"), 0, toBuffer)).isEqualTo(7);
                assertThat(second.recvFrom(into, 0, from)).isEqualTo(7);
                assertThat(text(into, 7)).isEqualTo("segment");
                assertThat(from.address()).isEqualTo(first.localAddress());

                assertThat(first.sendTo(segment("address"), 0, to)).isEqualTo(7);
                assertThat(second.recvFrom(ByteBuffer.allocate(20), 0, from)).isEqualTo(7);
                assertThat(first.sendTo(US_ASCII.encode("buffer"), 0, to)).isEqualTo(6);
                assertThat(second.recvFrom(array, 5, 15, 0, from)).isEqualTo(6);
                assertThat(new String(array, 5, 6, US_ASCII)).isEqualTo("buffer");
                assertThat(first.sendTo(array, 5, 6, 0, to)).isEqualTo(6);

                final Iovec vector = Iovec.allocate(arena, 2).add(into, 3, 3).add(into, 0, 3);
                from.set(SockAddr.inet("1.2.3.4", 5));
                assertThat(second.recvFrom(vector, 0, from)).isEqualTo(6);
                assertThat(text(into, 6)).isEqualTo("ferbuf");
                assertThat(from.address()).isEqualTo(first.localAddress());
                assertThat(first.sendTo(vector, 0, toBuffer)).isEqualTo(6);
                assertThat(received(second)).isEqualTo("buffer");

                assertThat(second.recvFrom(vector, MSG_DONTWAIT, from)).isEqualTo(-EAGAIN);
                assertThat(from.address()).as("nothing was told").isEqualTo(first.localAddress());
            }
        }

        @Test
        void anUnboundUnixSenderHasNoAddress() throws IOException {
            try (SocketFd first = UNIX_DGRAM.socket(); SocketFd second = UNIX_DGRAM.bound()) {
                first.sendTo(segment("x"), 0, second.localAddress());
                first.sendTo(segment("y"), 0, second.localAddress());
                final SockAddrBuffer from = SockAddrBuffer.allocate(arena).set(SockAddr.inet("1.2.3.4", 5));
                assertThat(second.recvFrom(arena.allocate(1), 0, from)).isEqualTo(1);
                assertThat(from.address()).isNull();
                assertThat(second.recvFrom(Iovec.allocate(arena, 1).add(arena.allocate(1)), 0,
                        from.set(SockAddr.inet("1.2.3.4", 5)))).isEqualTo(1);
                assertThat(from.address()).isNull();
            }
        }

        @SocketFamilies
        void nothingThereAndNoRoomAreValues(final SocketFamily family) throws IOException {
            try (SocketFd.Pair pair = family.connected()) {
                final MemorySegment into = arena.allocate(8);
                final Iovec vector = Iovec.allocate(arena, 1).add(into);
                final Msghdr message = Msghdr.allocate(arena).iov(vector);
                assertThat(pair.first().recv(into, MSG_DONTWAIT)).isEqualTo(-EAGAIN);
                pair.first().nonBlocking(true);
                assertThat(pair.first().recv(into, 0)).isEqualTo(-EAGAIN);
                assertThat(pair.first().read(into)).isEqualTo(-EAGAIN);
                assertThat(pair.first().recvFrom(into, 0, SockAddrBuffer.allocate(arena))).isEqualTo(-EAGAIN);
                assertThat(pair.first().recv(vector, 0)).isEqualTo(-EAGAIN);
                assertThat(pair.first().recvmsg(message, 0)).isEqualTo(-EAGAIN);
                assertThat(pair.first().readv(vector)).isEqualTo(-EAGAIN);
                assertThat(pair.first().receive(into, 0, 0)).isNull();
                if (family != UDP4 && family != UDP6) {
                    Background.fill(pair.first());
                    assertThat(pair.first().send(into, 0)).isEqualTo(-EAGAIN);
                    assertThat(pair.first().write(into)).isEqualTo(-EAGAIN);
                    assertThat(pair.first().send(vector, 0)).isEqualTo(-EAGAIN);
                    assertThat(pair.first().sendmsg(message, 0)).isEqualTo(-EAGAIN);
                    assertThat(pair.first().send(ByteBuffer.allocate(3), 0)).isEqualTo(-EAGAIN);
                }
            }
        }

        @Test
        void anAddressStaysWhereNothingCame() throws IOException {
            try (SocketFd receiver = UNIX_DGRAM.bound(); SocketFd listener = SocketFd.socket(AF_UNIX, SOCK_STREAM, 0)) {
                listener.bind(SockAddr.unixAutobind());
                listener.listen(1);
                listener.nonBlocking(true);
                final SockAddr earlier = SockAddr.unix("/earlier");
                final SockAddrBuffer from = SockAddrBuffer.allocate(arena).set(earlier);
                assertThat(receiver.recvFrom(arena.allocate(8), MSG_DONTWAIT, from)).isEqualTo(-EAGAIN);
                assertThat(from.address()).isEqualTo(earlier);
                assertThat(listener.accept(0, from)).isNull();
                assertThat(from.address()).isEqualTo(earlier);
            }
        }

        @SocketFamilies
        void peekingLeavesTheBytes(final SocketFd.Pair pair) throws IOException {
            pair.first().send(segment("peeked"), 0);
            final byte[] into = new byte[4];
            assertThat(pair.second().recv(into, 0, 4, MSG_PEEK)).isEqualTo(4);
            assertThat(new String(into, US_ASCII)).isEqualTo("peek");
            assertThat(received(pair.second())).isEqualTo("peeked");
        }

        @SocketFamilies({UNIX_SEQPACKET, UNIX_DGRAM, UDP4, UDP6})
        void truncationTellsTheWholeLength(final SocketFd.Pair pair) throws IOException {
            for (int i = 0; i < 5; i++) {
                pair.first().send(segment("truncated"), 0);
            }
            final MemorySegment into = arena.allocate(4);
            assertThat(pair.second().recv(into, 0)).as("without the flag").isEqualTo(4);
            assertThat(pair.second().recv(into, MSG_TRUNC)).isEqualTo(9);
            final ByteBuffer buffer = ByteBuffer.allocate(6).limit(4);
            assertThat(pair.second().recv(buffer, MSG_TRUNC)).isEqualTo(9);
            assertThat(buffer.position()).isEqualTo(4);
            assertThat(US_ASCII.decode(buffer.clear()).toString()).isEqualTo("trun\0\0");
            final Iovec vector = Iovec.allocate(arena, 2).add(into, 0, 1).add(into, 2, 1);
            assertThat(pair.second().recv(vector, MSG_TRUNC)).isEqualTo(9);
            final Msghdr message = Msghdr.allocate(arena).iov(vector);
            assertThat(pair.second().recvmsg(message, 0)).isEqualTo(2);
            assertThat(message.flags() & MSG_TRUNC).isEqualTo(MSG_TRUNC);
            assertThat(pair.second().recv(into, MSG_DONTWAIT)).as("the rest is lost").isEqualTo(-EAGAIN);
        }

        @Test
        void discardingOnTcpLeavesTheArrayAlone() throws IOException {
            try (SocketFd.Pair pair = TCP4.connected()) {
                pair.first().send(segment("discarded and kept"), 0);
                final byte[] array = "unchanged".getBytes(US_ASCII);
                assertThat(pair.second().recv(array, 0, 9, MSG_TRUNC)).isEqualTo(9);
                assertThat(new String(array, US_ASCII)).isEqualTo("unchanged");
                assertThat(received(pair.second())).isEqualTo(" and kept");
            }
        }

        /// The kernel goes on reading after the call, when the thread's copy may have become another call's bytes.
        @Test
        void withoutCopyingNothingIsSentThatHasToBeCopied() throws IOException {
            final byte[] array = "here today, gone tomorrow".getBytes(US_ASCII);
            try (SocketFd.Pair pair = TCP4.connected()) {
                pair.first().setsockopt(SockOpt.SO_ZEROCOPY, true);
                final SockAddr peer = pair.first().remoteAddress();
                final ByteBuffer heap = ByteBuffer.wrap(array);
                for (final ThrowingCallable send : List.<ThrowingCallable>of(
                        () -> pair.first().send(array, 0, 4, MSG_ZEROCOPY),
                        () -> pair.first().send(heap, MSG_ZEROCOPY),
                        () -> pair.first().sendTo(array, 0, 4, MSG_ZEROCOPY, peer),
                        () -> pair.first().sendTo(heap, MSG_ZEROCOPY, peer))) {
                    assertThatThrownBy(send).isInstanceOf(IllegalArgumentException.class)
                            .hasMessageMatching("MSG_ZEROCOPY of (4|25) bytes on the heap, which have to be copied");
                }
                assertThat(heap.position()).isZero();
                final ByteBuffer direct = ByteBuffer.allocateDirect(4).put(array, 0, 4).flip();
                assertThat(pair.first().send(direct, MSG_ZEROCOPY)).isEqualTo(4);
                assertThat(received(pair.second())).isEqualTo("here");
            }
        }

        @SocketFamilies({UDP4, UDP6, UNIX_DGRAM})
        void emptyDatagramsAreDatagrams(final SocketFd.Pair pair) throws IOException {
            assertThat(pair.first().send(MemorySegment.NULL, 0)).isZero();
            assertThat(pair.first().send(Iovec.allocate(arena, 1), 0)).isZero();
            assertThat(pair.first().send(ByteBuffer.allocate(0), 0)).isZero();
            pair.first().send(segment("full"), 0);
            assertThat(pair.second().await(POLLIN, Background.LIMIT)).isEqualTo(POLLIN);
            assertThat(received(pair.second())).isEmpty();
            assertThat(received(pair.second())).isEmpty();
            assertThat(received(pair.second())).isEmpty();
            assertThat(received(pair.second())).isEqualTo("full");
            assertThat(pair.second().recv(arena.allocate(1), MSG_DONTWAIT)).isEqualTo(-EAGAIN);
        }

        @SocketFamilies
        void boundariesAreKeptWhereTheyAre(final SocketFamily family) throws IOException {
            try (SocketFd.Pair pair = family.connected()) {
                pair.first().send(segment("one"), 0);
                pair.first().send(segment("two"), 0);
                final MemorySegment into = arena.allocate(6);
                final long n = pair.second().recv(into, family.keepsMessages() ? 0 : MSG_WAITALL);
                assertThat(text(into, n)).isEqualTo(family.keepsMessages() ? "one" : "onetwo");
            }
        }

        @SocketFamilies({TCP4, TCP6, UNIX_STREAM, UNIX_SEQPACKET})
        void oneDirectionCanEndBeforeTheOther(final SocketFd.Pair pair) throws IOException {
            pair.first().send(segment("last"), 0);
            pair.first().shutdown(SHUT_WR);
            assertThat(received(pair.second())).isEqualTo("last");
            assertThat(received(pair.second())).as("the end").isEmpty();
            assertThat(received(pair.second())).as("again").isEmpty();
            pair.second().send(segment("answer"), 0);
            assertThat(received(pair.first())).isEqualTo("answer");
            assertThatThrownBy(() -> pair.first().send(segment("x"), 0)).isInstanceOf(ErrnoException.class)
                    .hasMessage("send(%d, 1) = -1 EPIPE (Broken pipe)", pair.first().intValue());
            assertThatThrownBy(() -> pair.first().writev(ByteBuffer.allocate(2))).isInstanceOf(ErrnoException.class)
                    .hasMessage("sendmsg(%d, 2) = -1 EPIPE (Broken pipe)", pair.first().intValue());
        }

        @Test
        void shutdownErrorsReadLikeStrace() throws IOException {
            try (SocketFd socket = TCP4.socket()) {
                assertThatThrownBy(() -> socket.shutdown(SHUT_RD)).isInstanceOf(ErrnoException.class)
                        .hasMessage("shutdown(%d, 0) = -1 ENOTCONN (Transport endpoint is not connected)",
                                socket.intValue());
                assertThatThrownBy(() -> socket.shutdown(9)).isInstanceOf(ErrnoException.class)
                        .hasMessageContaining("EINVAL");
            }
        }

        @Test
        void shutdownEndsABlockedCallAndLeavesTheSocketOpen() throws Exception {
            try (SocketFd.Pair pair = UNIX_STREAM.connected();
                    Background<Long> blocked = Background.start(() -> pair.first().recv(new byte[1], 0, 1, 0))) {
                blocked.awaitBlockedOn(pair.first());
                pair.first().shutdown(SHUT_RD);
                assertThat(blocked.result()).isZero();
                assertThat(pair.first().send(segment("x"), 0)).isEqualTo(1);
            }
        }

        @Test
        void everySendGoesWithoutSignal() throws IOException {
            try (SocketFd.Pair pair = UNIX_DGRAM.connected(); Seen seen = Seen.calls()) {
                final Iovec vector = Iovec.allocate(arena, 1).add(segment("x"));
                pair.first().send(segment("x"), MSG_DONTWAIT);
                pair.first().write(segment("x"));
                pair.first().sendTo(segment("x"), 0, pair.second().localAddress());
                pair.first().sendTo(vector, 0, SockAddrBuffer.allocate(arena).set(pair.second().localAddress()));
                pair.first().send(vector, 0);
                pair.first().writev(vector);
                pair.first().sendmsg(Msghdr.allocate(arena).iov(vector), 0);
                assertThat(seen.all(Call.write)).isEmpty();
                assertThat(seen.all(Call.writev)).isEmpty();
                assertThat(seen.all(Call.send)).hasSize(2)
                        .allSatisfy(made -> assertThat((int) made.arguments().get(3) & MSG_NOSIGNAL).isNotZero());
                assertThat(seen.all(Call.sendto)).hasSize(1)
                        .allSatisfy(made -> assertThat((int) made.arguments().get(3) & MSG_NOSIGNAL).isNotZero());
                assertThat(seen.all(Call.sendmsg)).hasSize(4)
                        .allSatisfy(made -> assertThat((int) made.arguments().get(2) & MSG_NOSIGNAL).isNotZero());
            }
        }

        @SocketFamilies({UDP4, UDP6})
        void aDatagramToADeadPortComesBackAsAnError(final SocketFamily family) throws IOException {
            try (SocketFd socket = family.socket()) {
                try (SocketFd gone = family.bound()) {
                    socket.connect(gone.localAddress());
                }
                socket.send(segment("x"), 0);
                assertThatThrownBy(() -> socket.recv(arena.allocate(1), 0, Background.LIMIT))
                        .isInstanceOf(ErrnoException.class)
                        .hasMessage("recv(%d, 1) = -1 ECONNREFUSED (Connection refused)", socket.intValue());
            }
        }

        @Test
        void errorsOfEachCallNameIt() throws IOException {
            try (SocketFd udp = UDP4.socket(); SocketFd tcp = TCP4.socket()) {
                final MemorySegment byte_ = segment("x");
                final Iovec vector = Iovec.allocate(arena, 1).add(byte_);
                final SockAddrBuffer name = SockAddrBuffer.allocate(arena);
                assertThatThrownBy(() -> udp.send(byte_, 0)).isInstanceOf(ErrnoException.class)
                        .hasMessage("send(%d, 1) = -1 EDESTADDRREQ (Destination address required)", udp.intValue());
                assertThatThrownBy(() -> udp.sendTo(byte_, 0, SockAddr.unixAbstract("x")))
                        .isInstanceOf(ErrnoException.class).hasMessageStartingWith("sendto(" + udp.intValue() + ", ");
                assertThatThrownBy(() -> udp.sendTo(byte_, 0, name)).isInstanceOf(ErrnoException.class);
                assertThatThrownBy(() -> tcp.recv(byte_, 0)).isInstanceOf(ErrnoException.class)
                        .hasMessage("recv(%d, 1) = -1 ENOTCONN (Transport endpoint is not connected)", tcp.intValue());
                assertThatThrownBy(() -> tcp.read(byte_)).hasMessageStartingWith("read(")
                        .hasMessageContaining("ENOTCONN");
                assertThatThrownBy(() -> tcp.readv(vector)).hasMessageStartingWith("readv(");
                assertThatThrownBy(() -> tcp.recv(vector, 0)).hasMessageStartingWith("recvmsg(");
                assertThatThrownBy(() -> tcp.recvFrom(byte_, 0, name)).hasMessageStartingWith("recvfrom(");
                assertThatThrownBy(() -> udp.send(arena.allocate(128 << 10), 0)).hasMessageContaining("131072")
                        .isInstanceOf(ErrnoException.class);
            }
        }

        @Test
        void badInputIsRefusedBeforeTheCall() throws IOException {
            try (SocketFd.Pair pair = UNIX_STREAM.connected(); Seen seen = Seen.calls()) {
                final SocketFd socket = pair.first();
                final byte[] array = new byte[4];
                for (final int[] range : new int[][] {{0, 5}, {4, 1}, {-1, 2}, {1, -1}, {2, Integer.MAX_VALUE}}) {
                    assertThatThrownBy(() -> socket.recv(array, range[0], range[1], 0))
                            .isInstanceOf(IndexOutOfBoundsException.class);
                    assertThatThrownBy(() -> socket.send(array, range[0], range[1], 0))
                            .isInstanceOf(IndexOutOfBoundsException.class);
                }
                assertThatThrownBy(() -> socket.send((MemorySegment) null, 0)).isInstanceOf(NullPointerException.class);
                assertThatThrownBy(() -> socket.send((ByteBuffer) null, 0)).isInstanceOf(NullPointerException.class);
                assertThatThrownBy(() -> socket.send((Iovec) null, 0)).isInstanceOf(NullPointerException.class);
                assertThatThrownBy(() -> socket.recv((byte[]) null, 0, 0, 0)).isInstanceOf(NullPointerException.class);
                assertThatThrownBy(() -> socket.recvFrom(arena.allocate(1), 0, null))
                        .isInstanceOf(NullPointerException.class);
                assertThatThrownBy(() -> socket.sendTo(arena.allocate(1), 0, (SockAddr) null))
                        .isInstanceOf(NullPointerException.class);
                assertThatThrownBy(() -> Iovec.allocate(arena, 1025)).isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("1025");
                assertThat(seen.all()).isEmpty();
                final int number = socket.release();
                assertThat(SocketFd.adopt(number)).as("no call was counted as under way").satisfies(SocketFd::close);
            }
        }

        @Test
        void rawMessagesCarryDescriptors() throws IOException {
            try (SocketFd.Pair pair = UNIX_STREAM.connected(); PipeFd.Pair pipe = PipeFd.create(0)) {
                final ControlBuffer control = ControlBuffer.allocate(arena, (int) ControlBuffer.space(4));
                final Msghdr message = Msghdr.allocate(arena).iov(Iovec.allocate(arena, 1).add(segment("x")))
                        .control(control);
                control.appendInts(SOL_SOCKET, SCM_RIGHTS, pipe.writeEnd().intValue());
                assertThat(pair.first().sendmsg(message, 0)).isEqualTo(1);
                pipe.writeEnd().close();
                control.clear();
                assertThat(pair.second().recvmsg(message, 0)).isEqualTo(1);
                assertThat(control.next()).isTrue();
                try (PipeFd passed = PipeFd.adopt(control.dataInt(0))) {
                    assertThat(passed.closeOnExec()).isTrue();
                    assertThat(passed.write(segment("through"))).isEqualTo(7);
                    assertThat(pipe.readEnd().read(arena.allocate(9))).isEqualTo(7);
                }
            }
        }
    }

    @Nested
    class Queues {
        @SocketFamilies
        void tellWhatWaits(final SocketFamily family) throws IOException {
            try (SocketFd.Pair pair = family.connected()) {
                assertThat(pair.second().receiveQueue()).isZero();
                pair.first().send(segment("first"), 0);
                pair.first().send(segment("second"), 0);
                assertThat(pair.second().await(POLLIN, Background.LIMIT)).isEqualTo(POLLIN);
                if (family == UNIX_DGRAM || family == UDP4 || family == UDP6) {
                    assertThat(pair.second().receiveQueue()).as("of the first").isEqualTo(5);
                } else if (family.isUnix()) {
                    assertThat(pair.second().receiveQueue()).isEqualTo(11);
                } else {
                    final MemorySegment all = arena.allocate(11);
                    assertThat(pair.second().recv(all, MSG_PEEK | MSG_WAITALL)).isEqualTo(11);
                    assertThat(pair.second().receiveQueue()).isEqualTo(11);
                }
                if (family.isUnix()) {
                    assertThat(pair.first().sendQueue()).as("with overhead").isGreaterThanOrEqualTo(11);
                } else {
                    assertThat(pair.first().sendQueue()).isNotNegative();
                }
            }
        }

        @Test
        void aListenerHasNone() throws IOException {
            try (SocketFd listener = TCP4.listening(1)) {
                assertThatThrownBy(listener::receiveQueue).isInstanceOf(ErrnoException.class)
                        .hasMessage("ioctl(%d, FIONREAD) = -1 EINVAL (Invalid argument)", listener.intValue());
                assertThatThrownBy(listener::sendQueue).isInstanceOf(ErrnoException.class)
                        .hasMessageContaining("TIOCOUTQ");
            }
        }
    }
}
