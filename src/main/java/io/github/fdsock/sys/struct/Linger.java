package io.github.fdsock.sys.struct;

import static io.github.fdsock.sys.struct.Bytes.U32;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// `struct linger`: what `close` does with bytes that are not sent yet (`SO_LINGER`).
///
/// ```c
/// struct linger {
///     int l_onoff;    // 0   0: close returns at once, the kernel goes on sending
///     int l_linger;   // 4   seconds that close may wait; with l_onoff, 0 resets the connection
/// };                  // 8
/// ```
///
/// @see <a href="https://man7.org/linux/man-pages/man7/socket.7.html">socket(7)</a>
public final class Linger {
    /// `sizeof(struct linger)`.
    public static final int SIZEOF = 8;

    static final long ONOFF = 0;
    static final long LINGER = 4;

    private final MemorySegment segment;

    private Linger(final MemorySegment segment) {
        this.segment = Bytes.struct("linger", segment, SIZEOF);
    }

    /// A new one, zero.
    ///
    /// @param arena what it lives as long as
    /// @return the view
    public static Linger allocate(final Arena arena) {
        return new Linger(arena.allocate(SIZEOF, Integer.BYTES));
    }

    /// A view of memory that is there.
    ///
    /// @param segment at least [#SIZEOF] bytes, of which the first are meant
    /// @return the view
    public static Linger of(final MemorySegment segment) {
        return new Linger(segment);
    }

    /// The memory.
    ///
    /// @return [#SIZEOF] bytes
    public MemorySegment segment() {
        return segment;
    }

    /// Reads `l_onoff`.
    ///
    /// @return 0 for off, anything else for on
    public int onoff() {
        return segment.get(U32, ONOFF);
    }

    /// Writes `l_onoff`.
    ///
    /// @param onoff 0 for off, anything else for on
    /// @return this
    public Linger onoff(final int onoff) {
        segment.set(U32, ONOFF, onoff);
        return this;
    }

    /// Reads `l_linger`.
    ///
    /// @return seconds
    public int linger() {
        return segment.get(U32, LINGER);
    }

    /// Writes `l_linger`.
    ///
    /// @param linger seconds
    /// @return this
    public Linger linger(final int linger) {
        segment.set(U32, LINGER, linger);
        return this;
    }
}
