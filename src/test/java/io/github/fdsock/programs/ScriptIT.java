package io.github.fdsock.programs;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.fdsock.testing.Project;
import io.github.fdsock.testing.RequiresProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `fdsock script` runs scripts, tells of each that fails where and how, and has a status that says whether one did.
class ScriptIT {
    /// Its number, on x86-64.
    private static final String RECVFROM = "45 ";

    private static final String PAIR = "socketpair(AF_UNIX, SOCK_STREAM, 0, [?a, ?b]) = 0\n";

    @TempDir
    private Path folder;

    private record Run(int status, List<String> lines, String errors) {
    }

    private static Run script(final String... arguments) throws Exception {
        final List<String> all = new ArrayList<>(List.of("script"));
        all.addAll(List.of(arguments));
        try (Program program = Program.fdsock(all.toArray(String[]::new))) {
            final List<String> lines = program.rest();
            return new Run(program.status(), lines, program.errors());
        }
    }

    private String write(final String name, final String text) throws IOException {
        return Files.writeString(folder.resolve(name), text).toString();
    }

    @Test
    void whatPassesIsCounted() throws Exception {
        write("a.calls", "# closes\n" + PAIR + "close(a) = 0\n");
        Files.createDirectory(folder.resolve("below"));
        write("below/b.calls", "# of two variants one is skipped\n# with: TYPE=SOCK_STREAM\n# with: TYPE=77\n"
                + "# unless: socket(AF_UNIX, TYPE, 0) = -1 EINVAL\nclose(-1) = -1 EBADF\n");
        write("c.calls", "# is skipped\n# unless: close(-1) = -1 EBADF\nclose(-1) = 7\n");
        write("notes.txt", "no script");
        final Run run = script(folder.toString());
        assertThat(run.lines).containsExactly("skipped " + folder + "/c.calls: is skipped",
                "  close(-1) = -1 EBADF on this machine", "2 passed, 0 failed, 1 skipped");
        assertThat(run.errors).isEmpty();
        assertThat(run.status).isZero();
    }

    @Test
    void whatFailsIsShownAsWrittenAndAsItCame() throws Exception {
        final String good = write("good.calls", "# closes\nclose(-1) = -1 EBADF\n");
        final String bad = write("bad.calls", "# sends\n# with: N=4\n# with: N=5\n" + PAIR
                + "send(a, \"hello\", ..., 0) = N\n");
        final String broken = write("broken.calls", "# parses\nclose(-1 = 0\n");
        final String faulty = write("faulty.calls", "# knows\nclose(FD) = 0\n");
        final Run run = script(good, bad, broken, faulty);
        assertThat(run.lines).containsExactly(
                "failed " + bad + ": sends",
                "  " + bad + ":5:28: expected N (4), was 5",
                "  - send(a, \"hello\", ..., 0) = N",
                "  + send(a, \"hello\", ..., 0) = 5",
                "                               ^",
                "    with N=4",
                "failed " + broken,
                "  " + broken + ":2:10: expected )",
                "    close(-1 = 0",
                "             ^",
                "failed " + faulty + ": knows",
                "  " + faulty + ":2:7: unknown name FD: no constant of C, and no line before has taken it, by `?FD` or"
                    + " `FD = ...`",
                "    close(FD) = 0",
                "          ^",
                "1 passed, 3 failed");
        assertThat(run.status).isEqualTo(1);
    }

    @Test
    void jsonIsOneObjectAScript() throws Exception {
        final String bad = write("bad.calls", "# sends\n# cases: C01 C02\n" + PAIR
                + "send(a, \"hello\", ..., 0) = 4\n");
        write("good.calls", "# closes\nclose(-1) = -1 EBADF\n");
        final Run run = script("--json", "--raw-check", folder.toString());
        assertThat(run.lines).hasSize(2);
        final JsonObject failed = JsonParser.parseString(run.lines.getFirst()).getAsJsonObject();
        assertThat(failed.get("script").getAsString()).isEqualTo(bad);
        assertThat(failed.get("claim").getAsString()).isEqualTo("sends");
        assertThat(failed.get("cases").toString()).isEqualTo("[\"C01\",\"C02\"]");
        assertThat(failed.get("outcome").getAsString()).isEqualTo("failed");
        assertThat(failed.get("report").getAsString()).startsWith(bad + ":4:28: expected 4, was 5\n- send(a");
        assertThat(failed.get("differences").toString())
                .isEqualTo("[{\"line\":4,\"column\":28,\"expected\":\"4\",\"actual\":\"5\"}]");
        assertThat(failed.get("rawDifferences").getAsJsonArray()).hasSize(2)
                .allMatch(difference -> difference.getAsString().contains(": at the end made close("));
        final JsonObject passed = JsonParser.parseString(run.lines.getLast()).getAsJsonObject();
        assertThat(passed.get("outcome").getAsString()).isEqualTo("passed");
        assertThat(passed.get("differences").getAsJsonArray()).isEmpty();
        assertThat(passed.get("rawDifferences").getAsJsonArray()).isEmpty();
        assertThat(passed.get("seconds").getAsDouble()).isBetween(0.0, 60.0);
        assertThat(run.errors).isEqualTo("1 passed, 1 failed\n");
        assertThat(run.status).isEqualTo(1);
    }

