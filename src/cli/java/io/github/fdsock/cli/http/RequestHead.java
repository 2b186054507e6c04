package io.github.fdsock.cli.http;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/// Request line and header fields, read byte by byte where they lie, however they are cut into pieces (RFC 9112, 2 to
/// 6).
///
/// Strict where lenience lets two servers see two different requests: a line ends with CR LF and with nothing else, a
/// CR stands nowhere else, no line is folded, no blank is before a colon, and the length of a body is said once.
///
/// Used again for each request of a connection. What was found is kept as places in the bytes, and lasts as long as
/// they do; [#keep] copies them.
final class RequestHead {
    /// What is to be done.
    enum Method {
        GET, HEAD,
        /// One that is known, and that nothing here answers.
        OTHER,
        UNKNOWN
    }

    /// Some bytes of a head.
    private static final class Span {
        int start;
        int end;

        void set(final int from, final int to) {
            start = from;
            end = to;
        }

        /// Whether no place was found for it; the bytes there may be none.
        boolean isAbsent() {
            return end == 0;
        }
    }

    private static final byte[][] OTHER_METHODS = {ascii("POST"), ascii("PUT"), ascii("DELETE"), ascii("CONNECT"),
        ascii("OPTIONS"), ascii("TRACE"), ascii("PATCH")};
    private static final byte[] GET = ascii("GET");
    private static final byte[] HEAD = ascii("HEAD");
    private static final byte[] VERSION = ascii("HTTP/");
    private static final byte[] HTTP = ascii("http://");
    private static final byte[] HTTPS = ascii("https://");

    private static final byte[] HOST = ascii("host");
    private static final byte[] CONNECTION = ascii("connection");
    private static final byte[] CONTENT_LENGTH = ascii("content-length");
    private static final byte[] TRANSFER_ENCODING = ascii("transfer-encoding");
    private static final byte[] EXPECT = ascii("expect");
    private static final byte[] RANGE = ascii("range");
    private static final byte[] IF_RANGE = ascii("if-range");
    private static final byte[] IF_MODIFIED_SINCE = ascii("if-modified-since");
    private static final byte[] IF_UNMODIFIED_SINCE = ascii("if-unmodified-since");
    private static final byte[] IF_MATCH = ascii("if-match");
    private static final byte[] IF_NONE_MATCH = ascii("if-none-match");

    private static final byte[] CLOSE = ascii("close");
    private static final byte[] KEEP_ALIVE = ascii("keep-alive");
    private static final byte[] CHUNKED = ascii("chunked");
    private static final byte[] CONTINUE = ascii("100-continue");

    /// A larger number has more digits than a `long` holds for certain.
    private static final int LENGTH_DIGITS = 18;

    /// Which bytes a token is made of (RFC 9110, 5.6.2).
    private static final boolean[] TOKEN = new boolean[128];

    /// Which bytes a host and its port are made of (RFC 3986, 3.2.2).
    private static final boolean[] HOST_BYTE = new boolean[128];

    static {
        for (char c = '!'; c < 127; c++) {
            HOST_BYTE[c] = Character.isLetterOrDigit(c) || "-._~%!$&'()*+,;=:[]".indexOf(c) >= 0;
            TOKEN[c] = Character.isLetterOrDigit(c) || "!#$%&'*+-.^_`|~".indexOf(c) >= 0;
        }
    }

    private final Limits limits;

    /// Where the head lies, and begins.
    private MemorySegment bytes;
    private long from;

    /// How far it has been read, and where the current line begins; from [#from] on, as all places.
    private int read;
    private int line;
    private boolean afterCr;
    private boolean hasRequestLine;

    private Method method;
    private boolean old;
    private final Span requestLine = new Span();
    private final Span path = new Span();
    private final Span query = new Span();

    private int hosts;
    private long contentLength;
    private boolean chunked;
    private boolean close;
    private boolean keepAlive;
    private boolean expectsContinue;
    private boolean expectsMore;
    private final Span range = new Span();
    private final Span ifRange = new Span();
    private final Span ifMatch = new Span();
    private final Span ifNoneMatch = new Span();
    private final Span ifModifiedSince = new Span();
    private final Span ifUnmodifiedSince = new Span();

    RequestHead(final Limits limits) {
        this.limits = limits;
        clear();
    }

