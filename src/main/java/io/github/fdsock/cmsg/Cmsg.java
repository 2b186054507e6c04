package io.github.fdsock.cmsg;

import static io.github.fdsock.sys.Constants.IPPROTO_IP;
import static io.github.fdsock.sys.Constants.IPPROTO_IPV6;
import static io.github.fdsock.sys.Constants.IPPROTO_TCP;
import static io.github.fdsock.sys.Constants.IPPROTO_UDP;
import static io.github.fdsock.sys.Constants.SOL_SOCKET;

import io.github.fdsock.option.Credentials;
import io.github.fdsock.sys.Constants;
import io.github.fdsock.sys.struct.ControlBuffer;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.Objects;

/// A control message, with the type of its value: what a [Message][io.github.fdsock.Message] is asked for, and what is
/// added to it.
///
/// ```java
/// message.add(Cmsg.IP_TTL, 3);
/// PacketInfo info = message.get(Cmsg.IP_PKTINFO);
/// ```
///
/// The constants have the names of C. Which of them come is up to the socket: each is switched on by an option, which
/// its comment names, and takes [#space] bytes of the message's room. One that is not among them gets a constant by
/// [#integer] or [#bytes], or is read raw from [Message#control][io.github.fdsock.Message#control]. Descriptors
/// (`SCM_RIGHTS`, `SCM_PIDFD`) are none of them: they are owned, and the message itself has methods for them.
///
/// **What is received is not trusted.** Data that is shorter than the value, because the room was too small or because
/// something is wrong, counts as not there.
///
/// An immutable value.
///
/// @param <T> the type of the value
/// @see <a href="https://man7.org/linux/man-pages/man3/cmsg.3.html">cmsg(3)</a>
public final class Cmsg<T> {

    // ---- who sent it

    /// `SCM_CREDENTIALS`: process, user and group of who sent it. Received with `SO_PASSCRED`, with every message.
    /// Sent, it has to be true (`EPERM`, and `ESRCH` where there is no such process), unless the sender has
    /// CAP_SYS_ADMIN, CAP_SETUID and CAP_SETGID; who sends none sends its own. AF_UNIX.
    public static final Cmsg<Credentials> SCM_CREDENTIALS =
            new Cmsg<>("SCM_CREDENTIALS", SOL_SOCKET, Constants.SCM_CREDENTIALS, CmsgType.CREDENTIALS);

    /// `SCM_SECURITY`: the security context of who sent it. Received with `SO_PASSSEC`, from a kernel with SELinux or
    /// the like. AF_UNIX.
    public static final Cmsg<String> SCM_SECURITY =
            new Cmsg<>("SCM_SECURITY", SOL_SOCKET, Constants.SCM_SECURITY, CmsgType.CONTEXT);

    // ---- what the packet's header says

    /// `IP_PKTINFO`: by which interface and to which address it came. Received with `IP_PKTINFO`. Sent, it chooses
    /// source address and interface.
    public static final Cmsg<PacketInfo> IP_PKTINFO =
            new Cmsg<>("IP_PKTINFO", IPPROTO_IP, Constants.IP_PKTINFO, CmsgType.PKTINFO);

    /// `IPV6_PKTINFO`: the same on an IPv6 socket. Received with `IPV6_RECVPKTINFO`.
    public static final Cmsg<PacketInfo> IPV6_PKTINFO =
            new Cmsg<>("IPV6_PKTINFO", IPPROTO_IPV6, Constants.IPV6_PKTINFO, CmsgType.PKTINFO6);

    /// `IP_TTL`: its time to live. Received with `IP_RECVTTL`. Sent: 1 to 255.
    public static final Cmsg<Integer> IP_TTL = whole("IP_TTL", IPPROTO_IP, Constants.IP_TTL);

    /// `IP_TOS`: its type of service, DSCP and ECN. Received with `IP_RECVTOS`, in one byte; sent as an `int`.
    public static final Cmsg<Integer> IP_TOS = integer("IP_TOS", IPPROTO_IP, Constants.IP_TOS);

    /// `IPV6_HOPLIMIT`: its hop limit. Received with `IPV6_RECVHOPLIMIT`. Sent: 0 to 255, or -1 for the default.
    public static final Cmsg<Integer> IPV6_HOPLIMIT = whole("IPV6_HOPLIMIT", IPPROTO_IPV6, Constants.IPV6_HOPLIMIT);

    /// `IPV6_TCLASS`: its traffic class. Received with `IPV6_RECVTCLASS`. Sent: 0 to 255, or -1 for the default.
    public static final Cmsg<Integer> IPV6_TCLASS = whole("IPV6_TCLASS", IPPROTO_IPV6, Constants.IPV6_TCLASS);

    /// `IP_ORIGDSTADDR`: the address and port it was sent to, before a firewall changed them. Received with
    /// `IP_RECVORIGDSTADDR`. UDP.
    public static final Cmsg<InetSocketAddress> IP_ORIGDSTADDR =
            new Cmsg<>("IP_ORIGDSTADDR", IPPROTO_IP, Constants.IP_ORIGDSTADDR, CmsgType.ADDRESS);

