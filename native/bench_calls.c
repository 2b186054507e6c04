/*
 * bench_calls.c: what a call costs in C, to hold Libc's figures against.
 *
 *     bench_calls [-t] [-n TURNS] [-s SAMPLES] CASE...
 *
 *         close_bad             close(-1), which fails with EBADF
 *         unix, unix_dontwait   send and recv of one byte over a socket pair, flags 0 or MSG_DONTWAIT
 *         tcp, tcp_dontwait     the same over a TCP connection on the loopback interface
 *         epoll_wait            epoll_wait on an empty set, timeout 0
 *         sendmsg_recvmsg       sendmsg and recvmsg of one byte over a UNIX stream
 *         pass_fd               the same with a descriptor, which is closed once it has arrived: three calls
 *         mmsg_udp, mmsg_unix   sendmmsg of 64 datagrams of 64 bytes, and recvmmsg until all are there
 *
 * A sample is the time that TURNS turns of the loop took, 200 unless said otherwise; a turn of the send and recv cases
 * is two calls. For each sample one line is printed: CASE, a space, nanoseconds per turn. Whoever reads the lines takes
 * the median: a sample is so short that most are whole even while other programs compete for the processor.
 *
 * -t starts a second thread, which only sleeps. It changes a lot: glibc has cheaper ways through its cancellation
 * points, and the kernel takes no reference to an open file, only while the process has one thread. A JVM never does.
 *
 * Each loop does what the Java benchmark does: it looks at every result, and turns a failure into -errno. What a call
 * overwrites of a struct msghdr is set anew before the next.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH 64
#define DATAGRAM 64

/* What a case works with, -1 where it needs none: two ends of a connection, and a descriptor to send over it. */
struct pair {
    int sender, receiver, passed;
};

static void fail(const char *what)
{
    fprintf(stderr, "bench_calls: %s: %s\n", what, strerror(errno));
    exit(1);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

static long result(long result)
{
    return result >= 0 ? result : -errno;
}

static void close_bad(const struct pair *unused, long turns)
{
    (void) unused;
    for (long i = 0; i < turns; i++) {
        if (result(close(-1)) != -EBADF) {
            fail("close");
        }
    }
}

static void send_recv(const struct pair *pair, long turns, int flags)
{
    char byte = 'x';
    for (long i = 0; i < turns; i++) {
        if (result(send(pair->sender, &byte, 1, flags)) != 1) {
            fail("send");
        }
        if (result(recv(pair->receiver, &byte, 1, flags)) != 1) {
            fail("recv");
        }
    }
}

static void blocking(const struct pair *pair, long turns)
{
    send_recv(pair, turns, 0);
}

static void dontwait(const struct pair *pair, long turns)
{
    send_recv(pair, turns, MSG_DONTWAIT);
}

static void wait_empty(const struct pair *epoll, long turns)
{
    struct epoll_event events[8];
    for (long i = 0; i < turns; i++) {
        if (result(epoll_wait(epoll->receiver, events, 8, 0)) != 0) {
            fail("epoll_wait");
        }
    }
}

static void sendmsg_recvmsg(const struct pair *pair, long turns)
{
    char byte = 'x';
    struct iovec iov = {&byte, 1};
    struct msghdr message;
    for (long i = 0; i < turns; i++) {
        message = (struct msghdr) {.msg_iov = &iov, .msg_iovlen = 1};
        if (result(sendmsg(pair->sender, &message, 0)) != 1) {
            fail("sendmsg");
        }
        message = (struct msghdr) {.msg_iov = &iov, .msg_iovlen = 1};
        if (result(recvmsg(pair->receiver, &message, 0)) != 1 || message.msg_flags != 0) {
            fail("recvmsg");
        }
    }
}

static void pass_fd(const struct pair *pair, long turns)
{
    char byte = 'x';
    struct iovec iov = {&byte, 1};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr message;
    for (long i = 0; i < turns; i++) {
        message = (struct msghdr) {
            .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control
        };
        control.header = (struct cmsghdr) {CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
        memcpy(CMSG_DATA(&control.header), &pair->passed, sizeof(int));
        if (result(sendmsg(pair->sender, &message, 0)) != 1) {
            fail("sendmsg");
        }
        /* In CMSG_SPACE there would be room for a second descriptor. */
        message = (struct msghdr) {
            .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = CMSG_LEN(sizeof(int))
        };
        control.header.cmsg_len = 0;
        if (result(recvmsg(pair->receiver, &message, MSG_CMSG_CLOEXEC)) != 1 || message.msg_flags != MSG_CMSG_CLOEXEC) {
            fail("recvmsg");
        }
        int received = -1;
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c)) {
            if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int))) {
                memcpy(&received, CMSG_DATA(c), sizeof(int));
            }
        }
        if (result(close(received)) != 0) {
            fail("close");
        }
    }
}

static void prepare(struct mmsghdr *messages, int count)
{
    for (int i = 0; i < count; i++) {
        messages[i].msg_hdr.msg_namelen = 0;
        messages[i].msg_hdr.msg_controllen = 0;
        messages[i].msg_hdr.msg_flags = 0;
        messages[i].msg_len = 0;
    }
}

