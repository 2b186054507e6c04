package io.github.fdsock.bench.server;

import io.github.fdsock.Endpoint;
import io.github.fdsock.SockAddr;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;

/// An echo server as the JDK would have it: a virtual thread for each connection, and channels that block.
///
/// Its first argument, as that of its peers here, is `--until-stdin-ends`; the others are addresses.
public final class VirtualThreadEcho {
    /// There is one for each connection, so that it is smaller than the one buffer of a server with one thread.
    private static final int BUFFER_SIZE = 16 * 1024;

    private VirtualThreadEcho() {
    }

    /// Serves until standard input ends.
    ///
    /// @param arguments `--until-stdin-ends`, and addresses
    /// @throws IOException there is no listening at one of them
    public static void main(final String... arguments) throws IOException {
        final List<ServerSocketChannel> listeners = new ArrayList<>();
        for (final String address : List.of(arguments).subList(1, arguments.length)) {
            listeners.add(listen(Endpoint.parse(address)));
        }
        System.in.transferTo(OutputStream.nullOutputStream());
        for (final ServerSocketChannel listener : listeners) {
            if (listener.getLocalAddress() instanceof UnixDomainSocketAddress unix) {
                Files.deleteIfExists(unix.getPath());
            }
        }
        System.exit(0);
    }

    private static ServerSocketChannel listen(final Endpoint endpoint) throws IOException {
        final ServerSocketChannel listener = endpoint.address() instanceof SockAddr.Inet
                ? ServerSocketChannel.open() : ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        final SocketAddress bound = listener.bind(endpoint.address().toSocketAddress()).getLocalAddress();
        System.out.println("listening " + (bound instanceof InetSocketAddress inet
                ? new Endpoint(endpoint.type(), SockAddr.of(inet)) : endpoint));
        Thread.startVirtualThread(() -> accept(listener));
        return listener;
    }

    private static void accept(final ServerSocketChannel listener) {
        try {
            while (true) {
                final SocketChannel peer = listener.accept();
                Thread.startVirtualThread(() -> echo(peer));
            }
        } catch (final IOException e) {
            System.err.println("accept: " + e.getMessage());
            System.exit(1);
        }
    }

    private static void echo(final SocketChannel peer) {
        try (peer) {
            if (peer.getLocalAddress() instanceof InetSocketAddress) {
                peer.setOption(StandardSocketOptions.TCP_NODELAY, true);
            }
            final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_SIZE);
            while (peer.read(buffer) >= 0) {
                // All of it: the channel blocks.
                peer.write(buffer.flip());
                buffer.clear();
            }
        } catch (final IOException e) {
            System.err.println("connection lost: " + e.getMessage());
        }
    }
}
