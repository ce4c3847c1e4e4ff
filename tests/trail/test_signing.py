"""Keys that sign heads: created, checked, rotated."""

from __future__ import annotations

import stat

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from strict_cookies.errors import ConfigurationError
from strict_cookies.trail.signing import (
    check_key_file,
    describe_rotation,
    is_rotation,
    is_signed,
    load_signer,
    make_key,
)


def test_key_is_for_its_owner_only(tmp_path):
    """The file has mode 0600, and is never overwritten."""
    path = tmp_path / "new" / "trail.pem"
    made = make_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert load_signer(path).public_hex == made.public_hex
    with pytest.raises(FileExistsError):
        make_key(path)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_key_that_others_can_read_is_refused(tmp_path, mode):
    """The message says how to fix it, and nothing about the key."""
    path = tmp_path / "trail.pem"
    make_key(path)
    path.chmod(mode)
    with pytest.raises(ConfigurationError, match="chmod 600") as caught:
        check_key_file(path)
    assert path.read_text().splitlines()[1] not in str(caught.value)


def test_other_files_are_not_keys(tmp_path):
    """Missing, empty, of another kind, or truncated."""
    path = tmp_path / "trail.pem"
    with pytest.raises(ConfigurationError, match="which does not exist"):
        load_signer(path)
    path.touch(0o600)
    with pytest.raises(ConfigurationError, match="not a private key in PEM format"):
        load_signer(path)
    other = ec.generate_private_key(ec.SECP256R1())
    path.write_bytes(
        other.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    with pytest.raises(ConfigurationError, match="contains no Ed25519 key"):
        load_signer(path)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(ConfigurationError, match="contains no Ed25519 key"):
        load_signer(path)


def test_signature_is_of_every_member(tmp_path):
    """If any member is changed, added or removed, the signature is invalid."""
    signer = make_key(tmp_path / "trail.pem")
    signed = signer.sign({"number": 1, "hash": "ab"})
    assert is_signed(signed)
    assert is_signed(signed, signer.public_pem)
    for forged in (
        {**signed, "number": 2},
        {**signed, "more": 1},
        {name: value for name, value in signed.items() if name != "hash"},
        {**signed, "signature": signed["signature"][:-4] + "AAA="},
        {**signed, "signature": "?"},
        {**signed, "public_key": "none"},
        {"number": 1},
    ):
        assert not is_signed(forged)
    assert not is_signed(signed, make_key(tmp_path / "other.pem").public_pem)


def test_rotation_needs_both_keys(tmp_path):
    """Neither the old key nor a foreign one alone can sign a rotation."""
    old, new, foreign = (make_key(tmp_path / name) for name in ("old", "new", "foreign"))
    details = describe_rotation(old, new)
    assert is_rotation(details)
    assert all(len(text) <= 128 for text in details.values())
    forged = describe_rotation(foreign, new)
    assert not is_rotation({**forged, "old_key": old.public_hex})
    assert not is_rotation({**details, "new_key": foreign.public_hex})
    assert not is_rotation({})


def test_signer_shows_no_secret(tmp_path):
    """The representation of a signer is public."""
    path = tmp_path / "trail.pem"
    signer = make_key(path)
    assert repr(signer) == f"<Signer {signer.public_hex[:16]}>"
