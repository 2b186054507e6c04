package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.ExitStatus;
import io.github.fdsock.PidFd;
import io.github.fdsock.Seen;
import io.github.fdsock.harness.junit.FdLedger;
import io.github.fdsock.process.Spawn;
import io.github.fdsock.sys.Call;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The end of a process is told once, however it comes and whenever it came.
@FdLedger
@Timeout(60)
class ExitWatchTest extends LoopFixture {
    private static final long LONG_ENOUGH = 20_000_000_000L;

    private static PidFd shell(final String script) throws IOException {
        return Spawn.program("sh", "-c", script).start();
    }

    @Test
    void howAChildEndsIsTold() throws IOException {
        final List<ExitStatus> told = new ArrayList<>();
        try (PidFd seven = shell("exit 7"); PidFd killed = shell("kill -TERM $$"); PidFd sleeper = shell("sleep 100")) {
            loop.onExit(seven, told::add);
            loop.onExit(killed, status -> {
                told.add(status);
                sleeper.sendSignal(SIGKILL);
            });
            loop.onExit(sleeper, told::add);
            loop.run();
            assertThat(seven.isOpen()).isTrue();
        }
        assertThat(told).containsExactlyInAnyOrder(new ExitStatus(7, 0, false), new ExitStatus(-1, SIGTERM, false),
                new ExitStatus(-1, SIGKILL, false));
    }

    @Test
    void aChildThatHasGoneAlreadyIsToldToo() throws IOException {
        final List<ExitStatus> told = new ArrayList<>();
        try (PidFd child = shell("exit 3")) {
            assertThat(child.awaitExit(LONG_ENOUGH)).isTrue();
            final ExitWatch watch = loop.onExit(child, told::add);
            loop.run();
            watch.close();
            assertThat(told).containsExactly(new ExitStatus(3, 0, false));
            assertThatThrownBy(() -> child.waitFor(0)).isInstanceOf(ErrnoException.class)
                    .hasMessageContaining("ECHILD");
        }
    }

    @Test
    void whereSomebodyElseHasWaitedTheEndIsToldWithoutItsStatus() throws IOException {
        final List<ExitStatus> told = new ArrayList<>();
        try (PidFd child = shell("exit 3")) {
            child.waitFor();
            loop.onExit(child, told::add);
            loop.run();
        }
        assertThat(told).hasSize(1).containsOnlyNulls();
    }

    @Test
    void aWatchThatIsClosedTellsNothingAndLeavesTheChildToOthers() throws IOException {
        final AtomicInteger told = new AtomicInteger();
        try (PidFd child = shell("exit 3")) {
            final ExitWatch watch = loop.onExit(child, _ -> told.incrementAndGet());
            watch.close();
            watch.close();
            loop.run();
            assertThat(told).hasValue(0);
            assertThat(child.waitFor(LONG_ENOUGH)).isEqualTo(new ExitStatus(3, 0, false));
        }
    }

    @Test
    void itKeepsTheLoopRunningUnlessItDoesNotCount() throws Exception {
        try (PidFd child = shell("sleep 100")) {
            final ExitWatch watch = loop.onExit(child, _ -> { });
            watch.unref();
            loop.run();
            watch.ref();
            assertThat(loop.hasWork()).isTrue();
            child.sendSignal(SIGKILL);
            loop.run();
        }
    }

    /// `waitid` finds nothing though the descriptor is readable: as while a debugger holds on to the child.
    @Test
    void aChildThatIsNotToBeHadYetIsNotAskedForAgainAndAgain() throws IOException {
        final AtomicInteger told = new AtomicInteger();
        try (PidFd child = shell("exit 3")) {
            assertThat(child.awaitExit(LONG_ENOUGH)).isTrue();
            try (Seen seen = Seen.calls(made -> {
                if (made.call() != Call.waitid) {
                    return null;
                }
                // Sets si_signo to 0.
                ((MemorySegment) made.arguments().get(2)).asSlice(0, 128).fill((byte) 0);
                return 0L;
            })) {
                final ExitWatch watch = loop.onExit(child, _ -> told.incrementAndGet());
                for (int i = 0; i < 10; i++) {
                    loop.runNoWait();
                }
                assertThat(seen.all(Call.waitid)).hasSize(1);
                watch.close();
            }
            assertThat(told).hasValue(0);
            child.waitFor();
        }
    }

    @Test
    void whatTheHandlerThrowsEndsTheRunAndItIsNotToldAgain() throws IOException {
        final AtomicInteger told = new AtomicInteger();
        try (PidFd child = shell("exit 3")) {
            loop.onExit(child, _ -> {
                told.incrementAndGet();
                throw new IOException("thrown by the handler");
            });
            assertThatThrownBy(loop::run).hasMessage("thrown by the handler");
            loop.run();
            assertThat(told).hasValue(1);
            assertThatThrownBy(() -> loop.onExit(child, null)).isInstanceOf(NullPointerException.class);
        }
    }
}
