package io.github.fdsock.process;

import static io.github.fdsock.sys.Constants.AF_UNIX;
import static io.github.fdsock.sys.Constants.CLOCK_MONOTONIC;
import static io.github.fdsock.sys.Constants.SOCK_DGRAM;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.Fd;
import io.github.fdsock.PipeFd;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.Timespec;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/// `sd_notify(3)`: tells a service manager how this process is doing, and gives it descriptors to keep.
///
/// **Results.** Each method returns true when the manager's socket has taken the message, and false when there is
/// nobody to tell: a program need not know whether a manager has started it. That the message was read, and what came
/// of it, is told by [#barrier] at most. A manager passes over what it does not know, and over messages of processes
/// that it does not listen to (`NotifyAccess=`).
///
/// **Errors.** All methods that send throw an [ErrnoException] where there is somebody to tell and it failed:
/// `ECONNREFUSED`, `ENOENT`: nobody has that socket any more; `EACCES`, `EPERM`: not allowed; `EMSGSIZE`: a message of
/// more than some 200 KiB; `EMFILE`, `ENFILE`: no free descriptor. While the receiver's queue is full they wait.
///
/// **Ownership.** Nothing is held open between messages. Descriptors are borrowed: the caller may close its own as soon
/// as a method returns.
///
/// **Threads.** Any number.
///
/// @see <a href="https://man7.org/linux/man-pages/man3/sd_notify.3.html">sd_notify(3)</a>
public final class Notify {
    private static final String SOCKET = "NOTIFY_SOCKET";

    /// `FDNAME_MAX` of systemd.
    private static final int NAME_LENGTH_MAX = 255;

    private static final long NANOS_PER_MICRO = 1_000;

    /// Null where there is nobody to tell.
    private final SockAddr.Unix address;

    private Notify(final SockAddr.Unix address) {
        this.address = address;
    }

    /// Notifies whom `NOTIFY_SOCKET` names: a path, or an abstract name behind an `@`.
    ///
    /// @return to whom; without the variable, to nobody
    /// @throws IllegalArgumentException the variable is neither, as with `vsock:`, or too long
    public static Notify fromEnvironment() {
        return from(Environment.own());
    }

    static Notify from(final Environment environment) {
        final String value = environment.get(SOCKET);
        if (value == null) {
            return new Notify(null);
        }
        if (value.length() < 2 || value.charAt(0) != '/' && value.charAt(0) != '@') {
            throw environment.refused(SOCKET, "neither a path nor an abstract name");
        }
        final SockAddr.UnixPath path;
        try {
            path = SockAddr.unix(value);
        } catch (final IllegalArgumentException e) {
            throw environment.refused(SOCKET, e.getMessage());
        }
        if (value.charAt(0) == '/') {
            return new Notify(path);
        }
        // Encoded like a path, since the environment was decoded like one: as UTF-8 it might be another name.
        final byte[] bytes = path.path();
        return new Notify(SockAddr.unixAbstract(Arrays.copyOfRange(bytes, 1, bytes.length)));
    }

    /// Notifies whoever receives datagrams there.
    ///
    /// @param address of a UNIX datagram socket
    /// @return to that
    public static Notify to(final SockAddr.Unix address) {
        return new Notify(Objects.requireNonNull(address, "address"));
    }

    /// Whether there is somebody to tell.
    ///
    /// @return false where the environment names nobody
    public boolean hasReceiver() {
        return address != null;
    }

    // ---- how this process is doing

    /// `READY=1`: it has started, or reloaded its configuration.
    ///
    /// @return whether there was somebody to tell
    /// @throws ErrnoException as for this class
    public boolean ready() throws IOException {
        return send("READY=1");
    }

    /// `STATUS=…`: what it is doing, in one line for people.
    ///
    /// @param text without line ends; half of a surrogate pair becomes a question mark
    /// @return whether there was somebody to tell
    /// @throws IllegalArgumentException more than a line
    /// @throws ErrnoException as for this class
    public boolean status(final String text) throws IOException {
        if (text.indexOf('\n') >= 0) {
            throw new IllegalArgumentException("a status of more than a line: " + text);
        }
        return send("STATUS=" + text);
    }

