package io.github.fdsock.option;

import io.github.fdsock.sys.struct.Timeval;
import io.github.fdsock.sys.struct.Ucred;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;

/// How the values of one Java type lie in the `optval` of `getsockopt(2)` and `setsockopt(2)`.
///
/// One object for each type, without state: every thread may use it. None of them is a lambda, since the first lambda
/// of a program costs it more than all of these together.
abstract class OptionType<T> {
    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;

    /// `int` for yes and no. Linux writes 0 or 1 and takes anything but 0 for yes.
    static final OptionType<Boolean> FLAG = new OptionType<>(Integer.BYTES) {
        @Override
        void encode(final Boolean value, final MemorySegment to) {
            to.set(INT, 0, value ? 1 : 0);
        }

        @Override
        Boolean decode(final MemorySegment from, final int length) {
            return from.get(INT, 0) != 0;
        }

        @Override
        String text(final Boolean value) {
            return value ? "1" : "0";
        }
    };

    /// `int`.
    static final OptionType<Integer> INTEGER = new OptionType<>(Integer.BYTES) {
        @Override
        void encode(final Integer value, final MemorySegment to) {
            to.set(INT, 0, value);
        }

        @Override
        Integer decode(final MemorySegment from, final int length) {
            return from.get(INT, 0);
        }
    };

    /// `int` in network order: the interface index of `IP_UNICAST_IF` and `IPV6_UNICAST_IF`.
    static final OptionType<Integer> NETWORK_ORDER = new OptionType<>(Integer.BYTES) {
        private static final ValueLayout.OfInt BE32 = INT.withOrder(ByteOrder.BIG_ENDIAN);

        @Override
        void encode(final Integer value, final MemorySegment to) {
            to.set(BE32, 0, value);
        }

        @Override
        Integer decode(final MemorySegment from, final int length) {
            return from.get(BE32, 0);
        }
    };

    /// `u64`, or an `unsigned long`.
    static final OptionType<Long> LONG = new OptionType<>(Long.BYTES) {
        @Override
        void encode(final Long value, final MemorySegment to) {
            to.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, value);
        }

        @Override
        Long decode(final MemorySegment from, final int length) {
            return length < Long.BYTES ? Integer.toUnsignedLong(from.get(INT, 0))
                    : from.get(ValueLayout.JAVA_LONG_UNALIGNED, 0);
        }

