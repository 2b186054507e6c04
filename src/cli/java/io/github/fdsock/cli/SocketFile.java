package io.github.fdsock.cli;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.Endpoint;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.option.SockOpt;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/// The file that `bind` has made for a UNIX socket, which stays behind when the socket is closed.
///
/// [#close] removes it, unless somebody else has put another one in its place since.
final class SocketFile implements Closeable {
    private final Path path;
    private final Object identity;

    private SocketFile(final Path path) throws IOException {
        this.path = path;
        identity = identity(path);
    }

    /// Makes a socket with an address of its own, which listens if its type is one that does.
    ///
    /// @param flags `SOCK_NONBLOCK` or 0
    /// @param files takes over the file, where the address has one
    static SocketFd bind(final Endpoint endpoint, final int flags, final Resources files) throws IOException {
        // Before there is one.
        final Path file = endpoint.address() instanceof SockAddr.UnixPath unix ? path(unix) : null;
        final SocketFd socket = SocketFd.socket(endpoint.family(), endpoint.type() | flags, 0);
        try {
            if (endpoint.address() instanceof SockAddr.Inet && endpoint.type() == SOCK_STREAM) {
                socket.setsockopt(SockOpt.SO_REUSEADDR, true);
            }
            socket.bind(endpoint.address());
            if (file != null) {
                files.add(new SocketFile(file));
            }
            if (endpoint.type() != SOCK_DGRAM) {
                socket.listen(SOMAXCONN);
            }
            return socket;
        } catch (final IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private static Path path(final SockAddr.UnixPath address) throws IOException {
        try {
            return address.toPath();
        } catch (final UnsupportedOperationException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private static Object identity(final Path file) throws IOException {
        return Files.readAttributes(file, BasicFileAttributes.class).fileKey();
    }

    @Override
    public void close() throws IOException {
        if (Files.exists(path) && identity.equals(identity(path))) {
            Files.delete(path);
        }
    }
}
