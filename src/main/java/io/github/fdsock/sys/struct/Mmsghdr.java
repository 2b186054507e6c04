package io.github.fdsock.sys.struct;

import static io.github.fdsock.sys.struct.Bytes.U32;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// An array of `struct mmsghdr`: the messages of one `sendmmsg` or `recvmmsg`.
///
/// ```c
/// struct mmsghdr {
///     struct msghdr msg_hdr;  //  0
///     unsigned int  msg_len;  // 56   out: how many bytes of this message were sent or received
/// };                          // 64
/// ```
///
/// **Threads.** One at a time.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/recvmmsg.2.html">recvmmsg(2)</a>
public final class Mmsghdr {
    /// `sizeof(struct mmsghdr)`.
    public static final int SIZEOF = 64;

    static final long HDR = 0;
    static final long LEN = 56;

    private final MemorySegment segment;
    private final Msghdr[] headers;

    private Mmsghdr(final MemorySegment segment, final int capacity) {
        this.segment = segment;
        this.headers = new Msghdr[capacity];
        for (int i = 0; i < capacity; i++) {
            headers[i] = Msghdr.of(segment.asSlice((long) i * SIZEOF + HDR, Msghdr.SIZEOF));
        }
    }

    /// A new array, zero and with nothing attached.
    ///
    /// @param arena what it lives as long as
    /// @param capacity how many messages, 1 to `UIO_MAXIOV` (1024): `sendmmsg` looks at no more
    /// @return the array
    /// @throws IllegalArgumentException for any other capacity
    public static Mmsghdr allocate(final Arena arena, final int capacity) {
        Bytes.capacity("mmsghdr", capacity, Bytes.UIO_MAXIOV);
        return new Mmsghdr(arena.allocate((long) capacity * SIZEOF, Long.BYTES), capacity);
    }

    /// The memory.
    ///
    /// @return [#capacity] times [#SIZEOF] bytes
    public MemorySegment segment() {
        return segment;
    }

    /// How many there are.
    ///
    /// @return 1 to 1024
    public int capacity() {
        return headers.length;
    }

    /// `msg_hdr`: the message itself.
    ///
    /// @param index which, from 0
    /// @return a view of this field, always the same object
    public Msghdr hdr(final int index) {
        return headers[index];
    }

    /// Reads `msg_len`.
    ///
    /// @param index which, from 0 to below the result of the call
    /// @return how many bytes of this message were sent or received, unsigned
    public int len(final int index) {
        return segment.get(U32, (long) index * SIZEOF + LEN);
    }

    /// [Msghdr#prepareSend] for the first `count`, and their `msg_len` to 0.
    ///
    /// @param count how many, the `vlen` of the call
    /// @return this
    public Mmsghdr prepareSend(final int count) {
        for (int i = 0; i < count; i++) {
            headers[i].prepareSend();
            segment.set(U32, (long) i * SIZEOF + LEN, 0);
        }
        return this;
    }

    /// [Msghdr#prepareReceive] for the first `count`, and their `msg_len` to 0.
    ///
    /// @param count how many, the `vlen` of the call
    /// @return this
    public Mmsghdr prepareReceive(final int count) {
        for (int i = 0; i < count; i++) {
            headers[i].prepareReceive();
            segment.set(U32, (long) i * SIZEOF + LEN, 0);
        }
        return this;
    }

    /// [Msghdr#received] for the first `count`.
    ///
    /// @param count the result of the `recvmmsg`
    /// @return this
    public Mmsghdr received(final int count) {
        for (int i = 0; i < count; i++) {
            headers[i].received();
        }
        return this;
    }
}
