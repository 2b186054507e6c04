package io.github.fdsock.cli.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A body ends where its head says, or its chunks, whatever comes behind it; else it is refused.
class RequestBodyTest {
    private static final int LIMIT = 2000;

    private static RequestBody body(final String fields) throws Refusal {
        final byte[] head = ("POST / HTTP/1.1\r\nHost:\r\n" + fields + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
        final RequestHead request = new RequestHead(
                new Limits(1000, 1000, LIMIT, Duration.ofSeconds(1), Duration.ofSeconds(1)));
        assertThat(request.read(MemorySegment.ofArray(head), 0, head.length)).isTrue();
        final RequestBody body = new RequestBody(LIMIT);
        body.begin(request);
        return body;
    }

    /// Where it ends, or -1 where it does not, or the status.
    private static String end(final RequestBody body, final String text, final int piece) {
        final MemorySegment data = MemorySegment.ofArray(text.getBytes(StandardCharsets.ISO_8859_1));
        try {
            long at = 0;
            while (at < data.byteSize() && body.isPending()) {
                at = body.read(data, at, Math.min(at + piece, data.byteSize()));
            }
            return body.isPending() ? "open" : Long.toString(at);
        } catch (final Refusal e) {
            return e.status().toString();
        }
    }

    private static String endOfChunks(final String text) {
        try {
            final String whole = end(body("Transfer-Encoding: chunked"), text, Integer.MAX_VALUE);
            for (int piece = 1; piece < Math.min(text.length(), 100); piece++) {
                assertThat(end(body("Transfer-Encoding: chunked"), text, piece)).as("in pieces of %s", piece)
                        .isEqualTo(whole);
            }
            return whole;
        } catch (final Refusal e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void ofALength() throws Refusal {
        assertThat(body("Content-Length: 0").isPending()).isFalse();
        assertThat(body("Content-Type: x").isPending()).isFalse();
        assertThat(end(body("Content-Length: 5"), "hello, world", 3)).isEqualTo("5");
        assertThat(end(body("Content-Length: 50"), "hello, world", 3)).isEqualTo("open");
        assertThat(body("Content-Length: " + LIMIT).isPending()).isTrue();
    }

    @Test
    void tooLargeByWhatItsHeadSays() {
        assertThat(org.assertj.core.api.Assertions.catchThrowableOfType(Refusal.class,
                () -> body("Content-Length: " + (LIMIT + 1))).status()).isEqualTo(Status.CONTENT_TOO_LARGE);
    }

    @Property(tries = 300)
    void inChunks(@ForAll @Size(max = 8) final List<@IntRange(min = 1, max = 200) Integer> sizes,
            @ForAll final boolean extended, @ForAll @IntRange(max = 3) final int trailers) {
        final StringBuilder text = new StringBuilder();
        for (final int size : sizes) {
            text.append(size % 2 == 0 ? Integer.toHexString(size) : "00" + Integer.toHexString(size).toUpperCase())
                    .append(extended ? ";name=\"value\"" : "").append("\r\n").append("\r0\n".repeat(size), 0, size)
                    .append("\r\n");
        }
        text.append("0\r\n").append("Name: value\r\n".repeat(trailers)).append("\r\n");
        assertThat(endOfChunks(text + "GET / HTTP/1.1\r\n")).isEqualTo(Integer.toString(text.length()));
        assertThat(endOfChunks(text.substring(0, text.length() - 1))).isEqualTo("open");
    }

    @ParameterizedTest
    @ValueSource(strings = {"\r\n", "x\r\n", "-1\r\n", "+1\r\n", "0x1\r\n", " 1\r\n", "1 \r\n", "1\n", "1\r1",
            "1\r\nab", "1\r\na\n",
        "1\r\na\r\r", "1;\n\r\n", "0\n", "0\r\n\n", "0\r\n\0", "0\r\na\n", "0\r\n\r\r", "1111111111111111\r\n",
                ";\r\n"})
    void notInChunks(final String text) {
        assertThat(endOfChunks(text)).isEqualTo("400 Bad Request");
    }

    @Test
    void tooLargeWithAllThatBelongsToIt() {
        final int chunk = LIMIT - "7c4\r\n\r\n0\r\n\r\n".length();
        final String most = "7c4\r\n" + "x".repeat(chunk) + "\r\n0\r\n\r\n";
        assertThat(Integer.toHexString(chunk)).isEqualTo("7c4");
        assertThat(endOfChunks(most)).isEqualTo(Integer.toString(LIMIT));
        assertThat(endOfChunks("7c5\r\nx" + most.substring(5))).isEqualTo("413 Content Too Large");
        assertThat(endOfChunks("1;" + "x".repeat(LIMIT))).isEqualTo("413 Content Too Large");
        assertThat(endOfChunks("1\r\nx\r\n".repeat(LIMIT))).isEqualTo("413 Content Too Large");
        assertThat(endOfChunks("0\r\n" + "a: b\r\n".repeat(LIMIT))).isEqualTo("413 Content Too Large");
        assertThat(endOfChunks("fffffffffffffff\r\n" + "x".repeat(LIMIT))).isEqualTo("413 Content Too Large");
    }

    @Property
    void anyBytesEndOrAreRefusedOrGoOn(@ForAll final byte[] bytes) {
        endOfChunks(new String(bytes, StandardCharsets.ISO_8859_1));
    }
}
