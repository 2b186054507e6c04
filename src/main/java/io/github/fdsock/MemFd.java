package io.github.fdsock;

import static io.github.fdsock.sys.Constants.EINVAL;
import static io.github.fdsock.sys.Constants.F_ADD_SEALS;
import static io.github.fdsock.sys.Constants.F_GET_SEALS;
import static io.github.fdsock.sys.Constants.F_SEAL_EXEC;
import static io.github.fdsock.sys.Constants.F_SEAL_FUTURE_WRITE;
import static io.github.fdsock.sys.Constants.F_SEAL_GROW;
import static io.github.fdsock.sys.Constants.F_SEAL_SEAL;
import static io.github.fdsock.sys.Constants.F_SEAL_SHRINK;
import static io.github.fdsock.sys.Constants.F_SEAL_WRITE;
import static io.github.fdsock.sys.Constants.MAP_SHARED;
import static io.github.fdsock.sys.Constants.MFD_ALLOW_SEALING;
import static io.github.fdsock.sys.Constants.MFD_CLOEXEC;
import static io.github.fdsock.sys.Constants.MFD_EXEC;
import static io.github.fdsock.sys.Constants.MFD_HUGETLB;
import static io.github.fdsock.sys.Constants.MFD_NOEXEC_SEAL;
import static io.github.fdsock.sys.Constants.PROT_EXEC;
import static io.github.fdsock.sys.Constants.PROT_READ;
import static io.github.fdsock.sys.Constants.PROT_WRITE;

import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.Mapping;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/// A file that lives in memory and has no path: shared by passing the descriptor, and by mapping it.
///
/// It goes away with its last descriptor and its last mapping. Read and written like any file
/// ([Fd#read(MemorySegment)]), or mapped ([#map]).
///
/// **Seals** promise a receiver what can no longer happen to it: `F_SEAL_SHRINK`, `F_SEAL_GROW`, `F_SEAL_WRITE`,
/// `F_SEAL_FUTURE_WRITE` (new mappings and writes only), `F_SEAL_EXEC`, and `F_SEAL_SEAL` that nothing is added. They
/// cannot be taken back.
///
/// **A file that shrinks** pulls the memory away under those who have mapped it: touching a page that lies wholly
/// behind the end raises `SIGBUS`, which HotSpot turns into an [InternalError] in some places and dies of in others.
/// Whoever maps a file of somebody else first makes sure of `F_SEAL_SHRINK` ([#seals], after which [#size()] is to be
/// trusted).
///
/// **Threads.** Any number may use it.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/memfd_create.2.html">memfd_create(2)</a>
public final class MemFd extends Fd {
    private static final String KIND = "/memfd:";

    /// The smallest page there is on the machines that Linux runs on here; where pages are larger the kernel judges.
    private static final long PAGE_SIZE_MIN = 4096;

    private MemFd(final int fd) {
        super(fd);
    }

    /// `memfd_create(name, flags | MFD_CLOEXEC)`: makes an empty file.
    ///
    /// @param name for `/proc/self/fd` and nothing else, need not be unique; at most 249 bytes in UTF-8
    /// @param flags `MFD_ALLOW_SEALING`, `MFD_NOEXEC_SEAL` (Linux 6.3), `MFD_HUGETLB`, …, or 0
    /// @return the file, owned by the caller
    /// @throws IllegalArgumentException where there is a NUL in the name, or half a surrogate pair
    /// @throws ErrnoException `EINVAL`: too long a name, or a flag that this kernel does not know; `EMFILE`, `ENFILE`:
    ///         no free descriptor; `EACCES`: this system demands `MFD_NOEXEC_SEAL`
    public static MemFd create(final String name, final int flags) throws ErrnoException {
        if (name.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("NUL in the name of a memory file: " + name.replace("\0", "\\0"));
        }
        final byte[] bytes = AddressText.encode(name, StandardCharsets.UTF_8);
        final int fd;
        try (Arena arena = Arena.ofConfined()) {
            fd = Libc.memfd_create(arena.allocateFrom(ValueLayout.JAVA_BYTE, Arrays.copyOf(bytes, bytes.length + 1)),
                    flags | MFD_CLOEXEC);
        }
        if (fd < 0) {
            throw ErrnoException.of(-fd, "memfd_create", '"' + name + '"',
                    Flags.names(flags | MFD_CLOEXEC, FLAGS, FLAG_NAMES));
        }
        return new MemFd(fd);
    }

    /// Takes in a memory file that came from anywhere. Nothing about it is changed.
    ///
    /// @param fd the number, owned by the returned object from now on; where this throws it stays the caller's
    /// @return its owner
    /// @throws IllegalArgumentException where `fd` is negative, or something else than a file of `memfd_create`
    /// @throws ErrnoException `EBADF`: it is not open
    public static MemFd adopt(final int fd) throws ErrnoException {
        requireKind(fd, "a memory file", KIND);
        // A file of the root directory may be called so as well, but it cannot be asked for seals.
        final int seals = Libc.fcntl(fd, F_GET_SEALS, 0);
        if (seals == -EINVAL) {
            throw wrongKind(fd, "a memory file");
        }
        ErrnoException.check(seals, "fcntl", fd, "F_GET_SEALS");
        return new MemFd(fd);
    }

    /// `fcntl(fd, F_DUPFD_CLOEXEC, 0)`: a second descriptor of the same file, see [Fd#dup].
    @Override
    public MemFd dup() throws ErrnoException {
        return new MemFd(duplicate());
    }

    /// How large the file is, as `stat(2)` tells of its entry in `/proc/self/fd`.
    ///
    /// @return bytes
    /// @throws IOException `/proc` is not mounted
    public long size() throws IOException {
        final int number = enter();
        try {
            return Files.size(Path.of("/proc/self/fd", Integer.toString(number)));
        } finally {
            leave();
        }
    }

