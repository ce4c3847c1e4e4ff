"""Session identifiers: random, signed, bound to a store, and never adopted from outside."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import Signer

from strict_cookies._util.keys import SessionKeys
from strict_cookies.sessions import ids
from strict_cookies.sessions.ids import MAX_SIGNED, SessionIds, has_form, key_of

NOW = 1_800_000_000
TAG = "a1b2c3d4"


def make_ids(secret="s" * 32, fallbacks=()):
    return SessionIds(SessionKeys(secret, fallbacks))


def test_identifier_has_256_bits_from_the_system(monkeypatch):
    """What the identifier is made of is 32 octets of :mod:`secrets`, and nothing else."""
    asked = []
    real = ids.secrets.token_urlsafe
    monkeypatch.setattr(ids.secrets, "token_urlsafe", lambda n: asked.append(n) or real(n))
    _, signed = make_ids().issue(TAG, NOW)
    assert asked == [32]
    assert len(base64.urlsafe_b64decode(signed.partition(".")[0] + "=")) == 32


def test_no_two_identifiers_are_alike():
    """A thousand identifiers and their keys differ."""
    minted = [make_ids().issue(TAG, NOW) for _ in range(1000)]
    assert len({key for key, _ in minted}) == len({signed for _, signed in minted}) == 1000


def test_key_is_the_hash_of_the_identifier():
    """The store learns the SHA-256 of the identifier only; the signed text does not hold it."""
    key, signed = make_ids().issue(TAG, NOW)
    identifier = signed.partition(".")[0]
    assert key == hashlib.sha256(identifier.encode()).digest() == key_of(identifier)
    assert key.hex() not in signed


def test_genuine_identifier_is_read_back():
    """Key, tag and time come back as they were signed."""
    key, signed = make_ids().issue(TAG, NOW)
    found = make_ids().verify(signed)
    assert (found.key, found.tag, found.issued_at) == (key, TAG, NOW)


def test_value_needs_no_quoting_in_a_cookie():
    """Letters, digits, dots, hyphens and underscores only, well below the limits of a cookie."""
    _, signed = make_ids().issue("f" * 32, 2**40 - 1)
    assert re.fullmatch(r"[A-Za-z0-9._-]+", signed)
    assert len(signed) <= MAX_SIGNED


@pytest.mark.parametrize("part", range(4))
def test_changed_identifier_is_none(part):
    """Whoever changes any part of it has none: identifier, tag, time or signature."""
    _, signed = make_ids().issue(TAG, NOW)
    parts = signed.split(".")
    parts[part] = ("1" if parts[part][0] == "0" else "0") + parts[part][1:]
    assert make_ids().verify(".".join(parts)) is None


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("a" * 43, id="bare identifier"),
        pytest.param(f"{'a' * 43}.{TAG}.6b49d200.{'a' * 43}", id="forged"),
        pytest.param(f"{'a' * 42}.{TAG}.6b49d200.{'a' * 43}", id="short identifier"),
        pytest.param(f"{'a' * 43}.{TAG}.6b49d200.{'a' * 43}\n", id="line break"),
        pytest.param(f"{chr(0x660) * 43}.{TAG}.6b49d200.{'a' * 43}", id="digits of another script"),
        pytest.param("a" * 1_000_000, id="huge"),
        pytest.param("eyJ1IjoxfQ.aWk3yw.x3yJk1PvJc8tN1jRj7Qh3mGf2bU", id="Flask's own session"),
    ],
)
def test_what_was_not_signed_here_is_none(text):
    """Whatever a client makes up is no identifier."""
    assert make_ids().verify(text) is None


def test_form_is_looked_at_before_anything_is_computed(monkeypatch):
    """Length and alphabet are checked first, so that rubbish costs next to nothing."""
    made = make_ids()
    monkeypatch.setattr(ids, "blake2b", None)
    monkeypatch.setattr(ids, "_digest", None)
    for text in ("", "x", "a" * 1_000_000, f"{'!' * 43}.{TAG}.0.{'a' * 43}"):
        assert made.verify(text) is None
        assert not has_form(text)


def test_form_of_a_genuine_identifier_is_known():
    """Form alone proves nothing, but a genuine identifier has it."""
    assert has_form(make_ids().issue(TAG, NOW)[1])
    assert has_form(f"{'a' * 43}.{TAG}.0.{'a' * 43}")


def test_newest_key_signs_and_old_ones_verify():
    """After a rotation old identifiers are read, and new ones are signed with the new key only."""
    _, old = make_ids("old" * 11).issue(TAG, NOW)
    rotated = make_ids("new" * 11, ["old" * 11])
    assert rotated.verify(old) is not None
    _, new = rotated.issue(TAG, NOW)
    assert make_ids("new" * 11).verify(new) is not None
    assert make_ids("old" * 11).verify(new) is None
    assert make_ids("new" * 11).verify(old) is None


@pytest.mark.parametrize("secret", ["old" * 11, "new" * 11])
def test_quick_check_agrees_with_itsdangerous(secret):
    """What is read by the quick way is what itsdangerous itself accepts."""
    rotated = make_ids("new" * 11, ["old" * 11])
    _, signed = make_ids(secret).issue(TAG, NOW)
    assert isinstance(rotated._signer, Signer)
    assert rotated._signer.validate(signed)
    assert rotated.verify(signed) is not None


@given(st.text(max_size=200))
def test_no_text_is_adopted(text):
    """No text whatever becomes an identifier by being sent."""
    assert make_ids().verify(text) is None


def test_seed_gives_one_identifier():
    """What comes from elsewhere gets the same identifier each time, and no other seed does."""
    made = make_ids()
    (first, signed), (again, _), (other, _) = (
        made.derive(seed, TAG, NOW) for seed in (b"s" * 32, b"s" * 32, b"t" * 32)
    )
    assert first == again != other
    assert made.verify(signed).key == first


def test_repr_shows_neither_identifier_nor_key():
    """What is printed says when it was made, and no more."""
    key, signed = make_ids().issue(TAG, NOW)
    shown = repr(make_ids().verify(signed))
    assert shown == f"<ReadId issued_at={NOW}>"
    assert key.hex() not in shown
