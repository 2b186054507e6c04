package io.github.fdsock.harness.script;

import io.github.fdsock.ExitStatus;
import io.github.fdsock.harness.script.Actor.Returned;
import io.github.fdsock.harness.script.Script.Step;
import io.github.fdsock.harness.script.ScriptResult.Outcome;
import io.github.fdsock.sys.Libc;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
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

    /// A JVM needs a quarter of a second; where there is much else to do, more.
    private static final long START_MAX_NANOS = TimeUnit.SECONDS.toNanos(20);

    /// `exit(status)` has a byte for it.
    private static final int STATUS_MAX = 255;

    private static final ExitStatus EXITED = new ExitStatus(0, 0, false);

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
    private long deadline;

    private final Map<String, Actor> actors = new LinkedHashMap<>();
    private final Map<CallLine, Begun> begun = new LinkedHashMap<>();
    private final Belongings belongings = new Belongings();
    private final List<ScriptResult.Line> lines = new ArrayList<>();
    private final List<String> rawDifferences = new ArrayList<>();
    private Names names;
    private Future<?> underWay;

    /// A call that is under way, or was until a moment ago.
    ///
    /// @param last whether its process does not outlive it
    private record Begun(CallLine line, Actor actor, CompletableFuture<Returned> end, boolean last) {
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
            names = Names.of(variant, directory.toString());
            for (int i = 0; i < steps.size(); i++) {
                step(i);
            }
            endProcesses();
        } catch (final Over over) {
            outcome = over.outcome;
            report = over.getMessage();
        } finally {
            end(directory);
        }
        return new ScriptResult(variant, outcome, List.copyOf(lines), report, List.copyOf(rawDifferences),
                Duration.ofNanos(System.nanoTime() - start));
    }

    // ---- the end

    private void end(final Path directory) throws IOException, InterruptedException {
        try {
            end(actors.values().iterator());
        } finally {
            endThreads(directory);
        }
    }

    private void endThreads(final Path directory) throws IOException, InterruptedException {
        try {
            wake();
            closeAll();
            for (final Actor actor : actors.values()) {
                if (actor instanceof ThreadActor thread) {
                    thread.close();
                }
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

    /// All processes, whatever is thrown meanwhile.
    private static void end(final Iterator<Actor> actors) throws IOException {
        if (actors.hasNext()) {
            try {
                if (actors.next() instanceof ProcessActor process) {
                    process.end();
                }
            } finally {
                end(actors);
            }
        }
    }

    /// Those that are still there have nothing left to do, and end; one that has ended otherwise is told.
    private void endProcesses() throws IOException, Over {
        for (final Step step : steps) {
            if (step.kind() == Step.Kind.SPAWN && actors.remove(step.line().target()) instanceof ProcessActor process) {
                final ExitStatus status = process.end();
                if (status != null && !status.equals(EXITED)) {
                    throw instead(step.line(), "a process that is there to the end",
                            step.line().target() + ended(status));
                }
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
        belongings.wake();
        final long until = System.nanoTime() + ThreadActor.GRACE_NANOS;
        while (System.nanoTime() - until < 0 && !calls.stream().allMatch(Future::isDone)) {
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    private void closeAll() {
        if (raw == null) {
            belongings.closeAll();
            return;
        }
        raw.begin();
        belongings.closeAll();
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
        if (steps.get(index).kind() != Step.Kind.FINISH) {
            requireAsleepUntil(index);
        }
        switch (steps.get(index).kind()) {
            case CALL -> {
                if (line.unless()) {
                    skipWhere(begin(line, false));
                } else {
                    finish(begin(line, false));
                }
            }
            case BEGIN, BEGIN_LAST -> {
                final Begun call = begin(line, steps.get(index).kind() == Step.Kind.BEGIN_LAST);
                begun.put(line, call);
                requireAsleep(call, call.last ? "a call that does not return" : "a call that blocks");
            }
            case FINISH -> finish(begun.get(line));
            case SPAWN -> spawn(line);
            case END -> end(line);
        }
    }

    /// The calls that are finished right behind this line are finished by it: up to here they sleep.
    private void requireAsleepUntil(final int index) throws IOException, InterruptedException, Over {
        for (int i = index + 1; i < steps.size() && steps.get(i).kind() == Step.Kind.FINISH; i++) {
            final Begun call = begun.get(steps.get(i).line());
            if (call != null) {
                requireAsleep(call, "a call that blocks until line " + steps.get(index).line().source().number());
            }
        }
    }

    private void requireAsleep(final Begun call, final String expected) throws IOException, InterruptedException, Over {
        while (!get(call.line, call.last ? call.actor.sleeps().exceptionally(_ -> true) : call.actor.sleeps(), 0)) {
            if (call.end.isDone() && !(call.last && isGone(call.end))) {
                throw differs(LineDiff.early(call.line, expected, returned(call).result()));
            }
            if (System.nanoTime() - deadline > 0) {
                throw outOfTime(call.line);
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    private Begun begin(final CallLine line, final boolean last) throws IOException, InterruptedException, Over {
        final Actor actor = actor(line);
        final CompletableFuture<Returned> end = actor.begin(line, deadline);
        underWay = end;
        return new Begun(line, actor, end, last);
    }

    private Returned returned(final Begun call) throws IOException, InterruptedException, Over {
        final Returned returned = get(call.line, call.end, call.line.call().equals(Await.CALL) ? AWAIT_GRACE_NANOS : 0);
        rawDifferences.addAll(returned.raw());
        return returned;
    }

    private void finish(final Begun call) throws IOException, InterruptedException, Over {
        returned(call);
        final LineDiff diff = get(call.line, call.actor.compare(), AWAIT_GRACE_NANOS);
        if (!diff.isEmpty()) {
            throw differs(diff);
        }
        lines.add(diff.result());
    }

    private void skipWhere(final Begun call) throws IOException, InterruptedException, Over {
        returned(call);
        if (get(call.line, call.actor.matches(), 0)) {
            throw new Over(Outcome.SKIPPED, call.line.text().substring("# unless: ".length()) + " on this machine");
        }
    }

    // ---- processes

    private void spawn(final CallLine line) throws Over {
        try {
            actors.put(line.target(),
                    new ProcessActor(variant, line.target(), names, belongings, timeout, raw != null));
        } catch (final IOException e) {
            throw new Over(Outcome.FAILED, line.place(line.callAt()) + ": " + e.getMessage() + "\n- " + line.text());
        } catch (final IllegalArgumentException e) {
            throw line.wrong(0, e.getMessage());
        }
        lines.add(new LineDiff(line).result());
    }

    /// A process exits where its line says so; that it is killed has to be another line's doing.
    private void end(final CallLine line) throws IOException, InterruptedException, Over {
        final ProcessActor process = (ProcessActor) actors.get(line.label());
        final boolean exits = line.call().equals(LineParser.EXITED);
        final CallLine.Argument how = line.arguments().getFirst();
        final int number;
        try {
            number = names.number(how.value(), exits ? STATUS_MAX : Guard.SIGNAL_MAX);
        } catch (final IllegalArgumentException e) {
            throw line.wrong(how.at(), e.getMessage());
        }
        if (exits) {
            awaitStart(process);
            process.exit(number);
        }
        final ExitStatus status = process.awaitEnd(deadline - System.nanoTime());
        if (status != null) {
            actors.remove(line.label());
            process.end();
        }
        final LineDiff diff = new LineDiff(line);
        if (status == null || status.exited() != exits || number != (exits ? status.status() : status.signal())) {
            final String came = status == null ? "still there after " + timeout.toMillis() + " ms"
                    : ProcessActor.describe(status);
            diff.replace(line.resultAt(), line.end(),
                    line.source().text().substring(line.resultAt(), line.end()).strip(), came, came);
            throw differs(diff);
        }
        lines.add(diff.result());
    }

    // ---- waiting

    private Actor actor(final CallLine line) throws IOException, InterruptedException, Over {
        final Actor known = actors.get(line.label());
        if (known instanceof ProcessActor process) {
            awaitStart(process);
        }
        if (known != null) {
            return known;
        }
        try {
            final Actor actor = new ThreadActor(variant.script().name() + (line.label().isEmpty() ? "" : " "
                    + line.label()), names, belongings, timeout, raw);
            actors.put(line.label(), actor);
            return actor;
        } catch (final IOException e) {
            throw new Over(Outcome.FAILED, e.getMessage());
        }
    }

    /// Until it can be asked for something. Its start is not the script's time.
    private void awaitStart(final ProcessActor process) throws InterruptedException {
        final long before = System.nanoTime();
        try {
            process.started().get(START_MAX_NANOS, TimeUnit.NANOSECONDS);
        } catch (final ExecutionException | TimeoutException _) {
            // The next question is going to tell.
        }
        deadline += System.nanoTime() - before;
    }

    private static boolean isGone(final CompletableFuture<?> future) {
        return future.isCompletedExceptionally() && future.exceptionNow() instanceof IOException;
    }

    private <T> T get(final CallLine line, final Future<T> future, final long grace)
            throws IOException, InterruptedException, Over {
        try {
            return future.get(Math.max(0, deadline + grace - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (final TimeoutException e) {
            throw outOfTime(line);
        } catch (final ExecutionException e) {
            switch (e.getCause()) {
                case RuntimeException thrown -> throw thrown;
                case Error thrown -> throw thrown;
                case IOException thrown -> throw gone(line, thrown);
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
        addWhole(line, "a call that returns within " + timeout.toMillis() + " ms", "one that has not returned");
        return new Over(Outcome.FAILED, report.toString());
    }

    /// There is nobody any more who makes the call of a line.
    private Over gone(final CallLine line, final IOException thrown) throws IOException {
        final ExitStatus status = ((ProcessActor) actors.get(line.label())).awaitEnd(ThreadActor.GRACE_NANOS);
        return instead(line, "a call that returns", line.label() + (status == null
                ? " answers no more: " + thrown.getMessage() : ended(status)));
    }

    private static String ended(final ExitStatus status) {
        return (status.exited() ? " has " : " was ") + ProcessActor.describe(status);
    }

    /// In the place of a whole line came something that no other line could have.
    private Over instead(final CallLine line, final String expected, final String actual) {
        addWhole(line, expected, actual);
        return new Over(Outcome.FAILED, line.place(line.callAt()) + ": expected " + expected + ", but " + actual
                + "\n- " + line.text());
    }

    private void addWhole(final CallLine line, final String expected, final String actual) {
        final CallLine.Source source = line.source();
        lines.add(new ScriptResult.Line(source.number(), line.text(), line.text(), List.of(new ScriptResult.Difference(
                source.row(line.callAt()), source.column(line.callAt()), expected, actual))));
    }

    private Over differs(final LineDiff diff) {
        lines.add(diff.result());
        return new Over(Outcome.FAILED, diff.report());
    }
}
