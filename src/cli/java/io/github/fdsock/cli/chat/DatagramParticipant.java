package io.github.fdsock.cli.chat;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.Endpoint;
import io.github.fdsock.ErrnoException;
import io.github.fdsock.Fd;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.loop.Datagrams;
import io.github.fdsock.loop.EventLoop;
import io.github.fdsock.loop.Timer;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;

/// One who talks to the room by datagrams.
final class DatagramParticipant extends Participant {
    /// So often it joins again: a room that has begun anew learns of it, and one that is gone does not go unnoticed.
    private static final long HEARTBEAT_NANOS = TimeUnit.SECONDS.toNanos(5);

    /// So long it waits, having left, for the room to know.
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

    private static final MemorySegment JOIN = Room.line(DatagramMembers.JOIN);
    private static final MemorySegment LEAVE = Room.line(DatagramMembers.LEAVE);
    private static final MemorySegment END = Room.line(DatagramMembers.END);

    private final Datagrams socket;
    private final Timer clock;

    /// Lines that came when the socket had asked to wait.
    private final Deque<MemorySegment> waiting = new ArrayDeque<>();
    private boolean full;

    DatagramParticipant(final EventLoop loop, final Endpoint where, final Fd in, final Fd out, final PrintStream log)
            throws IOException {
        super(loop, in, out, log);
        socket = loop.datagrams(connected(where));
        socket.onMessage((data, _, _) -> received(data)).onDrain(this::drained).onError((error, _, _) -> failed(error))
                .onClose(cause -> {
                    if (cause != null) {
                        lost(cause);
                        stop();
                    }
                });
        clock = loop.timer(this::tick);
        clock.start(HEARTBEAT_NANOS, HEARTBEAT_NANOS);
        tick();
        log("talking to " + where);
    }

    private static SocketFd connected(final Endpoint where) throws IOException {
        final SocketFd socket = SocketFd.socket(where.family(), SOCK_DGRAM, 0);
        try {
            if (where.address() instanceof SockAddr.Unix) {
                // Without a name nobody could answer.
                socket.bind(SockAddr.unixAutobind());
            }
            socket.connect(where.address());
            return socket;
        } catch (final IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private void tick() throws IOException {
        if (hasLeft()) {
            stop();
        } else if (!full) {
            send(JOIN);
        }
    }

    private void received(final MemorySegment data) throws IOException {
        if (data.mismatch(END) == -1) {
            if (!hasLeft()) {
                lost(null);
            }
            stop();
        } else {
            hear(data);
            hearEnd();
        }
    }

    private void failed(final ErrnoException error) throws IOException {
        switch (error.errno()) {
            case ECONNREFUSED, ECONNRESET, ENOTCONN -> {
                lost(error);
                stop();
            }
            default -> log("something was lost: " + error.getMessage());
        }
    }

    private void stop() throws IOException {
        clock.cancel();
        final boolean incomplete = !waiting.isEmpty() || socket.bytesQueued() > 0;
        socket.close();
        if (incomplete) {
            lost(new IOException("it has not taken everything"));
        }
    }

    @Override
    boolean say(final String text) {
        // What begins like a message for the room is none: it is said with a blank in front.
        return send(Room.line(text.startsWith(DatagramMembers.CONTROL) ? ' ' + text : text));
    }

    @Override
    void sayEnd() {
        send(LEAVE);
        clock.start(PATIENCE_NANOS);
    }

    private boolean send(final MemorySegment line) {
        if (full) {
            waiting.add(line);
        } else {
            full = !socket.send(line);
        }
        return !full;
    }

    private void drained() throws IOException {
        full = false;
        while (!full && !waiting.isEmpty()) {
            send(waiting.poll());
        }
        if (!full) {
            goOn();
        }
    }

    @Override
    void listen(final boolean on) {
        if (on) {
            socket.resume();
        } else {
            socket.pause();
        }
    }
}
