package io.github.fdsock.option;

import static io.github.fdsock.sys.Constants.AF_VSOCK;
import static io.github.fdsock.sys.Constants.IPPROTO_ICMPV6;
import static io.github.fdsock.sys.Constants.IPPROTO_IP;
import static io.github.fdsock.sys.Constants.IPPROTO_IPV6;
import static io.github.fdsock.sys.Constants.IPPROTO_RAW;
import static io.github.fdsock.sys.Constants.IPPROTO_TCP;
import static io.github.fdsock.sys.Constants.IPPROTO_UDP;
import static io.github.fdsock.sys.Constants.SOL_NETLINK;
import static io.github.fdsock.sys.Constants.SOL_PACKET;
import static io.github.fdsock.sys.Constants.SOL_SOCKET;
import static io.github.fdsock.sys.Constants.SOL_VSOCK;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

/// An option of a socket, with the type of its values: what `getsockopt` and `setsockopt` of a
/// [SocketFd][io.github.fdsock.SocketFd] take.
///
/// ```java
/// socket.setsockopt(SockOpt.TCP_NODELAY, true);
/// int bytes = socket.getsockopt(SockOpt.SO_RCVBUF);
/// ```
///
/// The constants have the names of C. They are what a reader of `socket(7)`, `unix(7)`, `ip(7)`, `ipv6(7)`, `tcp(7)`,
/// `udp(7)`, `vsock(7)`, `netlink(7)` and `packet(7)` looks for, and what Linux has added since. What is not among
/// them, since its value holds pointers or is a protocol of its own (filters, rings, TCP-AO), goes by the raw form,
/// which takes level, number and memory; a new kernel's option gets a constant by [#flag], [#integer] or [#bytes].
///
/// **Types.** A number that C counts in seconds, milliseconds or bytes is the same number here, and its unit is told. A
/// [java.time.Duration] stands only where C has a `struct timeval`.
///
/// **What is checked.** A value that C cannot say is refused before the call, by an [IllegalArgumentException] that
/// names it; whether a value is acceptable is the kernel's to judge, and comes as an
/// [ErrnoException][io.github.fdsock.ErrnoException] that names option
/// and value: `setsockopt(5, IPPROTO_TCP, TCP_KEEPIDLE, 32768) = -1 EINVAL (Invalid argument)`. Values that the kernel
/// quietly changes (it doubles `SO_RCVBUF`, and cuts it to a limit) are told when they are read.
///
/// An immutable value; the constants of a man page are made when the first of them is used.
///
/// @param <T> the type of the values
/// @see <a href="https://man7.org/linux/man-pages/man2/getsockopt.2.html">getsockopt(2)</a>
public final class SockOpt<T> implements SocketOptions, IpOptions, Ipv6Options, TcpOptions, UdpOptions, VsockOptions,
        NetlinkOptions, PacketOptions {

    /// The value of [SockOpt#SO_TXTIME]: `struct sock_txtime`.
    ///
    /// @param clock what the times to send at are read from, `CLOCK_TAI` or `CLOCK_MONOTONIC`
    /// @param flags `SOF_TXTIME_…`
    public record TxTime(int clock, int flags) {
    }

    /// The constants made so far, by level and number, for the messages of the raw form.
    private static final Map<Long, SockOpt<?>> KNOWN = new ConcurrentHashMap<>();

    private final String name;
    private final int level;
    private final int number;
    private final OptionType<T> type;
    private final boolean readable;
    private final boolean writable;

    private SockOpt(final String name, final int level, final int number, final OptionType<T> type,
            final boolean readable, final boolean writable) {
        this.name = Objects.requireNonNull(name, "name");
        this.level = level;
        this.number = number;
        this.type = type;
        this.readable = readable;
        this.writable = writable;
    }

    // ---- making one

    static <T> SockOpt<T> of(final String name, final int level, final int number, final OptionType<T> type) {
        return known(new SockOpt<>(name, level, number, type, true, true));
    }

    static <T> SockOpt<T> readOnly(final String name, final int level, final int number, final OptionType<T> type) {
        return known(new SockOpt<>(name, level, number, type, true, false));
    }

    static <T> SockOpt<T> writeOnly(final String name, final int level, final int number, final OptionType<T> type) {
        return known(new SockOpt<>(name, level, number, type, false, true));
    }

    private static <T> SockOpt<T> known(final SockOpt<T> option) {
        // Two names for one number: the first is what it is called.
        KNOWN.putIfAbsent(key(option.level, option.number), option);
        return option;
    }

    private static long key(final int level, final int number) {
        return (long) level << Integer.SIZE | Integer.toUnsignedLong(number);
    }

    /// An option that is not among the constants, and is an `int` that means yes or no.
    ///
    /// @param name   what messages call it
    /// @param level  its level
    /// @param number its number
    /// @return the option
    public static SockOpt<Boolean> flag(final String name, final int level, final int number) {
        return new SockOpt<>(name, level, number, OptionType.FLAG, true, true);
    }

    /// An option that is not among the constants, and is an `int`.
    ///
    /// @param name   what messages call it
    /// @param level  its level
    /// @param number its number
    /// @return the option
    public static SockOpt<Integer> integer(final String name, final int level, final int number) {
        return new SockOpt<>(name, level, number, OptionType.INTEGER, true, true);
    }

    /// An option that is not among the constants, and is whatever bytes.
    ///
    /// @param name   what messages call it
    /// @param level  its level
    /// @param number its number
    /// @return the option
    public static SockOpt<byte[]> bytes(final String name, final int level, final int number) {
        return new SockOpt<>(name, level, number, OptionType.BYTES, true, true);
    }

    // ---- what it is

    /// What C calls it.
    ///
    /// @return `SO_REUSEADDR`, …
    public String name() {
        return name;
    }

    /// The level, for the raw form.
    ///
    /// @return `SOL_SOCKET`, `IPPROTO_TCP`, …; `IPPROTO_IP` for the multicast options of both families
    ///         (`MCAST_…`), which are set at level `IPPROTO_IPV6` where the group is an IPv6 address
    public int level() {
        return level;
    }

    /// The number within its level, for the raw form.
    ///
    /// @return the number
    public int number() {
        return number;
    }

    /// Whether it can be read.
    ///
    /// @return false where `getsockopt` refuses it
    public boolean isReadable() {
        return readable;
    }

    /// Whether it can be set.
    ///
    /// @return false where `setsockopt` refuses it
    public boolean isWritable() {
        return writable;
    }

    // ---- how its values lie in memory: for those who make the call themselves

    /// How many bytes reading is to be tried with. The kernel says by its `optlen` where a value is longer, with
    /// `ERANGE`, `EINVAL` or no errno at all.
    ///
    /// @return the number of bytes
    /// @throws UnsupportedOperationException one that can only be set
    public int room() {
        if (!readable) {
            throw new UnsupportedOperationException(name + " can only be set; the kernel does not tell its value");
        }
        return type.room();
    }

    /// Reads a value that the kernel wrote.
    ///
    /// @param from at least [#room] bytes, zero behind `length`
    /// @param length how many of them the kernel wrote
    /// @return the value
    /// @throws UnsupportedOperationException one that can only be set
    public T decode(final MemorySegment from, final int length) {
        Objects.checkFromIndexSize(0, room(), from.byteSize());
        return type.decode(from, length);
    }

    /// How many bytes a value becomes.
    ///
    /// @param value the value
    /// @return the number of bytes, for [#encode] and as `optlen`
    /// @throws UnsupportedOperationException one that can only be read
    /// @throws IllegalArgumentException a value that C cannot say; the message has the option and the value
    public int length(final T value) {
        if (!writable) {
            throw new UnsupportedOperationException(name + " can only be read");
        }
        Objects.requireNonNull(value, name);
        try {
            return type.length(value);
        } catch (final IllegalArgumentException e) {
            throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
        }
    }

    /// Writes a value as the kernel reads it.
    ///
    /// @param value the value
    /// @param to memory of any alignment; [#length(Object)] bytes of it are written
    /// @throws UnsupportedOperationException one that can only be read
    /// @throws IllegalArgumentException a value that C cannot say; nothing has been written then
    /// @throws IndexOutOfBoundsException if `to` is shorter
    public void encode(final T value, final MemorySegment to) {
        type.encode(value, to.asSlice(0, length(value)));
    }

    /// The level to set a value at: [#level], but for the multicast options of both families (`MCAST_…`) with an IPv6
    /// group.
    ///
    /// @param value the value
    /// @return `SOL_SOCKET`, `IPPROTO_TCP`, …
    public int level(final T value) {
        return type.level(value, level);
    }

    /// A value as messages show it.
    ///
    /// @param value the value
    /// @return the text
    public String text(final T value) {
        return type.text(value);
    }

    /// [#name].
    @Override
    public String toString() {
        return name;
    }

    // ---- names for messages

    /// What C calls a level.
    ///
    /// @param level a number
    /// @return `SOL_SOCKET`, `IPPROTO_TCP`, …; the number where there is no name
    public static String levelName(final int level) {
        return switch (level) {
            case SOL_SOCKET -> "SOL_SOCKET";
            case IPPROTO_IP -> "IPPROTO_IP";
            case IPPROTO_TCP -> "IPPROTO_TCP";
            case IPPROTO_UDP -> "IPPROTO_UDP";
            case IPPROTO_IPV6 -> "IPPROTO_IPV6";
            case IPPROTO_ICMPV6 -> "IPPROTO_ICMPV6";
            case IPPROTO_RAW -> "IPPROTO_RAW";
            case AF_VSOCK -> "AF_VSOCK";
            case SOL_VSOCK -> "SOL_VSOCK";
            case SOL_NETLINK -> "SOL_NETLINK";
            case SOL_PACKET -> "SOL_PACKET";
            default -> Integer.toString(level);
        };
    }

    /// What C calls an option.
    ///
    /// @param level a number
    /// @param number a number within that level
    /// @return `SO_REUSEADDR`, …; the number where this class has no name for it
    public static String optionName(final int level, final int number) {
        SocketOptions.load();
        IpOptions.load();
        Ipv6Options.load();
        TcpOptions.load();
        UdpOptions.load();
        VsockOptions.load();
        NetlinkOptions.load();
        PacketOptions.load();
        SockOpt<?> option = KNOWN.get(key(level, number));
        if (option == null && level == IPPROTO_IPV6 && number >= MCAST_JOIN_GROUP.number
                && number <= MCAST_LEAVE_SOURCE_GROUP.number) {
            option = KNOWN.get(key(IPPROTO_IP, number));
        }
        return option == null ? Integer.toString(number) : option.name;
    }
}
