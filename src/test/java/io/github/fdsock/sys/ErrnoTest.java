package io.github.fdsock.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.abi.AbiOracle;
import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Every errno of Linux has C's number, name and text, and every other number an answer too.
class ErrnoTest {

    @Test
    void namesAndTextsAreLibcs() {
        final Map<Integer, AbiOracle.Error> ours = new TreeMap<>();
        IntStream.range(-10, 4096).filter(Errno::isKnown)
                .forEach(errno -> ours.put(errno, new AbiOracle.Error(Errno.name(errno), Errno.text(errno))));
        assertThat(ours).isEqualTo(AbiOracle.here().errnos());
    }

    @Test
    void everyConstantThatIsAnErrnoIsKnownByItsNumberAndName() {
        final Map<Integer, AbiOracle.Error> errnos = AbiOracle.here().errnos();
        final long found = Arrays.stream(Constants.class.getFields()).filter(ErrnoTest::isErrno).peek(constant -> {
            final int number = value(constant);
            assertThat(Errno.number(constant.getName())).as(constant.getName()).isEqualTo(number);
            assertThat(errnos).containsKey(number);
        }).count();
        assertThat(found).isGreaterThanOrEqualTo(errnos.size());
    }

    /// By its name, and only then by its number: plenty of other constants begin with an E and are small.
    private static boolean isErrno(Field constant) {
        final String name = constant.getName();
        return name.equals("EWOULDBLOCK") || name.equals("ENOTSUP") || name.equals("EDEADLOCK")
                || AbiOracle.here().errnos().values().stream().anyMatch(errno -> errno.name().equals(name));
    }

    private static int value(Field constant) {
        try {
            return constant.getInt(null);
        } catch (IllegalAccessException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void noTwoNumbersShareAName() {
        assertThat(IntStream.range(-1, 300).mapToObj(Errno::name)).doesNotHaveDuplicates();
        assertThat(IntStream.range(-1, 300).mapToObj(Errno::text)).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, -11, 41, 58, 134, 4711, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void aNumberThatIsNoneIsNamedByItself(int errno) {
        assertThat(Errno.isKnown(errno)).isFalse();
        assertThat(Errno.name(errno)).isEqualTo("errno " + errno);
        assertThat(Errno.text(errno)).isEqualTo("Unknown error " + errno);
        assertThat(Errno.describe(errno)).isEqualTo("errno " + errno + " (Unknown error " + errno + ")");
    }

    @Test
    void aDescriptionIsWhatStracePrints() {
        assertThat(Errno.describe(Constants.EAGAIN)).isEqualTo("EAGAIN (Resource temporarily unavailable)");
    }

    @ParameterizedTest
    @CsvSource({"EWOULDBLOCK, EAGAIN", "ENOTSUP, EOPNOTSUPP", "EDEADLOCK, EDEADLK"})
    void secondNamesAreUnderstood(String second, String first) {
        assertThat(Errno.number(second)).isEqualTo(Errno.number(first));
        assertThat(Errno.name(Errno.number(second))).isEqualTo(first);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "EAGAI", "eagain", "errno 11", "11"})
    void whatIsNoNameIsRefusedByItself(String name) {
        assertThatThrownBy(() -> Errno.number(name)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(name);
    }
}
