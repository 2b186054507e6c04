/*
 * cmsg_walk.c: how glibc's own macros walk control buffers, to hold ControlBuffer against.
 *
 *     cmsg_walk < BUFFERS
 *
 * A line of standard input is a buffer in hexadecimal digits, msg_controllen being its length; an empty line is an
 * empty buffer. For each a line is printed, with eight words for each header that CMSG_FIRSTHDR and CMSG_NXTHDR hand
 * out:
 *
 *         OFFSET LEN LEVEL TYPE   where the header lies, and what stands in it
 *         DATA                    where CMSG_DATA lies
 *         CMSG_LEN CMSG_SPACE     of as much data as LEN says
 *         BYTES                   the data, as far as the buffer has it; - for none
 *
 * The macros do not look at the LEN of the header that they hand out, so every program that uses them has to: this one
 * cuts the data off at the end of the buffer. Each buffer is copied to memory of just its size, so that whoever reads
 * beyond it is found out by -fsanitize=address.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>

static void fail(const char *what)
{
    fprintf(stderr, "cmsg_walk: %s\n", what);
    exit(1);
}

static unsigned digit(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = memchr(digits, c, 16);
    if (at == NULL) {
        fail("not a hexadecimal digit");
    }
    return at - digits;
}

static void walk(unsigned char *buffer, size_t size)
{
    struct msghdr message = {.msg_control = buffer, .msg_controllen = size};
    const char *separator = "";
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c != NULL; c = CMSG_NXTHDR(&message, c)) {
        size_t offset = (unsigned char *) c - buffer;
        size_t rest = size - offset - CMSG_LEN(0);
        size_t claimed = c->cmsg_len - CMSG_LEN(0);
        size_t length = c->cmsg_len < CMSG_LEN(0) ? 0 : claimed < rest ? claimed : rest;
        printf("%s%zu %zu %d %d %td %zu %zu ", separator, offset, (size_t) c->cmsg_len, c->cmsg_level, c->cmsg_type,
                CMSG_DATA(c) - buffer, (size_t) CMSG_LEN(claimed), (size_t) CMSG_SPACE(claimed));
        for (size_t i = 0; i < length; i++) {
            printf("%02x", CMSG_DATA(c)[i]);
        }
        if (length == 0) {
            putchar('-');
        }
        separator = " ";
    }
    putchar('\n');
}

int main(void)
{
    char *line = NULL;
    size_t room = 0;
    for (ssize_t length; (length = getline(&line, &room, stdin)) > 0;) {
        size_t size = (length - 1) / 2;
        if (line[length - 1] != '\n' || length % 2 == 0) {
            fail("not a line of pairs of digits");
        }
        unsigned char *buffer = malloc(size);
        if (buffer == NULL && size > 0) {
            fail(strerror(errno));
        }
        for (size_t i = 0; i < size; i++) {
            buffer[i] = digit(line[2 * i]) << 4 | digit(line[2 * i + 1]);
        }
        walk(buffer, size);
        free(buffer);
    }
    free(line);
    if (ferror(stdin) || fflush(stdout) != 0) {
        fail(strerror(errno));
    }
    return 0;
}
