package io.github.fdsock;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.option.SockOpt;
import io.github.fdsock.option.TcpState;
import io.github.fdsock.sys.Constants;
import io.github.fdsock.sys.struct.TcpInfo;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// `TCP_INFO` says what the kernel says: every field from its place, none from beyond what the kernel wrote.
class TcpInfoTest {
    private final Arena arena = Arena.ofConfined();

    @AfterEach
    void close() {
        arena.close();
    }

    private static io.github.fdsock.option.TcpInfo info(final SocketFd socket) throws ErrnoException {
        return socket.getsockopt(SockOpt.TCP_INFO);
    }

    /// The other end's segments are on their way when a call here returns.
    private static io.github.fdsock.option.TcpInfo await(final SocketFd socket,
            final Predicate<io.github.fdsock.option.TcpInfo> what) throws ErrnoException {
        final long start = System.nanoTime();
        for (;;) {
            final io.github.fdsock.option.TcpInfo info = info(socket);
            if (what.test(info)) {
                return info;
            }
            assertThat(System.nanoTime() - start).as("nanoseconds until it is so; now it is %s", info)
                    .isLessThan(TimeUnit.SECONDS.toNanos(20));
            LockSupport.parkNanos(100_000);
        }
    }

    // ---- states

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1"})
    void g58_theStateFollowsTheConnection(final String host) throws IOException {
        final SockAddr any = SockAddr.inet(host, 0);
        try (SocketFd listener = SocketFd.socket(any.family(), SOCK_STREAM, 0);
                SocketFd client = SocketFd.socket(any.family(), SOCK_STREAM, 0)) {
            assertThat(info(listener).state()).isEqualTo(TcpState.CLOSE);
            listener.bind(any);
            assertThat(info(listener).state()).isEqualTo(TcpState.CLOSE);
            listener.listen(5);
            assertThat(info(listener).state()).isEqualTo(TcpState.LISTEN);
            assertThat(info(client).state()).isEqualTo(TcpState.CLOSE);
            client.connect(listener.localAddress());
            assertThat(info(client).state()).isEqualTo(TcpState.ESTABLISHED);

            final SocketFd server = listener.accept();
            assertThat(info(server).state()).isEqualTo(TcpState.ESTABLISHED);
            server.shutdown(SHUT_WR);
            await(client, info -> info.state() == TcpState.CLOSE_WAIT);
            await(server, info -> info.state() == TcpState.FIN_WAIT2);
            client.shutdown(SHUT_WR);
            // What is acknowledged last is over; what acknowledged it waits, as a thing that has no options any more.
            await(client, info -> info.state() == TcpState.CLOSE);
            server.close();
        }
    }

    @Test
    void aConnectionOnItsWayIsSynSent() throws IOException {
        try (SocketFd listener = SockOptTest.listener(SockAddr.loopbackInet4(0), 0);
                SocketFd first = SockOptTest.connected(listener);
                SocketFd second = SocketFd.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
            await(listener, info -> info.unacked() > info.sacked());
            assertThat(second.connect(listener.localAddress())).as("the queue is full").isEqualTo(-EINPROGRESS);
            assertThat(info(second).state()).isEqualTo(TcpState.SYN_SENT);
            assertThat(info(first).state()).isEqualTo(TcpState.ESTABLISHED);
        }
    }

    @Test
    void statesHaveTheNumbersOfC() throws ReflectiveOperationException {
        for (final TcpState state : TcpState.values()) {
            assertThat(TcpState.of(state.number())).isEqualTo(state);
            if (state != TcpState.UNKNOWN) {
                assertThat(state.number()).isEqualTo(Constants.class.getField("TCP_" + state).getInt(null));
            }
        }
        assertThat(List.of(-1, 0, 12, 255)).allMatch(number -> TcpState.of(number) == TcpState.UNKNOWN);
    }

    // ---- numbers

