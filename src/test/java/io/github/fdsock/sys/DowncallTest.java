package io.github.fdsock.sys;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.sys.struct.EpollEvents;
import io.github.fdsock.sys.struct.Sigset;
import io.github.fdsock.sys.struct.Timespec;
import io.github.fdsock.testing.WithoutLedger;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Functions that a libc does not have are called by their number, and every thread sees its own errno.
@Timeout(120)
@WithoutLedger("makes calls beneath the seam")
class DowncallTest {

    /// A libc older than all that is newer than `syscall`.
    private static final SymbolLookup OLD_LIBC = name -> name.equals("syscall")
            ? Platform.LIBC.find(name) : Optional.empty();

    private static MethodHandle byNumber(Call call) {
        return Downcall.link(call, call.shape, OLD_LIBC);
    }

    private static int eventfd() {
        final int fd = Libc.eventfd(0, EFD_CLOEXEC);
        assertThat(fd).isNotNegative();
        return fd;
    }

    @Test
    void closeRangeWorksByItsNumber() {
        final int fd = eventfd();
        final MethodHandle close_range = byNumber(Call.close_range);
        assertThat(Downcall.result((int) Downcall.llllll(close_range, fd, fd, 1 << 30, 0, 0, 0))).isEqualTo(-EINVAL);
        assertThat(Libc.fcntl(fd, F_GETFD, 0)).isEqualTo(FD_CLOEXEC);
        assertThat(Downcall.result((int) Downcall.llllll(close_range, fd, fd, 0, 0, 0, 0))).isZero();
        assertThat(Libc.fcntl(fd, F_GETFD, 0)).isEqualTo(-EBADF);
    }

    /// With a signal mask, whose size the bare system call wants to know: anything but 8 is EINVAL.
    @Test
    void epollPwait2WorksByItsNumber() {
        try (Arena arena = Arena.ofConfined()) {
            final MethodHandle epoll_pwait2 = byNumber(Call.epoll_pwait2);
            final int epfd = Libc.epoll_create1(EPOLL_CLOEXEC);
            final int fd = Libc.eventfd(1, EFD_CLOEXEC);
            final EpollEvents events = EpollEvents.allocate(arena, 2).set(0, EPOLLIN, 42);
            assertThat(Libc.epoll_ctl(epfd, EPOLL_CTL_ADD, fd, events.segment())).isZero();
            events.set(0, 0, 0);
            final Timespec zero = Timespec.allocate(arena);
            assertThat(Downcall.result((int) Downcall.lplpp(epoll_pwait2, epfd, events.segment(), 2,
                    zero.segment(), Sigset.allocate(arena).segment()))).isEqualTo(1);
            assertThat(events.data(0)).isEqualTo(42);
            assertThat(Downcall.result((int) Downcall.lplpp(epoll_pwait2, epfd, events.segment(), 2,
                    zero.nsec(1_000_000_000).segment(), MemorySegment.NULL))).isEqualTo(-EINVAL);
            assertThat(Libc.close(fd)).isZero();
            assertThat(Libc.close(epfd)).isZero();
        }
    }

