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

/// `fdsock demo`: the whole in one run of half a minute.
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
    private static final long WARM_UP_NANOS = TimeUnit.MILLISECONDS.toNanos(700);
    private static final long ROUND_NANOS = TimeUnit.MILLISECONDS.toNanos(800);

    private static final int FILE_SIZE = 1 << 20;
    private static final int CHANNEL_TIMEOUT_SECONDS = 10;

    @Override
    public Integer call() throws Exception {
        final Map<String, RoundTrips> runs = new LinkedHashMap<>();
        final String handover;
        try (Children children = new Children()) {
            measure(children, runs);
            System.out.println(Table.of(runs.entrySet()));
            handover = handOver(children);
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

    private static void measure(final Children children, final Map<String, RoundTrips> runs)
            throws IOException, InterruptedException {
        final Path folder = children.folder();
        final Process ours = children.start("echo", "--until-stdin-ends", "tcp:127.0.0.1:0",
                new Endpoint(SOCK_STREAM, SockAddr.unix(folder.resolve("fdsock.sock"))).toString());
        final Process nio = children.start("nio-echo", "--until-stdin-ends", "tcp:127.0.0.1:0",
                new Endpoint(SOCK_STREAM, SockAddr.unix(folder.resolve("nio.sock"))).toString());
        final List<Endpoint> ourEndpoints = Children.listening(ours, 2);
        final List<Endpoint> nioEndpoints = Children.listening(nio, 2);
        final int cases = ourEndpoints.size() * CONNECTIONS.length * 2;
        try (Progress progress = Progress.over("demo", cases * (WARM_UP_NANOS + ROUNDS * ROUND_NANOS))) {
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

    private static long compare(final Endpoint ours, final Endpoint nios, final int connections,
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
                final long nanos = counts ? ROUND_NANOS : WARM_UP_NANOS;
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

    /// Hands a listening socket and a half-read file over, closes both here, and sees them served and read there.
    ///
    /// @return what happened, in words
    private static String handOver(final Children children) throws IOException, InterruptedException {
        final SockAddr channelAddress = SockAddr.unix(children.folder().resolve("channel.sock"));
        final byte[] content = new byte[FILE_SIZE];
        new Random().nextBytes(content);
        final Path path = Files.write(children.folder().resolve("file"), content);
        try (Arena arena = Arena.ofConfined(); SocketFd channels = SocketFd.socket(AF_UNIX, SOCK_STREAM, 0)) {
            channels.bind(channelAddress);
            channels.listen(1);
            final Process successor =
                    children.start("successor", new Endpoint(SOCK_STREAM, channelAddress).toString());
            if (channels.await(POLLIN, TimeUnit.SECONDS.toNanos(CHANNEL_TIMEOUT_SECONDS)) == 0) {
                throw new WrongAnswerException("the successor did not connect");
            }
            try (SocketFd channel = channels.accept()) {
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
                final byte[] rest = readAll(channel, arena);
                expect(Arrays.equals(rest, 0, rest.length, content, FILE_SIZE / 2, FILE_SIZE),
                        "the successor read something else than the rest of the file");
            }
            Children.end(successor, "the successor", false);
        }
        return "another process served a listener and read on a file passed to it";
    }

    private static void echoOnce(final SockAddr address, final Arena arena) throws IOException {
        final byte[] words = "served by the successor".getBytes(StandardCharsets.US_ASCII);
        try (SocketFd client = SocketFd.socket(AF_INET, SOCK_STREAM, 0)) {
            client.connect(address);
            client.send(words, 0, words.length, 0);
            client.shutdown(SHUT_WR);
            expect(Arrays.equals(readAll(client, arena), words), "the successor sent back something else");
        }
    }

    /// Until the end, which has to come in time.
    private static byte[] readAll(final SocketFd from, final Arena arena) throws IOException {
        final ByteArrayOutputStream all = new ByteArrayOutputStream();
        final MemorySegment buffer = arena.allocate(FILE_SIZE);
        for (;;) {
            final long n = from.recv(buffer, 0, TimeUnit.SECONDS.toNanos(CHANNEL_TIMEOUT_SECONDS));
            expect(n >= 0, "the successor did not answer");
            if (n == 0) {
                return all.toByteArray();
            }
            all.write(buffer.asSlice(0, n).toArray(ValueLayout.JAVA_BYTE));
        }
    }

    private static void expect(final boolean right, final String otherwise) throws WrongAnswerException {
        if (!right) {
            throw new WrongAnswerException(otherwise);
        }
    }
}
