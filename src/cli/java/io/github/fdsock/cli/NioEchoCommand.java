package io.github.fdsock.cli;

import io.github.fdsock.Endpoint;
import io.github.fdsock.SockAddr;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `fdsock nio-echo`: [EchoCommand] on stream sockets over the JDK's own channels, for the demo to compare with.
@Command(name = "nio-echo", hidden = true, description = "An echo server over JDK NIO, to compare with.")
final class NioEchoCommand implements Callable<Integer> {
    private static final int BUFFER_SIZE = 256 * 1024;

    @Parameters(arity = "1..*", paramLabel = "ADDRESS")
    private List<Endpoint> endpoints;

    @Option(names = "--until-stdin-ends", hidden = true)
    private boolean untilStdinEnds;

    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_SIZE);
    private volatile boolean stopped;

    @Override
    public Integer call() throws Exception {
        try (Selector selector = Selector.open()) {
            try (Termination _ = Termination.by(() -> stop(selector), untilStdinEnds)) {
                try {
                    for (final Endpoint endpoint : endpoints) {
                        Output.listening(System.out, listen(selector, endpoint), false);
                    }
                    while (!stopped) {
                        selector.select(this::ready);
                    }
                } finally {
                    close(selector);
                }
            }
        }
        return 0;
    }

    private void stop(final Selector selector) {
        stopped = true;
        selector.wakeup();
    }

    private static Endpoint listen(final Selector selector, final Endpoint endpoint) throws IOException {
        final ServerSocketChannel server = endpoint.address() instanceof SockAddr.Inet
                ? ServerSocketChannel.open() : ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        server.configureBlocking(false);
        // Registered first: what is registered is closed at the end, and its socket file removed if it has one by then.
        server.register(selector, SelectionKey.OP_ACCEPT);
        server.bind(endpoint.address().toSocketAddress());
        return server.getLocalAddress() instanceof InetSocketAddress bound
                ? new Endpoint(endpoint.type(), SockAddr.of(bound)) : endpoint;
    }

    private void ready(final SelectionKey key) {
        try {
            if (key.isAcceptable()) {
                final SocketChannel peer = ((ServerSocketChannel) key.channel()).accept();
                if (peer != null) {
                    peer.configureBlocking(false);
                    if (peer.getLocalAddress() instanceof InetSocketAddress) {
                        peer.setOption(StandardSocketOptions.TCP_NODELAY, true);
                    }
                    peer.register(key.selector(), SelectionKey.OP_READ);
                }
            } else if (key.attachment() instanceof ByteBuffer rest) {
                flush(key, rest);
            } else {
                buffer.clear();
                if (((SocketChannel) key.channel()).read(buffer) < 0) {
                    key.channel().close();
                } else {
                    flush(key, buffer.flip());
                }
            }
        } catch (final IOException e) {
            System.err.println("connection lost: " + e.getMessage());
            close(key);
        }
    }

    private static void flush(final SelectionKey key, final ByteBuffer bytes) throws IOException {
        ((SocketChannel) key.channel()).write(bytes);
        if (bytes.hasRemaining() && key.attachment() == null) {
            key.attach(ByteBuffer.allocateDirect(bytes.remaining()).put(bytes).flip());
            key.interestOps(SelectionKey.OP_WRITE);
        } else if (!bytes.hasRemaining() && key.attachment() != null) {
            key.attach(null);
            key.interestOps(SelectionKey.OP_READ);
        }
    }

    /// Closes every channel, and removes the socket files that were made.
    private static void close(final Selector selector) throws IOException {
        for (final SelectionKey key : selector.keys()) {
            final SocketAddress made = key.channel() instanceof ServerSocketChannel server ? server.getLocalAddress() : null;
            key.channel().close();
            if (made instanceof UnixDomainSocketAddress unix) {
                Files.deleteIfExists(unix.getPath());
            }
        }
    }

    private static void close(final SelectionKey key) {
        try {
            key.channel().close();
        } catch (final IOException e) {
            System.err.println("close: " + e.getMessage());
        }
    }
}
