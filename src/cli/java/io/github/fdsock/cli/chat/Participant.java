package io.github.fdsock.cli.chat;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.Endpoint;
import io.github.fdsock.ErrnoException;
import io.github.fdsock.Fd;
import io.github.fdsock.loop.EventLoop;
import io.github.fdsock.loop.Stream;
import java.io.Closeable;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/// Who joins a room: says what is typed, and shows what is told, each at the pace of those who take it.
public abstract sealed class Participant implements Closeable permits StreamParticipant, DatagramParticipant {
    private final PrintStream log;
    private final Stream keyboard;
    private final Stream screen;
    private final Lines told;

    /// Before the room has ended.
    private boolean left;

    /// The room has ended, or cannot be reached.
    private boolean lost;

    Participant(final EventLoop loop, final Fd in, final Fd out, final PrintStream log) throws IOException {
        this.log = log;
        final Lines typed = new Lines(Lines.SPOKEN, this::typed,
                () -> log.println("a line of more than " + Lines.SPOKEN + " bytes is not said"));
        keyboard = adopt(loop, in, O_RDONLY).onData(typed::add).onEnd(() -> {
            typed.end();
            leave();
        });
        // A terminal, or a socket, could be read from as well.
        screen = adopt(loop, out, O_WRONLY).pause().onDrain(() -> listen(true));
        screen.unref();
        told = new Lines(Lines.TOLD, this::show,
                () -> log.println("a line of more than " + Lines.TOLD + " bytes is not shown"));
    }

    private static Stream adopt(final EventLoop loop, final Fd fd, final int access) throws IOException {
        final Fd own = own(fd, access);
        try {
            return loop.adopt(own).onClose(cause -> {
                if (cause != null) {
                    throw cause;
                }
            });
        } catch (final IOException | RuntimeException e) {
            own.close();
            throw e;
        }
    }

    /// Others may share it, and wait for it: what can be opened once more, a terminal or a pipe, is, and does not block
    /// here alone. A file is read from where others have stopped, and a FIFO would not tell of its end.
    private static Fd own(final Fd fd, final int access) throws IOException {
        final Path name = Path.of("/proc/self/fd", Integer.toString(fd.intValue()));
        final String target = Files.readSymbolicLink(name).toString();
        if (!Files.readAttributes(name, BasicFileAttributes.class).isOther()
                || !target.startsWith("pipe:") && !target.startsWith("/dev/")) {
            return fd;
        }
        try {
            final Fd own = fd.reopen(access | O_NONBLOCK | O_NOCTTY);
            fd.close();
            return own;
        } catch (final ErrnoException e) {
            // Somebody else's terminal.
            return fd;
        }
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
        return where.type() == SOCK_DGRAM
                ? new DatagramParticipant(loop, where, in, out, log) : new StreamParticipant(loop, where, in, out, log);
    }

    /// Says a line; whether to go on.
    abstract boolean say(String text);

    /// Says that this was all.
    abstract void sayEnd();

    /// Whether to receive.
    abstract void listen(boolean on);

    private void typed(final String text) {
        if (!say(text)) {
            keyboard.pause();
        }
    }

    /// What is said has been taken.
    final void goOn() {
        keyboard.resume();
    }

    final void hear(final MemorySegment data) throws IOException {
        told.add(data);
    }

    final void hearEnd() throws IOException {
        told.end();
    }

    private void show(final String text) {
        // Only what is still to be shown keeps the loop running.
        screen.ref();
        if (!screen.write(Room.line(text), _ -> allShown())) {
            listen(false);
        }
    }

    private void allShown() {
        if (screen.bytesQueued() == 0) {
            screen.unref();
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
    public void close() {
        keyboard.destroy();
        screen.destroy();
    }
}
