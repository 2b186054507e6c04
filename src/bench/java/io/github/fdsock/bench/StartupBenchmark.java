package io.github.fdsock.bench;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.LinkedShapes;
import io.github.fdsock.sys.struct.EpollEvents;
import io.github.fdsock.sys.struct.Sockaddr;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/// What the first calls of a fresh JVM take: the program that [StartupTable] starts again and again.
///
/// It opens a listener on the loopback interface, connects to it, and sends a byte there and back, with epoll (or a
/// selector) telling when it has arrived: once through [Libc], or once through the channels of the JDK. Then it prints
/// one line: nanoseconds from the start of the JVM to `main`, from there to the first socket, from there to the echo,
/// and the numbers of shapes linked when the first socket was there, and in the end.
final class StartupBenchmark {
    private static final int LOOPBACK = 0x7f000001;
    private static final int LISTEN_BACKLOG = 1;

    private StartupBenchmark() {
    }

    /// @param arguments `libc` or `channels`; and what [System#nanoTime] was, in the process that started this one,
    ///         when it did so: on Linux that is one clock for all processes
    public static void main(final String... arguments) throws IOException {
        final long main = System.nanoTime();
        final long start = Long.parseLong(arguments[1]);
        final long first;
        final long last;
        int firstShapes = 0;
        int lastShapes = 0;
        if (arguments[0].equals("libc")) {
            final int listener = check(Libc.socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
            first = System.nanoTime();
            firstShapes = LinkedShapes.now().size();
            final long between = System.nanoTime();
            echo(listener);
            last = System.nanoTime() - (between - first);
            lastShapes = LinkedShapes.now().size();
        } else {
            try (ServerSocketChannel listener = ServerSocketChannel.open()) {
                first = System.nanoTime();
                echo(listener);
                last = System.nanoTime();
            }
        }
        System.out.println((main - start) + " " + (first - main) + " " + (last - first) + " " + firstShapes + " "
                + lastShapes);
    }

    private static void echo(final int listener) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment name = arena.allocate(Sockaddr.SIZEOF_SOCKADDR_IN, Long.BYTES);
            Sockaddr.sa_family(name, AF_INET);
            Sockaddr.sin_addr(name, LOOPBACK);
            final MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, Sockaddr.SIZEOF_SOCKADDR_IN);
            check(Libc.bind(listener, name, Sockaddr.SIZEOF_SOCKADDR_IN));
            check(Libc.listen(listener, LISTEN_BACKLOG));
            check(Libc.getsockname(listener, name, length));

            final int client = check(Libc.socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
            check(Libc.connect(client, name, Sockaddr.SIZEOF_SOCKADDR_IN));
            final int server = check(Libc.accept4(listener, MemorySegment.NULL, MemorySegment.NULL,
                    SOCK_CLOEXEC | SOCK_NONBLOCK));

            final int epoll = check(Libc.epoll_create1(EPOLL_CLOEXEC));
            final MemorySegment event = arena.allocate(EpollEvents.SIZEOF, Long.BYTES);
            EpollEvents.of(event).set(0, EPOLLIN, server);
            check(Libc.epoll_ctl(epoll, EPOLL_CTL_ADD, server, event));

            final MemorySegment there = arena.allocateFrom(ValueLayout.JAVA_BYTE, (byte) 'x');
            final MemorySegment back = arena.allocate(1);
            checkOne(Libc.send(client, there, 1, MSG_NOSIGNAL));
            checkOne(Libc.epoll_wait(epoll, event, 1, -1));
            checkOne(Libc.recv(server, back, 1, MSG_DONTWAIT));
            checkOne(Libc.send(server, back, 1, MSG_DONTWAIT | MSG_NOSIGNAL));
            back.fill((byte) 0);
            checkOne(Libc.recv(client, back, 1, 0));
            if (back.get(ValueLayout.JAVA_BYTE, 0) != 'x') {
                throw new IllegalStateException("another byte came back");
            }
            for (final int fd : new int[] {epoll, server, client, listener}) {
                check(Libc.close(fd));
            }
        }
    }

    private static void echo(final ServerSocketChannel listener) throws IOException {
        listener.bind(new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0), LISTEN_BACKLOG);
        try (SocketChannel client = SocketChannel.open(listener.getLocalAddress());
                SocketChannel server = listener.accept();
                Selector selector = Selector.open()) {
            server.configureBlocking(false);
            server.register(selector, SelectionKey.OP_READ);
            final ByteBuffer there = ByteBuffer.allocateDirect(1).put((byte) 'x').flip();
            final ByteBuffer back = ByteBuffer.allocateDirect(1);
            checkOne(client.write(there));
            checkOne(selector.select());
            checkOne(server.read(back));
            checkOne(server.write(back.flip()));
            back.clear().put(0, (byte) 0);
            checkOne(client.read(back));
            if (back.get(0) != 'x') {
                throw new IllegalStateException("another byte came back");
            }
        }
    }

    private static int check(final int result) {
        if (result < 0) {
            throw new IllegalStateException("a call returned " + result);
        }
        return result;
    }

    private static void checkOne(final long result) {
        if (result != 1) {
            throw new IllegalStateException("a call returned " + result);
        }
    }
}
