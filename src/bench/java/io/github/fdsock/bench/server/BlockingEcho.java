package io.github.fdsock.bench.server;

import static io.github.fdsock.sys.Constants.SOCK_STREAM;
import static io.github.fdsock.sys.Constants.SOMAXCONN;

import io.github.fdsock.Endpoint;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.blocking.BlockingSocket;
import io.github.fdsock.blocking.Poller;
import io.github.fdsock.option.SockOpt;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.util.List;

/// [VirtualThreadEcho] over the library's own blocking style: a virtual thread for each connection, which a [Poller] parks.
///
/// Its first argument, as that of its peers here, is `--until-stdin-ends`; the others are addresses.
public final class BlockingEcho {
    private static final int BUFFER_SIZE = 16 * 1024;

    private BlockingEcho() {
    }

    /// Serves until standard input ends.
    ///
    /// @param arguments `--until-stdin-ends`, and addresses
    /// @throws IOException there is no listening at one of them
    public static void main(final String... arguments) throws IOException {
        final List<Endpoint> endpoints =
                List.of(arguments).subList(1, arguments.length).stream().map(Endpoint::parse).toList();
        final Poller poller = Poller.open();
        for (final Endpoint endpoint : endpoints) {
            listen(poller, endpoint);
        }
        System.in.transferTo(OutputStream.nullOutputStream());
        for (final Endpoint endpoint : endpoints) {
            if (endpoint.address() instanceof SockAddr.UnixPath unix) {
                Files.deleteIfExists(unix.toPath());
            }
        }
        System.exit(0);
    }

    private static void listen(final Poller poller, final Endpoint endpoint) throws IOException {
        final SocketFd socket = SocketFd.socket(endpoint.family(), SOCK_STREAM, 0);
        socket.bind(endpoint.address());
        final boolean tcp = endpoint.address() instanceof SockAddr.Inet;
        if (!tcp) {
            // As BlockingSocket recommends; where the kernel cannot, it is served all the same.
            socket.refuseDescriptors();
        }
        socket.listen(SOMAXCONN);
        System.out.println("listening " + new Endpoint(endpoint.type(), socket.localAddress()));
        final BlockingSocket listener = poller.adopt(socket);
        Thread.startVirtualThread(() -> accept(listener, tcp));
    }

    private static void accept(final BlockingSocket listener, final boolean tcp) {
        try {
            while (true) {
                final BlockingSocket peer = listener.accept(-1);
                Thread.startVirtualThread(() -> echo(peer, tcp));
            }
        } catch (final IOException e) {
            System.err.println("accept: " + e.getMessage());
            System.exit(1);
        }
    }

    private static void echo(final BlockingSocket peer, final boolean tcp) {
        try (peer) {
            if (tcp) {
                peer.fd().setsockopt(SockOpt.TCP_NODELAY, true);
            }
            final MemorySegment buffer = Arena.ofAuto().allocate(BUFFER_SIZE);
            for (long n = peer.read(buffer, -1); n > 0; n = peer.read(buffer, -1)) {
                peer.write(buffer.asSlice(0, n), -1);
            }
        } catch (final IOException e) {
            System.err.println("connection lost: " + e.getMessage());
        }
    }
}
