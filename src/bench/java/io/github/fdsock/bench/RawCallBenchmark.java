package io.github.fdsock.bench;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.SocketFd;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.EpollEvents;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/// What a call costs through [Libc], through [SocketFd], and through the channels of the JDK.
///
/// Each method is a loop of [#TURNS] turns, the same loop as in `native/bench_calls.c`, and a sample is the time of all
/// of it: some tens of microseconds, so that the median is of samples which nothing has interrupted, whatever else
/// the machine does. The figures that JMH prints are of such a sample; [CallTable] divides.
///
/// A failed call ends the benchmark, so that it never measures errors.
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 8, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgs = {"--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC",
        "--sun-misc-unsafe-memory-access=allow"})
public class RawCallBenchmark {
    /// How often each loop goes round, here and in C.
    static final int TURNS = 200;

    private static final int EVENTS = 8;

    /// Two connected sockets, and a byte to send.
    @State(Scope.Thread)
    public static class Sockets {
        @Param({"unix", "tcp"})
        public String transport;

        SocketFd sender;
        SocketFd receiver;
        int sendFd;
        int recvFd;
        final MemorySegment segment = Arena.global().allocate(1);
        final ByteBuffer direct = ByteBuffer.allocateDirect(1);
        final ByteBuffer heap = ByteBuffer.allocate(1);

        @Setup
        public void open() throws IOException {
            final SocketFd.Pair pair = Connections.sockets(transport);
            sender = pair.first();
            receiver = pair.second();
            sendFd = sender.intValue();
            recvFd = receiver.intValue();
        }

        @TearDown
        public void close() throws IOException {
            sender.close();
            receiver.close();
        }
    }

    /// The same of the JDK's.
    @State(Scope.Thread)
    public static class Channels {
        @Param({"unix", "tcp"})
        public String transport;

        SocketChannel sender;
        SocketChannel receiver;
        final ByteBuffer direct = ByteBuffer.allocateDirect(1);

        @Setup
        public void open() throws IOException {
            final Connections.Channels pair = Connections.channels(transport);
            sender = pair.first();
            receiver = pair.second();
        }

        @TearDown
        public void close() throws IOException {
            sender.close();
            receiver.close();
        }

        private void nonBlocking() throws IOException {
            sender.configureBlocking(false);
            receiver.configureBlocking(false);
        }
    }

    /// The same, in non-blocking mode.
    @State(Scope.Thread)
    public static class NonBlockingChannels extends Channels {
        @Override
        @Setup
        public void open() throws IOException {
            super.open();
            super.nonBlocking();
        }
    }

    /// An epoll instance that watches nothing.
    @State(Scope.Thread)
    public static class Epoll {
        int fd;
        final MemorySegment events = Arena.global().allocate((long) EVENTS * EpollEvents.SIZEOF);

        @Setup
        public void open() {
            fd = expect(Libc.epoll_create1(EPOLL_CLOEXEC), Integer.MAX_VALUE);
        }

        @TearDown
        public void close() {
            expect(Libc.close(fd), 0);
        }
    }

    @Benchmark
    public void closeBad() {
        for (int i = 0; i < TURNS; i++) {
            final int result = Libc.close(-1);
            if (result != -EBADF) {
                throw new IllegalStateException("close: " + result);
            }
        }
    }

    @Benchmark
    public void epollWait(final Epoll epoll) {
        for (int i = 0; i < TURNS; i++) {
            expect(Libc.epoll_wait(epoll.fd, epoll.events, EVENTS, 0), 0);
        }
    }

    @Benchmark
    public void sendRecv(final Sockets sockets) {
        for (int i = 0; i < TURNS; i++) {
            expectOne(Libc.send(sockets.sendFd, sockets.segment, 1, 0));
            expectOne(Libc.recv(sockets.recvFd, sockets.segment, 1, 0));
        }
    }

    @Benchmark
    public void sendRecvDontwait(final Sockets sockets) {
        for (int i = 0; i < TURNS; i++) {
            expectOne(Libc.send(sockets.sendFd, sockets.segment, 1, MSG_DONTWAIT));
            expectOne(Libc.recv(sockets.recvFd, sockets.segment, 1, MSG_DONTWAIT));
        }
    }

    @Benchmark
    public void socketFd(final Sockets sockets) throws IOException {
        for (int i = 0; i < TURNS; i++) {
            expectOne(sockets.sender.send(sockets.segment, 0));
            expectOne(sockets.receiver.recv(sockets.segment, 0));
        }
    }

    @Benchmark
    public void socketFdDontwait(final Sockets sockets) throws IOException {
        for (int i = 0; i < TURNS; i++) {
            expectOne(sockets.sender.send(sockets.segment, MSG_DONTWAIT));
            expectOne(sockets.receiver.recv(sockets.segment, MSG_DONTWAIT));
        }
    }

    @Benchmark
    public void socketFdDirectBuffer(final Sockets sockets) throws IOException {
        for (int i = 0; i < TURNS; i++) {
            expectOne(sockets.sender.send(sockets.direct.clear(), 0));
            expectOne(sockets.receiver.recv(sockets.direct.clear(), 0));
        }
    }

    @Benchmark
    public void socketFdHeapBuffer(final Sockets sockets) throws IOException {
        for (int i = 0; i < TURNS; i++) {
            expectOne(sockets.sender.send(sockets.heap.clear(), 0));
            expectOne(sockets.receiver.recv(sockets.heap.clear(), 0));
        }
    }

    @Benchmark
    public void channel(final Channels channels) throws IOException {
        for (int i = 0; i < TURNS; i++) {
            expectOne(channels.sender.write(channels.direct.clear()));
            expectOne(channels.receiver.read(channels.direct.clear()));
        }
    }

    @Benchmark
    public void channelNonBlocking(final NonBlockingChannels channels) throws IOException {
        for (int i = 0; i < TURNS; i++) {
            expectOne(channels.sender.write(channels.direct.clear()));
            expectOne(channels.receiver.read(channels.direct.clear()));
        }
    }

    private static int expect(final int result, final int most) {
        if (result < 0 || result > most) {
            throw new IllegalStateException("a call returned " + result);
        }
        return result;
    }

    private static void expectOne(final long result) {
        if (result != 1) {
            throw new IllegalStateException("a call returned " + result);
        }
    }
}
