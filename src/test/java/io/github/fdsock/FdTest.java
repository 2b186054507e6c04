package io.github.fdsock;

import static io.github.fdsock.sys.Constants.*;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.harness.Faults;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.Iovec;
import io.github.fdsock.testing.WithoutLedger;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.ref.WeakReference;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A descriptor has one owner: it is closed once, used by nobody afterwards, and read and written whole.
class FdTest {
    @TempDir
    private Path directory;

    /// A number that is no descriptor, of which the kernel never hears.
    private static final int INVENTED = 4_000_000;

    /// Answers for [#INVENTED] in the kernel's place.
    private static Long inventedIsOpen(final Seen.Made made) {
        return made.arguments().getFirst().equals(INVENTED) ? 0L : null;
    }

    private Fd file(final String content) throws IOException {
        final Path path = Files.writeString(directory.resolve("file"), content);
        return Fd.openFile(path, O_RDWR, 0);
    }

    @Nested
    class Ownership {
        @Test
        void thirtyTwoThreadsCloseOnce() throws Exception {
            final int threads = 32;
            for (int round = 0; round < 200; round++) {
                try (Seen seen = Seen.calls(FdTest::inventedIsOpen)) {
                    final Fd fd = Fd.adopt(INVENTED);
                    final CyclicBarrier together = new CyclicBarrier(threads);
                    final AtomicInteger failures = new AtomicInteger();
                    final Thread[] closers = new Thread[threads];
                    for (int i = 0; i < threads; i++) {
                        closers[i] = Thread.ofVirtual().start(() -> {
                            try {
                                together.await();
                                fd.close();
                            } catch (final Exception e) {
                                failures.incrementAndGet();
                            }
                        });
                    }
                    for (final Thread closer : closers) {
                        closer.join();
                    }
                    assertThat(failures).hasValue(0);
                    assertThat(seen.all(Call.close)).hasSize(1);
                }
            }
        }

        @Test
        void theLastOfManyUsersClosesOnce() throws Exception {
            final int threads = 8;
            for (int round = 0; round < 200; round++) {
                try (Seen seen = Seen.calls(FdTest::inventedIsOpen)) {
                    final Fd fd = Fd.adopt(INVENTED);
                    final CyclicBarrier together = new CyclicBarrier(threads);
                    final Thread[] users = new Thread[threads];
                    for (int i = 0; i < threads; i++) {
                        final boolean closes = i == threads / 2;
                        users[i] = Thread.ofPlatform().start(() -> {
                            try {
                                together.await();
                                for (int n = 0; n < 20; n++) {
                                    if (closes && n == 10) {
                                        fd.close();
                                    }
                                    fd.fcntl(F_GETFL, 0);
                                }
                            } catch (final IllegalStateException closed) {
                                assertThat(closed).hasMessageContaining("fd " + INVENTED);
                            } catch (final Exception e) {
                                throw new AssertionError(e);
                            }
                        });
                    }
                    for (final Thread user : users) {
                        user.join();
                    }
                    assertThat(seen.on(INVENTED)).endsWith(Call.close).containsOnlyOnce(Call.close);
                }
            }
        }

        @Test
        void useAfterCloseNamesThreadAndPlace() throws Exception {
            final Fd fd = file("");
            final int number = fd.intValue();
            final Thread closer = new Thread(() -> {
                try {
                    fd.close();
                } catch (final IOException e) {
                    throw new AssertionError(e);
                }
            }, "the closer");
            closer.start();
            closer.join();
            assertThat(fd.isOpen()).isFalse();
            assertThat(fd).hasToString("fd " + number);
            assertThatThrownBy(fd::intValue).isInstanceOf(IllegalStateException.class)
                    .hasMessage("fd %d was closed by thread \"the closer\"", number)
                    .satisfies(e -> assertThat(e.getCause()).hasMessage("here the descriptor was closed"))
                    .satisfies(e -> assertThat(e.getCause().getStackTrace())
                            .anyMatch(frame -> frame.getClassName().startsWith(FdTest.class.getName())));
            try (Seen seen = Seen.calls()) {
                assertThatThrownBy(() -> fd.read(new byte[1], 0, 1)).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(() -> fd.write(new byte[1], 0, 1)).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(() -> fd.await(POLLIN, 0)).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(() -> fd.closeOnExec()).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(() -> fd.nonBlocking(true)).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(() -> fd.fcntl(F_GETFD, 0)).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(fd::dup).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(fd::release).isInstanceOf(IllegalStateException.class);
                fd.close();
                assertThat(seen.all()).isEmpty();
            }
        }

