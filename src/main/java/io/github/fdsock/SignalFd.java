package io.github.fdsock;

import static io.github.fdsock.sys.Constants.EAGAIN;
import static io.github.fdsock.sys.Constants.EINTR;
import static io.github.fdsock.sys.Constants.SFD_CLOEXEC;
import static io.github.fdsock.sys.Constants.SFD_NONBLOCK;
import static io.github.fdsock.sys.Constants.SIGBUS;
import static io.github.fdsock.sys.Constants.SIGFPE;
import static io.github.fdsock.sys.Constants.SIGILL;
import static io.github.fdsock.sys.Constants.SIGSEGV;
import static io.github.fdsock.sys.Constants.SIGTRAP;
import static io.github.fdsock.sys.Constants.SIG_BLOCK;
import static io.github.fdsock.sys.Constants.SIG_SETMASK;

import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.SignalfdSiginfo;
import io.github.fdsock.sys.struct.Sigset;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.AsynchronousCloseException;
import java.util.Arrays;

/// Signals as data: readable while one of a set of signals is pending, each read takes one.
///
/// **Only a blocked signal stays pending.** One that some thread does not block is delivered to that thread, and
/// nothing comes here. In a JVM that leaves two ways:
///
/// - *Signals sent to one thread* (`tgkill`, `pthread_kill`, `raise`): that thread blocks them ([#block]), and it alone
///   can read them.
/// - *Signals sent to the process* (`kill`, a terminal, a child's end): every thread must block them, those of the JVM
///   included, which are there before the first line of Java runs. Nothing in Java can do that. The JVM has to be
///   started with them blocked, as by `env --block-signal=USR1 java …`: its threads inherit that. SIGHUP, SIGINT and
///   SIGTERM HotSpot unblocks for its own use (shutdown hooks), and SIGQUIT it takes for thread dumps, unless it is
///   started with `-Xrs`. Then they come here, and shutdown hooks no longer run by themselves.
///
/// `SIGSEGV`, `SIGBUS`, `SIGFPE`, `SIGILL` and `SIGTRAP` are how HotSpot notices null pointers, safepoints and the
/// like: a thread that blocked them would bring the JVM down, so [#block] refuses them. `SIGUSR2` it uses to halt a
/// thread for a sample of its stack, and is better left alone. `SIGKILL` and `SIGSTOP` cannot be blocked, nor read; the
/// kernel ignores them in a set.
///
/// The simple ways besides: a shutdown hook for SIGTERM and SIGINT, [PidFd] for the end of a process.
///
/// **Threads.** See above for who can read what. [#close] does not wake a thread that is blocked in [#receive()].
///
/// @see <a href="https://man7.org/linux/man-pages/man2/signalfd.2.html">signalfd(2)</a>
public final class SignalFd extends Fd {
    private static final String KIND = "anon_inode:[signalfd]";

    private static final int[] OF_THE_JVM = {SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV};

    private SignalFd(final int fd) {
        super(fd);
    }

    /// One signal that was taken.
    ///
    /// @param number `SIGUSR1`, …
    /// @param code why it was sent: 0 (`SI_USER`) by `kill`, -1 (`SI_QUEUE`) by `sigqueue`, -6 (`SI_TKILL`) to a
    ///        thread, above 0 by the kernel; see `sigaction(2)`
    /// @param pid the process that sent it, 0 where the kernel did; of `SIGCHLD` the child
    /// @param uid the user of that process
    /// @param value what `sigqueue` sent along, as an `int`
    /// @param pointer what `sigqueue` sent along, as a pointer
    public record Signal(int number, int code, int pid, int uid, int value, long pointer) {
    }

    /// `signalfd(-1, mask, flags | SFD_CLOEXEC)`: makes a descriptor of a set of signals. It blocks none of them.
    ///
    /// @param flags `SFD_NONBLOCK` or 0
    /// @param signals the set, numbers from 1 to 64
    /// @return the descriptor, owned by the caller
    /// @throws IllegalArgumentException where a number is none of a signal
    /// @throws ErrnoException `EINVAL`: other flags; `EMFILE`, `ENFILE`: no free descriptor
    public static SignalFd create(final int flags, final int... signals) throws ErrnoException {
        final int fd = Libc.signalfd(-1, set(signals).segment(), flags | SFD_CLOEXEC);
        if (fd < 0) {
            throw ErrnoException.of(-fd, "signalfd", -1, Arrays.toString(signals),
                    Flags.names(flags | SFD_CLOEXEC, FLAGS, FLAG_NAMES));
        }
        return new SignalFd(fd);
    }

    /// Takes in a signalfd that came from anywhere. Nothing about it is changed.
    ///
    /// @param fd the number, owned by the returned object from now on; where this throws it stays the caller's
    /// @return its owner
    /// @throws IllegalArgumentException where `fd` is negative, or something else than a signalfd
    /// @throws ErrnoException `EBADF`: it is not open
    public static SignalFd adopt(final int fd) throws ErrnoException {
        requireKind(fd, "a signalfd", KIND);
        return new SignalFd(fd);
    }

    /// `fcntl(fd, F_DUPFD_CLOEXEC, 0)`: a second descriptor of the same set, see [Fd#dup].
    @Override
    public SignalFd dup() throws ErrnoException {
        return new SignalFd(duplicate());
    }

