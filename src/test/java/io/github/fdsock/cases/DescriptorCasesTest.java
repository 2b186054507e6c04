package io.github.fdsock.cases;

import static io.github.fdsock.cases.Workbench.text;
import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.Background;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.ControlBuffer;
import io.github.fdsock.sys.struct.Iovec;
import io.github.fdsock.sys.struct.Msghdr;
import io.github.fdsock.sys.struct.Rlimit;
import io.github.fdsock.testing.RequiresProgram;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Descriptors arrive in any number up to the limits, also while others send; at each limit it is known what happens.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DescriptorCasesTest {

    private static void append(OneByteMessage message, int... descriptors) {
        message.control().appendInts(SOL_SOCKET, SCM_RIGHTS, descriptors);
    }

    private static int[] received(OneByteMessage message) {
        ControlBuffer control = message.control();
        assertThat(control.next()).isTrue();
        assertThat(control.level()).isEqualTo(SOL_SOCKET);
        assertThat(control.type()).isEqualTo(SCM_RIGHTS);
        int[] descriptors = control.data().toArray(ValueLayout.JAVA_INT);
        assertThat(control.next()).isFalse();
        return descriptors;
    }

    @Test
    void C22_tenArriveInOrderWhereThereIsRoomForTwenty() {
        try (Workbench bench = new Workbench()) {
            Workbench.Pair pair = bench.unixPair(SOCK_STREAM);
            Workbench.Pair[] pipes = IntStream.range(0, 10).mapToObj(_ -> bench.pipe()).toArray(Workbench.Pair[]::new);
            ControlBuffer sent = ControlBuffer.allocate(bench.arena(), (int) ControlBuffer.space(40));
            sent.appendInts(SOL_SOCKET, SCM_RIGHTS, Arrays.stream(pipes).mapToInt(Workbench.Pair::a).toArray());
            Msghdr message = Msghdr.allocate(bench.arena()).control(sent)
                    .iov(Iovec.allocate(bench.arena(), 1).add(bench.bytes("message")));
            assertThat(Libc.sendmsg(pair.a(), message.prepareSend().segment(), 0)).isEqualTo(7);

            MemorySegment buffer = bench.memory(14);
            ControlBuffer control = ControlBuffer.allocate(bench.arena(), (int) ControlBuffer.space(80));
            message.iov(Iovec.allocate(bench.arena(), 1).add(buffer)).control(control).prepareReceive();
            assertThat(Libc.recvmsg(pair.b(), message.segment(), 0)).isEqualTo(7);
            assertThat(control.received(message.controllen()).next()).isTrue();
            int[] copies = control.data().toArray(ValueLayout.JAVA_INT);
            Arrays.stream(copies).forEach(bench::keep);
            assertThat(text(buffer, 7)).isEqualTo("message");
            assertThat(message.flags()).isZero();
            assertThat(copies).hasSize(10);
            for (int i = 0; i < copies.length; i++) {
                assertThat(Libc.write(pipes[i].b(), bench.bytes("" + i), 1)).isEqualTo(1);
                assertThat(Libc.read(copies[i], buffer, 14)).isEqualTo(1);
                assertThat(text(buffer, 1)).isEqualTo("" + i);
            }
        }
    }

    @Test
    void G11_noneIsLostOrLeftWhileOneThreadSendsAndAnotherReceives() throws Exception {
        int many = 2000;
        try (Workbench bench = new Workbench()) {
            Workbench.Pair pair = bench.unixPair(SOCK_STREAM);
            Workbench.Pair pipe = bench.pipe();
            OneByteMessage message = new OneByteMessage(bench.arena(), 20);
            OneByteMessage copy = new OneByteMessage(bench.arena(), 20);
            append(message, pipe.b());
            try (Background<Integer> sender = Background.start(() ->
                    (int) IntStream.range(0, many).filter(_ -> message.send(pair.a(), 0) == 1).count())) {
                for (int i = 0; i < many; i++) {
                    assertThat(copy.receive(pair.b(), 0)).isEqualTo(1);
                    assertThat(Libc.close(received(copy)[0])).isZero();
                }
                assertThat(sender.result()).isEqualTo(many);
            }
            bench.close(pipe.b());
            assertThat(Libc.read(pipe.a(), bench.memory(1), 1)).as("no copy is left").isZero();
        }
    }

    @Test
    void K06_253PassAndOneMoreIsRefusedInOneControlMessageAsInTwo() {
        try (Workbench bench = new Workbench()) {
            Workbench.Pair pair = bench.unixPair(SOCK_STREAM);
            int[] most = IntStream.generate(pair::a).limit(SCM_MAX_FD).toArray();
            OneByteMessage message = new OneByteMessage(bench.arena(), (int) ControlBuffer.space(2 * 1024));
            append(message, Arrays.copyOf(most, SCM_MAX_FD + 1));
            assertThat(message.send(pair.a(), 0)).isEqualTo(-EINVAL);
            message.control().clear();
            append(message, Arrays.copyOf(most, 200));
            append(message, Arrays.copyOf(most, SCM_MAX_FD + 1 - 200));
            assertThat(message.send(pair.a(), 0)).isEqualTo(-EINVAL);
            assertThat(Libc.recv(pair.b(), bench.memory(1), 1, MSG_DONTWAIT)).isEqualTo(-EAGAIN);

            message.control().clear();
            append(message, most);
            assertThat(message.send(pair.a(), 0)).isEqualTo(1);
            assertThat(message.receive(pair.b(), 0)).isEqualTo(1);
            int[] copies = received(message);
            Arrays.stream(copies).forEach(bench::keep);
            assertThat(copies).hasSize(SCM_MAX_FD);
            assertThat(message.header().flags()).isZero();
        }
    }

    @Test
    void K02_K03_whatFindsNoNumberIsClosedAndToldOfNothingElseIsWritten() throws Exception {
        try (Child child = Child.java(FewNumbers.class)) {
            assertThat(child.hear()).isEqualTo("free 9: received 1, cut off false, length 32, descriptors 3");
            assertThat(child.hear()).isEqualTo("free 0: received 1, cut off true, length 0, buffer untouched");
            assertThat(child.hear()).isEqualTo("free 1: received 1, cut off true, length 24, descriptors 1");
            assertThat(child.hear()).isEqualTo("free 2: received 1, cut off true, length 24, descriptors 2");
            assertThat(child.hear()).isEqualTo("free 3: received 1, cut off false, length 32, descriptors 3");
            assertThat(child.hear()).isEqualTo("copies left: none");
            child.awaitEnd();
        }
    }

    /// A program that receives three descriptors while so many numbers are free, and says what it got.
    static final class FewNumbers {
        private FewNumbers() {
        }

        public static void main(String[] arguments) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment pair = arena.allocate(8, 4);
                MemorySegment pipe = arena.allocate(8, 4);
                Libc.socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair);
                Libc.pipe2(pipe, O_CLOEXEC | O_NONBLOCK);
                StringBuilder report = new StringBuilder();
                // The first, with numbers enough, loads every class: that takes numbers as well.
                for (int free : new int[] {9, 0, 1, 2, 3}) {
                    report.append(receive(arena, number(pair, 0), number(pair, 1), number(pipe, 1), free));
                }
                Libc.close(number(pipe, 1));
                long left = Libc.read(number(pipe, 0), arena.allocate(1), 1);
                System.out.println(report + "copies left: " + (left == 0 ? "none" : left));
            }
        }

        private static int number(MemorySegment pair, int index) {
            return pair.getAtIndex(ValueLayout.JAVA_INT, index);
        }

        private static String receive(Arena arena, int sender, int receiver, int passed, int free) {
            OneByteMessage message = new OneByteMessage(arena, (int) ControlBuffer.space(12));
            append(message, passed, passed, passed);
            message.send(sender, 0);
            Rlimit limit = Rlimit.allocate(arena);
            Libc.getrlimit(RLIMIT_NOFILE, limit.segment());
            long before = limit.cur();
            int[] taken = new int[64];
            int count = 0;
            int next = Libc.dup(sender);
            Libc.close(next);
            // Numbers above the limit that are in use stay: all below it that are free are taken, but so many.
            Libc.setrlimit(RLIMIT_NOFILE, limit.cur(next + 32).segment());
            for (int number = Libc.dup(sender); number >= 0; number = Libc.dup(sender)) {
                taken[count++] = number;
            }
            for (int i = 0; i < free; i++) {
                Libc.close(taken[--count]);
            }
            long result = message.receive(receiver, 0);
            while (count > 0) {
                Libc.close(taken[--count]);
            }
            Libc.setrlimit(RLIMIT_NOFILE, limit.cur(before).segment());
            String report = "free " + free + ": received " + result + ", cut off "
                    + ((message.header().flags() & MSG_CTRUNC) != 0) + ", length " + message.header().controllen();
            if (!message.control().next()) {
                MemorySegment buffer = message.control().segment();
                MemorySegment fresh = arena.allocate(buffer.byteSize()).fill((byte) 0x55);
                return report + ", buffer " + (buffer.mismatch(fresh) < 0 ? "untouched" : "written to") + "\n";
            }
            int descriptors = message.control().dataLength() / Integer.BYTES;
            for (int i = 0; i < descriptors; i++) {
                Libc.close(message.control().dataInt(i * Integer.BYTES));
            }
            return report + ", descriptors " + descriptors + "\n";
        }
    }

    @Test
    @RequiresProgram("setpriv")
    void K11_moreOnTheirWayThanTheSenderMayHaveAreRefused() throws Exception {
        try (Child child = Child.javaWithout("sys_resource,sys_admin", ManyOnTheirWay.class)) {
            assertThat(child.hear()).isEqualTo("up to the limit and beyond it: 1");
            assertThat(child.hear()).isEqualTo("beyond the limit: " + -ETOOMANYREFS);
            assertThat(child.hear()).isEqualTo("after they were read away: 1");
            child.awaitEnd();
        }
    }

    /// A program that sends more descriptors than it may have open, and says what it was told.
    static final class ManyOnTheirWay {
        private ManyOnTheirWay() {
        }

        public static void main(String[] arguments) {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment pair = arena.allocate(8, 4);
                Libc.socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
                int sender = pair.getAtIndex(ValueLayout.JAVA_INT, 0);
                int receiver = pair.getAtIndex(ValueLayout.JAVA_INT, 1);
                Rlimit limit = Rlimit.allocate(arena);
                Libc.getrlimit(RLIMIT_NOFILE, limit.segment());
                Libc.setrlimit(RLIMIT_NOFILE, limit.cur(SCM_MAX_FD - 1).segment());
                OneByteMessage message = new OneByteMessage(arena, (int) ControlBuffer.space(SCM_MAX_FD * 4));
                append(message, IntStream.generate(() -> sender).limit(SCM_MAX_FD).toArray());
                System.out.println("up to the limit and beyond it: " + message.send(sender, 0));
                System.out.println("beyond the limit: " + message.send(sender, 0));
                Libc.recv(receiver, arena.allocate(1), 1, 0);
                System.out.println("after they were read away: " + message.send(sender, 0));
            }
        }
    }
}
