package io.github.fdsock.harness.notation;

import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.ProcessMemory;
import java.lang.foreign.MemorySegment;

/// One call that is being written: its arguments as the caller gave them, the memory they point to, and its result.
final class Frame {
    /// More of a string or a buffer than this is never shown, whatever the limit.
    static final int MOST = 64 * 1024;

    final Call call;
    final int limit;
    private final Object[] arguments;
    private long result;

    Frame(final Call call, final Object[] arguments, final int limit) {
        this.call = call;
        this.arguments = arguments.clone();
        this.limit = Math.min(limit, MOST);
    }

    int count() {
        return arguments.length;
    }

    void result(final long result) {
        this.result = result;
    }

    long result() {
        return result;
    }

    boolean failed() {
        return result < 0;
    }

    int number(final int index) {
        return (int) wide(index);
    }

    /// A number of any width, or where a pointer points.
    long wide(final int index) {
        return arguments[index] instanceof MemorySegment segment ? segment.address()
                : ((Number) arguments[index]).longValue();
    }

    boolean isPointer(final int index) {
        return arguments[index] instanceof MemorySegment;
    }

    /// A pointer as a number.
    String pointer(final int index) {
        return pointer(wide(index));
    }

    static String pointer(final long address) {
        return address == 0 ? "NULL" : "0x" + Long.toHexString(address);
    }

    /// How many bytes may be looked at behind a pointer among the arguments; none behind one to the heap, which the
    /// linker refuses.
    long room(final int index) {
        return arguments[index] instanceof MemorySegment segment && segment.isNative() ? segment.byteSize() : 0;
    }

    /// Memory behind a pointer among the arguments, never beyond its bounds; null where it has not so much, or where it
    /// cannot be read.
    byte[] memory(final int index, final long offset, final long length) {
        if (wide(index) == 0 || length < 0 || offset > room(index) - length) {
            return null;
        }
        return memory(wide(index) + offset, length);
    }

    /// Memory that an address inside of a structure points to; null where it cannot be read.
    byte[] memory(final long address, final long length) {
        return address == 0 || length < 0 || length > MOST ? null : ProcessMemory.read(address, (int) length);
    }

    /// A buffer, cut at the limit: `"0123456789"...`; a pointer where it cannot be read.
    String buffer(final long address, final long length) {
        final byte[] bytes = address == 0 ? null : memory(address, Math.min(length, limit));
        return bytes == null ? pointer(address) : Quoted.all(bytes) + (length > limit ? "..." : "");
    }

    /// A buffer among the arguments.
    String buffer(final int index, final long length) {
        return length < 0 || length > room(index) ? pointer(index) : buffer(wide(index), length);
    }

    /// A string with its NUL; a pointer where there is none.
    String string(final int index) {
        return string(wide(index), (int) Math.min(room(index), MOST));
    }

    /// A string that an address inside of a structure points to.
    static String stringAt(final long address) {
        return string(address, MOST);
    }

    private static String string(final long address, final int most) {
        final String text = address == 0 ? null : ProcessMemory.string(address, most);
        return text == null ? pointer(address) : Quoted.all(text);
    }
}
