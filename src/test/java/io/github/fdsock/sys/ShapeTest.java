package io.github.fdsock.sys;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.abi.fdsock_h;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The shape through which a function is called suits the one that jextract read from the headers.
class ShapeTest {

    /// These take and return addresses as numbers, since no segment stands for them.
    private static final Set<Call> ADDRESSES_AS_NUMBERS = Set.of(Call.mmap, Call.munmap);

    /// How many arguments x86-64 passes in registers; what lies beyond would be read from the stack.
    private static final int REGISTERS = 6;

    static FunctionDescriptor descriptor(Call call) throws ReflectiveOperationException {
        return (FunctionDescriptor) fdsock_h.class.getMethod(call.name() + "$descriptor").invoke(null);
    }

    /// `L` for an integer, `P` for a pointer, like the names of the shapes.
    private static String letters(Call call, List<MemoryLayout> arguments) {
        final StringBuilder letters = new StringBuilder();
        for (MemoryLayout argument : arguments) {
            assertThat(argument).as("%s", call).isInstanceOfAny(AddressLayout.class, ValueLayout.OfShort.class,
                    ValueLayout.OfInt.class, ValueLayout.OfLong.class);
            letters.append(argument instanceof AddressLayout && !ADDRESSES_AS_NUMBERS.contains(call) ? 'P' : 'L');
        }
        return letters.toString();
    }

    private static String name(Shape shape) {
        return shape.name().replace("_", "");
    }

    @ParameterizedTest
    @EnumSource
    void argumentsLieWhereTheFunctionLooksForThem(Call call) throws ReflectiveOperationException {
        final String letters = letters(call, descriptor(call).argumentLayouts());
        final Shape shape = call.shape;
        assertThat(name(shape)).startsWith(letters);
        if (name(shape).length() > letters.length() && shape.firstVariadic == Shape.FIXED) {
            assertThat(name(shape).length()).as("padded within the registers").isLessThanOrEqualTo(REGISTERS);
        }
    }

    @ParameterizedTest
    @EnumSource
    void variadicFunctionsAreLinkedAsSuch(Call call) throws ReflectiveOperationException {
        final boolean variadic = Set.of(Call.fcntl, Call.ioctl, Call.open).contains(call);
        assertThat(call.shape.firstVariadic != Shape.FIXED).isEqualTo(variadic);
        assertThat(call.pointerShape != null).isEqualTo(variadic && call != Call.open);
        if (variadic) {
            // The descriptor holds the named arguments only.
            final String named = letters(call, descriptor(call).argumentLayouts());
            assertThat(call.shape.firstVariadic).isEqualTo(named.length());
            assertThat(name(call.shape)).isEqualTo(named + "L");
            if (call.pointerShape != null) {
                assertThat(call.pointerShape.firstVariadic).isEqualTo(named.length());
                assertThat(name(call.pointerShape)).isEqualTo(named + "P");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void theDescriptorOfAShapeIsWhatItsNameSays(Shape shape) {
        final FunctionDescriptor descriptor = shape.descriptor();
        assertThat(descriptor.returnLayout()).contains(ValueLayout.JAVA_LONG);
        assertThat(descriptor.argumentLayouts()).hasSameSizeAs(name(shape).toCharArray());
        for (int i = 0; i < name(shape).length(); i++) {
            assertThat(descriptor.argumentLayouts().get(i))
                    .isEqualTo(name(shape).charAt(i) == 'P' ? ValueLayout.ADDRESS : ValueLayout.JAVA_LONG);
        }
    }

    /// Few shapes is the point of having them: each costs a starting program milliseconds.
    @ParameterizedTest
    @EnumSource
    void everyShapeIsNeeded(Shape shape) {
        assertThat(Call.values()).anyMatch(call -> call.shape == shape || call.pointerShape == shape);
    }
}
