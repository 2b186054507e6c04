package io.github.fdsock.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
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

/// The descriptors this process had open at one moment, each with the target `/proc/self/fd` gives it.
///
/// Left out is what the JVM opens on its own account and whenever it likes: files of the JDK, jars, which
/// class loaders open when first asked for a class, the sources of random numbers, the limits of the control group. What the JDK opens once
/// and keeps, such as the socket it lays over a channel that is being closed, is opened before the first listing.
///
/// Immutable, so any thread may use it; but the table it describes belongs to the whole process, and a listing taken
/// while another test runs says nothing.
public final class OpenDescriptors {

    /// How long pipes may outlive the test: the JDK closes those of a child after `waitFor` has returned, on a thread
    /// that cannot be joined. Long, since it is waited for only where a pipe is left over, and a leak then fails anyway.
    private static final long PIPE_GRACE_NANOS = 2_000_000_000L;

    private static final Path TABLE = Path.of("/proc/self/fd");

    private static final String JAVA_HOME = real(System.getProperty("java.home")) + "/";

    static {
        JdkDescriptors.openWhatIsKept();
    }

    private final NavigableMap<Integer, String> targets;

    private OpenDescriptors(NavigableMap<Integer, String> targets) {
        this.targets = targets;
    }

    /// Lists the descriptors open now.
    public static OpenDescriptors now() {
        NavigableMap<Integer, String> targets = new TreeMap<>();
        // File.list has closed its own descriptor of the directory when it returns, so that one has no link any more
        // when the links are read.
        String[] names = TABLE.toFile().list();
        if (names == null) {
            throw new IllegalStateException(TABLE + " cannot be listed: the check needs Linux with /proc mounted");
        }
        for (String name : names) {
            try {
                String target = Files.readSymbolicLink(TABLE.resolve(name)).toString();
                if (!belongsToTheJvm(target)) {
                    targets.put(Integer.valueOf(name), target);
                }
            } catch (NoSuchFileException closedMeanwhile) {
                continue;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return new OpenDescriptors(targets);
    }

    /// The targets by descriptor, in the order of the descriptors.
    public Map<Integer, String> targets() {
        return Collections.unmodifiableNavigableMap(targets);
    }

    /// Compares the descriptors open now with this listing.
    ///
    /// @return what differs, one `fd -> target` per line below a heading for leaked and for vanished ones; empty if
    ///         nothing does
    public String difference() {
        OpenDescriptors now = now();
        if (now.targets.equals(targets)) {
            return "";
        }
        // Another thread of the JVM may have had a file open for the blink of the listing: what counts is in two.
        now = now().and(now);
        long deadline = System.nanoTime() + PIPE_GRACE_NANOS;
        while (now.leakedSince(this).values().stream().anyMatch(target -> target.startsWith("pipe:"))
                && System.nanoTime() - deadline < 0) {
            LockSupport.parkNanos(1_000_000);
            now = now();
        }
        Map<Integer, String> leaked = now.leakedSince(this);
        Map<Integer, String> vanished = leakedSince(now());
        List<String> lines = new ArrayList<>();
        if (!leaked.isEmpty()) {
            lines.add("left open:");
            leaked.forEach((fd, target) -> lines.add("  " + fd + " -> " + target));
        }
        if (!vanished.isEmpty()) {
            lines.add("closed, though opened by somebody else:");
            vanished.forEach((fd, target) -> lines.add("  " + fd + " -> " + target));
        }
        return String.join(System.lineSeparator(), lines);
    }

    /// Fails if the descriptors open now are not those of this listing.
    ///
    /// @param scope what ran in between, for the message
    /// @throws AssertionError naming each descriptor left open and each one closed
    public void requireUnchanged(String scope) {
        String difference = difference();
        if (!difference.isEmpty()) {
            throw new AssertionError("descriptors differ after " + scope + System.lineSeparator() + difference);
        }
    }

    @Override
    public String toString() {
        return targets.toString();
    }

    private OpenDescriptors and(OpenDescriptors other) {
        NavigableMap<Integer, String> both = new TreeMap<>(targets);
        both.entrySet().retainAll(other.targets.entrySet());
        return new OpenDescriptors(both);
    }

    private Map<Integer, String> leakedSince(OpenDescriptors earlier) {
        NavigableMap<Integer, String> rest = new TreeMap<>(targets);
        rest.entrySet().removeAll(earlier.targets.entrySet());
        return rest;
    }

    private static boolean belongsToTheJvm(String target) {
        return target.startsWith(JAVA_HOME)
                || target.endsWith(".jar")
                || target.equals("/dev/random")
                || target.equals("/dev/urandom")
                || target.startsWith("/sys/fs/cgroup/");
    }

    private static String real(String path) {
        try {
            return Path.of(path).toRealPath().toString();
        } catch (IOException absent) {
            return path;
        }
    }
}
