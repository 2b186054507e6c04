package io.github.fdsock.harness.script;

import io.github.fdsock.harness.script.Script.Step;
import io.github.fdsock.harness.script.ScriptResult.Outcome;
import io.github.fdsock.sys.Libc;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/// One run of a script.
///
/// Its lines are begun in their order, each when the one before it has returned or is known to sleep in the kernel; on
/// threads of their own, so that a signal mask ends with them, and so that a call that blocks where it should not fails
/// the script with its line instead of holding it up for ever.
final class ScriptRun {
    /// How often it is looked whether a call sleeps.
    private static final long LOOK_NANOS = TimeUnit.MICROSECONDS.toNanos(50);

    /// A condition that is not met in time is told by the line that waits for it.
    private static final long AWAIT_GRACE_NANOS = TimeUnit.SECONDS.toNanos(1);

    static {
        // The first call of a JVM takes a tenth of a second, and is not to count as a script's time.
        Libc.close(-1);
    }

    private final Script.Variant variant;
    private final List<Step> steps;
    private final Duration timeout;
    private final RawCheck raw;
    private final long start = System.nanoTime();
    private final long deadline;

    private final Map<String, Actor> actors = new LinkedHashMap<>();
    private final Map<CallLine, Begun> begun = new LinkedHashMap<>();
    private final OpenedDescriptors opened = new OpenedDescriptors();
    private final List<ScriptResult.Line> lines = new ArrayList<>();
    private final List<String> rawDifferences = new ArrayList<>();
    private Names names;
    private Future<?> underWay;

    /// A call that was made.
    private record Returned(PreparedCall call, long result, List<RawCheck.Made> made) {
    }

    /// A call that is under way, or was until a moment ago.
    private record Begun(PreparedCall call, Future<Returned> end) {
    }

    /// Why a run is over before its last line.
    private static final class Over extends Exception {
        private static final long serialVersionUID = 1L;

        private final Outcome outcome;

        Over(final Outcome outcome, final String report) {
            super(report, null, false, false);
            this.outcome = outcome;
        }
    }

    ScriptRun(final Script.Variant variant, final Duration timeout, final boolean rawCheck) {
        this.variant = variant;
        this.steps = variant.script().steps();
        this.timeout = timeout;
        this.deadline = start + timeout.toNanos();
        this.raw = rawCheck ? RawCheck.install() : null;
    }

    ScriptResult run() throws IOException, InterruptedException {
        Outcome outcome = Outcome.PASSED;
        String report = "";
        Path directory = null;
        try {
            directory = Files.createTempDirectory("calls");
            names = names(directory);
            for (int i = 0; i < steps.size(); i++) {
                step(i);
            }
        } catch (final Over over) {
            outcome = over.outcome;
            report = over.getMessage();
        } finally {
            end(directory);
        }
        return new ScriptResult(variant, outcome, List.copyOf(lines), report, List.copyOf(rawDifferences),
                Duration.ofNanos(System.nanoTime() - start));
    }

    private Names names(final Path directory) throws IOException {
        final Map<String, Value> values = new HashMap<>(variant.names());
        final Path self = Path.of("/proc/self");
        values.put("pid", new Value.Number(ProcessHandle.current().pid()));
        values.put("uid", new Value.Number(((Number) Files.getAttribute(self, "unix:uid")).longValue()));
        values.put("gid", new Value.Number(((Number) Files.getAttribute(self, "unix:gid")).longValue()));
        return new Names(values, directory.toString());
    }

    // ---- the end

    private void end(final Path directory) throws IOException, InterruptedException {
        try {
            wake();
            closeAll();
            for (final Actor actor : actors.values()) {
                actor.close();
            }
            // What a call that was under way has brought in the meantime.
            closeAll();
        } finally {
            if (raw != null) {
                raw.uninstall();
            }
            if (directory != null) {
                delete(directory);
            }
        }
    }

