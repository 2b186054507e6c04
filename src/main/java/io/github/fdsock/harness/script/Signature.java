package io.github.fdsock.harness.script;

import io.github.fdsock.sys.Call;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// What the arguments of a C function are for, which its types do not tell: whether a pointer is read or written, and
/// how much of what it points to counts.
///
/// Not among them are calls that give or take memory (`mmap`, `munmap`), and those that give names.
///
/// @param makesDescriptor whether the result is a descriptor that somebody has to close
record Signature(Call call, List<Parameter> parameters, boolean makesDescriptor) {

    /// The use of an argument.
    enum Use {
        /// Not a pointer: an `int`, or what has 64 bits.
        INT, LONG,
        /// Read by the kernel.
        IN,
        /// Read by the kernel, up to a NUL that the script does not write.
        STRING,
        /// A buffer as long as argument `number` says, of which the result tells how much was filled.
        BYTES,
        /// An address or option, whose length goes in and comes out through the pointer that is argument `number`.
        NAME,
        /// That pointer.
        LENGTH,
        /// Written, `number` bytes; or, to `ioctl` alone, no pointer.
        OUT,
        /// Two descriptors, written.
        DESCRIPTORS,
        /// Read, and written where the script says `=>`.
        IN_OUT,
        /// Room for as many events as argument `number` says, of which the result tells how many there are.
        EVENTS,
        /// A set of signals, read.
        SIGNALS,
        /// Buffers to gather from, or to scatter to.
        IOV_IN, IOV_OUT,
        /// A message to send, or room for one to receive.
        MSG_IN, MSG_OUT,
        /// Several.
        MMSG_IN, MMSG_OUT
    }

    /// One parameter: what it is for, and the number that some uses need.
    record Parameter(Use use, int number) {
        static Parameter parse(final String notation) {
            final String[] parts = notation.split(":");
            return new Parameter(Use.valueOf(parts[0].toUpperCase(Locale.ROOT).replace('-', '_')),
                    parts.length == 1 ? 0 : Integer.parseInt(parts[1]));
        }
    }

    private static final Map<Call, Signature> ALL = new EnumMap<>(Call.class);

    static {
        """
        socket int int int -> fd
        socketpair int int int descriptors
        bind int in int
        listen int int
        accept int name:2 length -> fd
        accept4 int name:2 length int -> fd
        connect int in int
        getsockname int name:2 length
        getpeername int name:2 length
        getsockopt int int int name:4 length
        setsockopt int int int in int
        shutdown int int
        send int in long int
        sendto int in long int in int
        sendmsg int msg-in int
        sendmmsg int mmsg-in int int
        recv int bytes:2 long int
        recvfrom int bytes:2 long int name:5 length
        recvmsg int msg-out int
        recvmmsg int mmsg-out int int in-out
        read int bytes:2 long
        write int in long
        readv int iov-out int
        writev int iov-in int
        pread int bytes:2 long long
        pwrite int in long long
        open string int int -> fd
        close int
        close_range int int int
        dup int -> fd
        dup3 int int int -> fd
        pipe2 descriptors int
        fcntl int int int
        ioctl int long out:4
        lseek int long int
        ftruncate int long
        fchmod int int
        unlink string
        chmod string int
        poll in-out long int
        ppoll in-out long in signals
        epoll_create int -> fd
        epoll_create1 int -> fd
        epoll_ctl int int int in
        epoll_wait int events:2 int int
        epoll_pwait int events:2 int int signals
        epoll_pwait2 int events:2 int in signals
        eventfd int int -> fd
        timerfd_create int int -> fd
        timerfd_settime int int in out:32
        timerfd_gettime int out:32
        signalfd int signals int -> fd
        inotify_init1 int -> fd
        memfd_create string int -> fd
        pidfd_open int int -> fd
        pidfd_getfd int int int -> fd
        pidfd_send_signal int int in int
        sendfile int int in-out long
        splice int in-out int in-out long int
        tee int int long int
        getrlimit int out:16
        setrlimit int in
        prlimit int int in out:16
        kill int int
        raise int
        pthread_sigmask int signals in
        clock_gettime int out:16
        waitid int int out:128 int
        getuid
        geteuid
        getgid
        getegid
        if_nametoindex string
        """.lines().map(Signature::parse).forEach(signature -> ALL.put(signature.call, signature));
    }

    private static Signature parse(final String line) {
        final String[] words = line.replace(" -> fd", "").split(" ");
        return new Signature(Call.valueOf(words[0]), Arrays.stream(words).skip(1).map(Parameter::parse).toList(),
                line.endsWith(" -> fd"));
    }

    /// The signature of a call.
    ///
    /// @throws IllegalArgumentException where there is none of that name
    static Signature of(final String call) {
        for (final Signature signature : ALL.values()) {
            if (signature.call.name().equals(call)) {
                return signature;
            }
        }
        throw new IllegalArgumentException("no call is named " + call + switch (call) {
            case "fork", "vfork", "clone", "clone3", "execve", "posix_spawn" ->
                "; `CHILD = spawn()` starts a process";
            case "exit", "_exit", "exit_group" -> "; `CHILD: +++ exited with 0 +++` lets a process exit";
            default -> Names.similar(call, ALL.keySet().stream().map(Call::name));
        });
    }

    static Map<Call, Signature> all() {
        return ALL;
    }
}
