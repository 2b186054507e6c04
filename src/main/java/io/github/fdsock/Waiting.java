package io.github.fdsock;

import static io.github.fdsock.sys.Constants.EINTR;

import io.github.fdsock.sys.Libc;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// `ppoll` on one descriptor, with a time limit that interruptions do not lengthen.
final class Waiting {
    // struct pollfd { int fd; short events; short revents; }, and a struct timespec behind it.
    private static final long FD = 0;
    private static final long EVENTS = 4;
    private static final long REVENTS = 6;
    private static final long TIMESPEC = 8;
    private static final long SIZE = 24;

    private static final long NANOS_PER_SECOND = 1_000_000_000;

    private Waiting() {
    }

    /// The events there, 0 when the time is over, or `-errno`.
    static int poll(final int fd, final int events, final long timeoutNanos) {
        final MemorySegment memory = Scratch.current().cells().asSlice(0, SIZE);
        final MemorySegment timeout = timeoutNanos < 0 ? MemorySegment.NULL : memory.asSlice(TIMESPEC);
        final long start = timeoutNanos > 0 ? System.nanoTime() : 0;
        memory.set(ValueLayout.JAVA_INT, FD, fd);
        memory.set(ValueLayout.JAVA_SHORT, EVENTS, (short) events);
        long left = timeoutNanos;
        for (;;) {
            memory.set(ValueLayout.JAVA_SHORT, REVENTS, (short) 0);
            if (timeoutNanos >= 0) {
                timeout.set(ValueLayout.JAVA_LONG, 0, left / NANOS_PER_SECOND);
                timeout.set(ValueLayout.JAVA_LONG, Long.BYTES, left % NANOS_PER_SECOND);
            }
            final int result = Libc.ppoll(memory, 1, timeout, MemorySegment.NULL);
            if (result != -EINTR) {
                return result > 0 ? Short.toUnsignedInt(memory.get(ValueLayout.JAVA_SHORT, REVENTS)) : result;
            }
            if (timeoutNanos > 0) {
                left = Math.max(0, timeoutNanos - (System.nanoTime() - start));
            }
        }
    }
}
