/*
 * echo_epoll.c: an echo server on epoll, to hold the server of the fdsock command against.
 *
 *     echo_epoll [--edges | --two-threads] [--until-stdin-ends] ADDRESS...
 *
 * For each address, of a TCP or UNIX stream socket, it prints `listening ADDRESS`, with the port that the kernel chose.
 * It ends with status 0 on SIGTERM and SIGINT, and when standard input ends where that was asked for.
 *
 * One thread, level-triggered, one buffer for all: an event is one recv and one send of what came. Only what the peer
 * does not take at once is kept for its connection, and until it has taken it, nothing more is read from it.
 *
 * With --edges connections are waited for edge-triggered. A recv that leaves room in the buffer has taken all there
 * was, unless the end comes behind it, or descriptors were sent with what it has taken: the clients here send none.
 *
 * With --two-threads there is a second thread, which does nothing. The kernel's way from a descriptor to its file is
 * shorter for a process of one thread, which a JVM never is: the option shows how much of a difference is that alone.
 */
#define _GNU_SOURCE
#include "echo_address.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* So many events a turn, and so many connections accepted before those that exist get their turn again. */
#define EVENTS 256
#define ACCEPTS 64

static char buffer[64 * 1024];

/* What a peer has not taken yet. */
struct rest {
    size_t from, length;
    char bytes[];
};

/* What epoll watches. An event carries its address: a batch has one event of each, so that none is stale. */
struct source {
    int fd;
    enum { CONNECTION, LISTENER, END } kind;
    union {
        struct rest *rest;             /* of a connection; nearly always NULL */
        const struct address *address; /* of a listener */
    };
};

static int epoll;

/* How bytes of a connection are waited for. */
static unsigned arrival = EPOLLIN;

static void watch(struct source *source, int operation, unsigned events)
{
    struct epoll_event event = {.events = events, .data.ptr = source};
    if (epoll_ctl(epoll, operation, source->fd, &event) != 0) {
        fail("epoll_ctl");
    }
}

static struct source *add(int fd, int kind)
{
    struct source *source = calloc(1, sizeof *source);
    if (source == NULL) {
        fail("calloc");
    }
    source->fd = fd;
    source->kind = kind;
    watch(source, EPOLL_CTL_ADD, kind == CONNECTION ? arrival : EPOLLIN);
    return source;
}

static void accept_all(const struct source *listener)
{
    for (int i = 0; i < ACCEPTS; i++) {
        int fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            switch (errno) {
            case EAGAIN:
                return;
            case EMFILE: case ENFILE: case ENOBUFS: case ENOMEM: case EBADF: case EINVAL: case ENOTSOCK: case EFAULT:
                fail("accept4");
            default:
                /* An error of the connection that was to be accepted: accept(2). */
                continue;
            }
        }
        if (no_delay(fd, listener->address) != 0) {
            close(fd);
            continue;
        }
        add(fd, CONNECTION);
    }
}

static void end(struct source *connection)
{
    close(connection->fd);
    free(connection->rest);
    free(connection);
}

/* Keeps what was not sent, and waits for room instead of bytes. */
static void keep(struct source *connection, const char *bytes, size_t length)
{
    connection->rest = malloc(sizeof *connection->rest + length);
    if (connection->rest == NULL) {
        fail("malloc");
    }
    connection->rest->from = 0;
    connection->rest->length = length;
    memcpy(connection->rest->bytes, bytes, length);
    watch(connection, EPOLL_CTL_MOD, EPOLLOUT);
}

static void flush(struct source *connection)
{
    struct rest *rest = connection->rest;
    ssize_t n = send(connection->fd, rest->bytes + rest->from, rest->length, MSG_NOSIGNAL);
    if (n < 0) {
        if (errno != EAGAIN) {
            end(connection);
        }
        return;
    }
    rest->from += n;
    rest->length -= n;
    if (rest->length == 0) {
        free(rest);
        connection->rest = NULL;
        watch(connection, EPOLL_CTL_MOD, arrival);
    }
}

