package io.github.fdsock.resolve;

import static io.github.fdsock.sys.Constants.AI_NUMERICHOST;
import static io.github.fdsock.sys.Constants.EAI_NONAME;
import static io.github.fdsock.sys.Constants.NI_MAXHOST;

import io.github.fdsock.SockAddr;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.Addrinfo;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// What `getaddrinfo(node, service, hints, …)` is asked, each part as there.
///
/// ```java
/// AddressQuery.of("localhost", 7000).family(AF_INET6).socktype(SOCK_STREAM).flags(AI_ADDRCONFIG)
/// ```
///
/// **Names are printable ASCII**, at most 1,024 characters, and what else they have to be is libc's to judge: a label
/// of 64 letters is `EAI_NONAME`. Other characters are refused rather than encoded: libc would take them in the
/// encoding of the locale, and the two standards of internationalized names disagree about where `faß.de` leads. The
/// one is [java.net.IDN#toASCII], for the caller to apply; the other libc's `AI_IDN`, which has nothing to do here.
///
/// **Ports in digits** are checked here, since glibc takes 70000 for 4464; signs and blanks before them, which it
/// passes over, are refused.
///
/// An immutable value.
///
/// @param node a name or a numeric address; null for loopback, or with `AI_PASSIVE` for any address
/// @param service a name (`services(5)`) or a port in digits; null for port 0
/// @param family `AF_INET`, `AF_INET6`, or `AF_UNSPEC` for both
/// @param socktype `SOCK_…`; 0 for any. A service's name may be known for some types only
/// @param protocol `IPPROTO_…`; 0 for any
/// @param flags `AI_…`
/// @see <a href="https://man7.org/linux/man-pages/man3/getaddrinfo.3.html">getaddrinfo(3)</a>
public record AddressQuery(String node, String service, int family, int socktype, int protocol, int flags) {
    /// What `getnameinfo(3)` has room for, without the NUL; names of DNS end at 253.
    private static final int LENGTH_MAX = NI_MAXHOST - 1;

    private static final int PORT_MAX = 0xffff;

    /// Checks the texts. The numbers are libc's to judge.
    public AddressQuery {
        requireText("host", node);
        requireText("service", service);
        if (service != null && (service.matches("[ +-].*") || isDigits(service) && !isPort(service))) {
            throw new IllegalArgumentException("a service is a name or a port of 0 to " + PORT_MAX + ", not \""
                    + service + '"');
        }
    }

    /// Asks for addresses of any family, for any type of socket.
    ///
    /// @param node as in this class
    /// @param service as in this class
    /// @return the query
    /// @throws IllegalArgumentException one of both cannot be a name, or the port is out of range
    public static AddressQuery of(final String node, final String service) {
        return new AddressQuery(node, service, 0, 0, 0, 0);
    }

    /// Asks for addresses of any family, for any type of socket.
    ///
    /// @param node as in this class
    /// @param port the port that the addresses shall have, `0..65535`
    /// @return the query
    /// @throws IllegalArgumentException the node cannot be a name, or the port is out of range
    public static AddressQuery of(final String node, final int port) {
        return of(node, Integer.toString(port));
    }

    /// The same with another `ai_family`.
    ///
    /// @param other `AF_…`
    /// @return another query
    public AddressQuery family(final int other) {
        return new AddressQuery(node, service, other, socktype, protocol, flags);
    }

    /// The same with another `ai_socktype`.
    ///
    /// @param other `SOCK_…`
    /// @return another query
    public AddressQuery socktype(final int other) {
        return new AddressQuery(node, service, family, other, protocol, flags);
    }

    /// The same with another `ai_protocol`.
    ///
    /// @param other `IPPROTO_…`
    /// @return another query
    public AddressQuery protocol(final int other) {
        return new AddressQuery(node, service, family, socktype, other, flags);
    }

