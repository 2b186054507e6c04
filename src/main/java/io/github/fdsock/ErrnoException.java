package io.github.fdsock;

import io.github.fdsock.sys.Errno;
import java.io.IOException;

/// A system call failed: which one, on what, and with which `errno`.
///
/// The message is the line that strace prints: `connect(7, 127.0.0.1:9) = -1 ECONNREFUSED (Connection refused)`.
/// Errnos that are part of the normal flow (`EAGAIN`, `EINPROGRESS`) are results and never come as this.
public final class ErrnoException extends IOException {
    private static final long serialVersionUID = 1;

    /// With its arguments, without its result.
    private final String call;

    /// Positive.
    private final int errno;

    /// Describes a call that failed.
    ///
    /// @param call the call with its arguments, `connect(7, 127.0.0.1:9)`
    /// @param errno the number, positive
    public ErrnoException(final String call, final int errno) {
        super(call + " = -1 " + Errno.describe(errno));
        this.call = call;
        this.errno = errno;
    }

    /// The call with its arguments, without its result.
    ///
    /// @return `connect(7, 127.0.0.1:9)`
    public String call() {
        return call;
    }

    /// The number, positive: to be compared with the constants of `io.github.fdsock.sys.Constants`.
    ///
    /// @return the errno
    public int errno() {
        return errno;
    }

    /// `result`, or an exception where it is a negated errno.
    static int check(final int result, final String call, final Object... arguments) throws ErrnoException {
        if (result < 0) {
            throw of(-result, call, arguments);
        }
        return result;
    }

    /// `result`, or an exception where it is a negated errno.
    static long check(final long result, final String call, final Object... arguments) throws ErrnoException {
        if (result < 0) {
            throw of((int) -result, call, arguments);
        }
        return result;
    }

    /// Describes a call that failed; for those who call [io.github.fdsock.sys.Libc] themselves.
    ///
    /// @param errno the number, positive
    /// @param call the name of the call, `connect`
    /// @param arguments its arguments, as strace would print them
    /// @return the exception
    public static ErrnoException of(final int errno, final String call, final Object... arguments) {
        final StringBuilder line = new StringBuilder(call).append('(');
        for (int i = 0; i < arguments.length; i++) {
            line.append(i == 0 ? "" : ", ").append(arguments[i]);
        }
        return new ErrnoException(line.append(')').toString(), errno);
    }
}
