package io.github.fdsock.resolve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.SockAddr;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/// Attempts begin in order, a while apart or when one has failed; the first that succeeds wins, and ends it.
class HappyEyeballsTest {
    private static final long MILLI = 1_000_000;
    private static final Duration SHORTEST = Duration.ofMillis(10);

    private static List<SockAddr> addresses(final int count) {
        final List<SockAddr> addresses = new ArrayList<>();
        for (int port = 0; port < count; port++) {
            addresses.add(SockAddr.loopbackInet6(port));
        }
        return addresses;
    }

    @Example
    void eachBeginsAWhileAfterTheLast() {
        final HappyEyeballs race = HappyEyeballs.of(addresses(3));
        assertThat(race.nanosToNext(0)).isZero();
        assertThat(race.begin(0)).isZero();
        assertThat(race.nanosToNext(100 * MILLI)).isEqualTo(150 * MILLI);
        assertThat(race.begin(250 * MILLI - 1)).isNegative();
        assertThat(race.begin(260 * MILLI)).isOne();
        assertThat(race.nanosToNext(260 * MILLI)).isEqualTo(250 * MILLI);
        assertThat(race.begin(600 * MILLI)).isEqualTo(2);
        assertThat(race.nanosToNext(601 * MILLI)).as("none is left").isNegative();
        assertThat(race.begin(10_000 * MILLI)).isNegative();
        assertThat(race.address(2)).isEqualTo(SockAddr.loopbackInet6(2));
        assertThat(race.isLost()).isFalse();
    }

    @Example
    void theNextBeginsAtOnceWhenOneHasFailedAndTheWhileCountsFromThere() {
        final HappyEyeballs race = HappyEyeballs.of(addresses(3));
        final int first = race.begin(0);
        race.failed(first, new IOException("refused"));
        assertThat(race.nanosToNext(MILLI)).isZero();
        assertThat(race.begin(MILLI)).isOne();
        assertThat(race.begin(MILLI)).isNegative();
        assertThat(race.nanosToNext(MILLI)).isEqualTo(250 * MILLI);
    }

    @Example
    void theFirstToSucceedWinsAndNoOtherBegins() {
        final HappyEyeballs race = HappyEyeballs.of(addresses(3), SHORTEST);
        race.begin(0);
        race.begin(10 * MILLI);
        assertThat(race.connected(1)).isTrue();
        assertThat(race.connected(0)).as("in the same turn").isFalse();
        assertThat(race.begin(1000 * MILLI)).isNegative();
        assertThat(race.nanosToNext(1000 * MILLI)).isNegative();
        assertThat(race.isLost()).isFalse();
    }

    @Example
    void aFailureBehindTheWinnerChangesNothing() {
        final HappyEyeballs race = HappyEyeballs.of(addresses(3), SHORTEST);
        race.begin(0);
        race.begin(10 * MILLI);
        race.connected(1);
        race.failed(0, new IOException("late"));
        assertThat(race.begin(20 * MILLI)).isNegative();
        assertThat(race.isLost()).isFalse();
    }

    @Example
    void whenAllHaveFailedEachReasonIsThere() {
        final HappyEyeballs race = HappyEyeballs.of(addresses(3), SHORTEST);
        final List<IOException> reasons = List.of(new IOException("a"), new IOException("b"), new IOException("c"));
        for (final IOException reason : reasons) {
            assertThatThrownBy(race::failure).isInstanceOf(IllegalStateException.class);
            race.failed(race.begin(0), reason);
        }
        assertThat(race.isLost()).isTrue();
        assertThat(race.failure()).isSameAs(reasons.get(0)).hasSuppressedException(reasons.get(1));
        assertThat(race.failure().getSuppressed()).containsExactly(reasons.get(1), reasons.get(2));
    }

    @Example
    void oneReasonForAllIsToldOnce() {
        final HappyEyeballs race = HappyEyeballs.of(addresses(2), SHORTEST);
        final IOException reason = new IOException("no descriptors");
        race.failed(race.begin(0), reason);
        race.failed(race.begin(0), reason);
        assertThat(race.failure()).isSameAs(reason).hasNoSuppressedExceptions();
    }

