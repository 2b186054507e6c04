package io.github.fdsock.resolve;

/// Is told what came of a [Lookup].
///
/// @param <T> what was asked for
@FunctionalInterface
public interface Answer<T> {
    /// Once for each lookup, by the executor that was given with it. Exactly one of both is null.
    ///
    /// @param result what was found
    /// @param failure why nothing was: its [code][EaiException#code] is `EAI_CANCELED` where the lookup was cancelled
    void answered(T result, EaiException failure);
}
