package io.github.fdsock;

import static io.github.fdsock.sys.Constants.IPPROTO_IPV6;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// How memberships lie in `optval`: they write themselves, and no kernel tells them.
class MembershipType<M extends Membership> extends OptionType<M> {
    static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED;
    static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED;
    static final ValueLayout.OfInt BE32 = U32.withOrder(ByteOrder.BIG_ENDIAN);
    static final ValueLayout.OfLong BE64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

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

    /// The options that both families have are at the level of the family.
    static int levelOf(final SockAddr.Inet group, final int level) {
        return group instanceof SockAddr.Inet6 ? IPPROTO_IPV6 : level;
    }

    @Override
    M decode(final MemorySegment from, final int length) {
        throw new UnsupportedOperationException("the kernel does not tell memberships");
    }
}
