/// A small HTTP/1.1 server over streams: what is asked, what is answered, and what is served.
package io.github.fdsock.cli.http;
