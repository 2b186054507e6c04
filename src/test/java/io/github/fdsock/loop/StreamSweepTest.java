package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.EventFd;
import io.github.fdsock.Fd;
import io.github.fdsock.PipeFd;
import io.github.fdsock.SocketFd;
import io.github.fdsock.harness.Sweep;
import io.github.fdsock.harness.junit.SocketFamily;
import io.github.fdsock.sys.Call;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Whichever call fails, and however: nothing leaks or hangs, each callback comes once, and where nobody was told of a
/// failure every byte has arrived.
@Timeout(300)
class StreamSweepTest {
    private static final MemorySegment HELLO =
            Arena.ofAuto().allocate(5).copyFrom(MemorySegment.ofArray("hello".getBytes()));

    /// What the handlers of one stream were told.
    private static final class Told {
        final String name;
        int connected;
        int ended;
        int closed;
        int asked;
        int completed;
        boolean failed;
        final StringBuilder data = new StringBuilder();

        Told(final String name) {
            this.name = name;
        }

        Stream listen(final Stream stream) {
            return stream.onConnect(() -> {
                connected++;
                alive();
            }).onData(bytes -> {
                data.append(Turns.text(bytes));
                alive();
            }).onEnd(() -> {
                ended++;
                alive();
                stream.end();
            }).onClose(cause -> {
                alive();
                closed++;
                failed |= cause != null;
            });
        }

        Stream.Completion completion() {
            asked++;
            return failure -> {
                alive();
                completed++;
                failed |= failure != null;
            };
        }

        void alive() {
            assertThat(closed).as("closes of %s before something else", name).isZero();
        }

        void check() {
            assertThat(closed).as("closes of %s", name).isEqualTo(1);
            assertThat(completed).as("completions of %s", name).isEqualTo(asked);
            assertThat(connected).as("connects of %s", name).isLessThanOrEqualTo(1);
            assertThat(ended).as("ends of %s", name).isLessThanOrEqualTo(1);
        }
    }

    /// A loop in which something is tried, and all who are told of it.
    private abstract static class Trial {
        final EventLoop loop;
        final List<Told> all = new ArrayList<>();
        private boolean failed;
        Told client;

        Trial() throws IOException {
            loop = EventLoop.open();
        }

        Told told(final String name) {
            final Told told = new Told(name);
            all.add(told);
            return told;
        }

        /// Sets up what the loop then runs.
        abstract void begin() throws IOException;

        /// Checks what is true where nothing has failed.
        abstract void succeeded();

        void run() throws IOException {
            try (loop) {
                final Timer limit = loop.timer(() -> {
                    throw new AssertionError("hangs: " + loop.metrics().streams() + " streams are open");
                });
                limit.unref();
                limit.start(Duration.ofSeconds(12));
                begin();
                loop.run();
                limit.cancel();
            } catch (final IOException | RuntimeException e) {
                failed = true;
                throw e;
            } finally {
                all.forEach(Told::check);
                assertThat(loop.metrics().streams()).as("open streams").isZero();
                assertThat(loop.metrics().bytesQueued()).as("queued bytes").isZero();
            }
            for (final Listener.AcceptError kind : Listener.AcceptError.values()) {
                failed |= kind != Listener.AcceptError.RETRY && loop.metrics().acceptErrors(kind) > 0;
            }
            if (!failed && all.stream().noneMatch(each -> each.failed)) {
                succeeded();
            }
        }

        /// A listener whose failures are told.
        Listener listen(final SocketFamily family, final Listener.ConnectionHandler handler) throws IOException {
            return loop.listen(family.any(), handler).onClose(cause -> failed |= cause != null);
        }

        /// The client of the first of these, all of which it closes behind it.
        Stream connect(final Listener... listeners) throws IOException {
            final Stream stream = loop.connect(listeners[0].localAddress());
            client = told("client");
            return client.listen(stream).onClose(cause -> {
                client.closed++;
                client.failed |= cause != null;
                for (final Listener listener : listeners) {
                    listener.close();
                }
            });
        }
    }

