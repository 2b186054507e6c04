/// Whole programs: the `fdsock` command, started as its users start it, and the programs of others as its peers.
package io.github.fdsock.programs;
