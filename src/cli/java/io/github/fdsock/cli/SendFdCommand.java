package io.github.fdsock.cli;

import static io.github.fdsock.sys.Constants.*;

import io.github.fdsock.Endpoint;
import io.github.fdsock.ErrnoException;
import io.github.fdsock.Fd;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.cli.descriptor.Channel;
import io.github.fdsock.cli.descriptor.Inherited;
import io.github.fdsock.option.SockOpt;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `fdsock send-fd`: passes files and sockets to another process.
@Command(name = "send-fd", description = {
    "Opens each FILE, makes a socket for each ADDRESS, and passes them over a UNIX socket, all with one message of one"
        + " byte. Ends when that is sent; the receiver may look later.",
    "A tcp:, unix: or unixseq: socket is passed listening, and `listening ADDRESS` is printed for it; a udp: or"
        + " unixdgram: socket is passed bound."})
final class SendFdCommand implements Callable<Integer> {
    private static final long RETRY_MS = 10;
    private static final int DEFAULT_MODE = 0666;

    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "CHANNEL", description = "where the receiver is: " + Channel.NOTATION)
    private Channel channel;

    @Parameters(index = "1..*", arity = "1..*", paramLabel = "FILE|ADDRESS", converter = Passed.class,
            description = "a file (one whose name looks like an address is written ./tcp:x), an address such as"
                + " tcp:127.0.0.1:0, or fd:N for a descriptor that was inherited")
    private List<Object> passed;

    @ArgGroup
    private final Access access = new Access();

    @Option(names = "--connect", description = "pass sockets that are connected to the ADDRESSes")
    private boolean connect;

    @Option(names = "--wait", paramLabel = "SECONDS", defaultValue = "0",
            description = "how long to wait for a receiver that is not there yet (default: ${DEFAULT-VALUE})")
    private double waitSeconds;

    @Option(names = "--json", description = "print the listening addresses as JSON objects")
    private boolean json;

    /// How files are opened: for reading where neither is given.
    private static final class Access {
        @Option(names = "--read-write", description = "open files for reading and writing, as the shell's <> does")
        private boolean readWrite;

        @Option(names = "--append", description = "open files for appending, as the shell's >> does")
        private boolean append;

        int flags() {
            return readWrite ? O_RDWR | O_CREAT : append ? O_WRONLY | O_APPEND | O_CREAT : O_RDONLY;
        }
    }

    /// Tells what is to be passed: an [Inherited], an [Endpoint] or a [Path].
    static final class Passed implements ITypeConverter<Object> {
        private static final Pattern ADDRESS = Pattern.compile("[a-z]+:.*", Pattern.DOTALL);

        @Override
        public Object convert(final String text) {
            return Main.read(text, Passed::parse);
        }

        private static Object parse(final String text) {
            if (text.startsWith(Inherited.PREFIX)) {
                return Inherited.parse(text);
            }
            return ADDRESS.matcher(text).matches() ? Endpoint.parse(text) : Path.of(text);
        }
    }

    @Override
    public Integer call() throws Exception {
        if (passed.size() > SCM_MAX_FD) {
            throw new ParameterException(spec.commandLine(),
                    passed.size() + " descriptors; one message carries " + SCM_MAX_FD + " at most");
        }
        Limits.within(spec, "--wait", waitSeconds, 0, TimeUnit.DAYS.toSeconds(1));
        final Fd[] descriptors = new Fd[passed.size()];
        final Resources files = new Resources();
        boolean sent = false;
        try (Resources open = new Resources()) {
            // Files first: a name that is wrong costs the receiver nothing. Sockets when somebody is there to take them.
            for (int i = 0; i < descriptors.length; i++) {
                if (!(passed.get(i) instanceof Endpoint)) {
                    descriptors[i] = open.add(open(passed.get(i)));
                }
            }
            final SocketFd receiver = open.add(receiver());
            for (int i = 0; i < descriptors.length; i++) {
                if (passed.get(i) instanceof Endpoint endpoint) {
                    descriptors[i] = open.add(connect ? connected(endpoint) : SocketFile.bind(endpoint, 0, files));
                }
            }
            send(receiver, descriptors);
            sent = true;
            for (final Fd descriptor : descriptors) {
                announce(descriptor);
            }
        } finally {
            // What was passed on is in use.
            if (!sent) {
                files.close();
            }
        }
        return 0;
    }

    private Fd open(final Object file) throws IOException {
        return file instanceof Inherited inherited ? inherited.open()
                : Fd.openFile((Path) file, access.flags() | O_NOCTTY, DEFAULT_MODE);
    }

    private static SocketFd connected(final Endpoint endpoint) throws IOException {
        final SocketFd socket = SocketFd.socket(endpoint.family(), endpoint.type(), 0);
        try {
            if (endpoint.family() == AF_UNIX && endpoint.type() == SOCK_DGRAM) {
                // Without a name of its own nobody could answer it.
                socket.bind(SockAddr.unixAutobind());
            }
            socket.connect(endpoint.address());
            return socket;
        } catch (final IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private SocketFd receiver() throws IOException, InterruptedException {
        if (channel.inherited() != null) {
            return channel.inherited().openUnixSocket();
        }
        final long start = System.nanoTime();
        for (;;) {
            try {
                return connected(channel.endpoint());
            } catch (final ErrnoException e) {
                final boolean absent = e.errno() == ENOENT || e.errno() == ECONNREFUSED;
                if (!absent || System.nanoTime() - start >= waitSeconds * 1e9) {
                    throw e;
                }
            }
            // Nothing tells when a socket begins to listen.
            Thread.sleep(RETRY_MS);
        }
    }

    private static void send(final SocketFd receiver, final Fd... descriptors) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            // An inherited channel may be non-blocking.
            while (receiver.sendDescriptors(arena.allocate(1), 0, descriptors) == -EAGAIN) {
                receiver.await(POLLOUT, -1);
            }
        }
    }

    /// Prints the address of a socket that was made to listen.
    private void announce(final Fd descriptor) throws IOException {
        if (descriptor instanceof SocketFd socket && socket.getsockopt(SockOpt.SO_ACCEPTCONN)) {
            final Endpoint endpoint = new Endpoint(socket.getsockopt(SockOpt.SO_TYPE), socket.localAddress());
            // Standard output may be the channel.
            Output.listening(channel.inherited() == null ? System.out : System.err, endpoint, json);
        }
    }
}
