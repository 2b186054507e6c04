package io.github.fdsock.cases;

import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.ControlBuffer;
import io.github.fdsock.sys.struct.Iovec;
import io.github.fdsock.sys.struct.Msghdr;
import java.lang.foreign.Arena;

/// A message of a single byte and what travels beside it, for tests and for their children, which have no library.
final class OneByteMessage {
    private final ControlBuffer control;
    private final Msghdr message;

    OneByteMessage(Arena arena, int controlRoom) {
        control = ControlBuffer.allocate(arena, controlRoom);
        message = Msghdr.allocate(arena).iov(Iovec.allocate(arena, 1).add(arena.allocate(1))).control(control);
    }

    ControlBuffer control() {
        return control;
    }

    Msghdr header() {
        return message;
    }

    long send(int socket, int flags) {
        return Libc.sendmsg(socket, message.prepareSend().segment(), flags);
    }

    /// Receives one; what was in the control buffer before is still there where the kernel writes nothing.
    long receive(int socket, int flags) {
        message.prepareReceive();
        control.segment().fill((byte) 0x55);
        long result = Libc.recvmsg(socket, message.segment(), flags);
        message.received();
        return result;
    }
}
