package io.github.fdsock.harness.notation;

import static io.github.fdsock.sys.Constants.CLD_EXITED;
import static io.github.fdsock.sys.Constants.RLIM_INFINITY;

import io.github.fdsock.sys.struct.Addrinfo;
import io.github.fdsock.sys.struct.EpollEvents;
import io.github.fdsock.sys.struct.Itimerspec;
import io.github.fdsock.sys.struct.Linger;
import io.github.fdsock.sys.struct.Rlimit;
import io.github.fdsock.sys.struct.Siginfo;
import io.github.fdsock.sys.struct.Timespec;
import io.github.fdsock.sys.struct.Timeval;
import io.github.fdsock.sys.struct.Ucred;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.StringJoiner;
import java.util.function.Function;

/// The small structures of C, field by field.
final class Structs {
    /// `sizeof(sigset_t)` of the kernel: all the signals there are.
    private static final int SIGSET_SIZE = 8;
    private static final int SIGNALS = 64;

    /// `SIGRTMIN` of the kernel; libc keeps the first two for itself.
    private static final int FIRST_REALTIME = 32;

    private static final int SIGINFO_SIZE = 24;
    private static final int FLOCK_SIZE = 32;
    private static final int POLLFD_SIZE = 8;
    private static final int BYTES_PER_KIB = 1024;

    private Structs() {
    }

    static ByteBuffer buffer(final byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    }

    /// A structure among the arguments; a pointer where it cannot be read.
    static Argument.Text at(final int size, final Function<MemorySegment, String> text) {
        return (frame, index) -> {
            final byte[] bytes = frame.memory(index, 0, size);
            return bytes == null ? frame.pointer(index) : text.apply(MemorySegment.ofArray(bytes));
        };
    }

    static final Argument.Text TIMESPEC = at(Timespec.SIZEOF, Structs::timespec);
    static final Argument.Text ITIMERSPEC = at(Itimerspec.SIZEOF, Structs::itimerspec);
    static final Argument.Text RLIMIT = at(Rlimit.SIZEOF, Structs::rlimit);
    static final Argument.Text SIGSET = at(SIGSET_SIZE, set -> sigset(set.get(ValueLayout.JAVA_LONG_UNALIGNED, 0)));
    static final Argument.Text INT = at(Integer.BYTES, Structs::number);
    static final Argument.Text LONG = at(Long.BYTES,
            value -> "[" + value.get(ValueLayout.JAVA_LONG_UNALIGNED, 0) + "]");
    static final Argument.Text INT_PAIR = at(2 * Integer.BYTES, pair -> ints(pair.toArray(ValueLayout.JAVA_BYTE), 2));
    static final Argument.Text SIGINFO = at(SIGINFO_SIZE, Structs::siginfo);
    static final Argument.Text CHILD = at(Siginfo.SIZEOF, Structs::child);
    static final Argument.Text EPOLL_EVENT = at(EpollEvents.SIZEOF, event -> epollEvent(EpollEvents.of(event), 0));
    static final Argument.Text FLOCK = at(FLOCK_SIZE, lock -> flock(lock, false));
    static final Argument.Text FLOCK_FOUND = at(FLOCK_SIZE, lock -> flock(lock, true));

    static String timespec(final MemorySegment segment) {
        final Timespec time = Timespec.of(segment);
        return "{tv_sec=" + time.sec() + ", tv_nsec=" + time.nsec() + "}";
    }

    static String timeval(final MemorySegment segment) {
        final Timeval time = Timeval.of(segment);
        return "{tv_sec=" + time.sec() + ", tv_usec=" + time.usec() + "}";
    }

    private static String itimerspec(final MemorySegment segment) {
        final Itimerspec timer = Itimerspec.of(segment);
        return "{it_interval=" + timespec(timer.interval().segment()) + ", it_value="
                + timespec(timer.value().segment()) + "}";
    }

    static String ucred(final MemorySegment segment) {
        final Ucred ucred = Ucred.of(segment);
        return "{pid=" + ucred.pid() + ", uid=" + Integer.toUnsignedString(ucred.uid()) + ", gid="
                + Integer.toUnsignedString(ucred.gid()) + "}";
    }

    static String linger(final MemorySegment segment) {
        final Linger linger = Linger.of(segment);
        return "{l_onoff=" + linger.onoff() + ", l_linger=" + linger.linger() + "}";
    }

    static String number(final MemorySegment segment) {
        return "[" + segment.get(ValueLayout.JAVA_INT_UNALIGNED, 0) + "]";
    }

    /// As many `int` as there are, up to the limit: `[3, 4]`.
    static String ints(final byte[] bytes, final int limit) {
        final ByteBuffer buffer = buffer(bytes);
        final StringJoiner text = new StringJoiner(", ", "[", "]");
        for (int i = 0; buffer.remaining() >= Integer.BYTES && i < limit; i++) {
            text.add(Integer.toString(buffer.getInt()));
        }
        return (buffer.remaining() >= Integer.BYTES ? text.add("...") : text).toString();
    }