    @Test
    void bytesAreCountedOnBothSides() throws IOException {
        try (SocketFd listener = SockOptTest.listener(SockAddr.loopbackInet4(0), 1);
                SocketFd client = SockOptTest.connected(listener); SocketFd server = listener.accept()) {
            final MemorySegment bytes = arena.allocate(10_000);
            assertThat(client.send(bytes, 0)).isEqualTo(10_000);
            assertThat(server.recv(bytes, MSG_WAITALL)).isEqualTo(10_000);
            final var sent = await(client, info -> info.bytesAcked() >= 10_000);
            final var received = info(server);
            assertThat(received.bytesReceived()).isEqualTo(10_000);
            assertThat(sent.bytesSent()).isEqualTo(10_000);
            assertThat(sent.bytesRetrans()).isZero();
            assertThat(sent.bytesAcked()).as("the SYN counts").isEqualTo(10_001);
            assertThat(sent.unacked()).isZero();
            assertThat(sent.notsentBytes()).isZero();
            assertThat(sent.dataSegsOut()).isPositive().isEqualTo(received.dataSegsIn());
            assertThat(sent.caState()).isEqualTo(io.github.fdsock.option.TcpInfo.CaState.OPEN);
            assertThat(sent.rtt()).as("µs on the loopback").isBetween(1L, 1_000_000L);
            assertThat(sent.minRtt()).isBetween(0L, 1_000_000L);
            assertThat(sent.rto()).as("µs").isGreaterThanOrEqualTo(1_000);
            assertThat(sent.pmtu()).isEqualTo(client.getsockopt(SockOpt.IP_MTU).longValue());
            assertThat(sent.sndMss()).isBetween(500L, sent.pmtu());
            assertThat(sent.maxPacingRate()).as("no limit").isEqualTo(Long.MAX_VALUE);
            assertThat(sent.has(TCPI_OPT_WSCALE)).isEqualTo(received.has(TCPI_OPT_WSCALE));
            assertThat(sent.sndWscale()).isEqualTo(received.rcvWscale());
            assertThat(sent.length()).isGreaterThanOrEqualTo(TcpInfo.BYTES_ACKED);
        }
    }

    @Test
    void whatIsSetIsTold() throws IOException {
        try (SocketFd listener = SockOptTest.listener(SockAddr.loopbackInet4(0), 1);
                SocketFd client = SockOptTest.connected(listener)) {
            client.setsockopt(SockOpt.SO_MAX_PACING_RATE, 1_234_567L);
            assertThat(info(client).maxPacingRate()).isEqualTo(1_234_567);
        }
    }

    // ---- decoding

    /// Every component against the view's field of the same name, over bytes of which no two are alike nearby.
    @Test
    void everyComponentIsTheFieldOfItsName() throws ReflectiveOperationException {
        final MemorySegment memory = memory();
        final TcpInfo view = TcpInfo.of(memory).length(TcpInfo.SIZEOF);
        final var info = decode(memory, TcpInfo.SIZEOF);
        for (final RecordComponent component : numbers()) {
            final Object field = TcpInfo.class.getMethod(snakeCase(component.getName())).invoke(view);
            final Object expected = component.getType() == long.class && field instanceof Integer bits
                    ? Long.valueOf(Integer.toUnsignedLong(bits)) : field;
            assertThat(component.getAccessor().invoke(info)).as(component.getName()).isEqualTo(expected);
        }
        final List<String> fields = Arrays.stream(TcpInfo.class.getDeclaredMethods())
                .filter(method -> java.lang.reflect.Modifier.isPublic(method.getModifiers())
                        && method.getParameterCount() == 0)
                .map(java.lang.reflect.Method::getName).filter(name -> !List.of("segment").contains(name)).toList();
        assertThat(Arrays.stream(io.github.fdsock.option.TcpInfo.class.getRecordComponents())
                .map(component -> snakeCase(component.getName()))).containsExactlyInAnyOrderElementsOf(fields);
    }

    static IntStream lengths() {
        return IntStream.concat(IntStream.of(0, 1, 7, 104, 192, 232, 240, 248, 280),
                IntStream.rangeClosed(0, 70).map(n -> 4 * n));
    }

