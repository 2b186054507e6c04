package io.github.fdsock.cli;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.Endpoint;
import io.github.fdsock.ErrnoException;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SockAddrBuffer;
import io.github.fdsock.SocketFd;
import io.github.fdsock.loop.EventLoop;
import io.github.fdsock.loop.Listener;
import io.github.fdsock.loop.Registration;
import io.github.fdsock.loop.Stream;
import io.github.fdsock.loop.WaitStrategy;
import java.io.Closeable;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Sends back what it receives, on any number of sockets of any kind, in one thread.
///
/// What a peer does not take at once is kept for it, and until it has taken it, nothing more is read from it: a slow
/// reader costs a buffer or two and disturbs nobody.
final class EchoServer implements Closeable {
    /// A datagram has to fit: the kernel's default limit for one is 212,992 bytes.
    private static final int DATAGRAM_SIZE = 256 * 1024;

    private final EventLoop loop;
    private final PrintStream log;
    private final Listener.Overload overload;
    private final boolean greet;
    private final Resources resources = new Resources();
    private final Resources socketFiles = new Resources();
    private final Arena arena = Arena.ofAuto();
    private final MemorySegment buffer = arena.allocate(DATAGRAM_SIZE, Long.BYTES);
    private final SockAddrBuffer sender = SockAddrBuffer.allocate(arena);

    /// How many clients have come.
    private long clients;

    /// @param log is told what went wrong
    /// @param strategy how it waits
    /// @param overload what is done with connections that there is no descriptor for
    /// @param greet whether each client is told its number first
    EchoServer(final PrintStream log, final WaitStrategy strategy, final Listener.Overload overload, final boolean greet)
            throws IOException {
        this.log = log;
        this.overload = overload;
        this.greet = greet;
        loop = EventLoop.open(strategy);
        resources.add(socketFiles);
        resources.add(loop);
    }

    /// Listens at an address, or receives there; the address with the port that the kernel chose.
    Endpoint serve(final Endpoint endpoint) throws IOException {
        final SocketFd socket = SocketFile.bind(endpoint, SOCK_NONBLOCK, socketFiles);
        try {
            final SockAddr address = socket.localAddress();
            if (endpoint.type() == SOCK_DGRAM) {
                loop.register(socket, EPOLLIN, this::answer);
                resources.add(socket);
            } else {
                final boolean tcp = endpoint.address() instanceof SockAddr.Inet;
                StreamServer.complaining(loop.listen(socket, stream -> echo(stream, tcp)), log).overload(overload);
            }
            return new Endpoint(endpoint.type(), address);
        } catch (final IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /// Serves until [#stop].
    void run() throws IOException {
        loop.run();
    }

    /// Lets [#run] return; from any thread.
    void stop() {
        loop.stop();
    }

    /// Closes every socket and removes the socket files that were made.
    @Override
    public void close() throws IOException {
        resources.close();
    }

    private void echo(final Stream stream, final boolean tcp) throws IOException {
        stream.onClose(this::lost);
        if (tcp) {
            stream.noDelay(true);
        }
        stream.pipeTo(stream);
        clients++;
        if (greet) {
            stream.write("client " + clients + "\n");
        }
    }

    private void lost(final IOException cause) {
        if (cause != null) {
            log.println("connection lost: " + cause.getMessage());
        }
    }

    // ---- datagrams

    private void answer(final Registration registration, final int events) throws IOException {
        final SocketFd socket = (SocketFd) registration.fd();
        try {
            final long n = socket.recvFrom(buffer, MSG_TRUNC, sender);
            if (n == -EAGAIN) {
                return;
            }
            if (n > buffer.byteSize()) {
                log.println("datagram dropped: " + n + " bytes, more than " + buffer.byteSize());
            } else if (sender.length() <= Short.BYTES) {
                log.println("datagram dropped: its sender has no address");
            } else if (socket.sendTo(buffer.asSlice(0, n), 0, sender) == -EAGAIN) {
                log.println("datagram dropped: the queue of " + sender.address() + " is full");
            }
        } catch (final ErrnoException e) {
            // The sender is gone, or an earlier answer was refused; the socket is fine.
            log.println("datagram not answered: " + e.getMessage());
        }
    }
}
