package io.github.fdsock.cli.chat;

import io.github.fdsock.loop.Action;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/// Takes bytes, which may come in any pieces, apart into lines that a terminal can show.
///
/// Lines end with LF or CR LF. Empty ones are left out. What is not UTF-8, and each character that would do something to
/// a terminal instead of being shown, becomes U+FFFD; a tab stays.
final class Lines {
    /// In bytes, of what somebody says: with its number in front it fits into a frame of Ethernet.
    static final int SPOKEN = 1024;

    /// In bytes, of what is told: each byte may have become a U+FFFD of three bytes.
    static final int TOLD = 4 * SPOKEN;

    private static final int REPLACEMENT = 0xfffd;

    private final int longest;
    private final Reader reader;
    private final Action onTooLong;

    /// The line that has no end yet, as far as it is of use.
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private boolean tooLong;

    /// Is given the lines.
    @FunctionalInterface
    interface Reader {
        void line(String text) throws IOException;
    }

    /// @param longest how many bytes a line may have
    /// @param onTooLong is told of each that has more, which is dropped
    Lines(final int longest, final Reader reader, final Action onTooLong) {
        this.longest = longest;
        this.reader = reader;
        this.onTooLong = onTooLong;
    }

    void add(final MemorySegment data) throws IOException {
        for (long i = 0; i < data.byteSize(); i++) {
            final byte next = data.get(ValueLayout.JAVA_BYTE, i);
            if (next == '\n') {
                end();
            } else if (line.size() <= longest) {
                // One more than a line may have, for the CR.
                line.write(next);
            } else {
                tooLong = true;
            }
        }
    }

    /// The line is complete: at its LF, or where no more comes.
    void end() throws IOException {
        final byte[] bytes = line.toByteArray();
        final int length = bytes.length > 0 && bytes[bytes.length - 1] == '\r' ? bytes.length - 1 : bytes.length;
        final boolean dropped = tooLong || length > longest;
        line.reset();
        tooLong = false;
        if (dropped) {
            onTooLong.run();
        } else if (length > 0) {
            reader.line(shown(new String(bytes, 0, length, StandardCharsets.UTF_8)));
        }
    }

    private static String shown(final String text) {
        return text.codePoints().map(c -> isShown(c) ? c : REPLACEMENT)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append).toString();
    }

    private static boolean isShown(final int character) {
        return switch (Character.getType(character)) {
            case Character.CONTROL -> character == '\t';
            case Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> false;
            // Of those that are not shown themselves, the ones that turn the order of the others around.
            case Character.FORMAT -> !(character >= 0x202a && character <= 0x202e
                    || character >= 0x2066 && character <= 0x2069);
            default -> true;
        };
    }
}
