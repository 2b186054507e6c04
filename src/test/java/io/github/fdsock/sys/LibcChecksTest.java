package io.github.fdsock.sys;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.fdsock.abi.AbiOracle;
import io.github.fdsock.sys.struct.EpollEvents;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.function.ThrowingConsumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// No call reaches the kernel with a length that its memory does not have; NULL does, and is the kernel's to judge.
@Timeout(60)
class LibcChecksTest {

    private static final MemorySegment NULL = MemorySegment.NULL;

    private Arena arena;

    @BeforeEach
    void open() {
        arena = Arena.ofConfined();
    }

    @AfterEach
    void close() {
        arena.close();
    }

    /// A call with memory that is one byte short of what it needs, and what its refusal has to say.
    private record TooShort(String name, long needed, Sized call, String... words) {
        @Override
        public String toString() {
            return name;
        }
    }

    private interface Sized {
        long call(Arena arena, MemorySegment memory);
    }

    private static MemorySegment socklen(Arena arena, int length) {
        return arena.allocateFrom(ValueLayout.JAVA_INT, length);
    }

    private static final int EVENT = EpollEvents.SIZEOF;

    /// Every method that takes a pointer, with descriptor -1: one that got through would be EBADF.
    static Stream<TooShort> calls() {
        return Stream.of(
                new TooShort("socketpair", 8, (_, m) -> Libc.socketpair(AF_UNIX, -1, 0, m)),
                new TooShort("bind", 16, (_, m) -> Libc.bind(-1, m, 16)),
                new TooShort("connect", 16, (_, m) -> Libc.connect(-1, m, 16)),
                new TooShort("accept", 16, (a, m) -> Libc.accept(-1, m, socklen(a, 16))),
                new TooShort("accept", 4, (a, m) -> Libc.accept(-1, a.allocate(16), m)),
                new TooShort("accept4", 16, (a, m) -> Libc.accept4(-1, m, socklen(a, 16), 0)),
                new TooShort("accept4", 4, (a, m) -> Libc.accept4(-1, a.allocate(16), m, 0)),
                new TooShort("getsockname", 16, (a, m) -> Libc.getsockname(-1, m, socklen(a, 16))),
                new TooShort("getsockname", 4, (a, m) -> Libc.getsockname(-1, a.allocate(16), m)),
                new TooShort("getpeername", 16, (a, m) -> Libc.getpeername(-1, m, socklen(a, 16))),
                new TooShort("getpeername", 4, (a, m) -> Libc.getpeername(-1, a.allocate(16), m)),
                new TooShort("getsockopt", 8, (a, m) -> Libc.getsockopt(-1, 0, 0, m, socklen(a, 8))),
                new TooShort("getsockopt", 4, (a, m) -> Libc.getsockopt(-1, 0, 0, a.allocate(8), m)),
                new TooShort("setsockopt", 8, (_, m) -> Libc.setsockopt(-1, 0, 0, m, 8)),
                new TooShort("send", 9, (_, m) -> Libc.send(-1, m, 9, 0)),
                new TooShort("send", 9, (_, m) -> Libc.send(-1, m, 9, MSG_DONTWAIT)),
                new TooShort("sendto", 9, (a, m) -> Libc.sendto(-1, m, 9, 0, a.allocate(16), 16)),
                new TooShort("sendto", 16, (a, m) -> Libc.sendto(-1, a.allocate(9), 9, 0, m, 16)),
                new TooShort("sendmsg", 56, (_, m) -> Libc.sendmsg(-1, m, 0)),
                new TooShort("sendmmsg", 128, (_, m) -> Libc.sendmmsg(-1, m, 2, 0), "2 structs of 64"),
                new TooShort("recv", 9, (_, m) -> Libc.recv(-1, m, 9, 0)),
                new TooShort("recv", 9, (_, m) -> Libc.recv(-1, m, 9, MSG_DONTWAIT)),
                new TooShort("recvfrom", 9, (a, m) -> Libc.recvfrom(-1, m, 9, 0, a.allocate(16), socklen(a, 16))),
                new TooShort("recvfrom", 16, (a, m) -> Libc.recvfrom(-1, a.allocate(9), 9, 0, m, socklen(a, 16))),
                new TooShort("recvfrom", 4, (a, m) -> Libc.recvfrom(-1, a.allocate(9), 9, 0, a.allocate(16), m)),
                new TooShort("recvmsg", 56, (_, m) -> Libc.recvmsg(-1, m, 0)),
                new TooShort("recvmmsg", 128, (_, m) -> Libc.recvmmsg(-1, m, 2, 0, NULL), "2 structs of 64"),
                new TooShort("recvmmsg", 16, (a, m) -> Libc.recvmmsg(-1, a.allocate(64), 1, 0, m)),
                new TooShort("read", 9, (_, m) -> Libc.read(-1, m, 9)),
                new TooShort("write", 9, (_, m) -> Libc.write(-1, m, 9)),
                new TooShort("readv", 48, (_, m) -> Libc.readv(-1, m, 3), "3 structs of 16"),
                new TooShort("writev", 48, (_, m) -> Libc.writev(-1, m, 3), "3 structs of 16"),
                new TooShort("pread", 9, (_, m) -> Libc.pread(-1, m, 9, 0)),
                new TooShort("pwrite", 9, (_, m) -> Libc.pwrite(-1, m, 9, 0)),
                new TooShort("pipe2", 8, (_, m) -> Libc.pipe2(m, -1)),
                new TooShort("fcntl", 32, (_, m) -> Libc.fcntl(-1, F_OFD_GETLK, m)),
                new TooShort("fcntl", 8, (_, m) -> Libc.fcntl(-1, F_GETOWN_EX, m)),
                new TooShort("ioctl", 4, (_, m) -> Libc.ioctl(-1, FIONREAD, m)),
                new TooShort("ioctl", 8, (_, m) -> Libc.ioctl(-1, TIOCGWINSZ, m)),
                new TooShort("ioctl", 256, (_, m) -> Libc.ioctl(-1, 0x5401, m)),
                new TooShort("ioctl", 256, (_, m) -> Libc.ioctl(-1, 0x8954, m)),
                new TooShort("ioctl", 9, (_, m) -> Libc.ioctl(-1, 0x8009_ff00L, m)),
                new TooShort("poll", 16, (_, m) -> Libc.poll(m, 2, 0), "2 structs of 8"),
                new TooShort("ppoll", 16, (a, m) -> Libc.ppoll(m, 2, a.allocate(16), NULL), "2 structs of 8"),
                new TooShort("ppoll", 16, (a, m) -> Libc.ppoll(a.allocate(16), 0, m, NULL)),
                new TooShort("ppoll", 128, (a, m) -> Libc.ppoll(a.allocate(16), 0, a.allocate(16), m)),
                new TooShort("epoll_ctl", EVENT, (_, m) -> Libc.epoll_ctl(-1, EPOLL_CTL_ADD, 0, m)),
                new TooShort("epoll_wait", 3 * EVENT, (_, m) -> Libc.epoll_wait(-1, m, 3, 0), "3 structs"),
                new TooShort("epoll_wait", 3 * EVENT, (_, m) -> Libc.epoll_wait(-1, m, 3, 1), "3 structs"),
                new TooShort("epoll_pwait", 3 * EVENT, (_, m) -> Libc.epoll_pwait(-1, m, 3, 0, NULL), "3 structs"),
                new TooShort("epoll_pwait", 128, (a, m) -> Libc.epoll_pwait(-1, a.allocate(EVENT), 1, 0, m)),
                new TooShort("epoll_pwait2", 3 * EVENT, (_, m) -> Libc.epoll_pwait2(-1, m, 3, NULL, NULL), "3 structs"),
                new TooShort("epoll_pwait2", 16, (a, m) -> Libc.epoll_pwait2(-1, a.allocate(EVENT), 1, m, NULL)),
                new TooShort("epoll_pwait2", 128, (a, m) -> Libc.epoll_pwait2(-1, a.allocate(EVENT), 1, NULL, m)),
                new TooShort("timerfd_settime", 32, (_, m) -> Libc.timerfd_settime(-1, 0, m, NULL)),
                new TooShort("timerfd_settime", 32, (a, m) -> Libc.timerfd_settime(-1, 0, a.allocate(32), m)),
                new TooShort("timerfd_gettime", 32, (_, m) -> Libc.timerfd_gettime(-1, m)),
                new TooShort("signalfd", 128, (_, m) -> Libc.signalfd(-2, m, 0)),
                new TooShort("pidfd_send_signal", 128, (_, m) -> Libc.pidfd_send_signal(-1, 0, m, 0)),
                new TooShort("sendfile", 8, (_, m) -> Libc.sendfile(-1, -1, m, 1)),
                new TooShort("splice", 8, (_, m) -> Libc.splice(-1, m, -1, NULL, 1, 0)),
                new TooShort("splice", 8, (_, m) -> Libc.splice(-1, NULL, -1, m, 1, 0)),
                new TooShort("getrlimit", 16, (_, m) -> Libc.getrlimit(-1, m)),
                new TooShort("setrlimit", 16, (_, m) -> Libc.setrlimit(-1, m)),
                new TooShort("prlimit", 16, (_, m) -> Libc.prlimit(0, -1, m, NULL)),
                new TooShort("prlimit", 16, (_, m) -> Libc.prlimit(0, -1, NULL, m)),
                new TooShort("pthread_sigmask", 128, (_, m) -> Libc.pthread_sigmask(-1, m, NULL)),
                new TooShort("pthread_sigmask", 128, (a, m) -> Libc.pthread_sigmask(-1, a.allocate(128), m)),
                new TooShort("clock_gettime", 16, (_, m) -> Libc.clock_gettime(-1, m)),
                new TooShort("posix_spawn", 4, (a, m) -> Libc.posix_spawn(m, nowhere(a), NULL, NULL, none(a), NULL)),
                new TooShort("posix_spawn", 80, (a, m) -> Libc.posix_spawn(NULL, nowhere(a), m, NULL, none(a), NULL)),
                new TooShort("posix_spawn", 336, (a, m) -> Libc.posix_spawn(NULL, nowhere(a), NULL, m, none(a), NULL)),
                new TooShort("posix_spawn", 8, (a, m) -> Libc.posix_spawn(NULL, nowhere(a), NULL, NULL, m, NULL)),
                new TooShort("posix_spawnp", 4, (a, m) -> Libc.posix_spawnp(m, nowhere(a), NULL, NULL, none(a), NULL)),
                new TooShort("posix_spawn_file_actions_init", 80, (_, m) -> Libc.posix_spawn_file_actions_init(m)),
                new TooShort("posix_spawn_file_actions_destroy", 80,
                        (_, m) -> Libc.posix_spawn_file_actions_destroy(m)),
                new TooShort("posix_spawn_file_actions_adddup2", 80,
                        (_, m) -> Libc.posix_spawn_file_actions_adddup2(m, -1, 0)),
                new TooShort("posix_spawn_file_actions_addclose", 80,
                        (_, m) -> Libc.posix_spawn_file_actions_addclose(m, -1)),
                new TooShort("posix_spawn_file_actions_addclosefrom_np", 80,
                        (_, m) -> Libc.posix_spawn_file_actions_addclosefrom_np(m, -1)),
                new TooShort("posix_spawn_file_actions_addchdir_np", 80, LibcChecksTest::addChdir),
                new TooShort("posix_spawnattr_init", 336, (_, m) -> Libc.posix_spawnattr_init(m)),
                new TooShort("posix_spawnattr_destroy", 336, (_, m) -> Libc.posix_spawnattr_destroy(m)),
                new TooShort("posix_spawnattr_setflags", 336, (_, m) -> Libc.posix_spawnattr_setflags(m, (short) -1)),
                new TooShort("posix_spawnattr_setsigmask", 336,
                        (a, m) -> Libc.posix_spawnattr_setsigmask(m, a.allocate(128))),
                new TooShort("posix_spawnattr_setsigmask", 128,
                        (a, m) -> Libc.posix_spawnattr_setsigmask(a.allocate(336), m)),
                new TooShort("posix_spawnattr_setsigdefault", 336,
                        (a, m) -> Libc.posix_spawnattr_setsigdefault(m, a.allocate(128))),
                new TooShort("posix_spawnattr_setsigdefault", 128,
                        (a, m) -> Libc.posix_spawnattr_setsigdefault(a.allocate(336), m)),
                new TooShort("posix_spawnattr_setpgroup", 336, (_, m) -> Libc.posix_spawnattr_setpgroup(m, 0)),
                new TooShort("waitid", 128, (_, m) -> Libc.waitid(-1, 0, m, WEXITED)),
                new TooShort("if_indextoname", 16, (_, m) -> Libc.if_indextoname(-1, m)),
                new TooShort("getaddrinfo", 48, (a, m) -> Libc.getaddrinfo(NULL, NULL, m, a.allocate(8))),
                new TooShort("getaddrinfo", 8, (_, m) -> Libc.getaddrinfo(NULL, NULL, NULL, m)),
                new TooShort("getnameinfo", 16, (_, m) -> Libc.getnameinfo(m, 16, NULL, 0, NULL, 0, 0)),
                new TooShort("getnameinfo", 9, (a, m) -> Libc.getnameinfo(a.allocate(16), 16, m, 9, NULL, 0, 0)),
                new TooShort("getnameinfo", 9, (a, m) -> Libc.getnameinfo(a.allocate(16), 16, NULL, 0, m, 9, 0)));
    }

