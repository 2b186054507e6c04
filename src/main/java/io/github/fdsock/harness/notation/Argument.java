package io.github.fdsock.harness.notation;

/// How one argument is written: from what there is before the call, after it, or both.
interface Argument {
    /// What has to be kept from before the call.
    Object before(Frame frame, int index);

    /// The text, when the result is known.
    String after(Frame frame, int index, Object before);

    /// Writes an argument at one moment.
    @FunctionalInterface
    interface Text {
        String of(Frame frame, int index);
    }

    /// What goes in: written before the call, which may change it.
    static Argument in(final Text text) {
        return new Argument() {
            @Override
            public Object before(final Frame frame, final int index) {
                return text.of(frame, index);
            }

            @Override
            public String after(final Frame frame, final int index, final Object before) {
                return (String) before;
            }
        };
    }

    /// What comes out: where it would have come to, if the call failed.
    static Argument out(final Text text) {
        return new Argument() {
            @Override
            public Object before(final Frame frame, final int index) {
                return null;
            }

            @Override
            public String after(final Frame frame, final int index, final Object before) {
                return frame.failed() ? frame.pointer(index) : text.of(frame, index);
            }
        };
    }
}
