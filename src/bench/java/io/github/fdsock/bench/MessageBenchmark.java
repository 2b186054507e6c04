package io.github.fdsock.bench;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.Fd;
import io.github.fdsock.Message;
import io.github.fdsock.Messages;
import io.github.fdsock.SocketFd;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.ControlBuffer;
import io.github.fdsock.sys.struct.Iovec;
import io.github.fdsock.sys.struct.Mmsghdr;
import io.github.fdsock.sys.struct.Msghdr;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
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

/// What messages cost through [Libc] and the views of its structs, and through [SocketFd] and [Message]: a byte, a
/// descriptor, a batch of datagrams.
///
/// The loops are those of `native/bench_calls.c`, and samples as at [RawCallBenchmark]. In every turn the messages are
/// prepared for the call and looked at behind it, as a program has to.
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 400, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 8, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgs = {"--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC",
        "--sun-misc-unsafe-memory-access=allow"})
public class MessageBenchmark {
    /// How often the loops of single messages go round, here and in C.
    static final int TURNS = RawCallBenchmark.TURNS;

    /// How often those of batches do: a sample is as long then, a tenth or two of a millisecond.
    static final int BATCH_TURNS = 2;

    private static final int BATCH = 64;
    private static final int DATAGRAM = 64;

    /// Two ends of a stream, a byte, and a descriptor to send with it.
    @State(Scope.Thread)
    public static class Stream {
        SocketFd.Pair pair;
        int sendFd;
        int recvFd;
        Fd passed;
        int passedFd;

        final MemorySegment bytes = Arena.global().allocate(1);
        final Iovec iov = Iovec.allocate(Arena.global(), 1).add(bytes);
        final Msghdr plain = Msghdr.allocate(Arena.global()).iov(iov);

        final ControlBuffer sent = ControlBuffer.allocate(Arena.global(), (int) ControlBuffer.space(Integer.BYTES));
        final Msghdr outgoing = Msghdr.allocate(Arena.global()).iov(iov).control(sent);

        /// In `CMSG_SPACE` there would be room for a second descriptor.
        final ControlBuffer received = ControlBuffer.allocate(Arena.global(), (int) ControlBuffer.len(Integer.BYTES));
        final Msghdr incoming = Msghdr.allocate(Arena.global()).iov(iov).control(received);

        final Message plainMessage = message(0);
        final Message outgoingMessage = message(1);
        final Message incomingMessage = message(1);

        private Message message(final int descriptors) {
            final Message message = Message.allocate(Arena.global(), 1, 0, descriptors);
            message.buffers().add(bytes);
            return message;
        }

        @Setup
        public void open() throws IOException {
            pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0);
            sendFd = pair.first().intValue();
            recvFd = pair.second().intValue();
            passed = Fd.openFile(Path.of("/dev/null"), O_RDONLY, 0);
            passedFd = passed.intValue();
        }

