package io.github.fdsock.loop;

/// Is told of the turns of a loop, to measure them: see [EventLoop#observe]. It is called on the loop's thread.
public interface TurnObserver {
    /// A wait is over, or a run begins: from here on whoever wants something of the loop waits.
    void begun();

    /// The next wait begins, or the run is over.
    void ended();
}
