package io.github.fdsock;

import static io.github.fdsock.sys.Constants.EMFILE;
import static io.github.fdsock.sys.Constants.F_DUPFD_CLOEXEC;
import static io.github.fdsock.sys.Constants.MSG_CTRUNC;
import static io.github.fdsock.sys.Constants.MSG_TRUNC;
import static io.github.fdsock.sys.Constants.SCM_MAX_FD;
import static io.github.fdsock.sys.Constants.SCM_PIDFD;
import static io.github.fdsock.sys.Constants.SCM_RIGHTS;
import static io.github.fdsock.sys.Constants.SOL_SOCKET;

import io.github.fdsock.cmsg.Cmsg;
import io.github.fdsock.cmsg.ExtendedError;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.ControlBuffer;
import io.github.fdsock.sys.struct.Iovec;
import io.github.fdsock.sys.struct.Msghdr;
import java.io.Closeable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/// What one `sendmsg(2)` sends or one `recvmsg(2)` receives: address, buffers, control messages, descriptors and flags,
/// used again for call after call without allocating.
///
/// ```java
/// Message message = Message.allocate(arena, 1, Cmsg.SCM_CREDENTIALS.space(), 4);
/// message.buffers().add(buffer);
/// for (;;) {
///     long n = socket.recvmsg(message, 0);
///     Credentials who = message.get(Cmsg.SCM_CREDENTIALS);
///     Fd log = message.takeFd(0);
/// }
/// ```
///
/// **To send:** [#buffers], [#to] where the socket is not connected, [#add] for control messages, [#lendFd] or
/// [#giveFd] for descriptors; then [SocketFd#sendmsg(Message, int)]. All of it stays for the next call but the
/// descriptors.
///
/// **To receive:** [#buffers], then [SocketFd#recvmsg(Message, int)]; it tells [#bytes], [#from], [#flags], what came
/// beside the bytes ([#get], [#control]) and the descriptors ([#takeFd]). What was received before is forgotten with
/// the call, control messages that were added to be sent as well; buffers and [#to] stay.
///
/// **Who owns descriptors.** *Received* ones belong to this message from the moment they arrive, close-on-exec,
/// whatever else happens: also where the call throws, and on a look with `MSG_PEEK`, which receives copies of its own
/// each time. [#takeFd] makes one the caller's. Those not taken are closed when the message is received into again,
/// cleared or closed. *Lent* ones stay the caller's, and may be closed or given away only when they have been sent, or
/// taken back by [#clear]. *Given* ones belong to this message at once, which closes them when they have been sent;
/// unsent ones when it is cleared or closed. Nothing closes those of a forgotten message.
///
/// **Descriptors leave once**, with the first byte: when the call has sent anything, they are gone from the message,
/// and the rest of a stream's bytes is to be sent without them. Where it has sent nothing (`-EAGAIN`, an exception)
/// they are still there.
///
/// **How many are let in** is up to the receiver: exactly so many as the message was made for. Without other control
/// messages the kernel itself is told that number: the room is `CMSG_LEN`, not `CMSG_SPACE`, whose padding would admit
/// one more. With room for others a peer can fill that with descriptors instead: these are closed before the call
/// returns, and told like those that the kernel has dropped ([#truncation]).
///
/// **Threads.** One at a time. **Memory.** As long as the arena that it was made with.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/sendmsg.2.html">sendmsg(2)</a>
/// @see <a href="https://man7.org/linux/man-pages/man2/recvmsg.2.html">recvmsg(2)</a>
/// @see <a href="https://man7.org/linux/man-pages/man7/unix.7.html">unix(7)</a>
public final class Message implements Closeable {
    private static final int NONE = -1;

    /// Stands for "no `SCM_PIDFD` came", since that may be any errno.
    private static final int NO_PIDFD = Integer.MIN_VALUE;

    private static final int[] NO_NUMBERS = {};
    private static final Fd[] NO_FDS = {};

    private final Msghdr header;
    private final Iovec buffers;
    private final SockAddrBuffer from;
    private final SockAddrBuffer to;