static void mmsg(const struct pair *pair, long turns)
{
    static char bytes[BATCH][DATAGRAM];
    struct iovec iov[BATCH];
    struct mmsghdr messages[BATCH] = {0};
    for (int i = 0; i < BATCH; i++) {
        iov[i] = (struct iovec) {bytes[i], DATAGRAM};
        messages[i].msg_hdr = (struct msghdr) {.msg_iov = &iov[i], .msg_iovlen = 1};
    }
    for (long i = 0; i < turns; i++) {
        prepare(messages, BATCH);
        if (result(sendmmsg(pair->sender, messages, BATCH, 0)) != BATCH) {
            fail("sendmmsg");
        }
        for (int rest = BATCH; rest > 0;) {
            prepare(messages, rest);
            long count = result(recvmmsg(pair->receiver, messages, rest, MSG_WAITFORONE, NULL));
            if (count <= 0) {
                fail("recvmmsg");
            }
            for (long j = 0; j < count; j++) {
                if (messages[j].msg_len != DATAGRAM || messages[j].msg_hdr.msg_flags != 0) {
                    fail("recvmmsg: a datagram");
                }
            }
            rest -= count;
        }
    }
}

static struct pair nothing(void)
{
    return (struct pair) {-1, -1, -1};
}

static struct pair socket_pair(int type)
{
    int sv[2];
    if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, sv) != 0) {
        fail("socketpair");
    }
    return (struct pair) {sv[0], sv[1], -1};
}

static struct pair unix_pair(void)
{
    return socket_pair(SOCK_STREAM);
}

static struct pair unix_pair_and_file(void)
{
    struct pair pair = unix_pair();
    pair.passed = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (pair.passed < 0) {
        fail("/dev/null");
    }
    return pair;
}

/* A datagram that gets lost, which should not happen here, must not make recvmmsg wait for ever. */
static struct pair patient(struct pair pair)
{
    struct timeval patience = {.tv_sec = 5};
    if (setsockopt(pair.receiver, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0) {
        fail("SO_RCVTIMEO");
    }
    return pair;
}

/* The limit on the length of the queue, net.unix.max_dgram_qlen, does not count between the two ends of a pair. */
static struct pair unix_datagrams(void)
{
    return patient(socket_pair(SOCK_DGRAM));
}

static struct pair udp_datagrams(void)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof name;
    struct pair pair = {socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0),
        -1};
    if (pair.sender < 0 || pair.receiver < 0 || bind(pair.receiver, (struct sockaddr *) &name, length) != 0
            || getsockname(pair.receiver, (struct sockaddr *) &name, &length) != 0
            || connect(pair.sender, (struct sockaddr *) &name, length) != 0
            || getsockname(pair.sender, (struct sockaddr *) &name, &length) != 0
            || connect(pair.receiver, (struct sockaddr *) &name, length) != 0) {
        fail("UDP");
    }
    return patient(pair);
}

static struct pair tcp_pair(void)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof name;
    int on = 1;
    struct pair pair = nothing();
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *) &name, length) != 0 || listen(listener, 1) != 0
            || getsockname(listener, (struct sockaddr *) &name, &length) != 0) {
        fail("listen");
    }
    pair.sender = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* Else the second byte would wait for the acknowledgement of the first. */
    if (pair.sender < 0 || setsockopt(pair.sender, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0
            || connect(pair.sender, (struct sockaddr *) &name, length) != 0) {
        fail("connect");
    }
    pair.receiver = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (pair.receiver < 0) {
        fail("accept4");
    }
    close(listener);
    return pair;
}

static struct pair epoll(void)
{
    int fd = epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0) {
        fail("epoll_create1");
    }
    return (struct pair) {-1, fd, -1};
}

static const struct {
    const char *name;
    struct pair (*open)(void);
    void (*run)(const struct pair *, long turns);
} cases[] = {
    {"close_bad", nothing, close_bad},
    {"unix", unix_pair, blocking},
    {"unix_dontwait", unix_pair, dontwait},
    {"tcp", tcp_pair, blocking},
    {"tcp_dontwait", tcp_pair, dontwait},
    {"epoll_wait", epoll, wait_empty},
    {"sendmsg_recvmsg", unix_pair, sendmsg_recvmsg},
    {"pass_fd", unix_pair_and_file, pass_fd},
    {"mmsg_udp", udp_datagrams, mmsg},
    {"mmsg_unix", unix_datagrams, mmsg},
};

static void measure(size_t c, long turns, int samples)
{
    struct pair pair = cases[c].open();
    /* The first tenth warms up. */
    for (int i = -(samples / 10); i < samples; i++) {
        double start = now();
        cases[c].run(&pair, turns);
        double took = now() - start;
        if (i >= 0) {
            printf("%s %.2f\n", cases[c].name, took / turns);
        }
    }
    if (pair.sender >= 0) {
        close(pair.sender);
    }
    if (pair.receiver >= 0) {
        close(pair.receiver);
    }
    if (pair.passed >= 0) {
        close(pair.passed);
    }
}

static void *idle(void *unused)
{
    for (;;) {
        pause();
    }
    return unused;
}

static int usage(void)
{
    fputs("usage: bench_calls [-t] [-n TURNS] [-s SAMPLES] CASE...\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    int threaded = 0;
    long turns = 200;
    int samples = 1000;
    for (int option; (option = getopt(argc, argv, "tn:s:")) != -1;) {
        switch (option) {
        case 't':
            threaded = 1;
            break;
        case 'n':
            turns = atol(optarg);
            break;
        case 's':
            samples = atoi(optarg);
            break;
        default:
            return usage();
        }
    }
    if (optind == argc || turns < 1 || samples < 1) {
        return usage();
    }
    if (threaded) {
        pthread_t thread;
        if ((errno = pthread_create(&thread, NULL, idle, NULL)) != 0) {
            fail("pthread_create");
        }
    }
    for (int i = optind; i < argc; i++) {
        size_t c = 0;
        while (c < sizeof cases / sizeof *cases && strcmp(argv[i], cases[c].name) != 0) {
            c++;
        }
        if (c == sizeof cases / sizeof *cases) {
            fprintf(stderr, "bench_calls: no case %s\n", argv[i]);
            return usage();
        }
        measure(c, turns, samples);
    }
    return 0;
}
