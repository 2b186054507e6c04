package io.github.fdsock.cli;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.Endpoint;
import io.github.fdsock.Fd;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.cli.roundtrip.NioPinger;
import io.github.fdsock.cli.roundtrip.Pinger;
import io.github.fdsock.cli.roundtrip.RoundTrips;
import io.github.fdsock.cli.roundtrip.Table;
import io.github.fdsock.cli.roundtrip.WrongAnswerException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `fdsock demo`: the whole in one run, of half a minute where nothing else is said.
@Command(name = "demo", description = {
    "Starts an echo server in a process of its own, on TCP and on a UNIX socket, and drives it with 1 and with 64"
        + " connections; prints the round-trip times beside those of the same work over JDK NIO, on both ends; then passes"
        + " a listening socket and an open file to another process, which serves the next connection and reads the file on.",
    "Ends with 0 only if every byte was right and nothing is left behind."})
final class DemoCommand implements Callable<Integer> {
    private static final int MESSAGE_SIZE = 64;
    private static final int[] CONNECTIONS = {1, 64};

    /// fdsock and NIO take turns, so that what else the machine does falls on both.
    private static final int ROUNDS = 3;

    /// TCP and UNIX, each number of connections, fdsock and NIO.
    private static final int CASES = 2 * CONNECTIONS.length * 2;

    /// Of the time there is, in equal shares for each case.
    private static final int WARM_UP_SHARE = 7;
    private static final int ROUND_SHARE = 8;
    private static final int SHARES = CASES * (WARM_UP_SHARE + ROUNDS * ROUND_SHARE);

    private static final int FILE_SIZE = 1 << 20;
    private static final long CHANNEL_TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    @Spec
    private CommandSpec spec;

    @Option(names = "--seconds", paramLabel = "N", defaultValue = "25",
            description = "for how long round trips are made, all in all (default: ${DEFAULT-VALUE}); with 0 each"
                + " connection makes one of them at a time")
    private double seconds;

    @Override
    public Integer call() throws Exception {
        Limits.within(spec, "--seconds", seconds, 0, TimeUnit.HOURS.toSeconds(1));
        final Map<String, RoundTrips> runs = new LinkedHashMap<>();
        final String handover;
        try (Children children = new Children()) {
            measure(children, runs);
            System.out.println(Table.of(runs.entrySet()));
            handover = handOver(children.folder(), children::start);
        } catch (final IOException | RuntimeException e) {
            System.out.println("demo failed: " + e.getMessage());
            throw e;
        }
        long count = 0;
        long bytes = 0;
        for (final RoundTrips run : runs.values()) {
            count += run.count();
            bytes += run.bytesVerified;
        }
        System.out.printf("demo passed: %,d round trips, every one of %,d bytes right; %s; nothing is left behind%n",
                count, bytes, handover);
        return 0;
    }

    // ---- round trips

    private void measure(final Children children, final Map<String, RoundTrips> runs)
            throws IOException, InterruptedException {
        final Path folder = children.folder();
        final Process ours = children.start("echo", "--until-stdin-ends", "tcp:127.0.0.1:0",
                new Endpoint(SOCK_STREAM, SockAddr.unix(folder.resolve("fdsock.sock"))).toString());
        final Process nio = children.start("nio-echo", "--until-stdin-ends", "tcp:127.0.0.1:0",
                new Endpoint(SOCK_STREAM, SockAddr.unix(folder.resolve("nio.sock"))).toString());
        final List<Endpoint> ourEndpoints = Children.listening(ours, 2);
        final List<Endpoint> nioEndpoints = Children.listening(nio, 2);
        try (Progress progress = Progress.over("demo", (long) (seconds * 1e9))) {
            long gone = 0;
            for (int kind = 0; kind < ourEndpoints.size(); kind++) {
                for (final int connections : CONNECTIONS) {
                    gone = compare(ourEndpoints.get(kind), nioEndpoints.get(kind), connections, runs, progress, gone);
                }
            }
        }
        Children.end(ours, "the echo server", true);
        Children.end(nio, "the NIO echo server", true);
        for (final String file : new String[] {"fdsock.sock", "nio.sock"}) {
            if (Files.exists(folder.resolve(file))) {
                throw new WrongAnswerException("a server has left its socket file behind: " + file);
            }
        }
    }

