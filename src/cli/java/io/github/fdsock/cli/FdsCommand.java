package io.github.fdsock.cli;

import io.github.fdsock.cli.descriptor.Descriptor;
import io.github.fdsock.cli.descriptor.DescriptorTable;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.TypeConversionException;

/// `fdsock fds`: the descriptors of a process.
@Command(name = "fds", description = {
    "Prints what a process holds, a line for each descriptor: number, kind, name or address, state, flags.",
    "Sockets and memory files of another process are asked themselves, through a copy (pidfd_getfd). Where that is not"
        + " allowed the line says what is unknown."})
final class FdsCommand implements Callable<Integer> {
    @Parameters(paramLabel = "PID|self", converter = Pid.class,
            description = "a process, or this one: what it was started with, and what the JVM has opened")
    private int pid;

    @Option(names = "--json", description = "print a JSON object for each descriptor")
    private boolean json;

    /// Reads a pid; 0 stands for `self`.
    static final class Pid implements ITypeConverter<Integer> {
        @Override
        public Integer convert(final String text) {
            if (text.equals("self")) {
                return 0;
            }
            if (!text.matches("[1-9]\\d{0,8}")) {
                throw new TypeConversionException("\"" + text + "\" is not a process: a number or self");
            }
            return Integer.valueOf(text);
        }
    }

    @Override
    public Integer call() throws Exception {
        try (DescriptorTable table = pid == 0 ? DescriptorTable.self() : DescriptorTable.of(pid)) {
            for (final int number : table.numbers()) {
                final Descriptor descriptor = table.describe(number);
                if (descriptor != null) {
                    System.out.println(json ? Output.json(descriptor.facts(number)) : descriptor.line(number));
                }
            }
            System.out.flush();
            if (table.hasEnded()) {
                System.err.println("fdsock fds: process " + pid + " has ended meanwhile");
                return 1;
            }
        }
        return 0;
    }
}
