package io.github.fdsock.programs;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.SockAddrBuffer;
import io.github.fdsock.SocketFd;
import io.github.fdsock.option.SockOpt;
import io.github.fdsock.process.Activation;
import io.github.fdsock.process.Inetd;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// A program that answers on every socket it was started with, whatever its kind, once: as a service manager starts it,
/// or with the argument `inetd` as inetd does. What it says about them goes to standard error.
final class ActivatedServer {
    private ActivatedServer() {
    }

    public static void main(final String[] arguments) throws Exception {
        final List<Thread> threads = new ArrayList<>();
        try (Activation activation = Activation.take()) {
            for (int i = 0; i < activation.descriptors(); i++) {
                threads.add(start((SocketFd) activation.takeFd(i), activation.name(i)));
            }
        }
        if (List.of(arguments).contains("inetd")) {
            threads.add(start(Inetd.take(), "inetd"));
            System.out.println("nobody reads this");
        }
        for (final Thread thread : threads) {
            thread.join();
        }
    }

    private static Thread start(final SocketFd socket, final String name) throws IOException {
        final boolean listening = socket.getsockopt(SockOpt.SO_ACCEPTCONN);
        System.err.println("serving " + name + ", family " + socket.getsockopt(SockOpt.SO_DOMAIN) + ", type "
                + socket.getsockopt(SockOpt.SO_TYPE) + (listening ? ", listening" : ""));
        return Thread.ofPlatform().start(() -> {
            try (socket; SocketFd connection = listening ? socket.accept() : socket) {
                answer(connection);
            } catch (final IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /// With what it gets, to whom it gets it from.
    private static void answer(final SocketFd socket) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment bytes = arena.allocate(1000);
            final SockAddrBuffer sender = SockAddrBuffer.allocate(arena);
            final MemorySegment question = bytes.asSlice(0, socket.recvFrom(bytes, 0, sender));
            if (socket.getsockopt(SockOpt.SO_TYPE) == SOCK_DGRAM) {
                socket.sendTo(question, 0, sender.address());
            } else {
                socket.send(question, 0);
            }
        }
    }
}
