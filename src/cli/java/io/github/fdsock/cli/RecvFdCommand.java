package io.github.fdsock.cli;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.ExitStatus;
import io.github.fdsock.Fd;
import io.github.fdsock.PidFd;
import io.github.fdsock.cli.descriptor.Channel;
import io.github.fdsock.cli.descriptor.Descriptor;
import io.github.fdsock.cli.descriptor.DescriptorTable;
import io.github.fdsock.process.Spawn;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Stack;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.IParameterConsumer;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `fdsock recv-fd`: takes what another process passes, and tells what it is.
@Command(name = "recv-fd", description = {
    "Waits for one peer on a UNIX socket and prints a line for each descriptor that it passes, until it closes the"
        + " connection; from a unixdgram: socket it takes one datagram.",
    "They are numbered from 3 on, as the program of --exec gets them. Ends with 1 where none came or some were lost,"
        + " and says why."})
final class RecvFdCommand implements Callable<Integer> {
    /// The number behind standard error, where `LISTEN_FDS` begins.
    private static final int FIRST = 3;

    /// What a shell adds to the number of the signal that has ended a program.
    private static final int SIGNALLED = 128;

    private static final Pattern NAME = Pattern.compile("[ -9;-~]{1,255}");

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "CHANNEL", description = "where to wait: " + Channel.NOTATION)
    private Channel channel;

    @Option(names = "--connect", description = "connect to a peer that waits there")
    private boolean connect;

    @Option(names = "--max", paramLabel = "N", defaultValue = "" + SCM_MAX_FD,
            description = "end when so many have come, and take no more (default: ${DEFAULT-VALUE}, what one message"
                + " can carry)")
    private int max;

    @Option(names = "--timeout", paramLabel = "SECONDS", description = "give up after so long (default: never)")
    private Double timeout;

    @Option(names = "--exec", paramLabel = "PROGRAM [ARGUMENT...]", arity = "1", parameterConsumer = Rest.class,
            description = "print nothing, but run this program when all have come, with them as descriptors from 3 on"
                + " and LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES in its environment; end with its status, or 128 and"
                + " the number of the signal that ended it. Has to be the last option")
    private Spawn program;

    @Option(names = "--fdname", paramLabel = "NAME", split = ":",
            description = "names for LISTEN_FDNAMES, with colons between them; those without are called by their kinds")
    private List<String> names = List.of();

    @Option(names = "--json", description = "print a JSON object for each descriptor")
    private boolean json;

    private final Resources resources = new Resources();
    private final DescriptorTable table = DescriptorTable.self();
    private final List<Fd> received = new ArrayList<>();

    /// Held back so that there is one descriptor left to look at the others with when they have taken all.
    private Fd reserve;

    private PidFd child;
    private boolean stopped;

    @Override
    public Integer call() throws Exception {
        Limits.within(spec, "--max", max, 1, SCM_MAX_FD);
        if (timeout != null) {
            Limits.within(spec, "--timeout", timeout, 0.001, TimeUnit.DAYS.toSeconds(1));
        }
        if (connect && channel.inherited() != null) {
            throw new ParameterException(spec.commandLine(), channel + " cannot be connected: it is a socket already");
        }
        for (final String name : names) {
            if (!NAME.matcher(name).matches()) {
                throw new ParameterException(spec.commandLine(),
                        "--fdname takes names of 1 to 255 printable ASCII characters, not \"" + name + '"');
            }
        }
        try (resources) {
            reserve = openReserve();
            if (!receive()) {
                return 1;
            }
            return program == null ? 0 : execute();
        }
    }

    private boolean receive() throws IOException {
        final Receiver receiver = new Receiver(max, this::take, System.err);
        try (Termination termination = Termination.by(receiver::stop, false)) {
            return receive(receiver, termination);
        }
    }

    private boolean receive(final Receiver receiver, final Termination termination) throws IOException {
        try (receiver) {
            if (timeout != null) {
                receiver.limit(Duration.ofNanos((long) (timeout * 1e9)));
            }
            if (channel.inherited() != null) {
                receiver.inherit(channel.inherited());
            } else if (connect) {
                receiver.connect(channel.endpoint());
            } else {
                Output.listening(System.out, receiver.listen(channel.endpoint()), json);
            }
            return receiver.run();
        } catch (final IOException | RuntimeException e) {
            termination.failed("recv-fd", e);
            throw e;
        }
    }

    private void take(final Fd fd) throws IOException {
        received.add(resources.add(fd));
        if (program == null) {
            reserve.close();
            final Descriptor descriptor = table.describe(fd.intValue());
            reserve = openReserve();
            final int number = FIRST + received.size() - 1;
            System.out.println(json ? Output.json(descriptor.facts(number)) : descriptor.line(number));
            System.out.flush();
        }
    }

    private Fd openReserve() throws IOException {
        return resources.add(Fd.openFile(Path.of("/dev/null"), O_RDONLY, 0));
    }

    private int execute() throws IOException {
        for (int i = 0; i < received.size(); i++) {
            final Fd fd = received.get(i);
            final String name = i < names.size() ? names.get(i) : table.describe(fd.intValue()).kind();
            // There are kinds with a colon in them, in anonymous inodes of drivers.
            program.listen(NAME.matcher(name).matches() ? name : "unknown", fd);
        }
        try (Termination termination = Termination.by(this::stop, false)) {
            return execute(termination);
        }
    }

    private int execute(final Termination termination) throws IOException {
        try {
            if (!start()) {
                return 0;
            }
            // They are the program's alone from here on: what it closes shall be closed.
            resources.close();
            resources.add(child);
            final ExitStatus end = child.waitFor();
            final int status = end.exited() ? end.status() : SIGNALLED + end.signal();
            termination.status(status);
            return status;
        } catch (final IOException | RuntimeException e) {
            termination.failed("recv-fd", e);
            throw e;
        }
    }

    /// A signal that comes meanwhile waits, so that it finds the program; behind one that came before none is started.
    private synchronized boolean start() throws IOException {
        if (!stopped) {
            child = program.start();
        }
        return !stopped;
    }

    private synchronized void stop() throws ErrnoException {
        stopped = true;
        try {
            if (child != null) {
                child.sendSignal(SIGTERM);
            }
        } catch (final ErrnoException e) {
            // It has just ended by itself.
            if (e.errno() != ESRCH) {
                throw e;
            }
        }
    }

    /// A program and all that follows, whatever it looks like.
    static final class Rest implements IParameterConsumer {
        @Override
        public void consumeParameters(final Stack<String> arguments, final ArgSpec option, final CommandSpec command) {
            if (arguments.isEmpty()) {
                throw new ParameterException(command.commandLine(), "--exec needs a program");
            }
            final String name = arguments.pop();
            // A stack has its top at the end.
            final String[] rest = arguments.reversed().toArray(String[]::new);
            arguments.clear();
            option.setValue(Main.read(name, program -> Spawn.program(program, rest)));
        }
    }
}
