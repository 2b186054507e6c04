package io.github.fdsock.cli;

import io.github.fdsock.Endpoint;
import io.github.fdsock.cli.roundtrip.Pinger;
import io.github.fdsock.cli.roundtrip.RoundTrips;
import io.github.fdsock.cli.roundtrip.Table;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `fdsock ping`: round trips to an echo server, in a closed loop.
@Command(name = "ping", description = {
    "Sends messages to an echo server, verifies every byte that comes back, and prints percentiles of the round trips.",
    "Each connection has one message under way at a time: what is measured is the time of a round trip, not what the"
        + " server could bear."})
final class PingCommand implements Callable<Integer> {
    private static final int SIZE_MAX = 16 * 1024 * 1024;
    private static final int CONNECTIONS_MAX = 100_000;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "ADDRESS", description = "tcp:127.0.0.1:7000, unix:/path, udp:..., unixseq:..., unixdgram:...")
    private Endpoint endpoint;

    @Option(names = "--size", paramLabel = "N", defaultValue = "64",
            description = "bytes a message (default: ${DEFAULT-VALUE})")
    private int size;

    @Option(names = "--connections", paramLabel = "N", defaultValue = "1",
            description = "how many (default: ${DEFAULT-VALUE})")
    private int connections;

    @Option(names = "--seconds", paramLabel = "N", defaultValue = "5",
            description = "for how long (default: ${DEFAULT-VALUE})")
    private double seconds;

    @Option(names = "--json", description = "print one JSON object instead of a table")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        Limits.within(spec, "--size", size, 1, SIZE_MAX);
        Limits.within(spec, "--connections", connections, 1, CONNECTIONS_MAX);
        Limits.within(spec, "--seconds", seconds, 0.001, TimeUnit.DAYS.toSeconds(1));
        final long nanos = (long) (seconds * 1e9);
        final RoundTrips results;
        try (Pinger pinger = new Pinger(endpoint, size, connections);
                Progress progress = Progress.over("ping " + endpoint, nanos)) {
            results = pinger.run(nanos, progress::at);
        }
        if (json) {
            System.out.println(Output.json(results.facts(endpoint.toString(), size, connections)));
        } else {
            System.out.println(Table.of(Map.of("ping " + endpoint, results).entrySet()));
            System.out.printf("%,d round trips of %,d bytes on %,d connection%s in %.1f s, every byte verified%s%n",
                    results.count(), size, connections, connections == 1 ? "" : "s", results.elapsedNanos / 1e9,
                    results.lost == 0 ? "" : String.format("; %,d datagrams lost", results.lost));
        }
        return results.count() > 0 ? 0 : 1;
    }
}
