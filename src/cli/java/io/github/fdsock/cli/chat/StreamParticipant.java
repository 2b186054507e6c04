package io.github.fdsock.cli.chat;

import io.github.fdsock.Endpoint;
import io.github.fdsock.Fd;
import io.github.fdsock.loop.EventLoop;
import io.github.fdsock.loop.Stream;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;

/// One who is connected to the room.
final class StreamParticipant extends Participant {
    /// So long it waits, having left, for a room that says nothing and takes nothing.
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final Stream stream;

    StreamParticipant(final EventLoop loop, final Endpoint where, final Fd in, final Fd out, final PrintStream log)
            throws IOException {
        super(loop, in, out, log);
        stream = loop.connect(where.address());
        // Nagle's algorithm stays: one line leaves at once, of a thousand many share a packet.
        stream.onConnect(() -> log("connected to " + where));
        stream.onData(this::hear).onDrain(this::goOn).onEnd(this::ended).onClose(cause -> {
            if (cause != null) {
                lost(cause);
            }
        });
    }

    @Override
    boolean say(final String text) {
        return stream.write(Room.line(text));
    }

    @Override
    void sayEnd() {
        stream.end();
        stream.onTimeout(PATIENCE, stream::destroy);
    }

    private void ended() throws IOException {
        hearEnd();
        if (!hasLeft()) {
            lost(null);
        }
        stream.destroy();
    }

    @Override
    void listen(final boolean on) {
        if (on) {
            stream.resume();
        } else {
            stream.pause();
        }
    }
}
