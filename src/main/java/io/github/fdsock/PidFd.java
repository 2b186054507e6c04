package io.github.fdsock;

import static io.github.fdsock.sys.Constants.CLD_DUMPED;
import static io.github.fdsock.sys.Constants.CLD_EXITED;
import static io.github.fdsock.sys.Constants.EINTR;
import static io.github.fdsock.sys.Constants.ESRCH;
import static io.github.fdsock.sys.Constants.PIDFD_NONBLOCK;
import static io.github.fdsock.sys.Constants.PIDFD_THREAD;
import static io.github.fdsock.sys.Constants.POLLIN;
import static io.github.fdsock.sys.Constants.P_PIDFD;
import static io.github.fdsock.sys.Constants.WEXITED;
import static io.github.fdsock.sys.Constants.WNOHANG;

import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.Siginfo;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.AsynchronousCloseException;
import java.nio.file.Files;
import java.nio.file.Path;

/// A descriptor that stands for a process: readable from its end on, and never for another one that got its pid later.
///
/// Closing it does nothing to the process.
///
/// **Children.** One that [io.github.fdsock.process.Spawn] has started is to be waited for ([#waitFor()]), and stays as
/// a zombie until then. For a [Process] of the JDK the JDK does that itself, and takes how it ended: ask
/// [Process#waitFor].
///
/// **Threads.** Any number may use it. [#close] does not wake a thread that is blocked in [#awaitExit] or [#waitFor()].
///
/// @see <a href="https://man7.org/linux/man-pages/man2/pidfd_open.2.html">pidfd_open(2)</a>
public final class PidFd extends Fd {
    private static final String KIND = "anon_inode:[pidfd]";

    /// Takes the number.
    PidFd(final int fd) {
        super(fd);
    }

    /// `pidfd_open(pid, flags)`: a descriptor of the process that has this pid now. Linux 5.3.
    ///
    /// Whether that is still the one that was meant is the caller's to know: [#open(ProcessHandle)] makes sure.
    ///
    /// @param pid the process, 1 or more
    /// @param flags `PIDFD_NONBLOCK`, `PIDFD_THREAD` (Linux 6.9), or 0
    /// @return the descriptor, owned by the caller
    /// @throws IllegalArgumentException where `pid` is beyond an `int`
    /// @throws ErrnoException `ESRCH`: no such process; `EINVAL`: not a pid, or a flag that this kernel does not know;
    ///         `EMFILE`, `ENFILE`: no free descriptor
    public static PidFd open(final long pid, final int flags) throws ErrnoException {
        if (pid != (int) pid) {
            throw new IllegalArgumentException("a pid of " + pid);
        }
        // The kernel makes it close-on-exec by itself.
        final int fd = Libc.pidfd_open((int) pid, flags);
        if (fd < 0) {
            throw ErrnoException.of(-fd, "pidfd_open", pid, Flags.names(flags, FLAGS, FLAG_NAMES));
        }
        return new PidFd(fd);
    }

    /// `pidfd_open(pid, 0)`: a descriptor of just this process.
    ///
    /// @param process the process
    /// @return the descriptor, owned by the caller
    /// @throws ErrnoException `ESRCH`: it has ended, and its pid may belong to another one already; else as
    ///         [#open(long, int)]
    public static PidFd open(final ProcessHandle process) throws ErrnoException {
        final PidFd fd = open(process.pid(), 0);
        // Alive now, so it has been all the time, and nobody else can have had its pid when the descriptor was made.
        if (process.isAlive()) {
            return fd;
        }
        fd.close();
        throw ErrnoException.of(ESRCH, "pidfd_open", process.pid(), 0);
    }

    /// [#open(ProcessHandle)] of a child.
    ///
    /// @param process the child
    /// @return the descriptor, owned by the caller
    /// @throws ErrnoException as [#open(ProcessHandle)]
    public static PidFd open(final Process process) throws ErrnoException {
        return open(process.toHandle());
    }

    /// Takes in a pidfd that came from anywhere. Nothing about it is changed.
    ///
    /// @param fd the number, owned by the returned object from now on; where this throws it stays the caller's
    /// @return its owner
    /// @throws IllegalArgumentException where `fd` is negative, or something else than a pidfd
    /// @throws ErrnoException `EBADF`: it is not open
    public static PidFd adopt(final int fd) throws ErrnoException {
        requireKind(fd, "a pidfd", KIND);
        return new PidFd(fd);
    }

    /// `fcntl(fd, F_DUPFD_CLOEXEC, 0)`: a second descriptor of the same process, see [Fd#dup].
    @Override
    public PidFd dup() throws ErrnoException {
        return new PidFd(duplicate());
    }

    /// `pidfd_send_signal(pidfd, sig, NULL, 0)`: sends a signal to the process. Linux 5.1.
    ///
    /// @param signal `SIGTERM`, …; 0 sends none and only looks whether it could
    /// @throws ErrnoException `ESRCH`: it has ended, and been waited for; `EPERM`: not allowed; `EINVAL`: no such
    ///         signal
    public void sendSignal(final int signal) throws ErrnoException {
        final int number = enter();
        try {
            final int result = Libc.pidfd_send_signal(number, signal, MemorySegment.NULL, 0);
            if (result < 0) {
                throw ErrnoException.of(-result, "pidfd_send_signal", number, signal, "NULL", 0);
            }
        } finally {
            leave();
        }
    }

