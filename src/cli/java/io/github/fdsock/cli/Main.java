package io.github.fdsock.cli;

import static io.github.fdsock.sys.Constants.EACCES;
import static io.github.fdsock.sys.Constants.ENOENT;
import static io.github.fdsock.sys.Constants.ENOTDIR;

import io.github.fdsock.Endpoint;
import io.github.fdsock.cli.descriptor.Channel;
import io.github.fdsock.harness.control.TraceControl;
import io.github.fdsock.sys.Errno;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine;

/// `fdsock`: the commands, their common options and exit statuses.
@Command(name = "fdsock", description = "BSD sockets for Java, from the command line.",
        subcommands = {EchoCommand.class, PingCommand.class, SendFdCommand.class, RecvFdCommand.class,
            FdsCommand.class, HttpCommand.class, ProxyCommand.class, ChatCommand.class, ServeInheritedCommand.class,
            DemoCommand.class, TraceCommand.class, InjectCommand.class, ScriptCommand.class, NioEchoCommand.class,
            SuccessorCommand.class},
        mixinStandardHelpOptions = true, scope = ScopeType.INHERIT, usageHelpAutoWidth = true,
        versionProvider = Main.Version.class,
        exitCodeListHeading = "Exit status:%n", exitCodeList = {"0:done", "1:failed", "2:wrong usage"})
public final class Main {
    private Main() {
    }

    /// Runs one command and ends the JVM with its status.
    ///
    /// @param arguments the command and its arguments
    public static void main(final String[] arguments) {
        if (Boolean.getBoolean(TraceControl.PROPERTY)) {
            TraceControl.register();
        }
        System.exit(commandLine().execute(arguments));
    }

    static CommandLine commandLine() {
        return new CommandLine(new Main())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setExecutionStrategy(parsed -> written(new CommandLine.RunLast().execute(parsed),
                        parsed.commandSpec().commandLine().getErr()))
                .setExecutionExceptionHandler((e, command, parsed) -> {
                    complain(command.getErr(), command.getCommandName(), e);
                    return CommandLine.ExitCode.SOFTWARE;
                })
                .registerConverter(Endpoint.class, text -> read(text, Endpoint::parse))
                .registerConverter(Channel.class, text -> read(text, Channel::parse));
    }

    /// The status of a command that has failed as well where its output could not be written. A stream for printing keeps
    /// that to itself until it is asked.
    static int written(final int status, final PrintWriter err) {
        if (status != CommandLine.ExitCode.OK || !System.out.checkError()) {
            return status;
        }
        err.println("fdsock: standard output cannot be written");
        err.flush();
        return CommandLine.ExitCode.SOFTWARE;
    }

    /// Lets a parser's complaint be told as it is, as wrong usage.
    static <T> T read(final String text, final Function<String, T> parser) {
        try {
            return parser.apply(text);
        } catch (final IllegalArgumentException e) {
            throw new TypeConversionException(e.getMessage());
        }
    }

    /// What the kernel or the user can cause is told in a line; anything else is a defect, and its stack is wanted.
    static void complain(final PrintWriter err, final String command, final Exception e) {
        switch (e) {
            case UncheckedIOException io -> err.println("fdsock " + command + ": " + what(io.getCause()));
            case IOException io -> err.println("fdsock " + command + ": " + what(io));
            default -> e.printStackTrace(err);
        }
        err.flush();
    }

    /// The JDK tells of some failures by their types alone, and of others in many lines.
    private static String what(final IOException e) {
        return switch (e) {
            case NoSuchFileException _ -> e.getMessage() + ": " + Errno.text(ENOENT);
            case NotDirectoryException _ -> e.getMessage() + ": " + Errno.text(ENOTDIR);
            case AccessDeniedException _ -> e.getMessage() + ": " + Errno.text(EACCES);
            default -> e.getMessage() == null ? e.toString() : e.getMessage().lines().findFirst().orElse("");
        };
    }

    /// As the jar's manifest has it.
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"fdsock " + Main.class.getPackage().getImplementationVersion()};
        }
    }
}
