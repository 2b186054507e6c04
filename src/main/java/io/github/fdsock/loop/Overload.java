package io.github.fdsock.loop;

/// What a listener does with the connections that it has no descriptor for.
public enum Overload {
    /// Takes each with a descriptor kept in reserve and closes it, so that its client learns of the overload at once and can
    /// turn elsewhere. Another thread may snatch the reserved number in between: then it is as with [#PAUSE].
    REFUSE,

    /// Leaves them in the listener's queue, and does not look there until a descriptor of this loop is given back, or a
    /// moment has passed: what is missing may be others' to give back.
    PAUSE
}