    private static MemorySegment nowhere(Arena arena) {
        return arena.allocateFrom("/nowhere/at/all");
    }

    /// No pointers but the NULL at their end.
    private static MemorySegment none(Arena arena) {
        return arena.allocate(Long.BYTES);
    }

    private static long addChdir(Arena arena, MemorySegment memory) {
        final int result = Libc.posix_spawn_file_actions_addchdir_np(memory, arena.allocateFrom("/"));
        Libc.posix_spawn_file_actions_destroy(memory);
        return result;
    }

    /// What only changes the memory it is given has nothing to refuse.
    private static final List<String> MEMORY_ONLY = List.of("posix_spawn_file_actions_init",
            "posix_spawn_file_actions_destroy", "posix_spawn_file_actions_addchdir_np", "posix_spawnattr_init",
            "posix_spawnattr_destroy", "posix_spawnattr_setsigmask", "posix_spawnattr_setsigdefault",
            "posix_spawnattr_setpgroup");

    @ParameterizedTest
    @MethodSource("calls")
    void memoryThatIsOneByteShortIsRefusedByBothSizes(TooShort call) {
        final MemorySegment memory = arena.allocate(call.needed - 1);
        assertThatThrownBy(() -> call.call.call(arena, memory)).isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageStartingWith(call.name + ":")
                .hasMessageContaining(" in a segment of " + (call.needed - 1))
                .hasMessageContainingAll(call.words.length > 0 ? call.words : new String[]{call.needed + " bytes"});
    }

