package io.github.fdsock.harness.notation;

import static io.github.fdsock.sys.Constants.AF_VSOCK;
import static io.github.fdsock.sys.Constants.IPPROTO_IP;
import static io.github.fdsock.sys.Constants.IPPROTO_IPV6;
import static io.github.fdsock.sys.Constants.IPPROTO_TCP;
import static io.github.fdsock.sys.Constants.IPV6_JOIN_GROUP;
import static io.github.fdsock.sys.Constants.IPV6_LEAVE_GROUP;
import static io.github.fdsock.sys.Constants.IP_ADD_MEMBERSHIP;
import static io.github.fdsock.sys.Constants.IP_DROP_MEMBERSHIP;
import static io.github.fdsock.sys.Constants.SOL_SOCKET;
import static io.github.fdsock.sys.Constants.SO_BINDTODEVICE;
import static io.github.fdsock.sys.Constants.SO_ERROR;
import static io.github.fdsock.sys.Constants.SO_LINGER;
import static io.github.fdsock.sys.Constants.SO_PEERCRED;
import static io.github.fdsock.sys.Constants.SO_PEERGROUPS;
import static io.github.fdsock.sys.Constants.SO_PEERSEC;
import static io.github.fdsock.sys.Constants.SO_RCVTIMEO;
import static io.github.fdsock.sys.Constants.SO_SNDTIMEO;
import static io.github.fdsock.sys.Constants.TCP_CONGESTION;
import static io.github.fdsock.sys.Constants.TCP_ULP;

import io.github.fdsock.option.SockOpt;
import io.github.fdsock.sys.Errno;
import io.github.fdsock.sys.struct.Linger;
import io.github.fdsock.sys.struct.Timeval;
import io.github.fdsock.sys.struct.Ucred;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Levels, names and values of `getsockopt` and `setsockopt`.
final class Options {
    private static final int SIZEOF_IP_MREQ = 8;
    private static final int SIZEOF_IP_MREQN = 12;
    private static final int SIZEOF_IPV6_MREQ = 20;

    private Options() {
    }

    static String name(final int level, final int number) {
        final String name = SockOpt.optionName(level, number);
        if (!name.equals(Integer.toString(number))) {
            return name;
        }
        return switch (level) {
            case SOL_SOCKET -> remarked(number, "SO_???");
            case IPPROTO_IP -> remarked(number, "IP_???");
            case IPPROTO_IPV6 -> remarked(number, "IPV6_???");
            case IPPROTO_TCP -> remarked(number, "TCP_???");
            case AF_VSOCK -> remarked(number, "SO_VM_SOCKETS_???");
            default -> name;
        };
    }

    private static String remarked(final int number, final String remark) {
        return Names.hex(number & 0xffff_ffffL) + " /* " + remark + " */";
    }

    /// The value behind a pointer among the arguments, `length` bytes of it.
    static String value(final Frame frame, final int index, final long length) {
        final byte[] bytes = length <= 0 || length > Frame.MOST ? null : frame.memory(index, 0, length);
        if (bytes == null) {
            return frame.pointer(index);
        }
        final MemorySegment segment = MemorySegment.ofArray(bytes);
        final int level = frame.number(1);
        final int number = frame.number(2);
        final int size = bytes.length;
        if (level == SOL_SOCKET) {
            if (number == SO_LINGER && size >= Linger.SIZEOF) {
                return Structs.linger(segment);
            } else if (number == SO_PEERCRED && size >= Ucred.SIZEOF) {
                return Structs.ucred(segment);
            } else if ((number == SO_RCVTIMEO || number == SO_SNDTIMEO) && size >= Timeval.SIZEOF) {
                return Structs.timeval(segment);
            } else if (number == SO_PEERGROUPS) {
                return Structs.ints(bytes, frame.limit);
            } else if (number == SO_ERROR && size == Integer.BYTES) {
                final int errno = Structs.buffer(bytes).getInt();
                return Errno.isKnown(errno) ? "[" + Errno.name(errno) + "]" : "[" + errno + "]";
            }
        } else if (level == IPPROTO_IP && (number == IP_ADD_MEMBERSHIP || number == IP_DROP_MEMBERSHIP)
                && size >= SIZEOF_IP_MREQ) {
            final ByteBuffer mreq = ByteBuffer.wrap(bytes);
            return "{imr_multiaddr=" + Addresses.inet(mreq.getInt(0)) + (size < SIZEOF_IP_MREQN
                    ? ", imr_interface=" + Addresses.inet(mreq.getInt(4))
                    : ", imr_address=" + Addresses.inet(mreq.getInt(4)) + ", imr_ifindex="
                            + mreq.order(ByteOrder.nativeOrder()).getInt(8)) + "}";
        } else if (level == IPPROTO_IPV6 && (number == IPV6_JOIN_GROUP || number == IPV6_LEAVE_GROUP)
                && size >= SIZEOF_IPV6_MREQ) {
            final ByteBuffer mreq = ByteBuffer.wrap(bytes);
            return "{" + Addresses.inet6(mreq.getLong(0), mreq.getLong(8), "ipv6mr_multiaddr") + ", ipv6mr_interface="
                    + mreq.order(ByteOrder.nativeOrder()).getInt(16) + "}";
        }
        return size == Integer.BYTES && !isText(level, number) ? Structs.ints(bytes, frame.limit)
                : frame.buffer(index, size);
    }

    private static boolean isText(final int level, final int number) {
        return level == SOL_SOCKET && (number == SO_BINDTODEVICE || number == SO_PEERSEC)
                || level == IPPROTO_TCP && (number == TCP_CONGESTION || number == TCP_ULP);
    }
}
