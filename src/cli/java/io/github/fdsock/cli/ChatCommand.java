package io.github.fdsock.cli;

import static io.github.fdsock.sys.Constants.SOCK_DGRAM;
import static io.github.fdsock.sys.Constants.SOCK_NONBLOCK;
import static io.github.fdsock.sys.Constants.SOCK_STREAM;

import io.github.fdsock.Endpoint;
import io.github.fdsock.Fd;
import io.github.fdsock.cli.chat.Participant;
import io.github.fdsock.cli.chat.Room;
import io.github.fdsock.cli.descriptor.Inherited;
import io.github.fdsock.cli.serve.Server;
import io.github.fdsock.loop.EventLoop;
import io.github.fdsock.loop.Listener;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `fdsock chat`: joins a chat, or holds one.
@Command(name = "chat", description = {
    "Joins a chat: what is typed is told to all others, and what they say is shown, until the end of input (Ctrl-D),"
        + " SIGTERM or SIGINT. Where the chat ends before that, the exit status is 1.",
    "With --listen it is the chat, at any number of addresses, and tells on standard error who comes and goes. nc(1) and"
        + " the like can join as well, by sending lines; over datagrams <JOIN> and <LEAVE> too."})
final class ChatCommand implements Callable<Integer> {
    private static final int STANDARD_INPUT = 0;
    private static final int STANDARD_OUTPUT = 1;

    @Spec
    private CommandSpec spec;

    @Parameters(arity = "1..*", paramLabel = "ADDRESS",
            description = "tcp:127.0.0.1:7000, udp:[::1]:7000, unix:/path, unix:@abstract, unixdgram:...")
    private List<Endpoint> endpoints;

    @Option(names = "--listen", description = "be the chat that others join")
    private boolean listen;

    @Override
    public Integer call() throws Exception {
        for (final Endpoint endpoint : endpoints) {
            if (endpoint.type() != SOCK_STREAM && endpoint.type() != SOCK_DGRAM) {
                throw new ParameterException(spec.commandLine(),
                        endpoint + " is an address of neither streams nor datagrams");
            }
        }
        if (!listen && endpoints.size() > 1) {
            throw new ParameterException(spec.commandLine(), "only one chat can be joined, not " + endpoints.size());
        }
        final EventLoop loop = EventLoop.open();
        try (Termination termination = Termination.by(loop::stop, false)) {
            try (Resources resources = new Resources()) {
                final Resources socketFiles = resources.add(new Resources());
                resources.add(loop);
                return listen ? hold(loop, resources, socketFiles) : join(loop, resources);
            } catch (final IOException | RuntimeException e) {
                termination.failed("chat", e);
                throw e;
            }
        }
    }

    private int hold(final EventLoop loop, final Resources resources, final Resources socketFiles) throws IOException {
        final Room room = resources.add(new Room(System.err));
        final Server server = new Server(loop, Listener.Overload.REFUSE, room, System.err);
        for (final Endpoint endpoint : endpoints) {
            Output.listening(System.out, server.serve(SocketFile.bind(endpoint, SOCK_NONBLOCK, socketFiles)), false);
        }
        loop.run();
        return 0;
    }

    private int join(final EventLoop loop, final Resources resources) throws IOException {
        final Fd in = resources.add(new Inherited(STANDARD_INPUT).open());
        final Fd out = resources.add(new Inherited(STANDARD_OUTPUT).open());
        final Participant participant =
                resources.add(Participant.join(loop, endpoints.getFirst(), in, out, System.err));
        loop.run();
        participant.leave();
        return participant.isLost() ? 1 : 0;
    }
}
