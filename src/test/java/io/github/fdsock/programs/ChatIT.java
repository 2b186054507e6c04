package io.github.fdsock.programs;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.Endpoint;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.testing.RequiresProgram;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `fdsock chat` tells each line to all others, whichever way they have come and whatever they send, and each member
/// ends when he leaves, or the chat does.
@Timeout(180)
class ChatIT {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(Program.PATIENCE_SECONDS);
    private static final Pattern LOST = Pattern.compile("\\* (\\d+) lines? w\\w+ lost: you are too slow");

    @TempDir
    private Path folder;

    private final Deque<Talker> talkers = new ArrayDeque<>();

    @AfterEach
    void closeTalkers() throws IOException {
        for (final Talker talker : talkers) {
            talker.close();
        }
    }

    /// A member who is a bare socket.
    private static final class Talker implements Closeable {
        private final SocketFd socket;
        private final boolean datagrams;
        private final StringBuilder heard = new StringBuilder();

        private Talker(final Endpoint chat) throws IOException {
            datagrams = chat.type() == SOCK_DGRAM;
            socket = SocketFd.socket(chat.family(), chat.type(), 0);
            if (datagrams && chat.family() == AF_UNIX) {
                socket.bind(SockAddr.unixAutobind());
            }
            assertThat(socket.connect(chat.address())).isZero();
            if (datagrams) {
                say("<JOIN>");
            }
        }

        void send(final byte... bytes) throws IOException {
            assertThat(socket.send(bytes, 0, bytes.length, 0)).isEqualTo(bytes.length);
        }

        void say(final String line) throws IOException {
            send((line + "\n").getBytes(StandardCharsets.UTF_8));
        }

        /// The next line; null at the end.
        String hear() throws IOException {
            while (heard.indexOf("\n") < 0) {
                assertThat(socket.await(POLLIN, PATIENCE_NANOS)).as("a line behind \"%s\"", heard).isNotZero();
                final byte[] bytes = new byte[8192];
                final int n = (int) socket.recv(bytes, 0, bytes.length, 0);
                if (n == 0) {
                    return null;
                }
                // Of what is sent here nothing but ASCII is longer than what is read at once.
                heard.append(new String(bytes, 0, n, StandardCharsets.UTF_8));
            }
            final String line = heard.substring(0, heard.indexOf("\n"));
            heard.delete(0, line.length() + 1);
            return line;
        }

