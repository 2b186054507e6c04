package io.github.fdsock.loop;

import static io.github.fdsock.harness.junit.SocketFamily.TCP4;
import static io.github.fdsock.harness.junit.SocketFamily.TCP6;
import static io.github.fdsock.harness.junit.SocketFamily.UNIX_STREAM;
import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.EventFd;
import io.github.fdsock.Fd;
import io.github.fdsock.PidFd;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.harness.Faults;
import io.github.fdsock.harness.Scope;
import io.github.fdsock.harness.Trace;
import io.github.fdsock.harness.junit.FdLedger;
import io.github.fdsock.harness.junit.SocketFamilies;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.process.Spawn;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A stream that is told of each arrival only once misses nothing, whatever ends its reads early.
@Timeout(60)
@FdLedger
class StreamEdgesTest extends LoopFixture {
    private final StringBuilder told = new StringBuilder();

    @TempDir
    private Path folder;

    private Stream adopt(final SocketFd.Pair pair) throws IOException {
        return Arrivals.BY_EDGES.adopt(loop, pair.first()).onData(data -> told.append(Turns.text(data)));
    }

    /// One that has read twice, "a" the second time, and is told by edges.
    private Stream readFrom(final SocketFd.Pair pair) throws IOException {
        final Stream stream = adopt(pair);
        for (int i = 0; i < 2; i++) {
            told.setLength(0);
            Turns.send(pair.second(), "a");
            untilTold("a");
        }
        Turns.untilQuiet(loop);
        return stream;
    }

    private void untilTold(final String text) throws IOException {
        Turns.until(loop, () -> told.length() >= text.length());
        assertThat(told).hasToString(text);
    }

    private static void assumeDescriptorsCanBeRefused() throws IOException {
        try (SocketFd.Pair pair = UNIX_STREAM.connected()) {
            assumeTrue(pair.first().refuseDescriptors(), "SO_PASSRIGHTS came with Linux 6.16");
        }
    }

    // ---- what it is for

    @SocketFamilies({TCP4, TCP6, UNIX_STREAM})
    void anEchoIsAWaitAReadAndAWrite(final SocketFd.Pair pair) throws IOException {
        final Stream stream = readFrom(pair);
        stream.onData(stream::write);
        try (Trace trace = Trace.record(Scope.thisThread())) {
            for (int i = 0; i < 3; i++) {
                Turns.send(pair.second(), "a");
                loop.runOnce();
            }
            assertThat(trace.entries().stream().map(entry -> entry.call().name()))
                    .containsExactly("send", "epoll_wait", "recv", "send", "send", "epoll_wait", "recv", "send",
                            "send", "epoll_wait", "recv", "send");
        }
    }

    @Test
    void acceptedAndConnectedStreamsOverTcpAreToldByEdges() throws IOException {
        assertThat(changesToEdges(SockAddr.inet("127.0.0.1", 0))).isEqualTo(2);
        assertThat(changesToEdges(SockAddr.inet("::1", 0))).isEqualTo(2);
    }

    @Test
    void acceptedAndConnectedStreamsOverUnixSocketsAreToldByEdges() throws IOException {
        assumeDescriptorsCanBeRefused();
        assertThat(changesToEdges(SockAddr.unix(folder.resolve("s").toString()))).isEqualTo(2);
    }

    @Test
    void soAreThoseOfAListenerOverASocketThatOthersKnow() throws IOException {
        assumeDescriptorsCanBeRefused();
        final SocketFd socket = UNIX_STREAM.socket();
        socket.bind(SockAddr.unix(folder.resolve("s").toString()));
        try (Trace trace = Trace.record(Scope.thisThread())) {
            assertThat(changesToEdges(loop.listen(socket, stream -> stream.onData(stream::write)), trace)).isEqualTo(2);
        }
    }

    private long changesToEdges(final SockAddr address) throws IOException {
        try (Trace trace = Trace.record(Scope.thisThread())) {
            return changesToEdges(loop.listen(address, stream -> stream.onData(stream::write)), trace);
        }
    }

    /// Of both ends of a connection over which a byte goes there and back twice.
    private long changesToEdges(final Listener listener, final Trace trace) throws IOException {
        final Stream client = loop.connect(listener.localAddress());
        client.write("a");
        client.onData(data -> {
            if (client.bytesRead() == 1) {
                client.write(data);
            } else {
                client.end();
            }
        });
        client.onClose(_ -> listener.close());
        Turns.untilOver(loop);
        return trace.lines().stream().filter(line -> line.contains("EPOLLET")).count();
    }

    // ---- what ends reads early

