package io.github.fdsock.cli;

import io.github.fdsock.harness.Scope;
import io.github.fdsock.harness.Trace;
import io.github.fdsock.harness.TraceStyle;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `fdsock trace`: another command of this tool, with its calls shown.
@Command(name = "trace", description = {
    "Runs another fdsock command and writes its calls to standard error, as strace does; ends with its status.",
    "Example: fdsock trace -e %%network -T -- echo tcp:127.0.0.1:7000"})
final class TraceCommand implements Callable<Integer> {
    /// Where strace puts the results.
    private static final int RESULT_COLUMN = 40;

    @Parameters(arity = "1..*", paramLabel = "COMMAND", description = "after --: the command and its arguments")
    private List<String> command;

    @Option(names = "-o", paramLabel = "FILE", description = "write to FILE; where that fails the status is 1")
    private Path file;

    @Option(names = "-c", description = "no lines; a table of calls, errors and times at the end")
    private boolean onlyTable;

    @Option(names = "-C", description = "lines, and the table at the end")
    private boolean table;

    @Option(names = "-f", description = "show the thread of each call")
    private boolean threads;

    @Option(names = "-tt", description = "show the time of day of each call")
    private boolean times;

    @Option(names = "-T", description = "show how long each call took")
    private boolean durations;

    @Option(names = "-s", paramLabel = "SIZE", defaultValue = "32",
            description = "show SIZE bytes of strings (default: 32)")
    private int size;

    @Option(names = "-e", paramLabel = "SET", defaultValue = "all", converter = CallSet.class,
            description = "only these calls: sendmsg,recvmsg  %%network  %%desc  !close  /^epoll")
    private Scope calls;

    @Spec
    private CommandSpec spec;

    private PrintStream out;
    private Trace trace;

    @Override
    public Integer call() throws IOException {
        if (size < 0) {
            throw new ParameterException(spec.commandLine(), "-s: strings of " + size + " bytes");
        }
        final TraceStyle style = new TraceStyle(size, threads, times, durations, RESULT_COLUMN);
        out = file == null ? System.err
                : new PrintStream(Files.newOutputStream(file), true, StandardCharsets.UTF_8);
        trace = onlyTable ? Trace.count(calls) : Trace.print(calls, style, out);
        // A server that is ended by a signal does not come back here.
        Termination.last(this::finish);
        int status = CommandLine.ExitCode.SOFTWARE;
        try {
            status = Main.commandLine().execute(command.toArray(String[]::new));
        } finally {
            status = finish(status);
        }
        return status;
    }

    /// The status of the command, which has failed as well where nobody can read what it did.
    private synchronized int finish(final int status) {
        if (trace == null) {
            return status;
        }
        trace.close();
        if (onlyTable || table) {
            out.print(trace.summary());
        }
        final boolean lost = out.checkError();
        if (file != null) {
            out.close();
        }
        trace = null;
        if (!lost) {
            return status;
        }
        spec.commandLine().getErr().println("fdsock trace: " + (file == null ? "standard error" : file)
                + " cannot be written");
        return status == CommandLine.ExitCode.OK ? CommandLine.ExitCode.SOFTWARE : status;
    }

    /// `network`, or as strace has it in full, `trace=network`.
    static final class CallSet implements ITypeConverter<Scope> {
        @Override
        public Scope convert(final String text) {
            return Main.read(text.startsWith("trace=") ? text.substring("trace=".length()) : text, Scope::calls);
        }
    }
}
