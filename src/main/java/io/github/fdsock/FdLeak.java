package io.github.fdsock;

import java.lang.ref.Cleaner;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/// A descriptor that nobody can close any more: its [Fd] was collected as garbage while it was open.
///
/// Looked for only on request: by [#watch], or in a program as it is by `-Dfdsock.leaks=true`, which prints each to
/// standard error. Until then it costs an `Fd` one look at a field; while it is on, each has its creation's stack
/// taken.
///
/// Found when the garbage collector gets to it, which may be never: what is not reported has not been shown to be
/// closed. A [ledger][io.github.fdsock.harness.Ledger] tells at once, and also about descriptors without an `Fd`.
/// Nothing is closed here: whoever has the number by other means may be using it still.
///
/// @param kind the simple name of its class: `SocketFd`
/// @param fd the number
/// @param target what `/proc/self/fd` says of the number when the leak is found: `socket:[4711]`; null where it is not
///        open, since somebody has closed it behind the object's back
/// @param creation where and by which thread it was made
public record FdLeak(String kind, int fd, String target, Throwable creation) {

    /// What every [Fd] asks for when it begins and ends; null, as nearly always, for nothing.
    static volatile Watch watch;

    static {
        if (Boolean.getBoolean("fdsock.leaks")) {
            watch(FdLeak::print);
        }
    }

    /// The descriptors that were begun since, and have not ended.
    static final class Watch implements AutoCloseable {
        private final Cleaner cleaner = Cleaner.create();
        private final Map<Integer, Creation> open = new ConcurrentHashMap<>();
        private final Consumer<? super FdLeak> report;

        private Watch(final Consumer<? super FdLeak> report) {
            this.report = report;
        }

        /// Holds no reference to the object, lest it never be collected.
        private final class Creation implements Runnable {
            private final String kind;
            private final int fd;
            private final Throwable place;

            private Creation(final String kind, final int fd) {
                this.kind = kind;
                this.fd = fd;
                this.place = new Throwable("here the descriptor got its owner, by thread \""
                        + Thread.currentThread().getName() + '"');
            }

            @Override
            public void run() {
                if (open.remove(fd, this)) {
                    report.accept(new FdLeak(kind, fd, Fd.target(fd), place));
                }
            }
        }

        void begin(final Fd owner, final int fd) {
            final Creation creation = new Creation(owner.getClass().getSimpleName(), fd);
            open.put(fd, creation);
            cleaner.register(owner, creation);
        }

        /// Before the number can be anybody else's.
        void end(final int fd) {
            open.remove(fd);
        }

        @Override
        public void close() {
            synchronized (FdLeak.class) {
                if (watch == this) {
                    watch = null;
                }
            }
            open.clear();
        }
    }

    /// Begins to look for leaks among the descriptors that are made from now on.
    ///
    /// @param report is told of each, on a thread of its own; what it throws is ignored
    /// @return what ends it; the descriptors made until then are no longer looked for either
    /// @throws IllegalStateException where somebody looks already
    public static AutoCloseable watch(final Consumer<? super FdLeak> report) {
        Objects.requireNonNull(report, "report");
        synchronized (FdLeak.class) {
            if (watch != null) {
                throw new IllegalStateException("leaks of descriptors are looked for already");
            }
            watch = new Watch(report);
            return watch;
        }
    }

    private static void print(final FdLeak leak) {
        System.err.println(leak);
        leak.creation.printStackTrace();
    }

    /// What was left open, in one line.
    @Override
    public String toString() {
        return kind + " " + fd + " was left open and is garbage" + (target == null ? "" : ": " + target);
    }
}
