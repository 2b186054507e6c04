package io.github.fdsock.cli;

import io.github.fdsock.Endpoint;
import io.github.fdsock.cli.http.HttpServer;
import io.github.fdsock.loop.EventLoop;
import io.github.fdsock.loop.Listener;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `fdsock http`: a web server on one or several addresses.
@Command(name = "http",
        description = {"Serves files over HTTP/1.1, or without --root a small page, until SIGTERM or SIGINT.",
            "What went wrong is told on standard error."})
final class HttpCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(arity = "1..*", paramLabel = "ADDRESS",
            description = "tcp:127.0.0.1:8000, tcp:[::1]:0, unix:/path, unix:@abstract")
    private List<Endpoint> endpoints;

    @Option(names = "--root", paramLabel = "DIR",
            description = "the directory whose files are served; for a directory in it, its index.html")
    private Path root;

    @Option(names = "--verbose", description = "tell of each answer")
    private boolean verbose;

    @Option(names = "--request-timeout", paramLabel = "SECONDS", hidden = true,
            description = "so long a request may take from its first byte to its last")
    private double request = 30;

    @Option(names = "--idle-timeout", paramLabel = "SECONDS", hidden = true,
            description = "so long a client may send nothing, or take nothing of its answer")
    private double idle = 60;

    @Override
    public Integer call() throws Exception {
        LoopCommand.requireStreams(spec, endpoints);
        final Duration requestTime = LoopCommand.seconds(spec, request);
        final Duration idleTime = LoopCommand.seconds(spec, idle);
        final HttpServer server = HttpServer.open(root, requestTime, idleTime, System.err, verbose);
        return LoopCommand.run("http", EventLoop.open(), false,
                http -> http.serve(endpoints, Listener.Overload.REFUSE, server::serve));
    }
}
