package io.github.fdsock.resolve;

import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Interposer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// Stands in for the name service while it is open: every name that begins with a letter is 127.0.0.1, and those that
/// begin with `slow` take until they are let go. It keeps the book of libc's lists.
final class NameService implements Interposer, AutoCloseable {
    private final Interposer before = Interposer.install(this);
    private final Semaphore held = new Semaphore(0);
    private final Semaphore go = new Semaphore(0);
    private final Queue<String> asked = new ConcurrentLinkedQueue<>();
    private final Set<Long> lists = ConcurrentHashMap.newKeySet();
    private final AtomicInteger made = new AtomicInteger();
    private final Queue<Long> freedTwice = new ConcurrentLinkedQueue<>();

    @Override
    public long call(final Call call, final Object... arguments) {
        return switch (call) {
            case getaddrinfo -> getaddrinfo(arguments);
            case freeaddrinfo -> {
                final long list = ((MemorySegment) arguments[0]).address();
                if (lists.remove(list)) {
                    yield Interposer.proceed(call, arguments);
                }
                freedTwice.add(list);
                yield 0;
            }
            default -> Interposer.proceed(call, arguments);
        };
    }

    private long getaddrinfo(final Object... arguments) {
        final String name = ((MemorySegment) arguments[0]).getString(0);
        asked.add(name);
        if (name.startsWith("slow")) {
            held.release();
            go.acquireUninterruptibly();
        }
        try (Arena arena = Arena.ofConfined()) {
            if (Character.isLetter(name.charAt(0))) {
                arguments[0] = arena.allocateFrom("127.0.0.1");
            }
            final long code = Interposer.proceed(Call.getaddrinfo, arguments);
            if (code == 0) {
                made.incrementAndGet();
                lists.add(((MemorySegment) arguments[3]).get(ValueLayout.JAVA_LONG, 0));
            }
            return code;
        }
    }

    /// Waits until as many slow lookups are under way.
    void awaitHeld(final int count) throws InterruptedException {
        if (!held.tryAcquire(count, 20, TimeUnit.SECONDS)) {
            throw new AssertionError("not " + count + " slow lookups are under way, but these were asked: " + asked);
        }
    }

    /// Lets as many slow lookups go.
    void letGo(final int count) {
        go.release(count);
    }

    /// Which names were asked for, in order.
    List<String> asked() {
        return List.copyOf(asked);
    }

    /// How many lists libc has made.
    int made() {
        return made.get();
    }

    /// Which lists are not freed yet, or were freed twice.
    List<Long> unbalanced() {
        final List<Long> all = new ArrayList<>(lists);
        all.addAll(freedTwice);
        return all;
    }

    @Override
    public void close() {
        Interposer.install(before);
    }
}
