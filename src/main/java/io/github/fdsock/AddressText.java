package io.github.fdsock;

import static io.github.fdsock.sys.Constants.IF_NAMESIZE;

import io.github.fdsock.sys.Errno;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.Sockaddr;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;

/// The notation of addresses, printed and parsed side by side so that the one stays the inverse of the other.
///
/// The static methods print. An instance parses one text from left to right; it belongs to the thread that made it. The
/// contract of the notation is in [SockAddr] and [Endpoint].
final class AddressText {

    /// What a UNIX address without a name prints as. A path that begins with a parenthesis has it escaped.
    static final String UNNAMED = "(unnamed)";
    static final String VSOCK = "vsock:";
    static final String FLOWINFO = ",flowinfo=0x";
    static final String FLAGS = ",flags=0x";

    /// The charset in which the JDK itself hands file names to the kernel. It is ASCII with something above on every
    /// Linux, which the printing of bytes below relies on.
    static final Charset FILE_NAMES = Charset.forName(
            System.getProperty("sun.jnu.encoding", Charset.defaultCharset().name()));

    private static final String HEX = "0123456789abcdef";

    private final String text;
    private int at;

    AddressText(String text) {
        this.text = text;
    }

    // ---- printing

    static StringBuilder inet4(StringBuilder out, int address) {
        return out.append(address >>> 24).append('.').append(address >>> 16 & 0xff).append('.')
                .append(address >>> 8 & 0xff).append('.').append(address & 0xff);
    }

    /// Prints the one recommended form of RFC 5952: lower case, no leading zeros, `::` for the longest run of zeros
    /// (the first of several) unless it is a single one, and an IPv4 address behind the prefix of the mapped ones.
    static StringBuilder inet6(StringBuilder out, long high, long low) {
        if (high == 0 && low >>> 32 == 0xffff) {
            return inet4(out.append("::ffff:"), (int) low);
        }
        int runStart = -1;
        int runLength = 1;
        for (int i = 0; i < 8; i++) {
            int length = 0;
            while (i + length < 8 && group(high, low, i + length) == 0) {
                length++;
            }
            if (length > runLength) {
                runStart = i;
                runLength = length;
            }
            i += length;
        }
        for (int i = 0; i < 8; i++) {
            if (i == runStart) {
                out.append("::");
                i += runLength - 1;
            } else {
                if (i > 0 && i != runStart + runLength) {
                    out.append(':');
                }
                out.append(Integer.toHexString(group(high, low, i)));
            }
        }
        return out;
    }

    private static int group(long high, long low, int index) {
        return (int) ((index < 4 ? high : low) >>> 48 - 16 * (index & 3)) & 0xffff;
    }

    static String unixPath(byte[] path) {
        StringBuilder out = new StringBuilder(path.length + 3);
        int from = 0;
        if (path.length > 0 && (path[0] == '@' || path[0] == '(')) {
            escape(out, path[0]);
            from = 1;
        }
        return bytes(out, path, from, FILE_NAMES);
    }

    static String unixAbstract(byte[] name) {
        return bytes(new StringBuilder(name.length + 1).append('@'), name, 0, StandardCharsets.UTF_8);
    }

    /// Prints bytes as text where they are printable text in `charset`, and escapes the others one by one.
    static String bytes(StringBuilder out, byte[] bytes, int from, Charset charset) {
        ByteBuffer in = ByteBuffer.wrap(bytes, from, bytes.length - from);
        CharsetDecoder decoder = charset.newDecoder();
        CharBuffer chars = CharBuffer.allocate(2);
        while (in.hasRemaining()) {
            int start = in.position();
            // One code point at a time: room for one char, and for two if that one turns out to be half of a pair.
            CoderResult result = decoder.decode(in, chars.clear().limit(1), true);
            if (result.isOverflow() && chars.position() == 0) {
                result = decoder.decode(in, chars.limit(2), true);
            }
            // An error behind a character that did come out is the next round's.
            if (result.isError() && chars.position() == 0) {
                in.position(start + result.length());
            }
            String character = chars.flip().toString();
            if (character.equals("\\")) {
                out.append("\\\\");
            } else if (isPrintable(character) && encodesTo(character, charset, bytes, start, in.position())) {
                out.append(character);
            } else {
                for (int i = start; i < in.position(); i++) {
                    escape(out, bytes[i]);
                }
            }
        }
        return out.toString();
    }

