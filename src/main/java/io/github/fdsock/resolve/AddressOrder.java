package io.github.fdsock.resolve;

import static io.github.fdsock.sys.Constants.AF_INET6;
import static io.github.fdsock.sys.Constants.AF_UNSPEC;

import io.github.fdsock.SockAddr;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The order in which addresses are tried, by section 4 of RFC 8305: the families take turns, so that one that leads
/// nowhere costs one attempt's patience, not that of all its addresses. Within a family the order stays.
///
/// @see <a href="https://www.rfc-editor.org/rfc/rfc8305#section-4">RFC 8305</a>
public final class AddressOrder {
    private AddressOrder() {
    }

    /// IPv6 first where there is any, then alternating.
    ///
    /// @param addresses as [AddressInfo] has them
    /// @return the same addresses in a new list
    public static List<SockAddr> interleave(final List<SockAddr> addresses) {
        return interleave(addresses, AF_INET6, 1);
    }

    /// A family first where there is any of it, then alternating.
    ///
    /// The RFC itself begins with the family of the first address, to which `AF_UNSPEC` leads. `getaddrinfo(3)` has put
    /// there what `gai.conf(5)` prefers and what can be reached: IPv4 on a machine that has no IPv6.
    ///
    /// @param addresses as [AddressInfo] has them
    /// @param family the family to begin with; `AF_UNSPEC` for that of the first address
    /// @param firstFamilyCount how many of it come before the first one of another, 1 or more
    /// @return the same addresses in a new list
    /// @throws IllegalArgumentException a count of less than one
    public static List<SockAddr> interleave(final List<SockAddr> addresses, final int family,
            final int firstFamilyCount) {
        if (firstFamilyCount < 1) {
            throw new IllegalArgumentException("a first address family count of " + firstFamilyCount);
        }
        final Map<Integer, Deque<SockAddr>> families = new LinkedHashMap<>();
        if (family != AF_UNSPEC) {
            families.put(family, new ArrayDeque<>());
        }
        for (final SockAddr address : addresses) {
            families.computeIfAbsent(address.family(), _ -> new ArrayDeque<>()).add(address);
        }
        final List<SockAddr> order = new ArrayList<>(addresses.size());
        int turn = firstFamilyCount;
        while (order.size() < addresses.size()) {
            for (final Deque<SockAddr> rest : families.values()) {
                for (; turn > 0 && !rest.isEmpty(); turn--) {
                    order.add(rest.remove());
                }
                turn = 1;
            }
        }
        return order;
    }
}
