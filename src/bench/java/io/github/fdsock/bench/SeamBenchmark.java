package io.github.fdsock.bench;

import io.github.fdsock.harness.Faults;
import io.github.fdsock.harness.Ledger;
import io.github.fdsock.harness.Trace;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Interposer;
import io.github.fdsock.sys.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.MutableCallSite;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.CompilerControl;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.BenchmarkParams;

/// What the seam in front of every call costs: idle, and after it was opened and closed many times.
///
/// The work is a call that never enters the kernel, `getnameinfo` of an address of no family, so that a nanosecond more
/// or less shows. It is made in three ways that differ in the seam alone:
///
/// - `direct`: the benchmark's own handle, with none;
/// - `field`: [Libc], which reads a volatile field;
/// - `harness`: the same, where a trace, faults and a ledger were open before;
/// - `site`: the benchmark's own handle behind a [MutableCallSite], which compiled code holds for a constant.
///
/// Each sample is the time of [#TURNS] calls, which [SeamTable] divides.
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 8, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgs = {"--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC",
        "--sun-misc-unsafe-memory-access=allow"})
public class SeamBenchmark {
    static final int TURNS = 1000;

    /// How many calls pass between two turns of the seam: a test that makes some, with a fault and without.
    static final int CALLS_BETWEEN = 1000;

    private static final Interposer ANSWERING = (call, arguments) -> -1;

    /// What one opening, one closing and the calls after each took on average; 0 where there were none.
    private static double nanosPerFlip;

    /// How often the seam was opened and closed before.
    @Param({"0", "1", "10000"})
    public int flips;

    private final MemorySegment address = Arena.global().allocate(16, 8);

    /// Opens and closes the seam of the benchmark about to run; the others stay as they are.
    @Setup
    public void flip(final BenchmarkParams benchmark) throws Exception {
        final String name = benchmark.getBenchmark();
        final Way way = Way.valueOf(name.substring(name.lastIndexOf('.') + 1));
        final long start = System.nanoTime();
        for (int i = 0; i < flips; i++) {
            way.open();
            call(way);
            way.close();
            call(way);
        }
        nanosPerFlip = flips == 0 ? 0 : (double) (System.nanoTime() - start) / flips;
    }

    private void call(final Way way) {
        for (int i = 0; i < CALLS_BETWEEN; i++) {
            check(way == Way.site ? callSite(address) : callField(address));
        }
    }

    /// How the seam is opened and closed, by the name of the benchmark.
    private enum Way {
        direct, field, site, harness;

        private static final List<AutoCloseable> LAYERS = new ArrayList<>();

        void open() {
            switch (this) {
                case field -> Interposer.install(ANSWERING);
                case site -> SiteSeam.install(ANSWERING);
                case harness -> {
                    LAYERS.add(Trace.count(io.github.fdsock.harness.Scope.everything()));
                    LAYERS.add(Faults.inject("close:error=EIO"));
                    LAYERS.add(Ledger.open());
                }
                case direct -> { }
            }
        }

        void close() throws Exception {
            switch (this) {
                case field -> Interposer.install(null);
                case site -> SiteSeam.install(null);
                case harness -> {
                    for (final AutoCloseable layer : LAYERS) {
                        layer.close();
                    }
                    LAYERS.clear();
                }
                case direct -> { }
            }
        }
    }

    static double nanosPerFlip() {
        return nanosPerFlip;
    }

    @Benchmark
    public void direct() {
        for (int i = 0; i < TURNS; i++) {
            check(callDirect(address));
        }
    }

    @Benchmark
    public void field() {
        for (int i = 0; i < TURNS; i++) {
            check(callField(address));
        }
    }

    @Benchmark
    public void harness() {
        for (int i = 0; i < TURNS; i++) {
            check(callField(address));
        }
    }

    @Benchmark
    public void site() {
        for (int i = 0; i < TURNS; i++) {
            check(callSite(address));
        }
    }

    private static void check(final int result) {
        if (result >= 0) {
            throw new IllegalStateException("getnameinfo: " + result);
        }
    }

    // Each is compiled by itself, so that what the setup does to it the measurement meets.

    @CompilerControl(CompilerControl.Mode.DONT_INLINE)
    static int callDirect(final MemorySegment address) {
        return Own.getnameinfo(address, 16, MemorySegment.NULL, 0, MemorySegment.NULL, 0, 0);
    }

    @CompilerControl(CompilerControl.Mode.DONT_INLINE)
    static int callField(final MemorySegment address) {
        return Libc.getnameinfo(address, 16, MemorySegment.NULL, 0, MemorySegment.NULL, 0, 0);
    }

    @CompilerControl(CompilerControl.Mode.DONT_INLINE)
    static int callSite(final MemorySegment address) {
        final Interposer seam = SiteSeam.interposer();
        if (seam != null) {
            return (int) seam.call(Call.getnameinfo, address, 16, MemorySegment.NULL, 0, MemorySegment.NULL, 0, 0);
        }
        return Own.getnameinfo(address, 16, MemorySegment.NULL, 0, MemorySegment.NULL, 0, 0);
    }

    /// The same downcall, linked in the same way as by `sys`.
    private static final class Own {
        private static final ThreadLocal<MemorySegment> CAPTURED =
                ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(Linker.Option.captureStateLayout()));

        private static final MethodHandle HANDLE = link();

        @SuppressWarnings("restricted")
        private static MethodHandle link() {
            final Linker linker = Linker.nativeLinker();
            return linker.downcallHandle(linker.defaultLookup().findOrThrow("getnameinfo"),
                    FunctionDescriptor.of(ValueLayout.JAVA_LONG, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG,
                            ValueLayout.ADDRESS, ValueLayout.JAVA_LONG, ValueLayout.ADDRESS, ValueLayout.JAVA_LONG,
                            ValueLayout.JAVA_LONG),
                    Linker.Option.captureCallState("errno"));
        }

        static int getnameinfo(final MemorySegment addr, final int addrlen, final MemorySegment host,
                final int hostlen, final MemorySegment serv, final int servlen, final int flags) {
            room(addr, addrlen);
            room(host, hostlen);
            room(serv, servlen);
            try {
                return (int) (long) HANDLE.invokeExact(CAPTURED.get(), addr, (long) addrlen, host, (long) hostlen, serv,
                        (long) servlen, (long) flags);
            } catch (final Throwable e) {
                throw new IllegalStateException(e);
            }
        }

        private static void room(final MemorySegment segment, final int length) {
            if (length > segment.byteSize() && segment.address() != 0) {
                throw new IndexOutOfBoundsException(segment + " is shorter than " + length);
            }
        }
    }

    /// What `sys.Seam` would be with a [MutableCallSite] in the place of its field.
    private static final class SiteSeam {
        private static final MutableCallSite SITE =
                new MutableCallSite(MethodHandles.constant(Interposer.class, null));
        private static final MethodHandle INSTALLED = SITE.dynamicInvoker();

        static void install(final Interposer interposer) {
            SITE.setTarget(MethodHandles.constant(Interposer.class, interposer));
            MutableCallSite.syncAll(new MutableCallSite[] {SITE});
        }

        static Interposer interposer() {
            try {
                return (Interposer) INSTALLED.invokeExact();
            } catch (final Throwable e) {
                throw new IllegalStateException(e);
            }
        }
    }
}
