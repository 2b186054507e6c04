package io.github.fdsock.harness;

import static io.github.fdsock.sys.Constants.CLOSE_RANGE_CLOEXEC;
import static io.github.fdsock.sys.Constants.CLOSE_RANGE_UNSHARE;
import static io.github.fdsock.sys.Constants.EBADF;
import static io.github.fdsock.sys.Constants.F_GETFD;

import io.github.fdsock.harness.Ledger.Finding.Kind;
import io.github.fdsock.harness.Ledger.Finding.Site;
import io.github.fdsock.sys.Call;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// A ledger of descriptors: where each was opened, passed, received and closed, as long as it is open itself.
///
/// ```java
/// try (Ledger ledger = Ledger.open()) {
///     …
///     ledger.requireClean();
/// }
/// ```
///
/// It sees every call of every thread that goes through [Libc][io.github.fdsock.sys.Libc], with the caller's stack
/// where a descriptor begins, ends or travels (`SCM_RIGHTS`, `SCM_PIDFD`: seen where the kernel has
/// `process_vm_readv`), and checks its book against `/proc/self/fd`. What it finds:
///
/// - **a leak**: opened since, and open still. Also what other code than ours has opened; without a place then;
/// - **closed twice**: `EBADF` for a number that had been closed here;
/// - **used after close**: `EBADF` for such a number, or a call that succeeded on one because somebody else has it now;
/// - **closed, though it was nobody's**: a number that nobody has opened here and that was not open when the ledger
///   began. A descriptor that other code has opened is taken in by asking for it, `fcntl(fd, F_GETFD)`, as
///   [adopt][io.github.fdsock.Fd#adopt] does;
/// - **vanished**: open when the ledger began, and not any more.
///
/// The question `fcntl(fd, F_GETFD)` is no use of a descriptor: it may be asked of a closed one.
///
/// **Whom it blames.** Everything that happens in the process, so that a block that other threads open descriptors
/// beside needs a [Scope]: of a thread, of a [ThreadTree]. Then the book is still kept about all calls, but a finding
/// is one only where a call of the scope opened what leaks, closed what vanished, or was the wrong one. What other
/// code opens without `Libc` belongs to nobody then, and is not reported.
///
/// A number given away by [release][io.github.fdsock.Fd#release] and closed by whoever took it is no leak, since it is
/// not open. What nobody can know is which of two threads a number belongs to after one has closed it and the other has
/// opened it: a late use by the first looks right, until it closes it and the second gets `EBADF`.
///
/// **Threads.** Any. Opened and asked while no other thread is in the midst of opening or closing something, or what
/// that call did counts as unseen.
///
/// Several may be open at once. Each costs every call a look into its book, and a walk up the stack where something is
/// opened or closed; when the last layer is gone, so is the cost.
public final class Ledger implements AutoCloseable {
    /// More of them say nothing new, and a loop that errs may err for ever.
    private static final int MOST_FINDINGS = 1_000;

    /// What is known of a number. Guarded by the book's lock.
    private static final class Entry {
        /// `/proc/self/fd` of it when the ledger began, however often it was closed and restored since; or null.
        final String inherited;

        /// Null where it was open when the ledger began, or was opened by nobody.
        final Site opened;

        /// Whether the scope covers the call that opened it.
        final boolean ours;

        Site passed;

        /// Null while it is open.
        Site closed;
        boolean closedByUs;

        /// Whether the call that closes it is under way, and the number perhaps open still.
        boolean closing;

        Entry(final String inherited, final Site opened, final boolean ours) {
            this.inherited = inherited;
            this.opened = opened;
            this.ours = ours;
        }

        boolean isOpen() {
            return closed == null;
        }

        boolean isClosed() {
            return closed != null && !closing;
        }
    }

    /// Stands for a number that was open, or about to be closed, when a call began.
    private static final Entry OPEN = new Entry(null, null, false);

    private final Scope scope;

    /// Whether it answers for whatever happens in the process.
    private final boolean whole;

    /// What was open at the beginning.
    private final OpenDescriptors before;

    /// By number; guarded by itself, as is everything below.
    private final TreeMap<Integer, Entry> book = new TreeMap<>();
    private final List<Finding> misuses = new ArrayList<>();
    private boolean over;

    private final Layers.Layer layer = new Layers.Layer() {
        @Override
        public Layers.Place place() {
            return Layers.Place.LEDGER;
        }

        @Override
        public long call(final Invocation invocation) {
            final boolean ours = scope.covers(invocation.call(), invocation.arguments());
            return switch (invocation.call()) {
                case close -> close(invocation, ours);
                case close_range -> closeRange(invocation, ours);
                default -> use(invocation, ours);
            };
        }
    };

