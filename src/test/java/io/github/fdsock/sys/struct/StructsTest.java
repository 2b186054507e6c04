package io.github.fdsock.sys.struct;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.abi.AbiOracle;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/// Every offset and size that a view writes down is the C compiler's, on both architectures, and no field is missing.
class StructsTest {

    /// A view, the struct it stands for, and the prefix of that struct's fields.
    enum View {
        ADDRINFO(Addrinfo.class, "addrinfo", "ai_"),
        CONTROL_BUFFER(ControlBuffer.class, "cmsghdr", "cmsg_"),
        IN6_PKTINFO(In6Pktinfo.class, "in6_pktinfo", "ipi6_"),
        IN_PKTINFO(InPktinfo.class, "in_pktinfo", "ipi_"),
        IOVEC(Iovec.class, "iovec", "iov_"),
        ITIMERSPEC(Itimerspec.class, "itimerspec", "it_"),
        LINGER(Linger.class, "linger", "l_"),
        MMSGHDR(Mmsghdr.class, "mmsghdr", "msg_"),
        MSGHDR(Msghdr.class, "msghdr", "msg_"),
        POLLFD(Pollfd.class, "pollfd", ""),
        RLIMIT(Rlimit.class, "rlimit", "rlim_"),
        SIGNALFD_SIGINFO(SignalfdSiginfo.class, "signalfd_siginfo", "ssi_"),
        SOCK_EXTENDED_ERR(SockExtendedErr.class, "sock_extended_err", "ee_"),
        TIMESPEC(Timespec.class, "timespec", "tv_"),
        TIMEVAL(Timeval.class, "timeval", "tv_"),
        UCRED(Ucred.class, "ucred", "");

        final Class<?> type;
        final String struct;
        final String prefix;

        View(Class<?> type, String struct, String prefix) {
            this.type = type;
            this.struct = struct;
            this.prefix = prefix;
        }
    }

    private static final AbiOracle[] MACHINES = {AbiOracle.of("x86_64"), AbiOracle.of("aarch64")};

    @ParameterizedTest
    @EnumSource
    void sizeIsTheCompilers(View view) throws ReflectiveOperationException {
        final String name = view == View.CONTROL_BUFFER ? "SIZEOF_CMSGHDR" : "SIZEOF";
        for (AbiOracle machine : MACHINES) {
            assertThat((long) view.type.getField(name).getInt(null)).as("struct %s on %s", view.struct,
                    machine.architecture()).isEqualTo(machine.structs().get(view.struct).size());
        }
    }

