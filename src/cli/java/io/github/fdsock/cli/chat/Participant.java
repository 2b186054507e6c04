package io.github.fdsock.cli.chat;

import static io.github.fdsock.sys.Constants.SOCK_DGRAM;

import io.github.fdsock.Endpoint;
import io.github.fdsock.Fd;
import io.github.fdsock.loop.EventLoop;
import java.io.Closeable;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.MemorySegment;

/// Who joins a room: says what is typed, and shows what is told, each at the pace of those who take it.
public abstract sealed class Participant implements Closeable permits StreamParticipant, DatagramParticipant {
    private final PrintStream log;
    private final Keyboard keyboard;
    private final Screen screen;
    private final Lines told;

    /// Before the room has ended.
    private boolean left;

    /// The room has ended, or cannot be reached.
    private boolean lost;

    Participant(final EventLoop loop, final Fd in, final Fd out, final PrintStream log) throws IOException {
        this.log = log;
        keyboard = new Keyboard(loop, in, new Lines(Lines.SPOKEN, this::typed,
                () -> log.println("a line of more than " + Lines.SPOKEN + " bytes is not said")), this::leave);
        screen = new Screen(loop, out, () -> listen(true));
        told = new Lines(Lines.TOLD, this::show,
                () -> log.println("a line of more than " + Lines.TOLD + " bytes is not shown"));
    }

    /// Joins, in a loop that has nothing more to wait for when this has left, or the room has ended.
    ///
    /// @param where an address of streams or datagrams
    /// @param in what is typed; closed with this
    /// @param out where is shown what is told; closed with this
    /// @param log is told what happens
    /// @return the participant
    /// @throws IOException there is nobody, or no descriptor
    public static Participant join(final EventLoop loop, final Endpoint where, final Fd in, final Fd out,
            final PrintStream log) throws IOException {
        final Participant participant = where.type() == SOCK_DGRAM
                ? new DatagramParticipant(loop, where, in, out, log) : new StreamParticipant(loop, where, in, out, log);
        participant.keyboard.resume();
        return participant;
    }

    /// Says a line; whether to go on.
    abstract boolean say(String text);

    /// Says that this was all.
    abstract void sayEnd();

    /// Whether to receive.
    abstract void listen(boolean on);

    private void typed(final String text) throws IOException {
        if (!say(text)) {
            keyboard.pause();
        }
    }

    /// What is said has been taken.
    final void goOn() throws IOException {
        keyboard.resume();
    }

    final void hear(final MemorySegment data) throws IOException {
        told.add(data);
    }

    final void hearEnd() throws IOException {
        told.end();
    }

    private void show(final String text) throws IOException {
        if (!screen.show(text)) {
            listen(false);
        }
    }

    final void log(final String text) {
        log.println(text);
    }

    final boolean hasLeft() {
        return left;
    }

    /// The other side is gone.
    ///
    /// @param why what went wrong; null where it has ended in good order
    final void lost(final IOException why) throws IOException {
        if (!lost) {
            lost = true;
            log.println("fdsock chat: the room has ended"
                    + (why == null ? "" : ", or is not there: " + why.getMessage()));
            keyboard.close();
        }
    }

    /// Whether the room has ended first, or was lost.
    ///
    /// @return false where this has left in good order
    public boolean isLost() {
        return lost;
    }

    /// Leaves, unless that is over.
    ///
    /// @throws IOException as `close(2)` has it
    public void leave() throws IOException {
        if (!left && !lost) {
            left = true;
            keyboard.close();
            sayEnd();
        }
    }

    /// Closes both sides of the terminal.
    @Override
    public void close() throws IOException {
        try {
            keyboard.close();
        } finally {
            screen.close();
        }
    }
}
