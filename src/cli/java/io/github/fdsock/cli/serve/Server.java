package io.github.fdsock.cli.serve;

import static io.github.fdsock.sys.Constants.SOCK_DGRAM;

import io.github.fdsock.Endpoint;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.loop.Datagrams;
import io.github.fdsock.loop.EventLoop;
import io.github.fdsock.loop.Handle;
import io.github.fdsock.loop.Listener;
import io.github.fdsock.loop.Stream;
import io.github.fdsock.option.SockOpt;
import java.io.IOException;
import java.io.PrintStream;

/// Lets one service serve any number of sockets of any kind in a loop.
public final class Server {
    private final EventLoop loop;
    private final Listener.Overload overload;
    private final Service service;
    private final PrintStream log;

    /// The same for all connections.
    private final Handle.CloseHandler lost = this::lost;

    /// @param loop all belong to it, and are closed with it
    /// @param overload what is done with connections that there is no descriptor for
    /// @param service what is done for those who come
    /// @param log is told what went wrong
    public Server(final EventLoop loop, final Listener.Overload overload, final Service service, final PrintStream log) {
        this.loop = loop;
        this.overload = overload;
        this.service = service;
        this.log = log;
    }

    /// Serves a socket: one that listens, that is for datagrams, or that is itself a connection.
    ///
    /// @param socket belongs to the loop from now on, and is closed where this throws
    /// @return its own address, with the port that the kernel chose
    /// @throws IOException as the calls have it
    public Endpoint serve(final SocketFd socket) throws IOException {
        try {
            final Endpoint here = new Endpoint(socket.getsockopt(SockOpt.SO_TYPE), socket.localAddress());
            final boolean tcp = here.address() instanceof SockAddr.Inet;
            if (here.type() == SOCK_DGRAM) {
                receiving(loop.datagrams(socket));
            } else if (socket.getsockopt(SockOpt.SO_ACCEPTCONN)) {
                loop.listen(socket, stream -> connected(stream, tcp)).onError(this::complain).overload(overload);
            } else {
                adopted(loop.adopt(socket), tcp);
            }
            return here;
        } catch (final IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private void receiving(final Datagrams socket) throws IOException {
        try {
            service.receiving(socket);
        } catch (final IOException e) {
            socket.destroy(e);
            throw e;
        }
    }

    private void adopted(final Stream stream, final boolean tcp) throws IOException {
        try {
            connected(stream, tcp);
        } catch (final IOException e) {
            stream.destroy(e);
            throw e;
        }
    }

    private void connected(final Stream stream, final boolean tcp) throws IOException {
        stream.onClose(lost);
        service.connected(stream, tcp);
    }

    private void lost(final IOException cause) {
        if (cause != null) {
            log.println("connection lost: " + cause.getMessage());
        }
    }

    private void complain(final Listener.AcceptError kind, final IOException failure) {
        log.println(switch (kind) {
            case RESOURCES -> "no descriptor for a connection: ";
            case CONNECTION -> "connection lost before it was accepted: ";
            default -> "listener lost: ";
        } + failure.getMessage());
    }
}
