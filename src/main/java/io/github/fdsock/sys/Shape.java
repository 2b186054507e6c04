package io.github.fdsock.sys;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.ValueLayout;

/// How the arguments of a C function lie: `L` for an integer of any width, `P` for a pointer, in order.
///
/// Linking the first function of a shape costs milliseconds (the JVM spins classes for it), a further one of the same
/// shape well under one. So functions share shapes, and three promises of the System V x86-64 and the AAPCS64 calling
/// conventions make that right:
///
/// - an `int` travels in a 64-bit register of which the callee looks at the low half only, so it may be passed as a
///   `long`, sign-extended;
/// - an argument register that the callee does not take is not looked at, so zeros may follow the last argument
///   (as long as all fit into registers: six on x86-64, which is why no padded shape is longer);
/// - a result comes back in one register, of which an `int` function defines the low half: [Libc] narrows it.
///
/// Pointers stay pointers: the linker then keeps the segment's arena alive for the duration of the call and refuses
/// a closed one. A test compares each function's shape with the descriptor that jextract read from the headers.
enum Shape {
    LLLLLL, PLL, LPLL, LPPL, LLLPL, LLLPP, LLPL, LLPP, LPLLPL, LPLLPP, LPLPP, LPLPLL, PLPP, PPPP, PPPPPP, PLPLPLL,
    /// `fcntl`, `ioctl`: variadic from the third argument on.
    LL_L(2), LL_P(2),
    /// `open`: variadic from the third argument on.
    PL_L(2);

    /// Stands for "not variadic".
    static final int FIXED = -1;

    /// The index of the first variadic argument, or [#FIXED].
    final int firstVariadic;

    Shape() {
        this(FIXED);
    }

    Shape(final int firstVariadic) {
        this.firstVariadic = firstVariadic;
    }

    FunctionDescriptor descriptor() {
        final String arguments = name().replace("_", "");
        final MemoryLayout[] layouts = new MemoryLayout[arguments.length()];
        for (int i = 0; i < layouts.length; i++) {
            layouts[i] = arguments.charAt(i) == 'P' ? ValueLayout.ADDRESS : ValueLayout.JAVA_LONG;
        }
        return FunctionDescriptor.of(ValueLayout.JAVA_LONG, layouts);
    }
}
