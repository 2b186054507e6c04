package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.EventFd;
import io.github.fdsock.Seen;
import io.github.fdsock.SocketFd;
import io.github.fdsock.harness.Faults;
import io.github.fdsock.sys.Call;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A registration asks the kernel for exactly what changes, and is gone from it before its descriptor is closed.
@Timeout(60)
class RegistrationTest {
    private EventLoop loop;
    private SocketFd.Pair pair;

    @BeforeEach
    void open() throws IOException {
        pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        loop = EventLoop.open();
    }

    @AfterEach
    void close() throws IOException {
        loop.close();
        pair.close();
    }

    /// The operations of the `epoll_ctl` calls that were made.
    private static List<Object> operations(final Seen seen) {
        return seen.all(Call.epoll_ctl).stream().map(made -> made.arguments().get(1)).toList();
    }

    @Test
    void anInterestThatIsTheSameMakesNoCall() throws IOException {
        try (Seen seen = Seen.calls()) {
            final Registration registration = loop.register(pair.first(), EPOLLIN, (_, _) -> { });
            registration.interest(EPOLLIN);
            assertThat(operations(seen)).containsExactly(EPOLL_CTL_ADD);
            registration.interest(EPOLLIN | EPOLLOUT);
            registration.interest(EPOLLOUT | EPOLLIN);
            assertThat(registration.interest()).isEqualTo(EPOLLIN | EPOLLOUT);
            registration.interest(0);
            registration.interest(0);
            assertThat(registration.interest()).isZero();
            assertThat(operations(seen)).containsExactly(EPOLL_CTL_ADD, EPOLL_CTL_MOD, EPOLL_CTL_MOD);
        }
    }

    @Test
    void theInterestDecidesWhatIsTold() throws IOException {
        final List<Integer> told = new ArrayList<>();
        loop.register(pair.first(), EPOLLIN, (registration, events) -> {
            told.add(events);
            if (told.size() == 1) {
                registration.interest(EPOLLIN | EPOLLOUT);
            } else if (told.size() == 2) {
                registration.interest(EPOLLOUT);
            } else {
                loop.stop();
            }
        });
        pair.second().write(new byte[] {1}, 0, 1);
        loop.run();
        assertThat(told).containsExactly(EPOLLIN, EPOLLIN | EPOLLOUT, EPOLLOUT);
    }

    @Test
    void aHangUpComesThoughNothingIsAskedForAndCloseEndsIt() throws IOException {
        final List<Integer> told = new ArrayList<>();
        loop.register(pair.first(), 0, (registration, events) -> {
            told.add(events);
            if (told.size() == 2) {
                registration.close();
                // What is ready from the beginning comes in the next turn, and with it what would be left of the other.
                loop.register(EventFd.create(1, 0), EPOLLIN, (last, _) -> {
                    last.close();
                    loop.stop();
                });
            }
        });
        pair.second().close();
        loop.run();
        assertThat(told).containsExactly(EPOLLHUP, EPOLLHUP);
        assertThat(pair.first().isOpen()).isFalse();
        assertThat(loop.metrics().staleEvents()).isZero();
    }

    @Test
    void aOneShotIsWokenUpByTheSameInterest() throws IOException {
        final AtomicInteger told = new AtomicInteger();
        loop.register(pair.first(), EPOLLIN | EPOLLONESHOT, (registration, events) -> {
            assertThat(events).isEqualTo(EPOLLIN);
            if (told.incrementAndGet() == 3) {
                loop.stop();
            } else {
                registration.interest(EPOLLIN | EPOLLONESHOT);
            }
        });
        pair.second().write(new byte[] {1}, 0, 1);
        loop.run();
        assertThat(told).hasValue(3);
    }

