package io.github.fdsock.harness.notation;

import static io.github.fdsock.sys.Constants.IPPROTO_IP;
import static io.github.fdsock.sys.Constants.IPPROTO_IPV6;
import static io.github.fdsock.sys.Constants.IPPROTO_TCP;
import static io.github.fdsock.sys.Constants.IPPROTO_UDP;
import static io.github.fdsock.sys.Constants.IPV6_PKTINFO;
import static io.github.fdsock.sys.Constants.IPV6_RECVERR;
import static io.github.fdsock.sys.Constants.IP_PKTINFO;
import static io.github.fdsock.sys.Constants.IP_RECVERR;
import static io.github.fdsock.sys.Constants.SCM_CREDENTIALS;
import static io.github.fdsock.sys.Constants.SCM_RIGHTS;
import static io.github.fdsock.sys.Constants.SCM_TIMESTAMP;
import static io.github.fdsock.sys.Constants.SCM_TIMESTAMPING;
import static io.github.fdsock.sys.Constants.SCM_TIMESTAMPNS;
import static io.github.fdsock.sys.Constants.SCM_TXTIME;
import static io.github.fdsock.sys.Constants.SOL_SOCKET;
import static io.github.fdsock.sys.Constants.UIO_MAXIOV;

import io.github.fdsock.sys.Errno;
import io.github.fdsock.sys.struct.ControlBuffer;
import io.github.fdsock.sys.struct.In6Pktinfo;
import io.github.fdsock.sys.struct.InPktinfo;
import io.github.fdsock.sys.struct.Iovec;
import io.github.fdsock.sys.struct.Mmsghdr;
import io.github.fdsock.sys.struct.Msghdr;
import io.github.fdsock.sys.struct.SockExtendedErr;
import io.github.fdsock.sys.struct.Sockaddr;
import io.github.fdsock.sys.struct.Timespec;
import io.github.fdsock.sys.struct.Timeval;
import io.github.fdsock.sys.struct.Ucred;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.StringJoiner;

/// `struct msghdr` and what it points to: addresses, buffers, control messages. None of its pointers is trusted.
final class Messages {
    /// Of buffers: shown whole, each up to the limit.
    private static final long ALL = Long.MAX_VALUE;

    // Where the fields are: see Msghdr and Mmsghdr.
    private static final int NAME = 0;
    private static final int NAMELEN = 8;
    private static final int IOV = 16;
    private static final int IOVLEN = 24;
    private static final int CONTROL = 32;
    private static final int CONTROLLEN = 40;
    private static final int FLAGS = 48;
    private static final int MSG_LEN = 56;

    /// `struct scm_timestamping`: by software, one that is gone, by hardware.
    private static final int TIMESTAMPS = 3;

    private Messages() {
    }

    // ---- arguments

    /// The message of a `sendmsg`.
    static final Argument SENT = Argument.in((frame, index) -> {
        final byte[] header = frame.memory(index, 0, Msghdr.SIZEOF);
        return header == null ? frame.pointer(index) : sent(frame, header);
    });

    /// The message of a `recvmsg`: the room for a name before, everything else after.
    static final Argument RECEIVED = new Argument() {
        @Override
        public Object before(final Frame frame, final int index) {
            final byte[] header = frame.memory(index, 0, Msghdr.SIZEOF);
            return header == null ? null : Structs.buffer(header).getInt(NAMELEN);
        }

        @Override
        public String after(final Frame frame, final int index, final Object before) {
            final byte[] header = frame.memory(index, 0, Msghdr.SIZEOF);
            if (header == null || before == null) {
                return frame.pointer(index);
            }
            return frame.failed() ? "{msg_namelen=" + before + "}"
                    : message(frame, header, nameLength(header, (int) before), frame.result());
        }
    };