        @TearDown
        public void close() throws IOException {
            passed.close();
            pair.close();
        }
    }

    /// Two connected datagram sockets, and arrays of messages.
    @State(Scope.Thread)
    public static class Datagrams {
        @Param({"unix", "udp"})
        public String transport;

        SocketFd.Pair pair;
        int sendFd;
        int recvFd;

        final Mmsghdr outgoing = headers();
        final Mmsghdr incoming = headers();
        final Messages outgoingMessages = messages();
        final Messages incomingMessages = messages();

        @Setup
        public void open() throws IOException {
            pair = Connections.datagrams(transport);
            sendFd = pair.first().intValue();
            recvFd = pair.second().intValue();
        }

        @TearDown
        public void close() throws IOException {
            pair.close();
        }

        private static Mmsghdr headers() {
            final Mmsghdr headers = Mmsghdr.allocate(Arena.global(), BATCH);
            for (int i = 0; i < BATCH; i++) {
                headers.hdr(i).iov(Iovec.allocate(Arena.global(), 1).add(Arena.global().allocate(DATAGRAM)));
            }
            return headers;
        }

        private static Messages messages() {
            final Messages messages = Messages.allocate(Arena.global(), BATCH, 1, 0, 0);
            for (int i = 0; i < BATCH; i++) {
                messages.get(i).buffers().add(Arena.global().allocate(DATAGRAM));
            }
            return messages;
        }
    }

    @Benchmark
    public void sendmsgRecvmsg(final Stream stream) {
        for (int i = 0; i < TURNS; i++) {
            expect(1, Libc.sendmsg(stream.sendFd, stream.plain.prepareSend().segment(), 0));
            expect(1, Libc.recvmsg(stream.recvFd, stream.plain.prepareReceive().segment(), 0));
            expect(0, stream.plain.flags());
        }
    }

    @Benchmark
    public void passFd(final Stream stream) {
        for (int i = 0; i < TURNS; i++) {
            stream.sent.clear().appendInt(SOL_SOCKET, SCM_RIGHTS, stream.passedFd);
            expect(1, Libc.sendmsg(stream.sendFd, stream.outgoing.prepareSend().segment(), 0));
            expect(1, Libc.recvmsg(stream.recvFd, stream.incoming.prepareReceive().segment(), MSG_CMSG_CLOEXEC));
            expect(MSG_CMSG_CLOEXEC, stream.incoming.received().flags());
            int fd = -1;
            while (stream.received.next()) {
                if (stream.received.level() == SOL_SOCKET && stream.received.type() == SCM_RIGHTS
                        && stream.received.dataLength() == Integer.BYTES) {
                    fd = stream.received.dataInt(0);
                }
            }
            expect(0, Libc.close(fd));
        }
    }

    @Benchmark
    public void mmsg(final Datagrams datagrams) {
        for (int i = 0; i < BATCH_TURNS; i++) {
            expect(BATCH, Libc.sendmmsg(datagrams.sendFd, datagrams.outgoing.prepareSend(BATCH).segment(), BATCH, 0));
            for (int rest = BATCH; rest > 0;) {
                final int count = Libc.recvmmsg(datagrams.recvFd, datagrams.incoming.prepareReceive(rest).segment(),
                        rest, MSG_WAITFORONE, MemorySegment.NULL);
                if (count <= 0) {
                    throw new IllegalStateException("recvmmsg returned " + count);
                }
                datagrams.incoming.received(count);
                for (int j = 0; j < count; j++) {
                    expect(DATAGRAM, datagrams.incoming.len(j));
                    expect(0, datagrams.incoming.hdr(j).flags());
                }
                rest -= count;
            }
        }
    }

    @Benchmark
    public void message(final Stream stream) throws IOException {
        final Message message = stream.plainMessage;
        for (int i = 0; i < TURNS; i++) {
            expect(1, stream.pair.first().sendmsg(message, 0));
            expect(1, stream.pair.second().recvmsg(message, 0));
            expect(MSG_CMSG_CLOEXEC, message.flags());
        }
    }

    @Benchmark
    public void messageWithFd(final Stream stream) throws IOException {
        for (int i = 0; i < TURNS; i++) {
            expect(1, stream.pair.first().sendmsg(stream.outgoingMessage.lendFd(stream.passed), 0));
            expect(1, stream.pair.second().recvmsg(stream.incomingMessage, 0));
            expect(MSG_CMSG_CLOEXEC, stream.incomingMessage.flags());
            stream.incomingMessage.takeFd(0).close();
        }
    }

    @Benchmark
    public void messages(final Datagrams datagrams) throws IOException {
        final Messages incoming = datagrams.incomingMessages;
        for (int i = 0; i < BATCH_TURNS; i++) {
            expect(BATCH, datagrams.pair.first().sendmmsg(datagrams.outgoingMessages, 0, BATCH, 0));
            for (int rest = BATCH; rest > 0;) {
                final int count = datagrams.pair.second().recvmmsg(incoming, rest, MSG_WAITFORONE);
                if (count <= 0) {
                    throw new IllegalStateException("recvmmsg returned " + count);
                }
                for (int j = 0; j < count; j++) {
                    expect(DATAGRAM, incoming.get(j).bytes());
                    expect(MSG_CMSG_CLOEXEC, incoming.get(j).flags());
                }
                rest -= count;
            }
        }
    }

    private static void expect(final long expected, final long result) {
        if (result != expected) {
            throw new IllegalStateException(result + " instead of " + expected);
        }
    }
}
