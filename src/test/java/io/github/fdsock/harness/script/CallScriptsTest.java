package io.github.fdsock.harness.script;

import io.github.fdsock.testing.WithoutLedger;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;

/// The kernel does what the scripts of calls claim, through the raw floor; each script is a test, each of its variants
/// another.
@WithoutLedger("scripts make the mistakes that it finds")
class CallScriptsTest {
    @TestFactory
    Stream<DynamicNode> scripts() {
        return ScriptTests.in(ScriptTests.DIRECTORY);
    }
}
