package io.github.fdsock.sys;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The table of calls and the methods of [Libc] are one list, in C's words.
class CallTest {

    /// The methods of [Libc] that are a C function: all but `errno`, which is a variable in C.
    static Stream<Method> methods() {
        return Arrays.stream(Libc.class.getDeclaredMethods())
                .filter(method -> Modifier.isPublic(method.getModifiers()) && !method.getName().equals("errno"));
    }

    @Test
    void everyPublicMethodOfLibcIsACallAndEveryCallAMethod() {
        assertThat(methods().map(Method::getName).distinct())
                .containsExactlyInAnyOrder(Arrays.stream(Call.values()).map(Call::name).toArray(String[]::new));
        assertThat(methods()).allMatch(method -> Modifier.isStatic(method.getModifiers()));
    }

    @ParameterizedTest
    @EnumSource
    void aCallHasOneMethodOrOneForEachFormOfItsVariadicArgument(Call call) {
        assertThat(methods().filter(method -> method.getName().equals(call.name())))
                .hasSize(call.pointerShape == null ? 1 : 2);
    }

    /// `int` for what is an `int` in C, `long` for what is a `long`, a segment for a pointer, in C's order.
    @ParameterizedTest
    @EnumSource
    void theMethodHasTheTypesOfTheFunction(Call call) throws ReflectiveOperationException {
        final FunctionDescriptor function = ShapeTest.descriptor(call);
        final List<Class<?>> parameters = new ArrayList<>();
        for (MemoryLayout argument : function.argumentLayouts()) {
            parameters.add(java(call, argument));
        }
        for (Method method : methods().filter(method -> method.getName().equals(call.name())).toList()) {
            final List<Class<?>> actual = List.of(method.getParameterTypes());
            if (call.shape.firstVariadic == Shape.FIXED) {
                assertThat(actual).isEqualTo(parameters);
            } else {
                assertThat(actual.subList(0, actual.size() - 1)).isEqualTo(parameters);
            }
            assertThat(method.getReturnType()).isEqualTo(switch (call) {
                // The name that was asked for, or NULL: here 0 or -errno.
                case if_indextoname -> int.class;
                default -> function.returnLayout().<Class<?>>map(layout -> java(call, layout)).orElse(void.class);
            });
        }
    }

    private static Class<?> java(Call call, MemoryLayout layout) {
        return switch (layout) {
            case ValueLayout.OfShort _ -> short.class;
            case ValueLayout.OfInt _ -> int.class;
            case ValueLayout.OfLong _ -> long.class;
            // Addresses that no segment stands for.
            case AddressLayout _ when Set.of(Call.mmap, Call.munmap).contains(call) -> long.class;
            case AddressLayout _ -> MemorySegment.class;
            default -> throw new AssertionError(call + " has " + layout);
        };
    }

    @ParameterizedTest
    @EnumSource
    void theFunctionIsFoundAndLinked(Call call) {
        assertThat(Downcall.link(call)).isNotNull();
        if (call.pointerShape != null) {
            assertThat(Downcall.linkPointer(call)).isNotNull();
        }
    }

    /// A program may go through the table where there is no Linux, and no native access.
    @Test
    void theTableTouchesNothingNative() throws Exception {
        final Process process = new ProcessBuilder(ProcessHandle.current().info().command().orElseThrow(),
                "--illegal-native-access=deny", "-Dos.name=Plan 9", "-cp",
                Call.class.getProtectionDomain().getCodeSource().getLocation().getPath()
                        + System.getProperty("path.separator")
                        + CallTest.class.getProtectionDomain().getCodeSource().getLocation().getPath(),
                Table.class.getName()).redirectErrorStream(true).start();
        final String output = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as(output).isZero();
        assertThat(output.lines()).hasSize(Call.values().length);
    }

    /// Run in a JVM of its own.
    static final class Table {
        private Table() {
        }

        public static void main(String[] arguments) {
            for (Call call : Call.values()) {
                System.out.println(call + " " + call.shape.descriptor());
            }
        }
    }

    @Test
    void callsOlderThanNoLibcNeedNoNumber() {
        assertThat(Arrays.stream(Call.values()).filter(call -> call.number != Call.NO_NUMBER))
                .containsExactlyInAnyOrder(Call.close_range, Call.epoll_pwait2, Call.pidfd_open, Call.pidfd_getfd,
                        Call.pidfd_send_signal);
    }
}
