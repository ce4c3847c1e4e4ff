"""A server's side of PEP 3333, which Werkzeug's test client does not fully play."""

from __future__ import annotations

from werkzeug.datastructures import Headers


def run(app, environ):
    """
    Serve one request as a WSGI server would.

    Headers go out with the first octet; ``start_response`` with ``exc_info`` replaces headers that
    have not gone, and raises otherwise; ``write`` and ``close`` are honoured.

    Returns:
        Body, status and headers.
    """
    started = []
    sent = bytearray()

    def start_response(status, headers, exc_info=None):
        if exc_info is not None and sent:
            raise exc_info[1]
        assert exc_info is not None or not started, "start_response called twice"
        started[:] = [(status, Headers(headers))]
        return sent.extend

    body = app(environ, start_response)
    try:
        for chunk in body:
            assert started, "no start_response before the first chunk"
            sent.extend(chunk)
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()
    status, headers = started[0]
    return bytes(sent), status, headers
