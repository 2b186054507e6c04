package io.github.fdsock.cli.http;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.Fd;
import io.github.fdsock.sys.Libc;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/// The files below a directory, as they are at the time of each request.
///
/// **Nothing outside of it is sent**, whatever the path says and whatever links stand in the tree: the file is opened
/// first, and then the kernel is asked what was opened (`/proc/self/fd`). No check of a name before the call could be
/// as certain, since the name may mean something else by then. What this does not see is what the tree itself makes a
/// part of it: hard links and mounts. A directory that is renamed while it is served is served no more.
///
/// Pipes, sockets and devices are not sent. They are opened without waiting, and closed.
final class FileTree implements Site {
    /// `PATH_MAX`: the longest name that the kernel takes, with its NUL.
    private static final int PATH_MAX = 4096;

    private static final byte[] INDEX = Answers.ascii("index.html");

    private static final byte[] LAST_MODIFIED = Answers.ascii("Last-Modified: ");
    private static final byte[] ACCEPT_RANGES = Answers.ascii("Accept-Ranges: ");
    private static final byte[] BYTES = Answers.ascii("bytes");
    private static final byte[] CONTENT_RANGE = Answers.ascii("Content-Range: ");
    private static final byte[] LOCATION = Answers.ascii("Location: ");

    private final Path root;
    private final PrintStream log;

    /// The name of the file, from the root's on, and its NUL.
    private final MemorySegment name = Arena.ofAuto().allocate(PATH_MAX);
    private final int rootLength;
    private int length;
    private final HttpDate lastModified = new HttpDate();

    /// @param log is told what is the server's own fault
    /// @throws IOException there is no such directory
    FileTree(final Path root, final PrintStream log) throws IOException {
        // The JDK takes an empty name for the working directory, and no call does.
        if (root.toString().isEmpty()) {
            throw new NoSuchFileException("\"\"");
        }
        this.root = root.toRealPath();
        this.log = log;
        if (!Files.isDirectory(this.root)) {
            throw new NotDirectoryException(root.toString());
        }
        // The bytes of the name, whatever they are in text.
        final byte[] bytes = unquoted(this.root.toUri().getRawPath());
        if (bytes.length + INDEX.length >= PATH_MAX) {
            throw new IllegalArgumentException("the name of the directory is too long: " + root);
        }
        MemorySegment.copy(bytes, 0, name, ValueLayout.JAVA_BYTE, 0, bytes.length);
        rootLength = bytes.length;
    }

    private static byte[] unquoted(final String path) {
        final byte[] quoted = path.getBytes(StandardCharsets.US_ASCII);
        final byte[] bytes = new byte[quoted.length];
        int n = 0;
        for (int i = 0; i < quoted.length; i++) {
            if (quoted[i] == '%') {
                bytes[n++] = (byte) (hex(quoted[i + 1]) << 4 | hex(quoted[i + 2]));
                i += 2;
            } else {
                bytes[n++] = quoted[i];
            }
        }
        return Arrays.copyOf(bytes, n);
    }

    private static int hex(final byte b) {
        return Character.digit(b, 16);
    }

    @Override
    public void answer(final RequestHead request, final Answers answers) {
        final Status status = takeName(request);
        if (status != Status.OK) {
            answers.tell(status, null);
            return;
        }
        try {
            answer(request, answers, false);
        } catch (final IOException e) {
            complain(request, e);
            answers.tell(Status.INTERNAL_SERVER_ERROR, null);
        }
    }

    private void complain(final RequestHead request, final IOException e) {
        log.println("not served: " + request.requestLine() + ": " + e.getMessage());
    }

    /// Turns the path into the name of a file.
    private Status takeName(final RequestHead request) {
        length = rootLength;
        if (request.pathLength() == 0) {
            append((byte) '/');
        }
        for (int i = 0; i < request.pathLength(); i++) {
            byte b = request.pathByte(i);
            if (b == '%') {
                final int high = i + 2 < request.pathLength() ? hex(request.pathByte(i + 1)) : -1;
                final int low = high < 0 ? -1 : hex(request.pathByte(i + 2));
                if (low < 0) {
                    return Status.BAD_REQUEST;
                }
                b = (byte) (high << 4 | low);
                i += 2;
                if (b == 0) {
                    return Status.BAD_REQUEST;
                }
                if (b == '/') {
                    // It would be a part of a name, and no name has one.
                    return Status.NOT_FOUND;
                }
            }
            // Room for the index and the NUL.
            if (length + INDEX.length + 1 >= PATH_MAX) {
                return Status.NOT_FOUND;
            }
            append(b);
        }
        return leadsUp() ? Status.NOT_FOUND : Status.OK;
    }

    /// Whether there is a `..`, which clients have resolved: what is above the root shall not even be tried.
    private boolean leadsUp() {
        int dots = 0;
        for (int i = rootLength; i < length; i++) {
            final byte b = name.get(ValueLayout.JAVA_BYTE, i);
            if (b == '/') {
                if (dots == 2) {
                    return true;
                }
                dots = 0;
            } else {
                // More than two mean nothing, and neither does any other byte.
                dots += b == '.' ? 1 : 3;
            }
        }
        return dots == 2;
    }

