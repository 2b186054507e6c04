package io.github.fdsock.sys;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Links C functions, and calls them through handles of each [Shape], with errno captured in the same breath.
///
/// Reading errno by a second call would be too late: the JVM itself may have changed it at a safepoint in between.
final class Downcall {
    /// As much as may be moved by a call that holds off safepoints: what a stream reads at once, seldom all of it, and
    /// less than 10 µs where it is all copied. The call spares some 7 ns.
    static final long CRITICAL_LENGTH_MAX = 64 * 1024;

    private static final Linker.Option CAPTURE_ERRNO = Linker.Option.captureCallState("errno");

    private static final Captured CAPTURED = new Captured();

    /// The shapes, each with its options, of which a handle has been linked: the first of each costs milliseconds.
    private static final Set<String> LINKED = ConcurrentHashMap.newKeySet();

    private Downcall() {
    }

    /// What has been linked so far; `StartupBenchmark` counts it.
    static Set<String> linked() {
        return Set.copyOf(LINKED);
    }

    /// The errno that the last failed call of the current thread left.
    static int errno() {
        return CAPTURED.get().get(ValueLayout.JAVA_INT, 0);
    }

    /// What a method of [Libc] returns for an `int` function.
    static int result(final int result) {
        return result >= 0 ? result : -errno();
    }

    /// What a method of [Libc] returns for an `ssize_t` or `off_t` function.
    static long result(final long result) {
        return result >= 0 ? result : -errno();
    }

    static MethodHandle link(final Call call) {
        return link(call, call.shape, Platform.LIBC);
    }

    /// For what no kernel has: null where this machine's libc does not have it either.
    static MethodHandle linkIfPresent(final Call call) {
        return linkIfPresent(call, Platform.LIBC);
    }

    static MethodHandle linkIfPresent(final Call call, final SymbolLookup libc) {
        return libc.find(call.name()).isPresent() ? link(call, call.shape, libc) : null;
    }

    /// For the pointer form of a variadic function.
    static MethodHandle linkPointer(final Call call) {
        return link(call, call.pointerShape, Platform.LIBC);
    }

    /// For calls that cannot block: spares the thread-state transition, and holds off safepoints while it runs.
    static MethodHandle linkCritical(final Call call) {
        return link(call, call.shape, Platform.LIBC, Linker.Option.critical(false));
    }

    @SuppressWarnings("restricted")
    static MethodHandle link(final Call call, final Shape shape, final SymbolLookup libc,
            final Linker.Option... more) {
        final List<Linker.Option> options = new ArrayList<>(List.of(more));
        options.add(CAPTURE_ERRNO);
        final Optional<MemorySegment> function = libc.find(call.name());
        if (function.isEmpty()) {
            return linkByNumber(call, shape, libc);
        }
        // No operator +: its bootstrap would cost a fresh JVM as much as a shape does.
        LINKED.add(more.length == 0 ? shape.name() : shape.name().concat(" critical"));
        if (shape.firstVariadic != Shape.FIXED) {
            options.add(Linker.Option.firstVariadicArg(shape.firstVariadic));
        }
        return Linker.nativeLinker().downcallHandle(function.get(), shape.descriptor(),
                options.toArray(Linker.Option[]::new));
    }

    /// `syscall(number, …)`, for a libc that is older than the call, or has never wrapped it.
    @SuppressWarnings("restricted")
    private static MethodHandle linkByNumber(final Call call, final Shape shape, final SymbolLookup libc) {
        if (call.number == Call.NO_NUMBER) {
            throw new UnsatisfiedLinkError("this machine's libc has no function " + call);
        }
        LINKED.add(shape.name().concat(" by number"));
        FunctionDescriptor descriptor = shape.descriptor().insertArgumentLayouts(0, ValueLayout.JAVA_LONG);
        if (call == Call.epoll_pwait2) {
            // The bare system call wants the size of the signal mask behind it.
            descriptor = descriptor.appendArgumentLayouts(ValueLayout.JAVA_LONG);
        }
        final MethodHandle syscall = Linker.nativeLinker().downcallHandle(
                libc.find("syscall").orElseThrow(() -> new UnsatisfiedLinkError("no function syscall")),
                descriptor, CAPTURE_ERRNO, Linker.Option.firstVariadicArg(1));
        final MethodHandle numbered = MethodHandles.insertArguments(syscall, 1, (long) call.number);
        return call == Call.epoll_pwait2
                ? MethodHandles.insertArguments(numbered, numbered.type().parameterCount() - 1, KERNEL_SIGSET_SIZE)
                : numbered;
    }

    /// `sizeof(sigset_t)` as the kernel has it (64 signals), unlike libc's, which has room for 1024.
    private static final long KERNEL_SIGSET_SIZE = 8;

