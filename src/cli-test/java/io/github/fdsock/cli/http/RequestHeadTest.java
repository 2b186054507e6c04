package io.github.fdsock.cli.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A head is read as RFC 9112 says, however it is cut into pieces, and what two servers could read differently is
/// refused.
class RequestHeadTest {
    private static final Limits LIMITS = new Limits(100, 300, 1000, Duration.ofSeconds(1), Duration.ofSeconds(1));

    /// What of the text a head is read from, in pieces; the pieces lie elsewhere in each call.
    private static String outcome(final byte[] bytes, final int piece) {
        final RequestHead head = new RequestHead(LIMITS);
        try {
            for (int end = Math.min(piece, bytes.length); ; end = Math.min(end + piece, bytes.length)) {
                final byte[] memory = new byte[end + piece];
                System.arraycopy(bytes, 0, memory, piece, end);
                if (head.read(MemorySegment.ofArray(memory), piece, memory.length)) {
                    return head.method() + " " + head.requestLine() + " " + head.length() + " " + head.contentLength()
                            + (head.isChunked() ? " chunked" : "") + (head.keepsAlive() ? "" : " close")
                            + (head.isOld() ? " old" : "") + " " + head.range() + " " + head.ifRange();
                }
                if (end == bytes.length) {
                    return "incomplete";
                }
            }
        } catch (final Refusal e) {
            return e.status() + ": " + e.getMessage();
        }
    }

    private static String outcome(final String text) {
        final byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        final String whole = outcome(bytes, Math.max(1, bytes.length));
        for (int piece = 1; piece < bytes.length; piece++) {
            assertThat(outcome(bytes, piece)).as("in pieces of %s", piece).isEqualTo(whole);
        }
        return whole;
    }

    /// With CR LF for each `|`, and others by their names.
    private static String lines(final String text) {
        return outcome(text.replace("|", "\r\n").replace("<CR>", "\r").replace("<LF>", "\n").replace("<NUL>", "\0"));
    }

    @ParameterizedTest
    @CsvSource(delimiterString = " => ", quoteCharacter = '`', value = {
        "GET / HTTP/1.1|Host: x|| => GET GET / HTTP/1.1 27 -1 null null",
        "|GET / HTTP/1.1|Host: x|| => GET GET / HTTP/1.1 29 -1 null null",
        "HEAD /a?b HTTP/1.1|hOsT:x|Connection: Foo , cLOSe|| => HEAD HEAD /a?b HTTP/1.1 55 -1 close null null",
        "GET / HTTP/1.0|| => GET GET / HTTP/1.0 18 -1 close old null null",
        "GET / HTTP/1.0|Connection: Keep-Alive|| => GET GET / HTTP/1.0 42 -1 old null null",
        "GET / HTTP/1.2|Host:|| => GET GET / HTTP/1.2 25 -1 null null",
        "GET http://h:1/a HTTP/1.1|Host: x|| => GET GET http://h:1/a HTTP/1.1 38 -1 null null",
        "GET / HTTP/1.2|Host: [fe80::1%25a]:80|| => GET GET / HTTP/1.2 42 -1 null null",
        "POST * HTTP/1.1|Host: x|Content-Length: 007|| => OTHER POST * HTTP/1.1 49 7 null null",
        "BREW /pot HTTP/1.1|Host: x|Transfer-Encoding: Chunked||"
                + " => UNKNOWN BREW /pot HTTP/1.1 59 -1 chunked null null",
        "GET / HTTP/1.1|Host: x|Range:   a\tb \t|If-Range: c|| => GET GET / HTTP/1.1 56 -1 a\tb c"})
    void isUnderstood(final String head, final String outcome) {
        assertThat(lines(head)).isEqualTo(outcome);
    }

