package io.github.fdsock.cases;

import static io.github.fdsock.cases.Workbench.ok;
import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.Background;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.EpollEvents;
import io.github.fdsock.sys.struct.Timespec;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A wait ends when something happens to what is watched, and not before.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EpollCasesTest {
    /// Where what is waited for is certain to come.
    private static final int LONG_MS = 20_000;

    /// `F_OWNER_TID`: an enumerator of `<fcntl.h>`, not a macro; the process of `F_SETOWN_EX` is a thread.
    private static final int F_OWNER_TID = 0;

    @Test
    void L29_everySubsetOfEventsIsAccepted() {
        int[] flags = {EPOLLIN, EPOLLOUT, EPOLLPRI, EPOLLERR, EPOLLHUP, EPOLLET, EPOLLONESHOT, EPOLLRDHUP};
        try (Workbench bench = new Workbench()) {
            int epoll = bench.epoll();
            int fd = bench.unixPair(SOCK_STREAM).a();
            EpollEvents event = bench.events(1);
            for (int subset = 0; subset < 1 << flags.length; subset++) {
                int events = 0;
                for (int i = 0; i < flags.length; i++) {
                    events |= (subset >> i & 1) * flags[i];
                }
                event.set(0, events, subset);
                ok(Libc.epoll_ctl(epoll, EPOLL_CTL_ADD, fd, event.segment()));
                ok(Libc.epoll_ctl(epoll, EPOLL_CTL_MOD, fd, event.segment()));
                int writable = (events & EPOLLOUT) == 0 ? 0 : 1;
                ok(Libc.epoll_wait(epoll, event.segment(), 1, 0), writable);
                if (writable == 1) {
                    assertThat(event.events(0)).isEqualTo(EPOLLOUT);
                    assertThat(event.data(0)).isEqualTo(subset);
                }
                ok(Libc.epoll_ctl(epoll, EPOLL_CTL_DEL, fd, MemorySegment.NULL));
            }
        }
    }

    @Test
    void L33_aWaitThatFindsNothingLastsAsLongAsItsTimeout() {
        try (Workbench bench = new Workbench()) {
            int epoll = bench.epoll();
            bench.watch(epoll, bench.counter(0, 0), EPOLLIN, 1);
            MemorySegment events = bench.events(8).segment();
            long start = System.nanoTime();
            ok(Libc.epoll_wait(epoll, events, 8, 30));
            long milliseconds = System.nanoTime();
            ok(Libc.epoll_pwait2(epoll, events, 8, Timespec.allocate(bench.arena()).nanos(2_500_000).segment(),
                    MemorySegment.NULL));
            long nanoseconds = System.nanoTime();
            assertThat(milliseconds - start).isBetween(TimeUnit.MILLISECONDS.toNanos(30), 20_000_000_000L);
            assertThat(nanoseconds - milliseconds).isBetween(2_500_000L, 20_000_000_000L);
        }
    }

    @Test
    void L38_G44_aSignalEndsAWaitEvenIfItsHandlerRestartsCalls() throws Exception {
        // The handler is the JVM's, with SA_RESTART; the kernel sends the signal to the very thread that waits, since
        // that one owns a socket which tells by signals that it can be read.
        try (Workbench bench = new Workbench(); CaughtSignal urgent = CaughtSignal.named("URG")) {
            int epoll = bench.epoll();
            Workbench.Pair pair = bench.unixPair(SOCK_STREAM);
            MemorySegment events = bench.events(8).segment();
            try (Background<Integer> waiter = Background.start(() -> {
                Path self = Files.readSymbolicLink(Path.of("/proc/thread-self"));
                int thread = Integer.parseInt(self.getFileName().toString());
                MemorySegment owner = bench.memory(8);
                owner.set(ValueLayout.JAVA_INT, 0, F_OWNER_TID);
                owner.set(ValueLayout.JAVA_INT, 4, thread);
                ok(Libc.fcntl(pair.a(), F_SETOWN_EX, owner));
                ok(Libc.fcntl(pair.a(), F_SETSIG, SIGURG));
                ok(Libc.fcntl(pair.a(), F_SETFL, O_RDWR | O_ASYNC));
                return Libc.epoll_wait(epoll, events, 8, LONG_MS);
            })) {
                waiter.awaitBlockedOn(epoll);
                assertThat(Libc.send(pair.b(), bench.bytes("x"), 1, 0)).isEqualTo(1);
                assertThat(waiter.result()).isEqualTo(-EINTR);
            }
            urgent.await();
        }
    }

    /// A signal with a handler, as the JVM installs it, until this is closed.
    private static final class CaughtSignal implements AutoCloseable {
        private final Object signal;
        private final Object before;
        private final CompletableFuture<Void> seen;

        private CaughtSignal(Object signal, Object before, CompletableFuture<Void> seen) {
            this.signal = signal;
            this.before = before;
            this.seen = seen;
        }

        /// `sun.misc.Signal.handle`, by reflection: the module does not read `jdk.unsupported`, and nothing else
        /// installs a handler.
        static CaughtSignal named(String name) throws ReflectiveOperationException {
            CompletableFuture<Void> seen = new CompletableFuture<>();
            Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
            Object handler = java.lang.reflect.Proxy.newProxyInstance(handlerType.getClassLoader(),
                    new Class<?>[] {handlerType}, (_, method, _) -> {
                        if (method.getName().equals("handle")) {
                            seen.complete(null);
                        }
                        return null;
                    });
            Object signal = Class.forName("sun.misc.Signal").getConstructor(String.class).newInstance(name);
            return new CaughtSignal(signal, handle(signal, handler), seen);
        }

        private static Object handle(Object signal, Object handler) throws ReflectiveOperationException {
            return signal.getClass().getMethod("handle", signal.getClass(), Class.forName("sun.misc.SignalHandler"))
                    .invoke(null, signal, handler);
        }

        void await() throws Exception {
            seen.get(LONG_MS, TimeUnit.MILLISECONDS);
        }

        @Override
        public void close() throws ReflectiveOperationException {
            handle(signal, before);
        }
    }
}
