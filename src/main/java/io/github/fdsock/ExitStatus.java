package io.github.fdsock;

/// How a child ended: by itself, with a status, or by a signal.
///
/// @param status what it gave to `exit`, 0 to 255; -1 where a signal ended it
/// @param signal the signal that ended it, `SIGKILL`, …; 0 where it ended by itself
/// @param coreDumped whether the signal left a core dump as well
/// @see <a href="https://man7.org/linux/man-pages/man2/waitid.2.html">waitid(2)</a>
public record ExitStatus(int status, int signal, boolean coreDumped) {
    /// Takes what fits together.
    ///
    /// @throws IllegalArgumentException where the child would have ended in both ways, or in neither
    public ExitStatus {
        final boolean exited = signal == 0 && status >= 0 && status <= 255 && !coreDumped;
        if (!exited && (signal <= 0 || status != -1)) {
            throw new IllegalArgumentException("an exit status of " + status + " with signal " + signal
                    + (coreDumped ? " and a core dump" : ""));
        }
    }

    /// `CLD_EXITED`: whether it ended by itself.
    ///
    /// @return false where a signal ended it
    public boolean exited() {
        return signal == 0;
    }

    /// `exited with status 1`, `killed by signal 9`, `killed by signal 11, core dumped`.
    @Override
    public String toString() {
        return exited() ? "exited with status " + status
                : "killed by signal " + signal + (coreDumped ? ", core dumped" : "");
    }
}
