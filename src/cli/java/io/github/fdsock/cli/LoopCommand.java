package io.github.fdsock.cli;

import static io.github.fdsock.sys.Constants.SOCK_NONBLOCK;
import static io.github.fdsock.sys.Constants.SOCK_STREAM;

import io.github.fdsock.Endpoint;
import io.github.fdsock.cli.serve.Server;
import io.github.fdsock.cli.serve.Service;
import io.github.fdsock.loop.EventLoop;
import io.github.fdsock.loop.Listener;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/// A command whose work is done in one loop, until a signal ends it, and whatever it has opened for that.
final class LoopCommand {
    private final EventLoop loop;
    private final Resources resources;
    private final Resources socketFiles;

    private LoopCommand(final EventLoop loop, final Resources resources) {
        this.loop = loop;
        this.resources = resources;
        socketFiles = resources.add(new Resources());
        resources.add(loop);
    }

    /// What is done.
    @FunctionalInterface
    interface Work {
        /// Opens what it needs, and runs the loop, which SIGTERM, SIGINT and SIGHUP stop.
        ///
        /// @return the exit status
        int run(LoopCommand command) throws IOException;
    }

    /// Does the work, and closes everything after it.
    ///
    /// @param name of the command, where it is told what failed
    /// @param loop is closed as well
    /// @param untilStdinEnds whether the end of standard input stops it, too
    /// @return the exit status
    /// @throws IOException what the work ended by
    static int run(final String name, final EventLoop loop, final boolean untilStdinEnds, final Work work)
            throws IOException {
        try (Termination termination = Termination.by(loop::stop, untilStdinEnds)) {
            try (Resources resources = new Resources()) {
                return work.run(new LoopCommand(loop, resources));
            } catch (final IOException | RuntimeException e) {
                termination.failed(name, e);
                throw e;
            }
        }
    }

    EventLoop loop() {
        return loop;
    }

    /// Takes over what is to be closed in front of the loop, and returns it.
    <T extends Closeable> T add(final T resource) {
        return resources.add(resource);
    }

    /// Prints each address when it listens there, and serves until it is stopped.
    ///
    /// @param endpoints where, with ports that the kernel may choose
    /// @return the exit status, 0
    /// @throws IOException no address, or what ends the loop
    int serve(final List<Endpoint> endpoints, final Listener.Overload overload, final Service service)
            throws IOException {
        final Server server = new Server(loop, overload, service, System.err);
        for (final Endpoint endpoint : endpoints) {
            Output.listening(System.out, server.serve(SocketFile.bind(endpoint, SOCK_NONBLOCK, socketFiles)), false);
        }
        loop.run();
        return 0;
    }

    /// Refuses what is no address of streams, as wrong usage.
    static void requireStreams(final CommandSpec command, final List<Endpoint> endpoints) {
        for (final Endpoint endpoint : endpoints) {
            if (endpoint.type() != SOCK_STREAM) {
                throw new ParameterException(command.commandLine(), endpoint + " is no address of streams");
            }
        }
    }

    /// A time that was given as a number, and has to be one: of a nanosecond at least, since none would be no limit.
    static Duration seconds(final CommandSpec command, final double seconds) {
        final long nanos = (long) (seconds * 1e9);
        if (nanos <= 0) {
            throw new ParameterException(command.commandLine(), "a time of " + seconds + " seconds");
        }
        return Duration.ofNanos(nanos);
    }
}
