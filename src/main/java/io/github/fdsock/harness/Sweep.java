package io.github.fdsock.harness;

import static io.github.fdsock.sys.Constants.EAGAIN;
import static io.github.fdsock.sys.Constants.EINTR;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Errno;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiPredicate;
import java.util.stream.Collectors;

/// Runs a scenario again and again, and each time lets another of its calls fail with another errno, until all have.
///
/// ```java
/// Sweep.of(() -> {
///     try (EventLoop loop = EventLoop.open()) {
///         …
///     }
/// }).run();
/// ```
///
/// First it has to pass untouched. Then, of each call that it makes, the first fails with each errno of the man page,
/// then the second, and so on until a run makes no such call. One fails in each run: calls that only a failure leads to
/// do not fail. `close` and `munmap` fail when they are done. At the end it has to pass untouched once more.
///
/// By choice it does more, as SQLite's tests do: [#lasting] lets all calls of a kind fail from one on, and [#twice]
/// lets another call fail while the first failure is put right.
///
/// **After each run** no descriptor is left over or missing, no thread is left that the scenario has started, the time
/// limit has been kept, and the scenario has returned or has thrown, in any of its threads, what tells of an injected
/// errno: an exception that is, or has as its cause or suppressed, an [ErrnoException] of this errno, or has its name
/// in the message; or what it was said to throw ([#expecting]). Where two were injected one is enough. What must
/// be true in between and afterwards the scenario asserts itself; an [Error] is always a failure. After twenty failures
/// the sweep ends.
///
/// **Threads.** Each run is on a thread of its own, and faults meet that and all that are started by it or by these,
/// unless a [Scope] says otherwise. Threads that live already, such as those of a common pool, are not met. Virtual
/// ones are, but what they throw and whether they have ended is for the scenario to look at. While a sweep runs nobody
/// else in the process should open or close descriptors.
public final class Sweep {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    /// So many are told, and what comes behind is left alone: it would be more of the same.
    private static final int MOST_FAILURES = 20;

    /// Inherited by every thread that one of them starts.
    private static final InheritableThreadLocal<Sweep> RUNS = new InheritableThreadLocal<>();

    private final Scenario scenario;
    private Set<Call> calls = EnumSet.allOf(Call.class);
    private Scope scope = (_, _) -> RUNS.get() == this;
    private Duration limit = LIMIT;
    private long shortTo;
    private boolean lasting;
    private boolean twice;
    private final List<FaultRule> spared = new ArrayList<>();
    private BiPredicate<FaultRule, Throwable> expected = (_, _) -> false;

    /// Every call that any run has made, and how often the last run did.
    private final Map<Call, AtomicInteger> seen = new ConcurrentHashMap<>();

    private final Map<Call, Integer> failed = new TreeMap<>();
    private final List<Failure> failures = new ArrayList<>();
    private int runs;
    private int injected;
    private int lasted;
    private int doubled;
    private boolean stuck;

    private Sweep(final Scenario scenario) {
        this.scenario = Objects.requireNonNull(scenario, "scenario");
    }

    /// What is run: it makes calls, closes what it has opened, and asserts what has to be true.
    @FunctionalInterface
    public interface Scenario {
        /// Runs it once.
        ///
        /// @throws Exception what goes wrong, the injected fault above all
        void run() throws Exception;
    }

    /// What went wrong in one run.
    ///
    /// @param rules by which [Faults] makes it go wrong again; none where nothing was injected
    /// @param what one sentence, or several lines
    public record Failure(List<FaultRule> rules, String what) {
        /// The rules and what they led to.
        @Override
        public String toString() {
            return (rules.isEmpty() ? "untouched" : rules.stream().map(FaultRule::toString)
                    .collect(Collectors.joining(" "))) + ": " + what;
        }
    }

