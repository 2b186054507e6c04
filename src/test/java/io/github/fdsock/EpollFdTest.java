package io.github.fdsock;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.EpollEvents;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.AsynchronousCloseException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// An epoll instance reports exactly what was asked for, with the data that was given, and its time limits hold.
class EpollFdTest {
    private Arena arena;
    private EpollFd epoll;
    private SocketFd.Pair pair;
    private EpollEvents events;

    @BeforeEach
    void open() throws IOException {
        arena = Arena.ofShared();
        events = EpollEvents.allocate(arena, 8);
        pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0);
        epoll = EpollFd.create();
    }

    @AfterEach
    void close() throws IOException {
        epoll.close();
        pair.close();
        arena.close();
    }

    private MemorySegment bytes(final String text) {
        return arena.allocateFrom(text);
    }

    @Test
    void isBornCloseOnExec() throws IOException {
        assertThat(epoll.closeOnExec()).isTrue();
        assertThat(epoll).hasToString("epoll " + epoll.intValue());
    }

    @Test
    void reportsEventsWithAllBitsOfTheirData() throws IOException {
        epoll.add(pair.first(), EPOLLIN | EPOLLOUT, 0x8123_4567_89ab_cdefL);
        epoll.add(pair.second(), EPOLLIN, -1);

        assertThat(epoll.wait(events, 0)).isEqualTo(1);
        assertThat(events.events(0)).isEqualTo(EPOLLOUT);
        assertThat(events.data(0)).isEqualTo(0x8123_4567_89ab_cdefL);

        pair.first().send(bytes("x"), 0);
        epoll.delete(pair.first());
        assertThat(epoll.wait(events, -1)).isEqualTo(1);
        assertThat(events.events(0)).isEqualTo(EPOLLIN);
        assertThat(events.data(0)).isEqualTo(-1);
    }

    @Test
    void modifyReplacesEventsAndData() throws IOException {
        epoll.add(pair.first(), EPOLLIN, 1);
        assertThat(epoll.wait(events, 0)).isZero();
        epoll.modify(pair.first(), EPOLLOUT, 2);
        assertThat(epoll.wait(events, 0)).isEqualTo(1);
        assertThat(events.data(0)).isEqualTo(2);
    }

    @Test
    void reportsNothingAfterDelete() throws IOException {
        epoll.add(pair.first(), EPOLLOUT, 1);
        epoll.delete(pair.first());
        assertThat(epoll.wait(events, 0)).isZero();
    }

    @Test
    void reportsHangUpThoughNothingWasAskedFor() throws IOException {
        epoll.add(pair.first(), 0, 7);
        assertThat(epoll.wait(events, 0)).isZero();
        pair.second().close();
        assertThat(epoll.wait(events, -1)).isEqualTo(1);
        assertThat(events.events(0)).isEqualTo(EPOLLHUP);
    }

    @Test
    void edgeTriggeredReportsOncePerArrival() throws IOException {
        epoll.add(pair.first(), EPOLLIN | EPOLLET, 7);
        pair.second().send(bytes("one"), 0);
        assertThat(epoll.wait(events, -1)).isEqualTo(1);
        assertThat(epoll.wait(events, 0)).isZero();
        pair.second().send(bytes("two"), 0);
        assertThat(epoll.wait(events, -1)).isEqualTo(1);
    }

    @Test
    void oneShotSleepsUntilModified() throws IOException {
        epoll.add(pair.first(), EPOLLIN | EPOLLONESHOT, 7);
        pair.second().send(bytes("one"), 0);
        assertThat(epoll.wait(events, -1)).isEqualTo(1);
        assertThat(epoll.wait(events, 0)).isZero();
        epoll.modify(pair.first(), EPOLLIN | EPOLLONESHOT, 8);
        assertThat(epoll.wait(events, 0)).isEqualTo(1);
        assertThat(events.data(0)).isEqualTo(8);
    }

    @Test
    void leavesForTheNextTimeWhatThereIsNoRoomFor() throws IOException {
        final EpollEvents one = EpollEvents.allocate(arena, 1);
        epoll.add(pair.first(), EPOLLOUT, 1);
        epoll.add(pair.second(), EPOLLOUT, 2);
        assertThat(epoll.wait(one, 0)).isEqualTo(1);
        final long before = one.data(0);
        assertThat(epoll.wait(one, 0)).isEqualTo(1);
        assertThat(one.data(0)).isEqualTo(3 - before);
    }

    @Test
    void refusalsReadLikeStrace() throws IOException {
        final int self = epoll.intValue();
        final int fd = pair.first().intValue();
        epoll.add(pair.first(), EPOLLIN, 1);
        assertThatThrownBy(() -> epoll.add(pair.first(), EPOLLIN | EPOLLRDHUP | EPOLLET, 2))
                .isInstanceOf(ErrnoException.class)
                .hasMessage("epoll_ctl(%d, EPOLL_CTL_ADD, %d, {events=EPOLLIN|EPOLLRDHUP|EPOLLET, data=2})"
                        + " = -1 EEXIST (File exists)", self, fd);
        assertThatThrownBy(() -> epoll.modify(pair.second(), 0, 2)).isInstanceOf(ErrnoException.class)
                .hasMessage("epoll_ctl(%d, EPOLL_CTL_MOD, %d, {events=0, data=2})"
                        + " = -1 ENOENT (No such file or directory)",
                        self, pair.second().intValue());
        assertThatThrownBy(() -> epoll.delete(pair.second())).isInstanceOf(ErrnoException.class)
                .hasMessage("epoll_ctl(%d, EPOLL_CTL_DEL, %d, NULL) = -1 ENOENT (No such file or directory)", self,
                        pair.second().intValue());
        assertThatThrownBy(() -> epoll.add(epoll, EPOLLIN, 0)).isInstanceOf(ErrnoException.class)
                .hasMessageEndingWith("-1 EINVAL (Invalid argument)");
    }

    @Test
    void refusesInstancesWithinOneAnother() throws IOException {
        try (EpollFd other = EpollFd.create()) {
            epoll.add(other, EPOLLIN, 0);
            assertThatThrownBy(() -> other.add(epoll, EPOLLIN, 0)).isInstanceOf(ErrnoException.class)
                    .hasMessageContaining("ELOOP");
        }
    }

    @Test
    void refusesAnExclusiveInterestToBeModified() throws IOException {
        epoll.add(pair.first(), EPOLLIN | EPOLLEXCLUSIVE, 1);
        assertThatThrownBy(() -> epoll.modify(pair.first(), EPOLLIN, 1)).isInstanceOf(ErrnoException.class)
                .hasMessageContaining("EINVAL");
    }

    @Test
    void closedDescriptorsAreRefusedBeforeTheCall() throws IOException {
        pair.first().close();
        try (Seen seen = Seen.calls()) {
            assertThatThrownBy(() -> epoll.add(pair.first(), EPOLLIN, 0)).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed by thread");
            epoll.close();
            assertThatThrownBy(() -> epoll.add(pair.second(), EPOLLIN, 0)).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed by thread");
            assertThatThrownBy(() -> epoll.wait(events, 0)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> epoll.waitNanos(events, 1)).isInstanceOf(IllegalStateException.class);
            assertThat(seen.all(Call.epoll_ctl)).isEmpty();
            assertThat(seen.all(Call.epoll_wait)).isEmpty();
        }
    }

    /// The trap that [EpollFd] warns of.
    @Test
    void eventsOfAClosedNumberGoOnWhileACopyIsOpen() throws IOException {
        try (SocketFd copy = pair.first().dup()) {
            epoll.add(pair.first(), EPOLLOUT, 99);
            pair.first().close();
            assertThat(epoll.wait(events, 0)).isEqualTo(1);
            assertThat(events.data(0)).isEqualTo(99);
            assertThatThrownBy(() -> epoll.delete(copy)).isInstanceOf(ErrnoException.class)
                    .hasMessageContaining("ENOENT");
        }
        assertThat(epoll.wait(events, 0)).isZero();
    }

    @Test
    void returnsZeroWhenTheTimeIsOver() throws IOException {
        final long start = System.nanoTime();
        assertThat(epoll.wait(events, 30)).isZero();
        assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(29));
        final long middle = System.nanoTime();
        assertThat(epoll.waitNanos(events, 3_500_000)).isZero();
        assertThat(System.nanoTime() - middle).isGreaterThanOrEqualTo(3_500_000);
    }

    @Test
    void nanosecondsWithoutOrBeyondLimit() throws IOException {
        epoll.add(pair.first(), EPOLLOUT, 5);
        assertThat(epoll.waitNanos(events, -1)).isEqualTo(1);
        assertThat(epoll.waitNanos(events, 0)).isEqualTo(1);
        assertThat(epoll.waitNanos(events, Long.MAX_VALUE)).isEqualTo(1);
    }

    @Test
    void anInterruptedWaitGoesOnForTheRest() throws IOException {
        // Interrupted when 10 of 40 ms are over, three times: restarted limits would add up to 70 ms and more.
        final AtomicInteger interruptions = new AtomicInteger(3);
        try (Seen seen = Seen.calls(made -> {
            if (made.call() != Call.epoll_wait || interruptions.getAndDecrement() <= 0) {
                return null;
            }
            assertThat(Libc.epoll_wait(made.fd(), (MemorySegment) made.arguments().get(1), 1, 10)).isZero();
            return (long) -EINTR;
        })) {
            assertThat(epoll.wait(events, 40)).isZero();
            assertThat(seen.all(Call.epoll_wait)).hasSize(4);
            for (int i = 0; i < 4; i++) {
                assertThat((int) seen.all(Call.epoll_wait).get(i).arguments().get(3)).isBetween(0, 41 - 10 * i);
            }
        }
    }

    @Test
    void anInterruptedWaitInNanosecondsGoesOnForTheRest() throws IOException {
        final AtomicInteger interruptions = new AtomicInteger(2);
        final long[] limits = new long[4];
        final AtomicInteger calls = new AtomicInteger();
        try (Seen _ = Seen.calls(made -> {
            if (made.call() != Call.epoll_pwait2) {
                return null;
            }
            final MemorySegment timeout = (MemorySegment) made.arguments().get(3);
            limits[calls.getAndIncrement()] = io.github.fdsock.sys.struct.Timespec.of(timeout).nanos();
            if (interruptions.getAndDecrement() <= 0) {
                return null;
            }
            assertThat(Libc.epoll_wait(made.fd(), (MemorySegment) made.arguments().get(1), 1, 10)).isZero();
            return (long) -EINTR;
        })) {
            assertThat(epoll.waitNanos(events, 30_000_000)).isZero();
        }
        assertThat(calls).hasValue(3);
        assertThat(limits[0]).isEqualTo(30_000_000);
        assertThat(limits[1]).isBetween(0L, 21_000_000L);
        assertThat(limits[2]).isBetween(0L, 11_000_000L);
    }

    @Test
    void anInterruptedWaitWithoutLimitGoesOn() throws IOException {
        epoll.add(pair.first(), EPOLLOUT, 5);
        try (Seen seen = Seen.failing(Call.epoll_wait, 5, EINTR)) {
            assertThat(epoll.wait(events, -1)).isEqualTo(1);
            assertThat(seen.all(Call.epoll_wait)).hasSize(6)
                    .allSatisfy(made -> assertThat(made.arguments().get(3)).isEqualTo(-1));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {ENOSYS, EPERM})
    void nanosecondsBecomeMillisecondsRoundedUpWhereTheCallIsMissing(final int errno) throws IOException {
        try (Seen seen = Seen.failing(Call.epoll_pwait2, Integer.MAX_VALUE, errno)) {
            assertThat(epoll.waitNanos(events, 1)).isZero();
            assertThat(epoll.waitNanos(events, 1_000_000)).isZero();
            assertThat(epoll.waitNanos(events, 1_000_001)).isZero();
            assertThat(seen.all(Call.epoll_pwait2)).as("probed once").hasSize(1);
            assertThat(seen.all(Call.epoll_wait)).extracting(made -> made.arguments().get(3)).containsExactly(1, 1, 2);

            epoll.add(pair.first(), EPOLLOUT, 5);
            assertThat(epoll.waitNanos(events, Long.MAX_VALUE)).isEqualTo(1);
            assertThat(seen.all(Call.epoll_wait).getLast().arguments().get(3)).isEqualTo(Integer.MAX_VALUE);
        }
    }

    @Test
    void aDescriptorAddedReadyWakesAWaiter() throws Exception {
        try (Background<Integer> waiter = Background.start(() -> epoll.wait(events, -1))) {
            waiter.awaitBlockedOn(epoll);
            epoll.add(pair.first(), EPOLLOUT, 5);
            assertThat(waiter.result()).isEqualTo(1);
        }
    }

    @Test
    void aWaiterKeepsTheNumberOfAClosedInstance() throws Exception {
        epoll.add(pair.first(), EPOLLIN, 5);
        final int number = epoll.intValue();
        try (Seen seen = Seen.calls(); Background<Integer> waiter = Background.start(() -> epoll.wait(events, 600))) {
            waiter.awaitBlockedOn(epoll);
            epoll.close();
            assertThat(epoll.isOpen()).isFalse();
            assertThat(seen.on(number)).doesNotContain(Call.close);
            assertThat(waiter.failure()).isInstanceOf(AsynchronousCloseException.class);
            assertThat(seen.on(number)).endsWith(Call.close).containsOnlyOnce(Call.close);
        }
    }

    @Test
    void howDevicesArePolledIsSetAndRead() throws IOException {
        try {
            assertThat(epoll.busyPoll()).isEqualTo(new EpollFd.BusyPoll(0, 0, false));
        } catch (final ErrnoException e) {
            assumeTrue(e.errno() != ENOTTY && e.errno() != EOPNOTSUPP, 
                    "Linux 6.9 with busy polling: " + e.getMessage());
            throw e;
        }
        for (final EpollFd.BusyPoll how : List.of(new EpollFd.BusyPoll(50, 16, true),
                new EpollFd.BusyPoll(Integer.MAX_VALUE, 64, false), new EpollFd.BusyPoll(1, 1, true),
                new EpollFd.BusyPoll(0, 0, false))) {
            epoll.busyPoll(how);
            assertThat(epoll.busyPoll()).isEqualTo(how);
        }
        // With all of it set the instance is one like any other.
        epoll.busyPoll(new EpollFd.BusyPoll(100, 8, true));
        epoll.add(pair.first(), EPOLLOUT, 5);
        assertThat(epoll.waitNanos(events, -1)).isEqualTo(1);
    }

    @Test
    void howDevicesArePolledIsCheckedBeforeTheCall() {
        assertThatThrownBy(() -> new EpollFd.BusyPoll(-1, 0, false)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("to poll for -1 µs, 0 packets at a time");
        assertThatThrownBy(() -> new EpollFd.BusyPoll(0, 65536, false)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new EpollFd.BusyPoll(0, -1, false)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void aKernelThatDoesNotPollDevicesSaysSo() {
        try (Seen seen = Seen.failing(Call.ioctl, 2, ENOTTY)) {
            assertThatThrownBy(epoll::busyPoll).isInstanceOf(ErrnoException.class).hasMessage(
                    "ioctl(%d, EPIOCGPARAMS) = -1 ENOTTY (Inappropriate ioctl for device)", epoll.intValue());
            assertThatThrownBy(() -> epoll.busyPoll(new EpollFd.BusyPoll(50, 0xff01, true)))
                    .hasMessageContaining("EPIOCSPARAMS");
            final MemorySegment params = (MemorySegment) seen.all(Call.ioctl).getLast().arguments().get(2);
            assertThat(params.asSlice(0, 8).toArray(ValueLayout.JAVA_BYTE))
                    .as("usecs, budget, prefer, pad").containsExactly(50, 0, 0, 0, 1, -1, 1, 0);
        }
    }

    @Test
    void copiesAndAdoptedNumbersShareTheSet() throws IOException {
        epoll.add(pair.first(), EPOLLOUT, 5);
        try (EpollFd copy = epoll.dup(); EpollFd adopted = EpollFd.adopt(epoll.dup().release())) {
            assertThat(copy.wait(events, 0)).isEqualTo(1);
            assertThat(adopted.wait(events, 0)).isEqualTo(1);
        }
    }

    @Test
    void adoptRefusesEverythingElse() throws IOException {
        final int socket = pair.first().intValue();
        assertThatThrownBy(() -> EpollFd.adopt(socket)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageMatching("fd " + socket + " is socket:\\[\\d+], not an epoll instance");
        assertThat(pair.first().isOpen()).isTrue();
        assertThatThrownBy(() -> EpollFd.adopt(-1)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("-1");
        final int closed = epoll.intValue();
        epoll.close();
        assertThatThrownBy(() -> EpollFd.adopt(closed)).isInstanceOf(ErrnoException.class)
                .hasMessageContaining("EBADF");
    }
}
