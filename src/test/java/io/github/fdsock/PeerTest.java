package io.github.fdsock;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.harness.FaultRule;
import io.github.fdsock.harness.Faults;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Errno;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A check of who is at the other end tells "yes", "gone", "cannot know" and "nobody" apart, and fails on all but the
/// first.
class PeerTest {
    private SocketFd.Pair pair;

    @BeforeEach
    void open() throws IOException {
        pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0);
    }

    @AfterEach
    void close() throws IOException {
        pair.close();
    }

    @Test
    void aPeerIsKnown() throws IOException {
        assertThat(pair.first().peer(SockOpt.SO_PEERCRED).orThrow()).isEqualTo(pair.first().peerCredentials());
        assertThat((long) pair.first().peer(SockOpt.SO_PEERCRED).orThrow().pid())
                .isEqualTo(ProcessHandle.current().pid());
        assertThat(pair.first().peer(SockOpt.SO_PEERGROUPS)).isInstanceOf(Peer.Known.class);
        // With a security module or without.
        assertThat(pair.first().peer(SockOpt.SO_PEERSEC)).isInstanceOfAny(Peer.Known.class, Peer.Unsupported.class);
    }

    @Test
    void nobodyIsThere() throws IOException {
        try (SocketFd alone = SocketFd.socket(AF_UNIX, SOCK_STREAM, 0)) {
            assertThat(alone.peer(SockOpt.SO_PEERCRED)).isInstanceOf(Peer.Absent.class);
            assertThat(alone.peer(SockOpt.SO_PEERGROUPS)).isInstanceOf(Peer.Absent.class);
            assertThat(alone.peerPidFd()).isInstanceOfAny(Peer.Absent.class, Peer.Unsupported.class);
            assertThatThrownBy(() -> alone.peer(SockOpt.SO_PEERCRED).orThrow()).isInstanceOf(ErrnoException.class)
                    .hasMessageContaining("SO_PEERCRED").hasMessageContaining("ENODATA");
        }
    }

    @ParameterizedTest
    @CsvSource({"EINVAL, Gone", "ESRCH, Gone", "ENOPROTOOPT, Unsupported", "EOPNOTSUPP, Unsupported", "ENODATA, Absent",
        "ENOTCONN, Absent"})
    void whyThereIsNoneIsKeptApart(final String name, final String answer) throws IOException {
        final int errno = Errno.number(name);
        try (Faults _ = Faults.inject(FaultRule.on(Call.getsockopt).error(errno).when(1))) {
            final Peer<PidFd> peer = pair.first().peerPidFd();
            assertThat(peer.getClass().getSimpleName()).isEqualTo(answer);
            assertThatThrownBy(peer::orThrow).isInstanceOfSatisfying(ErrnoException.class,
                    e -> assertThat(e.errno()).isEqualTo(errno));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {EMFILE, ENFILE, EACCES})
    void anythingElseIsNoAnswer(final int errno) throws IOException {
        try (Faults _ = Faults.inject(FaultRule.on(Call.getsockopt).error(errno).when(1))) {
            assertThatThrownBy(() -> pair.first().peerPidFd()).isInstanceOf(ErrnoException.class);
        }
    }
}
