package io.github.fdsock.harness.script;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Bytes: as numbers, as text, and in the notation.
final class Octets {
    private static final int SHOWN_MAX = 80;

    private Octets() {
    }

    /// A number in as many bytes, in the order of the machine.
    ///
    /// @throws IllegalArgumentException if it does not fit, with or without a sign
    static byte[] of(final long value, final int width) {
        final int unused = Long.SIZE - width * Byte.SIZE;
        if (unused > 0 && value << unused >> unused != value && value << unused >>> unused != value) {
            throw new IllegalArgumentException(value + " does not fit " + width + (width == 1 ? " byte" : " bytes"));
        }
        final ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.nativeOrder()).putLong(value);
        return little() ? Arrays.copyOf(bytes.array(), width)
                : Arrays.copyOfRange(bytes.array(), Long.BYTES - width, Long.BYTES);
    }

    /// Reads a number without a sign.
    static long integer(final byte[] bytes, final int at, final int width) {
        long value = 0;
        for (int i = 0; i < width; i++) {
            value = value << Byte.SIZE | bytes[little() ? at + width - 1 - i : at + i] & 0xff;
        }
        return value;
    }

    private static boolean little() {
        return ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
    }

    /// Text whose characters are bytes.
    static byte[] of(final String characters) {
        return characters.getBytes(StandardCharsets.ISO_8859_1);
    }

    static byte[] part(final byte[] bytes, final int from, final int to) {
        return Arrays.copyOfRange(bytes, from, to);
    }

    static byte[] both(final byte[] first, final byte[] second) {
        final byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    /// As a string of the notation; a long one only its beginning, and how long it is.
    static String quoted(final byte[] bytes) {
        final StringBuilder text = new StringBuilder("\"");
        for (int i = 0; i < Math.min(bytes.length, SHOWN_MAX); i++) {
            final int octet = bytes[i] & 0xff;
            switch (octet) {
                case '\n' -> text.append("\\n");
                case '"', '\\' -> text.append('\\').append((char) octet);
                default -> text.append(octet >= ' ' && octet < 0x7f
                        ? Character.toString(octet) : "\\x%02x".formatted(octet));
            }
        }
        return text + (bytes.length > SHOWN_MAX ? "\"... of " + bytes.length : "\"");
    }
}
