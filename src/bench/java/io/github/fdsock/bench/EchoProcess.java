package io.github.fdsock.bench;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// A running [EchoProgram].
final class EchoProcess implements Closeable {
    private static final String LISTENING = "listening ";
    private static final int PATIENCE_SECONDS = 10;

    private final EchoProgram program;
    private final Process process;
    private final List<String> addresses = new ArrayList<>();

    private EchoProcess(final EchoProgram program, final Process process) {
        this.program = program;
        this.process = process;
    }

    /// Starts one, and waits until it listens.
    ///
    /// @param wanted the addresses, where port 0 lets the kernel choose
    static EchoProcess start(final EchoProgram program, final List<String> jvmOptions, final List<String> wanted)
            throws IOException, InterruptedException {
        final EchoProcess server = new EchoProcess(program, new ProcessBuilder(program.commandLine(jvmOptions, wanted))
                .redirectError(ProcessBuilder.Redirect.INHERIT).start());
        try {
            final BufferedReader lines = server.process.inputReader();
            while (server.addresses.size() < wanted.size()) {
                final String line = lines.readLine();
                if (line == null || !line.startsWith(LISTENING)) {
                    throw new IllegalStateException(program.name() + " did not listen, but said: " + line);
                }
                server.addresses.add(line.substring(LISTENING.length()));
            }
            return server;
        } catch (final IOException | RuntimeException e) {
            server.process.destroyForcibly().waitFor();
            throw e;
        }
    }

    EchoProgram program() {
        return program;
    }

    /// Where it listens, in the order of what was wanted.
    String address(final int index) {
        return addresses.get(index);
    }

    long pid() {
        return process.pid();
    }

    /// Keeps it, all its threads, on one processor from now on.
    void pin(final int processor) throws IOException, InterruptedException {
        Program.run(List.of("taskset", "-a", "-c", "-p", Integer.toString(processor), Long.toString(pid())));
    }

    /// So many ticks of the clock it has run outside the kernel, and within it.
    long[] ticks() throws IOException {
        final String stat = Files.readString(Path.of("/proc/" + pid() + "/stat"));
        // The second field is the name, which may have blanks; the fourteenth is the first of these.
        final String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        return new long[] {Long.parseLong(fields[11]), Long.parseLong(fields[12])};
    }

    /// How many descriptors it has.
    int descriptors() throws IOException {
        int count = 0;
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(Path.of("/proc/" + pid() + "/fd"))) {
            for (final Path _ : entries) {
                count++;
            }
        }
        return count;
    }

    /// Waits until it has no more descriptors than that: it learns of the end of a connection later than who ended it.
    ///
    /// @return how many it has then; more, where it was in vain
    int awaitDescriptors(final int most) throws IOException, InterruptedException {
        final long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        int count = descriptors();
        while (count > most && System.nanoTime() < deadline) {
            TimeUnit.MILLISECONDS.sleep(10);
            count = descriptors();
        }
        return count;
    }

    /// Lets it end.
    ///
    /// @throws IllegalStateException if it does not, or not with status 0
    @Override
    public void close() throws IOException {
        try {
            process.outputWriter().close();
            if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || process.exitValue() != 0) {
                throw new IllegalStateException(program.name() + " did not end as it should: " + process);
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            process.destroyForcibly();
        }
    }
}
