package io.github.fdsock.harness.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/// Runs the test, or each test of the class and the class as a whole, under a
/// [ledger][io.github.fdsock.harness.Ledger]: a test that leaks a descriptor, closes one twice, uses one after it was
/// closed or closes somebody else's fails, with the places.
///
/// It begins before the test's object is made and ends after everything else, so that what fields, `@BeforeEach`,
/// other extensions and `@AfterEach` open and close in between belongs to it. What the JDK opens once and keeps has
/// been opened before.
///
/// Where JUnit runs tests in parallel (`junit.jupiter.execution.parallel.enabled`) each answers for its own thread and
/// those it has started ([ThreadTree][io.github.fdsock.harness.ThreadTree]), else for the whole process.
@Documented
@Inherited
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(FdLedgerExtension.class)
public @interface FdLedger {
}
