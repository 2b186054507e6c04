package io.github.fdsock.harness;

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
/// **After each run** no descriptor is left over or missing, no thread is left that the scenario has started, the time
/// limit has been kept, and the scenario has returned or has thrown, in any of its threads, what tells of the injected
/// errno: an exception that is, or has as its cause or suppressed, an [ErrnoException] of this errno, or has its name
/// in the message; or what it was said to throw ([#expecting]). What must be true in between and afterwards the
/// scenario asserts itself; an [Error] is always a failure. After twenty failures the sweep ends.
///
/// **Threads.** Each run is on a thread of its own, and faults meet that and all that are started by it or by these,
/// unless a [Scope] says otherwise. Threads that live already, such as those of a common pool, are not met. While a
/// sweep runs nobody else in the process should open or close descriptors.
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
    private BiPredicate<FaultRule, Throwable> expected = (_, _) -> false;

    // Of one run.
    private final Set<Call> seen = ConcurrentHashMap.newKeySet();

    // Of all.
    private final Map<Call, Integer> failed = new TreeMap<>();
    private final List<Failure> failures = new ArrayList<>();
    private int runs;
    private int injected;
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
    /// @param rule by which [Faults] makes it go wrong again; null where nothing was injected
    /// @param what one sentence, or several lines
    public record Failure(FaultRule rule, String what) {
        /// The rule and what it led to.
        @Override
        public String toString() {
            return (rule == null ? "untouched" : rule) + ": " + what;
        }
    }

    /// What a sweep has tried, and what came of it.
    ///
    /// @param runs how often the scenario was run
    /// @param injected in how many of them a fault was met
    /// @param failed how many calls of each kind were made to fail
    /// @param failures what went wrong; nothing where all is well
    public record Report(int runs, int injected, Map<Call, Integer> failed, List<Failure> failures) {
        /// In a line, and one for each failure.
        @Override
        public String toString() {
            return runs + " runs, " + injected + " with a fault: "
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
        attempt(null, false);
        if (failures.isEmpty()) {
            attempt(null, true);
        }
        if (failures.isEmpty()) {
            failEach();
            if (!stuck) {
                attempt(null, true);
            }
        }
        final Report report =
                new Report(runs, injected, Collections.unmodifiableMap(failed), Collections.unmodifiableList(failures));
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
        return seen.stream().filter(call -> calls.contains(call) && !done.contains(call))
                .min(Comparator.naturalOrder()).orElse(null);
    }

    /// Whether there was such a call.
    private boolean failsWithEach(final Call call, final int occurrence) {
        boolean any = false;
        for (final FaultRule rule : rules(call)) {
            if (!goesOn()) {
                return false;
            }
            final boolean met = attempt(rule.when(occurrence), true);
            if (!met && !any) {
                return false;
            }
            any = true;
        }
        return any;
    }

    private List<FaultRule> rules(final Call call) {
        if (shortTo == 0 || !Parameters.transfers(call)) {
            return DocumentedErrors.of(call);
        }
        final List<FaultRule> rules = new ArrayList<>(DocumentedErrors.of(call));
        rules.add(FaultRule.on(call).shortTo(shortTo));
        return rules;
    }

    // ---- one run

    /// Whether a fault was met.
    private boolean attempt(final FaultRule rule, final boolean checked) {
        runs++;
        final OpenDescriptors before = OpenDescriptors.now();
        final Queue<Throwable> thrown = new ConcurrentLinkedQueue<>();
        final ThreadGroup group = new ThreadGroup("sweep") {
            @Override
            public void uncaughtException(final Thread thread, final Throwable uncaught) {
                thrown.add(uncaught);
            }
        };
        final Thread thread = new Thread(group, () -> {
            RUNS.set(this);
            try {
                scenario.run();
            } catch (final Throwable t) {
                thrown.add(t);
            }
        }, "sweep");
        final Faults faults = rule == null ? null : Faults.inject(scope, rule);
        final Layers.Layer watch = new Watch();
        Layers.add(watch);
        try (faults) {
            thread.start();
            final long start = System.nanoTime();
            join(thread, start);
            for (final Thread other : threads(group)) {
                join(other, start);
            }
        } finally {
            Layers.remove(watch);
        }
        final boolean met = faults != null && faults.injected() > 0;
        if (met) {
            injected++;
        }
        final List<Thread> running = threads(group);
        if (!running.isEmpty()) {
            stuck = true;
            failures.add(new Failure(rule, "still running after " + limit + running.stream()
                    .map(Sweep::place).collect(Collectors.joining())));
            return met;
        }
        for (final Throwable each : thrown) {
            if (!(met && isRight(rule, each))) {
                failures.add(new Failure(rule, "threw " + trace(each)));
            }
        }
        if (checked) {
            before.differences().forEach(difference -> failures.add(new Failure(rule, difference)));
        }
        return met;
    }

    private void join(final Thread thread, final long start) {
        try {
            thread.join(Duration.ofNanos(Math.max(1, limit.toNanos() - (System.nanoTime() - start))));
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

    /// Learns which calls are made, those that a fault answers too.
    private final class Watch implements Layers.Layer {
        @Override
        public Layers.Place place() {
            return Layers.Place.TRACE;
        }

        @Override
        public long call(final Invocation invocation) {
            if (scope.covers(invocation.call(), invocation.arguments())) {
                seen.add(invocation.call());
            }
            return invocation.proceed();
        }
    }
}