    /// `RELOADING=1`, with the `MONOTONIC_USEC` of now: it begins to reload its configuration, and will be
    /// [ready][#ready] again.
    ///
    /// @return whether there was somebody to tell
    /// @throws ErrnoException as for this class
    public boolean reloading() throws IOException {
        return send("RELOADING=1\nMONOTONIC_USEC=" + monotonicMicros());
    }

    /// By the clock that the manager compares it with.
    private static long monotonicMicros() throws ErrnoException {
        try (Arena arena = Arena.ofConfined()) {
            final Timespec now = Timespec.allocate(arena);
            final int result = Libc.clock_gettime(CLOCK_MONOTONIC, now.segment());
            if (result < 0) {
                throw new ErrnoException("clock_gettime(CLOCK_MONOTONIC)", -result);
            }
            return now.nanos() / NANOS_PER_MICRO;
        }
    }

    /// `STOPPING=1`: it begins to end.
    ///
    /// @return whether there was somebody to tell
    /// @throws ErrnoException as for this class
    public boolean stopping() throws IOException {
        return send("STOPPING=1");
    }

    /// `ERRNO=…`: why it fails.
    ///
    /// @param errno the number, positive
    /// @return whether there was somebody to tell
    /// @throws IllegalArgumentException not positive
    /// @throws ErrnoException as for this class
    public boolean errno(final int errno) throws IOException {
        if (errno <= 0) {
            throw new IllegalArgumentException("an errno of " + errno);
        }
        return send("ERRNO=" + errno);
    }

    /// `MAINPID=…`: which process is the service from now on, where that is not the one that the manager has started.
    ///
    /// @param pid the process
    /// @return whether there was somebody to tell
    /// @throws IllegalArgumentException not positive
    /// @throws ErrnoException as for this class
    public boolean mainPid(final long pid) throws IOException {
        if (pid <= 0) {
            throw new IllegalArgumentException("a pid of " + pid);
        }
        return send("MAINPID=" + pid);
    }

    /// `EXTEND_TIMEOUT_USEC=…`: start, reload or stop takes longer; the manager shall wait so long from now on, or
    /// until it is told again.
    ///
    /// @param atLeast counted in microseconds, at least one
    /// @return whether there was somebody to tell
    /// @throws IllegalArgumentException not positive
    /// @throws ErrnoException as for this class
    public boolean extendTimeout(final Duration atLeast) throws IOException {
        if (!atLeast.isPositive()) {
            throw new IllegalArgumentException("a timeout of " + atLeast);
        }
        return send("EXTEND_TIMEOUT_USEC=" + Math.max(1, TimeUnit.MICROSECONDS.convert(atLeast)));
    }

    // ---- watchdog

    /// `sd_watchdog_enabled(3)`: how long the manager waits for a [#watchdog], by `WATCHDOG_USEC` and `WATCHDOG_PID`.
    /// Half of it is a good interval.
    ///
    /// @return the time; null where nobody waits for this process
    /// @throws IllegalArgumentException one of the variables is not such a number
    public static Duration watchdogInterval() {
        return watchdogInterval(Environment.own());
    }

    static Duration watchdogInterval(final Environment environment) {
        if (environment.get("WATCHDOG_USEC") == null
                || environment.get("WATCHDOG_PID") != null && !environment.isPid("WATCHDOG_PID")) {
            return null;
        }
        return Duration.of(environment.number("WATCHDOG_USEC", 1, Long.MAX_VALUE), ChronoUnit.MICROS);
    }

    /// `WATCHDOG=1`: it is alive.
    ///
    /// @return whether there was somebody to tell
    /// @throws ErrnoException as for this class
    public boolean watchdog() throws IOException {
        return send("WATCHDOG=1");
    }

    // ---- descriptors