    /// The messages of a `sendmmsg`: with `msg_len` for those that were sent.
    static final Argument SENT_MANY = new Argument() {
        @Override
        public Object before(final Frame frame, final int index) {
            final List<String> texts = new ArrayList<>();
            for (final byte[] header : headers(frame, index, shown(frame, index))) {
                texts.add("{msg_hdr=" + sent(frame, header));
            }
            return texts;
        }

        @Override
        public String after(final Frame frame, final int index, final Object before) {
            final List<?> texts = (List<?>) before;
            final List<byte[]> headers = headers(frame, index, texts.size());
            if (headers.isEmpty() && frame.number(index + 1) != 0) {
                return frame.pointer(index);
            }
            final StringJoiner text = new StringJoiner(", ", "[", "]");
            for (int i = 0; i < headers.size(); i++) {
                text.add(texts.get(i) + (i < frame.result()
                        ? ", msg_len=" + Integer.toUnsignedString(Structs.buffer(headers.get(i)).getInt(MSG_LEN)) : "")
                        + "}");
            }
            return (Integer.toUnsignedLong(frame.number(index + 1)) > headers.size() ? text.add("...") : text)
                    .toString();
        }
    };

    /// The messages of a `recvmmsg`, those that came.
    static final Argument RECEIVED_MANY = new Argument() {
        @Override
        public Object before(final Frame frame, final int index) {
            return headers(frame, index, shown(frame, index)).stream()
                    .map(header -> Structs.buffer(header).getInt(NAMELEN)).toList();
        }

        @Override
        public String after(final Frame frame, final int index, final Object before) {
            if (frame.failed()) {
                return frame.pointer(index);
            }
            final List<?> rooms = (List<?>) before;
            final StringJoiner text = new StringJoiner(", ", "[", "]");
            int count = 0;
            for (final byte[] header : headers(frame, index, (int) Math.min(rooms.size(), frame.result()))) {
                final int length = Structs.buffer(header).getInt(MSG_LEN);
                text.add("{msg_hdr=" + message(frame, header, nameLength(header, (int) rooms.get(count)),
                        Integer.toUnsignedLong(length)) + ", msg_len=" + Integer.toUnsignedString(length) + "}");
                count++;
            }
            return (frame.result() > count ? text.add("...") : text).toString();
        }
    };

    /// The buffers of a `writev`.
    static final Argument WRITTEN = Argument.in((frame, index) -> iov(frame, index, ALL));

    /// The buffers of a `readv`: their addresses if nothing was read.
    static final Argument READ = new Argument() {
        @Override
        public Object before(final Frame frame, final int index) {
            return null;
        }

        @Override
        public String after(final Frame frame, final int index, final Object before) {
            return iov(frame, index, frame.result());
        }
    };

    // ---- messages

    private static int shown(final Frame frame, final int index) {
        return (int) Math.min(Integer.toUnsignedLong(frame.number(index + 1)), frame.limit);
    }

    /// The first of an array; none where they cannot be read.
    private static List<byte[]> headers(final Frame frame, final int index, final int count) {
        final byte[] all = frame.memory(index, 0, (long) count * Mmsghdr.SIZEOF);
        final List<byte[]> headers = new ArrayList<>();
        for (int i = 0; all != null && i < count; i++) {
            headers.add(Arrays.copyOfRange(all, i * Mmsghdr.SIZEOF, (i + 1) * Mmsghdr.SIZEOF));
        }
        return headers;
    }

    private static String nameLength(final byte[] header, final int before) {
        final int now = Structs.buffer(header).getInt(NAMELEN);
        return before == now ? Integer.toString(now) : before + " => " + now;
    }

    private static String sent(final Frame frame, final byte[] header) {
        return message(frame, header, Integer.toUnsignedString(Structs.buffer(header).getInt(NAMELEN)), ALL);
    }

