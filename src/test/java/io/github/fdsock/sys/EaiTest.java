package io.github.fdsock.sys;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.abi.fdsock_h;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What `getaddrinfo` answers has C's number, name and text.
class EaiTest {

    static List<Field> codes() {
        return Arrays.stream(Constants.class.getFields()).filter(field -> field.getName().startsWith("EAI_")).toList();
    }

    @ParameterizedTest
    @MethodSource("codes")
    void theNameIsThatOfTheConstant(Field code) throws IllegalAccessException {
        assertThat(Eai.name(code.getInt(null))).isEqualTo(code.getName());
    }

    @Test
    void thereAreCodes() {
        assertThat(codes()).hasSizeGreaterThan(10);
    }

    /// glibc's word; other C libraries have other words.
    @ParameterizedTest
    @MethodSource("codes")
    @SuppressWarnings("restricted")
    void theTextIsThatOfGaiStrerror(Field code) throws Throwable {
        final MethodHandle gai_strerror = Linker.nativeLinker().downcallHandle(
                Platform.LIBC.findOrThrow("gai_strerror"), fdsock_h.gai_strerror$descriptor());
        final MemorySegment text = (MemorySegment) gai_strerror.invokeExact(code.getInt(null));
        // SAFETY: gai_strerror returns a string literal of libc.
        final String theirs = text.reinterpret(1000).getString(0);
        // What glibc says of a number that it has forgotten to give a text.
        if (!theirs.equals("Unknown error")) {
            assertThat(Eai.text(code.getInt(null))).isEqualTo(theirs);
        }
    }

    @Test
    void noTwoCodesShareANameOrText() {
        final List<Integer> all = Stream.iterate(-200, code -> code + 1).limit(400).toList();
        assertThat(all.stream().map(Eai::name)).doesNotHaveDuplicates();
        assertThat(all.stream().map(Eai::text)).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, -4711, Integer.MIN_VALUE})
    void aCodeThatIsNoneIsNamedByItself(int code) {
        assertThat(Eai.name(code)).isEqualTo("EAI " + code);
        assertThat(Eai.text(code)).isEqualTo("Unknown error " + code);
    }
}
