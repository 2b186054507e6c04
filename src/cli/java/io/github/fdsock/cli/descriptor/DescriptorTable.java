package io.github.fdsock.cli.descriptor;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.Fd;
import io.github.fdsock.PidFd;
import io.github.fdsock.SocketFd;
import io.github.fdsock.sys.Errno;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/// The descriptors that a process holds: what `/proc` says of them, and what copies of them (`pidfd_getfd`) tell.
///
/// A copy is made of sockets and memory files alone, and closed at once; where that is not allowed, the description
/// says what is unknown. The process goes on meanwhile: a description is of one moment, and made anew when another file
/// has come to the number under it.
public final class DescriptorTable implements Closeable {
    private static final String ANONYMOUS = "anon_inode:";
    private static final String DELETED = " (deleted)";
    private static final String MEMFD = "/memfd:";

    /// So often a number may change its file while it is looked at, before what was seen is taken for good.
    private static final int ATTEMPTS = 16;

    private final Path proc;

    /// Null for this process itself, and where the kernel has refused one.
    private final PidFd process;

    /// Why it has; or null.
    private final ErrnoException refusal;

    private DescriptorTable(final Path proc, final PidFd process, final ErrnoException refusal) {
        this.proc = proc;
        this.process = process;
        this.refusal = refusal;
    }

    /// Of this process.
    ///
    /// @return to be closed
    public static DescriptorTable self() {
        return new DescriptorTable(Path.of("/proc/self"), null, null);
    }

    /// Of any process.
    ///
    /// @param pid the process
    /// @return to be closed
    /// @throws ErrnoException `ESRCH`: there is no such process
    public static DescriptorTable of(final int pid) throws ErrnoException {
        final Path proc = Path.of("/proc", Integer.toString(pid));
        try {
            return new DescriptorTable(proc, PidFd.open(pid, 0), null);
        } catch (final ErrnoException e) {
            if (e.errno() == ESRCH) {
                throw e;
            }
            return new DescriptorTable(proc, null, e);
        }
    }