        @Test
        void releaseGivesTheNumberAwayOpen() throws IOException {
            final Fd first = file("content");
            final int number = first.release();
            assertThat(first.isOpen()).isFalse();
            first.close();
            assertThatThrownBy(first::intValue).isInstanceOf(IllegalStateException.class)
                    .hasMessage("fd %d was given away by thread \"%s\"", number, Thread.currentThread().getName());
            try (Fd second = Fd.adopt(number)) {
                assertThat(second.read(new byte[9], 0, 9)).isEqualTo(7);
            }
        }

        @Test
        void releaseDuringACallIsRefused() throws Exception {
            try (PipeFd.Pair pipe = PipeFd.create(0);
                    Background<Long> reader = Background.start(() -> pipe.readEnd().read(new byte[1], 0, 1))) {
                reader.awaitBlockedOn(pipe.readEnd());
                assertThatThrownBy(pipe.readEnd()::release).isInstanceOf(IllegalStateException.class)
                        .hasMessage("%s is in use by another thread and cannot be given away", pipe.readEnd());
                pipe.writeEnd().write(new byte[1], 0, 1);
                assertThat(reader.result()).isEqualTo(1);
            }
        }

        @Test
        void ownersAreNeverEqualBecauseTheirNumbersAre() throws IOException {
            try (Seen _ = Seen.calls(FdTest::inventedIsOpen)) {
                final Fd first = Fd.adopt(INVENTED);
                final int number = first.release();
                try (Fd second = Fd.adopt(number)) {
                    assertThat(second).isNotEqualTo(first).isEqualTo(second);
                    final Set<Fd> owners = new HashSet<>(Set.of(first, second));
                    assertThat(owners).hasSize(2);
                }
            }
        }

        @Test
        void adoptTakesAnyOpenNumberAndNoOther() throws IOException {
            assertThatThrownBy(() -> Fd.adopt(-1)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("a file descriptor of -1");
            final int closed;
            try (Fd fd = file("")) {
                closed = fd.intValue();
            }
            assertThatThrownBy(() -> Fd.adopt(closed)).isInstanceOf(ErrnoException.class)
                    .hasMessage("fcntl(%d, F_GETFD) = -1 EBADF (Bad file descriptor)", closed);
            assertThatThrownBy(() -> Fd.adopt(Integer.MAX_VALUE)).isInstanceOf(ErrnoException.class)
                    .hasMessageContaining("EBADF");
            try (Fd fd = Fd.adopt(file("x").release())) {
                assertThat(fd.isOpen()).isTrue();
            }
        }

        @Test
        void adoptChangesNothing() throws IOException {
            try (PipeFd.Pair pipe = PipeFd.create(O_NONBLOCK)) {
                pipe.readEnd().closeOnExec(false);
                final int number = pipe.readEnd().release();
                try (Fd fd = Fd.adopt(number)) {
                    assertThat(fd.closeOnExec()).isFalse();
                    assertThat(fd.nonBlocking()).isTrue();
                }
            }
        }

        @Test
        void anInterruptedCloseIsNotRepeated() throws IOException {
            final Fd fd = file("");
            try (Faults faults = Faults.inject("close:error=EINTR:after")) {
                fd.close();
                fd.close();
                assertThat(faults.injected()).isEqualTo(1);
            }
        }

        @Test
        void whatACloseSaysOfLostWritesIsThrownAndTheNumberIsFree() throws IOException {
            final Fd fd = file("");
            final int number = fd.intValue();
            try (Faults faults = Faults.inject("close:error=EIO:after")) {
                assertThatThrownBy(fd::close).isInstanceOf(ErrnoException.class)
                        .hasMessage("close(%d) = -1 EIO (Input/output error)", number);
                fd.close();
                assertThat(faults.injected()).isEqualTo(1);
                assertThat(fd.isOpen()).isFalse();
            }
        }

        /// A finalizer, or a cleaner, would close it under code that got the number from it.
        @Test
        void aForgottenOneStaysOpen() throws Exception {
            try (PipeFd.Pair pipe = PipeFd.create(0)) {
                final int number = pipe.readEnd().dup().release();
                final WeakReference<Fd> forgotten = new WeakReference<>(Fd.adopt(number));
                while (forgotten.get() != null) {
                    System.gc();
                }
                final WeakReference<Object> later = new WeakReference<>(new Object());
                while (later.get() != null) {
                    System.gc();
                }
                assertThat(Libc.fcntl(number, F_GETFD, 0)).isEqualTo(FD_CLOEXEC);
                assertThat(Libc.close(number)).isZero();
            }
        }

        @Test
        @WithoutLedger("closes twice on purpose")
        void aForeignCloseIsNoticed() throws IOException {
            final Fd fd = file("");
            assertThat(Libc.close(fd.intValue())).isZero();
            assertThatThrownBy(fd::close).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("EBADF: somebody else has closed a descriptor that was ours");
        }

        @Test
        void closeDuringACallGivesTheNumberBackAfterIt() throws Exception {
            try (PipeFd.Pair pipe = PipeFd.create(0); Seen seen = Seen.calls();
                    Background<Long> reader = Background.start(() -> pipe.readEnd().read(new byte[9], 0, 9))) {
                final int number = pipe.readEnd().intValue();
                reader.awaitBlockedOn(pipe.readEnd());
                pipe.readEnd().close();
                assertThat(pipe.readEnd().isOpen()).isFalse();
                assertThatThrownBy(pipe.readEnd()::intValue).isInstanceOf(IllegalStateException.class);
                assertThat(seen.on(number)).containsExactly(Call.read);
                assertThat(pipe.writeEnd().write(new byte[3], 0, 3)).as("there is a reader still").isEqualTo(3);
                assertThat(reader.result()).as("what was read is not lost").isEqualTo(3);
                assertThat(seen.on(number)).containsExactly(Call.read, Call.close);
            }
        }
    }