    /// The same calls with memory that suffices reach the kernel, which refuses the descriptor, or the other nonsense.
    @ParameterizedTest
    @MethodSource("calls")
    void memoryThatJustSufficesReachesTheKernel(TooShort call) {
        final long result = call.call.call(arena, arena.allocate(call.needed));
        if (call.name.endsWith("poll") || MEMORY_ONLY.contains(call.name)) {
            assertThat(result).isZero();
        } else {
            assertThat(result).isNegative();
        }
    }

    /// By name and size: what C reads only, and what may be either.
    private static final List<String> MAY_BE_READ_ONLY = List.of("bind 16", "connect 16", "setsockopt 8", "send 9",
            "sendto 9", "sendto 16", "sendmsg 56", "write 9", "readv 48", "writev 48", "pwrite 9", "fcntl 32",
            "fcntl 8", "ioctl 4", "ioctl 8", "ioctl 256", "ioctl 9", "ppoll 128", "epoll_ctl " + EVENT,
            "epoll_pwait 128", "epoll_pwait2 16", "epoll_pwait2 128", "signalfd 128", "pidfd_send_signal 128",
            "setrlimit 16", "posix_spawn 80", "posix_spawn 336", "posix_spawn 8", "posix_spawnattr_setsigmask 128",
            "posix_spawnattr_setsigdefault 128", "getaddrinfo 48", "getnameinfo 16");