    private static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /// Forgets the request: the next one may come.
    void clear() {
        bytes = null;
        read = 0;
        line = 0;
        afterCr = false;
        hasRequestLine = false;
        method = Method.UNKNOWN;
        old = false;
        hosts = 0;
        contentLength = -1;
        chunked = false;
        close = false;
        keepAlive = false;
        expectsContinue = false;
        expectsMore = false;
        requestLine.set(0, 0);
        path.set(0, 0);
        query.set(0, 0);
        range.set(0, 0);
        ifRange.set(0, 0);
        ifMatch.set(0, 0);
        ifNoneMatch.set(0, 0);
        ifModifiedSince.set(0, 0);
        ifUnmodifiedSince.set(0, 0);
    }

    /// Reads on.
    ///
    /// @param data has the head, or its beginning
    /// @param start where the head begins; may be elsewhere in each call, with the same bytes behind it as before
    /// @param end of what is there
    /// @return whether it is complete; its length is [#length] then
    /// @throws Refusal it is none
    boolean read(final MemorySegment data, final long start, final long end) throws Refusal {
        bytes = data;
        from = start;
        final long available = end - start;
        while (read < available) {
            final byte b = at(read++);
            if (read > (hasRequestLine ? limits.head() : limits.requestLine())) {
                throw hasRequestLine
                        ? new Refusal(Status.HEADER_FIELDS_TOO_LARGE, limits.head() + " bytes are the most")
                        : new Refusal(Status.URI_TOO_LONG, limits.requestLine() + " bytes of a line are the most");
            }
            if (b == '\n') {
                if (!afterCr) {
                    throw bad("a line that ends without CR");
                }
                afterCr = false;
                if (endOfLine(read - 2)) {
                    return true;
                }
                line = read;
            } else if (afterCr) {
                throw bad("a CR within a line");
            } else if (b == '\r') {
                afterCr = true;
            } else if (b >= 0 && b < ' ' && b != '\t' || b == 127) {
                throw bad("a control character");
            }
        }
        return false;
    }

    /// Whether there is more of it than empty lines in front.
    boolean hasBegun() {
        return hasRequestLine || read > line;
    }

    private byte at(final int place) {
        return bytes.get(ValueLayout.JAVA_BYTE, from + place);
    }

    private static Refusal bad(final String what) {
        return new Refusal(Status.BAD_REQUEST, what);
    }

    /// Takes a line without its end; whether it is the last.
    private boolean endOfLine(final int end) throws Refusal {
        if (!hasRequestLine) {
            // Empty lines before it are left over from clients that send one behind a body.
            if (end > line) {
                takeRequestLine(end);
                hasRequestLine = true;
            }
            return false;
        }
        if (end > line) {
            takeField(end);
            return false;
        }
        if (hosts > 1 || hosts == 0 && !old) {
            throw bad(hosts + " Host fields");
        }
        if (chunked && (old || contentLength >= 0)) {
            throw bad(old ? "Transfer-Encoding in HTTP/1.0" : "Transfer-Encoding and Content-Length");
        }
        return true;
    }

    // ---- the request line

    private void takeRequestLine(final int end) throws Refusal {
        final int target = tokenEnd(line, end);
        final int version = indexOf(' ', target + 1, end);
        if (target == line || target >= end || at(target) != ' ' || version == end || version == target + 1) {
            throw bad("no request line");
        }
        if (end - version != VERSION.length + 4 || !has(VERSION, version + 1) || !isDigit(end - 3) || at(end - 2) != '.'
                || !isDigit(end - 1)) {
            throw bad("no version of HTTP in the request line");
        }
        if (at(end - 3) != '1') {
            throw new Refusal(Status.VERSION_NOT_SUPPORTED, "HTTP/1.1 is spoken here");
        }
        old = at(end - 1) == '0';
        method = method(target);
        requestLine.set(line, end);
        if (method == Method.GET || method == Method.HEAD) {
            takeTarget(target + 1, version);
        }
    }

    private Method method(final int end) {
        if (is(GET, line, end)) {
            return Method.GET;
        }
        if (is(HEAD, line, end)) {
            return Method.HEAD;
        }
        for (final byte[] known : OTHER_METHODS) {
            if (is(known, line, end)) {
                return Method.OTHER;
            }
        }
        return Method.UNKNOWN;
    }

