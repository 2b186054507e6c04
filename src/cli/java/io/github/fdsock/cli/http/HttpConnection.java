package io.github.fdsock.cli.http;

import io.github.fdsock.Fd;
import io.github.fdsock.loop.Stream;
import io.github.fdsock.loop.Timer;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// A client's requests and their answers, one behind the other.
///
/// A client that does not take its answers is not read from, so that it costs what its stream queues and what one read
/// has brought, at most. Requests are read where they arrive; only what is cut off by the end of a read is copied.
final class HttpConnection {
    /// So many requests of one client are answered before others have their turn, some 0.5 ms of small files.
    private static final int ANSWERS_PER_TURN = 64;

    private static final byte[] ALLOW = Answers.ascii("Allow: ");
    private static final byte[] ALLOWED = Answers.ascii("GET, HEAD");
    private static final MemorySegment NOTHING = MemorySegment.ofArray(new byte[0]);

    private final HttpServer server;
    private final Stream stream;
    private final RequestHead head;
    private final RequestBody body;

    /// What has arrived and is still to be read, from its beginning on; null for nothing.
    private MemorySegment held;
    private int heldLength;

    /// For a request to be complete; made when one is not.
    private Timer timer;

    /// A request has been answered since the timer was set: what is incomplete now is another one.
    private boolean progress;

    /// Nothing is read until answers have been taken, or others have had their turn.
    private boolean waiting;

    /// The connection ends behind the latest answer.
    private boolean last;

    HttpConnection(final HttpServer server, final Stream stream) {
        this.server = server;
        this.stream = stream;
        head = new RequestHead(server.limits());
        body = new RequestBody(server.limits().body());
        stream.onData(this::received).onDrain(this::goOn).onClose(this::closed)
                .onTimeout(server.limits().idle(), this::idle);
    }

    // ---- requests

    private void received(final MemorySegment data) throws IOException {
        if (held == null) {
            use(data, data.byteSize());
        } else {
            hold(data, 0, data.byteSize());
            use(held, heldLength);
        }
    }

    /// Reads and answers; what is left is held.
    private void use(final MemorySegment data, final long end) throws IOException {
        server.answers().clear();
        long at = 0;
        int answered = 0;
        try {
            while (at < end && answered < ANSWERS_PER_TURN && !waiting && !last) {
                final boolean whole;
                if (body.isPending()) {
                    at = body.read(data, at, end);
                    whole = !body.isPending();
                } else if (head.read(data, at, end)) {
                    at += head.length();
                    whole = begin();
                } else {
                    break;
                }
                if (whole) {
                    answer();
                    answered++;
                }
            }
        } catch (final Refusal e) {
            refuse(e.status(), e.getMessage());
        }
        flush();
        if (last) {
            end();
            return;
        }
        keep(data, at, end);
        if (answered == ANSWERS_PER_TURN && !waiting) {
            pause();
            stream.loop().execute(this::nextTurn);
        }
        watch();
    }

    /// The head has been read; whether there is nothing more to wait for.
    private boolean begin() throws Refusal {
        body.begin(head);
        if (!body.isPending() || head.expectsContinue()) {
            return true;
        }
        head.keep();
        return false;
    }

    private void answer() throws IOException {
        final Answers answers = server.answers();
        // Asked for a body that nobody wants, the client is told the end of it instead.
        last = !head.keepsAlive() || body.isPending();
        answers.prepare(last, head.isOld(), head.method() == RequestHead.Method.HEAD);
        if (head.expectsMore()) {
            answers.tell(Status.EXPECTATION_FAILED, null);
        } else {
            switch (head.method()) {
                case GET, HEAD -> server.site().answer(head, answers);
                case OTHER -> answers.begin(Status.METHOD_NOT_ALLOWED).field(ALLOW, ALLOWED).explain(null);
                case UNKNOWN -> answers.tell(Status.NOT_IMPLEMENTED, null);
            }
        }
        server.answered(head, answers.status());
        head.clear();
        progress = true;
        final Fd file = answers.takeFile();
        if (file != null) {
            send(file, answers.position(), answers.count());
        } else if (answers.isNearlyFull()) {
            flush();
        }
    }