    @ParameterizedTest
    @CsvSource(delimiterString = " => ", quoteCharacter = '`', value = {
        "GET / HTTP/1.1<LF>Host: x<LF><LF> => 400 Bad Request: a line that ends without CR",
        "GET / HTTP/1.1<CR>Host: x|| => 400 Bad Request: a CR within a line",
        "GET / HTTP/1.1|Host: x<CR><CR><LF>| => 400 Bad Request: a CR within a line",
        "GET / HTTP/1.1|Host: x<NUL>y|| => 400 Bad Request: a control character",
        "<NUL> => 400 Bad Request: a control character",
        "GET /|| => 400 Bad Request: no request line",
        "GET| => 400 Bad Request: no request line",
        "GET  / HTTP/1.1| => 400 Bad Request: no request line",
        "` / HTTP/1.1|` => 400 Bad Request: no request line",
        "G@T / HTTP/1.1| => 400 Bad Request: no request line",
        "GET\t/ HTTP/1.1| => 400 Bad Request: no request line",
        "GET / HTTP/1.1 | => 400 Bad Request: no version of HTTP in the request line",
        "GET / http/1.1| => 400 Bad Request: no version of HTTP in the request line",
        "GET / HTTP/11| => 400 Bad Request: no version of HTTP in the request line",
        "GET /a b HTTP/1.1| => 400 Bad Request: no version of HTTP in the request line",
        "PRI * HTTP/2.0| => 505 HTTP Version Not Supported: HTTP/1.1 is spoken here",
        "GET a HTTP/1.1| => 400 Bad Request: a target that is no path",
        "GET * HTTP/1.1| => 400 Bad Request: a target that is no path",
        "GET /\u00e4 HTTP/1.1| => 400 Bad Request: a byte in the target that belongs into no URI",
        "GET / HTTP/1.1|| => 400 Bad Request: 0 Host fields",
        "GET / HTTP/1.1|Host: x|Host: x|| => 400 Bad Request: 2 Host fields",
        "GET / HTTP/1.1|Host: a b|| => 400 Bad Request: a Host that is none",
        "GET / HTTP/1.1|Host: a/b|| => 400 Bad Request: a Host that is none",
        "GET / HTTP/1.1|Host: a@b|| => 400 Bad Request: a Host that is none",
        "GET / HTTP/1.1|Host: \u00e4|| => 400 Bad Request: a Host that is none",
        "GET http:///a HTTP/1.1|Host:|| => 400 Bad Request: a target without a host",
        "GET https:// HTTP/1.1|Host:|| => 400 Bad Request: a target without a host",
        "GET / HTTP/1.1| Host: x|| => 400 Bad Request: a folded line",
        "GET / HTTP/1.1|Host: x|\tfolded|| => 400 Bad Request: a folded line",
        "GET / HTTP/1.1|Host : x|| => 400 Bad Request: a header field without a name",
        "GET / HTTP/1.1|: x|| => 400 Bad Request: a header field without a name",
        "GET / HTTP/1.1|Host|| => 400 Bad Request: a header field without a name",
        "GET / HTTP/1.1|H\u00f6st: x|| => 400 Bad Request: a header field without a name",
        "GET / HTTP/1.1|Content-Length: -1|| => 400 Bad Request: a Content-Length that is no number",
        "GET / HTTP/1.1|Content-Length: +1|| => 400 Bad Request: a Content-Length that is no number",
        "GET / HTTP/1.1|Content-Length: 0x1|| => 400 Bad Request: a Content-Length that is no number",
        "GET / HTTP/1.1|Content-Length: 1, 1|| => 400 Bad Request: a Content-Length that is no number",
        "GET / HTTP/1.1|Content-Length:|| => 400 Bad Request: a Content-Length of 0 digits",
        "GET / HTTP/1.1|Content-Length: 9223372036854775808|| => 400 Bad Request: a Content-Length of 19 digits",
        "GET / HTTP/1.1|Content-Length: 1|Content-Length: 1|| => 400 Bad Request: a second Content-Length",
        "GET / HTTP/1.1|Host:|Content-Length: 1|Transfer-Encoding: chunked||"
                + " => 400 Bad Request: Transfer-Encoding and Content-Length",
        "GET / HTTP/1.1|Host:|Transfer-Encoding: chunked|Content-Length: 0||"
                + " => 400 Bad Request: Transfer-Encoding and Content-Length",
        "GET / HTTP/1.0|Transfer-Encoding: chunked|| => 400 Bad Request: Transfer-Encoding in HTTP/1.0",
        "GET / HTTP/1.1|Transfer-Encoding: chunked|Transfer-Encoding: chunked||"
                + " => 400 Bad Request: a second Transfer-Encoding",
        "GET / HTTP/1.1|Transfer-Encoding: gzip, chunked||"
                + " => 501 Not Implemented: a Transfer-Encoding other than chunked",
        "GET / HTTP/1.1|Transfer-Encoding: xchunked||"
                + " => 501 Not Implemented: a Transfer-Encoding other than chunked"})
    void isRefused(final String head, final String outcome) {
        assertThat(lines(head)).isEqualTo(outcome);
    }

