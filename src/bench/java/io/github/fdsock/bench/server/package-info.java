/// Echo servers to compare with, each a program of its own.
package io.github.fdsock.bench.server;
