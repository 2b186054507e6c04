package io.github.fdsock.harness.script;

import io.github.fdsock.ExitStatus;
import io.github.fdsock.harness.script.child.Answers;
import io.github.fdsock.harness.script.child.ChildJvm;
import io.github.fdsock.harness.script.child.Frame;
import io.github.fdsock.sys.Constants;
import io.github.fdsock.sys.Libc;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/// A process of a script: a [ChildJvm] in which a [ThreadActor] makes the calls of the lines that this one is asked to
/// make. Both read the same script, so a line is named by its number.
final class ProcessActor implements Actor {
    /// A line that starts a process: `CHILD = spawn()`. No call, but made of `posix_spawn`.
    static final String CALL = "spawn";

    /// What is asked, and answered. All but [#EXIT], whose answer is the end.
    private enum Ask {
        START, BEGIN, SLEEPS, COMPARE, MATCHES, EXIT
    }

    /// What an answer begins with: it is one, or tells what was thrown instead.
    private enum Came {
        ANSWER, SCRIPT_EXCEPTION, DEFECT
    }

    private final String label;
    private final Names names;
    private final Belongings belongings;
    private final ChildJvm child;
    private final CompletableFuture<Frame> started;

    /// Descriptors that the child has under the same numbers.
    private final Set<Integer> inherited = new HashSet<>();

    /// How many names the child has been told.
    private int told;

    /// The line that was begun last.
    private CallLine line;

    /// Starts the process, and does not wait until it is ready.
    ///
    /// @param names of this process, and of all others: what is taken there is taken here
    /// @param belongings of this process
    /// @throws IllegalArgumentException if its label is another name already
    /// @throws IOException if it cannot be started
    ProcessActor(final Script.Variant variant, final String label, final Names names, final Belongings belongings,
            final Duration timeout, final boolean rawCheck) throws IOException {
        this.label = label;
        this.names = names;
        this.belongings = belongings;
        names.requireFree(label);
        final List<Integer> descriptors = belongings.descriptors();
        for (final int fd : descriptors) {
            if ((Libc.fcntl(fd, Constants.F_GETFD, 0) & Constants.FD_CLOEXEC) == 0) {
                inherited.add(fd);
            }
        }
        child = ChildJvm.start(Main.class, variant.script().name() + " " + label, descriptors);
        belongings.addProcess(child.pid());
        names.take(label, new Value.Number(child.pid()));
        started = child.ask(Ask.START.ordinal(), out -> {
            Frame.write(out, variant.script().name());
            Frame.write(out, variant.script().text());
            out.writeInt(variant.index());
            Frame.write(out, names.directory());
            Frame.write(out, label);
            out.writeLong(timeout.toNanos());
            out.writeBoolean(rawCheck);
            out.writeInt(inherited.size());
            for (final int fd : inherited) {
                out.writeInt(fd);
            }
            writeNames(out);
        });
    }

    /// Is done when it can be asked for something.
    CompletableFuture<?> started() {
        return started;
    }

    // ---- lines

    private interface Reading<T> {
        T from(DataInputStream in) throws IOException;
    }

    private <T> CompletableFuture<T> ask(final Ask ask, final Frame.Content content, final Reading<T> answer) {
        return child.ask(ask.ordinal(), content).thenApply(frame -> {
            try (DataInputStream in = frame.content()) {
                return switch (Came.values()[in.readInt()]) {
                    case ANSWER -> answer.from(in);
                    case SCRIPT_EXCEPTION -> throw new ScriptException(Frame.text(in));
                    case DEFECT -> throw new IllegalStateException(label + ": " + Frame.text(in));
                };
            } catch (final IOException e) {
                throw new IllegalStateException("an answer of " + label + " that makes no sense", e);
            }
        });
    }

    private void writeNames(final DataOutputStream out) throws IOException {
        names.write(out, told, "", inherited);
        told = names.taken();
    }

    @Override
    public CompletableFuture<Returned> begin(final CallLine begun, final long deadlineNanos) {
        line = begun;
        return ask(Ask.BEGIN, out -> {
            out.writeInt(begun.source().number());
            out.writeLong(deadlineNanos - System.nanoTime());
            writeNames(out);
        }, in -> {
            final long result = in.readLong();
            final List<String> raw = new ArrayList<>();
            for (int i = in.readInt(); i > 0; i--) {
                raw.add(Frame.text(in));
            }
            return new Returned(result, List.copyOf(raw));
        });
    }

    @Override
    public CompletableFuture<Boolean> sleeps() {
        return ask(Ask.SLEEPS, _ -> { }, DataInputStream::readBoolean);
    }

    @Override
    public CompletableFuture<LineDiff> compare() {
        final CallLine compared = line;
        return ask(Ask.COMPARE, this::writeNames, in -> {
            final LineDiff diff = LineDiff.read(compared, in);
            names.read(in);
            return diff;
        });
    }

    @Override
    public CompletableFuture<Boolean> matches() {
        return ask(Ask.MATCHES, this::writeNames, in -> {
            final boolean matches = in.readBoolean();
            names.read(in);
            return matches;
        });
    }

    // ---- the end

    /// Lets it exit, if it is still there.
    void exit(final int status) {
        try {
            child.tell(Ask.EXIT.ordinal(), out -> out.writeInt(status));
        } catch (final IOException _) {
            // Then it has ended otherwise, and how is going to be told.
        }
    }

