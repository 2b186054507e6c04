package io.github.fdsock.cli;

import static io.github.fdsock.sys.Constants.SOCK_DGRAM;
import static io.github.fdsock.sys.Constants.SOCK_STREAM;

import io.github.fdsock.Endpoint;
import io.github.fdsock.Fd;
import io.github.fdsock.cli.chat.Participant;
import io.github.fdsock.cli.chat.Room;
import io.github.fdsock.cli.descriptor.Inherited;
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
        return LoopCommand.run("chat", EventLoop.open(), false, listen ? this::hold : this::join);
    }

    private int hold(final LoopCommand chat) throws IOException {
        return chat.serve(endpoints, Listener.Overload.REFUSE, chat.add(new Room(System.err)));
    }

    private int join(final LoopCommand chat) throws IOException {
        final Fd in = chat.add(new Inherited(STANDARD_INPUT).open());
        final Fd out = chat.add(new Inherited(STANDARD_OUTPUT).open());
        final Participant participant =
                chat.add(Participant.join(chat.loop(), endpoints.getFirst(), in, out, System.err));
        chat.loop().run();
        participant.leave();
        return participant.isLost() ? 1 : 0;
    }
}
