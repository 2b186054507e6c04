package io.github.fdsock.option;

import static io.github.fdsock.sys.Constants.AF_VSOCK;

import io.github.fdsock.sys.Constants;
import java.time.Duration;

/// The options of `vsock(7)`, whose level is `AF_VSOCK`. Read them as constants of [SockOpt].
interface VsockOptions {

    /// `SO_VM_SOCKETS_BUFFER_SIZE`: the size of the receive buffer, bytes; 262144 by default.
    SockOpt<Long> SO_VM_SOCKETS_BUFFER_SIZE = SockOpt.of("SO_VM_SOCKETS_BUFFER_SIZE", AF_VSOCK,
            Constants.SO_VM_SOCKETS_BUFFER_SIZE, OptionType.LONG);

    /// `SO_VM_SOCKETS_BUFFER_MIN_SIZE`: what that may not be set below, bytes; it is raised where it is.
    SockOpt<Long> SO_VM_SOCKETS_BUFFER_MIN_SIZE = SockOpt.of("SO_VM_SOCKETS_BUFFER_MIN_SIZE", AF_VSOCK,
            Constants.SO_VM_SOCKETS_BUFFER_MIN_SIZE, OptionType.LONG);

    /// `SO_VM_SOCKETS_BUFFER_MAX_SIZE`: what it may not be set above, bytes; it is cut where it is.
    SockOpt<Long> SO_VM_SOCKETS_BUFFER_MAX_SIZE = SockOpt.of("SO_VM_SOCKETS_BUFFER_MAX_SIZE", AF_VSOCK,
            Constants.SO_VM_SOCKETS_BUFFER_MAX_SIZE, OptionType.LONG);

    /// `SO_VM_SOCKETS_CONNECT_TIMEOUT`: how long `connect` waits, 2 s by default; zero restores the default.
    SockOpt<Duration> SO_VM_SOCKETS_CONNECT_TIMEOUT = SockOpt.of("SO_VM_SOCKETS_CONNECT_TIMEOUT", AF_VSOCK,
            Constants.SO_VM_SOCKETS_CONNECT_TIMEOUT, OptionType.TIMEVAL);

    /// Makes the constants, where nobody has used one yet.
    static void load() {
    }
}
