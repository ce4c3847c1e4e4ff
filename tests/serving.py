"""
Serve a WSGI application to real clients, on a free port and over TLS where a test needs it.

The certificate is made for the occasion; browsers are told to accept it (``ignore_https_errors``).
Host names such as ``app.site.test`` reach the server through the browser's resolver rules.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import trustme
from werkzeug.serving import WSGIRequestHandler, make_server

#: Where servers listen, and what every host of the tests resolves to.
ADDRESS = "127.0.0.1"


class Server(NamedTuple):
    """
    A server that runs.

    Attributes:
        scheme: ``"http"`` or ``"https"``.
        port: The free port that it found.
    """

    scheme: str
    port: int

    def url(self, host: str = ADDRESS, path: str = "/") -> str:
        """Give the address of a path on one of the server's hosts."""
        return f"{self.scheme}://{host}:{self.port}{path}"


class _QuietHandler(WSGIRequestHandler):
    """Keeps the connection open between requests, and the output clean."""

    protocol_version = "HTTP/1.1"

    def log(self, type, message, *args):
        """Say nothing: a test's output is its failures."""


def _closing(app):
    """
    Close each body when it ends, as a server must.

    Werkzeug's forgets it where a browser that left has reset the connection; a file that stays
    open is a warning then, in whichever test runs when it is collected.
    """

    def application(environ, start_response):
        body = app(environ, start_response)

        def chunks():
            try:
                yield from body
            finally:
                getattr(body, "close", lambda: None)()

        return chunks()

    return application


@contextmanager
def serve(
    app, *, tls_hosts: tuple[str, ...] = (), authority: trustme.CA | None = None
) -> Iterator[Server]:
    """
    Serve an application in a thread for as long as the block lasts.

    Args:
        app: Any WSGI application.
        tls_hosts: Host names for a fresh certificate; empty for plain http.
        authority: Who issues it, for clients that are told to trust it; None for a new one.

    Yields:
        The server, which listens already.
    """
    context = None
    if tls_hosts:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        (authority or trustme.CA()).issue_cert(*tls_hosts).configure_cert(context)
    server = make_server(
        ADDRESS,
        0,
        _closing(app),
        threaded=True,
        request_handler=_QuietHandler,
        ssl_context=context,
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Server("https" if tls_hosts else "http", server.port)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
