package io.github.fdsock;

import static io.github.fdsock.sys.Constants.EAGAIN;
import static io.github.fdsock.sys.Constants.EBADF;
import static io.github.fdsock.sys.Constants.EINTR;
import static io.github.fdsock.sys.Constants.FD_CLOEXEC;
import static io.github.fdsock.sys.Constants.F_DUPFD_CLOEXEC;
import static io.github.fdsock.sys.Constants.F_GETFD;
import static io.github.fdsock.sys.Constants.F_GETFL;
import static io.github.fdsock.sys.Constants.F_SETFD;
import static io.github.fdsock.sys.Constants.F_SETFL;
import static io.github.fdsock.sys.Constants.O_CLOEXEC;
import static io.github.fdsock.sys.Constants.O_NONBLOCK;

import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.Iovec;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.channels.AsynchronousCloseException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;

/// One file descriptor, and the duty to close it.
///
/// **Ownership.** An `Fd` comes from a call that makes a descriptor, or from [#adopt] of a number that came from
/// anywhere else; from then on it is the only one that may close that number. [#close] closes it once, however often it
/// is called; [#release] gives the number away instead. Nothing closes a forgotten one, which [FdLeak] finds. Two `Fd`s
/// are never equal: a number that is used again belongs to another object.
///
/// **Threads.** Any thread may use and close it. A call that is under way keeps the number alive: [#close] from
/// another thread makes every later use fail at once, wakes what is blocked where the kind can be woken (a socket is
/// shut down, see [SocketFd#close]), and the number goes back to the kernel when the last call has returned. So no call
/// ever reaches a descriptor that came to the number afterwards.
///
/// **After close.** Every method but [#close], [#isOpen] and [#toString] throws an [IllegalStateException] that says by
/// which thread the descriptor was closed and, where assertions are enabled for this class, its cause is the place.
///
/// **Descriptors are born close-on-exec**, whichever way they are made. One that is adopted stays as it was.
public class Fd implements Closeable {
    /// Above the count of calls under way, below the sign.
    private static final int CLOSED = 0x8000_0000;

    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(Fd.class, "state", int.class);
        } catch (final ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final int fd;

    /// The number of calls under way, and [#CLOSED].
    private volatile int state;

    /// The thread that ended it: set once, right after [#CLOSED] was; null for the moment in between. No object of its
    /// own holds this and the next two, since most descriptors that are received are closed soon.
    private volatile String endedBy;

    /// Whether it was given away rather than closed.
    private boolean givenAway;

    /// Where, with assertions on.
    private Throwable place;

    /// Takes the number; for the kinds.
    Fd(final int fd) {
        if (fd < 0) {
            throw new IllegalArgumentException("a file descriptor of " + fd);
        }
        this.fd = fd;
        final FdLeak.Watch watch = FdLeak.watch;
        if (watch != null) {
            watch.begin(this, fd);
        }
    }

    /// Takes in a descriptor that came from anywhere: inherited, received, made by other code.
    ///
    /// Nothing about it is changed, neither close-on-exec nor its status flags.
    ///
    /// @param fd the number, open, and owned by the returned object from now on
    /// @return its owner
    /// @throws IllegalArgumentException where `fd` is negative
    /// @throws ErrnoException `EBADF`: it is not open
    public static Fd adopt(final int fd) throws ErrnoException {
        return new Fd(requireOpen(fd));
    }

    /// `open(path, flags | O_CLOEXEC, mode)`: opens a file, to be read and written here or passed to another process.
    ///
    /// Opening a FIFO waits for the other end, and a wait that a signal interrupts goes on.
    ///
    /// @param path the file, of the default file system; a relative one counts from where the JVM was started
    /// @param flags `O_RDONLY`, `O_WRONLY` or `O_RDWR`, with `O_CREAT`, `O_EXCL`, `O_APPEND`, `O_NONBLOCK`, …
    /// @param mode the access rights of a file that is made, `0644` in octal, of which the umask takes some away
    /// @return the descriptor, owned by the caller
    /// @throws IllegalArgumentException where the path is one of another file system, or has bytes that its text does
    ///         not show
    /// @throws ErrnoException `ENOENT`, `EACCES`, `EEXIST`, `ENXIO`: a socket, or a FIFO nobody reads; `EMFILE`,
    ///         `ENFILE`: no free descriptor; …
    public static Fd openFile(final Path path, final int flags, final int mode) throws ErrnoException {
        final byte[] bytes = fileName(path);
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment pathname = arena.allocate(bytes.length + 1L);
            MemorySegment.copy(bytes, 0, pathname, ValueLayout.JAVA_BYTE, 0, bytes.length);
            int fd;
            do {
                fd = Libc.open(pathname, flags | O_CLOEXEC, mode);
            } while (fd == -EINTR);
            if (fd < 0) {
                throw ErrnoException.of(-fd, "open", "\"" + path + '"', "0x" + Integer.toHexString(flags | O_CLOEXEC),
                        "0" + Integer.toOctalString(mode));
            }
            return new Fd(fd);
        }
    }

    private static byte[] fileName(final Path path) {
        if (path.getFileSystem() != FileSystems.getDefault()) {
            throw new IllegalArgumentException("not a path of the default file system: " + path.toUri());
        }
        final String text = path.toString();
        final byte[] bytes = AddressText.encode(text, AddressText.FILE_NAMES);
        if (!Path.of(text).equals(path)) {
            throw new IllegalArgumentException("a path with bytes that are no " + AddressText.FILE_NAMES + " text: "
                    + path.toUri());
        }
        return bytes;
    }

    /// `fd`, if it is an open descriptor.
    static int requireOpen(final int fd) throws ErrnoException {
        if (fd < 0) {
            throw new IllegalArgumentException("a file descriptor of " + fd);
        }
        ErrnoException.check(Libc.fcntl(fd, F_GETFD, 0), "fcntl", fd, "F_GETFD");
        return fd;
    }

    /// Refuses a descriptor of something else than the caller takes it for, by what `/proc` says of it. Where that is
    /// not mounted nothing says what it is, and it is taken at the caller's word.
    static void requireKind(final int fd, final String wanted, final String prefix) throws ErrnoException {
        requireOpen(fd);
        final String target = target(fd);
        if (target != null && !target.startsWith(prefix)) {
            throw wrongKind(fd, wanted);
        }
    }

    static IllegalArgumentException wrongKind(final int fd, final String wanted) {
        final String target = target(fd);
        return new IllegalArgumentException("fd " + fd + " is " + (target == null ? "" : target + ", ") + "not " + wanted);
    }

    /// What `/proc/self/fd` says of a descriptor: `socket:[4711]`, `anon_inode:[eventfd]`, the path of a file; null
    /// where it says nothing.
    static String target(final int fd) {
        try {
            return Files.readSymbolicLink(Path.of("/proc/self/fd", Integer.toString(fd))).toString();
        } catch (final IOException e) {
            return null;
        }
    }

    /// The number, to be handed to a call that this library does not make. It stays ours: valid until [#close].
    ///
    /// @return the descriptor
    /// @throws IllegalStateException where it is closed
    public final int intValue() {
        if (state < 0) {
            throw closed();
        }
        return fd;
    }

    /// Gives the descriptor away: whoever takes the number closes it. This object then counts as closed.
    ///
    /// @return the descriptor
    /// @throws IllegalStateException where it is closed, or a call on it is under way
    public final int release() {
        if (!STATE.compareAndSet(this, 0, CLOSED)) {
            if (state < 0) {
                throw closed();
            }
            throw new IllegalStateException(this + " is in use by another thread and cannot be given away");
        }
        ended(true);
        return fd;
    }

    /// Whether it is still ours.
    ///
    /// @return false after [#close] or [#release]
    public final boolean isOpen() {
        return state >= 0;
    }

    /// `close(fd)`: gives the number back, once. Later calls do nothing.
    ///
    /// Never retried: when Linux reports `EINTR` the number is free already and may belong to somebody else.
    /// Where calls are under way in other threads, the last of them closes, see the class.
    ///
    /// @throws IllegalStateException where the number was closed behind this object's back (`EBADF`)
    /// @throws ErrnoException `EIO`, `ENOSPC`, `EDQUOT`: earlier writes to a file were lost; the number is free
    @Override
    public void close() throws ErrnoException {
        int before;
        do {
            before = state;
            if (before < 0) {
                return;
            }
            // Whoever has to wake others counts as one of them, lest the last of them free the number before that.
        } while (!STATE.weakCompareAndSet(this, before, before == 0 ? CLOSED : before + 1 | CLOSED));
        ended(false);
        if (before == 0) {
            closeNow();
            return;
        }
        try {
            wake(fd);
        } finally {
            leave();
        }
    }

    /// Makes calls of other threads that are blocked on this descriptor return, where its kind has a way to.
    void wake(final int number) {
    }

    private void closeNow() throws ErrnoException {
        closeNow(fd);
    }

    /// Closes a number that is ours, and has no object.
    static void closeNow(final int fd) throws ErrnoException {
        final int result = Libc.close(fd);
        if (result == -EBADF) {
            throw new IllegalStateException("close(" + fd
                    + ") = -1 EBADF: somebody else has closed a descriptor that was ours");
        }
        if (result < 0 && result != -EINTR) {
            throw ErrnoException.of(-result, "close", fd);
        }
    }

    /// Begins a call that this library does not make, or a series of them: the number stays valid until [#leave], whoever
    /// closes it meanwhile. [#intValue] gives no such promise.
    ///
    /// While it lasts a [#close] by others wakes what is blocked, as with any call under way, and [#release] is refused.
    /// Nothing is allocated.
    ///
    /// @return the descriptor
    /// @throws IllegalStateException where it is closed
    public final int enter() {
        for (;;) {
            final int before = state;
            if (before < 0) {
                throw closed();
            }
            if (STATE.weakCompareAndSet(this, before, before + 1)) {
                return fd;
            }
        }
    }

    /// Ends what [#enter] began, once for each; and closes where the owner has wanted that in the meantime.
    ///
    /// @throws ErrnoException as [#close], where this closes
    public final void leave() throws ErrnoException {
        if ((int) STATE.getAndAdd(this, -1) == CLOSED + 1) {
            closeNow();
        }
    }

    /// For a result that may be due to a [#close] in another thread: the JDK's exception for just that.
    final void checkNotClosedMeanwhile() throws AsynchronousCloseException {
        if (state < 0) {
            throw new AsynchronousCloseException();
        }
    }

    private void ended(final boolean byGivingAway) {
        final FdLeak.Watch watch = FdLeak.watch;
        if (watch != null) {
            watch.end(fd);
        }
        givenAway = byGivingAway;
        assert (place = new Throwable("here the descriptor was " + (byGivingAway ? "given away" : "closed"))) != null;
        endedBy = Thread.currentThread().getName();
    }

    private IllegalStateException closed() {
        final String thread = endedBy;
        return thread == null
                ? new IllegalStateException("fd " + fd + " is being closed")
                : new IllegalStateException("fd " + fd + " was " + (givenAway ? "given away" : "closed")
                        + " by thread \"" + thread + "\"", place);
    }

    // ---- what every descriptor can do

    /// `open("/proc/self/fd/…", flags | O_CLOEXEC)`: opens what this is a descriptor of once more, with a position and
    /// status flags of its own, which nobody shares: a file, an end of a pipe, a FIFO, a device. Of a terminal that
    /// others use too, `O_NONBLOCK` then is this one's alone.
    ///
    /// A FIFO for reading that nobody writes to at that moment tells nobody of its end, before somebody has come and
    /// gone.
    ///
    /// @param flags as at [#openFile]: `O_NOCTTY` for terminals
    /// @return the other one, owned by the caller; this one stays as it is
    /// @throws ErrnoException `ENXIO`: a socket, an eventfd and the like, or a FIFO to write to that nobody reads;
    ///         `EACCES`: the rights of the file count anew; `ENOENT`: `/proc` is not mounted; else as [#openFile]
    /// @see <a href="https://man7.org/linux/man-pages/man5/proc_pid_fd.5.html">proc_pid_fd(5)</a>
    public final Fd reopen(final int flags) throws ErrnoException {
        final int number = enter();
        try {
            return openFile(Path.of("/proc/self/fd", Integer.toString(number)), flags, 0);
        } finally {
            leave();
        }
    }

    /// `fcntl(fd, F_DUPFD_CLOEXEC, 0)`: a second descriptor of the same open file, with an owner of its own.
    ///
    /// Both share offset and status flags (`O_NONBLOCK` too), and an epoll instance goes on reporting the one while the
    /// other is open.
    ///
    /// @return the owner of the new one
    /// @throws ErrnoException `EMFILE`: no free number
    public Fd dup() throws ErrnoException {
        return new Fd(duplicate());
    }

    final int duplicate() throws ErrnoException {
        return ErrnoException.check(fcntl(F_DUPFD_CLOEXEC, 0), "fcntl", fd, "F_DUPFD_CLOEXEC", 0);
    }

    /// `fcntl(fd, F_GETFD)`: whether it is closed when a program is executed.
    ///
    /// @return whether `FD_CLOEXEC` is set
    /// @throws ErrnoException as `fcntl(2)` has it
    public final boolean closeOnExec() throws ErrnoException {
        return (ErrnoException.check(fcntl(F_GETFD, 0), "fcntl", fd, "F_GETFD") & FD_CLOEXEC) != 0;
    }

    /// `fcntl(fd, F_SETFD, …)`: whether it shall be closed when a program is executed.
    ///
    /// @param on true as it is from birth; false to let a child have it
    /// @throws ErrnoException as `fcntl(2)` has it
    public final void closeOnExec(final boolean on) throws ErrnoException {
        final int flags = ErrnoException.check(fcntl(F_GETFD, 0), "fcntl", fd, "F_GETFD");
        final int wanted = on ? flags | FD_CLOEXEC : flags & ~FD_CLOEXEC;
        ErrnoException.check(fcntl(F_SETFD, wanted), "fcntl", fd, "F_SETFD", wanted);
    }

    /// `fcntl(fd, F_GETFL)`: whether calls return `EAGAIN` instead of waiting.
    ///
    /// @return whether `O_NONBLOCK` is set
    /// @throws ErrnoException as `fcntl(2)` has it
    public final boolean nonBlocking() throws ErrnoException {
        return (ErrnoException.check(fcntl(F_GETFL, 0), "fcntl", fd, "F_GETFL") & O_NONBLOCK) != 0;
    }

    /// `fcntl(fd, F_SETFL, …)`: whether calls shall return `EAGAIN` instead of waiting. Other status flags stay.
    ///
    /// The flag belongs to the open file, not to the number: whoever shares it by `dup`, `fork` or a passed descriptor
    /// sees the change.
    ///
    /// @param on whether `O_NONBLOCK` shall be set
    /// @throws ErrnoException as `fcntl(2)` has it
    public final void nonBlocking(final boolean on) throws ErrnoException {
        final int flags = ErrnoException.check(fcntl(F_GETFL, 0), "fcntl", fd, "F_GETFL");
        final int wanted = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
        if (wanted != flags) {
            ErrnoException.check(fcntl(F_SETFL, wanted), "fcntl", fd, "F_SETFL", wanted);
        }
    }

    /// `fcntl(fd, cmd, arg)`: the raw form, for every command with an `int` argument or none.
    ///
    /// @param command `F_…`
    /// @param argument its argument, 0 where it takes none
    /// @return what the call returned, or `-errno`
    /// @throws ErrnoException as [#close], where another thread has closed it meanwhile
    public final int fcntl(final int command, final int argument) throws ErrnoException {
        final int number = enter();
        try {
            return Libc.fcntl(number, command, argument);
        } finally {
            leave();
        }
    }

    /// `ioctl(fd, request, &value)` for requests that store an `int`.
    final int ioctlInt(final long request, final String name) throws ErrnoException {
        final MemorySegment value = Scratch.current().cells();
        final int number = enter();
        try {
            ErrnoException.check(Libc.ioctl(number, request, value), "ioctl", fd, name);
            return value.get(ValueLayout.JAVA_INT, 0);
        } finally {
            leave();
        }
    }

    /// `ppoll(fd, events, timeout)`: waits until one of `events` is there.
    ///
    /// Interruptions by signals (`EINTR`) do not lengthen the wait: it goes on for what is left.
    ///
    /// @param events `POLLIN`, `POLLOUT`, …; `POLLERR` and `POLLHUP` come unasked
    /// @param timeoutNanos at most so long; 0 looks and returns; negative waits without limit
    /// @return the events there, 0 when the time is over
    /// @throws ErrnoException as `poll(2)` has it
    /// @throws AsynchronousCloseException the descriptor was closed by another thread meanwhile
    public final int await(final int events, final long timeoutNanos) throws IOException {
        enter();
        try {
            return awaitEntered(events, timeoutNanos);
        } finally {
            leave();
        }
    }

    /// [#await] within a call that holds the number already.
    final int awaitEntered(final int events, final long timeoutNanos) throws IOException {
        // Not every kind can be woken, once it waits.
        checkNotClosedMeanwhile();
        final int result = Waiting.poll(fd, events, timeoutNanos);
        checkNotClosedMeanwhile();
        if (result < 0) {
            throw ErrnoException.of(-result, "ppoll", fd, timeoutNanos);
        }
        return result;
    }

    // ---- reading and writing

    /// `read(fd, buf, count)`: reads what is there, at most the segment's size.
    ///
    /// On a socket that may carry descriptors this silently throws them away.
    ///
    /// @param into where to, in native memory
    /// @return the number of bytes, 0 at the end; `-EAGAIN` where it would have to wait, the only negative result
    /// @throws ErrnoException as `read(2)` has it
    /// @throws AsynchronousCloseException the descriptor was closed by another thread meanwhile
    public long read(final MemorySegment into) throws IOException {
        final int number = enter();
        try {
            long n;
            do {
                n = Libc.read(number, into, into.byteSize());
            } while (n == -EINTR && isOpen());
            return flow(n, "read", into.byteSize());
        } finally {
            leave();
        }
    }

    /// `read(fd, buf, count)` into the space between the buffer's position and limit; the position moves.
    ///
    /// @param into where to
    /// @return as [#read(MemorySegment)]
    /// @throws ErrnoException as `read(2)` has it
    /// @throws AsynchronousCloseException the descriptor was closed by another thread meanwhile
    public final long read(final ByteBuffer into) throws IOException {
        return Bytes.receive(into, this::read);
    }

    /// `read(fd, buf, count)` into an array.
    ///
    /// @param into where to
    /// @param offset of the first byte
    /// @param length the number of bytes at most
    /// @return as [#read(MemorySegment)]
    /// @throws ErrnoException as `read(2)` has it
    /// @throws AsynchronousCloseException the descriptor was closed by another thread meanwhile
    public final long read(final byte[] into, final int offset, final int length) throws IOException {
        return Bytes.receive(into, offset, length, this::read);
    }

    /// `write(fd, buf, count)`: writes as much as there is room for.
    ///
    /// On a socket whose peer has gone `EPIPE` comes with the signal SIGPIPE, which the JVM ignores; where the JVM is a
    /// guest in another program, [SocketFd#send] is the safe way.
    ///
    /// @param from the bytes, in native memory
    /// @return the number of bytes taken; `-EAGAIN` where it would have to wait, the only negative result
    /// @throws ErrnoException as `write(2)` has it
    /// @throws AsynchronousCloseException the descriptor was closed by another thread meanwhile
    public long write(final MemorySegment from) throws IOException {
        final int number = enter();
        try {
            long n;
            do {
                n = Libc.write(number, from, from.byteSize());
            } while (n == -EINTR && isOpen());
            return flow(n, "write", from.byteSize());
        } finally {
            leave();
        }
    }

    /// `write(fd, buf, count)` of what lies between the buffer's position and limit; the position moves.
    ///
    /// @param from the bytes
    /// @return as [#write(MemorySegment)]
    /// @throws ErrnoException as `write(2)` has it
    /// @throws AsynchronousCloseException the descriptor was closed by another thread meanwhile
    public final long write(final ByteBuffer from) throws IOException {
        return Bytes.send(from, this::write);
    }

    /// `write(fd, buf, count)` of a part of an array.
    ///
    /// @param from the bytes
    /// @param offset of the first
    /// @param length their number
    /// @return as [#write(MemorySegment)]
    /// @throws ErrnoException as `write(2)` has it
    /// @throws AsynchronousCloseException the descriptor was closed by another thread meanwhile
    public final long write(final byte[] from, final int offset, final int length) throws IOException {
        return Bytes.send(from, offset, length, this::write);
    }

    /// `readv(fd, iov, iovcnt)`: reads into several segments, one after the other.
    ///
    /// @param into where to; not changed, [Iovec#advance] leaves in it what has not been filled
    /// @return as [#read(MemorySegment)]
    /// @throws ErrnoException as `readv(2)` has it
    /// @throws AsynchronousCloseException the descriptor was closed by another thread meanwhile
    public long readv(final Iovec into) throws IOException {
        final int number = enter();
        try {
            long n;
            do {
                n = Libc.readv(number, into.segmentToFill(), into.count());
            } while (n == -EINTR && isOpen());
            return flow(n, "readv", into.length());
        } finally {
            Reference.reachabilityFence(into);
            leave();
        }
    }

    /// `readv(fd, iov, iovcnt)` into the spaces between the buffers' positions and limits; the positions move.
    ///
    /// @param into where to, at most 1,024 of them; one that is among them twice counts once
    /// @return as [#read(MemorySegment)]
    /// @throws IllegalArgumentException where there are more
    /// @throws ErrnoException as `readv(2)` has it
    /// @throws AsynchronousCloseException the descriptor was closed by another thread meanwhile
    public final long readv(final ByteBuffer... into) throws IOException {
        return Bytes.receive(into, this::readv);
    }

    /// `writev(fd, iov, iovcnt)`: writes from several segments, one after the other.
    ///
    /// Of SIGPIPE see [#write(MemorySegment)].
    ///
    /// @param from the bytes; not changed, [Iovec#advance] leaves in it what has not been taken
    /// @return as [#write(MemorySegment)]
    /// @throws ErrnoException as `writev(2)` has it
    /// @throws AsynchronousCloseException the descriptor was closed by another thread meanwhile
    public long writev(final Iovec from) throws IOException {
        final int number = enter();
        try {
            long n;
            do {
                n = Libc.writev(number, from.segment(), from.count());
            } while (n == -EINTR && isOpen());
            return flow(n, "writev", from.length());
        } finally {
            Reference.reachabilityFence(from);
            leave();
        }
    }

    /// `writev(fd, iov, iovcnt)` of what lies between the buffers' positions and limits; the positions move.
    ///
    /// @param from the bytes, in at most 1,024 buffers; one that is among them twice counts once
    /// @return as [#write(MemorySegment)]
    /// @throws IllegalArgumentException where there are more
    /// @throws ErrnoException as `writev(2)` has it
    /// @throws AsynchronousCloseException the descriptor was closed by another thread meanwhile
    public final long writev(final ByteBuffer... from) throws IOException {
        return Bytes.send(from, this::writev);
    }

    /// A result as the public methods return it: `EAGAIN` is flow, and so is an `EINTR` after which the time was over;
    /// other errnos throw.
    final long flow(final long result, final String call, final long length) throws IOException {
        if (result > 0 || result == -EAGAIN) {
            return result;
        }
        checkNotClosedMeanwhile();
        if (result == -EINTR) {
            return -EAGAIN;
        }
        if (result < 0) {
            throw ErrnoException.of((int) -result, call, fd, length);
        }
        return 0;
    }

    /// What it is, and its number: `fd 7`, `socket 7`, `eventfd 7`, open or not.
    @Override
    public final String toString() {
        return kind() + " " + fd;
    }

    /// The first word of [#toString].
    String kind() {
        return "fd";
    }

    /// The number for messages, open or not.
    final int number() {
        return fd;
    }
}
