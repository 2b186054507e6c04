package io.github.fdsock.cli;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.Endpoint;
import io.github.fdsock.Fd;
import io.github.fdsock.Message;
import io.github.fdsock.SocketFd;
import io.github.fdsock.TimerFd;
import io.github.fdsock.cli.descriptor.Descriptor;
import io.github.fdsock.cli.descriptor.Inherited;
import io.github.fdsock.loop.EventLoop;
import io.github.fdsock.loop.Registration;
import io.github.fdsock.option.SockOpt;
import java.io.Closeable;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/// Takes the descriptors that one peer passes over a UNIX socket: until it ends, or as many as are wanted have come.
///
/// The senders of datagrams have no end; there the first datagram with descriptors is all.
final class Receiver implements Closeable {
    /// The kernel's default limit for a datagram is 212,992 bytes.
    private static final int BUFFER_SIZE = 256 * 1024;

    /// As many of the other bytes are told.
    private static final int BYTES_SHOWN = 1024;

    private final EventLoop loop = EventLoop.open();
    private final Resources resources = new Resources();
    private final MemorySegment buffer = Arena.ofAuto().allocate(BUFFER_SIZE);
    private final int max;
    private final Arrival arrival;
    private final PrintStream log;
    private int received;
    private boolean complete = true;
    private volatile boolean stopped;

    /// Takes over a descriptor that has come.
    @FunctionalInterface
    interface Arrival {
        void take(Fd fd) throws IOException;
    }

    /// @param max how many are wanted, 1 to 253
    /// @param arrival is given each of them
    /// @param log is told what came besides, and what was lost
    Receiver(final int max, final Arrival arrival, final PrintStream log) throws IOException {
        this.max = max;
        this.arrival = arrival;
        this.log = log;
        resources.add(loop);
    }

    /// Ends the wait after so long.
    void limit(final Duration time) throws IOException {
        final TimerFd timer = resources.add(TimerFd.create(CLOCK_MONOTONIC, TFD_NONBLOCK));
        timer.start(time);
        loop.register(timer, EPOLLIN, (_, _) -> {
            incomplete("the time is over, and the peer has not ended");
            loop.stop();
        });
    }

    /// Lets a peer connect, or send its datagram; the address with its name.
    Endpoint listen(final Endpoint endpoint) throws IOException {
        final Resources listening = resources.add(new Resources());
        final SocketFd socket = listening.add(SocketFile.bind(endpoint, SOCK_NONBLOCK, listening));
        if (endpoint.type() == SOCK_DGRAM) {
            receiveFrom(socket);
        } else {
            loop.register(socket, EPOLLIN, (registration, _) -> accept(registration, listening));
        }
        return new Endpoint(endpoint.type(), socket.localAddress());
    }

    /// The first peer is the only one: those who come later learn at once that nobody listens.
    private void accept(final Registration listener, final Resources listening) throws IOException {
        final SocketFd peer = ((SocketFd) listener.fd()).accept();
        if (peer != null) {
            receiveFrom(resources.add(peer));
            listener.close();
            listening.close();
        }
    }

    /// Connects to the peer.
    void connect(final Endpoint endpoint) throws IOException {
        final SocketFd socket = resources.add(SocketFd.socket(endpoint.family(), endpoint.type(), 0));
        socket.connect(endpoint.address());
        receiveFrom(socket);
    }

    /// Receives over a socket that was inherited.
    void inherit(final Inherited channel) throws IOException {
        receiveFrom(resources.add(channel.openUnixSocket()));
    }

    private void receiveFrom(final SocketFd socket) throws IOException {
        final int type = socket.getsockopt(SockOpt.SO_TYPE);
        loop.register(socket, EPOLLIN | EPOLLRDHUP, (registration, events) -> receive(registration, type, events));
    }

    private void receive(final Registration peer, final int type, final int events) throws IOException {
        final int free = max - received;
        // What is shared with others stays blocking if it was.
        try (Message message = ((SocketFd) peer.fd()).receive(buffer, MSG_DONTWAIT, free)) {
            if (message == null) {
                return;
            }
            final int count = message.descriptors();
            for (int i = 0; i < count; i++) {
                arrival.take(message.takeFd(i));
            }
            received += count;
            tell(message);
            if (message.controlTruncated()) {
                incomplete("descriptors were lost: " + switch (message.truncation()) {
                    case DESCRIPTOR_LIMIT -> "this process had no number free for them (RLIMIT_NOFILE)";
                    case OTHER -> "this process was not allowed to have them";
                    default -> "more came than the " + max + " that were wanted";
                });
            }
            // Both an empty packet and the end are read as 0; a datagram socket has no end, but a socketpair is shut.
            final boolean end = message.bytes() == 0 && count == 0
                    && (type == SOCK_STREAM || (events & (EPOLLRDHUP | EPOLLHUP)) != 0);
            if (end || received == max || type == SOCK_DGRAM && count > 0) {
                loop.stop();
            }
        }
    }

    /// Says what else came. A single byte is what descriptors have to travel with, and means nothing.
    private void tell(final Message message) {
        if (message.bytes() > 1) {
            final long shown = Math.min(message.bytes(), BYTES_SHOWN);
            final byte[] bytes = buffer.asSlice(0, shown).toArray(ValueLayout.JAVA_BYTE);
            log.println(message.bytes() + (message.truncated() ? " bytes and more came: " : " bytes came: ")
                    + Descriptor.printable(new String(bytes, StandardCharsets.UTF_8))
                    + (shown < message.bytes() ? "..." : ""));
        }
    }

    private void incomplete(final String why) {
        complete = false;
        log.println(why);
    }

    /// Receives.
    ///
    /// @return whether all that was sent, as far as it was wanted, has come: at least one, and none was lost
    boolean run() throws IOException {
        loop.run();
        if (complete && received == 0 && !stopped) {
            incomplete("no descriptor came");
        }
        return complete;
    }

    /// Lets [#run] return; from any thread.
    void stop() throws IOException {
        stopped = true;
        loop.stop();
    }

    /// Closes the sockets and removes the socket file. What has been received is not the receiver's.
    @Override
    public void close() throws IOException {
        resources.close();
    }
}