    /// What is open now.
    ///
    /// @return the numbers, sorted
    /// @throws FileSystemException where the process is gone, or its descriptors are nobody's business
    public List<Integer> numbers() throws IOException {
        final Path folder = proc.resolve("fd");
        final List<Integer> numbers = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
            for (final Path entry : entries) {
                numbers.add(Integer.valueOf(entry.getFileName().toString()));
            }
        } catch (final NoSuchFileException e) {
            throw new FileSystemException(folder.toString(), null, "no such process, or /proc is not mounted");
        } catch (final AccessDeniedException e) {
            throw notAllowed(folder);
        } catch (final DirectoryIteratorException e) {
            throw e.getCause();
        }
        Collections.sort(numbers);
        return numbers;
    }

    /// Whether the process has ended: what was read of it is not all of it then.
    ///
    /// @return whether it has
    /// @throws IOException as `poll(2)` has it
    public boolean hasEnded() throws IOException {
        return process != null ? process.awaitExit(0) : !Files.exists(proc);
    }

    /// What a descriptor is.
    ///
    /// @param number the descriptor
    /// @return the description; null where it is not open any more
    /// @throws IOException where it cannot be looked at
    public Descriptor describe(final int number) throws IOException {
        final Path link = proc.resolve("fd").resolve(Integer.toString(number));
        for (int more = ATTEMPTS; ; more--) {
            final String target = target(link);
            if (target == null) {
                return null;
            }
            try {
                final Descriptor descriptor = describe(number, link, target);
                // Whatever was read in between was of this file, not of one that has come to its number since.
                if (more == 0 || target.equals(target(link))) {
                    return descriptor;
                }
            } catch (final NoSuchFileException e) {
                // Closed between two looks, it may have a successor, which may be closed as well.
                if (more == 0) {
                    return null;
                }
            } catch (final IOException e) {
                // Of a process that ends meanwhile, which the next look tells.
                if (more == 0) {
                    throw e;
                }
            }
        }
    }

    /// Null where it is not open.
    private String target(final Path link) throws IOException {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (final NoSuchFileException e) {
            return null;
        } catch (final IOException e) {
            if (hasEnded()) {
                return null;
            }
            throw e instanceof AccessDeniedException ? notAllowed(link) : e;
        }
    }

    private static FileSystemException notAllowed(final Path path) {
        return new FileSystemException(path.toString(), null, "not allowed to look at this process");
    }

    private Descriptor describe(final int number, final Path link, final String target) throws IOException {
        final FdInfo info = FdInfo.read(proc.resolve("fdinfo").resolve(Integer.toString(number)));
        final Map<String, Object> inode = Files.readAttributes(link, "unix:mode,nlink,size");
        final Descriptor descriptor = target.startsWith(ANONYMOUS)
                ? AnonymousFacts.of(target.substring(ANONYMOUS.length()), info)
                : switch ((int) inode.get("mode") & S_IFMT) {
                    case S_IFSOCK -> socket(number, target);
                    case S_IFIFO -> pipe(target, info);
                    case S_IFREG -> file(number, target, info, (int) inode.get("nlink"), (long) inode.get("size"));
                    case S_IFDIR -> named("directory", "path", target);
                    case S_IFCHR -> named("chardev", "path", target);
                    case S_IFBLK -> named("blockdev", "path", target);
                    default -> named("other", "name", target);
                };
        final String flags = info.value("flags");
        if (flags == null) {
            return descriptor.unknown("flags", "fdinfo: EACCES");
        }
        final List<String> names = Names.openFlags(Integer.parseUnsignedInt(flags, 8));
        return descriptor.with("flags", names, String.join("|", names));
    }

    private static Descriptor named(final String kind, final String key, final String name) {
        return new Descriptor(kind).with(key, name, Descriptor.printable(name));
    }

    // ---- files

    private Descriptor file(final int number, final String target, final FdInfo info, final int links, final long size)
            throws IOException {
        if (!target.startsWith("/")) {
            // An inode of the kernel's own: `net:[4026531840]`.
            return named("other", "name", target);
        }
        // A file may also be called so.
        final boolean deleted = links == 0 && target.endsWith(DELETED);
        final String path = deleted ? target.substring(0, target.length() - DELETED.length()) : target;
        final Descriptor descriptor = deleted && path.startsWith(MEMFD) ? memfd(number, path)
                : named("file", "path", path);
        if (deleted) {
            descriptor.with("deleted", true, descriptor.kind().equals("memfd") ? null : "deleted");
        }
        final long offset = info.number("pos", 10, -1);
        if (offset >= 0) {
            descriptor.with("offset", offset, "offset " + offset + " of " + size);
        }
        return descriptor.with("size", size, offset >= 0 ? null : "size " + size);
    }

    private Descriptor memfd(final int number, final String path) throws IOException {
        final String name = path.substring(MEMFD.length());
        final Descriptor descriptor =
                new Descriptor("memfd").with("name", name, '"' + Descriptor.printable(name) + '"');
        try (Fd copy = copy(number)) {
            final int seals = copy.fcntl(F_GET_SEALS, 0);
            if (seals == -EINVAL) {
                // A file of the root directory that is called so.
                return named("file", "path", path);
            }
            final List<String> names = Names.seals(seals);
            return descriptor.with("seals", names, names.isEmpty() ? "no seals" : String.join("|", names));
        } catch (final ErrnoException e) {
            return descriptor.unknown("seals", refused(e));
        }
    }

    private static Descriptor pipe(final String target, final FdInfo info) {
        final int access = (int) info.number("flags", 8, O_RDWR) & O_ACCMODE;
        final Descriptor descriptor = target.startsWith("pipe:")
                ? new Descriptor("pipe").with("inode", inode(target), "[" + inode(target) + "]")
                : named("fifo", "path", target);
        return switch (access) {
            case O_RDONLY -> descriptor.with("end", "read", "read end");
            case O_WRONLY -> descriptor.with("end", "write", "write end");
            default -> descriptor;
        };
    }

    /// Of `pipe:[4711]`.
    private static long inode(final String target) {
        return Long.parseLong(target.replaceAll("\\D", ""));
    }

    // ---- sockets

    private Descriptor socket(final int number, final String target) throws IOException {
        final Descriptor descriptor = new Descriptor("socket");
        try (Fd copy = copy(number)) {
            // The copy closes it.
            SocketFacts.add(SocketFd.adopt(copy.intValue()), descriptor);
            return descriptor.with("inode", inode(target), null);
        } catch (final ErrnoException e) {
            return new Descriptor("socket").with("inode", inode(target), "[" + inode(target) + "]")
                    .unknown("addresses", refused(e));
        }
    }

    // ---- copies

    private Fd copy(final int number) throws IOException {
        if (refusal != null) {
            throw refusal;
        }
        try {
            return process == null ? Fd.adopt(number).dup() : process.getFd(number);
        } catch (final ErrnoException e) {
            if (e.errno() == EBADF || e.errno() == ESRCH) {
                throw new NoSuchFileException(proc + "/fd/" + number);
            }
            throw e;
        }
    }

    /// `pidfd_getfd: EPERM`.
    private static String refused(final ErrnoException e) {
        return e.call().replaceFirst("\\(.*", ": ") + Errno.name(e.errno());
    }

    @Override
    public void close() throws IOException {
        if (process != null) {
            process.close();
        }
    }
}
