package io.github.fdsock.harness.notation;

import static io.github.fdsock.harness.notation.Argument.in;
import static io.github.fdsock.harness.notation.Argument.out;
import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Eai;
import io.github.fdsock.sys.Errno;
import io.github.fdsock.sys.struct.Addrinfo;

/// How each call is written: its arguments one by one, and its result. The compiler sees to it that none is missing.
final class Formats {
    private static final Argument INT = in((frame, i) -> Integer.toString(frame.number(i)));
    private static final Argument UNSIGNED = in((frame, i) -> Integer.toUnsignedString(frame.number(i)));
    private static final Argument LONG = in((frame, i) -> Long.toString(frame.wide(i)));
    private static final Argument SIZE = in((frame, i) -> Long.toUnsignedString(frame.wide(i)));
    private static final Argument POINTER = in(Frame::pointer);
    private static final Argument STRING = in(Frame::string);
    private static final Argument NAME = in((frame, i) -> {
        final String text = frame.string(i);
        return text.startsWith("\"") && text.length() > frame.limit + 2
                ? frame.buffer(i, frame.limit) + "..." : text;
    });
    private static final Argument MODE = in((frame, i) -> octal(frame.number(i)));

    /// A buffer that goes in, with its length behind it.
    private static final Argument SENT = in((frame, i) -> frame.buffer(i, frame.wide(i + 1)));

    /// A buffer of which as much came out as the result says, if not more than there was room for.
    private static final Argument RECEIVED =
            out((frame, i) -> frame.buffer(i, Math.min(frame.result(), frame.wide(i + 1))));

    /// An address that goes in, with its length behind it.
    private static final Argument ADDRESS =
            in((frame, i) -> frame.number(i + 1) > frame.room(i) ? frame.pointer(i)
                    : Addresses.text(frame, frame.wide(i), frame.number(i + 1)));

    /// An address that comes out, its length behind a pointer.
    private static final Argument ADDRESS_OUT = new Argument() {
        @Override
        public Object before(final Frame frame, final int index) {
            return length(frame, index + 1);
        }

        @Override
        public String after(final Frame frame, final int index, final Object before) {
            final Integer now = length(frame, index + 1);
            if (frame.failed() || before == null || now == null) {
                return frame.pointer(index);
            }
            final int room = Math.min((int) before, now);
            return room > frame.room(index) ? frame.pointer(index)
                    : Addresses.text(frame, frame.wide(index), room);
        }
    };

    /// A length that goes in as the room and comes out as what it was needed: `[128 => 16]`.
    private static final Argument LENGTH = new Argument() {
        @Override
        public Object before(final Frame frame, final int index) {
            return length(frame, index);
        }

        @Override
        public String after(final Frame frame, final int index, final Object before) {
            final Integer now = length(frame, index);
            if (before == null || now == null) {
                return frame.pointer(index);
            }
            return frame.failed() || before.equals(now) ? "[" + before + "]" : "[" + before + " => " + now + "]";
        }
    };

    /// A file offset that goes in and comes out moved.
    private static final Argument OFFSET = new Argument() {
        @Override
        public Object before(final Frame frame, final int index) {
            return Structs.LONG.of(frame, index);
        }

        @Override
        public String after(final Frame frame, final int index, final Object before) {
            final String now = Structs.LONG.of(frame, index);
            return frame.failed() || now.equals(before) ? (String) before : before + " => " + now;
        }
    };

    private static final Argument SIGNAL = in((frame, i) -> Structs.signal(frame.number(i)));
    private static final Argument SIGSET = in(Structs.SIGSET);
    private static final Argument TIMESPEC = in(Structs.TIMESPEC);
    private static final Argument POLLFDS = in(Structs::pollfds);
    private static final Argument EPOLL_EVENTS = out(Structs::epollEvents);
    private static final Argument LEVEL = one(Names.LEVELS);
    private static final Argument MESSAGE_FLAGS = bits(Names.MESSAGE_FLAGS);

    private Formats() {
    }

