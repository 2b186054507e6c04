package io.github.fdsock.harness;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.EventFd;
import io.github.fdsock.Seen;
import io.github.fdsock.harness.Layers.Place;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Interposer;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.testing.WithoutLedger;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Layers see each call from the caller inward, the last lets the kernel answer, and without one there is no seam.
@WithoutLedger("about the seam itself, which is empty before and after")
class LayersTest {
    private final List<String> seen = new ArrayList<>();
    private final List<Layers.Layer> added = new ArrayList<>();

    @AfterEach
    void takeAway() {
        added.forEach(Layers::remove);
        assertThat(Interposer.install(null)).as("nothing is left in the seam").isNull();
    }

    private interface Answer {
        long to(Invocation invocation);
    }

    private Layers.Layer layer(final Place place, final String name, final Answer answer) {
        final Layers.Layer layer = new Layers.Layer() {
            @Override
            public Place place() {
                return place;
            }

            @Override
            public long call(final Invocation invocation) {
                seen.add(name + " " + invocation.call());
                final long result = answer.to(invocation);
                seen.add(name + " " + result + (invocation.injected() ? " injected" : ""));
                return result;
            }
        };
        Layers.add(layer);
        added.add(layer);
        return layer;
    }

    @Test
    void aTraceSeesWhatTheCallerSeesAndALedgerWhatHappened() {
        layer(Place.LEDGER, "ledger", Invocation::proceed);
        layer(Place.FAULTS, "faults", invocation -> {
            invocation.proceed();
            invocation.markInjected();
            return -EIO;
        });
        layer(Place.TRACE, "trace", Invocation::proceed);
        assertThat(Libc.close(-1)).isEqualTo(-EIO);
        assertThat(seen).containsExactly("trace close", "faults close", "ledger close", "ledger -" + EBADF,
                "faults -" + EIO + " injected", "trace -" + EIO + " injected");
    }

    @Test
    void oneThatDoesNotProceedKeepsTheCallFromHappening() throws IOException {
        try (EventFd fd = EventFd.create(0, 0)) {
            layer(Place.FAULTS, "faults", _ -> 1);
            layer(Place.LEDGER, "ledger", Invocation::proceed);
            assertThat(Libc.close(fd.intValue())).isEqualTo(1);
            assertThat(seen).containsExactly("faults close", "faults 1");
            added.forEach(Layers::remove);
            assertThat(Libc.fcntl(fd.intValue(), F_GETFD, 0)).as("open still").isNotNegative();
        }
    }

    @Test
    void aCallMayBeMadeAgain() {
        layer(Place.FAULTS, "faults", invocation -> invocation.proceed() + invocation.proceed());
        layer(Place.LEDGER, "ledger", Invocation::proceed);
        assertThat(Libc.close(-1)).isEqualTo(-2 * EBADF);
        assertThat(seen).containsExactly("faults close", "ledger close", "ledger -9", "ledger close", "ledger -9",
                "faults -18");
    }

    @Test
    void callsFromInsideGoStraightToTheKernel() {
        layer(Place.TRACE, "trace", invocation -> Libc.close(-1) + invocation.proceed());
        assertThat(Libc.close(-1)).isEqualTo(-2 * EBADF);
        assertThat(seen).hasSize(2);
    }

    @Test
    void whatWasInstalledBeforeSeesWhatGetsThroughAndIsPutBack() {
        final Interposer mine = (_, _) -> -EAGAIN;
        Interposer.install(mine);
        final Layers.Layer layer = layer(Place.TRACE, "trace", Invocation::proceed);
        assertThat(Libc.close(-1)).isEqualTo(-EAGAIN);
        Layers.remove(layer);
        Layers.remove(layer);
        assertThat(Interposer.install(null)).isSameAs(mine);
    }

    @Test
    void whatWasInstalledLaterStaysWhenTheLastLayerGoes() {
        final Layers.Layer layer = layer(Place.TRACE, "trace", Invocation::proceed);
        final Seen later = Seen.calls();
        Layers.remove(layer);
        assertThat(Libc.close(-1)).isEqualTo(-EBADF);
        assertThat(later.all()).hasSize(1);
        assertThat(seen).isEmpty();
        final Layers.Layer another = layer(Place.TRACE, "another", Invocation::proceed);
        assertThat(Libc.close(-1)).isEqualTo(-EBADF);
        assertThat(later.all()).hasSize(2);
        assertThat(seen).hasSize(2);
        Layers.remove(another);
        assertThat(Interposer.install(null)).isSameAs(later);
    }

    @Test
    void aSeamThatSomebodyHasEmptiedIsFilledByTheNext() {
        final Layers.Layer first = layer(Place.TRACE, "first", Invocation::proceed);
        Interposer.install(null);
        layer(Place.LEDGER, "second", Invocation::proceed);
        assertThat(Libc.close(-1)).isEqualTo(-EBADF);
        assertThat(seen).hasSize(4);
        Layers.remove(first);
        assertThat(Libc.close(-1)).isEqualTo(-EBADF);
        assertThat(seen).hasSize(6);
    }

    @Test
    void bothFormsOfAVariadicCallAreMade() {
        try (Arena arena = Arena.ofConfined()) {
            assertThat(Interposer.proceed(Call.fcntl, -1, F_GETFD, 0)).isEqualTo(-EBADF);
            assertThat(Interposer.proceed(Call.fcntl, -1, F_GETLK, arena.allocate(32))).isEqualTo(-EBADF);
            assertThat(Interposer.proceed(Call.freeaddrinfo, MemorySegment.NULL)).isZero();
            assertThatThrownBy(() -> Interposer.proceed(Call.close, "1")).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("close");
            assertThatThrownBy(() -> Interposer.proceed(Call.read, 0, arena.allocate(1), 2L))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    // ---- scopes

    private static <T> T elsewhere(final Callable<T> call) throws Exception {
        final FutureTask<T> task = new FutureTask<>(call);
        Thread.ofPlatform().start(task);
        return task.get();
    }

    @Test
    void aScopeIsAThreadADescriptorOrAll() throws Exception {
        final Scope here = Scope.thisThread();
        assertThat(here.covers(Call.close, 1)).isTrue();
        assertThat(elsewhere(() -> here.covers(Call.close, 1))).isFalse();
        assertThat(elsewhere(() -> Scope.everything().covers(Call.close, 1))).isTrue();
        final EventFd fd = EventFd.create(0, 0);
        final Scope on = Scope.descriptor(fd);
        final int number = fd.intValue();
        assertThat(on.covers(Call.read, number, MemorySegment.NULL, 8L)).isTrue();
        assertThat(on.covers(Call.epoll_ctl, 99, EPOLL_CTL_ADD, number, MemorySegment.NULL)).isTrue();
        assertThat(on.covers(Call.read, number + 1, MemorySegment.NULL, 8L)).isFalse();
        assertThat(on.covers(Call.socket, AF_UNIX, number, 0)).isFalse();
        assertThat(on.and(here).covers(Call.close, number)).isTrue();
        assertThat(elsewhere(() -> on.and(here).covers(Call.close, number))).isFalse();
        fd.close();
        assertThat(on.covers(Call.read, number, MemorySegment.NULL, 8L)).as("whoever has the number now").isFalse();
        final Object[] closing = {number};
        assertThat(on.covers(Call.close, closing)).isTrue();
        assertThat(on.covers(Call.close, closing)).as("the same call, by another layer").isTrue();
        assertThat(on.covers(Call.close, number)).as("whoever has the number now").isFalse();
    }
}
