package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.Background;
import io.github.fdsock.ErrnoException;
import io.github.fdsock.EventFd;
import io.github.fdsock.Fd;
import io.github.fdsock.Seen;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.sys.Call;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// An event reaches the handler it is for, or nobody; and a loop can be stopped by anybody at any time.
@Timeout(60)
class EventLoopTest {
    private int epollNumber;
    private EventLoop loop;
    private EventFd silent;

    @BeforeEach
    void open() throws IOException {
        silent = EventFd.create(0, EFD_NONBLOCK);
        final AtomicInteger number = new AtomicInteger();
        try (Seen _ = Seen.calls(made -> {
            if (made.call() != Call.epoll_create1) {
                return null;
            }
            final long fd = made.really();
            number.set((int) fd);
            return fd;
        })) {
            loop = EventLoop.open();
        }
        epollNumber = number.get();
    }

    @AfterEach
    void close() throws IOException {
        loop.close();
        silent.close();
    }

    private static EventFd signalled() throws IOException {
        return EventFd.create(1, EFD_NONBLOCK);
    }

    @Test
    void whatKeepsItRunningCanBeAskedFor() throws IOException {
        final Registration registration = loop.register(silent, EPOLLIN, (_, _) -> { });
        final Listener listener = loop.listen(SockAddr.inet("127.0.0.1", 0), _ -> { });
        final Timer timer = loop.schedule(TimeUnit.HOURS.toNanos(1), () -> { });
        final SignalWatch signal = loop.onSignal("WINCH", () -> { });
        final Closeable idle = loop.onIdle(() -> { });
        final Connector connector = loop.connect(List.of(listener.localAddress()), Duration.ofHours(1), (_, _) -> { });
        loop.timer(() -> { });
        loop.onPrepare(() -> { });
        assertThat(loop.active()).containsExactlyInAnyOrder(registration, listener, timer, signal, idle, connector);
        assertThat(loop.active()).map(Object::toString).anyMatch(each -> each.contains("registration of eventfd"))
                .anyMatch(each -> each.contains("listener on")).anyMatch(each -> each.contains("timer due in"))
                .contains("watch of SIGWINCH", "connect([" + listener.localAddress() + "])");
        registration.unref();
        listener.unref();
        timer.unref();
        signal.unref();
        assertThat(loop.active()).containsExactlyInAnyOrder(idle, connector);
        assertThat(List.of(registration.isReferenced(), listener.isReferenced(), timer.isReferenced(),
                signal.isReferenced())).containsOnly(false);
        listener.ref();
        assertThat(listener.isReferenced()).isTrue();
        listener.close();
        assertThat(listener.isReferenced()).isFalse();
        connector.cancel();
        idle.close();
        loop.run();
        assertThat(loop.active()).isEmpty();
    }

    /// Stops the loop by an event that is there already: in the same turn as the others that are, or in the next.
    private void stopByEvent() throws IOException {
        loop.register(signalled(), EPOLLIN, (registration, _) -> {
            registration.close();
            loop.stop();
        });
    }

    /// With something to wait for, that never comes.
    private Background<Void> running() throws IOException {
        loop.register(silent, EPOLLIN, (_, _) -> { });
        return Background.start(() -> {
            loop.run();
            return null;
        });
    }

    // ---- the right handler, or none

    @Test
    void anEventOfARegistrationClosedInTheSameTurnReachesNobody() throws IOException {
        final EventFd one = signalled();
        final EventFd other = signalled();
        final int otherNumber = other.intValue();
        final int oneNumber = one.intValue();
        final List<Registration> both = new ArrayList<>();
        final List<Registration> told = new ArrayList<>();
        final List<Registration> successors = new ArrayList<>();
        final List<Registration> successorsTold = new ArrayList<>();
        final Registration.Handler first = (registration, _) -> {
            told.add(registration);
            registration.deregister();
            // Which of the two comes first is the kernel's choice.
            final Registration victim = both.get(registration == both.get(0) ? 1 : 0);
            victim.close();
            // The lowest free number, which is the victim's; and the slot on top, which is the victim's too.
            final Registration successor = loop.register(EventFd.create(0, EFD_NONBLOCK), EPOLLIN,
                    (itself, _) -> successorsTold.add(itself));
            assertThat(successor.fd().intValue()).isEqualTo(victim.fd() == one ? oneNumber : otherNumber);
            assertThat(successor.index).isEqualTo(victim.index);
            successors.add(successor);
            stopByEvent();
        };
        both.add(loop.register(one, EPOLLIN, first));
        both.add(loop.register(other, EPOLLIN, first));

        loop.run();

        assertThat(told).hasSize(1);
        assertThat(successorsTold).as("events for the descriptor with the victim's number and slot").isEmpty();
        assertThat(loop.metrics().staleEvents()).isEqualTo(1);
        for (final Registration registration : both) {
            registration.fd().close();
        }
        successors.getFirst().close();
    }