    private static void sweep(final boolean shorten, final Call[] met, final Sweep.Scenario scenario) {
        final Sweep sweep = Sweep.of(scenario);
        final Sweep.Report report = (shorten ? sweep.shortTo(2) : sweep).run();
        assertThat(report.failed()).containsKeys(met);
    }

    @ParameterizedTest
    @EnumSource(value = SocketFamily.class, names = {"TCP4", "UNIX_STREAM"})
    void anEchoServerAndItsClient(final SocketFamily family) {
        sweep(true, new Call[] {Call.socket, Call.bind, Call.listen, Call.accept4, Call.connect, Call.recv, Call.send,
            Call.shutdown, Call.epoll_ctl, Call.epoll_pwait2, Call.getsockopt, Call.close}, () -> new Trial() {
                @Override
                void begin() throws IOException {
                    final Listener listener = listen(family, stream -> told("server").listen(stream).pipeTo(stream));
                    final Stream stream = connect(listener);
                    stream.write(HELLO, client.completion());
                    stream.write(HELLO, client.completion());
                    stream.end();
                }

                @Override
                void succeeded() {
                    assertThat(client.data.toString()).isEqualTo("hellohello");
                    assertThat(client.connected + client.ended).isEqualTo(2);
                }
            }.run());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void anEchoOverPipes(final boolean splice) {
        sweep(true, new Call[] {Call.pipe2, Call.fcntl, Call.read, Call.write, Call.writev, Call.sendfile,
            Call.epoll_ctl, Call.epoll_pwait2, splice ? Call.splice : Call.read, Call.close}, () -> new Trial() {
                private record Ends(Stream in, Stream out) {
                }

                @Override
                void begin() throws IOException {
                    final Ends there = pipe();
                    client = all.getLast();
                    if (splice) {
                        there.in.spliceTo(pipe().out);
                    } else {
                        there.in.pipeTo(pipe().out);
                    }
                    there.out.write(HELLO, client.completion());
                    there.out.writev(HELLO, HELLO);
                    there.out.sendFile(Fd.openFile(Path.of("/etc/hostname"), O_RDONLY, 0), 0, 1, client.completion());
                    there.out.end();
                }

                private Ends pipe() throws IOException {
                    final PipeFd.Pair pair = PipeFd.create(0);
                    try {
                        final Stream in = loop.adopt(pair.readEnd());
                        told("in").listen(in);
                        final Stream out = loop.adopt(pair.writeEnd());
                        told("out").listen(out);
                        return new Ends(in, out);
                    } catch (final IOException e) {
                        pair.close();
                        throw e;
                    }
                }

                @Override
                void succeeded() {
                    assertThat(all.get(2).data.toString()).startsWith("hellohellohello").hasSize(16);
                }
            }.run());
    }

    @ParameterizedTest
    @CsvSource({"TCP4,UNIX_STREAM,true", "UNIX_STREAM,TCP4,true", "TCP4,TCP4,false"})
    void aProxiedConnection(final SocketFamily clients, final SocketFamily servers, final boolean splice) {
        sweep(true, new Call[] {Call.accept4, Call.connect, Call.shutdown, Call.epoll_ctl, Call.epoll_pwait2,
            Call.close, splice ? Call.splice : Call.recv}, () -> new Trial() {
                @Override
                void begin() throws IOException {
                    final Listener server = listen(servers, stream -> told("server").listen(stream).onData(data ->
                            stream.write(data)));
                    final Listener proxy = listen(clients, left -> {
                        told("left").listen(left);
                        left.pause();
                        final Stream right = loop.connect(server.localAddress());
                        told("right").listen(right);
                        if (!splice) {
                            left.pipeTo(right);
                            right.pipeTo(left);
                            return;
                        }
                        try {
                            left.spliceTo(right);
                            right.spliceTo(left);
                        } catch (final IOException e) {
                            // A pipe that was not made binds the two to nothing.
                            right.destroy(e);
                            throw e;
                        }
                    });
                    final Stream stream = connect(proxy, server);
                    stream.write(HELLO, client.completion());
                    stream.end();
                }

                @Override
                void succeeded() {
                    assertThat(client.data.toString()).isEqualTo("hello");
                    assertThat(client.ended).isEqualTo(1);
                }
            }.run());
    }

    @ParameterizedTest
    @EnumSource(value = SocketFamily.class, names = {"UNIX_STREAM", "UNIX_SEQPACKET"})
    void aWriteWithDescriptors(final SocketFamily family) {
        sweep(false, new Call[] {Call.sendmsg, Call.recvmsg, Call.epoll_ctl, Call.epoll_pwait2, Call.close},
            () -> new Trial() {
                private final List<String> came = new ArrayList<>();

                @Override
                void begin() throws IOException {
                    try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, family.type(), 0)) {
                        final Stream from = loop.adopt(pair.first());
                        told("from").listen(from);
                        final Stream to = loop.adopt(pair.second());
                        told("to").listen(to).onMessage((data, message) -> {
                            for (int i = 0; i < message.descriptors(); i++) {
                                try (Fd fd = message.takeFd(i)) {
                                    final MemorySegment value = Arena.ofAuto().allocate(8);
                                    if (fd.read(value) < 0) {
                                        throw new ErrnoException("nothing to be read", EAGAIN);
                                    }
                                    came.add(Turns.text(data) + value.get(ValueLayout.JAVA_LONG, 0));
                                }
                            }
                        });
                        write(from, EventFd.create(1, EFD_NONBLOCK));
                        write(from, EventFd.create(2, EFD_NONBLOCK));
                        from.end();
                        loop.run();
                    }
                }

                private void write(final Stream stream, final EventFd fd) throws IOException {
                    try {
                        stream.write(HELLO, fd);
                    } catch (final IOException | RuntimeException e) {
                        // It was not taken.
                        fd.close();
                        throw e;
                    }
                }

                @Override
                void succeeded() {
                    assertThat(came).containsExactly("hello1", "hello2");
                }
            }.run());
    }

    @ParameterizedTest
    @EnumSource(value = SocketFamily.class, names = {"TCP6", "UNIX_STREAM"})
    void aConnectAWriteAFileAndTheEnd(final SocketFamily family) {
        sweep(true, new Call[] {Call.connect, Call.send, Call.sendmsg, Call.sendfile, Call.shutdown, Call.close},
            () -> new Trial() {
                private final StringBuilder got = new StringBuilder();

                @Override
                void begin() throws IOException {
                    final Listener listener = listen(family, stream ->
                            told("server").listen(stream).onData(data -> got.append(Turns.text(data))));
                    final Stream stream = connect(listener);
                    stream.onConnect(() -> {
                        stream.write(HELLO, client.completion());
                        stream.writev(HELLO, HELLO);
                        stream.sendFile(Fd.openFile(Path.of("/etc/hostname"), O_RDONLY, 0), 0, 1,
                                client.completion());
                        stream.close();
                    });
                }

                @Override
                void succeeded() {
                    assertThat(got.toString()).startsWith("hellohellohello").hasSize(16);
                }
            }.run());
    }

    @Test
    void aMoveToAnotherLoop() {
        Sweep.of(() -> {
            final Told told = new Told("moved");
            final int[] arrived = {0};
            try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0)) {
                try (EventLoop other = EventLoop.open(); EventLoop one = EventLoop.open()) {
                    final Stream stream = one.adopt(pair.first());
                    told.listen(stream);
                    if (pair.second().send(new byte[] {'h', 'i'}, 0, 2, 0) < 0) {
                        throw new ErrnoException("a send with all the room in the world", EAGAIN);
                    }
                    stream.onTimeout(Duration.ofHours(1), () -> { });
                    stream.write(HELLO, told.completion());
                    stream.moveTo(other, _ -> arrived[0]++);
                    one.run();
                    pair.second().shutdown(SHUT_WR);
                    other.run();
                }
            } finally {
                if (told.asked > 0) {
                    told.check();
                    assertThat(arrived[0]).isLessThanOrEqualTo(1);
                }
            }
            if (!told.failed) {
                assertThat(told.data.toString()).isEqualTo("hi");
                assertThat(arrived[0]).isEqualTo(1);
            }
        }).run();
    }
}
