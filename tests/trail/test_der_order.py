"""The order of certificates in timestamp responses of OpenSSL."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, decode_timestamp_response

from strict_cookies.trail.chain import Point
from strict_cookies.trail.der_order import sort_certificates
from strict_cookies.trail.timestamp_authority import (
    TimestampAuthority,
    read_authorities,
    verify_timestamp,
)

from .authority import Authority, openssl, serve


@pytest.fixture(scope="module")
def chained(tmp_path_factory):
    """An authority below an intermediate CA."""
    chained = Authority(tmp_path_factory.mktemp("chained") / "files")
    chained.add_intermediate()
    return chained


@pytest.fixture(scope="module")
def response(chained):
    """What it answers, as OpenSSL writes it."""
    builder = TimestampRequestBuilder().data(b"text").hash_algorithm(HashAlgorithm.SHA256)
    return chained.reply(builder.build().as_bytes())[1]


def test_responses_of_openssl_are_read_and_verified(chained, tmp_path):
    """With the root alone, by the library and by OpenSSL itself."""
    point = Point(5, "a" * 64)
    with serve(chained) as url:
        stamp = TimestampAuthority(url).stamp(point)
    assert verify_timestamp(stamp, read_authorities(chained.ca.read_text())).point == point
    (tmp_path / "stamp.tsr").write_bytes(stamp.response)
    (tmp_path / "stamp.txt").write_text(f"{point}")
    assert b"Verification: OK" in openssl(
        "ts", "-verify", "-data", tmp_path / "stamp.txt", "-in", tmp_path / "stamp.tsr",
        "-CAfile", chained.ca,
    )  # fmt: skip


def test_only_the_order_changes(response):
    """Without it the client refuses the response."""
    with pytest.raises(ValueError, match="InvalidSetOrdering"):
        decode_timestamp_response(response)
    ordered = sort_certificates(response)
    assert len(decode_timestamp_response(ordered).signed_data.certificates) == 2
    assert Counter(ordered) == Counter(response)
    assert sort_certificates(ordered) == ordered


@given(st.binary(max_size=200))
def test_other_data_stay_as_they_are(data):
    """No exception, whatever an authority sends."""
    assert Counter(sort_certificates(data)) == Counter(data)


@given(st.data())
def test_changed_responses_raise_nothing(response, data):
    """A byte of a response is changed, or its end is missing."""
    changed = bytearray(response)
    place = data.draw(st.integers(0, len(response) - 1))
    changed[place] = data.draw(st.integers(0, 255))
    cut = bytes(changed[: data.draw(st.integers(0, len(response)))])
    assert Counter(sort_certificates(cut)) == Counter(cut)