    private Ledger(final Scope scope, final boolean whole) {
        this.scope = scope;
        this.whole = whole;
        Layers.add(layer);
        boolean begun = false;
        try {
            before = OpenDescriptors.now();
            synchronized (book) {
                before.targets().forEach((fd, target) -> book.putIfAbsent(fd, new Entry(target, null, false)));
            }
            begun = true;
        } finally {
            if (!begun) {
                Layers.remove(layer);
            }
        }
    }

    /// Begins a ledger of the whole process.
    ///
    /// @return the ledger, ended by [#close]
    /// @throws IllegalStateException where `/proc` is not mounted
    public static Ledger open() {
        return new Ledger(Scope.everything(), true);
    }

    /// Begins a ledger that blames the calls of a scope.
    ///
    /// @param scope whose mistakes are findings
    /// @return the ledger, ended by [#close]
    /// @throws IllegalStateException where `/proc` is not mounted
    public static Ledger open(final Scope scope) {
        return new Ledger(Objects.requireNonNull(scope, "scope"), false);
    }

    /// What is wrong up to now: the wrong calls in the order they came in, then what is left open or has vanished, as
    /// if the block ended here. Pipes that the JDK is about to close are waited for.
    ///
    /// @return the findings, none where all is well
    /// @throws IllegalStateException where the ledger is closed
    public List<Finding> findings() {
        final OpenDescriptors now = before.settled();
        final List<Finding> findings;
        final Map<Integer, Entry> entries;
        synchronized (book) {
            if (over) {
                throw new IllegalStateException("the ledger is closed");
            }
            findings = new ArrayList<>(misuses);
            entries = new TreeMap<>(book);
        }
        // Those that are nobody's in the book; one that was closed since the listing is no longer what it was.
        final Map<Integer, String> unseen = now.without(before);
        entries.forEach((fd, entry) -> {
            if (entry.isOpen() && entry.opened != null) {
                final String other = unseen.remove(fd);
                if (entry.ours || whole && other != null) {
                    leak(findings, fd, entry);
                }
            }
        });
        final Map<Integer, String> vanished = before.without(now);
        if (whole) {
            unseen.entrySet().removeIf(left -> !left.getValue().equals(OpenDescriptors.target(left.getKey())));
            unseen.forEach((fd, target) -> findings.add(new Finding(Kind.LEAK, fd, target, null, null, null, null)));
        } else {
            vanished.keySet().removeIf(fd -> !entries.get(fd).closedByUs);
        }
        vanished.forEach((fd, target) -> findings.add(
                new Finding(Kind.VANISHED, fd, target, null, null, null, entries.get(fd).closed)));
        return findings;
    }

    private static void leak(final List<Finding> findings, final int fd, final Entry entry) {
        final String target = OpenDescriptors.target(fd);
        // Null: somebody else has closed it, who was given the number; then the JVM may have it for a file of its own.
        if (target != null && !target.equals(entry.inherited)
                && (entry.opened.call() == Call.open || !OpenDescriptors.belongsToTheJvm(target))) {
            findings.add(new Finding(Kind.LEAK, fd, target, null, entry.opened, entry.passed, null));
        }
    }

    /// Fails if anything is wrong up to now.
    ///
    /// @throws AssertionError with every finding and its places
    /// @throws IllegalStateException where the ledger is closed
    public void requireClean() {
        requireClean("the block");
    }

    /// Fails if anything is wrong up to now.
    ///
    /// @param block what ran, for the message
    /// @throws AssertionError with every finding and its places
    /// @throws IllegalStateException where the ledger is closed
    public void requireClean(final String block) {
        final List<Finding> findings = findings();
        if (!findings.isEmpty()) {
            throw new AssertionError("descriptors after " + block + ":\n"
                    + findings.stream().map(Finding::toString).collect(Collectors.joining("\n")));
        }
    }

    /// Ends the ledger: it sees no more calls, and forgets those it saw. Says nothing about what it found.
    @Override
    public void close() {
        Layers.remove(layer);
        synchronized (book) {
            over = true;
            book.clear();
            misuses.clear();
        }
    }

    // ---- the calls, on the threads that make them

    private long close(final Invocation invocation, final boolean ours) {
        final int fd = (int) invocation.arguments()[0];
        final Site here = Site.here(Call.close);
        final Entry old;
        final Entry mine;
        // Before the call, since another thread may have the number before it returns.
        synchronized (book) {
            old = book.get(fd);
            mine = closing(fd, old, here, ours);
        }
        final long result = invocation.proceed();
        synchronized (book) {
            mine.closing = false;
            if (result != -EBADF) {
                if (old == null || old.isClosed()) {
                    misuse(ours, Kind.FOREIGN_CLOSE, fd, here, old);
                }
                return result;
            }
            if (old == null) {
                book.remove(fd, mine);
                misuse(ours, Kind.FOREIGN_CLOSE, fd, here, null);
                return result;
            }
            // Whichever of two threads the kernel let close it, the book has one of them as the first.
            final Entry now = book.get(fd);
            misuse(ours, Kind.DOUBLE_CLOSE, fd, here, old.isOpen() && now != mine ? now : old);
            if (!old.isOpen()) {
                book.replace(fd, mine, old);
            }
            return result;
        }
    }

