package io.github.fdsock.harness.script.child;

import static io.github.fdsock.option.SockOpt.SO_SNDTIMEO;
import static io.github.fdsock.sys.Constants.AF_UNIX;
import static io.github.fdsock.sys.Constants.MSG_NOSIGNAL;
import static io.github.fdsock.sys.Constants.SHUT_RDWR;
import static io.github.fdsock.sys.Constants.SHUT_WR;
import static io.github.fdsock.sys.Constants.SIGKILL;
import static io.github.fdsock.sys.Constants.SOCK_STREAM;

import io.github.fdsock.ExitStatus;
import io.github.fdsock.PidFd;
import io.github.fdsock.SocketFd;
import io.github.fdsock.process.Spawn;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.security.CodeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/// A child process that runs the `main` of a class of this library, and answers: a JVM as this one, started with chosen
/// descriptors beside the socket that is its standard input and output.
///
/// At any time one question of a kind may be open. A child that nobody can ask any more, since this process has ended,
/// ends as well: see [Answers].
///
/// **Threads.** One asks; answers come on another.
public final class ChildJvm {
    /// Longer than a JVM takes to start, and to begin to read, where there is much else to do.
    private static final Duration TAKES_AT_MOST = Duration.ofSeconds(20);

    /// For the shortest of lives. Signals do what they do to any program.
    private static final List<String> OPTIONS = List.of("-Xrs", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData", "-XX:+DisplayVMOutputToStderr");

    /// What would be added to these, and may contradict them.
    private static final List<String> VARIABLES = List.of("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS");

    private final PidFd process;
    private final int pid;
    private final SocketFd socket;
    private final Thread reader;
    private final Map<Integer, CompletableFuture<Frame>> asked = new ConcurrentHashMap<>();

    /// Why there are no more answers.
    private volatile IOException gone;

    /// How it ended, once that was taken.
    private ExitStatus status;

    private ChildJvm(final PidFd process, final SocketFd socket, final String name) throws IOException {
        this.process = process;
        this.pid = process.pid();
        this.socket = socket;
        this.reader = Thread.ofPlatform().daemon().name(name).start(this::read);
    }

    /// Starts one.
    ///
    /// @param main the class
    /// @param name of the thread that reads the answers
    /// @param inherited numbers of descriptors here: those that are not close-on-exec it has as well
    /// @return the child, to be ended by [#end]
    /// @throws IOException if it cannot be started; nothing is left of it then
    public static ChildJvm start(final Class<?> main, final String name, final Iterable<Integer> inherited)
            throws IOException {
        final SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0);
        try (SocketFd theirs = pair.second()) {
            pair.first().setsockopt(SO_SNDTIMEO, TAKES_AT_MOST);
            final List<String> command = command(main);
            final Spawn spawn = Spawn.program(command.getFirst(),
                    command.subList(1, command.size()).toArray(String[]::new)).fd(0, theirs).fd(1, theirs);
            inherited.forEach(spawn::inherit);
            VARIABLES.forEach(spawn::unsetenv);
            final PidFd process = spawn.start();
            try {
                return new ChildJvm(process, pair.first(), name);
            } catch (final IOException | RuntimeException e) {
                process.sendSignal(SIGKILL);
                process.waitFor();
                process.close();
                throw e;
            }
        } catch (final IOException | RuntimeException e) {
            pair.first().close();
            throw e;
        }
    }

    /// With the class path or module path of the library alone, which needs nothing else.
    private static List<String> command(final Class<?> main) {
        final List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        command.addAll(OPTIONS);
        final CodeSource source = main.getProtectionDomain().getCodeSource();
        final Module module = main.getModule();
        if (module.isNamed()) {
            command.add("--enable-native-access=" + module.getName());
            if (source != null && !source.getLocation().getProtocol().equals("jrt")) {
                command.addAll(List.of("-p", place(source)));
            }
            command.addAll(List.of("-m", module.getName() + "/" + main.getName()));
        } else {
            command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-cp", place(source), main.getName()));
        }
        return command;
    }

