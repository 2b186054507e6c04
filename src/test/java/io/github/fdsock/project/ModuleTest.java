package io.github.fdsock.project;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.testing.Outsider;
import java.lang.foreign.MemorySegment;
import java.lang.module.ModuleDescriptor;
import org.junit.jupiter.api.Test;

/// The tests run inside the named module, and it alone may call natively.
class ModuleTest {

    private static final Module MODULE = ModuleTest.class.getModule();

    @Test
    void isNamed() {
        assertThat(MODULE.getName()).isEqualTo("io.github.fdsock");
        assertThat(io.github.fdsock.sys.Constants.class.getModule()).isSameAs(MODULE);
    }

    @Test
    void requiresNothingButTheBase() {
        assertThat(MODULE.getDescriptor().requires())
                .filteredOn(required -> !required.modifiers().contains(ModuleDescriptor.Requires.Modifier.STATIC))
                .extracting(ModuleDescriptor.Requires::name).containsExactly("java.base");
    }

    @Test
    void keepsTheGeneratedBindingsToItself() {
        assertThat(MODULE.getDescriptor().packages()).contains("io.github.fdsock.abi");
        assertThat(MODULE.getDescriptor().exports()).extracting(ModuleDescriptor.Exports::source)
                .doesNotContain("io.github.fdsock.abi");
        assertThat(MODULE.getDescriptor().opens()).isEmpty();
    }

    @Test
    @SuppressWarnings("restricted")
    void mayCallNatively() {
        assertThat(MODULE.isNativeAccessEnabled()).isTrue();
        assertThat(MemorySegment.NULL.reinterpret(8).byteSize()).isEqualTo(8);
    }

    @Test
    void nobodyElseMay() {
        assertThat(Outsider.class.getModule().isNamed()).isFalse();
        assertThatThrownBy(() -> Outsider.reinterpret(MemorySegment.NULL))
                .isInstanceOf(IllegalCallerException.class)
                .hasMessageContaining("native access");
    }

    @Test
    void assertionsAreOn() {
        assertThat(ModuleTest.class.desiredAssertionStatus()).isTrue();
    }
}