    /// Writes down that a number is about to be closed.
    private Entry closing(final int fd, final Entry old, final Site here, final boolean ours) {
        final Entry entry = old == null
                ? new Entry(null, null, false)
                : new Entry(old.inherited, old.opened, old.ours);
        entry.closed = here;
        entry.closedByUs = ours;
        entry.closing = true;
        book.put(fd, entry);
        return entry;
    }

    private long closeRange(final Invocation invocation, final boolean ours) {
        final int first = (int) invocation.arguments()[0];
        final int last = (int) invocation.arguments()[1];
        // Marked, not closed; or closed in a table that only this thread sees.
        if (((int) invocation.arguments()[2] & (CLOSE_RANGE_CLOEXEC | CLOSE_RANGE_UNSHARE)) != 0 || first < 0) {
            return invocation.proceed();
        }
        final Site here = Site.here(Call.close_range);
        final Map<Integer, Entry> olds;
        final Map<Integer, Entry> mine = new TreeMap<>();
        synchronized (book) {
            olds = new TreeMap<>(book.tailMap(first, true));
            // Unsigned: a negative end is beyond every number.
            olds.entrySet().removeIf(entry -> last >= 0 && entry.getKey() > last || !entry.getValue().isOpen());
            olds.forEach((fd, old) -> mine.put(fd, closing(fd, old, here, ours)));
        }
        final long result = invocation.proceed();
        synchronized (book) {
            mine.forEach((fd, entry) -> {
                entry.closing = false;
                if (result < 0) {
                    book.replace(fd, entry, olds.get(fd));
                }
            });
        }
        return result;
    }

    private long use(final Invocation invocation, final boolean ours) {
        final Call call = invocation.call();
        final Object[] arguments = invocation.arguments();
        final int[] used = DescriptorUse.used(call, arguments);
        final Entry[] entries = new Entry[used.length];
        synchronized (book) {
            for (int i = 0; i < used.length; i++) {
                final Entry entry = book.get(used[i]);
                entries[i] = entry == null || entry.isClosed() ? entry : OPEN;
            }
        }
        final long result = invocation.proceed();
        if (call == Call.fcntl && (int) arguments[1] == F_GETFD) {
            if (result >= 0 && entries[0] != OPEN) {
                takeIn(used[0], entries[0]);
            }
            return result;
        }
        if (result >= 0 || result == -EBADF) {
            for (int i = 0; i < used.length; i++) {
                if (entries[i] != null && entries[i] != OPEN) {
                    misuse(ours, Kind.USE_AFTER_CLOSE, used[i], call, entries[i]);
                }
            }
        }
        if (result >= 0) {
            opened(call, DescriptorUse.made(call, arguments, result), ours);
            passed(call, DescriptorUse.passed(call, arguments, result));
        }
        for (final int fd : DescriptorUse.notPassed(call, arguments, result)) {
            final Entry entry = entry(fd);
            if (entry != null && entry.isClosed()) {
                misuse(ours, Kind.USE_AFTER_CLOSE, fd, call, entry);
            }
        }
        return result;
    }

    private void opened(final Call call, final int[] fds, final boolean ours) {
        if (fds.length == 0) {
            return;
        }
        final Site here = Site.here(call);
        final boolean restores = call == Call.dup || call == Call.dup3 || call == Call.fcntl;
        synchronized (book) {
            for (final int fd : fds) {
                // A pidfd that came with a message may be an errno.
                if (fd >= 0) {
                    final Entry old = book.get(fd);
                    book.put(fd, new Entry(restores && old != null ? old.inherited : null, here, ours));
                }
            }
        }
    }

    private void passed(final Call call, final int[] fds) {
        if (fds.length == 0) {
            return;
        }
        final Site here = Site.here(call);
        synchronized (book) {
            for (final int fd : fds) {
                final Entry entry = book.get(fd);
                if (entry != null) {
                    entry.passed = here;
                }
            }
        }
    }

    /// A number that other code has opened, and that somebody here now asks for.
    private void takeIn(final int fd, final Entry asBefore) {
        final Site here = Site.here(Call.fcntl);
        synchronized (book) {
            if (book.get(fd) == asBefore) {
                book.put(fd, new Entry(null, here, false));
            }
        }
    }

