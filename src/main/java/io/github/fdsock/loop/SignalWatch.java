package io.github.fdsock.loop;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;

/// Lets a loop be told of a signal to the process: made by [EventLoop#onSignal].
///
/// The signal is the JVM's to receive, as for its shutdown hooks, and comes here in place of what the JVM would do.
/// There may be any number of these for one signal, in several loops: each is told. When the last of them is closed the
/// signal does what it did before the first.
///
/// Used on the loop's thread only.
public final class SignalWatch implements Closeable {
    /// The JVM would give these away, and not survive the next access beyond the end of a mapped file.
    private static final Set<String> KEPT = Set.of("BUS", "TRAP");

    private final EventLoop loop;
    private final String signal;
    private final Action action;

    /// Whether a task that tells of it is on its way: what comes until then is told with it, as by the kernel.
    private final AtomicBoolean pending = new AtomicBoolean();
    private boolean closed;
    private boolean referenced = true;

    private SignalWatch(final EventLoop loop, final String signal, final Action action) {
        this.loop = loop;
        this.signal = signal;
        this.action = action;
    }

    static SignalWatch of(final EventLoop loop, final String signal, final Action action) {
        final String name = signal.startsWith("SIG") ? signal.substring(3) : signal;
        if (KEPT.contains(name)) {
            throw new IllegalArgumentException("SIG" + name + " is how the JVM notices faults of its own");
        }
        final SignalWatch watch = new SignalWatch(loop, name, Objects.requireNonNull(action, "action"));
        Received.begin(watch);
        loop.guests().put(watch, watch::close);
        loop.activeMore(1);
        return watch;
    }

    /// On the thread by which the JVM tells of a signal.
    private void received() {
        if (pending.compareAndSet(false, true)) {
            try {
                loop.execute(this::tell);
            } catch (final RejectedExecutionException _) {
                // The loop is being closed, and with it this.
            } catch (final UncheckedIOException _) {
                // It could not be woken, and is told in its next turn. Other loops are to be told as well.
            }
        }
    }

    private void tell() {
        pending.set(false);
        if (!closed) {
            try {
                action.run();
            } catch (final IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /// Whether the loop runs for as long as this is open.
    ///
    /// @return false after [#unref]
    public boolean isReferenced() {
        return referenced;
    }

    /// Lets the loop run for as long as this is open, as from the beginning.
    public void ref() {
        loop.requireThread();
        if (!referenced) {
            referenced = true;
            loop.activeMore(closed ? 0 : 1);
        }
    }

    /// Lets the loop end though this is open: the signal is told only where something else keeps the loop running.
    public void unref() {
        loop.requireThread();
        if (referenced) {
            referenced = false;
            loop.activeMore(closed ? 0 : -1);
        }
    }

    /// Ends it: the signal is told no more, and after the last of its kind does again what it did before. The loop does
    /// this when it is closed.
    @Override
    public void close() {
        loop.requireThread();
        if (!closed) {
            closed = true;
            Received.end(this);
            loop.guests().remove(this);
            loop.activeMore(referenced ? -1 : 0);
        }
    }

    /// The signal.
    @Override
    public String toString() {
        return "watch of SIG" + signal;
    }

    /// Who waits for one signal, in the whole process.
    ///
    /// `sun.misc.Signal` is used by reflection: a compiler warns of it, whatever one says, and not every runtime has
    /// it.
    private static final class Received implements InvocationHandler {
        /// By the signal's name; each has one watch at least. Guarded by itself.
        private static final Map<String, Received> BY_NAME = new HashMap<>();

        /// This as a `SignalHandler`, and the one that was there before.
        private Object handler;
        private Object before;

        /// Replaced by each change, never changed.
        private volatile List<SignalWatch> watches = List.of();

        static void begin(final SignalWatch watch) {
            synchronized (BY_NAME) {
                Received received = BY_NAME.get(watch.signal);
                if (received == null) {
                    received = new Received();
                    received.handler = Proxy.newProxyInstance(null, new Class<?>[] {type("SignalHandler")}, received);
                    received.before = handle(watch.signal, received.handler);
                    BY_NAME.put(watch.signal, received);
                }
                final List<SignalWatch> more = new ArrayList<>(received.watches);
                more.add(watch);
                received.watches = more;
            }
        }

        static void end(final SignalWatch watch) {
            synchronized (BY_NAME) {
                final Received received = BY_NAME.get(watch.signal);
                received.watches = received.watches.stream().filter(each -> each != watch).toList();
                if (received.watches.isEmpty()) {
                    BY_NAME.remove(watch.signal);
                    final Object present = handle(watch.signal, received.before);
                    if (present != received.handler) {
                        // Somebody else has taken the signal over meanwhile, and keeps it.
                        handle(watch.signal, present);
                    }
                }
            }
        }

        /// `Signal.handle(new Signal(signal), handler)`: what handled it before.
        private static Object handle(final String signal, final Object handler) {
            final Class<?> type = type("Signal");
            try {
                return type.getMethod("handle", type, type("SignalHandler"))
                        .invoke(null, type.getConstructor(String.class).newInstance(signal), handler);
            } catch (final InvocationTargetException e) {
                // "Unknown signal: X", "Signal already used by VM or OS: SIGX"
                throw e.getCause() instanceof final IllegalArgumentException refusal ? refusal
                        : new IllegalStateException(e);
            } catch (final ReflectiveOperationException e) {
                throw new IllegalStateException(e);
            }
        }

        private static Class<?> type(final String name) {
            try {
                return Class.forName("sun.misc." + name);
            } catch (final ClassNotFoundException e) {
                throw new UnsupportedOperationException("signals take the module jdk.unsupported, which is not there",
                        e);
            }
        }

        /// On a thread of the JVM's own.
        @Override
        public Object invoke(final Object self, final Method method, final Object[] arguments) {
            return switch (method.getName()) {
                case "equals" -> self == arguments[0];
                case "hashCode" -> System.identityHashCode(self);
                case "toString" -> toString();
                default -> {
                    watches.forEach(SignalWatch::received);
                    yield null;
                }
            };
        }
    }
}
