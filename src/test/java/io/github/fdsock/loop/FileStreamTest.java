package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.EventFd;
import io.github.fdsock.Fd;
import io.github.fdsock.PipeFd;
import io.github.fdsock.SocketFd;
import io.github.fdsock.harness.junit.FdLedger;
import io.github.fdsock.sys.Errno;
import io.github.fdsock.sys.Libc;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A stream over what is no socket, a pipe, a FIFO, a terminal or a file, does what one over a socket does, as far as
/// there is something to do.
@Timeout(60)
@FdLedger
class FileStreamTest extends LoopFixture {
    private static final long TIOCGPTN = 0x8004_5430L;
    private static final long TIOCSPTLCK = 0x4004_5431L;

    private static final MemorySegment HELLO = MemorySegment.ofArray("hello".getBytes(StandardCharsets.UTF_8));

    @TempDir
    private Path folder;

    private final List<String> told = new ArrayList<>();

    private static String name(final IOException failure) {
        return failure instanceof final ErrnoException e ? Errno.name(e.errno()) : String.valueOf(failure);
    }

    private Stream telling(final Stream stream) {
        return stream.onData(data -> told.add(Turns.text(data)))
                .onEnd(() -> told.add("end"))
                .onDrain(() -> told.add("drain"))
                .onClose(cause -> told.add("close " + name(cause)));
    }

    private Stream.Completion completion() {
        return failure -> told.add("written " + name(failure));
    }

    private static void write(final Fd fd, final String text) throws IOException {
        assertThat(fd.write(text.getBytes(StandardCharsets.UTF_8), 0, text.length())).isEqualTo(text.length());
    }

    private static String read(final Fd fd) throws IOException {
        final byte[] into = new byte[100];
        final long n = fd.read(into, 0, into.length);
        return new String(into, 0, (int) n, StandardCharsets.UTF_8);
    }

    // ---- pipes

    @Test
    void aPipeIsReadToItsEnd() throws IOException {
        final PipeFd.Pair pipe = PipeFd.create(0);
        final Stream stream = telling(loop.adopt(pipe.readEnd()));
        assertThat(stream).hasToString("stream over " + pipe.readEnd());
        assertThat(stream.isReadable()).isTrue();
        assertThat(stream.isWritable()).isFalse();
        write(pipe.writeEnd(), "one");
        Turns.until(loop, () -> told.contains("one"));
        write(pipe.writeEnd(), "two");
        pipe.writeEnd().close();
        Turns.untilOver(loop);
        assertThat(told).containsExactly("one", "two", "end", "close null");
        assertThat(stream.bytesRead()).isEqualTo(6);
        assertThat(pipe.readEnd().isOpen()).isFalse();
    }

    @Test
    void whatAPipeHasNoRoomForIsQueuedAndItsEndComesBehindIt() throws IOException {
        final PipeFd.Pair pipe = PipeFd.create(0);
        final Stream out = telling(loop.adopt(pipe.writeEnd()));
        final Stream in = loop.adopt(pipe.readEnd());
        final long[] sum = {0};
        in.pause().onData(data -> sum[0] = Turns.check(sum[0], data));
        final int size = 1 << 20;
        assertThat(out.write(Turns.numbered(0, size), completion())).isFalse();
        assertThat(out.bytesQueued()).isEqualTo(size - pipe.readEnd().capacity());
        out.write(MemorySegment.ofArray(Turns.numbered(size, 1000).toArray(ValueLayout.JAVA_BYTE)));
        out.writev(Turns.numbered(size + 1000L, 10), Turns.numbered(size + 1010L, 10));
        Turns.untilQuiet(loop);
        assertThat(told).isEmpty();
        in.resume();
        Turns.until(loop, () -> sum[0] == size + 1020);
        assertThat(told).containsExactly("written null", "drain");
        out.writev(Turns.numbered(sum[0], 1), Turns.numbered(sum[0] + 1, 1));
        out.end(Turns.numbered(sum[0] + 2, 1));
        Turns.untilOver(loop);
        assertThat(sum[0]).isEqualTo(size + 1023);
        assertThat(told).containsExactly("written null", "drain", "close null");
        assertThat(in.isClosed()).isTrue();
        assertThat(loop.metrics().bytesQueued()).isZero();
        assertThat(loop.metrics().streams()).isZero();
    }

