/// Connections that are passed on to another address.
package io.github.fdsock.cli.proxy;
