"""
Request timestamps from an authority (TSA) over HTTP, and verify them.

``rfc3161-client`` and ``cryptography`` are imported when they are used. Source: RFC 3161 sections
2.4 and 3.4.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from datetime import UTC
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..errors import ConfigurationError, StrictCookiesError
from .der_order import sort_certificates
from .timestamps import Timestamp

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

    from .chain import Point

#: Seconds until a request is given up; a connection and each read wait at most as long.
TIMEOUT = 5.0
#: The longest response that is read, in bytes. Usual ones have 3 to 8 KiB.
MAX_RESPONSE = 64 * 1024


class AuthorityUnavailableError(StrictCookiesError):
    """The authority gave no timestamp; the message says why."""


class TimestampAuthority:
    """An authority at an http or https URL."""

    def __init__(self, url: str) -> None:
        self._url = url
        #: Its name for logs: a path may contain the key of an account.
        self.host = urlsplit(url).hostname or ""

    def __repr__(self) -> str:
        return f"<TimestampAuthority {self.host}>"

    def prepare(self) -> None:
        """Import what a request needs."""
        for name in ("rfc3161_client", "ssl", "urllib.request"):
            import_module(name)

    def stamp(self, point: Point) -> Timestamp:
        """
        Request a timestamp of a head.

        That the response belongs to this request is checked; who signed it, only
        :func:`verify_timestamp` can know.

        Raises:
            AuthorityUnavailableError: There is no valid response.
            ConfigurationError: ``rfc3161-client`` is not installed.
        """
        require_client()
        from rfc3161_client import (
            HashAlgorithm,
            PKIStatus,
            TimestampRequestBuilder,
            decode_timestamp_response,
        )

        text = f"{point}".encode()
        builder = TimestampRequestBuilder().data(text).hash_algorithm(HashAlgorithm.SHA256)
        request = builder.nonce(nonce=True).cert_request(cert_request=True).build()
        data = sort_certificates(self._post(request.as_bytes()))
        try:
            response = decode_timestamp_response(data)
            if response.status != PKIStatus.GRANTED:
                raise self._failure(f"it refused the request with status {response.status}")
            info = response.tst_info
            is_ours = info.nonce == request.nonce
            is_ours &= info.message_imprint.message == hashlib.sha256(text).digest()
        except ValueError:
            raise self._failure("its response is not a timestamp") from None
        if not is_ours:
            raise self._failure("its response belongs to another request")
        return Timestamp(point.number, point.hash, info.gen_time.astimezone(UTC), data)

    def _post(self, data: bytes) -> bytes:
        import http.client
        import urllib.error
        import urllib.request as client

        request = client.Request(  # noqa: S310 - the setting allows http and https only
            self._url, data, {"Content-Type": "application/timestamp-query"}, method="POST"
        )
        # Without a handler for redirects: no other host is asked.
        opener = client.OpenerDirector()
        for handler in (
            client.ProxyHandler(),
            client.HTTPHandler(),
            client.HTTPSHandler(),
            client.HTTPDefaultErrorHandler(),
            client.HTTPErrorProcessor(),
        ):
            opener.add_handler(handler)
        deadline = time.monotonic() + TIMEOUT
        received = b""
        try:
            with opener.open(request, timeout=TIMEOUT) as response:
                while chunk := response.read1(MAX_RESPONSE):
                    received += chunk
                    if len(received) > MAX_RESPONSE or time.monotonic() > deadline:
                        raise self._failure("its response is too long or too slow")
        except urllib.error.HTTPError as error:
            error.close()
            raise self._failure(f"it answered with HTTP status {error.code}") from None
        except (OSError, http.client.HTTPException) as error:
            cause = getattr(error, "reason", error)
            raise self._failure(f"it can't be reached ({type(cause).__name__})") from None
        return received

    def _failure(self, why: str) -> AuthorityUnavailableError:
        return AuthorityUnavailableError(
            f"The timestamp authority {self.host!r} gave no timestamp: {why}."
        )


def read_authorities(pem: str) -> list[Certificate]:
    """
    Read the certificates of the timestamp authorities that an auditor trusts.

    Args:
        pem: One or more certificates in PEM format.

    Raises:
        ValueError: There is none, or one is not valid.
        ConfigurationError: ``rfc3161-client`` is not installed.
    """
    require_client()
    from cryptography import x509

    try:
        return x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        raise ValueError("it contains no certificate in PEM format") from None


def verify_timestamp(stamp: Timestamp, authorities: Sequence[Certificate]) -> Timestamp:
    """
    Return a timestamp with the time that the authority signed.

    Raises:
        ValueError: It is not signed by one of the authorities, or not for this head.
    """
    from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response

    text = f"{stamp.point}".encode()
    builder = VerifierBuilder()
    for certificate in dict.fromkeys(authorities):
        builder = builder.add_root_certificate(certificate)
    try:
        response = decode_timestamp_response(stamp.response)
        info = response.tst_info
        if info.message_imprint.message != hashlib.sha256(text).digest():
            raise ValueError("it is for another head")
        builder.build().verify_message(response, text)
    except VerificationError:
        raise ValueError("none of the given authorities has signed it as a timestamp") from None
    return stamp._replace(time=info.gen_time.astimezone(UTC))


def require_client() -> None:
    """Raise ConfigurationError if ``rfc3161-client`` is not installed."""
    if find_spec("rfc3161_client") is None:
        raise ConfigurationError(
            "Timestamps of the trail require the package rfc3161-client, which is not installed. "
            "Run: pip install 'strict-cookies[timestamps]'"
        )
