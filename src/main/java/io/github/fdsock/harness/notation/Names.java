package io.github.fdsock.harness.notation;

import io.github.fdsock.sys.Constants;
import java.util.ArrayList;
import java.util.List;

/// Names of C for the numbers of one kind: of one, or of bits.
///
/// The numbers are those of [Constants]; what is written here is which names belong together, in strace's order.
final class Names {
    // @formatter:off
    static final Names FAMILIES = of("AF_???", "AF_UNSPEC AF_UNIX AF_INET AF_AX25 AF_IPX AF_APPLETALK AF_NETROM"
            + " AF_BRIDGE AF_ATMPVC AF_X25 AF_INET6 AF_ROSE AF_DECnet AF_NETBEUI AF_SECURITY AF_KEY AF_NETLINK"
            + " AF_PACKET AF_ASH AF_ECONET AF_ATMSVC AF_RDS AF_SNA AF_IRDA AF_PPPOX AF_WANPIPE AF_LLC AF_IB AF_MPLS AF_CAN"
            + " AF_TIPC AF_BLUETOOTH AF_IUCV AF_RXRPC AF_ISDN AF_PHONET AF_IEEE802154 AF_CAIF AF_ALG AF_NFC AF_VSOCK AF_KCM"
            + " AF_QIPCRTR AF_SMC AF_XDP AF_MCTP");
    static final Names SOCKET_TYPES = of("SOCK_???", "SOCK_STREAM SOCK_DGRAM SOCK_RAW SOCK_RDM SOCK_SEQPACKET SOCK_DCCP"
            + " SOCK_PACKET");
    static final Names SOCKET_FLAGS = of("SOCK_???", "SOCK_CLOEXEC SOCK_NONBLOCK");
    static final Names PROTOCOLS = of("IPPROTO_???", "IPPROTO_IP IPPROTO_ICMP IPPROTO_IGMP IPPROTO_IPIP IPPROTO_TCP"
            + " IPPROTO_EGP IPPROTO_PUP IPPROTO_UDP IPPROTO_IDP IPPROTO_TP IPPROTO_DCCP IPPROTO_IPV6 IPPROTO_RSVP"
            + " IPPROTO_GRE IPPROTO_ESP IPPROTO_AH IPPROTO_ICMPV6 IPPROTO_MTP IPPROTO_BEETPH IPPROTO_ENCAP IPPROTO_PIM"
            + " IPPROTO_COMP IPPROTO_SCTP IPPROTO_MH IPPROTO_UDPLITE IPPROTO_MPLS IPPROTO_RAW IPPROTO_MPTCP");
    static final Names NETLINK = of("NETLINK_???", "NETLINK_ROUTE NETLINK_UNUSED NETLINK_USERSOCK NETLINK_FIREWALL"
            + " NETLINK_SOCK_DIAG NETLINK_NFLOG NETLINK_XFRM NETLINK_SELINUX NETLINK_ISCSI NETLINK_AUDIT"
            + " NETLINK_FIB_LOOKUP NETLINK_CONNECTOR NETLINK_NETFILTER NETLINK_IP6_FW NETLINK_DNRTMSG"
            + " NETLINK_KOBJECT_UEVENT NETLINK_GENERIC NETLINK_SCSITRANSPORT NETLINK_ECRYPTFS NETLINK_RDMA"
            + " NETLINK_CRYPTO NETLINK_SMC");
    static final Names ETHER_TYPES = of("ETH_P_???", "ETH_P_LOOP ETH_P_IP ETH_P_ARP ETH_P_RARP ETH_P_8021Q ETH_P_IPV6"
            + " ETH_P_PAUSE ETH_P_MPLS_UC ETH_P_MPLS_MC ETH_P_PAE ETH_P_8021AD ETH_P_TIPC ETH_P_LLDP ETH_P_1588"
            + " ETH_P_LOOPBACK ETH_P_802_3 ETH_P_ALL ETH_P_802_2");
    static final Names PACKET_TYPES = of("PACKET_???", "PACKET_HOST PACKET_BROADCAST PACKET_MULTICAST PACKET_OTHERHOST"
            + " PACKET_OUTGOING PACKET_LOOPBACK PACKET_USER PACKET_KERNEL");
    static final Names VSOCK_CIDS = of(null, "VMADDR_CID_HYPERVISOR VMADDR_CID_LOCAL VMADDR_CID_HOST VMADDR_CID_ANY");
    static final Names VSOCK_PORTS = of(null, "VMADDR_PORT_ANY");
    static final Names VSOCK_FLAGS = of("VMADDR_FLAG_???", "VMADDR_FLAG_TO_HOST");
    static final Names SHUTDOWNS = of("SHUT_???", "SHUT_RD SHUT_WR SHUT_RDWR");
    static final Names MESSAGE_FLAGS = of("MSG_???", "MSG_OOB MSG_PEEK MSG_DONTROUTE MSG_CTRUNC MSG_PROXY MSG_TRUNC"
            + " MSG_DONTWAIT MSG_EOR MSG_WAITALL MSG_FIN MSG_SYN MSG_CONFIRM MSG_RST MSG_ERRQUEUE MSG_NOSIGNAL MSG_MORE"
            + " MSG_WAITFORONE MSG_BATCH MSG_SOCK_DEVMEM MSG_ZEROCOPY MSG_FASTOPEN MSG_CMSG_CLOEXEC");
    static final Names LEVELS = of("SOL_???", "SOL_SOCKET SOL_IP SOL_TCP SOL_UDP SOL_IPV6 SOL_ICMPV6 SOL_UDPLITE"
            + " SOL_RAW SOL_PACKET SOL_NETLINK SOL_MPTCP SOL_TLS SOL_ALG SOL_VSOCK SOL_XDP SOL_TIPC SOL_SMC AF_VSOCK");
    static final Names CONTROL_SOCKET = of("SCM_???", "SCM_RIGHTS SCM_CREDENTIALS SCM_SECURITY SCM_PIDFD SCM_TIMESTAMP"
            + " SCM_TIMESTAMPNS SCM_TIMESTAMPING SO_RXQ_OVFL SCM_WIFI_STATUS SCM_TIMESTAMPING_OPT_STATS"
            + " SCM_TIMESTAMPING_PKTINFO SCM_TXTIME SCM_TS_OPT_ID SO_MARK SO_PRIORITY SCM_INQ SO_TIMESTAMP_NEW"
            + " SO_TIMESTAMPNS_NEW SO_TIMESTAMPING_NEW SCM_DEVMEM_LINEAR SCM_DEVMEM_DMABUF");
    static final Names CONTROL_IP = of("IP_???", "IP_TOS IP_TTL IP_RECVOPTS IP_RETOPTS IP_PKTINFO IP_RECVERR"
            + " IP_CHECKSUM IP_ORIGDSTADDR IP_PASSSEC IP_RECVFRAGSIZE IP_PROTOCOL");
    static final Names CONTROL_IPV6 = of("IPV6_???", "IPV6_PKTINFO IPV6_HOPLIMIT IPV6_TCLASS IPV6_RECVERR IPV6_FLOWINFO"
            + " IPV6_HOPOPTS IPV6_RTHDRDSTOPTS IPV6_RTHDR IPV6_DSTOPTS IPV6_PATHMTU IPV6_DONTFRAG IPV6_ORIGDSTADDR"
            + " IPV6_RECVFRAGSIZE IPV6_2292PKTINFO IPV6_2292HOPLIMIT");
    static final Names CONTROL_UDP = of("UDP_???", "UDP_SEGMENT UDP_GRO");
    static final Names CONTROL_TCP = of("TCP_???", "TCP_CM_INQ");
    static final Names ERROR_ORIGINS = of("SO_EE_ORIGIN_???", "SO_EE_ORIGIN_NONE SO_EE_ORIGIN_LOCAL SO_EE_ORIGIN_ICMP"
            + " SO_EE_ORIGIN_ICMP6 SO_EE_ORIGIN_TIMESTAMPING SO_EE_ORIGIN_ZEROCOPY SO_EE_ORIGIN_TXTIME");
    static final Names ACCESS = of("O_???", "O_RDONLY O_WRONLY O_RDWR O_ACCMODE");
    static final Names OPEN_FLAGS = of("O_???", "O_CREAT O_EXCL O_NOCTTY O_TRUNC O_APPEND O_NONBLOCK O_SYNC O_DSYNC"
            + " O_DIRECT O_LARGEFILE O_NOFOLLOW O_NOATIME O_CLOEXEC O_PATH O_TMPFILE O_DIRECTORY O_ASYNC");
    static final Names CLOSE_RANGE = of("CLOSE_RANGE_???", "CLOSE_RANGE_UNSHARE CLOSE_RANGE_CLOEXEC");
    static final Names WHENCES = of("SEEK_???", "SEEK_SET SEEK_CUR SEEK_END");
    static final Names FCNTL = of("F_???", "F_DUPFD F_GETFD F_SETFD F_GETFL F_SETFL F_GETLK F_SETLK F_SETLKW F_SETOWN"
            + " F_GETOWN F_SETSIG F_GETSIG F_SETOWN_EX F_GETOWN_EX F_OFD_GETLK F_OFD_SETLK F_OFD_SETLKW F_SETLEASE"
            + " F_GETLEASE F_NOTIFY F_DUPFD_QUERY F_CREATED_QUERY F_DUPFD_CLOEXEC F_SETPIPE_SZ F_GETPIPE_SZ F_ADD_SEALS"
            + " F_GET_SEALS F_GET_RW_HINT F_SET_RW_HINT F_GET_FILE_RW_HINT F_SET_FILE_RW_HINT");
    static final Names FD_FLAGS = of("FD_???", "FD_CLOEXEC");
    static final Names SEALS = of("F_SEAL_???", "F_SEAL_SEAL F_SEAL_SHRINK F_SEAL_GROW F_SEAL_WRITE"
            + " F_SEAL_FUTURE_WRITE F_SEAL_EXEC");
    static final Names LOCKS = of("F_???", "F_RDLCK F_WRLCK F_UNLCK");
    static final Names IOCTLS = of(null, "FIONREAD FIONBIO FIOASYNC FIOCLEX FIONCLEX FIOSETOWN FIOGETOWN TIOCOUTQ"
            + " SIOCOUTQNSD SIOCATMARK SIOCGPGRP SIOCSPGRP SIOCGSTAMP SIOCGSTAMPNS SIOCGSKNS SIOCGIFNAME SIOCGIFCONF"
            + " SIOCGIFFLAGS SIOCGIFADDR SIOCGIFDSTADDR SIOCGIFBRDADDR SIOCGIFNETMASK SIOCGIFMETRIC SIOCGIFMTU"
            + " SIOCGIFHWADDR SIOCGIFINDEX SIOCGIFTXQLEN TIOCGWINSZ IOCTL_VM_SOCKETS_GET_LOCAL_CID EPIOCGPARAMS"
            + " EPIOCSPARAMS");
    static final Names POLL = of("POLL???", "POLLIN POLLPRI POLLOUT POLLRDNORM POLLWRNORM POLLRDBAND POLLWRBAND POLLERR"
            + " POLLHUP POLLNVAL POLLMSG POLLREMOVE POLLRDHUP");
    static final Names EPOLL = of("EPOLL???", "EPOLLIN EPOLLPRI EPOLLOUT EPOLLERR EPOLLHUP EPOLLRDNORM EPOLLRDBAND"
            + " EPOLLWRNORM EPOLLWRBAND EPOLLMSG EPOLLRDHUP EPOLLEXCLUSIVE EPOLLWAKEUP EPOLLONESHOT EPOLLET");
    static final Names EPOLL_CTL = of("EPOLL_CTL_???", "EPOLL_CTL_ADD EPOLL_CTL_DEL EPOLL_CTL_MOD");
    static final Names EPOLL_CREATE = of("EPOLL_???", "EPOLL_CLOEXEC");
    static final Names EVENTFD = of("EFD_???", "EFD_SEMAPHORE EFD_CLOEXEC EFD_NONBLOCK");
    static final Names TIMERFD = of("TFD_???", "TFD_CLOEXEC TFD_NONBLOCK");
    static final Names TIMER_FLAGS = of("TFD_???", "TFD_TIMER_ABSTIME TFD_TIMER_CANCEL_ON_SET");
    static final Names SIGNALFD = of("SFD_???", "SFD_CLOEXEC SFD_NONBLOCK");
    static final Names INOTIFY = of("IN_???", "IN_NONBLOCK IN_CLOEXEC");
    static final Names MEMFD = of("MFD_???", "MFD_CLOEXEC MFD_ALLOW_SEALING MFD_HUGETLB MFD_NOEXEC_SEAL MFD_EXEC");
    static final Names PROTECTIONS = of("PROT_???", "PROT_READ PROT_WRITE PROT_EXEC");
    static final Names MAP_TYPES = of("MAP_???", "MAP_SHARED MAP_PRIVATE MAP_SHARED_VALIDATE");
    static final Names MAP_FLAGS = of("MAP_???", "MAP_FIXED MAP_ANONYMOUS MAP_LOCKED MAP_NORESERVE MAP_POPULATE"
            + " MAP_NONBLOCK MAP_STACK MAP_HUGETLB MAP_SYNC MAP_FIXED_NOREPLACE");
    static final Names PIDFD = of("PIDFD_???", "PIDFD_NONBLOCK PIDFD_THREAD");
    static final Names PIDFD_SIGNAL = of("PIDFD_SIGNAL_???", "PIDFD_SIGNAL_THREAD PIDFD_SIGNAL_THREAD_GROUP"
            + " PIDFD_SIGNAL_PROCESS_GROUP");
    static final Names SPLICE = of("SPLICE_F_???", "SPLICE_F_MOVE SPLICE_F_NONBLOCK SPLICE_F_MORE SPLICE_F_GIFT");
    static final Names SPAWN = of("POSIX_SPAWN_???", "POSIX_SPAWN_RESETIDS POSIX_SPAWN_SETPGROUP POSIX_SPAWN_SETSIGDEF"
            + " POSIX_SPAWN_SETSIGMASK POSIX_SPAWN_SETSCHEDPARAM POSIX_SPAWN_SETSCHEDULER POSIX_SPAWN_USEVFORK"
            + " POSIX_SPAWN_SETSID");
    static final Names ID_TYPES = of("P_???", "P_ALL P_PID P_PGID P_PIDFD");
    static final Names WAIT = of("W???", "WNOHANG WSTOPPED WEXITED WCONTINUED WNOWAIT");
    static final Names CHILD_CODES = of("CLD_???", "CLD_EXITED CLD_KILLED CLD_DUMPED CLD_TRAPPED CLD_STOPPED"
            + " CLD_CONTINUED");
    static final Names RESOURCES = of("RLIMIT_???", "RLIMIT_CPU RLIMIT_FSIZE RLIMIT_DATA RLIMIT_STACK RLIMIT_CORE"
            + " RLIMIT_RSS RLIMIT_NPROC RLIMIT_NOFILE RLIMIT_MEMLOCK RLIMIT_AS RLIMIT_LOCKS RLIMIT_SIGPENDING"
            + " RLIMIT_MSGQUEUE RLIMIT_NICE RLIMIT_RTPRIO RLIMIT_RTTIME");
    static final Names SIGNALS = of(null, "SIGHUP SIGINT SIGQUIT SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGKILL SIGUSR1"
            + " SIGSEGV SIGUSR2 SIGPIPE SIGALRM SIGTERM SIGSTKFLT SIGCHLD SIGCONT SIGSTOP SIGTSTP SIGTTIN SIGTTOU"
            + " SIGURG SIGXCPU SIGXFSZ SIGVTALRM SIGPROF SIGWINCH SIGIO SIGPWR SIGSYS");
    static final Names SIGNAL_MASKS = of("SIG_???", "SIG_BLOCK SIG_UNBLOCK SIG_SETMASK");
    static final Names CLOCKS = of("CLOCK_???", "CLOCK_REALTIME CLOCK_MONOTONIC CLOCK_PROCESS_CPUTIME_ID"
            + " CLOCK_THREAD_CPUTIME_ID CLOCK_MONOTONIC_RAW CLOCK_REALTIME_COARSE CLOCK_MONOTONIC_COARSE CLOCK_BOOTTIME"
            + " CLOCK_REALTIME_ALARM CLOCK_BOOTTIME_ALARM CLOCK_TAI");
    static final Names ADDRINFO = of("AI_???", "AI_PASSIVE AI_CANONNAME AI_NUMERICHOST AI_V4MAPPED AI_ALL AI_ADDRCONFIG"
            + " AI_NUMERICSERV");
    static final Names NAMEINFO = of("NI_???", "NI_NUMERICHOST NI_NUMERICSERV NI_NOFQDN NI_NAMEREQD NI_DGRAM");
    // @formatter:on