    /// What is sent, or was received.
    private final ControlBuffer control;

    /// The same memory, for looking a message up without disturbing who walks through [#control].
    private final ControlBuffer lookup;
    private final int descriptorsMax;

    private boolean addressed;

    /// Whether [#control] holds what was received rather than what is to be sent.
    private boolean holdsReceived;

    private long bytes;
    private long length;
    private int flags;
    private Truncation truncation = Truncation.NONE;

    /// The numbers that were received, in the order they were sent; [#NONE] where one was taken.
    private final int[] received;
    private int receivedCount;

    /// Of `SCM_PIDFD`: the number, `-errno`, or [#NO_PIDFD].
    private int pidFd = NO_PIDFD;

    /// The descriptors to be sent: an owner that has lent its own, or null where the number was given.
    private final Fd[] lent;
    private final int[] numbers;
    private int toSend;

    /// How many of [#lent] a call has entered.
    private int entered;

    Message(final Arena arena, final Msghdr header, final int buffersMax, final int controlMax,
            final int descriptorsMax) {
        if (controlMax < 0) {
            throw new IllegalArgumentException("room for " + controlMax + " bytes of control messages");
        }
        if (descriptorsMax < 0 || descriptorsMax > SCM_MAX_FD) {
            throw new IllegalArgumentException(descriptorsMax + " descriptors; 0 to " + SCM_MAX_FD
                    + " can be in a message");
        }
        final long capacity = descriptorsMax == 0 ? controlMax
                : ControlBuffer.align(controlMax) + ControlBuffer.len((long) descriptorsMax * Integer.BYTES);
        if (capacity > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("room for " + controlMax + " bytes of control messages and "
                    + descriptorsMax + " descriptors");
        }
        this.descriptorsMax = descriptorsMax;
        buffers = Iovec.allocate(arena, buffersMax);
        from = SockAddrBuffer.allocate(arena);
        to = SockAddrBuffer.allocate(arena);
        control = ControlBuffer.allocate(arena, (int) capacity);
        lookup = ControlBuffer.of(control.segment());
        this.header = header.iov(buffers).control(control);
        // All that may arrive, those that were not asked for too.
        final int most = capacity < ControlBuffer.SIZEOF_CMSGHDR ? 0
                : (int) (capacity - ControlBuffer.SIZEOF_CMSGHDR) / Integer.BYTES;
        received = most == 0 ? NO_NUMBERS : new int[most];
        lent = descriptorsMax == 0 ? NO_FDS : new Fd[descriptorsMax];
        numbers = descriptorsMax == 0 ? NO_NUMBERS : new int[descriptorsMax];
    }

    /// A new one, empty.
    ///
    /// @param arena what its memory lives as long as
    /// @param buffersMax how many buffers it can have, 1 to `UIO_MAXIOV` (1024)
    /// @param controlMax how much room it has for control messages other than descriptors, in bytes: the sum of
    ///         [Cmsg#space] of those that the socket was told to deliver, and 24 for `SO_PASSPIDFD`
    /// @param descriptorsMax how many descriptors it can carry, and how many are let in: 0 to 253
    /// @return the message
    /// @throws IllegalArgumentException where one of them is out of range
    public static Message allocate(final Arena arena, final int buffersMax, final int controlMax,
            final int descriptorsMax) {
        return new Message(arena, Msghdr.allocate(arena), buffersMax, controlMax, descriptorsMax);
    }

    // ---- what goes both ways

    /// `msg_iov`: the bytes to send, or where to receive them.
    ///
    /// No call changes them. After a partial send [Iovec#advance] leaves in it what is still to be sent.
    ///
    /// @return the buffers of this message, always the same object
    public Iovec buffers() {
        return buffers;
    }

    /// How many bytes the last call has sent or received, which it tells also where the call has thrown an exception
    /// after that.
    ///
    /// @return the number; of a datagram that was received at most as many as there was room for; 0 at a stream's end,
    ///         for an empty datagram, and where nothing was sent or received
    public long bytes() {
        return bytes;
    }

