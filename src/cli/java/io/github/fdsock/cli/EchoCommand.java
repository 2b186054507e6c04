package io.github.fdsock.cli;

import io.github.fdsock.Endpoint;
import io.github.fdsock.cli.serve.Echo;
import io.github.fdsock.loop.EventLoop;
import io.github.fdsock.loop.Listener;
import io.github.fdsock.loop.WaitStrategy;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `fdsock echo`: an echo server on one or several addresses.
@Command(name = "echo", description = "Sends back what it receives, until SIGTERM or SIGINT.")
final class EchoCommand implements Callable<Integer> {
    @Parameters(arity = "1..*", paramLabel = "ADDRESS",
            description = "tcp:127.0.0.1:7000, tcp:[::1]:0, udp:..., unix:/path, unix:@abstract, unixseq:..., unixdgram:...")
    private List<Endpoint> endpoints;

    @Option(names = "--until-stdin-ends", description = "stop when standard input ends, too")
    private boolean untilStdinEnds;

    @Option(names = "--greet", description = "tell each client of a stream its number first: \"client 1\"")
    private boolean greet;

    @Option(names = "--busy-poll", description = "never sleep: answers come sooner, and a CPU is busy all the time")
    private boolean busyPoll;

    @Option(names = "--overload", defaultValue = "refuse", paramLabel = "POLICY",
            description = "without a descriptor for a connection: refuse it, or pause until there is one "
                    + "(default: refuse)")
    private Listener.Overload overload;

    @Override
    public Integer call() throws Exception {
        final EventLoop loop = EventLoop.open(busyPoll ? WaitStrategy.BUSY_POLL : WaitStrategy.BLOCK);
        return LoopCommand.run("echo", loop, untilStdinEnds,
                echo -> echo.serve(endpoints, overload, new Echo(System.err, greet)));
    }
}