/* Whether there may be more to come, of which nothing else tells. */
static bool echo(struct source *connection, unsigned events)
{
    ssize_t n = recv(connection->fd, buffer, sizeof buffer, 0);
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN) {
            end(connection);
        }
        return false;
    }
    ssize_t sent = send(connection->fd, buffer, n, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN) {
            end(connection);
            return false;
        }
        sent = 0;
    }
    if (sent < n) {
        keep(connection, buffer + sent, n - sent);
        return false;
    }
    return (arrival & EPOLLET) != 0 && (n == sizeof buffer || events != EPOLLIN);
}

static void listen_at(struct address *address, const char *text)
{
    int on = 1;
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    socklen_t length = address->length;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0
            || bind(fd, &address->any, length) != 0 || listen(fd, SOMAXCONN) != 0) {
        fail(text);
    }
    char host[INET6_ADDRSTRLEN];
    switch (address->any.sa_family) {
    case AF_UNIX:
        printf("listening %s\n", text);
        break;
    case AF_INET:
        getsockname(fd, &address->any, &length);
        inet_ntop(AF_INET, &address->v4.sin_addr, host, sizeof host);
        printf("listening tcp:%s:%d\n", host, ntohs(address->v4.sin_port));
        break;
    default:
        getsockname(fd, &address->any, &length);
        inet_ntop(AF_INET6, &address->v6.sin6_addr, host, sizeof host);
        printf("listening tcp:[%s]:%d\n", host, ntohs(address->v6.sin6_port));
    }
    fflush(stdout);
    add(fd, LISTENER)->address = address;
}

/* Whether the server goes on. */
static int ready(struct source *source, unsigned events)
{
    switch (source->kind) {
    case LISTENER:
        accept_all(source);
        return 1;
    case END:
        /* A signal, or the end of standard input; what is written there means nothing. */
        return source->fd == STDIN_FILENO && read(STDIN_FILENO, buffer, sizeof buffer) > 0;
    default:
        if (source->rest != NULL) {
            flush(source);
        } else {
            while (echo(source, events)) {
            }
        }
        return 1;
    }
}

static void *do_nothing(void *unused)
{
    for (;;) {
        pause();
    }
    return unused;
}

int main(int argc, char **argv)
{
    int first = 1;
    bool two_threads = first < argc && strcmp(argv[first], "--two-threads") == 0;
    first += two_threads;
    if (first < argc && strcmp(argv[first], "--edges") == 0) {
        arrival = EPOLLIN | EPOLLRDHUP | EPOLLET;
        first++;
    }
    bool until_stdin_ends = first < argc && strcmp(argv[first], "--until-stdin-ends") == 0;
    first += until_stdin_ends;
    int count = argc - first;
    struct address *addresses = calloc(argc, sizeof *addresses);
    if (addresses == NULL) {
        fail("calloc");
    }
    int good = count > 0;
    for (int i = 0; i < count; i++) {
        good &= parse_address(argv[first + i], &addresses[i]);
    }
    if (!good) {
        fputs("usage: echo_epoll [--edges | --two-threads] [--until-stdin-ends] ADDRESS...\n", stderr);
        return 2;
    }
    raise_descriptor_limit();
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    pthread_t idle;
    if (two_threads && (errno = pthread_create(&idle, NULL, do_nothing, NULL)) != 0) {
        fail("pthread_create");
    }
    epoll = epoll_create1(EPOLL_CLOEXEC);
    int signal = signalfd(-1, &signals, SFD_CLOEXEC);
    if (epoll < 0 || signal < 0) {
        fail("epoll_create1, signalfd");
    }
    add(signal, END);
    if (until_stdin_ends) {
        add(STDIN_FILENO, END);
    }
    for (int i = 0; i < count; i++) {
        listen_at(&addresses[i], argv[first + i]);
    }
    for (int running = 1; running;) {
        struct epoll_event events[EVENTS];
        int n = epoll_wait(epoll, events, EVENTS, -1);
        if (n < 0 && errno != EINTR) {
            fail("epoll_wait");
        }
        for (int i = 0; i < n; i++) {
            running &= ready(events[i].data.ptr, events[i].events);
        }
    }
    for (int i = 0; i < count; i++) {
        if (addresses[i].any.sa_family == AF_UNIX && addresses[i].local.sun_path[0] != '\0') {
            unlink(addresses[i].local.sun_path);
        }
    }
    return 0;
}
