package io.github.fdsock.cli.http;

/// What is served.
@FunctionalInterface
interface Site {
    /// Answers a GET or a HEAD. What goes wrong is answered too.
    ///
    /// @param request what is asked for
    /// @param answers has been prepared; is given one answer
    void answer(RequestHead request, Answers answers);
}
