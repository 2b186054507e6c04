package io.github.fdsock.sys;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// The memory of this process at any address: a copy that the kernel makes, to which a bad address is an answer and not
/// the end of the JVM.
///
/// For whoever shows what somebody else's pointers point to: those inside a `struct msghdr` may have been written by
/// hand, and the memory may be gone. It takes no descriptor, does not go through the [Interposer] and leaves
/// [Libc#errno] alone. Where the kernel or a sandbox has no `process_vm_readv(2)`, no address can be read.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/process_vm_readv.2.html">process_vm_readv(2)</a>
public final class ProcessMemory {
    /// The smallest page of any Linux: memory is there, or not, by pages of at least this size.
    private static final int PAGE = 4096;

    private ProcessMemory() {
    }

    /// Reads so many bytes.
    ///
    /// @param address where they begin; any number
    /// @param length how many, 0 or more
    /// @return a copy, or null where not all of them can be read
    public static byte[] read(final long address, final int length) {
        // Linked without errno: the one that a traced call left has to stay.
        final class Link {
            @SuppressWarnings("restricted")
            static final MethodHandle CALL = Platform.LIBC.find("process_vm_readv")
                    .map(function -> Linker.nativeLinker().downcallHandle(function, FunctionDescriptor.of(JAVA_LONG,
                            JAVA_INT, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG)))
                    .orElse(null);
            static final int PID = (int) ProcessHandle.current().pid();
        }
        if (length == 0) {
            return new byte[0];
        }
        if (Link.CALL == null) {
            return null;
        }
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment copy = arena.allocate(length);
            final MemorySegment to = arena.allocate(JAVA_LONG, 2);
            to.setAtIndex(JAVA_LONG, 0, copy.address());
            to.setAtIndex(JAVA_LONG, 1, length);
            final MemorySegment from = arena.allocate(JAVA_LONG, 2);
            from.setAtIndex(JAVA_LONG, 0, address);
            from.setAtIndex(JAVA_LONG, 1, length);
            final long n = (long) Link.CALL.invokeExact(Link.PID, to, 1L, from, 1L, 0L);
            return n == length ? copy.toArray(JAVA_BYTE) : null;
        } catch (final RuntimeException | Error e) {
            throw e;
        } catch (final Throwable e) {
            throw new IllegalStateException("a downcall threw a checked exception", e);
        }
    }

    /// Reads a string of C.
    ///
    /// @param address where it begins; any number
    /// @param most how many bytes to look through for its NUL
    /// @return its bytes, one a character, without the NUL; null where it cannot be read, or has no NUL so far
    public static String string(final long address, final int most) {
        byte[] bytes = {};
        while (bytes.length < most) {
            final long next = address + bytes.length;
            // Up to the end of a page: what lies behind it may not be there.
            final int length = (int) Math.min(PAGE - (next & PAGE - 1), most - bytes.length);
            final byte[] more = read(next, length);
            if (more == null) {
                return null;
            }
            for (int i = 0; i < length; i++) {
                if (more[i] == 0) {
                    return new String(bytes, StandardCharsets.ISO_8859_1)
                            .concat(new String(more, 0, i, StandardCharsets.ISO_8859_1));
                }
            }
            final int before = bytes.length;
            bytes = Arrays.copyOf(bytes, before + length);
            System.arraycopy(more, 0, bytes, before, length);
        }
        return null;
    }
}