    /// What a sweep has tried, and what came of it.
    ///
    /// @param runs how often the scenario was run
    /// @param injected in how many of them a fault was met
    /// @param lasted in how many of these it lasted, [#lasting]
    /// @param doubled in how many of these there was a second one, [#twice]
    /// @param failed how many calls of each kind were made to fail
    /// @param failures what went wrong; nothing where all is well
    public record Report(int runs, int injected, int lasted, int doubled, Map<Call, Integer> failed,
            List<Failure> failures) {
        /// In a line, and one for each failure.
        @Override
        public String toString() {
            return runs + " runs, " + injected + " with a fault"
                    + (lasted == 0 ? "" : ", " + lasted + " with one that lasted")
                    + (doubled == 0 ? "" : ", " + doubled + " with a second one") + ": "
                    + failed.entrySet().stream()
                            .map(entry -> entry.getKey() + " " + entry.getValue() + " x "
                                    + DocumentedErrors.of(entry.getKey()).size())
                            .collect(Collectors.joining(", "))
                    + "; " + failures.size() + " failures"
                    + failures.stream().map(failure -> System.lineSeparator() + failure).collect(Collectors.joining());
        }
    }

    /// A sweep over all calls that a scenario makes.
    ///
    /// @param scenario what to run
    /// @return the sweep, to be [run][#run]
    public static Sweep of(final Scenario scenario) {
        return new Sweep(scenario);
    }

    /// Lets only these calls fail.
    ///
    /// @param call the call
    /// @param others more of them
    /// @return this
    public Sweep failing(final Call call, final Call... others) {
        calls = EnumSet.of(call, others);
        return this;
    }

    /// Lets only calls of a scope fail, rather than those of the scenario's own threads.
    ///
    /// @param scope the scope
    /// @return this
    public Sweep on(final Scope scope) {
        this.scope = Objects.requireNonNull(scope, "scope");
        return this;
    }

    /// Sets another limit for a single run than 20 seconds.
    ///
    /// @param longest after so long it counts as stuck, and the sweep ends
    /// @return this
    public Sweep limit(final Duration longest) {
        this.limit = Objects.requireNonNull(longest, "longest");
        return this;
    }

    /// Lets each transfer come short as well, once: for scenarios over streams, that send and receive the rest.
    ///
    /// @param bytes so many are transferred
    /// @return this
    public Sweep shortTo(final long bytes) {
        shortTo = bytes;
        return this;
    }

    /// Lets each call fail for ever as well: in a run of its own all such calls from the one on that would fail alone.
    ///
    /// `EINTR` and `EAGAIN` do not last: who is told to try again may well do so for ever.
    ///
    /// @return this
    public Sweep lasting() {
        lasting = true;
        return this;
    }

    /// Lets a second call fail as well: after each fault, in runs of their own, the first call that the scenario makes
    /// then, the second, and so on until there is none left, each with one errno of its man page, another one each
    /// time. That includes calls that only the first failure leads to, and those that [#failing] leaves out.
    ///
    /// @return this
    public Sweep twice() {
        twice = true;
        return this;
    }

    /// Leaves out what cannot happen in the scenario, and what it would not stand: an `EAGAIN` where there is room, as
    /// a wakeup knows it of its eventfd.
    ///
    /// @param rules such as `write:error=EAGAIN` or `close:error=EIO:after`, as [FaultRule#documented] has them
    /// @return this
    /// @throws FaultSyntaxException one of them is no rule
    public Sweep sparing(final String... rules) {
        for (final String rule : rules) {
            spared.add(FaultRule.of(rule));
        }
        return this;
    }

    /// Lets the scenario throw something else than the injected errno.
    ///
    /// @param right of the rule that was in force and what was thrown, whether that is right
    /// @return this
    public Sweep expecting(final BiPredicate<FaultRule, Throwable> right) {
        expected = Objects.requireNonNull(right, "right");
        return this;
    }

    /// Runs the scenario until there is nothing left that could fail. Once: for more there is another sweep.
    ///
    /// @return what was tried
    /// @throws AssertionError something went wrong: with the rule for each, and what it led to
    /// @throws IllegalStateException it has run before
    public Report run() {
        if (runs > 0) {
            throw new IllegalStateException("a sweep runs once");
        }
        // What the scenario loads and opens once, and keeps, is not its leak.
        new Run(null, 0, false).attempt();
        if (failures.isEmpty()) {
            new Run(null, 0, true).attempt();
        }
        if (failures.isEmpty()) {
            failEach();
            if (!stuck) {
                new Run(null, 0, true).attempt();
            }
        }
        final Report report = new Report(runs, injected, lasted, doubled, Collections.unmodifiableMap(failed),
                Collections.unmodifiableList(failures));
        if (!failures.isEmpty()) {
            throw new AssertionError(report.toString());
        }
        return report;
    }

