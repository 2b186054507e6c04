package io.github.fdsock;

import static io.github.fdsock.sys.Constants.AF_INET;
import static io.github.fdsock.sys.Constants.AF_INET6;
import static io.github.fdsock.sys.Constants.AF_NETLINK;
import static io.github.fdsock.sys.Constants.AF_PACKET;
import static io.github.fdsock.sys.Constants.AF_UNIX;
import static io.github.fdsock.sys.Constants.AF_UNSPEC;
import static io.github.fdsock.sys.Constants.AF_VSOCK;
import static io.github.fdsock.sys.Constants.SOCK_DGRAM;
import static io.github.fdsock.sys.Constants.SOCK_SEQPACKET;
import static io.github.fdsock.sys.Constants.SOCK_STREAM;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.EdgeCasesMode;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/// For every address: memory, text and `java.net` lead back to it. For every run of bytes: decoding ends well and has
/// looked at nothing else.
class SockAddrPropertiesTest {

    private static final int[] FAMILIES = {AF_INET, AF_INET6, AF_UNIX, AF_VSOCK, AF_NETLINK, AF_PACKET, AF_UNSPEC};

    // ---- memory

    @Property
    void encodedAddressesDecodeToThemselves(@ForAll("addresses") SockAddr address) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment exact = address.toSegment(arena);
            assertThat(SockAddr.decode(exact, address.length())).isEqualTo(address);
        }
    }

    @Property
    void rawAddressesEncodeToTheirBytes(@ForAll @IntRange(max = 0xffff) int family,
            @ForAll @Size(max = 126) byte[] data) {
        SockAddr raw = SockAddr.raw(family, data);
        byte[] bytes = new byte[raw.length()];
        raw.encode(MemorySegment.ofArray(bytes));
        assertThat(Short.toUnsignedInt(MemorySegment.ofArray(bytes).get(ValueLayout.JAVA_SHORT_UNALIGNED, 0)))
                .isEqualTo(family);
        assertThat(Arrays.copyOfRange(bytes, 2, bytes.length)).containsExactly(data);
        if (Arrays.stream(FAMILIES).noneMatch(known -> known == family)) {
            assertThat(SockAddr.decode(MemorySegment.ofArray(bytes), bytes.length)).isEqualTo(raw);
        }
    }

    @Property
    void encodingWritesAllOfItsLengthAndNothingMore(@ForAll("addresses") SockAddr address) {
        byte[] ones = new byte[SockAddr.MAX_LENGTH + 8];
        byte[] others = new byte[ones.length];
        Arrays.fill(ones, (byte) 0x55);
        Arrays.fill(others, (byte) 0xaa);
        int length = address.encode(MemorySegment.ofArray(ones));
        address.encode(MemorySegment.ofArray(others));
        assertThat(length).isEqualTo(address.length()).isBetween(2, SockAddr.MAX_LENGTH);
        assertThat(Arrays.copyOf(ones, length)).containsExactly(Arrays.copyOf(others, length));
        assertThat(Arrays.copyOfRange(ones, length, ones.length)).containsOnly(0x55);
        assertThat(Arrays.copyOfRange(others, length, others.length)).containsOnly(0xaa);
        assertThatThrownBy(() -> address.encode(MemorySegment.ofArray(new byte[length - 1])))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Property(tries = 20_000)
    void anyBytesOfAnyLengthDecode(@ForAll("sockaddrs") byte[] bytes, @ForAll("lengths") int length) {
        checkDecoding(bytes, length);
    }

    /// The same by brute force, in memory of exactly the size, where a read beyond it throws.
    @Test
    void twoMillionRandomRunsOfBytesDecode() {
        long seed = System.nanoTime();
        System.out.println("SockAddrPropertiesTest.twoMillionRandomRunsOfBytesDecode: seed " + seed);
        SplittableRandom random = new SplittableRandom(seed);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment[] memory = new MemorySegment[140];
            byte[][] bytes = new byte[memory.length][];
            for (int size = 0; size < memory.length; size++) {
                memory[size] = arena.allocate(size);
                bytes[size] = new byte[size];
            }
            for (int i = 0; i < 2_000_000; i++) {
                int size = random.nextInt(memory.length);
                byte[] content = bytes[size];
                random.nextBytes(content);
                if (size >= 2 && random.nextInt(16) != 0) {
                    MemorySegment.ofArray(content).set(ValueLayout.JAVA_SHORT_UNALIGNED, 0,
                            (short) FAMILIES[random.nextInt(FAMILIES.length)]);
                }
                // Half of the paths begin with NUL, and small values are frequent where sll_halen is.
                if (size > 11 && random.nextBoolean()) {
                    content[2] = 0;
                    content[11] = (byte) random.nextInt(12);
                }
                int length = random.nextInt(4) == 0 ? random.nextInt() : random.nextInt(140) - 4;
                MemorySegment.copy(content, 0, memory[size], ValueLayout.JAVA_BYTE, 0, size);
                try {
                    SockAddr address = SockAddr.decode(memory[size], length);
                    assertThat(address == null).isEqualTo(Math.min(size, length) < 2);
                    if (address != null) {
                        // No longer than the bytes; the NUL behind a path and the rest of sll_addr are put back.
                        int added = address instanceof SockAddr.UnixPath ? 1
                                : address instanceof SockAddr.Packet ? 8 : 0;
                        assertThat(address.length()).isBetween(2, Math.min(size, length) + added);
                    }
                } catch (RuntimeException | AssertionError e) {
                    throw new AssertionError("seed " + seed + ", round " + i + ", length " + length + ", bytes "
                            + Arrays.toString(content), e);
                }
            }
        }
    }

    /// Decodes `bytes` in memory of exactly that size, and again with other bytes where none must be looked at.
    private static void checkDecoding(byte[] bytes, int length) {
        SockAddr address;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment exact = arena.allocate(bytes.length);
            MemorySegment.copy(bytes, 0, exact, ValueLayout.JAVA_BYTE, 0, bytes.length);
            address = SockAddr.decode(exact, length);
        }
        int available = Math.min(bytes.length, length);
        assertThat(address == null).isEqualTo(available < 2);
        if (address == null) {
            return;
        }
        assertThat(address.family()).isEqualTo(
                Short.toUnsignedInt(MemorySegment.ofArray(bytes).get(ValueLayout.JAVA_SHORT_UNALIGNED, 0)));
        for (byte fill : new byte[] {0, 0x55, (byte) 0xff}) {
            byte[] changed = bytes.clone();
            Arrays.fill(changed, available, changed.length, fill);
            assertThat(SockAddr.decode(MemorySegment.ofArray(changed), length)).isEqualTo(address);
        }
        byte[] again = new byte[address.length()];
        address.encode(MemorySegment.ofArray(again));
        if (address instanceof SockAddr.Raw) {
            // What was cut off may well be a whole address of its own, so only the bytes are the same.
            assertThat(again).containsExactly(Arrays.copyOf(bytes, Math.min(available, SockAddr.MAX_LENGTH)));
        } else {
            assertThat(SockAddr.decode(MemorySegment.ofArray(again), again.length)).isEqualTo(address);
        }
        assertThat(address.toString()).isNotEmpty();
    }

    // ---- text

    @Property
    void endpointsPrintWhatParsesToThem(@ForAll("endpoints") Endpoint endpoint) {
        assertThat(Endpoint.parse(endpoint.toString())).isEqualTo(endpoint);
    }

    @Property
    void textIsPrintable(@ForAll("addresses") SockAddr address) {
        assertThat(address.toString().codePoints()).noneMatch(c -> Character.isISOControl(c) || c == 0xfffd
                || c != ' ' && Character.isSpaceChar(c) || Character.getType(c) == Character.FORMAT);
    }

    @Property
    void anyTextParsesOrIsRefused(@ForAll("almostEndpoints") String text) {
        Endpoint endpoint;
        try {
            endpoint = Endpoint.parse(text);
        } catch (IllegalArgumentException e) {
            assertThat(e).hasMessageContaining('"' + text + '"').hasMessageContaining(" at index ");
            return;
        }
        assertThat(Endpoint.parse(endpoint.toString())).isEqualTo(endpoint);
    }

    @Property
    void ipv6TextIsTheJdksAddress(@ForAll("inet6") SockAddr.Inet6 address) throws Exception {
        String literal = new SockAddr.Inet6(address.high(), address.low(), 0, 0, 0).toString();
        literal = literal.substring(1, literal.indexOf(']'));
        byte[] jdk = InetAddress.ofLiteral(literal).getAddress();
        byte[] ours = address.addressBytes();
        // The JDK makes an IPv4 address of a mapped one.
        assertThat(jdk).containsExactly(jdk.length == 4 ? Arrays.copyOfRange(ours, 12, 16) : ours);
        assertThat(SockAddr.inet(Inet6Address.getByAddress(null, ours, -1).getHostAddress(), address.port())
                .addressBytes()).containsExactly(ours);
    }

    @Property(tries = 20_000)
    void readsTheIpv6LiteralsThatTheJdkReads(@ForAll("almostIpv6") String literal) {
        byte[] jdk;
        try {
            jdk = Inet6Address.ofLiteral(literal).getAddress();
        } catch (IllegalArgumentException e) {
            jdk = null;
        }
        byte[] ours;
        try {
            ours = SockAddr.inet(literal, 0).addressBytes();
        } catch (IllegalArgumentException e) {
            ours = null;
        }
        if (jdk == null || ours == null) {
            assertThat(ours).as(literal).isEqualTo(jdk);
        } else {
            assertThat(jdk.length == 4 ? Arrays.copyOfRange(ours, 12, 16) : ours).as(literal).containsExactly(jdk);
        }
    }

    // ---- java.net

    @Property
    void javaNetLeadsBackOrSaysThatItCannot(@ForAll("addresses") SockAddr address) {
        SocketAddress converted;
        try {
            converted = address.toSocketAddress();
        } catch (UnsupportedOperationException e) {
            assertThat(e).hasMessageContaining(address.toString());
            assertThat(address).isNotInstanceOf(SockAddr.Inet4.class).isNotInstanceOf(SockAddr.UnixUnnamed.class);
            return;
        }
        assertThat(SockAddr.of(converted)).isEqualTo(address);
    }

    @Property(edgeCases = EdgeCasesMode.NONE)
    void ipAddressesOfJavaNetConvert(@ForAll @Size(4) byte[] ip4, @ForAll @Size(16) byte[] ip6,
            @ForAll @IntRange(max = 65535) int port, @ForAll @IntRange(min = 1) int scope) throws Exception {
        InetSocketAddress v4 = new InetSocketAddress(InetAddress.getByAddress(ip4), port);
        assertThat(SockAddr.of(v4).toSocketAddress()).isEqualTo(v4);
        InetSocketAddress v6 = new InetSocketAddress(Inet6Address.getByAddress(null, ip6, scope), port);
        InetSocketAddress back = (InetSocketAddress) SockAddr.of(v6).toSocketAddress();
        assertThat(back).isEqualTo(v6);
        assertThat(((Inet6Address) back.getAddress()).getScopeId()).isEqualTo(scope);
    }

    // ---- values

    @Property
    void equalAddressesHaveEqualHashesAndEncodings(@ForAll("addresses") SockAddr a, @ForAll("addresses") SockAddr b) {
        byte[] encodedA = new byte[a.length()];
        byte[] encodedB = new byte[b.length()];
        a.encode(MemorySegment.ofArray(encodedA));
        b.encode(MemorySegment.ofArray(encodedB));
        assertThat(a.equals(b)).isEqualTo(Arrays.equals(encodedA, encodedB));
        assertThat(SockAddr.decode(MemorySegment.ofArray(encodedA), encodedA.length)).hasSameHashCodeAs(a);
    }

    // ---- networks

    @Property
    void addressesAreInTheNetworkWhoseBitsTheyBeginWith(@ForAll("inets") SockAddr.Inet address,
            @ForAll("inets") SockAddr.Inet other, @ForAll @IntRange(max = 128) int bits) {
        boolean four = other instanceof SockAddr.Inet4;
        int prefix = four ? bits / 4 : bits;
        assertThat(address.isIn(other, prefix)).isEqualTo(bits(address).startsWith(
                bits(other).substring(0, four ? 96 + prefix : prefix)));
    }

    /// Nearly the same address: chance alone would seldom find one with many bits in common.
    @Property
    void addressesWithOneOtherBitAreInTheNetworksThatEndBeforeIt(@ForAll("inets") SockAddr.Inet address,
            @ForAll @IntRange(max = 127) int bits) {
        byte[] bytes = address.addressBytes();
        int other = bits % (8 * bytes.length);
        bytes[other / 8] ^= (byte) (0x80 >>> other % 8);
        SockAddr.Inet network = bytes.length == 4 ? SockAddr.inet4(bytes, 0) : SockAddr.inet6(bytes, 0);
        for (int prefix = 0; prefix <= 8 * bytes.length; prefix++) {
            assertThat(address.isIn(network, prefix)).as("%s in %s/%d", address, network, prefix)
                    .isEqualTo(prefix <= other);
        }
    }

    /// As IPv6 has it, one character a bit.
    private static String bits(SockAddr.Inet address) {
        StringBuilder bits = new StringBuilder(address instanceof SockAddr.Inet4
                ? "0".repeat(80) + "1".repeat(16) : "");
        for (byte each : address.addressBytes()) {
            for (int bit = 7; bit >= 0; bit--) {
                bits.append((each & 1 << bit) == 0 ? '0' : '1');
            }
        }
        return bits.toString();
    }

    // ---- where the examples come from: the edges are written down, since jqwik's own would be combined without end

    @Provide
    Arbitrary<SockAddr> addresses() {
        return Arbitraries.<SockAddr>oneOf(inet4(), inet6(), unixPaths(), unixAbstracts(),
                Arbitraries.just(SockAddr.unixUnnamed()), vsocks(), Arbitraries.just(SockAddr.unspec()),
                Combinators.combine(ints(), ints()).as(SockAddr::netlink),
                Combinators.combine(ports(), ints(), ports(), octets(), binary(0, 8)).as(SockAddr::packet),
                Combinators.combine(Arbitraries.integers().between(50, 0xffff), binary(0, 126)).as(SockAddr::raw))
                .withoutEdgeCases();
    }

    @Provide
    Arbitrary<Endpoint> endpoints() {
        Arbitrary<Integer> types = Arbitraries.of(SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET);
        Arbitrary<SockAddr> unix = Arbitraries.oneOf(unixPaths(), unixAbstracts(),
                Arbitraries.just(SockAddr.unixUnnamed()), vsocks());
        Arbitrary<SockAddr> inet = Arbitraries.oneOf(inet4(), inet6());
        return Arbitraries.oneOf(Combinators.combine(types, unix).as(Endpoint::new),
                Combinators.combine(Arbitraries.of(SOCK_STREAM, SOCK_DGRAM), inet).as(Endpoint::new))
                .withoutEdgeCases();
    }

    @Provide
    Arbitrary<SockAddr.Inet6> inet6() {
        // Groups that are often zero, so that runs of zeros and mapped addresses come about.
        Arbitrary<Long> words = Arbitraries.oneOf(Arbitraries.longs(), Arbitraries.of(0L, 1L, 0xffff_0102_0304L),
                Arbitraries.of(0L, 0L, 1L, 0xabcdL).list().ofSize(4)
                        .map(groups -> groups.stream().reduce(0L, (word, group) -> word << 16 | group)));
        Arbitrary<Integer> rest = Arbitraries.oneOf(Arbitraries.just(0), ints());
        return Combinators.combine(words, words, ports(), rest, rest).as(SockAddr.Inet6::new).withoutEdgeCases();
    }

    @Provide
    Arbitrary<SockAddr.Inet> inets() {
        return Arbitraries.<SockAddr.Inet>oneOf(ints().map(four -> new SockAddr.Inet4(four, 0)), inet6(),
                ints().map(four -> new SockAddr.Inet6(0, 0xffff_0000_0000L | four & 0xffff_ffffL, 0, 0, 0)))
                .withoutEdgeCases();
    }

    private static Arbitrary<SockAddr> inet4() {
        return Combinators.combine(ints(), ports()).as(SockAddr.Inet4::new);
    }

    private static Arbitrary<SockAddr> unixPaths() {
        Arbitrary<byte[]> texts = Arbitraries.strings().ofMinLength(1).ofMaxLength(108)
                .map(text -> text.getBytes(StandardCharsets.UTF_8));
        return Arbitraries.oneOf(binary(1, 108), binary(107, 108), texts,
                        Arbitraries.strings().withChars("@(\\/x0 un:,.[]").ofMinLength(1).ofMaxLength(12)
                                .map(text -> text.getBytes(StandardCharsets.US_ASCII)))
                .map(SockAddrPropertiesTest::withoutNul).map(SockAddr::unix);
    }

    private static byte[] withoutNul(byte[] bytes) {
        byte[] path = Arrays.copyOf(bytes, Math.clamp(bytes.length, 1, 108));
        for (int i = 0; i < path.length; i++) {
            path[i] = path[i] == 0 ? (byte) '/' : path[i];
        }
        return path;
    }

    private static Arbitrary<SockAddr> unixAbstracts() {
        return Arbitraries.oneOf(binary(0, 107), binary(106, 107),
                        Arbitraries.strings().ofMaxLength(107).map(text -> {
                            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
                            return Arrays.copyOf(bytes, Math.min(bytes.length, 107));
                        }))
                .map(SockAddr::unixAbstract);
    }

    private static Arbitrary<SockAddr> vsocks() {
        return Combinators.combine(ints(), ints(), octets()).as(SockAddr.Vsock::new);
    }

    private static Arbitrary<Integer> ints() {
        return Arbitraries.oneOf(Arbitraries.of(0, 1, -1, Integer.MIN_VALUE, Integer.MAX_VALUE),
                Arbitraries.integers());
    }

    private static Arbitrary<Integer> ports() {
        return Arbitraries.oneOf(Arbitraries.of(0, 1, 32767, 32768, 65535), Arbitraries.integers().between(0, 65535));
    }

    private static Arbitrary<Integer> octets() {
        return Arbitraries.oneOf(Arbitraries.of(0, 1, 127, 128, 255), Arbitraries.integers().between(0, 255));
    }

    private static Arbitrary<byte[]> binary(int minLength, int maxLength) {
        return Arbitraries.oneOf(Arbitraries.of((byte) 0, (byte) '\\', (byte) 0xff, (byte) 'a'), Arbitraries.bytes())
                .array(byte[].class).ofMinSize(minLength).ofMaxSize(maxLength);
    }

    @Provide
    Arbitrary<byte[]> sockaddrs() {
        Arbitrary<Integer> families = Arbitraries.oneOf(
                Arbitraries.of(Arrays.stream(FAMILIES).boxed().toList()), Arbitraries.integers().between(0, 0xffff));
        return Combinators.combine(families, binary(0, 140)).as((family, bytes) -> {
            if (bytes.length >= 2) {
                MemorySegment.ofArray(bytes).set(ValueLayout.JAVA_SHORT_UNALIGNED, 0, family.shortValue());
            }
            return bytes;
        }).withoutEdgeCases();
    }

    @Provide
    Arbitrary<Integer> lengths() {
        return Arbitraries.oneOf(Arbitraries.integers().between(-2, 140), Arbitraries.integers().between(109, 112),
                ints()).withoutEdgeCases();
    }

    @Provide
    Arbitrary<String> almostEndpoints() {
        Arbitrary<String> prefixes = Arbitraries.of("tcp:", "udp:", "unix:", "unixdgram:", "unixseq:", "vsock:", "",
                "tcp:127.0.0.1:", "tcp:[::1]:", "tcp:[", "unix:@", "unix:(unnamed)");
        Arbitrary<String> rests = Arbitraries.oneOf(Arbitraries.strings().ofMaxLength(20),
                Arbitraries.strings().withChars("0123456789.:[]%,\\x@(af").ofMaxLength(20));
        return Combinators.combine(prefixes, rests).as(String::concat).withoutEdgeCases();
    }

    @Provide
    Arbitrary<String> almostIpv6() {
        return Arbitraries.of("0", "1", "00ab", "ffff", "12345", "g", ":", ":", ":", ":", "::", "1.2.3.4", ".", "255",
                "256", "").list().ofMinSize(1).ofMaxSize(17).map(parts -> String.join("", parts))
                // The JDK takes more than four digits for a group, and decimal numbers that look octal, if the first
                // are zeros; RFC 4291 and inet_pton(3) do not.
                .filter(text -> text.indexOf(':') >= 0 && !text.matches(".*[0-9a-f]{5}.*")
                        && !text.matches("(.*[:.])?0[0-9]+\\..*|.*\\.0[0-9].*"))
                .withoutEdgeCases();
    }
}
