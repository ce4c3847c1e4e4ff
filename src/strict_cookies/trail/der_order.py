"""
Put the certificates of a timestamp response into the order that DER asks for.

OpenSSL's authority writes them in another one, which ``rfc3161-client`` refuses. No signature
covers their order. Source: RFC 3161 section 2.4.2; RFC 5652 section 5.1; ITU-T X.690 section 11.6.
"""

from __future__ import annotations

from typing import NamedTuple

#: The tag of the certificates in a SignedData.
_CERTIFICATES = 0xA0


class _Element(NamedTuple):
    """One element: its tag, and where it, its content and the next one begin, in bytes."""

    tag: int
    start: int
    content: int
    end: int


def sort_certificates(response: bytes) -> bytes:
    """Return a response with its certificates in order; unchanged if its form is another one."""
    try:
        (whole,) = _read(response, 0, len(response))
        _, token = _read(response, whole.content, whole.end)
        _, explicit = _read(response, token.content, token.end)
        (signed,) = _read(response, explicit.content, explicit.end)
        (certificates,) = (
            element
            for element in _read(response, signed.content, signed.end)
            if element.tag == _CERTIFICATES
        )
        parts = [
            response[element.start : element.end]
            for element in _read(response, certificates.content, certificates.end)
        ]
    except (ValueError, IndexError):
        return response
    head, tail = response[: certificates.content], response[certificates.end :]
    return head + b"".join(sorted(parts)) + tail


def _read(data: bytes, start: int, end: int) -> list[_Element]:
    """Return the elements of a constructed one; raise ValueError if they don't fill it."""
    elements = []
    while start < end:
        length, content = data[start + 1], start + 2
        if length > 0x84 or length == 0x80:
            raise ValueError("unsupported length")
        if length > 0x80:
            content += length - 0x80
            length = int.from_bytes(data[start + 2 : content], "big")
        element = _Element(data[start], start, content, content + length)
        if element.end > end:
            raise ValueError("too long")
        elements.append(element)
        start = element.end
    return elements
