/*
 * echo_load.c: a client that puts load on an echo server, and tells in one line of JSON what it measured.
 *
 *     echo_load echo  ADDRESS [-c CONNECTIONS] [-s SIZE] [-t SECONDS] [-p PID]
 *     echo_load idle  ADDRESS [-c CONNECTIONS]
 *     echo_load churn ADDRESS [-r RATE] [-s SIZE] [-t SECONDS]
 *
 *         echo    a closed loop: on each connection one message is under way at any time, and the next is sent when the
 *                 last has come back. Messages are 64 bytes, connections one, and seconds one, unless said otherwise.
 *         idle    opens connections, 1000 unless said otherwise, has one byte echoed on each, prints its line, and
 *                 holds them until standard input ends; then each has to echo once more.
 *         churn   RATE times a second, 1000 unless said otherwise, it opens a connection, has one message echoed and
 *                 closes it. Where that fails it is counted, with the reason of the first, and goes on.
 *
 * No answer is believed unseen: messages differ by connection and turn, and every byte that comes back is compared.
 *
 * To cost less than the server it measures, one connection is served by a send and a recv that blocks, and several by
 * an edge-triggered epoll set, where a connection that was read costs nothing in the next epoll_wait. On a machine with
 * two processors it may be the slower half all the same: cpuSeconds beside seconds tells how busy it was, and
 * serverCpuSeconds what the process PID, the server, spent meanwhile.
 */
#define _GNU_SOURCE
#include "echo_address.h"

#include <stdint.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define EVENTS 256
#define NANOS 1000000000L

/* When nothing comes back for so long, the server is broken. */
#define PATIENCE_SECONDS 10

/* In a churn there are others to come. */
#define CHURN_PATIENCE_SECONDS 2

/* Times are counted with 10 bits of precision, up to 2^40 ns. */
#define PRECISION 10
#define LONGEST ((1UL << 40) - 1)

static uint64_t histogram[(40 - PRECISION + 1) << PRECISION];
static uint64_t operations;

static struct address server;
static long size = 64;

static void give_up(const char *what)
{
    fprintf(stderr, "echo_load: %s\n", what);
    exit(1);
}

static long now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * NANOS + t.tv_nsec;
}

static double cpu_seconds(clockid_t process)
{
    struct timespec t;
    if (clock_gettime(process, &t) != 0) {
        fail("the processor time of PID");
    }
    return t.tv_sec + t.tv_nsec / 1e9;
}

/* ---- times */

static void count(long nanos)
{
    uint64_t value = nanos < 0 ? 0 : (uint64_t) nanos > LONGEST ? LONGEST : (uint64_t) nanos;
    int shift = value >> PRECISION == 0 ? 0 : 63 - __builtin_clzl(value) - (PRECISION - 1);
    /* Below 2^PRECISION each value has its own place; from there on the highest bit says in which half it lies. */
    histogram[((uint64_t) shift << (PRECISION - 1)) + (value >> shift)]++;
    operations++;
}

/* The time that so many of a thousand did not exceed, in the middle of its place. */
static double quantile(int per_mille)
{
    uint64_t rank = (operations * per_mille + 999) / 1000;
    uint64_t seen = 0;
    for (size_t i = 0; i < sizeof histogram / sizeof *histogram; i++) {
        seen += histogram[i];
        if (seen >= rank && seen > 0) {
            int shift = i >> PRECISION == 0 ? 0 : (int) (i >> (PRECISION - 1)) - 1;
            return (double) ((i - ((uint64_t) shift << (PRECISION - 1))) << shift) + (double) (1UL << shift) / 2 - 0.5;
        }
    }
    return 0;
}

static void print_times(void)
{
    printf("\"p50Micros\":%.3f,\"p99Micros\":%.3f,\"p99.9Micros\":%.3f,\"maxMicros\":%.3f", quantile(500) / 1e3,
        quantile(990) / 1e3, quantile(999) / 1e3, quantile(1000) / 1e3);
}

/* ---- connections */

struct connection {
    int fd;
    int writing; /* whether epoll is asked for room */
    uint64_t turn;
    long sent, received;
    long begun;
    char *out, *in;
};

static struct connection *connections;

