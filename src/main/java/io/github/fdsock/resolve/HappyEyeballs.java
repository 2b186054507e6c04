package io.github.fdsock.resolve;

import io.github.fdsock.SockAddr;
import java.io.IOException;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/// When to begin the next of several attempts to connect, and which of them counts, by section 5 of RFC 8305.
///
/// The first begins at once. As long as none has succeeded, each next one begins when the last has begun a while ago,
/// or at once when any has failed. The first that succeeds wins, and the connector ends the others.
///
/// It makes no call and has no clock. The connector tells what happens and asks what to do:
///
/// ```java
/// int attempt;
/// while ((attempt = race.begin(System.nanoTime())) >= 0) {
///     try {
///         … begin to connect to race.address(attempt), and tell failed or connected later
///     } catch (IOException e) {
///         race.failed(attempt, e);
///     }
/// }
/// if (race.isLost()) {
///     throw race.failure();
/// }
/// … come back after race.nanosToNext(System.nanoTime()), if that is not negative, and after each event
/// ```
///
/// The RFC's other half, connecting while further addresses are still looked up, has no place here: `getaddrinfo(3)`
/// brings all of them at once.
///
/// **Threads.** One at a time.
///
/// @see <a href="https://www.rfc-editor.org/rfc/rfc8305#section-5">RFC 8305</a>
public final class HappyEyeballs {
    /// The RFC's "connection attempt delay": long enough for a server on another continent.
    public static final Duration STAGGER = Duration.ofMillis(250);

    /// Less would have all attempts begin before the first could be answered. The RFC forbids it.
    private static final Duration STAGGER_MIN = Duration.ofMillis(10);

    private final List<SockAddr> addresses;
    private final long staggerNanos;

    /// By attempt, which is the index of its address; null where it has not failed.
    private final IOException[] failures;
    private final BitSet underWay = new BitSet();

    /// So many have begun, in order.
    private int begun;

    /// Whether the next may begin whatever the time is; else it may at `due`.
    private boolean atOnce = true;
    private long due;
    private boolean won;

    private HappyEyeballs(final List<SockAddr> addresses, final long staggerNanos) {
        this.addresses = addresses;
        this.staggerNanos = staggerNanos;
        failures = new IOException[addresses.size()];
    }

    /// Plans attempts with the usual delay, [#STAGGER].
    ///
    /// @param addresses one or more, in the order in which they shall be tried: see [AddressOrder]
    /// @return the plan
    /// @throws IllegalArgumentException no address
    public static HappyEyeballs of(final List<SockAddr> addresses) {
        return of(addresses, STAGGER);
    }

    /// Plans attempts.
    ///
    /// @param addresses one or more, in the order in which they shall be tried: see [AddressOrder]
    /// @param stagger how long after one attempt the next begins, 10 ms or more
    /// @return the plan
    /// @throws IllegalArgumentException no address, or a delay of less
    public static HappyEyeballs of(final List<SockAddr> addresses, final Duration stagger) {
        if (addresses.isEmpty()) {
            throw new IllegalArgumentException("no address to connect to");
        }
        if (stagger.compareTo(STAGGER_MIN) < 0) {
            throw new IllegalArgumentException("attempts to connect begin at least " + STAGGER_MIN + " apart, not "
                    + stagger);
        }
        return new HappyEyeballs(List.copyOf(addresses), TimeUnit.NANOSECONDS.convert(stagger));
    }

    /// Begins the next attempt, if its time has come.
    ///
    /// @param now by [System#nanoTime]
    /// @return the attempt, a number from 0 on; negative where there is none to begin now
    public int begin(final long now) {
        if (nanosToNext(now) != 0) {
            return -1;
        }
        atOnce = false;
        due = now + staggerNanos;
        underWay.set(begun);
        return begun++;
    }

    /// How long it is to the next attempt, if nothing happens.
    ///
    /// @param now by [System#nanoTime]
    /// @return nanoseconds, 0 where it may begin now; negative where none is left, or one has succeeded
    public long nanosToNext(final long now) {
        if (won || begun == addresses.size()) {
            return -1;
        }
        return atOnce ? 0 : Math.max(0, due - now);
    }

    /// Whom an attempt is to connect to.
    ///
    /// @param attempt as [#begin] has it
    /// @return the address
    /// @throws IndexOutOfBoundsException no such attempt
    public SockAddr address(final int attempt) {
        return addresses.get(attempt);
    }

    /// An attempt has failed: the next may begin at once. When another one has succeeded this changes nothing.
    ///
    /// @param attempt which
    /// @param why the reason
    /// @throws IllegalStateException it is not under way
    public void failed(final int attempt, final IOException why) {
        Objects.requireNonNull(why, "why");
        end(attempt);
        failures[attempt] = why;
        atOnce = true;
    }

    /// An attempt has succeeded.
    ///
    /// @param attempt which
    /// @return whether it is the first: its connection is the one to keep, and all others are to be ended. False where
    ///         another was first, and this one is to be ended.
    /// @throws IllegalStateException it is not under way
    public boolean connected(final int attempt) {
        end(attempt);
        final boolean first = !won;
        won = true;
        return first;
    }

    private void end(final int attempt) {
        if (!underWay.get(attempt)) {
            throw new IllegalStateException("attempt " + attempt + " is not under way; these are: " + underWay);
        }
        underWay.clear(attempt);
    }

    /// Whether all attempts have failed.
    ///
    /// @return true when there is nothing left to hope for
    public boolean isLost() {
        return !won && begun == addresses.size() && underWay.isEmpty();
    }

    /// Why all have failed.
    ///
    /// @return the reason of the first, with those of the others as suppressed ones
    /// @throws IllegalStateException not all have failed
    public IOException failure() {
        if (!isLost()) {
            throw new IllegalStateException("not all attempts have failed");
        }
        final IOException first = failures[0];
        for (int i = 1; i < failures.length; i++) {
            // Once only, however often it is asked for.
            if (failures[i] != null && failures[i] != first) {
                first.addSuppressed(failures[i]);
            }
            failures[i] = null;
        }
        return first;
    }
}
