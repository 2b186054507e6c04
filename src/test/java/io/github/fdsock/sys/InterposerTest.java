package io.github.fdsock.sys;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.testing.WithoutLedger;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// An interposer sees every call there is, decides what its caller sees, and is gone the moment it is taken away.
@Timeout(60)
@WithoutLedger("about the seam itself, which is empty before and after")
class InterposerTest {

    record Seen(Call call, List<Object> arguments) {
        static Seen of(Call call, Object... arguments) {
            return new Seen(call, List.of(arguments));
        }
    }

    @AfterEach
    void takeAway() {
        Interposer.install(null);
    }

    static Stream<Method> methods() {
        return CallTest.methods();
    }

    /// Without a real call: whatever the function is, nothing happens. The arguments are such that one which got
    /// through would be refused by the kernel: nobody's descriptor, process or signal.
    @ParameterizedTest
    @MethodSource("methods")
    void seesTheCallWithItsArgumentsAndReplacesIt(Method method) throws ReflectiveOperationException {
        try (Arena arena = Arena.ofConfined()) {
            final Object[] arguments = new Object[method.getParameterCount()];
            for (int i = 0; i < arguments.length; i++) {
                final Class<?> type = method.getParameterTypes()[i];
                arguments[i] = type == int.class ? (Object) (i == 0 ? -3 : 100 + i)
                        : type == long.class ? (Object) (100L + i)
                        : type == short.class ? (Object) (short) (100 + i)
                        : method.getName().equals("freeaddrinfo") ? MemorySegment.NULL : arena.allocate(16_384);
            }
            final List<Seen> seen = new ArrayList<>();
            Interposer.install((call, values) -> {
                seen.add(Seen.of(call, values.clone()));
                Arrays.fill(values, null);
                return -4242;
            });
            final Object result = method.invoke(null, arguments);
            Interposer.install(null);

            assertThat(seen).containsExactly(Seen.of(Call.valueOf(method.getName()), arguments));
            if (method.getReturnType() == int.class) {
                assertThat(result).isEqualTo(-4242);
            } else if (method.getReturnType() == long.class) {
                assertThat(result).isEqualTo(-4242L);
            } else {
                assertThat(result).isNull();
            }
        }
    }

