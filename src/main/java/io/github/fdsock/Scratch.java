package io.github.fdsock;

import static io.github.fdsock.sys.Constants.SCM_MAX_FD;
import static io.github.fdsock.sys.Constants.UIO_MAXIOV;

import io.github.fdsock.sys.struct.EpollEvents;
import io.github.fdsock.sys.struct.Iovec;
import io.github.fdsock.sys.struct.Itimerspec;
import io.github.fdsock.sys.struct.Msghdr;
import io.github.fdsock.sys.struct.SignalfdSiginfo;
import io.github.fdsock.sys.struct.Timespec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Native memory of one thread for the arguments of the call it is making, so that no call allocates.
///
/// Nothing in it outlives the call: whoever writes here makes the call next, and reads the answer before anything else
/// of this package runs on the thread. Freed some time after the thread has ended.
final class Scratch {
    /// The largest copy of an array that is kept for the next time; larger ones are freed at once.
    private static final int BYTES_KEPT_MAX = 1 << 20;

    private static final int BYTES_MIN = 16 * 1024;

    private static final ThreadLocal<Scratch> CURRENT = new ThreadLocal<>() {
        @Override
        protected Scratch initialValue() {
            return new Scratch();
        }
    };

    private final MemorySegment name;
    private final MemorySegment nameLength;
    private final MemorySegment cells;
    private MemorySegment bytes = MemorySegment.NULL;
    private EpollEvents epollEvent;
    private Timespec timespec;
    private Itimerspec itimerspec;
    private SignalfdSiginfo siginfo;
    private Msghdr message;
    private Iovec iovec;
    private Message descriptors;

    private Scratch() {
        final MemorySegment all = Arena.ofAuto().allocate(SockAddr.MAX_LENGTH + Long.BYTES + 256, Long.BYTES);
        name = all.asSlice(0, SockAddr.MAX_LENGTH);
        nameLength = all.asSlice(SockAddr.MAX_LENGTH, Long.BYTES);
        cells = all.asSlice(SockAddr.MAX_LENGTH + Long.BYTES);
    }

    static Scratch current() {
        return CURRENT.get();
    }

    /// Room for any `struct sockaddr`.
    MemorySegment name() {
        return name;
    }

    /// Room for its `socklen_t`.
    MemorySegment nameLength() {
        return nameLength;
    }

    /// 256 bytes for small structures and option values, aligned for all of them.
    MemorySegment cells() {
        return cells;
    }

    /// One `struct epoll_event`, in [#cells].
    EpollEvents epollEvent() {
        if (epollEvent == null) {
            epollEvent = EpollEvents.of(cells.asSlice(0, EpollEvents.SIZEOF));
        }
        return epollEvent;
    }

    /// A `struct timespec`, in [#cells].
    Timespec timespec() {
        if (timespec == null) {
            timespec = Timespec.of(cells);
        }
        return timespec;
    }

    /// Room for a value of `length` bytes, of an option for example; the content is undefined.
    MemorySegment value(final int length) {
        return length <= cells.byteSize() ? cells.asSlice(0, length) : bytes(length);
    }

    /// A `struct itimerspec`, in [#cells].
    Itimerspec itimerspec() {
        if (itimerspec == null) {
            itimerspec = Itimerspec.of(cells);
        }
        return itimerspec;
    }

    /// A `struct signalfd_siginfo`, in [#cells].
    SignalfdSiginfo siginfo() {
        if (siginfo == null) {
            siginfo = SignalfdSiginfo.of(cells);
        }
        return siginfo;
    }

    /// A `struct msghdr`, empty; to be cleared after the call.
    Msghdr message() {
        if (message == null) {
            // Not in the cells: these serve the look at a time limit that is between one try of a call and the next.
            message = Msghdr.allocate(Arena.ofAuto());
        }
        return message;
    }

    /// A message with room for a buffer and as many descriptors as there can be, empty; to be cleared after the call.
    Message descriptors() {
        if (descriptors == null) {
            descriptors = Message.allocate(Arena.ofAuto(), 1, 0, SCM_MAX_FD);
        }
        return descriptors;
    }

    /// An array of as many `struct iovec` as there can be, empty; to be cleared after the call.
    Iovec iovec() {
        if (iovec == null) {
            iovec = Iovec.allocate(Arena.ofAuto(), UIO_MAXIOV);
        }
        return iovec;
    }

    /// Room for a copy of `length` bytes of an array; the content is undefined.
    MemorySegment bytes(final long length) {
        if (length > BYTES_KEPT_MAX) {
            return Arena.ofAuto().allocate(length, Long.BYTES);
        }
        if (length > bytes.byteSize()) {
            bytes = Arena.ofAuto().allocate(Math.max(BYTES_MIN, Long.highestOneBit(length - 1) << 1), Long.BYTES);
        }
        return bytes.asSlice(0, length);
    }
}
