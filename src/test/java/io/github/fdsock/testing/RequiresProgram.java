package io.github.fdsock.testing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/// The test drives programs from outside, such as `socat`. Where one of them is not on the `PATH` the test is skipped
/// and says so; where the environment has `CI=true` it fails instead, since `.ci/run` is there to install them.
@Documented
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(ProgramCondition.class)
public @interface RequiresProgram {

    /// The names of the programs, all of them needed.
    String[] value();
}
