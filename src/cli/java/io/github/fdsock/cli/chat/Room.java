package io.github.fdsock.cli.chat;

import io.github.fdsock.SockAddr;
import io.github.fdsock.cli.serve.Service;
import io.github.fdsock.loop.Datagrams;
import io.github.fdsock.loop.Stream;
import java.io.Closeable;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.Set;

/// Where each line that one says is told to all the others, and who joins and leaves; whichever way they have come.
public final class Room implements Service, Closeable {
    private static final String TOO_LONG = "a line of more than " + Lines.SPOKEN + " bytes is told to nobody";

    private final Set<Member> members = new LinkedHashSet<>();
    private final PrintStream log;
    private int latest;

    /// @param log is told who joins, who leaves and why
    public Room(final PrintStream log) {
        this.log = log;
    }

    @Override
    public void connected(final Stream stream, final boolean tcp) throws IOException {
        final SockAddr peer = stream.remoteAddress();
        join(new StreamMember(this, nextNumber(), stream), peer instanceof SockAddr.UnixUnnamed
                ? "process " + stream.socket().peerCredentials().pid() : peer.toString());
    }

    @Override
    public void receiving(final Datagrams socket) throws IOException {
        new DatagramMembers(this, socket).open();
    }

    int nextNumber() {
        return ++latest;
    }

    void join(final Member member, final String from) {
        log.println(member.number() + " joins from " + from);
        tell(member, "welcome: you are " + member.number() + ", " + switch (members.size()) {
            case 0 -> "and alone";
            case 1 -> "and 1 other is here";
            default -> "and " + members.size() + " others are here";
        });
        tellOthers(member, "* " + member.number() + " joins");
        members.add(member);
    }

    void say(final Member member, final String text) {
        tellOthers(member, member.number() + ": " + text);
    }

    void tooLong(final Member member) {
        tell(member, TOO_LONG);
    }

    /// Somebody leaves, who may have left before.
    ///
    /// @param why null where nothing is wrong
    void leave(final Member member, final String why) {
        if (members.remove(member)) {
            log.println(member.number() + " leaves" + (why == null ? "" : ": " + why));
            tellOthers(member, "* " + member.number() + " leaves");
        }
    }

    /// Tells something to one alone.
    static void tell(final Member member, final String text) {
        member.tell(line("* " + text));
    }

    private void tellOthers(final Member member, final String text) {
        final MemorySegment line = line(text);
        for (final Member other : members) {
            if (other != member) {
                other.tell(line);
            }
        }
    }

    static MemorySegment line(final String text) {
        return MemorySegment.ofArray((text + '\n').getBytes(StandardCharsets.UTF_8));
    }

    /// Lines for somebody have no room, and will be missing.
    void missed(final Member member, final int lines) {
        if (member.missed(lines)) {
            log.println(member.number() + " is too slow: lines are lost");
        }
    }

    /// What is told to whoever has missed something.
    static MemorySegment report(final int lost) {
        return line("* " + lost + (lost == 1 ? " line was" : " lines were") + " lost: you are too slow");
    }

    PrintStream log() {
        return log;
    }

    /// Tells everybody that it is over.
    @Override
    public void close() {
        for (final Member member : members) {
            member.tellEnd();
        }
        members.clear();
    }
}
