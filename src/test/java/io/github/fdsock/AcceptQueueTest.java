package io.github.fdsock;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import io.github.fdsock.abi.nlattr;
import io.github.fdsock.abi.nlmsgerr;
import io.github.fdsock.abi.nlmsghdr;
import io.github.fdsock.abi.unix_diag_msg;
import io.github.fdsock.abi.unix_diag_req;
import io.github.fdsock.abi.unix_diag_rqlen;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.sys.Call;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A listener tells how many connections wait for it, and how many may.
class AcceptQueueTest {

    @ParameterizedTest(name = "{0} {1} {2}")
    @CsvSource({"tcp:127.0.0.1:0, 2, 0", "tcp:127.0.0.1:0, 2, 262", "tcp:[::1]:0, 2, 0",
        "unix:(unnamed), 1, 0", "unixseq:(unnamed), 5, 0"})
    void countsTheConnectionsThatWait(final String where, final int backlog, final int protocol) throws IOException {
        final Endpoint endpoint = Endpoint.parse(where);
        final SocketFd listener;
        try {
            listener = SocketFd.socket(endpoint.family(), endpoint.type(), protocol);
        } catch (final ErrnoException e) {
            assertThat(e.errno()).as(e.getMessage()).isEqualTo(EPROTONOSUPPORT);
            assumeFalse(true, e.getMessage());
            return;
        }
        final List<SocketFd> open = new ArrayList<>(List.of(listener));
        try {
            listener.bind(endpoint.address());
            listener.listen(backlog);
            assertThat(listener.acceptQueue()).isEqualTo(new AcceptQueue(0, backlog));
            for (int waiting = 1; waiting <= 2; waiting++) {
                final SocketFd client = SocketFd.socket(endpoint.family(), endpoint.type(), protocol);
                open.add(client);
                assertThat(client.connect(listener.localAddress())).isZero();
                awaitQueue(listener, new AcceptQueue(waiting, backlog));
            }
            open.add(listener.accept());
            assertThat(listener.acceptQueue()).isEqualTo(new AcceptQueue(1, backlog));
            listener.listen(backlog + 3);
            assertThat(listener.acceptQueue()).isEqualTo(new AcceptQueue(1, backlog + 3));
        } finally {
            for (final SocketFd socket : open) {
                socket.close();
            }
        }
    }

    /// `connect` of TCP returns before the listener has seen its last segment.
    private static void awaitQueue(final SocketFd listener, final AcceptQueue expected) throws IOException {
        final long start = System.nanoTime();
        while (!listener.acceptQueue().equals(expected)) {
            assertThat(System.nanoTime() - start).as("nanoseconds until %s; now %s", expected, listener.acceptQueue())
                    .isLessThan(TimeUnit.SECONDS.toNanos(20));
            LockSupport.parkNanos(100_000);
        }
    }

    /// Linux refuses when the queue is longer than the limit, not when it is as long.
    @Test
    void oneMoreThanTheLimitMayWait() throws IOException {
        try (SocketFd listener = SockOptTest.listener(SockAddr.unixAutobind(), 0);
                SocketFd first = SockOptTest.connected(listener);
                SocketFd second = SocketFd.socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
            assertThat(listener.acceptQueue()).isEqualTo(new AcceptQueue(1, 0));
            assertThat(second.connect(listener.localAddress())).isEqualTo(-EAGAIN);
            assertThat(first.isOpen()).isTrue();
        }
    }

    @Test
    void isToldOfPathsToo(@TempDir final Path directory) throws IOException {
        try (SocketFd listener = SockOptTest.listener(SockAddr.unix(directory.resolve("s")), 3);
                SocketFd client = SockOptTest.connected(listener)) {
            assertThat(listener.acceptQueue()).isEqualTo(new AcceptQueue(1, 3));
            assertThat(client.isOpen()).isTrue();
        }
    }

