package io.github.fdsock.resolve;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigInteger;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/// What cannot be a name or a port is refused by name; everything else reaches libc as it is.
class AddressQueryTest {

    @Example
    void itReadsAsTheCall() {
        assertThat(AddressQuery.of("localhost", 80)).hasToString("getaddrinfo(\"localhost\", \"80\", NULL)");
        assertThat(AddressQuery.of("a\"b\\", (String) null).flags(AI_ADDRCONFIG).family(AF_INET6).socktype(SOCK_STREAM)
                .protocol(IPPROTO_TCP)).hasToString("getaddrinfo(\"a\\\"b\\\\\", NULL,"
                        + " {ai_flags=0x20, ai_family=10, ai_socktype=1, ai_protocol=6})");
        assertThat(AddressQuery.of(null, "http")).hasToString("getaddrinfo(NULL, \"http\", NULL)");
    }

    @Example
    void eachPartIsSetByItself() {
        assertThat(AddressQuery.of("n", "s").family(1).socktype(2).protocol(3).flags(4))
                .isEqualTo(AddressQuery.of("n", "s").flags(4).protocol(3).socktype(2).family(1))
                .isEqualTo(new AddressQuery("n", "s", 1, 2, 3, 4));
    }

    @Example
    void aNulIsRefusedAndSoAreOtherCharactersThanAscii() {
        assertThatThrownBy(() -> AddressQuery.of("local\0host", 80)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("U+0000 is at index 5 of \"local?host\"");
        assertThatThrownBy(() -> AddressQuery.of("faß.de", 80)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("U+00DF is at index 2").hasMessageContaining("java.net.IDN");
        assertThatThrownBy(() -> AddressQuery.of("localhost", "ht\ntp")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("U+000A");
    }

    @Example
    void aNameIsNotLongerThanThereIsRoomFor() {
        assertThat(AddressQuery.of("a".repeat(1024), 80).node()).hasSize(1024);
        assertThatThrownBy(() -> AddressQuery.of("a".repeat(1025), 80)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("1024").hasMessageContaining("1025");
    }

    @Property
    void aPortInDigitsIsInRange(@ForAll("numbers") final String digits) {
        if (new BigInteger(digits).bitLength() <= 16) {
            assertThat(AddressQuery.of(null, digits).service()).isEqualTo(digits);
        } else {
            assertThatThrownBy(() -> AddressQuery.of(null, digits)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(digits);
        }
    }

    @Example
    void noSignOrBlankIsBeforeIt() {
        for (final String service : new String[] {"-1", "+80", " 80"}) {
            assertThatThrownBy(() -> AddressQuery.of(null, service)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining('"' + service + '"');
        }
        assertThatThrownBy(() -> AddressQuery.of(null, -1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> AddressQuery.of(null, 65536)).isInstanceOf(IllegalArgumentException.class);
    }

    @Property
    void anyTextIsTakenAsItIsOrRefused(@ForAll final String text) {
        final boolean printable = text.length() <= 1024 && text.chars().allMatch(c -> c >= ' ' && c <= '~');
        if (printable) {
            assertThat(AddressQuery.of(text, 0).node()).isEqualTo(text);
        } else {
            assertThatThrownBy(() -> AddressQuery.of(text, 0)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Provide
    Arbitrary<String> numbers() {
        return Arbitraries.oneOf(Arbitraries.of("0", "00", "65535", "65536", "065535", "0000000065536", "99999"),
                Arbitraries.integers().between(0, 140_000).map(String::valueOf),
                Arbitraries.strings().numeric().ofMinLength(1).ofMaxLength(30));
    }
}
