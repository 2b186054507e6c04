package io.github.fdsock;

import static io.github.fdsock.sys.Constants.AF_INET;
import static io.github.fdsock.sys.Constants.AF_INET6;
import static io.github.fdsock.sys.Constants.AF_NETLINK;
import static io.github.fdsock.sys.Constants.AF_PACKET;
import static io.github.fdsock.sys.Constants.AF_UNIX;
import static io.github.fdsock.sys.Constants.AF_UNSPEC;
import static io.github.fdsock.sys.Constants.AF_VSOCK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Every address is encoded in exactly its bytes and decoded from what the kernel reports; what is no address is
/// refused with its value in the message.
class SockAddrTest {

    private static final String PATH_108 = "/" + "p".repeat(107);

    // ---- bytes

    @Test
    void encodesEveryFamilyAsTheCStructHasIt() {
        assertEncoding(SockAddr.inet4(new byte[] {127, 0, 0, 1}, 7000), AF_INET, "1b58 7f000001 0000000000000000");
        assertEncoding(new SockAddr.Inet6(0xfe80L << 48, 1, 80, 0x000abcde, 3), AF_INET6,
                "0050 000abcde fe80000000000000 0000000000000001" + host32(3));
        assertEncoding(SockAddr.unix("/run/x"), AF_UNIX, "2f72756e2f78 00");
        assertEncoding(SockAddr.unixAbstract("na\0me"), AF_UNIX, "00 6e61006d65");
        assertEncoding(SockAddr.unixAbstract(""), AF_UNIX, "00");
        assertEncoding(SockAddr.unixUnnamed(), AF_UNIX, "");
        assertEncoding(SockAddr.unixAutobind(), AF_UNIX, "");
        assertEncoding(new SockAddr.Vsock(-1, 0x01020304, 1), AF_VSOCK,
                "0000" + host32(0x01020304) + "ffffffff 01 000000");
        assertEncoding(SockAddr.netlink(0x01020304, 0x05060708), AF_NETLINK,
                "0000" + host32(0x01020304) + host32(0x05060708));
        assertEncoding(SockAddr.packet(0x0800, 2), AF_PACKET, "0800" + host32(2) + "0000 00 00 0000000000000000");
        assertEncoding(SockAddr.packet(0x0003, 2, 772, 4, new byte[] {1, 2, 3, 4, 5, 6}), AF_PACKET,
                "0003" + host32(2) + host16(772) + "04 06 010203040506 0000");
        assertEncoding(SockAddr.unspec(), AF_UNSPEC, "");
        assertEncoding(SockAddr.raw(38, new byte[] {1, 2, 3}), 38, "010203");
    }

    @Test
    void lengthOfAPathCountsTheNulWhereThereIsRoomForIt() {
        assertThat(SockAddr.unix("a").length()).isEqualTo(4);
        assertThat(SockAddr.unix("p".repeat(107)).length()).isEqualTo(110);
        assertThat(SockAddr.unix(PATH_108).length()).isEqualTo(110);
        assertEncoding(SockAddr.unix(PATH_108), AF_UNIX,
                HexFormat.of().formatHex(PATH_108.getBytes(StandardCharsets.US_ASCII)));
    }

    @Test
    void abstractNamesHaveATightAndAPaddedForm() {
        SockAddr.UnixAbstract tight = SockAddr.unixAbstract("x");
        SockAddr.UnixAbstract padded = tight.padded();
        assertThat(tight.length()).isEqualTo(4);
        assertThat(padded.length()).isEqualTo(110);
        assertThat(padded).isNotEqualTo(tight);
        assertThat(padded.name()).hasSize(107).startsWith('x').endsWith(0);
        assertThat(padded.padded()).isEqualTo(padded);
        byte[] full = new byte[107];
        Arrays.fill(full, (byte) 0xff);
        assertThat(SockAddr.unixAbstract(full).length()).isEqualTo(110);
        assertThat(SockAddr.unixAbstract(full).padded()).isEqualTo(SockAddr.unixAbstract(full));
    }

    @Test
    void refusesASegmentThatIsTooShortAndLeavesItAlone() {
        for (SockAddr address : new SockAddr[] {SockAddr.anyInet4(1), SockAddr.anyInet6(1), SockAddr.unix(PATH_108),
            SockAddr.unix("a"), SockAddr.unixAbstract("a"), SockAddr.unixUnnamed(), SockAddr.vsock(1, 1),
            SockAddr.netlink(1, 1), SockAddr.packet(1, 1), SockAddr.unspec(), SockAddr.raw(1, new byte[1])}) {
            byte[] room = new byte[address.length() - 1];
            Arrays.fill(room, (byte) 0x55);
            assertThatThrownBy(() -> address.encode(MemorySegment.ofArray(room)))
                    .isInstanceOf(IndexOutOfBoundsException.class)
                    .hasMessageContaining("" + address.length()).hasMessageContaining("" + room.length);
            assertThat(room).containsOnly(0x55);
        }
    }

