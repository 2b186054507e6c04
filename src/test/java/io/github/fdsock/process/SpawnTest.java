package io.github.fdsock.process;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.EventFd;
import io.github.fdsock.ExitStatus;
import io.github.fdsock.Fd;
import io.github.fdsock.MemFd;
import io.github.fdsock.PidFd;
import io.github.fdsock.Seen;
import io.github.fdsock.SignalFd;
import io.github.fdsock.harness.Faults;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.Rlimit;
import io.github.fdsock.testing.Project;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A program gets the descriptors it was given, under the numbers asked for, and nothing else; and where it does not
/// start nothing is left.
@Timeout(120)
class SpawnTest {

    /// A letter that is no ASCII, where file names may have one.
    private static final String UMLAUT = Charset.forName(System.getProperty("sun.jnu.encoding")).newEncoder()
            .canEncode('\u00fc') ? "\u00fc" : "ue";

    /// Lists its own descriptors, each with what it leads to; a shell that had nothing left to do would become the
    /// `ls`, with one more.
    private static Spawn listing() {
        return Spawn.program("sh", "-c", "ls -l /proc/$$/fd; :");
    }

    /// What a [#listing] says, but for its standard output.
    private static Map<Integer, String> listed(Spawn listing) throws IOException {
        final Map<Integer, String> descriptors = new TreeMap<>();
        for (String line : Output.of(listing).lines()) {
            final String[] sides = line.split(" -> ");
            if (sides.length == 2) {
                descriptors.put(Integer.valueOf(sides[0].substring(sides[0].lastIndexOf(' ') + 1)), sides[1]);
            }
        }
        assertThat(descriptors.remove(1)).startsWith("pipe:");
        return descriptors;
    }

