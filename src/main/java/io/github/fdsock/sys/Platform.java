package io.github.fdsock.sys;

import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// The machine below: refuses, in words, every one for which the layouts and numbers of this package are not right.
public final class Platform {
    /// Whether `struct epoll_event` is packed: on x86-64 alone, so that 32-bit programs share its layout.
    public static final boolean X86_64 = "amd64".equals(System.getProperty("os.arch"));

    static final SymbolLookup LIBC = require(System.getProperty("os.name"), System.getProperty("os.arch"));

    private Platform() {
    }

    /// The system's C library, or an [UnsatisfiedLinkError] that says what this library runs on.
    static SymbolLookup require(final String system, final String architecture) {
        final boolean known = architecture.equals("amd64") || architecture.equals("aarch64");
        if (!system.equals("Linux") || !known || ValueLayout.ADDRESS.byteSize() != Long.BYTES
                || ByteOrder.nativeOrder() != ByteOrder.LITTLE_ENDIAN) {
            throw new UnsatisfiedLinkError("fdsock runs on Linux, on x86-64 or aarch64; this is " + system + " on "
                    + architecture);
        }
        return Linker.nativeLinker().defaultLookup();
    }
}
