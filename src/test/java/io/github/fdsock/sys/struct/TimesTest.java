package io.github.fdsock.sys.struct;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.math.BigInteger;
import java.time.Duration;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

/// Times become seconds and a rest without losing or inventing any, and back as far as a `long` goes.
class TimesTest {

    private final Timespec timespec = Timespec.of(MemorySegment.ofArray(new long[2]));
    private final Timeval timeval = Timeval.of(MemorySegment.ofArray(new long[2]));

    @Property
    void nanosecondsComeBack(@ForAll @LongRange(min = 0) long nanos) {
        assertThat(timespec.nanos(nanos).nanos()).isEqualTo(nanos);
        assertThat(timespec.nsec()).isBetween(0L, 999_999_999L);
        assertThat(timespec.duration(Duration.ofNanos(nanos)).nanos()).isEqualTo(nanos);
    }

    @Property
    void microsecondsComeBack(@ForAll @LongRange(min = 0) long micros) {
        assertThat(timeval.micros(micros).micros()).isEqualTo(micros);
        assertThat(timeval.usec()).isBetween(0L, 999_999L);
    }

    @Property
    void whatALongCannotTellIsTheEndOfItsRange(@ForAll @LongRange(min = -9_223_372_036L) long sec,
            @ForAll @LongRange(max = 999_999_999) long nsec) {
        final BigInteger exact = BigInteger.valueOf(sec).multiply(BigInteger.valueOf(1_000_000_000))
                .add(BigInteger.valueOf(nsec));
        assertThat(timespec.sec(sec).nsec(nsec).nanos())
                .isEqualTo(exact.min(BigInteger.valueOf(Long.MAX_VALUE)).longValueExact());
    }

    @Property
    void whatALongCannotTellOfThePastIsTheOtherEnd(
            @ForAll @LongRange(min = Long.MIN_VALUE, max = -9_223_372_038L) long sec,
            @ForAll @LongRange(max = 999_999_999) long nsec) {
        assertThat(timespec.sec(sec).nsec(nsec).nanos()).isEqualTo(Long.MIN_VALUE);
    }

    @Property
    void aSpanIsNeverShortenedAndLengthenedByLessThanAMicrosecond(
            @ForAll @LongRange(max = Long.MAX_VALUE / 2) long nanos) {
        final long micros = timeval.duration(Duration.ofNanos(nanos)).micros();
        assertThat(micros * 1_000 - nanos).isBetween(0L, 999L);
        assertThat(timeval.usec()).isBetween(0L, 999_999L);
    }

    @Test
    void aNanosecondIsNotRoundedToNoTimeoutAtAll() {
        assertThat(timeval.duration(Duration.ofNanos(1)).micros()).isEqualTo(1);
        assertThat(timeval.duration(Duration.ofSeconds(3, 999_999_001)).sec()).isEqualTo(4);
        assertThat(timeval.usec()).isZero();
    }

    @Test
    void theLongestDurationFits() {
        final Duration longest = Duration.ofSeconds(Long.MAX_VALUE, 999_999_999);
        assertThat(timespec.duration(longest).sec()).isEqualTo(Long.MAX_VALUE);
        assertThat(timespec.nsec()).isEqualTo(999_999_999);
        assertThat(timespec.nanos()).isEqualTo(Long.MAX_VALUE);
        assertThat(timeval.duration(longest).sec()).isEqualTo(Long.MAX_VALUE);
        assertThat(timeval.usec()).isEqualTo(999_999);
        assertThat(timeval.micros()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void negativeSpansAreRefusedByTheirValue() {
        timespec.sec(7).nsec(8);
        assertThatThrownBy(() -> timespec.nanos(-1)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("-1");
        assertThatThrownBy(() -> timespec.duration(Duration.ofNanos(-1))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(Duration.ofNanos(-1).toString());
        assertThatThrownBy(() -> timeval.micros(Long.MIN_VALUE)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(String.valueOf(Long.MIN_VALUE));
        assertThatThrownBy(() -> timeval.duration(Duration.ofDays(-1))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(Duration.ofDays(-1).toString());
        assertThat(timespec.sec()).isEqualTo(7);
        assertThat(timespec.nsec()).isEqualTo(8);
    }

    @Test
    void theTwoTimesOfATimerDoNotTouchEachOther() {
        try (Arena arena = Arena.ofConfined()) {
            final Itimerspec timer = Itimerspec.allocate(arena);
            timer.interval().sec(1).nsec(2);
            timer.value().sec(3).nsec(4);
            assertThat(timer.segment().toArray(ValueLayout.JAVA_LONG)).containsExactly(1, 2, 3, 4);
        }
    }
}
