package io.github.fdsock.cli;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.Endpoint;
import io.github.fdsock.Fd;
import io.github.fdsock.Message;
import io.github.fdsock.SocketFd;
import io.github.fdsock.cli.roundtrip.WrongAnswerException;
import io.github.fdsock.option.SockOpt;
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
            channel.connect(channelAddress.address());
            final MemorySegment buffer = arena.allocate(BUFFER_SIZE);
            try (Message handover = channel.receive(buffer, 0, 2)) {
                if (handover.descriptors() != 2 || handover.controlTruncated()) {
                    throw new WrongAnswerException(handover.descriptors() + " descriptors came, not 2");
                }
                try (SocketFd listener = SocketFd.adopt(handover.takeFd(0).release()); Fd file = handover.takeFd(1)) {
                    if (!listener.getsockopt(SockOpt.SO_ACCEPTCONN)) {
                        throw new WrongAnswerException("the first descriptor is not a listening socket");
                    }
                    try (SocketFd client = listener.accept()) {
                        copy(client, client, buffer);
                    }
                    copy(file, channel, buffer);
                }
            }
        }
        return 0;
    }

    /// Until the end of `from`.
    private static void copy(final Fd from, final Fd to, final MemorySegment buffer) throws IOException {
        for (long n = from.read(buffer); n > 0; n = from.read(buffer)) {
            for (long at = 0; at < n; ) {
                at += to.write(buffer.asSlice(at, n - at));
            }
        }
    }
}
