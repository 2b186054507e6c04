package io.github.fdsock.harness;

import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Interposer;

/// One call on its way through the layers to the kernel, on the thread that makes it.
final class Invocation {
    private final Call call;
    private final Object[] arguments;
    private final Layers.Layer[] layers;
    private final Interposer kernel;

    /// Of the layer that is asked next.
    private int next;
    private boolean injected;

    Invocation(final Call call, final Object[] arguments, final Layers.Layer[] layers, final Interposer kernel) {
        this.call = call;
        this.arguments = arguments;
        this.layers = layers;
        this.kernel = kernel;
    }

    Call call() {
        return call;
    }

    /// Those of the method in `Libc`, boxed, in order. A layer that changes them changes the call.
    Object[] arguments() {
        return arguments;
    }

    /// Asks the next layer or, behind the last, makes the call. May be asked once, never or, where a call is to be made
    /// again, several times.
    long proceed() {
        final int here = next;
        try {
            if (here == layers.length) {
                return kernel.call(call, arguments);
            }
            next++;
            return layers[here].call(this);
        } finally {
            next = here;
        }
    }

    /// Makes another call from where this one has got to: the layers further in see it, those outside do not.
    long make(final Call other, final Object... otherArguments) {
        final Invocation invocation = new Invocation(other, otherArguments, layers, kernel);
        invocation.next = next;
        return invocation.proceed();
    }

    /// Whether a layer has answered in the kernel's place, or changed its answer.
    boolean injected() {
        return injected;
    }

    void markInjected() {
        injected = true;
    }
}
