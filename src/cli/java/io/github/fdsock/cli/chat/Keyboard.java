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
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/// Where somebody types: a terminal, a pipe, a file, or whatever else can be read from.
///
/// Others may share it, and read first what the loop has told of. So what can be opened once more, a terminal or a
/// pipe, is, and does not block here, whatever it does for others. The rest stays blocking, and is read from only when
/// the loop says that there is something.
final class Keyboard implements Closeable {
    private final EventLoop loop;
    private final Fd in;
    private final MemorySegment buffer = Arena.ofAuto().allocate(8192);
    private final Lines lines;
    private final Action onEnd;

    /// Null while nothing shall be read. An interest in nothing would not do: the hang-up of a pipe comes all the same.
    private Registration registration;

    /// @param in what is typed; closed with this
    /// @param lines takes it apart
    /// @param onEnd is told that no more comes; this is closed then
    Keyboard(final EventLoop loop, final Fd in, final Lines lines, final Action onEnd) throws IOException {
        this.loop = loop;
        this.in = opened(in);
        this.lines = lines;
        this.onEnd = onEnd;
    }

    private static Fd opened(final Fd in) throws IOException {
        final Path name = Path.of("/proc/self/fd", Integer.toString(in.intValue()));
        // A file is read from where others have stopped.
        if (!Files.readAttributes(name, BasicFileAttributes.class).isOther()) {
            return in;
        }
        try {
            final Fd own = Fd.openFile(name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
            in.close();
            return own;
        } catch (final ErrnoException e) {
            // A socket, or what somebody else may open.
            return in;
        }
    }

    private void read() throws IOException {
        final long n = in.read(buffer);
        if (n > 0) {
            lines.add(buffer.asSlice(0, n));
        } else if (n == 0) {
            lines.end();
            close();
            onEnd.run();
        }
    }

    /// Reads, until [#pause]; does nothing where it does so already, or is closed.
    void resume() throws IOException {
        if (registration == null && in.isOpen()) {
            registration = loop.register(in, EPOLLIN, (_, _) -> read());
        }
    }

    /// Reads no more, until [#resume].
    void pause() throws IOException {
        if (registration != null) {
            registration.deregister();
            registration = null;
        }
    }

    @Override
    public void close() throws IOException {
        try {
            pause();
        } finally {
            in.close();
        }
    }
}
