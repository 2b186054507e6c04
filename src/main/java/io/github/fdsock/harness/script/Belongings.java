package io.github.fdsock.harness.script;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.EpollEvents;
import io.github.fdsock.sys.struct.Itimerspec;
import io.github.fdsock.sys.struct.Pollfd;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.NavigableSet;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;

/// What a run has in one of its processes: the descriptors that it has opened, received or inherited, which are closed
/// at its end, whatever it expected of them; and the processes that it may kill. What else is open in this process is
/// not a script's to close, and what else runs on this machine not a script's to end.
final class Belongings {
    private static final Path TABLE = Path.of("/proc/self/fd");

    private final NavigableSet<Integer> numbers = new ConcurrentSkipListSet<>();
    private final Set<Integer> processes = new ConcurrentSkipListSet<>();

    void addProcess(final int pid) {
        processes.add(pid);
    }

    /// Before it is waited for, since its number may be another's then.
    void removeProcess(final int pid) {
        processes.remove(pid);
    }

    boolean hasProcess(final int pid) {
        return processes.contains(pid);
    }

    /// Whether this process is one that the script has started.
    boolean hasItself() {
        return processes.contains((int) ProcessHandle.current().pid());
    }

    void add(final int fd) {
        numbers.add(fd);
    }

    void closed(final int from, final int to) {
        if (from <= to) {
            numbers.subSet(from, true, to, true).clear();
        }
    }

    /// The descriptors, lowest first.
    List<Integer> descriptors() {
        return List.copyOf(numbers);
    }

    /// @throws IllegalArgumentException if one of these is open, and not this run's
    void requireOwn(final int from, final int to) {
        if (from == to && (from < 0 || numbers.contains(from))) {
            return;
        }
        final String[] names = TABLE.toFile().list();
        for (final String name : names == null ? new String[0] : names) {
            final int fd = Integer.parseInt(name);
            if (Integer.compareUnsigned(fd, from) >= 0 && Integer.compareUnsigned(fd, to) <= 0 && !numbers.contains(fd)
                    && Files.exists(TABLE.resolve(name), LinkOption.NOFOLLOW_LINKS)) {
                throw new IllegalArgumentException("descriptor " + fd + " is not this script's");
            }
        }
    }

    /// Lets the calls end that wait on one of these.
    void wake() {
        for (final int fd : descriptors()) {
            Libc.shutdown(fd, SHUT_RDWR);
            wakeOther(fd);
        }
    }

    /// What is no socket.
    private void wakeOther(final int fd) {
        try (Arena arena = Arena.ofConfined()) {
            final String target = Files.readSymbolicLink(TABLE.resolve(Integer.toString(fd))).toString();
            if (target.startsWith("pipe:")) {
                numbers.remove(fd);
                Libc.close(fd);
            }
            switch (target) {
                case "anon_inode:[eventfd]" -> {
                    final MemorySegment one = arena.allocateFrom(ValueLayout.JAVA_LONG, 1);
                    final Pollfd pollfd = Pollfd.allocate(arena, 1).set(0, fd, POLLOUT);
                    if (Libc.poll(pollfd.segment(), 1, 0) > 0) {
                        Libc.write(fd, one, Long.BYTES);
                    } else {
                        // It is full: who waits wants to write.
                        Libc.read(fd, one, Long.BYTES);
                    }
                }
                case "anon_inode:[timerfd]" -> {
                    final Itimerspec now = Itimerspec.allocate(arena);
                    now.value().nsec(1);
                    Libc.timerfd_settime(fd, 0, now.segment(), MemorySegment.NULL);
                }
                case "anon_inode:[eventpoll]" -> {
                    final int ready = Libc.eventfd(1, EFD_CLOEXEC);
                    numbers.add(ready);
                    Libc.epoll_ctl(fd, EPOLL_CTL_ADD, ready,
                            EpollEvents.allocate(arena, 1).set(0, EPOLLIN, 0).segment());
                }
                default -> { }
            }
        } catch (final IOException _) {
            // Closed meanwhile, by the script.
        }
    }

    /// Closes all, the last first.
    void closeAll() {
        for (final int fd : numbers.descendingSet()) {
            Libc.close(fd);
        }
        numbers.clear();
    }
}
