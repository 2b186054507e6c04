/// What a process is given by the one that starts it, and what it gives to those that it starts: descriptors.
package io.github.fdsock.process;
