package io.github.fdsock.harness;

import static io.github.fdsock.sys.Constants.EBADF;
import static io.github.fdsock.sys.Constants.SCM_PIDFD;
import static io.github.fdsock.sys.Constants.SCM_RIGHTS;
import static io.github.fdsock.sys.Constants.SOL_SOCKET;

import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.ProcessMemory;
import io.github.fdsock.sys.struct.ControlBuffer;
import io.github.fdsock.sys.struct.Mmsghdr;
import io.github.fdsock.sys.struct.Msghdr;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.stream.IntStream;

/// Which descriptors a call is about: those it works on, those it has made, those it has passed on.
///
/// Closing is not among it, [Ledger] itself looks at the two calls that do. What a call has left in memory is read
/// right after it, on its thread.
final class DescriptorUse {
    private static final int[] NONE = {};

    /// More than the kernel takes, whose limit is 128 KiB at first (`net.core.optmem_max`).
    private static final int MOST_CONTROL = 1 << 20;

    private DescriptorUse() {
    }

    /// The descriptors that the kernel looks up for a call; it answers `EBADF` where one of them is not open.
    static int[] used(final Call call, final Object[] arguments) {
        return switch (call) {
            case bind, listen, accept, accept4, connect, getsockname, getpeername, getsockopt, setsockopt, shutdown,
                    send, sendto, sendmsg, sendmmsg, recv, recvfrom, recvmsg, recvmmsg, read, write, readv, writev,
                    pread, pwrite, dup, dup3, fcntl, ioctl, lseek, ftruncate, fchmod, epoll_wait, epoll_pwait,
                    epoll_pwait2, timerfd_settime, timerfd_gettime, signalfd, pidfd_getfd, pidfd_send_signal ->
                numbers(arguments, 0);
            case epoll_ctl, splice -> numbers(arguments, 0, 2);
            case sendfile, tee -> numbers(arguments, 0, 1);
            case mmap -> numbers(arguments, 4);
            default -> NONE;
        };
    }

    private static int[] numbers(final Object[] arguments, final int... indices) {
        return IntStream.of(indices).map(index -> (int) arguments[index]).toArray();
    }

    /// The descriptors that a call which did not fail has made.
    static int[] made(final Call call, final Object[] arguments, final long result) {
        return switch (call) {
            case socket, accept, accept4, open, dup, dup3, epoll_create, epoll_create1, eventfd, timerfd_create,
                    inotify_init1, memfd_create, pidfd_open, pidfd_getfd -> new int[] {(int) result};
            case signalfd -> (int) arguments[0] == -1 ? new int[] {(int) result} : NONE;
            case fcntl, ioctl -> Made.asksForDescriptor(call, arguments) ? new int[] {(int) result} : NONE;
            case socketpair -> two((MemorySegment) arguments[3]);
            case pipe2 -> two((MemorySegment) arguments[0]);
            case getsockopt -> Made.tellsPidFd(call, arguments)
                    ? new int[] {((MemorySegment) arguments[3]).get(ValueLayout.JAVA_INT_UNALIGNED, 0)}
                    : NONE;
            case recvmsg -> carried((MemorySegment) arguments[1], 1, Msghdr.SIZEOF);
            case recvmmsg -> carried((MemorySegment) arguments[1], result, Mmsghdr.SIZEOF);
            default -> NONE;
        };
    }

    private static int[] two(final MemorySegment fds) {
        return new int[] {fds.getAtIndex(ValueLayout.JAVA_INT_UNALIGNED, 0),
                fds.getAtIndex(ValueLayout.JAVA_INT_UNALIGNED, 1)};
    }

    /// The descriptors that a call sends along, in as many messages as its result says.
    static int[] passed(final Call call, final Object[] arguments, final long result) {
        return switch (call) {
            case sendmsg -> carried((MemorySegment) arguments[1], 1, Msghdr.SIZEOF);
            case sendmmsg -> carried((MemorySegment) arguments[1], result, Mmsghdr.SIZEOF);
            default -> NONE;
        };
    }

    /// The descriptors in the message that a call may have failed for, since one of them was not open: of several the
    /// first that was not sent, of whose error a result of some that were says nothing.
    static int[] notPassed(final Call call, final Object[] arguments, final long result) {
        if (result < 0 && result != -EBADF) {
            return NONE;
        }
        final int sent = (int) Math.max(result, 0);
        return switch (call) {
            // Without a message it is the socket that was not open.
            case sendmsg -> result >= 0 || Parameters.isNull(arguments[1]) ? NONE
                    : carried((MemorySegment) arguments[1], 1, Msghdr.SIZEOF);
            case sendmmsg -> sent >= Parameters.messages(arguments) ? NONE
                    : carried(Parameters.message((MemorySegment) arguments[1], sent), 1, Mmsghdr.SIZEOF);
            default -> NONE;
        };
    }

    /// Those in the control messages of the first `count` messages, each in a struct of `size` bytes.
    private static int[] carried(final MemorySegment messages, final long count, final int size) {
        final IntStream.Builder fds = IntStream.builder();
        for (long i = 0; i < count; i++) {
            final ControlBuffer control = control(messages, i * size);
            while (control.next()) {
                if (control.level() == SOL_SOCKET && (control.type() == SCM_RIGHTS || control.type() == SCM_PIDFD)) {
                    for (int at = 0; at + Integer.BYTES <= control.dataLength(); at += Integer.BYTES) {
                        fds.add(control.dataInt(at));
                    }
                }
            }
        }
        return fds.build().toArray();
    }

    /// A copy of the control messages of one message; empty where there are none, or none that can be read.
    private static ControlBuffer control(final MemorySegment messages, final long offset) {
        final Msghdr message = Msghdr.of(messages.asSlice(offset, Msghdr.SIZEOF));
        final long length = message.controllen();
        final byte[] copy = length <= 0 || length > MOST_CONTROL
                ? null
                : ProcessMemory.read(message.control(), (int) length);
        return copy == null
                ? ControlBuffer.of(MemorySegment.ofArray(new byte[0]))
                : ControlBuffer.of(MemorySegment.ofArray(copy)).received(length);
    }
}
