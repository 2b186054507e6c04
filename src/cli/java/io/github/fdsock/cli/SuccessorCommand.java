package io.github.fdsock.cli;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.Endpoint;
import io.github.fdsock.EpollFd;
import io.github.fdsock.Fd;
import io.github.fdsock.Message;
import io.github.fdsock.SocketFd;
import io.github.fdsock.cli.roundtrip.WrongAnswerException;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.sys.struct.EpollEvents;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/// `fdsock successor`: the demo's other process, which is handed a listening socket and an open file.
///
/// It serves the next connection of the one, then reads the other on from where its first owner stopped, and sends what
/// it read back over the channel.
@Command(name = "successor", hidden = true, description = "Takes over a listener and a file; for the demo.")
final class SuccessorCommand implements Callable<Integer> {
    private static final int BUFFER_SIZE = 64 * 1024;

    @Parameters(paramLabel = "ADDRESS")
    private Endpoint channelAddress;

    @Override
    public Integer call() throws Exception {
        try (Arena arena = Arena.ofConfined();
                SocketFd channel = SocketFd.socket(channelAddress.family(), channelAddress.type(), 0)) {
            if (channel.connect(channelAddress.address()) != 0) {
                throw new WrongAnswerException("no connection to " + channelAddress);
            }
            final MemorySegment buffer = arena.allocate(BUFFER_SIZE);
            try (Message handover = receive(channel, buffer)) {
                if (handover.descriptors() != 2 || handover.controlTruncated()) {
                    throw new WrongAnswerException(handover.descriptors() + " descriptors came, not 2");
                }
                try (SocketFd listener = handover.takeSocketFd(0); Fd file = handover.takeFd(1)) {
                    if (!listener.getsockopt(SockOpt.SO_ACCEPTCONN)) {
                        throw new WrongAnswerException("the first descriptor is not a listening socket");
                    }
                    try (SocketFd client = accept(listener, channel)) {
                        copy(client, client, buffer);
                    }
                    copy(file, channel, buffer);
                }
            }
        }
        return 0;
    }

    /// How the other end has set what it passes, and what is on its way there, is not known: any call may have to wait.
    private static Message receive(final SocketFd channel, final MemorySegment buffer) throws IOException {
        Message message = channel.receive(buffer, 0, 2);
        while (message == null) {
            channel.await(POLLIN, -1);
            message = channel.receive(buffer, 0, 2);
        }
        return message;
    }

    private static SocketFd accept(final SocketFd listener, final SocketFd channel) throws IOException {
        SocketFd client = null;
        while (client == null) {
            awaitClient(listener, channel);
            client = listener.accept();
        }
        return client;
    }

    /// Until there is somebody to serve. Where whoever has passed the listener is gone, nobody will come.
    private static void awaitClient(final SocketFd listener, final SocketFd channel) throws IOException {
        try (Arena arena = Arena.ofConfined(); EpollFd both = EpollFd.create()) {
            final EpollEvents first = EpollEvents.allocate(arena, 1);
            both.add(listener, EPOLLIN, 0);
            both.add(channel, EPOLLRDHUP, 1);
            both.wait(first, -1);
            if (first.data(0) != 0) {
                throw new WrongAnswerException("whoever has passed the listener is gone");
            }
        }
    }

    /// Until the end of `from`.
    private static void copy(final Fd from, final Fd to, final MemorySegment buffer) throws IOException {
        for (long n = from.read(buffer); n != 0; n = from.read(buffer)) {
            if (n == -EAGAIN) {
                from.await(POLLIN, -1);
            }
            for (long at = 0; at < n; ) {
                final long written = to.write(buffer.asSlice(at, n - at));
                if (written == -EAGAIN) {
                    to.await(POLLOUT, -1);
                } else {
                    at += written;
                }
            }
        }
    }
}