    @Example
    void misuseIsToldAtOnce() {
        final HappyEyeballs race = HappyEyeballs.of(addresses(2));
        assertThatThrownBy(() -> race.connected(0)).isInstanceOf(IllegalStateException.class)
                .hasMessage("attempt 0 is not under way; these are: {}");
        race.failed(race.begin(0), new IOException());
        assertThatThrownBy(() -> race.failed(0, new IOException())).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> HappyEyeballs.of(List.of())).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> HappyEyeballs.of(addresses(1), Duration.ofNanos(10 * MILLI - 1)))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("PT0.009999999S");
    }

    @Example
    void aDelayOfAgesIsNoOverflow() {
        final HappyEyeballs race = HappyEyeballs.of(addresses(2), Duration.ofSeconds(Long.MAX_VALUE));
        race.begin(Long.MAX_VALUE);
        assertThat(race.nanosToNext(Long.MIN_VALUE)).as("a nanosecond later").isEqualTo(Long.MAX_VALUE - 1);
    }

    // ---- races

    /// What an attempt comes to, after as many milliseconds.
    private record Fate(int after, boolean succeeds) {
    }

    /// A connector that is as quick as can be, and the times, in milliseconds, at which its attempts began.
    private static final class Connector {
        final HappyEyeballs race;
        final List<Fate> fates;
        final long origin;
        final List<Long> begun = new ArrayList<>();
        final TreeSet<Long> failedAt = new TreeSet<>();
        int winner = -1;
        long now;

        Connector(final List<Fate> fates, final int stagger, final long origin) {
            this.fates = fates;
            this.origin = origin;
            race = HappyEyeballs.of(addresses(fates.size()), Duration.ofMillis(stagger));
        }

        void run() {
            // By time and attempt.
            final TreeMap<Long, List<Integer>> ends = new TreeMap<>();
            for (int turns = 0; winner < 0 && !race.isLost(); turns++) {
                assertThat(turns).as("turns, of which each begins or ends an attempt").isLessThan(2 * fates.size() + 1);
                for (int attempt; (attempt = race.begin(origin + now * MILLI)) >= 0;) {
                    assertThat(attempt).isEqualTo(begun.size());
                    begun.add(now);
                    ends.computeIfAbsent(now + fates.get(attempt).after(), _ -> new ArrayList<>()).add(attempt);
                }
                final long wait = race.nanosToNext(origin + now * MILLI);
                assertThat(wait).isNotZero();
                final long alarm = wait < 0 ? Long.MAX_VALUE : now + wait / MILLI;
                now = Math.min(alarm, ends.isEmpty() ? Long.MAX_VALUE : ends.firstKey());
                final List<Integer> ended = ends.getOrDefault(now, List.of());
                ends.remove(now);
                ended.forEach(this::end);
            }
        }

        private void end(final int attempt) {
            if (!fates.get(attempt).succeeds()) {
                failedAt.add(now);
                race.failed(attempt, new IOException("attempt " + attempt));
            } else if (race.connected(attempt)) {
                assertThat(winner).isNegative();
                winner = attempt;
            }
        }
    }

    @Property
    void itIsWonByWhoeverSucceedsFirstAndLostOnlyIfAllFail(@ForAll("fates") final List<Fate> fates,
            @ForAll("staggers") final int stagger, @ForAll("origins") final long origin) {
        final Connector connector = new Connector(fates, stagger, origin);
        connector.run();
        if (fates.stream().noneMatch(Fate::succeeds)) {
            assertThat(connector.winner).isNegative();
            assertThat(connector.race.failure()).hasMessage("attempt 0");
            assertThat(connector.race.failure().getSuppressed()).hasSize(fates.size() - 1);
            return;
        }
        final long finish = connector.begun.get(connector.winner) + fates.get(connector.winner).after();
        assertThat(connector.now).isEqualTo(finish);
        for (int i = 0; i < fates.size(); i++) {
            if (fates.get(i).succeeds()) {
                assertThat(finish).as("no later than if none had failed before attempt %s", i)
                        .isLessThanOrEqualTo((long) i * stagger + fates.get(i).after());
            }
        }
    }

    @Property
    void attemptsAreAWhileApartUnlessOneHasFailed(@ForAll("fates") final List<Fate> fates,
            @ForAll("staggers") final int stagger, @ForAll("origins") final long origin) {
        final Connector connector = new Connector(fates, stagger, origin);
        connector.run();
        assertThat(connector.begun.getFirst()).isZero();
        for (int i = 1; i < connector.begun.size(); i++) {
            final long last = connector.begun.get(i - 1);
            final long now = connector.begun.get(i);
            assertThat(now - last).isBetween(0L, (long) stagger);
            if (now - last < stagger) {
                assertThat(connector.failedAt).as("why attempt %s began at %s", i, now).contains(now);
            }
            assertThat(connector.failedAt.subSet(last, false, now, false)).as("failures nothing followed").isEmpty();
        }
    }

    @Provide
    Arbitrary<List<Fate>> fates() {
        return Combinators.combine(Arbitraries.integers().between(0, 1000), Arbitraries.of(true, false, false))
                .as(Fate::new).list().ofMinSize(1).ofMaxSize(8).map(Collections::unmodifiableList);
    }

    @Provide
    Arbitrary<Integer> staggers() {
        return Arbitraries.of(10, 100, 250);
    }

    /// The clock may stand anywhere, and wrap around.
    @Provide
    Arbitrary<Long> origins() {
        return Arbitraries.oneOf(Arbitraries.longs(),
                Arbitraries.of(0L, Long.MAX_VALUE - 300 * MILLI, -300 * MILLI));
    }
}