    private static String rlimit(final MemorySegment segment) {
        final Rlimit limit = Rlimit.of(segment);
        return "{rlim_cur=" + limit(limit.cur()) + ", rlim_max=" + limit(limit.max()) + "}";
    }

    private static String limit(final long limit) {
        if (limit == RLIM_INFINITY) {
            return "RLIM_INFINITY";
        }
        return Long.compareUnsigned(limit, BYTES_PER_KIB) > 0 && limit % BYTES_PER_KIB == 0
                ? Long.toUnsignedString(Long.divideUnsigned(limit, BYTES_PER_KIB)) + "*1024"
                : Long.toUnsignedString(limit);
    }

    static String signal(final long number) {
        if (number >= FIRST_REALTIME && number <= SIGNALS) {
            return number == FIRST_REALTIME ? "SIGRTMIN" : "SIGRT_" + (number - FIRST_REALTIME);
        }
        final String name = Names.SIGNALS.find(number);
        return name == null ? Long.toString(number) : name;
    }

    /// `[INT USR1]`; those missing, `~[CHLD]`, where most are there.
    static String sigset(final long bits) {
        final boolean inverted = Long.bitCount(bits) * 2 > SIGNALS + 2;
        final StringJoiner text = new StringJoiner(" ", inverted ? "~[" : "[", "]");
        for (int signal = 1; signal <= SIGNALS; signal++) {
            if ((bits >>> signal - 1 & 1) == (inverted ? 0 : 1)) {
                text.add(signal(signal).substring("SIG".length()));
            }
        }
        return text.toString();
    }

    private static String siginfo(final MemorySegment info) {
        // si_signo, si_errno, si_code, padding, and what a signal of kill(2) or sigqueue(3) has behind it.
        final ByteBuffer buffer = buffer(info.toArray(ValueLayout.JAVA_BYTE));
        return "{si_signo=" + signal(buffer.getInt(0)) + ", si_code=" + buffer.getInt(8) + ", si_pid="
                + buffer.getInt(16) + ", si_uid=" + Integer.toUnsignedString(buffer.getInt(20)) + "}";
    }

    /// What `waitid` tells of a child; nothing under `WNOHANG` where nothing has happened.
    private static String child(final MemorySegment info) {
        final Siginfo child = Siginfo.of(info);
        if (child.signo() == 0) {
            return "{}";
        }
        final boolean exited = child.code() == CLD_EXITED;
        return "{si_signo=" + signal(child.signo()) + ", si_code=" + Names.CHILD_CODES.one(child.code()) + ", si_pid="
                + child.pid() + ", si_uid=" + Integer.toUnsignedString(child.uid()) + ", si_status="
                + (exited ? Integer.toString(child.status()) : signal(child.status())) + "}";
    }

    private static String flock(final MemorySegment lock, final boolean found) {
        // l_type and l_whence, padding, l_start, l_len, l_pid.
        final ByteBuffer buffer = buffer(lock.toArray(ValueLayout.JAVA_BYTE));
        return "{l_type=" + Names.LOCKS.one(buffer.getShort(0)) + ", l_whence=" + Names.WHENCES.one(buffer.getShort(2))
                + ", l_start=" + buffer.getLong(8) + ", l_len=" + buffer.getLong(16)
                + (found ? ", l_pid=" + buffer.getInt(24) : "") + "}";
    }

    // ---- arrays

    static String epollEvent(final EpollEvents events, final int index) {
        final long data = events.data(index);
        return "{events=" + Names.EPOLL.bits(Integer.toUnsignedLong(events.events(index))) + ", data={u32="
                + Integer.toUnsignedString((int) data) + ", u64=" + Long.toUnsignedString(data) + "}}";
    }

    /// As many of an array among the arguments as the call has filled.
    static String epollEvents(final Frame frame, final int index) {
        final int count = (int) Math.min(frame.result(), frame.room(index) / EpollEvents.SIZEOF);
        final int shown = Math.min(count, Math.min(frame.limit, Frame.MOST / EpollEvents.SIZEOF));
        final byte[] bytes = frame.memory(index, 0, (long) shown * EpollEvents.SIZEOF);
        if (bytes == null) {
            return frame.pointer(index);
        }
        final StringJoiner text = new StringJoiner(", ", "[", "]");
        for (int i = 0; i < shown; i++) {
            text.add(epollEvent(EpollEvents.of(MemorySegment.ofArray(bytes)), i));
        }
        return (count > shown ? text.add("...") : text).toString();
    }