    /// @param namelen `msg_namelen`, as it is to be written
    /// @param length how many bytes in the buffers count
    private static String message(final Frame frame, final byte[] header, final String namelen, final long length) {
        final ByteBuffer fields = Structs.buffer(header);
        final long controllen = fields.getLong(CONTROLLEN);
        return "{msg_name=" + Addresses.text(frame, fields.getLong(NAME),
                Integer.toUnsignedLong(fields.getInt(NAMELEN)))
                + ", msg_namelen=" + namelen
                + ", msg_iov=" + iov(frame, fields.getLong(IOV), fields.getLong(IOVLEN), length)
                + ", msg_iovlen=" + Long.toUnsignedString(fields.getLong(IOVLEN))
                + (controllen == 0 ? "" : ", msg_control=" + control(frame, fields.getLong(CONTROL), controllen))
                + ", msg_controllen=" + Long.toUnsignedString(controllen)
                + ", msg_flags=" + Names.MESSAGE_FLAGS.bits(fields.getInt(FLAGS) & 0xffff_ffffL) + "}";
    }

    // ---- buffers

    private static String iov(final Frame frame, final int index, final long length) {
        final long count = frame.number(index + 1);
        return count < 0 || count * Iovec.SIZEOF > frame.room(index) ? frame.pointer(index)
                : iov(frame, frame.wide(index), count, length);
    }

    /// @param length how many bytes in them count; negative for none, and then they are addresses
    private static String iov(final Frame frame, final long address, final long count, final long length) {
        final int shown = count < 0 || count > UIO_MAXIOV ? 0 : (int) Math.min(count, frame.limit);
        final byte[] array = address == 0 || shown == 0 && count != 0 ? null
                : frame.memory(address, (long) shown * Iovec.SIZEOF);
        if (array == null) {
            return Frame.pointer(address);
        }
        final ByteBuffer fields = Structs.buffer(array);
        final StringJoiner text = new StringJoiner(", ", "[", "]");
        long rest = length;
        while (fields.hasRemaining()) {
            final long base = fields.getLong();
            final long len = fields.getLong();
            final long counted = Long.compareUnsigned(len, Math.max(rest, 0)) < 0 ? len : Math.max(rest, 0);
            text.add("{iov_base=" + (length < 0 ? Frame.pointer(base) : frame.buffer(base, counted)) + ", iov_len="
                    + Long.toUnsignedString(len) + "}");
            rest -= counted;
        }
        return (count > shown ? text.add("...") : text).toString();
    }

    // ---- control messages

    private static String control(final Frame frame, final long address, final long length) {
        final byte[] all = length < ControlBuffer.SIZEOF_CMSGHDR ? null
                : frame.memory(address, Math.min(length, Frame.MOST));
        if (all == null) {
            return Frame.pointer(address);
        }
        final ByteBuffer fields = Structs.buffer(all);
        final StringJoiner text = new StringJoiner(", ", "[", "]");
        long at = 0;
        for (int count = 0; all.length - at >= ControlBuffer.SIZEOF_CMSGHDR; count++) {
            if (count == frame.limit) {
                return text.add("...").toString();
            }
            final long len = fields.getLong((int) at);
            final int level = fields.getInt((int) at + 8);
            final int type = fields.getInt((int) at + 12);
            // As strace: of a length that leads out of the buffer, what there is.
            final long end = Long.compareUnsigned(len, all.length - at) > 0 ? all.length : at + len;
            final int data = (int) at + ControlBuffer.SIZEOF_CMSGHDR;
            text.add("{cmsg_len=" + Long.toUnsignedString(len) + ", cmsg_level=" + Names.LEVELS.one(level)
                    + ", cmsg_type=" + type(level, type) + (end <= data ? "" : ", cmsg_data="
                            + data(level, type, Arrays.copyOfRange(all, data, (int) end), frame.limit)) + "}");
            if (Long.compareUnsigned(len, ControlBuffer.SIZEOF_CMSGHDR) < 0) {
                return text.add("...").toString();
            }
            at = ControlBuffer.align(end);
        }
        return (at < all.length ? text.add("...") : text).toString();
    }

    private static String type(final int level, final int type) {
        return switch (level) {
            case SOL_SOCKET -> Names.CONTROL_SOCKET.one(type);
            case IPPROTO_IP -> Names.CONTROL_IP.one(type);
            case IPPROTO_IPV6 -> Names.CONTROL_IPV6.one(type);
            case IPPROTO_UDP -> Names.CONTROL_UDP.one(type);
            case IPPROTO_TCP -> Names.CONTROL_TCP.one(type);
            default -> "0x" + Integer.toHexString(type);
        };
    }

