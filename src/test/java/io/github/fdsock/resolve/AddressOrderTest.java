package io.github.fdsock.resolve;

import static io.github.fdsock.sys.Constants.AF_INET;
import static io.github.fdsock.sys.Constants.AF_INET6;
import static io.github.fdsock.sys.Constants.AF_UNSPEC;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.SockAddr;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/// Families take turns, IPv6 begins, and nothing else about the order changes.
class AddressOrderTest {

    /// `4` and `6`, numbered by their ports.
    private static List<SockAddr> addresses(final String families) {
        final List<SockAddr> addresses = new ArrayList<>();
        for (int port = 0; port < families.length(); port++) {
            addresses.add(families.charAt(port) == '6' ? SockAddr.loopbackInet6(port) : SockAddr.loopbackInet4(port));
        }
        return addresses;
    }

    private static String text(final List<SockAddr> addresses) {
        final StringBuilder families = new StringBuilder();
        addresses.forEach(address -> families.append(address.family() == AF_INET6 ? '6' : '4'));
        return families.toString();
    }

    private static String interleaved(final String families, final int family, final int count) {
        return text(AddressOrder.interleave(addresses(families), family, count));
    }

    @Example
    void ipv6BeginsAndThenTheyAlternate() {
        assertThat(text(AddressOrder.interleave(addresses("444666")))).isEqualTo("646464");
        assertThat(text(AddressOrder.interleave(addresses("66664")))).isEqualTo("64666");
        assertThat(text(AddressOrder.interleave(addresses("44")))).isEqualTo("44");
        assertThat(text(AddressOrder.interleave(List.of()))).isEmpty();
    }

    @Example
    void theFirstFamilyIsThatOfTheFirstAddressWhereNoneIsPreferred() {
        assertThat(interleaved("4466", AF_UNSPEC, 1)).isEqualTo("4646");
        assertThat(interleaved("6644", AF_UNSPEC, 1)).isEqualTo("6464");
        assertThat(interleaved("6644", AF_INET, 1)).isEqualTo("4646");
    }

    @Example
    void severalOfTheFirstFamilyMayComeFirst() {
        assertThat(interleaved("44446666", AF_INET6, 2)).isEqualTo("66464644");
        assertThat(interleaved("446", AF_INET6, 2)).as("fewer than that").isEqualTo("644");
        assertThat(interleaved("446", AF_INET6, Integer.MAX_VALUE)).isEqualTo("644");
        assertThatThrownBy(() -> interleaved("46", AF_INET6, 0)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a first address family count of 0");
    }

    @Property
    void everyAddressIsThereOnceAndInTheOrderOfItsFamily(@ForAll("families") final String families,
            @ForAll("preferred") final int family, @ForAll @IntRange(min = 1, max = 5) final int count) {
        final List<SockAddr> before = addresses(families);
        final List<SockAddr> after = AddressOrder.interleave(before, family, count);
        assertThat(after).containsExactlyInAnyOrderElementsOf(before);
        for (final int one : new int[] {AF_INET, AF_INET6}) {
            final Predicate<SockAddr> ofIt = address -> address.family() == one;
            assertThat(after.stream().filter(ofIt)).containsExactlyElementsOf(before.stream().filter(ofIt).toList());
        }
    }

    @Property
    void onlyTheLongerRestOfOneFamilyIsWithoutAlternation(@ForAll("families") final String families,
            @ForAll("preferred") final int family, @ForAll @IntRange(min = 1, max = 5) final int count) {
        final String after = interleaved(families, family, count);
        final char first = family == AF_INET6 && families.contains("6") || families.indexOf('4') < 0 ? '6'
                : family == AF_INET || families.indexOf('6') < 0 ? '4' : families.charAt(0);
        final char other = first == '6' ? '4' : '6';
        assertThat(after).matches("%1$s{0,%3$d}|%1$s{%3$d}(%2$s%1$s)*(%1$s*|%2$s*)|%1$s{1,%3$d}%2$s+"
                .formatted(first, other, count));
    }

    @Property
    void whatIsInOrderStaysSo(@ForAll("families") final String families, @ForAll("preferred") final int family,
            @ForAll @IntRange(min = 1, max = 5) final int count) {
        final List<SockAddr> once = AddressOrder.interleave(addresses(families), family, count);
        assertThat(AddressOrder.interleave(once, family, count)).isEqualTo(once);
    }

    @Provide
    Arbitrary<String> families() {
        return Arbitraries.strings().withChars("46").ofMaxLength(12);
    }

    @Provide
    Arbitrary<Integer> preferred() {
        return Arbitraries.of(AF_UNSPEC, AF_INET, AF_INET6);
    }
}
