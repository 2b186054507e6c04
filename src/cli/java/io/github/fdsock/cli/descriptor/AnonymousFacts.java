package io.github.fdsock.cli.descriptor;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What `fdinfo` tells of descriptors that have no name anywhere: `anon_inode:[eventpoll]` and its like.
final class AnonymousFacts {
    /// `tfd:        5 events:       19 data:                5  pos:0 ino:61 sdev:e`, without its first word.
    private static final Pattern WATCH = Pattern.compile("(\\d+) +events: *(\\p{XDigit}+) +data: *(\\p{XDigit}+).*");

    /// `(0, 49406829)`: seconds and nanoseconds.
    private static final Pattern TIME = Pattern.compile("\\((\\d+), (\\d+)\\)");

    /// So many watched descriptors are told in a line.
    private static final int WATCHES_SHOWN = 8;

    private AnonymousFacts() {
    }

    /// Begins a description by the name that stands behind `anon_inode:`, with or without brackets.
    static Descriptor of(final String name, final FdInfo info) {
        final String kind = name.replaceAll("^\\[|\\]$", "");
        return switch (kind) {
            case "eventfd" -> eventfd(info);
            case "eventpoll" -> epoll(info);
            case "timerfd" -> timerfd(info);
            case "signalfd" -> signalfd(info);
            case "inotify" -> inotify(info);
            case "pidfd" -> pidfd(info);
            default -> new Descriptor(Descriptor.printable(kind));
        };
    }

    private static Descriptor eventfd(final FdInfo info) {
        final Descriptor descriptor = new Descriptor("eventfd");
        final String count = info.value("eventfd-count");
        if (count != null) {
            final String decimal = Long.toUnsignedString(Long.parseUnsignedLong(count, 16));
            descriptor.with("count", new BigDecimal(decimal), "count " + decimal);
        }
        // Linux 6.5 tells it.
        if (info.number("eventfd-semaphore", 10, 0) != 0) {
            descriptor.with("semaphore", true, "semaphore");
        }
        return descriptor;
    }

    private static Descriptor epoll(final FdInfo info) {
        final List<Map<String, Object>> watches = new ArrayList<>();
        final StringJoiner text = new StringJoiner(" ", "watching ", "").setEmptyValue("watching nothing");
        // The kernel has them in the order of addresses in its memory.
        info.values("tfd").map(WATCH::matcher).filter(Matcher::matches)
                .sorted(Comparator.comparingInt(watch -> Integer.parseInt(watch.group(1)))).forEach(watch -> {
                    final List<String> events = Names.epollEvents(Integer.parseUnsignedInt(watch.group(2), 16));
                    final Map<String, Object> facts = new LinkedHashMap<>();
                    facts.put("fd", Integer.valueOf(watch.group(1)));
                    facts.put("events", events);
                    facts.put("data", "0x" + watch.group(3));
                    watches.add(facts);
                    if (watches.size() <= WATCHES_SHOWN) {
                        text.add(watch.group(1) + ":" + (events.isEmpty() ? "0" : String.join("|", events)));
                    }
                });
        if (watches.size() > WATCHES_SHOWN) {
            text.add("and " + (watches.size() - WATCHES_SHOWN) + " more");
        }
        return new Descriptor("epoll").with("watches", watches, text.toString());
    }

    private static Descriptor timerfd(final FdInfo info) {
        final Descriptor descriptor = new Descriptor("timerfd");
        final String clock = info.value("clockid");
        final Matcher value = TIME.matcher(String.valueOf(info.value("it_value")));
        final Matcher interval = TIME.matcher(String.valueOf(info.value("it_interval")));
        if (clock == null || !value.matches() || !interval.matches()) {
            return descriptor;
        }
        final String name = Names.clock(Integer.parseInt(clock));
        final BigDecimal left = seconds(value);
        final BigDecimal period = seconds(interval);
        final long ticks = info.number("ticks", 10, 0);
        descriptor.with("clock", name, name);
        descriptor.with("secondsLeft", left, left.signum() == 0 ? "not armed" : left.toPlainString() + " s left");
        descriptor.with("secondsPeriod", period,
                period.signum() == 0 ? null : "every " + period.toPlainString() + " s");
        descriptor.with("expirations", ticks, ticks == 0 ? null : ticks + " expirations unread");
        return descriptor;
    }

    private static BigDecimal seconds(final Matcher time) {
        return new BigDecimal(time.group(1)).add(new BigDecimal(time.group(2)).movePointLeft(9)).stripTrailingZeros();
    }

    private static Descriptor signalfd(final FdInfo info) {
        final Descriptor descriptor = new Descriptor("signalfd");
        final String mask = info.value("sigmask");
        if (mask != null) {
            final List<String> signals = Names.signals(Long.parseUnsignedLong(mask, 16));
            descriptor.with("signals", signals, signals.isEmpty() ? "no signals" : String.join("|", signals));
        }
        return descriptor;
    }

    private static Descriptor inotify(final FdInfo info) {
        final long watches = info.lines().stream().filter(line -> line.startsWith("inotify ")).count();
        return new Descriptor("inotify").with("watches", watches, watches + (watches == 1 ? " watch" : " watches"));
    }

    private static Descriptor pidfd(final FdInfo info) {
        final Descriptor descriptor = new Descriptor("pidfd");
        final String pid = info.value("Pid");
        if (pid != null) {
            descriptor.with("pid", Integer.valueOf(pid), switch (pid) {
                case "-1" -> "of a process that has ended";
                case "0" -> "of a process in another PID namespace";
                default -> "of process " + pid;
            });
        }
        return descriptor;
    }
}
