package io.github.fdsock.loop;

import io.github.fdsock.Message;
import io.github.fdsock.Messages;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SockAddrBuffer;
import io.github.fdsock.cmsg.Cmsg;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The datagrams that a socket has still to send, in order, because the kernel had no room for them.
final class DatagramQueue {
    /// What a place has room for at least: any datagram that an Ethernet carries whole.
    static final long PLACE_SIZE = 2048;

    /// What each datagram counts besides its bytes, so that empty ones are bounded too: what keeping its address takes.
    private static final int COST = 256;

    /// A datagram that waits.
    static final class Place {
        /// The next one in the queue, or in the pool.
        Place next;
        final MemorySegment memory;
        private final SockAddrBuffer to = SockAddrBuffer.allocate(Arena.ofAuto());
        private boolean addressed;
        long length;

        /// The length of each datagram that the kernel makes of it; 0 where it is one.
        int segment;

        /// Told when it has been sent, or why not; null where nobody asks.
        Stream.Completion completion;

        Place(final long size) {
            memory = Arena.ofAuto().allocate(size);
        }

        /// Where it goes; null where that is the peer of a connected socket.
        SockAddr destination() {
            return addressed ? to.address() : null;
        }
    }

    private final DatagramMemory memory;
    private Place first;
    private Place last;
    private int count;
    private long bytes;

    DatagramQueue(final DatagramMemory memory) {
        this.memory = memory;
    }

    boolean isEmpty() {
        return first == null;
    }

    /// How many bytes wait.
    long bytes() {
        return bytes;
    }

    /// How many wait.
    int count() {
        return count;
    }

    /// What holding them costs, in bytes.
    long cost() {
        return bytes + (long) count * COST;
    }

    /// Copies one to the end.
    void add(final MemorySegment data, final SockAddrBuffer to, final int segment, final Stream.Completion completion) {
        final Place place = memory.place(data.byteSize());
        place.length = data.byteSize();
        place.segment = segment;
        place.completion = completion;
        place.addressed = to != null;
        if (place.addressed) {
            place.to.set(to);
        }
        MemorySegment.copy(data, 0, place.memory, 0, place.length);
        if (last == null) {
            first = place;
        } else {
            last.next = place;
        }
        last = place;
        grown(1, place.length);
    }

    /// Gives those that have no address that of the peer whom they are for: the socket has another now.
    void address(final SockAddr peer) {
        for (Place place = first; place != null; place = place.next) {
            if (!place.addressed) {
                place.to.set(peer);
                place.addressed = true;
            }
        }
    }

    /// Puts the first of them into messages; how many.
    int fill(final Messages messages) {
        int filled = 0;
        for (Place place = first; place != null && filled < messages.size(); place = place.next) {
            final Message message = messages.get(filled++).clearControl();
            message.buffers().clear().add(place.memory, 0, place.length);
            DatagramMemory.address(message, place.addressed ? place.to : null);
            if (place.segment > 0) {
                message.add(Cmsg.UDP_SEGMENT, place.segment);
            }
        }
        return filled;
    }

    /// Takes the first one out, to be [given back][DatagramMemory#giveBack]; null where there is none.
    Place poll() {
        return takeOut(null, first);
    }

    /// Takes the first one out that has no address, as [#poll].
    Place pollForPeer() {
        Place before = null;
        Place place = first;
        while (place != null && place.addressed) {
            before = place;
            place = place.next;
        }
        return takeOut(before, place);
    }

    /// @param before who is in front of it; null for nobody
    private Place takeOut(final Place before, final Place place) {
        if (place != null) {
            if (before == null) {
                first = place.next;
            } else {
                before.next = place.next;
            }
            last = place.next == null ? before : last;
            place.next = null;
            grown(-1, -place.length);
        }
        return place;
    }

    private void grown(final int datagrams, final long by) {
        count += datagrams;
        bytes += by;
        memory.metrics.bytesQueued += by;
    }
}
