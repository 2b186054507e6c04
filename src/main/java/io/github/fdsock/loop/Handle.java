package io.github.fdsock.loop;

import io.github.fdsock.Fd;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import java.io.Closeable;
import java.io.IOException;

/// A descriptor that belongs to a loop and is closed with it, like libuv's `uv_handle_t`: a [Stream], a [Listener] or
/// [Datagrams].
///
/// Used on the loop's thread only. [EventLoop#handles] names all that are open.
public abstract sealed class Handle extends Slot implements Closeable permits Connection, Listener, Datagrams {
    /// Is told that it is over.
    @FunctionalInterface
    public interface CloseHandler {
        /// Called once, after everything else, in the last phase of the turn; the descriptor is closed.
        ///
        /// @param cause why; null where it was closed without a cause, and where both sides of a stream have ended
        /// @throws IOException ends [EventLoop#run] with it
        void closed(IOException cause) throws IOException;
    }

    final Fd fd;
    CloseHandler onClose;
    boolean closed;

    /// Whether somebody else knows the socket, and may set any option of it.
    boolean socketKnown;

    Handle(final EventLoop loop, final Fd fd) {
        super(loop);
        this.fd = fd;
    }

    @Override
    final Fd descriptor() {
        return fd;
    }

    /// An [IllegalStateException] is that of a descriptor that somebody else has closed.
    static IOException reason(final Exception failure) {
        return failure instanceof final IOException e ? e : new IOException(failure);
    }

    /// Closes it at once, with the loop.
    abstract void loopCloses();

    /// Lets it be told, in the last phase of the turn, that it is over.
    final void over(final IOException cause) {
        loop.ending(() -> {
            if (onClose != null) {
                onClose.closed(cause);
            }
        });
        loop.descriptorFreed();
    }

    /// The loop that it belongs to.
    ///
    /// @return the loop
    public final EventLoop loop() {
        return loop;
    }

    /// The socket, for options and names. It stays this one's: who closes it, or shuts it down, ends this.
    ///
    /// A stream whose socket others know is told of what arrives by levels, and no more by edges (`EPOLLET`), since
    /// they may set an option by which reads end early.
    ///
    /// @return the socket
    /// @throws UnsupportedOperationException of a stream that [has none][EventLoop#adopt(Fd)]
    public final SocketFd socket() {
        socketKnown = true;
        return ownSocket();
    }

    /// For the loop itself, which knows what it does to it.
    final SocketFd ownSocket() {
        if (fd instanceof final SocketFd socket) {
            return socket;
        }
        throw new UnsupportedOperationException(fd + " is no socket");
    }

    /// `getsockname(2)`: the own address, with the port that the kernel chose.
    ///
    /// @return the address
    /// @throws UnsupportedOperationException as [#socket]
    /// @throws IOException as the call has it
    public final SockAddr localAddress() throws IOException {
        return ownSocket().localAddress();
    }

    /// Whether the descriptor is ours no more.
    ///
    /// @return true from the moment on that leads to the [CloseHandler]
    public final boolean isClosed() {
        return closed;
    }

    /// Whether the loop runs for as long as this is open.
    ///
    /// @return false after [#unref], and when it is closed
    public final boolean isReferenced() {
        return referenced && !closed;
    }

    /// Lets the loop run for as long as this is open, as from the beginning.
    public final void ref() {
        reference(true);
    }

    /// Lets the loop end though this is open.
    public final void unref() {
        reference(false);
    }
}