    @Test
    void aDescriptorCopiedBeforeItsCloseBringsNoEventAfterwards() throws IOException {
        try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0); SocketFd copy = pair.first().dup()) {
            final AtomicInteger told = new AtomicInteger();
            final Registration registration = loop.register(pair.first(), EPOLLIN, (_, _) -> told.incrementAndGet());
            pair.second().write(new byte[] {1}, 0, 1);
            registration.close();
            stopByEvent();
            loop.run();
            assertThat(copy.await(POLLIN, 0)).as("it would be ready").isEqualTo(POLLIN);
            assertThat(told).hasValue(0);
            assertThat(loop.metrics().staleEvents()).isZero();
        }
    }

    /// What [Registration#close] spares those who use it.
    @Test
    void eventsOfADescriptorClosedTooEarlyAreDropped() throws IOException {
        try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0); SocketFd _ = pair.first().dup()) {
            final AtomicInteger told = new AtomicInteger();
            final Registration registration = loop.register(pair.first(), EPOLLIN, (_, _) -> told.incrementAndGet());
            pair.second().write(new byte[] {1}, 0, 1);
            pair.first().close();
            assertThatThrownBy(registration::close).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed by thread");
            assertThat(registration.isRegistered()).isFalse();
            stopByEvent();
            loop.run();
            assertThat(told).hasValue(0);
            assertThat(loop.metrics().staleEvents()).isPositive();
        }
    }

    @Test
    void aChangeOfInterestCountsInTheCurrentTurn() throws IOException {
        try (EventFd one = signalled(); EventFd other = signalled()) {
            final List<Registration> both = new ArrayList<>();
            final List<Registration> told = new ArrayList<>();
            final Registration.Handler first = (registration, _) -> {
                told.add(registration);
                for (final Registration each : both) {
                    each.interest(0);
                }
                stopByEvent();
            };
            both.add(loop.register(one, EPOLLIN, first));
            both.add(loop.register(other, EPOLLIN, first));
            loop.run();
            assertThat(told).hasSize(1);
            assertThat(loop.metrics().staleEvents()).isZero();
        }
    }

    @Test
    void moreThanATurnHoldsAreAllHandled() throws IOException {
        final int many = 600;
        final int[] times = new int[many];
        final AtomicInteger all = new AtomicInteger();
        for (int i = 0; i < many; i++) {
            final int index = i;
            loop.register(signalled(), EPOLLIN, (registration, _) -> {
                times[index]++;
                registration.close();
                if (all.incrementAndGet() == many) {
                    loop.stop();
                }
            });
        }
        loop.run();
        assertThat(times).containsOnly(1);
        assertThat(loop.metrics().staleEvents()).isZero();
    }

    @Test
    void whatIsLeftUndoneIsReportedAgain() throws IOException {
        final AtomicInteger told = new AtomicInteger();
        try (EventFd fd = EventFd.create(3, EFD_NONBLOCK | EFD_SEMAPHORE)) {
            loop.register(fd, EPOLLIN, (_, events) -> {
                assertThat(events).isEqualTo(EPOLLIN);
                fd.take();
                if (told.incrementAndGet() == 3) {
                    stopByEvent();
                }
            });
            loop.run();
        }
        assertThat(told).hasValue(3);
    }

    // ---- slots

    /// As `poll(2)` has it: epoll refuses it by `EPERM`.
    @Test
    void aFileIsAlwaysReady() throws IOException {
        final List<Integer> told = new ArrayList<>();
        try (Fd file = Fd.openFile(Path.of("/proc/self/exe"), O_RDONLY, 0)) {
            final Registration registration = loop.register(file, EPOLLIN, (itself, events) -> {
                told.add(events);
                itself.interest(told.size() == 1 ? EPOLLIN | EPOLLOUT | EPOLLONESHOT : 0);
            });
            assertThat(loop.timeoutNanos()).isZero();
            while (told.size() < 2) {
                loop.runOnce();
            }
            assertThat(loop.timeoutNanos()).isEqualTo(-1);
            assertThat(loop.runNoWait()).isTrue();
            assertThat(told).containsExactly(EPOLLIN, EPOLLIN | EPOLLOUT);
            registration.deregister();
            assertThat(loop.hasWork()).isFalse();
        }
    }

    @Test
    void whatTheKernelRefusesLeavesItsSlotFree() throws IOException {
        try (EventFd one = signalled(); EventFd other = signalled()) {
            try (Seen _ = Seen.failing(Call.epoll_ctl, 1, ENOSPC)) {
                assertThatThrownBy(() -> loop.register(one, EPOLLIN, (_, _) -> { }))
                        .isInstanceOfSatisfying(ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(ENOSPC));
            }
            assertThat(loop.hasWork()).isFalse();
            assertThat(loop.register(other, EPOLLIN, (_, _) -> { }).index).isZero();
        }
    }

    @Test
    void registeringTwiceIsRefusedAndTheFirstStays() throws IOException {
        final AtomicInteger told = new AtomicInteger();
        try (EventFd fd = signalled()) {
            final Registration first = loop.register(fd, EPOLLIN, (_, _) -> {
                told.incrementAndGet();
                loop.stop();
            });
            assertThatThrownBy(() -> loop.register(fd, EPOLLIN, (_, _) -> told.addAndGet(100)))
                    .isInstanceOfSatisfying(ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(EEXIST));
            assertThat(first.isRegistered()).isTrue();
            loop.run();
        }
        assertThat(told).hasValue(1);
    }

    @Test
    void aFileToBeRegisteredTwiceIsRefusedAsWell() throws IOException {
        final AtomicInteger told = new AtomicInteger();
        try (Fd file = Fd.openFile(Path.of("/proc/self/exe"), O_RDONLY, 0);
                Fd other = Fd.openFile(Path.of("/proc/self/exe"), O_RDONLY, 0)) {
            final Registration first = loop.register(file, EPOLLIN, (_, _) -> told.incrementAndGet());
            assertThatThrownBy(() -> loop.register(file, EPOLLOUT, (_, _) -> told.addAndGet(100)))
                    .isInstanceOfSatisfying(ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(EEXIST));
            loop.register(other, EPOLLIN, (_, _) -> told.addAndGet(10));
            loop.runNoWait();
            assertThat(told).hasValue(11);
            first.deregister();
            loop.register(file, EPOLLIN, (_, _) -> told.addAndGet(1000));
            loop.runNoWait();
            assertThat(told).hasValue(1021);
        }
    }

    @Test
    void whatIsRefusedBeforeTheCallTakesNoSlotEither() throws IOException {
        final EventFd closed = signalled();
        closed.close();
        try (EventFd fd = signalled(); Seen seen = Seen.calls()) {
            // A slot that was used lies free: also of those none may get lost.
            loop.register(fd, EPOLLIN, (_, _) -> { }).deregister();
            assertThatThrownBy(() -> loop.register(closed, EPOLLIN, (_, _) -> { }))
                    .isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> loop.register(fd, EPOLLIN, null)).isInstanceOf(NullPointerException.class);
            assertThatThrownBy(() -> loop.register(null, EPOLLIN, (_, _) -> { }))
                    .isInstanceOf(NullPointerException.class);
            assertThat(seen.all(Call.epoll_ctl)).as("ADD and DEL").hasSize(2);
            assertThat(loop.register(fd, EPOLLIN, (_, _) -> { }).index).isZero();
        }
    }

    @Test
    void slotsAreUsedAgain() throws IOException {
        try (EventFd one = signalled(); EventFd other = signalled()) {
            for (int i = 0; i < 10_000; i++) {
                final Registration first = loop.register(one, EPOLLIN, (_, _) -> { });
                final Registration second = loop.register(other, EPOLLIN, (_, _) -> { });
                assertThat(first.index + second.index).isEqualTo(1);
                first.deregister();
                second.deregister();
            }
        }
    }

    /// `-3` and on: past the generation whose bits are those of the loop's own wakeup.
    @ParameterizedTest
    @ValueSource(ints = {Integer.MAX_VALUE - 2, -3})
    void generationsMayWrapAround(final int before) throws IOException {
        loop.slots.generation = before;
        final List<Integer> told = new ArrayList<>();
        final List<Integer> expected = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            final int index = i;
            loop.register(signalled(), EPOLLIN, (registration, _) -> {
                told.add(index);
                registration.close();
                if (told.size() == 6) {
                    loop.stop();
                }
            });
            expected.add(i);
        }
        loop.run();
        assertThat(told).containsExactlyInAnyOrderElementsOf(expected);
        assertThat(loop.metrics().staleEvents()).isZero();
    }

    // ---- ends

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatAHandlerThrowsEndsTheRunAndTheNextGoesOnBehindIt(final boolean checked) throws IOException {
        final IOException failure = new IOException("thrown by a handler");
        final RuntimeException uncheckedFailure = new IllegalArgumentException("thrown by a handler");
        final List<Registration> told = new ArrayList<>();
        final Registration.Handler handler = (registration, _) -> {
            told.add(registration);
            registration.close();
            if (told.size() == 1) {
                if (checked) {
                    throw failure;
                }
                throw uncheckedFailure;
            }
            if (told.size() == 3) {
                loop.stop();
            }
        };
        for (int i = 0; i < 3; i++) {
            // An edge that was fetched with the others and dropped would not come again.
            loop.register(signalled(), EPOLLIN | EPOLLET, handler);
        }
        assertThatThrownBy(loop::run).isSameAs(checked ? failure : uncheckedFailure);
        assertThat(told).hasSize(1);
        loop.run();
        assertThat(told).hasSize(3).doesNotHaveDuplicates();
    }

    @Test
    void whatAHandlerThrewLetsTheLoopBeClosed() throws IOException {
        try (EventFd fd = signalled()) {
            loop.register(fd, EPOLLIN, (_, _) -> {
                throw new IOException("thrown by a handler");
            });
            assertThatThrownBy(loop::run).hasMessage("thrown by a handler");
            loop.close();
            assertThat(fd.isOpen()).isTrue();
        }
    }

    @Test
    void anotherThreadStopsALoopThatIsBlocked() throws Exception {
        try (Background<Void> run = running()) {
            run.awaitBlockedOn(epollNumber);
            loop.stop();
            run.result();
        }
    }

    @Test
    void aStopBeforehandHoldsForTheNextRunAndForThatOne() throws IOException {
        final AtomicInteger told = new AtomicInteger();
        try (EventFd fd = signalled(); Seen seen = Seen.calls()) {
            loop.register(fd, EPOLLIN, (registration, _) -> {
                told.incrementAndGet();
                registration.deregister();
            });
            loop.stop();
            loop.run();
            assertThat(seen.all(Call.epoll_wait)).isEmpty();
            assertThat(told).hasValue(0);
            loop.run();
        }
        assertThat(told).hasValue(1);
    }

    @Test
    void aStopInsideOfAHandlerIsTheLastOfTheTurn() throws IOException {
        final AtomicInteger told = new AtomicInteger();
        try (EventFd one = signalled(); EventFd other = signalled()) {
            final Registration.Handler handler = (_, _) -> {
                told.incrementAndGet();
                loop.stop();
            };
            loop.register(one, EPOLLIN, handler);
            loop.register(other, EPOLLIN, handler);
            loop.run();
        }
        assertThat(told).hasValue(1);
    }

    @Test
    void manyThreadsStopItManyTimes() throws Exception {
        try (Background<Void> run = running()) {
            run.awaitBlockedOn(epollNumber);
            final CountDownLatch go = new CountDownLatch(1);
            final List<Background<Void>> stoppers = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                stoppers.add(Background.start(() -> {
                    go.await();
                    for (int times = 0; times < 1000; times++) {
                        loop.stop();
                    }
                    return null;
                }));
            }
            go.countDown();
            for (final Background<Void> stopper : stoppers) {
                stopper.result();
            }
            run.result();
        }
    }

    /// The event of a counter that is full already was told long ago: it has to be emptied, for another one to come.
    @Test
    void aFullCounterDoesNotHoldUpAStop() throws Exception {
        try (Background<Void> run = running()) {
            run.awaitBlockedOn(epollNumber);
            try (Seen seen = Seen.failing(Call.write, 1, EAGAIN)) {
                loop.stop();
                assertThat(seen.all(Call.write)).hasSize(2);
            }
            run.result();
        }
    }

    @Test
    void aStopUnderWayKeepsTheNumberAndALaterOneMakesNoCall() throws Exception {
        final CountDownLatch writing = new CountDownLatch(1);
        final CountDownLatch mayWrite = new CountDownLatch(1);
        try (Seen seen = Seen.calls(made -> {
            if (made.call() == Call.write) {
                writing.countDown();
                awaitQuietly(mayWrite);
            }
            return null;
        }); Background<Void> stopper = Background.start(() -> {
            loop.stop();
            return null;
        })) {
            writing.await();
            final int wakeup = seen.all(Call.write).getFirst().fd();
            final Thread closer = Thread.ofPlatform().daemon().start(() -> {
                try {
                    loop.close();
                } catch (final IOException e) {
                    throw new AssertionError(e);
                }
            });
            while (closer.getState() != Thread.State.BLOCKED && closer.getState() != Thread.State.WAITING
                    && closer.isAlive()) {
                LockSupport.parkNanos(100_000);
            }
            assertThat(seen.on(wakeup)).containsExactly(Call.write);
            mayWrite.countDown();
            stopper.result();
            closer.join();
            loop.stop();
            assertThat(seen.on(wakeup)).containsExactly(Call.write, Call.close);
        }
    }

    private static void awaitQuietly(final CountDownLatch latch) {
        try {
            latch.await(20, TimeUnit.SECONDS);
        } catch (final InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /// As soon as the loop is closed its numbers belong to counters that nobody has ever added to.
    @Test
    void aStopNeverWritesToAForeignDescriptor() throws Exception {
        for (int round = 0; round < 300; round++) {
            final EventLoop shortLived = EventLoop.open();
            final AtomicBoolean over = new AtomicBoolean();
            final AtomicLong stops = new AtomicLong();
            final List<Background<Void>> stoppers = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                stoppers.add(Background.start(() -> {
                    while (!over.get()) {
                        shortLived.stop();
                        stops.incrementAndGet();
                    }
                    return null;
                }));
            }
            while (stops.get() == 0) {
                Thread.onSpinWait();
            }
            shortLived.close();
            try (EventFd one = EventFd.create(0, EFD_NONBLOCK); EventFd other = EventFd.create(0, EFD_NONBLOCK)) {
                final long seen = stops.get();
                while (stops.get() < seen + 10) {
                    Thread.onSpinWait();
                }
                assertThat(one.take()).isEqualTo(-EAGAIN);
                assertThat(other.take()).isEqualTo(-EAGAIN);
            } finally {
                over.set(true);
            }
            for (final Background<Void> stopper : stoppers) {
                stopper.result();
            }
        }
    }

    @Test
    void aClosedLoopIsOfNoUse() throws IOException {
        try (EventFd fd = signalled()) {
            loop.close();
            loop.close();
            assertThatThrownBy(loop::run).isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
            assertThatThrownBy(() -> loop.register(fd, EPOLLIN, (_, _) -> { }))
                    .isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"epoll_create1", "eventfd", "epoll_ctl"})
    void aLoopThatCannotBeMadeLeavesNothingOpen(final String call) {
        try (Seen seen = Seen.failing(Call.valueOf(call), 1, EMFILE)) {
            assertThatThrownBy(EventLoop::open).isInstanceOf(ErrnoException.class).hasMessageContaining("EMFILE");
            assertThat(seen.all(Call.close)).hasSize(
                    seen.all(Call.epoll_create1).size() + seen.all(Call.eventfd).size() + seen.all(Call.epoll_ctl).size() - 1);
        }
    }
}
