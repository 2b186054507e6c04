package io.github.fdsock.loop;

import io.github.fdsock.Message;
import io.github.fdsock.Messages;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SockAddrBuffer;
import io.github.fdsock.cmsg.Cmsg;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The native memory that the datagram sockets of a loop share: what they receive into, and what they send from.
final class DatagramMemory {
    /// So many go into one `sendmmsg(2)`, as into one `recvmmsg(2)`.
    private static final int PER_CALL = DatagramBatch.MOST;

    /// So many unused places of queues are kept, half a megabyte.
    private static final int POOLED = 256;

    /// Parts of a memory, each made once for its place and length: a hash table in which the latest one stays.
    static final class Slices {
        /// So many are kept, 56 bytes each.
        private static final int BITS = 12;

        private final MemorySegment memory;
        private final MemorySegment[] slices = new MemorySegment[1 << BITS];

        Slices(final MemorySegment memory) {
            this.memory = memory;
        }

        MemorySegment of(final long start, final long length) {
            // Fibonacci hashing: the upper bits of the product are well mixed.
            final int at = (int) ((start * 65_537 + length) * 0x9e37_79b9_7f4a_7c15L >>> Long.SIZE - BITS);
            MemorySegment slice = slices[at];
            if (slice == null || slice.byteSize() != length || slice.address() != memory.address() + start) {
                slice = slices[at] = memory.asSlice(start, length);
            }
            return slice;
        }
    }

    final LoopMetrics metrics;

    /// What all of them receive into that want neither more room nor descriptors.
    final DatagramBatch batch = new DatagramBatch(DatagramBatch.MOST, DatagramBatch.ROOM, 0);

    /// Where an address is encoded that is sent to.
    final SockAddrBuffer destination = SockAddrBuffer.allocate(Arena.ofAuto());

    /// What is sent from an array lies here in between.
    private final Slices output = new Slices(Arena.ofAuto().allocate(DatagramBatch.ROOM, Long.BYTES));

    private Message segmented;
    private int segment;
    private Message report;
    private Messages outgoing;
    private DatagramQueue.Place pool;
    private int pooled;

    DatagramMemory(final LoopMetrics metrics) {
        this.metrics = metrics;
    }

    /// The bytes in native memory.
    MemorySegment outside(final MemorySegment data) {
        if (data.isNative()) {
            return data;
        }
        final MemorySegment copy = data.byteSize() <= DatagramBatch.ROOM ? output.of(0, data.byteSize())
                : Arena.ofAuto().allocate(data.byteSize());
        return copy.copyFrom(data);
    }

    /// A message that becomes datagrams of `size` bytes.
    Message segmented(final MemorySegment data, final int size, final SockAddrBuffer to) {
        if (segmented == null) {
            segmented = Message.allocate(Arena.ofAuto(), 1, Cmsg.UDP_SEGMENT.space(), 0);
        }
        if (segment != size) {
            segmented.clearControl().add(Cmsg.UDP_SEGMENT, size);
            segment = size;
        }
        segmented.buffers().clear().add(data);
        address(segmented, to);
        return segmented;
    }

    static void address(final Message message, final SockAddrBuffer to) {
        if (to == null) {
            message.to((SockAddr) null);
        } else {
            message.to(to);
        }
    }

    /// For an entry of the error queue, with the memory that the next datagram will lie in.
    Message report() {
        if (report == null) {
            report = Message.allocate(Arena.ofAuto(), 1, DatagramBatch.CONTROL, 0);
            report.buffers().add(batch.first());
        }
        return report;
    }

    /// For what a queue sends in one call.
    Messages outgoing() {
        if (outgoing == null) {
            outgoing = Messages.allocate(Arena.ofAuto(), PER_CALL, 1, Cmsg.UDP_SEGMENT.space(), 0);
        }
        return outgoing;
    }

    /// A place in a queue for a datagram of `size` bytes.
    DatagramQueue.Place place(final long size) {
        final DatagramQueue.Place place = pool;
        if (size > DatagramQueue.PLACE_SIZE || place == null) {
            return new DatagramQueue.Place(Math.max(size, DatagramQueue.PLACE_SIZE));
        }
        pool = place.next;
        pooled--;
        place.next = null;
        return place;
    }

    /// Takes back what [#place] has given.
    void giveBack(final DatagramQueue.Place place) {
        place.completion = null;
        if (place.memory.byteSize() == DatagramQueue.PLACE_SIZE && pooled < POOLED) {
            place.next = pool;
            pool = place;
            pooled++;
        }
    }
}
