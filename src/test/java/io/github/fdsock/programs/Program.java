package io.github.fdsock.programs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.Endpoint;
import io.github.fdsock.testing.Project;
import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/// A process that a test has started: its lines, its end, and the certainty that it is gone afterwards.
final class Program implements Closeable {
    /// Generous: it bounds a test that fails, and no test that passes waits for it.
    static final int PATIENCE_SECONDS = 60;

    private static final String END = "\0end of output";

    private final Process process;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final StringBuffer errors = new StringBuffer();
    private final List<Thread> readers = new ArrayList<>();

    private Program(final Process process) {
        this.process = process;
        readers.add(Thread.ofPlatform().daemon().start(() -> {
            read(process.inputReader(), lines::add);
            lines.add(END);
        }));
        readers.add(Thread.ofPlatform().daemon().start(
                () -> read(process.errorReader(), line -> errors.append(line).append('\n'))));
    }

    /// Starts any program.
    static Program start(final String... command) throws IOException {
        return new Program(new ProcessBuilder(command).start());
    }

    /// Starts a command of the tool's jar.
    static Program fdsock(final String... arguments) throws IOException {
        return start(commandLine(arguments).toArray(String[]::new));
    }

    /// Compiles a program of `native`, which has to pass without a warning.
    ///
    /// @return its path
    static String compile(final String name, final Path folder)
            throws IOException, InterruptedException, TimeoutException {
        final String path = folder.resolve(name).toString();
        try (Program compiler = start("cc", "-O2", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-o", path,
                Project.directory().resolve("native/" + name + ".c").toString())) {
            if (compiler.status() != 0) {
                throw new AssertionError(name + ": " + compiler.errors());
            }
        }
        return path;
    }

    static List<String> commandLine(final String... arguments) {
        final List<String> command = new ArrayList<>(List.of(Project.java().toString(), "-XX:+UseSerialGC", "-jar",
                Project.cliJar().toString()));
        command.addAll(List.of(arguments));
        return command;
    }

    private static void read(final BufferedReader from, final java.util.function.Consumer<String> to) {
        try (from) {
            for (String line = from.readLine(); line != null; line = from.readLine()) {
                to.accept(line);
            }
        } catch (final IOException e) {
            // The test has closed the stream under us, or the process was killed.
            to.accept("(" + e.getMessage() + ")");
        }
    }

    Process process() {
        return process;
    }

    /// The next line of standard output; null at its end.
    String line() throws InterruptedException, TimeoutException {
        final String line = lines.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (line == null) {
            throw new TimeoutException("no line within " + PATIENCE_SECONDS + " s; standard error:\n" + errors);
        }
        if (line.equals(END)) {
            lines.add(END);
            return null;
        }
        return line;
    }

    /// The remaining lines of standard output, until it ends.
    List<String> rest() throws InterruptedException, TimeoutException {
        final List<String> all = new ArrayList<>();
        for (String line = line(); line != null; line = line()) {
            all.add(line);
        }
        return all;
    }

    /// The addresses in the next `listening …` lines.
    List<Endpoint> listening(final int count) throws InterruptedException, TimeoutException {
        final List<Endpoint> endpoints = new ArrayList<>();
        while (endpoints.size() < count) {
            final String line = line();
            if (line == null) {
                throw new AssertionError("the server ended; standard error:\n" + errors);
            }
            if (!line.startsWith("listening ")) {
                throw new AssertionError("not a listening line: " + line);
            }
            endpoints.add(Endpoint.parse(line.substring("listening ".length())));
        }
        return endpoints;
    }

    /// What it wrote to standard error so far.
    String errors() {
        return errors.toString();
    }

    /// Waits until standard error has a text.
    void awaitError(final String text) throws InterruptedException {
        final long start = System.nanoTime();
        while (!errors().contains(text) && System.nanoTime() - start < TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS)) {
            Thread.sleep(5);
        }
        assertThat(errors()).contains(text);
    }

    /// What it has open, without the numbers.
    List<String> descriptors() throws IOException {
        final List<String> open = new ArrayList<>();
        try (Stream<Path> numbers = Files.list(Path.of("/proc/" + process.pid() + "/fd"))) {
            for (final Path number : numbers.toList()) {
                try {
                    open.add(Files.readSymbolicLink(number).toString());
                } catch (final NoSuchFileException e) {
                    // Closed since the folder was read.
                    continue;
                }
            }
        }
        open.sort(null);
        return open;
    }

    /// Waits until it has just that open.
    void awaitDescriptors(final List<String> expected) throws IOException, InterruptedException {
        final long start = System.nanoTime();
        while (!descriptors().equals(expected)
                && System.nanoTime() - start < TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS)) {
            Thread.sleep(20);
        }
        assertThat(descriptors()).isEqualTo(expected);
    }

    /// Gives it something on its standard input.
    void type(final String text) throws IOException {
        process.outputWriter().write(text);
        process.outputWriter().flush();
    }

    /// Closes its standard input.
    void endInput() throws IOException {
        process.outputWriter().close();
    }

    /// Sends SIGTERM; its exit status.
    int terminate() throws InterruptedException, TimeoutException {
        // By its handle: Process.destroy would also close our ends of its pipes.
        process.toHandle().destroy();
        return status();
    }

    /// Waits for its end; its exit status.
    int status() throws InterruptedException, TimeoutException {
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new TimeoutException("still running after " + PATIENCE_SECONDS + " s; standard error:\n" + errors);
        }
        for (final Thread reader : readers) {
            reader.join(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
        }
        return process.exitValue();
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        try {
            process.waitFor();
            process.outputWriter().close();
            for (final Thread reader : readers) {
                reader.join();
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
