package io.github.fdsock.cli.roundtrip;

import io.github.fdsock.Endpoint;
import io.github.fdsock.SockAddr;
import java.io.Closeable;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;

/// The work of [Pinger] on stream sockets, over the JDK's own channels and selector: what the demo compares with.
public final class NioPinger implements Closeable {
    private static final long TICK_MS = 100;

    private final Endpoint endpoint;
    private final Selector selector = Selector.open();
    private final List<Connection> connections = new ArrayList<>();
    private RoundTrips results;
    private long end;
    private int underWay;

    /// A selector's consumer cannot throw it.
    private IOException failure;

    public NioPinger(final Endpoint endpoint, final int size, final int count) throws IOException {
        this.endpoint = endpoint;
        try {
            for (int i = 0; i < count; i++) {
                final SocketChannel channel = connect();
                connections.add(new Connection(channel, new Payload(size, i)));
            }
        } catch (final IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private SocketChannel connect() throws IOException {
        final SocketAddress address = endpoint.address().toSocketAddress();
        final SocketChannel channel = SocketChannel.open(address);
        try {
            if (endpoint.address() instanceof SockAddr.Inet) {
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            }
            channel.configureBlocking(false);
            return channel;
        } catch (final IOException e) {
            channel.close();
            throw e;
        }
    }

    public RoundTrips run(final long nanos, final LongConsumer progress) throws IOException {
        results = new RoundTrips();
        final long start = System.nanoTime();
        end = start + nanos;
        underWay = connections.size();
        for (final Connection connection : connections) {
            connection.begin();
        }
        long tick = start;
        while (underWay > 0) {
            if (selector.select(key -> ((Connection) key.attachment()).ready(), TICK_MS) == 0
                    && System.nanoTime() - end > Pinger.ANSWER_TIMEOUT_NANOS) {
                throw new WrongAnswerException("no answer from " + endpoint + " within " + Pinger.ANSWER_TIMEOUT);
            }
            final long now = System.nanoTime();
            if (now - tick > TICK_MS * 1_000_000) {
                tick = now;
                progress.accept(Math.min(now - start, nanos));
            }
            if (failure != null) {
                throw failure;
            }
        }
        results.elapsedNanos = System.nanoTime() - start;
        return results;
    }

    @Override
    public void close() throws IOException {
        for (final Connection connection : connections) {
            connection.channel.close();
        }
        selector.close();
    }

    private final class Connection {
        private final SocketChannel channel;
        private final SelectionKey key;
        private final Payload payload;
        private final ByteBuffer out;
        private final ByteBuffer in;
        private long sentAt;

        Connection(final SocketChannel channel, final Payload payload) throws IOException {
            this.channel = channel;
            this.payload = payload;
            out = payload.out.asByteBuffer();
            in = payload.in.asByteBuffer();
            key = channel.register(selector, SelectionKey.OP_READ, this);
        }

        void begin() throws IOException {
            payload.next();
            out.clear();
            in.clear();
            sentAt = System.nanoTime();
            send();
        }

        private void send() throws IOException {
            channel.write(out);
            final int interest = out.hasRemaining() ? SelectionKey.OP_READ | SelectionKey.OP_WRITE
                    : SelectionKey.OP_READ;
            if (interest != key.interestOps()) {
                key.interestOps(interest);
            }
        }

        void ready() {
            try {
                if (out.hasRemaining()) {
                    send();
                }
                if (channel.read(in) < 0) {
                    throw new WrongAnswerException(endpoint + " closed the connection");
                }
                if (in.hasRemaining()) {
                    return;
                }
                final long time = System.nanoTime() - sentAt;
                if (!payload.cameBack()) {
                    throw new WrongAnswerException(endpoint + " sent back something else than it was sent");
                }
                results.record(time, payload.size());
                if (sentAt + time < end) {
                    begin();
                } else {
                    underWay--;
                }
            } catch (final IOException e) {
                failure = e;
            }
        }
    }
}
