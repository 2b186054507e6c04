package io.github.fdsock.cases;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.EpollFd;
import io.github.fdsock.ErrnoException;
import io.github.fdsock.Fd;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.sys.Libc;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Cases that speak of an object which owns a descriptor: closed, given away, taken in, born close-on-exec.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ObjectCasesTest {
    /// Above what anybody else in this process opens, so that a number is free again when it was closed here.
    private static final int HIGH = 940;

    @TempDir
    Path directory;

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Test
    void C03_aClosedSocketNeverTouchesItsNumberAgain() throws Exception {
        try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0)) {
            SocketFd closed = SocketFd.adopt(Libc.fcntl(pair.first().intValue(), F_DUPFD_CLOEXEC, HIGH));
            int number = closed.intValue();
            closed.close();
            try (SocketFd next = SocketFd.adopt(Libc.fcntl(pair.first().intValue(), F_DUPFD_CLOEXEC, HIGH))) {
                assertThat(next.intValue()).isEqualTo(number);
                assertThatThrownBy(() -> closed.send(bytes("x"), 0, 1, 0)).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(() -> closed.recv(new byte[1], 0, 1, 0)).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(() -> closed.shutdown(SHUT_RDWR)).isInstanceOf(IllegalStateException.class);
                assertThat(pair.second().recv(new byte[1], 0, 1, MSG_DONTWAIT)).isEqualTo(-EAGAIN);
                assertThat(next.send(bytes("alive"), 0, 5, 0)).isEqualTo(5);
                assertThat(pair.second().recv(new byte[16], 0, 16, 0)).isEqualTo(5);
            }
        }
    }

    @Test
    void C28_C41_closingSeveralTimesIsHarmless() throws Exception {
        try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0)) {
            SocketFd socket = SocketFd.adopt(Libc.fcntl(pair.first().intValue(), F_DUPFD_CLOEXEC, HIGH));
            socket.close();
            try (Fd next = Fd.adopt(Libc.fcntl(pair.first().intValue(), F_DUPFD_CLOEXEC, HIGH))) {
                socket.close();
                socket.close();
                assertThat(next.closeOnExec()).isTrue();
            }
            EpollFd epoll = EpollFd.create();
            epoll.close();
            epoll.close();
            assertThatThrownBy(() -> epoll.add(pair.first(), EPOLLIN, 1)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void C29_aReleasedNumberServesAnotherObject() throws Exception {
        try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0)) {
            SocketFd first = pair.first().dup();
            assertThat(first.intValue()).isNotEqualTo(pair.first().intValue());
            assertThat(pair.second().send(bytes("for whom"), 0, 8, 0)).isEqualTo(8);
            int number = first.release();
            assertThatThrownBy(() -> first.recv(new byte[16], 0, 16, 0)).isInstanceOf(IllegalStateException.class);
            try (SocketFd second = SocketFd.adopt(number)) {
                byte[] received = new byte[16];
                assertThat(second.recv(received, 0, 16, 0)).isEqualTo(8);
                assertThat(received).startsWith(bytes("for whom"));
            }
        }
    }

    @Test
    void C30_whatIsNoSocketIsNotTakenInAsOne() throws Exception {
        try (Fd file = Fd.openFile(directory.resolve("file"), O_RDWR | O_CREAT, 0600)) {
            assertThatThrownBy(() -> SocketFd.adopt(file.intValue())).isInstanceOf(ErrnoException.class)
                    .hasMessageContaining("ENOTSOCK");
            assertThat(file.isOpen()).isTrue();
        }
        assertThatThrownBy(() -> SocketFd.adopt(-1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> SocketFd.adopt(HIGH + 1)).isInstanceOf(ErrnoException.class)
                .hasMessageContaining("EBADF");
    }

    @Test
    void C24_everySocketIsBornCloseOnExec() throws Exception {
        try (SocketFd listener = SocketFd.socket(AF_UNIX, SOCK_STREAM, 0);
                SocketFd client = SocketFd.socket(AF_UNIX, SOCK_STREAM, 0);
                SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0)) {
            listener.bind(SockAddr.unixAutobind());
            listener.listen(1);
            assertThat(client.connect(listener.localAddress())).isZero();
            try (SocketFd accepted = listener.accept(); SocketFd duplicate = pair.first().dup()) {
                for (SocketFd socket
                        : List.of(listener, client, accepted, pair.first(), pair.second(), duplicate)) {
                    assertThat(socket.closeOnExec()).isTrue();
                }
                client.closeOnExec(false);
                assertThat(Libc.fcntl(client.intValue(), F_GETFD, 0)).isZero();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 65536, 65536 + 80, Integer.MIN_VALUE})
    void C33_aPortThatIsNoneIsRefusedBeforeTheCall(int port) {
        assertThatThrownBy(() -> SockAddr.inet("127.0.0.1", port)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(Integer.toString(port));
        assertThatThrownBy(() -> SockAddr.inet("::1", port)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(Integer.toString(port));
    }
}
