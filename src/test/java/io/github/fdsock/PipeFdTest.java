package io.github.fdsock;

import static io.github.fdsock.sys.Constants.*;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.api.Test;

/// What goes into one end of a pipe comes out of the other, and both ends notice the other's end.
class PipeFdTest {
    private static final byte[] WORD = "word".getBytes(US_ASCII);

    @Test
    void carriesBytesInOrder() throws IOException {
        try (PipeFd.Pair pipe = PipeFd.create(0)) {
            assertThat(pipe.writeEnd().write(WORD, 0, 4)).isEqualTo(4);
            final byte[] into = new byte[10];
            assertThat(pipe.readEnd().read(into, 2, 8)).isEqualTo(4);
            assertThat(into).startsWith(0, 0, 'w', 'o', 'r', 'd', 0);
        }
    }

    @Test
    void bothEndsAreBornCloseOnExec() throws IOException {
        try (PipeFd.Pair pipe = PipeFd.create(O_NONBLOCK)) {
            assertThat(pipe.readEnd().closeOnExec()).isTrue();
            assertThat(pipe.writeEnd().closeOnExec()).isTrue();
            assertThat(pipe.readEnd().nonBlocking()).isTrue();
            assertThat(pipe.writeEnd().nonBlocking()).isTrue();
            assertThat(pipe.readEnd()).hasToString("pipe " + pipe.readEnd().intValue());
        }
    }

    @Test
    void noDataAndNoRoomAreValues() throws IOException {
        try (PipeFd.Pair pipe = PipeFd.create(O_NONBLOCK)) {
            assertThat(pipe.readEnd().read(new byte[1], 0, 1)).isEqualTo(-EAGAIN);
            final int capacity = pipe.writeEnd().capacity();
            assertThat(pipe.writeEnd().write(new byte[capacity], 0, capacity)).isEqualTo(capacity);
            assertThat(pipe.writeEnd().write(WORD, 0, 1)).isEqualTo(-EAGAIN);
        }
    }

    @Test
    void endsWithTheWriter() throws IOException {
        try (PipeFd.Pair pipe = PipeFd.create(0)) {
            pipe.writeEnd().write(WORD, 0, 4);
            pipe.writeEnd().close();
            assertThat(pipe.readEnd().read(new byte[10], 0, 10)).isEqualTo(4);
            assertThat(pipe.readEnd().read(new byte[10], 0, 10)).isZero();
        }
    }

    @Test
    void writingForNobodyIsAnError() throws IOException {
        try (PipeFd.Pair pipe = PipeFd.create(0)) {
            pipe.readEnd().close();
            assertThatThrownBy(() -> pipe.writeEnd().write(WORD, 0, 4)).isInstanceOf(ErrnoException.class)
                    .hasMessage("write(%d, 4) = -1 EPIPE (Broken pipe)", pipe.writeEnd().intValue());
        }
    }

    @Test
    void closingTheOtherEndEndsABlockedRead() throws Exception {
        try (PipeFd.Pair pipe = PipeFd.create(0);
                Background<Long> reader = Background.start(() -> pipe.readEnd().read(new byte[1], 0, 1))) {
            reader.awaitBlockedOn(pipe.readEnd());
            pipe.writeEnd().close();
            assertThat(reader.result()).isZero();
        }
    }

    @Test
    void packetsStayApart() throws IOException {
        try (PipeFd.Pair pipe = PipeFd.create(O_DIRECT)) {
            pipe.writeEnd().write(WORD, 0, 3);
            pipe.writeEnd().write(WORD, 3, 1);
            final byte[] into = new byte[10];
            assertThat(pipe.readEnd().read(into, 0, 10)).isEqualTo(3);
            assertThat(pipe.readEnd().read(into, 0, 10)).isEqualTo(1);
        }
    }

    @Test
    void capacityIsRoundedUpByTheKernel() throws IOException {
        try (PipeFd.Pair pipe = PipeFd.create(0)) {
            assertThat(pipe.readEnd().capacity()).isEqualTo(pipe.writeEnd().capacity());
            assertThat(pipe.writeEnd().capacity(100_000)).isEqualTo(131_072);
            assertThat(pipe.readEnd().capacity()).isEqualTo(131_072);
            assertThatThrownBy(() -> pipe.writeEnd().capacity(-1)).isInstanceOf(ErrnoException.class)
                    .hasMessageEndingWith("F_SETPIPE_SZ, -1) = -1 EINVAL (Invalid argument)");
            pipe.writeEnd().write(new byte[100_000], 0, 100_000);
            assertThatThrownBy(() -> pipe.writeEnd().capacity(4096)).isInstanceOf(ErrnoException.class)
                    .hasMessage("fcntl(%d, F_SETPIPE_SZ, 4096) = -1 EBUSY (Device or resource busy)",
                            pipe.writeEnd().intValue());
        }
    }

    @Test
    void unknownFlagsAreTheKernelsToRefuse() {
        assertThatThrownBy(() -> PipeFd.create(O_CREAT)).isInstanceOf(ErrnoException.class)
                .hasMessage("pipe2(O_CLOEXEC|0x40) = -1 EINVAL (Invalid argument)");
    }

    @Test
    void copiesAndAdoptedNumbersShareTheEnd() throws IOException {
        try (PipeFd.Pair pipe = PipeFd.create(0); PipeFd copy = pipe.writeEnd().dup();
                PipeFd adopted = PipeFd.adopt(pipe.writeEnd().dup().release())) {
            pipe.writeEnd().close();
            copy.write(WORD, 0, 2);
            adopted.write(WORD, 2, 2);
            final byte[] into = new byte[4];
            assertThat(pipe.readEnd().read(into, 0, 4)).isEqualTo(4);
            assertThat(into).isEqualTo(WORD);
        }
    }

    @Test
    void adoptRefusesEverythingElse() throws IOException {
        try (EventFd counter = EventFd.create(0, 0)) {
            assertThatThrownBy(() -> PipeFd.adopt(counter.intValue())).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("fd %d is anon_inode:[eventfd], not a pipe", counter.intValue());
        }
        assertThatThrownBy(() -> PipeFd.adopt(-5)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("-5");
    }
}
