package io.github.fdsock.harness.notation;

import io.github.fdsock.sys.Call;
import java.util.ArrayList;
import java.util.List;

/// One call as strace writes it: begun before it is made, since what goes in may have changed afterwards, and finished
/// when its result is known.
///
/// What is read of memory is what the call itself may read, and copies that the kernel makes: whatever the arguments
/// and the structures hold, nothing fails. It makes no call through [Libc][io.github.fdsock.sys.Libc].
public final class CallText {
    private final Frame frame;
    private final Argument[] formats;
    private final Object[] before;

    private CallText(final Frame frame) {
        this.frame = frame;
        this.formats = Formats.arguments(frame);
        this.before = new Object[formats.length];
        for (int i = 0; i < formats.length; i++) {
            before[i] = formats[i].before(frame, i);
        }
    }

    /// Begins with the arguments, before the call.
    ///
    /// @param call which function
    /// @param arguments those of the method in [Libc][io.github.fdsock.sys.Libc]; they may change afterwards
    /// @param limit how many bytes of a buffer and how many elements of an array to show
    /// @return the text, unfinished
    public static CallText before(final Call call, final Object[] arguments, final int limit) {
        return new CallText(new Frame(call, arguments, limit));
    }

    /// The arguments, after the call.
    ///
    /// @param result what the call returned
    /// @return the text of each
    public List<String> arguments(final long result) {
        frame.result(result);
        final List<String> texts = new ArrayList<>(formats.length);
        for (int i = 0; i < formats.length; i++) {
            texts.add(formats[i].after(frame, i, before[i]));
        }
        return texts;
    }

    /// The result, after [#arguments]: `5`, `-1 EAGAIN (Resource temporarily unavailable)`, `1 ([{fd=5, …}])`.
    ///
    /// @return the text
    public String result() {
        return Formats.result(frame);
    }
}