    @Nested
    class Flags {
        @Test
        void closeOnExecIsSetAndCleared() throws IOException {
            try (Fd fd = file("")) {
                assertThat(fd.closeOnExec()).isTrue();
                fd.closeOnExec(false);
                assertThat(fd.closeOnExec()).isFalse();
                assertThat(fd.fcntl(F_GETFD, 0)).isZero();
                fd.closeOnExec(true);
                assertThat(fd.fcntl(F_GETFD, 0)).isEqualTo(FD_CLOEXEC);
            }
        }

        @Test
        void nonBlockingLeavesOtherFlagsAlone() throws IOException {
            final Path path = Files.createFile(directory.resolve("appended"));
            try (Fd fd = Fd.openFile(path, O_WRONLY | O_APPEND, 0)) {
                assertThat(fd.nonBlocking()).isFalse();
                fd.nonBlocking(true);
                assertThat(fd.nonBlocking()).isTrue();
                assertThat(fd.fcntl(F_GETFL, 0) & O_APPEND).isEqualTo(O_APPEND);
                fd.nonBlocking(false);
                assertThat(fd.fcntl(F_GETFL, 0) & (O_APPEND | O_NONBLOCK)).isEqualTo(O_APPEND);
            }
        }

        @Test
        void whatIsSetAlreadyIsNotSetAgain() throws IOException {
            try (Fd fd = file(""); Seen seen = Seen.calls()) {
                fd.nonBlocking(false);
                assertThat(seen.all(Call.fcntl)).hasSize(1);
            }
        }

        @Test
        void aCopySharesOffsetAndFlagsButNotTheNumber() throws IOException {
            try (Fd fd = file("content"); Fd copy = fd.dup()) {
                assertThat(copy.intValue()).isNotEqualTo(fd.intValue());
                assertThat(copy.closeOnExec()).isTrue();
                copy.nonBlocking(true);
                assertThat(fd.nonBlocking()).isTrue();
                assertThat(fd.read(new byte[3], 0, 3)).isEqualTo(3);
                assertThat(copy.read(new byte[9], 0, 9)).isEqualTo(4);
            }
        }

        @Test
        void whatIsOpenedOnceMoreSharesNeither() throws IOException {
            try (Fd fd = file("content"); Fd other = fd.reopen(O_RDONLY | O_NONBLOCK)) {
                assertThat(other.closeOnExec()).isTrue();
                assertThat(fd.nonBlocking()).isFalse();
                assertThat(fd.read(new byte[3], 0, 3)).isEqualTo(3);
                assertThat(other.read(new byte[9], 0, 9)).isEqualTo(7);
                assertThatThrownBy(() -> other.write(new byte[1], 0, 1)).isInstanceOf(ErrnoException.class)
                        .hasMessageContaining("EBADF");
            }
            try (PipeFd.Pair pipe = PipeFd.create(0); Fd other = pipe.readEnd().reopen(O_RDONLY | O_NONBLOCK)) {
                assertThat(pipe.readEnd().nonBlocking()).isFalse();
                assertThat(other.read(new byte[1], 0, 1)).isEqualTo(-EAGAIN);
            }
            try (EventFd event = EventFd.create(0, 0)) {
                assertThatThrownBy(() -> event.reopen(O_RDONLY)).isInstanceOf(ErrnoException.class)
                        .hasMessageContaining("ENXIO").hasMessageContaining("/proc/self/fd/" + event.intValue());
            }
        }

