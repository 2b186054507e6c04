/// Round trips to an echo server and back: who drives them, and what came of it.
package io.github.fdsock.cli.roundtrip;
