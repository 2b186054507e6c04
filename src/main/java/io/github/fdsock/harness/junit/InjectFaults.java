package io.github.fdsock.harness.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/// Runs the test, or each test of the class, with [faults][io.github.fdsock.harness.Faults].
///
/// ```java
/// @Test
/// @InjectFaults("accept4:error=EMFILE:when=1..3")
/// void theServerOutlivesTheLimit() { … }
/// ```
///
/// They meet the calls of the test's method, by its thread and those it starts
/// ([ThreadTree][io.github.fdsock.harness.ThreadTree]); what makes its parameters, `@BeforeEach` and `@AfterEach` are
/// spared. Where a class and a method of it have some, those of the class stand outside.
///
/// A test that has some of its own and meets none of them fails: it has shown nothing.
@Documented
@Inherited
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(InjectFaultsExtension.class)
public @interface InjectFaults {
    /// The rules, as [FaultRule][io.github.fdsock.harness.FaultRule] reads them.
    ///
    /// @return one or several
    String[] value();
}
