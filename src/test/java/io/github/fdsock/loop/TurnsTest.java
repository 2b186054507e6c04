package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.Background;
import io.github.fdsock.EpollFd;
import io.github.fdsock.ErrnoException;
import io.github.fdsock.EventFd;
import io.github.fdsock.Fd;
import io.github.fdsock.PidFd;
import io.github.fdsock.PipeFd;
import io.github.fdsock.Seen;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.harness.junit.FdLedger;
import io.github.fdsock.process.Spawn;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.struct.EpollEvents;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A turn has its phases in order and each its share; a loop runs for as long as something counts, and ends with all
/// that was handed to it done.
@FdLedger
@Timeout(60)
class TurnsTest {
    private static final Registration.Handler NOBODY = (_, _) -> { };
    private static final List<String> PHASES =
            List.of("idle", "prepare", "event", "file", "check", "timer", "task", "close");
    private static final Path EXECUTABLE = Path.of("/proc/self/exe");

    private EventLoop loop;
    private EventFd silent;

    @BeforeEach
    void open() throws IOException {
        loop = EventLoop.open();
        silent = EventFd.create(0, EFD_NONBLOCK);
    }

    @AfterEach
    void close() throws IOException {
        loop.close();
        silent.close();
    }

    // ---- phases

    @Test
    void thePhasesOfATurnAreInTheirOrder() throws IOException {
        final List<String> phases = new ArrayList<>();
        try (Seen _ = Seen.calls(made -> {
            if (made.call() == Call.epoll_wait) {
                phases.add("wait");
            }
            return null;
        }); EventFd ready = EventFd.create(1, 0); Fd file = Fd.openFile(EXECUTABLE, O_RDONLY, 0);
                SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0)) {
            final Stream stream = loop.adopt(pair.first()).onClose(_ -> phases.add("close"));
            // Made in the opposite order, as far as possible.
            loop.execute(() -> phases.add("task"));
            loop.schedule(0, () -> phases.add("timer"));
            loop.register(file, EPOLLIN, (itself, _) -> {
                phases.add("file");
                itself.deregister();
            });
            loop.register(ready, EPOLLIN, (itself, _) -> {
                phases.add("event");
                itself.deregister();
                stream.destroy();
            });
            final Closeable[] idle = new Closeable[1];
            idle[0] = loop.onIdle(() -> {
                phases.add("idle");
                idle[0].close();
            });
            loop.runOnce();
        }
        assertThat(phases).containsExactly("idle", "wait", "event", "file", "timer", "task", "close");
    }

    @Test
    void whatComesInAPhaseWaitsForTheNextTurn() throws IOException {
        final List<String> order = new ArrayList<>();
        loop.schedule(0, () -> {
            order.add("timer");
            loop.schedule(0, () -> order.add("second timer"));
            loop.schedule(-5, () -> order.add("third timer"));
        });
        loop.execute(() -> {
            order.add("task");
            loop.execute(() -> order.add("second task"));
        });
        loop.ending(() -> {
            order.add("close");
            loop.ending(() -> order.add("second close"));
        });
        loop.runOnce();
        assertThat(order).containsExactly("timer", "task", "close");
        loop.run();
        assertThat(order.subList(3, 7)).containsExactly("second timer", "third timer", "second task", "second close");
    }

    @Test
    void idleWorkIsDoneOnceATurnUntilItIsEnded() throws IOException {
        final List<String> done = new ArrayList<>();
        final Action work = () -> done.add("a");
        final Closeable first = loop.onIdle(work);
        final Closeable second = loop.onIdle(work);
        assertThat(loop.timeoutNanos()).isZero();
        assertThat(loop.runOnce()).isTrue();
        assertThat(done).hasSize(2);
        first.close();
        first.close();
        loop.runOnce();
        assertThat(done).hasSize(3);
        second.close();
        assertThat(loop.runOnce()).isFalse();
        assertThat(done).hasSize(3);
        assertThatThrownBy(() -> loop.onIdle(null)).isInstanceOf(NullPointerException.class);
    }

    @Test
    void idleWorkEndedByOtherIdleWorkIsNotDoneAnyMore() throws IOException {
        final List<Closeable> both = new ArrayList<>();
        final AtomicInteger done = new AtomicInteger();
        both.add(loop.onIdle(() -> {
            done.incrementAndGet();
            both.get(1).close();
        }));
        both.add(loop.onIdle(() -> done.addAndGet(100)));
        loop.runOnce();
        assertThat(done).hasValue(1);
        both.get(0).close();
    }

    @Test
    void beforeAndBehindTheWaitThereIsWorkToBeDone() throws IOException {
        final List<String> phases = new ArrayList<>();
        final Closeable prepare = loop.onPrepare(() -> {
            phases.add("prepare");
            // Is waited for by the wait behind it.
            loop.schedule(1_000_000, () -> phases.add("timer"));
        });
        final Closeable check = loop.onCheck(() -> phases.add("check"));
        assertThat(loop.hasWork()).as("kept running by that").isFalse();
        assertThat(loop.runOnce()).isFalse();
        assertThat(phases).isEmpty();
        final Closeable idle = loop.onIdle(() -> phases.add("idle"));
        try (EventFd ready = EventFd.create(1, 0)) {
            final Registration registration = loop.register(ready, EPOLLIN, (_, _) -> phases.add("event"));
            loop.runOnce();
            assertThat(phases).containsExactly("idle", "prepare", "event", "check");
            registration.deregister();
        }
        idle.close();
        phases.clear();
        loop.runOnce();
        prepare.close();
        check.close();
        loop.run();
        assertThat(phases).startsWith("prepare", "check", "timer").doesNotContain("idle", "event");
        assertThatThrownBy(() -> loop.onPrepare(null)).isInstanceOf(NullPointerException.class);
        assertThatThrownBy(() -> loop.onCheck(null)).isInstanceOf(NullPointerException.class);
    }

    /// The loop would wait for nothing, for ever.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void workThatEndsTheLastThingToWaitForEndsTheRun(final boolean idle) throws IOException {
        final Timer timer = loop.schedule(TimeUnit.HOURS.toNanos(1), () -> { });
        final Closeable[] work = new Closeable[1];
        final Action end = () -> {
            timer.cancel();
            work[0].close();
        };
        work[0] = idle ? loop.onIdle(end) : loop.onPrepare(end);
        loop.run();
        assertThat(loop.metrics().turns()).isEqualTo(1);
    }

    // ---- shares

    @Test
    void aBusyDescriptorDoesNotStarveTheOthers() throws IOException {
        final int many = 1000;
        final int[] told = new int[many];
        final List<EventFd> fds = new ArrayList<>();
        for (int i = 0; i < many; i++) {
            final int index = i;
            final EventFd fd = EventFd.create(1, 0);
            fds.add(fd);
            loop.register(fd, EPOLLIN, (_, _) -> told[index]++);
        }
        // Four turns are just enough for all, 256 at a time.
        for (int turn = 0; turn < 40; turn++) {
            loop.runNoWait();
        }
        assertThat(Arrays.stream(told)).allSatisfy(times -> assertThat(times).isBetween(9, 11));
        for (final EventFd fd : fds) {
            fd.close();
        }
    }

    @Test
    void aFloodOfTasksLeavesRoomForDescriptorsAndTimers() throws IOException {
        final List<String> order = new ArrayList<>();
        final AtomicInteger tasks = new AtomicInteger();
        try (EventFd ready = EventFd.create(1, 0)) {
            for (int i = 0; i < 5000; i++) {
                loop.execute(tasks::incrementAndGet);
            }
            assertThat(loop.metrics().tasksWaiting()).isEqualTo(5000);
            loop.register(ready, EPOLLIN, (_, _) -> order.add("event after " + tasks));
            loop.schedule(0, () -> order.add("timer after " + tasks));
            loop.runOnce();
            assertThat(loop.metrics().tasksWaiting()).isEqualTo(5000 - 1024);
            assertThat(loop.timeoutNanos()).isZero();
            loop.runOnce();
            assertThat(order).containsExactly("event after 0", "timer after 0", "event after 1024");
            while (loop.metrics().tasksWaiting() > 0) {
                loop.runOnce();
            }
            assertThat(tasks).hasValue(5000);
            assertThat(order).hasSize(6);
        }
    }

    @Test
    void aFloodOfTimersLeavesRoomForDescriptorsAndTasks() throws IOException {
        final List<Integer> order = new ArrayList<>();
        final AtomicInteger timers = new AtomicInteger();
        try (EventFd ready = EventFd.create(1, 0)) {
            for (int i = 0; i < 3000; i++) {
                loop.schedule(0, timers::incrementAndGet);
            }
            loop.register(ready, EPOLLIN, (_, _) -> order.add(timers.get()));
            while (timers.get() < 3000) {
                loop.runOnce();
            }
        }
        assertThat(order).containsExactly(0, 1024, 2048);
        assertThat(loop.metrics().timersArmed()).isZero();
    }

    @Test
    void aTaskThatFailsLeavesTheOthersToTheNextRun() throws IOException {
        final List<String> done = new ArrayList<>();
        loop.execute(() -> {
            throw new IllegalArgumentException("thrown by a task");
        });
        loop.execute(() -> done.add("second"));
        assertThatThrownBy(loop::run).hasMessage("thrown by a task");
        assertThat(done).isEmpty();
        assertThat(loop.hasWork()).isTrue();
        loop.run();
        assertThat(done).containsExactly("second");
    }

    /// Those of its own phase among them, whether it is the first there or the last.
    @ParameterizedTest
    @FieldSource("PHASES")
    void whatFailsInEachTurnLeavesTheOthersTheirs(final String failing) throws IOException {
        final Set<String> done = new TreeSet<>();
        final AtomicBoolean fails = new AtomicBoolean(true);
        final Runnable failure = () -> {
            if (fails.get()) {
                throw new IllegalArgumentException("thrown in each turn");
            }
        };
        final List<Fd> fds = new ArrayList<>();
        try {
            inEachTurn(failing, fds, fails, failure);
            for (final String phase : PHASES) {
                inEachTurn(phase, fds, fails, () -> done.add(phase));
            }
            inEachTurn(failing, fds, fails, failure);
            for (int i = 0; i < 5; i++) {
                assertThatThrownBy(loop::run).hasMessage("thrown in each turn");
            }
            assertThat(done).containsExactlyInAnyOrderElementsOf(PHASES);
        } finally {
            // Or else the loop could not be closed.
            fails.set(false);
            for (final Fd fd : fds) {
                fd.close();
            }
        }
    }

    private void inEachTurn(final String phase, final List<Fd> fds, final AtomicBoolean again, final Runnable work)
            throws IOException {
        switch (phase) {
            case "idle" -> loop.onIdle(work::run);
            case "prepare" -> loop.onPrepare(work::run);
            case "event", "file" -> {
                fds.add(phase.equals("event") ? EventFd.create(1, 0) : Fd.openFile(EXECUTABLE, O_RDONLY, 0));
                loop.register(fds.getLast(), EPOLLIN, (_, _) -> work.run());
            }
            case "check" -> loop.onCheck(work::run);
            case "timer" -> loop.timer(work::run).start(0, 1);
            case "task" -> loop.execute(new Runnable() {
                @Override
                public void run() {
                    if (again.get()) {
                        loop.execute(this);
                    }
                    work.run();
                }
            });
            default -> loop.ending(new Action() {
                @Override
                public void run() {
                    if (again.get()) {
                        loop.ending(this);
                    }
                    work.run();
                }
            });
        }
    }

    // ---- running

    @Test
    void m01_withNothingToWaitForNoTurnWaits() throws IOException {
        for (int i = 0; i < 2000; i++) {
            // More than there are numbers, if they were not given back.
            EventLoop.open().close();
        }
        try (Seen seen = Seen.calls()) {
            loop.run();
            assertThat(loop.runOnce()).isFalse();
            assertThat(loop.runNoWait()).isFalse();
            assertThat(seen.all()).isEmpty();
        }
    }

    @Test
    void m02_aDescriptorTakenOutIsSilentAndMayComeBackWithAnotherHandler() throws IOException {
        final List<String> told = new ArrayList<>();
        try (EventFd fd = EventFd.create(1, 0)) {
            final Registration first = loop.register(fd, EPOLLIN, (_, _) -> told.add("first"));
            first.deregister();
            loop.runNoWait();
            final Registration second = loop.register(fd, EPOLLIN, (_, _) -> told.add("second"));
            assertThatThrownBy(() -> loop.register(fd, EPOLLIN, NOBODY)).isInstanceOf(ErrnoException.class)
                    .hasMessageContaining("EEXIST");
            // What belongs to the past changes nothing.
            first.deregister();
            assertThatThrownBy(() -> first.interest(EPOLLIN)).isInstanceOf(IllegalStateException.class);
            loop.runNoWait();
            second.interest(EPOLLOUT);
            loop.runNoWait();
            assertThat(told).containsExactly("second", "second");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void m03_manyWakeupsAreOneEventAndNoneIsLost(final boolean ofThisThread) throws Exception {
        for (int round = 0; round < 50; round++) {
            final long before = loop.metrics().events();
            final Runnable burst = () -> {
                for (int i = 0; i < 100; i++) {
                    loop.wakeup();
                }
            };
            if (ofThisThread) {
                burst.run();
            } else {
                final Thread thread = new Thread(burst);
                thread.start();
                thread.join();
            }
            assertThat(loop.metrics().tasksWaiting()).isEqualTo(1);
            loop.runOnce();
            assertThat(loop.metrics().events()).isEqualTo(before + 1);
        }
    }

    /// Where libuv refuses to close a loop with open handles, ours ends them.
    @Test
    void u44_aliveIsWhatHasSomethingToWaitForAndCloseEndsIt() throws IOException {
        assertThat(loop.hasWork()).isFalse();
        final Timer timer = loop.schedule(1_000_000_000_000L, () -> { });
        assertThat(loop.hasWork()).isTrue();
        timer.cancel();
        assertThat(loop.hasWork()).isFalse();

        final AtomicInteger turns = new AtomicInteger();
        final Closeable idle = loop.onIdle(turns::incrementAndGet);
        loop.stop();
        loop.run();
        assertThat(turns).as("stopped before it ran").hasValue(0);
        loop.onIdle(() -> {
            if (turns.get() == 10) {
                loop.stop();
            }
        });
        loop.run();
        assertThat(turns).hasValue(10);
        idle.close();

        final AtomicInteger closes = new AtomicInteger();
        try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0)) {
            loop.adopt(pair.first()).onClose(_ -> closes.incrementAndGet());
            loop.close();
            assertThat(pair.first().isOpen()).isFalse();
        }
        assertThat(closes).hasValue(1);
    }

    /// libuv answers 0 for a loop with nothing to do; ours says whether it runs by `hasWork`, and -1 here, so that
    /// whoever polls its descriptor waits for a task of another thread without turning.
    @Test
    void u45_theTimeToTheNextTimer() {
        assertThat(loop.timeoutNanos()).isEqualTo(-1);
        final Timer later = loop.schedule(2_000_000_000L, () -> { });
        loop.schedule(1_000_000_000L, () -> { });
        assertThat(loop.timeoutNanos()).isBetween(1L, 1_000_000_000L);
        later.start(0);
        assertThat(loop.timeoutNanos()).isZero();
        later.cancel();
        loop.execute(() -> { });
        assertThat(loop.timeoutNanos()).isZero();
    }

    @Test
    void u46_anotherThreadSendsUntilThreeHaveCome() throws Exception {
        final AtomicInteger came = new AtomicInteger();
        loop.register(silent, EPOLLIN, NOBODY);
        final Registration[] last = {loop.register(EventFd.create(0, EFD_NONBLOCK), EPOLLIN, (itself, _) -> {
            ((EventFd) itself.fd()).take();
            if (came.incrementAndGet() == 3) {
                itself.close();
                loop.stop();
            }
        })};
        final EventFd counter = (EventFd) last[0].fd();
        try (Background<Void> sender = Background.start(() -> {
            try {
                while (came.get() < 3) {
                    counter.add(1);
                    loop.wakeup();
                }
            } catch (final IllegalStateException e) {
                assertThat(came).as("closed by the third alone").hasValue(3);
            }
            return null;
        })) {
            loop.run();
            sender.result();
        }
        assertThat(came).hasValue(3);
    }

    @Test
    void u47_closesAreToldLaterAndNeverWithinTheCall() throws IOException {
        final List<String> order = new ArrayList<>();
        try (SocketFd.Pair one = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0);
                SocketFd.Pair other = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0)) {
            final Stream second = loop.adopt(other.first()).onClose(_ -> order.add("second closed"));
            final Stream first = loop.adopt(one.first()).onClose(_ -> {
                order.add("closed");
                second.destroy();
                order.add("second destroyed");
            });
            loop.execute(() -> {
                first.destroy();
                order.add("destroyed");
            });
            loop.schedule(0, () -> order.add("timer"));
            loop.run();
        }
        assertThat(order).containsExactly("timer", "destroyed", "closed", "second destroyed", "second closed");
    }

    @Test
    void u48_whatDoesNotCountLetsTheLoopEnd() throws IOException {
        try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0);
                SocketFd datagrams = SocketFd.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
            final Registration registration = loop.register(datagrams, EPOLLIN, NOBODY);
            final Stream stream = loop.adopt(pair.first());
            final Listener listener = loop.listen(SockAddr.inet("127.0.0.1", 0), _ -> { });
            final Timer timer = loop.timer(() -> { });
            timer.unref();
            timer.start(1_000_000_000_000L);
            registration.unref();
            registration.unref();
            stream.unref();
            assertThat(loop.hasWork()).isTrue();
            listener.unref();
            assertThat(loop.hasWork()).isFalse();
            loop.run();

            timer.ref();
            timer.ref();
            assertThat(loop.hasWork()).isTrue();
            timer.cancel();
            assertThat(loop.hasWork()).isFalse();
            timer.unref();
            registration.ref();
            assertThat(loop.hasWork()).isTrue();
            registration.deregister();
            assertThat(loop.hasWork()).isFalse();
            registration.ref();
            registration.unref();
            registration.ref();
            assertThat(loop.hasWork()).as("of something that is gone").isFalse();
            loop.close();
        }
    }

    /// A task and a timer that does not count: the task alone keeps it running, and the timer expires only meanwhile.
    @Test
    void u48_anUncountedTimerExpiresWhereSomethingElseRuns() throws IOException {
        final AtomicInteger expired = new AtomicInteger();
        final Timer timer = loop.timer(expired::incrementAndGet);
        timer.unref();
        timer.start(0, 1);
        loop.run();
        assertThat(expired).hasValue(0);
        loop.schedule(1_000_000, () -> { });
        loop.run();
        assertThat(expired.get()).isPositive();
        assertThat(timer.isArmed()).isTrue();
    }

    @Test
    void u49_whoPollsTheLoopFromOutsideKnowsWhenToTurnIt() throws Exception {
        final List<String> done = new ArrayList<>();
        try (EpollFd outer = EpollFd.create(); Arena arena = Arena.ofConfined();
                EventFd fd = EventFd.create(0, EFD_NONBLOCK)) {
            final EpollEvents events = EpollEvents.allocate(arena, 4);
            outer.add(loop.epoll(), EPOLLIN, 7);
            loop.register(fd, EPOLLIN, (_, _) -> {
                fd.take();
                done.add("event");
            });
            assertThat(outer.wait(events, 0)).isZero();

            fd.add(1);
            assertThat(outer.waitNanos(events, loop.timeoutNanos())).isEqualTo(1);
            loop.runNoWait();
            assertThat(outer.wait(events, 0)).as("nothing is left").isZero();

            loop.schedule(2_000_000, () -> done.add("timer"));
            while (done.size() < 2) {
                outer.waitNanos(events, loop.timeoutNanos());
                loop.runNoWait();
            }

            for (int i = 0; i < 200; i++) {
                final String name = "task " + i;
                final Thread sender = new Thread(() -> loop.execute(() -> done.add(name)));
                sender.start();
                final long timeout = loop.timeoutNanos();
                assertThat(timeout).isIn(-1L, 0L);
                outer.waitNanos(events, timeout);
                sender.join();
                loop.runNoWait();
                assertThat(done).endsWith(name);
            }
            assertThat(done).hasSize(202).startsWith("event", "timer");
        }
    }

    @Test
    void u49_aLoopWithinALoop() throws IOException {
        final List<String> done = new ArrayList<>();
        try (EventLoop inner = EventLoop.open(); EventFd fd = EventFd.create(1, EFD_NONBLOCK)) {
            inner.register(fd, EPOLLIN, (registration, _) -> {
                done.add("inner");
                registration.deregister();
                loop.stop();
            });
            loop.register(inner.epoll(), EPOLLIN, (_, _) -> inner.runNoWait());
            loop.run();
        }
        assertThat(done).containsExactly("inner");
    }

    /// A JVM does not fork; what its children get is copies of descriptors. A child that has one neither takes events
    /// away nor keeps them coming once the parent has closed its own.
    @Test
    void u50_aChildWithACopyOfADescriptorChangesNothingForTheLoop() throws Exception {
        try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0); PipeFd.Pair pipe = PipeFd.create(0);
                PidFd child = Spawn.program("cat").fd(0, pipe.readEnd()).fd(3, pair.first()).start()) {
            final AtomicInteger told = new AtomicInteger();
            final Registration registration = loop.register(pair.first(), EPOLLIN, (_, _) -> told.incrementAndGet());
            pair.second().write(new byte[] {1}, 0, 1);
            loop.runOnce();
            assertThat(told).hasValue(1);
            registration.close();
            pair.second().write(new byte[] {1}, 0, 1);
            loop.register(silent, EPOLLIN, NOBODY);
            loop.runNoWait();
            assertThat(told).hasValue(1);
            assertThat(loop.metrics().staleEvents()).isZero();
            pipe.writeEnd().close();
            assertThat(child.waitFor().status()).isZero();
        }
    }

    // ---- events, exactly

    /// Both ends send as much as goes, in both directions at once, and see what they are told of.
    @Test
    void u32_bothDirectionsWithNoEventTooMany() throws IOException {
        final int total = 1 << 20;
        final long[] received = new long[2];
        final long[] sent = new long[2];
        final int[] spurious = new int[2];
        final int[] writable = new int[2];
        final List<String> ends = new ArrayList<>();
        final byte[] buffer = new byte[16 * 1024];
        try (SocketFd listener = SocketFd.socket(AF_INET, SOCK_STREAM, 0);
                SocketFd client = SocketFd.socket(AF_INET, SOCK_STREAM, 0)) {
            listener.bind(SockAddr.inet("127.0.0.1", 0));
            listener.listen(1);
            client.connect(listener.localAddress());
            try (SocketFd server = listener.accept()) {
                final SocketFd[] both = {client, server};
                for (int i = 0; i < 2; i++) {
                    final int side = i;
                    both[i].nonBlocking(true);
                    loop.register(both[i], EPOLLIN | EPOLLOUT | EPOLLRDHUP, (registration, events) -> {
                        final SocketFd socket = both[side];
                        if ((events & EPOLLIN) != 0) {
                            final long n = socket.recv(buffer, 0, buffer.length, 0);
                            assertThat(n).as("readable means readable").isNotEqualTo(-EAGAIN);
                            received[side] += n;
                            if (n == 0) {
                                assertThat(events & EPOLLRDHUP).isEqualTo(EPOLLRDHUP);
                                ends.add("end of " + side);
                                registration.interest(registration.interest() & ~(EPOLLIN | EPOLLRDHUP));
                            }
                        }
                        if ((events & EPOLLOUT) != 0) {
                            writable[side]++;
                            final int length = (int) Math.min(buffer.length, total - sent[side]);
                            final long n = length == 0 ? 0 : socket.send(buffer, 0, length, MSG_NOSIGNAL);
                            if (n < 0) {
                                spurious[side]++;
                            } else {
                                sent[side] += n;
                            }
                            if (sent[side] == total) {
                                socket.shutdown(SHUT_WR);
                                registration.interest(registration.interest() & ~EPOLLOUT);
                            }
                        }
                        if (ends.size() == 2 && sent[0] == total && sent[1] == total) {
                            loop.stop();
                        }
                    });
                }
                loop.run();
                assertThat(received).containsExactly(total, total);
                assertThat(ends).containsExactlyInAnyOrder("end of 0", "end of 1");
                for (int side = 0; side < 2; side++) {
                    assertThat(spurious[side]).isLessThanOrEqualTo(writable[side] / 20);
                }
                loop.close();
            }
        }
    }

    /// libuv refuses them; here they are always ready, as `poll(2)` has it.
    @ParameterizedTest
    @ValueSource(strings = {"/proc/self/exe", "/proc", "/dev/null"})
    void u33_filesAreAlwaysReadyAndAnEpollInstanceIsLikeAnyOther(final String path) throws IOException {
        final List<Integer> told = new ArrayList<>();
        try (Fd file = Fd.openFile(Path.of(path), O_RDONLY, 0); EpollFd nested = EpollFd.create();
                EventFd fd = EventFd.create(1, 0)) {
            final Registration registration = loop.register(file, EPOLLIN, (_, events) -> told.add(events));
            loop.runOnce();
            loop.runOnce();
            assertThat(told).containsExactly(EPOLLIN, EPOLLIN);
            registration.deregister();
            nested.add(fd, EPOLLIN, 0);
            loop.register(nested, EPOLLIN, (itself, _) -> {
                told.add(0);
                itself.deregister();
            });
            loop.run();
            assertThat(told).containsExactly(EPOLLIN, EPOLLIN, 0);
        }
    }

    @Test
    void u35_urgentDataIsToldAndThenTheRest() throws IOException {
        final List<String> got = new ArrayList<>();
        final byte[] buffer = new byte[16];
        try (SocketFd listener = SocketFd.socket(AF_INET, SOCK_STREAM, 0);
                SocketFd client = SocketFd.socket(AF_INET, SOCK_STREAM, 0)) {
            listener.bind(SockAddr.inet("127.0.0.1", 0));
            listener.listen(1);
            client.connect(listener.localAddress());
            try (SocketFd server = listener.accept()) {
                server.nonBlocking(true);
                loop.register(server, EPOLLIN | EPOLLPRI, (registration, events) -> {
                    if ((events & EPOLLPRI) != 0) {
                        got.add("urgent " + server.recv(buffer, 0, 16, MSG_OOB));
                    }
                    if ((events & EPOLLIN) != 0) {
                        got.add("plain " + server.recv(buffer, 0, 16, 0));
                    }
                    if (got.size() == 2) {
                        registration.deregister();
                    }
                });
                client.send(new byte[] {1}, 0, 1, MSG_OOB);
                while (got.isEmpty()) {
                    loop.runOnce();
                }
                client.send(new byte[] {2, 3}, 0, 2, 0);
                loop.run();
            }
        }
        assertThat(got).containsExactly("urgent 1", "plain 2");
    }

    @Test
    void anExclusiveRegistrationOfTwoLoopsWakesOneOfThemAtLeast() throws IOException {
        final AtomicInteger told = new AtomicInteger();
        try (EventLoop other = EventLoop.open(); EventFd fd = EventFd.create(0, EFD_NONBLOCK)) {
            for (final EventLoop each : List.of(loop, other)) {
                each.register(fd, EPOLLIN | EPOLLEXCLUSIVE, (_, _) -> {
                    if (fd.take() > 0) {
                        told.incrementAndGet();
                    }
                });
            }
            fd.add(1);
            loop.runNoWait();
            other.runNoWait();
            assertThat(told).hasValue(1);
        }
    }

    // ---- other threads

    @Test
    void n18_aLoopThatSleepsWithoutLimitIsWoken() throws Exception {
        final CountDownLatch ran = new CountDownLatch(1);
        loop.register(silent, EPOLLIN, NOBODY);
        final int number = loop.epoll().intValue();
        try (Background<Void> run = Background.start(() -> {
            loop.run();
            return null;
        })) {
            run.awaitBlockedOn(number);
            loop.execute(ran::countDown);
            ran.await();
            run.awaitBlockedOn(number);
            loop.stop();
            run.result();
        }
    }

    /// The write failed, and nobody was woken: the next one has to make up for it.
    @Test
    void aWakeupThatFailedIsTriedAgainByTheNext() throws Exception {
        final AtomicInteger ran = new AtomicInteger();
        loop.register(silent, EPOLLIN, NOBODY);
        try (Background<Void> run = Background.start(() -> {
            loop.run();
            return null;
        })) {
            run.awaitBlockedOn(loop.epoll().intValue());
            try (Seen _ = Seen.failing(Call.write, 1, EIO)) {
                assertThatThrownBy(() -> loop.execute(ran::incrementAndGet)).hasMessageContaining("EIO");
            }
            loop.stop();
            run.result();
        }
        assertThat(ran).hasValue(1);
    }

    @Test
    void onlyOneThreadRunsItAndNobodyElseTouchesOrClosesIt() throws Exception {
        final Registration registration = loop.register(silent, EPOLLIN, NOBODY);
        final Timer timer = loop.timer(() -> { });
        try (Background<Void> run = Background.start(() -> {
            loop.run();
            return null;
        })) {
            run.awaitBlockedOn(loop.epoll().intValue());
            assertThat(loop.inLoop()).isFalse();
            for (final Action refused : List.<Action>of(loop::run, loop::runOnce, loop::runNoWait, loop::close)) {
                assertThatThrownBy(refused::run).isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("run by thread \"background\"");
            }
            for (final Action refused : List.<Action>of(() -> loop.register(silent, EPOLLIN, NOBODY),
                    registration::deregister, () -> registration.interest(0), registration::unref, registration::ref,
                    () -> timer.start(1), timer::cancel, timer::ref, timer::unref, () -> loop.onIdle(() -> { }))) {
                assertThatThrownBy(refused::run).isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("touches a loop that is run by \"background\"");
            }
            loop.stop();
            run.result();
        }
        registration.deregister();
    }

    @Test
    void manyThreadsThatWantToRunItOneDoes() throws Exception {
        final AtomicInteger refused = new AtomicInteger();
        final AtomicInteger runs = new AtomicInteger();
        final AtomicInteger inside = new AtomicInteger();
        final List<Background<Void>> threads = new ArrayList<>();
        final CountDownLatch go = new CountDownLatch(1);
        loop.onIdle(() -> assertThat(inside.incrementAndGet()).isEqualTo(1));
        loop.onIdle(inside::decrementAndGet);
        for (int i = 0; i < 4; i++) {
            threads.add(Background.start(() -> {
                go.await();
                for (int times = 0; times < 2000; times++) {
                    try {
                        loop.runNoWait();
                        runs.incrementAndGet();
                    } catch (final IllegalStateException e) {
                        refused.incrementAndGet();
                    }
                }
                return null;
            }));
        }
        go.countDown();
        for (final Background<Void> thread : threads) {
            thread.result();
        }
        assertThat(runs.get() + refused.get()).isEqualTo(8000);
        assertThat(loop.metrics().turns()).isEqualTo(runs.get());
    }

    // ---- the end

    @Test
    void closeRunsTheTasksThatWaitAndRefusesLaterOnes() throws IOException {
        final List<String> done = new ArrayList<>();
        loop.execute(() -> done.add("first " + loop.inLoop()));
        loop.execute(() -> {
            throw new IllegalArgumentException("thrown by a task");
        });
        loop.execute(() -> {
            done.add("third");
            assertThatThrownBy(loop::close).isInstanceOf(IllegalStateException.class);
            loop.execute(() -> done.add("too late"));
        });
        assertThatThrownBy(loop::close).hasMessage("thrown by a task")
                .satisfies(e -> assertThat(e.getSuppressed())
                        .hasExactlyElementsOfTypes(RejectedExecutionException.class));
        assertThat(done).containsExactly("first true", "third");
        loop.close();
        assertThatThrownBy(() -> loop.execute(() -> { })).isInstanceOf(RejectedExecutionException.class);
        assertThatThrownBy(loop::wakeup).isInstanceOf(RejectedExecutionException.class);
        loop.stop();
        assertThatThrownBy(() -> loop.onIdle(() -> { })).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void closeClosesItsDescriptorsWhateverATaskThrows() throws IOException {
        loop.execute(() -> {
            throw new AssertionError("thrown by a task");
        });
        assertThatThrownBy(loop::close).isInstanceOf(AssertionError.class);
        assertThat(loop.epoll().isOpen()).isFalse();
        assertThat(loop.inLoop()).isFalse();
        loop.close();
    }

    @Test
    void closeFromWithinIsRefused() throws IOException {
        final AtomicInteger refused = new AtomicInteger();
        loop.execute(() -> assertThatThrownBy(loop::close).isInstanceOf(IllegalStateException.class)
                .satisfies(_ -> refused.incrementAndGet()));
        loop.run();
        assertThat(refused).hasValue(1);
    }

    // ---- figures

    @Test
    void timeBetweenTwoRunsIsNotBusyAndASlowTurnIsCounted() throws IOException {
        final LoopMetrics metrics = loop.metrics();
        metrics.slowTurnsFrom(Duration.ofMillis(20));
        final AtomicLong start = new AtomicLong();
        loop.execute(() -> spin(30_000_000));
        loop.runOnce();
        assertThat(metrics.slowTurns()).isEqualTo(1);
        assertThat(metrics.longestTurnNanos()).isGreaterThanOrEqualTo(30_000_000);
        assertThat(metrics.busyNanos()).isGreaterThanOrEqualTo(30_000_000);
        start.set(metrics.busyNanos());
        spin(200_000_000);
        loop.schedule(50_000_000, () -> { });
        loop.run();
        assertThat(metrics.busyNanos() - start.get()).as("nanoseconds of one more turn, and none of the waiting")
                .isLessThan(200_000_000);
        assertThat(metrics.registrations()).isZero();
        loop.register(silent, EPOLLIN, NOBODY);
        loop.schedule(1, () -> { });
        assertThat(metrics.registrations()).isEqualTo(1);
        assertThat(metrics.timersArmed()).isEqualTo(1);
    }

    @Test
    void anObserverIsToldOfWholeTurns() throws IOException {
        final List<String> told = new ArrayList<>();
        final EventLoop.TurnObserver observer = new EventLoop.TurnObserver() {
            @Override
            public void begun() {
                told.add("begun");
            }

            @Override
            public void ended() {
                told.add("ended");
            }
        };
        loop.schedule(0, () -> loop.observe(observer));
        loop.runNoWait();
        assertThat(told).as("of the turn that it came in").isEmpty();
        loop.schedule(0, () -> { });
        loop.runNoWait();
        assertThat(told).containsExactly("begun", "ended", "begun", "ended");
        told.clear();
        loop.schedule(0, () -> {
            loop.observe(null);
            loop.observe(observer);
        });
        loop.runNoWait();
        assertThat(told).as("of the turn in which it was replaced").containsExactly("begun", "ended", "begun");
    }

    private static void spin(final long nanos) {
        final long start = System.nanoTime();
        while (System.nanoTime() - start < nanos) {
            Thread.onSpinWait();
        }
    }

    // ---- handles

    /// As `uv_walk` does.
    @Test
    void whatIsOpenIsNamedAndEndsWithTheLoop() throws IOException {
        final List<Handle> open = new ArrayList<>();
        open.add(loop.listen(SockAddr.inet("127.0.0.1", 0), _ -> { }));
        open.add(loop.connect(((Listener) open.getFirst()).localAddress()));
        open.add(loop.datagrams(SockAddr.inet("::1", 0)));
        final Stream gone = loop.connect(open.getFirst().localAddress());
        loop.register(silent, EPOLLIN, NOBODY);
        gone.destroy();
        assertThat(loop.handles()).containsExactlyInAnyOrderElementsOf(open)
                .allSatisfy(handle -> assertThat(handle.loop()).isSameAs(loop));
        loop.close();
        assertThat(open).allMatch(Handle::isClosed);
        assertThat(loop.handles()).isEmpty();
    }
}