    /// Of what was modified in the second 1000, as RFC 9110, 13.2.2, has it.
    @ParameterizedTest
    @CsvSource(delimiterString = " => ", quoteCharacter = '`', value = {
        "X: y => 200 OK",
        "If-None-Match: * => 304 Not Modified",
        "If-None-Match: *|If-Modified-Since: <before> => 304 Not Modified",
        "If-None-Match: \"a\", W/\"b\" => 200 OK",
        "If-None-Match: \"*\"|If-Modified-Since: <after> => 200 OK",
        "If-None-Match:|If-Modified-Since: <after> => 200 OK",
        "If-Modified-Since: <before> => 200 OK",
        "If-Modified-Since: <then> => 304 Not Modified",
        "If-Modified-Since: never => 200 OK",
        "If-Match: * => 200 OK",
        "If-Match: \"a\" => 412 Precondition Failed",
        "If-Match: \"a\"|If-None-Match: * => 412 Precondition Failed",
        "If-Match: \"a\"|If-Unmodified-Since: <after> => 412 Precondition Failed",
        "If-Match: *|If-Unmodified-Since: <before> => 200 OK",
        "If-Unmodified-Since: <before> => 412 Precondition Failed",
        "If-Unmodified-Since: Wed, 31 Dec 1969 00:00:00 GMT => 412 Precondition Failed",
        "If-Unmodified-Since: <then> => 200 OK",
        "If-Unmodified-Since: <then>|If-None-Match: * => 304 Not Modified",
        "If-Unmodified-Since: never => 200 OK"})
    void asksForWhatIsThereOrForWhatIsNew(final String fields, final String status) throws Refusal {
        final RequestHead head = new RequestHead(new Limits(100, 1000, 0, Duration.ZERO, Duration.ZERO));
        final byte[] bytes = ("GET / HTTP/1.1|Host: x|" + fields + "||").replace("|", "\r\n")
                .replace("<before>", "Thu, 01 Jan 1970 00:16:39 GMT").replace("<then>", "Thu, 01 Jan 1970 00:16:40 GMT")
                .replace("<after>", "Thu, 01 Jan 1970 00:16:41 GMT").getBytes(StandardCharsets.US_ASCII);
        assertThat(head.read(MemorySegment.ofArray(bytes), 0, bytes.length)).isTrue();
        assertThat(head.precondition(1000)).hasToString(status);
    }

    @Test
    void hasALongestLineAndALargestSize() {
        final String line = "GET /" + "a".repeat(84) + " HTTP/1.1\r\n";
        assertThat(line).hasSize(LIMITS.requestLine());
        assertThat(outcome(line)).isEqualTo("incomplete");
        assertThat(outcome("GET /" + "a".repeat(96))).startsWith("414 URI Too Long");
        assertThat(outcome("GET /" + "a".repeat(85) + " HTTP/1.1\r\n")).startsWith("414 URI Too Long");

        final String fields = "Host:\r\nX: " + "y".repeat(184) + "\r\n\r\n";
        assertThat(line + fields).hasSize(LIMITS.head() - 2);
        assertThat(outcome(line + "A:\r\n" + fields)).startsWith("431 Request Header Fields Too Large");
        assertThat(outcome(line + fields)).startsWith("GET ");
        assertThat(outcome(line + "X: " + "y".repeat(198))).startsWith("431 Request Header Fields Too Large");
    }

    @Test
    void theNextOneBeginsBehindIt() throws Refusal {
        final byte[] bytes = "GET /a HTTP/1.1\r\nHost:\r\nRange: x\r\n\r\nHEAD /b HTTP/1.0\r\n\r\n"
                .getBytes(StandardCharsets.US_ASCII);
        final MemorySegment data = MemorySegment.ofArray(bytes);
        final RequestHead head = new RequestHead(LIMITS);
        assertThat(head.read(data, 0, bytes.length)).isTrue();
        assertThat(head.range()).isEqualTo("x");
        final int first = head.length();
        head.clear();
        assertThat(head.read(data, first, bytes.length)).isTrue();
        assertThat(head.requestLine()).isEqualTo("HEAD /b HTTP/1.0");
        assertThat(head.range()).isNull();
        head.keep();
        data.fill((byte) 0);
        assertThat(head.requestLine()).isEqualTo("HEAD /b HTTP/1.0");
        assertThat((char) head.pathByte(1)).isEqualTo('b');
    }

    /// Nearly heads, of which some are some.
    @Provide
    Arbitrary<String> pieces() {
        return Arbitraries.of(List.of("GET", "HEAD", "POST", " ", "/", "a", "?", "%2e", "http://", "*", "HTTP/1.1",
                "HTTP/1.0", "HTTP/3.0", "\r\n", "\r\n", "\r\n", "\r", "\n", "\0", "\t", ":", ",", "Host", "Host: x\r\n",
                "Connection: ", "close", "keep-alive", "Content-Length: ", "18", "-", "Transfer-Encoding: ", "chunked",
                "Range: ", "bytes=0-1", "GET / HTTP/1.1\r\n", "\u00ff")).list().ofMaxSize(12)
                .map(list -> String.join("", list));
    }

    @Property
    void anythingIsOneOrIsRefusedOrGoesOnAndTheCutsDoNotMatter(@ForAll("pieces") final String text) {
        outcome(text);
    }

    @Property
    void anyBytesToo(@ForAll final byte[] bytes) {
        outcome(new String(bytes, StandardCharsets.ISO_8859_1));
    }
}
