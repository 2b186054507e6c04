package io.github.fdsock.cli.http;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// The body of a request, which is checked and thrown away (RFC 9112, 6 and 7.1).
final class RequestBody {
    private enum State {
        NONE, LENGTH, SIZE, EXTENSION, SIZE_LF, DATA, DATA_CR, DATA_LF, LINE, TRAILER, TRAILER_LF, LAST_LF
    }

    /// A larger number has more digits than a `long` holds for certain.
    private static final int SIZE_DIGITS = 15;

    private final long limit;
    private State state = State.NONE;

    /// Of the body or of the chunk, still to come.
    private long left;
    private int digits;

    /// Of chunks, with all that belongs to them.
    private long total;

    RequestBody(final long limit) {
        this.limit = limit;
    }

    /// Begins with what a head says.
    ///
    /// @throws Refusal it is larger than the limit
    void begin(final RequestHead head) throws Refusal {
        total = 0;
        digits = 0;
        left = Math.max(0, head.contentLength());
        if (left > limit) {
            throw tooLarge();
        }
        state = head.isChunked() ? State.SIZE : left > 0 ? State.LENGTH : State.NONE;
    }

    private Refusal tooLarge() {
        return new Refusal(Status.CONTENT_TOO_LARGE, limit + " bytes are the most");
    }

    /// Whether more of it is to come.
    boolean isPending() {
        return state != State.NONE;
    }

    /// Reads on.
    ///
    /// @return where it has ended, or `end`
    /// @throws Refusal it is too large, or not in chunks
    long read(final MemorySegment data, final long start, final long end) throws Refusal {
        long at = start;
        while (at < end && state != State.NONE) {
            if (state == State.LENGTH || state == State.DATA) {
                final long part = Math.min(left, end - at);
                at += part;
                left -= part;
                count(state == State.DATA ? part : 0);
                if (left == 0) {
                    state = state == State.DATA ? State.DATA_CR : State.NONE;
                }
            } else {
                count(1);
                take(data.get(ValueLayout.JAVA_BYTE, at++));
            }
        }
        return at;
    }

    private void count(final long bytes) throws Refusal {
        total += bytes;
        if (total > limit) {
            throw tooLarge();
        }
    }

    private void take(final byte b) throws Refusal {
        switch (state) {
            case SIZE -> {
                final int digit = Character.digit(b, 16);
                if (digit >= 0 && digits < SIZE_DIGITS) {
                    left = left << 4 | digit;
                    digits++;
                } else if (digits > 0 && b == ';') {
                    state = State.EXTENSION;
                } else if (digits > 0 && b == '\r') {
                    state = State.SIZE_LF;
                } else {
                    throw bad("no size of a chunk");
                }
            }
            case EXTENSION -> state = b == '\r' ? State.SIZE_LF : text(b, State.EXTENSION);
            case SIZE_LF -> state = only('\n', b, left > 0 ? State.DATA : State.LINE);
            case DATA_CR -> state = only('\r', b, State.DATA_LF);
            case DATA_LF -> {
                state = only('\n', b, State.SIZE);
                digits = 0;
            }
            case LINE -> state = b == '\r' ? State.LAST_LF : text(b, State.TRAILER);
            case TRAILER -> state = b == '\r' ? State.TRAILER_LF : text(b, State.TRAILER);
            case TRAILER_LF -> state = only('\n', b, State.LINE);
            case LAST_LF -> state = only('\n', b, State.NONE);
            default -> throw new IllegalStateException("a byte in state " + state);
        }
    }

    private static State only(final char wanted, final byte b, final State next) throws Refusal {
        if (b != wanted) {
            throw bad("a chunk that does not end where it said");
        }
        return next;
    }

    private static State text(final byte b, final State next) throws Refusal {
        if (b >= 0 && b < ' ' && b != '\t' || b == 127) {
            throw bad("a control character beside a chunk");
        }
        return next;
    }

    private static Refusal bad(final String what) {
        return new Refusal(Status.BAD_REQUEST, what);
    }
}
