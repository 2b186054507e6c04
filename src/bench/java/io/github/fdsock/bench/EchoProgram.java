package io.github.fdsock.bench;

import io.github.fdsock.bench.server.BlockingEcho;
import io.github.fdsock.bench.server.CallsEcho;
import io.github.fdsock.bench.server.VirtualThreadEcho;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// An echo server that is measured: how it is started.
///
/// @param name in the tables
/// @param inJvm whether `command` begins with a main class of this class path, not with a program
/// @param command what stands before the addresses
record EchoProgram(String name, boolean inJvm, List<String> command) {
    /// Each ends by itself when its standard input does, as it is when the one who started it is gone.
    private static final String UNTIL_STDIN_ENDS = "--until-stdin-ends";

    private static final String TOOL = "io.github.fdsock.cli.Main";

    static final EchoProgram FDSOCK = new EchoProgram("fdsock", true, List.of(TOOL, "echo"));
    static final EchoProgram CALLS = new EchoProgram("fdsock, only calls", true, List.of(CallsEcho.class.getName()));
    static final EchoProgram CHANNELS = new EchoProgram("JDK, Selector", true, List.of(TOOL, "nio-echo"));
    static final EchoProgram BLOCKING =
            new EchoProgram("fdsock, virtual threads", true, List.of(BlockingEcho.class.getName()));
    static final EchoProgram VIRTUAL_THREADS =
            new EchoProgram("JDK, virtual threads", true, List.of(VirtualThreadEcho.class.getName()));

    /// The compiled `native/echo_epoll.c`: what the others are compared with.
    static EchoProgram c(final String name, final Path programs) {
        return new EchoProgram(name, false, List.of(programs.resolve("echo_epoll").toString()));
    }

    /// The same with a second thread, which is idle: the kernel's ways are longer then, as in a JVM.
    static EchoProgram cWithTwoThreads(final Path programs) {
        return new EchoProgram("C, two threads", false,
                List.of(programs.resolve("echo_epoll").toString(), "--two-threads"));
    }

    /// The same, told of each arrival once: edge-triggered.
    static EchoProgram cByEdges(final Path programs) {
        return new EchoProgram("C, by edges", false, List.of(programs.resolve("echo_epoll").toString(), "--edges"));
    }

    /// Those that serve all connections by one thread.
    static List<EchoProgram> withOneThread(final Path programs) {
        return List.of(c("C", programs), FDSOCK, CHANNELS);
    }

    List<String> commandLine(final List<String> jvmOptions, final List<String> addresses) {
        final List<String> line = new ArrayList<>();
        if (inJvm) {
            line.addAll(List.of(Program.ofJdk("java"), "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED"));
            line.addAll(jvmOptions);
            line.addAll(List.of("-cp", System.getProperty("java.class.path")));
        }
        line.addAll(command);
        line.add(UNTIL_STDIN_ENDS);
        line.addAll(addresses);
        return line;
    }
}
