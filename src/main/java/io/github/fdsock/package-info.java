/// The everyday floor: descriptors that are owned and closed once, socket addresses, options, and errors that read
/// like a line of strace.
package io.github.fdsock;
