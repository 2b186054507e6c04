package io.github.fdsock.testing;

import io.github.fdsock.harness.Ledger;
import io.github.fdsock.harness.OpenDescriptors;
import net.jqwik.api.lifecycle.AroundContainerHook;
import net.jqwik.api.lifecycle.AroundPropertyHook;
import net.jqwik.api.lifecycle.ContainerLifecycleContext;
import net.jqwik.api.lifecycle.Lifespan;
import net.jqwik.api.lifecycle.PropagationMode;
import net.jqwik.api.lifecycle.PropertyExecutionResult;
import net.jqwik.api.lifecycle.PropertyExecutor;
import net.jqwik.api.lifecycle.PropertyLifecycleContext;
import net.jqwik.api.lifecycle.Store;

/// Runs every jqwik property, all its tries together, under a ledger of descriptors, and every class of them under a
/// comparison of what is open. Registered by `META-INF/services`.
public final class PropertyDescriptorCheck implements AroundPropertyHook, AroundContainerHook {

    /// For jqwik.
    public PropertyDescriptorCheck() {
    }

    @Override
    public PropagationMode propagateTo() {
        return PropagationMode.ALL_DESCENDANTS;
    }

    @Override
    public int aroundPropertyProximity() {
        return Integer.MIN_VALUE;
    }

    @Override
    public int proximity() {
        return Integer.MIN_VALUE;
    }

    @Override
    public PropertyExecutionResult aroundProperty(PropertyLifecycleContext context, PropertyExecutor property) {
        try (Ledger ledger = Ledger.open()) {
            PropertyExecutionResult result = property.execute();
            try {
                ledger.requireClean(context.label());
            } catch (AssertionError leak) {
                result.throwable().ifPresent(leak::addSuppressed);
                return result.mapToFailed(leak);
            }
            return result;
        }
    }

    @Override
    public void beforeContainer(ContainerLifecycleContext context) {
        if (context.optionalContainerClass().isPresent()) {
            store(context).update(earlier -> OpenDescriptors.now());
        }
    }

    @Override
    public void afterContainer(ContainerLifecycleContext context) {
        if (context.optionalContainerClass().isPresent()) {
            store(context).get().requireUnchanged(context.label());
        }
    }

    private static Store<OpenDescriptors> store(ContainerLifecycleContext context) {
        return Store.getOrCreate(context.optionalContainerClass().orElseThrow(), Lifespan.RUN, OpenDescriptors::now);
    }
}
