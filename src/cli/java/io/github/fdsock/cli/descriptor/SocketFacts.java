package io.github.fdsock.cli.descriptor;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.Endpoint;
import io.github.fdsock.ErrnoException;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.option.TcpState;

/// What a socket tells of itself: kind, addresses, state.
final class SocketFacts {
    private final SocketFd socket;
    private final int family;
    private final int type;
    private final int protocol;

    private SocketFacts(final SocketFd socket) throws ErrnoException {
        this.socket = socket;
        family = socket.getsockopt(SockOpt.SO_DOMAIN);
        type = socket.getsockopt(SockOpt.SO_TYPE);
        protocol = socket.getsockopt(SockOpt.SO_PROTOCOL);
    }

    /// Adds them. `tcp:127.0.0.1:7000, listening`; `tcp:127.0.0.1:7000 -> 127.0.0.1:53422, ESTABLISHED`;
    /// `AF_NETLINK SOCK_RAW NETLINK_ROUTE netlink:4711:0x0`.
    static void add(final SocketFd socket, final Descriptor to) throws ErrnoException {
        new SocketFacts(socket).add(to);
    }

    private void add(final Descriptor to) throws ErrnoException {
        final SockAddr local = localAddress();
        final SockAddr peer = peerAddress();
        final StringBuilder name = new StringBuilder();
        if (!hasNotation(local)) {
            name.append(Names.family(family)).append(' ').append(Names.socketType(type));
            // The protocol of a packet socket is a part of its address.
            name.append(family == AF_PACKET ? "" : " " + Names.protocol(family, protocol));
        }
        if (local != null) {
            name.append(name.isEmpty() ? "" : " ").append(text(local));
        }
        if (peer != null) {
            name.append(" -> ").append(peer);
        }
        to.with("family", Names.family(family), name.toString());
        to.with("type", Names.socketType(type), null);
        to.with("protocol", protocol, null);
        if (local != null) {
            to.with("local", text(local), null);
        }
        if (peer != null) {
            to.with("peer", text(peer), null);
        }
        addState(to, peer != null);
    }

    private void addState(final Descriptor to, final boolean connected) throws ErrnoException {
        final boolean listening = socket.getsockopt(SockOpt.SO_ACCEPTCONN);
        to.with("listening", listening, listening ? "listening" : null);
        if (protocol == IPPROTO_TCP && (family == AF_INET || family == AF_INET6)) {
            final TcpState state = socket.getsockopt(SockOpt.TCP_INFO).state();
            to.with("state", state.name(), listening ? null : state.name());
        }
        if (family == AF_UNIX && connected && type != SOCK_DGRAM) {
            final int pid = socket.peerCredentials().pid();
            // 0 for a process that this one cannot see.
            if (pid > 0) {
                to.with("peerPid", pid, "peer pid " + pid);
            }
        }
    }

    /// Whether [Endpoint] has a scheme for it that says all: `tcp:` would be wrong for other protocols over streams.
    private boolean hasNotation(final SockAddr local) {
        return switch (local) {
            case SockAddr.Inet _ -> type == SOCK_STREAM && protocol == IPPROTO_TCP
                    || type == SOCK_DGRAM && protocol == IPPROTO_UDP;
            case SockAddr.Unix _, SockAddr.Vsock _ -> type == SOCK_STREAM || type == SOCK_DGRAM
                    || type == SOCK_SEQPACKET;
            case null, default -> false;
        };
    }

    private String text(final SockAddr address) {
        return hasNotation(address) ? new Endpoint(type, address).toString() : address.toString();
    }

    /// Null where it has none: some families know no names.
    private SockAddr localAddress() throws ErrnoException {
        try {
            return socket.localAddress();
        } catch (final ErrnoException e) {
            return none(e);
        }
    }

    /// Null where it has none.
    private SockAddr peerAddress() throws ErrnoException {
        try {
            final SockAddr peer = socket.remoteAddress();
            // Every netlink socket has the kernel for a peer.
            return peer instanceof SockAddr.Netlink(final int pid, final int groups) && pid == 0 && groups == 0
                    ? null : peer;
        } catch (final ErrnoException e) {
            return none(e);
        }
    }

    private static SockAddr none(final ErrnoException e) throws ErrnoException {
        if (e.errno() == ENOTCONN || e.errno() == EOPNOTSUPP) {
            return null;
        }
        throw e;
    }
}
