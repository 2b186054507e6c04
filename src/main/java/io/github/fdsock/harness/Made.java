package io.github.fdsock.harness;

import static io.github.fdsock.sys.Constants.F_DUPFD;
import static io.github.fdsock.sys.Constants.F_DUPFD_CLOEXEC;
import static io.github.fdsock.sys.Constants.SIOCGSKNS;
import static io.github.fdsock.sys.Constants.SOL_SOCKET;
import static io.github.fdsock.sys.Constants.SO_PEERPIDFD;

import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.struct.ForeignMsghdr;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// What a call that succeeds makes, and somebody has to own: nobody does where a fault hides it from the caller, and
/// where a fault makes it up the caller would own something else.
final class Made {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

    /// `msg_len`, behind a `struct msghdr`.
    private static final long MSG_LEN = 56;

    private Made() {
    }

    /// Whether the call makes something each time that it succeeds.
    static boolean always(final Call call) {
        return isDescriptor(call) || switch (call) {
            case socketpair, pipe2, mmap, getaddrinfo, posix_spawn, posix_spawnp, posix_spawn_file_actions_init,
                    posix_spawnattr_init -> true;
            default -> false;
        };
    }

    /// Whether its result is a descriptor, each time that it succeeds.
    private static boolean isDescriptor(final Call call) {
        return switch (call) {
            case socket, accept, accept4, open, dup, dup3, epoll_create, epoll_create1, eventfd, timerfd_create,
                    signalfd, inotify_init1, memfd_create, pidfd_open, pidfd_getfd -> true;
            default -> false;
        };
    }

    /// Whether this call makes something.
    static boolean by(final Call call, final Object... arguments) {
        return always(call) || asksForDescriptor(call, arguments) || isPidFd(call, arguments);
    }

    /// Whether the result of this call is a descriptor, by what it asks for: a duplicate, a socket's network namespace.
    static boolean asksForDescriptor(final Call call, final Object... arguments) {
        return switch (call) {
            case fcntl -> (Integer) arguments[1] == F_DUPFD || (Integer) arguments[1] == F_DUPFD_CLOEXEC;
            case ioctl -> (Long) arguments[1] == SIOCGSKNS;
            default -> false;
        };
    }

    private static boolean isPidFd(final Call call, final Object... arguments) {
        return call == Call.getsockopt && (Integer) arguments[1] == SOL_SOCKET
                && (Integer) arguments[2] == SO_PEERPIDFD;
    }

    /// Whether this call has made a descriptor for a process, and told its number: where that found no room it is there
    /// all the same, and nobody knows it.
    static boolean tellsPidFd(final Call call, final Object... arguments) {
        return isPidFd(call, arguments) && ((MemorySegment) arguments[4]).get(INT, 0) == Integer.BYTES;
    }

    /// Whether what the call makes could be taken back: descriptors in control messages are too many things to be found
    /// again, memory of `getaddrinfo` is reachable by its address only, and a process has begun to do what it does.
    static boolean canBeTakenBack(final Call call) {
        return switch (call) {
            case recvmsg, recvmmsg, getaddrinfo, posix_spawn, posix_spawnp -> false;
            default -> true;
        };
    }

    /// Takes back what a call has made that has succeeded, and whose caller will never know.
    static void takeBack(final Invocation invocation, final long result) {
        final Call call = invocation.call();
        final Object[] arguments = invocation.arguments();
        if (asksForDescriptor(call, arguments)
                || isDescriptor(call) && (call != Call.signalfd || (Integer) arguments[0] == -1)) {
            invocation.make(Call.close, (int) result);
        } else if (tellsPidFd(call, arguments)) {
            invocation.make(Call.close, ((MemorySegment) arguments[3]).get(INT, 0));
        } else if (call == Call.socketpair || call == Call.pipe2) {
            final MemorySegment both = (MemorySegment) arguments[call == Call.socketpair ? 3 : 0];
            invocation.make(Call.close, both.get(INT, 0));
            invocation.make(Call.close, both.get(INT, Integer.BYTES));
        } else if (call == Call.mmap) {
            invocation.make(Call.munmap, result, arguments[1]);
        }
    }

    /// Leaves in the arguments of a call that is not made that it has brought nothing: what an earlier call has left in
    /// the memory, descriptors among it, must not be taken for news.
    static void nothing(final Call call, final Object... arguments) {
        if (call == Call.recvmsg && !Parameters.isNull(arguments[1])) {
            ForeignMsghdr.of((MemorySegment) arguments[1]).takeBackNothing();
        } else if (call == Call.recvmmsg) {
            final MemorySegment messages = (MemorySegment) arguments[1];
            for (int i = 0; i < Parameters.messages(arguments); i++) {
                final MemorySegment message = Parameters.message(messages, i);
                ForeignMsghdr.of(message).takeBackNothing();
                messages.set(INT, message.address() - messages.address() + MSG_LEN, 0);
            }
        }
    }
}