    /// One of two such arguments is read, the other one written to.
    private static final List<String> READ_AND_WRITTEN = List.of("ppoll 16", "timerfd_settime 32", "prlimit 16",
            "pthread_sigmask 128");

    @ParameterizedTest
    @MethodSource("calls")
    void memoryThatIsReadOnlyIsRefusedWhereItWouldBeWrittenTo(TooShort call) {
        final String argument = call.name + ' ' + call.needed;
        final Throwable thrown = catchThrowable(
                () -> call.call.call(arena, arena.allocate(call.needed).asReadOnly()));
        if (!MAY_BE_READ_ONLY.contains(argument) && (thrown != null || !READ_AND_WRITTEN.contains(argument))) {
            assertThat(thrown).isInstanceOf(IllegalArgumentException.class).hasMessage(
                    call.name + ": a segment of " + call.needed + " bytes that is read-only");
        } else {
            assertThat(thrown).isNull();
        }
    }

    @Test
    void theSizesOfStructsAreTheCompilers() throws IllegalAccessException {
        final Map<String, Long> sizes = new TreeMap<>();
        for (Field constant : Libc.class.getDeclaredFields()) {
            if (constant.getName().endsWith("_SIZE")) {
                constant.setAccessible(true);
                sizes.put(constant.getName(), constant.getLong(null));
            }
        }
        // Two longs and two ints behind two shorts: not among the bound structs.
        assertThat(sizes.remove("FLOCK_SIZE")).isEqualTo(32);
        assertThat(sizes).hasSizeGreaterThan(5).allSatisfy((name, size) -> {
            final String lower = name.replace("_SIZE", "").toLowerCase();
            final String struct = Map.of("sigset", "sigset_t", "siginfo", "siginfo_t",
                    "posix_spawn_file_actions", "posix_spawn_file_actions_t", "posix_spawnattr", "posix_spawnattr_t")
                    .getOrDefault(lower, lower);
            assertThat(AbiOracle.here().structs()).containsKey(struct);
            assertThat(size).isEqualTo(AbiOracle.here().structs().get(struct).size());
        });
    }

    /// What a shorter list would leave out.
    @Test
    void everyMethodThatTakesMemoryIsAmongThem() {
        final List<String> strings = strings().map(Named::toString).toList();
        assertThat(CallTest.methods()
                .filter(method -> List.of(method.getParameterTypes()).contains(MemorySegment.class))
                .map(Method::getName).filter(name -> !name.equals("freeaddrinfo")).distinct())
                .allMatch(name -> strings.contains(name) || calls().anyMatch(call -> call.name.equals(name)));
    }

