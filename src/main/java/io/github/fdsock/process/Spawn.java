package io.github.fdsock.process;

import static io.github.fdsock.sys.Constants.EINTR;
import static io.github.fdsock.sys.Constants.ENOSYS;
import static io.github.fdsock.sys.Constants.F_DUPFD_CLOEXEC;
import static io.github.fdsock.sys.Constants.F_GETFD;
import static io.github.fdsock.sys.Constants.POSIX_SPAWN_SETSID;
import static io.github.fdsock.sys.Constants.POSIX_SPAWN_SETSIGMASK;
import static io.github.fdsock.sys.Constants.P_PID;
import static io.github.fdsock.sys.Constants.SIGKILL;
import static io.github.fdsock.sys.Constants.WEXITED;
import static io.github.fdsock.sys.Constants.WNOHANG;
import static io.github.fdsock.sys.Constants.WNOWAIT;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.Fd;
import io.github.fdsock.PidFd;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.Sigset;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A program to be started with chosen descriptors: `posix_spawnp(pid, file, file_actions, attrp, argv, envp)`.
///
/// ```java
/// try (PidFd child = Spawn.program("nginx", "-c", "site.conf").fd(3, listener).setenv("NGINX", "3;").start()) {
///     System.out.println(child.waitFor());
/// }
/// ```
///
/// **What the program gets.** The descriptors of [#fd] and [#listen], under just these numbers; those of [#inherit] that
/// are not close-on-exec; 0, 1 and 2 of this process where nothing else is said; and no other: neither those without
/// close-on-exec nor those that other threads open meanwhile. The environment and the working directory of this process, unless changed; its limits, of which
/// HotSpot has raised `RLIMIT_NOFILE`. No blocked signal; signals that this process ignores it ignores too.
///
/// Where libc has no `posix_spawn_file_actions_addclosefrom_np` (musl, glibc before 2.34) the descriptors to be closed
/// are those that were open when [#start] looked: one that another thread opens after that and before the child is
/// there, without close-on-exec, gets through.
///
/// **Lookup.** A program without a slash is looked for in the `PATH` of this process, not that of [#setenv].
///
/// **Ownership.** Descriptors are borrowed until [#start] has returned, and may be closed then. Each `start` makes a
/// child, whose owner is the caller: to be waited for with [PidFd#waitFor()], or it stays as a zombie when it has
/// ended; closing the [PidFd] is no substitute. The child goes on when this process ends.
///
/// **Threads.** One at a time.
///
/// @see <a href="https://man7.org/linux/man-pages/man3/posix_spawn.3.html">posix_spawn(3)</a>
public final class Spawn {
    /// What follows 0, 1 and 2, `SD_LISTEN_FDS_START`.
    private static final int FIRST = 3;

    // sizeof, in glibc and musl; Libc refuses less.
    private static final long FILE_ACTIONS_SIZEOF = 80;
    private static final long ATTRIBUTES_SIZEOF = 336;

    /// The pid is known to the child alone, and `$$` stays what it is when the shell becomes the program.
    private static final List<String> WITH_LISTEN_PID =
            List.of("/bin/sh", "-c", "LISTEN_PID=$$; export LISTEN_PID; exec \"$@\"", "sh");

    private final List<String> command = new ArrayList<>();
    private final SpawnEnvironment environment = new SpawnEnvironment();

    /// By the number in the child.
    private final SortedMap<Integer, Fd> descriptors = new TreeMap<>();

    /// Numbers that are left to the kernel.
    private final SortedSet<Integer> inherited = new TreeSet<>();

    /// Of the descriptors from [#FIRST] on, in order; null where it has none.
    private final List<String> listenNames = new ArrayList<>();

    private String directory;
    private short flags = (short) POSIX_SPAWN_SETSIGMASK;

    private Spawn() {
    }

    /// A program with its arguments.
    ///
    /// They reach it in the encoding of file names (`sun.jnu.encoding`).
    ///
    /// @param program a path, or a name to be looked for
    /// @param arguments what follows it
    /// @return to be told more, and started
    /// @throws IllegalArgumentException where there is a NUL in one of them, or a character that the encoding lacks
    public static Spawn program(final String program, final String... arguments) {
        final Spawn spawn = new Spawn();
        spawn.command.add(CString.encode(program));
        for (final String argument : arguments) {
            spawn.command.add(CString.encode(argument));
        }
        return spawn;
    }

