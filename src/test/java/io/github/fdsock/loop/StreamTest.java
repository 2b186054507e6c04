package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.harness.junit.FdLedger;
import io.github.fdsock.harness.junit.SocketFamilies;
import io.github.fdsock.harness.junit.SocketFamily;
import io.github.fdsock.option.SockOpt;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A stream tells everything that the peer sends and sends everything that is written, in order, and tells its end
/// once.
@Timeout(60)
@FdLedger
class StreamTest extends LoopFixture {
    private static String text(final MemorySegment data) {
        return new String(data.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }

    @Test
    void anEchoServerIsOneLine() throws IOException {
        final Listener listener = loop.listen(SockAddr.inet("127.0.0.1", 0), stream -> stream.onData(stream::write));
        final List<String> told = new ArrayList<>();
        final Stream client = loop.connect(listener.localAddress());
        client.onConnect(() -> told.add("connected"))
                .onData(data -> {
                    told.add(text(data));
                    client.end();
                })
                .onEnd(() -> told.add("end"))
                .onClose(cause -> {
                    told.add("closed " + cause);
                    listener.close();
                });
        client.write("hello");
        loop.run();
        assertThat(told).containsExactly("connected", "hello", "end", "closed null");
        assertThat(loop.hasWork()).isFalse();
        assertThat(loop.metrics().streams()).isZero();
    }

    @Test
    void aSocketConnectsWithTheAddressAndTheOptionsThatItHas() throws IOException {
        final List<SockAddr> peers = new ArrayList<>();
        final Listener listener = loop.listen(SockAddr.inet("127.0.0.1", 0), stream -> {
            peers.add(stream.remoteAddress());
            stream.onData(stream::write);
        });
        final SocketFd socket = SocketFd.socket(AF_INET, SOCK_STREAM, 0);
        socket.bind(SockAddr.inet("127.0.0.2", 0));
        socket.setsockopt(SockOpt.TCP_NODELAY, true);
        final List<String> told = new ArrayList<>();
        final Stream client = loop.connect(socket, listener.localAddress());
        assertThat(client.isConnecting()).isTrue();
        client.onConnect(() -> told.add("connected " + client.isConnecting())).onData(data -> {
            told.add(text(data));
            client.end();
        }).onClose(cause -> listener.close());
        client.write("hello");
        final SockAddr own = client.localAddress();
        Turns.untilOver(loop);
        assertThat(told).containsExactly("connected false", "hello");
        assertThat(peers).containsExactly(own);
        assertThat(own.toString()).startsWith("127.0.0.2:");
        assertThat(socket.isOpen()).isFalse();
    }

    @Test
    void packetsConnectByASocketOfTheirKind() throws IOException {
        final SocketFd bound = SocketFd.socket(AF_UNIX, SOCK_SEQPACKET, 0);
        bound.bind(SockAddr.unixAutobind());
        final Listener listener = loop.listen(bound, stream -> stream.onData(stream::write));
        final List<String> told = new ArrayList<>();
        final Stream client = loop.connect(SocketFd.socket(AF_UNIX, SOCK_SEQPACKET, 0), listener.localAddress());
        client.onData(data -> {
            told.add(text(data));
            if (told.size() == 2) {
                client.end();
            }
        }).onClose(cause -> listener.close());
        client.write("one");
        client.write("two");
        Turns.untilOver(loop);
        assertThat(told).containsExactly("one", "two");
    }

    @SocketFamilies({SocketFamily.UDP4, SocketFamily.UNIX_DGRAM})
    void aSocketForDatagramsIsRefusedAndStaysItsOwners(final SocketFamily family) throws IOException {
        try (SocketFd socket = family.socket(); SocketFd peer = family.socket()) {
            peer.bind(family.any());
            assertThatThrownBy(() -> loop.connect(socket, peer.localAddress()))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("datagrams");
            socket.connect(peer.localAddress());
            assertThatThrownBy(() -> loop.adopt(socket)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("datagrams");
            assertThat(socket.isOpen()).isTrue();
        }
        assertThat(loop.metrics().streams()).isZero();
    }

    /// `connect(2)` with `AF_UNSPEC` ends a connection, and over TCP it succeeds where there is none.
    @SocketFamilies({SocketFamily.TCP4, SocketFamily.UNIX_STREAM})
    void noAddressAtAllIsNoConnection(final SocketFamily family) throws IOException {
        try (SocketFd socket = family.socket()) {
            assertThatThrownBy(() -> loop.connect(socket, SockAddr.unspec()))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("connect(2) to ");
            assertThat(socket.isOpen()).isTrue();
        }
        assertThat(loop.metrics().streams()).isZero();
    }

    @SocketFamilies({SocketFamily.TCP4, SocketFamily.UNIX_STREAM, SocketFamily.UNIX_SEQPACKET})
    void aSocketThatListensOrIsConnectedIsToldOf(final SocketFamily family) throws IOException {
        final List<String> told = new ArrayList<>();
        try (SocketFd listening = family.socket()) {
            listening.bind(family.any());
            listening.listen(1);
            final SocketFd another = family.socket();
            another.bind(family.any());
            another.listen(1);
            loop.connect(another, listening.localAddress()).onClose(cause -> told.add("listening " + cause));
            try (SocketFd.Pair pair = family.connected()) {
                loop.connect(pair.first(), listening.localAddress()).onClose(cause -> told.add("connected " + cause));
                Turns.untilOver(loop);
                assertThat(pair.first().isOpen()).isFalse();
            }
            assertThat(another.isOpen()).isFalse();
        }
        assertThat(told).hasSize(2).allMatch(each -> each.matches("(listening|connected) .*(EISCONN|EINVAL).*"));
        assertThat(loop.metrics().streams()).isZero();
    }

    @Test
    void aSocketThatCannotConnectIsToldOfAndOneThatIsNoneIsRefused() throws IOException {
        final SockAddr nobody = Nobody.at(SocketFamily.TCP4);
        final List<IOException> told = new ArrayList<>();
        final SocketFd socket = SocketFd.socket(AF_INET, SOCK_STREAM, 0);
        loop.connect(socket, nobody).onClose(told::add);
        Turns.untilOver(loop);
        assertThat(told).singleElement().asString().contains("ECONNREFUSED");
        assertThat(socket.isOpen()).isFalse();
        assertThatThrownBy(() -> loop.connect(socket, nobody)).isInstanceOf(IllegalStateException.class);
        try (SocketFd mine = SocketFd.socket(AF_INET, SOCK_STREAM, 0)) {
            assertThatThrownBy(() -> loop.connect(mine, null)).isInstanceOf(NullPointerException.class);
            loop.close();
            assertThatThrownBy(() -> loop.connect(mine, nobody)).isInstanceOf(IllegalStateException.class);
            assertThat(mine.isOpen()).isTrue();
        }
        assertThat(loop.metrics().streams()).isZero();
    }

    @Test
    void aHundredMegabytesComeBackInOrderWithBackPressure() throws IOException {
        final long total = 100L << 20;
        final Listener listener = loop.listen(SockAddr.unixAutobind(), stream -> stream.pipeTo(stream));
        final Stream client = loop.connect(listener.localAddress());
        final MemorySegment block = MemorySegment.ofArray(new byte[64 * 1024]);
        final AtomicLong sent = new AtomicLong();
        final AtomicLong received = new AtomicLong();
        final AtomicLong most = new AtomicLong();
        final Action send = () -> {
            boolean more = true;
            while (more && sent.get() < total) {
                for (int i = 0; i < block.byteSize(); i++) {
                    block.set(ValueLayout.JAVA_BYTE, i, (byte) ((sent.get() + i) % 251));
                }
                more = client.write(block);
                sent.addAndGet(block.byteSize());
                most.accumulateAndGet(loop.metrics().bytesQueued(), Math::max);
            }
            if (sent.get() == total && more) {
                client.end();
            }
        };
        client.onConnect(send).onDrain(send).onData(data -> {
            for (long i = 0; i < data.byteSize(); i++) {
                if (data.get(ValueLayout.JAVA_BYTE, i) != (byte) ((received.get() + i) % 251)) {
                    throw new IOException("byte " + (received.get() + i) + " is wrong");
                }
            }
            received.addAndGet(data.byteSize());
        }).onClose(cause -> {
            assertThat(cause).isNull();
            listener.close();
        });
        loop.run();
        assertThat(received).hasValue(total);
        assertThat(most.get()).isLessThan(1 << 20);
    }
}