    @Test
    void aFileIsSentThroughAPipe() throws IOException {
        final Path path = Files.write(folder.resolve("file"), Turns.numbered(0, 300_000).toArray(ValueLayout.JAVA_BYTE));
        final PipeFd.Pair pipe = PipeFd.create(0);
        final Stream out = telling(loop.adopt(pipe.writeEnd()));
        final long[] sum = {0};
        loop.adopt(pipe.readEnd()).onData(data -> sum[0] = Turns.check(sum[0], data));
        out.sendFile(Fd.openFile(path, O_RDONLY, 0), 0, 300_000, completion());
        out.end();
        Turns.untilOver(loop);
        assertThat(sum[0]).isEqualTo(300_000);
        assertThat(told).containsExactly("written null", "close null");
    }

    @Test
    void thatNobodyReadsFromAPipeAnyMoreIsToldAtOnce() throws IOException {
        final PipeFd.Pair pipe = PipeFd.create(0);
        telling(loop.adopt(pipe.writeEnd()));
        pipe.readEnd().close();
        Turns.untilOver(loop);
        assertThat(told).containsExactly("close EPIPE");
    }

    @Test
    void whatIsQueuedForAPipeThatNobodyReadsIsToldToHaveFailed() throws IOException {
        final PipeFd.Pair pipe = PipeFd.create(0);
        final Stream stream = telling(loop.adopt(pipe.writeEnd()));
        stream.write(Turns.numbered(0, 1 << 20), completion());
        pipe.readEnd().close();
        stream.write(HELLO, completion());
        Turns.untilOver(loop);
        assertThat(told).containsExactly("written EPIPE", "written EPIPE", "close EPIPE");
    }

    @Test
    void aWriteToAPipeThatNobodyReadsFails() throws IOException {
        final PipeFd.Pair pipe = PipeFd.create(0);
        final Stream stream = telling(loop.adopt(pipe.writeEnd()));
        pipe.readEnd().close();
        assertThat(stream.write(HELLO, completion())).isFalse();
        assertThatThrownBy(() -> stream.tryWrite(HELLO)).isInstanceOf(IOException.class).hasMessageContaining("write(");
        Turns.untilOver(loop);
        assertThat(told).containsExactly("written EPIPE", "close EPIPE");
    }

    @Test
    void theHangUpOfAPausedPipeIsNotSpunOn() throws IOException {
        final PipeFd.Pair pipe = PipeFd.create(0);
        final Stream stream = telling(loop.adopt(pipe.readEnd())).pause();
        write(pipe.writeEnd(), "left");
        pipe.writeEnd().close();
        Turns.untilQuiet(loop);
        assertThat(told).isEmpty();
        stream.resume();
        Turns.untilOver(loop);
        assertThat(told).containsExactly("left", "end", "close null");
    }

    @Test
    void whatIsUnreadAtACloseIsLeftToOthers() throws IOException {
        try (PipeFd.Pair pipe = PipeFd.create(0); PipeFd other = pipe.readEnd().dup()) {
            final Stream stream = telling(loop.adopt(pipe.readEnd())).pause();
            write(pipe.writeEnd(), "unread");
            stream.close();
            Turns.untilOver(loop);
            assertThat(told).containsExactly("close null");
            assertThat(read(other)).isEqualTo("unread");
        }
    }

    @Test
    void whatAnotherHasReadIsNotWaitedFor() throws IOException {
        final PipeFd.Pair pipe = PipeFd.create(0);
        telling(loop.adopt(pipe.readEnd()));
        telling(loop.adopt(pipe.readEnd().dup()));
        write(pipe.writeEnd(), "once");
        // Both are told of it in the same turn.
        Turns.untilQuiet(loop);
        assertThat(told).containsExactly("once");
        pipe.writeEnd().close();
        Turns.untilOver(loop);
        assertThat(told).containsExactly("once", "end", "end", "close null", "close null");
    }

    @Test
    void aCloseWaitsForWhatIsQueued() throws IOException {
        final PipeFd.Pair pipe = PipeFd.create(0);
        final Stream out = telling(loop.adopt(pipe.writeEnd()));
        out.write(Turns.numbered(0, 1 << 20), completion());
        out.close();
        assertThat(out.isClosed()).isFalse();
        final long[] sum = {0};
        loop.adopt(pipe.readEnd()).onData(data -> sum[0] = Turns.check(sum[0], data));
        Turns.untilOver(loop);
        assertThat(sum[0]).isEqualTo(1 << 20);
        assertThat(told).containsExactly("written null", "close null");
    }

