package io.github.fdsock.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/// Refuses values of options that are out of range, as wrong usage.
final class Limits {
    private Limits() {
    }

    static void within(final CommandSpec command, final String option, final double value, final double least,
            final double most) {
        if (!(value >= least && value <= most)) {
            throw new ParameterException(command.commandLine(),
                    String.format("%s must be from %s to %s, not %s", option, number(least), number(most),
                            number(value)));
        }
    }

    private static String number(final double value) {
        return value == Math.rint(value) ? String.format("%,d", (long) value) : Double.toString(value);
    }
}
