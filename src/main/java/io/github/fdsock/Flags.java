package io.github.fdsock;

import java.util.StringJoiner;

/// Names of bits, for messages.
final class Flags {
    private Flags() {
    }

    /// The names of the bits of `flags`, as in `EPOLLIN|EPOLLET`; what is left of them as a number.
    static String names(final int flags, final int[] bits, final String[] bitNames) {
        final StringJoiner names = new StringJoiner("|");
        names.setEmptyValue("0");
        int rest = flags;
        for (int i = 0; i < bits.length; i++) {
            if ((rest & bits[i]) != 0) {
                names.add(bitNames[i]);
                rest &= ~bits[i];
            }
        }
        if (rest != 0) {
            names.add("0x" + Integer.toHexString(rest));
        }
        return names.toString();
    }
}
