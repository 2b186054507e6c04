package io.github.fdsock.harness.script.child;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/// The end of a [ChildJvm] that is in the child: takes questions from standard input, and writes answers to standard
/// output, from any thread.
public final class Answers {
    private final InputStream in = new BufferedInputStream(new FileInputStream(FileDescriptor.in));
    private final OutputStream out = new FileOutputStream(FileDescriptor.out);

    /// Who knows the answers.
    public interface Service {
        /// Takes a question, and returns soon; the answer may come later.
        ///
        /// @param question what is asked
        /// @throws IOException if it makes no sense
        void asked(Frame question) throws IOException;
    }

    /// Of this process.
    public Answers() {
    }

    /// The next question, before there is a [Service].
    ///
    /// @return what is asked
    /// @throws IOException if nobody asks
    public Frame first() throws IOException {
        return Frame.read(in);
    }

    /// Hands on what is asked until nobody is left to ask, and ends this JVM then, whatever else it is doing.
    ///
    /// @param service who knows
    public void serve(final Service service) {
        int status = 0;
        try {
            for (;;) {
                service.asked(Frame.read(in));
            }
        } catch (final EOFException _) {
            // Nothing is left to be done for anybody.
        } catch (final IOException | RuntimeException e) {
            e.printStackTrace();
            status = 1;
        } finally {
            Runtime.getRuntime().halt(status);
        }
    }

    /// Gives an answer.
    ///
    /// @param kind that of the question
    /// @param content what it says
    /// @throws IOException if nobody is there to hear it
    public synchronized void answer(final int kind, final Frame.Content content) throws IOException {
        out.write(Frame.bytes(kind, content));
    }
}