    /// `epoll_ctl(2)` refuses to modify one.
    @Test
    void anExclusiveInterestIsChangedByTakingItOutAndPuttingItIn() throws IOException {
        final List<Integer> told = new ArrayList<>();
        try (Seen seen = Seen.calls()) {
            final Registration registration = loop.register(pair.first(), EPOLLIN | EPOLLEXCLUSIVE,
                    (itself, events) -> {
                        told.add(events);
                        itself.deregister();
                    });
            registration.interest(EPOLLOUT | EPOLLEXCLUSIVE);
            registration.interest(EPOLLOUT);
            assertThat(operations(seen)).containsExactly(EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_ADD, EPOLL_CTL_DEL,
                    EPOLL_CTL_ADD);
        }
        loop.run();
        assertThat(told).containsExactly(EPOLLOUT);
    }

    @Test
    void oneThatCouldNotBePutInAgainIsToldNothingMoreInThatTurn() throws IOException {
        final List<Registration> both = new ArrayList<>();
        final List<Registration> told = new ArrayList<>();
        final Registration.Handler handler = (itself, events) -> {
            told.add(itself);
            final Registration other = both.get(itself == both.getFirst() ? 1 : 0);
            try (Faults _ = Faults.inject("epoll_ctl:error=ENOMEM:when=2")) {
                assertThatThrownBy(() -> other.interest(EPOLLIN)).isInstanceOf(ErrnoException.class);
            }
            other.unref();
            itself.deregister();
        };
        both.add(loop.register(pair.first(), EPOLLOUT | EPOLLEXCLUSIVE, handler));
        both.add(loop.register(pair.second(), EPOLLOUT | EPOLLEXCLUSIVE, handler));
        loop.run();
        assertThat(told).hasSize(1);
    }

    @Test
    void deregisteringTwiceIsHarmless() throws IOException {
        final Registration registration = loop.register(pair.first(), EPOLLIN, (_, _) -> { });
        try (Seen seen = Seen.calls()) {
            registration.deregister();
            assertThat(registration.isRegistered()).isFalse();
            // Its slot has a new owner, who must not notice.
            final Registration successor = loop.register(pair.second(), EPOLLIN, (_, _) -> { });
            assertThat(successor.index).isEqualTo(registration.index);
            registration.deregister();
            assertThat(successor.isRegistered()).isTrue();
            assertThat(operations(seen)).containsExactly(EPOLL_CTL_DEL, EPOLL_CTL_ADD);
        }
        assertThat(pair.first().isOpen()).isTrue();
        assertThatThrownBy(() -> registration.interest(EPOLLOUT)).isInstanceOf(IllegalStateException.class)
                .hasMessage(pair.first() + " is not registered any more");
    }

    @Test
    void closeTakesItOutBeforeTheDescriptorIsClosedOnce() throws IOException {
        final Registration registration = loop.register(pair.first(), EPOLLIN, (_, _) -> { });
        final int number = pair.first().intValue();
        try (Seen seen = Seen.calls()) {
            registration.close();
            registration.close();
            assertThat(seen.all()).extracting(Seen.Made::call).containsExactly(Call.epoll_ctl, Call.close);
            assertThat(seen.on(number)).containsExactly(Call.close);
        }
    }

    @Test
    void closeClosesTheDescriptorThoughTheKernelRefusesToTakeItOut() throws IOException {
        final Registration registration = loop.register(pair.first(), EPOLLIN, (_, _) -> { });
        try (Seen _ = Seen.failing(Call.epoll_ctl, 1, ENOMEM)) {
            assertThatThrownBy(registration::close).isInstanceOf(ErrnoException.class).hasMessageContaining("ENOMEM");
        }
        assertThat(pair.first().isOpen()).isFalse();
        assertThat(registration.isRegistered()).isFalse();
    }

    @Test
    void afterTheLoopItClosesItsDescriptorAllTheSame() throws IOException {
        final Registration registration = loop.register(pair.first(), EPOLLIN, (_, _) -> { });
        loop.close();
        try (Seen seen = Seen.calls()) {
            registration.close();
            assertThat(seen.all()).extracting(Seen.Made::call).containsExactly(Call.close);
        }
        assertThat(pair.first().isOpen()).isFalse();
    }

    @Test
    void tellsWhatItIs() throws IOException {
        final Registration registration = loop.register(pair.first(), EPOLLIN, (_, _) -> { });
        assertThat(registration.fd()).isSameAs(pair.first());
        assertThat(registration.isRegistered()).isTrue();
    }
}