    private long compare(final Endpoint ours, final Endpoint nios, final int connections,
            final Map<String, RoundTrips> runs, final Progress progress, final long goneBefore) throws IOException {
        final String kind = (ours.family() == AF_UNIX ? "unix, " : "tcp, ") + connections
                + (connections == 1 ? " connection, " : " connections, ");
        final RoundTrips ourResults = new RoundTrips();
        final RoundTrips nioResults = new RoundTrips();
        long gone = goneBefore;
        try (Pinger pinger = new Pinger(ours, MESSAGE_SIZE, connections);
                NioPinger nioPinger = new NioPinger(nios, MESSAGE_SIZE, connections)) {
            for (int round = 0; round <= ROUNDS; round++) {
                final boolean counts = round > 0;
                final long nanos = (long) (seconds * 1e9 / SHARES * (counts ? ROUND_SHARE : WARM_UP_SHARE));
                final long ourStart = gone;
                final RoundTrips ourRound = pinger.run(nanos, now -> progress.at(ourStart + now));
                final long nioStart = gone + nanos;
                final RoundTrips nioRound = nioPinger.run(nanos, now -> progress.at(nioStart + now));
                gone += 2 * nanos;
                if (counts) {
                    ourResults.add(ourRound);
                    nioResults.add(nioRound);
                }
            }
        }
        runs.put(kind + "fdsock", ourResults);
        runs.put(kind + "JDK NIO", nioResults);
        return gone;
    }

    // ---- descriptors

    /// What starts a command of this program.
    @FunctionalInterface
    interface Starter {
        Process start(String... arguments) throws IOException;
    }

    /// Hands a listening socket and a half-read file over, closes both here, and sees them served and read there.
    ///
    /// @param folder where files may be made
    /// @return what happened, in words
    static String handOver(final Path folder, final Starter starter) throws IOException, InterruptedException {
        final SockAddr channelAddress = SockAddr.unix(folder.resolve("channel.sock"));
        final byte[] content = new byte[FILE_SIZE];
        new Random().nextBytes(content);
        final Path path = Files.write(folder.resolve("file"), content);
        try (Arena arena = Arena.ofConfined(); SocketFd channels = SocketFd.socket(AF_UNIX, SOCK_STREAM, 0)) {
            channels.bind(channelAddress);
            channels.listen(1);
            final Process successor = starter.start("successor", new Endpoint(SOCK_STREAM, channelAddress).toString());
            try (SocketFd channel = accept(channels, successor)) {
                final SockAddr address;
                try (SocketFd listener = SocketFd.socket(AF_INET, SOCK_STREAM, 0);
                        Fd file = Fd.openFile(path, O_RDONLY, 0)) {
                    listener.bind(SockAddr.inet("127.0.0.1", 0));
                    listener.listen(1);
                    address = listener.localAddress();
                    expect(file.read(arena.allocate(FILE_SIZE / 2)) == FILE_SIZE / 2, "half of the file was not read");
                    expect(channel.sendDescriptors(arena.allocate(1), 0, listener, file) == 1, "nothing was passed");
                }
                // Both are closed here; what answers now is the other process.
                echoOnce(address, arena);
                expectRest(readAll(channel, arena), content, FILE_SIZE / 2);
            }
            Children.end(successor, "the successor", false);
        }
        return "another process served a listener and read on a file passed to it";
    }

    /// The connection of a process that has just been started.
    private static SocketFd accept(final SocketFd channels, final Process from) throws IOException {
        final long start = System.nanoTime();
        SocketFd channel = null;
        while (channel == null) {
            expect(from.isAlive() && System.nanoTime() - start < CHANNEL_TIMEOUT_NANOS,
                    "the successor did not connect");
            channel = channels.await(POLLIN, LOOK_NANOS) == 0 ? null : channels.accept();
        }
        return channel;
    }

    private static void echoOnce(final SockAddr address, final Arena arena) throws IOException {
        final byte[] words = "served by the successor".getBytes(StandardCharsets.US_ASCII);
        try (SocketFd client = SocketFd.socket(AF_INET, SOCK_STREAM, 0)) {
            expect(client.connect(address) == 0, "no connection to the successor");
            expect(client.send(words, 0, words.length, 0) == words.length, "the successor took nothing");
            client.shutdown(SHUT_WR);
            expectRest(readAll(client, arena), words, 0);
        }
    }

    /// Until the end, which has to come in time.
    private static byte[] readAll(final SocketFd from, final Arena arena) throws IOException {
        final ByteArrayOutputStream all = new ByteArrayOutputStream();
        final MemorySegment buffer = arena.allocate(FILE_SIZE);
        for (;;) {
            final long n = from.recv(buffer, 0, CHANNEL_TIMEOUT_NANOS);
            expect(n >= 0, "the successor did not answer");
            if (n == 0) {
                return all.toByteArray();
            }
            all.write(buffer.asSlice(0, n).toArray(ValueLayout.JAVA_BYTE));
        }
    }

    private static void expectRest(final byte[] received, final byte[] all, final int from)
            throws WrongAnswerException {
        final int at = Arrays.mismatch(received, 0, received.length, all, from, all.length);
        expect(at < 0 || at == received.length, "byte " + at + " from the successor is wrong");
        expect(at < 0, "the successor sent " + at + " of " + (all.length - from) + " bytes");
    }

    private static void expect(final boolean right, final String otherwise) throws WrongAnswerException {
        if (!right) {
            throw new WrongAnswerException(otherwise);
        }
    }
}