    /// `[{fd=5, events=POLLIN}]`.
    static String pollfds(final Frame frame, final int index) {
        final long count = frame.wide(index + 1);
        final int shown = (int) Math.min(count, Math.min(frame.limit, Frame.MOST / POLLFD_SIZE));
        final byte[] bytes = frame.memory(index, 0, (long) shown * POLLFD_SIZE);
        if (bytes == null) {
            return frame.pointer(index);
        }
        final ByteBuffer buffer = buffer(bytes);
        final StringJoiner text = new StringJoiner(", ", "[", "]");
        while (buffer.hasRemaining()) {
            final int fd = buffer.getInt();
            final int events = Short.toUnsignedInt(buffer.getShort());
            buffer.getShort();
            text.add(fd < 0 ? "{fd=" + fd + "}" : "{fd=" + fd + ", events=" + Names.POLL.bits(events) + "}");
        }
        return (count > shown ? text.add("...") : text).toString();
    }

    /// What a poll has found: `[{fd=5, revents=POLLIN}]`.
    static String revents(final Frame frame, final int index) {
        final byte[] bytes = frame.memory(index, 0, Math.min(frame.wide(index + 1) * POLLFD_SIZE, Frame.MOST));
        if (bytes == null) {
            return frame.pointer(index);
        }
        final ByteBuffer buffer = buffer(bytes);
        final StringJoiner text = new StringJoiner(", ", "[", "]");
        int found = 0;
        while (buffer.hasRemaining()) {
            final int fd = buffer.getInt();
            buffer.getShort();
            final int revents = Short.toUnsignedInt(buffer.getShort());
            if (revents != 0 && fd >= 0) {
                if (found++ == frame.limit) {
                    return text.add("...").toString();
                }
                text.add("{fd=" + fd + ", revents=" + Names.POLL.bits(revents) + "}");
            }
        }
        return text.toString();
    }

    /// The strings of a `char *argv[]` with its NULL.
    static String strings(final Frame frame, final int index) {
        if (frame.memory(index, 0, Long.BYTES) == null) {
            return frame.pointer(index);
        }
        final StringJoiner text = new StringJoiner(", ", "[", "]");
        for (int i = 0;; i++) {
            final byte[] pointer = i == frame.limit ? null : frame.memory(index, (long) i * Long.BYTES, Long.BYTES);
            if (pointer == null) {
                return text.add("...").toString();
            }
            final long address = buffer(pointer).getLong();
            if (address == 0) {
                return text.toString();
            }
            text.add(Frame.stringAt(address));
        }
    }

    /// How many strings an `envp` has, since all of them would be a page: `0x7f0012345678 /* 23 vars */`.
    static String environment(final Frame frame, final int index) {
        int count = 0;
        for (;;) {
            final byte[] pointer = frame.memory(index, (long) count * Long.BYTES, Long.BYTES);
            if (pointer == null) {
                return frame.pointer(index);
            }
            if (buffer(pointer).getLong() == 0) {
                return frame.pointer(index) + " /* " + count + (count == 1 ? " var */" : " vars */");
            }
            count++;
        }
    }

    // ---- addresses of names

    /// What `getaddrinfo` is asked for, or one of its answers.
    static String addrinfo(final Frame frame, final byte[] bytes, final boolean answer) {
        // ai_flags, ai_family, ai_socktype, ai_protocol, ai_addrlen, padding, ai_addr, ai_canonname, ai_next.
        final ByteBuffer buffer = buffer(bytes);
        final StringBuilder text = new StringBuilder("{ai_flags=").append(Names.ADDRINFO.bits(buffer.getInt(0)))
                .append(", ai_family=").append(Names.FAMILIES.one(buffer.getInt(4)))
                .append(", ai_socktype=").append(buffer.getInt(8) == 0 ? "0" : Names.SOCKET_TYPES.one(buffer.getInt(8)))
                .append(", ai_protocol=").append(Names.PROTOCOLS.one(buffer.getInt(12)));
        if (answer) {
            text.append(", ai_addrlen=").append(buffer.getInt(16)).append(", ai_addr=")
                    .append(Addresses.text(frame, buffer.getLong(24), Integer.toUnsignedLong(buffer.getInt(16))));
            if (buffer.getLong(32) != 0) {
                text.append(", ai_canonname=").append(Frame.stringAt(buffer.getLong(32)));
            }
        }
        return text.append('}').toString();
    }

    /// The list that a pointer among the arguments points to.
    static String addrinfos(final Frame frame, final int index) {
        final byte[] pointer = frame.memory(index, 0, Long.BYTES);
        if (pointer == null) {
            return frame.pointer(index);
        }
        final StringJoiner text = new StringJoiner(", ", "[", "]");
        long next = buffer(pointer).getLong(0);
        for (int count = 0; next != 0; count++) {
            final byte[] bytes = count == frame.limit ? null : frame.memory(next, Addrinfo.SIZEOF);
            if (bytes == null) {
                return text.add("...").toString();
            }
            text.add(addrinfo(frame, bytes, true));
            next = buffer(bytes).getLong(40);
        }
        return text.toString();
    }
}