    private void takeTarget(final int start, final int end) throws Refusal {
        int place = start;
        for (int i = start; i < end; i++) {
            if (at(i) <= ' ') {
                throw bad("a byte in the target that belongs into no URI");
            }
        }
        final int scheme = startsWith(HTTP, start, end) ? HTTP.length
                : startsWith(HTTPS, start, end) ? HTTPS.length : 0;
        if (scheme > 0) {
            // Of whatever host: this is the only one.
            place += scheme;
            while (place < end && at(place) != '/' && at(place) != '?') {
                place++;
            }
            if (place == start + scheme) {
                throw bad("a target without a host");
            }
        } else if (at(start) != '/') {
            throw bad("a target that is no path");
        }
        final int mark = indexOf('?', place, end);
        path.set(place, mark);
        query.set(mark, end);
    }

    // ---- header fields

    private void takeField(final int end) throws Refusal {
        final int colon = tokenEnd(line, end);
        if (colon == line || colon == end || at(colon) != ':') {
            throw bad(isBlank(line) ? "a folded line" : "a header field without a name");
        }
        int first = colon + 1;
        int last = end;
        while (first < last && isBlank(first)) {
            first++;
        }
        while (first < last && isBlank(last - 1)) {
            last--;
        }
        if (isAnyCase(HOST, line, colon)) {
            hosts++;
            takeHost(first, last);
        } else if (isAnyCase(CONNECTION, line, colon)) {
            takeConnection(first, last);
        } else if (isAnyCase(CONTENT_LENGTH, line, colon)) {
            takeContentLength(first, last);
        } else if (isAnyCase(TRANSFER_ENCODING, line, colon)) {
            takeTransferEncoding(first, last);
        } else if (isAnyCase(EXPECT, line, colon)) {
            expectsContinue = isAnyCase(CONTINUE, first, last);
            expectsMore |= !expectsContinue;
        } else if (isAnyCase(RANGE, line, colon)) {
            range.set(first, last);
        } else if (isAnyCase(IF_RANGE, line, colon)) {
            ifRange.set(first, last);
        } else if (isAnyCase(IF_MODIFIED_SINCE, line, colon)) {
            ifModifiedSince.set(first, last);
        } else if (isAnyCase(IF_UNMODIFIED_SINCE, line, colon)) {
            ifUnmodifiedSince.set(first, last);
        } else if (isAnyCase(IF_MATCH, line, colon)) {
            ifMatch.set(first, last);
        } else if (isAnyCase(IF_NONE_MATCH, line, colon)) {
            ifNoneMatch.set(first, last);
        }
    }

    private void takeHost(final int start, final int end) throws Refusal {
        for (int i = start; i < end; i++) {
            if (at(i) < 0 || !HOST_BYTE[at(i)]) {
                throw bad("a Host that is none");
            }
        }
    }

    private void takeConnection(final int start, final int end) {
        int place = start;
        while (place < end) {
            final int stop = tokenEnd(place, end);
            close |= isAnyCase(CLOSE, place, stop);
            keepAlive |= isAnyCase(KEEP_ALIVE, place, stop);
            // Over commas and blanks, and over what does not belong here.
            place = stop + 1;
        }
    }

    private void takeContentLength(final int start, final int end) throws Refusal {
        if (contentLength >= 0) {
            throw bad("a second Content-Length");
        }
        if (start == end || end - start > LENGTH_DIGITS) {
            throw bad("a Content-Length of " + (end - start) + " digits");
        }
        long value = 0;
        for (int i = start; i < end; i++) {
            if (!isDigit(i)) {
                throw bad("a Content-Length that is no number");
            }
            value = value * 10 + at(i) - '0';
        }
        contentLength = value;
    }

    private void takeTransferEncoding(final int start, final int end) throws Refusal {
        if (chunked) {
            throw bad("a second Transfer-Encoding");
        }
        if (!isAnyCase(CHUNKED, start, end)) {
            throw new Refusal(Status.NOT_IMPLEMENTED, "a Transfer-Encoding other than chunked");
        }
        chunked = true;
    }

    // ---- bytes

    private boolean isDigit(final int place) {
        return at(place) >= '0' && at(place) <= '9';
    }

    private boolean isBlank(final int place) {
        return at(place) == ' ' || at(place) == '\t';
    }

    private int tokenEnd(final int start, final int end) {
        int i = start;
        while (i < end && at(i) > 0 && TOKEN[at(i)]) {
            i++;
        }
        return i;
    }

    private int indexOf(final char wanted, final int start, final int end) {
        int i = start;
        while (i < end && at(i) != wanted) {
            i++;
        }
        return i;
    }