    /// `pidfd_getfd(pidfd, targetfd, 0)`: a copy of one of the process's descriptors, of the same open file. Linux 5.6.
    ///
    /// @param target the number that it has there
    /// @return the copy, owned by the caller, close-on-exec
    /// @throws ErrnoException `EBADF`: not open there; `EPERM`: not allowed (it takes the right to trace the process);
    ///         `ESRCH`: it has ended; `EMFILE`: no free number here
    public Fd getFd(final int target) throws ErrnoException {
        final int number = enter();
        try {
            final int fd = Libc.pidfd_getfd(number, target, 0);
            if (fd < 0) {
                throw ErrnoException.of(-fd, "pidfd_getfd", number, target, 0);
            }
            return new Fd(fd);
        } finally {
            leave();
        }
    }

    /// The pid, as this process's PID namespace numbers it, from `/proc/self/fdinfo`.
    ///
    /// It is the process's for as long as nobody has waited for it, and may be another one's afterwards.
    ///
    /// @return the number; -1 where the process has ended and been waited for, 0 where it has no number here
    /// @throws IOException where `/proc` is not mounted
    public int pid() throws IOException {
        final int number = enter();
        try {
            for (final String line : Files.readAllLines(Path.of("/proc/self/fdinfo", Integer.toString(number)))) {
                if (line.startsWith("Pid:")) {
                    return Integer.parseInt(line.substring(4).strip());
                }
            }
            throw wrongKind(number, "a pidfd");
        } finally {
            leave();
        }
    }

    /// `waitid(P_PIDFD, fd, &info, WEXITED)`: waits until the child has ended, and takes how.
    ///
    /// @return how it ended
    /// @throws ErrnoException as [#waitFor(long)]; `EAGAIN`: the descriptor is `PIDFD_NONBLOCK`, and a debugger still
    ///         holds the child
    /// @throws AsynchronousCloseException the descriptor was closed by another thread meanwhile
    /// @see <a href="https://man7.org/linux/man-pages/man2/waitid.2.html">waitid(2)</a>
    public ExitStatus waitFor() throws IOException {
        return waitFor(-1);
    }

    /// `waitid(P_PIDFD, fd, &info, WEXITED | WNOHANG)`: takes how the child ended, when it has, or waits for that as
    /// long as allowed. Linux 5.4.
    ///
    /// It is told once: with that the child is gone, and whoever asks next gets `ECHILD`.
    ///
    /// @param timeoutNanos at most so long; 0 looks and returns; negative waits without limit
    /// @return how it ended; null when the time is over, or when a debugger holds on to a child that has ended
    /// @throws ErrnoException `ECHILD`: not a child of this process, or somebody has waited for it already, as the
    ///         kernel does by itself where `SIGCHLD` is ignored; `EINVAL`: Linux before 5.4
    /// @throws AsynchronousCloseException the descriptor was closed by another thread meanwhile
    /// @see <a href="https://man7.org/linux/man-pages/man2/waitid.2.html">waitid(2)</a>
    public ExitStatus waitFor(final long timeoutNanos) throws IOException {
        final int number = enter();
        try {
            final ExitStatus status = take(number, WNOHANG);
            if (status != null || timeoutNanos == 0 || awaitEntered(POLLIN, timeoutNanos) == 0) {
                return status;
            }
            return take(number, timeoutNanos < 0 ? 0 : WNOHANG);
        } finally {
            leave();
        }
    }

    private ExitStatus take(final int number, final int noHang) throws IOException {
        final Siginfo info = Siginfo.of(Scratch.current().cells());
        int result;
        do {
            result = Libc.waitid(P_PIDFD, number, info.segment(), WEXITED | noHang);
        } while (result == -EINTR && isOpen());
        if (result < 0) {
            checkNotClosedMeanwhile();
            throw ErrnoException.of(-result, "waitid", "P_PIDFD", number, "{}",
                    noHang == 0 ? "WEXITED" : "WEXITED|WNOHANG");
        }
        if (info.signo() == 0) {
            return null;
        }
        return info.code() == CLD_EXITED ? new ExitStatus(info.status(), 0, false)
                : new ExitStatus(-1, info.status(), info.code() == CLD_DUMPED);
    }

    /// `ppoll(fd, POLLIN, timeout)`: waits until the process has ended.
    ///
    /// Any process will do, and nothing is taken: of a child, [#waitFor()] still tells how.
    ///
    /// @param timeoutNanos at most so long; 0 looks and returns; negative waits without limit
    /// @return whether it has ended
    /// @throws ErrnoException as `poll(2)` has it
    /// @throws AsynchronousCloseException the descriptor was closed by another thread meanwhile
    public boolean awaitExit(final long timeoutNanos) throws IOException {
        return await(POLLIN, timeoutNanos) != 0;
    }

    @Override
    String kind() {
        return "pidfd";
    }

    private static final int[] FLAGS = {PIDFD_NONBLOCK, PIDFD_THREAD};
    private static final String[] FLAG_NAMES = {"PIDFD_NONBLOCK", "PIDFD_THREAD"};
}
