/*
 * abi_probe.c: what the C compiler makes of fdsock.h.
 *
 * Prints size and alignment of every struct that is bound, offset and size of each of its fields, the value of every
 * constant of symbols.txt, the names and texts of the error numbers, and what the macros of control messages compute.
 * It knows nothing of jextract: its committed output, native/abi-ARCHITECTURE.txt, is what AbiTest holds the generated
 * bindings against. scripts/abi-probe compiles and runs it.
 *
 *     struct NAME SIZE ALIGNMENT
 *     field NAME.FIELD OFFSET SIZE
 *     constant NAME VALUE
 *     errno NUMBER NAME TEXT
 *     cmsg_align LENGTH RESULT, and so cmsg_len and cmsg_space
 */
#include "fdsock.h"

#include <stddef.h>

/* Fields that glibc hides behind a shorter name: here the real ones are meant. */
#undef si_addr
#undef si_addr_lsb
#undef si_band
#undef si_fd
#undef si_overrun
#undef si_pid
#undef si_status
#undef si_stime
#undef si_uid
#undef si_utime

#define STRUCT(type, name)                                                                                            \
    {                                                                                                                 \
        typedef type self;                                                                                            \
        const char *of = #name;                                                                                       \
        printf("struct %s %zu %zu\n", of, sizeof(self), _Alignof(self));
#define FIELD(path) printf("field %s.%s %zu %zu\n", of, #path, offsetof(self, path), sizeof(((self *)0)->path));
/* An array without a length at the end of a struct takes no room in it. */
#define TAIL(path) printf("field %s.%s %zu 0\n", of, #path, offsetof(self, path));
#define END }

#define CONSTANT(name) printf("constant %s %lld\n", #name, (long long)(name));

static void addresses(void) {
    STRUCT(struct sockaddr, sockaddr) FIELD(sa_family) FIELD(sa_data) END
    STRUCT(struct sockaddr_storage, sockaddr_storage) FIELD(ss_family) FIELD(__ss_padding) FIELD(__ss_align) END
    STRUCT(struct in_addr, in_addr) FIELD(s_addr) END
    STRUCT(struct sockaddr_in, sockaddr_in)
        FIELD(sin_family) FIELD(sin_port) FIELD(sin_addr) FIELD(sin_zero) END
    STRUCT(struct in6_addr, in6_addr)
        FIELD(__in6_u) FIELD(__in6_u.__u6_addr8) FIELD(__in6_u.__u6_addr16) FIELD(__in6_u.__u6_addr32) END
    STRUCT(struct sockaddr_in6, sockaddr_in6)
        FIELD(sin6_family) FIELD(sin6_port) FIELD(sin6_flowinfo) FIELD(sin6_addr) FIELD(sin6_scope_id) END
    STRUCT(struct sockaddr_un, sockaddr_un) FIELD(sun_family) FIELD(sun_path) END
    STRUCT(struct sockaddr_vm, sockaddr_vm)
        FIELD(svm_family) FIELD(svm_reserved1) FIELD(svm_port) FIELD(svm_cid) FIELD(svm_flags) FIELD(svm_zero) END
    STRUCT(struct sockaddr_nl, sockaddr_nl) FIELD(nl_family) FIELD(nl_pad) FIELD(nl_pid) FIELD(nl_groups) END
    STRUCT(struct sockaddr_ll, sockaddr_ll)
        FIELD(sll_family) FIELD(sll_protocol) FIELD(sll_ifindex) FIELD(sll_hatype) FIELD(sll_pkttype) FIELD(sll_halen)
        FIELD(sll_addr) END
    STRUCT(struct addrinfo, addrinfo)
        FIELD(ai_flags) FIELD(ai_family) FIELD(ai_socktype) FIELD(ai_protocol) FIELD(ai_addrlen) FIELD(ai_addr)
        FIELD(ai_canonname) FIELD(ai_next) END
}

static void messages(void) {
    STRUCT(struct iovec, iovec) FIELD(iov_base) FIELD(iov_len) END
    STRUCT(struct msghdr, msghdr)
        FIELD(msg_name) FIELD(msg_namelen) FIELD(msg_iov) FIELD(msg_iovlen) FIELD(msg_control) FIELD(msg_controllen)
        FIELD(msg_flags) END
    STRUCT(struct mmsghdr, mmsghdr) FIELD(msg_hdr) FIELD(msg_len) END
    STRUCT(struct cmsghdr, cmsghdr) FIELD(cmsg_len) FIELD(cmsg_level) FIELD(cmsg_type) TAIL(__cmsg_data) END
    STRUCT(struct ucred, ucred) FIELD(pid) FIELD(uid) FIELD(gid) END
    STRUCT(struct in_pktinfo, in_pktinfo) FIELD(ipi_ifindex) FIELD(ipi_spec_dst) FIELD(ipi_addr) END
    STRUCT(struct in6_pktinfo, in6_pktinfo) FIELD(ipi6_addr) FIELD(ipi6_ifindex) END
    STRUCT(struct sock_extended_err, sock_extended_err)
        FIELD(ee_errno) FIELD(ee_origin) FIELD(ee_type) FIELD(ee_code) FIELD(ee_pad) FIELD(ee_info) FIELD(ee_data)
        FIELD(ee_rfc4884) END
    STRUCT(struct sock_ee_data_rfc4884, sock_ee_data_rfc4884) FIELD(len) FIELD(flags) FIELD(reserved) END
    STRUCT(struct scm_timestamping, scm_timestamping) FIELD(ts) END
}

static void options(void) {
    STRUCT(struct linger, linger) FIELD(l_onoff) FIELD(l_linger) END
    STRUCT(struct ip_mreq, ip_mreq) FIELD(imr_multiaddr) FIELD(imr_interface) END
    STRUCT(struct ip_mreqn, ip_mreqn) FIELD(imr_multiaddr) FIELD(imr_address) FIELD(imr_ifindex) END
    STRUCT(struct ip_mreq_source, ip_mreq_source)
        FIELD(imr_multiaddr) FIELD(imr_interface) FIELD(imr_sourceaddr) END
    STRUCT(struct ip_msfilter, ip_msfilter)
        FIELD(imsf_multiaddr) FIELD(imsf_interface) FIELD(imsf_fmode) FIELD(imsf_numsrc) FIELD(imsf_slist) END
    STRUCT(struct ipv6_mreq, ipv6_mreq) FIELD(ipv6mr_multiaddr) FIELD(ipv6mr_interface) END
    STRUCT(struct group_req, group_req) FIELD(gr_interface) FIELD(gr_group) END
    STRUCT(struct group_source_req, group_source_req) FIELD(gsr_interface) FIELD(gsr_group) FIELD(gsr_source) END
    STRUCT(struct packet_mreq, packet_mreq) FIELD(mr_ifindex) FIELD(mr_type) FIELD(mr_alen) FIELD(mr_address) END
    STRUCT(struct sock_txtime, sock_txtime) FIELD(clockid) FIELD(flags) END
    STRUCT(struct so_timestamping, so_timestamping) FIELD(flags) FIELD(bind_phc) END
    /* Bytes 6 and 7 are bit fields: tcpi_snd_wscale, tcpi_rcv_wscale; the delivery rate's and fast open's flags. */
    STRUCT(struct tcp_info, tcp_info)
        FIELD(tcpi_state) FIELD(tcpi_ca_state) FIELD(tcpi_retransmits) FIELD(tcpi_probes) FIELD(tcpi_backoff)
        FIELD(tcpi_options) FIELD(tcpi_rto) FIELD(tcpi_ato) FIELD(tcpi_snd_mss) FIELD(tcpi_rcv_mss)
        FIELD(tcpi_unacked) FIELD(tcpi_sacked) FIELD(tcpi_lost) FIELD(tcpi_retrans) FIELD(tcpi_fackets)
        FIELD(tcpi_last_data_sent) FIELD(tcpi_last_ack_sent) FIELD(tcpi_last_data_recv) FIELD(tcpi_last_ack_recv)
        FIELD(tcpi_pmtu) FIELD(tcpi_rcv_ssthresh) FIELD(tcpi_rtt) FIELD(tcpi_rttvar) FIELD(tcpi_snd_ssthresh)
        FIELD(tcpi_snd_cwnd) FIELD(tcpi_advmss) FIELD(tcpi_reordering) FIELD(tcpi_rcv_rtt) FIELD(tcpi_rcv_space)
        FIELD(tcpi_total_retrans) FIELD(tcpi_pacing_rate) FIELD(tcpi_max_pacing_rate) FIELD(tcpi_bytes_acked)
        FIELD(tcpi_bytes_received) FIELD(tcpi_segs_out) FIELD(tcpi_segs_in) FIELD(tcpi_notsent_bytes)
        FIELD(tcpi_min_rtt) FIELD(tcpi_data_segs_in) FIELD(tcpi_data_segs_out) FIELD(tcpi_delivery_rate)
        FIELD(tcpi_busy_time) FIELD(tcpi_rwnd_limited) FIELD(tcpi_sndbuf_limited) FIELD(tcpi_delivered)
        FIELD(tcpi_delivered_ce) FIELD(tcpi_bytes_sent) FIELD(tcpi_bytes_retrans) FIELD(tcpi_dsack_dups)
        FIELD(tcpi_reord_seen) FIELD(tcpi_rcv_ooopack) FIELD(tcpi_snd_wnd) END
    STRUCT(struct tcp_zerocopy_receive, tcp_zerocopy_receive)
        FIELD(address) FIELD(length) FIELD(recv_skip_hint) FIELD(inq) FIELD(err) FIELD(copybuf_address)
        FIELD(copybuf_len) FIELD(flags) FIELD(msg_control) FIELD(msg_controllen) FIELD(msg_flags) FIELD(reserved) END
}

static void netlink(void) {
    STRUCT(struct nlmsghdr, nlmsghdr)
        FIELD(nlmsg_len) FIELD(nlmsg_type) FIELD(nlmsg_flags) FIELD(nlmsg_seq) FIELD(nlmsg_pid) END
    STRUCT(struct nlmsgerr, nlmsgerr) FIELD(error) FIELD(msg) END
    STRUCT(struct nlattr, nlattr) FIELD(nla_len) FIELD(nla_type) END
    STRUCT(struct unix_diag_req, unix_diag_req)
        FIELD(sdiag_family) FIELD(sdiag_protocol) FIELD(pad) FIELD(udiag_states) FIELD(udiag_ino) FIELD(udiag_show)
        FIELD(udiag_cookie) END
    STRUCT(struct unix_diag_msg, unix_diag_msg)
        FIELD(udiag_family) FIELD(udiag_type) FIELD(udiag_state) FIELD(pad) FIELD(udiag_ino) FIELD(udiag_cookie) END
    STRUCT(struct unix_diag_rqlen, unix_diag_rqlen) FIELD(udiag_rqueue) FIELD(udiag_wqueue) END
}

static void waiting(void) {
    STRUCT(struct pollfd, pollfd) FIELD(fd) FIELD(events) FIELD(revents) END
    STRUCT(struct epoll_event, epoll_event) FIELD(events) FIELD(data) END
    STRUCT(union epoll_data, epoll_data) FIELD(ptr) FIELD(fd) FIELD(u32) FIELD(u64) END
    STRUCT(epoll_data_t, epoll_data_t) FIELD(ptr) FIELD(fd) FIELD(u32) FIELD(u64) END
    STRUCT(struct epoll_params, epoll_params)
        FIELD(busy_poll_usecs) FIELD(busy_poll_budget) FIELD(prefer_busy_poll) FIELD(__pad) END
    STRUCT(struct signalfd_siginfo, signalfd_siginfo)
        FIELD(ssi_signo) FIELD(ssi_errno) FIELD(ssi_code) FIELD(ssi_pid) FIELD(ssi_uid) FIELD(ssi_fd) FIELD(ssi_tid)
        FIELD(ssi_band) FIELD(ssi_overrun) FIELD(ssi_trapno) FIELD(ssi_status) FIELD(ssi_int) FIELD(ssi_ptr)
        FIELD(ssi_utime) FIELD(ssi_stime) FIELD(ssi_addr) FIELD(ssi_addr_lsb) FIELD(__pad2) FIELD(ssi_syscall)
        FIELD(ssi_call_addr) FIELD(ssi_arch) FIELD(__pad) END
    STRUCT(struct inotify_event, inotify_event) FIELD(wd) FIELD(mask) FIELD(cookie) FIELD(len) TAIL(name) END
}

static void processes(void) {
    STRUCT(struct timeval, timeval) FIELD(tv_sec) FIELD(tv_usec) END
    STRUCT(struct timespec, timespec) FIELD(tv_sec) FIELD(tv_nsec) END
    STRUCT(struct itimerspec, itimerspec) FIELD(it_interval) FIELD(it_value) END
    STRUCT(struct rlimit, rlimit) FIELD(rlim_cur) FIELD(rlim_max) END
    STRUCT(struct stat, stat)
        FIELD(st_dev) FIELD(st_ino) FIELD(st_nlink) FIELD(st_mode) FIELD(st_uid) FIELD(st_gid) FIELD(st_rdev)
        FIELD(st_size) FIELD(st_blksize) FIELD(st_blocks) FIELD(st_atim) FIELD(st_mtim) FIELD(st_ctim)
        FIELD(__glibc_reserved)
#ifdef __x86_64__
        FIELD(__pad0)
#endif
        END
    STRUCT(sigset_t, sigset_t) FIELD(__val) END
    STRUCT(__sigset_t, __sigset_t) FIELD(__val) END
    STRUCT(union sigval, sigval) FIELD(sival_int) FIELD(sival_ptr) END
    STRUCT(siginfo_t, siginfo_t)
        FIELD(si_signo) FIELD(si_errno) FIELD(si_code) FIELD(__pad0) FIELD(_sifields) FIELD(_sifields._pad)
        FIELD(_sifields._kill) FIELD(_sifields._kill.si_pid) FIELD(_sifields._kill.si_uid)
        FIELD(_sifields._timer) FIELD(_sifields._timer.si_tid) FIELD(_sifields._timer.si_overrun)
        FIELD(_sifields._timer.si_sigval)
        FIELD(_sifields._rt) FIELD(_sifields._rt.si_pid) FIELD(_sifields._rt.si_uid) FIELD(_sifields._rt.si_sigval)
        FIELD(_sifields._sigchld) FIELD(_sifields._sigchld.si_pid) FIELD(_sifields._sigchld.si_uid)
        FIELD(_sifields._sigchld.si_status) FIELD(_sifields._sigchld.si_utime) FIELD(_sifields._sigchld.si_stime)
        FIELD(_sifields._sigfault) FIELD(_sifields._sigfault.si_addr) FIELD(_sifields._sigfault.si_addr_lsb)
        FIELD(_sifields._sigfault._bounds) FIELD(_sifields._sigfault._bounds._addr_bnd)
        FIELD(_sifields._sigfault._bounds._addr_bnd._lower) FIELD(_sifields._sigfault._bounds._addr_bnd._upper)
        FIELD(_sifields._sigfault._bounds._pkey)
        FIELD(_sifields._sigpoll) FIELD(_sifields._sigpoll.si_band) FIELD(_sifields._sigpoll.si_fd)
        FIELD(_sifields._sigsys) FIELD(_sifields._sigsys._call_addr) FIELD(_sifields._sigsys._syscall)
        FIELD(_sifields._sigsys._arch) END
    STRUCT(struct sched_param, sched_param) FIELD(sched_priority) END
    STRUCT(cpu_set_t, cpu_set_t) FIELD(__bits) END
    STRUCT(posix_spawn_file_actions_t, posix_spawn_file_actions_t)
        FIELD(__allocated) FIELD(__used) FIELD(__actions) FIELD(__pad) END
    STRUCT(posix_spawnattr_t, posix_spawnattr_t)
        FIELD(__flags) FIELD(__pgrp) FIELD(__sd) FIELD(__ss) FIELD(__sp) FIELD(__policy) FIELD(__pad) END
}

static void constants(void) {
/* CONSTANT(NAME) for every constant of symbols.txt; scripts/abi-probe writes it. */
#include "abi_probe.inc"
}

static void errnos(void) {
    for (int number = 1; number <= 133; number++) {
        const char *name = strerrorname_np(number);
        const char *text = strerrordesc_np(number);
        /* 41 and 58 are not in use on Linux: EWOULDBLOCK and EDEADLOCK were to be there. */
        if (name != NULL && text != NULL) {
            printf("errno %d %s %s\n", number, name, text);
        }
    }
}

static void control_messages(void) {
    static const size_t lengths[] = {0, 1, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 20, 24, 48, 253 * sizeof(int)};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        printf("cmsg_align %zu %zu\n", lengths[i], CMSG_ALIGN(lengths[i]));
        printf("cmsg_len %zu %zu\n", lengths[i], CMSG_LEN(lengths[i]));
        printf("cmsg_space %zu %zu\n", lengths[i], CMSG_SPACE(lengths[i]));
    }
}

int main(void) {
#if defined __x86_64__
    puts("architecture x86_64");
#elif defined __aarch64__
    puts("architecture aarch64");
#else
#error "fdsock runs on x86_64 and aarch64"
#endif
    addresses();
    messages();
    options();
    netlink();
    waiting();
    processes();
    constants();
    errnos();
    control_messages();
    return 0;
}