    private static Argument one(final Names names) {
        return in((frame, i) -> names.one(frame.number(i)));
    }

    private static Argument bits(final Names names) {
        return in((frame, i) -> names.bits(Integer.toUnsignedLong(frame.number(i))));
    }

    private static Integer length(final Frame frame, final int index) {
        final byte[] bytes = frame.memory(index, 0, Integer.BYTES);
        return bytes == null ? null : Structs.buffer(bytes).getInt();
    }

    private static String octal(final int mode) {
        return mode == 0 ? "000" : "0" + Integer.toOctalString(mode);
    }

    private static Argument[] of(final Argument... arguments) {
        return arguments;
    }

    // ---- arguments

    /// One for each argument that is written.
    static Argument[] arguments(final Frame frame) {
        return switch (frame.call) {
            case socket -> of(one(Names.FAMILIES), in(Formats::socketType), in(Formats::protocol));
            // With a bare number, as strace has it: only AF_UNIX has pairs, and no protocols.
            case socketpair -> of(one(Names.FAMILIES), in(Formats::socketType), INT, out(Structs.INT_PAIR));
            case bind, connect -> of(INT, ADDRESS, INT);
            case listen -> of(INT, INT);
            case accept, getsockname, getpeername -> of(INT, ADDRESS_OUT, LENGTH);
            case accept4 -> of(INT, ADDRESS_OUT, LENGTH, bits(Names.SOCKET_FLAGS));
            case getsockopt -> of(INT, LEVEL, in(Formats::option), out(Formats::optionOut), LENGTH);
            case setsockopt -> of(INT, LEVEL, in(Formats::option),
                    in((f, i) -> Options.value(f, i, f.number(i + 1))), INT);
            case shutdown -> of(INT, one(Names.SHUTDOWNS));

            case send -> of(INT, SENT, SIZE, MESSAGE_FLAGS);
            case sendto -> of(INT, SENT, SIZE, MESSAGE_FLAGS, ADDRESS, INT);
            case sendmsg -> of(INT, Messages.SENT, MESSAGE_FLAGS);
            case sendmmsg -> of(INT, Messages.SENT_MANY, UNSIGNED, MESSAGE_FLAGS);
            case recv -> of(INT, RECEIVED, SIZE, MESSAGE_FLAGS);
            case recvfrom -> of(INT, RECEIVED, SIZE, MESSAGE_FLAGS, ADDRESS_OUT, LENGTH);
            case recvmsg -> of(INT, Messages.RECEIVED, MESSAGE_FLAGS);
            case recvmmsg -> of(INT, Messages.RECEIVED_MANY, UNSIGNED, MESSAGE_FLAGS, TIMESPEC);
            case read -> of(INT, RECEIVED, SIZE);
            case write -> of(INT, SENT, SIZE);
            case readv -> of(INT, Messages.READ, INT);
            case writev -> of(INT, Messages.WRITTEN, INT);
            case pread -> of(INT, RECEIVED, SIZE, LONG);
            case pwrite -> of(INT, SENT, SIZE, LONG);

            case open -> (frame.number(1) & (O_CREAT | O_TMPFILE & ~O_DIRECTORY)) == 0
                    ? of(STRING, in(Formats::openFlags)) : of(STRING, in(Formats::openFlags), MODE);
            case close, dup -> of(INT);
            case close_range -> of(UNSIGNED, UNSIGNED, bits(Names.CLOSE_RANGE));
            case dup3 -> of(INT, INT, bits(Names.OPEN_FLAGS));
            case pipe2 -> of(out(Structs.INT_PAIR), bits(Names.OPEN_FLAGS));
            case fcntl -> fcntl(frame);
            case ioctl -> ioctl(frame);
            case lseek -> of(INT, LONG, one(Names.WHENCES));
            case ftruncate -> of(INT, LONG);
            case fchmod -> of(INT, MODE);
            case unlink -> of(STRING);
            case chmod -> of(STRING, MODE);

            case poll -> of(POLLFDS, SIZE, INT);
            case ppoll -> of(POLLFDS, SIZE, TIMESPEC, SIGSET);
            case epoll_create -> of(INT);
            case epoll_create1 -> of(bits(Names.EPOLL_CREATE));
            case epoll_ctl -> of(INT, one(Names.EPOLL_CTL), INT,
                    frame.number(1) == EPOLL_CTL_DEL ? POINTER : in(Structs.EPOLL_EVENT));
            case epoll_wait -> of(INT, EPOLL_EVENTS, INT, INT);
            case epoll_pwait -> of(INT, EPOLL_EVENTS, INT, INT, SIGSET);
            case epoll_pwait2 -> of(INT, EPOLL_EVENTS, INT, TIMESPEC, SIGSET);

            case eventfd -> of(UNSIGNED, bits(Names.EVENTFD));
            case timerfd_create -> of(one(Names.CLOCKS), bits(Names.TIMERFD));
            case timerfd_settime -> of(INT, bits(Names.TIMER_FLAGS), in(Structs.ITIMERSPEC), out(Structs.ITIMERSPEC));
            case timerfd_gettime -> of(INT, out(Structs.ITIMERSPEC));
            case signalfd -> of(INT, SIGSET, bits(Names.SIGNALFD));
            case inotify_init1 -> of(bits(Names.INOTIFY));
            case memfd_create -> of(NAME, bits(Names.MEMFD));
            case mmap -> of(POINTER, SIZE, in(Formats::protection), in(Formats::mapFlags), INT,
                    in((f, i) -> f.wide(i) == 0 ? "0" : f.pointer(i)));
            case munmap -> of(POINTER, SIZE);
            case pidfd_open -> of(INT, bits(Names.PIDFD));
            case pidfd_getfd -> of(INT, INT, bits(Names.PIDFD));
            case pidfd_send_signal -> of(INT, SIGNAL, in(Structs.SIGINFO), bits(Names.PIDFD_SIGNAL));

            case sendfile -> of(INT, INT, OFFSET, SIZE);
            case splice -> of(INT, OFFSET, INT, OFFSET, SIZE, bits(Names.SPLICE));
            case tee -> of(INT, INT, SIZE, bits(Names.SPLICE));

            case posix_spawn, posix_spawnp -> of(out(Structs.INT), STRING, POINTER, POINTER, in(Structs::strings),
                    in(Structs::environment));
            case posix_spawn_file_actions_init, posix_spawn_file_actions_destroy, posix_spawnattr_init,
                    posix_spawnattr_destroy -> of(POINTER);
            case posix_spawn_file_actions_adddup2 -> of(POINTER, INT, INT);
            case posix_spawn_file_actions_addclose, posix_spawn_file_actions_addclosefrom_np,
                    posix_spawnattr_setpgroup -> of(POINTER, INT);
            case posix_spawn_file_actions_addchdir_np -> of(POINTER, STRING);
            case posix_spawnattr_setflags -> of(POINTER, bits(Names.SPAWN));
            case posix_spawnattr_setsigmask, posix_spawnattr_setsigdefault -> of(POINTER, SIGSET);
            case waitid -> of(one(Names.ID_TYPES), INT, out(Structs.CHILD), bits(Names.WAIT));
            case getuid, geteuid, getgid, getegid -> of();

            case getrlimit -> of(one(Names.RESOURCES), out(Structs.RLIMIT));
            case setrlimit -> of(one(Names.RESOURCES), in(Structs.RLIMIT));
            case prlimit -> of(INT, one(Names.RESOURCES), in(Structs.RLIMIT), out(Structs.RLIMIT));
            case kill -> of(INT, SIGNAL);
            case raise -> of(SIGNAL);
            case pthread_sigmask -> of(one(Names.SIGNAL_MASKS), SIGSET, out(Structs.SIGSET));
            case clock_gettime -> of(one(Names.CLOCKS), out(Structs.TIMESPEC));

            case if_nametoindex -> of(STRING);
            case if_indextoname -> of(UNSIGNED, out(Frame::string));
            case getaddrinfo -> of(STRING, STRING, in(Formats::hints), out(Structs::addrinfos));
            case freeaddrinfo -> of(POINTER);
            case getnameinfo -> of(ADDRESS, INT, out(Formats::nameOut), UNSIGNED, out(Formats::nameOut), UNSIGNED,
                    bits(Names.NAMEINFO));
        };
    }

