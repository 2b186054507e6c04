package io.github.fdsock;

import io.github.fdsock.sys.struct.Mmsghdr;
import java.io.Closeable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/// An array of messages: what one `sendmmsg(2)` sends or one `recvmmsg(2)` receives.
///
/// Each is a [Message] like any other, with its own buffers, addresses, control messages and descriptors, and is set
/// up, asked and reused in the same way. After a call, [Message#bytes] tells of each how much of it was sent or
/// received.
///
/// ```java
/// int n = socket.recvmmsg(messages, messages.size(), MSG_WAITFORONE);
/// for (int i = 0; i < n; i++) {
///     Message message = messages.get(i);
/// }
/// ```
///
/// **Ownership, threads and memory** are those of [Message]; [#close] closes the descriptors of all of them.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/sendmmsg.2.html">sendmmsg(2)</a>
/// @see <a href="https://man7.org/linux/man-pages/man2/recvmmsg.2.html">recvmmsg(2)</a>
public final class Messages implements Closeable {
    private static final long NOT_SENT = -1;

    private final Mmsghdr headers;
    private final Message[] messages;
    private int received;

    private Messages(final Arena arena, final int size, final int buffersMax, final int controlMax,
            final int descriptorsMax) {
        headers = Mmsghdr.allocate(arena, size);
        messages = new Message[size];
        for (int i = 0; i < size; i++) {
            messages[i] = new Message(arena, headers.hdr(i), buffersMax, controlMax, descriptorsMax);
        }
    }

    /// A new array of empty messages.
    ///
    /// @param arena what their memory lives as long as
    /// @param size how many, 1 to `UIO_MAXIOV` (1024)
    /// @param buffersMax of each, as [Message#allocate]
    /// @param controlMax of each, as [Message#allocate]
    /// @param descriptorsMax of each, as [Message#allocate]
    /// @return the array
    /// @throws IllegalArgumentException where one of them is out of range
    public static Messages allocate(final Arena arena, final int size, final int buffersMax, final int controlMax,
            final int descriptorsMax) {
        return new Messages(arena, size, buffersMax, controlMax, descriptorsMax);
    }

    /// How many there are.
    ///
    /// @return the number
    public int size() {
        return messages.length;
    }

    /// One of them.
    ///
    /// @param index 0 for the first
    /// @return the message, always the same object
    /// @throws IndexOutOfBoundsException where there are not so many
    public Message get(final int index) {
        return messages[Objects.checkIndex(index, messages.length)];
    }

    /// How many the last `recvmmsg` has received, which it tells also where that has thrown an exception after that.
    ///
    /// @return the number, of the first of them
    public int received() {
        return received;
    }

    /// [Message#close] of all of them.
    ///
    /// @throws ErrnoException as [Fd#close]; all the others are closed all the same
    /// @throws IllegalStateException as [Fd#close]; all the others are closed all the same
    @Override
    public void close() throws ErrnoException {
        close(0);
    }

    private void close(final int first) throws ErrnoException {
        int i = first;
        try {
            while (i < messages.length) {
                messages[i++].close();
            }
        } finally {
            if (i < messages.length) {
                close(i);
            }
        }
    }

    /// The array for the call, from `first` on.
    MemorySegment headers(final int first) {
        final MemorySegment all = headers.segment();
        return first == 0 ? all : all.asSlice((long) first * Mmsghdr.SIZEOF);
    }

    /// Prepares those from `first` to before `end` to be sent; [#afterSend] is due, also where this has thrown.
    void beforeSend(final int first, final int end) {
        for (int i = first; i < end; i++) {
            messages[i].beforeSend();
        }
    }

    /// Ends a `sendmmsg` of those from `first` to before `end`, of which the first `sent` were sent.
    void afterSend(final int first, final int end, final int sent) throws ErrnoException {
        int i = first;
        try {
            while (i < end) {
                final long length = i < first + sent ? Integer.toUnsignedLong(headers.len(i)) : NOT_SENT;
                messages[i++].afterSend(length);
            }
        } finally {
            if (i < end) {
                afterSend(i, end, first + sent - i);
            }
        }
    }

    void beforeReceive(final int count) throws ErrnoException {
        received = 0;
        for (int i = 0; i < count; i++) {
            messages[i].beforeReceive();
        }
    }

    /// Takes over what a `recvmmsg` has brought, from `index` to before `count`.
    void received(final int index, final int count, final int socket) throws ErrnoException {
        received = count;
        int i = index;
        try {
            while (i < count) {
                final long length = Integer.toUnsignedLong(headers.len(i));
                messages[i++].received(length, socket);
            }
        } finally {
            if (i < count) {
                received(i, count, socket);
            }
        }
    }
}