        void hears(final String... lines) throws IOException {
            for (final String line : lines) {
                assertThat(hear()).isEqualTo(line);
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    private static Program chat(final List<String> addresses) throws IOException {
        final List<String> arguments = new ArrayList<>(addresses);
        arguments.addAll(0, List.of("chat", "--listen"));
        return Program.fdsock(arguments.toArray(String[]::new));
    }

    private static Program chat(final String... addresses) throws IOException {
        return chat(List.of(addresses));
    }

    private Talker join(final Endpoint chat) throws IOException {
        final Talker talker = new Talker(chat);
        talkers.add(talker);
        return talker;
    }

    /// Joins, and waits until everybody knows.
    private Talker join(final Endpoint chat, final int number, final Talker... others) throws IOException {
        final Talker talker = join(chat);
        talker.hears("* welcome: you are " + number + ", " + switch (others.length) {
            case 0 -> "and alone";
            case 1 -> "and 1 other is here";
            default -> "and " + others.length + " others are here";
        });
        for (final Talker other : others) {
            other.hears("* " + number + " joins");
        }
        return talker;
    }

    private List<String> everyWay() {
        return List.of("tcp:127.0.0.1:0", "tcp:[::1]:0", "unix:" + folder.resolve("s"), "unix:@" + folder,
                "udp:127.0.0.1:0", "udp:[::1]:0", "unixdgram:" + folder.resolve("d"), "unixdgram:@" + folder + "/d");
    }

    /// Waits for the whole of a line on standard error.
    private static void awaitError(final Program program, final String words) throws Exception {
        final long begin = System.nanoTime();
        while (program.errors().lines().noneMatch(line -> line.contains(words))) {
            if (System.nanoTime() - begin > PATIENCE_NANOS) {
                throw new TimeoutException('"' + words + "\" is not in:\n" + program.errors());
            }
            Thread.onSpinWait();
        }
    }

    // ---- the chat

    @Test
    void aLineIsToldToAllOthersWhicheverWayTheyHaveCome() throws Exception {
        final List<String> addresses = everyWay();
        try (Program chat = chat(addresses)) {
            final List<Talker> here = new ArrayList<>();
            for (final Endpoint way : chat.listening(addresses.size())) {
                here.add(join(way, here.size() + 1, here.toArray(Talker[]::new)));
            }
            for (int i = 0; i < here.size(); i++) {
                here.get(i).say("hello, by way " + i);
                for (final Talker other : here) {
                    if (other != here.get(i)) {
                        other.hears((i + 1) + ": hello, by way " + i);
                    }
                }
            }
            assertThat(chat.terminate()).isZero();
            for (final Talker each : here) {
                // Nothing of what he has said himself is in front of it.
                each.hears(each.datagrams ? "<END>" : "* the room is closed");
            }
            assertThat(chat.errors().lines()).hasSize(here.size()).allMatch(line -> line.matches("\\d joins from .*"));
        }
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void whoLeavesIsToldOfAndHisLastLineNeedsNoEnd() throws Exception {
        try (Program chat = chat("unix:@" + folder, "udp:127.0.0.1:0")) {
            final List<Endpoint> ways = chat.listening(2);
            final Talker first = join(ways.get(0), 1);
            final Talker stream = join(ways.get(0), 2, first);
            final Talker sender = join(ways.get(1), 3, first, stream);
            stream.send("and off".getBytes(StandardCharsets.US_ASCII));
            stream.socket.shutdown(SHUT_WR);
            first.hears("2: and off", "* 2 leaves");
            assertThat(stream.hear()).as("the end, after what others have said").isNull();
            sender.hears("2: and off", "* 2 leaves");

            sender.say("<LEAVE>");
            sender.hears("<END>");
            first.hears("* 3 leaves");
            sender.say("once more");
            first.hears("* 4 joins", "4: once more");
            sender.hears("* welcome: you are 4, and 1 other is here");
            assertThat(chat.terminate()).isZero();
        }
    }

    @Test
    void linesAreTakenApartHoweverTheyComeAndShownAsTheyAreMeant() throws Exception {
        try (Program chat = chat("unix:@" + folder)) {
            final Endpoint way = chat.listening(1).getFirst();
            final Talker listener = join(way, 1);
            final Talker other = join(way, 2, listener);
            // Each byte by itself: the server has read it before the next one comes, or not.
            for (final byte each : "né€𝄞\r\n\n\r\na\tb\nc\rd\n".getBytes(StandardCharsets.UTF_8)) {
                other.send(each);
            }
            listener.hears("2: né€𝄞", "2: a\tb", "2: c\ufffdd");
            other.say("\033[31mred\007 \u009b2J \u202eback \u2028 \u200d");
            listener.hears("2: \ufffd[31mred\ufffd \ufffd2J \ufffdback \ufffd \u200d");
            other.send((byte) 0xff, (byte) 'x', (byte) 0xc3, (byte) '\n');
            listener.hears("2: \ufffdx\ufffd");

            other.say("y".repeat(1024) + "\r");
            listener.hears("2: " + "y".repeat(1024));
            other.say("z".repeat(1025));
            other.hears("* a line of more than 1024 bytes is told to nobody");
            other.say("z".repeat(100_000));
            other.hears("* a line of more than 1024 bytes is told to nobody");
            other.say("* 1 leaves");
            listener.hears("2: * 1 leaves");
            assertThat(chat.terminate()).isZero();
        }
    }

    @Test
    void aDatagramHasSeveralLinesAndWhatTheRoomDoesNotKnowIsNotTold() throws Exception {
        try (Program chat = chat("unixdgram:@" + folder)) {
            final Endpoint way = chat.listening(1).getFirst();
            final Talker listener = join(way, 1);
            final Talker other = join(way, 2, listener);
            other.send("one\ntwo\r\n\nthree".getBytes(StandardCharsets.US_ASCII));
            listener.hears("2: one", "2: two", "2: three");
            other.say("<JOIN>");
            other.say("<WHO>");
            other.hears("* what begins with < is for the room, which knows <JOIN> and <LEAVE>");
            other.say("w".repeat(70_000));
            other.hears("* a line of more than 1024 bytes is told to nobody");
            other.send();
            other.say("x");
            listener.hears("2: x");
            try (SocketFd nameless = SocketFd.socket(AF_UNIX, SOCK_DGRAM, 0)) {
                nameless.sendTo(new byte[] {'?'}, 0, 1, 0, way.address());
            }
            awaitError(chat, "its sender has no address");
            assertThat(chat.terminate()).isZero();
        }
    }

    @Test
    void whoDoesNotReadLosesLinesAndIsToldHowManyAndNobodyElseWaits() throws Exception {
        try (Program chat = chat("tcp:127.0.0.1:0", "unix:@" + folder)) {
            for (final Endpoint way : chat.listening(2)) {
                final int first = way.family() == AF_INET ? 1 : 4;
                final Talker slow = join(way, first);
                final Talker listener = join(way, first + 1, slow);
                final Talker talker = join(way, first + 2, slow, listener);
                int said = 0;
                // Until everything on the way to the slow one is full; TCP's buffers grow up to some megabytes.
                while (!chat.errors().contains(first + " is too slow")) {
                    for (int i = 0; i < 100; i++) {
                        final String line = said++ + " " + "s".repeat(1000);
                        talker.say(line);
                        listener.hears(first + 2 + ": " + line);
                    }
                    assertThat(said).as("lines, and none is lost").isLessThan(50_000);
                }
                // When he has heard what was kept, he is told of the rest, and nothing is missing from then on.
                int heard = 0;
                Matcher report;
                for (report = LOST.matcher(slow.hear()); !report.matches(); report = LOST.matcher(slow.hear())) {
                    heard++;
                }
                assertThat(heard + Integer.parseInt(report.group(1))).isEqualTo(said);
                talker.say("better?");
                slow.hears(first + 2 + ": better?");
                listener.hears(first + 2 + ": better?");
                for (final Talker each : List.of(slow, listener, talker)) {
                    each.close();
                }
                awaitError(chat, first + 2 + " leaves");
                awaitError(chat, first + 1 + " leaves");
                awaitError(chat, first + " leaves");
            }
            assertThat(chat.errors().lines().filter(line -> line.contains("too slow"))).hasSize(2);
            assertThat(chat.terminate()).isZero();
        }
    }

    /// He is not connected: the kernel keeps ten datagrams for him.
    @Test
    void datagramsThatHaveNoRoomAreCountedToo() throws Exception {
        try (Program chat = chat("unixdgram:@" + folder)) {
            final Endpoint way = chat.listening(1).getFirst();
            final Talker slow = join(way, 1);
            slow.socket.connect(SockAddr.unspec());
            final Talker listener = join(way, 2, slow);
            final Talker talker = join(way, 3, slow, listener);
            int said = 0;
            while (!chat.errors().contains("1 is too slow") || said % 10 != 0) {
                final String line = "line " + said++;
                talker.say(line);
                listener.hears("3: " + line);
                assertThat(said).isLessThan(100_000);
            }
            int heard = 0;
            while (slow.socket.await(POLLIN, 0) != 0) {
                slow.hears("3: line " + heard++);
            }
            talker.say("better?");
            final Matcher report = LOST.matcher(slow.hear());
            assertThat(report.matches()).isTrue();
            assertThat(heard + Integer.parseInt(report.group(1))).isEqualTo(said);
            slow.hears("3: better?");
            assertThat(chat.errors().lines().filter(line -> line.contains("too slow"))).hasSize(1);
            assertThat(chat.terminate()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp:127.0.0.1:0", "udp:[::1]:0"})
    void fiftyTalkAtOnce(final String address) throws Exception {
        try (Program chat = chat(address)) {
            final Endpoint way = chat.listening(1).getFirst();
            final List<Talker> here = new ArrayList<>();
            for (int i = 1; i <= 50; i++) {
                here.add(join(way, i, here.toArray(Talker[]::new)));
            }
            for (int i = 0; i < 50; i++) {
                here.get(i).say("I am the one with " + (i + 1));
            }
            for (int i = 1; i <= 50; i++) {
                final List<String> heard = new ArrayList<>();
                while (heard.size() < 49) {
                    heard.add(here.get(i - 1).hear());
                }
                final int own = i;
                assertThat(heard).containsExactlyInAnyOrderElementsOf(
                        IntStream.rangeClosed(1, 50).filter(other -> other != own)
                                .mapToObj(other -> other + ": I am the one with " + other).toList());
            }
            assertThat(chat.terminate()).isZero();
        }
    }

    /// `<JOIN>` from more addresses than are kept: whoever was silent the longest is forgotten.
    @Test
    void addressesAreForgottenWhenTheyAreTooMany() throws Exception {
        try (Program chat = chat("udp:127.0.0.1:0")) {
            final Endpoint way = chat.listening(1).getFirst();
            final Talker silent = join(way, 1);
            final Talker second = join(way, 2, silent);
            second.say("first");
            silent.hears("2: first");
            for (int i = 3; i <= 1000; i++) {
                join(way).hears("* welcome: you are " + i + ", and " + (i - 1) + " others are here");
            }
            silent.say("I am still here");
            join(way).hears("* welcome: you are 1001, and 999 others are here");
            assertThat(chat.errors()).contains("2 leaves: silent the longest of 1000").doesNotContain("1 leaves");
            assertThat(chat.terminate()).isZero();
        }
    }

    // ---- members

    /// Starts a member, who has joined when this returns.
    private static Program member(final Endpoint chat) throws Exception {
        final Program member = Program.fdsock("chat", chat.toString());
        assertThat(member.line()).as(member.errors()).startsWith("* welcome: you are ");
        return member;
    }

    @Test
    void twoMembersInTurnSayWhatTheyHaveToSayAndLeave() throws Exception {
        final List<String> addresses = everyWay();
        // As long as a line may be, so that a blank in front is one byte more.
        final String third = "<" + "3".repeat(1023);
        final Path file = Files.writeString(folder.resolve("lines"), "one\ntwo\n" + third + "\nlast");
        try (Program chat = chat(addresses)) {
            final List<Endpoint> ways = chat.listening(addresses.size());
            final Talker listener = join(ways.getFirst(), 1);
            int number = 1;
            for (final Endpoint way : ways) {
                // A pipe and a file in turn.
                final String input = number % 2 == 0 ? "cat %s | exec \"$@\"" : "exec \"$@\" < %s";
                final List<String> line = new ArrayList<>(List.of("sh", "-c", input.formatted(file), "sh"));
                line.addAll(Program.commandLine("chat", way.toString()));
                try (Program member = Program.start(line.toArray(String[]::new))) {
                    assertThat(member.status()).as(member.errors()).isZero();
                    final String at = ++number + ": ";
                    listener.hears("* " + number + " joins", at + "one", at + "two",
                            at + (way.type() == SOCK_DGRAM ? " " : "") + third, at + "last", "* " + number + " leaves");
                    assertThat(member.errors()).hasLineCount(1);
                }
            }
            assertThat(chat.terminate()).isZero();
        }
    }

    /// Faster than anybody is told: what the listener does not hear it is told the loss of.
    @ParameterizedTest
    @ValueSource(strings = {"tcp:[::1]:0", "unix:@", "unixdgram:@"})
    void everyLineOfALongFileArrivesOrIsToldToBeLost(final String address) throws Exception {
        final int lines = 10_000;
        final Path file = Files.write(folder.resolve("lines"),
                (Iterable<String>) IntStream.range(0, lines).mapToObj(i -> i + " " + "x".repeat(100))::iterator);
        try (Program chat = chat(address.endsWith("@") ? address + folder : address)) {
            final Endpoint way = chat.listening(1).getFirst();
            final Talker listener = join(way, 1);
            final List<String> command = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" < " + file, "sh"));
            command.addAll(Program.commandLine("chat", way.toString()));
            try (Program member = Program.start(command.toArray(String[]::new))) {
                listener.hears("* 2 joins");
                int count = 0;
                for (String line = listener.hear(); !line.equals("* 2 leaves"); line = listener.hear()) {
                    final Matcher report = LOST.matcher(line);
                    if (report.matches()) {
                        count += Integer.parseInt(report.group(1));
                    } else {
                        assertThat(line).startsWith("2: ");
                        count++;
                    }
                }
                assertThat(count).isEqualTo(lines);
                assertThat(member.status()).as(member.errors()).isZero();
            }
            assertThat(chat.terminate()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp:127.0.0.1:0", "udp:127.0.0.1:0"})
    void twoMembersTalkUntilASignalEndsOneAndAKillTheOther(final String address) throws Exception {
        try (Program chat = chat(address)) {
            final Endpoint way = chat.listening(1).getFirst();
            final Talker witness = join(way, 1);
            try (Program first = member(way); Program second = member(way)) {
                witness.hears("* 2 joins", "* 3 joins");
                assertThat(first.line()).isEqualTo("* 3 joins");
                first.type("how are you?\n");
                assertThat(second.line()).isEqualTo("2: how are you?");
                second.type("x".repeat(1025) + "\nfine, \033[1mreally\n");
                assertThat(first.line()).isEqualTo("3: fine, \ufffd[1mreally");
                awaitError(second, "a line of more than 1024 bytes is not said");
                witness.hears("2: how are you?", "3: fine, \ufffd[1mreally");

                assertThat(first.terminate()).isZero();
                witness.hears("* 2 leaves");
                assertThat(second.line()).isEqualTo("* 2 leaves");
                assertThat(second.process().toHandle().destroyForcibly()).isTrue();
                assertThat(second.process().waitFor(Program.PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
                if (way.type() == SOCK_DGRAM) {
                    // It takes a datagram to find out.
                    witness.say("are you there?");
                }
                witness.hears("* 3 leaves");
            }
            assertThat(chat.terminate()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whenTheChatEndsItsMembersEndWithALineAndStatus1(final boolean killed) throws Exception {
        final List<String> addresses = List.of("tcp:127.0.0.1:0", "unix:@" + folder, "udp:127.0.0.1:0", "udp:[::1]:0",
                "unixdgram:@" + folder + "/d");
        final List<Program> members = new ArrayList<>();
        try (Program chat = chat(addresses)) {
            for (final Endpoint way : chat.listening(addresses.size())) {
                members.add(member(way));
            }
            if (killed) {
                chat.process().destroyForcibly();
            } else {
                assertThat(chat.terminate()).isZero();
            }
            for (final Program member : members) {
                assertThat(member.status()).as(member.errors()).isEqualTo(1);
                assertThat(member.errors()).contains("fdsock chat: the room has ended").doesNotContain("\tat ");
                assertThat(member.rest().contains("* the room is closed"))
                        .isEqualTo(!killed && member.errors().startsWith("connected to"));
            }
        } finally {
            for (final Program member : members) {
                member.close();
            }
        }
    }

    @Test
    void whereNobodyListensIsToldInALineWithStatus1() throws Exception {
        final List<Endpoint> gone;
        final String unix = "unix:@" + folder;
        try (Program chat = chat("tcp:127.0.0.1:0", "udp:127.0.0.1:0", unix, "unixdgram:@" + folder + "/d")) {
            gone = chat.listening(4);
            assertThat(chat.terminate()).isZero();
        }
        for (final Endpoint nobody : gone) {
            try (Program member = Program.fdsock("chat", nobody.toString())) {
                assertThat(member.status()).as("%s", nobody).isEqualTo(1);
                assertThat(member.errors()).contains("ECONNREFUSED").contains("fdsock chat: ").doesNotContain("\tat ");
            }
        }
    }

    @Test
    void whatIsNoChatIsWrongUsage() throws Exception {
        for (final List<String> wrong : List.of(List.of("unixseq:@x"), List.of("tcp:127.0.0.1:1", "tcp:127.0.0.1:2"),
                List.of("--listen", "unixseq:@x"))) {
            final Stream<String> command = Stream.concat(Stream.of("chat"), wrong.stream());
            try (Program chat = Program.fdsock(command.toArray(String[]::new))) {
                assertThat(chat.status()).as("%s", wrong).isEqualTo(2);
                assertThat(chat.errors()).doesNotContain("\tat ");
            }
        }
    }

    @Test
    void whoseOutputNobodyReadsAnyMoreEnds() throws Exception {
        try (Program chat = chat("unix:@" + folder)) {
            final Endpoint way = chat.listening(1).getFirst();
            final String pipe = "exec 3>&1; { \"$@\"; echo $? >&3; } | head -n 1";
            final List<String> line = new ArrayList<>(List.of("sh", "-c", pipe, "sh"));
            line.addAll(Program.commandLine("chat", way.toString()));
            try (Program member = Program.start(line.toArray(String[]::new))) {
                assertThat(member.rest()).containsExactly("* welcome: you are 1, and alone", "1");
                assertThat(member.errors()).contains("EPIPE").doesNotContain("\tat ");
            }
            assertThat(chat.terminate()).isZero();
        }
    }

    // ---- other programs

    @Test
    @RequiresProgram("script")
    void aTerminalEndsByControlD() throws Exception {
        try (Program chat = chat("tcp:127.0.0.1:0")) {
            final Endpoint way = chat.listening(1).getFirst();
            final Talker listener = join(way, 1);
            final String command = String.join(" ", Program.commandLine("chat", way.toString()));
            try (Program terminal = Program.start("script", "-qec", command, folder.resolve("typescript").toString())) {
                listener.hears("* 2 joins");
                terminal.type("typed\n");
                listener.hears("2: typed");
                listener.say("read");
                String line = terminal.line();
                while (!line.contains("1: read")) {
                    line = terminal.line();
                }
                terminal.type("\4");
                listener.hears("* 2 leaves");
                assertThat(terminal.status()).isZero();
            }
            assertThat(chat.terminate()).isZero();
        }
    }

    @Test
    @RequiresProgram({"nc", "socat", "python3"})
    void othersJoinByProgramsOfTheirOwn() throws Exception {
        try (Program chat = chat("tcp:127.0.0.1:0", "udp:127.0.0.1:0", "unix:" + folder.resolve("s"))) {
            final List<Endpoint> ways = chat.listening(3);
            final String tcp = port(ways.get(0));
            final String udp = port(ways.get(1));
            final String python = """
                    import socket, sys
                    s = socket.socket(socket.AF_INET, getattr(socket, sys.argv[1]))
                    s.connect(("127.0.0.1", int(sys.argv[2])))
                    f = s.makefile("rw", encoding="utf-8")
                    if sys.argv[1] == "SOCK_DGRAM":
                        s.send(b"<JOIN>")
                        receive = lambda: s.recv(9000).decode("utf-8")
                    else:
                        receive = f.readline
                    print(receive(), end="", flush=True)
                    for line in sys.stdin:
                        s.send(line.encode("utf-8"))
                        print(receive(), end="", flush=True)
                    """;
            final Talker listener = join(ways.get(2), 1);
            final List<List<String>> programs = List.of(
                    List.of("nc", "127.0.0.1", tcp), List.of("nc", "-u", "127.0.0.1", udp),
                    List.of("socat", "-", "TCP:127.0.0.1:" + tcp), List.of("socat", "-", "UDP:127.0.0.1:" + udp),
                    List.of("nc", "-U", folder.resolve("s").toString()),
                    List.of("socat", "-", "UNIX:" + folder.resolve("s")),
                    List.of("python3", "-c", python, "SOCK_STREAM", tcp),
                    List.of("python3", "-c", python, "SOCK_DGRAM", udp));
            int number = 1;
            for (final List<String> command : programs) {
                try (Program program = Program.start(command.toArray(String[]::new))) {
                    number++;
                    if (command.contains("-u") || command.contains("UDP:127.0.0.1:" + udp)) {
                        program.type("<JOIN>\n");
                    }
                    assertThat(program.line()).as("%s", command)
                            .isEqualTo("* welcome: you are " + number + ", and 1 other is here");
                    program.type("grüße\n");
                    listener.hears("* " + number + " joins", number + ": grüße");
                    listener.say("à bientôt");
                    assertThat(program.line()).as("%s", command).isEqualTo("1: à bientôt");
                }
                if (command.contains(udp) || command.contains("UDP:127.0.0.1:" + udp)) {
                    listener.say("still there?");
                }
                listener.hears("* " + number + " leaves");
            }
            assertThat(chat.terminate()).isZero();
        }
    }

    private static String port(final Endpoint way) {
        return Integer.toString(((SockAddr.Inet) way.address()).port());
    }
}
