package io.github.fdsock;

import static io.github.fdsock.harness.junit.SocketFamily.TCP4;
import static io.github.fdsock.harness.junit.SocketFamily.TCP6;
import static io.github.fdsock.harness.junit.SocketFamily.UDP6;
import static io.github.fdsock.harness.junit.SocketFamily.UNIX_DGRAM;
import static io.github.fdsock.harness.junit.SocketFamily.UNIX_SEQPACKET;
import static io.github.fdsock.harness.junit.SocketFamily.UNIX_STREAM;
import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.harness.junit.SocketFamilies;
import io.github.fdsock.harness.junit.SocketFamily;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.Iovec;
import io.github.fdsock.sys.struct.Msghdr;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.AsynchronousCloseException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A signal neither ends a call nor lengthens its time limit.
///
/// The interruptions are made at the seam, after as much time as a signal would have come: that of a real one is not to
/// be had at will.
class InterruptionTest {
    private static final long MILLI = 1_000_000;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory = arena.allocate(16);
    private final Iovec vector = Iovec.allocate(arena, 1).add(memory);
    private final Msghdr message = Msghdr.allocate(arena).iov(vector);
    private final SockAddrBuffer name = SockAddrBuffer.allocate(arena);

    @AfterEach
    void free() {
        arena.close();
    }

    private static void passMillis(final int millis) {
        assertThat(Libc.poll(MemorySegment.NULL, 0, millis)).isZero();
    }

    /// Interrupts the first calls of one kind, each after as many milliseconds.
    private static Seen interrupting(final Call call, final int times, final int millis) {
        final int[] left = {times};
        return Seen.calls(made -> {
            if (made.call() != call || left[0] == 0) {
                return null;
            }
            left[0]--;
            passMillis(millis);
            return (long) -EINTR;
        });
    }

    private static long limitOf(final Seen.Made ppoll) {
        final MemorySegment timespec = (MemorySegment) ppoll.arguments().get(2);
        return timespec.get(ValueLayout.JAVA_LONG, 0) * 1_000_000_000 + timespec.get(ValueLayout.JAVA_LONG, 8);
    }

    // ---- without a limit: made again until it succeeds

    private static void goesOn(final Call kind, final Callable<Long> call) throws Exception {
        try (Seen seen = Seen.failing(kind, 5, EINTR)) {
            assertThat(call.call()).isEqualTo(16);
            assertThat(seen.all(kind)).hasSize(6);
            assertThat(seen.all(Call.ppoll)).isEmpty();
        }
    }

    @SocketFamilies
    void everyTransferGoesOn(final SocketFamily family) throws Exception {
        try (SocketFd.Pair pair = family.connected()) {
            final SocketFd first = pair.first();
            final SocketFd second = pair.second();
            goesOn(Call.send, () -> first.send(memory, 0));
            goesOn(Call.recv, () -> second.recv(memory, 0));
            goesOn(Call.send, () -> first.write(memory));
            goesOn(Call.read, () -> second.read(memory));
            goesOn(Call.sendmsg, () -> first.send(vector, 0));
            goesOn(Call.recvmsg, () -> second.recv(vector, 0));
            goesOn(Call.sendmsg, () -> first.sendmsg(message, 0));
            goesOn(Call.recvmsg, () -> second.recvmsg(message, 0));
            goesOn(Call.sendmsg, () -> first.writev(vector));
            goesOn(Call.readv, () -> second.readv(vector));
            goesOn(Call.send, () -> first.send(memory, 0, -1));
            goesOn(Call.recvfrom, () -> second.recvFrom(memory, 0, name));
            goesOn(Call.send, () -> first.send(new byte[16], 0, 16, 0));
            goesOn(Call.recvmsg, () -> second.receive(memory, 0, 1).bytes());
            if (!family.connects()) {
                final SockAddr to = second.localAddress();
                goesOn(Call.sendto, () -> first.sendTo(memory, 0, to));
                goesOn(Call.sendto, () -> first.sendTo(memory, 0, name.set(to)));
            }
        }
    }

    @SocketFamilies({TCP4, TCP6, UNIX_STREAM, UNIX_SEQPACKET})
    void acceptGoesOn(final SocketFamily family) throws Exception {
        try (SocketFd listener = family.listening(1); SocketFd client = family.socket();
                Seen seen = Seen.failing(Call.accept4, 5, EINTR)) {
            client.connect(listener.localAddress());
            try (SocketFd accepted = listener.accept(0, name)) {
                assertThat(accepted.remoteAddress()).isEqualTo(client.localAddress());
                assertThat(name.address()).isEqualTo(client.localAddress());
                assertThat(seen.all(Call.accept4)).hasSize(6);
            }
        }
    }

