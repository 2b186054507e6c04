package io.github.fdsock.harness;

import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Interposer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/// What stands between the calls and the kernel at this moment, layer on layer behind one interposer, which is there
/// only while there is a layer.
final class Layers {
    private static final Layer[] NONE = {};

    /// What stands in the seam.
    private static final Interposer SEAM = new Interposer() {
        @Override
        public long call(final Call call, final Object... arguments) {
            // What was installed between two layers stands behind this, and may hand on to it: to the kernel then.
            return INSIDE_BEFORE.get() != null ? Interposer.proceed(call, arguments)
                    : new Invocation(call, arguments, layers, Layers::throughBefore).proceed();
        }

        @Override
        public boolean mayShorten() {
            final Interposer kernel = before;
            return kernel != null && kernel.mayShorten() || Arrays.stream(layers).anyMatch(Layer::mayShorten);
        }
    };

    /// From the caller inward.
    private static volatile Layer[] layers = NONE;

    /// What was installed before the first layer was: it goes on to see every call that gets through.
    private static volatile Interposer before;

    /// Set while the current thread is inside of that.
    private static final ThreadLocal<Boolean> INSIDE_BEFORE = new ThreadLocal<>();

    private Layers() {
    }

    /// Something that sees calls, and may answer them.
    interface Layer {
        /// Which layers it stands outside of.
        Place place();

        /// Answers a call, or lets it [proceed][Invocation#proceed]. On the thread that makes it; calls made from in
        /// here go straight to the kernel.
        long call(Invocation invocation);

        /// As [Interposer#mayShorten].
        default boolean mayShorten() {
            return false;
        }
    }

    /// The order of layers, from the caller inward: a trace shows what the caller sees, with what was injected; a
    /// ledger counts what really happened.
    enum Place {
        TRACE, FAULTS, LEDGER
    }

    private static long throughBefore(final Call call, final Object... arguments) {
        final Interposer kernel = before;
        if (kernel == null) {
            return Interposer.proceed(call, arguments);
        }
        INSIDE_BEFORE.set(Boolean.TRUE);
        try {
            return kernel.call(call, arguments);
        } finally {
            INSIDE_BEFORE.remove();
        }
    }

    /// Puts a layer in its place, inside of those that have the same.
    static synchronized void add(final Layer layer) {
        final List<Layer> all = new ArrayList<>(List.of(layers));
        all.add(layer);
        all.sort(Comparator.comparing(Layer::place));
        layers = all.toArray(Layer[]::new);
        // Not only for the first: somebody may have taken it away meanwhile.
        final Interposer there = Interposer.install(SEAM);
        if (there != SEAM) {
            before = there;
        }
    }

    /// Takes a layer away; a call of another thread that is inside of it is not affected.
    static synchronized void remove(final Layer layer) {
        final List<Layer> all = new ArrayList<>(List.of(layers));
        if (!all.remove(layer)) {
            return;
        }
        layers = all.toArray(Layer[]::new);
        if (all.isEmpty()) {
            final Interposer there = Interposer.install(before);
            if (there == SEAM || there == null) {
                before = null;
            } else {
                // Whoever was installed since stays in front, and may hand on to what it has found there.
                Interposer.install(there);
            }
        }
    }
}
