package io.github.fdsock.cmsg;

import static io.github.fdsock.sys.Constants.AF_INET;
import static io.github.fdsock.sys.Constants.AF_INET6;

import io.github.fdsock.option.Credentials;
import io.github.fdsock.sys.struct.ControlBuffer;
import io.github.fdsock.sys.struct.In6Pktinfo;
import io.github.fdsock.sys.struct.InPktinfo;
import io.github.fdsock.sys.struct.SockExtendedErr;
import io.github.fdsock.sys.struct.Sockaddr;
import io.github.fdsock.sys.struct.Timespec;
import io.github.fdsock.sys.struct.Timeval;
import io.github.fdsock.sys.struct.Ucred;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/// How the values of one Java type lie in the data of a control message.
///
/// One object for each type, without state: every thread may use it.
abstract class CmsgType<T> {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final long NANOS_PER_SECOND = 1_000_000_000;
    private static final long NANOS_PER_MICRO = 1_000;
    private static final int SIZEOF_SOCKADDR_IN = 16;
    private static final int SIZEOF_SOCKADDR_IN6 = 28;

    /// `int`; what the kernel tells in fewer bytes (`IP_TOS` in one) counts as well.
    static final CmsgType<Integer> INTEGER = new Int(Byte.BYTES);

    /// `int`; with fewer bytes it was cut off, and is another number.
    static final CmsgType<Integer> WHOLE = new Int(Integer.BYTES);

    /// `u16`, which nothing but the size of segments is; told to be an `int` where it is received.
    static final CmsgType<Integer> SHORT = new CmsgType<>(Short.BYTES, Short.BYTES) {
        @Override
        Integer decode(final MemorySegment data) {
            return integer(data);
        }

        @Override
        void check(final Integer value) {
            if (value < 0 || value > 0xffff) {
                throw new IllegalArgumentException(value + " does not fit 16 bits");
            }
        }

        @Override
        void encode(final Integer value, final MemorySegment to) {
            to.set(ValueLayout.JAVA_SHORT_UNALIGNED, 0, value.shortValue());
        }
    };