    @Test
    void whatIsOnlyReadIsNotWrittenTo() throws IOException {
        try (PipeFd.Pair pipe = PipeFd.create(0)) {
            final Stream stream = telling(loop.adopt(pipe.readEnd()));
            assertThatThrownBy(() -> stream.write(HELLO)).isInstanceOf(IllegalStateException.class);
            stream.end();
            write(pipe.writeEnd(), "still read");
            Turns.until(loop, () -> told.contains("still read"));
            stream.destroy();
            Turns.untilOver(loop);
            assertThat(told).containsExactly("still read", "close null");
        }
    }

    @Test
    void whatIsForSocketsAloneIsRefused() throws IOException {
        try (PipeFd.Pair pipe = PipeFd.create(0); EventFd passed = EventFd.create(0, 0)) {
            final Stream stream = telling(loop.adopt(pipe.writeEnd()));
            final String why = "is no socket";
            assertThatThrownBy(stream::socket).isInstanceOf(UnsupportedOperationException.class).hasMessageContaining(why);
            assertThatThrownBy(stream::localAddress).isInstanceOf(UnsupportedOperationException.class);
            assertThatThrownBy(stream::remoteAddress).isInstanceOf(UnsupportedOperationException.class);
            assertThatThrownBy(() -> stream.noDelay(true)).isInstanceOf(UnsupportedOperationException.class);
            assertThatThrownBy(() -> stream.onMessage((_, _) -> { })).isInstanceOf(UnsupportedOperationException.class);
            assertThatThrownBy(() -> stream.write(HELLO, passed)).isInstanceOf(UnsupportedOperationException.class);
            assertThatThrownBy(() -> stream.tryWrite(HELLO, passed)).isInstanceOf(UnsupportedOperationException.class);
            assertThat(passed.isOpen()).isTrue();
            stream.reset();
            Turns.untilOver(loop);
            assertThat(told).containsExactly("close null");
        }
    }