    private static String socketType(final Frame frame, final int index) {
        final int type = frame.number(index);
        final int flags = type & ~SOCK_TYPE_MASK;
        final String name = Names.SOCKET_TYPES.one(type & SOCK_TYPE_MASK);
        return flags == 0 ? name : name + "|" + Names.SOCKET_FLAGS.bits(Integer.toUnsignedLong(flags));
    }

    /// The kernel's: what of a type is the type.
    private static final int SOCK_TYPE_MASK = 0xf;

    private static String protocol(final Frame frame, final int index) {
        final int protocol = frame.number(index);
        return switch (frame.number(0)) {
            case AF_INET, AF_INET6 -> Names.PROTOCOLS.one(protocol);
            case AF_NETLINK -> Names.NETLINK.one(protocol);
            case AF_PACKET -> Addresses.etherType(Short.toUnsignedInt(Short.reverseBytes((short) protocol)));
            default -> Integer.toString(protocol);
        };
    }

    private static String option(final Frame frame, final int index) {
        return Options.name(frame.number(index - 1), frame.number(index));
    }

    private static String optionOut(final Frame frame, final int index) {
        final Integer length = length(frame, index + 1);
        return length == null ? frame.pointer(index) : Options.value(frame, index, length);
    }

    private static String openFlags(final Frame frame, final int index) {
        return openFlags(frame.number(index));
    }

