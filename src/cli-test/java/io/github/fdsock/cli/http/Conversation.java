package io.github.fdsock.cli.http;

import static io.github.fdsock.sys.Constants.AF_UNIX;
import static io.github.fdsock.sys.Constants.SOCK_NONBLOCK;
import static io.github.fdsock.sys.Constants.SOCK_STREAM;

import io.github.fdsock.SocketFd;
import io.github.fdsock.loop.EventLoop;
import io.github.fdsock.loop.Stream;
import io.github.fdsock.loop.Timer;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/// A client and a server in one loop, over a pair of sockets: what the client sends, in which pieces, and what comes
/// back until the connection ends.
final class Conversation implements Closeable {
    static final Limits LIMITS = Limits.USUAL;

    private final EventLoop loop = EventLoop.open();
    private final ByteArrayOutputStream log = new ByteArrayOutputStream();
    private final ByteArrayOutputStream answer = new ByteArrayOutputStream();
    private Stream server;
    private Stream client;
    private IOException cause;
    private long mostQueued;

    Conversation(final Site site, final Limits limits) throws IOException {
        try {
            final SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
            try {
                server = loop.adopt(pair.first());
                client = loop.adopt(pair.second());
                new HttpServer(site, limits, new PrintStream(log, true), true).serve(server, false);
            } catch (final IOException | RuntimeException e) {
                // The loop closes its own; closed twice is closed once.
                pair.close();
                throw e;
            }
        } catch (final IOException | RuntimeException e) {
            loop.close();
            throw e;
        }
        client.onData(data -> {
            answer.writeBytes(data.toArray(ValueLayout.JAVA_BYTE));
            mostQueued = Math.max(mostQueued, server.bytesQueued());
        }).onClose(why -> cause = why);
    }

    Stream client() {
        return client;
    }

    Stream server() {
        return server;
    }

    EventLoop loop() {
        return loop;
    }

    /// Sends a piece in each turn, until the server has ended the connection.
    void sendInPieces(final byte[] bytes, final int first, final int step) {
        final int[] at = {0, first};
        final Timer[] next = new Timer[1];
        next[0] = loop.timer(() -> {
            if (client.isWritable() && at[0] < bytes.length) {
                final int n = Math.min(bytes.length - at[0], at[1]);
                client.write(MemorySegment.ofArray(bytes).asSlice(at[0], n));
                at[0] += n;
                // Never the same again for a while.
                at[1] = 1 + (at[1] + step) % 97;
                next[0].start(0);
            }
        });
        next[0].start(0);
    }

    /// Runs until the connection has ended; all that has come back.
    String run() throws IOException {
        loop.run();
        return answer();
    }

    String answer() {
        return answer.toString(StandardCharsets.ISO_8859_1);
    }

    /// What the client's connection has ended with; null for the end that it should.
    IOException cause() {
        return cause;
    }

    /// What the server has said.
    String log() {
        return log.toString(StandardCharsets.UTF_8);
    }

    /// The most bytes that waited at the server.
    long mostQueued() {
        return mostQueued;
    }

    /// Sends text at once, with its own end behind it where that is wanted, and gives back all that comes.
    static String of(final Site site, final Limits limits, final String text, final boolean ends) throws IOException {
        try (Conversation talk = new Conversation(site, limits)) {
            talk.client.write(MemorySegment.ofArray(text.getBytes(StandardCharsets.ISO_8859_1)));
            if (ends) {
                talk.client.end();
            }
            return talk.run();
        }
    }

    @Override
    public void close() throws IOException {
        loop.close();
    }
}