        @Override
        String text(final Long value) {
            return Long.toUnsignedString(value);
        }
    };

    /// `struct sock_txtime { clockid_t clockid; u32 flags; }`.
    static final OptionType<SockOpt.TxTime> TXTIME = new OptionType<>(2 * Integer.BYTES) {
        @Override
        void encode(final SockOpt.TxTime value, final MemorySegment to) {
            to.set(INT, 0, value.clock());
            to.set(INT, Integer.BYTES, value.flags());
        }

        @Override
        SockOpt.TxTime decode(final MemorySegment from, final int length) {
            return new SockOpt.TxTime(from.get(INT, 0), from.get(INT, Integer.BYTES));
        }
    };

    /// `struct timeval`.
    static final OptionType<Duration> TIMEVAL = new OptionType<>(Timeval.SIZEOF) {
        @Override
        int length(final Duration value) {
            if (value.isNegative()) {
                throw new IllegalArgumentException("a time limit of " + value);
            }
            return Timeval.SIZEOF;
        }

        @Override
        void encode(final Duration value, final MemorySegment to) {
            Timeval.of(to).duration(value);
        }

        @Override
        Duration decode(final MemorySegment from, final int length) {
            final Timeval timeval = Timeval.of(from);
            return Duration.ofSeconds(timeval.sec(), timeval.usec() * 1_000);
        }
    };

    /// `struct linger`.
    static final OptionType<Linger> LINGER = new OptionType<>(io.github.fdsock.sys.struct.Linger.SIZEOF) {
        @Override
        void encode(final Linger value, final MemorySegment to) {
            io.github.fdsock.sys.struct.Linger.of(to).onoff(value.on() ? 1 : 0).linger(value.seconds());
        }

        @Override
        Linger decode(final MemorySegment from, final int length) {
            final var linger = io.github.fdsock.sys.struct.Linger.of(from);
            // Whoever sets a negative time by the raw form means, to the kernel, a very long one.
            return linger.onoff() == 0 ? Linger.OFF
                    : Linger.seconds(linger.linger() < 0 ? Integer.MAX_VALUE : linger.linger());
        }

        @Override
        String text(final Linger value) {
            return "{onoff=" + (value.on() ? 1 : 0) + ", linger=" + value.seconds() + "}";
        }
    };

    /// `struct ucred`.
    static final OptionType<Credentials> CREDENTIALS = new OptionType<>(Ucred.SIZEOF) {
        @Override
        void encode(final Credentials value, final MemorySegment to) {
            Ucred.of(to).pid(value.pid()).uid(value.uid()).gid(value.gid());
        }

        @Override
        Credentials decode(final MemorySegment from, final int length) {
            final Ucred ucred = Ucred.of(from);
            return new Credentials(ucred.pid(), ucred.uid(), ucred.gid());
        }
    };

    /// `int[]`, as many as there are.
    static final OptionType<int[]> INTEGERS = new OptionType<>(64 * Integer.BYTES) {
        @Override
        int length(final int[] value) {
            return value.length * Integer.BYTES;
        }

        @Override
        void encode(final int[] value, final MemorySegment to) {
            MemorySegment.copy(value, 0, to, INT, 0, value.length);
        }

        @Override
        int[] decode(final MemorySegment from, final int length) {
            return from.asSlice(0, length / Integer.BYTES * Integer.BYTES).toArray(INT);
        }

        @Override
        String text(final int[] value) {
            return Arrays.toString(value);
        }
    };

    /// Bytes, as many as there are.
    static final OptionType<byte[]> BYTES = new OptionType<>(256) {
        @Override
        int length(final byte[] value) {
            return value.length;
        }

        @Override
        void encode(final byte[] value, final MemorySegment to) {
            MemorySegment.copy(value, 0, to, ValueLayout.JAVA_BYTE, 0, value.length);
        }

        @Override
        byte[] decode(final MemorySegment from, final int length) {
            return from.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
        }

        @Override
        String text(final byte[] value) {
            return "0x" + HexFormat.of().formatHex(value);
        }
    };

    /// A name of at most 15 bytes: of an interface, of an algorithm. The kernel cuts off what is longer, and would act
    /// on another name.
    static final OptionType<String> NAME = new Text(16);

    /// A security context. It may be longer than the room: the kernel tells how long then.
    static final OptionType<String> CONTEXT = new Text(256);

    private final int room;

    /// For a type whose values need `room` bytes; where lengths differ, for what most values need.
    OptionType(final int room) {
        this.room = room;
    }

    /// How much room reading is tried with first.
    final int room() {
        return room;
    }

    /// The level that the option has with this value.
    ///
    /// @param level that of the option
    int level(final T value, final int level) {
        return level;
    }

    /// How many bytes the value becomes.
    ///
    /// @throws IllegalArgumentException where C has no such value; the message names it
    int length(final T value) {
        return room;
    }

    /// Writes the value.
    ///
    /// @param to memory of just [#length] bytes, whatever was in it
    abstract void encode(T value, MemorySegment to);

    /// Reads a value.
    ///
    /// @param from memory of at least [#room] bytes, zero behind `length`
    /// @param length how many of them the kernel wrote
    abstract T decode(MemorySegment from, int length);

    /// The value as a message shows it.
    String text(final T value) {
        return value.toString();
    }

    /// Characters that end where the kernel's name ends, or at the first NUL.
    private static final class Text extends OptionType<String> {
        Text(final int room) {
            super(room);
        }

        @Override
        int length(final String value) {
            final byte[] bytes = bytes(value);
            if (bytes.length >= room() || value.indexOf('\0') >= 0) {
                throw new IllegalArgumentException("a name has at most " + (room() - 1) + " bytes and no NUL: "
                        + text(value));
            }
            return bytes.length + 1;
        }

        @Override
        void encode(final String value, final MemorySegment to) {
            final byte[] bytes = bytes(value);
            MemorySegment.copy(bytes, 0, to, ValueLayout.JAVA_BYTE, 0, bytes.length);
            to.set(ValueLayout.JAVA_BYTE, bytes.length, (byte) 0);
        }

        @Override
        String decode(final MemorySegment from, final int length) {
            final byte[] bytes = from.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
            int end = 0;
            while (end < bytes.length && bytes[end] != 0) {
                end++;
            }
            return new String(bytes, 0, end, StandardCharsets.UTF_8);
        }

        @Override
        String text(final String value) {
            return '"' + value.replace("\0", "\\0") + '"';
        }

        private static byte[] bytes(final String value) {
            try {
                final ByteBuffer encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(value));
                final byte[] bytes = new byte[encoded.remaining()];
                encoded.get(bytes);
                return bytes;
            } catch (final CharacterCodingException e) {
                throw new IllegalArgumentException("no valid UTF-16: \"" + value + '"', e);
            }
        }
    }
}