        @Test
        void rawFcntlReturnsTheErrno() throws IOException {
            try (Fd fd = file("")) {
                assertThat(fd.fcntl(12_345, 0)).isEqualTo(-EINVAL);
            }
        }

        @Test
        void noFreeNumberIsAnErrorOfDup() throws IOException {
            try (Fd fd = file(""); Faults _ = Faults.inject("fcntl:error=EMFILE:when=1")) {
                assertThatThrownBy(fd::dup).isInstanceOf(ErrnoException.class)
                        .hasMessage("fcntl(%d, F_DUPFD_CLOEXEC, 0) = -1 EMFILE (Too many open files)", fd.intValue());
            }
        }
    }

    @Nested
    class Await {
        @Test
        void tellsTheEventsThere() throws IOException {
            try (PipeFd.Pair pipe = PipeFd.create(0)) {
                assertThat(pipe.readEnd().await(POLLIN, 0)).isZero();
                assertThat(pipe.writeEnd().await(POLLOUT | POLLIN, -1)).isEqualTo(POLLOUT);
                pipe.writeEnd().close();
                assertThat(pipe.readEnd().await(POLLIN, -1)).isEqualTo(POLLHUP);
            }
        }

        @Test
        void endsWhenTheTimeIsOver() throws IOException {
            try (PipeFd.Pair pipe = PipeFd.create(0)) {
                final long start = System.nanoTime();
                assertThat(pipe.readEnd().await(POLLIN, 5_000_001)).isZero();
                assertThat(System.nanoTime() - start).isGreaterThanOrEqualTo(5_000_001);
            }
        }

        @Test
        void goesOnForTheRestWhenInterrupted() throws IOException {
            final long[] limits = new long[3];
            final AtomicInteger calls = new AtomicInteger();
            try (PipeFd.Pair pipe = PipeFd.create(0); Seen _ = Seen.calls(made -> {
                if (made.call() != Call.ppoll) {
                    return null;
                }
                final MemorySegment timeout = (MemorySegment) made.arguments().get(2);
                final int call = calls.getAndIncrement();
                limits[call] = timeout.get(ValueLayout.JAVA_LONG, 0) * 1_000_000_000
                        + timeout.get(ValueLayout.JAVA_LONG, 8);
                if (call < 2) {
                    assertThat(Libc.poll(MemorySegment.NULL, 0, 10)).isZero();
                    return (long) -EINTR;
                }
                return null;
            })) {
                assertThat(pipe.readEnd().await(POLLIN, 30_000_000)).isZero();
            }
            assertThat(calls).hasValue(3);
            assertThat(limits[0]).isEqualTo(30_000_000);
            assertThat(limits[1]).isBetween(0L, 20_000_000L);
            assertThat(limits[2]).isBetween(0L, 10_000_000L);
        }

        @Test
        void anErrorNamesTheDescriptor() throws IOException {
            try (PipeFd.Pair pipe = PipeFd.create(0); Faults _ = Faults.inject("ppoll:error=ENOMEM:when=1")) {
                assertThatThrownBy(() -> pipe.readEnd().await(POLLIN, 7)).isInstanceOf(ErrnoException.class)
                        .hasMessage("ppoll(%d, 7) = -1 ENOMEM (Cannot allocate memory)", pipe.readEnd().intValue());
            }
        }
    }

    @Nested
    class ReadingAndWriting {
        @Test
        void segments() throws IOException {
            try (Arena arena = Arena.ofConfined(); Fd fd = file("content")) {
                final MemorySegment into = arena.allocate(5);
                assertThat(fd.read(into)).isEqualTo(5);
                assertThat(into.toArray(ValueLayout.JAVA_BYTE)).isEqualTo("conte".getBytes(US_ASCII));
                assertThat(fd.read(into)).isEqualTo(2);
                assertThat(fd.read(into)).as("the end").isZero();
                assertThat(fd.write(arena.allocateFrom(ValueLayout.JAVA_BYTE, (byte) '!'))).isEqualTo(1);
            }
            assertThat(directory.resolve("file")).hasContent("content!");
        }

