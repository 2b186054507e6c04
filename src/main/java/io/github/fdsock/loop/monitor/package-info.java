/// Loops in JDK Flight Recorder: [LoopRecording][io.github.fdsock.loop.monitor.LoopRecording].
package io.github.fdsock.loop.monitor;
