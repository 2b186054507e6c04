package io.github.fdsock.harness.script.child;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/// A question or an answer on its way: which kind it is, how long, and what it says.
///
/// @param kind a number that the two ends have agreed on
/// @param content to be read
public record Frame(int kind, DataInputStream content) {
    /// More than any script's memory comes to; whatever says that it is longer is none of ours.
    private static final int LENGTH_MAX = 1 << 28;

    /// Writes what a frame says.
    public interface Content {
        /// Writes it.
        ///
        /// @param out in memory
        /// @throws IOException never
        void to(DataOutputStream out) throws IOException;
    }

    /// In bytes, as [#read] takes them.
    ///
    /// @throws IllegalArgumentException if it is too long
    static byte[] bytes(final int kind, final Content content) throws IOException {
        final ByteArrayOutputStream body = new ByteArrayOutputStream();
        content.to(new DataOutputStream(body));
        if (body.size() > LENGTH_MAX) {
            throw new IllegalArgumentException(body.size() + " bytes at once between two processes");
        }
        final ByteArrayOutputStream frame = new ByteArrayOutputStream();
        final DataOutputStream out = new DataOutputStream(frame);
        out.writeInt(kind);
        out.writeInt(body.size());
        body.writeTo(out);
        return frame.toByteArray();
    }

    /// @throws EOFException at the end, and in the middle of a frame
    /// @throws IOException if it is no frame
    static Frame read(final InputStream stream) throws IOException {
        final DataInputStream in = new DataInputStream(stream);
        final int kind = in.readInt();
        final int length = in.readInt();
        if (length < 0 || length > LENGTH_MAX) {
            throw new IOException("not a frame: a length of " + length);
        }
        final byte[] body = in.readNBytes(length);
        if (body.length < length) {
            throw new EOFException("in the middle of a frame");
        }
        return new Frame(kind, new DataInputStream(new ByteArrayInputStream(body)));
    }

    /// Writes text of any length.
    ///
    /// @param out where to
    /// @param text what
    /// @throws IOException as the stream
    public static void write(final DataOutputStream out, final String text) throws IOException {
        write(out, text.getBytes(StandardCharsets.UTF_8));
    }

    /// Writes bytes with their length.
    ///
    /// @param out where to
    /// @param bytes what
    /// @throws IOException as the stream
    public static void write(final DataOutputStream out, final byte[] bytes) throws IOException {
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    /// Reads what [#write(DataOutputStream, String)] has written.
    ///
    /// @param in where from
    /// @return the text
    /// @throws IOException as the stream
    public static String text(final DataInputStream in) throws IOException {
        return new String(bytes(in), StandardCharsets.UTF_8);
    }

    /// Reads what [#write(DataOutputStream, byte\[\])] has written.
    ///
    /// @param in where from
    /// @return the bytes
    /// @throws IOException as the stream
    public static byte[] bytes(final DataInputStream in) throws IOException {
        return in.readNBytes(in.readInt());
    }
}