    /// An older kernel tells less, and what it does not tell is -1, whatever lies in the memory.
    @ParameterizedTest
    @MethodSource("lengths")
    void whatLiesBeyondTheLengthIsNotKnown(final int length) throws ReflectiveOperationException {
        final MemorySegment memory = memory();
        final var all = decode(memory, TcpInfo.SIZEOF);
        final var some = decode(memory, length);
        assertThat(some.length()).isEqualTo(length);
        for (final RecordComponent component : numbers()) {
            final Object value = component.getAccessor().invoke(some);
            if (end(component) <= length) {
                assertThat(value).as(component.getName()).isEqualTo(component.getAccessor().invoke(all));
            } else if (offset(component) >= length && component.getType() != boolean.class) {
                assertThat(((Number) value).longValue()).as(component.getName()).isEqualTo(-1);
            }
        }
        if (length <= TcpInfo.OPTIONS) {
            assertThat(some.has(TCPI_OPT_SACK)).isFalse();
        }
        if (length == 0) {
            assertThat(some.state()).isEqualTo(TcpState.UNKNOWN);
            assertThat(some.caState()).isEqualTo(io.github.fdsock.option.TcpInfo.CaState.UNKNOWN);
        }
    }

    /// A newer kernel tells more than this library knows.
    @Test
    void aLongerStructIsReadAsFarAsItIsKnown() {
        final MemorySegment memory = memory();
        assertThat(decode(memory, 300)).usingRecursiveComparison().ignoringFields("length")
                .isEqualTo(decode(memory, TcpInfo.SIZEOF));
        assertThat(decode(memory, 300).length()).isEqualTo(300);
    }

    @Test
    void noNumberIsNegativeThatTheKernelTells() throws ReflectiveOperationException {
        final var info = decode(arena.allocate(600, 8).fill((byte) 0xff), TcpInfo.SIZEOF);
        for (final RecordComponent component : numbers()) {
            if (component.getType() != boolean.class && !List.of(UNBOUNDED_COUNTERS).contains(component.getName())) {
                assertThat(((Number) component.getAccessor().invoke(info)).longValue()).as(component.getName())
                        .isPositive();
            }
        }
        assertThat(info.pacingRate()).isEqualTo(Long.MAX_VALUE);
        assertThat(info.rto()).isEqualTo(0xffff_ffffL);
        assertThat(info.state()).isEqualTo(TcpState.UNKNOWN);
        assertThat(info.caState()).isEqualTo(io.github.fdsock.option.TcpInfo.CaState.UNKNOWN);
    }

    /// 64 bits wide, and no connection lives long enough to fill 63 of them.
    private static final String[] UNBOUNDED_COUNTERS = {"bytesAcked", "bytesReceived", "deliveryRate", "busyTime",
        "rwndLimited", "sndbufLimited", "bytesSent", "bytesRetrans"};

    private MemorySegment memory() {
        final MemorySegment memory = arena.allocate(600, 8);
        for (int i = 0; i < memory.byteSize(); i++) {
            memory.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 37 + 11));
        }
        return memory;
    }

    private static io.github.fdsock.option.TcpInfo decode(final MemorySegment memory, final int length) {
        return SockOpt.TCP_INFO.decode(memory, length);
    }

    /// All components that are read from one field as they are.
    private static List<RecordComponent> numbers() {
        return Arrays.stream(io.github.fdsock.option.TcpInfo.class.getRecordComponents())
                .filter(component -> !List.of("length", "state", "caState").contains(component.getName())).toList();
    }

    private static String snakeCase(final String name) {
        return name.replaceAll("([A-Z])", "_$1").toLowerCase(java.util.Locale.ROOT);
    }

    private static int offset(final RecordComponent component) throws ReflectiveOperationException {
        return switch (component.getName()) {
            case "sndWscale", "rcvWscale" -> TcpInfo.OPTIONS + 1;
            case "deliveryRateAppLimited", "fastopenClientFail" -> TcpInfo.OPTIONS + 2;
            default -> TcpInfo.class.getField(snakeCase(component.getName()).toUpperCase(java.util.Locale.ROOT))
                    .getInt(null);
        };
    }

    private static int end(final RecordComponent component) throws ReflectiveOperationException {
        final int size = switch (component.getName()) {
            case "totalRto", "totalRtoRecoveries" -> 2;
            case "pacingRate", "maxPacingRate", "bytesAcked", "bytesReceived", "deliveryRate", "busyTime",
                "rwndLimited", "sndbufLimited", "bytesSent", "bytesRetrans" -> 8;
            default -> component.getType() == long.class ? 4 : 1;
        };
        return offset(component) + size;
    }
}
