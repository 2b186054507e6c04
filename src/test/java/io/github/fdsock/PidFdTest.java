package io.github.fdsock;

import static io.github.fdsock.sys.Constants.*;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.process.Spawn;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.struct.EpollEvents;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// A pidfd stands for one process, tells its end, and never reaches another.
class PidFdTest {
    private static final long LONG_ENOUGH = TimeUnit.SECONDS.toNanos(20);

    /// A child that lives until its standard input ends.
    private static Process child() throws IOException {
        return new ProcessBuilder("cat").redirectError(ProcessBuilder.Redirect.DISCARD).start();
    }

    private static void end(final Process child) throws InterruptedException {
        child.destroyForcibly();
        child.waitFor();
    }

    @Test
    void isBornCloseOnExec() throws IOException {
        try (PidFd self = PidFd.open(ProcessHandle.current().pid(), 0)) {
            assertThat(self.closeOnExec()).isTrue();
            assertThat(self).hasToString("pidfd " + self.intValue());
            assertThat(self.awaitExit(0)).isFalse();
            self.sendSignal(0);
        }
    }

    @Test
    void aSignalReachesTheProcessAndItsEndIsTold() throws Exception {
        final Process child = child();
        try (PidFd pid = PidFd.open(child)) {
            assertThat(pid.awaitExit(1_000_000)).isFalse();
            pid.sendSignal(SIGTERM);
            assertThat(pid.awaitExit(LONG_ENOUGH)).isTrue();
            assertThat(pid.await(POLLIN, -1) & POLLIN).isEqualTo(POLLIN);
            assertThat(child.waitFor()).isEqualTo(128 + SIGTERM);
            // Somebody has waited for it, so nothing is left of it: the JDK has, before waitFor returned.
            assertThatThrownBy(() -> pid.sendSignal(0)).isInstanceOf(ErrnoException.class)
                    .hasMessage("pidfd_send_signal(%d, 0, NULL, 0) = -1 ESRCH (No such process)", pid.intValue());
        } finally {
            end(child);
        }
    }

    @Test
    void theEndWakesAWaiter() throws Exception {
        final Process child = child();
        try (PidFd pid = PidFd.open(child.toHandle());
                Background<Boolean> waiter = Background.start(() -> pid.awaitExit(-1))) {
            waiter.awaitBlockedInPoll();
            child.getOutputStream().close();
            assertThat(waiter.result()).isTrue();
            assertThat(child.waitFor()).isZero();
        } finally {
            end(child);
        }
    }

    @Test
    void anEpollInstanceReportsTheEnd() throws Exception {
        final Process child = child();
        try (Arena arena = Arena.ofConfined(); PidFd pid = PidFd.open(child);
                EpollFd epoll = EpollFd.create()) {
            final EpollEvents events = EpollEvents.allocate(arena, 1);
            epoll.add(pid, EPOLLIN, 5);
            assertThat(epoll.wait(events, 0)).isZero();
            child.destroy();
            assertThat(epoll.wait(events, 20_000)).isEqualTo(1);
            assertThat(events.events(0) & EPOLLIN).isEqualTo(EPOLLIN);
        } finally {
            end(child);
        }
    }

    @Test
    void aProcessThatHasEndedIsNotOpened() throws Exception {
        final Process child = child();
        end(child);
        assertThatThrownBy(() -> PidFd.open(child)).isInstanceOf(ErrnoException.class)
                .hasMessage("pidfd_open(%d, 0) = -1 ESRCH (No such process)", child.pid());
    }

    @Test
    void anotherProcessUnderTheSamePidIsNotTakenForIt() throws Exception {
        // Its pid is given to somebody else between its end and pidfd_open, which so succeeds.
        final Process child = child();
        final ProcessHandle handle = child.toHandle();
        end(child);
        try (Seen seen = Seen.calls(made -> made.call() == Call.pidfd_open
                ? made.behind().call(made.call(), (int) ProcessHandle.current().pid(), 0) : null)) {
            assertThatThrownBy(() -> PidFd.open(handle)).isInstanceOf(ErrnoException.class)
                    .hasMessageContaining("ESRCH");
            assertThat(seen.all(Call.close)).hasSize(1);
        }
    }

    @Test
    void copiesADescriptorOfAProcess() throws IOException {
        try (PidFd self = PidFd.open(ProcessHandle.current()); PipeFd.Pair pipe = PipeFd.create(0);
                Fd copy = self.getFd(pipe.writeEnd().intValue())) {
            assertThat(copy.closeOnExec()).isTrue();
            pipe.writeEnd().close();
            assertThat(copy.write("x".getBytes(US_ASCII), 0, 1)).isEqualTo(1);
            assertThat(pipe.readEnd().read(new byte[2], 0, 2)).isEqualTo(1);
            assertThatThrownBy(() -> self.getFd(1 << 20)).isInstanceOf(ErrnoException.class)
                    .hasMessage("pidfd_getfd(%d, 1048576, 0) = -1 EBADF (Bad file descriptor)", self.intValue());
        }
    }

    @Test
    void copiesADescriptorOfAChild() throws Exception {
        final Process child = child();
        try (PidFd pid = PidFd.open(child); Fd input = pid.getFd(0)) {
            // The read end of the child's standard input: what the child is sent can be read here instead.
            assertThat(PipeFd.adopt(input.dup().release())).satisfies(copy -> copy.close());
        } finally {
            end(child);
        }
    }

    // ---- how a child ended

    private static PidFd shell(final String script) throws IOException {
        return Spawn.program("sh", "-c", script).start();
    }