    /// How long the message was that the last call has received.
    ///
    /// @return more than [#bytes] where a datagram was cut off and the call had the flag `MSG_TRUNC`; else the same
    public long length() {
        return length;
    }

    /// Empties it, as if it were new: buffers, addresses, control messages. Descriptors that were lent are their
    /// owners' alone again; those that were given and not sent, and those that were received and not taken, are closed.
    ///
    /// @throws ErrnoException as [Fd#close]; all the others are closed all the same
    /// @throws IllegalStateException as [Fd#close]; all the others are closed all the same
    public void clear() throws ErrnoException {
        // First, lest they stay open where the arena is not: the rest of it is memory.
        try {
            close();
        } finally {
            buffers.clear();
            addressed = false;
            clearControl();
            forget();
        }
    }

    /// Closes the descriptors that were received and not taken, and those that were given and not sent; lent ones are
    /// their owners' alone again. Nothing else changes, and the message can be used again.
    ///
    /// Works after the arena was closed, too.
    ///
    /// @throws ErrnoException as [Fd#close]; all the others are closed all the same
    /// @throws IllegalStateException as [Fd#close]; all the others are closed all the same
    @Override
    public void close() throws ErrnoException {
        try {
            closeReceived();
        } finally {
            dropToSend();
        }
    }

    // ---- to send

    /// `msg_name`: where the bytes are to go. For sockets that are not connected.
    ///
    /// @param address the address; null for the peer of a connected socket, as at first
    /// @return this
    public Message to(final SockAddr address) {
        addressed = address != null;
        if (addressed) {
            to.set(address);
        }
        return this;
    }

    /// `msg_name`: where the bytes are to go, copied without allocating. For sockets that are not connected.
    ///
    /// @param address the address; [#from] for an answer
    /// @return this
    public Message to(final SockAddrBuffer address) {
        to.set(address);
        addressed = true;
        return this;
    }

    /// Whether [#to] has been told an address.
    ///
    /// @return false where it is for the peer of a connected socket
    public boolean addressed() {
        return addressed;
    }

    /// Adds a control message to be sent.
    ///
    /// @param <T> the type of its value
    /// @param message `Cmsg.IP_PKTINFO`, …
    /// @param value its value
    /// @return this
    /// @throws IllegalArgumentException a value that C cannot say; or `SCM_RIGHTS`: descriptors are lent or given, never
    ///         told by their numbers
    /// @throws UnsupportedOperationException one that only the kernel sends
    /// @throws IndexOutOfBoundsException there is no room for it
    public <T> Message add(final Cmsg<T> message, final T value) {
        requireNoDescriptors(message.level(), message.type());
        message.append(toBeSent(), value);
        return this;
    }

    /// Adds a control message of any kind to be sent, raw.
    ///
    /// @param level `cmsg_level`
    /// @param type `cmsg_type`
    /// @param data its data, copied
    /// @return this
    /// @throws IllegalArgumentException `SCM_RIGHTS`: descriptors are lent or given, never told by their numbers
    /// @throws IndexOutOfBoundsException there is no room for it
    public Message add(final int level, final int type, final MemorySegment data) {
        requireNoDescriptors(level, type);
        toBeSent().append(level, type, data);
        return this;
    }

    private static void requireNoDescriptors(final int level, final int type) {
        if (level == SOL_SOCKET && type == SCM_RIGHTS) {
            throw new IllegalArgumentException(
                    "descriptors are lent or given to a message: SCM_RIGHTS is written by it");
        }
    }

    /// Takes away the control messages that were added, and those that were received; descriptors stay.
    ///
    /// @return this
    public Message clearControl() {
        control.clear();
        lookup.clear();
        holdsReceived = false;
        return this;
    }

    private ControlBuffer toBeSent() {
        if (holdsReceived) {
            clearControl();
        }
        return control;
    }