    @Test
    void aSocketIsAStreamLikeAnyOther() throws IOException {
        try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0)) {
            final Fd fd = pair.first();
            final Stream stream = telling(loop.adopt(fd));
            assertThat(stream.socket()).isSameAs(fd);
            stream.end();
            assertThat(read(pair.second())).isEmpty();
        }
    }

    @Test
    void aPipeIsPassedOnToASocketAndBack() throws IOException {
        for (final boolean byKernel : new boolean[] {false, true}) {
            try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0)) {
                final PipeFd.Pair there = PipeFd.create(0);
                final PipeFd.Pair back = PipeFd.create(0);
                final Stream left = loop.adopt(pair.first()).onEnd(() -> { });
                final Stream right = loop.adopt(pair.second());
                right.end();
                final Stream from = loop.adopt(there.readEnd());
                final Stream to = loop.adopt(back.writeEnd());
                if (byKernel) {
                    from.spliceTo(left);
                    right.spliceTo(to);
                } else {
                    from.pipeTo(left);
                    right.pipeTo(to);
                }
                final Stream out = loop.adopt(there.writeEnd());
                final long[] sum = {0};
                loop.adopt(back.readEnd()).onData(data -> sum[0] = Turns.check(sum[0], data));
                out.write(Turns.numbered(0, 1 << 20));
                out.end();
                Turns.untilOver(loop);
                assertThat(sum[0]).as("spliced: %s", byKernel).isEqualTo(1 << 20);
                assertThat(loop.handles()).isEmpty();
            }
        }
    }

    @Test
    void whatWasSplicedBeforeACloseArrives() throws IOException {
        try (PipeFd.Pair pipe = PipeFd.create(0); SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0)) {
            final Stream from = telling(loop.adopt(pipe.readEnd()));
            from.spliceTo(loop.adopt(pair.first()));
            final Stream out = loop.adopt(pipe.writeEnd());
            out.write(Turns.numbered(0, 4 << 20));
            Turns.untilQuiet(loop);
            final long spliced = from.bytesRead();
            assertThat(spliced).isLessThan(4 << 20);
            from.close();
            final long[] sum = {0};
            loop.adopt(pair.second()).onData(data -> sum[0] = Turns.check(sum[0], data));
            Turns.untilOver(loop);
            assertThat(sum[0]).isEqualTo(spliced);
            assertThat(told).containsExactly("close null");
            assertThat(out.isClosed()).isTrue();
        }
    }

    @Test
    void aPipeMovesToAnotherLoop() throws Exception {
        final PipeFd.Pair pipe = PipeFd.create(0);
        try (EventLoop other = EventLoop.open()) {
            final Stream out = telling(loop.adopt(pipe.writeEnd()));
            out.write(Turns.numbered(0, 1 << 20));
            final long[] sum = {0};
            final Stream in = loop.adopt(pipe.readEnd()).onData(data -> sum[0] = Turns.check(sum[0], data));
            in.moveTo(other, moved -> assertThat(moved.loop()).isSameAs(other));
            out.end();
            Turns.until(loop, () -> {
                try {
                    other.runNoWait();
                } catch (final IOException e) {
                    throw new AssertionError(e);
                }
                return sum[0] == 1 << 20 && in.isClosed();
            });
        }
        assertThat(told).contains("close null");
    }

    @Test
    void aFileThatIsWrittenInEachTurnMovesAllTheSame() throws IOException {
        final Path path = folder.resolve("to");
        final Path from = Files.write(folder.resolve("from"), new byte[2 << 20]);
        try (EventLoop other = EventLoop.open()) {
            final Stream stream = telling(loop.adopt(Fd.openFile(path, O_WRONLY | O_CREAT, 0600)));
            final int[] left = {1000};
            stream.sendFile(Fd.openFile(from, O_RDONLY, 0), 0, 2 << 20, _ -> writeOn(stream, left));
            stream.moveTo(other, _ -> told.add("moved"));
            Turns.untilQuiet(loop);
            assertThat(stream.loop()).isSameAs(other);
            assertThat(left[0]).isGreaterThan(990);
            Turns.untilOver(other);
            assertThat(told).containsExactly("moved", "drain", "close null");
            assertThat(path).hasSize((2 << 20) + 1000);
        }
    }

    private void writeOn(final Stream stream, final int[] left) {
        if (left[0]-- > 0) {
            stream.write(MemorySegment.ofArray(new byte[1]), _ -> writeOn(stream, left));
        } else {
            stream.end();
        }
    }

    // ---- FIFOs, terminals, files

    @Test
    void aFifoIsReadAndWritten() throws Exception {
        final Path path = folder.resolve("fifo");
        assertThat(new ProcessBuilder("mkfifo", path.toString()).start().waitFor()).isZero();
        final Stream in = telling(loop.adopt(Fd.openFile(path, O_RDONLY | O_NONBLOCK, 0)));
        // Nobody has come yet, and so nobody has gone.
        Turns.untilQuiet(loop);
        assertThat(told).isEmpty();
        final Stream out = loop.adopt(Fd.openFile(path, O_WRONLY, 0));
        out.end(HELLO);
        Turns.untilOver(loop);
        assertThat(told).containsExactly("hello", "end", "close null");
        assertThat(in.isClosed()).isTrue();
    }

    /// Both sides of a new terminal: who sits there, and the program.
    private record Terminal(Fd master, Fd slave) {
        static Terminal open() throws IOException {
            final Path multiplexer = Path.of("/dev/ptmx");
            assumeTrue(Files.isWritable(multiplexer), "no /dev/ptmx");
            final Fd master = Fd.openFile(multiplexer, O_RDWR | O_NOCTTY, 0);
            try (Arena arena = Arena.ofConfined()) {
                final MemorySegment number = arena.allocate(ValueLayout.JAVA_INT);
                assertThat(Libc.ioctl(master.intValue(), TIOCSPTLCK, number)).isZero();
                assertThat(Libc.ioctl(master.intValue(), TIOCGPTN, number)).isZero();
                final Path slave = Path.of("/dev/pts", Integer.toString(number.get(ValueLayout.JAVA_INT, 0)));
                return new Terminal(master, Fd.openFile(slave, O_RDWR | O_NOCTTY, 0));
            }
        }
    }

    @Test
    void aTerminalIsReadAndWritten() throws IOException {
        final Terminal terminal = Terminal.open();
        try (terminal.master) {
            final Stream stream = telling(loop.adopt(terminal.slave));
            write(terminal.master, "typed\n");
            Turns.until(loop, () -> told.contains("typed\n"));
            assertThat(read(terminal.master)).as("echoed").isEqualTo("typed\r\n");
            stream.write(HELLO);
            assertThat(read(terminal.master)).isEqualTo("hello");
            stream.end();
            write(terminal.master, "more\n");
            Turns.until(loop, () -> told.contains("more\n"));
            // End of file, which is ^D.
            write(terminal.master, "\4");
            Turns.untilOver(loop);
            assertThat(told).containsExactly("typed\n", "more\n", "end", "close null");
        }
    }

    @Test
    void aTerminalThatIsGoneEndsTheStream() throws IOException {
        final Terminal terminal = Terminal.open();
        telling(loop.adopt(terminal.slave)).onEnd(null);
        terminal.master.close();
        Turns.untilOver(loop);
        assertThat(told).containsExactly("close null");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatAProgramSaysLastIsPassedOnBeforeTheEndOfItsTerminal(final boolean byKernel) throws IOException {
        final Terminal terminal = Terminal.open();
        try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0)) {
            final Stream master = telling(loop.adopt(terminal.master));
            final Stream viewer = telling(loop.adopt(pair.first()));
            if (byKernel) {
                master.spliceTo(viewer);
            } else {
                master.pipeTo(viewer);
            }
            viewer.pipeTo(master);
            write(terminal.slave, "bye");
            Turns.until(loop, () -> viewer.bytesWritten() == 3);
            terminal.slave.close();
            pair.second().shutdown(SHUT_WR);
            Turns.untilOver(loop);
            assertThat(read(pair.second())).isEqualTo("bye");
            assertThat(told).containsExactly("close null", "close null");
        }
    }

    @Test
    void otherProgramsOfATerminalKeepWaitingForIt() throws IOException {
        final Terminal terminal = Terminal.open();
        try (terminal.master; terminal.slave) {
            final Stream stream = telling(loop.adopt(terminal.slave.reopen(O_RDWR | O_NOCTTY)));
            assertThat(terminal.slave.nonBlocking()).isFalse();
            write(terminal.master, "typed\n");
            Turns.until(loop, () -> told.contains("typed\n"));
            stream.destroy();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5, 1 << 20})
    void aFileIsReadFromItsPositionToItsEnd(final int from) throws IOException {
        final int size = 1 << 20;
        final Path path = Files.write(folder.resolve("file"), Turns.numbered(0, size).toArray(ValueLayout.JAVA_BYTE));
        final Fd file = Fd.openFile(path, O_RDONLY, 0);
        assertThat(file.read(new byte[size], 0, from)).isEqualTo(from);
        final long[] sum = {from};
        telling(loop.adopt(file)).onData(data -> sum[0] = Turns.check(sum[0], data));
        Turns.untilOver(loop);
        assertThat(sum[0]).isEqualTo(size);
        assertThat(told).containsExactly("end", "close null");
    }

    @Test
    void aPausedFileIsNotSpunOn() throws IOException {
        final Path path = Files.writeString(folder.resolve("file"), "text");
        final Stream stream = telling(loop.adopt(Fd.openFile(path, O_RDONLY, 0))).pause();
        Turns.untilQuiet(loop);
        stream.resume();
        Turns.untilOver(loop);
        assertThat(told).containsExactly("text", "end", "close null");
    }

    @Test
    void aFileIsWritten() throws IOException {
        final Path path = folder.resolve("file");
        final Stream stream = telling(loop.adopt(Fd.openFile(path, O_WRONLY | O_CREAT, 0600)));
        stream.write("one ");
        stream.write(MemorySegment.ofArray("two ".getBytes(StandardCharsets.UTF_8)), completion());
        Turns.untilQuiet(loop);
        stream.end(MemorySegment.ofArray("three".getBytes(StandardCharsets.UTF_8)));
        Turns.untilOver(loop);
        assertThat(path).hasContent("one two three");
        assertThat(told).containsExactly("written null", "close null");
    }

    @Test
    void whatCannotBeReadEndsTheStreamWithTheReason() throws IOException {
        telling(loop.adopt(Fd.openFile(folder, O_RDONLY, 0)));
        Turns.untilOver(loop);
        assertThat(told).containsExactly("close EISDIR");
    }

    @Test
    void theSilenceOfAPipeIsTold() throws IOException {
        try (PipeFd.Pair pipe = PipeFd.create(0)) {
            final Stream stream = telling(loop.adopt(pipe.readEnd()));
            stream.onTimeout(Duration.ofMillis(5), stream::close);
            Turns.untilOver(loop);
            assertThat(told).containsExactly("close null");
        }
    }

    @Test
    void aDescriptorThatIsClosedStaysItsOwners() throws IOException {
        final PipeFd.Pair pipe = PipeFd.create(0);
        pipe.close();
        assertThatThrownBy(() -> loop.adopt(pipe.readEnd())).isInstanceOf(IllegalStateException.class);
        try (PipeFd.Pair open = PipeFd.create(0)) {
            loop.close();
            assertThatThrownBy(() -> loop.adopt(open.readEnd())).isInstanceOf(IllegalStateException.class);
            assertThat(open.readEnd().isOpen()).isTrue();
        }
    }
}