    private void failEach() {
        final Set<Call> done = EnumSet.noneOf(Call.class);
        for (Call call = next(done); call != null && goesOn(); call = next(done)) {
            done.add(call);
            int occurrence = 1;
            while (failsWithEach(call, occurrence)) {
                failed.put(call, occurrence++);
            }
        }
    }

    private boolean goesOn() {
        return !stuck && failures.size() < MOST_FAILURES;
    }

    /// A call that some run has made, since not all make the same; null where there is none left.
    private Call next(final Set<Call> done) {
        return seen.keySet().stream().filter(call -> calls.contains(call) && !done.contains(call))
                .min(Comparator.naturalOrder()).orElse(null);
    }

    /// Whether there was such a call.
    private boolean failsWithEach(final Call call, final int occurrence) {
        boolean any = false;
        for (final FaultRule rule : rules(call)) {
            if (!goesOn()) {
                return false;
            }
            final FaultRule once = rule.when(occurrence);
            final boolean met = new Run(once, 0, true).attempt();
            if (!met && !any) {
                return false;
            }
            any = true;
            if (lasting && goesOn() && rule.errno() != EINTR && rule.errno() != EAGAIN
                    && new Run(rule.when(occurrence, Integer.MAX_VALUE), 0, true).attempt()) {
                lasted++;
            }
            for (int second = 1; twice && goesOn() && new Run(once, second, true).attempt(); second++) {
                doubled++;
            }
        }
        return any;
    }

    private List<FaultRule> rules(final Call call) {
        final List<FaultRule> rules = new ArrayList<>(DocumentedErrors.of(call));
        rules.removeIf(rule -> spared.stream().anyMatch(other -> other.coversAllOf(rule)));
        if (shortTo != 0 && Parameters.transfers(call)) {
            rules.add(FaultRule.on(call).shortTo(shortTo));
        }
        return rules;
    }

    // ---- one run

    /// One run of the scenario.
    private final class Run {
        private final FaultRule rule;

        /// Which of the calls after the first fault fails, too; 0 for none.
        private final int second;
        private final boolean checked;
        private final Queue<Throwable> thrown = new ConcurrentLinkedQueue<>();
        private final AtomicInteger after = new AtomicInteger();
        private volatile Faults faults;

        /// What a call fails with that is the second.
        private final Map<Call, FaultRule> again = new EnumMap<>(Call.class);
        private volatile FaultRule failedAgain;

        Run(final FaultRule rule, final int second, final boolean checked) {
            this.rule = rule;
            this.second = second;
            this.checked = checked;
            if (second > 0) {
                for (final Call call : Call.values()) {
                    final List<FaultRule> all = rules(call);
                    if (!all.isEmpty()) {
                        again.put(call, all.get(second % all.size()));
                    }
                }
            }
        }

        /// Whether what was to be met was: the fault, or the second where there is one.
        boolean attempt() {
            runs++;
            seen.values().forEach(count -> count.set(0));
            final OpenDescriptors before = OpenDescriptors.now();
            final ThreadGroup group = new ThreadGroup("sweep") {
                @Override
                public void uncaughtException(final Thread thread, final Throwable uncaught) {
                    thrown.add(uncaught);
                }
            };
            run(group);
            final boolean met = faults != null && faults.injected() > 0;
            if (met) {
                injected++;
            }
            final List<FaultRule> rules = failedAgain != null ? List.of(rule, failedAgain)
                    : rule != null ? List.of(rule) : List.of();
            final List<Thread> running = threads(group);
            if (!running.isEmpty()) {
                stuck = true;
                failures.add(new Failure(rules, "still running after " + limit + running.stream()
                        .map(Sweep::place).collect(Collectors.joining())));
                return met;
            }
            for (final Throwable each : thrown) {
                if (!(met && rules.stream().anyMatch(one -> isRight(one, each)))) {
                    failures.add(new Failure(rules, "threw " + trace(each)));
                }
            }
            if (checked) {
                before.differences().forEach(difference -> failures.add(new Failure(rules, difference)));
            }
            return second > 0 ? failedAgain != null : met;
        }

