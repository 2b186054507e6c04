package io.github.fdsock.cli.descriptor;

import static io.github.fdsock.sys.Constants.*;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// C's names of numbers, and of bits.
final class Names {
    private static final int[] STATUS =
            {O_APPEND, O_NONBLOCK, O_SYNC, O_DSYNC, O_ASYNC, O_DIRECT, O_NOATIME, O_PATH, O_CLOEXEC};
    private static final String[] STATUS_NAMES = {"O_APPEND", "O_NONBLOCK", "O_SYNC", "O_DSYNC", "O_ASYNC", "O_DIRECT",
        "O_NOATIME", "O_PATH", "O_CLOEXEC"};

    /// What `open` was told about the path, of no more interest: `O_DIRECTORY`, `O_NOFOLLOW`, `O_TMPFILE`, and the
    /// kernel's own `O_LARGEFILE`, which is 0 here. But for `O_TMPFILE` they share four bits with `O_DIRECT`, each
    /// architecture in its own order.
    private static final int OPENING = 0x3c000 & ~O_DIRECT | O_TMPFILE & ~O_DIRECTORY;

    private static final int[] EVENTS = {EPOLLIN, EPOLLPRI, EPOLLOUT, EPOLLERR, EPOLLHUP, EPOLLRDNORM, EPOLLRDBAND,
        EPOLLWRNORM, EPOLLWRBAND, EPOLLMSG, EPOLLRDHUP, EPOLLEXCLUSIVE, EPOLLWAKEUP, EPOLLONESHOT, EPOLLET};
    private static final String[] EVENT_NAMES = {"EPOLLIN", "EPOLLPRI", "EPOLLOUT", "EPOLLERR", "EPOLLHUP",
        "EPOLLRDNORM", "EPOLLRDBAND", "EPOLLWRNORM", "EPOLLWRBAND", "EPOLLMSG", "EPOLLRDHUP", "EPOLLEXCLUSIVE",
        "EPOLLWAKEUP", "EPOLLONESHOT", "EPOLLET"};

    private static final int[] SEALS =
            {F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE, F_SEAL_FUTURE_WRITE, F_SEAL_EXEC};
    private static final String[] SEAL_NAMES = {"F_SEAL_SEAL", "F_SEAL_SHRINK", "F_SEAL_GROW", "F_SEAL_WRITE",
        "F_SEAL_FUTURE_WRITE", "F_SEAL_EXEC"};

    /// From 1 on.
    private static final String[] SIGNALS = {"SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS",
        "SIGFPE", "SIGKILL", "SIGUSR1", "SIGSEGV", "SIGUSR2", "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD",
        "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF",
        "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS"};

    private static final Map<Integer, String> CLOCKS = Map.of(CLOCK_REALTIME, "CLOCK_REALTIME", CLOCK_MONOTONIC,
            "CLOCK_MONOTONIC", CLOCK_BOOTTIME, "CLOCK_BOOTTIME", CLOCK_REALTIME_ALARM, "CLOCK_REALTIME_ALARM",
            CLOCK_BOOTTIME_ALARM, "CLOCK_BOOTTIME_ALARM");

    private static final Map<Integer, String> FAMILIES = Map.of(AF_UNIX, "AF_UNIX", AF_INET, "AF_INET", AF_INET6,
            "AF_INET6", AF_NETLINK, "AF_NETLINK", AF_PACKET, "AF_PACKET", AF_VSOCK, "AF_VSOCK", AF_ALG, "AF_ALG",
            AF_XDP, "AF_XDP", AF_CAN, "AF_CAN", AF_BLUETOOTH, "AF_BLUETOOTH");

    private static final Map<Integer, String> TYPES = Map.of(SOCK_STREAM, "SOCK_STREAM", SOCK_DGRAM, "SOCK_DGRAM",
            SOCK_RAW, "SOCK_RAW", SOCK_RDM, "SOCK_RDM", SOCK_SEQPACKET, "SOCK_SEQPACKET", SOCK_DCCP, "SOCK_DCCP",
            SOCK_PACKET, "SOCK_PACKET");