    private void refuse(final Status status, final String why) {
        last = true;
        server.answers().prepare(true, false, head.method() == RequestHead.Method.HEAD);
        server.answers().tell(status, why);
        server.answered(head, status);
    }

    // ---- answers

    private void send(final Fd file, final long position, final long count) throws IOException {
        if (count == 0) {
            file.close();
            return;
        }
        flush();
        if (!stream.sendFile(file, position, count, null)) {
            pause();
        }
    }

    private void flush() {
        final Answers answers = server.answers();
        if (!answers.isEmpty()) {
            final boolean more = stream.write(answers.bytes());
            answers.clear();
            if (!more) {
                pause();
            }
        }
    }

    // ---- the pace

    private void pause() {
        waiting = true;
        stream.pause();
    }

    /// Answers have been taken, or others have had their turn.
    private void goOn() throws IOException {
        if (last || stream.isClosed()) {
            return;
        }
        waiting = false;
        if (held != null) {
            use(held, heldLength);
        } else {
            watch();
        }
        if (!waiting && !last) {
            stream.resume();
        }
    }

    private void nextTurn() {
        try {
            goOn();
        } catch (final IOException e) {
            stream.destroy(e);
        }
    }

    private void hold(final MemorySegment data, final long start, final long end) {
        final int size = Math.toIntExact(end - start);
        if (held == null || held.byteSize() - heldLength < size) {
            final MemorySegment larger = MemorySegment.ofArray(new byte[Math.max(1024, heldLength + size)]);
            if (held != null) {
                MemorySegment.copy(held, 0, larger, 0, heldLength);
            }
            held = larger;
        }
        MemorySegment.copy(data, start, held, heldLength, size);
        heldLength += size;
    }

    private void keep(final MemorySegment data, final long start, final long end) {
        heldLength = 0;
        if (start == end) {
            held = null;
        } else {
            // Where it is held already, it moves to the beginning.
            hold(data, start, end);
            if (!body.isPending()) {
                head.movedTo(held);
            }
        }
    }

    // ---- time

    /// Gives a request that has begun its time; none runs while the client has to wait.
    private void watch() {
        final boolean incomplete = !waiting && (held != null && head.hasBegun() || body.isPending());
        if (!incomplete) {
            if (timer != null) {
                timer.cancel();
            }
        } else if (progress || timer == null || !timer.isArmed()) {
            if (timer == null) {
                timer = stream.loop().timer(this::late);
            }
            timer.start(server.limits().request());
        }
        progress = false;
    }

    private void late() {
        // Whoever has ended within a request has had the end behind the answers already.
        if (stream.isWritable()) {
            server.answers().clear();
            refuse(Status.REQUEST_TIMEOUT, "it has not come to its end in time");
            flush();
        }
        end();
    }

    /// Nothing was read or taken for a while.
    private void idle() {
        if (stream.bytesQueued() > 0) {
            stream.destroy(new IOException(stream.bytesQueued() + " bytes that the client does not take"));
        } else {
            end();
        }
    }

    /// Behind the answers that are on their way, which may be taken as slowly as any others: a stream that is closed
    /// would wait for less. One whose client has ended is over when they are taken.
    private void end() {
        last = true;
        held = null;
        if (timer != null) {
            timer.cancel();
        }
        if (stream.bytesQueued() == 0) {
            stream.close();
        } else if (stream.isWritable()) {
            pause();
            stream.write(NOTHING, _ -> stream.close());
        }
    }

    private void closed(final IOException cause) {
        held = null;
        if (timer != null) {
            timer.cancel();
        }
        if (cause != null) {
            server.complain("connection lost: " + cause.getMessage());
        }
    }
}
