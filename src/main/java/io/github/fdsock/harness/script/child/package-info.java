/// Child processes that are asked for one thing after another: JVMs that run a class of this library, with descriptors
/// that they have inherited. Not exported.
package io.github.fdsock.harness.script.child;
