package io.github.fdsock.harness;

import static io.github.fdsock.sys.Constants.AF_UNSPEC;

import io.github.fdsock.SockAddr;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.struct.ForeignMsghdr;
import io.github.fdsock.sys.struct.Iovec;
import io.github.fdsock.sys.struct.Mmsghdr;
import io.github.fdsock.sys.struct.Msghdr;
import java.lang.foreign.MemorySegment;

/// What the arguments of the calls are: which is a descriptor, an address, a length.
final class Parameters {
    /// Where a call has no such argument.
    static final int NONE = -1;

    private static final int[] NO_DESCRIPTOR = {};
    private static final int[] FIRST = {0};
    private static final int[] FIRST_AND_SECOND = {0, 1};
    private static final int[] FIRST_AND_THIRD = {0, 2};
    private static final int[] FIFTH = {4};

    private static final int UIO_MAXIOV = 1024;

    private Parameters() {
    }

    /// Which arguments are descriptors.
    static int[] descriptors(final Call call) {
        return switch (call) {
            case socket, socketpair, open, close_range, pipe2, unlink, chmod, poll, ppoll, epoll_create, epoll_create1,
                    eventfd, timerfd_create, inotify_init1, memfd_create, munmap, pidfd_open, getrlimit, setrlimit,
                    prlimit, kill, raise, pthread_sigmask, clock_gettime, if_nametoindex, if_indextoname, getaddrinfo,
                    freeaddrinfo, getnameinfo, posix_spawn, posix_spawnp, posix_spawn_file_actions_init,
                    posix_spawn_file_actions_destroy, posix_spawn_file_actions_adddup2,
                    posix_spawn_file_actions_addclose, posix_spawn_file_actions_addclosefrom_np,
                    posix_spawn_file_actions_addchdir_np, posix_spawnattr_init, posix_spawnattr_destroy,
                    posix_spawnattr_setflags, posix_spawnattr_setsigmask, posix_spawnattr_setsigdefault,
                    posix_spawnattr_setpgroup, waitid, getuid, geteuid, getgid, getegid -> NO_DESCRIPTOR;
            case mmap -> FIFTH;
            case dup3, sendfile, tee -> FIRST_AND_SECOND;
            case epoll_ctl, splice -> FIRST_AND_THIRD;
            default -> FIRST;
        };
    }

    /// Whether a descriptor is among the arguments.
    static boolean has(final Call call, final Object[] arguments, final int fd) {
        for (final int index : descriptors(call)) {
            if ((Integer) arguments[index] == fd) {
                return true;
            }
        }
        return false;
    }

    /// Whether the call is one on a socket, which has addresses.
    static boolean isOfSocket(final Call call) {
        return switch (call) {
            case bind, listen, accept, accept4, connect, getsockname, getpeername, getsockopt, setsockopt, shutdown,
                    send, sendto, sendmsg, sendmmsg, recv, recvfrom, recvmsg, recvmmsg, read, write, readv, writev,
                    close -> true;
            default -> false;
        };
    }

    /// The address that a call names; null where it names none.
    static SockAddr address(final Call call, final Object... arguments) {
        final MemorySegment name;
        final int length;
        switch (call) {
            case bind, connect -> {
                name = (MemorySegment) arguments[1];
                length = (Integer) arguments[2];
            }
            case sendto -> {
                name = (MemorySegment) arguments[4];
                length = (Integer) arguments[5];
            }
            case sendmsg -> {
                name = isNull(arguments[1]) ? MemorySegment.NULL
                        : ForeignMsghdr.of((MemorySegment) arguments[1]).name();
                length = (int) name.byteSize();
            }
            default -> {
                return null;
            }
        }
        final SockAddr address = name.isNative() && name.address() == 0 ? null : SockAddr.decode(name, length);
        return address == null || address.family() == AF_UNSPEC ? null : address;
    }

    /// Which argument is the number of bytes; [#NONE] also where that has to be added up.
    static int lengthIndex(final Call call) {
        return switch (call) {
            case munmap, mmap, ftruncate -> 1;
            case send, sendto, recv, recvfrom, read, write, pread, pwrite, tee -> 2;
            case sendfile -> 3;
            case splice -> 4;
            default -> NONE;
        };
    }

    /// Whether the call has a number of bytes.
    static boolean hasLength(final Call call) {
        return lengthIndex(call) != NONE || isScattered(call);
    }

    /// Whether the call moves bytes, and may move fewer than it was asked to.
    static boolean transfers(final Call call) {
        return hasLength(call) && call != Call.mmap && call != Call.munmap && call != Call.ftruncate;
    }

    private static boolean isScattered(final Call call) {
        return switch (call) {
            case readv, writev, sendmsg, recvmsg, sendmmsg, recvmmsg -> true;
            default -> false;
        };
    }

    /// How many bytes a call is about; of several messages, the longest.
    static long length(final Call call, final Object... arguments) {
        final int index = lengthIndex(call);
        if (index != NONE) {
            return (Long) arguments[index];
        }
        return switch (call) {
            case readv, writev -> ForeignMsghdr.length(buffers(arguments));
            case sendmsg, recvmsg -> isNull(arguments[1]) ? 0
                    : ForeignMsghdr.of((MemorySegment) arguments[1]).length();
            case sendmmsg, recvmmsg -> {
                long longest = 0;
                for (int i = 0; i < messages(arguments); i++) {
                    longest = Math.max(longest, ForeignMsghdr.of(message((MemorySegment) arguments[1], i)).length());
                }
                yield longest;
            }
            default -> throw new IllegalArgumentException(call + " has no length");
        };
    }

    /// The array of `readv` and `writev`; empty where the kernel refuses it.
    static MemorySegment buffers(final Object... arguments) {
        final int count = (Integer) arguments[2];
        return isNull(arguments[1]) || count < 0 || count > UIO_MAXIOV ? MemorySegment.NULL
                : ((MemorySegment) arguments[1]).asSlice(0, (long) count * Iovec.SIZEOF);
    }

    /// How many messages of `sendmmsg` and `recvmmsg` lie in the memory.
    static int messages(final Object... arguments) {
        return isNull(arguments[1]) ? 0 : (int) Math.min(Integer.toUnsignedLong((Integer) arguments[2]),
                ((MemorySegment) arguments[1]).byteSize() / Mmsghdr.SIZEOF);
    }

    /// The header of one of several messages.
    static MemorySegment message(final MemorySegment messages, final int index) {
        return messages.asSlice((long) index * Mmsghdr.SIZEOF, Msghdr.SIZEOF);
    }

    static boolean isNull(final Object argument) {
        return ((MemorySegment) argument).address() == 0;
    }
}