    @Test
    void rawCheckTellsWhatIsNotWritten() throws Exception {
        final String file = write("a.calls", "# waits\n" + PAIR + "await(a, POLLOUT)\nclose(a) = 0\nclose(b) = 0\n");
        assertThat(script("--raw-check", file).lines).hasSize(2).satisfiesExactly(
                line -> assertThat(line).matches(Pattern.quote(file) + ":3:1: made poll\\(0x[0-9a-f]+, 1, \\d+\\) = 1"),
                line -> assertThat(line).isEqualTo("1 passed, 0 failed"));
        assertThat(script(file).lines).containsExactly("1 passed, 0 failed");
    }

    @Test
    void whatTakesTooLongEnds() throws Exception {
        final String file = write("a.calls", "# waits\n" + PAIR + "recv(a, ..., 1, 0) = 1\n");
        final Run run = script("--timeout=4s", file);
        assertThat(run.lines).containsExactly("failed " + file + ": waits",
                "  " + file + ":3:1: still in this call after 4000 ms", "  - recv(a, ..., 1, 0) = 1",
                "0 passed, 1 failed");
        assertThat(run.status).isEqualTo(1);
    }

    /// Killed outright, so that it cannot do anything about it.
    @Test
    void noProcessOutlivesTheCommand() throws Exception {
        final String file = write("a.calls", "# waits\n" + PAIR + "CHILD = spawn()\n"
                + "CHILD: recv(a, ..., 1, 0 <unfinished ...>\nrecv(b, ..., 1, 0) = 1\n"
                + "CHILD: <... recv resumed>) = 1\n");
        try (Program program = Program.fdsock("script", file)) {
            final ProcessHandle child = awaitChildInReceive(program.process().toHandle());
            program.process().destroyForcibly();
            child.onExit().get(Program.PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
    }

    /// The process of a script, once a thread of it sleeps in `recvfrom`; its questions it takes by `read`.
    private static ProcessHandle awaitChildInReceive(final ProcessHandle parent) throws Exception {
        final long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(Program.PATIENCE_SECONDS);
        while (System.nanoTime() - until < 0) {
            final Optional<ProcessHandle> child = parent.children().findFirst();
            if (child.isPresent() && receives(child.get())) {
                return child.get();
            }
            Thread.sleep(5);
        }
        throw new AssertionError("no process of the script receives");
    }

    private static boolean receives(final ProcessHandle process) throws IOException {
        try (Stream<Path> tasks = Files.list(Path.of("/proc", Long.toString(process.pid()), "task"))) {
            for (final Path task : tasks.toList()) {
                if (Files.readString(task.resolve("syscall")).startsWith(RECVFROM)) {
                    return true;
                }
            }
        } catch (final NoSuchFileException _) {
            // A thread that has ended meanwhile.
        }
        return false;
    }

    @Test
    @RequiresProgram("strace")
    void theKernelSeesEachLineOnce() throws Exception {
        final String file = write("a.calls", """
                # calls
                socketpair(AF_UNIX, SOCK_SEQPACKET|SOCK_NONBLOCK, 0, [?a, ?b]) = 0
                CHILD = spawn()
                send(a, "from the script", ..., MSG_NOSIGNAL) = 15
                CHILD: recv(b, "from the script", 77, 0) = 15
                CHILD: setsockopt(b, SOL_SOCKET, SO_PRIORITY, [5], 4) = 0
                getsockopt(b, SOL_SOCKET, SO_PRIORITY, [5], [4]) = 0
                recv(a, ..., 78, MSG_PEEK) = -1 EAGAIN
                A: sendto(a, "elsewhere", ..., 0, unix(@"x"), ...) = 9
                epoll_create1(EPOLL_CLOEXEC) = ...
                shutdown(a, SHUT_WR) = 0
                CHILD: listen(b, 7) = -1 EINVAL
                """);
        final List<String> command = new ArrayList<>(List.of("strace", "-ff", "-qq", "-a", "0", "-o",
                folder.resolve("strace").toString(), "-e", "trace=%network,epoll_create1"));
        command.addAll(Program.commandLine("script", "--raw-check", file));
        try (Program program = Program.start(command.toArray(String[]::new))) {
            assertThat(program.rest()).last().isEqualTo("1 passed, 0 failed");
        }
        // A file a thread, each in order; the script's threads are those that make one of its calls.
        final List<List<String>> threads = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (final Path trace : files.filter(each -> each.toString().contains("/strace.")).toList()) {
                threads.add(Files.readAllLines(trace).stream().filter(line -> !line.contains("SO_SNDTIMEO")
                        && !line.contains("SOCK_STREAM") && line.matches("[a-z_0-9]+\\(.*")).toList());
            }
        }
        assertThat(threads).anySatisfy(lines -> assertMatch(lines,
                "socketpair\\(AF_UNIX, SOCK_SEQPACKET\\|SOCK_NONBLOCK, 0, \\[\\d+, \\d+\\]\\) = 0",
                "sendto\\(\\d+, \"from the script\", 15, MSG_NOSIGNAL, NULL, 0\\) = 15",
                "getsockopt\\(\\d+, SOL_SOCKET, SO_PRIORITY, \\[5\\], \\[4\\]\\) = 0",
                "recvfrom\\(\\d+, 0x[0-9a-f]+, 78, MSG_PEEK, NULL, NULL\\) = -1 EAGAIN .*",
                "epoll_create1\\(EPOLL_CLOEXEC\\) = \\d+",
                "shutdown\\(\\d+, SHUT_WR\\) = 0"));
        assertThat(threads).anySatisfy(lines -> assertMatch(lines,
                "recvfrom\\(\\d+, \"from the script\", 77, 0, NULL, NULL\\) = 15",
                "setsockopt\\(\\d+, SOL_SOCKET, SO_PRIORITY, \\[5\\], 4\\) = 0",
                "listen\\(\\d+, 7\\) = -1 EINVAL .*"));
        assertThat(threads).anySatisfy(lines -> assertMatch(lines,
                "sendto\\(\\d+, \"elsewhere\", 9, 0, \\{sa_family=AF_UNIX, sun_path=@\"x\"\\}, 4\\) = 9"));
    }

    private static void assertMatch(final List<String> lines, final String... patterns) {
        assertThat(lines).hasSameSizeAs(patterns);
        for (int i = 0; i < patterns.length; i++) {
            assertThat(lines.get(i)).matches(patterns[i]);
        }
    }

    @Test
    void wrongUsageIsStatusTwo() throws Exception {
        for (final String[] arguments : new String[][] {{}, {folder.resolve("none.calls").toString()},
            {folder.toString()}, {"--timeout=5", "x"}, {"--wrong", "x"}}) {
            final Run run = script(arguments);
            assertThat(run.status).as(String.join(" ", arguments)).isEqualTo(2);
            assertThat(run.lines).isEmpty();
            assertThat(run.errors).contains("Usage: fdsock script");
        }
    }

    @Test
    void theScriptsOfTheProjectPass() throws Exception {
        final Run run = script(Project.directory().resolve("src/test/resources/calls").toString());
        assertThat(run.lines).last().asString().matches("\\d{3,} passed, 0 failed(, \\d+ skipped)?");
        assertThat(run.status).isZero();
    }

    /// The guide shows, one behind the other, a script and what running it prints.
    @Test
    void theExamplesOfTheGuideDoWhatItSays() throws Exception {
        final Matcher blocks = Pattern
                .compile("```calls\n(.*?)```.*?```\n\\$ (fdsock script[^\n]*)\n(.*?)```", Pattern.DOTALL)
                .matcher(Files.readString(Project.directory().resolve("src/site/markdown/scripts.md")));
        int examples = 0;
        while (blocks.find()) {
            final String[] words = blocks.group(2).split(" ");
            final String name = words[words.length - 1];
            words[words.length - 1] = write(name, blocks.group(1));
            final Run run = script(List.of(words).subList(2, words.length).toArray(String[]::new));
            assertThat(String.join("\n", run.lines).replace(folder + "/", "") + "\n").isEqualTo(blocks.group(3));
            examples++;
        }
        assertThat(examples).isEqualTo(6);
    }
}
