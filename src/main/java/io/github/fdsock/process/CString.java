package io.github.fdsock.process;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;

/// What C knows as a string, held in a Java string of which each character is a byte: as bytes that came from
/// `/proc/self/environ` need not be text in any encoding.
final class CString {
    /// In which the JDK, too, hands arguments and variables to programs.
    private static final Charset FILE_NAMES = Charset.forName(
            System.getProperty("sun.jnu.encoding", Charset.defaultCharset().name()));

    /// As much of each string as strace prints, and as many as a line can do with.
    private static final int QUOTED_LENGTH = 32;
    private static final int QUOTED_STRINGS = 16;

    private CString() {
    }

    /// The bytes of a text, all of it or an exception: another character would be another argument.
    static String encode(final String text) {
        if (text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("a NUL in \"" + text.replace("\0", "\\0") + '"');
        }
        try {
            return StandardCharsets.ISO_8859_1.decode(FILE_NAMES.newEncoder().encode(CharBuffer.wrap(text))).toString();
        } catch (final CharacterCodingException e) {
            throw new IllegalArgumentException("cannot be encoded in " + FILE_NAMES + ": \"" + text + '"', e);
        }
    }

    /// `char *`.
    static MemorySegment allocate(final Arena arena, final String bytes) {
        return arena.allocateFrom(bytes, StandardCharsets.ISO_8859_1);
    }

    /// `char *[]`, with the NULL at its end.
    static MemorySegment array(final Arena arena, final List<String> strings) {
        final MemorySegment array = arena.allocate(ValueLayout.ADDRESS, strings.size() + 1L);
        for (int i = 0; i < strings.size(); i++) {
            array.setAtIndex(ValueLayout.ADDRESS, i, allocate(arena, strings.get(i)));
        }
        return array;
    }

    /// For messages: `"sh"`, `"a very long ar"...`.
    static String quote(final String bytes) {
        final StringBuilder quoted = new StringBuilder("\"");
        final int length = Math.min(bytes.length(), QUOTED_LENGTH);
        for (int i = 0; i < length; i++) {
            final char c = bytes.charAt(i);
            if (c < ' ' || c > '~') {
                quoted.append("\\x%02x".formatted((int) c));
            } else {
                quoted.append(c == '"' || c == '\\' ? "\\" : "").append(c);
            }
        }
        return quoted.append(length < bytes.length() ? "\"..." : "\"").toString();
    }

    /// For messages: `["sh", "-c", "true"]`.
    static String quote(final List<String> strings) {
        return strings.stream().limit(QUOTED_STRINGS).map(CString::quote)
                .collect(Collectors.joining(", ", "[", strings.size() > QUOTED_STRINGS ? ", ...]" : "]"));
    }
}