/* A connection that blocks, in either direction, for so long at most; or -1. */
static int dial(int patience)
{
    struct timeval limit = {.tv_sec = patience};
    int fd = socket(server.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0
            || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0 || no_delay(fd, &server) != 0
            || connect(fd, &server.any, server.length) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static void prepare(struct connection *connection, uint64_t number)
{
    connection->fd = -1;
    connection->turn = number << 40;
    connection->out = malloc(size);
    connection->in = malloc(size);
    if (connection->out == NULL || connection->in == NULL) {
        fail("malloc");
    }
    for (long i = 0; i < size; i++) {
        connection->out[i] = (char) (i * 31 + number);
    }
}

static void open_all(long many)
{
    connections = calloc(many, sizeof *connections);
    if (connections == NULL) {
        fail("calloc");
    }
    for (long i = 0; i < many; i++) {
        prepare(&connections[i], i);
        if ((connections[i].fd = dial(PATIENCE_SECONDS)) < 0) {
            fail("connect");
        }
    }
}

static void begin(struct connection *connection, long time)
{
    connection->turn++;
    memcpy(connection->out, &connection->turn, size < 8 ? size : 8);
    connection->sent = 0;
    connection->received = 0;
    connection->begun = time;
}

/* Sends what there is room for; 0 or an error number. */
static int send_some(struct connection *connection)
{
    ssize_t n = send(connection->fd, connection->out + connection->sent, size - connection->sent,
        MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0) {
        return errno == EAGAIN ? 0 : errno;
    }
    connection->sent += n;
    return 0;
}

/* Receives what is there, or waits for it where flags do not say otherwise; 0 or an error number. */
static int receive_some(struct connection *connection, int flags)
{
    ssize_t n = recv(connection->fd, connection->in + connection->received, size - connection->received, flags);
    if (n <= 0) {
        /* The server closed in the middle of an answer. */
        return n == 0 ? EPIPE : errno;
    }
    connection->received += n;
    if (connection->received == size && memcmp(connection->out, connection->in, size) != 0) {
        give_up("something else came back than was sent");
    }
    return 0;
}

/*
 * One round trip; 0 or an error number. Of a message that is larger than all buffers the server takes no more while it
 * cannot get rid of the answer: so what there is no room for is sent after some of the answer has been received.
 */
static int round_trip(struct connection *connection)
{
    while (connection->received < size) {
        int error = connection->sent < size ? send_some(connection) : 0;
        if (error == 0) {
            error = receive_some(connection, 0);
        }
        if (error != 0) {
            return error;
        }
    }
    return 0;
}

static void check(int error, const char *what)
{
    if (error == EAGAIN) {
        give_up("no answer");
    }
    errno = error;
    if (error != 0) {
        fail(what);
    }
}

/* ---- echo */

static void ping_pong(long end)
{
    struct connection *connection = &connections[0];
    for (long time = now(); time < end;) {
        begin(connection, time);
        check(round_trip(connection), "round trip");
        time = now();
        count(time - connection->begun);
    }
}

static void watch(int epoll, struct connection *connection, int operation)
{
    struct epoll_event event = {
        .events = EPOLLIN | EPOLLET | (connection->writing ? EPOLLOUT : 0), .data.ptr = connection
    };
    if (epoll_ctl(epoll, operation, connection->fd, &event) != 0) {
        fail("epoll_ctl");
    }
}

static void send_on(int epoll, struct connection *connection)
{
    check(send_some(connection), "send");
    int more = connection->sent < size;
    if (more != connection->writing) {
        connection->writing = more;
        watch(epoll, connection, EPOLL_CTL_MOD);
    }
}

/* Whether the message has come back whole. An edge is told once: what is there is read until it, or all, is through. */
static int receive_all(struct connection *connection)
{
    while (connection->received < size) {
        int error = receive_some(connection, MSG_DONTWAIT);
        if (error == EAGAIN) {
            return 0;
        }
        check(error, "recv");
    }
    return 1;
}

static void closed_loop(long many, long end)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0) {
        fail("epoll_create1");
    }
    for (long i = 0; i < many; i++) {
        watch(epoll, &connections[i], EPOLL_CTL_ADD);
    }
    for (long i = 0; i < many; i++) {
        begin(&connections[i], now());
        send_on(epoll, &connections[i]);
    }
    for (long under_way = many; under_way > 0;) {
        struct epoll_event events[EVENTS];
        int n = epoll_wait(epoll, events, EVENTS, PATIENCE_SECONDS * 1000);
        if (n <= 0) {
            check(n == 0 ? EAGAIN : errno, "epoll_wait");
        }
        for (int i = 0; i < n; i++) {
            struct connection *connection = events[i].data.ptr;
            if (connection->received == size) {
                /* It is through. What told of this event was read with an earlier one. */
                continue;
            }
            if (connection->writing) {
                send_on(epoll, connection);
            }
            if (!receive_all(connection)) {
                continue;
            }
            long time = now();
            count(time - connection->begun);
            if (time < end) {
                begin(connection, time);
                send_on(epoll, connection);
            } else {
                under_way--;
            }
        }
    }
    close(epoll);
}

