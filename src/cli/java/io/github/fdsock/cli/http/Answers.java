package io.github.fdsock.cli.http;

import io.github.fdsock.Fd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;

/// Answers on their way to a stream: those to several requests that came together go out together.
///
/// One piece of memory for all connections of a loop. It is empty whenever another one has its turn.
final class Answers {
    /// Some hundred short answers, or one with the longest `Location`.
    private static final int SIZE = 32 * 1024;

    private static final byte[] DATE = ascii("Date: ");
    private static final byte[] CLOSE = ascii("\r\nConnection: close\r\n");
    private static final byte[] KEEP_ALIVE = ascii("\r\nConnection: keep-alive\r\n");
    private static final byte[] END = ascii("\r\n");
    static final byte[] CONTENT_TYPE = ascii("Content-Type: ");
    static final byte[] CONTENT_LENGTH = ascii("Content-Length: ");
    static final byte[] PLAIN_TEXT = ascii("text/plain; charset=utf-8");

    private final MemorySegment memory = Arena.ofAuto().allocate(SIZE);
    private final HttpDate date = new HttpDate();
    private int length;

    /// Where the current answer begins.
    private int start;

    /// What the current answer is to say of the connection.
    private boolean close;
    private boolean old;
    private boolean head;
    private Status status;

    /// Goes out behind the head of the answer; null for nothing.
    private Fd file;
    private long position;
    private long count;

    static byte[] ascii(final String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    /// Throws away what is there.
    void clear() {
        length = 0;
        file = null;
    }

    boolean isEmpty() {
        return length == 0;
    }

    /// Whether the next answer might find no room.
    boolean isNearlyFull() {
        return length > SIZE / 2;
    }

    /// What has been put together.
    MemorySegment bytes() {
        return memory.asSlice(0, length);
    }

    /// Prepares for an answer.
    ///
    /// @param closes whether the connection ends behind it
    /// @param isOld  whether it goes to a client of HTTP/1.0, which wants to be told where the connection does not end
    /// @param isHead whether the body is left out
    void prepare(final boolean closes, final boolean isOld, final boolean isHead) {
        start = length;
        close = closes;
        old = isOld;
        head = isHead;
    }

    /// Begins the answer, with its first line and what all of them say, in the place of what it has begun with before.
    Answers begin(final Status newStatus) {
        length = start;
        status = newStatus;
        put(newStatus.line());
        put(DATE);
        put(date.at(now()));
        put(close ? CLOSE : old ? KEEP_ALIVE : END);
        return this;
    }

    static long now() {
        return System.currentTimeMillis() / 1000;
    }

    /// A header field.
    ///
    /// @param name with colon and blank
    Answers field(final byte[] name, final byte[] value) {
        put(name);
        put(value);
        put(END);
        return this;
    }

    /// A header field.
    ///
    /// @param name with colon and blank
    Answers field(final byte[] name, final long value) {
        put(name);
        number(value);
        put(END);
        return this;
    }

    /// Ends an answer that has no body.
    void end() {
        put(END);
    }

    /// Ends an answer that has one.
    void end(final byte[] type, final byte[] body) {
        field(CONTENT_TYPE, type).field(CONTENT_LENGTH, body.length);
        put(END);
        if (!head) {
            put(body);
        }
    }

    /// Ends an answer whose body is a part of a file.
    ///
    /// @param from is taken over
    void end(final Fd from, final long at, final long bytes) {
        field(CONTENT_LENGTH, bytes);
        put(END);
        file = from;
        position = at;
        count = head ? 0 : bytes;
    }

    /// A whole answer: the status, in words, and why.
    void tell(final Status newStatus, final String why) {
        begin(newStatus).explain(why);
    }

    /// Ends an answer with its status, in words.
    ///
    /// @param why is told behind it; null for nothing
    void explain(final String why) {
        end(PLAIN_TEXT, (status + (why == null ? "\n" : ": " + why + "\n")).getBytes(StandardCharsets.UTF_8));
    }

    Status status() {
        return status;
    }

    /// The file that goes out behind what has been put together, which is the caller's now; null where there is none.
    Fd takeFile() {
        final Fd taken = file;
        file = null;
        return taken;
    }

    long position() {
        return position;
    }

    /// The bytes of the file that go out; 0 for none.
    long count() {
        return count;
    }

    private void put(final byte[] bytes) {
        MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, length, bytes.length);
        length += bytes.length;
    }

    private void number(final long value) {
        long scale = 1;
        while (value / scale >= 10) {
            scale *= 10;
        }
        for (; scale > 0; scale /= 10) {
            memory.set(ValueLayout.JAVA_BYTE, length++, (byte) ('0' + value / scale % 10));
        }
    }
}
