package io.github.fdsock.blocking;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.harness.Scope;
import io.github.fdsock.harness.Trace;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.sys.Call;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketTimeoutException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Where an event says over and over that there is room, and there is none, who waits for it leaves time between two
/// tries.
@Timeout(60)
class NoSpinTest extends PollerFixture {
    private static final long WAIT_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private interface Transfer {
        void run() throws Exception;
    }

    /// Once a millisecond, or not much more often.
    private static void triesSeldom(final Transfer transfer) {
        try (Trace trace = Trace.count(Scope.thisThread())) {
            assertThatExceptionOfType(SocketTimeoutException.class).isThrownBy(transfer::run);
            assertThat(trace.summary().calls(Call.send)).isBetween(2L, 300L);
        }
    }

    /// A netlink socket counts as writable: what it sends is charged to the receiver.
    @Test
    void aFullReceiverOfNetlinkIsNotSentToAllTheTime() throws Exception {
        try (SocketFd receiver = SocketFd.socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK);
                BlockingSocket sender = poller.adopt(SocketFd.socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK))) {
            receiver.setsockopt(SockOpt.SO_RCVBUF, 4096);
            receiver.bind(SockAddr.netlink(0, 0));
            sender.fd().connect(receiver.localAddress());
            final MemorySegment datagram = arena.allocate(1000);
            while (sender.fd().send(datagram, MSG_DONTWAIT) >= 0) {
                continue;
            }
            triesSeldom(() -> sender.send(datagram, 0, WAIT_NANOS));
            triesSeldom(() -> sender.write(datagram.asByteBuffer(), WAIT_NANOS));
        }
    }

    /// Its event comes unasked, with each look of the kernel, as long as there is something in the queue.
    @Test
    void aFullSocketIsNotTriedAllTheTimeThoughSomethingIsInItsErrorQueue() throws Exception {
        try (BlockingSocket listener = poller.adopt(SocketFd.socket(AF_INET, SOCK_STREAM, 0))) {
            listener.fd().bind(SockAddr.inet("127.0.0.1", 0));
            listener.fd().listen(1);
            try (BlockingSocket client = poller.connect(listener.fd().localAddress(), -1);
                    BlockingSocket server = listener.accept(-1)) {
                client.fd().setsockopt(SockOpt.SO_ZEROCOPY, true);
                final MemorySegment block = arena.allocate(64 * 1024);
                assertThat(client.fd().send(block, MSG_DONTWAIT | MSG_ZEROCOPY)).isPositive();
                server.read(arena.allocate(1024), -1);
                while (client.fd().send(block, MSG_DONTWAIT) >= 0) {
                    continue;
                }
                triesSeldom(() -> client.send(block, 0, WAIT_NANOS));
                triesSeldom(() -> client.write(block.asByteBuffer(), WAIT_NANOS));
            }
        }
    }
}