    /// `dup2(source, number)`: gives the program a descriptor.
    ///
    /// Each may be given under several numbers, and under the number that another one has here.
    ///
    /// @param number what the program will know it by; 0, 1 and 2 are its standard input, output and error
    /// @param source the descriptor, borrowed until [#start] has returned
    /// @return this
    /// @throws IllegalArgumentException where the number is negative, or given to another one already
    /// @throws IllegalStateException where the source is closed
    public Spawn fd(final int number, final Fd source) {
        if (number < 0) {
            throw new IllegalArgumentException("a file descriptor of " + number);
        }
        source.intValue();
        requireNotInherited(number);
        final Fd other = descriptors.putIfAbsent(number, source);
        if (other != null) {
            throw new IllegalArgumentException("fd " + number + " of the program is " + other + " already, and not "
                    + source);
        }
        return this;
    }

    private void requireNotInherited(final int number) {
        if (inherited.contains(number)) {
            throw new IllegalArgumentException("fd " + number + " of the program is the one inherited already");
        }
    }

    /// Leaves a number to `execve(2)`: what this process has there then, the program has there as well, unless it is
    /// close-on-exec. All else that is open here stays closed to it.
    ///
    /// For numbers that have no [Fd], and where close-on-exec itself is to decide.
    ///
    /// @param number of a descriptor of this process, which need not be open
    /// @return this
    /// @throws IllegalArgumentException where the number is negative, or given to another one already
    public Spawn inherit(final int number) {
        if (number < 0) {
            throw new IllegalArgumentException("a file descriptor of " + number);
        }
        final Fd other = descriptors.get(number);
        if (other != null) {
            throw new IllegalArgumentException("fd " + number + " of the program is " + other + " already");
        }
        inherited.add(number);
        return this;
    }

    /// `sd_listen_fds(3)`: gives the program its sockets as a service manager does, from 3 on, in order of the calls.
    ///
    /// `LISTEN_FDS` tells it how many, `LISTEN_PID` that they are meant for it. This pid is the program's own, known
    /// only in the child: so the child is `/bin/sh` first, which sets it and executes the program. With that the lookup
    /// is the shell's, in the `PATH` of [#setenv]; a program that is not found, or cannot be executed, is no exception
    /// of [#start] but a child that exits with status 127, or 126, and a line of the shell's on standard error; and
    /// variables whose names are none to a shell may be lost.
    ///
    /// @param sockets the descriptors, borrowed until [#start] has returned
    /// @return this
    /// @throws IllegalArgumentException where [#fd] has given away one of the numbers
    /// @throws IllegalStateException where one is closed
    /// @see <a href="https://man7.org/linux/man-pages/man3/sd_listen_fds.3.html">sd_listen_fds(3)</a>
    public Spawn listen(final Fd... sockets) {
        for (final Fd socket : sockets) {
            add(null, socket);
        }
        return this;
    }

    /// [#listen(Fd...)] of one, with its name for `LISTEN_FDNAMES`; those without are `unknown` there.
    ///
    /// @param name 1 to 255 printable ASCII characters, none of them a colon
    /// @param socket the descriptor, borrowed until [#start] has returned
    /// @return this
    /// @throws IllegalArgumentException where the name is none, or [#fd] has given away the number
    /// @throws IllegalStateException where it is closed
    public Spawn listen(final String name, final Fd socket) {
        if (name.isEmpty() || name.length() > 255 || !name.chars().allMatch(c -> c >= ' ' && c < 127 && c != ':')) {
            throw new IllegalArgumentException("a name of a descriptor: \"" + name + '"');
        }
        add(name, socket);
        return this;
    }

    private void add(final String name, final Fd socket) {
        fd(FIRST + listenNames.size(), socket);
        listenNames.add(name);
    }

    /// `setenv(name, value, 1)`: sets a variable of the program's environment.
    ///
    /// @param name the variable
    /// @param value its value
    /// @return this
    /// @throws IllegalArgumentException where the name is empty or has a `=` in it, or either a NUL or a character that
    ///         the encoding of file names lacks
    public Spawn setenv(final String name, final String value) {
        environment.set(name, value);
        return this;
    }

    /// `unsetenv(name)`: takes a variable out of the program's environment.
    ///
    /// @param name the variable
    /// @return this
    /// @throws IllegalArgumentException as [#setenv]
    public Spawn unsetenv(final String name) {
        environment.unset(name);
        return this;
    }

