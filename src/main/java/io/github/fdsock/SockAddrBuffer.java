package io.github.fdsock;

import static io.github.fdsock.sys.Constants.AF_UNIX;

import io.github.fdsock.sys.struct.Sockaddr;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;

/// A `struct sockaddr_storage` with its `socklen_t`, for calls that tell or are told an address, again and again
/// without allocating.
///
/// Not for several threads at once. The memory lives as long as the arena that it came from.
public final class SockAddrBuffer {
    private final MemorySegment name;
    private final MemorySegment length;

    private SockAddrBuffer(final Arena arena) {
        final MemorySegment all = arena.allocate(SockAddr.MAX_LENGTH + Integer.BYTES, Long.BYTES);
        name = all.asSlice(0, SockAddr.MAX_LENGTH);
        length = all.asSlice(SockAddr.MAX_LENGTH, Integer.BYTES);
    }

    /// Makes an empty one.
    ///
    /// @param arena whose life the memory has
    /// @return one without an address
    public static SockAddrBuffer allocate(final Arena arena) {
        return new SockAddrBuffer(arena);
    }

    /// Writes an address, to be sent to.
    ///
    /// @param address the address
    /// @return this
    public SockAddrBuffer set(final SockAddr address) {
        length.set(ValueLayout.JAVA_INT, 0, address.encode(name));
        return this;
    }

    /// Takes over the address in another, without allocating.
    ///
    /// @param other where it is copied from
    /// @return this
    public SockAddrBuffer set(final SockAddrBuffer other) {
        MemorySegment.copy(other.name, 0, name, 0, SockAddr.MAX_LENGTH);
        length.set(ValueLayout.JAVA_INT, 0, other.length());
        return this;
    }

    /// What the last call told, or [#set] wrote.
    ///
    /// @return the address; null where the kernel had none to tell (a TCP peer, an unbound UNIX sender)
    public SockAddr address() {
        return SockAddr.decode(name, length());
    }

    /// The length as the kernel reported it: it may exceed the memory when an address was cut off.
    ///
    /// @return the number of bytes
    public int length() {
        return length.get(ValueLayout.JAVA_INT, 0);
    }

    /// Whether both hold the same address, compared byte by byte, without allocating.
    ///
    /// @param other another one
    /// @return whether length and bytes are the same
    public boolean contentEquals(final SockAddrBuffer other) {
        Objects.requireNonNull(other, "other");
        final int bytes = Math.min(length(), SockAddr.MAX_LENGTH);
        return length() == other.length()
                && MemorySegment.mismatch(name, 0, bytes, other.name, 0, bytes) < 0;
    }

    /// The memory of the address, for `msg_name` and the like.
    ///
    /// @return [SockAddr#MAX_LENGTH] bytes
    public MemorySegment segment() {
        return name;
    }

    /// The memory of the length, to be told how much room there is before each call.
    MemorySegment lengthReset() {
        length.set(ValueLayout.JAVA_INT, 0, SockAddr.MAX_LENGTH);
        return length;
    }

    /// The length as a `msghdr` has told it.
    void told(final int bytes) {
        length.set(ValueLayout.JAVA_INT, 0, bytes);
    }

    /// For a `sendto`: never more than there is.
    ///
    /// A path that fills `sun_path` is reported with the NUL that there is no room for. To the kernel, which takes no
    /// more than a `struct sockaddr_un`, what it has reported itself would be `EINVAL`.
    int lengthToSend() {
        final int length = Math.min(length(), SockAddr.MAX_LENGTH);
        final boolean fullPath = length == Sockaddr.SIZEOF_SOCKADDR_UN + 1 && Sockaddr.sa_family(name) == AF_UNIX
                && name.get(ValueLayout.JAVA_BYTE, Sockaddr.SIZEOF_SOCKADDR_UN) == 0;
        return fullPath ? Sockaddr.SIZEOF_SOCKADDR_UN : length;
    }
}
