package io.github.fdsock.option;

/// `struct ucred`: who is at the other end of a UNIX socket.
///
/// User and group are unsigned in C, and here an `int` with the same bits: -1 is "nobody", which is what a socket
/// without a peer tells, with process 0.
///
/// A process may have ended, and its number may be another's, by the time this is read;
/// [io.github.fdsock.SocketFd#peerPidFd] names the process itself.
///
/// @param pid the process, as this process's PID namespace numbers it; 0 where it has no number there
/// @param uid its effective user; 65534, usually, where this process's user namespace has no number for it
/// @param gid its effective group, likewise
/// @see <a href="https://man7.org/linux/man-pages/man7/unix.7.html">unix(7)</a>
public record Credentials(int pid, int uid, int gid) {
}