    private final String unknown;
    private final String[] names;
    private final long[] values;

    private Names(final String unknown, final String[] names, final long[] values) {
        this.unknown = unknown;
        this.names = names;
        this.values = values;
    }

    /// @param unknown what a number without a name is remarked with, or null for no remark
    /// @param names separated by spaces
    static Names of(final String unknown, final String names) {
        final String[] each = names.split(" ");
        final long[] values = new long[each.length];
        for (int i = 0; i < each.length; i++) {
            try {
                values[i] = ((Number) Constants.class.getField(each[i]).get(null)).longValue();
            } catch (final ReflectiveOperationException e) {
                throw new IllegalStateException("no constant " + each[i], e);
            }
        }
        return new Names(unknown, each, values);
    }

    /// The name of one number, or null.
    String find(final long value) {
        for (int i = 0; i < values.length; i++) {
            if (values[i] == value) {
                return names[i];
            }
        }
        return null;
    }

    /// The name of one number.
    String one(final long value) {
        final String name = find(value);
        return name != null ? name : remarked(value);
    }

    /// The names of bits, and what is left over as a number.
    String bits(final long flags) {
        if (flags == 0) {
            return "0";
        }
        final List<String> set = new ArrayList<>();
        long rest = flags;
        for (int i = 0; i < values.length; i++) {
            // EPOLLET is the sign bit of an int, and a flag nevertheless.
            final long bit = values[i] & 0xffff_ffffL;
            if (bit != 0 && (rest & bit) == bit) {
                set.add(names[i]);
                rest &= ~bit;
            }
        }
        if (rest != 0) {
            set.add(set.isEmpty() ? remarked(rest) : "0x" + Long.toHexString(rest));
        }
        return String.join("|", set);
    }

    /// C's `%#x`, which says no more than `0` of 0.
    static String hex(final long value) {
        return value == 0 ? "0" : "0x" + Long.toHexString(value);
    }

    private String remarked(final long value) {
        // Most are an int or an unsigned int, and none is more than 32 bits in hexadecimal.
        final String number = hex(value & 0xffff_ffffL);
        return unknown == null ? number : number + " /* " + unknown + " */";
    }
}