    /// `clearenv()`: nothing of this process's environment, only what is set after this.
    ///
    /// @return this
    public Spawn clearenv() {
        environment.clear();
        return this;
    }

    /// `chdir(path)`: where the program begins. A relative path of the program counts from there.
    ///
    /// @param path the directory, of the default file system; a relative one counts from where this process is
    /// @return this
    /// @throws IllegalArgumentException where it is one of another file system, or has bytes that its text does not
    ///         show
    public Spawn chdir(final Path path) {
        directory = CString.encode(path.toString());
        if (!Path.of(path.toString()).equals(path)) {
            throw new IllegalArgumentException("not a path of the default file system, or not its text: "
                    + path.toUri());
        }
        return this;
    }

    /// `setsid()`: the program leads a session of its own, without a terminal. What the terminal of this process
    /// sends, SIGINT by a key or SIGHUP at its end, does not reach it; libuv calls that detached.
    ///
    /// @return this
    public Spawn newSession() {
        flags |= POSIX_SPAWN_SETSID;
        return this;
    }

    /// `posix_spawnp(pid, file, file_actions, attrp, argv, envp)`: starts the program.
    ///
    /// Returns when it runs. Where it could not be executed, or anything else fails, nothing is left: no child, no
    /// descriptor. (Only where the very last step finds no free descriptor, although one was kept for it, the program
    /// has begun: it is killed then.)
    ///
    /// @return the child, owned by the caller
    /// @throws IllegalStateException where a descriptor is closed
    /// @throws ErrnoException `ENOENT`: no such program, interpreter of a script, or directory; `EACCES`: it may not be
    ///         executed, or the directory not be entered; `ENOEXEC`: it is no program; `E2BIG`: arguments and
    ///         environment too long; `EMFILE`, `ENFILE`: no free descriptor; `EINVAL`: a number at or next to
    ///         `RLIMIT_NOFILE`; `EAGAIN`: too many processes; `ENOSYS`: a directory, and a libc without
    ///         `posix_spawn_file_actions_addchdir_np`, or Linux before 5.3
    /// @throws IOException where `/proc` is not mounted or may not be read, and the environment was not cleared
    public PidFd start() throws IOException {
        int pid = -1;
        try {
            // While nothing has to be undone: the kernel has pidfds, and a number is kept for the child's.
            try (Arena arena = Arena.ofConfined(); PidFd _ = PidFd.open(ProcessHandle.current().pid(), 0)) {
                pid = spawn(arena);
            }
            return PidFd.open(pid, 0);
        } catch (final IOException | RuntimeException e) {
            if (pid > 0) {
                end(pid);
            }
            throw e;
        }
    }

    private int spawn(final Arena arena) throws IOException {
        final List<String> argv = new ArrayList<>();
        final SpawnEnvironment variables = new SpawnEnvironment(environment);
        if (!listenNames.isEmpty()) {
            argv.addAll(WITH_LISTEN_PID);
            announce(variables);
        }
        argv.addAll(command);
        final MemorySegment envp = CString.array(arena, variables.entries());
        final MemorySegment pid = arena.allocate(ValueLayout.JAVA_INT);
        final MemorySegment attributes = arena.allocate(ATTRIBUTES_SIZEOF, Long.BYTES);
        final MemorySegment actions = arena.allocate(FILE_ACTIONS_SIZEOF, Long.BYTES);
        final List<Integer> copies = new ArrayList<>();
        // Neither can fail, nor does the one leave anything behind, in glibc and musl.
        check(Libc.posix_spawnattr_init(attributes), "posix_spawnattr_init");
        check(Libc.posix_spawn_file_actions_init(actions), "posix_spawn_file_actions_init");
        try {
            check(Libc.posix_spawnattr_setsigmask(attributes, Sigset.allocate(arena).segment()),
                    "posix_spawnattr_setsigmask", "[]");
            check(Libc.posix_spawnattr_setflags(attributes, flags), "posix_spawnattr_setflags",
                    "0x" + Integer.toHexString(flags));
            arrange(actions, copies);
            if (directory != null) {
                check(Libc.posix_spawn_file_actions_addchdir_np(actions, CString.allocate(arena, directory)),
                        "posix_spawn_file_actions_addchdir_np", CString.quote(directory));
            }
            final int result = Libc.posix_spawnp(pid, CString.allocate(arena, argv.getFirst()), actions, attributes,
                    CString.array(arena, argv), envp);
            if (directory == null) {
                check(result, "posix_spawnp", CString.quote(argv.getFirst()), CString.quote(argv));
            } else {
                check(result, "posix_spawnp", CString.quote(argv.getFirst()), CString.quote(argv),
                        "chdir(" + CString.quote(directory) + ')');
            }
        } finally {
            // Whatever close says (EIO of a file on a network), the copy is gone, and the program may run by now.
            copies.forEach(Libc::close);
            Libc.posix_spawn_file_actions_destroy(actions);
            Libc.posix_spawnattr_destroy(attributes);
        }
        return pid.get(ValueLayout.JAVA_INT, 0);
    }

