package io.github.fdsock.bench;

import io.github.fdsock.loop.EventLoop;
import io.github.fdsock.loop.Timer;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// What a timer of a loop costs while many others are armed.
///
/// Each sample is the time of [#TURNS] timers, taken one after the other through all there are, which [TimerTable]
/// divides.
/// The clock is read once for each that is armed.
@State(Scope.Thread)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 8, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgs = {"--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC",
        "--sun-misc-unsafe-memory-access=allow"})
public class TimerBenchmark {
    static final int TURNS = 1000;

    /// Idle timeouts: far away, and none like the other.
    private static final long DELAY_NANOS = TimeUnit.HOURS.toNanos(1);

    /// A number without a divisor in common with any count below: delays in no order, the same in every run.
    private static final long STRIDE = 7_919;

    @Param({"1000", "100000"})
    public int armed;

    private EventLoop loop;
    private Timer[] timers;
    private int next;

    @Setup(Level.Iteration)
    public void arm() throws IOException {
        loop = EventLoop.open();
        timers = new Timer[armed];
        for (int i = 0; i < armed; i++) {
            timers[i] = loop.schedule(delay(i), () -> { });
        }
    }

    @TearDown(Level.Iteration)
    public void close() throws IOException {
        loop.close();
    }

    private long delay(final int index) {
        return DELAY_NANOS + index * STRIDE % armed * TimeUnit.MICROSECONDS.toNanos(1);
    }

    private Timer timer() {
        next = next + 1 == armed ? 0 : next + 1;
        return timers[next];
    }

    /// An idle timeout that begins anew: the deadline moves behind all the others.
    @Benchmark
    public void armAgain() {
        for (int i = 0; i < TURNS; i++) {
            timer().start(DELAY_NANOS + TimeUnit.SECONDS.toNanos(1));
        }
    }

    /// A time limit that was not needed: one more is armed, and taken away again.
    @Benchmark
    public void armAndCancel() {
        for (int i = 0; i < TURNS; i++) {
            final Timer timer = timer();
            timer.cancel();
            timer.start(delay(next));
        }
    }

    /// Timers that are due, expired in one turn.
    @Benchmark
    public void expire() throws IOException {
        final int first = next;
        for (int i = 0; i < TURNS; i++) {
            timer().start(0);
        }
        loop.runNoWait();
        next = first;
        for (int i = 0; i < TURNS; i++) {
            final Timer timer = timer();
            timer.start(delay(next));
        }
    }
}
