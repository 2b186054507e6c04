package io.github.fdsock.harness;

import io.github.fdsock.harness.notation.CallText;
import io.github.fdsock.sys.Call;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/// `strace`, from inside: the calls of a block, a descriptor or the process, in strace's notation.
///
/// ```java
/// try (Trace trace = Trace.record(Scope.thisThread())) {
///     …
///     assertThat(trace.lines()).containsExactly(
///             "socket(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0) = 5",
///             "connect(5, {sa_family=AF_UNIX, sun_path=@\"control\"}, 10) = -1 ECONNREFUSED (Connection refused)");
/// }
/// ```
///
/// **What it shows** is what the caller of [Libc][io.github.fdsock.sys.Libc] asked for and got. An answer that a fault
/// rule gave in the kernel's place, or changed, is marked `(INJECTED)`, as strace marks those of its own. A call
/// appears when it has returned, or at the end of the trace if it has not by then, under the name of the C function and
/// with that function's arguments: strace, which sees system calls, calls a `send` `sendto`. A call that never gets to
/// the kernel, since a length was refused, does not appear.
///
/// **What it reads** of memory is what the call itself may read, and it is read in a way to which a bad address does no
/// harm: where nothing can be read stands the address. It takes no descriptor and makes no call that is traced.
///
/// **What it costs.** Nothing while no trace is open. While one is, each call is written by the thread that makes it,
/// some microseconds.
///
/// **Threads.** Any number may make calls and open traces of their own; each trace has the order in which the calls
/// returned. [#close] may be called by any thread; a call that begins at that moment may still appear.
public final class Trace implements AutoCloseable {
    private static final Sink NOWHERE = new Sink() {
        @Override
        public Object begin() {
            return null;
        }

        @Override
        public void end(final Object begun, final Entry entry) {
            throw new AssertionError("nothing was begun");
        }
    };

    private final Scope scope;
    private final TraceStyle style;
    private final Sink sink;
    private final List<Entry> entries;
    private final TraceSummary summary = new TraceSummary();

    /// Whoever takes one out writes its line.
    private final Set<Begun> underWay = ConcurrentHashMap.newKeySet();
    private final Layers.Layer layer = new TraceLayer();

    /// What the sink threw; it is not asked again.
    private volatile Throwable broken;

    private Trace(final Scope scope, final TraceStyle style, final Sink sink, final List<Entry> entries) {
        this.scope = Objects.requireNonNull(scope, "scope");
        this.style = style;
        this.sink = sink;
        this.entries = entries;
        Layers.add(layer);
    }

    /// One call that has returned, or had not when the trace ended.
    ///
    /// @param call the function
    /// @param arguments the text of each argument, with what the kernel has written into it
    /// @param result what the caller got: `>= 0`, or `-errno`; 0 where it has got nothing
    /// @param outcome the text of the result: `5`, `-1 EAGAIN (Resource temporarily unavailable)`, `? <unfinished ...>`
    /// @param injected whether the result, or a part of it, was made up by a fault rule
    /// @param time when it was made
    /// @param nanos how long it took, in nanoseconds
    /// @param thread who made it
    /// @param tid the kernel's number of that thread; 0 where the [style][TraceStyle#threads] does not show it
    public record Entry(Call call, List<String> arguments, long result, String outcome, boolean injected, Instant time,
            long nanos, Thread thread, int tid) {
        /// The line, plain: `close(5) = 0`.
        @Override
        public String toString() {
            return TraceStyle.PLAIN.line(this);
        }
    }

    /// Where calls go.
    @FunctionalInterface
    interface Sink {
        /// Asked before each call, for whatever [#end] needs of that moment; null if this one is not wanted.
        default Object begin() {
            return this;
        }

        void end(Object begun, Entry entry);

        /// In place of [#end], where the trace ends first, on the thread that ends it.
        default void unfinished(final Object begun, final Entry entry) {
            end(begun, entry);
        }
    }

    // ---- opening one

    /// Keeps every call, for [#lines] and [#entries], as long as it is open and until it is collected.
    ///
    /// @param scope which calls
    /// @return the trace, open
    public static Trace record(final Scope scope) {
        final List<Entry> entries = Collections.synchronizedList(new ArrayList<>());
        return new Trace(scope, TraceStyle.PLAIN, (_, entry) -> entries.add(entry), entries);
    }

    /// Hands every call to somebody, on the thread that has made it, and by several threads at once.
    ///
    /// Calls that `sink` makes are not traced. What it throws reaches the traced program at no time: the trace goes
    /// silent, and [#close] throws it.
    ///
    /// @param scope which calls
    /// @param style how long strings may be, and whether threads are asked for their numbers
    /// @param sink what to do with each
    /// @return the trace, open
    public static Trace to(final Scope scope, final TraceStyle style, final Consumer<? super Entry> sink) {
        Objects.requireNonNull(style, "style");
        Objects.requireNonNull(sink, "sink");
        return new Trace(scope, style, (_, entry) -> sink.accept(entry), List.of());
    }

