package io.github.fdsock.cli.serve;

import io.github.fdsock.loop.Datagrams;
import io.github.fdsock.loop.Stream;
import java.io.IOException;

/// What is done for those who come to a [Server].
public interface Service {
    /// Somebody has connected.
    ///
    /// @param stream the connection, of which nothing has been read yet
    /// @param tcp whether it is one of TCP
    /// @throws IOException destroys the stream with it
    void connected(Stream stream, boolean tcp) throws IOException;

    /// There is a socket that anybody may send datagrams to.
    ///
    /// @param socket the socket, of which nothing has been received yet
    /// @throws IOException closes the socket with it
    void receiving(Datagrams socket) throws IOException;
}
