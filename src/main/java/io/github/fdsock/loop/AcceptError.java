package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.*;

/// What a failure of `accept4(2)` means for the listener.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/accept.2.html#ERRORS">accept(2), ERRORS</a>
public enum AcceptError {
    /// `EINTR`: nothing has happened; the same call again.
    RETRY,

    /// The connection that was next is lost, and was before anybody had it: `ECONNABORTED`; `EPERM`, of a firewall; and
    /// the network's errors that Linux passes on for it. The one behind it may be fine.
    CONNECTION,

    /// No descriptor or no memory is left: `EMFILE`, `ENFILE`, `ENOBUFS`, `ENOMEM`. The connection stays in the queue, and
    /// the listener stays readable.
    RESOURCES,

    /// The listener is of no use: `EBADF`, `EINVAL` (it does not listen), `ENOTSOCK`, …
    FATAL;

    /// Sorts an errno.
    ///
    /// @param errno what `accept4` has set
    /// @return its kind
    public static AcceptError of(final int errno) {
        return switch (errno) {
            case EINTR -> RETRY;
            case ECONNABORTED, EPERM, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN, ENONET, EHOSTUNREACH, EOPNOTSUPP,
                    ENETUNREACH, ETIMEDOUT -> CONNECTION;
            case EMFILE, ENFILE, ENOBUFS, ENOMEM -> RESOURCES;
            default -> FATAL;
        };
    }
}
