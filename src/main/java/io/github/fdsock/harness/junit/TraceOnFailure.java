package io.github.fdsock.harness.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/// Keeps a [trace][io.github.fdsock.harness.Trace] of the test, or of each test of the class, and prints it on standard
/// error if the test fails: every call since the test's object was made, in strace's notation.
///
/// Where JUnit runs tests in parallel (`junit.jupiter.execution.parallel.enabled`) it has the calls of the test's own
/// thread and those it has started ([ThreadTree][io.github.fdsock.harness.ThreadTree]), else those of the whole
/// process.
@Documented
@Inherited
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(TraceOnFailureExtension.class)
public @interface TraceOnFailure {
}
