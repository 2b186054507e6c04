package io.github.fdsock.cli;

import static io.github.fdsock.sys.Constants.SOCK_NONBLOCK;
import static io.github.fdsock.sys.Constants.SOCK_STREAM;

import io.github.fdsock.Endpoint;
import io.github.fdsock.SocketFd;
import io.github.fdsock.loop.EventLoop;
import io.github.fdsock.loop.Listener;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/// Connections at any number of addresses, served in one loop until the command is told to end.
final class StreamServer {
    private StreamServer() {
    }

    /// What is done with the connections.
    @FunctionalInterface
    interface Service {
        /// Sets itself up.
        ///
        /// @param loop what all of them belong to
        /// @return is given each
        /// @throws IOException it cannot serve
        Listener.ConnectionHandler open(EventLoop loop) throws IOException;
    }

    /// Prints each address when it listens there, and serves until SIGTERM, SIGINT or SIGHUP.
    ///
    /// @param command   as it is called
    /// @param endpoints where, with ports that the kernel may choose
    /// @throws IOException no address, or what ends the loop
    static void run(final String command, final List<Endpoint> endpoints, final Service service) throws IOException {
        final EventLoop loop = EventLoop.open();
        try (Termination termination = Termination.by(loop::stop, false)) {
            try (Resources all = new Resources()) {
                final Resources socketFiles = all.add(new Resources());
                all.add(loop);
                final Listener.ConnectionHandler handler = service.open(loop);
                for (final Endpoint endpoint : endpoints) {
                    Output.listening(System.out, listen(loop, endpoint, socketFiles, handler), false);
                }
                loop.run();
            } catch (final IOException | RuntimeException e) {
                termination.failed(command, e);
                throw e;
            }
        }
    }

    /// Refuses what is no address of streams, as wrong usage.
    static void requireStreams(final CommandSpec command, final List<Endpoint> endpoints) {
        for (final Endpoint endpoint : endpoints) {
            if (endpoint.type() != SOCK_STREAM) {
                throw new ParameterException(command.commandLine(), endpoint + " is no address of streams");
            }
        }
    }

    /// A time that was given as a number, and has to be one.
    static Duration seconds(final CommandSpec command, final double seconds) {
        if (!(seconds > 0)) {
            throw new ParameterException(command.commandLine(), "a time of " + seconds + " seconds");
        }
        return Duration.ofNanos((long) (seconds * 1e9));
    }

    private static Endpoint listen(final EventLoop loop, final Endpoint endpoint, final Resources socketFiles,
            final Listener.ConnectionHandler handler) throws IOException {
        final SocketFd socket = SocketFile.bind(endpoint, SOCK_NONBLOCK, socketFiles);
        try {
            final Endpoint here = new Endpoint(SOCK_STREAM, socket.localAddress());
            complaining(loop.listen(socket, handler), System.err);
            return here;
        } catch (final IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /// Lets what goes wrong with a listener be told.
    static Listener complaining(final Listener listener, final PrintStream log) {
        return listener.onError((kind, failure) -> log.println(switch (kind) {
            case RESOURCES -> "no descriptor for a connection: ";
            case CONNECTION -> "connection lost before it was accepted: ";
            default -> "listener lost: ";
        } + failure.getMessage()));
    }
}
