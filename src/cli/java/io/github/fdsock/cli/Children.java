package io.github.fdsock.cli;

import io.github.fdsock.Endpoint;
import io.github.fdsock.cli.roundtrip.WrongAnswerException;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// The processes that a command has started, all of this program itself, and the folder where their sockets lie.
///
/// None survives: [#close] ends those that are still there and removes the folder, also when the command is
/// interrupted. Were this process killed outright, its children would see their standard input end, and end as well.
final class Children implements Closeable {
    private static final int PATIENCE_SECONDS = 5;

    private static volatile List<String> prefix = List.of();

    private final Path folder;
    private final List<Process> processes = new ArrayList<>();
    private final Thread hook = new Thread(this::endAll, "children");

    Children() throws IOException {
        // The hook waits for a folder that is just being made, or none is made.
        synchronized (this) {
            Termination.atEnd(hook);
            folder = Files.createTempDirectory("fdsock-");
        }
    }

    /// Where socket files may be made.
    Path folder() {
        return folder;
    }

    /// Puts words before the commands of all that are started from now on: a command that runs another one, `--`.
    static void startBehind(final List<String> words) {
        prefix = List.copyOf(words);
    }

    /// Starts a command of this program.
    synchronized Process start(final String... arguments) throws IOException {
        final List<String> line = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-cp", System.getProperty("java.class.path"),
                Main.class.getName()));
        line.addAll(prefix);
        line.addAll(List.of(arguments));
        final Process process = new ProcessBuilder(line).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        processes.add(process);
        return process;
    }

    /// Reads the `listening …` lines of a server that was just started.
    static List<Endpoint> listening(final Process server, final int count) throws IOException {
        final BufferedReader lines = server.inputReader();
        final List<Endpoint> endpoints = new ArrayList<>();
        while (endpoints.size() < count) {
            final String line = lines.readLine();
            if (line == null) {
                throw new WrongAnswerException("a server ended before it listened");
            }
            if (line.startsWith("listening ")) {
                endpoints.add(Endpoint.parse(line.substring("listening ".length())));
            }
        }
        return endpoints;
    }

    /// Waits for a process to end by itself, or by `SIGTERM` where `signal` says so; its status has to be 0.
    static void end(final Process process, final String name, final boolean signal)
            throws IOException, InterruptedException {
        if (signal) {
            // Not destroy() without a handle: the JDK would close our ends of the pipes as well.
            process.toHandle().destroy();
        }
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new WrongAnswerException(name + " did not end within " + PATIENCE_SECONDS + " s");
        }
        if (process.exitValue() != 0) {
            throw new WrongAnswerException(name + " ended with status " + process.exitValue());
        }
    }

    private synchronized void endAll() {
        try {
            for (final Process process : processes) {
                process.destroy();
            }
            for (final Process process : processes) {
                if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                    process.destroyForcibly().waitFor();
                }
            }
            removeFolder();
        } catch (final IOException | InterruptedException e) {
            Main.complain(new PrintWriter(System.err), "children", e);
        }
    }

    /// As a rule its sockets are gone, and then no descriptor is needed, which there might be none for.
    private void removeFolder() throws IOException {
        try {
            Files.deleteIfExists(folder);
        } catch (final DirectoryNotEmptyException e) {
            try (Stream<Path> files = Files.list(folder)) {
                for (final Path file : files.toList()) {
                    Files.deleteIfExists(file);
                }
            }
            Files.delete(folder);
        }
    }

    @Override
    public void close() {
        endAll();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (final IllegalStateException e) {
            // The hook runs already, and finds nothing left to do.
            return;
        }
    }
}
