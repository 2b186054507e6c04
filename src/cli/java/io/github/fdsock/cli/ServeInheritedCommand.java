package io.github.fdsock.cli;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.Endpoint;
import io.github.fdsock.ErrnoException;
import io.github.fdsock.Fd;
import io.github.fdsock.SocketFd;
import io.github.fdsock.cli.descriptor.Descriptor;
import io.github.fdsock.cli.serve.Echo;
import io.github.fdsock.cli.serve.Server;
import io.github.fdsock.loop.EventLoop;
import io.github.fdsock.loop.Listener;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.process.Activation;
import io.github.fdsock.process.Inetd;
import io.github.fdsock.process.Notify;
import java.io.IOException;
import java.io.PrintStream;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `fdsock serve-inherited`: an echo server on sockets that somebody else has made.
@Command(name = "serve-inherited", description = {
    "Sends back what it receives on the sockets that a service manager has passed (LISTEN_FDS, LISTEN_FDNAMES): those"
        + " that listen, connections, those for datagrams.",
    "Ends on SIGTERM or SIGINT, and when all it has was connections and they have ended. READY=1 and STOPPING=1 go to"
        + " NOTIFY_SOCKET, if it is set. Socket files stay."})
final class ServeInheritedCommand implements Callable<Integer> {
    private final PrintStream log = System.err;

    @Spec
    private CommandSpec spec;

    @Option(names = "--inetd", description = "serve the socket that is standard input instead")
    private boolean inetd;

    private int served;

    @Override
    public Integer call() throws Exception {
        final Notify manager = fromEnvironment(Notify::fromEnvironment);
        return LoopCommand.run("serve-inherited", EventLoop.open(), false, command -> {
            takeOver(new Server(command.loop(), Listener.Overload.REFUSE, new Echo(log, false), log));
            if (served == 0) {
                log.println("fdsock serve-inherited: no socket was passed to this process");
                return 1;
            }
            manager.ready();
            command.loop().run();
            manager.stopping();
            return 0;
        });
    }

    /// What a variable holds that makes no sense, or is not so, is wrong usage.
    private <T> T fromEnvironment(final Source<T> source) throws ErrnoException {
        try {
            return source.get();
        } catch (final IllegalArgumentException | IllegalStateException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private interface Source<T> {
        T get() throws ErrnoException;
    }

    private void takeOver(final Server server) throws IOException {
        if (inetd) {
            serve(server, Inetd.take(), "standard input");
            return;
        }
        try (Activation passed = fromEnvironment(Activation::take)) {
            for (int i = 0; i < passed.descriptors(); i++) {
                serve(server, passed.takeFd(i), Descriptor.printable(passed.name(i)));
            }
        }
    }

    private void serve(final Server server, final Fd fd, final String name) throws IOException {
        if (!(fd instanceof final SocketFd socket) || !isServable(socket)) {
            log.println("not served: " + name + ", " + fd + ", which nobody connects to or sends datagrams to");
            fd.close();
            return;
        }
        final boolean connected = socket.getsockopt(SockOpt.SO_TYPE) != SOCK_DGRAM
                && !socket.getsockopt(SockOpt.SO_ACCEPTCONN);
        final Endpoint here = server.serve(socket);
        served++;
        log.println("serving " + name + ", " + (connected ? "a connection at " : "") + here);
        if (!connected) {
            Output.listening(System.out, here, false);
        }
    }

    /// Netlink's answers would go to the kernel; a socket that neither listens nor is connected is of no use to anybody.
    private static boolean isServable(final SocketFd socket) throws ErrnoException {
        return switch (socket.getsockopt(SockOpt.SO_DOMAIN)) {
            case AF_INET, AF_INET6, AF_UNIX, AF_VSOCK -> switch (socket.getsockopt(SockOpt.SO_TYPE)) {
                case SOCK_DGRAM -> true;
                case SOCK_STREAM, SOCK_SEQPACKET -> socket.getsockopt(SockOpt.SO_ACCEPTCONN) || isConnected(socket);
                default -> false;
            };
            default -> false;
        };
    }

    private static boolean isConnected(final SocketFd socket) throws ErrnoException {
        try {
            socket.remoteAddress();
            return true;
        } catch (final ErrnoException e) {
            if (e.errno() == ENOTCONN) {
                return false;
            }
            throw e;
        }
    }
}
