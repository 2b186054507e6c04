package io.github.fdsock.sys.struct;

import static io.github.fdsock.sys.struct.Bytes.U32;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// `struct ucred`: who is at the other end (`SO_PEERCRED`, `SCM_CREDENTIALS`).
///
/// ```c
/// struct ucred {
///     pid_t pid;      //  0   as the reader's PID namespace numbers it; 0 where it has no number there
///     uid_t uid;      //  4   65534, the overflow uid, where the reader's user namespace has none for it
///     gid_t gid;      //  8
/// };                  // 12
/// ```
///
/// @see <a href="https://man7.org/linux/man-pages/man7/unix.7.html">unix(7)</a>
public final class Ucred {
    /// `sizeof(struct ucred)`.
    public static final int SIZEOF = 12;

    static final long PID = 0;
    static final long UID = 4;
    static final long GID = 8;

    private final MemorySegment segment;

    private Ucred(final MemorySegment segment) {
        this.segment = Bytes.struct("ucred", segment, SIZEOF);
    }

    /// A new one, zero.
    ///
    /// @param arena what it lives as long as
    /// @return the view
    public static Ucred allocate(final Arena arena) {
        return new Ucred(arena.allocate(SIZEOF, Integer.BYTES));
    }

    /// A view of memory that is there.
    ///
    /// @param segment at least [#SIZEOF] bytes, of which the first are meant
    /// @return the view
    public static Ucred of(final MemorySegment segment) {
        return new Ucred(segment);
    }

    /// The memory.
    ///
    /// @return [#SIZEOF] bytes
    public MemorySegment segment() {
        return segment;
    }

    /// Reads `pid`.
    ///
    /// @return the process
    public int pid() {
        return segment.get(U32, PID);
    }

    /// Writes `pid`.
    ///
    /// @param pid the process
    /// @return this
    public Ucred pid(final int pid) {
        segment.set(U32, PID, pid);
        return this;
    }

    /// Reads `uid`.
    ///
    /// @return the user, unsigned
    public int uid() {
        return segment.get(U32, UID);
    }

    /// Writes `uid`.
    ///
    /// @param uid the user, unsigned
    /// @return this
    public Ucred uid(final int uid) {
        segment.set(U32, UID, uid);
        return this;
    }

    /// Reads `gid`.
    ///
    /// @return the group, unsigned
    public int gid() {
        return segment.get(U32, GID);
    }

    /// Writes `gid`.
    ///
    /// @param gid the group, unsigned
    /// @return this
    public Ucred gid(final int gid) {
        segment.set(U32, GID, gid);
        return this;
    }
}