    /// Adds a descriptor to be sent that stays the caller's: it has to be open until it has been sent, and the receiver
    /// gets another, of the same open file.
    ///
    /// @param fd the descriptor; a closed one is refused when it is to be sent, before anything is
    /// @return this
    /// @throws IllegalArgumentException more than this message was made for
    public Message lendFd(final Fd fd) {
        lent[nextToSend()] = Objects.requireNonNull(fd, "fd");
        toSend++;
        return this;
    }

    /// Adds a descriptor to be sent that is this message's from now on, and counts as given away ([Fd#release]): it is
    /// closed when it has been sent, or when the message is cleared or closed.
    ///
    /// @param fd the descriptor
    /// @return this
    /// @throws IllegalArgumentException more than this message was made for; the descriptor is the caller's still
    /// @throws IllegalStateException where it is closed, or in use by another thread; it is the caller's still
    public Message giveFd(final Fd fd) {
        numbers[nextToSend()] = fd.release();
        toSend++;
        return this;
    }

    private int nextToSend() {
        if (toSend == descriptorsMax) {
            throw new IllegalArgumentException(toSend + 1 + " descriptors; this message was made for " + descriptorsMax
                    + (descriptorsMax == SCM_MAX_FD ? ", as many as can be sent" : ""));
        }
        return toSend;
    }

    /// How many descriptors wait to be sent.
    ///
    /// @return the number: 0 as soon as they have left
    public int descriptorsToSend() {
        return toSend;
    }

    // ---- received

    /// `msg_name`: whom it came from.
    ///
    /// @return the address of the last message received, always the same object; its [SockAddrBuffer#address] is null
    ///         where the kernel told none
    public SockAddrBuffer from() {
        return from;
    }

    /// `msg_flags`.
    ///
    /// @return `MSG_TRUNC`, `MSG_CTRUNC`, `MSG_EOR`, `MSG_OOB`, `MSG_ERRQUEUE`, …
    public int flags() {
        return flags;
    }

    /// `MSG_TRUNC`: whether the rest of a datagram was lost for want of room.
    ///
    /// @return whether bytes were lost
    public boolean truncated() {
        return (flags & MSG_TRUNC) != 0;
    }

    /// Whether control messages were lost, descriptors among them; [#truncation] says why. Those that did arrive are
    /// here, the first of them.
    ///
    /// @return whether any were lost
    public boolean controlTruncated() {
        return truncation != Truncation.NONE;
    }

    /// Why control messages were lost, as far as it can be known: the kernel only says that they were (`MSG_CTRUNC`).
    ///
    /// @return the reason, found out when they were received
    public Truncation truncation() {
        return truncation;
    }

    /// Why control messages were lost.
    public enum Truncation {
        /// None were.
        NONE,
        /// There was no room: more came than the message was made for.
        ROOM,
        /// There was room for the descriptors, but this process had no free numbers for them (`RLIMIT_NOFILE`): those
        /// that found none are lost.
        DESCRIPTOR_LIMIT,
        /// There was room, and there are free numbers now: a security module does not let them pass, or numbers became
        /// free right after the receive.
        OTHER
    }

    /// The value of a control message that was received.
    ///
    /// @param <T> the type of its value
    /// @param message `Cmsg.IP_PKTINFO`, …
    /// @return the value of the first of its kind; null where none came, or too little of it
    public <T> T get(final Cmsg<T> message) {
        return find(message) ? message.decode(lookup) : null;
    }

    /// The value of a control message that was received and is an `int`, without allocating.
    ///
    /// @param message `Cmsg.IP_TTL`, …
    /// @param otherwise what to return where none came, or too little of it
    /// @return the value of the first of its kind
    public int getInt(final Cmsg<Integer> message, final int otherwise) {
        return find(message) ? Cmsg.decodeInt(message, lookup, otherwise) : otherwise;
    }

    private boolean find(final Cmsg<?> message) {
        lookup.received(holdsReceived ? control.length() : 0);
        while (lookup.next()) {
            if (message.is(lookup)) {
                return true;
            }
        }
        return false;
    }