    private static final Map<Integer, String> INET_PROTOCOLS = Map.of(IPPROTO_TCP, "IPPROTO_TCP", IPPROTO_UDP,
            "IPPROTO_UDP", IPPROTO_ICMP, "IPPROTO_ICMP", IPPROTO_ICMPV6, "IPPROTO_ICMPV6", IPPROTO_MPTCP,
            "IPPROTO_MPTCP", IPPROTO_SCTP, "IPPROTO_SCTP", IPPROTO_UDPLITE, "IPPROTO_UDPLITE", IPPROTO_RAW,
            "IPPROTO_RAW");

    private static final Map<Integer, String> NETLINK_PROTOCOLS = Map.of(NETLINK_ROUTE, "NETLINK_ROUTE",
            NETLINK_SOCK_DIAG, "NETLINK_SOCK_DIAG", NETLINK_KOBJECT_UEVENT, "NETLINK_KOBJECT_UEVENT", NETLINK_GENERIC,
            "NETLINK_GENERIC", NETLINK_AUDIT, "NETLINK_AUDIT", NETLINK_NETFILTER, "NETLINK_NETFILTER", NETLINK_XFRM,
            "NETLINK_XFRM", NETLINK_CONNECTOR, "NETLINK_CONNECTOR");

    private Names() {
    }

    /// The mode of access and the status flags of an open file.
    static List<String> openFlags(final int flags) {
        final List<String> names = new ArrayList<>();
        // Neither reading nor writing is what a path alone is open for.
        if ((flags & O_PATH) == 0) {
            names.add(switch (flags & O_ACCMODE) {
                case O_RDONLY -> "O_RDONLY";
                case O_WRONLY -> "O_WRONLY";
                case O_RDWR -> "O_RDWR";
                default -> "O_ACCMODE";
            });
        }
        names.addAll(bits(flags & ~O_ACCMODE & ~OPENING, STATUS, STATUS_NAMES));
        return names;
    }

    /// What an epoll instance waits for, without what comes unasked.
    static List<String> epollEvents(final int events) {
        return bits(events & ~(EPOLLERR | EPOLLHUP), EVENTS, EVENT_NAMES);
    }

    static List<String> seals(final int seals) {
        return bits(seals, SEALS, SEAL_NAMES);
    }

    /// The signals of a mask, of which bit 0 is signal 1.
    static List<String> signals(final long mask) {
        final List<String> names = new ArrayList<>();
        for (int i = 0; i < Long.SIZE; i++) {
            if ((mask >>> i & 1) != 0) {
                names.add(i < SIGNALS.length ? SIGNALS[i] : Integer.toString(i + 1));
            }
        }
        return names;
    }

    static String clock(final int clock) {
        return CLOCKS.getOrDefault(clock, "clock " + clock);
    }

    static String family(final int family) {
        return FAMILIES.getOrDefault(family, "family " + family);
    }

    static String socketType(final int type) {
        return TYPES.getOrDefault(type, "type " + type);
    }

    static String protocol(final int family, final int protocol) {
        final Map<Integer, String> names = switch (family) {
            case AF_INET, AF_INET6 -> INET_PROTOCOLS;
            case AF_NETLINK -> NETLINK_PROTOCOLS;
            default -> Map.of();
        };
        return names.getOrDefault(protocol, "protocol " + protocol);
    }

    private static List<String> bits(final int value, final int[] bits, final String[] names) {
        final List<String> set = new ArrayList<>();
        int rest = value;
        for (int i = 0; i < bits.length; i++) {
            if ((rest & bits[i]) == bits[i]) {
                set.add(names[i]);
                rest &= ~bits[i];
            }
        }
        if (rest != 0) {
            set.add("0x" + Integer.toHexString(rest));
        }
        return set;
    }
}
