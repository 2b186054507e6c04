package io.github.fdsock.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;

/// Gives a test, or a class of them, a JVM that has run nothing before, and no ledger, through which calls have boxed
/// arguments.
///
/// The JDK's code in front of each call into C makes an object, a slice of the segment that `errno` is put in. The
/// compiler does without it where it sees through all of the calls down to there, which `-XX:MaxInlineLevel` limits: the
/// build tells it to look deeper, and has it do the same each time.
@Inherited
@WithoutLedger("counts what its calls allocate")
@Tag("allocations")
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
public @interface CountsAllocations {
}
