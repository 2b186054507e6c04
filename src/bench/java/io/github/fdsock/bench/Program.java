package io.github.fdsock.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// Runs programs to their end.
final class Program {
    private Program() {
    }

    /// The lines that a program printed; what it says on standard error is seen at once.
    ///
    /// @throws IllegalStateException if its status is not 0
    static List<String> run(final List<String> command) throws IOException, InterruptedException {
        final Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        final List<String> lines = process.inputReader().lines().toList();
        if (process.waitFor() != 0) {
            throw new IllegalStateException(command + " ended with " + process.exitValue() + " after " + lines);
        }
        return lines;
    }

    /// A program of the JDK that runs this.
    static String ofJdk(final String name) {
        return Path.of(System.getProperty("java.home"), "bin", name).toString();
    }
}
