package io.github.fdsock.cli.chat;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.Fd;
import io.github.fdsock.loop.Action;
import io.github.fdsock.loop.EventLoop;
import io.github.fdsock.loop.Registration;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;

/// Where lines are shown: a terminal, a pipe, a file, or whatever else can be written to.
///
/// It stays blocking, since others may share it: it is written to only when the loop says that there is room.
final class Screen implements Closeable {
    /// `PIPE_BUF`: a pipe that there is room in takes as much without blocking.
    private static final int MOST_AT_ONCE = 4096;

    /// Above this [#show] asks to wait.
    private static final int HIGH_WATER_MARK = 64 * 1024;

    private final MemorySegment buffer = Arena.ofAuto().allocate(MOST_AT_ONCE);
    private final Registration registration;
    private final Action onDrain;

    private final Deque<MemorySegment> waiting = new ArrayDeque<>();
    private long bytesWaiting;

    /// @param out where to; closed with this
    /// @param onDrain is told when everything is shown
    Screen(final EventLoop loop, final Fd out, final Action onDrain) throws IOException {
        this.onDrain = onDrain;
        registration = loop.register(out, 0, (_, events) -> write(events));
        // Only what is still to be shown keeps the loop running.
        registration.unref();
    }

    /// Shows a line, when there is room; whether to go on.
    boolean show(final String text) throws IOException {
        final MemorySegment line = Room.line(text);
        if (waiting.isEmpty()) {
            registration.interest(EPOLLOUT);
            registration.ref();
        }
        waiting.add(line);
        bytesWaiting += line.byteSize();
        return bytesWaiting < HIGH_WATER_MARK;
    }

    private void write(final int events) throws IOException {
        if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
            throw ErrnoException.of(EPIPE, "write", registration.fd());
        }
        long filled = 0;
        for (final MemorySegment line : waiting) {
            final long size = Math.min(line.byteSize(), MOST_AT_ONCE - filled);
            MemorySegment.copy(line, 0, buffer, filled, size);
            filled += size;
            if (filled == MOST_AT_ONCE) {
                break;
            }
        }
        written(Math.max(0, registration.fd().write(buffer.asSlice(0, filled))));
    }

    private void written(final long count) throws IOException {
        bytesWaiting -= count;
        long left = count;
        while (left > 0) {
            final MemorySegment line = waiting.poll();
            if (line.byteSize() > left) {
                waiting.push(line.asSlice(left));
            }
            left -= Math.min(left, line.byteSize());
        }
        if (waiting.isEmpty()) {
            registration.interest(0);
            registration.unref();
            onDrain.run();
        }
    }

    @Override
    public void close() throws IOException {
        registration.close();
    }
}
