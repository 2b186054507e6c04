package io.github.fdsock.cli.serve;

import static io.github.fdsock.sys.Constants.AF_UNIX;

import io.github.fdsock.loop.Datagrams;
import io.github.fdsock.loop.Stream;
import io.github.fdsock.option.SockOpt;
import java.io.IOException;
import java.io.PrintStream;

/// Sends back what it receives.
///
/// What a peer does not take at once is kept for it, and until it has taken it, nothing more is read from it: a slow
/// reader costs a buffer or two and disturbs nobody.
public final class Echo implements Service {
    /// A datagram of a UNIX socket has to fit: the kernel's default limit for one is 212,992 bytes.
    private static final int DATAGRAM_SIZE = 256 * 1024;

    private final PrintStream log;
    private final boolean greet;

    /// How many clients have come.
    private long clients;

    /// @param log is told what was not sent back
    /// @param greet whether each client of a stream is told its number first
    public Echo(final PrintStream log, final boolean greet) {
        this.log = log;
        this.greet = greet;
    }

    @Override
    public void connected(final Stream stream, final boolean tcp) throws IOException {
        if (tcp) {
            stream.noDelay(true);
        }
        // What pipeTo would do; by hand it takes less memory for each connection.
        stream.onData(data -> {
            if (!stream.write(data)) {
                stream.pause();
            }
        });
        stream.onDrain(stream::resume);
        clients++;
        if (greet) {
            stream.write("client " + clients + "\n");
        }
    }

    @Override
    public void receiving(final Datagrams socket) throws IOException {
        if (socket.socket().getsockopt(SockOpt.SO_DOMAIN) == AF_UNIX) {
            socket.room(DATAGRAM_SIZE, 0);
        }
        socket.onMessage((data, from, message) -> {
            if (message.truncated()) {
                log.println("datagram dropped: " + message.length() + " bytes, more than " + DATAGRAM_SIZE);
            } else if (from.length() <= Short.BYTES) {
                log.println("datagram dropped: its sender has no address");
            } else if (!socket.send(data, from)) {
                socket.pause();
            }
        });
        socket.onDrain(socket::resume);
        socket.onError((error, _, _) -> log.println("datagram not answered: " + error.getMessage()));
        socket.onClose(cause -> {
            if (cause != null) {
                log.println("socket lost: " + cause.getMessage());
            }
        });
    }
}