    // ---- with a limit: waited for what is left of it

    /// Of 100 ms, 40 are over when the call is interrupted: 60 are left, and nobody comes.
    private static void waitsForTheRest(final Call kind, final Callable<Long> call) throws Exception {
        try (Seen seen = interrupting(kind, 1, 40)) {
            final long start = System.nanoTime();
            assertThat(call.call()).isEqualTo(-EAGAIN);
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(100 * MILLI);
            assertThat(seen.all(kind)).as("made again, it would have begun its whole limit anew").hasSize(1);
            assertThat(seen.all(Call.ppoll)).hasSize(1);
        }
    }

    @SocketFamilies({TCP4, UNIX_STREAM, UNIX_SEQPACKET, UDP6})
    void anInterruptedReceiveKeepsItsLimit(final SocketFd.Pair pair) throws Exception {
        final SocketFd socket = pair.first();
        socket.setsockopt(SockOpt.SO_RCVTIMEO, Duration.ofMillis(100));
        waitsForTheRest(Call.recv, () -> socket.recv(memory, 0));
        waitsForTheRest(Call.read, () -> socket.read(memory));
        waitsForTheRest(Call.recvfrom, () -> socket.recvFrom(memory, 0, name));
        waitsForTheRest(Call.recvmsg, () -> socket.recv(vector, 0));
        waitsForTheRest(Call.readv, () -> socket.readv(vector));
    }

    @Test
    void anAdoptedSocketMayHaveALimit() throws Exception {
        try (SocketFd.Pair pair = UNIX_STREAM.connected()) {
            pair.first().setsockopt(SockOpt.SO_RCVTIMEO, Duration.ofMillis(100));
            try (SocketFd adopted = SocketFd.adopt(pair.first().release())) {
                waitsForTheRest(Call.recv, () -> adopted.recv(memory, 0));
            }
        }
    }

    @Test
    void aCopyHasTheLimitOfTheOtherWhicheverSetsIt() throws Exception {
        try (SocketFd.Pair pair = UNIX_STREAM.connected(); SocketFd copy = pair.first().dup();
                SocketFd other = pair.second().dup()) {
            pair.first().setsockopt(SockOpt.SO_RCVTIMEO, Duration.ofMillis(100));
            waitsForTheRest(Call.recv, () -> copy.recv(memory, 0));
            other.setsockopt(SockOpt.SO_RCVTIMEO, Duration.ofMillis(100));
            waitsForTheRest(Call.recv, () -> pair.second().recv(memory, 0));
        }
    }

    @Test
    void anAcceptedSocketInheritsTheLimitOfItsListener() throws Exception {
        try (SocketFd listener = TCP4.listening(1); SocketFd client = TCP4.socket()) {
            listener.setsockopt(SockOpt.SO_RCVTIMEO, Duration.ofMillis(100));
            client.connect(listener.localAddress());
            try (SocketFd accepted = listener.accept()) {
                waitsForTheRest(Call.recv, () -> accepted.recv(memory, 0));
            }
            waitsForTheRest(Call.accept4, () -> {
                assertThat(listener.accept()).isNull();
                return (long) -EAGAIN;
            });
        }
    }

    @SocketFamilies({TCP4, UNIX_STREAM, UNIX_SEQPACKET, UNIX_DGRAM})
    void anInterruptedSendKeepsItsLimit(final SocketFd.Pair pair) throws Exception {
        final SocketFd socket = pair.first();
        socket.setsockopt(SockOpt.SO_SNDTIMEO, Duration.ofMillis(100));
        Background.fill(socket);
        waitsForTheRest(Call.send, () -> socket.send(memory, 0));
        waitsForTheRest(Call.sendmsg, () -> socket.send(vector, 0));
    }

    /// 2^64 nanoseconds are 290 ms less than this.
    @Test
    void aLimitOfCenturiesDoesNotOverflow() throws Exception {
        try (SocketFd.Pair pair = UNIX_STREAM.connected()) {
            pair.first().setsockopt(SockOpt.SO_RCVTIMEO, Duration.ofSeconds(18_446_744_074L));
            pair.second().send(memory, 0);
            try (Seen seen = interrupting(Call.recv, 1, 1)) {
                assertThat(pair.first().recv(memory, 0)).isEqualTo(16);
                assertThat(limitOf(seen.all(Call.ppoll).getLast())).isGreaterThan(Duration.ofDays(365).toNanos());
            }
        }
    }

