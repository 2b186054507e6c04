package io.github.fdsock.cli.http;

/// A site of one small page.
final class Greeting implements Site {
    private static final byte[] BODY = Answers.ascii("hello\n");

    @Override
    public void answer(final RequestHead request, final Answers answers) {
        if (request.pathLength() == 0 || request.pathLength() == 1) {
            answers.begin(Status.OK).end(Answers.PLAIN_TEXT, BODY);
        } else {
            answers.tell(Status.NOT_FOUND, null);
        }
    }
}
