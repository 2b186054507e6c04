package io.github.fdsock.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;

/// The descriptors this process had open at one moment, each with the target that `/proc/self/fd` gives it.
///
/// Left out is what the JVM opens on its own account and whenever it likes: files of the JDK; jars, which class
/// loaders open when first asked for a class; the sources of random numbers; the limits of the control group. What the
/// JDK opens once and keeps, such as the socket it lays over a channel that is being closed, is opened before the
/// first listing.
///
/// **Threads.** Immutable, so any may use it; but the table it describes belongs to the whole process, and what changed
/// while several tests ran says nothing about one of them. That a [Ledger] can tell.
public final class OpenDescriptors {

    /// How long pipes may outlive the test: the JDK closes those of a child after `waitFor` has returned, on a thread
    /// that cannot be joined. Long, since it is waited for only where a pipe is left over, and a leak then fails
    /// anyway.
    private static final long PIPE_GRACE_NANOS = 2_000_000_000L;

    private static final Path TABLE = Path.of("/proc/self/fd");

    private static final String JAVA_HOME = real(System.getProperty("java.home")) + "/";

    private static final String LEFT_OPEN = "left open";
    private static final String VANISHED = "closed, though opened by somebody else";

    static {
        JdkDescriptors.openWhatIsKept();
    }

    private final NavigableMap<Integer, String> targets;

    private OpenDescriptors(final NavigableMap<Integer, String> targets) {
        this.targets = targets;
    }

    /// Lists the descriptors open now.
    ///
    /// @return the listing
    /// @throws IllegalStateException where `/proc` is not mounted
    public static OpenDescriptors now() {
        final NavigableMap<Integer, String> targets = new TreeMap<>();
        // File.list has closed its own descriptor of the directory when it returns, so that one has no link any more
        // when the links are read.
        final String[] names = TABLE.toFile().list();
        if (names == null) {
            throw new IllegalStateException(TABLE + " cannot be listed: the check needs Linux with /proc mounted");
        }
        for (final String name : names) {
            final String target = target(name);
            if (target != null && !belongsToTheJvm(target)) {
                targets.put(Integer.valueOf(name), target);
            }
        }
        return new OpenDescriptors(targets);
    }

    /// What a number stands for, whoever opened it; null where it is not open.
    static String target(final int fd) {
        return target(Integer.toString(fd));
    }

    private static String target(final String name) {
        try {
            return Files.readSymbolicLink(TABLE.resolve(name)).toString();
        } catch (final NoSuchFileException closed) {
            return null;
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The targets by descriptor, in the order of the descriptors.
    ///
    /// @return a view that cannot be changed
    public Map<Integer, String> targets() {
        return Collections.unmodifiableNavigableMap(targets);
    }

    /// Compares the descriptors open now with this listing.
    ///
    /// @return what differs, one `fd -> target` per line below a heading for leaked and for vanished ones; empty if
    ///         nothing does
    public String difference() {
        final OpenDescriptors now = settled();
        final List<String> lines = new ArrayList<>();
        append(lines, LEFT_OPEN, now.without(this));
        append(lines, VANISHED, without(now));
        return String.join(System.lineSeparator(), lines);
    }

    private static void append(final List<String> lines, final String heading, final Map<Integer, String> targets) {
        if (!targets.isEmpty()) {
            lines.add(heading + ":");
            targets.forEach((fd, target) -> lines.add("  " + fd + " -> " + target));
        }
    }

    /// The same with a sentence for each descriptor.
    List<String> differences() {
        final OpenDescriptors now = settled();
        final List<String> sentences = new ArrayList<>();
        now.without(this).forEach((fd, target) -> sentences.add(LEFT_OPEN + ": " + fd + " -> " + target));
        without(now).forEach((fd, target) -> sentences.add(VANISHED + ": " + fd + " -> " + target));
        return sentences;
    }

    /// Fails if the descriptors open now are not those of this listing.
    ///
    /// @param scope what ran in between, for the message
    /// @throws AssertionError naming each descriptor left open and each one closed
    public void requireUnchanged(final String scope) {
        final String difference = difference();
        if (!difference.isEmpty()) {
            throw new AssertionError("descriptors differ after " + scope + System.lineSeparator() + difference);
        }
    }

    @Override
    public String toString() {
        return targets.toString();
    }

    /// Those open now, without what has been opened since this listing and is about to be closed by the JVM.
    OpenDescriptors settled() {
        OpenDescriptors now = now();
        if (now.targets.equals(targets)) {
            return now;
        }
        // Another thread of the JVM may have had a file open for the blink of the listing: what counts is in two.
        now.targets.entrySet().retainAll(now().targets.entrySet());
        final long deadline = System.nanoTime() + PIPE_GRACE_NANOS;
        while (now.without(this).values().stream().anyMatch(target -> target.startsWith("pipe:"))
                && System.nanoTime() - deadline < 0) {
            LockSupport.parkNanos(1_000_000);
            now = now();
        }
        return now;
    }

    /// What is in this listing and not in the other.
    Map<Integer, String> without(final OpenDescriptors other) {
        final NavigableMap<Integer, String> rest = new TreeMap<>(targets);
        rest.entrySet().removeAll(other.targets.entrySet());
        return rest;
    }

    /// Whether the JVM opens such a file whenever it likes.
    static boolean belongsToTheJvm(final String target) {
        return target.startsWith(JAVA_HOME)
                || target.endsWith(".jar")
                || target.equals("/dev/random")
                || target.equals("/dev/urandom")
                || target.startsWith("/sys/fs/cgroup/");
    }

    private static String real(final String path) {
        try {
            return Path.of(path).toRealPath().toString();
        } catch (final IOException absent) {
            return path;
        }
    }

    /// The descriptors that the JDK opens at the first use of its own channels and keeps as long as the JVM lives.
    ///
    /// A class of its own, not an initialiser of this one: the virtual thread would wait for that to end.
    private static final class JdkDescriptors {

        /// Opens them all: the socket that is laid over a channel being closed, and the pollers of the virtual threads.
        static void openWhatIsKept() {
            // A channel is closed under the hands of a thread that was interrupted before.
            final boolean interrupted = Thread.interrupted();
            try {
                try (Selector selector = Selector.open();
                        ServerSocketChannel listener = ServerSocketChannel.open();
                        SocketChannel channel = SocketChannel.open()) {
                    listener.configureBlocking(false);
                    channel.configureBlocking(false);
                    selector.selectNow();
                }
                final Pipe pipe = Pipe.open();
                try (Pipe.SourceChannel source = pipe.source(); Pipe.SinkChannel sink = pipe.sink()) {
                    final Thread reader = Thread.ofVirtual().start(() -> readOne(source));
                    while (reader.getState() != Thread.State.WAITING && reader.isAlive()) {
                        Thread.onSpinWait();
                    }
                    sink.write(ByteBuffer.allocate(1));
                    reader.join();
                }
            } catch (final IOException e) {
                throw new UncheckedIOException(e);
            } catch (final InterruptedException e) {
                throw new IllegalStateException("interrupted before the first listing", e);
            } finally {
                if (interrupted) {
                    Thread.currentThread().interrupt();
                }
            }
        }

        private static void readOne(final Pipe.SourceChannel source) {
            try {
                source.read(ByteBuffer.allocate(1));
            } catch (final IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