    /// Waits until it has ended; from then on its process id is nobody's.
    ///
    /// @return how it ended, or null if it has not
    ExitStatus awaitEnd(final long timeoutNanos) throws IOException {
        belongings.removeProcess(child.pid());
        final ExitStatus status = child.awaitEnd(timeoutNanos);
        if (status == null) {
            belongings.addProcess(child.pid());
        }
        return status;
    }

    /// Ends it, if it has not ended by itself.
    ///
    /// @return how it ended, or null if it had to be killed
    ExitStatus end() throws IOException {
        belongings.removeProcess(child.pid());
        return child.end(ThreadActor.GRACE_NANOS);
    }

    /// As the line that tells it: `exited with 1`, `killed by SIGKILL`.
    static String describe(final ExitStatus status) {
        return status.exited() ? LineParser.EXITED + " with " + status.status()
                : LineParser.KILLED + " by " + Names.signal(status.signal());
    }

    /// What happens in the child.
    static final class Main {
        private final Answers answers = new Answers();
        private final Map<Integer, CallLine> lines = new HashMap<>();
        private final Names names;
        private final ThreadActor actor;
        private final String label;

        private Main() throws IOException, InterruptedException {
            try (DataInputStream start = answers.first().content()) {
                final Script script = Script.parse(Frame.text(start), Frame.text(start));
                script.steps().forEach(step -> lines.put(step.line().source().number(), step.line()));
                names = Names.of(script.variants().get(start.readInt()), Frame.text(start));
                label = Frame.text(start);
                final Duration timeout = Duration.ofNanos(start.readLong());
                final RawCheck raw = start.readBoolean() ? RawCheck.install() : null;
                final Belongings belongings = new Belongings();
                belongings.addProcess(Names.pid());
                for (int i = start.readInt(); i > 0; i--) {
                    belongings.add(start.readInt());
                }
                names.read(start);
                actor = new ThreadActor(label, names, belongings, timeout, raw);
            }
            // What is done for the first time takes a tenth of a second, and is not to count as a script's time.
            actor.begin(new LineParser(new CallLine.Source("", 1, "close(-1) = -1 EBADF")).line(0, false), 0)
                    .thenCompose(_ -> actor.compare()).join();
            answers.answer(Ask.START.ordinal(), _ -> { });
        }

        /// Runs in a JVM that [ChildJvm] starts.
        ///
        /// @param arguments none
        /// @throws IOException if nobody asks
        /// @throws InterruptedException never
        public static void main(final String[] arguments) throws IOException, InterruptedException {
            final Main main = new Main();
            main.answers.serve(main::asked);
        }

        private interface Answer<T> {
            void write(T found, DataOutputStream out) throws IOException;
        }

        private void asked(final Frame question) throws IOException {
            final DataInputStream in = question.content();
            switch (Ask.values()[question.kind()]) {
                case START -> throw new IOException("started twice");
                case BEGIN -> {
                    final CallLine line = lines.get(in.readInt());
                    final long deadline = System.nanoTime() + in.readLong();
                    names.read(in);
                    answer(Ask.BEGIN, actor.begin(line, deadline), (returned, out) -> {
                        out.writeLong(returned.result());
                        out.writeInt(returned.raw().size());
                        for (final String raw : returned.raw()) {
                            Frame.write(out, raw);
                        }
                    });
                }
                case SLEEPS -> answer(Ask.SLEEPS, actor.sleeps(), (sleeps, out) -> out.writeBoolean(sleeps));
                case COMPARE -> {
                    names.read(in);
                    final int before = names.taken();
                    answer(Ask.COMPARE, actor.compare(), (diff, out) -> {
                        diff.write(out);
                        names.write(out, before, label, Set.of());
                    });
                }
                case MATCHES -> {
                    names.read(in);
                    final int before = names.taken();
                    answer(Ask.MATCHES, actor.matches(), (matches, out) -> {
                        out.writeBoolean(matches);
                        names.write(out, before, label, Set.of());
                    });
                }
                case EXIT -> Runtime.getRuntime().halt(in.readInt());
            }
        }

        /// Answers when there is one.
        private <T> void answer(final Ask ask, final CompletableFuture<T> future, final Answer<T> answer) {
            future.whenComplete((found, thrown) -> {
                try {
                    answers.answer(ask.ordinal(), out -> write(out, found, thrown, answer));
                } catch (final IOException _) {
                    // Nobody is there any more: the next question is the end.
                }
            });
        }

        private static <T> void write(final DataOutputStream out, final T found, final Throwable thrown,
                final Answer<T> answer) throws IOException {
            switch (thrown instanceof CompletionException ? thrown.getCause() : thrown) {
                case null -> {
                    out.writeInt(Came.ANSWER.ordinal());
                    answer.write(found, out);
                }
                case ScriptException exception -> {
                    out.writeInt(Came.SCRIPT_EXCEPTION.ordinal());
                    Frame.write(out, exception.getMessage());
                }
                case Throwable defect -> {
                    out.writeInt(Came.DEFECT.ordinal());
                    Frame.write(out, defect.toString());
                    defect.printStackTrace();
                }
            }
        }
    }
}
