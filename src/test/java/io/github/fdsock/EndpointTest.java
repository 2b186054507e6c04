package io.github.fdsock;

import static io.github.fdsock.sys.Constants.AF_INET;
import static io.github.fdsock.sys.Constants.AF_INET6;
import static io.github.fdsock.sys.Constants.AF_UNIX;
import static io.github.fdsock.sys.Constants.AF_VSOCK;
import static io.github.fdsock.sys.Constants.SOCK_DGRAM;
import static io.github.fdsock.sys.Constants.SOCK_RAW;
import static io.github.fdsock.sys.Constants.SOCK_SEQPACKET;
import static io.github.fdsock.sys.Constants.SOCK_STREAM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The notation of the command line is read and printed back; what is none is refused with the text, the place and what
/// was expected there.
class EndpointTest {

    @ParameterizedTest
    @ValueSource(strings = {"tcp:127.0.0.1:7000", "tcp:[::1]:7000", "tcp:0.0.0.0:0", "tcp:[fe80::1%2]:80",
        "udp:127.0.0.1:65535", "udp:[::]:0", "udp:[::1]:1,flowinfo=0xfffff", "unix:/run/x.sock", "unix:x",
        "unix:@abstract", "unix:@", "unix:@\\x00a\\xff\\\\", "unix:\\x40path", "unix:\\x28unnamed)", "unix:(unnamed)",
        "unix:a b:c", "unixdgram:/dev/log", "unixdgram:@x", "unixseq:/run/udev/control", "unixseq:(unnamed)",
        "vsock:2:1234", "vsock:4294967295:4294967295", "vsock:3:1,flags=0x1", "vsockdgram:1:2", "vsockseq:1:2"})
    void printsWhatItRead(String text) {
        assertThat(Endpoint.parse(text)).hasToString(text);
    }

    @Test
    void readsTypeAndAddress() {
        assertThat(Endpoint.parse("tcp:127.0.0.1:7000"))
                .isEqualTo(new Endpoint(SOCK_STREAM, SockAddr.loopbackInet4(7000)));
        assertThat(Endpoint.parse("udp:[::1]:7"))
                .isEqualTo(new Endpoint(SOCK_DGRAM, SockAddr.loopbackInet6(7)));
        assertThat(Endpoint.parse("unix:/a")).isEqualTo(new Endpoint(SOCK_STREAM, SockAddr.unix("/a")));
        assertThat(Endpoint.parse("unixdgram:@a")).isEqualTo(new Endpoint(SOCK_DGRAM, SockAddr.unixAbstract("a")));
        assertThat(Endpoint.parse("unixseq:(unnamed)"))
                .isEqualTo(new Endpoint(SOCK_SEQPACKET, SockAddr.unixAutobind()));
        assertThat(Endpoint.parse("vsock:1:2")).isEqualTo(new Endpoint(SOCK_STREAM, SockAddr.vsock(1, 2)));
        assertThat(Endpoint.parse("vsockseq:1:2")).isEqualTo(new Endpoint(SOCK_SEQPACKET, SockAddr.vsock(1, 2)));
        assertThat(Endpoint.parse("tcp:1.2.3.4:0").family()).isEqualTo(AF_INET);
        assertThat(Endpoint.parse("tcp:[::]:0").family()).isEqualTo(AF_INET6);
        assertThat(Endpoint.parse("unix:a").family()).isEqualTo(AF_UNIX);
        assertThat(Endpoint.parse("vsock:1:2").family()).isEqualTo(AF_VSOCK);
    }

    @Test
    void readsEscapes() {
        assertThat(Endpoint.parse("unix:@a\\x00\\xFF\\\\").address())
                .isEqualTo(SockAddr.unixAbstract(new byte[] {'a', 0, (byte) 0xff, '\\'}));
        assertThat(Endpoint.parse("unix:\\x40a").address()).isEqualTo(SockAddr.unix("@a"));
        assertThat(Endpoint.parse("unix:/\\x61").address()).isEqualTo(SockAddr.unix("/a"));
        assertThat(Endpoint.parse("unix:@\u00e9").address()).isEqualTo(SockAddr.unixAbstract("\u00e9"));
    }

