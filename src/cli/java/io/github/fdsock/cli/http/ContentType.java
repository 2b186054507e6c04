package io.github.fdsock.cli.http;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/// What a file is, by the end of its name.
///
/// @param suffix with its dot, in lower case
/// @param text   as `Content-Type` has it
record ContentType(byte[] suffix, byte[] text) {
    private static final byte[] BYTES = Answers.ascii("application/octet-stream");

    private static final List<ContentType> KNOWN = List.of(
            of(".html", "text/html; charset=utf-8"), of(".htm", "text/html; charset=utf-8"),
            of(".css", "text/css; charset=utf-8"), of(".js", "text/javascript; charset=utf-8"),
            of(".mjs", "text/javascript; charset=utf-8"), of(".json", "application/json"),
            of(".txt", "text/plain; charset=utf-8"), of(".md", "text/markdown; charset=utf-8"),
            of(".csv", "text/csv; charset=utf-8"), of(".xml", "application/xml"), of(".svg", "image/svg+xml"),
            of(".png", "image/png"), of(".jpg", "image/jpeg"), of(".jpeg", "image/jpeg"), of(".gif", "image/gif"),
            of(".webp", "image/webp"), of(".avif", "image/avif"), of(".ico", "image/vnd.microsoft.icon"),
            of(".woff2", "font/woff2"), of(".wasm", "application/wasm"), of(".pdf", "application/pdf"),
            of(".zip", "application/zip"), of(".gz", "application/gzip"), of(".mp4", "video/mp4"),
            of(".webm", "video/webm"), of(".mp3", "audio/mpeg"), of(".ogg", "audio/ogg"));

    private static ContentType of(final String suffix, final String text) {
        return new ContentType(Answers.ascii(suffix), Answers.ascii(text));
    }

    /// What a file of that name is; `application/octet-stream` where nothing is known.
    ///
    /// @param name   has the name at its beginning
    /// @param length of the name
    static byte[] of(final MemorySegment name, final int length) {
        for (final ContentType type : KNOWN) {
            if (type.fits(name, length)) {
                return type.text;
            }
        }
        return BYTES;
    }

    private boolean fits(final MemorySegment name, final int length) {
        if (length < suffix.length) {
            return false;
        }
        for (int i = 0; i < suffix.length; i++) {
            if (Character.toLowerCase(name.get(ValueLayout.JAVA_BYTE, length - suffix.length + i)) != suffix[i]) {
                return false;
            }
        }
        return true;
    }
}
