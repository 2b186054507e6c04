package io.github.fdsock.process;

import java.util.Map;

/// What a service manager says to this process in its environment, where a number may be anything.
///
/// @param variables the environment
/// @param pid of this process: others inherit the variables that are not meant for them
record Environment(Map<String, String> variables, long pid) {

    /// That of this process, as it was when the JVM began: nothing in it changes any more.
    static Environment own() {
        return new Environment(System.getenv(), ProcessHandle.current().pid());
    }

    /// Its value; null where there is none.
    String get(final String variable) {
        return variables.get(variable);
    }

    /// Whether a variable that is there names this process.
    boolean isPid(final String variable) {
        return number(variable, 1, Integer.MAX_VALUE) == pid;
    }

    /// The number in a variable that is there.
    long number(final String variable, final long least, final long most) {
        final String value = get(variable);
        try {
            final long number = Long.parseLong(value);
            if (number >= least && number <= most) {
                return number;
            }
        } catch (final NumberFormatException e) {
            // The same answer: neither is such a number.
        }
        throw refused(variable, "not a number from " + least + " to " + most);
    }

    IllegalArgumentException refused(final String variable, final String why) {
        return new IllegalArgumentException(variable + "=" + get(variable) + ": " + why);
    }
}
