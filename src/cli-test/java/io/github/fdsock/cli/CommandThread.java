package io.github.fdsock.cli;

import java.io.InputStream;
import java.io.OutputStream;
import java.util.concurrent.Callable;
import picocli.CommandLine;

/// A command of the tool in a thread of this process, where the tool would start a process: for sweeps, whose faults
/// meet it too. It ends by itself; of each command there is one at a time.
final class CommandThread extends Process {
    /// Made once, since that takes longer than what many a command does.
    private static final CommandLine TOOL = Main.commandLine();

    private final Callable<?> command;
    private final Thread thread = new Thread(this::run, "command");
    private Exception failure;

    CommandThread(final String... line) {
        final CommandLine.ParseResult parsed = TOOL.parseArgs(line).subcommand();
        command = (Callable<?>) parsed.commandSpec().userObject();
        thread.start();
    }

    private void run() {
        try {
            command.call();
        } catch (final Exception e) {
            failure = e;
        }
    }

    /// What it has failed with, once it has ended; null where all was well.
    Exception failure() {
        return failure;
    }

    @Override
    public int waitFor() throws InterruptedException {
        thread.join();
        return exitValue();
    }

    @Override
    public int exitValue() {
        if (thread.isAlive()) {
            throw new IllegalThreadStateException("the command runs");
        }
        return failure == null ? 0 : 1;
    }

    @Override
    public void destroy() {
        throw new UnsupportedOperationException("a thread is not ended from outside");
    }

    @Override
    public OutputStream getOutputStream() {
        return OutputStream.nullOutputStream();
    }

    @Override
    public InputStream getInputStream() {
        return InputStream.nullInputStream();
    }

    @Override
    public InputStream getErrorStream() {
        return InputStream.nullInputStream();
    }
}
