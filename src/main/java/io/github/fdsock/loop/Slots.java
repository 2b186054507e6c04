package io.github.fdsock.loop;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/// The registrations of a loop, each in a slot that is used again after it, and told from its successors there by a
/// generation. Slot and generation are what events carry.
final class Slots {
    /// Of the latest registration. It may wrap around: what matters is that a slot has another one each time within a
    /// turn.
    int generation;

    /// By slot; null where it is free.
    private Registration[] registrations = new Registration[16];

    /// Of a free slot the next free one; the chain ends with the first slot never used, [#used].
    private int[] nextFree = new int[16];
    private int firstFree;
    private int used;
    private int taken;

    /// The slot that [#take] will take. There is room for it from now on: taking it cannot fail.
    int free() {
        if (firstFree == registrations.length) {
            registrations = Arrays.copyOf(registrations, firstFree * 2);
            nextFree = Arrays.copyOf(nextFree, firstFree * 2);
        }
        return firstFree;
    }

    void take(final Registration registration) {
        final int slot = registration.slot;
        firstFree = slot < used ? nextFree[slot] : ++used;
        registrations[slot] = registration;
        taken++;
    }

    void give(final Registration registration) {
        final int slot = registration.slot;
        registrations[slot] = null;
        nextFree[slot] = firstFree;
        firstFree = slot;
        taken--;
    }

    /// Whom an event is for; null where that one is gone.
    Registration find(final long data) {
        final Registration registration = registrations[(int) data];
        return registration != null && registration.data() == data ? registration : null;
    }

    /// How many are taken.
    int size() {
        return taken;
    }

    /// A copy.
    List<Registration> all() {
        return Arrays.stream(registrations).filter(Objects::nonNull).toList();
    }
}
