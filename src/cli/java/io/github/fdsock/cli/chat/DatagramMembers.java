package io.github.fdsock.cli.chat;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.Message;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SockAddrBuffer;
import io.github.fdsock.loop.Datagrams;
import io.github.fdsock.loop.Stream;
import io.github.fdsock.option.SockOpt;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;

/// The members who talk by datagrams to one socket: known by their addresses, from the first one on, and forgotten when
/// they leave or cannot be reached.
///
/// A UNIX socket's datagrams count against the sender's buffer until they are read: a member who does not read and is
/// connected, so that the receiver's queue has no limit, can use up the room for all others of the same socket. They lose
/// lines, and are told so as soon as that one reads or ends. UDP knows no such thing.
final class DatagramMembers {
    static final String JOIN = "<JOIN>";
    static final String LEAVE = "<LEAVE>";
    static final String END = "<END>";

    /// What begins with this is for the room.
    static final String CONTROL = "<";

    /// Anybody can send from any number of addresses, which nobody may have.
    private static final int MOST = 1000;

    private final Room room;
    private final Datagrams socket;
    private final SockAddrBuffer to = SockAddrBuffer.allocate(Arena.ofAuto());

    /// Whoever was silent the longest comes first.
    private final Map<SockAddr, Sender> known = new LinkedHashMap<>(16, 0.75f, true);

    DatagramMembers(final Room room, final Datagrams socket) {
        this.room = room;
        this.socket = socket;
    }

    void open() throws IOException {
        // With these the kernel tells which member cannot be reached. IPv4 comes to an IPv6 socket as well.
        switch (socket.socket().getsockopt(SockOpt.SO_DOMAIN)) {
            case AF_INET -> socket.socket().setsockopt(SockOpt.IP_RECVERR, true);
            case AF_INET6 -> {
                socket.socket().setsockopt(SockOpt.IP_RECVERR, true);
                socket.socket().setsockopt(SockOpt.IPV6_RECVERR, true);
            }
            default -> { }
        }
        socket.onMessage(this::received);
        socket.onError((error, _, destination) -> {
            final Sender member = destination == null ? null : known.get(destination);
            if (member != null) {
                member.failed(error, 0);
            }
        });
        socket.onClose(cause -> {
            if (cause != null) {
                room.log().println("socket lost: " + cause.getMessage());
            }
        });
    }

    private void received(final MemorySegment data, final SockAddrBuffer from, final Message message)
            throws IOException {
        if (from.length() <= Short.BYTES) {
            room.log().println("datagram dropped: its sender has no address");
            return;
        }
        final SockAddr address = from.address();
        // One more than is said, for the blank in front of what begins like a message for the room.
        final Lines lines =
                new Lines(Lines.SPOKEN + 1, text -> heard(address, text), () -> room.tooLong(member(address)));
        lines.add(data);
        lines.end();
    }

    private void heard(final SockAddr address, final String text) {
        switch (text) {
            case JOIN -> member(address);
            case LEAVE -> {
                final Sender member = known.get(address);
                if (member != null) {
                    // The sender waits for it: a socket that is closed at once would be found unreachable, and forgotten,
                    // before all that was sent from it is read.
                    member.tellEnd();
                    forget(member, null);
                }
            }
            default -> {
                if (text.startsWith(CONTROL)) {
                    Room.tell(member(address), "what begins with " + CONTROL + " is for the room, which knows " + JOIN
                            + " and " + LEAVE);
                } else {
                    room.say(member(address), text);
                }
            }
        }
    }

    private Sender member(final SockAddr address) {
        final Sender there = known.get(address);
        if (there != null) {
            return there;
        }
        if (known.size() == MOST) {
            forget(known.values().iterator().next(), "silent the longest of " + MOST);
        }
        final Sender member = new Sender(address);
        known.put(address, member);
        room.join(member, address.toString());
        return member;
    }

    private void forget(final Sender member, final String why) {
        known.remove(member.address, member);
        room.leave(member, why);
    }

    /// A member, by the address.
    private final class Sender extends Member {
        private final SockAddr address;

        private Sender(final SockAddr address) {
            super(room.nextNumber());
            this.address = address;
        }

        @Override
        void tell(final MemorySegment line) {
            final int lost = takeLost();
            if (lost > 0) {
                send(Room.report(lost), failure -> {
                    if (failure == null) {
                        caughtUp();
                    } else {
                        failed(failure, lost);
                    }
                });
            }
            send(line, failure -> {
                if (failure != null) {
                    failed(failure, 1);
                }
            });
        }

        private void send(final MemorySegment line, final Stream.Completion completion) {
            socket.send(line, to.set(address), completion);
        }

        /// @param lines so many are lost, unless nobody is there
        private void failed(final IOException failure, final int lines) {
            switch (failure instanceof final ErrnoException e ? e.errno() : 0) {
                case EAGAIN, ENOBUFS, ENOMEM, EMSGSIZE -> room.missed(this, lines);
                default -> forget(this, failure.getMessage());
            }
        }

        @Override
        void tellEnd() {
            send(Room.line(END), _ -> { });
        }
    }
}