    private static String place(final CodeSource source) {
        try {
            return Path.of(source.getLocation().toURI()).toString();
        } catch (final URISyntaxException e) {
            throw new IllegalStateException("the library was not loaded from a file: " + source, e);
        }
    }

    private void read() {
        final InputStream stream = new BufferedInputStream(new InputStream() {
            @Override
            public int read() {
                throw new UnsupportedOperationException("a single byte");
            }

            @Override
            public int read(final byte[] into, final int offset, final int length) throws IOException {
                final long n = socket.recv(into, offset, length, 0);
                return n > 0 ? (int) n : -1;
            }
        });
        try {
            for (;;) {
                final Frame answer = Frame.read(stream);
                final CompletableFuture<Frame> question = asked.remove(answer.kind());
                if (question == null) {
                    throw new IOException("an answer to nothing: " + answer.kind());
                }
                question.complete(answer);
            }
        } catch (final IOException e) {
            gone = e;
            asked.values().forEach(question -> question.completeExceptionally(e));
        }
    }

    /// Its process id. It is the child's until [#awaitEnd] or [#end] has told how it ended.
    ///
    /// @return the number
    public int pid() {
        return pid;
    }

    /// Asks it something.
    ///
    /// @param kind no question of this kind is open
    /// @param content what to ask
    /// @return the answer; an [IOException] instead if there will be none: mostly because the process has ended
    public CompletableFuture<Frame> ask(final int kind, final Frame.Content content) {
        final CompletableFuture<Frame> question = new CompletableFuture<>();
        asked.put(kind, question);
        try {
            tell(kind, content);
            if (gone != null) {
                throw gone;
            }
        } catch (final IOException e) {
            question.completeExceptionally(e);
        }
        return question;
    }

    /// Tells it something that has no answer.
    ///
    /// @param kind of what
    /// @param content what to tell
    /// @throws IOException `EPIPE`: the process has ended; or it takes nothing
    public void tell(final int kind, final Frame.Content content) throws IOException {
        final byte[] frame = Frame.bytes(kind, content);
        for (int sent = 0; sent < frame.length;) {
            final long n = socket.send(frame, sent, frame.length - sent, MSG_NOSIGNAL);
            if (n < 0) {
                throw new IOException("the child takes nothing within " + TAKES_AT_MOST.toSeconds() + " s");
            }
            sent += (int) n;
        }
    }

    /// Waits until it has ended, and takes how: its process id is nobody's then.
    ///
    /// @param timeoutNanos at most so long
    /// @return how it ended, or null if it has not
    /// @throws IOException as `waitid`
    public ExitStatus awaitEnd(final long timeoutNanos) throws IOException {
        if (status == null) {
            status = process.waitFor(Math.max(0, timeoutNanos));
        }
        return status;
    }

    /// Ends it, if it has not ended by itself: by asking nothing any more or, where that does not help, by `SIGKILL` to
    /// just this process. Nothing is left of it, or of its descriptors.
    ///
    /// @param graceNanos how long asking nothing may take
    /// @return how it ended, or null if it had to be killed
    /// @throws IOException as `waitid`
    public ExitStatus end(final long graceNanos) throws IOException {
        try (process; socket) {
            socket.shutdown(SHUT_WR);
            final boolean killed = awaitEnd(graceNanos) == null;
            if (killed) {
                process.sendSignal(SIGKILL);
                status = process.waitFor();
            }
            // The child could have passed its end on to somebody who goes on.
            socket.shutdown(SHUT_RDWR);
            joinReader();
            return killed ? null : status;
        }
    }

    /// It ends at once, since there is nothing left to read.
    private void joinReader() {
        boolean interrupted = false;
        while (reader.isAlive()) {
            try {
                reader.join();
            } catch (final InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
