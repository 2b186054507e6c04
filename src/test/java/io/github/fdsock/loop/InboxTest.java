package io.github.fdsock.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// In whatever order a loop and those who have tasks for it take their steps: each task is run once, those of one
/// thread in their order, no sleep goes on over a task, and none is ended twice.
class InboxTest {
    private static final int PRODUCERS = 2;

    /// What the second of the two does, and who of all makes a mistake.
    private enum Variant {
        /// Both hand over tasks.
        TASKS(2),
        /// The second sets a flag and wakes the loop, which ends when it sees it.
        STOP(2),
        /// The loop sleeps though it was told that it may not.
        CARELESS_LOOP(1),
        /// Who has put the first task does not wake the loop.
        SILENT_PRODUCER(1),
        /// Everybody wakes the loop for each task.
        EAGER_PRODUCERS(2);

        private final int tasks;

        Variant(final int tasks) {
            this.tasks = tasks;
        }
    }

    /// One run: an inbox, the eventfd, and where everybody stands.
    ///
    /// Each step is one exchange of the inbox's word or one system call: what lies between two of them nobody else
    /// sees.
    private static final class World {
        private final Variant variant;
        private final Inbox inbox = new Inbox();
        private final List<String> run = new ArrayList<>();
        private final int[] put = new int[PRODUCERS];
        private final boolean[] hasToWake = new boolean[PRODUCERS];

        /// What the eventfd has to tell.
        private boolean event;
        private int writes;
        private int sleeps;

        private enum At { CHECK, SLEEP, WAIT, AWAKE, TASKS, ENDED }

        private At loop = At.CHECK;
        private boolean mayWait;
        private boolean stopped;

        /// How often another descriptor ends a wait.
        private int others = 1;

        private World(final Variant variant) {
            this.variant = variant;
        }

        /// The steps that can be taken now.
        private List<Runnable> steps() {
            final List<Runnable> steps = new ArrayList<>();
            for (int i = 0; i < PRODUCERS; i++) {
                final int producer = i;
                if (hasToWake[i]) {
                    steps.add(() -> wake(producer));
                } else if (put[i] < variant.tasks) {
                    steps.add(() -> put(producer));
                }
            }
            switch (loop) {
                case ENDED -> { }
                case WAIT -> {
                    if (!mayWait || event) {
                        steps.add(() -> {
                            event = false;
                            loop = At.AWAKE;
                        });
                    } else if (others > 0) {
                        steps.add(() -> {
                            others--;
                            loop = At.AWAKE;
                        });
                    }
                }
                default -> steps.add(this::stepOfTheLoop);
            }
            return steps;
        }

        private void put(final int producer) {
            final int number = put[producer]++;
            if (variant == Variant.STOP && producer == 1) {
                if (number == 0) {
                    stopped = true;
                    return;
                }
                hasToWake[producer] = inbox.nudge();
            } else {
                final boolean mustWake = inbox.put(() -> run.add(producer + ":" + number));
                hasToWake[producer] = switch (variant) {
                    case SILENT_PRODUCER -> false;
                    case EAGER_PRODUCERS -> true;
                    default -> mustWake;
                };
            }
        }

        private void wake(final int producer) {
            hasToWake[producer] = false;
            event = true;
            writes++;
            require(writes <= sleeps, "one write for each sleep at the most");
        }

        private void stepOfTheLoop() {
            loop = switch (loop) {
                case CHECK -> stopped ? At.ENDED : At.SLEEP;
                case SLEEP -> {
                    mayWait = inbox.sleep();
                    if (mayWait) {
                        sleeps++;
                    }
                    mayWait |= variant == Variant.CARELESS_LOOP;
                    yield At.WAIT;
                }
                case AWAKE -> {
                    inbox.awake();
                    yield At.TASKS;
                }
                default -> {
                    for (Inbox.Task task = inbox.takeAll(); task != null; task = task.next) {
                        task.work.run();
                    }
                    yield At.CHECK;
                }
            };
        }

        /// Nobody can take a step any more.
        private void assertComplete() {
            if (variant == Variant.STOP) {
                require(loop == At.ENDED, "the loop ends after a stop");
                return;
            }
            require(run.size() == PRODUCERS * variant.tasks && Set.copyOf(run).size() == run.size(),
                    "each task is run once, not " + run);
            for (int i = 0; i < PRODUCERS; i++) {
                for (int number = 1; number < variant.tasks; number++) {
                    require(run.indexOf(i + ":" + (number - 1)) < run.indexOf(i + ":" + number),
                            "in order, not " + run);
                }
            }
            require(inbox.waiting(run.size()) == 0, "nothing waits");
        }
    }

    private static void require(final boolean condition, final String what) {
        if (!condition) {
            throw new AssertionError(what);
        }
    }

    /// Goes through every order; how many there are.
    private static long explore(final Variant variant) {
        // Of each step on the way: which was taken, and how many there were.
        final Deque<int[]> path = new ArrayDeque<>();
        long orders = 0;
        do {
            final World world = new World(variant);
            for (final int[] choice : path) {
                world.steps().get(choice[0]).run();
            }
            for (List<Runnable> steps = world.steps(); !steps.isEmpty(); steps = world.steps()) {
                path.addLast(new int[] {0, steps.size()});
                require(path.size() < 200, "everybody comes to rest");
                steps.getFirst().run();
            }
            world.assertComplete();
            orders++;
            while (!path.isEmpty() && ++path.getLast()[0] == path.getLast()[1]) {
                path.removeLast();
            }
        } while (!path.isEmpty());
        return orders;
    }

    @ParameterizedTest
    @EnumSource(names = {"TASKS", "STOP"})
    void inEveryOrderEachTaskIsRunOnceAndNoWakeupIsLostOrDoubled(final Variant variant) {
        assertThat(explore(variant)).isGreaterThan(10_000);
    }

    /// The exploration would find it.
    @ParameterizedTest
    @EnumSource(names = {"CARELESS_LOOP", "SILENT_PRODUCER"})
    void aMistakeLosesAWakeup(final Variant variant) {
        assertThatThrownBy(() -> explore(variant)).isInstanceOf(AssertionError.class)
                .hasMessageContaining("each task is run once");
    }

    @Test
    void aWakeupTooManyIsFound() {
        assertThatThrownBy(() -> explore(Variant.EAGER_PRODUCERS)).isInstanceOf(AssertionError.class)
                .hasMessageContaining("one write for each sleep");
    }

    @Test
    void afterItsCloseItRefusesEverything() {
        final Inbox inbox = new Inbox();
        inbox.put(() -> { });
        inbox.put(() -> { });
        int waiting = 0;
        for (Inbox.Task task = inbox.close(); task != null; task = task.next) {
            waiting++;
        }
        assertThat(waiting).isEqualTo(2);
        assertThatThrownBy(() -> inbox.put(() -> { })).isInstanceOf(RejectedExecutionException.class);
        assertThatThrownBy(inbox::nudge).isInstanceOf(RejectedExecutionException.class);
        assertThat(inbox.isEmpty()).isTrue();
        assertThat(inbox.sleep()).isFalse();
        assertThat(inbox.waiting(2)).isZero();
    }
}
