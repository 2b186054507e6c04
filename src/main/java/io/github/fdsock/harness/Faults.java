package io.github.fdsock.harness;

import io.github.fdsock.sys.Call;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;

/// Faults, as long as it is open: calls fail, come short, are late, by rules.
///
/// ```java
/// try (Faults faults = Faults.inject("accept4:error=EMFILE:when=1..3")) {
///     …
///     assert faults.injected() == 3;
/// }
/// ```
///
/// [FaultRule] has the grammar. Of several rules each counts every call that it matches; those that are about the call
/// then apply in order, each around the next, so that one which answers in the kernel's place leaves nothing to those
/// behind it. Where several of these are open the same goes for them, in the order in which they were made.
///
/// **Whose calls.** Those of the thread that injects, and no others, unless a [Scope] says so: tests that run at the
/// same time do not disturb each other. Only calls that are made through `Libc` meet a fault.
///
/// A trace shows what was injected; a ledger of descriptors, which stands further in, knows what really happened.
///
/// **Threads.** Any may use it and close it. A call that is under way when it is closed is not affected.
public final class Faults implements AutoCloseable {
    private final Scope scope;
    private final List<Counted> rules = new ArrayList<>();
    private final Layers.Layer layer = new InjectingLayer();

    /// A rule, and what has come of it.
    private static final class Counted {
        final FaultRule rule;
        final AtomicLong matched = new AtomicLong();
        final AtomicLong injected = new AtomicLong();

        /// Of the calls on each descriptor; null where all are counted together.
        final Map<Integer, AtomicLong> byDescriptor;

        Counted(final FaultRule rule) {
            this.rule = rule;
            byDescriptor = rule.isPerDescriptor() ? new ConcurrentHashMap<>() : null;
        }

        /// Counts a call that matches; whether the rule is about it.
        boolean counts(final Call call, final Object... arguments) {
            final long all = matched.incrementAndGet();
            return rule.includes(byDescriptor == null ? all
                    : byDescriptor.computeIfAbsent((Integer) arguments[Parameters.descriptors(call)[0]],
                            _ -> new AtomicLong()).incrementAndGet());
        }
    }

    private Faults(final Scope scope, final List<FaultRule> rules) {
        this.scope = Objects.requireNonNull(scope, "scope");
        if (rules.isEmpty()) {
            throw new IllegalArgumentException("no rule");
        }
        for (final FaultRule rule : rules) {
            this.rules.add(new Counted(seeded(rule.complete())));
        }
        Layers.add(layer);
    }

    private static FaultRule seeded(final FaultRule rule) {
        if (!rule.needsSeed()) {
            return rule;
        }
        final FaultRule seeded = rule.seed(ThreadLocalRandom.current().nextInt(Integer.MAX_VALUE));
        System.err.println("faults: " + seeded);
        return seeded;
    }

    /// Lets calls of this thread fail.
    ///
    /// @param rules one or several, as [FaultRule#of] reads them
    /// @return to be closed
    /// @throws FaultSyntaxException one of them is no rule
    public static Faults inject(final String... rules) {
        return inject(Scope.thisThread(), rules);
    }

    /// Lets calls of this thread fail.
    ///
    /// Where a rule has a `chance` and no `seed`, one is chosen, and the rule with it printed on standard error.
    ///
    /// @param rules one or several
    /// @return to be closed
    /// @throws IllegalArgumentException a rule that does not say what shall happen
    public static Faults inject(final FaultRule... rules) {
        return inject(Scope.thisThread(), rules);
    }

    /// Lets calls fail.
    ///
    /// @param scope whose, or on what
    /// @param rules one or several, as [FaultRule#of] reads them
    /// @return to be closed
    /// @throws FaultSyntaxException one of them is no rule
    public static Faults inject(final Scope scope, final String... rules) {
        return new Faults(scope, Arrays.stream(rules).map(FaultRule::of).toList());
    }

    /// Lets calls fail.
    ///
    /// @param scope whose, or on what
    /// @param rules one or several
    /// @return to be closed
    /// @throws IllegalArgumentException a rule that does not say what shall happen
    public static Faults inject(final Scope scope, final FaultRule... rules) {
        return new Faults(scope, List.of(rules));
    }

    /// The rules in force.
    ///
    /// @return them in order, each `chance` with its `seed`
    public List<FaultRule> rules() {
        return rules.stream().map(counted -> counted.rule).toList();
    }

    /// How many calls set, conditions and scope of a rule have matched.
    ///
    /// @param rule 0 for the first
    /// @return the number
    /// @throws IndexOutOfBoundsException there is no such rule
    public long matched(final int rule) {
        return rules.get(rule).matched.get();
    }

