package io.github.fdsock.harness.notation;

import static io.github.fdsock.sys.Constants.AF_INET;
import static io.github.fdsock.sys.Constants.AF_INET6;
import static io.github.fdsock.sys.Constants.AF_NETLINK;
import static io.github.fdsock.sys.Constants.AF_PACKET;
import static io.github.fdsock.sys.Constants.AF_UNIX;
import static io.github.fdsock.sys.Constants.AF_VSOCK;

import io.github.fdsock.SockAddr;
import io.github.fdsock.sys.struct.Sockaddr;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.StringJoiner;

/// `struct sockaddr` of any family, with the length it was given.
final class Addresses {
    /// From here on `sin6_scope_id` may be left out.
    private static final int SIZEOF_SOCKADDR_IN6_RFC2133 = 24;

    private Addresses() {
    }

    /// `{sa_family=AF_INET, …}`; a pointer where it cannot be read, or has no room for a family.
    static String text(final Frame frame, final long address, final long length) {
        final byte[] bytes = length < Sockaddr.SIZEOF_SA_FAMILY ? null
                : frame.memory(address, Math.min(length, Sockaddr.SIZEOF_SOCKADDR_STORAGE));
        return bytes == null ? Frame.pointer(address) : text(bytes);
    }

    static String text(final byte[] bytes) {
        final int length = bytes.length;
        final MemorySegment view = MemorySegment.ofArray(Arrays.copyOf(bytes, Sockaddr.SIZEOF_SOCKADDR_STORAGE));
        final int family = Sockaddr.sa_family(view);
        final StringBuilder text = new StringBuilder("{sa_family=").append(Names.FAMILIES.one(family));
        if (family == AF_UNIX) {
            unix(text, bytes);
        } else if (family == AF_INET && length >= Sockaddr.SIZEOF_SOCKADDR_IN) {
            text.append(", sin_port=htons(").append(Sockaddr.sin_port(view)).append("), sin_addr=")
                    .append(inet(Sockaddr.sin_addr(view)));
        } else if (family == AF_INET6 && length >= SIZEOF_SOCKADDR_IN6_RFC2133) {
            text.append(", sin6_port=htons(").append(Sockaddr.sin6_port(view)).append("), sin6_flowinfo=htonl(")
                    .append(Integer.toUnsignedString(Sockaddr.sin6_flowinfo(view))).append("), ")
                    .append(inet6(Sockaddr.sin6_addr_high(view), Sockaddr.sin6_addr_low(view), "sin6_addr"));
            if (length >= Sockaddr.SIZEOF_SOCKADDR_IN6) {
                text.append(", sin6_scope_id=").append(Integer.toUnsignedString(Sockaddr.sin6_scope_id(view)));
            }
        } else if (family == AF_VSOCK && length >= Sockaddr.SIZEOF_SOCKADDR_VM) {
            text.append(", svm_cid=").append(Names.VSOCK_CIDS.one(Sockaddr.svm_cid(view))).append(", svm_port=")
                    .append(Names.VSOCK_PORTS.one(Sockaddr.svm_port(view))).append(", svm_flags=")
                    .append(Names.VSOCK_FLAGS.bits(Sockaddr.svm_flags(view)));
        } else if (family == AF_NETLINK && length >= Sockaddr.SIZEOF_SOCKADDR_NL) {
            text.append(", nl_pid=").append(Integer.toUnsignedString(Sockaddr.nl_pid(view)))
                    .append(String.format(Sockaddr.nl_groups(view) == 0 ? ", nl_groups=%08x" : ", nl_groups=%#08x",
                            Sockaddr.nl_groups(view)));
        } else if (family == AF_PACKET && length >= Sockaddr.SIZEOF_SOCKADDR_LL) {
            packet(text, view);
        } else if (length > Sockaddr.SIZEOF_SA_FAMILY) {
            text.append(", sa_data=").append(Quoted.text(bytes, Sockaddr.SIZEOF_SA_FAMILY, length));
        }
        return text.append('}').toString();
    }

    private static void unix(final StringBuilder text, final byte[] bytes) {
        final int path = Sockaddr.SIZEOF_SA_FAMILY;
        if (bytes.length == path) {
            return;
        }
        final int most = Math.min(bytes.length, Sockaddr.SIZEOF_SOCKADDR_UN);
        text.append(", sun_path=");
        if (bytes[path] == 0) {
            text.append('@').append(Quoted.text(bytes, path + 1, most));
            return;
        }
        int end = path;
        while (end < most && bytes[end] != 0) {
            end++;
        }
        text.append(Quoted.text(bytes, path, end));
    }

    private static void packet(final StringBuilder text, final MemorySegment view) {
        final int length = Sockaddr.sll_halen(view);
        text.append(", sll_protocol=").append(etherType(Sockaddr.sll_protocol(view)))
                .append(", sll_ifindex=").append(Sockaddr.sll_ifindex(view))
                .append(", sll_hatype=0x").append(Integer.toHexString(Sockaddr.sll_hatype(view)))
                .append(", sll_pkttype=").append(Names.PACKET_TYPES.one(Sockaddr.sll_pkttype(view)))
                .append(", sll_halen=").append(length);
        if (length > 0) {
            final StringJoiner bytes = new StringJoiner(", ", ", sll_addr=[", "]");
            for (final byte b : Sockaddr.sll_addr(view, Math.min(length, Sockaddr.SIZEOF_SLL_ADDR))) {
                bytes.add("0x" + Integer.toHexString(b & 0xff));
            }
            text.append(bytes);
        }
    }

    /// A protocol of packet(7), in host order.
    static String etherType(final int protocol) {
        return "htons(" + Names.ETHER_TYPES.one(protocol & 0xffff) + ")";
    }

    /// `inet_addr("127.0.0.1")`.
    static String inet(final int address) {
        return String.format("inet_addr(\"%d.%d.%d.%d\")", address >>> 24, address >>> 16 & 0xff, address >>> 8 & 0xff,
                address & 0xff);
    }

    /// `inet_pton(AF_INET6, "::1", &sin6_addr)`.
    static String inet6(final long high, final long low, final String field) {
        final String bracketed = new SockAddr.Inet6(high, low, 0, 0, 0).toString();
        return "inet_pton(AF_INET6, \"" + bracketed.substring(1, bracketed.indexOf(']')) + "\", &" + field + ")";
    }
}
