package io.github.fdsock;

import static io.github.fdsock.sys.Constants.MSG_CTRUNC;
import static io.github.fdsock.sys.Constants.MSG_TRUNC;
import static io.github.fdsock.sys.Constants.SCM_PIDFD;
import static io.github.fdsock.sys.Constants.SCM_RIGHTS;
import static io.github.fdsock.sys.Constants.SOL_SOCKET;

import io.github.fdsock.sys.struct.ControlBuffer;
import java.io.Closeable;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/// What one `recvmsg(2)` brought: how many bytes, and the descriptors that came with them.
///
/// **Ownership.** The descriptors belong to this message, all of them, until they are taken; [#close] closes those that
/// were not. They are close-on-exec from the moment they arrive.
///
/// Bytes and descriptors of several messages of a stream are never mixed up by the kernel: a receive ends behind the message
/// that carried descriptors. Bytes that were sent before it may stand in front, though.
///
/// **Threads.** One at a time.
public final class ReceivedMessage implements Closeable {
    private final long bytes;
    private final int flags;

    /// In the order they were sent; null where one was taken.
    private final List<Fd> descriptors = new ArrayList<>();

    ReceivedMessage(final long bytes, final int flags) {
        this.bytes = bytes;
        this.flags = flags;
    }

    /// Takes over every descriptor in `control`. Where this throws none of them is left open.
    void adopt(final ControlBuffer control) throws ErrnoException {
        // All are taken over before the first is closed, which may fail.
        final List<Fd> unwanted = new ArrayList<>();
        while (control.next()) {
            if (control.level() != SOL_SOCKET) {
                continue;
            }
            if (control.type() == SCM_RIGHTS) {
                for (int i = 0; i + Integer.BYTES <= control.dataLength(); i += Integer.BYTES) {
                    descriptors.add(new Fd(control.dataInt(i)));
                }
            } else if (control.type() == SCM_PIDFD && control.dataLength() >= Integer.BYTES && control.dataInt(0) >= 0) {
                // Sent along by a kernel that was asked for it (SO_PASSPIDFD): nobody looks at it here.
                unwanted.add(new Fd(control.dataInt(0)));
            }
        }
        try {
            closeAll(unwanted);
        } catch (final ErrnoException | RuntimeException e) {
            closeAfter(e);
            throw e;
        }
    }

    /// The number of bytes received: 0 at a stream's end, and for an empty datagram.
    ///
    /// @return the number, of a datagram at most as many as there was room for
    public long bytes() {
        return bytes;
    }

    /// How many descriptors came.
    ///
    /// @return the number, taken or not
    public int descriptors() {
        return descriptors.size();
    }

    /// Takes a descriptor: it is the caller's from now on.
    ///
    /// @param index 0 for the first
    /// @return its owner
    /// @throws IndexOutOfBoundsException where so many did not come
    /// @throws IllegalStateException where it was taken before, or closed with the message
    public Fd takeFd(final int index) {
        Objects.checkIndex(index, descriptors.size());
        final Fd fd = descriptors.set(index, null);
        if (fd == null) {
            throw new IllegalStateException("descriptor " + index + " of this message was taken before");
        }
        return fd;
    }

    /// `MSG_TRUNC`: whether the rest of a datagram was lost for want of room.
    ///
    /// @return whether bytes were lost
    public boolean truncated() {
        return (flags & MSG_TRUNC) != 0;
    }

    /// `MSG_CTRUNC`: whether descriptors were lost, because more came than were wanted or because this process had no free
    /// number for them (`RLIMIT_NOFILE`). Those that did arrive are here, the first of them.
    ///
    /// @return whether descriptors were lost
    public boolean descriptorsLost() {
        return (flags & MSG_CTRUNC) != 0;
    }

    /// Closes the descriptors that were not taken.
    ///
    /// @throws ErrnoException as [Fd#close]; the others are closed all the same
    /// @throws IllegalStateException as [Fd#close]; the others are closed all the same
    @Override
    public void close() throws ErrnoException {
        closeAll(descriptors);
    }

    /// Closes what came because of a failure that keeps it from being handed to anybody.
    void closeAfter(final Exception failure) {
        try {
            close();
        } catch (final ErrnoException | RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    /// All of them, whatever happens to one; the first failure is thrown when that is done.
    private static void closeAll(final List<Fd> all) throws ErrnoException {
        ErrnoException failure = null;
        RuntimeException defect = null;
        for (int i = 0; i < all.size(); i++) {
            final Fd fd = all.set(i, null);
            try {
                if (fd != null) {
                    fd.close();
                }
            } catch (final ErrnoException e) {
                failure = failure == null ? e : failure;
            } catch (final RuntimeException e) {
                defect = defect == null ? e : defect;
            }
        }
        if (defect != null) {
            throw defect;
        }
        if (failure != null) {
            throw failure;
        }
    }
}
