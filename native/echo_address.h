/*
 * echo_address.h: what echo_epoll.c and echo_load.c share: addresses of stream sockets in the notation of the fdsock
 * command, without its escapes, and the limit of descriptors.
 *
 *     tcp:127.0.0.1:7000   tcp:[::1]:7000   unix:/run/x.sock   unix:@abstract
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>

struct address {
    socklen_t length;
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un local;
    };
};

static void fail(const char *what)
{
    fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
    exit(1);
}

/* A decimal number from least to most that fills the whole text, or -1. */
static long number(const char *text, long least, long most)
{
    char *end;
    if (*text < '0' || *text > '9') {
        return -1;
    }
    errno = 0;
    long value = strtol(text, &end, 10);
    return errno == 0 && *end == '\0' && value >= least && value <= most ? value : -1;
}

/* Whether text is an address. */
static int parse_address(const char *text, struct address *address)
{
    memset(address, 0, sizeof *address);
    if (strncmp(text, "unix:", 5) == 0) {
        size_t length = strlen(text += 5);
        if (length == 0 || length >= sizeof address->local.sun_path || strchr(text, '\\') != NULL) {
            return 0;
        }
        address->local.sun_family = AF_UNIX;
        memcpy(address->local.sun_path, text, length);
        if (*text == '@') {
            address->local.sun_path[0] = '\0';
        } else {
            length++;
        }
        address->length = offsetof(struct sockaddr_un, sun_path) + length;
        return 1;
    }
    char host[INET6_ADDRSTRLEN];
    const char *colon = strrchr(text, ':');
    if (strncmp(text, "tcp:", 4) != 0 || colon < text + 4) {
        return 0;
    }
    long port = number(colon + 1, 0, 65535);
    const char *start = text + 4;
    const char *end = colon;
    int v6 = *start == '[';
    if (v6) {
        start++;
        end--;
    }
    if (port < 0 || end < start || (v6 && *end != ']') || (size_t) (end - start) >= sizeof host) {
        return 0;
    }
    memcpy(host, start, end - start);
    host[end - start] = '\0';
    if (v6) {
        address->v6.sin6_family = AF_INET6;
        address->v6.sin6_port = htons(port);
        address->length = sizeof address->v6;
        return inet_pton(AF_INET6, host, &address->v6.sin6_addr) == 1;
    }
    address->v4.sin_family = AF_INET;
    address->v4.sin_port = htons(port);
    address->length = sizeof address->v4;
    return inet_pton(AF_INET, host, &address->v4.sin_addr) == 1;
}

/* As many descriptors as the hard limit allows, as a JVM takes them too. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        fail("getrlimit");
    }
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        fail("setrlimit");
    }
}

/* Small messages leave at once. There is nothing to be done for UNIX sockets. */
static int no_delay(int fd, const struct address *address)
{
    int on = 1;
    return address->any.sa_family == AF_UNIX ? 0 : setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}