    /// What was read from the error queue (`MSG_ERRQUEUE`): `IP_RECVERR` or `IPV6_RECVERR`.
    ///
    /// @return the entry; null where none came
    public ExtendedError extendedError() {
        final ExtendedError error = get(Cmsg.IP_RECVERR);
        return error != null ? error : get(Cmsg.IPV6_RECVERR);
    }

    /// The control messages that were received, raw, to be walked through by [ControlBuffer#next]; after a walk
    /// [ControlBuffer#rewind] begins anew.
    ///
    /// Nothing in it is to be trusted, and the numbers of descriptors in it are this message's.
    ///
    /// @return the buffer of this message, always the same object
    public ControlBuffer control() {
        return control;
    }

    /// `SCM_RIGHTS`: how many descriptors came.
    ///
    /// @return the number, taken or not
    public int descriptors() {
        return receivedCount;
    }

    /// Takes a descriptor: it is the caller's from now on.
    ///
    /// Its status flags are those of the sender, who shares them: it may be non-blocking or not.
    ///
    /// @param index 0 for the first
    /// @return its owner
    /// @throws IndexOutOfBoundsException where so many did not come
    /// @throws IllegalStateException where it was taken before, or closed with the message
    public Fd takeFd(final int index) {
        final Fd fd = new Fd(number(index));
        received[index] = NONE;
        return fd;
    }

    /// Takes a descriptor that is a socket: it is the caller's from now on.
    ///
    /// @param index 0 for the first
    /// @return its owner
    /// @throws IndexOutOfBoundsException where so many did not come
    /// @throws IllegalStateException where it was taken before, or closed with the message
    /// @throws ErrnoException `ENOTSOCK`: it is something else, and still this message's
    public SocketFd takeSocketFd(final int index) throws ErrnoException {
        final SocketFd socket = SocketFd.adopt(number(index));
        received[index] = NONE;
        return socket;
    }

    private int number(final int index) {
        final int number = received[Objects.checkIndex(index, receivedCount)];
        if (number == NONE) {
            throw new IllegalStateException("descriptor " + index + " of this message was taken or closed before");
        }
        return number;
    }

    /// `SCM_PIDFD`: takes the descriptor of the process that sent it, which is the caller's from now on. Received with
    /// `SO_PASSPIDFD`.
    ///
    /// @return the process; null where the kernel told none, or it was taken before
    /// @throws ErrnoException the kernel had none to give: `ESRCH` or `EINVAL`, the process has ended and been waited
    ///         for; `EMFILE`, no free number
    public PidFd takePidFd() throws ErrnoException {
        final int number = pidFd;
        pidFd = NO_PIDFD;
        if (number >= 0) {
            return new PidFd(number);
        }
        if (number == NO_PIDFD) {
            return null;
        }
        throw ErrnoException.of(-number, "SCM_PIDFD");
    }

    // ---- what a socket does with it

    /// Fills the header for a `sendmsg`, and holds on to the descriptors that go along; [#afterSend] lets go of them,
    /// also where this has thrown.
    ///
    /// @throws IllegalStateException one of them is closed
    Msghdr beforeSend() {
        bytes = 0;
        final int plain = toBeSent().length();
        while (entered < toSend) {
            if (lent[entered] != null) {
                numbers[entered] = lent[entered].enter();
            }
            entered++;
        }
        if (toSend > 0) {
            control.appendInts(SOL_SOCKET, SCM_RIGHTS, numbers, toSend);
        }
        header.name(addressed ? to.segment() : MemorySegment.NULL, addressed ? to.lengthToSend() : 0).prepareSend();
        // The header and the memory keep them for the call; here they would be added again for the next.
        control.truncate(plain);
        return header;
    }

    /// Ends a `sendmsg`.
    ///
    /// @param length how many bytes it has sent, which may be none of an empty datagram; negative where it has failed
    void afterSend(final long length) throws ErrnoException {
        try {
            leaveLent();
        } finally {
            if (length >= 0) {
                bytes = length;
                dropToSend();
            }
        }
    }