    private record Named(String name, ThrowingConsumer<MemorySegment> call) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Named> strings() {
        return Stream.of(
                new Named("open", path -> Libc.open(path, O_RDONLY, 0)),
                new Named("unlink", Libc::unlink),
                new Named("chmod", path -> Libc.chmod(path, 0600)),
                new Named("memfd_create", name -> Libc.memfd_create(name, -1)),
                new Named("if_nametoindex", Libc::if_nametoindex),
                new Named("posix_spawn", path -> Libc.posix_spawn(NULL, path, NULL, NULL, none(Arena.ofAuto()), NULL)),
                new Named("posix_spawnp",
                        file -> Libc.posix_spawnp(NULL, file, NULL, NULL, none(Arena.ofAuto()), NULL)),
                new Named("posix_spawn_file_actions_addchdir_np",
                        path -> Libc.posix_spawn_file_actions_addchdir_np(Arena.ofAuto().allocate(80), path)),
                new Named("getaddrinfo", node -> Libc.getaddrinfo(node, NULL, NULL, Arena.ofAuto().allocate(8))),
                new Named("getaddrinfo", service -> Libc.getaddrinfo(NULL, service, NULL, Arena.ofAuto().allocate(8))));
    }

    @ParameterizedTest
    @MethodSource("strings")
    void aStringWithoutItsNulIsRefusedByItsLength(Named call) {
        final MemorySegment text = arena.allocateFrom("/nowhere", StandardCharsets.US_ASCII)
                .asSlice(0, 8);
        assertThatThrownBy(() -> call.call.accept(text)).isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageContainingAll(call.name, "8 bytes", "NUL");
        assertThatThrownBy(() -> call.call.accept(text.asSlice(0, 0))).isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageContaining("0 bytes");
    }

    @Test
    void pointersWithoutTheirNullAreRefusedByTheirNumber() {
        final MemorySegment pointers = arena.allocate(3 * Long.BYTES).fill((byte) 1);
        assertThatThrownBy(() -> Libc.posix_spawn(NULL, nowhere(arena), NULL, NULL, pointers, NULL))
                .isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessage("posix_spawn: an array of 3 pointers without a NULL");
        assertThatThrownBy(() -> Libc.posix_spawnp(NULL, nowhere(arena), NULL, NULL, none(arena), pointers))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("3 pointers");
    }

    /// Where it is not the kernel that would look there, nobody would be left to judge.
    @Test
    void nullIsRefusedWhereLibcWouldFollowIt() {
        final MemorySegment actions = arena.allocate(80);
        final MemorySegment attributes = arena.allocate(336);
        final List<LongSupplier> faults = List.of(
                () -> Libc.posix_spawn(NULL, NULL, NULL, NULL, none(arena), NULL),
                () -> Libc.posix_spawn(NULL, nowhere(arena), NULL, NULL, NULL, NULL),
                () -> Libc.posix_spawnp(NULL, NULL, NULL, NULL, none(arena), NULL),
                () -> Libc.posix_spawnp(NULL, nowhere(arena), NULL, NULL, NULL, NULL),
                () -> Libc.posix_spawn_file_actions_init(NULL),
                () -> Libc.posix_spawn_file_actions_destroy(NULL),
                () -> Libc.posix_spawn_file_actions_adddup2(NULL, 0, 0),
                () -> Libc.posix_spawn_file_actions_addclose(NULL, 0),
                () -> Libc.posix_spawn_file_actions_addclosefrom_np(NULL, 3),
                () -> Libc.posix_spawn_file_actions_addchdir_np(NULL, nowhere(arena)),
                () -> Libc.posix_spawn_file_actions_addchdir_np(actions, NULL),
                () -> Libc.posix_spawnattr_init(NULL),
                () -> Libc.posix_spawnattr_destroy(NULL),
                () -> Libc.posix_spawnattr_setflags(NULL, (short) 0),
                () -> Libc.posix_spawnattr_setsigmask(NULL, arena.allocate(128)),
                () -> Libc.posix_spawnattr_setsigmask(attributes, NULL),
                () -> Libc.posix_spawnattr_setsigdefault(NULL, arena.allocate(128)),
                () -> Libc.posix_spawnattr_setsigdefault(attributes, NULL),
                () -> Libc.posix_spawnattr_setpgroup(NULL, 0),
                () -> Libc.clock_gettime(CLOCK_MONOTONIC, NULL),
                () -> Libc.getrlimit(RLIMIT_NOFILE, NULL),
                () -> Libc.recvmmsg(-1, NULL, 1, 0, NULL),
                () -> Libc.if_nametoindex(NULL),
                () -> Libc.if_indextoname(1, NULL),
                () -> Libc.getaddrinfo(nowhere(arena), NULL, NULL, NULL),
                () -> Libc.getnameinfo(NULL, 16, NULL, 0, NULL, 0, 0));
        for (int i = 0; i < faults.size(); i++) {
            assertThatThrownBy(faults.get(i)::getAsLong).as("call %s of the list", i)
                    .isInstanceOf(IndexOutOfBoundsException.class)
                    .hasMessageMatching(".* (in a segment of 0|of 0 bytes without a NUL)");
        }
    }