    @Test
    void toSegmentHasTheExactLength() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment segment = SockAddr.loopbackInet6(9).toSegment(arena);
            assertThat(segment.byteSize()).isEqualTo(28);
            assertThat(SockAddr.decode(segment, 28)).isEqualTo(SockAddr.loopbackInet6(9));
        }
    }

    // ---- what the kernel reports

    @Test
    void decodesAPathOf108BytesThatWasReportedAs111() {
        byte[] sockaddrUn = new byte[110];
        MemorySegment segment = MemorySegment.ofArray(sockaddrUn);
        SockAddr.unix(PATH_108).encode(segment);
        assertThat(SockAddr.decode(segment, 111)).isEqualTo(SockAddr.unix(PATH_108));

        byte[] storage = Arrays.copyOf(sockaddrUn, 128);
        Arrays.fill(storage, 111, 128, (byte) 'z');
        assertThat(SockAddr.decode(MemorySegment.ofArray(storage), 111)).isEqualTo(SockAddr.unix(PATH_108));
        storage[110] = 'z';
        assertThat(SockAddr.decode(MemorySegment.ofArray(storage), 111)).isEqualTo(SockAddr.unix(PATH_108));
    }

    @Test
    void decodesAPathToItsFirstNul() {
        assertThat(decode(AF_UNIX, "2f61 00", 5)).isEqualTo(SockAddr.unix("/a"));
        assertThat(decode(AF_UNIX, "2f61", 4)).as("without NUL").isEqualTo(SockAddr.unix("/a"));
        assertThat(decode(AF_UNIX, "2f61 00 7a7a7a", 8)).as("sizeof(struct sockaddr_un) and garbage")
                .isEqualTo(SockAddr.unix("/a"));
        assertThat(decode(AF_UNIX, "2f61 7a7a", 4)).as("bytes behind the length").isEqualTo(SockAddr.unix("/a"));
    }

    @Test
    void decodesAnAbstractNameToItsLength() {
        assertThat(decode(AF_UNIX, "00 61 00 62 00", 7)).isEqualTo(SockAddr.unixAbstract("a\0b\0"));
        assertThat(decode(AF_UNIX, "00 61 00 62 00", 6)).isEqualTo(SockAddr.unixAbstract("a\0b"));
        assertThat(decode(AF_UNIX, "00 7a", 3)).isEqualTo(SockAddr.unixAbstract(""));
        assertThat(decode(AF_UNIX, "00 00", 4)).isEqualTo(SockAddr.unixAbstract("\0"));
    }

    @Test
    void decodesTheUnnamedAddressWithoutLookingAtThePath() {
        assertThat(decode(AF_UNIX, "7a7a7a", 2)).isEqualTo(SockAddr.unixUnnamed());
        assertThat(decode(AF_UNIX, "", 2)).isEqualTo(SockAddr.unixUnnamed());
    }

    @Test
    void doesNotPassOffAPieceOfAUnixAddressAsAnother() {
        // The buffer had room for four bytes of the path; the kernel says that there are more.
        assertThat(decode(AF_UNIX, "2f746d70", 20)).isEqualTo(SockAddr.raw(AF_UNIX, hex("2f746d70")));
        assertThat(decode(AF_UNIX, "00616263", 20)).isEqualTo(SockAddr.raw(AF_UNIX, hex("00616263")));
        byte[] abstractName = new byte[108];
        assertThat(decode(AF_UNIX, HexFormat.of().formatHex(abstractName), 111))
                .as("no abstract name is that long").isEqualTo(SockAddr.raw(AF_UNIX, abstractName));
        assertThat(decode(AF_UNIX, HexFormat.of().formatHex(new byte[109]), 111))
                .as("nor is it cut off").isEqualTo(SockAddr.raw(AF_UNIX, new byte[109]));
        byte[] tooLong = new byte[126];
        Arrays.fill(tooLong, (byte) 'p');
        assertThat(decode(AF_UNIX, HexFormat.of().formatHex(tooLong), 128)).isEqualTo(SockAddr.raw(AF_UNIX, tooLong));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, -1, Integer.MIN_VALUE})
    void decodesNoAddressAsNull(int length) {
        assertThat(decode(AF_UNIX, "2f61", length)).isNull();
        assertThat(SockAddr.decode(MemorySegment.ofArray(new byte[0]), 16)).isNull();
        assertThat(SockAddr.decode(MemorySegment.ofArray(new byte[1]), 16)).isNull();
    }

    @Test
    void decodesShortAddressesAsRaw() {
        assertThat(decode(AF_INET, "0050 7f0000", 7)).isEqualTo(SockAddr.raw(AF_INET, hex("00507f0000")));
        assertThat(decode(AF_INET, "0050 7f000001 0000000000000000", 15))
                .isEqualTo(SockAddr.raw(AF_INET, hex("00507f00000100000000000000")));
        assertThat(decode(AF_INET6, "00".repeat(22), 24)).isEqualTo(SockAddr.raw(AF_INET6, new byte[22]));
        assertThat(decode(AF_VSOCK, "00".repeat(13), 15)).isEqualTo(SockAddr.raw(AF_VSOCK, new byte[13]));
        assertThat(decode(AF_NETLINK, "00".repeat(9), 11)).isEqualTo(SockAddr.raw(AF_NETLINK, new byte[9]));
        assertThat(decode(AF_PACKET, "00".repeat(9), 11)).isEqualTo(SockAddr.raw(AF_PACKET, new byte[9]));
        assertThat(decode(AF_UNSPEC, "00".repeat(14), 16)).isEqualTo(SockAddr.raw(AF_UNSPEC, new byte[14]));
        assertThat(decode(38, "0102", 4)).isEqualTo(SockAddr.raw(38, new byte[] {1, 2}));
    }

    @Test
    void decodesPacketAddressesOfEveryReportedLength() {
        String header = "0003" + host32(2) + host16(1) + "00";
        assertThat(decode(AF_PACKET, header + "06 010203040506", 18))
                .isEqualTo(SockAddr.packet(3, 2, 1, 0, hex("010203040506")));
        assertThat(decode(AF_PACKET, header + "00", 12)).isEqualTo(SockAddr.packet(3, 2, 1, 0, new byte[0]));
        assertThat(decode(AF_PACKET, header + "06 01020304", 16)).as("its address is cut off")
                .isInstanceOf(SockAddr.Raw.class);
        String infiniband = header + "14" + "ab".repeat(20);
        assertThat(decode(AF_PACKET, infiniband, 32)).as("20 bytes of hardware address")
                .isEqualTo(SockAddr.raw(AF_PACKET, hex(infiniband)));
    }

    @Test
    void ignoresWhatFollowsACompleteAddress() {
        assertThat(decode(AF_INET, "0050 7f000001 0102030405060708 ffff", 128)).isEqualTo(SockAddr.loopbackInet4(80));
        assertThat(decode(AF_NETLINK, "0000" + host32(7) + host32(0) + "ff", 13)).isEqualTo(SockAddr.netlink(7, 0));
    }

    @Test
    void decodesUnsignedFieldsUnsigned() {
        assertThat(((SockAddr.Inet4) decode(AF_INET, "ffff 00000000 0000000000000000", 16)).port()).isEqualTo(65535);
        assertThat(decode(0xffff, "", 2).family()).isEqualTo(0xffff);
    }

    // ---- values

    @Test
    void equalityIsByContent() {
        assertThat(SockAddr.unix("/a")).isEqualTo(SockAddr.unix("/a".getBytes(StandardCharsets.US_ASCII)))
                .hasSameHashCodeAs(SockAddr.unix("/a")).isNotEqualTo(SockAddr.unix("/b"))
                .isNotEqualTo(SockAddr.unixAbstract("/a"));
        assertThat(SockAddr.unixAbstract("a")).isEqualTo(SockAddr.unixAbstract(new byte[] {'a'}))
                .isNotEqualTo(SockAddr.unixAbstract("a\0"));
        assertThat(SockAddr.packet(1, 2, 3, 4, new byte[] {5})).isEqualTo(SockAddr.packet(1, 2, 3, 4, new byte[] {5}))
                .hasSameHashCodeAs(SockAddr.packet(1, 2, 3, 4, new byte[] {5}))
                .isNotEqualTo(SockAddr.packet(1, 2, 3, 4, new byte[] {6}))
                .isNotEqualTo(SockAddr.packet(1, 2, 3, 0, new byte[] {5}));
        assertThat(SockAddr.raw(1, new byte[] {1})).isEqualTo(SockAddr.raw(1, new byte[] {1}))
                .isNotEqualTo(SockAddr.raw(2, new byte[] {1}));
        assertThat(SockAddr.unixAutobind()).isEqualTo(new SockAddr.UnixUnnamed());
        assertThat(SockAddr.inet("::1", 1)).isEqualTo(SockAddr.loopbackInet6(1)).isNotEqualTo(SockAddr.anyInet6(1));
    }

    @Test
    void arraysAreCopiedInAndOut() {
        byte[] bytes = {'a', 'b'};
        SockAddr.UnixPath path = SockAddr.unix(bytes);
        SockAddr.UnixAbstract name = SockAddr.unixAbstract(bytes);
        SockAddr.Raw raw = SockAddr.raw(9, bytes);
        SockAddr.Packet packet = SockAddr.packet(0, 0, 0, 0, bytes);
        bytes[0] = 'z';
        path.path()[0] = 'z';
        name.name()[0] = 'z';
        raw.data()[0] = 'z';
        packet.hardwareAddress()[0] = 'z';
        assertThat(path).isEqualTo(SockAddr.unix("ab"));
        assertThat(name).isEqualTo(SockAddr.unixAbstract("ab"));
        assertThat(raw.data()).containsExactly('a', 'b');
        assertThat(packet.hardwareAddress()).containsExactly('a', 'b');
    }

    @Test
    void inetAddressesGiveTheirBytesAndTakeAnotherPort() {
        assertThat(SockAddr.inet4(hex("c0a80102"), 1).addressBytes()).containsExactly(hex("c0a80102"));
        byte[] ip6 = hex("20010db8000000000000000000000001");
        SockAddr.Inet6 address = SockAddr.inet6(ip6, 1, 2, 3);
        assertThat(address.addressBytes()).containsExactly(ip6);
        assertThat(address.withPort(9)).isEqualTo(SockAddr.inet6(ip6, 9, 2, 3));
        assertThat(SockAddr.loopbackInet4(1).withPort(2)).isEqualTo(SockAddr.loopbackInet4(2));
        assertThat(SockAddr.inet6(ip6, 1)).isEqualTo(SockAddr.inet6(ip6, 1, 0, 0));
    }

    @ParameterizedTest
    @CsvSource({
        "10.1.2.3, 10.0.0.0, 8, true", "11.1.2.3, 10.0.0.0, 8, false", "10.1.2.3, 10.255.255.255, 8, true",
        "255.0.0.1, 0.0.0.0, 0, true", "10.1.2.3, 10.1.2.3, 32, true", "10.1.2.2, 10.1.2.3, 32, false",
        "10.1.2.2, 10.1.2.3, 31, true", "128.0.0.0, 0.0.0.0, 1, false",
        "fe80::1%1, fe80::, 10, true", "fe80::1, fe80::1%1, 128, true", "fec0::1, fe80::, 10, false",
        "::1, ::, 0, true", "::1, ::1, 128, true", "::2, ::1, 128, false", "2001:db8::1:0, 2001:db8::, 112, false",
        "2001:db8:0:0:8000::, 2001:db8::, 64, true", "2001:db8:0:0:8000::, 2001:db8::, 65, false",
        "2001:db8:0:1::, 2001:db8::, 64, false", "2001:db8:0:1::, 2001:db8::, 63, true",
        // An IPv4 address is the mapped one, on either side.
        "::ffff:10.1.2.3, 10.0.0.0, 8, true", "::ffff:11.1.2.3, 10.0.0.0, 8, false", "::1, 0.0.0.0, 0, false",
        "::10.1.2.3, 10.0.0.0, 8, false", "::ffff:10.1.2.3, 10.1.2.3, 32, true",
        "10.1.2.3, ::ffff:10.0.0.0, 104, true", "11.1.2.3, ::ffff:10.0.0.0, 104, false", "10.1.2.3, ::, 0, true",
        "10.1.2.3, ::ffff:0:0, 96, true", "10.1.2.3, ::ffff:10.1.2.3, 128, true", "10.1.2.3, fe80::, 10, false"})
    void inetAddressesAreInANetworkOrNot(String address, String network, int prefix, boolean in) {
        assertThat(SockAddr.inet(address, 80).isIn(SockAddr.inet(network, 0), prefix)).isEqualTo(in);
    }

    @Test
    void networksHaveNoShorterAndNoLongerPrefixes() {
        SockAddr.Inet four = SockAddr.loopbackInet4(1);
        SockAddr.Inet six = SockAddr.loopbackInet6(1);
        assertRefused("IPv4 network is 0 to 32, not -1", () -> six.isIn(four, -1));
        assertRefused("IPv4 network is 0 to 32, not 33", () -> six.isIn(four, 33));
        assertRefused("IPv6 network is 0 to 128, not -1", () -> four.isIn(six, -1));
        assertRefused("IPv6 network is 0 to 128, not 129", () -> four.isIn(six, 129));
        assertRefused("not " + Integer.MAX_VALUE, () -> four.isIn(four, Integer.MAX_VALUE));
        assertRefused("not " + Integer.MIN_VALUE, () -> six.isIn(six, Integer.MIN_VALUE));
        assertNamesNull("network", () -> four.isIn(null, 0));
    }

    // ---- text

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1, 127.0.0.1:7",
        "255.255.255.255, 255.255.255.255:7",
        "0.0.0.0, 0.0.0.0:7",
        "::, [::]:7",
        "::1, [::1]:7",
        "FE80::1%2, [fe80::1%2]:7",
        "fe80::1%4294967295, [fe80::1%4294967295]:7",
        "fe80::1%0, [fe80::1]:7",
        "2001:0db8:0:0:0001:0:0:0001, [2001:db8::1:0:0:1]:7",
        "1:0:0:2:0:0:0:3, [1:0:0:2::3]:7",
        "1:0:2:3:4:5:6:7, [1:0:2:3:4:5:6:7]:7",
        "1:2:3:4:5:6:7::, [1:2:3:4:5:6:7:0]:7",
        "::2:3:4:5:6:7:8, [0:2:3:4:5:6:7:8]:7",
        "1::, [1::]:7",
        "::ffff:1.2.3.4, [::ffff:1.2.3.4]:7",
        "::ffff:0102:0304, [::ffff:1.2.3.4]:7",
        "::1.2.3.4, [::102:304]:7",
        "1:2:3:4:5:6:7.8.9.10, [1:2:3:4:5:6:708:90a]:7",
    })
    void readsIpLiterals(String literal, String text) {
        assertThat(SockAddr.inet(literal, 7)).hasToString(text);
    }

    @Test
    void mappedAddressesStayIpv6() {
        assertThat(SockAddr.inet("::ffff:1.2.3.4", 7).family()).isEqualTo(AF_INET6);
    }

    @Test
    void zonesMayBeNamesOfInterfaces() {
        assertThat(SockAddr.inet("fe80::1%lo", 7)).isEqualTo(SockAddr.inet("fe80::1%1", 7));
        for (String zone : new String[] {"nosuchif", "lo\0", "lo ", "averylonginterfacename", "", "lo\ud800", "-1",
            "4294967296"}) {
            assertThatThrownBy(() -> SockAddr.inet("fe80::1%" + zone, 7)).as(zone)
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("fe80::1%" + zone);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "localhost", "127.1", "1", "127.0.0.01", "127.0.0.256", "127.0.0.1.", "1.2.3.4.5",
        " 127.0.0.1", "127.0.0.1 ", "0x7f.0.0.1", "1.2.3.4%1", "[::1]", ":", ":::", "1:", ":1", "::1::", "1:2:3",
        "1:2:3:4:5:6:7:8:9", "1:2:3:4:5:6:7:8::", "12345::", "::g", "::1.2.3", "::1.2.3.4:5", "::1.2.3.256",
        "1:2:3:4:5:6:7:1.2.3.4", "١.2.3.4", "::١", "localhost:80"})
    void refusesWhatIsNoIpLiteral(String literal) {
        assertThatThrownBy(() -> SockAddr.inet(literal, 7)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining('"' + literal + '"');
    }

    @Test
    void saysThatNamesAreNotResolved() {
        assertThatThrownBy(() -> SockAddr.inet("localhost", 7)).hasMessageContaining("names are not resolved");
    }

    @Test
    void printsUnixAddresses() {
        assertThat(SockAddr.unix("/run/x y.sock")).hasToString("/run/x y.sock");
        assertThat(SockAddr.unix("@x")).hasToString("\\x40x");
        assertThat(SockAddr.unix("(unnamed)")).hasToString("\\x28unnamed)");
        assertThat(SockAddr.unix("a@(\\")).hasToString("a@(\\\\");
        assertThat(SockAddr.unix(hex("2fff0a7f"))).hasToString("/\\xff\\x0a\\x7f");
        assertThat(SockAddr.unixAbstract("name")).hasToString("@name");
        assertThat(SockAddr.unixAbstract("\0n\0")).hasToString("@\\x00n\\x00");
        assertThat(SockAddr.unixAbstract("")).hasToString("@");
        assertThat(SockAddr.unixUnnamed()).hasToString("(unnamed)");
    }

    @Test
    void printsWhatIsPrintableInUtf8AndEscapesTheRest() {
        String printable = "gr\u00fc\u00df \u4e16 \ud83d\ude80";
        assertThat(SockAddr.unixAbstract(printable)).hasToString('@' + printable);
        assertThat(SockAddr.unixAbstract("a\u00a0\u202eb\u2028"))
                .as("no-break space, right-to-left override, line separator")
                .hasToString("@a\\xc2\\xa0\\xe2\\x80\\xaeb\\xe2\\x80\\xa8");
        assertThat(SockAddr.unixAbstract("\ufffd")).hasToString("@\\xef\\xbf\\xbd");
        assertThat(SockAddr.unixAbstract(hex("c3a9ffc3a9"))).as("good, bad, good").hasToString("@\u00e9\\xff\u00e9");
        assertThat(SockAddr.unixAbstract(hex("c3"))).as("half a character").hasToString("@\\xc3");
        assertThat(SockAddr.unixAbstract(hex("f09f9a"))).as("most of a character").hasToString("@\\xf0\\x9f\\x9a");
        assertThat(SockAddr.unixAbstract(hex("c080"))).as("NUL as Java's modified UTF-8 has it")
                .hasToString("@\\xc0\\x80");
    }

    @Test
    void escapesWhatWouldNotEncodeToTheSameBytes() {
        // Two codes for one character: the JDK encodes it as the other one.
        Charset charset = Charset.forName("windows-31j");
        assertThat(AddressText.bytes(new StringBuilder(), hex("fa5c"), 0, charset)).isEqualTo("\u7e8a");
        assertThat(AddressText.bytes(new StringBuilder(), hex("ed40"), 0, charset)).isEqualTo("\\xed\\x40");
    }

    @Test
    void printsOtherFamiliesWithTheirName() {
        assertThat(SockAddr.vsock(2, 1234)).hasToString("vsock:2:1234");
        assertThat(new SockAddr.Vsock(-1, -1, 1)).hasToString("vsock:4294967295:4294967295,flags=0x1");
        assertThat(SockAddr.netlink(-1, 0x11)).hasToString("netlink:4294967295:0x11");
        assertThat(SockAddr.packet(3, 2)).hasToString("packet:2:0x0003");
        assertThat(SockAddr.packet(0x800, 2, 1, 4, hex("0a0b"))).hasToString(
                "packet:2:0x0800,hatype=1,pkttype=4,addr=0a:0b");
        assertThat(SockAddr.unspec()).hasToString("unspec");
        assertThat(SockAddr.raw(38, hex("0a0b"))).hasToString("raw:38:0a0b");
        assertThat(SockAddr.inet6(new byte[16], 1, 0x1f, 0)).hasToString("[::]:1,flowinfo=0x1f");
    }

    // ---- bad input

    @ParameterizedTest
    @ValueSource(ints = {65536, 65536 + 80, -1, Integer.MAX_VALUE, Integer.MIN_VALUE})
    void c33_refusesPortsThatAreNone(int port) {
        assertRefused("" + port, () -> SockAddr.inet("127.0.0.1", port));
        assertRefused("" + port, () -> SockAddr.inet("::1", port));
        assertRefused("" + port, () -> SockAddr.inet4(new byte[4], port));
        assertRefused("" + port, () -> SockAddr.inet6(new byte[16], port));
        assertRefused("" + port, () -> SockAddr.anyInet4(port));
        assertRefused("" + port, () -> SockAddr.anyInet6(port));
        assertRefused("" + port, () -> SockAddr.loopbackInet4(1).withPort(port));
        assertRefused("" + port, () -> SockAddr.loopbackInet6(1).withPort(port));
    }

    @Test
    void refusesArraysOfTheWrongLength() {
        assertRefused("3", () -> SockAddr.inet4(new byte[3], 1));
        assertRefused("16", () -> SockAddr.inet4(new byte[16], 1));
        assertRefused("4", () -> SockAddr.inet6(new byte[4], 1));
        assertRefused("9", () -> SockAddr.packet(0, 0, 0, 0, new byte[9]));
        assertRefused("127", () -> SockAddr.raw(1, new byte[127]));
    }

    @Test
    void u23_refusesPathsThatAreNone() {
        assertRefused("109: " + PATH_108 + "p", () -> SockAddr.unix(PATH_108 + "p"));
        assertRefused("512: " + "p".repeat(512), () -> SockAddr.unix("p".repeat(512)));
        assertRefused("empty", () -> SockAddr.unix(""));
        assertRefused("empty", () -> SockAddr.unix(new byte[0]));
        assertRefused("empty", () -> SockAddr.unix(Path.of("")));
        assertRefused("a\\x00b", () -> SockAddr.unix("a\0b"));
        assertRefused("\\x00abstract", () -> SockAddr.unix("\0abstract"));
        assertRefused("/a\\x00", () -> SockAddr.unix(hex("2f6100")));
        assertRefused("\ud800", () -> SockAddr.unix("/\ud800"));
    }

    @Test
    void refusesAbstractNamesThatAreTooLong() {
        String name = "n".repeat(108);
        assertRefused("108", () -> SockAddr.unixAbstract(name));
        assertRefused(name, () -> SockAddr.unixAbstract(name.getBytes(StandardCharsets.US_ASCII)));
        assertRefused("108", () -> SockAddr.unixAbstract("\u00e9".repeat(54)));
        assertRefused("\udc00", () -> SockAddr.unixAbstract("\udc00"));
    }

    @Test
    void refusesFieldsThatDoNotFit() {
        assertRefused("65536", () -> SockAddr.packet(65536, 0));
        assertRefused("-1", () -> SockAddr.packet(-1, 0));
        assertRefused("65536", () -> SockAddr.packet(0, 0, 65536, 0, new byte[0]));
        assertRefused("256", () -> SockAddr.packet(0, 0, 0, 256, new byte[0]));
        assertRefused("256", () -> new SockAddr.Vsock(0, 0, 256));
        assertRefused("65536", () -> SockAddr.raw(65536, new byte[0]));
        assertRefused("-1", () -> SockAddr.raw(-1, new byte[0]));
    }

    @Test
    void refusesNullByName() {
        assertNamesNull("literal", () -> SockAddr.inet(null, 1));
        assertNamesNull("address", () -> SockAddr.inet4(null, 1));
        assertNamesNull("address", () -> SockAddr.inet6(null, 1));
        assertNamesNull("path", () -> SockAddr.unix((String) null));
        assertNamesNull("path", () -> SockAddr.unix((byte[]) null));
        assertNamesNull("path", () -> SockAddr.unix((Path) null));
        assertNamesNull("name", () -> SockAddr.unixAbstract((String) null));
        assertNamesNull("name", () -> SockAddr.unixAbstract((byte[]) null));
        assertNamesNull("hardwareAddress", () -> SockAddr.packet(0, 0, 0, 0, null));
        assertNamesNull("data", () -> SockAddr.raw(0, null));
        assertNamesNull("address", () -> SockAddr.of(null));
        assertNamesNull("from", () -> SockAddr.decode(null, 0));
    }

    // ---- java.net and java.nio.file

    @Test
    void convertsInetAddresses() throws UnknownHostException {
        InetSocketAddress ip4 = new InetSocketAddress(InetAddress.getByAddress("a.name", hex("c0a80102")), 80);
        assertThat(SockAddr.of(ip4)).isEqualTo(SockAddr.inet("192.168.1.2", 80));
        assertThat(SockAddr.of(ip4).toSocketAddress())
                .isEqualTo(new InetSocketAddress(InetAddress.ofLiteral("192.168.1.2"), 80));
        Inet6Address scoped = Inet6Address.getByAddress(null, hex("fe800000000000000000000000000001"), 2);
        assertThat(SockAddr.of(new InetSocketAddress(scoped, 80))).isEqualTo(SockAddr.inet("fe80::1%2", 80));
        InetSocketAddress back = (InetSocketAddress) SockAddr.inet("fe80::1%2", 80).toSocketAddress();
        assertThat(((Inet6Address) back.getAddress()).getScopeId()).isEqualTo(2);
        InetSocketAddress mapped = (InetSocketAddress) SockAddr.inet("::ffff:1.2.3.4", 80).toSocketAddress();
        assertThat(mapped.getAddress()).isInstanceOf(Inet6Address.class);
        assertThat(SockAddr.of(mapped)).isEqualTo(SockAddr.inet("::ffff:1.2.3.4", 80));
        assertThat(SockAddr.inet("::1", 80).toSocketAddress())
                .isEqualTo(new InetSocketAddress(InetAddress.ofLiteral("::1"), 80))
                .hasToString("/[0:0:0:0:0:0:0:1]:80");
    }

    @Test
    void convertsUnixAddresses() {
        assertThat(SockAddr.of(UnixDomainSocketAddress.of("/tmp/x"))).isEqualTo(SockAddr.unix("/tmp/x"));
        assertThat(SockAddr.unix("/tmp/x").toSocketAddress()).isEqualTo(UnixDomainSocketAddress.of("/tmp/x"));
        assertThat(SockAddr.of(UnixDomainSocketAddress.of(""))).isEqualTo(SockAddr.unixUnnamed());
        assertThat(SockAddr.unixUnnamed().toSocketAddress()).isEqualTo(UnixDomainSocketAddress.of(""));
        assertThat(SockAddr.unix("relative").toSocketAddress()).isEqualTo(UnixDomainSocketAddress.of("relative"));
    }

    @Test
    void refusesForeignAddressesByName() {
        assertRefused("no.such.host", () -> SockAddr.of(InetSocketAddress.createUnresolved("no.such.host", 80)));
        assertRefused("SomeAddress", () -> SockAddr.of(new SocketAddress() {
            private static final long serialVersionUID = 1;

            @Override
            public String toString() {
                return "SomeAddress";
            }
        }));
        assertRefused("109", () -> SockAddr.of(UnixDomainSocketAddress.of(PATH_108 + "p")));
    }

    @Test
    void refusesToConvertWhatJavaNetCannotSay() {
        for (SockAddr address : new SockAddr[] {SockAddr.unixAbstract("x"), SockAddr.vsock(1, 2),
            SockAddr.netlink(0, 1), SockAddr.packet(3, 1), SockAddr.unspec(), SockAddr.raw(AF_INET, new byte[14]), SockAddr.unix("/a//b"),
            SockAddr.unix("/a/"), SockAddr.inet6(new byte[16], 1, 5, 0), SockAddr.inet6(new byte[16], 1, 0, -2)}) {
            assertThatThrownBy(address::toSocketAddress).isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining(address.toString());
        }
        SockAddr undecodable = SockAddr.unix(hex("2fff"));
        if (AddressText.FILE_NAMES.equals(StandardCharsets.UTF_8)) {
            assertThatThrownBy(undecodable::toSocketAddress).isInstanceOf(UnsupportedOperationException.class)
                    .hasMessageContaining("/\\xff");
        }
    }

    @Test
    void convertsPaths(@TempDir Path directory) throws IOException {
        assertThat(SockAddr.unix(Path.of("a/b"))).isEqualTo(SockAddr.unix("a/b"));
        assertThat(SockAddr.unix("/a//b").toPath()).isEqualTo(Path.of("/a/b"));
        Path zip = directory.resolve("z.zip");
        try (FileSystem other = FileSystems.newFileSystem(zip, Map.of("create", "true"))) {
            assertRefused("z.zip", () -> SockAddr.unix(other.getPath("/x")));
        }
    }

    @Test
    void refusesPathsWhoseTextIsAnotherPath() {
        // A Path keeps bytes that are no text; its own text then names another file.
        Path path = Path.of(URI.create("file:///tmp/%FF"));
        if (AddressText.FILE_NAMES.equals(StandardCharsets.UTF_8)) {
            assertRefused("%FF", () -> SockAddr.unix(path));
        }
    }

    // ----

    private static void assertEncoding(SockAddr address, int family, String data) {
        byte[] expected = hex(host16(family) + data);
        assertThat(address.family()).isEqualTo(family);
        assertThat(address.length()).isEqualTo(expected.length);
        byte[] written = new byte[SockAddr.MAX_LENGTH];
        Arrays.fill(written, (byte) 0x55);
        assertThat(address.encode(MemorySegment.ofArray(written))).isEqualTo(expected.length);
        assertThat(Arrays.copyOf(written, expected.length)).as(address.toString()).containsExactly(expected);
        assertThat(Arrays.copyOfRange(written, expected.length, written.length)).containsOnly(0x55);
    }

    private static SockAddr decode(int family, String data, int length) {
        try (Arena arena = Arena.ofConfined()) {
            byte[] bytes = hex(host16(family) + data);
            MemorySegment segment = arena.allocate(bytes.length);
            segment.copyFrom(MemorySegment.ofArray(bytes));
            return SockAddr.decode(segment, length);
        }
    }

    private static void assertRefused(String value, Runnable action) {
        assertThatThrownBy(action::run).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(value);
    }

    private static void assertNamesNull(String parameter, Runnable action) {
        assertThatThrownBy(action::run).isInstanceOf(NullPointerException.class).hasMessage(parameter);
    }

    private static byte[] hex(String text) {
        return HexFormat.of().parseHex(text.replace(" ", ""));
    }

    private static String host16(int value) {
        return HexFormat.of().formatHex(
                ByteBuffer.allocate(2).order(ByteOrder.nativeOrder()).putShort((short) value).array());
    }

    private static String host32(int value) {
        return HexFormat.of().formatHex(ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(value).array());
    }
}
