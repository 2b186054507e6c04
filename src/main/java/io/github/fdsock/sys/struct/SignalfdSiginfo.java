package io.github.fdsock.sys.struct;

import static io.github.fdsock.sys.struct.Bytes.U16;
import static io.github.fdsock.sys.struct.Bytes.U32;
import static io.github.fdsock.sys.struct.Bytes.U64;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// `struct signalfd_siginfo`: one signal, as read from a signalfd.
///
/// ```c
/// struct signalfd_siginfo {
///     uint32_t ssi_signo;      //   0     int32_t  ssi_errno;      //   4
///     int32_t  ssi_code;       //   8     uint32_t ssi_pid;        //  12
///     uint32_t ssi_uid;        //  16     int32_t  ssi_fd;         //  20
///     uint32_t ssi_tid;        //  24     uint32_t ssi_band;       //  28
///     uint32_t ssi_overrun;    //  32     uint32_t ssi_trapno;     //  36
///     int32_t  ssi_status;     //  40     int32_t  ssi_int;        //  44
///     uint64_t ssi_ptr;        //  48     uint64_t ssi_utime;      //  56
///     uint64_t ssi_stime;      //  64     uint64_t ssi_addr;       //  72
///     uint16_t ssi_addr_lsb;   //  80     uint16_t __pad2;         //  82
///     int32_t  ssi_syscall;    //  84     uint64_t ssi_call_addr;  //  88
///     uint32_t ssi_arch;       //  96     uint8_t  __pad[28];      // 100
/// };                              // 128
/// ```
///
/// Which fields say anything depends on the signal and on `ssi_code`; the others are 0. A `read` gives as many whole
/// structs as fit the buffer: [#of] a slice of it, then, for each.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/signalfd.2.html">signalfd(2)</a>
public final class SignalfdSiginfo {
    /// `sizeof(struct signalfd_siginfo)`: reading less than this is `EINVAL`.
    public static final int SIZEOF = 128;

    static final long SIGNO = 0;
    static final long ERRNO = 4;
    static final long CODE = 8;
    static final long PID = 12;
    static final long UID = 16;
    static final long FD = 20;
    static final long TID = 24;
    static final long BAND = 28;
    static final long OVERRUN = 32;
    static final long TRAPNO = 36;
    static final long STATUS = 40;
    static final long INTEGER = 44;
    static final long PTR = 48;
    static final long UTIME = 56;
    static final long STIME = 64;
    static final long ADDR = 72;
    static final long ADDR_LSB = 80;
    static final long SYSCALL = 84;
    static final long CALL_ADDR = 88;
    static final long ARCH = 96;

    private final MemorySegment segment;

    private SignalfdSiginfo(final MemorySegment segment) {
        this.segment = Bytes.struct("signalfd_siginfo", segment, SIZEOF);
    }

    /// A new one, zero.
    ///
    /// @param arena what it lives as long as
    /// @return the view
    public static SignalfdSiginfo allocate(final Arena arena) {
        return new SignalfdSiginfo(arena.allocate(SIZEOF, Long.BYTES));
    }

    /// A view of memory that is there.
    ///
    /// @param segment at least [#SIZEOF] bytes, of which the first are meant
    /// @return the view
    public static SignalfdSiginfo of(final MemorySegment segment) {
        return new SignalfdSiginfo(segment);
    }

    /// The memory.
    ///
    /// @return [#SIZEOF] bytes
    public MemorySegment segment() {
        return segment;
    }

    /// Reads `ssi_signo`.
    ///
    /// @return the signal's number
    public int signo() {
        return segment.get(U32, SIGNO);
    }

    /// Reads `ssi_errno`.
    ///
    /// @return not used by Linux
    public int errno() {
        return segment.get(U32, ERRNO);
    }

    /// Reads `ssi_code`.
    ///
    /// @return why it was sent, `SI_USER` and so on
    public int code() {
        return segment.get(U32, CODE);
    }

    /// Reads `ssi_pid`.
    ///
    /// @return who sent it
    public int pid() {
        return segment.get(U32, PID);
    }

    /// Reads `ssi_uid`.
    ///
    /// @return the real user of who sent it, unsigned
    public int uid() {
        return segment.get(U32, UID);
    }

    /// Reads `ssi_fd`.
    ///
    /// @return the descriptor, for `SIGIO`
    public int fd() {
        return segment.get(U32, FD);
    }

    /// Reads `ssi_tid`.
    ///
    /// @return the kernel's number of the timer, for POSIX timers
    public int tid() {
        return segment.get(U32, TID);
    }

    /// Reads `ssi_band`.
    ///
    /// @return the events, for `SIGIO`
    public int band() {
        return segment.get(U32, BAND);
    }

    /// Reads `ssi_overrun`.
    ///
    /// @return how often the POSIX timer went off besides
    public int overrun() {
        return segment.get(U32, OVERRUN);
    }

    /// Reads `ssi_trapno`.
    ///
    /// @return the trap, for a hardware signal
    public int trapno() {
        return segment.get(U32, TRAPNO);
    }

    /// Reads `ssi_status`.
    ///
    /// @return the exit status or signal, for `SIGCHLD`
    public int status() {
        return segment.get(U32, STATUS);
    }

    /// Reads `ssi_int`.
    ///
    /// @return the `int` that `sigqueue` sent
    public int integer() {
        return segment.get(U32, INTEGER);
    }

    /// Reads `ssi_ptr`.
    ///
    /// @return the pointer that `sigqueue` sent
    public long ptr() {
        return segment.get(U64, PTR);
    }

    /// Reads `ssi_utime`.
    ///
    /// @return user time, for `SIGCHLD`
    public long utime() {
        return segment.get(U64, UTIME);
    }

    /// Reads `ssi_stime`.
    ///
    /// @return system time, for `SIGCHLD`
    public long stime() {
        return segment.get(U64, STIME);
    }

    /// Reads `ssi_addr`.
    ///
    /// @return the address, for a hardware signal
    public long addr() {
        return segment.get(U64, ADDR);
    }

    /// Reads `ssi_addr_lsb`.
    ///
    /// @return the least significant bit of the address, for `SIGBUS`
    public int addr_lsb() {
        return Short.toUnsignedInt(segment.get(U16, ADDR_LSB));
    }

    /// Reads `ssi_syscall`.
    ///
    /// @return the system call's number, for `SIGSYS`
    public int syscall() {
        return segment.get(U32, SYSCALL);
    }

    /// Reads `ssi_call_addr`.
    ///
    /// @return the address of the system call, for `SIGSYS`
    public long call_addr() {
        return segment.get(U64, CALL_ADDR);
    }

    /// Reads `ssi_arch`.
    ///
    /// @return the architecture, `AUDIT_ARCH_…`, for `SIGSYS`
    public int arch() {
        return segment.get(U32, ARCH);
    }
}