    @Test
    void whatIsThereBeforeTheLimitIsReceived() throws Exception {
        try (SocketFd.Pair pair = UNIX_STREAM.connected()) {
            pair.first().setsockopt(SockOpt.SO_RCVTIMEO, Duration.ofSeconds(20));
            pair.second().send(memory, 0);
            try (Seen seen = interrupting(Call.recv, 4, 1)) {
                assertThat(pair.first().recv(memory, 0)).isEqualTo(16);
                assertThat(seen.all(Call.recv)).hasSize(5);
                assertThat(limitOf(seen.all(Call.ppoll).getLast())).isLessThanOrEqualTo((20_000 - 4) * MILLI);
            }
        }
    }

    @Test
    void aLimitThatRunsOutByItselfIsAValue() throws Exception {
        try (SocketFd.Pair pair = TCP4.connected()) {
            pair.first().setsockopt(SockOpt.SO_RCVTIMEO, Duration.ofMillis(30));
            final long start = System.nanoTime();
            assertThat(pair.first().recv(memory, 0)).isEqualTo(-EAGAIN);
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(29 * MILLI);
        }
    }

    @Test
    void deadlinesHoldUnderInterruptions() throws Exception {
        try (SocketFd.Pair pair = UNIX_STREAM.connected()) {
            assertDeadline(() -> pair.first().recv(memory, 0, 100 * MILLI));
            Background.fill(pair.second());
            assertDeadline(() -> pair.second().send(memory, 0, 100 * MILLI));
        }
    }

    private static void assertDeadline(final Callable<Long> call) throws Exception {
        try (Seen seen = interrupting(Call.ppoll, 3, 20)) {
            final long start = System.nanoTime();
            assertThat(call.call()).isEqualTo(-EAGAIN);
            assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(100 * MILLI);
            assertThat(seen.all(Call.ppoll)).hasSize(4);
            assertThat(limitOf(seen.all(Call.ppoll).getLast())).isLessThanOrEqualTo(40 * MILLI);
        }
    }

    @Test
    void aDeadlineHoldsOnASocketThatIsAlwaysReady() throws Exception {
        try (SocketFd socket = SocketFamily.UDP4.socket()) {
            try (SocketFd gone = SocketFamily.UDP4.bound()) {
                socket.connect(gone.localAddress());
            }
            socket.setsockopt(IPPROTO_IP, IP_RECVERR, 1);
            socket.send(memory, 0);
            assertThatThrownBy(() -> socket.recv(memory, 0, Background.LIMIT)).isInstanceOf(ErrnoException.class)
                    .hasMessageContaining("ECONNREFUSED");
            // The error is still in the error queue, which nobody reads here.
            assertThat(socket.await(POLLIN, 0)).isEqualTo(POLLERR);
            final long start = System.nanoTime();
            assertThat(socket.recv(memory, 0, 20 * MILLI)).isEqualTo(-EAGAIN);
            assertThat(System.nanoTime() - start).isBetween(20 * MILLI, TimeUnit.SECONDS.toNanos(20));
            assertThat(socket.recv(memory, 0, 0)).isEqualTo(-EAGAIN);
        }
    }

    // ---- connecting

    /// Begins to connect, and is interrupted before that is done.
    private static Seen interruptedOnItsWay() {
        return Seen.calls(made -> {
            if (made.call() != Call.connect) {
                return null;
            }
            final int flags = Libc.fcntl(made.fd(), F_GETFL, 0);
            assertThat(Libc.fcntl(made.fd(), F_SETFL, flags | O_NONBLOCK)).isZero();
            final long result = made.really();
            assertThat(result).isEqualTo(-EINPROGRESS);
            assertThat(Libc.fcntl(made.fd(), F_SETFL, flags)).isZero();
            return (long) -EINTR;
        });
    }

    @SocketFamilies({TCP4, TCP6})
    void anInterruptedConnectIsWaitedFor(final SocketFamily family) throws IOException {
        try (SocketFd listener = family.listening(1); SocketFd client = family.socket();
                Seen seen = interruptedOnItsWay()) {
            assertThat(client.connect(listener.localAddress())).isZero();
            assertThat(seen.on(client.intValue())).as("waited for, asked for its error, not made again")
                    .containsSubsequence(Call.connect, Call.getsockopt).containsOnlyOnce(Call.connect);
            assertThat(seen.all(Call.ppoll)).hasSize(1);
            assertThat(client.remoteAddress()).isEqualTo(listener.localAddress());
        }
    }

