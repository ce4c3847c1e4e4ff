"""
Header lines that a server sends without ``start_response``: early hints and trailers.

Raw sockets in the environ (``werkzeug.socket``, ``gunicorn.socket``) and a server's own module
(``uwsgi``) stay outside: docs/security.md lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    Pairs = list[tuple[str, str]]
    Check = Callable[[WSGIEnvironment, Pairs], Pairs]

#: Environ keys of callables that send pairs of name and value: 103 Early Hints (gunicorn, HTTP/1.1
#: and HTTP/2), trailers (gunicorn, HTTP/2).
SENDERS = ("wsgi.early_hints", "gunicorn.http2.send_trailers")


def wrap_senders(environ: WSGIEnvironment, check: Check) -> None:
    """Wrap each sender in an environ, so that it sends only what the check returns."""
    for key in SENDERS:
        if key in environ:
            environ[key] = _wrap(environ[key], environ, check)


def _wrap(
    send: Callable[[Pairs], object], environ: WSGIEnvironment, check: Check
) -> Callable[[Iterable[tuple[str | bytes, str | bytes]]], None]:
    def send_checked(headers: Iterable[tuple[str | bytes, str | bytes]]) -> None:
        checked = check(environ, [(_decode(name), _decode(value)) for name, value in headers])
        if checked:
            send(checked)

    return send_checked


def _decode(text: str | bytes) -> str:
    return text.decode("latin-1") if isinstance(text, bytes) else text
