package io.github.fdsock;

import static io.github.fdsock.sys.Constants.SOCK_DGRAM;
import static io.github.fdsock.sys.Constants.SOCK_SEQPACKET;
import static io.github.fdsock.sys.Constants.SOCK_STREAM;

import java.util.Arrays;
import java.util.Objects;
import java.util.function.BiFunction;
import java.util.stream.Collectors;

/// A type of socket and an address: what `socket(2)` and `bind(2)` or `connect(2)` need together, in the notation of
/// the command line and of messages.
///
/// | notation | socket |
/// |---|---|
/// | `tcp:127.0.0.1:7000`, `tcp:[::1]:7000`, `tcp:[fe80::1%eth0]:7000` | `AF_INET` or `AF_INET6`, `SOCK_STREAM` |
/// | `udp:127.0.0.1:7000` and so on | the same, `SOCK_DGRAM` |
/// | `unix:/run/x.sock`, `unix:relative/x.sock`, `unix:@abstract`, `unix:(unnamed)` | `AF_UNIX`, `SOCK_STREAM` |
/// | `unixdgram:…`, `unixseq:…` | `AF_UNIX`, `SOCK_DGRAM` or `SOCK_SEQPACKET` |
/// | `vsock:CID:PORT`, `vsockdgram:…`, `vsockseq:…` | `AF_VSOCK`, `SOCK_STREAM`, `SOCK_DGRAM`, `SOCK_SEQPACKET` |
///
/// Names are not resolved. Port 0 is allowed, and means that the kernel chooses one. To bind to `unix:(unnamed)` is to
/// let the kernel choose an abstract name. In UNIX paths and names `\xHH` stands for a byte and `\\` for a backslash; a
/// path that begins with `@` or `(` is written with `\x40` or `\x28`. An IPv6 address with flow information has
/// `,flowinfo=0xHEX` behind its port, a vsock address with flags `,flags=0xHEX`.
///
/// An endpoint is an immutable value.
///
/// @param type    the type of socket: `SOCK_STREAM`, `SOCK_DGRAM`, `SOCK_SEQPACKET` or any other
/// @param address the address
public record Endpoint(int type, SockAddr address) {

    /// The notations, so that parsing and printing read the same table.
    private enum Scheme {
        TCP("tcp:", SOCK_STREAM, SockAddr.Inet.class, AddressText::inet),
        UDP("udp:", SOCK_DGRAM, SockAddr.Inet.class, AddressText::inet),
        UNIX("unix:", SOCK_STREAM, SockAddr.Unix.class, AddressText::unix),
        UNIXDGRAM("unixdgram:", SOCK_DGRAM, SockAddr.Unix.class, AddressText::unix),
        UNIXSEQ("unixseq:", SOCK_SEQPACKET, SockAddr.Unix.class, AddressText::unix),
        VSOCK("vsock:", SOCK_STREAM, SockAddr.Vsock.class, AddressText::vsock),
        VSOCKDGRAM("vsockdgram:", SOCK_DGRAM, SockAddr.Vsock.class, AddressText::vsock),
        VSOCKSEQ("vsockseq:", SOCK_SEQPACKET, SockAddr.Vsock.class, AddressText::vsock);

        final String prefix;
        final int type;
        final Class<? extends SockAddr> addresses;
        final BiFunction<AddressText, Integer, SockAddr> parser;

        Scheme(String prefix, int type, Class<? extends SockAddr> addresses,
                BiFunction<AddressText, Integer, SockAddr> parser) {
            this.prefix = prefix;
            this.type = type;
            this.addresses = addresses;
            this.parser = parser;
        }
    }

    /// Checks that there is an address. Whether the family has sockets of this type is the kernel's to judge.
    public Endpoint {
        Objects.requireNonNull(address, "address");
    }

    /// Reads an endpoint in the notation above.
    ///
    /// @param text the whole text, without blanks around it
    /// @return the endpoint
    /// @throws IllegalArgumentException if it is none; the message has the text, the place and what was expected there
    public static Endpoint parse(String text) {
        Objects.requireNonNull(text, "text");
        for (Scheme scheme : Scheme.values()) {
            if (text.startsWith(scheme.prefix)) {
                return new Endpoint(scheme.type, scheme.parser.apply(new AddressText(text), scheme.prefix.length()));
            }
        }
        throw new AddressText(text).expected(Arrays.stream(Scheme.values()).map(scheme -> scheme.prefix)
                .collect(Collectors.joining(", ", "one of ", "")));
    }

    /// The address family, the first argument of `socket(2)`.
    ///
    /// @return `AF_INET`, `AF_UNIX`, …
    public int family() {
        return address.family();
    }

    /// Prints the notation above, so that [#parse] leads back to this endpoint. One that has no notation is printed
    /// with the number of its type, `socktype=3,packet:0:0x0003`, for people to read only.
    @Override
    public String toString() {
        for (Scheme scheme : Scheme.values()) {
            if (scheme.type == type && scheme.addresses.isInstance(address)) {
                String text = address.toString();
                // A vsock address carries the name of its family already.
                return scheme.prefix + (address instanceof SockAddr.Vsock
                        ? text.substring(AddressText.VSOCK.length()) : text);
            }
        }
        return "socktype=" + type + ',' + address;
    }
}