    @Test
    void lengthsHaveBeenCheckedBefore() {
        final AtomicInteger seen = new AtomicInteger();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment four = arena.allocate(4);
            Interposer.install((_, _) -> seen.incrementAndGet());
            assertThatThrownBy(() -> Libc.send(-1, four, 5, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        }
        assertThat(seen).hasValue(0);
    }

    @Test
    void callsItMakesItselfGoToTheKernel() {
        final List<Call> seen = new ArrayList<>();
        Interposer.install((call, arguments) -> {
            seen.add(call);
            final int fd = Libc.eventfd((int) arguments[0], (int) arguments[1]);
            final int duplicate = Libc.dup(fd);
            Libc.close(fd);
            return duplicate;
        });
        final int fd = Libc.eventfd(5, EFD_CLOEXEC);
        Interposer.install(null);
        assertThat(seen).containsExactly(Call.eventfd);
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment value = arena.allocate(8);
            assertThat(Libc.read(fd, value, 8)).isEqualTo(8);
            assertThat(value.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(5);
        }
        assertThat(Libc.close(fd)).isZero();
    }

    @Test
    void meetsTheNextCallAfterItThrew() {
        final AtomicInteger seen = new AtomicInteger();
        Interposer.install((_, _) -> {
            if (seen.incrementAndGet() == 1) {
                throw new UnsupportedOperationException("the first");
            }
            return 7;
        });
        assertThatThrownBy(() -> Libc.close(-1)).isInstanceOf(UnsupportedOperationException.class);
        assertThat(Libc.close(-1)).isEqualTo(7);
        assertThat(seen).hasValue(2);
    }

    @Test
    void installingTellsWhichOneWasThere() {
        final Interposer first = (_, _) -> 1;
        final Interposer second = (_, _) -> 2;
        assertThat(Interposer.install(first)).isNull();
        assertThat(Interposer.install(second)).isSameAs(first);
        assertThat(Libc.close(-1)).isEqualTo(2);
        assertThat(Interposer.install(null)).isSameAs(second);
        assertThat(Libc.close(-1)).isEqualTo(-EBADF);
        assertThat(Interposer.install(null)).isNull();
    }

    @Test
    void mayTakeItselfAway() {
        Interposer.install((_, _) -> {
            Interposer.install(null);
            return 1;
        });
        assertThat(Libc.close(-1)).isEqualTo(1);
        assertThat(Libc.close(-1)).isEqualTo(-EBADF);
    }

    private static void comesAndGoesWhileCallsRun(ExecutorService executor, int threads) throws Exception {
        final AtomicBoolean end = new AtomicBoolean();
        final AtomicLong replaced = new AtomicLong();
        final AtomicLong real = new AtomicLong();
        final CountDownLatch running = new CountDownLatch(threads);
        final Interposer interposer = (_, arguments) -> {
            // A real call, and one that never meets the interposer, on however many threads at once.
            assertThat(Libc.close((int) arguments[0])).isEqualTo(-EBADF);
            return 1_000 - (int) arguments[0];
        };
        try (executor) {
            final List<Future<?>> ends = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                final int fd = -1 - i;
                ends.add(executor.submit(() -> {
                    running.countDown();
                    // Not only for fairness: virtual threads that yield are run before those that never ran.
                    running.await();
                    while (!end.get()) {
                        final int result = Libc.close(fd);
                        if (result == 1_000 - fd) {
                            replaced.incrementAndGet();
                        } else {
                            assertThat(result).isEqualTo(-EBADF);
                            real.incrementAndGet();
                        }
                        Thread.yield();
                    }
                    return null;
                }));
            }
            try {
                running.await();
                for (int turn = 0; turn < 500; turn++) {
                    Interposer.install(interposer);
                    await(replaced, ends);
                    Interposer.install(null);
                    await(real, ends);
                }
            } finally {
                end.set(true);
            }
            for (Future<?> thread : ends) {
                thread.get();
            }
        }
    }

    /// Waits until the counter has moved, while none of those that move it has failed.
    private static void await(AtomicLong counter, List<Future<?>> threads) throws Exception {
        final long before = counter.get();
        while (counter.get() == before) {
            for (Future<?> thread : threads) {
                if (thread.isDone()) {
                    thread.get();
                }
            }
            assertThat(Thread.currentThread().isInterrupted()).as("still waiting at the end of the time").isFalse();
            Thread.onSpinWait();
        }
    }

    @Test
    void comesAndGoesWhilePlatformThreadsCall() throws Exception {
        comesAndGoesWhileCallsRun(Executors.newThreadPerTaskExecutor(Thread.ofPlatform().factory()), 4);
    }

    @Test
    void comesAndGoesWhileVirtualThreadsCall() throws Exception {
        comesAndGoesWhileCallsRun(Executors.newVirtualThreadPerTaskExecutor(), 50);
    }

    @Test
    void whileOneThreadIsInsideTheCallsOfOthersAreSeenToo() throws Exception {
        final CountDownLatch inside = new CountDownLatch(1);
        final CountDownLatch seen = new CountDownLatch(1);
        Interposer.install((_, arguments) -> {
            if ((int) arguments[0] == -1) {
                inside.countDown();
                try {
                    seen.await();
                } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                }
                return 1;
            }
            return 2;
        });
        final AtomicInteger first = new AtomicInteger();
        final Thread thread = Thread.ofPlatform().start(() -> first.set(Libc.close(-1)));
        inside.await();
        try {
            assertThat(Libc.close(-2)).isEqualTo(2);
        } finally {
            seen.countDown();
            thread.join();
        }
        assertThat(first).hasValue(1);
    }
}