    /// `signalfd(fd, mask, 0)`: replaces the set.
    ///
    /// @param signals those that can be read from now on
    /// @throws IllegalArgumentException where a number is none of a signal
    /// @throws ErrnoException as `signalfd(2)` has it
    public void signals(final int... signals) throws ErrnoException {
        final Sigset set = set(signals);
        final int number = enter();
        try {
            final int result = Libc.signalfd(number, set.segment(), 0);
            if (result < 0) {
                throw ErrnoException.of(-result, "signalfd", number, Arrays.toString(signals), 0);
            }
        } finally {
            leave();
        }
    }

    /// `read(fd, siginfo, 128)`: takes one signal that is pending, for this thread or for the process.
    ///
    /// A blocking one waits until there is one.
    ///
    /// @return the signal; null where it would have to wait
    /// @throws ErrnoException as `read(2)` has it
    /// @throws AsynchronousCloseException the descriptor was closed by another thread meanwhile
    public Signal receive() throws IOException {
        final SignalfdSiginfo info = Scratch.current().siginfo();
        return receive(info) == -EAGAIN ? null
                : new Signal(info.signo(), info.code(), info.pid(), info.uid(), info.integer(), info.ptr());
    }

    /// [#receive()] into a structure that is used again and again, with all that the kernel tells; allocates nothing.
    ///
    /// @param into is filled
    /// @return the signal's number; `-EAGAIN`, the only negative result, where it would have to wait
    /// @throws ErrnoException as `read(2)` has it
    /// @throws AsynchronousCloseException the descriptor was closed by another thread meanwhile
    public int receive(final SignalfdSiginfo into) throws IOException {
        final MemorySegment memory = into.segment();
        final int number = enter();
        try {
            long result;
            do {
                result = Libc.read(number, memory, SignalfdSiginfo.SIZEOF);
            } while (result == -EINTR && isOpen());
            return flow(result, "read", SignalfdSiginfo.SIZEOF) == -EAGAIN ? -EAGAIN : into.signo();
        } finally {
            leave();
        }
    }

    // ---- blocking

    /// `pthread_sigmask(SIG_BLOCK, set, oldset)`: blocks signals in the current thread, and in those that it starts
    /// from now on.
    ///
    /// ```java
    /// try (SignalFd.Blocked _ = SignalFd.block(SIGUSR1); SignalFd signals = SignalFd.create(0, SIGUSR1)) { … }
    /// ```
    ///
    /// @param signals what to block besides what is blocked already
    /// @return to be closed by the same thread, the last one first
    /// @throws IllegalArgumentException where a number is none of a signal, or one without which the JVM cannot go on
    /// @throws IllegalStateException in a virtual thread: it would be blocked in whichever thread carries it
    public static Blocked block(final int... signals) {
        if (Thread.currentThread().isVirtual()) {
            throw new IllegalStateException("a virtual thread has no signal mask of its own");
        }
        for (final int signal : signals) {
            for (final int needed : OF_THE_JVM) {
                if (signal == needed) {
                    throw new IllegalArgumentException("signal " + signal + " is needed by the JVM in every thread");
                }
            }
        }
        final Sigset set = set(signals);
        final MemorySegment before = Scratch.current().cells().asSlice(Sigset.SIZEOF, Sigset.SIZEOF);
        final int result = Libc.pthread_sigmask(SIG_BLOCK, set.segment(), before);
        if (result < 0) {
            throw new IllegalStateException(
                    ErrnoException.of(-result, "pthread_sigmask", "SIG_BLOCK", Arrays.toString(signals)));
        }
        return new Blocked(before.get(ValueLayout.JAVA_LONG, 0));
    }

    /// The set, at the front of the thread's cells, where it takes up one half.
    private static Sigset set(final int... signals) {
        final Sigset set = Sigset.of(Scratch.current().cells()).empty();
        for (final int signal : signals) {
            set.add(signal);
        }
        return set;
    }

    /// Signals that are blocked in a thread until this is closed.
    public static final class Blocked implements AutoCloseable {
        private final Thread thread = Thread.currentThread();
        private final long before;
        private boolean restored;

        private Blocked(final long before) {
            this.before = before;
        }

        /// `pthread_sigmask(SIG_SETMASK, set, NULL)`: blocks what was blocked before, once. Later calls do nothing.
        ///
        /// A signal that is still pending is delivered now: where nobody handles it, that may be the end of the JVM.
        ///
        /// @throws WrongThreadException in another thread than the one that blocked them
        @Override
        public void close() {
            if (Thread.currentThread() != thread) {
                throw new WrongThreadException("the signals were blocked in thread \"" + thread.getName() + "\"");
            }
            if (restored) {
                return;
            }
            final MemorySegment mask = set().segment();
            mask.set(ValueLayout.JAVA_LONG, 0, before);
            final int result = Libc.pthread_sigmask(SIG_SETMASK, mask, MemorySegment.NULL);
            if (result < 0) {
                throw new IllegalStateException(ErrnoException.of(-result, "pthread_sigmask", "SIG_SETMASK",
                        "0x" + Long.toHexString(before), "NULL"));
            }
            restored = true;
        }
    }

    @Override
    String kind() {
        return "signalfd";
    }

    private static final int[] FLAGS = {SFD_NONBLOCK, SFD_CLOEXEC};
    private static final String[] FLAG_NAMES = {"SFD_NONBLOCK", "SFD_CLOEXEC"};
}