    /// How many calls a rule has changed, or delayed.
    ///
    /// @param rule 0 for the first
    /// @return the number
    /// @throws IndexOutOfBoundsException there is no such rule
    public long injected(final int rule) {
        return rules.get(rule).injected.get();
    }

    /// How many times any of the rules has changed a call, or delayed it.
    ///
    /// @return the sum over all rules
    public long injected() {
        return rules.stream().mapToLong(counted -> counted.injected.get()).sum();
    }

    /// From now on calls are made as they are. Later calls of this do nothing.
    @Override
    public void close() {
        Layers.remove(layer);
    }

    /// The rules, with what has come of each: `accept4:error=EMFILE:when=1..3 (5 matched, 3 injected)`.
    @Override
    public String toString() {
        return rules.stream()
                .map(counted -> counted.rule + " (" + counted.matched + " matched, " + counted.injected + " injected)")
                .collect(Collectors.joining("; "));
    }

    private final class InjectingLayer implements Layers.Layer {
        @Override
        public Layers.Place place() {
            return Layers.Place.FAULTS;
        }

        @Override
        public boolean mayShorten() {
            return rules.stream().anyMatch(counted -> counted.rule.most() != null
                    || counted.rule.answer() != null && counted.rule.answer() >= 0);
        }

        @Override
        public long call(final Invocation invocation) {
            final Call call = invocation.call();
            final Object[] arguments = invocation.arguments();
            List<Counted> due = List.of();
            if (scope.covers(call, arguments)) {
                for (final Counted counted : rules) {
                    if (counted.rule.matches(call, arguments) && counted.counts(call, arguments)) {
                        due = due.isEmpty() ? new ArrayList<>() : due;
                        due.add(counted);
                    }
                }
            }
            return apply(invocation, due, 0);
        }

        /// Makes the call, with which lives of descriptors may end. What closes a number does so beforehand: right
        /// after, the number may be another's.
        private long proceed(final Invocation invocation) {
            final Object[] arguments = invocation.arguments();
            switch (invocation.call()) {
                case close -> forget((Integer) arguments[0], (Integer) arguments[0]);
                case close_range -> {
                    // With flags it marks them, closes them for a thread that shares them no longer, or is refused.
                    if ((Integer) arguments[2] == 0) {
                        forget((Integer) arguments[0], (Integer) arguments[1]);
                    }
                }
                default -> { }
            }
            final long result = invocation.proceed();
            if (invocation.call() == Call.dup3 && result >= 0) {
                forget((Integer) arguments[1], (Integer) arguments[1]);
            }
            return result;
        }

        private void forget(final int first, final int last) {
            for (final Counted counted : rules) {
                if (counted.byDescriptor != null) {
                    counted.byDescriptor.keySet().removeIf(fd -> Integer.compareUnsigned(fd, first) >= 0
                            && Integer.compareUnsigned(fd, last) <= 0);
                }
            }
        }

        private long apply(final Invocation invocation, final List<Counted> due, final int index) {
            if (index == due.size()) {
                return proceed(invocation);
            }
            final FaultRule rule = due.get(index).rule;
            due.get(index).injected.incrementAndGet();
            sleep(rule.enterNanos());
            if (rule.signal() != null) {
                Signals.raise(rule.signal());
            }
            final long result;
            if (rule.answer() != null) {
                result = answer(invocation, rule, due, index);
            } else if (rule.most() != null) {
                invocation.markInjected();
                result = Shortening.make(invocation, rule.most(), () -> apply(invocation, due, index + 1));
            } else {
                result = apply(invocation, due, index + 1);
            }
            sleep(rule.exitNanos());
            return result;
        }

        private long answer(final Invocation invocation, final FaultRule rule, final List<Counted> due,
                final int index) {
            if (rule.isAfter()) {
                final long result = apply(invocation, due, index + 1);
                if (result >= 0) {
                    Made.takeBack(invocation, result);
                }
            } else if (rule.answer() >= 0) {
                Made.nothing(invocation.call(), invocation.arguments());
            }
            invocation.markInjected();
            return rule.answer();
        }
    }

    /// For no less than so long, interrupted or not.
    private static void sleep(final long nanos) {
        final long start = System.nanoTime();
        boolean interrupted = false;
        for (long left = nanos; left > 0; left = nanos - (System.nanoTime() - start)) {
            LockSupport.parkNanos(left);
            interrupted |= Thread.interrupted();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