    @Test
    void descriptorsThatWereSentBeforeTheFirstReadHideNothing() throws IOException {
        final SocketFd.Pair pair = UNIX_STREAM.connected();
        try (pair; EventFd fd = EventFd.create(0, 0)) {
            adopt(pair);
            for (final String text : "abcdefgh".split("")) {
                Turns.send(pair.second(), text, fd);
                Turns.send(pair.second(), text.toUpperCase());
            }
            untilTold("aAbBcCdDeEfFgGhH");
        }
    }

    @Test
    void descriptorsThatNobodyWantsAreRefusedFromTheSecondReadOn() throws IOException {
        assumeDescriptorsCanBeRefused();
        final SocketFd.Pair pair = UNIX_STREAM.connected();
        try (pair; EventFd fd = EventFd.create(0, 0)) {
            final Stream stream = adopt(pair);
            Turns.send(pair.second(), "1", fd);
            untilTold("1");
            Turns.send(pair.second(), "2", fd);
            untilTold("12");
            told.setLength(0);
            Turns.send(pair.second(), "a");
            untilTold("a");
            assertRefused(pair.second(), fd);
            stream.onMessage((data, message) -> told.append(Turns.text(data)).append(message.descriptors()));
            Turns.send(pair.second(), "c", fd, fd);
            Turns.send(pair.second(), "d", fd);
            Turns.send(pair.second(), "e");
            untilTold("ac2d1e0");
            stream.onMessage(null);
            Turns.send(pair.second(), "f", fd);
            untilTold("ac2d1e0f");
            Turns.untilQuiet(loop);
            assertRefused(pair.second(), fd);
            Turns.send(pair.second(), "g");
            untilTold("ac2d1e0fg");
        }
    }

    private static void assertRefused(final SocketFd to, final Fd fd) {
        assertThatThrownBy(() -> Turns.send(to, "refused", fd)).isInstanceOfSatisfying(ErrnoException.class,
                e -> assertThat(e.errno()).isEqualTo(EPERM));
    }

    @Test
    void aHandlerThatWantsThemMissesNoneHoweverEarlyTheyAreSent() throws IOException {
        final Listener listener = loop.listen(SockAddr.unix(folder.resolve("s").toString()), stream ->
                stream.onMessage((data, message) -> told.append(Turns.text(data)).append(message.descriptors())));
        try (SocketFd client = UNIX_STREAM.socket(); EventFd fd = EventFd.create(0, 0)) {
            client.connect(listener.localAddress());
            Turns.send(client, "a", fd);
            untilTold("a1");
            Turns.send(client, "b", fd);
            untilTold("a1b1");
        }
    }

