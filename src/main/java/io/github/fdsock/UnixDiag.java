package io.github.fdsock;

import static io.github.fdsock.sys.Constants.AF_NETLINK;
import static io.github.fdsock.sys.Constants.AF_UNIX;
import static io.github.fdsock.sys.Constants.MSG_DONTWAIT;
import static io.github.fdsock.sys.Constants.NETLINK_SOCK_DIAG;
import static io.github.fdsock.sys.Constants.NLMSG_ERROR;
import static io.github.fdsock.sys.Constants.NLM_F_REQUEST;
import static io.github.fdsock.sys.Constants.SOCK_DIAG_BY_FAMILY;
import static io.github.fdsock.sys.Constants.SOCK_RAW;
import static io.github.fdsock.sys.Constants.UDIAG_SHOW_RQLEN;
import static io.github.fdsock.sys.Constants.UNIX_DIAG_RQLEN;

import io.github.fdsock.option.SockOpt;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;

/// Asks the kernel about a UNIX socket by netlink, where no option tells.
///
/// ```c
/// struct nlmsghdr {                       struct unix_diag_req {
///     __u32 nlmsg_len;    //  0               __u8  sdiag_family;     //  0
///     __u16 nlmsg_type;   //  4               __u8  sdiag_protocol;   //  1
///     __u16 nlmsg_flags;  //  6               __u16 pad;              //  2
///     __u32 nlmsg_seq;    //  8               __u32 udiag_states;     //  4
///     __u32 nlmsg_pid;    // 12               __u32 udiag_ino;        //  8
/// };                      // 16               __u32 udiag_show;       // 12
///                                             __u32 udiag_cookie[2];  // 16
/// struct nlattr {                         };                          // 24
///     __u16 nla_len;      //  0
///     __u16 nla_type;     //  2           struct unix_diag_rqlen {
/// };                      //  4               __u32 udiag_rqueue;     //  0
///                                             __u32 udiag_wqueue;     //  4
///                                         };                          //  8
/// ```
///
/// The answer is a `struct nlmsghdr`, a `struct unix_diag_msg` of 16 bytes, and attributes, each a `struct nlattr` and
/// its value, from one multiple of four to the next; or an `NLMSG_ERROR` with a negative errno behind the header.
///
/// @see <a href="https://man7.org/linux/man-pages/man7/sock_diag.7.html">sock_diag(7)</a>
final class UnixDiag {
    static final int NLMSGHDR = 16;
    static final long NLMSG_LEN = 0;
    static final long NLMSG_TYPE = 4;
    static final long NLMSG_FLAGS = 6;

    static final int REQUEST = 24;
    static final long SDIAG_FAMILY = 0;
    static final long UDIAG_STATES = 4;
    static final long UDIAG_INO = 8;
    static final long UDIAG_SHOW = 12;
    static final long UDIAG_COOKIE = 16;

    static final int MESSAGE = 16;
    static final int NLATTR = 4;
    static final long NLA_TYPE = 2;
    static final int RQLEN = 8;
    static final long RQLEN_WQUEUE = 4;

    /// An answer with one attribute has 44 bytes, an error with the request in it 60.
    private static final int ANSWER_MAX = 512;

    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT;
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT;

    private UnixDiag() {
    }

    /// The queue of a listener: what the kernel calls its receive queue, and the backlog in place of its send queue.
    static AcceptQueue acceptQueue(final SocketFd listener) throws IOException {
        final int inode = inode(listener);
        // The inode's number may come again; the cookie does not. A socket that was closed meanwhile is ESTALE.
        final long cookie = listener.getsockopt(SockOpt.SO_COOKIE);
        try (Arena arena = Arena.ofConfined();
                SocketFd netlink = SocketFd.socket(AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG)) {
            final MemorySegment request = arena.allocate(NLMSGHDR + REQUEST, Long.BYTES);
            request.set(U32, NLMSG_LEN, NLMSGHDR + REQUEST);
            request.set(U16, NLMSG_TYPE, (short) SOCK_DIAG_BY_FAMILY);
            request.set(U16, NLMSG_FLAGS, (short) NLM_F_REQUEST);
            request.set(ValueLayout.JAVA_BYTE, NLMSGHDR + SDIAG_FAMILY, (byte) AF_UNIX);
            request.set(U32, NLMSGHDR + UDIAG_STATES, -1);
            request.set(U32, NLMSGHDR + UDIAG_INO, inode);
            request.set(U32, NLMSGHDR + UDIAG_SHOW, UDIAG_SHOW_RQLEN);
            request.set(ValueLayout.JAVA_LONG, NLMSGHDR + UDIAG_COOKIE, cookie);
            netlink.send(request, 0);
            // The kernel answers before the send returns.
            final MemorySegment answer = arena.allocate(ANSWER_MAX, Long.BYTES);
            return queue(answer.asSlice(0, Math.max(0, netlink.recv(answer, MSG_DONTWAIT))), inode);
        }
    }

    /// Reads an answer.
    static AcceptQueue queue(final MemorySegment answer, final int inode) throws IOException {
        if (answer.byteSize() >= NLMSGHDR + Integer.BYTES
                && Short.toUnsignedInt(answer.get(U16, NLMSG_TYPE)) == NLMSG_ERROR) {
            throw ErrnoException.of(-answer.get(U32, NLMSGHDR), "sock_diag", "AF_UNIX",
                    "inode " + Integer.toUnsignedString(inode));
        }
        if (answer.byteSize() >= NLMSGHDR && answer.get(U16, NLMSG_TYPE) == SOCK_DIAG_BY_FAMILY) {
            final long end = Math.min(answer.byteSize(), Integer.toUnsignedLong(answer.get(U32, NLMSG_LEN)));
            for (long at = NLMSGHDR + MESSAGE; at + NLATTR <= end;) {
                final int length = Short.toUnsignedInt(answer.get(U16, at));
                if (answer.get(U16, at + NLA_TYPE) == UNIX_DIAG_RQLEN && length >= NLATTR + RQLEN
                        && at + NLATTR + RQLEN <= end) {
                    return new AcceptQueue(answer.get(U32, at + NLATTR), answer.get(U32, at + NLATTR + RQLEN_WQUEUE));
                }
                // At least the header, or a length of 0 would stay here for ever.
                at += Math.max(length, NLATTR) + 3 & ~3;
            }
        }
        throw new IOException("sock_diag: an answer of " + answer.byteSize() + " bytes without the queue's length");
    }

    /// What `fstat` calls `st_ino`; 32 bits wide, of sockets.
    private static int inode(final SocketFd socket) throws IOException {
        final int number = socket.enter();
        try {
            final String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + number)).toString();
            if (!target.startsWith("socket:[") || !target.endsWith("]")) {
                throw new IOException("/proc/self/fd/" + number + " is " + target + " and not a socket");
            }
            return Integer.parseUnsignedInt(target, "socket:[".length(), target.length() - 1, 10);
        } finally {
            socket.leave();
        }
    }
}
