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
import java.nio.ByteOrder;

/// How memberships lie in `optval`: they write themselves, and no kernel tells them.
class MembershipType<M extends Membership> extends OptionType<M> {
    static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED;
    static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED;

    private static final ValueLayout.OfInt BE32 = U32.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong BE64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    MembershipType(final int size) {
        super(size);
    }

    @Override
    final int length(final M value) {
        return value.length();
    }

    @Override
    final void encode(final M value, final MemorySegment to) {
        value.encode(to);
    }

    @Override
    M decode(final MemorySegment from, final int length) {
        throw new UnsupportedOperationException("the kernel does not tell memberships");
    }

    /// The options that both families have are at the level of the family.
    static int levelOf(final InetAddress group, final int level) {
        return group instanceof Inet6Address ? IPPROTO_IPV6 : level;
    }

    /// `INADDR_ANY`. Not a constant: whoever uses one option of IP would pay for all that the JDK does at its first
    /// address.
    static Inet4Address any4() {
        return Inet4Address.ofLiteral("0.0.0.0");
    }

    /// Writes a `struct in_addr` or a `struct in6_addr`.
    static void address(final InetAddress address, final MemorySegment to, final long offset) {
        final byte[] bytes = address.getAddress();
        MemorySegment.copy(bytes, 0, to, ValueLayout.JAVA_BYTE, offset, bytes.length);
    }

    /// Reads a `struct in_addr`.
    static Inet4Address inet4(final MemorySegment from) {
        try {
            return (Inet4Address) InetAddress.getByAddress(
                    from.asSlice(0, Integer.BYTES).toArray(ValueLayout.JAVA_BYTE));
        } catch (final UnknownHostException impossible) {
            throw new AssertionError("four bytes are an IPv4 address", impossible);
        }
    }

    /// Writes a `struct sockaddr_storage`, which is zero.
    static void socketAddress(final InetAddress address, final MemorySegment to, final long offset) {
        final MemorySegment storage = to.asSlice(offset, Sockaddr.SIZEOF_SOCKADDR_STORAGE);
        final MemorySegment bytes = MemorySegment.ofArray(address.getAddress());
        if (address instanceof Inet6Address six) {
            Sockaddr.sa_family(storage, AF_INET6);
            Sockaddr.sin6_addr(storage, bytes.get(BE64, 0), bytes.get(BE64, Long.BYTES));
            Sockaddr.sin6_scope_id(storage, six.getScopeId());
        } else {
            Sockaddr.sa_family(storage, AF_INET);
            Sockaddr.sin_addr(storage, bytes.get(BE32, 0));
        }
    }
}
