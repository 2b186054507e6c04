package io.github.fdsock.cli.descriptor;

import static io.github.fdsock.sys.Constants.AF_UNIX;

import io.github.fdsock.Fd;
import io.github.fdsock.SocketFd;
import io.github.fdsock.option.SockOpt;
import java.io.IOException;
import java.nio.file.FileSystemException;

/// A descriptor that this process was started with, by its number: `fd:3`.
///
/// It stays open under its number, and whoever started the process may go on with it: what is used here is a copy.
///
/// @param number the number, 0 or more
public record Inherited(int number) {
    /// What it begins with on the command line.
    public static final String PREFIX = "fd:";

    /// Reads `fd:3`.
    ///
    /// @param text beginning with [#PREFIX]
    /// @return the descriptor
    /// @throws IllegalArgumentException where what follows is no number
    public static Inherited parse(final String text) {
        try {
            final int number = Integer.parseInt(text.substring(PREFIX.length()));
            if (number >= 0) {
                return new Inherited(number);
            }
        } catch (final NumberFormatException e) {
            // As wrong as a negative one.
        }
        throw new IllegalArgumentException("cannot read \"" + text + "\": expected a number behind fd:");
    }

    /// A copy of it.
    ///
    /// @return owned by the caller
    /// @throws IOException `EBADF`: nothing was inherited under this number
    public Fd open() throws IOException {
        return Fd.adopt(number).dup();
    }

    /// A copy of it, for descriptors to travel over.
    ///
    /// @return owned by the caller
    /// @throws IOException where it is something else than a UNIX socket
    public SocketFd openUnixSocket() throws IOException {
        final SocketFd socket = SocketFd.adopt(number);
        if (socket.getsockopt(SockOpt.SO_DOMAIN) != AF_UNIX) {
            throw new FileSystemException(toString(), null, "descriptors travel over UNIX sockets only");
        }
        return socket.dup();
    }

    @Override
    public String toString() {
        return PREFIX + number;
    }
}
