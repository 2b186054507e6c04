/// A trace that is switched on from outside, while the program runs: by JMX, and by Flight Recorder.
package io.github.fdsock.harness.control;
