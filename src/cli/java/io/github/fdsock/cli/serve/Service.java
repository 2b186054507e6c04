package io.github.fdsock.cli.serve;

import io.github.fdsock.loop.Datagrams;
import io.github.fdsock.loop.Stream;
import java.io.IOException;

/// What is done for those who come to a [Server].
@FunctionalInterface
public interface Service {
    /// Somebody has connected.
    ///
    /// @param stream the connection, of which nothing has been read yet
    /// @param tcp whether it is one of TCP
    /// @throws IOException destroys the stream with it
    void connected(Stream stream, boolean tcp) throws IOException;

    /// There is a socket that anybody may send datagrams to. A service of streams alone refuses it.
    ///
    /// @param socket the socket, of which nothing has been received yet
    /// @throws IOException closes the socket with it
    default void receiving(final Datagrams socket) throws IOException {
        throw new IOException(socket + " is for datagrams, which are not served");
    }
}
