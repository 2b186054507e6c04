package io.github.fdsock.sys.struct;

import static io.github.fdsock.sys.struct.Bytes.U32;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// `siginfo_t`, as `waitid` fills it: which child, and what has become of it.
///
/// ```c
/// typedef struct {
///     int si_signo;                 //   0   SIGCHLD; 0 where nothing has happened
///     int si_errno;                 //   4
///     int si_code;                  //   8   CLD_EXITED, CLD_KILLED, CLD_DUMPED, …
///     union {                       //  16
///         struct {
///             pid_t   si_pid;       //  16   the child
///             uid_t   si_uid;       //  20   its real user
///             int     si_status;    //  24   its exit status, or the signal
///             clock_t si_utime;     //  32   always 0 here
///             clock_t si_stime;     //  40
///         } _sigchld;
///         …
///     } _sifields;
/// } siginfo_t;                      // 128
/// ```
///
/// @see <a href="https://man7.org/linux/man-pages/man2/waitid.2.html">waitid(2)</a>
public final class Siginfo {
    /// `sizeof(siginfo_t)`.
    public static final int SIZEOF = 128;

    static final long SIGNO = 0;
    static final long CODE = 8;
    static final long PID = 16;
    static final long UID = 20;
    static final long STATUS = 24;

    private final MemorySegment segment;

    private Siginfo(final MemorySegment segment) {
        this.segment = Bytes.struct("siginfo_t", segment, SIZEOF);
    }

    /// A new one, zero.
    ///
    /// @param arena what it lives as long as
    /// @return the view
    public static Siginfo allocate(final Arena arena) {
        return new Siginfo(arena.allocate(SIZEOF, Long.BYTES));
    }

    /// A view of memory that is there.
    ///
    /// @param segment at least [#SIZEOF] bytes, of which the first are meant
    /// @return the view
    public static Siginfo of(final MemorySegment segment) {
        return new Siginfo(segment);
    }

    /// The memory.
    ///
    /// @return [#SIZEOF] bytes
    public MemorySegment segment() {
        return segment;
    }

    /// Reads `si_signo`.
    ///
    /// @return `SIGCHLD`, or 0: under `WNOHANG`, nothing has happened
    public int signo() {
        return segment.get(U32, SIGNO);
    }

    /// Reads `si_code`.
    ///
    /// @return what has happened, `CLD_EXITED`, `CLD_KILLED`, `CLD_DUMPED`, …
    public int code() {
        return segment.get(U32, CODE);
    }

    /// Reads `si_pid`.
    ///
    /// @return the child
    public int pid() {
        return segment.get(U32, PID);
    }

    /// Reads `si_uid`.
    ///
    /// @return the child's real user, unsigned
    public int uid() {
        return segment.get(U32, UID);
    }

    /// Reads `si_status`.
    ///
    /// @return the exit status, 0 to 255; or the signal, where one ended, stopped or continued the child
    public int status() {
        return segment.get(U32, STATUS);
    }
}
