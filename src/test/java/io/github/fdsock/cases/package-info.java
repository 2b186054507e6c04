/// Known cases of the socket calls that are more than a sequence of calls: they need signals, other processes, loops,
/// time or the everyday floor. The methods' names begin with the ids of the cases; those that are sequences, of one
/// thread or of several, are scripts: see [io.github.fdsock.harness.script].
package io.github.fdsock.cases;