    /// `IPV6_ORIGDSTADDR`: the same on an IPv6 socket. Received with `IPV6_RECVORIGDSTADDR`.
    public static final Cmsg<InetSocketAddress> IPV6_ORIGDSTADDR =
            new Cmsg<>("IPV6_ORIGDSTADDR", IPPROTO_IPV6, Constants.IPV6_ORIGDSTADDR, CmsgType.ADDRESS);

    /// `SO_MARK`: the mark that firewall and routing know it by. Received with `SO_RCVMARK`. Sent, it takes CAP_NET_RAW
    /// or CAP_NET_ADMIN (`EPERM`).
    public static final Cmsg<Integer> SO_MARK = whole("SO_MARK", SOL_SOCKET, Constants.SO_MARK);

    /// `SO_PRIORITY`: its priority in the queueing discipline. Received with `SO_RCVPRIORITY`. Sent, since Linux 6.14;
    /// above 6 it takes CAP_NET_RAW or CAP_NET_ADMIN (`EPERM`).
    public static final Cmsg<Integer> SO_PRIORITY = whole("SO_PRIORITY", SOL_SOCKET, Constants.SO_PRIORITY);

    // ---- the error queue

    /// `IP_RECVERR`: an entry of the error queue, read with `MSG_ERRQUEUE`. Errors are told with `IP_RECVERR`; time
    /// stamps and transmissions that are over without it. Only received.
    public static final Cmsg<ExtendedError> IP_RECVERR =
            new Cmsg<>("IP_RECVERR", IPPROTO_IP, Constants.IP_RECVERR, CmsgType.ERROR);

    /// `IPV6_RECVERR`: the same on an IPv6 socket, told with `IPV6_RECVERR`.
    public static final Cmsg<ExtendedError> IPV6_RECVERR =
            new Cmsg<>("IPV6_RECVERR", IPPROTO_IPV6, Constants.IPV6_RECVERR, CmsgType.ERROR);

    // ---- time

    /// `SCM_TIMESTAMP`: when the kernel received it, to the microsecond. Received with `SO_TIMESTAMP`.
    public static final Cmsg<Instant> SCM_TIMESTAMP =
            new Cmsg<>("SCM_TIMESTAMP", SOL_SOCKET, Constants.SCM_TIMESTAMP, CmsgType.TIMEVAL);

    /// `SCM_TIMESTAMPNS`: when the kernel received it, to the nanosecond. Received with `SO_TIMESTAMPNS`.
    public static final Cmsg<Instant> SCM_TIMESTAMPNS =
            new Cmsg<>("SCM_TIMESTAMPNS", SOL_SOCKET, Constants.SCM_TIMESTAMPNS, CmsgType.TIMESPEC);

    /// `SCM_TIMESTAMPING`: when kernel and device received it or, from the error queue, sent it. Received with
    /// `SO_TIMESTAMPING`; what comes right after that option was set may have none. Its number is that of
    /// [#SO_TIMESTAMPING].
    public static final Cmsg<PacketTimes> SCM_TIMESTAMPING =
            new Cmsg<>("SCM_TIMESTAMPING", SOL_SOCKET, Constants.SCM_TIMESTAMPING, CmsgType.TIMES);

    /// `SO_TIMESTAMPING`: which time stamps are to be taken of this packet, `SOF_TIMESTAMPING_TX_…`. Only sent. Linux
    /// 4.6.
    public static final Cmsg<Integer> SO_TIMESTAMPING =
            whole("SO_TIMESTAMPING", SOL_SOCKET, Constants.SO_TIMESTAMPING);

    /// `SCM_TS_OPT_ID`: the number by which the time stamps of this packet are told, instead of the count. Only sent.
    /// Linux 6.13.
    public static final Cmsg<Integer> SCM_TS_OPT_ID = whole("SCM_TS_OPT_ID", SOL_SOCKET, Constants.SCM_TS_OPT_ID);

    /// `SCM_TXTIME`: when this packet is to be sent, in nanoseconds of the clock that `SO_TXTIME` has chosen. Without
    /// that option `EINVAL`. Only sent, and heeded by the queueing disciplines `etf` and `fq`. Linux 4.19.
    public static final Cmsg<Long> SCM_TXTIME =
            new Cmsg<>("SCM_TXTIME", SOL_SOCKET, Constants.SCM_TXTIME, CmsgType.LONG);

    // ---- how much

    /// `UDP_SEGMENT`: this message becomes datagrams of so many bytes each, the last one shorter. Only sent: 0, for no
    /// such thing, to 65535. Linux 4.18.
    public static final Cmsg<Integer> UDP_SEGMENT =
            new Cmsg<>("UDP_SEGMENT", IPPROTO_UDP, Constants.UDP_SEGMENT, CmsgType.SHORT);

