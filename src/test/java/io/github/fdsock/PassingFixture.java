package io.github.fdsock;

import static io.github.fdsock.sys.Constants.AF_UNIX;
import static io.github.fdsock.sys.Constants.SOCK_STREAM;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/// Two UNIX sockets that are connected, a pipe whose ends are passed over them, and room to receive into: new for each
/// test.
abstract class PassingFixture {
    Arena arena;
    SocketFd.Pair pair;
    PipeFd.Pair pipe;
    MemorySegment room;

    @BeforeEach
    void open() throws IOException {
        arena = Arena.ofShared();
        room = arena.allocate(1000);
        pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0);
        pipe = PipeFd.create(0);
    }

    @AfterEach
    void close() throws IOException {
        pipe.close();
        pair.close();
        arena.close();
    }

    MemorySegment bytes(final String text) {
        return arena.allocateFrom(ValueLayout.JAVA_BYTE, text.getBytes(StandardCharsets.US_ASCII));
    }

    /// What a message has brought into the room.
    String text(final Message message) {
        return new String(room.asSlice(0, message.bytes()).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.US_ASCII);
    }
}