    /// The same with other `ai_flags`, in place of those it had.
    ///
    /// @param other `AI_ADDRCONFIG`, `AI_CANONNAME` and so on
    /// @return another query
    public AddressQuery flags(final int other) {
        return new AddressQuery(node, service, family, socktype, protocol, other);
    }

    private static void requireText(final String what, final String text) {
        if (text == null) {
            return;
        }
        if (text.length() > LENGTH_MAX) {
            throw new IllegalArgumentException("a name of a " + what + " has at most " + LENGTH_MAX
                    + " characters, not " + text.length() + ": " + text.substring(0, 64) + "...");
        }
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) < ' ' || text.charAt(i) > '~') {
                throw new IllegalArgumentException(("a name of a %s is printable ASCII (java.net.IDN makes that of "
                        + "others); U+%04X is at index %d of \"%s\"").formatted(what, (int) text.charAt(i), i,
                                text.replaceAll("[^ -~]", "?")));
            }
        }
    }

    private static boolean isDigits(final String text) {
        return !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    private static boolean isPort(final String digits) {
        final String significant = digits.replaceFirst("^0+", "");
        return significant.length() <= 5 && (significant.isEmpty() || Integer.parseInt(significant) <= PORT_MAX);
    }

    // ---- asking

    /// Asks, and blocks.
    AddressInfo ask() throws EaiException {
        return ask(flags);
    }

    /// Asks where no file is read and no server asked: for a numeric address, or none, and no service by name.
    ///
    /// @return null where that takes more
    AddressInfo askHere() throws EaiException {
        final boolean only = (flags & AI_NUMERICHOST) != 0;
        if (service != null && !isDigits(service) || !only && !looksNumeric()) {
            return null;
        }
        try {
            return ask(flags | AI_NUMERICHOST);
        } catch (final EaiException e) {
            if (e.code() == EAI_NONAME && !only) {
                return null;
            }
            throw e;
        }
    }

    /// Whether it is worth asking: IPv6 has a colon, and what `inet_aton(3)` takes begins with a digit.
    private boolean looksNumeric() {
        return node == null || node.indexOf(':') >= 0 || !node.isEmpty() && isDigits(node.substring(0, 1));
    }

    private AddressInfo ask(final int withFlags) throws EaiException {
        // Closing it is what frees the list of getaddrinfo, once, whatever happens to the copies.
        try (Arena arena = Arena.ofConfined()) {
            final Addrinfo hints = Addrinfo.allocate(arena).flags(withFlags).family(family).socktype(socktype)
                    .protocol(protocol);
            final MemorySegment list = arena.allocate(ValueLayout.ADDRESS);
            final int code = Libc.getaddrinfo(text(arena, node), text(arena, service), hints.segment(), list);
            if (code != 0) {
                throw new EaiException(toString(), code, Libc.errno());
            }
            final Set<SockAddr> addresses = new LinkedHashSet<>();
            final Addrinfo first = Addrinfo.adopt(list, arena);
            for (Addrinfo answer = first; answer != null; answer = answer.next()) {
                addresses.add(SockAddr.decode(answer.addr(), (int) answer.addr().byteSize()));
            }
            return new AddressInfo(List.copyOf(addresses), first.canonname());
        }
    }

    private static MemorySegment text(final Arena arena, final String text) {
        return text == null ? MemorySegment.NULL : arena.allocateFrom(text, StandardCharsets.US_ASCII);
    }

    /// As the call of C: `getaddrinfo("localhost", "80", {ai_flags=0x20, ai_family=10, ai_socktype=1, ai_protocol=0})`.
    @Override
    public String toString() {
        final String hints = (flags | family | socktype | protocol) == 0 ? "NULL"
                : "{ai_flags=0x%x, ai_family=%d, ai_socktype=%d, ai_protocol=%d}"
                        .formatted(flags, family, socktype, protocol);
        return "getaddrinfo(" + quote(node) + ", " + quote(service) + ", " + hints + ")";
    }

    private static String quote(final String text) {
        return text == null ? "NULL" : '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
    }
}
