package io.github.fdsock.testing;

import io.github.fdsock.harness.junit.FdLedgerExtension;

/// Runs every JUnit test, and every test class as a whole, under a check of the open descriptors: by a ledger where it
/// has [FdLedger][io.github.fdsock.harness.junit.FdLedger], else by a listing.
///
/// Registered by `META-INF/services`, so before anything a test asks for.
public final class DescriptorCheck extends FdLedgerExtension {

    /// For JUnit.
    public DescriptorCheck() {
    }
}
