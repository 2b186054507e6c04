package io.github.fdsock.option;

import static io.github.fdsock.sys.Constants.AF_INET;
import static io.github.fdsock.sys.Constants.AF_INET6;
import static io.github.fdsock.sys.Constants.IPPROTO_IPV6;

import io.github.fdsock.sys.struct.Sockaddr;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;

/// How memberships lie in `optval`: they write themselves, and no kernel tells them.
class MembershipType<M extends Membership> extends OptionType<M> {
    static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED;
    static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED;

    // Of struct sockaddr_in and struct sockaddr_in6.
    private static final long SIN_ADDR = 4;
    private static final long SIN6_ADDR = 8;

    /// 0.0.0.0.
    static final Inet4Address ANY = Inet4Address.ofLiteral("0.0.0.0");

    MembershipType(final int size) {
        super(size);
    }

    @Override
    public final int length(final M value) {
        return value.length();
    }

    @Override
    public final void encode(final M value, final MemorySegment to) {
        value.encode(to);
    }

    /// The options that both families have are at the level of the family.
    static int levelOf(final InetAddress group, final int level) {
        return group instanceof Inet6Address ? IPPROTO_IPV6 : level;
    }

    /// An `in_addr` or `in6_addr`.
    static void write(final InetAddress address, final MemorySegment to, final long at) {
        final byte[] bytes = address.getAddress();
        MemorySegment.copy(bytes, 0, to, ValueLayout.JAVA_BYTE, at, bytes.length);
    }

    static Inet4Address inet4(final MemorySegment from, final long at) {
        try {
            return (Inet4Address) InetAddress.getByAddress(
                    from.asSlice(at, Integer.BYTES).toArray(ValueLayout.JAVA_BYTE));
        } catch (final UnknownHostException e) {
            throw new AssertionError("four bytes are an address", e);
        }
    }

    /// A `sockaddr_in` or `sockaddr_in6` with port 0, into zeroed memory.
    static void writeSockaddr(final InetAddress address, final MemorySegment to) {
        if (address instanceof Inet6Address inet6) {
            Sockaddr.sa_family(to, AF_INET6);
            write(address, to, SIN6_ADDR);
            Sockaddr.sin6_scope_id(to, inet6.getScopeId());
        } else {
            Sockaddr.sa_family(to, AF_INET);
            write(address, to, SIN_ADDR);
        }
    }

    @Override
    public M decode(final MemorySegment from, final int length) {
        throw new UnsupportedOperationException("the kernel does not tell memberships");
    }
}
