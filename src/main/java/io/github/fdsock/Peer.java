package io.github.fdsock;

/// What the kernel answers when it is asked about the other end of a UNIX socket, with the reasons for not answering
/// kept apart: a check of who is there has to tell "it may not" from "I cannot know", and to fail on each.
///
/// ```java
/// switch (socket.peerPidFd()) {
///     case Peer.Known<PidFd>(PidFd process) -> …
///     case Peer.Gone<PidFd> gone -> …
///     case Peer.Unsupported<PidFd> unsupported -> …
///     case Peer.Absent<PidFd> absent -> …
/// }
/// ```
///
/// Whoever only wants the answer calls [#orThrow], and fails closed.
///
/// @param <T> what was asked for
/// @see <a href="https://man7.org/linux/man-pages/man7/unix.7.html">unix(7)</a>
public sealed interface Peer<T> {

    /// The answer.
    ///
    /// @param <T> what was asked for
    /// @param value the answer; a descriptor is the caller's
    record Known<T>(T value) implements Peer<T> {
    }

    /// The process at the other end has ended and was waited for, so that nothing stands for it any more. Kernels since
    /// Linux 6.16 go on knowing it.
    ///
    /// @param <T> what was asked for
    /// @param why `EINVAL` or `ESRCH`
    record Gone<T>(ErrnoException why) implements Peer<T> {
    }

    /// This kernel cannot say: it is too old, or built or booted without what would know.
    ///
    /// @param <T> what was asked for
    /// @param why `ENOPROTOOPT` or `EOPNOTSUPP`
    record Unsupported<T>(ErrnoException why) implements Peer<T> {
    }

    /// There is no other end: the socket is not connected, or not of a kind that knows its peer.
    ///
    /// @param <T> what was asked for
    /// @param why `ENODATA` or `ENOTCONN`
    record Absent<T>(ErrnoException why) implements Peer<T> {
    }

    /// The answer, or the errno that stood in its place.
    ///
    /// @return the answer; a descriptor is the caller's
    /// @throws ErrnoException in all cases but [Known]
    default T orThrow() throws ErrnoException {
        return switch (this) {
            case Known<T>(T value) -> value;
            case Gone<T>(ErrnoException why) -> throw why;
            case Unsupported<T>(ErrnoException why) -> throw why;
            case Absent<T>(ErrnoException why) -> throw why;
        };
    }
}
