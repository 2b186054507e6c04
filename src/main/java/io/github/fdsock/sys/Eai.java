package io.github.fdsock.sys;

import static io.github.fdsock.sys.Constants.*;

/// `gai_strerror`: the names and texts of what `getaddrinfo(3)` and `getnameinfo(3)` return.
///
/// They are numbers of their own and mean nothing as an errno, although both are negative here; only `EAI_SYSTEM` says
/// that the errno ([Libc#errno]) tells more.
public final class Eai {
    private Eai() {
    }

    /// The name: `EAI_NONAME` for -2.
    ///
    /// @param code what the function returned, not 0
    /// @return the name, or `EAI 4711` where there is none
    public static String name(final int code) {
        return switch (code) {
            case EAI_BADFLAGS -> "EAI_BADFLAGS";
            case EAI_NONAME -> "EAI_NONAME";
            case EAI_AGAIN -> "EAI_AGAIN";
            case EAI_FAIL -> "EAI_FAIL";
            case EAI_NODATA -> "EAI_NODATA";
            case EAI_FAMILY -> "EAI_FAMILY";
            case EAI_SOCKTYPE -> "EAI_SOCKTYPE";
            case EAI_SERVICE -> "EAI_SERVICE";
            case EAI_ADDRFAMILY -> "EAI_ADDRFAMILY";
            case EAI_MEMORY -> "EAI_MEMORY";
            case EAI_SYSTEM -> "EAI_SYSTEM";
            case EAI_OVERFLOW -> "EAI_OVERFLOW";
            case EAI_INPROGRESS -> "EAI_INPROGRESS";
            case EAI_CANCELED -> "EAI_CANCELED";
            case EAI_NOTCANCELED -> "EAI_NOTCANCELED";
            case EAI_ALLDONE -> "EAI_ALLDONE";
            case EAI_INTR -> "EAI_INTR";
            default -> "EAI " + code;
        };
    }

    /// What it means, in the words of `getaddrinfo(3)`.
    ///
    /// @param code what the function returned, not 0
    /// @return the text
    public static String text(final int code) {
        return switch (code) {
            case EAI_BADFLAGS -> "Bad value for ai_flags";
            case EAI_NONAME -> "Name or service not known";
            case EAI_AGAIN -> "Temporary failure in name resolution";
            case EAI_FAIL -> "Non-recoverable failure in name resolution";
            case EAI_NODATA -> "No address associated with hostname";
            case EAI_FAMILY -> "ai_family not supported";
            case EAI_SOCKTYPE -> "ai_socktype not supported";
            case EAI_SERVICE -> "Servname not supported for ai_socktype";
            case EAI_ADDRFAMILY -> "Address family for hostname not supported";
            case EAI_MEMORY -> "Memory allocation failure";
            case EAI_SYSTEM -> "System error";
            case EAI_OVERFLOW -> "Argument buffer overflow";
            case EAI_INPROGRESS -> "Processing request in progress";
            case EAI_CANCELED -> "Request canceled";
            case EAI_NOTCANCELED -> "Request not canceled";
            case EAI_ALLDONE -> "All requests done";
            case EAI_INTR -> "Interrupted by a signal";
            default -> "Unknown error " + code;
        };
    }
}
