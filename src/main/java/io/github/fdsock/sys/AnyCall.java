package io.github.fdsock.sys;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// The methods of [Libc], found by the call that they make.
final class AnyCall {
    /// Two where the last argument is a number or a pointer.
    private static final Map<Call, List<Method>> METHODS = new EnumMap<>(Call.class);

    static {
        for (final Call call : Call.values()) {
            METHODS.put(call, new ArrayList<>());
        }
        for (final Method method : Libc.class.getDeclaredMethods()) {
            if (Modifier.isPublic(method.getModifiers()) && !method.getName().equals("errno")) {
                METHODS.get(Call.valueOf(method.getName())).add(method);
            }
        }
    }

    private AnyCall() {
    }

    static long make(final Call call, final Object... arguments) {
        IllegalArgumentException refused = null;
        for (final Method method : METHODS.get(call)) {
            try {
                return method.invoke(null, arguments) instanceof Number result ? result.longValue() : 0;
            } catch (final IllegalArgumentException e) {
                // Not the form of the call that these arguments are for.
                refused = e;
            } catch (final InvocationTargetException e) {
                throw unchecked(e.getCause());
            } catch (final IllegalAccessException e) {
                throw new IllegalStateException(method + " is public", e);
            }
        }
        throw new IllegalArgumentException("no " + call + " with " + Arrays.toString(arguments), refused);
    }

    private static RuntimeException unchecked(final Throwable thrown) {
        return switch (thrown) {
            case RuntimeException exception -> exception;
            case Error error -> throw error;
            default -> new IllegalStateException("a call threw a checked exception", thrown);
        };
    }
}