    private static String openFlags(final int flags) {
        final String access = Names.ACCESS.one(flags & O_ACCMODE);
        return (flags & ~O_ACCMODE) == 0 ? access
                : access + "|" + Names.OPEN_FLAGS.bits(Integer.toUnsignedLong(flags & ~O_ACCMODE));
    }

    private static String protection(final Frame frame, final int index) {
        return frame.number(index) == PROT_NONE ? "PROT_NONE" : Names.PROTECTIONS.bits(frame.number(index));
    }

    private static String mapFlags(final Frame frame, final int index) {
        final int type = MAP_SHARED | MAP_PRIVATE;
        final int flags = frame.number(index);
        final String name = Names.MAP_TYPES.one(flags & type);
        return (flags & ~type) == 0 ? name
                : name + "|" + Names.MAP_FLAGS.bits(Integer.toUnsignedLong(flags & ~type));
    }

    private static String hints(final Frame frame, final int index) {
        final byte[] hints = frame.memory(index, 0, Addrinfo.SIZEOF);
        return hints == null ? frame.pointer(index) : Structs.addrinfo(frame, hints, false);
    }

    private static String nameOut(final Frame frame, final int index) {
        return frame.number(index + 1) == 0 ? frame.pointer(index) : frame.string(index);
    }

    private static Argument[] fcntl(final Frame frame) {
        final Argument command = one(Names.FCNTL);
        return switch (frame.number(1)) {
            case F_GETFD, F_GETFL, F_GETOWN, F_GETSIG, F_GETPIPE_SZ, F_GET_SEALS, F_GETLEASE -> of(INT, command);
            case F_DUPFD, F_DUPFD_CLOEXEC, F_SETOWN, F_SETPIPE_SZ, F_DUPFD_QUERY -> of(INT, command, INT);
            case F_SETFD -> of(INT, command, bits(Names.FD_FLAGS));
            case F_SETFL -> of(INT, command, in(Formats::openFlags));
            case F_ADD_SEALS -> of(INT, command, bits(Names.SEALS));
            case F_SETSIG -> of(INT, command, SIGNAL);
            case F_SETLEASE -> of(INT, command, one(Names.LOCKS));
            case F_SETLK, F_SETLKW, F_OFD_SETLK, F_OFD_SETLKW -> of(INT, command, in(Structs.FLOCK));
            case F_GETLK, F_OFD_GETLK -> of(INT, command, out(Structs.FLOCK_FOUND));
            case F_SET_RW_HINT, F_SET_FILE_RW_HINT -> of(INT, command, in(Structs.LONG));
            case F_GET_RW_HINT, F_GET_FILE_RW_HINT -> of(INT, command, out(Structs.LONG));
            default -> of(INT, command, in((f, i) -> "0x" + Long.toHexString(
                    f.isPointer(i) ? f.wide(i) : Integer.toUnsignedLong(f.number(i)))));
        };
    }

