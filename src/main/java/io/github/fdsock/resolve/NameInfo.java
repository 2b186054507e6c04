package io.github.fdsock.resolve;

import static io.github.fdsock.sys.Constants.NI_MAXHOST;
import static io.github.fdsock.sys.Constants.NI_MAXSERV;
import static io.github.fdsock.sys.Constants.NI_NUMERICHOST;
import static io.github.fdsock.sys.Constants.NI_NUMERICSERV;

import io.github.fdsock.SockAddr;
import io.github.fdsock.sys.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// What `getnameinfo(3)` knows of an address.
///
/// Whoever runs the name server of an address chooses its name: it proves nothing, and may have any characters.
///
/// @param host the name, or the address in digits where it has none or `NI_NUMERICHOST` was set
/// @param service the name of the port, or its digits
public record NameInfo(String host, String service) {

    /// Asks, and blocks.
    static NameInfo ask(final SockAddr address, final int flags) throws EaiException {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment host = arena.allocate(NI_MAXHOST);
            final MemorySegment service = arena.allocate(NI_MAXSERV);
            // With a NUL behind the longest address: glibc takes the path of a UNIX address for a string.
            final MemorySegment addr = arena.allocate(SockAddr.MAX_LENGTH + 1L, Long.BYTES);
            final int code = Libc.getnameinfo(addr, address.encode(addr), host, NI_MAXHOST, service,
                    NI_MAXSERV, flags);
            if (code != 0) {
                throw new EaiException(call(address, flags), code, Libc.errno());
            }
            return new NameInfo(host.getString(0), service.getString(0));
        }
    }

    /// Asks where digits are all that is wanted.
    ///
    /// @return null where a name is
    static NameInfo askHere(final SockAddr address, final int flags) throws EaiException {
        final int numeric = NI_NUMERICHOST | NI_NUMERICSERV;
        return (flags & numeric) == numeric ? ask(address, flags) : null;
    }

    /// As the call of C.
    static String call(final SockAddr address, final int flags) {
        return "getnameinfo(" + address + ", 0x" + Integer.toHexString(flags) + ")";
    }
}