    /// Lets the calls end that are still under way. What wakes them has to be there until they have seen it.
    private void wake() {
        final List<Future<?>> calls = new ArrayList<>(begun.values().stream().map(Begun::end).toList());
        if (underWay != null) {
            calls.add(underWay);
        }
        if (calls.stream().allMatch(Future::isDone)) {
            return;
        }
        opened.wake();
        final long until = System.nanoTime() + Actor.GRACE_NANOS;
        while (System.nanoTime() - until < 0 && !calls.stream().allMatch(Future::isDone)) {
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    private void closeAll() {
        if (raw == null) {
            opened.closeAll();
            return;
        }
        raw.begin();
        opened.closeAll();
        raw.end().forEach(call -> rawDifferences.add(variant.script().name() + ": at the end made " + call));
    }

    private static void delete(final Path directory) throws IOException {
        try (Stream<Path> paths = Files.walk(directory)) {
            for (final Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    // ---- steps

    private void step(final int index) throws IOException, InterruptedException, Over {
        final CallLine line = steps.get(index).line();
        switch (steps.get(index).kind()) {
            case CALL -> {
                requireAsleepUntil(index);
                if (line.call().equals(Await.CALL)) {
                    await(line);
                } else if (line.unless()) {
                    skipWhere(begin(line));
                } else {
                    finish(begin(line));
                }
            }
            case BEGIN -> {
                requireAsleepUntil(index);
                begun.put(line, begin(line));
                requireAsleep(line, "a call that blocks");
            }
            case FINISH -> finish(begun.get(line));
        }
    }

    /// The calls that are finished right behind this line are finished by it: up to here they sleep.
    private void requireAsleepUntil(final int index) throws InterruptedException, Over {
        for (int i = index + 1; i < steps.size() && steps.get(i).kind() == Step.Kind.FINISH; i++) {
            final CallLine line = steps.get(i).line();
            if (begun.containsKey(line)) {
                requireAsleep(line, "a call that blocks until line " + steps.get(index).line().source().number());
            }
        }
    }

    private void requireAsleep(final CallLine line, final String expected) throws InterruptedException, Over {
        final Begun call = begun.get(line);
        while (!actor(line).sleepsIn(call.call)) {
            if (call.end.isDone()) {
                throw differs(LineDiff.early(line, expected, returned(call).result));
            }
            if (System.nanoTime() - deadline > 0) {
                throw outOfTime(line);
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    private Begun begin(final CallLine line) throws IOException, InterruptedException, Over {
        final Actor actor = actor(line);
        final PreparedCall call = get(line, actor.begin(arena -> new PreparedCall(line, names, arena, opened)), 0);
        final Future<Returned> end = actor.begin(_ -> {
            if (raw != null) {
                raw.begin();
            }
            final long result = call.make();
            return new Returned(call, result, raw == null ? List.of() : raw.end());
        });
        underWay = end;
        return new Begun(call, end);
    }

    private Returned returned(final Begun call) throws InterruptedException, Over {
        final Returned returned = get(call.call.line(), call.end, 0);
        note(call.call.line(), call.call, returned.made);
        return returned;
    }

    private void note(final CallLine line, final PreparedCall call, final List<RawCheck.Made> made) {
        if (raw != null) {
            rawDifferences.addAll(RawCheck.differences(line, call, made));
        }
    }

    private void finish(final Begun call) throws IOException, InterruptedException, Over {
        final CallLine line = call.call.line();
        final long result = returned(call).result;
        final LineDiff diff = get(line, actor(line).begin(_ -> call.call.compare(result)), 0);
        if (!diff.isEmpty()) {
            throw differs(diff);
        }
        lines.add(diff.result());
    }

    private void skipWhere(final Begun call) throws IOException, InterruptedException, Over {
        final CallLine line = call.call.line();
        final long result = returned(call).result;
        if (get(line, actor(line).begin(_ -> call.call.matches(result)), 0)) {
            throw new Over(Outcome.SKIPPED, line.text().substring("# unless: ".length()) + " on this machine");
        }
    }

    private void await(final CallLine line) throws IOException, InterruptedException, Over {
        if (line.arguments().size() != 2 || line.results().stream().anyMatch(CallLine.Result::failure)) {
            throw new ScriptException(line.place(line.callAt()), "await takes a descriptor and events, gives events");
        }
        final LineDiff diff = get(line, actor(line).begin(arena -> {
            if (raw != null) {
                raw.begin();
            }
            final LineDiff found = await(line, arena);
            if (raw != null) {
                note(line, null, raw.end());
            }
            return found;
        }), AWAIT_GRACE_NANOS);
        if (!diff.isEmpty()) {
            throw differs(diff);
        }
        lines.add(diff.result());
    }

    private LineDiff await(final CallLine line, final Arena arena) {
        final Value events = line.arguments().getLast().value();
        final Value expected = line.results().isEmpty() ? events : line.results().getFirst().value();
        final LineDiff diff = new LineDiff(line);
        try {
            final int wanted = names.number(events, Short.MAX_VALUE);
            final long found = Await.all(names.number(line.arguments().getFirst().value(), Integer.MAX_VALUE), wanted,
                    arena, deadline);
            if (found >= 0 && (found & wanted) == wanted && (expected == events || names.matches(expected, found))) {
                return diff;
            }
            final String came = found < 0 ? PreparedCall.describe(found) : Await.describe((int) found);
            final String late =
                    System.nanoTime() - deadline < 0 ? came : came + " within " + timeout.toMillis() + " ms";
            if (expected == events) {
                diff.insert(line.end(), events.toString(), " = " + came, late);
            } else {
                diff.replace(line.resultAt(), line.end(), expected.toString(), came, late);
            }
            return diff;
        } catch (final IllegalArgumentException e) {
            throw new ScriptException(line.place(line.arguments().getFirst().at()), e.getMessage());
        }
    }

    // ---- waiting for threads

    private Actor actor(final CallLine line) throws InterruptedException, Over {
        Actor actor = actors.get(line.label());
        if (actor == null) {
            try {
                actor = new Actor(variant.script().name() + (line.label().isEmpty() ? "" : " " + line.label()));
            } catch (final IOException e) {
                throw new Over(Outcome.FAILED, e.getMessage());
            }
            actors.put(line.label(), actor);
        }
        return actor;
    }

    private <T> T get(final CallLine line, final Future<T> future, final long grace) throws InterruptedException, Over {
        try {
            return future.get(Math.max(0, deadline + grace - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (final TimeoutException e) {
            throw outOfTime(line);
        } catch (final ExecutionException e) {
            switch (e.getCause()) {
                case RuntimeException thrown -> throw thrown;
                case Error thrown -> throw thrown;
                default -> throw new IllegalStateException(e.getCause());
            }
        }
    }

    private Over outOfTime(final CallLine line) {
        final StringBuilder report = new StringBuilder(line.place(line.callAt())).append(": still in this call after ")
                .append(timeout.toMillis()).append(" ms\n- ").append(line.text());
        begun.forEach((other, call) -> {
            if (other != line && !call.end.isDone()) {
                report.append("\n  and ").append(other.text());
            }
        });
        lines.add(new ScriptResult.Line(line.source().number(), line.text(), line.text(), List.of(
                new ScriptResult.Difference(line.source().row(line.callAt()), line.source().column(line.callAt()),
                        "a call that returns within " + timeout.toMillis() + " ms", "one that has not returned"))));
        return new Over(Outcome.FAILED, report.toString());
    }

    private Over differs(final LineDiff diff) {
        lines.add(diff.result());
        return new Over(Outcome.FAILED, diff.report());
    }
}