    private static Argument[] ioctl(final Frame frame) {
        final Argument request = in((f, i) -> request(f.wide(i)));
        return switch ((int) frame.wide(1)) {
            case FIOCLEX, FIONCLEX -> of(INT, request);
            case FIONBIO, FIOASYNC -> of(INT, request, in(Structs.INT));
            case FIONREAD, TIOCOUTQ, SIOCOUTQNSD, SIOCATMARK -> of(INT, request, out(Structs.INT));
            case SIOCGIFINDEX -> of(INT, request, out(Formats::interfaceIndex));
            default -> of(INT, request, POINTER);
        };
    }

    private static String request(final long request) {
        final String name = Names.IOCTLS.find(request);
        if (name != null) {
            return name;
        }
        // _IOC of <asm/ioctl.h>: two bits of direction, 14 of size, 8 of type, 8 of number.
        final String direction = switch ((int) (request >>> 30 & 3)) {
            case 1 -> "_IOC_WRITE";
            case 2 -> "_IOC_READ";
            case 3 -> "_IOC_READ|_IOC_WRITE";
            default -> "_IOC_NONE";
        };
        return String.format("_IOC(%s, 0x%x, 0x%x, 0x%x)", direction, request >>> 8 & 0xff, request & 0xff,
                request >>> 16 & 0x3fff);
    }

    /// `struct ifreq { char ifr_name[IFNAMSIZ]; int ifr_ifindex; … }`.
    private static String interfaceIndex(final Frame frame, final int index) {
        final byte[] request = frame.memory(index, 0, IF_NAMESIZE + Integer.BYTES);
        return request == null ? frame.pointer(index) : "{ifr_name=" + frame.string(index) + ", ifr_ifindex="
                + Structs.buffer(request).getInt(IF_NAMESIZE) + "}";
    }

    // ---- results

    static String result(final Frame frame) {
        final Call call = frame.call;
        final long result = frame.result();
        if (call == Call.getaddrinfo || call == Call.getnameinfo) {
            return result == 0 ? "0" : result + " " + Eai.name((int) result) + " (" + Eai.text((int) result) + ")";
        }
        if (result < 0) {
            return "-1 " + Errno.describe((int) -result);
        }
        return switch (call) {
            case freeaddrinfo -> "?";
            case mmap -> Frame.pointer(result);
            case poll, ppoll -> result == 0 ? "0 (Timeout)" : result + " (" + Structs.revents(frame, 0) + ")";
            case recvmmsg -> result + (frame.wide(4) == 0 ? "" : " (left " + Structs.TIMESPEC.of(frame, 4) + ")");
            case fcntl -> fcntlResult(frame, result);
            default -> Long.toString(result);
        };
    }

    private static String fcntlResult(final Frame frame, final long result) {
        return switch (frame.number(1)) {
            case F_GETFD -> result == 0 ? "0" : Names.hex(result) + " (flags " + Names.FD_FLAGS.bits(result) + ")";
            case F_GETFL -> Names.hex(result) + " (flags " + openFlags((int) result) + ")";
            case F_GET_SEALS -> result == 0 ? "0" : Names.hex(result) + " (seals " + Names.SEALS.bits(result) + ")";
            case F_GETSIG -> result == 0 ? "0" : result + " (" + Structs.signal(result) + ")";
            case F_GETLEASE -> Names.hex(result) + " (" + Names.LOCKS.one(result) + ")";
            default -> Long.toString(result);
        };
    }
}