    // ---- lengths that are not what they seem

    static Stream<Named> sizes() {
        return Stream.of(
                new Named("send", m -> Libc.send(-1, m, -1, 0)),
                new Named("send", m -> Libc.send(-1, m, -1, MSG_DONTWAIT)),
                new Named("sendto", m -> Libc.sendto(-1, m, -1, 0, NULL, 0)),
                new Named("recv", m -> Libc.recv(-1, m, -1, 0)),
                new Named("recv", m -> Libc.recv(-1, m, -1, MSG_DONTWAIT)),
                new Named("recvfrom", m -> Libc.recvfrom(-1, m, -1, 0, NULL, NULL)),
                new Named("read", m -> Libc.read(-1, m, -1)),
                new Named("write", m -> Libc.write(-1, m, -1)),
                new Named("pread", m -> Libc.pread(-1, m, -1, 0)),
                new Named("pwrite", m -> Libc.pwrite(-1, m, -1, 0)),
                new Named("poll", m -> Libc.poll(m, -1, 0)),
                new Named("ppoll", m -> Libc.ppoll(m, -1, NULL, NULL)));
    }

    @ParameterizedTest
    @MethodSource("sizes")
    void aSizeAboveAllMemoryThatIsNegativeHereIsRefusedByItsValue(Named call) {
        final MemorySegment memory = arena.allocate(64);
        assertThatThrownBy(() -> call.call.accept(memory)).isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageContainingAll(call.name, "-1", "64");
        assertThatThrownBy(() -> call.call.accept(NULL)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    /// The kernel takes `nfds` for 32 bits, in which each of these is 1000; and times eight, some are negative.
    @ParameterizedTest
    @ValueSource(ints = {32, 59, 60, 61, 62, 63})
    void aCountWhoseUpperHalfTheKernelDropsIsRefusedByItsValue(int bit) {
        final MemorySegment one = arena.allocate(8);
        final long nfds = 1L << bit | 1000;
        assertThatThrownBy(() -> Libc.poll(one, nfds, 0)).isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageContaining(String.valueOf(nfds));
        assertThatThrownBy(() -> Libc.ppoll(one, nfds, one, NULL)).isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageContaining(String.valueOf(nfds));
    }

    @Test
    void aVlenThatTheKernelTakesForUnsignedIsRefusedAsSuch() {
        final MemorySegment few = arena.allocate(64 * 1023);
        for (int vlen : new int[]{-1, 1024, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            final String value = Integer.toUnsignedString(vlen);
            assertThatThrownBy(() -> Libc.sendmmsg(-1, few, vlen, 0)).isInstanceOf(IndexOutOfBoundsException.class)
                    .hasMessageContaining(value + " structs");
            assertThatThrownBy(() -> Libc.recvmmsg(-1, few, vlen, 0, NULL))
                    .isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining(value + " structs");
        }
        final MemorySegment most = arena.allocate(64 * 1024);
        assertThat(Libc.sendmmsg(-1, most, -1, 0)).as("looks at 1024 at most").isEqualTo(-EBADF);
        assertThat(Libc.recvmmsg(-1, most, 1024, 0, NULL)).isEqualTo(-EBADF);
        assertThatThrownBy(() -> Libc.recvmmsg(-1, most, 1025, 0, NULL)).as("fills as many as it is told")
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("1025 structs");
    }

    /// TCP wrote all of a struct tcp_info for an optlen of -1, before Linux 6.9.
    @Test
    void aNegativeOptlenIsRefusedAsTheUnsignedNumberThatItIs() {
        final MemorySegment optval = arena.allocate(4);
        assertThatThrownBy(() -> Libc.getsockopt(-1, IPPROTO_TCP, TCP_INFO, optval, socklen(arena, -1)))
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageContainingAll("getsockopt", "4294967295", "4");
    }

    /// Of these the kernel writes as much as the value asks for, or always as much, or counts in other units, whatever
    /// optlen is.
    @Test
    void whatAnOptionWritesBeyondItsOptlenIsRefused() {
        writesMore(SOL_SOCKET, SO_GET_FILTER, 64, arena.allocate(8 * 64));
        writesMore(IPPROTO_IP, IP_MSFILTER, 16, counting(12, 3, 16 + 3 * 4));
        writesMore(IPPROTO_IP, MCAST_MSFILTER, 144, counting(140, 3, 144 + 3 * 128));
        writesMore(IPPROTO_IPV6, MCAST_MSFILTER, 144, counting(140, 3, 144 + 3 * 128));
        writesMore(IPPROTO_TCP, TCP_AO_GET_KEYS, 320, counting(272, 3, 3 * 320));
        writesMore(SOL_BLUETOOTH, 7, 1, arena.allocate(4));
        writesMore(18, 3, 1, arena.allocate(4));
        writesMore(IPPROTO_TCP, TCP_CORK, 1, arena.allocate(4));
        writesMore(SOL_PNPIPE, 2, 0, arena.allocate(4));
        writesMore(SOL_NFC, 0, 2, arena.allocate(4));
        writesMore(SOL_ATM, 0, 4, arena.allocate(8));
        assertThatThrownBy(() -> Libc.getsockopt(-1, IPPROTO_IP, MCAST_MSFILTER, counting(140, -1, 144),
                socklen(arena, 144))).isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageContaining(144 + 0xffff_ffffL * 128 + " bytes");
    }

    /// Memory that says at `at` how many the kernel may write.
    private MemorySegment counting(int at, int count, long size) {
        final MemorySegment memory = arena.allocate(size);
        memory.set(ValueLayout.JAVA_INT_UNALIGNED, at, count);
        return memory;
    }

    private void writesMore(int level, int name, int length, MemorySegment enough) {
        assertThat(Libc.getsockopt(-1, level, name, enough, socklen(arena, length))).isEqualTo(-EBADF);
        assertThatThrownBy(() -> Libc.getsockopt(-1, level, name, enough.asSlice(0, enough.byteSize() - 1),
                socklen(arena, length))).isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageContainingAll("getsockopt", enough.byteSize() + " bytes");
        assertThat(Libc.getsockopt(-1, level, name, NULL, socklen(arena, length))).isEqualTo(-EBADF);
    }

    /// glibc reads on to the next NUL, wherever that is.
    @Test
    void theNameOfAUnixAddressEndsInItsMemory() {
        final MemorySegment addr = arena.allocate(111).fill((byte) 'x');
        addr.set(ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
        for (final int length : new int[]{2, 3, 110}) {
            assertThatThrownBy(() -> Libc.getnameinfo(addr.asSlice(0, length), length, NULL, 0, arena.allocate(32), 32,
                    NI_NUMERICSERV)).isInstanceOf(IndexOutOfBoundsException.class)
                    .hasMessage("getnameinfo: a string of " + (length - 2) + " bytes without a NUL");
        }
        addr.set(ValueLayout.JAVA_BYTE, 110, (byte) 0);
        assertThat(Libc.getnameinfo(addr, 110, NULL, 0, arena.allocate(32), 32, NI_NUMERICSERV))
                .as("musl knows no such family").isIn(EAI_OVERFLOW, EAI_FAMILY);
    }

    /// Negative where the kernel has an `int`: its own to refuse.
    @Test
    void aNegativeLengthThatIsSignedIsTheKernelsToRefuse() {
        final int fd = Libc.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        final MemorySegment memory = arena.allocate(128);
        assertThat(Libc.bind(fd, memory, -1)).isEqualTo(-EINVAL);
        assertThat(Libc.connect(fd, memory, -1)).isEqualTo(-EINVAL);
        assertThat(Libc.setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, memory, -1)).isEqualTo(-EINVAL);
        assertThat(Libc.getsockname(fd, memory, socklen(arena, -1))).isEqualTo(-EINVAL);
        assertThat(Libc.sendto(fd, memory, 1, 0, memory, -1)).isEqualTo(-EINVAL);
        assertThat(Libc.readv(fd, memory, -1)).isEqualTo(-EINVAL);
        assertThat(Libc.writev(fd, memory, Integer.MIN_VALUE)).isEqualTo(-EINVAL);
        final int epfd = Libc.epoll_create1(EPOLL_CLOEXEC);
        assertThat(Libc.epoll_wait(epfd, memory, -1, 0)).isEqualTo(-EINVAL);
        assertThat(Libc.epoll_wait(epfd, memory, 0, 0)).isEqualTo(-EINVAL);
        assertThat(Libc.epoll_pwait2(epfd, memory, Integer.MIN_VALUE, NULL, NULL)).isEqualTo(-EINVAL);
        assertThat(Libc.close(epfd)).isZero();
        assertThat(Libc.close(fd)).isZero();
    }

    @Test
    void nothingIsSentOfWhatIsRefused() {
        final MemorySegment sv = arena.allocate(8);
        assertThat(Libc.socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sv)).isZero();
        final int one = sv.getAtIndex(ValueLayout.JAVA_INT, 0);
        final int other = sv.getAtIndex(ValueLayout.JAVA_INT, 1);
        final MemorySegment memory = arena.allocate(4);
        assertThatThrownBy(() -> Libc.send(one, memory, 5, 0)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThat(Libc.recv(other, memory, 4, 0)).isEqualTo(-EAGAIN);
        assertThat(Libc.close(one)).isZero();
        assertThat(Libc.close(other)).isZero();
    }

    // ---- memory that is not what it seems

    static Stream<Named> pointers() {
        return Stream.of(
                new Named("send", m -> Libc.send(-1, m, 4, 0)),
                new Named("send", m -> Libc.send(-1, m, 4, MSG_DONTWAIT)),
                new Named("recv", m -> Libc.recv(-1, m, 4, MSG_DONTWAIT)),
                new Named("bind", m -> Libc.bind(-1, m, 4)),
                new Named("getsockname", m -> Libc.getsockname(-1, NULL, m)),
                new Named("unlink", Libc::unlink),
                new Named("epoll_wait", m -> Libc.epoll_wait(-1, m, 1, 0)));
    }

    @ParameterizedTest
    @MethodSource("pointers")
    void memoryOnTheHeapIsRefused(Named call) {
        final MemorySegment heap = MemorySegment.ofArray(new byte[64]);
        assertThatThrownBy(() -> call.call.accept(heap)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Heap");
        assertThatThrownBy(() -> call.call.accept(heap.asSlice(8))).isInstanceOf(IllegalArgumentException.class);
    }

    @ParameterizedTest
    @MethodSource("pointers")
    void memoryThatWasFreedIsRefused(Named call) {
        final MemorySegment freed;
        try (Arena brief = Arena.ofConfined()) {
            freed = brief.allocate(64);
        }
        assertThatThrownBy(() -> call.call.accept(freed)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }

    @ParameterizedTest
    @MethodSource("pointers")
    void memoryThatIsConfinedToAnotherThreadIsRefused(Named call) throws InterruptedException {
        final MemorySegment mine = arena.allocate(64);
        final Throwable[] thrown = new Throwable[1];
        Thread.ofPlatform().start(() -> {
            try {
                call.call.accept(mine);
            } catch (Throwable e) {
                thrown[0] = e;
            }
        }).join();
        assertThat(thrown[0]).isInstanceOf(WrongThreadException.class);
    }

    @Test
    void nullIsTheKernelsToJudge() {
        final int fd = Libc.socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        final int epfd = Libc.epoll_create1(EPOLL_CLOEXEC);
        final MemorySegment sv = arena.allocate(8);
        assertThat(Libc.socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sv)).isZero();
        final int one = sv.getAtIndex(ValueLayout.JAVA_INT, 0);
        final int other = sv.getAtIndex(ValueLayout.JAVA_INT, 1);
        final List<LongSupplier> faults = List.of(
                () -> Libc.socketpair(AF_UNIX, SOCK_STREAM, 0, NULL),
                () -> Libc.bind(fd, NULL, 16),
                () -> Libc.connect(fd, NULL, 16),
                () -> Libc.getsockname(fd, NULL, socklen(arena, 16)),
                () -> Libc.getsockname(fd, arena.allocate(16), NULL),
                () -> Libc.getsockopt(fd, SOL_SOCKET, SO_TYPE, NULL, socklen(arena, 4)),
                () -> Libc.setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, NULL, 4),
                () -> Libc.send(one, NULL, 5, 0),
                () -> Libc.send(one, NULL, 5, MSG_DONTWAIT),
                () -> Libc.sendmsg(one, NULL, 0),
                () -> Libc.sendmmsg(one, NULL, 1, 0),
                () -> Libc.write(one, NULL, 5),
                () -> Libc.writev(one, NULL, 1),
                () -> Libc.recvmsg(one, NULL, 0),
                () -> Libc.pipe2(NULL, O_CLOEXEC),
                () -> Libc.fcntl(fd, F_OFD_GETLK, NULL),
                () -> Libc.ioctl(fd, FIONBIO, NULL),
                () -> Libc.open(NULL, O_RDONLY, 0),
                () -> Libc.unlink(NULL),
                () -> Libc.memfd_create(NULL, 0),
                () -> Libc.poll(NULL, 1, 0),
                () -> Libc.epoll_ctl(epfd, EPOLL_CTL_ADD, one, NULL));
        for (int i = 0; i < faults.size(); i++) {
            assertThat(faults.get(i).getAsLong()).as("call %s of the list", i).isEqualTo(-EFAULT);
        }
        for (int each : new int[]{fd, epfd, one, other}) {
            assertThat(Libc.close(each)).isZero();
        }
    }
}