    /// `ftruncate(fd, length)`: makes the file so large; what is added is zero, what is cut off is gone.
    ///
    /// @param length bytes
    /// @throws ErrnoException `EPERM`: sealed against it; `EINVAL`: negative, or not a multiple of a huge page; `EFBIG`
    public void size(final long length) throws ErrnoException {
        final int number = enter();
        try {
            final int result = Libc.ftruncate(number, length);
            if (result < 0) {
                throw ErrnoException.of(-result, "ftruncate", number, length);
            }
        } finally {
            leave();
        }
    }

    /// `fcntl(fd, F_GET_SEALS)`: what can no longer happen to the file.
    ///
    /// @return the bits `F_SEAL_…`; `F_SEAL_SEAL` where it was made without `MFD_ALLOW_SEALING`
    /// @throws ErrnoException as `fcntl(2)` has it
    public int seals() throws ErrnoException {
        return ErrnoException.check(fcntl(F_GET_SEALS, 0), "fcntl", number(), "F_GET_SEALS");
    }

    /// `fcntl(fd, F_ADD_SEALS, seals)`: promises what shall no longer happen to the file, for good.
    ///
    /// @param seals `F_SEAL_SHRINK`, … to be added to those that are there
    /// @throws ErrnoException `EPERM`: made without `MFD_ALLOW_SEALING`, or sealed against more of them; `EBUSY`:
    ///         `F_SEAL_WRITE` while it is mapped for writing
    public void seal(final int seals) throws ErrnoException {
        ErrnoException.check(fcntl(F_ADD_SEALS, seals), "fcntl", number(), "F_ADD_SEALS",
                Flags.names(seals, SEALS, SEAL_NAMES));
    }

    /// `mmap(NULL, length, prot, MAP_SHARED, fd, offset)`: the file as memory, shared with all who map it.
    ///
    /// The mapping holds the file by itself: this descriptor may be closed. When `arena` closes, `munmap` is called.
    /// Mind what the class says of files that shrink; a mapping may reach beyond the end, and may be touched there when
    /// the file has grown to it.
    ///
    /// @param offset where in the file it begins, a multiple of the page size
    /// @param length bytes, 1 or more; of a file of huge pages (`MFD_HUGETLB`) whole pages, since the kernel maps these
    ///         and takes nothing less away: closing `arena` would throw, and leave the mapping there
    /// @param prot `PROT_READ`, with `PROT_WRITE` if wanted
    /// @param arena what the mapping shall live as long as
    /// @return the memory; read-only without `PROT_WRITE`
    /// @throws IllegalArgumentException where `offset` is negative or not a multiple of 4096, `length` not positive, or
    ///         `prot` without `PROT_READ`: touching such memory would end the JVM
    /// @throws IllegalStateException where `arena` is closed
    /// @throws ErrnoException `EPERM`: sealed against writing; `EINVAL`: not a multiple of a page that is larger;
    ///         `ENOMEM`
    public MemorySegment map(final long offset, final long length, final int prot, final Arena arena)
            throws ErrnoException {
        if (offset < 0 || offset % PAGE_SIZE_MIN != 0) {
            throw new IllegalArgumentException("a mapping from offset " + offset
                    + " on: it has to be a multiple of the page size");
        }
        if (length <= 0) {
            throw new IllegalArgumentException("a mapping of " + length + " bytes");
        }
        if ((prot & PROT_READ) == 0) {
            throw new IllegalArgumentException("a mapping of " + Flags.names(prot, PROTS, PROT_NAMES)
                    + ": without PROT_READ it cannot be touched");
        }
        if (!arena.scope().isAlive()) {
            throw new IllegalStateException("the arena of a mapping is closed already");
        }
        final int number = enter();
        try {
            final long address = Libc.mmap(0, length, prot, MAP_SHARED, number, offset);
            if (address < 0) {
                throw ErrnoException.of((int) -address, "mmap", "NULL", length, Flags.names(prot, PROTS, PROT_NAMES),
                        "MAP_SHARED", number, offset);
            }
            final MemorySegment memory = adopt(address, length, arena);
            return (prot & PROT_WRITE) == 0 ? memory.asReadOnly() : memory;
        } finally {
            leave();
        }
    }

    /// Binds the mapping to the arena; where that has been closed in the meantime it is taken away again.
    private static MemorySegment adopt(final long address, final long length, final Arena arena) {
        try {
            return Mapping.adopt(address, length, arena);
        } catch (final RuntimeException e) {
            Libc.munmap(address, length);
            throw e;
        }
    }

    @Override
    String kind() {
        return "memfd";
    }

    private static final int[] FLAGS = {MFD_CLOEXEC, MFD_ALLOW_SEALING, MFD_HUGETLB, MFD_NOEXEC_SEAL, MFD_EXEC};
    private static final String[] FLAG_NAMES =
            {"MFD_CLOEXEC", "MFD_ALLOW_SEALING", "MFD_HUGETLB", "MFD_NOEXEC_SEAL", "MFD_EXEC"};

    private static final int[] SEALS =
            {F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE, F_SEAL_FUTURE_WRITE, F_SEAL_EXEC};
    private static final String[] SEAL_NAMES = {"F_SEAL_SEAL", "F_SEAL_SHRINK", "F_SEAL_GROW", "F_SEAL_WRITE",
        "F_SEAL_FUTURE_WRITE", "F_SEAL_EXEC"};

    private static final int[] PROTS = {PROT_READ, PROT_WRITE, PROT_EXEC};
    private static final String[] PROT_NAMES = {"PROT_READ", "PROT_WRITE", "PROT_EXEC"};
}