static int echo(const char *text, long many, double seconds, pid_t pid)
{
    clockid_t server_clock = CLOCK_PROCESS_CPUTIME_ID;
    if (pid != 0 && (errno = clock_getcpuclockid(pid, &server_clock)) != 0) {
        fail("PID");
    }
    open_all(many);
    double cpu = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
    double server_cpu = cpu_seconds(server_clock);
    long start = now();
    long end = start + (long) (seconds * NANOS);
    if (many == 1) {
        ping_pong(end);
    } else {
        closed_loop(many, end);
    }
    double took = (double) (now() - start) / NANOS;
    cpu = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    server_cpu = cpu_seconds(server_clock) - server_cpu;
    printf("{\"address\":\"%s\",\"size\":%ld,\"connections\":%ld,\"seconds\":%.6f,\"cpuSeconds\":%.6f,"
        "\"operations\":%lu,\"operationsPerSecond\":%.1f,", text, size, many, took, cpu, operations, operations / took);
    if (pid != 0) {
        printf("\"serverCpuSeconds\":%.6f,", server_cpu);
    }
    print_times();
    puts("}");
    return 0;
}

/* ---- idle */

static void echo_on_each(long many)
{
    for (long i = 0; i < many; i++) {
        begin(&connections[i], 0);
        check(round_trip(&connections[i]), "round trip");
    }
}

static int idle(const char *text, long many)
{
    char ignored[512];
    ssize_t n;
    size = 1;
    open_all(many);
    echo_on_each(many);
    printf("{\"address\":\"%s\",\"connections\":%ld}\n", text, many);
    fflush(stdout);
    while ((n = read(STDIN_FILENO, ignored, sizeof ignored)) > 0) {
    }
    if (n < 0) {
        fail("standard input");
    }
    echo_on_each(many);
    return 0;
}

/* ---- churn */

static int open_echo_close(struct connection *connection)
{
    connection->fd = dial(CHURN_PATIENCE_SECONDS);
    if (connection->fd < 0) {
        return errno;
    }
    begin(connection, now());
    int error = round_trip(connection);
    close(connection->fd);
    return error;
}

static int churn(const char *text, long rate, double seconds)
{
    struct connection connection = {0};
    long failures = 0;
    long latest = 0;
    int first = 0;
    prepare(&connection, 0);
    long start = now();
    long all = (long) (rate * seconds);
    for (long i = 0; i < all; i++) {
        long due = start + (long) ((double) i / rate * NANOS);
        struct timespec until = {due / NANOS, due % NANOS};
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {
        }
        long begun = now();
        latest = begun - due > latest ? begun - due : latest;
        int error = open_echo_close(&connection);
        if (error == 0) {
            count(now() - begun);
        } else {
            failures++;
            first = first == 0 ? error : first;
            if (now() - start > (seconds + PATIENCE_SECONDS) * NANOS) {
                failures += all - i - 1;
                break;
            }
        }
    }
    printf("{\"address\":\"%s\",\"size\":%ld,\"perSecond\":%ld,\"seconds\":%.6f,\"operations\":%lu,\"failures\":%ld,"
        "\"firstFailure\":", text, size, rate, (double) (now() - start) / NANOS, operations, failures);
    printf(first == 0 ? "null," : "\"%s\",", first == EAGAIN ? "no answer" : strerror(first));
    printf("\"latestMicros\":%.3f,", latest / 1e3);
    print_times();
    puts("}");
    return 0;
}

static int usage(void)
{
    fputs("usage: echo_load echo|idle|churn ADDRESS"
        " [-c CONNECTIONS] [-s SIZE] [-t SECONDS] [-r RATE] [-p PID]\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    long many = 0;
    long rate = 1000;
    long pid = 0;
    double seconds = 1;
    char *end;
    if (argc < 3 || !parse_address(argv[2], &server)) {
        return usage();
    }
    const char *mode = argv[1];
    const char *text = argv[2];
    for (int option; (option = getopt(argc - 2, argv + 2, "c:s:t:r:p:")) != -1;) {
        long value = 0;
        switch (option) {
        case 'c':
            value = many = number(optarg, 1, 1 << 20);
            break;
        case 's':
            value = size = number(optarg, 1, 1 << 30);
            break;
        case 'r':
            value = rate = number(optarg, 1, 1000000);
            break;
        case 'p':
            value = pid = number(optarg, 1, 1 << 22);
            break;
        case 't':
            seconds = strtod(optarg, &end);
            value = *end == '\0' && seconds > 0 && seconds < 1e6 ? 0 : -1;
            break;
        default:
            value = -1;
        }
        if (value < 0) {
            return usage();
        }
    }
    if (optind != argc - 2) {
        return usage();
    }
    raise_descriptor_limit();
    if (strcmp(mode, "echo") == 0) {
        return echo(text, many == 0 ? 1 : many, seconds, pid);
    }
    if (strcmp(mode, "idle") == 0) {
        return idle(text, many == 0 ? 1000 : many);
    }
    return strcmp(mode, "churn") == 0 ? churn(text, rate, seconds) : usage();
}
