"""The inputs that fuzzing began with, and those that once crashed: each holds what is promised."""

from __future__ import annotations

import pytest

from tests.fuzz.__main__ import CORPUS, NAMES
from tests.fuzz.targets import TARGETS

SEEDS = sorted(CORPUS.glob("*/*"))


def test_every_target_has_seeds():
    """A target without an input to begin with would try nothing but noise."""
    assert tuple(TARGETS) == NAMES
    assert {seed.parent.name for seed in SEEDS} == set(NAMES)


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: f"{seed.parent.name}/{seed.name}")
def test_seed_holds(seed):
    """Nothing that is promised breaks on it."""
    TARGETS[seed.parent.name](seed.read_bytes())


@pytest.mark.parametrize(
    ("octets", "noticed"),
    [
        pytest.param(b"sid=1", "an undeclared cookie arrived", id="arrives"),
        pytest.param(b"\nsid=1", "an undeclared cookie left", id="leaves"),
    ],
)
def test_firewall_target_notices_what_is_undeclared(monkeypatch, octets, noticed):
    """What the policy declares, but not to the target's own eye, is noticed."""
    monkeypatch.setattr("tests.fuzz.targets.is_declared", lambda name: False)
    with pytest.raises(AssertionError, match=noticed):
        TARGETS["firewall"](octets)


@pytest.mark.parametrize("octets", [b"_ga=12", b"any=1"], ids=["known", "site"])
def test_firewall_target_sees_what_is_swept(monkeypatch, octets):
    """A stray's name goes back in a line that expires it: by default a tracker's, or any."""
    monkeypatch.setattr("tests.fuzz.targets.is_token", lambda name: False)
    with pytest.raises(AssertionError, match="no token"):
        TARGETS["firewall"](octets)


def test_date_target_notices_what_is_broken(monkeypatch):
    """A date that is written as another moment is noticed."""
    monkeypatch.setattr("tests.fuzz.targets.format_date", lambda moment: "1 jan 1970 00:00:00")
    with pytest.raises(AssertionError, match="another"):
        TARGETS["date"](b"Sunday, 06-Nov-94 08:49:37 GMT")


def test_grammar_target_notices_what_is_broken(monkeypatch):
    """A line that is written without one of its attributes is noticed."""
    monkeypatch.setattr("tests.fuzz.targets.format_attributes", lambda cookie: "")
    with pytest.raises(AssertionError, match="another"):
        TARGETS["grammar"](b"sid=1; Secure")
