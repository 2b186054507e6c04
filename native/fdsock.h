/*
 * fdsock.h: everything of C that fdsock binds, in one translation unit.
 *
 * jextract reads this file (scripts/generate-bindings) and takes from it what native/symbols.txt names;
 * abi_probe.c includes it too, so that the compiler and jextract see the same declarations.
 *
 * The second half defines what the headers of an older system lack although newer kernels have it. Each number
 * names the kernel file that owns it and the first kernel release with it. All of it is under #ifndef: where the
 * system's headers know the name, theirs is the one that counts, and abi_probe.c shows whether the two agree.
 */
#ifndef FDSOCK_H
#define FDSOCK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

/*
 * With _GNU_SOURCE and a GNU compiler glibc declares the sockaddr arguments of bind, connect, accept and their kin
 * as a transparent union, which jextract takes for a struct passed by value: every descriptor would be wrong.
 * glibc falls back to plain pointers where __GNUC_PREREQ denies the feature, so it denies it for this one header.
 */
#include <features.h>
#include <sys/cdefs.h>
#pragma push_macro("__GNUC_PREREQ")
#undef __GNUC_PREREQ
#define __GNUC_PREREQ(maj, min) 0
#include <sys/socket.h>
#pragma pop_macro("__GNUC_PREREQ")

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/close_range.h>
#include <linux/errqueue.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <linux/sockios.h>
#include <linux/unix_diag.h>
#include <linux/version.h>
#include <linux/vm_sockets.h>
/* Not <netinet/tcp.h>: its struct tcp_info ends at tcpi_total_retrans, as in Linux 2.6. The two exclude each other. */
#include <linux/tcp.h>

/* ---------------------------------------------------------------- names that live in headers excluded above */

#ifndef SOL_TCP /* <netinet/tcp.h>; the protocol number, include/linux/socket.h */
#define SOL_TCP 6
#endif

#ifndef SCM_SECURITY /* include/linux/socket.h */
#define SCM_SECURITY 0x03
#endif

#ifndef SCM_MAX_FD /* include/net/scm.h: 253 since 2.6.38 (255 before) */
#define SCM_MAX_FD 253
#endif

#ifndef SOL_UDPLITE /* include/linux/socket.h */
#define SOL_UDPLITE 136
#endif

/* The states of tcpi_state: include/net/tcp_states.h, <netinet/tcp.h>. */
enum fdsock_tcp_state {
    TCP_ESTABLISHED = 1,
    TCP_SYN_SENT,
    TCP_SYN_RECV,
    TCP_FIN_WAIT1,
    TCP_FIN_WAIT2,
    TCP_TIME_WAIT,
    TCP_CLOSE,
    TCP_CLOSE_WAIT,
    TCP_LAST_ACK,
    TCP_LISTEN,
    TCP_CLOSING
};

/* Flags of pidfd_open(2): include/uapi/linux/pidfd.h, which collides with <fcntl.h>. */
#ifndef PIDFD_NONBLOCK /* 5.10 */
#define PIDFD_NONBLOCK O_NONBLOCK
#endif
#ifndef PIDFD_THREAD /* 6.9 */
#define PIDFD_THREAD O_EXCL
#endif
/* Flags of pidfd_send_signal(2), same file, 6.9. 1UL there; the argument is an unsigned int. */
#ifndef PIDFD_SIGNAL_THREAD
#define PIDFD_SIGNAL_THREAD (1U << 0)
#endif
#ifndef PIDFD_SIGNAL_THREAD_GROUP
#define PIDFD_SIGNAL_THREAD_GROUP (1U << 1)
#endif
#ifndef PIDFD_SIGNAL_PROCESS_GROUP
#define PIDFD_SIGNAL_PROCESS_GROUP (1U << 2)
#endif
/* Descriptors that stand for the caller: include/uapi/linux/fcntl.h, 6.17. That release gave the second its number. */
#ifndef PIDFD_SELF_THREAD
#define PIDFD_SELF_THREAD (-10000)
#endif
#ifndef PIDFD_SELF_THREAD_GROUP
#define PIDFD_SELF_THREAD_GROUP (-10001)
#endif
#ifndef PIDFD_SELF
#define PIDFD_SELF PIDFD_SELF_THREAD
#endif
#ifndef PIDFD_SELF_PROCESS
#define PIDFD_SELF_PROCESS PIDFD_SELF_THREAD_GROUP
#endif

