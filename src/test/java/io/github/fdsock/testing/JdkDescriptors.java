package io.github.fdsock.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/// The descriptors that the JDK opens at the first use of its own channels and keeps as long as the JVM lives.
///
/// A class of its own, not an initialiser of [OpenDescriptors]: the virtual thread would wait for that to end.
final class JdkDescriptors {

    private JdkDescriptors() {
    }

    /// Opens them all: the socket that is laid over a channel being closed, and the pollers of the virtual threads.
    static void openWhatIsKept() {
        try {
            try (Selector selector = Selector.open();
                    ServerSocketChannel listener = ServerSocketChannel.open();
                    SocketChannel channel = SocketChannel.open()) {
                listener.configureBlocking(false);
                channel.configureBlocking(false);
                selector.selectNow();
            }
            Pipe pipe = Pipe.open();
            try (Pipe.SourceChannel source = pipe.source(); Pipe.SinkChannel sink = pipe.sink()) {
                Thread reader = Thread.ofVirtual().start(() -> readOne(source));
                while (reader.getState() != Thread.State.WAITING && reader.isAlive()) {
                    Thread.onSpinWait();
                }
                sink.write(ByteBuffer.allocate(1));
                reader.join();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted before the first test", e);
        }
    }

    private static void readOne(Pipe.SourceChannel source) {
        try {
            source.read(ByteBuffer.allocate(1));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
