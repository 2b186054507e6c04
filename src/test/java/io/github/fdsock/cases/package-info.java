/// Known cases of the socket calls that are more than a sequence of calls: they need threads, signals, other processes,
/// loops or time. The methods' names begin with the ids of the cases; those that are sequences are scripts, see
/// [io.github.fdsock.calls].
package io.github.fdsock.cases;