    @ParameterizedTest
    @EnumSource
    void offsetsAreTheCompilersAndNoneIsMissing(View view) throws IllegalAccessException {
        for (AbiOracle machine : MACHINES) {
            final Map<String, Long> expected = new TreeMap<>();
            machine.fieldsOf(view.struct).forEach((name, field) -> {
                // The last is another reading of ee_data.
                if (!name.startsWith("__") && !name.contains(".") && !name.equals("ee_rfc4884")) {
                    expected.put(name, field.offset());
                }
            });
            assertThat(offsets(view.type, long.class, view.prefix)).as("struct %s on %s", view.struct,
                    machine.architecture()).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @MethodSource("machines")
    void tcpInfoIsTheCompilersAsFarAsItsHeadersGo(AbiOracle machine) throws IllegalAccessException {
        final Map<String, Long> offsets = offsets(TcpInfo.class, int.class, "tcpi_");
        offsets.remove("tcpi_sizeof");
        machine.fieldsOf("tcp_info").forEach((name, field) -> assertThat(offsets.remove(name)).as(name)
                .isEqualTo(field.offset()));
        // What newer kernels have lies behind what the headers know, field on field.
        assertThat(offsets.values()).allMatch(offset -> offset >= machine.structs().get("tcp_info").size());
        assertThat(machine.structs().get("tcp_info").size()).isLessThanOrEqualTo(TcpInfo.SIZEOF);
    }

    static Stream<AbiOracle> machines() {
        return Arrays.stream(MACHINES);
    }

    /// Of the union in it the view knows what stands there of a child.
    @ParameterizedTest
    @MethodSource("machines")
    void siginfoIsTheCompilersAsFarAsItIsOfAChild(AbiOracle machine) throws IllegalAccessException {
        final Map<String, Long> expected = new TreeMap<>();
        machine.fieldsOf("siginfo_t").forEach((name, field) -> expected.put(name.replace("_sifields._sigchld.", ""),
                field.offset()));
        assertThat((long) Siginfo.SIZEOF).isEqualTo(machine.structs().get("siginfo_t").size());
        final Map<String, Long> offsets = offsets(Siginfo.class, long.class, "si_");
        assertThat(offsets).hasSize(5);
        assertThat(expected).containsAllEntriesOf(offsets);
    }

    /// The constants of a class that are offsets, by the C names of their fields.
    private static Map<String, Long> offsets(Class<?> view, Class<?> type, String prefix)
            throws IllegalAccessException {
        final Map<String, Long> offsets = new TreeMap<>();
        for (Field constant : view.getDeclaredFields()) {
            if (Modifier.isStatic(constant.getModifiers()) && !Modifier.isPrivate(constant.getModifiers())
                    && constant.getType() == type && !constant.getName().equals("WSCALE")
                    && !constant.getName().equals("BITS")) {
                // `int` is no name for a method in Java.
                final String name = constant.getName().toLowerCase().replace("integer", "int");
                offsets.put(prefix + name, constant.getType() == long.class ? constant.getLong(null)
                        : constant.getInt(null));
            }
        }
        return offsets;
    }

    /// Every view that can look at memory which is there.
    static Stream<Class<?>> viewsOfMemory() {
        return Stream.concat(Stream.of(EpollEvents.class, Siginfo.class, Sigset.class, TcpInfo.class),
                Arrays.stream(View.values()).<Class<?>>map(view -> view.type))
                .filter(type -> type != ControlBuffer.class
                        && Arrays.stream(type.getMethods()).anyMatch(method -> method.getName().equals("of")));
    }

    @ParameterizedTest
    @MethodSource("viewsOfMemory")
    void memoryThatIsTooShortIsRefusedWithBothSizes(Class<?> type) throws ReflectiveOperationException {
        final int size = type.getField("SIZEOF").getInt(null);
        final Method of = type.getMethod("of", MemorySegment.class);
        final MemorySegment tooShort = MemorySegment.ofArray(new byte[size - 1]);
        assertThatThrownBy(() -> of.invoke(null, tooShort)).isInstanceOf(InvocationTargetException.class).cause()
                .isInstanceOf(IndexOutOfBoundsException.class).hasMessageContainingAll(
                        " " + size + " bytes", " " + (size - 1));
    }

    @ParameterizedTest
    @MethodSource("viewsOfMemory")
    void memoryNeedNotBeAlignedAndTheRestOfItIsNotTouched(Class<?> type) throws ReflectiveOperationException {
        final int size = type.getField("SIZEOF").getInt(null);
        final byte[] bytes = new byte[size + 2];
        final Object view = type.getMethod("of", MemorySegment.class).invoke(null,
                MemorySegment.ofArray(bytes).asSlice(1, size));
        final MemorySegment segment = (MemorySegment) type.getMethod("segment").invoke(view);
        assertThat(segment.byteSize()).isEqualTo(size);
        for (Method getter : type.getMethods()) {
            if (getter.getParameterCount() == 0 && getter.getReturnType().isPrimitive()
                    && getter.getDeclaringClass() == type) {
                getter.invoke(view);
            }
        }
        segment.fill((byte) -1);
        assertThat(bytes).startsWith((byte) 0).endsWith((byte) 0);
    }

    @ParameterizedTest
    @MethodSource("viewsOfMemory")
    void newMemoryIsZeroAndAligned(Class<?> type) throws ReflectiveOperationException {
        try (Arena arena = Arena.ofConfined()) {
            final boolean isArray = type == EpollEvents.class || type == Pollfd.class;
            final Object view = isArray
                    ? type.getMethod("allocate", Arena.class, int.class).invoke(null, arena, 3)
                    : type.getMethod("allocate", Arena.class).invoke(null, arena);
            final MemorySegment segment = (MemorySegment) type.getMethod("segment").invoke(view);
            assertThat(segment.byteSize()).isEqualTo(type.getField("SIZEOF").getInt(null) * (isArray ? 3L : 1));
            assertThat(segment.address() % 4).isZero();
            assertThat(segment.mismatch(arena.allocate(segment.byteSize()))).isEqualTo(-1);
        }
    }
}
