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


def test_target_notices_what_is_broken(monkeypatch):
    """With everything declared but to the target's own eye, an undeclared cookie is noticed."""
    monkeypatch.setattr("tests.fuzz.targets.is_declared", lambda name: False)
    with pytest.raises(AssertionError, match="undeclared"):
        TARGETS["firewall"](b"sid=1")


def test_date_target_notices_what_is_broken(monkeypatch):
    """A date that is written as another moment is noticed."""
    monkeypatch.setattr("tests.fuzz.targets.format_date", lambda moment: "1 jan 1970 00:00:00")
    with pytest.raises(AssertionError, match="another"):
        TARGETS["date"](b"Sunday, 06-Nov-94 08:49:37 GMT")


def test_grammar_target_notices_what_is_broken(monkeypatch):
    """A line that is written without one of its attributes is noticed."""
    monkeypatch.setattr("tests.fuzz.targets.attribute_tail", lambda cookie: "")
    with pytest.raises(AssertionError, match="another"):
        TARGETS["grammar"](b"sid=1; Secure")