    /// Prints every call.
    ///
    /// @param scope which calls
    /// @param style how a line looks
    /// @param out where lines go; not closed
    /// @return the trace, open
    public static Trace print(final Scope scope, final TraceStyle style, final PrintStream out) {
        Objects.requireNonNull(out, "out");
        return to(scope, style, entry -> out.println(style.line(entry)));
    }

    /// Counts calls, and writes none.
    ///
    /// @param scope which calls
    /// @return the trace, open: see [#summary]
    public static Trace count(final Scope scope) {
        return new Trace(scope, TraceStyle.PLAIN, NOWHERE, List.of());
    }

    /// Makes every call a JDK Flight Recorder event, `fdsock.Call`, while a recording has them enabled.
    ///
    /// @param scope which calls
    /// @return the trace, open
    /// @throws NoClassDefFoundError where there is no module `jdk.jfr`
    public static Trace events(final Scope scope) {
        return new Trace(scope, TraceStyle.PLAIN, CallEvent.SINK, List.of());
    }

    // ---- what it has seen

    /// The calls so far, a line each.
    ///
    /// @return the lines, plain; none unless the trace was opened by [#record]
    public List<String> lines() {
        return entries().stream().map(Entry::toString).toList();
    }

    /// The calls so far.
    ///
    /// @return a copy; empty unless the trace was opened by [#record]
    public List<Entry> entries() {
        synchronized (entries) {
            return List.copyOf(entries);
        }
    }

    /// How often and how long which calls were made so far.
    ///
    /// @return the numbers; its text is the table of `strace -c`
    public TraceSummary summary() {
        return summary.copy();
    }

    /// Ends the trace. What it has seen stays there to be asked for; a call that is under way appears with the result
    /// `? <unfinished ...>`, and not again when it returns.
    @Override
    public void close() {
        Layers.remove(layer);
        underWay.forEach(this::endUnfinished);
        final Throwable thrown = broken;
        broken = null;
        if (thrown != null) {
            throw new IllegalStateException("the trace broke off: " + thrown, thrown);
        }
    }

    // ---- seeing it

    private final class TraceLayer implements Layers.Layer {
        @Override
        public Layers.Place place() {
            return Layers.Place.TRACE;
        }

        @Override
        public long call(final Invocation invocation) {
            return covers(invocation) ? trace(invocation) : invocation.proceed();
        }
    }

    private boolean covers(final Invocation invocation) {
        return scope.covers(invocation.call(), invocation.arguments());
    }

    private long trace(final Invocation invocation) {
        final Begun begun = begin(invocation);
        final long start = System.nanoTime();
        final long result;
        try {
            result = invocation.proceed();
        } catch (final RuntimeException | Error e) {
            // Refused before it was made: it is not under way.
            if (begun != null) {
                underWay.remove(begun);
            }
            throw e;
        }
        final long nanos = System.nanoTime() - start;
        summary.add(invocation.call(), result, nanos);
        if (begun != null && underWay.remove(begun)) {
            end(begun, result, nanos, invocation.injected());
        }
        return result;
    }

    private record Begun(Call call, CallText text, Thread thread, int tid, Instant time, long start, Object bySink) {
        Entry entry(final List<String> arguments, final long result, final String outcome, final boolean injected,
                final long nanos) {
            return new Entry(call, arguments, result, outcome, injected, time, nanos, thread, tid);
        }
    }

    /// None of these may throw: the caller of a traced call would lose its result, and a descriptor with it.
    private Begun begin(final Invocation invocation) {
        try {
            final Object bySink = broken == null ? sink.begin() : null;
            if (bySink == null) {
                return null;
            }
            final CallText text = CallText.before(invocation.call(), invocation.arguments(), style.limit());
            final Begun begun = new Begun(invocation.call(), text, Thread.currentThread(), style.threads() ? tid() : 0,
                    Instant.now(), System.nanoTime(), bySink);
            underWay.add(begun);
            return begun;
        } catch (final RuntimeException | Error e) {
            broken = e;
            return null;
        }
    }

    private void end(final Begun begun, final long result, final long nanos, final boolean injected) {
        try {
            final List<String> arguments = begun.text.arguments(result);
            sink.end(begun.bySink, begun.entry(arguments, result, begun.text.result(), injected, nanos));
        } catch (final RuntimeException | Error e) {
            broken = e;
        }
    }

    private void endUnfinished(final Begun begun) {
        if (underWay.remove(begun)) {
            try {
                sink.unfinished(begun.bySink, begun.entry(begun.text.arguments(-1), 0, "? <unfinished ...>", false,
                        System.nanoTime() - begun.start));
            } catch (final RuntimeException | Error e) {
                broken = e;
            }
        }
    }

    /// `gettid()`, by the name of a link.
    private static int tid() {
        try {
            return Integer.parseInt(Files.readSymbolicLink(Path.of("/proc/thread-self")).getFileName().toString());
        } catch (final IOException e) {
            throw new UncheckedIOException("/proc/thread-self", e);
        }
    }
}
