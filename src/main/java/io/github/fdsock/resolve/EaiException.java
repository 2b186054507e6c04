package io.github.fdsock.resolve;

import static io.github.fdsock.sys.Constants.EAI_SYSTEM;

import io.github.fdsock.sys.Eai;
import io.github.fdsock.sys.Errno;
import java.io.IOException;

/// `getaddrinfo(3)` or `getnameinfo(3)` failed: for what, and with which of its codes.
///
/// The message is a line of a trace: `getaddrinfo("nobody", "80", NULL) = -2 EAI_NONAME (Name or service not known)`.
/// Of `EAI_SYSTEM` the errno follows: `= -11 EAI_SYSTEM (System error), EMFILE (Too many open files)`.
///
/// @see Eai
public final class EaiException extends IOException {
    private static final long serialVersionUID = 1;

    private final int code;

    /// Positive, or 0.
    private final int errno;

    /// Describes a call that failed.
    ///
    /// @param call the call with its arguments
    /// @param code `EAI_…`, negative
    /// @param errno of `EAI_SYSTEM` the number, positive, or 0 where it is not known; passed over with any other code
    public EaiException(final String call, final int code, final int errno) {
        this(call, code, code == EAI_SYSTEM ? errno : 0,
                code == EAI_SYSTEM && errno != 0 ? ", " + Errno.describe(errno) : "");
    }

    /// Describes one that libc was not even asked, or not to the end.
    EaiException(final String call, final int code, final String why) {
        this(call, code, 0, ": " + why);
    }

    private EaiException(final String call, final int code, final int errno, final String more) {
        super(call + " = " + code + " " + Eai.name(code) + " (" + Eai.text(code) + ")" + more);
        this.code = code;
        this.errno = errno;
    }

    /// The code: to be compared with the constants of `io.github.fdsock.sys.Constants`.
    ///
    /// @return `EAI_…`, negative
    public int code() {
        return code;
    }

    /// Its name.
    ///
    /// @return `EAI_NONAME` and so on
    public String eaiName() {
        return Eai.name(code);
    }

    /// What is behind `EAI_SYSTEM`.
    ///
    /// @return the errno, positive; 0 with any other code, or where none was left
    public int errno() {
        return errno;
    }
}