        @Test
        void segmentsThatNoCallCanUseAreRefused() throws IOException {
            try (Fd fd = file("content")) {
                final Arena arena = Arena.ofConfined();
                final MemorySegment closed = arena.allocate(4);
                arena.close();
                assertThatThrownBy(() -> fd.read(closed)).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(() -> fd.read(MemorySegment.ofArray(new byte[4])))
                        .isInstanceOf(IllegalArgumentException.class);
                assertThatThrownBy(() -> fd.write((MemorySegment) null)).isInstanceOf(NullPointerException.class);
                assertThat(fd.read(new byte[9], 0, 9)).as("nothing was read").isEqualTo(7);
            }
        }

        @ParameterizedTest
        @ValueSource(booleans = {true, false})
        void buffersAreFilledBetweenPositionAndLimit(final boolean direct) throws IOException {
            try (Fd fd = file("content")) {
                final ByteBuffer into = direct ? ByteBuffer.allocateDirect(10) : ByteBuffer.allocate(10);
                into.position(2).limit(6);
                assertThat(fd.read(into)).isEqualTo(4);
                assertThat(into.position()).isEqualTo(6);
                assertThat(fd.read(into)).as("no room").isZero();
                into.clear();
                final byte[] content = new byte[10];
                into.get(content);
                assertThat(content).isEqualTo(new byte[] {0, 0, 'c', 'o', 'n', 't', 0, 0, 0, 0});
            }
        }

        @ParameterizedTest
        @ValueSource(booleans = {true, false})
        void buffersAreWrittenBetweenPositionAndLimit(final boolean direct) throws IOException {
            try (Fd fd = file("")) {
                final ByteBuffer from = direct ? ByteBuffer.allocateDirect(10) : ByteBuffer.allocate(10);
                from.put("0123456789".getBytes(US_ASCII)).position(2).limit(6);
                assertThat(fd.write(from.asReadOnlyBuffer())).isEqualTo(4);
                assertThat(from.position()).isEqualTo(2);
                assertThat(fd.write(from)).isEqualTo(4);
                assertThat(from.position()).isEqualTo(6);
            }
            assertThat(directory.resolve("file")).hasContent("23452345");
        }

        @Test
        void aSliceOfAHeapBufferIsItself() throws IOException {
            try (Fd fd = file("content")) {
                final byte[] array = new byte[10];
                final ByteBuffer slice = ByteBuffer.wrap(array, 3, 5).slice();
                assertThat(fd.read(slice)).isEqualTo(5);
                assertThat(array).isEqualTo(new byte[] {0, 0, 0, 'c', 'o', 'n', 't', 'e', 0, 0});
            }
        }

        @Test
        void readOnlyBuffersAreNotReadInto() throws IOException {
            try (Fd fd = file("content"); Seen seen = Seen.calls()) {
                assertThatThrownBy(() -> fd.read(ByteBuffer.allocate(4).asReadOnlyBuffer()))
                        .isInstanceOf(ReadOnlyBufferException.class);
                assertThatThrownBy(() -> fd.readv(ByteBuffer.allocate(4), ByteBuffer.allocate(4).asReadOnlyBuffer()))
                        .isInstanceOf(ReadOnlyBufferException.class);
                assertThat(seen.all()).isEmpty();
            }
        }

        @Test
        void readOnlySegmentsAreNotReadInto() throws IOException {
            try (Fd fd = file("content"); Arena arena = Arena.ofConfined(); Seen seen = Seen.calls()) {
                final MemorySegment segment = arena.allocate(4).asReadOnly();
                final Iovec segments = Iovec.allocate(arena, 2).add(arena.allocate(4)).add(segment);
                assertThatThrownBy(() -> fd.read(segment)).isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("read-only");
                assertThatThrownBy(() -> fd.readv(segments)).isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("read-only");
                assertThat(seen.all()).isEmpty();
                assertThat(fd.write(segment)).isEqualTo(4);
                assertThat(fd.writev(segments)).isEqualTo(8);
            }
        }

        @Test
        void arraysByOffsetAndLength() throws IOException {
            try (Fd fd = file("content")) {
                final byte[] into = new byte[6];
                assertThat(fd.read(into, 1, 3)).isEqualTo(3);
                assertThat(into).isEqualTo(new byte[] {0, 'c', 'o', 'n', 0, 0});
                assertThat(fd.write(into, 1, 2)).isEqualTo(2);
            }
            assertThat(directory.resolve("file")).hasContent("concont");
        }

