/// Sockets that are served in a loop, whoever has made them.
package io.github.fdsock.cli.serve;