    private static void escape(StringBuilder out, byte b) {
        out.append("\\x").append(HEX.charAt(b >> 4 & 0xf)).append(HEX.charAt(b & 0xf));
    }

    private static boolean isPrintable(String character) {
        if (character.isEmpty()) {
            return false;
        }
        int c = character.codePointAt(0);
        return switch (Character.getType(c)) {
            case Character.CONTROL, Character.FORMAT, Character.SURROGATE, Character.PRIVATE_USE, Character.UNASSIGNED,
                    Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> false;
            case Character.SPACE_SEPARATOR -> c == ' ';
            // The JVM puts U+FFFD where it could not decode an argument: parsing refuses it.
            default -> c != '\ufffd';
        };
    }

    /// Whether the way back leads to the same bytes: some charsets have two for one character.
    private static boolean encodesTo(String character, Charset charset, byte[] bytes, int start, int end) {
        ByteBuffer encoded = charset.encode(character);
        return encoded.equals(ByteBuffer.wrap(bytes, start, end - start));
    }

    // ---- charsets, strictly

    /// Encodes all of `text` or refuses it: a replacement character would be another address.
    static byte[] encode(String text, Charset charset) {
        try {
            ByteBuffer encoded = charset.newEncoder().encode(CharBuffer.wrap(text));
            byte[] bytes = new byte[encoded.remaining()];
            encoded.get(bytes);
            return bytes;
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("cannot be encoded in " + charset + ": \"" + text + '"', e);
        }
    }

