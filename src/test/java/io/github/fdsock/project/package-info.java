/// Tests of the project as a whole: its floors, its module, its scripts and jars, and of what the other tests stand on.
package io.github.fdsock.project;