        private void run(final ThreadGroup group) {
            final Thread thread = new Thread(group, () -> {
                RUNS.set(Sweep.this);
                try {
                    scenario.run();
                } catch (final Throwable t) {
                    thrown.add(t);
                }
            }, "sweep");
            final Layers.Layer watch = new Watch();
            Layers.add(watch);
            // The second stands outside of the first, so that the call which the first is about has not met it yet.
            try (Faults _ = again.isEmpty() ? null
                        : Faults.inject(this::isSecond, again.values().toArray(FaultRule[]::new));
                    Faults first = rule == null ? null : Faults.inject(scope, rule)) {
                faults = first;
                thread.start();
                final long start = System.nanoTime();
                join(thread, start);
                for (final Thread other : threads(group)) {
                    join(other, start);
                }
            } finally {
                Layers.remove(watch);
            }
        }

        private boolean isSecond(final Call call, final Object... arguments) {
            if (!again.containsKey(call) || !scope.covers(call, arguments) || faults == null
                    || faults.injected() == 0 || after.incrementAndGet() != second) {
                return false;
            }
            failedAgain = again.get(call).when(seen.get(call).get());
            return true;
        }
    }

    private void join(final Thread thread, final long start) {
        try {
            thread.join(Duration.ofNanos(
                    Math.max(1, TimeUnit.NANOSECONDS.convert(limit) - (System.nanoTime() - start))));
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted in the middle of a sweep", e);
        }
    }

    private static List<Thread> threads(final ThreadGroup group) {
        // More room than there may be threads: an enumeration leaves out what it has no room for.
        final Thread[] threads = new Thread[group.activeCount() + 64];
        final int count = group.enumerate(threads);
        return List.copyOf(Arrays.asList(threads).subList(0, count));
    }

    private boolean isRight(final FaultRule rule, final Throwable thrown) {
        return !(thrown instanceof Error) && (expected.test(rule, thrown) || rule.errno() != 0
                && tells(thrown, rule.errno(), Collections.newSetFromMap(new IdentityHashMap<>())));
    }

    private static boolean tells(final Throwable thrown, final int errno, final Set<Throwable> looked) {
        if (thrown == null || !looked.add(thrown)) {
            return false;
        }
        if (thrown instanceof ErrnoException e ? e.errno() == errno
                : thrown.getMessage() != null && thrown.getMessage().contains(Errno.name(errno))) {
            return true;
        }
        for (final Throwable suppressed : thrown.getSuppressed()) {
            if (tells(suppressed, errno, looked)) {
                return true;
            }
        }
        return tells(thrown.getCause(), errno, looked);
    }

    private static String place(final Thread thread) {
        final StringBuilder text = new StringBuilder(System.lineSeparator() + "  thread \"" + thread.getName() + '"');
        for (final StackTraceElement element : thread.getStackTrace()) {
            text.append(System.lineSeparator()).append("    at ").append(element);
        }
        return text.toString();
    }

    private static String trace(final Throwable thrown) {
        final StringWriter text = new StringWriter();
        thrown.printStackTrace(new PrintWriter(text, true));
        return text.toString().strip();
    }

    /// Counts which calls are made, those that a fault answers too.
    private final class Watch implements Layers.Layer {
        @Override
        public Layers.Place place() {
            return Layers.Place.TRACE;
        }

        @Override
        public long call(final Invocation invocation) {
            if (scope.covers(invocation.call(), invocation.arguments())) {
                seen.computeIfAbsent(invocation.call(), _ -> new AtomicInteger()).incrementAndGet();
            }
            return invocation.proceed();
        }
    }
}
