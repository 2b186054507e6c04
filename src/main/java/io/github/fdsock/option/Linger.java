package io.github.fdsock.option;

/// `struct linger`: what `close` does with bytes that are not sent yet, the value of [SockOpt#SO_LINGER].
///
/// @param on      false: `close` returns at once and the kernel goes on sending, as it does by default.
///                True: `close` blocks, on a non-blocking socket as well, until all is sent and acknowledged or the
///                time is over
/// @param seconds how long `close` may block; 0 with `on`: what is unsent is thrown away and the
///                connection is reset. Where it is off this has no meaning, and is 0
/// @see <a href="https://man7.org/linux/man-pages/man7/socket.7.html">socket(7)</a>
public record Linger(boolean on, int seconds) {
    /// `close` returns at once: the default.
    public static final Linger OFF = new Linger(false, 0);

    /// `close` throws away what is unsent, and the peer of a TCP connection gets a reset (RST) instead of the end.
    public static final Linger RESET = new Linger(true, 0);

    /// Checks the time.
    ///
    /// @throws IllegalArgumentException a negative one
    public Linger {
        if (seconds < 0) {
            throw new IllegalArgumentException("to linger for " + seconds + " seconds");
        }
        if (!on) {
            seconds = 0;
        }
    }

    /// `close` blocks until all is sent and acknowledged.
    ///
    /// @param seconds no longer than so
    /// @return the value
    /// @throws IllegalArgumentException a negative time
    public static Linger seconds(final int seconds) {
        return new Linger(true, seconds);
    }
}
