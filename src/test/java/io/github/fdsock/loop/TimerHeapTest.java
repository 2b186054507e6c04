package io.github.fdsock.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The heap gives back what a sorted set would, in whatever order timers are armed, cancelled and armed again, and
/// wherever on the clock.
class TimerHeapTest {
    /// What the heap is held against. Deadlines are told apart by their difference: the clock may wrap around.
    private static final class Model {
        private final TimerHeap heap = new TimerHeap();
        private final List<Timer> timers = new ArrayList<>();
        private final TreeSet<Timer> armed = new TreeSet<>(
                Comparator.<Timer>comparingLong(timer -> timer.deadline - start())
                        .thenComparingLong(timer -> timer.sequence));
        private final long start;

        private Model(final int size, final long start) {
            this.start = start;
            for (int i = 0; i < size; i++) {
                timers.add(new Timer(null, () -> { }));
            }
        }

        private long start() {
            return start;
        }

        private void arm(final int which, final long delay) {
            final Timer timer = timers.get(which);
            cancel(which);
            timer.deadline = start + delay;
            heap.add(timer);
            armed.add(timer);
            check();
        }

        private void cancel(final int which) {
            final Timer timer = timers.get(which);
            assertThat(timer.isArmed()).isEqualTo(armed.contains(timer));
            if (timer.isArmed()) {
                armed.remove(timer);
                heap.remove(timer);
                assertThat(timer.isArmed()).isFalse();
            }
            check();
        }

        private void expire() {
            if (!armed.isEmpty()) {
                final Timer first = armed.pollFirst();
                assertThat(heap.first()).isSameAs(first);
                heap.remove(first);
            }
            check();
        }

        private void check() {
            if (heap.size() != armed.size() || heap.first() != (armed.isEmpty() ? null : armed.first())) {
                throw new AssertionError(heap.size() + " timers instead of " + armed.size() + ", or another first");
            }
        }

        private void drain() {
            while (!armed.isEmpty()) {
                expire();
            }
            assertThat(heap.first()).isNull();
        }
    }

    /// @param kind 0 arms (again), 1 cancels, 2 lets the first expire
    record Step(int kind, int timer, long delay) {
    }

    @Provide
    Arbitrary<List<Step>> steps() {
        // Few delays, so that many are equal, and some of any length.
        final Arbitrary<Long> delays = Arbitraries.frequencyOf(
                Tuple.of(4, Arbitraries.longs().between(0, 5)),
                Tuple.of(1, Arbitraries.longs().between(0, Long.MAX_VALUE / 2)));
        return Combinators.combine(Arbitraries.of(0, 0, 0, 1, 2), Arbitraries.integers().between(0, 39), delays)
                .as(Step::new).list().ofMaxSize(400);
    }

    @Property(tries = 500, edgeCases = EdgeCasesMode.NONE)
    void itIsASortedSet(@ForAll("steps") final List<Step> steps, @ForAll final long start) {
        final Model model = new Model(40, start);
        for (final Step step : steps) {
            switch (step.kind) {
                case 0 -> model.arm(step.timer, step.delay);
                case 1 -> model.cancel(step.timer);
                default -> model.expire();
            }
        }
        model.drain();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, Long.MAX_VALUE - 1000, Long.MIN_VALUE})
    void byTheHundredThousand(final long start) {
        final int size = 100_000;
        final SplittableRandom random = new SplittableRandom(start);
        final Model model = new Model(size, start);
        for (int i = 0; i < size; i++) {
            model.arm(i, random.nextLong(2000));
        }
        for (int i = 0; i < 3 * size; i++) {
            final int which = random.nextInt(size);
            switch (random.nextInt(3)) {
                case 0 -> model.cancel(which);
                case 1 -> model.expire();
                default -> model.arm(which, random.nextLong(2000));
            }
        }
        model.drain();
    }

    @Test
    void ofEqualDeadlinesTheFirstArmedIsTheFirst() {
        final Model model = new Model(1000, 5);
        for (int i = 999; i >= 0; i--) {
            model.arm(i, 7);
        }
        for (int i = 999; i >= 0; i--) {
            assertThat(model.heap.first()).isSameAs(model.timers.get(i));
            model.expire();
        }
    }
}