    private void announce(final SpawnEnvironment variables) {
        variables.set("LISTEN_FDS", Integer.toString(listenNames.size()));
        variables.unset("LISTEN_FDNAMES");
        // Of the process for which this one was started, where it was started so itself.
        variables.unset("LISTEN_PIDFDID");
        if (!listenNames.stream().allMatch(Objects::isNull)) {
            variables.set("LISTEN_FDNAMES", listenNames.stream()
                    .map(name -> Objects.requireNonNullElse(name, "unknown")).collect(Collectors.joining(":")));
        }
    }

    /// Lists what the child does with its descriptors. They are copied to numbers above all that the program knows them
    /// by: so none of the actions overwrites what a later one needs, and no other thread closes it under way.
    private void arrange(final MemorySegment actions, final List<Integer> copies) throws IOException {
        int last = descriptors.isEmpty() ? 0 : descriptors.lastKey();
        for (final int number : inherited) {
            // Where nothing is open there is nothing to leave out, however large the number is.
            if (Libc.fcntl(number, F_GETFD, 0) >= 0) {
                last = Math.max(last, number);
            }
        }
        // Nothing lies above the largest, and it is the kernel's to refuse.
        final int end = Math.max(FIRST, last == Integer.MAX_VALUE ? last : last + 1);
        for (final Map.Entry<Integer, Fd> each : descriptors.entrySet()) {
            final Fd source = each.getValue();
            final int number = source.intValue();
            final int copy = source.fcntl(F_DUPFD_CLOEXEC, end);
            check(copy, "fcntl", number, "F_DUPFD_CLOEXEC", end);
            copies.add(copy);
            check(Libc.posix_spawn_file_actions_adddup2(actions, copy, each.getKey()),
                    "posix_spawn_file_actions_adddup2", copy, each.getKey());
        }
        for (int number = FIRST; number < end; number++) {
            if (!descriptors.containsKey(number) && !inherited.contains(number)) {
                addClose(actions, number);
            }
        }
        final int result = Libc.posix_spawn_file_actions_addclosefrom_np(actions, end);
        if (result != -ENOSYS) {
            check(result, "posix_spawn_file_actions_addclosefrom_np", end);
            return;
        }
        for (final Path link : openDescriptors()) {
            final int number = Integer.parseInt(link.getFileName().toString());
            if (number >= end) {
                addClose(actions, number);
            }
        }
    }

    private static void addClose(final MemorySegment actions, final int number) throws ErrnoException {
        check(Libc.posix_spawn_file_actions_addclose(actions, number), "posix_spawn_file_actions_addclose", number);
    }

    private static List<Path> openDescriptors() throws IOException {
        try (Stream<Path> links = Files.list(Path.of("/proc/self/fd"))) {
            return links.toList();
        }
    }

    /// Ends a child that nobody would ever wait for, if it is one for sure: where `SIGCHLD` is ignored, the number of
    /// one that has ended may be another's by now.
    private static void end(final int pid) {
        if (Libc.waitid(P_PID, pid, MemorySegment.NULL, WEXITED | WNOHANG | WNOWAIT) == 0) {
            Libc.kill(pid, SIGKILL);
            int result;
            do {
                result = Libc.waitid(P_PID, pid, MemorySegment.NULL, WEXITED);
            } while (result == -EINTR);
        }
    }

    private static void check(final int result, final String call, final Object... arguments) throws ErrnoException {
        if (result < 0) {
            final StringJoiner line = new StringJoiner(", ", call + '(', ")");
            for (final Object argument : arguments) {
                line.add(argument.toString());
            }
            throw new ErrnoException(line.toString(), -result);
        }
    }
}
