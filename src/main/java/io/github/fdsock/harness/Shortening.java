package io.github.fdsock.harness;

import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.struct.ForeignMsghdr;
import io.github.fdsock.sys.struct.Mmsghdr;
import io.github.fdsock.sys.struct.Msghdr;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.LongSupplier;

/// A transfer that is really made, of fewer bytes than it was meant to be.
///
/// The arguments that others have put there are as they were when the call has returned: where buffers are told in
/// memory, the kernel is given copies of what tells of them.
final class Shortening {
    /// `msg_len`, behind a `struct msghdr`.
    private static final long MSG_LEN = 56;

    private Shortening() {
    }

    /// Makes a call that would transfer more than `most` bytes.
    static long make(final Invocation invocation, final long most, final LongSupplier proceed) {
        final Call call = invocation.call();
        final Object[] arguments = invocation.arguments();
        final int index = Parameters.lengthIndex(call);
        if (index != Parameters.NONE) {
            return with(arguments, index, most, proceed);
        }
        try (Arena arena = Arena.ofConfined()) {
            return switch (call) {
                case readv, writev -> with(arguments, 1,
                        ForeignMsghdr.shortened(arena, Parameters.buffers(arguments), most), proceed);
                case sendmsg, recvmsg -> {
                    final ForeignMsghdr header = ForeignMsghdr.of((MemorySegment) arguments[1]);
                    final MemorySegment copy = arena.allocate(Msghdr.SIZEOF, Long.BYTES);
                    header.copyTo(arena, copy, most);
                    final long result = with(arguments, 1, copy, proceed);
                    if (call == Call.recvmsg) {
                        header.takeBack(copy);
                    }
                    yield result;
                }
                default -> messages(arena, invocation, most, proceed);
            };
        }
    }

    private static long messages(final Arena arena, final Invocation invocation, final long most,
            final LongSupplier proceed) {
        final Object[] arguments = invocation.arguments();
        final MemorySegment messages = (MemorySegment) arguments[1];
        final int count = Parameters.messages(arguments);
        final MemorySegment copies = arena.allocate((long) count * Mmsghdr.SIZEOF, Long.BYTES);
        for (int i = 0; i < count; i++) {
            ForeignMsghdr.of(Parameters.message(messages, i)).copyTo(arena, Parameters.message(copies, i), most);
        }
        final long result = with(arguments, 1, copies, proceed);
        // A rule behind this one may have made up any result.
        for (int i = 0; i < Math.min(result, count); i++) {
            if (invocation.call() == Call.recvmmsg) {
                ForeignMsghdr.of(Parameters.message(messages, i)).takeBack(Parameters.message(copies, i));
            }
            final long at = (long) i * Mmsghdr.SIZEOF + MSG_LEN;
            messages.set(ValueLayout.JAVA_INT_UNALIGNED, at, copies.get(ValueLayout.JAVA_INT_UNALIGNED, at));
        }
        return result;
    }

    private static long with(final Object[] arguments, final int index, final Object other,
            final LongSupplier proceed) {
        final Object own = arguments[index];
        arguments[index] = other;
        try {
            return proceed.getAsLong();
        } finally {
            arguments[index] = own;
        }
    }
}