    @Test
    void theExitStatusIsToldOnce() throws IOException {
        try (PidFd child = shell("exit 3")) {
            assertThat(child.waitFor()).isEqualTo(new ExitStatus(3, 0, false));
            assertThatThrownBy(() -> child.waitFor()).isInstanceOf(ErrnoException.class).hasMessage(
                    "waitid(P_PIDFD, %d, {}, WEXITED|WNOHANG) = -1 ECHILD (No child processes)", child.intValue());
            assertThat(child.awaitExit(0)).isTrue();
        }
    }

    @Test
    void theSignalThatEndedAChildIsTold() throws IOException {
        try (PidFd child = shell("kill -KILL $$")) {
            assertThat(child.waitFor(LONG_ENOUGH)).isEqualTo(new ExitStatus(-1, SIGKILL, false));
        }
    }

    /// Whether a core is really dumped depends on the machine: the kernel's word is put in its mouth.
    @Test
    void aCoreDumpIsTold() throws IOException {
        try (PidFd child = shell("kill -ABRT $$")) {
            try (Seen _ = Seen.calls(made -> {
                if (made.call() != Call.waitid) {
                    return null;
                }
                final long result = made.really();
                final MemorySegment info = (MemorySegment) made.arguments().get(2);
                if (info.get(ValueLayout.JAVA_INT, 0) == SIGCHLD) {
                    info.set(ValueLayout.JAVA_INT, 8, CLD_DUMPED);
                }
                return result;
            })) {
                assertThat(child.waitFor()).isEqualTo(new ExitStatus(-1, SIGABRT, true));
            }
        }
    }

    @Test
    void aChildThatLivesHasNoStatusYet() throws IOException {
        try (PipeFd.Pair input = PipeFd.create(0);
                PidFd child = Spawn.program("cat").fd(0, input.readEnd()).start()) {
            assertThat(child.waitFor(0)).isNull();
            final long start = System.nanoTime();
            assertThat(child.waitFor(3_000_000)).isNull();
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(3_000_000);
            input.writeEnd().close();
            assertThat(child.waitFor(LONG_ENOUGH)).isEqualTo(new ExitStatus(0, 0, false));
        }
    }

    @Test
    void anotherThreadMayWait() throws Exception {
        try (PipeFd.Pair input = PipeFd.create(0);
                PidFd child = Spawn.program("cat").fd(0, input.readEnd()).start();
                Background<ExitStatus> waiter = Background.start(child::waitFor)) {
            waiter.awaitBlockedInPoll();
            child.sendSignal(SIGTERM);
            assertThat(waiter.result()).isEqualTo(new ExitStatus(-1, SIGTERM, false));
        }
    }

    @Test
    void aSignalDoesNotEndTheWait() throws IOException {
        try (PidFd child = shell("exit 5"); Seen seen = Seen.failing(Call.waitid, 3, EINTR)) {
            assertThat(child.waitFor(LONG_ENOUGH)).isEqualTo(new ExitStatus(5, 0, false));
            assertThat(seen.all(Call.waitid)).hasSizeGreaterThanOrEqualTo(4);
        }
    }

    @Test
    void whoIsNoChildIsNotWaitedFor() throws IOException {
        try (PidFd self = PidFd.open(ProcessHandle.current())) {
            assertThatThrownBy(self::waitFor).isInstanceOf(ErrnoException.class).hasMessageContaining("ECHILD");
            assertThatThrownBy(() -> self.waitFor(LONG_ENOUGH)).hasMessageContaining("ECHILD");
        }
    }

    @Test
    void waitingDoesNotBlockOnADescriptorThatMustNot() throws IOException {
        try (PipeFd.Pair input = PipeFd.create(0);
                PidFd child = Spawn.program("cat").fd(0, input.readEnd()).start();
                PidFd nonBlocking = PidFd.open(child.pid(), PIDFD_NONBLOCK)) {
            assertThat(nonBlocking.waitFor(0)).isNull();
            input.writeEnd().close();
            assertThat(nonBlocking.waitFor()).isEqualTo(new ExitStatus(0, 0, false));
        }
    }

    @Test
    void thePidIsTheProcesssUntilSomebodyHasWaitedForIt() throws IOException {
        final PidFd child = shell(":");
        try (child; PidFd self = PidFd.open(ProcessHandle.current())) {
            assertThat((long) self.pid()).isEqualTo(ProcessHandle.current().pid());
            final int pid = child.pid();
            assertThat(child.awaitExit(LONG_ENOUGH)).isTrue();
            assertThat(pid).isPositive().isEqualTo(child.pid());
            child.waitFor();
            assertThat(child.pid()).isEqualTo(-1);
        }
        assertThatThrownBy(child::pid).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void badNumbersAreRefused() {
        assertThatThrownBy(() -> PidFd.open(1L << 32 | 1, 0)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("4294967297");
        assertThatThrownBy(() -> PidFd.open(0, 0)).isInstanceOf(ErrnoException.class)
                .hasMessage("pidfd_open(0, 0) = -1 EINVAL (Invalid argument)");
        assertThatThrownBy(() -> PidFd.open(1, 1 << 20)).isInstanceOf(ErrnoException.class)
                .hasMessage("pidfd_open(1, 0x100000) = -1 EINVAL (Invalid argument)");
    }

    @Test
    void adoptTakesAPidfdAndNothingElse() throws IOException {
        try (PidFd self = PidFd.open(ProcessHandle.current()); PidFd copy = self.dup();
                PidFd adopted = PidFd.adopt(self.dup().release()); EventFd counter = EventFd.create(0, 0)) {
            copy.sendSignal(0);
            adopted.sendSignal(0);
            assertThatThrownBy(() -> PidFd.adopt(counter.intValue())).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("fd %d is anon_inode:[eventfd], not a pidfd", counter.intValue());
        }
    }
}
