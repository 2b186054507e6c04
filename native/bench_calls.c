/*
 * bench_calls.c: what a call costs in C, to hold Libc's figures against.
 *
 *     bench_calls [-t] [-n TURNS] [-s SAMPLES] CASE...
 *
 *         close_bad             close(-1), which fails with EBADF
 *         unix, unix_dontwait   send and recv of one byte over a socket pair, flags 0 or MSG_DONTWAIT
 *         tcp, tcp_dontwait     the same over a TCP connection on the loopback interface
 *         epoll_wait            epoll_wait on an empty set, timeout 0
 *
 * A sample is the time that TURNS turns of the loop took, 200 unless said otherwise; a turn of the send and recv cases
 * is two calls. For each sample one line is printed: CASE, a space, nanoseconds per turn. Whoever reads the lines takes
 * the median: a sample is so short that most are whole even while other programs compete for the processor.
 *
 * -t starts a second thread, which only sleeps. It changes a lot: glibc has cheaper ways through its cancellation
 * points, and the kernel takes no reference to an open file, only while the process has one thread. A JVM never does.
 *
 * Each loop does what the Java benchmark does: it looks at every result, and turns a failure into -errno.
 */
#define _GNU_SOURCE
#include <errno.h>
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

struct pair {
    int sender, receiver;
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

static struct pair nothing(void)
{
    return (struct pair) {-1, -1};
}

static struct pair unix_pair(void)
{
    int sv[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) != 0) {
        fail("socketpair");
    }
    return (struct pair) {sv[0], sv[1]};
}

static struct pair tcp_pair(void)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof name;
    int on = 1;
    struct pair pair;
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
    return (struct pair) {-1, fd};
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