        @Test
        void offsetsAndLengthsBeyondTheArrayAreRefusedBeforeTheCall() throws IOException {
            try (Fd fd = file("content"); Seen seen = Seen.calls()) {
                for (final int[] range : new int[][] {{0, 5}, {4, 1}, {-1, 2}, {1, -1}, {2, Integer.MAX_VALUE}}) {
                    assertThatThrownBy(() -> fd.read(new byte[4], range[0], range[1]))
                            .isInstanceOf(IndexOutOfBoundsException.class)
                            .hasMessageContaining(Integer.toString(range[0]));
                    assertThatThrownBy(() -> fd.write(new byte[4], range[0], range[1]))
                            .isInstanceOf(IndexOutOfBoundsException.class)
                            .hasMessageContaining(Integer.toString(range[0]));
                }
                assertThatThrownBy(() -> fd.read((byte[]) null, 0, 0)).isInstanceOf(NullPointerException.class);
                assertThatThrownBy(() -> fd.write((ByteBuffer) null)).isInstanceOf(NullPointerException.class);
                assertThat(seen.all()).isEmpty();
            }
        }

        @Test
        void aLargeArrayIsReadAndWrittenWhole() throws IOException {
            final byte[] content = new byte[3 << 20];
            for (int i = 0; i < content.length; i++) {
                content[i] = (byte) (i * 31 >> 7);
            }
            try (MemFd fd = MemFd.create("large", 0)) {
                assertThat(fd.write(content, 0, content.length)).isEqualTo(content.length);
                Libc.lseek(fd.intValue(), 0, SEEK_SET);
                final byte[] back = new byte[content.length];
                assertThat(fd.read(back, 0, back.length)).isEqualTo(content.length);
                assertThat(back).isEqualTo(content);
            }
        }

        @Test
        void interruptedCallsGoOn() throws IOException {
            try (Fd fd = file("content")) {
                try (Faults faults = Faults.inject("read:error=EINTR:when=1..7")) {
                    assertThat(fd.read(new byte[7], 0, 7)).isEqualTo(7);
                    assertThat(faults.matched(0)).isEqualTo(8);
                }
                try (Faults faults = Faults.inject("write:error=EINTR:when=1..7")) {
                    assertThat(fd.write(new byte[7], 0, 7)).isEqualTo(7);
                    assertThat(faults.matched(0)).isEqualTo(8);
                }
                try (Faults faults = Faults.inject("writev:error=EINTR:when=1..7")) {
                    assertThat(fd.writev(ByteBuffer.allocate(7))).isEqualTo(7);
                    assertThat(faults.matched(0)).isEqualTo(8);
                }
                try (Faults faults = Faults.inject("readv:error=EINTR:when=1..7")) {
                    assertThat(fd.readv(ByteBuffer.allocate(7))).isZero();
                    assertThat(faults.matched(0)).isEqualTo(8);
                }
            }
        }

        @Test
        void errorsReadLikeStrace() throws IOException {
            try (Fd fd = Fd.openFile(directory, O_RDONLY | O_DIRECTORY, 0)) {
                assertThatThrownBy(() -> fd.read(new byte[3], 0, 3)).isInstanceOf(ErrnoException.class)
                        .hasMessage("read(%d, 3) = -1 EISDIR (Is a directory)", fd.intValue())
                        .satisfies(e -> assertThat(((ErrnoException) e).errno()).isEqualTo(EISDIR))
                        .satisfies(e -> assertThat(((ErrnoException) e).call())
                                .isEqualTo("read(%d, 3)", fd.intValue()));
                assertThatThrownBy(() -> fd.write(new byte[3], 0, 3)).isInstanceOf(ErrnoException.class)
                        .hasMessageContaining("EBADF");
            }
        }
    }

    @Nested
    class Vectors {
        @Test
        void iovecsAreFilledAndWrittenInOrder() throws IOException {
            try (Arena arena = Arena.ofConfined(); Fd fd = file("content")) {
                final MemorySegment memory = arena.allocate(8);
                final Iovec into = Iovec.allocate(arena, 3).add(memory, 4, 4).add(memory, 0, 0).add(memory, 0, 4);
                assertThat(fd.readv(into)).isEqualTo(7);
                assertThat(into.count()).as("not changed").isEqualTo(3);
                assertThat(memory.toArray(ValueLayout.JAVA_BYTE))
                        .isEqualTo(new byte[] {'e', 'n', 't', 0, 'c', 'o', 'n', 't'});
                assertThat(fd.readv(into)).as("the end").isZero();
                assertThat(fd.writev(into.advance(6))).isEqualTo(2);
            }
            assertThat(Files.readAllBytes(directory.resolve("file"))).isEqualTo("contentt\0".getBytes(US_ASCII));
        }

