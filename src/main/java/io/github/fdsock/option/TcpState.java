package io.github.fdsock.option;

import static io.github.fdsock.sys.Constants.TCP_CLOSE;
import static io.github.fdsock.sys.Constants.TCP_CLOSE_WAIT;
import static io.github.fdsock.sys.Constants.TCP_CLOSING;
import static io.github.fdsock.sys.Constants.TCP_ESTABLISHED;
import static io.github.fdsock.sys.Constants.TCP_FIN_WAIT1;
import static io.github.fdsock.sys.Constants.TCP_FIN_WAIT2;
import static io.github.fdsock.sys.Constants.TCP_LAST_ACK;
import static io.github.fdsock.sys.Constants.TCP_LISTEN;
import static io.github.fdsock.sys.Constants.TCP_SYN_RECV;
import static io.github.fdsock.sys.Constants.TCP_SYN_SENT;
import static io.github.fdsock.sys.Constants.TCP_TIME_WAIT;

/// The state of a TCP socket, in the names of RFC 9293 as Linux writes them.
public enum TcpState {
    /// A number that is none of the others: a state of a newer kernel.
    UNKNOWN(0),
    /// Connected.
    ESTABLISHED(TCP_ESTABLISHED),
    /// Connecting: the first segment is out and not answered.
    SYN_SENT(TCP_SYN_SENT),
    /// Being connected to, half-way.
    SYN_RECV(TCP_SYN_RECV),
    /// Shut down on this side, which the peer has not acknowledged yet.
    FIN_WAIT1(TCP_FIN_WAIT1),
    /// Shut down on this side, which the peer knows, and still sends.
    FIN_WAIT2(TCP_FIN_WAIT2),
    /// Over on both sides; what is late is still caught.
    TIME_WAIT(TCP_TIME_WAIT),
    /// Not connected: not yet, or no more.
    CLOSE(TCP_CLOSE),
    /// The peer has shut down its side; this one may still send.
    CLOSE_WAIT(TCP_CLOSE_WAIT),
    /// Both sides are shut down, the peer's first; ours is not acknowledged yet.
    LAST_ACK(TCP_LAST_ACK),
    /// Listening.
    LISTEN(TCP_LISTEN),
    /// Both sides were shut down at once.
    CLOSING(TCP_CLOSING);

    private static final TcpState[] BY_NUMBER = new TcpState[TCP_CLOSING + 1];

    static {
        for (final TcpState state : values()) {
            BY_NUMBER[state.number] = state;
        }
    }

    private final int number;

    TcpState(final int number) {
        this.number = number;
    }

    /// The number that C has for it.
    ///
    /// @return `TCP_ESTABLISHED`, …; 0 for [#UNKNOWN]
    public int number() {
        return number;
    }

    /// The state of a number.
    ///
    /// @param number what `tcpi_state` says
    /// @return the state; [#UNKNOWN] for every number that is none
    public static TcpState of(final int number) {
        return number < 0 || number >= BY_NUMBER.length ? UNKNOWN : BY_NUMBER[number];
    }
}
