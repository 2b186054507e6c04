package io.github.fdsock.cases;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.sys.Errno;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.EpollEvents;
import io.github.fdsock.sys.struct.Sockaddr;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;

/// Descriptors and memory of one test, given back at its end. The memory may be used by any thread; the rest belongs to
/// the one that made it.
final class Workbench implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final Deque<Integer> open = new ArrayDeque<>();

    /// Two descriptors that belong together.
    record Pair(int a, int b) {
    }

    Arena arena() {
        return arena;
    }

    /// Takes a descriptor in, which the call has to have made.
    int keep(int result) {
        assertThat(result).as(() -> "a descriptor, not " + Errno.describe(-result)).isNotNegative();
        open.push(result);
        return result;
    }

    /// Closes one before the end.
    void close(int fd) {
        assertThat(open.remove(fd)).isTrue();
        assertThat(Libc.close(fd)).isZero();
    }

    MemorySegment memory(long size) {
        return arena.allocate(size, 8);
    }

    MemorySegment bytes(String text) {
        return arena.allocateFrom(ValueLayout.JAVA_BYTE, text.getBytes(StandardCharsets.UTF_8));
    }

    MemorySegment number(int value) {
        return arena.allocateFrom(ValueLayout.JAVA_INT, value);
    }

    static String text(MemorySegment bytes, long length) {
        return new String(bytes.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }

    Pair unixPair(int type) {
        MemorySegment pair = memory(8);
        ok(Libc.socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair));
        return keepBoth(pair);
    }

    Pair pipe() {
        MemorySegment pair = memory(8);
        ok(Libc.pipe2(pair, O_CLOEXEC));
        return keepBoth(pair);
    }

    private Pair keepBoth(MemorySegment pair) {
        return new Pair(keep(pair.get(ValueLayout.JAVA_INT, 0)), keep(pair.get(ValueLayout.JAVA_INT, 4)));
    }

    /// A client and what a listener on the loopback has accepted of it.
    Pair tcpPair() {
        int listener = keep(Libc.socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        MemorySegment name = loopback();
        ok(Libc.bind(listener, name, Sockaddr.SIZEOF_SOCKADDR_IN));
        ok(Libc.getsockname(listener, name, number(Sockaddr.SIZEOF_SOCKADDR_IN)));
        ok(Libc.listen(listener, 1));
        int client = keep(Libc.socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        ok(Libc.connect(client, name, Sockaddr.SIZEOF_SOCKADDR_IN));
        return new Pair(client, keep(Libc.accept4(listener, MemorySegment.NULL, MemorySegment.NULL, SOCK_CLOEXEC)));
    }

    /// `127.0.0.1`, port 0.
    MemorySegment loopback() {
        MemorySegment name = memory(Sockaddr.SIZEOF_SOCKADDR_IN);
        Sockaddr.sa_family(name, AF_INET);
        Sockaddr.sin_addr(name, 0x7f000001);
        return name;
    }

    /// A UNIX socket that listens at a path.
    int unixListener(String path) {
        int listener = keep(Libc.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
        MemorySegment name = memory(Sockaddr.SIZEOF_SOCKADDR_UN);
        Sockaddr.sa_family(name, AF_UNIX);
        Sockaddr.sun_path(name, 0, bytes);
        ok(Libc.bind(listener, name, Sockaddr.SIZEOF_SA_FAMILY + bytes.length + 1));
        ok(Libc.listen(listener, 1));
        return listener;
    }

    int epoll() {
        return keep(Libc.epoll_create1(EPOLL_CLOEXEC));
    }

    EpollEvents events(int capacity) {
        return EpollEvents.allocate(arena, capacity);
    }

    void watch(int epoll, int fd, int events, long data) {
        ok(Libc.epoll_ctl(epoll, EPOLL_CTL_ADD, fd, events(1).set(0, events, data).segment()));
    }

    int counter(int initial, int flags) {
        return keep(Libc.eventfd(initial, flags | EFD_CLOEXEC));
    }

    void add(int counter, long value) {
        assertThat(Libc.write(counter, arena.allocateFrom(ValueLayout.JAVA_LONG, value), Long.BYTES))
                .isEqualTo(Long.BYTES);
    }

    static void ok(int result) {
        assertThat(result).as(() -> result < 0 ? Errno.describe(-result) : "").isZero();
    }

    static void ok(int result, int expected) {
        assertThat(result).as(() -> result < 0 ? Errno.describe(-result) : "").isEqualTo(expected);
    }

    @Override
    public void close() {
        while (!open.isEmpty()) {
            int fd = open.pop();
            // A pending close of data nobody reads is no matter here, and EBADF would be a fault of the test.
            ok(Libc.close(fd));
        }
        arena.close();
    }
}
