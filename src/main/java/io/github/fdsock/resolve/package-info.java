/// Names to addresses and back, as libc knows them (`/etc/hosts`, DNS, whatever `nsswitch.conf(5)` says), without
/// blocking whoever asks; and the order in which to try addresses.
///
/// [Resolver][io.github.fdsock.resolve.Resolver] asks on threads of its own and hands each answer to the executor of
/// whoever asked, an event loop for example. [AddressOrder][io.github.fdsock.resolve.AddressOrder] and
/// [HappyEyeballs][io.github.fdsock.resolve.HappyEyeballs] are what RFC 8305 says about connecting to what came,
/// without connecting.
package io.github.fdsock.resolve;