/* ---------------------------------------------------------------- newer than the oldest supported headers */

/* include/uapi/asm-generic/socket.h (x86 and arm64 use it unchanged). */
#ifndef SO_PREFER_BUSY_POLL /* 5.11 */
#define SO_PREFER_BUSY_POLL 69
#endif
#ifndef SO_BUSY_POLL_BUDGET /* 5.11 */
#define SO_BUSY_POLL_BUDGET 70
#endif
#ifndef SO_NETNS_COOKIE /* 5.14 */
#define SO_NETNS_COOKIE 71
#endif
#ifndef SO_BUF_LOCK /* 5.15 */
#define SO_BUF_LOCK 72
#endif
#ifndef SO_RESERVE_MEM /* 5.16 */
#define SO_RESERVE_MEM 73
#endif
#ifndef SO_TXREHASH /* 5.18 */
#define SO_TXREHASH 74
#endif
#ifndef SO_RCVMARK /* 5.19 */
#define SO_RCVMARK 75
#endif
#ifndef SO_PASSPIDFD /* 6.5 */
#define SO_PASSPIDFD 76
#endif
#ifndef SO_PEERPIDFD /* 6.5 */
#define SO_PEERPIDFD 77
#endif
#ifndef SO_DEVMEM_LINEAR /* 6.12 */
#define SO_DEVMEM_LINEAR 78
#define SCM_DEVMEM_LINEAR SO_DEVMEM_LINEAR
#endif
#ifndef SO_DEVMEM_DMABUF /* 6.12 */
#define SO_DEVMEM_DMABUF 79
#define SCM_DEVMEM_DMABUF SO_DEVMEM_DMABUF
#endif
#ifndef SO_DEVMEM_DONTNEED /* 6.12 */
#define SO_DEVMEM_DONTNEED 80
#endif
#ifndef SCM_TS_OPT_ID /* 6.13 */
#define SCM_TS_OPT_ID 81
#endif
#ifndef SO_RCVPRIORITY /* 6.14 */
#define SO_RCVPRIORITY 82
#endif
#ifndef SO_PASSRIGHTS /* 6.16 */
#define SO_PASSRIGHTS 83
#endif
#ifndef SO_INQ /* 6.17 */
#define SO_INQ 84
#define SCM_INQ SO_INQ
#endif

/* include/linux/socket.h (not exported to user space: C libraries copy it). */
#ifndef SCM_PIDFD /* 6.5 */
#define SCM_PIDFD 0x04
#endif
#ifndef MSG_SOCK_DEVMEM /* 6.12 */
#define MSG_SOCK_DEVMEM 0x2000000
#endif
#ifndef SOL_VSOCK /* 6.7 */
#define SOL_VSOCK 287
#endif

/* include/uapi/linux/in.h. */
#ifndef IP_LOCAL_PORT_RANGE /* 6.3 */
#define IP_LOCAL_PORT_RANGE 51
#endif
#ifndef IP_PROTOCOL /* 6.4 */
#define IP_PROTOCOL 52
#endif
#ifndef IPPROTO_SMC /* 6.11 */
#define IPPROTO_SMC 256
#endif

/* include/uapi/linux/in6.h: names that <netinet/in.h> does not carry. */
#ifndef IPV6_RECVERR_RFC4884 /* 5.9 */
#define IPV6_RECVERR_RFC4884 31
#endif
#ifndef IPV6_FLOWINFO
#define IPV6_FLOWINFO 11
#endif
#ifndef IPV6_FLOWINFO_SEND
#define IPV6_FLOWINFO_SEND 33
#endif
#ifndef IPV6_PREFER_SRC_TMP /* RFC 5014: the values of IPV6_ADDR_PREFERENCES */
#define IPV6_PREFER_SRC_TMP 0x0001
#define IPV6_PREFER_SRC_PUBLIC 0x0002
#define IPV6_PREFER_SRC_PUBTMP_DEFAULT 0x0100
#define IPV6_PREFER_SRC_COA 0x0004
#define IPV6_PREFER_SRC_HOME 0x0400
#define IPV6_PREFER_SRC_CGA 0x0008
#define IPV6_PREFER_SRC_NONCGA 0x0800
#endif
#ifndef IP_RECVERR_RFC4884 /* 5.9, include/uapi/linux/in.h */
#define IP_RECVERR_RFC4884 26
#endif

