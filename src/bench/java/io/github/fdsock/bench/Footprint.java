package io.github.fdsock.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What a server holds in memory, in bytes. What the kernel holds for its sockets is not among it.
///
/// @param heap the objects that are alive, after a full collection; 0 without a JVM
/// @param off what Java code has allocated off the heap, in arenas and direct buffers; 0 without a JVM
/// @param resident all that is in physical memory and not a file's, `Anonymous` in `/proc/PID/smaps_rollup`; of a
///         server started here it has all of the heap from the beginning, so that it grows by what lies beside the heap
record Footprint(long heap, long off, long resident) {
    /// The heap is in memory from the start, and large enough for all connections.
    private static final List<String> JVM_OPTIONS = List.of("-Xms128m", "-Xmx128m", "-XX:+AlwaysPreTouch",
            "-XX:NativeMemoryTracking=summary");

    /// Connections a second that come and go while a server warms up.
    private static final int WARM_UP_PER_SECOND = 1000;

    private static final long KILO = 1024;

    private static final Pattern ALIVE = Pattern.compile("Total +\\d+ +(\\d+)");
    private static final Pattern COMMITTED = Pattern.compile("Total: reserved=\\d+, committed=\\d+");
    private static final Pattern OTHER = Pattern.compile("- +Other \\(reserved=\\d+, committed=(\\d+)\\)");
    private static final Pattern ANONYMOUS = Pattern.compile("Anonymous: +(\\d+) kB");

    /// Starts a server and lets connections come and go for some seconds, one after the other: what grows once has
    /// grown then, and nothing yet that grows with the number of connections.
    static EchoProcess start(final EchoProgram program, final EchoLoad load, final int seconds)
            throws IOException, InterruptedException {
        final EchoProcess server = EchoProcess.start(program, JVM_OPTIONS, List.of("tcp:127.0.0.1:0"));
        try {
            // To be asked costs a JVM a descriptor, once.
            of(server);
            final int none = server.descriptors();
            load.churn(server.address(0), WARM_UP_PER_SECOND, seconds);
            server.awaitDescriptors(none);
            return server;
        } catch (final IOException | InterruptedException | RuntimeException e) {
            try (server) {
                throw e;
            }
        }
    }

    static Footprint of(final EchoProcess server) throws IOException, InterruptedException {
        long heap = 0;
        long off = 0;
        if (server.program().inJvm()) {
            // The first full collection lets cleaners run, which give back what lies off the heap; the second counts.
            jcmd(server, "GC.class_histogram");
            heap = number(ALIVE, jcmd(server, "GC.class_histogram"));
            final String nativeMemory = jcmd(server, "VM.native_memory", "summary", "scale=b");
            if (!COMMITTED.matcher(nativeMemory).find()) {
                throw new IllegalStateException("no summary of native memory: " + nativeMemory);
            }
            // There is no such line where there is no such memory.
            off = OTHER.matcher(nativeMemory).find() ? number(OTHER, nativeMemory) : 0;
        }
        return new Footprint(heap, off, KILO * number(ANONYMOUS,
                Files.readString(Path.of("/proc/" + server.pid() + "/smaps_rollup"))));
    }

    /// How much more this is.
    Footprint minus(final Footprint other) {
        return new Footprint(heap - other.heap, off - other.off, resident - other.resident);
    }

    private static String jcmd(final EchoProcess server, final String... command)
            throws IOException, InterruptedException {
        final List<String> line = new ArrayList<>(List.of(Program.ofJdk("jcmd"), Long.toString(server.pid())));
        line.addAll(List.of(command));
        return String.join("\n", Program.run(line));
    }

    private static long number(final Pattern pattern, final String text) {
        final Matcher matcher = pattern.matcher(text);
        if (!matcher.find()) {
            throw new IllegalStateException("no " + pattern + " in " + text);
        }
        return Long.parseLong(matcher.group(1));
    }
}