    private static String target(int fd) throws IOException {
        return Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd)).toString();
    }

    /// What a program gets without being told anything, and what is added to that.
    private static Map<Integer, String> standard(Object... numbersAndTargets) throws IOException {
        final Map<Integer, String> descriptors = new TreeMap<>(Map.of(0, target(0), 2, target(2)));
        for (int i = 0; i < numbersAndTargets.length; i += 2) {
            descriptors.put((Integer) numbersAndTargets[i], (String) numbersAndTargets[i + 1]);
        }
        return descriptors;
    }

    // ---- numbers

    @Test
    void withoutBeingToldAProgramGetsTheStandardThree() throws IOException {
        assertThat(listed(listing())).isEqualTo(standard());
    }

    @Test
    void descriptorsSwapTheirNumbersAndShareThem() throws IOException {
        try (MemFd a = MemFd.create("a", 0); MemFd b = MemFd.create("b", 0)) {
            final String linkA = target(a.intValue());
            final String linkB = target(b.intValue());
            assertThat(linkA).isNotEqualTo(linkB);
            assertThat(listed(listing().fd(a.intValue(), b).fd(b.intValue(), a)))
                    .isEqualTo(standard(a.intValue(), linkB, b.intValue(), linkA));
            assertThat(listed(listing().fd(a.intValue(), a).fd(90, a).fd(0, b)))
                    .isEqualTo(standard(a.intValue(), linkA, 90, linkA, 0, linkB));
            assertThat(a.closeOnExec()).isTrue();
        }
    }

    /// Numbers that are in use by the sources here or by others, or that copies of the sources would get; sources that
    /// are given once, often, never.
    @Property(tries = 100)
    void everyMappingIsWhatTheProgramSees(@ForAll @Size(max = 16) Map<@IntRange(max = 15) Integer,
            @IntRange(max = 4) Integer> mapping) throws IOException {
        final List<MemFd> sources = new ArrayList<>();
        try {
            for (int i = 0; i < 5; i++) {
                sources.add(MemFd.create("source " + i, 0));
            }
            final List<Integer> numbers = new ArrayList<>(List.of(0, 2));
            sources.forEach(source -> numbers.add(source.intValue()));
            numbers.addAll(free(16 - numbers.size()));
            final Spawn spawn = listing();
            final Map<Integer, String> expected = standard();
            for (Map.Entry<Integer, Integer> each : mapping.entrySet()) {
                final MemFd source = sources.get(each.getValue());
                spawn.fd(numbers.get(each.getKey()), source);
                expected.put(numbers.get(each.getKey()), target(source.intValue()));
            }
            assertThat(listed(spawn)).isEqualTo(expected);
        } finally {
            for (MemFd source : sources) {
                source.close();
            }
        }
    }

    /// The numbers that will be given out next, in their order, without the first ones.
    private static List<Integer> free(int count) {
        final List<Integer> numbers = new ArrayList<>();
        for (int i = 0; i < count + 2; i++) {
            numbers.add(Libc.eventfd(0, EFD_CLOEXEC));
        }
        numbers.forEach(Libc::close);
        return numbers.subList(2, numbers.size());
    }

    @Test
    void nothingElseIsInheritedWithOrWithoutCloseOnExec() throws IOException {
        try (EventFd low = EventFd.create(0, 0); EventFd middle = EventFd.create(0, 0);
                EventFd high = EventFd.create(0, 0);
                Fd far = Fd.adopt(high.fcntl(F_DUPFD, 700))) {
            low.closeOnExec(false);
            middle.closeOnExec(false);
            high.closeOnExec(false);
            assertThat(listed(listing().fd(middle.intValue(), high))).isEqualTo(standard(middle.intValue(),
                    target(high.intValue())));
            assertThat(listed(listing().fd(far.intValue() - 1, low))).isEqualTo(standard(far.intValue() - 1,
                    target(low.intValue())));
        }
    }

    @Test
    void whatIsInheritedIsLeftToCloseOnExec() throws IOException {
        try (EventFd open = EventFd.create(0, 0); MemFd closed = MemFd.create("closed", 0);
                Fd far = Fd.adopt(closed.fcntl(F_DUPFD, 700)); EventFd given = EventFd.create(0, 0)) {
            open.closeOnExec(false);
            final Spawn spawn = listing().inherit(open.intValue()).inherit(closed.intValue())
                    .inherit(far.intValue()).inherit(Integer.MAX_VALUE).fd(701, given);
            assertThat(listed(spawn)).isEqualTo(standard(open.intValue(), target(open.intValue()), far.intValue(),
                    target(far.intValue()), 701, target(given.intValue())));
            assertThat(listed(listing().inherit(open.intValue()))).isEqualTo(standard(open.intValue(),
                    target(open.intValue())));
            assertThatThrownBy(() -> spawn.inherit(701)).hasMessageContaining("701");
            assertThatThrownBy(() -> spawn.fd(open.intValue(), given))
                    .hasMessageContaining("fd " + open.intValue() + " of the program is the one inherited already");
            assertThatThrownBy(() -> spawn.inherit(-1)).hasMessage("a file descriptor of -1");
        }
    }

    @Test
    void aLibcThatCannotCloseTheRestClosesWhatIsOpen() throws IOException {
        try (EventFd low = EventFd.create(0, 0); Fd far = Fd.adopt(low.fcntl(F_DUPFD, 700));
                Seen seen = Seen.failing(Call.posix_spawn_file_actions_addclosefrom_np, 1, ENOSYS)) {
            low.closeOnExec(false);
            assertThat(far.closeOnExec()).isFalse();
            assertThat(listed(listing().fd(5, far))).isEqualTo(standard(5, target(far.intValue())));
            assertThat(seen.all(Call.posix_spawn_file_actions_addclose)).hasSizeGreaterThan(3);
        }
    }

    @Test
    void whatOtherThreadsOpenMeanwhileDoesNotGetThrough() throws Exception {
        final AtomicBoolean end = new AtomicBoolean();
        final AtomicInteger opened = new AtomicInteger();
        final Thread opener = Thread.ofPlatform().start(() -> {
            while (!end.get()) {
                final int fd = Libc.eventfd(0, 0);
                opened.incrementAndGet();
                Libc.close(fd);
            }
        });
        try (MemFd given = MemFd.create("given", 0)) {
            for (int i = 0; i < 40; i++) {
                assertThat(listed(listing().fd(7, given))).isEqualTo(standard(7, target(given.intValue())));
            }
        } finally {
            end.set(true);
            opener.join();
        }
        assertThat(opened.get()).isGreaterThan(40);
    }

    @Test
    void aSourceMayBeClosedOnceTheProgramRuns() throws IOException {
        final Spawn spawn;
        try (MemFd source = MemFd.create("brief", 0)) {
            source.write("kept".getBytes(), 0, 4);
            spawn = Spawn.program("cat", "/proc/self/fd/9").fd(9, source);
            assertThat(Output.of(spawn).text()).isEqualTo("kept");
            assertThat(source.isOpen()).isTrue();
        }
        assertThatThrownBy(spawn::start).isInstanceOf(IllegalStateException.class).hasMessageContaining("was closed");
    }

    // ---- environment, directory, signals

    private static List<String> inherited() throws IOException {
        return Arrays.asList(Files.readString(Path.of("/proc/self/environ")).split("\0"));
    }

    @Test
    void theEnvironmentIsInheritedAndChanged() throws IOException {
        assertThat(Output.of(Spawn.program("env", "-0")).text().split("\0"))
                .containsExactlyInAnyOrderElementsOf(inherited());

        final String[] changed = Output.of(Spawn.program("env", "-0").setenv("PATH", "/nowhere").unsetenv("HOME")
                .unsetenv("NOT_THERE").setenv("FDSOCK_LINES", "a=b\n" + UMLAUT).setenv("FDSOCK_NOT", "x")
                .unsetenv("FDSOCK_NOT").setenv("FDSOCK_EMPTY", "")).text().split("\0");
        final List<String> expected = inherited().stream()
                .filter(entry -> !entry.startsWith("PATH=") && !entry.startsWith("HOME="))
                .collect(Collectors.toCollection(ArrayList::new));
        expected.addAll(List.of("PATH=/nowhere", "FDSOCK_LINES=a=b\n" + UMLAUT, "FDSOCK_EMPTY="));
        assertThat(changed).containsExactlyInAnyOrderElementsOf(expected);

        assertThat(Output.of(Spawn.program("env", "-0").setenv("A", "1").clearenv().setenv("B", "2")).text())
                .isEqualTo("B=2\0");
    }

    @Test
    void theProgramBeginsInItsDirectory(@TempDir Path directory) throws IOException {
        final Path real = directory.toRealPath();
        assertThat(Output.of(Spawn.program("pwd", "-P").chdir(real)).lines()).containsExactly(real.toString());
        final Path script = Files.writeString(real.resolve("script"), "#!/bin/sh\necho \"$0\" \"$1\"\n");
        Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
        assertThat(Output.of(Spawn.program("./script", UMLAUT + " \"").chdir(real)).lines())
                .containsExactly("./script " + UMLAUT + " \"");
    }

    @Test
    void theSessionIsThatOfThisProcessOrItsOwn() throws IOException {
        // Of /proc/PID/stat, whose second is the name in brackets.
        final String[] pidAndSession = {"-c", "cut -d ' ' -f 1,6 /proc/$$/stat; :"};
        final String own = Files.readString(Path.of("/proc/self/stat")).replaceFirst("^.*\\) ", "").split(" ")[3];
        assertThat(Output.of(Spawn.program("sh", pidAndSession)).lines()).singleElement().asString().endsWith(" " + own);
        assertThat(Output.of(Spawn.program("sh", pidAndSession).newSession()).lines()).singleElement().asString()
                .matches("(\\d+) \\1");
    }

    @Test
    void noSignalIsBlocked() throws IOException {
        try (SignalFd.Blocked _ = SignalFd.block(SIGURG, SIGWINCH)) {
            assertThat(Output.of(Spawn.program("grep", "SigBlk:", "/proc/self/status")).lines())
                    .containsExactly("SigBlk:\t0000000000000000");
        }
    }

    // ---- sockets as from a service manager

    private static Spawn told() {
        return Spawn.program("sh", "-c", "echo $$; echo ${LISTEN_PID-} ${LISTEN_FDS-} ${LISTEN_FDNAMES-none}; "
                + "ls /proc/$$/fd; :");
    }

    @Test
    void aProgramIsToldOfTheSocketsMeantForIt() throws IOException {
        try (EventFd first = EventFd.create(0, 0); EventFd second = EventFd.create(0, 0)) {
            final Output output = Output.of(told().setenv("LISTEN_FDNAMES", "stale").listen(second, first));
            assertThat(output.lines()).containsExactly(String.valueOf(output.pid()), output.pid() + " 2 none",
                    "0", "1", "2", "3", "4");
            final Output named = Output.of(told().listen("http", first).listen(second).fd(9, first)
                    .listen("with blank", second));
            assertThat(named.lines()).containsExactly(String.valueOf(named.pid()),
                    named.pid() + " 3 http:unknown:with blank", "0", "1", "2", "3", "4", "5", "9");
        }
    }

    @Test
    void argumentsPassTheShellUntouched() throws IOException {
        try (EventFd socket = EventFd.create(0, 0)) {
            assertThat(Output.of(Spawn.program("printf", "<%s>", "$HOME `true` \"", "*", "", "a\nb").listen(socket))
                    .text()).isEqualTo("<$HOME `true` \"><*><><a\nb>");
        }
    }

    @Test
    void theShellLooksTheProgramUpAndSaysWhatItDoesNotFind() throws IOException {
        try (EventFd socket = EventFd.create(0, 0); MemFd errors = MemFd.create("errors", 0);
                PidFd child = Spawn.program("cat").setenv("PATH", "/nowhere").fd(2, errors).listen(socket).start()) {
            assertThat(child.waitFor()).isEqualTo(new ExitStatus(127, 0, false));
            assertThat(errors.size()).isPositive();
        }
    }

    // ---- what is refused

    static Stream<Consumer<EventFd>> refused() {
        return Stream.of(
                _ -> Spawn.program("a\0b"),
                _ -> Spawn.program("a", "b\0"),
                _ -> Spawn.program("a").setenv("a\0", "b"),
                _ -> Spawn.program("a").setenv("a", "\0"),
                _ -> Spawn.program("a").setenv("a=", "b"),
                _ -> Spawn.program("a").setenv("", "b"),
                _ -> Spawn.program("a").unsetenv("a=b"),
                _ -> Spawn.program("\ud800"),
                _ -> Spawn.program("a").chdir(Path.of(java.net.URI.create("jrt:/java.base"))),
                fd -> Spawn.program("a").fd(-1, fd),
                fd -> Spawn.program("a").fd(4, fd).fd(4, fd),
                fd -> Spawn.program("a").fd(4, fd).listen(fd, fd),
                fd -> Spawn.program("a").listen(fd).fd(3, fd),
                fd -> Spawn.program("a").listen("", fd),
                fd -> Spawn.program("a").listen("a:b", fd),
                fd -> Spawn.program("a").listen("a\n", fd),
                fd -> Spawn.program("a").listen("\u00fc", fd),
                fd -> Spawn.program("a").listen("x".repeat(256), fd));
    }

    @ParameterizedTest
    @MethodSource
    void refused(Consumer<EventFd> bad) throws IOException {
        try (EventFd fd = EventFd.create(0, 0)) {
            assertThatThrownBy(() -> bad.accept(fd)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void aClosedDescriptorIsRefusedBeforeAnythingIsStarted() throws IOException {
        final EventFd fd = EventFd.create(0, 0);
        try (EventFd open = EventFd.create(0, 0); Seen seen = Seen.calls()) {
            final Spawn spawn = Spawn.program("true").fd(5, open).fd(6, fd);
            fd.close();
            assertThatThrownBy(() -> Spawn.program("true").fd(5, fd)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> Spawn.program("true").listen(fd)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(spawn::start).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("was closed");
            assertThat(seen.all(Call.posix_spawnp)).isEmpty();
        }
    }

    // ---- what fails

    private static void fails(Spawn spawn, String message) {
        final long children = ProcessHandle.current().children().count();
        assertThatThrownBy(spawn::start).isInstanceOf(ErrnoException.class).hasMessage(message);
        assertThat(ProcessHandle.current().children()).hasSize((int) children);
    }

    @Test
    void whatCannotBeExecutedIsSaidSo(@TempDir Path directory) throws IOException {
        try (EventFd fd = EventFd.create(0, 0)) {
            fails(Spawn.program("no-such-program", "a \"b\"\t").fd(6, fd), "posix_spawnp(\"no-such-program\", "
                    + "[\"no-such-program\", \"a \\\"b\\\"\\x09\"]) = -1 ENOENT (No such file or directory)");
            fails(Spawn.program("/").fd(6, fd), "posix_spawnp(\"/\", [\"/\"]) = -1 EACCES (Permission denied)");
            fails(Spawn.program("true").chdir(Path.of("/nowhere")).fd(6, fd), "posix_spawnp(\"true\", [\"true\"], "
                    + "chdir(\"/nowhere\")) = -1 ENOENT (No such file or directory)");
            final Path garbage = Files.writeString(directory.toRealPath().resolve("garbage"), "\1\2\3\4");
            Files.setPosixFilePermissions(garbage, PosixFilePermissions.fromString("rwx------"));
            fails(Spawn.program("./garbage").chdir(directory).fd(6, fd), "posix_spawnp(\"./garbage\", "
                    + "[\"./garbage\"], chdir(" + CString.quote(directory.toString())
                    + ")) = -1 ENOEXEC (Exec format error)");
            final String[] many = new String[20];
            Arrays.fill(many, "x".repeat(200_000));
            assertThatThrownBy(Spawn.program("true", many).fd(6, fd)::start).isInstanceOf(ErrnoException.class)
                    .hasMessageContaining("[\"true\", \"" + "x".repeat(32) + "\"..., ")
                    .hasMessageEndingWith(", ...]) = -1 E2BIG (Argument list too long)");
        }
    }

    @Test
    void numbersBeyondTheLimitAreSaidSo() throws IOException {
        try (EventFd fd = EventFd.create(0, 0)) {
            fails(Spawn.program("true").fd((1 << 30) - 1, fd),
                    "fcntl(" + fd.intValue() + ", F_DUPFD_CLOEXEC, 1073741824) = -1 EINVAL (Invalid argument)");
            fails(Spawn.program("true").fd(Integer.MAX_VALUE, fd),
                    "fcntl(" + fd.intValue() + ", F_DUPFD_CLOEXEC, 2147483647) = -1 EINVAL (Invalid argument)");
        }
    }

    @Test
    void aLibcThatCannotChangeTheDirectoryIsSaidSo() {
        try (Faults _ = Faults.inject("posix_spawn_file_actions_addchdir_np:error=ENOSYS:when=1")) {
            fails(Spawn.program("true").chdir(Path.of("/")), "posix_spawn_file_actions_addchdir_np(\"/\") = -1 ENOSYS "
                    + "(Function not implemented)");
        }
    }

    /// Every call but those that put things away, which cannot be undone, fails once.
    @Test
    void whicheverCallFailsNothingIsLeft() throws IOException {
        final List<Call> failed = new ArrayList<>();
        final long children = ProcessHandle.current().children().count();
        try (EventFd fd = EventFd.create(0, 0)) {
            final Spawn spawn = Spawn.program("sleep", "60").fd(5, fd).listen(fd).chdir(Path.of("/"));
            for (boolean started = false; !started;) {
                try (PidFd child = startWhileFails(spawn, failed)) {
                    child.sendSignal(SIGKILL);
                    assertThat(child.waitFor().signal()).isEqualTo(SIGKILL);
                    started = true;
                } catch (ErrnoException e) {
                    assertThat(e.errno()).isEqualTo(ENOMEM);
                    assertThat(e.call()).startsWith(failed.getLast().name() + "(");
                }
                assertThat(ProcessHandle.current().children()).as("%s", failed).hasSize((int) children);
            }
        }
        assertThat(failed).containsSubsequence(Call.pidfd_open, Call.fcntl, Call.fcntl,
                Call.posix_spawn_file_actions_addclosefrom_np, Call.posix_spawnp, Call.pidfd_open);
    }

    /// Lets as many calls succeed as have failed before, and adds the next one to them.
    private static PidFd startWhileFails(Spawn spawn, List<Call> failed) throws IOException {
        final AtomicInteger before = new AtomicInteger(failed.size());
        try (Seen _ = Seen.calls(made -> {
            if (made.call() == Call.close || made.call().name().endsWith("_destroy") || before.getAndDecrement() != 0) {
                return null;
            }
            failed.add(made.call());
            return (long) -ENOMEM;
        })) {
            return spawn.start();
        }
    }

    /// In a JVM of its own, started with a variable that is no text: at the limit of descriptors, and what the variable
    /// is in the program.
    @Test
    void withoutFreeNumbersNothingIsStarted() throws IOException {
        final Output output = Output.of(Spawn.program("sh", "-c", "FDSOCK_BYTES=$(printf '\\377\\376'); "
                + "export FDSOCK_BYTES; exec \"$@\"", "sh", Project.java().toString(), "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED", "-cp", location(Spawn.class) + ":" + location(SpawnTest.class),
                WithFewNumbers.class.getName()));
        assertThat(output.lines()).containsExactly("377 376", "0: EMFILE, 0 free", "1: EMFILE, 1 free",
                "2: EMFILE, 2 free", "3: exited with status 0, 3 free");
    }

    private static String location(Class<?> type) {
        return type.getProtectionDomain().getCodeSource().getLocation().getPath();
    }

    /// Run in a JVM of its own.
    static final class WithFewNumbers {
        private WithFewNumbers() {
        }

        public static void main(String[] arguments) throws Exception {
            try (EventFd fd = EventFd.create(0, 0); Arena arena = Arena.ofConfined()) {
                // This, and what fails, also loads every class: that takes numbers as well.
                try (PidFd child = Spawn.program("sh", "-c", "printf %s \"$FDSOCK_BYTES\" | od -An -b | tr -s ' ' | "
                        + "cut -c 2-").fd(5, fd).fd(6, fd).start()) {
                    if (child.waitFor().status() != 0) {
                        throw new IOException("no printf, od, tr or cut");
                    }
                }
                assertFails(() -> Spawn.program("no-such-program").start());
                assertFails(() -> PidFd.open(-1, 0));
                final Rlimit limit = Rlimit.allocate(arena);
                Libc.getrlimit(RLIMIT_NOFILE, limit.segment());
                Libc.setrlimit(RLIMIT_NOFILE, limit.cur(200).segment());
                final StringBuilder report = new StringBuilder();
                for (int free = 0; free <= 3; free++) {
                    report.append(free).append(": ").append(start(fd, free)).append('\n');
                }
                System.out.print(report);
            }
        }

        private static void assertFails(Callable<PidFd> call) throws Exception {
            try (PidFd opened = call.call()) {
                throw new IOException("there should be no " + opened);
            } catch (ErrnoException e) {
                // As it should be, and what that takes is loaded.
                return;
            }
        }

        private static String start(EventFd fd, int free) throws IOException {
            final List<Integer> taken = fill(fd);
            for (int i = 0; i < free; i++) {
                Libc.close(taken.removeLast());
            }
            String result;
            try (PidFd child = Spawn.program("true").clearenv().fd(5, fd).fd(6, fd).start()) {
                result = child.waitFor().toString();
            } catch (ErrnoException e) {
                result = e.errno() == EMFILE ? "EMFILE" : e.toString();
            }
            final List<Integer> left = fill(fd);
            taken.addAll(left);
            taken.forEach(Libc::close);
            return result + ", " + left.size() + " free";
        }

        private static List<Integer> fill(EventFd fd) {
            final List<Integer> taken = new ArrayList<>();
            for (int number = Libc.dup(fd.intValue()); number >= 0; number = Libc.dup(fd.intValue())) {
                taken.add(number);
            }
            return taken;
        }
    }
}
