package io.github.fdsock;

/// The queue of a socket that listens: the connections that nobody has accepted yet, as [SocketFd#acceptQueue] found
/// it.
///
/// @param length how many connections wait
/// @param limit  the backlog that `listen(2)` has set, cut to `net.core.somaxconn`. Linux refuses or
///               drops further connections when the length *exceeds* it, so that one more than this may wait
public record AcceptQueue(int length, int limit) {
}
