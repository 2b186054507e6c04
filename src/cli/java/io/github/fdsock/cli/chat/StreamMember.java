package io.github.fdsock.cli.chat;

import io.github.fdsock.loop.Stream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// A member who is connected.
final class StreamMember extends Member {
    private final Room room;
    private final Stream stream;
    private final Lines lines;

    /// Whether the stream has asked to wait.
    private boolean full;

    StreamMember(final Room room, final int number, final Stream stream) {
        super(number);
        this.room = room;
        this.stream = stream;
        lines = new Lines(Lines.SPOKEN, text -> room.say(this, text), () -> room.tooLong(this));
        stream.onData(lines::add).onEnd(this::ended).onDrain(this::drained)
                .onClose(cause -> room.leave(this, cause == null ? null : cause.getMessage()));
    }

    @Override
    void tell(final MemorySegment line) {
        if (!full) {
            full = !stream.write(line);
        } else if (stream.isWritable()) {
            room.missed(this, 1);
        }
    }

    private void drained() {
        full = false;
        caughtUp();
        final int lost = takeLost();
        if (lost > 0) {
            tell(Room.report(lost));
        }
    }

    private void ended() throws IOException {
        lines.end();
        room.leave(this, null);
        stream.close();
    }

    @Override
    void tellEnd() {
        tell(Room.line("* the room is closed"));
    }
}
