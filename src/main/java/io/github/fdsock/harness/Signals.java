package io.github.fdsock.harness;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.sys.Errno;
import io.github.fdsock.sys.Libc;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Signals by name, and sent to the calling thread where the JVM outlives it.
final class Signals {
    private static final int MOST = 64;

    /// By number, from 1.
    private static final List<String> NAMES = List.of("SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT",
            "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1", "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM",
            "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU",
            "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS");

    /// Below it, two of the real-time signals are glibc's own.
    private static final int SIGRTMIN = 34;

    private Signals() {
    }

    static String name(final int signal) {
        return signal <= NAMES.size() ? NAMES.get(signal - 1) : Integer.toString(signal);
    }

    static int number(final String text) {
        final int index = NAMES.indexOf(text);
        if (index >= 0) {
            return index + 1;
        }
        if (text.matches("\\d{1,2}")) {
            return Integer.parseInt(text);
        }
        throw new IllegalArgumentException("expected a signal such as SIGUSR1 or its number, not \"" + text + '"');
    }

    /// Refuses what no JVM survives: by its nature, or because HotSpot takes it for a fault of its own.
    static int requireSurvivable(final int signal) {
        switch (signal) {
            case SIGKILL, SIGSTOP, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT ->
                throw new IllegalArgumentException("a signal that the JVM survives was expected, not " + name(signal));
            default -> {
                if (signal < 1 || signal > MOST || signal > NAMES.size() && signal < SIGRTMIN) {
                    throw new IllegalArgumentException("expected a signal from 1 to " + NAMES.size() + " or from "
                            + SIGRTMIN + " to " + MOST + ", not " + signal);
                }
                return signal;
            }
        }
    }

    /// `raise(signal)`: to the calling thread; where that has it blocked, it is pending.
    ///
    /// @throws IllegalStateException it would end or stop the process
    static void raise(final int signal) {
        if (!isHarmless(signal)) {
            throw new IllegalStateException(name(signal) + " was not sent: it would end the JVM, since it is neither"
                    + " handled nor ignored, and this thread does not block it");
        }
        final int result = Libc.raise(signal);
        if (result < 0) {
            throw new IllegalStateException("raise(" + name(signal) + ") = -1 " + Errno.describe(-result));
        }
    }

    private static boolean isHarmless(final int signal) {
        return switch (signal) {
            case SIGCHLD, SIGCONT, SIGURG, SIGWINCH -> true;
            default -> {
                try (var lines = Files.lines(Path.of("/proc/thread-self/status"))) {
                    yield lines.filter(line -> line.matches("Sig(Blk|Ign|Cgt):.*")).anyMatch(line -> {
                        final long mask = Long.parseUnsignedLong(line.substring(line.indexOf(':') + 1).strip(), 16);
                        return (mask & 1L << signal - 1) != 0;
                    });
                } catch (final IOException e) {
                    throw new IllegalStateException(name(signal) + " was not sent: nothing tells what it would do", e);
                }
            }
        };
    }
}