    private boolean has(final byte[] text, final int start) {
        for (int i = 0; i < text.length; i++) {
            if (at(start + i) != text[i]) {
                return false;
            }
        }
        return true;
    }

    private boolean is(final byte[] text, final int start, final int end) {
        return end - start == text.length && has(text, start);
    }

    /// `lower` is in lower case.
    private boolean startsWith(final byte[] lower, final int start, final int end) {
        if (end - start < lower.length) {
            return false;
        }
        for (int i = 0; i < lower.length; i++) {
            final byte b = at(start + i);
            if ((b >= 'A' && b <= 'Z' ? b + 'a' - 'A' : b) != lower[i]) {
                return false;
            }
        }
        return true;
    }

    private boolean isAnyCase(final byte[] lower, final int start, final int end) {
        return end - start == lower.length && startsWith(lower, start, end);
    }

    // ---- what was found

    /// The bytes of the head, its last line included.
    int length() {
        return read;
    }

    /// Lets it outlast the bytes that it was read from.
    void keep() {
        bytes = MemorySegment.ofArray(bytes.asSlice(from, read).toArray(ValueLayout.JAVA_BYTE));
        from = 0;
    }

    /// What has been read of it lies at the beginning of other memory from now on.
    void movedTo(final MemorySegment memory) {
        bytes = memory;
        from = 0;
    }

    Method method() {
        return method;
    }

    /// Whether the connection is to go on behind the answer.
    boolean keepsAlive() {
        return !close && (keepAlive || !old);
    }

    /// HTTP/1.0, whose connections go on only where both sides say so.
    boolean isOld() {
        return old;
    }

    /// The bytes of the body; -1 where that is not said: there is none, or it [comes in chunks][#isChunked].
    long contentLength() {
        return contentLength;
    }

    boolean isChunked() {
        return chunked;
    }

    /// The client sends the body only when it is asked to.
    boolean expectsContinue() {
        return expectsContinue && !old;
    }

    /// Something else is expected, and nothing else is known.
    boolean expectsMore() {
        return expectsMore;
    }

    /// The path's length, percent signs and all; 0 where an absolute target has none, which means `/`.
    int pathLength() {
        return path.end - path.start;
    }

    /// A byte of the path.
    byte pathByte(final int index) {
        return at(path.start + index);
    }

    /// The last name of the path, without the query.
    byte[] lastName() {
        int start = path.end;
        while (start > path.start && at(start - 1) != '/') {
            start--;
        }
        return copy(start, path.end);
    }

    /// The query with its question mark, or nothing.
    byte[] query() {
        return copy(query.start, query.end);
    }

    /// The request line, for people; nothing where it has not come.
    String requestLine() {
        return text(requestLine);
    }

    /// The value of `Range`; null without one.
    String range() {
        return range.isAbsent() ? null : text(range);
    }

    /// The value of `If-Range`; null without one.
    String ifRange() {
        return ifRange.isAbsent() ? null : text(ifRange);
    }

    /// Whether what is there may be sent, or why not (RFC 9110, 13.2.2). Nothing here has an entity tag, so that none
    /// in a list is its own.
    ///
    /// @param modified the second since 1970 in which it was last modified
    /// @return [Status#OK], [Status#PRECONDITION_FAILED] or [Status#NOT_MODIFIED]
    Status precondition(final long modified) {
        if (ifMatch.isAbsent() ? wasModifiedSince(modified) : !isAnyTag(ifMatch)) {
            return Status.PRECONDITION_FAILED;
        }
        final boolean known = ifNoneMatch.isAbsent()
                ? !ifModifiedSince.isAbsent() && modified <= HttpDate.read(text(ifModifiedSince))
                : isAnyTag(ifNoneMatch);
        return known ? Status.NOT_MODIFIED : Status.OK;
    }

    private boolean wasModifiedSince(final long modified) {
        final long since = ifUnmodifiedSince.isAbsent() ? -1 : HttpDate.read(text(ifUnmodifiedSince));
        return since != -1 && modified > since;
    }

    private boolean isAnyTag(final Span tags) {
        return tags.end - tags.start == 1 && at(tags.start) == '*';
    }

    private String text(final Span span) {
        return new String(copy(span.start, span.end), StandardCharsets.ISO_8859_1);
    }

    private byte[] copy(final int start, final int end) {
        return start == end ? new byte[0] : bytes.asSlice(from + start, end - start).toArray(ValueLayout.JAVA_BYTE);
    }
}
