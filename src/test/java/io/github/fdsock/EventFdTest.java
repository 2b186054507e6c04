package io.github.fdsock;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.harness.Faults;
import io.github.fdsock.sys.Call;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A counter gives back what was added to it, once.
class EventFdTest {
    @Test
    void takesAllThatWasAdded() throws IOException {
        try (EventFd counter = EventFd.create(3, EFD_NONBLOCK)) {
            assertThat(counter.add(4)).isZero();
            assertThat(counter.add(0)).isZero();
            assertThat(counter.take()).isEqualTo(7);
            assertThat(counter.take()).isEqualTo(-EAGAIN);
        }
    }

    @Test
    void semaphoreTakesOneByOne() throws IOException {
        try (EventFd counter = EventFd.create(2, EFD_NONBLOCK | EFD_SEMAPHORE)) {
            counter.add(1);
            assertThat(counter.take()).isEqualTo(1);
            assertThat(counter.take()).isEqualTo(1);
            assertThat(counter.take()).isEqualTo(1);
            assertThat(counter.take()).isEqualTo(-EAGAIN);
        }
    }

    @Test
    void initialValueHasNoSign() throws IOException {
        try (EventFd counter = EventFd.create(-1, 0)) {
            assertThat(counter.take()).isEqualTo(0xffff_ffffL);
        }
    }

    @Test
    void bornCloseOnExecAndNonBlockingWhereAsked() throws IOException {
        try (EventFd blocking = EventFd.create(0, 0); EventFd nonBlocking = EventFd.create(0, EFD_NONBLOCK)) {
            assertThat(blocking.closeOnExec()).isTrue();
            assertThat(blocking.nonBlocking()).isFalse();
            assertThat(nonBlocking.closeOnExec()).isTrue();
            assertThat(nonBlocking.nonBlocking()).isTrue();
            assertThat(blocking).hasToString("eventfd " + blocking.intValue());
        }
    }

    @Test
    void aFullCounterIsNotAddedTo() throws IOException {
        try (EventFd counter = EventFd.create(0, EFD_NONBLOCK)) {
            assertThat(counter.add(Long.MAX_VALUE)).isZero();
            assertThat(counter.add(Long.MAX_VALUE)).as("2^64-2, the most there is").isZero();
            assertThat(counter.await(POLLOUT, 0)).isZero();
            assertThat(counter.add(1)).isEqualTo(-EAGAIN);
            assertThat(counter.take()).as("more than a long can tell").isEqualTo(Long.MAX_VALUE);
            assertThat(counter.take()).isEqualTo(-EAGAIN);
        }
    }

    @Test
    void rawReadGivesAllBits() throws IOException {
        try (Arena arena = Arena.ofConfined(); EventFd counter = EventFd.create(0, EFD_NONBLOCK)) {
            final MemorySegment value = arena.allocateFrom(ValueLayout.JAVA_LONG, -2);
            assertThat(counter.write(value)).isEqualTo(8);
            value.set(ValueLayout.JAVA_LONG, 0, 0);
            assertThat(counter.read(value)).isEqualTo(8);
            assertThat(value.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(-2);
            final MemorySegment short7 = arena.allocate(7);
            assertThatThrownBy(() -> counter.read(short7)).isInstanceOf(ErrnoException.class)
                    .hasMessage("read(%d, 7) = -1 EINVAL (Invalid argument)", counter.intValue());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, Long.MIN_VALUE})
    void whatCannotBeAddedIsRefusedBeforeTheCall(final long n) throws IOException {
        try (EventFd counter = EventFd.create(0, EFD_NONBLOCK); Seen seen = Seen.calls()) {
            assertThatThrownBy(() -> counter.add(n)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(Long.toString(n));
            assertThat(seen.all(Call.write)).isEmpty();
        }
    }

    @Test
    void unknownFlagsAreTheKernelsToRefuse() {
        assertThatThrownBy(() -> EventFd.create(1, 2)).isInstanceOf(ErrnoException.class)
                .hasMessage("eventfd(1, EFD_CLOEXEC|0x2) = -1 EINVAL (Invalid argument)");
    }

    @Test
    void anInterruptedTakeOrAddGoesOn() throws IOException {
        try (EventFd counter = EventFd.create(0, EFD_NONBLOCK)) {
            try (Faults faults = Faults.inject("write:error=EINTR:when=1..3")) {
                assertThat(counter.add(5)).isZero();
                assertThat(faults.matched(0)).isEqualTo(4);
            }
            try (Faults faults = Faults.inject("read:error=EINTR:when=1..3")) {
                assertThat(counter.take()).isEqualTo(5);
                assertThat(faults.matched(0)).isEqualTo(4);
            }
        }
    }

    @Test
    void anAddWakesATaker() throws Exception {
        try (EventFd counter = EventFd.create(0, 0);
                Background<Long> taker = Background.start(counter::take)) {
            taker.awaitBlockedOn(counter);
            counter.add(9);
            assertThat(taker.result()).isEqualTo(9);
        }
    }

    @Test
    void aTakeWakesAnAdderThatFoundNoRoom() throws Exception {
        try (EventFd counter = EventFd.create(0, 0)) {
            counter.add(Long.MAX_VALUE);
            counter.add(Long.MAX_VALUE);
            try (Background<Integer> adder = Background.start(() -> counter.add(3))) {
                adder.awaitBlockedOn(counter);
                assertThat(counter.take()).isEqualTo(Long.MAX_VALUE);
                assertThat(adder.result()).isZero();
                assertThat(counter.take()).isEqualTo(3);
            }
        }
    }

    @Test
    void everyAddFromManyThreadsCounts() throws Exception {
        final int threads = 4;
        final int adds = 20_000;
        try (EventFd counter = EventFd.create(0, EFD_NONBLOCK)) {
            final AtomicLong taken = new AtomicLong();
            final Thread[] adders = new Thread[threads];
            for (int i = 0; i < threads; i++) {
                adders[i] = Thread.ofPlatform().start(() -> {
                    for (int n = 0; n < adds; n++) {
                        try {
                            counter.add(1);
                        } catch (final IOException e) {
                            throw new AssertionError(e);
                        }
                    }
                });
            }
            while (taken.get() < (long) threads * adds) {
                assertThat(counter.await(POLLIN, 10_000_000_000L)).isEqualTo(POLLIN);
                taken.addAndGet(counter.take());
            }
            for (final Thread adder : adders) {
                adder.join();
            }
            assertThat(taken).hasValue((long) threads * adds);
            assertThat(counter.take()).isEqualTo(-EAGAIN);
        }
    }

    @Test
    void copiesAndAdoptedNumbersShareTheCounter() throws IOException {
        try (EventFd counter = EventFd.create(1, EFD_NONBLOCK); EventFd copy = counter.dup();
                EventFd adopted = EventFd.adopt(counter.dup().release())) {
            copy.add(1);
            adopted.add(1);
            assertThat(counter.take()).isEqualTo(3);
        }
    }

    @Test
    void adoptRefusesEverythingElse() throws IOException {
        try (EpollFd epoll = EpollFd.create()) {
            assertThatThrownBy(() -> EventFd.adopt(epoll.intValue())).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("fd %d is anon_inode:[eventpoll], not an eventfd", epoll.intValue());
        }
    }

    @Test
    void useAfterCloseIsRefused() throws IOException {
        final EventFd counter = EventFd.create(1, EFD_NONBLOCK);
        counter.close();
        assertThatThrownBy(counter::take).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> counter.add(1)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(counter::dup).isInstanceOf(IllegalStateException.class);
    }
}
