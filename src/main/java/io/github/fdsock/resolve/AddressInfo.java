package io.github.fdsock.resolve;

import io.github.fdsock.SockAddr;
import java.util.List;

/// What `getaddrinfo(3)` has found.
///
/// The addresses are in its order, which is that of RFC 6724 and `gai.conf(5)`: the first is the one most likely to
/// work. Those that it lists once for each type of socket are here once. They are copies, and the list is libc's no
/// more.
///
/// @param addresses one or more, each with the port; immutable
/// @param canonicalName the name that aliases led to; null unless asked for by `AI_CANONNAME`
public record AddressInfo(List<SockAddr> addresses, String canonicalName) {

    /// Copies the list.
    public AddressInfo {
        addresses = List.copyOf(addresses);
    }
}
