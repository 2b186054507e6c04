package io.github.fdsock.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.Endpoint;
import io.github.fdsock.SocketFd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A socket's file goes with its socket, and whatever stands in its place by then stays.
class SocketFileTest {
    @TempDir
    private Path folder;
    private Path file;

    @BeforeEach
    void name() {
        file = folder.resolve("socket");
    }

    private SocketFd bind(final Resources files) throws IOException {
        return SocketFile.bind(Endpoint.parse("unix:" + file), 0, files);
    }

    @Test
    void itGoesWithItsSocketAndMayBeGoneBefore() throws IOException {
        try (Resources files = new Resources(); SocketFd _ = bind(files)) {
            assertThat(file).exists();
        }
        assertThat(file).doesNotExist();
        try (Resources files = new Resources(); SocketFd _ = bind(files)) {
            Files.delete(file);
        }
    }

    @Test
    void thatOfASuccessorStays() throws IOException {
        try (Resources late = new Resources()) {
            final SocketFd successor;
            try (Resources files = new Resources(); SocketFd _ = bind(files)) {
                // The number of the file must not be free for the next.
                Files.move(file, folder.resolve("moved"));
                successor = late.add(bind(late));
            }
            assertThat(successor.isOpen()).isTrue();
            assertThat(file).exists();
        }
        assertThat(file).doesNotExist();
    }

    @Test
    void aFileThatCouldNotBeRemovedIsNotMade() throws IOException {
        try (Resources files = new Resources()) {
            assertThatThrownBy(() -> SocketFile.bind(Endpoint.parse("unix:" + file + "\\xff"), 0, files))
                    .isInstanceOf(IOException.class).hasMessageContaining("socket\\xff");
        }
        assertThat(folder).isEmptyDirectory();
    }
}