    @Test
    void takesTheLongestNames() {
        assertThat(Endpoint.parse("unix:" + "p".repeat(108)).address().length()).isEqualTo(110);
        assertThat(Endpoint.parse("unix:@" + "n".repeat(107)).address().length()).isEqualTo(110);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "''                          | 0  | tcp:, udp:, unix:, unixdgram:, unixseq:, vsock:",
        "tcp                         | 0  | one of tcp:",
        "TCP:127.0.0.1:80            | 0  | one of tcp:",
        "' tcp:127.0.0.1:80'         | 0  | one of tcp:",
        "127.0.0.1:80                | 0  | one of tcp:",
        "/run/x.sock                 | 0  | one of tcp:",
        "tcp:                        | 4  | an IPv4 address or an IPv6 address in brackets",
        "tcp:80                      | 4  | an IPv4 address",
        "tcp:localhost:80            | 4  | names are not resolved",
        "tcp:*:80                    | 4  | an IPv4 address",
        "tcp:::1:80                  | 4  | brackets",
        "tcp:127.0.0.1               | 13 | a colon and a port",
        "tcp:127.0.0.1:              | 14 | a port from 0 to 65535",
        "tcp:127.0.0.1:http          | 14 | a port from 0 to 65535",
        "tcp:127.0.0.1:65536         | 14 | a port from 0 to 65535",
        "tcp:127.0.0.1:18446744073709551617 | 14 | a port from 0 to 65535",
        "tcp:127.0.0.1:-1            | 14 | a port from 0 to 65535",
        "tcp:127.0.0.1:+1            | 14 | a port from 0 to 65535",
        "tcp:127.0.0.1:80x           | 16 | the end",
        "'tcp:127.0.0.1:80 '         | 16 | the end",
        "tcp:127.0.0.1:80,flowinfo=0x1 | 16 | the end",
        "tcp:[::1:80                 | 11 | the bracket",
        "tcp:[::1]                   | 9  | a colon and a port",
        "tcp:[::1]80                 | 9  | a colon and a port",
        "tcp:[::1]:                  | 10 | a port from 0 to 65535",
        "tcp:[]:80                   | 5  | a group of an IPv6 address",
        "tcp:[127.0.0.1]:80          | 14 | eight groups of an IPv6 address",
        "tcp:[1::2::3]:80            | 10 | not a second",
        "tcp:[1:2]:80                | 8  | eight groups",
        "tcp:[::1%]:80               | 9  | the name or the index of an interface",
        "tcp:[::1%nosuchif]:80       | 9  | the name or the index of an interface of this machine (ENODEV)",
        "tcp:[::1]:80,flow=1         | 12 | flowinfo=0x",
        "tcp:[::1]:80,flowinfo=0x    | 24 | flowinfo=0x",
        "tcp:[::1]:80,flowinfo=0x123456789 | 32 | the end",
        "unix:                       | 5  | a path, or @ and an abstract name",
        "unix:/a\\x00                | 5  | a path without NUL",
        "unix:/a\\                   | 7  | two hexadecimal digits",
        "unix:/a\\n                  | 7  | two hexadecimal digits",
        "unix:/a\\x0                 | 7  | two hexadecimal digits",
        "unix:/a\\xzz                | 7  | two hexadecimal digits",
        "unix:(unnamed)x             | 14 | the end",
        "unix:(other)                | 5  | (unnamed)",
        "unix:/a\uFFFDb              | 7  | write the bytes of others as \\xHH",
        "unix:/a\uD800b              | 5  | characters that can be encoded",
        "vsock:                      | 6  | a context identifier from 0 to 4294967295",
        "vsock:4294967296:1          | 6  | a context identifier from 0 to 4294967295",
        "vsock:1                     | 7  | a colon and a port",
        "vsock:1:4294967296          | 8  | a port from 0 to 4294967295",
        "vsock:1:2,flags=0x100       | 20 | the end",
    })
    void refusesWithTextPlaceAndExpectation(String text, int index, String expected) {
        assertThatThrownBy(() -> Endpoint.parse(text)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining('"' + text + '"').hasMessageContaining(" at index " + index + ", found ")
                .hasMessageContaining(expected);
    }

    @Test
    void refusesNamesThatAreTooLongWithTheirLength() {
        assertThatThrownBy(() -> Endpoint.parse("unix:" + "p".repeat(109)))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("at most 108 bytes, not 109");
        assertThatThrownBy(() -> Endpoint.parse("unix:@" + "n".repeat(108)))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("at most 107 bytes, not 108");
    }

    @Test
    void refusesNullByName() {
        assertThatThrownBy(() -> Endpoint.parse(null)).isInstanceOf(NullPointerException.class).hasMessage("text");
        assertThatThrownBy(() -> new Endpoint(SOCK_STREAM, null)).isInstanceOf(NullPointerException.class)
                .hasMessage("address");
    }

    @Test
    void printsWhatHasNoNotationForPeople() {
        assertThat(new Endpoint(SOCK_RAW, SockAddr.packet(3, 1))).hasToString("socktype=3,packet:1:0x0003");
        assertThat(new Endpoint(SOCK_SEQPACKET, SockAddr.loopbackInet4(1))).hasToString("socktype=5,127.0.0.1:1");
        assertThat(new Endpoint(SOCK_RAW, SockAddr.vsock(1, 2))).hasToString("socktype=3,vsock:1:2");
    }
}
