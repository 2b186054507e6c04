package io.github.fdsock.harness.script;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.sys.Call;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Stream;

/// What no script may do: end the JVM, change it as a whole, or take from it what is not the script's.
///
/// Lengths and pointers are none of its business: [Memory] and [io.github.fdsock.sys.Libc] see to those.
final class Guard {
    /// What a process ignores that has not asked for them.
    private static final Set<Integer> HARMLESS = Set.of(0, SIGURG, SIGWINCH, SIGCHLD, SIGCONT);

    /// Without them HotSpot cannot run: a thread that blocks one is killed by the next.
    private static final Set<Integer> NEEDED = Set.of(SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP);

    /// What a process of the script may be sent. Others HotSpot takes for a fault of its own.
    private static final Set<Integer> ENDING = Set.of(SIGHUP, SIGINT, SIGKILL, SIGTERM, SIGSTOP);

    static final int SIGNAL_MAX = 64;

    /// Whose third argument is known to be a number. For others it may be an address.
    private static final Set<Integer> NUMBER_COMMANDS = Set.of(F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL,
            F_SETFL, F_GETPIPE_SZ, F_SETPIPE_SZ, F_ADD_SEALS, F_GET_SEALS);

    private Guard() {
    }

    /// @param arguments as the method of `Libc` takes them
    /// @throws IllegalArgumentException if this call is not to be made
    static void require(final Call call, final Object[] arguments, final Belongings opened) {
        switch (call) {
            case close -> opened.requireOwn((int) arguments[0], (int) arguments[0]);
            case close_range -> {
                if (Integer.compareUnsigned((int) arguments[0], (int) arguments[1]) <= 0) {
                    opened.requireOwn((int) arguments[0], (int) arguments[1]);
                }
            }
            case dup3 -> opened.requireOwn((int) arguments[1], (int) arguments[1]);
            case kill -> requireHarmless((int) arguments[1], opened.hasProcess((int) arguments[0]));
            case pidfd_send_signal -> requireHarmless((int) arguments[1], opened.hasProcess(pid((int) arguments[0])));
            case raise -> requireHarmless((int) arguments[0], opened.hasItself());
            case waitid -> {
                if (((int) arguments[3] & WNOWAIT) == 0) {
                    throw new IllegalArgumentException("whose end it takes is waited for by somebody else; with WNOWAIT"
                            + " it only looks");
                }
            }
            case fcntl -> {
                if ((int) arguments[2] != 0 && !NUMBER_COMMANDS.contains((int) arguments[1])) {
                    throw new IllegalArgumentException("this command of fcntl may take " + arguments[2]
                            + " for an address; no other argument than 0 is passed on");
                }
            }
            case ioctl -> {
                if (arguments[2] instanceof Long number && number != 0) {
                    throw new IllegalArgumentException("an ioctl may take " + number + " for an address; `["
                            + number + "]` is a pointer to it");
                }
            }
            case setrlimit -> refuseLimit();
            case prlimit -> {
                if (!arguments[2].equals(MemorySegment.NULL)) {
                    refuseLimit();
                }
            }
            default -> { }
        }
    }

    /// A signal that a set may have.
    static int signal(final long number) {
        if (number < 1 || number > SIGNAL_MAX) {
            throw new IllegalArgumentException("no signal: " + number);
        }
        if (NEEDED.contains((int) number)) {
            throw new IllegalArgumentException("signal " + number + " is needed by the JVM");
        }
        return (int) number;
    }

    private static void requireHarmless(final int signal, final boolean own) {
        if (signal > 0 && signal <= SIGNAL_MAX && !HARMLESS.contains(signal) && !(own && ENDING.contains(signal))) {
            throw new IllegalArgumentException("signal " + signal
                    + " may end a process; SIGURG, SIGWINCH, SIGCHLD and SIGCONT do not"
                    + (own ? ", and SIGHUP, SIGINT, SIGKILL, SIGTERM and SIGSTOP may be sent to this one" : ""));
        }
    }

    /// Whom a descriptor stands for; -1 if for nobody.
    private static int pid(final int pidfd) {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/fdinfo", Integer.toString(pidfd)))) {
            return lines.filter(line -> line.startsWith("Pid:")).findFirst()
                    .map(line -> Integer.parseInt(line.substring("Pid:".length()).strip())).orElse(-1);
        } catch (final IOException | UncheckedIOException _) {
            // Not open: the kernel is going to say so.
            return -1;
        }
    }

    private static void refuseLimit() {
        throw new IllegalArgumentException("a limit is the whole process's, and not changed by a script");
    }
}