    /// `FDSTORE=1`: gives the manager copies of descriptors, which the next process of this service finds among those
    /// of its [Activation].
    ///
    /// As many are kept as the service may have (`FileDescriptorStoreMax=`, 0 where it is not set), and further ones
    /// closed by the manager without a word.
    ///
    /// @param name by which they will be found; several may have it
    /// @param poll whether the manager shall forget them when they report `POLLHUP` or `POLLERR`; where not, `FDPOLL=0`
    ///        goes with the message
    /// @param descriptors 1 to 253 of them; they stay the caller's
    /// @return whether there was somebody to tell
    /// @throws IllegalArgumentException none, or more than 253; or a name with a colon or anything else than printable
    ///         ASCII in it, or of more than 255 characters
    /// @throws IllegalStateException one of them is closed; nothing has been sent then
    /// @throws ErrnoException as for this class; `ETOOMANYREFS`: too many are on their way
    public boolean store(final String name, final boolean poll, final Fd... descriptors) throws IOException {
        if (descriptors.length == 0) {
            throw new IllegalArgumentException("no descriptor to store");
        }
        return send("FDSTORE=1\nFDNAME=" + requireName(name) + (poll ? "" : "\nFDPOLL=0"), descriptors);
    }

    /// `FDSTOREREMOVE=1`: lets the manager close what it keeps under a name.
    ///
    /// @param name as for [#store]
    /// @return whether there was somebody to tell
    /// @throws IllegalArgumentException as for [#store]
    /// @throws ErrnoException as for this class
    public boolean removeStored(final String name) throws IOException {
        return send("FDSTOREREMOVE=1\nFDNAME=" + requireName(name));
    }

    private static String requireName(final String name) {
        if (name.length() > NAME_LENGTH_MAX || !name.chars().allMatch(c -> c >= ' ' && c <= '~' && c != ':')) {
            throw new IllegalArgumentException("a descriptor's name is up to " + NAME_LENGTH_MAX
                    + " printable characters of ASCII without a colon, not \"" + name + '"');
        }
        return name;
    }

    /// `sd_notify_barrier(3)`, `BARRIER=1`: waits until the manager has dealt with everything that was sent before.
    ///
    /// It gets a descriptor with the message, and closes it at this point. For a process that ends after its last
    /// message: the manager has looked up by then who the sender is.
    ///
    /// @param timeoutNanos at most so long; negative waits without limit
    /// @return whether it has; false when the time was over, or there is nobody to tell
    /// @throws ErrnoException as for this class
    public boolean barrier(final long timeoutNanos) throws IOException {
        if (address == null) {
            return false;
        }
        try (PipeFd.Pair pipe = PipeFd.create(0)) {
            send("BARRIER=1", pipe.writeEnd());
            pipe.writeEnd().close();
            // Nobody writes: the one event is POLLHUP, which comes unasked when the last copy of that end is closed.
            return pipe.readEnd().await(0, timeoutNanos) != 0;
        }
    }

    // ---- anything else

    /// `sd_pid_notify_with_fds(0, 0, state, fds, n_fds)`: sends a message as it is.
    ///
    /// @param state lines of `VARIABLE=value`; sent in UTF-8
    /// @param descriptors at most 253 that go with it; they stay the caller's
    /// @return whether there was somebody to tell
    /// @throws IllegalArgumentException an empty message, one with a NUL, or more descriptors
    /// @throws IllegalStateException a descriptor is closed; nothing has been sent then
    /// @throws ErrnoException as for this class
    public boolean send(final String state, final Fd... descriptors) throws IOException {
        if (state.isEmpty() || state.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("not a message to a service manager: \"" + state + '"');
        }
        if (address == null) {
            return false;
        }
        try (Arena arena = Arena.ofConfined(); SocketFd socket = SocketFd.socket(AF_UNIX, SOCK_DGRAM, 0)) {
            final MemorySegment message =
                    arena.allocateFrom(ValueLayout.JAVA_BYTE, state.getBytes(StandardCharsets.UTF_8));
            long result = socket.connect(address);
            if (result == 0) {
                result = descriptors.length == 0 ? socket.send(message, 0)
                        : socket.sendDescriptors(message, 0, descriptors);
            }
            if (result < 0) {
                // It blocks, and has no time limit: nothing in Linux makes it return that it would have to wait.
                throw new ErrnoException("sendmsg(" + socket.intValue() + ", " + address + ")", (int) -result);
            }
            return true;
        }
    }
}
