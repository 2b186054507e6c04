package io.github.fdsock.sys.struct;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.fdsock.testing.Project;
import io.github.fdsock.testing.RequiresProgram;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Whatever lies in a control buffer, the walk ends, stays inside, finds what the macros of C find, and says so where
/// they would hand out a header that cannot be one.
class ControlBufferWalkTest {
    private static final int HEADER = ControlBuffer.SIZEOF_CMSGHDR;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    private static final int BUFFERS = 3_000_000;
    private static final int BUFFERS_OF_C = 10_000;

    /// How many words `cmsg_walk.c` prints for a header, and which is the `CMSG_SPACE` of its data.
    private static final int WORDS = 8;
    private static final int STRIDE = 6;

    /// `cmsg_len` as no kernel says it, but a test or an attacker may.
    private static final long[] ODD = {0, 1, 8, 15, 1 << 20, Integer.MAX_VALUE, 1L << 32, (1L << 32) + HEADER,
        Long.MAX_VALUE - 7, Long.MAX_VALUE, Long.MIN_VALUE, Long.MIN_VALUE + HEADER, -HEADER, -8, -7, -1};

    private final long seed = System.nanoTime();
    private final SplittableRandom random = new SplittableRandom(seed);

    // ---------------------------------------------------------------- by itself

    @Property
    void anyBytesAreWalkedToAnEnd(@ForAll byte[] bytes, @ForAll long controllen) {
        requireWalk(bytes, controllen, true);
        requireWalk(bytes, bytes.length, true);
    }