    /// Decodes all of `bytes`, or returns null.
    static String decode(byte[] bytes, Charset charset) {
        try {
            return charset.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    static boolean contains(byte[] bytes, byte value) {
        for (byte b : bytes) {
            if (b == value) {
                return true;
            }
        }
        return false;
    }

    // ---- parsing

    /// Parses the whole text as an IP address without port and brackets.
    SockAddr.Inet inetLiteral(int port) {
        if (text.indexOf(':') < 0) {
            int address = parseInet4(text.length(), "an IPv4 or IPv6 address (names are not resolved)");
            return new SockAddr.Inet4(address, port);
        }
        return parseInet6(text.length(), port);
    }

    /// Parses `1.2.3.4:PORT` or `[::1%ZONE]:PORT[,flowinfo=0xHEX]` from `from` to the end.
    SockAddr.Inet inet(int from) {
        at = from;
        if (!lookingAt('[')) {
            int end = text.indexOf(':', at);
            String expected = "an IPv4 address or an IPv6 address in brackets (names are not resolved)";
            int address = parseInet4(end < 0 ? text.length() : end, expected);
            expect(':', "a colon and a port");
            int port = parsePort();
            expectEnd();
            return new SockAddr.Inet4(address, port);
        }
        at++;
        int end = text.indexOf(']', at);
        if (end < 0) {
            at = text.length();
            throw expected("the bracket that closes the IPv6 address");
        }
        SockAddr.Inet6 address = parseInet6(end, 0);
        at++;
        expect(':', "a colon and a port");
        int port = parsePort();
        int flowinfo = lookingAt(',') ? parseHex(FLOWINFO, 8) : 0;
        expectEnd();
        return new SockAddr.Inet6(address.high(), address.low(), port, flowinfo, address.scopeId());
    }

    /// Parses a path, `@` and an abstract name, or `(unnamed)`, from `from` to the end.
    SockAddr.Unix unix(int from) {
        at = from;
        if (lookingAt('(')) {
            if (!text.startsWith(UNNAMED, at)) {
                throw expected(UNNAMED + " or a path (which is written with \\x28 if it begins with a parenthesis)");
            }
            at += UNNAMED.length();
            expectEnd();
            return SockAddr.unixUnnamed();
        }
        if (lookingAt('@')) {
            at++;
            byte[] name = parseBytes(StandardCharsets.UTF_8);
            if (name.length >= Sockaddr.SIZEOF_SUN_PATH) {
                at = from;
                throw expected("an abstract name of at most 107 bytes, not " + name.length);
            }
            return new SockAddr.UnixAbstract(name);
        }
        byte[] path = parseBytes(FILE_NAMES);
        at = from;
        if (path.length == 0) {
            throw expected("a path, or @ and an abstract name");
        }
        if (path.length > Sockaddr.SIZEOF_SUN_PATH) {
            throw expected("a path of at most 108 bytes, not " + path.length);
        }
        if (contains(path, (byte) 0)) {
            throw expected("a path without NUL");
        }
        return new SockAddr.UnixPath(path);
    }

    /// Parses `CID:PORT[,flags=0xHEX]` from `from` to the end.
    SockAddr.Vsock vsock(int from) {
        at = from;
        int cid = parseDecimal(0xffff_ffffL, "a context identifier from 0 to 4294967295");
        expect(':', "a colon and a port");
        int port = parseDecimal(0xffff_ffffL, "a port from 0 to 4294967295");
        int flags = lookingAt(',') ? parseHex(FLAGS, 2) : 0;
        expectEnd();
        return new SockAddr.Vsock(cid, port, flags);
    }

    private int parsePort() {
        return parseDecimal(0xffff, "a port from 0 to 65535");
    }

    private int parseInet4(int end, String expected) {
        int start = at;
        int address = 0;
        for (int part = 0; part < 4; part++) {
            if (part > 0 && (at >= end || text.charAt(at++) != '.')) {
                at = start;
                throw expected(expected);
            }
            int partStart = at;
            int value = 0;
            while (at < end && at - partStart < 4 && isDigit(text.charAt(at))) {
                value = 10 * value + text.charAt(at++) - '0';
            }
            // A leading zero means octal to some programs and nothing to others.
            if (at == partStart || value > 255 || text.charAt(partStart) == '0' && at - partStart > 1) {
                at = start;
                throw expected(expected);
            }
            address = address << 8 | value;
        }
        if (at != end) {
            at = start;
            throw expected(expected);
        }
        return address;
    }

    /// Parses an IPv6 address with an optional zone that ends at `end`.
    private SockAddr.Inet6 parseInet6(int end, int port) {
        int zone = text.indexOf('%', at);
        int addressEnd = zone >= 0 && zone < end ? zone : end;
        int[] groups = new int[8];
        int count = 0;
        int gap = -1;
        if (text.startsWith("::", at) && at + 2 <= addressEnd) {
            gap = 0;
            at += 2;
        }
        while (at < addressEnd || count == 0 && gap < 0) {
            int groupStart = at;
            int value = 0;
            while (at < addressEnd && at - groupStart < 5 && hexDigit(at) >= 0) {
                value = value << 4 | hexDigit(at++);
            }
            if (at < addressEnd && text.charAt(at) == '.' && count <= 6) {
                at = groupStart;
                int tail = parseInet4(addressEnd, "an IPv4 address at the end of the IPv6 address");
                groups[count++] = tail >>> 16;
                groups[count++] = tail & 0xffff;
                break;
            }
            if (at == groupStart || at - groupStart > 4 || count == 8) {
                at = groupStart;
                throw expected(count == 8 ? "the end of the IPv6 address" : "a group of an IPv6 address");
            }
            groups[count++] = value;
            if (at == addressEnd) {
                break;
            }
            expect(':', "a colon or the end of the IPv6 address");
            if (lookingAt(':') && at < addressEnd) {
                if (gap >= 0) {
                    throw expected("a group of an IPv6 address, not a second \"::\"");
                }
                gap = count;
                at++;
            } else if (at == addressEnd) {
                throw expected("a group of an IPv6 address");
            }
        }
        if (gap < 0 ? count < 8 : count == 8) {
            throw expected(gap < 0 ? "eight groups of an IPv6 address, or \"::\" among fewer"
                    : "at most seven groups of an IPv6 address besides \"::\"");
        }
        long high = 0;
        long low = 0;
        int zeros = 8 - count;
        for (int i = 0; i < 8; i++) {
            int group = gap < 0 || i < gap ? groups[i] : i < gap + zeros ? 0 : groups[i - zeros];
            high = i < 4 ? high << 16 | group : high;
            low = i < 4 ? low : low << 16 | group;
        }
        return new SockAddr.Inet6(high, low, port, 0, addressEnd < end ? parseZone(end) : 0);
    }

    private int parseZone(int end) {
        at++;
        int start = at;
        while (at < end && isDigit(text.charAt(at))) {
            at++;
        }
        boolean isIndex = at == end;
        at = start;
        String expected = "the name or the index of an interface of this machine";
        if (start == end) {
            throw expected(expected);
        }
        if (isIndex) {
            return parseDecimal(0xffff_ffffL, expected);
        }
        byte[] name = encodeHere(text.substring(start, end), FILE_NAMES);
        // A longer name or one with NUL would be cut off on its way to the kernel, and might name another interface.
        if (name.length >= IF_NAMESIZE || contains(name, (byte) 0)) {
            throw expected(expected);
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment string = arena.allocate(name.length + 1);
            MemorySegment.copy(name, 0, string, ValueLayout.JAVA_BYTE, 0, name.length);
            int index = Libc.if_nametoindex(string);
            if (index < 0) {
                throw expected(expected + " (" + Errno.name(-index) + ')');
            }
            at = end;
            return index;
        }
    }

    private int parseDecimal(long max, String expected) {
        int start = at;
        long value = 0;
        while (at < text.length() && isDigit(text.charAt(at)) && value <= max) {
            value = 10 * value + text.charAt(at++) - '0';
        }
        if (at == start || value > max) {
            at = start;
            throw expected(expected);
        }
        return (int) value;
    }

    private int parseHex(String prefix, int maxDigits) {
        String expected = '"' + prefix + "\" and one to " + maxDigits + " hexadecimal digits";
        if (!text.startsWith(prefix, at)) {
            throw expected(expected);
        }
        at += prefix.length();
        int start = at;
        int value = 0;
        while (at < text.length() && at - start < maxDigits && hexDigit(at) >= 0) {
            value = value << 4 | hexDigit(at++);
        }
        if (at == start) {
            throw expected(expected);
        }
        return value;
    }

    private byte[] parseBytes(Charset charset) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length() - at);
        while (at < text.length()) {
            int escape = text.indexOf('\\', at);
            int end = escape < 0 ? text.length() : escape;
            int undecodable = text.indexOf('\ufffd', at);
            if (undecodable >= 0 && undecodable < end) {
                at = undecodable;
                throw expected("characters that could be decoded (write the bytes of others as \\xHH)");
            }
            bytes.writeBytes(encodeHere(text.substring(at, end), charset));
            at = end;
            if (escape >= 0) {
                bytes.write(parseEscape());
            }
        }
        return bytes.toByteArray();
    }