    private void append(final byte b) {
        name.set(ValueLayout.JAVA_BYTE, length++, b);
    }

    private void answer(final RequestHead request, final Answers answers, final boolean index) throws IOException {
        name.set(ValueLayout.JAVA_BYTE, length, (byte) 0);
        int fd;
        do {
            fd = Libc.open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
        } while (fd == -EINTR);
        if (fd < 0) {
            answers.tell(refused(-fd, request, index), null);
            return;
        }
        final Fd file = owned(fd);
        boolean taken = false;
        boolean directory = false;
        try {
            final Path self = Path.of("/proc/self/fd", Integer.toString(fd));
            final BasicFileAttributes facts = Files.readAttributes(self, BasicFileAttributes.class);
            if (!Files.readSymbolicLink(self).startsWith(root)) {
                answers.tell(Status.NOT_FOUND, null);
            } else if (facts.isDirectory() && !index) {
                directory = true;
            } else if (facts.isRegularFile()) {
                taken = send(request, answers, file, facts);
            } else {
                answers.tell(Status.FORBIDDEN, null);
            }
        } finally {
            if (!taken) {
                file.close();
            }
        }
        if (directory) {
            if (name.get(ValueLayout.JAVA_BYTE, length - 1) == '/') {
                for (final byte b : INDEX) {
                    append(b);
                }
                answer(request, answers, true);
            } else {
                redirect(request, answers);
            }
        }
    }

    private static Fd owned(final int fd) throws IOException {
        try {
            return Fd.adopt(fd);
        } catch (final IOException e) {
            Libc.close(fd);
            throw e;
        }
    }

    private Status refused(final int errno, final RequestHead request, final boolean index) {
        return switch (errno) {
            // A directory is there, and its index is not.
            case ENOENT -> index ? Status.FORBIDDEN : Status.NOT_FOUND;
            case ENOTDIR, ENAMETOOLONG, ELOOP -> Status.NOT_FOUND;
            case EACCES, EPERM, ENXIO, ENODEV -> Status.FORBIDDEN;
            default -> {
                complain(request, ErrnoException.of(errno, "open"));
                yield errno == EMFILE || errno == ENFILE || errno == ENOMEM ? Status.SERVICE_UNAVAILABLE
                        : Status.INTERNAL_SERVER_ERROR;
            }
        };
    }

    /// To the same name with a slash, by which the relative links in its index mean what they say.
    private static void redirect(final RequestHead request, final Answers answers) {
        final byte[] last = request.lastName();
        final byte[] query = request.query();
        final byte[] location = new byte[last.length + query.length + 3];
        location[0] = '.';
        location[1] = '/';
        System.arraycopy(last, 0, location, 2, last.length);
        location[last.length + 2] = '/';
        System.arraycopy(query, 0, location, last.length + 3, query.length);
        answers.begin(Status.MOVED_PERMANENTLY).field(LOCATION, location).explain(null);
    }

    /// Whether the file was handed over.
    private boolean send(final RequestHead request, final Answers answers, final Fd file,
            final BasicFileAttributes facts) {
        final long size = facts.size();
        // A time to come would let the file count as unchanged when it has changed; one before 1970 is not written.
        final long modified = Math.clamp(facts.lastModifiedTime().to(TimeUnit.SECONDS), 0, Answers.now());
        final byte[] modifiedText = lastModified.at(modified);
        final Status status = request.precondition(modified);
        if (status == Status.NOT_MODIFIED) {
            answers.begin(status).field(LAST_MODIFIED, modifiedText).end();
            return false;
        }
        if (status != Status.OK) {
            answers.tell(status, null);
            return false;
        }
        ByteRange range = request.method() == RequestHead.Method.GET ? ByteRange.read(request.range(), size) : null;
        final String ifRange = request.ifRange();
        if (ifRange != null && !ifRange.equals(new String(modifiedText, StandardCharsets.US_ASCII))) {
            // Its beginning, which the client has, is of another file.
            range = null;
        }
        if (range != null && range.length() == 0) {
            answers.begin(Status.RANGE_NOT_SATISFIABLE).field(CONTENT_RANGE, Answers.ascii("bytes */" + size))
                    .explain(null);
            return false;
        }
        answers.begin(range == null ? Status.OK : Status.PARTIAL_CONTENT).field(LAST_MODIFIED, modifiedText)
                .field(ACCEPT_RANGES, BYTES).field(Answers.CONTENT_TYPE, ContentType.of(name, length));
        if (range == null) {
            answers.end(file, 0, size);
        } else {
            final long last = range.start() + range.length() - 1;
            answers.field(CONTENT_RANGE, Answers.ascii("bytes " + range.start() + '-' + last + '/' + size))
                    .end(file, range.start(), range.length());
        }
        return true;
    }
}
