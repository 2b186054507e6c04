package io.github.fdsock.cli;

import io.github.fdsock.Endpoint;
import io.github.fdsock.cli.proxy.Proxy;
import io.github.fdsock.loop.EventLoop;
import io.github.fdsock.loop.Listener;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `fdsock proxy`: passes connections on.
@Command(name = "proxy", description = {"Passes each connection on to another address, until SIGTERM or SIGINT.",
    "The connections are told on standard error."})
final class ProxyCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "LISTEN",
            description = "tcp:127.0.0.1:7000, tcp:[::1]:0, unix:/path, unix:@abstract")
    private Endpoint listen;

    @Parameters(index = "1", paramLabel = "TARGET", description = "the same, of whichever family")
    private Endpoint target;

    @Option(names = "--connect-timeout", paramLabel = "SECONDS", hidden = true,
            description = "so long the target may take to accept a connection")
    private double patience = 10;

    @Override
    public Integer call() throws Exception {
        LoopCommand.requireStreams(spec, List.of(listen, target));
        if (listen.equals(target)) {
            throw new ParameterException(spec.commandLine(), listen + " would be passed on to itself, without end");
        }
        final Duration time = LoopCommand.seconds(spec, patience);
        return LoopCommand.run("proxy", EventLoop.open(), false,
                proxy -> proxy.serve(List.of(listen), Listener.Overload.REFUSE,
                        new Proxy(target, time, System.err)::pass));
    }
}
