package io.github.fdsock.bench;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The compiled `native/echo_load.c`: the client of all echo servers.
final class EchoLoad {
    private final String program;

    /// @param programs the folder of the compiled programs
    EchoLoad(final Path programs) {
        program = programs.resolve("echo_load").toString();
    }

    /// What it measured, by the names it prints.
    JsonObject run(final String... arguments) throws IOException, InterruptedException {
        return run(List.of(), arguments);
    }

    /// The same, on one processor.
    JsonObject runOn(final int processor, final String... arguments) throws IOException, InterruptedException {
        return run(List.of("taskset", "-c", Integer.toString(processor)), arguments);
    }

    /// Lets connections come and go, one after the other, each with a message that is echoed.
    JsonObject churn(final String address, final int perSecond, final int seconds)
            throws IOException, InterruptedException {
        return run("churn", address, "-r", Integer.toString(perSecond), "-t", Integer.toString(seconds));
    }

    private JsonObject run(final List<String> prefix, final String... arguments)
            throws IOException, InterruptedException {
        final List<String> lines = Program.run(command(prefix, arguments));
        if (lines.size() != 1) {
            throw new IllegalStateException(String.join(" ", arguments) + ": it printed " + lines);
        }
        return JsonParser.parseString(lines.getFirst()).getAsJsonObject();
    }

    /// Opens connections, has a byte echoed on each, and runs `meanwhile` before it closes them.
    void idle(final String address, final int connections, final Work meanwhile) throws Exception {
        final Process process = new ProcessBuilder(
                command(List.of(), "idle", address, "-c", Integer.toString(connections)))
                .redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try (BufferedReader lines = process.inputReader()) {
            if (lines.readLine() == null) {
                throw new IllegalStateException("no " + connections + " connections to " + address);
            }
            meanwhile.run();
            process.outputWriter().close();
            if (process.waitFor() != 0) {
                throw new IllegalStateException("idle connections to " + address + " were not served");
            }
        } finally {
            process.destroyForcibly();
        }
    }

    /// What is done while connections are held.
    @FunctionalInterface
    interface Work {
        void run() throws Exception;
    }

    private List<String> command(final List<String> prefix, final String... arguments) {
        final List<String> command = new ArrayList<>(prefix);
        command.add(program);
        command.addAll(List.of(arguments));
        return command;
    }
}
