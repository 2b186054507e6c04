package io.github.fdsock.cli.descriptor;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/// `/proc/PID/fdinfo/N`: lines of a name, a colon and a value; which of them are there depends on the kind.
///
/// @param lines as they were read; none where that is not allowed
/// @see <a href="https://man7.org/linux/man-pages/man5/proc_pid_fdinfo.5.html">proc_pid_fdinfo(5)</a>
record FdInfo(List<String> lines) {
    static FdInfo read(final Path file) throws IOException {
        try {
            return new FdInfo(Files.readAllLines(file, StandardCharsets.ISO_8859_1));
        } catch (final AccessDeniedException e) {
            return new FdInfo(List.of());
        }
    }

    /// The value of the first line with this name; null where there is none.
    String value(final String name) {
        return values(name).findFirst().orElse(null);
    }

    /// The value of each line with this name.
    Stream<String> values(final String name) {
        return lines.stream().filter(line -> line.startsWith(name + ":"))
                .map(line -> line.substring(name.length() + 1).strip());
    }

    /// A number; `otherwise` where it is not told.
    long number(final String name, final int radix, final long otherwise) {
        final String value = value(name);
        return value == null ? otherwise : Long.parseUnsignedLong(value, radix);
    }
}