        @Test
        void buffersOfBothSortsAreFilledInOrder() throws IOException {
            try (Fd fd = file("0123456789")) {
                final ByteBuffer[] into = {ByteBuffer.allocate(2), ByteBuffer.allocateDirect(3), ByteBuffer.allocate(0),
                    ByteBuffer.allocate(4).position(1), ByteBuffer.allocateDirect(9), ByteBuffer.allocate(9)};
                assertThat(fd.readv(into)).isEqualTo(10);
                assertThat(into).extracting(ByteBuffer::position).containsExactly(2, 3, 0, 4, 2, 0);
                final StringBuilder text = new StringBuilder();
                for (final ByteBuffer buffer : into) {
                    text.append(US_ASCII.decode(buffer.flip()));
                }
                assertThat(text).hasToString("01234\00056789");
            }
        }

        @Test
        void buffersOfBothSortsAreWrittenInOrder() throws IOException {
            try (PipeFd.Pair pipe = PipeFd.create(O_NONBLOCK)) {
                final ByteBuffer direct = ByteBuffer.allocateDirect(3).put("cde".getBytes(US_ASCII)).flip();
                final ByteBuffer[] from = {US_ASCII.encode("ab").asReadOnlyBuffer(), direct,
                    ByteBuffer.wrap("xxfgxx".getBytes(US_ASCII), 2, 2), ByteBuffer.allocateDirect(0)};
                assertThat(pipe.writeEnd().writev(from)).isEqualTo(7);
                assertThat(from).extracting(ByteBuffer::remaining).containsExactly(0, 0, 0, 0);
                final byte[] back = new byte[9];
                assertThat(pipe.readEnd().read(back, 0, 9)).isEqualTo(7);
                assertThat(back).startsWith("abcdefg".getBytes(US_ASCII));
                assertThat(pipe.readEnd().readv(ByteBuffer.allocate(1))).isEqualTo(-EAGAIN);
            }
        }

        @Test
        void positionsMoveByWhatWasTaken() throws IOException {
            try (PipeFd.Pair pipe = PipeFd.create(O_NONBLOCK)) {
                final int capacity = pipe.writeEnd().capacity();
                final ByteBuffer[] from = {ByteBuffer.allocate(capacity - 4096), ByteBuffer.allocateDirect(4000),
                    ByteBuffer.allocate(8192), ByteBuffer.allocate(1)};
                final long n = pipe.writeEnd().writev(from);
                assertThat(n).isBetween(capacity - 4096L, (long) capacity);
                assertThat((long) from[0].position() + from[1].position() + from[2].position()).isEqualTo(n);
                assertThat(from[3].position()).isZero();
                assertThat(pipe.writeEnd().writev(from)).isEqualTo(-EAGAIN);
                assertThat((long) from[0].position() + from[1].position() + from[2].position()).isEqualTo(n);
            }
        }

        @ParameterizedTest
        @ValueSource(booleans = {false, true})
        void aBufferThatIsThereTwiceCountsOnce(final boolean direct) throws IOException {
            final ByteBuffer twice = direct ? ByteBuffer.allocateDirect(4) : ByteBuffer.allocate(4);
            final ByteBuffer other = ByteBuffer.allocate(9);
            try (Fd fd = file("0123456789")) {
                assertThat(fd.readv(twice, other, twice)).isEqualTo(10);
                assertThat(US_ASCII.decode(twice.flip()).toString()).isEqualTo("0123");
                assertThat(US_ASCII.decode(other.flip()).toString()).isEqualTo("456789");
            }
            try (PipeFd.Pair pipe = PipeFd.create(0)) {
                assertThat(pipe.writeEnd().writev(twice.position(1), twice, other.position(4), twice)).isEqualTo(5);
                assertThat(twice.remaining()).isZero();
                final byte[] back = new byte[9];
                assertThat(pipe.readEnd().read(back, 0, 9)).isEqualTo(5);
                assertThat(back).startsWith("12389".getBytes(US_ASCII));
            }
        }

        @Test
        void buffersAreAsTheyWereWhereTheCallIsNotMade() throws IOException {
            final ByteBuffer heap = ByteBuffer.wrap("0123".getBytes(US_ASCII), 1, 3);
            final ByteBuffer closed;
            try (Arena arena = Arena.ofConfined()) {
                closed = arena.allocate(4).asByteBuffer();
            }
            try (PipeFd.Pair pipe = PipeFd.create(O_NONBLOCK)) {
                assertThatThrownBy(() -> pipe.writeEnd().writev(heap, closed))
                        .isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(() -> pipe.readEnd().readv(heap, closed)).isInstanceOf(IllegalStateException.class);
                assertThat(heap.position()).isEqualTo(1);
                assertThat(pipe.readEnd().readv(heap)).isEqualTo(-EAGAIN);
                assertThat(heap.position()).isEqualTo(1);
                assertThat(pipe.writeEnd().writev(heap)).as("nothing is left of the refused call").isEqualTo(3);
            }
        }

