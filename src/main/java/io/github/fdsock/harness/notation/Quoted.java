package io.github.fdsock.harness.notation;

import java.nio.charset.StandardCharsets;

/// Bytes as a string literal of C, with strace's escapes: `"hello\0\1772\n"`.
final class Quoted {
    private Quoted() {
    }

    /// All of them.
    static String all(final byte[] bytes) {
        return text(bytes, 0, bytes.length);
    }

    /// All of a string whose characters are bytes.
    static String all(final String bytes) {
        return all(bytes.getBytes(StandardCharsets.ISO_8859_1));
    }

    /// The first of them: `"0123456789"...`.
    static String some(final byte[] bytes, final int limit) {
        return text(bytes, 0, Math.min(bytes.length, limit)) + (bytes.length > limit ? "..." : "");
    }

    static String text(final byte[] bytes, final int from, final int to) {
        final StringBuilder text = new StringBuilder("\"");
        for (int i = from; i < to; i++) {
            final int b = bytes[i] & 0xff;
            switch (b) {
                case '"' -> text.append("\\\"");
                case '\\' -> text.append("\\\\");
                case '\n' -> text.append("\\n");
                case '\t' -> text.append("\\t");
                case '\r' -> text.append("\\r");
                case '\f' -> text.append("\\f");
                case 0x0b -> text.append("\\v");
                default -> {
                    if (b >= ' ' && b < 0x7f) {
                        text.append((char) b);
                    } else {
                        final boolean digitFollows = i + 1 < to && bytes[i + 1] >= '0' && bytes[i + 1] <= '7';
                        text.append(String.format(digitFollows ? "\\%03o" : "\\%o", b));
                    }
                }
            }
        }
        return text.append('"').toString();
    }
}
