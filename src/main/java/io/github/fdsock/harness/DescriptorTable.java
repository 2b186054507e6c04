package io.github.fdsock.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;

/// What `/proc/self/fd` said at one time, but for what the JVM opens for itself.
///
/// @param targets by number, such as `socket:[4711]`
record DescriptorTable(NavigableMap<Integer, String> targets) {
    private static final Path TABLE = Path.of("/proc/self/fd");

    /// Other threads of the JVM open files for a moment, and close pipes of children when they get to it.
    private static final int LOOKS = 100;
    private static final long BETWEEN_LOOKS_NANOS = 5_000_000;

    static DescriptorTable now() {
        final NavigableMap<Integer, String> targets = new TreeMap<>();
        // The descriptor of the directory itself is closed when the names are here, and has no link any more.
        final String[] names = TABLE.toFile().list();
        if (names == null) {
            throw new IllegalStateException(TABLE + " cannot be listed");
        }
        for (final String name : names) {
            try {
                final String target = Files.readSymbolicLink(TABLE.resolve(name)).toString();
                if (!belongsToTheJvm(target)) {
                    targets.put(Integer.valueOf(name), target);
                }
            } catch (final NoSuchFileException closedMeanwhile) {
                continue;
            } catch (final IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return new DescriptorTable(targets);
    }

    private static boolean belongsToTheJvm(final String target) {
        return target.startsWith(System.getProperty("java.home")) || target.endsWith(".jar")
                || target.equals("/dev/random") || target.equals("/dev/urandom")
                || target.startsWith("/sys/fs/cgroup/");
    }

    /// What differs now from what was then, and still does after some looks; empty where nothing does.
    List<String> differences() {
        List<String> differences = differences(now());
        for (int look = 1; look < LOOKS && !differences.isEmpty(); look++) {
            LockSupport.parkNanos(BETWEEN_LOOKS_NANOS);
            differences = differences(now());
        }
        return differences;
    }

    private List<String> differences(final DescriptorTable now) {
        final List<String> differences = new ArrayList<>();
        now.targets.forEach((fd, target) -> {
            if (!target.equals(targets.get(fd))) {
                differences.add("left open: " + fd + " -> " + target);
            }
        });
        for (final Map.Entry<Integer, String> then : targets.entrySet()) {
            if (!now.targets.containsKey(then.getKey())) {
                differences.add("closed, though not its own: " + then.getKey() + " -> " + then.getValue());
            }
        }
        return differences;
    }
}