        @Test
        void asManyAsTheKernelTakesAndNotOneMore() throws IOException {
            try (PipeFd.Pair pipe = PipeFd.create(0); Seen seen = Seen.calls()) {
                final ByteBuffer[] many = new ByteBuffer[UIO_MAXIOV];
                Arrays.setAll(many, i -> ByteBuffer.wrap(new byte[] {(byte) i}));
                assertThat(pipe.writeEnd().writev(many)).isEqualTo(UIO_MAXIOV);
                final byte[] back = new byte[UIO_MAXIOV];
                assertThat(pipe.readEnd().read(back, 0, UIO_MAXIOV)).isEqualTo(UIO_MAXIOV);
                assertThat(back).startsWith(0, 1, 2).endsWith(-2, -1);

                final int calls = seen.all().size();
                final ByteBuffer[] more = new ByteBuffer[UIO_MAXIOV + 1];
                Arrays.setAll(more, _ -> ByteBuffer.allocate(1));
                assertThatThrownBy(() -> pipe.writeEnd().writev(more)).isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("1025 buffers; one call takes 1024");
                assertThatThrownBy(() -> pipe.readEnd().readv(more)).isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("1025");
                assertThatThrownBy(() -> pipe.writeEnd().writev(ByteBuffer.allocate(1), null))
                        .isInstanceOf(NullPointerException.class);
                assertThat(seen.all()).hasSize(calls);
            }
        }

        @Test
        void noBuffersAreNoBytes() throws IOException {
            try (PipeFd.Pair pipe = PipeFd.create(0)) {
                assertThat(pipe.writeEnd().writev()).isZero();
                assertThat(pipe.readEnd().readv()).isZero();
            }
        }

        @Test
        void aFailedCallLeavesNothingBehindForTheNext() throws IOException {
            try (PipeFd.Pair pipe = PipeFd.create(0)) {
                assertThatThrownBy(() -> pipe.readEnd().writev(ByteBuffer.allocate(5), ByteBuffer.allocate(6)))
                        .isInstanceOf(ErrnoException.class)
                        .hasMessage("writev(%d, 11) = -1 EBADF (Bad file descriptor)", pipe.readEnd().intValue());
                assertThat(pipe.writeEnd().writev(ByteBuffer.allocate(2))).isEqualTo(2);
            }
        }
    }

    @Nested
    class OpenedFiles {
        @Test
        void areMadeWithTheirModeAndCloseOnExec() throws IOException {
            final Path path = directory.resolve("größer als sonst");
            try (Fd fd = Fd.openFile(path, O_WRONLY | O_CREAT | O_EXCL, 0600)) {
                assertThat(fd.closeOnExec()).isTrue();
                assertThat(fd.write("x".getBytes(US_ASCII), 0, 1)).isEqualTo(1);
            }
            assertThat(path).hasContent("x");
            assertThat((int) Files.getAttribute(path, "unix:mode") & 0777).isEqualTo(0600);
            assertThatThrownBy(() -> Fd.openFile(path, O_WRONLY | O_CREAT | O_EXCL, 0640))
                    .isInstanceOf(ErrnoException.class)
                    .hasMessage("open(\"%s\", 0x800c1, 0640) = -1 EEXIST (File exists)", path);
        }

        @Test
        void thatAreNotThereAreAnError() {
            assertThatThrownBy(() -> Fd.openFile(directory.resolve("none"), O_RDONLY, 0))
                    .isInstanceOf(ErrnoException.class)
                    .hasMessage("open(\"%s/none\", 0x80000, 00) = -1 ENOENT (No such file or directory)", directory);
        }

        @Test
        void ofAnotherFileSystemAreRefused() {
            final Path path = Path.of(URI.create("jrt:/java.base"));
            assertThatThrownBy(() -> Fd.openFile(path, O_RDONLY, 0)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("jrt:/java.base");
            assertThatThrownBy(() -> Fd.openFile(null, O_RDONLY, 0)).isInstanceOf(NullPointerException.class);
        }

        @Test
        void anInterruptedOpenGoesOn() throws IOException {
            final Path path = Files.createFile(directory.resolve("file"));
            try (Faults faults = Faults.inject("open:error=EINTR:when=1..3"); Fd fd = Fd.openFile(path, O_RDONLY, 0)) {
                assertThat(fd.isOpen()).isTrue();
                assertThat(faults.matched(0)).isEqualTo(4);
            }
        }
    }
}
