package io.github.fdsock.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The variables of a program: those of this process, with changes.
///
/// `System.getenv` has those of this process as text, from which their bytes are not always to be had again; the kernel
/// has the bytes.
final class SpawnEnvironment {
    private static final Path INHERITED = Path.of("/proc/self/environ");

    private boolean inherited = true;

    /// In [CString]s; null for what is taken out.
    private final Map<String, String> changes = new LinkedHashMap<>();

    SpawnEnvironment() {
    }

    /// A copy.
    SpawnEnvironment(final SpawnEnvironment other) {
        inherited = other.inherited;
        changes.putAll(other.changes);
    }

    void set(final String name, final String value) {
        changes.put(name(name), CString.encode(value));
    }

    void unset(final String name) {
        changes.put(name(name), null);
    }

    void clear() {
        inherited = false;
        changes.clear();
    }

    private static String name(final String name) {
        if (name.isEmpty() || name.indexOf('=') >= 0) {
            throw new IllegalArgumentException("a name of a variable: \"" + name + '"');
        }
        return CString.encode(name);
    }

    /// `NAME=value`, each.
    List<String> entries() throws IOException {
        final List<String> entries = new ArrayList<>();
        if (inherited) {
            for (final String entry : Files.readString(INHERITED, StandardCharsets.ISO_8859_1).split("\0")) {
                final int end = entry.indexOf('=');
                if (!entry.isEmpty() && !changes.containsKey(end < 0 ? entry : entry.substring(0, end))) {
                    entries.add(entry);
                }
            }
        }
        changes.forEach((name, value) -> {
            if (value != null) {
                entries.add(name + '=' + value);
            }
        });
        return entries;
    }
}