    @Test
    void leavesNoDescriptorBehindAndNoneInTheWay() throws IOException {
        try (SocketFd listener = SockOptTest.listener(SockAddr.unixAutobind(), 3);
                SocketFd before = SocketFd.socket(AF_UNIX, SOCK_STREAM, 0)) {
            final int next = before.intValue() + 1;
            listener.acceptQueue();
            try (SocketFd after = SocketFd.socket(AF_UNIX, SOCK_STREAM, 0)) {
                assertThat(after.intValue()).isLessThanOrEqualTo(next);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"socket, 24", "getsockopt, 12", "send, 105", "recv, 105"})
    void whateverFailsIsTold(final Call call, final int errno) throws IOException {
        try (SocketFd listener = SockOptTest.listener(SockAddr.unixAutobind(), 3);
                Seen seen = Seen.failing(call, 1, errno)) {
            assertThatThrownBy(listener::acceptQueue).isInstanceOfSatisfying(ErrnoException.class,
                    e -> assertThat(e.errno()).isEqualTo(errno));
            assertThat(listener.acceptQueue()).isEqualTo(new AcceptQueue(0, 3));
            assertThat(seen.all(call)).hasSizeGreaterThan(1);
        }
    }

    @Test
    void onlyListenersHaveOne() throws IOException {
        for (final SocketKind kind : List.of(SocketKind.TCP4, SocketKind.UDP4, SocketKind.UNIX_STREAM)) {
            try (SocketFd socket = kind.open()) {
                assertThatIllegalStateException().isThrownBy(socket::acceptQueue)
                        .withMessage("%s does not listen", socket);
            }
        }
        final SocketFd closed = SockOptTest.listener(SockAddr.unixAutobind(), 1);
        closed.close();
        assertThatIllegalStateException().isThrownBy(closed::acceptQueue).withMessageContaining("closed by thread");
    }

    @Test
    void ofVsockItIsNotTold() throws IOException {
        try (SocketFd listener = SocketKind.VSOCK.open()) {
            listener.bind(SockAddr.vsock(VMADDR_CID_ANY, VMADDR_PORT_ANY));
            listener.listen(1);
            assertThatThrownBy(listener::acceptQueue).isInstanceOf(UnsupportedOperationException.class)
                    .hasMessage("the kernel does not tell the accept queue of a socket of family 40, protocol 0");
        } catch (final ErrnoException e) {
            assertThat(e.errno()).as(e.getMessage()).isIn(EAFNOSUPPORT, EPERM, EADDRNOTAVAIL);
            assumeFalse(true, e.getMessage());
        }
    }

    // ---- the other two lengths

    @Test
    void whatIsNotSentYetIsPartOfTheSendQueue() throws IOException {
        try (Arena arena = Arena.ofConfined(); SocketFd listener = SockOptTest.listener(SockAddr.loopbackInet4(0), 1)) {
            listener.setsockopt(SockOpt.SO_RCVBUF, 4096);
            try (SocketFd client = SockOptTest.connected(listener); SocketFd server = listener.accept()) {
                assertThat(client.unsentQueue()).isZero();
                assertThat(client.sendQueue()).isZero();
                final MemorySegment bytes = arena.allocate(100_000);
                long sent = 0;
                for (long n = 0; n >= 0; n = client.send(bytes, MSG_DONTWAIT)) {
                    sent += n;
                }
                // The peer does not read: its window closes, and the rest stays here.
                final int unsent = client.unsentQueue();
                assertThat(unsent).isPositive();
                assertThat((long) unsent).isLessThanOrEqualTo(client.sendQueue()).isLessThan(sent);
                assertThat(server.receiveQueue()).isPositive();
            }
            final int fd = listener.intValue();
            assertThatThrownBy(listener::unsentQueue)
                    .hasMessage("ioctl(%d, SIOCOUTQNSD) = -1 EINVAL (Invalid argument)", fd);
        }
        try (SocketFd socket = SocketKind.UNIX_STREAM.open()) {
            assertThatThrownBy(socket::unsentQueue).isInstanceOf(ErrnoException.class)
                    .hasMessageContaining("SIOCOUTQNSD").hasMessageContaining("ENOTTY");
        }
    }

    // ---- netlink

    @Test
    void theMessagesAreLaidOutAsInC() {
        assertThat(UnixDiag.NLMSGHDR).isEqualTo((int) nlmsghdr.sizeof()).isEqualTo((int) nlmsgerr.error$offset()
                + (int) nlmsghdr.sizeof());
        assertThat(UnixDiag.NLMSG_LEN).isEqualTo(nlmsghdr.nlmsg_len$offset());
        assertThat(UnixDiag.NLMSG_TYPE).isEqualTo(nlmsghdr.nlmsg_type$offset());
        assertThat(UnixDiag.NLMSG_FLAGS).isEqualTo(nlmsghdr.nlmsg_flags$offset());
        assertThat(UnixDiag.REQUEST).isEqualTo((int) unix_diag_req.sizeof());
        assertThat(UnixDiag.SDIAG_FAMILY).isEqualTo(unix_diag_req.sdiag_family$offset());
        assertThat(UnixDiag.UDIAG_STATES).isEqualTo(unix_diag_req.udiag_states$offset());
        assertThat(UnixDiag.UDIAG_INO).isEqualTo(unix_diag_req.udiag_ino$offset());
        assertThat(UnixDiag.UDIAG_SHOW).isEqualTo(unix_diag_req.udiag_show$offset());
        assertThat(UnixDiag.UDIAG_COOKIE).isEqualTo(unix_diag_req.udiag_cookie$offset());
        assertThat(UnixDiag.MESSAGE).isEqualTo((int) unix_diag_msg.sizeof());
        assertThat(UnixDiag.NLATTR).isEqualTo((int) nlattr.sizeof());
        assertThat(nlattr.nla_len$offset()).isZero();
        assertThat(UnixDiag.NLA_TYPE).isEqualTo(nlattr.nla_type$offset());
        assertThat(UnixDiag.RQLEN).isEqualTo((int) unix_diag_rqlen.sizeof());
        assertThat(unix_diag_rqlen.udiag_rqueue$offset()).isZero();
        assertThat(UnixDiag.RQLEN_WQUEUE).isEqualTo(unix_diag_rqlen.udiag_wqueue$offset());
    }

    @Test
    void anAnswerIsReadUpToItsEnd() throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment answer = arena.allocate(60, 8);
            answer.set(ValueLayout.JAVA_INT, 0, 60);
            answer.set(ValueLayout.JAVA_SHORT, 4, (short) SOCK_DIAG_BY_FAMILY);
            // An attribute of one byte, with padding, stands in front.
            attribute(answer, 32, UNIX_DIAG_SHUTDOWN, 5);
            attribute(answer, 40, UNIX_DIAG_RQLEN, 12);
            answer.set(ValueLayout.JAVA_INT, 44, 7);
            answer.set(ValueLayout.JAVA_INT, 48, 9);
            assertThat(UnixDiag.queue(answer, 1)).isEqualTo(new AcceptQueue(7, 9));
            for (int length = 0; length < 52; length++) {
                final MemorySegment shorter = answer.asSlice(0, length);
                assertThatThrownBy(() -> UnixDiag.queue(shorter, 1)).isInstanceOf(IOException.class)
                        .hasMessage("sock_diag: an answer of %d bytes without the queue's length", length);
            }
            answer.set(ValueLayout.JAVA_INT, 0, 40);
            assertThatThrownBy(() -> UnixDiag.queue(answer, 1)).as("its own length").isInstanceOf(IOException.class);
            answer.set(ValueLayout.JAVA_INT, 0, -1);
            assertThat(UnixDiag.queue(answer, 1)).isEqualTo(new AcceptQueue(7, 9));
            attribute(answer, 40, UNIX_DIAG_RQLEN, 0);
            assertThatThrownBy(() -> UnixDiag.queue(answer, 1)).as("no length at all").isInstanceOf(IOException.class);
        }
    }

    private static void attribute(final MemorySegment answer, final long at, final int type, final int length) {
        answer.set(ValueLayout.JAVA_SHORT, at, (short) length);
        answer.set(ValueLayout.JAVA_SHORT, at + 2, (short) type);
    }

    @Test
    void anErrorInTheAnswerIsAnErrno() {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment answer = arena.allocate(36, 8);
            answer.set(ValueLayout.JAVA_INT, 0, 36);
            answer.set(ValueLayout.JAVA_SHORT, 4, (short) NLMSG_ERROR);
            answer.set(ValueLayout.JAVA_INT, 16, -ENOENT);
            assertThatThrownBy(() -> UnixDiag.queue(answer, 0xffff_fffe)).isInstanceOf(ErrnoException.class)
                    .hasMessage("sock_diag(AF_UNIX, inode 4294967294) = -1 ENOENT (No such file or directory)");
        }
    }
}