    /// The same with headers that could nearly be some, which no property would think of.
    @Test
    void millionsOfBuffersThatLookLikeMessagesAreWalkedToAnEnd() {
        long messages = 0;
        long malformed = 0;
        for (int i = 0; i < BUFFERS; i++) {
            final byte[] bytes = nearlyMessages();
            final long controllen = controllen(bytes.length);
            try {
                // Exceptions are slow: one buffer in so many has its limits tried.
                final int found = requireWalk(bytes, controllen, i % 256 == 0);
                messages += found < 0 ? -1 - found : found;
                malformed += found < 0 ? 1 : 0;
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed + ", buffer " + i + " of which " + controllen + " bytes: "
                        + HexFormat.of().formatHex(bytes), e);
            }
        }
        assertThat(messages).as("messages").isGreaterThan(BUFFERS);
        assertThat(malformed).as("malformed buffers").isBetween(BUFFERS / 4L, 3 * BUFFERS / 4L);
    }

    // ---------------------------------------------------------------- beside glibc

    /// What [ControlBuffer#append] has written, with the last message's padding and without.
    @Test
    @RequiresProgram("cc")
    void glibcFindsWhatWasAppended(@TempDir Path folder) throws IOException, InterruptedException {
        final List<byte[]> buffers = new ArrayList<>();
        final List<Integer> counts = new ArrayList<>();
        for (int i = 0; i < BUFFERS_OF_C; i++) {
            final byte[] bytes = new byte[random.nextInt(257)];
            random.nextBytes(bytes);
            final ControlBuffer control = ControlBuffer.of(MemorySegment.ofArray(bytes));
            int count = 0;
            for (int most = random.nextInt(9); count < most; count++) {
                final int room = (int) (bytes.length - ControlBuffer.align(control.length())) - HEADER;
                if (room < 0) {
                    break;
                }
                final byte[] data = new byte[random.nextInt(4) == 0 ? room : random.nextInt(Math.min(room, 40) + 1)];
                random.nextBytes(data);
                control.append(random.nextInt(), random.nextInt(), MemorySegment.ofArray(data));
            }
            buffers.add(Arrays.copyOf(bytes, control.length()));
            counts.add(count);
        }
        final List<String> glibc = glibc(folder, buffers);
        for (int i = 0; i < buffers.size(); i++) {
            final ControlBuffer control = ControlBuffer.of(MemorySegment.ofArray(buffers.get(i)));
            final List<String> messages = messages(control);
            assertThat(messages).as(describe(buffers.get(i))).hasSize(counts.get(i));
            assertThat(control.malformed()).as(describe(buffers.get(i))).isFalse();
            assertThat(glibc.get(i)).as(describe(buffers.get(i))).isEqualTo(String.join(" ", messages));
        }
    }

    /// The macros hand out a header without a look at its length, and a walk by them ends behind it. That is the only
    /// difference, and where it is, [ControlBuffer#malformed] says so.
    @Test
    @RequiresProgram("cc")
    void glibcFindsOneMoreExactlyWhereABufferIsMalformed(@TempDir Path folder)
            throws IOException, InterruptedException {
        final List<byte[]> buffers = new ArrayList<>();
        for (int i = 0; i < BUFFERS_OF_C; i++) {
            buffers.add(nearlyMessages());
        }
        final List<String> glibc = glibc(folder, buffers);
        int same = 0;
        int tooShort = 0;
        int tooLong = 0;
        for (int i = 0; i < buffers.size(); i++) {
            final byte[] bytes = buffers.get(i);
            final MemorySegment memory = MemorySegment.ofArray(bytes);
            final ControlBuffer control = ControlBuffer.of(memory);
            final List<String> messages = messages(control);
            if (!control.malformed()) {
                assertThat(glibc.get(i)).as(describe(bytes)).isEqualTo(String.join(" ", messages));
                same++;
                continue;
            }
            final int at = messages.stream().map(message -> message.split(" ")[STRIDE]).mapToInt(Integer::parseInt)
                    .sum();
            final long length = memory.get(LONG, at);
            assertThat(possible(length, bytes.length - at)).as(describe(bytes)).isFalse();
            messages.add(at + " " + Long.toUnsignedString(length) + " " + memory.get(INT, at + 8) + " "
                    + memory.get(INT, at + 12));
            final String[] words = glibc.get(i).split(" ");
            assertThat(words).as(describe(bytes)).hasSize(messages.size() * WORDS);
            assertThat(String.join(" ", Arrays.copyOf(words, words.length - 4))).as(describe(bytes))
                    .isEqualTo(String.join(" ", messages));
            if (Long.compareUnsigned(length, HEADER) < 0) {
                tooShort++;
            } else {
                tooLong++;
            }
        }
        assertThat(List.of(same, tooShort, tooLong)).as("identical, too short, too long")
                .allMatch(count -> count > BUFFERS_OF_C / 20);
    }

    private String describe(byte[] buffer) {
        return "seed " + seed + ": " + HexFormat.of().formatHex(buffer);
    }

    /// What a walk finds, each message in the words of `cmsg_walk.c`.
    private static List<String> messages(ControlBuffer control) {
        final List<String> messages = new ArrayList<>();
        control.received(control.capacity());
        while (control.next()) {
            final long data = control.data().address() - control.segment().address();
            final int length = control.dataLength();
            final String bytes = HexFormat.of().formatHex(control.data().toArray(ValueLayout.JAVA_BYTE));
            messages.add(String.join(" ", List.of(data - HEADER, length + HEADER, control.level(), control.type(), data,
                    ControlBuffer.len(length), ControlBuffer.space(length)).stream().map(Object::toString).toList())
                    + " " + (bytes.isEmpty() ? "-" : bytes));
        }
        return messages;
    }

    private static List<String> glibc(Path folder, List<byte[]> buffers) throws IOException, InterruptedException {
        final Path program = folder.resolve("cmsg_walk");
        run(folder, List.of(), "cc", "-O2", "-g", "-std=gnu11", "-Wall", "-Wextra", "-Werror",
                "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-o", program.toString(),
                Project.directory().resolve("native/cmsg_walk.c").toString());
        // Two messages of 16 bytes and 17: the padding of the second would lie beyond the buffer.
        final byte[] unpadded = new byte[33];
        unpadded[0] = HEADER;
        unpadded[HEADER] = HEADER + 1;
        assumeTrue(run(folder, List.of(unpadded), program.toString())
                .equals(List.of("0 16 0 0 16 16 16 - 16 17 0 0 32 17 24 00")), "this glibc's CMSG_NXTHDR overlooks a last message without padding, as all did before 2.37");
        final List<String> lines = run(folder, buffers, program.toString());
        assertThat(lines).hasSameSizeAs(buffers);
        return lines;
    }

    private static List<String> run(Path folder, List<byte[]> input, String... command)
            throws IOException, InterruptedException {
        final Path in = Files.write(folder.resolve("in"), input.stream().map(HexFormat.of()::formatHex).toList());
        final Path out = folder.resolve("out");
        final Path errors = folder.resolve("errors");
        final ProcessBuilder builder = new ProcessBuilder(command).redirectInput(in.toFile())
                .redirectOutput(out.toFile()).redirectError(errors.toFile());
        // It would look for leaks too, by means that containers may forbid.
        builder.environment().put("ASAN_OPTIONS", "detect_leaks=0");
        final Process process = builder.start();
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("%s within a minute", command[0]).isTrue();
        } finally {
            process.destroyForcibly();
        }
        assertThat(process.exitValue()).as("%s: %s", command[0], Files.readString(errors)).isZero();
        return Files.readAllLines(out);
    }

    // ---------------------------------------------------------------- what is walked

    /// Half the time exactly what is there, so that no access beyond it goes unnoticed; else a lie.
    private long controllen(int capacity) {
        return switch (random.nextInt(8)) {
            case 0 -> capacity + 1L + random.nextInt(32);
            case 1 -> ODD[random.nextInt(ODD.length)];
            case 2, 3 -> random.nextInt(capacity + 1);
            default -> capacity;
        };
    }

    /// Up to 256 bytes with headers where a walk would look for them, and elsewhere.
    private byte[] nearlyMessages() {
        final byte[] bytes = new byte[random.nextInt(257)];
        random.nextBytes(bytes);
        final MemorySegment memory = MemorySegment.ofArray(bytes);
        int at = 0;
        while (bytes.length - at >= HEADER) {
            final int rest = bytes.length - at;
            final long length = switch (random.nextInt(12)) {
                case 0 -> ODD[random.nextInt(ODD.length)];
                case 1 -> rest + random.nextInt(-9, 10);
                case 2 -> random.nextLong();
                case 3 -> rest;
                case 4 -> random.nextInt(HEADER + 8);
                default -> HEADER + random.nextInt(Math.min(rest - HEADER, 40) + 1);
            };
            memory.set(LONG, at, length);
            at += length >= HEADER && length <= rest ? (int) ControlBuffer.align(length) : 8;
        }
        return bytes;
    }

    /// Walks, and holds each step against the definition of a walk.
    ///
    /// @param limits whether to try also what has to be refused
    /// @return how many messages there were, or -1 less that number if the walk ended at a malformed one
    private static int requireWalk(byte[] bytes, long controllen, boolean limits) {
        final byte[] before = bytes.clone();
        final MemorySegment memory = MemorySegment.ofArray(bytes);
        final int end = controllen < 0 || controllen > bytes.length ? bytes.length : (int) controllen;
        final ControlBuffer control = ControlBuffer.of(memory).received(controllen);
        require(control.length() == end, "length");
        int at = 0;
        int messages = 0;
        boolean possible = true;
        while (end - at >= HEADER && (possible = possible(memory.get(LONG, at), end - at))) {
            if (limits && messages == 0) {
                requireNoMessage(control);
            }
            final int length = (int) memory.get(LONG, at);
            require(control.next(), "a message");
            require(!control.malformed(), "not malformed before the end");
            require(control.level() == memory.get(INT, at + 8), "level");
            require(control.type() == memory.get(INT, at + 12), "type");
            require(control.dataLength() == length - HEADER, "dataLength");
            requireData(control, memory, at + HEADER, limits);
            at += (length + 7) / 8 * 8;
            messages++;
        }
        for (int i = 0; i < 2; i++) {
            require(!control.next(), "the end");
            require(control.malformed() != possible, "malformed");
        }
        if (limits) {
            requireNoMessage(control);
        }
        require(Arrays.equals(bytes, before), "only read");
        control.rewind();
        require(!control.malformed(), "malformed only once it was met");
        for (int i = 0; i < messages; i++) {
            require(control.next(), "the same message again");
        }
        require(!control.next(), "the same end again");
        return possible ? messages : -1 - messages;
    }

    /// Whether `cmsg_len`, which has no sign in C, is a header at least and within the rest.
    private static boolean possible(long cmsgLen, int rest) {
        return Long.compareUnsigned(cmsgLen, HEADER) >= 0 && Long.compareUnsigned(cmsgLen, rest) <= 0;
    }

    private static void requireNoMessage(ControlBuffer control) {
        assertThatThrownBy(control::level).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(control::dataLength).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> control.dataByte(0)).isInstanceOf(IllegalStateException.class);
    }

    private static void requireData(ControlBuffer control, MemorySegment memory, int at, boolean limits) {
        final int length = control.dataLength();
        final MemorySegment data = control.data();
        require(data.address() == memory.address() + at && data.byteSize() == length, "data");
        for (int size : new int[]{Byte.BYTES, Integer.BYTES, Long.BYTES}) {
            // The first, the last, and what lies beside them.
            for (int offset : new int[]{0, length - size}) {
                if (offset >= 0 && offset <= length - size) {
                    require(data(control, size, offset) == data(memory, size, at + offset), "data of a message");
                }
            }
            if (limits) {
                for (int offset : new int[]{Integer.MIN_VALUE, -size, -1, Math.max(0, length - size + 1), length,
                        length + 8, Integer.MAX_VALUE}) {
                    assertThatThrownBy(() -> data(control, size, offset)).isInstanceOf(IndexOutOfBoundsException.class);
                }
            }
        }
    }

    private static long data(ControlBuffer control, int size, int offset) {
        return switch (size) {
            case Byte.BYTES -> control.dataByte(offset);
            case Integer.BYTES -> control.dataInt(offset);
            default -> control.dataLong(offset);
        };
    }

    private static long data(MemorySegment memory, int size, int at) {
        return switch (size) {
            case Byte.BYTES -> memory.get(ValueLayout.JAVA_BYTE, at);
            case Integer.BYTES -> memory.get(INT, at);
            default -> memory.get(LONG, at);
        };
    }

    /// Assertions of AssertJ take longer than all the rest.
    private static void require(boolean condition, String what) {
        if (!condition) {
            throw new AssertionError(what);
        }
    }
}