    /// `u64`.
    static final CmsgType<Long> LONG = new CmsgType<>(Long.BYTES, Long.BYTES) {
        @Override
        Long decode(final MemorySegment data) {
            return data.get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
        }

        @Override
        void encode(final Long value, final MemorySegment to) {
            to.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, value);
        }
    };

    /// Bytes, as many as there are.
    static final CmsgType<byte[]> BYTES = new CmsgType<>(0, 256) {
        @Override
        byte[] decode(final MemorySegment data) {
            return data.toArray(ValueLayout.JAVA_BYTE);
        }

        @Override
        int length(final byte[] value) {
            return value.length;
        }

        @Override
        void encode(final byte[] value, final MemorySegment to) {
            MemorySegment.copy(value, 0, to, ValueLayout.JAVA_BYTE, 0, value.length);
        }
    };

    /// A security context: text that ends with its data, or at a NUL.
    static final CmsgType<String> CONTEXT = new CmsgType<>(0, 256) {
        @Override
        String decode(final MemorySegment data) {
            final String text = StandardCharsets.UTF_8.decode(data.asByteBuffer()).toString();
            final int end = text.indexOf('\0');
            return end < 0 ? text : text.substring(0, end);
        }
    };

    /// `struct ucred`.
    static final CmsgType<Credentials> CREDENTIALS = new CmsgType<>(Ucred.SIZEOF, Ucred.SIZEOF) {
        @Override
        Credentials decode(final MemorySegment data) {
            final Ucred ucred = Ucred.of(data);
            return new Credentials(ucred.pid(), ucred.uid(), ucred.gid());
        }

        @Override
        void encode(final Credentials value, final MemorySegment to) {
            Ucred.of(to).pid(value.pid()).uid(value.uid()).gid(value.gid());
        }
    };

    /// `struct in_pktinfo`.
    static final CmsgType<PacketInfo> PKTINFO = new CmsgType<>(InPktinfo.SIZEOF, InPktinfo.SIZEOF) {
        @Override
        PacketInfo decode(final MemorySegment data) {
            final InPktinfo info = InPktinfo.of(data);
            return new PacketInfo(info.ifindex(), inet4(info.spec_dst()), inet4(info.addr()));
        }

        @Override
        void check(final PacketInfo value) {
            if (value.local() != null && !(value.local() instanceof Inet4Address)) {
                throw new IllegalArgumentException("the source of an IPv4 packet cannot be " + value.local());
            }
        }

        @Override
        void encode(final PacketInfo value, final MemorySegment to) {
            InPktinfo.of(to).ifindex(value.interfaceIndex()).addr(0)
                    .spec_dst(value.local() == null ? 0 : ByteBuffer.wrap(value.local().getAddress()).getInt());
        }
    };

    /// `struct in6_pktinfo`.
    static final CmsgType<PacketInfo> PKTINFO6 = new CmsgType<>(In6Pktinfo.SIZEOF, In6Pktinfo.SIZEOF) {
        @Override
        PacketInfo decode(final MemorySegment data) {
            final In6Pktinfo info = In6Pktinfo.of(data);
            final InetAddress address = inet6(info.addr_high(), info.addr_low(), info.ifindex());
            return new PacketInfo(info.ifindex(), address, address);
        }

        @Override
        void check(final PacketInfo value) {
            if (value.local() != null && !(value.local() instanceof Inet6Address)) {
                throw new IllegalArgumentException("the source of an IPv6 packet cannot be " + value.local());
            }
        }

        @Override
        void encode(final PacketInfo value, final MemorySegment to) {
            final In6Pktinfo info = In6Pktinfo.of(to).ifindex(value.interfaceIndex()).addr(0, 0);
            if (value.local() != null) {
                final ByteBuffer address = ByteBuffer.wrap(value.local().getAddress());
                info.addr(address.getLong(), address.getLong());
            }
        }
    };

    /// `struct timeval`.
    static final CmsgType<Instant> TIMEVAL = new CmsgType<>(Timeval.SIZEOF, Timeval.SIZEOF) {
        @Override
        Instant decode(final MemorySegment data) {
            final Timeval time = Timeval.of(data);
            return instant(time.sec(), time.usec(), NANOS_PER_MICRO);
        }
    };

    /// `struct timespec`.
    static final CmsgType<Instant> TIMESPEC = new CmsgType<>(Timespec.SIZEOF, Timespec.SIZEOF) {
        @Override
        Instant decode(final MemorySegment data) {
            return instant(data);
        }
    };

    /// `struct scm_timestamping { struct timespec ts[3]; }`: of the kernel, not used any more, of the device.
    static final CmsgType<PacketTimes> TIMES = new CmsgType<>(3 * Timespec.SIZEOF, 3 * Timespec.SIZEOF) {
        @Override
        PacketTimes decode(final MemorySegment data) {
            return new PacketTimes(told(data.asSlice(0)), told(data.asSlice(2 * Timespec.SIZEOF)));
        }

        /// Zero is what was not taken.
        private static Instant told(final MemorySegment timespec) {
            final Instant instant = instant(timespec);
            return Instant.EPOCH.equals(instant) ? null : instant;
        }
    };

    /// `struct sock_extended_err`, with an address behind it.
    static final CmsgType<ExtendedError> ERROR = new CmsgType<>(SockExtendedErr.SIZEOF,
            SockExtendedErr.SIZEOF + SIZEOF_SOCKADDR_IN6) {
        @Override
        ExtendedError decode(final MemorySegment data) {
            final SockExtendedErr error = SockExtendedErr.of(data);
            final InetSocketAddress offender = address(data.asSlice(SockExtendedErr.SIZEOF));
            return new ExtendedError(error.errno(), error.origin(), error.type(), error.code(), error.info(),
                    error.data(), offender == null ? null : offender.getAddress());
        }
    };

    /// `struct sockaddr_in` or `struct sockaddr_in6`.
    static final CmsgType<InetSocketAddress> ADDRESS = new CmsgType<>(SIZEOF_SOCKADDR_IN, SIZEOF_SOCKADDR_IN6) {
        @Override
        InetSocketAddress decode(final MemorySegment data) {
            return address(data);
        }
    };

    /// The shortest data that has a value.
    private final int least;

    /// The longest data that the kernel tells, and how much most values become.
    private final int room;

    CmsgType(final int least, final int room) {
        this.least = least;
        this.room = room;
    }

    final int least() {
        return least;
    }

    final int room() {
        return room;
    }

    /// Reads a value.
    ///
    /// @param data at least [#least] bytes; whatever the kernel, or a peer, has put there
    /// @return null where it makes no sense
    abstract T decode(MemorySegment data);

    /// Refuses what C cannot say.
    ///
    /// @throws IllegalArgumentException names the value
    void check(final T value) {
    }

    /// How many bytes a value becomes.
    int length(final T value) {
        return room;
    }

    /// Writes a value.
    ///
    /// @param to memory of just [#length] bytes, whatever was in it
    void encode(final T value, final MemorySegment to) {
        throw new UnsupportedOperationException("only the kernel sends this");
    }

    /// A number of one, two or four bytes; of more than four the first four.
    static int integer(final MemorySegment data) {
        return switch ((int) Math.min(data.byteSize(), Integer.BYTES)) {
            case 1 -> Byte.toUnsignedInt(data.get(ValueLayout.JAVA_BYTE, 0));
            case 2, 3 -> Short.toUnsignedInt(data.get(ValueLayout.JAVA_SHORT_UNALIGNED, 0));
            default -> data.get(INT, 0);
        };
    }

    /// The same of the message that `control` stands at, without an object.
    static int integer(final ControlBuffer control) {
        return switch (Math.min(control.dataLength(), Integer.BYTES)) {
            case 1 -> Byte.toUnsignedInt(control.dataByte(0));
            case 2, 3 -> Byte.toUnsignedInt(control.dataByte(0)) | Byte.toUnsignedInt(control.dataByte(1)) << 8;
            default -> control.dataInt(0);
        };
    }

    private static final class Int extends CmsgType<Integer> {
        Int(final int least) {
            super(least, Integer.BYTES);
        }

        @Override
        Integer decode(final MemorySegment data) {
            return integer(data);
        }

        @Override
        void encode(final Integer value, final MemorySegment to) {
            to.set(INT, 0, value);
        }
    }

    private static Instant instant(final MemorySegment data) {
        final Timespec time = Timespec.of(data);
        return instant(time.sec(), time.nsec(), 1);
    }

    /// Null where that is no time.
    private static Instant instant(final long seconds, final long fraction, final long nanos) {
        return seconds < Instant.MIN.getEpochSecond() || seconds > Instant.MAX.getEpochSecond() || fraction < 0
                || fraction >= NANOS_PER_SECOND / nanos ? null : Instant.ofEpochSecond(seconds, fraction * nanos);
    }

    private static InetSocketAddress address(final MemorySegment data) {
        if (data.byteSize() >= SIZEOF_SOCKADDR_IN && Sockaddr.sa_family(data) == AF_INET) {
            return new InetSocketAddress(inet4(Sockaddr.sin_addr(data)), Sockaddr.sin_port(data));
        }
        if (data.byteSize() >= SIZEOF_SOCKADDR_IN6 && Sockaddr.sa_family(data) == AF_INET6) {
            return new InetSocketAddress(inet6(Sockaddr.sin6_addr_high(data), Sockaddr.sin6_addr_low(data),
                    Sockaddr.sin6_scope_id(data)), Sockaddr.sin6_port(data));
        }
        return null;
    }

    private static InetAddress inet4(final int address) {
        try {
            return InetAddress.getByAddress(ByteBuffer.allocate(Integer.BYTES).putInt(address).array());
        } catch (final UnknownHostException e) {
            throw new IllegalStateException("four bytes are an address", e);
        }
    }

    /// Always an [Inet6Address], a mapped IPv4 address too; with its scope where it means nothing without.
    private static InetAddress inet6(final long high, final long low, final int scope) {
        final byte[] bytes = ByteBuffer.allocate(2 * Long.BYTES).putLong(high).putLong(low).array();
        try {
            final Inet6Address address = Inet6Address.getByAddress(null, bytes, -1);
            return address.isLinkLocalAddress() && scope > 0 ? Inet6Address.getByAddress(null, bytes, scope) : address;
        } catch (final UnknownHostException e) {
            throw new IllegalStateException("sixteen bytes are an address", e);
        }
    }
}
