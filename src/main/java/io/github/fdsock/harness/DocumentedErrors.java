package io.github.fdsock.harness;

import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Errno;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/// With which errnos the calls fail: those of their man pages, and of the pages of the protocols that these refer to.
///
/// Behind `after` stand those that tell of something which has happened or is happening: the descriptor is closed
/// whatever `close` says of it, and a connection that is `EINPROGRESS` is on its way.
final class DocumentedErrors {
    private static final String AFTER = "after";

    private static final String TABLE = """
            socket EACCES EAFNOSUPPORT EINVAL EMFILE ENFILE ENOBUFS ENOMEM EPROTONOSUPPORT
            socketpair EAFNOSUPPORT EFAULT EMFILE ENFILE EOPNOTSUPP EPROTONOSUPPORT
            bind EACCES EADDRINUSE EADDRNOTAVAIL EBADF EFAULT EINVAL ELOOP ENAMETOOLONG ENOENT ENOMEM ENOTDIR
                    ENOTSOCK EROFS
            listen EADDRINUSE EBADF ENOTSOCK EOPNOTSUPP
            accept,accept4 EAGAIN EBADF ECONNABORTED EFAULT EHOSTDOWN EHOSTUNREACH EINTR EINVAL EMFILE ENETDOWN
                    ENETUNREACH ENFILE ENOBUFS ENOMEM ENONET ENOPROTOOPT ENOSR ENOTSOCK EOPNOTSUPP EPERM EPROTO
                    EPROTONOSUPPORT ESOCKTNOSUPPORT ETIMEDOUT
            connect EACCES EADDRINUSE EADDRNOTAVAIL EAFNOSUPPORT EAGAIN EALREADY EBADF ECONNREFUSED ECONNRESET EFAULT
                    EHOSTUNREACH EINTR EISCONN ENETUNREACH ENOENT ENOTSOCK EPERM EPROTOTYPE ETIMEDOUT
                    after EINPROGRESS EINTR
            getsockname EBADF EFAULT EINVAL ENOBUFS ENOTSOCK
            getpeername EBADF EFAULT EINVAL ENOBUFS ENOTCONN ENOTSOCK
            getsockopt,setsockopt EBADF EFAULT EINVAL ENOPROTOOPT ENOTSOCK
            shutdown EBADF EINVAL ENOTCONN ENOTSOCK
            send,sendto,sendmsg,sendmmsg EACCES EAGAIN EALREADY EBADF ECONNREFUSED ECONNRESET EDESTADDRREQ EFAULT
                    EHOSTUNREACH EINTR EINVAL EISCONN EMSGSIZE ENOBUFS ENOMEM ENOTCONN ENOTSOCK EOPNOTSUPP EPERM EPIPE
                    ESRCH ETIMEDOUT ETOOMANYREFS
            recv,recvfrom,recvmsg,recvmmsg EAGAIN EBADF ECONNREFUSED ECONNRESET EFAULT EINTR EINVAL ENOMEM ENOTCONN
                    ENOTSOCK ETIMEDOUT
            read,readv EAGAIN EBADF EFAULT EINTR EINVAL EIO EISDIR
            write,writev EAGAIN EBADF EDESTADDRREQ EDQUOT EFAULT EFBIG EINTR EINVAL EIO ENOSPC EPERM EPIPE
            pread EAGAIN EBADF EFAULT EINTR EINVAL EIO EISDIR ENXIO EOVERFLOW ESPIPE
            pwrite EAGAIN EBADF EDQUOT EFAULT EFBIG EINTR EINVAL EIO ENOSPC ENXIO EOVERFLOW EPERM EPIPE ESPIPE
            open EACCES EBADF EBUSY EDQUOT EEXIST EFAULT EFBIG EINTR EINVAL EISDIR ELOOP EMFILE ENAMETOOLONG ENFILE
                    ENODEV ENOENT ENOMEM ENOSPC ENOTDIR ENXIO EOPNOTSUPP EOVERFLOW EPERM EROFS ETXTBSY EWOULDBLOCK
            close after EBADF EDQUOT EINTR EIO ENOSPC
            close_range EINVAL EMFILE ENOMEM
            dup EBADF EMFILE
            dup3 EBADF EBUSY EINTR EINVAL EMFILE
            pipe2 EFAULT EINVAL EMFILE ENFILE ENOPKG
            fcntl EACCES EAGAIN EBADF EBUSY EDEADLK EFAULT EINTR EINVAL EMFILE ENOLCK ENOTDIR EPERM
            ioctl EBADF EFAULT EINVAL ENOTTY
            lseek EBADF EINVAL ENXIO EOVERFLOW ESPIPE
            ftruncate EBADF EFBIG EINTR EINVAL EIO EPERM EROFS ETXTBSY
            fchmod EBADF EIO EPERM EROFS
            unlink EACCES EBUSY EFAULT EIO EISDIR ELOOP ENAMETOOLONG ENOENT ENOMEM ENOTDIR EPERM EROFS
            chmod EACCES EFAULT EIO ELOOP ENAMETOOLONG ENOENT ENOMEM ENOTDIR EPERM EROFS
            poll,ppoll EFAULT EINTR EINVAL ENOMEM
            epoll_create,epoll_create1 EINVAL EMFILE ENFILE ENOMEM
            epoll_ctl EBADF EEXIST EINVAL ELOOP ENOENT ENOMEM ENOSPC EPERM
            epoll_wait,epoll_pwait,epoll_pwait2 EBADF EFAULT EINTR EINVAL
            eventfd EINVAL EMFILE ENFILE ENODEV ENOMEM
            timerfd_create EINVAL EMFILE ENFILE ENODEV ENOMEM EPERM
            timerfd_settime EBADF ECANCELED EFAULT EINVAL
            timerfd_gettime EBADF EFAULT EINVAL
            signalfd EBADF EINVAL EMFILE ENFILE ENODEV ENOMEM
            inotify_init1 EINVAL EMFILE ENFILE ENOMEM
            memfd_create EFAULT EINVAL EMFILE ENFILE ENOMEM EPERM
            mmap EACCES EAGAIN EBADF EEXIST EINVAL ENFILE ENODEV ENOMEM EOVERFLOW EPERM ETXTBSY
            munmap after EINVAL ENOMEM
            pidfd_open EINVAL EMFILE ENFILE ENODEV ENOMEM ESRCH
            pidfd_getfd EBADF EINVAL EMFILE ENFILE EPERM ESRCH
            pidfd_send_signal EBADF EINVAL EPERM ESRCH
            sendfile EAGAIN EBADF EFAULT EINVAL EIO ENOMEM EOVERFLOW ESPIPE
            splice EAGAIN EBADF EINVAL ENOMEM ESPIPE
            tee EAGAIN EINVAL ENOMEM
            getrlimit EFAULT EINVAL
            setrlimit EFAULT EINVAL EPERM
            prlimit EFAULT EINVAL EPERM ESRCH
            kill EINVAL EPERM ESRCH
            raise EINVAL
            pthread_sigmask EINVAL
            posix_spawn,posix_spawnp E2BIG EACCES EAGAIN EBADF EINVAL EIO EISDIR ELIBBAD ELOOP EMFILE ENAMETOOLONG
                    ENFILE ENOENT ENOEXEC ENOMEM ENOTDIR EPERM ETXTBSY
            posix_spawn_file_actions_init,posix_spawnattr_init ENOMEM
            posix_spawn_file_actions_destroy,posix_spawnattr_destroy after EINVAL
            posix_spawn_file_actions_adddup2,posix_spawn_file_actions_addclose EBADF EINVAL ENOMEM
            posix_spawn_file_actions_addclosefrom_np EBADF ENOMEM ENOSYS
            posix_spawn_file_actions_addchdir_np ENOMEM ENOSYS
            posix_spawnattr_setflags,posix_spawnattr_setpgroup EINVAL
            posix_spawnattr_setsigmask,posix_spawnattr_setsigdefault EINVAL
            waitid ECHILD EINTR EINVAL ESRCH
            clock_gettime EFAULT EINVAL ENODEV
            if_nametoindex ENODEV
            if_indextoname ENXIO
            """;

    private static final Map<Call, List<FaultRule>> RULES = read();

    private DocumentedErrors() {
    }

    private static Map<Call, List<FaultRule>> read() {
        final Map<Call, List<FaultRule>> rules = new EnumMap<>(Call.class);
        // A line that is indented goes on with the one before.
        for (final String line : TABLE.replaceAll("\n +", " ").split("\n")) {
            final String[] words = line.split(" ");
            for (final String name : words[0].split(",")) {
                final Call call = Call.valueOf(name);
                final List<FaultRule> ofCall = new ArrayList<>();
                boolean after = false;
                for (int i = 1; i < words.length; i++) {
                    if (words[i].equals(AFTER)) {
                        after = true;
                    } else {
                        final FaultRule rule = FaultRule.on(call).error(Errno.number(words[i]));
                        ofCall.add(after ? rule.after() : rule);
                    }
                }
                rules.put(call, List.copyOf(ofCall));
            }
        }
        return rules;
    }

    /// A rule for each way in which a call fails; none for those that have no errno.
    static List<FaultRule> of(final Call call) {
        return RULES.getOrDefault(call, List.of());
    }
}