    @SocketFamilies({TCP4, TCP6})
    void anInterruptedConnectTellsItsError(final SocketFamily family) throws IOException {
        final SockAddr nobody;
        try (SocketFd gone = family.bound()) {
            nobody = gone.localAddress();
        }
        try (SocketFd client = family.socket(); Seen _ = interruptedOnItsWay()) {
            assertThatThrownBy(() -> client.connect(nobody)).isInstanceOf(ErrnoException.class)
                    .hasMessage("connect(%d, %s) = -1 ECONNREFUSED (Connection refused)", client.intValue(), nobody);
        }
    }

    @SocketFamilies({TCP4, TCP6, UNIX_STREAM, UNIX_SEQPACKET})
    void aConnectThatWasGivenUpIsMadeAgain(final SocketFamily family) throws IOException {
        // As a UNIX socket's is, interrupted while it waits for a place in the queue: nothing goes on without it.
        try (SocketFd listener = family.listening(1); SocketFd client = family.socket();
                Seen seen = Seen.failing(Call.connect, 3, EINTR)) {
            assertThat(client.connect(listener.localAddress())).isZero();
            assertThat(seen.all(Call.connect)).hasSize(4);
            assertThat(client.remoteAddress()).isEqualTo(listener.localAddress());
            listener.accept().close();
        }
    }

    @Test
    void anInterruptedConnectKeepsItsLimit() throws IOException {
        try (SocketFd listener = TCP4.listening(0); SocketFd queued = TCP4.socket();
                SocketFd client = TCP4.socket()) {
            queued.connect(listener.localAddress());
            client.setsockopt(SockOpt.SO_SNDTIMEO, Duration.ofMillis(100));
            try (Seen seen = Seen.calls(made -> {
                if (made.call() != Call.connect) {
                    return null;
                }
                assertThat(Libc.fcntl(made.fd(), F_SETFL, O_NONBLOCK)).isZero();
                assertThat(made.really()).isEqualTo(-EINPROGRESS);
                passMillis(40);
                return (long) -EINTR;
            })) {
                assertThat(client.connect(listener.localAddress())).isEqualTo(-EINPROGRESS);
                assertThat(seen.all(Call.connect)).hasSize(1);
                assertThat(seen.all(Call.ppoll)).hasSize(1);
            }
        }
    }

    @Test
    void aUnixConnectWithoutAPlaceEndsWithItsLimit() throws IOException {
        try (SocketFd listener = UNIX_STREAM.listening(0); SocketFd queued = UNIX_STREAM.socket();
                SocketFd client = UNIX_STREAM.socket()) {
            queued.connect(listener.localAddress());
            client.setsockopt(SockOpt.SO_SNDTIMEO, Duration.ofMillis(40));
            assertThat(client.connect(listener.localAddress())).isEqualTo(-EAGAIN);
            try (Seen seen = interrupting(Call.connect, 100, 30)) {
                assertThat(client.connect(listener.localAddress())).isEqualTo(-EAGAIN);
                assertThat(seen.all(Call.connect)).as("the second is interrupted when its time is over, if not the first")
                        .hasSizeBetween(1, 2);
            }
        }
    }

    @Test
    void waitingForAConnectionKeepsItsLimit() throws IOException {
        try (SocketFd listener = TCP4.listening(0); SocketFd queued = TCP4.socket();
                SocketFd client = TCP4.socket(SOCK_NONBLOCK)) {
            queued.connect(listener.localAddress());
            client.connect(listener.localAddress());
            try (Seen seen = interrupting(Call.ppoll, 2, 20)) {
                assertThat(client.finishConnect(60 * MILLI)).isFalse();
                assertThat(seen.all(Call.ppoll)).hasSize(3);
                assertThat(limitOf(seen.all(Call.ppoll).getLast())).isLessThanOrEqualTo(20 * MILLI);
            }
        }
    }

    // ---- the end of a descriptor

    @Test
    void anInterruptedCallOnAClosedSocketIsNotMadeAgain() throws Exception {
        final SocketFd.Pair pair = UNIX_STREAM.connected();
        try (SocketFd.Pair _ = pair; Seen seen = Seen.calls(made -> {
            if (made.call() != Call.recv) {
                return null;
            }
            closeIt(pair.first());
            return (long) -EINTR;
        })) {
            assertThatThrownBy(() -> pair.first().recv(memory, 0))
                    .isInstanceOf(AsynchronousCloseException.class);
            assertThat(seen.all(Call.recv)).hasSize(1);
            assertThat(seen.all(Call.close)).hasSize(1);
        }
    }

    private static void closeIt(final Fd fd) {
        try {
            fd.close();
        } catch (final IOException e) {
            throw new AssertionError(e);
        }
    }
}