    private byte[] encodeHere(String piece, Charset charset) {
        try {
            return encode(piece, charset);
        } catch (IllegalArgumentException e) {
            IllegalArgumentException failure = expected("characters that can be encoded in " + charset);
            failure.initCause(e);
            throw failure;
        }
    }

    private int parseEscape() {
        if (text.startsWith("\\\\", at)) {
            at += 2;
            return '\\';
        }
        if (text.startsWith("\\x", at) && at + 4 <= text.length() && hexDigit(at + 2) >= 0 && hexDigit(at + 3) >= 0) {
            at += 4;
            return hexDigit(at - 2) << 4 | hexDigit(at - 1);
        }
        throw expected("\\\\ or \\x and two hexadecimal digits");
    }

    private boolean lookingAt(char c) {
        return at < text.length() && text.charAt(at) == c;
    }

    private void expect(char c, String expected) {
        if (!lookingAt(c)) {
            throw expected(expected);
        }
        at++;
    }

    private void expectEnd() {
        if (at < text.length()) {
            throw expected("the end");
        }
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private int hexDigit(int index) {
        return HEX.indexOf(Character.toLowerCase(text.charAt(index)));
    }

    /// What to throw when the text goes on, at `at`, in another way than it should.
    IllegalArgumentException expected(String what) {
        return new IllegalArgumentException("cannot read \"" + text + "\" as an address: expected " + what
                + " at index " + at + ", found " + (at < text.length() ? '"' + text.substring(at) + '"' : "the end"));
    }
}