    /// `UDP_GRO`: what was received are datagrams of so many bytes each, the last one perhaps shorter; not there where
    /// it is a single one. Received with `UDP_GRO`. Linux 5.0.
    public static final Cmsg<Integer> UDP_GRO = whole("UDP_GRO", IPPROTO_UDP, Constants.UDP_GRO);

    /// `TCP_CM_INQ`: how many bytes are left in the receive queue. Received with `TCP_INQ`. Linux 4.18.
    public static final Cmsg<Integer> TCP_INQ = whole("TCP_INQ", IPPROTO_TCP, Constants.TCP_CM_INQ);

    /// `SCM_INQ`: the same on a UNIX stream. Received with `SO_INQ`. Linux 6.17.
    public static final Cmsg<Integer> SCM_INQ = whole("SCM_INQ", SOL_SOCKET, Constants.SCM_INQ);

    /// `SO_RXQ_OVFL`: how many datagrams the socket has dropped so far for want of room, unsigned; not there before the
    /// first. Received with `SO_RXQ_OVFL`.
    public static final Cmsg<Integer> SO_RXQ_OVFL = whole("SO_RXQ_OVFL", SOL_SOCKET, Constants.SO_RXQ_OVFL);

    private final String name;
    private final int level;
    private final int type;
    private final CmsgType<T> value;

    private Cmsg(final String name, final int level, final int type, final CmsgType<T> value) {
        this.name = Objects.requireNonNull(name, "name");
        this.level = level;
        this.type = type;
        this.value = value;
    }

    private static Cmsg<Integer> whole(final String name, final int level, final int type) {
        return new Cmsg<>(name, level, type, CmsgType.WHOLE);
    }

    /// One that is not among the constants, and is an `int`. What comes in one byte or two is one as well.
    ///
    /// @param name what messages call it
    /// @param level its level
    /// @param type its number
    /// @return the control message
    public static Cmsg<Integer> integer(final String name, final int level, final int type) {
        return new Cmsg<>(name, level, type, CmsgType.INTEGER);
    }

    /// One that is not among the constants, and is whatever bytes.
    ///
    /// @param name what messages call it
    /// @param level its level
    /// @param type its number
    /// @return the control message
    public static Cmsg<byte[]> bytes(final String name, final int level, final int type) {
        return new Cmsg<>(name, level, type, CmsgType.BYTES);
    }

    /// `cmsg_level`.
    ///
    /// @return `SOL_SOCKET`, `IPPROTO_IP`, …
    public int level() {
        return level;
    }

    /// `cmsg_type`.
    ///
    /// @return `SCM_CREDENTIALS`, `IP_TTL`, …
    public int type() {
        return type;
    }

    /// How much room it takes, `CMSG_SPACE`: what the sum is made of when a [Message][io.github.fdsock.Message] is
    /// allocated.
    ///
    /// @return in bytes; where lengths differ, what the kernel tells at most, or 256 bytes and the header where that is
    ///         not known
    public int space() {
        return (int) ControlBuffer.space(value.room());
    }

    /// Whether this is what `control` stands at.
    ///
    /// @param control one whose `next()` has returned true
    /// @return whether level and type are these
    public boolean is(final ControlBuffer control) {
        return control.level() == level && control.type() == type;
    }

    /// The value of the message that `control` stands at.
    ///
    /// @param control one whose `next()` has returned true
    /// @return the value; null where it is another message, or its data is too short
    public T decode(final ControlBuffer control) {
        return is(control) && control.dataLength() >= value.least() ? value.decode(control.data()) : null;
    }

    /// [#decode] of a number, without an object.
    ///
    /// @param message one whose value is an `int`
    /// @param control one whose `next()` has returned true
    /// @param otherwise what to return where it is another message, or its data is too short
    /// @return the value
    public static int decodeInt(final Cmsg<Integer> message, final ControlBuffer control, final int otherwise) {
        return message.is(control) && control.dataLength() >= message.value.least() ? CmsgType.integer(control)
                : otherwise;
    }

    /// Puts one at the end of those to be sent.
    ///
    /// @param control where to
    /// @param value its value
    /// @throws IllegalArgumentException a value that C cannot say; the message has its name
    /// @throws UnsupportedOperationException one that only the kernel sends
    /// @throws IndexOutOfBoundsException no room for it; nothing is changed then
    public void append(final ControlBuffer control, final T value) {
        Objects.requireNonNull(value, name);
        try {
            this.value.check(value);
        } catch (final IllegalArgumentException e) {
            throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
        }
        final int before = control.length();
        try {
            this.value.encode(value, control.appendSpace(level, type, this.value.length(value)));
        } catch (final UnsupportedOperationException e) {
            control.truncate(before);
            throw new UnsupportedOperationException(name + ": " + e.getMessage(), e);
        }
    }

    /// What C calls it.
    @Override
    public String toString() {
        return name;
    }
}
