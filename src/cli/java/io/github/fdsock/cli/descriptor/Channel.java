package io.github.fdsock.cli.descriptor;

import static io.github.fdsock.sys.Constants.AF_UNIX;

import io.github.fdsock.Endpoint;

/// The UNIX socket over which descriptors travel: `unix:/path`, `unixseq:@name`, `unixdgram:...`, or an inherited one,
/// `fd:1`. Exactly one of the two is there.
///
/// @param endpoint its address, or null
/// @param inherited its number, or null
public record Channel(Endpoint endpoint, Inherited inherited) {
    /// For the help.
    public static final String NOTATION = "unix:/path, unix:@abstract, unixseq:..., unixdgram:..., or fd:N for a socket that"
            + " was inherited, as fd:1 for standard output";

    /// Reads the notation.
    ///
    /// @param text an address, or `fd:N`
    /// @return the channel
    /// @throws IllegalArgumentException where it is neither, or the address of another kind of socket
    public static Channel parse(final String text) {
        if (text.startsWith(Inherited.PREFIX)) {
            return new Channel(null, Inherited.parse(text));
        }
        final Endpoint endpoint = Endpoint.parse(text);
        if (endpoint.family() != AF_UNIX) {
            throw new IllegalArgumentException("descriptors travel over UNIX sockets only, not over " + endpoint);
        }
        return new Channel(endpoint, null);
    }

    @Override
    public String toString() {
        return endpoint == null ? inherited.toString() : endpoint.toString();
    }
}
