package io.github.fdsock.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.ExitStatus;
import io.github.fdsock.PidFd;
import io.github.fdsock.PipeFd;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// What a program that was started writes to its standard output until its end, which is to be status 0.
record Output(int pid, String text) {

    static Output of(final Spawn spawn) throws IOException {
        try (PipeFd.Pair pipe = PipeFd.create(0); PidFd child = spawn.fd(1, pipe.writeEnd()).start()) {
            pipe.writeEnd().close();
            final int pid = child.pid();
            final ByteArrayOutputStream all = new ByteArrayOutputStream();
            final byte[] some = new byte[4096];
            for (long n = pipe.readEnd().read(some, 0, some.length); n > 0;
                    n = pipe.readEnd().read(some, 0, some.length)) {
                all.write(some, 0, (int) n);
            }
            assertThat(child.waitFor()).isEqualTo(new ExitStatus(0, 0, false));
            return new Output(pid, all.toString(StandardCharsets.UTF_8));
        }
    }

    List<String> lines() {
        return text.lines().toList();
    }
}