    /// Fills the header for a `recvmsg`, and puts away what the last one has brought.
    Msghdr beforeReceive() throws ErrnoException {
        closeReceived();
        forget();
        holdsReceived = true;
        return header.name(from.segment(), SockAddr.MAX_LENGTH).prepareReceive();
    }

    /// Takes over what a `recvmsg` has brought. Where this throws all the same is here, too.
    ///
    /// @param length its result, not negative
    /// @param socket where it came from
    void received(final long length, final int socket) throws ErrnoException {
        header.received();
        from.told(header.namelen());
        flags = header.flags();
        this.length = length;
        bytes = Math.min(length, buffers.length());
        final boolean full = adopt();
        if (receivedCount > descriptorsMax || (flags & MSG_CTRUNC) != 0 && full) {
            truncation = Truncation.ROOM;
        } else if ((flags & MSG_CTRUNC) != 0) {
            truncation = hasFreeNumber(socket) ? Truncation.OTHER : Truncation.DESCRIPTOR_LIMIT;
        }
        final int surplus = receivedCount;
        receivedCount = Math.min(receivedCount, descriptorsMax);
        closeReceived(receivedCount, surplus);
    }

    /// Takes over the descriptors among the control messages.
    ///
    /// @return whether there was no room for another descriptor
    private boolean adopt() {
        int end = 0;
        int room = NONE;
        while (control.next()) {
            final int dataLength = control.dataLength();
            final boolean ofSocket = control.level() == SOL_SOCKET;
            if (ofSocket && control.type() == SCM_RIGHTS) {
                for (int i = 0; i + Integer.BYTES <= dataLength; i += Integer.BYTES) {
                    received[receivedCount++] = control.dataInt(i);
                }
                // Against the capacity, not msg_controllen: that counts the padding, where one more may have had room.
                room = control.capacity() - end - (int) ControlBuffer.len(dataLength);
            } else if (ofSocket && control.type() == SCM_PIDFD && dataLength >= Integer.BYTES) {
                pidFd = control.dataInt(0);
            }
            end += (int) ControlBuffer.space(dataLength);
        }
        control.rewind();
        return room == NONE ? control.capacity() - end < ControlBuffer.len(Integer.BYTES) : room < Integer.BYTES;
    }

    private static boolean hasFreeNumber(final int socket) {
        final int copy = Libc.fcntl(socket, F_DUPFD_CLOEXEC, 0);
        if (copy >= 0) {
            Libc.close(copy);
        }
        return copy != -EMFILE;
    }

    private void forget() {
        bytes = 0;
        length = 0;
        flags = 0;
        truncation = Truncation.NONE;
        receivedCount = 0;
        from.told(0);
    }

    // ---- all of them, though one may fail: after an exception each of these goes on behind the one that threw it

    private void closeReceived() throws ErrnoException {
        final int process = pidFd;
        pidFd = NO_PIDFD;
        try {
            closeReceived(0, receivedCount);
        } finally {
            if (process >= 0) {
                Fd.closeNow(process);
            }
        }
    }

    private void closeReceived(final int first, final int end) throws ErrnoException {
        int i = first;
        try {
            while (i < end) {
                final int number = received[i];
                received[i++] = NONE;
                if (number != NONE) {
                    Fd.closeNow(number);
                }
            }
        } finally {
            if (i < end) {
                closeReceived(i, end);
            }
        }
    }

    private void dropToSend() throws ErrnoException {
        try {
            while (toSend > 0) {
                final boolean given = lent[--toSend] == null;
                lent[toSend] = null;
                if (given) {
                    Fd.closeNow(numbers[toSend]);
                }
            }
        } finally {
            if (toSend > 0) {
                dropToSend();
            }
        }
    }

    private void leaveLent() throws ErrnoException {
        try {
            while (entered > 0) {
                if (lent[--entered] != null) {
                    lent[entered].leave();
                }
            }
        } finally {
            if (entered > 0) {
                leaveLent();
            }
        }
    }
}