    @Test
    void anotherSendersCredentialsHideNothing() throws Exception {
        final SocketFd.Pair pair = UNIX_STREAM.connected();
        try (pair) {
            final Stream stream = readFrom(pair);
            stream.socket().setsockopt(SockOpt.SO_PASSCRED, true);
            for (int i = 0; i < 2; i++) {
                Turns.send(pair.second(), "b");
                try (PidFd child = Spawn.program("/bin/sh", "-c", "printf c >&3").fd(3, pair.second()).start()) {
                    assertThat(child.waitFor(10_000_000_000L)).isNotNull();
                }
            }
            Turns.send(pair.second(), "b");
            untilTold("abcbcb");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aListenerWhoseConnectionsReceiveSendersHasThemToldByLevels(final boolean later) throws IOException {
        for (final var option : List.of(SockOpt.SO_PASSCRED, SockOpt.SO_PASSSEC, SockOpt.SO_PASSPIDFD)) {
            told.setLength(0);
            final SocketFd socket = UNIX_STREAM.socket();
            socket.bind(SockAddr.unix(folder.resolve(option.toString()).toString()));
            try (SocketFd client = UNIX_STREAM.socket(); Trace trace = Trace.record(Scope.thisThread())) {
                if (!later) {
                    socket.setsockopt(option, true);
                }
                final Listener listener = loop.listen(socket,
                        stream -> stream.onData(data -> told.append(Turns.text(data))));
                if (later) {
                    // Whose socket it was knows it still.
                    socket.setsockopt(option, true);
                }
                client.connect(listener.localAddress());
                for (final String text : new String[] {"a", "ab", "abc"}) {
                    Turns.send(client, text.substring(text.length() - 1));
                    untilTold(text);
                }
                Turns.untilQuiet(loop);
                assertThat(trace.lines()).as(option.toString()).noneMatch(line -> line.contains("EPOLLET"));
            }
        }
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void readsThatAFaultHasShortenedHideNothing(final SocketFd.Pair pair) throws IOException {
        readFrom(pair);
        try (Faults _ = Faults.inject("recv:short=1")) {
            Turns.send(pair.second(), "hello");
            untilTold("ahello");
        }
        Turns.send(pair.second(), "b");
        untilTold("ahellob");
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void aFaultThatBeginsBetweenTwoReadsOfATurnHidesNothing(final SocketFd.Pair pair) throws IOException {
        final Stream stream = readFrom(pair);
        final long before = stream.bytesRead();
        final Faults[] faults = {null};
        stream.onData(data -> {
            if (faults[0] == null) {
                assertThat(data.byteSize()).as("the first of two reads").isEqualTo(StreamMemory.INPUT_SIZE);
                faults[0] = Faults.inject("recv:short=1");
            }
        });
        try {
            sendMore(pair.second());
            Turns.until(loop, () -> stream.bytesRead() == before + MORE_THAN_A_READ);
        } finally {
            faults[0].close();
        }
    }

    @Test
    void anOptionThatIsSetBetweenTwoReadsOfATurnHidesNothing() throws Exception {
        final SocketFd.Pair pair = UNIX_STREAM.connected();
        try (pair) {
            final Stream stream = readFrom(pair);
            final long before = stream.bytesRead();
            stream.onData(data -> stream.socket().setsockopt(SockOpt.SO_PASSCRED, true));
            pair.second().setsockopt(SockOpt.SO_PASSCRED, true);
            sendMore(pair.second());
            try (PidFd child = Spawn.program("/bin/sh", "-c", "printf c >&3").fd(3, pair.second()).start()) {
                assertThat(child.waitFor(10_000_000_000L)).isNotNull();
            }
            Turns.until(loop, () -> stream.bytesRead() == before + MORE_THAN_A_READ + 1);
        }
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void aReadThatIsToldOfAndFindsNothingIsTriedAgain(final SocketFd.Pair pair) throws IOException {
        readFrom(pair);
        try (Faults faults = Faults.inject("recv:error=EAGAIN:when=1..3")) {
            Turns.send(pair.second(), "b");
            untilTold("ab");
            assertThat(faults.injected()).isEqualTo(3);
        }
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void urgentDataHidesNothing(final SocketFd.Pair pair) throws IOException {
        readFrom(pair);
        Turns.send(pair.second(), "before");
        sendUrgent(pair.second());
        Turns.send(pair.second(), "behind");
        untilTold("abeforebehind");
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void urgentDataThatNobodyReadsDoesNotKeepTheLoopBusy(final SocketFd.Pair pair) throws IOException {
        readFrom(pair);
        final long before = loop.metrics().events();
        sendUrgent(pair.second());
        Turns.until(loop, () -> loop.metrics().events() > before);
        Turns.untilQuiet(loop);
        final long events = loop.metrics().events();
        for (int i = 0; i < 20; i++) {
            loop.runNoWait();
        }
        assertThat(loop.metrics().events()).isEqualTo(events);
        Turns.send(pair.second(), "b");
        untilTold("ab");
    }

    private static void sendUrgent(final SocketFd to) throws IOException {
        try {
            assertThat(to.send(new byte[] {'!'}, 0, 1, MSG_OOB)).isEqualTo(1);
        } catch (final ErrnoException e) {
            assertThat(e.errno()).isEqualTo(EOPNOTSUPP);
            assumeTrue(false, "urgent data over UNIX sockets came with Linux 5.15");
        }
    }

    // ---- who stops reading before the end

    private static final int MORE_THAN_A_READ = StreamMemory.INPUT_SIZE + 10;

    /// More than one read takes, at once.
    private static void sendMore(final SocketFd to) throws IOException {
        to.setsockopt(SockOpt.SO_SNDBUF, 1 << 20);
        assertThat(to.send(Turns.numbered(0, MORE_THAN_A_READ), 0)).isEqualTo(MORE_THAN_A_READ);
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void whatIsLeftWhenAHandlerThrowsIsToldByTheNextRun(final SocketFd.Pair pair) throws IOException {
        final Stream stream = readFrom(pair);
        final long before = stream.bytesRead();
        stream.onData(_ -> {
            stream.onData(null);
            throw new IllegalStateException("a bug");
        });
        sendMore(pair.second());
        assertThatThrownBy(() -> Turns.until(loop, () -> false)).hasMessage("a bug");
        assertThat(stream.bytesRead()).isLessThan(before + MORE_THAN_A_READ);
        Turns.until(loop, () -> stream.bytesRead() == before + MORE_THAN_A_READ);
    }

    @SocketFamilies({TCP4, UNIX_STREAM})
    void whatIsLeftWhenAHandlerPausesIsToldWhenReadingGoesOn(final SocketFd.Pair pair) throws IOException {
        final Stream stream = readFrom(pair);
        final long before = stream.bytesRead();
        stream.onData(_ -> {
            stream.pause();
            loop.execute(stream::resume);
        });
        sendMore(pair.second());
        Turns.until(loop, () -> stream.bytesRead() == before + MORE_THAN_A_READ);
    }
}
