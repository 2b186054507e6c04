package io.github.fdsock.harness.script;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.Pollfd;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// A line that waits for a condition: `await(fd, POLLIN)`. No call, but made of `poll`.
final class Await {
    static final String CALL = "await";

    /// Where a part of what is waited for is there already, `poll` does not wait for the rest.
    private static final long PAUSE_NANOS = TimeUnit.MICROSECONDS.toNanos(200);

    private static final Map<String, Integer> EVENTS = new LinkedHashMap<>();

    static {
        EVENTS.put("POLLIN", POLLIN);
        EVENTS.put("POLLPRI", POLLPRI);
        EVENTS.put("POLLOUT", POLLOUT);
        EVENTS.put("POLLRDHUP", POLLRDHUP);
        EVENTS.put("POLLERR", POLLERR);
        EVENTS.put("POLLHUP", POLLHUP);
        EVENTS.put("POLLNVAL", POLLNVAL);
    }

    private Await() {
    }

    /// Events by their names; those that have others as well, such as `POLLRDNORM`, by these.
    private static String describe(final int events) {
        final List<String> names = new ArrayList<>();
        int rest = events;
        for (final Map.Entry<String, Integer> event : EVENTS.entrySet()) {
            if ((events & event.getValue()) != 0) {
                names.add(event.getKey());
                rest &= ~event.getValue();
            }
        }
        if (rest != 0 || names.isEmpty()) {
            names.add(rest == 0 ? "0" : "0x" + Integer.toHexString(rest));
        }
        return String.join("|", names);
    }

    /// Waits for the condition of a line, and compares what has come of it.
    ///
    /// @param timeout of the script, to be told
    /// @throws ScriptException if the line does not say what to wait for
    static LineDiff line(final CallLine line, final Names names, final Arena arena, final long deadlineNanos,
            final Duration timeout) {
        if (line.arguments().size() != 2 || line.results().stream().anyMatch(CallLine.Result::failure)) {
            throw line.wrong(line.callAt(), "await takes a descriptor and events, gives events");
        }
        final Value events = line.arguments().getLast().value();
        final Value expected = line.results().isEmpty() ? events : line.results().getFirst().value();
        final LineDiff diff = new LineDiff(line);
        try {
            final int wanted = names.number(events, Short.MAX_VALUE);
            final long found = all(names.number(line.arguments().getFirst().value(), Integer.MAX_VALUE), wanted, arena,
                    deadlineNanos);
            if (found >= 0 && (found & wanted) == wanted && (expected == events || names.matches(expected, found))) {
                return diff;
            }
            final String came = found < 0 ? PreparedCall.describe(found) : describe((int) found);
            final String late =
                    System.nanoTime() - deadlineNanos < 0 ? came : came + " within " + timeout.toMillis() + " ms";
            if (expected == events) {
                diff.insert(line.end(), events.toString(), " = " + came, late);
            } else {
                diff.replace(line.resultAt(), line.end(), expected.toString(), came, late);
            }
            return diff;
        } catch (final IllegalArgumentException e) {
            throw line.wrong(line.arguments().getFirst().at(), e.getMessage());
        }
    }

    /// Waits until all of these events are there.
    ///
    /// @return what is there then, or when the time has run out; of an error of `poll` the negated errno
    private static long all(final int fd, final int events, final Arena arena, final long deadlineNanos) {
        final Pollfd pollfd = Pollfd.allocate(arena, 1).set(0, fd, events);
        for (;;) {
            final long rest = deadlineNanos - System.nanoTime();
            // Rounded up, or the last millisecond would be spent on turns.
            final long millis = Math.clamp(TimeUnit.NANOSECONDS.toMillis(rest) + 1, 0, Integer.MAX_VALUE);
            final int found = Libc.poll(pollfd.segment(), 1, rest <= 0 ? 0 : (int) millis);
            final int revents = pollfd.revents(0);
            if (found < 0 && found != -EINTR) {
                return found;
            }
            if ((revents & events) == events || (revents & POLLNVAL) != 0 || rest <= 0) {
                return revents;
            }
            if (found > 0) {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }
}