    private static String data(final int level, final int type, final byte[] bytes, final int limit) {
        final MemorySegment data = MemorySegment.ofArray(bytes);
        final int length = bytes.length;
        if (level == SOL_SOCKET) {
            if (type == SCM_RIGHTS) {
                return Structs.ints(bytes, limit);
            } else if (type == SCM_CREDENTIALS && length >= Ucred.SIZEOF) {
                return Structs.ucred(data);
            } else if (type == SCM_TIMESTAMP && length >= Timeval.SIZEOF) {
                return Structs.timeval(data);
            } else if (type == SCM_TIMESTAMPNS && length >= Timespec.SIZEOF) {
                return Structs.timespec(data);
            } else if (type == SCM_TIMESTAMPING && length >= TIMESTAMPS * Timespec.SIZEOF) {
                return timestamps(data);
            } else if (type == SCM_TXTIME && length == Long.BYTES) {
                return "[" + Structs.buffer(bytes).getLong() + "]";
            }
        } else if (level == IPPROTO_IP && type == IP_PKTINFO && length >= InPktinfo.SIZEOF) {
            final InPktinfo info = InPktinfo.of(data);
            return "{ipi_ifindex=" + info.ifindex() + ", ipi_spec_dst=" + Addresses.inet(info.spec_dst())
                    + ", ipi_addr=" + Addresses.inet(info.addr()) + "}";
        } else if (level == IPPROTO_IPV6 && type == IPV6_PKTINFO && length >= In6Pktinfo.SIZEOF) {
            final In6Pktinfo info = In6Pktinfo.of(data);
            return "{" + Addresses.inet6(info.addr_high(), info.addr_low(), "ipi6_addr") + ", ipi6_ifindex="
                    + info.ifindex() + "}";
        } else if ((level == IPPROTO_IP && type == IP_RECVERR || level == IPPROTO_IPV6 && type == IPV6_RECVERR)
                && length >= SockExtendedErr.SIZEOF) {
            return extendedError(bytes, data);
        }
        return switch (length) {
            case Integer.BYTES -> Structs.ints(bytes, 1);
            case Short.BYTES -> "[" + Short.toUnsignedInt(Structs.buffer(bytes).getShort()) + "]";
            case Byte.BYTES -> "[" + (bytes[0] & 0xff) + "]";
            default -> Quoted.some(bytes, limit);
        };
    }

    private static String timestamps(final MemorySegment data) {
        final StringJoiner times = new StringJoiner(", ", "[", "]");
        for (int i = 0; i < TIMESTAMPS; i++) {
            times.add(Structs.timespec(data.asSlice((long) i * Timespec.SIZEOF, Timespec.SIZEOF)));
        }
        return times.toString();
    }

    private static String extendedError(final byte[] bytes, final MemorySegment data) {
        final SockExtendedErr error = SockExtendedErr.of(data);
        String offender = "";
        if (bytes.length >= SockExtendedErr.SIZEOF + Sockaddr.SIZEOF_SA_FAMILY) {
            final int end = Math.min(bytes.length, SockExtendedErr.SIZEOF + Sockaddr.SIZEOF_SOCKADDR_STORAGE);
            offender = ", offender=" + Addresses.text(Arrays.copyOfRange(bytes, SockExtendedErr.SIZEOF, end));
        }
        return "{ee_errno=" + (error.errno() == 0 ? "0" : Errno.name(error.errno()))
                + ", ee_origin=" + Names.ERROR_ORIGINS.one(error.origin())
                + ", ee_type=" + error.type() + ", ee_code=" + error.code()
                + ", ee_info=" + Integer.toUnsignedString(error.info())
                + ", ee_data=" + Integer.toUnsignedString(error.data()) + offender + "}";
    }
}