    static long llllll(final MethodHandle call, final long a, final long b, final long c,
            final long d, final long e, final long f) {
        try {
            return (long) call.invokeExact(CAPTURED.get(), a, b, c, d, e, f);
        } catch (final Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static long pll(final MethodHandle call, final MemorySegment a, final long b, final long c) {
        try {
            return (long) call.invokeExact(CAPTURED.get(), a, b, c);
        } catch (final Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static long lpll(final MethodHandle call, final long a, final MemorySegment b, final long c, final long d) {
        try {
            return (long) call.invokeExact(CAPTURED.get(), a, b, c, d);
        } catch (final Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static long lppl(final MethodHandle call, final long a, final MemorySegment b,
            final MemorySegment c, final long d) {
        try {
            return (long) call.invokeExact(CAPTURED.get(), a, b, c, d);
        } catch (final Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static long lllpl(final MethodHandle call, final long a, final long b,
            final long c, final MemorySegment d, final long e) {
        try {
            return (long) call.invokeExact(CAPTURED.get(), a, b, c, d, e);
        } catch (final Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static long lllpp(final MethodHandle call, final long a, final long b,
            final long c, final MemorySegment d, final MemorySegment e) {
        try {
            return (long) call.invokeExact(CAPTURED.get(), a, b, c, d, e);
        } catch (final Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static long llpl(final MethodHandle call, final long a, final long b, final MemorySegment c, final long d) {
        try {
            return (long) call.invokeExact(CAPTURED.get(), a, b, c, d);
        } catch (final Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static long llpp(final MethodHandle call, final long a, final long b,
            final MemorySegment c, final MemorySegment d) {
        try {
            return (long) call.invokeExact(CAPTURED.get(), a, b, c, d);
        } catch (final Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static long lpllpl(final MethodHandle call, final long a, final MemorySegment b, final long c,
            final long d, final MemorySegment e, final long f) {
        try {
            return (long) call.invokeExact(CAPTURED.get(), a, b, c, d, e, f);
        } catch (final Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static long lpllpp(final MethodHandle call, final long a, final MemorySegment b, final long c,
            final long d, final MemorySegment e, final MemorySegment f) {
        try {
            return (long) call.invokeExact(CAPTURED.get(), a, b, c, d, e, f);
        } catch (final Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static long lplpp(final MethodHandle call, final long a, final MemorySegment b,
            final long c, final MemorySegment d, final MemorySegment e) {
        try {
            return (long) call.invokeExact(CAPTURED.get(), a, b, c, d, e);
        } catch (final Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static long lplpll(final MethodHandle call, final long a, final MemorySegment b, final long c,
            final MemorySegment d, final long e, final long f) {
        try {
            return (long) call.invokeExact(CAPTURED.get(), a, b, c, d, e, f);
        } catch (final Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static long plpp(final MethodHandle call, final MemorySegment a, final long b,
            final MemorySegment c, final MemorySegment d) {
        try {
            return (long) call.invokeExact(CAPTURED.get(), a, b, c, d);
        } catch (final Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static long pppp(final MethodHandle call, final MemorySegment a, final MemorySegment b,
            final MemorySegment c, final MemorySegment d) {
        try {
            return (long) call.invokeExact(CAPTURED.get(), a, b, c, d);
        } catch (final Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static long pppppp(final MethodHandle call, final MemorySegment a, final MemorySegment b, final MemorySegment c,
            final MemorySegment d, final MemorySegment e, final MemorySegment f) {
        try {
            return (long) call.invokeExact(CAPTURED.get(), a, b, c, d, e, f);
        } catch (final Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static long plplpll(final MethodHandle call, final MemorySegment a, final long b, final MemorySegment c,
            final long d, final MemorySegment e, final long f, final long g) {
        try {
            return (long) call.invokeExact(CAPTURED.get(), a, b, c, d, e, f, g);
        } catch (final Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static long lll(final MethodHandle call, final long a, final long b, final long c) {
        try {
            return (long) call.invokeExact(CAPTURED.get(), a, b, c);
        } catch (final Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    static long llp(final MethodHandle call, final long a, final long b, final MemorySegment c) {
        try {
            return (long) call.invokeExact(CAPTURED.get(), a, b, c);
        } catch (final Throwable thrown) {
            throw unexpected(thrown);
        }
    }

    /// A downcall throws nothing of its own but what the checks on its segments throw: closed, of another thread, on
    /// the heap.
    private static RuntimeException unexpected(final Throwable e) {
        return switch (e) {
            case RuntimeException unchecked -> unchecked;
            case Error error -> throw error;
            default -> new IllegalStateException("a downcall threw a checked exception", e);
        };
    }

    /// One segment a thread into which every call captures errno; freed with its thread.
    ///
    /// It is looked at only after a failure. A virtual thread gets one of its own: between a call and the look at its
    /// errno it might otherwise share with the next on its carrier.
    private static final class Captured extends ThreadLocal<MemorySegment> {
        private static final MemoryLayout LAYOUT = Linker.Option.captureStateLayout();

        @Override
        protected MemorySegment initialValue() {
            return Arena.ofAuto().allocate(LAYOUT);
        }
    }
}
