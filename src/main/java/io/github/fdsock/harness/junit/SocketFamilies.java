package io.github.fdsock.harness.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.ExtendWith;

/// Runs the test once for each of the families; in place of `@Test`.
///
/// ```java
/// @SocketFamilies({TCP4, TCP6, UNIX_STREAM})
/// void whatIsSentArrives(SocketFd.Pair pair) { … }
/// ```
///
/// The test may ask for a [SocketFamily], and for a [SocketFd.Pair][io.github.fdsock.SocketFd.Pair] of two sockets of
/// the family that are connected to one another ([SocketFamily#connected]), which are closed after the test if it has
/// not done so. A family that this machine does not have is skipped, with the reason.
@Documented
@Target({ElementType.ANNOTATION_TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@TestTemplate
@ExtendWith(SocketFamiliesExtension.class)
public @interface SocketFamilies {
    /// Which families, in this order; all of them where none is named.
    ///
    /// @return the families
    SocketFamily[] value() default {};
}
