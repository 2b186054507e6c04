package io.github.fdsock.sys;

import static io.github.fdsock.sys.Shape.*;

/// The C functions that [Libc] calls, under their C names: one table for links, traces, fault rules and tests.
///
/// It has no side effects and touches nothing native: a program may go through it at build time, for instance to
/// register every downcall with a native image.
///
/// Each constant stands for the method of [Libc] that has its name.
@SuppressWarnings("doclint:missing")
public enum Call {
    // @formatter:off
    socket(LLLLLL), socketpair(LLLPL), bind(LPLL), listen(LLLLLL), accept(LPPL), accept4(LPPL), connect(LPLL),
    getsockname(LPPL), getpeername(LPPL), getsockopt(LLLPP), setsockopt(LLLPL), shutdown(LLLLLL),

    send(LPLL), sendto(LPLLPL), sendmsg(LPLL), sendmmsg(LPLL),
    recv(LPLL), recvfrom(LPLLPP), recvmsg(LPLL), recvmmsg(LPLLPL),
    read(LPLL), write(LPLL), readv(LPLL), writev(LPLL), pread(LPLL), pwrite(LPLL),

    open(PL_L), close(LLLLLL), close_range(LLLLLL, 436), dup(LLLLLL), dup3(LLLLLL), pipe2(PLL), fcntl(LL_L, LL_P),
    ioctl(LL_L, LL_P), lseek(LLLLLL), ftruncate(LLLLLL), fchmod(LLLLLL), unlink(PLL), chmod(PLL),

    poll(PLL), ppoll(PLPP), epoll_create(LLLLLL), epoll_create1(LLLLLL), epoll_ctl(LLLPL), epoll_wait(LPLL),
    epoll_pwait(LPLLPL), epoll_pwait2(LPLPP, 441),

    eventfd(LLLLLL), timerfd_create(LLLLLL), timerfd_settime(LLPP), timerfd_gettime(LPLL), signalfd(LPLL),
    inotify_init1(LLLLLL), memfd_create(PLL), mmap(LLLLLL), munmap(LLLLLL),
    pidfd_open(LLLLLL, 434), pidfd_getfd(LLLLLL, 438), pidfd_send_signal(LLPL, 424),

    sendfile(LLPL), splice(LPLPLL), tee(LLLLLL),

    getrlimit(LPLL), setrlimit(LPLL), prlimit(LLPP), kill(LLLLLL), raise(LLLLLL), pthread_sigmask(LPPL),
    clock_gettime(LPLL),

    posix_spawn(PPPPPP), posix_spawnp(PPPPPP),
    posix_spawn_file_actions_init(PLL), posix_spawn_file_actions_destroy(PLL),
    posix_spawn_file_actions_adddup2(PLL), posix_spawn_file_actions_addclose(PLL),
    posix_spawn_file_actions_addclosefrom_np(PLL), posix_spawn_file_actions_addchdir_np(PPPP),
    posix_spawnattr_init(PLL), posix_spawnattr_destroy(PLL), posix_spawnattr_setflags(PLL),
    posix_spawnattr_setsigmask(PPPP), posix_spawnattr_setsigdefault(PPPP), posix_spawnattr_setpgroup(PLL),
    waitid(LLPL), getuid(LLLLLL), geteuid(LLLLLL), getgid(LLLLLL), getegid(LLLLLL),

    if_nametoindex(PLL), if_indextoname(LPLL), getaddrinfo(PPPP), freeaddrinfo(PLL), getnameinfo(PLPLPLL);
    // @formatter:on

    /// Stands for "has been in every libc for so long that no number is needed".
    static final int NO_NUMBER = -1;

    /// How its arguments lie.
    final Shape shape;

    /// How its arguments lie where the variadic one is a pointer; null where there is only one form.
    final Shape pointerShape;

    /// The system call's number, the same on every architecture since Linux 5.1 gave all of them one table: by it the
    /// kernel is called where a libc is older than the call.
    final int number;

    Call(final Shape shape) {
        this(shape, null, NO_NUMBER);
    }

    Call(final Shape shape, final Shape pointerShape) {
        this(shape, pointerShape, NO_NUMBER);
    }

    Call(final Shape shape, final int number) {
        this(shape, null, number);
    }

    Call(final Shape shape, final Shape pointerShape, final int number) {
        this.shape = shape;
        this.pointerShape = pointerShape;
        this.number = number;
    }
}