    private Entry entry(final int fd) {
        synchronized (book) {
            return book.get(fd);
        }
    }

    private void misuse(final boolean ours, final Kind kind, final int fd, final Call call, final Entry entry) {
        if (ours) {
            synchronized (book) {
                misuse(true, kind, fd, Site.here(call), entry);
            }
        }
    }

    private void misuse(final boolean ours, final Kind kind, final int fd, final Site here, final Entry entry) {
        if (ours && misuses.size() < MOST_FINDINGS) {
            misuses.add(entry == null
                    ? new Finding(kind, fd, null, here, null, null, null)
                    : new Finding(kind, fd, null, here, entry.opened, entry.passed, entry.closed));
        }
    }

    // ---- what it finds

    /// What the ledger has found to be wrong with a descriptor, and where everything about it happened.
    ///
    /// Of the places, those are null that are not known: what opened the descriptor may have been other code than ours.
    ///
    /// @param kind what is wrong
    /// @param fd the number
    /// @param target what `/proc/self/fd` says of a descriptor that is left open or has vanished, else null
    /// @param at the call that was wrong; null where it is the end of the block that is
    /// @param opened where it was opened, received or taken in
    /// @param passed where it was last sent to somebody
    /// @param closed where it was closed before that
    public record Finding(Kind kind, int fd, String target, Site at, Site opened, Site passed, Site closed) {

        /// What may be wrong.
        public enum Kind {
            /// Opened, and still open at the end of the block.
            LEAK("left open"),
            /// Closed again, after it was closed.
            DOUBLE_CLOSE("closed twice"),
            /// Used after it was closed: the kernel said `EBADF`, or the number had passed to somebody else.
            USE_AFTER_CLOSE("used after it was closed"),
            /// A number was closed that nobody had opened here and that was not open when the ledger began: one that
            /// was never open, or one of other code in the process.
            FOREIGN_CLOSE("closed, though it was nobody's here"),
            /// Was open when the ledger began, and is not at the end of the block.
            VANISHED("closed, though opened by somebody else");

            private final String text;

            Kind(final String text) {
                this.text = text;
            }
        }

        /// A call, and who made it.
        ///
        /// @param call which function
        /// @param thread the name of the thread
        /// @param frames from the caller of the function outward, as many as are of use
        public record Site(Call call, String thread, List<StackTraceElement> frames) {
            private static final StackWalker WALKER = StackWalker.getInstance();

            /// Deep enough for a test's own code below the frames of what runs it.
            private static final int MOST_FRAMES = 24;

            /// Between the caller and whoever asks for the site.
            private static final String RAW_FLOOR = "io.github.fdsock.sys.";
            private static final Set<String> ENTRANCES =
                    Set.of(RAW_FLOOR + "Libc", RAW_FLOOR + "AnyCall", RAW_FLOOR + "Interposer");

            /// What runs tests and tasks says nothing about them.
            private static final List<String> RUNNERS = List.of("org.junit.", "net.jqwik.", "java.lang.reflect.",
                    "java.lang.invoke.", "java.lang.Thread", "java.lang.VirtualThread", "jdk.internal.", "java.util.");

            /// The call that this thread is about to make, from inside a layer.
            static Site here(final Call call) {
                final List<StackTraceElement> frames = WALKER.walk(all -> all
                        .dropWhile(frame -> !ENTRANCES.contains(frame.getClassName()))
                        .dropWhile(frame -> ENTRANCES.contains(frame.getClassName()))
                        .limit(MOST_FRAMES)
                        .map(StackWalker.StackFrame::toStackTraceElement)
                        .toList());
                int own = frames.size();
                while (own > 1 && isRunner(frames.get(own - 1).getClassName())) {
                    own--;
                }
                return new Site(call, Thread.currentThread().getName(), frames.subList(0, own));
            }

            private static boolean isRunner(final String type) {
                return RUNNERS.stream().anyMatch(type::startsWith);
            }

            /// The call, the thread and the frames, each on a line of its own.
            @Override
            public String toString() {
                final StringBuilder text = new StringBuilder(call + " in thread \"" + thread + '"');
                frames.forEach(frame -> text.append("\n        at ").append(frame));
                return text.toString();
            }
        }

        /// One line that says what is wrong, then each place.
        @Override
        public String toString() {
            final StringBuilder text = new StringBuilder("descriptor ").append(fd);
            if (target != null) {
                text.append(" -> ").append(target);
            }
            text.append(": ").append(kind.text);
            append(text, "", at);
            append(text, "opened by ", opened);
            append(text, "passed by ", passed);
            append(text, "closed by ", closed);
            return text.toString();
        }

        private static void append(final StringBuilder text, final String what, final Site site) {
            if (site != null) {
                text.append("\n    ").append(what).append(site);
            }
        }
    }
}