/* include/uapi/linux/tcp.h. */
#ifndef TCP_AO_ADD_KEY /* 6.7 */
#define TCP_AO_ADD_KEY 38
#endif
#ifndef TCP_AO_DEL_KEY /* 6.7 */
#define TCP_AO_DEL_KEY 39
#endif
#ifndef TCP_AO_INFO /* 6.7 */
#define TCP_AO_INFO 40
#endif
#ifndef TCP_AO_GET_KEYS /* 6.7 */
#define TCP_AO_GET_KEYS 41
#endif
#ifndef TCP_AO_REPAIR /* 6.7 */
#define TCP_AO_REPAIR 42
#endif
#ifndef TCP_IS_MPTCP /* 6.10 */
#define TCP_IS_MPTCP 43
#endif
#ifndef TCP_RTO_MAX_MS /* 6.15 */
#define TCP_RTO_MAX_MS 44
#endif
#ifndef TCP_RTO_MIN_US /* 6.15 */
#define TCP_RTO_MIN_US 45
#endif
#ifndef TCP_DELACK_MAX_US /* 6.15 */
#define TCP_DELACK_MAX_US 46
#endif
#ifndef TCPI_OPT_USEC_TS /* 6.7 */
#define TCPI_OPT_USEC_TS 64
#endif
#ifndef TCPI_OPT_TFO_CHILD /* 6.16 */
#define TCPI_OPT_TFO_CHILD 128
#endif

/* include/uapi/linux/fcntl.h. */
#ifndef F_SEAL_FUTURE_WRITE /* 5.1 */
#define F_SEAL_FUTURE_WRITE 0x0010
#endif
#ifndef F_SEAL_EXEC /* 6.3 */
#define F_SEAL_EXEC 0x0020
#endif
#ifndef F_DUPFD_QUERY /* 6.10 */
#define F_DUPFD_QUERY (1024 + 3)
#endif
#ifndef F_CREATED_QUERY /* 6.12 */
#define F_CREATED_QUERY (1024 + 4)
#endif

/* include/uapi/linux/memfd.h. */
#ifndef MFD_NOEXEC_SEAL /* 6.3 */
#define MFD_NOEXEC_SEAL 0x0008U
#endif
#ifndef MFD_EXEC /* 6.3 */
#define MFD_EXEC 0x0010U
#endif

/* include/uapi/linux/if_packet.h. */
#ifndef PACKET_VNET_HDR_SZ /* 6.4 */
#define PACKET_VNET_HDR_SZ 24
#endif

/*
 * include/uapi/linux/net_tstamp.h. An enum there, so #ifndef cannot ask for a name: the kernel release of the
 * headers is asked instead.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
enum { SOF_TIMESTAMPING_OPT_ID_TCP = (1 << 16) };
#endif
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
enum { SOF_TIMESTAMPING_OPT_RX_FILTER = (1 << 17) };
#endif
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
enum { SOF_TIMESTAMPING_TX_COMPLETION = (1 << 18) };
#endif

/* include/uapi/linux/eventpoll.h, 6.9: busy polling of an epoll descriptor. glibc 2.40 has it in <sys/epoll.h>. */
#ifndef EPIOCSPARAMS
struct epoll_params {
    __u32 busy_poll_usecs;
    __u16 busy_poll_budget;
    __u8 prefer_busy_poll;
    __u8 __pad; /* to a multiple of 64 bits; must be zero */
};
#define EPIOCSPARAMS _IOW(0x8A, 0x01, struct epoll_params)
#define EPIOCGPARAMS _IOR(0x8A, 0x02, struct epoll_params)
#endif

#endif