    @Test
    void pidfdsWorkByTheirNumbers() {
        final int self = (int) ProcessHandle.current().pid();
        final int pidfd = Downcall.result((int) Downcall.llllll(byNumber(Call.pidfd_open), self, 0, 0, 0, 0, 0));
        assertThat(pidfd).isNotNegative();
        assertThat(Downcall.result((int) Downcall.llllll(byNumber(Call.pidfd_open), -1, 0, 0, 0, 0, 0)))
                .isEqualTo(-EINVAL);

        final int fd = Libc.eventfd(0, EFD_CLOEXEC);
        final MethodHandle pidfd_getfd = byNumber(Call.pidfd_getfd);
        final int copy = Downcall.result((int) Downcall.llllll(pidfd_getfd, pidfd, fd, 0, 0, 0, 0));
        assertThat(copy).isNotNegative().isNotEqualTo(fd);
        assertThat(Downcall.result((int) Downcall.llllll(pidfd_getfd, pidfd, fd, 1, 0, 0, 0))).isEqualTo(-EINVAL);

        final MethodHandle pidfd_send_signal = byNumber(Call.pidfd_send_signal);
        assertThat(Downcall.result((int) Downcall.llpl(pidfd_send_signal, pidfd, 0, MemorySegment.NULL, 0))).isZero();
        assertThat(Downcall.result((int) Downcall.llpl(pidfd_send_signal, pidfd, 999, MemorySegment.NULL, 0)))
                .isEqualTo(-EINVAL);
        for (int each : new int[]{copy, fd, pidfd}) {
            assertThat(Libc.close(each)).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource
    void whatALibcLacksAndHasNoNumberIsNamed(Call call) {
        if (call.number == Call.NO_NUMBER) {
            assertThatThrownBy(() -> byNumber(call)).isInstanceOf(UnsatisfiedLinkError.class)
                    .hasMessageContaining(call.name());
        } else {
            assertThatThrownBy(() -> Downcall.link(call, call.shape, _ -> Optional.empty()))
                    .isInstanceOf(UnsatisfiedLinkError.class).hasMessageContaining("syscall");
        }
    }

    @Test
    void whatALibcLacksAndNoKernelHasIsNotLinked() {
        final Call call = Call.posix_spawn_file_actions_addclosefrom_np;
        assertThat(Downcall.linkIfPresent(call, OLD_LIBC)).isNull();
        assertThat(Downcall.linkIfPresent(call, Platform.LIBC)).isNotNull();
    }

    /// A call that fails, and with what.
    private record Failing(IntSupplier call, int errno) {
    }

    private static List<Failing> failing(MemorySegment nowhere) {
        return List.of(
                new Failing(() -> Libc.close(-1), EBADF),
                new Failing(() -> Libc.epoll_create(0), EINVAL),
                new Failing(() -> Libc.socket(9999, SOCK_STREAM, 0), EAFNOSUPPORT),
                new Failing(() -> Libc.kill(Integer.MAX_VALUE, 0), ESRCH),
                new Failing(() -> Libc.unlink(nowhere), ENOENT),
                new Failing(() -> Libc.getsockname(0, MemorySegment.NULL, MemorySegment.NULL), ENOTSOCK),
                new Failing(() -> Libc.pipe2(MemorySegment.NULL, 0), EFAULT),
                new Failing(() -> (int) Libc.mmap(0, 1L << 62, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), ENOMEM));
    }

    /// Many threads fail differently at the same time; between a call and the look at its errno each lets others run.
    private static Callable<Void> failOften(Failing failing, CountDownLatch all, int times) {
        return () -> {
            all.countDown();
            all.await();
            for (int i = 0; i < times; i++) {
                assertThat(failing.call.getAsInt()).isEqualTo(-failing.errno);
                Thread.yield();
                assertThat(Libc.errno()).isEqualTo(failing.errno);
            }
            return null;
        };
    }

    private static void failOnThreadsOf(ExecutorService executor, int threads, int times) throws Exception {
        try (executor; Arena arena = Arena.ofShared()) {
            final List<Failing> failing = failing(arena.allocateFrom("/nowhere/at/all"));
            final CountDownLatch all = new CountDownLatch(threads);
            final List<Future<Void>> ends = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                ends.add(executor.submit(failOften(failing.get(i % failing.size()), all, times)));
            }
            for (Future<Void> end : ends) {
                end.get();
            }
        }
    }

    @Test
    void everyPlatformThreadSeesItsOwnErrno() throws Exception {
        failOnThreadsOf(Executors.newThreadPerTaskExecutor(Thread.ofPlatform().factory()), 16, 2_000);
    }

    @Test
    void everyVirtualThreadSeesItsOwnErrno() throws Exception {
        failOnThreadsOf(Executors.newVirtualThreadPerTaskExecutor(), 200, 200);
    }

    @Test
    void successLeavesErrnoAlone() {
        assertThat(Libc.close(-1)).isEqualTo(-EBADF);
        final int fd = eventfd();
        assertThat(Libc.close(fd)).isZero();
        assertThat(Libc.errno()).isEqualTo(EBADF);
    }
}
