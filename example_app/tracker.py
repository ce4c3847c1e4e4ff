"""A third party that sets an advertising cookie with a one-pixel image, as real ones do."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


class Tracker:
    """
    A WSGI application that answers everything with the pixel.

    Attributes:
        requests: How many requests it got; none, if the pages that name it are well guarded.
    """

    def __init__(self) -> None:
        self.requests = 0
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Count the request and send the pixel with ``IDE``."""
        with self._lock:
            self.requests += 1
        start_response(
            "200 OK",
            [
                ("Content-Type", "image/gif"),
                ("Content-Length", str(len(PIXEL))),
                ("Cache-Control", "no-store"),
                ("Set-Cookie", "IDE=followed; Path=/; Max-Age=34560000; Secure; SameSite=None"),
            ],
        )
        return [PIXEL]
